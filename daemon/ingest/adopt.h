/* SPDX-License-Identifier: Apache-2.0 */
/* adopt: what a file says, for adopt_file.c, which opens it, adopt_again.c, which says it again
 * under another number, and adopt.c, which puts that into the log. */
#ifndef SAMBUNG_DAEMON_INGEST_ADOPT_H
#define SAMBUNG_DAEMON_INGEST_ADOPT_H

#include "daemon/ingest/workset.h"
#include "protocol/fork.h"

/* Changes first_n, first_n + 1 … of a stream, each with the seed of its batch. */
struct said {
	uint32_t stream;
	uint32_t first_n;
	size_t count;
	struct parcel_change *changes;
	uint8_t (*seeds)[SEED_SIZE];
};

struct adoption {
	struct arena arena;
	struct parcel *parcels; /* all of the file */
	size_t parcel_count;
	const struct parcel *first; /* with changes */
	struct said said;
};

/* What the device says of its changes after fork->n when it goes on as fork->heir, byte for byte
 * and under the same salts: protocol/fork.h. In the working set. What no device can say again (it
 * does not decode) stays as it is. The caller has looked whether the schemas are there, which tell
 * what is a reference. MEMORY. */
enum status adopt_again(struct ingest *ingest, const struct said *said, const struct fork *fork,
			struct said *out, struct error *err);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* judge: may a device's change be merged, and what would the record be then? */
#ifndef SAMBUNG_DAEMON_INGEST_JUDGE_H
#define SAMBUNG_DAEMON_INGEST_JUDGE_H

#include "daemon/ingest/workset.h"

struct judgement {
	enum quarantine_reason reason; /* QUARANTINE_NONE: merge */
	struct slot *slot;	       /* set whenever the change decoded */
	struct outcome outcome;
	uint64_t awaits; /* the record for lack of which it cannot be merged; 0: none */
	uint64_t left; /* a creation where the device no longer sees: the village it must be let go
			  from; else 0 */
};

/* A failure is the store's. */
enum status judge_change(struct ingest *ingest, const struct device *device,
			 const struct parcel_change *change, uint64_t seq, struct judgement *out,
			 struct error *err);

/* A change of the server stream `stream` that says again what a device said, in the schema version
 * that it was said in: as above, but for scope, revocation, and what the device can have seen. */
enum status judge_said_again(struct ingest *ingest, uint32_t stream, const struct change *change,
			     uint64_t seq, struct judgement *out, struct error *err);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* read_cover: which reads in the log showed a person or family to whoever read. */
#ifndef SAMBUNG_DAEMON_HTTP_READ_COVER_H
#define SAMBUNG_DAEMON_HTTP_READ_COVER_H

#include "daemon/store/store.h"

/* Whom the reads are to be about; all of it borrowed. */
struct read_cover {
	struct store *store;
	const struct schema *schema; /* the newest */
	const uint64_t *ids;	     /* the record and what is below it */
	size_t id_count;
	const uint64_t *villages; /* where it is, and where it was */
	size_t village_count;
	const uint32_t *devices; /* that held it */
	size_t device_count;
};

/*
 * Did that read show it? It did if what was asked for has it (its id, its type, a village that it
 * has or had, a device that held it), and if the reader's scope has one of those villages: that of
 * her user or token, which never changes. Nobody's is everything. *scope_out: hers; low 0:
 * everything.
 */
enum status read_covers(const struct read_cover *cover, const struct log_row *row, bool *out,
			struct region *scope_out, struct error *err);

#endif

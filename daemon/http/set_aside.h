/* SPDX-License-Identifier: Apache-2.0 */
/* set_aside: what stands in quarantine, or was closed there, and is about some records. */
#ifndef SAMBUNG_DAEMON_HTTP_SET_ASIDE_H
#define SAMBUNG_DAEMON_HTTP_SET_ASIDE_H

#include "daemon/store/store.h"

struct set_aside {
	struct store *store;	    /* borrowed */
	const struct region *scope; /* the caller's; NULL: everything */
	struct buffer rows;	    /* struct quarantined, ascending by seq */
	struct buffer about;	    /* bool of each row */
};

/* Reads all that was set aside and not released. */
enum status set_aside_open(struct set_aside *aside, struct store *store, const struct region *scope,
			   struct error *err);
void set_aside_close(struct set_aside *aside);

/* A record that only changes in quarantine speak of, in the scope: where it would be (0: nobody
 * knows). NOT_FOUND. */
enum status set_aside_village(const struct set_aside *aside, uint64_t record, uint64_t *village_out,
			      struct error *err);

/* Marks what is about these records (uint64_t, ascending): changes of them and, in the scope, what
 * lacks one of them or would hang on one, with what would hang on that. `arena` is emptied. */
enum status set_aside_mark(struct set_aside *aside, const struct schema *schema,
			   const struct buffer *ids, struct arena *arena, struct error *err);
/* The next row after `*at` that is marked, and *at behind it; NULL: there is none. From 0. */
const struct quarantined *set_aside_next(const struct set_aside *aside, size_t *at);
/* Has a device written something of it, of which anything is left? */
bool set_aside_wrote(const struct set_aside *aside, uint32_t device);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* reassign: what a change in quarantine says, said of another record; for those who do it and for
 * those who replay it. */
#ifndef SAMBUNG_DAEMON_INGEST_REASSIGN_H
#define SAMBUNG_DAEMON_INGEST_REASSIGN_H

#include "daemon/ingest/workset.h"

/* A change in quarantine, and the record that it is given to. */
struct reassigned {
	const struct quarantined *row;
	const struct parcel_change *said;
	const struct slot *to;
};
/* What it said, of the record `to` or below it: a change of a server stream that lacks nothing but
 * its n. *from_out: the record that was named instead; 0: none. INVALID: neither fits, or nothing
 * is left to say. */
enum status reassign_say(struct ingest *ingest, const struct reassigned *given, struct change *out,
			 uint64_t *from_out, struct error *err);
/* Does the entry say that something was given? *edited_out: the record that the change became an
 * edit of; 0: it makes its own record, below another one. */
bool reassign_read(const struct log_row *row, struct arena *arena, uint64_t *edited_out);
/* Was the settled row given to another record? */
enum status reassign_given(struct ingest *ingest, const struct quarantined *row, bool *given_out,
			   struct error *err);

#endif

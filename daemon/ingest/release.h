/* SPDX-License-Identifier: Apache-2.0 */
/* release: the steps of a release, for those who do it (release.c), for those who give a change to
 * another record (reassign.c), and for those who replay it. */
#ifndef SAMBUNG_DAEMON_INGEST_RELEASE_H
#define SAMBUNG_DAEMON_INGEST_RELEASE_H

#include "daemon/ingest/judge.h"

struct releasing {
	struct ingest *ingest;
	const struct quarantine_order *order; /* NULL: nobody asked */
	struct buffer arrived; /* uint64_t: records that are here now, and may have been missed */
	size_t released;
};

/* The change as it was sent, out of the log; what does not decode has its reason. */
enum status release_read(struct ingest *ingest, const struct quarantined *row,
			 struct parcel_change *out, struct error *err);
/* The row that the order names, the working set flushed. NOT_FOUND. */
enum status release_find(struct ingest *ingest, const struct quarantine_order *order,
			 struct quarantined *out, struct error *err);
/* NOT_FOUND, also for what is there but beyond the scope of who asks. */
enum status release_not_there(const struct quarantine_order *order, struct error *err);
/* Is it in the list that the asker sees? */
bool release_sees(const struct quarantine_order *order, const struct quarantined *row);
/* May the record be touched by whoever asked, where it is and where it comes to? */
bool release_allowed(const struct releasing *releasing, const struct judgement *judgement);
/* EXISTS: it was released, or given to another record. */
enum status release_check_open(struct ingest *ingest, const struct quarantine_order *order,
			       const struct quarantined *row, struct error *err);
/* SET_ASIDE: why it cannot be merged, and what helps. */
enum status release_refuse(uint32_t reason, struct error *err);
/* Rows that lack the record `id`, as an array in `out`, everything flushed if there are any. 1000
 * at most. */
enum status release_awaiting(struct ingest *ingest, uint64_t id, struct buffer *out,
			     struct error *err);
/* No more of what follows may go into this transaction. */
bool release_crowded(const struct releasing *releasing);
/* What lacked the records that have arrived is merged, and what lacked those. */
enum status release_followers(struct releasing *releasing, struct error *err);

/* What the change of that row would be now, the working set flushed. `pardoned`: neither scope nor
 * revocation keeps it out. */
enum status release_judge(struct ingest *ingest, const struct quarantined *row, bool pardoned,
			  struct judgement *out, struct error *err);
/* Merges what was judged fit as of entry `seq`, which has been logged, and settles the row. */
enum status release_merge(struct ingest *ingest, const struct quarantined *row,
			  struct judgement *judgement, uint64_t seq, struct error *err);

#endif

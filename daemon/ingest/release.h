/* SPDX-License-Identifier: Apache-2.0 */
/* release: the steps of a release, for those who do it (release.c) and for those who replay it. */
#ifndef SAMBUNG_DAEMON_INGEST_RELEASE_H
#define SAMBUNG_DAEMON_INGEST_RELEASE_H

#include "daemon/ingest/judge.h"

/* What the change of that row would be now, the working set flushed. `pardoned`: neither scope nor
 * revocation keeps it out. */
enum status release_judge(struct ingest *ingest, const struct quarantined *row, bool pardoned,
			  struct judgement *out, struct error *err);
/* Merges what was judged fit as of entry `seq`, which has been logged, and settles the row. */
enum status release_merge(struct ingest *ingest, const struct quarantined *row,
			  struct judgement *judgement, uint64_t seq, struct error *err);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* verify_parts: what the files of verify share. */
#ifndef SAMBUNG_DAEMON_VERIFY_VERIFY_PARTS_H
#define SAMBUNG_DAEMON_VERIFY_VERIFY_PARTS_H

#include "daemon/ingest/replay.h"
#include "daemon/verify/verify.h"

#include <stdio.h>

struct verifying {
	const struct verify_options *options;
	struct finder finder; /* counts, and passes on */
	uint64_t findings;
	struct store *store;
	struct store *again;
	struct replay *replay;
	struct frontier frontier;
	int64_t received_ms;
	struct buffer checkpoints; /* struct kept_checkpoint */
	size_t checkpoint_at;	   /* the next one to be looked at */
	struct buffer erased;	   /* struct erased_mark, in order */
	struct buffer writers;	   /* verify_told.c */
	bool whole;		   /* the log could be replayed to its end */
	struct log_spans *spans;
	struct log_span span; /* the run under way */
	bool has_span;
	bool span_unknown;	/* what some of them made was erased */
	uint64_t span_village;	/* as its changes say */
	uint64_t spanned_until; /* seq after the last run */
};

/* verify_tree.c: what the log was signed to be. `size` entries have been read. */
void verify_signed(struct verifying *verifying);
/* Do the log's commits end here? */
bool verify_is_boundary(const struct verifying *verifying);
/* Was what has been read so far signed as it is? */
bool verify_was_signed(const struct verifying *verifying);
/* At the end: checkpoints that the log does not reach, and those kept elsewhere. */
void verify_tail(struct verifying *verifying);

/* verify_spans.c: log_run against the log. */
enum status verify_spans_begin(struct verifying *verifying, struct error *err);
enum status verify_span_entry(struct verifying *verifying, const struct entry *entry,
			      uint64_t village, struct error *err);
enum status verify_spans_end(struct verifying *verifying, struct error *err);

/* verify_erased.c: may this entry lack its payload? Only if it was erased. */
enum status verify_erased_read(struct verifying *verifying, struct error *err);
/* Was the record erased at any time? For replay and comparison; context: struct verifying. */
bool verify_erased(void *context, uint64_t record);
/* Was the entry erased by itself? */
bool verify_erased_entry(void *context, uint64_t seq);
bool verify_may_lack(const struct verifying *verifying, const struct entry *entry);
/* The entry that took its payload because it erased its record; 0: none did, or another was first.
 */
uint64_t verify_erased_by(const struct verifying *verifying, const struct entry *entry);

/* verify_told.c: devices that wrote of what was erased are those that were told. */
void verify_told_entry(struct verifying *verifying, const struct log_row *row);
enum status verify_told_end(struct verifying *verifying, struct error *err);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * compare: is the database what its log makes? The store's part of daemon/verify.
 *
 * store_sqlite_evidence.c has the one list of what is evidence and what is not: every table and
 * column of the database stands in it (docs/ledger.md repeats it). A new table needs a row there.
 */
#ifndef SAMBUNG_DAEMON_STORE_COMPARE_H
#define SAMBUNG_DAEMON_STORE_COMPARE_H

#include "store.h"

enum { FINDING_ROW_SIZE = 96, FINDING_WHAT_SIZE = 120 };

/* Something that is not as it must be. No text of a person's in it. */
struct finding {
	const char *table;
	const char *column; /* "" : the row as a whole */
	char row[FINDING_ROW_SIZE];
	char what[FINDING_WHAT_SIZE];
};

/* Who is told. */
struct finder {
	void (*found)(void *context, const struct finding *finding);
	void *context;
};

/* Tells of row `number`. */
void finding_tell(const struct finder *finder, const char *table, const char *column,
		  uint64_t number, const char *what, ...) PRINTF_LIKE(5, 6);

/* A new database at `path` that need not survive: nothing waits for the disk, and its files lose
 * their names as soon as it is open. Returns a new writer. */
enum status store_scratch(const char *path, struct store **out, struct error *err);

/* What cannot be made again, because it was erased or hung below what was. */
struct missing {
	void *context;
	bool (*record)(void *context, uint64_t id); /* all that is said of it is passed over */
	bool (*lost)(void *context, uint64_t id);   /* also its row */
	bool (*entry)(void *context, uint64_t seq); /* an entry that was erased by itself */
	bool some;				    /* records are lost: nothing can be counted */
};
/* Every column of every table of evidence against what the log made again. */
enum status store_compare(struct store *store, struct store *again, const struct missing *missing,
			  const struct finder *finder, struct error *err);
/* The rows of the typed tables, as far as these have followed the log, against those that it makes
 * again: the tables of `again` have followed to its end. */
enum status store_typed_compare(struct store *store, struct store *again,
				const struct missing *missing, const struct finder *finder,
				struct error *err);
/* What one look at the tables shows, such as a commitment that is kept though it follows. */
enum status store_shapes_check(struct store *store, const struct finder *finder, struct error *err);
/* Tables and columns that the list does not have. */
enum status store_tables_check(struct store *store, const struct finder *finder, struct error *err);
/* Every table, index, trigger and view, by name and text, against those of the store that the log
 * was replayed into. typed: also those of the record types, which are complete there. */
enum status store_objects_compare(struct store *store, struct store *again, bool typed,
				  const struct finder *finder, struct error *err);
/* Does each index hold what its text says? Reads every page (PRAGMA integrity_check). */
enum status store_pages_check(struct store *store, const struct finder *finder, struct error *err);

/* Was the device that wrote as `stream`, or one that continues it, told of entry `seq`, which
 * erased what it wrote? True as well if it had destroyed everything by then, or is no device. */
enum status store_erasure_told(struct store *store, uint64_t seq, uint32_t stream, bool *told_out,
			       struct error *err);

struct kept_checkpoint {
	uint64_t place;
	bool whole; /* root, origin and signature have their sizes */
	struct checkpoint checkpoint;
};
/* In the order of their places, as an array appended to `out`. */
enum status store_checkpoints_read(struct store *store, struct buffer *out, struct error *err);

/* Where changes stand in the log (log_run): `count` of a stream from change n at seq on. */
struct log_span {
	uint32_t stream;
	uint32_t n;
	uint64_t count;
	uint64_t seq;
	uint64_t village; /* of the records of one change that they created; 0: none */
};
/* One after the other, by seq; inside a snapshot. Returns a new iteration. */
struct log_spans;
enum status store_spans_open(struct store *store, struct log_spans **out, struct error *err);
enum status store_spans_next(struct log_spans *spans, struct log_span *out, bool *more_out,
			     struct error *err);
void store_spans_close(struct log_spans *spans);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* check_parts: what the files of check_store share. */
#ifndef SAMBUNG_TESTS_CHECK_PARTS_H
#define SAMBUNG_TESTS_CHECK_PARTS_H

#include "protocol/checkpoint.h"
#include "protocol/entry.h"
#include "protocol/merge.h"
#include "protocol/sql/sql.h"
#include "tests/check/check_lineage.h"
#include "tests/check/check_people.h"

enum { BUCKETS = 1 << 20 };

struct check_stream {
	struct check_stream *next; /* in its bucket */
	uint32_t number;
	uint8_t kind;
	uint8_t key[32];
	uint32_t acked_n; /* as the table says */
	uint8_t chain[HASH_SIZE];
	uint32_t n; /* as the log goes */
	uint8_t now[HASH_SIZE];
};

struct check_record {
	struct check_record *next;
	struct record record;
	uint64_t changes; /* merged */
	bool of_device;	  /* the last of them */
};

struct check {
	struct sql *sql;
	struct schema *schema;
	struct arena arena;
	struct epoch epochs[64];
	size_t epoch_count;
	size_t epochs_begun; /* as the log tells */
	struct check_lineages lineages;
	struct check_people people;
	struct check_stream *streams[BUCKETS];
	struct check_record *records[BUCKETS];
	uint64_t record_count;
	struct frontier frontier;
	uint8_t (*chunks)[HASH_SIZE]; /* roots of complete subtrees of 256, as the log gives them */
	uint64_t chunk_count;
	uint64_t chunk_seen; /* rows of the table */
	uint64_t seq;
	int64_t received_ms;
	uint64_t quarantined;
	uint64_t settled;     /* of these, as the log's end leaves them */
	uint64_t run_records; /* found through the runs of their village */
	struct buffer erased; /* struct check_erased: what entries of kind erasure name, by id */
};

/* ---- check_store.c ---- */

/* NULL: *err says why. */
struct statement *check_query(struct check *check, const char *text, struct error *err);
/* MALFORMED: what is wrong with that entry. */
enum status check_wrong(struct error *err, uint64_t seq, const char *what);
/* NULL: there is none. */
struct check_stream *check_stream_find(struct check *check, uint32_t number);
struct check_record *check_record_find(struct check *check, uint64_t id);
/* NULL: no memory. */
struct check_record *check_record_make(struct check *check, uint64_t id);

/* ---- check_erased.c ---- */

/* A row of seq and payload, of kind erasure; they come in order of seq. */
enum status check_erasure(struct check *check, struct statement *row, struct error *err);
/* After the last of them. */
void check_erasures_end(struct check *check);
/* May, and must, the entry be without salt and payload? */
bool check_is_bereft(const struct check *check, const struct entry *entry);

/* ---- check_entry.c ---- */

/* The columns of an entry, from a row of CHECK_ENTRY_COLUMNS; all but the commitment. */
#define CHECK_ENTRY_COLUMNS                                                                        \
	"seq, kind, received_ms, session, stream, n, time, user, record, verdict, reason,"         \
	" schema_version, commitment, salt, payload"
void check_entry_read(struct statement *row, struct entry *out);
/* `logged`: where the change stands in the log; after a release that is before the entry's seq. */
enum status check_merge(struct check *check, const struct entry *entry, struct span payload,
			uint64_t logged, struct error *err);
/* The next row of the log. */
enum status check_entry(struct check *check, struct statement *row, struct error *err);

/* ---- check_settling.c ---- */

/* An entry that is no change: what became of one in quarantine, if it is about that. */
enum status check_settling(struct check *check, const struct entry *entry, struct span payload,
			   struct error *err);

/* ---- check_tables.c: rows of what must agree with the log ---- */

enum status check_subtree(struct check *check, struct statement *row, struct error *err);
enum status check_checkpoint(struct check *check, struct statement *row, struct error *err);
enum status check_head(struct check *check, struct statement *row, struct error *err);
enum status check_quarantine(struct check *check, struct statement *row, struct error *err);
enum status check_unsettled(struct check *check, struct statement *row, struct error *err);
enum status check_erased_rows(struct check *check, struct statement *row, struct error *err);
enum status check_record(struct check *check, struct statement *row, struct error *err);
enum status check_strays(struct check *check, struct statement *row, struct error *err);
enum status check_scopes(struct check *check, struct statement *row, struct error *err);
enum status check_parent(struct check *check, struct statement *row, struct error *err);
enum status check_user(struct check *check, struct statement *row, struct error *err);
enum status check_token(struct check *check, struct statement *row, struct error *err);
enum status check_run_records(struct check *check, struct statement *row, struct error *err);
enum status check_runs(struct check *check, struct statement *row, struct error *err);

#endif

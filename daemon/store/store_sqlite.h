/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_sqlite: what the files of the SQLite engine share. Nobody else includes it.
 *
 * Queries are constants beside the function that binds them (protocol/sql/sql.h). A statement that
 * is open while a caller's function runs belongs to that one reading alone: `each` may call any
 * other function of the store.
 */
#ifndef SAMBUNG_DAEMON_STORE_STORE_SQLITE_H
#define SAMBUNG_DAEMON_STORE_STORE_SQLITE_H

#include "protocol/sql/sql.h"
#include "store.h"

struct typed;

struct store {
	struct sql *sql;
	struct typed *typed; /* statements of the typed tables; typed.h */
};

/* The two ways in which a row cannot be handed out; inline, so that an analyser of one file sees
 * that they never return OK. */
static inline enum status
store_damaged(const char *what, uint64_t number, struct error *err)
{
	return fail(err, STATUS_STORAGE, "%s %llu is damaged", what, (unsigned long long)number);
}

static inline enum status
store_exhausted(const char *what, struct error *err)
{
	return fail(err, STATUS_MEMORY, "%s", what);
}

/* Runs a statement of one row and one integer: 0 if there is no row, or it is NULL. */
enum status store_number(struct statement *statement, uint64_t *out, struct error *err);
/* sql_row for a statement of at most one row: NOT_FOUND with `what`. */
enum status store_one(struct statement *statement, const char *what, struct error *err);
/* Copies a borrowed column into the arena; false when that is exhausted. */
bool store_keep(struct arena *arena, struct span *span);
uint32_t store_u32(struct statement *statement, int column);

/* ---- rows written together ---- */

/* One statement that inserts so many rows takes a fifth fewer instructions than as many of one row.
 */
enum { STORE_TOGETHER = 16 };
#define STORE_ROWS_4(row) row ", " row ", " row ", " row
#define STORE_ROWS(row)                                                                            \
	STORE_ROWS_4(row) ", " STORE_ROWS_4(row) ", " STORE_ROWS_4(row) ", " STORE_ROWS_4(row)
/* How many of the rows that are left go into the next statement: one or STORE_TOGETHER. */
static inline size_t
store_together(size_t left)
{
	return left < STORE_TOGETHER ? 1 : STORE_TOGETHER;
}

/* ---- villages ---- */

/* The range that a query compares with; everything includes village 0. */
static inline struct region
store_scope(const struct region *scope)
{
	return scope == NULL ? (struct region){0, INT64_MAX} : *scope;
}

/* A scope of its own: regions NULL means every village. */
struct villages {
	struct region *regions;
	size_t count;
};

enum status villages_copy(const struct region *regions, size_t count, struct villages *out,
			  struct error *err);
void villages_free(struct villages *villages);
bool villages_cover(const struct region *regions, size_t count, uint64_t village);

/* One row of the table `place`. */
struct place {
	uint64_t village;
	uint32_t type;
	uint64_t records;
	uint64_t conflicts;
};
typedef enum status (*place_fn)(void *context, const struct place *place, struct error *err);
/* Each covered place once, ascending within a region; type 0: all. */
enum status places_read(struct store *store, const struct villages *villages, uint32_t type,
			place_fn each, void *context, struct error *err);

/* ---- runs: where the changes of a stream stand in the log ---- */

/* Changes n up to n + count - 1 at seq up to seq + count - 1. */
struct log_run {
	uint32_t stream;
	uint32_t n;
	uint32_t count;
	uint64_t seq;
	uint64_t village; /* of the records of one change among them; 0: there are none */
};
uint64_t log_run_end(const struct log_run *run);
/* The last one that begins at n or before; count 0: none. */
enum status log_run_before(struct store *store, uint32_t stream, uint64_t n, struct log_run *out,
			   struct error *err);
/* The first one that begins at n or after; count 0: none. */
enum status log_run_from(struct store *store, uint32_t stream, uint64_t n, struct log_run *out,
			 struct error *err);
/* The run of the village that covers entry seq, or the next one after it; count 0: none. */
enum status log_run_of_village(struct store *store, uint64_t village, uint64_t seq,
			       struct log_run *out, struct error *err);
/* Cuts the changes among rows of the log into runs and adds each. */
enum status log_runs_add(struct store *store, const struct log_row *rows, size_t count,
			 struct error *err);

/* ---- the log ---- */

/* A row of the columns LOG_COLUMNS; its payload is borrowed from the statement. */
#define LOG_COLUMNS                                                                                \
	"seq, kind, received_ms, session, stream, n, time, user, record, verdict, reason,"         \
	" schema_version, commitment, salt, payload"
enum status log_row_of(struct statement *s, struct log_row *out, struct error *err);

/* ---- records ---- */

/* Records stand in the index by village, or in the runs of their village: a record of one change
 * that never moved costs no entry of an index. SQL for both ways, the conditions on the village
 * apart. */
#define RECORD_INDEXED "(state IS NOT NULL OR moved > 0)"
#define RECORD_IN_RUN "(state IS NULL AND moved = 0)"
#define RECORDS_OF_RUNS                                                                            \
	"log_run CROSS JOIN record ON record.id BETWEEN (log_run.stream << 32) + log_run.n"        \
	" AND (log_run.stream << 32) + log_run.n + log_run.count - 1"

/* Reads one record; its state is kept in `state` (cleared first) and borrowed from there. */
enum status record_read(struct store *store, uint64_t id, struct buffer *state,
			struct stored_record *out, bool *found_out, struct error *err);
/* Where it is now; *found_out false: no such record. */
enum status record_village(struct store *store, uint64_t id, uint64_t *village_out, bool *found_out,
			   struct error *err);

/* ---- lanes: ordered ways through the records of many villages, merged into one ---- */

struct place_in_order {
	uint64_t key;
	uint64_t id;
};
int place_in_order_compare(const struct place_in_order *a, const struct place_in_order *b);

enum lane_kind {
	LANE_VERSION, /* records of a village and a type, by the index; key = version */
	LANE_RUNS,    /* those of a village's runs; key = version */
	LANE_MOVED,   /* records whose village changed after their last change; key = moved */
	LANE_LEFT,    /* records that left the village; key = seq of the move */
	LANE_ERASED,  /* what was erased and this device may hold; key = seq of the erasure */
};

struct lanes;
struct lanes_options {
	const struct villages *villages;
	uint32_t type;	 /* 0: all */
	bool with_moves; /* LANE_MOVED, LANE_LEFT and, of own_stream, LANE_ERASED besides */
	/* Left out of LANE_RUNS: what changes up to own_n of own_stream made. */
	uint32_t own_stream;
	uint32_t own_n;
	struct place_in_order after;
};
/* Returns new lanes. */
enum status lanes_open(struct store *store, const struct lanes_options *options, struct lanes **out,
		       struct error *err);
/* The least (key, id) of all; *more_out false at the end. */
enum status lanes_next(struct lanes *lanes, struct place_in_order *out, enum lane_kind *kind_out,
		       bool *more_out, struct error *err);
void lanes_close(struct lanes *lanes);

#endif

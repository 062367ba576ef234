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

/* ---- villages ---- */

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

/* ---- records ---- */

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
	LANE_VERSION, /* records of a village and a type; key = version */
	LANE_MOVED,   /* records whose village changed after their last change; key = moved */
	LANE_LEFT,    /* records that left the village; key = seq of the move */
};

struct lanes;
struct lanes_options {
	const struct villages *villages;
	uint32_t type;	 /* 0: all */
	bool with_moves; /* LANE_MOVED and LANE_LEFT besides */
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

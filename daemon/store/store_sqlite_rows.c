/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lists of records. Each order has its way, and none needs an index of its own:
 *
 *  by version        the lanes of the places asked for, merged
 *  by id             the ids of the places asked for, sorted here; more than a million, or all
 *                    records: a walk along the table
 *  conflicts only    the ids in the small index of conflicts, sorted here
 */
#include "store_sqlite.h"

#include <stdlib.h>

/* At most so many ids are sorted in memory (16 bytes each). */
enum { SORTED_MAX = 1000000 };

struct record_rows {
	struct store *store;
	struct record_query query;
	struct villages villages;
	struct buffer state;
	/* one of these three */
	struct lanes *lanes;
	struct statement *walk;
	struct buffer found; /* struct place_in_order, sorted */
	size_t next;
};

static bool
rows_want(const struct record_rows *rows, uint64_t village, uint64_t version)
{
	return version > rows->query.since &&
	       villages_cover(rows->villages.regions, rows->villages.count, village);
}

/* ---- ids sorted in memory ---- */

static void
found_add(struct record_rows *rows, uint64_t version, uint64_t id)
{
	const struct place_in_order item = {
		.key = rows->query.order == ORDER_VERSION ? version : 0,
		.id = id,
	};

	buffer_append(&rows->found, &item, sizeof item);
}

static size_t
found_count(const struct record_rows *rows)
{
	return rows->found.length / sizeof(struct place_in_order);
}

static int
compare_found(const void *a, const void *b)
{
	return place_in_order_compare(a, b);
}

/* The least range of villages that has all of the scope: of one region exactly that, and of several
 * what lies between is left to rows_want. */
static void
bind_range(const struct record_rows *rows, struct statement *s, int low, int high)
{
	const struct villages *villages = &rows->villages;
	struct region range = store_scope(NULL);

	if (villages->regions != NULL) {
		range = (struct region){INT64_MAX, 0};
	}
	for (size_t i = 0; villages->regions != NULL && i < villages->count; i++) {
		const struct region *region = &villages->regions[i];

		range.low = region->low < range.low ? region->low : range.low;
		range.high = region->high > range.high ? region->high : range.high;
	}
	sql_bind_uint(s, low, range.low);
	sql_bind_uint(s, high, range.high);
}

/* Takes id, village and version of each row of the statement that is wanted. */
static enum status
found_take(struct record_rows *rows, struct statement *s, struct error *err)
{
	bool row = true;

	while (row) {
		enum status status = sql_row(s, &row, err);

		if (status != STATUS_OK) {
			return status;
		}
		if (row && rows_want(rows, sql_uint(s, 1), sql_uint(s, 2))) {
			found_add(rows, sql_uint(s, 2), sql_uint(s, 0));
		}
	}
	return buffer_status(&rows->found, "a list of records", err);
}

static void
found_sort(struct record_rows *rows)
{
	if (rows->found.length > 0) {
		qsort(rows->found.at, found_count(rows), sizeof(struct place_in_order),
		      compare_found);
	}
}

static enum status
find_conflicts(struct record_rows *rows, struct error *err)
{
	static const char all_text[] = "SELECT id, village, version FROM record"
				       " WHERE conflicts > 0 AND village BETWEEN ?1 AND ?2";
	static const char type_text[] =
		"SELECT id, village, version FROM record"
		" WHERE conflicts > 0 AND village BETWEEN ?1 AND ?2 AND type = ?3";
	const bool all = rows->query.type == 0;
	struct statement *s = sql_prepare(rows->store->sql, all ? all_text : type_text, err);

	bind_range(rows, s, 1, 2);
	if (!all) {
		sql_bind_uint(s, 3, rows->query.type);
	}
	return found_take(rows, s, err);
}

static enum status
find_place(void *context, const struct place *place, struct error *err)
{
	static const char text[] =
		"SELECT id, village, version FROM record"
		" WHERE village = ?1 AND type = ?2 AND version > ?3 AND " RECORD_INDEXED
		" UNION ALL SELECT id, record.village, version FROM " RECORDS_OF_RUNS
		" WHERE log_run.village = ?1 AND log_run.village > 0 AND type = ?2 AND version > ?3"
		" AND " RECORD_IN_RUN;
	struct record_rows *rows = context;
	struct statement *s = sql_prepare(rows->store->sql, text, err);

	sql_bind_uint(s, 1, place->village);
	sql_bind_uint(s, 2, place->type);
	sql_bind_uint(s, 3, rows->query.since);
	return found_take(rows, s, err);
}

/* ---- walking along the table ---- */

static enum status
walk_open(struct record_rows *rows, struct error *err)
{
	static const char text[] =
		"SELECT id, village, version FROM record"
		" WHERE (?1 = 0 OR type = ?1) AND village BETWEEN ?2 AND ?3 ORDER BY id";

	rows->walk = sql_prepare_own(rows->store->sql, text, err);
	if (rows->walk == NULL) {
		return err == NULL ? STATUS_STORAGE : err->status;
	}
	sql_bind_uint(rows->walk, 1, rows->query.type);
	bind_range(rows, rows->walk, 2, 3);
	return STATUS_OK;
}

static enum status
walk_next(struct record_rows *rows, uint64_t *id_out, bool *more_out, struct error *err)
{
	for (;;) {
		enum status status = sql_row(rows->walk, more_out, err);

		if (status != STATUS_OK || !*more_out) {
			return status;
		}
		if (rows_want(rows, sql_uint(rows->walk, 1), sql_uint(rows->walk, 2))) {
			*id_out = sql_uint(rows->walk, 0);
			return STATUS_OK;
		}
	}
}

/* ---- the query ---- */

static enum status
add_records(void *context, const struct place *place, struct error *err)
{
	uint64_t *sum = context;

	(void)err;
	*sum += place->records;
	return STATUS_OK;
}

static enum status
open_by_version(struct record_rows *rows, struct error *err)
{
	const struct lanes_options options = {
		.villages = &rows->villages,
		.type = rows->query.type,
		.after = {rows->query.since, INT64_MAX},
	};

	return lanes_open(rows->store, &options, &rows->lanes, err);
}

static enum status
open_by_id(struct record_rows *rows, struct error *err)
{
	uint64_t count = 0;
	enum status status = places_read(rows->store, &rows->villages, rows->query.type,
					 add_records, &count, err);

	if (status != STATUS_OK) {
		return status;
	}
	if ((rows->villages.regions == NULL && rows->query.type == 0) || count > SORTED_MAX) {
		return walk_open(rows, err);
	}
	status = places_read(rows->store, &rows->villages, rows->query.type, find_place, rows, err);
	found_sort(rows);
	return status;
}

static enum status
open_in_order(struct record_rows *rows, struct error *err)
{
	enum status status;

	if (rows->query.conflicts_only) {
		status = find_conflicts(rows, err);
		found_sort(rows);
		return status;
	}
	return rows->query.order == ORDER_VERSION ? open_by_version(rows, err)
						  : open_by_id(rows, err);
}

enum status
store_rows_open(struct store *store, const struct record_query *query, struct record_rows **out,
		struct error *err)
{
	struct record_rows *rows = calloc(1, sizeof *rows);
	enum status status;

	if (rows == NULL) {
		return store_exhausted("a list of records", err);
	}
	rows->store = store;
	rows->query = *query;
	buffer_init(&rows->state, SIZE_MAX);
	buffer_init(&rows->found, SIZE_MAX);
	status = villages_copy(query->regions, query->region_count, &rows->villages, err);
	if (status == STATUS_OK) {
		status = open_in_order(rows, err);
	}
	if (status != STATUS_OK) {
		store_rows_close(rows);
		return status;
	}
	*out = rows;
	return STATUS_OK;
}

void
store_rows_close(struct record_rows *rows)
{
	if (rows != NULL) {
		lanes_close(rows->lanes);
		sql_statement_free(rows->walk);
		villages_free(&rows->villages);
		buffer_finish(&rows->found);
		buffer_finish(&rows->state);
		free(rows);
	}
}

static enum status
next_id(struct record_rows *rows, uint64_t *id_out, bool *more_out, struct error *err)
{
	struct place_in_order at = {0};
	enum lane_kind kind;
	enum status status = STATUS_OK;

	if (rows->walk != NULL) {
		return walk_next(rows, id_out, more_out, err);
	}
	if (rows->lanes != NULL) {
		status = lanes_next(rows->lanes, &at, &kind, more_out, err);
	} else {
		*more_out = rows->next < found_count(rows);
		if (*more_out) {
			at = ((const struct place_in_order *)(const void *)
				      rows->found.at)[rows->next++];
		}
	}
	*id_out = at.id;
	return status;
}

enum status
store_rows_next(struct record_rows *rows, struct stored_record *out, bool *more_out,
		struct error *err)
{
	for (;;) {
		uint64_t id = 0;
		bool more = false;
		bool found = false;
		enum status status = next_id(rows, &id, &more, err);

		if (status == STATUS_OK && more) {
			status = record_read(rows->store, id, &rows->state, out, &found, err);
		}
		if (status != STATUS_OK) {
			return status;
		}
		if (found || !more) {
			*more_out = more;
			return STATUS_OK;
		}
	}
}

enum status
store_records_merged(struct store *store, uint64_t since, struct buffer *out, struct error *err)
{
	static const char text[] =
		"SELECT id FROM record WHERE state IS NOT NULL AND version > ? ORDER BY id";
	struct statement *s = sql_prepare(store->sql, text, err);
	bool row = true;

	buffer_clear(out);
	sql_bind_uint(s, 1, since);
	while (row) {
		enum status status = sql_row(s, &row, err);

		if (status != STATUS_OK) {
			return status;
		}
		if (row) {
			uint64_t id = sql_uint(s, 0);

			buffer_append(out, &id, sizeof id);
		}
	}
	return buffer_status(out, "a list of records", err);
}

/* ---- counting ---- */

static enum status
count_since(struct store *store, const struct place *place, uint64_t since, uint64_t *count_out,
	    struct error *err)
{
	static const char text[] =
		"SELECT (SELECT count(*) FROM record"
		" WHERE village = ?1 AND type = ?2 AND version > ?3 AND " RECORD_INDEXED ")"
		" + (SELECT count(*) FROM " RECORDS_OF_RUNS
		" WHERE log_run.village = ?1 AND log_run.village > 0 AND type = ?2 AND version > ?3"
		" AND " RECORD_IN_RUN ")";
	struct statement *s = sql_prepare(store->sql, text, err);

	sql_bind_uint(s, 1, place->village);
	sql_bind_uint(s, 2, place->type);
	sql_bind_uint(s, 3, since);
	return store_number(s, count_out, err);
}

struct counting {
	struct record_rows *rows;
	uint64_t sum;
};

static enum status
count_place(void *context, const struct place *place, struct error *err)
{
	struct counting *counting = context;
	const struct record_query *query = &counting->rows->query;
	uint64_t count = query->conflicts_only ? place->conflicts : place->records;
	enum status status = STATUS_OK;

	if (query->since > 0) {
		status = count_since(counting->rows->store, place, query->since, &count, err);
	}
	counting->sum += count;
	return status;
}

enum status
store_rows_count(struct store *store, const struct record_query *query, uint64_t *count_out,
		 struct error *err)
{
	struct record_rows rows = {.store = store, .query = *query};
	struct counting counting = {.rows = &rows};
	enum status status =
		villages_copy(query->regions, query->region_count, &rows.villages, err);

	buffer_init(&rows.found, SIZE_MAX);
	if (status != STATUS_OK) {
		return status;
	}
	if (query->conflicts_only && query->since > 0) {
		status = find_conflicts(&rows, err);
		counting.sum = found_count(&rows);
	} else {
		status = places_read(store, &rows.villages, query->type, count_place, &counting,
				     err);
	}
	if (status == STATUS_OK) {
		*count_out = counting.sum;
	}
	buffer_finish(&rows.found);
	villages_free(&rows.villages);
	return status;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A lane runs through one part of an index, or through the runs of a village, in the order of (key,
 * id) and reads a few items ahead, so that any number of lanes share one prepared statement for
 * each kind. The lanes stand in a heap with the least item on top.
 */
#include "protocol/id.h"
#include "store_sqlite.h"

#include <stdlib.h>
#include <string.h>

/* All lanes together read about so many items ahead, one lane no fewer than AHEAD_MIN and no more
 * than AHEAD_MAX. */
enum { AHEAD_TOTAL = 4096, AHEAD_MIN = 4, AHEAD_MAX = 64 };

struct lane {
	enum lane_kind kind;
	uint64_t village;
	uint32_t type;
	struct place_in_order *ahead; /* its part of lanes->ahead */
	size_t next;
	size_t count;
};

struct lanes {
	struct store *store;
	struct lane *heap;
	size_t count;
	size_t capacity;
	struct place_in_order *ahead;
	size_t width;  /* items ahead of one lane */
	uint32_t type; /* 0: all */
	bool with_moves;
	uint32_t own_stream;
	uint32_t own_n;
};

int
place_in_order_compare(const struct place_in_order *a, const struct place_in_order *b)
{
	if (a->key != b->key) {
		return a->key < b->key ? -1 : 1;
	}
	return a->id < b->id ? -1 : a->id > b->id;
}

/* ---- reading ahead ---- */

static struct statement *
select_version(struct store *store, const struct lane *lane, struct error *err)
{
	static const char text[] = "SELECT version, id FROM record WHERE village = ?1 AND"
				   " type = ?2 AND (version, id) > (?3, ?4) AND " RECORD_INDEXED
				   " ORDER BY version, id LIMIT ?5";
	struct statement *s = sql_prepare(store->sql, text, err);

	sql_bind_uint(s, 2, lane->type);
	return s;
}

/* A family that moves takes all its records along with one number, so many may share a key: the
 * first half goes on among them where the index can look. */
static struct statement *
select_moved(struct store *store, struct error *err)
{
	static const char text[] =
		"SELECT moved, id FROM record WHERE village = ?1 AND moved > version"
		" AND moved = ?3 AND id > ?4 UNION ALL"
		" SELECT moved, id FROM record WHERE village = ?1 AND moved > version"
		" AND moved > ?3 ORDER BY moved, id LIMIT ?5";

	return sql_prepare(store->sql, text, err);
}

static struct statement *
select_left(struct store *store, struct error *err)
{
	static const char text[] = "SELECT seq, record FROM move WHERE village = ?1"
				   " AND (seq, record) > (?3, ?4) ORDER BY seq, record LIMIT ?5";

	return sql_prepare(store->sql, text, err);
}

static struct statement *
select_erased(const struct lanes *lanes, struct error *err)
{
	/* Also what the device has said is gone: a copy of it may be older, and say so by its
	 * cursor alone. */
	static const char text[] =
		"SELECT e.seq, e.record FROM erasure_device AS d JOIN erased AS e ON e.seq = d.seq"
		" WHERE d.device = ?2 AND d.seq >= ?3"
		" AND (e.seq, e.record) > (?3, ?4) ORDER BY e.seq, e.record LIMIT ?5";
	struct statement *s = sql_prepare(lanes->store->sql, text, err);

	sql_bind_uint(s, 2, lanes->own_stream);
	return s;
}

static struct statement *
select_ahead(const struct lanes *lanes, const struct lane *lane, struct error *err)
{
	struct store *store = lanes->store;

	switch (lane->kind) {
	case LANE_ERASED:
		return select_erased(lanes, err);
	case LANE_MOVED:
		return select_moved(store, err);
	case LANE_LEFT:
		return select_left(store, err);
	case LANE_VERSION:
	case LANE_RUNS:
		break;
	}
	return select_version(store, lane, err);
}

static enum status
fill_from_index(struct lanes *lanes, struct lane *lane, struct place_in_order after,
		struct error *err)
{
	struct statement *s = select_ahead(lanes, lane, err);
	bool row = true;

	if (lane->kind != LANE_ERASED) {
		sql_bind_uint(s, 1, lane->village);
	}
	sql_bind_uint(s, 3, after.key);
	sql_bind_uint(s, 4, after.id);
	sql_bind_uint(s, 5, lanes->width);
	while (row) {
		enum status status = sql_row(s, &row, err);

		if (status != STATUS_OK) {
			return status;
		}
		if (row && lane->count < lanes->width) {
			lane->ahead[lane->count++] =
				(struct place_in_order){sql_uint(s, 0), sql_uint(s, 1)};
		}
	}
	return STATUS_OK;
}

/* Within a run ids ascend with versions: change n + i is entry seq + i. */
static enum status
fill_from_run(struct lanes *lanes, struct lane *lane, const struct log_run *run,
	      struct place_in_order after, struct error *err)
{
	static const char text[] = "SELECT version, id FROM record WHERE id BETWEEN ?1 AND ?2"
				   " AND (?3 = 0 OR type = ?3) AND " RECORD_IN_RUN " ORDER BY id";
	const uint64_t last = id_make(run->stream, run->n) + run->count - 1;
	uint64_t first = id_make(run->stream, run->n);
	struct statement *s;
	bool row = true;

	if (after.key > run->seq) {
		first += after.key - run->seq;
	}
	if (run->stream == lanes->own_stream && id_n(first) <= lanes->own_n) {
		first = id_make(run->stream, lanes->own_n) + 1;
	}
	if (first > last) {
		return STATUS_OK;
	}
	s = sql_prepare(lanes->store->sql, text, err);
	sql_bind_uint(s, 1, first);
	sql_bind_uint(s, 2, last);
	sql_bind_uint(s, 3, lanes->type);
	while (row && lane->count < lanes->width) {
		enum status status = sql_row(s, &row, err);
		struct place_in_order item;

		if (status != STATUS_OK) {
			return status;
		}
		item = row ? (struct place_in_order){sql_uint(s, 0), sql_uint(s, 1)} : after;
		if (place_in_order_compare(&item, &after) > 0) {
			lane->ahead[lane->count++] = item;
		}
	}
	sql_reset(s);
	return STATUS_OK;
}

static enum status
fill_from_runs(struct lanes *lanes, struct lane *lane, struct place_in_order after,
	       struct error *err)
{
	struct log_run run;
	enum status status = log_run_of_village(lanes->store, lane->village, after.key, &run, err);

	while (status == STATUS_OK && run.count > 0) {
		status = fill_from_run(lanes, lane, &run, after, err);
		if (status != STATUS_OK || lane->count == lanes->width) {
			return status;
		}
		status = log_run_of_village(lanes->store, lane->village, run.seq + run.count, &run,
					    err);
	}
	return status;
}

/* Reads what comes after `after`; count 0 afterwards: the lane has ended. */
static enum status
lane_fill(struct lanes *lanes, struct lane *lane, struct place_in_order after, struct error *err)
{
	lane->next = 0;
	lane->count = 0;
	return lane->kind == LANE_RUNS ? fill_from_runs(lanes, lane, after, err)
				       : fill_from_index(lanes, lane, after, err);
}

/* ---- the heap ---- */

static bool
lane_goes_before(const struct lane *a, const struct lane *b)
{
	return place_in_order_compare(&a->ahead[a->next], &b->ahead[b->next]) < 0;
}

static void
sink(struct lanes *lanes, size_t at)
{
	for (;;) {
		size_t least = at;
		struct lane lane;

		for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < lanes->count;
		     child++) {
			if (lane_goes_before(&lanes->heap[child], &lanes->heap[least])) {
				least = child;
			}
		}
		if (least == at) {
			return;
		}
		lane = lanes->heap[at];
		lanes->heap[at] = lanes->heap[least];
		lanes->heap[least] = lane;
		at = least;
	}
}

static void
lane_drop(struct lanes *lanes, size_t at)
{
	lanes->count--;
	lanes->heap[at] = lanes->heap[lanes->count];
}

/* ---- opening ---- */

static enum status
lane_add(struct lanes *lanes, enum lane_kind kind, const struct place *place, struct error *err)
{
	if (lanes->count == lanes->capacity) {
		const size_t capacity = lanes->capacity == 0 ? 16 : 2 * lanes->capacity;
		struct lane *grown = realloc(lanes->heap, capacity * sizeof *grown);

		if (grown == NULL) {
			return store_exhausted("villages of a scope", err);
		}
		lanes->heap = grown;
		lanes->capacity = capacity;
	}
	lanes->heap[lanes->count++] =
		(struct lane){.kind = kind, .village = place->village, .type = place->type};
	return STATUS_OK;
}

static enum status
add_place(void *context, const struct place *place, struct error *err)
{
	struct lanes *lanes = context;
	const bool first_of_village =
		lanes->count == 0 || lanes->heap[lanes->count - 1].village != place->village;
	static const enum lane_kind of_village[] = {LANE_RUNS, LANE_MOVED, LANE_LEFT};
	const size_t kinds = lanes->with_moves ? 3 : 1;
	enum status status = STATUS_OK;

	for (size_t i = 0; i < kinds && first_of_village && status == STATUS_OK; i++) {
		status = lane_add(lanes, of_village[i], place, err);
	}
	return status == STATUS_OK ? lane_add(lanes, LANE_VERSION, place, err) : status;
}

static enum status
fill_all(struct lanes *lanes, struct place_in_order after, struct error *err)
{
	size_t width = lanes->count == 0 ? AHEAD_MAX : AHEAD_TOTAL / lanes->count;

	width = width < AHEAD_MIN ? AHEAD_MIN : width;
	lanes->width = width > AHEAD_MAX ? AHEAD_MAX : width;
	lanes->ahead = calloc(lanes->count + 1, lanes->width * sizeof *lanes->ahead);
	if (lanes->ahead == NULL) {
		return store_exhausted("villages of a scope", err);
	}
	for (size_t i = lanes->count; i-- > 0;) {
		struct lane *lane = &lanes->heap[i];
		enum status status;

		lane->ahead = lanes->ahead + i * lanes->width;
		status = lane_fill(lanes, lane, after, err);
		if (status != STATUS_OK) {
			return status;
		}
		if (lane->count == 0) {
			lane_drop(lanes, i);
		}
	}
	for (size_t i = lanes->count / 2; i-- > 0;) {
		sink(lanes, i);
	}
	return STATUS_OK;
}

enum status
lanes_open(struct store *store, const struct lanes_options *options, struct lanes **out,
	   struct error *err)
{
	struct lanes *lanes = calloc(1, sizeof *lanes);
	enum status status;

	if (lanes == NULL) {
		return store_exhausted("villages of a scope", err);
	}
	lanes->store = store;
	lanes->type = options->type;
	lanes->with_moves = options->with_moves;
	lanes->own_stream = options->own_stream;
	lanes->own_n = options->own_n;
	status = places_read(store, options->villages, options->type, add_place, lanes, err);
	if (status == STATUS_OK && options->with_moves) {
		status = lane_add(lanes, LANE_ERASED, &(struct place){.village = 0}, err);
	}
	if (status == STATUS_OK) {
		status = fill_all(lanes, options->after, err);
	}
	if (status != STATUS_OK) {
		lanes_close(lanes);
		return status;
	}
	*out = lanes;
	return STATUS_OK;
}

void
lanes_close(struct lanes *lanes)
{
	if (lanes != NULL) {
		free(lanes->heap);
		free(lanes->ahead);
		free(lanes);
	}
}

enum status
lanes_next(struct lanes *lanes, struct place_in_order *out, enum lane_kind *kind_out,
	   bool *more_out, struct error *err)
{
	struct lane *lane = lanes->heap;
	struct place_in_order item;

	if (lanes->count == 0) {
		*more_out = false;
		return STATUS_OK;
	}
	item = lane->ahead[lane->next++];
	*kind_out = lane->kind;
	if (lane->next == lane->count) {
		enum status status = lane_fill(lanes, lane, item, err);

		if (status != STATUS_OK) {
			return status;
		}
		if (lane->count == 0) {
			lane_drop(lanes, 0);
		}
	}
	if (lanes->count > 0) {
		sink(lanes, 0);
	}
	*out = item;
	*more_out = true;
	return STATUS_OK;
}

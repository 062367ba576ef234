/* SPDX-License-Identifier: Apache-2.0 */
#include "store_world.h"

static struct stored_record
load(struct world *w, uint64_t id)
{
	struct stored_record record;

	assert_ok(store_records_load(w->writer, &id, 1, &w->arena, &record, &w->err));
	return record;
}

static uint64_t
count_records(struct world *w, struct record_query query)
{
	uint64_t count = 999;

	assert_ok(store_rows_count(w->writer, &query, &count, &w->err));
	return count;
}

TEST(a_record_is_loaded_as_it_was_written)
{
	struct world *w = *state;
	struct stored_record row = record_make(w, id_make(5, 1), VISIT, VILLAGE_A, 10);
	struct stored_record loaded;

	row.parent = id_make(4, 1);
	row.moved = 9;
	row.conflicts = 2;
	record_put(w, row);
	loaded = load(w, row.id);
	assert_int_equal(loaded.id, row.id);
	assert_int_equal(loaded.type, VISIT);
	assert_int_equal(loaded.parent, row.parent);
	assert_int_equal(loaded.village, VILLAGE_A);
	assert_int_equal(loaded.version, 10);
	assert_int_equal(loaded.moved, 9);
	assert_int_equal(loaded.conflicts, 2);
	assert_true(span_equal(loaded.state, row.state));
}

TEST(a_record_of_one_change_is_read_from_the_log)
{
	struct world *w = *state;
	struct stored_record row = record_make(w, id_make(5, 1), VISIT, VILLAGE_A, 1);
	const struct log_row entry = log_row_make(1, 5, 1, row.id);
	struct stored_record loaded;

	assert_ok(store_log_append(w->writer, &entry, 1, &w->err));
	row.one_change = true;
	record_put(w, row);
	loaded = load(w, row.id);
	assert_true(loaded.one_change);
	assert_true(span_equal(loaded.state, entry.payload));
	row.one_change = false;
	row.version = 2;
	record_put(w, row);
	loaded = load(w, row.id);
	assert_false(loaded.one_change);
	assert_true(span_equal(loaded.state, row.state));
}

TEST(a_place_is_a_record_without_its_state)
{
	struct world *w = *state;
	const uint64_t ids[] = {id_make(5, 1), id_make(5, 9)};
	struct stored_record places[2];

	record_new(w, ids[0], VISIT, VILLAGE_A, 10);
	assert_ok(store_records_place(w->reader, ids, 2, places, &w->err));
	assert_int_equal(places[0].village, VILLAGE_A);
	assert_int_equal(places[0].version, 10);
	assert_int_equal(places[0].state.length, 0);
	assert_int_equal(places[1].id, 0);
}

TEST(a_new_record_that_is_there_already_is_refused)
{
	struct world *w = *state;
	const struct record_write write = {record_make(w, id_make(5, 1), VISIT, VILLAGE_A, 10),
					   NULL};

	record_new(w, id_make(5, 1), VISIT, VILLAGE_A, 9);
	assert_int_equal(store_records_write(w->writer, &write, 1, &w->err), STATUS_EXISTS);
}

TEST(records_come_in_the_order_asked_for_and_unknown_ones_have_id_0)
{
	struct world *w = *state;
	const uint64_t ids[] = {id_make(5, 2), id_make(5, 9), id_make(5, 1)};
	struct stored_record records[3];

	record_new(w, id_make(5, 1), VISIT, VILLAGE_A, 10);
	record_new(w, id_make(5, 2), VISIT, VILLAGE_A, 11);
	assert_ok(store_records_load(w->reader, ids, 3, &w->arena, records, &w->err));
	assert_int_equal(records[0].version, 11);
	assert_int_equal(records[1].id, 0);
	assert_int_equal(records[2].version, 10);
}

TEST(a_record_written_again_is_replaced_whole)
{
	struct world *w = *state;
	struct stored_record row = record_make(w, id_make(5, 1), VISIT, VILLAGE_A, 10);

	record_put(w, row);
	row.village = VILLAGE_B;
	row.parent = id_make(4, 2);
	row.version = 12;
	row.state = span_of_text("other");
	record_put(w, row);
	assert_int_equal(load(w, row.id).village, VILLAGE_B);
	assert_int_equal(load(w, row.id).parent, id_make(4, 2));
	assert_int_equal(load(w, row.id).version, 12);
	assert_true(span_equal(load(w, row.id).state, span_of_text("other")));
}

TEST(a_record_does_not_change_its_type)
{
	struct world *w = *state;
	const struct stored_record former = record_make(w, id_make(5, 1), VISIT, VILLAGE_A, 10);
	struct record_write write = {former, &former};

	record_put(w, former);
	write.row.type = FAMILY;
	assert_int_equal(store_records_write(w->writer, &write, 1, &w->err), STATUS_INTERNAL);
}

TEST(records_that_do_not_fit_the_arena_are_told)
{
	struct world *w = *state;
	const uint64_t id = id_make(5, 1);
	struct stored_record record;
	struct arena tiny;

	record_new(w, id, VISIT, VILLAGE_A, 10);
	arena_init(&tiny, 1);
	assert_int_equal(store_records_load(w->writer, &id, 1, &tiny, &record, &w->err),
			 STATUS_MEMORY);
	arena_finish(&tiny);
}

/* ---- what hangs below ---- */

static void
hang(struct world *w, uint64_t id, uint64_t parent)
{
	struct stored_record row = record_make(w, id, VISIT, VILLAGE_A, 10);

	row.parent = parent;
	record_put(w, row);
}

TEST(what_hangs_in_a_village_is_listed_by_parent_and_id)
{
	struct world *w = *state;
	struct stored_record elsewhere = record_make(w, id_make(9, 9), VISIT, VILLAGE_B, 10);
	const struct hanging *found;
	struct buffer list;

	hang(w, id_make(5, 1), 0);
	hang(w, id_make(9, 1), id_make(5, 1));
	hang(w, id_make(6, 1), id_make(9, 1));
	hang(w, id_make(7, 1), id_make(5, 1));
	elsewhere.parent = id_make(5, 1);
	record_put(w, elsewhere);
	buffer_init(&list, 4096);
	assert_ok(store_hanging(w->writer, VILLAGE_A, &list, &w->err));
	found = (const void *)list.at;
	assert_int_equal(list.length, 3 * sizeof *found);
	assert_int_equal(found[0].parent, id_make(5, 1));
	assert_int_equal(found[0].id, id_make(7, 1));
	assert_int_equal(found[1].id, id_make(9, 1));
	assert_int_equal(found[2].parent, id_make(9, 1));
	assert_int_equal(found[2].id, id_make(6, 1));
	buffer_finish(&list);
}

TEST(nothing_hangs_in_an_empty_village)
{
	struct world *w = *state;
	struct buffer list;

	hang(w, id_make(5, 1), 0);
	buffer_init(&list, 4096);
	buffer_append_byte(&list, 1);
	assert_ok(store_hanging(w->writer, VILLAGE_A, &list, &w->err));
	assert_int_equal(list.length, 0);
	buffer_finish(&list);
}

/* ---- counts ---- */

TEST(counts_follow_what_is_written_moved_and_settled)
{
	struct world *w = *state;
	const struct region a = {VILLAGE_A, VILLAGE_A};
	struct stored_record row = record_make(w, id_make(5, 1), VISIT, VILLAGE_A, 10);

	row.conflicts = 3;
	record_put(w, row);
	record_new(w, id_make(5, 2), VISIT, VILLAGE_A, 11);
	record_new(w, id_make(5, 3), FAMILY, VILLAGE_A, 12);
	assert_int_equal(count_records(w, (struct record_query){0}), 3);
	assert_int_equal(count_records(w, (struct record_query){.type = VISIT}), 2);
	assert_int_equal(count_records(w, (struct record_query){.conflicts_only = true}), 1);
	row.village = VILLAGE_B;
	row.conflicts = 1;
	record_put(w, row);
	assert_int_equal(count_records(w, (struct record_query){.regions = &a, .region_count = 1}),
			 2);
	assert_int_equal(count_records(w, (struct record_query){.type = VISIT}), 2);
	row.conflicts = 0;
	record_put(w, row);
	assert_int_equal(count_records(w, (struct record_query){.conflicts_only = true}), 0);
}

TEST(records_of_one_call_are_counted_each_in_its_place)
{
	struct world *w = *state;
	const struct region b = {VILLAGE_B, VILLAGE_B};
	struct record_write writes[6];

	for (uint32_t i = 0; i < 6; i++) {
		writes[i] = (struct record_write){record_make(w, id_make(5, i + 1), VISIT,
							      i % 2 == 0 ? VILLAGE_A : VILLAGE_B,
							      10 + i),
						  NULL};
	}
	writes[5].row.id = id_make(5, 4);
	writes[5].former = &writes[3].row;
	assert_ok(store_records_write(w->writer, writes, 6, &w->err));
	assert_int_equal(count_records(w, (struct record_query){0}), 5);
	assert_int_equal(count_records(w, (struct record_query){.regions = &b, .region_count = 1}),
			 2);
}

TEST(counts_may_begin_after_a_version)
{
	struct world *w = *state;
	struct stored_record row = record_make(w, id_make(5, 3), VISIT, VILLAGE_B, 12);

	row.conflicts = 1;
	record_put(w, row);
	record_new(w, id_make(5, 1), VISIT, VILLAGE_A, 10);
	record_new(w, id_make(5, 2), VISIT, VILLAGE_A, 11);
	assert_int_equal(count_records(w, (struct record_query){.since = 10}), 2);
	assert_int_equal(
		count_records(w, (struct record_query){.since = 11, .conflicts_only = true}), 1);
	assert_int_equal(
		count_records(w, (struct record_query){.since = 12, .conflicts_only = true}), 0);
}

TEST(a_rollback_takes_counts_back)
{
	struct world *w = *state;

	assert_ok(store_begin(w->writer, &w->err));
	record_new(w, id_make(5, 1), VISIT, VILLAGE_A, 10);
	assert_int_equal(count_records(w, (struct record_query){0}), 1);
	store_rollback(w->writer);
	assert_int_equal(count_records(w, (struct record_query){0}), 0);
}

/* ---- lists ---- */

struct list {
	uint64_t ids[WORLD_LIST_MAX];
	size_t count;
};

static struct list
list(struct world *w, struct record_query query)
{
	struct record_rows *rows;
	struct list out = {.count = 0};
	struct stored_record record;
	bool more = true;

	assert_ok(store_rows_open(w->writer, &query, &rows, &w->err));
	for (;;) {
		assert_ok(store_rows_next(rows, &record, &more, &w->err));
		if (!more) {
			break;
		}
		assert_true(record.state.length > 0);
		out.ids[out.count++] = record.id;
	}
	store_rows_close(rows);
	return out;
}

static void
assert_list(struct list out, size_t count, ...)
{
	va_list ids;

	assert_int_equal(out.count, count);
	va_start(ids, count);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(out.ids[i], id_make(5, va_arg(ids, unsigned)));
	}
	va_end(ids);
}

/* Ids and versions rise against each other: 5.1 is of version 14 … 5.5 of version 10. */
static void
write_five(struct world *w)
{
	const uint64_t villages[] = {VILLAGE_B, VILLAGE_A, VILLAGE_C, VILLAGE_A, VILLAGE_B};

	for (uint32_t i = 0; i < 5; i++) {
		struct stored_record row = record_make(
			w, id_make(5, i + 1), i == 3 ? FAMILY : VISIT, villages[i], 14 - i);

		row.conflicts = i == 0 || i == 3 || i == 4 ? 1 : 0;
		record_put(w, row);
	}
}

TEST(a_list_by_version_runs_through_all_villages)
{
	struct world *w = *state;

	write_five(w);
	assert_list(list(w, (struct record_query){.order = ORDER_VERSION}), 5, 5U, 4U, 3U, 2U, 1U);
	assert_list(
		list(w, (struct record_query){.order = ORDER_VERSION, .type = VISIT, .since = 10}),
		3, 3U, 2U, 1U);
}

TEST(a_list_by_version_keeps_to_the_version_of_a_record_that_moved)
{
	struct world *w = *state;
	struct stored_record row = record_make(w, id_make(5, 1), VISIT, VILLAGE_A, 10);

	row.moved = 30;
	record_put(w, row);
	record_new(w, id_make(5, 2), VISIT, VILLAGE_B, 20);
	assert_list(list(w, (struct record_query){.order = ORDER_VERSION}), 2, 1U, 2U);
	assert_list(list(w, (struct record_query){.order = ORDER_VERSION, .since = 15}), 1, 2U);
}

TEST(a_list_by_id_is_in_order_whatever_it_is_taken_from)
{
	struct world *w = *state;
	const struct region both[] = {{VILLAGE_A, VILLAGE_B}, {VILLAGE_A, VILLAGE_A}};

	write_five(w);
	assert_list(list(w, (struct record_query){.order = ORDER_ID}), 5, 1U, 2U, 3U, 4U, 5U);
	assert_list(list(w, (struct record_query){.order = ORDER_ID, .type = VISIT}), 4, 1U, 2U, 3U,
		    5U);
	assert_list(list(w, (struct record_query){.order = ORDER_ID, .since = 12}), 2, 1U, 2U);
	assert_list(
		list(w,
		     (struct record_query){.order = ORDER_ID, .regions = both, .region_count = 2}),
		4, 1U, 2U, 4U, 5U);
	assert_list(list(w, (struct record_query){.order = ORDER_ID,
						  .type = VISIT,
						  .since = 11,
						  .regions = both,
						  .region_count = 2}),
		    2, 1U, 2U);
}

TEST(a_list_of_conflicts_has_only_these)
{
	struct world *w = *state;
	const struct region b = {VILLAGE_B, VILLAGE_B};

	write_five(w);
	assert_list(list(w, (struct record_query){.order = ORDER_VERSION, .conflicts_only = true}),
		    3, 5U, 4U, 1U);
	assert_list(list(w, (struct record_query){.order = ORDER_ID,
						  .conflicts_only = true,
						  .type = VISIT}),
		    2, 1U, 5U);
	assert_list(list(w, (struct record_query){.order = ORDER_ID,
						  .conflicts_only = true,
						  .regions = &b,
						  .region_count = 1,
						  .since = 10}),
		    1, 1U);
}

TEST(a_list_of_no_regions_is_empty)
{
	struct world *w = *state;
	const struct region a = {VILLAGE_A, VILLAGE_A};

	write_five(w);
	assert_list(list(w, (struct record_query){.order = ORDER_ID, .regions = &a}), 0);
	assert_list(list(w, (struct record_query){.order = ORDER_VERSION, .regions = &a}), 0);
	assert_int_equal(count_records(w, (struct record_query){.regions = &a}), 0);
}

TEST(two_lists_may_be_open_at_once)
{
	struct world *w = *state;
	const struct record_query query = {.order = ORDER_ID};
	struct record_rows *one;
	struct record_rows *two;
	struct stored_record record;
	bool more;

	write_five(w);
	assert_ok(store_rows_open(w->writer, &query, &one, &w->err));
	assert_ok(store_rows_next(one, &record, &more, &w->err));
	assert_ok(store_rows_open(w->writer, &query, &two, &w->err));
	assert_ok(store_rows_next(two, &record, &more, &w->err));
	assert_int_equal(record.id, id_make(5, 1));
	assert_ok(store_rows_next(one, &record, &more, &w->err));
	assert_int_equal(record.id, id_make(5, 2));
	store_rows_close(one);
	store_rows_close(two);
}

#define WITH(sentence) CASE_WITH(sentence, world_open, world_close)

RUN_TESTS(WITH(a_record_is_loaded_as_it_was_written),
	  WITH(a_record_of_one_change_is_read_from_the_log),
	  WITH(a_place_is_a_record_without_its_state),
	  WITH(a_new_record_that_is_there_already_is_refused),
	  WITH(records_come_in_the_order_asked_for_and_unknown_ones_have_id_0),
	  WITH(a_record_written_again_is_replaced_whole), WITH(a_record_does_not_change_its_type),
	  WITH(records_that_do_not_fit_the_arena_are_told),
	  WITH(what_hangs_in_a_village_is_listed_by_parent_and_id),
	  WITH(nothing_hangs_in_an_empty_village),
	  WITH(counts_follow_what_is_written_moved_and_settled),
	  WITH(records_of_one_call_are_counted_each_in_its_place),
	  WITH(counts_may_begin_after_a_version), WITH(a_rollback_takes_counts_back),
	  WITH(a_list_by_version_runs_through_all_villages),
	  WITH(a_list_by_version_keeps_to_the_version_of_a_record_that_moved),
	  WITH(a_list_by_id_is_in_order_whatever_it_is_taken_from),
	  WITH(a_list_of_conflicts_has_only_these), WITH(a_list_of_no_regions_is_empty),
	  WITH(two_lists_may_be_open_at_once))

/* SPDX-License-Identifier: Apache-2.0 */
#include "store_world.h"

struct after {
	uint64_t key;
	uint64_t id;
};

struct pulled {
	struct pull_item items[WORLD_LIST_MAX];
	size_t count;
};

static void
take(struct world *w, struct pull *pull, size_t limit, struct pulled *out)
{
	bool more = true;

	out->count = 0;
	while (out->count < limit) {
		struct pull_item *item = &out->items[out->count];

		assert_ok(store_pull_next(pull, item, &more, &w->err));
		if (!more) {
			return;
		}
		if (!item->evict) {
			char text[ID_TEXT_SIZE];

			assert_int_equal(item->record.id, item->id);
			assert_true(span_equal(item->record.state,
					       span_of_text(id_format(item->id, text))));
		}
		out->count++;
	}
}

static void
pull(struct world *w, const struct region *regions, size_t count, struct after after, size_t limit,
     struct pulled *out)
{
	struct pull *open;

	assert_ok(store_pull_open(w->reader,
				  &(struct pull_options){.regions = regions,
							 .region_count = count,
							 .after_key = after.key,
							 .after_id = after.id},
				  &open, &w->err));
	take(w, open, limit, out);
	store_pull_close(open);
}

static void
pull_all(struct world *w, const struct region *regions, size_t count, struct pulled *out)
{
	pull(w, regions, count, (struct after){0, 0}, WORLD_LIST_MAX, out);
}

static const struct region village_a = {VILLAGE_A, VILLAGE_A};
static const struct region district = {6303070000, 6303079999};

TEST(a_pull_merges_villages_and_types_by_key)
{
	struct world *w = *state;
	struct pulled pulled;

	record_new(w, id_make(5, 1), VISIT, VILLAGE_A, 14);
	record_new(w, id_make(5, 2), FAMILY, VILLAGE_B, 13);
	record_new(w, id_make(5, 3), VISIT, VILLAGE_B, 15);
	record_new(w, id_make(5, 4), FAMILY, VILLAGE_A, 12);
	record_new(w, id_make(5, 5), FAMILY, VILLAGE_C, 11);
	pull_all(w, &district, 1, &pulled);
	assert_int_equal(pulled.count, 4);
	assert_int_equal(pulled.items[0].key, 12);
	assert_int_equal(pulled.items[1].id, id_make(5, 2));
	assert_int_equal(pulled.items[2].key, 14);
	assert_int_equal(pulled.items[3].key, 15);
}

TEST(no_regions_pull_nothing_and_null_pulls_everything)
{
	struct world *w = *state;
	struct pulled pulled;

	record_new(w, id_make(5, 1), VISIT, VILLAGE_A, 14);
	record_new(w, id_make(5, 5), FAMILY, VILLAGE_C, 11);
	pull_all(w, &village_a, 0, &pulled);
	assert_int_equal(pulled.count, 0);
	pull_all(w, NULL, 0, &pulled);
	assert_int_equal(pulled.count, 2);
}

TEST(overlapping_regions_bring_a_record_once)
{
	struct world *w = *state;
	const struct region regions[] = {village_a, district, village_a};
	struct pulled pulled;

	record_new(w, id_make(5, 1), VISIT, VILLAGE_A, 14);
	record_new(w, id_make(5, 2), VISIT, VILLAGE_B, 15);
	pull_all(w, regions, 3, &pulled);
	assert_int_equal(pulled.count, 2);
}

TEST(a_pull_may_end_and_go_on_anywhere)
{
	enum { RECORDS = 300, PAGE = 7 };
	struct world *w = *state;
	struct after after = {0, 0};
	size_t sum = 0;

	assert_ok(store_begin(w->writer, &w->err));
	for (uint32_t i = 0; i < RECORDS; i++) {
		record_new(w, id_make(5, RECORDS - i), i % 3 == 0 ? VISIT : FAMILY,
			   i % 5 == 0 ? VILLAGE_A : VILLAGE_B, 100 + i);
	}
	assert_ok(store_commit(w->writer, &w->err));
	for (;;) {
		struct pulled page;

		pull(w, &district, 1, after, PAGE, &page);
		for (size_t i = 0; i < page.count; i++) {
			assert_int_equal(page.items[i].key, 100 + sum + i);
		}
		if (page.count == 0) {
			break;
		}
		sum += page.count;
		after.key = page.items[page.count - 1].key;
		after.id = page.items[page.count - 1].id;
	}
	assert_int_equal(sum, RECORDS);
}

/* A family with `count` visits comes to village A with entry 500. */
static void
move_in(struct world *w, uint32_t count)
{
	assert_ok(store_begin(w->writer, &w->err));
	for (uint32_t i = 0; i < count; i++) {
		struct stored_record row =
			record_make(w, id_make(5, i + 1), VISIT, VILLAGE_C, 10 + i);

		record_put(w, row);
		row.village = VILLAGE_A;
		row.moved = 500;
		record_put(w, row);
		assert_ok(store_move_append(w->writer, 500, row.id, VILLAGE_C, &w->err));
	}
	assert_ok(store_commit(w->writer, &w->err));
}

TEST(records_that_moved_in_with_one_number_are_paged_by_id)
{
	enum { RECORDS = 200 };
	struct world *w = *state;
	struct pulled page;

	move_in(w, RECORDS);
	pull(w, &village_a, 1, (struct after){400, INT64_MAX}, 150, &page);
	assert_int_equal(page.count, 150);
	assert_int_equal(page.items[149].key, 500);
	assert_int_equal(page.items[149].id, id_make(5, 150));
	pull(w, &village_a, 1, (struct after){500, id_make(5, 150)}, WORLD_LIST_MAX, &page);
	assert_int_equal(page.count, 50);
	assert_int_equal(page.items[0].id, id_make(5, 151));
}

TEST(a_record_that_moved_in_comes_once_at_the_number_of_its_move)
{
	struct world *w = *state;
	struct pulled pulled;

	move_in(w, 1);
	pull_all(w, &village_a, 1, &pulled);
	assert_int_equal(pulled.count, 1);
	assert_int_equal(pulled.items[0].key, 500);
	assert_int_equal(pulled.items[0].record.version, 10);
}

TEST(a_change_after_the_move_raises_the_key_again)
{
	struct world *w = *state;
	struct stored_record row = record_make(w, id_make(5, 1), VISIT, VILLAGE_A, 600);
	struct pulled pulled;

	move_in(w, 1);
	row.moved = 500;
	record_put(w, row);
	pull_all(w, &village_a, 1, &pulled);
	assert_int_equal(pulled.count, 1);
	assert_int_equal(pulled.items[0].key, 600);
}

TEST(a_record_that_left_the_scope_is_evicted_at_the_number_of_its_move)
{
	const struct region village_c = {VILLAGE_C, VILLAGE_C};
	struct world *w = *state;
	struct pulled pulled;

	move_in(w, 2);
	record_new(w, id_make(6, 1), VISIT, VILLAGE_C, 700);
	pull_all(w, &village_c, 1, &pulled);
	assert_int_equal(pulled.count, 3);
	assert_true(pulled.items[0].evict);
	assert_int_equal(pulled.items[0].key, 500);
	assert_int_equal(pulled.items[0].id, id_make(5, 1));
	assert_true(pulled.items[1].evict);
	assert_false(pulled.items[2].evict);
	pull(w, &village_c, 1, (struct after){500, id_make(5, 1)}, WORLD_LIST_MAX, &pulled);
	assert_int_equal(pulled.count, 2);
	assert_int_equal(pulled.items[0].id, id_make(5, 2));
}

TEST(a_move_within_the_scope_evicts_nothing)
{
	const struct region scope[] = {{VILLAGE_C, VILLAGE_C}, {VILLAGE_A, VILLAGE_A}};
	struct world *w = *state;
	struct pulled pulled;

	move_in(w, 1);
	pull_all(w, scope, 2, &pulled);
	assert_int_equal(pulled.count, 1);
	assert_false(pulled.items[0].evict);
	pull_all(w, NULL, 0, &pulled);
	assert_int_equal(pulled.count, 1);
	assert_false(pulled.items[0].evict);
}

TEST(a_record_that_came_back_is_not_evicted)
{
	const struct region village_c = {VILLAGE_C, VILLAGE_C};
	struct world *w = *state;
	struct stored_record row = record_make(w, id_make(5, 1), VISIT, VILLAGE_C, 10);
	struct pulled pulled;

	move_in(w, 1);
	row.moved = 510;
	record_put(w, row);
	assert_ok(store_move_append(w->writer, 510, row.id, VILLAGE_A, &w->err));
	pull_all(w, &village_c, 1, &pulled);
	assert_int_equal(pulled.count, 1);
	assert_false(pulled.items[0].evict);
	assert_int_equal(pulled.items[0].key, 510);
	pull_all(w, &village_a, 1, &pulled);
	assert_int_equal(pulled.count, 1);
	assert_true(pulled.items[0].evict);
}

TEST(a_village_emptied_by_a_move_still_evicts)
{
	const struct region village_c = {VILLAGE_C, VILLAGE_C};
	struct world *w = *state;
	struct pulled pulled;

	record_new(w, id_make(5, 1), VISIT, VILLAGE_C, 9);
	move_in(w, 1);
	pull(w, &village_c, 1, (struct after){499, INT64_MAX}, WORLD_LIST_MAX, &pulled);
	assert_int_equal(pulled.count, 1);
	assert_true(pulled.items[0].evict);
}

TEST(two_pulls_of_one_store_do_not_disturb_each_other)
{
	struct world *w = *state;
	struct pull *one;
	struct pull *two;
	struct pulled first;
	struct pulled second;

	record_new(w, id_make(5, 1), VISIT, VILLAGE_A, 14);
	record_new(w, id_make(5, 2), VISIT, VILLAGE_A, 15);
	assert_ok(store_pull_open(w->reader,
				  &(struct pull_options){.regions = &village_a, .region_count = 1},
				  &one, &w->err));
	take(w, one, 1, &first);
	assert_ok(
		store_pull_open(w->reader, &(struct pull_options){.regions = NULL}, &two, &w->err));
	take(w, two, 2, &second);
	take(w, one, 2, &first);
	assert_int_equal(second.count, 2);
	assert_int_equal(first.count, 1);
	assert_int_equal(first.items[0].key, 15);
	store_pull_close(one);
	store_pull_close(two);
	store_pull_close(NULL);
}

TEST(a_pull_in_a_snapshot_does_not_see_later_records)
{
	struct world *w = *state;
	struct pulled pulled;

	record_new(w, id_make(5, 1), VISIT, VILLAGE_A, 14);
	assert_ok(store_snapshot(w->reader, &w->err));
	record_new(w, id_make(5, 2), VISIT, VILLAGE_B, 15);
	pull_all(w, &district, 1, &pulled);
	assert_int_equal(pulled.count, 1);
	store_snapshot_end(w->reader);
	pull_all(w, &district, 1, &pulled);
	assert_int_equal(pulled.count, 2);
}

/* What is pulled of one visit, its author's first change, which hangs where all moved at `moved`.
 */
static size_t
pulled_by_author(struct world *w, uint32_t own_n, uint64_t complete)
{
	struct pulled pulled;
	struct pull *open;

	assert_ok(store_pull_open(w->reader,
				  &(struct pull_options){.regions = &village_a,
							 .region_count = 1,
							 .own_stream = 5,
							 .own_n = own_n,
							 .complete = complete},
				  &open, &w->err));
	take(w, open, WORLD_LIST_MAX, &pulled);
	store_pull_close(open);
	return pulled.count;
}

TEST(an_author_is_not_told_what_only_she_has_changed)
{
	struct world *w = *state;
	struct stored_record row = record_make(w, id_make(5, 1), VISIT, VILLAGE_A, 1);
	char text[ID_TEXT_SIZE];
	struct log_row entry = log_row_make(1, 5, 1, row.id);

	entry.payload = span_of_text(id_format(row.id, text));
	entry.village = VILLAGE_A;
	assert_ok(store_log_append(w->writer, &entry, 1, &w->err));
	row.one_change = true;
	record_put(w, row);
	assert_int_equal(pulled_by_author(w, 1, 0), 0);
	assert_int_equal(pulled_by_author(w, 0, 0), 1);
}

TEST(an_author_is_told_what_others_changed_too)
{
	struct world *w = *state;

	record_new(w, id_make(5, 1), VISIT, VILLAGE_A, 10);
	assert_int_equal(pulled_by_author(w, 1, 0), 1);
}

TEST(an_author_is_told_where_her_record_is_when_it_moved)
{
	struct world *w = *state;
	struct stored_record row = record_make(w, id_make(5, 1), VISIT, VILLAGE_A, 1);
	char text[ID_TEXT_SIZE];
	struct log_row entry = log_row_make(1, 5, 1, row.id);

	entry.payload = span_of_text(id_format(row.id, text));
	assert_ok(store_log_append(w->writer, &entry, 1, &w->err));
	row.one_change = true;
	row.moved = 9;
	record_put(w, row);
	assert_int_equal(pulled_by_author(w, 1, 8), 1);
	assert_int_equal(pulled_by_author(w, 1, 9), 0);
}

#define WITH(sentence) CASE_WITH(sentence, world_open, world_close)

RUN_TESTS(WITH(a_pull_merges_villages_and_types_by_key),
	  WITH(no_regions_pull_nothing_and_null_pulls_everything),
	  WITH(overlapping_regions_bring_a_record_once), WITH(a_pull_may_end_and_go_on_anywhere),
	  WITH(records_that_moved_in_with_one_number_are_paged_by_id),
	  WITH(a_record_that_moved_in_comes_once_at_the_number_of_its_move),
	  WITH(a_change_after_the_move_raises_the_key_again),
	  WITH(a_record_that_left_the_scope_is_evicted_at_the_number_of_its_move),
	  WITH(a_move_within_the_scope_evicts_nothing),
	  WITH(a_record_that_came_back_is_not_evicted),
	  WITH(a_village_emptied_by_a_move_still_evicts),
	  WITH(two_pulls_of_one_store_do_not_disturb_each_other),
	  WITH(a_pull_in_a_snapshot_does_not_see_later_records),
	  WITH(an_author_is_not_told_what_only_she_has_changed),
	  WITH(an_author_is_told_what_others_changed_too),
	  WITH(an_author_is_told_where_her_record_is_when_it_moved))

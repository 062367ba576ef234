/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/merge.h"
#include "tests/testing.h"
#include "tests/unit/history.h"

#define MERGE(...) history_merge(h, (struct step){__VA_ARGS__})
#define HISTORY struct history *h = *state

/* What an author had seen */

TEST(change_of_one_who_saw_a_value_replaces_it)
{
	HISTORY;

	MERGE(.stream = 7, .n = 1, .tag = REVIEW, .value = number(1));
	MERGE(.stream = 9, .n = 1, .base = 1, .tag = REVIEW, .value = number(2));
	assert_members(&h->record, REVIEW, "9/1");
	assert_shows(&h->record, REVIEW, 2);
	assert_int_equal(h->record.dot_count, 1);
}

TEST(changes_that_had_not_seen_each_other_are_in_conflict)
{
	HISTORY;

	MERGE(.stream = 7, .n = 1, .tag = REVIEW, .value = number(1), .time = 10);
	MERGE(.stream = 9, .n = 1, .tag = REVIEW, .value = number(2), .time = 5);
	assert_members(&h->record, REVIEW, "7/1 9/1");
	assert_true(in_conflict(&h->record, REVIEW));
	assert_shows(&h->record, REVIEW, 1);
}

TEST(two_forms_open_at_once_on_one_device_conflict)
{
	HISTORY;

	MERGE(.stream = 7, .n = 1, .own = 0, .tag = REVIEW, .value = number(1));
	MERGE(.stream = 7, .n = 2, .own = 0, .tag = REVIEW, .value = number(2));
	assert_members(&h->record, REVIEW, "7/1 7/2");
}

TEST(form_opened_after_the_own_change_replaces_it)
{
	HISTORY;

	MERGE(.stream = 7, .n = 1, .own = 0, .tag = REVIEW, .value = number(1));
	MERGE(.stream = 7, .n = 2, .own = 1, .tag = REVIEW, .value = number(2));
	assert_members(&h->record, REVIEW, "7/2");
}

TEST(two_forms_of_one_console_user_conflict_because_server_streams_have_no_own)
{
	HISTORY;

	MERGE(.stream = 5, .n = 1, .server = true, .tag = REVIEW, .value = number(1));
	MERGE(.stream = 5, .n = 2, .server = true, .tag = REVIEW, .value = number(2));
	assert_members(&h->record, REVIEW, "5/1 5/2");
	MERGE(.stream = 5, .n = 3, .server = true, .base = 2, .tag = REVIEW, .value = number(2));
	assert_members(&h->record, REVIEW, "5/3");
}

TEST(own_number_means_nothing_on_another_stream)
{
	HISTORY;

	MERGE(.stream = 7, .n = 1, .tag = REVIEW, .value = number(1));
	MERGE(.stream = 9, .n = 5, .own = 4, .tag = REVIEW, .value = number(2));
	assert_members(&h->record, REVIEW, "7/1 9/5");
}

TEST(change_removes_only_the_members_that_it_saw)
{
	HISTORY;

	MERGE(.stream = 7, .n = 1, .tag = REVIEW, .value = number(1));
	MERGE(.stream = 9, .n = 1, .tag = REVIEW, .value = number(2));
	MERGE(.stream = 9, .n = 2, .own = 1, .tag = REVIEW, .value = number(3));
	assert_members(&h->record, REVIEW, "7/1 9/2");
}

TEST(equal_values_of_authors_who_had_not_seen_each_other_both_stay)
{
	HISTORY;

	MERGE(.stream = 7, .n = 1, .tag = REVIEW, .value = number(1));
	MERGE(.stream = 9, .n = 1, .tag = REVIEW, .value = number(1));
	assert_members(&h->record, REVIEW, "7/1 9/1");
	assert_false(in_conflict(&h->record, REVIEW));
	/* Now one of them corrects her own: the other still says 1. */
	MERGE(.stream = 9, .n = 2, .own = 1, .tag = REVIEW, .value = number(2));
	assert_true(in_conflict(&h->record, REVIEW));
}

TEST(saving_the_shown_value_again_settles_a_conflict)
{
	HISTORY;

	MERGE(.stream = 7, .n = 1, .tag = REVIEW, .value = number(1), .time = 10);
	MERGE(.stream = 9, .n = 1, .tag = REVIEW, .value = number(2), .time = 5);
	MERGE(.stream = 5, .n = 1, .server = true, .base = 2, .tag = REVIEW, .value = number(1));
	assert_members(&h->record, REVIEW, "5/1");
	assert_false(in_conflict(&h->record, REVIEW));
}

TEST(base_is_what_the_form_showed_not_the_version_when_it_was_saved)
{
	HISTORY;

	MERGE(.stream = 7, .n = 1, .tag = REVIEW, .value = number(1));
	MERGE(.stream = 5, .n = 1, .server = true, .base = 1, .tag = REVIEW, .value = number(2));
	/* Opened at version 1, saved when the device had pulled version 2. */
	MERGE(.stream = 9, .n = 1, .base = 1, .tag = REVIEW, .value = number(3));
	assert_members(&h->record, REVIEW, "5/1 9/1");
}

TEST(base_covers_changes_of_other_fields_too)
{
	HISTORY;

	MERGE(.stream = 7, .n = 1, .tag = REVIEW, .value = number(1), .tag_2 = LATEST,
	      .value_2 = number(1));
	MERGE(.stream = 9, .n = 1, .base = 1, .tag = LATEST, .value = number(2));
	assert_members(&h->record, REVIEW, "7/1");
	assert_members(&h->record, LATEST, "9/1");
	assert_int_equal(h->record.dot_count, 2);
}

TEST(empty_is_a_value_that_conflicts)
{
	HISTORY;

	MERGE(.stream = 7, .n = 1, .tag = REVIEW, .value = number(1), .time = 1);
	MERGE(.stream = 9, .n = 1, .tag = REVIEW, .value = value_empty(), .time = 2);
	assert_true(in_conflict(&h->record, REVIEW));
	assert_int_equal(record_shown(&h->record, &history_type, REVIEW).form, VALUE_EMPTY);
}

/* Forks and epochs */

TEST(stream_made_by_a_fork_has_seen_the_common_part_of_the_old_one)
{
	HISTORY;
	static const struct lineage lineages[] = {{.stream = 8, .parent = 7, .n = 1}};

	h->context.lineages = lineages;
	h->context.lineage_count = 1;
	MERGE(.stream = 7, .n = 1, .tag = REVIEW, .value = number(1));
	MERGE(.stream = 7, .n = 2, .own = 0, .tag = LATEST, .value = number(1));
	MERGE(.stream = 8, .n = 1, .own = 0, .tag = REVIEW, .value = number(2), .tag_2 = LATEST,
	      .value_2 = number(2));
	assert_members(&h->record, REVIEW, "8/1");
	assert_members(&h->record, LATEST, "7/2 8/1");
}

TEST(form_opened_before_a_fork_names_the_old_stream)
{
	HISTORY;
	static const struct lineage lineages[] = {{.stream = 8, .parent = 7, .n = 2}};

	h->context.lineages = lineages;
	h->context.lineage_count = 1;
	MERGE(.stream = 7, .n = 1, .tag = REVIEW, .value = number(1));
	MERGE(.stream = 7, .n = 2, .own = 0, .tag = LATEST, .value = number(1));
	MERGE(.stream = 8, .n = 1, .own_stream = 7, .own = 1, .tag = REVIEW, .value = number(2),
	      .tag_2 = LATEST, .value_2 = number(2));
	assert_members(&h->record, REVIEW, "8/1");
	assert_members(&h->record, LATEST, "7/2 8/1");
}

TEST(lineage_of_several_forks_is_followed_to_its_beginning)
{
	HISTORY;
	static const struct lineage lineages[] = {
		{.stream = 8, .parent = 7, .n = 2},
		{.stream = 9, .parent = 8, .n = 1},
	};

	h->context.lineages = lineages;
	h->context.lineage_count = 2;
	MERGE(.stream = 7, .n = 2, .own = 1, .tag = REVIEW, .value = number(1));
	MERGE(.stream = 7, .n = 3, .own = 1, .tag = REVIEW, .value = number(2));
	MERGE(.stream = 9, .n = 1, .own = 0, .tag = REVIEW, .value = number(3));
	assert_members(&h->record, REVIEW, "7/3 9/1");
}

TEST(lineages_in_a_circle_end_the_walk)
{
	HISTORY;
	static const struct lineage lineages[] = {
		{.stream = 8, .parent = 9, .n = 1},
		{.stream = 9, .parent = 8, .n = 1},
	};

	h->context.lineages = lineages;
	h->context.lineage_count = 2;
	MERGE(.stream = 7, .n = 1, .tag = REVIEW, .value = number(1));
	MERGE(.stream = 9, .n = 1, .tag = REVIEW, .value = number(2));
	assert_members(&h->record, REVIEW, "7/1 9/1");
}

TEST(lineages_stand_in_order_of_their_streams_each_once)
{
	struct lineage lineages[4];
	struct merge_context context = {.lineages = lineages};
	size_t count = 0;

	lineage_add(lineages, &count, (struct lineage){.stream = 9, .parent = 8, .n = 1});
	lineage_add(lineages, &count, (struct lineage){.stream = 3, .parent = 7, .n = 2});
	lineage_add(lineages, &count, (struct lineage){.stream = 8, .parent = 7, .n = 4});
	lineage_add(lineages, &count, (struct lineage){.stream = 8, .parent = 1, .n = 9});
	assert_int_equal(count, 3);
	assert_int_equal(lineage_place(lineages, count, 3), 0);
	assert_int_equal(lineage_place(lineages, count, 8), 1);
	assert_int_equal(lineage_place(lineages, count, 9), 2);
	assert_int_equal(lineage_place(lineages, count, 10), 3);
	context.lineage_count = count;
	assert_true(lineage_covers(&context, 9, 0, 7, 4));
	assert_false(lineage_covers(&context, 9, 0, 7, 5));
	assert_false(lineage_covers(&context, 9, 0, 3, 1));
	assert_false(lineage_covers(&context, 7, 9, 8, 1));
}

TEST(base_of_a_former_epoch_counts_up_to_where_that_was_cut)
{
	static const struct epoch epochs[] = {
		{.epoch = 1},
		{.epoch = 2, .parent = 1, .cut = 100},
		{.epoch = 3, .parent = 2, .cut = 80},
	};
	const struct merge_context context = {.epochs = epochs, .epoch_count = 3};

	assert_int_equal(base_cap(&context, (struct base){3, 500}), 500);
	assert_int_equal(base_cap(&context, (struct base){2, 500}), 80);
	assert_int_equal(base_cap(&context, (struct base){2, 70}), 70);
	assert_int_equal(base_cap(&context, (struct base){1, 90}), 80);
	assert_int_equal(base_cap(&context, (struct base){1, 60}), 60);
}

TEST(base_of_an_unknown_epoch_covers_nothing)
{
	static const struct epoch epochs[] = {{.epoch = 1}, {.epoch = 3, .parent = 1, .cut = 10}};
	static const struct epoch circle[] = {{.epoch = 1, .parent = 2, .cut = 5},
					      {.epoch = 2, .parent = 1, .cut = 5}};
	struct merge_context context = {.epochs = epochs, .epoch_count = 2};

	assert_int_equal(base_cap(&context, (struct base){2, 5}), 0);
	assert_int_equal(base_cap(&context, (struct base){0, 0}), 0);
	context.epochs = circle;
	assert_int_equal(base_cap(&context, (struct base){7, 5}), 0);
}

TEST(value_written_after_the_backup_is_not_seen_by_a_base_of_the_lost_history)
{
	HISTORY;
	static const struct epoch epochs[] = {{.epoch = OTHER_EPOCH},
					      {.epoch = EPOCH, .parent = OTHER_EPOCH, .cut = 1}};

	h->context.epochs = epochs;
	h->context.epoch_count = 2;
	MERGE(.stream = 7, .n = 1, .tag = REVIEW, .value = number(1));
	MERGE(.stream = 5, .n = 1, .server = true, .base = 1, .tag = REVIEW, .value = number(2));
	/* Base 2 was another change 2, in the history that the restore cut off. */
	MERGE(.stream = 9, .n = 1, .epoch = OTHER_EPOCH, .base = 2, .tag = REVIEW,
	      .value = number(3));
	assert_members(&h->record, REVIEW, "5/1 9/1");
}

TEST(author_saw_what_her_base_or_her_own_number_covers)
{
	HISTORY;
	const struct dot other = {.seq = 5, .stream = 7, .n = 3};
	const struct dot pending = {.stream = 9, .n = 3};
	struct dot viewer = {.stream = 9, .n = 4, .base = {EPOCH, 5}, .own_n = 3};

	assert_true(dot_saw(&h->context, &viewer, &other));
	assert_true(dot_saw(&h->context, &viewer, &pending));
	viewer.base.version = 4;
	viewer.own_n = 2;
	assert_false(dot_saw(&h->context, &viewer, &other));
	assert_false(dot_saw(&h->context, &viewer, &pending));
	viewer.own_stream = 7;
	viewer.own_n = 3;
	assert_true(dot_saw(&h->context, &viewer, &other));
	assert_false(dot_saw(&h->context, &viewer, &pending));
}

/* Versions, pending changes, limits */

TEST(logged_change_raises_the_versions_of_record_and_field)
{
	HISTORY;

	MERGE(.stream = 7, .n = 1, .tag = REVIEW, .value = number(1));
	MERGE(.stream = 7, .n = 2, .own = 1, .tag = LATEST, .value = number(1));
	assert_int_equal(h->record.version, 2);
	assert_int_equal(record_field(&h->record, REVIEW)->version, 1);
	assert_int_equal(record_field(&h->record, LATEST)->version, 2);
	assert_int_equal(h->record.id, id_make(7, 1));
	assert_int_equal(h->record.type, RECORD_TYPE);
}

TEST(pending_change_raises_no_version_and_is_seen_by_own_only)
{
	HISTORY;

	MERGE(.stream = 7, .n = 1, .tag = REVIEW, .value = number(1));
	MERGE(.stream = 9, .n = 1, .base = 1, .pending = true, .tag = REVIEW, .value = number(2));
	assert_int_equal(h->record.version, 1);
	assert_int_equal(record_field(&h->record, REVIEW)->version, 1);
	MERGE(.stream = 9, .n = 2, .base = 1, .own = 0, .pending = true, .tag = REVIEW,
	      .value = number(3));
	assert_members(&h->record, REVIEW, "9/1 9/2");
	MERGE(.stream = 9, .n = 3, .base = 1, .own = 2, .pending = true, .tag = REVIEW,
	      .value = number(4));
	assert_members(&h->record, REVIEW, "9/3");
}

TEST(pending_changes_merged_again_in_order_leave_the_same_state)
{
	HISTORY;

	for (int round = 0; round < 2; round++) {
		if (round == 0) {
			MERGE(.stream = 7, .n = 1, .tag = ONCE, .value = number(1), .tag_2 = SET,
			      .value_2 = value_pair(7, 0));
		}
		MERGE(.stream = 9, .n = 1, .base = 1, .pending = true, .tag = ONCE,
		      .value = number(2), .tag_2 = SET, .value_2 = value_pair(8, 1));
		MERGE(.stream = 9, .n = 2, .base = 1, .own = 1, .pending = true, .tag = ONCE,
		      .value = number(3), .tag_2 = SET, .value_2 = value_pair(16, 2));
		assert_members(&h->record, ONCE, "9/2");
		assert_int_equal(record_field(&h->record, ONCE)->members[0].rank, 1);
		assert_members(&h->record, SET, "7/1- 9/1- 9/2");
		assert_shows(&h->record, SET, 4 | 8 | 16);
	}
}

static void
fill_field(struct history *h, uint32_t count)
{
	for (uint32_t i = 1; i <= count; i++) {
		MERGE(.stream = 7 + i, .n = 1, .tag = REVIEW, .value = number(i));
		if (i % 100 == 0) {
			/* Each merge builds a new state; begin a new arena now and then. */
			struct buffer bytes;
			struct reader in;

			buffer_init(&bytes, RECORD_BYTES_MAX);
			record_encode(&h->record, NULL, &bytes);
			arena_reset(&h->arena);
			in = reader_of(buffer_span(&bytes));
			assert_true(record_decode(&in, &h->arena, &h->record));
			buffer_finish(&bytes);
		}
	}
}

TEST(more_rivals_than_allowed_are_a_limit_and_leave_the_record_as_it_was)
{
	HISTORY;

	fill_field(h, RECORD_MEMBERS_MAX);
	assert_int_equal(
		history_try(h,
			    (struct step){.stream = 5, .n = 1, .tag = REVIEW, .value = number(0)}),
		STATUS_LIMIT);
	assert_int_equal(record_field(&h->record, REVIEW)->member_count, RECORD_MEMBERS_MAX);
	assert_int_equal(h->record.dot_count, RECORD_MEMBERS_MAX);
	assert_int_equal(h->record.version, RECORD_MEMBERS_MAX);
	/* Who saw them all may still settle it. */
	MERGE(.stream = 5, .n = 1, .server = true, .base = RECORD_MEMBERS_MAX, .tag = REVIEW,
	      .value = number(0));
	assert_members(&h->record, REVIEW, "5/1");
}

TEST(record_that_would_outgrow_its_bytes_is_a_limit_and_stays_as_it_was)
{
	HISTORY;
	static char text[VALUE_TEXT_MAX];
	struct step step = {.n = 1, .tag = UNKNOWN};
	enum status status = STATUS_OK;
	size_t merged = 0;

	memset(text, 'x', sizeof text);
	step.value = value_text(span_of(text, sizeof text));
	while (status == STATUS_OK && merged <= RECORD_BYTES_MAX / VALUE_TEXT_MAX) {
		step.stream = 7 + (uint32_t)merged;
		status = history_try(h, step);
		merged += status == STATUS_OK;
	}
	assert_int_equal(status, STATUS_LIMIT);
	/* All but one, whose place the dots and the lengths take. */
	assert_int_equal(merged, RECORD_BYTES_MAX / VALUE_TEXT_MAX - 1);
	assert_int_equal(h->record.dot_count, merged);
	assert_true(record_fits(&h->record));
}

TEST(more_fields_than_allowed_are_a_limit)
{
	HISTORY;
	struct step step = {.stream = 7, .value = number(1)};
	enum status status = STATUS_OK;
	uint32_t merged = 0;

	arena_finish(&h->arena);
	arena_init(&h->arena, (size_t)1 << 28);
	while (status == STATUS_OK) {
		step.n++;
		step.tag = (int32_t)step.n;
		step.own = step.n - 1;
		status = history_try(h, step);
		merged += status == STATUS_OK;
	}
	assert_int_equal(status, STATUS_LIMIT);
	assert_int_equal(merged, RECORD_FIELDS_MAX);
	assert_int_equal(h->record.field_count, RECORD_FIELDS_MAX);
}

TEST(exhausted_arena_leaves_the_record_as_it_was)
{
	HISTORY;
	const struct step rival = {.stream = 9, .n = 1, .tag = REVIEW, .value = number(2)};
	enum status status = STATUS_LIMIT;
	size_t failures = 0;

	MERGE(.stream = 7, .n = 1, .tag = REVIEW, .value = number(1));
	for (size_t room = 0; status != STATUS_OK && room < 1024; room += 16) {
		h->arena.limit = h->arena.total + room;
		status = history_try(h, rival);
		if (status != STATUS_OK) {
			assert_int_equal(status, STATUS_LIMIT);
			assert_members(&h->record, REVIEW, "7/1");
			assert_int_equal(h->record.version, 1);
			failures++;
		}
	}
	assert_ok(status);
	assert_members(&h->record, REVIEW, "7/1 9/1");
	assert_true(failures > 4);
}

RUN_TESTS(HISTORY_CASE(change_of_one_who_saw_a_value_replaces_it),
	  HISTORY_CASE(changes_that_had_not_seen_each_other_are_in_conflict),
	  HISTORY_CASE(two_forms_open_at_once_on_one_device_conflict),
	  HISTORY_CASE(form_opened_after_the_own_change_replaces_it),
	  HISTORY_CASE(two_forms_of_one_console_user_conflict_because_server_streams_have_no_own),
	  HISTORY_CASE(own_number_means_nothing_on_another_stream),
	  HISTORY_CASE(change_removes_only_the_members_that_it_saw),
	  HISTORY_CASE(equal_values_of_authors_who_had_not_seen_each_other_both_stay),
	  HISTORY_CASE(saving_the_shown_value_again_settles_a_conflict),
	  HISTORY_CASE(base_is_what_the_form_showed_not_the_version_when_it_was_saved),
	  HISTORY_CASE(base_covers_changes_of_other_fields_too),
	  HISTORY_CASE(empty_is_a_value_that_conflicts),
	  HISTORY_CASE(stream_made_by_a_fork_has_seen_the_common_part_of_the_old_one),
	  HISTORY_CASE(form_opened_before_a_fork_names_the_old_stream),
	  HISTORY_CASE(lineage_of_several_forks_is_followed_to_its_beginning),
	  HISTORY_CASE(lineages_in_a_circle_end_the_walk),
	  CASE(lineages_stand_in_order_of_their_streams_each_once),
	  CASE(base_of_a_former_epoch_counts_up_to_where_that_was_cut),
	  CASE(base_of_an_unknown_epoch_covers_nothing),
	  HISTORY_CASE(value_written_after_the_backup_is_not_seen_by_a_base_of_the_lost_history),
	  HISTORY_CASE(author_saw_what_her_base_or_her_own_number_covers),
	  HISTORY_CASE(logged_change_raises_the_versions_of_record_and_field),
	  HISTORY_CASE(pending_change_raises_no_version_and_is_seen_by_own_only),
	  HISTORY_CASE(pending_changes_merged_again_in_order_leave_the_same_state),
	  HISTORY_CASE(more_rivals_than_allowed_are_a_limit_and_leave_the_record_as_it_was),
	  HISTORY_CASE(record_that_would_outgrow_its_bytes_is_a_limit_and_stays_as_it_was),
	  HISTORY_CASE(more_fields_than_allowed_are_a_limit),
	  HISTORY_CASE(exhausted_arena_leaves_the_record_as_it_was))

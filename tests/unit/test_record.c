/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/record.h"
#include "tests/exact.h"
#include "tests/testing.h"
#include "tests/unit/history.h"

#define MERGE(...) history_merge(h, (struct step){__VA_ARGS__})
#define HISTORY struct history *h = *state

/* What a device would get: the record with the fields that pass, in the history's arena. */
static struct record
filtered(struct history *h, struct record_filter filter)
{
	struct buffer bytes;
	struct reader in;
	struct record record;
	uint8_t *copy;

	buffer_init(&bytes, RECORD_BYTES_MAX);
	record_encode(&h->record, &filter, &bytes);
	copy = arena_copy(&h->arena, bytes.at, bytes.length);
	in = reader_of(span_of(copy, bytes.length));
	assert_true(record_decode(&in, &h->arena, &record));
	assert_int_equal(record.field_count, record_filter_count(&h->record, &filter));
	buffer_finish(&bytes);
	return record;
}

/* Filters */

TEST(only_fields_newer_than_the_cursor_travel_with_the_dots_they_use)
{
	HISTORY;
	struct record record;

	MERGE(.stream = 7, .n = 1, .tag = REVIEW, .value = number(1));
	MERGE(.stream = 9, .n = 1, .tag = LATEST, .value = number(2));
	record = filtered(h, (struct record_filter){.newer_than = 1});
	assert_int_equal(record.field_count, 1);
	assert_int_equal(record.dot_count, 1);
	assert_members(&record, LATEST, "9/1");
	assert_int_equal(record.version, 2);
	record = filtered(h, (struct record_filter){.newer_than = 2});
	assert_int_equal(record.field_count + record.dot_count, 0);
}

TEST(own_last_change_is_withheld_from_its_author_only)
{
	HISTORY;

	MERGE(.stream = 7, .n = 3, .own = 2, .tag = REVIEW, .value = number(1));
	assert_int_equal(record_filter_count(&h->record, &(struct record_filter){0, 7, 3}), 0);
	assert_int_equal(record_filter_count(&h->record, &(struct record_filter){0, 9, 3}), 1);
	/* A restored device that knows less than it once sent gets its value back. */
	assert_int_equal(record_filter_count(&h->record, &(struct record_filter){0, 7, 2}), 1);
	assert_int_equal(record_filter_count(&h->record, &(struct record_filter){0, 7, 0}), 1);
	assert_int_equal(record_filter_count(&h->record, NULL), 1);
}

TEST(every_field_passes_where_there_is_no_filter)
{
	HISTORY;
	const struct record_filter filter = {.newer_than = 1};
	const struct record_field *field;

	MERGE(.stream = 7, .n = 1, .tag = REVIEW, .value = number(1));
	field = record_field(&h->record, REVIEW);
	assert_true(record_filter_passes(NULL, &h->record, field));
	assert_false(record_filter_passes(&filter, &h->record, field));
}

TEST(dots_stand_in_the_order_of_stream_then_n)
{
	const struct dot first = {.stream = 7, .n = 9, .seq = 3};
	const struct dot second = {.stream = 8, .n = 1, .seq = 2};
	const struct dot third = {.stream = 8, .n = 2, .seq = 1};

	assert_true(dot_compare(&first, &second) < 0);
	assert_true(dot_compare(&third, &second) > 0);
	assert_true(dot_compare(&second, &third) < 0);
	assert_int_equal(dot_compare(&second, &(struct dot){.stream = 8, .n = 1}), 0);
}

TEST(dots_without_a_member_go_and_members_keep_theirs)
{
	HISTORY;
	struct record *record = &h->record;

	MERGE(.stream = 7, .n = 1, .tag = REVIEW, .value = number(1));
	MERGE(.stream = 8, .n = 1, .tag = LATEST, .value = number(2));
	MERGE(.stream = 9, .n = 1, .tag = MAX, .value = number(3));
	record->fields[0] = record->fields[2];
	record->field_count = 2;
	record_prune(record);
	assert_int_equal(record->dot_count, 2);
	assert_int_equal(record->dots[0].stream, 8);
	assert_members(record, MAX, "9/1");
	assert_members(record, LATEST, "8/1");
}

TEST(field_with_a_rival_is_not_withheld_even_if_the_own_value_is_shown)
{
	HISTORY;

	MERGE(.stream = 9, .n = 1, .tag = REVIEW, .value = number(1), .time = 1);
	MERGE(.stream = 7, .n = 1, .tag = REVIEW, .value = number(2), .time = 9);
	assert_int_equal(record_filter_count(&h->record, &(struct record_filter){0, 7, 1}), 1);
}

TEST(set_with_a_rest_of_another_change_is_not_withheld)
{
	HISTORY;

	MERGE(.stream = 9, .n = 1, .tag = SET, .value = value_pair(3, 0));
	MERGE(.stream = 7, .n = 1, .base = 1, .tag = SET, .value = value_pair(0, 1));
	assert_int_equal(record_filter_count(&h->record, &(struct record_filter){0, 7, 1}), 1);
}

TEST(own_value_is_not_withheld_when_its_change_was_not_the_last)
{
	HISTORY;

	MERGE(.stream = 7, .n = 1, .tag = SET, .value = value_pair(1, 0));
	/* As if a change that came later had been replaced when it came. */
	h->record.fields[0].version = 5;
	assert_int_equal(record_filter_count(&h->record, &(struct record_filter){0, 7, 1}), 1);
}

/* What a device does with replies */

TEST(reply_replaces_the_fields_it_carries_and_no_others)
{
	HISTORY;
	struct history device;

	history_init(&device);
	MERGE(.stream = 7, .n = 1, .tag = REVIEW, .value = number(1), .tag_2 = LATEST,
	      .value_2 = number(1));
	device.record = h->record;
	MERGE(.stream = 9, .n = 1, .base = 1, .tag = LATEST, .value = number(2));
	h->record.village = 6303072001;
	{
		struct record update = filtered(h, (struct record_filter){.newer_than = 1});

		assert_true(record_overlay(&device.record, &update, false, &device.arena));
	}
	assert_members(&device.record, REVIEW, "7/1");
	assert_members(&device.record, LATEST, "9/1");
	assert_int_equal(device.record.version, 2);
	assert_int_equal(device.record.village, 6303072001);
	history_teardown((void *[]){&device});
}

TEST(reply_to_an_empty_record_gives_the_record)
{
	HISTORY;
	struct record record = {0};

	history_of_everything(h);
	assert_true(record_overlay(&record, &h->record, true, &h->arena));
	h->record = record;
	assert_int_equal(record.id, id_make(7, 1));
	assert_members(&record, SET, "5/2 7/1-");
	assert_members(&record, TAG_VILLAGE, "9/2");
}

TEST(field_of_an_older_reply_is_passed_over_and_the_version_stays)
{
	HISTORY;
	struct record device;
	struct record late;

	MERGE(.stream = 7, .n = 1, .tag = REVIEW, .value = number(1));
	device = h->record;
	MERGE(.stream = 9, .n = 1, .base = 1, .tag = REVIEW, .value = number(2));
	MERGE(.stream = 9, .n = 2, .base = 1, .own = 1, .tag = LATEST, .value = number(2));
	late = h->record;
	/* Meanwhile the device's own change was acknowledged, as number 4. */
	record_acknowledge(&device, 7, 1, 4);
	assert_true(record_overlay(&device, &late, false, &h->arena));
	assert_members(&device, REVIEW, "7/1");
	assert_members(&device, LATEST, "9/2");
	/* Version 3 would claim that 9/1 was seen. */
	assert_int_equal(device.version, 1);
}

TEST(field_of_the_same_version_is_replaced)
{
	HISTORY;
	struct record device = {0};
	struct history own;

	/* 9's change went first, but its page comes after the acknowledgement of 7's. */
	history_init(&own);
	history_merge(
		&own,
		(struct step){
			.stream = 7, .n = 1, .pending = true, .tag = REVIEW, .value = number(1)});
	device = own.record;
	record_acknowledge(&device, 7, 1, 2);
	assert_int_equal(record_field(&device, REVIEW)->version, 2);
	MERGE(.stream = 9, .n = 1, .tag = REVIEW, .value = number(2));
	MERGE(.stream = 7, .n = 1, .tag = REVIEW, .value = number(1));
	assert_true(record_overlay(&device, &h->record, false, &h->arena));
	assert_members(&device, REVIEW, "7/1 9/1");
	assert_int_equal(device.version, 2);
	history_teardown((void *[]){&own});
}

TEST(pending_change_goes_with_a_replaced_field_and_comes_back_when_merged_again)
{
	HISTORY;
	struct step pending = {.stream = 7,
			       .n = 2,
			       .own = 1,
			       .base = 1,
			       .pending = true,
			       .tag = REVIEW,
			       .value = number(5),
			       .tag_2 = LATEST,
			       .value_2 = number(6)};
	struct history device;

	MERGE(.stream = 7, .n = 1, .tag = REVIEW, .value = number(1));
	history_init(&device);
	device.record = h->record;
	history_merge(&device, pending);
	MERGE(.stream = 9, .n = 1, .base = 1, .tag = REVIEW, .value = number(2));
	assert_true(record_overlay(&device.record, &h->record, false, &device.arena));
	assert_members(&device.record, REVIEW, "9/1");
	assert_members(&device.record, LATEST, "7/2");
	history_merge(&device, pending);
	assert_members(&device.record, REVIEW, "7/2 9/1");
	assert_members(&device.record, LATEST, "7/2");
	assert_int_equal(device.record.dot_count, 2);
	history_teardown((void *[]){&device});
}

TEST(whole_record_takes_away_fields_it_does_not_have_but_not_what_is_pending)
{
	HISTORY;
	struct history device;

	history_init(&device);
	history_merge(&device, (struct step){.stream = 9,
					     .n = 1,
					     .tag = LATEST,
					     .value = number(1),
					     .tag_2 = MAX,
					     .value_2 = number(1)});
	history_merge(&device, (struct step){.stream = 7,
					     .n = 2,
					     .own = 1,
					     .pending = true,
					     .tag = MIN,
					     .value = number(1)});
	/* The same seq, as in the log of a restored server. */
	MERGE(.stream = 7, .n = 1, .tag = LATEST, .value = number(4));
	assert_true(record_overlay(&device.record, &h->record, true, &device.arena));
	assert_members(&device.record, LATEST, "7/1");
	assert_members(&device.record, MAX, "");
	assert_members(&device.record, MIN, "7/2");
	history_teardown((void *[]){&device});
}

TEST(late_whole_record_does_not_take_away_newer_fields)
{
	HISTORY;
	struct record device;
	struct record late;

	MERGE(.stream = 7, .n = 1, .tag = REVIEW, .value = number(1));
	late = h->record;
	late.village = 1;
	MERGE(.stream = 9, .n = 1, .tag = LATEST, .value = number(1));
	device = h->record;
	device.village = 2;
	assert_true(record_overlay(&device, &late, true, &h->arena));
	assert_members(&device, LATEST, "9/1");
	assert_int_equal(device.version, 2);
	assert_int_equal(device.village, 2);
}

TEST(overlay_that_does_not_fit_leaves_the_record_as_it_was)
{
	HISTORY;
	struct record device = {0};
	size_t room = 0;

	history_of_everything(h);
	for (; room < 4096; room += 16) {
		struct arena small;
		bool laid;

		arena_init(&small, room);
		laid = record_overlay(&device, &h->record, false, &small);
		if (laid) {
			assert_members(&device, ONCE, "5/2");
		}
		arena_finish(&small);
		if (laid) {
			break;
		}
		assert_int_equal(device.id, 0);
		assert_int_equal(device.field_count, 0);
	}
	assert_in_range(room, 300, 2000);
}

TEST(acknowledgement_gives_the_dot_its_seq_and_the_fields_their_version)
{
	HISTORY;
	const struct record_field *once;

	MERGE(.stream = 9, .n = 1, .tag = REVIEW, .value = number(1));
	MERGE(.stream = 7, .n = 1, .base = 1, .pending = true, .tag = REVIEW, .value = number(2),
	      .tag_2 = ONCE, .value_2 = number(2));
	record_acknowledge(&h->record, 7, 1, 8);
	once = record_field(&h->record, ONCE);
	assert_int_equal(h->record.dots[0].seq, 8);
	assert_int_equal(once->version, 8);
	assert_int_equal(once->members[0].rank, 8);
	assert_int_equal(record_field(&h->record, REVIEW)->version, 8);
}

TEST(acknowledgement_does_not_raise_the_version_that_forms_take_as_their_base)
{
	HISTORY;

	MERGE(.stream = 9, .n = 1, .tag = REVIEW, .value = number(1));
	MERGE(.stream = 7, .n = 1, .base = 1, .pending = true, .tag = REVIEW, .value = number(2));
	record_acknowledge(&h->record, 7, 1, 8);
	assert_int_equal(h->record.version, 1);
}

TEST(acknowledgement_keeps_an_inherited_rank_and_newer_versions)
{
	HISTORY;

	MERGE(.stream = 9, .n = 1, .tag = ONCE, .value = number(1));
	MERGE(.stream = 7, .n = 1, .base = 1, .pending = true, .tag = ONCE, .value = number(2));
	h->record.fields[0].version = 20;
	record_acknowledge(&h->record, 7, 1, 8);
	assert_int_equal(h->record.fields[0].members[0].rank, 1);
	assert_int_equal(h->record.fields[0].version, 20);
	/* A change that has left nothing in the record teaches nothing. */
	record_acknowledge(&h->record, 7, 5, 30);
	assert_int_equal(h->record.fields[0].version, 20);
}

TEST(reply_that_shows_a_pending_change_logged_acknowledges_it_in_other_fields_too)
{
	HISTORY;
	struct history device;
	struct record update;

	history_init(&device);
	history_merge(&device, (struct step){.stream = 7,
					     .n = 1,
					     .pending = true,
					     .tag = REVIEW,
					     .value = number(1),
					     .tag_2 = ONCE,
					     .value_2 = number(1)});
	MERGE(.stream = 9, .n = 1, .tag = REVIEW, .value = number(2));
	MERGE(.stream = 7, .n = 1, .tag = REVIEW, .value = number(1), .tag_2 = ONCE,
	      .value_2 = number(1));
	update = filtered(h, (struct record_filter){0, 7, 1});
	assert_int_equal(update.field_count, 1);
	assert_true(record_overlay(&device.record, &update, false, &device.arena));
	assert_members(&device.record, REVIEW, "7/1 9/1");
	assert_int_equal(record_field(&device.record, ONCE)->version, 2);
	assert_int_equal(record_field(&device.record, ONCE)->members[0].rank, 2);
	history_teardown((void *[]){&device});
}

RUN_TESTS(
	HISTORY_CASE(only_fields_newer_than_the_cursor_travel_with_the_dots_they_use),
	HISTORY_CASE(own_last_change_is_withheld_from_its_author_only),
	HISTORY_CASE(every_field_passes_where_there_is_no_filter),
	CASE(dots_stand_in_the_order_of_stream_then_n),
	HISTORY_CASE(dots_without_a_member_go_and_members_keep_theirs),
	HISTORY_CASE(field_with_a_rival_is_not_withheld_even_if_the_own_value_is_shown),
	HISTORY_CASE(set_with_a_rest_of_another_change_is_not_withheld),
	HISTORY_CASE(own_value_is_not_withheld_when_its_change_was_not_the_last),
	HISTORY_CASE(reply_replaces_the_fields_it_carries_and_no_others),
	HISTORY_CASE(reply_to_an_empty_record_gives_the_record),
	HISTORY_CASE(field_of_an_older_reply_is_passed_over_and_the_version_stays),
	HISTORY_CASE(field_of_the_same_version_is_replaced),
	HISTORY_CASE(pending_change_goes_with_a_replaced_field_and_comes_back_when_merged_again),
	HISTORY_CASE(whole_record_takes_away_fields_it_does_not_have_but_not_what_is_pending),
	HISTORY_CASE(late_whole_record_does_not_take_away_newer_fields),
	HISTORY_CASE(overlay_that_does_not_fit_leaves_the_record_as_it_was),
	HISTORY_CASE(acknowledgement_gives_the_dot_its_seq_and_the_fields_their_version),
	HISTORY_CASE(acknowledgement_does_not_raise_the_version_that_forms_take_as_their_base),
	HISTORY_CASE(acknowledgement_keeps_an_inherited_rank_and_newer_versions),
	HISTORY_CASE(reply_that_shows_a_pending_change_logged_acknowledges_it_in_other_fields_too))

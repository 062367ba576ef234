/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/merge.h"
#include "tests/testing.h"
#include "tests/unit/history.h"

#define MERGE(...) history_merge(h, (struct step){__VA_ARGS__})
#define HISTORY struct history *h = *state

/* Which value is shown */

TEST(review_shows_the_latest_by_the_clock_then_stream_then_n)
{
	HISTORY;

	MERGE(.stream = 9, .n = 1, .tag = REVIEW, .value = number(1), .time = 10);
	MERGE(.stream = 7, .n = 9, .tag = REVIEW, .value = number(2), .time = 10);
	assert_shows(&h->record, REVIEW, 1);
	MERGE(.stream = 9, .n = 2, .own = 0, .tag = REVIEW, .value = number(3), .time = 10);
	assert_shows(&h->record, REVIEW, 3);
	MERGE(.stream = 2, .n = 1, .tag = REVIEW, .value = number(4), .time = 11);
	assert_shows(&h->record, REVIEW, 4);
}

TEST(clock_of_the_future_counts_as_it_was_written)
{
	HISTORY;

	MERGE(.stream = 7, .n = 1, .tag = LATEST, .value = number(1), .time = CHANGE_TIME_MAX);
	MERGE(.stream = 9, .n = 1, .tag = LATEST, .value = number(2), .time = 1795000000);
	assert_shows(&h->record, LATEST, 1);
}

TEST(clock_never_decides_whether_a_seen_value_goes)
{
	HISTORY;

	MERGE(.stream = 7, .n = 1, .tag = LATEST, .value = number(1), .time = 100);
	MERGE(.stream = 9, .n = 1, .base = 1, .tag = LATEST, .value = number(2), .time = 1);
	assert_shows(&h->record, LATEST, 2);
	assert_members(&h->record, LATEST, "9/1");
}

TEST(losers_of_latest_stay_members)
{
	HISTORY;

	MERGE(.stream = 7, .n = 1, .tag = LATEST, .value = number(1), .time = 10);
	MERGE(.stream = 9, .n = 1, .tag = LATEST, .value = number(2), .time = 5);
	assert_members(&h->record, LATEST, "7/1 9/1");
	/* The winner's author takes it back to an earlier time: now the loser is the latest. */
	MERGE(.stream = 7, .n = 2, .own = 1, .tag = LATEST, .value = number(3), .time = 1);
	assert_shows(&h->record, LATEST, 2);
}

TEST(max_shows_the_greatest_and_keeps_the_others)
{
	HISTORY;

	MERGE(.stream = 7, .n = 1, .tag = MAX, .value = number(5));
	MERGE(.stream = 9, .n = 1, .tag = MAX, .value = number(3), .time = 9);
	assert_shows(&h->record, MAX, 5);
	assert_members(&h->record, MAX, "7/1 9/1");
	/* A correction downwards by one who saw the 5. */
	MERGE(.stream = 7, .n = 2, .own = 1, .tag = MAX, .value = number(2));
	assert_shows(&h->record, MAX, 3);
}

TEST(greater_value_that_comes_later_does_not_push_a_smaller_one_out_of_max)
{
	HISTORY;

	MERGE(.stream = 7, .n = 1, .tag = MAX, .value = number(3));
	MERGE(.stream = 9, .n = 1, .tag = MAX, .value = number(5));
	assert_shows(&h->record, MAX, 5);
	assert_members(&h->record, MAX, "7/1 9/1");
}

TEST(min_shows_the_smallest_and_keeps_the_others)
{
	HISTORY;

	MERGE(.stream = 7, .n = 1, .tag = MIN, .value = number(3));
	MERGE(.stream = 9, .n = 1, .tag = MIN, .value = number(5), .time = 9);
	assert_shows(&h->record, MIN, 3);
	assert_members(&h->record, MIN, "7/1 9/1");
	MERGE(.stream = 7, .n = 2, .own = 1, .tag = MIN, .value = number(8));
	assert_shows(&h->record, MIN, 5);
}

TEST(empty_loses_against_any_value_of_max_and_min)
{
	HISTORY;

	MERGE(.stream = 7, .n = 1, .tag = MAX, .value = number(-3), .tag_2 = MIN,
	      .value_2 = number(3));
	MERGE(.stream = 9, .n = 1, .tag = MAX, .value = value_empty(), .tag_2 = MIN,
	      .value_2 = value_empty(), .time = 9);
	assert_shows(&h->record, MAX, -3);
	assert_shows(&h->record, MIN, 3);
	assert_true(in_conflict(&h->record, MIN));
}

TEST(once_shows_the_first_in_the_log)
{
	HISTORY;

	MERGE(.stream = 9, .n = 1, .tag = ONCE, .value = number(1), .time = 20);
	MERGE(.stream = 7, .n = 1, .tag = ONCE, .value = number(2), .time = 10);
	assert_shows(&h->record, ONCE, 1);
}

TEST(correction_of_a_once_field_inherits_its_place)
{
	HISTORY;

	MERGE(.stream = 9, .n = 1, .tag = ONCE, .value = number(1));
	MERGE(.stream = 7, .n = 1, .tag = ONCE, .value = number(2));
	MERGE(.stream = 9, .n = 2, .own = 1, .tag = ONCE, .value = number(3));
	assert_shows(&h->record, ONCE, 3);
	assert_members(&h->record, ONCE, "7/1 9/2");
}

TEST(settlement_of_a_once_field_takes_the_smallest_place_it_saw)
{
	HISTORY;

	MERGE(.stream = 9, .n = 1, .tag = ONCE, .value = number(1));
	MERGE(.stream = 7, .n = 1, .tag = ONCE, .value = number(2));
	MERGE(.stream = 8, .n = 1, .tag = ONCE, .value = number(4));
	MERGE(.stream = 5, .n = 1, .server = true, .base = 2, .tag = ONCE, .value = number(2));
	assert_members(&h->record, ONCE, "5/1 8/1");
	assert_int_equal(record_field(&h->record, ONCE)->members[0].rank, 1);
	assert_shows(&h->record, ONCE, 2);
}

TEST(pending_value_of_a_once_field_comes_after_all_that_is_logged)
{
	HISTORY;

	MERGE(.stream = 7, .n = 1, .pending = true, .tag = ONCE, .value = number(1), .time = 1);
	MERGE(.stream = 7, .n = 2, .pending = true, .tag = ONCE, .value = number(2), .time = 2);
	assert_shows(&h->record, ONCE, 1);
	MERGE(.stream = 9, .n = 1, .tag = ONCE, .value = number(3), .time = 3);
	assert_shows(&h->record, ONCE, 3);
}

TEST(unknown_field_and_unknown_type_are_reviewed)
{
	HISTORY;

	MERGE(.stream = 7, .n = 1, .tag = UNKNOWN, .value = value_pair(1, 2), .time = 2);
	MERGE(.stream = 9, .n = 1, .tag = UNKNOWN, .value = value_boolean(true), .time = 1);
	assert_true(in_conflict(&h->record, UNKNOWN));
	assert_true(value_equal(record_shown(&h->record, NULL, UNKNOWN), value_pair(1, 2)));
	h->context.type = NULL;
	assert_int_equal(record_conflicts(&h->record, &h->context), 1);
}

TEST(field_that_no_change_has_set_shows_empty)
{
	HISTORY;

	MERGE(.stream = 7, .n = 1, .tag = REVIEW, .value = number(1));
	assert_int_equal(record_shown(&h->record, &history_type, MAX).form, VALUE_EMPTY);
}

/* Sets */

TEST(choices_added_by_two_who_had_not_seen_each_other_are_all_shown)
{
	HISTORY;

	MERGE(.stream = 7, .n = 1, .tag = SET, .value = value_pair(1, 0));
	MERGE(.stream = 9, .n = 1, .tag = SET, .value = value_pair(2, 0));
	assert_shows(&h->record, SET, 3);
	assert_false(in_conflict(&h->record, SET));
	assert_members(&h->record, SET, "7/1 9/1");
}

TEST(removing_a_choice_takes_it_only_from_the_masks_that_were_seen)
{
	HISTORY;

	MERGE(.stream = 7, .n = 1, .tag = SET, .value = value_pair(3, 0));
	MERGE(.stream = 9, .n = 1, .tag = SET, .value = value_pair(1, 0));
	MERGE(.stream = 8, .n = 1, .base = 1, .tag = SET, .value = value_pair(0, 1));
	/* 9 also says 1 and was not seen; 7's 2 was seen and not touched. */
	assert_members(&h->record, SET, "7/1- 8/1 9/1");
	assert_shows(&h->record, SET, 3);
}

TEST(member_of_a_set_goes_when_nothing_of_it_is_left)
{
	HISTORY;

	MERGE(.stream = 7, .n = 1, .tag = SET, .value = value_pair(1, 0));
	MERGE(.stream = 9, .n = 1, .base = 1, .tag = SET, .value = value_pair(2, 1));
	assert_members(&h->record, SET, "9/1");
	assert_shows(&h->record, SET, 2);
}

TEST(choice_added_by_one_who_saw_it_moves_to_the_new_member)
{
	HISTORY;

	MERGE(.stream = 7, .n = 1, .tag = SET, .value = value_pair(1, 0));
	MERGE(.stream = 9, .n = 1, .base = 1, .tag = SET, .value = value_pair(1, 0));
	assert_members(&h->record, SET, "9/1");
	assert_shows(&h->record, SET, 1);
}

TEST(change_that_only_removed_is_a_member)
{
	HISTORY;

	MERGE(.stream = 7, .n = 1, .tag = SET, .value = value_pair(1, 0));
	MERGE(.stream = 9, .n = 1, .base = 1, .tag = SET, .value = value_pair(0, 1));
	assert_members(&h->record, SET, "9/1");
	assert_shows(&h->record, SET, 0);
}

TEST(choice_added_again_by_another_hand_survives_a_removal_that_did_not_see_it)
{
	HISTORY;

	MERGE(.stream = 7, .n = 1, .tag = SET, .value = value_pair(4, 0));
	MERGE(.stream = 9, .n = 1, .base = 1, .tag = SET, .value = value_pair(0, 4));
	MERGE(.stream = 8, .n = 1, .base = 1, .tag = SET, .value = value_pair(4, 0));
	assert_shows(&h->record, SET, 4);
}

TEST(empty_takes_every_choice_that_was_seen_out_of_a_set)
{
	HISTORY;

	MERGE(.stream = 7, .n = 1, .tag = SET, .value = value_pair(INT64_MAX, 0));
	MERGE(.stream = 8, .n = 1, .tag = SET, .value = value_pair(2, 0));
	MERGE(.stream = 9, .n = 1, .base = 1, .tag = SET, .value = value_empty());
	assert_members(&h->record, SET, "8/1 9/1");
	assert_shows(&h->record, SET, 2);
}

TEST(value_of_a_set_that_is_no_pair_stands_for_the_whole_set)
{
	HISTORY;

	MERGE(.stream = 7, .n = 1, .tag = SET, .value = value_pair(3, 0));
	MERGE(.stream = 7, .n = 2, .own = 1, .tag = SET, .value = number(4));
	assert_shows(&h->record, SET, 4);
	MERGE(.stream = 7, .n = 3, .own = 2, .tag = SET, .value = value_boolean(true));
	assert_shows(&h->record, SET, 0);
	MERGE(.stream = 7, .n = 4, .own = 3, .tag = SET, .value = value_pair(-1, -1));
	assert_shows(&h->record, SET, INT64_MAX);
}

/* Archive */

TEST(edit_of_archived_family_is_kept_and_flagged)
{
	HISTORY;

	MERGE(.stream = 7, .n = 1, .tag = REVIEW, .value = number(1));
	MERGE(.stream = 5, .n = 1, .server = true, .base = 1, .tag = TAG_ARCHIVED,
	      .value = number(1));
	assert_false(archive_in_conflict(&h->record, &h->context));
	MERGE(.stream = 9, .n = 1, .base = 1, .tag = REVIEW, .value = number(2));
	assert_true(archive_in_conflict(&h->record, &h->context));
	assert_shows(&h->record, REVIEW, 2);
	assert_int_equal(record_conflicts(&h->record, &h->context), 1);
}

TEST(archive_that_arrives_after_an_edit_it_had_not_seen_is_flagged_too)
{
	HISTORY;

	MERGE(.stream = 7, .n = 1, .tag = REVIEW, .value = number(1));
	MERGE(.stream = 9, .n = 1, .base = 1, .tag = SET, .value = value_pair(1, 0));
	MERGE(.stream = 5, .n = 1, .server = true, .base = 1, .tag = TAG_ARCHIVED,
	      .value = number(1));
	assert_true(archive_in_conflict(&h->record, &h->context));
}

TEST(edit_by_one_who_saw_the_archive_is_no_conflict)
{
	HISTORY;

	MERGE(.stream = 7, .n = 1, .tag = TAG_ARCHIVED, .value = number(1));
	MERGE(.stream = 9, .n = 1, .base = 1, .tag = REVIEW, .value = number(2));
	assert_false(archive_in_conflict(&h->record, &h->context));
}

TEST(archive_and_edit_of_one_change_are_no_conflict)
{
	HISTORY;

	MERGE(.stream = 7, .n = 1, .tag = REVIEW, .value = number(1), .tag_2 = TAG_ARCHIVED,
	      .value_2 = number(1));
	assert_false(archive_in_conflict(&h->record, &h->context));
}

TEST(taking_back_an_archive_ends_its_conflict)
{
	HISTORY;

	MERGE(.stream = 7, .n = 1, .tag = TAG_ARCHIVED, .value = number(1));
	MERGE(.stream = 9, .n = 1, .tag = REVIEW, .value = number(2));
	assert_true(archive_in_conflict(&h->record, &h->context));
	MERGE(.stream = 7, .n = 2, .own = 1, .tag = TAG_ARCHIVED, .value = value_empty());
	assert_false(archive_in_conflict(&h->record, &h->context));
}

TEST(rest_of_a_set_is_no_rival_of_an_archive)
{
	HISTORY;

	MERGE(.stream = 7, .n = 1, .tag = SET, .value = value_pair(3, 0));
	MERGE(.stream = 8, .n = 1, .tag = TAG_ARCHIVED, .value = number(1));
	assert_true(archive_in_conflict(&h->record, &h->context));
	/* Saw both: 7/1 is a rest now. */
	MERGE(.stream = 9, .n = 1, .base = 2, .tag = SET, .value = value_pair(0, 1));
	assert_members(&h->record, SET, "7/1- 9/1");
	assert_false(archive_in_conflict(&h->record, &h->context));
}

TEST(pending_edit_and_pulled_archive_are_flagged_on_the_device)
{
	HISTORY;

	MERGE(.stream = 7, .n = 1, .tag = REVIEW, .value = number(1));
	MERGE(.stream = 5, .n = 1, .server = true, .base = 1, .tag = TAG_ARCHIVED,
	      .value = number(1));
	MERGE(.stream = 9, .n = 1, .base = 1, .pending = true, .tag = REVIEW, .value = number(2));
	assert_true(archive_in_conflict(&h->record, &h->context));
}

TEST(record_conflicts_counts_fields_that_a_supervisor_must_see)
{
	HISTORY;

	MERGE(.stream = 7, .n = 1, .tag = REVIEW, .value = number(1), .tag_2 = LATEST,
	      .value_2 = number(1));
	MERGE(.stream = 9, .n = 1, .tag = REVIEW, .value = number(2), .tag_2 = LATEST,
	      .value_2 = number(2));
	assert_int_equal(record_conflicts(&h->record, &h->context), 1);
	MERGE(.stream = 7, .n = 2, .own = 1, .tag = ONCE, .value = number(1), .tag_2 = MAX,
	      .value_2 = number(1));
	MERGE(.stream = 9, .n = 2, .own = 1, .tag = ONCE, .value = number(2), .tag_2 = MAX,
	      .value_2 = number(2));
	assert_int_equal(record_conflicts(&h->record, &h->context), 2);
}

TEST(each_rival_of_an_archive_is_told_apart_from_what_one_of_both_had_seen)
{
	HISTORY;
	const struct member *archive;

	MERGE(.stream = 5, .n = 1, .tag = REVIEW, .value = number(1));
	MERGE(.stream = 7, .n = 1, .base = 1, .tag = TAG_ARCHIVED, .value = number(1));
	MERGE(.stream = 8, .n = 1, .base = 1, .tag = LATEST, .value = number(2));
	MERGE(.stream = 9, .n = 1, .base = 2, .tag = MAX, .value = number(3));
	archive = record_field(&h->record, TAG_ARCHIVED)->members;
	assert_false(archive_rivals(&h->record, &h->context, archive,
				    record_field(&h->record, REVIEW)->members));
	assert_true(archive_rivals(&h->record, &h->context, archive,
				   record_field(&h->record, LATEST)->members));
	assert_false(archive_rivals(&h->record, &h->context, archive,
				    record_field(&h->record, MAX)->members));
	assert_false(archive_rivals(&h->record, &h->context, archive, archive));
}

TEST(member_shown_is_the_one_whose_value_is_shown)
{
	HISTORY;
	const struct record_field *field;

	MERGE(.stream = 7, .n = 1, .tag = MIN, .value = number(4));
	MERGE(.stream = 8, .n = 1, .tag = MIN, .value = number(2));
	MERGE(.stream = 9, .n = 1, .tag = MIN, .value = number(3));
	field = record_field(&h->record, MIN);
	assert_ptr_equal(field_shown_member(&h->record, field, POLICY_MIN), &field->members[1]);
	assert_ptr_equal(field_shown_member(&h->record, field, POLICY_MAX), &field->members[0]);
	assert_ptr_equal(field_shown_member(&h->record, field, POLICY_ONCE), &field->members[0]);
	assert_ptr_equal(field_shown_member(&h->record, field, POLICY_LATEST), &field->members[2]);
}

TEST(archives_for_different_reasons_count_once)
{
	HISTORY;

	MERGE(.stream = 7, .n = 1, .tag = TAG_ARCHIVED, .value = number(1));
	MERGE(.stream = 9, .n = 1, .tag = REVIEW, .value = number(2), .tag_2 = TAG_ARCHIVED,
	      .value_2 = number(2));
	assert_true(archive_in_conflict(&h->record, &h->context));
	assert_true(in_conflict(&h->record, TAG_ARCHIVED));
	assert_int_equal(record_conflicts(&h->record, &h->context), 1);
}

RUN_TESTS(HISTORY_CASE(review_shows_the_latest_by_the_clock_then_stream_then_n),
	  HISTORY_CASE(clock_of_the_future_counts_as_it_was_written),
	  HISTORY_CASE(clock_never_decides_whether_a_seen_value_goes),
	  HISTORY_CASE(losers_of_latest_stay_members),
	  HISTORY_CASE(max_shows_the_greatest_and_keeps_the_others),
	  HISTORY_CASE(greater_value_that_comes_later_does_not_push_a_smaller_one_out_of_max),
	  HISTORY_CASE(min_shows_the_smallest_and_keeps_the_others),
	  HISTORY_CASE(empty_loses_against_any_value_of_max_and_min),
	  HISTORY_CASE(once_shows_the_first_in_the_log),
	  HISTORY_CASE(correction_of_a_once_field_inherits_its_place),
	  HISTORY_CASE(settlement_of_a_once_field_takes_the_smallest_place_it_saw),
	  HISTORY_CASE(pending_value_of_a_once_field_comes_after_all_that_is_logged),
	  HISTORY_CASE(unknown_field_and_unknown_type_are_reviewed),
	  HISTORY_CASE(field_that_no_change_has_set_shows_empty),
	  HISTORY_CASE(choices_added_by_two_who_had_not_seen_each_other_are_all_shown),
	  HISTORY_CASE(removing_a_choice_takes_it_only_from_the_masks_that_were_seen),
	  HISTORY_CASE(member_of_a_set_goes_when_nothing_of_it_is_left),
	  HISTORY_CASE(choice_added_by_one_who_saw_it_moves_to_the_new_member),
	  HISTORY_CASE(change_that_only_removed_is_a_member),
	  HISTORY_CASE(choice_added_again_by_another_hand_survives_a_removal_that_did_not_see_it),
	  HISTORY_CASE(empty_takes_every_choice_that_was_seen_out_of_a_set),
	  HISTORY_CASE(value_of_a_set_that_is_no_pair_stands_for_the_whole_set),
	  HISTORY_CASE(edit_of_archived_family_is_kept_and_flagged),
	  HISTORY_CASE(archive_that_arrives_after_an_edit_it_had_not_seen_is_flagged_too),
	  HISTORY_CASE(edit_by_one_who_saw_the_archive_is_no_conflict),
	  HISTORY_CASE(archive_and_edit_of_one_change_are_no_conflict),
	  HISTORY_CASE(taking_back_an_archive_ends_its_conflict),
	  HISTORY_CASE(rest_of_a_set_is_no_rival_of_an_archive),
	  HISTORY_CASE(pending_edit_and_pulled_archive_are_flagged_on_the_device),
	  HISTORY_CASE(record_conflicts_counts_fields_that_a_supervisor_must_see),
	  HISTORY_CASE(each_rival_of_an_archive_is_told_apart_from_what_one_of_both_had_seen),
	  HISTORY_CASE(member_shown_is_the_one_whose_value_is_shown),
	  HISTORY_CASE(archives_for_different_reasons_count_once))

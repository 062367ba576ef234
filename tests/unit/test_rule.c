/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/rule.h"
#include "record_sample.h"
#include "tests/testing.h"

enum { TAG_GROUP = 3, TAG_HB = 4, TAG_TOPICS = 5, TAG_DONE = 6, TAG_NEXT = 7, TODAY = 20000 };

static struct record_sample s;

static int
set_up(__attribute__((unused)) void **state)
{
	record_sample_fill(&s);
	return 0;
}

static bool
holds(const struct condition *condition)
{
	return condition_holds(condition, &s.schema.types[TYPE_VISIT], &s.record, TODAY);
}

/* Compares the field with one value. */
static bool
compares(int32_t tag, enum rule_operator op, struct value value)
{
	struct condition condition = {.op = op, .tag = tag, .values = &value, .count = 1};

	return holds(&condition);
}

static bool
is_in(int32_t tag, int64_t first, int64_t second)
{
	struct value values[] = {value_integer(first), value_integer(second)};
	struct condition condition = {.op = RULE_IN, .tag = tag, .values = values, .count = 2};

	return holds(&condition);
}

static bool
is_empty(int32_t tag)
{
	struct condition condition = {.op = RULE_EMPTY, .tag = tag};

	return holds(&condition);
}

TEST(numbers_are_compared_with_every_operator)
{
	static const struct {
		enum rule_operator op;
		bool below, same, above; /* with a value below, at and above the field's */
	} cases[] = {
		{RULE_EQUAL, false, true, false}, {RULE_NOT_EQUAL, true, false, true},
		{RULE_LESS, false, false, true},  {RULE_LESS_EQUAL, false, true, true},
		{RULE_MORE, true, false, false},  {RULE_MORE_EQUAL, true, true, false},
	};

	record_sample_add(&s, TAG_HB, value_integer(110));
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		assert_int_equal(compares(TAG_HB, cases[i].op, value_integer(109)), cases[i].below);
		assert_int_equal(compares(TAG_HB, cases[i].op, value_integer(110)), cases[i].same);
		assert_int_equal(compares(TAG_HB, cases[i].op, value_integer(111)), cases[i].above);
	}
	assert_true(is_in(TAG_HB, 1, 110));
	assert_false(is_in(TAG_HB, 1, 2));
}

TEST(a_comparison_with_an_empty_field_is_false_also_for_not_equal)
{
	assert_false(compares(TAG_HB, RULE_EQUAL, value_integer(0)));
	assert_false(compares(TAG_HB, RULE_NOT_EQUAL, value_integer(0)));
	assert_false(compares(TAG_HB, RULE_LESS, value_integer(9)));
	assert_false(is_in(TAG_HB, 0, 1));
	record_sample_add(&s, TAG_GROUP, value_empty());
	assert_false(compares(TAG_GROUP, RULE_NOT_EQUAL, value_integer(1)));
	assert_false(compares(TAG_TOPICS, RULE_NOT_EQUAL, value_integer(1)));
}

TEST(empty_holds_for_an_absent_field_a_cleared_one_and_an_empty_set)
{
	record_sample_add(&s, TAG_GROUP, value_empty());
	record_sample_add(&s, TAG_HB, value_integer(110));
	record_sample_add(&s, TAG_TOPICS, value_integer(0));
	record_sample_add(&s, TAG_DONE, value_boolean(false));
	assert_true(is_empty(TAG_NEXT));
	assert_true(is_empty(TAG_GROUP));
	assert_true(is_empty(TAG_TOPICS));
	assert_false(is_empty(TAG_HB));
	assert_false(is_empty(TAG_DONE));
}

TEST(a_set_is_in_if_it_holds_any_and_equal_if_it_holds_exactly_that_one)
{
	record_sample_add(&s, TAG_TOPICS, value_integer(1 << 1 | INT64_C(1) << 62));
	assert_true(is_in(TAG_TOPICS, 0, 62));
	assert_false(is_in(TAG_TOPICS, 0, 5));
	assert_false(compares(TAG_TOPICS, RULE_EQUAL, value_integer(1)));
	assert_true(compares(TAG_TOPICS, RULE_NOT_EQUAL, value_integer(1)));
	s.members[0].value = value_integer(1 << 1);
	assert_true(compares(TAG_TOPICS, RULE_EQUAL, value_integer(1)));
	assert_false(compares(TAG_TOPICS, RULE_NOT_EQUAL, value_integer(1)));
}

TEST(the_members_of_a_set_count_together)
{
	record_sample_add(&s, TAG_TOPICS, value_integer(1));
	record_sample_add_member(&s, 6, 1, value_integer(2));
	assert_true(is_in(TAG_TOPICS, 1, 62));
	assert_false(compares(TAG_TOPICS, RULE_EQUAL, value_integer(1)));
}

TEST(booleans_are_compared_with_booleans)
{
	record_sample_add(&s, TAG_DONE, value_boolean(false));
	assert_true(compares(TAG_DONE, RULE_EQUAL, value_boolean(false)));
	assert_true(compares(TAG_DONE, RULE_NOT_EQUAL, value_boolean(true)));
}

TEST(days_since_counts_from_the_field_to_today)
{
	struct value yesterday = value_integer(1);
	struct condition condition = {.op = RULE_EQUAL,
				      .tag = TAG_NEXT,
				      .days_since = true,
				      .values = &yesterday,
				      .count = 1};

	assert_false(holds(&condition));
	record_sample_add(&s, TAG_NEXT, value_integer(TODAY - 1));
	assert_true(holds(&condition));
	assert_true(holds(&s.schema.late));
	s.members[0].value = value_integer(TODAY);
	assert_false(holds(&s.schema.late));
}

TEST(a_date_that_is_no_number_of_days_has_no_days_since)
{
	record_sample_add(&s, TAG_NEXT, value_integer(-(INT64_C(1) << 62)));
	assert_false(holds(&s.schema.late));
	s.members[0].value = value_text(TEXT("soon"));
	assert_false(holds(&s.schema.late));
}

TEST(a_value_of_another_form_is_neither_less_nor_more)
{
	record_sample_add(&s, TAG_HB, value_text(TEXT("low")));
	assert_false(compares(TAG_HB, RULE_LESS, value_integer(5)));
	assert_false(compares(TAG_HB, RULE_MORE, value_integer(5)));
}

TEST(all_any_and_not_combine)
{
	struct condition any = {.op = RULE_ANY, .parts = s.schema.parts, .count = 2};
	struct condition not_any = {.op = RULE_NOT, .parts = &any, .count = 1};

	assert_false(holds(&s.schema.anaemia));
	assert_false(holds(&any));
	assert_true(holds(&not_any));
	record_sample_add(&s, TAG_GROUP, value_integer(2));
	assert_false(holds(&s.schema.anaemia));
	assert_true(holds(&any));
	assert_false(holds(&not_any));
	record_sample_add(&s, TAG_HB, value_integer(109));
	assert_true(holds(&s.schema.anaemia));
}

TEST(a_field_in_conflict_counts_with_the_value_shown)
{
	record_sample_add(&s, TAG_HB, value_integer(100));
	record_sample_add_member(&s, 6, 20, value_integer(120)); /* later */
	assert_true(compares(TAG_HB, RULE_EQUAL, value_integer(120)));
}

RUN_TESTS(CASE_WITH(numbers_are_compared_with_every_operator, set_up, NULL),
	  CASE_WITH(a_comparison_with_an_empty_field_is_false_also_for_not_equal, set_up, NULL),
	  CASE_WITH(empty_holds_for_an_absent_field_a_cleared_one_and_an_empty_set, set_up, NULL),
	  CASE_WITH(a_set_is_in_if_it_holds_any_and_equal_if_it_holds_exactly_that_one, set_up,
		    NULL),
	  CASE_WITH(the_members_of_a_set_count_together, set_up, NULL),
	  CASE_WITH(booleans_are_compared_with_booleans, set_up, NULL),
	  CASE_WITH(days_since_counts_from_the_field_to_today, set_up, NULL),
	  CASE_WITH(a_date_that_is_no_number_of_days_has_no_days_since, set_up, NULL),
	  CASE_WITH(a_value_of_another_form_is_neither_less_nor_more, set_up, NULL),
	  CASE_WITH(all_any_and_not_combine, set_up, NULL),
	  CASE_WITH(a_field_in_conflict_counts_with_the_value_shown, set_up, NULL))

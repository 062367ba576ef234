/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/form.h"
#include "protocol/id.h"
#include "schema_sample.h"
#include "tests/testing.h"

static struct sample sample;
static struct error error;

static int
set_up(__attribute__((unused)) void **state)
{
	sample_fill(&sample);
	error = (struct error){.detail = ""};
	return 0;
}

static const struct record_type *
visit(void)
{
	return &sample.types[TYPE_VISIT];
}

/* What the text says for the field; a failed assertion if it is refused. */
static struct value
read_value(int32_t tag, const char *text)
{
	struct value value = value_boolean(true);

	assert_ok(value_from_text(visit(), tag, span_of_text(text), 0, &value, &error));
	return value;
}

static void
assert_refused(int32_t tag, const char *text, const char *detail)
{
	struct value value = value_boolean(true);

	assert_int_equal(value_from_text(visit(), tag, span_of_text(text), 0, &value, &error),
			 STATUS_INVALID);
	assert_string_equal(error.detail, detail);
	assert_true(value_equal(value, value_boolean(true)));
}

TEST(decimals_are_read_in_the_shown_unit)
{
	assert_int_equal(read_value(4, "11.0").integer, 110);
	assert_int_equal(read_value(4, "3").integer, 30);
	assert_int_equal(read_value(4, "25").integer, 250);
	assert_int_equal(read_value(4, "8.50").integer, 85);
}

TEST(a_number_is_refused_with_the_rule_that_it_breaks)
{
	assert_refused(4, "11.05", "hb: more than 1 decimals");
	assert_refused(4, "2.9", "hb: outside 3 to 25 g/dL");
	assert_refused(4, "25.1", "hb: outside 3 to 25 g/dL");
	assert_refused(4, "11,0", "hb: not a number, as in 12.5");
	assert_refused(4, "eleven", "hb: not a number, as in 12.5");
	sample.visit[VISIT_HB].refuse.set = false;
	assert_refused(4, "900719925474099.2",
		       "hb: outside -900719925474099.1 to 900719925474099.1 "
		       "g/dL");
}

TEST(an_empty_text_clears_any_field)
{
	for (int32_t tag = 1; tag <= VISIT_FIELDS; tag++) {
		struct value value = read_value(tag, "");

		assert_true(tag == 5 ? value_equal(value, value_pair(0, 0))
				     : value.form == VALUE_EMPTY);
	}
	assert_int_equal(read_value(TAG_ARCHIVED, "").form, VALUE_EMPTY);
	assert_int_equal(read_value(TAG_SAME_AS, "").form, VALUE_EMPTY);
}

TEST(booleans_are_true_or_false)
{
	assert_true(value_equal(read_value(6, "true"), value_boolean(true)));
	assert_true(value_equal(read_value(6, "false"), value_boolean(false)));
	assert_refused(6, "yes", "done: neither true nor false");
}

TEST(choices_are_read_by_name)
{
	assert_int_equal(read_value(3, "bumil").integer, 2);
	assert_int_equal(read_value(3, "none").integer, 0);
	assert_refused(3, "2", "group: not one of none, catin, bumil");
	assert_refused(3, "Bumil", "group: not one of none, catin, bumil");
}

TEST(dates_are_calendar_days)
{
	assert_int_equal(read_value(2, "1970-01-02").integer, 1);
	assert_refused(2, "2026-02-29", "date: not a date YYYY-MM-DD");
	assert_refused(2, "29-01-2026", "date: not a date YYYY-MM-DD");
	sample.visit[VISIT_DATE].refuse = (struct range){true, 0, 1};
	assert_refused(2, "1970-01-03", "date: outside 1970-01-01 to 1970-01-02");
}

TEST(texts_are_kept_as_they_are_up_to_their_limit)
{
	struct value value = read_value(9, "a \"b\", c=d\n");

	assert_true(span_equal(value.text, TEXT("a \"b\", c=d\n")));
	read_value(9, "12345678901234567890");
	assert_refused(9, "123456789012345678901", "note: longer than 20 bytes");
	assert_refused(9, "\xff", "note: not a text in UTF-8");
}

TEST(references_are_ids)
{
	char text[ID_TEXT_SIZE];
	uint64_t id = id_make(5, 7);

	assert_int_equal(read_value(1, id_format(id, text)).integer, id);
	assert_int_equal(read_value(TAG_SAME_AS, text).integer, id);
	text[1] = text[1] == '2' ? '3' : '2';
	assert_refused(1, text,
		       "person: record id: the check symbol does not fit, so it is mistyped");
	assert_refused(1, "r00000000000000000000000000000000",
		       "person: a record id is r, up to 13 letters and digits, and a check symbol");
}

TEST(an_id_with_more_behind_it_is_refused)
{
	char text[ID_TEXT_SIZE];
	char longer[ID_TEXT_SIZE + 1];

	/* The longest id fills its text. */
	assert_int_equal(strlen(id_format(UINT64_MAX >> 1, text)), ID_TEXT_SIZE - 1);
	assert_int_equal(read_value(1, text).integer, INT64_MAX);
	(void)snprintf(longer, sizeof longer, "%s0", text);
	assert_refused(1, longer,
		       "person: a record id is r, up to 13 letters and digits, and a check symbol");
}

TEST(a_nul_does_not_end_a_code)
{
	struct value value;

	assert_int_equal(
		value_from_text(visit(), TAG_VILLAGE, TEXT("6303072001\0x"), 0, &value, NULL),
		STATUS_INVALID);
}

TEST(points_are_latitude_and_longitude)
{
	assert_true(value_equal(read_value(8, "-3.32,114.59"), value_pair(-332000, 11459000)));
	assert_true(value_equal(read_value(8, "-90,180"), value_pair(-9000000, 18000000)));
	assert_refused(8, "-3.32", "point: not a point, as in -3.32,114.59");
	assert_refused(8, "-3.32,", "point: not a number, as in 12.5");
	assert_refused(8, "1,2,3", "point: not a number, as in 12.5");
	assert_refused(8, "-3.123456,114", "point: more than 5 decimals");
	assert_refused(8, "90.00001,0", "point: outside latitude -90 to 90, longitude -180 to 180");
	assert_refused(8, "0,-180.1", "point: outside latitude -90 to 90, longitude -180 to 180");
}

TEST(villages_are_read_with_or_without_dots)
{
	assert_int_equal(read_value(TAG_VILLAGE, "63.03.07.2001").integer, 6303072001);
	assert_int_equal(read_value(TAG_VILLAGE, "6303072001").integer, 6303072001);
	assert_refused(TAG_VILLAGE, "630307",
		       "village: a village code has 10 digits, such as 6303072001");
}

TEST(the_reason_of_an_archive_is_a_text)
{
	char long_reason[502];

	assert_true(span_equal(read_value(TAG_ARCHIVED, "moved").text, TEXT("moved")));
	memset(long_reason, 'a', sizeof long_reason - 1);
	long_reason[sizeof long_reason - 1] = '\0';
	assert_refused(TAG_ARCHIVED, long_reason, "archived: longer than 500 bytes");
}

TEST(a_field_that_the_type_does_not_have_is_not_found)
{
	struct value value;

	assert_int_equal(value_from_text(visit(), 77, TEXT("1"), 0, &value, &error),
			 STATUS_NOT_FOUND);
	assert_string_equal(error.detail, "field_77");
}

enum { GIZI = 1 << 0, ASI = 1 << 1 };
#define KB (INT64_C(1) << 62)
#define NEWER (INT64_C(1) << 9) /* a choice that this schema does not know */

static void
assert_set(const char *text, int64_t shown, int64_t added, int64_t removed)
{
	struct value value;

	assert_ok(value_from_text(visit(), 5, span_of_text(text), shown, &value, &error));
	assert_true(value_equal(value, value_pair(added, removed)));
}

TEST(a_list_replaces_the_set_that_was_shown)
{
	assert_set("gizi,kb", 0, GIZI | KB, 0);
	assert_set("gizi,kb", GIZI | ASI, KB, ASI);
	assert_set("gizi,gizi", GIZI, 0, 0);
	assert_set("", GIZI | KB, 0, GIZI | KB);
}

TEST(signs_change_the_set_that_was_shown)
{
	assert_set("+kb,-asi", GIZI | ASI, KB, ASI);
	assert_set("+gizi,-kb", GIZI, 0, 0);
}

TEST(choices_of_a_newer_schema_stay_in_the_set)
{
	assert_set("asi", GIZI | NEWER, ASI, GIZI);
	assert_set("", GIZI | NEWER, 0, GIZI);
}

TEST(a_set_that_is_no_list_of_choices_is_refused)
{
	/* kb is retired: known, but not offered */
	assert_refused(5, "gizi,foo", "topics: not one of gizi, asi");
	assert_refused(5, "gizi,", "topics: not one of gizi, asi");
	assert_refused(5, ",", "topics: not one of gizi, asi");
	assert_refused(5, "+", "topics: not one of gizi, asi");
	assert_refused(5, "gizi, asi", "topics: not one of gizi, asi");
	assert_refused(5, "gizi,+asi", "topics: either a,b or +a,-b");
	assert_refused(5, "+asi,-asi", "topics: a choice is both added and removed");
}

static enum status
check(int32_t tag, struct value value)
{
	return value_check(visit(), tag, value, &error);
}

TEST(a_value_of_another_form_is_refused)
{
	const struct value wrong[] = {
		value_text(TEXT("x")), value_boolean(true), value_boolean(false),
		value_pair(1, 2),      value_integer(1),    value_integer(1),
		value_text(TEXT("x")), value_integer(1),    value_integer(1),
	};

	for (int32_t tag = 1; tag <= VISIT_FIELDS; tag++) {
		assert_int_equal(check(tag, wrong[tag - 1]), STATUS_INVALID);
		assert_contains(error.detail, ": not a value of type ");
		assert_ok(check(tag, value_empty()));
	}
	assert_int_equal(check(TAG_VILLAGE, value_text(TEXT("x"))), STATUS_INVALID);
	assert_int_equal(check(TAG_ARCHIVED, value_integer(1)), STATUS_INVALID);
	assert_int_equal(check(TAG_SAME_AS, value_text(TEXT("x"))), STATUS_INVALID);
	assert_ok(check(TAG_VILLAGE, value_empty()));
}

TEST(a_text_of_no_bytes_is_refused_as_empty_is_a_value_of_its_own)
{
	assert_int_equal(check(9, value_text(TEXT(""))), STATUS_INVALID);
	assert_int_equal(check(TAG_ARCHIVED, value_text(TEXT(""))), STATUS_INVALID);
	assert_ok(check(9, value_empty()));
}

TEST(a_value_is_checked_against_range_choices_text_bound_and_ids)
{
	assert_ok(check(4, value_integer(250)));
	assert_int_equal(check(4, value_integer(251)), STATUS_INVALID);
	assert_ok(check(3, value_integer(2)));
	assert_int_equal(check(3, value_integer(3)), STATUS_INVALID);
	assert_int_equal(check(3, value_integer(-1)), STATUS_INVALID);
	assert_int_equal(check(3, value_integer(INT64_C(1) << 32)), STATUS_INVALID);
	assert_ok(check(5, value_pair(GIZI | KB, ASI)));
	assert_int_equal(check(5, value_pair(NEWER, 0)), STATUS_INVALID);
	assert_int_equal(check(5, value_pair(0, NEWER)), STATUS_INVALID);
	assert_int_equal(check(5, value_pair(GIZI, GIZI)), STATUS_INVALID);
	assert_int_equal(check(5, value_pair(-1, 0)), STATUS_INVALID);
	assert_int_equal(check(9, value_text(TEXT("123456789012345678901"))), STATUS_INVALID);
	assert_int_equal(check(1, value_integer(0)), STATUS_INVALID);
	assert_int_equal(check(1, value_integer(-5)), STATUS_INVALID);
	assert_int_equal(check(2, value_integer(INT64_C(1) << 40)), STATUS_INVALID);
	assert_int_equal(check(8, value_pair(INT64_C(1) << 60, 0)), STATUS_INVALID);
	assert_int_equal(check(TAG_VILLAGE, value_integer(0)), STATUS_INVALID);
	assert_int_equal(check(TAG_VILLAGE, value_integer(-6303072001)), STATUS_INVALID);
	assert_ok(check(TAG_VILLAGE, value_integer(6303072001)));
}

TEST(a_value_of_a_field_that_the_schema_does_not_know_is_left_alone)
{
	assert_ok(check(77, value_text(TEXT("\xff"))));
	assert_ok(check(-9, value_integer(1)));
}

static struct change
creation(struct change_field *fields, size_t count)
{
	return (struct change){.n = 1, .type = 3, .fields = fields, .field_count = count};
}

TEST(a_creation_needs_its_required_fields)
{
	struct change_field fields[] = {{1, value_integer((int64_t)id_make(5, 7))},
					{2, value_integer(20000)}};
	struct change change = creation(fields, 2);

	assert_ok(change_check(visit(), &change, &error));
	fields[1].value = value_empty();
	assert_int_equal(change_check(visit(), &change, &error), STATUS_NOT_FOUND);
	assert_string_equal(error.detail, "date: required when visit is created");
	change.field_count = 1;
	assert_int_equal(change_check(visit(), &change, &error), STATUS_NOT_FOUND);
}

TEST(an_edit_needs_no_required_fields)
{
	struct change_field fields[] = {{2, value_empty()}};
	struct change change = creation(fields, 1);

	change.base.epoch = 9;
	assert_ok(change_check(visit(), &change, &error));
}

TEST(a_retired_field_is_no_longer_required)
{
	struct change_field fields[] = {{1, value_integer((int64_t)id_make(5, 7))}};
	struct change change = creation(fields, 1);

	sample.visit[VISIT_DATE].retired = 3;
	assert_ok(change_check(visit(), &change, &error));
}

TEST(a_creation_without_a_root_needs_a_village)
{
	struct change_field fields[] = {{1, value_text(TEXT("Siti"))},
					{TAG_VILLAGE, value_integer(6303072001)}};
	struct change change = creation(fields, 2);
	const struct record_type *family = &sample.types[TYPE_FAMILY];

	assert_ok(change_check(family, &change, &error));
	change.field_count = 1;
	assert_int_equal(change_check(family, &change, &error), STATUS_NOT_FOUND);
	assert_string_equal(error.detail, "village: required when family is created");
}

TEST(a_creation_whose_root_is_empty_needs_a_village)
{
	struct change_field fields[] = {{2, value_text(TEXT("Siti"))},
					{TAG_VILLAGE, value_integer(6303072001)}};
	struct change change = creation(fields, 2);
	const struct record_type *person = &sample.types[TYPE_PERSON];

	assert_ok(change_check(person, &change, &error));
	change.field_count = 1;
	assert_int_equal(change_check(person, &change, &error), STATUS_NOT_FOUND);
}

TEST(a_change_with_one_bad_value_is_invalid_and_the_value_is_not_told)
{
	struct change_field fields[] = {{4, value_integer(987654321)}, {99, value_integer(1)}};
	struct change change = creation(fields, 2);

	change.base.epoch = 9;
	assert_int_equal(change_check(visit(), &change, &error), STATUS_INVALID);
	assert_string_equal(error.detail, "hb: outside 3 to 25 g/dL");
}

#define WITH(sentence) CASE_WITH(sentence, set_up, NULL)

RUN_TESTS(WITH(decimals_are_read_in_the_shown_unit),
	  WITH(a_number_is_refused_with_the_rule_that_it_breaks),
	  WITH(an_empty_text_clears_any_field), WITH(booleans_are_true_or_false),
	  WITH(choices_are_read_by_name), WITH(dates_are_calendar_days),
	  WITH(texts_are_kept_as_they_are_up_to_their_limit), WITH(references_are_ids),
	  WITH(an_id_with_more_behind_it_is_refused), WITH(a_nul_does_not_end_a_code),
	  WITH(points_are_latitude_and_longitude), WITH(villages_are_read_with_or_without_dots),
	  WITH(the_reason_of_an_archive_is_a_text),
	  WITH(a_field_that_the_type_does_not_have_is_not_found),
	  WITH(a_list_replaces_the_set_that_was_shown), WITH(signs_change_the_set_that_was_shown),
	  WITH(choices_of_a_newer_schema_stay_in_the_set),
	  WITH(a_set_that_is_no_list_of_choices_is_refused),
	  WITH(a_value_of_another_form_is_refused),
	  WITH(a_text_of_no_bytes_is_refused_as_empty_is_a_value_of_its_own),
	  WITH(a_value_is_checked_against_range_choices_text_bound_and_ids),
	  WITH(a_value_of_a_field_that_the_schema_does_not_know_is_left_alone),
	  WITH(a_creation_needs_its_required_fields), WITH(an_edit_needs_no_required_fields),
	  WITH(a_retired_field_is_no_longer_required),
	  WITH(a_creation_without_a_root_needs_a_village),
	  WITH(a_creation_whose_root_is_empty_needs_a_village),
	  WITH(a_change_with_one_bad_value_is_invalid_and_the_value_is_not_told))

/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/http/csv_cell.h"
#include "protocol/id.h"
#include "tests/testing.h"

static char cell[256];

static const char *
taken(struct buffer *out)
{
	assert_int_equal(out->status, STATUS_OK);
	assert_true(out->length < sizeof cell);
	if (out->length > 0) {
		memcpy(cell, out->at, out->length);
	}
	cell[out->length] = '\0';
	buffer_finish(out);
	return cell;
}

static const char *
text_cell(const char *text)
{
	struct buffer out;

	buffer_init(&out, sizeof cell);
	csv_text(&out, span_of_text(text), true);
	return taken(&out);
}

static const char *
value_cell(const struct field *field, int32_t tag, struct value value)
{
	struct buffer out;

	buffer_init(&out, sizeof cell);
	csv_value(&out, field, tag, value);
	return taken(&out);
}

static struct choice choices[] = {{.code = 1, .name = {(const uint8_t *)"asi", 3}},
				  {.code = 2, .name = {(const uint8_t *)"gizi", 4}}};
static const struct choice_list topics = {.choices = choices, .count = 2};

TEST(plain_text_stands_as_it_is)
{
	assert_string_equal(text_cell("Jl. Melur No. 4"), "Jl. Melur No. 4");
	assert_string_equal(text_cell(""), "");
}

TEST(text_is_quoted_where_a_reader_would_take_it_apart)
{
	assert_string_equal(text_cell("a,b"), "\"a,b\"");
	assert_string_equal(text_cell("a;b"), "\"a;b\"");
	assert_string_equal(text_cell("say \"x\""), "\"say \"\"x\"\"\"");
	assert_string_equal(text_cell("one\ntwo"), "\"one\ntwo\"");
	assert_string_equal(text_cell(" edge"), "\" edge\"");
}

TEST(text_that_a_spreadsheet_would_run_gets_an_apostrophe)
{
	assert_string_equal(text_cell("=1+1"), "\"'=1+1\"");
	assert_string_equal(text_cell("@SUM(A1)"), "\"'@SUM(A1)\"");
	assert_string_equal(text_cell("+cmd|' /C calc'!A0"), "\"'+cmd|' /C calc'!A0\"");
	assert_string_equal(text_cell("-A1"), "\"'-A1\"");
	assert_string_equal(text_cell("-"), "\"'-\"");
}

TEST(telephone_numbers_keep_their_sign)
{
	assert_string_equal(text_cell("+62 811-000"), "+62 811-000");
	assert_string_equal(text_cell("-3.4"), "-3.4");
}

TEST(decimals_stand_in_the_shown_unit)
{
	const struct field weight = {.tag = 1, .type = FIELD_INTEGER, .scale = 3};

	assert_string_equal(value_cell(&weight, 1, value_integer(8450)), "8.45");
	assert_string_equal(value_cell(&weight, 1, value_integer(-500)), "-0.5");
}

TEST(choices_and_sets_stand_by_name)
{
	const struct field choice = {.tag = 1, .type = FIELD_CHOICE, .choices = &topics};
	const struct field set = {.tag = 2, .type = FIELD_SET, .choices = &topics};

	assert_string_equal(value_cell(&choice, 1, value_integer(2)), "gizi");
	assert_string_equal(value_cell(&choice, 1, value_integer(9)), "code 9 (new)");
	assert_string_equal(value_cell(&set, 2, value_integer(2)), "asi");
	assert_string_equal(value_cell(&set, 2, value_integer(6)), "\"asi,gizi\"");
	assert_string_equal(value_cell(&set, 2, value_integer(0)), "");
}

TEST(dates_references_points_and_truth_are_written_as_forms_take_them)
{
	const struct field date = {.tag = 1, .type = FIELD_DATE};
	const struct field reference = {.tag = 2, .type = FIELD_REFERENCE};
	const struct field point = {.tag = 3, .type = FIELD_POINT, .scale = 5};
	const struct field truth = {.tag = 4, .type = FIELD_BOOLEAN};
	char id[ID_TEXT_SIZE];

	assert_string_equal(value_cell(&date, 1, value_integer(0)), "1970-01-01");
	assert_string_equal(value_cell(&reference, 2, value_integer((int64_t)id_make(7, 1))),
			    id_format(id_make(7, 1), id));
	assert_string_equal(value_cell(&point, 3, value_pair(-340893, 11485376)),
			    "\"-3.40893,114.85376\"");
	assert_string_equal(value_cell(&truth, 4, value_boolean(true)), "true");
	assert_string_equal(value_cell(&truth, 4, value_empty()), "");
	assert_string_equal(value_cell(NULL, TAG_SAME_AS, value_integer((int64_t)id_make(7, 1))),
			    id);
}

RUN_TESTS(CASE(plain_text_stands_as_it_is), CASE(text_is_quoted_where_a_reader_would_take_it_apart),
	  CASE(text_that_a_spreadsheet_would_run_gets_an_apostrophe),
	  CASE(telephone_numbers_keep_their_sign), CASE(decimals_stand_in_the_shown_unit),
	  CASE(choices_and_sets_stand_by_name),
	  CASE(dates_references_points_and_truth_are_written_as_forms_take_them))

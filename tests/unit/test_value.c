/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/value.h"
#include "tests/exact.h"

#define LIMIT ((int64_t)1 << 62)

static char text_of_max[VALUE_TEXT_MAX + 1];

static void
assert_written(struct value value, const char *hex)
{
	struct buffer buffer;
	struct reader reader;
	struct value again;

	buffer_init(&buffer, 100);
	value_put(value, &buffer);
	assert_hex(buffer.at, buffer.length, hex);
	reader = reader_of(buffer_span(&buffer));
	assert_true(value_get(&reader, &again));
	assert_int_equal(reader.left, 0);
	assert_true(value_equal(again, value));
	buffer_finish(&buffer);
}

static void
assert_not_read(const char *hex)
{
	uint8_t bytes[64];
	size_t length = strlen(hex) / 2;
	struct value value = value_integer(42);
	struct reader reader;
	uint8_t *copy;

	assert_true(hex_decode(hex, bytes, length));
	copy = exact_copy(span_of(bytes, length));
	reader = reader_of(span_of(copy, length));
	assert_false(value_get(&reader, &value));
	assert_int_equal(reader.left, length);
	assert_true(value_equal(value, value_integer(42)));
	free(copy);
}

TEST(values_of_each_form_have_their_bytes)
{
	assert_written(value_empty(), "f6");
	assert_written(value_integer(0), "00");
	assert_written(value_integer(8450), "192102");
	assert_written(value_integer(-1), "20");
	assert_written(value_boolean(true), "f5");
	assert_written(value_boolean(false), "f4");
	assert_written(value_text(span_of_text("")), "60");
	assert_written(value_text(span_of_text("Siti")), "6453697469");
	assert_written(value_pair(-34500000, 1148000000), "823a020e6d9f1a446d1700");
}

TEST(integers_go_from_minus_2_62_to_the_highest_mask)
{
	assert_written(value_integer(LIMIT), "1b4000000000000000");
	assert_written(value_integer(-LIMIT), "3b3fffffffffffffff");
	assert_written(value_integer(INT64_MAX), "1b7fffffffffffffff");
	assert_written(value_pair(INT64_MAX, -LIMIT), "821b7fffffffffffffff3b3fffffffffffffff");
	assert_not_read("3b4000000000000000");
	assert_not_read("3b7fffffffffffffff");
	assert_not_read("1b8000000000000000");
	assert_not_read("823b400000000000000000");
	assert_not_read("821b800000000000000000");
}

TEST(what_is_no_value_is_not_read)
{
	static const char *const items[] = {
		"",	    "40",     "4101",	  "80",	    "8101",	  "83010203",
		"9f0102ff", "a0",     "a10102",	  "c001",   "e0",	  "f0",
		"f7",	    "f90000", "ff",	  "f814",   "1817",	  "c24101",
		"7f6161ff", "6100",   "61ff",	  "6261",   "8201",	  "82016161",
		"826161",   "82f501", "82f6f6",	  "8201f6", "8280",	  "800102",
		"810102",   "19",     "98020102", "62c080", "fa00000000", "821b000000000000000001"};

	for (size_t i = 0; i < sizeof items / sizeof items[0]; i++) {
		assert_not_read(items[i]);
	}
}

TEST(text_has_a_longest_length)
{
	struct buffer buffer;
	struct reader reader;
	struct value value;

	memset(text_of_max, 'x', sizeof text_of_max);
	buffer_init(&buffer, 2 * VALUE_TEXT_MAX);
	value_put(value_text(span_of(text_of_max, VALUE_TEXT_MAX)), &buffer);
	reader = reader_of(buffer_span(&buffer));
	assert_true(value_get(&reader, &value));
	assert_int_equal(value.text.length, VALUE_TEXT_MAX);
	buffer_clear(&buffer);
	value_put(value_text(span_of(text_of_max, VALUE_TEXT_MAX + 1)), &buffer);
	reader = reader_of(buffer_span(&buffer));
	assert_false(value_get(&reader, &value));
	buffer_finish(&buffer);
}

TEST(reader_stands_behind_the_value_it_read)
{
	static const uint8_t bytes[] = {0x01, 0x82, 0x02, 0x03, 0x61, 'x', 0xf6};
	struct reader reader = reader_of(span_of(bytes, sizeof bytes));
	static const size_t left[] = {6, 3, 1, 0};
	struct value value;

	for (size_t i = 0; i < 4; i++) {
		assert_true(value_get(&reader, &value));
		assert_int_equal(reader.left, left[i]);
	}
	assert_false(value_get(&reader, &value));
}

TEST(values_are_ordered_by_form_then_content)
{
	const struct value ascending[] = {
		value_empty(),
		value_integer(-LIMIT),
		value_integer(-1),
		value_integer(0),
		value_integer(INT64_MAX),
		value_boolean(false),
		value_boolean(true),
		value_text(span_of(NULL, 0)),
		value_text(span_of_text("a")),
		value_text(span_of_text("ab")),
		value_text(span_of_text("b")),
		value_text(span_of_text("\xc3\xa9")),
		value_pair(-1, INT64_MAX),
		value_pair(0, 0),
		value_pair(0, 1),
		value_pair(1, -1),
	};
	const int count = sizeof ascending / sizeof ascending[0];

	for (int a = 0; a < count; a++) {
		for (int b = 0; b < count; b++) {
			int order = value_compare(ascending[a], ascending[b]);

			assert_int_equal((order > 0) - (order < 0), (a > b) - (a < b));
			assert_true(value_equal(ascending[a], ascending[b]) == (a == b));
		}
	}
}

TEST(texts_are_equal_by_content_not_by_place)
{
	char copy[] = "Siti";

	assert_true(value_equal(value_text(span_of_text(copy)), value_text(span_of_text("Siti"))));
}

TEST(known_days_have_their_numbers)
{
	static const struct {
		const char *text;
		int64_t day;
	} days[] = {{"1970-01-01", 0},	     {"1969-12-31", -1},      {"1945-08-17", -8903},
		    {"2000-02-29", 11016},   {"2000-03-01", 11017},   {"2024-02-29", 19782},
		    {"2026-11-20", 20777},   {"2100-03-01", 47541},   {"1900-03-01", -25508},
		    {"1600-02-29", -135081}, {"0001-01-01", -719162}, {"9999-12-31", 2932896}};

	for (size_t i = 0; i < sizeof days / sizeof days[0]; i++) {
		char text[DAY_TEXT_SIZE];
		int64_t day;

		assert_true(day_parse(span_of_text(days[i].text), &day));
		assert_int_equal(day, days[i].day);
		assert_string_equal(day_format(day, text), days[i].text);
	}
}

static int
days_of_month(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap);
}

TEST(every_month_of_every_year_follows_the_one_before)
{
	int64_t first = -719162;

	for (int year = 1; year <= 9999; year++) {
		for (int month = 1; month <= 12; month++) {
			int last = days_of_month(year, month);
			int civil[3];

			assert_int_equal(day_from_civil(year, month, 1), first);
			assert_int_equal(day_from_civil(year, month, last), first + last - 1);
			day_to_civil(first, &civil[0], &civil[1], &civil[2]);
			assert_true(civil[0] == year && civil[1] == month && civil[2] == 1);
			day_to_civil(first + last - 1, &civil[0], &civil[1], &civil[2]);
			assert_true(civil[0] == year && civil[1] == month && civil[2] == last);
			first += last;
		}
	}
	assert_int_equal(first, 2932897);
}

TEST(text_that_is_no_day_is_refused)
{
	static const char *const texts[] = {
		"",	      "2026-11-2",  "2026-11-200", "2026-1-20",	 "26-11-20",
		"2026/11/20", "2026-11/20", "20261120",	   "2026-00-10", "2026-13-10",
		"2026-01-00", "2026-01-32", "2026-04-31",  "2026-02-29", "2100-02-29",
		"1900-02-29", "2024-02-30", "0000-12-31",  "-001-01-01", "+026-01-01",
		"2026-+1-01", "2026-01- 1", "2026-01-1 ",  "2026-1a-01", "2026-01-:0",
		"2026-01-/0", "9999-12-32", "2026-11-20T", " 026-11-20", "2026-99-99"};

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		int64_t day = 42;

		assert_false(day_parse(span_of_text(texts[i]), &day));
		assert_int_equal(day, 42);
	}
}

TEST(days_outside_the_calendar_are_written_as_none)
{
	static const int64_t days[] = {-719163, 2932897, INT64_MIN, INT64_MAX, LIMIT, -LIMIT,
				       /* The year would wrap around to 1970 in 32 bits. */
				       (INT64_C(1) << 32) / 400 * 146097};

	for (size_t i = 0; i < sizeof days / sizeof days[0]; i++) {
		char text[DAY_TEXT_SIZE];

		assert_string_equal(day_format(days[i], text), "0000-00-00");
	}
}

TEST(instants_have_milliseconds_in_utc)
{
	char text[INSTANT_TEXT_SIZE];

	assert_string_equal(instant_format(1795143845678, text), "2026-11-20T03:04:05.678Z");
	assert_string_equal(instant_format(0, text), "1970-01-01T00:00:00.000Z");
	assert_string_equal(instant_format(-1, text), "1969-12-31T23:59:59.999Z");
	assert_string_equal(instant_format(-86400000, text), "1969-12-31T00:00:00.000Z");
	assert_string_equal(instant_format(86399999, text), "1970-01-01T23:59:59.999Z");
	assert_string_equal(instant_format(INT64_C(253402300799999), text),
			    "9999-12-31T23:59:59.999Z");
	assert_int_equal(strlen(instant_format(INT64_MAX, text)), INSTANT_TEXT_SIZE - 1);
	assert_int_equal(strlen(instant_format(INT64_MIN, text)), INSTANT_TEXT_SIZE - 1);
}

static void
assert_decimal(const char *text, unsigned scale, int64_t wanted)
{
	int64_t value;

	assert_true(decimal_parse(span_of_text(text), scale, &value));
	assert_int_equal(value, wanted);
}

TEST(decimals_are_read_with_up_to_their_scale)
{
	assert_decimal("0", 0, 0);
	assert_decimal("-12.50", 2, -1250);
	assert_decimal("-12.5", 2, -1250);
	assert_decimal("12", 2, 1200);
	assert_decimal("8.45", 3, 8450);
	assert_decimal("0.001", 3, 1);
	assert_decimal("-0.001", 3, -1);
	assert_decimal("-0", 1, 0);
	assert_decimal("007", 0, 7);
	assert_decimal("000000000000000000000000000000001", 0, 1);
}

TEST(zeros_beyond_the_scale_are_no_decimals)
{
	int64_t value;

	assert_decimal("11.0", 0, 11);
	assert_decimal("8.4500000000000000000000000000000", 2, 845);
	assert_false(decimal_parse(span_of_text("8.4501"), 2, &value));
	assert_false(decimal_parse(span_of_text("8.4510"), 2, &value));
}

TEST(decimals_reach_2_62_and_not_beyond)
{
	int64_t value = 42;

	assert_decimal("4611686018427387904", 0, LIMIT);
	assert_decimal("-4611686018427387904", 0, -LIMIT);
	assert_decimal("4611686018427.387904", 6, LIMIT);
	assert_decimal("461168601842738790.4", 1, LIMIT);
	assert_decimal("461168601842738790", 1, LIMIT - 4);
	assert_false(decimal_parse(span_of_text("4611686018427387905"), 0, &value));
	assert_false(decimal_parse(span_of_text("-4611686018427387905"), 0, &value));
	assert_false(decimal_parse(span_of_text("461168601842738791"), 1, &value));
	assert_false(decimal_parse(span_of_text("46116860184273879040"), 0, &value));
	assert_false(decimal_parse(span_of_text("99999999999999999999999999"), 0, &value));
	assert_false(decimal_parse(span_of_text("18446744073709551617"), 0, &value));
	assert_int_equal(value, 42);
}

TEST(text_that_is_no_number_is_refused)
{
	static const char *const texts[] = {"",	   "-",	   ".",	    "-.",    ".5",  "5.",
					    "-.5", "1..2", "1.2.3", "+1",    "1,5", " 1",
					    "1 ",  "1e3",  "--1",   "1-",    "0x1", "٣",
					    "1.-", "NaN",  "1.2a",  "1_000", "1/",  "1:"};
	int64_t value = 42;

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		assert_false(decimal_parse(span_of_text(texts[i]), 3, &value));
		assert_int_equal(value, 42);
	}
	assert_false(decimal_parse(span_of("1\0", 2), 3, &value));
}

static void
assert_decimal_written(int64_t value, unsigned scale, const char *wanted)
{
	char text[DECIMAL_TEXT_SIZE];

	assert_string_equal(decimal_format(value, scale, text), wanted);
}

TEST(decimals_are_written_in_shortest_form)
{
	assert_decimal_written(0, 0, "0");
	assert_decimal_written(0, 6, "0");
	assert_decimal_written(8450, 3, "8.45");
	assert_decimal_written(110, 1, "11");
	assert_decimal_written(110, 0, "110");
	assert_decimal_written(1, 3, "0.001");
	assert_decimal_written(-1, 3, "-0.001");
	assert_decimal_written(-1250, 2, "-12.5");
	assert_decimal_written(1000000, 6, "1");
	assert_decimal_written(1000001, 6, "1.000001");
	assert_decimal_written(INT64_MAX, 6, "9223372036854.775807");
	assert_decimal_written(INT64_MIN, 0, "-9223372036854775808");
	assert_decimal_written(INT64_MIN, 18, "-9.223372036854775808");
}

TEST(written_decimals_are_read_back)
{
	static const int64_t values[] = {0,   1,      -1,      9,	10,    -10,    99,
					 100, 123456, -999999, 1000000, LIMIT, -LIMIT, LIMIT - 1};

	for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
		for (unsigned scale = 0; scale <= 18; scale++) {
			char text[DECIMAL_TEXT_SIZE];

			assert_decimal(decimal_format(values[i], scale, text), scale, values[i]);
		}
	}
}

RUN_TESTS(CASE(values_of_each_form_have_their_bytes),
	  CASE(integers_go_from_minus_2_62_to_the_highest_mask), CASE(what_is_no_value_is_not_read),
	  CASE(text_has_a_longest_length), CASE(reader_stands_behind_the_value_it_read),
	  CASE(values_are_ordered_by_form_then_content),
	  CASE(texts_are_equal_by_content_not_by_place), CASE(known_days_have_their_numbers),
	  CASE(every_month_of_every_year_follows_the_one_before),
	  CASE(text_that_is_no_day_is_refused), CASE(days_outside_the_calendar_are_written_as_none),
	  CASE(instants_have_milliseconds_in_utc), CASE(decimals_are_read_with_up_to_their_scale),
	  CASE(zeros_beyond_the_scale_are_no_decimals), CASE(decimals_reach_2_62_and_not_beyond),
	  CASE(text_that_is_no_number_is_refused), CASE(decimals_are_written_in_shortest_form),
	  CASE(written_decimals_are_read_back))

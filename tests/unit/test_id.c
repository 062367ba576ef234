/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/id.h"
#include "tests/testing.h"

static const char alphabet[] = "0123456789abcdefghjkmnpqrstvwxyz";

static const struct {
	uint32_t stream;
	uint32_t n;
	const char *text;
} samples[] = {
	{1, 1, "r4000001r"},
	{1, 0xffffffff, "r7zzzzzzt"},
	{0x4d3c2b1a, 17, "r4tf1b3800000ht"},
	{0x12345678, 0x9abcdef, "r14d2pf04tqkff2"},
	{0x7fffffff, 0x7fffffff, "r7zzzzzxzzzzzzb"},
	{0x7fffffff, 0xffffffff, "r7zzzzzzzzzzzz6"},
};
enum { SAMPLES = sizeof samples / sizeof samples[0] };

static bool
parses(const char *text)
{
	uint64_t id;

	return id_parse(text, &id, NULL) == STATUS_OK;
}

static void
assert_refused(const char *text, enum status status, const char *where)
{
	uint64_t id = 42;
	struct error err;

	assert_int_equal(id_parse(text, &id, &err), status);
	assert_string_equal(err.detail, where);
	assert_int_equal(id, 42);
}

TEST(id_is_made_of_its_stream_and_n)
{
	uint64_t id = id_make(0x12345678, 0x9abcdef0);

	assert_int_equal(id, 0x123456789abcdef0);
	assert_int_equal(id_stream(id), 0x12345678);
	assert_int_equal(id_n(id), 0x9abcdef0);
}

TEST(id_needs_a_stream_of_31_bits_and_an_n)
{
	assert_true(id_valid(id_make(1, 1)));
	assert_true(id_valid(id_make(0x7fffffff, 0xffffffff)));
	assert_false(id_valid(0));
	assert_false(id_valid(id_make(0, 1)));
	assert_false(id_valid(id_make(1, 0)));
	assert_false(id_valid(id_make(0x80000000, 1)));
}

TEST(ids_are_written_as_the_protocol_says_and_read_back)
{
	for (size_t i = 0; i < SAMPLES; i++) {
		uint64_t id = id_make(samples[i].stream, samples[i].n);
		char text[ID_TEXT_SIZE];
		uint64_t again;

		assert_string_equal(id_format(id, text), samples[i].text);
		assert_ok(id_parse(text, &again, NULL));
		assert_int_equal(again, id);
	}
}

TEST(highest_number_fits_its_text)
{
	char text[ID_TEXT_SIZE];

	assert_int_equal(strlen(id_format(UINT64_MAX, text)), ID_TEXT_SIZE - 1);
	assert_refused(text, STATUS_NOT_ID, "");
	assert_string_equal(id_format(0, text), "r00");
}

TEST(any_case_and_lookalikes_are_read)
{
	uint64_t id;

	assert_ok(id_parse("R4TF1B3800000HT", &id, NULL));
	assert_int_equal(id, id_make(0x4d3c2b1a, 17));
	assert_ok(id_parse("r4tfib38oOoO0ht", &id, NULL));
	assert_int_equal(id, id_make(0x4d3c2b1a, 17));
	assert_ok(id_parse("r4tfLB3800000ht", &id, NULL));
	assert_int_equal(id, id_make(0x4d3c2b1a, 17));
	assert_ok(id_parse("r4tfIB3800000ht", &id, NULL));
	assert_int_equal(id, id_make(0x4d3c2b1a, 17));
}

TEST(every_substituted_symbol_is_noticed)
{
	for (size_t i = 0; i < SAMPLES; i++) {
		size_t length = strlen(samples[i].text);
		char text[ID_TEXT_SIZE];

		memcpy(text, samples[i].text, length + 1);
		for (size_t at = 1; at < length; at++) {
			for (const char *symbol = alphabet; *symbol != '\0'; symbol++) {
				text[at] = *symbol;
				assert_true(parses(text) == (*symbol == samples[i].text[at]));
			}
			text[at] = samples[i].text[at];
		}
	}
}

TEST(every_pair_of_swapped_symbols_is_noticed)
{
	for (size_t i = 0; i < SAMPLES; i++) {
		size_t length = strlen(samples[i].text);
		char text[ID_TEXT_SIZE];

		memcpy(text, samples[i].text, length + 1);
		for (size_t at = 1; at < length; at++) {
			for (size_t other = at + 1; other < length; other++) {
				text[at] = samples[i].text[other];
				text[other] = samples[i].text[at];
				assert_true(parses(text) == (text[at] == text[other]));
				text[at] = samples[i].text[at];
				text[other] = samples[i].text[other];
			}
		}
	}
}

TEST(every_lost_symbol_is_noticed_in_these_ids)
{
	for (size_t i = 0; i < SAMPLES; i++) {
		size_t length = strlen(samples[i].text);

		for (size_t at = 0; at < length; at++) {
			char text[ID_TEXT_SIZE];

			memcpy(text, samples[i].text, at);
			memcpy(text + at, samples[i].text + at + 1, length - at);
			assert_false(parses(text));
		}
	}
}

TEST(wrong_length_or_first_letter_is_no_id)
{
	assert_refused("", STATUS_NOT_ID, "");
	assert_refused("r", STATUS_NOT_ID, "");
	assert_refused("r0", STATUS_NOT_ID, "");
	assert_refused("4000001r", STATUS_NOT_ID, "");
	assert_refused("s4000001r", STATUS_NOT_ID, "");
	assert_refused("r7zzzzzzzzzzzzz6", STATUS_NOT_ID, "");
	assert_refused("r7zzzzzzzzzzzz6r7zzzzzzzzzzzz6r7zzzzzzzzzzzz6", STATUS_NOT_ID, "");
}

TEST(symbol_outside_the_alphabet_is_named_by_its_place)
{
	assert_refused("r4u00001r", STATUS_MISTYPED_ID, "#3");
	assert_refused("r400000-r", STATUS_MISTYPED_ID, "#8");
	assert_refused("r4000 01r", STATUS_MISTYPED_ID, "#6");
	assert_refused("r4\xc3\xa9"
		       "00001r",
		       STATUS_MISTYPED_ID, "#3");
	assert_refused("r4000001*", STATUS_MISTYPED_ID, "");
	assert_refused("r4000001u", STATUS_MISTYPED_ID, "");
}

TEST(leading_zeros_are_not_the_shortest_form)
{
	assert_refused("r04000001r", STATUS_NOT_ID, "");
	assert_refused("rO4000001r", STATUS_NOT_ID, "");
	assert_refused("r00", STATUS_NOT_ID, "");
}

TEST(numbers_that_are_no_ids_are_refused_though_their_check_fits)
{
	static const uint64_t numbers[] = {1, 0xffffffff, (uint64_t)1 << 32, (uint64_t)1 << 63,
					   ((uint64_t)1 << 63) + 1};

	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
		char text[ID_TEXT_SIZE];

		assert_refused(id_format(numbers[i], text), STATUS_NOT_ID, "");
	}
}

TEST(thirteen_symbols_beyond_64_bits_are_too_large)
{
	assert_refused("rg0000000000000", STATUS_NOT_ID, "");
	assert_refused("rzzzzzzzzzzzzz0", STATUS_NOT_ID, "");
}

TEST(an_id_is_among_others_only_if_it_is_there)
{
	uint64_t ids[] = {UINT64_MAX, 7, 0, UINT64_C(1) << 40, 7};

	qsort(ids, 5, sizeof ids[0], id_compare);
	assert_int_equal(ids[0], 0);
	assert_true(ids[4] == UINT64_MAX);
	assert_true(id_among(7, ids, 5));
	assert_true(id_among(UINT64_MAX, ids, 5));
	assert_false(id_among(8, ids, 5));
	assert_false(id_among(UINT64_MAX, ids, 4));
	assert_false(id_among(0, NULL, 0));
}

TEST(ids_are_sorted_and_left_once_each)
{
	uint64_t ids[] = {UINT64_MAX, 7, 3, UINT64_C(1) << 40, 7, 3, 3};

	assert_int_equal(id_unique(ids, 7), 4);
	assert_int_equal(ids[0], 3);
	assert_int_equal(ids[1], 7);
	assert_true(ids[2] == UINT64_C(1) << 40);
	assert_true(ids[3] == UINT64_MAX);
	assert_int_equal(id_unique(ids, 1), 1);
	assert_int_equal(id_unique(NULL, 0), 0);
}

RUN_TESTS(CASE(ids_are_sorted_and_left_once_each), CASE(an_id_is_among_others_only_if_it_is_there),
	  CASE(id_is_made_of_its_stream_and_n), CASE(id_needs_a_stream_of_31_bits_and_an_n),
	  CASE(ids_are_written_as_the_protocol_says_and_read_back),
	  CASE(highest_number_fits_its_text), CASE(any_case_and_lookalikes_are_read),
	  CASE(every_substituted_symbol_is_noticed), CASE(every_pair_of_swapped_symbols_is_noticed),
	  CASE(every_lost_symbol_is_noticed_in_these_ids),
	  CASE(wrong_length_or_first_letter_is_no_id),
	  CASE(symbol_outside_the_alphabet_is_named_by_its_place),
	  CASE(leading_zeros_are_not_the_shortest_form),
	  CASE(numbers_that_are_no_ids_are_refused_though_their_check_fits),
	  CASE(thirteen_symbols_beyond_64_bits_are_too_large))

/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/record.h"
#include "tests/exact.h"
#include "tests/testing.h"
#include "tests/unit/history.h"

#define MERGE(...) history_merge(h, (struct step){__VA_ARGS__})
#define HISTORY struct history *h = *state

/* The encoding of the record, then of what it decodes to; both must be `hex`. */
static void
assert_encodes(struct history *h, const char *hex)
{
	struct buffer bytes;
	struct buffer again;
	struct reader in;
	struct record record;

	buffer_init(&bytes, RECORD_BYTES_MAX);
	buffer_init(&again, RECORD_BYTES_MAX);
	record_encode(&h->record, NULL, &bytes);
	assert_hex(bytes.at, bytes.length, hex);
	in = reader_of(buffer_span(&bytes));
	assert_true(record_decode(&in, &h->arena, &record));
	assert_int_equal(in.left, 0);
	record_encode(&record, NULL, &again);
	assert_hex(again.at, again.length, hex);
	buffer_finish(&bytes);
	buffer_finish(&again);
}

static bool
hex_decodes(struct arena *arena, const char *hex)
{
	uint8_t bytes[512];
	char digits[1025];
	size_t length = 0;
	uint8_t *exact;
	struct reader in;
	struct record record = {.id = 77};
	bool decoded;

	for (; *hex != '\0'; hex++) {
		if (*hex != ' ') {
			assert_true(length < sizeof digits - 1);
			digits[length++] = *hex;
		}
	}
	digits[length] = '\0';
	assert_true(hex_decode(digits, bytes, length / 2));
	exact = exact_copy(span_of(bytes, length / 2));
	in = reader_of(span_of(exact, length / 2));
	decoded = record_decode(&in, arena, &record);
	if (!decoded) {
		assert_int_equal(in.left, length / 2);
		assert_int_equal(record.id, 77);
	}
	free(exact);
	return decoded;
}

static void
assert_refused(struct arena *arena, const char *hex)
{
	bool decoded = hex_decodes(arena, hex);

	if (decoded) {
		print_error("decodes: %s\n", hex);
	}
	assert_false(decoded);
}

TEST(record_of_one_change_costs_a_tag_and_a_value_per_field)
{
	HISTORY;

	MERGE(.stream = 7, .n = 1, .tag = REVIEW, .value = number(8450), .tag_2 = LATEST,
	      .value_2 = value_empty(), .time = 1795000000);
	h->record.village = 6303072001;
	assert_encodes(h, "86 1b0000000700000001 03 1b0000000177b13f01 01"
			  "81 82 00 1a6afd86c0"
			  "a2 01 192102 02 f6");
}

TEST(pending_creation_is_plain_too)
{
	HISTORY;

	MERGE(.stream = 7, .n = 1, .pending = true, .tag = REVIEW, .value = number(1));
	assert_encodes(h, "86 1b0000000700000001 03 00 00 81 82 f6 00 a1 01 01");
}

TEST(point_is_told_from_a_list_of_members)
{
	HISTORY;

	MERGE(.stream = 7, .n = 1, .tag = UNKNOWN, .value = value_pair(1, 2));
	assert_encodes(h, "86 1b0000000700000001 03 00 01 81 82 00 00 a1 1828 82 01 02");
	MERGE(.stream = 9, .n = 1, .base = 1, .tag = UNKNOWN, .value = value_pair(3, 4));
	MERGE(.stream = 8, .n = 2, .base = 2, .tag = REVIEW, .value = number(0));
	assert_encodes(h, "86 1b0000000700000001 03 00 03"
			  "82 87 00 00 02 08 1864 01 00 86 01 00 01 09 1864 02"
			  "a2 01 00 1828 83 01 04 82 03 04");
}

TEST(edit_is_on_the_dot_that_made_the_record_or_names_its_own)
{
	HISTORY;

	MERGE(.stream = 7, .n = 1, .tag = REVIEW, .value = number(1), .tag_2 = LATEST,
	      .value_2 = number(1), .time = 5);
	/* A stream below 7, so that the maker is not the first dot. */
	MERGE(.stream = 5, .n = 4, .server = true, .base = 1, .tag = LATEST, .value = number(2));
	assert_encodes(h, "86 1b0000000700000001 03 00 02"
			  "82 87 00 00 04 05 1864 01 00 82 01 05"
			  "a2 01 01 02 83 00 00 02");
}

TEST(dots_take_the_shortest_form)
{
	HISTORY;

	MERGE(.stream = 7, .n = 2, .own = 1, .tag = REVIEW, .value = number(0));
	assert_encodes(h, "86 1b0000000700000001 03 00 01 81 83 00 00 02 a1 01 00");
	MERGE(.stream = 7, .n = 3, .own = 1, .base = 1, .tag = REVIEW, .value = number(0));
	assert_encodes(h, "86 1b0000000700000001 03 00 02 81 87 00 00 03 07 1864 01 01"
			  "a1 01 00");
	MERGE(.stream = 9, .n = 3, .own = 2, .tag = LATEST, .value = number(0));
	assert_encodes(h, "86 1b0000000700000001 03 00 03"
			  "82 87 01 00 03 07 1864 02 01 84 00 00 03 09"
			  "a2 01 00 02 83 00 04 00");
	MERGE(.stream = 9, .n = 4, .own_stream = 8, .own = 50, .tag = LATEST, .value = number(0));
	assert_encodes(h, "86 1b0000000700000001 03 00 04"
			  "83 87 02 00 03 07 1864 03 01 84 01 00 03 09 88 00 00 04 09 00 f6 1832 08"
			  "a2 01 00 02 85 00 04 00 08 00");
}

TEST(conflict_lists_its_members_in_the_order_of_streams)
{
	HISTORY;

	MERGE(.stream = 9, .n = 1, .tag = REVIEW, .value = number(2));
	MERGE(.stream = 7, .n = 1, .tag = REVIEW, .value = number(1));
	assert_encodes(h, "86 1b0000000700000001 03 00 02"
			  "82 82 00 00 84 01 00 01 09"
			  "a1 01 85 00 00 01 04 02");
}

TEST(rank_is_written_where_it_was_inherited)
{
	HISTORY;

	MERGE(.stream = 7, .n = 1, .tag = ONCE, .value = number(1));
	MERGE(.stream = 7, .n = 2, .own = 1, .tag = ONCE, .value = number(2));
	assert_encodes(h, "86 1b0000000700000001 03 00 02 81 83 00 00 02 a1 05 84 00 02 02 01");
}

TEST(rest_of_a_set_is_marked)
{
	HISTORY;

	MERGE(.stream = 7, .n = 1, .tag = SET, .value = value_pair(3, 0));
	MERGE(.stream = 7, .n = 2, .own = 1, .tag = SET, .value = value_pair(4, 1));
	assert_encodes(h, "86 1b0000000700000001 03 00 02 82 82 01 00 83 00 00 02"
			  "a1 06 85 00 01 02 04 04");
}

TEST(versions_up_to_2_63_survive)
{
	HISTORY;
	struct record_field *field;

	MERGE(.stream = 7, .n = 1, .tag = REVIEW, .value = number(1));
	MERGE(.stream = 9, .n = 1, .tag = REVIEW, .value = number(1));
	h->record.version = INT64_MAX;
	assert_encodes(h, "86 1b0000000700000001 03 00 1b7fffffffffffffff"
			  "82 82 1b7ffffffffffffffe 00 84 1b7ffffffffffffffd 00 01 09"
			  "a1 01 85 1b7ffffffffffffffd 00 01 04 01");
	/* A device: an acknowledged change is newer than the last reply. */
	h->record.version = 0;
	h->record.dots[0].seq = INT64_MAX;
	field = &h->record.fields[0];
	field->version = INT64_MAX;
	field->members[0].rank = INT64_MAX;
	assert_encodes(h, "86 1b0000000700000001 03 00 00"
			  "82 82 3b7ffffffffffffffe 00 84 21 00 01 09"
			  "a1 01 85 3b7ffffffffffffffe 00 01 04 01");
}

TEST(record_without_fields_is_read)
{
	HISTORY;

	assert_true(hex_decodes(&h->arena, "86 1b0000000700000001 03 00 05 80 a0"));
}

TEST(record_that_says_the_same_in_other_bytes_is_refused)
{
	HISTORY;
	static const char *const wrong[] = {
		/* a plain member written out; on the second dot it would be right */
		"86 1b0000000700000001 03 00 01 81 82 00 00 a1 01 83 00 00 01",
		/* dots in a longer form than they need */
		"86 1b0000000700000001 03 00 01 81 83 00 00 01 a1 01 01",
		"86 1b0000000700000001 03 00 01 81 84 00 00 02 07 a1 01 01",
		"86 1b0000000700000001 03 00 01 81 86 00 00 02 07 00 f6 a1 01 01",
		"86 1b0000000700000001 03 00 01 81 87 00 00 02 07 00 f6 01 a1 01 01",
		"86 1b0000000700000001 03 00 01 81 88 00 00 02 07 00 f6 00 07 a1 01 01",
		/* a rank that is the dot's seq */
		"86 1b0000000700000001 03 00 02 81 83 00 00 02 a1 05 84 00 02 02 00",
		/* 0 that is not null */
		"86 1b0000000700000001 03 00 01 81 82 01 00 a1 01 01",
		"86 1b0000000700000001 03 00 00 81 82 00 00 a1 01 01",
		/* fields, dots and members out of order or twice */
		"86 1b0000000700000001 03 00 01 81 82 00 00 a2 02 01 01 01",
		"86 1b0000000700000001 03 00 01 81 82 00 00 a2 01 01 01 01",
		"86 1b0000000700000001 03 00 02 82 84 01 00 01 09 82 00 00 a1 01 85 00 00 01 04 02",
		"86 1b0000000700000001 03 00 02 82 82 00 00 84 01 00 01 09 a1 01 85 00 04 02 00 01",
		"86 1b0000000700000001 03 00 02 82 82 00 00 82 00 00 a1 01 85 00 00 01 04 02",
		/* a dot that no member uses */
		"86 1b0000000700000001 03 00 02 82 82 00 00 84 01 00 01 09 a1 01 01",
		"86 1b0000000700000001 03 00 01 81 82 00 00 a0",
	};

	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		assert_refused(&h->arena, wrong[i]);
	}
}

TEST(record_out_of_bounds_is_refused)
{
	HISTORY;
	static const char *const wrong[] = {
		"85 1b0000000700000001 03 00 01 80",
		"87 1b0000000700000001 03 00 01 80 a0 00",
		"86 1b0000000700000000 03 00 01 80 a0",
		"86 1b8000000000000001 03 00 01 80 a0",
		"86 1b0000000700000001 00 00 01 80 a0",
		"86 1b0000000700000001 1a00010000 00 01 80 a0",
		"86 1b0000000700000001 03 1b00000002540be400 01 80 a0",
		"86 1b0000000700000001 03 00 1b8000000000000000 80 a0",
		"86 1b0000000700000001 03 00 f6 80 a0",
		/* a field without a dot, a dot beyond the last */
		"86 1b0000000700000001 03 00 01 80 a1 01 01",
		"86 1b0000000700000001 03 00 01 81 82 00 00 a1 01 83 00 04 01",
		/* dots: too short, too long, seq above 2^63 - 1, time, n, stream, own */
		"86 1b0000000700000001 03 00 01 81 81 00 a1 01 01",
		"86 1b0000000700000001 03 00 01 81 85 00 00 02 09 01 a1 01 01",
		"86 1b0000000700000001 03 00 01 81 89 00 00 02 09 01 f6 00 08 00 a1 01 01",
		"86 1b0000000700000001 03 00 01 81 82 3b7fffffffffffffff 00 a1 01 01",
		"86 1b0000000700000001 03 00 01 81 82 3b7ffffffffffffffe 00 a1 01 01",
		"86 1b0000000700000001 03 00 01 81 82 00 1b0000003afff44180 a1 01 01",
		"86 1b0000000700000001 03 00 01 81 83 00 00 00 a1 01 01",
		"86 1b0000000700000001 03 00 01 81 83 00 00 1a80000000 a1 01 01",
		"86 1b0000000700000001 03 00 01 81 84 00 00 01 00 a1 01 01",
		"86 1b0000000700000001 03 00 01 81 84 00 00 01 1a80000000 a1 01 01",
		"86 1b0000000700000001 03 00 01 81 86 00 00 01 09 00 00 a1 01 01",
		"86 1b0000000700000001 03 00 01 81 87 00 00 02 09 00 f6 02 a1 01 01",
		/* tag 0, tags out of range, an odd list, an empty entry, a code without value */
		"86 1b0000000700000001 03 00 01 81 82 00 00 a1 00 01",
		"86 1b0000000700000001 03 00 01 81 82 00 00 a1 1a00010000 01",
		"86 1b0000000700000001 03 00 01 81 82 00 00 a1 39ffff 01",
		"86 1b0000000700000001 03 00 01 81 82 00 00 a1 01",
		"86 1b0000000700000001 03 00 01 81 82 00 00 a1 01 80",
		"86 1b0000000700000001 03 00 01 81 82 00 00 a1 01 81 00",
		"86 1b0000000700000001 03 00 01 81 82 00 00 a1 01 84 00 01 01 00",
		"86 1b0000000700000001 03 00 01 81 82 00 00 a1 01 83 00 02 01",
		/* a rank below the log's beginning, a field version too */
		"86 1b0000000700000001 03 00 01 81 82 00 00 a1 01 84 00 02 01 01",
		"86 1b0000000700000001 03 00 01 81 82 00 00 a1 01 83 01 00 01",
	};

	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		assert_refused(&h->arena, wrong[i]);
	}
}

TEST(every_cut_of_a_record_is_refused)
{
	HISTORY;
	struct buffer bytes;
	struct record record;

	history_of_everything(h);
	buffer_init(&bytes, RECORD_BYTES_MAX);
	record_encode(&h->record, NULL, &bytes);
	for (size_t length = 0; length < bytes.length; length++) {
		uint8_t *cut = exact_copy(span_of(bytes.at, length));
		struct reader in = reader_of(span_of(cut, length));

		assert_false(record_decode(&in, &h->arena, &record));
		free(cut);
	}
	buffer_finish(&bytes);
}

TEST(what_decodes_after_any_byte_was_changed_encodes_to_the_same_bytes)
{
	HISTORY;
	struct buffer bytes;
	struct buffer again;
	struct record record;
	size_t decoded = 0;

	history_of_everything(h);
	buffer_init(&bytes, RECORD_BYTES_MAX);
	buffer_init(&again, RECORD_BYTES_MAX);
	record_encode(&h->record, NULL, &bytes);
	for (size_t i = 0; i < bytes.length * 256; i++) {
		uint8_t kept = bytes.at[i / 256];
		struct reader in = reader_of(buffer_span(&bytes));

		arena_reset(&h->arena);
		bytes.at[i / 256] = (uint8_t)i;
		if (record_decode(&in, &h->arena, &record)) {
			buffer_clear(&again);
			record_encode(&record, NULL, &again);
			assert_int_equal(again.length, bytes.length - in.left);
			assert_memory_equal(again.at, bytes.at, again.length);
			decoded++;
		}
		bytes.at[i / 256] = kept;
	}
	assert_in_range(decoded, bytes.length, bytes.length * 200);
	buffer_finish(&bytes);
	buffer_finish(&again);
}

TEST(decoding_takes_no_more_than_the_arena_gives)
{
	HISTORY;
	struct buffer bytes;
	struct record record;
	struct arena small;
	size_t limit = 0;
	bool decoded = false;

	history_of_everything(h);
	buffer_init(&bytes, RECORD_BYTES_MAX);
	record_encode(&h->record, NULL, &bytes);
	for (; !decoded && limit < 4096; limit += 16) {
		struct reader in = reader_of(buffer_span(&bytes));

		arena_init(&small, limit);
		decoded = record_decode(&in, &small, &record);
		arena_finish(&small);
	}
	assert_in_range(limit, 600, 2000);
	buffer_finish(&bytes);
}

RUN_TESTS(HISTORY_CASE(record_of_one_change_costs_a_tag_and_a_value_per_field),
	  HISTORY_CASE(pending_creation_is_plain_too),
	  HISTORY_CASE(point_is_told_from_a_list_of_members),
	  HISTORY_CASE(edit_is_on_the_dot_that_made_the_record_or_names_its_own),
	  HISTORY_CASE(dots_take_the_shortest_form),
	  HISTORY_CASE(conflict_lists_its_members_in_the_order_of_streams),
	  HISTORY_CASE(rank_is_written_where_it_was_inherited),
	  HISTORY_CASE(rest_of_a_set_is_marked), HISTORY_CASE(versions_up_to_2_63_survive),
	  HISTORY_CASE(record_without_fields_is_read),
	  HISTORY_CASE(record_that_says_the_same_in_other_bytes_is_refused),
	  HISTORY_CASE(record_out_of_bounds_is_refused),
	  HISTORY_CASE(every_cut_of_a_record_is_refused),
	  HISTORY_CASE(what_decodes_after_any_byte_was_changed_encodes_to_the_same_bytes),
	  HISTORY_CASE(decoding_takes_no_more_than_the_arena_gives))

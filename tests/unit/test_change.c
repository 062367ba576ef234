/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/change.h"
#include "tests/exact.h"
#include "tests/testing.h"

/* A creation: n 1, record 7/1, type 3, schema 2, scope 5, time 1795000000, field 1 = 8450. */
#define CREATION "a7 01 01 03 1b0000000700000001 04 03 05 02 06 05 09 1a6afd86c0 0b a1 01 192102"

static int
arena_setup(void **state)
{
	static struct arena arena;

	arena_init(&arena, (size_t)1 << 20);
	*state = &arena;
	return 0;
}

static int
arena_teardown(void **state)
{
	arena_finish(*state);
	return 0;
}

/* Bytes from hex digits; spaces are passed over. */
static struct span
bytes_of(struct arena *arena, const char *hex)
{
	char digits[2048];
	size_t length = 0;
	uint8_t *bytes;

	for (; *hex != '\0'; hex++) {
		if (*hex != ' ') {
			assert_true(length < sizeof digits - 1);
			digits[length++] = *hex;
		}
	}
	digits[length] = '\0';
	bytes = arena_take(arena, 1, length / 2);
	assert_non_null(bytes);
	assert_true(hex_decode(digits, bytes, length / 2));
	return span_of(bytes, length / 2);
}

static void
assert_decodes(struct arena *arena, const char *hex, bool server_stream, struct change *out)
{
	struct span bytes = bytes_of(arena, hex);
	struct error err = {0};
	struct buffer again;
	enum status status;

	status = change_decode(bytes, server_stream, arena, out, &err);
	if (status != STATUS_OK) {
		print_error("%s: %s\n", hex, err.detail);
	}
	assert_ok(status);
	buffer_init(&again, CHANGE_BYTES_MAX);
	change_encode(out, &again);
	assert_int_equal(buffer_status(&again, "change", NULL), STATUS_OK);
	assert_int_equal(again.length, bytes.length);
	assert_memory_equal(again.at, bytes.at, bytes.length);
	buffer_finish(&again);
}

static void
assert_refused(struct arena *arena, const char *hex, bool server_stream, const char *part)
{
	struct change change = {.n = 77};
	struct error err = {0};

	assert_int_equal(change_decode(bytes_of(arena, hex), server_stream, arena, &change, &err),
			 STATUS_MALFORMED);
	assert_contains(err.detail, part);
	assert_int_equal(change.n, 77);
}

TEST(creation_has_its_bytes)
{
	struct change change;

	assert_decodes(*state, CREATION, false, &change);
	assert_int_equal(change.n, 1);
	assert_int_equal(change.kind, CHANGE_EDIT);
	assert_int_equal(change.record, UINT64_C(0x700000001));
	assert_int_equal(change.type, 3);
	assert_int_equal(change.schema_version, 2);
	assert_int_equal(change.scope_version, 5);
	assert_int_equal(change.base.epoch, 0);
	assert_true(change.has_own);
	assert_int_equal(change.own_n, 0);
	assert_int_equal(change.time, 1795000000);
	assert_int_equal(change.quality, CLOCK_SYNCED);
	assert_int_equal(change.field_count, 1);
	assert_int_equal(change.was_stream, 0);
	assert_true(value_equal(change_field(&change, 1)->value, value_integer(8450)));
	assert_null(change_field(&change, 2));
}

TEST(edit_carries_base_own_kind_and_clock_quality)
{
	struct change change;

	assert_decodes(*state,
		       "ab 01 05 02 04 03 1b0000000700000001 04 03 05 02 06 05 07 82 1a000f4240 "
		       "1864 08 02 09 20 0a 01 0b a2 01 f6 20 1b0000000177b21691",
		       false, &change);
	assert_int_equal(change.kind, CHANGE_IMPORT);
	assert_int_equal(change.base.epoch, 1000000);
	assert_int_equal(change.base.version, 100);
	assert_int_equal(change.own_n, 2);
	assert_int_equal(change.own_stream, 0);
	assert_int_equal(change.time, -1);
	assert_int_equal(change.quality, CLOCK_WALL);
	assert_int_equal(change.fields[1].tag, -1);
	assert_int_equal(change_field(&change, -1)->value.integer, INT64_C(6303127185));
}

TEST(own_of_the_change_before_is_left_out)
{
	struct change change;

	assert_decodes(*state, "a7 01 05 03 1b0000000700000001 04 03 05 02 06 05 09 00 0b a1 01 00",
		       false, &change);
	assert_int_equal(change.own_n, 4);
	assert_refused(*state,
		       "a8 01 05 03 1b0000000700000001 04 03 05 02 06 05 08 04 09 00 0b a1 01 00",
		       false, "own");
}

TEST(own_of_the_change_itself_or_later_is_refused)
{
	assert_refused(*state,
		       "a8 01 05 03 1b0000000700000001 04 03 05 02 06 05 08 05 09 00 0b a1 01 00",
		       false, "own");
	assert_refused(*state,
		       "a8 01 01 03 1b0000000700000001 04 03 05 02 06 05 08 00 09 00 0b a1 01 00",
		       false, "own");
}

TEST(own_of_an_older_stream_names_it)
{
	struct change change;

	assert_decodes(
		*state,
		"a8 01 05 03 1b0000000700000001 04 03 05 02 06 05 08 82 09 1864 09 00 0b a1 01 00",
		false, &change);
	assert_int_equal(change.own_stream, 9);
	assert_int_equal(change.own_n, 100);
}

TEST(change_of_a_server_stream_has_no_own)
{
	struct change change;

	assert_decodes(*state, "a7 01 05 03 1b0000000700000001 04 03 05 02 06 05 09 00 0b a1 01 00",
		       true, &change);
	assert_false(change.has_own);
	assert_int_equal(change.own_n, 0);
	assert_refused(*state,
		       "a8 01 05 03 1b0000000700000001 04 03 05 02 06 05 08 02 09 00 0b a1 01 00",
		       true, "own");
}

TEST(change_made_again_after_a_fork_carries_was_and_the_first_hash)
{
	struct change change;

	assert_decodes(*state,
		       "a9 01 01 03 1b0000000700000001 04 03 05 02 06 05 09 00 0b a1 01 00 "
		       "0c 82 06 04 0d 5820 "
		       "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
		       false, &change);
	assert_int_equal(change.was_stream, 6);
	assert_int_equal(change.was_n, 4);
	assert_int_equal(change.first_hash[31], 0x1f);
	assert_refused(*state,
		       "a8 01 01 03 1b0000000700000001 04 03 05 02 06 05 09 00 0b a1 01 00 "
		       "0c 82 06 04",
		       false, "first hash");
	assert_refused(*state,
		       "a8 01 01 03 1b0000000700000001 04 03 05 02 06 05 09 00 0b a1 01 00 0d 5820 "
		       "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
		       false, "left over");
}

TEST(values_of_every_form_travel)
{
	struct change change;

	assert_decodes(*state,
		       "a7 01 01 03 1b0000000700000001 04 03 05 02 06 05 09 00 "
		       "0b a7 01 f6 02 f5 03 6453697469 04 82 01 02 18ff 21 20 05 21 f4",
		       false, &change);
	assert_int_equal(change.field_count, 7);
	assert_true(value_equal(change.fields[2].value, value_text(span_of_text("Siti"))));
	assert_true(value_equal(change.fields[3].value, value_pair(1, 2)));
	assert_int_equal(change.fields[4].tag, 255);
	assert_int_equal(change.fields[6].tag, -2);
}

TEST(tags_are_ordered_as_their_bytes)
{
	static const int32_t tags[] = {1, 2, 23, 24, 65535, -1, -2, -3, -65535};

	for (size_t i = 0; i < sizeof tags / sizeof tags[0]; i++) {
		for (size_t k = 0; k < sizeof tags / sizeof tags[0]; k++) {
			int order = tag_compare(tags[i], tags[k]);

			assert_int_equal((order > 0) - (order < 0), (i > k) - (i < k));
		}
	}
}

TEST(parts_out_of_order_twice_or_unknown_are_refused)
{
	assert_refused(*state, "a7 03 1b0000000700000001 01 01 04 03 05 02 06 05 09 00 0b a1 01 00",
		       false, "n");
	assert_refused(*state,
		       "a8 01 01 01 01 03 1b0000000700000001 04 03 05 02 06 05 09 00 0b a1 01 00",
		       false, "record id");
	assert_refused(*state,
		       "a8 01 01 03 1b0000000700000001 04 03 05 02 06 05 09 00 0b a1 01 00 0e 00",
		       false, "left over");
	assert_refused(*state,
		       "a7 01 01 03 1b0000000700000001 04 03 05 02 06 05 09 00 0b a2 02 00 "
		       "01 00",
		       false, "order of the fields");
	assert_refused(*state,
		       "a7 01 01 03 1b0000000700000001 04 03 05 02 06 05 09 00 0b a2 01 00 "
		       "01 00",
		       false, "order of the fields");
	assert_refused(*state,
		       "a7 01 01 03 1b0000000700000001 04 03 05 02 06 05 09 00 0b a2 20 00 "
		       "01 00",
		       false, "order of the fields");
}

TEST(defaults_that_are_written_out_are_refused)
{
	assert_refused(*state,
		       "a8 01 01 02 00 03 1b0000000700000001 04 03 05 02 06 05 09 00 0b a1 01 00",
		       false, "kind");
	assert_refused(*state,
		       "a8 01 01 03 1b0000000700000001 04 03 05 02 06 05 07 82 00 00 09 00 "
		       "0b a1 01 00",
		       false, "base");
	assert_refused(*state,
		       "a8 01 01 03 1b0000000700000001 04 03 05 02 06 05 09 00 0a 00 0b a1 01 00",
		       false, "clock quality");
}

TEST(parts_out_of_bounds_are_refused)
{
	assert_refused(*state, "a7 01 00 03 1b0000000700000001 04 03 05 02 06 05 09 00 0b a1 01 00",
		       false, "n");
	assert_refused(*state,
		       "a7 01 1a80000000 03 1b0000000700000001 04 03 05 02 06 05 09 00 0b a1 01 00",
		       false, "n");
	assert_refused(*state, "a7 01 01 03 1b0000000700000000 04 03 05 02 06 05 09 00 0b a1 01 00",
		       false, "record id");
	assert_refused(*state, "a7 01 01 03 1b8000000000000001 04 03 05 02 06 05 09 00 0b a1 01 00",
		       false, "record id");
	assert_refused(*state, "a7 01 01 03 1b0000000700000001 04 00 05 02 06 05 09 00 0b a1 01 00",
		       false, "record type");
	assert_refused(*state,
		       "a7 01 01 03 1b0000000700000001 04 1a00010000 05 02 06 05 09 00 0b a1 01 00",
		       false, "record type");
	assert_refused(*state,
		       "a7 01 01 03 1b0000000700000001 04 03 05 02 06 1b8000000000000000 09 00 "
		       "0b a1 01 00",
		       false, "scope version");
	assert_refused(*state,
		       "a7 01 01 03 1b0000000700000001 04 03 05 02 06 05 09 1b0000003afff44180 "
		       "0b a1 01 00",
		       false, "time");
	assert_refused(*state,
		       "a7 01 01 03 1b0000000700000001 04 03 05 02 06 05 09 3b0000003afff4417f "
		       "0b a1 01 00",
		       false, "time");
	assert_refused(*state, "a7 01 01 03 1b0000000700000001 04 03 05 02 06 05 09 00 0b a1 00 00",
		       false, "field");
	assert_refused(*state,
		       "a7 01 01 03 1b0000000700000001 04 03 05 02 06 05 09 00 0b a1 1a00010000 00",
		       false, "field");
	assert_refused(*state,
		       "a7 01 01 03 1b0000000700000001 04 03 05 02 06 05 09 00 0b a1 390fffff 00",
		       false, "field");
}

TEST(times_to_the_end_of_the_year_9999_are_taken)
{
	struct change change;

	assert_decodes(*state,
		       "a7 01 01 03 1b0000000700000001 04 03 05 02 06 05 09 1b0000003afff4417f "
		       "0b a1 01 00",
		       false, &change);
	assert_true(change.time == CHANGE_TIME_MAX);
	assert_decodes(*state,
		       "a7 01 01 03 1b0000000700000001 04 03 05 02 06 05 09 3b0000003afff4417e "
		       "0b a1 01 00",
		       false, &change);
	assert_true(change.time == -CHANGE_TIME_MAX);
}

TEST(change_without_fields_is_refused)
{
	assert_refused(*state, "a7 01 01 03 1b0000000700000001 04 03 05 02 06 05 09 00 0b a0",
		       false, "number of fields");
	assert_refused(*state, "a6 01 01 03 1b0000000700000001 04 03 05 02 06 05 09 00", false,
		       "number of fields");
}

TEST(nested_value_float_or_map_is_refused)
{
	static const char *const values[] = {"81 00", "83 00 00 00", "fa00000000",
					     "a0",    "40",	     "f7"};
	char hex[200];

	for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
		(void)snprintf(hex, sizeof hex,
			       "a7 01 01 03 1b0000000700000001 04 03 05 02 06 05 09 00 0b a1 01 %s",
			       values[i]);
		assert_refused(*state, hex, false, "field");
	}
}

TEST(every_cut_and_every_tail_is_refused)
{
	struct span bytes = bytes_of(*state, CREATION);
	struct change change;
	uint8_t longer[64] = {0};

	for (size_t length = 0; length < bytes.length; length++) {
		uint8_t *cut = exact_copy(span_of(bytes.at, length));

		assert_int_equal(change_decode(span_of(cut, length), false, *state, &change, NULL),
				 STATUS_MALFORMED);
		free(cut);
	}
	memcpy(longer, bytes.at, bytes.length);
	assert_int_equal(
		change_decode(span_of(longer, bytes.length + 1), false, *state, &change, NULL),
		STATUS_MALFORMED);
}

TEST(what_decodes_after_any_byte_was_changed_encodes_to_the_same_bytes)
{
	struct span bytes = bytes_of(*state, CREATION);
	struct buffer again;

	buffer_init(&again, CHANGE_BYTES_MAX);
	for (size_t i = 0; i < bytes.length * 256; i++) {
		uint8_t *changed;
		struct change change;

		arena_reset(*state);
		bytes = bytes_of(*state, CREATION);
		changed = arena_copy(*state, bytes.at, bytes.length);
		changed[i / 256] = (uint8_t)i;
		if (change_decode(span_of(changed, bytes.length), i % 2 != 0, *state, &change,
				  NULL) == STATUS_OK) {
			buffer_clear(&again);
			change_encode(&change, &again);
			assert_int_equal(again.length, bytes.length);
			assert_memory_equal(again.at, changed, bytes.length);
		}
	}
	buffer_finish(&again);
}

/* A change with that many fields, each a text of that many bytes. */
static void
encode_large(struct arena *arena, size_t fields, size_t text_length, struct buffer *out)
{
	char *text = arena_take(arena, 1, text_length + 1);
	struct change change = {
		.n = 1, .record = UINT64_C(0x700000001), .type = 3, .has_own = true};

	assert_non_null(text);
	memset(text, 'a', text_length);
	change.fields = ARENA_ARRAY(arena, struct change_field, fields);
	change.field_count = fields;
	for (size_t i = 0; i < fields; i++) {
		change.fields[i].tag = (int32_t)i + 1;
		change.fields[i].value = value_text(span_of(text, text_length));
	}
	change_encode(&change, out);
	assert_int_equal(buffer_status(out, "change", NULL), STATUS_OK);
}

TEST(change_may_have_256_fields_and_no_more)
{
	struct buffer bytes;
	struct change change;

	buffer_init(&bytes, (size_t)1 << 20);
	encode_large(*state, CHANGE_FIELDS_MAX, 10, &bytes);
	assert_ok(change_decode(buffer_span(&bytes), false, *state, &change, NULL));
	assert_int_equal(change.field_count, CHANGE_FIELDS_MAX);
	buffer_clear(&bytes);
	encode_large(*state, CHANGE_FIELDS_MAX + 1, 10, &bytes);
	assert_int_equal(change_decode(buffer_span(&bytes), false, *state, &change, NULL),
			 STATUS_MALFORMED);
	buffer_finish(&bytes);
}

TEST(change_may_have_64_KiB_and_no_more)
{
	struct buffer bytes;
	struct change change;
	struct error err;

	buffer_init(&bytes, (size_t)1 << 20);
	encode_large(*state, 4, 16363, &bytes);
	assert_in_range(bytes.length, CHANGE_BYTES_MAX - 60, CHANGE_BYTES_MAX);
	assert_ok(change_decode(buffer_span(&bytes), false, *state, &change, NULL));
	buffer_clear(&bytes);
	encode_large(*state, 5, 14000, &bytes);
	assert_int_equal(change_decode(buffer_span(&bytes), false, *state, &change, &err),
			 STATUS_MALFORMED);
	assert_contains(err.detail, "64 KiB");
	buffer_finish(&bytes);
}

TEST(exhausted_arena_is_a_limit_and_no_malformed_change)
{
	struct span bytes = bytes_of(*state, CREATION);
	struct arena tiny;
	struct change change;

	arena_init(&tiny, 8);
	assert_int_equal(change_decode(bytes, false, &tiny, &change, NULL), STATUS_LIMIT);
	arena_finish(&tiny);
}

TEST(base_is_bounded_by_the_changes_own_place_and_a_creation_has_none)
{
	struct change change = {.base = {7, 50}};

	change_bound_base(&change, 50);
	assert_int_equal(change.base.version, 49);
	change_bound_base(&change, 50);
	assert_int_equal(change.base.version, 49);
	assert_int_equal(change.base.epoch, 7);
	change.base = (struct base){0, 0};
	change_bound_base(&change, 1);
	assert_int_equal(change.base.version, 0);
}

static struct change_stub
stub_sample(void)
{
	struct change_stub stub = {.n = 1201, .record = UINT64_C(0x12345678000004b0)};

	memset(stub.commitment, 0xcc, sizeof stub.commitment);
	return stub;
}

TEST(stub_has_its_bytes_and_is_read_back)
{
	const struct change_stub stub = stub_sample();
	struct change_stub read;
	struct buffer out;

	(void)state;
	buffer_init(&out, CHANGE_BYTES_MAX);
	change_stub_encode(&stub, &out);
	assert_hex(out.at, out.length,
		   "a3 01 1904b1 03 1b12345678000004b0 0e 5820"
		   "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc");
	assert_true(change_stub_decode(buffer_span(&out), &read));
	assert_int_equal(read.n, stub.n);
	assert_int_equal(read.record, stub.record);
	assert_memory_equal(read.commitment, stub.commitment, sizeof read.commitment);
	buffer_finish(&out);
}

TEST(every_cut_and_tail_of_a_stub_is_refused_and_none_is_a_change)
{
	const struct change_stub stub = stub_sample();
	struct change_stub read;
	struct change change;
	struct arena arena;
	struct buffer out;

	(void)state;
	arena_init(&arena, CHANGE_BYTES_MAX);
	buffer_init(&out, CHANGE_BYTES_MAX);
	change_stub_encode(&stub, &out);
	assert_int_equal(change_decode(buffer_span(&out), false, &arena, &change, NULL),
			 STATUS_MALFORMED);
	for (size_t length = 0; length < out.length; length++) {
		assert_false(change_stub_decode(span_of(out.at, length), &read));
	}
	buffer_append_byte(&out, 0);
	assert_false(change_stub_decode(buffer_span(&out), &read));
	buffer_finish(&out);
	arena_finish(&arena);
}

#define ARENA_CASE(sentence) CASE_WITH(sentence, arena_setup, arena_teardown)

RUN_TESTS(ARENA_CASE(creation_has_its_bytes),
	  ARENA_CASE(edit_carries_base_own_kind_and_clock_quality),
	  ARENA_CASE(own_of_the_change_before_is_left_out),
	  ARENA_CASE(own_of_the_change_itself_or_later_is_refused),
	  ARENA_CASE(own_of_an_older_stream_names_it),
	  ARENA_CASE(change_of_a_server_stream_has_no_own),
	  ARENA_CASE(change_made_again_after_a_fork_carries_was_and_the_first_hash),
	  ARENA_CASE(values_of_every_form_travel), CASE(tags_are_ordered_as_their_bytes),
	  ARENA_CASE(parts_out_of_order_twice_or_unknown_are_refused),
	  ARENA_CASE(defaults_that_are_written_out_are_refused),
	  ARENA_CASE(parts_out_of_bounds_are_refused),
	  ARENA_CASE(times_to_the_end_of_the_year_9999_are_taken),
	  ARENA_CASE(change_without_fields_is_refused),
	  ARENA_CASE(nested_value_float_or_map_is_refused),
	  ARENA_CASE(every_cut_and_every_tail_is_refused),
	  ARENA_CASE(what_decodes_after_any_byte_was_changed_encodes_to_the_same_bytes),
	  ARENA_CASE(change_may_have_256_fields_and_no_more),
	  ARENA_CASE(change_may_have_64_KiB_and_no_more),
	  ARENA_CASE(exhausted_arena_is_a_limit_and_no_malformed_change),
	  CASE(stub_has_its_bytes_and_is_read_back),
	  CASE(every_cut_and_tail_of_a_stub_is_refused_and_none_is_a_change),
	  CASE(base_is_bounded_by_the_changes_own_place_and_a_creation_has_none))

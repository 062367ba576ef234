/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/deflate.h"
#include "tests/exact.h"

enum { LIMIT = 1024 * 1024 };

static const char text[] = "kunjungan kunjungan kunjungan kunjungan kunjungan";

/* "aaaaaaaaaa" in fixed codes: the same for every implementation of deflate. */
static const uint8_t ten_letters[] = {0x4b, 0x84, 0x03, 0x00};

TEST(what_was_packed_is_unpacked)
{
	struct buffer packed;
	struct buffer plain;

	buffer_init(&packed, LIMIT);
	buffer_init(&plain, LIMIT);
	assert_ok(deflate_pack(span_of_text(text), 0, span_of(NULL, 0), &packed, NULL));
	assert_true(packed.length < strlen(text));
	assert_ok(deflate_unpack(buffer_span(&packed), span_of(NULL, 0), LIMIT, &plain, NULL));
	assert_true(span_equal(buffer_span(&plain), span_of_text(text)));
	buffer_finish(&packed);
	buffer_finish(&plain);
}

TEST(stream_is_raw_deflate)
{
	struct buffer plain;

	buffer_init(&plain, LIMIT);
	assert_ok(deflate_unpack(span_of(ten_letters, sizeof ten_letters), span_of(NULL, 0), LIMIT,
				 &plain, NULL));
	assert_true(span_equal(buffer_span(&plain), span_of_text("aaaaaaaaaa")));
	buffer_finish(&plain);
}

TEST(dictionary_is_needed_on_both_sides)
{
	struct span dictionary = span_of_text("tekanan darah ibu hamil");
	struct span plain = span_of_text("tekanan darah ibu");
	struct buffer packed;
	struct buffer unpacked;

	buffer_init(&packed, LIMIT);
	buffer_init(&unpacked, LIMIT);
	assert_ok(deflate_pack(plain, 0, dictionary, &packed, NULL));
	assert_true(packed.length < 8);
	assert_ok(deflate_unpack(buffer_span(&packed), dictionary, LIMIT, &unpacked, NULL));
	assert_true(span_equal(buffer_span(&unpacked), plain));
	assert_int_equal(
		deflate_unpack(buffer_span(&packed), span_of(NULL, 0), LIMIT, &unpacked, NULL),
		STATUS_MALFORMED);
	buffer_finish(&packed);
	buffer_finish(&unpacked);
}

TEST(zip_bomb_stops_at_the_limit)
{
	struct buffer zeros;
	struct buffer packed;
	struct buffer plain;

	buffer_init(&zeros, LIMIT);
	buffer_init(&packed, LIMIT);
	buffer_init(&plain, LIMIT);
	memset(buffer_extend(&zeros, LIMIT), 0, LIMIT);
	assert_ok(deflate_pack(buffer_span(&zeros), 0, span_of(NULL, 0), &packed, NULL));
	assert_true(packed.length < 2048);
	assert_int_equal(
		deflate_unpack(buffer_span(&packed), span_of(NULL, 0), LIMIT - 1, &plain, NULL),
		STATUS_LIMIT);
	assert_int_equal(plain.length, 0);
	assert_ok(deflate_unpack(buffer_span(&packed), span_of(NULL, 0), LIMIT, &plain, NULL));
	assert_int_equal(plain.length, LIMIT);
	buffer_finish(&zeros);
	buffer_finish(&packed);
	buffer_finish(&plain);
}

TEST(stream_cut_off_anywhere_is_malformed)
{
	struct buffer packed;
	struct buffer plain;

	buffer_init(&packed, LIMIT);
	buffer_init(&plain, LIMIT);
	buffer_append_byte(&plain, '>');
	assert_ok(deflate_pack(span_of_text(text), 0, span_of(NULL, 0), &packed, NULL));
	for (size_t length = 0; length < packed.length; length++) {
		uint8_t *copy = exact_copy(span_of(packed.at, length));

		assert_int_equal(deflate_unpack(span_of(copy, length), span_of(NULL, 0), LIMIT,
						&plain, NULL),
				 STATUS_MALFORMED);
		assert_int_equal(plain.length, 1);
		free(copy);
	}
	buffer_finish(&packed);
	buffer_finish(&plain);
}

TEST(tail_and_damage_are_malformed)
{
	const uint8_t tail[] = {0x4b, 0x84, 0x03, 0x00, 0x00};
	const uint8_t reserved_block[] = {0x07};
	struct buffer plain;

	buffer_init(&plain, LIMIT);
	assert_int_equal(
		deflate_unpack(span_of(tail, sizeof tail), span_of(NULL, 0), LIMIT, &plain, NULL),
		STATUS_MALFORMED);
	assert_int_equal(
		deflate_unpack(span_of(reserved_block, 1), span_of(NULL, 0), LIMIT, &plain, NULL),
		STATUS_MALFORMED);
	assert_int_equal(plain.length, 0);
	buffer_finish(&plain);
}

TEST(limit_of_the_buffer_holds_too)
{
	struct buffer small;

	buffer_init(&small, 2);
	assert_int_equal(deflate_pack(span_of_text(text), 0, span_of(NULL, 0), &small, NULL),
			 STATUS_LIMIT);
	buffer_clear(&small);
	assert_int_equal(deflate_unpack(span_of(ten_letters, sizeof ten_letters), span_of(NULL, 0),
					LIMIT, &small, NULL),
			 STATUS_LIMIT);
	buffer_finish(&small);
}

TEST(bytes_are_stored_when_deflate_does_not_help)
{
	enum pack_method method;
	struct buffer packed;

	buffer_init(&packed, LIMIT);
	assert_ok(pack_smaller(span_of_text("abc"), 0, span_of(NULL, 0), &packed, &method, NULL));
	assert_int_equal(method, PACK_STORED);
	assert_true(span_equal(buffer_span(&packed), span_of_text("abc")));
	buffer_clear(&packed);
	assert_ok(pack_smaller(span_of(NULL, 0), 0, span_of(NULL, 0), &packed, &method, NULL));
	assert_int_equal(method, PACK_STORED);
	assert_int_equal(packed.length, 0);
	buffer_finish(&packed);
}

TEST(bytes_are_deflated_when_that_is_smaller)
{
	enum pack_method method;
	struct buffer packed;
	struct buffer plain;

	buffer_init(&packed, LIMIT);
	buffer_init(&plain, LIMIT);
	assert_ok(pack_smaller(span_of_text(text), 0, span_of(NULL, 0), &packed, &method, NULL));
	assert_int_equal(method, PACK_DEFLATE);
	assert_ok(pack_open(PACK_DEFLATE, 0, buffer_span(&packed), LIMIT, &plain, NULL));
	assert_true(span_equal(buffer_span(&plain), span_of_text(text)));
	buffer_finish(&packed);
	buffer_finish(&plain);
}

TEST(unknown_method_and_dictionary_are_unsupported)
{
	struct buffer plain;
	struct span dictionary;

	buffer_init(&plain, LIMIT);
	assert_int_equal(pack_open(2, 0, span_of_text("abc"), LIMIT, &plain, NULL),
			 STATUS_UNSUPPORTED);
	assert_int_equal(pack_open(PACK_STORED, DICTIONARY_NEWEST + 1, span_of_text("abc"), LIMIT,
				   &plain, NULL),
			 STATUS_UNSUPPORTED);
	assert_true(dictionary_find(0, &dictionary));
	assert_int_equal(dictionary.length, 0);
	assert_false(dictionary_find(256, &dictionary));
	buffer_finish(&plain);
}

TEST(stored_bytes_have_the_same_limit)
{
	struct buffer plain;

	buffer_init(&plain, LIMIT);
	assert_int_equal(pack_open(PACK_STORED, 0, span_of_text("abc"), 2, &plain, NULL),
			 STATUS_LIMIT);
	assert_int_equal(plain.length, 0);
	assert_ok(pack_open(PACK_STORED, 0, span_of_text("abc"), 3, &plain, NULL));
	assert_true(span_equal(buffer_span(&plain), span_of_text("abc")));
	buffer_finish(&plain);
}

RUN_TESTS(CASE(what_was_packed_is_unpacked), CASE(stream_is_raw_deflate),
	  CASE(dictionary_is_needed_on_both_sides), CASE(zip_bomb_stops_at_the_limit),
	  CASE(stream_cut_off_anywhere_is_malformed), CASE(tail_and_damage_are_malformed),
	  CASE(limit_of_the_buffer_holds_too), CASE(bytes_are_stored_when_deflate_does_not_help),
	  CASE(bytes_are_deflated_when_that_is_smaller),
	  CASE(unknown_method_and_dictionary_are_unsupported),
	  CASE(stored_bytes_have_the_same_limit))

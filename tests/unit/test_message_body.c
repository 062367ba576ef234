/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/deflate.h"
#include "protocol/message.h"
#include "tests/exact.h"

enum { PACKED_LIMIT = 2 * 1024 * 1024, ARENA_LIMIT = 1024 * 1024, BODY_HEAD = 3 };

/* Maps, as changes are; what stands in them is not looked at here. */
static const uint8_t first_change[] = {0xa1, 0x01, 0x07};
static const uint8_t second_change[] = {0xa2, 0x01, 0x08, 0x03, 0x18, 0x63};

struct fixture {
	struct buffer packed;
	struct buffer plain;
	struct arena arena;
	struct request_body read;
};

static int
fixture_start(void **state)
{
	struct fixture *fixture = calloc(1, sizeof *fixture);

	if (fixture == NULL) {
		return -1;
	}
	buffer_init(&fixture->packed, PACKED_LIMIT);
	buffer_init(&fixture->plain, MESSAGE_BODY_MAX);
	arena_init(&fixture->arena, ARENA_LIMIT);
	*state = fixture;
	return 0;
}

static int
fixture_end(void **state)
{
	struct fixture *fixture = *state;

	buffer_finish(&fixture->packed);
	buffer_finish(&fixture->plain);
	arena_finish(&fixture->arena);
	free(fixture);
	return 0;
}

static enum status
unpack(struct fixture *fixture, struct span packed)
{
	return request_body_unpack(packed, &fixture->plain, &fixture->arena, &fixture->read, NULL);
}

/* A stored body whose plain bytes are given in hex. */
static enum status
unpack_hex(struct fixture *fixture, const char *hex)
{
	uint8_t bytes[256] = {PACK_STORED, CODING_PLAIN, 0};
	size_t length = strlen(hex) / 2;
	enum status status;
	uint8_t *copy;

	assert_true(length <= sizeof bytes - BODY_HEAD);
	assert_true(hex_decode(hex, bytes + BODY_HEAD, length));
	copy = exact_copy(span_of(bytes, BODY_HEAD + length));
	status = unpack(fixture, span_of(copy, BODY_HEAD + length));
	free(copy);
	return status;
}

static enum status
pack_two_batches(struct fixture *fixture)
{
	struct batch batches[] = {{.last_n = 7}, {.last_n = 8}};
	struct span changes[] = {span_of(first_change, sizeof first_change),
				 span_of(second_change, sizeof second_change)};
	struct request_body body = {batches, 2, changes, 2};

	memset(batches[0].seed, 0x5e, SEED_SIZE);
	memset(batches[1].seed, 0xed, SEED_SIZE);
	return request_body_pack(&body, &fixture->packed, NULL);
}

TEST(small_body_is_stored)
{
	struct fixture *fixture = *state;
	struct span change = span_of(first_change, sizeof first_change);
	struct batch batch = {7, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}};
	struct request_body body = {&batch, 1, &change, 1};

	assert_ok(request_body_pack(&body, &fixture->packed, NULL));
	assert_hex(fixture->packed.at, fixture->packed.length,
		   "00 00 00 81 82 07 50 000102030405060708090a0b0c0d0e0f 01 a10107");
}

TEST(batches_and_changes_are_read_back)
{
	struct fixture *fixture = *state;

	assert_ok(pack_two_batches(fixture));
	assert_ok(unpack(fixture, buffer_span(&fixture->packed)));
	assert_int_equal(fixture->read.batch_count, 2);
	assert_int_equal(fixture->read.batches[0].last_n, 7);
	assert_int_equal(fixture->read.batches[0].seed[15], 0x5e);
	assert_int_equal(fixture->read.batches[1].last_n, 8);
	assert_int_equal(fixture->read.change_count, 2);
	assert_true(
		span_equal(fixture->read.changes[0], span_of(first_change, sizeof first_change)));
	assert_true(
		span_equal(fixture->read.changes[1], span_of(second_change, sizeof second_change)));
}

TEST(body_without_changes_has_five_bytes)
{
	struct fixture *fixture = *state;
	struct request_body body = {0};

	assert_ok(request_body_pack(&body, &fixture->packed, NULL));
	assert_hex(fixture->packed.at, fixture->packed.length, "00 00 00 80 00");
	assert_ok(unpack(fixture, buffer_span(&fixture->packed)));
	assert_int_equal(fixture->read.change_count, 0);
	assert_int_equal(fixture->read.batch_count, 0);
}

TEST(repetitive_body_is_deflated_to_less)
{
	struct fixture *fixture = *state;
	struct span changes[100];
	struct batch batch = {.last_n = 100};
	struct request_body body = {&batch, 1, changes, 100};

	for (size_t i = 0; i < 100; i++) {
		changes[i] = span_of(second_change, sizeof second_change);
	}
	assert_ok(request_body_pack(&body, &fixture->packed, NULL));
	assert_int_equal(fixture->packed.at[0], PACK_DEFLATE);
	assert_true(fixture->packed.length < 100);
	assert_ok(unpack(fixture, buffer_span(&fixture->packed)));
	assert_int_equal(fixture->read.change_count, 100);
	assert_true(span_equal(fixture->read.changes[99], changes[99]));
}

TEST(unknown_method_coding_or_dictionary_is_unsupported)
{
	struct fixture *fixture = *state;

	assert_ok(pack_two_batches(fixture));
	for (size_t i = 0; i < BODY_HEAD; i++) {
		uint8_t known = fixture->packed.at[i];

		fixture->packed.at[i] = 9;
		assert_int_equal(unpack(fixture, buffer_span(&fixture->packed)),
				 STATUS_UNSUPPORTED);
		fixture->packed.at[i] = known;
	}
	assert_ok(unpack(fixture, buffer_span(&fixture->packed)));
}

TEST(body_cut_off_anywhere_or_with_a_tail_is_malformed)
{
	struct fixture *fixture = *state;

	assert_ok(pack_two_batches(fixture));
	for (size_t length = 0; length < fixture->packed.length; length++) {
		uint8_t *copy = exact_copy(span_of(fixture->packed.at, length));

		assert_int_equal(unpack(fixture, span_of(copy, length)), STATUS_MALFORMED);
		free(copy);
	}
	assert_int_equal(unpack_hex(fixture, "8000"), STATUS_OK);
	assert_int_equal(unpack_hex(fixture, "800000"), STATUS_MALFORMED);
}

#define SEED "50000102030405060708090a0b0c0d0e0f"

TEST(batches_must_ascend_and_have_changes)
{
	struct fixture *fixture = *state;

	assert_ok(unpack_hex(fixture, "828207" SEED "8208" SEED "02a0a0"));
	assert_int_equal(unpack_hex(fixture, "828207" SEED "8207" SEED "02a0a0"), STATUS_MALFORMED);
	assert_int_equal(unpack_hex(fixture, "828208" SEED "8207" SEED "02a0a0"), STATUS_MALFORMED);
	assert_int_equal(unpack_hex(fixture, "828207" SEED "8208" SEED "01a0"), STATUS_MALFORMED);
	assert_int_equal(unpack_hex(fixture, "8001a0"), STATUS_MALFORMED);
	assert_int_equal(unpack_hex(fixture, "818207" SEED "00"), STATUS_MALFORMED);
	assert_int_equal(unpack_hex(fixture, "818200" SEED "01a0"), STATUS_MALFORMED);
}

TEST(change_must_be_a_canonical_map)
{
	struct fixture *fixture = *state;

	assert_int_equal(unpack_hex(fixture, "818207" SEED "0180"), STATUS_MALFORMED);
	assert_int_equal(unpack_hex(fixture, "818207" SEED "01a2010202"), STATUS_MALFORMED);
	assert_int_equal(unpack_hex(fixture, "818207" SEED "01a202000100"), STATUS_MALFORMED);
	assert_int_equal(unpack_hex(fixture, "818207" SEED "01bf0102ff"), STATUS_MALFORMED);
	assert_int_equal(unpack_hex(fixture, "818207" SEED "01a1011801"), STATUS_MALFORMED);
}

TEST(declared_numbers_are_not_believed)
{
	struct fixture *fixture = *state;

	assert_int_equal(unpack_hex(fixture, "9b7fffffffffffffff"), STATUS_MALFORMED);
	assert_int_equal(unpack_hex(fixture, "991000"), STATUS_MALFORMED);
	assert_int_equal(unpack_hex(fixture, "818207" SEED "191000a0"), STATUS_MALFORMED);
	assert_int_equal(unpack_hex(fixture, "818207" SEED "1b7fffffffffffffffa0"),
			 STATUS_MALFORMED);
	assert_true(fixture->arena.total < 1024);
}

TEST(change_of_the_greatest_length_passes_and_one_byte_more_does_not)
{
	struct fixture *fixture = *state;
	/* {1: bytes}: one byte for the map, one for the key, three for the length. */
	size_t content = CHANGE_BYTES_MAX - 5;
	uint8_t *change = calloc(1, CHANGE_BYTES_MAX + 1);
	struct batch batch = {.last_n = 1};
	struct span span = span_of(change, CHANGE_BYTES_MAX);
	struct request_body body = {&batch, 1, &span, 1};

	assert_non_null(change);
	change[0] = 0xa1;
	change[1] = 0x01;
	change[2] = 0x59;
	change[3] = (uint8_t)(content >> 8);
	change[4] = (uint8_t)content;
	assert_ok(request_body_pack(&body, &fixture->packed, NULL));
	assert_ok(unpack(fixture, buffer_span(&fixture->packed)));
	content++;
	change[3] = (uint8_t)(content >> 8);
	change[4] = (uint8_t)content;
	span.length++;
	buffer_clear(&fixture->packed);
	assert_ok(request_body_pack(&body, &fixture->packed, NULL));
	assert_int_equal(unpack(fixture, buffer_span(&fixture->packed)), STATUS_MALFORMED);
	free(change);
}

TEST(number_of_changes_has_a_limit)
{
	struct fixture *fixture = *state;
	struct span *changes = calloc(MESSAGE_CHANGES_MAX + 1, sizeof *changes);
	struct batch batch = {.last_n = MESSAGE_CHANGES_MAX};
	struct request_body body = {&batch, 1, changes, MESSAGE_CHANGES_MAX + 1};

	assert_non_null(changes);
	for (size_t i = 0; i <= MESSAGE_CHANGES_MAX; i++) {
		changes[i] = span_of(first_change, sizeof first_change);
	}
	assert_int_equal(request_body_pack(&body, &fixture->packed, NULL), STATUS_LIMIT);
	assert_int_equal(fixture->packed.length, 0);
	body.change_count = MESSAGE_CHANGES_MAX;
	assert_ok(request_body_pack(&body, &fixture->packed, NULL));
	assert_ok(unpack(fixture, buffer_span(&fixture->packed)));
	assert_int_equal(fixture->read.change_count, MESSAGE_CHANGES_MAX);
	free(changes);
}

TEST(zip_bomb_stops_at_the_limit)
{
	struct fixture *fixture = *state;
	struct buffer zeros;

	buffer_init(&zeros, MESSAGE_BODY_MAX + 1);
	memset(buffer_extend(&zeros, MESSAGE_BODY_MAX + 1), 0, MESSAGE_BODY_MAX + 1);
	buffer_append(&fixture->packed, "\x01\x00\x00", BODY_HEAD);
	assert_ok(deflate_pack(buffer_span(&zeros), span_of(NULL, 0), &fixture->packed, NULL));
	assert_true(fixture->packed.length < 2048);
	assert_int_equal(unpack(fixture, buffer_span(&fixture->packed)), STATUS_LIMIT);
	buffer_finish(&zeros);
}

TEST(full_arena_is_a_limit)
{
	struct fixture *fixture = *state;

	assert_ok(pack_two_batches(fixture));
	fixture->arena.limit = 16;
	assert_int_equal(unpack(fixture, buffer_span(&fixture->packed)), STATUS_LIMIT);
	fixture->arena.limit = 64;
	assert_int_equal(unpack(fixture, buffer_span(&fixture->packed)), STATUS_LIMIT);
}

#define ROW(sentence) CASE_WITH(sentence, fixture_start, fixture_end)

RUN_TESTS(ROW(small_body_is_stored), ROW(batches_and_changes_are_read_back),
	  ROW(body_without_changes_has_five_bytes), ROW(repetitive_body_is_deflated_to_less),
	  ROW(unknown_method_coding_or_dictionary_is_unsupported),
	  ROW(body_cut_off_anywhere_or_with_a_tail_is_malformed),
	  ROW(batches_must_ascend_and_have_changes), ROW(change_must_be_a_canonical_map),
	  ROW(declared_numbers_are_not_believed),
	  ROW(change_of_the_greatest_length_passes_and_one_byte_more_does_not),
	  ROW(number_of_changes_has_a_limit), ROW(zip_bomb_stops_at_the_limit),
	  ROW(full_arena_is_a_limit))

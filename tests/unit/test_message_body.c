/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/cbor.h"
#include "protocol/deflate.h"
#include "protocol/message.h"
#include "tests/exact.h"

enum { PACKED_LIMIT = 2 * 1024 * 1024, ARENA_LIMIT = 1024 * 1024, BODY_HEAD = 3, DAY = 20 };

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
unpack_coded(struct fixture *fixture, enum change_coding coding, const char *hex)
{
	uint8_t bytes[256] = {PACK_STORED, (uint8_t)coding, 0};
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
unpack_hex(struct fixture *fixture, const char *hex)
{
	return unpack_coded(fixture, CODING_PLAIN, hex);
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
	assert_int_equal(fixture->packed.at[0], PACK_STORED);
	assert_int_equal(fixture->packed.at[1], CODING_PLAIN);
	assert_int_equal(fixture->packed.at[2], DICTIONARY_NEWEST);
	assert_hex(fixture->packed.at + BODY_HEAD, fixture->packed.length - BODY_HEAD,
		   "81 82 07 50 000102030405060708090a0b0c0d0e0f 01 a10107");
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
	assert_int_equal(fixture->packed.at[1], CODING_PLAIN);
	assert_hex(fixture->packed.at + BODY_HEAD, fixture->packed.length - BODY_HEAD, "80 00");
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
	assert_ok(deflate_pack(buffer_span(&zeros), 0, span_of(NULL, 0), &fixture->packed, NULL));
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
	fixture->arena.limit = 128;
	assert_int_equal(unpack_coded(fixture, CODING_COLUMNS, "818207" SEED "0100011000"),
			 STATUS_LIMIT);
}

/* A day's changes: one after the other in `rows`, each in its span. */
struct day {
	struct buffer rows;
	struct span changes[DAY];
	struct batch batch;
	struct request_body body;
};

static void
day_init(struct day *day)
{
	*day = (struct day){.batch = {.last_n = DAY}};
	day->body = (struct request_body){&day->batch, 1, day->changes, DAY};
	buffer_init(&day->rows, MESSAGE_BODY_MAX);
}

static void
day_finish(struct day *day)
{
	buffer_finish(&day->rows);
}

/* {1: n, 3: id, 4: type, 9: time, 11: {1: weight, 2: a text or a map}} */
static void
day_fill(struct day *day, bool keys_of_text, uint64_t (*weight)(uint64_t i))
{
	size_t ends[DAY];

	for (uint64_t i = 0; i < DAY; i++) {
		cbor_put_map(&day->rows, 5);
		cbor_put_uint(&day->rows, 1);
		cbor_put_uint(&day->rows, 1 + i);
		cbor_put_uint(&day->rows, 3);
		cbor_put_uint(&day->rows, (UINT64_C(0x12345678) << 32) + 1 + i);
		cbor_put_uint(&day->rows, 4);
		cbor_put_uint(&day->rows, i % 5 == 0 ? 2 : 3);
		cbor_put_uint(&day->rows, 9);
		cbor_put_uint(&day->rows, 1763600000 + 400 * i + 7 * (i % 3));
		cbor_put_uint(&day->rows, 11);
		cbor_put_map(&day->rows, 2);
		cbor_put_uint(&day->rows, 1);
		cbor_put_uint(&day->rows, weight(i));
		cbor_put_uint(&day->rows, 2);
		if (keys_of_text) {
			cbor_put_map(&day->rows, 1);
		}
		cbor_put_text(&day->rows, span_of_text(i % 2 == 0 ? "sehat" : "batuk"));
		if (keys_of_text) {
			cbor_put_null(&day->rows);
		}
		ends[i] = day->rows.length;
	}
	for (size_t i = 0, start = 0; i < DAY; start = ends[i], i++) {
		day->changes[i] = span_of(day->rows.at + start, ends[i] - start);
	}
}

static uint64_t
even_weight(uint64_t i)
{
	return 52000 + 50 * (i * i % 30);
}

static uint64_t
weight_of_noise(uint64_t i)
{
	return ((i + 1) * UINT64_C(0x9e3779b97f4a7c15)) >> 2;
}

/* Packs the day; the packed bytes are read back to the same changes. */
static void
assert_day_comes_back(struct fixture *fixture, const struct day *day, enum change_coding coding)
{
	assert_ok(request_body_pack(&day->body, &fixture->packed, NULL));
	assert_int_equal(fixture->packed.at[1], coding);
	assert_ok(unpack(fixture, buffer_span(&fixture->packed)));
	assert_int_equal(fixture->read.batch_count, 1);
	assert_int_equal(fixture->read.batches[0].last_n, DAY);
	assert_int_equal(fixture->read.change_count, DAY);
	for (size_t i = 0; i < DAY; i++) {
		assert_true(span_equal(fixture->read.changes[i], day->changes[i]));
	}
}

TEST(changes_that_are_alike_travel_in_columns_and_come_back)
{
	struct fixture *fixture = *state;
	struct span dictionary;
	enum pack_method method;
	struct buffer rows;
	struct day day;

	day_init(&day);
	day_fill(&day, false, even_weight);
	assert_day_comes_back(fixture, &day, CODING_COLUMNS);
	buffer_init(&rows, MESSAGE_BODY_MAX);
	assert_true(dictionary_find(DICTIONARY_NEWEST, &dictionary));
	assert_ok(pack_smaller(buffer_span(&day.rows), 0, dictionary, &rows, &method, NULL));
	assert_true(3 * fixture->packed.length < 2 * rows.length);
	buffer_finish(&rows);
	day_finish(&day);
}

TEST(changes_that_columns_cannot_say_travel_as_rows)
{
	struct fixture *fixture = *state;
	struct day day;

	day_init(&day);
	day_fill(&day, true, even_weight);
	assert_day_comes_back(fixture, &day, CODING_PLAIN);
	day_finish(&day);
}

TEST(noise_costs_what_it_is)
{
	struct fixture *fixture = *state;
	size_t even;
	struct day day;

	day_init(&day);
	day_fill(&day, false, even_weight);
	assert_day_comes_back(fixture, &day, CODING_COLUMNS);
	even = fixture->packed.length;
	day_finish(&day);
	day_init(&day);
	day_fill(&day, false, weight_of_noise);
	buffer_clear(&fixture->packed);
	assert_day_comes_back(fixture, &day, CODING_COLUMNS);
	/* 62 bits a change, and the head of a stored block. */
	assert_true(fixture->packed.length < even + 8 * DAY + 16);
	day_finish(&day);
}

TEST(body_in_columns_cut_off_anywhere_is_malformed)
{
	struct fixture *fixture = *state;
	struct span dictionary;
	struct buffer stored;
	struct day day;

	day_init(&day);
	day_fill(&day, false, even_weight);
	assert_day_comes_back(fixture, &day, CODING_COLUMNS);
	assert_true(dictionary_find(fixture->packed.at[2], &dictionary));
	buffer_init(&stored, MESSAGE_BODY_MAX);
	buffer_append(&stored, "\x00\x01\x00", BODY_HEAD);
	assert_ok(pack_open(
		fixture->packed.at[0], fixture->packed.at[2],
		span_of(fixture->packed.at + BODY_HEAD, fixture->packed.length - BODY_HEAD),
		MESSAGE_BODY_MAX, &stored, NULL));
	for (size_t length = 0; length < stored.length; length++) {
		uint8_t *copy = exact_copy(span_of(stored.at, length));

		assert_int_equal(unpack(fixture, span_of(copy, length)), STATUS_MALFORMED);
		arena_reset(&fixture->arena);
		free(copy);
	}
	assert_ok(unpack(fixture, buffer_span(&stored)));
	buffer_append_byte(&stored, 0);
	assert_int_equal(unpack(fixture, buffer_span(&stored)), STATUS_MALFORMED);
	buffer_finish(&stored);
	day_finish(&day);
}

TEST(malformed_columns_are_refused)
{
	static const struct {
		const char *what;
		const char *body;
	} cases[] = {
		{"no change", "800000011000"},
		{"a batch without changes", "818207" SEED "0000011000"},
		{"changes without a batch", "800100011000"},
		{"too many changes", "818207" SEED "19100100011000"},
		{"no number of bytes of bits", "818207" SEED "01"},
		{"a number that is none", "818207" SEED "0120011000"},
		{"more bits than there are bytes", "818207" SEED "0104011000"},
		{"all of it bits", "818207" SEED "0103011000"},
		{"bits that no column takes", "818207" SEED "0101011000ff"},
		{"a change that is an array", "818207" SEED "0100010800"},
		{"a change that is an integer", "818207" SEED "0100010100"},
		{"heads for another number", "818207" SEED "010002000010001000"},
	};
	struct fixture *fixture = *state;

	assert_ok(unpack_coded(fixture, CODING_COLUMNS, "818207" SEED "0100011000"));
	assert_int_equal(fixture->read.change_count, 1);
	assert_hex(fixture->read.changes[0].at, fixture->read.changes[0].length, "a0");
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		enum status status = unpack_coded(fixture, CODING_COLUMNS, cases[i].body);

		if (status != STATUS_MALFORMED) {
			print_error("%s\n", cases[i].what);
		}
		assert_int_equal(status, STATUS_MALFORMED);
	}
}

TEST(change_in_columns_has_a_greatest_length_too)
{
	struct fixture *fixture = *state;
	/* {1: bytes}: one byte for the map, one for the key, three for the length. */
	uint64_t content = CHANGE_BYTES_MAX - 5;

	for (uint64_t more = 0; more < 2; more++) {
		uint64_t length = 2 * (content + more);

		buffer_clear(&fixture->packed);
		buffer_append(&fixture->packed, "\x00\x01\x00\x81\x82\x07", 6);
		cbor_put_bytes(&fixture->packed, span_of("0123456789abcdef", SEED_SIZE));
		buffer_append(&fixture->packed, "\x01\x00\x01\x10\x01\x01\x02\x02\x80", 9);
		for (; length >= 0x80; length >>= 7) {
			buffer_append_byte(&fixture->packed, (uint8_t)(length | 0x80));
		}
		buffer_append_byte(&fixture->packed, (uint8_t)length);
		assert_non_null(buffer_extend(&fixture->packed, (size_t)(content + more)));
		assert_int_equal(unpack(fixture, buffer_span(&fixture->packed)),
				 more == 0 ? STATUS_OK : STATUS_MALFORMED);
	}
	assert_ok(fixture->packed.status);
}

TEST(columns_that_swell_stop_at_the_limit)
{
	struct fixture *fixture = *state;
	struct buffer *body = &fixture->packed;

	/* 4096 times {1: 300 nulls}, told in 350 bytes. */
	buffer_append(body, "\x00\x01\x00\x81\x82\x07", 6);
	cbor_put_bytes(body, span_of("0123456789abcdef", SEED_SIZE));
	cbor_put_uint(body, MESSAGE_CHANGES_MAX);
	buffer_append(body, "\x00\x01\x10\x01\x01\x02\x08\x80\xd8\x04", 10);
	for (size_t i = 0; i < 300; i++) {
		buffer_append_byte(body, 1 << CBOR_NULL);
	}
	assert_true(body->length < 350);
	assert_int_equal(unpack(fixture, buffer_span(body)), STATUS_LIMIT);
	assert_true(fixture->plain.length <= MESSAGE_BODY_MAX);
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
	  ROW(full_arena_is_a_limit), ROW(changes_that_are_alike_travel_in_columns_and_come_back),
	  ROW(changes_that_columns_cannot_say_travel_as_rows), ROW(noise_costs_what_it_is),
	  ROW(body_in_columns_cut_off_anywhere_is_malformed), ROW(malformed_columns_are_refused),
	  ROW(change_in_columns_has_a_greatest_length_too),
	  ROW(columns_that_swell_stop_at_the_limit))

/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/cbor.h"
#include "protocol/columns.h"
#include "tests/exact.h"

enum { BUFFER_LIMIT = 4 * 1024 * 1024, ARENA_LIMIT = 16 * 1024 * 1024, ROWS_MAX = 64 };

struct fixture {
	struct buffer rows; /* written one after the other */
	size_t ends[ROWS_MAX];
	uint32_t groups[ROWS_MAX];
	size_t count;
	struct buffer heads;
	struct buffer bits;
	struct buffer again;
	struct arena arena;
};

static int
fixture_start(void **state)
{
	struct fixture *fixture = calloc(1, sizeof *fixture);

	if (fixture == NULL) {
		return -1;
	}
	buffer_init(&fixture->rows, BUFFER_LIMIT);
	buffer_init(&fixture->heads, BUFFER_LIMIT);
	buffer_init(&fixture->bits, BUFFER_LIMIT);
	buffer_init(&fixture->again, BUFFER_LIMIT);
	arena_init(&fixture->arena, ARENA_LIMIT);
	*state = fixture;
	return 0;
}

static int
fixture_end(void **state)
{
	struct fixture *fixture = *state;

	buffer_finish(&fixture->rows);
	buffer_finish(&fixture->heads);
	buffer_finish(&fixture->bits);
	buffer_finish(&fixture->again);
	arena_finish(&fixture->arena);
	free(fixture);
	return 0;
}

/* Ends the row that was written into fixture->rows. */
static void
row_end(struct fixture *fixture, uint32_t group)
{
	fixture->groups[fixture->count] = group;
	fixture->ends[fixture->count++] = fixture->rows.length;
}

static void
row_of_hex(struct fixture *fixture, const char *hex)
{
	uint8_t bytes[256];
	size_t length = strlen(hex) / 2;

	assert_true(hex_decode(hex, bytes, length));
	buffer_append(&fixture->rows, bytes, length);
	row_end(fixture, 0);
}

static enum status
put(struct fixture *fixture)
{
	struct span spans[ROWS_MAX];
	size_t start = 0;

	for (size_t i = 0; i < fixture->count; i++) {
		spans[i] = span_of(fixture->rows.at + start, fixture->ends[i] - start);
		start = fixture->ends[i];
	}
	return columns_put(spans, fixture->groups, fixture->count, &fixture->heads, &fixture->bits,
			   NULL);
}

static enum status
get(struct fixture *fixture, struct span heads, struct span bits, size_t count)
{
	size_t lengths[ROWS_MAX];
	struct columns columns;
	uint8_t *exact_heads = exact_copy(heads);
	uint8_t *exact_bits = exact_copy(bits);
	enum status status;

	columns.heads = span_of(exact_heads, heads.length);
	columns.bits = span_of(exact_bits, bits.length);
	columns.count = count;
	buffer_clear(&fixture->again);
	arena_reset(&fixture->arena);
	status =
		columns_get(columns, BUFFER_LIMIT, &fixture->arena, &fixture->again, lengths, NULL);
	free(exact_bits);
	free(exact_heads);
	for (size_t i = 0, end = 0; status == STATUS_OK && i < fixture->count; i++) {
		end += lengths[i];
		assert_int_equal(end, fixture->ends[i]);
	}
	return status;
}

static void
assert_comes_back(struct fixture *fixture)
{
	assert_ok(put(fixture));
	assert_ok(get(fixture, buffer_span(&fixture->heads), buffer_span(&fixture->bits),
		      fixture->count));
	assert_true(span_equal(buffer_span(&fixture->again), buffer_span(&fixture->rows)));
}

/* Numbers as they follow from a seed; the low bits of a linear congruence repeat too soon. */
static uint64_t
next_number(uint64_t *seed)
{
	*seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return *seed >> 33 ^ *seed >> 12;
}

static void
put_any(struct buffer *out, uint64_t *seed, unsigned depth)
{
	static const char letters[] = "0123456789 abc";
	char text[8];
	uint64_t choice = next_number(seed) % (depth < 4 ? 9 : 7);
	size_t length = next_number(seed) % 5;

	switch (choice) {
	case 0:
		cbor_put_int(out, (int64_t)(next_number(seed) << (next_number(seed) % 40)));
		break;
	case 1:
		cbor_put_int(out, (int64_t)(next_number(seed) % 7) - 3);
		break;
	case 2:
	case 3:
		for (size_t i = 0; i < length; i++) {
			text[i] = letters[next_number(seed) % (choice == 2 ? 10 : 14)];
		}
		cbor_put_text(out, span_of(text, length));
		break;
	case 4:
		cbor_put_bytes(out, span_of(seed, length));
		break;
	case 5:
		cbor_put_bool(out, (next_number(seed) & 1) != 0);
		break;
	case 6:
		cbor_put_null(out);
		break;
	case 7:
		cbor_put_array(out, length);
		for (size_t i = 0; i < length; i++) {
			put_any(out, seed, depth + 1);
		}
		break;
	default:
		cbor_put_map(out, length);
		for (size_t i = 0; i < length; i++) {
			cbor_put_int(out, i < 3 ? (int64_t)(3 * i + next_number(seed) % 3)
						: -(int64_t)i);
			put_any(out, seed, depth + 1);
		}
	}
}

TEST(any_rows_come_back_byte_for_byte)
{
	struct fixture *fixture = *state;
	uint64_t seed = 1;

	for (unsigned round = 0; round < 2000; round++) {
		buffer_clear(&fixture->rows);
		buffer_clear(&fixture->heads);
		buffer_clear(&fixture->bits);
		fixture->count = 0;
		for (size_t rows = 1 + next_number(&seed) % 12; rows > 0; rows--) {
			put_any(&fixture->rows, &seed, 0);
			row_end(fixture, (uint32_t)(next_number(&seed) % 3));
		}
		assert_comes_back(fixture);
	}
}

TEST(integers_at_the_ends_of_their_range_come_back)
{
	static const int64_t values[] = {INT64_MIN, INT64_MAX, -1, 0, INT64_MAX, INT64_MIN + 1};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
		cbor_put_int(&fixture->rows, values[i]);
		row_end(fixture, 0);
	}
	assert_comes_back(fixture);
}

TEST(ids_of_several_streams_name_each_stream_once)
{
	struct fixture *fixture = *state;

	for (uint64_t i = 0; i < 40; i++) {
		cbor_put_array(&fixture->rows, 2);
		cbor_put_uint(&fixture->rows, ((UINT64_C(0x7000000) + i % 2) << 32) + 100 + i);
		cbor_put_uint(&fixture->rows, ((UINT64_C(0x7000000) + i % 2) << 32) + 1 + i / 2);
		row_end(fixture, 0);
	}
	assert_comes_back(fixture);
	/* Two streams of 4 bytes each, and a bit a row to tell them apart, twice; n follow n. */
	assert_true(fixture->heads.length + fixture->bits.length < 50);
}

TEST(rows_that_differ_by_a_step_take_no_bits)
{
	struct fixture *fixture = *state;

	for (uint64_t i = 0; i < 50; i++) {
		cbor_put_map(&fixture->rows, 2);
		cbor_put_uint(&fixture->rows, 1);
		cbor_put_uint(&fixture->rows, 1000 + 3 * i);
		cbor_put_uint(&fixture->rows, 2);
		cbor_put_text(&fixture->rows, span_of_text("0012"));
		row_end(fixture, 0);
	}
	assert_comes_back(fixture);
	assert_int_equal(fixture->bits.length, 0);
	assert_true(fixture->heads.length < 24);
}

TEST(what_columns_cannot_say_is_left_to_rows)
{
	static const char *const rows[] = {
		"1bffffffffffffffff", /* beyond 63 bits */
		"a1616101",	      /* a key of text */
		"f97e00",	      /* a float */
		"0102",		      /* two items */
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		buffer_clear(&fixture->rows);
		fixture->count = 0;
		row_of_hex(fixture, rows[i]);
		assert_int_equal(put(fixture), STATUS_UNSUPPORTED);
	}
	fixture->count = 0;
	assert_int_equal(put(fixture), STATUS_UNSUPPORTED);
}

static enum status
get_hex(struct fixture *fixture, const char *heads_hex, const char *bits_hex, size_t count)
{
	uint8_t heads[64];
	uint8_t bits[64];

	assert_true(hex_decode(heads_hex, heads, strlen(heads_hex) / 2));
	assert_true(hex_decode(bits_hex, bits, strlen(bits_hex) / 2));
	return get(fixture, span_of(heads, strlen(heads_hex) / 2),
		   span_of(bits, strlen(bits_hex) / 2), count);
}

TEST(malformed_columns_are_refused)
{
	static const struct {
		const char *what;
		const char *heads;
		const char *bits;
		size_t count;
	} cases[] = {
		{"nothing", "", "", 1},
		{"no row", "010100", "", 0},
		{"no group", "00", "", 1},
		{"too many groups", "8102", "", 300},
		{"a group without rows", "020001000100", "", 2},
		{"a node of no kind", "0100", "", 1},
		{"digits without text", "01810208", "", 1},
		{"digits of no length", "01840002", "", 1},
		{"digits that are too long", "01842602", "", 1},
		{"a number of more digits", "0184028064", "", 1},
		{"a tail of heads", "01010000", "", 1},
		{"a tail of bits", "010100", "00", 1},
		{"an unknown head", "0101840201", "ff", 2},
		{"a width of 65", "0101810041", "ffffffffffffffffff", 1},
		{"a narrow width that is not", "010189000303", "ff", 2},
		{"a unit of 1", "010185000103", "ff", 2},
		{"bits that are missing", "0101810008", "ff", 2},
		{"bits of a narrow column that are missing", "01018900080f", "01", 2},
		{"a varint without an end", "01018080", "", 1},
		{"a varint beyond 64 bits", "010180ffffffffffffffffff02", "", 1},
		{"ids of no stream", "010183000000", "", 1},
		{"ids of stream 0", "01018301000000", "", 1},
		{"ids of a stream that is not told", "01018301010202", "", 1},
		{"a length beyond the heads", "010208", "", 1},
		{"lengths that add up beyond the heads", "01020261", "", 2},
		{"a negative length", "010201", "", 1},
		{"text that is no UTF-8", "010402ff", "", 1},
		{"a boolean of 2", "012004", "", 1},
		{"a key that no map has", "0110010100", "", 1},
		{"keys that do not ascend", "011002020201000102010000", "", 1},
		{"a key of text", "01100161610201", "", 1},
		{"a kind that does not occur", "0141000100", "", 2},
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		enum status status =
			get_hex(fixture, cases[i].heads, cases[i].bits, cases[i].count);

		if (status != STATUS_MALFORMED) {
			print_error("%s\n", cases[i].what);
		}
		assert_int_equal(status, STATUS_MALFORMED);
	}
}

TEST(deep_nesting_is_refused_either_way)
{
	struct fixture *fixture = *state;
	uint8_t heads[64] = {1};
	size_t length = 1;

	for (size_t i = 0; i < COLUMNS_DEPTH_MAX; i++) {
		cbor_put_array(&fixture->rows, 1);
		heads[length++] = 8; /* arrays */
		heads[length++] = 2; /* of one element */
	}
	cbor_put_null(&fixture->rows);
	row_end(fixture, 0);
	heads[length++] = 64;
	assert_int_equal(put(fixture), STATUS_UNSUPPORTED);
	assert_int_equal(get(fixture, span_of(heads, length), span_of(NULL, 0), 1),
			 STATUS_MALFORMED);
}

TEST(a_row_beyond_the_limit_is_refused)
{
	struct fixture *fixture = *state;
	size_t length;
	const struct columns columns = {.heads = span_of("\x01\x02\x06"
							 "abc",
							 6),
					.count = 1};

	arena_reset(&fixture->arena);
	assert_ok(columns_get(columns, 4, &fixture->arena, &fixture->again, &length, NULL));
	assert_int_equal(columns_get(columns, 3, &fixture->arena, &fixture->again, &length, NULL),
			 STATUS_MALFORMED);
}

/* Few bytes of columns can mean very many rows' worth of work. */
TEST(work_is_bounded_whatever_the_columns_say)
{
	struct fixture *fixture = *state;
	static size_t lengths[COLUMNS_ROWS_MAX];
	struct columns columns = {0};

	/* Arrays of 4096 nulls, all the same: 33 million items from a few kilobytes. */
	buffer_append(&fixture->heads, "\x01\x08\x80\xfe\x3f", 5);
	for (size_t i = 0; i < 4095; i++) {
		buffer_append_byte(&fixture->heads, 64);
	}
	columns.heads = buffer_span(&fixture->heads);
	columns.count = COLUMNS_ROWS_MAX;
	assert_int_not_equal(
		columns_get(columns, BUFFER_LIMIT, &fixture->arena, &fixture->again, lengths, NULL),
		STATUS_OK);
}

/* What a reader would refuse must not be written: the device would send it for ever. */
TEST(what_makes_too_much_work_is_left_to_rows)
{
	enum { ELEMENTS = COLUMNS_NODES_MAX - 2 };
	static struct span rows[COLUMNS_ROWS_MAX];
	static uint32_t groups[COLUMNS_ROWS_MAX];
	static size_t lengths[COLUMNS_ROWS_MAX];
	struct fixture *fixture = *state;
	struct columns columns;
	enum status status;

	cbor_put_array(&fixture->rows, ELEMENTS);
	for (size_t i = 0; i < ELEMENTS; i++) {
		cbor_put_null(&fixture->rows);
	}
	rows[0] = buffer_span(&fixture->rows);
	for (size_t i = 1; i < COLUMNS_ROWS_MAX; i++) {
		rows[i] = span_of("\x80", 1);
	}
	status = columns_put(rows, groups, COLUMNS_ROWS_MAX, &fixture->heads, &fixture->bits, NULL);
	if (status == STATUS_OK) {
		columns.heads = buffer_span(&fixture->heads);
		columns.bits = buffer_span(&fixture->bits);
		columns.count = COLUMNS_ROWS_MAX;
		status = columns_get(columns, BUFFER_LIMIT, &fixture->arena, &fixture->again,
				     lengths, NULL);
	}
	assert_int_equal(status, STATUS_UNSUPPORTED);
	buffer_clear(&fixture->heads);
	buffer_clear(&fixture->bits);
	assert_ok(columns_put(rows, groups, COLUMNS_ROWS_MAX / 2, &fixture->heads, &fixture->bits,
			      NULL));
}

TEST(full_arena_is_a_limit_and_no_fault_of_the_columns)
{
	struct fixture *fixture = *state;
	enum status status = STATUS_LIMIT;
	size_t limits = 0;

	for (uint64_t i = 0; i < 8; i++) {
		cbor_put_array(&fixture->rows, 2);
		cbor_put_uint(&fixture->rows, ((UINT64_C(7) + i % 2) << 32) + i * i * i);
		cbor_put_map(&fixture->rows, 1);
		cbor_put_uint(&fixture->rows, 1);
		cbor_put_uint(&fixture->rows, i);
		row_end(fixture, (uint32_t)(i % 2));
	}
	assert_ok(put(fixture));
	for (fixture->arena.limit = 0; status == STATUS_LIMIT; fixture->arena.limit += 16) {
		status = get(fixture, buffer_span(&fixture->heads), buffer_span(&fixture->bits),
			     fixture->count);
		limits += status == STATUS_LIMIT ? 1 : 0;
	}
	assert_ok(status);
	assert_true(limits > 20);
}

TEST(rows_are_cut_apart_if_each_is_of_the_kind_that_is_expected)
{
	static const uint8_t bytes[] = {0xa1, 0x01, 0x07, 0xa0, 0x80};
	static const size_t lengths[] = {3, 1, 1};
	struct span rows[3];

	(void)state;
	assert_true(columns_cut(span_of(bytes, 4), lengths, 2, CBOR_MAP, rows));
	assert_ptr_equal(rows[0].at, bytes);
	assert_int_equal(rows[0].length, 3);
	assert_ptr_equal(rows[1].at, bytes + 3);
	assert_int_equal(rows[1].length, 1);
	assert_false(columns_cut(span_of(bytes, 5), lengths, 3, CBOR_MAP, rows));
	assert_false(columns_cut(span_of(bytes, 3), lengths, 2, CBOR_MAP, rows));
}

#define ROW(sentence) CASE_WITH(sentence, fixture_start, fixture_end)

RUN_TESTS(ROW(any_rows_come_back_byte_for_byte), ROW(integers_at_the_ends_of_their_range_come_back),
	  ROW(ids_of_several_streams_name_each_stream_once),
	  ROW(rows_that_differ_by_a_step_take_no_bits),
	  ROW(what_columns_cannot_say_is_left_to_rows), ROW(malformed_columns_are_refused),
	  ROW(deep_nesting_is_refused_either_way), ROW(a_row_beyond_the_limit_is_refused),
	  ROW(work_is_bounded_whatever_the_columns_say),
	  ROW(what_makes_too_much_work_is_left_to_rows),
	  ROW(full_arena_is_a_limit_and_no_fault_of_the_columns),
	  ROW(rows_are_cut_apart_if_each_is_of_the_kind_that_is_expected))

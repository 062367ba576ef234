/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/column.h"
#include "tests/exact.h"

enum { BUFFER_LIMIT = 64 * 1024, ARENA_LIMIT = 64 * 1024, VALUES_MAX = 64, IDS = 8 };

struct fixture {
	struct buffer heads;
	struct buffer bits;
	struct column_writer writer;
	struct column_reader reader;
	struct arena arena;
};

static int
fixture_start(void **state)
{
	struct fixture *fixture = calloc(1, sizeof *fixture);

	if (fixture == NULL) {
		return -1;
	}
	buffer_init(&fixture->heads, BUFFER_LIMIT);
	buffer_init(&fixture->bits, BUFFER_LIMIT);
	arena_init(&fixture->arena, ARENA_LIMIT);
	fixture->writer.heads = &fixture->heads;
	fixture->writer.bits = &fixture->bits;
	*state = fixture;
	return 0;
}

static int
fixture_end(void **state)
{
	struct fixture *fixture = *state;

	buffer_finish(&fixture->heads);
	buffer_finish(&fixture->bits);
	arena_finish(&fixture->arena);
	free(fixture);
	return 0;
}

/* Begins to read what was written. */
static void
read_again(struct fixture *fixture)
{
	fixture->reader = (struct column_reader){.heads = reader_of(buffer_span(&fixture->heads)),
						 .bits = buffer_span(&fixture->bits),
						 .arena = &fixture->arena};
}

static void
assert_next(struct fixture *fixture, const int64_t *values, size_t count)
{
	struct column column;

	assert_true(column_get(&fixture->reader, count, &column));
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(column_next(&column), values[i]);
	}
}

/* The column has these heads and bits, and is read back. */
static void
assert_column(struct fixture *fixture, const int64_t *values, size_t count, const char *heads,
	      const char *bits)
{
	column_put(&fixture->writer, values, count);
	assert_hex(fixture->heads.at, fixture->heads.length, heads);
	assert_int_equal(fixture->bits.length, strlen(bits) / 2);
	if (fixture->bits.length > 0) {
		assert_hex(fixture->bits.at, fixture->bits.length, bits);
	}
	read_again(fixture);
	assert_next(fixture, values, count);
	assert_true(column_reader_ended(&fixture->reader));
}

TEST(varints_have_seven_bits_in_a_byte_and_at_most_64_in_all)
{
	static const uint64_t values[] = {0, 1, 127, 128, 300, UINT32_MAX, UINT64_MAX};
	struct fixture *fixture = *state;
	struct reader in;
	uint64_t value;

	varint_put(&fixture->heads, 300);
	assert_hex(fixture->heads.at, fixture->heads.length, "ac02");
	buffer_clear(&fixture->heads);
	for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
		varint_put(&fixture->heads, values[i]);
	}
	in = reader_of(buffer_span(&fixture->heads));
	for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
		assert_true(varint_get(&in, &value));
		assert_int_equal(value, values[i]);
	}
	assert_false(varint_get(&in, &value));
	in = reader_of(span_of("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 10));
	assert_false(varint_get(&in, &value));
	assert_int_equal(in.left, 10);
}

TEST(small_constant_is_one_byte)
{
	static const int64_t values[] = {-3, -3, -3};

	assert_column(*state, values, 3, "05", "");
}

TEST(large_constant_is_a_varint)
{
	static const int64_t values[] = {64, 64};

	assert_column(*state, values, 2, "808001", "");
}

TEST(values_without_order_are_packed_above_the_least)
{
	static const int64_t values[] = {10, 13, 11, 10};

	/* 0, 3, 1, 0 in two bits each */
	assert_column(*state, values, 4, "811402", "1c");
}

TEST(multiples_are_packed_by_their_unit)
{
	static const int64_t values[] = {8450, 8400, 8500, 8400};

	/* 1, 0, 2, 0 times 50 */
	assert_column(*state, values, 4, "85a083013202", "21");
}

TEST(steady_steps_take_no_bits)
{
	static const int64_t values[] = {100, 99, 98, 97, 96, 95};

	assert_column(*state, values, 6, "82c8010100", "");
}

TEST(one_large_number_does_not_widen_the_others)
{
	static const int64_t values[] = {1, 0, 1, 1, 0, 1000, 0, 1, 1, 0, 0, 1};

	/* Each 0 or 1 has a bit before it that says so; 1000 has 10 bits. */
	assert_column(*state, values, 12, "89000a01", "a2441f0501");
}

static void
ids_of_two_streams(int64_t values[IDS])
{
	for (int64_t i = 0; i < IDS; i++) {
		values[i] = ((INT64_C(0x12345678) + i % 2) << 32) + 7 + i * i;
	}
}

TEST(ids_name_their_streams_once)
{
	struct fixture *fixture = *state;
	int64_t values[IDS];

	ids_of_two_streams(values);
	column_put(&fixture->writer, values, IDS);
	assert_int_equal(fixture->heads.at[0], 0x83);
	assert_int_equal(fixture->heads.at[1], 2);
	column_put(&fixture->writer, values, IDS);
	read_again(fixture);
	assert_next(fixture, values, IDS);
	/* The second time they are in the list. */
	assert_int_equal(fixture->reader.heads.at[0], 0x83);
	assert_int_equal(fixture->reader.heads.at[1], 0);
	assert_next(fixture, values, IDS);
	assert_true(column_reader_ended(&fixture->reader));
}

TEST(counts_are_no_ids_and_have_a_limit)
{
	static const int64_t counts[] = {0, 5, 2, 5};
	struct fixture *fixture = *state;
	struct column column;
	int64_t ids[IDS];

	column_put_counts(&fixture->writer, counts, 4);
	read_again(fixture);
	assert_false(column_get_counts(&fixture->reader, 4, 4, &column));
	read_again(fixture);
	assert_true(column_get_counts(&fixture->reader, 4, 5, &column));
	buffer_clear(&fixture->heads);
	ids_of_two_streams(ids);
	column_put(&fixture->writer, ids, IDS);
	assert_int_equal(fixture->heads.at[0], 0x83);
	read_again(fixture);
	assert_false(column_get_counts(&fixture->reader, IDS, INT64_MAX, &column));
}

TEST(columns_share_the_bytes_of_their_bits)
{
	static const int64_t first[] = {0, 1, 1};
	static const int64_t second[] = {1, 0, 1, 0};
	struct fixture *fixture = *state;

	column_put(&fixture->writer, first, 3);
	column_put(&fixture->writer, second, 4);
	assert_int_equal(fixture->bits.length, 1);
	read_again(fixture);
	assert_false(column_reader_ended(&fixture->reader));
	assert_next(fixture, first, 3);
	assert_next(fixture, second, 4);
	assert_true(column_reader_ended(&fixture->reader));
}

TEST(any_values_come_back)
{
	struct fixture *fixture = *state;
	uint64_t seed = 7;

	for (unsigned round = 0; round < 5000; round++) {
		int64_t values[VALUES_MAX];
		size_t count = 1 + round % VALUES_MAX;

		for (size_t i = 0; i < count; i++) {
			seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
			values[i] =
				(int64_t)seed >> (round / VALUES_MAX + (seed >> 60) % 3 * 8) % 64;
		}
		buffer_clear(&fixture->heads);
		buffer_clear(&fixture->bits);
		fixture->writer.used = 0;
		fixture->writer.streams.count = 0;
		arena_reset(&fixture->arena);
		column_put(&fixture->writer, values, count);
		read_again(fixture);
		assert_next(fixture, values, count);
		assert_true(column_reader_ended(&fixture->reader));
	}
}

#define ROW(sentence) CASE_WITH(sentence, fixture_start, fixture_end)

RUN_TESTS(ROW(varints_have_seven_bits_in_a_byte_and_at_most_64_in_all),
	  ROW(small_constant_is_one_byte), ROW(large_constant_is_a_varint),
	  ROW(values_without_order_are_packed_above_the_least),
	  ROW(multiples_are_packed_by_their_unit), ROW(steady_steps_take_no_bits),
	  ROW(one_large_number_does_not_widen_the_others), ROW(ids_name_their_streams_once),
	  ROW(counts_are_no_ids_and_have_a_limit), ROW(columns_share_the_bytes_of_their_bits),
	  ROW(any_values_come_back))

/* SPDX-License-Identifier: Apache-2.0 */
#include "cbor_item.h"

static void
assert_written(const struct buffer *out, const char *hex)
{
	assert_ok(out->status);
	assert_hex(out->at, out->length, hex);
}

TEST(integers_are_written_in_shortest_form)
{
	static const struct {
		uint64_t value;
		const char *hex;
	} rows[] = {
		{0, "00"},
		{23, "17"},
		{24, "1818"},
		{255, "18ff"},
		{256, "190100"},
		{65535, "19ffff"},
		{65536, "1a00010000"},
		{UINT32_MAX, "1affffffff"},
		{(uint64_t)UINT32_MAX + 1, "1b0000000100000000"},
		{1000000000000, "1b000000e8d4a51000"},
		{UINT64_MAX, "1bffffffffffffffff"},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct buffer out;
		struct reader in;
		uint64_t again;

		buffer_init(&out, 100);
		cbor_put_uint(&out, rows[i].value);
		assert_written(&out, rows[i].hex);
		in = reader_of(buffer_span(&out));
		assert_true(cbor_get_uint(&in, &again));
		assert_true(again == rows[i].value);
		assert_int_equal(in.left, 0);
		buffer_finish(&out);
	}
}

TEST(signed_integers_are_written_in_shortest_form)
{
	static const struct {
		int64_t value;
		const char *hex;
	} rows[] = {
		{0, "00"},
		{-1, "20"},
		{-24, "37"},
		{-25, "3818"},
		{-256, "38ff"},
		{-257, "390100"},
		{-65536, "39ffff"},
		{-65537, "3a00010000"},
		{-4294967296, "3affffffff"},
		{-4294967297, "3b0000000100000000"},
		{INT64_MAX, "1b7fffffffffffffff"},
		{INT64_MIN, "3b7fffffffffffffff"},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct buffer out;
		struct reader in;
		int64_t again;

		buffer_init(&out, 100);
		cbor_put_int(&out, rows[i].value);
		assert_written(&out, rows[i].hex);
		in = reader_of(buffer_span(&out));
		assert_true(cbor_get_int(&in, &again));
		assert_int_equal(again, rows[i].value);
		buffer_finish(&out);
	}
}

TEST(strings_containers_and_simple_values_are_written)
{
	struct buffer out;

	buffer_init(&out, 200);
	cbor_put_map(&out, 2);
	cbor_put_uint(&out, 1);
	cbor_put_array(&out, 3);
	cbor_put_bool(&out, true);
	cbor_put_bool(&out, false);
	cbor_put_null(&out);
	cbor_put_text(&out, span_of_text("a"));
	cbor_put_bytes(&out, span_of("\x01\x02\x00", 3));
	assert_written(&out, "a2 01 83 f5 f4 f6 6161 43 010200");
	buffer_clear(&out);
	cbor_put_bytes(&out, span_of(NULL, 0));
	cbor_put_text(&out, span_of(NULL, 0));
	cbor_put_array(&out, 0);
	cbor_put_map(&out, 24);
	cbor_put_array(&out, 65536);
	assert_written(&out, "40 60 80 b818 9a00010000");
	buffer_finish(&out);
}

TEST(writing_beyond_the_limit_is_remembered)
{
	struct buffer out;

	buffer_init(&out, 8);
	cbor_put_text(&out, span_of_text("12345678"));
	cbor_put_null(&out);
	assert_int_equal(out.status, STATUS_LIMIT);
	assert_int_equal(out.length, 1);
	buffer_finish(&out);
}

enum { KINDS = 10 };
static const struct {
	const char *hex;
	enum cbor_kind kind;
} samples[KINDS] = {
	{"05", CBOR_INTEGER},	  {"25", CBOR_INTEGER},
	{"43010203", CBOR_BYTES}, {"63616263", CBOR_TEXT},
	{"820000", CBOR_ARRAY},	  {"a10000", CBOR_MAP},
	{"f4", CBOR_BOOLEAN},	  {"f5", CBOR_BOOLEAN},
	{"f6", CBOR_NULL},	  {"1bffffffffffffffff", CBOR_INTEGER},
};

/* Each reader leaves `out` as it was when it refuses; `wanted` has an x for each sample it reads.
 */
static void
assert_reads_only(const char *wanted, bool (*get)(struct reader *, void *), size_t size)
{
	uint8_t untouched[sizeof(struct span)];

	memset(untouched, 0xa5, sizeof untouched);
	for (size_t i = 0; i < COUNT(samples); i++) {
		uint8_t out[sizeof(struct span)];
		struct item item = item_of(samples[i].hex);
		struct reader before = item.reader;

		memset(out, 0xa5, sizeof out);
		assert_true(get(&item.reader, out) == (wanted[i] == 'x'));
		if (wanted[i] == 'x') {
			assert_true(item.reader.left < before.left);
		} else {
			assert_ptr_equal(item.reader.at, before.at);
			assert_int_equal(item.reader.left, before.left);
			assert_memory_equal(out, untouched, sizeof out);
		}
		assert_memory_equal(out + size, untouched, sizeof out - size);
		item_free(&item);
	}
}

static bool
get_uint(struct reader *in, void *out)
{
	return cbor_get_uint(in, out);
}

static bool
get_u32(struct reader *in, void *out)
{
	return cbor_get_u32(in, out);
}

static bool
get_int(struct reader *in, void *out)
{
	return cbor_get_int(in, out);
}

static bool
get_bytes(struct reader *in, void *out)
{
	return cbor_get_bytes(in, out);
}

static bool
get_three_bytes(struct reader *in, void *out)
{
	return cbor_get_bytes_exact(in, out, 3);
}

static bool
get_text(struct reader *in, void *out)
{
	return cbor_get_text(in, out);
}

static bool
get_array(struct reader *in, void *out)
{
	return cbor_get_array(in, 2, out);
}

static bool
get_map(struct reader *in, void *out)
{
	return cbor_get_map(in, 1, out);
}

static bool
get_bool(struct reader *in, void *out)
{
	return cbor_get_bool(in, out);
}

static bool
get_null(struct reader *in, void *out)
{
	(void)out;
	return cbor_get_null(in);
}

TEST(each_reader_reads_its_kind_and_leaves_others_alone)
{
	assert_reads_only("x........x", get_uint, sizeof(uint64_t));
	assert_reads_only("x.........", get_u32, sizeof(uint32_t));
	assert_reads_only("xx........", get_int, sizeof(int64_t));
	assert_reads_only("..x.......", get_bytes, sizeof(struct span));
	assert_reads_only("..x.......", get_three_bytes, 3);
	assert_reads_only("...x......", get_text, sizeof(struct span));
	assert_reads_only("....x.....", get_array, sizeof(size_t));
	assert_reads_only(".....x....", get_map, sizeof(size_t));
	assert_reads_only("......xx..", get_bool, sizeof(bool));
	assert_reads_only("........x.", get_null, 0);
}

TEST(peek_tells_the_kind_and_moves_nothing)
{
	for (size_t i = 0; i < COUNT(samples); i++) {
		struct item item = item_of(samples[i].hex);
		struct reader before = item.reader;
		enum cbor_kind kind;

		assert_true(cbor_peek(&item.reader, &kind));
		assert_int_equal(kind, samples[i].kind);
		assert_ptr_equal(item.reader.at, before.at);
		item_free(&item);
	}
}

TEST(peek_refuses_what_is_not_ours)
{
	static const char *const items[] = {"",	    "18",     "1817", "c0", "f7", "f3",
					    "f814", "f90000", "ff",   "9f", "1f", "f0"};

	for (size_t i = 0; i < COUNT(items); i++) {
		struct item item = item_of(items[i]);
		enum cbor_kind kind = CBOR_MAP;

		assert_false(cbor_peek(&item.reader, &kind));
		assert_int_equal(kind, CBOR_MAP);
		item_free(&item);
	}
}

TEST(values_are_read_as_they_are)
{
	struct item item = item_of("05381843010203636162638200f5a10000f4f6");
	uint8_t three[3];
	uint64_t number;
	int64_t integer;
	struct span span;
	size_t count;
	bool boolean;

	assert_true(cbor_get_uint(&item.reader, &number));
	assert_int_equal(number, 5);
	assert_true(cbor_get_int(&item.reader, &integer));
	assert_int_equal(integer, -25);
	assert_true(cbor_get_bytes_exact(&item.reader, three, 3));
	assert_hex(three, 3, "010203");
	assert_true(cbor_get_text(&item.reader, &span));
	assert_true(span_equal(span, span_of_text("abc")));
	assert_true(cbor_get_array(&item.reader, 2, &count));
	assert_int_equal(count, 2);
	assert_true(cbor_get_uint(&item.reader, &number));
	assert_true(cbor_get_bool(&item.reader, &boolean));
	assert_true(boolean);
	assert_true(cbor_get_any(&item.reader, &span));
	assert_hex(span.at, span.length, "a10000");
	assert_true(cbor_get_bool(&item.reader, &boolean));
	assert_false(boolean);
	assert_true(cbor_get_null(&item.reader));
	assert_int_equal(item.reader.left, 0);
	item_free(&item);
}

TEST(numbers_above_their_bound_are_refused)
{
	struct item item = item_of("1a00010000");
	struct item beyond = item_of("1b0000000100000000");
	struct item highest = item_of("1affffffff");
	uint64_t number = 42;
	uint32_t small = 42;

	assert_false(cbor_get_uint_max(&item.reader, 65535, &number));
	assert_int_equal(number, 42);
	assert_true(cbor_get_uint_max(&item.reader, 65536, &number));
	assert_int_equal(number, 65536);
	assert_false(cbor_get_u32(&beyond.reader, &small));
	assert_int_equal(small, 42);
	assert_true(cbor_get_u32(&highest.reader, &small));
	assert_int_equal(small, UINT32_MAX);
	item_free(&item);
	item_free(&beyond);
	item_free(&highest);
}

TEST(signed_integers_outside_64_bits_are_refused)
{
	static const char *const items[] = {"1b8000000000000000", "3b8000000000000000",
					    "1bffffffffffffffff", "3bffffffffffffffff"};

	for (size_t i = 0; i < COUNT(items); i++) {
		struct item item = item_of(items[i]);
		int64_t integer = 42;

		assert_false(cbor_get_int(&item.reader, &integer));
		assert_int_equal(integer, 42);
		item_free(&item);
	}
}

TEST(containers_above_the_callers_bound_are_refused)
{
	struct item array = item_of("83010203");
	struct item map = item_of("a201020304");
	size_t count = 42;

	assert_false(cbor_get_array(&array.reader, 2, &count));
	assert_false(cbor_get_map(&map.reader, 1, &count));
	assert_int_equal(count, 42);
	assert_true(cbor_get_array(&array.reader, 3, &count));
	assert_int_equal(count, 3);
	assert_true(cbor_get_map(&map.reader, 2, &count));
	assert_int_equal(count, 2);
	item_free(&array);
	item_free(&map);
}

TEST(bytes_of_another_length_are_refused)
{
	struct item item = item_of("43010203");
	uint8_t four[4] = {9, 9, 9, 9};

	assert_false(cbor_get_bytes_exact(&item.reader, four, 4));
	assert_false(cbor_get_bytes_exact(&item.reader, four, 2));
	assert_false(cbor_get_bytes_exact(&item.reader, four, 0));
	assert_hex(four, 4, "09090909");
	assert_int_equal(item.reader.left, 4);
	item_free(&item);
}

RUN_TESTS(CASE(integers_are_written_in_shortest_form),
	  CASE(signed_integers_are_written_in_shortest_form),
	  CASE(strings_containers_and_simple_values_are_written),
	  CASE(writing_beyond_the_limit_is_remembered),
	  CASE(each_reader_reads_its_kind_and_leaves_others_alone),
	  CASE(peek_tells_the_kind_and_moves_nothing), CASE(peek_refuses_what_is_not_ours),
	  CASE(values_are_read_as_they_are), CASE(numbers_above_their_bound_are_refused),
	  CASE(signed_integers_outside_64_bits_are_refused),
	  CASE(containers_above_the_callers_bound_are_refused),
	  CASE(bytes_of_another_length_are_refused))

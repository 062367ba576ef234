/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/cbor.h"
#include "tests/exact.h"

enum { ITEM_MAX = 128 };

struct item {
	uint8_t *bytes;
	struct reader reader;
};

static struct item
item_of(const char *hex)
{
	uint8_t bytes[ITEM_MAX] = {0};
	struct span span = span_of(bytes, strlen(hex) / 2);
	struct item item;

	assert_in_range(span.length, 0, sizeof bytes);
	assert_true(hex_decode(hex, bytes, span.length));
	item.bytes = exact_copy(span);
	item.reader = reader_of(span_of(item.bytes, span.length));
	return item;
}

static void
item_free(struct item *item)
{
	free(item->bytes);
}

static bool
is_one_item(const char *hex)
{
	struct item item = item_of(hex);
	struct reader before = item.reader;
	struct span whole = {NULL, 0};
	bool read = cbor_get_any(&item.reader, &whole);

	if (read) {
		assert_ptr_equal(whole.at, before.at);
		assert_int_equal(whole.length + item.reader.left, before.left);
		read = item.reader.left == 0;
	} else {
		assert_ptr_equal(item.reader.at, before.at);
		assert_int_equal(item.reader.left, before.left);
		assert_null(whole.at);
	}
	item_free(&item);
	return read;
}

/* RFC 8949, appendix A: the rows without floats, tags, indefinite lengths and other simple values.
 */
static const char *const rfc_items[] = {
	"00",
	"01",
	"0a",
	"17",
	"1818",
	"1819",
	"1864",
	"1903e8",
	"1a000f4240",
	"1b000000e8d4a51000",
	"1bffffffffffffffff",
	"3bffffffffffffffff",
	"20",
	"29",
	"3863",
	"3903e7",
	"f4",
	"f5",
	"f6",
	"40",
	"4401020304",
	"60",
	"6161",
	"6449455446",
	"62225c",
	"62c3bc",
	"63e6b0b4",
	"64f0908591",
	"80",
	"83010203",
	"8301820203820405",
	"98190102030405060708090a0b0c0d0e0f101112131415161718181819",
	"a0",
	"a201020304",
	"a26161016162820203",
	"826161a161626163",
	"a56161614161626142616361436164614461656145",
};

/* The other rows. */
static const char *const rfc_others[] = {
	"c249010000000000000000",
	"c349010000000000000000",
	"f90000",
	"f98000",
	"f93c00",
	"fb3ff199999999999a",
	"f93e00",
	"f97bff",
	"fa47c35000",
	"fa7f7fffff",
	"fb7e37e43c8800759c",
	"f90001",
	"f90400",
	"f9c400",
	"fbc010666666666666",
	"f97c00",
	"f97e00",
	"f9fc00",
	"fa7f800000",
	"fa7fc00000",
	"faff800000",
	"fb7ff0000000000000",
	"fb7ff8000000000000",
	"fbfff0000000000000",
	"f7",
	"f0",
	"f8ff",
	"c074323031332d30332d32315432303a30343a30305a",
	"c11a514b67b0",
	"c1fb41d452d9e8200000",
	"d74401020304",
	"d818456449455446",
	"d82076687474703a2f2f7777772e6578616d706c652e636f6d",
	"5f42010243030405ff",
	"7f657374726561646d696e67ff",
	"9fff",
	"9f018202039f0405ffff",
	"9f01820203820405ff",
	"83018202039f0405ff",
	"83019f0203ff820405",
	"9f0102030405060708090a0b0c0d0e0f101112131415161718181819ff",
	"bf61610161629f0203ffff",
	"826161bf61626163ff",
	"bf6346756ef563416d7421ff",
};

#define EACH(list)                                                                                 \
	size_t i = 0;                                                                              \
	i < sizeof(list) / sizeof(list)[0];                                                        \
	i++

TEST(items_of_the_rfc_within_our_part_are_read)
{
	for (EACH(rfc_items)) {
		assert_true(is_one_item(rfc_items[i]));
	}
}

TEST(items_of_the_rfc_outside_our_part_are_refused)
{
	for (EACH(rfc_others)) {
		assert_false(is_one_item(rfc_others[i]));
	}
}

TEST(items_cut_off_anywhere_are_refused)
{
	for (EACH(rfc_items)) {
		char hex[2 * ITEM_MAX];

		(void)snprintf(hex, sizeof hex, "%s", rfc_items[i]);
		for (size_t length = strlen(hex); length >= 2; length -= 2) {
			hex[length - 2] = '\0';
			assert_false(is_one_item(hex));
		}
	}
}

TEST(heads_longer_than_need_be_are_refused)
{
	static const char *const items[] = {"1800",
					    "1817",
					    "190000",
					    "190017",
					    "1900ff",
					    "1a00000000",
					    "1a000000ff",
					    "1a0000ffff",
					    "1b0000000000000000",
					    "1b000000000000ffff",
					    "1b00000000ffffffff",
					    "3800",
					    "3817",
					    "3900ff",
					    "3a0000ffff",
					    "3b00000000ffffffff",
					    "5800",
					    "580100",
					    "59000100",
					    "5a0000000100",
					    "7800",
					    "780161",
					    "79000161",
					    "7a0000000161",
					    "7b000000000000000161",
					    "9800",
					    "980100",
					    "99000100",
					    "9a0000000100",
					    "9b000000000000000100",
					    "b800",
					    "b8010000",
					    "b900010000",
					    "ba000000010000",
					    "f800",
					    "f814",
					    "f815",
					    "f816",
					    "f817",
					    "f818",
					    "f90014",
					    "fa00000014",
					    "fb0000000000000016"};

	for (EACH(items)) {
		assert_false(is_one_item(items[i]));
	}
}

TEST(reserved_heads_and_breaks_are_refused)
{
	static const char *const items[] = {
		"1c", "1d", "1e", "1f", "3c", "3f", "5c", "5f",	  "7c",	    "7f",     "9c",  "bc",
		"dc", "e0", "f3", "fc", "fd", "fe", "ff", "81ff", "a1ff00", "a100ff", "f820"};

	for (EACH(items)) {
		assert_false(is_one_item(items[i]));
	}
}

TEST(map_keys_that_ascend_by_their_bytes_are_read)
{
	static const char *const items[] = {
		"a200000100",	    /* 0, 1 */
		"a21700181800",	    /* 23, 24 */
		"a21818002000",	    /* 24, -1: by bytes, not by length */
		"a220004000",	    /* -1, h'' */
		"a261620062616100", /* "b", "aa" */
		"a2616100616200",   /* "a", "b" */
		"a2810000f400",	    /* [0], false */
		"a3000020006000",   /* 0, -1, "" */
	};

	for (EACH(items)) {
		assert_true(is_one_item(items[i]));
	}
}

TEST(map_keys_out_of_order_or_twice_are_refused)
{
	static const char *const items[] = {"a201000000",     "a22000181800",	"a262616100616200",
					    "a2616200616100", "a2f400810000",	"a201000100",
					    "a2616100616100", "a3000020000100", "a260006000",
					    "81a201000000",   "a100a201000000", "a1a20100000000"};

	for (EACH(items)) {
		assert_false(is_one_item(items[i]));
	}
}

TEST(text_that_is_not_utf8_or_holds_nul_is_refused)
{
	static const char *const items[] = {"6100",	  "62c080", "61ff",   "62c328", "63eda080",
					    "64f4908080", "61c3",   "62e282", "8161c3", "a161c300"};

	for (EACH(items)) {
		assert_false(is_one_item(items[i]));
	}
}

TEST(items_nest_sixteen_deep)
{
	char hex[2 * ITEM_MAX];

	(void)snprintf(hex, sizeof hex, "81818181818181818181818181818180");
	assert_true(is_one_item(hex));
	(void)snprintf(hex, sizeof hex, "81818181818181818181818181818100");
	assert_true(is_one_item(hex));
	(void)snprintf(hex, sizeof hex, "8181818181818181818181818181818180");
	assert_false(is_one_item(hex));
	(void)snprintf(hex, sizeof hex,
		       "a100a100a100a100a100a100a100a100a100a100a100a100a100a100a1"
		       "00a0");
	assert_true(is_one_item(hex));
	(void)snprintf(hex, sizeof hex,
		       "a100a100a100a100a100a100a100a100a100a100a100a100a100a100a1"
		       "00a100a0");
	assert_false(is_one_item(hex));
}

TEST(counts_and_lengths_beyond_the_bytes_left_are_refused)
{
	static const char *const items[] = {"4201",
					    "5bffffffffffffffff",
					    "7bffffffffffffffff",
					    "9bffffffffffffffff",
					    "bbffffffffffffffff",
					    "bb8000000000000000",
					    "9b8000000000000000",
					    "9affffffff0000",
					    "8400010203818283",
					    "a2000000",
					    "bb7fffffffffffffff0000",
					    "5b7fffffffffffffff00"};

	for (EACH(items)) {
		struct item item = item_of(items[i]);
		size_t count;
		struct span span;

		assert_false(cbor_get_map(&item.reader, SIZE_MAX, &count));
		if (item.bytes[0] != 0x84) {
			assert_false(cbor_get_array(&item.reader, SIZE_MAX, &count));
		}
		assert_false(cbor_get_bytes(&item.reader, &span));
		assert_false(cbor_get_text(&item.reader, &span));
		assert_false(is_one_item(items[i]));
		item_free(&item);
	}
}

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

	for (EACH(rows)) {
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

	for (EACH(rows)) {
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
	for (EACH(samples)) {
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
	for (EACH(samples)) {
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

	for (EACH(items)) {
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

	for (EACH(items)) {
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

RUN_TESTS(CASE(items_of_the_rfc_within_our_part_are_read),
	  CASE(items_of_the_rfc_outside_our_part_are_refused),
	  CASE(items_cut_off_anywhere_are_refused), CASE(heads_longer_than_need_be_are_refused),
	  CASE(reserved_heads_and_breaks_are_refused),
	  CASE(map_keys_that_ascend_by_their_bytes_are_read),
	  CASE(map_keys_out_of_order_or_twice_are_refused),
	  CASE(text_that_is_not_utf8_or_holds_nul_is_refused), CASE(items_nest_sixteen_deep),
	  CASE(counts_and_lengths_beyond_the_bytes_left_are_refused),
	  CASE(integers_are_written_in_shortest_form),
	  CASE(signed_integers_are_written_in_shortest_form),
	  CASE(strings_containers_and_simple_values_are_written),
	  CASE(writing_beyond_the_limit_is_remembered),
	  CASE(each_reader_reads_its_kind_and_leaves_others_alone),
	  CASE(peek_tells_the_kind_and_moves_nothing), CASE(peek_refuses_what_is_not_ours),
	  CASE(values_are_read_as_they_are), CASE(numbers_above_their_bound_are_refused),
	  CASE(signed_integers_outside_64_bits_are_refused),
	  CASE(containers_above_the_callers_bound_are_refused),
	  CASE(bytes_of_another_length_are_refused))

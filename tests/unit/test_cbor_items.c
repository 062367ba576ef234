/* SPDX-License-Identifier: Apache-2.0 */
#include "cbor_item.h"

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
	"a56161614161626142616361436164614461656145"};

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
	"bf6346756ef563416d7421ff"};

TEST(items_of_the_rfc_within_our_part_are_read)
{
	for (size_t i = 0; i < COUNT(rfc_items); i++) {
		assert_true(is_one_item(rfc_items[i]));
	}
}

TEST(items_of_the_rfc_outside_our_part_are_refused)
{
	for (size_t i = 0; i < COUNT(rfc_others); i++) {
		assert_false(is_one_item(rfc_others[i]));
	}
}

TEST(items_cut_off_anywhere_are_refused)
{
	for (size_t i = 0; i < COUNT(rfc_items); i++) {
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

	for (size_t i = 0; i < COUNT(items); i++) {
		assert_false(is_one_item(items[i]));
	}
}

TEST(reserved_heads_and_breaks_are_refused)
{
	static const char *const items[] = {
		"1c", "1d", "1e", "1f", "3c", "3f", "5c", "5f",	  "7c",	    "7f",     "9c",  "bc",
		"dc", "e0", "f3", "fc", "fd", "fe", "ff", "81ff", "a1ff00", "a100ff", "f820"};

	for (size_t i = 0; i < COUNT(items); i++) {
		assert_false(is_one_item(items[i]));
	}
	/* Not even where the next size of number would fit. */
	assert_false(is_one_item("1c00000000000000010000000000000000"));
	assert_false(is_one_item("3c00000000000000010000000000000000"));
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

	for (size_t i = 0; i < COUNT(items); i++) {
		assert_true(is_one_item(items[i]));
	}
}

TEST(map_keys_out_of_order_or_twice_are_refused)
{
	static const char *const items[] = {"a201000000",     "a22000181800",	"a262616100616200",
					    "a2616200616100", "a2f400810000",	"a201000100",
					    "a2616100616100", "a3000020000100", "a260006000",
					    "81a201000000",   "a100a201000000", "a1a20100000000"};

	for (size_t i = 0; i < COUNT(items); i++) {
		assert_false(is_one_item(items[i]));
	}
}

TEST(text_that_is_not_utf8_or_holds_nul_is_refused)
{
	static const char *const items[] = {"6100",	  "62c080", "61ff",   "62c328", "63eda080",
					    "64f4908080", "61c3",   "62e282", "8161c3", "a161c300"};

	for (size_t i = 0; i < COUNT(items); i++) {
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

	for (size_t i = 0; i < COUNT(items); i++) {
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

RUN_TESTS(CASE(items_of_the_rfc_within_our_part_are_read),
	  CASE(items_of_the_rfc_outside_our_part_are_refused),
	  CASE(items_cut_off_anywhere_are_refused), CASE(heads_longer_than_need_be_are_refused),
	  CASE(reserved_heads_and_breaks_are_refused),
	  CASE(map_keys_that_ascend_by_their_bytes_are_read),
	  CASE(map_keys_out_of_order_or_twice_are_refused),
	  CASE(text_that_is_not_utf8_or_holds_nul_is_refused), CASE(items_nest_sixteen_deep),
	  CASE(counts_and_lengths_beyond_the_bytes_left_are_refused))

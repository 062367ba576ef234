/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/bytes.h"
#include "tests/exact.h"

TEST(spans_are_equal_by_content_and_length)
{
	assert_true(span_equal(span_of_text("abc"), span_of("abcd", 3)));
	assert_false(span_equal(span_of_text("abc"), span_of_text("abd")));
	assert_false(span_equal(span_of_text("abc"), span_of_text("ab")));
	assert_true(span_equal(span_of(NULL, 0), span_of_text("")));
	assert_int_equal(span_of_text("kader").length, 5);
}

TEST(spans_are_ordered_by_bytes_then_length)
{
	assert_int_equal(span_compare(span_of_text("abc"), span_of_text("abc")), 0);
	assert_int_equal(span_compare(span_of_text("ab"), span_of_text("abc")), -1);
	assert_int_equal(span_compare(span_of_text("abc"), span_of_text("ab")), 1);
	assert_int_equal(span_compare(span_of_text("b"), span_of_text("abc")), 1);
	assert_int_equal(span_compare(span_of_text("\x7f"), span_of_text("\x80")), -1);
	assert_int_equal(span_compare(span_of(NULL, 0), span_of_text("")), 0);
	assert_int_equal(span_compare(span_of(NULL, 0), span_of("\0", 1)), -1);
}

TEST(buffer_keeps_what_is_appended_in_order)
{
	struct buffer buffer;
	uint8_t *room;

	buffer_init(&buffer, 100);
	buffer_append(&buffer, "ab", 2);
	buffer_append_span(&buffer, span_of_text("cd"));
	buffer_append_byte(&buffer, 'e');
	buffer_append(&buffer, NULL, 0);
	room = buffer_extend(&buffer, 2);
	assert_non_null(room);
	memcpy(room, "fg", 2);
	buffer_printf(&buffer, "%d%s", 42, "!");
	assert_true(span_equal(buffer_span(&buffer), span_of_text("abcdefg42!")));
	assert_ok(buffer_status(&buffer, "text", NULL));
	buffer_finish(&buffer);
}

TEST(buffer_grows_and_keeps_its_bytes)
{
	struct buffer buffer;

	buffer_init(&buffer, 100000);
	for (unsigned i = 0; i < 100000; i++) {
		buffer_append_byte(&buffer, (uint8_t)(i % 251));
	}
	assert_int_equal(buffer.length, 100000);
	for (unsigned i = 0; i < 100000; i++) {
		assert_int_equal(buffer.at[i], i % 251);
	}
	assert_ok(buffer.status);
	buffer_append_byte(&buffer, 0);
	assert_int_equal(buffer.status, STATUS_LIMIT);
	buffer_finish(&buffer);
}

TEST(append_beyond_the_limit_fails_and_stays_failed)
{
	struct buffer buffer;
	struct error err;

	buffer_init(&buffer, 4);
	buffer_append(&buffer, "abc", 3);
	buffer_append(&buffer, "de", 2);
	buffer_append_byte(&buffer, 'x');
	buffer_printf(&buffer, "y");
	assert_null(buffer_extend(&buffer, 0));
	assert_true(span_equal(buffer_span(&buffer), span_of_text("abc")));
	assert_int_equal(buffer_status(&buffer, "the parcel", &err), STATUS_LIMIT);
	assert_string_equal(err.detail, "the parcel");
	buffer_finish(&buffer);
}

TEST(cleared_buffer_forgets_bytes_and_failure)
{
	struct buffer buffer;

	buffer_init(&buffer, 4);
	buffer_append(&buffer, "abcde", 5);
	buffer_clear(&buffer);
	assert_ok(buffer_status(&buffer, "text", NULL));
	buffer_append(&buffer, "wxyz", 4);
	assert_true(span_equal(buffer_span(&buffer), span_of_text("wxyz")));
	buffer_finish(&buffer);
}

TEST(finished_buffer_is_empty_and_may_be_used_again)
{
	struct buffer buffer;

	buffer_init(&buffer, 4);
	buffer_append(&buffer, "ab", 2);
	buffer_finish(&buffer);
	assert_null(buffer.at);
	assert_int_equal(buffer.length, 0);
	buffer_append(&buffer, "abcd", 4);
	assert_ok(buffer.status);
	buffer_finish(&buffer);
}

TEST(huge_lengths_fail_without_wrapping_around)
{
	struct buffer buffer;

	buffer_init(&buffer, SIZE_MAX);
	buffer_append_byte(&buffer, 'a');
	assert_null(buffer_extend(&buffer, SIZE_MAX));
	assert_int_equal(buffer.status, STATUS_LIMIT);
	assert_int_equal(buffer.length, 1);
	buffer_finish(&buffer);
}

TEST(extension_by_nothing_gives_a_pointer)
{
	struct buffer buffer;

	buffer_init(&buffer, 0);
	assert_non_null(buffer_extend(&buffer, 0));
	assert_null(buffer_extend(&buffer, 1));
	buffer_finish(&buffer);
}

TEST(printed_text_may_be_long_and_fill_the_limit)
{
	static char text[5001];
	struct buffer buffer;

	memset(text, 'x', sizeof text - 1);
	buffer_init(&buffer, 5001);
	buffer_printf(&buffer, "<%s", text);
	assert_ok(buffer.status);
	assert_int_equal(buffer.length, 5001);
	assert_memory_equal(buffer.at, "<xxx", 4);
	buffer_printf(&buffer, "%s", "");
	assert_ok(buffer.status);
	buffer_printf(&buffer, "%c", 'y');
	assert_int_equal(buffer.status, STATUS_LIMIT);
	assert_int_equal(buffer.length, 5001);
	buffer_finish(&buffer);
}

TEST(reader_takes_up_to_the_end_and_no_further)
{
	struct reader reader = reader_of(span_of_text("abc"));
	struct span two;
	uint8_t byte = 0;

	assert_true(reader_take(&reader, 2, &two));
	assert_true(span_equal(two, span_of_text("ab")));
	assert_false(reader_take(&reader, 2, &two));
	assert_false(reader_take(&reader, SIZE_MAX, &two));
	assert_true(span_equal(two, span_of_text("ab")));
	assert_int_equal(reader.left, 1);
	assert_true(reader_byte(&reader, &byte));
	assert_int_equal(byte, 'c');
	assert_false(reader_byte(&reader, &byte));
	assert_int_equal(byte, 'c');
	assert_true(reader_take(&reader, 0, &two));
	assert_int_equal(two.length, 0);
}

TEST(reader_of_nothing_gives_nothing)
{
	struct reader reader = reader_of(span_of(NULL, 0));
	struct span span;
	uint8_t byte;

	assert_true(reader_take(&reader, 0, &span));
	assert_false(reader_take(&reader, 1, &span));
	assert_false(reader_byte(&reader, &byte));
}

TEST(numbers_are_little_endian)
{
	uint8_t bytes[8];

	put_le32(bytes, 0xfedcba98);
	assert_hex(bytes, 4, "98badcfe");
	assert_int_equal(get_le32(bytes), 0xfedcba98);
	put_le64(bytes, 0xfedcba9876543210);
	assert_hex(bytes, 8, "1032547698badcfe");
	assert_true(get_le64(bytes) == 0xfedcba9876543210);
}

static bool
valid(const char *text, size_t length)
{
	return utf8_valid(span_of(text, length));
}

TEST(well_formed_utf8_is_valid)
{
	assert_true(valid(NULL, 0));
	assert_true(valid("Nur Aini \x7f\n\x01", 12));
	assert_true(valid("\xc2\x80\xdf\xbf", 4));
	assert_true(valid("\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf", 12));
	assert_true(valid("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf", 8));
}

TEST(nul_is_not_valid)
{
	assert_false(valid("\0", 1));
	assert_false(valid("ab\0", 3));
	assert_false(valid("\0ab", 3));
}

TEST(malformed_utf8_is_not_valid)
{
	static const char *const texts[] = {
		"\x80",			    /* continuation alone */
		"a\xbf",		    /* after a letter */
		"\xc0\x80",		    /* overlong NUL */
		"\xc0\xaf",		    /* overlong slash */
		"\xc1\xbf",		    /* highest overlong of two */
		"\xe0\x80\xaf",		    /* overlong of three */
		"\xe0\x9f\xbf",		    /* highest overlong of three */
		"\xf0\x80\x80\xaf",	    /* overlong of four */
		"\xf0\x8f\xbf\xbf",	    /* highest overlong of four */
		"\xed\xa0\x80",		    /* first surrogate */
		"\xed\xbf\xbf",		    /* last surrogate */
		"\xed\xa0\x81\xed\xb0\x80", /* a pair of them */
		"\xf4\x90\x80\x80",	    /* U+110000 */
		"\xf5\x80\x80\x80",
		"\xf8\x88\x80\x80\x80",
		"\xfc\x84\x80\x80\x80\x80",
		"\xfe",
		"\xff",
		"\xc3\x28",
		"\xe2\x28\xa1",
		"\xe2\x82\x28",
		"\xf0\x28\x8c\xbc",
		"\xf0\x90\x28\xbc",
		"\xf0\x90\x8c\x28",
		"\xc3\xc3\xa9",
	};

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		assert_false(utf8_valid(span_of_text(texts[i])));
	}
}

TEST(characters_cut_off_at_the_end_are_not_valid)
{
	static const char *const characters[] = {"\xc3\xa9", "\xe6\xb0\xb4", "\xf0\x90\x85\x91"};

	for (size_t i = 0; i < 3; i++) {
		for (size_t length = 1; length < strlen(characters[i]); length++) {
			uint8_t *copy = exact_copy(span_of(characters[i], length));

			assert_false(utf8_valid(span_of(copy, length)));
			free(copy);
		}
	}
}

TEST(a_nul_or_a_stray_byte_is_found_anywhere_in_a_long_text)
{
	for (size_t place = 0; place < 20; place++) {
		char text[20];

		memset(text, 'a', sizeof text);
		text[(place + 1) % sizeof text] = 0x01;
		text[(place + 2) % sizeof text] = 0x7f;
		assert_true(utf8_valid(span_of(text, sizeof text)));
		text[place] = '\0';
		assert_false(utf8_valid(span_of(text, sizeof text)));
		text[place] = (char)0x80;
		assert_false(utf8_valid(span_of(text, sizeof text)));
	}
}

TEST(every_code_point_is_valid_unless_a_surrogate)
{
	for (uint32_t point = 0x80; point <= 0x10ffff; point += point < 0x11000 ? 1 : 251) {
		char text[4];
		size_t length = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
		uint32_t rest = point;
		static const unsigned lead[] = {0, 0, 0xc0, 0xe0, 0xf0};

		for (size_t i = length; i > 1; i--) {
			text[i - 1] = (char)(0x80 | (rest & 0x3f));
			rest >>= 6;
		}
		text[0] = (char)(lead[length] | rest);
		assert_true(valid(text, length) == (point < 0xd800 || point > 0xdfff));
	}
}

TEST(text_is_cut_between_characters)
{
	struct span text = span_of_text("a\xc3\xa9\xe6\xb0\xb4\xf0\x90\x85\x91z");
	static const size_t cuts[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11, 11};

	for (size_t limit = 0; limit < sizeof cuts / sizeof cuts[0]; limit++) {
		assert_int_equal(utf8_cut(text, limit), cuts[limit]);
	}
	assert_int_equal(utf8_cut(text, SIZE_MAX), 11);
	assert_int_equal(utf8_cut(span_of(NULL, 0), 0), 0);
}

TEST(hex_is_written_in_lower_case_and_read_in_any)
{
	static const uint8_t bytes[] = {0x00, 0x09, 0xa0, 0xff, 0x5e};
	uint8_t again[5];
	char text[11];

	hex_encode(span_of(bytes, sizeof bytes), text);
	assert_string_equal(text, "0009a0ff5e");
	assert_true(hex_decode(text, again, sizeof again));
	assert_memory_equal(again, bytes, sizeof bytes);
	assert_true(hex_decode("0009A0Ff5e", again, sizeof again));
	assert_memory_equal(again, bytes, sizeof bytes);
	hex_encode(span_of(NULL, 0), text);
	assert_string_equal(text, "");
	assert_true(hex_decode("", again, 0));
}

TEST(hex_of_another_length_or_with_other_characters_is_refused)
{
	static const char *const texts[] = {"",	    "0",    "00f",   "00fff", "00ff0",	"00ff00",
					    "00fg", "g0ff", "00f/",  "00f:",  "00f@",	"00fG",
					    "00f`", " 0ff", "0x00f", "00 f",  "00f\xff"};
	uint8_t bytes[2] = {0xaa, 0xbb};

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		assert_false(hex_decode(texts[i], bytes, sizeof bytes));
		assert_hex(bytes, sizeof bytes, "aabb");
	}
	assert_false(hex_decode("00", bytes, 0));
}

static void
assert_base64url(const char *bytes, size_t length, const char *text)
{
	struct buffer buffer;

	buffer_init(&buffer, 100);
	base64url_encode(span_of(bytes, length), &buffer);
	assert_true(span_equal(buffer_span(&buffer), span_of_text(text)));
	buffer_clear(&buffer);
	assert_true(base64url_decode(span_of_text(text), &buffer));
	assert_true(span_equal(buffer_span(&buffer), span_of(bytes, length)));
	buffer_finish(&buffer);
}

TEST(base64_follows_the_rfc_with_padding)
{
	/* RFC 4648 section 10, and what differs from base64url. */
	static const char *const pairs[][2] = {
		{"", ""},
		{"f", "Zg=="},
		{"fo", "Zm8="},
		{"foo", "Zm9v"},
		{"foob", "Zm9vYg=="},
		{"fooba", "Zm9vYmE="},
		{"foobar", "Zm9vYmFy"},
		{"\xfb\xff\xbe", "+/++"},
	};
	char text[BASE64_SIZE(6)];

	for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
		base64_encode(span_of_text(pairs[i][0]), text);
		assert_string_equal(text, pairs[i][1]);
		assert_int_equal(strlen(text) + 1, BASE64_SIZE(strlen(pairs[i][0])));
	}
}

TEST(base64url_follows_the_rfc_without_padding)
{
	assert_base64url("", 0, "");
	assert_base64url("f", 1, "Zg");
	assert_base64url("fo", 2, "Zm8");
	assert_base64url("foo", 3, "Zm9v");
	assert_base64url("foob", 4, "Zm9vYg");
	assert_base64url("fooba", 5, "Zm9vYmE");
	assert_base64url("foobar", 6, "Zm9vYmFy");
	assert_base64url("\xfb\xff\xbf\x00", 4, "-_-_AA");
}

TEST(malformed_base64url_is_refused_and_adds_nothing)
{
	static const char *const texts[] = {"A",     "AAAAA", "Zg==",	"Zm8=",		"Zm9v\n",
					    " Zm9v", "Zm+v",  "Zm/v",	"Zm9v!",	"Zh",
					    "Zm9",   "Zm9vY", "Zm9vYh", "Zm9v\xc3\xa9", "_x"};
	struct buffer buffer;

	buffer_init(&buffer, 100);
	buffer_append_byte(&buffer, 'x');
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		assert_false(base64url_decode(span_of_text(texts[i]), &buffer));
		assert_true(span_equal(buffer_span(&buffer), span_of_text("x")));
		assert_ok(buffer.status);
	}
	assert_false(base64url_decode(span_of("Zm\0v", 4), &buffer));
	buffer_finish(&buffer);
}

TEST(base64url_beyond_the_buffers_limit_fails)
{
	struct buffer buffer;

	buffer_init(&buffer, 2);
	assert_false(base64url_decode(span_of_text("Zm9v"), &buffer));
	assert_int_equal(buffer.status, STATUS_LIMIT);
	buffer_clear(&buffer);
	base64url_encode(span_of_text("fo"), &buffer);
	assert_int_equal(buffer.status, STATUS_LIMIT);
	buffer_finish(&buffer);
}

RUN_TESTS(CASE(spans_are_equal_by_content_and_length),
	  CASE(a_nul_or_a_stray_byte_is_found_anywhere_in_a_long_text),
	  CASE(spans_are_ordered_by_bytes_then_length),
	  CASE(buffer_keeps_what_is_appended_in_order), CASE(buffer_grows_and_keeps_its_bytes),
	  CASE(append_beyond_the_limit_fails_and_stays_failed),
	  CASE(cleared_buffer_forgets_bytes_and_failure),
	  CASE(finished_buffer_is_empty_and_may_be_used_again),
	  CASE(huge_lengths_fail_without_wrapping_around),
	  CASE(extension_by_nothing_gives_a_pointer),
	  CASE(printed_text_may_be_long_and_fill_the_limit),
	  CASE(reader_takes_up_to_the_end_and_no_further), CASE(reader_of_nothing_gives_nothing),
	  CASE(numbers_are_little_endian), CASE(well_formed_utf8_is_valid), CASE(nul_is_not_valid),
	  CASE(malformed_utf8_is_not_valid), CASE(characters_cut_off_at_the_end_are_not_valid),
	  CASE(every_code_point_is_valid_unless_a_surrogate), CASE(text_is_cut_between_characters),
	  CASE(hex_is_written_in_lower_case_and_read_in_any),
	  CASE(hex_of_another_length_or_with_other_characters_is_refused),
	  CASE(base64_follows_the_rfc_with_padding),
	  CASE(base64url_follows_the_rfc_without_padding),
	  CASE(malformed_base64url_is_refused_and_adds_nothing),
	  CASE(base64url_beyond_the_buffers_limit_fails))

/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/enrolment.h"
#include "tests/exact.h"

enum { PACKED_LIMIT = 1024 * 1024, ARENA_LIMIT = 64 * 1024 };

static const uint8_t seed[32] = {0x42};

static struct enrolment_code
code_example(void)
{
	struct enrolment_code code = {.server_key_id = 1, .url = "https://sambung.example/api"};

	memset(code.server_key, 0xaa, sizeof code.server_key);
	memset(code.secret, 0xbb, sizeof code.secret);
	memset(code.code_id, 0xcc, sizeof code.code_id);
	return code;
}

static void
assert_code_refused(const char *text, enum status status, const char *where)
{
	struct enrolment_code code = {.server_key_id = 42};
	struct error err;

	assert_int_equal(enrolment_code_parse(text, &code, &err), status);
	assert_string_equal(err.detail, where);
	assert_int_equal(code.server_key_id, 42);
}

static void
assert_url_refused(const char *url)
{
	struct enrolment_code code = code_example();
	char text[CODE_TEXT_MAX];

	memcpy(code.url, url, strlen(url) + 1);
	assert_non_null(enrolment_code_format(&code, text));
	assert_code_refused(text, STATUS_CODE_MISTYPED, "URL");
}

TEST(code_is_text_and_is_read_back)
{
	struct enrolment_code code = code_example();
	struct enrolment_code read;
	char text[CODE_TEXT_MAX];

	assert_ptr_equal(enrolment_code_format(&code, text), text);
	assert_string_equal(text, "sb1.AQGqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqru7u7u7u7u7u7u7"
				  "u7u7u7vMzMzMzMzMzGh0dHBzOi8vc2FtYnVuZy5leGFtcGxlL2FwaQ");
	assert_ok(enrolment_code_parse(text, &read, NULL));
	assert_int_equal(read.server_key_id, 1);
	assert_memory_equal(read.server_key, code.server_key, 32);
	assert_memory_equal(read.secret, code.secret, CODE_SECRET_SIZE);
	assert_memory_equal(read.code_id, code.code_id, CODE_ID_SIZE);
	assert_string_equal(read.url, code.url);
}

TEST(white_space_around_a_code_is_passed_over)
{
	struct enrolment_code code = code_example();
	struct enrolment_code read;
	char text[CODE_TEXT_MAX] = " \t\n";
	size_t length;

	assert_non_null(enrolment_code_format(&code, text + 3));
	length = strlen(text);
	memcpy(text + length, "\r\n ", 4);
	assert_ok(enrolment_code_parse(text, &read, NULL));
	text[20] = ' ';
	assert_code_refused(text, STATUS_CODE_MISTYPED, "");
}

TEST(longest_code_fits)
{
	struct enrolment_code code = code_example();
	struct enrolment_code read;
	char text[CODE_TEXT_MAX];

	memset(code.url, 'x', CODE_URL_MAX);
	memcpy(code.url, "http://", 7);
	assert_non_null(enrolment_code_format(&code, text));
	assert_ok(enrolment_code_parse(text, &read, NULL));
	assert_string_equal(read.url, code.url);
}

TEST(damaged_codes_are_refused)
{
	struct enrolment_code code = code_example();
	char text[CODE_TEXT_MAX + 1];

	assert_code_refused("", STATUS_CODE_MISTYPED, "");
	assert_code_refused("sb1.", STATUS_CODE_MISTYPED, "");
	assert_code_refused("sb2.AQGqqqqq", STATUS_CODE_MISTYPED, "");
	assert_code_refused("sb1.AQGqqqqq", STATUS_CODE_MISTYPED, "");
	assert_code_refused("sb1.AgGqqqqq", STATUS_UNSUPPORTED, "v2");
	assert_code_refused("sb1.AQGqq+qq", STATUS_CODE_MISTYPED, "");
	assert_non_null(enrolment_code_format(&code, text));
	text[4 + 76] = '\0';
	assert_code_refused(text, STATUS_CODE_MISTYPED, "");
	memset(text, 'A', CODE_TEXT_MAX);
	memcpy(text, "sb1.", 4);
	text[CODE_TEXT_MAX] = '\0';
	assert_code_refused(text, STATUS_CODE_MISTYPED, "> 399");
}

TEST(address_must_be_http_and_printable)
{
	assert_url_refused("ftp://sambung.example");
	assert_url_refused("https://");
	assert_url_refused("https://sambung.example/a b");
	assert_url_refused("https://sambung.example/\x7f");
	assert_url_refused("https://sambung.example/\xc3\xa9");
}

#define PIN_A "sha256//YLh1dUR9y6Kja30RrAn7JKnbQG/uEtLMkBgFF2Fuihg="
#define PIN_B "sha256//9NHWj3HRwJDPYqTkmHHsH1NQSafy8fuGE8VsR0pK2tU="

TEST(address_may_end_in_one_pin_or_two)
{
	static const char *const urls[] = {"https://sambung.example#" PIN_A,
					   "https://sambung.example/api#" PIN_A ";" PIN_B};

	(void)state;
	for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
		struct enrolment_code code = code_example();
		struct enrolment_code read;
		char text[CODE_TEXT_MAX];

		memcpy(code.url, urls[i], strlen(urls[i]) + 1);
		assert_non_null(enrolment_code_format(&code, text));
		assert_ok(enrolment_code_parse(text, &read, NULL));
		assert_string_equal(read.url, urls[i]);
	}
}

TEST(what_is_no_pin_is_refused)
{
	assert_url_refused("http://sambung.example#" PIN_A);
	assert_url_refused("https://sambung.example#");
	assert_url_refused("https://sambung.example#top");
	assert_url_refused("https://sambung.example#/etc/passwd");
	assert_url_refused("https://sambung.example#" PIN_A ";");
	assert_url_refused("https://sambung.example#" PIN_A "," PIN_B);
	assert_url_refused("https://sambung.example#" PIN_A PIN_B);
	assert_url_refused("https://sambung.example#" PIN_A " ");
	assert_url_refused("https://s.example#" PIN_A ";" PIN_B ";" PIN_A);
	assert_false(pin_valid(span_of_text("sha256//")));
	assert_false(server_url_valid(span_of_text("")));
}

TEST(request_head_is_read_back)
{
	struct enrolment_request request = {.programme = 1, .room = 65536};
	struct enrolment_request read;
	struct buffer head;

	memset(request.code_id, 0xcc, CODE_ID_SIZE);
	memset(request.secret, 0xbb, CODE_SECRET_SIZE);
	memset(request.device_key, 0xdd, SIGN_PUBLIC_SIZE);
	buffer_init(&head, 1024);
	enrolment_request_encode(&request, &head);
	assert_hex(head.at, head.length,
		   "85 48 cccccccccccccccc 50 bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb 5820"
		   "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"
		   "01 1a00010000");
	assert_true(enrolment_request_decode(buffer_span(&head), &read));
	assert_memory_equal(read.code_id, request.code_id, CODE_ID_SIZE);
	assert_memory_equal(read.secret, request.secret, CODE_SECRET_SIZE);
	assert_memory_equal(read.device_key, request.device_key, SIGN_PUBLIC_SIZE);
	assert_int_equal(read.programme, 1);
	assert_int_equal(read.room, 65536);
	for (size_t length = 0; length < head.length; length++) {
		uint8_t *copy = exact_copy(span_of(head.at, length));

		assert_false(enrolment_request_decode(span_of(copy, length), &read));
		free(copy);
	}
	buffer_append_byte(&head, 0);
	assert_false(enrolment_request_decode(buffer_span(&head), &read));
	buffer_finish(&head);
}

static struct region scope[] = {{6303072001, 6303072001}, {6303080000, 6303089999}};

static struct certificate
certificate_example(void)
{
	struct certificate certificate = {
		.origin = {1, 2, 3, 4},
		.device = 0x12345678,
		.cadre = span_of_text("Aminah"),
		.scope = scope,
		.scope_count = 2,
		.issued = 1763600000,
	};

	memset(certificate.device_key, 0xdd, SIGN_PUBLIC_SIZE);
	return certificate;
}

static void
log_keypair(uint8_t key_out[32], uint8_t secret_out[64])
{
	assert_ok(crypto_init(NULL));
	sign_keypair(seed, key_out, secret_out);
}

TEST(certificate_is_read_back_with_the_log_key)
{
	struct certificate certificate = certificate_example();
	struct certificate read;
	struct buffer bytes;
	struct arena arena;
	uint8_t key[32];
	uint8_t secret[64];

	log_keypair(key, secret);
	buffer_init(&bytes, PACKED_LIMIT);
	arena_init(&arena, ARENA_LIMIT);
	certificate_issue(&certificate, secret, &bytes);
	assert_ok(bytes.status);
	assert_ok(certificate_read(buffer_span(&bytes), key, &arena, &read, NULL));
	assert_memory_equal(read.origin, certificate.origin, ORIGIN_SIZE);
	assert_int_equal(read.device, certificate.device);
	assert_memory_equal(read.device_key, certificate.device_key, SIGN_PUBLIC_SIZE);
	assert_true(span_equal(read.cadre, certificate.cadre));
	assert_int_equal(read.scope_count, 2);
	assert_memory_equal(read.scope, scope, sizeof scope);
	assert_int_equal(read.issued, certificate.issued);
	arena_finish(&arena);
	buffer_finish(&bytes);
}

TEST(certificate_after_a_fork_names_the_stream_that_it_continues)
{
	struct certificate certificate = certificate_example();
	struct certificate read;
	struct buffer bytes;
	struct arena arena;
	uint8_t key[32];
	uint8_t secret[64];

	log_keypair(key, secret);
	buffer_init(&bytes, PACKED_LIMIT);
	arena_init(&arena, ARENA_LIMIT);
	certificate_issue(&certificate, secret, &bytes);
	assert_ok(certificate_read(buffer_span(&bytes), key, &arena, &read, NULL));
	assert_int_equal(read.parent, 0);
	buffer_clear(&bytes);
	certificate.parent = 0x11223344;
	certificate.parent_n = 0;
	certificate_issue(&certificate, secret, &bytes);
	assert_ok(certificate_read(buffer_span(&bytes), key, &arena, &read, NULL));
	assert_int_equal(read.parent, certificate.parent);
	assert_int_equal(read.parent_n, 0);
	assert_int_equal(read.issued, certificate.issued);
	arena_finish(&arena);
	buffer_finish(&bytes);
}

TEST(flipping_or_cutting_off_any_byte_of_a_certificate_is_noticed)
{
	struct certificate certificate = certificate_example();
	struct certificate read;
	struct buffer bytes;
	struct arena arena;
	uint8_t key[32];
	uint8_t secret[64];

	log_keypair(key, secret);
	buffer_init(&bytes, PACKED_LIMIT);
	arena_init(&arena, ARENA_LIMIT);
	certificate_issue(&certificate, secret, &bytes);
	for (size_t i = 0; i < bytes.length; i++) {
		uint8_t *copy = exact_copy(span_of(bytes.at, i));

		assert_int_equal(certificate_read(span_of(copy, i), key, &arena, &read, NULL),
				 STATUS_MALFORMED);
		free(copy);
		bytes.at[i] ^= 1;
		assert_int_not_equal(
			certificate_read(buffer_span(&bytes), key, &arena, &read, NULL), STATUS_OK);
		bytes.at[i] ^= 1;
	}
	buffer_append_byte(&bytes, 0);
	assert_int_equal(certificate_read(buffer_span(&bytes), key, &arena, &read, NULL),
			 STATUS_MALFORMED);
	arena_finish(&arena);
	buffer_finish(&bytes);
}

TEST(certificate_of_another_server_is_a_wrong_signature)
{
	struct certificate certificate = certificate_example();
	struct certificate read;
	struct buffer bytes;
	struct arena arena;
	uint8_t key[32];
	uint8_t secret[64];

	log_keypair(key, secret);
	buffer_init(&bytes, PACKED_LIMIT);
	arena_init(&arena, ARENA_LIMIT);
	certificate_issue(&certificate, secret, &bytes);
	key[0] ^= 1;
	assert_int_equal(certificate_read(buffer_span(&bytes), key, &arena, &read, NULL),
			 STATUS_SIGNATURE);
	arena_finish(&arena);
	buffer_finish(&bytes);
}

TEST(signed_certificate_is_still_checked)
{
	struct certificate certificate = certificate_example();
	struct region odd = {6303072001, 6303072002};
	struct certificate read;
	struct buffer bytes;
	struct arena arena;
	uint8_t key[32];
	uint8_t secret[64];

	log_keypair(key, secret);
	buffer_init(&bytes, PACKED_LIMIT);
	arena_init(&arena, ARENA_LIMIT);
	certificate.device = 0;
	certificate_issue(&certificate, secret, &bytes);
	assert_int_equal(certificate_read(buffer_span(&bytes), key, &arena, &read, NULL),
			 STATUS_MALFORMED);
	certificate = certificate_example();
	certificate.scope = &odd;
	certificate.scope_count = 1;
	buffer_clear(&bytes);
	certificate_issue(&certificate, secret, &bytes);
	assert_int_equal(certificate_read(buffer_span(&bytes), key, &arena, &read, NULL),
			 STATUS_MALFORMED);
	arena_finish(&arena);
	buffer_finish(&bytes);
}

/* Both buffers are to be finished, whatever comes out. */
static enum status
reply_trip(const struct enrolment_reply *reply, struct buffer *packed, struct buffer *plain,
	   struct enrolment_reply *read_out)
{
	enum status status;

	buffer_init(packed, PACKED_LIMIT);
	buffer_init(plain, PACKED_LIMIT);
	status = enrolment_reply_pack(reply, packed, NULL);
	return status == STATUS_OK
		       ? enrolment_reply_unpack(buffer_span(packed), plain, read_out, NULL)
		       : status;
}

TEST(reply_of_a_successful_enrolment_is_read_back)
{
	struct enrolment_reply reply = {
		.certificate = span_of_text("certificate"),
		.epoch = 0x9abcdef0,
		.server_time_ms = 1763600000123,
		.scope_version = 4711,
		.schema = {.version = 2, .size = 100, .bytes = span_of_text("schema")},
	};
	struct enrolment_reply read = {0};
	struct buffer packed;
	struct buffer plain;

	memset(reply.log_key, 0xee, sizeof reply.log_key);
	assert_ok(reply_trip(&reply, &packed, &plain, &read));
	assert_int_equal(read.status, STATUS_OK);
	assert_true(span_equal(read.certificate, reply.certificate));
	assert_memory_equal(read.log_key, reply.log_key, sizeof read.log_key);
	assert_int_equal(read.epoch, reply.epoch);
	assert_int_equal(read.server_time_ms, reply.server_time_ms);
	assert_int_equal(read.scope_version, 4711);
	assert_int_equal(read.schema.version, 2);
	assert_true(span_equal(read.schema.bytes, reply.schema.bytes));
	buffer_finish(&packed);
	buffer_finish(&plain);
}

TEST(refused_enrolment_carries_only_why)
{
	struct enrolment_reply reply = {.status = STATUS_CODE_EXPIRED};
	struct enrolment_reply read = {0};
	struct buffer packed;
	struct buffer plain;

	assert_ok(reply_trip(&reply, &packed, &plain, &read));
	assert_hex(packed.at, packed.length, "00 01 a1 01 08");
	assert_int_equal(read.status, STATUS_CODE_EXPIRED);
	buffer_finish(&packed);
	buffer_finish(&plain);
}

TEST(success_without_certificate_or_log_key_is_malformed)
{
	struct enrolment_reply reply = {.epoch = 1};
	struct enrolment_reply read = {0};
	struct buffer packed;
	struct buffer plain;

	assert_int_equal(reply_trip(&reply, &packed, &plain, &read), STATUS_MALFORMED);
	assert_int_equal(
		enrolment_reply_unpack(span_of("\0\0\xa1\x18\x1f\x41x", 7), &plain, &read, NULL),
		STATUS_MALFORMED);
	buffer_finish(&packed);
	buffer_finish(&plain);
}

TEST(unknown_keys_of_an_enrolment_reply_follow_the_same_rule)
{
	struct enrolment_reply read = {0};
	struct buffer plain;

	buffer_init(&plain, PACKED_LIMIT);
	assert_ok(enrolment_reply_unpack(span_of("\0\0\xa2\x01\x08\x08\x01", 7), &plain, &read,
					 NULL));
	assert_int_equal(
		enrolment_reply_unpack(span_of("\0\0\xa2\x01\x08\x05\x01", 7), &plain, &read, NULL),
		STATUS_UNSUPPORTED);
	buffer_finish(&plain);
}

TEST(enrolment_reply_cut_off_anywhere_or_with_a_tail_is_malformed)
{
	struct enrolment_reply reply = {.certificate = span_of_text("c"), .log_key = {1}};
	struct enrolment_reply read = {0};
	struct buffer packed;
	struct buffer plain;

	assert_ok(reply_trip(&reply, &packed, &plain, &read));
	buffer_clear(&packed);
	buffer_append(&packed, "\0\0", 2);
	buffer_append_span(&packed, buffer_span(&plain));
	for (size_t length = 0; length < packed.length; length++) {
		uint8_t *copy = exact_copy(span_of(packed.at, length));

		assert_int_equal(enrolment_reply_unpack(span_of(copy, length), &plain, &read, NULL),
				 STATUS_MALFORMED);
		free(copy);
	}
	assert_ok(enrolment_reply_unpack(buffer_span(&packed), &plain, &read, NULL));
	buffer_append_byte(&packed, 0);
	assert_int_equal(enrolment_reply_unpack(buffer_span(&packed), &plain, &read, NULL),
			 STATUS_MALFORMED);
	buffer_finish(&packed);
	buffer_finish(&plain);
}

RUN_TESTS(CASE(code_is_text_and_is_read_back), CASE(white_space_around_a_code_is_passed_over),
	  CASE(longest_code_fits), CASE(damaged_codes_are_refused),
	  CASE(address_must_be_http_and_printable), CASE(address_may_end_in_one_pin_or_two),
	  CASE(what_is_no_pin_is_refused), CASE(request_head_is_read_back),
	  CASE(certificate_is_read_back_with_the_log_key),
	  CASE(certificate_after_a_fork_names_the_stream_that_it_continues),
	  CASE(flipping_or_cutting_off_any_byte_of_a_certificate_is_noticed),
	  CASE(certificate_of_another_server_is_a_wrong_signature),
	  CASE(signed_certificate_is_still_checked),
	  CASE(reply_of_a_successful_enrolment_is_read_back),
	  CASE(refused_enrolment_carries_only_why),
	  CASE(success_without_certificate_or_log_key_is_malformed),
	  CASE(unknown_keys_of_an_enrolment_reply_follow_the_same_rule),
	  CASE(enrolment_reply_cut_off_anywhere_or_with_a_tail_is_malformed))

/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"
#include "protocol/cbor.h"
#include "protocol/enrolment.h"

enum { ARENA_LIMIT = 1024 * 1024 };

static void
check_code(struct span bytes)
{
	char *text = fuzz_text(bytes);
	struct enrolment_code code;
	struct enrolment_code again;
	char written[CODE_TEXT_MAX];

	if (enrolment_code_parse(text, &code, NULL) == STATUS_OK) {
		PROPERTY(strlen(code.url) <= CODE_URL_MAX);
		PROPERTY(enrolment_code_format(&code, written) == written);
		PROPERTY(strstr(text, written) != NULL);
		PROPERTY(enrolment_code_parse(written, &again, NULL) == STATUS_OK);
		PROPERTY(again.server_key_id == code.server_key_id);
		PROPERTY(memcmp(again.server_key, code.server_key, sizeof code.server_key) == 0);
		PROPERTY(memcmp(again.secret, code.secret, sizeof code.secret) == 0);
		PROPERTY(memcmp(again.code_id, code.code_id, sizeof code.code_id) == 0);
		PROPERTY(strcmp(again.url, code.url) == 0);
	}
	free(text);
}

static void
check_request(struct span bytes)
{
	struct enrolment_request request;
	struct buffer out;

	if (!enrolment_request_decode(bytes, &request)) {
		return;
	}
	buffer_init(&out, FUZZ_BUFFER_MAX);
	enrolment_request_encode(&request, &out);
	PROPERTY(span_equal(buffer_span(&out), bytes));
	buffer_finish(&out);
}

static void
check_reply(struct span bytes)
{
	struct enrolment_reply again;
	struct enrolment_reply reply;
	struct buffer plain;
	struct buffer packed;
	struct buffer plain_again;

	buffer_init(&plain, FUZZ_BUFFER_MAX);
	buffer_init(&packed, FUZZ_BUFFER_MAX);
	buffer_init(&plain_again, FUZZ_BUFFER_MAX);
	if (enrolment_reply_unpack(bytes, &plain, &reply, NULL) == STATUS_OK) {
		PROPERTY(enrolment_reply_pack(&reply, &packed, NULL) == STATUS_OK);
		PROPERTY(enrolment_reply_unpack(buffer_span(&packed), &plain_again, &again, NULL) ==
			 STATUS_OK);
		/* Only what the reader passed over may be missing. */
		PROPERTY(plain_again.length <= plain.length);
		PROPERTY(plain_again.length < plain.length ||
			 span_equal(buffer_span(&plain), buffer_span(&plain_again)));
	}
	buffer_finish(&plain_again);
	buffer_finish(&packed);
	buffer_finish(&plain);
}

/* The input is the body of a certificate, which is signed here so that it is looked at. */
static void
check_certificate(struct span body)
{
	static const char label[16] = "sambung/cert/1";
	static const uint8_t seed[SEED32_SIZE] = {1};
	uint8_t public_key[SIGN_PUBLIC_SIZE];
	uint8_t secret[SIGN_SECRET_SIZE];
	uint8_t signature[SIGNATURE_SIZE];
	struct certificate certificate;
	struct buffer message;
	struct buffer bytes;
	struct buffer again;
	struct arena arena;

	arena_init(&arena, ARENA_LIMIT);
	buffer_init(&message, FUZZ_BUFFER_MAX);
	buffer_init(&bytes, FUZZ_BUFFER_MAX);
	buffer_init(&again, FUZZ_BUFFER_MAX);
	sign_keypair(seed, public_key, secret);
	buffer_append(&message, label, sizeof label);
	buffer_append_span(&message, body);
	sign_make(secret, buffer_span(&message), signature);
	cbor_put_array(&bytes, 2);
	cbor_put_bytes(&bytes, body);
	cbor_put_bytes(&bytes, span_of(signature, sizeof signature));
	if (certificate_read(buffer_span(&bytes), public_key, &arena, &certificate, NULL) ==
	    STATUS_OK) {
		certificate_issue(&certificate, secret, &again);
		PROPERTY(span_equal(buffer_span(&bytes), buffer_span(&again)));
	}
	buffer_finish(&again);
	buffer_finish(&bytes);
	buffer_finish(&message);
	arena_finish(&arena);
}

/* The first byte says what the others are. */
FUZZ(data, size)
{
	struct reader in = reader_of(span_of(data, size));
	struct span bytes;
	uint8_t what;

	PROPERTY(crypto_init(NULL) == STATUS_OK);
	if (!reader_byte(&in, &what) || !reader_take(&in, in.left, &bytes)) {
		return 0;
	}
	switch (what) {
	case 's':
		check_code(span_of(data, size));
		break;
	case 'q':
		check_request(bytes);
		break;
	case 'r':
		check_reply(bytes);
		break;
	case 'c':
		check_certificate(bytes);
		break;
	default:
		break;
	}
	return 0;
}

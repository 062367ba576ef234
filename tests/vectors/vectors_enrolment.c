/* SPDX-License-Identifier: Apache-2.0 */
/* Code, request, certificate and reply of an enrolment. */
#include "protocol/enrolment.h"
#include "tests/vectors/vectors_example.h"

#include <string.h>

static const char url[] = "https://sambung.example";

void
vector_enrolment_code(struct vector *vector)
{
	struct enrolment_code code = {.server_key_id = EXAMPLE_KEY_ID};
	struct enrolment_code read;
	struct example_keys keys;
	char text[CODE_TEXT_MAX] = "";

	vector->comment = "enrolment code; the bytes are its text in ASCII";
	example_keys(&keys);
	memcpy(code.server_key, keys.server.public_key, sizeof code.server_key);
	example_count_up(0x50, code.secret, CODE_SECRET_SIZE);
	example_count_up(0x60, code.code_id, CODE_ID_SIZE);
	memcpy(code.url, url, sizeof url);
	vector_number(vector, "server_key_id", code.server_key_id);
	vector_bytes(vector, "server_key", span_of(code.server_key, sizeof code.server_key));
	vector_bytes(vector, "secret", span_of(code.secret, CODE_SECRET_SIZE));
	vector_bytes(vector, "code_id", span_of(code.code_id, CODE_ID_SIZE));
	vector_text(vector, "url", url);
	vector_require(vector, enrolment_code_format(&code, text) != NULL, "no code");
	vector_require(vector, enrolment_code_parse(text, &read, NULL) == STATUS_OK,
		       "the code is not read");
	buffer_append_span(&vector->bytes, span_of_text(text));
}

void
vector_enrolment_request(struct vector *vector)
{
	struct enrolment_request request = {.programme = 1, .room = 65536};
	struct enrolment_request read;
	struct example_keys keys;

	vector->comment = "head of an enrolment request";
	example_keys(&keys);
	example_count_up(0x50, request.secret, CODE_SECRET_SIZE);
	example_count_up(0x60, request.code_id, CODE_ID_SIZE);
	memcpy(request.device_key, keys.device_public, SIGN_PUBLIC_SIZE);
	vector_bytes(vector, "code_id", span_of(request.code_id, CODE_ID_SIZE));
	vector_bytes(vector, "secret", span_of(request.secret, CODE_SECRET_SIZE));
	vector_bytes(vector, "device_key", span_of(request.device_key, SIGN_PUBLIC_SIZE));
	vector_number(vector, "programme", request.programme);
	vector_number(vector, "room", request.room);
	enrolment_request_encode(&request, &vector->bytes);
	vector_require(vector, enrolment_request_decode(buffer_span(&vector->bytes), &read),
		       "the head is not read");
}

void
example_certificate(struct buffer *out)
{
	struct region scope[] = {{6303072001, 6303072001}, {6303080000, 6303089999}};
	struct certificate certificate = {
		.device = EXAMPLE_DEVICE,
		.cadre = span_of_text("Aminah"),
		.scope = scope,
		.scope_count = 2,
		.issued = EXAMPLE_TIME,
	};
	struct example_keys keys;

	example_keys(&keys);
	example_count_up(0x01, certificate.origin, ORIGIN_SIZE);
	memcpy(certificate.device_key, keys.device_public, SIGN_PUBLIC_SIZE);
	certificate_issue(&certificate, keys.log_secret, out);
}

void
vector_certificate(struct vector *vector)
{
	struct example_keys keys;
	struct certificate read;
	struct arena arena;
	uint8_t origin[ORIGIN_SIZE];

	vector->comment = "certificate of a device, signed by the log key";
	example_keys(&keys);
	example_count_up(0x01, origin, ORIGIN_SIZE);
	vector_bytes(vector, "log_seed", span_of(keys.log_secret, SEED32_SIZE));
	vector_bytes(vector, "log_key", span_of(keys.log_public, SIGN_PUBLIC_SIZE));
	vector_bytes(vector, "origin", span_of(origin, sizeof origin));
	vector_number(vector, "device", EXAMPLE_DEVICE);
	vector_bytes(vector, "device_key", span_of(keys.device_public, SIGN_PUBLIC_SIZE));
	vector_text(vector, "cadre", "Aminah");
	vector_number(vector, "scope_0_low", 6303072001);
	vector_number(vector, "scope_0_high", 6303072001);
	vector_number(vector, "scope_1_low", 6303080000);
	vector_number(vector, "scope_1_high", 6303089999);
	vector_number(vector, "issued", EXAMPLE_TIME);
	example_certificate(&vector->bytes);
	arena_init(&arena, 4096);
	vector_require(vector,
		       certificate_read(buffer_span(&vector->bytes), keys.log_public, &arena, &read,
					NULL) == STATUS_OK,
		       "the certificate is not read");
	arena_finish(&arena);
}

void
vector_enrolment_reply(struct vector *vector)
{
	struct enrolment_reply reply = {
		.epoch = EXAMPLE_EPOCH,
		.server_time_ms = EXAMPLE_TIME * 1000,
		.scope_version = EXAMPLE_SCOPE_VERSION,
	};
	struct example_keys keys;
	struct buffer certificate;
	struct buffer packed;

	vector->comment = "reply to an enrolment that succeeded";
	example_keys(&keys);
	buffer_init(&certificate, 4096);
	example_certificate(&certificate);
	reply.certificate = buffer_span(&certificate);
	memcpy(reply.log_key, keys.log_public, SIGN_PUBLIC_SIZE);
	vector_number(vector, "server_time_ms", reply.server_time_ms);
	vector_number(vector, "epoch", reply.epoch);
	vector_bytes(vector, "certificate", reply.certificate);
	vector_bytes(vector, "log_key", span_of(reply.log_key, SIGN_PUBLIC_SIZE));
	vector_number(vector, "scope_version", (int64_t)reply.scope_version);
	buffer_init(&packed, MESSAGE_REPLY_MAX);
	vector_require(vector, enrolment_reply_pack(&reply, &packed, NULL) == STATUS_OK,
		       "packing a reply");
	example_reply_stored(vector, buffer_span(&packed), &vector->bytes);
	buffer_finish(&packed);
	buffer_finish(&certificate);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The enrolment request's head is the CBOR array [code id, secret, device key, programme, room];
 * its body is empty. The certificate's body is the CBOR array [origin, device, device key, cadre,
 * [low, high - low, …], issued], and parent and n after them for a stream that continues another
 * after a fork. The reply's keys stand in the table of message_reply_put.c.
 */
#include "enrolment.h"

#include "crypto.h"
#include "message_parts.h"

#include <string.h>

enum {
	CODE_VERSION = 1,
	CODE_FIXED_SIZE = 2 + BOX_PUBLIC_SIZE + CODE_SECRET_SIZE + CODE_ID_SIZE,
	REQUEST_ITEMS = 5,
	CERTIFICATE_ITEMS = 2,
	CERTIFICATE_BODY_ITEMS = 6,
	CERTIFICATE_BODY_ITEMS_FORKED = 8,
	CERTIFICATE_BODY_MAX = 16 * 1024,
	LABEL_SIZE = 16,
};
enum { REPLY_LOG_KEY = 33 };

static const char code_prefix[] = "sb1.";
static const char certificate_label[LABEL_SIZE + 1] = "sambung/cert/1";

char *
enrolment_code_format(const struct enrolment_code *code, char *out)
{
	const uint8_t head[2] = {CODE_VERSION, code->server_key_id};
	struct buffer bytes;
	struct buffer text;
	bool made;

	buffer_init(&bytes, CODE_FIXED_SIZE + CODE_URL_MAX);
	buffer_init(&text, CODE_TEXT_MAX);
	buffer_append(&bytes, head, sizeof head);
	buffer_append(&bytes, code->server_key, sizeof code->server_key);
	buffer_append(&bytes, code->secret, CODE_SECRET_SIZE);
	buffer_append(&bytes, code->code_id, CODE_ID_SIZE);
	buffer_append_span(&bytes, span_of_text(code->url));
	buffer_append_span(&text, span_of_text(code_prefix));
	base64url_encode(buffer_span(&bytes), &text);
	buffer_append_byte(&text, '\0');
	made = bytes.status == STATUS_OK && text.status == STATUS_OK;
	if (made) {
		memcpy(out, text.at, text.length);
	}
	crypto_wipe_buffer(&text);
	crypto_wipe_buffer(&bytes);
	return made ? out : NULL;
}

static bool
white_space(uint8_t byte)
{
	return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

static struct span
trimmed(struct span text)
{
	while (text.length > 0 && white_space(text.at[0])) {
		text = span_of(text.at + 1, text.length - 1);
	}
	while (text.length > 0 && white_space(text.at[text.length - 1])) {
		text.length--;
	}
	return text;
}

static bool
starts_with(struct span text, const char *prefix)
{
	size_t length = strlen(prefix);

	return text.length > length && memcmp(text.at, prefix, length) == 0;
}

enum { PIN_PREFIX_SIZE = 8, PIN_SIZE = PIN_PREFIX_SIZE + 44, PINS_MAX = 2 };

bool
pin_valid(struct span text)
{
	return text.length == PIN_SIZE && starts_with(text, "sha256//") &&
	       text.at[PIN_SIZE - 1] == '=' && memchr(text.at, ';', PIN_SIZE) == NULL;
}

/* Of "PIN" or "PIN;PIN". */
static bool
pins_valid(struct span pins)
{
	if (pins.length == PINS_MAX * PIN_SIZE + 1 && pins.at[PIN_SIZE] == ';' &&
	    pin_valid(span_of(pins.at, PIN_SIZE))) {
		pins = span_of(pins.at + PIN_SIZE + 1, PIN_SIZE);
	}
	return pin_valid(pins);
}

/* What a program may fetch without a second thought: no control characters, no spaces. */
bool
server_url_valid(struct span url)
{
	bool secure = starts_with(url, "https://");
	size_t address = 0; /* what stands before the pins */

	if (url.length > CODE_URL_MAX || (!secure && !starts_with(url, "http://"))) {
		return false;
	}
	for (size_t i = 0; i < url.length; i++) {
		if (url.at[i] <= ' ' || url.at[i] > '~') {
			return false;
		}
	}
	while (address < url.length && url.at[address] != '#') {
		address++;
	}
	return address == url.length ||
	       (secure && pins_valid(span_of(url.at + address + 1, url.length - address - 1)));
}

static enum status
code_from_bytes(struct span bytes, struct enrolment_code *out, struct error *err)
{
	struct enrolment_code code = {0};
	struct span url;

	if (bytes.length < 1) {
		return fail(err, STATUS_CODE_MISTYPED, "%s", "");
	}
	if (bytes.at[0] != CODE_VERSION) {
		return fail(err, STATUS_UNSUPPORTED, "v%u", bytes.at[0]);
	}
	if (bytes.length <= CODE_FIXED_SIZE) {
		return fail(err, STATUS_CODE_MISTYPED, "%s", "");
	}
	url = span_of(bytes.at + CODE_FIXED_SIZE, bytes.length - CODE_FIXED_SIZE);
	if (!server_url_valid(url)) {
		return fail(err, STATUS_CODE_MISTYPED, "URL");
	}
	code.server_key_id = bytes.at[1];
	memcpy(code.server_key, bytes.at + 2, sizeof code.server_key);
	memcpy(code.secret, bytes.at + 34, CODE_SECRET_SIZE);
	memcpy(code.code_id, bytes.at + 34 + CODE_SECRET_SIZE, CODE_ID_SIZE);
	memcpy(code.url, url.at, url.length);
	*out = code;
	crypto_wipe(&code, sizeof code);
	return STATUS_OK;
}

enum status
enrolment_code_parse(const char *text, struct enrolment_code *out, struct error *err)
{
	struct span code = trimmed(span_of_text(text));
	struct buffer bytes;
	enum status status;

	if (!starts_with(code, code_prefix)) {
		return fail(err, STATUS_CODE_MISTYPED, "%s", "");
	}
	if (code.length >= CODE_TEXT_MAX) {
		return fail(err, STATUS_CODE_MISTYPED, "> %d", CODE_TEXT_MAX - 1);
	}
	code = span_of(code.at + strlen(code_prefix), code.length - strlen(code_prefix));
	buffer_init(&bytes, CODE_TEXT_MAX);
	if (base64url_decode(code, &bytes)) {
		status = code_from_bytes(buffer_span(&bytes), out, err);
	} else if (bytes.status != STATUS_OK) {
		status = buffer_status(&bytes, "", err);
	} else {
		status = fail(err, STATUS_CODE_MISTYPED, "%s", "");
	}
	crypto_wipe_buffer(&bytes);
	return status;
}

void
enrolment_request_encode(const struct enrolment_request *request, struct buffer *out)
{
	cbor_put_array(out, REQUEST_ITEMS);
	cbor_put_bytes(out, span_of(request->code_id, CODE_ID_SIZE));
	cbor_put_bytes(out, span_of(request->secret, CODE_SECRET_SIZE));
	cbor_put_bytes(out, span_of(request->device_key, SIGN_PUBLIC_SIZE));
	cbor_put_uint(out, request->programme);
	cbor_put_uint(out, request->room);
}

bool
enrolment_request_decode(struct span head, struct enrolment_request *out)
{
	struct reader in = reader_of(head);
	struct enrolment_request request;
	size_t items;

	if (!cbor_get_array(&in, REQUEST_ITEMS, &items) || items != REQUEST_ITEMS ||
	    !cbor_get_bytes_exact(&in, request.code_id, CODE_ID_SIZE) ||
	    !cbor_get_bytes_exact(&in, request.secret, CODE_SECRET_SIZE) ||
	    !cbor_get_bytes_exact(&in, request.device_key, SIGN_PUBLIC_SIZE) ||
	    !cbor_get_u32(&in, &request.programme) || !cbor_get_u32(&in, &request.room) ||
	    in.left != 0) {
		return false;
	}
	*out = request;
	return true;
}

/* What the log key signs: the label, then the body. */
static void
certificate_text(struct span body, struct buffer *out)
{
	buffer_append(out, certificate_label, LABEL_SIZE);
	buffer_append_span(out, body);
}

static void
certificate_body(const struct certificate *certificate, struct buffer *out)
{
	cbor_put_array(out, certificate->parent != 0 ? CERTIFICATE_BODY_ITEMS_FORKED
						     : CERTIFICATE_BODY_ITEMS);
	cbor_put_bytes(out, span_of(certificate->origin, ORIGIN_SIZE));
	cbor_put_uint(out, certificate->device);
	cbor_put_bytes(out, span_of(certificate->device_key, SIGN_PUBLIC_SIZE));
	cbor_put_text(out, certificate->cadre);
	cbor_put_array(out, 2 * certificate->scope_count);
	regions_put(certificate->scope, certificate->scope_count, out);
	cbor_put_int(out, certificate->issued);
	if (certificate->parent != 0) {
		cbor_put_uint(out, certificate->parent);
		cbor_put_uint(out, certificate->parent_n);
	}
}

void
certificate_issue(const struct certificate *certificate, const uint8_t secret[SIGN_SECRET_SIZE],
		  struct buffer *out)
{
	uint8_t signature[SIGNATURE_SIZE];
	struct buffer body;
	struct buffer text;

	buffer_init(&body, CERTIFICATE_BODY_MAX);
	buffer_init(&text, LABEL_SIZE + CERTIFICATE_BODY_MAX);
	certificate_body(certificate, &body);
	certificate_text(buffer_span(&body), &text);
	if (body.status != STATUS_OK || text.status != STATUS_OK) {
		out->status = body.status != STATUS_OK ? body.status : text.status;
	} else {
		sign_make(secret, buffer_span(&text), signature);
		cbor_put_array(out, CERTIFICATE_ITEMS);
		cbor_put_bytes(out, buffer_span(&body));
		cbor_put_bytes(out, span_of(signature, sizeof signature));
	}
	buffer_finish(&text);
	buffer_finish(&body);
}

static enum status
certificate_check(struct span body, const uint8_t key[SIGN_PUBLIC_SIZE],
		  const uint8_t signature[SIGNATURE_SIZE], struct error *err)
{
	struct buffer text;
	enum status status;

	buffer_init(&text, LABEL_SIZE + CERTIFICATE_BODY_MAX);
	certificate_text(body, &text);
	status = buffer_status(&text, "certificate", err);
	if (status == STATUS_OK && !sign_check(key, buffer_span(&text), signature)) {
		status = fail(err, STATUS_SIGNATURE, "certificate");
	}
	buffer_finish(&text);
	return status;
}

static bool
certificate_scope_get(struct reader *in, struct arena *arena, struct certificate *certificate)
{
	size_t items;

	if (!cbor_get_array(in, 2 * MESSAGE_SCOPE_MAX, &items) || items % 2 != 0) {
		return false;
	}
	certificate->scope_count = items / 2;
	return regions_get(in, items / 2, arena, &certificate->scope) == STATUS_OK;
}

static bool
certificate_parent_get(struct reader *in, size_t items, struct certificate *certificate)
{
	uint64_t n;

	if (items == CERTIFICATE_BODY_ITEMS) {
		return true;
	}
	if (!positive_u32_get(in, CHANGE_STREAM_MAX, &certificate->parent) ||
	    !cbor_get_uint_max(in, CHANGE_N_MAX, &n)) {
		return false;
	}
	certificate->parent_n = (uint32_t)n;
	return true;
}

static bool
certificate_body_get(struct span body, struct arena *arena, struct certificate *certificate)
{
	struct reader in = reader_of(body);
	size_t items;

	return cbor_get_array(&in, CERTIFICATE_BODY_ITEMS_FORKED, &items) &&
	       (items == CERTIFICATE_BODY_ITEMS || items == CERTIFICATE_BODY_ITEMS_FORKED) &&
	       cbor_get_bytes_exact(&in, certificate->origin, ORIGIN_SIZE) &&
	       positive_u32_get(&in, CHANGE_STREAM_MAX, &certificate->device) &&
	       cbor_get_bytes_exact(&in, certificate->device_key, SIGN_PUBLIC_SIZE) &&
	       cbor_get_text(&in, &certificate->cadre) &&
	       certificate->cadre.length <= STREAM_NAME_MAX &&
	       certificate_scope_get(&in, arena, certificate) &&
	       cbor_get_int(&in, &certificate->issued) &&
	       certificate_parent_get(&in, items, certificate) && in.left == 0;
}

enum status
certificate_read(struct span bytes, const uint8_t key[SIGN_PUBLIC_SIZE], struct arena *arena,
		 struct certificate *out, struct error *err)
{
	struct reader in = reader_of(bytes);
	struct certificate certificate = {0};
	uint8_t signature[SIGNATURE_SIZE];
	struct span body;
	size_t items;
	enum status status;

	if (!cbor_get_array(&in, CERTIFICATE_ITEMS, &items) || items != CERTIFICATE_ITEMS ||
	    !cbor_get_bytes(&in, &body) || body.length > CERTIFICATE_BODY_MAX ||
	    !cbor_get_bytes_exact(&in, signature, sizeof signature) || in.left != 0) {
		return fail(err, STATUS_MALFORMED, "certificate");
	}
	status = certificate_check(body, key, signature, err);
	if (status != STATUS_OK) {
		return status;
	}
	if (!certificate_body_get(body, arena, &certificate)) {
		return fail(err, STATUS_MALFORMED, "certificate");
	}
	*out = certificate;
	return STATUS_OK;
}

static bool
enrolled(const struct enrolment_reply *reply)
{
	return reply->status == STATUS_OK;
}

enum status
enrolment_reply_pack(const struct enrolment_reply *reply, struct buffer *out, struct error *err)
{
	struct map_writer map;
	enum status status;

	map_writer_init(&map, MESSAGE_REPLY_MAX);
	if (!enrolled(reply)) {
		status_put(reply->status, map_key(&map, REPLY_STATUS));
	}
	map_put_positive(&map, REPLY_TIME, (uint64_t)reply->server_time_ms);
	map_put_positive(&map, REPLY_EPOCH, reply->epoch);
	if (reply->schema.version != 0) {
		schema_chunk_put(&reply->schema, map_key(&map, REPLY_SCHEMA));
	}
	if (enrolled(reply)) {
		cbor_put_bytes(map_key(&map, REPLY_CERTIFICATE), reply->certificate);
		cbor_put_bytes(map_key(&map, REPLY_LOG_KEY),
			       span_of(reply->log_key, SIGN_PUBLIC_SIZE));
	}
	map_put_positive(&map, REPLY_SCOPE_VERSION, reply->scope_version);
	status = map_pack(&map, out, err);
	map_writer_finish(&map);
	return status;
}

static enum status
value_of_key_get(struct map_reader *map, struct enrolment_reply *reply)
{
	struct reader *in = &map->in;
	bool formed;

	switch (map->key) {
	case REPLY_STATUS:
		return status_get(in, &reply->status);
	case REPLY_TIME:
		formed = time_get(in, &reply->server_time_ms);
		break;
	case REPLY_EPOCH:
		formed = positive_u32_get(in, UINT32_MAX, &reply->epoch);
		break;
	case REPLY_SCHEMA:
		formed = schema_chunk_get(in, &reply->schema);
		break;
	case REPLY_CERTIFICATE:
		formed = some_bytes_get(in, &reply->certificate);
		break;
	case REPLY_LOG_KEY:
		formed = cbor_get_bytes_exact(in, reply->log_key, SIGN_PUBLIC_SIZE);
		break;
	case REPLY_SCOPE_VERSION:
		formed = positive_get(in, STORED_MAX, &reply->scope_version);
		break;
	default:
		return map_pass(map);
	}
	return formed ? STATUS_OK : STATUS_MALFORMED;
}

enum status
enrolment_reply_unpack(struct span packed, struct buffer *plain, struct enrolment_reply *out,
		       struct error *err)
{
	struct enrolment_reply reply = {0};
	struct map_reader map;
	bool has_log_key = false;
	enum status status = map_unpack(packed, plain, &map, err);

	if (status != STATUS_OK) {
		return status;
	}
	while (map_next(&map)) {
		status = value_of_key_get(&map, &reply);
		if (status != STATUS_OK) {
			return fail(err, status, "enrolment reply, key %llu",
				    (unsigned long long)map.key);
		}
		has_log_key = has_log_key || map.key == REPLY_LOG_KEY;
	}
	if (!map_ended(&map)) {
		return fail(err, STATUS_MALFORMED, "end of the enrolment reply");
	}
	if (enrolled(&reply) && (reply.certificate.length == 0 || !has_log_key)) {
		return fail(err, STATUS_MALFORMED, "enrolment reply without certificate or key");
	}
	*out = reply;
	return STATUS_OK;
}

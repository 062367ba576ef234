/* SPDX-License-Identifier: Apache-2.0 */
/* enrol: one-time codes, and the devices that come with them. */
#include "daemon/ingest/note.h"
#include "daemon/ingest/workset.h"
#include "daemon/store/store_people.h"

#include <stdlib.h>
#include <string.h>

enum {
	CODE_LIFE_HOURS = 72,
	CODE_FAILURES_MAX = 10,
	ENROL_ARENA_LIMIT = 4 * 1024 * 1024,
	ENROL_ROOM_FIXED = 1024,
	REGION_SIZE = 16,
};

enum status
ingest_address(struct store *store, struct arena *arena, struct span *out, struct error *err)
{
	struct span url;
	struct span pins = span_of(NULL, 0);
	char *text;
	enum status status = store_setting(store, "url", arena, &url, err);

	/* Without TLS there is no key to be known by. */
	if (status == STATUS_OK && url.length > 6 && memcmp(url.at, "https:", 6) == 0) {
		status = store_setting(store, "pins", arena, &pins, err);
		status = status == STATUS_NOT_FOUND ? STATUS_OK : status;
	}
	if (status != STATUS_OK) {
		return status;
	}
	if (url.length + 1 + pins.length > CODE_URL_MAX) {
		return fail(err, STATUS_LIMIT, "the server's url");
	}
	if (pins.length == 0) {
		*out = url;
		return STATUS_OK;
	}
	text = ARENA_ARRAY(arena, char, url.length + 1 + pins.length);
	if (text == NULL) {
		return fail(err, STATUS_MEMORY, "the server's url");
	}
	memcpy(text, url.at, url.length);
	text[url.length] = '#';
	memcpy(text + url.length + 1, pins.at, pins.length);
	*out = span_of(text, url.length + 1 + pins.length);
	return STATUS_OK;
}

/* What is kept of a code's secret. All that the code brings is in it, so that whoever has only the
 * database can neither widen nor lengthen one, nor make his own. */
static void
code_mark(const struct server_keys *keys, const struct stored_code *code, struct span secret,
	  uint8_t out[HASH_SIZE])
{
	const size_t count = code->scope_count > MESSAGE_SCOPE_MAX ? 0 : code->scope_count;
	uint8_t fixed[8 + 4];
	uint8_t scope[MESSAGE_SCOPE_MAX * REGION_SIZE];
	const struct span parts[] = {span_of(code->id, sizeof code->id), secret,
				     span_of(fixed, sizeof fixed),
				     span_of(scope, count * REGION_SIZE), code->cadre};

	put_le64(fixed, (uint64_t)code->expires_ms);
	put_le32(fixed + 8, (uint32_t)code->scope_count);
	for (size_t i = 0; i < count; i++) {
		put_le64(scope + i * REGION_SIZE, code->scope[i].low);
		put_le64(scope + i * REGION_SIZE + 8, code->scope[i].high);
	}
	keys_mark(keys, "code", parts, sizeof parts / sizeof parts[0], out);
}

enum status
ingest_code_make(struct ingest *ingest, const struct code_order *order, char *code_out,
		 int64_t *expires_ms_out, struct error *err)
{
	const struct platform *platform = &ingest->options.platform;
	struct enrolment_code code = {.server_key_id = ingest->options.keys->box.id};
	struct stored_code stored = {.cadre = order->cadre, .scope_count = order->scope_count};
	struct note note = {.action = "code",
			    .name = order->cadre,
			    .scope = order->scope,
			    .scope_count = order->scope_count};
	struct span secret = span_of(code.secret, sizeof code.secret);
	struct span url;
	enum status status;

	if (order->cadre.length == 0 || order->cadre.length > STREAM_NAME_MAX ||
	    !utf8_valid(order->cadre)) {
		return fail(err, STATUS_INVALID, "cadre: 1 to %d bytes of text", STREAM_NAME_MAX);
	}
	if (order->scope_count == 0 || order->scope_count > MESSAGE_SCOPE_MAX) {
		return fail(err, STATUS_INVALID, "village: 1 to %d regions", MESSAGE_SCOPE_MAX);
	}
	status = ingest_address(ingest->options.store, &ingest->work.arena, &url, err);
	if (status != STATUS_OK) {
		return status;
	}
	stored.scope = arena_copy(&ingest->work.arena, order->scope,
				  order->scope_count * sizeof order->scope[0]);
	if (stored.scope == NULL) {
		return fail(err, STATUS_MEMORY, "an enrolment code");
	}
	memcpy(code.url, url.at, url.length);
	memcpy(code.server_key, ingest->options.keys->box.public_key, sizeof code.server_key);
	platform->random(platform->context, code.secret, sizeof code.secret);
	platform->random(platform->context, code.code_id, sizeof code.code_id);
	memcpy(stored.id, code.code_id, sizeof stored.id);
	stored.expires_ms = ingest_clock_ms(ingest) + (int64_t)CODE_LIFE_HOURS * 3600 * 1000;
	code_mark(ingest->options.keys, &stored, secret, stored.secret_hash);
	status = store_code_put(ingest->options.store, &stored, err);
	if (status == STATUS_OK) {
		status = ingest_note(ingest, ENTRY_ADMIN, order->user, &note, NULL, err);
	}
	if (status == STATUS_OK) {
		(void)enrolment_code_format(&code, code_out);
		*expires_ms_out = stored.expires_ms;
	}
	crypto_wipe(&code, sizeof code);
	return status;
}

/* ---- the enrolment itself ---- */

struct enrolment {
	struct arena arena;
	struct buffer plain;
	struct opened_parcel parcel;
	struct enrolment_request request;
	struct stored_code code;
	struct device device;
	struct enrolment_reply reply;
};

/* Whose code is it, and may this key use it? OK, CODE_*, or a failure of the store. */
static enum status
check_code(struct ingest *ingest, struct enrolment *enrolment, struct error *err)
{
	struct span secret = span_of(enrolment->request.secret, CODE_SECRET_SIZE);
	uint8_t hash[HASH_SIZE];
	struct stored_code *code = &enrolment->code;
	enum status status = store_code(ingest->options.store, enrolment->request.code_id,
					&enrolment->arena, code, err);

	if (status == STATUS_NOT_FOUND) {
		return STATUS_CODE_UNKNOWN;
	}
	if (status != STATUS_OK) {
		return status;
	}
	code_mark(ingest->options.keys, code, secret, hash);
	if (!crypto_equal(hash, code->secret_hash, sizeof hash) ||
	    code->failures >= CODE_FAILURES_MAX) {
		code->failures++;
		ingest->work.wrote = true;
		status = store_code_put(ingest->options.store, code, err);
		return status == STATUS_OK ? STATUS_CODE_UNKNOWN : status;
	}
	if (code->device != 0 &&
	    memcmp(code->device_key, enrolment->request.device_key, sizeof code->device_key) != 0) {
		return STATUS_CODE_USED;
	}
	return ingest_clock_ms(ingest) > code->expires_ms ? STATUS_CODE_EXPIRED : STATUS_OK;
}

static enum status
create_device(struct ingest *ingest, struct enrolment *enrolment, struct error *err)
{
	struct stored_code *code = &enrolment->code;
	struct device *device = &enrolment->device;
	struct note note = {
		.action = "enrol",
		.key = span_of(enrolment->request.device_key, SIGN_PUBLIC_SIZE),
		.name = code->cadre,
		.scope = code->scope,
		.scope_count = code->scope_count,
	};
	enum status status =
		ingest_stream_create(ingest, STREAM_DEVICE, code->cadre,
				     enrolment->request.device_key, &device->stream.number, err);

	if (status != STATUS_OK) {
		return status;
	}
	note.stream = device->stream.number;
	status = ingest_note(ingest, ENTRY_SCOPE, 0, &note, &device->scope_version, err);
	device->state = DEVICE_ACTIVE;
	device->scope = code->scope;
	device->scope_count = code->scope_count;
	if (status == STATUS_OK) {
		status = store_device_put(ingest->options.store, device, err);
	}
	code->device = device->stream.number;
	memcpy(code->device_key, enrolment->request.device_key, sizeof code->device_key);
	return status == STATUS_OK ? store_code_put(ingest->options.store, code, err) : status;
}

void
ingest_certify(const struct ingest *ingest, struct certificate *card, struct buffer *out)
{
	card->issued = ingest_clock_ms(ingest) / 1000;
	memcpy(card->origin, ingest->ledger.origin, ORIGIN_SIZE);
	certificate_issue(card, ingest->options.keys->log_secret, out);
}

/* The certificate, and as much of the schema as the room takes. */
static enum status
fill_reply(struct ingest *ingest, struct enrolment *enrolment, struct buffer *certificate,
	   struct error *err)
{
	struct enrolment_reply *reply = &enrolment->reply;
	const struct schema *schema = catalogue_schema(ingest->options.catalogue, 0);
	struct certificate card = {
		.device = enrolment->device.stream.number,
		.cadre = enrolment->code.cadre,
		.scope = enrolment->device.scope,
		.scope_count = enrolment->device.scope_count,
	};
	enum status status;

	memcpy(card.device_key, enrolment->request.device_key, SIGN_PUBLIC_SIZE);
	ingest_certify(ingest, &card, certificate);
	memcpy(reply->log_key, ingest->options.keys->log_public, SIGN_PUBLIC_SIZE);
	reply->certificate = buffer_span(certificate);
	reply->epoch = ingest->ledger.epoch;
	reply->scope_version = enrolment->device.scope_version;
	status = buffer_status(certificate, "the device's certificate", err);
	if (status != STATUS_OK || schema == NULL) {
		return status;
	}
	status = store_schema(ingest->options.store, schema->version, &enrolment->arena,
			      &reply->schema.bytes, NULL, err);
	reply->schema.version = schema->version;
	memcpy(reply->schema.hash, schema->hash, HASH_SIZE);
	reply->schema.size = (uint32_t)reply->schema.bytes.length;
	return status;
}

static enum status
enrol_device(struct ingest *ingest, struct enrolment *enrolment, struct buffer *certificate,
	     struct error *err)
{
	enum status status = check_code(ingest, enrolment, err);

	enrolment->reply.server_time_ms = ingest_clock_ms(ingest);
	if (status == STATUS_CODE_UNKNOWN || status == STATUS_CODE_USED ||
	    status == STATUS_CODE_EXPIRED) {
		enrolment->reply.status = status;
		return STATUS_OK;
	}
	if (status == STATUS_OK && enrolment->code.device != 0) {
		/* The same key again: its first answer was lost, so it gets the same one. */
		status = store_device(ingest->options.store, enrolment->code.device,
				      &enrolment->arena, &enrolment->device, err);
	} else if (status == STATUS_OK) {
		status = create_device(ingest, enrolment, err);
	}
	return status == STATUS_OK ? fill_reply(ingest, enrolment, certificate, err) : status;
}

static enum status
seal_reply(struct ingest *ingest, struct enrolment *enrolment, struct buffer *out,
	   struct error *err)
{
	const struct platform *platform = &ingest->options.platform;
	struct enrolment_reply *reply = &enrolment->reply;
	size_t room = enrolment->request.room > ENROL_ROOM_FIXED ? enrolment->request.room
								 : ENROL_ROOM_FIXED;
	uint8_t nonce[AEAD_NONCE_SIZE];
	struct buffer packed;
	enum status status;

	buffer_init(&packed, PARCEL_REPLY_MAX);
	status = enrolment_reply_pack(reply, &packed, err);
	while (status == STATUS_OK && packed.length + PARCEL_REPLY_OVERHEAD > room &&
	       reply->schema.bytes.length > 0) {
		/* The rest of the schema comes with the first sync. */
		reply->schema.bytes.length /= 2;
		buffer_clear(&packed);
		status = enrolment_reply_pack(reply, &packed, err);
	}
	if (status == STATUS_OK) {
		platform->random(platform->context, nonce, sizeof nonce);
		status = parcel_seal_reply(&enrolment->parcel.session, nonce, buffer_span(&packed),
					   out, err);
	}
	buffer_finish(&packed);
	return status;
}

static enum status
open_enrolment(struct ingest *ingest, struct enrolment *enrolment, struct span request,
	       struct error *err)
{
	const struct server_keys *keys = ingest->options.keys;
	enum status status = parcel_open_request(request, keys->alive, keys->alive_count,
						 &enrolment->plain, &enrolment->parcel, err);

	if (status != STATUS_OK) {
		return status;
	}
	if (!enrolment_request_decode(enrolment->parcel.head, &enrolment->request)) {
		return fail(err, STATUS_MALFORMED, "the enrolment request");
	}
	if (key_is_none(enrolment->request.device_key) ||
	    !parcel_signed_by(PARCEL_ENROL, &enrolment->parcel, enrolment->request.device_key)) {
		return fail(err, STATUS_SIGNATURE, "the enrolment request");
	}
	return STATUS_OK;
}

enum status
ingest_enrol(struct ingest *ingest, struct span request, struct buffer *out, struct error *err)
{
	struct enrolment *enrolment = calloc(1, sizeof *enrolment);
	struct buffer certificate;
	enum status status;

	if (enrolment == NULL) {
		return fail(err, STATUS_MEMORY, "an enrolment");
	}
	arena_init(&enrolment->arena, ENROL_ARENA_LIMIT);
	buffer_init(&enrolment->plain, PARCEL_REQUEST_MAX);
	buffer_init(&certificate, PARCEL_REPLY_MAX);
	status = open_enrolment(ingest, enrolment, request, err);
	if (status == STATUS_OK) {
		status = enrol_device(ingest, enrolment, &certificate, err);
	}
	if (status == STATUS_OK) {
		status = seal_reply(ingest, enrolment, out, err);
	}
	buffer_finish(&certificate);
	buffer_finish(&enrolment->plain);
	arena_finish(&enrolment->arena);
	crypto_wipe(enrolment, sizeof *enrolment);
	free(enrolment);
	return status;
}

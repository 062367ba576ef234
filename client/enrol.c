/* SPDX-License-Identifier: Apache-2.0 */
#include "client/device.h"

#include <string.h>

enum { ENROL_ARENA_MAX = 1024 * 1024 };

static const uint8_t *
public_key(const struct sambung *device)
{
	return device->secret + SIGN_SECRET_SIZE - SIGN_PUBLIC_SIZE;
}

static enum status
not_enrolled_yet(struct sambung *device, struct local_state *state_out, struct error *err)
{
	enum status status = local_state_load(device->local, state_out, err);

	if (status == STATUS_OK && state_out->device != 0) {
		return fail(err, STATUS_ALREADY_ENROLLED, "%u", state_out->device);
	}
	return status;
}

/* The key is there before the code is used, so that a second try, after a lost answer, comes from
 * the same device. The write lock keeps a second process from making another. */
static enum status
key_prepare(struct sambung *device, struct error *err)
{
	struct local_state state;
	uint8_t seed[SEED32_SIZE];
	enum status status = local_begin(device->local, err);

	if (status != STATUS_OK) {
		return status;
	}
	status = not_enrolled_yet(device, &state, err);
	if (status == STATUS_OK) {
		status = device_unlock(device, err);
	}
	if (status == STATUS_NOT_FOUND) {
		status = device_random(device, seed, sizeof seed, err);
		if (status == STATUS_OK) {
			status = key_create(device->directory, seed, err);
		}
		if (status == STATUS_OK) {
			device_seed_take(device, seed);
		}
		crypto_wipe(seed, sizeof seed);
	}
	local_rollback(device->local);
	return status;
}

/* The data key follows from the parcel's randomness, too. */
static enum status
request_seal(struct sambung *device, const struct enrolment_code *code, const uint8_t random[32],
	     struct buffer *parcel, struct parcel_session *session_out, struct error *err)
{
	struct enrolment_request request = {.programme = DEVICE_PROGRAMME, .room = DEVICE_ROOM};
	struct parcel_sender sender = {.server_key_id = code->server_key_id};
	struct buffer head;
	enum status status;

	memcpy(request.code_id, code->code_id, sizeof request.code_id);
	memcpy(request.secret, code->secret, sizeof request.secret);
	memcpy(request.device_key, public_key(device), sizeof request.device_key);
	memcpy(sender.secret, device->secret, sizeof sender.secret);
	memcpy(sender.server_key, code->server_key, sizeof sender.server_key);
	buffer_init(&head, 1024);
	enrolment_request_encode(&request, &head);
	status = buffer_status(&head, "", err);
	if (status == STATUS_OK) {
		status = parcel_seal_request(PARCEL_ENROL, &sender, random, 0, buffer_span(&head),
					     span_of(NULL, 0), parcel, session_out, err);
	}
	crypto_wipe_buffer(&head);
	crypto_wipe(&request, sizeof request);
	crypto_wipe(&sender, sizeof sender);
	return status;
}

/* What the device is from now on. */
static enum status
state_make(struct sambung *device, const struct enrolment_code *code,
	   const struct enrolment_reply *reply, const struct certificate *certificate,
	   struct local_state *state, struct error *err)
{
	struct sambung_platform *platform = &device->platform;

	if (memcmp(certificate->device_key, public_key(device), SIGN_PUBLIC_SIZE) != 0 ||
	    certificate->device == 0 || reply->epoch == 0 ||
	    certificate->cadre.length >= sizeof state->cadre ||
	    certificate->scope_count > LOCAL_SCOPE_MAX) {
		return fail(err, STATUS_MALFORMED, "certificate");
	}
	/* What an installation that was revoked has left says nothing of this one. */
	*state = (struct local_state){.device = certificate->device};
	memcpy(state->cadre, certificate->cadre.at, certificate->cadre.length);
	memcpy(state->url, code->url, sizeof state->url);
	state->server_key_id = code->server_key_id;
	memcpy(state->server_key, code->server_key, sizeof state->server_key);
	memcpy(state->log_key, reply->log_key, sizeof state->log_key);
	memcpy(state->origin, certificate->origin, sizeof state->origin);
	state->epoch = reply->epoch;
	state->cursor = (struct cursor){0, 0, CURSOR_ID_END};
	chain_start(public_key(device), state->device, state->chain);
	state->scope_version = reply->scope_version;
	state->scope_count = certificate->scope_count;
	if (certificate->scope_count > 0) {
		memcpy(state->scope, certificate->scope,
		       certificate->scope_count * sizeof state->scope[0]);
	}
	if (reply->server_time_ms > 0 && reply->server_time_ms <= CHANGE_TIME_MAX * 1000) {
		state->server_time_ms = reply->server_time_ms;
		state->server_uptime_ms = platform->uptime_ms(platform->context);
		platform->boot_id(platform->context, state->server_boot);
	}
	return STATUS_OK;
}

/* Everything but the data key, which `wrapped` is. */
static enum status
reply_store(struct sambung *device, const struct enrolment_code *code,
	    const struct enrolment_reply *reply, const struct certificate *certificate,
	    struct span wrapped, struct error *err)
{
	struct local_state state;
	enum status status = state_make(device, code, reply, certificate, &state, err);

	if (status == STATUS_OK) {
		status = device_schema_take(device, &reply->schema, &state, err);
	}
	if (status == STATUS_OK) {
		status = local_state_save(device->local, &state, err);
	}
	if (status == STATUS_OK) {
		status = local_certificate_save(device->local, reply->certificate, err);
	}
	return status == STATUS_OK ? local_wrapped_save(device->local, wrapped, err) : status;
}

/* In a transaction of its own; sealed from then on. */
static enum status
reply_keep(struct sambung *device, const struct enrolment_code *code,
	   const struct enrolment_reply *reply, const struct certificate *certificate,
	   const uint8_t random[32], struct error *err)
{
	struct local_state before;
	struct buffer wrapped;
	enum status status = local_begin(device->local, err);

	if (status != STATUS_OK) {
		return status;
	}
	buffer_init(&wrapped, 2 * SEAL_KEY_SIZE);
	status = not_enrolled_yet(device, &before, err);
	if (status == STATUS_OK) {
		device_data_key_make(device, random, &wrapped);
		status = buffer_status(&wrapped, "device.db", err);
	}
	if (status == STATUS_OK) {
		status = reply_store(device, code, reply, certificate, buffer_span(&wrapped), err);
	}
	if (status == STATUS_OK) {
		status = lease_begin(device, random, err);
	}
	if (status == STATUS_OK) {
		status = local_commit(device->local, err);
	} else {
		local_rollback(device->local);
	}
	if (status != STATUS_OK) {
		local_key_set(device->local, NULL);
	}
	buffer_finish(&wrapped);
	return status;
}

static enum status
reply_take(struct sambung *device, const struct enrolment_code *code, struct span packed,
	   const uint8_t random[32], struct error *err)
{
	struct enrolment_reply reply;
	struct certificate certificate;
	struct buffer plain;
	struct arena arena;
	enum status status;

	buffer_init(&plain, MESSAGE_REPLY_MAX);
	arena_init(&arena, ENROL_ARENA_MAX);
	status = enrolment_reply_unpack(packed, &plain, &reply, err);
	if (status == STATUS_OK && reply.status != STATUS_OK) {
		status = fail(err, reply.status, "%s", "");
	}
	if (status == STATUS_OK) {
		status = certificate_read(reply.certificate, reply.log_key, &arena, &certificate,
					  err);
	}
	if (status == STATUS_OK) {
		status = reply_keep(device, code, &reply, &certificate, random, err);
	}
	arena_finish(&arena);
	buffer_finish(&plain);
	return status;
}

static enum status
enrol(struct sambung *device, const struct enrolment_code *code, struct error *err)
{
	struct device_parcel posted = {.server = code->url, .path = "/v1/enrol"};
	struct sambung_result counted = {0};
	struct parcel_session session;
	struct buffer parcel;
	struct buffer sealed;
	struct buffer packed;
	uint8_t random[32] = {0};
	enum status status = key_prepare(device, err);

	buffer_init(&parcel, PARCEL_REQUEST_MAX);
	buffer_init(&sealed, PARCEL_REPLY_MAX);
	buffer_init(&packed, PARCEL_REPLY_MAX);
	if (status == STATUS_OK) {
		status = device_random(device, random, sizeof random, err);
	}
	if (status == STATUS_OK) {
		status = request_seal(device, code, random, &parcel, &session, err);
	}
	if (status == STATUS_OK) {
		device_connect(device);
		posted.bytes = buffer_span(&parcel);
		status = device_post(device, &posted, &sealed, &counted, err);
		device_disconnect(device);
	}
	if (status == STATUS_FOREIGN) {
		/* The server does not have the key that the code names. */
		status = fail(err, STATUS_CODE_UNKNOWN, "%s", "");
	}
	if (status == STATUS_OK) {
		status = parcel_open_reply(&session, buffer_span(&sealed), &packed, err);
	}
	if (status == STATUS_OK) {
		status = reply_take(device, code, buffer_span(&packed), random, err);
	}
	buffer_finish(&packed);
	buffer_finish(&sealed);
	buffer_finish(&parcel);
	crypto_wipe(&session, sizeof session);
	crypto_wipe(random, sizeof random);
	return status;
}

int
sambung_enrol(struct sambung *device, const char *code_text, struct sambung_error *err)
{
	struct error inner = {0};
	struct enrolment_code code = {0};
	struct local_state state;
	enum status status = not_enrolled_yet(device, &state, &inner);

	if (status == STATUS_OK) {
		status = enrolment_code_parse(code_text, &code, &inner);
	}
	if (status == STATUS_OK) {
		status = enrol(device, &code, &inner);
	}
	crypto_wipe(&code, sizeof code);
	return status == STATUS_OK ? 0 : device_fail(err, &inner);
}

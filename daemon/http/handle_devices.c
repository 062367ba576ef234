/* SPDX-License-Identifier: Apache-2.0 */
/* What an admin looks at every day: devices and their syncs. */
#include "access.h"
#include "handle.h"
#include "sentence.h"
#include "view.h"

#include <stdlib.h>
#include <string.h>

enum {
	SYNCS_MAX = 2000,
	DEVICE_MEMORY = 64 * 1024,
	FAMILY_MEMORY = 4 * 1024 * 1024,
};

/* ---- devices ---- */

static void
key_instant(struct json *json, const char *key, int64_t milliseconds)
{
	json_put_key(json, key);
	if (milliseconds == 0) {
		json_put_null(json);
	} else {
		json_put_instant(json, milliseconds);
	}
}

static const struct {
	const char *name;
	const char *next;
} device_states[] = {
	[DEVICE_ACTIVE] = {"active", ""},
	[DEVICE_REVOKED] = {"revoked", ""},
	[DEVICE_FORMER] = {"former", "nothing: its phone goes on under another number"},
	[DEVICE_HELD] = {"held", "ask the cadre which phones she uses; then allow or revoke it"},
};
static const size_t device_state_count = sizeof device_states / sizeof device_states[0];

static const char *
what_next(const struct device *device, size_t state)
{
	if (key_is_none(device->stream.key)) {
		return "nothing: no phone has this number, it was adopted from a file";
	}
	return state == 0 ? "" : device_states[state].next;
}

static void
write_device(struct json *json, const struct device *device)
{
	/* What a newer program wrote is none of these. */
	size_t state = (size_t)device->state < device_state_count ? (size_t)device->state : 0;
	char text[REGION_TEXT_SIZE];

	json_put_object(json);
	json_put_key(json, "device");
	json_put_uint(json, device->stream.number);
	json_put_key(json, "cadre");
	json_put_text(json, device->stream.name);
	json_put_key(json, "villages");
	json_put_array(json);
	for (size_t i = 0; i < device->scope_count; i++) {
		json_put_string(json, region_format(device->scope[i], text));
	}
	json_put_array_end(json);
	key_instant(json, "last_contact", device->last_contact_ms);
	json_put_key(json, "acked_n");
	json_put_uint(json, device->stream.acked_n);
	json_put_key(json, "state");
	json_put_string(json, state == 0		  ? ""
			      : device->destroyed_ms != 0 ? "destroyed"
							  : device_states[state].name);
	key_instant(json, "destroyed", device->destroyed_ms);
	json_put_key(json, "parent");
	if (device->stream.parent == 0) {
		json_put_null(json);
	} else {
		json_put_uint(json, device->stream.parent);
	}
	json_put_key(json, "adopted");
	json_put_bool(json, key_is_none(device->stream.key));
	json_sentence(json, "next", what_next(device, state));
	json_put_object_end(json);
	json_put_line_end(json);
}

static enum status
each_device(void *context, const struct device *device, struct error *err)
{
	struct call *call = context;
	struct json json = json_start(&call->out);

	write_device(&json, device);
	return buffer_status(&call->out, "the list of devices", err);
}

enum status
devices_answer(struct call *call, struct store *reader, struct error *err)
{
	call->media = MEDIA_LINES;
	return store_devices_read(reader, caller_scope(&call->caller), each_device, call, err);
}

/* For what changes a device: she must have a say over all of it. */
enum status
device_open(struct call *call, struct store *reader, struct error *err)
{
	uint32_t number;
	enum status status = access_number(call, &number, err);

	return status == STATUS_OK ? access_device(call, reader, number, err) : status;
}

/* ---- forks ---- */

enum status
revoke_write(struct call *call, struct ingest *ingest, struct error *err)
{
	uint32_t number;
	enum status status = access_number(call, &number, err);

	return status == STATUS_OK ? ingest_device_revoke(ingest, number, call->caller.user, err)
				   : status;
}

enum status
allow_write(struct call *call, struct ingest *ingest, struct error *err)
{
	uint32_t number;
	enum status status = access_number(call, &number, err);

	return status == STATUS_OK ? ingest_device_allow(ingest, number, call->caller.user, err)
				   : status;
}

/* The lines of its family, as it is after the write, as far as the caller may see it. */
enum status
family_answer(struct call *call, struct store *reader, struct error *err)
{
	struct json json = json_start(&call->out);
	struct device *devices = NULL;
	struct device_reach reach = {.any = false};
	struct arena arena;
	uint32_t number = 0;
	size_t count = 0;
	enum status status = access_number(call, &number, err);

	call->media = MEDIA_LINES;
	arena_init(&arena, FAMILY_MEMORY);
	if (status == STATUS_OK) {
		status = store_family(reader, number, &arena, &devices, &count, err);
	}
	for (size_t i = 0; i < count && status == STATUS_OK; i++) {
		status = store_device_reach(reader, devices[i].stream.number,
					    caller_scope(&call->caller), &reach, err);
		if (status == STATUS_OK && reach.any) {
			write_device(&json, &devices[i]);
		}
	}
	arena_finish(&arena);
	return status;
}

/* ---- their villages ---- */

/* The line of a device as it is after the write. */
static enum status
answer_device(struct call *call, struct store *reader, uint32_t number, struct error *err)
{
	struct json json = json_start(&call->out);
	struct device device;
	struct arena arena;
	enum status status;

	arena_init(&arena, DEVICE_MEMORY);
	status = store_device(reader, number, &arena, &device, err);
	if (status == STATUS_OK) {
		write_device(&json, &device);
	}
	arena_finish(&arena);
	return status;
}

enum status
scope_write(struct call *call, struct ingest *ingest, struct error *err)
{
	const struct body *body;
	struct region *regions = NULL;
	uint32_t number;
	size_t count;
	enum status status = access_number(call, &number, err);

	if (status == STATUS_OK) {
		status = body_read(call, "villages", &body, err);
	}
	if (status == STATUS_OK) {
		status = access_villages(call, body, &regions, &count, err);
	}
	if (status == STATUS_OK) {
		status =
			ingest_device_scope(ingest, number, regions, count, call->caller.user, err);
	}
	free(regions);
	return status;
}

enum status
scope_answer(struct call *call, struct store *reader, struct error *err)
{
	uint32_t number;
	enum status status = access_number(call, &number, err);

	call->media = MEDIA_LINES;
	return status == STATUS_OK ? answer_device(call, reader, number, err) : status;
}

/* The device that takes over. */
static enum status
read_taker(const struct call *call, uint32_t *out, struct error *err)
{
	uint64_t number;
	enum status status = body_number(call->own, "to", &number, err);

	if (status == STATUS_OK && (number == 0 || number > CHANGE_STREAM_MAX)) {
		return fail(err, STATUS_USAGE, "\"to\" must be the number of a device");
	}
	if (status == STATUS_OK) {
		*out = (uint32_t)number;
	}
	return status;
}

/* Over both devices the caller must have a say. */
enum status
handover_open(struct call *call, struct store *reader, struct error *err)
{
	const struct body *body;
	uint32_t from = 0;
	uint32_t to = 0;
	enum status status = access_number(call, &from, err);

	if (status == STATUS_OK) {
		status = body_read(call, "to", &body, err);
	}
	if (status == STATUS_OK) {
		status = read_taker(call, &to, err);
	}
	if (status == STATUS_OK) {
		status = access_device(call, reader, from, err);
	}
	return status == STATUS_OK ? access_device(call, reader, to, err) : status;
}

enum status
handover_write(struct call *call, struct ingest *ingest, struct error *err)
{
	uint32_t from = 0;
	uint32_t to = 0;
	enum status status = access_number(call, &from, err);

	if (status == STATUS_OK) {
		status = read_taker(call, &to, err);
	}
	return status == STATUS_OK ? ingest_handover(ingest, from, to, call->caller.user, err)
				   : status;
}

enum status
handover_answer(struct call *call, struct store *reader, struct error *err)
{
	uint32_t from = 0;
	uint32_t to = 0;
	enum status status = access_number(call, &from, err);

	call->media = MEDIA_LINES;
	if (status == STATUS_OK) {
		status = read_taker(call, &to, err);
	}
	if (status == STATUS_OK) {
		status = answer_device(call, reader, from, err);
	}
	return status == STATUS_OK ? answer_device(call, reader, to, err) : status;
}

/* ---- syncs ---- */

struct listing {
	struct call *call;
	struct view view;
};

enum status
waiting_write(struct call *call, struct ingest *ingest, struct error *err)
{
	(void)call;
	(void)err;
	/* Contacts and sessions that wait for the next write, so that the list is up to date. */
	ingest_write_waiting(ingest);
	return STATUS_OK;
}

static void
write_session(struct json *json, struct view *view, const struct sync_session *session)
{
	const struct view_name *name;

	json_put_object(json);
	key_instant(json, "time", session->time_ms);
	json_put_key(json, "device");
	if (session->stream == 0) {
		json_put_null(json);
	} else {
		json_put_uint(json, session->stream);
	}
	json_put_key(json, "cadre");
	if (view_stream(view, session->stream, &name)) {
		json_put_text(json, span_of(name->name, name->length));
	} else {
		json_put_null(json);
	}
	json_put_key(json, "requests");
	json_put_uint(json, session->requests);
	json_put_key(json, "bytes_up");
	json_put_uint(json, session->bytes_up);
	json_put_key(json, "bytes_down");
	json_put_uint(json, session->bytes_down);
	json_put_key(json, "sent");
	json_put_uint(json, session->sent);
	json_put_key(json, "acked");
	json_put_uint(json, session->acked);
	json_put_key(json, "conflicts");
	json_put_uint(json, session->conflicts);
	json_put_key(json, "quarantined");
	json_put_uint(json, session->quarantined);
	json_put_key(json, "status");
	json_put_string(json, status_name(session->result));
	json_sentence(json, "result", status_what(session->result, LANGUAGE_EN));
	json_sentence(json, "next", status_next(session->result, LANGUAGE_EN));
	json_put_object_end(json);
	json_put_line_end(json);
}

static enum status
each_session(void *context, const struct sync_session *session, struct error *err)
{
	struct listing *listing = context;
	struct call *call = listing->call;
	struct json json = json_start(&call->out);

	write_session(&json, &listing->view, session);
	return buffer_status(&call->out, "the list of syncs", err);
}

enum status
syncs_answer(struct call *call, struct store *reader, struct error *err)
{
	const struct session_query query = {caller_scope(&call->caller), SYNCS_MAX};
	struct listing listing = {.call = call};
	enum status status = view_init(&listing.view, call, reader, err);

	if (status == STATUS_OK) {
		call->media = MEDIA_LINES;
		status = store_sessions_read(reader, &query, each_session, &listing, err);
		view_finish(&listing.view);
	}
	return status;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Erasure by law: asked for, followed, finished. */
#include "body.h"
#include "daemon/erased.h"
#include "daemon/eraser.h"
#include "daemon/folder.h"
#include "handle.h"
#include "sentence.h"
#include "view.h"

#include <string.h>

enum { DEVICE_MEMORY = 64 * 1024 };

/* ---- asked for ---- */

static enum status
read_order(struct call *call, struct erase_order *out, struct error *err)
{
	const struct body *body;
	enum status status = body_read(call, "reason", &body, err);

	if (status == STATUS_OK) {
		status = body_text(body, "reason", &out->reason, err);
	}
	if (status == STATUS_OK) {
		status = call_record_id(call, &out->record, err);
	}
	out->user = call->caller.user;
	if (!caller_sees_all(&call->caller)) {
		out->scope = &call->caller.scope;
		out->scope_count = 1;
	}
	return status;
}

/* {"record","seq","erased","devices","status"} */
static void
answer_order(struct call *call, const struct erase_order *order, const struct erase_count *count)
{
	struct json json = json_start(&call->out);

	json_put_object(&json);
	json_put_key(&json, "record");
	json_put_id(&json, order->record);
	json_put_key(&json, "seq");
	json_put_uint(&json, count->seq);
	json_put_key(&json, "erased");
	json_put_uint(&json, count->records);
	json_put_key(&json, "devices");
	json_put_uint(&json, count->devices);
	json_put_key(&json, "status");
	json_put_string(&json, "erasing");
	json_put_object_end(&json);
	json_put_line_end(&json);
}

enum status
erase_write(struct call *call, struct ingest *ingest, struct error *err)
{
	struct erase_order order = {.record = 0};
	struct erase_count count = {.seq = 0};
	enum status status = read_order(call, &order, err);

	if (status == STATUS_OK) {
		status = ingest_erase(ingest, &order, &count, err);
	}
	if (status == STATUS_OK) {
		answer_order(call, &order, &count);
	}
	return status;
}

enum status
erase_finish_write(struct call *call, struct ingest *ingest, struct error *err)
{
	struct json json = json_start(&call->out);

	(void)ingest;
	(void)err;
	eraser_wake(call->service->eraser);
	json_put_object(&json);
	json_put_key(&json, "status");
	json_put_string(&json, "finishing");
	json_put_object_end(&json);
	json_put_line_end(&json);
	return STATUS_OK;
}

/* ---- followed ---- */

static enum status
count_device(void *context, uint32_t device, int64_t acked_ms, struct error *err)
{
	uint64_t *counts = context; /* all, outstanding */

	(void)device;
	(void)err;
	counts[0]++;
	counts[1] += acked_ms == 0;
	return STATUS_OK;
}

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

struct erasure_list {
	struct call *call;
	struct store *store;
	uint64_t record; /* only of this one; 0: all */
};

/* The record that was asked for. What the server erased again by itself was asked for by nobody:
 * the first of those stands for it, and *again_out is true. */
static enum status
find_record(const struct erasure_list *list, const struct erasure *erasure, uint64_t *record_out,
	    bool *again_out, struct error *err)
{
	struct buffer ids;
	enum status status;

	*record_out = erasure->record;
	*again_out = erasure->record == 0;
	if (!*again_out) {
		return STATUS_OK;
	}
	buffer_init(&ids, SIZE_MAX);
	status = store_erased_read(list->store, erasure->seq - 1, erasure->seq, &ids, err);
	if (status == STATUS_OK && ids.length >= sizeof *record_out) {
		memcpy(record_out, ids.at, sizeof *record_out);
	}
	buffer_finish(&ids);
	return status;
}

static enum status
each_erasure(void *context, const struct erasure *erasure, struct error *err)
{
	struct erasure_list *list = context;
	struct call *call = list->call;
	struct json json = json_start(&call->out);
	const enum status failed = eraser_failed(call->service->eraser);
	bool copied = false;
	bool again = false;
	uint64_t record = 0;
	uint64_t counts[2] = {0, 0};
	enum status status =
		store_erasure_devices(list->store, erasure->seq, count_device, counts, err);

	if (status == STATUS_OK) {
		status = erased_is_kept(call->service->directory, list->store, erasure->seq,
					&copied, err);
	}
	if (status == STATUS_OK) {
		status = find_record(list, erasure, &record, &again, err);
	}
	if (status != STATUS_OK) {
		return status;
	}
	json_put_object(&json);
	json_put_key(&json, "record");
	json_put_id(&json, record);
	json_put_key(&json, "again");
	json_put_bool(&json, again);
	json_put_key(&json, "seq");
	json_put_uint(&json, erasure->seq);
	key_instant(&json, "asked", erasure->asked_ms);
	key_instant(&json, "finished", erasure->finished_ms);
	json_put_key(&json, "status");
	json_put_string(&json, erasure->finished_ms == 0 || copied ? "erasing" : "erased");
	json_put_key(&json, "failed");
	if (erasure->finished_ms != 0 || failed == STATUS_OK) {
		json_put_null(&json);
	} else {
		json_put_string(&json, status_name(failed));
	}
	json_put_key(&json, "devices");
	json_put_uint(&json, counts[0]);
	json_put_key(&json, "outstanding");
	json_put_uint(&json, counts[1]);
	json_sentence(&json, "next",
		      erasure->finished_ms == 0 ? "run erase --finish, or wait for the night"
		      : copied ? "remove the copies of the database (" FOLDER_DATABASE
				 ".before-restore-... and the like) from the folder"
		      : counts[1] > 0 ? "let the outstanding phones sync, or revoke them"
				      : "");
	json_put_object_end(&json);
	json_put_line_end(&json);
	return buffer_status(&call->out, "the erasures", err);
}

enum status
erasures_answer(struct call *call, struct store *reader, struct error *err)
{
	struct erasure_list list = {call, reader, 0};

	call->media = MEDIA_LINES;
	return store_erasures_read(reader, each_erasure, &list, err);
}

static const char *
state_name(const struct device *device)
{
	if (device->destroyed_ms != 0) {
		return "destroyed";
	}
	switch ((int)device->state) {
	case DEVICE_ACTIVE:
		return "active";
	case DEVICE_REVOKED:
		return "revoked";
	case DEVICE_FORMER:
		return "former";
	case DEVICE_HELD:
		return "held";
	default:
		return "";
	}
}

static enum status
each_device(void *context, uint32_t number, int64_t acked_ms, struct error *err)
{
	struct erasure_list *list = context;
	struct json json = json_start(&list->call->out);
	struct device device;
	struct arena arena;
	enum status status;

	arena_init(&arena, DEVICE_MEMORY);
	status = store_device(list->store, number, &arena, &device, err);
	if (status == STATUS_OK) {
		json_put_object(&json);
		json_put_key(&json, "device");
		json_put_uint(&json, number);
		json_put_key(&json, "cadre");
		json_put_text(&json, device.stream.name);
		json_put_key(&json, "state");
		json_put_string(&json, state_name(&device));
		key_instant(&json, "last_contact", device.last_contact_ms);
		key_instant(&json, "acknowledged", acked_ms);
		json_put_object_end(&json);
		json_put_line_end(&json);
	}
	arena_finish(&arena);
	if (status == STATUS_NOT_FOUND) {
		status = STATUS_OK;
	}
	return status == STATUS_OK ? buffer_status(&list->call->out, "the devices", err) : status;
}

/* The erasure of the record in the path: its line, then one for each device that was told. */
enum status
erasure_answer(struct call *call, struct store *reader, struct error *err)
{
	struct erasure_list list = {call, reader, 0};
	struct erasure erasure;
	uint64_t record = 0;
	uint64_t seq = 0;
	enum status status = call_record_id(call, &record, err);

	if (status == STATUS_OK) {
		status = store_erased_by(reader, record, &seq, err);
	}
	if (status == STATUS_OK) {
		status = store_erasure(reader, seq, &erasure, err);
	}
	if (status != STATUS_OK) {
		return status;
	}
	call->media = MEDIA_LINES;
	status = each_erasure(&list, &erasure, err);
	return status == STATUS_OK ? store_erasure_devices(reader, seq, each_device, &list, err)
				   : status;
}

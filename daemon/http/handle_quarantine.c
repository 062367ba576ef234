/* SPDX-License-Identifier: Apache-2.0 */
/* Changes that were set aside: the list, and the ways out of it. */
#include "access.h"
#include "handle.h"
#include "protocol/id.h"
#include "sentence.h"
#include "view.h"

static const char *
quarantine_name(uint32_t reason)
{
	static const char *const names[] = {
#define NAME(number, name, why, next) [number] = #name,
		QUARANTINE_TABLE(NAME)
#undef NAME
	};

	return reason < sizeof names / sizeof names[0] && names[reason] != NULL ? names[reason]
										: "";
}

static void
key_lower(struct json *json, const char *key, const char *name)
{
	char lower[SCHEMA_NAME_MAX + 1];
	size_t length = 0;

	for (; length < sizeof lower && name[length] != '\0'; length++) {
		bool upper = name[length] >= 'A' && name[length] <= 'Z';

		lower[length] = (char)(upper ? name[length] - 'A' + 'a' : name[length]);
	}
	json_put_key(json, key);
	json_put_text(json, span_of(lower, length));
}

struct listing {
	struct call *call;
	struct view view;
};

static enum status
each_quarantined(void *context, const struct quarantined *row, struct error *err)
{
	struct listing *listing = context;
	struct call *call = listing->call;
	struct json json = json_start(&call->out);
	const struct view_name *cadre;

	json_put_object(&json);
	json_put_key(&json, "device");
	json_put_uint(&json, row->stream);
	json_put_key(&json, "n");
	json_put_uint(&json, row->n);
	json_put_key(&json, "seq");
	json_put_uint(&json, row->seq);
	json_put_key(&json, "cadre");
	if (view_stream(&listing->view, row->stream, &cadre)) {
		json_put_text(&json, span_of(cadre->name, cadre->length));
	} else {
		json_put_null(&json);
	}
	json_put_key(&json, "record");
	json_put_id(&json, row->record);
	key_lower(&json, "code", quarantine_name(row->reason));
	json_sentence(&json, "reason", quarantine_why(row->reason));
	json_sentence(&json, "next", quarantine_next(row->reason));
	json_put_object_end(&json);
	json_put_line_end(&json);
	return buffer_status(&call->out, "the quarantine", err);
}

enum status
quarantine_answer(struct call *call, struct store *reader, struct error *err)
{
	struct listing listing = {.call = call};
	enum status status = view_init(&listing.view, call, reader, err);

	if (status == STATUS_OK) {
		call->media = MEDIA_LINES;
		status = store_quarantine_read(reader, caller_scope(&call->caller),
					       each_quarantined, &listing, err);
		view_finish(&listing.view);
	}
	return status;
}

/* ---- out of it ---- */

static enum status
read_order(struct call *call, const struct body *body, struct quarantine_order *out,
	   struct error *err)
{
	uint64_t n;
	enum status status = access_number(call, &out->device, err);

	if (status == STATUS_OK) {
		status = body_number(body, "n", &n, err);
	}
	if (status != STATUS_OK) {
		return status;
	}
	if (n == 0 || n > CHANGE_N_MAX) {
		return fail(err, STATUS_USAGE, "\"n\" must be the number of a change");
	}
	out->n = (uint32_t)n;
	out->user = call->caller.user;
	if (!caller_sees_all(&call->caller)) {
		out->scope = &call->caller.scope;
		out->scope_count = 1;
	}
	return STATUS_OK;
}

/* {"device","n",word:count} */
static void
answer_order(struct call *call, const struct quarantine_order *order, const char *word,
	     uint64_t count)
{
	struct json json = json_start(&call->out);

	json_put_object(&json);
	json_put_key(&json, "device");
	json_put_uint(&json, order->device);
	json_put_key(&json, "n");
	json_put_uint(&json, order->n);
	json_put_key(&json, word);
	json_put_uint(&json, count);
	json_put_object_end(&json);
	json_put_line_end(&json);
}

enum status
release_write(struct call *call, struct ingest *ingest, struct error *err)
{
	struct quarantine_order order = {.device = 0};
	const struct body *body;
	uint64_t count = 0;
	enum status status = body_read(call, "n", &body, err);

	if (status == STATUS_OK) {
		status = read_order(call, body, &order, err);
	}
	if (status == STATUS_OK) {
		status = ingest_release(ingest, &order, &count, err);
	}
	if (status == STATUS_OK) {
		answer_order(call, &order, "released", count);
	}
	return status;
}

enum status
close_write(struct call *call, struct ingest *ingest, struct error *err)
{
	struct quarantine_order order = {.device = 0};
	const struct body *body;
	enum status status = body_read(call, "n reason", &body, err);

	if (status == STATUS_OK) {
		status = read_order(call, body, &order, err);
	}
	if (status == STATUS_OK) {
		status = body_text(body, "reason", &order.reason, err);
	}
	if (status == STATUS_OK) {
		status = ingest_quarantine_close(ingest, &order, err);
	}
	if (status == STATUS_OK) {
		answer_order(call, &order, "closed", 1);
	}
	return status;
}

enum status
reassign_write(struct call *call, struct ingest *ingest, struct error *err)
{
	struct quarantine_order order = {.device = 0};
	const struct body *body;
	struct span to;
	uint64_t count = 0;
	enum status status = body_read(call, "n to reason", &body, err);

	if (status == STATUS_OK) {
		status = read_order(call, body, &order, err);
	}
	if (status == STATUS_OK) {
		status = body_text(body, "to", &to, err);
	}
	/* Jansson's texts end in a NUL. */
	if (status == STATUS_OK) {
		status = id_parse((const char *)to.at, &order.to, err);
	}
	if (status == STATUS_OK) {
		status = body_text_or_none(body, "reason", &order.reason, err);
	}
	if (status == STATUS_OK) {
		status = ingest_reassign(ingest, &order, &count, err);
	}
	if (status == STATUS_OK) {
		answer_order(call, &order, "reassigned", count);
	}
	return status;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The histories of this server, and what came back from which device after each began. */
#include "handle.h"
#include "view.h"

struct returning {
	struct call *call;
	struct view view;
	const struct epoch *epoch;
	int64_t began_ms;
	uint64_t total;
	struct buffer devices; /* their lines, which follow that of the epoch */
};

static void
write_line(struct returning *returning, struct buffer *out, uint32_t device, uint64_t count)
{
	struct json json = json_start(out);
	const struct view_name *name;
	bool known = device != 0 && view_stream(&returning->view, device, &name);

	json_put_object(&json);
	json_put_key(&json, "epoch");
	json_put_uint(&json, returning->epoch->epoch);
	json_put_key(&json, "began");
	json_put_instant(&json, returning->began_ms);
	json_put_key(&json, "cut");
	json_put_uint(&json, returning->epoch->cut);
	json_put_key(&json, "device");
	if (device == 0) {
		json_put_null(&json);
	} else {
		json_put_uint(&json, device);
	}
	json_put_key(&json, "cadre");
	if (known) {
		json_put_text(&json, span_of(name->name, name->length));
	} else {
		json_put_null(&json);
	}
	json_put_key(&json, "returned");
	json_put_uint(&json, count);
	json_put_object_end(&json);
	json_put_line_end(&json);
}

static enum status
each_device(void *context, uint32_t device, uint64_t count, struct error *err)
{
	struct returning *returning = context;

	returning->total += count;
	write_line(returning, &returning->devices, device, count);
	return buffer_status(&returning->devices, "the epochs", err);
}

static enum status
each_first(void *context, const struct log_row *row, struct error *err)
{
	(void)err;
	*(int64_t *)context = row->entry.received_ms;
	return STATUS_OK;
}

/* `until`: the last entry of the epoch. */
static enum status
write_epoch(struct returning *returning, uint64_t until, struct error *err)
{
	struct store *store = returning->view.store;
	const struct epoch *epoch = returning->epoch;
	struct log_filter first = {.since = epoch->cut, .limit = 1};
	enum status status = store_log_read(store, &first, each_first, &returning->began_ms, err);
	struct returned asked = {epoch->cut, until, returning->began_ms / 1000};

	returning->total = 0;
	buffer_clear(&returning->devices);
	if (status == STATUS_OK && epoch->parent != 0) {
		status = store_returned_read(store, &asked, each_device, returning, err);
	}
	if (status == STATUS_OK) {
		write_line(returning, &returning->call->out, 0, returning->total);
		buffer_append_span(&returning->call->out, buffer_span(&returning->devices));
		status = buffer_status(&returning->call->out, "the epochs", err);
	}
	return status;
}

enum status
epochs_answer(struct call *call, struct store *reader, struct error *err)
{
	struct returning returning = {.call = call};
	uint64_t head = 0;
	enum status status = view_init(&returning.view, call, reader, err);

	if (status != STATUS_OK) {
		return status;
	}
	buffer_init(&returning.devices, call->out.limit);
	status = store_log_head(reader, &head, err);
	for (size_t i = 0; i < returning.view.epoch_count && status == STATUS_OK; i++) {
		bool last = i + 1 == returning.view.epoch_count;

		returning.epoch = &returning.view.epochs[i];
		status = write_epoch(&returning, last ? head : returning.view.epochs[i + 1].cut,
				     err);
	}
	buffer_finish(&returning.devices);
	view_finish(&returning.view);
	call->media = MEDIA_LINES;
	return status;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The histories of this server, and what came back from which device after each began. */
#include "daemon/ingest/note.h"
#include "handle.h"
#include "view.h"

enum { NOTE_MEMORY = 64 * 1024 };

struct returning {
	struct call *call;
	struct view view;
	const struct epoch *epoch;
	int64_t began_ms;
	struct note note; /* of the entry by which it began; borrows from: */
	struct arena arena;
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
	if (device == 0 && returning->note.entry != 0) {
		json_put_key(&json, "shown_by");
		json_put_uint(&json, returning->note.stream);
		json_put_key(&json, "shown_entries");
		json_put_uint(&json, returning->note.entry);
	}
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
	struct returning *returning = context;

	(void)err;
	returning->began_ms = row->entry.received_ms;
	/* That of the server's founding stands before other entries. */
	if (!note_decode(row->payload, &returning->arena, &returning->note)) {
		returning->note = (struct note){.action = NULL};
	}
	return STATUS_OK;
}

/* The entry by which it began: the one that its first checkpoint ends with. The cut may lie before.
 */
static enum status
read_first(struct returning *returning, uint64_t *seq_out, struct error *err)
{
	struct store *store = returning->view.store;
	struct log_filter first = {.limit = 1};
	uint64_t seq = 0;
	enum status status = STATUS_OK;

	arena_reset(&returning->arena);
	if (returning->epoch->parent != 0) {
		status = store_checkpoint_first(store, returning->epoch->epoch, &seq, err);
		first.since = seq - 1;
	}
	if (status == STATUS_OK) {
		status = store_log_read(store, &first, each_first, returning, err);
	}
	if (status == STATUS_OK) {
		*seq_out = seq;
	}
	return status;
}

/* `until`: the last entry of the epoch. */
static enum status
write_epoch(struct returning *returning, uint64_t until, struct error *err)
{
	struct returned asked = {.until = until};
	enum status status = read_first(returning, &asked.after, err);

	asked.latest = returning->began_ms / 1000;
	returning->total = 0;
	buffer_clear(&returning->devices);
	if (status == STATUS_OK && returning->epoch->parent != 0) {
		status = store_returned_read(returning->view.store, &asked, each_device, returning,
					     err);
	}
	if (status == STATUS_OK) {
		write_line(returning, &returning->call->out, 0, returning->total);
		buffer_append_span(&returning->call->out, buffer_span(&returning->devices));
		status = buffer_status(&returning->call->out, "the epochs", err);
	}
	return status;
}

/* The last entry of the i-th epoch. */
static enum status
epoch_end(const struct returning *returning, size_t i, uint64_t head, uint64_t *out,
	  struct error *err)
{
	const struct view *view = &returning->view;
	uint64_t next = head + 1;
	enum status status = STATUS_OK;

	if (i + 1 < view->epoch_count) {
		status = store_checkpoint_first(view->store, view->epochs[i + 1].epoch, &next, err);
	}
	if (status == STATUS_OK) {
		*out = next - 1;
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
	arena_init(&returning.arena, NOTE_MEMORY);
	status = store_log_head(reader, &head, err);
	for (size_t i = 0; i < returning.view.epoch_count && status == STATUS_OK; i++) {
		uint64_t until = 0;

		returning.epoch = &returning.view.epochs[i];
		status = epoch_end(&returning, i, head, &until, err);
		if (status == STATUS_OK) {
			status = write_epoch(&returning, until, err);
		}
	}
	arena_finish(&returning.arena);
	buffer_finish(&returning.devices);
	view_finish(&returning.view);
	call->media = MEDIA_LINES;
	return status;
}

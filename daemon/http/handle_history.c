/* SPDX-License-Identifier: Apache-2.0 */
/* The history of a record: its changes from the log, merged again one by one, so that each line can
 * say what was shown before it. */
#include "entry_view.h"
#include "handle.h"

#include <stdlib.h>

enum {
	PAGE_ROWS = 32,
	STATE_MEMORY = 16 * 1024 * 1024, /* of the record after one change */
};

struct history_lines {
	struct lines lines;
	struct view view;
	struct store *store;
	struct log_filter filter;
	struct buffer *out; /* of the page under way */
	size_t rows;
	struct record record;	 /* as it stands after the last row */
	struct arena arena;	 /* of the record */
	struct buffer states[2]; /* its encoding, which it borrows from, and the next one */
	unsigned present;
};

static void
history_close(struct lines *lines)
{
	struct history_lines *history = (struct history_lines *)lines;

	view_finish(&history->view);
	arena_finish(&history->arena);
	buffer_finish(&history->states[0]);
	buffer_finish(&history->states[1]);
	free(history);
}

/* Moves the record into fresh memory: merging leaves the old state behind. */
static enum status
settle_memory(struct history_lines *history, struct error *err)
{
	struct buffer *next = &history->states[1 - history->present];
	struct reader reader;
	enum status status;

	buffer_clear(next);
	record_encode(&history->record, NULL, next);
	status = buffer_status(next, "a record's state", err);
	if (status != STATUS_OK) {
		return status;
	}
	arena_reset(&history->arena);
	reader = reader_of(buffer_span(next));
	if (!record_decode(&reader, &history->arena, &history->record)) {
		return fail(err, STATUS_INTERNAL, "a merged record does not decode");
	}
	history->present = 1 - history->present;
	return STATUS_OK;
}

static enum status
merge_row(struct history_lines *history, const struct log_row *row, struct error *err)
{
	const struct entry *entry = &row->entry;
	struct merge_context context;
	struct change change;
	uint32_t stream;
	enum status status;

	if (!entry_change(row, &history->view, &history->arena, &change, &stream)) {
		return STATUS_OK;
	}
	status = view_context(&history->view, &history->record, &history->arena, &context, err);
	if (status == STATUS_OK) {
		context.type = schema_type(history->view.schema, change.type);
		status = merge_change(&history->record, stream, &change, entry->seq, &context,
				      &history->arena, err);
	}
	return status == STATUS_OK ? settle_memory(history, err) : status;
}

static enum status
history_row(void *context, const struct log_row *row, struct error *err)
{
	struct history_lines *history = context;
	enum status status;

	entry_show(&history->view, row, &history->record, history->out);
	history->filter.since = row->entry.seq;
	history->rows++;
	status = buffer_status(history->out, "a line of a history", err);
	if (status == STATUS_OK && row->entry.verdict == VERDICT_MERGED) {
		status = merge_row(history, row, err);
	}
	return status;
}

static enum status
history_next(struct lines *lines, struct buffer *out, bool *more_out, struct error *err)
{
	struct history_lines *history = (struct history_lines *)lines;
	enum status status;

	history->out = out;
	history->rows = 0;
	status = store_log_read(history->store, &history->filter, history_row, history, err);
	if (status == STATUS_OK) {
		*more_out = history->rows == history->filter.limit;
	}
	return status;
}

enum status
history_answer(struct call *call, struct store *reader, struct error *err)
{
	struct history_lines *history;
	uint64_t id;
	enum status status = call_find_record_id(call, reader, &id, err);

	if (status != STATUS_OK) {
		return status;
	}
	history = calloc(1, sizeof *history);
	if (history == NULL) {
		return fail(err, STATUS_MEMORY, "a history");
	}
	status = view_init(&history->view, call, reader, err);
	if (status != STATUS_OK) {
		free(history);
		return status;
	}
	history->lines.next = history_next;
	history->lines.close = history_close;
	history->store = reader;
	history->filter.record = id;
	history->filter.limit = PAGE_ROWS;
	arena_init(&history->arena, STATE_MEMORY);
	buffer_init(&history->states[0], RECORD_BYTES_MAX);
	buffer_init(&history->states[1], RECORD_BYTES_MAX);
	call->media = MEDIA_LINES;
	call->lines = &history->lines;
	return STATUS_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "entry_view.h"
#include "handle.h"

#include <stdlib.h>

enum { PAGE_ROWS = 128 };

struct log_lines {
	struct lines lines;
	struct view view;
	struct store *store;
	struct log_filter filter;
	struct buffer *out; /* of the page under way */
	size_t rows;
};

static void
log_close(struct lines *lines)
{
	struct log_lines *log = (struct log_lines *)lines;

	view_finish(&log->view);
	free(log);
}

static enum status
log_row(void *context, const struct log_row *row, struct error *err)
{
	struct log_lines *log = context;

	entry_show(&log->view, row, NULL, log->out);
	log->filter.since = row->entry.seq;
	log->rows++;
	return buffer_status(log->out, "a log entry", err);
}

static enum status
log_next(struct lines *lines, struct buffer *out, bool *more_out, struct error *err)
{
	struct log_lines *log = (struct log_lines *)lines;
	enum status status;

	log->out = out;
	log->rows = 0;
	status = store_log_read(log->store, &log->filter, log_row, log, err);
	if (status == STATUS_OK) {
		*more_out = log->rows == log->filter.limit;
	}
	return status;
}

enum status
log_answer(struct call *call, struct store *reader, struct error *err)
{
	struct log_lines *log = calloc(1, sizeof *log);
	enum status status;

	if (log == NULL) {
		return fail(err, STATUS_MEMORY, "the log");
	}
	log->lines.next = log_next;
	log->lines.close = log_close;
	log->store = reader;
	log->filter.limit = PAGE_ROWS;
	status = call_number(call, "since", &log->filter.since, err);
	if (status == STATUS_OK) {
		/* Of the call, which outlives its lines. */
		log->filter.scope = caller_scope(&call->caller);
		status = view_init(&log->view, call, reader, err);
	}
	if (status != STATUS_OK) {
		free(log);
		return status;
	}
	call->media = MEDIA_LINES;
	call->lines = &log->lines;
	return STATUS_OK;
}

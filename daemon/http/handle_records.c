/* SPDX-License-Identifier: Apache-2.0 */
#include "handle.h"
#include "view.h"

#include <stdlib.h>
#include <string.h>

enum { PIECE_SIZE = 8 * 1024, RECORD_MEMORY = 2 * RECORD_BYTES_MAX };

struct record_lines {
	struct lines lines;
	struct view view;
	struct record_rows *rows;
	bool cursor; /* as the last line */
	uint64_t head;
};

static void
records_close(struct lines *lines)
{
	struct record_lines *records = (struct record_lines *)lines;

	store_rows_close(records->rows);
	view_finish(&records->view);
	free(records);
}

static void
write_cursor(uint64_t head, struct buffer *out)
{
	struct json json = json_start(out);

	json_put_object(&json);
	json_put_key(&json, "cursor");
	json_put_uint(&json, head);
	json_put_object_end(&json);
	json_put_line_end(&json);
}

static enum status
records_next(struct lines *lines, struct buffer *out, bool *more_out, struct error *err)
{
	struct record_lines *records = (struct record_lines *)lines;
	struct stored_record row;
	bool more = true;

	while (out->length < PIECE_SIZE) {
		enum status status = store_rows_next(records->rows, &row, &more, err);

		if (status == STATUS_OK && !more) {
			if (records->cursor) {
				write_cursor(records->head, out);
			}
			*more_out = false;
			return STATUS_OK;
		}
		if (status == STATUS_OK) {
			status = view_show(&records->view, &row, out, err);
		}
		if (status != STATUS_OK) {
			return status;
		}
		buffer_append_byte(out, '\n');
	}
	*more_out = true;
	return STATUS_OK;
}

static enum status
read_order(const struct call *call, struct record_query *query, struct error *err)
{
	enum status status = call_order(call, &query->order, err);

	if (status == STATUS_OK && query->order == ORDER_ID && query->since > 0) {
		return fail(err, STATUS_USAGE, "since goes with the order by version only");
	}
	return status;
}

static enum status
read_query(const struct call *call, struct record_query *query, struct region *region,
	   struct error *err)
{
	const struct record_type *type;
	enum status status = call_type(call, &type, err);

	if (status == STATUS_OK) {
		query->type = type->tag;
		status = call_region(call, region, &query->region_count, err);
		query->regions = query->region_count > 0 ? region : NULL;
	}
	if (status == STATUS_OK) {
		status = call_number(call, "since", &query->since, err);
	}
	return status == STATUS_OK ? read_order(call, query, err) : status;
}

enum status
records_answer(struct call *call, struct store *reader, struct error *err)
{
	struct record_query query = {.order = ORDER_VERSION};
	struct record_lines *records;
	struct region region;
	enum status status = read_query(call, &query, &region, err);

	if (status != STATUS_OK) {
		return status;
	}
	records = calloc(1, sizeof *records);
	if (records == NULL) {
		return fail(err, STATUS_MEMORY, "a list of records");
	}
	records->lines.next = records_next;
	records->lines.close = records_close;
	records->cursor = query.order == ORDER_VERSION;
	status = view_init(&records->view, call, reader, err);
	if (status != STATUS_OK) {
		free(records);
		return status;
	}
	status = store_log_head(reader, &records->head, err);
	if (status == STATUS_OK) {
		status = store_rows_open(reader, &query, &records->rows, err);
	}
	if (status != STATUS_OK) {
		view_finish(&records->view);
		free(records);
		return status;
	}
	call->media = MEDIA_LINES;
	call->lines = &records->lines;
	return STATUS_OK;
}

enum status
record_answer(struct call *call, struct store *reader, struct error *err)
{
	struct stored_record row;
	struct arena arena;
	struct view view;
	enum status status = view_init(&view, call, reader, err);

	if (status != STATUS_OK) {
		return status;
	}
	arena_init(&arena, RECORD_MEMORY);
	status = call_find_record(call, reader, &arena, &row, err);
	if (status == STATUS_OK) {
		status = view_show(&view, &row, &call->out, err);
		buffer_append_byte(&call->out, '\n');
	}
	arena_finish(&arena);
	view_finish(&view);
	return status;
}

enum status
count_answer(struct call *call, struct store *reader, struct error *err)
{
	struct record_query query = {.order = ORDER_ID};
	struct json json = json_start(&call->out);
	const struct record_type *type;
	struct region region;
	uint64_t count;
	enum status status = call_type(call, &type, err);

	if (status == STATUS_OK) {
		query.type = type->tag;
		status = call_region(call, &region, &query.region_count, err);
		query.regions = query.region_count > 0 ? &region : NULL;
	}
	if (status == STATUS_OK) {
		status = store_rows_count(reader, &query, &count, err);
	}
	if (status == STATUS_OK) {
		json_put_object(&json);
		json_put_key(&json, "count");
		json_put_uint(&json, count);
		json_put_object_end(&json);
		json_put_line_end(&json);
	}
	return status;
}

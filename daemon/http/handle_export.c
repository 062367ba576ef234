/* SPDX-License-Identifier: Apache-2.0 */
#include "csv_cell.h"
#include "handle.h"
#include "protocol/id.h"
#include "view.h"

#include <inttypes.h>
#include <stdlib.h>

enum { PIECE_SIZE = 16 * 1024 };

struct export_lines {
	struct lines lines;
	struct view view;
	struct record_rows *rows;
	struct region region;
	const struct record_type *type;
};

static void
export_close(struct lines *lines)
{
	struct export_lines *export = (struct export_lines *)lines;

	store_rows_close(export->rows);
	view_finish(&export->view);
	free(export);
}

static void
write_header(const struct record_type *type, struct buffer *out)
{
	buffer_printf(out, "id,version,village,archived,same_as,conflicts");
	for (size_t i = 0; i < type->field_count; i++) {
		buffer_append_byte(out, ',');
		buffer_append_span(out, type->fields[i].name);
	}
	buffer_append(out, "\r\n", 2);
}

static void
write_built_in(const struct export_lines *export, const struct stored_record *row,
	       const struct record *record, struct buffer *out)
{
	char id[ID_TEXT_SIZE];
	char village[REGION_TEXT_SIZE];

	buffer_printf(out, "%s,%" PRIu64 ",%s,", id_format(row->id, id), row->version,
		      row->village == 0 ? "" : village_format(row->village, village));
	csv_value(out, NULL, TAG_ARCHIVED, record_shown(record, export->type, TAG_ARCHIVED));
	buffer_append_byte(out, ',');
	csv_value(out, NULL, TAG_SAME_AS, record_shown(record, export->type, TAG_SAME_AS));
	buffer_printf(out, ",%u", row->conflicts);
}

static enum status
write_row(struct export_lines *export, const struct stored_record *row, struct buffer *out,
	  struct error *err)
{
	const struct record_type *type = export->type;
	struct record record;
	enum status status = view_record(&export->view, row, &record, err);

	if (status != STATUS_OK) {
		return status;
	}
	write_built_in(export, row, &record, out);
	for (size_t i = 0; i < type->field_count; i++) {
		const struct field *field = &type->fields[i];

		buffer_append_byte(out, ',');
		csv_value(out, field, field->tag, record_shown(&record, type, field->tag));
	}
	buffer_append(out, "\r\n", 2);
	return STATUS_OK;
}

static enum status
export_next(struct lines *lines, struct buffer *out, bool *more_out, struct error *err)
{
	struct export_lines *export = (struct export_lines *)lines;
	struct stored_record row;
	bool more = true;
	enum status status = STATUS_OK;

	while (status == STATUS_OK && more && out->length < PIECE_SIZE) {
		status = store_rows_next(export->rows, &row, &more, err);
		if (status == STATUS_OK && more) {
			status = write_row(export, &row, out, err);
		}
	}
	if (status == STATUS_OK) {
		*more_out = more;
	}
	return status;
}

static enum status
open_export(struct export_lines *export, const struct call *call, struct store *reader,
	    struct error *err)
{
	struct record_query query = {.order = ORDER_ID};
	enum status status = call_type(call, &export->type, err);

	if (status == STATUS_OK) {
		query.type = export->type->tag;
		status = call_region(call, &export->region, &query.region_count, err);
	}
	if (status == STATUS_OK) {
		query.regions = query.region_count > 0 ? &export->region : NULL;
		status = view_init(&export->view, call, reader, err);
	}
	if (status != STATUS_OK) {
		return status;
	}
	status = store_rows_open(reader, &query, &export->rows, err);
	if (status != STATUS_OK) {
		view_finish(&export->view);
	}
	return status;
}

enum status
export_answer(struct call *call, struct store *reader, struct error *err)
{
	struct export_lines *export = calloc(1, sizeof *export);
	enum status status;

	if (export == NULL) {
		return fail(err, STATUS_MEMORY, "an export");
	}
	export->lines.next = export_next;
	export->lines.close = export_close;
	status = open_export(export, call, reader, err);
	if (status != STATUS_OK) {
		free(export);
		return status;
	}
	write_header(export->type, &call->out);
	call->media = MEDIA_CSV;
	call->lines = &export->lines;
	return STATUS_OK;
}

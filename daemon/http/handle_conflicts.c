/* SPDX-License-Identifier: Apache-2.0 */
#include "body.h"
#include "handle.h"
#include "view.h"

#include <stdlib.h>

enum { PIECE_SIZE = 8 * 1024, RECORD_MEMORY = 2 * RECORD_BYTES_MAX };

struct conflict_lines {
	struct lines lines;
	struct view view;
	struct record_rows *rows;
	struct region region;
};

static void
conflicts_close(struct lines *lines)
{
	struct conflict_lines *conflicts = (struct conflict_lines *)lines;

	store_rows_close(conflicts->rows);
	view_finish(&conflicts->view);
	free(conflicts);
}

/* Of the fields whose conflicts somebody has to settle. */
static bool
is_listed(const struct record *record, const struct record_field *field,
	  const struct merge_context *context)
{
	enum policy policy = type_policy(context->type, field->tag);

	if (policy != POLICY_REVIEW && policy != POLICY_ONCE) {
		return false;
	}
	return field_in_conflict(field, policy) ||
	       (field->tag == TAG_ARCHIVED && archive_in_conflict(record, context));
}

static void
write_conflict(struct view *view, const struct record *record, const struct record_field *field,
	       const struct merge_context *context, struct buffer *out)
{
	const struct record_type *type = context->type;
	struct json json = json_start(out);
	char scratch[FIELD_NAME_SIZE];

	json_put_object(&json);
	json_put_key(&json, "id");
	json_put_id(&json, record->id);
	json_put_key(&json, "type");
	if (type == NULL) {
		json_put_null(&json);
	} else {
		json_put_text(&json, type->name);
	}
	json_put_key(&json, "field");
	json_put_text(&json, type_field_name(type, field->tag, scratch));
	json_put_key(&json, "shown");
	json_value(&json, type_field(type, field->tag), field->tag,
		   field_shown(record, field, type_policy(type, field->tag)));
	json_put_key(&json, "members");
	json_conflict(&json, record, field, context, &view->names);
	json_put_object_end(&json);
	json_put_line_end(&json);
}

static enum status
write_record(struct conflict_lines *conflicts, const struct stored_record *row, struct buffer *out,
	     struct error *err)
{
	struct view *view = &conflicts->view;
	struct merge_context context;
	struct record record;
	enum status status = view_record(view, row, &record, err);

	if (status == STATUS_OK) {
		status = view_context(view, &record, &view->scratch, &context, err);
	}
	if (status != STATUS_OK) {
		return status;
	}
	for (size_t i = 0; i < record.field_count; i++) {
		if (is_listed(&record, &record.fields[i], &context)) {
			write_conflict(view, &record, &record.fields[i], &context, out);
		}
	}
	return STATUS_OK;
}

static enum status
conflicts_next(struct lines *lines, struct buffer *out, bool *more_out, struct error *err)
{
	struct conflict_lines *conflicts = (struct conflict_lines *)lines;
	struct stored_record row;
	bool more = true;
	enum status status = STATUS_OK;

	while (status == STATUS_OK && more && out->length < PIECE_SIZE) {
		status = store_rows_next(conflicts->rows, &row, &more, err);
		if (status == STATUS_OK && more) {
			status = write_record(conflicts, &row, out, err);
		}
	}
	if (status == STATUS_OK) {
		*more_out = more;
	}
	return status;
}

static enum status
open_conflicts(struct conflict_lines *conflicts, const struct call *call, struct store *reader,
	       struct error *err)
{
	struct record_query query = {.conflicts_only = true, .order = ORDER_ID};
	enum status status = call_region(call, &conflicts->region, &query.region_count, err);

	if (status != STATUS_OK) {
		return status;
	}
	query.regions = query.region_count > 0 ? &conflicts->region : NULL;
	status = view_init(&conflicts->view, call, reader, err);
	if (status != STATUS_OK) {
		return status;
	}
	status = store_rows_open(reader, &query, &conflicts->rows, err);
	if (status != STATUS_OK) {
		view_finish(&conflicts->view);
	}
	return status;
}

enum status
conflicts_answer(struct call *call, struct store *reader, struct error *err)
{
	struct conflict_lines *conflicts = calloc(1, sizeof *conflicts);
	enum status status;

	if (conflicts == NULL) {
		return fail(err, STATUS_MEMORY, "the conflicts");
	}
	conflicts->lines.next = conflicts_next;
	conflicts->lines.close = conflicts_close;
	status = open_conflicts(conflicts, call, reader, err);
	if (status != STATUS_OK) {
		free(conflicts);
		return status;
	}
	call->media = MEDIA_LINES;
	call->lines = &conflicts->lines;
	return STATUS_OK;
}

static enum status
read_settlement(const struct body *body, struct settlement *out, struct error *err)
{
	enum status status = body_text(body, "field", &out->field, err);

	if (status == STATUS_OK) {
		status = body_text(body, "value", &out->value, err);
	}
	return status == STATUS_OK ? body_number(body, "base", &out->base, err) : status;
}

/* What is not there for her is refused here, before the writer's answer could take longer for what
 * is only outside of her scope. */
enum status
settle_open(struct call *call, struct store *reader, struct error *err)
{
	struct stored_record row;
	struct arena arena;
	enum status status;

	arena_init(&arena, RECORD_MEMORY);
	status = call_find_record(call, reader, &arena, &row, err);
	arena_finish(&arena);
	return status;
}

enum status
settle_write(struct call *call, struct ingest *ingest, struct error *err)
{
	struct settlement settlement = {.user = call->caller.user};
	struct json json = json_start(&call->out);
	uint64_t seq;
	const struct body *body;
	enum status status = body_read(call, "field value base", &body, err);

	if (status != STATUS_OK) {
		return status;
	}
	if (!caller_sees_all(&call->caller)) {
		settlement.scope = &call->caller.scope;
		settlement.scope_count = 1;
	}
	status = call_record_id(call, &settlement.record, err);
	if (status == STATUS_OK) {
		status = read_settlement(body, &settlement, err);
	}
	if (status == STATUS_OK) {
		status = ingest_settle(ingest, &settlement, &seq, err);
	}
	if (status == STATUS_OK) {
		json_put_object(&json);
		json_put_key(&json, "seq");
		json_put_uint(&json, seq);
		json_put_object_end(&json);
		json_put_line_end(&json);
	}
	return status;
}

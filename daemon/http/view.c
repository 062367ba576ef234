/* SPDX-License-Identifier: Apache-2.0 */
#include "view.h"

#include <stdlib.h>
#include <string.h>

enum {
	LASTING_MEMORY = 1024 * 1024,
	SCRATCH_MEMORY = 16 * 1024 * 1024,
	STREAM_MEMORY = 16 * 1024,
	LINEAGE_MAX = 4096,
};

static bool
find_name(void *context, uint32_t number, struct stream_name *out)
{
	const struct view_name *known;

	if (!view_stream(context, number, &known)) {
		return false;
	}
	out->number = number;
	out->kind = known->kind;
	out->name = span_of(known->name, known->length);
	return true;
}

enum status
view_init(struct view *view, const struct call *call, struct store *store, struct error *err)
{
	enum status status;

	memset(view, 0, sizeof *view);
	view->store = store;
	view->catalogue = call->service->catalogue;
	view->schema = catalogue_schema(view->catalogue, 0);
	view->today = service_today(call->service);
	view->names.find = find_name;
	view->names.context = view;
	arena_init(&view->lasting, LASTING_MEMORY);
	arena_init(&view->scratch, SCRATCH_MEMORY);
	view->known = calloc(VIEW_NAMES, sizeof *view->known);
	if (view->known == NULL) {
		return fail(err, STATUS_MEMORY, "a list of names");
	}
	status = view->schema == NULL ? fail(err, STATUS_NOT_FOUND, "there is no schema yet")
				      : store_epochs(store, &view->lasting, &view->epochs,
						     &view->epoch_count, err);
	if (status != STATUS_OK) {
		view_finish(view);
	}
	return status;
}

void
view_finish(struct view *view)
{
	arena_finish(&view->lasting);
	arena_finish(&view->scratch);
	free(view->known);
	view->known = NULL;
}

bool
view_stream(struct view *view, uint32_t number, const struct view_name **out)
{
	struct view_name *known = &view->known[number % VIEW_NAMES];
	struct stream stream;
	struct arena arena;

	if (number == 0) {
		return false;
	}
	if (known->number != number) {
		memset(known, 0, sizeof *known);
		known->number = number;
		arena_init(&arena, STREAM_MEMORY);
		if (store_stream(view->store, number, &arena, &stream, NULL) == STATUS_OK) {
			known->kind = stream.kind;
			known->parent = stream.parent;
			known->parent_n = stream.parent_n;
			known->length = utf8_cut(stream.name, STREAM_NAME_MAX);
			if (known->length > 0) {
				memcpy(known->name, stream.name.at, known->length);
			}
		}
		arena_finish(&arena);
	}
	*out = known;
	return known->kind != 0;
}

enum status
view_record(struct view *view, const struct stored_record *row, struct record *out,
	    struct error *err)
{
	arena_reset(&view->scratch);
	return stored_record_decode(row, schema_type(view->schema, row->type), &view->scratch, out,
				    err);
}

/* Adds the stream and its ancestors to the lineages; returns how many there are then. */
static size_t
add_lineage(struct view *view, uint32_t stream, struct lineage *lineages, size_t count)
{
	const struct view_name *known;
	size_t before = SIZE_MAX;

	while (count < LINEAGE_MAX && count != before && view_stream(view, stream, &known) &&
	       known->parent != 0) {
		before = count;
		lineage_add(lineages, &count,
			    (struct lineage){stream, known->parent, known->parent_n});
		stream = known->parent;
	}
	return count;
}

enum status
view_context(struct view *view, const struct record *record, struct arena *arena,
	     struct merge_context *out, struct error *err)
{
	const struct view_name *known;
	struct lineage *lineages = NULL;
	size_t count = 0;
	bool any = false;

	for (size_t i = 0; i < record->dot_count && !any; i++) {
		any = view_stream(view, record->dots[i].stream, &known) && known->parent != 0;
	}
	if (any) {
		lineages = ARENA_ARRAY(arena, struct lineage, LINEAGE_MAX);
		if (lineages == NULL) {
			return fail(err, STATUS_MEMORY, "the lineage of a record's authors");
		}
		for (size_t i = 0; i < record->dot_count; i++) {
			count = add_lineage(view, record->dots[i].stream, lineages, count);
		}
	}
	out->type = schema_type(view->schema, record->type);
	out->epochs = view->epochs;
	out->epoch_count = view->epoch_count;
	out->lineages = lineages;
	out->lineage_count = count;
	return STATUS_OK;
}

enum status
view_show(struct view *view, const struct stored_record *row, struct buffer *out, struct error *err)
{
	struct merge_context context;
	struct record record;
	struct json json = json_start(out);
	enum status status = view_record(view, row, &record, err);

	if (status == STATUS_OK) {
		status = view_context(view, &record, &view->scratch, &context, err);
	}
	if (status == STATUS_OK) {
		json_record(&json, view->schema, &record, &context, &view->names, view->today);
	}
	return status;
}

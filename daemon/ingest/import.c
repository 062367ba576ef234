/* SPDX-License-Identifier: Apache-2.0 */
/*
 * import: rows of a table become records, and a repeated import only what changed in the table.
 *
 * A row's key finds what the last import wrote for it. Only cells that differ from that become a
 * change, and its base is the version that the last import left: so a cadre's newer value is never
 * overwritten unseen, it becomes a conflict.
 */
#include "daemon/ingest/workset.h"
#include "protocol/form.h"

#include <stdlib.h>
#include <string.h>

enum { CELLS_BYTES_MAX = CHANGE_BYTES_MAX };

static const uint8_t no_key[32];

enum status
ingest_import_begin(struct ingest *ingest, uint32_t user, uint32_t *stream_out, struct error *err)
{
	(void)user; /* stands in every entry of the import */
	return ingest_stream_create(ingest, STREAM_IMPORT, span_of_text("import"), no_key,
				    stream_out, err);
}

/* One row on its way. */
struct row {
	const struct record_type *type;
	struct import_row previous; /* record 0: the key is new */
	struct change_field
		*cells; /* all of the row: values as kept, sets as masks; ascending tags */
	size_t cell_count;
	struct change_field *fields; /* what differs: values as in a change */
	size_t field_count;
};

static struct value
field_list_value(const struct change_field *fields, size_t count, int32_t tag)
{
	for (size_t i = 0; i < count; i++) {
		if (fields[i].tag == tag) {
			return fields[i].value;
		}
	}
	return value_empty();
}

/* A reference is another row's key, or a record id. */
static enum status
cell_reference(struct ingest *ingest, const struct field *field, struct span cell,
	       struct value *out, struct error *err)
{
	struct import_row target;
	struct arena *arena = &ingest->work.arena;
	enum status status =
		store_import_row(ingest->options.store, field->target, cell, arena, &target, err);
	char *text;
	uint64_t id;

	if (status == STATUS_OK) {
		*out = value_integer((int64_t)target.record);
	}
	if (status != STATUS_NOT_FOUND) {
		return status;
	}
	text = arena_take(arena, cell.length + 1, 1);
	if (text == NULL) {
		return fail(err, STATUS_MEMORY, "an import");
	}
	memcpy(text, cell.at, cell.length);
	if (id_parse(text, &id, NULL) != STATUS_OK) {
		return fail(err, STATUS_INVALID,
			    "%.*s: no earlier row has this key, and it is no record id",
			    NAME_ARGS(field->name));
	}
	*out = value_integer((int64_t)id);
	return STATUS_OK;
}

static enum status
cell_value(struct ingest *ingest, const struct row *row, int32_t tag, struct span cell,
	   struct value *out, struct error *err)
{
	const struct field *field = type_field(row->type, tag);
	enum status status;

	if (cell.length == 0) {
		*out = value_empty();
		return STATUS_OK;
	}
	if (field != NULL && field->type == FIELD_REFERENCE) {
		return cell_reference(ingest, field, cell, out, err);
	}
	status = value_from_text(row->type, tag, cell, 0, out, err);
	if (status == STATUS_OK) {
		status = value_check(row->type, tag, *out, err);
	}
	if (status == STATUS_OK && field != NULL && field->type == FIELD_SET) {
		*out = value_integer(out->pair.first);
	}
	return status;
}

static int
compare_cells(const void *a, const void *b)
{
	return tag_compare(((const struct change_field *)a)->tag,
			   ((const struct change_field *)b)->tag);
}

/* The columns that are no field: the key, and the village of a type that takes it from its parent.
 */
static bool
column_is_extra(const struct row *row, struct span name)
{
	return span_equal(name, span_of_text("key")) ||
	       (row->type->root != 0 && span_equal(name, span_of_text("village")));
}

static enum status
read_cells(struct ingest *ingest, struct row *row, const struct import_row_in *in,
	   struct error *err)
{
	row->cells = ARENA_ARRAY(&ingest->work.arena, struct change_field, in->count);
	row->fields = ARENA_ARRAY(&ingest->work.arena, struct change_field,
				  in->count + CHANGE_FIELDS_MAX);
	if (row->cells == NULL || row->fields == NULL || in->count > CHANGE_FIELDS_MAX) {
		return fail(err, STATUS_LIMIT, "a row has at most %d cells", CHANGE_FIELDS_MAX);
	}
	for (size_t i = 0; i < in->count; i++) {
		struct change_field *cell = &row->cells[row->cell_count];
		enum status status;

		if (column_is_extra(row, in->names[i])) {
			continue;
		}
		cell->tag = type_tag_named(row->type, in->names[i]);
		if (cell->tag == 0) {
			return fail(err, STATUS_INVALID, "%.*s: the type has no such field",
				    NAME_ARGS(in->names[i]));
		}
		if (field_list_value(row->cells, row->cell_count, cell->tag).form != VALUE_EMPTY) {
			return fail(err, STATUS_INVALID, "%.*s: the column stands twice",
				    NAME_ARGS(in->names[i]));
		}
		status = cell_value(ingest, row, cell->tag, in->cells[i], &cell->value, err);
		if (status != STATUS_OK) {
			return status;
		}
		row->cell_count++;
	}
	qsort(row->cells, row->cell_count, sizeof row->cells[0], compare_cells);
	return STATUS_OK;
}

/* ---- what the last import wrote ---- */

static void
cells_put(const struct row *row, struct buffer *out)
{
	cbor_put_map(out, row->cell_count);
	for (size_t i = 0; i < row->cell_count; i++) {
		cbor_put_int(out, row->cells[i].tag);
		value_put(row->cells[i].value, out);
	}
}

static enum status
cells_get(struct span bytes, struct arena *arena, struct change_field **out, size_t *count_out,
	  struct error *err)
{
	struct reader in = reader_of(bytes);
	struct change_field *cells;
	size_t count = 0;

	if (bytes.length == 0) {
		*count_out = 0;
		return STATUS_OK;
	}
	if (!cbor_get_map(&in, CHANGE_FIELDS_MAX, &count)) {
		return fail(err, STATUS_STORAGE, "an earlier import's cells do not decode");
	}
	cells = ARENA_ARRAY(arena, struct change_field, count);
	if (cells == NULL) {
		return fail(err, STATUS_MEMORY, "an import");
	}
	for (size_t i = 0; i < count; i++) {
		int64_t tag;

		if (!cbor_get_int(&in, &tag) || tag < INT32_MIN || tag > INT32_MAX ||
		    !value_get(&in, &cells[i].value)) {
			return fail(err, STATUS_STORAGE, "an earlier import's cells do not decode");
		}
		cells[i].tag = (int32_t)tag;
	}
	*out = cells;
	*count_out = count;
	return STATUS_OK;
}

static enum status
compare_with_previous(struct ingest *ingest, struct row *row, struct error *err)
{
	struct change_field *before = NULL;
	size_t before_count = 0;
	enum status status =
		cells_get(row->previous.cells, &ingest->work.arena, &before, &before_count, err);

	for (size_t i = 0; i < row->cell_count && status == STATUS_OK; i++) {
		const struct field *field = type_field(row->type, row->cells[i].tag);
		struct value now = row->cells[i].value;
		struct value then = field_list_value(before, before_count, row->cells[i].tag);

		if (value_equal(now, then)) {
			continue;
		}
		row->fields[row->field_count].tag = row->cells[i].tag;
		if (field != NULL && field->type == FIELD_SET) {
			int64_t mask = now.form == VALUE_INTEGER ? now.integer : 0;
			int64_t old = then.form == VALUE_INTEGER ? then.integer : 0;

			now = value_pair(mask & ~old, old & ~mask);
		}
		row->fields[row->field_count++].value = now;
	}
	return status;
}

/* ---- the change ---- */

static enum status
row_remember(struct ingest *ingest, const struct row *row, struct span key, uint64_t record,
	     uint64_t seq, struct error *err)
{
	struct import_row kept = {
		.type = row->type->tag, .key = key, .record = record, .version = seq};
	struct buffer cells;
	enum status status;

	buffer_init(&cells, CELLS_BYTES_MAX);
	cells_put(row, &cells);
	kept.cells = buffer_span(&cells);
	status = buffer_status(&cells, "a row", err);
	if (status == STATUS_OK) {
		ingest->work.wrote = true;
		status = store_import_row_put(ingest->options.store, &kept, err);
	}
	buffer_finish(&cells);
	return status;
}

static enum status
row_check_parent(struct ingest *ingest, const struct row *row, struct error *err)
{
	struct value reference = field_list_value(row->fields, row->field_count, row->type->root);
	struct slot *parent;
	enum status status;

	if (row->type->root == 0 || reference.form != VALUE_INTEGER) {
		return STATUS_OK;
	}
	status = workset_record(ingest, (uint64_t)reference.integer, &parent, err);
	if (status == STATUS_OK && !parent->exists) {
		const struct field *field = type_field(row->type, row->type->root);

		return fail(err, STATUS_INVALID, "%.*s: there is no such record",
			    NAME_ARGS(field->name));
	}
	return status;
}

static enum status
row_write(struct ingest *ingest, uint32_t stream, uint32_t user, struct row *row, struct span key,
	  struct error *err)
{
	struct server_change own = {.stream = stream, .user = user};
	uint64_t seq;
	enum status status;

	own.change.kind = CHANGE_IMPORT;
	own.change.record = row->previous.record;
	own.change.type = row->type->tag;
	own.change.fields = row->fields;
	own.change.field_count = row->field_count;
	if (row->previous.record != 0) {
		own.change.base.epoch = ingest->ledger.epoch;
		own.change.base.version = row->previous.version;
	}
	status = change_check(row->type, &own.change, err);
	if (status == STATUS_OK) {
		status = row_check_parent(ingest, row, err);
	}
	if (status == STATUS_OK) {
		status = ingest_server_change(ingest, &own, &seq, err);
	}
	return status == STATUS_OK ? row_remember(ingest, row, key, own.change.record, seq, err)
				   : status;
}

enum status
ingest_import_row(struct ingest *ingest, uint32_t stream, uint32_t user,
		  const struct import_row_in *in, enum import_result *result_out, struct error *err)
{
	struct row row = {.type = in->type};
	enum status status;

	if (in->key.length == 0) {
		return fail(err, STATUS_INVALID,
			    "key: the row has none, so a later import could not find it");
	}
	status = store_import_row(ingest->options.store, in->type->tag, in->key,
				  &ingest->work.arena, &row.previous, err);
	if (status != STATUS_OK && status != STATUS_NOT_FOUND) {
		return status;
	}
	status = read_cells(ingest, &row, in, err);
	if (status == STATUS_OK) {
		status = compare_with_previous(ingest, &row, err);
	}
	if (status != STATUS_OK) {
		return status;
	}
	if (row.field_count == 0 && row.previous.record != 0) {
		*result_out = IMPORT_UNCHANGED;
		return STATUS_OK;
	}
	if (row.field_count == 0) {
		return fail(err, STATUS_INVALID, "key: the row has no values");
	}
	status = row_write(ingest, stream, user, &row, in->key, err);
	if (status == STATUS_OK) {
		*result_out = row.previous.record == 0 ? IMPORT_ADDED : IMPORT_UPDATED;
	}
	return status;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * import: rows of a table become records, and a repeated import only what changed in the table.
 *
 * A row's key finds what earlier imports wrote for it. Only cells that differ from that become a
 * change. An import has seen nothing of a record but what imports wrote, so the base of a cell's
 * change is the import's change that wrote the cell last: a cadre's newer value is never
 * overwritten unseen, it becomes a conflict. Cells that were written at different times therefore
 * need changes of their own.
 */
#include "daemon/ingest/import_cells.h"
#include "daemon/ingest/note.h"
#include "daemon/ingest/workset.h"
#include "protocol/form.h"

#include <stdlib.h>
#include <string.h>

enum { CELLS_BYTES_MAX = RECORD_BYTES_MAX };

static const uint8_t no_key[32];

enum status
ingest_import_begin(struct ingest *ingest, uint32_t user, uint32_t *stream_out, struct error *err)
{
	struct note note = {.action = "import"};
	enum status status = ingest_stream_create(ingest, STREAM_IMPORT, span_of_text("import"),
						  no_key, &note.stream, err);

	if (status == STATUS_OK) {
		status = ingest_note(ingest, ENTRY_ADMIN, user, &note, NULL, err);
	}
	if (status == STATUS_OK) {
		*stream_out = note.stream;
	}
	return status;
}

/* One row on its way. */
struct row {
	const struct record_type *type;
	struct import_row previous; /* record 0: the key is new */
	struct import_cells file;   /* what the row says */
	struct import_cells cells;  /* and what earlier ones said */
	struct server_change *changes;
	size_t change_count;
};

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
	return tag_compare(((const struct import_cell *)a)->tag,
			   ((const struct import_cell *)b)->tag);
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
	struct import_cells *file = &row->file;

	if (in->count > CHANGE_FIELDS_MAX) {
		return fail(err, STATUS_LIMIT, "a row has at most %d cells", CHANGE_FIELDS_MAX);
	}
	file->at = ARENA_ARRAY(&ingest->work.arena, struct import_cell, in->count);
	if (file->at == NULL) {
		return fail(err, STATUS_MEMORY, "an import");
	}
	for (size_t i = 0; i < in->count; i++) {
		struct import_cell *cell = &file->at[file->count];
		enum status status;

		if (column_is_extra(row, in->names[i])) {
			continue;
		}
		cell->tag = type_tag_named(row->type, in->names[i]);
		if (cell->tag == 0) {
			return fail(err, STATUS_INVALID, "%.*s: the type has no such field",
				    NAME_ARGS(in->names[i]));
		}
		if (import_cells_find(file, cell->tag) != NULL) {
			return fail(err, STATUS_INVALID, "%.*s: the column stands twice",
				    NAME_ARGS(in->names[i]));
		}
		status = cell_value(ingest, row, cell->tag, in->cells[i], &cell->value, err);
		if (status != STATUS_OK) {
			return status;
		}
		file->count++;
	}
	qsort(file->at, file->count, sizeof file->at[0], compare_cells);
	return STATUS_OK;
}

static enum status
compare_with_previous(struct ingest *ingest, struct row *row, struct error *err)
{
	struct arena *arena = &ingest->work.arena;
	struct import_cells before;
	enum status status = import_cells_get(row->previous.cells, arena, &before, err);

	return status == STATUS_OK ? import_cells_join(&before, &row->file, arena, &row->cells, err)
				   : status;
}

static size_t
changed_count(const struct row *row)
{
	size_t count = 0;

	for (size_t i = 0; i < row->cells.count; i++) {
		count += row->cells.at[i].changed;
	}
	return count;
}

/* ---- the changes ---- */

static bool
cell_is_set(const struct row *row, const struct import_cell *cell)
{
	const struct field *field = type_field(row->type, cell->tag);

	return field != NULL && field->type == FIELD_SET;
}

static struct value
cell_difference(const struct row *row, const struct import_cell *cell)
{
	if (!cell_is_set(row, cell)) {
		return cell->value;
	}
	return value_pair(set_mask(cell->value) & ~set_mask(cell->was),
			  set_mask(cell->was) & ~set_mask(cell->value));
}

/*
 * What the import has seen of a cell: up to its last change of it. But a rival that stood before
 * that change and still stands is unsettled, and a base that covers it would settle it in silence;
 * then rather one rival too many. Sets have no rivals.
 */
static uint64_t
cell_seen(const struct row *row, const struct import_cell *cell, const struct record *record)
{
	const struct record_field *field = record_field(record, cell->tag);
	uint64_t seen = cell->seq;

	if (cell->seq == 0) {
		return row->previous.version;
	}
	if (field == NULL || cell_is_set(row, cell)) {
		return seen;
	}
	for (size_t i = 0; i < field->member_count; i++) {
		uint64_t seq = record->dots[field->members[i].dot].seq;

		if (seq != 0 && seq != cell->seq && seq <= seen) {
			seen = seq - 1;
		}
	}
	return seen;
}

static enum status
find_bases(struct ingest *ingest, struct row *row, struct error *err)
{
	struct slot *slot;
	enum status status;

	if (row->previous.record == 0 || changed_count(row) == 0) {
		return STATUS_OK;
	}
	status = workset_record(ingest, row->previous.record, &slot, err);
	for (size_t i = 0; i < row->cells.count && status == STATUS_OK; i++) {
		row->cells.at[i].base = cell_seen(row, &row->cells.at[i], &slot->record);
	}
	return status;
}

/* The lowest base, from `from` on, that a changed cell has; false if none has. */
static bool
base_next(const struct row *row, uint64_t from, uint64_t *base_out)
{
	bool found = false;

	for (size_t i = 0; i < row->cells.count; i++) {
		const struct import_cell *cell = &row->cells.at[i];

		if (cell->changed && cell->base >= from && (!found || cell->base < *base_out)) {
			*base_out = cell->base;
			found = true;
		}
	}
	return found;
}

/* All changed cells with that base; `fields` has room for them. */
static size_t
collect_fields(const struct row *row, uint64_t base, struct change_field *fields)
{
	size_t count = 0;

	for (size_t i = 0; i < row->cells.count; i++) {
		const struct import_cell *cell = &row->cells.at[i];

		if (cell->changed && cell->base == base) {
			fields[count].tag = cell->tag;
			fields[count++].value = cell_difference(row, cell);
		}
	}
	return count;
}

/* One change for all cells of the same base. */
static enum status
make_changes(struct ingest *ingest, struct row *row, uint32_t stream, uint32_t user,
	     struct error *err)
{
	size_t count = changed_count(row);
	struct change_field *fields = ARENA_ARRAY(&ingest->work.arena, struct change_field, count);
	uint64_t base = 0;

	row->changes = ARENA_ARRAY(&ingest->work.arena, struct server_change, count);
	if (fields == NULL || row->changes == NULL) {
		return fail(err, STATUS_MEMORY, "an import");
	}
	for (uint64_t from = 0; base_next(row, from, &base); from = base + 1) {
		struct server_change *own = &row->changes[row->change_count++];
		struct change *change = &own->change;

		own->stream = stream;
		own->user = user;
		change->kind = CHANGE_IMPORT;
		change->record = row->previous.record;
		change->type = row->type->tag;
		change->base.epoch = change->record != 0 ? ingest->ledger.epoch : 0;
		change->base.version = base;
		change->fields = fields;
		change->field_count = collect_fields(row, base, fields);
		fields += change->field_count;
	}
	return STATUS_OK;
}

/* ---- may they be merged? ---- */

static enum status
check_parent(struct ingest *ingest, const struct row *row, struct error *err)
{
	const struct import_cell *reference =
		row->type->root == 0 ? NULL : import_cells_find(&row->cells, row->type->root);
	struct slot *parent;
	enum status status;

	if (reference == NULL || !reference->changed || reference->value.form != VALUE_INTEGER) {
		return STATUS_OK;
	}
	status = workset_record(ingest, (uint64_t)reference->value.integer, &parent, err);
	if (status == STATUS_OK && !parent->exists) {
		const struct field *field = type_field(row->type, row->type->root);

		return fail(err, STATUS_INVALID, "%.*s: there is no such record",
			    NAME_ARGS(field->name));
	}
	return status;
}

static enum status
change_fits(const struct change *change, struct error *err)
{
	struct buffer bytes;
	enum status status;

	buffer_init(&bytes, CHANGE_BYTES_MAX);
	change_encode(change, &bytes);
	status = buffer_status(&bytes, "a row", err);
	buffer_finish(&bytes);
	return status;
}

/* All changes of a row that needs several are tried beside the working set first, each at its
 * largest, so that none is refused when others are merged already. */
static enum status
rehearse(struct ingest *ingest, const struct row *row, struct error *err)
{
	struct merge_context context = ingest_merge_context(ingest, row->type->tag);
	uint64_t seq = ingest->head + ingest->work.row_count + 1;
	struct outcome outcome = {.parent = 0};
	struct slot *slot;
	enum status status;

	if (row->change_count < 2) {
		return STATUS_OK;
	}
	status = workset_record(ingest, row->previous.record, &slot, err);
	if (status == STATUS_OK) {
		outcome.merged = slot->record;
	}
	for (size_t i = 0; i < row->change_count && status == STATUS_OK; i++) {
		struct change trial = row->changes[i].change;

		trial.n = CHANGE_N_MAX - (uint32_t)i;
		trial.time = CHANGE_TIME_MAX;
		trial.schema_version = UINT32_MAX;
		status = change_fits(&trial, err);
		if (status == STATUS_OK) {
			status = merge_change(&outcome.merged, row->changes[i].stream, &trial,
					      seq + i, &context, &ingest->work.arena, err);
		}
		if (status == STATUS_OK) {
			status = ingest_place(ingest, &outcome, err);
		}
	}
	return status;
}

/* Every cell of the change that has this base is written at `seq`. */
static void
stamp_cells(struct row *row, uint64_t base, uint64_t seq)
{
	for (size_t i = 0; i < row->cells.count; i++) {
		struct import_cell *cell = &row->cells.at[i];

		if (cell->changed && cell->base == base) {
			cell->seq = seq;
		}
	}
}

/* What the next import is to find; finish `out` in any case. */
static enum status
encode_cells(const struct row *row, struct buffer *out, struct error *err)
{
	buffer_init(out, CELLS_BYTES_MAX);
	import_cells_put(&row->cells, out);
	return buffer_status(out, "a row", err);
}

static enum status
cells_fit(struct row *row, struct error *err)
{
	struct buffer cells;
	enum status status;

	for (size_t i = 0; i < row->change_count; i++) {
		/* Not known yet; no seq is longer. */
		stamp_cells(row, row->changes[i].change.base.version, INT64_MAX);
	}
	status = encode_cells(row, &cells, err);
	buffer_finish(&cells);
	return status;
}

/* Refuses the row, if at all, before any of it is merged. */
static enum status
check_changes(struct ingest *ingest, struct row *row, struct error *err)
{
	enum status status = STATUS_OK;

	for (size_t i = 0; i < row->change_count && status == STATUS_OK; i++) {
		status = change_check(row->type, &row->changes[i].change, err);
	}
	if (status == STATUS_OK) {
		status = check_parent(ingest, row, err);
	}
	if (status == STATUS_OK) {
		status = cells_fit(row, err);
	}
	return status == STATUS_OK ? rehearse(ingest, row, err) : status;
}

/* ---- writing ---- */

static enum status
merge_changes(struct ingest *ingest, struct row *row, struct error *err)
{
	for (size_t i = 0; i < row->change_count; i++) {
		struct server_change *own = &row->changes[i];
		uint64_t base = own->change.base.version;
		uint64_t seq;
		enum status status = ingest_server_change(ingest, own, &seq, err);

		if (status == STATUS_OK) {
			stamp_cells(row, base, seq);
			continue;
		}
		/* A part of the row is merged: this must not look like a refusal. */
		return i > 0 && status_http(status) < 500
			       ? fail(err, STATUS_INTERNAL, "the rest of an imported row")
			       : status;
	}
	return STATUS_OK;
}

static enum status
remember(struct ingest *ingest, const struct row *row, struct span key, struct error *err)
{
	struct import_row kept = row->previous;
	struct buffer cells;
	enum status status = encode_cells(row, &cells, err);

	if (kept.record == 0) {
		kept.type = row->type->tag;
		kept.key = key;
		kept.record = row->changes[0].change.record;
		kept.version = row->cells.at[0].seq;
	}
	kept.cells = buffer_span(&cells);
	if (status == STATUS_OK) {
		ingest->work.wrote = true;
		status = store_import_row_put(ingest->options.store, &kept, err);
	}
	buffer_finish(&cells);
	return status;
}

static enum status
write_row(struct ingest *ingest, struct row *row, struct span key, struct error *err)
{
	enum status status = check_changes(ingest, row, err);

	if (status == STATUS_OK) {
		status = merge_changes(ingest, row, err);
	}
	return status == STATUS_OK ? remember(ingest, row, key, err) : status;
}

/* The row's cells and what is known of them. */
static enum status
read_row(struct ingest *ingest, struct row *row, const struct import_row_in *in, struct error *err)
{
	enum status status = store_import_row(ingest->options.store, in->type->tag, in->key,
					      &ingest->work.arena, &row->previous, err);

	if (status == STATUS_OK || status == STATUS_NOT_FOUND) {
		status = read_cells(ingest, row, in, err);
	}
	if (status == STATUS_OK) {
		status = compare_with_previous(ingest, row, err);
	}
	return status == STATUS_OK ? find_bases(ingest, row, err) : status;
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
	status = read_row(ingest, &row, in, err);
	if (status == STATUS_OK) {
		status = make_changes(ingest, &row, stream, user, err);
	}
	if (status != STATUS_OK) {
		return status;
	}
	if (row.change_count == 0 && row.previous.record != 0) {
		*result_out = IMPORT_UNCHANGED;
		return STATUS_OK;
	}
	if (row.change_count == 0) {
		return fail(err, STATUS_INVALID, "key: the row has no values");
	}
	status = write_row(ingest, &row, in->key, err);
	if (status == STATUS_OK) {
		*result_out = row.previous.record == 0 ? IMPORT_ADDED : IMPORT_UPDATED;
	}
	return status;
}

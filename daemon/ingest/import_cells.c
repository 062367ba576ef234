/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/ingest/import_cells.h"

#include "protocol/record.h"

const struct import_cell *
import_cells_find(const struct import_cells *cells, int32_t tag)
{
	for (size_t i = 0; i < cells->count; i++) {
		if (cells->at[i].tag == tag) {
			return &cells->at[i];
		}
	}
	return NULL;
}

static bool
cell_get(struct reader *in, struct import_cell *out)
{
	int64_t tag;
	size_t parts;

	if (!cbor_get_int(in, &tag) || tag > CHANGE_TAG_MAX || tag < -CHANGE_TAG_MAX ||
	    !cbor_get_array(in, 2, &parts) || parts != 2 || !value_get(in, &out->value) ||
	    !cbor_get_uint_max(in, INT64_MAX, &out->seq)) {
		return false;
	}
	out->tag = (int32_t)tag;
	return true;
}

enum status
import_cells_get(struct span bytes, struct arena *arena, struct import_cells *out,
		 struct error *err)
{
	static const char broken[] = "an earlier import's cells do not decode";
	struct reader in = reader_of(bytes);
	struct import_cells cells = {NULL, 0};

	if (bytes.length == 0) {
		*out = cells;
		return STATUS_OK;
	}
	if (!cbor_get_map(&in, RECORD_FIELDS_MAX, &cells.count)) {
		return fail(err, STATUS_STORAGE, broken);
	}
	cells.at = ARENA_ARRAY(arena, struct import_cell, cells.count);
	if (cells.at == NULL) {
		return fail(err, STATUS_MEMORY, "an import");
	}
	for (size_t i = 0; i < cells.count; i++) {
		if (!cell_get(&in, &cells.at[i]) ||
		    (i > 0 && tag_compare(cells.at[i - 1].tag, cells.at[i].tag) >= 0)) {
			return fail(err, STATUS_STORAGE, broken);
		}
	}
	*out = cells;
	return STATUS_OK;
}

void
import_cells_put(const struct import_cells *cells, struct buffer *out)
{
	cbor_put_map(out, cells->count);
	for (size_t i = 0; i < cells->count; i++) {
		cbor_put_int(out, cells->at[i].tag);
		cbor_put_array(out, 2);
		value_put(cells->at[i].value, out);
		cbor_put_uint(out, cells->at[i].seq);
	}
}

/* One tag's cell of what was written before, of the file, or of both; either may be NULL. */
static struct import_cell
cell_joined(const struct import_cell *before, const struct import_cell *file)
{
	struct import_cell cell = {.was = value_empty()};

	if (before != NULL) {
		cell = *before;
		cell.was = before->value;
	}
	if (file != NULL) {
		cell.tag = file->tag;
		cell.value = file->value;
	}
	cell.changed = !value_equal(cell.value, cell.was);
	return cell;
}

enum status
import_cells_join(const struct import_cells *before, const struct import_cells *file,
		  struct arena *arena, struct import_cells *out, struct error *err)
{
	struct import_cells joined = {NULL, 0};
	size_t i = 0;
	size_t k = 0;

	joined.at = ARENA_ARRAY(arena, struct import_cell, before->count + file->count);
	if (joined.at == NULL) {
		return fail(err, STATUS_MEMORY, "an import");
	}
	while (i < before->count || k < file->count) {
		const struct import_cell *old = i < before->count ? &before->at[i] : NULL;
		const struct import_cell *now = k < file->count ? &file->at[k] : NULL;
		int order = old != NULL && now != NULL ? tag_compare(old->tag, now->tag) : 0;

		old = order > 0 ? NULL : old;
		now = order < 0 ? NULL : now;
		joined.at[joined.count] = cell_joined(old, now);
		joined.count += old != NULL || joined.at[joined.count].changed;
		i += old != NULL;
		k += now != NULL;
	}
	if (joined.count > RECORD_FIELDS_MAX) {
		return fail(err, STATUS_LIMIT, "cells of one key");
	}
	*out = joined;
	return STATUS_OK;
}

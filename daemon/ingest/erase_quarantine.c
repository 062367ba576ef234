/* SPDX-License-Identifier: Apache-2.0 */
/* What stands in quarantine and speaks of records that are erased. */
#include "daemon/ingest/aside.h"
#include "daemon/ingest/erase.h"
#include "daemon/ingest/reassign.h"

enum { PAYLOAD_MEMORY = 4 * CHANGE_BYTES_MAX };

/* Did it become an edit of one of these records? Then the note goes with it: people write names
 * into reasons. */
static enum status
given_is_about(struct erasing *erasing, const struct quarantined *row, bool *about_out,
	       struct error *err)
{
	struct log_row settled;
	struct arena arena;
	uint64_t edited = 0;
	enum status status;

	if (row->settled == 0) {
		return STATUS_OK;
	}
	arena_init(&arena, PAYLOAD_MEMORY);
	status = store_log_entry(erasing->ingest->options.store, row->settled, &arena, &settled,
				 err);
	*about_out = status == STATUS_OK && reassign_read(&settled, &arena, &edited) &&
		     erasing_has(erasing, edited);
	arena_finish(&arena);
	if (*about_out && !erasing_has(erasing, row->record)) {
		buffer_append(&erasing->entries, &row->settled, sizeof row->settled);
	}
	return status;
}

static enum status
row_is_about(const struct erasing *erasing, const struct quarantined *row, bool *about_out,
	     struct error *err)
{
	struct log_row logged;
	struct arena arena;
	enum status status;

	*about_out = erasing_has(erasing, row->record) || erasing_has(erasing, row->awaits);
	if (*about_out) {
		return STATUS_OK;
	}
	arena_init(&arena, PAYLOAD_MEMORY);
	status = store_log_entry(erasing->ingest->options.store, row->seq, &arena, &logged, err);
	if (status == STATUS_OK) {
		*about_out = aside_hangs_on(erasing->ingest->schema, logged.payload,
					    (const void *)erasing->sorted.at,
					    erasing->sorted.length / sizeof(uint64_t), &arena);
	}
	arena_finish(&arena);
	return status;
}

/* The record that only this change would make goes with it; of another one only the change. */
static enum status
add_row(struct erasing *erasing, const struct quarantined *row, struct error *err)
{
	struct slot *slot;
	bool creates = row->record != 0 && row->record == id_make(row->stream, row->n);
	enum status status = STATUS_OK;

	if (row->village != 0) {
		buffer_append(&erasing->villages, &row->village, sizeof row->village);
	}
	buffer_append(&erasing->streams, &row->stream, sizeof row->stream);
	if (erasing_has(erasing, row->record)) {
		return STATUS_OK;
	}
	if (creates) {
		status = workset_place(erasing->ingest, row->record, &slot, err);
		creates = status == STATUS_OK && !slot->exists;
	}
	if (creates) {
		buffer_append(&erasing->ids, &row->record, sizeof row->record);
	} else {
		buffer_append(&erasing->entries, &row->seq, sizeof row->seq);
	}
	return status;
}

/* Goes once through the rows; what was taken has seq 0. Nothing is left of what was erased. */
static enum status
add_rows(struct erasing *erasing, struct buffer *rows, struct error *err)
{
	struct quarantined *row = (void *)rows->at;
	const size_t count = rows->length / sizeof *row;
	enum status status = STATUS_OK;

	for (size_t i = 0; i < count && status == STATUS_OK; i++) {
		bool about = false;

		if (row[i].seq == 0 || row[i].reason == QUARANTINE_ERASED) {
			continue;
		}
		status = row_is_about(erasing, &row[i], &about, err);
		if (status == STATUS_OK && !about) {
			status = given_is_about(erasing, &row[i], &about, err);
		}
		if (status == STATUS_OK && about) {
			status = add_row(erasing, &row[i], err);
			row[i].seq = 0;
		}
	}
	return status;
}

/* What was found may be what others hang on: until nothing more is. */
enum status
erasing_add_quarantine(struct erasing *erasing, struct error *err)
{
	struct buffer rows;
	size_t before = SIZE_MAX;
	enum status status = erasing_sort(erasing, err);

	buffer_init(&rows, SIZE_MAX);
	if (status == STATUS_OK) {
		status = store_quarantine_kept(erasing->ingest->options.store, &rows, err);
	}
	while (status == STATUS_OK && before != erasing->ids.length) {
		before = erasing->ids.length;
		status = add_rows(erasing, &rows, err);
		if (status == STATUS_OK) {
			status = erasing_sort(erasing, err);
		}
	}
	buffer_finish(&rows);
	return status;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/ingest/workset.h"

#include <stdlib.h>
#include <string.h>

enum {
	BATCH_ARENA_LIMIT = 512 * 1024 * 1024,
	FIRST_CAPACITY = 64,
	SCANS_MAX = 8, /* a scan of a large village takes about 15 ms, and others wait */
};

void
workset_init(struct workset *work)
{
	memset(work, 0, sizeof *work);
	arena_init(&work->arena, BATCH_ARENA_LIMIT);
	buffer_init(&work->hanging, BATCH_ARENA_LIMIT);
	buffer_init(&work->continued, BATCH_ARENA_LIMIT);
}

void
workset_clear(struct workset *work)
{
	work->scans = 0;
	arena_reset(&work->arena);
	if (work->slot_count > 0) {
		memset(work->slots, 0, work->slot_capacity * sizeof work->slots[0]);
	}
	work->slot_count = 0;
	work->stream_count = 0;
	work->row_count = 0;
	work->rows_written = 0;
	work->quarantined_count = 0;
	work->quarantined_written = 0;
	work->awaits = AWAITS_NOT_ASKED;
	work->hanging_village = 0;
	buffer_clear(&work->continued);
	work->wrote = false;
	schema_free(work->schema);
	work->schema = NULL;
}

bool
workset_crowded(const struct workset *work)
{
	return work->arena.total > BATCH_ARENA_LIMIT / 2 || work->scans >= SCANS_MAX;
}

void
workset_finish(struct workset *work)
{
	workset_clear(work);
	arena_finish(&work->arena);
	free(work->slots);
	free(work->order);
	free(work->streams);
	free(work->rows);
	free(work->quarantined);
	buffer_finish(&work->hanging);
	buffer_finish(&work->continued);
}

static enum status
no_room(struct error *err)
{
	return fail(err, STATUS_MEMORY, "the writer's batch");
}

/* Room for one more item of `size` bytes in *array. */
static enum status
reserve(void **array, size_t count, size_t *capacity, size_t size, struct error *err)
{
	size_t wanted = *capacity == 0 ? FIRST_CAPACITY : *capacity * 2;
	void *grown;

	if (count < *capacity) {
		return STATUS_OK;
	}
	grown = realloc(*array, wanted * size);
	if (grown == NULL) {
		return no_room(err);
	}
	*array = grown;
	*capacity = wanted;
	return STATUS_OK;
}

/* ---- records ---- */

static size_t
slot_index(const struct workset *work, uint64_t id)
{
	size_t mask = work->slot_capacity - 1;
	size_t index = (size_t)((id * UINT64_C(0x9e3779b97f4a7c15)) >> 32) & mask;

	while (work->slots[index] != NULL && work->slots[index]->id != id) {
		index = (index + 1) & mask;
	}
	return index;
}

static enum status
slots_grow(struct workset *work, struct error *err)
{
	size_t capacity = work->slot_capacity == 0 ? FIRST_CAPACITY : work->slot_capacity * 2;
	struct slot **slots;

	if (work->slot_capacity > 0 && work->slot_count * 2 < work->slot_capacity) {
		return STATUS_OK;
	}
	slots = calloc(capacity, sizeof slots[0]);
	if (slots == NULL) {
		return no_room(err);
	}
	free(work->slots);
	work->slots = slots;
	work->slot_capacity = capacity;
	for (size_t i = 0; i < work->slot_count; i++) {
		work->slots[slot_index(work, work->order[i]->id)] = work->order[i];
	}
	return STATUS_OK;
}

/* The slot, new and empty if the working set has none. */
static enum status
slot_find(struct workset *work, uint64_t id, struct slot **out, struct error *err)
{
	struct slot *slot;
	enum status status = slots_grow(work, err);

	if (status == STATUS_OK) {
		status = reserve((void **)&work->order, work->slot_count, &work->order_capacity,
				 sizeof(struct slot *), err);
	}
	if (status != STATUS_OK) {
		return status;
	}
	slot = work->slots[slot_index(work, id)];
	if (slot == NULL) {
		slot = ARENA_NEW(&work->arena, struct slot);
		if (slot == NULL) {
			return no_room(err);
		}
		slot->id = id;
		work->slots[slot_index(work, id)] = slot;
		work->order[work->slot_count++] = slot;
	}
	*out = slot;
	return STATUS_OK;
}

/* Takes over what the store has of it; row->id 0: nothing. */
static void
slot_take(struct slot *slot, const struct stored_record *row)
{
	slot->placed = true;
	if (row->id == 0) {
		slot->whole = true;
		return;
	}
	slot->exists = true;
	slot->stored = true;
	slot->former = *row;
	slot->row = *row;
	slot->record.id = row->id;
	slot->record.type = row->type;
	slot->record.village = row->village;
	slot->record.version = row->version;
}

enum status
workset_new(struct ingest *ingest, uint64_t id, struct slot **out, struct error *err)
{
	enum status status = slot_find(&ingest->work, id, out, err);

	if (status == STATUS_OK && !(*out)->placed) {
		slot_take(*out, &(struct stored_record){0});
	}
	return status;
}

enum status
workset_forget(struct ingest *ingest, uint64_t id, struct error *err)
{
	struct slot *slot;
	enum status status = slot_find(&ingest->work, id, &slot, err);

	if (status == STATUS_OK) {
		*slot = (struct slot){.id = id, .placed = true, .whole = true};
		ingest->work.hanging_village = 0;
	}
	return status;
}

enum status
workset_place(struct ingest *ingest, uint64_t id, struct slot **out, struct error *err)
{
	struct stored_record row;
	enum status status = slot_find(&ingest->work, id, out, err);

	if (status != STATUS_OK || (*out)->placed) {
		return status;
	}
	status = store_records_place(ingest->options.store, &id, 1, &row, err);
	if (status == STATUS_OK) {
		slot_take(*out, &row);
	}
	return status;
}

enum status
workset_find(struct ingest *ingest, uint64_t id, const struct region *scope, size_t scope_count,
	     struct slot **out, struct error *err)
{
	const struct workset *work = &ingest->work;
	const struct slot *known =
		work->slot_capacity == 0 ? NULL : work->slots[slot_index(work, id)];
	char text[ID_TEXT_SIZE];
	enum status status = STATUS_OK;

	/* What the store has elsewhere is not looked at closer: that would take longer than to find
	 * nothing. What this transaction brought is not in the store. */
	if (scope != NULL && (known == NULL || !known->placed)) {
		status = STATUS_NOT_FOUND;
		for (size_t i = 0; i < scope_count && status == STATUS_NOT_FOUND; i++) {
			status = store_record_find(ingest->options.store, id, &scope[i], NULL, NULL,
						   err);
		}
	}
	if (status == STATUS_OK) {
		status = workset_place(ingest, id, out, err);
	}
	if (status == STATUS_NOT_FOUND ||
	    (status == STATUS_OK &&
	     (!(*out)->exists ||
	      (scope != NULL && !regions_cover(scope, scope_count, (*out)->record.village))))) {
		return fail(err, STATUS_NOT_FOUND, "record %s", id_format(id, text));
	}
	return status;
}

enum status
workset_record(struct ingest *ingest, uint64_t id, struct slot **out, struct error *err)
{
	struct arena *arena = &ingest->work.arena;
	struct merge_context context;
	struct stored_record row;
	struct slot *slot;
	enum status status = slot_find(&ingest->work, id, out, err);

	if (status != STATUS_OK || (*out)->whole) {
		return status;
	}
	slot = *out;
	status = store_records_load(ingest->options.store, &id, 1, arena, &row, err);
	if (status != STATUS_OK) {
		return status;
	}
	if (!slot->placed) {
		slot_take(slot, &row);
	}
	if (row.id != 0) {
		context = ingest_merge_context(ingest, row.type);
		status = stored_record_decode(&row, context.type, arena, &slot->record, err);
		slot->whole = status == STATUS_OK;
	}
	return status;
}

static enum status
slot_state(struct ingest *ingest, struct slot *slot, struct buffer *scratch, struct error *err)
{
	uint8_t *state;

	buffer_clear(scratch);
	record_encode(&slot->record, NULL, scratch);
	if (scratch->status != STATUS_OK) {
		return fail(err, STATUS_INTERNAL, "a record's state outgrew its bound");
	}
	state = arena_copy(&ingest->work.arena, scratch->at, scratch->length);
	if (state == NULL) {
		return no_room(err);
	}
	slot->row.state = span_of(state, scratch->length);
	return STATUS_OK;
}

/* The row to write for a dirty slot, its state encoded into the arena. */
static enum status
slot_row(struct ingest *ingest, struct slot *slot, struct buffer *scratch, struct record_write *out,
	 struct error *err)
{
	struct merge_context context = ingest_merge_context(ingest, slot->record.type);
	enum status status = STATUS_OK;

	if (!slot->row.one_change) {
		status = slot_state(ingest, slot, scratch, err);
	}
	if (status != STATUS_OK) {
		return status;
	}
	slot->row.id = slot->id;
	slot->row.type = slot->record.type;
	slot->row.village = slot->record.village;
	slot->row.version = slot->record.version;
	slot->row.conflicts = slot->row.one_change ? 0 : record_conflicts(&slot->record, &context);
	out->row = slot->row;
	out->former = slot->stored ? &slot->former : NULL;
	return STATUS_OK;
}

static size_t
dirty_count(const struct workset *work)
{
	size_t count = 0;

	for (size_t i = 0; i < work->slot_count; i++) {
		count += work->order[i]->dirty;
	}
	return count;
}

/* As much memory as there is to write: a batch may be flushed many times. */
static enum status
write_records(struct ingest *ingest, struct error *err)
{
	struct workset *work = &ingest->work;
	struct record_write *writes =
		ARENA_ARRAY(&work->arena, struct record_write, dirty_count(work));
	struct buffer scratch;
	size_t count = 0;
	enum status status = STATUS_OK;

	if (writes == NULL) {
		return no_room(err);
	}
	buffer_init(&scratch, RECORD_BYTES_MAX);
	for (size_t i = 0; i < work->slot_count && status == STATUS_OK; i++) {
		if (work->order[i]->dirty) {
			status = slot_row(ingest, work->order[i], &scratch, &writes[count++], err);
		}
	}
	buffer_finish(&scratch);
	if (status == STATUS_OK && count > 0) {
		work->wrote = true;
		status = store_records_write(ingest->options.store, writes, count, err);
	}
	for (size_t i = 0; i < work->slot_count && status == STATUS_OK; i++) {
		struct slot *slot = work->order[i];

		if (slot->dirty) {
			slot->dirty = false;
			slot->stored = true;
			slot->former = slot->row;
		}
	}
	return status;
}

/* ---- streams ---- */

enum status
workset_stream(struct ingest *ingest, uint32_t number, struct stream_slot **out, struct error *err)
{
	struct workset *work = &ingest->work;
	struct stream_slot *slot;
	enum status status;

	for (size_t i = 0; i < work->stream_count; i++) {
		if (work->streams[i].number == number) {
			*out = &work->streams[i];
			return STATUS_OK;
		}
	}
	status = reserve((void **)&work->streams, work->stream_count, &work->stream_capacity,
			 sizeof(struct stream_slot), err);
	if (status != STATUS_OK) {
		return status;
	}
	slot = &work->streams[work->stream_count];
	memset(slot, 0, sizeof *slot);
	status = store_stream(ingest->options.store, number, &work->arena, &slot->stream, err);
	if (status != STATUS_OK) {
		return status;
	}
	slot->number = number;
	work->stream_count++;
	*out = slot;
	return STATUS_OK;
}

static enum status
workset_write_streams(struct ingest *ingest, struct error *err)
{
	struct workset *work = &ingest->work;

	for (size_t i = 0; i < work->stream_count; i++) {
		const struct stream_slot *slot = &work->streams[i];

		if (slot->dirty) {
			enum status status =
				store_stream_advance(ingest->options.store, slot->number,
						     slot->stream.acked_n, slot->stream.chain, err);

			if (status != STATUS_OK) {
				return status;
			}
		}
	}
	return STATUS_OK;
}

/* ---- log and quarantine ---- */

enum status
workset_append(struct ingest *ingest, struct entry *entry, const uint8_t salt[SALT_SIZE],
	       struct span payload, struct error *err)
{
	struct workset *work = &ingest->work;
	struct log_row *row;
	enum status status = reserve((void **)&work->rows, work->row_count, &work->row_capacity,
				     sizeof(struct log_row), err);

	if (status != STATUS_OK) {
		return status;
	}
	entry->seq = ingest->head + work->row_count + 1;
	entry->received_ms = ingest_now_ms(ingest);
	row = &work->rows[work->row_count++];
	row->entry = *entry;
	row->village = 0;
	memcpy(row->salt, salt, SALT_SIZE);
	row->payload = payload;
	return STATUS_OK;
}

enum status
workset_quarantine(struct ingest *ingest, const struct quarantined *quarantined, struct error *err)
{
	struct workset *work = &ingest->work;
	enum status status = reserve((void **)&work->quarantined, work->quarantined_count,
				     &work->quarantined_capacity, sizeof(struct quarantined), err);

	if (status == STATUS_OK) {
		work->quarantined[work->quarantined_count++] = *quarantined;
		work->awaits = quarantined->awaits != 0 ? AWAITS_SOME : work->awaits;
	}
	return status;
}

enum status
workset_late(struct ingest *ingest, const struct entry *entry, struct error *err)
{
	const struct quarantined row = {
		.seq = entry->seq,
		.stream = entry->stream,
		.n = entry->n,
		.record = entry->record,
		.reason = QUARANTINE_ERASED,
		.settled = entry->seq,
	};

	return workset_quarantine(ingest, &row, err);
}

enum status
workset_awaits(struct ingest *ingest, bool *out, struct error *err)
{
	struct workset *work = &ingest->work;
	bool some = false;
	enum status status;

	if (work->awaits == AWAITS_NOT_ASKED) {
		status = store_quarantine_awaits(ingest->options.store, &some, err);
		if (status != STATUS_OK) {
			return status;
		}
		work->awaits = some ? AWAITS_SOME : AWAITS_NONE;
	}
	*out = work->awaits == AWAITS_SOME;
	return STATUS_OK;
}

enum status
workset_in_quarantine(struct ingest *ingest, uint64_t record, bool *held_out, struct error *err)
{
	const struct workset *work = &ingest->work;

	/* What is written may have been released since: the store knows. */
	for (size_t i = work->quarantined_written; i < work->quarantined_count; i++) {
		const struct quarantined *row = &work->quarantined[i];

		if (row->record == record && id_make(row->stream, row->n) == record) {
			*held_out = true;
			return STATUS_OK;
		}
	}
	return store_quarantine_holds(ingest->options.store, record, held_out, err);
}

enum status
workset_flush_quarantine(struct ingest *ingest, struct error *err)
{
	struct workset *work = &ingest->work;
	enum status status = STATUS_OK;

	while (work->quarantined_written < work->quarantined_count && status == STATUS_OK) {
		status = store_quarantine_add(ingest->options.store,
					      &work->quarantined[work->quarantined_written], err);
		work->quarantined_written++;
	}
	return status;
}

enum status
workset_flush(struct ingest *ingest, struct error *err)
{
	struct workset *work = &ingest->work;
	size_t count = work->row_count - work->rows_written;
	enum status status = write_records(ingest, err);

	if (status == STATUS_OK && count > 0) {
		status = store_log_append(ingest->options.store, &work->rows[work->rows_written],
					  count, err);
	}
	if (status == STATUS_OK) {
		work->rows_written = work->row_count;
		status = workset_flush_quarantine(ingest, err);
	}
	return status;
}

enum status
workset_write(struct ingest *ingest, struct frontier *frontier_out, struct error *err)
{
	struct workset *work = &ingest->work;
	struct store *store = ingest->options.store;
	struct checkpoint checkpoint;
	enum status status = workset_flush(ingest, err);

	*frontier_out = ingest->ledger.frontier;
	if (status == STATUS_OK) {
		status = workset_write_streams(ingest, err);
	}
	if (status != STATUS_OK || work->row_count == 0) {
		return status;
	}
	status = ledger_append(frontier_out, store, work->rows, work->row_count, err);
	if (status == STATUS_OK) {
		status = ledger_checkpoint(&ingest->ledger, frontier_out, store, &checkpoint, err);
	}
	if (status == STATUS_OK) {
		status = store_log_advance(store, ingest->head + work->row_count, ingest->session,
					   err);
	}
	return status;
}

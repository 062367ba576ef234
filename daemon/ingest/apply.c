/* SPDX-License-Identifier: Apache-2.0 */
/* apply: a merged change takes its place - parent, village, what hangs below - and server streams'
 * own changes. */
#include "daemon/ingest/workset.h"

#include <string.h>

enum status
ingest_place(struct ingest *ingest, const struct record *merged, uint64_t *parent_out,
	     uint64_t *village_out, struct error *err)
{
	struct merge_context context = ingest_merge_context(ingest, merged->type);
	struct value reference = value_empty();
	struct value village = record_shown(merged, context.type, TAG_VILLAGE);
	struct slot *parent;
	enum status status;

	if (context.type != NULL && context.type->root != 0) {
		reference = record_shown(merged, context.type, context.type->root);
	}
	if (reference.form != VALUE_INTEGER) {
		*parent_out = 0;
		*village_out = village.form == VALUE_INTEGER ? (uint64_t)village.integer : 0;
		return STATUS_OK;
	}
	status = workset_record(ingest, (uint64_t)reference.integer, &parent, err);
	if (status != STATUS_OK) {
		return status;
	}
	if (!parent->exists) {
		return fail(err, STATUS_NOT_FOUND, "the record it belongs to");
	}
	*parent_out = parent->id;
	*village_out = parent->record.village;
	return STATUS_OK;
}

/* One record changes village at `seq`. */
static enum status
move_record(struct ingest *ingest, struct slot *slot, uint64_t village, uint64_t seq,
	    struct error *err)
{
	uint64_t left = slot->record.village;

	slot->record.village = village;
	slot->row.moved = seq;
	slot->dirty = true;
	return store_move_append(ingest->options.store, seq, slot->id, left, err);
}

/* What hangs below follows. Rare, so it goes through the store: first what is only in memory yet.
 */
static enum status
move_descendants(struct ingest *ingest, uint64_t id, uint64_t village, uint64_t seq,
		 struct error *err)
{
	uint64_t *ids;
	size_t count;
	enum status status = workset_write_records(ingest, err);

	if (status == STATUS_OK) {
		status = store_descendants(ingest->options.store, id, &ingest->work.arena, &ids,
					   &count, err);
	}
	if (status != STATUS_OK) {
		return status;
	}
	for (size_t i = 0; i < count && status == STATUS_OK; i++) {
		struct slot *slot;

		status = workset_record(ingest, ids[i], &slot, err);
		if (status == STATUS_OK && slot->record.village != village) {
			status = move_record(ingest, slot, village, seq, err);
		}
	}
	return status;
}

enum status
ingest_merge(struct ingest *ingest, struct slot *slot, const struct record *merged, uint64_t parent,
	     uint64_t village, uint64_t seq, struct error *err)
{
	bool moved = slot->exists && slot->record.village != village;
	uint64_t left = slot->record.village;
	enum status status = STATUS_OK;

	slot->record = *merged;
	slot->record.village = moved ? left : village;
	slot->row.parent = parent;
	slot->exists = true;
	slot->dirty = true;
	if (moved) {
		status = move_record(ingest, slot, village, seq, err);
	}
	if (status == STATUS_OK && moved) {
		status = move_descendants(ingest, slot->id, village, seq, err);
	}
	return status;
}

/* Fills in what a change of a server stream has by itself, and its bytes and commitment. */
static enum status
server_change_seal(struct ingest *ingest, struct server_change *own, struct stream *stream,
		   struct entry *entry, uint8_t salt_out[SALT_SIZE], struct span *payload_out,
		   struct error *err)
{
	struct change *change = &own->change;
	struct buffer bytes;
	void *copy;

	change->n = stream->acked_n + 1;
	change->has_own = false;
	change->time = ingest_now_ms(ingest) / 1000;
	change->quality = CLOCK_SYNCED;
	change->schema_version = catalogue_schema(ingest->options.catalogue, 0)->version;
	if (change->record == 0) {
		change->record = id_make(own->stream, change->n);
	}
	buffer_init(&bytes, CHANGE_BYTES_MAX);
	change_encode(change, &bytes);
	copy = bytes.status == STATUS_OK ? arena_copy(&ingest->work.arena, bytes.at, bytes.length)
					 : NULL;
	*payload_out = span_of(copy, bytes.length);
	buffer_finish(&bytes);
	if (copy == NULL) {
		return fail(err, STATUS_LIMIT, "the change is larger than %d bytes",
			    CHANGE_BYTES_MAX);
	}
	/* From here on the change is what was logged: what the caller lent may be gone at the
	 * commit. */
	if (change_decode(*payload_out, true, &ingest->work.arena, change, err) != STATUS_OK) {
		return fail_context(err, "a change of the server");
	}
	ingest->options.platform.random(ingest->options.platform.context, salt_out, SALT_SIZE);
	commitment_make(salt_out, own->stream, change->n, *payload_out, entry->commitment);
	entry->kind = ENTRY_CHANGE;
	entry->stream = own->stream;
	entry->n = change->n;
	entry->time = change->time;
	entry->user = own->user;
	entry->record = change->record;
	entry->schema_version = change->schema_version;
	return STATUS_OK;
}

enum status
ingest_server_change(struct ingest *ingest, struct server_change *own, uint64_t *seq_out,
		     struct error *err)
{
	struct stream_slot *stream;
	struct slot *slot;
	struct record merged;
	struct merge_context context = ingest_merge_context(ingest, own->change.type);
	struct entry entry = {.kind = ENTRY_CHANGE};
	uint8_t salt[SALT_SIZE];
	struct span payload;
	uint64_t parent;
	uint64_t village;
	uint64_t seq = ingest->head + ingest->work.row_count + 1;
	enum status status = workset_stream(ingest, own->stream, &stream, err);

	if (status == STATUS_OK) {
		status = server_change_seal(ingest, own, &stream->stream, &entry, salt, &payload,
					    err);
	}
	if (status == STATUS_OK) {
		status = workset_record(ingest, own->change.record, &slot, err);
	}
	if (status != STATUS_OK) {
		return status;
	}
	merged = slot->record;
	status = merge_change(&merged, own->stream, &own->change, seq, &context,
			      &ingest->work.arena, err);
	if (status == STATUS_OK) {
		status = ingest_place(ingest, &merged, &parent, &village, err);
	}
	if (status == STATUS_OK) {
		status = workset_append(ingest, &entry, salt, payload, err);
	}
	if (status == STATUS_OK) {
		status = ingest_merge(ingest, slot, &merged, parent, village, seq, err);
	}
	if (status != STATUS_OK) {
		return status;
	}
	stream->stream.acked_n = own->change.n;
	chain_advance(stream->stream.chain, own->change.n, entry.commitment);
	stream->dirty = true;
	*seq_out = seq;
	return STATUS_OK;
}

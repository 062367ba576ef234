/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/id.h"
#include "tests/check/check_parts.h"

#include <stdlib.h>
#include <string.h>

enum status
check_merge(struct check *check, const struct entry *entry, struct span payload, uint64_t logged,
	    struct error *err)
{
	const struct check_stream *stream = check_stream_find(check, entry->stream);
	const bool server_stream = stream == NULL || stream->kind != 1;
	struct check_record *record = check_record_find(check, entry->record);
	struct merge_context context = {.epochs = check->epochs};
	struct change change;
	void *copy = arena_copy(&check->arena, payload.at, payload.length);
	enum status status;

	if (copy == NULL) {
		return fail(err, STATUS_MEMORY, "merging again");
	}
	status = change_decode(span_of(copy, payload.length), server_stream, &check->arena, &change,
			       err);
	if (status != STATUS_OK) {
		return check_wrong(err, entry->seq, "a merged change does not decode");
	}
	if (change.n != entry->n || change.record != entry->record || change.time != entry->time ||
	    change.schema_version != entry->schema_version) {
		return check_wrong(err, entry->seq, "header and payload differ");
	}
	if (record == NULL) {
		record = check_record_make(check, entry->record);
	}
	if (record == NULL) {
		return fail(err, STATUS_MEMORY, "merging again");
	}
	/* Nobody had seen what came after the change, however much later it was merged. */
	if (logged < entry->seq && change.base.epoch != 0 && change.base.version >= logged) {
		change.base.version = logged - 1;
	}
	context.type = schema_type(check->schema, change.type);
	context.lineages = check->lineages.at;
	context.lineage_count = check->lineages.count;
	/* As it was merged: an epoch counts from its entry on. */
	context.epoch_count = check->epochs_begun;
	record->changes++;
	record->of_device = !server_stream && logged == entry->seq;
	return merge_change(&record->record, entry->stream, &change, entry->seq, &context,
			    &check->arena, err);
}

static enum status
check_change(struct check *check, const struct entry *entry, struct span payload, struct error *err)
{
	struct check_stream *stream = check_stream_find(check, entry->stream);

	if (stream == NULL) {
		return check_wrong(err, entry->seq, "its stream is not known");
	}
	if (entry->n != stream->n + 1) {
		return check_wrong(err, entry->seq, "its n is not the next of its stream");
	}
	stream->n = entry->n;
	chain_advance(stream->now, entry->n, entry->commitment);
	if (entry->verdict == VERDICT_QUARANTINED) {
		check->quarantined++;
		return entry->reason == 0
			       ? check_wrong(err, entry->seq, "set aside without a reason")
			       : STATUS_OK;
	}
	/* What it made is gone with it. */
	return check_is_bereft(check, entry) ? STATUS_OK
					     : check_merge(check, entry, payload, entry->seq, err);
}

void
check_entry_read(struct statement *row, struct entry *out)
{
	int64_t kind = sql_int(row, 1);
	int64_t verdict = sql_int(row, 9);

	out->seq = sql_uint(row, 0);
	out->received_ms = sql_int(row, 2);
	out->session = sql_uint(row, 3);
	out->stream = (uint32_t)sql_uint(row, 4);
	out->n = (uint32_t)sql_uint(row, 5);
	out->time = sql_int(row, 6);
	out->user = (uint32_t)sql_uint(row, 7);
	/* The table leaves out the record of a change that creates it. */
	out->record = sql_is_null(row, 8) ? id_make(out->stream, out->n) : sql_uint(row, 8);
	out->kind = (enum entry_kind)kind;
	out->verdict = (enum verdict)verdict;
	out->reason = (uint32_t)sql_uint(row, 10);
	out->schema_version = (uint32_t)sql_uint(row, 11);
}

static bool
note_chunk(struct check *check, const uint8_t leaf[HASH_SIZE])
{
	uint8_t root[HASH_SIZE];
	uint8_t(*grown)[HASH_SIZE];

	if (!frontier_completes(&check->frontier, leaf, 8, root)) {
		return true;
	}
	grown = realloc(check->chunks, (size_t)(check->chunk_count + 1) * HASH_SIZE);
	if (grown == NULL) {
		return false;
	}
	check->chunks = grown;
	memcpy(check->chunks[check->chunk_count++], root, HASH_SIZE);
	return true;
}

/* Each epoch begins with an entry of its own; what it has in common with the one before may end
 * earlier. */
static enum status
check_epoch(struct check *check, uint64_t seq, struct error *err)
{
	size_t begun = check->epochs_begun++;
	const struct epoch *epoch = &check->epochs[begun];

	if (begun >= check->epoch_count || epoch->cut >= seq ||
	    epoch->parent != (begun == 0 ? 0 : check->epochs[begun - 1].epoch)) {
		return check_wrong(err, seq, "the table of epochs has no such beginning");
	}
	return STATUS_OK;
}

enum status
check_entry(struct check *check, struct statement *row, struct error *err)
{
	struct entry entry = {.kind = ENTRY_CHANGE};
	uint8_t salt[SALT_SIZE];
	uint8_t leaf[HASH_SIZE];
	bool is_change;

	check_entry_read(row, &entry);
	is_change = entry.kind == ENTRY_CHANGE;
	if (entry.seq != ++check->seq) {
		return check_wrong(err, entry.seq, "seq has a gap");
	}
	if (entry.received_ms < check->received_ms) {
		return check_wrong(err, entry.seq, "received goes back");
	}
	check->received_ms = entry.received_ms;
	/* The commitment follows, or it was erased what it follows from: chains and tree show that
	 * it is the one that was signed. */
	if (check_is_bereft(check, &entry)) {
		if (!sql_is_null(row, 13) || !sql_is_null(row, 14) ||
		    !sql_blob_exact(row, 12, entry.commitment, HASH_SIZE)) {
			return check_wrong(err, entry.seq, "it was not erased");
		}
	} else if (!sql_is_null(row, 12) || !sql_blob_exact(row, 13, salt, SALT_SIZE)) {
		return check_wrong(err, entry.seq, "commitment or salt");
	} else {
		commitment_make(salt, is_change ? entry.stream : 0, is_change ? entry.n : 0,
				sql_blob(row, 14), entry.commitment);
	}
	entry_leaf(&entry, leaf);
	if (!note_chunk(check, leaf)) {
		return fail(err, STATUS_MEMORY, "the tree");
	}
	frontier_append(&check->frontier, leaf);
	if (entry.kind == ENTRY_EPOCH) {
		return check_epoch(check, entry.seq, err);
	}
	if (entry.kind == ENTRY_SCOPE &&
	    check_lineage_note(&check->lineages, sql_blob(row, 14), err) != STATUS_OK) {
		return check_wrong(err, entry.seq, "the stream that it continues");
	}
	if (!is_change && check_is_bereft(check, &entry)) {
		return STATUS_OK;
	}
	if (entry.kind == ENTRY_ADMIN &&
	    check_people_note(&check->people, entry.seq, sql_blob(row, 14), err) != STATUS_OK) {
		return fail_context(err, "entry %llu", (unsigned long long)entry.seq);
	}
	return is_change ? check_change(check, &entry, sql_blob(row, 14), err)
			 : check_settling(check, &entry, sql_blob(row, 14), err);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a reply; message_reply_put.c has its layout. */
#include "column.h"
#include "columns.h"
#include "message.h"
#include "message_parts.h"

#include <string.h>

static const struct cursor start = {0, 0, CURSOR_ID_END};

/* The rows of a flat array that is not empty. */
static bool
rows_get(struct reader *in, size_t width, size_t limit, size_t *rows_out)
{
	size_t items;

	if (!cbor_get_array(in, limit * width, &items) || items == 0 || items % width != 0) {
		return false;
	}
	*rows_out = items / width;
	return true;
}

static enum status
streams_get(struct reader *in, struct arena *arena, struct reply *reply)
{
	if (!rows_get(in, STREAM_ITEMS, MESSAGE_STREAMS_MAX, &reply->stream_count)) {
		return STATUS_MALFORMED;
	}
	reply->streams = ARENA_ARRAY(arena, struct stream_name, reply->stream_count);
	if (reply->streams == NULL) {
		return STATUS_LIMIT;
	}
	for (size_t i = 0; i < reply->stream_count; i++) {
		struct stream_name *stream = &reply->streams[i];

		if (!positive_u32_get(in, CHANGE_STREAM_MAX, &stream->number) ||
		    !positive_u32_get(in, UINT32_MAX, &stream->kind) ||
		    !cbor_get_text(in, &stream->name) || stream->name.length > STREAM_NAME_MAX) {
			return STATUS_MALFORMED;
		}
	}
	return STATUS_OK;
}

static bool
checkpoint_get(struct reader *in, struct reply *reply)
{
	uint8_t bytes[CHECKPOINT_SIZE];

	if (!cbor_get_bytes_exact(in, bytes, sizeof bytes)) {
		return false;
	}
	checkpoint_decode(bytes, &reply->checkpoint);
	reply->has_checkpoint = true;
	return true;
}

static bool
lease_get(struct reader *in, struct reply *reply)
{
	uint8_t bytes[LEASE_SIZE];

	if (!cbor_get_bytes_exact(in, bytes, sizeof bytes)) {
		return false;
	}
	reply->lease.days = (uint16_t)(bytes[0] | bytes[1] << 8);
	memcpy(reply->lease.share, bytes + 2, LEASE_SHARE_SIZE);
	reply->has_lease = true;
	return true;
}

static enum status
acks_get(struct reader *in, struct arena *arena, struct reply *reply)
{
	uint64_t previous = 0;

	if (!rows_get(in, ACK_ITEMS, MESSAGE_CHANGES_MAX, &reply->ack_count)) {
		return STATUS_MALFORMED;
	}
	reply->acks = ARENA_ARRAY(arena, struct ack_run, reply->ack_count);
	if (reply->acks == NULL) {
		return STATUS_LIMIT;
	}
	for (size_t i = 0; i < reply->ack_count; i++) {
		struct ack_run *ack = &reply->acks[i];

		if (!positive_u32_get(in, CHANGE_N_MAX, &ack->first_n) ||
		    ack->first_n <= previous ||
		    !positive_u32_get(in, CHANGE_N_MAX - ack->first_n + 1, &ack->count) ||
		    !positive_get(in, STORED_MAX - (ack->count - 1), &ack->seq)) {
			return STATUS_MALFORMED;
		}
		previous = (uint64_t)ack->first_n + ack->count - 1;
	}
	return STATUS_OK;
}

static bool
tag_get(struct reader *in, int32_t *out)
{
	int64_t tag;

	if (!cbor_get_int(in, &tag) || tag < INT32_MIN || tag > INT32_MAX) {
		return false;
	}
	*out = (int32_t)tag;
	return true;
}

static enum status
exceptions_get(struct reader *in, struct arena *arena, struct reply *reply)
{
	if (!rows_get(in, EXCEPTION_ITEMS, MESSAGE_EXCEPTIONS_MAX, &reply->exception_count)) {
		return STATUS_MALFORMED;
	}
	reply->exceptions = ARENA_ARRAY(arena, struct exception, reply->exception_count);
	if (reply->exceptions == NULL) {
		return STATUS_LIMIT;
	}
	for (size_t i = 0; i < reply->exception_count; i++) {
		struct exception *exception = &reply->exceptions[i];

		if (!positive_u32_get(in, CHANGE_N_MAX, &exception->n) ||
		    !positive_u32_get(in, UINT32_MAX, &exception->kind) ||
		    !cbor_get_u32(in, &exception->reason) || !tag_get(in, &exception->tag)) {
			return STATUS_MALFORMED;
		}
	}
	return STATUS_OK;
}

/* A reply while it is read. */
struct reading {
	struct reply reply;
	struct arena *arena;
	bool columns; /* the records are in columns: `heads` now, `bits` at the end of the map */
	struct span heads;
	struct span bits;
};

static enum status
records_make_room(struct reading *reading)
{
	struct reply *reply = &reading->reply;

	reply->records = ARENA_ARRAY(reading->arena, struct span, reply->record_count);
	reply->whole = ARENA_ARRAY(reading->arena, bool, reply->record_count);
	return reply->records == NULL || reply->whole == NULL ? STATUS_LIMIT : STATUS_OK;
}

static enum status
heads_get(struct reader *in, struct reading *reading)
{
	struct reader heads;
	uint64_t count;

	if (!cbor_get_bytes(in, &reading->heads)) {
		return STATUS_MALFORMED;
	}
	heads = reader_of(reading->heads);
	if (!varint_get(&heads, &count) || count == 0 || count > MESSAGE_RECORDS_MAX) {
		return STATUS_MALFORMED;
	}
	reading->columns = true;
	reading->heads = span_of(heads.at, heads.left);
	reading->reply.record_count = (size_t)count;
	return records_make_room(reading);
}

/* Records are only told apart here: who needs one reads it with record_decode. */
static enum status
records_get(struct reader *in, struct reading *reading)
{
	struct reply *reply = &reading->reply;
	enum cbor_kind kind;
	enum status status;

	if (cbor_peek(in, &kind) && kind == CBOR_BYTES) {
		return heads_get(in, reading);
	}
	if (!rows_get(in, 1, MESSAGE_RECORDS_MAX, &reply->record_count)) {
		return STATUS_MALFORMED;
	}
	status = records_make_room(reading);
	for (size_t i = 0; status == STATUS_OK && i < reply->record_count; i++) {
		if (!cbor_peek(in, &kind) || kind != CBOR_ARRAY ||
		    !cbor_get_any(in, &reply->records[i]) ||
		    reply->records[i].length > RECORD_BYTES_MAX) {
			status = STATUS_MALFORMED;
		}
	}
	return status;
}

/* The arena keeps the rows that the columns become. */
static enum status
columns_read(struct reading *reading, struct error *err)
{
	struct reply *reply = &reading->reply;
	size_t *lengths = ARENA_ARRAY(reading->arena, size_t, reply->record_count);
	const struct columns columns = {
		.heads = reading->heads, .bits = reading->bits, .count = reply->record_count};
	struct buffer rows;
	struct span kept = {NULL, 0};
	enum status status;

	if (lengths == NULL) {
		return fail(err, STATUS_LIMIT, "%zu records", reply->record_count);
	}
	buffer_init(&rows, MESSAGE_REPLY_MAX);
	status = columns_get(columns, RECORD_BYTES_MAX, reading->arena, &rows, lengths, err);
	if (status == STATUS_OK) {
		kept = span_of(arena_copy(reading->arena, rows.at, rows.length), rows.length);
		status = kept.at == NULL ? fail(err, STATUS_LIMIT, "records") : STATUS_OK;
	}
	if (status == STATUS_OK &&
	    !columns_cut(kept, lengths, reply->record_count, CBOR_ARRAY, reply->records)) {
		status = fail(err, STATUS_MALFORMED, "a record of the reply");
	}
	buffer_finish(&rows);
	return status;
}

static enum status
epochs_get(struct reader *in, struct arena *arena, struct reply *reply)
{
	if (!rows_get(in, EPOCH_ITEMS, MESSAGE_EPOCHS_MAX, &reply->epoch_count)) {
		return STATUS_MALFORMED;
	}
	reply->epochs = ARENA_ARRAY(arena, struct epoch, reply->epoch_count);
	if (reply->epochs == NULL) {
		return STATUS_LIMIT;
	}
	for (size_t i = 0; i < reply->epoch_count; i++) {
		struct epoch *epoch = &reply->epochs[i];

		if (!positive_u32_get(in, UINT32_MAX, &epoch->epoch) ||
		    !cbor_get_u32(in, &epoch->parent) ||
		    !cbor_get_uint_max(in, STORED_MAX, &epoch->cut)) {
			return STATUS_MALFORMED;
		}
	}
	return STATUS_OK;
}

static enum status
lineages_get(struct reader *in, struct arena *arena, struct reply *reply)
{
	uint32_t previous = 0;

	if (!rows_get(in, LINEAGE_ITEMS, MESSAGE_STREAMS_MAX, &reply->lineage_count)) {
		return STATUS_MALFORMED;
	}
	reply->lineages = ARENA_ARRAY(arena, struct lineage, reply->lineage_count);
	if (reply->lineages == NULL) {
		return STATUS_LIMIT;
	}
	for (size_t i = 0; i < reply->lineage_count; i++) {
		struct lineage *lineage = &reply->lineages[i];
		uint64_t n;

		if (!positive_u32_get(in, CHANGE_STREAM_MAX, &lineage->stream) ||
		    lineage->stream <= previous ||
		    !positive_u32_get(in, CHANGE_STREAM_MAX, &lineage->parent) ||
		    !cbor_get_uint_max(in, CHANGE_N_MAX, &n)) {
			return STATUS_MALFORMED;
		}
		lineage->n = (uint32_t)n;
		previous = lineage->stream;
	}
	return STATUS_OK;
}

static bool
whole_get(struct reader *in, struct reply *reply)
{
	uint64_t next = 0;
	size_t count;

	if (!rows_get(in, 1, reply->record_count, &count)) {
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		uint64_t index;

		if (!cbor_get_uint(in, &index) || index < next || index >= reply->record_count) {
			return false;
		}
		reply->whole[index] = true;
		next = index + 1;
	}
	return true;
}

static enum status
ids_get(struct reader *in, struct arena *arena, uint64_t **out, size_t *count_out)
{
	if (!rows_get(in, 1, MESSAGE_RECORDS_MAX, count_out)) {
		return STATUS_MALFORMED;
	}
	*out = ARENA_ARRAY(arena, uint64_t, *count_out);
	if (*out == NULL) {
		return STATUS_LIMIT;
	}
	for (size_t i = 0; i < *count_out; i++) {
		if (!positive_get(in, STORED_MAX, &(*out)[i])) {
			return STATUS_MALFORMED;
		}
	}
	return STATUS_OK;
}

static enum status
scope_get(struct reader *in, struct arena *arena, struct reply *reply)
{
	size_t items;

	if (!cbor_get_array(in, 1 + REGION_ITEMS * MESSAGE_SCOPE_MAX, &items) ||
	    items % REGION_ITEMS != 1 ||
	    !cbor_get_uint_max(in, STORED_MAX, &reply->scope_version)) {
		return STATUS_MALFORMED;
	}
	reply->has_scope = true;
	reply->scope_count = items / REGION_ITEMS;
	return regions_get(in, reply->scope_count, arena, &reply->scope);
}

/* Keys ascend: what the proof leads to is known by now. */
static bool
proof_get(struct reader *in, struct reply *reply)
{
	reply->has_proof = true;
	return cbor_get_bytes(in, &reply->proof) && reply->proof.length % HASH_SIZE == 0 &&
	       reply->proof.length <= (size_t)PROOF_HASHES_MAX * HASH_SIZE && reply->has_checkpoint;
}

static enum status
well_formed(bool formed)
{
	return formed ? STATUS_OK : STATUS_MALFORMED;
}

/* Keys ascend, so `from` is known before `to`, and the records before `whole`. */
static bool
to_get(struct reader *in, struct reply *reply)
{
	return cursor_get(in, &reply->to) && !cursor_equal(&reply->to, &reply->from);
}

static bool
from_get(struct reader *in, struct reply *reply)
{
	if (!cursor_get(in, &reply->from) || cursor_equal(&reply->from, &start)) {
		return false;
	}
	reply->to = reply->from;
	return true;
}

static bool
bits_get(struct reader *in, struct reading *reading)
{
	return cbor_get_bytes(in, &reading->bits) && reading->bits.length > 0 && reading->columns;
}

static bool
newer_key_get(struct reader *in, struct reply *reply)
{
	struct newer_key *newer = &reply->newer_key;
	uint64_t id;
	size_t items;

	if (!cbor_get_array(in, SERVER_KEY_ITEMS, &items) || items != SERVER_KEY_ITEMS ||
	    !cbor_get_uint_max(in, UINT8_MAX, &id) ||
	    !cbor_get_bytes_exact(in, newer->key, sizeof newer->key) ||
	    !cbor_get_text(in, &newer->url)) {
		return false;
	}
	newer->id = (uint8_t)id;
	reply->has_newer_key = true;
	return true;
}

static bool
receipt_get(struct reader *in, struct receipt *receipt)
{
	size_t items;

	return cbor_get_array(in, RECEIPT_ITEMS, &items) && items == RECEIPT_ITEMS &&
	       some_bytes_get(in, &receipt->header) &&
	       cbor_get_bytes_exact(in, receipt->signature, sizeof receipt->signature) &&
	       cbor_get_bytes(in, &receipt->path);
}

/* What few replies have: after forks, of another key, about the log, and when it was asked for. */
static enum status
value_of_rare_key_get(struct map_reader *map, struct reading *reading)
{
	struct reader *in = &map->in;
	struct reply *reply = &reading->reply;

	switch (map->key) {
	case REPLY_LINEAGES:
		return lineages_get(in, reading->arena, reply);
	case REPLY_PROOF:
		return well_formed(proof_get(in, reply));
	case REPLY_SHOW_WITNESS:
		return well_formed(cbor_get_bool(in, &reply->show_witness) && reply->show_witness);
	case REPLY_SERVER_KEY:
		return well_formed(newer_key_get(in, reply));
	case REPLY_RECEIPT:
		return well_formed(receipt_get(in, &reply->receipt));
	case REPLY_CERTIFICATE:
		return well_formed(some_bytes_get(in, &reply->certificate));
	case REPLY_SCOPE_VERSION:
		return well_formed(positive_get(in, STORED_MAX, &reply->certified_scope_version));
	default:
		return map_pass(map);
	}
}

static enum status
value_of_key_get(struct map_reader *map, struct reading *reading)
{
	struct reader *in = &map->in;
	struct arena *arena = reading->arena;
	struct reply *reply = &reading->reply;

	switch (map->key) {
	case REPLY_STATUS:
		return status_get(in, &reply->status);
	case REPLY_TIME:
		return well_formed(time_get(in, &reply->server_time_ms));
	case REPLY_EPOCH:
		return well_formed(positive_u32_get(in, UINT32_MAX, &reply->epoch));
	case REPLY_STREAMS:
		return streams_get(in, arena, reply);
	case REPLY_FROM:
		return well_formed(from_get(in, reply));
	case REPLY_CHECKPOINT:
		return well_formed(checkpoint_get(in, reply));
	case REPLY_TO:
		return well_formed(to_get(in, reply));
	case REPLY_EPOCHS:
		return epochs_get(in, arena, reply);
	case REPLY_MORE:
		return well_formed(cbor_get_bool(in, &reply->more) && reply->more);
	case REPLY_ACKED:
		return well_formed(positive_u32_get(in, CHANGE_N_MAX, &reply->acked_n));
	case REPLY_ACKS:
		return acks_get(in, arena, reply);
	case REPLY_LEASE:
		return well_formed(lease_get(in, reply));
	case REPLY_SEND_FROM:
		return well_formed(positive_u32_get(in, CHANGE_N_MAX, &reply->send_from));
	case REPLY_R_SEEN:
		return well_formed(positive_get(in, STORED_MAX, &reply->r_seen));
	case REPLY_EXCEPTIONS:
		return exceptions_get(in, arena, reply);
	case REPLY_RECORDS:
		return records_get(in, reading);
	case REPLY_WHOLE:
		return well_formed(whole_get(in, reply));
	case REPLY_EVICTED:
		return ids_get(in, arena, &reply->evicted, &reply->evicted_count);
	case REPLY_ERASED:
		return ids_get(in, arena, &reply->erased, &reply->erased_count);
	case REPLY_SCHEMA:
		return well_formed(schema_chunk_get(in, &reply->schema));
	case REPLY_SCOPE:
		return scope_get(in, arena, reply);
	case REPLY_BITS:
		return well_formed(bits_get(in, reading));
	default:
		return value_of_rare_key_get(map, reading);
	}
}

enum status
reply_unpack(struct span packed, struct buffer *plain, struct arena *arena, struct reply *out,
	     struct error *err)
{
	struct reading reading = {.reply = {.from = start, .to = start}, .arena = arena};
	struct map_reader map;
	enum status status = map_unpack(packed, plain, &map, err);

	if (status != STATUS_OK) {
		return status;
	}
	while (map_next(&map)) {
		status = value_of_key_get(&map, &reading);
		if (status != STATUS_OK) {
			return fail(err, status, "reply, key %llu", (unsigned long long)map.key);
		}
	}
	if (!map_ended(&map)) {
		return fail(err, STATUS_MALFORMED, "end of the reply");
	}
	if (reading.columns) {
		status = columns_read(&reading, err);
	}
	if (status == STATUS_OK) {
		*out = reading.reply;
	}
	return status;
}

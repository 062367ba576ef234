/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reply: method | dictionary | packed, where unpacked stands a CBOR map. Keys ascend; a key
 * whose value is the default is left out and may not be written. A reader that does not know an odd
 * key refuses the reply, an unknown even key it passes over.
 *
 *   key  name         value                                                   default
 *     1  status       its number on the wire: 1 fork, 2 revoked, 3 foreign,   0 ok
 *                     4 gap, 5 unsupported, 6 malformed, 7 code unknown,
 *                     8 code expired, 9 code used, 10 busy, 11 internal,
 *                     12 signature, 13 limit
 *     2  server time  milliseconds since 1970, UTC                            0
 *     3  epoch        32 bits                                                 0
 *     4  streams      [number, kind, name, …]: who is behind a dot            none
 *     5  from         cursor of the head that is answered                     finished, 0
 *     6  checkpoint   112 bytes                                               none
 *     7  to           cursor                                                  as from
 *     9  more         true                                                    false
 *    11  acked n                                                              0
 *    13  acks         [first n, count, seq, …], ascending and disjoint        none
 *    15  send from    n                                                       0
 *    17  r seen                                                               0
 *    19  exceptions   [n, kind, reason, tag, …]                               none
 *    21  records      array of records, each a CBOR array                     none
 *    23  whole        ascending indexes of the records that replace           none
 *    25  evicted      array of record ids                                     none
 *    27  schema       [version, hash, size, offset, bytes]                    none
 *    29  scope        [scope version, low, high - low, …]                     none
 *
 * Arrays of rows are flat. The enrolment reply is a map of the same kind and adds (enrolment.c)
 *
 *    31  certificate  bytes                                                   none
 *    33  log key      32 bytes                                                none
 *    35  scope version                                                        0
 */
#include "message.h"
#include "message_parts.h"

enum {
	REPLY_STREAMS = 4,
	REPLY_FROM = 5,
	REPLY_CHECKPOINT = 6,
	REPLY_TO = 7,
	REPLY_MORE = 9,
	REPLY_ACKED = 11,
	REPLY_ACKS = 13,
	REPLY_SEND_FROM = 15,
	REPLY_R_SEEN = 17,
	REPLY_EXCEPTIONS = 19,
	REPLY_RECORDS = 21,
	REPLY_WHOLE = 23,
	REPLY_EVICTED = 25,
	REPLY_SCOPE = 29,
};
enum { ACK_ITEMS = 3, EXCEPTION_ITEMS = 4, STREAM_ITEMS = 3, REGION_ITEMS = 2 };

static const struct cursor start = {0, 0, CURSOR_ID_END};

static bool
reply_within_limits(const struct reply *reply)
{
	for (size_t i = 0; i < reply->record_count && i < MESSAGE_RECORDS_MAX; i++) {
		if (reply->records[i].length > RECORD_BYTES_MAX) {
			return false;
		}
	}
	for (size_t i = 0; i < reply->stream_count && i < MESSAGE_STREAMS_MAX; i++) {
		if (reply->streams[i].name.length > STREAM_NAME_MAX) {
			return false;
		}
	}
	return reply->ack_count <= MESSAGE_CHANGES_MAX &&
	       reply->exception_count <= MESSAGE_EXCEPTIONS_MAX &&
	       reply->stream_count <= MESSAGE_STREAMS_MAX &&
	       reply->record_count <= MESSAGE_RECORDS_MAX &&
	       reply->evicted_count <= MESSAGE_RECORDS_MAX &&
	       reply->scope_count <= MESSAGE_SCOPE_MAX;
}

static void
streams_put(const struct reply *reply, struct map_writer *map)
{
	struct buffer *out;

	if (reply->stream_count == 0) {
		return;
	}
	out = map_key(map, REPLY_STREAMS);
	cbor_put_array(out, STREAM_ITEMS * reply->stream_count);
	for (size_t i = 0; i < reply->stream_count; i++) {
		cbor_put_uint(out, reply->streams[i].number);
		cbor_put_uint(out, reply->streams[i].kind);
		cbor_put_text(out, reply->streams[i].name);
	}
}

static void
checkpoint_put(const struct reply *reply, struct map_writer *map)
{
	uint8_t bytes[CHECKPOINT_SIZE];

	if (reply->has_checkpoint) {
		checkpoint_encode(&reply->checkpoint, bytes);
		cbor_put_bytes(map_key(map, REPLY_CHECKPOINT), span_of(bytes, sizeof bytes));
	}
}

static void
cursors_and_checkpoint_put(const struct reply *reply, struct map_writer *map)
{
	if (!cursor_equal(&reply->from, &start)) {
		cursor_put(&reply->from, map_key(map, REPLY_FROM));
	}
	checkpoint_put(reply, map);
	if (!cursor_equal(&reply->to, &reply->from)) {
		cursor_put(&reply->to, map_key(map, REPLY_TO));
	}
	if (reply->more) {
		cbor_put_bool(map_key(map, REPLY_MORE), true);
	}
}

static void
acks_put(const struct reply *reply, struct map_writer *map)
{
	struct buffer *out;

	if (reply->ack_count == 0) {
		return;
	}
	out = map_key(map, REPLY_ACKS);
	cbor_put_array(out, ACK_ITEMS * reply->ack_count);
	for (size_t i = 0; i < reply->ack_count; i++) {
		cbor_put_uint(out, reply->acks[i].first_n);
		cbor_put_uint(out, reply->acks[i].count);
		cbor_put_uint(out, reply->acks[i].seq);
	}
}

static void
exceptions_put(const struct reply *reply, struct map_writer *map)
{
	struct buffer *out;

	if (reply->exception_count == 0) {
		return;
	}
	out = map_key(map, REPLY_EXCEPTIONS);
	cbor_put_array(out, EXCEPTION_ITEMS * reply->exception_count);
	for (size_t i = 0; i < reply->exception_count; i++) {
		cbor_put_uint(out, reply->exceptions[i].n);
		cbor_put_uint(out, reply->exceptions[i].kind);
		cbor_put_uint(out, reply->exceptions[i].reason);
		cbor_put_int(out, reply->exceptions[i].tag);
	}
}

static void
records_put(const struct reply *reply, struct map_writer *map)
{
	size_t whole_count = 0;
	struct buffer *out;

	if (reply->record_count == 0) {
		return;
	}
	out = map_key(map, REPLY_RECORDS);
	cbor_put_array(out, reply->record_count);
	for (size_t i = 0; i < reply->record_count; i++) {
		buffer_append_span(out, reply->records[i]);
		whole_count += reply->whole[i] ? 1 : 0;
	}
	if (whole_count == 0) {
		return;
	}
	out = map_key(map, REPLY_WHOLE);
	cbor_put_array(out, whole_count);
	for (size_t i = 0; i < reply->record_count; i++) {
		if (reply->whole[i]) {
			cbor_put_uint(out, i);
		}
	}
}

static void
evicted_put(const struct reply *reply, struct map_writer *map)
{
	struct buffer *out;

	if (reply->evicted_count == 0) {
		return;
	}
	out = map_key(map, REPLY_EVICTED);
	cbor_put_array(out, reply->evicted_count);
	for (size_t i = 0; i < reply->evicted_count; i++) {
		cbor_put_uint(out, reply->evicted[i]);
	}
}

static void
scope_put(const struct reply *reply, struct map_writer *map)
{
	struct buffer *out;

	if (!reply->has_scope) {
		return;
	}
	out = map_key(map, REPLY_SCOPE);
	cbor_put_array(out, 1 + REGION_ITEMS * reply->scope_count);
	cbor_put_uint(out, reply->scope_version);
	regions_put(reply->scope, reply->scope_count, out);
}

enum status
reply_pack(const struct reply *reply, struct buffer *out, struct error *err)
{
	struct map_writer map;
	enum status status;

	if (!reply_within_limits(reply)) {
		return fail(err, STATUS_LIMIT, "reply of %zu records", reply->record_count);
	}
	map_writer_init(&map, MESSAGE_REPLY_MAX);
	if (reply->status != STATUS_OK) {
		status_put(reply->status, map_key(&map, REPLY_STATUS));
	}
	map_put_positive(&map, REPLY_TIME, (uint64_t)reply->server_time_ms);
	map_put_positive(&map, REPLY_EPOCH, reply->epoch);
	streams_put(reply, &map);
	cursors_and_checkpoint_put(reply, &map);
	map_put_positive(&map, REPLY_ACKED, reply->acked_n);
	acks_put(reply, &map);
	map_put_positive(&map, REPLY_SEND_FROM, reply->send_from);
	map_put_positive(&map, REPLY_R_SEEN, reply->r_seen);
	exceptions_put(reply, &map);
	records_put(reply, &map);
	evicted_put(reply, &map);
	if (reply->schema.version != 0) {
		schema_chunk_put(&reply->schema, map_key(&map, REPLY_SCHEMA));
	}
	scope_put(reply, &map);
	status = map_pack(&map, out, err);
	map_writer_finish(&map);
	return status;
}

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

/* Records are only told apart here: who needs one reads it with record_decode. */
static enum status
records_get(struct reader *in, struct arena *arena, struct reply *reply)
{
	if (!rows_get(in, 1, MESSAGE_RECORDS_MAX, &reply->record_count)) {
		return STATUS_MALFORMED;
	}
	reply->records = ARENA_ARRAY(arena, struct span, reply->record_count);
	reply->whole = ARENA_ARRAY(arena, bool, reply->record_count);
	if (reply->records == NULL || reply->whole == NULL) {
		return STATUS_LIMIT;
	}
	for (size_t i = 0; i < reply->record_count; i++) {
		enum cbor_kind kind;

		if (!cbor_peek(in, &kind) || kind != CBOR_ARRAY ||
		    !cbor_get_any(in, &reply->records[i]) ||
		    reply->records[i].length > RECORD_BYTES_MAX) {
			return STATUS_MALFORMED;
		}
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
evicted_get(struct reader *in, struct arena *arena, struct reply *reply)
{
	if (!rows_get(in, 1, MESSAGE_RECORDS_MAX, &reply->evicted_count)) {
		return STATUS_MALFORMED;
	}
	reply->evicted = ARENA_ARRAY(arena, uint64_t, reply->evicted_count);
	if (reply->evicted == NULL) {
		return STATUS_LIMIT;
	}
	for (size_t i = 0; i < reply->evicted_count; i++) {
		if (!positive_get(in, STORED_MAX, &reply->evicted[i])) {
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

static enum status
value_of_key_get(struct map_reader *map, struct arena *arena, struct reply *reply)
{
	struct reader *in = &map->in;

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
	case REPLY_MORE:
		return well_formed(cbor_get_bool(in, &reply->more) && reply->more);
	case REPLY_ACKED:
		return well_formed(positive_u32_get(in, CHANGE_N_MAX, &reply->acked_n));
	case REPLY_ACKS:
		return acks_get(in, arena, reply);
	case REPLY_SEND_FROM:
		return well_formed(positive_u32_get(in, CHANGE_N_MAX, &reply->send_from));
	case REPLY_R_SEEN:
		return well_formed(positive_get(in, STORED_MAX, &reply->r_seen));
	case REPLY_EXCEPTIONS:
		return exceptions_get(in, arena, reply);
	case REPLY_RECORDS:
		return records_get(in, arena, reply);
	case REPLY_WHOLE:
		return well_formed(whole_get(in, reply));
	case REPLY_EVICTED:
		return evicted_get(in, arena, reply);
	case REPLY_SCHEMA:
		return well_formed(schema_chunk_get(in, &reply->schema));
	case REPLY_SCOPE:
		return scope_get(in, arena, reply);
	default:
		return map_pass(map);
	}
}

enum status
reply_unpack(struct span packed, struct buffer *plain, struct arena *arena, struct reply *out,
	     struct error *err)
{
	struct reply reply = {.from = start, .to = start};
	struct map_reader map;
	enum status status = map_unpack(packed, plain, &map, err);

	if (status != STATUS_OK) {
		return status;
	}
	while (map_next(&map)) {
		status = value_of_key_get(&map, arena, &reply);
		if (status != STATUS_OK) {
			return fail(err, status, "reply, key %llu", (unsigned long long)map.key);
		}
	}
	if (!map_ended(&map)) {
		return fail(err, STATUS_MALFORMED, "end of the reply");
	}
	*out = reply;
	return STATUS_OK;
}

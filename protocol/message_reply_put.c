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
 *                     12 signature, 13 limit, 14 held
 *     2  server time  milliseconds since 1970, UTC                            0
 *     3  epoch        32 bits                                                 0
 *     4  streams      [number, kind, name, …]: who is behind a dot            none
 *     5  from         cursor of the head that is answered                     finished, 0
 *     6  checkpoint   112 bytes                                               none
 *     7  to           cursor                                                  as from
 *     8  epochs       [epoch, parent, cut, …], the present one last; the      none
 *                     first has parent 0 and cut 0
 *     9  more         true                                                    false
 *    10  lineages     [stream, parent, n, …], ascending by stream: who is     none
 *                     behind a dot went on after a fork
 *    11  acked n                                                              0
 *    12  proof        bytes, 32 for each hash: that the log of the head's        none
 *                     witness goes on into that of key 6, which is there
 *    13  acks         [first n, count, seq, …], ascending and disjoint        none
 *    15  send from    n                                                       0
 *    16  server key   [key id, key, url]: the newest, to who seals to an      none
 *                     older one
 *    17  r seen                                                               0
 *    18  erased       array of record ids                                     none
 *    19  exceptions   [n, kind, reason, tag, …]                               none
 *    20  show witness true: the head's witness is not of this log             false
 *    21  records      array of records, each a CBOR array; or, in columns:    none
 *                     bytes: varint of their number and the heads (columns.h)
 *    23  whole        ascending indexes of the records that replace           none
 *    24  receipt      [header, signature, hashes one after the other]: of     none
 *                     the newest change that the log has of the device
 *    25  evicted      array of record ids                                     none
 *    27  schema       [version, hash, size, offset, bytes]                    none
 *    29  scope        [scope version, low, high - low, …]                     none
 *    31  certificate  bytes: of the number that continues this device's,     none
 *                     after a fork
 *    35  scope version of that number                                         0
 *    39  bits         bytes: those of the columns of key 21, if they have any  none
 *
 * Arrays of rows are flat. The enrolment reply (enrolment.c) is a map of the same kind, has of
 * these keys 1, 2, 3, 27, 31 and 35, and adds
 *
 *    33  log key      32 bytes                                                none
 */
#include "column.h"
#include "columns.h"
#include "message.h"
#include "message_parts.h"

#include <stdlib.h>
#include <string.h>

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
	       reply->lineage_count <= MESSAGE_STREAMS_MAX &&
	       reply->epoch_count <= MESSAGE_EPOCHS_MAX &&
	       reply->record_count <= MESSAGE_RECORDS_MAX &&
	       reply->evicted_count <= MESSAGE_RECORDS_MAX &&
	       reply->erased_count <= MESSAGE_RECORDS_MAX &&
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
		map->random += sizeof bytes;
	}
}

static void
epochs_put(const struct reply *reply, struct map_writer *map)
{
	struct buffer *out;

	if (reply->epoch_count == 0) {
		return;
	}
	out = map_key(map, REPLY_EPOCHS);
	cbor_put_array(out, EPOCH_ITEMS * reply->epoch_count);
	for (size_t i = 0; i < reply->epoch_count; i++) {
		cbor_put_uint(out, reply->epochs[i].epoch);
		cbor_put_uint(out, reply->epochs[i].parent);
		cbor_put_uint(out, reply->epochs[i].cut);
	}
}

static void
lineages_put(const struct reply *reply, struct map_writer *map)
{
	struct buffer *out;

	if (reply->lineage_count == 0) {
		return;
	}
	out = map_key(map, REPLY_LINEAGES);
	cbor_put_array(out, LINEAGE_ITEMS * reply->lineage_count);
	for (size_t i = 0; i < reply->lineage_count; i++) {
		cbor_put_uint(out, reply->lineages[i].stream);
		cbor_put_uint(out, reply->lineages[i].parent);
		cbor_put_uint(out, reply->lineages[i].n);
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
	epochs_put(reply, map);
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
newer_key_put(const struct reply *reply, struct map_writer *map)
{
	struct buffer *out;

	if (!reply->has_newer_key) {
		return;
	}
	out = map_key(map, REPLY_SERVER_KEY);
	cbor_put_array(out, SERVER_KEY_ITEMS);
	cbor_put_uint(out, reply->newer_key.id);
	cbor_put_bytes(out, span_of(reply->newer_key.key, sizeof reply->newer_key.key));
	cbor_put_text(out, reply->newer_key.url);
}

static void
lease_put(const struct reply *reply, struct map_writer *map)
{
	uint8_t bytes[LEASE_SIZE] = {(uint8_t)reply->lease.days, (uint8_t)(reply->lease.days >> 8)};

	if (!reply->has_lease) {
		return;
	}
	memcpy(bytes + 2, reply->lease.share, LEASE_SHARE_SIZE);
	cbor_put_bytes(map_key(map, REPLY_LEASE), span_of(bytes, sizeof bytes));
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
receipt_put(const struct reply *reply, struct map_writer *map)
{
	const struct receipt *receipt = &reply->receipt;
	struct buffer *out;

	if (receipt->header.length == 0) {
		return;
	}
	out = map_key(map, REPLY_RECEIPT);
	cbor_put_array(out, RECEIPT_ITEMS);
	cbor_put_bytes(out, receipt->header);
	cbor_put_bytes(out, span_of(receipt->signature, sizeof receipt->signature));
	cbor_put_bytes(out, receipt->path);
	map->random += HASH_SIZE + sizeof receipt->signature + receipt->path.length;
}

/* Records in columns, if they are worth it: one alone shares its shape with no other. */
enum { COLUMNS_WORTH = 2 };

/* The type is the second item: records of one type have the same fields. 0 if there is none. */
static uint32_t
record_type(struct span record)
{
	struct reader in = reader_of(record);
	struct span id;
	uint64_t type;
	size_t parts;

	if (!cbor_get_array(&in, SIZE_MAX, &parts) || parts < 2 || !cbor_get_any(&in, &id) ||
	    !cbor_get_uint_max(&in, CHANGE_TAG_MAX, &type)) {
		return 0;
	}
	return (uint32_t)type;
}

/* UNSUPPORTED: the records have to travel as rows. */
static enum status
columns_make(const struct reply *reply, struct buffer *heads, struct buffer *bits)
{
	uint32_t *types;
	enum status status;

	if (reply->record_count < COLUMNS_WORTH) {
		return STATUS_UNSUPPORTED;
	}
	types = calloc(reply->record_count, sizeof *types);
	if (types == NULL) {
		return STATUS_MEMORY;
	}
	for (size_t i = 0; i < reply->record_count; i++) {
		types[i] = record_type(reply->records[i]);
	}
	varint_put(heads, reply->record_count);
	status = columns_put(reply->records, types, reply->record_count, heads, bits, NULL);
	free(types);
	return status;
}

static void
rows_put(const struct reply *reply, struct buffer *out)
{
	cbor_put_array(out, reply->record_count);
	for (size_t i = 0; i < reply->record_count; i++) {
		buffer_append_span(out, reply->records[i]);
	}
}

static void
whole_put(const struct reply *reply, struct map_writer *map)
{
	size_t whole_count = 0;
	struct buffer *out;

	for (size_t i = 0; i < reply->record_count; i++) {
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

/* `bits` takes what is to stand at the end of the map. */
static enum status
records_put(const struct reply *reply, struct map_writer *map, struct buffer *bits,
	    struct error *err)
{
	struct buffer heads;
	enum status status;

	if (reply->record_count == 0) {
		return STATUS_OK;
	}
	buffer_init(&heads, MESSAGE_REPLY_MAX);
	status = columns_make(reply, &heads, bits);
	if (status == STATUS_OK) {
		cbor_put_bytes(map_key(map, REPLY_RECORDS), buffer_span(&heads));
	} else if (status == STATUS_UNSUPPORTED) {
		buffer_clear(bits);
		rows_put(reply, map_key(map, REPLY_RECORDS));
		status = STATUS_OK;
	}
	buffer_finish(&heads);
	if (status != STATUS_OK) {
		return fail(err, status, "writing a reply");
	}
	whole_put(reply, map);
	return STATUS_OK;
}

static void
ids_put(struct map_writer *map, uint64_t key, const uint64_t *ids, size_t count)
{
	struct buffer *out;

	if (count == 0) {
		return;
	}
	out = map_key(map, key);
	cbor_put_array(out, count);
	for (size_t i = 0; i < count; i++) {
		cbor_put_uint(out, ids[i]);
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

/* All but status, time and epoch. */
static enum status
body_put(const struct reply *reply, struct map_writer *map, struct buffer *bits, struct error *err)
{
	enum status status;

	streams_put(reply, map);
	cursors_and_checkpoint_put(reply, map);
	lineages_put(reply, map);
	map_put_positive(map, REPLY_ACKED, reply->acked_n);
	if (reply->has_proof) {
		cbor_put_bytes(map_key(map, REPLY_PROOF), reply->proof);
		map->random += reply->proof.length;
	}
	acks_put(reply, map);
	lease_put(reply, map);
	map_put_positive(map, REPLY_SEND_FROM, reply->send_from);
	newer_key_put(reply, map);
	map_put_positive(map, REPLY_R_SEEN, reply->r_seen);
	ids_put(map, REPLY_ERASED, reply->erased, reply->erased_count);
	exceptions_put(reply, map);
	if (reply->show_witness) {
		cbor_put_bool(map_key(map, REPLY_SHOW_WITNESS), true);
	}
	status = records_put(reply, map, bits, err);
	if (status != STATUS_OK) {
		return status;
	}
	receipt_put(reply, map);
	ids_put(map, REPLY_EVICTED, reply->evicted, reply->evicted_count);
	if (reply->schema.version != 0) {
		schema_chunk_put(&reply->schema, map_key(map, REPLY_SCHEMA));
	}
	scope_put(reply, map);
	if (reply->certificate.length > 0) {
		cbor_put_bytes(map_key(map, REPLY_CERTIFICATE), reply->certificate);
	}
	map_put_positive(map, REPLY_SCOPE_VERSION, reply->certified_scope_version);
	if (bits->length > 0) {
		cbor_put_bytes(map_key(map, REPLY_BITS), buffer_span(bits));
		map->noise = bits->length;
		map->random += bits->length;
	}
	return STATUS_OK;
}

enum status
reply_pack(const struct reply *reply, struct buffer *out, struct error *err)
{
	struct map_writer map;
	struct buffer bits;
	enum status status;

	if (!reply_within_limits(reply)) {
		return fail(err, STATUS_LIMIT, "reply of %zu records", reply->record_count);
	}
	buffer_init(&bits, MESSAGE_REPLY_MAX);
	map_writer_init(&map, MESSAGE_REPLY_MAX);
	if (reply->status != STATUS_OK) {
		status_put(reply->status, map_key(&map, REPLY_STATUS));
	}
	map_put_positive(&map, REPLY_TIME, (uint64_t)reply->server_time_ms);
	map_put_positive(&map, REPLY_EPOCH, reply->epoch);
	status = body_put(reply, &map, &bits, err);
	if (status == STATUS_OK) {
		status = map_pack(&map, out, err);
	}
	map_writer_finish(&map);
	buffer_finish(&bits);
	return status;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "message_parts.h"

#include "deflate.h"

enum { CURSOR_ITEMS = 3, CHUNK_ITEMS = 5, REPLY_DICTIONARY = DICTIONARY_NEWEST };

/* A reply with fewer bytes that may compress is not deflated: that would save next to nothing, and
 * cost the server more than all the rest of the reply (60 of 80 us). */
enum { DEFLATE_LEAST = 96 };

/* Numbers on the wire for ever. */
static const struct {
	enum status status;
	uint8_t number;
} wire_statuses[] = {
	{STATUS_OK, 0},		{STATUS_FORK, 1},	  {STATUS_REVOKED, 2},
	{STATUS_FOREIGN, 3},	{STATUS_GAP, 4},	  {STATUS_UNSUPPORTED, 5},
	{STATUS_MALFORMED, 6},	{STATUS_CODE_UNKNOWN, 7}, {STATUS_CODE_EXPIRED, 8},
	{STATUS_CODE_USED, 9},	{STATUS_BUSY, 10},	  {STATUS_INTERNAL, 11},
	{STATUS_SIGNATURE, 12}, {STATUS_LIMIT, 13},	  {STATUS_HELD, 14},
};
enum { WIRE_STATUS_COUNT = sizeof wire_statuses / sizeof wire_statuses[0], WIRE_INTERNAL = 11 };

bool
cursor_finished(const struct cursor *cursor)
{
	return cursor->key == cursor->complete && cursor->id == CURSOR_ID_END;
}

bool
cursor_equal(const struct cursor *a, const struct cursor *b)
{
	return a->complete == b->complete && a->key == b->key && a->id == b->id;
}

void
cursor_put(const struct cursor *cursor, struct buffer *out)
{
	if (cursor_finished(cursor)) {
		cbor_put_uint(out, cursor->complete);
		return;
	}
	cbor_put_array(out, CURSOR_ITEMS);
	cbor_put_uint(out, cursor->complete);
	cbor_put_uint(out, cursor->key);
	cbor_put_uint(out, cursor->id);
}

bool
cursor_get(struct reader *in, struct cursor *out)
{
	struct cursor cursor;
	enum cbor_kind kind;
	size_t items;

	if (!cbor_peek(in, &kind)) {
		return false;
	}
	if (kind == CBOR_INTEGER) {
		if (!cbor_get_uint_max(in, STORED_MAX, &cursor.complete)) {
			return false;
		}
		cursor.key = cursor.complete;
		cursor.id = CURSOR_ID_END;
		*out = cursor;
		return true;
	}
	if (!cbor_get_array(in, CURSOR_ITEMS, &items) || items != CURSOR_ITEMS ||
	    !cbor_get_uint_max(in, STORED_MAX, &cursor.complete) ||
	    !cbor_get_uint_max(in, STORED_MAX, &cursor.key) ||
	    !cbor_get_uint_max(in, CURSOR_ID_END, &cursor.id) || cursor_finished(&cursor)) {
		return false;
	}
	*out = cursor;
	return true;
}

void
regions_put(const struct region *regions, size_t count, struct buffer *out)
{
	for (size_t i = 0; i < count; i++) {
		cbor_put_uint(out, regions[i].low);
		cbor_put_uint(out, regions[i].high - regions[i].low);
	}
}

enum status
regions_get(struct reader *in, size_t count, struct arena *arena, struct region **out)
{
	struct region *regions;

	if (count > MESSAGE_SCOPE_MAX) {
		return STATUS_MALFORMED;
	}
	regions = ARENA_ARRAY(arena, struct region, count);
	if (regions == NULL) {
		return STATUS_LIMIT;
	}
	for (size_t i = 0; i < count; i++) {
		uint64_t width;

		if (!cbor_get_uint_max(in, STORED_MAX, &regions[i].low) ||
		    !cbor_get_uint_max(in, STORED_MAX, &width)) {
			return STATUS_MALFORMED;
		}
		regions[i].high = regions[i].low + width;
		if (!region_valid(regions[i])) {
			return STATUS_MALFORMED;
		}
	}
	*out = regions;
	return STATUS_OK;
}

void
schema_chunk_put(const struct schema_chunk *chunk, struct buffer *out)
{
	cbor_put_array(out, CHUNK_ITEMS);
	cbor_put_uint(out, chunk->version);
	cbor_put_bytes(out, span_of(chunk->hash, HASH_SIZE));
	cbor_put_uint(out, chunk->size);
	cbor_put_uint(out, chunk->offset);
	cbor_put_bytes(out, chunk->bytes);
}

bool
schema_chunk_get(struct reader *in, struct schema_chunk *out)
{
	struct schema_chunk chunk;
	uint64_t offset;
	size_t items;

	if (!cbor_get_array(in, CHUNK_ITEMS, &items) || items != CHUNK_ITEMS ||
	    !positive_u32_get(in, UINT32_MAX, &chunk.version) ||
	    !cbor_get_bytes_exact(in, chunk.hash, HASH_SIZE) ||
	    !positive_u32_get(in, SCHEMA_BYTES_MAX, &chunk.size) ||
	    !cbor_get_uint_max(in, chunk.size, &offset) || !cbor_get_bytes(in, &chunk.bytes) ||
	    chunk.bytes.length > chunk.size - offset) {
		return false;
	}
	chunk.offset = (uint32_t)offset;
	*out = chunk;
	return true;
}

void
status_put(enum status status, struct buffer *out)
{
	for (size_t i = 0; i < WIRE_STATUS_COUNT; i++) {
		if (wire_statuses[i].status == status) {
			cbor_put_uint(out, wire_statuses[i].number);
			return;
		}
	}
	cbor_put_uint(out, WIRE_INTERNAL);
}

enum status
status_get(struct reader *in, enum status *out)
{
	uint64_t number;

	if (!positive_get(in, UINT64_MAX, &number)) {
		return STATUS_MALFORMED;
	}
	for (size_t i = 0; i < WIRE_STATUS_COUNT; i++) {
		if (wire_statuses[i].number == number) {
			*out = wire_statuses[i].status;
			return STATUS_OK;
		}
	}
	return STATUS_UNSUPPORTED;
}

bool
positive_get(struct reader *in, uint64_t limit, uint64_t *out)
{
	uint64_t value;

	if (!cbor_get_uint_max(in, limit, &value) || value == 0) {
		return false;
	}
	*out = value;
	return true;
}

bool
positive_u32_get(struct reader *in, uint32_t limit, uint32_t *out)
{
	uint64_t value;

	if (!positive_get(in, limit, &value)) {
		return false;
	}
	*out = (uint32_t)value;
	return true;
}

bool
some_bytes_get(struct reader *in, struct span *out)
{
	return cbor_get_bytes(in, out) && out->length > 0;
}

bool
time_get(struct reader *in, int64_t *out)
{
	uint64_t time;

	if (!positive_get(in, STORED_MAX, &time)) {
		return false;
	}
	*out = (int64_t)time;
	return true;
}

void
map_writer_init(struct map_writer *map, size_t limit)
{
	buffer_init(&map->items, limit);
	map->pairs = 0;
	map->noise = 0;
	map->random = 0;
}

void
map_writer_finish(struct map_writer *map)
{
	buffer_finish(&map->items);
}

struct buffer *
map_key(struct map_writer *map, uint64_t key)
{
	map->pairs++;
	cbor_put_uint(&map->items, key);
	return &map->items;
}

void
map_put_positive(struct map_writer *map, uint64_t key, uint64_t value)
{
	if (value != 0) {
		cbor_put_uint(map_key(map, key), value);
	}
}

/* The items become plain bytes behind the map's head, then packed bytes behind the two that say
 * how they were packed. */
static enum status
map_pack_plain(const struct map_writer *map, struct buffer *plain, struct buffer *packed,
	       struct buffer *out, struct error *err)
{
	enum pack_method method = PACK_STORED;
	struct span dictionary;
	enum status status;

	cbor_put_map(plain, map->pairs);
	buffer_append_span(plain, buffer_span(&map->items));
	status = buffer_status(plain, "writing a reply", err);
	if (status != STATUS_OK) {
		return status;
	}
	if (!dictionary_find(REPLY_DICTIONARY, &dictionary)) {
		return fail(err, STATUS_INTERNAL, "no dictionary %d", REPLY_DICTIONARY);
	}
	if (plain->length - map->random < DEFLATE_LEAST) {
		buffer_append_span(packed, buffer_span(plain));
	} else {
		status = pack_smaller(buffer_span(plain), map->noise, dictionary, packed, &method,
				      err);
	}
	if (status != STATUS_OK) {
		return status;
	}
	buffer_append_byte(out, (uint8_t)method);
	buffer_append_byte(out, REPLY_DICTIONARY);
	buffer_append_span(out, buffer_span(packed));
	return buffer_status(out, "writing a reply", err);
}

enum status
map_pack(struct map_writer *map, struct buffer *out, struct error *err)
{
	size_t before = out->length;
	struct buffer plain;
	struct buffer packed;
	enum status status = buffer_status(&map->items, "writing a reply", err);

	if (status != STATUS_OK) {
		return status;
	}
	buffer_init(&plain, MESSAGE_REPLY_MAX);
	buffer_init(&packed, MESSAGE_REPLY_MAX);
	status = map_pack_plain(map, &plain, &packed, out, err);
	if (status != STATUS_OK) {
		out->length = before;
	}
	buffer_finish(&packed);
	buffer_finish(&plain);
	return status;
}

enum status
map_unpack(struct span packed, struct buffer *plain, struct map_reader *out, struct error *err)
{
	struct reader in = reader_of(packed);
	struct map_reader map = {0};
	uint8_t method;
	uint8_t dictionary;
	enum status status;

	buffer_clear(plain);
	if (!reader_byte(&in, &method) || !reader_byte(&in, &dictionary)) {
		return fail(err, STATUS_MALFORMED, "reply of %zu bytes", packed.length);
	}
	status = pack_open(method, dictionary, span_of(in.at, in.left), MESSAGE_REPLY_MAX, plain,
			   err);
	if (status != STATUS_OK) {
		return status;
	}
	map.in = reader_of(buffer_span(plain));
	if (!cbor_get_map(&map.in, REPLY_KEYS_MAX, &map.left)) {
		return fail(err, STATUS_MALFORMED, "reply is no map");
	}
	*out = map;
	return STATUS_OK;
}

bool
map_next(struct map_reader *map)
{
	uint64_t key;

	if (map->left == 0 || !cbor_get_uint(&map->in, &key) || (map->started && key <= map->key)) {
		return false;
	}
	map->started = true;
	map->key = key;
	map->left--;
	return true;
}

enum status
map_pass(struct map_reader *map)
{
	struct span value;

	if ((map->key & 1) != 0) {
		return STATUS_UNSUPPORTED;
	}
	return cbor_get_any(&map->in, &value) ? STATUS_OK : STATUS_MALFORMED;
}

bool
map_ended(const struct map_reader *map)
{
	return map->left == 0 && map->in.left == 0;
}

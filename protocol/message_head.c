/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The head of a request: a CBOR array of 19, 20, 22 or 23 items in this order.
 *
 *    0  device          1 to 2^31 - 1
 *    1  epoch           32 bits
 *    2  r               request counter, below 2^63
 *    3  cursor          unsigned integer `complete` after a finished loop of pages, else the array
 *                       [complete, key, id]; each below 2^63
 *    4  first n         of the changes in the body, 1 to 2^31 - 1
 *    5  count           of the changes in the body, 0 to 4096
 *    6  more n          the device's own counter - (first n + count - 1)
 *    7  h_last          32 bytes
 *    8  witness size    0: none
 *    9  witness root    8 bytes; no bytes when the witness size is 0
 *   10  clock, wall     UTC seconds, within a change's bounds of time
 *   11  clock, shift    estimated minus wall, seconds, within the same bounds
 *   12  clock, quality
 *   13  scope version
 *   14  schema version  0: none
 *   15  schema hash     8 bytes; no bytes when the schema version is 0
 *   16  schema held     bytes held of the next schema
 *   17  room            bytes that the reply may have, sealed
 *   18  programme       protocol features of the sender
 *   19  certificate     bytes, not empty; the item is there only after a new epoch was told, for a
 *                       server that was restored from a backup without this device
 *   20  continuing key  32 bytes; this item and the next are there only when an installation
 *                       asks to go on after a fork, and then item 19 may be empty
 *   21  continuing n    the last change that is the log's as well; 0 to 2^31 - 1
 *   22  shown           112 bytes: the checkpoint that items 8 and 9 are of; the item is there only
 *                       when a server has asked for it, and then items 19 to 21 may be empty,
 *                       empty and 0
 *
 * Differences and the empty strings keep a usual head at about 100 bytes.
 */
#include "message.h"
#include "message_parts.h"

#include <string.h>

enum {
	HEAD_ITEMS = 19,
	HEAD_ITEMS_SHOWN = 20,
	HEAD_ITEMS_CONTINUING = 22,
	HEAD_ITEMS_WITNESS = 23,
	SHORT_HASH_SIZE = 8,
};

/* Eight bytes that are there only with their number. */
static void
short_hash_put(bool present, const uint8_t hash[SHORT_HASH_SIZE], struct buffer *out)
{
	cbor_put_bytes(out, span_of(hash, present ? SHORT_HASH_SIZE : 0));
}

static bool
short_hash_get(struct reader *in, bool present, uint8_t hash_out[SHORT_HASH_SIZE])
{
	memset(hash_out, 0, SHORT_HASH_SIZE);
	return cbor_get_bytes_exact(in, hash_out, present ? SHORT_HASH_SIZE : 0);
}

static size_t
head_items(const struct request_head *head)
{
	if (head->shows) {
		return HEAD_ITEMS_WITNESS;
	}
	if (head->continues) {
		return HEAD_ITEMS_CONTINUING;
	}
	return head->certificate.length > 0 ? HEAD_ITEMS_SHOWN : HEAD_ITEMS;
}

void
request_head_encode(const struct request_head *head, struct buffer *out)
{
	const size_t items = head_items(head);
	uint8_t shown[CHECKPOINT_SIZE];

	cbor_put_array(out, items);
	cbor_put_uint(out, head->device);
	cbor_put_uint(out, head->epoch);
	cbor_put_uint(out, head->r);
	cursor_put(&head->cursor, out);
	cbor_put_uint(out, head->first_n);
	cbor_put_uint(out, head->count);
	cbor_put_uint(out, (uint64_t)head->known_n + 1 - head->first_n - head->count);
	cbor_put_bytes(out, span_of(head->h_last, HASH_SIZE));
	cbor_put_uint(out, head->witness_size);
	short_hash_put(head->witness_size != 0, head->witness_root, out);
	cbor_put_int(out, head->clock_wall);
	cbor_put_int(out, head->clock_shift);
	cbor_put_uint(out, head->clock_quality);
	cbor_put_uint(out, head->scope_version);
	cbor_put_uint(out, head->schema_version);
	short_hash_put(head->schema_version != 0, head->schema_hash, out);
	cbor_put_uint(out, head->schema_held);
	cbor_put_uint(out, head->room);
	cbor_put_uint(out, head->programme);
	if (items >= HEAD_ITEMS_SHOWN) {
		cbor_put_bytes(out, head->certificate);
	}
	if (items >= HEAD_ITEMS_CONTINUING) {
		cbor_put_bytes(out, span_of(head->continuing_key,
					    head->continues ? sizeof head->continuing_key : 0));
		cbor_put_uint(out, head->continues ? head->continuing_n : 0);
	}
	if (head->shows) {
		checkpoint_encode(&head->shown, shown);
		cbor_put_bytes(out, span_of(shown, sizeof shown));
	}
}

static bool
get_changes(struct reader *in, struct request_head *head)
{
	uint64_t count;
	uint64_t more;
	uint64_t last;

	if (!positive_u32_get(in, CHANGE_N_MAX, &head->first_n) ||
	    !cbor_get_uint_max(in, MESSAGE_CHANGES_MAX, &count) ||
	    !cbor_get_uint_max(in, CHANGE_N_MAX, &more)) {
		return false;
	}
	last = (uint64_t)head->first_n + count - 1;
	if (last + more > CHANGE_N_MAX) {
		return false;
	}
	head->count = (uint32_t)count;
	head->known_n = (uint32_t)(last + more);
	return true;
}

static bool
get_clock(struct reader *in, int64_t *out)
{
	return cbor_get_int(in, out) && *out >= -CHANGE_TIME_MAX && *out <= CHANGE_TIME_MAX;
}

static bool
get_certificate(struct reader *in, size_t items, struct request_head *head)
{
	if (items == HEAD_ITEMS) {
		return true;
	}
	return cbor_get_bytes(in, &head->certificate) &&
	       (head->certificate.length > 0 || items >= HEAD_ITEMS_CONTINUING);
}

static bool
get_continuing(struct reader *in, size_t items, struct request_head *head)
{
	struct span key;
	uint64_t n;

	if (items < HEAD_ITEMS_CONTINUING) {
		return items <= HEAD_ITEMS_SHOWN;
	}
	if (!cbor_get_bytes(in, &key) || !cbor_get_uint_max(in, CHANGE_N_MAX, &n)) {
		return false;
	}
	if (key.length == 0) {
		return items == HEAD_ITEMS_WITNESS && n == 0;
	}
	if (key.length != sizeof head->continuing_key || head->count > 0) {
		return false;
	}
	head->continues = true;
	memcpy(head->continuing_key, key.at, sizeof head->continuing_key);
	head->continuing_n = (uint32_t)n;
	return true;
}

/* It says nothing else than items 8 and 9 do, only all of it. */
static bool
get_shown(struct reader *in, size_t items, struct request_head *head)
{
	uint8_t bytes[CHECKPOINT_SIZE];

	head->shows = items == HEAD_ITEMS_WITNESS;
	if (!head->shows) {
		return true;
	}
	if (!cbor_get_bytes_exact(in, bytes, sizeof bytes)) {
		return false;
	}
	checkpoint_decode(bytes, &head->shown);
	return head->witness_size != 0 && head->shown.size == head->witness_size &&
	       memcmp(head->shown.root, head->witness_root, SHORT_HASH_SIZE) == 0;
}

bool
request_head_decode(struct span bytes, struct request_head *out)
{
	struct reader in = reader_of(bytes);
	struct request_head head = {.certificate = {NULL, 0}};
	size_t items;

	if (!cbor_get_array(&in, HEAD_ITEMS_WITNESS, &items) || items < HEAD_ITEMS ||
	    !positive_u32_get(&in, CHANGE_STREAM_MAX, &head.device) ||
	    !cbor_get_u32(&in, &head.epoch) || !cbor_get_uint_max(&in, STORED_MAX, &head.r) ||
	    !cursor_get(&in, &head.cursor) || !get_changes(&in, &head) ||
	    !cbor_get_bytes_exact(&in, head.h_last, HASH_SIZE) ||
	    !cbor_get_uint_max(&in, STORED_MAX, &head.witness_size) ||
	    !short_hash_get(&in, head.witness_size != 0, head.witness_root) ||
	    !get_clock(&in, &head.clock_wall) || !get_clock(&in, &head.clock_shift) ||
	    !cbor_get_u32(&in, &head.clock_quality) ||
	    !cbor_get_uint_max(&in, STORED_MAX, &head.scope_version) ||
	    !cbor_get_u32(&in, &head.schema_version) ||
	    !short_hash_get(&in, head.schema_version != 0, head.schema_hash) ||
	    !cbor_get_u32(&in, &head.schema_held) || !cbor_get_u32(&in, &head.room) ||
	    !cbor_get_u32(&in, &head.programme) || !get_certificate(&in, items, &head) ||
	    !get_continuing(&in, items, &head) || !get_shown(&in, items, &head) || in.left != 0) {
		return false;
	}
	*out = head;
	return true;
}

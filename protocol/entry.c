/* SPDX-License-Identifier: Apache-2.0 */
#include "entry.h"

#include "cbor.h"
#include "change.h"
#include "tree.h"

#include <assert.h>
#include <string.h>

enum { ENTRY_LAYOUT = 1, ENTRY_ITEMS = 14 };

const char *
entry_kind_name(enum entry_kind kind)
{
	switch (kind) {
	case ENTRY_CHANGE:
		return "change";
	case ENTRY_RELEASE:
		return "release";
	case ENTRY_SCHEMA:
		return "schema";
	case ENTRY_SCOPE:
		return "scope";
	case ENTRY_ADMIN:
		return "admin";
	case ENTRY_EPOCH:
		return "epoch";
	case ENTRY_ERASURE:
		return "erasure";
	case ENTRY_READ:
		return "read";
	}
	return "unknown";
}

const char *
quarantine_why(uint32_t reason)
{
	switch (reason) {
#define QUARANTINE_WHY(number, name, why, next)                                                    \
	case number:                                                                               \
		return why;
		QUARANTINE_TABLE(QUARANTINE_WHY)
#undef QUARANTINE_WHY
	default:
		return "";
	}
}

const char *
quarantine_next(uint32_t reason)
{
	switch (reason) {
#define QUARANTINE_NEXT(number, name, why, next)                                                   \
	case number:                                                                               \
		return next;
		QUARANTINE_TABLE(QUARANTINE_NEXT)
#undef QUARANTINE_NEXT
	default:
		return "";
	}
}

void
entry_encode(const struct entry *entry, struct buffer *out)
{
	cbor_put_array(out, ENTRY_ITEMS);
	cbor_put_uint(out, ENTRY_LAYOUT);
	cbor_put_uint(out, (uint64_t)entry->kind);
	cbor_put_uint(out, entry->seq);
	cbor_put_int(out, entry->received_ms);
	cbor_put_uint(out, entry->session);
	cbor_put_uint(out, entry->stream);
	cbor_put_uint(out, entry->n);
	cbor_put_int(out, entry->time);
	cbor_put_uint(out, entry->user);
	cbor_put_uint(out, entry->record);
	cbor_put_uint(out, (uint64_t)entry->verdict);
	cbor_put_uint(out, entry->reason);
	cbor_put_uint(out, entry->schema_version);
	cbor_put_bytes(out, span_of(entry->commitment, HASH_SIZE));
}

/* All items but the last are integers. */
enum {
	AT_LAYOUT,
	AT_KIND,
	AT_SEQ,
	AT_RECEIVED,
	AT_SESSION,
	AT_STREAM,
	AT_N,
	AT_TIME,
	AT_USER,
	AT_RECORD,
	AT_VERDICT,
	AT_REASON,
	AT_SCHEMA_VERSION,
	AT_COMMITMENT
};

/* None is below 0 but the two times, or has more bits than these. */
static bool
items_within_bounds(const int64_t items[AT_COMMITMENT])
{
	static const uint8_t most_bits[AT_COMMITMENT] = {
		[AT_LAYOUT] = 1,  [AT_KIND] = 4,    [AT_SEQ] = 63,	     [AT_SESSION] = 63,
		[AT_STREAM] = 31, [AT_N] = 31,	    [AT_USER] = 32,	     [AT_RECORD] = 63,
		[AT_VERDICT] = 1, [AT_REASON] = 32, [AT_SCHEMA_VERSION] = 32};

	for (size_t i = 0; i < AT_COMMITMENT; i++) {
		if (most_bits[i] != 0 && (uint64_t)items[i] >> most_bits[i] != 0) {
			return false;
		}
	}
	return items[AT_LAYOUT] == ENTRY_LAYOUT && items[AT_SEQ] != 0 && items[AT_KIND] != 0 &&
	       items[AT_KIND] <= ENTRY_READ;
}

bool
entry_decode(struct span header, struct entry *out)
{
	struct reader in = reader_of(header);
	int64_t items[AT_COMMITMENT];
	uint8_t commitment[HASH_SIZE];
	size_t count;

	if (!cbor_get_array(&in, ENTRY_ITEMS, &count) || count != ENTRY_ITEMS) {
		return false;
	}
	for (size_t i = 0; i < AT_COMMITMENT; i++) {
		if (!cbor_get_int(&in, &items[i])) {
			return false;
		}
	}
	if (!items_within_bounds(items) ||
	    !cbor_get_bytes_exact(&in, commitment, sizeof commitment) || in.left != 0) {
		return false;
	}
	*out = (struct entry){.kind = (enum entry_kind)items[AT_KIND],
			      .seq = (uint64_t)items[AT_SEQ],
			      .received_ms = items[AT_RECEIVED],
			      .session = (uint64_t)items[AT_SESSION],
			      .stream = (uint32_t)items[AT_STREAM],
			      .n = (uint32_t)items[AT_N],
			      .time = items[AT_TIME],
			      .user = (uint32_t)items[AT_USER],
			      .record = (uint64_t)items[AT_RECORD],
			      .verdict = (enum verdict)items[AT_VERDICT],
			      .reason = (uint32_t)items[AT_REASON],
			      .schema_version = (uint32_t)items[AT_SCHEMA_VERSION]};
	memcpy(out->commitment, commitment, HASH_SIZE);
	return true;
}

void
entry_leaf(const struct entry *entry, uint8_t leaf_out[HASH_SIZE])
{
	/* No header is longer, so nothing is taken from the heap for it. */
	uint8_t bytes[ENTRY_HEADER_MAX];
	struct buffer header = {.at = bytes, .capacity = sizeof bytes, .limit = sizeof bytes};

	entry_encode(entry, &header);
	assert(header.status == STATUS_OK);
	tree_leaf(buffer_span(&header), leaf_out);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "entry.h"

#include "cbor.h"
#include "change.h"
#include "tree.h"

#include <assert.h>

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

static bool
get_layout_and_kind(struct reader *in, struct entry *out)
{
	uint64_t layout;
	uint64_t kind;
	size_t items;

	if (!cbor_get_array(in, ENTRY_ITEMS, &items) || items != ENTRY_ITEMS ||
	    !cbor_get_uint(in, &layout) || layout != ENTRY_LAYOUT ||
	    !cbor_get_uint_max(in, ENTRY_READ, &kind) || kind < ENTRY_CHANGE) {
		return false;
	}
	out->kind = (enum entry_kind)kind;
	return true;
}

static bool
get_place(struct reader *in, struct entry *out)
{
	uint64_t stream;
	uint64_t n;

	if (!cbor_get_uint_max(in, INT64_MAX, &out->seq) || out->seq == 0 ||
	    !cbor_get_int(in, &out->received_ms) ||
	    !cbor_get_uint_max(in, INT64_MAX, &out->session) ||
	    !cbor_get_uint_max(in, CHANGE_STREAM_MAX, &stream) ||
	    !cbor_get_uint_max(in, CHANGE_N_MAX, &n)) {
		return false;
	}
	out->stream = (uint32_t)stream;
	out->n = (uint32_t)n;
	return true;
}

static bool
get_verdict(struct reader *in, struct entry *out)
{
	uint64_t verdict;

	if (!cbor_get_uint_max(in, VERDICT_QUARANTINED, &verdict) ||
	    !cbor_get_u32(in, &out->reason)) {
		return false;
	}
	out->verdict = (enum verdict)verdict;
	return true;
}

bool
entry_decode(struct span header, struct entry *out)
{
	struct reader in = reader_of(header);
	struct entry entry;

	if (!get_layout_and_kind(&in, &entry) || !get_place(&in, &entry) ||
	    !cbor_get_int(&in, &entry.time) || !cbor_get_u32(&in, &entry.user) ||
	    !cbor_get_uint_max(&in, INT64_MAX, &entry.record) || !get_verdict(&in, &entry) ||
	    !cbor_get_u32(&in, &entry.schema_version) ||
	    !cbor_get_bytes_exact(&in, entry.commitment, HASH_SIZE) || in.left != 0) {
		return false;
	}
	*out = entry;
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

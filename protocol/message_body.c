/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The body of a request:
 *
 *     method | coding | dictionary | packed
 *
 * one byte each, then the packed bytes: as they are (method 0) or raw deflate (1) with the preset
 * dictionary of that number (0: none). Unpacked they are
 *
 *     CBOR array of batches, each the array [last n, 16 bytes of seed], ascending
 *     CBOR unsigned integer: the number of changes
 *
 * and then the changes, ascending n. With coding 0: the canonical bytes of each, one after the
 * other. With coding 1 (columns.h):
 *
 *     CBOR unsigned integer: the number of bytes of bits
 *     heads
 *     bits
 *
 * Without changes there are no batches, and with changes each batch has one at least.
 */
#include "columns.h"
#include "deflate.h"
#include "message.h"
#include "message_parts.h"

#include <stdlib.h>

enum { BODY_DICTIONARY = DICTIONARY_NEWEST, BATCH_ITEMS = 2, CHANGE_TYPE_KEY = 4 };

static enum status
body_check(const struct request_body *body, struct error *err)
{
	if (body->change_count > MESSAGE_CHANGES_MAX || body->batch_count > MESSAGE_BATCHES_MAX) {
		return fail(err, STATUS_LIMIT, "%zu changes in %zu batches", body->change_count,
			    body->batch_count);
	}
	return STATUS_OK;
}

static void
batches_put(const struct request_body *body, struct buffer *out)
{
	cbor_put_array(out, body->batch_count);
	for (size_t i = 0; i < body->batch_count; i++) {
		cbor_put_array(out, BATCH_ITEMS);
		cbor_put_uint(out, body->batches[i].last_n);
		cbor_put_bytes(out, span_of(body->batches[i].seed, SEED_SIZE));
	}
	cbor_put_uint(out, body->change_count);
}

/* The record type: changes of one type have the same fields. 0 if there is none to be found. */
static uint32_t
change_type(struct span change)
{
	struct reader in = reader_of(change);
	uint64_t type = 0;
	size_t pairs;

	if (!cbor_get_map(&in, SIZE_MAX, &pairs)) {
		return 0;
	}
	for (; pairs > 0; pairs--) {
		struct span passed;
		uint64_t key;

		if (!cbor_get_uint(&in, &key)) {
			return 0;
		}
		if (key == CHANGE_TYPE_KEY) {
			return cbor_get_uint_max(&in, CHANGE_TAG_MAX, &type) ? (uint32_t)type : 0;
		}
		if (!cbor_get_any(&in, &passed)) {
			return 0;
		}
	}
	return 0;
}

/* A body before it is packed. */
struct unpacked {
	enum change_coding coding;
	struct buffer plain;
	size_t noise; /* bytes at the end that will not compress */
};

static enum status
rows_encode(const struct request_body *body, struct unpacked *out, struct error *err)
{
	out->coding = CODING_PLAIN;
	batches_put(body, &out->plain);
	for (size_t i = 0; i < body->change_count; i++) {
		buffer_append_span(&out->plain, body->changes[i]);
	}
	return buffer_status(&out->plain, "writing a request", err);
}

static enum status
columns_encode(const struct request_body *body, struct unpacked *out, struct error *err)
{
	uint32_t *groups = calloc(body->change_count, sizeof *groups);
	struct buffer heads;
	struct buffer bits;
	enum status status;

	if (groups == NULL) {
		return fail(err, STATUS_MEMORY, "writing a request");
	}
	for (size_t i = 0; i < body->change_count; i++) {
		groups[i] = change_type(body->changes[i]);
	}
	buffer_init(&heads, MESSAGE_BODY_MAX);
	buffer_init(&bits, MESSAGE_BODY_MAX);
	status = columns_put(body->changes, groups, body->change_count, &heads, &bits, err);
	if (status == STATUS_OK) {
		out->coding = CODING_COLUMNS;
		out->noise = bits.length;
		batches_put(body, &out->plain);
		cbor_put_uint(&out->plain, bits.length);
		buffer_append_span(&out->plain, buffer_span(&heads));
		buffer_append_span(&out->plain, buffer_span(&bits));
		status = buffer_status(&out->plain, "writing a request", err);
	}
	buffer_finish(&bits);
	buffer_finish(&heads);
	free(groups);
	return status;
}

/* Appends method, coding, dictionary and the packed bytes. */
static enum status
unpacked_pack(const struct unpacked *body, struct buffer *out, struct error *err)
{
	struct span dictionary = {NULL, 0};
	struct buffer packed;
	enum pack_method method;
	enum status status;

	if (!dictionary_find(BODY_DICTIONARY, &dictionary)) {
		return fail(err, STATUS_INTERNAL, "no dictionary %d", BODY_DICTIONARY);
	}
	buffer_init(&packed, MESSAGE_BODY_MAX);
	status = pack_smaller(buffer_span(&body->plain), body->noise, dictionary, &packed, &method,
			      err);
	if (status == STATUS_OK) {
		buffer_append_byte(out, (uint8_t)method);
		buffer_append_byte(out, (uint8_t)body->coding);
		buffer_append_byte(out, BODY_DICTIONARY);
		buffer_append_span(out, buffer_span(&packed));
		status = buffer_status(out, "writing a request", err);
	}
	buffer_finish(&packed);
	return status;
}

/* Packs what one coding makes of the body; `out` is empty if that coding cannot say it. */
static enum status
coding_try(const struct request_body *body,
	   enum status (*encode)(const struct request_body *body, struct unpacked *out,
				 struct error *err),
	   struct buffer *out, struct error *err)
{
	struct unpacked unpacked = {.noise = 0};
	enum status status;

	buffer_init(&unpacked.plain, MESSAGE_BODY_MAX);
	status = encode(body, &unpacked, err);
	if (status == STATUS_OK) {
		status = unpacked_pack(&unpacked, out, err);
	} else if (status == STATUS_UNSUPPORTED) {
		status = STATUS_OK;
	}
	buffer_finish(&unpacked.plain);
	return status;
}

enum status
request_body_pack(const struct request_body *body, struct buffer *out, struct error *err)
{
	size_t before = out->length;
	struct buffer rows;
	struct buffer columns;
	enum status status = body_check(body, err);

	if (status != STATUS_OK) {
		return status;
	}
	buffer_init(&rows, MESSAGE_BODY_MAX);
	buffer_init(&columns, MESSAGE_BODY_MAX);
	status = coding_try(body, rows_encode, &rows, err);
	if (status == STATUS_OK && body->change_count > 0) {
		status = coding_try(body, columns_encode, &columns, err);
	}
	if (status == STATUS_OK) {
		bool shorter = columns.length > 0 && columns.length < rows.length;

		buffer_append_span(out, buffer_span(shorter ? &columns : &rows));
		status = buffer_status(out, "writing a request", err);
	}
	if (status != STATUS_OK) {
		out->length = before;
	}
	buffer_finish(&columns);
	buffer_finish(&rows);
	return status;
}

static enum status
batches_get(struct reader *in, struct arena *arena, struct request_body *body, struct error *err)
{
	uint32_t previous = 0;

	if (!cbor_get_array(in, MESSAGE_BATCHES_MAX, &body->batch_count)) {
		return fail(err, STATUS_MALFORMED, "batches");
	}
	body->batches = ARENA_ARRAY(arena, struct batch, body->batch_count);
	if (body->batches == NULL) {
		return fail(err, STATUS_LIMIT, "%zu batches", body->batch_count);
	}
	for (size_t i = 0; i < body->batch_count; i++) {
		struct batch *batch = &body->batches[i];
		size_t items;

		if (!cbor_get_array(in, BATCH_ITEMS, &items) || items != BATCH_ITEMS ||
		    !positive_u32_get(in, CHANGE_N_MAX, &batch->last_n) ||
		    batch->last_n <= previous ||
		    !cbor_get_bytes_exact(in, batch->seed, SEED_SIZE)) {
			return fail(err, STATUS_MALFORMED, "batch %zu", i);
		}
		previous = batch->last_n;
	}
	return STATUS_OK;
}

static enum status
count_get(struct reader *in, enum change_coding coding, struct arena *arena,
	  struct request_body *body, struct error *err)
{
	uint64_t count;

	/* As rows, a change takes a byte at least. */
	if (!cbor_get_uint_max(in, MESSAGE_CHANGES_MAX, &count) ||
	    (coding == CODING_PLAIN && count > in->left)) {
		return fail(err, STATUS_MALFORMED, "number of changes");
	}
	if (body->batch_count > count || (body->batch_count == 0 && count > 0)) {
		return fail(err, STATUS_MALFORMED, "%zu batches for %u changes", body->batch_count,
			    (unsigned)count);
	}
	body->change_count = (size_t)count;
	body->changes = ARENA_ARRAY(arena, struct span, body->change_count);
	if (body->changes == NULL) {
		return fail(err, STATUS_LIMIT, "%zu changes", body->change_count);
	}
	return STATUS_OK;
}

static enum status
changes_split(struct reader *in, struct request_body *body, struct error *err)
{
	for (size_t i = 0; i < body->change_count; i++) {
		enum cbor_kind kind;

		if (!cbor_peek(in, &kind) || kind != CBOR_MAP ||
		    !cbor_get_any(in, &body->changes[i]) ||
		    body->changes[i].length > CHANGE_BYTES_MAX) {
			return fail(err, STATUS_MALFORMED, "change %zu of the body", i);
		}
	}
	if (in->left != 0) {
		return fail(err, STATUS_MALFORMED, "body has a tail");
	}
	return STATUS_OK;
}

/* The changes, as rows, go to `rows`. */
static enum status
columns_split(struct reader *in, struct arena *arena, struct buffer *rows,
	      struct request_body *body, struct error *err)
{
	struct columns columns;
	uint64_t bits;
	size_t *lengths = ARENA_ARRAY(arena, size_t, body->change_count);
	enum status status;

	if (lengths == NULL) {
		return fail(err, STATUS_LIMIT, "%zu changes", body->change_count);
	}
	if (!cbor_get_uint(in, &bits) || bits > in->left) {
		return fail(err, STATUS_MALFORMED, "bits of the body");
	}
	columns.heads = span_of(in->at, in->left - (size_t)bits);
	columns.bits = span_of(in->at + columns.heads.length, (size_t)bits);
	columns.count = body->change_count;
	status = columns_get(columns, CHANGE_BYTES_MAX, arena, rows, lengths, err);
	if (status != STATUS_OK) {
		return status;
	}
	return columns_cut(buffer_span(rows), lengths, body->change_count, CBOR_MAP, body->changes)
		       ? STATUS_OK
		       : fail(err, STATUS_MALFORMED, "a change of the body");
}

static enum status
body_split(enum change_coding coding, struct span unpacked, struct arena *arena,
	   struct buffer *rows, struct request_body *out, struct error *err)
{
	struct reader in = reader_of(unpacked);
	struct request_body body = {0};
	enum status status = batches_get(&in, arena, &body, err);

	if (status == STATUS_OK) {
		status = count_get(&in, coding, arena, &body, err);
	}
	if (status == STATUS_OK && coding == CODING_COLUMNS) {
		status = columns_split(&in, arena, rows, &body, err);
	} else if (status == STATUS_OK) {
		status = changes_split(&in, &body, err);
	}
	if (status == STATUS_OK) {
		*out = body;
	}
	return status;
}

struct packed {
	uint8_t method;
	uint8_t coding;
	uint8_t dictionary;
	struct span bytes;
};

/* What columns say has to be written out as rows; rows are in `plain` once they are unpacked. */
static enum status
columns_unpack(const struct packed *packed, struct buffer *plain, struct arena *arena,
	       struct request_body *out, struct error *err)
{
	struct buffer unpacked;
	enum status status;

	buffer_init(&unpacked, MESSAGE_BODY_MAX);
	status = pack_open(packed->method, packed->dictionary, packed->bytes, MESSAGE_BODY_MAX,
			   &unpacked, err);
	if (status == STATUS_OK) {
		status = body_split(CODING_COLUMNS, buffer_span(&unpacked), arena, plain, out, err);
	}
	buffer_finish(&unpacked);
	return status;
}

enum status
request_body_unpack(struct span packed, struct buffer *plain, struct arena *arena,
		    struct request_body *out, struct error *err)
{
	struct reader in = reader_of(packed);
	struct packed body;
	enum status status;

	buffer_clear(plain);
	if (!reader_byte(&in, &body.method) || !reader_byte(&in, &body.coding) ||
	    !reader_byte(&in, &body.dictionary)) {
		return fail(err, STATUS_MALFORMED, "body of %zu bytes", packed.length);
	}
	body.bytes = span_of(in.at, in.left);
	if (body.coding == CODING_COLUMNS) {
		return columns_unpack(&body, plain, arena, out, err);
	}
	if (body.coding != CODING_PLAIN) {
		return fail(err, STATUS_UNSUPPORTED, "coding %u", body.coding);
	}
	status = pack_open(body.method, body.dictionary, body.bytes, MESSAGE_BODY_MAX, plain, err);
	if (status != STATUS_OK) {
		return status;
	}
	return body_split(CODING_PLAIN, buffer_span(plain), arena, NULL, out, err);
}

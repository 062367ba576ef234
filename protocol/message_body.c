/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The body of a request:
 *
 *     method | coding | dictionary | packed
 *
 * one byte each, then the packed bytes: as they are (method 0) or raw deflate (1) with the preset
 * dictionary of that number (0: none). Unpacked, with coding 0, they are
 *
 *     CBOR array of batches, each the array [last n, 16 bytes of seed], ascending
 *     CBOR unsigned integer: the number of changes
 *     the canonical bytes of each change, one after the other, ascending n
 *
 * Without changes there are no batches, and with changes each batch has one at least.
 */
#include "deflate.h"
#include "message.h"
#include "message_parts.h"

enum { BODY_DICTIONARY = 0, BATCH_ITEMS = 2 };

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
body_encode(const struct request_body *body, struct buffer *out)
{
	cbor_put_array(out, body->batch_count);
	for (size_t i = 0; i < body->batch_count; i++) {
		cbor_put_array(out, BATCH_ITEMS);
		cbor_put_uint(out, body->batches[i].last_n);
		cbor_put_bytes(out, span_of(body->batches[i].seed, SEED_SIZE));
	}
	cbor_put_uint(out, body->change_count);
	for (size_t i = 0; i < body->change_count; i++) {
		buffer_append_span(out, body->changes[i]);
	}
}

enum status
request_body_pack(const struct request_body *body, struct buffer *out, struct error *err)
{
	struct span dictionary = {NULL, 0};
	size_t before = out->length;
	struct buffer plain;
	struct buffer packed;
	enum pack_method method;
	enum status status = body_check(body, err);

	if (status != STATUS_OK) {
		return status;
	}
	buffer_init(&plain, MESSAGE_BODY_MAX);
	buffer_init(&packed, MESSAGE_BODY_MAX);
	body_encode(body, &plain);
	status = buffer_status(&plain, "writing a request", err);
	if (status == STATUS_OK && !dictionary_find(BODY_DICTIONARY, &dictionary)) {
		status = fail(err, STATUS_INTERNAL, "no dictionary %d", BODY_DICTIONARY);
	}
	if (status == STATUS_OK) {
		status = pack_smaller(buffer_span(&plain), dictionary, &packed, &method, err);
	}
	if (status == STATUS_OK) {
		buffer_append_byte(out, (uint8_t)method);
		buffer_append_byte(out, CODING_PLAIN);
		buffer_append_byte(out, BODY_DICTIONARY);
		buffer_append_span(out, buffer_span(&packed));
		status = buffer_status(out, "writing a request", err);
	}
	if (status != STATUS_OK) {
		out->length = before;
	}
	buffer_finish(&packed);
	buffer_finish(&plain);
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
changes_get(struct reader *in, struct arena *arena, struct request_body *body, struct error *err)
{
	uint64_t count;

	/* A change takes a byte at least. */
	if (!cbor_get_uint_max(in, MESSAGE_CHANGES_MAX, &count) || count > in->left) {
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
	for (size_t i = 0; i < body->change_count; i++) {
		enum cbor_kind kind;

		if (!cbor_peek(in, &kind) || kind != CBOR_MAP ||
		    !cbor_get_any(in, &body->changes[i]) ||
		    body->changes[i].length > CHANGE_BYTES_MAX) {
			return fail(err, STATUS_MALFORMED, "change %zu of the body", i);
		}
	}
	return STATUS_OK;
}

enum status
request_body_unpack(struct span packed, struct buffer *plain, struct arena *arena,
		    struct request_body *out, struct error *err)
{
	struct reader in = reader_of(packed);
	struct request_body body = {0};
	uint8_t method;
	uint8_t coding;
	uint8_t dictionary;
	enum status status;

	buffer_clear(plain);
	if (!reader_byte(&in, &method) || !reader_byte(&in, &coding) ||
	    !reader_byte(&in, &dictionary)) {
		return fail(err, STATUS_MALFORMED, "body of %zu bytes", packed.length);
	}
	if (coding != CODING_PLAIN) {
		return fail(err, STATUS_UNSUPPORTED, "coding %u", coding);
	}
	status = pack_open(method, dictionary, span_of(in.at, in.left), MESSAGE_BODY_MAX, plain,
			   err);
	if (status != STATUS_OK) {
		return status;
	}
	in = reader_of(buffer_span(plain));
	status = batches_get(&in, arena, &body, err);
	if (status == STATUS_OK) {
		status = changes_get(&in, arena, &body, err);
	}
	if (status == STATUS_OK && in.left != 0) {
		status = fail(err, STATUS_MALFORMED, "body has a tail");
	}
	if (status == STATUS_OK) {
		*out = body;
	}
	return status;
}

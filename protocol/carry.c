/* SPDX-License-Identifier: Apache-2.0 */
#include "carry.h"

#include "cbor.h"

#include <string.h>

enum { FIRST_BYTE = 1 };

static const char file_mark[CARRY_MARK_SIZE] = CARRY_FILE_NAME "1";
static const char replies_mark[CARRY_MARK_SIZE] = CARRY_REPLIES_NAME "1";

static void
check_make(struct span covered, uint8_t check_out[CARRY_CHECK_SIZE])
{
	uint8_t hash[32];

	sha256(&covered, 1, hash);
	memcpy(check_out, hash, CARRY_CHECK_SIZE);
}

/* The check of what was appended since `start`. */
static void
check_append(struct buffer *out, size_t start)
{
	uint8_t check[CARRY_CHECK_SIZE];

	if (out->status == STATUS_OK) {
		check_make(span_of(out->at + start, out->length - start), check);
		buffer_append(out, check, sizeof check);
	}
}

void
carry_file_encode(const struct carry_file *file, struct buffer *out)
{
	size_t start = out->length;

	buffer_append(out, file_mark, sizeof file_mark);
	cbor_put_array(out, file->count);
	for (size_t i = 0; i < file->count; i++) {
		cbor_put_bytes(out, file->parcels[i]);
	}
	check_append(out, start);
}

void
carry_replies_encode(const struct carry_replies *replies, struct buffer *out)
{
	size_t start = out->length;

	buffer_append(out, replies_mark, sizeof replies_mark);
	cbor_put_array(out, 2 * replies->count + (replies->has_seen ? 1 : 0));
	for (size_t i = 0; i < replies->count; i++) {
		cbor_put_bytes(out, span_of(replies->at[i].tag, PARCEL_TAG_SIZE));
		cbor_put_bytes(out, replies->at[i].bytes);
	}
	if (replies->has_seen) {
		uint8_t seen[CHECKPOINT_SIZE];

		checkpoint_encode(&replies->seen, seen);
		cbor_put_bytes(out, span_of(seen, sizeof seen));
	}
	check_append(out, start);
}

/* What stands between mark and check. */
static enum status
frame_open(struct span bytes, const char mark[CARRY_MARK_SIZE], struct reader *in_out,
	   struct error *err)
{
	const size_t frame = CARRY_MARK_SIZE + CARRY_CHECK_SIZE;
	uint8_t check[CARRY_CHECK_SIZE];

	if (bytes.length < frame || !carry_begins(bytes, mark)) {
		return fail(err, STATUS_MALFORMED, "%.13s", mark);
	}
	if (memcmp(bytes.at, mark, CARRY_MARK_SIZE) != 0) {
		return fail(err, STATUS_UNSUPPORTED, "%.13s", mark);
	}
	check_make(span_of(bytes.at, bytes.length - CARRY_CHECK_SIZE), check);
	if (memcmp(check, bytes.at + bytes.length - CARRY_CHECK_SIZE, sizeof check) != 0) {
		return fail(err, STATUS_MALFORMED, "%.13s: %zu B", mark, bytes.length);
	}
	*in_out = reader_of(span_of(bytes.at + CARRY_MARK_SIZE, bytes.length - frame));
	return STATUS_OK;
}

static bool
parcel_fits(struct span bytes, size_t least, size_t most)
{
	return bytes.length >= least && bytes.length <= most && bytes.at[0] == FIRST_BYTE;
}

bool
carry_reply_fits(struct span bytes)
{
	return parcel_fits(bytes, PARCEL_REPLY_OVERHEAD, PARCEL_REPLY_MAX);
}

enum status
carry_file_decode(struct span bytes, struct carry_file *out, struct error *err)
{
	struct carry_file file;
	struct reader in;
	enum status status = frame_open(bytes, file_mark, &in, err);

	if (status != STATUS_OK) {
		return status;
	}
	if (!cbor_get_array(&in, CARRY_PARCELS_MAX, &file.count) || file.count == 0) {
		return fail(err, STATUS_MALFORMED, "%.13s: 0", file_mark);
	}
	for (size_t i = 0; i < file.count; i++) {
		if (!cbor_get_bytes(&in, &file.parcels[i]) ||
		    !parcel_fits(file.parcels[i], PARCEL_REQUEST_OVERHEAD, PARCEL_REQUEST_MAX)) {
			return fail(err, STATUS_MALFORMED, "%.13s: %zu", file_mark, i + 1);
		}
	}
	if (in.left != 0) {
		return fail(err, STATUS_MALFORMED, "%.13s: %zu", file_mark, file.count + 1);
	}
	*out = file;
	return STATUS_OK;
}

enum status
carry_replies_decode(struct span bytes, struct carry_replies *out, struct error *err)
{
	const size_t most = (size_t)2 * CARRY_PARCELS_MAX + 1;
	uint8_t seen[CHECKPOINT_SIZE];
	struct carry_replies replies;
	struct reader in;
	size_t items;
	enum status status = frame_open(bytes, replies_mark, &in, err);

	if (status != STATUS_OK) {
		return status;
	}
	if (!cbor_get_array(&in, most, &items) || items < 2) {
		return fail(err, STATUS_MALFORMED, "%.13s: 0", replies_mark);
	}
	replies.count = items / 2;
	for (size_t i = 0; i < replies.count; i++) {
		if (!cbor_get_bytes_exact(&in, replies.at[i].tag, PARCEL_TAG_SIZE) ||
		    !cbor_get_bytes(&in, &replies.at[i].bytes) ||
		    !carry_reply_fits(replies.at[i].bytes)) {
			return fail(err, STATUS_MALFORMED, "%.13s: %zu", replies_mark, i + 1);
		}
	}
	replies.has_seen = items % 2 != 0;
	if ((replies.has_seen && !cbor_get_bytes_exact(&in, seen, sizeof seen)) || in.left != 0) {
		return fail(err, STATUS_MALFORMED, "%.13s: %zu", replies_mark, replies.count + 1);
	}
	if (replies.has_seen) {
		checkpoint_decode(seen, &replies.seen);
	}
	*out = replies;
	return STATUS_OK;
}

const struct carry_reply *
carry_reply_find(const struct carry_replies *replies, const uint8_t tag[PARCEL_TAG_SIZE])
{
	for (size_t i = 0; i < replies->count; i++) {
		if (memcmp(replies->at[i].tag, tag, PARCEL_TAG_SIZE) == 0) {
			return &replies->at[i];
		}
	}
	return NULL;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* carry_sample: files out of a device, and the files with the answers, written by hand. */
#ifndef SAMBUNG_TESTS_UNIT_CARRY_SAMPLE_H
#define SAMBUNG_TESTS_UNIT_CARRY_SAMPLE_H

#include "device_world.h"
#include "protocol/carry.h"

static inline int
carry_keep(void *context, struct sambung_bytes bytes)
{
	struct buffer *out = context;

	buffer_append(out, bytes.at, bytes.length);
	return out->status != STATUS_OK;
}

/* Lets the device make a file of so many parcels; how many changes are in it, and what opens the
 * answer to the last. */
static inline struct parcel_session
carry_out_file(struct world *w, size_t parcels, uint32_t *changes_out)
{
	struct sambung_carried carried;
	struct opened_parcel opened;
	struct carry_file file;
	struct buffer bytes;
	struct buffer plain;

	buffer_init(&bytes, CARRY_FILE_MAX);
	buffer_init(&plain, PARCEL_REQUEST_MAX);
	assert_ok(sambung_carry_out(w->device, carry_keep, &bytes, &carried, &w->err));
	*changes_out = carried.changes;
	assert_ok(carry_file_decode(buffer_span(&bytes), &file, NULL));
	assert_int_equal(file.count, parcels);
	assert_ok(
		parcel_open_request(file.parcels[parcels - 1], &w->key, 1, &plain, &opened, NULL));
	assert_true(request_head_decode(opened.head, &w->head));
	buffer_finish(&plain);
	buffer_finish(&bytes);
	return opened.session;
}

/* Hands the device a file with this one answer. */
static inline int
carry_in(struct world *w, const struct parcel_session *session, const struct reply *reply)
{
	static const uint8_t nonce[AEAD_NONCE_SIZE] = {5};
	struct carry_replies replies = {.count = 1};
	struct buffer packed;
	struct buffer sealed;
	struct buffer bytes;
	int failed;

	buffer_init(&packed, PARCEL_REPLY_MAX);
	buffer_init(&sealed, PARCEL_REPLY_MAX);
	buffer_init(&bytes, CARRY_REPLIES_MAX);
	assert_ok(reply_pack(reply, &packed, NULL));
	assert_ok(parcel_seal_reply(session, nonce, buffer_span(&packed), &sealed, NULL));
	memcpy(replies.at[0].tag, session->tag, PARCEL_TAG_SIZE);
	replies.at[0].bytes = buffer_span(&sealed);
	carry_replies_encode(&replies, &bytes);
	failed = sambung_carry_in(w->device, (struct sambung_bytes){bytes.at, bytes.length},
				  &w->result, &w->err);
	buffer_finish(&bytes);
	buffer_finish(&sealed);
	buffer_finish(&packed);
	return failed;
}

#endif

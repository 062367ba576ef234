/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"
#include "protocol/carry.h"

/* The check is put right, or nothing would come past it. */
static void
input_close(struct span bytes, struct buffer *out)
{
	struct span covered;
	uint8_t hash[32];

	buffer_append_span(out, bytes);
	covered = buffer_span(out);
	sha256(&covered, 1, hash);
	buffer_append(out, hash, CARRY_CHECK_SIZE);
}

static void
check_file(struct span bytes)
{
	struct carry_file file;
	struct buffer again;

	if (carry_file_decode(bytes, &file, NULL) != STATUS_OK) {
		return;
	}
	PROPERTY(file.count > 0 && file.count <= CARRY_PARCELS_MAX);
	buffer_init(&again, FUZZ_BUFFER_MAX);
	carry_file_encode(&file, &again);
	PROPERTY(span_equal(buffer_span(&again), bytes));
	buffer_finish(&again);
}

static void
check_replies(struct span bytes)
{
	struct carry_replies replies;
	struct buffer again;

	if (carry_replies_decode(bytes, &replies, NULL) != STATUS_OK) {
		return;
	}
	PROPERTY(replies.count > 0 && replies.count <= CARRY_PARCELS_MAX);
	PROPERTY(carry_reply_find(&replies, replies.at[0].tag) == &replies.at[0]);
	buffer_init(&again, FUZZ_BUFFER_MAX);
	carry_replies_encode(&replies, &again);
	PROPERTY(span_equal(buffer_span(&again), bytes));
	buffer_finish(&again);
}

FUZZ(data, size)
{
	struct buffer closed;

	PROPERTY(crypto_init(NULL) == STATUS_OK);
	check_file(span_of(data, size));
	check_replies(span_of(data, size));
	buffer_init(&closed, FUZZ_BUFFER_MAX);
	input_close(span_of(data, size), &closed);
	check_file(buffer_span(&closed));
	check_replies(buffer_span(&closed));
	buffer_finish(&closed);
	return 0;
}

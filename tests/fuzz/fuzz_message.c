/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"
#include "protocol/message.h"

enum { ARENA_LIMIT = 16 * 1024 * 1024 };

static void
check_head(struct span bytes)
{
	struct request_head head = {0};
	struct buffer out;

	if (!request_head_decode(bytes, &head)) {
		PROPERTY(head.device == 0);
		return;
	}
	buffer_init(&out, FUZZ_BUFFER_MAX);
	request_head_encode(&head, &out);
	PROPERTY(span_equal(buffer_span(&out), bytes));
	buffer_finish(&out);
}

static void
check_entry(struct span bytes)
{
	struct entry entry;
	struct buffer out;

	if (!entry_decode(bytes, &entry)) {
		return;
	}
	buffer_init(&out, ENTRY_HEADER_MAX);
	entry_encode(&entry, &out);
	PROPERTY(span_equal(buffer_span(&out), bytes));
	buffer_finish(&out);
}

/* Three buffers and an arena for one unpacking, packing and unpacking again. */
struct round {
	struct arena arena;
	struct buffer plain;
	struct buffer packed;
	struct buffer plain_again;
	struct buffer packed_again;
};

static void
round_init(struct round *round)
{
	arena_init(&round->arena, ARENA_LIMIT);
	buffer_init(&round->plain, FUZZ_BUFFER_MAX);
	buffer_init(&round->packed, FUZZ_BUFFER_MAX);
	buffer_init(&round->plain_again, FUZZ_BUFFER_MAX);
	buffer_init(&round->packed_again, FUZZ_BUFFER_MAX);
}

static void
round_finish(struct round *round)
{
	buffer_finish(&round->packed_again);
	buffer_finish(&round->plain_again);
	buffer_finish(&round->packed);
	buffer_finish(&round->plain);
	arena_finish(&round->arena);
}

static void
check_body_bounds(const struct request_body *body)
{
	PROPERTY(body->change_count <= MESSAGE_CHANGES_MAX);
	PROPERTY(body->batch_count <= MESSAGE_BATCHES_MAX);
	for (size_t i = 1; i < body->batch_count; i++) {
		PROPERTY(body->batches[i - 1].last_n < body->batches[i].last_n);
	}
	for (size_t i = 0; i < body->change_count; i++) {
		PROPERTY(body->changes[i].length > 0);
	}
}

/* Whatever the coding. */
static void
check_same_body(const struct request_body *a, const struct request_body *b)
{
	PROPERTY(a->batch_count == b->batch_count);
	for (size_t i = 0; i < a->batch_count; i++) {
		PROPERTY(memcmp(&a->batches[i], &b->batches[i], sizeof a->batches[i]) == 0);
	}
	PROPERTY(a->change_count == b->change_count);
	for (size_t i = 0; i < a->change_count; i++) {
		PROPERTY(span_equal(a->changes[i], b->changes[i]));
	}
}

static void
check_body(struct span bytes)
{
	struct request_body again;
	struct request_body body;
	struct round round;

	round_init(&round);
	round.plain.limit = MESSAGE_BODY_MAX / 2; /* rows with their batches are a body, too */
	if (request_body_unpack(bytes, &round.plain, &round.arena, &body, NULL) == STATUS_OK) {
		check_body_bounds(&body);
		PROPERTY(request_body_pack(&body, &round.packed, NULL) == STATUS_OK);
		PROPERTY(request_body_unpack(buffer_span(&round.packed), &round.plain_again,
					     &round.arena, &again, NULL) == STATUS_OK);
		check_same_body(&body, &again);
	}
	round_finish(&round);
}

static void
check_same_records(const struct reply *a, const struct reply *b)
{
	PROPERTY(a->record_count == b->record_count);
	for (size_t i = 0; i < a->record_count; i++) {
		PROPERTY(span_equal(a->records[i], b->records[i]));
		PROPERTY(a->whole[i] == b->whole[i]);
	}
}

static void
check_reply(struct span bytes)
{
	struct reply again;
	struct reply reply;
	struct round round;

	round_init(&round);
	if (reply_unpack(bytes, &round.plain, &round.arena, &reply, NULL) == STATUS_OK) {
		PROPERTY(reply_pack(&reply, &round.packed, NULL) == STATUS_OK);
		PROPERTY(reply_unpack(buffer_span(&round.packed), &round.plain_again, &round.arena,
				      &again, NULL) == STATUS_OK);
		PROPERTY(reply_pack(&again, &round.packed_again, NULL) == STATUS_OK);
		PROPERTY(span_equal(buffer_span(&round.packed), buffer_span(&round.packed_again)));
		check_same_records(&reply, &again);
		/* Only what the reader passed over may be missing. Records may have other columns,
		 * or none. */
		if (reply.record_count == 0) {
			PROPERTY(round.plain_again.length <= round.plain.length);
			PROPERTY(round.plain_again.length < round.plain.length ||
				 span_equal(buffer_span(&round.plain),
					    buffer_span(&round.plain_again)));
		}
	}
	round_finish(&round);
}

/* The first byte says what the others are. */
FUZZ(data, size)
{
	struct reader in = reader_of(span_of(data, size));
	struct span bytes;
	uint8_t what;

	if (!reader_byte(&in, &what) || !reader_take(&in, in.left, &bytes)) {
		return 0;
	}
	switch (what) {
	case 'h':
		check_head(bytes);
		break;
	case 'e':
		check_entry(bytes);
		break;
	case 'b':
		check_body(bytes);
		break;
	case 'r':
		check_reply(bytes);
		break;
	default:
		break;
	}
	return 0;
}

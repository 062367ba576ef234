/* SPDX-License-Identifier: Apache-2.0 */
/* reply_fixture: what the tests of replies pack to and unpack from. */
#ifndef SAMBUNG_TESTS_REPLY_FIXTURE_H
#define SAMBUNG_TESTS_REPLY_FIXTURE_H

#include "protocol/deflate.h"
#include "protocol/message.h"
#include "tests/exact.h"

enum { PACKED_LIMIT = 4 * 1024 * 1024, ARENA_LIMIT = 1024 * 1024, REPLY_HEAD = 2 };

struct fixture {
	struct buffer packed;
	struct buffer plain;
	struct arena arena;
	struct reply read;
};

static inline int
fixture_start(void **state)
{
	struct fixture *fixture = calloc(1, sizeof *fixture);

	if (fixture == NULL) {
		return -1;
	}
	buffer_init(&fixture->packed, PACKED_LIMIT);
	buffer_init(&fixture->plain, MESSAGE_REPLY_MAX);
	arena_init(&fixture->arena, ARENA_LIMIT);
	*state = fixture;
	return 0;
}

static inline int
fixture_end(void **state)
{
	struct fixture *fixture = *state;

	buffer_finish(&fixture->packed);
	buffer_finish(&fixture->plain);
	arena_finish(&fixture->arena);
	free(fixture);
	return 0;
}

static inline enum status
unpack(struct fixture *fixture, struct span packed)
{
	return reply_unpack(packed, &fixture->plain, &fixture->arena, &fixture->read, NULL);
}

static inline enum status
round_trip(struct fixture *fixture, const struct reply *reply)
{
	enum status status;

	buffer_clear(&fixture->packed);
	status = reply_pack(reply, &fixture->packed, NULL);
	return status == STATUS_OK ? unpack(fixture, buffer_span(&fixture->packed)) : status;
}

/* A stored reply whose plain bytes are given in hex. */
static inline enum status
unpack_hex(struct fixture *fixture, const char *hex)
{
	uint8_t bytes[256] = {PACK_STORED, 0};
	size_t length = strlen(hex) / 2;
	enum status status;
	uint8_t *copy;

	assert_true(length <= sizeof bytes - REPLY_HEAD);
	assert_true(hex_decode(hex, bytes + REPLY_HEAD, length));
	copy = exact_copy(span_of(bytes, REPLY_HEAD + length));
	status = unpack(fixture, span_of(copy, REPLY_HEAD + length));
	free(copy);
	return status;
}

static inline struct reply
reply_empty(void)
{
	struct reply reply = {.from = {0, 0, CURSOR_ID_END}, .to = {0, 0, CURSOR_ID_END}};

	return reply;
}

#endif

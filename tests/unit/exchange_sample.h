/* SPDX-License-Identifier: Apache-2.0 */
/* exchange_sample: answers of a server, and what the device has of them, for tests of the exchange.
 */
#ifndef SAMBUNG_TESTS_UNIT_EXCHANGE_SAMPLE_H
#define SAMBUNG_TESTS_UNIT_EXCHANGE_SAMPLE_H

#include "device_world.h"

/* Where a loop of pages ends. */
static const struct cursor at_100 = {100, 100, CURSOR_ID_END};

static inline uint64_t
family(struct world *w)
{
	return world_record(w, "family", FIELDS("head", "Ani"));
}

/* Every change of the last request gets a seq, and the loop of pages ends at `complete`. */
static inline void
acknowledge(struct world *w, uint64_t first_seq, uint64_t complete)
{
	struct ack_run run = {w->head.first_n, w->head.count, first_seq};
	struct reply reply = world_reply(w);

	reply.acks = &run;
	reply.ack_count = w->head.count > 0;
	reply.to = (struct cursor){complete, complete, CURSOR_ID_END};
	assert_ok(world_answer(w, &reply));
}

/* An answer that carries one record and ends the loop at 100. */
static inline struct reply
reply_with(const struct world *w, struct span *record, bool *whole)
{
	struct reply reply = world_reply(w);

	reply.to = at_100;
	reply.records = record;
	reply.whole = whole;
	reply.record_count = 1;
	return reply;
}

static inline uint64_t
version(struct world *w, uint64_t id)
{
	struct record record;
	struct error err;

	assert_ok(local_record(w->device->local, id, &w->arena, &record, NULL, &err));
	return record.version;
}

static inline bool
holds(struct world *w, uint64_t id)
{
	struct record record;
	struct error err;

	return local_record(w->device->local, id, &w->arena, &record, NULL, &err) == STATUS_OK;
}

#endif

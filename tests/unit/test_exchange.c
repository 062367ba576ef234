/* SPDX-License-Identifier: Apache-2.0 */
/* One request and its answer: what travels, and what it changes here. */
#include "client/local_parts.h"
#include "client/pace.h"
#include "exchange_sample.h"

/* The chain as the server computes it. */
static void
chain_of_request(const struct world *w, uint8_t chain[HASH_SIZE])
{
	size_t batch = 0;

	for (size_t i = 0; i < w->body.change_count; i++) {
		uint32_t n = w->head.first_n + (uint32_t)i;
		uint8_t salt[SALT_SIZE];
		uint8_t commitment[HASH_SIZE];

		while (w->body.batches[batch].last_n < n) {
			batch++;
		}
		commitment_salt(w->body.batches[batch].seed, n, salt);
		commitment_make(salt, WORLD_DEVICE, n, w->body.changes[i], commitment);
		chain_advance(chain, n, commitment);
	}
}

TEST(a_request_without_changes_writes_nothing)
{
	struct world *w = *state;
	struct local_state before = world_state(w);
	struct local_state after;

	world_request(w);
	assert_int_equal(w->head.count, 0);
	assert_int_equal(w->head.first_n, 1);
	assert_int_equal(w->head.known_n, 0);
	assert_memory_equal(w->head.h_last, before.chain, HASH_SIZE);
	after = world_state(w);
	assert_memory_equal(&after, &before, sizeof before);
}

TEST(each_request_has_a_greater_counter)
{
	struct world *w = *state;
	uint64_t r;

	world_request(w);
	r = w->head.r;
	world_request(w);
	assert_true(w->head.r > r);
	r = w->head.r;
	(void)family(w);
	world_request(w);
	assert_true(w->head.r > r);
	r = w->head.r;
	world_reopen(w);
	world_request(w);
	assert_true(w->head.r > r);
}

TEST(changes_travel_with_their_seeds_and_chain)
{
	struct world *w = *state;
	uint8_t chain[HASH_SIZE];
	uint64_t id = family(w);

	(void)world_edit(w, id, "head", "Ana");
	world_request(w);
	assert_int_equal(w->body.batch_count, 1);
	/* A change after the cut shares no seed with those before it. */
	(void)world_edit(w, id, "head", "Anu");
	world_request(w);
	assert_int_equal(w->head.count, 3);
	assert_int_equal(w->head.known_n, 3);
	assert_int_equal(w->body.batch_count, 2);
	assert_int_equal(w->body.batches[0].last_n, 2);
	assert_memory_not_equal(w->body.batches[0].seed, w->body.batches[1].seed, SEED_SIZE);
	chain_start(w->device->secret + 32, WORLD_DEVICE, chain);
	chain_of_request(w, chain);
	assert_memory_equal(w->head.h_last, chain, HASH_SIZE);
}

TEST(the_chain_goes_on_from_what_was_acknowledged)
{
	struct world *w = *state;
	uint8_t chain[HASH_SIZE];
	uint64_t id = family(w);

	world_request(w);
	chain_start(w->device->secret + 32, WORLD_DEVICE, chain);
	chain_of_request(w, chain);
	acknowledge(w, 10, 100);
	world_reopen(w);
	(void)world_edit(w, id, "head", "Ana");
	world_request(w);
	assert_int_equal(w->head.first_n, 2);
	assert_int_equal(w->head.count, 1);
	chain_of_request(w, chain);
	assert_memory_equal(w->head.h_last, chain, HASH_SIZE);
	assert_memory_equal(&w->head.cursor, &at_100, sizeof at_100);
}

TEST(a_long_queue_goes_in_pieces_that_fit)
{
	struct world *w = *state;
	char name[101] = "";
	uint32_t rounds = 0;
	struct error err;

	/* 1500 waits for the disk prove nothing here. */
	assert_ok(sql_exec(w->device->local->sql, "PRAGMA synchronous=OFF", &err));
	for (unsigned i = 0; i < 1500; i++) {
		uint8_t bytes[50];

		assert_int_equal(w->device->platform.random(w, bytes, sizeof bytes), 0);
		hex_encode(span_of(bytes, sizeof bytes), name);
		(void)world_record(w, "family", FIELDS("head", name));
	}
	do {
		uint32_t first_n = world_state(w).acked_n + 1;

		arena_reset(&w->arena);
		world_request(w);
		assert_int_equal(w->head.first_n, first_n);
		assert_in_range(w->opened.body.length, 1, rounds == 0 ? PACE_START : PACE_MOST);
		if (first_n + w->head.count <= 1500) {
			/* The rest goes before what others wrote. */
			assert_int_equal(w->head.room, PACE_LEAST);
		}
		acknowledge(w, first_n, 100 + first_n);
		rounds++;
	} while (w->again);
	assert_int_equal(world_state(w).acked_n, 1500);
	assert_in_range(rounds, 2, 10);
	assert_int_equal(w->result.sent, 1500);
	assert_int_equal(w->result.acked, 1500);
	assert_true(w->result.synced);
}

TEST(an_acknowledged_change_is_no_longer_queued)
{
	struct world *w = *state;
	uint64_t id = family(w);
	struct sambung_state found;

	world_request(w);
	acknowledge(w, 41, 100);
	assert_ok(sambung_state(w->device, &found, &w->err));
	assert_int_equal(found.queued, 0);
	assert_int_equal(found.cursor, 100);
	assert_int_equal(found.last_sync_ms, WORLD_TIME_MS);
	assert_false(w->again);
	assert_true(w->result.synced);
	assert_int_equal(version(w, id), 41);
}

TEST(a_version_rises_only_when_the_pages_have_ended)
{
	struct world *w = *state;
	uint64_t id = family(w);
	struct ack_run run = {1, 1, 41};
	struct reply reply;

	world_request(w);
	reply = world_reply(w);
	reply.acks = &run;
	reply.ack_count = 1;
	reply.more = true;
	reply.to = (struct cursor){0, 20, 5};
	assert_ok(world_answer(w, &reply));
	assert_true(w->again);
	assert_int_equal(version(w, id), 0);
	assert_int_equal(world_state(w).acked_n, 1);
	world_request(w);
	assert_int_equal(w->head.cursor.key, 20);
	/* It ends at a snapshot that was taken before the change was logged. */
	reply = world_reply(w);
	reply.to = (struct cursor){40, 40, CURSOR_ID_END};
	assert_ok(world_answer(w, &reply));
	assert_int_equal(version(w, id), 0);
	world_request(w);
	reply = world_reply(w);
	reply.to = at_100;
	assert_ok(world_answer(w, &reply));
	assert_int_equal(version(w, id), 41);
}

TEST(a_record_of_another_device_arrives_with_its_authors_name)
{
	struct world *w = *state;
	struct record theirs = {0};
	struct stream_name stream = {WORLD_OTHER, STREAM_DEVICE, TEXT("Wati")};
	struct span bytes;
	bool whole = true;
	struct reply reply;
	uint64_t id = id_make(WORLD_OTHER, 9);

	world_other(w, &theirs, id, FAMILY, FAMILY_HEAD, value_text(TEXT("Umi")), 9, 0);
	world_other(w, &theirs, id, FAMILY, FAMILY_HEAD, value_text(TEXT("Ummi")), 12, 3);
	bytes = world_encode(w, &theirs);
	world_request(w);
	reply = reply_with(w, &bytes, &whole);
	reply.streams = &stream;
	reply.stream_count = 1;
	assert_ok(world_answer(w, &reply));
	assert_int_equal(w->result.received, 1);
	assert_contains(world_show(w, id), "\"version\":12,\"village\":\"6303072001\"");
	assert_contains(world_show(w, id), "\"head\":\"Ummi\"");
	/* An edit of it is based on what the reply told. */
	(void)world_edit(w, id, "head", "Umi");
	assert_int_equal(world_change(w, 1).base.version, 12);
	assert_int_equal(world_change(w, 1).base.epoch, WORLD_EPOCH);
}

TEST(what_is_pending_stays_over_what_arrives)
{
	struct world *w = *state;
	struct record shared = {0};
	struct stream_name stream = {WORLD_OTHER, STREAM_DEVICE, TEXT("Wati")};
	uint64_t id = family(w);
	struct span bytes;
	bool whole = false;
	struct reply reply;

	world_request(w);
	world_merge(w, &shared, 10);
	acknowledge(w, 10, 20);
	assert_int_equal(version(w, id), 10);
	world_other(w, &shared, id, FAMILY, FAMILY_HEAD, value_text(TEXT("Umi")), 30, 10);
	/* Not sent yet, and made without having seen the other's. */
	(void)world_edit(w, id, "head", "Ana");
	(void)world_edit(w, id, "archived", "moved");
	bytes = world_encode(w, &shared);
	world_request(w);
	reply = reply_with(w, &bytes, &whole);
	reply.streams = &stream;
	reply.stream_count = 1;
	assert_ok(world_answer(w, &reply));
	assert_true(w->again);
	assert_contains(world_show(w, id), "\"conflicts\":{\"head\":[");
	assert_contains(world_show(w, id), "\"value\":\"Ana\",\"device\":77,\"cadre\":\"Siti\"");
	assert_contains(world_show(w, id), "\"value\":\"Umi\",\"device\":500,\"cadre\":\"Wati\"");
	assert_contains(world_show(w, id), "\"seq\":null");
	assert_contains(world_show(w, id), "\"archived\":\"moved\"");
	assert_int_equal(version(w, id), 30);
	/* Once merged at the server, both sides hold the same. */
	world_request(w);
	world_merge(w, &shared, 40);
	bytes = world_encode(w, &shared);
	reply = reply_with(w, &bytes, &whole);
	reply.acks = &(struct ack_run){2, 2, 40};
	reply.ack_count = 1;
	assert_ok(world_answer(w, &reply));
	assert_false(w->again);
	{
		struct record mine;
		struct error err;
		struct span held;

		assert_ok(local_record(w->device->local, id, &w->arena, &mine, NULL, &err));
		held = world_encode(w, &mine);
		assert_true(span_equal(held, bytes));
	}
}

TEST(an_evicted_record_stays_until_its_unsent_change_is_sent)
{
	struct world *w = *state;
	uint64_t id = family(w);
	struct reply reply;

	world_request(w);
	acknowledge(w, 10, 20);
	(void)world_edit(w, id, "head", "Ana");
	world_request(w);
	reply = world_reply(w);
	reply.to = at_100;
	reply.evicted = &id;
	reply.evicted_count = 1;
	assert_ok(world_answer(w, &reply));
	assert_true(holds(w, id));
	assert_true(w->again);
	world_request(w);
	assert_int_equal(w->head.first_n, 2);
	assert_int_equal(w->head.count, 1);
	acknowledge(w, 110, 120);
	assert_false(holds(w, id));
}

TEST(a_change_is_acknowledged_though_its_record_has_left)
{
	struct world *w = *state;
	uint64_t id = family(w);
	struct reply reply;

	world_request(w);
	acknowledge(w, 10, 20);
	(void)world_edit(w, id, "head", "Ana");
	world_request(w);
	reply = world_reply(w);
	reply.to = at_100;
	reply.evicted = &id;
	reply.evicted_count = 1;
	assert_ok(world_answer(w, &reply));
	world_request(w);
	acknowledge(w, 110, 120);
	assert_int_equal(world_state(w).acked_n, 2);
	assert_true(w->result.synced);
	assert_false(holds(w, id));
}

TEST(a_new_scope_lets_go_of_villages)
{
	struct world *w = *state;
	uint64_t id = family(w);
	struct region scope = {VILLAGE_B, VILLAGE_B};
	struct reply reply;

	world_request(w);
	acknowledge(w, 10, 20);
	world_request(w);
	reply = world_reply(w);
	reply.to = at_100;
	reply.has_scope = true;
	reply.scope_version = 50;
	reply.scope = &scope;
	reply.scope_count = 1;
	assert_ok(world_answer(w, &reply));
	assert_false(holds(w, id));
	assert_int_equal(world_state(w).scope_version, 50);
	/* The next creation is in the new one. */
	(void)family(w);
	assert_int_equal(world_change(w, 2).scope_version, 50);
	assert_int_equal(change_field(&(struct change){.fields = world_change(w, 2).fields,
						       .field_count = 2},
				      TAG_VILLAGE)
				 ->value.integer,
			 VILLAGE_B);
}

/* Encodes a person of the other device below a family, and takes it in whole. */
static uint64_t
take_person(struct world *w, uint64_t above, uint64_t village, uint64_t seq)
{
	struct record theirs = {0};
	uint64_t id = id_make(WORLD_OTHER, 9);
	struct span bytes;
	bool whole = true;
	struct reply reply;

	world_other(w, &theirs, id, PERSON, PERSON_FAMILY, value_integer((int64_t)above), seq, 0);
	theirs.village = village;
	bytes = world_encode(w, &theirs);
	world_request(w);
	reply = reply_with(w, &bytes, &whole);
	assert_ok(world_answer(w, &reply));
	return id;
}

static uint64_t
village_of(struct world *w, uint64_t id)
{
	struct record record;
	struct error err;

	assert_ok(local_record(w->device->local, id, &w->arena, &record, NULL, &err));
	return record.village;
}

TEST(what_hangs_below_a_record_follows_it_to_another_village)
{
	struct world *w = *state;
	struct record shared = {0};
	uint64_t above = family(w);
	uint64_t person;
	struct span bytes;
	bool whole = true;
	struct reply reply;

	world_request(w);
	world_merge(w, &shared, 10);
	acknowledge(w, 10, 20);
	person = take_person(w, above, VILLAGE_A, 30);
	shared.village = VILLAGE_B;
	bytes = world_encode(w, &shared);
	world_request(w);
	reply = reply_with(w, &bytes, &whole);
	assert_ok(world_answer(w, &reply));
	assert_int_equal(village_of(w, above), VILLAGE_B);
	assert_int_equal(village_of(w, person), VILLAGE_B);
}

TEST(a_person_stays_when_the_family_above_leaves)
{
	struct world *w = *state;
	uint64_t above = family(w);
	uint64_t person;
	struct reply reply;

	world_request(w);
	acknowledge(w, 10, 20);
	person = take_person(w, above, VILLAGE_A, 30);
	world_request(w);
	reply = world_reply(w);
	reply.evicted = &above;
	reply.evicted_count = 1;
	assert_ok(world_answer(w, &reply));
	assert_false(holds(w, above));
	assert_true(holds(w, person));
}

TEST(a_part_of_a_record_that_is_not_here_is_not_taken_for_all_of_it)
{
	struct world *w = *state;
	struct record theirs = {0};
	uint64_t id = id_make(WORLD_OTHER, 9);
	struct span bytes;
	bool whole = false;
	struct reply reply;

	world_request(w);
	acknowledge(w, 10, 20);
	world_other(w, &theirs, id, FAMILY, FAMILY_HEAD, value_text(TEXT("Umi")), 30, 0);
	bytes = world_encode(w, &theirs);
	world_request(w);
	reply = reply_with(w, &bytes, &whole);
	assert_ok(world_answer(w, &reply));
	assert_false(holds(w, id));
	/* The scope is taken anew, which brings it whole. */
	assert_true(w->again);
	assert_false(w->result.synced);
	world_request(w);
	assert_int_equal(w->head.cursor.complete, 0);
	whole = true;
	reply = reply_with(w, &bytes, &whole);
	assert_ok(world_answer(w, &reply));
	assert_true(holds(w, id));
	assert_true(w->result.synced);
}

TEST(exceptions_are_counted_and_a_quarantined_change_is_told)
{
	struct world *w = *state;
	uint64_t id = family(w);
	struct exception exceptions[] = {
		{.n = 1, .kind = EXCEPTION_CONFLICT, .tag = 1},
		{.n = 1, .kind = EXCEPTION_CONFLICT, .tag = 2},
		{.n = 2, .kind = EXCEPTION_QUARANTINED, .reason = QUARANTINE_OUT_OF_SCOPE},
	};
	struct ack_run run = {1, 2, 10};
	struct sambung_state found;
	struct reply reply;

	(void)world_edit(w, id, "head", "Ana");
	world_request(w);
	reply = world_reply(w);
	reply.acks = &run;
	reply.ack_count = 1;
	reply.exceptions = exceptions;
	reply.exception_count = 3;
	reply.to = at_100;
	assert_ok(world_answer(w, &reply));
	assert_int_equal(w->result.acked, 2);
	assert_int_equal(w->result.conflicts, 1);
	assert_int_equal(w->result.quarantined, 1);
	assert_ok(sambung_state(w->device, &found, &w->err));
	assert_int_equal(found.quarantined, 1);
	assert_int_equal(found.queued, 0);
	/* The record's version is that of what was merged. */
	assert_int_equal(version(w, id), 10);
}

TEST(a_quarantined_value_gives_way_to_the_servers)
{
	struct world *w = *state;
	struct record shared = {0};
	uint64_t id = family(w);
	struct exception set_aside = {.n = 2, .kind = EXCEPTION_QUARANTINED, .reason = 5};
	struct ack_run run = {2, 1, 30};
	struct span bytes;
	bool whole = true;
	struct reply reply;

	world_request(w);
	world_merge(w, &shared, 10);
	acknowledge(w, 10, 20);
	(void)world_edit(w, id, "head", "Ana");
	world_request(w);
	bytes = world_encode(w, &shared);
	reply = reply_with(w, &bytes, &whole);
	reply.acks = &run;
	reply.ack_count = 1;
	reply.exceptions = &set_aside;
	reply.exception_count = 1;
	assert_ok(world_answer(w, &reply));
	assert_contains(world_show(w, id), "\"head\":\"Ani\"");
	assert_int_equal(version(w, id), 10);
}

#define IN_WORLD(sentence) CASE_WITH(sentence, world_open, world_close)

RUN_TESTS(IN_WORLD(a_request_without_changes_writes_nothing),
	  IN_WORLD(each_request_has_a_greater_counter),
	  IN_WORLD(changes_travel_with_their_seeds_and_chain),
	  IN_WORLD(the_chain_goes_on_from_what_was_acknowledged),
	  IN_WORLD(a_long_queue_goes_in_pieces_that_fit),
	  IN_WORLD(an_acknowledged_change_is_no_longer_queued),
	  IN_WORLD(a_version_rises_only_when_the_pages_have_ended),
	  IN_WORLD(a_record_of_another_device_arrives_with_its_authors_name),
	  IN_WORLD(what_is_pending_stays_over_what_arrives),
	  IN_WORLD(an_evicted_record_stays_until_its_unsent_change_is_sent),
	  IN_WORLD(a_change_is_acknowledged_though_its_record_has_left),
	  IN_WORLD(a_new_scope_lets_go_of_villages),
	  IN_WORLD(what_hangs_below_a_record_follows_it_to_another_village),
	  IN_WORLD(a_person_stays_when_the_family_above_leaves),
	  IN_WORLD(a_part_of_a_record_that_is_not_here_is_not_taken_for_all_of_it),
	  IN_WORLD(exceptions_are_counted_and_a_quarantined_change_is_told),
	  IN_WORLD(a_quarantined_value_gives_way_to_the_servers))

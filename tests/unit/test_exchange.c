/* SPDX-License-Identifier: Apache-2.0 */
#include "client/local_parts.h"
#include "device_world.h"

static const struct cursor at_100 = {100, 100, CURSOR_ID_END};

static uint64_t
family(struct world *w)
{
	return world_record(w, "family", FIELDS("head", "Ani"));
}

/* Every change of the last request gets a seq, and the loop of pages ends at `complete`. */
static void
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
static struct reply
reply_with(const struct world *w, struct span *record, bool *whole)
{
	struct reply reply = world_reply(w);

	reply.to = at_100;
	reply.records = record;
	reply.whole = whole;
	reply.record_count = 1;
	return reply;
}

static uint64_t
version(struct world *w, uint64_t id)
{
	struct record record;
	struct error err;

	assert_ok(local_record(w->device->local, id, &w->arena, &record, NULL, &err));
	return record.version;
}

static bool
holds(struct world *w, uint64_t id)
{
	struct record record;
	struct error err;

	return local_record(w->device->local, id, &w->arena, &record, NULL, &err) == STATUS_OK;
}

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

/* ---- enrolment ---- */

TEST(enrolment_makes_a_device_with_forms_and_scope)
{
	struct world *w = *state;
	struct local_state found = world_state(w);

	assert_int_equal(found.device, WORLD_DEVICE);
	assert_string_equal(found.cadre, "Siti");
	assert_int_equal(found.epoch, WORLD_EPOCH);
	assert_int_equal(found.scope_count, 1);
	assert_int_equal(found.schema_version, 3);
	assert_non_null(w->device->schema);
	assert_int_equal(sambung_enrol(w->device, w->code_text, &w->err), STATUS_EXISTS);
}

TEST(a_second_try_comes_from_the_same_device_key)
{
	struct world *w = *state;
	uint8_t key[SIGN_SECRET_SIZE];

	w->answers_lost = true;
	assert_int_equal(sambung_enrol(w->device, w->code_text, &w->err), STATUS_UNREACHABLE);
	memcpy(key, w->device->secret, sizeof key);
	w->answers_lost = false;
	world_reopen(w);
	assert_ok(sambung_enrol(w->device, w->code_text, &w->err));
	assert_memory_equal(w->device->secret, key, sizeof key);
	assert_int_equal(w->posts, 2);
}

TEST(a_refused_code_leaves_the_device_as_it_was)
{
	struct world *w = *state;

	w->enrol_status = STATUS_CODE_USED;
	assert_int_equal(sambung_enrol(w->device, w->code_text, &w->err), STATUS_CODE_USED);
	assert_int_equal(sambung_enrol(w->device, "sb1.x", &w->err), STATUS_INVALID);
	assert_int_equal(world_state(w).device, 0);
	w->enrol_status = STATUS_OK;
	assert_ok(sambung_enrol(w->device, w->code_text, &w->err));
}

TEST(a_certificate_of_another_key_is_refused)
{
	struct world *w = *state;

	w->log_public[0] ^= 1;
	assert_int_equal(sambung_enrol(w->device, w->code_text, &w->err), STATUS_SIGNATURE);
	assert_int_equal(world_state(w).device, 0);
}

TEST(forms_that_enrolment_did_not_finish_come_with_the_exchange)
{
	struct world *w = *state;
	uint32_t size = (uint32_t)w->schema.length;
	struct reply reply;
	struct sambung_edit *edit;

	w->schema_chunk = 100;
	assert_ok(sambung_enrol(w->device, w->code_text, &w->err));
	assert_int_equal(sambung_edit_create(w->device, "family", &edit, &w->err),
			 STATUS_NOT_FOUND);
	for (uint32_t held = 100; held < size; held += 300) {
		uint32_t length = size - held < 300 ? size - held : 300;

		world_request(w);
		assert_int_equal(w->head.schema_version, 0);
		assert_int_equal(w->head.schema_held, held);
		reply = world_reply(w);
		reply.schema = (struct schema_chunk){.version = 3,
						     .size = size,
						     .offset = held,
						     .bytes = span_of(w->schema.at + held, length)};
		memcpy(reply.schema.hash, w->schema_hash, HASH_SIZE);
		assert_ok(world_answer(w, &reply));
		assert_int_equal(w->again, held + length < size);
	}
	(void)family(w);
	world_request(w);
	assert_int_equal(w->head.schema_version, 3);
	assert_memory_equal(w->head.schema_hash, w->schema_hash, 8);
	assert_int_equal(w->head.schema_held, 0);
}

/* ---- the request ---- */

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
		assert_true(w->opened.body.length <= 32 * 1024);
		acknowledge(w, first_n, 100 + first_n);
		rounds++;
	} while (w->again);
	assert_int_equal(world_state(w).acked_n, 1500);
	assert_in_range(rounds, 4, 10);
	assert_int_equal(w->result.sent, 1500);
	assert_int_equal(w->result.acked, 1500);
	assert_true(w->result.synced);
}

/* ---- acknowledgements and records ---- */

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
	bool whole = false;
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

TEST(an_evicted_record_goes_but_its_unsent_change_is_sent)
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
	assert_false(holds(w, id));
	assert_true(w->again);
	world_request(w);
	assert_int_equal(w->head.first_n, 2);
	assert_int_equal(w->head.count, 1);
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

/* ---- replies that come late, twice, or from nobody ---- */

TEST(a_reply_to_the_request_before_still_acknowledges)
{
	struct world *w = *state;
	struct parcel_session first;
	struct ack_run run = {1, 1, 10};
	struct record theirs = {0};
	uint64_t id = id_make(WORLD_OTHER, 9);
	struct span bytes;
	bool whole = false;
	struct reply late;
	struct reply reply;

	(void)family(w);
	world_request(w);
	first = w->opened.session;
	late = world_reply(w);
	late.acks = &run;
	late.ack_count = 1;
	late.to = (struct cursor){20, 20, CURSOR_ID_END};
	world_other(w, &theirs, id, FAMILY, FAMILY_HEAD, value_text(TEXT("Umi")), 9, 0);
	bytes = world_encode(w, &theirs);
	late.records = &bytes;
	late.whole = &whole;
	late.record_count = 1;
	late.server_time_ms = 5;
	world_request(w);
	reply = world_reply(w);
	reply.to = at_100;
	assert_ok(world_answer(w, &reply));
	assert_int_equal(world_state(w).acked_n, 0);
	assert_ok(world_answer_to(w, &first, &late));
	assert_int_equal(world_state(w).acked_n, 1);
	/* But the cursor and the clock stay, and what has left since does not come back. */
	assert_int_equal(world_state(w).cursor.complete, 100);
	assert_int_equal(world_state(w).server_time_ms, WORLD_TIME_MS);
	assert_false(holds(w, id));
}

TEST(a_reply_that_comes_twice_does_no_harm)
{
	struct world *w = *state;
	struct parcel_session session;
	uint64_t id = family(w);
	struct ack_run run = {1, 1, 10};
	struct local_state before;
	struct local_state after;
	struct reply reply;

	world_request(w);
	session = w->opened.session;
	reply = world_reply(w);
	reply.acks = &run;
	reply.ack_count = 1;
	reply.to = at_100;
	assert_ok(world_answer_to(w, &session, &reply));
	(void)world_edit(w, id, "head", "Ana");
	before = world_state(w);
	assert_ok(world_answer_to(w, &session, &reply));
	after = world_state(w);
	assert_memory_equal(&after, &before, sizeof before);
	assert_contains(world_show(w, id), "\"head\":\"Ana\"");
	assert_int_equal(w->result.acked, 1);
}

TEST(a_reply_of_an_older_request_is_not_opened)
{
	struct world *w = *state;
	struct parcel_session first;
	struct reply reply;

	world_request(w);
	first = w->opened.session;
	reply = world_reply(w);
	world_request(w);
	world_request(w);
	assert_int_equal(world_answer_to(w, &first, &reply), STATUS_SIGNATURE);
}

TEST(no_reply_is_taken_before_a_request)
{
	struct world *w = *state;
	static const uint8_t bytes[40] = {1};
	const struct sambung_bytes reply = {bytes, sizeof bytes};

	assert_int_equal(sambung_exchange_reply(w->device, reply, &w->again, NULL, &w->err),
			 STATUS_INVALID);
	world_request(w);
	assert_int_equal(sambung_exchange_reply(w->device, reply, &w->again, NULL, &w->err),
			 STATUS_SIGNATURE);
}

TEST(a_reply_from_a_place_further_on_brings_no_records)
{
	struct world *w = *state;
	struct record theirs = {0};
	uint64_t id = id_make(WORLD_OTHER, 9);
	struct span bytes;
	bool whole = false;
	struct reply reply;

	world_other(w, &theirs, id, FAMILY, FAMILY_HEAD, value_text(TEXT("Umi")), 60, 0);
	bytes = world_encode(w, &theirs);
	world_request(w);
	reply = reply_with(w, &bytes, &whole);
	reply.from = (struct cursor){50, 50, CURSOR_ID_END};
	assert_ok(world_answer(w, &reply));
	assert_false(holds(w, id));
	assert_int_equal(world_state(w).cursor.complete, 0);
	assert_true(w->again);
}

/* ---- trust ---- */

static struct checkpoint
checkpoint(const struct world *w, uint64_t size)
{
	struct checkpoint signed_one = {.epoch = WORLD_EPOCH, .size = size, .root = {9}};

	memcpy(signed_one.origin, "SMBG", ORIGIN_SIZE);
	checkpoint_sign(&signed_one, w->log_secret);
	return signed_one;
}

static int
answer_checkpoint(struct world *w, const struct checkpoint *told)
{
	struct reply reply;

	world_request(w);
	reply = world_reply(w);
	reply.has_checkpoint = true;
	reply.checkpoint = *told;
	return world_answer(w, &reply);
}

TEST(the_newest_checkpoint_is_remembered_and_shown)
{
	struct world *w = *state;
	struct checkpoint told = checkpoint(w, 50);

	assert_ok(answer_checkpoint(w, &told));
	world_reopen(w);
	world_request(w);
	assert_int_equal(w->head.witness_size, 50);
	assert_memory_equal(w->head.witness_root, told.root, 8);
}

TEST(a_log_that_goes_back_or_changes_is_refused)
{
	struct world *w = *state;
	struct checkpoint told = checkpoint(w, 50);

	assert_ok(answer_checkpoint(w, &told));
	told = checkpoint(w, 49);
	assert_int_equal(answer_checkpoint(w, &told), STATUS_SIGNATURE);
	assert_string_equal(w->err.detail, "the server's log went back");
	told = checkpoint(w, 50);
	told.root[0] = 1;
	checkpoint_sign(&told, w->log_secret);
	assert_int_equal(answer_checkpoint(w, &told), STATUS_SIGNATURE);
	told = checkpoint(w, 60);
	told.signature[3] ^= 1;
	assert_int_equal(answer_checkpoint(w, &told), STATUS_SIGNATURE);
	told = checkpoint(w, 60);
	told.origin[0] = 'X';
	checkpoint_sign(&told, w->log_secret);
	assert_int_equal(answer_checkpoint(w, &told), STATUS_SIGNATURE);
	assert_int_equal(world_state(w).witness.size, 50);
}

TEST(a_refusal_keeps_everything)
{
	static const enum status refusals[] = {STATUS_FORK,	 STATUS_REVOKED,
					       STATUS_FOREIGN,	 STATUS_UNSUPPORTED,
					       STATUS_MALFORMED, STATUS_INTERNAL};
	struct world *w = *state;
	struct ack_run run = {1, 1, 10};
	struct reply reply;

	(void)family(w);
	for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
		world_request(w);
		reply = world_reply(w);
		reply.status = refusals[i];
		reply.acks = &run;
		reply.ack_count = 1;
		assert_int_equal(world_answer(w, &reply), refusals[i]);
		assert_int_equal(world_state(w).acked_n, 0);
	}
	assert_int_equal(world_state(w).last_n, 1);
}

TEST(a_failure_in_the_middle_undoes_the_whole_reply)
{
	struct world *w = *state;
	struct ack_run run = {1, 1, 10};
	uint64_t id = family(w);
	struct record theirs = {0};
	struct span records[2];
	bool whole[2] = {false, false};
	static const uint8_t junk[] = {0x81, 0x00};
	struct reply reply;

	world_other(w, &theirs, id_make(WORLD_OTHER, 9), FAMILY, FAMILY_HEAD,
		    value_text(TEXT("Umi")), 9, 0);
	records[0] = world_encode(w, &theirs);
	records[1] = span_of(junk, sizeof junk);
	world_request(w);
	reply = reply_with(w, records, whole);
	reply.record_count = 2;
	reply.acks = &run;
	reply.ack_count = 1;
	assert_int_equal(world_answer(w, &reply), STATUS_MALFORMED);
	assert_int_equal(world_state(w).acked_n, 0);
	assert_int_equal(world_state(w).cursor.complete, 0);
	assert_false(holds(w, id_make(WORLD_OTHER, 9)));
	assert_contains(world_show(w, id), "\"version\":0");
}

/* ---- a server that lost something ---- */

TEST(changes_are_sent_again_with_the_same_commitments)
{
	struct world *w = *state;
	uint8_t sent[HASH_SIZE];
	uint64_t id = family(w);
	struct reply reply;

	(void)world_edit(w, id, "head", "Ana");
	world_request(w);
	acknowledge(w, 10, 20);
	(void)world_edit(w, id, "head", "Anu");
	world_request(w);
	memcpy(sent, w->head.h_last, HASH_SIZE);
	reply = world_reply(w);
	reply.status = STATUS_GAP;
	reply.send_from = 2;
	assert_ok(world_answer(w, &reply));
	assert_true(w->again);
	world_request(w);
	assert_int_equal(w->head.first_n, 2);
	assert_int_equal(w->head.count, 2);
	assert_memory_equal(w->head.h_last, sent, HASH_SIZE);
	reply = world_reply(w);
	reply.status = STATUS_GAP;
	reply.send_from = 1;
	assert_ok(world_answer(w, &reply));
	world_request(w);
	assert_int_equal(w->head.count, 3);
	assert_memory_equal(w->head.h_last, sent, HASH_SIZE);
	assert_int_equal(w->body.batches[0].last_n, 2);
}

TEST(a_gap_that_this_device_cannot_fill_is_told)
{
	struct world *w = *state;
	struct reply reply;

	world_request(w);
	reply = world_reply(w);
	reply.status = STATUS_GAP;
	reply.send_from = 9;
	assert_int_equal(world_answer(w, &reply), STATUS_GAP);
	assert_contains(w->err.detail, "change 9");
}

TEST(a_counter_that_the_server_knows_makes_the_next_one_greater)
{
	struct world *w = *state;
	struct reply reply;

	world_request(w);
	reply = world_reply(w);
	reply.r_seen = 1000;
	assert_ok(world_answer(w, &reply));
	assert_true(w->again);
	world_request(w);
	assert_int_equal(w->head.r, 1001);
}

TEST(in_a_new_epoch_the_scope_is_taken_anew)
{
	struct world *w = *state;
	struct record theirs = {0};
	struct record again = {0};
	uint64_t kept = id_make(WORLD_OTHER, 9);
	uint64_t gone = id_make(WORLD_OTHER, 10);
	uint64_t own = family(w);
	struct span records[2];
	bool whole[2] = {false, false};
	struct reply reply;

	world_other(w, &theirs, kept, FAMILY, FAMILY_HEAD, value_text(TEXT("Umi")), 9, 0);
	records[0] = world_encode(w, &theirs);
	theirs = (struct record){0};
	world_other(w, &theirs, gone, FAMILY, FAMILY_HEAD, value_text(TEXT("Uni")), 10, 0);
	records[1] = world_encode(w, &theirs);
	world_request(w);
	reply = reply_with(w, records, whole);
	reply.record_count = 2;
	reply.acks = &(struct ack_run){1, 1, 30};
	reply.ack_count = 1;
	assert_ok(world_answer(w, &reply));
	assert_true(w->result.synced);
	/* The server comes back from a backup that lacks the own change and the second family. */
	world_request(w);
	reply = world_reply(w);
	reply.epoch = WORLD_EPOCH + 1;
	reply.send_from = 1;
	reply.evicted = &kept;
	reply.evicted_count = 1;
	assert_ok(world_answer(w, &reply));
	assert_true(w->again);
	assert_true(holds(w, kept) && holds(w, gone));
	world_request(w);
	assert_int_equal(w->head.epoch, WORLD_EPOCH + 1);
	assert_int_equal(w->head.cursor.complete, 0);
	assert_int_equal(w->head.count, 1);
	world_other(w, &again, kept, FAMILY, FAMILY_HEAD, value_text(TEXT("Umi")), 4, 0);
	records[0] = world_encode(w, &again);
	reply = reply_with(w, records, whole);
	reply.epoch = WORLD_EPOCH + 1;
	reply.to = (struct cursor){11, 11, CURSOR_ID_END};
	reply.acks = &(struct ack_run){1, 1, 11};
	reply.ack_count = 1;
	assert_ok(world_answer(w, &reply));
	assert_false(w->again);
	assert_int_equal(version(w, kept), 4);
	assert_false(holds(w, gone));
	assert_true(holds(w, own));
	(void)world_edit(w, kept, "head", "Ummi");
	assert_int_equal(world_change(w, 2).base.epoch, WORLD_EPOCH + 1);
	assert_int_equal(world_change(w, 2).base.version, 4);
}

TEST(an_answer_of_a_former_epoch_changes_nothing)
{
	struct world *w = *state;
	struct parcel_session first;
	struct reply late;
	struct reply reply;

	world_request(w);
	first = w->opened.session;
	late = world_reply(w);
	late.to = at_100;
	world_request(w);
	reply = world_reply(w);
	reply.epoch = WORLD_EPOCH + 1;
	assert_ok(world_answer(w, &reply));
	assert_ok(world_answer_to(w, &first, &late));
	assert_int_equal(world_state(w).epoch, WORLD_EPOCH + 1);
	assert_int_equal(world_state(w).cursor.complete, 0);
}

/* ---- the loop ---- */

static int
answer_with(struct world *w, const struct reply *answer, struct buffer *reply)
{
	struct buffer packed;
	static const uint8_t nonce[12] = {1};
	struct error err;

	buffer_init(&packed, PARCEL_REPLY_MAX);
	assert_ok(reply_pack(answer, &packed, &err));
	assert_ok(parcel_seal_reply(&w->opened.session, nonce, buffer_span(&packed), reply, &err));
	buffer_finish(&packed);
	return 200;
}

/* Acknowledges what comes; the second exchange ends the loop of pages. */
static int
answer_two_pages(struct world *w, struct buffer *reply)
{
	struct ack_run run = {w->head.first_n, w->head.count, 10};
	struct reply answer = world_reply(w);

	answer.acks = &run;
	answer.ack_count = w->head.count > 0;
	answer.more = w->posts == 1;
	answer.to = answer.more ? (struct cursor){0, 50, 5} : at_100;
	return answer_with(w, &answer, reply);
}

TEST(a_sync_goes_on_until_everything_is_there)
{
	struct world *w = *state;

	(void)family(w);
	(void)family(w);
	w->answer = answer_two_pages;
	assert_ok(sambung_sync(w->device, NULL, NULL, &w->result, &w->err));
	assert_int_equal(w->result.requests, 2);
	assert_int_equal(w->result.sent, 2);
	assert_int_equal(w->result.acked, 2);
	assert_true(w->result.bytes_up > 2 * PARCEL_REQUEST_OVERHEAD);
	assert_true(w->result.bytes_down > 2 * PARCEL_REPLY_OVERHEAD);
	assert_true(w->result.synced);
	/* Nothing to say: one request. */
	assert_ok(sambung_sync(w->device, NULL, NULL, &w->result, &w->err));
	assert_int_equal(w->result.requests, 1);
	assert_true(w->result.synced);
}

static int
stop_after_one(void *context, const struct sambung_result *so_far)
{
	(void)context;
	return so_far->requests == 1;
}

TEST(a_sync_that_is_stopped_keeps_what_it_has)
{
	struct world *w = *state;

	(void)family(w);
	w->answer = answer_two_pages;
	assert_ok(sambung_sync(w->device, stop_after_one, NULL, &w->result, &w->err));
	assert_int_equal(w->result.requests, 1);
	assert_false(w->result.synced);
	assert_int_equal(world_state(w).acked_n, 1);
}

static int
answer_without_end(struct world *w, struct buffer *reply)
{
	struct reply answer = world_reply(w);

	answer.more = true;
	return answer_with(w, &answer, reply);
}

TEST(a_sync_that_does_not_get_on_ends)
{
	struct world *w = *state;

	w->answer = answer_without_end;
	assert_int_equal(sambung_sync(w->device, NULL, NULL, &w->result, &w->err), STATUS_INTERNAL);
	assert_true(w->posts <= 4);
	assert_false(w->result.synced);
}

static int http_status;

static int
answer_http(struct world *w, struct buffer *reply)
{
	(void)w;
	buffer_append(reply, "<html>", 6);
	return http_status;
}

TEST(an_answer_that_is_no_parcel_is_told_as_what_it_means)
{
	static const struct {
		int http;
		enum status status;
	} answers[] = {{0, STATUS_UNREACHABLE},	  {200, STATUS_UNREACHABLE},
		       {503, STATUS_BUSY},	  {429, STATUS_BUSY},
		       {413, STATUS_LIMIT},	  {400, STATUS_MALFORMED},
		       {415, STATUS_UNSUPPORTED}, {404, STATUS_NOT_FOUND},
		       {302, STATUS_UNREACHABLE}, {500, STATUS_UNREACHABLE}};
	struct world *w = *state;

	(void)family(w);
	w->answer = answer_http;
	for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
		http_status = answers[i].http;
		assert_int_equal(sambung_sync(w->device, NULL, NULL, &w->result, &w->err),
				 answers[i].status);
		assert_int_equal(w->result.requests, 1);
		assert_true(w->result.bytes_up > 0);
		assert_int_equal(world_state(w).last_n, 1);
		assert_int_equal(world_state(w).acked_n, 0);
	}
}

TEST(a_device_that_is_not_enrolled_cannot_sync)
{
	struct world *w = *state;

	assert_int_equal(sambung_sync(w->device, NULL, NULL, &w->result, &w->err),
			 STATUS_NOT_ENROLLED);
	assert_int_equal(w->result.requests, 0);
}

#define IN_WORLD(sentence) CASE_WITH(sentence, world_open, world_close)
#define IN_NEW_WORLD(sentence) CASE_WITH(sentence, world_open_new, world_close)

RUN_TESTS(IN_WORLD(enrolment_makes_a_device_with_forms_and_scope),
	  IN_NEW_WORLD(a_second_try_comes_from_the_same_device_key),
	  IN_NEW_WORLD(a_refused_code_leaves_the_device_as_it_was),
	  IN_NEW_WORLD(a_certificate_of_another_key_is_refused),
	  IN_NEW_WORLD(forms_that_enrolment_did_not_finish_come_with_the_exchange),
	  IN_WORLD(a_request_without_changes_writes_nothing),
	  IN_WORLD(each_request_has_a_greater_counter),
	  IN_WORLD(changes_travel_with_their_seeds_and_chain),
	  IN_WORLD(the_chain_goes_on_from_what_was_acknowledged),
	  IN_WORLD(a_long_queue_goes_in_pieces_that_fit),
	  IN_WORLD(an_acknowledged_change_is_no_longer_queued),
	  IN_WORLD(a_version_rises_only_when_the_pages_have_ended),
	  IN_WORLD(a_record_of_another_device_arrives_with_its_authors_name),
	  IN_WORLD(what_is_pending_stays_over_what_arrives),
	  IN_WORLD(an_evicted_record_goes_but_its_unsent_change_is_sent),
	  IN_WORLD(a_new_scope_lets_go_of_villages),
	  IN_WORLD(exceptions_are_counted_and_a_quarantined_change_is_told),
	  IN_WORLD(a_quarantined_value_gives_way_to_the_servers),
	  IN_WORLD(a_reply_to_the_request_before_still_acknowledges),
	  IN_WORLD(a_reply_that_comes_twice_does_no_harm),
	  IN_WORLD(a_reply_of_an_older_request_is_not_opened),
	  IN_WORLD(no_reply_is_taken_before_a_request),
	  IN_WORLD(a_reply_from_a_place_further_on_brings_no_records),
	  IN_WORLD(the_newest_checkpoint_is_remembered_and_shown),
	  IN_WORLD(a_log_that_goes_back_or_changes_is_refused),
	  IN_WORLD(a_refusal_keeps_everything),
	  IN_WORLD(a_failure_in_the_middle_undoes_the_whole_reply),
	  IN_WORLD(changes_are_sent_again_with_the_same_commitments),
	  IN_WORLD(a_gap_that_this_device_cannot_fill_is_told),
	  IN_WORLD(a_counter_that_the_server_knows_makes_the_next_one_greater),
	  IN_WORLD(in_a_new_epoch_the_scope_is_taken_anew),
	  IN_WORLD(an_answer_of_a_former_epoch_changes_nothing),
	  IN_WORLD(a_sync_goes_on_until_everything_is_there),
	  IN_WORLD(a_sync_that_is_stopped_keeps_what_it_has),
	  IN_WORLD(a_sync_that_does_not_get_on_ends),
	  IN_WORLD(an_answer_that_is_no_parcel_is_told_as_what_it_means),
	  IN_NEW_WORLD(a_device_that_is_not_enrolled_cannot_sync))

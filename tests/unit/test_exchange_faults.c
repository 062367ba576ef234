/* SPDX-License-Identifier: Apache-2.0 */
/* Answers that come late, twice or from nobody, and servers that lost something. */
#include "exchange_sample.h"

TEST(a_reply_to_the_request_before_still_acknowledges)
{
	struct world *w = *state;
	struct parcel_session first;
	struct ack_run run = {1, 1, 10};
	struct record theirs = {0};
	uint64_t id = id_make(WORLD_OTHER, 9);
	struct span bytes;
	bool whole = true;
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

TEST(a_reply_that_comes_again_after_its_changes_were_forgotten_does_no_harm)
{
	struct world *w = *state;
	struct parcel_session session;
	struct ack_run run = {1, 2, 10};
	struct reply late;
	struct reply reply;

	(void)family(w);
	(void)family(w);
	world_request(w);
	session = w->opened.session;
	late = world_reply(w);
	late.acks = &run;
	late.ack_count = 1;
	late.to = at_100;
	assert_ok(world_answer_to(w, &session, &late));
	world_request(w);
	reply = world_reply(w);
	assert_ok(world_answer(w, &reply));
	assert_true(w->result.synced);
	assert_ok(local_changes_forget(w->device->local, INT64_MAX, 0, NULL));
	assert_ok(world_answer_to(w, &session, &late));
	assert_int_equal(world_state(w).acked_n, 2);
	assert_int_equal(w->result.acked, 2);
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
	bool whole = true;
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

TEST(a_checkpoint_that_is_not_the_servers_is_refused)
{
	struct world *w = *state;
	struct checkpoint told = checkpoint(w, 50);

	assert_ok(answer_checkpoint(w, &told));
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
	static const enum status refusals[] = {STATUS_FORK, STATUS_FOREIGN, STATUS_UNSUPPORTED,
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

TEST(a_revoked_device_still_hears_what_became_of_its_changes)
{
	struct world *w = *state;
	struct exception set_aside = {
		.n = 1, .kind = EXCEPTION_QUARANTINED, .reason = QUARANTINE_REVOKED};
	struct ack_run run = {1, 1, 10};
	struct sambung_state found;
	struct reply reply;

	(void)family(w);
	(void)family(w);
	world_request(w);
	reply = world_reply(w);
	reply.status = STATUS_REVOKED;
	reply.acks = &run;
	reply.ack_count = 1;
	reply.exceptions = &set_aside;
	reply.exception_count = 1;
	assert_ok(world_answer(w, &reply));
	assert_true(w->again);
	assert_ok(sambung_state(w->device, &found, &w->err));
	assert_int_equal(found.queued, 1);
	assert_int_equal(found.quarantined, 1);
}

TEST(a_revoked_device_takes_no_seqs_of_another_log)
{
	struct world *w = *state;
	struct ack_run run = {1, 1, 10};
	struct reply reply;

	(void)family(w);
	world_request(w);
	reply = world_reply(w);
	reply.status = STATUS_REVOKED;
	reply.epoch = WORLD_EPOCH + 1;
	reply.acks = &run;
	reply.ack_count = 1;
	assert_ok(world_answer(w, &reply));
	assert_int_equal(world_state(w).acked_n, 0);
}

TEST(a_failure_in_the_middle_undoes_the_whole_reply)
{
	struct world *w = *state;
	struct ack_run run = {1, 1, 10};
	uint64_t id = family(w);
	struct record theirs = {0};
	struct span records[2];
	bool whole[2] = {true, true};
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

TEST(a_change_that_is_sent_again_raises_its_record_to_its_new_place)
{
	struct world *w = *state;
	uint64_t id = family(w);
	struct reply reply;

	world_request(w);
	acknowledge(w, 10, 20);
	assert_int_equal(version(w, id), 10);
	world_request(w);
	reply = world_reply(w);
	reply.status = STATUS_GAP;
	reply.send_from = 1;
	assert_ok(world_answer(w, &reply));
	world_request(w);
	acknowledge(w, 25, 30);
	assert_int_equal(version(w, id), 25);
}

TEST(a_gap_ends_no_loop_of_pages)
{
	struct world *w = *state;
	struct record former = {0};
	struct local_place place = {.epoch = WORLD_EPOCH - 1};
	uint64_t id = id_make(WORLD_OTHER, 9);
	struct error err;
	struct reply reply;

	world_other(w, &former, id, FAMILY, FAMILY_HEAD, value_text(TEXT("Umi")), 9, 0);
	assert_ok(local_begin(w->device->local, &err));
	assert_ok(local_record_save(w->device->local, &former, &place, &err));
	assert_ok(local_commit(w->device->local, &err));
	(void)family(w);
	world_request(w);
	reply = world_reply(w);
	reply.status = STATUS_GAP;
	reply.send_from = 1;
	assert_ok(world_answer(w, &reply));
	assert_true(w->again);
	assert_true(holds(w, id));
}

TEST(a_late_gap_does_not_pass_for_the_end)
{
	struct world *w = *state;
	struct parcel_session first;
	struct reply late;

	world_request(w);
	first = w->opened.session;
	late = world_reply(w);
	late.status = STATUS_GAP;
	late.send_from = 1;
	world_request(w);
	assert_ok(world_answer_to(w, &first, &late));
	assert_false(w->result.synced);
	assert_true(w->again);
}

TEST(a_late_reply_does_not_claim_a_scope_whose_records_are_not_here)
{
	struct world *w = *state;
	struct parcel_session first;
	struct region scope = {VILLAGE_B, VILLAGE_B};
	uint64_t before = world_state(w).scope_version;
	struct reply late;
	struct reply reply;

	world_request(w);
	first = w->opened.session;
	late = world_reply(w);
	late.has_scope = true;
	late.scope_version = 150;
	late.scope = &scope;
	late.scope_count = 1;
	late.to = (struct cursor){160, 160, CURSOR_ID_END};
	world_request(w);
	reply = world_reply(w);
	reply.to = at_100;
	assert_ok(world_answer(w, &reply));
	assert_ok(world_answer_to(w, &first, &late));
	assert_int_equal(world_state(w).scope_version, before);
	assert_true(w->again);
}

TEST(a_late_reply_moves_no_record_back)
{
	struct world *w = *state;
	struct parcel_session first;
	struct record theirs = {0};
	struct record held;
	uint64_t id = id_make(WORLD_OTHER, 9);
	struct span bytes;
	bool whole = true;
	struct error err;
	struct reply late;
	struct reply reply;

	world_other(w, &theirs, id, FAMILY, FAMILY_HEAD, value_text(TEXT("Umi")), 9, 0);
	theirs.village = VILLAGE_A;
	bytes = world_encode(w, &theirs);
	world_request(w);
	first = w->opened.session;
	late = reply_with(w, &bytes, &whole);
	world_request(w);
	theirs.village = VILLAGE_B;
	bytes = world_encode(w, &theirs);
	reply = reply_with(w, &bytes, &whole);
	assert_ok(world_answer(w, &reply));
	theirs.village = VILLAGE_A;
	bytes = world_encode(w, &theirs);
	assert_ok(world_answer_to(w, &first, &late));
	assert_ok(local_record(w->device->local, id, &w->arena, &held, NULL, &err));
	assert_int_equal(held.village, VILLAGE_B);
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
	assert_string_equal(w->err.detail, "n 9 > 1");
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
	struct record merged = {0};
	uint64_t kept = id_make(WORLD_OTHER, 9);
	uint64_t gone = id_make(WORLD_OTHER, 10);
	uint64_t own = family(w);
	struct span records[2];
	bool whole[2] = {true, true};
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
	world_merge(w, &merged, 11);
	merged.village = VILLAGE_A;
	records[1] = world_encode(w, &merged);
	reply = reply_with(w, records, whole);
	reply.record_count = 2;
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

#define IN_WORLD(sentence) CASE_WITH(sentence, world_open, world_close)

RUN_TESTS(IN_WORLD(a_reply_to_the_request_before_still_acknowledges),
	  IN_WORLD(a_reply_that_comes_twice_does_no_harm),
	  IN_WORLD(a_reply_that_comes_again_after_its_changes_were_forgotten_does_no_harm),
	  IN_WORLD(a_reply_of_an_older_request_is_not_opened),
	  IN_WORLD(no_reply_is_taken_before_a_request),
	  IN_WORLD(a_reply_from_a_place_further_on_brings_no_records),
	  IN_WORLD(the_newest_checkpoint_is_remembered_and_shown),
	  IN_WORLD(a_checkpoint_that_is_not_the_servers_is_refused),
	  IN_WORLD(a_refusal_keeps_everything),
	  IN_WORLD(a_revoked_device_still_hears_what_became_of_its_changes),
	  IN_WORLD(a_revoked_device_takes_no_seqs_of_another_log),
	  IN_WORLD(a_failure_in_the_middle_undoes_the_whole_reply),
	  IN_WORLD(changes_are_sent_again_with_the_same_commitments),
	  IN_WORLD(a_change_that_is_sent_again_raises_its_record_to_its_new_place),
	  IN_WORLD(a_gap_ends_no_loop_of_pages), IN_WORLD(a_late_gap_does_not_pass_for_the_end),
	  IN_WORLD(a_late_reply_does_not_claim_a_scope_whose_records_are_not_here),
	  IN_WORLD(a_late_reply_moves_no_record_back),
	  IN_WORLD(a_gap_that_this_device_cannot_fill_is_told),
	  IN_WORLD(a_counter_that_the_server_knows_makes_the_next_one_greater),
	  IN_WORLD(in_a_new_epoch_the_scope_is_taken_anew),
	  IN_WORLD(an_answer_of_a_former_epoch_changes_nothing))

/* SPDX-License-Identifier: Apache-2.0 */
/* A device that was restored from a copy, and a server whose answers are written by hand. What
 * comes late, twice or half is in test_fork_edges.c. */
#include "fork_sample.h"

static bool
holds(struct world *w, uint64_t id)
{
	struct record record;
	struct error err;

	return local_record(w->device->local, id, &w->arena, &record, NULL, &err) == STATUS_OK;
}

/* ---- asking ---- */

TEST(a_fork_is_remembered_and_the_next_request_asks_for_a_number)
{
	struct world *w = *state;
	uint8_t seed[SEED32_SIZE];
	uint8_t key[SIGN_PUBLIC_SIZE];
	uint8_t secret[SIGN_SECRET_SIZE];

	(void)family_that_is_logged(w);
	(void)family(w, "Budi");
	(void)family(w, "Citra");
	fork_is_told(w, 3);
	world_reopen(w);
	world_request(w);
	assert_int_equal(w->head.device, WORLD_DEVICE);
	assert_int_equal(w->head.count, 0);
	assert_int_equal(w->head.known_n, 3);
	assert_true(w->head.continues);
	assert_int_equal(w->head.continuing_n, 2);
	assert_true(w->head.room >= DEVICE_ROOM);
	fork_key(w->device->secret, WORLD_DEVICE, 2, seed);
	sign_keypair(seed, key, secret);
	assert_memory_equal(w->head.continuing_key, key, sizeof key);
}

TEST(no_change_leaves_while_a_number_is_asked_for)
{
	struct world *w = *state;

	(void)family(w, "Ani");
	fork_is_told(w, 1);
	(void)family(w, "Budi");
	for (int i = 0; i < 3; i++) {
		world_request(w);
		assert_int_equal(w->head.count, 0);
		assert_true(w->head.continues);
	}
	assert_int_equal(world_state(w).last_n, 2);
}

TEST(where_the_copy_only_knows_too_little_everything_it_has_is_common)
{
	struct world *w = *state;

	(void)family_that_is_logged(w);
	fork_is_told(w, 2);
	world_request(w);
	assert_int_equal(w->head.continuing_n, 1);
	/* What is recorded meanwhile is new to the log. */
	(void)family(w, "Budi");
	number_is_given(w, HEIR);
	assert_int_equal(world_state(w).last_n, 1);
	assert_int_equal(world_change(w, 1).was_n, 2);
}

TEST(what_the_request_did_not_have_is_not_taken_for_common)
{
	struct world *w = *state;
	struct reply reply;

	(void)family_that_is_logged(w);
	world_request(w);
	(void)family(w, "Budi");
	reply = reply_with_status(w, STATUS_FORK);
	reply.send_from = 3;
	assert_ok(world_answer(w, &reply));
	assert_int_equal(world_state(w).fork_n, 2);
}

TEST(a_fork_without_its_place_stops_the_installation)
{
	struct world *w = *state;
	struct reply reply;

	(void)family(w, "Ani");
	world_request(w);
	reply = reply_with_status(w, STATUS_FORK);
	assert_int_equal(world_answer(w, &reply), STATUS_FORK);
	assert_int_equal(world_state(w).fork_n, 0);
}

TEST(a_fork_in_what_was_acknowledged_stops_the_installation)
{
	struct world *w = *state;
	struct reply reply;

	(void)family_that_is_logged(w);
	world_request(w);
	reply = reply_with_status(w, STATUS_FORK);
	reply.send_from = 1;
	assert_int_equal(world_answer(w, &reply), STATUS_FORK);
	assert_int_equal(world_state(w).fork_n, 0);
}

TEST(a_server_that_gives_no_number_stops_the_installation)
{
	struct world *w = *state;
	struct reply reply;

	(void)family(w, "Ani");
	fork_is_told(w, 1);
	world_request(w);
	reply = reply_with_status(w, STATUS_FORK);
	reply.send_from = 1;
	assert_int_equal(world_answer(w, &reply), STATUS_FORK);
	assert_int_equal(world_state(w).fork_n, 1);
}

TEST(after_eight_forks_the_installation_stops)
{
	struct world *w = *state;
	struct reply reply;

	(void)family(w, "Ani");
	for (uint32_t i = 0; i < LOCAL_LINEAGE_MAX; i++) {
		forks(w, 1, HEIR + i);
	}
	world_reopen(w);
	world_request(w);
	assert_int_equal(w->head.count, 1);
	reply = reply_with_status(w, STATUS_FORK);
	reply.send_from = 1;
	assert_int_equal(world_answer(w, &reply), STATUS_FORK);
}

TEST(a_fork_that_is_told_twice_does_no_harm)
{
	struct world *w = *state;
	struct parcel_session session;
	struct reply reply;

	(void)family(w, "Ani");
	world_request(w);
	session = w->opened.session;
	reply = reply_with_status(w, STATUS_FORK);
	reply.send_from = 1;
	assert_ok(world_answer(w, &reply));
	assert_ok(world_answer_to(w, &session, &reply));
	world_request(w);
	assert_true(w->head.continues);
	assert_ok(world_answer_to(w, &session, &reply));
	assert_int_equal(world_state(w).fork_n, 1);
}

/* ---- the server, meanwhile ---- */

TEST(a_gap_while_asking_means_that_the_server_was_restored_and_all_goes_on_as_before)
{
	struct world *w = *state;
	struct reply reply;

	(void)family_that_is_logged(w);
	(void)family(w, "Budi");
	fork_is_told(w, 2);
	world_request(w);
	reply = reply_with_status(w, STATUS_GAP);
	reply.send_from = 1;
	assert_ok(world_answer(w, &reply));
	assert_true(w->again);
	world_request(w);
	assert_false(w->head.continues);
	assert_int_equal(w->head.first_n, 1);
	assert_int_equal(w->head.count, 2);
}

TEST(a_log_that_has_more_than_was_acknowledged_is_told_the_rest_after_a_gap)
{
	struct world *w = *state;
	struct reply reply;

	for (int i = 0; i < 4; i++) {
		(void)family(w, "Ani");
	}
	fork_is_told(w, 4);
	world_request(w);
	reply = reply_with_status(w, STATUS_GAP);
	reply.send_from = 3;
	assert_ok(world_answer(w, &reply));
	world_request(w);
	assert_int_equal(w->head.first_n, 1);
	assert_int_equal(w->head.count, 4);
}

TEST(in_a_new_epoch_the_next_request_tells_whether_it_is_a_fork)
{
	struct world *w = *state;
	struct reply reply;

	(void)family(w, "Ani");
	fork_is_told(w, 1);
	world_request(w);
	reply = world_reply(w);
	reply.epoch = WORLD_EPOCH + 1;
	assert_ok(world_answer(w, &reply));
	world_request(w);
	assert_false(w->head.continues);
	assert_int_equal(w->head.epoch, WORLD_EPOCH + 1);
	assert_int_equal(w->head.count, 1);
}

TEST(a_held_device_learns_what_was_merged_and_tells_the_person)
{
	struct world *w = *state;
	struct ack_run run = {1, 1, 10};
	struct reply reply;

	(void)family(w, "Ani");
	world_request(w);
	reply = reply_with_status(w, STATUS_HELD);
	reply.acks = &run;
	reply.ack_count = 1;
	/* What it is told is counted; the next answer tells the rest. */
	assert_ok(world_answer(w, &reply));
	assert_true(w->again);
	assert_int_equal(w->result.acked, 1);
	assert_int_equal(world_state(w).acked_n, 1);
	world_request(w);
	reply = reply_with_status(w, STATUS_HELD);
	assert_int_equal(world_answer(w, &reply), STATUS_HELD);
}

TEST(a_held_device_goes_on_as_long_as_changes_wait)
{
	struct world *w = *state;
	struct ack_run run = {1, 1, 10};
	struct reply reply;

	(void)family(w, "Ani");
	(void)family(w, "Budi");
	world_request(w);
	reply = reply_with_status(w, STATUS_HELD);
	reply.acks = &run;
	reply.ack_count = 1;
	assert_ok(world_answer(w, &reply));
	assert_true(w->again);
	world_request(w);
	reply = reply_with_status(w, STATUS_HELD);
	assert_int_equal(world_answer(w, &reply), STATUS_HELD);
	assert_int_equal(world_state(w).last_n, 2);
}

TEST(a_held_device_asks_on_when_it_is_held_no_more)
{
	struct world *w = *state;
	struct reply reply;

	(void)family(w, "Ani");
	fork_is_told(w, 1);
	world_request(w);
	reply = reply_with_status(w, STATUS_HELD);
	assert_int_equal(world_answer(w, &reply), STATUS_HELD);
	number_is_given(w, HEIR);
	assert_int_equal(world_state(w).device, HEIR);
}

/* ---- the number ---- */

TEST(the_installation_goes_on_under_the_new_number_with_what_the_log_lacks)
{
	struct world *w = *state;
	uint64_t old = family_that_is_logged(w);
	struct local_state now;
	uint8_t chain[HASH_SIZE];

	(void)family(w, "Budi");
	(void)world_edit(w, old, "head", "Ana");
	forks(w, 2, HEIR);
	now = world_state(w);
	assert_int_equal(w->result.continues_as, HEIR);
	assert_int_equal(now.r, 0);
	assert_int_equal(now.last_n, 2);
	assert_int_equal(now.acked_n, 0);
	assert_int_equal(now.cursor.complete, 0);
	assert_int_equal(now.scope_version, SCOPE_VERSION);
	assert_int_equal(now.fork_n, 0);
	world_reopen(w);
	world_request(w);
	assert_int_equal(w->head.device, HEIR);
	assert_int_equal(w->head.first_n, 1);
	assert_int_equal(w->head.count, 2);
	assert_int_equal(w->head.certificate.length, 0);
	chain_start(w->device->secret + SIGN_SECRET_SIZE - SIGN_PUBLIC_SIZE, HEIR, chain);
	assert_memory_equal(chain, now.chain, sizeof chain);
	assert_int_equal(world_change(w, 1).record, id_make(HEIR, 1));
	assert_int_equal(world_change(w, 1).was_stream, WORLD_DEVICE);
	assert_int_equal(world_change(w, 1).was_n, 2);
	assert_int_equal(world_change(w, 2).record, old);
	assert_int_equal(world_change(w, 2).own_stream, 0);
	assert_int_equal(world_change(w, 2).own_n, 1);
}

TEST(the_screens_show_everything_before_the_scope_is_pulled_anew)
{
	struct world *w = *state;
	uint64_t old = family_that_is_logged(w);
	uint64_t born = family(w, "Budi");
	char family_text[ID_TEXT_SIZE];
	uint64_t person = world_record(
		w, "person", FIELDS("family", id_format(born, family_text), "name", "Cici"));
	struct local_place place;
	struct record record;
	struct error err;

	(void)world_edit(w, old, "head", "Ana");
	forks(w, 2, HEIR);
	assert_contains(world_show(w, old), "\"head\":\"Ana\"");
	assert_contains(world_show(w, id_make(HEIR, 1)), "\"head\":\"Budi\"");
	assert_contains(world_show(w, id_make(HEIR, 2)), "\"name\":\"Cici\"");
	assert_false(holds(w, born) || holds(w, person));
	/* The number on a slip of paper still finds it. */
	assert_contains(world_show(w, born), "\"head\":\"Budi\"");
	assert_ok(
		local_record(w->device->local, id_make(HEIR, 2), &w->arena, &record, &place, &err));
	assert_int_equal(place.parent, id_make(HEIR, 1));
	assert_int_equal(record.dots[0].stream, HEIR);
}

TEST(batches_stay_apart_and_what_is_recorded_later_has_a_seed_of_its_own)
{
	struct world *w = *state;
	uint8_t first[SEED_SIZE];
	uint8_t expected[SEED_SIZE];

	(void)family(w, "Ani");
	(void)family(w, "Budi");
	world_request(w);
	memcpy(first, w->body.batches[0].seed, SEED_SIZE);
	(void)family(w, "Citra");
	fork_is_told(w, 2);
	number_is_given(w, HEIR);
	(void)family(w, "Dewi");
	world_request(w);
	assert_int_equal(w->body.batch_count, 3);
	assert_int_equal(w->body.batches[0].last_n, 1);
	assert_int_equal(w->body.batches[1].last_n, 2);
	assert_int_equal(w->body.batches[2].last_n, 3);
	fork_batch_seed(first, HEIR, expected);
	assert_memory_equal(w->body.batches[0].seed, expected, SEED_SIZE);
	acknowledge(w, 20);
	assert_int_equal(world_state(w).acked_n, 3);
}

TEST(what_is_recorded_between_fork_and_number_goes_along)
{
	struct world *w = *state;

	(void)family_that_is_logged(w);
	(void)family(w, "Budi");
	fork_is_told(w, 2);
	(void)family(w, "Citra");
	world_request(w);
	(void)family(w, "Dewi");
	number_is_given(w, HEIR);
	assert_int_equal(world_state(w).last_n, 3);
	assert_int_equal(world_change(w, 3).was_n, 4);
	assert_contains(world_show(w, id_make(HEIR, 3)), "\"head\":\"Dewi\"");
}

TEST(a_fork_of_a_fork_keeps_where_each_change_came_from_first)
{
	struct world *w = *state;
	struct local_state now;

	(void)family(w, "Ani");
	(void)family(w, "Budi");
	forks(w, 1, HEIR);
	forks(w, 2, GRANDCHILD);
	now = world_state(w);
	assert_int_equal(now.lineage_count, 2);
	assert_int_equal(now.last_n, 1);
	assert_int_equal(world_change(w, 1).was_stream, WORLD_DEVICE);
	assert_int_equal(world_change(w, 1).was_n, 2);
	assert_contains(world_show(w, id_make(WORLD_DEVICE, 2)), "\"head\":\"Budi\"");
	world_reopen(w);
	world_request(w);
	assert_int_equal(w->head.device, GRANDCHILD);
}

TEST(pending_changes_have_seen_what_the_former_number_did)
{
	struct world *w = *state;
	struct record theirs = {0};
	uint64_t id = family(w, "Ani");
	struct span bytes;
	bool whole = true;
	struct reply reply;

	world_request(w);
	world_merge(w, &theirs, 10);
	bytes = world_encode(w, &theirs);
	(void)world_edit(w, id, "head", "Ana");
	forks(w, 2, HEIR);
	world_request(w);
	reply = world_reply(w);
	reply.to = at_100;
	reply.records = &bytes;
	reply.whole = &whole;
	reply.record_count = 1;
	assert_ok(world_answer(w, &reply));
	assert_contains(world_show(w, id), "\"head\":\"Ana\"");
	assert_contains(w->lines[0], "\"conflicts\":{}");
}

TEST(what_the_pages_do_not_bring_goes_and_what_waits_stays)
{
	struct world *w = *state;
	uint64_t gone = family_that_is_logged(w);
	struct reply reply;

	(void)family(w, "Budi");
	forks(w, 2, HEIR);
	assert_true(holds(w, gone));
	world_request(w);
	reply = world_reply(w);
	reply.to = at_100;
	assert_ok(world_answer(w, &reply));
	assert_false(holds(w, gone));
	assert_true(holds(w, id_make(HEIR, 1)));
}

/* The last request's changes from n on are set aside. */
static void
set_aside(struct world *w, uint32_t n, uint64_t seq)
{
	struct ack_run run = {n, w->head.first_n + w->head.count - n, seq};
	struct exception exception = {.n = n, .kind = EXCEPTION_QUARANTINED, .reason = 7};
	struct reply reply = world_reply(w);

	reply.acks = &run;
	reply.ack_count = 1;
	reply.exceptions = &exception;
	reply.exception_count = 1;
	assert_ok(world_answer(w, &reply));
}

static uint32_t
count_set_aside(struct world *w)
{
	struct sambung_state shown;

	assert_ok(sambung_state(w->device, &shown, &w->err));
	return shown.quarantined;
}

TEST(what_was_set_aside_under_each_number_is_still_counted_and_shown)
{
	struct world *w = *state;
	uint64_t id = family(w, "Ani");

	world_request(w);
	set_aside(w, 1, 10);
	(void)family(w, "Budi");
	forks(w, 2, HEIR);
	world_request(w);
	set_aside(w, 1, 11);
	(void)family(w, "Citra");
	forks(w, 2, GRANDCHILD);
	world_request(w);
	assert_int_equal(w->head.count, 1);
	acknowledge(w, 20);
	assert_int_equal(count_set_aside(w), 2);
	assert_int_equal(world_state(w).last_n, 1);
	assert_contains(world_show(w, id), "\"head\":\"Ani\"");
	assert_contains(world_show(w, id_make(HEIR, 1)), "\"head\":\"Budi\"");
}

TEST(what_was_set_aside_does_not_keep_later_changes_from_being_forgotten)
{
	struct world *w = *state;
	struct local_batches batches;
	struct local_change kept;
	struct error err;

	(void)family(w, "Ani");
	(void)family(w, "Budi");
	world_request(w);
	/* The answer to the first has not come. */
	set_aside(w, 2, 10);
	(void)family(w, "Citra");
	forks(w, 3, HEIR);
	world_request(w);
	acknowledge(w, 20);
	(void)family(w, "Dewi");
	world_request(w);
	acknowledge(w, 21);
	assert_ok(local_changes_forget(w->device->local, INT64_MAX, 0, &err));
	assert_int_equal(count_set_aside(w), 1);
	assert_int_equal(world_state(w).last_n, 2);
	assert_int_equal(local_change(w->device->local, 1, &w->arena, &kept, &err),
			 STATUS_NOT_FOUND);
	assert_ok(local_batches(w->device->local, 1, 1, &w->arena, &batches, &err));
	assert_int_equal(batches.count, 0);
}

TEST(a_number_with_nothing_to_say_yet_begins_with_one)
{
	struct world *w = *state;

	(void)family(w, "Ani");
	world_request(w);
	set_aside(w, 1, 10);
	forks(w, 2, HEIR);
	assert_int_equal(world_state(w).last_n, 0);
	world_reopen(w);
	assert_int_equal(family(w, "Budi"), id_make(HEIR, 1));
}

TEST(others_who_went_on_after_a_fork_are_known_and_their_own_edits_are_no_conflict)
{
	struct world *w = *state;
	struct lineage lineage = {.stream = WORLD_OTHER + 1, .parent = WORLD_OTHER, .n = 9};
	struct dot dots[] = {
		{.seq = 9, .stream = WORLD_OTHER, .n = 9, .base = {WORLD_EPOCH, 0}, .own_n = 8},
		{.seq = 12, .stream = WORLD_OTHER + 1, .n = 1, .base = {WORLD_EPOCH, 0}}};
	struct member head = {.dot = 0, .top = true, .value = value_text(TEXT("Umi"))};
	struct member archived = {.dot = 1, .top = true, .value = value_text(TEXT("pindah"))};
	struct record_field fields[] = {
		{.tag = FAMILY_HEAD, .version = 9, .members = &head, .member_count = 1},
		{.tag = TAG_ARCHIVED, .version = 12, .members = &archived, .member_count = 1}};
	struct record theirs = {.id = id_make(WORLD_OTHER, 1),
				.type = FAMILY,
				.village = VILLAGE_A,
				.version = 12,
				.dots = dots,
				.dot_count = 2,
				.fields = fields,
				.field_count = 2};
	struct span bytes = world_encode(w, &theirs);
	bool whole = true;
	struct reply reply;

	world_request(w);
	reply = world_reply(w);
	reply.to = at_100;
	reply.records = &bytes;
	reply.whole = &whole;
	reply.record_count = 1;
	assert_ok(world_answer(w, &reply));
	assert_contains(world_show(w, theirs.id), "\"conflicts\":{\"");
	world_request(w);
	reply.from = w->head.cursor;
	reply.lineages = &lineage;
	reply.lineage_count = 1;
	assert_ok(world_answer(w, &reply));
	assert_contains(world_show(w, theirs.id), "\"conflicts\":{}");
	world_reopen(w);
	assert_contains(world_show(w, theirs.id), "\"conflicts\":{}");
}

#define ROW(sentence) CASE_WITH(sentence, world_open, world_close)

RUN_TESTS(ROW(a_fork_is_remembered_and_the_next_request_asks_for_a_number),
	  ROW(no_change_leaves_while_a_number_is_asked_for),
	  ROW(where_the_copy_only_knows_too_little_everything_it_has_is_common),
	  ROW(what_the_request_did_not_have_is_not_taken_for_common),
	  ROW(a_fork_without_its_place_stops_the_installation),
	  ROW(a_fork_in_what_was_acknowledged_stops_the_installation),
	  ROW(a_server_that_gives_no_number_stops_the_installation),
	  ROW(after_eight_forks_the_installation_stops),
	  ROW(a_fork_that_is_told_twice_does_no_harm),
	  ROW(a_gap_while_asking_means_that_the_server_was_restored_and_all_goes_on_as_before),
	  ROW(a_log_that_has_more_than_was_acknowledged_is_told_the_rest_after_a_gap),
	  ROW(in_a_new_epoch_the_next_request_tells_whether_it_is_a_fork),
	  ROW(a_held_device_learns_what_was_merged_and_tells_the_person),
	  ROW(a_held_device_goes_on_as_long_as_changes_wait),
	  ROW(a_held_device_asks_on_when_it_is_held_no_more),
	  ROW(the_installation_goes_on_under_the_new_number_with_what_the_log_lacks),
	  ROW(the_screens_show_everything_before_the_scope_is_pulled_anew),
	  ROW(batches_stay_apart_and_what_is_recorded_later_has_a_seed_of_its_own),
	  ROW(what_is_recorded_between_fork_and_number_goes_along),
	  ROW(a_fork_of_a_fork_keeps_where_each_change_came_from_first),
	  ROW(pending_changes_have_seen_what_the_former_number_did),
	  ROW(what_the_pages_do_not_bring_goes_and_what_waits_stays),
	  ROW(what_was_set_aside_under_each_number_is_still_counted_and_shown),
	  ROW(what_was_set_aside_does_not_keep_later_changes_from_being_forgotten),
	  ROW(a_number_with_nothing_to_say_yet_begins_with_one),
	  ROW(others_who_went_on_after_a_fork_are_known_and_their_own_edits_are_no_conflict))

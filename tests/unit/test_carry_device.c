/* SPDX-License-Identifier: Apache-2.0 */
/* Answers that come as files, written by hand; how they go through a server is in tests/twin. */
#include "carry_sample.h"

static const struct cursor at_100 = {100, 100, CURSOR_ID_END};

static struct parcel_session
carry_out_many(struct world *w, size_t parcels)
{
	uint32_t changes;

	return carry_out_file(w, parcels, &changes);
}

static struct parcel_session
carry_out(struct world *w)
{
	return carry_out_many(w, 1);
}

/* A reply that acknowledges the first change. */
static struct reply
acknowledgement(const struct world *w, struct ack_run *run)
{
	struct reply reply = world_reply(w);

	*run = (struct ack_run){.first_n = 1, .count = 1, .seq = 50};
	reply.acks = run;
	reply.ack_count = 1;
	reply.acked_n = 1;
	return reply;
}

TEST(an_answer_moves_the_cursor_from_where_its_request_was_made)
{
	struct world *w = *state;
	struct parcel_session session = carry_out(w);
	struct reply reply = world_reply(w);

	reply.to = at_100;
	assert_ok(carry_in(w, &session, &reply));
	assert_int_equal(world_state(w).cursor.complete, 100);
	assert_int_equal(w->result.synced, 1);
}

TEST(a_later_answer_from_the_same_place_moves_it_no_more)
{
	struct world *w = *state;
	struct parcel_session first = carry_out(w);
	struct parcel_session second = carry_out(w);
	struct reply reply = world_reply(w);

	reply.to = at_100;
	assert_ok(carry_in(w, &second, &reply));
	reply.to.complete = 60;
	reply.to.key = 60;
	assert_ok(carry_in(w, &first, &reply));
	assert_int_equal(world_state(w).cursor.complete, 100);
}

TEST(an_answer_for_a_scope_that_is_no_longer_held_moves_no_cursor)
{
	struct world *w = *state;
	struct parcel_session session = carry_out(w);
	struct local_state held = world_state(w);
	struct reply reply = world_reply(w);

	held.scope_version++;
	assert_ok(local_state_save(w->device->local, &held, NULL));
	reply.to = at_100;
	assert_ok(carry_in(w, &session, &reply));
	assert_int_equal(world_state(w).cursor.complete, 0);
}

TEST(a_server_that_lacks_changes_gets_them_again_if_it_says_so_to_the_newest_request)
{
	struct world *w = *state;
	struct parcel_session session;
	struct ack_run run;
	struct reply reply;

	(void)world_record(w, "family", FIELDS("head", "Uji"));
	session = carry_out(w);
	reply = acknowledgement(w, &run);
	assert_ok(carry_in(w, &session, &reply));
	assert_int_equal(world_state(w).acked_n, 1);
	session = carry_out(w);
	reply = world_reply(w);
	reply.send_from = 1;
	assert_ok(carry_in(w, &session, &reply));
	assert_int_equal(world_state(w).acked_n, 0);
}

TEST(what_an_older_answer_says_that_the_server_lacked_is_not_sent_again)
{
	struct world *w = *state;
	struct parcel_session older;
	struct parcel_session newest;
	struct ack_run run;
	struct reply reply;

	(void)world_record(w, "family", FIELDS("head", "Uji"));
	older = carry_out(w);
	newest = carry_out(w);
	reply = acknowledgement(w, &run);
	assert_ok(carry_in(w, &newest, &reply));
	reply = world_reply(w);
	reply.send_from = 1;
	assert_ok(carry_in(w, &older, &reply));
	assert_int_equal(world_state(w).acked_n, 1);
}

TEST(an_answer_of_a_new_epoch_to_a_request_of_the_former_one_only_acknowledges)
{
	struct world *w = *state;
	struct parcel_session first;
	struct parcel_session second;
	struct ack_run run;
	struct reply reply;

	(void)world_record(w, "family", FIELDS("head", "Uji"));
	first = carry_out(w);
	second = carry_out(w);
	reply = world_reply(w);
	reply.epoch = WORLD_EPOCH + 1;
	assert_ok(carry_in(w, &second, &reply));
	assert_int_equal(world_state(w).epoch, WORLD_EPOCH + 1);
	reply = acknowledgement(w, &run);
	reply.epoch = WORLD_EPOCH + 1;
	reply.to = at_100;
	assert_ok(carry_in(w, &first, &reply));
	assert_int_equal(world_state(w).acked_n, 1);
	assert_int_equal(world_state(w).cursor.complete, 0);
	assert_int_equal(w->result.synced, 0);
}

TEST(an_answer_of_a_former_epoch_is_of_no_use_any_more)
{
	struct world *w = *state;
	struct parcel_session first;
	struct parcel_session second;
	struct ack_run run;
	struct reply reply;

	(void)world_record(w, "family", FIELDS("head", "Uji"));
	first = carry_out(w);
	second = carry_out(w);
	reply = world_reply(w);
	reply.epoch = WORLD_EPOCH + 1;
	assert_ok(carry_in(w, &second, &reply));
	reply = acknowledgement(w, &run);
	assert_ok(carry_in(w, &first, &reply));
	assert_int_equal(world_state(w).acked_n, 0);
	assert_int_equal(world_state(w).epoch, WORLD_EPOCH + 1);
}

/* ---- after a fork ---- */

/* Notes that hardly pack: more than one parcel has room for. */
static void
families_for_two_parcels(struct world *w)
{
	enum { FAMILIES = 1000, LENGTH = 80 };
	uint32_t random = 1;
	char head[LENGTH + 1];

	for (int i = 0; i < FAMILIES; i++) {
		for (size_t k = 0; k < LENGTH; k++) {
			random = random * UINT32_C(1664525) + UINT32_C(1013904223);
			head[k] = (char)('a' + (random >> 24) % 26);
		}
		head[LENGTH] = '\0';
		(void)world_record(w, "family", FIELDS("head", head));
	}
}

TEST(where_the_log_parts_is_believed_as_far_as_the_parcel_went_that_was_answered)
{
	struct world *w = *state;
	struct parcel_session session;
	struct reply reply;

	families_for_two_parcels(w);
	session = carry_out_many(w, 2);
	assert_true(w->head.first_n > 1 + w->head.count);
	reply = world_reply(w);
	reply.status = STATUS_FORK;
	reply.send_from = w->head.first_n + 1;
	assert_ok(carry_in(w, &session, &reply));
	assert_int_equal(world_state(w).fork_n, w->head.first_n + 1);
}

TEST(a_phone_that_gets_no_number_by_file_says_so)
{
	struct world *w = *state;
	struct parcel_session session;
	struct reply reply;

	(void)world_record(w, "family", FIELDS("head", "Ani"));
	session = carry_out(w);
	reply = world_reply(w);
	reply.status = STATUS_FORK;
	reply.send_from = 1;
	assert_ok(carry_in(w, &session, &reply));
	session = carry_out(w);
	assert_true(w->head.continues);
	reply.send_from = 0;
	assert_int_equal(carry_in(w, &session, &reply), STATUS_FORK);
}

#define IN_WORLD(sentence) CASE_WITH(sentence, world_open, world_close)

RUN_TESTS(IN_WORLD(an_answer_moves_the_cursor_from_where_its_request_was_made),
	  IN_WORLD(a_later_answer_from_the_same_place_moves_it_no_more),
	  IN_WORLD(an_answer_for_a_scope_that_is_no_longer_held_moves_no_cursor),
	  IN_WORLD(a_server_that_lacks_changes_gets_them_again_if_it_says_so_to_the_newest_request),
	  IN_WORLD(what_an_older_answer_says_that_the_server_lacked_is_not_sent_again),
	  IN_WORLD(an_answer_of_a_new_epoch_to_a_request_of_the_former_one_only_acknowledges),
	  IN_WORLD(an_answer_of_a_former_epoch_is_of_no_use_any_more),
	  IN_WORLD(where_the_log_parts_is_believed_as_far_as_the_parcel_went_that_was_answered),
	  IN_WORLD(a_phone_that_gets_no_number_by_file_says_so))

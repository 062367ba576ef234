/* SPDX-License-Identifier: Apache-2.0 */
/* A device whose server was restored. */
#include "device_world.h"

static const struct cursor at_100 = {100, 100, CURSOR_ID_END};

/* An answer of the epoch after the one that the device knows. */
static struct reply
reply_of_the_next_epoch(const struct world *w, struct epoch epochs[2])
{
	struct reply reply = world_reply(w);

	epochs[0] = (struct epoch){.epoch = WORLD_EPOCH};
	epochs[1] = (struct epoch){WORLD_EPOCH + 1, WORLD_EPOCH, 20};
	reply.epoch = WORLD_EPOCH + 1;
	reply.epochs = epochs;
	reply.epoch_count = 2;
	return reply;
}

static void
epoch_is_told(struct world *w)
{
	struct epoch epochs[2];
	struct reply reply;

	world_request(w);
	reply = reply_of_the_next_epoch(w, epochs);
	reply.more = true;
	assert_ok(world_answer(w, &reply));
	assert_true(w->again);
}

TEST(a_device_that_a_restored_server_lost_shows_its_certificate_until_it_is_known)
{
	struct world *w = *state;
	struct certificate card;
	struct epoch epochs[2];
	struct reply reply;
	struct error err;

	world_request(w);
	assert_int_equal(w->head.certificate.length, 0);
	reply = reply_of_the_next_epoch(w, epochs);
	reply.status = STATUS_FOREIGN;
	assert_ok(world_answer(w, &reply));
	assert_true(w->again);
	world_reopen(w);
	world_request(w);
	assert_int_equal(w->head.epoch, WORLD_EPOCH + 1);
	assert_ok(certificate_read(w->head.certificate, w->log_public, &w->arena, &card, &err));
	assert_int_equal(card.device, WORLD_DEVICE);
	reply = world_reply(w);
	reply.epoch = WORLD_EPOCH + 1;
	reply.to = at_100;
	reply.has_scope = true;
	reply.scope_version = 30;
	reply.scope = w->scope;
	reply.scope_count = w->scope_count;
	assert_ok(world_answer(w, &reply));
	world_request(w);
	assert_int_equal(w->head.certificate.length, 0);
}

TEST(a_device_with_nothing_shows_its_certificate_to_a_server_that_asks_once)
{
	struct world *w = *state;
	struct reply reply;

	world_request(w);
	assert_int_equal(w->head.certificate.length, 0);
	reply = world_reply(w);
	reply.status = STATUS_FOREIGN;
	reply.show_witness = true;
	assert_ok(world_answer(w, &reply));
	assert_true(w->again);
	world_request(w);
	assert_true(w->head.certificate.length > 0);
	assert_int_equal(w->head.scope_version, 0);
	reply = world_reply(w);
	reply.status = STATUS_FOREIGN;
	reply.show_witness = true;
	assert_int_equal(world_answer(w, &reply), STATUS_FOREIGN);
}

TEST(a_server_that_refuses_the_certificate_is_not_asked_again)
{
	struct world *w = *state;
	struct reply reply;

	epoch_is_told(w);
	world_request(w);
	reply = world_reply(w);
	reply.epoch = WORLD_EPOCH + 1;
	reply.status = STATUS_FOREIGN;
	assert_int_equal(world_answer(w, &reply), STATUS_FOREIGN);
}

TEST(epochs_are_kept_over_a_restart)
{
	struct world *w = *state;
	struct local_state state_now;

	epoch_is_told(w);
	world_reopen(w);
	state_now = world_state(w);
	assert_int_equal(state_now.epoch_count, 2);
	assert_int_equal(state_now.epochs[0].epoch, WORLD_EPOCH);
	assert_int_equal(state_now.epochs[1].epoch, WORLD_EPOCH + 1);
	assert_int_equal(state_now.epochs[1].parent, WORLD_EPOCH);
	assert_int_equal(state_now.epochs[1].cut, 20);
}

TEST(of_very_many_epochs_the_newest_are_kept)
{
	struct world *w = *state;
	struct epoch epochs[MESSAGE_EPOCHS_MAX];
	struct reply reply;

	for (uint32_t i = 0; i < MESSAGE_EPOCHS_MAX; i++) {
		epochs[i] = (struct epoch){1000 + i, i == 0 ? 0 : 999 + i, i};
	}
	world_request(w);
	reply = world_reply(w);
	reply.epoch = 999 + MESSAGE_EPOCHS_MAX;
	reply.epochs = epochs;
	reply.epoch_count = MESSAGE_EPOCHS_MAX;
	assert_ok(world_answer(w, &reply));
	assert_int_equal(world_state(w).epoch_count, LOCAL_EPOCHS_MAX);
	assert_int_equal(world_state(w).epochs[LOCAL_EPOCHS_MAX - 1].epoch, reply.epoch);
}

TEST(a_part_of_a_record_of_a_former_epoch_asks_for_the_whole)
{
	struct world *w = *state;
	struct record theirs = {0};
	uint64_t id = id_make(WORLD_OTHER, 9);
	struct span bytes;
	bool whole = true;
	struct reply reply;

	world_other(w, &theirs, id, FAMILY, FAMILY_HEAD, value_text(TEXT("Umi")), 9, 0);
	bytes = world_encode(w, &theirs);
	world_request(w);
	reply = world_reply(w);
	reply.to = at_100;
	reply.records = &bytes;
	reply.whole = &whole;
	reply.record_count = 1;
	assert_ok(world_answer(w, &reply));
	epoch_is_told(w);
	whole = false;
	world_request(w);
	reply.epoch = WORLD_EPOCH + 1;
	reply.from = w->head.cursor;
	assert_ok(world_answer(w, &reply));
	assert_true(w->again);
	world_request(w);
	assert_int_equal(w->head.cursor.complete, 0);
	assert_int_equal(w->head.cursor.key, 0);
}

TEST(the_first_loop_of_an_epoch_waits_for_what_is_still_to_be_sent)
{
	struct world *w = *state;
	struct ack_run run = {1, 1, 21};
	struct reply reply;

	epoch_is_told(w);
	(void)world_record(w, "family", FIELDS("head", "Ani"));
	world_request(w);
	(void)world_record(w, "family", FIELDS("head", "Ina"));
	reply = world_reply(w);
	reply.epoch = WORLD_EPOCH + 1;
	reply.to = at_100;
	reply.acks = &run;
	reply.ack_count = 1;
	assert_ok(world_answer(w, &reply));
	assert_true(w->again);
	world_request(w);
	assert_int_equal(w->head.cursor.complete, 0);
	assert_int_equal(w->head.cursor.key, 100);
	run = (struct ack_run){2, 1, 101};
	reply.from = w->head.cursor;
	reply.to = (struct cursor){101, 101, CURSOR_ID_END};
	assert_ok(world_answer(w, &reply));
	assert_false(w->again);
	assert_int_equal(world_state(w).cursor.complete, 101);
}

#define IN_WORLD(sentence) CASE_WITH(sentence, world_open, world_close)

RUN_TESTS(IN_WORLD(a_device_that_a_restored_server_lost_shows_its_certificate_until_it_is_known),
	  IN_WORLD(a_device_with_nothing_shows_its_certificate_to_a_server_that_asks_once),
	  IN_WORLD(a_server_that_refuses_the_certificate_is_not_asked_again),
	  IN_WORLD(epochs_are_kept_over_a_restart),
	  IN_WORLD(of_very_many_epochs_the_newest_are_kept),
	  IN_WORLD(a_part_of_a_record_of_a_former_epoch_asks_for_the_whole),
	  IN_WORLD(the_first_loop_of_an_epoch_waits_for_what_is_still_to_be_sent))

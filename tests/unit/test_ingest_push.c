/* SPDX-License-Identifier: Apache-2.0 */
/* Exactly once, in order, by an unbroken chain; and what an author is told. */
#include "forged_device.h"

#include <stdlib.h>

#define DEVICE struct forged *ani = *state

static struct value
text(const char *value)
{
	return value_text(span_of_text(value));
}

/* Another cadre in the same village, who has synced. */
static struct forged *
neighbour(struct forged *forged)
{
	struct forged *budi = forged_another(forged->world, 2);

	forged_code(budi, "Budi", VILLAGE_A);
	assert_ok(forged_enrol(budi));
	assert_ok(forged_sync(budi));
	return budi;
}

/* ---- acknowledgements ---- */

TEST(changes_are_acknowledged_in_one_run_with_their_places_in_the_log)
{
	DEVICE;
	uint64_t head = world_head(ani->world);

	for (int i = 0; i < 3; i++) {
		(void)forged_family(ani, VILLAGE_A_NUMBER);
	}
	assert_ok(forged_sync(ani));
	assert_int_equal(ani->reply.ack_count, 1);
	assert_int_equal(ani->reply.acks[0].first_n, 1);
	assert_int_equal(ani->reply.acks[0].count, 3);
	assert_int_equal(ani->reply.acks[0].seq, head + 1);
	assert_int_equal(world_head(ani->world), head + 3);
}

TEST(request_without_changes_adds_nothing_to_the_log)
{
	DEVICE;
	uint64_t head = world_head(ani->world);

	assert_ok(forged_sync(ani));
	assert_int_equal(ani->reply.ack_count, 0);
	assert_int_equal(world_head(ani->world), head);
}

TEST(what_was_logged_before_is_acknowledged_again_at_its_place_and_not_merged_again)
{
	DEVICE;
	uint64_t family = forged_family(ani, VILLAGE_A_NUMBER);
	uint64_t first_seq;
	uint64_t head;

	assert_ok(forged_sync(ani));
	first_seq = ani->reply.acks[0].seq;
	head = world_head(ani->world);
	/* As a device does whose reply was lost: from change 1 again, with one more. */
	ani->acked_n = 0;
	chain_start(ani->public_key, ani->device, ani->chain);
	assert_int_equal(forged_family(ani, VILLAGE_A_NUMBER), family);
	forged_edit(ani, family, FAMILY, FAMILY_ADDRESS, text("Jl."), 0, 1);
	/* The same bytes need the same time. */
	ani->change_count = 0;
	ani->change_count = 2;
	forged_head(ani);
	if (forged_send(ani) == STATUS_FORK) {
		skip();
	}
	assert_int_equal(ani->reply.acked_n, 2);
	assert_int_equal(ani->reply.acks[0].seq, first_seq);
	assert_int_equal(world_head(ani->world), head + 1);
	assert_int_equal(forged_stored(ani, family).dot_count, 2);
}

RUN_TESTS(CASE_WITH(changes_are_acknowledged_in_one_run_with_their_places_in_the_log, forged_open,
		    forged_close))

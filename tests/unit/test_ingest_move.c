/* SPDX-License-Identifier: Apache-2.0 */
/* A record changes its village, and what hangs below it follows. */
#include "forged_device.h"

#define DEVICE struct forged *ani = *state

/* Of ani, who brings everything here to the server. */
static uint64_t
village_of(struct forged *forged, uint64_t id)
{
	struct stored_record row;

	assert_ok(store_records_place(forged->world->store, &id, 1, &row, &forged->err));
	assert_int_equal(row.id, id);
	return row.village;
}

/* A change of the family's village that saw all of the device's own before it. */
static void
move_family(struct forged *forged, uint64_t family, int64_t village)
{
	forged_edit(forged, family, FAMILY, TAG_VILLAGE, value_integer(village), 0,
		    forged->acked_n + (uint32_t)forged->change_count);
}

static void
assert_villages(struct forged *forged, const uint64_t *ids, size_t count, int64_t village)
{
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(village_of(forged, ids[i]), village);
	}
}

TEST(families_that_leave_a_village_in_one_request_take_their_own_along)
{
	DEVICE;
	uint64_t first[3] = {forged_family(ani, VILLAGE_A_NUMBER)};
	uint64_t second[3] = {forged_family(ani, VILLAGE_A_NUMBER)};
	uint64_t third[2] = {forged_family(ani, VILLAGE_A_NUMBER)};

	for (int i = 1; i < 3; i++) {
		first[i] = forged_person(ani, first[0]);
		second[i] = forged_person(ani, second[0]);
	}
	third[1] = forged_person(ani, third[0]);
	assert_ok(forged_sync(ani));
	move_family(ani, first[0], VILLAGE_B_NUMBER);
	move_family(ani, second[0], VILLAGE_B_NUMBER);
	assert_ok(forged_sync(ani));
	assert_villages(ani, first, 3, VILLAGE_B_NUMBER);
	assert_villages(ani, second, 3, VILLAGE_B_NUMBER);
	assert_villages(ani, third, 2, VILLAGE_A_NUMBER);
}

TEST(person_who_joins_between_two_moves_of_one_request_follows_too)
{
	DEVICE;
	uint64_t leaving = forged_family(ani, VILLAGE_A_NUMBER);
	uint64_t ids[2] = {forged_family(ani, VILLAGE_A_NUMBER)};

	(void)forged_person(ani, leaving);
	assert_ok(forged_sync(ani));
	move_family(ani, leaving, VILLAGE_B_NUMBER);
	ids[1] = forged_person(ani, ids[0]);
	move_family(ani, ids[0], VILLAGE_B_NUMBER);
	assert_ok(forged_sync(ani));
	assert_villages(ani, ids, 2, VILLAGE_B_NUMBER);
}

TEST(family_that_goes_comes_back_and_goes_again_in_one_request_is_whole)
{
	DEVICE;
	uint64_t ids[2] = {forged_family(ani, VILLAGE_A_NUMBER)};

	ids[1] = forged_person(ani, ids[0]);
	assert_ok(forged_sync(ani));
	move_family(ani, ids[0], VILLAGE_B_NUMBER);
	move_family(ani, ids[0], VILLAGE_A_NUMBER);
	assert_ok(forged_sync(ani));
	assert_int_equal(village_of(ani, ids[1]), village_of(ani, ids[0]));
	move_family(ani, ids[0], VILLAGE_B_NUMBER);
	assert_ok(forged_sync(ani));
	assert_int_equal(village_of(ani, ids[1]), village_of(ani, ids[0]));
}

/* Each of these reads a whole village anew, and others wait meanwhile. */
TEST(moves_out_of_two_villages_in_turn_do_not_all_go_into_one_transaction)
{
	DEVICE;
	uint64_t ids[2] = {forged_family(ani, VILLAGE_A_NUMBER)};
	uint32_t before;

	ids[1] = forged_person(ani, ids[0]);
	assert_ok(forged_sync(ani));
	before = ani->reply.acked_n;
	for (int i = 0; i < 20; i++) {
		move_family(ani, ids[0], i % 2 == 0 ? VILLAGE_B_NUMBER : VILLAGE_A_NUMBER);
	}
	assert_ok(forged_sync(ani));
	assert_in_range(ani->reply.acked_n, before + 1, before + 19);
	assert_int_equal(village_of(ani, ids[1]), village_of(ani, ids[0]));
}

#define FORGED(sentence) CASE_WITH(sentence, forged_open, forged_close)

RUN_TESTS(FORGED(families_that_leave_a_village_in_one_request_take_their_own_along),
	  FORGED(person_who_joins_between_two_moves_of_one_request_follows_too),
	  FORGED(family_that_goes_comes_back_and_goes_again_in_one_request_is_whole),
	  FORGED(moves_out_of_two_villages_in_turn_do_not_all_go_into_one_transaction))

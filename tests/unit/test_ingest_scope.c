/* SPDX-License-Identifier: Apache-2.0 */
/* A device's villages change: who may decide so, what it gets, and what of its work still counts.
 */
#include "forged_device.h"

#define DEVICE struct forged *ani = *state
#define VILLAGE_C_NUMBER INT64_C(6303072003)

static const struct region in_a = {VILLAGE_A_NUMBER, VILLAGE_A_NUMBER};
static const struct region in_b = {VILLAGE_B_NUMBER, VILLAGE_B_NUMBER};
static const struct region in_c = {VILLAGE_C_NUMBER, VILLAGE_C_NUMBER};
static const struct region kecamatan = {6303070000, 6303079999};

static enum status
set_scope(struct forged *forged, const struct region *regions, size_t count)
{
	struct ingest *ingest = forged->world->ingest;
	enum status status;

	assert_ok(ingest_begin(ingest, &forged->err));
	status = ingest_device_scope(ingest, forged->device, regions, count, 0, &forged->err);
	assert_ok(ingest_commit(ingest, NULL));
	return status;
}

static enum status
hand_over(struct forged *from, uint32_t to)
{
	struct ingest *ingest = from->world->ingest;
	enum status status;

	assert_ok(ingest_begin(ingest, &from->err));
	status = ingest_handover(ingest, from->device, to, 0, &from->err);
	assert_ok(ingest_commit(ingest, NULL));
	return status;
}

static struct device
device_of(struct forged *forged)
{
	struct device device;

	assert_ok(store_device(forged->world->store, forged->device, &forged->arena, &device,
			       &forged->err));
	return device;
}

static void
revoke(struct forged *forged)
{
	struct ingest *ingest = forged->world->ingest;

	assert_ok(ingest_begin(ingest, &forged->err));
	assert_ok(ingest_device_revoke(ingest, forged->device, 0, &forged->err));
	assert_ok(ingest_commit(ingest, &forged->err));
}

/* Another cadre, who has the whole kecamatan and moves families. */
static struct forged *
budi_of(struct forged *ani)
{
	struct forged *budi = forged_another(ani->world, 2);

	forged_code(budi, "Budi", "630307");
	assert_ok(forged_enrol(budi));
	return budi;
}

static void
move_family(struct forged *forged, uint64_t family, int64_t village)
{
	forged_edit(forged, family, FAMILY, TAG_VILLAGE, value_integer(village), 1000, 0);
	assert_ok(forged_sync(forged));
	assert_int_equal(forged->reply.exception_count, 0);
}

static uint64_t
family_in(struct forged *forged, int64_t village)
{
	uint64_t family = forged_family(forged, village);

	assert_ok(forged_sync(forged));
	assert_int_equal(forged->reply.exception_count, 0);
	return family;
}

/* An edit by a device that knew of that scope version: is it merged? */
static bool
merges_edit(struct forged *forged, uint64_t family, uint64_t scope_version)
{
	uint64_t known = forged->scope_version;

	forged->scope_version = scope_version;
	forged_edit(forged, family, FAMILY, FAMILY_ADDRESS, value_text(span_of_text("Jl. Uji")), 1,
		    0);
	forged->scope_version = known;
	assert_ok(forged_sync(forged));
	if (forged->reply.exception_count > 0 &&
	    forged->reply.exceptions[0].kind == EXCEPTION_QUARANTINED) {
		assert_int_equal(forged->reply.exceptions[0].reason, QUARANTINE_OUT_OF_SCOPE);
		return false;
	}
	return true;
}

/* ---- who and what ---- */

TEST(new_scope_is_an_entry_of_the_log_and_its_seq_the_version)
{
	DEVICE;
	struct device device;

	assert_ok(set_scope(ani, (const struct region[]){in_b, in_a, in_b}, 3));
	device = device_of(ani);
	assert_int_equal(device.scope_version, world_head(ani->world));
	assert_int_equal(device.scope_count, 2);
	assert_int_equal(device.scope[0].low, VILLAGE_A_NUMBER);
	assert_int_equal(device.scope[1].low, VILLAGE_B_NUMBER);
}

TEST(scope_that_the_device_has_already_is_no_entry)
{
	DEVICE;
	uint64_t head = world_head(ani->world);

	assert_ok(set_scope(ani, (const struct region[]){in_a, in_a}, 2));
	assert_int_equal(world_head(ani->world), head);
	assert_int_equal(device_of(ani).scope_version, ani->scope_version);
}

TEST(scope_without_villages_is_refused)
{
	DEVICE;

	assert_int_equal(set_scope(ani, &in_b, 0), STATUS_INVALID);
	assert_int_equal(device_of(ani).scope_version, ani->scope_version);
}

TEST(range_that_is_no_region_is_refused)
{
	DEVICE;
	const struct region odd[] = {in_b, {VILLAGE_A_NUMBER, VILLAGE_B_NUMBER}};

	assert_int_equal(set_scope(ani, odd, 2), STATUS_INVALID);
	assert_int_equal(device_of(ani).scope_count, 1);
}

TEST(more_regions_than_a_scope_may_have_are_refused)
{
	DEVICE;
	struct region many[MESSAGE_SCOPE_MAX + 1];

	for (size_t i = 0; i <= MESSAGE_SCOPE_MAX; i++) {
		many[i].low = many[i].high = VILLAGE_A_NUMBER + i;
	}
	assert_int_equal(set_scope(ani, many, MESSAGE_SCOPE_MAX + 1), STATUS_LIMIT);
	assert_int_equal(device_of(ani).scope_count, 1);
	assert_ok(set_scope(ani, many, MESSAGE_SCOPE_MAX));
	assert_ok(forged_sync(ani));
	assert_int_equal(ani->reply.scope_count, MESSAGE_SCOPE_MAX);
}

TEST(device_that_is_not_there_or_was_revoked_gets_no_villages)
{
	DEVICE;
	uint32_t device = ani->device;

	ani->device = 4711;
	assert_int_equal(set_scope(ani, &in_b, 1), STATUS_NOT_FOUND);
	ani->device = device;
	revoke(ani);
	assert_int_equal(set_scope(ani, &in_b, 1), STATUS_INVALID);
	assert_int_equal(device_of(ani).scope[0].low, VILLAGE_A_NUMBER);
}

/* ---- what the devices get ---- */

TEST(device_is_told_its_new_scope_and_gets_all_of_it_whole)
{
	DEVICE;
	struct forged *budi = budi_of(ani);
	uint64_t own = family_in(ani, VILLAGE_A_NUMBER);
	uint64_t gained = family_in(budi, VILLAGE_B_NUMBER);
	struct record record;

	assert_ok(set_scope(ani, (const struct region[]){in_a, in_b}, 2));
	assert_ok(forged_sync(ani));
	assert_true(ani->reply.has_scope);
	assert_int_equal(ani->reply.scope_version, device_of(ani).scope_version);
	assert_int_equal(ani->reply.record_count, 2);
	assert_true(ani->reply.whole[0] && ani->reply.whole[1]);
	assert_true(forged_record(ani, gained, &record) && forged_record(ani, own, &record));
	forged_finish(budi);
}

TEST(device_without_villages_gets_nothing_and_is_told_so)
{
	DEVICE;
	struct forged *budi = budi_of(ani);

	(void)family_in(ani, VILLAGE_A_NUMBER);
	assert_ok(hand_over(ani, budi->device));
	assert_ok(forged_sync(ani));
	assert_true(ani->reply.has_scope);
	assert_int_equal(ani->reply.scope_count, 0);
	assert_int_equal(ani->reply.record_count, 0);
	assert_false(ani->reply.more);
	ani->scope_version = ani->reply.scope_version;
	(void)family_in(budi, VILLAGE_A_NUMBER);
	assert_ok(forged_sync(ani));
	assert_false(ani->reply.has_scope);
	assert_int_equal(ani->reply.record_count, 0);
	forged_finish(budi);
}

TEST(device_that_enrols_again_with_its_code_learns_the_scope_it_has_now)
{
	DEVICE;
	struct forged *budi = budi_of(ani);
	uint64_t before = ani->scope_version;

	assert_ok(hand_over(ani, budi->device));
	assert_ok(forged_enrol(ani));
	assert_true(ani->scope_version > before);
	assert_int_equal(ani->scope_version, device_of(ani).scope_version);
	forged_finish(budi);
}

/* ---- a change is judged by the scope as it was ---- */

TEST(work_on_a_village_that_was_given_away_since_counts)
{
	DEVICE;
	uint64_t family = family_in(ani, VILLAGE_A_NUMBER);

	assert_ok(set_scope(ani, &in_b, 1));
	assert_true(merges_edit(ani, family, ani->scope_version));
	assert_int_equal(forged_stored(ani, family).dot_count, 2);
}

TEST(work_after_the_device_knew_that_the_village_is_gone_is_set_aside)
{
	DEVICE;
	uint64_t family = family_in(ani, VILLAGE_A_NUMBER);

	assert_ok(set_scope(ani, &in_b, 1));
	assert_false(merges_edit(ani, family, device_of(ani).scope_version));
	assert_int_equal(forged_stored(ani, family).dot_count, 1);
}

TEST(new_record_and_work_on_it_from_before_the_village_was_given_away_count)
{
	DEVICE;
	uint64_t family;
	uint64_t person;

	assert_ok(set_scope(ani, &in_b, 1));
	family = forged_family(ani, VILLAGE_A_NUMBER);
	person = forged_person(ani, family);
	forged_edit(ani, family, FAMILY, FAMILY_ADDRESS, value_text(span_of_text("Jl. Uji")), 0, 2);
	assert_ok(forged_sync(ani));
	assert_int_equal(ani->reply.exception_count, 0);
	assert_int_equal(forged_stored(ani, family).dot_count, 2);
	assert_int_equal(forged_stored(ani, person).village, VILLAGE_A_NUMBER);
	assert_int_equal(ani->reply.record_count, 0);
}

TEST(record_that_came_to_a_village_after_the_device_lost_it_is_not_its)
{
	DEVICE;
	struct forged *budi = budi_of(ani);
	uint64_t family = family_in(budi, VILLAGE_B_NUMBER);

	assert_ok(set_scope(ani, &in_c, 1));
	move_family(budi, family, VILLAGE_A_NUMBER);
	assert_false(merges_edit(ani, family, ani->scope_version));
	forged_finish(budi);
}

TEST(record_that_left_a_village_before_the_device_got_it_is_not_its)
{
	DEVICE;
	struct forged *budi = budi_of(ani);
	uint64_t family = family_in(budi, VILLAGE_B_NUMBER);

	move_family(budi, family, VILLAGE_C_NUMBER);
	assert_ok(set_scope(ani, &in_b, 1));
	assert_false(merges_edit(ani, family, ani->scope_version));
	forged_finish(budi);
}

TEST(record_that_moved_before_its_village_was_given_away_was_its)
{
	DEVICE;
	struct forged *budi = budi_of(ani);
	uint64_t family = family_in(ani, VILLAGE_A_NUMBER);

	move_family(budi, family, VILLAGE_B_NUMBER);
	assert_ok(set_scope(ani, &in_c, 1));
	assert_true(merges_edit(ani, family, ani->scope_version));
	assert_false(merges_edit(ani, family, device_of(ani).scope_version));
	forged_finish(budi);
}

TEST(scope_that_held_between_two_others_counts_too)
{
	DEVICE;
	struct forged *budi = budi_of(ani);
	uint64_t family = family_in(budi, VILLAGE_B_NUMBER);
	uint64_t first = ani->scope_version;

	assert_false(merges_edit(ani, family, first));
	assert_ok(set_scope(ani, &in_b, 1));
	assert_ok(set_scope(ani, &in_a, 1));
	assert_true(merges_edit(ani, family, first));
	assert_false(merges_edit(ani, family, device_of(ani).scope_version));
	forged_finish(budi);
}

/* Who claims never to have had a scope at all has had those since enrolment, and no more. */
TEST(scope_versions_that_never_were_open_nothing)
{
	DEVICE;
	struct forged *budi = budi_of(ani);
	uint64_t strange = family_in(budi, VILLAGE_B_NUMBER);
	uint64_t own = family_in(ani, VILLAGE_A_NUMBER);

	assert_ok(set_scope(ani, &in_c, 1));
	assert_false(merges_edit(ani, strange, 0));
	assert_false(merges_edit(ani, own, INT64_MAX));
	assert_true(merges_edit(ani, own, 0));
	forged_finish(budi);
}

/* It was in B, then in A, which the device has; its phone lets it go only if it left A. */
TEST(new_record_of_a_family_that_left_is_let_go_where_the_device_looks)
{
	DEVICE;
	struct forged *budi = budi_of(ani);
	uint64_t family = family_in(budi, VILLAGE_B_NUMBER);
	uint64_t person;
	uint64_t both;

	assert_ok(set_scope(ani, (const struct region[]){in_a, in_b}, 2));
	assert_ok(forged_sync(ani));
	both = device_of(ani).scope_version;
	move_family(budi, family, VILLAGE_A_NUMBER);
	move_family(budi, family, VILLAGE_C_NUMBER);
	assert_ok(set_scope(ani, &in_a, 1));
	ani->scope_version = both;
	person = forged_person(ani, family);
	assert_ok(forged_sync(ani));
	assert_int_equal(ani->reply.exception_count, 0);
	assert_true(forged_evicted(ani, family));
	assert_true(forged_evicted(ani, person));
	forged_finish(budi);
}

/* ---- handing over ---- */

TEST(cadre_who_takes_over_has_the_villages_of_both_and_the_other_none)
{
	DEVICE;
	struct forged *budi = forged_another(ani->world, 2);
	uint64_t family = family_in(ani, VILLAGE_A_NUMBER);
	uint64_t head;
	struct record record;

	forged_code(budi, "Budi", VILLAGE_B);
	assert_ok(forged_enrol(budi));
	head = world_head(ani->world);
	assert_ok(hand_over(ani, budi->device));
	assert_int_equal(world_head(ani->world), head + 2);
	assert_int_equal(device_of(ani).scope_count, 0);
	assert_int_equal(device_of(budi).scope_count, 2);
	assert_ok(forged_sync(budi));
	assert_true(forged_record(budi, family, &record));
	forged_finish(budi);
}

TEST(villages_that_the_other_has_already_are_given_without_an_entry)
{
	DEVICE;
	struct forged *budi = budi_of(ani);
	uint64_t head = world_head(ani->world);

	assert_ok(hand_over(ani, budi->device));
	assert_int_equal(world_head(ani->world), head + 1);
	assert_int_equal(device_of(budi).scope_count, 1);
	assert_memory_equal(device_of(budi).scope, &kecamatan, sizeof kecamatan);
	assert_int_equal(device_of(ani).scope_count, 0);
	forged_finish(budi);
}

TEST(device_that_has_nothing_or_is_the_same_hands_nothing_over)
{
	DEVICE;
	struct forged *budi = budi_of(ani);
	uint64_t head;

	assert_int_equal(hand_over(ani, ani->device), STATUS_INVALID);
	assert_ok(hand_over(ani, budi->device));
	head = world_head(ani->world);
	assert_int_equal(hand_over(ani, budi->device), STATUS_INVALID);
	assert_int_equal(hand_over(budi, 4711), STATUS_NOT_FOUND);
	assert_int_equal(world_head(ani->world), head);
	forged_finish(budi);
}

TEST(villages_of_a_revoked_device_can_be_handed_over_but_not_to_one)
{
	DEVICE;
	struct forged *budi = budi_of(ani);

	revoke(ani);
	assert_int_equal(hand_over(budi, ani->device), STATUS_INVALID);
	assert_ok(hand_over(ani, budi->device));
	assert_int_equal(device_of(ani).scope_count, 0);
	forged_finish(budi);
}

TEST(handing_over_too_many_villages_changes_neither_device)
{
	DEVICE;
	struct forged *budi = forged_another(ani->world, 2);
	struct region many[MESSAGE_SCOPE_MAX];
	uint64_t head;

	for (size_t i = 0; i < MESSAGE_SCOPE_MAX; i++) {
		many[i].low = many[i].high = VILLAGE_B_NUMBER + i;
	}
	forged_code(budi, "Budi", VILLAGE_B);
	assert_ok(forged_enrol(budi));
	assert_ok(set_scope(budi, many, MESSAGE_SCOPE_MAX));
	head = world_head(ani->world);
	assert_int_equal(hand_over(ani, budi->device), STATUS_LIMIT);
	assert_int_equal(world_head(ani->world), head);
	assert_int_equal(device_of(ani).scope_count, 1);
	forged_finish(budi);
}

#define FORGED(sentence) CASE_WITH(sentence, forged_open, forged_close)

RUN_TESTS(FORGED(new_scope_is_an_entry_of_the_log_and_its_seq_the_version),
	  FORGED(scope_that_the_device_has_already_is_no_entry),
	  FORGED(scope_without_villages_is_refused), FORGED(range_that_is_no_region_is_refused),
	  FORGED(more_regions_than_a_scope_may_have_are_refused),
	  FORGED(device_that_is_not_there_or_was_revoked_gets_no_villages),
	  FORGED(device_is_told_its_new_scope_and_gets_all_of_it_whole),
	  FORGED(device_without_villages_gets_nothing_and_is_told_so),
	  FORGED(device_that_enrols_again_with_its_code_learns_the_scope_it_has_now),
	  FORGED(work_on_a_village_that_was_given_away_since_counts),
	  FORGED(work_after_the_device_knew_that_the_village_is_gone_is_set_aside),
	  FORGED(new_record_and_work_on_it_from_before_the_village_was_given_away_count),
	  FORGED(record_that_came_to_a_village_after_the_device_lost_it_is_not_its),
	  FORGED(record_that_left_a_village_before_the_device_got_it_is_not_its),
	  FORGED(record_that_moved_before_its_village_was_given_away_was_its),
	  FORGED(scope_that_held_between_two_others_counts_too),
	  FORGED(scope_versions_that_never_were_open_nothing),
	  FORGED(new_record_of_a_family_that_left_is_let_go_where_the_device_looks),
	  FORGED(cadre_who_takes_over_has_the_villages_of_both_and_the_other_none),
	  FORGED(villages_that_the_other_has_already_are_given_without_an_entry),
	  FORGED(device_that_has_nothing_or_is_the_same_hands_nothing_over),
	  FORGED(villages_of_a_revoked_device_can_be_handed_over_but_not_to_one),
	  FORGED(handing_over_too_many_villages_changes_neither_device))

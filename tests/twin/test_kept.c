/* SPDX-License-Identifier: Apache-2.0 */
/* What a phone keeps for a server that loses its disk, whatever clocks say and however long the
 * phone was silent. */
#include "client/device.h"
#include "client/local_parts.h"
#include "tests/testing.h"
#include "tests/twin/healed.h"

#define DAY_MS (INT64_C(24) * 3600 * 1000)

enum { SEED = 47, LEASE_DAYS = 30 };

/* Both phones have heard of a lease. */
static struct two_cadres
leased(void)
{
	struct two_cadres all = two_cadres_with_a_family(SEED);

	all.world->lease_days = LEASE_DAYS;
	all.ani = world_enrol(all.world, "Ani", TWO_CADRES_VILLAGE);
	world_sync(all.world, all.ani);
	assert_int_not_equal(state_of(&all, all.ani).lease_until_ms, 0);
	return all;
}

static int
ignore(void *context, const char *line, size_t length)
{
	(void)context;
	(void)line;
	(void)length;
	return 0;
}

static int
look(const struct two_cadres *all)
{
	struct sambung_error err;

	return sambung_record(handle(all, all->ani), all->family, ignore, NULL, &err);
}

static void
clock_set(const struct two_cadres *all, int64_t shift_ms)
{
	struct world_device *ani = &all->world->devices[all->ani];

	ani->boots++;
	ani->clock_shift_ms = shift_ms;
	world_reopen(all->world, all->ani);
}

static void
be_silent_for_long(const struct two_cadres *all)
{
	all->world->now_ms += (LEASE_DAYS + 1) * DAY_MS;
	world_reopen(all->world, all->ani);
	assert_int_equal(look(all), STATUS_LEASE_OVER);
}

/* With the data key alone. */
static bool
opens(const struct two_cadres *all, uint32_t n)
{
	struct local_batches batches;
	struct local_change change;
	struct arena arena;
	struct error err;
	bool open;

	arena_init(&arena, 1 << 20);
	assert_ok(local_change(handle(all, all->ani)->local, n, &arena, &change, &err));
	open = change.bytes.length > 0;
	if (local_batches(handle(all, all->ani)->local, n, n, &arena, &batches, &err) != 0) {
		assert_int_equal(err.status, STATUS_LEASE_OVER);
		assert_false(open);
	}
	arena_finish(&arena);
	return open;
}

/* ---- wrong clocks ---- */

TEST(a_phones_clock_ahead_for_one_look_takes_nothing_from_a_restored_server)
{
	struct two_cadres all = leased();
	unsigned backup = world_backup(all.world);

	record_visits(&all, all.ani, 4);
	edit(&all, all.ani, "address", "Jl. Baru");
	world_sync(all.world, all.ani);
	clock_set(&all, 40 * DAY_MS);
	assert_int_equal(look(&all), STATUS_LEASE_OVER);
	clock_set(&all, 0);
	world_sync(all.world, all.ani);
	assert_ok(look(&all));
	world_restore(all.world, backup);
	assert_healed(&all);
	world_free(all.world);
}

/* Its answer tells the time, before anything else of it is taken. */
TEST(a_phone_whose_clock_is_still_ahead_opens_with_its_next_sync)
{
	struct two_cadres all = leased();

	record_visits(&all, all.ani, 2);
	world_sync(all.world, all.ani);
	record_visits(&all, all.ani, 1);
	clock_set(&all, 40 * DAY_MS);
	assert_int_equal(look(&all), STATUS_LEASE_OVER);
	world_sync(all.world, all.ani);
	assert_ok(look(&all));
	assert_healed(&all);
	world_free(all.world);
}

TEST(a_servers_clock_ahead_once_makes_no_phone_forget)
{
	struct two_cadres all = two_cadres_with_a_family(SEED);
	unsigned backup = world_backup(all.world);

	record_visits(&all, all.ani, 3);
	world_sync(all.world, all.ani);
	world_sync(all.world, all.ani);
	all.world->server_shift_ms = 60 * DAY_MS;
	world_restart_server(all.world);
	world_sync(all.world, all.ani);
	all.world->server_shift_ms = 0;
	world_restart_server(all.world);
	world_sync(all.world, all.ani);
	world_restore(all.world, backup);
	assert_healed(&all);
	world_free(all.world);
}

/* ---- a lease that is over ---- */

TEST(what_the_server_has_is_shut_with_the_records_and_opens_with_them)
{
	struct two_cadres all = leased();

	record_visits(&all, all.ani, 2);
	world_sync(all.world, all.ani);
	record_visits(&all, all.ani, 1);
	assert_true(opens(&all, 1));
	be_silent_for_long(&all);
	assert_false(opens(&all, 1));
	assert_false(opens(&all, 2));
	assert_true(opens(&all, 3));
	world_sync(all.world, all.ani);
	assert_true(opens(&all, 1));
	be_silent_for_long(&all);
	assert_false(opens(&all, 1));
	assert_false(opens(&all, 3));
	world_sync(all.world, all.ani);
	assert_healed(&all);
	world_free(all.world);
}

TEST(a_server_restored_while_a_phone_was_shut_has_everything_again)
{
	struct two_cadres all = leased();
	unsigned backup = world_backup(all.world);

	record_visits(&all, all.ani, 4);
	world_sync(all.world, all.ani);
	record_visits(&all, all.ani, 2);
	be_silent_for_long(&all);
	world_restore(all.world, backup);
	assert_healed(&all);
	world_free(all.world);
}

TEST(a_server_restored_to_before_a_phone_that_was_shut_has_everything_again)
{
	struct two_cadres all = two_cadres_with_a_family(SEED);
	unsigned backup = world_backup(all.world);

	all.world->lease_days = LEASE_DAYS;
	all.ani = world_enrol(all.world, "Ani", TWO_CADRES_VILLAGE);
	world_sync(all.world, all.ani);
	record_visits(&all, all.ani, 4);
	world_sync(all.world, all.ani);
	be_silent_for_long(&all);
	world_restore(all.world, backup);
	assert_healed(&all);
	world_free(all.world);
}

/* On a link that loses the answer which tells of the new epoch, and shut again in between. */
TEST(a_phone_that_is_asked_again_and_shut_before_it_could_answer_does_so_later)
{
	struct two_cadres all = leased();
	unsigned backup = world_backup(all.world);
	struct sambung_bytes request;
	struct sambung_error err;
	struct buffer reply;
	int again = 0;

	record_visits(&all, all.ani, 4);
	world_sync(all.world, all.ani);
	be_silent_for_long(&all);
	world_restore(all.world, backup);
	buffer_init(&reply, 1 << 20);
	assert_ok(sambung_exchange_request(handle(&all, all.ani), &request, &err));
	assert_true(world_deliver(all.world, span_of(request.at, request.length), &reply));
	assert_ok(sambung_exchange_reply(handle(&all, all.ani),
					 (struct sambung_bytes){reply.at, reply.length}, &again,
					 NULL, &err));
	buffer_finish(&reply);
	assert_true(again != 0);
	assert_int_equal(state_of(&all, all.ani).queued, 4);
	be_silent_for_long(&all);
	assert_healed(&all);
	world_free(all.world);
}

TEST(what_was_shut_and_is_erased_by_law_is_a_stub_that_a_restored_server_takes)
{
	struct two_cadres all = leased();
	unsigned backup = world_backup(all.world);

	record_visits(&all, all.ani, 3);
	edit(&all, all.ani, "address", "Jl. Baru");
	world_sync(all.world, all.ani);
	be_silent_for_long(&all);
	assert_ok(world_erase(all.world, all.person));
	world_sync(all.world, all.ani);
	world_restore(all.world, backup);
	for (size_t round = 0; round < 2; round++) {
		world_sync(all.world, all.ani);
		world_sync(all.world, all.budi);
	}
	assert_int_equal(state_of(&all, all.ani).queued, 0);
	assert_same_as_server(&all, all.ani, "family", TWO_CADRES_VILLAGE);
	assert_same_as_server(&all, all.ani, "visit", TWO_CADRES_VILLAGE);
	assert_true(world_verified(all.world));
	world_free(all.world);
}

/* What is shut cannot go any more, and must not keep the rest from being destroyed. */
TEST(a_revoked_phone_destroys_although_a_restored_server_lacks_what_is_shut)
{
	struct two_cadres all = leased();
	unsigned backup = world_backup(all.world);
	struct sambung_result result;
	struct sambung_error err;

	record_visits(&all, all.ani, 4);
	world_sync(all.world, all.ani);
	be_silent_for_long(&all);
	world_restore(all.world, backup);
	assert_ok(world_revoke(all.world, all.ani));
	assert_int_not_equal(sambung_sync(handle(&all, all.ani), NULL, NULL, &result, &err), 0);
	assert_int_equal(err.status, STATUS_DESTROYED);
	assert_int_equal(state_of(&all, all.ani).device, 0);
	world_free(all.world);
}

TEST(a_phone_that_is_shut_gets_a_receipt_with_the_share)
{
	struct two_cadres all = leased();
	struct sambung_receipt receipt;
	struct sambung_result result;
	struct sambung_error err;

	record_visits(&all, all.ani, 2);
	world_sync(all.world, all.ani);
	be_silent_for_long(&all);
	assert_ok(sambung_receipt_sync(handle(&all, all.ani), &result, &err));
	assert_ok(sambung_receipt(handle(&all, all.ani), NULL, NULL, &receipt, &err));
	assert_int_equal(receipt.changes, 2);
	world_free(all.world);
}

RUN_TESTS(CASE(a_phones_clock_ahead_for_one_look_takes_nothing_from_a_restored_server),
	  CASE(a_phone_whose_clock_is_still_ahead_opens_with_its_next_sync),
	  CASE(a_servers_clock_ahead_once_makes_no_phone_forget),
	  CASE(what_the_server_has_is_shut_with_the_records_and_opens_with_them),
	  CASE(a_server_restored_while_a_phone_was_shut_has_everything_again),
	  CASE(a_server_restored_to_before_a_phone_that_was_shut_has_everything_again),
	  CASE(a_phone_that_is_asked_again_and_shut_before_it_could_answer_does_so_later),
	  CASE(what_was_shut_and_is_erased_by_law_is_a_stub_that_a_restored_server_takes),
	  CASE(a_revoked_phone_destroys_although_a_restored_server_lacks_what_is_shut),
	  CASE(a_phone_that_is_shut_gets_a_receipt_with_the_share))

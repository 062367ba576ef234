/* SPDX-License-Identifier: Apache-2.0 */
/* Phones that were long without contact, and a server with a lease of thirty days. */
#include "client/device.h"
#include "client/local_parts.h"
#include "tests/twin/two_cadres.h"

#include <stdio.h>

#define DAY_MS (INT64_C(24) * 3600 * 1000)

enum { SEED = 43, LEASE_DAYS = 30 };

static struct sambung_state
state_of(const struct two_cadres *all, size_t device)
{
	struct sambung_state state;
	struct sambung_error err;

	assert_ok(sambung_state(handle(all, device), &state, &err));
	return state;
}

/* One village, a family, and a lease, of which both phones have heard. */
static struct two_cadres
leased(uint64_t seed)
{
	struct two_cadres all = two_cadres_with_a_family(seed);
	size_t again;

	all.world->lease_days = LEASE_DAYS;
	again = world_enrol(all.world, "Ani", TWO_CADRES_VILLAGE);
	world_sync(all.world, again);
	all.ani = again;
	assert_int_not_equal(state_of(&all, all.ani).lease_until_ms, 0);
	return all;
}

static bool
shows(const struct two_cadres *all, size_t device, const char *part)
{
	struct buffer lines;
	bool found;

	buffer_init(&lines, 1 << 22);
	world_dump_device(all->world, device, "family", &lines);
	buffer_append_byte(&lines, '\0');
	found = strstr((const char *)lines.at, part) != NULL;
	buffer_finish(&lines);
	return found;
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
look(const struct two_cadres *all, size_t device)
{
	struct sambung_error err;

	return sambung_record(handle(all, device), all->family, ignore, NULL, &err);
}

TEST(a_phone_silent_for_long_shows_nothing_until_it_syncs_and_loses_nothing)
{
	struct two_cadres all = leased(SEED);

	edit(&all, all.ani, "address", "Jl. Melati");
	all.world->now_ms += (LEASE_DAYS + 1) * DAY_MS;
	assert_int_equal(look(&all, all.ani), STATUS_LEASE_OVER);
	world_reopen(all.world, all.ani);
	assert_int_equal(look(&all, all.ani), STATUS_LEASE_OVER);
	assert_int_equal(state_of(&all, all.ani).queued, 1);
	world_sync(all.world, all.ani);
	assert_ok(look(&all, all.ani));
	assert_int_equal(state_of(&all, all.ani).queued, 0);
	world_sync(all.world, all.budi);
	assert_true(shows(&all, all.budi, "Jl. Melati"));
	assert_true(shows(&all, all.ani, "Jl. Melati"));
	world_free(all.world);
}

TEST(on_a_bad_link_it_opens_in_the_end)
{
	for (uint64_t seed = SEED; seed < SEED + 10; seed++) {
		struct two_cadres all = leased(seed);
		unsigned tries = 0;

		edit(&all, all.ani, "address", "Jl. Melati");
		all.world->now_ms += (LEASE_DAYS + 1) * DAY_MS;
		world_reopen(all.world, all.ani);
		all.world->faults = (struct world_faults){.lose_request = 70,
							  .lose_reply = 90,
							  .twice = 60,
							  .old_again = 60,
							  .cut_request = 30,
							  .cut_reply = 30};
		while (!world_try_sync(all.world, all.ani)) {
			assert_true(tries++ < 200);
			world_reopen(all.world, all.ani);
		}
		assert_ok(look(&all, all.ani));
		assert_true(shows(&all, all.ani, "Jl. Melati"));
		world_free(all.world);
	}
}

TEST(after_a_restore_of_the_server_it_opens_all_the_same)
{
	struct two_cadres all = leased(SEED);
	unsigned backup;

	backup = world_backup(all.world);
	edit(&all, all.ani, "address", "Jl. Melati");
	world_sync(all.world, all.ani);
	world_restore(all.world, backup);
	all.world->now_ms += (LEASE_DAYS + 1) * DAY_MS;
	world_reopen(all.world, all.ani);
	assert_int_equal(look(&all, all.ani), STATUS_LEASE_OVER);
	world_sync(all.world, all.ani);
	assert_ok(look(&all, all.ani));
	world_free(all.world);
}

TEST(a_lease_that_the_server_gives_up_ends_with_the_next_contact_that_asks)
{
	struct two_cadres all = leased(SEED);

	all.world->lease_days = 0;
	all.world->now_ms += (LEASE_DAYS + 1) * DAY_MS;
	world_reopen(all.world, all.ani);
	world_sync(all.world, all.ani);
	all.world->now_ms += 10 * (LEASE_DAYS + 1) * DAY_MS;
	world_reopen(all.world, all.ani);
	assert_ok(look(&all, all.ani));
	world_free(all.world);
}

TEST(a_clock_that_jumped_ahead_and_came_back_shuts_it_only_until_the_next_sync)
{
	struct two_cadres all = leased(SEED);
	struct world_device *ani = &all.world->devices[all.ani];

	ani->boots++;
	ani->clock_shift_ms = 400 * DAY_MS;
	world_reopen(all.world, all.ani);
	assert_int_equal(look(&all, all.ani), STATUS_LEASE_OVER);
	ani->boots++;
	ani->clock_shift_ms = 0;
	world_reopen(all.world, all.ani);
	assert_int_equal(look(&all, all.ani), STATUS_LEASE_OVER);
	world_sync(all.world, all.ani);
	assert_ok(look(&all, all.ani));
	world_reopen(all.world, all.ani);
	assert_ok(look(&all, all.ani));
	world_free(all.world);
}

/* One exchange; is there more? */
static bool
exchange(const struct two_cadres *all, size_t device)
{
	struct sambung_bytes request;
	struct sambung_error err;
	struct buffer reply;
	int again = 0;

	buffer_init(&reply, 1 << 20);
	assert_ok(sambung_exchange_request(handle(all, device), &request, &err));
	assert_true(world_deliver(all->world, span_of(request.at, request.length), &reply));
	assert_ok(sambung_exchange_reply(handle(all, device),
					 (struct sambung_bytes){reply.at, reply.length}, &again,
					 NULL, &err));
	buffer_finish(&reply);
	return again != 0;
}

static void
import_families(const struct two_cadres *all, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		char key[16];

		(void)snprintf(key, sizeof key, "L%u", i);
		(void)world_import(all->world, "family",
				   (const char *[]){"key", key, "village", TWO_CADRES_VILLAGE,
						    "head", "Uji", NULL});
	}
}

static void
assert_as_at_the_server(const struct two_cadres *all, size_t device)
{
	struct buffer ours;
	struct buffer theirs;

	buffer_init(&ours, 1 << 22);
	buffer_init(&theirs, 1 << 22);
	world_dump_device(all->world, device, "family", &ours);
	world_dump_scope(all->world, device, "family", &theirs);
	assert_true(span_equal(buffer_span(&ours), buffer_span(&theirs)));
	buffer_finish(&ours);
	buffer_finish(&theirs);
}

TEST(what_was_acknowledged_before_the_lease_ended_amid_the_pages_is_as_at_the_server)
{
	struct two_cadres all = leased(SEED);
	struct sambung_edit *form;
	struct sambung_error err;

	import_families(&all, 400);
	all.world->room = 2048;
	for (unsigned i = 0; i < 2; i++) {
		assert_ok(sambung_edit_create(handle(&all, all.ani), "family", &form, &err));
		set(form, "village", TWO_CADRES_VILLAGE);
		save(form, "head", "Baru");
	}
	assert_true(exchange(&all, all.ani));
	assert_int_equal(state_of(&all, all.ani).queued, 0);
	all.world->now_ms += (LEASE_DAYS + 1) * DAY_MS;
	world_reopen(all.world, all.ani);
	assert_int_equal(look(&all, all.ani), STATUS_LEASE_OVER);
	world_sync(all.world, all.ani);
	assert_as_at_the_server(&all, all.ani);
	world_free(all.world);
}

TEST(a_revoked_phone_gets_no_share_and_destroys)
{
	struct two_cadres all = leased(SEED);
	struct sambung_result result;
	struct sambung_error err;

	edit(&all, all.ani, "address", "Jl. Melati");
	world_revoke(all.world, all.ani);
	all.world->now_ms += (LEASE_DAYS + 1) * DAY_MS;
	world_reopen(all.world, all.ani);
	assert_int_not_equal(sambung_sync(handle(&all, all.ani), NULL, NULL, &result, &err), 0);
	assert_int_equal(err.status, STATUS_DESTROYED);
	assert_int_equal(result.quarantined, 1);
	assert_int_equal(state_of(&all, all.ani).device, 0);
	world_free(all.world);
}

/* Whoever has one phone and its share has no other phone's. */
TEST(each_phone_has_a_share_of_its_own)
{
	struct two_cadres all = leased(SEED);
	struct local_lease first;
	struct local_lease second;
	struct error err;
	size_t citra = world_enrol(all.world, "Citra", TWO_CADRES_VILLAGE);

	world_sync(all.world, citra);
	assert_ok(local_lease(handle(&all, all.ani)->local, &first, &err));
	assert_ok(local_lease(handle(&all, citra)->local, &second, &err));
	assert_int_equal(first.days, LEASE_DAYS);
	assert_int_equal(second.days, LEASE_DAYS);
	assert_memory_not_equal(first.share, second.share, sizeof first.share);
	world_free(all.world);
}

TEST(a_late_answer_does_not_shut_a_phone_that_has_synced_since)
{
	struct two_cadres all = leased(SEED);
	struct sambung_bytes request;
	struct sambung_error err;
	struct buffer late;
	int again = 0;

	buffer_init(&late, 1 << 20);
	assert_ok(sambung_exchange_request(handle(&all, all.ani), &request, &err));
	assert_true(world_deliver(all.world, span_of(request.at, request.length), &late));
	all.world->now_ms += 20 * DAY_MS;
	world_sync(all.world, all.ani);
	all.world->now_ms += 15 * DAY_MS;
	assert_ok(sambung_exchange_reply(handle(&all, all.ani),
					 (struct sambung_bytes){late.at, late.length}, &again, NULL,
					 &err));
	assert_ok(look(&all, all.ani));
	buffer_finish(&late);
	world_free(all.world);
}

/* An answer to a request that did not ask for the share, which the phone takes `later_ms` after it
 * asked; looked_at: its lease was found to be over in between. */
static bool
answered_later(const struct two_cadres *all, int64_t later_ms, bool looked_at)
{
	struct sambung_bytes request;
	struct sambung_error err;
	struct buffer reply;
	int again = 0;

	buffer_init(&reply, 1 << 20);
	assert_ok(sambung_exchange_request(handle(all, all->ani), &request, &err));
	assert_true(world_deliver(all->world, span_of(request.at, request.length), &reply));
	all->world->now_ms += later_ms;
	if (looked_at) {
		assert_int_equal(look(all, all->ani), STATUS_LEASE_OVER);
	}
	assert_ok(sambung_exchange_reply(handle(all, all->ani),
					 (struct sambung_bytes){reply.at, reply.length}, &again,
					 NULL, &err));
	buffer_finish(&reply);
	return again != 0;
}

/* Her edit of a family that stays is told to be erased: what it said gives way in the record. */
static void
erased_edit_waits(const struct two_cadres *all)
{
	struct sambung_edit *form;
	struct sambung_error err;
	char other[16];

	assert_ok(sambung_edit_create(handle(all, all->ani), "family", &form, &err));
	set(form, "head", "Lain");
	set(form, "village", TWO_CADRES_VILLAGE);
	assert_ok(sambung_edit_commit(form, other, NULL, &err));
	world_sync(all->world, all->ani);
	assert_ok(sambung_edit_begin(handle(all, all->ani), all->person, &form, &err));
	save(form, "family", other);
	assert_ok(world_erase(all->world, other));
}

TEST(an_answer_on_its_way_when_the_lease_ends_lets_it_run_on)
{
	struct two_cadres all = leased(SEED);

	erased_edit_waits(&all);
	all.world->now_ms += LEASE_DAYS * DAY_MS - 1000;
	(void)answered_later(&all, 2000, false);
	assert_ok(look(&all, all.ani));
	world_free(all.world);
}

TEST(a_phone_that_was_shut_while_it_waited_for_the_answer_opens_with_the_same_sync)
{
	struct two_cadres all = leased(SEED);

	erased_edit_waits(&all);
	all.world->now_ms += LEASE_DAYS * DAY_MS - 1000;
	assert_true(answered_later(&all, 2000, true));
	assert_int_equal(look(&all, all.ani), STATUS_LEASE_OVER);
	world_sync(all.world, all.ani);
	assert_ok(look(&all, all.ani));
	assert_as_at_the_server(&all, all.ani);
	world_free(all.world);
}

/* A clock that nobody has put right yet shuts nothing that the answer opens. */
TEST(a_phone_whose_clock_is_years_ahead_opens_with_the_answer_that_tells_the_time)
{
	struct two_cadres all = leased(SEED);

	erased_edit_waits(&all);
	all.world->devices[all.ani].clock_shift_ms += 3 * 365 * DAY_MS;
	all.world->devices[all.ani].boots++;
	world_reopen(all.world, all.ani);
	assert_int_equal(look(&all, all.ani), STATUS_LEASE_OVER);
	world_sync(all.world, all.ani);
	assert_ok(look(&all, all.ani));
	world_free(all.world);
}

TEST(a_server_whose_clock_is_years_back_opens_a_phone_all_the_same)
{
	struct two_cadres all = leased(SEED);

	erased_edit_waits(&all);
	all.world->now_ms += (LEASE_DAYS + 1) * DAY_MS;
	assert_int_equal(look(&all, all.ani), STATUS_LEASE_OVER);
	all.world->server_shift_ms = -10 * 365 * DAY_MS;
	world_sync(all.world, all.ani);
	assert_ok(look(&all, all.ani));
	world_free(all.world);
}

TEST(an_answer_that_is_older_than_the_lease_is_long_opens_nothing)
{
	struct two_cadres all = leased(SEED);

	assert_true(answered_later(&all, (LEASE_DAYS + 1) * DAY_MS, false));
	assert_int_equal(look(&all, all.ani), STATUS_LEASE_OVER);
	world_sync(all.world, all.ani);
	assert_ok(look(&all, all.ani));
	world_free(all.world);
}

TEST(a_revoked_phone_that_missed_an_answer_destroys_although_its_records_are_shut)
{
	struct two_cadres all = leased(SEED);
	struct sambung_result result;
	struct sambung_error err;

	edit(&all, all.ani, "address", "Jl. Melati");
	all.world->faults.lose_reply = 256;
	assert_false(world_try_sync(all.world, all.ani));
	all.world->faults.lose_reply = 0;
	world_revoke(all.world, all.ani);
	all.world->now_ms += (LEASE_DAYS + 1) * DAY_MS;
	world_reopen(all.world, all.ani);
	assert_int_not_equal(sambung_sync(handle(&all, all.ani), NULL, NULL, &result, &err), 0);
	assert_int_equal(err.status, STATUS_DESTROYED);
	world_free(all.world);
}

RUN_TESTS(CASE(a_phone_silent_for_long_shows_nothing_until_it_syncs_and_loses_nothing),
	  CASE(on_a_bad_link_it_opens_in_the_end),
	  CASE(after_a_restore_of_the_server_it_opens_all_the_same),
	  CASE(a_lease_that_the_server_gives_up_ends_with_the_next_contact_that_asks),
	  CASE(a_clock_that_jumped_ahead_and_came_back_shuts_it_only_until_the_next_sync),
	  CASE(each_phone_has_a_share_of_its_own),
	  CASE(what_was_acknowledged_before_the_lease_ended_amid_the_pages_is_as_at_the_server),
	  CASE(a_revoked_phone_gets_no_share_and_destroys),
	  CASE(a_late_answer_does_not_shut_a_phone_that_has_synced_since),
	  CASE(an_answer_on_its_way_when_the_lease_ends_lets_it_run_on),
	  CASE(a_phone_that_was_shut_while_it_waited_for_the_answer_opens_with_the_same_sync),
	  CASE(a_phone_whose_clock_is_years_ahead_opens_with_the_answer_that_tells_the_time),
	  CASE(a_server_whose_clock_is_years_back_opens_a_phone_all_the_same),
	  CASE(an_answer_that_is_older_than_the_lease_is_long_opens_nothing),
	  CASE(a_revoked_phone_that_missed_an_answer_destroys_although_its_records_are_shut))

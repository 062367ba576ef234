/* SPDX-License-Identifier: Apache-2.0 */
/* Bad days that are none of the big ones: a year without signal, a wrong clock, a phone that is
 * gone. */
#include "tests/check/check_store.h"
#include "tests/twin/two_cadres.h"
#include "tests/twin/verified.h"

enum { SEED = 31, EDITS = 200, MONTHS = 12 };

static const int64_t day_ms = INT64_C(86400000);

static void
visit(const struct two_cadres *all, size_t device)
{
	struct sambung_edit *form;
	struct sambung_error err;

	assert_ok(sambung_edit_create(handle(all, device), "visit", &form, &err));
	set(form, "person", all->person);
	save(form, "weight", "8.4");
}

/* How often the device's, or with device SIZE_MAX the server's, lines of a type have this part. */
static size_t
count_part(const struct two_cadres *all, size_t device, const char *type, const char *part)
{
	struct buffer lines;
	size_t count = 0;

	buffer_init(&lines, 1 << 24);
	if (device == SIZE_MAX) {
		world_dump_server(all->world, type, TWO_CADRES_VILLAGE, &lines);
	} else {
		world_dump_device(all->world, device, type, &lines);
	}
	buffer_append_byte(&lines, '\0');
	for (const char *at = strstr((const char *)lines.at, part); at != NULL;
	     at = strstr(at + 1, part)) {
		count++;
	}
	buffer_finish(&lines);
	return count;
}

static uint32_t
conflicts(const struct two_cadres *all, size_t device)
{
	struct sambung_state state;
	struct sambung_error err;

	assert_ok(sambung_state(handle(all, device), &state, &err));
	return state.conflicts;
}

static size_t
visits(const struct two_cadres *all, size_t device)
{
	return count_part(all, device, "visit", "\"type\":\"visit\"");
}

static struct sambung_result
sync(const struct two_cadres *all, size_t device)
{
	struct sambung_result result;
	struct sambung_error err;

	assert_ok(sambung_sync(handle(all, device), NULL, NULL, &result, &err));
	assert_true(result.synced);
	return result;
}

static void
end(const struct two_cadres *all)
{
	struct error err = {.status = STATUS_OK};

	assert_ok(check_store_database(all->world->folder, &err));
	assert_true(world_verified(all->world));
	world_free(all->world);
}

/* ---- a long silence ---- */

TEST(a_phone_silent_for_a_year_comes_back_without_replaying_history)
{
	struct two_cadres all = two_cadres_with_a_family(SEED);
	struct sambung_result result;
	char address[32];

	for (int i = 0; i < EDITS; i++) {
		all.world->now_ms += 365 * day_ms / EDITS;
		(void)snprintf(address, sizeof address, "Jl. Nomor %d", i);
		edit(&all, all.budi, "address", address);
		world_sync(all.world, all.budi);
	}
	result = sync(&all, all.ani);
	assert_int_equal(result.received, 1);
	assert_int_equal(result.requests, 1);
	assert_int_equal(count_part(&all, all.ani, "family", address), 1);
	assert_int_equal(conflicts(&all, all.ani), 0);
	end(&all);
}

TEST(what_a_phone_recorded_in_a_year_without_signal_all_arrives)
{
	struct two_cadres all = two_cadres_with_a_family(SEED);

	for (int i = 0; i < MONTHS; i++) {
		visit(&all, all.ani);
		world_reopen(all.world, all.ani);
		all.world->now_ms += 30 * day_ms;
	}
	edit(&all, all.ani, "address", "Jl. Ani");
	edit(&all, all.budi, "address", "Jl. Budi");
	world_sync(all.world, all.budi);
	world_sync(all.world, all.ani);
	world_sync(all.world, all.budi);
	assert_int_equal(visits(&all, SIZE_MAX), MONTHS);
	assert_int_equal(visits(&all, all.budi), MONTHS);
	assert_true(count_part(&all, SIZE_MAX, "family", "Jl. Ani") > 0);
	assert_true(count_part(&all, SIZE_MAX, "family", "Jl. Budi") > 0);
	assert_int_equal(conflicts(&all, all.budi), 1);
	end(&all);
}

/* ---- clocks ---- */

TEST(a_phone_ten_years_ahead_wins_over_nothing_that_it_had_not_seen)
{
	struct two_cadres all = two_cadres_with_a_family(SEED);

	all.world->devices[all.ani].clock_shift_ms = 3650 * day_ms;
	all.world->devices[all.ani].boots++;
	world_reopen(all.world, all.ani);
	edit(&all, all.ani, "address", "Jl. Kelak");
	edit(&all, all.budi, "address", "Jl. Kini");
	world_sync(all.world, all.ani);
	world_sync(all.world, all.budi);
	/* Both stand, until somebody who sees both decides. */
	assert_true(count_part(&all, SIZE_MAX, "family", "Jl. Kini") > 0);
	assert_true(count_part(&all, SIZE_MAX, "family", "Jl. Kelak") > 0);
	assert_int_equal(conflicts(&all, all.budi), 1);
	edit(&all, all.budi, "address", "Jl. Benar");
	world_sync(all.world, all.budi);
	world_sync(all.world, all.ani);
	assert_int_equal(count_part(&all, all.ani, "family", "Jl. Kelak"), 0);
	assert_int_equal(count_part(&all, all.ani, "family", "Jl. Benar"), 1);
	end(&all);
}

TEST(visits_of_a_phone_whose_clock_stands_in_1970_are_kept_and_it_syncs)
{
	struct two_cadres all = two_cadres_with_a_family(SEED);

	all.world->devices[all.ani].clock_shift_ms = -all.world->now_ms;
	all.world->devices[all.ani].boots++;
	world_reopen(all.world, all.ani);
	visit(&all, all.ani);
	edit(&all, all.ani, "address", "Jl. Lampau");
	world_sync(all.world, all.ani);
	world_sync(all.world, all.budi);
	assert_int_equal(visits(&all, all.budi), 1);
	assert_int_equal(count_part(&all, all.budi, "family", "Jl. Lampau"), 1);
	end(&all);
}

TEST(a_server_whose_clock_goes_back_goes_on_and_its_log_does_not_go_back)
{
	struct two_cadres all = two_cadres_with_a_family(SEED);

	visit(&all, all.ani);
	world_sync(all.world, all.ani);
	all.world->server_shift_ms = -400 * day_ms;
	world_restart_server(all.world);
	visit(&all, all.ani);
	world_sync(all.world, all.ani);
	world_sync(all.world, all.budi);
	assert_int_equal(visits(&all, all.budi), 2);
	end(&all);
}

/* ---- a phone that is gone ---- */

TEST(a_new_phone_for_the_same_cadre_receives_all_that_the_lost_one_had_sent)
{
	struct two_cadres all = two_cadres_with_a_family(SEED);
	struct sambung_result result;
	struct sambung_error err;
	size_t again;

	visit(&all, all.ani);
	world_sync(all.world, all.ani);
	world_revoke(all.world, all.ani);
	again = world_enrol(all.world, "Ani", TWO_CADRES_VILLAGE);
	world_sync(all.world, again);
	assert_int_equal(visits(&all, again), 1);
	visit(&all, again);
	world_sync(all.world, again);
	world_sync(all.world, all.budi);
	assert_int_equal(visits(&all, all.budi), 2);
	/* Whoever has the old one gets nothing more. */
	assert_int_not_equal(sambung_sync(handle(&all, all.ani), NULL, NULL, &result, &err), 0);
	assert_int_equal(err.status, STATUS_DESTROYED);
	assert_int_equal(result.received, 0);
	end(&all);
}

RUN_TESTS(CASE(a_phone_silent_for_a_year_comes_back_without_replaying_history),
	  CASE(what_a_phone_recorded_in_a_year_without_signal_all_arrives),
	  CASE(a_phone_ten_years_ahead_wins_over_nothing_that_it_had_not_seen),
	  CASE(visits_of_a_phone_whose_clock_stands_in_1970_are_kept_and_it_syncs),
	  CASE(a_server_whose_clock_goes_back_goes_on_and_its_log_does_not_go_back),
	  CASE(a_new_phone_for_the_same_cadre_receives_all_that_the_lost_one_had_sent))

/* SPDX-License-Identifier: Apache-2.0 */
/* A disk that is full, and a power cut, on either side: what cadre and admin see of it. */
#include "tests/check/check_store.h"
#include "tests/simulation/fault_disk.h"
#include "tests/simulation/fault_vfs.h"
#include "tests/twin/two_cadres.h"

enum { SEED = 41, LONG = 1000000 };

static struct two_cadres
begin(void)
{
	struct two_cadres all;

	fault_vfs_install(SEED);
	all = two_cadres_with_a_family(SEED);
	all.world->tolerant = true;
	all.world->dead = fault_disk_dead;
	return all;
}

static const char *
disk_of(const struct two_cadres *all, size_t device)
{
	return all->world->devices[device].folder;
}

/* OK or why not. */
static int
visit(const struct two_cadres *all, size_t device)
{
	struct sambung_edit *form;
	struct sambung_error err;

	assert_ok(sambung_edit_create(handle(all, device), "visit", &form, &err));
	assert_ok(sambung_edit_set(form, "person", all->person, &err));
	assert_ok(sambung_edit_set(form, "weight", "8.4", &err));
	if (sambung_edit_commit(form, NULL, NULL, &err) == 0) {
		return STATUS_OK;
	}
	sambung_edit_cancel(form);
	return err.status;
}

static uint32_t
queued(const struct two_cadres *all, size_t device)
{
	struct sambung_state state;
	struct sambung_error err;

	assert_ok(sambung_state(handle(all, device), &state, &err));
	return state.queued;
}

static size_t
visits_at_server(const struct two_cadres *all)
{
	struct buffer lines;
	size_t count = 0;

	buffer_init(&lines, 1 << 22);
	world_dump_server(all->world, "visit", TWO_CADRES_VILLAGE, &lines);
	for (size_t i = 0; i < lines.length; i++) {
		count += lines.at[i] == '\n';
	}
	buffer_finish(&lines);
	return count;
}

static int
sync(const struct two_cadres *all, size_t device)
{
	struct sambung_result result;
	struct sambung_error err;

	return sambung_sync(handle(all, device), NULL, NULL, &result, &err) == 0 ? STATUS_OK
										 : err.status;
}

/* Everybody syncs, and the server's database follows from its log. */
static void
end(const struct two_cadres *all, size_t visits)
{
	struct error err = {.status = STATUS_OK};

	assert_ok(sync(all, all->ani));
	assert_ok(sync(all, all->budi));
	assert_int_equal(queued(all, all->ani), 0);
	assert_int_equal(visits_at_server(all), visits);
	assert_ok(check_store_database(all->world->folder, &err));
	world_free(all->world);
	fault_disk_forget();
}

static void
fill(const char *folder)
{
	const struct fault_plan full = {.kind = FAULT_FULL, .lasts = LONG};

	fault_disk_arm(folder, &full);
}

TEST(a_full_phone_says_so_at_once_and_keeps_what_it_had_recorded)
{
	struct two_cadres all = begin();

	assert_ok(visit(&all, all.ani));
	fill(disk_of(&all, all.ani));
	assert_int_equal(visit(&all, all.ani), STATUS_FULL);
	assert_int_equal(queued(&all, all.ani), 1);
	fault_disk_disarm(disk_of(&all, all.ani));
	assert_ok(visit(&all, all.ani));
	assert_int_equal(queued(&all, all.ani), 2);
	end(&all, 2);
}

TEST(a_phone_that_is_full_during_a_sync_sends_again_and_nothing_is_in_twice)
{
	struct two_cadres all = begin();

	assert_ok(visit(&all, all.ani));
	fill(disk_of(&all, all.ani));
	assert_int_equal(sync(&all, all.ani), STATUS_FULL);
	assert_int_equal(queued(&all, all.ani), 1);
	fault_disk_disarm(disk_of(&all, all.ani));
	end(&all, 1);
}

TEST(a_full_server_acknowledges_nothing_and_with_space_goes_on_by_itself)
{
	struct two_cadres all = begin();

	assert_ok(visit(&all, all.ani));
	fill(all.world->folder);
	assert_int_not_equal(sync(&all, all.ani), STATUS_OK);
	assert_int_equal(queued(&all, all.ani), 1);
	assert_int_equal(visits_at_server(&all), 0);
	fault_disk_disarm(all.world->folder);
	end(&all, 1);
}

TEST(a_power_cut_of_the_phone_takes_nothing_that_it_said_is_recorded)
{
	struct two_cadres all = begin();
	struct sambung_error err;

	assert_ok(visit(&all, all.ani));
	fault_disk_kill(disk_of(&all, all.ani));
	world_close_device(all.world, all.ani);
	fault_disk_crash(disk_of(&all, all.ani), LOSS_TORN, SEED);
	all.world->devices[all.ani].boots++;
	assert_ok(world_open_device(all.world, all.ani, &err));
	assert_int_equal(queued(&all, all.ani), 1);
	end(&all, 1);
}

TEST(a_power_cut_of_the_server_takes_nothing_that_it_acknowledged)
{
	struct two_cadres all = begin();
	struct error err;

	assert_ok(visit(&all, all.ani));
	assert_ok(sync(&all, all.ani));
	assert_int_equal(queued(&all, all.ani), 0);
	fault_disk_kill(all.world->folder);
	world_stop_server(all.world);
	fault_disk_crash(all.world->folder, LOSS_TORN, SEED);
	assert_ok(world_start_server(all.world, &err));
	assert_int_equal(visits_at_server(&all), 1);
	end(&all, 1);
}

/* Closes what died, and what was not synced is lost or not. */
static void
phone_comes_back(const struct two_cadres *all, size_t device, enum fault_loss loss)
{
	world_close_device(all->world, device);
	fault_disk_crash(disk_of(all, device), loss, SEED);
	all->world->devices[device].boots++;
}

static void
server_comes_back(const struct two_cadres *all, enum fault_loss loss)
{
	struct error err;

	world_stop_server(all->world);
	fault_disk_crash(all->world->folder, loss, SEED);
	assert_ok(world_start_server(all->world, &err));
}

/* At the k-th operation of its disk; false: there are not so many. */
static bool
phone_dies_while_it_is_new(const struct two_cadres *all, size_t device, uint64_t k,
			   enum fault_loss loss)
{
	const struct fault_plan plan = {.kind = FAULT_CRASH, .after = k};
	struct sambung_error err;
	bool died;

	world_close_device(all->world, device);
	fault_disk_copy("nothing", disk_of(all, device));
	fault_disk_arm(disk_of(all, device), &plan);
	(void)world_open_device(all->world, device, &err);
	died = fault_disk_dead(disk_of(all, device));
	fault_disk_disarm(disk_of(all, device));
	phone_comes_back(all, device, loss);
	assert_ok(world_open_device(all->world, device, &err));
	assert_int_equal(queued(all, device), 0);
	return died;
}

TEST(a_phone_that_dies_while_its_database_is_made_opens_the_next_time)
{
	struct two_cadres all = begin();
	size_t device = world_add_device(all.world);
	uint64_t operations = 0;

	while (phone_dies_while_it_is_new(&all, device, operations, LOSS_NONE) &&
	       phone_dies_while_it_is_new(&all, device, operations, LOSS_TORN)) {
		operations++;
	}
	assert_true(operations > 4);
	end(&all, 0);
}

/* The server is killed in the middle of a sync, comes back and tells the phone what it finds; only
 * then the power goes. False: there are not so many operations. */
static bool
told_by_who_was_killed(uint64_t k)
{
	const struct fault_plan plan = {.kind = FAULT_CRASH, .after = k};
	struct two_cadres all = begin();
	bool died;

	assert_ok(visit(&all, all.ani));
	fault_disk_arm(all.world->folder, &plan);
	(void)sync(&all, all.ani);
	died = fault_disk_dead(all.world->folder);
	fault_disk_disarm(all.world->folder);
	if (died) {
		server_comes_back(&all, LOSS_NONE);
		assert_ok(sync(&all, all.ani));
		assert_int_equal(queued(&all, all.ani), 0);
	}
	fault_disk_kill(all.world->folder);
	server_comes_back(&all, LOSS_ALL);
	assert_int_equal(visits_at_server(&all), 1);
	end(&all, 1);
	return died;
}

TEST(what_a_killed_server_left_and_told_of_later_outlives_a_power_cut)
{
	uint64_t operations = 0;

	while (told_by_who_was_killed(operations)) {
		operations++;
	}
	assert_true(operations > 4);
}

RUN_TESTS(CASE(a_full_phone_says_so_at_once_and_keeps_what_it_had_recorded),
	  CASE(a_phone_that_is_full_during_a_sync_sends_again_and_nothing_is_in_twice),
	  CASE(a_full_server_acknowledges_nothing_and_with_space_goes_on_by_itself),
	  CASE(a_power_cut_of_the_phone_takes_nothing_that_it_said_is_recorded),
	  CASE(a_power_cut_of_the_server_takes_nothing_that_it_acknowledged),
	  CASE(a_phone_that_dies_while_its_database_is_made_opens_the_next_time),
	  CASE(what_a_killed_server_left_and_told_of_later_outlives_a_power_cut))

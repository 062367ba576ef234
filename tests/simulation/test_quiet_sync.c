/* SPDX-License-Identifier: Apache-2.0 */
/* What a sync with nothing to say asks of a device's disk, and what a power cut may take back. */
#include "tests/simulation/fault_disk.h"
#include "tests/simulation/fault_vfs.h"
#include "tests/twin/two_cadres.h"

enum { ROUNDS = 3, OPERATIONS_MAX = 400 };

static struct two_cadres
village_on_fault_disks(void)
{
	struct two_cadres all;

	fault_vfs_install(1);
	all = two_cadres_with_a_family(1);
	all.world->tolerant = true;
	all.world->dead = fault_disk_dead;
	edit(&all, all.ani, "address", "Jl. Baru");
	world_sync(all.world, all.ani);
	return all;
}

static void
village_end(const struct two_cadres *all)
{
	world_free(all->world);
	fault_disk_forget();
}

static const char *
ani_folder(const struct two_cadres *all)
{
	return all->world->devices[all->ani].folder;
}

static struct sambung_state
ani_state(const struct two_cadres *all)
{
	struct sambung_state state;
	struct sambung_error err;

	assert_ok(sambung_state(handle(all, all->ani), &state, &err));
	return state;
}

/* The power goes, and comes back. */
static void
power_cut(const struct two_cadres *all, enum fault_loss loss, uint64_t seed)
{
	struct sambung_error err;

	fault_disk_kill(ani_folder(all));
	world_close_device(all->world, all->ani);
	fault_disk_crash(ani_folder(all), loss, seed);
	all->world->devices[all->ani].boots++;
	assert_ok(world_open_device(all->world, all->ani, &err));
}

TEST(a_sync_with_nothing_to_say_waits_for_no_disk)
{
	struct two_cadres all = village_on_fault_disks();
	uint64_t syncs = fault_disk_counts(ani_folder(&all)).syncs;

	for (unsigned round = 0; round < ROUNDS; round++) {
		int64_t last_sync_ms = ani_state(&all).last_sync_ms;

		world_sync(all.world, all.ani);
		assert_true(ani_state(&all).last_sync_ms > last_sync_ms);
	}
	assert_int_equal(fault_disk_counts(ani_folder(&all)).syncs, syncs);
	/* What was recorded does wait. */
	edit(&all, all.ani, "address", "Jl. Lain");
	assert_true(fault_disk_counts(ani_folder(&all)).syncs > syncs);
	village_end(&all);
}

TEST(a_power_cut_after_a_sync_with_nothing_to_say_takes_back_no_more_than_its_moment)
{
	struct two_cadres all = village_on_fault_disks();
	struct sambung_result result;
	struct sambung_error err;
	struct sambung_state before = ani_state(&all);
	struct sambung_state after;

	world_sync(all.world, all.ani);
	power_cut(&all, LOSS_ALL, 1);
	after = ani_state(&all);
	assert_int_equal(after.last_sync_ms, before.last_sync_ms);
	assert_int_equal(after.cursor, before.cursor);
	assert_int_equal(after.acked_n, before.acked_n);
	/* The server knows the request counter better, once. */
	assert_ok(sambung_sync(handle(&all, all.ani), NULL, NULL, &result, &err));
	assert_true(result.synced);
	assert_int_equal(result.requests, 2);
	assert_ok(sambung_sync(handle(&all, all.ani), NULL, NULL, &result, &err));
	assert_int_equal(result.requests, 1);
	village_end(&all);
}

/* An edit; whether it was told to be durable. */
static bool
promised(const struct two_cadres *all, unsigned number)
{
	struct sambung_edit *edit;
	struct sambung_error err;
	char text[32];

	(void)snprintf(text, sizeof text, "Jl. %u", number);
	if (sambung_edit_begin(handle(all, all->ani), all->family, &edit, &err) != 0) {
		return false;
	}
	if (sambung_edit_set(edit, "address", text, &err) != 0 ||
	    sambung_edit_commit(edit, NULL, NULL, &err) != 0) {
		sambung_edit_cancel(edit);
		return false;
	}
	return true;
}

static void
assert_ani_shows_what_the_server_shows(const struct two_cadres *all)
{
	struct buffer ours;
	struct buffer theirs;

	buffer_init(&ours, 1 << 20);
	buffer_init(&theirs, 1 << 20);
	world_dump_device(all->world, all->ani, "family", &ours);
	world_dump_server(all->world, "family", TWO_CADRES_VILLAGE, &theirs);
	assert_true(ours.length > 0);
	assert_true(span_equal(buffer_span(&ours), buffer_span(&theirs)));
	buffer_finish(&theirs);
	buffer_finish(&ours);
}

TEST(what_is_recorded_between_such_syncs_survives_a_crash_at_every_operation)
{
	struct two_cadres all = village_on_fault_disks();
	struct fault_plan plan = {.kind = FAULT_CRASH};
	bool whole = false;

	for (; !whole; plan.after++) {
		uint32_t last_n = ani_state(&all).last_n;

		assert_in_range(plan.after, 0, OPERATIONS_MAX);
		fault_disk_arm(ani_folder(&all), &plan);
		for (unsigned round = 0; round < ROUNDS; round++) {
			(void)world_try_sync(all.world, all.ani);
			(void)world_try_sync(all.world, all.ani);
			last_n += promised(&all, 1000 * round + (unsigned)plan.after);
		}
		whole = !fault_disk_dead(ani_folder(&all));
		power_cut(&all, LOSS_TORN, plan.after);
		assert_true(ani_state(&all).last_n >= last_n);
	}
	assert_true(plan.after > ROUNDS);
	world_sync(all.world, all.ani);
	assert_ani_shows_what_the_server_shows(&all);
	village_end(&all);
}

RUN_TESTS(CASE(a_sync_with_nothing_to_say_waits_for_no_disk),
	  CASE(a_power_cut_after_a_sync_with_nothing_to_say_takes_back_no_more_than_its_moment),
	  CASE(what_is_recorded_between_such_syncs_survives_a_crash_at_every_operation))

/* SPDX-License-Identifier: Apache-2.0 */
/* A phone that was revoked, its server, and what lies between them. */
#include "tests/twin/two_cadres.h"

enum { SEED = 41, VISITS = 12, TRIES_MAX = 300 };

static struct sambung_state
state_of(const struct two_cadres *all, size_t device)
{
	struct sambung_state state;
	struct sambung_error err;

	assert_ok(sambung_state(handle(all, device), &state, &err));
	return state;
}

static void
visit(const struct two_cadres *all, size_t device)
{
	struct sambung_edit *form;
	struct sambung_error err;

	assert_ok(sambung_edit_create(handle(all, device), "visit", &form, &err));
	set(form, "person", all->person);
	save(form, "weight", "8.4");
}

/* What the server has of a device; its texts are of no use. */
static struct device
device_of(struct world *world, uint32_t number)
{
	struct device device;
	struct arena arena;
	struct error err;

	arena_init(&arena, 64 * 1024);
	assert_ok(store_device(world->reader, number, &arena, &device, &err));
	arena_finish(&arena);
	return device;
}

static void
assert_kept_in_quarantine(struct world *world, uint32_t number, uint32_t n)
{
	const struct device device = device_of(world, number);

	assert_int_equal(device.stream.acked_n, n);
	assert_int_equal(device.state, DEVICE_REVOKED);
	assert_int_not_equal(device.destroyed_ms, 0);
}

static void
end(struct two_cadres *all)
{
	world_free(all->world);
}

TEST(a_revoked_phone_delivers_its_queue_then_destroys_and_the_server_knows_when)
{
	struct two_cadres all = two_cadres_with_a_family(SEED);
	const uint32_t number = state_of(&all, all.ani).device;
	struct sambung_result result;
	struct sambung_error err;
	struct sambung_state after;

	for (unsigned i = 0; i < VISITS; i++) {
		visit(&all, all.ani);
	}
	world_revoke(all.world, all.ani);
	assert_int_equal(device_of(all.world, number).destroyed_ms, 0);
	assert_int_not_equal(sambung_sync(handle(&all, all.ani), NULL, NULL, &result, &err), 0);
	assert_int_equal(err.status, STATUS_DESTROYED);
	assert_int_equal(result.acked, VISITS);
	assert_int_equal(result.quarantined, VISITS);
	after = state_of(&all, all.ani);
	assert_int_equal(after.device, 0);
	assert_int_equal(after.acked_n, VISITS);
	assert_int_not_equal(after.destroyed_ms, 0);
	assert_kept_in_quarantine(all.world, number, VISITS);
	end(&all);
}

static void
revoked_on_a_bad_link(uint64_t seed)
{
	struct two_cadres all = two_cadres_with_a_family(seed);
	const uint32_t number = state_of(&all, all.ani).device;
	unsigned tries = 0;

	for (unsigned i = 0; i < VISITS; i++) {
		visit(&all, all.ani);
	}
	world_revoke(all.world, all.ani);
	all.world->faults = (struct world_faults){.lose_request = 70,
						  .lose_reply = 70,
						  .twice = 60,
						  .old_again = 60,
						  .cut_request = 30,
						  .cut_reply = 30};
	while (state_of(&all, all.ani).device != 0) {
		assert_true(tries++ < TRIES_MAX);
		(void)world_try_sync(all.world, all.ani);
		if (tries % 3 == 0) {
			world_reopen(all.world, all.ani);
		}
		if (tries % 5 == 0) {
			world_restart_server(all.world);
		}
	}
	assert_kept_in_quarantine(all.world, number, VISITS);
	end(&all);
}

TEST(whatever_is_lost_on_the_way_it_ends_the_same)
{
	for (uint64_t seed = SEED; seed < SEED + 12; seed++) {
		revoked_on_a_bad_link(seed);
	}
}

/* One exchange: the queue arrives, and the data goes; nothing is told yet. */
static void
destroy_only(struct two_cadres *all)
{
	struct sambung_bytes request;
	struct sambung_error err;
	struct buffer reply;
	int again = 0;

	buffer_init(&reply, 1 << 20);
	assert_ok(sambung_exchange_request(handle(all, all->ani), &request, &err));
	assert_true(world_deliver(all->world, span_of(request.at, request.length), &reply));
	assert_ok(sambung_exchange_reply(handle(all, all->ani),
					 (struct sambung_bytes){reply.at, reply.length}, &again,
					 NULL, &err));
	assert_true(again);
	buffer_finish(&reply);
}

TEST(a_restored_server_that_forgot_the_revocation_hears_of_the_end_and_revokes_it_again)
{
	struct two_cadres all = two_cadres_with_a_family(SEED);
	const uint32_t number = state_of(&all, all.ani).device;
	const unsigned backup = world_backup(all.world);
	struct sambung_result result;
	struct sambung_error err;

	world_revoke(all.world, all.ani);
	destroy_only(&all);
	world_restore(all.world, backup);
	assert_int_equal(device_of(all.world, number).state, DEVICE_ACTIVE);
	assert_int_not_equal(sambung_sync(handle(&all, all.ani), NULL, NULL, &result, &err), 0);
	assert_int_equal(err.status, STATUS_DESTROYED);
	assert_int_equal(state_of(&all, all.ani).device, 0);
	assert_kept_in_quarantine(all.world, number, 0);
	end(&all);
}

TEST(a_phone_revoked_before_a_restore_still_delivers_to_the_new_epoch_and_destroys)
{
	struct two_cadres all = two_cadres_with_a_family(SEED);
	const uint32_t number = state_of(&all, all.ani).device;
	struct sambung_result result;
	struct sambung_error err;

	world_revoke(all.world, all.ani);
	visit(&all, all.ani);
	world_restore(all.world, world_backup(all.world));
	assert_int_not_equal(sambung_sync(handle(&all, all.ani), NULL, NULL, &result, &err), 0);
	assert_int_equal(err.status, STATUS_DESTROYED);
	assert_kept_in_quarantine(all.world, number, 1);
	end(&all);
}

TEST(the_same_phone_enrols_anew_for_another_cadre)
{
	struct two_cadres all = two_cadres_with_a_family(SEED);
	struct sambung_result result;
	struct sambung_error err;
	struct buffer lines;
	char code[CODE_TEXT_MAX];

	world_revoke(all.world, all.ani);
	assert_int_not_equal(sambung_sync(handle(&all, all.ani), NULL, NULL, &result, &err), 0);
	assert_ok(world_code(all.world, "Cici", "6303072002", code));
	assert_ok(sambung_enrol(handle(&all, all.ani), code, &err));
	world_sync(all.world, all.ani);
	assert_string_equal(state_of(&all, all.ani).cadre, "Cici");
	assert_int_equal(state_of(&all, all.ani).destroyed_ms, 0);
	buffer_init(&lines, 1 << 20);
	world_dump_device(all.world, all.ani, "family", &lines);
	assert_int_equal(lines.length, 0);
	buffer_finish(&lines);
	end(&all);
}

RUN_TESTS(CASE(a_revoked_phone_delivers_its_queue_then_destroys_and_the_server_knows_when),
	  CASE(whatever_is_lost_on_the_way_it_ends_the_same),
	  CASE(a_restored_server_that_forgot_the_revocation_hears_of_the_end_and_revokes_it_again),
	  CASE(a_phone_revoked_before_a_restore_still_delivers_to_the_new_epoch_and_destroys),
	  CASE(the_same_phone_enrols_anew_for_another_cadre))

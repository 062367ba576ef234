/* SPDX-License-Identifier: Apache-2.0 */
/* Links that break off: what came through stays, and a sync goes on from there. */
#include "tests/check/check_store.h"
#include "tests/testing.h"
#include "tests/twin/verified.h"
#include "tests/twin/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char village[] = "6303072001";

enum { FAMILIES = 300, VISITS = 200, TEXT = 60, SYNCS_MAX = 60 };

/* Nothing that deflate could make shorter. */
static void
noise(struct world *world, char text[TEXT + 1])
{
	for (size_t i = 0; i < TEXT; i++) {
		text[i] = (char)('a' + world_random(world, 26));
	}
	text[TEXT] = '\0';
}

/* A server with families, one of which has a person, and one device, not synced yet. */
static struct world *
village_make(size_t families)
{
	struct world *world = world_create(11, getenv("SAMBUNG_SCHEMA"));

	for (size_t i = 0; i < families; i++) {
		char key[16];
		char address[TEXT + 1];

		(void)snprintf(key, sizeof key, "K%zu", i);
		noise(world, address);
		world_import(world, "family",
			     (const char *[]){"key", key, "village", village, "head", "Uji",
					      "address", address, NULL});
	}
	world_import(world, "person",
		     (const char *[]){"key", "P1", "family", "K0", "name", "Anak", NULL});
	(void)world_enrol(world, "Ani", village);
	return world;
}

static void
record_visits(struct world *world, size_t count)
{
	struct sambung_edit *edit;
	struct sambung_error err;
	char person[16];
	char note[TEXT + 1];

	world_imported_id(world, "person", "P1", person);
	for (size_t i = 0; i < count; i++) {
		noise(world, note);
		assert_ok(sambung_edit_create(world->devices[0].sambung, "visit", &edit, &err));
		assert_ok(sambung_edit_set(edit, "person", person, &err));
		assert_ok(sambung_edit_set(edit, "note", note, &err));
		assert_ok(sambung_edit_commit(edit, NULL, NULL, &err));
	}
}

static struct sambung_state
state_of(struct world *world)
{
	struct sambung_state state;
	struct sambung_error err;

	assert_ok(sambung_state(world->devices[0].sambung, &state, &err));
	return state;
}

/* How many syncs it took until one ended well; between two of them the app is killed. */
static unsigned
syncs_until_done(struct world *world)
{
	unsigned syncs = 1;

	while (!world_try_sync(world, 0)) {
		syncs++;
		assert_in_range(syncs, 1, SYNCS_MAX);
		world_reopen(world, 0);
	}
	return syncs;
}

static void
assert_same_as_server(struct world *world, const char *type)
{
	struct buffer ours;
	struct buffer theirs;

	buffer_init(&ours, 1 << 24);
	buffer_init(&theirs, 1 << 24);
	world_dump_device(world, 0, type, &ours);
	world_dump_server(world, type, village, &theirs);
	assert_true(ours.length > 0);
	assert_true(span_equal(buffer_span(&ours), buffer_span(&theirs)));
	buffer_finish(&theirs);
	buffer_finish(&ours);
}

static void
world_end(struct world *world)
{
	struct error err;

	assert_ok(check_store_database(world->folder, &err));
	assert_true(world_verified(world));
	world_free(world);
}

TEST(a_first_sync_that_is_cut_off_goes_on_where_it_was)
{
	struct world *world = village_make(FAMILIES);
	uint64_t requests;

	/* What comes to 20 KB would never come at once. */
	world->faults.window = 6 * 1024;
	requests = world->requests;
	(void)syncs_until_done(world);
	assert_true(world->cuts >= 3);
	assert_in_range(world->requests - requests, 5, 40);
	world->faults.window = 0;
	assert_same_as_server(world, "family");
	world_end(world);
}

TEST(a_long_queue_that_is_cut_off_goes_on_where_it_was_and_goes_in_once)
{
	struct world *world = village_make(1);
	uint64_t head;

	world_sync(world, 0);
	record_visits(world, VISITS);
	head = world_head(world);
	world->faults.window = 6 * 1024;
	(void)syncs_until_done(world);
	/* 15 KB in windows of 6: now and then one fails to a chunk that has grown too large. */
	assert_in_range(world->cuts, 1, 12);
	assert_int_equal(state_of(world).queued, 0);
	assert_int_equal(world_head(world) - head, VISITS);
	world->faults.window = 0;
	assert_same_as_server(world, "visit");
	world_end(world);
}

TEST(fewer_changes_after_a_lost_answer_are_those_that_the_server_has)
{
	struct world *world = village_make(1);
	uint64_t head;

	world_sync(world, 0);
	record_visits(world, VISITS);
	head = world_head(world);
	world->faults.lose_reply = 256;
	assert_false(world_try_sync(world, 0));
	assert_false(world_try_sync(world, 0));
	assert_true(world_head(world) > head);
	world->faults.lose_reply = 0;
	world_sync(world, 0);
	assert_int_equal(world_head(world) - head, VISITS);
	assert_int_equal(state_of(world).queued, 0);
	assert_same_as_server(world, "visit");
	world_end(world);
}

TEST(visits_go_before_the_records_of_others)
{
	struct world *world = village_make(FAMILIES);
	struct sambung_result result;
	struct sambung_error err;

	/* The person is known, and then the others' families come; some of both fit a window. */
	world_sync(world, 0);
	for (size_t i = 0; i < FAMILIES; i++) {
		char key[16];
		char address[TEXT + 1];

		(void)snprintf(key, sizeof key, "N%zu", i);
		noise(world, address);
		world_import(world, "family",
			     (const char *[]){"key", key, "village", village, "head", "Baru",
					      "address", address, NULL});
	}
	record_visits(world, VISITS);
	world->faults.window = 24 * 1024;
	(void)sambung_sync(world->devices[0].sambung, NULL, NULL, &result, &err);
	while (state_of(world).queued > 0) {
		(void)sambung_sync(world->devices[0].sambung, NULL, NULL, &result, &err);
	}
	assert_true(world->cuts <= 1);
	(void)syncs_until_done(world);
	world->faults.window = 0;
	assert_same_as_server(world, "family");
	assert_same_as_server(world, "visit");
	world_end(world);
}

/* From the sixth request on the network is a good one. */
static int
repeat_five(void *context, const struct sambung_result *so_far)
{
	struct world *world = context;

	world->faults.twice = so_far->requests < 5 ? 256 : 0;
	return 0;
}

TEST(a_sync_whose_first_five_requests_come_twice_ends_well)
{
	struct world *world = village_make(1);
	struct sambung_result result;
	struct sambung_error err;

	world_sync(world, 0);
	record_visits(world, 3);
	world->faults.twice = 256;
	assert_ok(sambung_sync(world->devices[0].sambung, repeat_five, world, &result, &err));
	assert_int_equal(result.requests, 6);
	assert_int_equal(result.acked, 3);
	assert_true(result.synced);
	assert_same_as_server(world, "visit");
	world_end(world);
}

TEST(a_network_that_delivers_everything_twice_is_told_as_the_network)
{
	struct world *world = village_make(1);
	struct sambung_result result;
	struct sambung_error err;

	world_sync(world, 0);
	record_visits(world, 3);
	world->faults.twice = 256;
	assert_int_equal(sambung_sync(world->devices[0].sambung, NULL, NULL, &result, &err),
			 STATUS_UNREACHABLE);
	assert_in_range(result.requests, 4, 12);
	/* What was sent has arrived all the same. */
	assert_int_equal(state_of(world).queued, 0);
	world->faults.twice = 0;
	world_sync(world, 0);
	assert_same_as_server(world, "visit");
	world_end(world);
}

RUN_TESTS(CASE(a_first_sync_that_is_cut_off_goes_on_where_it_was),
	  CASE(a_long_queue_that_is_cut_off_goes_on_where_it_was_and_goes_in_once),
	  CASE(fewer_changes_after_a_lost_answer_are_those_that_the_server_has),
	  CASE(visits_go_before_the_records_of_others),
	  CASE(a_sync_whose_first_five_requests_come_twice_ends_well),
	  CASE(a_network_that_delivers_everything_twice_is_told_as_the_network))

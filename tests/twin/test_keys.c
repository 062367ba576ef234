/* SPDX-License-Identifier: Apache-2.0 */
/* The server gets another key while phones know the former one. */
#include "client/device.h"
#include "tests/testing.h"
#include "tests/twin/carriage.h"
#include "tests/twin/two_cadres.h"

enum { FIRST = 1, SECOND = 2, THIRD = 3 };

static void
rotate(struct world *world)
{
	uint8_t seed[SEED32_SIZE];
	char path[256];

	world->platform.random(world->platform.context, seed, sizeof seed);
	(void)snprintf(path, sizeof path, "%s/server.key", world->folder);
	assert_ok(keys_rotate(path, seed, 0, &world->keys, NULL));
}

static enum status
retire(struct world *world, uint8_t id)
{
	char path[256];

	(void)snprintf(path, sizeof path, "%s/server.key", world->folder);
	return keys_retire(path, id, &world->keys, NULL);
}

static struct local_state
state_of(const struct world *world, size_t device)
{
	struct local_state state;

	assert_ok(local_state_load(world->devices[device].sambung->local, &state, NULL));
	return state;
}

static uint8_t
key_of(const struct world *world, size_t device)
{
	return state_of(world, device).server_key_id;
}

static void
setting(struct world *world, const char *name, const char *value)
{
	assert_ok(ingest_begin(world->ingest, NULL));
	assert_ok(ingest_setting_put(world->ingest, name, span_of_text(value), NULL));
	assert_ok(ingest_commit(world->ingest, NULL));
}

TEST(a_phone_learns_the_newest_key_with_its_next_sync_and_needs_the_former_no_more)
{
	struct two_cadres all = two_cadres_with_a_family(21);

	edit(&all, all.ani, "address", "Jl. Baru 1");
	rotate(all.world);
	assert_int_equal(key_of(all.world, all.ani), FIRST);
	world_sync(all.world, all.ani);
	assert_int_equal(key_of(all.world, all.ani), SECOND);
	assert_memory_equal(state_of(all.world, all.ani).server_key, all.world->keys.box.public_key,
			    BOX_PUBLIC_SIZE);
	assert_ok(retire(all.world, FIRST));
	edit(&all, all.ani, "address", "Jl. Baru 2");
	world_sync(all.world, all.ani);
	world_free(all.world);
}

TEST(a_phone_that_was_silent_for_two_rotations_delivers_what_it_has)
{
	struct two_cadres all = two_cadres_with_a_family(22);

	edit(&all, all.budi, "address", "Jl. Lama Sekali");
	rotate(all.world);
	world_sync(all.world, all.ani);
	rotate(all.world);
	world_sync(all.world, all.ani);
	world_reopen(all.world, all.budi);
	world_sync(all.world, all.budi);
	assert_int_equal(key_of(all.world, all.ani), THIRD);
	assert_int_equal(key_of(all.world, all.budi), THIRD);
	world_free(all.world);
}

TEST(who_knows_only_a_retired_key_is_not_understood_and_keeps_what_it_has)
{
	struct two_cadres all = two_cadres_with_a_family(23);
	struct sambung_error err;
	struct sambung_state now;

	edit(&all, all.budi, "address", "Jl. Terlambat");
	rotate(all.world);
	world_sync(all.world, all.ani);
	assert_ok(retire(all.world, FIRST));
	assert_false(world_try_sync(all.world, all.budi));
	assert_int_equal(sambung_state(handle(&all, all.budi), &now, &err), 0);
	assert_int_equal(now.queued, 1);
	world_sync(all.world, all.ani);
	world_free(all.world);
}

TEST(a_code_from_before_the_rotation_enrols)
{
	struct world *world = world_create(24, getenv("SAMBUNG_SCHEMA"));
	struct sambung_error err;
	char code[CODE_TEXT_MAX];
	size_t ani;

	assert_ok(world_code(world, "Ani", TWO_CADRES_VILLAGE, code));
	rotate(world);
	ani = world_add_device(world);
	assert_int_equal(sambung_enrol(world->devices[ani].sambung, code, &err), 0);
	world_sync(world, ani);
	assert_int_equal(key_of(world, ani), SECOND);
	world_free(world);
}

TEST(a_file_from_before_the_rotation_is_answered_and_brings_the_newest_key)
{
	struct carriage *all = carriage_make();

	carriage_visits(all, 5, 20);
	(void)carriage_out(all);
	rotate(all->world);
	assert_ok(carriage_deliver(all));
	assert_int_equal(carriage_in(all).acked, 7);
	assert_int_equal(carriage_state(all).server_key_id, SECOND);
	assert_ok(retire(all->world, FIRST));
	carriage_assert_next_syncs(all);
	carriage_free(all);
}

TEST(an_answer_that_comes_late_takes_no_newer_key_away)
{
	struct carriage *all = carriage_make();
	struct buffer late;

	carriage_visits(all, 2, 20);
	rotate(all->world);
	(void)carriage_out(all);
	assert_ok(carriage_deliver(all));
	buffer_init(&late, CARRY_REPLIES_MAX);
	buffer_append_span(&late, buffer_span(&all->answers));
	rotate(all->world);
	(void)carriage_out(all);
	buffer_clear(&all->answers);
	assert_ok(carriage_deliver(all));
	(void)carriage_in(all);
	assert_int_equal(carriage_state(all).server_key_id, THIRD);
	buffer_clear(&all->answers);
	buffer_append_span(&all->answers, buffer_span(&late));
	(void)carriage_in(all);
	assert_int_equal(carriage_state(all).server_key_id, THIRD);
	buffer_finish(&late);
	carriage_free(all);
}

TEST(with_the_newest_key_comes_where_the_server_is_and_what_it_is_known_by)
{
	static const char pin[] = "sha256//YLh1dUR9y6Kja30RrAn7JKnbQG/uEtLMkBgFF2Fuihg=";
	struct two_cadres all = two_cadres_with_a_family(25);
	char wanted[CODE_URL_MAX + 1];

	setting(all.world, "url", "https://baru.example.id");
	setting(all.world, "pins", pin);
	world_sync(all.world, all.ani);
	assert_string_equal(state_of(all.world, all.ani).url, "http://twin");
	rotate(all.world);
	world_sync(all.world, all.ani);
	(void)snprintf(wanted, sizeof wanted, "https://baru.example.id#%s", pin);
	assert_string_equal(state_of(all.world, all.ani).url, wanted);
	world_free(all.world);
}

RUN_TESTS(CASE(a_phone_learns_the_newest_key_with_its_next_sync_and_needs_the_former_no_more),
	  CASE(a_phone_that_was_silent_for_two_rotations_delivers_what_it_has),
	  CASE(who_knows_only_a_retired_key_is_not_understood_and_keeps_what_it_has),
	  CASE(a_code_from_before_the_rotation_enrols),
	  CASE(a_file_from_before_the_rotation_is_answered_and_brings_the_newest_key),
	  CASE(an_answer_that_comes_late_takes_no_newer_key_away),
	  CASE(with_the_newest_key_comes_where_the_server_is_and_what_it_is_known_by))

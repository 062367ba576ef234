/* SPDX-License-Identifier: Apache-2.0 */
/* What a device is given: the records of its scope that it lacks, and what it must let go. */
#include "forged_device.h"

#define DEVICE struct forged *ani = *state

static struct value
text(const char *value)
{
	return value_text(span_of_text(value));
}

/* Another cadre, who has nothing yet. */
static struct forged *
cadre(struct forged *forged, uint8_t key, const char *village)
{
	struct forged *made = forged_another(forged->world, key);

	forged_code(made, "Budi", village);
	assert_ok(forged_enrol(made));
	return made;
}

/* Syncs until there is no more; the number of requests. */
static unsigned
sync_all(struct forged *forged)
{
	unsigned requests = 0;

	do {
		assert_ok(forged_sync(forged));
		assert_true(++requests < 1000);
	} while (forged->reply.more);
	return requests;
}

static bool
holds(struct forged *forged, uint64_t id)
{
	struct record record;

	return forged_record(forged, id, &record);
}

TEST(record_of_another_cadre_comes_once)
{
	DEVICE;
	struct forged *budi = cadre(ani, 2, VILLAGE_A);
	uint64_t family = forged_family(ani, VILLAGE_A_NUMBER);

	assert_ok(forged_sync(ani));
	assert_ok(forged_sync(budi));
	assert_true(holds(budi, family));
	assert_false(budi->reply.more);
	assert_int_equal(budi->cursor.complete, world_head(ani->world));
	assert_ok(forged_sync(budi));
	assert_int_equal(budi->reply.record_count, 0);
	forged_finish(budi);
}

TEST(reply_names_the_streams_of_others_but_not_the_devices_own)
{
	DEVICE;
	struct forged *budi = cadre(ani, 2, VILLAGE_A);

	(void)forged_family(ani, VILLAGE_A_NUMBER);
	assert_ok(forged_sync(ani));
	assert_int_equal(ani->reply.stream_count, 0);
	assert_ok(forged_sync(budi));
	assert_int_equal(budi->reply.stream_count, 1);
	assert_int_equal(budi->reply.streams[0].number, ani->device);
	assert_true(span_equal(budi->reply.streams[0].name, span_of_text("Ani")));
	forged_finish(budi);
}

TEST(record_of_another_village_does_not_come)
{
	DEVICE;
	struct forged *budi = cadre(ani, 2, VILLAGE_B);

	(void)forged_family(ani, VILLAGE_A_NUMBER);
	assert_ok(forged_sync(ani));
	assert_ok(forged_sync(budi));
	assert_int_equal(budi->reply.record_count, 0);
	forged_finish(budi);
}

TEST(what_the_device_wrote_itself_is_not_sent_back)
{
	DEVICE;

	assert_int_equal(sync_all(ani), 1);
	(void)forged_family(ani, VILLAGE_A_NUMBER);
	assert_ok(forged_sync(ani));
	assert_int_equal(ani->reply.record_count, 0);
}

TEST(own_value_that_stands_beside_a_rival_comes_with_it)
{
	DEVICE;
	struct forged *budi = cadre(ani, 2, VILLAGE_A);
	uint64_t family = forged_family(ani, VILLAGE_A_NUMBER);
	struct record record;
	uint64_t version;

	assert_ok(forged_sync(ani));
	assert_ok(forged_sync(budi));
	version = forged_stored(ani, family).version;
	forged_edit(budi, family, FAMILY, FAMILY_ADDRESS, text("Jl. Budi"), version, 0);
	assert_ok(forged_sync(budi));
	forged_edit(ani, family, FAMILY, FAMILY_ADDRESS, text("Jl. Ani"), version, 1);
	assert_ok(forged_sync(ani));
	assert_true(forged_record(ani, family, &record));
	assert_int_equal(record.field_count, 1);
	assert_int_equal(record.fields[0].member_count, 2);
	forged_finish(budi);
}

TEST(own_choices_of_a_set_come_back_when_another_took_some_away)
{
	DEVICE;
	struct forged *budi = cadre(ani, 2, VILLAGE_A);
	uint64_t family = forged_family(ani, VILLAGE_A_NUMBER);
	struct record record;

	forged_edit(ani, family, FAMILY, FAMILY_AID, value_pair(6, 0), 0, 1);
	assert_ok(forged_sync(ani));
	assert_ok(forged_sync(budi));
	forged_edit(budi, family, FAMILY, FAMILY_AID, value_pair(0, 2),
		    forged_stored(ani, family).version, 0);
	assert_ok(forged_sync(budi));
	assert_ok(forged_sync(ani));
	assert_true(forged_record(ani, family, &record));
	assert_int_equal(record_field(&record, FAMILY_AID)->members[0].value.integer, 4);
	forged_finish(budi);
}

/* ---- pages ---- */

/* A family with an address that does not pack well. */
static uint64_t
wordy_family(struct forged *forged)
{
	uint64_t family = forged_family(forged, VILLAGE_A_NUMBER);
	char address[61];

	for (size_t i = 0; i < sizeof address - 1; i++) {
		address[i] = (char)('A' + world_random(forged->world, 58));
	}
	address[sizeof address - 1] = '\0';
	forged_edit(forged, family, FAMILY, FAMILY_ADDRESS, text(address), 0, id_n(family));
	return family;
}

TEST(little_room_means_more_pages_and_every_record_once)
{
	DEVICE;
	struct forged *budi = cadre(ani, 2, VILLAGE_A);
	uint64_t first = 0;
	uint64_t last = 0;
	size_t received = 0;
	unsigned requests = 0;

	for (int i = 0; i < 100; i++) {
		last = wordy_family(ani);
		first = first == 0 ? last : first;
	}
	assert_ok(forged_sync(ani));
	budi->room = 0; /* the least that a device must be able to take counts */
	do {
		struct cursor before = budi->cursor;

		assert_ok(forged_sync(budi));
		assert_true(budi->reply_bytes <= 2048 + PARCEL_REPLY_OVERHEAD);
		assert_true(budi->reply.record_count > 0);
		assert_int_equal(holds(budi, first), requests == 0);
		assert_int_equal(holds(budi, last), !budi->reply.more);
		if (budi->reply.more) {
			assert_int_equal(budi->cursor.complete, before.complete);
		}
		received += budi->reply.record_count;
		requests++;
	} while (budi->reply.more);
	assert_int_equal(received, 100);
	assert_true(requests > 2);
	assert_int_equal(budi->cursor.complete, world_head(ani->world));
	forged_finish(budi);
}

TEST(record_larger_than_the_room_goes_all_the_same)
{
	DEVICE;
	struct forged *budi = cadre(ani, 2, VILLAGE_A);
	uint64_t family = forged_family(ani, VILLAGE_A_NUMBER);
	char address[16];

	for (int i = 0; i < 500; i++) {
		(void)snprintf(address, sizeof address, "%08x",
			       (unsigned)world_random(ani->world, UINT32_MAX));
		forged_edit(ani, family, FAMILY, FAMILY_ADDRESS, text(address), 0, 0);
	}
	assert_ok(forged_sync(ani));
	budi->room = 2048;
	assert_ok(forged_sync(budi));
	assert_true(holds(budi, family));
	assert_true(budi->reply_bytes > 4096);
	forged_finish(budi);
}

TEST(record_that_changes_during_a_loop_of_pages_comes_again_at_its_end)
{
	DEVICE;
	struct forged *budi = cadre(ani, 2, VILLAGE_A);
	uint64_t first = wordy_family(ani);
	struct record record;

	for (int i = 0; i < 60; i++) {
		(void)wordy_family(ani);
	}
	assert_ok(forged_sync(ani));
	budi->room = 2048;
	assert_ok(forged_sync(budi));
	assert_true(holds(budi, first));
	assert_true(budi->reply.more);
	forged_edit(ani, first, FAMILY, FAMILY_AID, value_pair(2, 0), 0, 2);
	assert_ok(forged_sync(ani));
	(void)sync_all(budi);
	assert_true(forged_record(budi, first, &record));
	assert_non_null(record_field(&record, FAMILY_AID));
	forged_finish(budi);
}

/* ---- moving ---- */

/* A family with a person and a visit, all in village A. */
static void
household(struct forged *forged, uint64_t ids_out[3])
{
	ids_out[0] = forged_family(forged, VILLAGE_A_NUMBER);
	ids_out[1] = forged_person(forged, ids_out[0]);
	{
		struct change_field fields[] = {
			{1, value_integer((int64_t)ids_out[1])},
			{2, value_integer(20777)},
		};
		struct change change = forged_change(forged, VISIT, 0, fields, 2);

		forged_add(forged, &change);
		ids_out[2] = change.record;
	}
}

TEST(family_that_moves_takes_all_that_hangs_on_it_along)
{
	DEVICE;
	struct forged *budi = cadre(ani, 2, VILLAGE_A);
	struct forged *citra = cadre(ani, 3, VILLAGE_B);
	uint64_t ids[3];

	household(ani, ids);
	assert_ok(forged_sync(ani));
	assert_ok(forged_sync(budi));
	assert_ok(forged_sync(citra));
	assert_int_equal(citra->reply.record_count, 0);
	forged_edit(ani, ids[0], FAMILY, TAG_VILLAGE, value_integer(VILLAGE_B_NUMBER),
		    forged_stored(ani, ids[0]).version, 3);
	assert_ok(forged_sync(ani));
	assert_ok(forged_sync(budi));
	assert_ok(forged_sync(citra));
	for (int i = 0; i < 3; i++) {
		assert_int_equal(forged_stored(ani, ids[i]).village, VILLAGE_B_NUMBER);
		assert_true(forged_evicted(ani, ids[i]));
		assert_true(forged_evicted(budi, ids[i]));
		assert_true(holds(citra, ids[i]));
		assert_true(citra->reply.whole[i]);
	}
	assert_int_equal(budi->reply.record_count, 0);
	forged_finish(citra);
	forged_finish(budi);
}

TEST(visit_recorded_with_the_move_in_one_request_follows_too)
{
	DEVICE;
	uint64_t ids[3];

	household(ani, ids);
	forged_edit(ani, ids[0], FAMILY, TAG_VILLAGE, value_integer(VILLAGE_B_NUMBER), 0, 3);
	assert_ok(forged_sync(ani));
	for (int i = 0; i < 3; i++) {
		assert_int_equal(forged_stored(ani, ids[i]).village, VILLAGE_B_NUMBER);
	}
}

TEST(person_that_changes_family_moves_with_its_visits_only)
{
	DEVICE;
	struct forged *citra = cadre(ani, 3, VILLAGE_B);
	uint64_t other = forged_family(citra, VILLAGE_B_NUMBER);
	uint64_t ids[3];

	assert_ok(forged_sync(citra));
	household(ani, ids);
	assert_ok(forged_sync(ani));
	forged_edit(ani, ids[1], PERSON, PERSON_FAMILY, value_integer((int64_t)other),
		    forged_stored(ani, ids[1]).version, 3);
	assert_ok(forged_sync(ani));
	assert_int_equal(ani->reply.exception_count, 0);
	assert_int_equal(forged_stored(ani, ids[0]).village, VILLAGE_A_NUMBER);
	assert_int_equal(forged_stored(ani, ids[1]).village, VILLAGE_B_NUMBER);
	assert_int_equal(forged_stored(ani, ids[2]).village, VILLAGE_B_NUMBER);
	assert_ok(forged_sync(citra));
	assert_true(holds(citra, ids[1]));
	assert_true(holds(citra, ids[2]));
	assert_false(holds(citra, ids[0]));
	forged_finish(citra);
}

TEST(record_that_comes_back_is_sent_whole_and_not_let_go)
{
	DEVICE;
	uint64_t family = forged_family(ani, VILLAGE_A_NUMBER);
	struct record record;

	assert_ok(forged_sync(ani));
	forged_edit(ani, family, FAMILY, TAG_VILLAGE, value_integer(VILLAGE_B_NUMBER),
		    forged_stored(ani, family).version, 1);
	forged_edit(ani, family, FAMILY, TAG_VILLAGE, value_integer(VILLAGE_A_NUMBER),
		    forged_stored(ani, family).version, 2);
	assert_ok(forged_sync(ani));
	assert_false(forged_evicted(ani, family));
	assert_true(forged_record(ani, family, &record));
	assert_int_equal(record.field_count, 2);
	assert_true(ani->reply.whole[0]);
}

TEST(new_record_comes_whole_and_a_changed_one_in_part)
{
	DEVICE;
	struct forged *budi = cadre(ani, 2, VILLAGE_A);
	uint64_t family = forged_family(ani, VILLAGE_A_NUMBER);

	assert_ok(forged_sync(budi));
	assert_ok(forged_sync(ani));
	assert_ok(forged_sync(budi));
	assert_int_equal(budi->reply.record_count, 1);
	assert_true(budi->reply.whole[0]);
	forged_edit(ani, family, FAMILY, FAMILY_ADDRESS, text("Jl. Ani"), 0, 1);
	assert_ok(forged_sync(ani));
	assert_ok(forged_sync(budi));
	assert_int_equal(budi->reply.record_count, 1);
	assert_false(budi->reply.whole[0]);
	forged_finish(budi);
}

TEST(person_recorded_before_the_news_of_her_familys_move_is_sent_back_whole)
{
	DEVICE;
	struct forged *budi = cadre(ani, 2, "630307");
	uint64_t family = forged_family(ani, VILLAGE_A_NUMBER);
	struct record record;
	uint64_t person;

	assert_ok(forged_sync(ani));
	assert_ok(forged_sync(budi));
	forged_edit(ani, family, FAMILY, TAG_VILLAGE, value_integer(VILLAGE_B_NUMBER),
		    forged_stored(ani, family).version, 1);
	assert_ok(forged_sync(ani));
	person = forged_person(budi, family);
	assert_ok(forged_sync(budi));
	assert_true(forged_record(budi, person, &record));
	assert_int_equal(record.village, VILLAGE_B_NUMBER);
	forged_finish(budi);
}

/* ---- what else stands in a reply ---- */

TEST(checkpoint_comes_when_the_log_grew_beyond_what_the_device_knows)
{
	DEVICE;
	const struct checkpoint *told = &ani->reply.checkpoint;

	(void)forged_family(ani, VILLAGE_A_NUMBER);
	assert_ok(forged_sync(ani));
	assert_true(ani->reply.has_checkpoint);
	assert_int_equal(told->size, world_head(ani->world));
	assert_true(checkpoint_verify(told, ani->world->keys.log_public));
	forged_head(ani);
	ani->head.witness_size = told->size;
	memcpy(ani->head.witness_root, told->root, sizeof ani->head.witness_root);
	assert_ok(forged_send(ani));
	assert_false(ani->reply.has_checkpoint);
}

TEST(device_without_the_newest_schema_gets_it_piece_by_piece)
{
	DEVICE;
	const struct schema *schema = catalogue_schema(ani->world->catalogue, 0);
	struct buffer whole;
	struct span part;
	uint8_t hash[HASH_SIZE];
	unsigned pieces = 0;

	buffer_init(&whole, SCHEMA_BYTES_MAX);
	ani->room = 2048;
	do {
		forged_head(ani);
		ani->head.schema_version = 0;
		ani->head.schema_held = (uint32_t)whole.length;
		assert_ok(forged_send(ani));
		assert_int_equal(ani->reply.schema.version, 1);
		assert_int_equal(ani->reply.schema.offset, whole.length);
		assert_true(ani->reply.schema.bytes.length > 0);
		buffer_append_span(&whole, ani->reply.schema.bytes);
		pieces++;
	} while (whole.length < ani->reply.schema.size);
	part = buffer_span(&whole);
	sha256(&part, 1, hash);
	assert_memory_equal(hash, schema->hash, HASH_SIZE);
	assert_true(pieces > 1);
	buffer_finish(&whole);
}

TEST(device_that_holds_more_of_a_schema_than_there_is_gets_it_from_the_start)
{
	DEVICE;

	forged_head(ani);
	ani->head.schema_version = 0;
	ani->head.schema_held = 1000000;
	assert_ok(forged_send(ani));
	assert_int_equal(ani->reply.schema.offset, 0);
}

TEST(device_with_the_newest_schema_gets_none)
{
	DEVICE;

	assert_ok(forged_sync(ani));
	assert_int_equal(ani->reply.schema.version, 0);
}

TEST(device_that_does_not_know_its_scope_takes_everything_anew)
{
	DEVICE;
	uint64_t family = forged_family(ani, VILLAGE_A_NUMBER);

	assert_ok(forged_sync(ani));
	forged_head(ani);
	ani->head.scope_version = 0;
	assert_ok(forged_send(ani));
	assert_true(ani->reply.has_scope);
	assert_int_equal(ani->reply.scope_version, ani->scope_version);
	assert_int_equal(ani->reply.scope_count, 1);
	assert_int_equal(ani->reply.scope[0].low, VILLAGE_A_NUMBER);
	ani->cursor = (struct cursor){0, 0, CURSOR_ID_END};
	assert_ok(forged_sync(ani));
	assert_true(holds(ani, family));
	assert_true(ani->reply.whole[0]);
}

#define FORGED(sentence) CASE_WITH(sentence, forged_open, forged_close)

RUN_TESTS(FORGED(record_of_another_cadre_comes_once),
	  FORGED(reply_names_the_streams_of_others_but_not_the_devices_own),
	  FORGED(record_of_another_village_does_not_come),
	  FORGED(what_the_device_wrote_itself_is_not_sent_back),
	  FORGED(own_value_that_stands_beside_a_rival_comes_with_it),
	  FORGED(own_choices_of_a_set_come_back_when_another_took_some_away),
	  FORGED(little_room_means_more_pages_and_every_record_once),
	  FORGED(record_larger_than_the_room_goes_all_the_same),
	  FORGED(record_that_changes_during_a_loop_of_pages_comes_again_at_its_end),
	  FORGED(family_that_moves_takes_all_that_hangs_on_it_along),
	  FORGED(visit_recorded_with_the_move_in_one_request_follows_too),
	  FORGED(person_that_changes_family_moves_with_its_visits_only),
	  FORGED(record_that_comes_back_is_sent_whole_and_not_let_go),
	  FORGED(new_record_comes_whole_and_a_changed_one_in_part),
	  FORGED(person_recorded_before_the_news_of_her_familys_move_is_sent_back_whole),
	  FORGED(checkpoint_comes_when_the_log_grew_beyond_what_the_device_knows),
	  FORGED(device_without_the_newest_schema_gets_it_piece_by_piece),
	  FORGED(device_that_holds_more_of_a_schema_than_there_is_gets_it_from_the_start),
	  FORGED(device_with_the_newest_schema_gets_none),
	  FORGED(device_that_does_not_know_its_scope_takes_everything_anew))

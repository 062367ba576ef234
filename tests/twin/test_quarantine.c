/* SPDX-License-Identifier: Apache-2.0 */
/* The ways out of quarantine, with real phones: what a cadre and the others see of them. */
#include "tests/twin/agreement.h"
#include "tests/twin/two_cadres.h"

#include <jansson.h>

static const char other_village[] = "6303072002";

enum { SEED = 23 };

#define VILLAGES(...) ((const char *const[]){__VA_ARGS__, NULL})

static struct sambung_state
state_of(const struct two_cadres *all, size_t device)
{
	struct sambung_state state;
	struct sambung_error err;

	assert_ok(sambung_state(handle(all, device), &state, &err));
	return state;
}

static void
create(const struct two_cadres *all, size_t device, const char *type, const char *const *fields,
       char id_out[16])
{
	struct sambung_edit *form;
	struct sambung_error err;

	assert_ok(sambung_edit_create(handle(all, device), type, &form, &err));
	for (; fields[0] != NULL; fields += 2) {
		set(form, fields[0], fields[1]);
	}
	assert_ok(sambung_edit_commit(form, id_out, NULL, &err));
}

static void
create_family(const struct two_cadres *all, size_t device, const char *village, char id_out[16])
{
	create(all, device, "family", VILLAGES("head", "Uji Baru", "village", village), id_out);
}

static void
visit(const struct two_cadres *all, size_t device, const char *person)
{
	char id[16];

	create(all, device, "visit", VILLAGES("person", person, "weight", "8.4"), id);
}

static bool
shows(const struct two_cadres *all, size_t device, const char *type, const char *part)
{
	struct buffer lines;
	bool found;

	buffer_init(&lines, 1 << 22);
	world_dump_device(all->world, device, type, &lines);
	buffer_append_byte(&lines, '\0');
	found = strstr((const char *)lines.at, part) != NULL;
	buffer_finish(&lines);
	return found;
}

/* Ani's phone knows that she has another village by now, but the form was open. */
static void
set_an_edit_aside(const struct two_cadres *all)
{
	struct sambung_edit *form = open_form(all, all->ani);

	world_scope(all->world, all->ani, VILLAGES(other_village));
	world_sync(all->world, all->ani);
	save(form, "address", "Jl. Terlambat");
	world_sync(all->world, all->ani);
	assert_int_equal(state_of(all, all->ani).quarantined, 1);
}

TEST(a_released_edit_reaches_the_village_and_its_authors_list_is_empty_again)
{
	struct two_cadres all = two_cadres_with_a_family(SEED);
	uint64_t count = 0;

	set_an_edit_aside(&all);
	assert_ok(world_release(all.world, all.ani, 1, &count));
	assert_int_equal(count, 1);
	world_sync(all.world, all.ani);
	assert_int_equal(state_of(&all, all.ani).quarantined, 0);
	world_sync(all.world, all.budi);
	assert_true(shows(&all, all.budi, "family", "Jl. Terlambat"));
	end_in_agreement(all.world);
}

TEST(a_released_edit_and_one_that_was_merged_meanwhile_are_both_kept)
{
	struct two_cadres all = two_cadres_with_a_family(SEED);
	uint64_t count = 0;

	set_an_edit_aside(&all);
	edit(&all, all.budi, "address", "Jl. Budi");
	world_sync(all.world, all.budi);
	assert_ok(world_release(all.world, all.ani, 1, &count));
	world_sync(all.world, all.budi);
	assert_int_equal(state_of(&all, all.budi).conflicts, 1);
	end_in_agreement(all.world);
}

TEST(a_new_family_that_was_set_aside_is_released_with_its_people_and_visits)
{
	struct two_cadres all = two_cadres_with_a_family(SEED);
	char family[16];
	char person[16];
	uint64_t count = 0;

	create_family(&all, all.ani, other_village, family);
	create(&all, all.ani, "person", VILLAGES("family", family, "name", "Anak Baru"), person);
	visit(&all, all.ani, person);
	world_sync(all.world, all.ani);
	assert_int_equal(state_of(&all, all.ani).quarantined, 3);
	world_scope(all.world, all.ani, VILLAGES(TWO_CADRES_VILLAGE, other_village));
	assert_ok(world_release(all.world, all.ani, 1, &count));
	assert_int_equal(count, 3);
	world_sync(all.world, all.ani);
	assert_int_equal(state_of(&all, all.ani).quarantined, 0);
	assert_true(shows(&all, all.ani, "family", family));
	assert_true(shows(&all, all.ani, "visit", person));
	end_in_agreement(all.world);
}

TEST(a_lost_phones_visits_are_released_to_the_phone_that_replaced_it)
{
	struct two_cadres all = two_cadres_with_a_family(SEED);
	struct sambung_result result;
	struct sambung_error err;
	const uint32_t number = state_of(&all, all.ani).device;
	uint64_t count = 0;
	size_t again;

	visit(&all, all.ani, all.person);
	world_revoke(all.world, all.ani);
	again = world_enrol(all.world, "Ani", TWO_CADRES_VILLAGE);
	world_sync(all.world, again);
	assert_false(shows(&all, again, "visit", all.person));
	/* Somebody found the phone, and switched it on. */
	assert_int_not_equal(sambung_sync(handle(&all, all.ani), NULL, NULL, &result, &err), 0);
	assert_ok(world_release_of(all.world, number, 1, &count));
	world_sync(all.world, again);
	world_sync(all.world, all.budi);
	assert_true(shows(&all, again, "visit", all.person));
	assert_true(shows(&all, all.budi, "visit", all.person));
	world_free(all.world);
}

TEST(an_edit_that_came_back_before_its_family_is_merged_when_the_family_comes_back)
{
	struct two_cadres all = two_cadres_with_a_family(SEED);
	unsigned backup = world_backup(all.world);
	struct sambung_edit *form;
	struct sambung_error err;
	char family[16];

	create_family(&all, all.ani, TWO_CADRES_VILLAGE, family);
	world_sync(all.world, all.ani);
	world_sync(all.world, all.budi);
	assert_ok(sambung_edit_begin(handle(&all, all.budi), family, &form, &err));
	save(form, "address", "Jl. Budi");
	world_sync(all.world, all.budi);
	world_restore(all.world, backup);
	world_sync(all.world, all.budi);
	assert_int_equal(state_of(&all, all.budi).quarantined, 1);
	world_sync(all.world, all.ani);
	world_sync(all.world, all.budi);
	assert_int_equal(state_of(&all, all.budi).quarantined, 0);
	assert_true(shows(&all, all.ani, "family", family));
	world_sync(all.world, all.ani);
	assert_true(shows(&all, all.ani, "family", "Jl. Budi"));
	end_in_agreement(all.world);
}

TEST(a_release_that_a_restored_server_forgot_is_set_aside_again_on_the_phone)
{
	struct two_cadres all = two_cadres_with_a_family(SEED);
	uint64_t count = 0;
	unsigned backup;

	set_an_edit_aside(&all);
	backup = world_backup(all.world);
	assert_ok(world_release(all.world, all.ani, 1, &count));
	world_sync(all.world, all.ani);
	assert_int_equal(state_of(&all, all.ani).quarantined, 0);
	world_restore(all.world, backup);
	world_sync(all.world, all.ani);
	assert_int_equal(state_of(&all, all.ani).quarantined, 1);
	assert_ok(world_release(all.world, all.ani, 1, &count));
	world_sync(all.world, all.ani);
	assert_int_equal(state_of(&all, all.ani).quarantined, 0);
	end_in_agreement(all.world);
}

/* The shipped schema as version 2, otherwise the same. */
static char *
second_schema(void)
{
	json_t *schema = json_load_file(getenv("SAMBUNG_SCHEMA"), 0, NULL);
	char *text;

	assert_non_null(schema);
	assert_int_equal(json_object_set_new(schema, "version", json_integer(2)), 0);
	text = json_dumps(schema, 0);
	json_decref(schema);
	return text;
}

/* A visit by the second schema, which the server has lost since. */
static void
set_a_visit_aside(const struct two_cadres *all, const char *schema)
{
	unsigned backup = world_backup(all->world);

	assert_ok(world_load_schema(all->world, schema, strlen(schema)));
	world_sync(all->world, all->ani);
	visit(all, all->ani, all->person);
	world_sync(all->world, all->ani);
	world_restore(all->world, backup);
	world_sync(all->world, all->ani);
	assert_int_equal(state_of(all, all->ani).quarantined, 1);
}

TEST(a_visit_by_a_schema_that_a_restored_server_lost_is_released_when_it_is_loaded_again)
{
	struct two_cadres all = two_cadres_with_a_family(SEED);
	char *schema = second_schema();
	uint64_t count = 0;

	set_a_visit_aside(&all, schema);
	assert_int_equal(world_release(all.world, all.ani, 1, &count), STATUS_SET_ASIDE);
	assert_ok(world_load_schema(all.world, schema, strlen(schema)));
	assert_ok(world_release(all.world, all.ani, 1, &count));
	world_sync(all.world, all.ani);
	assert_int_equal(state_of(&all, all.ani).quarantined, 0);
	world_sync(all.world, all.budi);
	assert_true(shows(&all, all.budi, "visit", all.person));
	free(schema);
	end_in_agreement(all.world);
}

TEST(a_closed_visit_leaves_the_phone_that_recorded_it)
{
	struct two_cadres all = two_cadres_with_a_family(SEED);
	char *schema = second_schema();

	set_a_visit_aside(&all, schema);
	assert_true(shows(&all, all.ani, "visit", all.person));
	assert_ok(world_close_change(all.world, all.ani, 1));
	world_sync(all.world, all.ani);
	assert_int_equal(state_of(&all, all.ani).quarantined, 0);
	assert_false(shows(&all, all.ani, "visit", all.person));
	free(schema);
	end_in_agreement(all.world);
}

/* Into a family that the admin does not want either: the person is where the server has her. */
TEST(a_closed_edit_is_no_more_shown_by_the_phone_that_made_it)
{
	struct two_cadres all = two_cadres_with_a_family(SEED);
	struct sambung_edit *form;
	struct sambung_error err;
	char family[16];

	world_sync(all.world, all.ani);
	create_family(&all, all.ani, other_village, family);
	assert_ok(sambung_edit_begin(handle(&all, all.ani), all.person, &form, &err));
	save(form, "family", family);
	world_sync(all.world, all.ani);
	assert_int_equal(state_of(&all, all.ani).quarantined, 2);
	assert_true(shows(&all, all.ani, "person", family));
	assert_ok(world_close_change(all.world, all.ani, 1));
	assert_ok(world_close_change(all.world, all.ani, 2));
	world_sync(all.world, all.ani);
	assert_int_equal(state_of(&all, all.ani).quarantined, 0);
	assert_false(shows(&all, all.ani, "person", family));
	end_in_agreement(all.world);
}

/* ---- what belongs to another record ---- */

/* A family that is another's, with a person and a visit: nothing of it may be merged as it is. */
static void
record_in_another_village(const struct two_cadres *all, char family[16], char person[16])
{
	create_family(all, all->ani, other_village, family);
	create(all, all->ani, "person", VILLAGES("family", family, "name", "Anak Baru"), person);
	visit(all, all->ani, person);
	world_sync(all->world, all->ani);
	assert_int_equal(state_of(all, all->ani).quarantined, 3);
}

TEST(a_person_of_the_wrong_family_is_given_to_the_right_one_and_her_visits_come_with_her)
{
	struct two_cadres all = two_cadres_with_a_family(SEED);
	char family[16];
	char person[16];
	uint64_t count = 0;

	record_in_another_village(&all, family, person);
	assert_ok(world_reassign(all.world, all.ani, 2, all.family, &count));
	assert_int_equal(count, 2);
	world_sync(all.world, all.ani);
	assert_int_equal(state_of(&all, all.ani).quarantined, 1);
	assert_true(shows(&all, all.ani, "person", person));
	assert_false(shows(&all, all.ani, "person", family));
	assert_true(shows(&all, all.ani, "visit", person));
	world_sync(all.world, all.budi);
	assert_true(shows(&all, all.budi, "person", "Anak Baru"));
	assert_ok(world_close_change(all.world, all.ani, 1));
	end_in_agreement(all.world);
}

TEST(a_visit_of_an_unknown_person_is_given_to_the_right_one_and_its_authors_phone_shows_it_there)
{
	struct two_cadres all = two_cadres_with_a_family(SEED);
	char family[16];
	char person[16];
	uint64_t count = 0;

	record_in_another_village(&all, family, person);
	assert_ok(world_reassign(all.world, all.ani, 3, all.person, &count));
	assert_int_equal(count, 1);
	assert_ok(world_close_change(all.world, all.ani, 2));
	assert_ok(world_close_change(all.world, all.ani, 1));
	world_sync(all.world, all.ani);
	assert_int_equal(state_of(&all, all.ani).quarantined, 0);
	assert_true(shows(&all, all.ani, "visit", all.person));
	assert_false(shows(&all, all.ani, "visit", person));
	world_sync(all.world, all.budi);
	assert_true(shows(&all, all.budi, "visit", all.person));
	end_in_agreement(all.world);
}

TEST(a_family_that_was_recorded_twice_is_one_on_every_phone)
{
	struct two_cadres all = two_cadres_with_a_family(SEED);
	char family[16];
	char person[16];
	uint64_t count = 0;

	record_in_another_village(&all, family, person);
	assert_ok(world_reassign(all.world, all.ani, 1, all.family, &count));
	assert_int_equal(count, 3);
	world_sync(all.world, all.ani);
	assert_int_equal(state_of(&all, all.ani).quarantined, 0);
	assert_false(shows(&all, all.ani, "family", family));
	assert_true(shows(&all, all.ani, "person", person));
	world_sync(all.world, all.budi);
	/* Two names for the head of one family. */
	assert_int_equal(state_of(&all, all.budi).conflicts, 1);
	assert_true(shows(&all, all.budi, "visit", person));
	end_in_agreement(all.world);
}

/* The phone was never at the server again; what another wrote of its family need not be lost. */
TEST(an_edit_of_a_family_that_is_lost_is_given_to_the_one_that_was_recorded_anew)
{
	struct two_cadres all = two_cadres_with_a_family(SEED);
	unsigned backup = world_backup(all.world);
	struct sambung_edit *form;
	struct sambung_error err;
	char family[16];
	uint64_t count = 0;

	create_family(&all, all.ani, TWO_CADRES_VILLAGE, family);
	world_sync(all.world, all.ani);
	world_sync(all.world, all.budi);
	assert_ok(sambung_edit_begin(handle(&all, all.budi), family, &form, &err));
	save(form, "address", "Jl. Budi");
	world_sync(all.world, all.budi);
	world_restore(all.world, backup);
	world_sync(all.world, all.budi);
	assert_int_equal(state_of(&all, all.budi).quarantined, 1);
	assert_ok(world_reassign(all.world, all.budi, 1, all.family, &count));
	world_sync(all.world, all.budi);
	assert_int_equal(state_of(&all, all.budi).quarantined, 0);
	assert_true(shows(&all, all.budi, "family", "Jl. Budi"));
	end_in_agreement(all.world);
}

/* Unsent when the admin decides: it stands beside what was given, on both sides alike. */
TEST(what_its_author_wrote_of_it_meanwhile_is_kept_beside_what_was_given)
{
	struct two_cadres all = two_cadres_with_a_family(SEED);
	unsigned backup = world_backup(all.world);
	struct sambung_edit *form;
	struct sambung_error err;
	char family[16];
	char person[16];
	uint64_t count = 0;

	create_family(&all, all.budi, TWO_CADRES_VILLAGE, family);
	world_sync(all.world, all.budi);
	world_sync(all.world, all.ani);
	create(&all, all.ani, "person", VILLAGES("family", family, "name", "Anak Baru"), person);
	world_sync(all.world, all.ani);
	world_restore(all.world, backup);
	world_sync(all.world, all.ani);
	assert_int_equal(state_of(&all, all.ani).quarantined, 1);
	assert_ok(sambung_edit_begin(handle(&all, all.ani), person, &form, &err));
	save(form, "name", "Anak Lain");
	assert_ok(sambung_edit_begin(handle(&all, all.ani), person, &form, &err));
	save(form, "phone", "081200000000");
	assert_ok(world_reassign(all.world, all.ani, 1, all.family, &count));
	world_sync(all.world, all.ani);
	assert_int_equal(state_of(&all, all.ani).quarantined, 0);
	assert_true(shows(&all, all.ani, "person", person));
	assert_int_equal(state_of(&all, all.ani).conflicts, 1);
	world_sync(all.world, all.budi);
	assert_int_equal(state_of(&all, all.budi).conflicts, 1);
	end_in_agreement(all.world);
}

/* All that she ever hung on before cannot be told any more, and is not held against the log. */
TEST(who_left_a_family_before_it_was_erased_stays_and_the_log_accounts_for_it)
{
	struct two_cadres all = two_cadres_with_a_family(SEED);
	struct sambung_edit *form;
	struct sambung_error err;
	char families[2][16];
	char people[2][16];
	uint64_t count = 0;

	for (size_t i = 0; i < 2; i++) {
		create_family(&all, all.ani, other_village, families[i]);
		create(&all, all.ani, "person",
		       VILLAGES("family", families[i], "name", "Anak Baru"), people[i]);
	}
	world_sync(all.world, all.ani);
	world_scope(all.world, all.ani, VILLAGES(TWO_CADRES_VILLAGE, other_village));
	/* One is released with her family, the other given to it. */
	assert_ok(world_release(all.world, all.ani, 1, &count));
	assert_ok(world_reassign(all.world, all.ani, 4, families[0], &count));
	assert_ok(world_close_change(all.world, all.ani, 3));
	world_sync(all.world, all.ani);
	for (size_t i = 0; i < 2; i++) {
		assert_ok(sambung_edit_begin(handle(&all, all.ani), people[i], &form, &err));
		save(form, "family", all.family);
	}
	world_sync(all.world, all.ani);
	assert_ok(world_erase(all.world, families[0]));
	world_sync(all.world, all.ani);
	assert_true(shows(&all, all.ani, "person", people[0]));
	assert_true(shows(&all, all.ani, "person", people[1]));
	end_in_agreement(all.world);
}

/* Of the double, of the family itself, and of the person who came below it. */
TEST(what_was_given_to_a_family_is_erased_with_it)
{
	struct two_cadres all = two_cadres_with_a_family(SEED);
	char family[16];
	char person[16];
	uint64_t count = 0;

	record_in_another_village(&all, family, person);
	assert_ok(world_reassign(all.world, all.ani, 1, all.family, &count));
	world_sync(all.world, all.ani);
	assert_ok(world_erase(all.world, all.family));
	world_sync(all.world, all.ani);
	assert_false(shows(&all, all.ani, "family", all.family));
	assert_false(shows(&all, all.ani, "person", person));
	assert_int_equal(state_of(&all, all.ani).quarantined, 0);
	end_in_agreement(all.world);
}

RUN_TESTS(
	CASE(who_left_a_family_before_it_was_erased_stays_and_the_log_accounts_for_it),
	CASE(what_was_given_to_a_family_is_erased_with_it),
	CASE(a_person_of_the_wrong_family_is_given_to_the_right_one_and_her_visits_come_with_her),
	CASE(a_visit_of_an_unknown_person_is_given_to_the_right_one_and_its_authors_phone_shows_it_there),
	CASE(a_family_that_was_recorded_twice_is_one_on_every_phone),
	CASE(an_edit_of_a_family_that_is_lost_is_given_to_the_one_that_was_recorded_anew),
	CASE(what_its_author_wrote_of_it_meanwhile_is_kept_beside_what_was_given),
	CASE(a_closed_edit_is_no_more_shown_by_the_phone_that_made_it),
	CASE(a_released_edit_reaches_the_village_and_its_authors_list_is_empty_again),
	CASE(a_released_edit_and_one_that_was_merged_meanwhile_are_both_kept),
	CASE(a_new_family_that_was_set_aside_is_released_with_its_people_and_visits),
	CASE(a_lost_phones_visits_are_released_to_the_phone_that_replaced_it),
	CASE(an_edit_that_came_back_before_its_family_is_merged_when_the_family_comes_back),
	CASE(a_release_that_a_restored_server_forgot_is_set_aside_again_on_the_phone),
	CASE(a_visit_by_a_schema_that_a_restored_server_lost_is_released_when_it_is_loaded_again),
	CASE(a_closed_visit_leaves_the_phone_that_recorded_it))

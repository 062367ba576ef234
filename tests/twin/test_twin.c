/* SPDX-License-Identifier: Apache-2.0 */
/* What people can rely on, end to end, with the real device library and the real ingest. */
#include "tests/twin/two_cadres.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

static const char village[] = TWO_CADRES_VILLAGE;
static const char next_village[] = "6303072002";
static const char district[] = "630307";

static void
sync_both(const struct two_cadres *all)
{
	world_sync(all->world, all->ani);
	world_sync(all->world, all->budi);
	world_sync(all->world, all->ani);
}

static json_t *
parse_line(const struct buffer *line)
{
	json_t *parsed =
		json_loadb((const char *)line->at, line->length, JSON_DISABLE_EOF_CHECK, NULL);

	assert_non_null(parsed);
	return parsed;
}

/* The family as the device shows it; the caller ends it with json_decref. */
static json_t *
shown(const struct two_cadres *all, size_t device)
{
	struct buffer line;
	json_t *record;

	buffer_init(&line, 1 << 20);
	world_dump_device(all->world, device, "family", &line);
	record = parse_line(&line);
	buffer_finish(&line);
	return record;
}

static json_t *
shown_by_server(const struct two_cadres *all)
{
	struct buffer line;
	json_t *record;

	buffer_init(&line, 1 << 20);
	world_dump_server(all->world, "family", village, &line);
	record = parse_line(&line);
	buffer_finish(&line);
	return record;
}

static const char *
text_field(const json_t *record, const char *field)
{
	const char *text =
		json_string_value(json_object_get(json_object_get(record, "fields"), field));

	return text == NULL ? "" : text;
}

static size_t
rivals(const json_t *record, const char *field)
{
	return json_array_size(json_object_get(json_object_get(record, "conflicts"), field));
}

/* Both devices and the server show this value, and so many rivals. */
static void
assert_all_show(const struct two_cadres *all, const char *field, const char *value, size_t conflict)
{
	json_t *views[] = {shown(all, all->ani), shown(all, all->budi), shown_by_server(all)};

	for (size_t i = 0; i < 3; i++) {
		assert_string_equal(text_field(views[i], field), value);
		assert_int_equal(rivals(views[i], field), conflict);
		json_decref(views[i]);
	}
}

TEST(edits_of_different_fields_of_one_family_both_stand)
{
	struct two_cadres all = two_cadres_with_a_family(7);

	edit(&all, all.ani, "address", "Jl. Baru");
	edit(&all, all.budi, "rt", "007");
	sync_both(&all);
	assert_all_show(&all, "address", "Jl. Baru", 0);
	assert_all_show(&all, "rt", "007", 0);
	world_free(all.world);
}

TEST(different_values_of_one_field_are_kept_both_until_somebody_settles)
{
	struct two_cadres all = two_cadres_with_a_family(7);

	edit(&all, all.ani, "address", "Jl. Ani");
	all.world->now_ms += 1000; /* a change's time has seconds */
	edit(&all, all.budi, "address", "Jl. Budi");
	sync_both(&all);
	assert_all_show(&all, "address", "Jl. Budi", 2); /* review shows the later one */
	assert_int_equal(world_settle(all.world, all.family, "address", "Jl. Ani"), STATUS_OK);
	sync_both(&all);
	assert_all_show(&all, "address", "Jl. Ani", 0);
	world_free(all.world);
}

TEST(the_same_value_from_two_people_is_no_conflict)
{
	struct two_cadres all = two_cadres_with_a_family(7);

	edit(&all, all.ani, "address", "Jl. Sama");
	edit(&all, all.budi, "address", "Jl. Sama");
	sync_both(&all);
	assert_all_show(&all, "address", "Jl. Sama", 0);
	world_free(all.world);
}

TEST(of_two_forms_open_at_once_on_one_phone_nothing_vanishes)
{
	struct two_cadres all = two_cadres_with_a_family(7);
	struct sambung_edit *first = open_form(&all, all.ani);
	struct sambung_edit *second = open_form(&all, all.ani);

	save(second, "address", "Jl. Kedua");
	save(first, "address", "Jl. Pertama");
	sync_both(&all);
	assert_all_show(&all, "address", "Jl. Pertama", 2);
	world_free(all.world);
}

TEST(an_edit_by_a_clock_two_years_behind_wins_over_what_it_had_seen)
{
	struct two_cadres all = two_cadres_with_a_family(7);

	edit(&all, all.budi, "address", "Jl. Budi");
	sync_both(&all);
	all.world->devices[all.ani].clock_shift_ms = -INT64_C(63072000000);
	edit(&all, all.ani, "address", "Jl. Ani");
	sync_both(&all);
	assert_all_show(&all, "address", "Jl. Ani", 0);
	world_free(all.world);
}

static void
assert_archive_conflict(const struct two_cadres *all)
{
	json_t *views[] = {shown(all, all->ani), shown(all, all->budi), shown_by_server(all)};

	for (size_t i = 0; i < 3; i++) {
		assert_string_equal(json_string_value(json_object_get(views[i], "archived")),
				    "pindah");
		assert_int_equal(rivals(views[i], "archived"), 2);
		assert_string_equal(text_field(views[i], "address"), "Jl. Budi");
		json_decref(views[i]);
	}
}

TEST(an_archive_before_a_rival_edit_is_a_conflict)
{
	struct two_cadres all = two_cadres_with_a_family(7);

	edit(&all, all.ani, "archived", "pindah");
	edit(&all, all.budi, "address", "Jl. Budi");
	world_sync(all.world, all.ani);
	world_sync(all.world, all.budi);
	world_sync(all.world, all.ani);
	assert_archive_conflict(&all);
	world_free(all.world);
}

TEST(an_archive_after_a_rival_edit_is_a_conflict)
{
	struct two_cadres all = two_cadres_with_a_family(7);

	edit(&all, all.ani, "archived", "pindah");
	edit(&all, all.budi, "address", "Jl. Budi");
	world_sync(all.world, all.budi);
	world_sync(all.world, all.ani);
	world_sync(all.world, all.budi);
	assert_archive_conflict(&all);
	world_free(all.world);
}

TEST(a_sync_with_nothing_to_do_is_one_request_and_adds_nothing_to_the_log)
{
	struct two_cadres all = two_cadres_with_a_family(7);
	struct sambung_result result;
	struct sambung_error err;
	uint64_t head;

	sync_both(&all);
	head = world_head(all.world);
	assert_int_equal(sambung_sync(handle(&all, all.ani), NULL, NULL, &result, &err), 0);
	assert_int_equal(result.requests, 1);
	assert_int_equal(result.synced, 1);
	assert_int_equal(world_head(all.world), head);
	world_free(all.world);
}

TEST(twenty_visits_go_in_one_request_and_one_reply)
{
	struct two_cadres all = two_cadres_with_a_family(7);
	struct sambung_result result;
	struct sambung_error err;

	for (int i = 0; i < 20; i++) {
		struct sambung_edit *visit;

		assert_int_equal(sambung_edit_create(handle(&all, all.ani), "visit", &visit, &err),
				 0);
		assert_int_equal(sambung_edit_set(visit, "person", all.person, &err), 0);
		save(visit, "weight", "8.4");
	}
	assert_int_equal(sambung_sync(handle(&all, all.ani), NULL, NULL, &result, &err), 0);
	assert_int_equal(result.requests, 1);
	assert_int_equal(result.sent, 20);
	assert_int_equal(result.acked, 20);
	world_free(all.world);
}

/* The shipped schema as version 2 with one field more on family. */
static char *
schema_with_handwashing(void)
{
	json_t *schema = json_load_file(getenv("SAMBUNG_SCHEMA"), 0, NULL);
	json_t *fields =
		json_object_get(json_array_get(json_object_get(schema, "types"), 0), "fields");
	char *text;

	assert_non_null(schema);
	assert_int_equal(json_object_set_new(schema, "version", json_integer(2)), 0);
	assert_int_equal(
		json_array_append_new(fields, json_pack("{s:i,s:s,s:s,s:i,s:s,s:{s:s,s:s}}", "tag",
							900, "name", "handwashing", "type", "text",
							"max", 40, "policy", "review", "label",
							"id", "Cuci tangan", "en", "Handwashing")),
		0);
	text = json_dumps(schema, 0);
	json_decref(schema);
	return text;
}

TEST(a_new_field_reaches_a_device_is_filled_in_and_an_older_device_keeps_it)
{
	struct two_cadres all = two_cadres_with_a_family(7);
	char *schema = schema_with_handwashing();
	struct buffer view;

	assert_int_equal(world_load_schema(all.world, schema, strlen(schema)), STATUS_OK);
	free(schema);
	/* Budi edits with the old form, while Ani has the new one. */
	edit(&all, all.budi, "rt", "009");
	world_sync(all.world, all.ani);
	edit(&all, all.ani, "handwashing", "sabun");
	world_sync(all.world, all.ani);
	sync_both(&all);
	assert_all_show(&all, "handwashing", "sabun", 0);
	assert_all_show(&all, "rt", "009", 0);
	buffer_init(&view, 1 << 20);
	world_dump_device(all.world, all.budi, "family", &view);
	assert_true(view.length > 0);
	buffer_finish(&view);
	world_free(all.world);
}

static size_t
lines_of(const struct buffer *lines)
{
	size_t count = 0;

	for (size_t i = 0; i < lines->length; i++) {
		count += lines->at[i] == '\n';
	}
	return count;
}

/* The device shows exactly what the server shows of this region, and so many records of the type.
 */
static void
assert_same_as_server(const struct two_cadres *all, size_t device, const char *type,
		      const char *region, size_t count)
{
	struct buffer ours;
	struct buffer theirs;

	buffer_init(&ours, 1 << 20);
	buffer_init(&theirs, 1 << 20);
	world_dump_device(all->world, device, type, &ours);
	world_dump_server(all->world, type, region, &theirs);
	buffer_append_byte(&ours, '\0');
	buffer_append_byte(&theirs, '\0');
	assert_string_equal((const char *)ours.at, (const char *)theirs.at);
	assert_int_equal(lines_of(&ours), count);
	buffer_finish(&ours);
	buffer_finish(&theirs);
}

static void
edit_record(const struct two_cadres *all, size_t device, const char *id, const char *field,
	    const char *value)
{
	struct sambung_edit *form;
	struct sambung_error err;

	assert_int_equal(sambung_edit_begin(handle(all, device), id, &form, &err), 0);
	save(form, field, value);
}

static void
record_visit(const struct two_cadres *all, size_t device)
{
	struct sambung_edit *visit;
	struct sambung_error err;

	assert_int_equal(sambung_edit_create(handle(all, device), "visit", &visit, &err), 0);
	assert_int_equal(sambung_edit_set(visit, "person", all->person, &err), 0);
	save(visit, "weight", "8.4");
}

TEST(a_person_who_changed_family_stays_when_the_old_family_moves_away)
{
	struct two_cadres all = two_cadres_with_a_family(7);
	size_t citra = world_enrol(all.world, "Citra", district);
	char other[16];

	world_import(all.world, "family",
		     (const char *[]){"key", "K2", "village", village, "head", "Dua", NULL});
	world_imported_id(all.world, "family", "K2", other);
	world_sync(all.world, all.ani);
	world_sync(all.world, citra);
	edit_record(&all, citra, all.person, "family", other);
	edit_record(&all, citra, all.family, "village", next_village);
	world_sync(all.world, citra);
	world_sync(all.world, all.ani);
	assert_same_as_server(&all, all.ani, "person", village, 1);
	assert_same_as_server(&all, all.ani, "family", village, 1);
	/* Nor does she lose anything of herself afterwards. */
	edit_record(&all, citra, all.person, "phone", "0812");
	world_sync(all.world, citra);
	world_sync(all.world, all.ani);
	assert_same_as_server(&all, all.ani, "person", village, 1);
	world_free(all.world);
}

TEST(a_visit_recorded_before_the_news_of_a_move_is_in_the_new_village)
{
	struct two_cadres all = two_cadres_with_a_family(7);
	size_t citra = world_enrol(all.world, "Citra", district);
	size_t dewi = world_enrol(all.world, "Dewi", district);

	world_sync(all.world, citra);
	world_sync(all.world, dewi);
	edit_record(&all, citra, all.family, "village", next_village);
	world_sync(all.world, citra);
	record_visit(&all, dewi);
	world_sync(all.world, dewi);
	assert_same_as_server(&all, dewi, "visit", next_village, 1);
	world_free(all.world);
}

TEST(a_visit_to_a_family_that_left_and_came_back_is_shown)
{
	struct two_cadres all = two_cadres_with_a_family(7);
	size_t citra = world_enrol(all.world, "Citra", district);

	world_sync(all.world, citra);
	edit_record(&all, citra, all.family, "village", next_village);
	world_sync(all.world, citra);
	record_visit(&all, all.ani);
	world_sync(all.world, all.ani);
	assert_same_as_server(&all, all.ani, "visit", village, 0);
	world_sync(all.world, citra);
	edit_record(&all, citra, all.family, "village", village);
	world_sync(all.world, citra);
	world_sync(all.world, all.ani);
	assert_same_as_server(&all, all.ani, "visit", village, 1);
	world_free(all.world);
}

RUN_TESTS(CASE(edits_of_different_fields_of_one_family_both_stand),
	  CASE(different_values_of_one_field_are_kept_both_until_somebody_settles),
	  CASE(the_same_value_from_two_people_is_no_conflict),
	  CASE(of_two_forms_open_at_once_on_one_phone_nothing_vanishes),
	  CASE(an_edit_by_a_clock_two_years_behind_wins_over_what_it_had_seen),
	  CASE(an_archive_before_a_rival_edit_is_a_conflict),
	  CASE(an_archive_after_a_rival_edit_is_a_conflict),
	  CASE(a_sync_with_nothing_to_do_is_one_request_and_adds_nothing_to_the_log),
	  CASE(twenty_visits_go_in_one_request_and_one_reply),
	  CASE(a_new_field_reaches_a_device_is_filled_in_and_an_older_device_keeps_it),
	  CASE(a_person_who_changed_family_stays_when_the_old_family_moves_away),
	  CASE(a_visit_recorded_before_the_news_of_a_move_is_in_the_new_village),
	  CASE(a_visit_to_a_family_that_left_and_came_back_is_shown))

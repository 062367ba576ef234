/* SPDX-License-Identifier: Apache-2.0 */
#include "client/local_parts.h"
#include "device_world.h"

static struct sambung_edit *
begin(struct world *w, uint64_t id)
{
	struct sambung_edit *edit;
	char text[ID_TEXT_SIZE];

	assert_ok(sambung_edit_begin(w->device, id_format(id, text), &edit, &w->err));
	return edit;
}

static struct sambung_edit *
create(struct world *w, const char *type)
{
	struct sambung_edit *edit;

	assert_ok(sambung_edit_create(w->device, type, &edit, &w->err));
	return edit;
}

static void
set(struct world *w, struct sambung_edit *edit, const char *field, const char *text)
{
	assert_ok(sambung_edit_set(edit, field, text, &w->err));
}

static uint64_t
family(struct world *w)
{
	return world_record(w, "family", FIELDS("head", "Ani"));
}

static uint64_t
person(struct world *w, uint64_t family_id)
{
	char text[ID_TEXT_SIZE];

	return world_record(w, "person",
			    FIELDS("family", id_format(family_id, text), "name", "Budi"));
}

static struct value
changed(struct world *w, uint32_t n, int32_t tag)
{
	struct change change = world_change(w, n);
	const struct change_field *field = change_field(&change, tag);

	assert_non_null(field);
	return field->value;
}

/* The record as if the last reply had carried it with this version. */
static void
pretend_version(struct world *w, uint64_t id, uint64_t version)
{
	struct record record;
	struct local_place place;
	struct error err;

	assert_ok(local_record(w->device->local, id, &w->arena, &record, &place, &err));
	record.version = version;
	assert_ok(local_record_save(w->device->local, &record, &place, &err));
}

TEST(a_new_record_is_there_after_a_restart)
{
	struct world *w = *state;
	uint64_t id = family(w);

	assert_true(id == id_make(WORLD_DEVICE, 1));
	world_reopen(w);
	assert_contains(world_show(w, id), "\"fields\":{\"head\":\"Ani\"}");
	assert_contains(world_show(w, id), "\"village\":\"6303072001\"");
	assert_contains(world_show(w, id), "\"version\":0");
	assert_int_equal(world_state(w).last_n, 1);
}

TEST(a_creation_has_no_base_and_says_where_and_when)
{
	struct world *w = *state;
	struct change change;

	w->uptime_ms += 5000;
	(void)family(w);
	change = world_change(w, 1);
	assert_int_equal(change.base.epoch, 0);
	assert_int_equal(change.schema_version, 3);
	/* Nothing of its scope is here yet. */
	assert_int_equal(change.scope_version, 0);
	assert_int_equal(change.time, WORLD_TIME_MS / 1000 + 5);
	assert_int_equal(change.quality, CLOCK_SYNCED);
	assert_int_equal(changed(w, 1, TAG_VILLAGE).integer, VILLAGE_A);
}

TEST(after_a_new_boot_the_wall_clock_tells_the_time)
{
	struct world *w = *state;

	w->boot++;
	w->wall_ms = INT64_C(946684800000);
	(void)family(w);
	assert_int_equal(world_change(w, 1).time, 946684800);
	assert_int_equal(world_change(w, 1).quality, CLOCK_WALL);
}

TEST(a_visit_without_a_date_is_of_today_in_indonesia)
{
	struct world *w = *state;
	struct sambung_edit *edit;
	char text[ID_TEXT_SIZE];

	/* The sample's visit hangs on a person by way of its root, `person`. */
	(void)id_format(person(w, family(w)), text);
	/* 16:59:59 UTC, and a second later. */
	w->uptime_ms += INT64_C(1000) * (14 * 3600 - 1);
	edit = create(w, "visit");
	set(w, edit, "person", text);
	assert_ok(sambung_edit_commit(edit, NULL, NULL, &w->err));
	w->uptime_ms += 1000;
	edit = create(w, "visit");
	set(w, edit, "person", text);
	assert_ok(sambung_edit_commit(edit, NULL, NULL, &w->err));
	assert_int_equal(changed(w, 3, 2).integer, WORLD_DAY);
	assert_int_equal(changed(w, 4, 2).integer, WORLD_DAY + 1);
}

TEST(a_record_below_another_is_in_its_village)
{
	struct world *w = *state;
	uint64_t top = world_record(w, "family", FIELDS("head", "Ani", "village", "63.03.07.2002"));
	uint64_t id = person(w, top);
	struct change change = world_change(w, 2);
	struct record record;
	struct local_place place;
	struct error err;

	assert_null(change_field(&change, TAG_VILLAGE));
	assert_ok(local_record(w->device->local, id, &w->arena, &record, &place, &err));
	assert_int_equal(record.village, VILLAGE_B);
	assert_true(place.parent == top);
}

TEST(a_device_of_two_villages_must_be_told_which)
{
	struct world *w = *state;
	struct local_state device = world_state(w);
	struct sambung_edit *edit;
	struct error err;

	device.scope[1] = (struct region){VILLAGE_B, VILLAGE_B};
	device.scope_count = 2;
	assert_ok(local_state_save(w->device->local, &device, &err));
	edit = create(w, "family");
	set(w, edit, "head", "Ani");
	assert_int_equal(sambung_edit_commit(edit, NULL, NULL, &w->err), STATUS_MISSING);
	assert_string_equal(w->err.detail, "village");
	set(w, edit, "village", "6303072002");
	assert_ok(sambung_edit_commit(edit, NULL, NULL, &w->err));
}

TEST(a_form_that_lacks_a_field_can_be_mended)
{
	struct world *w = *state;
	struct sambung_edit *edit = create(w, "family");
	uint32_t n = 0;

	assert_int_equal(sambung_edit_commit(edit, NULL, &n, &w->err), STATUS_MISSING);
	assert_string_equal(w->err.detail, "head");
	assert_int_equal(world_state(w).last_n, 0);
	set(w, edit, "head", "Ani");
	assert_ok(sambung_edit_commit(edit, NULL, &n, &w->err));
	assert_int_equal(n, 1);
}

TEST(empty_fields_of_a_new_record_are_not_stored)
{
	struct world *w = *state;
	char text[ID_TEXT_SIZE];

	(void)id_format(person(w, family(w)), text);
	(void)world_record(w, "visit", FIELDS("person", text, "note", "", "topics", "", "hb", ""));
	/* person and date */
	assert_int_equal(world_change(w, 3).field_count, 2);
}

TEST(a_value_that_does_not_fit_is_refused_when_it_is_entered)
{
	struct world *w = *state;
	struct sambung_edit *edit = create(w, "visit");

	assert_int_equal(sambung_edit_set(edit, "hb", "99", &w->err), STATUS_RANGE);
	assert_contains(w->err.detail, "hb");
	assert_int_equal(sambung_edit_set(edit, "shoe", "9", &w->err), STATUS_UNKNOWN_FIELD);
	assert_string_equal(w->err.detail, "shoe");
	sambung_edit_cancel(edit);
}

TEST(a_parent_must_be_here_and_of_the_right_type)
{
	struct world *w = *state;
	struct sambung_edit *edit;
	char text[ID_TEXT_SIZE];

	edit = create(w, "person");
	(void)id_format(id_make(WORLD_OTHER, 1), text);
	assert_int_equal(sambung_edit_set(edit, "family", text, &w->err), STATUS_NOT_FOUND);
	assert_string_equal(w->err.detail, "family: r1yg000001x");
	(void)id_format(person(w, family(w)), text);
	assert_int_equal(sambung_edit_set(edit, "family", text, &w->err), STATUS_OTHER_TYPE);
	assert_contains(w->err.detail, text);
	/* Another reference need only be an id. */
	(void)id_format(id_make(WORLD_OTHER, 1), text);
	assert_ok(sambung_edit_set(edit, "same_as", text, &w->err));
	assert_int_equal(sambung_edit_set(edit, "same_as", "r1", &w->err), STATUS_NOT_ID);
	sambung_edit_cancel(edit);
}

TEST(base_and_own_are_frozen_when_the_form_opens)
{
	struct world *w = *state;
	uint64_t id = family(w);
	struct sambung_edit *first;
	struct sambung_edit *second;
	struct change change;

	pretend_version(w, id, 40);
	first = begin(w, id);
	second = begin(w, id);
	set(w, first, "head", "Ana");
	set(w, second, "head", "Anu");
	assert_ok(sambung_edit_commit(first, NULL, NULL, &w->err));
	pretend_version(w, id, 50);
	assert_ok(sambung_edit_commit(second, NULL, NULL, &w->err));
	change = world_change(w, 2);
	assert_int_equal(change.base.epoch, WORLD_EPOCH);
	assert_int_equal(change.base.version, 40);
	assert_int_equal(change.own_n, 1);
	change = world_change(w, 3);
	assert_int_equal(change.base.version, 40);
	assert_int_equal(change.own_n, 1);
	/* The second had not seen the first: both values stay. */
	assert_contains(world_show(w, id), "\"conflicts\":{\"head\":[");
	assert_contains(world_show(w, id), "\"value\":\"Ana\"");
	assert_contains(world_show(w, id), "\"value\":\"Anu\"");
}

TEST(an_app_may_say_that_it_saw_less_but_never_more)
{
	struct world *w = *state;
	uint64_t id = family(w);
	struct sambung_edit *edit;

	pretend_version(w, id, 40);
	edit = begin(w, id);
	set(w, edit, "head", "Ana");
	assert_int_equal(sambung_edit_seen(edit, 41, 1, &w->err), STATUS_NEWER_THAN_HELD);
	assert_string_equal(w->err.detail, "base 41 > 40");
	assert_int_equal(sambung_edit_seen(edit, 40, 2, &w->err), STATUS_NEWER_THAN_HELD);
	assert_string_equal(w->err.detail, "own 2 > 1");
	assert_ok(sambung_edit_seen(edit, 30, 0, &w->err));
	assert_ok(sambung_edit_commit(edit, NULL, NULL, &w->err));
	assert_int_equal(world_change(w, 2).base.version, 30);
	assert_int_equal(world_change(w, 2).own_n, 0);
	edit = create(w, "family");
	assert_int_equal(sambung_edit_seen(edit, 0, 0, &w->err), STATUS_INVALID);
	sambung_edit_cancel(edit);
}

TEST(saving_the_shown_value_again_is_a_change)
{
	struct world *w = *state;
	uint64_t id = family(w);

	assert_int_equal(world_edit(w, id, "head", "Ani"), 2);
	assert_true(span_equal(changed(w, 2, FAMILY_HEAD).text, TEXT("Ani")));
}

TEST(an_edit_that_sets_nothing_is_refused)
{
	struct world *w = *state;
	uint64_t id = family(w);
	struct sambung_edit *edit = begin(w, id);

	assert_int_equal(sambung_edit_commit(edit, NULL, NULL, &w->err), STATUS_NOTHING_CHANGED);
	assert_string_equal(w->err.detail, "");
	sambung_edit_cancel(edit);
	assert_int_equal(world_state(w).last_n, 1);
}

TEST(a_set_says_what_was_added_and_removed_since_the_form_opened)
{
	struct world *w = *state;
	uint64_t id;
	struct sambung_edit *edit;
	char text[ID_TEXT_SIZE];
	struct value value;

	(void)id_format(person(w, family(w)), text);
	id = world_record(w, "visit", FIELDS("person", text, "topics", "gizi"));
	edit = begin(w, id);
	assert_int_equal(world_edit(w, id, "topics", "+kb"), 4);
	set(w, edit, "topics", "asi");
	assert_ok(sambung_edit_commit(edit, NULL, NULL, &w->err));
	value = changed(w, 5, 5);
	assert_int_equal(value.pair.first, 2);
	assert_int_equal(value.pair.second, 1);
	assert_contains(world_show(w, id), "\"topics\":[\"asi\",\"kb\"]");
	/* As it is: nothing to say. */
	edit = begin(w, id);
	set(w, edit, "topics", "kb,asi");
	assert_int_equal(sambung_edit_commit(edit, NULL, NULL, &w->err), STATUS_NOTHING_CHANGED);
	sambung_edit_cancel(edit);
}

TEST(a_field_set_twice_has_the_last_value)
{
	struct world *w = *state;
	uint64_t id = family(w);
	struct sambung_edit *edit = begin(w, id);

	set(w, edit, "archived", "moved away");
	set(w, edit, "head", "x");
	set(w, edit, "head", "Ana");
	assert_ok(sambung_edit_commit(edit, NULL, NULL, &w->err));
	assert_int_equal(world_change(w, 2).field_count, 2);
	assert_contains(world_show(w, id), "\"head\":\"Ana\"");
	assert_contains(world_show(w, id), "\"archived\":\"moved away\"");
}

TEST(moving_a_family_moves_it_here_at_once)
{
	struct world *w = *state;
	uint64_t id = family(w);

	(void)world_edit(w, id, "village", "6303072002");
	assert_contains(world_show(w, id), "\"village\":\"6303072002\"");
}

TEST(a_record_that_left_meanwhile_keeps_its_change)
{
	struct world *w = *state;
	uint64_t id = family(w);
	struct sambung_edit *edit = begin(w, id);
	char text[ID_TEXT_SIZE];
	struct error err;

	set(w, edit, "head", "Ana");
	assert_ok(local_change_acked(w->device->local, 1, 10, &err));
	assert_ok(local_record_evict(w->device->local, id, &err));
	assert_ok(sambung_edit_commit(edit, NULL, NULL, &w->err));
	assert_true(world_change(w, 2).record == id);
	assert_int_equal(sambung_edit_begin(w->device, id_format(id, text), &edit, &w->err),
			 STATUS_NOT_FOUND);
	assert_contains(w->err.detail, text);
}

TEST(a_full_disk_loses_nothing)
{
	struct world *w = *state;
	uint64_t id = family(w);
	struct sambung_edit *edit;
	struct error err;
	int failed = 0;
	uint32_t before = 0;

	assert_ok(sql_exec(w->device->local->sql, "PRAGMA max_page_count=24", &err));
	for (int i = 0; i < 10000 && failed == 0; i++) {
		before = world_state(w).last_n;
		edit = begin(w, id);
		set(w, edit, "head", "Somebody with a name long enough to fill the pages");
		failed = sambung_edit_commit(edit, NULL, NULL, &w->err);
	}
	assert_int_equal(failed, STATUS_FULL);
	assert_int_equal(world_state(w).last_n, before);
	assert_contains(world_show(w, id), "Somebody");
	assert_ok(sql_exec(w->device->local->sql, "PRAGMA max_page_count=100000", &err));
	assert_ok(sambung_edit_commit(edit, NULL, NULL, &w->err));
	assert_int_equal(world_state(w).last_n, before + 1);
}

TEST(nothing_can_be_recorded_before_enrolment)
{
	struct world *w = *state;
	struct sambung_edit *edit;

	assert_int_equal(sambung_edit_create(w->device, "family", &edit, &w->err),
			 STATUS_NOT_ENROLLED);
	assert_string_equal(sambung_status_name(w->err.status), "not_enrolled");
}

TEST(an_unknown_form_is_named)
{
	struct world *w = *state;
	struct sambung_edit *edit;
	char sentence[400];

	assert_int_equal(sambung_edit_create(w->device, "shoe", &edit, &w->err),
			 STATUS_UNKNOWN_TYPE);
	assert_string_equal(
		sambung_error_sentence(&w->err, SAMBUNG_EN, sentence, sizeof sentence),
		"there is no such type of record: shoe. Check the spelling, or sync to receive "
		"newer forms");
	assert_string_equal(
		sambung_error_sentence(&w->err, SAMBUNG_ID, sentence, sizeof sentence),
		"tidak ada jenis data itu: shoe. Periksa ejaannya, atau sinkronkan untuk menerima "
		"formulir baru");
}

/* ---- queries ---- */

static void
list(struct world *w, const struct sambung_query *query)
{
	world_lines_clear(w);
	assert_ok(sambung_records(w->device, query, world_line, w, &w->err));
}

TEST(records_are_listed_by_type_and_text)
{
	struct world *w = *state;
	uint64_t id = family(w);

	(void)person(w, id);
	list(w, NULL);
	assert_int_equal(w->line_count, 2);
	list(w, &(struct sambung_query){.type = "person"});
	assert_int_equal(w->line_count, 1);
	assert_contains(w->lines[0], "Budi");
	list(w, &(struct sambung_query){.match = "aNI"});
	assert_int_equal(w->line_count, 1);
	assert_contains(w->lines[0], "Ani");
	list(w, &(struct sambung_query){.type = "person", .match = "ani"});
	assert_int_equal(w->line_count, 0);
	assert_int_equal(sambung_records(w->device, &(struct sambung_query){.type = "shoe"},
					 world_line, w, &w->err),
			 STATUS_UNKNOWN_TYPE);
}

static int
stop(void *context, const char *line, size_t length)
{
	(void)world_line(context, line, length);
	return 1;
}

TEST(a_list_ends_when_the_caller_says_so)
{
	struct world *w = *state;

	(void)family(w);
	(void)family(w);
	assert_ok(sambung_records(w->device, NULL, stop, w, &w->err));
	assert_int_equal(w->line_count, 1);
}

TEST(a_visit_is_due_from_its_day_until_the_next_one_is_made)
{
	struct world *w = *state;
	const struct sambung_query due = {.type = "visit", .due = 1};
	char text[ID_TEXT_SIZE];

	(void)id_format(person(w, family(w)), text);
	(void)world_record(w, "visit",
			   FIELDS("person", text, "date", "2026-10-20", "next_date", "2026-11-21"));
	list(w, &due);
	assert_int_equal(w->line_count, 0);
	w->uptime_ms += INT64_C(24) * 3600 * 1000;
	list(w, &due);
	assert_int_equal(w->line_count, 1);
	(void)world_record(w, "visit", FIELDS("person", text, "date", "2026-11-20"));
	list(w, &due);
	assert_int_equal(w->line_count, 0);
	(void)world_record(w, "visit",
			   FIELDS("person", text, "date", "2026-11-21", "next_date", "2026-11-21"));
	list(w, &due);
	assert_int_equal(w->line_count, 1);
	(void)world_edit(w, id_make(WORLD_DEVICE, 5), "archived", "mistake");
	list(w, &due);
	assert_int_equal(w->line_count, 0);
}

TEST(a_form_tells_what_an_app_needs)
{
	struct world *w = *state;

	assert_ok(sambung_form(w->device, "visit", SAMBUNG_ID, world_line, w, &w->err));
	assert_contains(w->lines[0], "{\"type\":\"visit\",\"label\":\"Kunjungan\",");
	assert_contains(w->lines[0],
			"{\"name\":\"hb\",\"label\":\"Isian\",\"type\":\"integer\","
			"\"required\":false,\"refuse\":[3,25],\"warn\":[7,18],\"unit\":\"g/dL\","
			"\"scale\":1,\"if\":[\"in\",\"group\",[\"catin\",\"bumil\"]]}");
	/* A retired choice is no longer offered. */
	assert_contains(w->lines[0], "\"choices\":[{\"name\":\"gizi\",\"label\":\"Gizi\"},"
				     "{\"name\":\"asi\",\"label\":\"ASI\"}]");
	assert_int_equal(sambung_form(w->device, "shoe", SAMBUNG_EN, world_line, w, &w->err),
			 STATUS_UNKNOWN_TYPE);
}

TEST(the_state_counts_what_waits_and_what_is_in_conflict)
{
	struct world *w = *state;
	struct sambung_state found;
	uint64_t id = family(w);
	struct sambung_edit *edit = begin(w, id);

	(void)world_edit(w, id, "head", "Ana");
	set(w, edit, "head", "Anu");
	assert_ok(sambung_edit_commit(edit, NULL, NULL, &w->err));
	assert_ok(sambung_state(w->device, &found, &w->err));
	assert_int_equal(found.device, WORLD_DEVICE);
	assert_string_equal(found.cadre, "Siti");
	assert_int_equal(found.queued, 3);
	assert_int_equal(found.last_n, 3);
	assert_int_equal(found.acked_n, 0);
	assert_int_equal(found.epoch, WORLD_EPOCH);
	assert_int_equal(found.conflicts, 1);
	assert_int_equal(found.quarantined, 0);
	assert_int_equal(found.last_sync_ms, 0);
}

#define IN_WORLD(sentence) CASE_WITH(sentence, world_open, world_close)

RUN_TESTS(IN_WORLD(a_new_record_is_there_after_a_restart),
	  IN_WORLD(a_creation_has_no_base_and_says_where_and_when),
	  IN_WORLD(after_a_new_boot_the_wall_clock_tells_the_time),
	  IN_WORLD(a_visit_without_a_date_is_of_today_in_indonesia),
	  IN_WORLD(a_record_below_another_is_in_its_village),
	  IN_WORLD(a_device_of_two_villages_must_be_told_which),
	  IN_WORLD(a_form_that_lacks_a_field_can_be_mended),
	  IN_WORLD(empty_fields_of_a_new_record_are_not_stored),
	  IN_WORLD(a_value_that_does_not_fit_is_refused_when_it_is_entered),
	  IN_WORLD(a_parent_must_be_here_and_of_the_right_type),
	  IN_WORLD(base_and_own_are_frozen_when_the_form_opens),
	  IN_WORLD(an_app_may_say_that_it_saw_less_but_never_more),
	  IN_WORLD(saving_the_shown_value_again_is_a_change),
	  IN_WORLD(an_edit_that_sets_nothing_is_refused),
	  IN_WORLD(a_set_says_what_was_added_and_removed_since_the_form_opened),
	  IN_WORLD(a_field_set_twice_has_the_last_value),
	  IN_WORLD(moving_a_family_moves_it_here_at_once),
	  IN_WORLD(a_record_that_left_meanwhile_keeps_its_change),
	  IN_WORLD(a_full_disk_loses_nothing),
	  CASE_WITH(nothing_can_be_recorded_before_enrolment, world_open_new, world_close),
	  IN_WORLD(an_unknown_form_is_named), IN_WORLD(records_are_listed_by_type_and_text),
	  IN_WORLD(a_list_ends_when_the_caller_says_so),
	  IN_WORLD(a_visit_is_due_from_its_day_until_the_next_one_is_made),
	  IN_WORLD(a_form_tells_what_an_app_needs),
	  IN_WORLD(the_state_counts_what_waits_and_what_is_in_conflict))

/* SPDX-License-Identifier: Apache-2.0 */
/* Erasure by law, with real phones: what is erased leaves them too, late changes do not bring it
 * back, and nobody's queue ends because of it. */
#include "client/device.h"
#include "client/local_parts.h"
#include "tests/twin/agreement.h"
#include "tests/twin/two_cadres.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const types[] = {"family", "person", "visit"};

enum { SEED = 31, TYPES = 3, FILE_MAX = 8 * 1024 * 1024, CHANGES_MAX = 100 };

#define FIELDS(...) ((const char *const[]){__VA_ARGS__, NULL})

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
visit(const struct two_cadres *all, size_t device, const char *note)
{
	char id[16];

	create(all, device, "visit", FIELDS("person", all->person, "weight", "8.4", "note", note),
	       id);
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

static bool
file_holds(const char *path, const char *part)
{
	char *bytes = malloc(FILE_MAX);
	FILE *file = fopen(path, "rb");
	const size_t length = strlen(part);
	size_t got;
	bool found = false;

	assert_non_null(bytes);
	got = file == NULL ? 0 : fread(bytes, 1, FILE_MAX, file);
	for (size_t i = 0; i + length <= got && !found; i++) {
		found = memcmp(bytes + i, part, length) == 0;
	}
	if (file != NULL) {
		(void)fclose(file);
	}
	free(bytes);
	return found;
}

/* Anywhere in the files of the phone, or of the server. */
static bool
folder_holds(const char *folder, const char *database, const char *part)
{
	char path[400];
	bool found;

	(void)snprintf(path, sizeof path, "%s/%s", folder, database);
	found = file_holds(path, part);
	(void)snprintf(path, sizeof path, "%s/%s-wal", folder, database);
	return found || file_holds(path, part);
}

static bool
bytes_hold(struct span bytes, const char *part)
{
	const size_t length = strlen(part);

	for (size_t at = 0; at + length <= bytes.length; at++) {
		if (memcmp(bytes.at + at, part, length) == 0) {
			return true;
		}
	}
	return false;
}

/* What its changes say once they are unsealed; those that are kept although they left the queue
 * have a record on no screen. */
static bool
changes_hold(const struct two_cadres *all, size_t device, const char *part)
{
	const struct local_range range = {
		.first_n = 1, .count = CHANGES_MAX, .bytes = LOCAL_CHANGES_BYTES_MAX};
	struct local_changes changes;
	struct arena arena;
	struct error err;
	bool found = false;

	arena_init(&arena, FILE_MAX);
	assert_ok(local_changes(handle(all, device)->local, range, &arena, &changes, &err));
	for (size_t i = 0; i < changes.count; i++) {
		found = found || bytes_hold(changes.at[i].bytes, part);
	}
	arena_finish(&arena);
	return found;
}

/* In the file as it is, on a screen, or in a change that is kept. */
static bool
phone_holds(const struct two_cadres *all, size_t device, const char *part)
{
	bool found = folder_holds(all->world->devices[device].folder, "device.db", part) ||
		     changes_hold(all, device, part);

	for (size_t t = 0; t < TYPES; t++) {
		found = found || shows(all, device, types[t], part);
	}
	return found;
}

static uint32_t
sync_erases(const struct two_cadres *all, size_t device)
{
	struct sambung_result result = {0};
	struct sambung_error err;

	assert_ok(sambung_sync(handle(all, device), NULL, NULL, &result, &err));
	return result.erased;
}

static void
sync_all(const struct two_cadres *all)
{
	for (size_t i = 0; i < 2 * all->world->device_count; i++) {
		world_sync(all->world, i % all->world->device_count);
	}
}

TEST(an_erased_family_leaves_both_phones_with_all_below_it)
{
	struct two_cadres all = two_cadres_with_a_family(SEED);
	size_t told = 0;
	size_t waits = 0;

	visit(&all, all.ani, "Rahasia Ani");
	sync_all(&all);
	assert_true(shows(&all, all.budi, "visit", "Rahasia Ani"));
	assert_ok(world_erase(all.world, all.family));
	world_erasure(all.world, all.family, &told, &waits);
	assert_int_equal(told, 2);
	assert_int_equal(waits, 2);
	world_sync(all.world, all.ani);
	world_sync(all.world, all.ani);
	world_erasure(all.world, all.family, &told, &waits);
	assert_int_equal(waits, 1);
	world_sync(all.world, all.budi);
	world_sync(all.world, all.budi);
	world_erasure(all.world, all.family, &told, &waits);
	assert_int_equal(waits, 0);
	for (size_t d = 0; d < 2; d++) {
		for (size_t t = 0; t < TYPES; t++) {
			assert_false(shows(&all, d, types[t], "\"id\""));
		}
		assert_false(phone_holds(&all, d, "Rahasia Ani"));
		assert_false(phone_holds(&all, d, "Jl. Lama"));
	}
	end_in_agreement(all.world);
}

TEST(a_change_that_waits_in_the_queue_is_acknowledged_and_its_words_go)
{
	struct two_cadres all = two_cadres_with_a_family(SEED);

	edit(&all, all.budi, "address", "Jl. Rahasia");
	visit(&all, all.budi, "Rahasia Budi");
	assert_true(phone_holds(&all, all.budi, "Rahasia Budi"));
	assert_ok(world_erase(all.world, all.family));
	assert_int_equal(sync_erases(&all, all.budi), 2);
	assert_false(phone_holds(&all, all.budi, "Jl. Rahasia"));
	assert_false(phone_holds(&all, all.budi, "Rahasia Budi"));
	assert_int_equal(sync_erases(&all, all.budi), 0);
	assert_false(folder_holds(all.world->folder, "sambung.db", "Rahasia Budi"));
	end_in_agreement(all.world);
}

TEST(a_form_that_was_open_is_saved_and_told)
{
	struct two_cadres all = two_cadres_with_a_family(SEED);
	struct sambung_edit *form = open_form(&all, all.ani);

	assert_ok(world_erase(all.world, all.family));
	world_sync(all.world, all.ani);
	save(form, "address", "Jl. Terbuka");
	assert_int_equal(sync_erases(&all, all.ani), 1);
	assert_false(phone_holds(&all, all.ani, "Jl. Terbuka"));
	end_in_agreement(all.world);
}

TEST(a_phone_goes_on_recording_after_an_erasure)
{
	struct two_cadres all = two_cadres_with_a_family(SEED);
	char id[16];

	edit(&all, all.ani, "address", "Jl. Satu");
	world_sync(all.world, all.ani);
	assert_ok(world_erase(all.world, all.family));
	edit(&all, all.ani, "address", "Jl. Dua");
	create(&all, all.ani, "family", FIELDS("head", "Lain", "village", TWO_CADRES_VILLAGE), id);
	world_sync(all.world, all.ani);
	create(&all, all.ani, "person", FIELDS("family", id, "name", "Anak Lain"), id);
	sync_all(&all);
	assert_true(shows(&all, all.budi, "person", "Anak Lain"));
	assert_false(shows(&all, all.budi, "family", "Jl."));
	end_in_agreement(all.world);
}

TEST(only_the_person_goes_when_a_person_is_erased)
{
	struct two_cadres all = two_cadres_with_a_family(SEED);
	char other[16];

	create(&all, all.ani, "person", FIELDS("family", all.family, "name", "Kakak"), other);
	visit(&all, all.ani, "Rahasia Adik");
	sync_all(&all);
	assert_ok(world_erase(all.world, all.person));
	sync_all(&all);
	assert_false(shows(&all, all.budi, "person", "Anak"));
	assert_false(shows(&all, all.budi, "visit", "Rahasia Adik"));
	assert_true(shows(&all, all.budi, "person", "Kakak"));
	assert_true(shows(&all, all.budi, "family", "Jl. Lama"));
	end_in_agreement(all.world);
}

TEST(what_was_set_aside_goes_too_and_its_author_is_told)
{
	struct two_cadres all = two_cadres_with_a_family(SEED);
	struct sambung_edit *form = open_form(&all, all.ani);
	struct sambung_state now;
	struct sambung_error err;

	world_scope(all.world, all.ani, FIELDS("6303072002"));
	world_sync(all.world, all.ani);
	save(form, "address", "Jl. Disisihkan");
	world_sync(all.world, all.ani);
	assert_ok(sambung_state(handle(&all, all.ani), &now, &err));
	assert_int_equal(now.quarantined, 1);
	assert_ok(world_erase(all.world, all.family));
	assert_int_equal(sync_erases(&all, all.ani), 1);
	assert_ok(sambung_state(handle(&all, all.ani), &now, &err));
	assert_int_equal(now.quarantined, 0);
	assert_false(phone_holds(&all, all.ani, "Disisihkan"));
	end_in_agreement(all.world);
}

TEST(a_new_record_in_quarantine_below_an_erased_person_goes_with_it)
{
	struct two_cadres all = two_cadres_with_a_family(SEED);
	struct sambung_edit *form;
	struct sambung_state now;
	struct sambung_error err;
	char id[16];

	assert_ok(sambung_edit_create(handle(&all, all.ani), "visit", &form, &err));
	set(form, "person", all.person);
	world_scope(all.world, all.ani, FIELDS("6303072002"));
	world_sync(all.world, all.ani);
	save(form, "note", "Rahasia Jauh");
	world_sync(all.world, all.ani);
	assert_ok(sambung_state(handle(&all, all.ani), &now, &err));
	assert_int_equal(now.quarantined, 1);
	create(&all, all.ani, "family", FIELDS("head", "Baru", "village", "6303072002"), id);
	assert_ok(world_erase(all.world, all.person));
	sync_all(&all);
	assert_false(phone_holds(&all, all.ani, "Rahasia Jauh"));
	assert_true(shows(&all, all.ani, "family", "Baru"));
	end_in_agreement(all.world);
}

TEST(a_phone_that_lost_its_village_destroys_what_it_had_written_there)
{
	struct two_cadres all = two_cadres_with_a_family(SEED);

	visit(&all, all.ani, "Rahasia Lama");
	sync_all(&all);
	assert_ok(world_handover(all.world, all.ani, all.budi));
	sync_all(&all);
	assert_true(phone_holds(&all, all.ani, "Rahasia Lama"));
	assert_ok(world_erase(all.world, all.person));
	sync_all(&all);
	assert_false(phone_holds(&all, all.ani, "Rahasia Lama"));
	end_in_agreement(all.world);
}

/* How many phones the erasure of the family is told, and how many of them have not said so. */
static void
assert_told(const struct two_cadres *all, size_t told, size_t waiting)
{
	size_t devices = 0;
	size_t waits = 0;

	world_erasure(all->world, all->family, &devices, &waits);
	assert_int_equal(devices, told);
	assert_int_equal(waits, waiting);
}

/* She has not heard of it, and has not written of the family. */
TEST(a_phone_whose_village_was_taken_away_is_told_too)
{
	struct two_cadres all = two_cadres_with_a_family(SEED);

	world_scope(all.world, all.ani, FIELDS("6303072002"));
	assert_ok(world_erase(all.world, all.family));
	assert_told(&all, 2, 2);
	sync_all(&all);
	assert_told(&all, 2, 0);
	end_in_agreement(all.world);
}

TEST(a_phone_of_the_village_that_the_family_left_is_told_too)
{
	struct two_cadres all = two_cadres_with_a_family(SEED);

	edit(&all, all.budi, "village", "6303072002");
	world_sync(all.world, all.budi);
	assert_ok(world_erase(all.world, all.family));
	assert_told(&all, 2, 2);
	sync_all(&all);
	assert_told(&all, 2, 0);
	end_in_agreement(all.world);
}

/* Beyond the place where the erasure stands now, but in the log of before. */
TEST(a_place_in_the_log_before_a_restore_is_no_receipt)
{
	struct two_cadres all = two_cadres_with_a_family(SEED);
	unsigned backup = world_backup(all.world);

	for (int i = 0; i < 20; i++) {
		visit(&all, all.budi, "Sesudah Salinan");
	}
	sync_all(&all);
	world_restore(all.world, backup);
	assert_ok(world_erase(all.world, all.family));
	all.world->faults.lose_reply = 256;
	assert_false(world_try_sync(all.world, all.ani));
	all.world->faults.lose_reply = 0;
	assert_told(&all, 2, 2);
	sync_all(&all);
	assert_told(&all, 2, 0);
	end_in_agreement(all.world);
}

/* Whoever has the phone has its key. Into `out`: what the query's first column is. */
static void
sealed_body(const struct two_cadres *all, size_t device, const char *query, struct buffer *out)
{
	struct error err;
	struct statement *s = sql_prepare_own(handle(all, device)->local->sql, query, &err);
	bool row;

	assert_non_null(s);
	assert_ok(sql_row(s, &row, &err));
	assert_true(row);
	buffer_append_span(out, sql_blob(s, 0));
	assert_true(out->length > AEAD_NONCE_SIZE);
	sql_statement_free(s);
}

static bool
phone_has_bytes(const struct two_cadres *all, size_t device, const struct buffer *part)
{
	static const char *const names[] = {"device.db", "device.db-wal"};
	char *bytes = malloc(FILE_MAX);
	bool found = false;

	assert_non_null(bytes);
	for (size_t i = 0; i < 2; i++) {
		char path[400];
		size_t got;
		FILE *file;

		(void)snprintf(path, sizeof path, "%s/%s", all->world->devices[device].folder,
			       names[i]);
		file = fopen(path, "rb");
		got = file == NULL ? 0 : fread(bytes, 1, FILE_MAX, file);
		for (size_t at = 0; at + part->length <= got && !found; at++) {
			found = memcmp(bytes + at, part->at, part->length) == 0;
		}
		if (file != NULL) {
			(void)fclose(file);
		}
	}
	free(bytes);
	return found;
}

TEST(what_is_erased_is_in_the_phones_files_no_more_not_even_sealed)
{
	static const char *const queries[] = {
		"SELECT body FROM record ORDER BY id DESC LIMIT 1",
		"SELECT body FROM change WHERE n = 1",
	};
	struct two_cadres all = two_cadres_with_a_family(SEED);
	struct buffer bodies[2];

	visit(&all, all.ani, "Rahasia");
	world_sync(all.world, all.ani);
	for (size_t i = 0; i < 2; i++) {
		buffer_init(&bodies[i], 1 << 20);
		sealed_body(&all, all.ani, queries[i], &bodies[i]);
		assert_true(phone_has_bytes(&all, all.ani, &bodies[i]));
	}
	assert_ok(world_erase(all.world, all.family));
	world_sync(all.world, all.ani);
	for (size_t i = 0; i < 2; i++) {
		assert_false(phone_has_bytes(&all, all.ani, &bodies[i]));
		buffer_finish(&bodies[i]);
	}
	end_in_agreement(all.world);
}

TEST(what_was_erased_stays_so_when_an_older_server_comes_back)
{
	struct two_cadres all = two_cadres_with_a_family(SEED);
	unsigned backup;
	char id[16];

	visit(&all, all.ani, "Rahasia Awal");
	world_sync(all.world, all.ani);
	backup = world_backup(all.world);
	visit(&all, all.ani, "Rahasia Akhir");
	create(&all, all.ani, "family", FIELDS("head", "Lain", "village", TWO_CADRES_VILLAGE), id);
	sync_all(&all);
	assert_ok(world_erase(all.world, all.family));
	sync_all(&all);
	world_restore(all.world, backup);
	sync_all(&all);
	sync_all(&all);
	assert_true(shows(&all, all.budi, "family", "Lain"));
	assert_false(shows(&all, all.budi, "visit", "Rahasia"));
	assert_false(phone_holds(&all, all.ani, "Rahasia"));
	end_in_agreement(all.world);
}

TEST(an_edit_of_a_new_record_below_an_erased_one_leaves_nothing_either)
{
	struct two_cadres all = two_cadres_with_a_family(SEED);
	struct sambung_edit *form;
	struct sambung_error err;
	char child[16];
	uint64_t head;

	create(&all, all.ani, "person", FIELDS("family", all.family, "name", "Adik"), child);
	assert_ok(sambung_edit_begin(handle(&all, all.ani), child, &form, &err));
	save(form, "name", "Rahasia Lahir");
	create(&all, all.ani, "visit", FIELDS("person", child, "note", "Rahasia Adik"), child);
	assert_ok(world_erase(all.world, all.family));
	head = world_head(all.world);
	assert_int_equal(sync_erases(&all, all.ani), 3);
	/* Nobody else had said anything of them: nothing more is erased. */
	assert_int_equal(world_head(all.world), head + 3);
	assert_false(phone_holds(&all, all.ani, "Rahasia"));
	assert_false(folder_holds(all.world->folder, "sambung.db", "Rahasia"));
	end_in_agreement(all.world);
}

/* The server comes back without the child that Ani made, the family is erased there, and Budi's
 * edit of the child comes before what made it: it stands in quarantine whole. */
static struct two_cadres
edited_before_it_was_made(void)
{
	struct two_cadres all = two_cadres_with_a_family(SEED);
	unsigned backup = world_backup(all.world);
	struct sambung_edit *form;
	struct sambung_error err;
	char child[16];

	create(&all, all.ani, "person", FIELDS("family", all.family, "name", "Adik"), child);
	sync_all(&all);
	world_restore(all.world, backup);
	assert_ok(world_erase(all.world, all.family));
	assert_ok(sambung_edit_begin(handle(&all, all.budi), child, &form, &err));
	save(form, "name", "Rahasia Lahir");
	world_sync(all.world, all.budi);
	assert_true(folder_holds(all.world->folder, "sambung.db", "Rahasia"));
	return all;
}

TEST(an_edit_that_comes_before_the_late_creation_of_its_record_is_erased_with_it)
{
	struct two_cadres all = edited_before_it_was_made();

	world_sync(all.world, all.ani);
	assert_int_equal(sync_erases(&all, all.budi), 1);
	assert_false(phone_holds(&all, all.budi, "Rahasia"));
	world_restart_server(all.world);
	assert_false(folder_holds(all.world->folder, "sambung.db", "Rahasia"));
	end_in_agreement(all.world);
}

/* A backup that has such an edit, but not what it is about, must not bring it back. */
TEST(what_was_erased_late_stays_so_when_an_older_server_comes_back)
{
	struct two_cadres all = edited_before_it_was_made();
	unsigned backup = world_backup(all.world);

	world_sync(all.world, all.ani);
	world_restore(all.world, backup);
	assert_false(folder_holds(all.world->folder, "sambung.db", "Rahasia"));
	sync_all(&all);
	end_in_agreement(all.world);
}

/* An old request comes once more, to a server that was set back, and nobody gets that answer. */
TEST(a_phone_hears_that_its_change_was_late_although_the_answer_went_elsewhere)
{
	struct two_cadres all = two_cadres_with_a_family(SEED);
	unsigned backup = world_backup(all.world);
	struct sambung_bytes request;
	struct sambung_error err;
	struct buffer old;
	struct buffer reply;
	int again;

	buffer_init(&old, 1 << 20);
	buffer_init(&reply, 1 << 20);
	visit(&all, all.ani, "Rahasia Lama");
	assert_ok(sambung_exchange_request(handle(&all, all.ani), &request, &err));
	buffer_append(&old, request.at, request.length);
	assert_true(world_deliver(all.world, buffer_span(&old), &reply));
	assert_ok(sambung_exchange_reply(handle(&all, all.ani),
					 (struct sambung_bytes){reply.at, reply.length}, &again,
					 NULL, &err));
	world_set_back(all.world, backup);
	assert_ok(world_erase(all.world, all.person));
	assert_true(world_deliver(all.world, buffer_span(&old), &reply));
	assert_int_equal(sync_erases(&all, all.ani), 1);
	assert_false(phone_holds(&all, all.ani, "Rahasia"));
	end_in_agreement(all.world);
	buffer_finish(&reply);
	buffer_finish(&old);
}

TEST(who_was_brought_to_an_erased_family_stays_where_the_others_have_her)
{
	struct two_cadres all = two_cadres_with_a_family(SEED);
	struct sambung_edit *form;
	struct sambung_error err;
	char other[16];

	create(&all, all.ani, "family", FIELDS("head", "Lain", "village", TWO_CADRES_VILLAGE),
	       other);
	sync_all(&all);
	assert_ok(sambung_edit_begin(handle(&all, all.budi), all.person, &form, &err));
	save(form, "family", other);
	assert_ok(world_erase(all.world, other));
	assert_int_equal(sync_erases(&all, all.budi), 1);
	assert_true(shows(&all, all.budi, "person", all.family));
	assert_false(shows(&all, all.budi, "person", other));
	end_in_agreement(all.world);
}

TEST(an_erased_change_is_no_fork_when_its_answer_was_lost)
{
	struct two_cadres all = two_cadres_with_a_family(SEED);

	visit(&all, all.ani, "Rahasia Putus");
	all.world->faults.lose_reply = 256;
	assert_false(world_try_sync(all.world, all.ani));
	all.world->faults.lose_reply = 0;
	assert_ok(world_erase(all.world, all.person));
	assert_int_equal(sync_erases(&all, all.ani), 1);
	assert_false(phone_holds(&all, all.ani, "Rahasia Putus"));
	end_in_agreement(all.world);
}

TEST(what_is_not_there_is_not_found_and_what_is_gone_is_said_to_be)
{
	struct two_cadres all = two_cadres_with_a_family(SEED);

	assert_ok(world_erase(all.world, all.person));
	assert_int_equal(world_erase(all.world, all.person), STATUS_EXISTS);
	assert_ok(world_erase(all.world, all.family));
	end_in_agreement(all.world);
}

RUN_TESTS(CASE(an_erased_family_leaves_both_phones_with_all_below_it),
	  CASE(a_change_that_waits_in_the_queue_is_acknowledged_and_its_words_go),
	  CASE(a_form_that_was_open_is_saved_and_told),
	  CASE(a_phone_goes_on_recording_after_an_erasure),
	  CASE(only_the_person_goes_when_a_person_is_erased),
	  CASE(what_was_set_aside_goes_too_and_its_author_is_told),
	  CASE(a_new_record_in_quarantine_below_an_erased_person_goes_with_it),
	  CASE(a_phone_that_lost_its_village_destroys_what_it_had_written_there),
	  CASE(a_phone_whose_village_was_taken_away_is_told_too),
	  CASE(a_phone_of_the_village_that_the_family_left_is_told_too),
	  CASE(a_place_in_the_log_before_a_restore_is_no_receipt),
	  CASE(what_is_erased_is_in_the_phones_files_no_more_not_even_sealed),
	  CASE(what_was_erased_stays_so_when_an_older_server_comes_back),
	  CASE(an_edit_of_a_new_record_below_an_erased_one_leaves_nothing_either),
	  CASE(an_edit_that_comes_before_the_late_creation_of_its_record_is_erased_with_it),
	  CASE(what_was_erased_late_stays_so_when_an_older_server_comes_back),
	  CASE(a_phone_hears_that_its_change_was_late_although_the_answer_went_elsewhere),
	  CASE(who_was_brought_to_an_erased_family_stays_where_the_others_have_her),
	  CASE(an_erased_change_is_no_fork_when_its_answer_was_lost),
	  CASE(what_is_not_there_is_not_found_and_what_is_gone_is_said_to_be))

/* SPDX-License-Identifier: Apache-2.0 */
/* A cadre gets other villages, or another cadre's, while both work without signal. */
#include "tests/check/check_store.h"
#include "tests/testing.h"
#include "tests/twin/verified.h"
#include "tests/twin/world.h"

#include <stdlib.h>

static const char village_a[] = "6303072001";
static const char village_b[] = "6303072002";
static const char village_c[] = "6303072003";
static const char district[] = "630307";
static const char *const types[] = {"family", "person", "visit"};

enum {
	SMALL_ROOM = 2048,
	MANY = 40,
	MOVES = 20,
	NOTES = 150,
	NOTES_OF_THREE_REQUESTS = 400,
	NOTE_SIZE = 480,
	ADDRESS_SIZE = 150,
	TYPES = 3
};

#define VILLAGES(...) ((const char *const[]){__VA_ARGS__, NULL})

/* Ani has village A, Budi B. In each lives one family with one person. */
struct two_villages {
	struct world *world;
	size_t ani;
	size_t budi;
	char family_a[16];
	char person_a[16];
	char family_b[16];
	char person_b[16];
};

/* Letters that do not compress. */
static void
scribble(struct world *world, char *out, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		out[i] = (char)('a' + world_random(world, 26));
	}
	out[length] = '\0';
}

static void
import_family(struct world *world, const char *key, const char *village)
{
	char person[16];
	char address[ADDRESS_SIZE + 1];

	scribble(world, address, ADDRESS_SIZE);
	(void)snprintf(person, sizeof person, "%s-1", key);
	world_import(world, "family",
		     (const char *[]){"key", key, "village", village, "head", "Uji", "address",
				      address, NULL});
	world_import(world, "person",
		     (const char *[]){"key", person, "family", key, "name", "Anak Uji", NULL});
}

static struct two_villages
two_villages(void)
{
	struct two_villages all = {.world = world_create(11, getenv("SAMBUNG_SCHEMA"))};

	import_family(all.world, "A", village_a);
	import_family(all.world, "B", village_b);
	world_imported_id(all.world, "family", "A", all.family_a);
	world_imported_id(all.world, "person", "A-1", all.person_a);
	world_imported_id(all.world, "family", "B", all.family_b);
	world_imported_id(all.world, "person", "B-1", all.person_b);
	all.ani = world_enrol(all.world, "Ani", village_a);
	all.budi = world_enrol(all.world, "Budi", village_b);
	world_sync(all.world, all.ani);
	world_sync(all.world, all.budi);
	return all;
}

/* More families than a small reply brings. */
static void
many_families(const struct two_villages *all, const char *village)
{
	for (int i = 0; i < MANY; i++) {
		char key[16];

		(void)snprintf(key, sizeof key, "%.10s-%d", village + 5, i);
		import_family(all->world, key, village);
	}
}

static struct sambung *
handle(const struct two_villages *all, size_t device)
{
	return all->world->devices[device].sambung;
}

static struct sambung_edit *
open_form(const struct two_villages *all, size_t device, const char *id)
{
	struct sambung_edit *edit = NULL;
	struct sambung_error err;

	assert_ok(sambung_edit_begin(handle(all, device), id, &edit, &err));
	return edit;
}

static void
save(struct sambung_edit *edit, const char *field, const char *value)
{
	struct sambung_error err;

	assert_ok(sambung_edit_set(edit, field, value, &err));
	assert_ok(sambung_edit_commit(edit, NULL, NULL, &err));
}

static void
edit(const struct two_villages *all, size_t device, const char *id, const char *field,
     const char *value)
{
	save(open_form(all, device, id), field, value);
}

static void
visit(const struct two_villages *all, size_t device, const char *person)
{
	struct sambung_edit *form;
	struct sambung_error err;

	assert_ok(sambung_edit_create(handle(all, device), "visit", &form, &err));
	assert_ok(sambung_edit_set(form, "person", person, &err));
	save(form, "weight", "8.4");
}

static bool
holds(const struct two_villages *all, size_t device, const char *id)
{
	struct sambung_edit *form;
	struct sambung_error err;

	if (sambung_edit_begin(handle(all, device), id, &form, &err) != 0) {
		assert_int_equal(err.status, STATUS_NOT_FOUND);
		return false;
	}
	sambung_edit_cancel(form);
	return true;
}

static struct sambung_state
state_of(const struct two_villages *all, size_t device)
{
	struct sambung_state state;
	struct sambung_error err;

	assert_ok(sambung_state(handle(all, device), &state, &err));
	return state;
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

/* How many records of that type the device shows: exactly the server's of its scope. */
static size_t
count_shown(const struct two_villages *all, size_t device, const char *type)
{
	struct buffer ours;
	struct buffer theirs;
	size_t count;

	buffer_init(&ours, 1 << 22);
	buffer_init(&theirs, 1 << 22);
	world_dump_device(all->world, device, type, &ours);
	world_dump_scope(all->world, device, type, &theirs);
	count = lines_of(&ours);
	buffer_append_byte(&ours, '\0');
	buffer_append_byte(&theirs, '\0');
	assert_string_equal((const char *)ours.at, (const char *)theirs.at);
	buffer_finish(&ours);
	buffer_finish(&theirs);
	return count;
}

/* So many families, persons and visits, the same as the server's, and nothing else. */
static void
assert_shows(const struct two_villages *all, size_t device, size_t families, size_t visits)
{
	const size_t counts[TYPES] = {families, families, visits};

	for (size_t i = 0; i < TYPES; i++) {
		assert_int_equal(count_shown(all, device, types[i]), counts[i]);
	}
}

/* Everybody has synced; the database follows from its log. */
static void
end(const struct two_villages *all)
{
	struct error err;

	assert_ok(check_store_database(all->world->folder, &err));
	assert_true(world_verified(all->world));
	world_free(all->world);
}

/* ---- the exchange step by step ---- */

struct bytes {
	struct buffer request;
	struct buffer reply;
};

/* A request, and what the server answers; nobody has taken the answer yet. */
static void
ask(const struct two_villages *all, size_t device, struct bytes *out)
{
	struct parcel *parcel = calloc(1, sizeof *parcel);
	struct world *world = all->world;
	struct sambung_bytes request;
	struct sambung_error failure;
	struct error err;

	assert_non_null(parcel);
	buffer_init(&out->request, PARCEL_REQUEST_MAX);
	buffer_init(&out->reply, PARCEL_REPLY_MAX);
	assert_ok(sambung_exchange_request(handle(all, device), &request, &failure));
	buffer_append(&out->request, request.at, request.length);
	parcel_init(parcel);
	ingest_open(parcel, world->reader, &world->keys, buffer_span(&out->request));
	assert_ok(ingest_begin(world->ingest, &err));
	assert_ok(ingest_parcel(world->ingest, parcel, &err));
	assert_ok(ingest_commit(world->ingest, &err));
	parcel->head.room = world->room == 0 ? parcel->head.room : world->room;
	assert_ok(ingest_reply(parcel, world->reader, world->catalogue, &world->platform,
			       &out->reply, &err));
	parcel_finish(parcel);
	free(parcel);
}

/* Whether there is more to exchange. */
static bool
take(const struct two_villages *all, size_t device, const struct bytes *bytes)
{
	struct sambung_bytes reply = {bytes->reply.at, bytes->reply.length};
	struct sambung_error failure;
	int again;

	assert_ok(sambung_exchange_reply(handle(all, device), reply, &again, NULL, &failure));
	return again != 0;
}

static void
forget(struct bytes *bytes)
{
	buffer_finish(&bytes->request);
	buffer_finish(&bytes->reply);
}

/* One exchange, which is not the last: the rest does not come. */
static void
exchange_once(const struct two_villages *all, size_t device)
{
	struct bytes bytes;

	ask(all, device, &bytes);
	assert_true(take(all, device, &bytes));
	forget(&bytes);
}

/* ---- other villages ---- */

TEST(a_cadre_who_gets_another_village_receives_all_of_it)
{
	struct two_villages all = two_villages();

	visit(&all, all.budi, all.person_b);
	world_sync(all.world, all.budi);
	world_scope(all.world, all.ani, VILLAGES(village_a, village_b));
	world_sync(all.world, all.ani);
	assert_shows(&all, all.ani, 2, 1);
	assert_shows(&all, all.budi, 1, 1);
	end(&all);
}

TEST(a_cadre_who_loses_a_village_lets_go_of_it)
{
	struct two_villages all = two_villages();

	world_scope(all.world, all.ani, VILLAGES(village_a, village_b));
	world_sync(all.world, all.ani);
	visit(&all, all.ani, all.person_b);
	world_sync(all.world, all.ani);
	world_scope(all.world, all.ani, VILLAGES(village_a));
	world_sync(all.world, all.ani);
	assert_shows(&all, all.ani, 1, 0);
	world_sync(all.world, all.budi);
	assert_shows(&all, all.budi, 1, 1);
	end(&all);
}

TEST(cadres_who_change_places_hold_each_others_village)
{
	struct two_villages all = two_villages();

	visit(&all, all.ani, all.person_a);
	world_scope(all.world, all.ani, VILLAGES(village_b));
	world_scope(all.world, all.budi, VILLAGES(village_a));
	edit(&all, all.budi, all.family_b, "address", "Jl. Terakhir");
	world_sync(all.world, all.ani);
	world_sync(all.world, all.budi);
	world_sync(all.world, all.ani);
	assert_shows(&all, all.ani, 1, 0);
	assert_shows(&all, all.budi, 1, 1);
	assert_int_equal(state_of(&all, all.ani).quarantined, 0);
	assert_int_equal(state_of(&all, all.budi).quarantined, 0);
	end(&all);
}

TEST(a_village_that_comes_back_between_two_syncs_is_whole)
{
	struct two_villages all = two_villages();

	visit(&all, all.ani, all.person_a);
	world_scope(all.world, all.ani, VILLAGES(village_b));
	world_scope(all.world, all.ani, VILLAGES(village_a));
	world_sync(all.world, all.ani);
	assert_shows(&all, all.ani, 1, 1);
	end(&all);
}

TEST(work_in_a_village_lost_and_a_village_had_meanwhile_counts)
{
	struct two_villages all = two_villages();

	world_scope(all.world, all.ani, VILLAGES(village_b));
	visit(&all, all.ani, all.person_a);
	edit(&all, all.ani, all.family_a, "address", "Jl. Ani");
	world_scope(all.world, all.ani, VILLAGES(village_c));
	world_sync(all.world, all.ani);
	assert_int_equal(state_of(&all, all.ani).quarantined, 0);
	assert_shows(&all, all.ani, 0, 0);
	world_scope(all.world, all.budi, VILLAGES(village_a));
	world_sync(all.world, all.budi);
	assert_shows(&all, all.budi, 1, 1);
	end(&all);
}

TEST(a_family_that_moves_into_a_gained_village_is_held_once)
{
	struct two_villages all = two_villages();
	size_t citra = world_enrol(all.world, "Citra", district);

	world_sync(all.world, citra);
	world_scope(all.world, all.ani, VILLAGES(village_b));
	edit(&all, citra, all.family_a, "village", village_b);
	world_sync(all.world, citra);
	edit(&all, all.ani, all.family_a, "address", "Jl. Ani");
	world_sync(all.world, all.ani);
	assert_shows(&all, all.ani, 2, 0);
	world_sync(all.world, all.budi);
	assert_shows(&all, all.budi, 2, 0);
	end(&all);
}

TEST(a_visit_to_a_family_that_left_while_its_old_village_was_lost_is_let_go)
{
	struct two_villages all = two_villages();
	size_t citra = world_enrol(all.world, "Citra", district);

	world_sync(all.world, citra);
	world_scope(all.world, all.ani, VILLAGES(village_a, village_b));
	world_sync(all.world, all.ani);
	edit(&all, citra, all.family_a, "village", village_b);
	world_sync(all.world, citra);
	edit(&all, citra, all.family_a, "village", village_c);
	world_sync(all.world, citra);
	visit(&all, all.ani, all.person_a);
	world_scope(all.world, all.ani, VILLAGES(village_a));
	world_sync(all.world, all.ani);
	assert_int_equal(state_of(&all, all.ani).quarantined, 0);
	assert_shows(&all, all.ani, 0, 0);
	world_sync(all.world, citra);
	assert_shows(&all, citra, 2, 1);
	end(&all);
}

/* Her phone takes the visit to be in B, where the family was when it synced last. */
TEST(a_visit_merged_just_before_its_village_was_lost_is_let_go)
{
	struct two_villages all = two_villages();
	size_t citra = world_enrol(all.world, "Citra", district);
	struct bytes lost;

	world_sync(all.world, citra);
	edit(&all, citra, all.family_b, "village", village_a);
	world_sync(all.world, citra);
	visit(&all, all.budi, all.person_b);
	world_scope(all.world, all.budi, VILLAGES(village_a, village_b));
	ask(&all, all.budi, &lost);
	forget(&lost);
	world_scope(all.world, all.budi, VILLAGES(village_b));
	world_sync(all.world, all.budi);
	assert_shows(&all, all.budi, 0, 0);
	end(&all);
}

/* Both moved the family, and the other's word holds: out of both villages that Ani ever had. */
TEST(a_family_whose_own_move_lost_is_let_go_with_its_village)
{
	struct two_villages all = two_villages();
	size_t citra = world_enrol(all.world, "Citra", district);

	world_sync(all.world, citra);
	edit(&all, all.ani, all.family_a, "village", village_b);
	all.world->now_ms += 60000;
	edit(&all, citra, all.family_a, "village", village_c);
	world_sync(all.world, citra);
	world_scope(all.world, all.ani, VILLAGES(village_b));
	world_sync(all.world, all.ani);
	assert_int_equal(state_of(&all, all.ani).quarantined, 0);
	assert_shows(&all, all.ani, 1, 0);
	end(&all);
}

TEST(what_was_recorded_amid_the_pages_of_a_new_scope_is_still_there_after_them)
{
	struct two_villages all = two_villages();
	struct bytes rest;

	many_families(&all, village_a);
	world_sync(all.world, all.ani);
	many_families(&all, village_b);
	all.world->room = SMALL_ROOM;
	world_scope(all.world, all.ani, VILLAGES(village_a, village_b));
	exchange_once(&all, all.ani);
	ask(&all, all.ani, &rest);
	visit(&all, all.ani, all.person_a);
	assert_true(take(&all, all.ani, &rest));
	forget(&rest);
	all.world->room = 0;
	ask(&all, all.ani, &rest);
	visit(&all, all.ani, all.person_a);
	assert_true(take(&all, all.ani, &rest));
	forget(&rest);
	world_sync(all.world, all.ani);
	assert_shows(&all, all.ani, 2 * MANY + 2, 2);
	end(&all);
}

/* ---- handing over ---- */

TEST(visits_recorded_before_a_handover_reach_the_cadre_who_took_over)
{
	struct two_villages all = two_villages();

	visit(&all, all.ani, all.person_a);
	edit(&all, all.ani, all.family_a, "address", "Jl. Ani");
	assert_ok(world_handover(all.world, all.ani, all.budi));
	world_sync(all.world, all.budi);
	assert_shows(&all, all.budi, 2, 0);
	world_sync(all.world, all.ani);
	assert_int_equal(state_of(&all, all.ani).quarantined, 0);
	assert_shows(&all, all.ani, 0, 0);
	world_sync(all.world, all.budi);
	assert_shows(&all, all.budi, 2, 1);
	end(&all);
}

TEST(what_the_old_phone_records_after_it_knew_of_the_handover_is_set_aside)
{
	struct two_villages all = two_villages();
	struct sambung_edit *form = open_form(&all, all.ani, all.family_a);

	assert_ok(world_handover(all.world, all.ani, all.budi));
	world_sync(all.world, all.ani);
	save(form, "address", "Jl. Terlambat");
	world_sync(all.world, all.ani);
	assert_int_equal(state_of(&all, all.ani).quarantined, 1);
	assert_shows(&all, all.ani, 0, 0);
	world_sync(all.world, all.budi);
	assert_shows(&all, all.budi, 2, 0);
	end(&all);
}

TEST(a_new_family_of_the_old_phone_after_it_knew_is_set_aside_and_goes)
{
	struct two_villages all = two_villages();
	struct sambung_edit *form;
	struct sambung_error err;
	char id[16];

	assert_ok(world_handover(all.world, all.ani, all.budi));
	world_sync(all.world, all.ani);
	assert_ok(sambung_edit_create(handle(&all, all.ani), "family", &form, &err));
	assert_ok(sambung_edit_set(form, "head", "Baru", &err));
	assert_ok(sambung_edit_set(form, "village", village_a, &err));
	assert_ok(sambung_edit_commit(form, id, NULL, &err));
	assert_true(holds(&all, all.ani, id));
	world_sync(all.world, all.ani);
	assert_int_equal(state_of(&all, all.ani).quarantined, 1);
	assert_shows(&all, all.ani, 0, 0);
	end(&all);
}

TEST(a_phone_whose_villages_were_handed_over_may_get_others)
{
	struct two_villages all = two_villages();

	assert_ok(world_handover(all.world, all.ani, all.budi));
	world_sync(all.world, all.ani);
	world_scope(all.world, all.ani, VILLAGES(village_b));
	world_sync(all.world, all.ani);
	assert_shows(&all, all.ani, 1, 0);
	visit(&all, all.ani, all.person_b);
	world_sync(all.world, all.ani);
	assert_shows(&all, all.ani, 1, 1);
	end(&all);
}

/* ---- nothing unsent is deleted ---- */

static void
write_note(const struct two_villages *all, size_t device, const char *family)
{
	char note[NOTE_SIZE + 1];

	scribble(all->world, note, NOTE_SIZE);
	edit(all, device, family, "note", note);
}

/* More than one request takes. */
TEST(a_record_with_work_that_waits_stays_until_the_server_has_it)
{
	struct two_villages all = two_villages();
	visit(&all, all.ani, all.person_a);
	for (int i = 0; i < NOTES; i++) {
		write_note(&all, all.ani, all.family_a);
	}
	assert_ok(world_handover(all.world, all.ani, all.budi));
	exchange_once(&all, all.ani);
	assert_true(state_of(&all, all.ani).queued > 0);
	assert_true(holds(&all, all.ani, all.family_a));
	assert_false(holds(&all, all.ani, all.person_a));
	world_sync(all.world, all.ani);
	assert_int_equal(state_of(&all, all.ani).quarantined, 0);
	assert_shows(&all, all.ani, 0, 0);
	world_sync(all.world, all.budi);
	assert_shows(&all, all.budi, 2, 1);
	end(&all);
}

/* Citra gives Ani's family to another village, or back to hers. */
static void
move_family(const struct two_villages *all, size_t citra, const char *village)
{
	edit(all, citra, all->family_a, "village", village);
	world_sync(all->world, citra);
}

/* Ani still has to send what she wrote of it when it leaves, when it is back, and after that: by
 * then the server withholds it from her, who has it. */
TEST(a_family_that_leaves_and_comes_back_while_work_on_it_waits_stays)
{
	struct two_villages all = two_villages();
	size_t citra = world_enrol(all.world, "Citra", district);

	world_sync(all.world, citra);
	for (int i = 0; i < NOTES_OF_THREE_REQUESTS; i++) {
		write_note(&all, all.ani, all.family_a);
	}
	move_family(&all, citra, village_c);
	exchange_once(&all, all.ani);
	assert_true(holds(&all, all.ani, all.family_a));
	move_family(&all, citra, village_a);
	exchange_once(&all, all.ani);
	assert_true(state_of(&all, all.ani).queued > 0);
	world_sync(all.world, all.ani);
	assert_true(holds(&all, all.ani, all.family_a));
	assert_int_equal(state_of(&all, all.ani).quarantined, 0);
	assert_shows(&all, all.ani, 1, 0);
	end(&all);
}

/* Each time she writes one more note while an exchange is under way. */
TEST(a_family_that_is_back_stays_when_the_last_of_the_work_is_sent_after_that)
{
	struct two_villages all = two_villages();
	size_t citra = world_enrol(all.world, "Citra", district);
	struct bytes page;

	world_sync(all.world, citra);
	move_family(&all, citra, village_c);
	ask(&all, all.ani, &page);
	edit(&all, all.ani, all.family_a, "note", "satu");
	assert_true(take(&all, all.ani, &page));
	forget(&page);
	move_family(&all, citra, village_a);
	ask(&all, all.ani, &page);
	edit(&all, all.ani, all.family_a, "note", "dua");
	assert_true(take(&all, all.ani, &page));
	forget(&page);
	world_sync(all.world, all.ani);
	assert_int_equal(state_of(&all, all.ani).quarantined, 0);
	assert_shows(&all, all.ani, 1, 0);
	end(&all);
}

/* Each move reads a village anew, so they do not all go into one transaction, and the phone sends
 * the rest again. */
TEST(a_request_of_which_only_a_part_is_taken_is_no_fork)
{
	struct two_villages all = two_villages();
	size_t citra = world_enrol(all.world, "Citra", district);
	uint32_t number = state_of(&all, citra).device;

	world_sync(all.world, citra);
	for (int i = 0; i < MOVES; i++) {
		edit(&all, citra, all.family_a, "village", i % 2 == 0 ? village_b : village_a);
	}
	exchange_once(&all, citra);
	assert_true(state_of(&all, citra).queued > 0);
	world_sync(all.world, citra);
	assert_int_equal(state_of(&all, citra).queued, 0);
	assert_int_equal(state_of(&all, citra).device, number);
	end(&all);
}

/* Ani knows nothing of it: to her the person goes to village B with the family. */
TEST(a_visit_of_a_person_who_came_to_a_family_that_stays_is_kept)
{
	struct two_villages all = two_villages();
	size_t citra = world_enrol(all.world, "Citra", district);
	char family_stays[16];

	import_family(all.world, "A-9", village_a);
	world_imported_id(all.world, "family", "A-9", family_stays);
	world_sync(all.world, all.ani);
	world_sync(all.world, citra);
	edit(&all, citra, all.person_a, "family", family_stays);
	world_sync(all.world, citra);
	edit(&all, all.ani, all.family_a, "village", village_b);
	visit(&all, all.ani, all.person_a);
	world_sync(all.world, all.ani);
	assert_int_equal(count_shown(&all, all.ani, "family"), 1);
	assert_int_equal(count_shown(&all, all.ani, "person"), 2);
	assert_int_equal(count_shown(&all, all.ani, "visit"), 1);
	end(&all);
}

TEST(a_visit_of_a_person_who_moves_goes_with_her)
{
	struct two_villages all = two_villages();

	edit(&all, all.ani, all.family_a, "village", village_b);
	visit(&all, all.ani, all.person_a);
	world_sync(all.world, all.ani);
	assert_shows(&all, all.ani, 0, 0);
	world_sync(all.world, all.budi);
	assert_shows(&all, all.budi, 2, 1);
	end(&all);
}

TEST(a_form_on_a_record_that_leaves_is_still_sent)
{
	struct two_villages all = two_villages();
	size_t citra = world_enrol(all.world, "Citra", district);
	struct sambung_edit *form = open_form(&all, all.ani, all.family_a);

	world_sync(all.world, citra);
	edit(&all, citra, all.family_a, "village", village_c);
	world_sync(all.world, citra);
	world_sync(all.world, all.ani);
	assert_shows(&all, all.ani, 0, 0);
	save(form, "address", "Jl. Masih");
	world_sync(all.world, all.ani);
	assert_int_equal(state_of(&all, all.ani).quarantined, 0);
	assert_shows(&all, all.ani, 0, 0);
	world_sync(all.world, citra);
	assert_shows(&all, citra, 2, 0);
	end(&all);
}

/* Citra writes and moves the family away; Ani's reply names it as gone and brings nothing of it. */
TEST(what_others_wrote_of_a_record_that_leaves_is_not_taken_for_seen)
{
	struct two_villages all = two_villages();
	size_t citra = world_enrol(all.world, "Citra", district);
	struct bytes page;

	world_sync(all.world, citra);
	edit(&all, citra, all.family_a, "address", "Jl. Baru");
	edit(&all, citra, all.family_a, "village", village_c);
	world_sync(all.world, citra);
	edit(&all, all.ani, all.family_a, "note", "satu");
	ask(&all, all.ani, &page);
	edit(&all, all.ani, all.family_a, "note", "dua");
	assert_true(take(&all, all.ani, &page));
	forget(&page);
	edit(&all, all.ani, all.family_a, "address", "Jl. Lain");
	world_sync(all.world, all.ani);
	assert_int_equal(state_of(&all, all.ani).quarantined, 0);
	assert_shows(&all, all.ani, 0, 0);
	world_sync(all.world, citra);
	assert_int_equal(state_of(&all, citra).conflicts, 1);
	assert_shows(&all, citra, 2, 0);
	end(&all);
}

/* ---- work that brings somebody to a family that is erased ---- */

/* Nobody else ever has her there, so no place in the log says that she left. */
TEST(who_was_brought_to_an_erased_family_is_let_go_with_her_own_village)
{
	struct two_villages all = two_villages();

	world_scope(all.world, all.ani, VILLAGES(village_a, village_b));
	world_sync(all.world, all.ani);
	edit(&all, all.ani, all.person_a, "family", all.family_b);
	world_scope(all.world, all.ani, VILLAGES(village_b));
	assert_ok(world_erase(all.world, all.family_b));
	world_sync(all.world, all.ani);
	assert_false(holds(&all, all.ani, all.person_a));
	assert_shows(&all, all.ani, 0, 0);
	end(&all);
}

TEST(who_moved_away_before_it_was_known_is_let_go_with_a_later_page)
{
	struct two_villages all = two_villages();
	size_t citra = world_enrol(all.world, "Citra", district);

	world_scope(all.world, all.ani, VILLAGES(village_a, village_b));
	world_sync(all.world, all.ani);
	world_sync(all.world, citra);
	edit(&all, all.ani, all.person_a, "family", all.family_b);
	many_families(&all, village_a);
	edit(&all, citra, all.family_a, "village", village_c);
	world_sync(all.world, citra);
	assert_ok(world_erase(all.world, all.family_b));
	all.world->room = SMALL_ROOM;
	world_sync(all.world, all.ani);
	assert_false(holds(&all, all.ani, all.person_a));
	assert_shows(&all, all.ani, MANY, 0);
	end(&all);
}

TEST(a_family_sent_to_a_village_of_nobodys_comes_back_by_a_settlement)
{
	struct two_villages all = two_villages();

	edit(&all, all.ani, all.family_a, "village", village_c);
	world_sync(all.world, all.ani);
	assert_false(holds(&all, all.ani, all.person_a));
	assert_ok(world_settle(all.world, all.family_a, "village", village_a));
	world_sync(all.world, all.ani);
	assert_true(holds(&all, all.ani, all.person_a));
	assert_shows(&all, all.ani, 1, 0);
	end(&all);
}

/* The family is none of hers and is set aside, and so is that the person went there. */
TEST(a_visit_to_a_person_who_seemed_to_move_to_a_family_elsewhere_stays)
{
	struct two_villages all = two_villages();
	struct sambung_edit *form;
	struct buffer visits;
	char elsewhere[16];
	struct sambung_error err;

	assert_ok(sambung_edit_create(handle(&all, all.ani), "family", &form, &err));
	assert_ok(sambung_edit_set(form, "village", village_b, &err));
	assert_ok(sambung_edit_set(form, "head", "Uji Baru", &err));
	assert_ok(sambung_edit_commit(form, elsewhere, NULL, &err));
	edit(&all, all.ani, all.person_a, "family", elsewhere);
	visit(&all, all.ani, all.person_a);
	world_sync(all.world, all.ani);
	assert_int_equal(state_of(&all, all.ani).quarantined, 2);
	buffer_init(&visits, 1 << 16);
	world_dump_device(all.world, all.ani, "visit", &visits);
	assert_int_equal(lines_of(&visits), 1);
	buffer_finish(&visits);
	end(&all);
}

/* ---- pages, and replies that are lost or come again ---- */

TEST(a_scope_that_changes_again_amid_its_pages_comes_whole)
{
	struct two_villages all = two_villages();

	many_families(&all, village_b);
	many_families(&all, village_c);
	all.world->room = SMALL_ROOM;
	world_scope(all.world, all.ani, VILLAGES(village_a, village_b));
	exchange_once(&all, all.ani);
	exchange_once(&all, all.ani);
	world_scope(all.world, all.ani, VILLAGES(village_a, village_c));
	exchange_once(&all, all.ani);
	exchange_once(&all, all.ani);
	world_scope(all.world, all.ani, VILLAGES(village_b, village_c));
	world_sync(all.world, all.ani);
	assert_shows(&all, all.ani, 2 * MANY + 1, 0);
	end(&all);
}

TEST(a_reply_with_a_scope_that_is_lost_or_comes_twice_does_no_harm)
{
	struct two_villages all = two_villages();
	struct bytes lost;
	struct bytes twice;

	many_families(&all, village_a);
	many_families(&all, village_b);
	all.world->room = SMALL_ROOM;
	visit(&all, all.ani, all.person_a);
	world_scope(all.world, all.ani, VILLAGES(village_b));
	ask(&all, all.ani, &lost);
	ask(&all, all.ani, &twice);
	assert_true(take(&all, all.ani, &twice));
	assert_true(take(&all, all.ani, &twice));
	world_scope(all.world, all.ani, VILLAGES(village_a));
	exchange_once(&all, all.ani);
	(void)take(&all, all.ani, &twice);
	forget(&lost);
	forget(&twice);
	world_sync(all.world, all.ani);
	assert_shows(&all, all.ani, MANY + 1, 1);
	end(&all);
}

/* The first answer is overtaken by one that acknowledges the second change, but has no page since
 * its request came twice. What the first one brings of the address is older than what stands there.
 */
TEST(what_an_overtaken_page_did_not_get_to_show_is_not_taken_for_seen)
{
	struct two_villages all = two_villages();
	size_t citra = world_enrol(all.world, "Citra", district);
	struct bytes first;
	struct bytes second;

	world_sync(all.world, citra);
	edit(&all, citra, all.family_a, "address", "Jl. Satu");
	world_sync(all.world, citra);
	edit(&all, all.ani, all.family_a, "address", "Jl. Dua");
	ask(&all, all.ani, &first);
	edit(&all, all.ani, all.family_a, "address", "Jl. Tiga");
	ask(&all, all.ani, &second);
	buffer_clear(&second.reply);
	assert_true(world_deliver(all.world, buffer_span(&second.request), &second.reply));
	assert_true(take(&all, all.ani, &second));
	(void)take(&all, all.ani, &first);
	forget(&first);
	forget(&second);
	edit(&all, all.ani, all.family_a, "address", "Jl. Empat");
	world_sync(all.world, all.ani);
	world_sync(all.world, citra);
	assert_int_equal(state_of(&all, all.ani).conflicts, 1);
	assert_int_equal(state_of(&all, citra).conflicts, 1);
	end(&all);
}

/* The answer that brings the new scope is older than the one that acknowledges the family. */
TEST(a_family_that_is_acknowledged_beyond_the_pages_of_a_new_scope_stays)
{
	struct two_villages all = two_villages();
	struct sambung_edit *form;
	struct bytes first;
	struct bytes second;
	struct sambung_error err;

	world_scope(all.world, all.ani, VILLAGES(village_a, village_b));
	ask(&all, all.ani, &first);
	assert_ok(sambung_edit_create(handle(&all, all.ani), "family", &form, &err));
	assert_ok(sambung_edit_set(form, "village", village_a, &err));
	save(form, "head", "Uji Baru");
	ask(&all, all.ani, &second);
	buffer_clear(&second.reply);
	assert_true(world_deliver(all.world, buffer_span(&second.request), &second.reply));
	assert_true(take(&all, all.ani, &second));
	(void)take(&all, all.ani, &first);
	forget(&first);
	forget(&second);
	world_sync(all.world, all.ani);
	assert_int_equal(count_shown(&all, all.ani, "family"), 3);
	end(&all);
}

/* The first page of both scopes is the same, and so is the place after it. */
TEST(a_page_of_the_former_scope_that_comes_late_brings_nothing)
{
	struct two_villages all = two_villages();
	struct bytes late;

	many_families(&all, village_a);
	many_families(&all, village_c);
	all.world->room = SMALL_ROOM;
	world_scope(all.world, all.ani, VILLAGES(village_a, village_c));
	exchange_once(&all, all.ani);
	ask(&all, all.ani, &late);
	world_scope(all.world, all.ani, VILLAGES(village_a));
	exchange_once(&all, all.ani);
	(void)take(&all, all.ani, &late);
	forget(&late);
	world_sync(all.world, all.ani);
	assert_shows(&all, all.ani, MANY + 1, 0);
	end(&all);
}

TEST(work_amid_the_pages_of_a_new_scope_counts)
{
	struct two_villages all = two_villages();
	size_t citra = world_enrol(all.world, "Citra", district);

	many_families(&all, village_b);
	world_sync(all.world, citra);
	edit(&all, citra, all.family_a, "village", village_c);
	world_sync(all.world, citra);
	all.world->room = SMALL_ROOM;
	world_scope(all.world, all.ani, VILLAGES(village_a, village_b));
	exchange_once(&all, all.ani);
	/* That the family has left comes with a later page. */
	visit(&all, all.ani, all.person_a);
	world_sync(all.world, all.ani);
	assert_int_equal(state_of(&all, all.ani).quarantined, 0);
	assert_shows(&all, all.ani, MANY + 1, 0);
	end(&all);
}

RUN_TESTS(CASE(a_cadre_who_gets_another_village_receives_all_of_it),
	  CASE(a_cadre_who_loses_a_village_lets_go_of_it),
	  CASE(cadres_who_change_places_hold_each_others_village),
	  CASE(a_village_that_comes_back_between_two_syncs_is_whole),
	  CASE(work_in_a_village_lost_and_a_village_had_meanwhile_counts),
	  CASE(a_family_that_moves_into_a_gained_village_is_held_once),
	  CASE(a_visit_to_a_family_that_left_while_its_old_village_was_lost_is_let_go),
	  CASE(a_visit_merged_just_before_its_village_was_lost_is_let_go),
	  CASE(a_family_whose_own_move_lost_is_let_go_with_its_village),
	  CASE(what_was_recorded_amid_the_pages_of_a_new_scope_is_still_there_after_them),
	  CASE(visits_recorded_before_a_handover_reach_the_cadre_who_took_over),
	  CASE(what_the_old_phone_records_after_it_knew_of_the_handover_is_set_aside),
	  CASE(a_new_family_of_the_old_phone_after_it_knew_is_set_aside_and_goes),
	  CASE(a_phone_whose_villages_were_handed_over_may_get_others),
	  CASE(a_record_with_work_that_waits_stays_until_the_server_has_it),
	  CASE(a_family_that_leaves_and_comes_back_while_work_on_it_waits_stays),
	  CASE(a_family_that_is_back_stays_when_the_last_of_the_work_is_sent_after_that),
	  CASE(a_request_of_which_only_a_part_is_taken_is_no_fork),
	  CASE(a_visit_of_a_person_who_came_to_a_family_that_stays_is_kept),
	  CASE(a_visit_of_a_person_who_moves_goes_with_her),
	  CASE(a_form_on_a_record_that_leaves_is_still_sent),
	  CASE(what_others_wrote_of_a_record_that_leaves_is_not_taken_for_seen),
	  CASE(who_was_brought_to_an_erased_family_is_let_go_with_her_own_village),
	  CASE(who_moved_away_before_it_was_known_is_let_go_with_a_later_page),
	  CASE(a_family_sent_to_a_village_of_nobodys_comes_back_by_a_settlement),
	  CASE(a_scope_that_changes_again_amid_its_pages_comes_whole),
	  CASE(a_reply_with_a_scope_that_is_lost_or_comes_twice_does_no_harm),
	  CASE(a_visit_to_a_person_who_seemed_to_move_to_a_family_elsewhere_stays),
	  CASE(what_an_overtaken_page_did_not_get_to_show_is_not_taken_for_seen),
	  CASE(a_family_that_is_acknowledged_beyond_the_pages_of_a_new_scope_stays),
	  CASE(a_page_of_the_former_scope_that_comes_late_brings_nothing),
	  CASE(work_amid_the_pages_of_a_new_scope_counts))

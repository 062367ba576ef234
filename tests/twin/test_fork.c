/* SPDX-License-Identifier: Apache-2.0 */
/* Phones that were restored from a copy, or copied, and what becomes of what each of them says. */
#include "tests/testing.h"
#include "tests/twin/copies.h"

#include <stdlib.h>

static const char village[] = TWO_CADRES_VILLAGE;

TEST(a_phone_restored_from_an_old_copy_sends_what_the_log_lacks_and_nothing_twice)
{
	struct two_cadres all = two_cadres_with_a_family(1);
	struct sambung_result result;
	uint32_t former = number_of(&all, all.ani);
	size_t image;

	visit(&all, all.ani, "satu");
	world_sync(all.world, all.ani);
	visit(&all, all.ani, "dua"); /* waits in the copy, and is sent */
	image = clone(&all, all.ani);
	visit(&all, all.ani, "tiga");
	world_sync(all.world, all.ani);
	restore(&all, all.ani, image);
	visit(&all, all.ani, "empat");
	edit(&all, all.ani, "head", "Uji Baru");
	assert_int_equal(sync_status(&all, all.ani, &result), 0);
	assert_true(result.synced);
	assert_int_equal(result.continues_as, number_of(&all, all.ani));
	assert_int_not_equal(number_of(&all, all.ani), former);
	assert_visits_once(&all, NOTES("satu", "dua", "tiga", "empat"));
	assert_int_equal(times(&all, "family", "\"head\":\"Uji Baru\""), 1);
	assert_int_equal(times(&all, "family", "\"conflicts\":{\""), 0);
	assert_same(&all, all.ani);
	world_sync(all.world, all.budi);
	assert_same(&all, all.budi);
	world_free(all.world);
}

TEST(a_receipt_after_a_fork_is_of_the_new_number)
{
	struct two_cadres all = two_cadres_with_a_family(1);
	struct sambung *phone;
	struct sambung_receipt receipt;
	struct sambung_result result;
	struct sambung_error err;
	uint32_t former = number_of(&all, all.ani);
	size_t image = clone(&all, all.ani);

	visit(&all, all.ani, "satu");
	phone = all.world->devices[all.ani].sambung;
	assert_ok(sambung_receipt_sync(phone, &result, &err));
	assert_ok(sambung_receipt(phone, NULL, NULL, &receipt, &err));
	assert_int_equal(receipt.device, former);
	restore(&all, all.ani, image);
	visit(&all, all.ani, "dua");
	phone = all.world->devices[all.ani].sambung;
	assert_ok(sambung_receipt_sync(phone, &result, &err));
	assert_int_equal(result.continues_as, number_of(&all, all.ani));
	assert_ok(sambung_receipt(phone, NULL, NULL, &receipt, &err));
	assert_int_equal(receipt.device, result.continues_as);
	assert_int_equal(receipt.changes, 1);
	world_free(all.world);
}

TEST(a_phone_restored_from_an_old_copy_that_recorded_nothing_since_goes_on)
{
	struct two_cadres all = two_cadres_with_a_family(2);
	size_t image = clone(&all, all.ani);

	visit(&all, all.ani, "satu");
	world_sync(all.world, all.ani);
	restore(&all, all.ani, image);
	world_sync(all.world, all.ani);
	assert_visits_once(&all, NOTES("satu"));
	assert_same(&all, all.ani);
	visit(&all, all.ani, "dua");
	world_sync(all.world, all.ani);
	assert_visits_once(&all, NOTES("satu", "dua"));
	assert_same(&all, all.ani);
	world_free(all.world);
}

/* The copy has the share of its time, which goes when it is opened; the answers to it bring another
 * number as well. */
TEST(a_phone_restored_from_a_copy_whose_lease_is_over_opens_and_goes_on)
{
	struct two_cadres all = two_cadres_with_a_family(3);
	struct sambung_result result;
	size_t image;

	all.world->lease_days = 30;
	all.ani = world_enrol(all.world, "Ani", village);
	world_sync(all.world, all.ani);
	image = clone(&all, all.ani);
	visit(&all, all.ani, "satu");
	world_sync(all.world, all.ani);
	restore(&all, all.ani, image);
	visit(&all, all.ani, "dua");
	all.world->now_ms += INT64_C(31) * 24 * 3600 * 1000;
	world_reopen(all.world, all.ani);
	assert_int_equal(sync_status(&all, all.ani, &result), 0);
	assert_int_not_equal(result.continues_as, 0);
	assert_visits_once(&all, NOTES("satu", "dua"));
	assert_same(&all, all.ani);
	/* … with the share of its new number. */
	all.world->now_ms += INT64_C(31) * 24 * 3600 * 1000;
	world_reopen(all.world, all.ani);
	world_sync(all.world, all.ani);
	assert_same(&all, all.ani);
	world_free(all.world);
}

TEST(the_same_image_restored_twice_is_merged_once)
{
	struct two_cadres all = two_cadres_with_a_family(3);
	size_t image;
	uint32_t number;

	image = clone(&all, all.ani);
	visit(&all, all.ani, "satu");
	world_sync(all.world, all.ani);
	restore(&all, all.ani, image);
	visit(&all, all.ani, "dua");
	visit(&all, all.ani, "tiga");
	image = clone(&all, all.ani);
	world_sync(all.world, all.ani);
	number = number_of(&all, all.ani);
	restore(&all, all.ani, image);
	assert_int_not_equal(number_of(&all, all.ani), number);
	world_sync(all.world, all.ani);
	assert_int_equal(number_of(&all, all.ani), number);
	assert_visits_once(&all, NOTES("satu", "dua", "tiga"));
	assert_same(&all, all.ani);
	world_free(all.world);
}

TEST(a_fork_of_a_fork_loses_nothing_and_says_nothing_twice)
{
	struct two_cadres all = two_cadres_with_a_family(4);
	uint32_t number;
	size_t image = clone(&all, all.ani);

	visit(&all, all.ani, "satu");
	world_sync(all.world, all.ani);
	restore(&all, all.ani, image);
	visit(&all, all.ani, "dua");
	world_sync(all.world, all.ani);
	number = number_of(&all, all.ani);
	visit(&all, all.ani, "tiga");
	image = clone(&all, all.ani);
	visit(&all, all.ani, "empat");
	world_sync(all.world, all.ani);
	restore(&all, all.ani, image);
	visit(&all, all.ani, "lima");
	world_reopen(all.world, all.ani);
	world_sync(all.world, all.ani);
	assert_int_not_equal(number_of(&all, all.ani), number);
	assert_visits_once(&all, NOTES("satu", "dua", "tiga", "empat", "lima"));
	assert_same(&all, all.ani);
	world_free(all.world);
}

static void
allow(const struct two_cadres *all, size_t device)
{
	struct error err;

	assert_ok(ingest_begin(all->world->ingest, &err));
	assert_ok(ingest_device_allow(all->world->ingest, number_of(all, device), 0, &err));
	assert_ok(ingest_commit(all->world->ingest, &err));
}

TEST(two_clones_that_both_live_are_held_lose_nothing_and_go_on_when_the_admin_allows)
{
	struct two_cadres all = two_cadres_with_a_family(5);
	size_t copy = clone(&all, all.ani);

	visit(&all, all.ani, "satu");
	world_sync(all.world, all.ani);
	visit(&all, copy, "dua");
	world_sync(all.world, copy);
	visit(&all, all.ani, "tiga");
	assert_held(&all, all.ani);
	visit(&all, copy, "empat");
	assert_held(&all, copy);
	assert_visits_once(&all, NOTES("satu", "dua", "tiga", "empat"));
	allow(&all, copy);
	visit(&all, all.ani, "lima");
	world_sync(all.world, all.ani);
	world_sync(all.world, copy);
	world_sync(all.world, all.ani);
	assert_visits_once(&all, NOTES("satu", "dua", "tiga", "empat", "lima"));
	assert_same(&all, all.ani);
	assert_same(&all, copy);
	world_free(all.world);
}

TEST(a_held_phone_counts_what_it_sent_and_the_server_has)
{
	struct two_cadres all = two_cadres_with_a_family(5);
	size_t copy = clone(&all, all.ani);
	struct sambung_result result;

	visit(&all, all.ani, "satu");
	world_sync(all.world, all.ani);
	visit(&all, copy, "dua");
	world_sync(all.world, copy);
	visit(&all, all.ani, "tiga");
	assert_string_equal(sambung_status_name(sync_status(&all, all.ani, &result)), "held");
	assert_int_equal(result.sent, 1);
	assert_int_equal(result.acked, 1);
	assert_int_equal(result.synced, 0);
	world_free(all.world);
}

TEST(a_conflict_of_a_clone_with_the_original_is_flagged_as_one_of_two_people)
{
	struct two_cadres all = two_cadres_with_a_family(6);
	size_t copy = clone(&all, all.ani);

	edit(&all, all.ani, "head", "Uji Satu");
	world_sync(all.world, all.ani);
	edit(&all, copy, "head", "Uji Dua");
	world_sync(all.world, copy);
	assert_int_equal(times(&all, "family", "\"conflicts\":{\"head\":["), 1);
	assert_same(&all, copy);
	world_free(all.world);
}

TEST(an_edit_after_a_fork_of_what_the_same_phone_had_written_is_no_conflict)
{
	struct two_cadres all = two_cadres_with_a_family(7);
	size_t image;

	edit(&all, all.ani, "head", "Uji Satu"); /* waits in the copy, and is sent */
	image = clone(&all, all.ani);
	visit(&all, all.ani, "satu");
	world_sync(all.world, all.ani);
	restore(&all, all.ani, image);
	edit(&all, all.ani, "head", "Uji Dua");
	world_sync(all.world, all.ani);
	assert_int_equal(times(&all, "family", "\"head\":\"Uji Dua\""), 1);
	assert_int_equal(times(&all, "family", "\"conflicts\":{\""), 0);
	assert_same(&all, all.ani);
	world_free(all.world);
}

TEST(a_form_that_was_open_over_the_fork_is_saved_under_the_new_number)
{
	struct two_cadres all = two_cadres_with_a_family(8);
	struct sambung_edit *form;
	size_t image;

	edit(&all, all.ani, "address", "Jl. Baru");
	image = clone(&all, all.ani);
	visit(&all, all.ani, "satu");
	world_sync(all.world, all.ani);
	restore(&all, all.ani, image);
	edit(&all, all.ani, "head", "Uji Satu");
	form = open_form(&all, all.ani);
	world_sync(all.world, all.ani);
	save(form, "head", "Uji Dua");
	world_sync(all.world, all.ani);
	assert_int_equal(times(&all, "family", "\"head\":\"Uji Dua\""), 1);
	assert_int_equal(times(&all, "family", "\"conflicts\":{\""), 0);
	assert_same(&all, all.ani);
	world_free(all.world);
}

TEST(a_family_registered_on_the_clone_keeps_its_persons_and_visits)
{
	struct two_cadres all = two_cadres_with_a_family(9);
	size_t copy = clone(&all, all.ani);
	struct two_cadres born = all;
	struct sambung_edit *form;
	struct sambung_error err;
	char family[16];
	struct sambung_state ended;

	visit(&all, all.ani, "satu");
	visit(&all, all.ani, "dua");
	world_sync(all.world, all.ani);
	assert_int_equal(sambung_edit_create(handle(&all, copy), "family", &form, &err), 0);
	set(form, "head", "Keluarga Baru");
	assert_int_equal(sambung_edit_commit(form, family, NULL, &err), 0);
	assert_int_equal(sambung_edit_create(handle(&all, copy), "person", &form, &err), 0);
	set(form, "family", family);
	set(form, "name", "Anak Baru");
	assert_int_equal(sambung_edit_commit(form, born.person, NULL, &err), 0);
	visit(&born, copy, "tiga");
	world_sync(all.world, copy);
	assert_visits_once(&all, NOTES("satu", "dua", "tiga"));
	assert_int_equal(times(&all, "family", "Keluarga Baru"), 1);
	assert_int_equal(times(&all, "person", "Anak Baru"), 1);
	assert_int_equal(sambung_state(handle(&all, copy), &ended, &err), 0);
	assert_int_equal(ended.quarantined, 0);
	assert_same(&all, copy);
	world_free(all.world);
}

TEST(a_phone_that_forked_comes_back_to_a_server_restored_to_before_the_fork)
{
	struct two_cadres all = two_cadres_with_a_family(10);
	unsigned backup;
	uint32_t number;
	size_t image;

	visit(&all, all.ani, "satu");
	world_sync(all.world, all.ani);
	image = clone(&all, all.ani);
	backup = world_backup(all.world);
	visit(&all, all.ani, "dua");
	world_sync(all.world, all.ani);
	restore(&all, all.ani, image);
	visit(&all, all.ani, "tiga");
	world_sync(all.world, all.ani);
	number = number_of(&all, all.ani);
	world_restore(all.world, backup);
	visit(&all, all.ani, "empat");
	world_sync(all.world, all.ani);
	assert_int_equal(number_of(&all, all.ani), number);
	/* "dua" was said under the former number, by a phone that has forgotten it. */
	assert_visits_once(&all, NOTES("satu", "tiga", "empat"));
	assert_same(&all, all.ani);
	world_free(all.world);
}

/* The copy has it only as waiting, and hears of it no more. */
TEST(what_was_set_aside_before_the_fork_is_shown_no_more_by_the_copy_that_goes_on)
{
	struct two_cadres all = two_cadres_with_a_family(14);
	struct sambung_edit *form;
	struct sambung_error err;
	char family[16];
	char mother[16];
	size_t image;

	world_sync(all.world, all.ani);
	assert_int_equal(sambung_edit_create(handle(&all, all.ani), "family", &form, &err), 0);
	set(form, "head", "Uji Jauh");
	set(form, "village", "6303072002");
	assert_int_equal(sambung_edit_commit(form, family, NULL, &err), 0);
	assert_int_equal(sambung_edit_create(handle(&all, all.ani), "person", &form, &err), 0);
	set(form, "family", family);
	set(form, "name", "Ibu Jauh");
	assert_int_equal(sambung_edit_commit(form, mother, NULL, &err), 0);
	assert_int_equal(sambung_edit_begin(handle(&all, all.ani), all.person, &form, &err), 0);
	save(form, "mother", mother);
	image = clone(&all, all.ani);
	visit(&all, all.ani, "satu");
	world_sync(all.world, all.ani);
	restore(&all, all.ani, image);
	visit(&all, all.ani, "dua");
	world_sync(all.world, all.ani);
	assert_visits_once(&all, NOTES("satu", "dua"));
	assert_same(&all, all.ani);
	world_free(all.world);
}

/* One request and its answer. */
static void
exchange_once(const struct two_cadres *all, size_t device)
{
	struct sambung_bytes request;
	struct sambung_error err;
	struct buffer reply;
	int again;

	buffer_init(&reply, 1 << 24);
	assert_int_equal(sambung_exchange_request(handle(all, device), &request, &err), 0);
	assert_true(world_deliver(all->world, span_of(request.at, request.length), &reply));
	assert_int_equal(sambung_exchange_reply(handle(all, device),
						(struct sambung_bytes){reply.at, reply.length},
						&again, NULL, &err),
			 0);
	assert_true(again);
	buffer_finish(&reply);
}

TEST(a_server_restored_between_fork_and_asking_keeps_the_phone_under_its_number)
{
	struct two_cadres all = two_cadres_with_a_family(12);
	struct sambung_result result;
	uint32_t number = number_of(&all, all.ani);
	size_t image;
	unsigned backup;

	visit(&all, all.ani, "satu");
	world_sync(all.world, all.ani);
	image = clone(&all, all.ani);
	backup = world_backup(all.world);
	visit(&all, all.ani, "dua");
	world_sync(all.world, all.ani);
	restore(&all, all.ani, image);
	visit(&all, all.ani, "tiga");
	exchange_once(&all, all.ani); /* "fork" */
	world_restore(all.world, backup);
	assert_int_equal(sync_status(&all, all.ani, &result), 0);
	assert_true(result.synced);
	assert_int_equal(number_of(&all, all.ani), number);
	assert_visits_once(&all, NOTES("satu", "tiga"));
	assert_same(&all, all.ani);
	world_free(all.world);
}

TEST(two_copies_that_both_live_are_held_again_after_a_restore_that_forgot_one_of_them)
{
	struct two_cadres all = two_cadres_with_a_family(13);
	size_t image = clone(&all, all.ani);
	size_t other;
	unsigned backup;

	visit(&all, all.ani, "nol");
	world_sync(all.world, all.ani);
	other = clone(&all, all.ani); /* parts from the first number one change later */
	visit(&all, all.ani, "satu");
	world_sync(all.world, all.ani);
	restore(&all, all.ani, image);
	visit(&all, all.ani, "dua");
	world_sync(all.world, all.ani);
	backup = world_backup(all.world);
	visit(&all, other, "tiga");
	world_sync(all.world, other);
	world_restore(all.world, backup);
	world_sync(all.world, other); /* shows its certificate */
	visit(&all, all.ani, "empat");
	assert_held(&all, all.ani);
	assert_held(&all, other);
	assert_visits_once(&all, NOTES("nol", "satu", "dua", "tiga", "empat"));
	world_free(all.world);
}

struct kept_file {
	struct buffer bytes;
};

static int
keep_file(void *context, struct sambung_bytes bytes)
{
	struct kept_file *kept = context;

	buffer_append(&kept->bytes, bytes.at, bytes.length);
	return kept->bytes.status != STATUS_OK;
}

TEST(a_file_of_the_former_number_that_is_delivered_late_says_nothing_twice)
{
	struct two_cadres all = two_cadres_with_a_family(11);
	struct sambung_platform platform = world_platform(&all.world->devices[all.budi]);
	struct kept_file answers;
	struct kept_file file;
	struct sambung_delivery delivery = {.platform = &platform,
					    .url = "http://server.example",
					    .take = keep_file,
					    .context = &answers};
	struct sambung_result result;
	struct sambung_carried carried;
	struct sambung_error err;
	size_t image = clone(&all, all.ani);

	buffer_init(&answers.bytes, 1 << 24);
	buffer_init(&file.bytes, 1 << 24);
	visit(&all, all.ani, "satu");
	world_sync(all.world, all.ani);
	restore(&all, all.ani, image);
	visit(&all, all.ani, "dua");
	assert_int_equal(sambung_carry_out(handle(&all, all.ani), keep_file, &file, &carried, &err),
			 0);
	world_sync(all.world, all.ani);
	delivery.file = (struct sambung_bytes){file.bytes.at, file.bytes.length};
	assert_int_equal(sambung_carry_deliver(&delivery, &carried, &err), 0);
	assert_int_equal(
		sambung_carry_in(handle(&all, all.ani),
				 (struct sambung_bytes){answers.bytes.at, answers.bytes.length},
				 &result, &err),
		0);
	assert_int_equal(result.requests, 0);
	world_sync(all.world, all.ani);
	assert_visits_once(&all, NOTES("satu", "dua"));
	assert_same(&all, all.ani);
	buffer_finish(&file.bytes);
	buffer_finish(&answers.bytes);
	world_free(all.world);
}

/* A family of a village that was never hers: what she wrote is all that tells who has heard of it.
 */
TEST(a_phone_under_another_number_is_told_to_erase_what_it_wrote_under_the_first)
{
	struct two_cadres all = two_cadres_with_a_family(30);
	struct sambung_edit *form;
	struct sambung_error err;
	char elsewhere[16];
	uint32_t former = number_of(&all, all.ani);
	size_t told = 0;
	size_t waits = 0;
	size_t image;

	assert_int_equal(sambung_edit_create(handle(&all, all.ani), "family", &form, &err), 0);
	set(form, "head", "Jauh");
	set(form, "village", "6303072002");
	assert_int_equal(sambung_edit_commit(form, elsewhere, NULL, &err), 0);
	world_sync(all.world, all.ani);
	image = clone(&all, all.ani);
	visit(&all, all.ani, "satu");
	world_sync(all.world, all.ani);
	restore(&all, all.ani, image);
	visit(&all, all.ani, "dua");
	world_sync(all.world, all.ani);
	assert_int_not_equal(number_of(&all, all.ani), former);
	assert_int_equal(world_erase(all.world, elsewhere), STATUS_OK);
	world_erasure(all.world, elsewhere, &told, &waits);
	assert_int_equal(told, 1);
	world_sync(all.world, all.ani);
	world_sync(all.world, all.ani);
	world_erasure(all.world, elsewhere, &told, &waits);
	assert_int_equal(waits, 0);
	world_free(all.world);
}

TEST(a_phone_restored_from_a_copy_of_before_an_erasure_is_told_of_it_again)
{
	struct two_cadres all = two_cadres_with_a_family(72);
	const size_t image = clone(&all, all.ani);
	struct buffer lines;

	assert_int_equal(world_erase(all.world, all.family), STATUS_OK);
	world_sync(all.world, all.ani);
	world_sync(all.world, all.ani);
	restore(&all, all.ani, image);
	world_sync(all.world, all.ani);
	buffer_init(&lines, 1 << 20);
	world_dump_device(all.world, all.ani, "family", &lines);
	assert_int_equal(lines.length, 0);
	buffer_finish(&lines);
	world_free(all.world);
}

static void
new_family(const struct two_cadres *all, size_t device, const char *where)
{
	struct sambung_edit *form;
	struct sambung_error err;

	assert_int_equal(sambung_edit_create(handle(all, device), "family", &form, &err), 0);
	set(form, "village", where);
	save(form, "head", "Lain");
}

static uint32_t
set_aside(const struct two_cadres *all, size_t device)
{
	struct sambung_state state;
	struct sambung_error err;

	assert_int_equal(sambung_state(handle(all, device), &state, &err), 0);
	return state.quarantined;
}

TEST(what_was_set_aside_under_a_former_number_and_erased_leaves_the_older_copy_too)
{
	static const char *const other[] = {"6303072002", NULL};
	struct two_cadres all = two_cadres_with_a_family(73);
	struct sambung_edit *form = open_form(&all, all.ani);
	size_t image;

	assert_int_equal(world_scope(all.world, all.ani, other), STATUS_OK);
	world_sync(all.world, all.ani);
	save(form, "address", "Jl. Disisihkan");
	world_sync(all.world, all.ani);
	image = clone(&all, all.ani);
	new_family(&all, all.ani, other[0]);
	world_sync(all.world, all.ani);
	assert_int_equal(world_erase(all.world, all.family), STATUS_OK);
	restore(&all, all.ani, image);
	assert_int_equal(set_aside(&all, all.ani), 1);
	new_family(&all, all.ani, other[0]);
	world_sync(all.world, all.ani);
	assert_int_equal(set_aside(&all, all.ani), 0);
	world_free(all.world);
}

TEST(a_copy_whose_number_was_former_at_an_erasure_is_told_when_it_is_allowed)
{
	struct two_cadres all = two_cadres_with_a_family(74);
	const size_t copy = clone(&all, all.ani);
	struct buffer lines;

	visit(&all, all.ani, "Satu");
	world_sync(all.world, all.ani);
	visit(&all, copy, "Dua");
	world_sync(all.world, copy);
	assert_int_equal(world_erase(all.world, all.family), STATUS_OK);
	assert_held(&all, all.ani);
	assert_int_equal(world_allow(all.world, all.ani), STATUS_OK);
	world_sync(all.world, all.ani);
	buffer_init(&lines, 1 << 20);
	world_dump_device(all.world, all.ani, "family", &lines);
	assert_int_equal(lines.length, 0);
	buffer_finish(&lines);
	world_free(all.world);
}

/* One exchange, whose answer comes. */
static void
exchange(const struct two_cadres *all, size_t device)
{
	struct sambung_bytes request;
	struct sambung_error err;
	struct buffer reply;
	int again = 0;

	buffer_init(&reply, 1 << 20);
	assert_int_equal(sambung_exchange_request(handle(all, device), &request, &err), 0);
	assert_true(world_deliver(all->world, span_of(request.at, request.length), &reply));
	assert_int_equal(sambung_exchange_reply(handle(all, device),
						(struct sambung_bytes){reply.at, reply.length},
						&again, NULL, &err),
			 0);
	buffer_finish(&reply);
}

TEST(a_copy_that_is_cut_off_right_after_its_fork_opens_again_when_its_lease_is_over)
{
	struct two_cadres all = two_cadres_with_a_family(71);
	uint32_t former;
	size_t copy;

	all.world->lease_days = 30;
	all.ani = world_enrol(all.world, "Ani", village);
	world_sync(all.world, all.ani);
	copy = clone(&all, all.ani);
	visit(&all, all.ani, "Satu");
	world_sync(all.world, all.ani);
	visit(&all, copy, "Dua");
	former = number_of(&all, copy);
	while (number_of(&all, copy) == former) {
		exchange(&all, copy);
	}
	all.world->now_ms += INT64_C(31) * 24 * 3600 * 1000;
	world_reopen(all.world, copy);
	world_sync(all.world, copy);
	assert_int_equal(times(&all, "visit", "Dua"), 1);
	world_free(all.world);
}

RUN_TESTS(CASE(a_phone_restored_from_an_old_copy_sends_what_the_log_lacks_and_nothing_twice),
	  CASE(a_receipt_after_a_fork_is_of_the_new_number),
	  CASE(a_phone_restored_from_an_old_copy_that_recorded_nothing_since_goes_on),
	  CASE(a_phone_restored_from_a_copy_whose_lease_is_over_opens_and_goes_on),
	  CASE(the_same_image_restored_twice_is_merged_once),
	  CASE(a_fork_of_a_fork_loses_nothing_and_says_nothing_twice),
	  CASE(two_clones_that_both_live_are_held_lose_nothing_and_go_on_when_the_admin_allows),
	  CASE(a_held_phone_counts_what_it_sent_and_the_server_has),
	  CASE(a_conflict_of_a_clone_with_the_original_is_flagged_as_one_of_two_people),
	  CASE(an_edit_after_a_fork_of_what_the_same_phone_had_written_is_no_conflict),
	  CASE(a_form_that_was_open_over_the_fork_is_saved_under_the_new_number),
	  CASE(a_family_registered_on_the_clone_keeps_its_persons_and_visits),
	  CASE(a_phone_that_forked_comes_back_to_a_server_restored_to_before_the_fork),
	  CASE(what_was_set_aside_before_the_fork_is_shown_no_more_by_the_copy_that_goes_on),
	  CASE(a_server_restored_between_fork_and_asking_keeps_the_phone_under_its_number),
	  CASE(two_copies_that_both_live_are_held_again_after_a_restore_that_forgot_one_of_them),
	  CASE(a_file_of_the_former_number_that_is_delivered_late_says_nothing_twice),
	  CASE(a_phone_under_another_number_is_told_to_erase_what_it_wrote_under_the_first),
	  CASE(a_phone_restored_from_a_copy_of_before_an_erasure_is_told_of_it_again),
	  CASE(what_was_set_aside_under_a_former_number_and_erased_leaves_the_older_copy_too),
	  CASE(a_copy_whose_number_was_former_at_an_erasure_is_told_when_it_is_allowed),
	  CASE(a_copy_that_is_cut_off_right_after_its_fork_opens_again_when_its_lease_is_over))

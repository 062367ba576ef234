/* SPDX-License-Identifier: Apache-2.0 */
/* A server restored from an older copy: what phones keep comes back, and nothing else happens. */
#include "tests/testing.h"
#include "tests/twin/healed.h"

#include <stdlib.h>
#include <string.h>

static const char village[] = TWO_CADRES_VILLAGE;
static const char other_village[] = "6303072002";

enum { DAY_MS = 24 * 3600 * 1000, LONG_VISITS = 300, LONG_NOTE = 480 };

/* With notes that do not pack well: more than fits one request. */
static void
record_long_visits(const struct two_cadres *all, size_t device, size_t count)
{
	char note[LONG_NOTE + 1] = "";

	for (size_t i = 0; i < count; i++) {
		struct sambung_edit *visit;
		struct sambung_error err;

		for (size_t k = 0; k < LONG_NOTE; k++) {
			note[k] = (char)('A' + world_random(all->world, 26));
		}
		assert_int_equal(sambung_edit_create(handle(all, device), "visit", &visit, &err),
				 0);
		set(visit, "person", all->person);
		save(visit, "note", note);
	}
}

TEST(after_a_restore_every_acknowledged_change_is_in_the_log_again_once)
{
	struct two_cadres all = two_cadres_with_a_family(11);
	unsigned backup;

	record_visits(&all, all.ani, 3);
	world_sync(all.world, all.ani);
	backup = world_backup(all.world);
	record_visits(&all, all.ani, 5);
	record_visits(&all, all.budi, 4);
	edit(&all, all.ani, "address", "Jl. Baru");
	edit(&all, all.budi, "rt", "007");
	world_sync(all.world, all.ani);
	world_sync(all.world, all.budi);
	record_visits(&all, all.budi, 2); /* waiting when the server is restored */
	world_restore(all.world, backup);
	assert_healed(&all);
	assert_int_equal(epochs_of(&all), 2);
	world_free(all.world);
}

TEST(a_device_enrolled_after_the_backup_comes_back_with_its_number)
{
	struct two_cadres all = two_cadres_with_a_family(11);
	unsigned backup = world_backup(all.world);
	size_t citra = world_enrol(all.world, "Citra", village);
	uint32_t number = state_of(&all, citra).device;

	world_sync(all.world, citra);
	record_visits(&all, citra, 4);
	world_sync(all.world, citra);
	record_visits(&all, citra, 1);
	world_restore(all.world, backup);
	assert_healed(&all);
	assert_int_equal(state_of(&all, citra).device, number);
	world_free(all.world);
}

TEST(a_device_enrolled_after_the_backup_that_never_synced_comes_back)
{
	struct two_cadres all = two_cadres_with_a_family(11);
	unsigned backup = world_backup(all.world);

	(void)world_enrol(all.world, "Citra", village);
	world_restore(all.world, backup);
	assert_healed(&all);
	world_free(all.world);
}

TEST(a_device_that_syncs_only_a_month_later_loses_nothing)
{
	struct two_cadres all = two_cadres_with_a_family(11);
	unsigned backup = world_backup(all.world);

	record_visits(&all, all.ani, 3);
	record_visits(&all, all.budi, 3);
	world_sync(all.world, all.ani);
	world_sync(all.world, all.budi);
	world_restore(all.world, backup);
	world_sync(all.world, all.budi);
	all.world->now_ms += INT64_C(30) * DAY_MS;
	record_visits(&all, all.budi, 1);
	world_sync(all.world, all.budi);
	assert_healed(&all);
	world_free(all.world);
}

TEST(two_restores_in_a_row_lose_nothing)
{
	struct two_cadres all = two_cadres_with_a_family(11);
	unsigned first = world_backup(all.world);
	unsigned second;

	record_visits(&all, all.ani, 3);
	edit(&all, all.budi, "address", "Jl. Satu");
	world_sync(all.world, all.ani);
	world_sync(all.world, all.budi);
	world_restore(all.world, first);
	record_visits(&all, all.ani, 1);
	world_sync(all.world, all.ani);
	second = world_backup(all.world);
	edit(&all, all.ani, "rt", "003");
	world_sync(all.world, all.ani);
	world_sync(all.world, all.budi);
	world_restore(all.world, second);
	world_sync(all.world, all.budi);
	record_visits(&all, all.budi, 2);
	assert_healed(&all);
	assert_int_equal(epochs_of(&all), 3);
	world_free(all.world);
}

TEST(the_same_backup_restored_twice_loses_nothing)
{
	struct two_cadres all = two_cadres_with_a_family(11);
	unsigned backup = world_backup(all.world);

	record_visits(&all, all.ani, 3);
	world_sync(all.world, all.ani);
	world_restore(all.world, backup);
	world_sync(all.world, all.budi);
	edit(&all, all.budi, "address", "Jl. Dua");
	world_sync(all.world, all.ani);
	world_sync(all.world, all.budi);
	world_restore(all.world, backup);
	assert_healed(&all);
	world_free(all.world);
}

TEST(going_back_to_the_database_that_was_put_aside_loses_nothing)
{
	struct two_cadres all = two_cadres_with_a_family(11);
	unsigned backup = world_backup(all.world);
	unsigned aside;

	record_visits(&all, all.ani, 3);
	edit(&all, all.ani, "address", "Jl. Satu");
	world_sync(all.world, all.ani);
	aside = world_backup(all.world);
	world_restore(all.world, backup);
	world_sync(all.world, all.ani);
	record_visits(&all, all.budi, 2);
	edit(&all, all.budi, "rt", "009");
	world_sync(all.world, all.budi);
	world_sync(all.world, all.ani);
	world_restore(all.world, aside);
	assert_healed(&all);
	world_free(all.world);
}

TEST(more_than_a_request_takes_comes_back)
{
	struct two_cadres all = two_cadres_with_a_family(11);
	unsigned backup = world_backup(all.world);
	uint64_t requests;

	record_long_visits(&all, all.ani, LONG_VISITS);
	world_sync(all.world, all.ani);
	world_restore(all.world, backup);
	requests = all.world->requests;
	world_sync(all.world, all.ani);
	assert_true(all.world->requests - requests > 3); /* or the test tests nothing */
	assert_healed(&all);
	world_free(all.world);
}

TEST(lost_and_repeated_parcels_after_a_restore_do_no_harm)
{
	struct two_cadres all = two_cadres_with_a_family(11);
	unsigned backup = world_backup(all.world);
	size_t citra = world_enrol(all.world, "Citra", village);

	world_sync(all.world, citra);
	record_visits(&all, all.ani, 20);
	record_visits(&all, citra, 20);
	world_sync(all.world, all.ani);
	world_sync(all.world, citra);
	world_restore(all.world, backup);
	all.world->faults = (struct world_faults){
		.lose_request = 60, .lose_reply = 100, .twice = 100, .old_again = 120};
	for (int i = 0; i < 40; i++) {
		record_visits(&all, i % 2 == 0 ? all.ani : citra, 1);
		(void)world_try_sync(all.world, (size_t)(i % 3));
		if (i == 10) {
			world_reopen(all.world, citra);
		}
	}
	assert_int_equal(epochs_of(&all), 2);
	assert_healed(&all);
	world_free(all.world);
}

TEST(a_value_written_after_the_restore_is_not_seen_by_a_base_of_the_lost_log)
{
	struct two_cadres all = two_cadres_with_a_family(11);
	unsigned backup = world_backup(all.world);
	struct sambung_edit *form;

	budi_has_seen_the_end(&all);
	form = open_form(&all, all.budi);
	world_restore(all.world, backup);
	citra_writes(&all);
	save(form, "address", "Jl. Budi");
	world_sync(all.world, all.budi);
	assert_true(shows_rivals(&all));
	assert_healed(&all);
	assert_true(shows_rivals(&all));
	world_free(all.world);
}

TEST(a_form_opened_before_the_restore_on_what_the_backup_has_makes_no_conflict)
{
	struct two_cadres all = two_cadres_with_a_family(11);
	unsigned backup;
	struct sambung_edit *form;

	edit(&all, all.ani, "address", "Jl. Ani");
	world_sync(all.world, all.ani);
	world_sync(all.world, all.budi);
	backup = world_backup(all.world);
	form = open_form(&all, all.budi);
	record_visits(&all, all.ani, 1);
	world_sync(all.world, all.ani);
	world_restore(all.world, backup);
	world_sync(all.world, all.budi);
	save(form, "address", "Jl. Budi");
	assert_healed(&all);
	assert_false(shows_rivals(&all));
	world_free(all.world);
}

TEST(what_was_archived_before_the_restore_is_shown_alike_by_all)
{
	struct two_cadres all = two_cadres_with_a_family(11);
	unsigned backup;

	edit(&all, all.ani, "address", "Jl. Ani");
	world_sync(all.world, all.ani);
	world_sync(all.world, all.budi);
	edit(&all, all.budi, "archived", "pindah");
	world_sync(all.world, all.budi);
	backup = world_backup(all.world);
	world_restore(all.world, backup);
	(void)world_enrol(all.world, "Citra", village); /* she never knew the former epoch */
	assert_healed(&all);
	assert_false(shows_rivals(&all));
	world_free(all.world);
}

TEST(an_exchange_with_nothing_to_say_is_one_request_again_after_a_restore)
{
	struct two_cadres all = two_cadres_with_a_family(11);
	unsigned backup = world_backup(all.world);
	uint64_t requests;
	uint64_t head;

	record_visits(&all, all.ani, 2);
	world_sync(all.world, all.ani);
	world_restore(all.world, backup);
	world_sync(all.world, all.ani);
	requests = all.world->requests;
	head = world_head(all.world);
	world_sync(all.world, all.ani);
	assert_int_equal(all.world->requests, requests + 1);
	assert_int_equal(world_head(all.world), head);
	world_free(all.world);
}

TEST(a_device_of_another_village_takes_its_own_scope_again)
{
	struct two_cadres all = two_cadres_with_a_family(11);
	unsigned backup = world_backup(all.world);
	size_t dewi = world_enrol(all.world, "Dewi", other_village);

	world_sync(all.world, dewi);
	world_restore(all.world, backup);
	world_sync(all.world, dewi);
	assert_same_as_server(&all, dewi, "family", other_village);
	assert_same_as_server(&all, dewi, "visit", other_village);
	world_free(all.world);
}

/* One exchange; its answer is not the last. */
static struct sambung_bytes
exchange_and_ask_again(const struct two_cadres *all, size_t device)
{
	struct sambung_bytes request;
	struct sambung_error err;
	struct buffer reply;
	int again;

	buffer_init(&reply, PARCEL_REPLY_MAX);
	assert_int_equal(sambung_exchange_request(handle(all, device), &request, &err), 0);
	assert_true(world_deliver(all->world, span_of(request.at, request.length), &reply));
	assert_int_equal(sambung_exchange_reply(handle(all, device),
						(struct sambung_bytes){reply.at, reply.length},
						&again, NULL, &err),
			 0);
	buffer_finish(&reply);
	assert_int_equal(sambung_exchange_request(handle(all, device), &request, &err), 0);
	return request;
}

TEST(a_device_whose_return_was_rolled_back_keeps_nobody_from_writing)
{
	struct two_cadres all = two_cadres_with_a_family(11);
	struct world *world = all.world;
	unsigned backup = world_backup(world);
	size_t citra = world_enrol(world, "Citra", village);
	struct sambung_bytes request;
	struct parcel parcel;
	struct error err;

	world_restore(world, backup);
	request = exchange_and_ask_again(&all, citra);
	parcel_init(&parcel);
	ingest_open(&parcel, world->reader, &world->keys, span_of(request.at, request.length));
	assert_ok(ingest_begin(world->ingest, &err));
	assert_ok(ingest_parcel(world->ingest, &parcel, &err));
	assert_int_not_equal(parcel.certificate.device, 0);
	ingest_rollback(world->ingest); /* as when the disk was full */
	parcel_finish(&parcel);
	edit(&all, all.ani, "address", "Jl. Ani");
	world_sync(world, all.ani);
	assert_healed(&all);
	world_free(world);
}

TEST(a_late_answer_is_not_measured_by_a_checkpoint_of_the_lost_log)
{
	struct two_cadres all = two_cadres_with_a_family(11);
	unsigned backup = world_backup(all.world);
	struct sambung_bytes request;
	struct sambung_error err;
	struct buffer reply;
	int again;

	for (int i = 0; i < 10; i++) {
		record_visits(&all, all.budi, 1);
		world_sync(all.world, all.budi);
	}
	world_sync(all.world, all.ani);
	world_restore(all.world, backup);
	request = exchange_and_ask_again(&all, all.ani);
	buffer_init(&reply, PARCEL_REPLY_MAX);
	assert_true(world_deliver(all.world, span_of(request.at, request.length), &reply));
	world_sync(all.world, all.ani);
	assert_int_equal(sambung_exchange_reply(handle(&all, all.ani),
						(struct sambung_bytes){reply.at, reply.length},
						&again, NULL, &err),
			 0);
	buffer_finish(&reply);
	assert_healed(&all);
	world_free(all.world);
}

/* Between the word of the new epoch and the pages that follow it. */
TEST(a_form_opened_on_what_is_still_of_the_lost_log_has_seen_nothing_of_the_new_one)
{
	struct two_cadres all = two_cadres_with_a_family(12);
	unsigned backup = world_backup(all.world);
	struct sambung_edit *form;

	budi_has_seen_the_end(&all);
	world_restore(all.world, backup);
	citra_writes(&all);
	(void)exchange_and_ask_again(&all, all.budi);
	form = open_form(&all, all.budi);
	save(form, "address", "Jl. Budi");
	world_sync(all.world, all.budi);
	assert_true(shows_rivals(&all));
	world_free(all.world);
}

/* A second family, and where the table of families has it now. */
static void
import_other_family(struct two_cadres *all, const char *now)
{
	assert_ok(world_import(
		all->world, "family",
		(const char *[]){"key", "K2", "village", now, "head", "Uji Dua", NULL}));
	world_imported_id(all->world, "family", "K2", all->family);
}

TEST(what_a_device_changed_leaves_it_if_the_restored_server_never_had_it_there)
{
	struct two_cadres all = two_cadres_with_a_family(11);
	unsigned backup;

	record_visits(&all, all.ani, 1);
	import_other_family(&all, other_village);
	backup = world_backup(all.world);
	import_other_family(&all, village);
	world_sync(all.world, all.ani);
	edit(&all, all.ani, "address", "Jl. Ani");
	world_sync(all.world, all.ani);
	world_restore(all.world, backup);
	world_sync(all.world, all.ani);
	assert_same_as_server(&all, all.ani, "family", village);
	world_free(all.world);
}

RUN_TESTS(CASE(after_a_restore_every_acknowledged_change_is_in_the_log_again_once),
	  CASE(a_device_enrolled_after_the_backup_comes_back_with_its_number),
	  CASE(a_device_enrolled_after_the_backup_that_never_synced_comes_back),
	  CASE(a_device_that_syncs_only_a_month_later_loses_nothing),
	  CASE(two_restores_in_a_row_lose_nothing),
	  CASE(the_same_backup_restored_twice_loses_nothing),
	  CASE(going_back_to_the_database_that_was_put_aside_loses_nothing),
	  CASE(more_than_a_request_takes_comes_back),
	  CASE(lost_and_repeated_parcels_after_a_restore_do_no_harm),
	  CASE(a_value_written_after_the_restore_is_not_seen_by_a_base_of_the_lost_log),
	  CASE(a_form_opened_before_the_restore_on_what_the_backup_has_makes_no_conflict),
	  CASE(what_was_archived_before_the_restore_is_shown_alike_by_all),
	  CASE(an_exchange_with_nothing_to_say_is_one_request_again_after_a_restore),
	  CASE(a_device_of_another_village_takes_its_own_scope_again),
	  CASE(a_device_whose_return_was_rolled_back_keeps_nobody_from_writing),
	  CASE(a_late_answer_is_not_measured_by_a_checkpoint_of_the_lost_log),
	  CASE(a_form_opened_on_what_is_still_of_the_lost_log_has_seen_nothing_of_the_new_one),
	  CASE(what_a_device_changed_leaves_it_if_the_restored_server_never_had_it_there))

/* SPDX-License-Identifier: Apache-2.0 */
/* A machine that was set back whole, so that nothing in its folder tells of it: phones do. */
#include "client/exchange.h"
#include "tests/testing.h"
#include "tests/twin/healed.h"

static const char village[] = TWO_CADRES_VILLAGE;

enum { DAY_MS = 24 * 3600 * 1000 };

/* Entries of others' making, none of which the two cadres look at. */
static void
log_goes_on(const struct two_cadres *all, int entries)
{
	for (int i = 0; i < entries; i++) {
		struct error err;

		assert_ok(ingest_begin(all->world->ingest, &err));
		assert_ok(ingest_read_entry(all->world->ingest, 0, "/v1/test", "", &err));
		assert_ok(ingest_commit(all->world->ingest, &err));
	}
}

TEST(after_a_set_back_that_nobody_tells_of_everything_acknowledged_comes_back_once)
{
	struct two_cadres all = two_cadres_with_a_family(21);
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
	record_visits(&all, all.budi, 2); /* waiting when the server is set back */
	world_set_back(all.world, backup);
	assert_healed(&all);
	assert_int_equal(epochs_of(&all), 2);
	world_free(all.world);
}

TEST(phones_notice_it_although_the_new_log_has_long_passed_the_lost_one)
{
	struct two_cadres all = two_cadres_with_a_family(22);
	unsigned backup = world_backup(all.world);

	record_visits(&all, all.ani, 4);
	edit(&all, all.ani, "address", "Jl. Baru");
	world_sync(all.world, all.ani);
	world_set_back(all.world, backup);
	record_visits(&all, all.budi, 6); /* who was not there */
	world_sync(all.world, all.budi);
	log_goes_on(&all, 300);
	world_sync(all.world, all.budi);
	assert_int_equal(epochs_of(&all), 1);
	record_visits(&all, all.ani, 1);
	assert_healed(&all);
	assert_int_equal(epochs_of(&all), 2);
	world_free(all.world);
}

TEST(phones_with_nothing_to_send_notice_it_too_however_late)
{
	struct two_cadres all = two_cadres_with_a_family(31);
	unsigned backup;

	all.world->now_ms += DAY_MS; /* a proof is due by now, from what was proven last */
	world_sync(all.world, all.ani);
	backup = world_backup(all.world);
	record_visits(&all, all.ani, 4);
	world_sync(all.world, all.ani);
	world_set_back(all.world, backup);
	log_goes_on(&all, 300);
	all.world->now_ms += 3 * DAY_MS;
	world_sync(all.world, all.ani);
	world_sync(all.world, all.ani);
	assert_int_equal(epochs_of(&all), 2);
	assert_healed(&all);
	world_free(all.world);
}

TEST(the_phone_that_shows_it_keeps_the_proof_and_no_other_does)
{
	struct two_cadres all = two_cadres_with_a_family(32);
	unsigned backup = world_backup(all.world);

	record_visits(&all, all.ani, 2);
	world_sync(all.world, all.ani);
	world_sync(all.world, all.budi);
	world_set_back(all.world, backup);
	world_sync(all.world, all.budi);
	world_sync(all.world, all.ani);
	assert_true(state_of(&all, all.budi).contradiction_ms != 0);
	assert_int_equal(state_of(&all, all.ani).contradiction_ms, 0);
	assert_healed(&all);
	world_free(all.world);
}

TEST(a_phone_whose_own_changes_are_lost_keeps_the_proof_and_sends_them_again)
{
	struct two_cadres all = two_cadres_with_a_family(35);
	unsigned backup = world_backup(all.world);

	record_visits(&all, all.ani, 2);
	world_sync(all.world, all.ani);
	world_set_back(all.world, backup);
	record_visits(&all, all.ani, 1);
	world_sync(all.world, all.ani);
	assert_int_equal(epochs_of(&all), 2);
	assert_true(state_of(&all, all.ani).contradiction_ms != 0);
	assert_healed(&all);
	world_free(all.world);
}

TEST(nothing_begins_where_no_phone_knows_more_than_the_copy)
{
	struct two_cadres all = two_cadres_with_a_family(23);
	unsigned backup = world_backup(all.world);

	log_goes_on(&all, 5);
	world_set_back(all.world, backup);
	record_visits(&all, all.ani, 2);
	assert_healed(&all);
	assert_int_equal(epochs_of(&all), 1);
	world_free(all.world);
}

TEST(a_value_written_after_the_set_back_is_not_seen_by_a_base_of_the_lost_log)
{
	struct two_cadres all = two_cadres_with_a_family(24);
	unsigned backup = world_backup(all.world);
	struct sambung_edit *form;

	budi_has_seen_the_end(&all);
	form = open_form(&all, all.budi);
	world_set_back(all.world, backup);
	citra_writes(&all);
	save(form, "address", "Jl. Budi");
	world_sync(all.world, all.budi);
	assert_true(shows_rivals(&all));
	assert_healed(&all);
	assert_true(shows_rivals(&all));
	world_free(all.world);
}

TEST(a_form_of_before_the_set_back_on_what_its_phone_had_synced_makes_no_conflict)
{
	struct two_cadres all = two_cadres_with_a_family(25);
	unsigned backup;
	struct sambung_edit *form;

	edit(&all, all.ani, "address", "Jl. Ani");
	world_sync(all.world, all.ani);
	world_sync(all.world, all.budi);
	world_sync(all.world, all.budi); /* names what it was told */
	(void)ingest_flush(all.world->ingest, NULL);
	backup = world_backup(all.world);
	form = open_form(&all, all.budi);
	record_visits(&all, all.budi, 1);
	world_sync(all.world, all.budi);
	world_set_back(all.world, backup);
	save(form, "address", "Jl. Budi");
	world_sync(all.world, all.budi);
	assert_int_equal(epochs_of(&all), 2);
	assert_healed(&all);
	assert_false(shows_rivals(&all));
	world_free(all.world);
}

TEST(an_archive_made_after_the_set_back_is_shown_alike_by_all)
{
	struct two_cadres all = two_cadres_with_a_family(26);
	unsigned backup = world_backup(all.world);

	record_visits(&all, all.ani, 2);
	world_sync(all.world, all.ani);
	world_set_back(all.world, backup);
	edit(&all, all.budi, "address", "Jl. Budi");
	world_sync(all.world, all.budi);
	edit(&all, all.budi, "archived", "pindah");
	world_sync(all.world, all.budi);
	assert_healed(&all);
	assert_int_equal(epochs_of(&all), 2);
	world_free(all.world);
}

TEST(lost_and_repeated_parcels_after_a_set_back_do_no_harm)
{
	struct two_cadres all = two_cadres_with_a_family(27);
	unsigned backup = world_backup(all.world);

	record_visits(&all, all.ani, 20);
	record_visits(&all, all.budi, 20);
	world_sync(all.world, all.ani);
	world_sync(all.world, all.budi);
	world_set_back(all.world, backup);
	all.world->faults = (struct world_faults){
		.lose_request = 60, .lose_reply = 100, .twice = 100, .old_again = 120};
	for (int i = 0; i < 40; i++) {
		record_visits(&all, i % 2 == 0 ? all.ani : all.budi, 1);
		(void)world_try_sync(all.world, (size_t)(i % 2));
		if (i == 10) {
			world_reopen(all.world, all.ani);
		}
	}
	assert_int_equal(epochs_of(&all), 2);
	assert_healed(&all);
	world_free(all.world);
}

static int
end_repetition(void *context, const struct sambung_result *so_far)
{
	(void)so_far;
	((struct world *)context)->faults.twice = 0;
	return 0;
}

/* A daily proof, the checkpoint that is to be shown, and before them an answer with nothing: three
 * in a row that bring nothing are not for ever. */
TEST(a_request_that_comes_twice_before_the_lost_log_is_shown_does_not_end_the_sync)
{
	struct two_cadres all = two_cadres_with_a_family(32);
	struct sambung_result result;
	struct sambung_error err;
	unsigned backup;

	all.world->now_ms += DAY_MS;
	world_sync(all.world, all.ani);
	backup = world_backup(all.world);
	record_visits(&all, all.budi, 4);
	world_sync(all.world, all.budi);
	world_sync(all.world, all.ani);
	world_set_back(all.world, backup);
	log_goes_on(&all, 300);
	all.world->now_ms += 3 * DAY_MS;
	all.world->faults.twice = 256;
	assert_ok(sambung_sync(handle(&all, all.ani), end_repetition, all.world, &result, &err));
	assert_int_equal(all.world->replies_repeated, 1);
	assert_healed(&all);
	assert_int_equal(epochs_of(&all), 2);
	world_free(all.world);
}

/* The first answer of a day proves the log from the day before, and the page beside it is asked for
 * again: until the phone has shown how far it has got, it keeps nothing of what may be lost. */
TEST(a_page_that_is_asked_for_again_leaves_nothing_of_a_log_that_is_lost_meanwhile)
{
	struct two_cadres all = two_cadres_with_a_family(33);
	struct sambung_bytes request;
	struct sambung_error err;
	struct buffer reply;
	unsigned backup;
	int again = 0;

	buffer_init(&reply, 1 << 20);
	edit(&all, all.budi, "address", "Jl. Baru");
	world_sync(all.world, all.budi);
	world_sync(all.world, all.ani);
	backup = world_backup(all.world);
	assert_ok(world_settle(all.world, all.family, "rt", "007"));
	all.world->now_ms += 2 * DAY_MS;
	assert_ok(sambung_exchange_request(handle(&all, all.ani), &request, &err));
	assert_true(world_deliver(all.world, span_of(request.at, request.length), &reply));
	assert_ok(sambung_exchange_reply(handle(&all, all.ani),
					 (struct sambung_bytes){reply.at, reply.length}, &again,
					 NULL, &err));
	assert_true(again);
	world_set_back(all.world, backup);
	assert_healed(&all);
	buffer_finish(&reply);
	world_free(all.world);
}

TEST(a_phone_enrolled_in_the_lost_part_shows_it_and_comes_back_with_its_number)
{
	struct two_cadres all = two_cadres_with_a_family(28);
	unsigned backup = world_backup(all.world);
	size_t citra = world_enrol(all.world, "Citra", village);
	uint32_t number = state_of(&all, citra).device;

	world_sync(all.world, citra);
	record_visits(&all, citra, 4);
	world_sync(all.world, citra);
	record_visits(&all, citra, 1);
	world_set_back(all.world, backup);
	world_sync(all.world, citra); /* before anybody else */
	assert_int_equal(epochs_of(&all), 2);
	assert_healed(&all);
	assert_int_equal(state_of(&all, citra).device, number);
	world_free(all.world);
}

TEST(a_phone_enrolled_in_the_lost_part_that_had_not_synced_comes_back_with_its_number)
{
	struct two_cadres all = two_cadres_with_a_family(33);
	unsigned backup = world_backup(all.world);
	size_t citra = world_enrol(all.world, "Citra", village);
	uint32_t number = state_of(&all, citra).device;

	world_set_back(all.world, backup);
	world_sync(all.world, citra);
	record_visits(&all, citra, 3);
	assert_healed(&all);
	assert_int_equal(state_of(&all, citra).device, number);
	/* Nobody has anything of what is lost: nobody has to begin anew. */
	assert_int_equal(epochs_of(&all), 1);
	world_free(all.world);
}

/* Of the time before it was revoked it keeps a checkpoint, which this server knows well; that of
 * its new number it has none. */
TEST(a_revoked_phone_enrolled_anew_in_the_lost_part_comes_back_with_its_number)
{
	struct two_cadres all = two_cadres_with_a_family(35);
	struct sambung *phone = all.world->devices[all.ani].sambung;
	struct sambung_result result;
	struct sambung_error err;
	char code[CODE_TEXT_MAX];
	unsigned backup;
	uint32_t number;

	world_revoke(all.world, all.ani);
	assert_int_not_equal(sambung_sync(phone, NULL, NULL, &result, &err), 0);
	backup = world_backup(all.world);
	assert_ok(world_code(all.world, "Ani", village, code));
	assert_ok(sambung_enrol(phone, code, &err));
	number = state_of(&all, all.ani).device;
	all.world->now_ms += DAY_MS;
	world_set_back(all.world, backup);
	world_sync(all.world, all.ani);
	assert_int_equal(state_of(&all, all.ani).device, number);
	world_free(all.world);
}

/* The number that ended lived in the lost log, the new one lives in this one: what it names here
 * says nothing of where the two part. */
TEST(a_revoked_phone_enrolled_anew_after_the_set_back_shows_nothing_of_the_lost_log)
{
	struct two_cadres all = two_cadres_with_a_family(36);
	unsigned backup = world_backup(all.world);
	struct sambung_edit *form;
	struct sambung_result result;
	struct sambung_error err;
	char code[CODE_TEXT_MAX];

	log_goes_on(&all, 30);
	assert_ok(world_settle(all.world, all.family, "rw", "007"));
	all.world->now_ms += DAY_MS;
	world_sync(all.world, all.ani); /* the lost log is proven to her */
	world_sync(all.world, all.budi);
	form = open_form(&all, all.budi); /* of its last entry */
	world_revoke(all.world, all.ani);
	assert_int_not_equal(sambung_sync(handle(&all, all.ani), NULL, NULL, &result, &err), 0);
	world_set_back(all.world, backup);
	assert_ok(world_code(all.world, "Ani", village, code));
	assert_ok(sambung_enrol(handle(&all, all.ani), code, &err));
	world_sync(all.world, all.ani);
	edit(&all, all.ani, "address", "Jl. Ani");
	world_sync(all.world, all.ani);
	edit(&all, all.ani, "rt", "003");
	world_sync(all.world, all.ani); /* names a checkpoint with her address */
	all.world->now_ms += 2 * DAY_MS;
	world_sync(all.world, all.ani);
	save(form, "address", "Jl. Budi");
	world_sync(all.world, all.budi);
	assert_true(shows_rivals(&all));
	world_free(all.world);
}

/* Citra was in this log only, so what she named here says nothing of where the two part. */
TEST(what_a_carrier_was_shown_of_the_lost_log_counts_no_base_of_it_too_far)
{
	struct two_cadres all = two_cadres_with_a_family(37);
	const size_t citra = world_enrol(all.world, "Citra", village);
	struct local_state carrier;
	struct sambung_edit *form;
	struct error err;
	unsigned backup;

	world_sync(all.world, citra);
	(void)ingest_flush(all.world->ingest, NULL);
	backup = world_backup(all.world);
	log_goes_on(&all, 30);
	assert_ok(world_settle(all.world, all.family, "rw", "007"));
	world_sync(all.world, all.budi);
	form = open_form(&all, all.budi); /* of the last entry of the lost log */
	assert_ok(local_state_load(handle(&all, all.budi)->local, &carrier, &err));
	world_set_back(all.world, backup);
	edit(&all, citra, "address", "Jl. Citra");
	world_sync(all.world, citra);
	edit(&all, citra, "rt", "003");
	world_sync(all.world, citra); /* names a checkpoint with her address */
	assert_ok(exchange_take_seen(handle(&all, citra), &carrier.witness, &err));
	world_sync(all.world, citra);
	assert_int_equal(epochs_of(&all), 2);
	save(form, "address", "Jl. Budi");
	world_sync(all.world, all.budi);
	assert_true(shows_rivals(&all));
	world_free(all.world);
}

TEST(a_phone_that_got_the_lost_news_with_its_daily_proof_notices_it)
{
	struct two_cadres all = two_cadres_with_a_family(34);
	unsigned backup = world_backup(all.world);

	all.world->now_ms += DAY_MS;
	edit(&all, all.budi, "address", "Jl. Hilang");
	world_sync(all.world, all.budi);
	world_sync(all.world, all.ani); /* a proof from long ago, and Budi's edit */
	world_set_back(all.world, backup);
	log_goes_on(&all, 300);
	world_sync(all.world, all.ani);
	assert_int_equal(epochs_of(&all), 2);
	assert_healed(&all);
	world_free(all.world);
}

TEST(a_server_that_is_set_back_twice_is_noticed_twice)
{
	struct two_cadres all = two_cadres_with_a_family(29);
	unsigned backup = world_backup(all.world);

	record_visits(&all, all.ani, 3);
	world_sync(all.world, all.ani);
	world_set_back(all.world, backup);
	world_sync(all.world, all.ani);
	world_sync(all.world, all.budi);
	backup = world_backup(all.world);
	edit(&all, all.budi, "rt", "003");
	world_sync(all.world, all.budi);
	world_set_back(all.world, backup);
	assert_healed(&all);
	assert_int_equal(epochs_of(&all), 3);
	world_free(all.world);
}

TEST(a_sync_after_it_is_one_request_again)
{
	struct two_cadres all = two_cadres_with_a_family(30);
	unsigned backup = world_backup(all.world);
	uint64_t requests;

	record_visits(&all, all.ani, 2);
	world_sync(all.world, all.ani);
	world_set_back(all.world, backup);
	world_sync(all.world, all.ani);
	requests = all.world->requests;
	world_sync(all.world, all.ani);
	assert_int_equal(all.world->requests, requests + 1);
	world_free(all.world);
}

RUN_TESTS(CASE(after_a_set_back_that_nobody_tells_of_everything_acknowledged_comes_back_once),
	  CASE(phones_notice_it_although_the_new_log_has_long_passed_the_lost_one),
	  CASE(phones_with_nothing_to_send_notice_it_too_however_late),
	  CASE(the_phone_that_shows_it_keeps_the_proof_and_no_other_does),
	  CASE(a_phone_whose_own_changes_are_lost_keeps_the_proof_and_sends_them_again),
	  CASE(nothing_begins_where_no_phone_knows_more_than_the_copy),
	  CASE(a_value_written_after_the_set_back_is_not_seen_by_a_base_of_the_lost_log),
	  CASE(a_form_of_before_the_set_back_on_what_its_phone_had_synced_makes_no_conflict),
	  CASE(an_archive_made_after_the_set_back_is_shown_alike_by_all),
	  CASE(lost_and_repeated_parcels_after_a_set_back_do_no_harm),
	  CASE(a_request_that_comes_twice_before_the_lost_log_is_shown_does_not_end_the_sync),
	  CASE(a_page_that_is_asked_for_again_leaves_nothing_of_a_log_that_is_lost_meanwhile),
	  CASE(a_phone_enrolled_in_the_lost_part_shows_it_and_comes_back_with_its_number),
	  CASE(a_phone_enrolled_in_the_lost_part_that_had_not_synced_comes_back_with_its_number),
	  CASE(a_revoked_phone_enrolled_anew_in_the_lost_part_comes_back_with_its_number),
	  CASE(a_revoked_phone_enrolled_anew_after_the_set_back_shows_nothing_of_the_lost_log),
	  CASE(what_a_carrier_was_shown_of_the_lost_log_counts_no_base_of_it_too_far),
	  CASE(a_phone_that_got_the_lost_news_with_its_daily_proof_notices_it),
	  CASE(a_server_that_is_set_back_twice_is_noticed_twice),
	  CASE(a_sync_after_it_is_one_request_again))

/* SPDX-License-Identifier: Apache-2.0 */
/* A phone without any signal, whose files somebody else delivers: the real device library and the
 * real ingest. */
#include "tests/testing.h"
#include "tests/twin/carriage.h"

/* The answers in the opposite order. */
static void
turn_answers(struct carriage *all)
{
	struct carry_replies replies;
	struct carry_replies turned;
	struct buffer bytes;

	assert_ok(carry_replies_decode(buffer_span(&all->answers), &replies, NULL));
	turned = replies;
	for (size_t i = 0; i < replies.count; i++) {
		turned.at[i] = replies.at[replies.count - 1 - i];
	}
	buffer_init(&bytes, CARRY_REPLIES_MAX);
	carry_replies_encode(&turned, &bytes);
	buffer_clear(&all->answers);
	buffer_append_span(&all->answers, buffer_span(&bytes));
	buffer_finish(&bytes);
}

TEST(a_phone_without_signal_since_its_enrolment_delivers_a_hundred_visits_through_anothers_file)
{
	struct carriage *all = carriage_make();
	struct sambung_carried carried;
	struct sambung_result result;

	carriage_visits(all, 100, 20);
	carried = carriage_out(all);
	assert_int_equal(carried.changes, 102);
	assert_int_equal(carried.left, 0);
	assert_int_equal(carriage_queued(all), 102);
	assert_ok(carriage_deliver(all));
	/* What opens the answers is not only in memory. */
	world_reopen(all->world, all->ani);
	assert_int_equal(carriage_queued(all), 102);
	result = carriage_in(all);
	assert_int_equal(result.acked, 102);
	assert_int_equal(result.synced, 1);
	assert_int_equal(carriage_queued(all), 0);
	carriage_assert_same(all, 102);
	carriage_free(all);
}

/* What the server has in the end, and how long its log is. */
static uint64_t
carried_and_synced(bool carried_first, struct buffer *state)
{
	struct carriage *all = carriage_make();
	uint64_t head;

	carriage_visits(all, 100, 20);
	(void)carriage_out(all);
	carriage_visits(all, 10, 20);
	if (carried_first) {
		assert_ok(carriage_deliver(all));
		world_sync(all->world, all->ani);
	} else {
		world_sync(all->world, all->ani);
		assert_ok(carriage_deliver(all));
	}
	(void)carriage_in(all);
	assert_int_equal(carriage_queued(all), 0);
	carriage_assert_same(all, 112);
	carriage_dump_server(all, state);
	head = world_head(all->world);
	carriage_free(all);
	return head;
}

TEST(a_file_before_or_after_the_phones_own_sync_gives_the_same_server_state)
{
	struct buffer before;
	struct buffer after;

	buffer_init(&before, 1 << 24);
	buffer_init(&after, 1 << 24);
	assert_int_equal(carried_and_synced(true, &before), carried_and_synced(false, &after));
	assert_true(span_equal(buffer_span(&before), buffer_span(&after)));
	buffer_finish(&after);
	buffer_finish(&before);
}

TEST(a_file_delivered_twice_is_in_the_log_once)
{
	struct carriage *all = carriage_make();
	struct sambung_result result;
	uint64_t head;

	carriage_visits(all, 5, 20);
	(void)carriage_out(all);
	assert_ok(carriage_deliver(all));
	head = world_head(all->world);
	assert_ok(carriage_deliver(all));
	assert_int_equal(world_head(all->world), head);
	/* The answer to the second delivery alone will do. */
	result = carriage_in(all);
	assert_int_equal(result.acked, 7);
	assert_int_equal(carriage_queued(all), 0);
	carriage_free(all);
}

TEST(two_files_of_the_same_queue_by_two_carriers_are_in_the_log_once)
{
	struct carriage *all = carriage_make();
	struct buffer first;
	uint64_t head;

	carriage_visits(all, 5, 20);
	(void)carriage_out(all);
	buffer_init(&first, CARRY_FILE_MAX);
	buffer_append_span(&first, buffer_span(&all->file));
	carriage_visits(all, 5, 20);
	(void)carriage_out(all);
	assert_ok(carriage_deliver(all));
	head = world_head(all->world);
	buffer_clear(&all->file);
	buffer_append_span(&all->file, buffer_span(&first));
	assert_ok(carriage_deliver(all));
	assert_int_equal(world_head(all->world), head);
	(void)carriage_in(all);
	world_sync(all->world, all->ani);
	carriage_assert_same(all, 12);
	buffer_finish(&first);
	carriage_free(all);
}

TEST(answers_twice_out_of_order_and_after_the_phones_own_sync_harm_nothing)
{
	struct carriage *all = carriage_make();
	struct sambung_carried carried;

	carriage_visits(all, 400, 400);
	carried = carriage_out(all);
	assert_true(carried.parcels >= 3);
	assert_int_equal(carried.changes, 402);
	assert_ok(carriage_deliver(all));
	turn_answers(all);
	assert_int_equal(carriage_in(all).acked, 402);
	assert_int_equal(carriage_in(all).acked, 0);
	assert_int_equal(carriage_queued(all), 0);
	carriage_visits(all, 3, 20);
	turn_answers(all);
	(void)carriage_in(all);
	assert_int_equal(carriage_queued(all), 3);
	world_sync(all->world, all->ani);
	(void)carriage_in(all);
	assert_int_equal(carriage_queued(all), 0);
	carriage_assert_same(all, 405);
	world_sync(all->world, all->ani);
	carriage_assert_same(all, 405);
	carriage_free(all);
}

TEST(late_answers_do_not_take_back_what_others_changed_since)
{
	struct carriage *all = carriage_make();
	struct sambung_edit *form;

	carriage_visits(all, 2, 20);
	(void)carriage_out(all);
	assert_ok(carriage_deliver(all));
	world_sync(all->world, all->budi);
	assert_ok(
		sambung_edit_begin(carriage_phone(all, all->budi), all->person, &form, &all->err));
	assert_ok(sambung_edit_set(form, "name", "Wahyu yang Benar", &all->err));
	assert_ok(sambung_edit_commit(form, NULL, NULL, &all->err));
	world_sync(all->world, all->budi);
	world_sync(all->world, all->ani);
	carriage_assert_same(all, 4);
	(void)carriage_in(all);
	carriage_assert_same(all, 4);
	carriage_free(all);
}

/* A parcel of the file by itself. */
static void
keep_only(struct carriage *all, size_t place)
{
	struct carry_file file;
	struct carry_file one = {.count = 1};
	struct buffer bytes;

	assert_ok(carry_file_decode(buffer_span(&all->file), &file, NULL));
	one.parcels[0] = file.parcels[place];
	buffer_init(&bytes, CARRY_FILE_MAX);
	carry_file_encode(&one, &bytes);
	buffer_clear(&all->file);
	buffer_append_span(&all->file, buffer_span(&bytes));
	buffer_finish(&bytes);
}

TEST(a_parcel_that_comes_before_the_one_in_front_of_it_changes_nothing)
{
	struct carriage *all = carriage_make();
	struct sambung_carried carried;
	struct buffer whole;
	uint64_t head = world_head(all->world);

	carriage_visits(all, 400, 400);
	carried = carriage_out(all);
	buffer_init(&whole, CARRY_FILE_MAX);
	buffer_append_span(&whole, buffer_span(&all->file));
	keep_only(all, carried.parcels - 1);
	assert_ok(carriage_deliver(all));
	assert_int_equal(world_head(all->world), head);
	assert_int_equal(carriage_in(all).acked, 0);
	assert_int_equal(carriage_queued(all), 402);
	buffer_clear(&all->file);
	buffer_append_span(&all->file, buffer_span(&whole));
	assert_ok(carriage_deliver(all));
	assert_int_equal(carriage_in(all).acked, 402);
	carriage_assert_next_syncs(all);
	carriage_assert_same(all, 402);
	buffer_finish(&whole);
	carriage_free(all);
}

TEST(an_answer_that_misses_what_another_courier_brought_is_no_failure)
{
	struct carriage *all = carriage_make();
	struct sambung_carried carried;
	struct buffer whole;

	carriage_visits(all, 400, 400);
	carried = carriage_out(all);
	assert_true(carried.parcels >= 3);
	buffer_init(&whole, CARRY_FILE_MAX);
	buffer_append_span(&whole, buffer_span(&all->file));
	keep_only(all, 0);
	assert_ok(carriage_deliver(all)); /* whose answer is lost */
	buffer_clear(&all->file);
	buffer_append_span(&all->file, buffer_span(&whole));
	keep_only(all, carried.parcels - 1);
	assert_ok(carriage_deliver(all));
	assert_int_equal(carriage_in(all).acked, 0);
	assert_int_equal(carriage_queued(all), 402);
	(void)carriage_out(all);
	assert_ok(carriage_deliver(all));
	assert_int_equal(carriage_in(all).acked, 402);
	carriage_assert_next_syncs(all);
	carriage_assert_same(all, 402);
	buffer_finish(&whole);
	carriage_free(all);
}

/* A network that fails after so many parcels. */
struct weak_network {
	struct sambung_platform real;
	unsigned left;
	unsigned posts;
};

static int
weak_post(void *context, const char *url, struct sambung_bytes body, size_t reply_limit,
	  int (*take)(void *sink, const void *bytes, size_t length), void *sink,
	  int *http_status_out, uint64_t *bytes_up_out, uint64_t *bytes_down_out, char *why,
	  size_t why_size)
{
	struct weak_network *network = context;

	if (network->left == 0) {
		return 1;
	}
	network->left--;
	network->posts++;
	return network->real.post(network->real.context, url, body, reply_limit, take, sink,
				  http_status_out, bytes_up_out, bytes_down_out, why, why_size);
}

TEST(a_delivery_that_is_cut_off_goes_on_where_it_was)
{
	struct carriage *all = carriage_make();
	struct weak_network network = {.real = world_platform(&all->world->devices[all->budi]),
				       .left = 1};
	struct sambung_platform platform = {.context = &network, .post = weak_post};
	struct sambung_carried carried;
	uint32_t parcels;

	carriage_visits(all, 400, 400);
	parcels = carriage_out(all).parcels;
	assert_int_equal(
		carriage_deliver_with(all, &platform, (struct sambung_bytes){NULL, 0}, &carried),
		STATUS_UNREACHABLE);
	assert_int_equal(carried.parcels, parcels);
	assert_int_equal(carried.answered, 1);
	/* What came through already counts. */
	assert_true(carriage_in(all).acked > 0);
	assert_true(carriage_queued(all) > 0);
	network.left = parcels;
	assert_ok(carriage_deliver_with(all, &platform, carriage_bytes(&all->answers), &carried));
	assert_int_equal(carried.answered, parcels);
	assert_int_equal(network.posts, parcels);
	(void)carriage_in(all);
	carriage_assert_next_syncs(all);
	carriage_assert_same(all, 402);
	carriage_free(all);
}

TEST(a_file_of_an_empty_queue_brings_back_what_others_did)
{
	struct carriage *all = carriage_make();
	struct sambung_edit *form;

	world_sync(all->world, all->ani);
	world_sync(all->world, all->budi);
	assert_ok(
		sambung_edit_begin(carriage_phone(all, all->budi), all->person, &form, &all->err));
	assert_ok(sambung_edit_set(form, "phone", "0812", &all->err));
	assert_ok(sambung_edit_commit(form, NULL, NULL, &all->err));
	world_sync(all->world, all->budi);
	assert_int_equal(carriage_out(all).changes, 0);
	assert_ok(carriage_deliver(all));
	assert_int_equal(carriage_in(all).received, 1);
	carriage_assert_same(all, 2);
	carriage_free(all);
}

TEST(a_whole_village_comes_through_files_page_by_page)
{
	struct carriage *all = carriage_make();
	struct sambung_result result = {0};
	char key[16];
	char note[401] = "";
	unsigned files = 0;

	for (unsigned i = 0; i < 1200; i++) {
		(void)snprintf(key, sizeof key, "K%u", i);
		for (unsigned k = 0; k < 400; k++) {
			note[k] = (char)('a' + world_random(all->world, 26));
		}
		world_import(all->world, "family",
			     (const char *[]){"key", key, "village", carriage_village, "head",
					      "Uji", "note", note, NULL});
	}
	while (!result.synced && files < 10) {
		(void)carriage_out(all);
		assert_ok(carriage_deliver(all));
		result = carriage_in(all);
		files++;
	}
	assert_int_equal(result.synced, 1);
	assert_true(files > 1);
	carriage_assert_same(all, 1202);
	carriage_free(all);
}

TEST(a_late_answer_does_not_make_the_last_sync_older)
{
	struct carriage *all = carriage_make();
	int64_t last_sync_ms;

	world_sync(all->world, all->ani);
	(void)carriage_out(all);
	assert_ok(carriage_deliver(all));
	all->world->now_ms += INT64_C(24) * 3600 * 1000;
	world_sync(all->world, all->ani);
	last_sync_ms = carriage_state(all).last_sync_ms;
	assert_int_equal(carriage_in(all).synced, 1);
	assert_int_equal(carriage_state(all).last_sync_ms, last_sync_ms);
	carriage_free(all);
}

TEST(an_answer_that_was_long_on_its_way_sets_no_clock)
{
	struct carriage *all = carriage_make();
	struct local_state before = carriage_state(all);
	struct local_state after;

	(void)carriage_out(all);
	assert_ok(carriage_deliver(all));
	all->world->now_ms += INT64_C(30) * 24 * 3600 * 1000;
	assert_int_equal(carriage_in(all).requests, 1);
	after = carriage_state(all);
	assert_int_equal(after.server_time_ms, before.server_time_ms);
	assert_int_equal(after.server_uptime_ms, before.server_uptime_ms);
	/* … but it tells when the phone and the server last were of one mind. */
	assert_true(after.last_sync_ms > 0);
	assert_true(after.last_sync_ms < all->world->now_ms - INT64_C(29) * 24 * 3600 * 1000);
	carriage_free(all);
}

/* ---- the lease of a phone that only files reach ---- */

#define LEASE_DAY_MS (INT64_C(24) * 3600 * 1000)

enum { LEASE_DAYS = 30 };

static void
round_trip(struct carriage *all)
{
	(void)carriage_out(all);
	assert_ok(carriage_deliver(all));
	(void)carriage_in(all);
}

static struct carriage *
leased(void)
{
	struct carriage *all = carriage_make();
	struct sambung_state state;

	all->world->lease_days = LEASE_DAYS;
	round_trip(all);
	assert_ok(sambung_state(carriage_phone(all, all->ani), &state, &all->err));
	assert_int_not_equal(state.lease_until_ms, 0);
	return all;
}

static void
clock_set(struct carriage *all, int64_t shift_ms)
{
	struct world_device *ani = &all->world->devices[all->ani];

	ani->boots++;
	ani->clock_shift_ms = shift_ms;
	world_reopen(all->world, all->ani);
}

static int
count_line(void *context, const char *line, size_t length)
{
	(void)line;
	(void)length;
	(*(unsigned *)context)++;
	return 0;
}

static bool
is_shut(struct carriage *all)
{
	unsigned lines = 0;
	int status = sambung_record(carriage_phone(all, all->ani), all->person, count_line, &lines,
				    &all->err);

	assert_true(status == STATUS_LEASE_OVER ? lines == 0 : status == 0);
	return status == STATUS_LEASE_OVER;
}

TEST(a_file_opens_a_phone_whose_clock_had_run_ahead)
{
	struct carriage *all = leased();

	clock_set(all, 400 * LEASE_DAY_MS);
	assert_true(is_shut(all));
	clock_set(all, 0);
	assert_true(is_shut(all));
	round_trip(all);
	assert_false(is_shut(all));
	world_reopen(all->world, all->ani);
	assert_false(is_shut(all));
	carriage_free(all);
}

TEST(a_file_that_opened_a_phone_opens_it_only_once)
{
	struct carriage *all = leased();
	struct sambung_result result;

	clock_set(all, 400 * LEASE_DAY_MS);
	assert_true(is_shut(all));
	clock_set(all, 0);
	round_trip(all);
	assert_false(is_shut(all));
	all->world->now_ms += (LEASE_DAYS + 1) * LEASE_DAY_MS;
	world_reopen(all->world, all->ani);
	assert_true(is_shut(all));
	/* Set to the day of the file. */
	clock_set(all, -(LEASE_DAYS + 1) * LEASE_DAY_MS);
	(void)sambung_carry_in(carriage_phone(all, all->ani), carriage_bytes(&all->answers),
			       &result, &all->err);
	assert_true(is_shut(all));
	world_reopen(all->world, all->ani);
	assert_true(is_shut(all));
	clock_set(all, 0);
	round_trip(all);
	assert_false(is_shut(all));
	carriage_free(all);
}

/* The first that it hears of a lease is that it is over: the answer counts all the same. */
TEST(a_phone_that_hears_of_its_lease_too_late_takes_the_whole_answer_and_is_shut_then)
{
	struct carriage *all = carriage_make();

	all->world->lease_days = LEASE_DAYS;
	carriage_visits(all, 3, 20);
	(void)carriage_out(all);
	assert_ok(carriage_deliver(all));
	all->world->now_ms += (LEASE_DAYS + 1) * LEASE_DAY_MS;
	world_reopen(all->world, all->ani);
	assert_int_equal(carriage_in(all).acked, 5);
	assert_int_equal(carriage_queued(all), 0);
	assert_true(is_shut(all));
	round_trip(all);
	assert_false(is_shut(all));
	carriage_assert_same(all, 5);
	carriage_free(all);
}

/* A phone that is shut sends what waits, and what a restored server lacks after it. */
TEST(files_bring_a_restored_server_what_a_shut_phone_had_sent)
{
	struct carriage *all = leased();
	unsigned backup = world_backup(all->world);

	carriage_visits(all, 4, 20);
	round_trip(all);
	carriage_visits(all, 1, 20);
	all->world->now_ms += (LEASE_DAYS + 1) * LEASE_DAY_MS;
	world_reopen(all->world, all->ani);
	assert_true(is_shut(all));
	world_restore(all->world, backup);
	for (unsigned trips = 0; trips < 4; trips++) {
		round_trip(all);
	}
	assert_false(is_shut(all));
	assert_int_equal(carriage_queued(all), 0);
	carriage_assert_same(all, 7);
	carriage_free(all);
}

RUN_TESTS(
	CASE(a_phone_without_signal_since_its_enrolment_delivers_a_hundred_visits_through_anothers_file),
	CASE(a_file_before_or_after_the_phones_own_sync_gives_the_same_server_state),
	CASE(a_file_delivered_twice_is_in_the_log_once),
	CASE(two_files_of_the_same_queue_by_two_carriers_are_in_the_log_once),
	CASE(answers_twice_out_of_order_and_after_the_phones_own_sync_harm_nothing),
	CASE(late_answers_do_not_take_back_what_others_changed_since),
	CASE(a_parcel_that_comes_before_the_one_in_front_of_it_changes_nothing),
	CASE(an_answer_that_misses_what_another_courier_brought_is_no_failure),
	CASE(a_delivery_that_is_cut_off_goes_on_where_it_was),
	CASE(a_file_of_an_empty_queue_brings_back_what_others_did),
	CASE(a_whole_village_comes_through_files_page_by_page),
	CASE(a_late_answer_does_not_make_the_last_sync_older),
	CASE(an_answer_that_was_long_on_its_way_sets_no_clock),
	CASE(a_file_opens_a_phone_whose_clock_had_run_ahead),
	CASE(a_file_that_opened_a_phone_opens_it_only_once),
	CASE(a_phone_that_hears_of_its_lease_too_late_takes_the_whole_answer_and_is_shut_then),
	CASE(files_bring_a_restored_server_what_a_shut_phone_had_sent))

/* SPDX-License-Identifier: Apache-2.0 */
/* Records that are shut after long without contact, and what goes on all the same. */
#include "client/local_parts.h"
#include "device_world.h"

#define DAY_MS (INT64_C(24) * 3600 * 1000)

static struct error error;

static const char secret_name[] = "Nurhalizah Qoriah";

/* An answer of that moment with a lease of so many days, or without a word of one (-1). */
static int
answer_of(struct world *w, int days, int64_t server_ms)
{
	struct ack_run run = {w->head.first_n, w->head.count, 10 + w->head.first_n};
	struct reply reply = world_reply(w);

	reply.server_time_ms = server_ms;
	reply.to = (struct cursor){20, 20, CURSOR_ID_END};
	reply.acks = &run;
	reply.ack_count = w->head.count == 0 ? 0 : 1;
	reply.has_lease = days >= 0;
	reply.lease = (struct lease){(uint16_t)days, {9, 8, 7}};
	return world_answer(w, &reply);
}

/* By a server whose clock is right. */
static int
answer(struct world *w, int days)
{
	return answer_of(w, days, w->wall_ms);
}

static void
contact(struct world *w, int days)
{
	world_request(w);
	assert_ok(answer(w, days));
}

static void
days_pass(struct world *w, int64_t days)
{
	w->wall_ms += days * DAY_MS;
	w->uptime_ms += days * DAY_MS;
}

static struct sambung_state
seen(struct world *w)
{
	struct sambung_state state;

	assert_ok(sambung_state(w->device, &state, &w->err));
	return state;
}

static int
look(struct world *w, uint64_t id)
{
	char text[ID_TEXT_SIZE];

	world_lines_clear(w);
	return sambung_record(w->device, id_format(id, text), world_line, w, &w->err);
}

TEST(without_a_word_of_a_lease_there_is_none)
{
	struct world *w = *state;
	uint64_t id = world_record(w, "family", FIELDS("head", secret_name));

	contact(w, -1);
	days_pass(w, 5000);
	assert_int_equal(seen(w).lease_until_ms, 0);
	assert_ok(look(w, id));
}

TEST(records_are_shut_when_it_is_over_and_open_with_the_next_contact)
{
	struct world *w = *state;
	struct sambung_edit *edit;
	uint64_t id = world_record(w, "family", FIELDS("head", secret_name));

	contact(w, 30);
	assert_int_equal(seen(w).lease_until_ms, w->wall_ms + 30 * DAY_MS);
	days_pass(w, 29);
	assert_ok(look(w, id));
	days_pass(w, 2);
	assert_int_equal(look(w, id), STATUS_LEASE_OVER);
	assert_true(seen(w).lease_over);
	assert_string_equal(seen(w).cadre, "Siti");
	assert_int_equal(sambung_edit_create(w->device, "family", &edit, &w->err),
			 STATUS_LEASE_OVER);
	world_reopen(w);
	assert_int_equal(look(w, id), STATUS_LEASE_OVER);
	world_request(w);
	assert_true(w->head.certificate.length > 0);
	assert_ok(answer(w, 30));
	assert_contains(world_show(w, id), secret_name);
	assert_false(seen(w).lease_over);
	world_request(w);
	assert_int_equal(w->head.certificate.length, 0);
	world_reopen(w);
	assert_contains(world_show(w, id), secret_name);
}

TEST(what_waits_is_sent_when_it_is_over)
{
	struct world *w = *state;
	uint64_t id;

	contact(w, 30);
	id = world_record(w, "family", FIELDS("head", secret_name));
	days_pass(w, 31);
	world_reopen(w);
	assert_int_equal(look(w, id), STATUS_LEASE_OVER);
	assert_int_equal(seen(w).queued, 1);
	world_request(w);
	assert_int_equal(w->head.count, 1);
	assert_ok(answer(w, 30));
	assert_int_equal(seen(w).queued, 0);
	assert_contains(world_show(w, id), secret_name);
}

TEST(the_share_is_on_the_disk_no_more_and_without_it_the_record_key_does_not_open)
{
	struct world *w = *state;
	struct local_lease lease;
	const uint8_t zeros[LEASE_SHARE_SIZE] = {0};

	(void)world_record(w, "family", FIELDS("head", secret_name));
	contact(w, 30);
	assert_ok(local_lease(w->device->local, &lease, &error));
	assert_int_equal(lease.share[2], 7);
	days_pass(w, 31);
	world_reopen(w);
	assert_true(seen(w).lease_over);
	assert_ok(local_lease(w->device->local, &lease, &error));
	assert_true(lease.lacking);
	assert_memory_equal(lease.share, zeros, sizeof zeros);
	/* Whoever clears the mark has a wrong share. */
	lease.lacking = false;
	assert_ok(local_lease_save(w->device->local, &lease, span_of(NULL, 0), &error));
	assert_int_equal(lease_open(w->device, &error), STATUS_SIGNATURE);
}

TEST(a_clock_that_is_set_back_gains_no_day)
{
	struct world *w = *state;
	uint64_t id = world_record(w, "family", FIELDS("head", secret_name));

	contact(w, 30);
	w->boot++; /* from here on only the wall clock tells */
	days_pass(w, 20);
	world_reopen(w);
	assert_ok(look(w, id));
	w->wall_ms -= 400 * DAY_MS;
	world_reopen(w);
	assert_ok(look(w, id));
	assert_int_equal(w->device->lease.latest_ms, WORLD_TIME_MS + 20 * DAY_MS);
	w->wall_ms += 400 * DAY_MS + 11 * DAY_MS;
	assert_int_equal(look(w, id), STATUS_LEASE_OVER);
	w->wall_ms -= 400 * DAY_MS;
	world_reopen(w);
	assert_int_equal(look(w, id), STATUS_LEASE_OVER);
}

TEST(every_contact_lets_it_begin_anew)
{
	struct world *w = *state;
	uint64_t id = world_record(w, "family", FIELDS("head", secret_name));

	contact(w, 30);
	for (unsigned i = 0; i < 5; i++) {
		days_pass(w, 25);
		contact(w, -1);
		assert_ok(look(w, id));
	}
	assert_int_equal(seen(w).lease_until_ms, w->wall_ms + 30 * DAY_MS);
}

/* As in a file that took its time. */
TEST(an_answer_of_before_takes_no_day_away)
{
	struct world *w = *state;
	int64_t until_ms;

	contact(w, 30);
	days_pass(w, 10);
	contact(w, 30);
	until_ms = seen(w).lease_until_ms;
	world_request(w);
	assert_ok(answer_of(w, 30, w->wall_ms - 5 * DAY_MS));
	assert_int_equal(seen(w).lease_until_ms, until_ms);
	world_request(w);
	assert_ok(answer_of(w, -1, w->wall_ms - 5 * DAY_MS));
	assert_int_equal(seen(w).lease_until_ms, until_ms);
}

static int64_t
number_of(struct world *w, const char *text)
{
	struct statement *s = sql_prepare(w->device->local->sql, text, &error);
	int64_t number;
	bool row;

	assert_ok(sql_row(s, &row, &error));
	assert_true(row);
	number = sql_int(s, 0);
	sql_reset(s);
	return number;
}

static void
run(struct world *w, const char *text)
{
	assert_ok(sql_exec(w->device->local->sql, text, &error));
}

static size_t
length_of(struct world *w, uint32_t n)
{
	struct local_change change;

	assert_ok(local_change(w->device->local, n, &w->arena, &change, &error));
	return change.bytes.length;
}

/* They are no records, and would open without the share. */
TEST(what_was_acknowledged_is_shut_and_opens_with_the_records)
{
	struct world *w = *state;
	struct local_batches batches;
	size_t length;

	for (int i = 0; i < 3; i++) {
		(void)world_record(w, "family", FIELDS("head", secret_name));
	}
	contact(w, 30);
	(void)world_record(w, "family", FIELDS("head", secret_name));
	length = length_of(w, 1);
	assert_int_not_equal(length, 0);
	days_pass(w, 31);
	assert_true(seen(w).lease_over);
	for (uint32_t n = 1; n <= 3; n++) {
		assert_int_equal(length_of(w, n), 0);
		assert_int_equal(local_batches(w->device->local, n, n, &w->arena, &batches, &error),
				 STATUS_LEASE_OVER);
	}
	assert_int_not_equal(length_of(w, 4), 0);
	world_request(w);
	assert_int_equal(w->head.count, 1);
	assert_ok(answer(w, 30));
	assert_int_equal(length_of(w, 1), length);
	assert_ok(local_batches(w->device->local, 1, 4, &w->arena, &batches, &error));
	assert_int_equal(batches.count, 2);
	days_pass(w, 31);
	assert_true(seen(w).lease_over);
	assert_int_equal(number_of(w, "SELECT count(*) FROM change WHERE body < x'02'"), 0);
	assert_int_equal(number_of(w, "SELECT count(*) FROM batch WHERE seed < x'02'"), 0);
}

/* As a fork leaves what is in quarantine of the number before. */
TEST(what_is_in_quarantine_of_a_former_number_is_shut_too)
{
	struct world *w = *state;
	size_t length;

	for (int i = 0; i < 2; i++) {
		(void)world_record(w, "family", FIELDS("head", secret_name));
	}
	contact(w, 30);
	length = length_of(w, 1);
	run(w, "UPDATE change SET n = n - 2147483648, acked_ms = 0, exception = 2"
	       " WHERE n = 1");
	days_pass(w, 31);
	assert_true(seen(w).lease_over);
	assert_int_equal(number_of(w, "SELECT count(*) FROM change WHERE body < x'02'"), 0);
	contact(w, 30);
	run(w, "UPDATE change SET n = n + 2147483648 WHERE n < 0");
	assert_int_equal(length_of(w, 1), length);
}

/* Its end is one commit, so that a phone which dies amid it ends it again. */
TEST(a_lease_that_cannot_end_now_ends_the_next_time)
{
	struct world *w = *state;
	uint64_t id = world_record(w, "family", FIELDS("head", secret_name));

	contact(w, 30);
	run(w, "CREATE TRIGGER broken BEFORE UPDATE OF lease ON device"
	       " BEGIN SELECT raise(ABORT, 'broken'); END");
	days_pass(w, 31);
	assert_int_not_equal(look(w, id), 0);
	assert_int_equal(number_of(w, "SELECT count(*) FROM change WHERE body >= x'02'"), 0);
	run(w, "DROP TRIGGER broken");
	world_reopen(w);
	assert_int_equal(look(w, id), STATUS_LEASE_OVER);
	assert_int_equal(number_of(w, "SELECT count(*) FROM change WHERE body < x'02'"), 0);
	contact(w, 30);
	assert_contains(world_show(w, id), secret_name);
}

TEST(other_days_count_from_then_on_and_none_end_it)
{
	struct world *w = *state;
	uint64_t id = world_record(w, "family", FIELDS("head", secret_name));

	contact(w, 30);
	contact(w, 7);
	assert_int_equal(seen(w).lease_until_ms, w->wall_ms + 7 * DAY_MS);
	days_pass(w, 8);
	assert_int_equal(look(w, id), STATUS_LEASE_OVER);
	contact(w, 0);
	assert_int_equal(seen(w).lease_until_ms, 0);
	days_pass(w, 5000);
	world_reopen(w);
	assert_contains(world_show(w, id), secret_name);
}

TEST(a_revoked_phone_whose_lease_is_over_delivers_and_destroys)
{
	struct world *w = *state;
	struct ack_run run = {1, 1, 10};
	struct exception set_aside = {
		.n = 1, .kind = EXCEPTION_QUARANTINED, .reason = QUARANTINE_REVOKED};
	struct reply reply;

	contact(w, 30);
	(void)world_record(w, "family", FIELDS("head", secret_name));
	days_pass(w, 31);
	world_reopen(w);
	world_request(w);
	assert_int_equal(w->head.count, 1);
	reply = world_reply(w);
	reply.status = STATUS_REVOKED;
	reply.acks = &run;
	reply.ack_count = 1;
	reply.exceptions = &set_aside;
	reply.exception_count = 1;
	assert_ok(world_answer(w, &reply));
	world_request(w);
	assert_int_equal(w->head.programme, PROGRAMME_BASE | PROGRAMME_DESTROYED);
}

TEST(an_answer_without_the_share_leaves_all_as_it_is)
{
	struct world *w = *state;
	uint64_t id;

	contact(w, 30);
	id = world_record(w, "family", FIELDS("head", secret_name));
	days_pass(w, 31);
	world_reopen(w);
	world_request(w);
	assert_int_equal(answer(w, -1), STATUS_LEASE_OVER);
	assert_int_equal(seen(w).queued, 1);
	contact(w, 30);
	assert_int_equal(seen(w).queued, 0);
	assert_contains(world_show(w, id), secret_name);
}

#define IN_WORLD(sentence) CASE_WITH(sentence, world_open, world_close)

RUN_TESTS(IN_WORLD(without_a_word_of_a_lease_there_is_none),
	  IN_WORLD(records_are_shut_when_it_is_over_and_open_with_the_next_contact),
	  IN_WORLD(what_waits_is_sent_when_it_is_over),
	  IN_WORLD(the_share_is_on_the_disk_no_more_and_without_it_the_record_key_does_not_open),
	  IN_WORLD(a_clock_that_is_set_back_gains_no_day),
	  IN_WORLD(every_contact_lets_it_begin_anew),
	  IN_WORLD(an_answer_of_before_takes_no_day_away),
	  IN_WORLD(what_was_acknowledged_is_shut_and_opens_with_the_records),
	  IN_WORLD(what_is_in_quarantine_of_a_former_number_is_shut_too),
	  IN_WORLD(a_lease_that_cannot_end_now_ends_the_next_time),
	  IN_WORLD(other_days_count_from_then_on_and_none_end_it),
	  IN_WORLD(a_revoked_phone_whose_lease_is_over_delivers_and_destroys),
	  IN_WORLD(an_answer_without_the_share_leaves_all_as_it_is))

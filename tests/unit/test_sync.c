/* SPDX-License-Identifier: Apache-2.0 */
/* The loop over the network. */
#include "client/exchange.h"
#include "device_world.h"

static const struct cursor at_100 = {100, 100, CURSOR_ID_END};

static uint64_t
family(struct world *w)
{
	return world_record(w, "family", FIELDS("head", "Ani"));
}

static int
answer_with(struct world *w, const struct reply *answer, struct buffer *reply)
{
	struct buffer packed;
	static const uint8_t nonce[12] = {1};
	struct error err;

	buffer_init(&packed, PARCEL_REPLY_MAX);
	assert_ok(reply_pack(answer, &packed, &err));
	assert_ok(parcel_seal_reply(&w->opened.session, nonce, buffer_span(&packed), reply, &err));
	buffer_finish(&packed);
	return 200;
}

/* Acknowledges what comes; the second exchange ends the loop of pages. */
static int
answer_two_pages(struct world *w, struct buffer *reply)
{
	struct ack_run run = {w->head.first_n, w->head.count, 10};
	struct reply answer = world_reply(w);

	answer.acks = &run;
	answer.ack_count = w->head.count > 0;
	answer.more = w->posts == 1;
	answer.to = answer.more ? (struct cursor){0, 50, 5} : at_100;
	return answer_with(w, &answer, reply);
}

TEST(a_sync_goes_on_until_everything_is_there)
{
	struct world *w = *state;

	(void)family(w);
	(void)family(w);
	w->answer = answer_two_pages;
	assert_ok(sambung_sync(w->device, NULL, NULL, &w->result, &w->err));
	assert_int_equal(w->result.requests, 2);
	assert_int_equal(w->result.sent, 2);
	assert_int_equal(w->result.acked, 2);
	assert_true(w->result.bytes_up > 2 * PARCEL_REQUEST_OVERHEAD);
	assert_true(w->result.bytes_down > 2 * PARCEL_REPLY_OVERHEAD);
	assert_true(w->result.synced);
	/* Nothing to say: one request. */
	assert_ok(sambung_sync(w->device, NULL, NULL, &w->result, &w->err));
	assert_int_equal(w->result.requests, 1);
	assert_true(w->result.synced);
}

static int
stop_after_one(void *context, const struct sambung_result *so_far)
{
	(void)context;
	return so_far->requests == 1;
}

TEST(a_sync_that_is_stopped_keeps_what_it_has)
{
	struct world *w = *state;

	(void)family(w);
	w->answer = answer_two_pages;
	assert_ok(sambung_sync(w->device, stop_after_one, NULL, &w->result, &w->err));
	assert_int_equal(w->result.requests, 1);
	assert_false(w->result.synced);
	assert_int_equal(world_state(w).acked_n, 1);
}

static int
answer_without_end(struct world *w, struct buffer *reply)
{
	struct reply answer = world_reply(w);

	answer.more = true;
	return answer_with(w, &answer, reply);
}

TEST(a_sync_that_does_not_get_on_ends)
{
	struct world *w = *state;

	w->answer = answer_without_end;
	assert_int_equal(sambung_sync(w->device, NULL, NULL, &w->result, &w->err), STATUS_INTERNAL);
	assert_true(w->posts <= 6);
	assert_false(w->result.synced);
}

/* As to a request that had come before. */
static int
answer_repeated(struct world *w, struct buffer *reply)
{
	struct reply answer = world_reply(w);

	answer.more = true;
	answer.r_seen = w->head.r;
	return answer_with(w, &answer, reply);
}

static int
answer_repeated_five_times(struct world *w, struct buffer *reply)
{
	return w->posts <= 5 ? answer_repeated(w, reply) : answer_two_pages(w, reply);
}

TEST(a_network_that_repeats_five_requests_in_a_row_costs_only_their_time)
{
	struct world *w = *state;

	(void)family(w);
	w->answer = answer_repeated_five_times;
	assert_ok(sambung_sync(w->device, NULL, NULL, &w->result, &w->err));
	assert_int_equal(w->result.requests, 6);
	assert_int_equal(w->result.acked, 1);
	assert_true(w->result.synced);
}

TEST(a_network_that_repeats_every_request_is_no_fault_of_the_program)
{
	struct world *w = *state;

	(void)family(w);
	w->answer = answer_repeated;
	assert_int_equal(sambung_sync(w->device, NULL, NULL, &w->result, &w->err),
			 STATUS_UNREACHABLE);
	assert_in_range(w->posts, 4, 12);
	assert_false(w->result.synced);
	assert_int_equal(world_state(w).last_n - world_state(w).acked_n, 1);
}

static int http_status;

static int
answer_http(struct world *w, struct buffer *reply)
{
	(void)w;
	buffer_append(reply, "<html>", 6);
	return http_status;
}

TEST(an_answer_that_is_no_parcel_is_told_as_what_it_means)
{
	static const struct {
		int http;
		enum status status;
	} answers[] = {
		{0, STATUS_UNREACHABLE},   {200, STATUS_UNREACHABLE}, {503, STATUS_BUSY},
		{429, STATUS_BUSY},	   {413, STATUS_LIMIT},	      {400, STATUS_MALFORMED},
		{415, STATUS_UNSUPPORTED}, {404, STATUS_NOT_FOUND},   {302, STATUS_UNREACHABLE},
		{500, STATUS_UNREACHABLE}, {507, STATUS_SERVER_FULL}};
	struct world *w = *state;

	(void)family(w);
	w->answer = answer_http;
	for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
		http_status = answers[i].http;
		assert_int_equal(sambung_sync(w->device, NULL, NULL, &w->result, &w->err),
				 answers[i].status);
		assert_int_equal(w->result.requests, 1);
		assert_true(w->result.bytes_up > 0);
		assert_int_equal(world_state(w).last_n, 1);
		assert_int_equal(world_state(w).acked_n, 0);
	}
}

/* What `after` says from the second post on. */
static int (*answer_after)(struct world *w, struct buffer *reply);

static int
answer_failing_once(struct world *w, struct buffer *reply)
{
	return w->posts == 1 ? answer_http(w, reply) : answer_after(w, reply);
}

TEST(an_exchange_that_is_cut_off_is_tried_again_and_counted)
{
	struct world *w = *state;

	(void)family(w);
	w->patient = true;
	w->answer = answer_failing_once;
	answer_after = answer_two_pages;
	http_status = 0;
	assert_ok(sambung_sync(w->device, NULL, NULL, &w->result, &w->err));
	assert_int_equal(w->result.requests, 2);
	assert_int_equal(w->result.acked, 1);
	assert_true(w->result.synced);
	assert_in_range(w->waited_ms, 1, 1000);
	/* What was cut off counts as it went through the socket. */
	assert_true(w->result.bytes_up > 2 * PARCEL_REQUEST_OVERHEAD);
	assert_int_equal(w->device->exchange->size, PACE_START / 2);
}

TEST(an_exchange_that_is_cut_off_again_and_again_is_given_up)
{
	struct world *w = *state;

	(void)family(w);
	w->patient = true;
	w->answer = answer_http;
	http_status = 0;
	assert_int_equal(sambung_sync(w->device, NULL, NULL, &w->result, &w->err),
			 STATUS_UNREACHABLE);
	assert_int_equal(w->result.requests, PACE_TRIES);
	assert_int_equal(world_state(w).last_n - world_state(w).acked_n, 1);
}

TEST(a_full_server_is_asked_again_after_what_it_said)
{
	struct world *w = *state;

	(void)family(w);
	w->patient = true;
	w->retry_after_s = 7;
	w->answer = answer_failing_once;
	answer_after = answer_two_pages;
	http_status = 503;
	assert_ok(sambung_sync(w->device, NULL, NULL, &w->result, &w->err));
	assert_int_equal(w->result.requests, 2);
	assert_in_range(w->waited_ms, 7000, 8000);
	assert_int_equal(w->result.retry_after_s, 0);
	/* It says nothing of the link. */
	assert_int_equal(w->device->exchange->size, PACE_START);
}

TEST(a_server_that_stays_full_is_left_with_what_it_asked)
{
	struct world *w = *state;

	w->patient = true;
	w->retry_after_s = 7;
	w->answer = answer_http;
	http_status = 503;
	assert_int_equal(sambung_sync(w->device, NULL, NULL, &w->result, &w->err), STATUS_BUSY);
	assert_int_equal(w->result.requests, 2);
	assert_int_equal(w->result.retry_after_s, 7);
}

TEST(a_login_page_is_not_asked_again)
{
	struct world *w = *state;

	w->patient = true;
	w->answer = answer_http;
	http_status = 302;
	assert_int_equal(sambung_sync(w->device, NULL, NULL, &w->result, &w->err),
			 STATUS_UNREACHABLE);
	assert_int_equal(w->result.requests, 1);
	assert_int_equal(w->waited_ms, 0);
}

static int
answer_unopened(struct world *w, struct buffer *reply)
{
	(void)w;
	buffer_printf(reply, "signature: the signature or seal does not fit\n");
	return 400;
}

TEST(a_server_that_cannot_open_the_parcel_is_another_server)
{
	struct world *w = *state;

	w->answer = answer_unopened;
	assert_int_equal(sambung_sync(w->device, NULL, NULL, &w->result, &w->err), STATUS_FOREIGN);
}

TEST(a_device_that_is_not_enrolled_cannot_sync)
{
	struct world *w = *state;

	assert_int_equal(sambung_sync(w->device, NULL, NULL, &w->result, &w->err),
			 STATUS_NOT_ENROLLED);
	assert_int_equal(w->result.requests, 0);
}

#define IN_WORLD(sentence) CASE_WITH(sentence, world_open, world_close)
#define IN_NEW_WORLD(sentence) CASE_WITH(sentence, world_open_new, world_close)

RUN_TESTS(IN_WORLD(a_sync_goes_on_until_everything_is_there),
	  IN_WORLD(a_sync_that_is_stopped_keeps_what_it_has),
	  IN_WORLD(a_sync_that_does_not_get_on_ends),
	  IN_WORLD(a_network_that_repeats_five_requests_in_a_row_costs_only_their_time),
	  IN_WORLD(a_network_that_repeats_every_request_is_no_fault_of_the_program),
	  IN_WORLD(an_answer_that_is_no_parcel_is_told_as_what_it_means),
	  IN_WORLD(an_exchange_that_is_cut_off_is_tried_again_and_counted),
	  IN_WORLD(an_exchange_that_is_cut_off_again_and_again_is_given_up),
	  IN_WORLD(a_full_server_is_asked_again_after_what_it_said),
	  IN_WORLD(a_server_that_stays_full_is_left_with_what_it_asked),
	  IN_WORLD(a_login_page_is_not_asked_again),
	  IN_WORLD(a_server_that_cannot_open_the_parcel_is_another_server),
	  IN_NEW_WORLD(a_device_that_is_not_enrolled_cannot_sync))

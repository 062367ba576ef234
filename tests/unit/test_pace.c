/* SPDX-License-Identifier: Apache-2.0 */
/* How much an exchange asks of a link: sizes and outcomes in, the next size out. */
#include "client/pace.h"
#include "tests/testing.h"

static const struct pace_seen lost = {.arrived = false};

static struct pace_seen
arrived(uint64_t bytes, int64_t ms)
{
	return (struct pace_seen){.arrived = true, .bytes = bytes, .ms = ms};
}

static uint32_t
next_after(uint32_t size, struct pace_seen seen)
{
	return pace_next(size, &seen);
}

TEST(what_is_cut_off_is_asked_for_in_half)
{
	uint32_t size = PACE_MOST;

	size = pace_next(size, &lost);
	assert_int_equal(size, PACE_MOST / 2);
	for (int i = 0; i < 10; i++) {
		size = pace_next(size, &lost);
	}
	assert_int_equal(size, PACE_LEAST);
}

TEST(a_quick_link_is_asked_for_more_until_the_most)
{
	uint32_t size = PACE_LEAST;

	assert_int_equal(next_after(size, arrived(size, 500)), 2 * PACE_LEAST);
	for (int i = 0; i < 10; i++) {
		size = next_after(size, arrived(size, 500));
	}
	assert_int_equal(size, PACE_MOST);
}

TEST(a_small_exchange_shows_nothing_of_the_rate)
{
	assert_int_equal(next_after(PACE_START, arrived(1200, 1500)), PACE_START);
	assert_int_equal(next_after(PACE_START, arrived(1200, 0)), PACE_START);
}

TEST(an_exchange_that_took_long_makes_the_next_smaller)
{
	assert_int_equal(next_after(PACE_MOST, arrived(PACE_MOST, 10000)),
			 PACE_MOST * PACE_TARGET_MS / 10000);
	assert_int_equal(next_after(PACE_MOST, arrived(PACE_MOST, 3600000)), PACE_MOST / 2);
	assert_int_equal(next_after(PACE_START, arrived(600, 30000)), PACE_START / 2);
}

TEST(a_clock_that_goes_back_does_no_harm)
{
	assert_int_equal(next_after(PACE_START, arrived(PACE_START, -5000)), 2 * PACE_START);
	assert_int_equal(next_after(PACE_LEAST, arrived(UINT32_MAX, INT64_MIN)), 2 * PACE_LEAST);
}

/* A link that is up for 20 seconds at a time, at this rate. How many exchanges came through in the
 * window; *size goes on from one to the next. */
static unsigned
window(uint32_t *size, int64_t bytes_per_s)
{
	const int64_t rtt_ms = 600;
	int64_t left_ms = 20000 - rtt_ms; /* the connection */
	unsigned through = 0;

	for (;;) {
		int64_t ms = rtt_ms + (int64_t)*size * 1000 / bytes_per_s;

		if (ms > left_ms) {
			*size = pace_next(*size, &lost);
			return through;
		}
		left_ms -= ms;
		*size = next_after(*size, arrived(*size, ms));
		through++;
	}
}

TEST(a_window_of_twenty_seconds_always_brings_something_through)
{
	static const int64_t kbits[] = {3, 5, 10, 20, 40, 64, 128, 1000, 20000};

	for (size_t i = 0; i < sizeof kbits / sizeof kbits[0]; i++) {
		uint32_t size = PACE_START;
		unsigned empty = 0;

		for (int windows = 0; windows < 50; windows++) {
			empty += window(&size, kbits[i] * 1000 / 8) == 0;
		}
		/* Until the size fits, at the very slowest: 16, 8 KiB. */
		assert_in_range(empty, 0, kbits[i] >= 10 ? 0 : 2);
	}
}

TEST(at_forty_kilobits_an_exchange_takes_as_long_as_it_may)
{
	uint32_t size = PACE_START;

	for (int i = 0; i < 20; i++) {
		size = next_after(size, arrived(size, 600 + (int64_t)size * 1000 / 5000));
	}
	assert_in_range(size, 30 * 1024, 40 * 1024);
}

TEST(changes_go_first_and_the_answer_has_what_is_left)
{
	assert_int_equal(pace_room(PACE_START, 0, false), PACE_START);
	assert_int_equal(pace_room(PACE_START, 1000, false), PACE_START - 1000);
	assert_int_equal(pace_room(PACE_START, PACE_START - 10, false), PACE_LEAST);
	assert_int_equal(pace_room(PACE_START, 2 * PACE_START, false), PACE_LEAST);
	assert_int_equal(pace_room(PACE_MOST, 1000, true), PACE_LEAST);
}

TEST(what_is_cut_off_is_tried_twice_more_within_a_second)
{
	struct pace_failure failure = {.tries = 1, .cut = true};
	uint32_t wait_ms = 0;

	assert_true(pace_retry(&failure, UINT32_MAX, &wait_ms));
	assert_in_range(wait_ms, 1, 500);
	failure.tries = 2;
	assert_true(pace_retry(&failure, UINT32_MAX, &wait_ms));
	assert_in_range(wait_ms, 1, 500);
	failure.tries = 3;
	assert_false(pace_retry(&failure, 0, &wait_ms));
}

TEST(a_full_server_is_tried_once_more_and_not_before_it_said)
{
	struct pace_failure failure = {.tries = 1, .busy = true, .retry_after_s = 12};
	uint32_t wait_ms = 0;

	assert_true(pace_retry(&failure, 999, &wait_ms));
	assert_int_equal(wait_ms, 12999);
	failure.tries = 2;
	assert_false(pace_retry(&failure, 0, &wait_ms));
	failure = (struct pace_failure){.tries = 1, .busy = true};
	assert_true(pace_retry(&failure, 0, &wait_ms));
	assert_in_range(wait_ms, 1000, 5000);
}

TEST(nobody_waits_longer_than_half_a_minute)
{
	struct pace_failure failure = {.tries = 1, .busy = true, .retry_after_s = 31};
	uint32_t wait_ms;

	assert_false(pace_retry(&failure, 0, &wait_ms));
	failure.retry_after_s = UINT32_MAX;
	assert_false(pace_retry(&failure, 0, &wait_ms));
	failure = (struct pace_failure){.tries = 1, .cut = true, .elapsed_ms = 60000};
	assert_false(pace_retry(&failure, 0, &wait_ms));
	failure.elapsed_ms = -1;
	assert_false(pace_retry(&failure, 0, &wait_ms));
}

TEST(a_server_that_was_not_reached_is_not_tried_again)
{
	struct pace_failure failure = {.tries = 1};
	uint32_t wait_ms;

	assert_false(pace_retry(&failure, 0, &wait_ms));
}

RUN_TESTS(CASE(what_is_cut_off_is_asked_for_in_half),
	  CASE(a_quick_link_is_asked_for_more_until_the_most),
	  CASE(a_small_exchange_shows_nothing_of_the_rate),
	  CASE(an_exchange_that_took_long_makes_the_next_smaller),
	  CASE(a_clock_that_goes_back_does_no_harm),
	  CASE(a_window_of_twenty_seconds_always_brings_something_through),
	  CASE(at_forty_kilobits_an_exchange_takes_as_long_as_it_may),
	  CASE(changes_go_first_and_the_answer_has_what_is_left),
	  CASE(what_is_cut_off_is_tried_twice_more_within_a_second),
	  CASE(a_full_server_is_tried_once_more_and_not_before_it_said),
	  CASE(nobody_waits_longer_than_half_a_minute),
	  CASE(a_server_that_was_not_reached_is_not_tried_again))

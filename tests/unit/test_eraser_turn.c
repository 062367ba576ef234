/* SPDX-License-Identifier: Apache-2.0 */
/* When the eraser works and when it warns, by times alone. */
#include "daemon/eraser_turn.h"
#include "tests/testing.h"

enum { NIGHT = 2, NOON = 12 };
#define MINUTE_MS INT64_C(60000)
#define HOUR_MS (60 * MINUTE_MS)
#define DAY_MS (24 * HOUR_MS)
#define ASKED_MS INT64_C(1795000000000)

/* A look so long after the erasure was asked for. */
static enum eraser_step
look(struct eraser_turn *turn, int64_t later_ms, unsigned hour)
{
	const struct eraser_look now = {
		.now_ms = ASKED_MS + later_ms, .hour = hour, .asked_ms = ASKED_MS};

	return eraser_turn(turn, &now);
}

TEST(what_somebody_asks_for_is_finished_at_any_hour)
{
	struct eraser_turn turn = {.hour = NIGHT};
	const struct eraser_look now = {
		.now_ms = ASKED_MS, .hour = NOON, .asked_ms = ASKED_MS, .wanted = true};

	(void)state;
	assert_int_equal(eraser_turn(&turn, &now), ERASER_FINISH);
	turn.hour = ERASER_ONLY_ASKED;
	assert_int_equal(eraser_turn(&turn, &now), ERASER_FINISH);
}

TEST(nothing_is_done_by_day)
{
	struct eraser_turn turn = {.hour = NIGHT};

	(void)state;
	assert_int_equal(look(&turn, HOUR_MS, NOON), ERASER_WAIT);
	assert_int_equal(look(&turn, 2 * HOUR_MS, NIGHT - 1), ERASER_WAIT);
	assert_int_equal(look(&turn, 3 * HOUR_MS, NIGHT + 1), ERASER_WAIT);
}

TEST(the_hours_turn_comes_once_a_night)
{
	struct eraser_turn turn = {.hour = NIGHT};

	(void)state;
	assert_int_equal(look(&turn, HOUR_MS, NIGHT), ERASER_FINISH);
	assert_int_equal(look(&turn, HOUR_MS + MINUTE_MS, NIGHT), ERASER_WAIT);
	assert_int_equal(look(&turn, HOUR_MS + 59 * MINUTE_MS, NIGHT), ERASER_WAIT);
	assert_int_equal(look(&turn, HOUR_MS + DAY_MS, NIGHT), ERASER_FINISH);
}

TEST(an_asked_for_end_leaves_the_night_its_turn)
{
	struct eraser_turn turn = {.hour = NIGHT};
	const struct eraser_look now = {
		.now_ms = ASKED_MS, .hour = NIGHT, .asked_ms = ASKED_MS, .wanted = true};

	(void)state;
	assert_int_equal(eraser_turn(&turn, &now), ERASER_FINISH);
	assert_int_equal(look(&turn, MINUTE_MS, NIGHT), ERASER_FINISH);
}

TEST(without_an_hour_no_hour_is_the_one)
{
	struct eraser_turn turn = {.hour = ERASER_ONLY_ASKED};

	(void)state;
	for (unsigned hour = 0; hour <= ERASER_ONLY_ASKED; hour++) {
		assert_int_equal(look(&turn, HOUR_MS, hour), ERASER_WAIT);
	}
}

TEST(it_warns_after_48_hours_and_not_a_moment_before)
{
	struct eraser_turn turn = {.hour = NIGHT};

	(void)state;
	assert_int_equal(look(&turn, 48 * HOUR_MS - 1, NOON), ERASER_WAIT);
	assert_int_equal(look(&turn, 48 * HOUR_MS, NOON), ERASER_WARN);
}

TEST(it_warns_once_a_day)
{
	struct eraser_turn turn = {.hour = NIGHT};

	(void)state;
	assert_int_equal(look(&turn, 50 * HOUR_MS, NOON), ERASER_WARN);
	assert_int_equal(look(&turn, 50 * HOUR_MS + MINUTE_MS, NOON), ERASER_WAIT);
	assert_int_equal(look(&turn, 74 * HOUR_MS - 1, NOON), ERASER_WAIT);
	assert_int_equal(look(&turn, 74 * HOUR_MS, NOON), ERASER_WARN);
}

TEST(in_its_hour_it_works_instead_of_warning)
{
	struct eraser_turn turn = {.hour = NIGHT};

	(void)state;
	assert_int_equal(look(&turn, 50 * HOUR_MS, NIGHT), ERASER_FINISH);
	assert_int_equal(look(&turn, 51 * HOUR_MS, NIGHT + 1), ERASER_WARN);
}

TEST(the_two_nights_before_the_warning_both_have_their_turn)
{
	struct eraser_turn turn = {.hour = NIGHT};
	unsigned turns = 0;

	(void)state;
	/* Asked for at noon; the thread looks once a minute. */
	for (int64_t later_ms = 0; later_ms < 48 * HOUR_MS; later_ms += MINUTE_MS) {
		const unsigned hour = (unsigned)((NOON + later_ms / HOUR_MS) % 24);
		const enum eraser_step step = look(&turn, later_ms, hour);

		assert_int_not_equal(step, ERASER_WARN);
		turns += step == ERASER_FINISH;
	}
	assert_int_equal(turns, 2);
}

TEST(a_clock_that_was_set_back_delays_neither_turn_nor_warning)
{
	struct eraser_turn turn = {.hour = NIGHT};

	(void)state;
	assert_int_equal(look(&turn, 1000 * DAY_MS, NIGHT), ERASER_FINISH);
	assert_int_equal(look(&turn, 1000 * DAY_MS + HOUR_MS, NIGHT + 1), ERASER_WARN);
	assert_int_equal(look(&turn, 3 * DAY_MS, NIGHT), ERASER_FINISH);
	assert_int_equal(look(&turn, 3 * DAY_MS + HOUR_MS, NIGHT + 1), ERASER_WARN);
}

RUN_TESTS(CASE(what_somebody_asks_for_is_finished_at_any_hour), CASE(nothing_is_done_by_day),
	  CASE(the_hours_turn_comes_once_a_night), CASE(an_asked_for_end_leaves_the_night_its_turn),
	  CASE(without_an_hour_no_hour_is_the_one),
	  CASE(it_warns_after_48_hours_and_not_a_moment_before), CASE(it_warns_once_a_day),
	  CASE(in_its_hour_it_works_instead_of_warning),
	  CASE(the_two_nights_before_the_warning_both_have_their_turn),
	  CASE(a_clock_that_was_set_back_delays_neither_turn_nor_warning))

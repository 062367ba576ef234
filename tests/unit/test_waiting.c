/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/http/waiting.h"
#include "tests/testing.h"

#include <semaphore.h>

struct sleeper {
	struct wait wait; /* first */
	sem_t woken;
	int count;
};

static struct waiting *waiting;

static int
list_start(void **state)
{
	(void)state;
	assert_ok(waiting_start(&waiting, NULL));
	return 0;
}

static int
list_stop(void **state)
{
	(void)state;
	waiting_stop(waiting);
	return 0;
}

static void
wake(struct wait *wait)
{
	struct sleeper *sleeper = (struct sleeper *)wait;

	sleeper->count++;
	(void)sem_post(&sleeper->woken);
}

static void
sleeper_begin(struct sleeper *sleeper, int64_t milliseconds)
{
	memset(sleeper, 0, sizeof *sleeper);
	assert_int_equal(sem_init(&sleeper->woken, 0, 0), 0);
	waiting_begin(waiting, &sleeper->wait, milliseconds, wake);
}

TEST(what_is_done_in_time_wakes_once)
{
	struct sleeper sleeper;

	sleeper_begin(&sleeper, 3600000);
	assert_true(waiting_end(waiting, &sleeper.wait));
	assert_int_equal(sleeper.count, 1);
	assert_false(waiting_expired(waiting, &sleeper.wait));
	assert_false(waiting_end(waiting, &sleeper.wait));
	assert_int_equal(sleeper.count, 1);
	(void)sem_destroy(&sleeper.woken);
}

TEST(time_that_is_up_wakes_and_the_work_learns_that_it_came_second)
{
	struct sleeper sleeper;

	sleeper_begin(&sleeper, 0);
	assert_int_equal(sem_wait(&sleeper.woken), 0);
	assert_false(waiting_end(waiting, &sleeper.wait));
	assert_true(waiting_expired(waiting, &sleeper.wait));
	assert_int_equal(sleeper.count, 1);
	(void)sem_destroy(&sleeper.woken);
}

TEST(each_waits_for_itself)
{
	struct sleeper patient[3];
	struct sleeper hasty;

	for (size_t i = 0; i < 3; i++) {
		sleeper_begin(&patient[i], 3600000);
	}
	sleeper_begin(&hasty, 0);
	assert_int_equal(sem_wait(&hasty.woken), 0);
	/* From the middle, the end and the beginning of the list. */
	assert_true(waiting_end(waiting, &patient[1].wait));
	assert_true(waiting_end(waiting, &patient[0].wait));
	assert_true(waiting_end(waiting, &patient[2].wait));
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(patient[i].count, 1);
		(void)sem_destroy(&patient[i].woken);
	}
	(void)sem_destroy(&hasty.woken);
}

#define LIST_CASE(sentence) CASE_WITH(sentence, list_start, list_stop)

RUN_TESTS(LIST_CASE(what_is_done_in_time_wakes_once),
	  LIST_CASE(time_that_is_up_wakes_and_the_work_learns_that_it_came_second),
	  LIST_CASE(each_waits_for_itself))

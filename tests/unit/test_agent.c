/* SPDX-License-Identifier: Apache-2.0 */
/* The agent over days, with a clock, chance and a server of the test's own. */
#include "client/tool/agent.h"
#include "tests/testing.h"

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

enum { SYNCS_MAX = 2000, SYNC_MS = 2000 };

struct life {
	int64_t now_ms;
	int64_t until_ms;
	uint64_t random;
	/* what happens once, at a time; 0: never */
	int64_t change_at_ms;
	int64_t network_at_ms;
	bool change_during_sync;
	/* the server */
	struct agent_end answer;
	/* the installation */
	unsigned queued;
	unsigned version; /* of its files */
	unsigned version_seen;
	/* what the agent did */
	int64_t syncs[SYNCS_MAX];
	size_t sync_count;
	size_t waits_count;
	size_t told;
	int64_t told_wait_ms;
};

static int64_t
life_now(void *context)
{
	return ((struct life *)context)->now_ms;
}

static uint32_t
life_random(void *context)
{
	struct life *life = context;

	life->random = life->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(life->random >> 32);
}

static void
record_change(struct life *life)
{
	life->queued++;
	life->version++;
}

static bool
life_sleep(void *context, int64_t milliseconds)
{
	struct life *life = context;
	int64_t before_ms = life->now_ms;

	assert_in_range(milliseconds, 1, AGENT_LOOK_MS);
	life->now_ms += milliseconds;
	if (before_ms < life->change_at_ms && life->change_at_ms <= life->now_ms) {
		record_change(life);
	}
	return life->now_ms < life->until_ms;
}

static bool
life_sync(void *context, struct agent_end *end_out)
{
	struct life *life = context;

	assert_true(life->sync_count < SYNCS_MAX);
	life->syncs[life->sync_count++] = life->now_ms;
	life->now_ms += SYNC_MS;
	life->version++;
	*end_out = life->answer;
	if (life->answer.outcome == AGENT_SYNCED) {
		life->queued = 0;
	}
	if (life->change_during_sync) {
		life->change_during_sync = false;
		record_change(life);
	}
	return true;
}

static void
life_tell(void *context, int64_t wait_ms)
{
	struct life *life = context;

	life->told++;
	life->told_wait_ms = wait_ms;
}

static bool
life_changed(void *context)
{
	struct life *life = context;
	bool changed = life->version != life->version_seen;

	life->version_seen = life->version;
	return changed;
}

static bool
life_waits(void *context)
{
	struct life *life = context;

	life->waits_count++;
	return life->queued > 0;
}

static bool
life_network(void *context)
{
	const struct life *life = context;

	return life->network_at_ms != 0 && life->now_ms >= life->network_at_ms;
}

static void
live(struct life *life)
{
	const struct agent_world world = {
		.context = life,
		.now_ms = life_now,
		.random = life_random,
		.sleep = life_sleep,
		.sync = life_sync,
		.tell = life_tell,
		.changed = life_changed,
		.waits = life_waits,
		.network = life_network,
	};

	agent_run(&world);
	assert_true(life->sync_count > 0);
	assert_int_equal(life->told, life->sync_count);
}

/* When it first synced from then on; a failed assertion if it did not. */
static int64_t
synced_after(const struct life *life, int64_t ms)
{
	for (size_t i = 0; i < life->sync_count; i++) {
		if (life->syncs[i] >= ms) {
			return life->syncs[i];
		}
	}
	assert_true(false);
	return 0;
}

TEST(with_nothing_to_say_it_syncs_once_a_day)
{
	struct life life = {.until_ms = 100 * DAY};

	live(&life);
	assert_int_equal(life.syncs[0], 0);
	assert_in_range(life.sync_count, 90, 112);
	for (size_t i = 1; i < life.sync_count; i++) {
		assert_in_range(life.syncs[i] - life.syncs[i - 1], 21 * HOUR, 27 * HOUR);
	}
}

TEST(an_empty_queue_is_not_opened_between_syncs)
{
	struct life life = {.until_ms = 30 * DAY};

	live(&life);
	assert_int_equal(life.waits_count, life.sync_count);
}

TEST(a_change_is_sent_within_seconds)
{
	struct life life = {.until_ms = 2 * DAY, .change_at_ms = 5 * HOUR};

	live(&life);
	assert_in_range(synced_after(&life, 5 * HOUR), 5 * HOUR, 5 * HOUR + AGENT_LOOK_MS);
	assert_int_equal(life.queued, 0);
}

TEST(a_change_that_is_recorded_during_a_sync_is_not_forgotten)
{
	struct life life = {.until_ms = 1 * HOUR, .change_during_sync = true};

	live(&life);
	assert_int_equal(life.sync_count, 2);
	assert_in_range(life.syncs[1], SYNC_MS, 30 * SECOND);
	assert_int_equal(life.queued, 0);
}

TEST(while_it_fails_the_delays_grow_to_an_hour_and_are_spread)
{
	struct life life = {.until_ms = 20 * DAY, .queued = 1, .answer = {AGENT_FAILED, 0}};
	bool shorter = false;
	bool longer = false;

	live(&life);
	assert_in_range(life.syncs[1], 15 * SECOND, 47 * SECOND);
	assert_in_range(life.syncs[2] - life.syncs[1], 30 * SECOND, 92 * SECOND);
	for (size_t i = 9; i < life.sync_count; i++) {
		int64_t gap = life.syncs[i] - life.syncs[i - 1];

		assert_in_range(gap, 30 * MINUTE, 91 * MINUTE);
		shorter = shorter || gap < 45 * MINUTE;
		longer = longer || gap > 75 * MINUTE;
	}
	assert_true(shorter && longer);
	assert_in_range(life.sync_count, 20 * 20, 20 * 30);
}

TEST(changes_recorded_without_a_network_cause_no_tries_of_their_own)
{
	struct life life = {.until_ms = 3 * DAY,
			    .queued = 1,
			    .answer = {AGENT_FAILED, 0},
			    .change_at_ms = 50 * HOUR};
	struct life without = life;

	without.change_at_ms = 0;
	live(&life);
	live(&without);
	assert_int_equal(life.sync_count, without.sync_count);
}

TEST(a_network_that_comes_is_used_within_seconds)
{
	struct life life = {.until_ms = 3 * DAY,
			    .queued = 1,
			    .answer = {AGENT_FAILED, 0},
			    .network_at_ms = 50 * HOUR};

	live(&life);
	assert_in_range(synced_after(&life, 50 * HOUR), 50 * HOUR,
			50 * HOUR + 2 * AGENT_LOOK_MS + 1);
}

TEST(a_full_server_is_left_alone_as_long_as_it_asked)
{
	struct life life = {.until_ms = 3 * HOUR,
			    .queued = 1,
			    .answer = {AGENT_FAILED, 1800},
			    .network_at_ms = SYNC_MS + 5 * MINUTE,
			    .change_at_ms = 10 * MINUTE};

	live(&life);
	for (size_t i = 1; i < life.sync_count; i++) {
		assert_in_range(life.syncs[i] - life.syncs[i - 1], 30 * MINUTE, 46 * MINUTE);
	}
	assert_in_range(life.sync_count, 4, 7);
}

TEST(nobody_can_ask_it_to_stay_away_for_more_than_an_hour_and_a_half)
{
	struct life life = {.until_ms = 10 * HOUR, .answer = {AGENT_FAILED, UINT32_MAX}};

	live(&life);
	assert_in_range(life.syncs[1], HOUR, HOUR + 31 * MINUTE);
}

TEST(a_device_that_was_refused_asks_once_a_day_or_an_hour_after_with_changes)
{
	struct life idle = {.until_ms = 10 * DAY, .answer = {AGENT_REFUSED, 0}};
	struct life busy = {.until_ms = DAY, .queued = 1, .answer = {AGENT_REFUSED, 0}};

	live(&idle);
	assert_in_range(idle.sync_count, 9, 12);
	live(&busy);
	assert_in_range(busy.sync_count, 20, 25);
}

TEST(it_tells_how_long_it_will_wait)
{
	struct life life = {.until_ms = HOUR};

	live(&life);
	assert_int_equal(life.told, 1);
	assert_in_range(life.told_wait_ms, 21 * HOUR, 27 * HOUR);
}

RUN_TESTS(CASE(with_nothing_to_say_it_syncs_once_a_day),
	  CASE(an_empty_queue_is_not_opened_between_syncs), CASE(a_change_is_sent_within_seconds),
	  CASE(a_change_that_is_recorded_during_a_sync_is_not_forgotten),
	  CASE(while_it_fails_the_delays_grow_to_an_hour_and_are_spread),
	  CASE(changes_recorded_without_a_network_cause_no_tries_of_their_own),
	  CASE(a_network_that_comes_is_used_within_seconds),
	  CASE(a_full_server_is_left_alone_as_long_as_it_asked),
	  CASE(nobody_can_ask_it_to_stay_away_for_more_than_an_hour_and_a_half),
	  CASE(a_device_that_was_refused_asks_once_a_day_or_an_hour_after_with_changes),
	  CASE(it_tells_how_long_it_will_wait))

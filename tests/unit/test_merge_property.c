/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random schedules of forms, pushes, pulls, lost replies and forks against a happens-before oracle.
 *
 * usage: test_merge_property [--schedules N] [--seed S]
 *        (or MERGE_SCHEDULES and MERGE_SEED in the environment)
 *
 * A failure prints the seed of its schedule and the schedule: --schedules 1 --seed THAT repeats it.
 */
#include "protocol/merge.h"
#include "tests/testing.h"
#include "tests/unit/history.h"
#include "tests/unit/merge_world.h"

#include <stdlib.h>

enum { ACTIONS_MAX = 100, ORDERS = 8, ROUNDS_MAX = 3, TIMES = 30, PUSHES_MAX = 2 * DEVICES_MAX };

static uint64_t schedules;
static uint64_t first_seed = 1;

/* splitmix64 */
static uint64_t
dice_next(uint64_t *dice)
{
	uint64_t z = *dice += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static uint32_t
dice_below(uint64_t *dice, uint32_t limit)
{
	return limit == 0 ? 0 : (uint32_t)(dice_next(dice) % limit);
}

static void
roll_field(uint64_t *dice, struct action *action, int32_t tag)
{
	size_t at = action->field_count++;

	action->fields[at].tag = tag;
	action->fields[at].empty = dice_below(dice, 6) == 0;
	action->fields[at].value = tag == SET ? dice_below(dice, 8) : dice_below(dice, 3);
	if (tag == SET && dice_below(dice, 16) == 0) {
		action->fields[at].value = INT64_MAX - dice_below(dice, 2);
	}
}

/* One field or two, in the order of tags. */
static void
roll_fields(uint64_t *dice, struct action *action, const int32_t *tags, size_t tag_count)
{
	size_t first = dice_below(dice, (uint32_t)tag_count);
	size_t second = dice_below(dice, (uint32_t)tag_count);

	action->time = dice_below(dice, TIMES);
	roll_field(dice, action, tags[first < second ? first : second]);
	if (first != second && dice_below(dice, 3) == 0) {
		roll_field(dice, action, tags[first < second ? second : first]);
	}
}

/* The fields of a schedule, in the order of tags: all, or two on which everybody meets. */
static size_t
roll_tags(uint64_t *dice, int32_t *tags)
{
	size_t count = 0;
	size_t keep = dice_below(dice, 2) == 0 ? world_tag_count : 2;

	for (size_t i = 0; i < world_tag_count; i++) {
		size_t left = world_tag_count - i;

		if (dice_below(dice, (uint32_t)left) < keep - count) {
			tags[count++] = world_tags[i];
		}
	}
	return count;
}

static enum action_kind
roll_kind(uint64_t *dice)
{
	static const enum action_kind kinds[] = {
		ACTION_OPEN,	    ACTION_OPEN,	ACTION_OPEN,	    ACTION_SAVE,
		ACTION_SAVE,	    ACTION_SAVE,	ACTION_SAVE,	    ACTION_SYNC,
		ACTION_SYNC,	    ACTION_SYNC,	ACTION_PUSH,	    ACTION_PUSH,
		ACTION_ACKNOWLEDGE, ACTION_SERVER_OPEN, ACTION_SERVER_SAVE,
	};

	if (dice_below(dice, 60) == 0) {
		return ACTION_FORK;
	}
	return kinds[dice_below(dice, sizeof kinds / sizeof kinds[0])];
}

static void
roll_action(uint64_t *dice, struct action *action, enum action_kind kind, uint32_t devices)
{
	memset(action, 0, sizeof *action);
	action->kind = kind;
	action->device = dice_below(dice, devices);
	action->slot = dice_below(dice, SLOTS);
	action->count = dice_below(dice, 2) == 0 ? 1 : ACTIONS_MAX;
}

static size_t
roll_schedule(uint64_t *dice, uint32_t devices, struct action *actions)
{
	int32_t tags[16] = {0};
	size_t tag_count = roll_tags(dice, tags);
	size_t count = 8 + dice_below(dice, ACTIONS_MAX - 7);

	for (size_t i = 0; i < count; i++) {
		struct action *action = &actions[i];

		roll_action(dice, action, roll_kind(dice), devices);
		roll_fields(dice, action, tags, tag_count);
		/* Half of the forms are saved at once. */
		if (action->kind == ACTION_OPEN && dice_below(dice, 2) == 0 && i + 1 < count) {
			actions[i + 1] = *action;
			actions[++i].kind = ACTION_SAVE;
		}
	}
	return count;
}

static void
print_action(const struct action *action)
{
	static const char *const names[ACTION_KINDS] = {
		"open", "save", "sync", "push", "ack", "server open", "server save", "fork"};

	print_error("  %-11s device %u slot %u count %u time %lld", names[action->kind],
		    action->device, action->slot, action->count, (long long)action->time);
	for (size_t i = 0; i < action->field_count; i++) {
		if (action->fields[i].empty) {
			print_error("  %d = empty", action->fields[i].tag);
		} else {
			print_error("  %d = %lld", action->fields[i].tag,
				    (long long)action->fields[i].value);
		}
	}
	print_error("\n");
}

static void
print_failure(uint64_t seed, const char *error, const struct action *actions, size_t count)
{
	print_error("seed %llu: %s\n", (unsigned long long)seed, error);
	for (size_t i = 0; i < count; i++) {
		print_action(&actions[i]);
	}
}

TEST(random_schedules_end_as_the_oracle_says)
{
	static struct world world;
	struct action actions[ACTIONS_MAX];
	uint64_t merged = 0;
	uint64_t conflicts = 0;

	for (uint64_t i = 0; i < schedules; i++) {
		uint64_t dice = first_seed + i;
		uint32_t devices = 2 + dice_below(&dice, DEVICES_MAX - 1);
		size_t count = roll_schedule(&dice, devices, actions);
		size_t done = 0;

		world_init(&world, devices);
		while (done < count && world.error[0] == '\0') {
			world_act(&world, &actions[done++]);
		}
		world_settle(&world);
		merged += world.log_count;
		conflicts += record_conflicts(&world.record, &world.context);
		world_finish(&world);
		if (world.error[0] != '\0') {
			print_failure(first_seed + i, world.error, actions, done);
		}
		assert_string_equal(world.error, "");
	}
	print_message("%llu schedules, %llu changes merged, %llu conflicts at rest\n",
		      (unsigned long long)schedules, (unsigned long long)merged,
		      (unsigned long long)conflicts);
	/* A test that never meets a conflict shows nothing. */
	assert_true(schedules < 100 || conflicts > schedules / 10);
}

/* What the devices do before they push, who pushes (each entry one change), who then pulls. */
struct round {
	struct action acts[20];
	size_t act_count;
	uint32_t pushes[PUSHES_MAX];
	size_t push_count;
	bool pulls[DEVICES_MAX];
};

static void
roll_act(uint64_t *dice, struct round *round, uint32_t device, enum action_kind kind,
	 const int32_t *tags, size_t tag_count)
{
	struct action *act = &round->acts[round->act_count++];

	act->kind = kind;
	act->device = device;
	roll_fields(dice, act, tags, tag_count);
}

static void
roll_round(uint64_t *dice, struct round *round, const int32_t *tags, size_t tag_count)
{
	memset(round, 0, sizeof *round);
	for (uint32_t device = 0; device < DEVICES_MAX; device++) {
		uint32_t saves = dice_below(dice, 3);

		for (uint32_t i = 0; i < saves; i++) {
			if (dice_below(dice, 3) != 0) {
				roll_act(dice, round, device, ACTION_OPEN, tags, tag_count);
			}
			roll_act(dice, round, device, ACTION_SAVE, tags, tag_count);
		}
		if (dice_below(dice, 4) == 0) {
			roll_act(dice, round, device, ACTION_OPEN, tags, tag_count);
		}
		round->pulls[device] = dice_below(dice, 2) == 0;
		for (uint32_t i = 1 + dice_below(dice, 2); i > 0; i--) {
			round->pushes[round->push_count++] = device;
		}
	}
}

static void
shuffle(uint64_t *dice, uint32_t *pushes, size_t count)
{
	for (size_t i = count; i > 1; i--) {
		size_t k = dice_below(dice, (uint32_t)i);
		uint32_t kept = pushes[i - 1];

		pushes[i - 1] = pushes[k];
		pushes[k] = kept;
	}
}

static void
run_round(struct world *world, const struct round *round, uint64_t *dice)
{
	uint32_t pushes[PUSHES_MAX];
	struct action push = {.kind = ACTION_ACKNOWLEDGE, .count = 1};

	for (size_t i = 0; i < round->act_count; i++) {
		world_act(world, &round->acts[i]);
	}
	memcpy(pushes, round->pushes, sizeof pushes);
	shuffle(dice, pushes, round->push_count);
	for (size_t i = 0; i < round->push_count; i++) {
		push.device = pushes[i];
		world_act(world, &push);
	}
	push.count = ACTIONS_MAX;
	for (push.device = 0; push.device < DEVICES_MAX; push.device++) {
		world_act(world, &push);
	}
	push.kind = ACTION_SYNC;
	for (push.device = 0; push.device < DEVICES_MAX; push.device++) {
		if (round->pulls[push.device]) {
			world_act(world, &push);
		}
	}
}

static void
print_rounds(uint64_t seed, const struct world *world, const struct round *rounds, size_t count)
{
	print_error("seed %llu: %s\n", (unsigned long long)seed, world->error);
	for (size_t i = 0; i < count; i++) {
		print_error(" round %zu, pushes", i + 1);
		for (size_t k = 0; k < rounds[i].push_count; k++) {
			print_error(" %u", rounds[i].pushes[k]);
		}
		print_error("\n");
		for (size_t k = 0; k < rounds[i].act_count; k++) {
			print_action(&rounds[i].acts[k]);
		}
	}
}

TEST(result_does_not_depend_on_the_order_of_arrival)
{
	static struct world world;
	static struct round rounds[ROUNDS_MAX];
	char first[2000];
	char other[2000];

	for (uint64_t i = 0; i < schedules; i++) {
		uint64_t dice = first_seed + i;
		int32_t tags[16] = {0};
		size_t tag_count = roll_tags(&dice, tags);
		size_t count = 1 + dice_below(&dice, ROUNDS_MAX);

		for (size_t k = 0; k < count; k++) {
			roll_round(&dice, &rounds[k], tags, tag_count);
		}
		for (size_t order = 0; order < ORDERS; order++) {
			world_init(&world, DEVICES_MAX);
			for (size_t k = 0; k < count; k++) {
				run_round(&world, &rounds[k], &dice);
			}
			world_describe(&world, &world.record, order == 0 ? first : other,
				       sizeof first);
			world_finish(&world);
			if (world.error[0] != '\0' || (order > 0 && strcmp(first, other) != 0)) {
				print_rounds(first_seed + i, &world, rounds, count);
			}
			assert_string_equal(world.error, "");
			assert_string_equal(order == 0 ? first : other, first);
		}
	}
}

static void
read_number(const char *text, uint64_t *out)
{
	if (text != NULL && *text != '\0') {
		*out = strtoull(text, NULL, 10);
	}
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		CASE(random_schedules_end_as_the_oracle_says),
		CASE(result_does_not_depend_on_the_order_of_arrival),
	};

	schedules = testing_count(2000, 100);
	read_number(getenv("MERGE_SCHEDULES"), &schedules);
	read_number(getenv("MERGE_SEED"), &first_seed);
	for (int i = 1; i + 1 < argc; i += 2) {
		if (strcmp(argv[i], "--schedules") == 0) {
			read_number(argv[i + 1], &schedules);
		} else if (strcmp(argv[i], "--seed") == 0) {
			read_number(argv[i + 1], &first_seed);
		}
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}

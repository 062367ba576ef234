/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/fork.h"
#include "protocol/id.h"
#include "tests/testing.h"
#include "tests/unit/schema_sample.h"

#include <string.h>

enum { OLD = 0x11111111, HEIR = 0x22222222, ANOTHER = 0x33333333, COMMON_N = 5 };

static const struct fork fork_of_old = {.stream = OLD, .n = COMMON_N, .heir = HEIR};

struct world {
	struct arena arena;
	struct sample sample;
	struct change_field fields[3];
	struct change change; /* one that OLD made after the fork: n 7, born as 6 */
	struct buffer bytes;
	struct buffer again;
};

static int
world_setup(void **state)
{
	static struct world world;

	memset(&world, 0, sizeof world);
	arena_init(&world.arena, (size_t)1 << 20);
	buffer_init(&world.bytes, (size_t)1 << 20);
	buffer_init(&world.again, (size_t)1 << 20);
	sample_fill(&world.sample);
	world.change = (struct change){.n = 7,
				       .record = id_make(OLD, 6),
				       .type = 3,
				       .schema_version = 1,
				       .scope_version = 9,
				       .base = {.epoch = 4, .version = 0},
				       .own_n = 6,
				       .has_own = true,
				       .time = 1763600000,
				       .fields = world.fields,
				       .field_count = 1};
	world.fields[0] = (struct change_field){
		VISIT_HB + 1, {.form = VALUE_INTEGER, .integer = (int64_t)id_make(OLD, 6)}};
	*state = &world;
	return 0;
}

static int
world_teardown(void **state)
{
	struct world *world = *state;

	buffer_finish(&world->again);
	buffer_finish(&world->bytes);
	arena_finish(&world->arena);
	return 0;
}

static void
make_again(struct world *world, const struct fork *fork, struct change *out)
{
	struct error err = {0};

	buffer_clear(&world->bytes);
	buffer_clear(&world->again);
	change_encode(&world->change, &world->bytes);
	assert_ok(fork_change(fork, &world->sample.types[TYPE_VISIT], buffer_span(&world->bytes),
			      &world->arena, &world->again, &err));
	assert_ok(change_decode(buffer_span(&world->again), false, &world->arena, out, &err));
}

TEST(change_is_counted_from_the_fork_and_keeps_what_it_says)
{
	struct world *world = *state;
	struct change again;

	make_again(world, &fork_of_old, &again);
	assert_int_equal(again.n, 2);
	assert_int_equal(again.record, id_make(HEIR, 1));
	assert_int_equal(again.base.epoch, 4);
	assert_int_equal(again.scope_version, 9);
	assert_int_equal(again.time, world->change.time);
	/* It is no reference, whatever it looks like. */
	assert_int_equal(again.fields[0].value.integer, (int64_t)id_make(OLD, 6));
}

TEST(record_of_before_the_fork_keeps_its_id)
{
	struct world *world = *state;
	struct change again;

	world->change.record = id_make(OLD, COMMON_N);
	make_again(world, &fork_of_old, &again);
	assert_int_equal(again.record, id_make(OLD, COMMON_N));
	assert_int_equal(fork_id(&fork_of_old, id_make(ANOTHER, 9)), id_make(ANOTHER, 9));
}

TEST(lineage_says_from_which_fork_its_stream_goes_on)
{
	const struct lineage lineage = {.stream = HEIR, .parent = OLD, .n = COMMON_N};
	const struct fork fork = fork_of(&lineage);

	assert_memory_equal(&fork, &fork_of_old, sizeof fork);
}

TEST(fields_that_lead_to_records_are_known_with_and_without_their_type)
{
	struct world *world = *state;
	const struct record_type *type = &world->sample.types[TYPE_VISIT];

	assert_true(type_is_reference(type, VISIT_PERSON + 1));
	assert_false(type_is_reference(type, VISIT_HB + 1));
	assert_true(type_is_reference(type, TAG_SAME_AS));
	assert_true(type_is_reference(NULL, TAG_SAME_AS));
	assert_false(type_is_reference(NULL, VISIT_PERSON + 1));
}

TEST(references_follow_what_was_born_after_the_fork)
{
	struct world *world = *state;
	struct change again;

	world->fields[0].tag = VISIT_PERSON + 1;
	world->fields[1] = (struct change_field){
		TAG_SAME_AS, {.form = VALUE_INTEGER, .integer = (int64_t)id_make(OLD, 7)}};
	world->change.field_count = 2;
	make_again(world, &fork_of_old, &again);
	assert_int_equal(again.fields[0].value.integer, (int64_t)id_make(HEIR, 1));
	assert_int_equal(again.fields[1].value.integer, (int64_t)id_make(HEIR, 2));
}

TEST(own_of_before_the_fork_names_the_old_stream_and_later_own_is_the_heirs)
{
	struct world *world = *state;
	struct change again;

	make_again(world, &fork_of_old, &again);
	assert_int_equal(again.own_stream, 0);
	assert_int_equal(again.own_n, 1);
	world->change.own_n = COMMON_N;
	make_again(world, &fork_of_old, &again);
	assert_int_equal(again.own_stream, 0);
	assert_int_equal(again.own_n, 0);
	world->change.own_n = COMMON_N - 1;
	make_again(world, &fork_of_old, &again);
	assert_int_equal(again.own_stream, OLD);
	assert_int_equal(again.own_n, COMMON_N - 1);
	world->change.own_stream = ANOTHER;
	world->change.own_n = 40;
	make_again(world, &fork_of_old, &again);
	assert_int_equal(again.own_stream, ANOTHER);
	assert_int_equal(again.own_n, 40);
}

TEST(where_a_change_comes_from_survives_a_second_fork)
{
	const struct fork second = {.stream = HEIR, .n = 1, .heir = ANOTHER};
	struct world *world = *state;
	struct error err = {0};
	struct buffer third;
	struct change again;
	uint8_t hash[HASH_SIZE];
	struct span first;

	make_again(world, &fork_of_old, &again);
	first = buffer_span(&world->bytes);
	sha256(&first, 1, hash);
	assert_int_equal(again.was_stream, OLD);
	assert_int_equal(again.was_n, 7);
	assert_memory_equal(again.first_hash, hash, sizeof hash);
	buffer_init(&third, CHANGE_BYTES_MAX);
	assert_ok(fork_change(&second, &world->sample.types[TYPE_VISIT], buffer_span(&world->again),
			      &world->arena, &third, &err));
	assert_ok(change_decode(buffer_span(&third), false, &world->arena, &again, &err));
	assert_int_equal(again.n, 1);
	assert_int_equal(again.record, id_make(HEIR, 1));
	assert_int_equal(again.was_stream, OLD);
	assert_int_equal(again.was_n, 7);
	assert_memory_equal(again.first_hash, hash, sizeof hash);
	buffer_finish(&third);
}

TEST(change_that_the_log_has_is_not_made_again)
{
	struct world *world = *state;
	struct error err = {0};

	world->change.n = COMMON_N;
	world->change.own_n = COMMON_N - 1;
	change_encode(&world->change, &world->bytes);
	assert_int_equal(fork_change(&fork_of_old, NULL, buffer_span(&world->bytes), &world->arena,
				     &world->again, &err),
			 STATUS_INVALID);
	assert_int_equal(world->again.length, 0);
}

/* A form's answers, as many as are ever saved; and the numbers as long as they get. */
TEST(longest_change_can_be_made_again_twice)
{
	enum { FIELDS = 5, LENGTH = 13000 };
	struct world *world = *state;
	const struct fork fork = {.stream = INT32_MAX - 1, .n = 1000000, .heir = INT32_MAX};
	struct change_field fields[FIELDS];
	struct error err = {0};
	struct change again;
	char *text = arena_take(&world->arena, LENGTH, 1);
	size_t left;

	memset(text, 'a', LENGTH);
	for (int32_t i = 0; i < FIELDS; i++) {
		fields[i] = (struct change_field){200 + i, value_text(span_of(text, LENGTH))};
	}
	world->change.fields = fields;
	world->change.field_count = FIELDS;
	world->change.n = 1000000000;
	world->change.own_n = 999999;
	change_encode(&world->change, &world->bytes);
	left = CHANGE_BYTES_MAX - FORK_GROWTH_MAX - world->bytes.length;
	fields[0].value.text.length += left;
	text = arena_take(&world->arena, LENGTH + left, 1);
	memset(text, 'a', LENGTH + left);
	fields[0].value.text.at = (const uint8_t *)text;
	make_again(world, &fork, &again);
	assert_int_equal(world->bytes.length, CHANGE_BYTES_MAX - FORK_GROWTH_MAX);
	assert_int_equal(again.own_stream, fork.stream);
	assert_ok(fork_change(&(struct fork){.stream = INT32_MAX, .n = 1, .heir = INT32_MAX - 2},
			      NULL, buffer_span(&world->again), &world->arena, &world->bytes,
			      &err));
}

TEST(the_same_image_makes_the_same_key_and_seeds_and_any_other_makes_others)
{
	static const uint8_t seed[SEED32_SIZE] = {1, 2, 3};
	static const uint8_t batch[SEED_SIZE] = {4, 5, 6};
	uint8_t key[SEED32_SIZE];
	uint8_t same[SEED32_SIZE];
	uint8_t other[SEED32_SIZE];
	uint8_t batch_again[SEED_SIZE];
	uint8_t batch_other[SEED_SIZE];

	fork_key(seed, OLD, COMMON_N, key);
	fork_key(seed, OLD, COMMON_N, same);
	assert_memory_equal(key, same, sizeof key);
	fork_key(seed, OLD, COMMON_N + 1, other);
	assert_memory_not_equal(key, other, sizeof key);
	fork_key(seed, HEIR, COMMON_N, other);
	assert_memory_not_equal(key, other, sizeof key);
	fork_key(key, OLD, COMMON_N, other);
	assert_memory_not_equal(key, other, sizeof key);
	fork_batch_seed(batch, HEIR, batch_again);
	fork_batch_seed(batch, OLD, batch_other);
	assert_memory_not_equal(batch_again, batch, sizeof batch);
	assert_memory_not_equal(batch_again, batch_other, sizeof batch);
}

/* ---- what a device shows ---- */

/* A visit that OLD made before the fork, with what three changes say of two fields. */
static struct record
shown_record(struct dot dots[3], struct member members[4], struct record_field fields[2])
{
	dots[0] = (struct dot){.seq = 9, .stream = OLD, .n = COMMON_N, .time = 1};
	dots[1] = (struct dot){.stream = OLD, .n = COMMON_N + 2, .own_n = COMMON_N + 1};
	dots[2] = (struct dot){.seq = 8, .stream = OLD + 1, .n = 3, .own_n = 2};
	members[0] = (struct member){.dot = 1,
				     .top = true,
				     .rank = 4,
				     .value = value_integer((int64_t)id_make(OLD, COMMON_N + 1))};
	members[1] = (struct member){.dot = 2,
				     .top = true,
				     .rank = 8,
				     .value = value_integer((int64_t)id_make(OLD, COMMON_N + 1))};
	members[2] = (struct member){.dot = 0, .value = value_integer(1)};
	members[3] = (struct member){
		.dot = 1, .top = true, .value = value_integer((int64_t)id_make(OLD, COMMON_N + 1))};
	fields[0] = (struct record_field){
		.tag = VISIT_PERSON + 1, .version = 8, .members = members, .member_count = 2};
	fields[1] = (struct record_field){
		.tag = VISIT_HB + 1, .version = 9, .members = members + 2, .member_count = 2};
	return (struct record){.id = id_make(OLD, 2),
			       .type = 3,
			       .dots = dots,
			       .dot_count = 3,
			       .fields = fields,
			       .field_count = 2};
}

TEST(record_shows_changes_after_the_fork_as_pending_ones_of_the_heir_in_their_order)
{
	struct world *world = *state;
	struct record_field fields[2];
	struct member members[4];
	struct dot dots[3];
	struct record record = shown_record(dots, members, fields);
	struct error err = {0};
	bool touched;

	assert_ok(fork_record(&fork_of_old, &world->sample.types[TYPE_VISIT], &record,
			      &world->arena, &touched, &err));
	assert_true(touched);
	assert_int_equal(record.id, id_make(OLD, 2));
	assert_int_equal(record.dots[0].stream, OLD);
	assert_int_equal(record.dots[0].seq, 9);
	assert_int_equal(record.dots[1].stream, OLD + 1);
	assert_int_equal(record.dots[1].own_n, 2);
	assert_int_equal(record.dots[2].stream, HEIR);
	assert_int_equal(record.dots[2].n, 2);
	assert_int_equal(record.dots[2].own_n, 1);
	/* What somebody else refers to is not the heir's. */
	assert_int_equal(fields[0].members[0].dot, 1);
	assert_int_equal(fields[0].members[0].value.integer, (int64_t)id_make(OLD, COMMON_N + 1));
	assert_int_equal(fields[0].members[1].dot, 2);
	assert_int_equal(fields[0].members[1].rank, 4);
	assert_int_equal(fields[0].members[1].value.integer, (int64_t)id_make(HEIR, 1));
	/* It is no reference, whatever it looks like; rests stay rests. */
	assert_int_equal(fields[1].members[0].dot, 0);
	assert_false(fields[1].members[0].top);
	assert_int_equal(fields[1].members[1].value.integer, (int64_t)id_make(OLD, COMMON_N + 1));
}

TEST(record_without_changes_after_the_fork_stays_as_it_is)
{
	struct world *world = *state;
	struct record_field fields[2];
	struct member members[4];
	struct dot dots[3];
	struct record record = shown_record(dots, members, fields);
	struct error err = {0};
	bool touched = true;

	dots[1].n = COMMON_N - 1;
	assert_ok(fork_record(&fork_of_old, &world->sample.types[TYPE_VISIT], &record,
			      &world->arena, &touched, &err));
	assert_false(touched);
	assert_ptr_equal(record.dots, dots);
	assert_int_equal(fields[0].members[0].dot, 1);
}

TEST(record_that_was_born_after_the_fork_has_another_id)
{
	struct world *world = *state;
	struct record record = {.id = id_make(OLD, COMMON_N + 3)};
	struct error err = {0};
	bool touched = false;

	assert_ok(fork_record(&fork_of_old, NULL, &record, &world->arena, &touched, &err));
	assert_true(touched);
	assert_int_equal(record.id, id_make(HEIR, 3));
}

TEST(form_that_is_open_over_a_fork_speaks_as_the_heir)
{
	struct world *world = *state;
	uint32_t own_stream = 0;
	uint32_t own_n = COMMON_N - 2;

	fork_own(&fork_of_old, &own_stream, &own_n);
	assert_int_equal(own_stream, OLD);
	assert_int_equal(own_n, COMMON_N - 2);
	own_stream = 0;
	own_n = COMMON_N + 2;
	fork_own(&fork_of_old, &own_stream, &own_n);
	assert_int_equal(own_stream, 0);
	assert_int_equal(own_n, 2);
	world->fields[0].tag = VISIT_PERSON + 1;
	fork_fields(&fork_of_old, &world->sample.types[TYPE_VISIT], world->fields, 1);
	assert_int_equal(world->fields[0].value.integer, (int64_t)id_make(HEIR, 1));
}

#define ROW(sentence) CASE_WITH(sentence, world_setup, world_teardown)

RUN_TESTS(ROW(change_is_counted_from_the_fork_and_keeps_what_it_says),
	  ROW(record_of_before_the_fork_keeps_its_id),
	  ROW(lineage_says_from_which_fork_its_stream_goes_on),
	  ROW(fields_that_lead_to_records_are_known_with_and_without_their_type),
	  ROW(references_follow_what_was_born_after_the_fork),
	  ROW(own_of_before_the_fork_names_the_old_stream_and_later_own_is_the_heirs),
	  ROW(where_a_change_comes_from_survives_a_second_fork),
	  ROW(change_that_the_log_has_is_not_made_again),
	  ROW(longest_change_can_be_made_again_twice),
	  ROW(record_shows_changes_after_the_fork_as_pending_ones_of_the_heir_in_their_order),
	  ROW(record_without_changes_after_the_fork_stays_as_it_is),
	  ROW(record_that_was_born_after_the_fork_has_another_id),
	  ROW(form_that_is_open_over_a_fork_speaks_as_the_heir),
	  CASE(the_same_image_makes_the_same_key_and_seeds_and_any_other_makes_others))

/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/arena.h"
#include "tests/testing.h"

enum { ROUNDS = 500 };

static bool
all_bytes_are(const uint8_t *bytes, size_t length, uint8_t wanted)
{
	for (size_t i = 0; i < length; i++) {
		if (bytes[i] != wanted) {
			return false;
		}
	}
	return true;
}

TEST(memory_is_aligned_for_any_type_and_zeroed)
{
	struct arena arena;

	arena_init(&arena, 1 << 20);
	for (size_t size = 1; size < 200; size++) {
		uint8_t *memory = arena_take(&arena, 1, size);

		assert_non_null(memory);
		assert_int_equal((uintptr_t)memory % _Alignof(max_align_t), 0);
		assert_true(all_bytes_are(memory, size, 0));
		memset(memory, 0xff, size);
	}
	arena_finish(&arena);
}

TEST(pieces_do_not_overlap_however_many_blocks_they_need)
{
	uint8_t *pieces[ROUNDS];
	struct arena arena;

	arena_init(&arena, SIZE_MAX);
	for (size_t i = 0; i < ROUNDS; i++) {
		pieces[i] = ARENA_ARRAY(&arena, uint8_t, i * 37 % 5000 + 1);
		assert_non_null(pieces[i]);
		memset(pieces[i], (int)(i % 251), i * 37 % 5000 + 1);
	}
	for (size_t i = 0; i < ROUNDS; i++) {
		assert_true(all_bytes_are(pieces[i], i * 37 % 5000 + 1, (uint8_t)(i % 251)));
	}
	arena_finish(&arena);
}

TEST(limit_may_be_reached_and_not_passed)
{
	const size_t unit = _Alignof(max_align_t);
	struct arena arena;

	arena_init(&arena, 4 * unit);
	assert_null(arena_take(&arena, 1, 4 * unit + 1));
	assert_non_null(arena_take(&arena, 3, unit));
	assert_null(arena_take(&arena, 1, unit + 1));
	assert_non_null(arena_take(&arena, 1, unit));
	assert_null(arena_take(&arena, 1, 1));
	assert_int_equal(arena.total, 4 * unit);
	arena_finish(&arena);
}

TEST(paddings_count_against_the_limit)
{
	const size_t unit = _Alignof(max_align_t);
	struct arena arena;

	arena_init(&arena, 2 * unit);
	assert_non_null(arena_take(&arena, 1, 1));
	assert_non_null(arena_take(&arena, 1, 1));
	assert_null(arena_take(&arena, 1, 1));
	arena_finish(&arena);
}

TEST(count_times_size_beyond_all_memory_is_refused)
{
	struct arena arena;

	arena_init(&arena, SIZE_MAX);
	assert_null(arena_take(&arena, SIZE_MAX / 2 + 1, 2));
	assert_null(arena_take(&arena, 2, SIZE_MAX / 2 + 1));
	assert_null(arena_take(&arena, SIZE_MAX, SIZE_MAX));
	for (size_t short_of_all = 0; short_of_all < 2 * _Alignof(max_align_t) - 1;
	     short_of_all++) {
		assert_null(arena_take(&arena, 1, SIZE_MAX - short_of_all));
		assert_null(arena_take(&arena, SIZE_MAX - short_of_all, 1));
	}
	assert_non_null(arena_take(&arena, 1, 1));
	arena_finish(&arena);
}

TEST(request_of_nothing_gives_a_pointer)
{
	struct arena arena;

	arena_init(&arena, 0);
	assert_non_null(arena_take(&arena, 0, 8));
	assert_non_null(arena_take(&arena, 8, 0));
	assert_non_null(arena_copy(&arena, NULL, 0));
	assert_null(arena_take(&arena, 1, 1));
	arena_finish(&arena);
}

TEST(array_is_sized_by_its_type)
{
	struct arena arena;

	arena_init(&arena, 1000 * sizeof(uint64_t));
	assert_null(ARENA_ARRAY(&arena, uint64_t, 1002));
	assert_non_null(ARENA_ARRAY(&arena, uint64_t, 998));
	assert_non_null(ARENA_NEW(&arena, uint64_t));
	assert_null(ARENA_ARRAY(&arena, uint64_t, 2));
	arena_finish(&arena);
}

TEST(copy_is_independent_of_its_source)
{
	char text[] = "kader";
	struct arena arena;
	char *copy;

	arena_init(&arena, 100);
	copy = arena_copy(&arena, text, sizeof text);
	assert_non_null(copy);
	text[0] = 'x';
	assert_string_equal(copy, "kader");
	assert_null(arena_copy(&arena, text, 101));
	arena_finish(&arena);
}

TEST(reset_arena_gives_its_whole_limit_zeroed_again)
{
	struct arena arena;

	arena_init(&arena, 8192);
	for (int round = 0; round < 3; round++) {
		uint8_t *memory = arena_take(&arena, 1, 8192);

		assert_non_null(memory);
		assert_true(all_bytes_are(memory, 8192, 0));
		memset(memory, 0xff, 8192);
		assert_null(arena_take(&arena, 1, 1));
		arena_reset(&arena);
		assert_int_equal(arena.total, 0);
	}
	arena_finish(&arena);
}

TEST(finished_and_zeroed_arenas_may_be_finished)
{
	struct arena arena = {0};

	arena_finish(&arena);
	arena_init(&arena, 100);
	arena_finish(&arena);
	arena_finish(&arena);
	assert_null(arena.blocks);
}

RUN_TESTS(CASE(memory_is_aligned_for_any_type_and_zeroed),
	  CASE(pieces_do_not_overlap_however_many_blocks_they_need),
	  CASE(limit_may_be_reached_and_not_passed), CASE(paddings_count_against_the_limit),
	  CASE(count_times_size_beyond_all_memory_is_refused),
	  CASE(request_of_nothing_gives_a_pointer), CASE(array_is_sized_by_its_type),
	  CASE(copy_is_independent_of_its_source),
	  CASE(reset_arena_gives_its_whole_limit_zeroed_again),
	  CASE(finished_and_zeroed_arenas_may_be_finished))

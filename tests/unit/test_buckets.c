/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/http/buckets.h"
#include "tests/testing.h"

enum { MOST = 4, PER_MINUTE = 6, START_MS = 1000 };

static struct buckets *buckets;

static int
table_create(void **state)
{
	(void)state;
	assert_ok(buckets_create(MOST, PER_MINUTE, 7, &buckets, NULL));
	return 0;
}

static int
table_free(void **state)
{
	(void)state;
	buckets_free(buckets);
	return 0;
}

/* The key of a number. */
static unsigned
take(uint32_t number, int64_t now_ms)
{
	uint8_t key[BUCKET_KEY_SIZE] = {0};

	put_le32(key, number);
	return buckets_take(buckets, key, now_ms);
}

static unsigned
look(uint32_t number, int64_t now_ms)
{
	uint8_t key[BUCKET_KEY_SIZE] = {0};

	put_le32(key, number);
	return buckets_look(buckets, key, now_ms);
}

static void
take_all(uint32_t number, int64_t now_ms)
{
	for (int i = 0; i < MOST; i++) {
		assert_int_equal(take(number, now_ms), 0);
	}
}

TEST(so_many_at_once_and_then_no_more)
{
	take_all(1, START_MS);
	/* A token comes every ten seconds. */
	assert_int_equal(take(1, START_MS), 11);
	assert_int_equal(look(1, START_MS), 11);
}

TEST(with_time_they_come_again_but_never_more_than_there_were)
{
	take_all(1, START_MS);
	assert_int_equal(take(1, START_MS + 9999), 1);
	assert_int_equal(take(1, START_MS + 10000), 0);
	assert_int_equal(take(1, START_MS + 10000), 11);
	take_all(1, START_MS + 86400000);
	assert_int_not_equal(take(1, START_MS + 86400000), 0);
}

TEST(to_look_takes_none)
{
	for (int i = 0; i < 2 * MOST; i++) {
		assert_int_equal(look(1, START_MS), 0);
	}
	take_all(1, START_MS);
}

TEST(one_keys_haste_is_not_anothers)
{
	take_all(1, START_MS);
	take_all(2, START_MS);
	assert_int_not_equal(take(1, START_MS), 0);
	assert_int_equal(take(3, START_MS), 0);
}

TEST(many_keys_that_come_once_do_not_push_a_hasty_one_out)
{
	take_all(1, START_MS);
	for (uint32_t number = 2; number < 100000; number++) {
		assert_int_equal(take(number, START_MS), 0);
	}
	assert_int_not_equal(take(1, START_MS), 0);
}

#define BUCKETS_CASE(sentence) CASE_WITH(sentence, table_create, table_free)

RUN_TESTS(BUCKETS_CASE(so_many_at_once_and_then_no_more),
	  BUCKETS_CASE(with_time_they_come_again_but_never_more_than_there_were),
	  BUCKETS_CASE(to_look_takes_none), BUCKETS_CASE(one_keys_haste_is_not_anothers),
	  BUCKETS_CASE(many_keys_that_come_once_do_not_push_a_hasty_one_out))

/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/http/reads.h"
#include "protocol/crypto.h"
#include "tests/testing.h"

#include <stdlib.h>

static const uint8_t session[HASH_SIZE] = {1};
static const uint8_t other_session[HASH_SIZE] = {2};

static struct reads *
made(void)
{
	struct reads *reads = NULL;
	struct error err;

	assert_ok(crypto_init(&err));
	assert_ok(reads_create(&reads, &err));
	return reads;
}

TEST(a_read_is_remembered_for_ten_minutes)
{
	struct reads *reads = made();
	uint8_t key[HASH_SIZE];

	reads_key(session, "/v1/record/{id}", "r1", key);
	assert_false(reads_has(reads, key, 1000));
	reads_keep(reads, key, 1000);
	assert_true(reads_has(reads, key, 1000));
	assert_true(reads_has(reads, key, 1000 + 10 * 60 * 1000 - 1));
	assert_false(reads_has(reads, key, 1000 + 10 * 60 * 1000));
	assert_false(reads_has(reads, key, 999));
	reads_free(reads);
}

TEST(another_session_route_or_filter_is_another_read)
{
	struct reads *reads = made();
	uint8_t key[HASH_SIZE];

	reads_key(session, "/v1/record/{id}", "r1", key);
	reads_keep(reads, key, 1000);
	reads_key(other_session, "/v1/record/{id}", "r1", key);
	assert_false(reads_has(reads, key, 1000));
	reads_key(session, "/v1/record/{id}/history", "r1", key);
	assert_false(reads_has(reads, key, 1000));
	reads_key(session, "/v1/record/{id}", "r2", key);
	assert_false(reads_has(reads, key, 1000));
	reads_key(session, "/v1/record/{id}r", "1", key);
	assert_false(reads_has(reads, key, 1000));
	reads_free(reads);
}

TEST(what_is_pushed_out_is_only_read_anew)
{
	struct reads *reads = made();
	uint8_t keys[3000][HASH_SIZE];
	size_t known = 0;

	for (size_t i = 0; i < 3000; i++) {
		char filter[16];

		(void)snprintf(filter, sizeof filter, "r%zu", i);
		reads_key(session, "/v1/record/{id}", filter, keys[i]);
		reads_keep(reads, keys[i], 1000 + (int64_t)i);
	}
	for (size_t i = 0; i < 3000; i++) {
		known += reads_has(reads, keys[i], 4000);
	}
	assert_int_equal(known, 1024);
	assert_true(reads_has(reads, keys[2999], 4000));
	reads_free(reads);
}

RUN_TESTS(CASE(a_read_is_remembered_for_ten_minutes),
	  CASE(another_session_route_or_filter_is_another_read),
	  CASE(what_is_pushed_out_is_only_read_anew))

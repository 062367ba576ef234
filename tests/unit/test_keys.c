/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/trust/keys.h"
#include "tests/scratch.h"
#include "tests/testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct key_file {
	char folder[SCRATCH_SIZE];
	char path[SCRATCH_SIZE + 16];
	struct server_keys keys;
	struct error err;
};

static int
file_create(void **state)
{
	struct key_file *file = calloc(1, sizeof *file);
	uint8_t secret[KEYS_SECRET_SIZE];

	assert_non_null(file);
	assert_ok(crypto_init(NULL));
	assert_true(scratch_folder(file->folder, sizeof file->folder, "keys"));
	(void)snprintf(file->path, sizeof file->path, "%s/server.key", file->folder);
	memset(secret, 7, sizeof secret);
	assert_ok(keys_create(file->path, secret, &file->keys, &file->err));
	*state = file;
	return 0;
}

static int
file_free(void **state)
{
	struct key_file *file = *state;

	(void)unlink(file->path);
	assert_int_equal(rmdir(file->folder), 0);
	free(file);
	return 0;
}

static void
rotate(struct key_file *file, uint8_t fill, int64_t ends_s)
{
	uint8_t seed[SEED32_SIZE];

	memset(seed, fill, sizeof seed);
	assert_ok(keys_rotate(file->path, seed, ends_s, &file->keys, &file->err));
}

static struct server_keys
loaded(struct key_file *file)
{
	struct server_keys keys;

	assert_ok(keys_load(file->path, &keys, &file->err));
	return keys;
}

TEST(what_was_created_is_loaded_again)
{
	struct key_file *file = *state;
	struct server_keys keys = loaded(file);
	struct stat about;

	assert_memory_equal(&keys, &file->keys, sizeof keys);
	assert_int_equal(keys.alive_count, 1);
	assert_int_equal(keys.box.id, 1);
	assert_int_equal(stat(file->path, &about), 0);
	assert_int_equal(about.st_mode & 0777, 0600);
}

TEST(a_key_that_was_rotated_stands_behind_the_newest_and_the_log_key_stays)
{
	struct key_file *file = *state;
	struct server_keys before = file->keys;
	struct server_keys keys;

	rotate(file, 9, 1234);
	keys = loaded(file);
	assert_memory_equal(&keys, &file->keys, sizeof keys);
	assert_int_equal(keys.alive_count, 2);
	assert_int_equal(keys.box.id, 2);
	assert_memory_equal(keys.alive[1].secret, before.box.secret, BOX_SECRET_SIZE);
	assert_int_equal(keys.ends_s[0], 0);
	assert_int_equal(keys.ends_s[1], 1234);
	assert_memory_equal(keys.log_secret, before.log_secret, SIGN_SECRET_SIZE);
	assert_memory_not_equal(keys.box.public_key, before.box.public_key, BOX_PUBLIC_SIZE);
}

TEST(a_retired_key_is_gone_from_the_file)
{
	struct key_file *file = *state;
	struct server_keys keys;

	rotate(file, 9, 1000);
	rotate(file, 10, 2000);
	assert_ok(keys_retire(file->path, 2, &file->keys, &file->err));
	keys = loaded(file);
	assert_int_equal(keys.alive_count, 2);
	assert_int_equal(keys.alive[0].id, 3);
	assert_int_equal(keys.alive[1].id, 1);
	assert_int_equal(keys.ends_s[1], 1000);
}

TEST(neither_the_newest_key_is_retired_nor_one_that_is_not_there)
{
	struct key_file *file = *state;
	struct server_keys keys;

	rotate(file, 9, 0);
	assert_int_equal(keys_retire(file->path, 2, &file->keys, &file->err), STATUS_INVALID);
	assert_int_equal(keys_retire(file->path, 7, &file->keys, &file->err), STATUS_NOT_FOUND);
	keys = loaded(file);
	assert_int_equal(keys.alive_count, 2);
}

TEST(so_many_keys_are_kept_and_no_more)
{
	struct key_file *file = *state;
	uint8_t seed[SEED32_SIZE] = {1};

	for (uint8_t i = 1; i < KEYS_MAX; i++) {
		rotate(file, i, 0);
	}
	assert_int_equal(keys_rotate(file->path, seed, 0, &file->keys, &file->err), STATUS_LIMIT);
	assert_int_equal(loaded(file).alive_count, KEYS_MAX);
}

TEST(an_id_comes_again_only_when_its_key_is_gone)
{
	struct key_file *file = *state;

	for (int i = 1; i < 256; i++) {
		uint8_t former = file->keys.box.id;

		rotate(file, (uint8_t)i, 0);
		if (former != 1) {
			assert_ok(keys_retire(file->path, former, &file->keys, &file->err));
		}
	}
	assert_int_equal(file->keys.box.id, 0);
	rotate(file, 3, 0);
	assert_int_equal(file->keys.box.id, 2);
}

TEST(a_key_that_has_ended_is_not_used_and_the_newest_never_ends)
{
	struct key_file *file = *state;

	rotate(file, 9, 1000);
	rotate(file, 10, 2000);
	assert_int_equal(keys_end(&file->keys, 1000), 0);
	assert_int_equal(keys_end(&file->keys, 1001), 1);
	assert_int_equal(file->keys.alive_count, 2);
	assert_int_equal(file->keys.alive[1].id, 2);
	assert_int_equal(keys_end(&file->keys, INT64_MAX), 1);
	assert_int_equal(file->keys.alive_count, 1);
	assert_int_equal(file->keys.box.id, 3);
}

/* The bytes are those of Python's hashlib. */
TEST(a_mark_is_of_the_log_keys_seed_and_its_purpose)
{
	struct key_file *file = *state;
	const struct span parts[] = {span_of_text("kuda "), span_of_text("besi")};
	uint8_t mark[HASH_SIZE];
	uint8_t other[HASH_SIZE];

	keys_mark(&file->keys, "password", parts, 2, mark);
	assert_hex(mark, 32, "ebdc905f8472ec10c8a114edf10c2e93403a867a4768df25a83d3be0a97fe269");
	keys_mark(&file->keys, "login", parts, 2, other);
	assert_memory_not_equal(mark, other, HASH_SIZE);
	file->keys.log_seed[31] ^= 1;
	keys_mark(&file->keys, "password", parts, 2, other);
	assert_memory_not_equal(mark, other, HASH_SIZE);
}

TEST(a_file_of_another_length_is_no_key)
{
	struct key_file *file = *state;
	struct server_keys keys;

	assert_int_equal(truncate(file->path, 94), 0);
	assert_int_equal(keys_load(file->path, &keys, &file->err), STATUS_MALFORMED);
	assert_int_equal(truncate(file->path, 0), 0);
	assert_int_equal(keys_load(file->path, &keys, &file->err), STATUS_MALFORMED);
}

TEST(a_file_with_an_id_twice_is_no_key)
{
	enum { SECOND_KEY = 21 + 32 + 1 + 41 };
	struct key_file *file = *state;
	struct server_keys keys;
	FILE *stream;

	rotate(file, 9, 0);
	stream = fopen(file->path, "r+b");
	assert_non_null(stream);
	assert_int_equal(fseek(stream, SECOND_KEY, SEEK_SET), 0);
	assert_int_equal(fputc(file->keys.box.id, stream), file->keys.box.id);
	assert_int_equal(fclose(stream), 0);
	assert_int_equal(keys_load(file->path, &keys, &file->err), STATUS_MALFORMED);
}

TEST(a_file_that_others_may_read_is_refused)
{
	struct key_file *file = *state;
	struct server_keys keys;

	assert_int_equal(chmod(file->path, 0640), 0);
	assert_int_equal(keys_load(file->path, &keys, &file->err), STATUS_DENIED);
}

#define KEYS_CASE(sentence) CASE_WITH(sentence, file_create, file_free)

RUN_TESTS(KEYS_CASE(what_was_created_is_loaded_again),
	  KEYS_CASE(a_key_that_was_rotated_stands_behind_the_newest_and_the_log_key_stays),
	  KEYS_CASE(a_retired_key_is_gone_from_the_file),
	  KEYS_CASE(neither_the_newest_key_is_retired_nor_one_that_is_not_there),
	  KEYS_CASE(so_many_keys_are_kept_and_no_more),
	  KEYS_CASE(an_id_comes_again_only_when_its_key_is_gone),
	  KEYS_CASE(a_key_that_has_ended_is_not_used_and_the_newest_never_ends),
	  KEYS_CASE(a_mark_is_of_the_log_keys_seed_and_its_purpose),
	  KEYS_CASE(a_file_of_another_length_is_no_key),
	  KEYS_CASE(a_file_with_an_id_twice_is_no_key),
	  KEYS_CASE(a_file_that_others_may_read_is_refused))

/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/commitment.h"
#include "tests/testing.h"

/* Expected values computed from docs/protocol.md with Python's hashlib. */

enum { DEVICE = 0x12345678, N = 7 };

static const uint8_t change[] = {0xa1, 0x01, 0x07};

static void
salt_make(uint8_t salt_out[SALT_SIZE])
{
	uint8_t seed[SEED_SIZE];

	for (size_t i = 0; i < SEED_SIZE; i++) {
		seed[i] = (uint8_t)i;
	}
	commitment_salt(seed, N, salt_out);
}

TEST(salt_comes_from_the_batch_seed_and_n)
{
	uint8_t salt[SALT_SIZE];

	salt_make(salt);
	assert_hex(salt, SALT_SIZE, "4f96bf78c8c471c3355c9475eac34e51");
}

TEST(commitment_covers_salt_place_and_bytes)
{
	uint8_t salt[SALT_SIZE];
	uint8_t commitment[HASH_SIZE];

	salt_make(salt);
	commitment_make(salt, DEVICE, N, span_of(change, sizeof change), commitment);
	assert_hex(commitment, HASH_SIZE,
		   "1524e536e29214060e0f1096a49ff0a9bf7bfc6c4c5c3b3371f8da171cbc8c56");
}

TEST(chain_starts_at_the_device_key_and_runs_over_commitments)
{
	uint8_t key[32];
	uint8_t salt[SALT_SIZE];
	uint8_t commitment[HASH_SIZE];
	uint8_t head[HASH_SIZE];

	memset(key, 0xaa, sizeof key);
	chain_start(key, DEVICE, head);
	assert_hex(head, HASH_SIZE,
		   "329716e0ada5ab5cce72fb961303026adc0dbf601f362da2696df25f29c34432");
	salt_make(salt);
	commitment_make(salt, DEVICE, N, span_of(change, sizeof change), commitment);
	chain_advance(head, N, commitment);
	assert_hex(head, HASH_SIZE,
		   "e4b45452f1ddadd60a26414518891378749bad68264f282a9504ebc038caa0e0");
}

RUN_TESTS(CASE(salt_comes_from_the_batch_seed_and_n), CASE(commitment_covers_salt_place_and_bytes),
	  CASE(chain_starts_at_the_device_key_and_runs_over_commitments))

/* SPDX-License-Identifier: Apache-2.0 */
#include "commitment.h"

#include "crypto.h"

#include <string.h>

/* Labels are 16 bytes, filled up with zeros, so that none is a prefix of another. */
enum { LABEL_SIZE = 16 };

static const char salt_label[LABEL_SIZE + 1] = "sambung/salt/1";
static const char commit_label[LABEL_SIZE + 1] = "sambung/commit/1";
static const char chain_label[LABEL_SIZE + 1] = "sambung/chain/1";
static const char link_label[LABEL_SIZE + 1] = "sambung/link/1";

void
commitment_salt(const uint8_t seed[SEED_SIZE], uint32_t n, uint8_t salt_out[SALT_SIZE])
{
	uint8_t number[4];
	uint8_t hash[HASH_SIZE];
	const struct span parts[] = {
		span_of(salt_label, LABEL_SIZE),
		span_of(seed, SEED_SIZE),
		span_of(number, sizeof number),
	};

	put_le32(number, n);
	sha256(parts, 3, hash);
	memcpy(salt_out, hash, SALT_SIZE);
}

void
commitment_make(const uint8_t salt[SALT_SIZE], uint32_t stream, uint32_t n, struct span bytes,
		uint8_t commitment_out[HASH_SIZE])
{
	uint8_t place[8];
	const struct span parts[] = {
		span_of(commit_label, LABEL_SIZE),
		span_of(salt, SALT_SIZE),
		span_of(place, sizeof place),
		bytes,
	};

	put_le32(place, stream);
	put_le32(place + 4, n);
	sha256(parts, 4, commitment_out);
}

void
chain_start(const uint8_t key[32], uint32_t stream, uint8_t head_out[HASH_SIZE])
{
	uint8_t number[4];
	const struct span parts[] = {
		span_of(chain_label, LABEL_SIZE),
		span_of(key, 32),
		span_of(number, sizeof number),
	};

	put_le32(number, stream);
	sha256(parts, 3, head_out);
}

void
chain_advance(uint8_t head[HASH_SIZE], uint32_t n, const uint8_t commitment[HASH_SIZE])
{
	uint8_t number[4];
	const struct span parts[] = {
		span_of(link_label, LABEL_SIZE),
		span_of(head, HASH_SIZE),
		span_of(number, sizeof number),
		span_of(commitment, HASH_SIZE),
	};

	put_le32(number, n);
	sha256(parts, 4, head);
}

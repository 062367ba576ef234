/* SPDX-License-Identifier: Apache-2.0 */
#include "client/seal.h"

#include <string.h>

enum { PLACE_SIZE = 9 };

void
seal_keys_make(const uint8_t key[SEAL_KEY_SIZE], struct seal_keys *out)
{
	const struct span of = span_of(key, SEAL_KEY_SIZE);
	const struct span body = span_of_text("sambung/seal/body/1");
	const struct span nonce = span_of_text("sambung/seal/nonce/1");

	blake2b(of, &body, 1, out->body);
	blake2b(of, &nonce, 1, out->nonce);
}

static struct span
place_put(const struct seal_place *place, uint8_t out[PLACE_SIZE])
{
	out[0] = (uint8_t)place->kind;
	put_le64(out + 1, place->row);
	return span_of(out, PLACE_SIZE);
}

void
seal_put(const struct seal_keys *keys, const struct seal_place *place, struct span plain,
	 struct buffer *out)
{
	uint8_t bytes[PLACE_SIZE];
	uint8_t nonce[32];
	const struct span parts[] = {place_put(place, bytes), plain};

	blake2b(span_of(keys->nonce, sizeof keys->nonce), parts, 2, nonce);
	buffer_append(out, nonce, AEAD_NONCE_SIZE);
	aead_seal(keys->body, nonce, parts[0], plain, out);
}

bool
seal_get(const struct seal_keys *keys, const struct seal_place *place, struct span sealed,
	 struct buffer *out)
{
	uint8_t bytes[PLACE_SIZE];

	if (sealed.length < SEAL_OVERHEAD) {
		return false;
	}
	return aead_open(keys->body, sealed.at, place_put(place, bytes),
			 span_of(sealed.at + AEAD_NONCE_SIZE, sealed.length - AEAD_NONCE_SIZE),
			 out);
}

void
seal_key_put(const uint8_t with[SEAL_KEY_SIZE], enum seal_kind kind,
	     const uint8_t key[SEAL_KEY_SIZE], struct buffer *out)
{
	struct seal_keys keys;

	seal_keys_make(with, &keys);
	seal_put(&keys, &(struct seal_place){kind, 0}, span_of(key, SEAL_KEY_SIZE), out);
	crypto_wipe(&keys, sizeof keys);
}

bool
seal_key_get(const uint8_t with[SEAL_KEY_SIZE], enum seal_kind kind, struct span sealed,
	     uint8_t key_out[SEAL_KEY_SIZE])
{
	struct seal_keys keys;
	struct buffer key;
	bool got;

	buffer_init(&key, SEAL_KEY_SIZE);
	seal_keys_make(with, &keys);
	got = seal_get(&keys, &(struct seal_place){kind, 0}, sealed, &key) &&
	      key.length == SEAL_KEY_SIZE;
	if (got) {
		memcpy(key_out, key.at, SEAL_KEY_SIZE);
		crypto_wipe(key.at, SEAL_KEY_SIZE);
	}
	buffer_finish(&key);
	crypto_wipe(&keys, sizeof keys);
	return got;
}

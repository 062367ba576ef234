/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seal: what is encrypted at rest on the device, with one primitive of libsodium's.
 *
 *     sealed = nonce 12 | ChaCha20-Poly1305-IETF(body key, nonce, AAD = place, plain)
 *     nonce  = BLAKE2b-256(nonce key, place | plain)[0..12]
 *     place  = kind | LE64 row
 *
 * Both keys are BLAKE2b of one 32-byte key under two labels. The nonce follows from what is sealed,
 * so no two different bodies share one (but by a chance of 2^-96 a pair), whatever the phone's
 * randomness is worth and however often it was restored from a copy; the same body in the same
 * place gives the same bytes, by which a save sees that nothing has changed. The place keeps what
 * is sealed from being put elsewhere; it does not keep a former body of the same row from being put
 * back.
 *
 * Costs 28 bytes for what is sealed, a pass of BLAKE2b over it and, once when the device is opened,
 * two more of a block.
 */
#ifndef SAMBUNG_CLIENT_SEAL_H
#define SAMBUNG_CLIENT_SEAL_H

#include "protocol/crypto.h"

enum { SEAL_KEY_SIZE = 32, SEAL_OVERHEAD = AEAD_NONCE_SIZE + AEAD_TAG_SIZE };

/* What stands in a place; the numbers are on disks. Row: */
enum seal_kind {
	SEAL_CADRE = 1,	      /* 0 */
	SEAL_CERTIFICATE = 2, /* 0 */
	SEAL_CHANGE = 3,      /* n */
	SEAL_BATCH = 4,	      /* its first n */
	SEAL_RECORD = 5,      /* id */
	SEAL_STREAM = 6,      /* number */
	SEAL_CARRIED = 7,     /* r */
	SEAL_DATA_KEY = 8,    /* 0; under the device's seed */
	SEAL_SEED = 9,	      /* 0; under a key of the app's */
	SEAL_RECORD_KEY = 10, /* 0; under the device's seed and a share of the server's */
	SEAL_KEPT = 0x80      /* with one of these: shut with the records (local_lease_end) */
};

struct seal_keys {
	uint8_t body[AEAD_KEY_SIZE];
	uint8_t nonce[32];
};
void seal_keys_make(const uint8_t key[SEAL_KEY_SIZE], struct seal_keys *out);

struct seal_place {
	enum seal_kind kind;
	uint64_t row;
};
/* Appends. */
void seal_put(const struct seal_keys *keys, const struct seal_place *place, struct span plain,
	      struct buffer *out);
/* Appends what was sealed; false, with nothing appended, if it was not, or not here. */
bool seal_get(const struct seal_keys *keys, const struct seal_place *place, struct span sealed,
	      struct buffer *out);
/* The same for a key, sealed with another one: SEAL_KEY_SIZE + SEAL_OVERHEAD bytes. */
void seal_key_put(const uint8_t with[SEAL_KEY_SIZE], enum seal_kind kind,
		  const uint8_t key[SEAL_KEY_SIZE], struct buffer *out);
bool seal_key_get(const uint8_t with[SEAL_KEY_SIZE], enum seal_kind kind, struct span sealed,
		  uint8_t key_out[SEAL_KEY_SIZE]);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* keys: the server's secrets, in D/server.key (0600), apart from the database on purpose: a copied
 * or edited database cannot sign. Written by `sambungctl init`, and anew by `key rotate`, after
 * which parcels that are sealed to a former key open as long as it is kept. The log key is for
 * ever: whoever holds a checkpoint or a certificate knows it. */
#ifndef SAMBUNG_DAEMON_TRUST_KEYS_H
#define SAMBUNG_DAEMON_TRUST_KEYS_H

#include "protocol/commitment.h"
#include "protocol/parcel.h"

enum { KEYS_MAX = 8 /* X25519 keys that are kept at a time */ };

/* Invariant: box is alive[0], the newest; the ids of alive differ. */
struct server_keys {
	struct server_key box; /* X25519, parcels are sealed to it */
	struct server_key alive[KEYS_MAX];
	uint8_t seeds[KEYS_MAX][SEED32_SIZE];
	int64_t ends_s[KEYS_MAX]; /* after that it opens nothing any more; 0: no end */
	size_t alive_count;
	uint8_t log_seed[SEED32_SIZE];
	uint8_t log_public[SIGN_PUBLIC_SIZE];
	uint8_t log_secret[SIGN_SECRET_SIZE];
};

enum { KEYS_SECRET_SIZE = 64 /* the seeds of both pairs, out of the caller's randomness */ };

/* EXISTS. Synced to disk when it returns. */
enum status keys_create(const char *path, const uint8_t secret[KEYS_SECRET_SIZE],
			struct server_keys *out, struct error *err);
/* NOT_FOUND; DENIED if others may read the file. */
enum status keys_load(const char *path, struct server_keys *out, struct error *err);
/* Puts a new key first; the one that was ends at ends_s (0: no end). LIMIT: KEYS_MAX are kept.
 * Synced to disk when it returns; nobody else may have the file. */
enum status keys_rotate(const char *path, const uint8_t seed[SEED32_SIZE], int64_t ends_s,
			struct server_keys *keys, struct error *err);
/* Forgets a former key. NOT_FOUND; INVALID: it is the newest. */
enum status keys_retire(const char *path, uint8_t id, struct server_keys *keys, struct error *err);
/* Those that have ended are not used any more; how many there were. The file keeps them. */
size_t keys_end(struct server_keys *keys, int64_t now_s);
void keys_wipe(struct server_keys *keys);
/*
 * What the database has of a secret that opens something: BLAKE2b of the parts under a key of this
 * purpose, made of the log key's seed. So who has the database and not server.key can neither put
 * there what a secret of his own fits, nor try secrets against it. Parts of any length but the last
 * have theirs in front.
 */
void keys_mark(const struct server_keys *keys, const char *purpose, const struct span *parts,
	       size_t count, uint8_t out[HASH_SIZE]);

#endif

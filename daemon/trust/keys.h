/* SPDX-License-Identifier: Apache-2.0 */
/* keys: the server's secrets, in D/server.key (0600), apart from the database on purpose: a copied
 * or edited database cannot sign. Written once by `sambungctl init`. */
#ifndef SAMBUNG_DAEMON_TRUST_KEYS_H
#define SAMBUNG_DAEMON_TRUST_KEYS_H

#include "protocol/parcel.h"

struct server_keys {
	struct server_key box; /* X25519, parcels are sealed to it */
	uint8_t log_public[SIGN_PUBLIC_SIZE];
	uint8_t log_secret[SIGN_SECRET_SIZE];
};

enum { KEYS_SECRET_SIZE = 64 /* the seeds of both pairs, out of the caller's randomness */ };

/* EXISTS. Synced to disk when it returns. */
enum status keys_create(const char *path, const uint8_t secret[KEYS_SECRET_SIZE],
			struct server_keys *out, struct error *err);
/* NOT_FOUND; DENIED if others may read the file. */
enum status keys_load(const char *path, struct server_keys *out, struct error *err);
void keys_wipe(struct server_keys *keys);

#endif

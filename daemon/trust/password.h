/* SPDX-License-Identifier: Apache-2.0 */
/*
 * password: what people choose, and what is kept of it: Argon2id (RFC 9106) by libsodium, of the
 * mark (keys.h) of name and password. Nobody can try passwords against it, or make one that fits,
 * without server.key, and what is kept of one user fits no other.
 *
 * Making and checking one takes 64 MiB of memory and about a tenth of a second, so both belong to a
 * thread that nobody else needs, one at a time. What is kept, 56 bytes: passes LE32, KiB LE32, salt
 * 16, hash 32; so the figures below may be raised, and older ones still fit.
 *
 * Rules (NIST SP 800-63B 5.1.1): at least 10 characters, none of the commonest, not the name; no
 * rule on kinds of characters, no expiry.
 */
#ifndef SAMBUNG_DAEMON_TRUST_PASSWORD_H
#define SAMBUNG_DAEMON_TRUST_PASSWORD_H

#include "daemon/store/store_people.h"
#include "daemon/trust/keys.h"

enum {
	PASSWORD_LEAST = 10, /* characters */
	PASSWORD_BYTES_MAX = 256,
	PASSWORD_SALT_SIZE = 16,
	PASSWORD_PASSES = 2,
	PASSWORD_KIB = 64 * 1024,
};

/* May that be the password of who signs in under this name? INVALID. */
enum status password_allowed(struct span password, struct span name, struct error *err);
/* Who says that she is who. */
struct credentials {
	struct span name; /* as she signs in */
	struct span password;
};
/* MEMORY. */
enum status password_make(const struct server_keys *keys, const struct credentials *credentials,
			  const uint8_t salt[PASSWORD_SALT_SIZE], uint8_t out[PASSWORD_SIZE],
			  struct error *err);
/* MEMORY; STORAGE: that is nothing that password_make made. */
enum status password_fits(const struct server_keys *keys, const struct credentials *credentials,
			  const uint8_t kept[PASSWORD_SIZE], bool *out, struct error *err);
/* No password fits it, and to find that out takes as long: for a name that nobody has. */
void password_of_nobody(uint8_t out[PASSWORD_SIZE]);

#endif

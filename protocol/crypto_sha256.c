/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 in a file of its own: the daemon brings a faster one (daemon/trust/sha256.c). */
#include "crypto.h"

#include <sodium.h>

void
sha256(const struct span *parts, size_t count, uint8_t out[32])
{
	crypto_hash_sha256_state state;

	crypto_hash_sha256_init(&state);
	for (size_t i = 0; i < count; i++) {
		if (parts[i].length > 0) {
			crypto_hash_sha256_update(&state, parts[i].at, parts[i].length);
		}
	}
	crypto_hash_sha256_final(&state, out);
	/* It may have hashed a token or the secret of a code. */
	sodium_memzero(&state, sizeof state);
}

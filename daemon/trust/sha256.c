/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SHA-256 by nettle, which uses the processor's instructions for it where there are any: five times
 * as fast as libsodium's portable one, for the 7 hashes that each change costs the server. It
 * stands in the place of protocol/crypto_sha256.c wherever the daemon's libraries are linked.
 */
#include "protocol/crypto.h"

#include <nettle/sha2.h>

void
sha256(const struct span *parts, size_t count, uint8_t out[32])
{
	struct sha256_ctx state;

	sha256_init(&state);
	for (size_t i = 0; i < count; i++) {
		if (parts[i].length > 0) {
			sha256_update(&state, parts[i].length, parts[i].at);
		}
	}
	sha256_digest(&state, SHA256_DIGEST_SIZE, out);
	/* It may have hashed a token or the secret of a code; of these the last block is left. */
	crypto_wipe(state.block, sizeof state.block);
}

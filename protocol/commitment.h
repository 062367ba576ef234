/* SPDX-License-Identifier: Apache-2.0 */
/*
 * commitment: what stands in for a change in signatures and in the log (docs/protocol.md).
 *
 *   salt_n = first 16 bytes of SHA-256("sambung/salt/1\0\0" | seed | LE32 n)
 *   C_n    = SHA-256("sambung/commit/1" | salt_n | LE32 stream | LE32 n | canonical bytes)
 *   h_0    = SHA-256("sambung/chain/1\0" | device key | LE32 stream)
 *   h_n    = SHA-256("sambung/link/1\0\0" | h_(n-1) | LE32 n | C_n)
 *
 * Server streams use 32 zero bytes as key. Entries that are no change commit to their payload with
 * stream = n = 0.
 */
#ifndef SAMBUNG_PROTOCOL_COMMITMENT_H
#define SAMBUNG_PROTOCOL_COMMITMENT_H

#include "bytes.h"

enum { SEED_SIZE = 16, SALT_SIZE = 16, HASH_SIZE = 32 };

void commitment_salt(const uint8_t seed[SEED_SIZE], uint32_t n, uint8_t salt_out[SALT_SIZE]);
void commitment_make(const uint8_t salt[SALT_SIZE], uint32_t stream, uint32_t n, struct span bytes,
		     uint8_t commitment_out[HASH_SIZE]);
void chain_start(const uint8_t key[32], uint32_t stream, uint8_t head_out[HASH_SIZE]);
/* head becomes h_n; in place. */
void chain_advance(uint8_t head[HASH_SIZE], uint32_t n, const uint8_t commitment[HASH_SIZE]);

#endif

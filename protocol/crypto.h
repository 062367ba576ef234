/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crypto: every use of libsodium, and nothing else, so that another platform can bring its own.
 * Randomness comes from the caller (tests replace it), except crypto_random for real programs.
 */
#ifndef SAMBUNG_PROTOCOL_CRYPTO_H
#define SAMBUNG_PROTOCOL_CRYPTO_H

#include "bytes.h"

enum {
	SIGN_PUBLIC_SIZE = 32,
	SIGN_SECRET_SIZE = 64,
	SIGNATURE_SIZE = 64,
	BOX_PUBLIC_SIZE = 32,
	BOX_SECRET_SIZE = 32,
	SEED32_SIZE = 32,
	AEAD_KEY_SIZE = 32,
	AEAD_NONCE_SIZE = 12,
	AEAD_TAG_SIZE = 16,
};

/* Once per process before anything else; safe to call again. */
enum status crypto_init(struct error *err);
/* The system's randomness. */
void crypto_random(void *out, size_t length);
void crypto_wipe(void *secret, size_t length);
/* buffer_finish for what held a secret. A buffer that grew left copies behind: reserve first. */
void crypto_wipe_buffer(struct buffer *secret);
bool crypto_equal(const void *a, const void *b, size_t length); /* constant time */

/* SHA-256 over the concatenation of up to any number of spans. */
void sha256(const struct span *parts, size_t count, uint8_t out[32]);
/* BLAKE2b-256 with key (1 to 64 bytes). */
void blake2b(struct span key, const struct span *parts, size_t count, uint8_t out[32]);

/* Ed25519. The secret holds seed and public key. */
void sign_keypair(const uint8_t seed[32], uint8_t public_out[32], uint8_t secret_out[64]);
void sign_make(const uint8_t secret[64], struct span message, uint8_t signature_out[64]);
bool sign_check(const uint8_t public_key[32], struct span message, const uint8_t signature[64]);

/* X25519 as libsodium's crypto_kx. */
void box_keypair(const uint8_t seed[32], uint8_t public_out[32], uint8_t secret_out[32]);
/* rx: for what the client receives; tx: for what it sends. False if the peer's key is unfit. */
bool kx_client(const uint8_t epk[32], const uint8_t esk[32], const uint8_t spk[32],
	       uint8_t rx_out[32], uint8_t tx_out[32]);
/* rx: what the server receives (the client's tx). */
bool kx_server(const uint8_t spk[32], const uint8_t ssk[32], const uint8_t epk[32],
	       uint8_t rx_out[32], uint8_t tx_out[32]);

/* ChaCha20-Poly1305-IETF; appends ciphertext and tag. */
void aead_seal(const uint8_t key[32], const uint8_t nonce[12], struct span data, struct span plain,
	       struct buffer *out);
/* Appends the plaintext; false (nothing appended) if it does not verify. */
bool aead_open(const uint8_t key[32], const uint8_t nonce[12], struct span data, struct span sealed,
	       struct buffer *out);

/* Argon2id (RFC 9106) with one lane: 32 bytes from something short that a person knows. False if
 * there is no memory for it. */
bool pin_stretch(struct span pin, const uint8_t salt[16], uint32_t passes, uint32_t memory_kib,
		 uint8_t key_out[32]);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto.h"

#include <sodium.h>

enum status
crypto_init(struct error *err)
{
	if (sodium_init() < 0) {
		return fail(err, STATUS_CLOCK, "libsodium found no randomness");
	}
	return STATUS_OK;
}

void
crypto_random(void *out, size_t length)
{
	randombytes_buf(out, length);
}

void
crypto_wipe(void *secret, size_t length)
{
	sodium_memzero(secret, length);
}

void
crypto_wipe_buffer(struct buffer *secret)
{
	if (secret->at != NULL) {
		sodium_memzero(secret->at, secret->capacity);
	}
	buffer_finish(secret);
}

bool
crypto_equal(const void *a, const void *b, size_t length)
{
	return sodium_memcmp(a, b, length) == 0;
}

void
blake2b(struct span key, const struct span *parts, size_t count, uint8_t out[32])
{
	crypto_generichash_state state;

	crypto_generichash_init(&state, key.at, key.length, 32);
	for (size_t i = 0; i < count; i++) {
		if (parts[i].length > 0) {
			crypto_generichash_update(&state, parts[i].at, parts[i].length);
		}
	}
	crypto_generichash_final(&state, out, 32);
	/* The state began from the key, which may be a device's secret. */
	sodium_memzero(&state, sizeof state);
}

void
sign_keypair(const uint8_t seed[32], uint8_t public_out[32], uint8_t secret_out[64])
{
	crypto_sign_seed_keypair(public_out, secret_out, seed);
}

void
sign_make(const uint8_t secret[64], struct span message, uint8_t signature_out[64])
{
	crypto_sign_detached(signature_out, NULL, message.at, message.length, secret);
}

bool
sign_check(const uint8_t public_key[32], struct span message, const uint8_t signature[64])
{
	return crypto_sign_verify_detached(signature, message.at, message.length, public_key) == 0;
}

void
box_keypair(const uint8_t seed[32], uint8_t public_out[32], uint8_t secret_out[32])
{
	crypto_kx_seed_keypair(public_out, secret_out, seed);
}

bool
kx_client(const uint8_t epk[32], const uint8_t esk[32], const uint8_t spk[32], uint8_t rx_out[32],
	  uint8_t tx_out[32])
{
	return crypto_kx_client_session_keys(rx_out, tx_out, epk, esk, spk) == 0;
}

bool
kx_server(const uint8_t spk[32], const uint8_t ssk[32], const uint8_t epk[32], uint8_t rx_out[32],
	  uint8_t tx_out[32])
{
	return crypto_kx_server_session_keys(rx_out, tx_out, spk, ssk, epk) == 0;
}

void
aead_seal(const uint8_t key[32], const uint8_t nonce[12], struct span data, struct span plain,
	  struct buffer *out)
{
	uint8_t *sealed = buffer_extend(out, plain.length + AEAD_TAG_SIZE);

	if (sealed == NULL) {
		return;
	}
	crypto_aead_chacha20poly1305_ietf_encrypt(sealed, NULL, plain.at, plain.length, data.at,
						  data.length, NULL, nonce, key);
}

bool
aead_open(const uint8_t key[32], const uint8_t nonce[12], struct span data, struct span sealed,
	  struct buffer *out)
{
	size_t before = out->length;
	uint8_t *plain;

	if (sealed.length < AEAD_TAG_SIZE) {
		return false;
	}
	plain = buffer_extend(out, sealed.length - AEAD_TAG_SIZE);
	if (plain == NULL) {
		return false;
	}
	if (crypto_aead_chacha20poly1305_ietf_decrypt(plain, NULL, NULL, sealed.at, sealed.length,
						      data.at, data.length, nonce, key) != 0) {
		out->length = before;
		return false;
	}
	return true;
}

bool
pin_stretch(struct span pin, const uint8_t salt[16], uint32_t passes, uint32_t memory_kib,
	    uint8_t key_out[32])
{
	_Static_assert(crypto_pwhash_SALTBYTES == 16, "the size of a salt");

	return crypto_pwhash(key_out, 32, (const char *)pin.at, pin.length, salt, passes,
			     (size_t)memory_kib * 1024, crypto_pwhash_ALG_ARGON2ID13) == 0;
}

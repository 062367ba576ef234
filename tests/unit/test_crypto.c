/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/crypto.h"
#include "tests/testing.h"

/* Expected values: RFC 8032 section 7.1, RFC 8439 section 2.8.2, FIPS 180-2; BLAKE2b and the key
 * agreement were computed with Python's hashlib and cryptography. */

static void
bytes_of(const char *hex, uint8_t *out, size_t length)
{
	assert_true(hex_decode(hex, out, length));
}

static void
fill(uint8_t *out, size_t length, uint8_t first)
{
	for (size_t i = 0; i < length; i++) {
		out[i] = (uint8_t)(first + i);
	}
}

TEST(sha256_runs_over_the_concatenation_of_its_parts)
{
	const struct span parts[] = {span_of_text("a"), span_of(NULL, 0), span_of_text("bc")};
	uint8_t hash[32];

	sha256(parts, 3, hash);
	assert_hex(hash, 32, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	sha256(NULL, 0, hash);
	assert_hex(hash, 32, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(blake2b_is_keyed_and_runs_over_the_concatenation)
{
	const struct span parts[] = {span_of_text("ab"), span_of_text("c")};
	uint8_t key[32];
	uint8_t hash[32];

	fill(key, sizeof key, 0);
	blake2b(span_of(key, sizeof key), parts, 2, hash);
	assert_hex(hash, 32, "d63a32d3e44738d7907f964316c241adaba0abfeabc32349677578a15a203f7f");
}

TEST(ed25519_agrees_with_rfc_8032)
{
	uint8_t seed[32];
	uint8_t public_key[32];
	uint8_t secret[64];
	uint8_t signature[64];

	bytes_of("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb", seed, 32);
	sign_keypair(seed, public_key, secret);
	assert_hex(public_key, 32,
		   "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
	sign_make(secret, span_of("\x72", 1), signature);
	assert_hex(signature, 64,
		   "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
		   "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00");
	assert_true(sign_check(public_key, span_of("\x72", 1), signature));
}

TEST(empty_message_is_signed_as_in_rfc_8032)
{
	uint8_t seed[32];
	uint8_t public_key[32];
	uint8_t secret[64];
	uint8_t signature[64];

	bytes_of("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60", seed, 32);
	sign_keypair(seed, public_key, secret);
	sign_make(secret, span_of(NULL, 0), signature);
	assert_hex(signature, 64,
		   "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
		   "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b");
	assert_true(sign_check(public_key, span_of(NULL, 0), signature));
}

TEST(signature_fits_only_its_message_and_key)
{
	uint8_t seed[32] = {7};
	uint8_t public_key[32];
	uint8_t secret[64];
	uint8_t signature[64];

	sign_keypair(seed, public_key, secret);
	sign_make(secret, span_of_text("visit"), signature);
	assert_false(sign_check(public_key, span_of_text("visits"), signature));
	public_key[0] ^= 1;
	assert_false(sign_check(public_key, span_of_text("visit"), signature));
	public_key[0] ^= 1;
	signature[63] ^= 1;
	assert_false(sign_check(public_key, span_of_text("visit"), signature));
}

TEST(both_sides_agree_on_the_session_keys)
{
	uint8_t client_seed[32];
	uint8_t server_seed[32];
	uint8_t epk[32];
	uint8_t esk[32];
	uint8_t spk[32];
	uint8_t ssk[32];
	uint8_t rx[32];
	uint8_t tx[32];

	memset(client_seed, 0x11, sizeof client_seed);
	memset(server_seed, 0x22, sizeof server_seed);
	box_keypair(client_seed, epk, esk);
	box_keypair(server_seed, spk, ssk);
	assert_hex(epk, 32, "cb8403d9e0857b55c47ff233b6b4379588c9644aababb2588027bf7188b98217");
	assert_true(kx_client(epk, esk, spk, rx, tx));
	assert_hex(rx, 32, "b0053e142960e91d365043abe725043e227e745ff53fa1f4815056b45a0bc4ea");
	assert_hex(tx, 32, "0f8fd492c10c2dd3dca73ccb41f633d20109e94a4a4a1bbbc3e39387633faa9f");
	assert_true(kx_server(spk, ssk, epk, rx, tx));
	assert_hex(rx, 32, "0f8fd492c10c2dd3dca73ccb41f633d20109e94a4a4a1bbbc3e39387633faa9f");
	assert_hex(tx, 32, "b0053e142960e91d365043abe725043e227e745ff53fa1f4815056b45a0bc4ea");
}

TEST(key_of_small_order_is_refused)
{
	const uint8_t seed[32] = {1};
	const uint8_t zero[32] = {0};
	uint8_t one[32] = {1};
	uint8_t public_key[32];
	uint8_t secret[32];
	uint8_t rx[32];
	uint8_t tx[32];

	box_keypair(seed, public_key, secret);
	assert_false(kx_client(public_key, secret, zero, rx, tx));
	assert_false(kx_client(public_key, secret, one, rx, tx));
	assert_false(kx_server(public_key, secret, zero, rx, tx));
	assert_false(kx_server(public_key, secret, one, rx, tx));
}

TEST(aead_agrees_with_rfc_8439)
{
	static const char plain[] =
		"Ladies and Gentlemen of the class of '99: If I could offer you "
		"only one tip for the future, sunscreen would be it.";
	uint8_t key[32];
	uint8_t nonce[12];
	uint8_t data[12];
	struct buffer sealed;

	fill(key, sizeof key, 0x80);
	bytes_of("070000004041424344454647", nonce, sizeof nonce);
	bytes_of("50515253c0c1c2c3c4c5c6c7", data, sizeof data);
	buffer_init(&sealed, 1024);
	aead_seal(key, nonce, span_of(data, sizeof data), span_of_text(plain), &sealed);
	assert_ok(sealed.status);
	assert_hex(sealed.at, 16, "d31a8d34648e60db7b86afbc53ef7ec2");
	assert_hex(sealed.at + sealed.length - 16, 16, "1ae10b594f09e26a7e902ecbd0600691");
	buffer_finish(&sealed);
}

TEST(aead_opens_what_it_sealed_and_appends)
{
	const uint8_t key[32] = {9};
	const uint8_t nonce[12] = {0};
	struct buffer sealed;
	struct buffer plain;

	buffer_init(&sealed, 100);
	buffer_init(&plain, 100);
	buffer_append_byte(&plain, '>');
	aead_seal(key, nonce, span_of_text("outer"), span_of_text("inner"), &sealed);
	assert_true(aead_open(key, nonce, span_of_text("outer"), buffer_span(&sealed), &plain));
	assert_true(span_equal(buffer_span(&plain), span_of_text(">inner")));
	buffer_finish(&sealed);
	buffer_finish(&plain);
}

TEST(aead_appends_nothing_when_the_seal_does_not_fit)
{
	const uint8_t key[32] = {9};
	const uint8_t nonce[12] = {0};
	struct buffer sealed;
	struct buffer plain;

	buffer_init(&sealed, 100);
	buffer_init(&plain, 100);
	aead_seal(key, nonce, span_of_text("outer"), span_of_text("inner"), &sealed);
	assert_false(aead_open(key, nonce, span_of_text("other"), buffer_span(&sealed), &plain));
	assert_false(aead_open(key, nonce, span_of_text("outer"), span_of(sealed.at, 15), &plain));
	sealed.at[0] ^= 1;
	assert_false(aead_open(key, nonce, span_of_text("outer"), buffer_span(&sealed), &plain));
	assert_int_equal(plain.length, 0);
	assert_ok(plain.status);
	buffer_finish(&sealed);
	buffer_finish(&plain);
}

TEST(aead_respects_the_limit_of_the_buffer)
{
	const uint8_t key[32] = {9};
	const uint8_t nonce[12] = {0};
	struct buffer sealed;
	struct buffer plain;

	buffer_init(&sealed, 20);
	aead_seal(key, nonce, span_of(NULL, 0), span_of_text("inner"), &sealed);
	assert_int_equal(sealed.status, STATUS_LIMIT);
	buffer_clear(&sealed);
	aead_seal(key, nonce, span_of(NULL, 0), span_of_text("four"), &sealed);
	assert_ok(sealed.status);
	buffer_init(&plain, 3);
	assert_false(aead_open(key, nonce, span_of(NULL, 0), buffer_span(&sealed), &plain));
	assert_int_equal(plain.status, STATUS_LIMIT);
	buffer_finish(&sealed);
	buffer_finish(&plain);
}

TEST(randomness_and_comparison_and_wiping)
{
	const uint8_t zero[32] = {0};
	uint8_t a[32] = {0};
	uint8_t b[32] = {0};

	crypto_random(a, sizeof a);
	crypto_random(b, sizeof b);
	assert_false(crypto_equal(a, b, sizeof a));
	memcpy(b, a, sizeof a);
	assert_true(crypto_equal(a, b, sizeof a));
	crypto_wipe(a, sizeof a);
	assert_memory_equal(a, zero, sizeof a);
}

/* That nothing is left of it test_secrets.sh looks for in the daemon's memory. */
TEST(wiped_buffer_is_empty_and_can_be_filled_again)
{
	struct buffer buffer;

	buffer_init(&buffer, 64);
	crypto_wipe_buffer(&buffer); /* nothing in it yet */
	buffer_append_span(&buffer, span_of_text("rahasia"));
	crypto_wipe_buffer(&buffer);
	assert_null(buffer.at);
	assert_int_equal(buffer.length, 0);
	buffer_append_span(&buffer, span_of_text("lagi"));
	assert_ok(buffer.status);
	assert_int_equal(buffer.limit, 64);
	buffer_finish(&buffer);
}

/* As Python's cryptography package on OpenSSL has it: 2 passes, 64 KiB, one lane. */
TEST(pin_is_stretched_by_argon2id)
{
	const uint8_t salt[16] = {'s', 'o', 'm', 'e', 's', 'a', 'l', 't',
				  's', 'o', 'm', 'e', 's', 'a', 'l', 't'};
	uint8_t key[32];

	assert_true(pin_stretch(span_of_text("password"), salt, 2, 64, key));
	assert_hex(key, sizeof key,
		   "1a98fba8e6394425c9bdc333a9c750aaf811df070f5fb4a5788e1cf4db5793a1");
	assert_false(pin_stretch(span_of_text("password"), salt, 0, 64, key));
}

static int
crypto_ready(void **state)
{
	(void)state;
	return crypto_init(NULL) == STATUS_OK ? 0 : -1;
}

#define READY(sentence) CASE_WITH(sentence, crypto_ready, NULL)

RUN_TESTS(READY(sha256_runs_over_the_concatenation_of_its_parts),
	  READY(blake2b_is_keyed_and_runs_over_the_concatenation),
	  READY(ed25519_agrees_with_rfc_8032), READY(empty_message_is_signed_as_in_rfc_8032),
	  READY(signature_fits_only_its_message_and_key),
	  READY(both_sides_agree_on_the_session_keys), READY(key_of_small_order_is_refused),
	  READY(aead_agrees_with_rfc_8439), READY(aead_opens_what_it_sealed_and_appends),
	  READY(aead_appends_nothing_when_the_seal_does_not_fit),
	  READY(aead_respects_the_limit_of_the_buffer), READY(pin_is_stretched_by_argon2id),
	  READY(randomness_and_comparison_and_wiping),
	  READY(wiped_buffer_is_empty_and_can_be_filled_again))

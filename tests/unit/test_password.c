/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/trust/password.h"
#include "protocol/crypto.h"
#include "tests/testing.h"

#include <sodium.h>

static struct error err;
static const uint8_t salt[PASSWORD_SALT_SIZE] = {1, 2, 3};
static const struct server_keys keys = {.log_seed = {9}};

/* Of Ratna Sari. */
static enum status
make(const char *password, uint8_t kept_out[PASSWORD_SIZE])
{
	const struct credentials ratna = {span_of_text("Ratna Sari"), span_of_text(password)};

	return password_make(&keys, &ratna, salt, kept_out, &err);
}

static enum status
fits_kept(const char *password, const uint8_t kept[PASSWORD_SIZE], bool *out)
{
	const struct credentials ratna = {span_of_text("Ratna Sari"), span_of_text(password)};

	return password_fits(&keys, &ratna, kept, out, &err);
}

static enum status
allowed(const char *password)
{
	return password_allowed(span_of_text(password), span_of_text("Ratna Sari"), &err);
}

TEST(a_password_fits_itself_and_no_other)
{
	uint8_t kept[PASSWORD_SIZE];
	bool fits = false;

	assert_ok(crypto_init(&err));
	assert_ok(make("kuda besi hijau", kept));
	assert_ok(fits_kept("kuda besi hijau", kept, &fits));
	assert_true(fits);
	assert_ok(fits_kept("kuda besi hijaU", kept, &fits));
	assert_false(fits);
}

TEST(what_is_kept_of_one_name_fits_no_other)
{
	uint8_t kept[PASSWORD_SIZE];
	const struct credentials others[] = {
		{span_of_text("Ratna Dewi"), span_of_text("kuda besi hijau")},
		{span_of_text("Ratna Sarik"), span_of_text("uda besi hijau")},
	};
	bool fits = true;

	assert_ok(crypto_init(&err));
	assert_ok(make("kuda besi hijau", kept));
	for (size_t i = 0; i < 2; i++) {
		assert_ok(password_fits(&keys, &others[i], kept, &fits, &err));
		assert_false(fits);
		fits = true;
	}
}

TEST(without_the_servers_key_nobody_makes_or_tries_a_password)
{
	static const struct server_keys another = {.log_seed = {8}};
	const struct credentials ratna = {span_of_text("Ratna Sari"),
					  span_of_text("kuda besi hijau")};
	uint8_t kept[PASSWORD_SIZE];
	bool fits = true;

	assert_ok(crypto_init(&err));
	assert_ok(password_make(&another, &ratna, salt, kept, &err));
	assert_ok(fits_kept("kuda besi hijau", kept, &fits));
	assert_false(fits);
	/* Argon2id as anybody has it. */
	fits = true;
	assert_int_equal(crypto_pwhash(kept + 24, 32, "kuda besi hijau", 15, salt, PASSWORD_PASSES,
				       (size_t)PASSWORD_KIB * 1024, crypto_pwhash_ALG_ARGON2ID13),
			 0);
	assert_ok(fits_kept("kuda besi hijau", kept, &fits));
	assert_false(fits);
}

TEST(what_is_kept_has_its_figures_and_its_salt_in_front)
{
	uint8_t kept[PASSWORD_SIZE];

	assert_ok(crypto_init(&err));
	assert_ok(make("kuda besi hijau", kept));
	assert_hex(kept, 24, "02000000 00000100 01020300000000000000000000000000");
}

TEST(a_hash_by_other_figures_still_fits)
{
	static const uint8_t name_length[4] = {10};
	const struct span parts[] = {span_of(name_length, 4), span_of_text("Ratna Sari"),
				     span_of_text("kuda besi hijau")};
	uint8_t kept[PASSWORD_SIZE] = {0};
	uint8_t marked[HASH_SIZE];
	bool fits = false;

	assert_ok(crypto_init(&err));
	keys_mark(&keys, "password", parts, 3, marked);
	put_le32(kept, 1);
	put_le32(kept + 4, 8 * 1024);
	memcpy(kept + 8, salt, sizeof salt);
	assert_int_equal(crypto_pwhash(kept + 24, 32, (const char *)marked, sizeof marked, salt, 1,
				       8 * 1024 * 1024, crypto_pwhash_ALG_ARGON2ID13),
			 0);
	assert_ok(fits_kept("kuda besi hijau", kept, &fits));
	assert_true(fits);
	put_le32(kept, 2);
	assert_ok(fits_kept("kuda besi hijau", kept, &fits));
	assert_false(fits);
}

TEST(no_password_fits_nobody)
{
	uint8_t nobody[PASSWORD_SIZE];
	bool fits = true;

	assert_ok(crypto_init(&err));
	password_of_nobody(nobody);
	assert_hex(nobody, 8, "02000000 00000100");
	assert_ok(fits_kept("", nobody, &fits));
	assert_false(fits);
}

TEST(a_damaged_hash_asks_for_no_gigabytes)
{
	uint8_t kept[PASSWORD_SIZE] = {2};
	bool fits;

	put_le32(kept + 4, UINT32_MAX);
	assert_int_equal(fits_kept("x", kept, &fits), STATUS_STORAGE);
	put_le32(kept + 4, 64);
	put_le32(kept, 0);
	assert_int_equal(fits_kept("x", kept, &fits), STATUS_STORAGE);
	put_le32(kept, 1000);
	assert_int_equal(fits_kept("x", kept, &fits), STATUS_STORAGE);
}

TEST(a_password_has_ten_characters_of_whatever_kind)
{
	assert_int_equal(allowed("kudabesi1"), STATUS_INVALID);
	assert_ok(allowed("kuda besi1"));
	assert_ok(allowed("éééééééééx"));
	assert_int_equal(allowed("ééééé"), STATUS_INVALID);
	assert_int_equal(allowed("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"), STATUS_INVALID);
}

TEST(a_password_may_be_a_long_sentence_but_not_a_book)
{
	char text[PASSWORD_BYTES_MAX + 2];

	memset(text, 'a', sizeof text);
	text[0] = 'b';
	text[PASSWORD_BYTES_MAX] = '\0';
	assert_ok(allowed(text));
	text[PASSWORD_BYTES_MAX] = 'a';
	text[PASSWORD_BYTES_MAX + 1] = '\0';
	assert_int_equal(allowed(text), STATUS_INVALID);
}

TEST(what_everybody_guesses_first_is_no_password)
{
	assert_int_equal(allowed("1234567890"), STATUS_INVALID);
	assert_int_equal(allowed("Password123"), STATUS_INVALID);
	assert_int_equal(allowed("Indonesia123"), STATUS_INVALID);
	assert_int_equal(allowed("zzzzzzzzzzzz"), STATUS_INVALID);
	assert_int_equal(allowed("ratna sari"), STATUS_INVALID);
	assert_contains(err.detail, "guessed");
}

RUN_TESTS(CASE(a_password_fits_itself_and_no_other), CASE(what_is_kept_of_one_name_fits_no_other),
	  CASE(without_the_servers_key_nobody_makes_or_tries_a_password),
	  CASE(what_is_kept_has_its_figures_and_its_salt_in_front),
	  CASE(a_hash_by_other_figures_still_fits), CASE(no_password_fits_nobody),
	  CASE(a_damaged_hash_asks_for_no_gigabytes),
	  CASE(a_password_has_ten_characters_of_whatever_kind),
	  CASE(a_password_may_be_a_long_sentence_but_not_a_book),
	  CASE(what_everybody_guesses_first_is_no_password))

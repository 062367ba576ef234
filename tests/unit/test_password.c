/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/trust/password.h"
#include "protocol/crypto.h"
#include "tests/testing.h"

#include <sodium.h>

static struct error err;
static const uint8_t salt[PASSWORD_SALT_SIZE] = {1, 2, 3};

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
	assert_ok(password_make(span_of_text("kuda besi hijau"), salt, kept, &err));
	assert_ok(password_fits(span_of_text("kuda besi hijau"), kept, &fits, &err));
	assert_true(fits);
	assert_ok(password_fits(span_of_text("kuda besi hijaU"), kept, &fits, &err));
	assert_false(fits);
}

TEST(what_is_kept_has_its_figures_and_its_salt_in_front)
{
	uint8_t kept[PASSWORD_SIZE];

	assert_ok(crypto_init(&err));
	assert_ok(password_make(span_of_text("kuda besi hijau"), salt, kept, &err));
	assert_hex(kept, 24, "02000000 00000100 01020300000000000000000000000000");
}

TEST(a_hash_by_other_figures_still_fits)
{
	uint8_t kept[PASSWORD_SIZE] = {0};
	bool fits = false;

	assert_ok(crypto_init(&err));
	put_le32(kept, 1);
	put_le32(kept + 4, 8 * 1024);
	memcpy(kept + 8, salt, sizeof salt);
	assert_int_equal(crypto_pwhash(kept + 24, 32, "kuda besi hijau", 15, salt, 1,
				       8 * 1024 * 1024, crypto_pwhash_ALG_ARGON2ID13),
			 0);
	assert_ok(password_fits(span_of_text("kuda besi hijau"), kept, &fits, &err));
	assert_true(fits);
	put_le32(kept, 2);
	assert_ok(password_fits(span_of_text("kuda besi hijau"), kept, &fits, &err));
	assert_false(fits);
}

TEST(no_password_fits_nobody)
{
	uint8_t nobody[PASSWORD_SIZE];
	bool fits = true;

	assert_ok(crypto_init(&err));
	password_of_nobody(nobody);
	assert_hex(nobody, 8, "02000000 00000100");
	assert_ok(password_fits(span_of_text(""), nobody, &fits, &err));
	assert_false(fits);
}

TEST(a_damaged_hash_asks_for_no_gigabytes)
{
	uint8_t kept[PASSWORD_SIZE] = {2};
	bool fits;

	put_le32(kept + 4, UINT32_MAX);
	assert_int_equal(password_fits(span_of_text("x"), kept, &fits, &err), STATUS_STORAGE);
	put_le32(kept + 4, 64);
	put_le32(kept, 0);
	assert_int_equal(password_fits(span_of_text("x"), kept, &fits, &err), STATUS_STORAGE);
	put_le32(kept, 1000);
	assert_int_equal(password_fits(span_of_text("x"), kept, &fits, &err), STATUS_STORAGE);
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

RUN_TESTS(CASE(a_password_fits_itself_and_no_other),
	  CASE(what_is_kept_has_its_figures_and_its_salt_in_front),
	  CASE(a_hash_by_other_figures_still_fits), CASE(no_password_fits_nobody),
	  CASE(a_damaged_hash_asks_for_no_gigabytes),
	  CASE(a_password_has_ten_characters_of_whatever_kind),
	  CASE(a_password_may_be_a_long_sentence_but_not_a_book),
	  CASE(what_everybody_guesses_first_is_no_password))

/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/trust/password.h"

#include "protocol/crypto.h"

#include <string.h>
#include <strings.h>

#include <sodium.h>

enum {
	SALT_AT = 8,
	HASH_AT = SALT_AT + PASSWORD_SALT_SIZE,
	HASH_LENGTH = PASSWORD_SIZE - HASH_AT,
	KIB = 1024,
	PASSES_MAX = 16,
	KIB_MAX = 1024 * 1024,
};

/* Of lists of leaked passwords, the commonest of at least 10 characters, and what people here would
 * think of first. Lower case. */
static const char *const common[] = {
	"0123456789",	"012345678910", "0987654321",	   "1029384756",    "1111111111",
	"1122334455",	"1q2w3e4r5t",	"1q2w3e4r5t6y",	   "1qaz2wsx3edc",  "1234512345",
	"1234567890",	"12345678901",	"123456789a",	   "1234567891",    "1234567899",
	"123456789q",	"12345qwert",	"123qweasdzxc",	   "9876543210",    "a123456789",
	"abcdefghij",	"abc123456789", "administrator",   "adminadmin",    "alhamdulillah",
	"asdfghjkl;",	"asdfghjkl1",	"assalamualaikum", "bismillah1",    "bismillah123",
	"changeme123",	"bkkbn12345",	"ilovesholat",	   "iloveyou12",    "iloveyou123",
	"indonesia1",	"indonesia123", "indonesia45",	   "jakarta123",    "katasandi1",
	"katasandi123", "keluarga123",	"letmein123",	   "merdeka1945",   "password01",
	"password10",	"password12",	"password123",	   "password1234",  "passwordpassword",
	"posyandu12",	"posyandu123",	"puskesmas1",	   "puskesmas123",  "q1w2e3r4t5",
	"q1w2e3r4t5y6", "qazwsxedcrfv", "qwerasdfzxcv",	   "qwerty1234",    "qwerty12345",
	"qwerty123456", "qwertyuiop",	"qwertyuiop1",	   "qwertyuiop123", "rahasia123",
	"rahasia1234",	"rahasiaku1",	"sambung123",	   "sayangkamu",    "stunting123",
	"supervisor",	"supervisor1",	"terserah123",	   "welcome123",    "zaq12wsxcde3",
};

static bool
equals_ignoring_case(struct span a, struct span b)
{
	return a.length == b.length &&
	       strncasecmp((const char *)a.at, (const char *)b.at, a.length) == 0;
}

static size_t
count_characters(struct span text)
{
	size_t count = 0;

	for (size_t i = 0; i < text.length; i++) {
		count += (text.at[i] & 0xc0) != 0x80;
	}
	return count;
}

static bool
is_common(struct span password)
{
	bool one_byte = true;

	for (size_t i = 0; i < sizeof common / sizeof common[0]; i++) {
		if (equals_ignoring_case(password, span_of_text(common[i]))) {
			return true;
		}
	}
	for (size_t i = 1; i < password.length; i++) {
		one_byte = one_byte && password.at[i] == password.at[0];
	}
	return one_byte;
}

enum status
password_allowed(struct span password, struct span name, struct error *err)
{
	if (!utf8_valid(password) || password.length > PASSWORD_BYTES_MAX) {
		return fail(err, STATUS_INVALID, "a password is text of at most %d bytes",
			    PASSWORD_BYTES_MAX);
	}
	if (count_characters(password) < PASSWORD_LEAST) {
		return fail(err, STATUS_INVALID, "a password has at least %d characters",
			    PASSWORD_LEAST);
	}
	if (is_common(password) || equals_ignoring_case(password, name)) {
		return fail(err, STATUS_INVALID, "this password is one of the first to be guessed");
	}
	return STATUS_OK;
}

static void
mark(const struct server_keys *keys, const struct credentials *credentials, uint8_t out[HASH_SIZE])
{
	uint8_t length[4];
	const struct span parts[] = {span_of(length, sizeof length), credentials->name,
				     credentials->password};

	put_le32(length, (uint32_t)credentials->name.length);
	keys_mark(keys, "password", parts, 3, out);
}

/* The hash by the figures and the salt of `kept`. */
static enum status
hash_as(const uint8_t kept[PASSWORD_SIZE], const struct server_keys *keys,
	const struct credentials *credentials, uint8_t hash_out[HASH_LENGTH], struct error *err)
{
	uint8_t marked[HASH_SIZE];
	uint32_t passes = get_le32(kept);
	uint32_t kib = get_le32(kept + 4);
	bool made;

	if (passes == 0 || passes > PASSES_MAX || kib < 8 || kib > KIB_MAX) {
		return fail(err, STATUS_STORAGE, "a password's hash is damaged");
	}
	mark(keys, credentials, marked);
	made = crypto_pwhash(hash_out, HASH_LENGTH, (const char *)marked, sizeof marked,
			     kept + SALT_AT, passes, (size_t)kib * KIB,
			     crypto_pwhash_ALG_ARGON2ID13) == 0;
	crypto_wipe(marked, sizeof marked);
	return made ? STATUS_OK : fail(err, STATUS_MEMORY, "a password's hash");
}

static void
put_figures(uint8_t out[PASSWORD_SIZE])
{
	memset(out, 0, PASSWORD_SIZE);
	put_le32(out, PASSWORD_PASSES);
	put_le32(out + 4, PASSWORD_KIB);
}

enum status
password_make(const struct server_keys *keys, const struct credentials *credentials,
	      const uint8_t salt[PASSWORD_SALT_SIZE], uint8_t out[PASSWORD_SIZE], struct error *err)
{
	uint8_t made[PASSWORD_SIZE];
	enum status status;

	put_figures(made);
	memcpy(made + SALT_AT, salt, PASSWORD_SALT_SIZE);
	status = hash_as(made, keys, credentials, made + HASH_AT, err);
	if (status == STATUS_OK) {
		memcpy(out, made, PASSWORD_SIZE);
	}
	crypto_wipe(made, sizeof made);
	return status;
}

enum status
password_fits(const struct server_keys *keys, const struct credentials *credentials,
	      const uint8_t kept[PASSWORD_SIZE], bool *out, struct error *err)
{
	uint8_t hash[HASH_LENGTH];
	enum status status = hash_as(kept, keys, credentials, hash, err);

	if (status == STATUS_OK) {
		*out = crypto_equal(hash, kept + HASH_AT, HASH_LENGTH);
	}
	crypto_wipe(hash, sizeof hash);
	return status;
}

void
password_of_nobody(uint8_t out[PASSWORD_SIZE])
{
	put_figures(out);
}

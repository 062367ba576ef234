/* SPDX-License-Identifier: Apache-2.0 */
/* login: who signs in, and who tries to. */
#include "daemon/ingest/people.h"
#include "daemon/ingest/workset.h"
#include "daemon/trust/password.h"

#include <string.h>

enum {
	SECRET_BYTES = 32,
	FORGET_MS = 24 * 60 * 60 * 1000,
	SECOND_MS = 1000,
};

static const char csrf_purpose[] = "sambung/csrf/1";

/* ---- failures ---- */

static void
subject_hash(const char *kind, struct span text, uint8_t out[HASH_SIZE])
{
	/* With the NUL of `kind` between them. */
	const struct span parts[] = {span_of(kind, strlen(kind) + 1), text};

	sha256(parts, 2, out);
}

/* Seconds for which a try is not let in after these failures; 0: it is. */
static unsigned
delay_left(const struct login_failures *failures, unsigned free_of_delay, int64_t now_ms)
{
	unsigned delay_s = 1;
	int64_t left_ms;

	if (failures->count <= free_of_delay) {
		return 0;
	}
	for (uint32_t i = free_of_delay + 1; i < failures->count && delay_s < LOGIN_DELAY_MAX_S;
	     i++) {
		delay_s *= 2;
	}
	if (delay_s > LOGIN_DELAY_MAX_S) {
		delay_s = LOGIN_DELAY_MAX_S;
	}
	left_ms = failures->last_ms + (int64_t)delay_s * SECOND_MS - now_ms;
	/* A clock that was set back makes nobody wait longer. */
	if (left_ms > (int64_t)delay_s * SECOND_MS) {
		left_ms = (int64_t)delay_s * SECOND_MS;
	}
	return left_ms <= 0 ? 0 : (unsigned)((left_ms + SECOND_MS - 1) / SECOND_MS);
}

static enum status
find_failures(struct store *store, const uint8_t subject[HASH_SIZE], int64_t now_ms,
	      struct login_failures *out, struct error *err)
{
	enum status status = store_login_failures(store, subject, out, err);

	if (status == STATUS_OK && out->last_ms + FORGET_MS < now_ms) {
		*out = (struct login_failures){.count = 0};
	}
	return status;
}

/* The longer one of name and address. */
static enum status
find_delay(struct store *store, struct sign_in *sign_in, int64_t now_ms, struct error *err)
{
	struct login_failures name = {.count = 0};
	struct login_failures address = {.count = 0};
	enum status status = find_failures(store, sign_in->by_name, now_ms, &name, err);
	unsigned other;

	if (status == STATUS_OK) {
		status = find_failures(store, sign_in->by_address, now_ms, &address, err);
	}
	if (status != STATUS_OK) {
		return status;
	}
	sign_in->wait_s = delay_left(&name, LOGIN_FREE_NAME, now_ms);
	other = delay_left(&address, LOGIN_FREE_ADDRESS, now_ms);
	sign_in->wait_s = other > sign_in->wait_s ? other : sign_in->wait_s;
	return STATUS_OK;
}

static enum status
count_failure(struct store *store, const uint8_t subject[HASH_SIZE], int64_t now_ms,
	      struct error *err)
{
	struct login_failures failures;
	enum status status = find_failures(store, subject, now_ms, &failures, err);

	if (status != STATUS_OK) {
		return status;
	}
	failures.count += failures.count < UINT32_MAX;
	failures.last_ms = now_ms;
	return store_login_failures_put(store, subject, &failures, err);
}

/* ---- signing in ---- */

enum status
sign_in_find(struct store *reader, struct span name, const char *address, int64_t now_ms,
	     struct sign_in *out, struct error *err)
{
	enum status status;

	memset(out, 0, sizeof *out);
	subject_hash("name", name, out->by_name);
	subject_hash("address", span_of_text(address), out->by_address);
	status = find_delay(reader, out, now_ms, err);
	if (status == STATUS_OK && out->wait_s > 0) {
		return fail(err, STATUS_LOCKED_OUT, "%u s", out->wait_s);
	}
	if (status == STATUS_OK) {
		status = store_user_named(reader, name, &out->user, out->password, err);
	}
	if (status == STATUS_NOT_FOUND) {
		password_of_nobody(out->password);
		status = STATUS_OK;
	}
	return status;
}

static void
secret_mark(const struct server_keys *keys, const char *secret, uint8_t out[HASH_SIZE])
{
	const struct span text = span_of_text(secret);

	keys_mark(keys, "login", &text, 1, out);
}

/* Whose secret it says that it is; 0: it is none. */
static uint32_t
secret_user(const char *secret)
{
	uint32_t user = 0;
	struct buffer bytes;

	buffer_init(&bytes, SECRET_BYTES);
	if (base64url_decode(span_of_text(secret), &bytes) && bytes.length == SECRET_BYTES) {
		user = get_le32(bytes.at);
	}
	crypto_wipe_buffer(&bytes);
	return user;
}

/* 43 letters and digits of base64url, and a NUL. */
static void
write_secret(const uint8_t bytes[SECRET_BYTES], char out[LOGIN_SECRET_SIZE])
{
	struct buffer text;

	buffer_init(&text, LOGIN_SECRET_SIZE);
	base64url_encode(span_of(bytes, SECRET_BYTES), &text);
	buffer_append_byte(&text, '\0');
	memset(out, 0, LOGIN_SECRET_SIZE);
	if (text.status == STATUS_OK && text.length == LOGIN_SECRET_SIZE) {
		memcpy(out, text.at, LOGIN_SECRET_SIZE);
		crypto_wipe(text.at, text.length);
	}
	buffer_finish(&text);
}

static enum status
begin_login(struct ingest *ingest, const struct sign_in *sign_in,
	    char secret_out[LOGIN_SECRET_SIZE], struct error *err)
{
	const int64_t now_ms = ingest_clock_ms(ingest);
	struct store *store = ingest->options.store;
	struct login login = {.user = sign_in->user, .began_ms = now_ms, .last_ms = now_ms};
	uint8_t random[SECRET_BYTES];
	enum status status;

	ingest->options.platform.random(ingest->options.platform.context, random, sizeof random);
	put_le32(random, sign_in->user);
	write_secret(random, secret_out);
	crypto_wipe(random, sizeof random);
	if (*secret_out == '\0') {
		return fail(err, STATUS_MEMORY, "a login");
	}
	secret_mark(ingest->options.keys, secret_out, login.hash);
	status = store_logins_sweep(store, now_ms - LOGIN_WHOLE_MS, now_ms - LOGIN_IDLE_MS, err);
	if (status == STATUS_OK) {
		status = store_login_add(store, &login, err);
	}
	return status == STATUS_OK ? store_login_failures_clear(store, sign_in->by_name, err)
				   : status;
}

/* Is what was looked at still so? Her password or her right may have been taken meanwhile. */
static enum status
is_unchanged(struct store *store, const struct sign_in *sign_in, bool *out, struct error *err)
{
	struct arena arena;
	struct user user = {.number = 0};
	uint8_t password[PASSWORD_SIZE];
	uint32_t number = 0;
	enum status status;

	*out = false;
	arena_init(&arena, 16 * 1024);
	status = store_user(store, sign_in->user, NULL, &arena, &user, err);
	if (status == STATUS_OK) {
		status = store_user_named(store, user.name, &number, password, err);
	}
	if (status == STATUS_OK) {
		*out = number == sign_in->user &&
		       crypto_equal(password, sign_in->password, sizeof password);
	}
	arena_finish(&arena);
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

enum status
ingest_sign_in(struct ingest *ingest, struct sign_in *sign_in, bool fits,
	       char secret_out[LOGIN_SECRET_SIZE], bool *in_out, struct error *err)
{
	const int64_t now_ms = ingest_clock_ms(ingest);
	struct store *store = ingest->options.store;
	bool in = false;
	enum status status = find_delay(store, sign_in, now_ms, err);

	/* A hundred tries sent at once count one after another, here. */
	if (status == STATUS_OK && sign_in->wait_s > 0) {
		return fail(err, STATUS_LOCKED_OUT, "%u s", sign_in->wait_s);
	}
	if (status == STATUS_OK && fits && sign_in->user != 0) {
		status = is_unchanged(store, sign_in, &in, err);
	}
	if (status != STATUS_OK) {
		return status;
	}
	ingest->work.wrote = true;
	if (in && sign_in->instead != NULL) {
		status = ingest_user_password(ingest, sign_in->user, sign_in->instead,
					      sign_in->user, err);
	}
	if (status != STATUS_OK) {
		return status;
	}
	if (in) {
		status = begin_login(ingest, sign_in, secret_out, err);
	} else {
		status = store_login_failures_sweep(store, now_ms - FORGET_MS, LOGIN_FREE_NAME,
						    LOGIN_FAILURES_KEPT, err);
		if (status == STATUS_OK) {
			status = count_failure(store, sign_in->by_name, now_ms, err);
		}
		if (status == STATUS_OK) {
			status = count_failure(store, sign_in->by_address, now_ms, err);
		}
	}
	if (status == STATUS_OK) {
		*in_out = in;
	}
	return status;
}

enum status
ingest_sign_out(struct ingest *ingest, const uint8_t hash[HASH_SIZE], struct error *err)
{
	ingest->work.wrote = true;
	return store_login_end(ingest->options.store, hash, err);
}

enum status
ingest_login_used(struct ingest *ingest, const uint8_t hash[HASH_SIZE], struct error *err)
{
	ingest->work.wrote = true;
	return store_login_used(ingest->options.store, hash, ingest_clock_ms(ingest), err);
}

/* ---- being signed in ---- */

enum status
login_find(struct store *reader, const struct server_keys *keys, const char *secret, int64_t now_ms,
	   struct login *out, struct error *err)
{
	uint8_t hash[HASH_SIZE];
	struct login login;
	enum status status;

	secret_mark(keys, secret, hash);
	status = store_login(reader, hash, &login, err);
	/* A row that somebody gave to another user is of nobody. */
	if (status == STATUS_NOT_FOUND ||
	    (status == STATUS_OK && secret_user(secret) != login.user)) {
		return fail(err, STATUS_UNAUTHENTICATED, "session");
	}
	if (status != STATUS_OK) {
		return status;
	}
	if (login.began_ms + LOGIN_WHOLE_MS < now_ms || login.last_ms + LOGIN_IDLE_MS < now_ms) {
		return fail(err, STATUS_UNAUTHENTICATED, "the session is over");
	}
	*out = login;
	return STATUS_OK;
}

void
login_csrf(const char *secret, char out[LOGIN_SECRET_SIZE])
{
	const struct span purpose = span_of(csrf_purpose, sizeof csrf_purpose - 1);
	uint8_t token[SECRET_BYTES];

	blake2b(span_of_text(secret), &purpose, 1, token);
	write_secret(token, out);
	crypto_wipe(token, sizeof token);
}

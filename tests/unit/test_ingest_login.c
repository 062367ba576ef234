/* SPDX-License-Identifier: Apache-2.0 */
/* Users, their logins, and what keeps guessers out. Passwords are not hashed here (test_password):
 * what is kept of one is some bytes, and whether it fits is said. */
#include "daemon/ingest/people.h"
#include "forged_device.h"

#define DEVICE struct forged *ani = *state

enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE, DAY = 24 * HOUR };
static const char here[] = "192.0.2.1";

static enum status
add_user(struct forged *forged, const char *name, uint32_t *number)
{
	struct ingest *ingest = forged->world->ingest;
	struct user_order order = {.name = span_of_text(name),
				   .role = ROLE_SUPERVISOR,
				   .scope = {VILLAGE_A_NUMBER, VILLAGE_A_NUMBER},
				   .password = {1, 2, 3}};
	enum status status;

	assert_ok(ingest_begin(ingest, &forged->err));
	status = ingest_user_add(ingest, &order, number, &forged->err);
	assert_ok(ingest_commit(ingest, NULL));
	return status;
}

/* One try from an address; whether it got in is *in. */
static enum status
try_from(struct forged *forged, const char *name, const char *address, bool fits, bool *in,
	 char secret[LOGIN_SECRET_SIZE])
{
	struct ingest *ingest = forged->world->ingest;
	struct sign_in sign_in;
	enum status status = sign_in_find(forged->world->store, span_of_text(name), address,
					  forged->world->now_ms, &sign_in, &forged->err);

	*in = false;
	if (status != STATUS_OK) {
		assert_true(sign_in.wait_s > 0);
		return status;
	}
	assert_ok(ingest_begin(ingest, &forged->err));
	status = ingest_sign_in(ingest, &sign_in, fits, secret, in, &forged->err);
	assert_ok(ingest_commit(ingest, NULL));
	return status;
}

static bool
signs_in(struct forged *forged, const char *name, char secret[LOGIN_SECRET_SIZE])
{
	bool in;

	assert_ok(try_from(forged, name, here, true, &in, secret));
	return in;
}

static enum status
fails(struct forged *forged, const char *name, const char *address)
{
	char secret[LOGIN_SECRET_SIZE];
	bool in;
	enum status status = try_from(forged, name, address, false, &in, secret);

	assert_false(in);
	return status;
}

static enum status
find_login(struct forged *forged, const char *secret, struct login *out)
{
	return login_find(forged->world->store, &forged->world->keys, secret, forged->world->now_ms,
			  out, &forged->err);
}

static bool
is_in(struct forged *forged, const char *secret)
{
	struct login login;
	enum status status = find_login(forged, secret, &login);

	assert_true(status == STATUS_OK || status == STATUS_UNAUTHENTICATED);
	return status == STATUS_OK;
}

TEST(a_user_signs_in_with_her_role_and_scope)
{
	DEVICE;
	char secret[LOGIN_SECRET_SIZE];
	struct login login;
	uint32_t number = 0;
	uint64_t before = world_head(ani->world);

	assert_ok(add_user(ani, "Ratna", &number));
	assert_int_equal(world_head(ani->world), before + 1);
	assert_true(signs_in(ani, "Ratna", secret));
	assert_int_equal(strlen(secret), LOGIN_SECRET_SIZE - 1);
	assert_ok(find_login(ani, secret, &login));
	assert_int_equal(login.user, number);
	assert_int_equal(login.role, ROLE_SUPERVISOR);
	assert_int_equal(login.scope.high, VILLAGE_A_NUMBER);
	assert_int_equal(world_head(ani->world), before + 1);
	secret[5] ^= 1;
	assert_false(is_in(ani, secret));
}

TEST(a_name_signs_in_once_and_is_free_again_when_its_user_is_disabled)
{
	DEVICE;
	struct ingest *ingest = ani->world->ingest;
	char secret[LOGIN_SECRET_SIZE];
	uint32_t first = 0;
	uint32_t second = 0;

	assert_int_equal(add_user(ani, "", &first), STATUS_INVALID);
	assert_ok(add_user(ani, "Ratna", &first));
	assert_int_equal(add_user(ani, "Ratna", &second), STATUS_EXISTS);
	assert_true(signs_in(ani, "Ratna", secret));
	assert_ok(ingest_begin(ingest, &ani->err));
	assert_ok(ingest_user_disable(ingest, first, 0, &ani->err));
	assert_int_equal(ingest_user_disable(ingest, first, 0, &ani->err), STATUS_EXISTS);
	assert_int_equal(ingest_user_disable(ingest, 999, 0, &ani->err), STATUS_NOT_FOUND);
	assert_ok(ingest_commit(ingest, &ani->err));
	assert_false(is_in(ani, secret));
	assert_false(signs_in(ani, "Ratna", secret));
	assert_ok(add_user(ani, "Ratna", &second));
	assert_true(signs_in(ani, "Ratna", secret));
}

static enum status
add_token(struct forged *forged, const char *name, char text[TOKEN_TEXT_SIZE])
{
	struct ingest *ingest = forged->world->ingest;
	const struct token_order order = {.role = ROLE_CADRE, .name = span_of_text(name)};
	enum status status;

	assert_ok(ingest_begin(ingest, &forged->err));
	status = ingest_token_add(ingest, &order, text, &forged->err);
	assert_ok(ingest_commit(ingest, NULL));
	return status;
}

TEST(two_users_have_names_that_people_can_tell_apart)
{
	DEVICE;
	uint32_t number = 0;
	uint64_t head;

	assert_ok(add_user(ani, "Pak Budi", &number));
	head = world_head(ani->world);
	assert_int_equal(add_user(ani, "PAK BUDI", &number), STATUS_EXISTS);
	assert_int_equal(add_user(ani, "pak budi ", &number), STATUS_EXISTS);
	assert_int_equal(add_user(ani, "\t Pak Budi\xc2\xa0", &number), STATUS_EXISTS);
	assert_int_equal(world_head(ani->world), head);
	assert_ok(add_user(ani, "Pak  Budi", &number));
	assert_ok(add_user(ani, "Pak Budiman", &number));
}

TEST(no_token_has_the_name_of_a_user_nor_she_that_of_a_token)
{
	DEVICE;
	struct ingest *ingest = ani->world->ingest;
	struct token token;
	uint32_t number = 0;
	char text[TOKEN_TEXT_SIZE];
	uint64_t head;

	assert_ok(add_user(ani, "Pak Budi", &number));
	assert_ok(add_token(ani, "SIGA", text));
	assert_ok(token_find(ani->world->store, text, 1, &ani->arena, &token, &ani->err));
	assert_ok(ingest_begin(ingest, &ani->err));
	assert_ok(ingest_token_revoke(ingest, token.user, 0, &ani->err));
	assert_ok(ingest_commit(ingest, &ani->err));
	/* What it did stays in the log under its name. */
	assert_int_equal(add_user(ani, "siga", &number), STATUS_EXISTS);
	assert_ok(add_token(ani, "SIGA", text));
	assert_ok(add_token(ani, "SIGA", text));
	head = world_head(ani->world);
	assert_int_equal(add_token(ani, "Pak Budi", text), STATUS_EXISTS);
	assert_int_equal(add_token(ani, " pak budi", text), STATUS_EXISTS);
	assert_int_equal(add_user(ani, "siga", &number), STATUS_EXISTS);
	assert_int_equal(world_head(ani->world), head);
	/* What she did stays in the log under her name. */
	assert_ok(ingest_begin(ingest, &ani->err));
	assert_ok(ingest_user_disable(ingest, number, 0, &ani->err));
	assert_ok(ingest_commit(ingest, &ani->err));
	assert_int_equal(add_token(ani, "Pak Budi", text), STATUS_EXISTS);
	assert_ok(add_user(ani, "PAK BUDI", &number));
}

TEST(another_password_ends_what_the_old_one_opened)
{
	DEVICE;
	struct ingest *ingest = ani->world->ingest;
	const uint8_t password[PASSWORD_SIZE] = {9};
	char secret[LOGIN_SECRET_SIZE];
	struct sign_in begun;
	uint32_t number = 0;
	bool in = true;

	assert_ok(add_user(ani, "Ratna", &number));
	assert_true(signs_in(ani, "Ratna", secret));
	assert_ok(sign_in_find(ani->world->store, span_of_text("Ratna"), here, ani->world->now_ms,
			       &begun, &ani->err));
	assert_ok(ingest_begin(ingest, &ani->err));
	assert_ok(ingest_user_password(ingest, number, password, 0, &ani->err));
	/* A try that looked at the old one, and comes to its end now. */
	assert_ok(ingest_sign_in(ingest, &begun, true, secret, &in, &ani->err));
	assert_ok(ingest_commit(ingest, &ani->err));
	assert_false(in);
	assert_false(is_in(ani, secret));
}

TEST(a_login_ends_when_nothing_comes_and_after_a_working_day)
{
	DEVICE;
	struct ingest *ingest = ani->world->ingest;
	char secret[LOGIN_SECRET_SIZE];
	struct login login;
	uint32_t number;

	assert_ok(add_user(ani, "Ratna", &number));
	assert_true(signs_in(ani, "Ratna", secret));
	ani->world->now_ms += 30 * MINUTE;
	assert_true(is_in(ani, secret));
	assert_ok(find_login(ani, secret, &login));
	/* The clock of this world moves when it is looked at, too. */
	while (ani->world->now_ms + 15 * MINUTE < login.began_ms + 12 * HOUR) {
		assert_true(is_in(ani, secret));
		assert_ok(ingest_begin(ingest, &ani->err));
		assert_ok(ingest_login_used(ingest, login.hash, &ani->err));
		assert_ok(ingest_commit(ingest, &ani->err));
		ani->world->now_ms += 15 * MINUTE;
	}
	ani->world->now_ms = login.began_ms + 12 * HOUR;
	assert_true(is_in(ani, secret));
	ani->world->now_ms += 1;
	assert_false(is_in(ani, secret));
}

TEST(a_login_ends_when_nothing_came_for_half_an_hour)
{
	DEVICE;
	char secret[LOGIN_SECRET_SIZE];
	uint32_t number;

	assert_ok(add_user(ani, "Ratna", &number));
	assert_true(signs_in(ani, "Ratna", secret));
	ani->world->now_ms += 30 * MINUTE + 1;
	assert_false(is_in(ani, secret));
}

TEST(who_signs_out_is_out)
{
	DEVICE;
	struct ingest *ingest = ani->world->ingest;
	char secret[LOGIN_SECRET_SIZE];
	char other[LOGIN_SECRET_SIZE];
	struct login login;
	uint32_t number;

	assert_ok(add_user(ani, "Ratna", &number));
	assert_true(signs_in(ani, "Ratna", secret));
	assert_true(signs_in(ani, "Ratna", other));
	assert_ok(find_login(ani, secret, &login));
	assert_ok(ingest_begin(ingest, &ani->err));
	assert_ok(ingest_sign_out(ingest, login.hash, &ani->err));
	assert_ok(ingest_commit(ingest, &ani->err));
	assert_false(is_in(ani, secret));
	assert_true(is_in(ani, other));
}

TEST(each_failure_beyond_the_third_makes_the_next_try_wait_twice_as_long)
{
	DEVICE;
	struct sign_in sign_in;
	uint32_t number;
	unsigned wait_s = 1;

	assert_ok(add_user(ani, "Ratna", &number));
	for (int i = 0; i < LOGIN_FREE_NAME; i++) {
		assert_ok(fails(ani, "Ratna", here));
	}
	for (int i = 0; i < 12; i++) {
		assert_ok(fails(ani, "Ratna", here));
		assert_int_equal(sign_in_find(ani->world->store, span_of_text("Ratna"), "10.0.0.1",
					      ani->world->now_ms, &sign_in, &ani->err),
				 STATUS_LOCKED_OUT);
		assert_int_equal(sign_in.wait_s, wait_s);
		ani->world->now_ms += (int64_t)wait_s * SECOND - 1;
		assert_int_equal(fails(ani, "Ratna", "10.0.0.1"), STATUS_LOCKED_OUT);
		ani->world->now_ms += 1;
		wait_s = wait_s * 2 < LOGIN_DELAY_MAX_S ? wait_s * 2 : LOGIN_DELAY_MAX_S;
	}
	assert_int_equal(wait_s, LOGIN_DELAY_MAX_S);
}

TEST(a_success_forgets_the_failures_of_the_name_and_a_day_all)
{
	DEVICE;
	char secret[LOGIN_SECRET_SIZE];
	uint32_t number;

	assert_ok(add_user(ani, "Ratna", &number));
	for (int i = 0; i < LOGIN_FREE_NAME; i++) {
		assert_ok(fails(ani, "Ratna", here));
	}
	assert_true(signs_in(ani, "Ratna", secret));
	for (int i = 0; i <= LOGIN_FREE_NAME; i++) {
		assert_ok(fails(ani, "Ratna", here));
	}
	assert_int_equal(fails(ani, "Ratna", here), STATUS_LOCKED_OUT);
	ani->world->now_ms += DAY + 1;
	for (int i = 0; i <= LOGIN_FREE_NAME; i++) {
		assert_ok(fails(ani, "Ratna", here));
	}
	assert_int_equal(fails(ani, "Ratna", here), STATUS_LOCKED_OUT);
}

TEST(a_name_that_nobody_has_is_answered_like_one_that_somebody_has)
{
	DEVICE;
	struct sign_in known;
	struct sign_in unknown;
	uint32_t number;

	assert_ok(add_user(ani, "Ratna", &number));
	for (int i = 0; i <= LOGIN_FREE_NAME; i++) {
		assert_ok(fails(ani, "Ratna", "10.0.0.1"));
		assert_ok(fails(ani, "Tak Ada", "10.0.0.2"));
	}
	assert_int_equal(sign_in_find(ani->world->store, span_of_text("Ratna"), here,
				      ani->world->now_ms, &known, &ani->err),
			 STATUS_LOCKED_OUT);
	assert_int_equal(sign_in_find(ani->world->store, span_of_text("Tak Ada"), here,
				      ani->world->now_ms, &unknown, &ani->err),
			 STATUS_LOCKED_OUT);
	assert_int_equal(known.wait_s, unknown.wait_s);
}

TEST(an_address_that_fails_with_many_names_waits_and_others_do_not)
{
	DEVICE;
	char name[16];

	for (int i = 0; i <= LOGIN_FREE_ADDRESS; i++) {
		(void)snprintf(name, sizeof name, "nama %d", i);
		assert_ok(fails(ani, name, here));
	}
	assert_int_equal(fails(ani, "nama lain", here), STATUS_LOCKED_OUT);
	assert_ok(fails(ani, "nama lain", "192.0.2.2"));
}

/* Of names or addresses that nobody else uses. */
static void
fail_many(struct forged *ani, uint32_t from, uint32_t count)
{
	const struct login_failures once = {.count = 1, .last_ms = ani->world->now_ms};

	assert_ok(ingest_begin(ani->world->ingest, &ani->err));
	for (uint32_t i = from; i < from + count; i++) {
		uint8_t subject[HASH_SIZE] = {0};

		put_le32(subject, i);
		assert_ok(store_login_failures_put(ani->world->store, subject, &once, &ani->err));
	}
	/* Something of the writer's own, so that it commits. */
	assert_ok(ingest_sign_out(ani->world->ingest, (const uint8_t[HASH_SIZE]){0}, &ani->err));
	assert_ok(ingest_commit(ani->world->ingest, &ani->err));
}

TEST(many_who_fail_once_push_out_nobody_who_has_to_wait)
{
	DEVICE;
	uint32_t number;

	assert_ok(add_user(ani, "Ratna", &number));
	for (int i = 0; i < 10; i++) {
		ani->world->now_ms += (int64_t)LOGIN_DELAY_MAX_S * SECOND;
		assert_ok(fails(ani, "Ratna", "10.0.0.1"));
	}
	/* Of the minute for which she has to wait. */
	ani->world->now_ms += 10 * SECOND;
	assert_int_equal(fails(ani, "Ratna", here), STATUS_LOCKED_OUT);
	fail_many(ani, 0, 2 * LOGIN_FAILURES_KEPT);
	assert_ok(fails(ani, "Siapa", "10.0.0.2"));
	assert_int_equal(fails(ani, "Ratna", here), STATUS_LOCKED_OUT);
}

TEST(a_guesser_has_fourteen_tries_at_a_name_and_four_an_hour_from_then_on)
{
	DEVICE;
	const int64_t end_ms = ani->world->now_ms + DAY;
	char address[24];
	uint32_t number;
	int tries = 0;

	assert_ok(add_user(ani, "Ratna", &number));
	while (ani->world->now_ms < end_ms) {
		enum status status;

		/* Each from another address, which counts for itself. */
		(void)snprintf(address, sizeof address, "10.0.0.%d", tries);
		status = fails(ani, "Ratna", address);
		assert_true(status == STATUS_OK || status == STATUS_LOCKED_OUT);
		tries += status == STATUS_OK;
		ani->world->now_ms += tries < 14 ? SECOND : MINUTE;
	}
	assert_in_range(tries, 14 + 4 * 23, 14 + 4 * 24);
}

TEST(who_has_one_account_does_not_guess_at_others_without_end)
{
	DEVICE;
	char secret[LOGIN_SECRET_SIZE];
	char name[16];
	uint32_t number;

	assert_ok(add_user(ani, "Ratna", &number));
	for (int i = 0; i <= LOGIN_FREE_ADDRESS; i++) {
		(void)snprintf(name, sizeof name, "nama %d", i);
		if (i == LOGIN_FREE_ADDRESS / 2) {
			assert_true(signs_in(ani, "Ratna", secret));
		}
		assert_ok(fails(ani, name, here));
	}
	assert_int_equal(fails(ani, "nama lain", here), STATUS_LOCKED_OUT);
}

TEST(a_clock_that_is_set_back_makes_nobody_wait_longer)
{
	DEVICE;
	struct sign_in sign_in;
	uint32_t number;

	assert_ok(add_user(ani, "Ratna", &number));
	for (int i = 0; i <= LOGIN_FREE_NAME; i++) {
		assert_ok(fails(ani, "Ratna", here));
	}
	assert_int_equal(sign_in_find(ani->world->store, span_of_text("Ratna"), "10.0.0.1",
				      ani->world->now_ms - HOUR, &sign_in, &ani->err),
			 STATUS_LOCKED_OUT);
	assert_int_equal(sign_in.wait_s, 1);
}

TEST(tries_sent_at_once_count_one_after_another)
{
	DEVICE;
	struct ingest *ingest = ani->world->ingest;
	char secret[LOGIN_SECRET_SIZE];
	struct sign_in tries[10];
	uint32_t number;
	size_t refused = 0;
	bool in = false;

	assert_ok(add_user(ani, "Ratna", &number));
	for (size_t i = 0; i < 10; i++) {
		assert_ok(sign_in_find(ani->world->store, span_of_text("Ratna"), here,
				       ani->world->now_ms, &tries[i], &ani->err));
	}
	assert_ok(ingest_begin(ingest, &ani->err));
	for (size_t i = 0; i < 10; i++) {
		refused += ingest_sign_in(ingest, &tries[i], i == 9, secret, &in, &ani->err) ==
			   STATUS_LOCKED_OUT;
	}
	assert_ok(ingest_commit(ingest, &ani->err));
	assert_int_equal(refused, 10 - LOGIN_FREE_NAME - 1);
	assert_false(in);
}

/* One try that is to change the password, too. */
static bool
changes_hers(struct forged *forged, bool fits, const uint8_t next[PASSWORD_SIZE],
	     char secret[LOGIN_SECRET_SIZE])
{
	struct ingest *ingest = forged->world->ingest;
	struct sign_in sign_in;
	bool in = false;

	assert_ok(sign_in_find(forged->world->store, span_of_text("Ratna"), here,
			       forged->world->now_ms, &sign_in, &forged->err));
	sign_in.instead = next;
	assert_ok(ingest_begin(ingest, &forged->err));
	assert_ok(ingest_sign_in(ingest, &sign_in, fits, secret, &in, &forged->err));
	assert_ok(ingest_commit(ingest, &forged->err));
	return in;
}

TEST(who_changes_her_own_password_keeps_one_session_and_ends_the_others)
{
	DEVICE;
	static const uint8_t next[PASSWORD_SIZE] = {4, 5, 6};
	char before[LOGIN_SECRET_SIZE];
	char after[LOGIN_SECRET_SIZE];
	uint8_t kept[PASSWORD_SIZE];
	struct log_row row;
	uint32_t number;
	uint32_t named;

	assert_ok(add_user(ani, "Ratna", &number));
	assert_true(signs_in(ani, "Ratna", before));
	assert_true(changes_hers(ani, true, next, after));
	assert_false(is_in(ani, before));
	assert_true(is_in(ani, after));
	assert_ok(store_user_named(ani->world->store, span_of_text("Ratna"), &named, kept,
				   &ani->err));
	assert_memory_equal(kept, next, sizeof kept);
	assert_ok(store_log_entry(ani->world->store, world_head(ani->world), &ani->arena, &row,
				  &ani->err));
	assert_int_equal(row.entry.kind, ENTRY_ADMIN);
	assert_int_equal(row.entry.user, number);
}

TEST(who_does_not_know_the_present_password_changes_nothing_and_has_failed)
{
	DEVICE;
	static const uint8_t next[PASSWORD_SIZE] = {4, 5, 6};
	char before[LOGIN_SECRET_SIZE];
	char after[LOGIN_SECRET_SIZE];
	uint8_t kept[PASSWORD_SIZE];
	uint64_t head;
	uint32_t number;

	assert_ok(add_user(ani, "Ratna", &number));
	assert_true(signs_in(ani, "Ratna", before));
	head = world_head(ani->world);
	for (int i = 0; i <= LOGIN_FREE_NAME; i++) {
		assert_false(changes_hers(ani, false, next, after));
	}
	assert_int_equal(fails(ani, "Ratna", here), STATUS_LOCKED_OUT);
	assert_true(is_in(ani, before));
	assert_int_equal(world_head(ani->world), head);
	assert_ok(store_user_named(ani->world->store, span_of_text("Ratna"), &number, kept,
				   &ani->err));
	assert_memory_not_equal(kept, next, sizeof kept);
}

TEST(a_token_that_was_revoked_serves_no_more)
{
	DEVICE;
	struct ingest *ingest = ani->world->ingest;
	struct token_order order = {.role = ROLE_CADRE, .name = span_of_text("Rina")};
	char text[TOKEN_TEXT_SIZE];
	struct token token;

	assert_ok(ingest_begin(ingest, &ani->err));
	assert_ok(ingest_token_add(ingest, &order, text, &ani->err));
	assert_ok(ingest_commit(ingest, &ani->err));
	assert_ok(token_find(ani->world->store, text, 1, &ani->arena, &token, &ani->err));
	assert_int_equal(token.last_ms, 0);
	assert_ok(ingest_begin(ingest, &ani->err));
	assert_ok(ingest_token_used(ingest, token.hash, &ani->err));
	assert_ok(ingest_commit(ingest, &ani->err));
	assert_ok(token_find(ani->world->store, text, 1, &ani->arena, &token, &ani->err));
	assert_int_equal(token.last_ms, ani->world->now_ms);
	assert_ok(ingest_begin(ingest, &ani->err));
	assert_ok(ingest_token_revoke(ingest, token.user, 0, &ani->err));
	assert_int_equal(ingest_token_revoke(ingest, token.user, 0, &ani->err), STATUS_EXISTS);
	assert_int_equal(ingest_token_revoke(ingest, 999, 0, &ani->err), STATUS_NOT_FOUND);
	assert_ok(ingest_commit(ingest, &ani->err));
	assert_int_equal(token_find(ani->world->store, text, 1, &ani->arena, &token, &ani->err),
			 STATUS_UNAUTHENTICATED);
}

/* By whoever may write the database and does not have server.key. */
static void
put_login(struct forged *forged, const uint8_t *gone, const struct login *login)
{
	struct store *store = forged->world->store;

	assert_ok(store_begin(store, &forged->err));
	if (gone != NULL) {
		assert_ok(store_login_end(store, gone, &forged->err));
	}
	assert_ok(store_login_add(store, login, &forged->err));
	assert_ok(store_commit(store, &forged->err));
}

TEST(a_login_that_was_put_into_the_database_is_nobodys)
{
	DEVICE;
	char secret[LOGIN_SECRET_SIZE] = "";
	const struct span text = span_of(secret, sizeof secret - 1);
	struct login login = {.began_ms = ani->world->now_ms, .last_ms = ani->world->now_ms};

	assert_ok(add_user(ani, "Ratna", &login.user));
	assert_true(signs_in(ani, "Ratna", secret));
	/* Her number stands in front; the rest is his. */
	memset(secret + 6, 'A', sizeof secret - 7);
	assert_false(is_in(ani, secret));
	sha256(&text, 1, login.hash);
	put_login(ani, NULL, &login);
	assert_false(is_in(ani, secret));
	blake2b(span_of(login.hash, HASH_SIZE), &text, 1, login.hash);
	put_login(ani, NULL, &login);
	assert_false(is_in(ani, secret));
}

TEST(a_login_that_was_given_to_another_user_is_nobodys)
{
	DEVICE;
	char secret[LOGIN_SECRET_SIZE];
	struct login login;
	uint32_t hers = 0;
	uint32_t his = 0;

	assert_ok(add_user(ani, "Ratna", &hers));
	assert_ok(add_user(ani, "Budi", &his));
	assert_true(signs_in(ani, "Budi", secret));
	assert_ok(find_login(ani, secret, &login));
	login.user = hers;
	put_login(ani, login.hash, &login);
	assert_false(is_in(ani, secret));
	login.user = his;
	put_login(ani, login.hash, &login);
	assert_true(is_in(ani, secret));
}

TEST(a_pages_proof_belongs_to_one_login)
{
	char one[LOGIN_SECRET_SIZE];
	char other[LOGIN_SECRET_SIZE];
	char again[LOGIN_SECRET_SIZE];

	login_csrf("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", one);
	login_csrf("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", again);
	login_csrf("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", other);
	assert_int_equal(strlen(one), LOGIN_SECRET_SIZE - 1);
	assert_string_equal(one, again);
	assert_string_not_equal(one, other);
}

#define FORGED(sentence) CASE_WITH(sentence, forged_open, forged_close)

RUN_TESTS(FORGED(a_user_signs_in_with_her_role_and_scope),
	  FORGED(a_name_signs_in_once_and_is_free_again_when_its_user_is_disabled),
	  FORGED(two_users_have_names_that_people_can_tell_apart),
	  FORGED(no_token_has_the_name_of_a_user_nor_she_that_of_a_token),
	  FORGED(another_password_ends_what_the_old_one_opened),
	  FORGED(a_login_ends_when_nothing_comes_and_after_a_working_day),
	  FORGED(a_login_ends_when_nothing_came_for_half_an_hour), FORGED(who_signs_out_is_out),
	  FORGED(each_failure_beyond_the_third_makes_the_next_try_wait_twice_as_long),
	  FORGED(a_success_forgets_the_failures_of_the_name_and_a_day_all),
	  FORGED(a_name_that_nobody_has_is_answered_like_one_that_somebody_has),
	  FORGED(an_address_that_fails_with_many_names_waits_and_others_do_not),
	  FORGED(many_who_fail_once_push_out_nobody_who_has_to_wait),
	  FORGED(a_guesser_has_fourteen_tries_at_a_name_and_four_an_hour_from_then_on),
	  FORGED(who_has_one_account_does_not_guess_at_others_without_end),
	  FORGED(a_clock_that_is_set_back_makes_nobody_wait_longer),
	  FORGED(tries_sent_at_once_count_one_after_another),
	  FORGED(who_changes_her_own_password_keeps_one_session_and_ends_the_others),
	  FORGED(who_does_not_know_the_present_password_changes_nothing_and_has_failed),
	  FORGED(a_token_that_was_revoked_serves_no_more),
	  FORGED(a_login_that_was_put_into_the_database_is_nobodys),
	  FORGED(a_login_that_was_given_to_another_user_is_nobodys),
	  FORGED(a_pages_proof_belongs_to_one_login))

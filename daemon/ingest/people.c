/* SPDX-License-Identifier: Apache-2.0 */
/* people: users and tokens, as an admin makes and unmakes them. */
#include "daemon/ingest/people.h"

#include "daemon/ingest/note.h"
#include "daemon/ingest/workset.h"

enum { PERSON_MEMORY = 16 * 1024 };

static const uint8_t no_key[SIGN_PUBLIC_SIZE];

/* In the log stands her name: it tells her from every other user and every token. */
static enum status
name_is_free(struct ingest *ingest, struct span name, struct error *err)
{
	struct name_use use = {.user = false};
	enum status status = store_name_use(ingest->options.store, name, &use, err);

	if (status == STATUS_OK && (use.signs_in || use.token)) {
		return fail(err, STATUS_EXISTS,
			    "a %s of that name (capitals and blanks around it do not count)",
			    use.signs_in ? "user" : "token");
	}
	return status;
}

static enum status
add_user(struct ingest *ingest, const struct user_order *order, struct user *user,
	 struct error *err)
{
	struct store *store = ingest->options.store;
	/* Before anything is touched: what others do is in the transaction too. */
	enum status status = name_is_free(ingest, order->name, err);

	if (status != STATUS_OK) {
		return status;
	}
	status = ingest_stream_create(ingest, STREAM_USER, order->name, no_key, &user->number, err);
	if (status == STATUS_OK) {
		status = store_user_add(store, user, err);
	}
	return status == STATUS_OK ? store_user_password(store, user->number, order->password, err)
				   : status;
}

enum status
ingest_user_add(struct ingest *ingest, const struct user_order *order, uint32_t *number_out,
		struct error *err)
{
	struct user user = {.name = order->name, .role = order->role, .scope = order->scope};
	struct note note = {.action = "user",
			    .name = order->name,
			    .scope = &order->scope,
			    .scope_count = order->scope.low != 0,
			    .role = (uint32_t)order->role};
	enum status status;

	if (order->name.length == 0 || order->name.length > STREAM_NAME_MAX ||
	    !utf8_valid(order->name)) {
		return fail(err, STATUS_INVALID, "name: 1 to %d bytes of text", STREAM_NAME_MAX);
	}
	status = add_user(ingest, order, &user, err);
	if (status != STATUS_OK) {
		return status;
	}
	note.stream = user.number;
	status = ingest_note(ingest, ENTRY_ADMIN, order->user, &note, NULL, err);
	if (status == STATUS_OK) {
		*number_out = user.number;
	}
	return status;
}

/* Who may sign in no more is told by `disabled`. */
static enum status
find_user(struct ingest *ingest, uint32_t number, uint64_t *disabled_out, struct error *err)
{
	struct arena arena;
	struct user user = {.number = 0};
	enum status status;

	arena_init(&arena, PERSON_MEMORY);
	status = store_user(ingest->options.store, number, NULL, &arena, &user, err);
	if (status == STATUS_OK) {
		*disabled_out = user.disabled;
	}
	arena_finish(&arena);
	return status;
}

enum status
ingest_user_password(struct ingest *ingest, uint32_t number, const uint8_t password[PASSWORD_SIZE],
		     uint32_t user, struct error *err)
{
	const struct note note = {.action = "password", .stream = number};
	uint64_t disabled = 0;
	enum status status = find_user(ingest, number, &disabled, err);

	if (status == STATUS_OK && disabled != 0) {
		return fail(err, STATUS_INVALID, "the user is disabled");
	}
	if (status == STATUS_OK) {
		status = store_user_password(ingest->options.store, number, password, err);
	}
	return status == STATUS_OK ? ingest_note(ingest, ENTRY_ADMIN, user, &note, NULL, err)
				   : status;
}

enum status
ingest_user_disable(struct ingest *ingest, uint32_t number, uint32_t user, struct error *err)
{
	const struct note note = {.action = "disable", .stream = number};
	uint64_t disabled = 0;
	uint64_t seq = 0;
	enum status status = find_user(ingest, number, &disabled, err);

	if (status == STATUS_OK && disabled != 0) {
		return fail(err, STATUS_EXISTS, "the user is disabled");
	}
	if (status == STATUS_OK) {
		status = ingest_note(ingest, ENTRY_ADMIN, user, &note, &seq, err);
	}
	return status == STATUS_OK ? store_user_disable(ingest->options.store, number, seq, err)
				   : status;
}

/* ---- tokens ---- */

static enum status
find_token(struct ingest *ingest, uint32_t number, struct token *out, struct error *err)
{
	struct arena arena;
	enum status status;

	arena_init(&arena, PERSON_MEMORY);
	status = store_token_numbered(ingest->options.store, number, NULL, &arena, out, err);
	out->name = span_of(NULL, 0);
	arena_finish(&arena);
	return status;
}

enum status
ingest_token_revoke(struct ingest *ingest, uint32_t number, uint32_t user, struct error *err)
{
	const struct note note = {.action = "withdraw", .stream = number};
	struct token token = {.user = 0};
	uint64_t seq = 0;
	enum status status = find_token(ingest, number, &token, err);

	if (status == STATUS_OK && token.revoked != 0) {
		return fail(err, STATUS_EXISTS, "the token is revoked");
	}
	if (status == STATUS_OK) {
		status = ingest_note(ingest, ENTRY_ADMIN, user, &note, &seq, err);
	}
	return status == STATUS_OK ? store_token_revoke(ingest->options.store, token.hash, seq, err)
				   : status;
}

enum status
ingest_token_used(struct ingest *ingest, const uint8_t hash[HASH_SIZE], struct error *err)
{
	ingest->work.wrote = true;
	return store_token_used(ingest->options.store, hash, ingest_clock_ms(ingest), err);
}

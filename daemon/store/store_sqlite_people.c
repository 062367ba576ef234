/* SPDX-License-Identifier: Apache-2.0 */
/* Users and tokens. */
#include "store_people.h"
#include "store_sqlite.h"

#include <string.h>

/* ?1 and ?2: the range; everything is 0 to the end, where a scope of everything lies in, too. */
#define IN_SCOPE "scope_low >= ?1 AND scope_high <= ?2"

static void
bind_scope(struct statement *s, const struct region *scope)
{
	const struct region asked = store_scope(scope);

	sql_bind_uint(s, 1, asked.low);
	sql_bind_uint(s, 2, asked.high);
}

/* ---- users ---- */

#define USER_SELECT                                                                                \
	"SELECT user.number, name, role, scope_low, scope_high, disabled,"                         \
	" coalesce(user_password.last_ms, 0) FROM user LEFT JOIN user_password"                    \
	" ON user_password.number = user.number"

/* Its name is borrowed. */
static struct user
user_of(struct statement *s)
{
	return (struct user){
		.number = store_u32(s, 0),
		.name = sql_text(s, 1),
		.role = store_u32(s, 2),
		.scope = {sql_uint(s, 3), sql_uint(s, 4)},
		.disabled = sql_uint(s, 5),
		.last_ms = sql_int(s, 6),
	};
}

enum status
store_user(struct store *store, uint32_t number, const struct region *scope, struct arena *arena,
	   struct user *out, struct error *err)
{
	static const char text[] = USER_SELECT " WHERE " IN_SCOPE " AND user.number = ?3";
	struct statement *s = sql_prepare(store->sql, text, err);
	struct user user;
	enum status status;

	bind_scope(s, scope);
	sql_bind_uint(s, 3, number);
	status = store_one(s, "user", err);
	if (status != STATUS_OK) {
		return status;
	}
	user = user_of(s);
	if (!store_keep(arena, &user.name)) {
		status = store_exhausted("a user", err);
	} else {
		*out = user;
	}
	sql_reset(s);
	return status;
}

enum status
store_user_named(struct store *store, struct span name, uint32_t *number_out,
		 uint8_t password_out[PASSWORD_SIZE], struct error *err)
{
	static const char text[] =
		"SELECT user.number, password FROM user JOIN user_password"
		" ON user_password.number = user.number WHERE name = ? AND disabled = 0";
	struct statement *s = sql_prepare(store->sql, text, err);
	uint8_t password[PASSWORD_SIZE];
	enum status status;

	sql_bind_text(s, 1, name);
	status = store_one(s, "user", err);
	if (status != STATUS_OK) {
		return status;
	}
	if (sql_blob_exact(s, 1, password, sizeof password)) {
		*number_out = store_u32(s, 0);
		memcpy(password_out, password, sizeof password);
	} else {
		status = store_damaged("the password of user", store_u32(s, 0), err);
	}
	sql_reset(s);
	return status;
}

static enum status
name_is_free(struct store *store, struct span name, struct error *err)
{
	static const char text[] = "SELECT number FROM user WHERE name = ? AND disabled = 0";
	struct statement *s = sql_prepare(store->sql, text, err);
	uint64_t number = 0;
	enum status status;

	sql_bind_text(s, 1, name);
	status = store_number(s, &number, err);
	if (status == STATUS_OK && number != 0) {
		return fail(err, STATUS_EXISTS, "a user of that name");
	}
	return status;
}

enum status
store_user_add(struct store *store, const struct user *user, struct error *err)
{
	static const char text[] =
		"INSERT INTO user (number, name, role, scope_low, scope_high, disabled)"
		" VALUES (?, ?, ?, ?, ?, 0)";
	struct statement *s;
	enum status status = name_is_free(store, user->name, err);

	if (status != STATUS_OK) {
		return status;
	}
	s = sql_prepare(store->sql, text, err);
	sql_bind_uint(s, 1, user->number);
	sql_bind_text(s, 2, user->name);
	sql_bind_int(s, 3, (int64_t)user->role);
	sql_bind_uint(s, 4, user->scope.low);
	sql_bind_uint(s, 5, user->scope.high);
	return sql_run(s, err);
}

/* For people two names are one if they look alike: 160, 8203 and 65279 are blanks, too. */
#define ALIKE(name) "lower(trim(" name ", char(9, 10, 11, 12, 13, 32, 160, 8203, 65279)))"

enum status
store_name_use(struct store *store, struct span name, struct name_use *out, struct error *err)
{
	static const char text[] =
		"SELECT coalesce(sum(source = 1 AND disabled = 0), 0),"
		" coalesce(sum(source = 1), 0), coalesce(sum(source = 2), 0) FROM"
		" (SELECT 1 AS source, name, disabled FROM user"
		" UNION ALL SELECT 2, name, 0 FROM token)"
		" WHERE " ALIKE("name") " = " ALIKE("?1");
	struct statement *s = sql_prepare(store->sql, text, err);
	enum status status;

	sql_bind_text(s, 1, name);
	status = store_one(s, "who has a name", err);
	if (status == STATUS_OK) {
		*out = (struct name_use){sql_uint(s, 0) > 0, sql_uint(s, 1) > 0,
					 sql_uint(s, 2) > 0};
		sql_reset(s);
	}
	return status;
}

static enum status
end_logins(struct store *store, uint32_t user, struct error *err)
{
	static const char text[] = "DELETE FROM login WHERE user = ?";
	struct statement *s = sql_prepare(store->sql, text, err);

	sql_bind_uint(s, 1, user);
	return sql_run(s, err);
}

enum status
store_user_disable(struct store *store, uint32_t number, uint64_t seq, struct error *err)
{
	static const char text[] = "UPDATE user SET disabled = ? WHERE number = ?";
	struct statement *s = sql_prepare(store->sql, text, err);
	enum status status;

	sql_bind_uint(s, 1, seq);
	sql_bind_uint(s, 2, number);
	status = sql_run(s, err);
	return status == STATUS_OK ? end_logins(store, number, err) : status;
}

enum status
store_user_password(struct store *store, uint32_t number, const uint8_t password[PASSWORD_SIZE],
		    struct error *err)
{
	static const char text[] =
		"INSERT INTO user_password (number, password, last_ms) VALUES (?, ?, 0)"
		" ON CONFLICT (number) DO UPDATE SET password = excluded.password";
	struct statement *s = sql_prepare(store->sql, text, err);
	enum status status;

	sql_bind_uint(s, 1, number);
	sql_bind_blob(s, 2, span_of(password, PASSWORD_SIZE));
	status = sql_run(s, err);
	return status == STATUS_OK ? end_logins(store, number, err) : status;
}

enum status
store_users_read(struct store *store, const struct region *scope, user_fn each, void *context,
		 struct error *err)
{
	static const char text[] = USER_SELECT " WHERE " IN_SCOPE " ORDER BY name, user.number";
	struct statement *s = sql_prepare(store->sql, text, err);
	enum status status = STATUS_OK;

	bind_scope(s, scope);
	while (status == STATUS_OK) {
		struct user user;
		bool row;

		status = sql_row(s, &row, err);
		if (status != STATUS_OK || !row) {
			return status;
		}
		user = user_of(s);
		status = each(context, &user, err);
	}
	sql_reset(s);
	return status;
}

/* ---- tokens ---- */

#define TOKEN_SELECT                                                                               \
	"SELECT token.hash, user, role, scope_low, scope_high, name, expires_ms, revoked,"         \
	" coalesce(last_ms, 0) FROM token LEFT JOIN token_use ON token_use.hash = token.hash"

/* Its name is borrowed; false: the row is damaged. */
static bool
token_of(struct statement *s, struct token *out)
{
	out->user = store_u32(s, 1);
	out->role = store_u32(s, 2);
	out->scope = (struct region){sql_uint(s, 3), sql_uint(s, 4)};
	out->name = sql_text(s, 5);
	out->expires_ms = sql_int(s, 6);
	out->revoked = sql_uint(s, 7);
	out->last_ms = sql_int(s, 8);
	return sql_blob_exact(s, 0, out->hash, sizeof out->hash);
}

static enum status
keep_token(struct statement *s, struct arena *arena, struct token *out, struct error *err)
{
	struct token token = {.user = 0};
	enum status status = STATUS_OK;

	if (!token_of(s, &token)) {
		status = store_damaged("the token of user", token.user, err);
	} else if (!store_keep(arena, &token.name)) {
		status = store_exhausted("a token", err);
	} else {
		*out = token;
	}
	sql_reset(s);
	return status;
}

enum status
store_token(struct store *store, const uint8_t hash[HASH_SIZE], struct arena *arena,
	    struct token *out, struct error *err)
{
	static const char text[] = TOKEN_SELECT " WHERE token.hash = ?";
	struct statement *s = sql_prepare(store->sql, text, err);
	enum status status;

	sql_bind_blob(s, 1, span_of(hash, HASH_SIZE));
	status = store_one(s, "token", err);
	return status == STATUS_OK ? keep_token(s, arena, out, err) : status;
}

enum status
store_token_numbered(struct store *store, uint32_t number, const struct region *scope,
		     struct arena *arena, struct token *out, struct error *err)
{
	static const char text[] = TOKEN_SELECT " WHERE " IN_SCOPE " AND user = ?3";
	struct statement *s = sql_prepare(store->sql, text, err);
	enum status status;

	bind_scope(s, scope);
	sql_bind_uint(s, 3, number);
	status = store_one(s, "token", err);
	return status == STATUS_OK ? keep_token(s, arena, out, err) : status;
}

enum status
store_token_add(struct store *store, const struct token *token, struct error *err)
{
	static const char text[] = "INSERT INTO token (hash, user, role, scope_low, scope_high,"
				   " name, expires_ms, revoked) VALUES (?, ?, ?, ?, ?, ?, ?, 0)";
	struct statement *s = sql_prepare(store->sql, text, err);

	sql_bind_blob(s, 1, span_of(token->hash, sizeof token->hash));
	sql_bind_uint(s, 2, token->user);
	sql_bind_int(s, 3, (int64_t)token->role);
	sql_bind_uint(s, 4, token->scope.low);
	sql_bind_uint(s, 5, token->scope.high);
	sql_bind_text(s, 6, token->name);
	sql_bind_int(s, 7, token->expires_ms);
	return sql_run(s, err);
}

enum status
store_token_revoke(struct store *store, const uint8_t hash[HASH_SIZE], uint64_t seq,
		   struct error *err)
{
	static const char text[] = "UPDATE token SET revoked = ? WHERE hash = ?";
	struct statement *s = sql_prepare(store->sql, text, err);

	sql_bind_uint(s, 1, seq);
	sql_bind_blob(s, 2, span_of(hash, HASH_SIZE));
	return sql_run(s, err);
}

enum status
store_token_used(struct store *store, const uint8_t hash[HASH_SIZE], int64_t now_ms,
		 struct error *err)
{
	static const char text[] = "INSERT INTO token_use (hash, last_ms) VALUES (?, ?)"
				   " ON CONFLICT (hash) DO UPDATE SET last_ms = excluded.last_ms";
	struct statement *s = sql_prepare(store->sql, text, err);

	sql_bind_blob(s, 1, span_of(hash, HASH_SIZE));
	sql_bind_int(s, 2, now_ms);
	return sql_run(s, err);
}

enum status
store_tokens_read(struct store *store, const struct region *scope, token_fn each, void *context,
		  struct error *err)
{
	static const char text[] = TOKEN_SELECT " WHERE " IN_SCOPE " ORDER BY name, user";
	struct statement *s = sql_prepare(store->sql, text, err);
	enum status status = STATUS_OK;

	bind_scope(s, scope);
	while (status == STATUS_OK) {
		struct token token;
		bool row;

		status = sql_row(s, &row, err);
		if (status != STATUS_OK || !row) {
			return status;
		}
		status = token_of(s, &token) ? each(context, &token, err)
					     : store_damaged("the token of user", token.user, err);
	}
	sql_reset(s);
	return status;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Who is signed in, and who tried to. */
#include "store_people.h"
#include "store_sqlite.h"

#include <string.h>

enum status
store_login(struct store *store, const uint8_t hash[HASH_SIZE], struct login *out,
	    struct error *err)
{
	static const char text[] =
		"SELECT user, role, scope_low, scope_high, began_ms, login.last_ms FROM login"
		" JOIN user ON user.number = login.user WHERE hash = ? AND disabled = 0";
	struct statement *s = sql_prepare(store->sql, text, err);
	enum status status;

	sql_bind_blob(s, 1, span_of(hash, HASH_SIZE));
	status = store_one(s, "login", err);
	if (status != STATUS_OK) {
		return status;
	}
	*out = (struct login){
		.user = store_u32(s, 0),
		.role = store_u32(s, 1),
		.scope = {sql_uint(s, 2), sql_uint(s, 3)},
		.began_ms = sql_int(s, 4),
		.last_ms = sql_int(s, 5),
	};
	memcpy(out->hash, hash, sizeof out->hash);
	sql_reset(s);
	return STATUS_OK;
}

enum status
store_login_add(struct store *store, const struct login *login, struct error *err)
{
	static const char text[] =
		"INSERT INTO login (hash, user, began_ms, last_ms) VALUES (?, ?, ?, ?)";
	static const char user_text[] = "UPDATE user_password SET last_ms = ? WHERE number = ?";
	struct statement *s = sql_prepare(store->sql, text, err);
	enum status status;

	sql_bind_blob(s, 1, span_of(login->hash, sizeof login->hash));
	sql_bind_uint(s, 2, login->user);
	sql_bind_int(s, 3, login->began_ms);
	sql_bind_int(s, 4, login->last_ms);
	status = sql_run(s, err);
	if (status != STATUS_OK) {
		return status;
	}
	s = sql_prepare(store->sql, user_text, err);
	sql_bind_int(s, 1, login->began_ms);
	sql_bind_uint(s, 2, login->user);
	return sql_run(s, err);
}

enum status
store_login_used(struct store *store, const uint8_t hash[HASH_SIZE], int64_t now_ms,
		 struct error *err)
{
	static const char text[] = "UPDATE login SET last_ms = ? WHERE hash = ?";
	struct statement *s = sql_prepare(store->sql, text, err);

	sql_bind_int(s, 1, now_ms);
	sql_bind_blob(s, 2, span_of(hash, HASH_SIZE));
	return sql_run(s, err);
}

enum status
store_login_end(struct store *store, const uint8_t hash[HASH_SIZE], struct error *err)
{
	static const char text[] = "DELETE FROM login WHERE hash = ?";
	struct statement *s = sql_prepare(store->sql, text, err);

	sql_bind_blob(s, 1, span_of(hash, HASH_SIZE));
	return sql_run(s, err);
}

enum status
store_logins_sweep(struct store *store, int64_t began_ms, int64_t last_ms, struct error *err)
{
	static const char text[] = "DELETE FROM login WHERE began_ms < ? OR last_ms < ?";
	struct statement *s = sql_prepare(store->sql, text, err);

	sql_bind_int(s, 1, began_ms);
	sql_bind_int(s, 2, last_ms);
	return sql_run(s, err);
}

/* ---- failures ---- */

enum status
store_login_failures(struct store *store, const uint8_t subject[HASH_SIZE],
		     struct login_failures *out, struct error *err)
{
	static const char text[] = "SELECT count, last_ms FROM login_failure WHERE subject = ?";
	struct statement *s = sql_prepare(store->sql, text, err);
	enum status status;
	bool row;

	sql_bind_blob(s, 1, span_of(subject, HASH_SIZE));
	status = sql_row(s, &row, err);
	if (status != STATUS_OK) {
		return status;
	}
	*out = (struct login_failures){.count = 0};
	if (row) {
		*out = (struct login_failures){store_u32(s, 0), sql_int(s, 1)};
		sql_reset(s);
	}
	return STATUS_OK;
}

enum status
store_login_failures_put(struct store *store, const uint8_t subject[HASH_SIZE],
			 const struct login_failures *failures, struct error *err)
{
	static const char text[] =
		"INSERT INTO login_failure (subject, count, last_ms) VALUES (?, ?, ?) ON CONFLICT"
		" (subject) DO UPDATE SET count = excluded.count, last_ms = excluded.last_ms";
	struct statement *s = sql_prepare(store->sql, text, err);

	sql_bind_blob(s, 1, span_of(subject, HASH_SIZE));
	sql_bind_uint(s, 2, failures->count);
	sql_bind_int(s, 3, failures->last_ms);
	return sql_run(s, err);
}

enum status
store_login_failures_clear(struct store *store, const uint8_t subject[HASH_SIZE], struct error *err)
{
	static const char text[] = "DELETE FROM login_failure WHERE subject = ?";
	struct statement *s = sql_prepare(store->sql, text, err);

	sql_bind_blob(s, 1, span_of(subject, HASH_SIZE));
	return sql_run(s, err);
}

enum status
store_login_failures_sweep(struct store *store, int64_t last_ms, unsigned few, size_t keep,
			   struct error *err)
{
	static const char old_text[] = "DELETE FROM login_failure WHERE last_ms < ?";
	static const char many_text[] =
		"DELETE FROM login_failure WHERE subject IN (SELECT subject FROM login_failure"
		" WHERE (count > ?1) = ?2 ORDER BY last_ms DESC LIMIT -1 OFFSET ?3)";
	struct statement *s = sql_prepare(store->sql, old_text, err);
	enum status status;

	sql_bind_int(s, 1, last_ms);
	status = sql_run(s, err);
	for (unsigned often = 0; often < 2 && status == STATUS_OK; often++) {
		s = sql_prepare(store->sql, many_text, err);
		sql_bind_uint(s, 1, few);
		sql_bind_uint(s, 2, often);
		sql_bind_uint(s, 3, keep);
		status = sql_run(s, err);
	}
	return status;
}

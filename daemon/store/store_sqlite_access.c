/* SPDX-License-Identifier: Apache-2.0 */
/* Enrolment codes. */
#include "scope.h"
#include "store_people.h"
#include "store_sqlite.h"

#include <string.h>

static enum status
code_of(struct statement *s, struct arena *arena, struct stored_code *out, struct error *err)
{
	out->expires_ms = sql_int(s, 1);
	out->cadre = sql_text(s, 2);
	out->failures = store_u32(s, 4);
	out->device = store_u32(s, 5);
	if (!sql_blob_exact(s, 0, out->secret_hash, sizeof out->secret_hash) ||
	    !sql_blob_exact(s, 6, out->device_key, sizeof out->device_key) ||
	    !scope_get(sql_blob(s, 3), arena, &out->scope, &out->scope_count)) {
		return fail(err, STATUS_STORAGE, "an enrolment code is damaged");
	}
	return store_keep(arena, &out->cadre) ? STATUS_OK
					      : store_exhausted("an enrolment code", err);
}

enum status
store_code(struct store *store, const uint8_t id[CODE_ID_SIZE], struct arena *arena,
	   struct stored_code *out, struct error *err)
{
	static const char text[] =
		"SELECT secret_hash, expires_ms, cadre, scope, failures, device, device_key"
		" FROM code WHERE id = ?";
	struct statement *s = sql_prepare(store->sql, text, err);
	struct stored_code code;
	enum status status;

	sql_bind_blob(s, 1, span_of(id, CODE_ID_SIZE));
	status = store_one(s, "enrolment code", err);
	if (status != STATUS_OK) {
		return status;
	}
	memcpy(code.id, id, CODE_ID_SIZE);
	status = code_of(s, arena, &code, err);
	sql_reset(s);
	if (status == STATUS_OK) {
		*out = code;
	}
	return status;
}

static enum status
put_code_row(struct store *store, const struct stored_code *code, struct span scope,
	     struct error *err)
{
	static const char text[] =
		"INSERT OR REPLACE INTO code (id, secret_hash, expires_ms, cadre, scope, failures,"
		" device, device_key) VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
	struct statement *s = sql_prepare(store->sql, text, err);

	sql_bind_blob(s, 1, span_of(code->id, sizeof code->id));
	sql_bind_blob(s, 2, span_of(code->secret_hash, sizeof code->secret_hash));
	sql_bind_int(s, 3, code->expires_ms);
	sql_bind_text(s, 4, code->cadre);
	sql_bind_blob(s, 5, scope);
	sql_bind_uint(s, 6, code->failures);
	sql_bind_uint(s, 7, code->device);
	sql_bind_blob(s, 8, span_of(code->device_key, sizeof code->device_key));
	return sql_run(s, err);
}

enum status
store_code_put(struct store *store, const struct stored_code *code, struct error *err)
{
	struct buffer scope;
	enum status status;

	buffer_init(&scope, SIZE_MAX);
	scope_put(code->scope, code->scope_count, &scope);
	status = buffer_status(&scope, "a scope", err);
	if (status == STATUS_OK) {
		status = put_code_row(store, code, buffer_span(&scope), err);
	}
	buffer_finish(&scope);
	return status;
}

static enum status
spend_code(struct store *store, struct span cadre, struct span scope, struct error *err)
{
	static const char find_text[] = "SELECT id FROM code WHERE cadre = ? AND scope = ?";
	static const char spend_text[] = "DELETE FROM code WHERE id = ?";
	struct statement *s = sql_prepare(store->sql, find_text, err);
	uint8_t id[CODE_ID_SIZE];
	enum status status;

	sql_bind_text(s, 1, cadre);
	sql_bind_blob(s, 2, scope);
	status = store_one(s, "enrolment code", err);
	if (status != STATUS_OK) {
		return status;
	}
	if (!sql_blob_exact(s, 0, id, sizeof id)) {
		status = fail(err, STATUS_STORAGE, "an enrolment code is damaged");
	}
	sql_reset(s);
	if (status == STATUS_OK) {
		s = sql_prepare(store->sql, spend_text, err);
		sql_bind_blob(s, 1, span_of(id, sizeof id));
		status = sql_run(s, err);
	}
	return status;
}

enum status
store_code_spend(struct store *store, const struct stored_code *like, struct error *err)
{
	struct buffer scope;
	enum status status;

	buffer_init(&scope, SIZE_MAX);
	scope_put(like->scope, like->scope_count, &scope);
	status = buffer_status(&scope, "a scope", err);
	if (status == STATUS_OK) {
		status = spend_code(store, like->cadre, buffer_span(&scope), err);
	}
	buffer_finish(&scope);
	return status;
}

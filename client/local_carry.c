/* SPDX-License-Identifier: Apache-2.0 */
#include "client/local_parts.h"

#include <string.h>

/* Of each row `key` is a body, for it opens what the server wrote. */
static enum status
table_make(struct local *local, struct error *err)
{
	return sql_exec(local->sql,
			"CREATE TABLE IF NOT EXISTS carried (r INTEGER PRIMARY KEY,"
			" tag BLOB NOT NULL, epoch INTEGER NOT NULL, count INTEGER NOT NULL,"
			" through_n INTEGER NOT NULL, continues INTEGER NOT NULL,"
			" scope_version INTEGER NOT NULL, witness_size INTEGER NOT NULL,"
			" proof_from BLOB NOT NULL,"
			" key BLOB NOT NULL)",
			err);
}

static enum status
oldest_forget(struct local *local, struct error *err)
{
	static const char text[] = "DELETE FROM carried WHERE r NOT IN"
				   " (SELECT r FROM carried ORDER BY r DESC LIMIT ?1)";
	struct statement *s = sql_prepare(local->sql, text, err);

	sql_bind_uint(s, 1, LOCAL_CARRIED_MAX);
	return sql_run(s, err);
}

enum status
local_carried_add(struct local *local, const struct local_carried *carried, struct error *err)
{
	static const char text[] =
		"INSERT OR REPLACE INTO carried (r, tag, epoch, count, witness_size, key,"
		" scope_version, through_n, continues, proof_from)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
	const struct parcel_session *session = &carried->session;
	uint8_t from[CHECKPOINT_SIZE];
	struct statement *s;
	struct span key;
	enum status status = table_make(local, err);

	if (status == STATUS_OK) {
		status = local_seal(local, (struct seal_place){SEAL_CARRIED, carried->r},
				    span_of(session->key, sizeof session->key), &key, err);
	}
	if (status != STATUS_OK) {
		return status;
	}
	s = sql_prepare(local->sql, text, err);
	sql_bind_uint(s, 1, carried->r);
	sql_bind_blob(s, 2, span_of(session->tag, sizeof session->tag));
	sql_bind_uint(s, 3, carried->epoch);
	sql_bind_uint(s, 4, carried->count);
	sql_bind_uint(s, 5, carried->witness_size);
	sql_bind_blob(s, 6, key);
	sql_bind_uint(s, 7, carried->scope_version);
	sql_bind_uint(s, 8, carried->through_n);
	sql_bind_uint(s, 9, carried->continues);
	checkpoint_encode(&carried->from, from);
	sql_bind_blob(s, 10, span_of(from, carried->from.size == 0 ? 0 : sizeof from));
	status = sql_run(s, err);
	return status == STATUS_OK ? oldest_forget(local, err) : status;
}

enum status
local_carried(struct local *local, const uint8_t tag[PARCEL_TAG_SIZE], struct local_carried *out,
	      struct error *err)
{
	static const char text[] =
		"SELECT r, epoch, count, witness_size, key, scope_version, through_n, continues,"
		" proof_from FROM carried WHERE tag = ?1";
	struct local_carried carried;
	uint8_t from[CHECKPOINT_SIZE];
	struct statement *s;
	bool row;
	enum status status = table_make(local, err);

	if (status != STATUS_OK) {
		return status;
	}
	s = sql_prepare(local->sql, text, err);
	sql_bind_blob(s, 1, span_of(tag, PARCEL_TAG_SIZE));
	status = sql_row(s, &row, err);
	if (status != STATUS_OK) {
		return status;
	}
	if (!row) {
		return fail(err, STATUS_NOT_FOUND, "carried");
	}
	carried.r = sql_uint(s, 0);
	carried.epoch = (uint32_t)sql_uint(s, 1);
	carried.count = (uint32_t)sql_uint(s, 2);
	carried.witness_size = sql_uint(s, 3);
	carried.scope_version = sql_uint(s, 5);
	carried.through_n = (uint32_t)sql_uint(s, 6);
	carried.continues = sql_uint(s, 7) != 0;
	carried.from.size = 0;
	if (sql_blob_exact(s, 8, from, sizeof from)) {
		checkpoint_decode(from, &carried.from);
	}
	memcpy(carried.session.tag, tag, PARCEL_TAG_SIZE);
	status = local_unseal_exact(local, (struct seal_place){SEAL_CARRIED, carried.r},
				    sql_blob(s, 4), carried.session.key, AEAD_KEY_SIZE, err);
	sql_reset(s);
	if (status == STATUS_OK) {
		*out = carried;
	}
	return status;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The data key on the disk, and the end of all that it opened. */
#include "client/local_parts.h"

enum status
local_wrapped_save(struct local *local, struct span wrapped, struct error *err)
{
	static const char text[] = "UPDATE device SET data_key = ?1";
	struct statement *s = sql_prepare(local->sql, text, err);

	sql_bind_blob(s, 1, wrapped);
	return sql_run(s, err);
}

enum status
local_wrapped(struct local *local, struct arena *arena, struct span *out, struct error *err)
{
	static const char text[] = "SELECT data_key FROM device WHERE data_key IS NOT NULL";
	struct statement *s = sql_prepare(local->sql, text, err);
	struct span wrapped;
	bool row;
	enum status status = sql_row(s, &row, err);

	if (status == STATUS_OK && !row) {
		return fail(err, STATUS_NOT_FOUND, "device.db");
	}
	if (status != STATUS_OK) {
		return status;
	}
	wrapped = sql_blob(s, 0);
	wrapped.at = arena_copy(arena, wrapped.at, wrapped.length);
	sql_reset(s);
	if (wrapped.at == NULL) {
		return fail(err, STATUS_MEMORY, "%zu", wrapped.length);
	}
	*out = wrapped;
	return STATUS_OK;
}

/* Zeros, so that it is gone at once; NULL only when all the rest is gone as well. */
static enum status
content_delete(struct local *local, struct error *err)
{
	static const char text[] =
		"UPDATE device SET data_key = zeroblob(length(data_key)), cadre = x'00',"
		" certificate = NULL, scope = x'', schema_version = 0, fork_n = 0;"
		"DELETE FROM record; DELETE FROM change; DELETE FROM batch; DELETE FROM leaving;"
		"DELETE FROM arrived; DELETE FROM stream; DELETE FROM lineage; DELETE FROM schema;"
		"DROP TABLE IF EXISTS carried";
	enum status status = local_begin(local, err);

	if (status != STATUS_OK) {
		return status;
	}
	status = sql_exec(local->sql, text, err);
	if (status == STATUS_OK) {
		return local_commit(local, err);
	}
	local_rollback(local);
	return status;
}

/* The write-ahead log has what was there before, until it is cut off. */
static enum status
log_cut(struct local *local, struct error *err)
{
	static const char text[] = "PRAGMA wal_checkpoint(TRUNCATE)";
	struct statement *s = sql_prepare(local->sql, text, err);
	bool row;
	bool busy = true;
	enum status status = sql_row(s, &row, err);

	if (status == STATUS_OK && row) {
		busy = sql_int(s, 0) != 0;
		sql_reset(s);
	}
	return status == STATUS_OK && busy ? fail(err, STATUS_BUSY, "device.db") : status;
}

enum status
local_destroy(struct local *local, struct error *err)
{
	struct arena arena;
	struct span wrapped;
	enum status status;

	arena_init(&arena, 1024);
	status = local_wrapped(local, &arena, &wrapped, err);
	arena_finish(&arena);
	local_key_set(local, NULL);
	if (status == STATUS_NOT_FOUND) {
		return STATUS_OK;
	}
	if (status == STATUS_OK) {
		status = sql_exec(local->sql, "PRAGMA secure_delete = ON", err);
	}
	if (status == STATUS_OK) {
		status = content_delete(local, err);
	}
	if (status == STATUS_OK) {
		status = sql_exec(local->sql, "VACUUM", err);
	}
	if (status == STATUS_OK) {
		status = log_cut(local, err);
	}
	return status == STATUS_OK ? sql_exec(local->sql, "UPDATE device SET data_key = NULL", err)
				   : status;
}

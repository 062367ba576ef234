/* SPDX-License-Identifier: Apache-2.0 */
/* The data key on the disk, and the end of all that it opened. */
#include "client/local_parts.h"

#include <string.h>

enum status
local_wrapped_save(struct local *local, struct span wrapped, struct error *err)
{
	static const char text[] = "UPDATE device SET data_key = ?1";
	struct statement *s = sql_prepare(local->sql, text, err);

	sql_bind_blob(s, 1, wrapped);
	return sql_run(s, err);
}

/* The only column of the only row that has one. */
static enum status
blob_copy(struct statement *s, struct arena *arena, struct span *out, struct error *err)
{
	struct span blob;
	bool row;
	enum status status = sql_row(s, &row, err);

	if (status == STATUS_OK && !row) {
		return fail(err, STATUS_NOT_FOUND, "device.db");
	}
	if (status != STATUS_OK) {
		return status;
	}
	blob = sql_blob(s, 0);
	blob.at = arena_copy(arena, blob.at, blob.length);
	sql_reset(s);
	if (blob.at == NULL) {
		return fail(err, STATUS_MEMORY, "%zu", blob.length);
	}
	*out = blob;
	return STATUS_OK;
}

enum status
local_wrapped(struct local *local, struct arena *arena, struct span *out, struct error *err)
{
	static const char text[] = "SELECT data_key FROM device WHERE data_key IS NOT NULL";

	return blob_copy(sql_prepare(local->sql, text, err), arena, out, err);
}

enum status
local_record_key(struct local *local, struct arena *arena, struct span *out, struct error *err)
{
	static const char text[] = "SELECT record_key FROM device WHERE record_key IS NOT NULL";

	return blob_copy(sql_prepare(local->sql, text, err), arena, out, err);
}

/* ---- the lease ---- */

enum {
	LEASE_DAYS_AT = 1, /* behind `lacking` */
	LEASE_UNTIL_AT = LEASE_DAYS_AT + 4,
	LEASE_LATEST_AT = LEASE_UNTIL_AT + 8,
	LEASE_SHARE_AT = LEASE_LATEST_AT + 8,
	LEASE_BYTES = LEASE_SHARE_AT + LEASE_SHARE_SIZE,
};

enum status
local_lease(struct local *local, struct local_lease *out, struct error *err)
{
	static const char text[] = "SELECT lease FROM device WHERE lease IS NOT NULL";
	struct statement *s = sql_prepare(local->sql, text, err);
	struct local_lease lease = {.days = 0};
	uint8_t bytes[LEASE_BYTES];
	bool row;
	enum status status = sql_row(s, &row, err);

	if (status == STATUS_OK && row) {
		if (sql_blob_exact(s, 0, bytes, sizeof bytes)) {
			lease.lacking = bytes[0] != 0;
			lease.days = get_le32(bytes + LEASE_DAYS_AT);
			lease.until_ms = (int64_t)get_le64(bytes + LEASE_UNTIL_AT);
			lease.latest_ms = (int64_t)get_le64(bytes + LEASE_LATEST_AT);
			memcpy(lease.share, bytes + LEASE_SHARE_AT, sizeof lease.share);
		} else {
			status = fail(err, STATUS_STORAGE, "device.db: lease");
		}
		sql_reset(s);
	}
	if (status == STATUS_OK) {
		*out = lease;
	}
	return status;
}

enum status
local_lease_save(struct local *local, const struct local_lease *lease, struct span record_key,
		 struct error *err)
{
	static const char text[] = "UPDATE device SET lease = ?1,"
				   " record_key = coalesce(?2, record_key)";
	struct statement *s = sql_prepare(local->sql, text, err);
	uint8_t bytes[LEASE_BYTES];
	enum status status;

	bytes[0] = lease->lacking;
	put_le32(bytes + LEASE_DAYS_AT, lease->days);
	put_le64(bytes + LEASE_UNTIL_AT, (uint64_t)lease->until_ms);
	put_le64(bytes + LEASE_LATEST_AT, (uint64_t)lease->latest_ms);
	memcpy(bytes + LEASE_SHARE_AT, lease->share, sizeof lease->share);
	sql_bind_blob(s, 1, span_of(bytes, sizeof bytes));
	if (record_key.length > 0) {
		sql_bind_blob(s, 2, record_key);
	}
	status = sql_run(s, err);
	crypto_wipe(bytes, sizeof bytes);
	return status;
}

/* Zeros, so that it is gone at once; NULL only when all the rest is gone as well. Of the
 * checkpoints only evidence stays: another enrolment may be in another history of the log, and the
 * server would take what it shows for one that it was in. */
static enum status
content_delete(struct local *local, struct error *err)
{
	static const char text[] =
		"UPDATE device SET data_key = zeroblob(length(data_key)),"
		" record_key = zeroblob(length(record_key)), lease = NULL, cadre = x'00',"
		" certificate = NULL, scope = x'', schema_version = 0, fork_n = 0;"
		"DELETE FROM record; DELETE FROM change; DELETE FROM batch; DELETE FROM leaving;"
		"DELETE FROM arrived; DELETE FROM stream; DELETE FROM lineage; DELETE FROM schema;"
		/* LOCAL_PROVEN, LOCAL_SEEN */
		"DELETE FROM witness WHERE place IN (0, 3);"
		"DROP TABLE IF EXISTS carried; DROP TABLE IF EXISTS receipt";
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

/* What `from` names, of two columns, is sealed with the record key by `to`. Changes below 0 were
 * sealed under the n that they had (GENERATION_STEP). */
static enum status
bodies_shut(struct local *local, enum seal_kind kind, const char *from, const char *to,
	    struct error *err)
{
	struct statement *next = sql_prepare(local->sql, from, err);
	struct statement *s = sql_prepare(local->sql, to, err);
	struct arena arena;
	bool row = true;
	enum status status = STATUS_OK;

	arena_init(&arena, (size_t)2 * CHANGE_BYTES_MAX);
	while (status == STATUS_OK) {
		struct seal_place place = {.kind = kind};
		struct span body;

		status = sql_row(next, &row, err);
		if (status != STATUS_OK || !row) {
			break;
		}
		place.row = (uint64_t)sql_int(next, 0) & CHANGE_N_MAX;
		arena_reset(&arena);
		status = local_unseal(local, place, sql_blob(next, 1), &arena, &body, err);
		place.kind |= SEAL_KEPT;
		if (status == STATUS_OK) {
			status = local_seal(local, place, body, &body, err);
		}
		if (status == STATUS_OK) {
			sql_bind_int(s, 1, sql_int(next, 0));
			sql_bind_blob(s, 2, body);
			status = sql_run(s, err);
		}
	}
	sql_reset(next);
	arena_finish(&arena);
	return status;
}

static enum status
lease_shut(struct local *local, const struct local_lease *lease, struct error *err)
{
	enum status status = bodies_shut(local, SEAL_CHANGE,
					 "SELECT n, body FROM change WHERE acked_ms IS NOT NULL",
					 "UPDATE change SET body = ?2 WHERE n = ?1", err);

	if (status == STATUS_OK) {
		status = bodies_shut(local, SEAL_BATCH,
				     "SELECT first_n, seed FROM batch"
				     " WHERE last_n <= (SELECT acked_n FROM device)",
				     "UPDATE batch SET seed = ?2 WHERE first_n = ?1", err);
	}
	return status == STATUS_OK ? local_lease_save(local, lease, span_of(NULL, 0), err) : status;
}

/* Inside a transaction the log is cut off by a later checkpoint. */
enum status
local_lease_end(struct local *local, const struct local_lease *lease, struct error *err)
{
	const bool alone = !sql_in_transaction(local->sql);
	enum status status = sql_exec(local->sql, "PRAGMA secure_delete = ON", err);

	if (status == STATUS_OK && alone) {
		status = local_begin(local, err);
	}
	if (status != STATUS_OK) {
		return status;
	}
	status = lease_shut(local, lease, err);
	if (!alone) {
		return status;
	}
	if (status != STATUS_OK) {
		local_rollback(local);
		return status;
	}
	status = local_commit(local, err);
	(void)log_cut(local, NULL);
	return status;
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

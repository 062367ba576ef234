/* SPDX-License-Identifier: Apache-2.0 */
#include "client/local_parts.h"

#include <string.h>

enum status
local_change_add(struct local *local, uint32_t n, uint64_t record, struct span bytes,
		 struct error *err)
{
	static const char text[] = "INSERT INTO change (n, record, body) VALUES (?1, ?2, ?3)";
	struct statement *s;
	struct span sealed;
	enum status status =
		local_seal(local, (struct seal_place){SEAL_CHANGE, n}, bytes, &sealed, err);

	if (status != STATUS_OK) {
		return status;
	}
	s = sql_prepare(local->sql, text, err);
	sql_bind_uint(s, 1, n);
	sql_bind_uint(s, 2, record);
	sql_bind_blob(s, 3, sealed);
	return sql_run(s, err);
}

/* Columns n, record, seq, exception, body. LEASE_OVER: all but the bytes. */
static enum status
change_get(struct local *local, struct statement *s, struct arena *arena, struct local_change *out,
	   struct error *err)
{
	*out = (struct local_change){.n = (uint32_t)sql_uint(s, 0),
				     .record = sql_uint(s, 1),
				     .seq = sql_uint(s, 2),
				     .exception = (uint32_t)sql_uint(s, 3)};
	return local_unseal(local, (struct seal_place){SEAL_CHANGE, out->n}, sql_blob(s, 4), arena,
			    &out->bytes, err);
}

enum status
local_change(struct local *local, uint32_t n, struct arena *arena, struct local_change *out,
	     struct error *err)
{
	static const char text[] =
		"SELECT n, record, seq, exception, body FROM change WHERE n = ?1";
	struct statement *s = sql_prepare(local->sql, text, err);
	struct local_change change;
	bool row;
	enum status status;

	sql_bind_uint(s, 1, n);
	status = sql_row(s, &row, err);
	if (status != STATUS_OK) {
		return status;
	}
	if (!row) {
		return fail(err, STATUS_NOT_FOUND, "n %u", n);
	}
	status = change_get(local, s, arena, &change, err);
	sql_reset(s);
	if (status == STATUS_OK || status == STATUS_LEASE_OVER) {
		*out = change;
		return STATUS_OK;
	}
	return status;
}

enum status
local_changes(struct local *local, struct local_range range, struct arena *arena,
	      struct local_changes *out, struct error *err)
{
	static const char text[] = "SELECT n, record, seq, exception, body FROM change"
				   " WHERE n >= ?1 ORDER BY n LIMIT ?2";
	struct statement *s = sql_prepare(local->sql, text, err);
	struct local_changes found = {ARENA_ARRAY(arena, struct local_change, range.count), 0};
	size_t used = 0;
	bool row = true;
	enum status status = STATUS_OK;

	if (found.at == NULL) {
		return fail(err, STATUS_MEMORY, "%zu", range.count);
	}
	sql_bind_uint(s, 1, range.first_n);
	sql_bind_uint(s, 2, range.count);
	while (status == STATUS_OK) {
		status = sql_row(s, &row, err);
		if (status != STATUS_OK || !row) {
			break;
		}
		used += sql_blob(s, 4).length;
		if (found.count > 0 && used > range.bytes) {
			break;
		}
		status = change_get(local, s, arena, &found.at[found.count++], err);
	}
	sql_reset(s);
	if (status == STATUS_OK) {
		*out = found;
	}
	return status;
}

/* The first unacknowledged change of a record after a number; n 0: none. */
static enum status
pending_next(struct local *local, uint64_t record, uint32_t after_n, struct arena *arena,
	     struct local_change *out, struct error *err)
{
	static const char text[] = "SELECT n, record, seq, exception, body FROM change"
				   " WHERE record = ?1 AND seq = 0 AND n > ?2 ORDER BY n LIMIT 1";
	struct statement *s = sql_prepare(local->sql, text, err);
	bool row;
	enum status status;

	sql_bind_uint(s, 1, record);
	sql_bind_uint(s, 2, after_n);
	status = sql_row(s, &row, err);
	if (status != STATUS_OK) {
		return status;
	}
	if (!row) {
		*out = (struct local_change){0};
		return STATUS_OK;
	}
	status = change_get(local, s, arena, out, err);
	sql_reset(s);
	return status;
}

enum status
local_changes_pending(struct local *local, uint64_t record, local_change_fn each, void *context,
		      struct error *err)
{
	struct local_change change = {0};
	struct arena arena;
	enum status status = STATUS_OK;

	arena_init(&arena, (size_t)2 * CHANGE_BYTES_MAX);
	while (status == STATUS_OK) {
		arena_reset(&arena);
		status = pending_next(local, record, change.n, &arena, &change, err);
		if (status != STATUS_OK || change.n == 0) {
			break;
		}
		status = each(context, &change, err);
	}
	arena_finish(&arena);
	return status;
}

enum status
local_change_acked(struct local *local, uint32_t n, uint64_t seq, struct error *err)
{
	static const char text[] = "UPDATE change SET seq = ?2 WHERE n = ?1";
	struct statement *s = sql_prepare(local->sql, text, err);

	sql_bind_uint(s, 1, n);
	sql_bind_uint(s, 2, seq);
	return sql_run(s, err);
}

enum status
local_change_exception(struct local *local, const struct exception *exception, bool *news_out,
		       struct error *err)
{
	/* A change that is both in conflict and quarantined does not exist; if one is told twice,
	 * the graver stays. */
	static const char text[] = "UPDATE change SET exception = ?2, reason = ?3"
				   " WHERE n = ?1 AND exception < ?2";
	struct statement *s = sql_prepare(local->sql, text, err);
	enum status status;

	sql_bind_uint(s, 1, exception->n);
	sql_bind_uint(s, 2, exception->kind);
	sql_bind_uint(s, 3, exception->reason);
	status = sql_run(s, err);
	if (status == STATUS_OK) {
		*news_out = sql_changes(local->sql) > 0;
	}
	return status;
}

enum status
local_exceptions_doubt(struct local *local, struct error *err)
{
	/* What was erased stays erased. */
	static const char text[] = "UPDATE change SET exception = ?1 WHERE exception > ?1"
				   " AND exception < ?2 AND exception <> 0";
	struct statement *s = sql_prepare(local->sql, text, err);

	sql_bind_uint(s, 1, EXCEPTION_QUARANTINED);
	sql_bind_uint(s, 2, EXCEPTION_ERASED);
	return sql_run(s, err);
}

enum status
local_change_link(struct local *local, uint32_t n, const uint8_t chain[HASH_SIZE],
		  int64_t server_ms, struct error *err)
{
	static const char text[] = "UPDATE change SET chain = ?2, acked_ms = ?3 WHERE n = ?1";
	struct statement *s = sql_prepare(local->sql, text, err);

	sql_bind_uint(s, 1, n);
	sql_bind_blob(s, 2, span_of(chain, HASH_SIZE));
	sql_bind_int(s, 3, server_ms);
	return sql_run(s, err);
}

/* Are all changes from n to the newest kept? */
static enum status
kept_from(struct local *local, uint32_t n, bool *kept_out, struct error *err)
{
	static const char text[] = "SELECT count(*), max(n) FROM change WHERE n >= ?1";
	struct statement *s = sql_prepare(local->sql, text, err);
	bool row;
	enum status status;

	sql_bind_uint(s, 1, n);
	status = sql_row(s, &row, err);
	if (status == STATUS_OK && row) {
		*kept_out = sql_int(s, 0) > 0 && sql_int(s, 0) == sql_int(s, 1) - n + 1;
		sql_reset(s);
	}
	return status;
}

static enum status
chain_at(struct local *local, uint32_t n, uint8_t chain_out[HASH_SIZE], bool *linked_out,
	 struct error *err)
{
	static const char text[] = "SELECT chain FROM change WHERE n = ?1";
	struct statement *s = sql_prepare(local->sql, text, err);
	bool row;
	enum status status;

	sql_bind_uint(s, 1, n);
	status = sql_row(s, &row, err);
	if (status == STATUS_OK) {
		*linked_out = row && sql_blob_exact(s, 0, chain_out, HASH_SIZE);
		sql_reset(s);
	}
	return status;
}

enum status
local_changes_reopen(struct local *local, uint32_t first_n, uint8_t chain_out[HASH_SIZE],
		     struct error *err)
{
	static const char text[] = "UPDATE change SET seq = 0, exception = 0, reason = 0,"
				   " chain = NULL, acked_ms = NULL WHERE n >= ?1";
	struct statement *s;
	bool kept = false;
	bool linked = true;
	enum status status = kept_from(local, first_n, &kept, err);

	if (status == STATUS_OK && first_n > 1) {
		status = chain_at(local, first_n - 1, chain_out, &linked, err);
	}
	if (status != STATUS_OK) {
		return status;
	}
	if (!kept || !linked) {
		return fail(err, STATUS_NOT_FOUND, "n %u", first_n);
	}
	s = sql_prepare(local->sql, text, err);
	sql_bind_uint(s, 1, first_n);
	return sql_run(s, err);
}

enum status
local_changes_forget(struct local *local, int64_t server_ms, uint32_t least, struct error *err)
{
	/* Only from the front, so that what is kept has no holes; and not what still raises a
	 * record. */
	static const char changes_text[] =
		"DELETE FROM change WHERE acked_ms < ?1 AND exception <> ?2"
		" AND n <= (SELECT raised_n FROM device)"
		" AND n <= (SELECT max(n) FROM change) - ?3"
		" AND n < coalesce((SELECT min(n) FROM change WHERE acked_ms IS NULL"
		" OR acked_ms >= ?1), (SELECT max(n) FROM change))";
	static const char batches_text[] =
		"DELETE FROM batch WHERE last_n < (SELECT min(n) FROM change WHERE n > 0)";
	struct statement *s = sql_prepare(local->sql, changes_text, err);
	enum status status;

	sql_bind_int(s, 1, server_ms);
	sql_bind_uint(s, 2, EXCEPTION_QUARANTINED);
	sql_bind_uint(s, 3, least);
	status = sql_run(s, err);
	if (status != STATUS_OK || sql_changes(local->sql) == 0) {
		return status;
	}
	return sql_run(sql_prepare(local->sql, batches_text, err), err);
}

enum status
local_quarantined_count(struct local *local, uint32_t *count_out, struct error *err)
{
	static const char text[] = "SELECT count(*) FROM change WHERE exception = ?1"
				   " AND exception <> 0";
	struct statement *s = sql_prepare(local->sql, text, err);
	uint64_t count = 0;
	enum status status;

	sql_bind_uint(s, 1, EXCEPTION_QUARANTINED);
	status = sql_single(s, &count, err);
	*count_out = (uint32_t)count;
	return status;
}

/* Only the newest batch can be open. */
static enum status
batch_is_open(struct local *local, bool *open_out, struct error *err)
{
	static const char text[] = "SELECT last_n FROM batch ORDER BY first_n DESC LIMIT 1";
	struct statement *s = sql_prepare(local->sql, text, err);
	bool row;
	enum status status = sql_row(s, &row, err);

	if (status == STATUS_OK) {
		*open_out = row && sql_is_null(s, 0);
		sql_reset(s);
	}
	return status;
}

enum status
local_batch_open(struct local *local, uint32_t n, const uint8_t seed[SEED_SIZE], struct error *err)
{
	static const char text[] = "INSERT INTO batch (first_n, seed) VALUES (?1, ?2)";
	struct statement *s;
	struct span sealed;
	bool is_open;
	enum status status = batch_is_open(local, &is_open, err);

	if (status != STATUS_OK || is_open) {
		return status;
	}
	status = local_seal(local, (struct seal_place){SEAL_BATCH, n}, span_of(seed, SEED_SIZE),
			    &sealed, err);
	if (status != STATUS_OK) {
		return status;
	}
	s = sql_prepare(local->sql, text, err);
	sql_bind_uint(s, 1, n);
	sql_bind_blob(s, 2, sealed);
	return sql_run(s, err);
}

enum status
local_batches_close(struct local *local, struct error *err)
{
	static const char text[] =
		"UPDATE batch SET last_n = (SELECT max(n) FROM change) WHERE last_n IS NULL";

	return sql_run(sql_prepare(local->sql, text, err), err);
}

/* Columns last_n, seed, first_n. */
static enum status
batch_get(struct local *local, struct statement *s, struct batch *out, struct error *err)
{
	out->last_n = (uint32_t)sql_uint(s, 0);
	return local_unseal_exact(local, (struct seal_place){SEAL_BATCH, sql_uint(s, 2)},
				  sql_blob(s, 1), out->seed, SEED_SIZE, err);
}

enum status
local_batches(struct local *local, uint32_t first_n, uint32_t last_n, struct arena *arena,
	      struct local_batches *out, struct error *err)
{
	static const char text[] = "SELECT min(coalesce(last_n, ?2), ?2), seed, first_n FROM batch"
				   " WHERE first_n <= ?2 AND (last_n IS NULL OR last_n >= ?1)"
				   " ORDER BY first_n LIMIT ?3";
	/* Each has a change of the range. */
	const size_t most =
		last_n - first_n < MESSAGE_BATCHES_MAX ? last_n - first_n + 1 : MESSAGE_BATCHES_MAX;
	struct statement *s = sql_prepare(local->sql, text, err);
	struct local_batches found = {ARENA_ARRAY(arena, struct batch, most), 0};
	bool row = true;
	enum status status = STATUS_OK;

	if (found.at == NULL) {
		return fail(err, STATUS_MEMORY, "%s", "");
	}
	sql_bind_uint(s, 1, first_n);
	sql_bind_uint(s, 2, last_n);
	sql_bind_uint(s, 3, most);
	while (status == STATUS_OK && row) {
		status = sql_row(s, &row, err);
		if (status == STATUS_OK && row) {
			status = batch_get(local, s, &found.at[found.count++], err);
		}
	}
	sql_reset(s);
	if (status == STATUS_OK) {
		*out = found;
	}
	return status;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What was legally erased leaves the file, as far as that goes without writing all of it anew. */
#include "client/local_parts.h"

enum status
local_record_erase(struct local *local, uint64_t id, struct error *err)
{
	/* Changes below 0 are no part of the queue. */
	static const char changes_text[] = "DELETE FROM change WHERE record = ?1 AND n < 0";
	struct statement *s;
	enum status status = sql_exec(local->sql, "PRAGMA secure_delete=ON", err);

	if (status == STATUS_OK) {
		s = sql_prepare(local->sql, changes_text, err);
		sql_bind_uint(s, 1, id);
		status = sql_run(s, err);
	}
	return status == STATUS_OK ? local_record_drop(local, id, err) : status;
}

enum status
local_change_logged(struct local *local, uint64_t record, uint32_t *n_out, struct error *err)
{
	static const char text[] = "SELECT coalesce(min(n), 0) FROM change WHERE record = ?1"
				   " AND seq <> 0 AND n > ?2";
	struct statement *s = sql_prepare(local->sql, text, err);
	uint64_t n = 0;
	enum status status;

	sql_bind_uint(s, 1, record);
	sql_bind_uint(s, 2, *n_out);
	status = sql_single(s, &n, err);
	*n_out = (uint32_t)n;
	return status;
}

enum status
local_change_destroy(struct local *local, uint32_t n, struct span stub, struct error *err)
{
	static const char text[] = "UPDATE change SET body = ?2 WHERE n = ?1";
	struct span sealed;
	struct statement *s;
	enum status status = sql_exec(local->sql, "PRAGMA secure_delete=ON", err);

	if (status == STATUS_OK) {
		status = local_seal(local, (struct seal_place){SEAL_CHANGE, n}, stub, &sealed, err);
	}
	if (status != STATUS_OK) {
		return status;
	}
	s = sql_prepare(local->sql, text, err);
	sql_bind_uint(s, 1, n);
	sql_bind_blob(s, 2, sealed);
	return sql_run(s, err);
}

enum status
local_wal_empty(struct local *local, struct error *err)
{
	return sql_exec(local->sql, "PRAGMA wal_checkpoint(TRUNCATE)", err);
}

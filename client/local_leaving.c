/* SPDX-License-Identifier: Apache-2.0 */
/* What leaves a device because its village is none of the device's any more. */
#include "client/local_parts.h"

#define HAS_PENDING                                                                                \
	"EXISTS (SELECT 1 FROM change WHERE change.record = record.id AND change.seq = 0)"
/* The change that makes it is not acknowledged, or is set aside. A record of another stream may
 * have the number of an own change of it. A change of a number before a fork has an n that is lower
 * by a multiple of 2^31 (local.h); whose number that was is not asked. */
#define SERVER_LACKS                                                                               \
	"EXISTS (SELECT 1 FROM change WHERE change.record = record.id"                             \
	" AND (change.n & 2147483647) = (record.id & 4294967295)"                                  \
	" AND (change.seq = 0 OR change.exception = 2)"                                            \
	" AND (change.n < 0 OR (record.id >> 32) = (SELECT number FROM device)))"
#define HAS_ARRIVED "EXISTS (SELECT 1 FROM arrived WHERE arrived.record = record.id)"
#define IS_LEAVING "EXISTS (SELECT 1 FROM leaving WHERE leaving.record = record.id)"

enum { SCOPE_TEXT_MAX = 64 * 1024 };

/* A statement about one record. */
static enum status
run_with_id(struct local *local, const char *text, uint64_t id, struct error *err)
{
	struct statement *s = sql_prepare(local->sql, text, err);

	sql_bind_uint(s, 1, id);
	return sql_run(s, err);
}

enum status
local_record_evict(struct local *local, uint64_t id, struct error *err)
{
	static const char leave_text[] = "INSERT OR REPLACE INTO leaving (record, guess)"
					 " SELECT id, 0 FROM record WHERE id = ?1"
					 " AND " HAS_PENDING;
	static const char go_text[] = "DELETE FROM record WHERE id = ?1 AND NOT " HAS_PENDING;
	enum status status = run_with_id(local, leave_text, id, err);

	return status == STATUS_OK ? run_with_id(local, go_text, id, err) : status;
}

/* Appends "… NOT (village BETWEEN a AND b)" for each region; numbers only. */
static void
put_outside(const struct region *scope, size_t count, struct buffer *out)
{
	buffer_printf(out, "village <> 0");
	for (size_t i = 0; i < count; i++) {
		buffer_printf(out, " AND NOT (village BETWEEN %llu AND %llu)",
			      (unsigned long long)scope[i].low, (unsigned long long)scope[i].high);
	}
}

enum status
local_scope_apply(struct local *local, const struct region *scope, size_t count, struct error *err)
{
	struct buffer text;
	enum status status;

	buffer_init(&text, SCOPE_TEXT_MAX);
	buffer_printf(&text, "INSERT OR IGNORE INTO leaving (record, guess)"
			     " SELECT id, " SERVER_LACKS " FROM record"
			     " WHERE " HAS_PENDING " AND ");
	put_outside(scope, count, &text);
	buffer_printf(&text, "; DELETE FROM record WHERE NOT " IS_LEAVING " AND ");
	put_outside(scope, count, &text);
	buffer_append_byte(&text, '\0');
	status = buffer_status(&text, "scope", err);
	if (status == STATUS_OK) {
		status = sql_exec(local->sql, (const char *)text.at, err);
	}
	buffer_finish(&text);
	return status;
}

enum status
local_leaving(struct local *local, uint64_t id, bool *leaving_out, struct error *err)
{
	static const char text[] = "SELECT 1 FROM leaving WHERE record = ?1";
	struct statement *s = sql_prepare(local->sql, text, err);
	uint64_t found = 0;
	enum status status;

	sql_bind_uint(s, 1, id);
	status = sql_single(s, &found, err);
	*leaving_out = found != 0;
	return status;
}

enum status
local_leaving_add(struct local *local, uint64_t id, struct error *err)
{
	static const char text[] = "INSERT OR IGNORE INTO leaving (record, guess) VALUES (?1, 1)";

	return run_with_id(local, text, id, err);
}

enum status
local_leaving_drop(struct local *local, uint64_t id, struct error *err)
{
	static const char text[] = "DELETE FROM leaving WHERE record = ?1";
	static const char below_text[] =
		"WITH RECURSIVE below (id) AS (SELECT ?1 UNION SELECT record.id FROM record"
		" JOIN below ON record.parent = below.id WHERE record.parent <> 0)"
		" DELETE FROM leaving WHERE record IN (SELECT record.id FROM below"
		" JOIN record ON record.id = below.id WHERE " SERVER_LACKS ")";
	enum status status = run_with_id(local, text, id, err);

	return status == STATUS_OK ? run_with_id(local, below_text, id, err) : status;
}

enum status
local_leaving_sweep(struct local *local, struct error *err)
{
	static const char go_text[] = "DELETE FROM record WHERE id IN"
				      " (SELECT record FROM leaving WHERE guess = 0)"
				      " AND NOT " HAS_PENDING;
	static const char gone_text[] = "DELETE FROM leaving WHERE NOT EXISTS"
					" (SELECT 1 FROM record WHERE record.id = leaving.record)";
	enum status status = sql_run(sql_prepare(local->sql, go_text, err), err);

	return status == STATUS_OK ? sql_run(sql_prepare(local->sql, gone_text, err), err) : status;
}

enum status
local_leaving_settle(struct local *local, const struct region *scope, size_t count,
		     struct error *err)
{
	struct buffer text;
	enum status status;

	buffer_init(&text, SCOPE_TEXT_MAX);
	buffer_printf(&text, "WITH RECURSIVE gone (id) AS (SELECT record.id FROM leaving"
			     " JOIN record ON record.id = leaving.record WHERE (parent <> 0"
			     " AND NOT EXISTS (SELECT 1 FROM record AS above"
			     " WHERE above.id = record.parent)) OR (parent = 0 AND ");
	put_outside(scope, count, &text);
	buffer_printf(&text, ") UNION SELECT record.id FROM gone"
			     " JOIN record ON record.parent = gone.id"
			     " JOIN leaving ON leaving.record = record.id"
			     " WHERE record.parent <> 0)"
			     " DELETE FROM record WHERE id IN (SELECT id FROM gone);"
			     "DELETE FROM leaving");
	buffer_append_byte(&text, '\0');
	status = buffer_status(&text, "scope", err);
	if (status == STATUS_OK) {
		status = sql_exec(local->sql, (const char *)text.at, err);
	}
	buffer_finish(&text);
	return status;
}

/* ---- the pages of a new epoch ---- */

enum status
local_records_sweep(struct local *local, uint32_t epoch, struct error *err)
{
	static const char text[] = "DELETE FROM record WHERE epoch <> ?1 AND NOT " SERVER_LACKS
				   " AND NOT " HAS_PENDING;
	struct statement *s = sql_prepare(local->sql, text, err);

	sql_bind_uint(s, 1, epoch);
	return sql_run(s, err);
}

/* ---- the pages of a new scope ---- */

enum status
local_arrivals_begin(struct local *local, struct error *err)
{
	static const char text[] = "DELETE FROM arrived; INSERT INTO arrived (record) VALUES (0)";

	return sql_exec(local->sql, text, err);
}

enum status
local_arrivals_add(struct local *local, uint64_t id, struct error *err)
{
	static const char text[] = "INSERT OR IGNORE INTO arrived (record) VALUES (?1)";

	return run_with_id(local, text, id, err);
}

enum status
local_arrivals_end(struct local *local, struct error *err)
{
	static const char text[] =
		"INSERT OR IGNORE INTO leaving (record, guess) SELECT id, 0 FROM record"
		" WHERE NOT " HAS_ARRIVED " AND NOT " SERVER_LACKS " AND " HAS_PENDING ";"
		"DELETE FROM record"
		" WHERE NOT " HAS_ARRIVED " AND NOT " SERVER_LACKS " AND NOT " HAS_PENDING ";"
		"DELETE FROM arrived";

	return sql_exec(local->sql, text, err);
}

enum status
local_passing(struct local *local, bool *leaving_out, bool *arriving_out, struct error *err)
{
	static const char text[] =
		"SELECT EXISTS (SELECT 1 FROM leaving), EXISTS (SELECT 1 FROM arrived)";
	struct statement *s = sql_prepare(local->sql, text, err);
	bool row;
	enum status status = sql_row(s, &row, err);

	if (status == STATUS_OK && row) {
		*leaving_out = sql_uint(s, 0) != 0;
		*arriving_out = sql_uint(s, 1) != 0;
		sql_reset(s);
	}
	return status;
}

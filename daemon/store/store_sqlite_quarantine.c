/* SPDX-License-Identifier: Apache-2.0 */
/* Changes that were set aside, and what became of them. */
#include "protocol/id.h"
#include "store_sqlite.h"

/* A change whose cause is lost stays in every list, with the reason that the log has. */
#define QUARANTINE_SELECT                                                                          \
	"SELECT q.seq, q.stream, q.n, q.record, q.village, coalesce(c.reason,"                     \
	" (SELECT l.reason FROM log l WHERE l.seq = q.seq)), c.awaits, q.settled, q.released"      \
	" FROM quarantine q LEFT JOIN quarantine_cause c ON c.seq = q.seq"

static enum status
put_cause(struct store *store, const struct quarantined *row, struct error *err)
{
	static const char text[] =
		"INSERT OR REPLACE INTO quarantine_cause (seq, reason, awaits) VALUES (?, ?, ?)";
	struct statement *s = sql_prepare(store->sql, text, err);

	sql_bind_uint(s, 1, row->seq);
	sql_bind_uint(s, 2, row->reason);
	sql_bind_uint(s, 3, row->awaits);
	return sql_run(s, err);
}

enum status
store_quarantine_add(struct store *store, const struct quarantined *row, struct error *err)
{
	static const char text[] =
		"INSERT INTO quarantine (seq, stream, n, record, village, settled, released)"
		" VALUES (?, ?, ?, ?, ?, ?, 0)";
	struct statement *s = sql_prepare(store->sql, text, err);
	enum status status;

	sql_bind_uint(s, 1, row->seq);
	sql_bind_uint(s, 2, row->stream);
	sql_bind_uint(s, 3, row->n);
	sql_bind_uint(s, 4, row->record);
	sql_bind_uint(s, 5, row->village);
	sql_bind_uint(s, 6, row->settled);
	status = sql_run(s, err);
	return status == STATUS_OK ? put_cause(store, row, err) : status;
}

enum status
store_quarantine_put(struct store *store, const struct quarantined *row, struct error *err)
{
	static const char text[] =
		"UPDATE quarantine SET settled = ?2, released = ?3 WHERE seq = ?1";
	struct statement *s = sql_prepare(store->sql, text, err);
	enum status status;

	sql_bind_uint(s, 1, row->seq);
	sql_bind_uint(s, 2, row->settled);
	sql_bind_uint(s, 3, row->released);
	status = sql_run(s, err);
	return status == STATUS_OK ? put_cause(store, row, err) : status;
}

/* ---- reading ---- */

static struct quarantined
quarantined_of(struct statement *s)
{
	return (struct quarantined){
		.seq = sql_uint(s, 0),
		.stream = store_u32(s, 1),
		.n = store_u32(s, 2),
		.record = sql_uint(s, 3),
		.village = sql_uint(s, 4),
		.reason = store_u32(s, 5),
		.awaits = sql_uint(s, 6),
		.settled = sql_uint(s, 7),
		.released = sql_uint(s, 8) != 0,
	};
}

enum status
store_quarantine_find(struct store *store, uint32_t stream, uint32_t n, struct quarantined *out,
		      struct error *err)
{
	static const char text[] = QUARANTINE_SELECT " WHERE q.stream = ? AND q.n = ?";
	struct statement *s = sql_prepare(store->sql, text, err);
	enum status status;

	sql_bind_uint(s, 1, stream);
	sql_bind_uint(s, 2, n);
	status = store_one(s, "a change in quarantine", err);
	if (status == STATUS_OK) {
		*out = quarantined_of(s);
		sql_reset(s);
	}
	return status;
}

/* Appends the statement's rows. */
static enum status
collect(struct statement *s, struct buffer *out, struct error *err)
{
	bool row = true;

	while (row) {
		struct quarantined quarantined;
		enum status status = sql_row(s, &row, err);

		if (status != STATUS_OK) {
			return status;
		}
		if (row) {
			quarantined = quarantined_of(s);
			buffer_append(out, &quarantined, sizeof quarantined);
		}
	}
	return buffer_status(out, "the quarantine", err);
}

enum status
store_quarantine_awaiting(struct store *store, uint64_t record, size_t limit, struct buffer *out,
			  struct error *err)
{
	static const char text[] = QUARANTINE_SELECT " WHERE c.awaits = ? AND c.awaits > 0"
						     " AND q.settled = 0 ORDER BY c.seq LIMIT ?";
	struct statement *s = sql_prepare(store->sql, text, err);

	sql_bind_uint(s, 1, record);
	sql_bind_uint(s, 2, limit);
	return collect(s, out, err);
}

enum status
store_quarantine_awaits(struct store *store, bool *out, struct error *err)
{
	static const char text[] =
		"SELECT 1 FROM quarantine_cause c JOIN quarantine q ON q.seq = c.seq"
		" WHERE c.awaits > 0 AND q.settled = 0 LIMIT 1";
	uint64_t found = 0;
	enum status status = store_number(sql_prepare(store->sql, text, err), &found, err);

	if (status == STATUS_OK) {
		*out = found != 0;
	}
	return status;
}

enum status
store_quarantine_news(struct store *store, uint32_t stream, uint64_t since, size_t limit,
		      struct buffer *out, struct error *err)
{
	static const char text[] = QUARANTINE_SELECT
		" WHERE q.stream = ? AND q.settled > ? ORDER BY q.settled LIMIT ?";
	struct statement *s = sql_prepare(store->sql, text, err);

	sql_bind_uint(s, 1, stream);
	sql_bind_uint(s, 2, since);
	sql_bind_uint(s, 3, limit);
	return collect(s, out, err);
}

enum status
store_quarantine_holds(struct store *store, uint64_t record, bool *held_out, struct error *err)
{
	/* The change that creates a record is the one that its id names. What was erased does not
	 * wait there any more, and what came late never did. */
	static const char text[] =
		"SELECT 1 FROM quarantine q WHERE stream = ? AND n = ? AND q.record = ?"
		" AND released = 0 AND settled <> seq AND NOT EXISTS"
		" (SELECT 1 FROM erased e WHERE e.record = q.record)";
	struct statement *s = sql_prepare(store->sql, text, err);
	uint64_t held = 0;
	enum status status;

	sql_bind_uint(s, 1, id_stream(record));
	sql_bind_uint(s, 2, id_n(record));
	sql_bind_uint(s, 3, record);
	status = store_number(s, &held, err);
	if (status == STATUS_OK) {
		*held_out = held != 0;
	}
	return status;
}

enum status
store_quarantine_kept(struct store *store, struct buffer *out, struct error *err)
{
	static const char text[] = QUARANTINE_SELECT " WHERE q.released = 0 ORDER BY q.seq";

	return collect(sql_prepare(store->sql, text, err), out, err);
}

enum status
store_quarantine_read(struct store *store, const struct region *scope, quarantined_fn each,
		      void *context, struct error *err)
{
	/* Village 0, where it is not known, is in no scope but that of everything. */
	static const char text[] = QUARANTINE_SELECT
		" WHERE q.settled = 0 AND q.village BETWEEN ? AND ? ORDER BY q.seq";
	const struct region asked = store_scope(scope);
	struct statement *s = sql_prepare(store->sql, text, err);
	enum status status = STATUS_OK;

	sql_bind_uint(s, 1, asked.low);
	sql_bind_uint(s, 2, asked.high);
	while (status == STATUS_OK) {
		struct quarantined quarantined;
		bool row;

		status = sql_row(s, &row, err);
		if (status != STATUS_OK || !row) {
			return status;
		}
		quarantined = quarantined_of(s);
		status = each(context, &quarantined, err);
	}
	sql_reset(s);
	return status;
}

enum status
store_quarantine_count(struct store *store, uint32_t stream, uint64_t *count_out, struct error *err)
{
	static const char text[] =
		"SELECT count(*) FROM quarantine WHERE stream = ? AND settled = 0";
	struct statement *s = sql_prepare(store->sql, text, err);

	sql_bind_uint(s, 1, stream);
	return store_number(s, count_out, err);
}

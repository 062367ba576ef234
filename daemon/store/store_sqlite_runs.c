/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs: where the changes of a stream stand in the log, and which of them are records of a village.
 *
 * Invariants: 1. runs of a stream never overlap. 2. a record of one change that never moved is in
 * the run of its change, and that run's village is the record's.
 */
#include "protocol/id.h"
#include "store_sqlite.h"

uint64_t
log_run_end(const struct log_run *run)
{
	return (uint64_t)run->n + run->count;
}

/* The first row of stream, n, count, seq, village; count 0: none. */
static enum status
log_run_take(struct statement *s, struct log_run *out, struct error *err)
{
	bool row;
	enum status status = sql_row(s, &row, err);

	if (status != STATUS_OK) {
		return status;
	}
	*out = (struct log_run){.count = 0};
	if (row) {
		*out = (struct log_run){store_u32(s, 0), store_u32(s, 1), store_u32(s, 2),
					sql_uint(s, 3), sql_uint(s, 4)};
		sql_reset(s);
	}
	return STATUS_OK;
}

#define RUN_SELECT "SELECT stream, n, count, seq, village FROM log_run"

enum status
log_run_before(struct store *store, uint32_t stream, uint64_t n, struct log_run *out,
	       struct error *err)
{
	static const char text[] =
		RUN_SELECT " WHERE stream = ? AND n <= ? ORDER BY n DESC LIMIT 1";
	struct statement *s = sql_prepare(store->sql, text, err);

	sql_bind_uint(s, 1, stream);
	sql_bind_uint(s, 2, n);
	return log_run_take(s, out, err);
}

enum status
log_run_from(struct store *store, uint32_t stream, uint64_t n, struct log_run *out,
	     struct error *err)
{
	static const char text[] = RUN_SELECT " WHERE stream = ? AND n >= ? ORDER BY n LIMIT 1";
	struct statement *s = sql_prepare(store->sql, text, err);

	sql_bind_uint(s, 1, stream);
	sql_bind_uint(s, 2, n);
	return log_run_take(s, out, err);
}

/* Runs do not overlap in the log either, so the one that covers seq is the last to begin there. */
enum status
log_run_of_village(struct store *store, uint64_t village, uint64_t seq, struct log_run *out,
		   struct error *err)
{
	static const char before_text[] =
		RUN_SELECT " WHERE village = ?1 AND village > 0 AND seq <= ?2"
			   " ORDER BY seq DESC LIMIT 1";
	static const char after_text[] =
		RUN_SELECT " WHERE village = ?1 AND village > 0 AND seq > ?2 ORDER BY seq LIMIT 1";
	struct statement *s = sql_prepare(store->sql, before_text, err);
	enum status status;

	sql_bind_uint(s, 1, village);
	sql_bind_uint(s, 2, seq);
	status = log_run_take(s, out, err);
	if (status != STATUS_OK || (out->count > 0 && seq < out->seq + out->count)) {
		return status;
	}
	s = sql_prepare(store->sql, after_text, err);
	sql_bind_uint(s, 1, village);
	sql_bind_uint(s, 2, seq);
	return log_run_take(s, out, err);
}

/* ---- adding ---- */

/* Can `next` be told in one row with the changes before it? Village 0 goes with any. */
static bool
log_run_goes_on(const struct log_run *run, const struct log_run *next)
{
	return run->count > 0 && run->stream == next->stream && log_run_end(run) == next->n &&
	       run->seq + run->count == next->seq &&
	       (run->village == next->village || run->village == 0 || next->village == 0);
}

static enum status
log_run_add(struct store *store, const struct log_run *run, struct error *err)
{
	static const char insert_text[] =
		"INSERT INTO log_run (stream, n, count, seq, village) VALUES (?, ?, ?, ?, ?)";
	static const char extend_text[] =
		"UPDATE log_run SET count = count + ?3, village = max(village, ?5)"
		" WHERE stream = ?1 AND n = ?2";
	struct log_run before = {0};
	struct statement *s;
	enum status status = log_run_before(store, run->stream, log_run_end(run) - 1, &before, err);

	if (status != STATUS_OK) {
		return status;
	}
	if (before.count > 0 && log_run_end(&before) > run->n) {
		return fail(err, STATUS_EXISTS, "stream %lu has a change %lu in the log",
			    (unsigned long)run->stream, (unsigned long)log_run_end(&before) - 1);
	}
	if (log_run_goes_on(&before, run)) {
		s = sql_prepare(store->sql, extend_text, err);
		sql_bind_uint(s, 2, before.n);
	} else {
		s = sql_prepare(store->sql, insert_text, err);
		sql_bind_uint(s, 2, run->n);
		sql_bind_uint(s, 4, run->seq);
	}
	sql_bind_uint(s, 1, run->stream);
	sql_bind_uint(s, 3, run->count);
	sql_bind_uint(s, 5, run->village);
	return sql_run(s, err);
}

enum status
log_runs_add(struct store *store, const struct log_row *rows, size_t count, struct error *err)
{
	struct log_run run = {0};
	enum status status = STATUS_OK;

	for (size_t i = 0; i < count && status == STATUS_OK; i++) {
		const struct entry *entry = &rows[i].entry;
		const struct log_run next = {entry->stream, entry->n, 1, entry->seq,
					     rows[i].village};

		if (entry->kind != ENTRY_CHANGE) {
			continue;
		}
		if (log_run_goes_on(&run, &next)) {
			run.count++;
			run.village = run.village == 0 ? next.village : run.village;
			continue;
		}
		if (run.count > 0) {
			status = log_run_add(store, &run, err);
		}
		run = next;
	}
	return status == STATUS_OK && run.count > 0 ? log_run_add(store, &run, err) : status;
}

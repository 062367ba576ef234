/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/id.h"
#include "store_sqlite.h"

#include <string.h>

enum status
store_log_head(struct store *store, uint64_t *seq_out, struct error *err)
{
	static const char text[] = "SELECT seq FROM log_head";

	return store_number(sql_prepare(store->sql, text, err), seq_out, err);
}

static enum status
last_row(struct store *store, uint64_t *seq_out, struct error *err)
{
	static const char text[] = "SELECT max(seq) FROM log";

	return store_number(sql_prepare(store->sql, text, err), seq_out, err);
}

/* ---- appending ---- */

/* Most changes create their record; the table leaves that id out. */
static bool
entry_creates(const struct entry *entry)
{
	return entry->kind == ENTRY_CHANGE && entry->record == id_make(entry->stream, entry->n);
}

#define LOG_ROW "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
enum { LOG_COLUMN_COUNT = 15 };

/* Parameters after the first `at`. */
static void
bind_row(struct statement *s, int at, const struct log_row *row)
{
	const struct entry *entry = &row->entry;

	sql_bind_uint(s, at + 1, entry->seq);
	sql_bind_int(s, at + 2, (int64_t)entry->kind);
	sql_bind_int(s, at + 3, entry->received_ms);
	sql_bind_uint(s, at + 4, entry->session);
	sql_bind_uint(s, at + 5, entry->stream);
	sql_bind_uint(s, at + 6, entry->n);
	sql_bind_int(s, at + 7, entry->time);
	sql_bind_uint(s, at + 8, entry->user);
	if (!entry_creates(entry)) {
		sql_bind_uint(s, at + 9, entry->record);
	}
	sql_bind_int(s, at + 10, (int64_t)entry->verdict);
	sql_bind_uint(s, at + 11, entry->reason);
	sql_bind_uint(s, at + 12, entry->schema_version);
	/* What is unbound is NULL: without a payload the salt is gone as well, and with both of
	 * them the commitment follows. */
	if (row->payload.at == NULL) {
		sql_bind_blob(s, at + 13, span_of(entry->commitment, HASH_SIZE));
	} else {
		sql_bind_blob(s, at + 14, span_of(row->salt, SALT_SIZE));
		sql_bind_blob(s, at + 15, row->payload);
	}
}

/* One, or STORE_TOGETHER. */
static enum status
append_rows(struct store *store, const struct log_row *rows, size_t count, struct error *err)
{
	static const char one_text[] = "INSERT INTO log (" LOG_COLUMNS ") VALUES " LOG_ROW;
	static const char text[] = "INSERT INTO log (" LOG_COLUMNS ") VALUES " STORE_ROWS(LOG_ROW);
	struct statement *s = sql_prepare(store->sql, count == 1 ? one_text : text, err);

	for (size_t i = 0; i < count; i++) {
		bind_row(s, (int)i * LOG_COLUMN_COUNT, &rows[i]);
	}
	return sql_run(s, err);
}

enum status
store_log_append(struct store *store, const struct log_row *rows, size_t count, struct error *err)
{
	uint64_t last = 0;
	enum status status = last_row(store, &last, err);

	for (size_t i = 0; i < count && status == STATUS_OK; i++) {
		if (rows[i].entry.seq != last + 1 + i) {
			return fail(err, STATUS_INTERNAL, "entry %llu follows %llu",
				    (unsigned long long)rows[i].entry.seq,
				    (unsigned long long)(last + i));
		}
	}
	for (size_t i = 0; i < count && status == STATUS_OK;) {
		const size_t together = store_together(count - i);

		status = append_rows(store, &rows[i], together, err);
		i += together;
	}
	return status == STATUS_OK ? log_runs_add(store, rows, count, err) : status;
}

enum status
store_log_advance(struct store *store, uint64_t head, uint64_t session, struct error *err)
{
	static const char text[] = "UPDATE log_head SET seq = ?, session = ?";
	struct statement *s;
	uint64_t last = 0;
	enum status status = last_row(store, &last, err);

	if (status != STATUS_OK) {
		return status;
	}
	if (head != last) {
		return fail(err, STATUS_INTERNAL, "head %llu, but the last entry is %llu",
			    (unsigned long long)head, (unsigned long long)last);
	}
	s = sql_prepare(store->sql, text, err);
	sql_bind_uint(s, 1, head);
	sql_bind_uint(s, 2, session);
	return sql_run(s, err);
}

/* ---- reading ---- */

/* Commitment, salt and payload, in columns from `first` on. Entries that are no change commit with
 * stream and n 0, as they have none. */
static bool
read_evidence(struct statement *s, int first, struct log_row *row)
{
	struct entry *entry = &row->entry;

	if (sql_is_null(s, first + 2)) {
		row->payload = span_of(NULL, 0);
		return sql_is_null(s, first + 1) &&
		       sql_blob_exact(s, first, entry->commitment, HASH_SIZE);
	}
	row->payload = sql_blob(s, first + 2);
	if (row->payload.at == NULL) {
		/* SQLite has no address for an empty blob; ours says that it is not erased. */
		row->payload = span_of_text("");
	}
	if (!sql_blob_exact(s, first + 1, row->salt, SALT_SIZE)) {
		return false;
	}
	commitment_make(row->salt, entry->stream, entry->n, row->payload, entry->commitment);
	return true;
}

enum status
log_row_of(struct statement *s, struct log_row *out, struct error *err)
{
	struct entry *entry = &out->entry;

	memset(out, 0, sizeof *out);
	entry->seq = sql_uint(s, 0);
	entry->kind = store_u32(s, 1);
	entry->received_ms = sql_int(s, 2);
	entry->session = sql_uint(s, 3);
	entry->stream = store_u32(s, 4);
	entry->n = store_u32(s, 5);
	entry->time = sql_int(s, 6);
	entry->user = store_u32(s, 7);
	entry->record = sql_is_null(s, 8) ? id_make(entry->stream, entry->n) : sql_uint(s, 8);
	entry->verdict = store_u32(s, 9);
	entry->reason = store_u32(s, 10);
	entry->schema_version = store_u32(s, 11);
	if (!read_evidence(s, 12, out)) {
		return store_damaged("entry", entry->seq, err);
	}
	return STATUS_OK;
}

static enum status
read_rows(struct statement *s, size_t limit, log_row_fn each, void *context, struct error *err)
{
	size_t left = limit;
	enum status status = STATUS_OK;

	while (left > 0) {
		struct log_row row;
		bool more;

		status = sql_row(s, &more, err);
		if (status != STATUS_OK || !more) {
			return status;
		}
		status = log_row_of(s, &row, err);
		if (status == STATUS_OK) {
			left--;
			status = each(context, &row, err);
		}
		if (status != STATUS_OK) {
			break;
		}
	}
	sql_reset(s);
	return status;
}

/* The entry that would have created the record is found through its run, the others by index. */
static enum status
bind_history(struct store *store, const struct log_filter *filter, struct statement **out,
	     struct error *err)
{
	static const char text[] =
		"SELECT " LOG_COLUMNS " FROM log WHERE seq > ?1 AND seq IN ("
		"SELECT seq FROM log WHERE seq = ?2 AND record IS NULL UNION ALL"
		" SELECT seq FROM log WHERE record = ?3 AND record > 0) ORDER BY seq";
	const uint32_t n = id_n(filter->record);
	struct log_run run = {0};
	uint64_t creation = 0;
	enum status status = log_run_before(store, id_stream(filter->record), n, &run, err);

	if (status != STATUS_OK) {
		return status;
	}
	if (log_run_end(&run) > n) {
		creation = run.seq + (n - run.n);
	}
	*out = sql_prepare(store->sql, text, err);
	sql_bind_uint(*out, 1, filter->since);
	sql_bind_uint(*out, 2, creation);
	sql_bind_uint(*out, 3, filter->record);
	return STATUS_OK;
}

/* Of what belongs to no record: schemas and epochs concern everybody; of the rest what was done by
 * people whose scope lies in this one, because it may name what lies elsewhere. */
static struct statement *
bind_scope(struct store *store, const struct log_filter *filter, struct error *err)
{
	static const char text[] =
		"SELECT " LOG_COLUMNS " FROM log WHERE seq > ?1 AND CASE WHEN log.record = 0 THEN"
		" kind IN (?4, ?5) OR user IN (SELECT user FROM token WHERE scope_low >= ?2"
		" AND scope_high <= ?3 UNION ALL SELECT number FROM user WHERE scope_low >= ?2"
		" AND scope_high <= ?3) ELSE EXISTS (SELECT 1 FROM record WHERE id ="
		" ifnull(log.record, (log.stream << 32) + log.n) AND village BETWEEN ?2 AND ?3)"
		" END ORDER BY seq";
	struct statement *s = sql_prepare(store->sql, text, err);

	sql_bind_uint(s, 1, filter->since);
	sql_bind_uint(s, 2, filter->scope->low);
	sql_bind_uint(s, 3, filter->scope->high);
	sql_bind_int(s, 4, ENTRY_SCHEMA);
	sql_bind_int(s, 5, ENTRY_EPOCH);
	return s;
}

enum status
store_log_read(struct store *store, const struct log_filter *filter, log_row_fn each, void *context,
	       struct error *err)
{
	static const char text[] = "SELECT " LOG_COLUMNS " FROM log WHERE seq > ? ORDER BY seq";
	struct statement *s = NULL;
	enum status status = STATUS_OK;

	if (filter->record != 0) {
		status = bind_history(store, filter, &s, err);
	} else if (filter->scope != NULL) {
		s = bind_scope(store, filter, err);
	} else {
		s = sql_prepare(store->sql, text, err);
		sql_bind_uint(s, 1, filter->since);
	}
	return status == STATUS_OK ? read_rows(s, filter->limit, each, context, err) : status;
}

enum status
store_log_entry(struct store *store, uint64_t seq, struct arena *arena, struct log_row *out,
		struct error *err)
{
	static const char text[] = "SELECT " LOG_COLUMNS " FROM log WHERE seq = ?";
	struct statement *s = sql_prepare(store->sql, text, err);
	struct log_row row;
	enum status status;

	sql_bind_uint(s, 1, seq);
	status = store_one(s, "an entry of the log", err);
	if (status != STATUS_OK) {
		return status;
	}
	status = log_row_of(s, &row, err);
	if (status == STATUS_OK && row.payload.at != NULL && !store_keep(arena, &row.payload)) {
		status = store_exhausted("an entry of the log", err);
	}
	sql_reset(s);
	if (status == STATUS_OK) {
		*out = row;
	}
	return status;
}

enum status
store_returned_read(struct store *store, const struct returned *asked, returned_fn each,
		    void *context, struct error *err)
{
	static const char text[] =
		"SELECT log.stream, count(*) FROM log JOIN device ON device.number = log.stream"
		" WHERE log.seq > ? AND log.seq <= ? AND log.kind = ? AND log.time <= ?"
		" GROUP BY log.stream ORDER BY log.stream";
	struct statement *s = sql_prepare(store->sql, text, err);
	enum status status = STATUS_OK;
	bool row = true;

	sql_bind_uint(s, 1, asked->after);
	sql_bind_uint(s, 2, asked->until);
	sql_bind_int(s, 3, ENTRY_CHANGE);
	sql_bind_int(s, 4, asked->latest);
	while (status == STATUS_OK && row) {
		status = sql_row(s, &row, err);
		if (status == STATUS_OK && row) {
			status = each(context, store_u32(s, 0), sql_uint(s, 1), err);
		}
	}
	sql_reset(s);
	return status;
}

/* ---- what a stream has logged ---- */

static enum status
logged_of_run(struct store *store, const struct log_run *run, struct logged_change *out,
	      size_t room, size_t *found, struct error *err)
{
	static const char text[] =
		"SELECT n, seq, verdict, reason, commitment, salt, payload FROM log"
		" WHERE seq >= ? AND seq < ? ORDER BY seq";
	struct statement *s = sql_prepare(store->sql, text, err);

	sql_bind_uint(s, 1, run->seq);
	sql_bind_uint(s, 2, run->seq + run->count);
	while (*found < room) {
		struct logged_change *change = &out[*found];
		struct log_row logged;
		bool row;
		enum status status = sql_row(s, &row, err);

		if (status != STATUS_OK || !row) {
			return status;
		}
		change->n = store_u32(s, 0);
		change->seq = sql_uint(s, 1);
		change->verdict = store_u32(s, 2);
		change->reason = store_u32(s, 3);
		logged.entry.stream = run->stream;
		logged.entry.n = change->n;
		if (!read_evidence(s, 4, &logged)) {
			status = store_damaged("entry", change->seq, err);
			sql_reset(s);
			return status;
		}
		memcpy(change->commitment, logged.entry.commitment, HASH_SIZE);
		(*found)++;
	}
	sql_reset(s);
	return STATUS_OK;
}

/* The part of the run from `first` up to `end`. */
static struct log_run
log_run_clip(struct log_run run, uint64_t first, uint64_t end)
{
	if (run.n < first) {
		uint32_t skipped = (uint32_t)(first - run.n);

		run.count = skipped < run.count ? run.count - skipped : 0;
		run.n = (uint32_t)first;
		run.seq += skipped;
	}
	if (log_run_end(&run) > end) {
		run.count = end > run.n ? (uint32_t)(end - run.n) : 0;
	}
	return run;
}

enum status
store_logged_changes(struct store *store, const struct change_run *asked, struct logged_change *out,
		     size_t *found_out, struct error *err)
{
	const uint64_t end = (uint64_t)asked->first_n + asked->count;
	size_t found = 0;
	struct log_run run = {0};
	enum status status = log_run_before(store, asked->stream, asked->first_n, &run, err);

	if (status == STATUS_OK && log_run_end(&run) <= asked->first_n) {
		status = log_run_from(store, asked->stream, asked->first_n, &run, err);
	}
	while (status == STATUS_OK && run.count > 0 && run.n < end) {
		const struct log_run wanted = log_run_clip(run, asked->first_n, end);

		status = logged_of_run(store, &wanted, out, asked->count, &found, err);
		if (status == STATUS_OK) {
			status = log_run_from(store, asked->stream, log_run_end(&run), &run, err);
		}
	}
	if (status == STATUS_OK) {
		*found_out = found;
	}
	return status;
}

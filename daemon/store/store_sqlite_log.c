/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/id.h"
#include "store_sqlite.h"

#include <string.h>

#define LOG_COLUMNS                                                                                \
	"seq, kind, received_ms, session, stream, n, time, user, record, verdict, reason,"         \
	" schema_version, commitment, salt, payload"

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

/* ---- runs: where the changes of a stream stand ---- */

struct run {
	uint32_t stream;
	uint32_t n;
	uint32_t count;
	uint64_t seq;
};

static uint64_t
run_end(const struct run *run)
{
	return (uint64_t)run->n + run->count;
}

/* The run of the stream that a query of (stream, n) finds; count 0: none. */
static enum status
run_find(struct statement *s, uint32_t stream, uint64_t n, struct run *out, struct error *err)
{
	enum status status;
	bool row;

	sql_bind_uint(s, 1, stream);
	sql_bind_uint(s, 2, n);
	status = sql_row(s, &row, err);
	if (status != STATUS_OK) {
		return status;
	}
	*out = (struct run){.stream = stream};
	if (row) {
		*out = (struct run){stream, store_u32(s, 0), store_u32(s, 1), sql_uint(s, 2)};
		sql_reset(s);
	}
	return STATUS_OK;
}

/* The last one that begins at n or before. */
static enum status
run_before(struct store *store, uint32_t stream, uint64_t n, struct run *out, struct error *err)
{
	static const char text[] = "SELECT n, count, seq FROM log_run WHERE stream = ? AND n <= ?"
				   " ORDER BY n DESC LIMIT 1";

	return run_find(sql_prepare(store->sql, text, err), stream, n, out, err);
}

/* The first one that begins at n or after. */
static enum status
run_from(struct store *store, uint32_t stream, uint64_t n, struct run *out, struct error *err)
{
	static const char text[] = "SELECT n, count, seq FROM log_run WHERE stream = ? AND n >= ?"
				   " ORDER BY n LIMIT 1";

	return run_find(sql_prepare(store->sql, text, err), stream, n, out, err);
}

static enum status
run_add(struct store *store, const struct run *run, struct error *err)
{
	static const char insert_text[] =
		"INSERT INTO log_run (stream, n, count, seq) VALUES (?, ?, ?, ?)";
	static const char extend_text[] =
		"UPDATE log_run SET count = count + ?3 WHERE stream = ?1 AND n = ?2";
	struct run before = {0};
	struct statement *s;
	enum status status = run_before(store, run->stream, run_end(run) - 1, &before, err);

	if (status != STATUS_OK) {
		return status;
	}
	if (before.count > 0 && run_end(&before) > run->n) {
		return fail(err, STATUS_EXISTS, "stream %lu has a change %lu in the log",
			    (unsigned long)run->stream, (unsigned long)run_end(&before) - 1);
	}
	if (before.count > 0 && run_end(&before) == run->n &&
	    before.seq + before.count == run->seq) {
		s = sql_prepare(store->sql, extend_text, err);
		sql_bind_uint(s, 2, before.n);
	} else {
		s = sql_prepare(store->sql, insert_text, err);
		sql_bind_uint(s, 2, run->n);
		sql_bind_uint(s, 4, run->seq);
	}
	sql_bind_uint(s, 1, run->stream);
	sql_bind_uint(s, 3, run->count);
	return sql_run(s, err);
}

/* Cuts the changes among the rows into runs and adds each. */
static enum status
add_runs(struct store *store, const struct log_row *rows, size_t count, struct error *err)
{
	struct run run = {0};
	enum status status = STATUS_OK;

	for (size_t i = 0; i < count && status == STATUS_OK; i++) {
		const struct entry *entry = &rows[i].entry;

		if (entry->kind != ENTRY_CHANGE) {
			continue;
		}
		if (run.count > 0 && entry->stream == run.stream && entry->n == run_end(&run) &&
		    entry->seq == run.seq + run.count) {
			run.count++;
			continue;
		}
		if (run.count > 0) {
			status = run_add(store, &run, err);
		}
		run = (struct run){entry->stream, entry->n, 1, entry->seq};
	}
	return status == STATUS_OK && run.count > 0 ? run_add(store, &run, err) : status;
}

/* ---- appending ---- */

/* Most changes create their record; the table leaves that id out. */
static bool
entry_creates(const struct entry *entry)
{
	return entry->kind == ENTRY_CHANGE && entry->record == id_make(entry->stream, entry->n);
}

static enum status
append_row(struct store *store, const struct log_row *row, struct error *err)
{
	static const char text[] = "INSERT INTO log (" LOG_COLUMNS
				   ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
	struct statement *s = sql_prepare(store->sql, text, err);
	const struct entry *entry = &row->entry;

	sql_bind_uint(s, 1, entry->seq);
	sql_bind_int(s, 2, (int64_t)entry->kind);
	sql_bind_int(s, 3, entry->received_ms);
	sql_bind_uint(s, 4, entry->session);
	sql_bind_uint(s, 5, entry->stream);
	sql_bind_uint(s, 6, entry->n);
	sql_bind_int(s, 7, entry->time);
	sql_bind_uint(s, 8, entry->user);
	if (!entry_creates(entry)) {
		sql_bind_uint(s, 9, entry->record);
	}
	sql_bind_int(s, 10, (int64_t)entry->verdict);
	sql_bind_uint(s, 11, entry->reason);
	sql_bind_uint(s, 12, entry->schema_version);
	/* What is unbound is NULL: without a payload the salt is gone as well, and with both of
	 * them the commitment follows. */
	if (row->payload.at == NULL) {
		sql_bind_blob(s, 13, span_of(entry->commitment, HASH_SIZE));
	} else {
		sql_bind_blob(s, 14, span_of(row->salt, SALT_SIZE));
		sql_bind_blob(s, 15, row->payload);
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
		status = append_row(store, &rows[i], err);
	}
	return status == STATUS_OK ? add_runs(store, rows, count, err) : status;
}

enum status
store_log_advance(struct store *store, uint64_t head, struct error *err)
{
	static const char text[] = "UPDATE log_head SET seq = ?";
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

static enum status
row_of(struct statement *s, struct log_row *out, struct error *err)
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
passes(struct store *store, const struct log_filter *filter, const struct entry *entry,
       bool *passes_out, struct error *err)
{
	uint64_t village = 0;
	bool found = false;
	enum status status;

	if (filter->regions == NULL || entry->record == 0) {
		*passes_out = true;
		return STATUS_OK;
	}
	status = record_village(store, entry->record, &village, &found, err);
	*passes_out = found && regions_cover(filter->regions, filter->region_count, village);
	return status;
}

static enum status
read_rows(struct store *store, struct statement *s, const struct log_filter *filter,
	  log_row_fn each, void *context, struct error *err)
{
	size_t left = filter->limit;
	enum status status = STATUS_OK;

	while (left > 0) {
		struct log_row row;
		bool more;
		bool wanted = false;

		status = sql_row(s, &more, err);
		if (status != STATUS_OK || !more) {
			return status;
		}
		status = row_of(s, &row, err);
		if (status == STATUS_OK) {
			status = passes(store, filter, &row.entry, &wanted, err);
		}
		if (status == STATUS_OK && wanted) {
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
	struct run run = {0};
	uint64_t creation = 0;
	enum status status = run_before(store, id_stream(filter->record), n, &run, err);

	if (status != STATUS_OK) {
		return status;
	}
	if (run_end(&run) > n) {
		creation = run.seq + (n - run.n);
	}
	*out = sql_prepare(store->sql, text, err);
	sql_bind_uint(*out, 1, filter->since);
	sql_bind_uint(*out, 2, creation);
	sql_bind_uint(*out, 3, filter->record);
	return STATUS_OK;
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
	} else {
		s = sql_prepare(store->sql, text, err);
		sql_bind_uint(s, 1, filter->since);
	}
	return status == STATUS_OK ? read_rows(store, s, filter, each, context, err) : status;
}

/* ---- what a stream has logged ---- */

static enum status
logged_of_run(struct store *store, const struct run *run, struct logged_change *out, size_t room,
	      size_t *found, struct error *err)
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
static struct run
run_clip(struct run run, uint64_t first, uint64_t end)
{
	if (run.n < first) {
		uint32_t skipped = (uint32_t)(first - run.n);

		run.count = skipped < run.count ? run.count - skipped : 0;
		run.n = (uint32_t)first;
		run.seq += skipped;
	}
	if (run_end(&run) > end) {
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
	struct run run = {0};
	enum status status = run_before(store, asked->stream, asked->first_n, &run, err);

	if (status == STATUS_OK && run_end(&run) <= asked->first_n) {
		status = run_from(store, asked->stream, asked->first_n, &run, err);
	}
	while (status == STATUS_OK && run.count > 0 && run.n < end) {
		const struct run wanted = run_clip(run, asked->first_n, end);

		status = logged_of_run(store, &wanted, out, asked->count, &found, err);
		if (status == STATUS_OK) {
			status = run_from(store, asked->stream, run_end(&run), &run, err);
		}
	}
	if (status == STATUS_OK) {
		*found_out = found;
	}
	return status;
}

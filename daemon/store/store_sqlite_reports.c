/* SPDX-License-Identifier: Apache-2.0 */
/* Who holds, and who read, what is known of somebody: asked for rarely, so most of it walks. */
#include "protocol/id.h"
#include "store_reports.h"
#include "store_sqlite.h"

enum status
store_reads_read(struct store *store, uint64_t since, log_row_fn each, void *context,
		 struct error *err)
{
	static const char text[] =
		"SELECT " LOG_COLUMNS " FROM log WHERE kind = 8 AND seq > ? ORDER BY seq";
	struct statement *s = sql_prepare(store->sql, text, err);
	enum status status = STATUS_OK;

	sql_bind_uint(s, 1, since);
	while (status == STATUS_OK) {
		struct log_row row;
		bool more;

		status = sql_row(s, &more, err);
		if (status != STATUS_OK || !more) {
			return status;
		}
		status = log_row_of(s, &row, err);
		if (status == STATUS_OK) {
			status = each(context, &row, err);
		}
	}
	sql_reset(s);
	return status;
}

enum status
store_created(struct store *store, uint64_t record, uint64_t *seq_out, struct error *err)
{
	const uint32_t n = id_n(record);
	struct log_run run = {0};
	enum status status = log_run_before(store, id_stream(record), n, &run, err);

	if (status == STATUS_OK) {
		*seq_out = run.count > 0 && log_run_end(&run) > n ? run.seq + (n - run.n) : 0;
	}
	return status;
}

enum status
store_import_keys(struct store *store, import_key_fn each, void *context, struct error *err)
{
	static const char text[] = "SELECT type, key, record FROM import_row";
	struct statement *s = sql_prepare(store->sql, text, err);
	enum status status = STATUS_OK;

	while (status == STATUS_OK) {
		bool row;

		status = sql_row(s, &row, err);
		if (status != STATUS_OK || !row) {
			return status;
		}
		status = each(context, store_u32(s, 0), sql_text(s, 1), sql_uint(s, 2), err);
	}
	sql_reset(s);
	return status;
}

enum status
store_pulls_read(struct store *store, uint64_t since, pulls_fn each, void *context,
		 struct error *err)
{
	static const char text[] =
		"SELECT stream, count(*), min(time_ms), max(time_ms), max(pulled_to) FROM session"
		" WHERE stream > 0 AND pulled_to > ? AND result = 'ok' GROUP BY stream"
		" ORDER BY stream";
	struct statement *s = sql_prepare(store->sql, text, err);
	enum status status = STATUS_OK;

	sql_bind_uint(s, 1, since);
	while (status == STATUS_OK) {
		struct pulls pulls;
		bool row;

		status = sql_row(s, &row, err);
		if (status != STATUS_OK || !row) {
			return status;
		}
		pulls = (struct pulls){store_u32(s, 0), sql_uint(s, 1), sql_int(s, 2),
				       sql_int(s, 3), sql_uint(s, 4)};
		status = each(context, &pulls, err);
	}
	sql_reset(s);
	return status;
}

/* ---- ids ---- */

/* Appends the first column of each row of the statement. */
static enum status
collect_ids(struct statement *s, struct buffer *out, struct error *err)
{
	bool row = true;

	while (row) {
		enum status status = sql_row(s, &row, err);

		if (status != STATUS_OK) {
			return status;
		}
		if (row) {
			const uint64_t id = sql_uint(s, 0);

			buffer_append(out, &id, sizeof id);
		}
	}
	return buffer_status(out, "a report", err);
}

enum status
store_left_since(struct store *store, struct region region, uint64_t since, struct buffer *out,
		 struct error *err)
{
	static const char text[] =
		"SELECT DISTINCT record FROM move WHERE village BETWEEN ? AND ? AND seq > ?";
	struct statement *s = sql_prepare(store->sql, text, err);

	sql_bind_uint(s, 1, region.low);
	sql_bind_uint(s, 2, region.high);
	sql_bind_uint(s, 3, since);
	return collect_ids(s, out, err);
}

enum status
store_made_by(struct store *store, uint32_t stream, struct buffer *out, struct error *err)
{
	static const char text[] = "SELECT id FROM record WHERE id BETWEEN ? AND ? ORDER BY id";
	struct statement *s = sql_prepare(store->sql, text, err);

	sql_bind_uint(s, 1, id_make(stream, 0));
	sql_bind_uint(s, 2, id_make(stream, CHANGE_N_MAX));
	return collect_ids(s, out, err);
}

enum status
store_erased_outstanding(struct store *store, uint32_t device, struct buffer *out,
			 struct error *err)
{
	static const char text[] =
		"SELECT e.record FROM erasure_device AS d JOIN erased AS e ON e.seq = d.seq"
		" WHERE d.device = ? AND d.acked_ms = 0 ORDER BY e.seq, e.record";
	struct statement *s = sql_prepare(store->sql, text, err);

	sql_bind_uint(s, 1, device);
	return collect_ids(s, out, err);
}

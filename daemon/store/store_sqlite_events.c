/* SPDX-License-Identifier: Apache-2.0 */
/* What an admin looks at: sync sessions. */
#include "store_sqlite.h"

#define SESSION_COLUMNS                                                                            \
	"id, time_ms, stream, requests, bytes_up, bytes_down, sent, acked, conflicts,"             \
	" quarantined, pulled_from, pulled_to, result"

static enum status
write_session(struct store *store, const struct sync_session *row, struct error *err)
{
	static const char text[] = "INSERT INTO session (" SESSION_COLUMNS
				   ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
	struct statement *s = sql_prepare(store->sql, text, err);

	sql_bind_uint(s, 1, row->id);
	sql_bind_int(s, 2, row->time_ms);
	sql_bind_uint(s, 3, row->stream);
	sql_bind_uint(s, 4, row->requests);
	sql_bind_uint(s, 5, row->bytes_up);
	sql_bind_uint(s, 6, row->bytes_down);
	sql_bind_uint(s, 7, row->sent);
	sql_bind_uint(s, 8, row->acked);
	sql_bind_uint(s, 9, row->conflicts);
	sql_bind_uint(s, 10, row->quarantined);
	sql_bind_uint(s, 11, row->pulled_from);
	sql_bind_uint(s, 12, row->pulled_to);
	/* By name: the numbers of statuses belong to no format. */
	sql_bind_text(s, 13, span_of_text(status_name(row->result)));
	return sql_run(s, err);
}

enum status
store_sessions_write(struct store *store, const struct sync_session *rows, size_t count,
		     struct error *err)
{
	enum status status = STATUS_OK;

	for (size_t i = 0; i < count && status == STATUS_OK; i++) {
		status = write_session(store, &rows[i], err);
	}
	return status;
}

static struct sync_session
session_of(struct statement *s)
{
	return (struct sync_session){
		.id = sql_uint(s, 0),
		.time_ms = sql_int(s, 1),
		.stream = store_u32(s, 2),
		.requests = store_u32(s, 3),
		.bytes_up = sql_uint(s, 4),
		.bytes_down = sql_uint(s, 5),
		.sent = store_u32(s, 6),
		.acked = store_u32(s, 7),
		.conflicts = store_u32(s, 8),
		.quarantined = store_u32(s, 9),
		.pulled_from = sql_uint(s, 10),
		.pulled_to = sql_uint(s, 11),
		/* SQLite ends its texts with a NUL. */
		.result = status_named((const char *)sql_text(s, 12).at),
	};
}

enum status
store_sessions_read(struct store *store, const struct session_query *query, session_fn each,
		    void *context, struct error *err)
{
	static const char all_text[] =
		"SELECT " SESSION_COLUMNS
		" FROM (SELECT * FROM session ORDER BY id DESC LIMIT ?) ORDER BY id";
	static const char scope_text[] =
		"SELECT " SESSION_COLUMNS
		" FROM (SELECT * FROM session WHERE EXISTS (SELECT 1 FROM device_region"
		" WHERE device = session.stream AND low <= ?3 AND high >= ?2)"
		" ORDER BY id DESC LIMIT ?1) ORDER BY id";
	const bool all = query->scope == NULL;
	struct statement *s = sql_prepare(store->sql, all ? all_text : scope_text, err);
	enum status status = STATUS_OK;

	sql_bind_uint(s, 1, query->limit > INT64_MAX ? INT64_MAX : query->limit);
	if (!all) {
		sql_bind_uint(s, 2, query->scope->low);
		sql_bind_uint(s, 3, query->scope->high);
	}
	while (status == STATUS_OK) {
		struct sync_session session;
		bool row;

		status = sql_row(s, &row, err);
		if (status != STATUS_OK || !row) {
			return status;
		}
		session = session_of(s);
		status = each(context, &session, err);
	}
	sql_reset(s);
	return status;
}

enum status
store_session_newest(struct store *store, uint64_t *id_out, struct error *err)
{
	/* Of sessions that said nothing the rows tell, of the others the log's head as well. */
	static const char text[] =
		"SELECT max(session, coalesce((SELECT max(id) FROM session), 0)) FROM log_head";

	return store_number(sql_prepare(store->sql, text, err), id_out, err);
}

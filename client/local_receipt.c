/* SPDX-License-Identifier: Apache-2.0 */
#include "client/local_parts.h"

static enum status
table_make(struct local *local, struct error *err)
{
	return sql_exec(local->sql,
			"CREATE TABLE IF NOT EXISTS receipt (id INTEGER PRIMARY KEY, bytes BLOB)",
			err);
}

enum status
local_receipt_save(struct local *local, struct span receipt, struct error *err)
{
	static const char text[] = "INSERT OR REPLACE INTO receipt VALUES (1, ?1)";
	struct statement *s;
	enum status status = table_make(local, err);

	if (status != STATUS_OK) {
		return status;
	}
	s = sql_prepare(local->sql, text, err);
	sql_bind_blob(s, 1, receipt);
	return sql_run(s, err);
}

enum status
local_receipt(struct local *local, struct buffer *out, struct error *err)
{
	static const char text[] = "SELECT bytes FROM receipt";
	struct statement *s;
	bool row;
	enum status status = table_make(local, err);

	if (status != STATUS_OK) {
		return status;
	}
	s = sql_prepare(local->sql, text, err);
	status = sql_row(s, &row, err);
	if (status == STATUS_OK && !row) {
		return fail(err, STATUS_NOT_FOUND, "receipt");
	}
	if (status == STATUS_OK) {
		buffer_append_span(out, sql_blob(s, 0));
		sql_reset(s);
	}
	return status;
}

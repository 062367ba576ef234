/* SPDX-License-Identifier: Apache-2.0 */
#include "client/local_parts.h"

static enum status
table_make(struct local *local, struct error *err)
{
	return sql_exec(local->sql,
			"CREATE TABLE IF NOT EXISTS receipt (id INTEGER PRIMARY KEY,"
			" told_ms INTEGER NOT NULL, checkpoint BLOB NOT NULL,"
			" header BLOB NOT NULL, text BLOB NOT NULL)",
			err);
}

enum status
local_receipt_save(struct local *local, const struct local_receipt *receipt, struct error *err)
{
	static const char text[] = "INSERT OR REPLACE INTO receipt VALUES (1, ?1, ?2, ?3, ?4)";
	uint8_t checkpoint[CHECKPOINT_SIZE];
	struct statement *s;
	enum status status = table_make(local, err);

	if (status != STATUS_OK) {
		return status;
	}
	checkpoint_encode(&receipt->checkpoint, checkpoint);
	s = sql_prepare(local->sql, text, err);
	sql_bind_int(s, 1, receipt->told_ms);
	sql_bind_blob(s, 2, span_of(checkpoint, sizeof checkpoint));
	sql_bind_blob(s, 3, receipt->header);
	sql_bind_blob(s, 4, receipt->text);
	return sql_run(s, err);
}

static bool
blob_keep(struct statement *s, int column, struct arena *arena, struct span *out)
{
	struct span blob = sql_blob(s, column);

	*out = span_of(arena_copy(arena, blob.at, blob.length), blob.length);
	return out->at != NULL;
}

enum status
local_receipt(struct local *local, struct arena *arena, struct local_receipt *out,
	      struct error *err)
{
	static const char text[] = "SELECT told_ms, checkpoint, header, text FROM receipt";
	struct local_receipt receipt;
	uint8_t checkpoint[CHECKPOINT_SIZE];
	struct statement *s;
	bool row;
	enum status status = table_make(local, err);

	if (status != STATUS_OK) {
		return status;
	}
	s = sql_prepare(local->sql, text, err);
	status = sql_row(s, &row, err);
	if (status != STATUS_OK) {
		return status;
	}
	if (!row) {
		return fail(err, STATUS_NOT_FOUND, "receipt");
	}
	receipt.told_ms = sql_int(s, 0);
	if (!sql_blob_exact(s, 1, checkpoint, sizeof checkpoint)) {
		status = fail(err, STATUS_STORAGE, "device.db: receipt");
	} else if (!blob_keep(s, 2, arena, &receipt.header) ||
		   !blob_keep(s, 3, arena, &receipt.text)) {
		status = fail(err, STATUS_MEMORY, "receipt");
	}
	sql_reset(s);
	if (status == STATUS_OK) {
		checkpoint_decode(checkpoint, &receipt.checkpoint);
		*out = receipt;
	}
	return status;
}

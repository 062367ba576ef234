/* SPDX-License-Identifier: Apache-2.0 */
#include "store_sqlite.h"

#include "migrate.h"
#include "typed.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A commit copies nothing into the database file by itself: store_checkpoint does, off the hot
 * path. */
enum {
	BUSY_MS = 10000,
	RESTART_WAIT_MS = 50,
	WRITER_CACHE_KIB = 64 * 1024,
	READER_CACHE_KIB = 8 * 1024
};

static struct sql_options
options_for(enum sql_access access)
{
	return (struct sql_options){
		.access = access,
		.busy_ms = BUSY_MS,
		.cache_kib = access == SQL_READ ? READER_CACHE_KIB : WRITER_CACHE_KIB,
		.durable = true,
	};
}

void
store_process_start(void)
{
	sql_process_start();
}

enum status
store_create(const char *path, struct error *err)
{
	struct sql_options options = options_for(SQL_CREATE);
	struct sql *sql;
	enum status status = sql_open(path, &options, &sql, err);

	if (status != STATUS_OK) {
		return status;
	}
	status = migrate_new(sql, migrations, migration_count, err);
	sql_close(sql);
	if (status != STATUS_OK) {
		(void)unlink(path);
	}
	return status;
}

enum status
store_open(const char *path, enum store_access access, struct store **out, struct error *err)
{
	struct sql_options options = options_for(access == STORE_READER ? SQL_READ : SQL_WRITE);
	struct store *store = calloc(1, sizeof *store);
	enum status status;

	if (store == NULL) {
		return store_exhausted("opening the database", err);
	}
	status = sql_open(path, &options, &store->sql, err);
	if (status == STATUS_OK && access == STORE_WRITER) {
		status = migrate(store->sql, migrations, migration_count, err);
	} else if (status == STATUS_OK) {
		status = migrate_check(store->sql, migration_count, err);
	}
	if (status != STATUS_OK) {
		store_close(store);
		return status;
	}
	*out = store;
	return STATUS_OK;
}

void
store_close(struct store *store)
{
	if (store != NULL) {
		typed_forget(store);
		sql_close(store->sql);
		free(store);
	}
}

enum status
store_begin(struct store *store, struct error *err)
{
	static const char text[] = "BEGIN IMMEDIATE";

	return sql_run(sql_prepare(store->sql, text, err), err);
}

enum status
store_commit(struct store *store, struct error *err)
{
	static const char text[] = "COMMIT";

	return sql_run(sql_prepare(store->sql, text, err), err);
}

static void
end_transaction(struct store *store)
{
	static const char text[] = "ROLLBACK";

	/* SQLite may have rolled back by itself (full disk), and then ROLLBACK is an error. */
	if (sql_in_transaction(store->sql)) {
		(void)sql_run(sql_prepare(store->sql, text, NULL), NULL);
	}
}

void
store_rollback(struct store *store)
{
	end_transaction(store);
	typed_forget(store);
}

enum status
store_checkpoint(struct store *store, bool restart, struct error *err)
{
	enum status status = sql_wal_checkpoint(store->sql, restart ? RESTART_WAIT_MS : 0, err);

	/* Pages that a reader still needs follow the next time. */
	return status == STATUS_BUSY ? STATUS_OK : status;
}

uint64_t
store_wal_bytes(const struct store *store)
{
	return sql_wal_bytes(store->sql);
}

enum status
store_backup(struct store *store, const char *path, struct error *err)
{
	return sql_backup(store->sql, path, err);
}

enum status
store_snapshot(struct store *store, struct error *err)
{
	static const char text[] = "BEGIN";
	enum status status = sql_run(sql_prepare(store->sql, text, err), err);
	uint64_t head;

	if (status != STATUS_OK) {
		return status;
	}
	/* SQLite takes its snapshot with the first reading, not with BEGIN. */
	status = store_log_head(store, &head, err);
	if (status != STATUS_OK) {
		end_transaction(store);
	}
	return status;
}

void
store_snapshot_end(struct store *store)
{
	end_transaction(store);
}

/* ---- settings ---- */

enum status
store_setting(struct store *store, const char *name, struct arena *arena, struct span *out,
	      struct error *err)
{
	static const char text[] = "SELECT value FROM setting WHERE name = ?";
	struct statement *s = sql_prepare(store->sql, text, err);
	struct span value;
	enum status status;

	sql_bind_text(s, 1, span_of_text(name));
	status = store_one(s, name, err);
	if (status != STATUS_OK) {
		return status;
	}
	value = sql_blob(s, 0);
	if (store_keep(arena, &value)) {
		*out = value;
	} else {
		status = store_exhausted(name, err);
	}
	sql_reset(s);
	return status;
}

enum status
store_setting_put(struct store *store, const char *name, struct span value, struct error *err)
{
	static const char text[] = "INSERT INTO setting (name, value) VALUES (?, ?)"
				   " ON CONFLICT (name) DO UPDATE SET value = excluded.value";
	struct statement *s = sql_prepare(store->sql, text, err);

	sql_bind_text(s, 1, span_of_text(name));
	sql_bind_blob(s, 2, value);
	return sql_run(s, err);
}

/* ---- what the other files share ---- */

enum status
store_number(struct statement *statement, uint64_t *out, struct error *err)
{
	bool row;
	enum status status = sql_row(statement, &row, err);

	if (status != STATUS_OK) {
		return status;
	}
	*out = row ? sql_uint(statement, 0) : 0;
	sql_reset(statement);
	return STATUS_OK;
}

enum status
store_one(struct statement *statement, const char *what, struct error *err)
{
	bool row;
	enum status status = sql_row(statement, &row, err);

	if (status == STATUS_OK && !row) {
		return fail(err, STATUS_NOT_FOUND, "%s", what);
	}
	return status;
}

bool
store_keep(struct arena *arena, struct span *span)
{
	void *copy = arena_copy(arena, span->at, span->length);

	if (copy == NULL) {
		return false;
	}
	*span = span_of(copy, span->length);
	return true;
}

uint32_t
store_u32(struct statement *statement, int column)
{
	uint64_t value = sql_uint(statement, column);

	return value > UINT32_MAX ? 0 : (uint32_t)value;
}

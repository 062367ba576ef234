/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/sql/sql.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sqlite3.h>

struct statement {
	struct sql *sql;
	sqlite3_stmt *handle;
	const char *text; /* key of the cache; NULL: owned by the caller */
	struct statement *next;
	int bind_failure; /* first SQLite code that a bind returned; SQLITE_OK else */
	bool used;	  /* bound or stepped since it was reset */
};

enum { CACHE_SLOTS = 64 };

/* A write-ahead log that grew beyond this is cut when it begins anew. */
enum { WAL_KEPT_BYTES = 64 * 1024 * 1024 };

struct sql {
	sqlite3 *handle;
	int busy_ms;
	struct statement *cache[CACHE_SLOTS]; /* by the address of the text */
};

/* Quotas and limits on file size mean the same to people as a disk without space. */
static bool
is_full(int system_errno)
{
	return system_errno == ENOSPC || system_errno == EDQUOT || system_errno == EFBIG;
}

static enum status
status_of_constraint(int extended)
{
	switch (extended) {
	case SQLITE_CONSTRAINT_PRIMARYKEY:
	case SQLITE_CONSTRAINT_ROWID:
	case SQLITE_CONSTRAINT_UNIQUE:
		return STATUS_EXISTS;
	default:
		return STATUS_STORAGE;
	}
}

static enum status
status_of_sqlite(sqlite3 *handle, int code)
{
	switch (code & 0xff) {
	case SQLITE_FULL:
		return STATUS_FULL;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return STATUS_BUSY;
	case SQLITE_NOMEM:
		return STATUS_MEMORY;
	case SQLITE_CONSTRAINT:
		return status_of_constraint(sqlite3_extended_errcode(handle));
	case SQLITE_IOERR:
		/* SQLite calls only ENOSPC full, and a failing COMMIT leaves its own errno unset.
		 */
		return is_full(sqlite3_system_errno(handle)) || is_full(errno) ? STATUS_FULL
									       : STATUS_STORAGE;
	default:
		return STATUS_STORAGE;
	}
}

/* SQLite's message may quote a statement, never bound values, so no person's data is in it. */
static enum status
fail_sqlite(struct sql *sql, int code, struct error *err)
{
	enum status status = status_of_sqlite(sql->handle, code);

	return fail(err, status, "%s (%d)", sqlite3_errmsg(sql->handle),
		    sqlite3_extended_errcode(sql->handle));
}

static enum status
create_private_file(const char *path, struct error *err)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL, 0600);

	if (fd < 0) {
		const int code = errno;
		enum status status = STATUS_STORAGE;

		if (code == EEXIST) {
			status = STATUS_EXISTS;
		} else if (is_full(code)) {
			status = STATUS_FULL;
		}
		return fail(err, status, "making %s: %s", path, strerror(code));
	}
	(void)close(fd);
	return STATUS_OK;
}

static enum status
configure(struct sql *sql, const struct sql_options *options, struct error *err)
{
	struct buffer text;
	enum status status;

	buffer_init(&text, 1024);
	buffer_printf(
		&text,
		"PRAGMA busy_timeout=%d; PRAGMA cache_size=-%d; PRAGMA mmap_size=%lld;"
		"PRAGMA synchronous=%s; PRAGMA foreign_keys=OFF; PRAGMA wal_autocheckpoint=%d;"
		"PRAGMA trusted_schema=OFF; PRAGMA temp_store=MEMORY;",
		options->busy_ms, options->cache_kib, (long long)options->mmap_mib << 20,
		options->durable ? "FULL" : "NORMAL", options->wal_pages);
	if (options->access != SQL_READ) {
		buffer_printf(&text,
			      "PRAGMA secure_delete=FAST; PRAGMA journal_mode=WAL;"
			      "PRAGMA journal_size_limit=%d;",
			      WAL_KEPT_BYTES);
	} else {
		buffer_printf(&text, "PRAGMA query_only=ON;");
	}
	buffer_append_byte(&text, '\0');
	status = buffer_status(&text, "pragmas", err);
	if (status == STATUS_OK) {
		status = sql_exec(sql, (const char *)text.at, err);
	}
	buffer_finish(&text);
	return status;
}

/* A process that was killed may have written a commit that it never synced. Whoever opens sees it,
 * tells others of it, and a power cut would take it back: a checkpoint begins by syncing the log. A
 * full disk or another connection only keeps it from copying. */
static enum status
settle_wal(struct sql *sql, struct error *err)
{
	enum status status = sql_wal_checkpoint(sql, 0, err);

	return status == STATUS_BUSY || status == STATUS_FULL ? STATUS_OK : status;
}

void
sql_process_start(void)
{
	(void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

enum status
sql_open(const char *path, const struct sql_options *options, struct sql **out, struct error *err)
{
	struct sql *sql;
	enum status status = STATUS_OK;
	int code;

	if (options->access == SQL_CREATE) {
		status = create_private_file(path, err);
		if (status != STATUS_OK) {
			return status;
		}
	}
	sql = calloc(1, sizeof *sql);
	if (sql == NULL) {
		return fail(err, STATUS_MEMORY, "opening the database");
	}
	sql->busy_ms = options->busy_ms;
	code = sqlite3_open_v2(path, &sql->handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
			       NULL);
	if (code == SQLITE_OK) {
		/* Else a statement that a partial index might serve is planned again whenever a
		 * parameter has another value. */
		code = sqlite3_db_config(sql->handle, SQLITE_DBCONFIG_ENABLE_QPSG, 1, NULL);
	}
	if (code != SQLITE_OK) {
		status = status_of_sqlite(sql->handle, code);
		error_set(err, status, "opening %s: %s", path, sqlite3_errstr(code));
	} else {
		status = configure(sql, options, err);
	}
	if (status == STATUS_OK && options->access != SQL_READ) {
		status = settle_wal(sql, err);
	}
	if (status != STATUS_OK) {
		sql_close(sql);
		return status;
	}
	*out = sql;
	return STATUS_OK;
}

void
sql_close(struct sql *sql)
{
	if (sql == NULL) {
		return;
	}
	for (size_t slot = 0; slot < CACHE_SLOTS; slot++) {
		while (sql->cache[slot] != NULL) {
			struct statement *statement = sql->cache[slot];

			sql->cache[slot] = statement->next;
			sql_statement_free(statement);
		}
	}
	(void)sqlite3_close(sql->handle);
	free(sql);
}

enum status
sql_exec(struct sql *sql, const char *text, struct error *err)
{
	int code = sqlite3_exec(sql->handle, text, NULL, NULL, NULL);

	return code == SQLITE_OK ? STATUS_OK : fail_sqlite(sql, code, err);
}

static struct statement *
statement_create(struct sql *sql, const char *text, bool keep, struct error *err)
{
	struct statement *statement = calloc(1, sizeof *statement);
	int code;

	if (statement == NULL) {
		(void)fail(err, STATUS_MEMORY, "preparing a statement");
		return NULL;
	}
	statement->sql = sql;
	code = sqlite3_prepare_v3(sql->handle, text, -1, keep ? SQLITE_PREPARE_PERSISTENT : 0,
				  &statement->handle, NULL);
	if (code != SQLITE_OK) {
		(void)fail_sqlite(sql, code, err);
		free(statement);
		return NULL;
	}
	return statement;
}

struct statement *
sql_prepare(struct sql *sql, const char *text, struct error *err)
{
	size_t slot = ((uintptr_t)text >> 3) % CACHE_SLOTS;
	struct statement *statement;

	for (statement = sql->cache[slot]; statement != NULL; statement = statement->next) {
		if (statement->text == text) {
			sql_reset(statement);
			return statement;
		}
	}
	statement = statement_create(sql, text, true, err);
	if (statement != NULL) {
		statement->text = text;
		statement->next = sql->cache[slot];
		sql->cache[slot] = statement;
	}
	return statement;
}

struct statement *
sql_prepare_own(struct sql *sql, const char *text, struct error *err)
{
	return statement_create(sql, text, false, err);
}

void
sql_statement_free(struct statement *statement)
{
	if (statement != NULL) {
		(void)sqlite3_finalize(statement->handle);
		free(statement);
	}
}

static void
remember_bind(struct statement *statement, int code)
{
	if (statement == NULL) {
		return;
	}
	statement->used = true;
	if (statement->bind_failure == SQLITE_OK) {
		statement->bind_failure = code;
	}
}

void
sql_bind_int(struct statement *statement, int index, int64_t value)
{
	if (statement != NULL) {
		remember_bind(statement, sqlite3_bind_int64(statement->handle, index, value));
	}
}

void
sql_bind_uint(struct statement *statement, int index, uint64_t value)
{
	if (value > INT64_MAX) {
		remember_bind(statement, SQLITE_RANGE);
		return;
	}
	sql_bind_int(statement, index, (int64_t)value);
}

void
sql_bind_blob(struct statement *statement, int index, struct span bytes)
{
	/* A null pointer would bind NULL instead of an empty blob. */
	const void *at = bytes.length == 0 ? "" : (const void *)bytes.at;

	if (statement != NULL) {
		remember_bind(statement, sqlite3_bind_blob64(statement->handle, index, at,
							     bytes.length, SQLITE_STATIC));
	}
}

void
sql_bind_text(struct statement *statement, int index, struct span text)
{
	const char *at = text.length == 0 ? "" : (const char *)text.at;

	if (statement != NULL) {
		remember_bind(statement,
			      sqlite3_bind_text64(statement->handle, index, at, text.length,
						  SQLITE_STATIC, SQLITE_UTF8));
	}
}

void
sql_bind_real(struct statement *statement, int index, double value)
{
	if (statement != NULL) {
		remember_bind(statement, sqlite3_bind_double(statement->handle, index, value));
	}
}

void
sql_reset(struct statement *statement)
{
	if (statement != NULL && statement->used) {
		(void)sqlite3_reset(statement->handle);
		(void)sqlite3_clear_bindings(statement->handle);
		statement->bind_failure = SQLITE_OK;
		statement->used = false;
	}
}

enum status
sql_row(struct statement *statement, bool *row_out, struct error *err)
{
	int code;
	enum status status;

	*row_out = false;
	if (statement == NULL) {
		/* sql_prepare has told why. */
		return err != NULL && err->status != STATUS_OK ? err->status : STATUS_STORAGE;
	}
	statement->used = true;
	code = statement->bind_failure;
	if (code == SQLITE_OK) {
		code = sqlite3_step(statement->handle);
	}
	if (code == SQLITE_ROW) {
		*row_out = true;
		return STATUS_OK;
	}
	status = code == SQLITE_DONE ? STATUS_OK : fail_sqlite(statement->sql, code, err);
	sql_reset(statement);
	return status;
}

enum status
sql_run(struct statement *statement, struct error *err)
{
	bool row = true;

	while (row) {
		enum status status = sql_row(statement, &row, err);

		if (status != STATUS_OK) {
			return status;
		}
	}
	return STATUS_OK;
}

int64_t
sql_int(struct statement *statement, int column)
{
	return sqlite3_column_int64(statement->handle, column);
}

uint64_t
sql_uint(struct statement *statement, int column)
{
	int64_t value = sql_int(statement, column);

	return value < 0 ? 0 : (uint64_t)value;
}

enum status
sql_single(struct statement *statement, uint64_t *out, struct error *err)
{
	bool row;
	enum status status = sql_row(statement, &row, err);

	if (status == STATUS_OK && row) {
		*out = sql_uint(statement, 0);
		sql_reset(statement);
	}
	return status;
}

double
sql_real(struct statement *statement, int column)
{
	return sqlite3_column_double(statement->handle, column);
}

struct span
sql_blob(struct statement *statement, int column)
{
	const void *at = sqlite3_column_blob(statement->handle, column);

	return span_of(at, (size_t)sqlite3_column_bytes(statement->handle, column));
}

struct span
sql_text(struct statement *statement, int column)
{
	const unsigned char *at = sqlite3_column_text(statement->handle, column);

	return span_of(at, (size_t)sqlite3_column_bytes(statement->handle, column));
}

bool
sql_is_null(struct statement *statement, int column)
{
	return sqlite3_column_type(statement->handle, column) == SQLITE_NULL;
}

int
sql_columns(struct statement *statement)
{
	return sqlite3_column_count(statement->handle);
}

bool
sql_same(struct statement *one, struct statement *other, int column)
{
	/* The type first: reading the bytes may change it. */
	return sqlite3_column_type(one->handle, column) ==
		       sqlite3_column_type(other->handle, column) &&
	       span_equal(sql_blob(one, column), sql_blob(other, column));
}

bool
sql_blob_exact(struct statement *statement, int column, void *out, size_t length)
{
	struct span bytes = sql_blob(statement, column);

	if (bytes.length != length) {
		return false;
	}
	if (length > 0) {
		memcpy(out, bytes.at, length);
	}
	return true;
}

bool
sql_in_transaction(struct sql *sql)
{
	return sqlite3_get_autocommit(sql->handle) == 0;
}

int64_t
sql_changes(struct sql *sql)
{
	return sqlite3_changes64(sql->handle);
}

int64_t
sql_changes_all(struct sql *sql)
{
	return sqlite3_total_changes64(sql->handle);
}

enum status
sql_durable(struct sql *sql, bool durable, struct error *err)
{
	return sql_exec(sql, durable ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL",
			err);
}

enum status
sql_wal_checkpoint(struct sql *sql, int wait_ms, struct error *err)
{
	int mode = wait_ms > 0 ? SQLITE_CHECKPOINT_RESTART : SQLITE_CHECKPOINT_PASSIVE;
	int frames = 0;
	int copied = 0;
	int code;

	(void)sqlite3_busy_timeout(sql->handle, wait_ms);
	code = sqlite3_wal_checkpoint_v2(sql->handle, NULL, mode, &frames, &copied);
	(void)sqlite3_busy_timeout(sql->handle, sql->busy_ms);
	if (code != SQLITE_OK) {
		return fail_sqlite(sql, code, err);
	}
	return copied < frames
		       ? fail(err, STATUS_BUSY, "readers keep %d pages of the WAL", frames - copied)
		       : STATUS_OK;
}

enum status
sql_wal_empty(struct sql *sql, int wait_ms, struct error *err)
{
	int code;

	(void)sqlite3_busy_timeout(sql->handle, wait_ms);
	code = sqlite3_wal_checkpoint_v2(sql->handle, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	(void)sqlite3_busy_timeout(sql->handle, sql->busy_ms);
	return code == SQLITE_OK ? STATUS_OK : fail_sqlite(sql, code, err);
}

uint64_t
sql_wal_bytes(const struct sql *sql)
{
	struct stat about;
	const char *wal = sqlite3_filename_wal(sqlite3_db_filename(sql->handle, "main"));

	return stat(wal, &about) == 0 ? (uint64_t)about.st_size : 0;
}

enum status
sql_backup(struct sql *sql, const char *path, struct error *err)
{
	enum status status = create_private_file(path, err);
	sqlite3 *target = NULL;
	sqlite3_backup *backup;
	int code;

	if (status != STATUS_OK) {
		return status;
	}
	code = sqlite3_open_v2(path, &target, SQLITE_OPEN_READWRITE, NULL);
	backup =
		code == SQLITE_OK ? sqlite3_backup_init(target, "main", sql->handle, "main") : NULL;
	if (backup != NULL) {
		(void)sqlite3_backup_step(backup, -1);
		code = sqlite3_backup_finish(backup);
	} else {
		code = sqlite3_errcode(target);
	}
	if (code != SQLITE_OK) {
		status = status_of_sqlite(target, code);
		error_set(err, status, "copying to %s: %s", path, sqlite3_errstr(code));
		(void)unlink(path);
	}
	(void)sqlite3_close(target);
	return status;
}

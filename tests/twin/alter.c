/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/twin/alter.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

enum { SQL_SIZE = 600, VALUE_SIZE = 64 * 1024, WAYS = 4 };

/* What does not follow from the log: docs/ledger.md says why. A table alone: all of it. */
static const char *const operations[] = {
	"log_head.session",
	"progress.r",
	"progress.last_ms",
	"progress.witness",
	"code",
	"session",
	"import_row",
	"typed_head",
	"quarantine_cause.reason",
	"quarantine_cause.awaits",
	"erasure.finished_ms",
	"erasure_device.acked_ms",
	"user_password",
	"token_use",
	"login",
	"login_failure",
};

static void
die(sqlite3 *db, const char *what)
{
	(void)fprintf(stderr, "alter: %s: %s\n", what, db == NULL ? "" : sqlite3_errmsg(db));
	abort();
}

static sqlite3 *
open_database(const char *path)
{
	sqlite3 *db = NULL;

	if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK ||
	    sqlite3_exec(db, "PRAGMA synchronous=OFF", NULL, NULL, NULL) != SQLITE_OK) {
		die(db, path);
	}
	return db;
}

static sqlite3_stmt *
prepare(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *statement = NULL;

	if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK) {
		die(db, sql);
	}
	return statement;
}

void
alter_run(const char *path, const char *sql)
{
	sqlite3 *db = open_database(path);

	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK) {
		die(db, sql);
	}
	(void)sqlite3_close(db);
}

int64_t
alter_number(const char *path, const char *sql)
{
	sqlite3 *db = open_database(path);
	sqlite3_stmt *statement = prepare(db, sql);
	int64_t number;

	if (sqlite3_step(statement) != SQLITE_ROW) {
		die(db, sql);
	}
	number = sqlite3_column_int64(statement, 0);
	(void)sqlite3_finalize(statement);
	(void)sqlite3_close(db);
	return number;
}

static uint64_t
next(uint64_t *random)
{
	uint64_t z = *random += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/* ---- which columns ---- */

static bool
is_operational(const char *table, const char *column)
{
	char both[80];

	(void)snprintf(both, sizeof both, "%s.%s", table, column);
	for (size_t i = 0; i < sizeof operations / sizeof operations[0]; i++) {
		if (strcmp(operations[i], table) == 0 || strcmp(operations[i], both) == 0) {
			return true;
		}
	}
	return false;
}

struct altered_column *
alter_columns(const char *path, size_t *count_out)
{
	sqlite3 *db = open_database(path);
	sqlite3_stmt *statement = prepare(
		db, "SELECT m.name, c.name, c.pk FROM sqlite_schema m"
		    " JOIN pragma_table_info(m.name) c WHERE m.type = 'table' ORDER BY 1, c.cid");
	struct altered_column *columns = NULL;
	size_t count = 0;

	while (sqlite3_step(statement) == SQLITE_ROW) {
		const char *table = (const char *)sqlite3_column_text(statement, 0);
		const char *name = (const char *)sqlite3_column_text(statement, 1);

		if (is_operational(table, name)) {
			continue;
		}
		columns = realloc(columns, (count + 1) * sizeof columns[0]);
		if (columns == NULL) {
			die(NULL, "out of memory");
		}
		memset(&columns[count], 0, sizeof columns[0]);
		(void)snprintf(columns[count].table, sizeof columns[count].table, "%s", table);
		(void)snprintf(columns[count].column, sizeof columns[count].column, "%s", name);
		columns[count++].key = sqlite3_column_int(statement, 2) != 0;
	}
	(void)sqlite3_finalize(statement);
	(void)sqlite3_close(db);
	*count_out = count;
	return columns;
}

/* ---- one value ---- */

/* Rows that the log says something of: a place without records only says that there were some, and
 * of the settings only the server's name and origin follow. */
static const char *
rows_of(const char *table)
{
	if (strcmp(table, "setting") == 0) {
		return "WHERE name IN ('name', 'origin')";
	}
	return "";
}

/* An expression that gives the condition "key" = value AND … of a row. */
static void
condition_of(sqlite3 *db, const char *table, char *out, size_t size)
{
	sqlite3_stmt *statement;
	char sql[SQL_SIZE];
	size_t used = 0;

	(void)snprintf(sql, sizeof sql, "SELECT name FROM pragma_table_info('%s') WHERE pk > 0",
		       table);
	statement = prepare(db, sql);
	while (sqlite3_step(statement) == SQLITE_ROW) {
		const char *name = (const char *)sqlite3_column_text(statement, 0);

		used += (size_t)snprintf(
			out + used, size - used, "%s'%s\"%s\" = ' || quote(\"%s\")",
			used == 0 ? "" : " || ", used == 0 ? "" : " AND ", name, name);
	}
	(void)sqlite3_finalize(statement);
}

/* WHERE clause of a row chosen by chance; false: there is none. */
static bool
choose_row(sqlite3 *db, const char *table, uint64_t *random, char *out, size_t size)
{
	char sql[2 * SQL_SIZE];
	char condition[SQL_SIZE] = "";
	sqlite3_stmt *statement;
	int64_t count;

	(void)snprintf(sql, sizeof sql, "SELECT count(*) FROM %s %s", table, rows_of(table));
	statement = prepare(db, sql);
	count = sqlite3_step(statement) == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;
	(void)sqlite3_finalize(statement);
	*out = '\0';
	if (count == 0) {
		return false;
	}
	condition_of(db, table, condition, sizeof condition);
	(void)snprintf(sql, sizeof sql, "SELECT %s FROM %s %s LIMIT 1 OFFSET %" PRIu64, condition,
		       table, rows_of(table), next(random) % (uint64_t)count);
	statement = prepare(db, sql);
	if (sqlite3_step(statement) != SQLITE_ROW) {
		die(db, sql);
	}
	(void)snprintf(out, size, "WHERE %s", (const char *)sqlite3_column_text(statement, 0));
	(void)sqlite3_finalize(statement);
	return true;
}

static void
bind_bytes(sqlite3_stmt *update, sqlite3_value *value, uint64_t *random, unsigned way)
{
	static uint8_t bytes[VALUE_SIZE + 1];
	const bool text = sqlite3_value_type(value) == SQLITE_TEXT;
	size_t length = (size_t)sqlite3_value_bytes(value);

	if (length > VALUE_SIZE) {
		die(NULL, "a value that is too long");
	}
	if (length > 0) {
		memcpy(bytes,
		       text ? (const void *)sqlite3_value_text(value) : sqlite3_value_blob(value),
		       length);
	}
	if (length == 0 || way == 0) {
		bytes[length++] = 'x';
	} else if (way == 1) {
		length--;
	} else {
		/* Bit 1 leaves an ASCII letter one. */
		uint8_t *byte = &bytes[next(random) % length];

		*byte = (uint8_t)(*byte ^ (text ? 2U : 1U << next(random) % 8));
	}
	if (text) {
		(void)sqlite3_bind_text(update, 1, (const char *)bytes, (int)length,
					SQLITE_TRANSIENT);
	} else {
		(void)sqlite3_bind_blob(update, 1, bytes, (int)length, SQLITE_TRANSIENT);
	}
}

static void
bind_altered(sqlite3_stmt *update, sqlite3_value *value, uint64_t *random)
{
	const unsigned way = (unsigned)(next(random) % WAYS);
	int64_t number = sqlite3_value_int64(value);

	switch (sqlite3_value_type(value)) {
	case SQLITE_INTEGER:
		number = way == 0   ? number + 1
			 : way == 1 ? number - 1
			 : way == 2 ? 0
				    : number ^ (int64_t)1 << next(random) % 34;
		(void)sqlite3_bind_int64(update, 1, number);
		break;
	case SQLITE_NULL:
		if (way == 0) {
			(void)sqlite3_bind_int64(update, 1, (int64_t)(next(random) % 1000));
		} else if (way == 2) {
			(void)sqlite3_bind_zeroblob(update, 1, 0);
		} else {
			(void)sqlite3_bind_blob(update, 1, "0123456789abcdef0123456789abcdef",
						way == 1 ? 32 : 16, SQLITE_STATIC);
		}
		break;
	default:
		if (way == 3 && next(random) % 4 == 0) {
			(void)sqlite3_bind_null(update, 1);
		} else {
			bind_bytes(update, value, random, way);
		}
		break;
	}
}

bool
alter_column(const char *path, const struct altered_column *column, uint64_t *random, char *told,
	     size_t told_size)
{
	sqlite3 *db = open_database(path);
	char row[SQL_SIZE];
	char sql[2 * SQL_SIZE];
	sqlite3_stmt *select;
	sqlite3_stmt *update;
	bool done = false;

	if (!choose_row(db, column->table, random, row, sizeof row)) {
		(void)sqlite3_close(db);
		return false;
	}
	(void)snprintf(sql, sizeof sql, "SELECT \"%s\" FROM %s %s", column->column, column->table,
		       row);
	select = prepare(db, sql);
	(void)snprintf(sql, sizeof sql, "UPDATE %s SET \"%s\" = ?1 %s AND \"%s\" IS NOT ?1",
		       column->table, column->column, row, column->column);
	update = prepare(db, sql);
	if (sqlite3_step(select) == SQLITE_ROW) {
		sqlite3_value *value = sqlite3_value_dup(sqlite3_column_value(select, 0));

		(void)sqlite3_reset(select);
		bind_altered(update, value, random);
		sqlite3_value_free(value);
		done = sqlite3_step(update) == SQLITE_DONE && sqlite3_changes(db) == 1;
	}
	(void)snprintf(told, told_size, "%s.%s %s", column->table, column->column, row);
	(void)sqlite3_finalize(select);
	(void)sqlite3_finalize(update);
	(void)sqlite3_close(db);
	return done;
}

bool
alter_delete(const char *path, const char *table, uint64_t *random, char *told, size_t told_size)
{
	sqlite3 *db = open_database(path);
	char row[SQL_SIZE];
	char sql[2 * SQL_SIZE];
	bool done = false;

	if (choose_row(db, table, random, row, sizeof row)) {
		(void)snprintf(sql, sizeof sql, "DELETE FROM %s %s%s", table, row,
			       strcmp(table, "place") == 0 ? " AND records > 0" : "");
		done = sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK &&
		       sqlite3_changes(db) == 1;
	}
	(void)snprintf(told, told_size, "DELETE FROM %s %s", table, row);
	(void)sqlite3_close(db);
	return done;
}

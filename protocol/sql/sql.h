/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sql: prepared statements over SQLite, for the two sides' stores; the only user of sqlite3.h.
 *
 * It stands beside the protocol, not in it (a library of its own): daemon/store and client/local
 * share the way they speak to SQLite and nothing else.
 *
 * A database keeps each statement prepared under its constant text, so a query is written as a
 * short constant above the function that binds it:
 *
 *     struct statement *s = sql_prepare(db, insert_text, err);
 *     sql_bind_int(s, 1, id);
 *     return sql_run(s, err);
 *
 * Binding errors are remembered and reported by sql_run or sql_row. A statement that was stepped
 * must be reset (sql_reset) unless sql_run, or sql_row returning no row, has done so.
 */
#ifndef SAMBUNG_PROTOCOL_SQL_H
#define SAMBUNG_PROTOCOL_SQL_H

#include "protocol/bytes.h"

struct sql;
struct statement;

enum sql_access { SQL_CREATE, SQL_WRITE, SQL_READ };

struct sql_options {
	enum sql_access access;
	int busy_ms;   /* how long to wait for another process's lock */
	int cache_kib; /* page cache */
	int mmap_mib;  /* 0: none */
	int wal_pages; /* automatic checkpoint after so many pages; 0: never */
	bool durable;  /* synchronous=FULL, else NORMAL */
};

/* Once, before SQLite is used, by a program whose process is its own: SQLite counts no memory any
 * more, so threads do not wait for each other at every allocation. */
void sql_process_start(void);

/* Opens `path` in WAL mode; SQL_CREATE makes it, with mode 0600. Returns a new database in *out.
 * What is seen after opening to write is durable, also if a killed process left it (one sync, and
 * only if there is a write-ahead log). */
enum status sql_open(const char *path, const struct sql_options *options, struct sql **out,
		     struct error *err);
void sql_close(struct sql *sql);

/* One or several statements without parameters. */
enum status sql_exec(struct sql *sql, const char *text, struct error *err);

/* Borrowed until sql_close; the same text gives the same statement, reset and unbound. NULL on
 * failure. `text` must live as long as the database (a constant). */
struct statement *sql_prepare(struct sql *sql, const char *text, struct error *err);
/* A statement of text made at run time, and one that may be open twice at once: freed by the
 * caller. */
struct statement *sql_prepare_own(struct sql *sql, const char *text, struct error *err);
void sql_statement_free(struct statement *statement);

void sql_bind_int(struct statement *statement, int index, int64_t value);
void sql_bind_uint(struct statement *statement, int index, uint64_t value); /* at most INT64_MAX */
void sql_bind_blob(struct statement *statement, int index,
		   struct span bytes); /* borrowed until reset */
void sql_bind_text(struct statement *statement, int index,
		   struct span text); /* borrowed until reset */
void sql_bind_real(struct statement *statement, int index, double value);

/* Runs to the end and resets. */
enum status sql_run(struct statement *statement, struct error *err);
/* Steps once: *row_out true with a row to read; false at the end, when it has been reset. */
enum status sql_row(struct statement *statement, bool *row_out, struct error *err);
/* The first column of one row, then resets. Without a row *out stays as it is. */
enum status sql_single(struct statement *statement, uint64_t *out, struct error *err);
void sql_reset(struct statement *statement);

/* Columns from 0, of the present row; spans are borrowed until the next step or reset. */
int64_t sql_int(struct statement *statement, int column);
uint64_t sql_uint(struct statement *statement, int column);
double sql_real(struct statement *statement, int column);
struct span sql_blob(struct statement *statement, int column);
struct span sql_text(struct statement *statement, int column);
bool sql_is_null(struct statement *statement, int column);
int sql_columns(struct statement *statement);
/* Have two statements' rows the same value there, of the same type? */
bool sql_same(struct statement *one, struct statement *other, int column);
/* A blob of exactly `length` bytes; false otherwise. */
bool sql_blob_exact(struct statement *statement, int column, void *out, size_t length);

/* False also after SQLite has rolled back by itself, as it may when the disk is full. */
bool sql_in_transaction(struct sql *sql);
/* Rows changed by the last statement. */
int64_t sql_changes(struct sql *sql);
/* Copies the WAL into the database; BUSY if readers kept part of it. wait_ms above 0: waits as long
 * for readers to leave it, so that it begins anew. */
enum status sql_wal_checkpoint(struct sql *sql, int wait_ms, struct error *err);
/* The same, and the log's file has nothing any more when it returns OK. BUSY: a reader needed it
 * for longer than wait_ms. */
enum status sql_wal_empty(struct sql *sql, int wait_ms, struct error *err);
/* Bytes of the write-ahead log's file; 0 if there is none. */
uint64_t sql_wal_bytes(const struct sql *sql);
/* What is committed from now on is durable at once (synchronous=FULL), or with the next commit that
 * is (NORMAL): the write-ahead log is one file and its frames are read in their order, so a power
 * cut takes back the newest commits and never one below another. Not inside a transaction. */
enum status sql_durable(struct sql *sql, bool durable, struct error *err);
/* Rows inserted, changed and deleted since it was opened. */
int64_t sql_changes_all(struct sql *sql);
/* Online copy into a new file; EXISTS. */
enum status sql_backup(struct sql *sql, const char *path, struct error *err);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Tables, indexes, triggers and views: are they those that this program makes, and do the indexes
 * hold what they say? */
#include "evidence.h"
#include "store_sqlite.h"

#include <stdio.h>
#include <string.h>

static const char schema_table[] = "sqlite_schema";
static const char file_name[] = "file";

/* A finding keeps its column as a constant. */
static const char *
kind_of(struct span type)
{
	static const char *const kinds[] = {"table", "index", "trigger", "view"};

	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		if (span_equal(type, span_of_text(kinds[i]))) {
			return kinds[i];
		}
	}
	return "type";
}

/* ---- against what this program makes ---- */

/* One of the two databases: its objects in order. */
struct objects {
	struct statement *statement;
	bool row;
};

enum { COLUMN_TYPE, COLUMN_NAME, COLUMN_TABLE, COLUMN_TEXT };

/* The parameter: are the typed tables there as well? */
static const char objects_text[] =
	"SELECT type, name, tbl_name, sql FROM sqlite_schema"
	" NOT INDEXED WHERE ? OR substr(tbl_name, 1, 2) <> 't_' ORDER BY 1, 2, 3, 4";

static enum status
objects_open(struct store *store, bool typed, struct objects *out, struct error *err)
{
	out->statement = sql_prepare(store->sql, objects_text, err);
	sql_bind_int(out->statement, 1, typed);
	return sql_row(out->statement, &out->row, err);
}

static int
compare_objects(const struct objects *real, const struct objects *again)
{
	int order = 0;

	if (!real->row || !again->row) {
		return real->row ? -1 : 1;
	}
	for (int i = COLUMN_TYPE; i <= COLUMN_TABLE && order == 0; i++) {
		order = span_compare(sql_text(real->statement, i), sql_text(again->statement, i));
	}
	return order;
}

static void
tell_object(const struct finder *finder, const struct objects *objects, const char *what)
{
	struct finding finding = {.table = schema_table,
				  .column = kind_of(sql_text(objects->statement, COLUMN_TYPE))};

	finding_plain(sql_text(objects->statement, COLUMN_NAME), finding.row, sizeof finding.row);
	finding_say(finder, &finding, what);
}

static enum status
compare_next(struct objects *real, struct objects *again, const struct finder *finder,
	     struct error *err)
{
	const int order = compare_objects(real, again);
	enum status status = STATUS_OK;

	if (order < 0) {
		tell_object(finder, real, "this program makes none of that name");
	} else if (order > 0) {
		tell_object(finder, again, "it is missing");
	} else if (sql_is_null(real->statement, COLUMN_TEXT) !=
			   sql_is_null(again->statement, COLUMN_TEXT) ||
		   !span_equal(sql_text(real->statement, COLUMN_TEXT),
			       sql_text(again->statement, COLUMN_TEXT))) {
		/* Byte by byte: the same migrations and schemas wrote both. */
		tell_object(finder, real, "this program makes it otherwise");
	}
	if (order <= 0) {
		status = sql_row(real->statement, &real->row, err);
	}
	if (status == STATUS_OK && order >= 0) {
		status = sql_row(again->statement, &again->row, err);
	}
	return status;
}

enum status
store_objects_compare(struct store *store, struct store *again, bool typed,
		      const struct finder *finder, struct error *err)
{
	struct objects real = {.row = false};
	struct objects made = {.row = false};
	enum status status = objects_open(store, typed, &real, err);

	if (status == STATUS_OK) {
		status = objects_open(again, typed, &made, err);
	}
	while (status == STATUS_OK && (real.row || made.row)) {
		status = compare_next(&real, &made, finder, err);
	}
	return status;
}

/* ---- against what they say of themselves ---- */

/* "row 5 missing from index NAME"; what has no index is of the file. */
static struct span
index_named(struct span message)
{
	static const char word[] = " index ";
	const size_t length = sizeof word - 1;

	for (size_t i = 0; i + length < message.length; i++) {
		if (memcmp(message.at + i, word, length) == 0) {
			return span_of(message.at + i + length, message.length - i - length);
		}
	}
	return span_of_text(file_name);
}

enum status
store_pages_check(struct store *store, const struct finder *finder, struct error *err)
{
	static const char text[] = "PRAGMA integrity_check";
	struct statement *s = sql_prepare(store->sql, text, err);
	bool row = true;
	enum status status = STATUS_OK;

	while (status == STATUS_OK && row) {
		status = sql_row(s, &row, err);
		if (status == STATUS_OK && row && !span_equal(sql_text(s, 0), span_of_text("ok"))) {
			struct finding finding = {.table = schema_table, .column = "content"};

			finding_plain(index_named(sql_text(s, 0)), finding.row, sizeof finding.row);
			finding_plain(sql_text(s, 0), finding.what, sizeof finding.what);
			finder->found(finder->context, &finding);
		}
	}
	return status;
}

/* ---- before anything is written ---- */

enum status
store_triggers_refuse(struct store *store, struct error *err)
{
	enum { NAME_SHOWN = 41 };
	/* No index of somebody's own may answer. */
	static const char text[] = "SELECT type, name, tbl_name FROM sqlite_schema NOT INDEXED"
				   " WHERE type IN ('trigger', 'view') ORDER BY 1, 2 LIMIT 1";
	struct statement *s = sql_prepare(store->sql, text, err);
	char name[NAME_SHOWN];
	char table[NAME_SHOWN];
	bool row = false;
	enum status status = sql_row(s, &row, err);

	if (status != STATUS_OK || !row) {
		return status;
	}
	finding_plain(sql_text(s, 1), name, sizeof name);
	finding_plain(sql_text(s, 2), table, sizeof table);
	status = fail(err, STATUS_STORAGE,
		      "%s %s of %s was not made by this program. Keep a copy, see what"
		      " `sambungctl verify` finds, and restore a backup (docs/ledger.md)",
		      kind_of(sql_text(s, 0)), name, table);
	sql_reset(s);
	return status;
}

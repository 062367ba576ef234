/* SPDX-License-Identifier: Apache-2.0 */
/* Are the typed tables' rows those that the log makes? */
#include "evidence.h"
#include "typed.h"

#include <inttypes.h>
#include <stdio.h>

enum { COLUMN_ID, COLUMN_TOUCHED, FIRST_COLUMN, QUERY_SIZE = 400 };

/* One of the two databases: the rows of one table in order. */
struct side {
	struct statement *statement;
	bool row;
};

struct typed_comparing {
	struct span table;
	uint64_t followed; /* entries that the real tables have followed */
	const struct missing *missing;
	const struct finder *finder;
	struct side real;
	struct side again;
};

/* The query is `select`, the table, `rest`. */
static enum status
side_open(struct store *store, const char *select, struct span table, const char *rest,
	  struct side *side, struct error *err)
{
	char text[QUERY_SIZE];
	const int length =
		snprintf(text, sizeof text, "%s \"%.*s\" %s", select, NAME_ARGS(table), rest);

	if (length < 0 || (size_t)length >= sizeof text) {
		return fail(err, STATUS_LIMIT, "the name of a typed table");
	}
	side->statement = sql_prepare_own(store->sql, text, err);
	return side->statement == NULL ? err->status : sql_row(side->statement, &side->row, err);
}

static void
tell_row(const struct typed_comparing *comparing, uint64_t id, const char *what)
{
	struct finding finding = {.table = "typed", .column = ""};
	char row[FINDING_ROW_SIZE];

	(void)snprintf(row, sizeof row, "%.*s/%" PRIu64, NAME_ARGS(comparing->table), id);
	finding_plain(span_of_text(row), finding.row, sizeof finding.row);
	finding_say(comparing->finder, &finding, what);
}

static bool
is_same_row(const struct typed_comparing *comparing)
{
	struct statement *real = comparing->real.statement;
	struct statement *again = comparing->again.statement;
	const int columns = sql_columns(again);

	if (sql_columns(real) != columns) {
		return false;
	}
	for (int i = FIRST_COLUMN; i < columns; i++) {
		if (!sql_same(real, again, i)) {
			return false;
		}
	}
	return true;
}

/* Of a record that was touched since, the row may be as it was before, or not be there yet. */
static enum status
compare_next(struct typed_comparing *comparing, struct error *err)
{
	const struct missing *missing = comparing->missing;
	struct side *real = &comparing->real;
	struct side *again = &comparing->again;
	const uint64_t real_id = real->row ? sql_uint(real->statement, COLUMN_ID) : UINT64_MAX;
	const uint64_t again_id = again->row ? sql_uint(again->statement, COLUMN_ID) : UINT64_MAX;
	const bool settled =
		again->row && sql_uint(again->statement, COLUMN_TOUCHED) <= comparing->followed;
	enum status status = STATUS_OK;

	if (real_id < again_id) {
		if (!missing->lost(missing->context, real_id)) {
			tell_row(comparing, real_id, "the log knows no such row");
		}
	} else if (settled && real_id > again_id) {
		tell_row(comparing, again_id, "the row is missing");
	} else if (settled && !is_same_row(comparing)) {
		tell_row(comparing, real_id, "is not what the log says");
	}
	if (real_id <= again_id) {
		status = sql_row(real->statement, &real->row, err);
	}
	if (status == STATUS_OK && again_id <= real_id) {
		status = sql_row(again->statement, &again->row, err);
	}
	return status;
}

static enum status
compare_table(struct store *store, struct store *again, struct typed_comparing *comparing,
	      struct error *err)
{
	const struct span table = comparing->table;
	enum status status = side_open(
		again, "SELECT t.id, max(r.version, r.moved), t.* FROM", table,
		"AS t CROSS JOIN record AS r ON r.id = t.id ORDER BY t.id", &comparing->again, err);

	if (status == STATUS_OK) {
		status = side_open(store, "SELECT id, 0, t.* FROM", table, "AS t ORDER BY id",
				   &comparing->real, err);
	}
	while (status == STATUS_OK && (comparing->real.row || comparing->again.row)) {
		status = compare_next(comparing, err);
	}
	sql_statement_free(comparing->real.statement);
	sql_statement_free(comparing->again.statement);
	return status;
}

static enum status
has_table(struct store *store, struct span table, bool *out, struct error *err)
{
	static const char text[] =
		"SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = ?";
	struct statement *s = sql_prepare(store->sql, text, err);
	uint64_t count = 0;
	enum status status;

	sql_bind_text(s, 1, table);
	status = store_number(s, &count, err);
	*out = count > 0;
	return status;
}

enum status
store_typed_compare(struct store *store, struct store *again, const struct missing *missing,
		    const struct finder *finder, struct error *err)
{
	static const char head_text[] = "SELECT seq FROM typed_head";
	static const char tables_text[] = "SELECT name FROM sqlite_schema WHERE type = 'table'"
					  " AND substr(name, 1, 2) = 't_' ORDER BY 1";
	uint64_t followed = 0;
	struct statement *tables;
	bool more = true;
	enum status status = store_number(sql_prepare(store->sql, head_text, err), &followed, err);

	if (status != STATUS_OK) {
		return status;
	}
	tables = sql_prepare(again->sql, tables_text, err);
	while (status == STATUS_OK && more) {
		struct typed_comparing comparing = {
			.followed = followed, .missing = missing, .finder = finder};
		bool there = false;

		status = sql_row(tables, &more, err);
		if (status == STATUS_OK && more) {
			comparing.table = sql_text(tables, 0);
			status = has_table(store, comparing.table, &there, err);
		}
		/* One that is missing or otherwise is told by store_objects_compare. */
		if (status == STATUS_OK && there) {
			status = compare_table(store, again, &comparing, err);
		}
	}
	if (more) {
		sql_reset(tables);
	}
	return status;
}

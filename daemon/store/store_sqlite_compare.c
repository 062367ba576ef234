/* SPDX-License-Identifier: Apache-2.0 */
#include "compare.h"
#include "store_sqlite.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { QUERY_SIZE = 400, KEYS_MAX = 3, COLUMNS_MAX = 12, SHOWN_BYTES = 4 };

/*
 * The one list of what the database holds.
 *
 * compared: the columns that replaying the log gives again, each as it was; the first `keys` of
 * them tell the rows apart, in that order. apart: what daemon/verify looks at in a way of its own.
 * operations: what does not follow from the log, and is no evidence; why, stands beside it.
 */
struct evidence {
	const char *table;
	const char *compared;
	unsigned keys;
	const char *where; /* of the rows that are compared */
	const char *apart;
	const char *operations;
};

static const struct evidence evidence[] = {
	/* Every column is in the headers that the tree is over, or behind the commitment in them.
	 */
	{.table = "log",
	 .apart = "seq kind received_ms session stream n time user record verdict reason"
		  " schema_version commitment salt payload"},
	/* Which rows share a run depends on how parcels came: verify holds each against the log. */
	{.table = "log_run", .apart = "stream n count seq village"},
	{.table = "tree", .compared = "number root", .keys = 1},
	/* Held against the signature, the tree and the epochs. */
	{.table = "checkpoint", .apart = "place epoch size root origin signature"},
	{.table = "epoch", .compared = "place epoch parent cut", .keys = 1},
	{.table = "record",
	 .compared = "id type parent village version moved conflicts state",
	 .keys = 1},
	/* Of a place without records only that something once left it follows (shapes, below). */
	{.table = "place",
	 .compared = "village type records conflicts",
	 .keys = 2,
	 .where = "records <> 0 OR conflicts <> 0"},
	{.table = "move", .compared = "village seq record", .keys = 3},
	{.table = "stream", .compared = "number kind name key parent parent_n", .keys = 1},
	{.table = "device", .compared = "number state scope_version scope", .keys = 1},
	{.table = "device_scope", .compared = "device version scope", .keys = 2},
	{.table = "token",
	 .compared = "user hash role scope_low scope_high name expires_ms",
	 .keys = 1},
	{.table = "schema", .compared = "version cbor json", .keys = 1},
	{.table = "quarantine",
	 .compared = "seq stream n record village settled released",
	 .keys = 1},

	/* Operations. Of some a part follows all the same, and is compared. */
	/* session: rows of sessions may be lost, their numbers are not given out again. */
	{.table = "log_head", .compared = "only seq", .keys = 1, .operations = "session"},
	/* How far a device came last, and when: each request says it anew. */
	{.table = "progress",
	 .compared = "number acked_n chain",
	 .keys = 1,
	 .operations = "r last_ms"},
	/* What a server calls itself is compared by verify; where it runs is its own affair. */
	{.table = "setting", .apart = "name value"},
	/* As the change was judged last: judging it again tells. */
	{.table = "quarantine_cause", .operations = "seq reason awaits"},
	/* A code lives for 72 hours; what came of it is an entry of the log. */
	{.table = "code",
	 .operations = "id secret_hash expires_ms cadre scope failures device device_key"},
	/* How syncs went. */
	{.table = "session",
	 .operations = "id time_ms stream requests bytes_up bytes_down sent acked conflicts"
		       " quarantined pulled_from pulled_to result"},
	/* The keys of other people's files, which are in no change. */
	{.table = "import_row", .operations = "type key record version cells"},
	/* Projections for reports, made again from the records; the tables t_<type> as well. */
	{.table = "typed_head", .operations = "only seq"},
	{.table = "typed_column", .operations = "type tag part name"},
};

static const char typed_prefix[] = "t_";

/* ---- telling ---- */

static void tell(const struct finder *finder, struct finding *finding, const char *what, ...)
	PRINTF_LIKE(3, 4);

static void
tell(const struct finder *finder, struct finding *finding, const char *what, ...)
{
	va_list list;

	va_start(list, what);
	(void)vsnprintf(finding->what, sizeof finding->what, what, list);
	va_end(list);
	finder->found(finder->context, finding);
}

void
finding_tell(const struct finder *finder, const char *table, const char *column, uint64_t number,
	     const char *what, ...)
{
	struct finding finding = {.table = table, .column = column};
	va_list list;

	(void)snprintf(finding.row, sizeof finding.row, "%" PRIu64, number);
	va_start(list, what);
	(void)vsnprintf(finding.what, sizeof finding.what, what, list);
	va_end(list);
	finder->found(finder->context, &finding);
}

/* ---- the tables against each other ---- */

/* One side: its rows in order. */
struct side {
	struct statement *statement;
	bool row;
};

struct comparing {
	const struct evidence *evidence;
	const char *names[COLUMNS_MAX];
	char words[QUERY_SIZE];
	int columns;
	const struct finder *finder;
	struct side real;
	struct side again;
};

static void
split_columns(struct comparing *comparing)
{
	char *at = comparing->words;

	(void)snprintf(comparing->words, sizeof comparing->words, "%s",
		       comparing->evidence->compared);
	comparing->columns = 0;
	while (at != NULL && comparing->columns < COLUMNS_MAX) {
		char *end = strchr(at, ' ');

		comparing->names[comparing->columns++] = at;
		if (end != NULL) {
			*end++ = '\0';
		}
		at = end;
	}
}

static enum status
side_next(struct side *side, struct error *err)
{
	return sql_row(side->statement, &side->row, err);
}

static enum status
side_open(const struct comparing *comparing, struct store *store, struct side *side,
	  struct error *err)
{
	const struct evidence *table = comparing->evidence;
	struct buffer text;
	enum status status;

	buffer_init(&text, QUERY_SIZE);
	for (int i = 0; i < comparing->columns; i++) {
		buffer_printf(&text, "%s%s", i == 0 ? "SELECT " : ", ", comparing->names[i]);
	}
	buffer_printf(&text, " FROM %s%s%s ORDER BY", table->table,
		      table->where == NULL ? "" : " WHERE ",
		      table->where == NULL ? "" : table->where);
	for (unsigned i = 0; i < table->keys; i++) {
		buffer_printf(&text, "%s %u", i == 0 ? "" : ",", i + 1);
	}
	buffer_append_byte(&text, '\0');
	status = buffer_status(&text, "a query", err);
	if (status == STATUS_OK) {
		side->statement = sql_prepare_own(store->sql, (const char *)text.at, err);
		status = side->statement == NULL ? err->status : side_next(side, err);
	}
	buffer_finish(&text);
	return status;
}

/* Which row comes first? Keys are integers. */
static int
compare_keys(const struct comparing *comparing)
{
	if (!comparing->real.row || !comparing->again.row) {
		return comparing->real.row ? -1 : 1;
	}
	for (int i = 0; i < (int)comparing->evidence->keys; i++) {
		int64_t real = sql_int(comparing->real.statement, i);
		int64_t again = sql_int(comparing->again.statement, i);

		if (real != again) {
			return real < again ? -1 : 1;
		}
	}
	return 0;
}

static struct finding
finding_at(const struct comparing *comparing, const struct side *side, const char *column)
{
	struct finding finding = {.table = comparing->evidence->table, .column = column};
	size_t used = 0;

	for (int i = 0; i < (int)comparing->evidence->keys; i++) {
		int length = snprintf(finding.row + used, sizeof finding.row - used, "%s%" PRId64,
				      i == 0 ? "" : "/", sql_int(side->statement, i));

		used += length > 0 && used + (size_t)length < sizeof finding.row ? (size_t)length
										 : 0;
	}
	return finding;
}

static bool
same_value(struct statement *one, struct statement *other, int column)
{
	if (sql_is_null(one, column) != sql_is_null(other, column)) {
		return false;
	}
	/* Each column has one type; an integer's text tells it as well. */
	return span_equal(sql_blob(one, column), sql_blob(other, column));
}

static void
compare_row(const struct comparing *comparing)
{
	for (int i = (int)comparing->evidence->keys; i < comparing->columns; i++) {
		if (!same_value(comparing->real.statement, comparing->again.statement, i)) {
			struct finding finding =
				finding_at(comparing, &comparing->real, comparing->names[i]);

			tell(comparing->finder, &finding, "is not what the log says");
		}
	}
}

static enum status
compare_rows(struct comparing *comparing, struct error *err)
{
	enum status status = STATUS_OK;

	while (status == STATUS_OK && (comparing->real.row || comparing->again.row)) {
		const int order = compare_keys(comparing);
		struct finding finding =
			finding_at(comparing, order <= 0 ? &comparing->real : &comparing->again,
				   comparing->names[0]);

		if (order < 0) {
			tell(comparing->finder, &finding, "the log knows no such row");
		} else if (order > 0) {
			tell(comparing->finder, &finding, "the row is missing");
		} else {
			compare_row(comparing);
		}
		if (order <= 0) {
			status = side_next(&comparing->real, err);
		}
		if (status == STATUS_OK && order >= 0) {
			status = side_next(&comparing->again, err);
		}
	}
	return status;
}

static enum status
compare_table(const struct evidence *table, struct store *store, struct store *again,
	      const struct finder *finder, struct error *err)
{
	struct comparing comparing = {.evidence = table, .finder = finder};
	enum status status;

	split_columns(&comparing);
	status = side_open(&comparing, store, &comparing.real, err);
	if (status == STATUS_OK) {
		status = side_open(&comparing, again, &comparing.again, err);
	}
	if (status == STATUS_OK) {
		status = compare_rows(&comparing, err);
	}
	sql_statement_free(comparing.real.statement);
	sql_statement_free(comparing.again.statement);
	return status;
}

enum status
store_compare(struct store *store, struct store *again, const struct finder *finder,
	      struct error *err)
{
	enum status status = STATUS_OK;

	for (size_t i = 0; i < sizeof evidence / sizeof evidence[0] && status == STATUS_OK; i++) {
		if (evidence[i].compared != NULL) {
			status = compare_table(&evidence[i], store, again, finder, err);
		}
	}
	return status;
}

/* ---- what one look shows ---- */

struct shape {
	const char *table;
	const char *column;
	const char *what;
	const char *text; /* numbers of the rows that are not as they must be */
};

/* Readers take what cannot be for 0; a header made of that would hide it. */
#define SHAPE_U32(table, key, column)                                                              \
	{                                                                                          \
		table, column, "is no number that can stand there",                                \
			"SELECT " key " FROM " table " WHERE " column                              \
			" NOT BETWEEN 0 AND 4294967295"                                            \
	}
#define SHAPE_U63(table, key, column)                                                              \
	{                                                                                          \
		table, column, "is no number that can stand there",                                \
			"SELECT " key " FROM " table " WHERE " column " < 0"                       \
	}

/* Together with the headers these make each column of the log count: there is one way to write an
 * entry. */
static const struct shape shapes[] = {
	SHAPE_U63("log", "seq", "seq"),
	SHAPE_U32("log", "seq", "kind"),
	SHAPE_U63("log", "seq", "session"),
	SHAPE_U32("log", "seq", "stream"),
	SHAPE_U32("log", "seq", "n"),
	SHAPE_U32("log", "seq", "user"),
	SHAPE_U63("log", "seq", "record"),
	SHAPE_U32("log", "seq", "verdict"),
	SHAPE_U32("log", "seq", "reason"),
	SHAPE_U32("log", "seq", "schema_version"),
	SHAPE_U32("log_run", "stream", "stream"),
	SHAPE_U32("log_run", "stream", "n"),
	SHAPE_U63("log_run", "stream", "count"),
	SHAPE_U63("log_run", "stream", "seq"),
	SHAPE_U63("log_run", "stream", "village"),
	SHAPE_U63("checkpoint", "place", "place"),
	SHAPE_U32("checkpoint", "place", "epoch"),
	SHAPE_U63("checkpoint", "place", "size"),
	{"log", "commitment", "it is kept though it follows, or missing though it does not",
	 "SELECT seq FROM log WHERE (payload IS NULL) = (commitment IS NULL)"},
	{"log", "salt", "salt and payload go together",
	 "SELECT seq FROM log WHERE (payload IS NULL) <> (salt IS NULL)"},
	{"log", "record", "it is written out though it follows",
	 "SELECT seq FROM log WHERE kind = 1 AND record = (stream << 32) + n"},
	{"log", "record", "it is left out though it does not follow",
	 "SELECT seq FROM log WHERE kind <> 1 AND record IS NULL"},
	{"log", "stream", "an entry that is no change has a stream, an n or a verdict",
	 "SELECT seq FROM log WHERE kind <> 1"
	 " AND (stream <> 0 OR n <> 0 OR verdict <> 0 OR reason <> 0 OR schema_version <> 0)"},
	{"log", "verdict", "verdict and reason do not go together",
	 "SELECT seq FROM log WHERE verdict NOT IN (0, 1) OR (verdict = 0) <> (reason = 0)"},
	{"place", "village", "nothing ever left it",
	 "SELECT village FROM place WHERE records = 0 AND conflicts = 0 AND NOT EXISTS (SELECT 1"
	 " FROM move JOIN record ON record.id = move.record WHERE move.village = place.village"
	 " AND record.type = place.type)"},
};

static enum status
check_shape(struct store *store, const struct shape *shape, const struct finder *finder,
	    struct error *err)
{
	struct statement *s = sql_prepare(store->sql, shape->text, err);
	bool row = true;
	enum status status = STATUS_OK;

	while (status == STATUS_OK && row) {
		status = sql_row(s, &row, err);
		if (status == STATUS_OK && row) {
			finding_tell(finder, shape->table, shape->column, sql_uint(s, 0), "%s",
				     shape->what);
		}
	}
	return status;
}

enum status
store_shapes_check(struct store *store, const struct finder *finder, struct error *err)
{
	enum status status = STATUS_OK;

	for (size_t i = 0; i < sizeof shapes / sizeof shapes[0] && status == STATUS_OK; i++) {
		status = check_shape(store, &shapes[i], finder, err);
	}
	return status;
}

/* ---- the list against the database ---- */

static bool
has_word(const char *words, struct span word)
{
	while (words != NULL && *words != '\0') {
		size_t length = strcspn(words, " ");

		if (span_equal(span_of(words, length), word)) {
			return true;
		}
		words += length;
		words += strspn(words, " ");
	}
	return false;
}

static bool
is_listed(struct span table, struct span column)
{
	if (table.length > sizeof typed_prefix - 1 &&
	    memcmp(table.at, typed_prefix, sizeof typed_prefix - 1) == 0) {
		return true;
	}
	for (size_t i = 0; i < sizeof evidence / sizeof evidence[0]; i++) {
		if (span_equal(span_of_text(evidence[i].table), table)) {
			return has_word(evidence[i].compared, column) ||
			       has_word(evidence[i].apart, column) ||
			       has_word(evidence[i].operations, column);
		}
	}
	return false;
}

enum status
store_tables_check(struct store *store, const struct finder *finder, struct error *err)
{
	static const char text[] =
		"SELECT m.name, c.name FROM sqlite_schema m JOIN pragma_table_info(m.name) c"
		" WHERE m.type IN ('table', 'view') AND m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
		" ORDER BY 1, c.cid";
	struct statement *s = sql_prepare(store->sql, text, err);
	bool row = true;
	enum status status = STATUS_OK;

	while (status == STATUS_OK && row) {
		status = sql_row(s, &row, err);
		if (status == STATUS_OK && row && !is_listed(sql_text(s, 0), sql_text(s, 1))) {
			struct finding finding = {.table = "sqlite_schema", .column = "name"};

			(void)snprintf(finding.row, sizeof finding.row, "%.*s.%.*s",
				       NAME_ARGS(sql_text(s, 0)), NAME_ARGS(sql_text(s, 1)));
			tell(finder, &finding, "this program knows no such column");
		}
	}
	return status;
}

/* ---- what verify looks at in a way of its own ---- */

enum status
store_checkpoints_read(struct store *store, struct buffer *out, struct error *err)
{
	static const char text[] = "SELECT place, epoch, size, root, origin, signature"
				   " FROM checkpoint ORDER BY place";
	struct statement *s = sql_prepare(store->sql, text, err);
	bool row = true;

	while (row) {
		struct kept_checkpoint kept = {.whole = false};
		struct checkpoint *checkpoint = &kept.checkpoint;
		enum status status = sql_row(s, &row, err);

		if (status != STATUS_OK) {
			return status;
		}
		if (row) {
			kept.place = sql_uint(s, 0);
			checkpoint->epoch = store_u32(s, 1);
			checkpoint->size = sql_uint(s, 2);
			kept.whole = sql_blob_exact(s, 3, checkpoint->root, HASH_SIZE) &&
				     sql_blob_exact(s, 4, checkpoint->origin, ORIGIN_SIZE) &&
				     sql_blob_exact(s, 5, checkpoint->signature, SIGNATURE_SIZE);
			buffer_append(out, &kept, sizeof kept);
		}
	}
	return buffer_status(out, "the checkpoints", err);
}

struct log_spans {
	struct statement *statement;
};

enum status
store_spans_open(struct store *store, struct log_spans **out, struct error *err)
{
	static const char text[] =
		"SELECT stream, n, count, seq, village FROM log_run ORDER BY seq, n";
	struct log_spans *spans = calloc(1, sizeof *spans);

	if (spans == NULL) {
		return store_exhausted("the log's runs", err);
	}
	spans->statement = sql_prepare_own(store->sql, text, err);
	if (spans->statement == NULL) {
		free(spans);
		return err->status;
	}
	*out = spans;
	return STATUS_OK;
}

enum status
store_spans_next(struct log_spans *spans, struct log_span *out, bool *more_out, struct error *err)
{
	struct statement *s = spans->statement;
	enum status status = sql_row(s, more_out, err);

	if (status == STATUS_OK && *more_out) {
		*out = (struct log_span){store_u32(s, 0), store_u32(s, 1), sql_uint(s, 2),
					 sql_uint(s, 3), sql_uint(s, 4)};
	}
	return status;
}

void
store_spans_close(struct log_spans *spans)
{
	if (spans != NULL) {
		sql_statement_free(spans->statement);
		free(spans);
	}
}

/* ---- the store that the log is replayed into ---- */

static void
unlink_with(const char *path, const char *ending)
{
	char name[QUERY_SIZE];

	(void)snprintf(name, sizeof name, "%s%s", path, ending);
	(void)remove(name);
}

enum status
store_scratch(const char *path, struct store **out, struct error *err)
{
	static const char touch_text[] = "UPDATE log_head SET session = 0";
	struct store *store;
	enum status status = store_create(path, err);

	if (status != STATUS_OK) {
		return status;
	}
	status = store_open(path, STORE_WRITER, &store, err);
	if (status == STATUS_OK) {
		status = sql_durable(store->sql, false, err);
		/* Its write-ahead log is there from the first commit on. */
		if (status == STATUS_OK) {
			status = sql_run(sql_prepare(store->sql, touch_text, err), err);
		}
		if (status != STATUS_OK) {
			store_close(store);
		}
	}
	unlink_with(path, "");
	unlink_with(path, "-wal");
	unlink_with(path, "-shm");
	if (status == STATUS_OK) {
		*out = store;
	}
	return status;
}

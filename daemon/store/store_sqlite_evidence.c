/* SPDX-License-Identifier: Apache-2.0 */
/* What in the database is evidence and what is not, and what one look at it shows. */
#include "evidence.h"
#include "store_sqlite.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* The one list. */
const struct evidence evidence[] = {
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
	 .keys = 1,
	 .record = 1},
	/* Of a place without records only that something once left it follows (shapes, below). */
	{.table = "place",
	 .compared = "village type records conflicts",
	 .keys = 2,
	 .where = "records <> 0 OR conflicts <> 0",
	 .counts = true},
	{.table = "move", .compared = "village seq record", .keys = 3, .record = 3},
	{.table = "stream", .compared = "number kind name key parent parent_n", .keys = 1},
	{.table = "device", .compared = "number state scope_version scope", .keys = 1},
	{.table = "device_destroyed", .compared = "device seq", .keys = 1},
	{.table = "device_scope", .compared = "device version scope", .keys = 2},
	/* Follows from device_scope; it says who sees the device. */
	{.table = "device_region", .compared = "device low high", .keys = 3},
	{.table = "user", .compared = "number name role scope_low scope_high disabled", .keys = 1},
	{.table = "token",
	 .compared = "user hash role scope_low scope_high name expires_ms revoked",
	 .keys = 1},
	{.table = "schema", .compared = "version cbor json", .keys = 1},
	{.table = "quarantine",
	 .compared = "seq stream n record village settled released",
	 .keys = 1,
	 .record = 4,
	 .entry = true},

	{.table = "erased", .compared = "record seq", .keys = 1},
	/* When nothing was left in the files, no entry says. */
	{.table = "erasure",
	 .compared = "seq record asked_ms",
	 .keys = 1,
	 .operations = "finished_ms"},
	/* Whoever wrote of it has a row (verify_told.c). Whose villages it was in cannot be told
	 * any more. */
	{.table = "erasure_device", .apart = "device seq", .operations = "acked_ms"},

	/* Operations. Of some a part follows all the same, and is compared. */
	/* session: rows of sessions may be lost, their numbers are not given out again. */
	{.table = "log_head", .compared = "only seq", .keys = 1, .operations = "session"},
	/* How far a device came last, and when: each request says it anew. */
	{.table = "progress",
	 .compared = "number acked_n chain",
	 .keys = 1,
	 .operations = "r last_ms witness"},
	/* What a server calls itself is compared by verify; where it runs is its own affair. */
	{.table = "setting", .apart = "name value"},
	/* As the change was judged last: judging it again tells. One of each in quarantine
	   (shapes). */
	{.table = "quarantine_cause", .apart = "seq", .operations = "reason awaits"},
	/* A code lives for 72 hours; what came of it is an entry of the log. */
	{.table = "code",
	 .operations = "id secret_hash expires_ms cadre scope failures device device_key"},
	/* Nothing of a password is in the log, where somebody might guess at it. */
	{.table = "user_password", .operations = "number password last_ms"},
	/* Who is here, and who tried to be. */
	{.table = "token_use", .operations = "hash last_ms"},
	{.table = "login", .operations = "hash user began_ms last_ms"},
	{.table = "login_failure", .operations = "subject count last_ms"},
	/* How syncs went. */
	{.table = "session",
	 .operations = "id time_ms stream requests bytes_up bytes_down sent acked conflicts"
		       " quarantined pulled_from pulled_to result"},
	/* The keys of other people's files, which are in no change. */
	{.table = "import_row", .operations = "type key record version cells"},
	/* Projections for reports. The rows of the tables t_<type> are compared as far as these
	 * have followed the log (typed_compare.c). */
	{.table = "typed_column", .compared = "type tag part name", .keys = 3},
	{.table = "typed_head", .operations = "only seq"},
};

const size_t evidence_count = sizeof evidence / sizeof evidence[0];

static const char typed_prefix[] = "t_";

/* ---- telling ---- */

void
finding_plain(struct span text, char *out, size_t size)
{
	size_t length = text.length < size ? text.length : size - 1;

	for (size_t i = 0; i < length; i++) {
		const uint8_t byte = text.at[i];

		out[i] = byte < ' ' || byte > '~' || byte == '"' || byte == '\\' ? '?' : (char)byte;
	}
	out[length] = '\0';
}

void
finding_say(const struct finder *finder, struct finding *finding, const char *what)
{
	(void)snprintf(finding->what, sizeof finding->what, "%s", what);
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
	{"log", "seq", "it stands before the first entry", "SELECT seq FROM log WHERE seq < 1"},
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
	{"quarantine_cause", "seq", "the row is missing",
	 "SELECT seq FROM quarantine WHERE seq NOT IN (SELECT seq FROM quarantine_cause)"},
	{"quarantine_cause", "seq", "nothing of that number was set aside",
	 "SELECT seq FROM quarantine_cause WHERE seq NOT IN (SELECT seq FROM quarantine)"},
	/* Also of what was erased, for headers stay. */
	{"quarantine", "seq", "no such change was set aside there",
	 "SELECT q.seq FROM quarantine q LEFT JOIN log l ON l.seq = q.seq AND l.kind = 1"
	 " AND l.verdict = 1 AND l.stream = q.stream AND l.n = q.n"
	 " AND coalesce(l.record, (l.stream << 32) + l.n) = q.record WHERE l.seq IS NULL"},
	{"quarantine", "settled", "it is open, though it was erased",
	 "SELECT q.seq FROM quarantine q JOIN log l ON l.seq = q.seq WHERE l.payload IS NULL"
	 " AND q.settled = 0 AND q.released = 0"},
	{"erasure_device", "seq", "no entry of that number erased anything",
	 "SELECT seq FROM erasure_device WHERE seq NOT IN (SELECT seq FROM erasure)"},
	{"erasure_device", "device", "there is no such device",
	 "SELECT device FROM erasure_device WHERE device NOT IN (SELECT number FROM device)"},
	/* Or its records were erased. */
	{"place", "village", "nothing ever left it",
	 "SELECT village FROM place WHERE records = 0 AND conflicts = 0"
	 " AND NOT EXISTS (SELECT 1 FROM log WHERE kind = 7) AND NOT EXISTS (SELECT 1"
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
	for (size_t i = 0; i < evidence_count; i++) {
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
			char both[FINDING_ROW_SIZE];

			(void)snprintf(both, sizeof both, "%.*s.%.*s", NAME_ARGS(sql_text(s, 0)),
				       NAME_ARGS(sql_text(s, 1)));
			finding_plain(span_of_text(both), finding.row, sizeof finding.row);
			finding_say(finder, &finding, "this program knows no such column");
		}
	}
	return status;
}

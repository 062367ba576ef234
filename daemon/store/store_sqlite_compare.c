/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence.h"
#include "store_sqlite.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { QUERY_SIZE = 400, KEYS_MAX = 3, COLUMNS_MAX = 12 };

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
	const struct missing *missing;
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

static bool
is_passed_over(const struct comparing *comparing, const struct side *side)
{
	const struct missing *missing = comparing->missing;
	const unsigned column = comparing->evidence->record;
	uint64_t id;

	if (!side->row || column == 0) {
		return false;
	}
	/* The row of an erased record must be gone; that of a lost one cannot be judged. */
	id = sql_uint(side->statement, (int)column - 1);
	if (column == 1) {
		return missing->lost(missing->context, id);
	}
	return missing->record(missing->context, id) ||
	       (comparing->evidence->entry &&
		missing->entry(missing->context, sql_uint(side->statement, 0)));
}

static enum status
side_next(const struct comparing *comparing, struct side *side, struct error *err)
{
	enum status status;

	do {
		status = sql_row(side->statement, &side->row, err);
	} while (status == STATUS_OK && is_passed_over(comparing, side));
	return status;
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
		status = side->statement == NULL ? err->status : side_next(comparing, side, err);
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

static void
compare_row(const struct comparing *comparing)
{
	for (int i = (int)comparing->evidence->keys; i < comparing->columns; i++) {
		if (!sql_same(comparing->real.statement, comparing->again.statement, i)) {
			struct finding finding =
				finding_at(comparing, &comparing->real, comparing->names[i]);

			finding_say(comparing->finder, &finding, "is not what the log says");
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
			finding_say(comparing->finder, &finding, "the log knows no such row");
		} else if (order > 0) {
			finding_say(comparing->finder, &finding, "the row is missing");
		} else {
			compare_row(comparing);
		}
		if (order <= 0) {
			status = side_next(comparing, &comparing->real, err);
		}
		if (status == STATUS_OK && order >= 0) {
			status = side_next(comparing, &comparing->again, err);
		}
	}
	return status;
}

static enum status
compare_table(struct comparing *comparing, struct store *store, struct store *again,
	      struct error *err)
{
	enum status status;

	split_columns(comparing);
	status = side_open(comparing, store, &comparing->real, err);
	if (status == STATUS_OK) {
		status = side_open(comparing, again, &comparing->again, err);
	}
	if (status == STATUS_OK) {
		status = compare_rows(comparing, err);
	}
	sql_statement_free(comparing->real.statement);
	sql_statement_free(comparing->again.statement);
	return status;
}

enum status
store_compare(struct store *store, struct store *again, const struct missing *missing,
	      const struct finder *finder, struct error *err)
{
	enum status status = STATUS_OK;

	for (size_t i = 0; i < evidence_count && status == STATUS_OK; i++) {
		struct comparing comparing = {
			.evidence = &evidence[i], .finder = finder, .missing = missing};

		if (evidence[i].compared != NULL && !(evidence[i].counts && missing->some)) {
			status = compare_table(&comparing, store, again, err);
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

enum status
store_erasure_told(struct store *store, uint64_t seq, uint32_t stream, bool *told_out,
		   struct error *err)
{
	/* Who is former is not told: the installation goes on under another number. Nor is a number
	 * without a key: there is no installation. */
	static const char text[] =
		"WITH RECURSIVE family (number) AS (SELECT number FROM stream WHERE number = ?1"
		" AND kind = 1 UNION SELECT s.number FROM family f JOIN stream s"
		" ON s.parent = f.number AND s.parent > 0)"
		" SELECT NOT EXISTS (SELECT 1 FROM family f JOIN stream s ON s.number = f.number"
		" AND s.key <> zeroblob(32)) OR EXISTS (SELECT 1 FROM family f"
		" JOIN erasure_device d ON d.device = f.number AND d.seq = ?2)"
		" OR EXISTS (SELECT 1 FROM family f JOIN device_destroyed d"
		" ON d.device = f.number AND d.seq < ?2)";
	struct statement *s = sql_prepare(store->sql, text, err);
	uint64_t told = 0;
	enum status status;

	sql_bind_uint(s, 1, stream);
	sql_bind_uint(s, 2, seq);
	status = store_number(s, &told, err);
	if (status == STATUS_OK) {
		*told_out = told != 0;
	}
	return status;
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

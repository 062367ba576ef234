/* SPDX-License-Identifier: Apache-2.0 */
#include "store_sqlite.h"

#include <stdlib.h>
#include <string.h>

/* ---- reading ---- */

#define RECORD_COLUMNS "type, parent, village, version, moved, conflicts, state IS NULL"
enum { STATE_COLUMN = 7 };

static struct statement *
select_record(struct store *store, uint64_t id, struct error *err)
{
	static const char text[] = "SELECT " RECORD_COLUMNS ", CASE WHEN state IS NULL THEN"
				   " (SELECT payload FROM log WHERE seq = version) ELSE state END"
				   " FROM record WHERE id = ?";
	struct statement *s = sql_prepare(store->sql, text, err);

	sql_bind_uint(s, 1, id);
	return s;
}

/* All but the state. */
static struct stored_record
record_of(struct statement *s, uint64_t id)
{
	return (struct stored_record){
		.id = id,
		.type = store_u32(s, 0),
		.parent = sql_uint(s, 1),
		.village = sql_uint(s, 2),
		.version = sql_uint(s, 3),
		.moved = sql_uint(s, 4),
		.conflicts = store_u32(s, 5),
		.one_change = sql_int(s, 6) != 0,
	};
}

enum status
record_read(struct store *store, uint64_t id, struct buffer *state, struct stored_record *out,
	    bool *found_out, struct error *err)
{
	struct statement *s = select_record(store, id, err);
	struct stored_record record;
	enum status status = sql_row(s, found_out, err);

	if (status != STATUS_OK || !*found_out) {
		return status;
	}
	record = record_of(s, id);
	buffer_clear(state);
	buffer_append_span(state, sql_blob(s, STATE_COLUMN));
	sql_reset(s);
	record.state = buffer_span(state);
	status = buffer_status(state, "a record", err);
	if (status == STATUS_OK) {
		*out = record;
	}
	return status;
}

enum status
record_village(struct store *store, uint64_t id, uint64_t *village_out, bool *found_out,
	       struct error *err)
{
	static const char text[] = "SELECT village FROM record WHERE id = ?";
	struct statement *s = sql_prepare(store->sql, text, err);
	enum status status;

	sql_bind_uint(s, 1, id);
	status = sql_row(s, found_out, err);
	if (status == STATUS_OK && *found_out) {
		*village_out = sql_uint(s, 0);
		sql_reset(s);
	}
	return status;
}

enum status
store_records_load(struct store *store, const uint64_t *ids, size_t count, struct arena *arena,
		   struct stored_record *out, struct error *err)
{
	for (size_t i = 0; i < count; i++) {
		struct statement *s = select_record(store, ids[i], err);
		bool row;
		bool kept;
		enum status status = sql_row(s, &row, err);

		if (status != STATUS_OK) {
			return status;
		}
		if (!row) {
			out[i] = (struct stored_record){0};
			continue;
		}
		out[i] = record_of(s, ids[i]);
		out[i].state = sql_blob(s, STATE_COLUMN);
		kept = store_keep(arena, &out[i].state);
		sql_reset(s);
		if (!kept) {
			return store_exhausted("records", err);
		}
	}
	return STATUS_OK;
}

/* Is it in the scope? The row at the id, or the one before it, is read in any case, so that a
 * record outside takes as long as none. */
static enum status
is_in_scope(struct store *store, uint64_t id, const struct region *scope, bool *out,
	    struct error *err)
{
	static const char text[] = "SELECT (id = ?1) & (village >= ?2) & (village <= ?3)"
				   " FROM record WHERE id <= ?1 ORDER BY id DESC LIMIT 1";
	const struct region asked = store_scope(scope);
	struct statement *s = sql_prepare(store->sql, text, err);
	uint64_t in_scope = 0;
	enum status status;

	sql_bind_uint(s, 1, id);
	sql_bind_uint(s, 2, asked.low);
	sql_bind_uint(s, 3, asked.high);
	status = store_number(s, &in_scope, err);
	*out = in_scope != 0;
	return status;
}

enum status
store_record_find(struct store *store, uint64_t id, const struct region *scope, struct arena *arena,
		  struct stored_record *out, struct error *err)
{
	bool found = false;
	enum status status = is_in_scope(store, id, scope, &found, err);

	if (status == STATUS_OK && !found) {
		return fail(err, STATUS_NOT_FOUND, "record");
	}
	return status == STATUS_OK && out != NULL
		       ? store_records_load(store, &id, 1, arena, out, err)
		       : status;
}

enum status
store_records_place(struct store *store, const uint64_t *ids, size_t count,
		    struct stored_record *out, struct error *err)
{
	static const char text[] = "SELECT " RECORD_COLUMNS " FROM record WHERE id = ?";

	for (size_t i = 0; i < count; i++) {
		struct statement *s = sql_prepare(store->sql, text, err);
		bool row;
		enum status status;

		sql_bind_uint(s, 1, ids[i]);
		status = sql_row(s, &row, err);
		if (status != STATUS_OK) {
			return status;
		}
		out[i] = (struct stored_record){0};
		if (row) {
			out[i] = record_of(s, ids[i]);
			sql_reset(s);
		}
	}
	return STATUS_OK;
}

/* ---- writing ---- */

/* What a row of `place` gains or loses; kept back while the place stays the same, because the
 * records of a parcel mostly belong to one. */
struct tally {
	uint64_t village;
	uint32_t type;
	int64_t records;
	int64_t conflicts;
};

static enum status
tally_flush(struct store *store, struct tally *tally, struct error *err)
{
	static const char text[] = "INSERT INTO place (village, type, records, conflicts)"
				   " VALUES (?, ?, ?, ?) ON CONFLICT (village, type) DO UPDATE SET"
				   " records = records + excluded.records,"
				   " conflicts = conflicts + excluded.conflicts";
	struct statement *s;

	if (tally->records == 0 && tally->conflicts == 0) {
		return STATUS_OK;
	}
	s = sql_prepare(store->sql, text, err);
	sql_bind_uint(s, 1, tally->village);
	sql_bind_uint(s, 2, tally->type);
	sql_bind_int(s, 3, tally->records);
	sql_bind_int(s, 4, tally->conflicts);
	tally->records = 0;
	tally->conflicts = 0;
	return sql_run(s, err);
}

/* Counts `record` in (sign 1) or out (-1). */
static enum status
tally_add(struct store *store, struct tally *tally, const struct stored_record *record, int sign,
	  struct error *err)
{
	if (record->village != tally->village || record->type != tally->type) {
		enum status status = tally_flush(store, tally, err);

		if (status != STATUS_OK) {
			return status;
		}
		tally->village = record->village;
		tally->type = record->type;
	}
	tally->records += sign;
	tally->conflicts += record->conflicts > 0 ? sign : 0;
	return STATUS_OK;
}

#define RECORD_INSERT                                                                              \
	"INSERT INTO record (id, type, parent, village, version, moved, conflicts, state) VALUES "
#define RECORD_ROW "(?, ?, ?, ?, ?, ?, ?, ?)"
enum { RECORD_ROW_COLUMNS = 8 };

/* Parameters after the first `at`. */
static void
bind_record(struct statement *s, int at, const struct stored_record *record)
{
	sql_bind_uint(s, at + 1, record->id);
	sql_bind_uint(s, at + 2, record->type);
	sql_bind_uint(s, at + 3, record->parent);
	sql_bind_uint(s, at + 4, record->village);
	sql_bind_uint(s, at + 5, record->version);
	sql_bind_uint(s, at + 6, record->moved);
	sql_bind_uint(s, at + 7, record->conflicts);
	if (!record->one_change) {
		sql_bind_blob(s, at + 8, record->state);
	}
}

/* One, or STORE_TOGETHER. */
static enum status
insert_records(struct store *store, const struct record_write *writes, size_t count,
	       struct error *err)
{
	static const char one_text[] = RECORD_INSERT RECORD_ROW;
	static const char text[] = RECORD_INSERT STORE_ROWS(RECORD_ROW);
	struct statement *s = sql_prepare(store->sql, count == 1 ? one_text : text, err);

	for (size_t i = 0; i < count; i++) {
		bind_record(s, (int)i * RECORD_ROW_COLUMNS, &writes[i].row);
	}
	return sql_run(s, err);
}

/* SQLite rewrites every index that has a column named in SET, changed or not; most edits leave
 * parent and village alone. */
static enum status
update_record(struct store *store, const struct stored_record *former,
	      const struct stored_record *record, struct error *err)
{
	static const char state_text[] =
		"UPDATE record SET version = ?2, moved = ?3, conflicts = ?4, state = ?5"
		" WHERE id = ?1";
	static const char whole_text[] =
		"UPDATE record SET version = ?2, moved = ?3, conflicts = ?4, state = ?5,"
		" parent = ?6, village = ?7 WHERE id = ?1";
	const bool whole = record->parent != former->parent || record->village != former->village;
	struct statement *s = sql_prepare(store->sql, whole ? whole_text : state_text, err);

	sql_bind_uint(s, 1, record->id);
	sql_bind_uint(s, 2, record->version);
	sql_bind_uint(s, 3, record->moved);
	sql_bind_uint(s, 4, record->conflicts);
	if (!record->one_change) {
		sql_bind_blob(s, 5, record->state);
	}
	if (whole) {
		sql_bind_uint(s, 6, record->parent);
		sql_bind_uint(s, 7, record->village);
	}
	return sql_run(s, err);
}

static enum status
rewrite_record(struct store *store, const struct record_write *write, struct tally *tally,
	       struct error *err)
{
	const struct stored_record *former = write->former;
	const struct stored_record *record = &write->row;
	enum status status;

	if (former->type != record->type) {
		return fail(err, STATUS_INTERNAL, "a record of type %lu cannot become type %lu",
			    (unsigned long)former->type, (unsigned long)record->type);
	}
	status = update_record(store, former, record, err);
	return status == STATUS_OK ? tally_add(store, tally, former, -1, err) : status;
}

/* How many new records come one after another, up to what goes together. */
static size_t
count_new(const struct record_write *writes, size_t count)
{
	size_t fresh = 0;

	while (fresh < count && fresh < STORE_TOGETHER && writes[fresh].former == NULL) {
		fresh++;
	}
	return store_together(fresh);
}

enum status
store_records_write(struct store *store, const struct record_write *rows, size_t count,
		    struct error *err)
{
	struct tally tally = {0};

	for (size_t i = 0; i < count;) {
		const size_t together = count_new(&rows[i], count - i);
		enum status status = rows[i].former == NULL
					     ? insert_records(store, &rows[i], together, err)
					     : rewrite_record(store, &rows[i], &tally, err);

		for (size_t k = 0; k < together && status == STATUS_OK; k++) {
			status = tally_add(store, &tally, &rows[i + k].row, 1, err);
		}
		if (status != STATUS_OK) {
			return status;
		}
		i += together;
	}
	return tally_flush(store, &tally, err);
}

enum status
store_record_remove(struct store *store, uint64_t record, struct error *err)
{
	static const char text[] = "DELETE FROM record WHERE id = ?";
	struct tally tally = {0};
	struct stored_record row;
	struct statement *s;
	enum status status = store_records_place(store, &record, 1, &row, err);

	if (status != STATUS_OK || row.id == 0) {
		return status;
	}
	s = sql_prepare(store->sql, text, err);
	sql_bind_uint(s, 1, record);
	status = sql_run(s, err);
	if (status == STATUS_OK) {
		status = tally_add(store, &tally, &row, -1, err);
	}
	return status == STATUS_OK ? tally_flush(store, &tally, err) : status;
}

enum status
store_move_append(struct store *store, uint64_t seq, uint64_t record, uint64_t village,
		  struct error *err)
{
	static const char text[] = "INSERT INTO move (village, seq, record) VALUES (?, ?, ?)";
	struct statement *s = sql_prepare(store->sql, text, err);

	sql_bind_uint(s, 1, village);
	sql_bind_uint(s, 2, seq);
	sql_bind_uint(s, 3, record);
	return sql_run(s, err);
}

enum status
store_villages_left(struct store *store, uint64_t record, struct buffer *out, struct error *err)
{
	static const char text[] = "SELECT village FROM move WHERE record = ? ORDER BY seq";
	struct statement *s = sql_prepare(store->sql, text, err);
	bool row = true;

	sql_bind_uint(s, 1, record);
	while (row) {
		enum status status = sql_row(s, &row, err);

		if (status != STATUS_OK) {
			return status;
		}
		if (row) {
			const uint64_t village = sql_uint(s, 0);

			buffer_append(out, &village, sizeof village);
		}
	}
	return buffer_status(out, "where a record was", err);
}

/* Each row ends a stay; the last stay goes on. */
enum status
store_stay_find(struct store *store, const struct stay_query *query, uint64_t *village_out,
		struct error *err)
{
	static const char text[] =
		"SELECT seq, village FROM move WHERE record = ? AND seq > ? ORDER BY seq";
	struct statement *s = sql_prepare(store->sql, text, err);
	uint64_t village = 0;
	uint64_t end = 0;
	bool row = true;

	sql_bind_uint(s, 1, query->record);
	sql_bind_uint(s, 2, query->since);
	while (row && end < query->until) {
		enum status status = sql_row(s, &row, err);

		if (status != STATUS_OK) {
			return status;
		}
		end = row ? sql_uint(s, 0) : query->until;
		village = row ? sql_uint(s, 1) : query->village;
		if (villages_cover(query->regions, query->region_count, village)) {
			break;
		}
		village = 0;
	}
	if (row) {
		sql_reset(s);
	}
	*village_out = village;
	return STATUS_OK;
}

/* ---- what hangs on others ---- */

static int
compare_hanging(const void *one, const void *other)
{
	const struct hanging *a = one;
	const struct hanging *b = other;

	if (a->parent != b->parent) {
		return a->parent < b->parent ? -1 : 1;
	}
	return (a->id > b->id) - (a->id < b->id);
}

enum status
store_hanging(struct store *store, uint64_t village, struct buffer *out, struct error *err)
{
	static const char text[] =
		"SELECT parent, id FROM record WHERE village = ?1 AND parent > 0 AND " RECORD_INDEXED
		" UNION ALL SELECT parent, id FROM " RECORDS_OF_RUNS
		" WHERE log_run.village = ?1 AND log_run.village > 0 AND parent > 0"
		" AND " RECORD_IN_RUN;
	struct statement *s = sql_prepare(store->sql, text, err);
	bool row = true;

	buffer_clear(out);
	sql_bind_uint(s, 1, village);
	while (row) {
		enum status status = sql_row(s, &row, err);

		if (status != STATUS_OK) {
			return status;
		}
		if (row) {
			const struct hanging hanging = {sql_uint(s, 0), sql_uint(s, 1)};

			buffer_append(out, &hanging, sizeof hanging);
		}
	}
	if (out->length > 0) {
		qsort(out->at, out->length / sizeof(struct hanging), sizeof(struct hanging),
		      compare_hanging);
	}
	return buffer_status(out, "what hangs on others", err);
}

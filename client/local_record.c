/* SPDX-License-Identifier: Apache-2.0 */
#include "client/local_parts.h"

enum { RECORD_ARENA_MAX = 16 * 1024 * 1024 /* a record of RECORD_BYTES_MAX, decoded */ };

/* Columns id, epoch, parent, conflicts, body. */
static enum status
record_get(struct local *local, struct statement *s, struct arena *arena, struct record *out,
	   struct local_place *place_out, struct error *err)
{
	struct local_place place = {.epoch = (uint32_t)sql_uint(s, 1),
				    .parent = sql_uint(s, 2),
				    .conflicts = (uint32_t)sql_uint(s, 3)};
	struct span bytes;
	struct reader in;
	enum status status = local_unseal(local, (struct seal_place){SEAL_RECORD, sql_uint(s, 0)},
					  sql_blob(s, 4), arena, &bytes, err);

	if (status != STATUS_OK) {
		return status;
	}
	in = reader_of(bytes);
	if (!record_decode(&in, arena, out) || in.left != 0 || out->id != sql_uint(s, 0)) {
		return fail(err, STATUS_STORAGE, "device.db: record");
	}
	if (place_out != NULL) {
		*place_out = place;
	}
	return STATUS_OK;
}

enum status
local_record(struct local *local, uint64_t id, struct arena *arena, struct record *out,
	     struct local_place *place_out, struct error *err)
{
	static const char text[] =
		"SELECT id, epoch, parent, conflicts, body FROM record WHERE id = ?1";
	struct statement *s = sql_prepare(local->sql, text, err);
	bool row;
	enum status status;

	sql_bind_uint(s, 1, id);
	status = sql_row(s, &row, err);
	if (status != STATUS_OK) {
		return status;
	}
	if (!row) {
		return fail(err, STATUS_NOT_FOUND, "%s", "");
	}
	status = record_get(local, s, arena, out, place_out, err);
	sql_reset(s);
	return status;
}

static enum status
record_put(struct local *local, const struct record *record, const struct local_place *place,
	   struct span body, struct error *err)
{
	static const char text[] =
		"INSERT INTO record (id, type, parent, village, epoch, version, conflicts, body)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (id) DO UPDATE SET"
		" type = ?2, parent = ?3, village = ?4, epoch = ?5, version = ?6, conflicts = ?7,"
		" body = ?8";
	struct statement *s;
	struct span sealed;
	enum status status =
		local_seal(local, (struct seal_place){SEAL_RECORD, record->id}, body, &sealed, err);

	if (status != STATUS_OK) {
		return status;
	}
	s = sql_prepare(local->sql, text, err);
	sql_bind_uint(s, 1, record->id);
	sql_bind_uint(s, 2, record->type);
	sql_bind_uint(s, 3, place->parent);
	sql_bind_uint(s, 4, record->village);
	sql_bind_uint(s, 5, place->epoch);
	sql_bind_uint(s, 6, record->version);
	sql_bind_uint(s, 7, place->conflicts);
	sql_bind_blob(s, 8, sealed);
	return sql_run(s, err);
}

enum status
local_record_save(struct local *local, const struct record *record, const struct local_place *place,
		  struct error *err)
{
	struct buffer body;
	enum status status;

	buffer_init(&body, RECORD_BYTES_MAX);
	record_encode(record, NULL, &body);
	status = buffer_status(&body, "device.db: record", err);
	if (status == STATUS_OK) {
		status = record_put(local, record, place, buffer_span(&body), err);
	}
	buffer_finish(&body);
	return status;
}

/* Does anything hang directly below? Mostly nothing does, and then the way down, which SQLite walks
 * with tables of its own, need not begin. */
static enum status
has_below(struct local *local, uint64_t above, bool *below_out, struct error *err)
{
	static const char text[] = "SELECT 1 FROM record WHERE parent = ?1 AND parent <> 0 LIMIT 1";
	struct statement *s = sql_prepare(local->sql, text, err);
	enum status status;

	sql_bind_uint(s, 1, above);
	status = sql_row(s, below_out, err);
	if (status == STATUS_OK && *below_out) {
		sql_reset(s);
	}
	return status;
}

enum status
local_record_astray(struct local *local, uint64_t above, uint64_t village, uint64_t *id_out,
		    struct error *err)
{
	/* UNION, not UNION ALL: so a circle of parents ends. */
	static const char text[] =
		"WITH RECURSIVE below (id) AS (SELECT ?1 UNION SELECT record.id FROM record"
		" JOIN below ON record.parent = below.id WHERE record.parent <> 0)"
		" SELECT record.id FROM below JOIN record ON record.id = below.id"
		" WHERE record.village <> ?2 LIMIT 1";
	struct statement *s;
	bool row;
	enum status status = has_below(local, above, &row, err);

	*id_out = 0;
	if (status != STATUS_OK || !row) {
		return status;
	}
	s = sql_prepare(local->sql, text, err);
	sql_bind_uint(s, 1, above);
	sql_bind_uint(s, 2, village);
	return sql_single(s, id_out, err);
}

enum status
local_raises(struct local *local, const struct local_state *state, struct arena *arena,
	     struct local_raises *out, struct error *err)
{
	/* A record of which an own change is acknowledged beyond `complete` waits: that may have
	 * hidden from the pages what others wrote before. The plus signs keep SQLite to the few
	 * changes after raised_n: it would rather read the index of all changes, which is in the
	 * order wanted. */
	static const char text[] = "SELECT change.record, max(change.seq) FROM change JOIN record"
				   " ON record.id = change.record WHERE change.n > ?4"
				   " AND change.seq > record.version"
				   " AND change.exception < ?2 AND record.epoch = ?3"
				   " AND record.id NOT IN (SELECT record FROM leaving)"
				   " GROUP BY +change.record HAVING max(change.seq) <= ?1"
				   " ORDER BY +change.record";
	struct statement *s = sql_prepare(local->sql, text, err);
	struct local_raises found;
	struct buffer raises;
	bool row = true;
	enum status status = STATUS_OK;

	buffer_init(&raises, SIZE_MAX);
	sql_bind_uint(s, 1, state->cursor.complete);
	sql_bind_uint(s, 2, EXCEPTION_QUARANTINED);
	sql_bind_uint(s, 3, state->epoch);
	sql_bind_uint(s, 4, state->raised_n);
	while (status == STATUS_OK && row) {
		status = sql_row(s, &row, err);
		if (status == STATUS_OK && row) {
			struct local_raise raise = {sql_uint(s, 0), sql_uint(s, 1)};

			buffer_append(&raises, &raise, sizeof raise);
		}
	}
	if (status == STATUS_OK) {
		status = buffer_status(&raises, "", err);
	}
	if (status == STATUS_OK) {
		found.at = arena_copy(arena, raises.at, raises.length);
		found.count = raises.length / sizeof found.at[0];
		status = found.at == NULL ? fail(err, STATUS_MEMORY, "%s", "") : STATUS_OK;
	}
	buffer_finish(&raises);
	if (status == STATUS_OK) {
		*out = found;
	}
	return status;
}

enum status
local_raised(struct local *local, const struct local_state *state, uint32_t *n_out,
	     struct error *err)
{
	static const char text[] = "SELECT coalesce(min(n) - 1, ?2) FROM change"
				   " WHERE n > ?1 AND n <= ?2 AND (seq > ?3"
				   " OR record IN (SELECT record FROM leaving))";
	struct statement *s = sql_prepare(local->sql, text, err);
	uint64_t n = *n_out;
	enum status status;

	sql_bind_uint(s, 1, state->raised_n);
	sql_bind_uint(s, 2, state->acked_n);
	sql_bind_uint(s, 3, state->cursor.complete);
	status = sql_single(s, &n, err);
	*n_out = (uint32_t)n;
	return status;
}

enum status
local_acked_seq(struct local *local, uint32_t raised_n, uint64_t *seq_out, struct error *err)
{
	static const char text[] = "SELECT max(seq) FROM change WHERE n > ?1";
	struct statement *s = sql_prepare(local->sql, text, err);

	sql_bind_uint(s, 1, raised_n);
	return sql_single(s, seq_out, err);
}

enum status
local_conflict_count(struct local *local, uint32_t *count_out, struct error *err)
{
	static const char text[] = "SELECT count(*) FROM record WHERE conflicts > 0";
	struct statement *s = sql_prepare(local->sql, text, err);
	uint64_t count = 0;
	enum status status = sql_single(s, &count, err);

	*count_out = (uint32_t)count;
	return status;
}

/* Over all records of a type (0: of any) in ascending id, or those below a parent in descending. */
struct walk {
	uint32_t type;
	uint64_t parent; /* 0: none */
};

static struct statement *
walk_statement(struct local *local, const struct walk *walk, uint64_t from, struct error *err)
{
	static const char all_text[] = "SELECT id, epoch, parent, conflicts, body FROM record"
				       " WHERE id > ?1 ORDER BY id LIMIT 1";
	static const char type_text[] = "SELECT id, epoch, parent, conflicts, body FROM record"
					" WHERE type = ?2 AND id > ?1 ORDER BY id LIMIT 1";
	static const char below_text[] =
		"SELECT id, epoch, parent, conflicts, body FROM record WHERE parent = ?3"
		" AND parent <> 0 AND type = ?2 AND id < ?1 ORDER BY id DESC LIMIT 1";
	const char *text = walk->parent != 0 ? below_text : walk->type != 0 ? type_text : all_text;
	struct statement *s = sql_prepare(local->sql, text, err);

	sql_bind_uint(s, 1, from);
	if (text != all_text) {
		sql_bind_uint(s, 2, walk->type);
	}
	if (text == below_text) {
		sql_bind_uint(s, 3, walk->parent);
	}
	return s;
}

/* The record that comes after `record`; id 0: none. One query a record, so that nothing stays open
 * while the caller writes. */
static enum status
walk_step(struct local *local, const struct walk *walk, struct arena *arena, struct record *record,
	  struct error *err)
{
	struct statement *s = walk_statement(local, walk, record->id, err);
	bool row;
	enum status status = sql_row(s, &row, err);

	if (status != STATUS_OK) {
		return status;
	}
	if (!row) {
		record->id = 0;
		return STATUS_OK;
	}
	status = record_get(local, s, arena, record, NULL, err);
	sql_reset(s);
	return status;
}

static enum status
records_walk(struct local *local, const struct walk *walk, local_record_fn each, void *context,
	     struct error *err)
{
	struct record record = {.id = walk->parent != 0 ? INT64_MAX : 0};
	struct arena arena;
	enum status status = STATUS_OK;

	arena_init(&arena, RECORD_ARENA_MAX);
	while (status == STATUS_OK) {
		arena_reset(&arena);
		status = walk_step(local, walk, &arena, &record, err);
		if (status != STATUS_OK || record.id == 0) {
			break;
		}
		status = each(context, &record, err);
	}
	arena_finish(&arena);
	return status;
}

enum status
local_records(struct local *local, uint32_t type, local_record_fn each, void *context,
	      struct error *err)
{
	const struct walk walk = {.type = type};

	return records_walk(local, &walk, each, context, err);
}

enum status
local_records_below(struct local *local, uint32_t type, uint64_t parent, local_record_fn each,
		    void *context, struct error *err)
{
	const struct walk walk = {.type = type, .parent = parent};

	return records_walk(local, &walk, each, context, err);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "client/local.h"

#include "client/local_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	LOCAL_VERSION = 1, /* PRAGMA user_version */
	BUSY_MS = 10000,
	CACHE_KIB = 1024,
	WAL_PAGES = 256,
	SEALED_MAX = RECORD_BYTES_MAX + 1 + SEAL_OVERHEAD,
	REGION_BYTES = 16,
	EPOCH_BYTES = 16,
	LINEAGE_BYTES = 12,
};

static const char tables[] =
	"CREATE TABLE device (id INTEGER PRIMARY KEY CHECK (id = 1),"
	" number INTEGER NOT NULL, cadre BLOB NOT NULL, url TEXT NOT NULL,"
	" server_key_id INTEGER NOT NULL, server_key BLOB NOT NULL, log_key BLOB NOT NULL,"
	" origin BLOB NOT NULL, epoch INTEGER NOT NULL, r INTEGER NOT NULL,"
	" cursor_complete INTEGER NOT NULL, cursor_key INTEGER NOT NULL,"
	" cursor_id INTEGER NOT NULL, acked_n INTEGER NOT NULL, raised_n INTEGER NOT NULL,"
	" chain BLOB NOT NULL, scope_version INTEGER NOT NULL, scope BLOB NOT NULL,"
	" witness BLOB NOT NULL, schema_version INTEGER NOT NULL, schema_hash BLOB NOT NULL,"
	" server_time_ms INTEGER NOT NULL, server_uptime_ms INTEGER NOT NULL,"
	" server_boot BLOB NOT NULL, last_sync_ms INTEGER NOT NULL, certificate BLOB,"
	" epochs BLOB NOT NULL, lineage BLOB NOT NULL, fork_n INTEGER NOT NULL,"
	" data_key BLOB, record_key BLOB, lease BLOB, destroyed_ms INTEGER NOT NULL);"
	/* seq, chain and acked_ms as the server told; exception 0: none. n below 0: of a number
	 * before a fork, in quarantine. */
	"CREATE TABLE change (n INTEGER PRIMARY KEY, record INTEGER NOT NULL,"
	" seq INTEGER NOT NULL DEFAULT 0, exception INTEGER NOT NULL DEFAULT 0,"
	" reason INTEGER NOT NULL DEFAULT 0, acked_ms INTEGER, chain BLOB, body BLOB NOT NULL);"
	"CREATE INDEX change_record ON change (record, seq, exception);"
	"CREATE INDEX change_exception ON change (exception) WHERE exception <> 0;"
	/* last_n NULL: open. */
	"CREATE TABLE batch (first_n INTEGER PRIMARY KEY, last_n INTEGER, seed BLOB NOT NULL);"
	"CREATE TABLE record (id INTEGER PRIMARY KEY, type INTEGER NOT NULL,"
	" parent INTEGER NOT NULL, village INTEGER NOT NULL, epoch INTEGER NOT NULL,"
	" version INTEGER NOT NULL, conflicts INTEGER NOT NULL, body BLOB NOT NULL);"
	"CREATE INDEX record_type ON record (type, id);"
	"CREATE INDEX record_parent ON record (parent, id) WHERE parent <> 0;"
	"CREATE INDEX record_conflicts ON record (id) WHERE conflicts > 0;"
	/* Kept only until their changes are acknowledged; guess: the server has not said so. */
	"CREATE TABLE leaving (record INTEGER PRIMARY KEY, guess INTEGER NOT NULL);"
	/* What the pages of a new scope have brought; 0 is there while they run. */
	"CREATE TABLE arrived (record INTEGER PRIMARY KEY);"
	"CREATE TABLE stream (number INTEGER PRIMARY KEY, kind INTEGER NOT NULL,"
	" name BLOB NOT NULL);"
	/* Streams that went on after a fork; struct lineage. */
	"CREATE TABLE lineage (stream INTEGER PRIMARY KEY, parent INTEGER NOT NULL,"
	" n INTEGER NOT NULL);"
	/* enum local_witness_place */
	"CREATE TABLE witness (place INTEGER PRIMARY KEY, checkpoint BLOB NOT NULL,"
	" server_ms INTEGER NOT NULL, wall_ms INTEGER NOT NULL, proof BLOB);"
	/* complete 0: being received. */
	"CREATE TABLE schema (complete INTEGER PRIMARY KEY, version INTEGER NOT NULL,"
	" hash BLOB NOT NULL, size INTEGER NOT NULL, bytes BLOB NOT NULL);"
	"PRAGMA user_version = 1;";

static enum status
version_read(struct local *local, int64_t *version_out, struct error *err)
{
	static const char text[] = "PRAGMA user_version";
	struct statement *statement = sql_prepare(local->sql, text, err);
	bool row;
	enum status status = sql_row(statement, &row, err);

	if (status == STATUS_OK) {
		*version_out = row ? sql_int(statement, 0) : 0;
		sql_reset(statement);
	}
	return status;
}

/* Two processes may have made the file together: under the lock only the first finds it empty. */
static enum status
tables_make(struct local *local, struct error *err)
{
	int64_t version;
	enum status status = local_begin(local, err);

	if (status != STATUS_OK) {
		return status;
	}
	status = version_read(local, &version, err);
	if (status == STATUS_OK && version == 0) {
		status = sql_exec(local->sql, tables, err);
	}
	if (status == STATUS_OK) {
		return local_commit(local, err);
	}
	local_rollback(local);
	return status;
}

static enum status
tables_check(struct local *local, struct error *err)
{
	int64_t version;
	enum status status = version_read(local, &version, err);

	if (status == STATUS_OK && version == 0) {
		return tables_make(local, err);
	}
	if (status == STATUS_OK && version != LOCAL_VERSION) {
		return fail(err, STATUS_UNSUPPORTED, "device.db v%d", (int)version);
	}
	return status;
}

static enum status
database_open(const char *path, struct sql **out, struct error *err)
{
	struct sql_options options = {.access = SQL_WRITE,
				      .busy_ms = BUSY_MS,
				      .cache_kib = CACHE_KIB,
				      .wal_pages = WAL_PAGES,
				      .durable = true};
	enum status status;

	if (access(path, F_OK) == 0) {
		return sql_open(path, &options, out, err);
	}
	options.access = SQL_CREATE;
	status = sql_open(path, &options, out, err);
	if (status != STATUS_EXISTS) {
		return status;
	}
	/* Another process was faster, or no file can be made here. */
	if (access(path, F_OK) != 0) {
		return fail(err, STATUS_STORAGE, "%s: errno %d", path, errno);
	}
	options.access = SQL_WRITE;
	return sql_open(path, &options, out, err);
}

enum status
local_open(const char *directory, struct local **out, struct error *err)
{
	struct local *local = calloc(1, sizeof *local);
	struct buffer path;
	enum status status;

	if (local == NULL) {
		return fail(err, STATUS_MEMORY, "device.db");
	}
	buffer_init(&local->sealed, SEALED_MAX);
	buffer_init(&path, 4096);
	buffer_printf(&path, "%s/device.db", directory);
	buffer_append_byte(&path, '\0');
	status = buffer_status(&path, "device.db", err);
	if (status == STATUS_OK) {
		status = database_open((const char *)path.at, &local->sql, err);
	}
	if (status == STATUS_OK) {
		status = tables_check(local, err);
	}
	buffer_finish(&path);
	if (status != STATUS_OK) {
		local_close(local);
		return status;
	}
	*out = local;
	return STATUS_OK;
}

void
local_close(struct local *local)
{
	if (local == NULL) {
		return;
	}
	sql_close(local->sql);
	buffer_finish(&local->sealed);
	crypto_wipe(local, sizeof *local);
	free(local);
}

/* No commit that somebody relies on may find the haste of an earlier one. */
static enum status
haste_set(struct local *local, bool hasty, struct error *err)
{
	enum status status = STATUS_OK;

	if (local->hasty != hasty) {
		status = sql_durable(local->sql, !hasty, err);
	}
	if (status == STATUS_OK) {
		local->hasty = hasty;
	}
	return status;
}

enum status
local_begin(struct local *local, struct error *err)
{
	static const char text[] = "BEGIN IMMEDIATE";
	enum status status = haste_set(local, false, err);

	if (status == STATUS_OK) {
		status = sql_run(sql_prepare(local->sql, text, err), err);
	}
	if (status == STATUS_BUSY) {
		return fail(err, STATUS_BUSY, "device.db");
	}
	local->rows_begun = sql_changes_all(local->sql);
	return status;
}

enum status
local_commit(struct local *local, struct error *err)
{
	static const char text[] = "COMMIT";
	enum status status = sql_run(sql_prepare(local->sql, text, err), err);

	if (status != STATUS_OK) {
		local_rollback(local);
	}
	return status;
}

void
local_rollback(struct local *local)
{
	/* Some failures have rolled back already, and then this fails: either way nothing is open.
	 */
	(void)sql_exec(local->sql, "ROLLBACK", NULL);
}

static void
scope_put(const struct local_state *state, uint8_t bytes_out[LOCAL_SCOPE_MAX * REGION_BYTES])
{
	for (size_t i = 0; i < state->scope_count; i++) {
		put_le64(bytes_out + REGION_BYTES * i, state->scope[i].low);
		put_le64(bytes_out + REGION_BYTES * i + 8, state->scope[i].high);
	}
}

static bool
scope_get(struct span bytes, struct local_state *state)
{
	if (bytes.length % REGION_BYTES != 0 || bytes.length / REGION_BYTES > LOCAL_SCOPE_MAX) {
		return false;
	}
	state->scope_count = bytes.length / REGION_BYTES;
	for (size_t i = 0; i < state->scope_count; i++) {
		state->scope[i].low = get_le64(bytes.at + REGION_BYTES * i);
		state->scope[i].high = get_le64(bytes.at + REGION_BYTES * i + 8);
	}
	return true;
}

static bool
epochs_get(struct span bytes, struct local_state *state)
{
	if (bytes.length % EPOCH_BYTES != 0 || bytes.length / EPOCH_BYTES > LOCAL_EPOCHS_MAX) {
		return false;
	}
	state->epoch_count = bytes.length / EPOCH_BYTES;
	for (size_t i = 0; i < state->epoch_count; i++) {
		const uint8_t *at = bytes.at + EPOCH_BYTES * i;

		state->epochs[i] = (struct epoch){get_le32(at), get_le32(at + 4), get_le64(at + 8)};
	}
	return true;
}

static void
epochs_put(const struct local_state *state, uint8_t *out)
{
	for (size_t i = 0; i < state->epoch_count; i++) {
		put_le32(out + EPOCH_BYTES * i, state->epochs[i].epoch);
		put_le32(out + EPOCH_BYTES * i + 4, state->epochs[i].parent);
		put_le64(out + EPOCH_BYTES * i + 8, state->epochs[i].cut);
	}
}

static bool
lineage_get(struct span bytes, struct local_state *state)
{
	if (bytes.length % LINEAGE_BYTES != 0 || bytes.length / LINEAGE_BYTES > LOCAL_LINEAGE_MAX) {
		return false;
	}
	state->lineage_count = bytes.length / LINEAGE_BYTES;
	for (size_t i = 0; i < state->lineage_count; i++) {
		const uint8_t *at = bytes.at + LINEAGE_BYTES * i;

		state->lineage[i] = (struct lineage){
			.stream = get_le32(at), .parent = get_le32(at + 4), .n = get_le32(at + 8)};
	}
	return true;
}

static void
lineage_put(const struct local_state *state, uint8_t *out)
{
	for (size_t i = 0; i < state->lineage_count; i++) {
		put_le32(out + LINEAGE_BYTES * i, state->lineage[i].stream);
		put_le32(out + LINEAGE_BYTES * i + 4, state->lineage[i].parent);
		put_le32(out + LINEAGE_BYTES * i + 8, state->lineage[i].n);
	}
}

/* Copies a text into a fixed place with its NUL. */
static bool
text_get(struct span text, char *out, size_t size)
{
	if (text.length >= size) {
		return false;
	}
	if (text.length > 0) {
		memcpy(out, text.at, text.length);
	}
	out[text.length] = '\0';
	return true;
}

static bool
cadre_get(struct local *local, struct span sealed, struct local_state *state)
{
	struct arena arena;
	struct span name;
	enum status status;
	bool got;

	arena_init(&arena, sizeof state->cadre + 64);
	status = local_unseal(local, (struct seal_place){SEAL_CADRE, 0}, sealed, &arena, &name,
			      NULL);
	got = status == STATUS_PIN_NEEDED ||
	      (status == STATUS_OK && text_get(name, state->cadre, sizeof state->cadre));
	arena_finish(&arena);
	return got;
}

static bool
state_get_blobs(struct local *local, struct statement *s, struct local_state *state)
{
	uint8_t witness[CHECKPOINT_SIZE];

	if (!cadre_get(local, sql_blob(s, 1), state) ||
	    !text_get(sql_text(s, 2), state->url, sizeof state->url) ||
	    !sql_blob_exact(s, 4, state->server_key, sizeof state->server_key) ||
	    !sql_blob_exact(s, 5, state->log_key, sizeof state->log_key) ||
	    !sql_blob_exact(s, 6, state->origin, sizeof state->origin) ||
	    !sql_blob_exact(s, 14, state->chain, sizeof state->chain) ||
	    !scope_get(sql_blob(s, 16), state) || !sql_blob_exact(s, 17, witness, sizeof witness) ||
	    !sql_blob_exact(s, 19, state->schema_hash, sizeof state->schema_hash) ||
	    !sql_blob_exact(s, 22, state->server_boot, sizeof state->server_boot) ||
	    !epochs_get(sql_blob(s, 25), state) || !lineage_get(sql_blob(s, 26), state)) {
		return false;
	}
	checkpoint_decode(witness, &state->witness);
	return true;
}

static void
state_get_numbers(struct statement *s, struct local_state *state)
{
	state->device = (uint32_t)sql_uint(s, 0);
	state->server_key_id = (uint8_t)sql_uint(s, 3);
	state->epoch = (uint32_t)sql_uint(s, 7);
	state->r = sql_uint(s, 8);
	state->cursor.complete = sql_uint(s, 9);
	state->cursor.key = sql_uint(s, 10);
	state->cursor.id = sql_uint(s, 11);
	state->acked_n = (uint32_t)sql_uint(s, 12);
	state->raised_n = (uint32_t)sql_uint(s, 13);
	state->scope_version = sql_uint(s, 15);
	state->schema_version = (uint32_t)sql_uint(s, 18);
	state->server_time_ms = sql_int(s, 20);
	state->server_uptime_ms = sql_int(s, 21);
	state->last_sync_ms = sql_int(s, 23);
	state->last_n = (uint32_t)sql_uint(s, 24);
	state->fork_n = (uint32_t)sql_uint(s, 27);
	state->destroyed_ms = sql_int(s, 28);
	if (state->destroyed_ms != 0) {
		state->last_n = state->acked_n;
	}
}

static const char state_select[] =
	"SELECT number, cadre, url, server_key_id, server_key, log_key, origin, epoch, r,"
	" cursor_complete, cursor_key, cursor_id, acked_n, raised_n, chain, scope_version, scope,"
	" witness, schema_version, schema_hash, server_time_ms, server_uptime_ms, server_boot,"
	" last_sync_ms, (SELECT max(n) FROM change WHERE n > 0), epochs, lineage, fork_n,"
	" destroyed_ms"
	" FROM device";

enum status
local_state_load(struct local *local, struct local_state *out, struct error *err)
{
	struct statement *s = sql_prepare(local->sql, state_select, err);
	struct local_state state = {0};
	bool row;
	enum status status = sql_row(s, &row, err);

	if (status != STATUS_OK) {
		return status;
	}
	if (row) {
		state_get_numbers(s, &state);
		if (!state_get_blobs(local, s, &state)) {
			status = fail(err, STATUS_STORAGE, "device.db: device");
		} else if (state.last_n < state.acked_n) {
			/* The newest change is always kept: no number is given out twice. */
			status =
				fail(err, STATUS_STORAGE, "device.db: change, n %u", state.acked_n);
		}
		sql_reset(s);
	}
	if (status == STATUS_OK) {
		*out = state;
	}
	return status;
}

static void
state_bind_numbers(struct statement *s, const struct local_state *state)
{
	sql_bind_uint(s, 1, state->device);
	sql_bind_uint(s, 4, state->server_key_id);
	sql_bind_uint(s, 8, state->epoch);
	sql_bind_uint(s, 9, state->r);
	sql_bind_uint(s, 10, state->cursor.complete);
	sql_bind_uint(s, 11, state->cursor.key);
	sql_bind_uint(s, 12, state->cursor.id);
	sql_bind_uint(s, 13, state->acked_n);
	sql_bind_uint(s, 14, state->raised_n);
	sql_bind_uint(s, 16, state->scope_version);
	sql_bind_uint(s, 19, state->schema_version);
	sql_bind_int(s, 21, state->server_time_ms);
	sql_bind_int(s, 22, state->server_uptime_ms);
	sql_bind_int(s, 24, state->last_sync_ms);
	sql_bind_uint(s, 27, state->fork_n);
	sql_bind_int(s, 28, state->destroyed_ms);
}

/* All columns but certificate and data key, which an update must not touch. */
static const char state_upsert[] =
	"INSERT INTO device (id, number, cadre, url, server_key_id, server_key, log_key, origin,"
	" epoch, r, cursor_complete, cursor_key, cursor_id, acked_n, raised_n, chain, scope_version,"
	" scope, witness, schema_version, schema_hash, server_time_ms, server_uptime_ms,"
	" server_boot, last_sync_ms, epochs, lineage, fork_n, destroyed_ms) VALUES (1, ?1, ?2, ?3,"
	" ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22,"
	" ?23, ?24, ?25, ?26, ?27, ?28)"
	" ON CONFLICT (id) DO UPDATE SET number = ?1, cadre = ?2, url = ?3, server_key_id = ?4,"
	" server_key = ?5, log_key = ?6, origin = ?7, epoch = ?8, r = ?9, cursor_complete = ?10,"
	" cursor_key = ?11, cursor_id = ?12, acked_n = ?13, raised_n = ?14, chain = ?15,"
	" scope_version = ?16, scope = ?17, witness = ?18, schema_version = ?19,"
	" schema_hash = ?20, server_time_ms = ?21, server_uptime_ms = ?22, server_boot = ?23,"
	" last_sync_ms = ?24, epochs = ?25, lineage = ?26, fork_n = ?27, destroyed_ms = ?28";

/* All but moments, under the numbers of the upsert. */
static const char state_same[] =
	"SELECT 1 FROM device WHERE (number, cadre, url, server_key_id, server_key, log_key,"
	" origin, epoch, cursor_complete, cursor_key, cursor_id, acked_n, raised_n, chain,"
	" scope_version, scope, witness, schema_version, schema_hash, epochs, lineage, fork_n,"
	" destroyed_ms) = (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17,"
	" ?18, ?19, ?20, ?25, ?26, ?27, ?28)";

/* Runs one of these two; whether it has a row. */
static enum status
state_run(struct local *local, const char *text, const struct local_state *state, bool *row_out,
	  struct error *err)
{
	struct statement *s;
	struct span cadre;
	uint8_t scope[LOCAL_SCOPE_MAX * REGION_BYTES];
	uint8_t witness[CHECKPOINT_SIZE];
	uint8_t epochs[LOCAL_EPOCHS_MAX * EPOCH_BYTES];
	uint8_t lineage[LOCAL_LINEAGE_MAX * LINEAGE_BYTES];
	enum status status = local_seal(local, (struct seal_place){SEAL_CADRE, 0},
					span_of_text(state->cadre), &cadre, err);

	if (status != STATUS_OK) {
		return status;
	}
	scope_put(state, scope);
	checkpoint_encode(&state->witness, witness);
	epochs_put(state, epochs);
	lineage_put(state, lineage);
	s = sql_prepare(local->sql, text, err);
	state_bind_numbers(s, state);
	sql_bind_blob(s, 2, cadre);
	sql_bind_text(s, 3, span_of_text(state->url));
	sql_bind_blob(s, 5, span_of(state->server_key, sizeof state->server_key));
	sql_bind_blob(s, 6, span_of(state->log_key, sizeof state->log_key));
	sql_bind_blob(s, 7, span_of(state->origin, sizeof state->origin));
	sql_bind_blob(s, 15, span_of(state->chain, sizeof state->chain));
	sql_bind_blob(s, 17, span_of(scope, REGION_BYTES * state->scope_count));
	sql_bind_blob(s, 18, span_of(witness, sizeof witness));
	sql_bind_blob(s, 20, span_of(state->schema_hash, sizeof state->schema_hash));
	sql_bind_blob(s, 23, span_of(state->server_boot, sizeof state->server_boot));
	sql_bind_blob(s, 25, span_of(epochs, EPOCH_BYTES * state->epoch_count));
	sql_bind_blob(s, 26, span_of(lineage, LINEAGE_BYTES * state->lineage_count));
	status = sql_row(s, row_out, err);
	sql_reset(s);
	return status;
}

enum status
local_state_save(struct local *local, const struct local_state *state, struct error *err)
{
	bool row;

	return state_run(local, state_upsert, state, &row, err);
}

enum status
local_only_moments(struct local *local, const struct local_state *state, bool *only_out,
		   struct error *err)
{
	bool same;
	enum status status = state_run(local, state_same, state, &same, err);

	if (status == STATUS_OK) {
		*only_out = same && sql_changes_all(local->sql) == local->rows_begun;
	}
	return status;
}

enum status
local_moments_save(struct local *local, const struct local_state *state, struct error *err)
{
	/* Not if another process has gone on since, perhaps under another number. */
	static const char text[] = "UPDATE device SET r = ?1, server_time_ms = ?2,"
				   " server_uptime_ms = ?3, server_boot = ?4, last_sync_ms = ?5"
				   " WHERE r <= ?1 AND number = ?6";
	enum status status = haste_set(local, true, err);
	struct statement *s;

	if (status != STATUS_OK) {
		return status;
	}
	s = sql_prepare(local->sql, text, err);
	sql_bind_uint(s, 1, state->r);
	sql_bind_int(s, 2, state->server_time_ms);
	sql_bind_int(s, 3, state->server_uptime_ms);
	sql_bind_blob(s, 4, span_of(state->server_boot, sizeof state->server_boot));
	sql_bind_int(s, 5, state->last_sync_ms);
	sql_bind_uint(s, 6, state->device);
	return sql_run(s, err);
}

enum status
local_certificate_save(struct local *local, struct span certificate, struct error *err)
{
	static const char text[] = "UPDATE device SET certificate = ?1";
	struct statement *s;
	struct span sealed;
	enum status status = local_seal(local, (struct seal_place){SEAL_CERTIFICATE, 0},
					certificate, &sealed, err);

	if (status != STATUS_OK) {
		return status;
	}
	s = sql_prepare(local->sql, text, err);
	sql_bind_blob(s, 1, sealed);
	return sql_run(s, err);
}

enum status
local_certificate(struct local *local, struct arena *arena, struct span *out, struct error *err)
{
	static const char text[] = "SELECT certificate FROM device WHERE certificate IS NOT NULL";
	struct statement *s = sql_prepare(local->sql, text, err);
	bool row;
	enum status status = sql_row(s, &row, err);

	if (status == STATUS_OK && !row) {
		return fail(err, STATUS_NOT_FOUND, "certificate");
	}
	if (status == STATUS_OK) {
		status = local_unseal(local, (struct seal_place){SEAL_CERTIFICATE, 0},
				      sql_blob(s, 0), arena, out, err);
		sql_reset(s);
	}
	return status;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/check/check_store.h"

#include "tests/check/check_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct statement *
check_query(struct check *check, const char *text, struct error *err)
{
	return sql_prepare_own(check->sql, text, err);
}

enum status
check_wrong(struct error *err, uint64_t seq, const char *what)
{
	return fail(err, STATUS_MALFORMED, "entry %llu: %s", (unsigned long long)seq, what);
}

/* Calls `each` for every row of a query. */
static enum status
for_rows(struct check *check, const char *text,
	 enum status (*each)(struct check *check, struct statement *row, struct error *err),
	 struct error *err)
{
	struct statement *statement = check_query(check, text, err);
	bool row = true;
	enum status status = statement == NULL ? err->status : STATUS_OK;

	while (status == STATUS_OK && row) {
		status = sql_row(statement, &row, err);
		if (status == STATUS_OK && row) {
			status = each(check, statement, err);
		}
	}
	sql_statement_free(statement);
	return status;
}

/* ---- what the log is judged by ---- */

static enum status
read_schema(struct check *check, struct statement *row, struct error *err)
{
	schema_free(check->schema);
	check->schema = NULL;
	return schema_decode(sql_blob(row, 0), &check->schema, err);
}

static enum status
read_epoch(struct check *check, struct statement *row, struct error *err)
{
	struct epoch *epoch = &check->epochs[check->epoch_count++];

	if (check->epoch_count > 63) {
		return fail(err, STATUS_LIMIT, "epochs");
	}
	epoch->epoch = (uint32_t)sql_uint(row, 0);
	epoch->parent = (uint32_t)sql_uint(row, 1);
	epoch->cut = sql_uint(row, 2);
	return STATUS_OK;
}

static enum status
read_stream(struct check *check, struct statement *row, struct error *err)
{
	struct check_stream *stream = ARENA_NEW(&check->arena, struct check_stream);
	struct check_stream **bucket;

	if (stream == NULL) {
		return fail(err, STATUS_MEMORY, "streams");
	}
	stream->number = (uint32_t)sql_uint(row, 0);
	bucket = &check->streams[stream->number % BUCKETS];
	stream->next = *bucket;
	*bucket = stream;
	stream->kind = (uint8_t)sql_uint(row, 1);
	stream->acked_n = (uint32_t)sql_uint(row, 3);
	if (!sql_blob_exact(row, 2, stream->key, sizeof stream->key) ||
	    !sql_blob_exact(row, 4, stream->chain, sizeof stream->chain)) {
		return fail(err, STATUS_MALFORMED, "stream %u: key or chain", stream->number);
	}
	chain_start(stream->key, stream->number, stream->now);
	return STATUS_OK;
}

struct check_stream *
check_stream_find(struct check *check, uint32_t number)
{
	struct check_stream *at = check->streams[number % BUCKETS];

	while (at != NULL && at->number != number) {
		at = at->next;
	}
	return at;
}

struct check_record *
check_record_find(struct check *check, uint64_t id)
{
	struct check_record **bucket = &check->records[(id ^ id >> 32) % BUCKETS];

	for (struct check_record *at = *bucket; at != NULL; at = at->next) {
		if (at->record.id == id) {
			return at;
		}
	}
	return NULL;
}

struct check_record *
check_record_make(struct check *check, uint64_t id)
{
	struct check_record **bucket = &check->records[(id ^ id >> 32) % BUCKETS];
	struct check_record *made = ARENA_NEW(&check->arena, struct check_record);

	if (made != NULL) {
		made->next = *bucket;
		*bucket = made;
		check->record_count++;
	}
	return made;
}

static enum status
check_streams(const struct check *check, struct error *err)
{
	for (size_t i = 0; i < BUCKETS; i++) {
		for (const struct check_stream *at = check->streams[i]; at != NULL; at = at->next) {
			if (at->n != at->acked_n || memcmp(at->now, at->chain, HASH_SIZE) != 0) {
				return fail(
					err, STATUS_MALFORMED,
					"stream %u: the log has %u changes, %u are acknowledged, or the chain differs",
					at->number, at->n, at->acked_n);
			}
		}
	}
	return STATUS_OK;
}

static enum status
check_all(struct check *check, struct error *err)
{
	static const struct {
		const char *text;
		enum status (*each)(struct check *check, struct statement *row, struct error *err);
	} steps[] = {
		{"SELECT cbor FROM schema ORDER BY version", read_schema},
		{"SELECT epoch, parent, cut FROM epoch ORDER BY place", read_epoch},
		{"SELECT s.number, kind, key, acked_n, chain FROM stream s"
		 " LEFT JOIN progress p ON p.number = s.number",
		 read_stream},
		{"SELECT " CHECK_ENTRY_COLUMNS " FROM log ORDER BY seq", check_entry},
		{"SELECT number, root FROM tree ORDER BY number", check_subtree},
		{"SELECT size, root FROM checkpoint ORDER BY place DESC LIMIT 1", check_checkpoint},
		{"SELECT seq FROM log_head", check_head},
		{"SELECT count(*), count(*) FILTER (WHERE settled NOT IN (0, seq) AND settled NOT IN (SELECT"
		 " seq FROM log WHERE kind = 7 OR (kind IN (2, 5) AND payload IS NULL))) FROM quarantine",
		 check_quarantine},
		{"SELECT count(*) FROM quarantine q JOIN log l ON l.seq = q.seq"
		 " WHERE q.settled = 0 AND l.payload IS NULL",
		 check_unsettled},
		{"SELECT count(*) FROM erased e WHERE EXISTS (SELECT 1 FROM record r WHERE r.id = e.record)"
		 " OR EXISTS (SELECT 1 FROM import_row i WHERE i.record = e.record)"
		 " OR NOT EXISTS (SELECT 1 FROM log l WHERE l.seq = e.seq AND l.kind = 7)",
		 check_erased_rows},
		{"SELECT id, village, version, state FROM record ORDER BY id", check_record},
		{"SELECT count(*) FROM record r JOIN record p ON p.id = r.parent"
		 " WHERE r.village <> p.village",
		 check_strays},
		{"SELECT count(*) FROM device_scope WHERE version NOT IN"
		 " (SELECT seq FROM log WHERE kind = 4)",
		 check_scopes},
		{"SELECT count(*) FROM log WHERE kind = 4 AND seq NOT IN"
		 " (SELECT version FROM device_scope)",
		 check_scopes},
		{"SELECT count(*) FROM device d LEFT JOIN device_scope s ON s.device = d.number"
		 " AND s.version = (SELECT max(version) FROM device_scope WHERE device = d.number)"
		 " WHERE s.version IS NOT d.scope_version OR s.scope IS NOT d.scope",
		 check_scopes},
		{"SELECT number, parent, parent_n FROM stream", check_parent},
		{"SELECT number, name, role, scope_low, scope_high, disabled FROM user",
		 check_user},
		{"SELECT user, name, role, scope_low, scope_high, revoked, expires_ms, hash"
		 " FROM token",
		 check_token},
		{"SELECT count(*) FROM record WHERE state IS NULL AND moved = 0",
		 check_run_records},
		{"SELECT count(*) FROM log_run l JOIN record r ON r.id BETWEEN (l.stream << 32) + l.n"
		 " AND (l.stream << 32) + l.n + l.count - 1 WHERE l.village = r.village"
		 " AND r.state IS NULL AND r.moved = 0",
		 check_runs},
	};
	enum status status =
		for_rows(check, "SELECT seq, payload FROM log WHERE kind = 7 ORDER BY seq",
			 check_erasure, err);

	check_erasures_end(check);
	for (size_t i = 0; i < sizeof steps / sizeof steps[0] && status == STATUS_OK; i++) {
		status = for_rows(check, steps[i].text, steps[i].each, err);
	}
	if (status == STATUS_OK && check->record_count != 0) {
		status = fail(err, STATUS_MALFORMED, "%llu records of the log are not in the table",
			      (unsigned long long)check->record_count);
	}
	if (status == STATUS_OK && check->chunk_seen != check->chunk_count) {
		status = fail(err, STATUS_MALFORMED, "the table of subtrees ends early");
	}
	if (status == STATUS_OK && check->epochs_begun != check->epoch_count) {
		status = fail(err, STATUS_MALFORMED, "the log has not all epochs of the table");
	}
	if (status == STATUS_OK && check->lineages.seen != check->lineages.count) {
		status = fail(err, STATUS_MALFORMED, "the table lacks a stream that goes on");
	}
	if (status == STATUS_OK && check->people.seen != check->people.count) {
		status = fail(err, STATUS_MALFORMED, "the tables lack a user or a token");
	}
	return status == STATUS_OK ? check_streams(check, err) : status;
}

enum status
check_store_database(const char *folder, struct error *err)
{
	const struct sql_options options = {
		.access = SQL_READ, .busy_ms = 10000, .cache_kib = 4096};
	struct check *check = calloc(1, sizeof *check);
	char path[512];
	enum status status;

	if (check == NULL) {
		return fail(err, STATUS_MEMORY, "the checker");
	}
	(void)snprintf(path, sizeof path, "%s/sambung.db", folder);
	/* All records are merged again in memory, of whatever a benchmark filled, too. */
	arena_init(&check->arena, SIZE_MAX);
	frontier_init(&check->frontier);
	buffer_init(&check->erased, SIZE_MAX);
	status = sql_open(path, &options, &check->sql, err);
	if (status == STATUS_OK) {
		status = check_all(check, err);
	}
	sql_close(check->sql);
	schema_free(check->schema);
	free(check->chunks);
	buffer_finish(&check->erased);
	check_lineages_free(&check->lineages);
	check_people_free(&check->people);
	arena_finish(&check->arena);
	free(check);
	return status;
}

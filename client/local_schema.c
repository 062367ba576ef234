/* SPDX-License-Identifier: Apache-2.0 */
#include "client/local_parts.h"
#include "protocol/schema.h"

#include <string.h>

enum { SCHEMA_PART = 0, SCHEMA_IN_USE = 1 };

enum status
local_stream_save(struct local *local, const struct stream_name *stream, struct error *err)
{
	static const char text[] = "INSERT INTO stream (number, kind, name) VALUES (?1, ?2, ?3)"
				   " ON CONFLICT (number) DO UPDATE SET kind = ?2, name = ?3";
	struct statement *s;
	struct span sealed;
	enum status status = local_seal(local, (struct seal_place){SEAL_STREAM, stream->number},
					stream->name, &sealed, err);

	if (status != STATUS_OK) {
		return status;
	}
	s = sql_prepare(local->sql, text, err);
	sql_bind_uint(s, 1, stream->number);
	sql_bind_uint(s, 2, stream->kind);
	sql_bind_blob(s, 3, sealed);
	return sql_run(s, err);
}

enum status
local_stream(struct local *local, uint32_t number, struct arena *arena, struct stream_name *out,
	     struct error *err)
{
	static const char text[] = "SELECT kind, name FROM stream WHERE number = ?1";
	struct statement *s = sql_prepare(local->sql, text, err);
	struct stream_name stream = {.number = number};
	bool row;
	enum status status;

	sql_bind_uint(s, 1, number);
	status = sql_row(s, &row, err);
	if (status != STATUS_OK) {
		return status;
	}
	if (!row) {
		return fail(err, STATUS_NOT_FOUND, "%u", number);
	}
	stream.kind = (uint32_t)sql_uint(s, 0);
	status = local_unseal(local, (struct seal_place){SEAL_STREAM, number}, sql_blob(s, 1),
			      arena, &stream.name, err);
	sql_reset(s);
	if (status == STATUS_OK) {
		*out = stream;
	}
	return status;
}

enum status
local_lineage_save(struct local *local, const struct lineage *lineage, struct error *err)
{
	static const char text[] =
		"INSERT OR REPLACE INTO lineage (stream, parent, n) VALUES (?1, ?2, ?3)";
	struct statement *s = sql_prepare(local->sql, text, err);

	sql_bind_uint(s, 1, lineage->stream);
	sql_bind_uint(s, 2, lineage->parent);
	sql_bind_uint(s, 3, lineage->n);
	return sql_run(s, err);
}

enum status
local_lineages(struct local *local, struct buffer *out, struct error *err)
{
	static const char text[] = "SELECT stream, parent, n FROM lineage ORDER BY stream LIMIT ?1";
	struct statement *s = sql_prepare(local->sql, text, err);
	bool row = true;
	enum status status = STATUS_OK;

	buffer_clear(out);
	sql_bind_uint(s, 1, LOCAL_LINEAGES_MAX);
	while (status == STATUS_OK) {
		struct lineage lineage;

		status = sql_row(s, &row, err);
		if (status != STATUS_OK || !row) {
			break;
		}
		lineage = (struct lineage){.stream = (uint32_t)sql_uint(s, 0),
					   .parent = (uint32_t)sql_uint(s, 1),
					   .n = (uint32_t)sql_uint(s, 2)};
		buffer_append(out, &lineage, sizeof lineage);
	}
	return status == STATUS_OK ? buffer_status(out, "device.db: lineage", err) : status;
}

/* The row of that kind; version 0 if there is none. */
static enum status
schema_row(struct local *local, int complete, struct arena *arena, struct local_schema_part *out,
	   struct error *err)
{
	static const char text[] =
		"SELECT version, hash, size, bytes FROM schema WHERE complete = ?1";
	struct statement *s = sql_prepare(local->sql, text, err);
	struct local_schema_part part = {0};
	const void *copy;
	bool row;
	enum status status;

	sql_bind_int(s, 1, complete);
	status = sql_row(s, &row, err);
	if (status != STATUS_OK || !row) {
		*out = part;
		return status;
	}
	part.version = (uint32_t)sql_uint(s, 0);
	part.size = (uint32_t)sql_uint(s, 2);
	part.bytes = sql_blob(s, 3);
	copy = arena_copy(arena, part.bytes.at, part.bytes.length);
	if (copy == NULL) {
		status = fail(err, STATUS_MEMORY, "%zu", part.bytes.length);
	} else if (!sql_blob_exact(s, 1, part.hash, HASH_SIZE)) {
		status = fail(err, STATUS_STORAGE, "device.db: schema");
	}
	sql_reset(s);
	if (status == STATUS_OK) {
		part.bytes.at = copy;
		*out = part;
	}
	return status;
}

static enum status
schema_put(struct local *local, int complete, const struct local_schema_part *part,
	   struct error *err)
{
	static const char text[] =
		"INSERT INTO schema (complete, version, hash, size, bytes)"
		" VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (complete) DO UPDATE SET"
		" version = ?2, hash = ?3, size = ?4, bytes = ?5";
	struct statement *s = sql_prepare(local->sql, text, err);

	sql_bind_int(s, 1, complete);
	sql_bind_uint(s, 2, part->version);
	sql_bind_blob(s, 3, span_of(part->hash, HASH_SIZE));
	sql_bind_uint(s, 4, part->size);
	sql_bind_blob(s, 5, part->bytes);
	return sql_run(s, err);
}

/* Puts the chunk at the end of what is held and stores that. */
static enum status
part_grow(struct local *local, struct local_schema_part *part, const struct schema_chunk *chunk,
	  struct error *err)
{
	struct buffer bytes;
	enum status status;

	buffer_init(&bytes, part->size);
	buffer_append_span(&bytes, part->bytes);
	buffer_append_span(&bytes, chunk->bytes);
	status = buffer_status(&bytes, "schema", err);
	if (status == STATUS_OK) {
		part->bytes = buffer_span(&bytes);
		status = schema_put(local, SCHEMA_PART, part, err);
	}
	buffer_finish(&bytes);
	return status;
}

enum status
local_schema_chunk(struct local *local, const struct schema_chunk *chunk, struct error *err)
{
	struct local_schema_part part;
	struct arena arena;
	enum status status;

	if (chunk->size > SCHEMA_BYTES_MAX) {
		return fail(err, STATUS_LIMIT, "schema: %u", chunk->size);
	}
	arena_init(&arena, (size_t)2 * SCHEMA_BYTES_MAX);
	status = local_schema_part(local, &arena, &part, err);
	if (status == STATUS_OK && (part.version != chunk->version || part.size != chunk->size ||
				    memcmp(part.hash, chunk->hash, HASH_SIZE) != 0)) {
		part = (struct local_schema_part){.version = chunk->version, .size = chunk->size};
		memcpy(part.hash, chunk->hash, HASH_SIZE);
	}
	if (status == STATUS_OK && chunk->offset == part.bytes.length) {
		status = part_grow(local, &part, chunk, err);
	} else if (status == STATUS_OK && part.bytes.length == 0) {
		/* The middle of another schema: what was held is of no use, and to be asked from 0.
		 */
		status = local_schema_part_drop(local, err);
	}
	arena_finish(&arena);
	return status;
}

enum status
local_schema_part(struct local *local, struct arena *arena, struct local_schema_part *out,
		  struct error *err)
{
	return schema_row(local, SCHEMA_PART, arena, out, err);
}

enum status
local_schema_part_drop(struct local *local, struct error *err)
{
	static const char text[] = "DELETE FROM schema WHERE complete = 0";

	return sql_run(sql_prepare(local->sql, text, err), err);
}

enum status
local_schema_save(struct local *local, uint32_t version, struct span cbor, struct error *err)
{
	struct local_schema_part whole = {
		.version = version, .size = (uint32_t)cbor.length, .bytes = cbor};
	enum status status;

	sha256(&cbor, 1, whole.hash);
	status = schema_put(local, SCHEMA_IN_USE, &whole, err);
	return status == STATUS_OK ? local_schema_part_drop(local, err) : status;
}

enum status
local_schema(struct local *local, uint32_t version, struct arena *arena, struct span *out,
	     struct error *err)
{
	struct local_schema_part whole;
	enum status status = schema_row(local, SCHEMA_IN_USE, arena, &whole, err);

	if (status != STATUS_OK) {
		return status;
	}
	if (whole.version != version || version == 0) {
		return fail(err, STATUS_NOT_FOUND, "schema v%u", version);
	}
	*out = whole.bytes;
	return STATUS_OK;
}

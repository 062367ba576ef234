/* SPDX-License-Identifier: Apache-2.0 */
/* The typed tables follow the log: which records a piece of it touched, and their rows as the
 * records are now. */
#include "typed.h"

#include <stdlib.h>

enum { RECORD_ARENA_LIMIT = 64 * 1024 * 1024 };

struct follow {
	struct store *store;
	const struct schema *schema;
	uint64_t from;	   /* entries after this one … */
	uint64_t to;	   /* … up to this one */
	struct buffer ids; /* of the records they touched */
	struct buffer state;
	struct arena arena;
};

static enum status
note_record(void *context, const struct log_row *row, struct error *err)
{
	struct follow *follow = context;

	(void)err;
	follow->to = row->entry.seq;
	if (row->entry.record != 0) {
		buffer_append(&follow->ids, &row->entry.record, sizeof row->entry.record);
	}
	return STATUS_OK;
}

static int
compare_ids(const void *a, const void *b)
{
	const uint64_t one = *(const uint64_t *)a;
	const uint64_t other = *(const uint64_t *)b;

	return (one > other) - (one < other);
}

/* What came along with a record that moved has no entry of its own. */
static enum status
note_moved(struct follow *follow, const struct stored_record *row, struct error *err)
{
	static const char text[] =
		"SELECT id FROM record WHERE village = ?1 AND moved > version AND moved = ?2";
	struct statement *s = sql_prepare(follow->store->sql, text, err);
	bool more = true;

	sql_bind_uint(s, 1, row->village);
	sql_bind_uint(s, 2, row->moved);
	while (more) {
		enum status status = sql_row(s, &more, err);
		uint64_t id;

		if (status != STATUS_OK) {
			return status;
		}
		id = more ? sql_uint(s, 0) : row->id;
		if (id != row->id) {
			buffer_append(&follow->ids, &id, sizeof id);
		}
	}
	return STATUS_OK;
}

/* A record that was set aside is not there. `moves`: what came along is noted. */
static enum status
follow_record(struct follow *follow, uint64_t id, bool moves, struct error *err)
{
	struct stored_record row;
	struct record record;
	bool found = false;
	enum status status = record_read(follow->store, id, &follow->state, &row, &found, err);

	if (status != STATUS_OK || !found) {
		return status;
	}
	arena_reset(&follow->arena);
	status = stored_record_decode(&row, schema_type(follow->schema, row.type), &follow->arena,
				      &record, err);
	if (status == STATUS_OK) {
		status = typed_write(follow->store, follow->schema, &row, &record, err);
	}
	if (status == STATUS_OK && moves && row.moved > follow->from) {
		status = note_moved(follow, &row, err);
	}
	return status;
}

/* The ids grow behind those of the log's own by what came along. */
static enum status
follow_records(struct follow *follow, struct error *err)
{
	const size_t own = follow->ids.length / sizeof(uint64_t);
	uint64_t last = 0;

	if (own > 0) {
		qsort(follow->ids.at, own, sizeof(uint64_t), compare_ids);
	}
	for (size_t i = 0; i < follow->ids.length / sizeof(uint64_t); i++) {
		const uint64_t id = ((const uint64_t *)(const void *)follow->ids.at)[i];
		enum status status = STATUS_OK;

		if (i >= own || id != last) {
			status = follow_record(follow, id, i < own, err);
		}
		if (status == STATUS_OK) {
			status = buffer_status(&follow->ids, "records for the typed tables", err);
		}
		if (status != STATUS_OK) {
			return status;
		}
		last = id;
	}
	return STATUS_OK;
}

static enum status
follow_log(struct follow *follow, size_t entries, struct error *err)
{
	static const char from_text[] = "SELECT seq FROM typed_head";
	static const char to_text[] = "UPDATE typed_head SET seq = ?";
	struct log_filter filter = {.limit = entries};
	struct statement *s = sql_prepare(follow->store->sql, from_text, err);
	enum status status = store_number(s, &follow->from, err);

	follow->to = follow->from;
	filter.since = follow->from;
	if (status == STATUS_OK) {
		status = store_log_read(follow->store, &filter, note_record, follow, err);
	}
	if (status == STATUS_OK) {
		status = follow_records(follow, err);
	}
	if (status != STATUS_OK || follow->to == follow->from) {
		return status;
	}
	s = sql_prepare(follow->store->sql, to_text, err);
	sql_bind_uint(s, 1, follow->to);
	return sql_run(s, err);
}

enum status
store_typed_follow(struct store *store, const struct schema *schema, size_t entries,
		   bool *behind_out, struct error *err)
{
	struct follow follow = {.store = store, .schema = schema};
	uint64_t head = 0;
	enum status status;

	buffer_init(&follow.ids, SIZE_MAX);
	buffer_init(&follow.state, SIZE_MAX);
	arena_init(&follow.arena, RECORD_ARENA_LIMIT);
	status = follow_log(&follow, entries, err);
	if (status == STATUS_OK) {
		status = store_log_head(store, &head, err);
	}
	if (status == STATUS_OK) {
		*behind_out = follow.to < head;
	}
	buffer_finish(&follow.ids);
	buffer_finish(&follow.state);
	arena_finish(&follow.arena);
	return status;
}

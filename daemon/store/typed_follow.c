/* SPDX-License-Identifier: Apache-2.0 */
/* The typed tables follow the log: which records a piece of it touched, and their rows as the
 * records are now. */
#include "protocol/id.h"
#include "typed.h"

#include <stdlib.h>

enum { RECORD_ARENA_LIMIT = 64 * 1024 * 1024 };

/* A record took what hangs below it along to that village. */
struct moved {
	uint64_t village;
	uint64_t seq;
};

struct follow {
	struct store *store;
	const struct schema *schema;
	uint64_t from;	     /* entries after this one … */
	uint64_t to;	     /* … up to this one */
	struct buffer ids;   /* of the records they touched, in order … */
	struct buffer moves; /* … and struct moved: to where some of them went */
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
compare_moves(const void *a, const void *b)
{
	const struct moved *one = a;
	const struct moved *other = b;
	const int order = id_compare(&one->village, &other->village);

	return order != 0 ? order : id_compare(&one->seq, &other->seq);
}

/* A record that was set aside is not there. */
static enum status
follow_record(struct follow *follow, uint64_t id, struct stored_record *row, struct error *err)
{
	struct record record;
	bool found = false;
	enum status status = record_read(follow->store, id, &follow->state, row, &found, err);

	if (status != STATUS_OK || !found) {
		row->moved = 0;
		return status;
	}
	arena_reset(&follow->arena);
	status = stored_record_decode(row, schema_type(follow->schema, row->type), &follow->arena,
				      &record, err);
	return status == STATUS_OK ? typed_write(follow->store, follow->schema, row, &record, err)
				   : status;
}

static enum status
follow_touched(struct follow *follow, struct error *err)
{
	const uint64_t *ids = (const void *)follow->ids.at;
	enum status status = STATUS_OK;

	for (size_t i = 0; i < follow->ids.length / sizeof *ids && status == STATUS_OK; i++) {
		struct stored_record row;

		status = follow_record(follow, ids[i], &row, err);
		if (status == STATUS_OK && row.moved > follow->from) {
			const struct moved moved = {row.village, row.moved};

			buffer_append(&follow->moves, &moved, sizeof moved);
		}
	}
	return status == STATUS_OK ? buffer_status(&follow->moves, "moves", err) : status;
}

/* What came along with a record that moved has no entry of its own. */
static enum status
follow_moved(struct follow *follow, const struct moved *moved, struct error *err)
{
	static const char text[] =
		"SELECT id FROM record WHERE village = ?1 AND moved > version AND moved = ?2";
	struct statement *s = sql_prepare(follow->store->sql, text, err);
	enum status status = STATUS_OK;
	bool more = true;

	sql_bind_uint(s, 1, moved->village);
	sql_bind_uint(s, 2, moved->seq);
	while (status == STATUS_OK && more) {
		status = sql_row(s, &more, err);
		if (status == STATUS_OK && more) {
			const uint64_t id = sql_uint(s, 0);
			struct stored_record row;

			if (!id_among(id, (const void *)follow->ids.at,
				      follow->ids.length / sizeof id)) {
				status = follow_record(follow, id, &row, err);
			}
		}
	}
	if (more) {
		sql_reset(s);
	}
	return status;
}

static enum status
follow_records(struct follow *follow, struct error *err)
{
	struct buffer *ids = &follow->ids;
	struct buffer *moves = &follow->moves;
	const struct moved *moved;
	size_t count;
	enum status status = buffer_status(ids, "records for the typed tables", err);

	if (status == STATUS_OK) {
		ids->length = sizeof(uint64_t) *
			      id_unique((void *)ids->at, ids->length / sizeof(uint64_t));
		status = follow_touched(follow, err);
	}
	count = moves->length / sizeof *moved;
	if (status != STATUS_OK || count == 0) {
		return status;
	}
	/* Those that came along say it too. */
	qsort(moves->at, count, sizeof *moved, compare_moves);
	moved = (const void *)moves->at;
	for (size_t i = 0; i < count && status == STATUS_OK; i++) {
		if (i == 0 || compare_moves(&moved[i], &moved[i - 1]) != 0) {
			status = follow_moved(follow, &moved[i], err);
		}
	}
	return status;
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
	buffer_init(&follow.moves, SIZE_MAX);
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
	buffer_finish(&follow.moves);
	buffer_finish(&follow.state);
	arena_finish(&follow.arena);
	return status;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_world: a database in a folder of its own, its writer and a reader.
 *
 * CASE_WITH(…, world_open, world_close); `w` is the test's world. What a test does not care about
 * stays as the helpers fill it in.
 */
#ifndef SAMBUNG_TESTS_UNIT_STORE_WORLD_H
#define SAMBUNG_TESTS_UNIT_STORE_WORLD_H

#include "daemon/store/store.h"
#include "protocol/id.h"
#include "tests/scratch.h"
#include "tests/testing.h"

#include <stdlib.h>
#include <unistd.h>

enum { WORLD_PATH_SIZE = SCRATCH_SIZE + 8, WORLD_LIST_MAX = 512 };
#define VILLAGE_A UINT64_C(6303072001)
#define VILLAGE_B UINT64_C(6303072002)
#define VILLAGE_C UINT64_C(6303080001)
#define FAMILY 1U
#define VISIT 3U

struct world {
	char folder[SCRATCH_SIZE];
	char path[WORLD_PATH_SIZE];
	char copy[WORLD_PATH_SIZE];
	struct store *writer;
	struct store *reader;
	struct schema *schema; /* without types: nothing goes to typed tables */
	struct arena arena;
	struct error err;
};

static inline int
world_folder(void **state)
{
	struct world *w = calloc(1, sizeof *w);

	assert_non_null(w);
	assert_true(scratch_folder(w->folder, sizeof w->folder, "store"));
	(void)snprintf(w->path, sizeof w->path, "%s/db", w->folder);
	(void)snprintf(w->copy, sizeof w->copy, "%s/copy", w->folder);
	w->schema = schema_create();
	assert_non_null(w->schema);
	arena_init(&w->arena, 1024 * 1024);
	*state = w;
	return 0;
}

static inline int
world_open(void **state)
{
	struct world *w;

	(void)world_folder(state);
	w = *state;
	assert_ok(store_create(w->path, &w->err));
	assert_ok(store_open(w->path, STORE_WRITER, &w->writer, &w->err));
	assert_ok(store_open(w->path, STORE_READER, &w->reader, &w->err));
	return 0;
}

static inline int
world_close(void **state)
{
	static const char *const endings[] = {"", "-wal", "-shm", "-journal"};
	struct world *w = *state;
	char path[WORLD_PATH_SIZE + 16];

	store_close(w->reader);
	store_close(w->writer);
	schema_free(w->schema);
	arena_finish(&w->arena);
	for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
		(void)snprintf(path, sizeof path, "%s%s", w->path, endings[i]);
		(void)unlink(path);
		(void)snprintf(path, sizeof path, "%s%s", w->copy, endings[i]);
		(void)unlink(path);
	}
	assert_int_equal(rmdir(w->folder), 0);
	free(w);
	return 0;
}

/* ---- the log ---- */

static inline struct log_row
log_row_make(uint64_t seq, uint32_t stream, uint32_t n, uint64_t record)
{
	struct log_row row = {
		.entry = {.kind = ENTRY_CHANGE,
			  .seq = seq,
			  .received_ms = 1700000000000 + (int64_t)seq,
			  .session = 3,
			  .stream = stream,
			  .n = n,
			  .time = 1700000000,
			  .record = record,
			  .schema_version = 1},
		.payload = span_of_text("payload"),
	};

	memset(row.salt, (int)(seq & 0x7f), SALT_SIZE);
	commitment_make(row.salt, stream, n, row.payload, row.entry.commitment);
	return row;
}

static inline struct log_row
log_note_make(uint64_t seq, enum entry_kind kind)
{
	struct log_row row = log_row_make(seq, 0, 0, 0);

	row.entry.kind = kind;
	return row;
}

/* ---- records ---- */

/* The state is the id in text, so that what is read can be told apart. */
static inline struct stored_record
record_make(struct world *w, uint64_t id, uint32_t type, uint64_t village, uint64_t version)
{
	char text[ID_TEXT_SIZE];
	struct span state = span_of_text(id_format(id, text));

	state.at = arena_copy(&w->arena, state.at, state.length);
	assert_non_null(state.at);
	return (struct stored_record){
		.id = id, .type = type, .village = village, .version = version, .state = state};
}

static inline void
record_put(struct world *w, struct stored_record row)
{
	struct stored_record former;
	struct record_write write = {row, &former};

	assert_ok(store_records_place(w->writer, &row.id, 1, &former, &w->err));
	if (former.id == 0) {
		write.former = NULL;
	}
	assert_ok(store_records_write(w->writer, &write, 1, &w->err));
}

static inline void
record_new(struct world *w, uint64_t id, uint32_t type, uint64_t village, uint64_t version)
{
	record_put(w, record_make(w, id, type, village, version));
}

#endif

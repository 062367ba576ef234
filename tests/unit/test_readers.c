/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/http/readers.h"
#include "store_world.h"

enum { LONG_LISTS = 2 };

static struct readers *
readers_of(struct world *w)
{
	struct readers *readers;

	assert_ok(readers_create(w->path, 1, LONG_LISTS, &readers, &w->err));
	return readers;
}

TEST(as_many_lists_as_may_be_are_lent_and_no_more)
{
	struct world *w = *state;
	struct readers *readers = readers_of(w);
	struct store *lent[LONG_LISTS];
	struct store *more;

	for (size_t i = 0; i < LONG_LISTS; i++) {
		assert_ok(readers_take(readers, READER_LONG, &lent[i], &w->err));
	}
	assert_int_equal(readers_take(readers, READER_LONG, &more, &w->err), STATUS_BUSY);
	readers_give(readers, READER_LONG, lent[0]);
	assert_ok(readers_take(readers, READER_LONG, &more, &w->err));
	readers_give(readers, READER_LONG, more);
	readers_give(readers, READER_LONG, lent[1]);
	readers_free(readers);
}

/* The file may be sparse: its size is what counts. */
static void
wal_make(const struct world *w, off_t size)
{
	char path[WORLD_PATH_SIZE + 8];

	(void)snprintf(path, sizeof path, "%s-wal", w->path);
	assert_int_equal(truncate(path, size), 0);
}

TEST(no_list_begins_while_the_write_ahead_log_is_long)
{
	struct world *w = *state;
	struct readers *readers = readers_of(w);
	struct store *reader;

	assert_ok(readers_take(readers, READER_LONG, &reader, &w->err));
	readers_give(readers, READER_LONG, reader);
	wal_make(w, (off_t)LISTS_WAL_MAX + 1);
	assert_int_equal(readers_take(readers, READER_LONG, &reader, &w->err), STATUS_BUSY);
	assert_ok(readers_take(readers, READER_BRIEF, &reader, &w->err));
	readers_give(readers, READER_BRIEF, reader);
	wal_make(w, 0);
	assert_ok(readers_take(readers, READER_LONG, &reader, &w->err));
	readers_give(readers, READER_LONG, reader);
	readers_free(readers);
}

RUN_TESTS(CASE_WITH(as_many_lists_as_may_be_are_lent_and_no_more, world_open, world_close),
	  CASE_WITH(no_list_begins_while_the_write_ahead_log_is_long, world_open, world_close))

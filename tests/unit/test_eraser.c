/* SPDX-License-Identifier: Apache-2.0 */
/* The thread that finishes erasures. */
#include "daemon/eraser.h"
#include "daemon/machine.h"
#include "store_world.h"

#include <sched.h>

static void
add_erasure(struct world *w, uint64_t seq)
{
	const struct erasure erasure = {.seq = seq, .record = 7, .asked_ms = 1795000000000};
	struct log_row row = log_note_make(seq, ENTRY_ERASURE);

	assert_ok(store_begin(w->writer, &w->err));
	assert_ok(store_log_append(w->writer, &row, 1, &w->err));
	assert_ok(store_log_advance(w->writer, seq, 0, &w->err));
	assert_ok(store_erasure_add(w->writer, &erasure, &w->err));
	assert_ok(store_commit(w->writer, &w->err));
}

static uint64_t
unfinished(struct world *w)
{
	struct erasure oldest = {.seq = 99};

	assert_ok(store_erasure_unfinished(w->writer, &oldest, &w->err));
	return oldest.seq;
}

TEST(what_is_asked_for_is_finished_and_the_write_ahead_log_is_empty)
{
	struct world *w = *state;
	struct eraser *eraser = NULL;
	struct erasure done;

	add_erasure(w, 1);
	add_erasure(w, 2);
	assert_ok(eraser_start(w->path, ERASER_ONLY_ASKED, &machine_platform, &eraser, &w->err));
	assert_int_equal(unfinished(w), 1);
	eraser_wake(eraser);
	while (unfinished(w) != 0) {
		assert_int_equal(eraser_failed(eraser), STATUS_OK);
		(void)sched_yield();
	}
	eraser_stop(eraser);
	assert_ok(store_erasure(w->writer, 2, &done, &w->err));
	assert_int_not_equal(done.finished_ms, 0);
}

TEST(nobody_asks_and_it_is_left_alone_until_the_hour)
{
	struct world *w = *state;
	struct eraser *eraser = NULL;

	add_erasure(w, 1);
	assert_ok(eraser_start(w->path, ERASER_ONLY_ASKED, &machine_platform, &eraser, &w->err));
	eraser_stop(eraser);
	assert_int_equal(unfinished(w), 1);
	eraser_stop(NULL);
}

TEST(a_store_whose_file_was_written_anew_goes_on)
{
	struct world *w = *state;

	add_erasure(w, 1);
	assert_ok(store_vacuum(w->writer, &w->err));
	assert_ok(store_wal_empty(w->writer, &w->err));
	assert_int_equal(store_wal_bytes(w->writer), 0);
	add_erasure(w, 2);
	assert_ok(store_begin(w->writer, &w->err));
	assert_ok(store_erasures_finish(w->writer, 1, 1795000001000, &w->err));
	assert_ok(store_commit(w->writer, &w->err));
	assert_int_equal(unfinished(w), 2);
}

TEST(a_snapshot_keeps_the_write_ahead_log_from_being_emptied)
{
	struct world *w = *state;

	assert_ok(store_snapshot(w->reader, &w->err));
	add_erasure(w, 1);
	assert_ok(store_vacuum(w->writer, &w->err));
	assert_int_equal(store_wal_empty(w->writer, &w->err), STATUS_BUSY);
	store_snapshot_end(w->reader);
	assert_ok(store_wal_empty(w->writer, &w->err));
}

TEST(while_somebody_reads_what_was_before_it_is_not_finished)
{
	struct world *w = *state;
	struct eraser *eraser = NULL;
	uint64_t before;

	add_erasure(w, 1);
	assert_ok(store_snapshot(w->reader, &w->err));
	before = store_wal_bytes(w->writer);
	assert_ok(eraser_start(w->path, ERASER_ONLY_ASKED, &machine_platform, &eraser, &w->err));
	eraser_wake(eraser);
	/* The file has been written anew; what it is doing now is to wait for the reader. */
	while (store_wal_bytes(w->writer) == before) {
		assert_int_equal(eraser_failed(eraser), STATUS_OK);
		(void)sched_yield();
	}
	eraser_stop(eraser);
	assert_int_equal(unfinished(w), 1);
	store_snapshot_end(w->reader);
}

#define IN_WORLD(sentence) CASE_WITH(sentence, world_open, world_close)

RUN_TESTS(IN_WORLD(what_is_asked_for_is_finished_and_the_write_ahead_log_is_empty),
	  IN_WORLD(nobody_asks_and_it_is_left_alone_until_the_hour),
	  IN_WORLD(a_store_whose_file_was_written_anew_goes_on),
	  IN_WORLD(a_snapshot_keeps_the_write_ahead_log_from_being_emptied),
	  IN_WORLD(while_somebody_reads_what_was_before_it_is_not_finished))

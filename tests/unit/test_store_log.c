/* SPDX-License-Identifier: Apache-2.0 */
#include "store_world.h"

struct seen {
	uint64_t seqs[WORLD_LIST_MAX];
	size_t count;
	size_t stop_after; /* 0: never */
	struct log_row last;
	bool last_payload_missing;
};

static enum status
keep_row(void *context, const struct log_row *row, struct error *err)
{
	struct seen *seen = context;

	seen->seqs[seen->count++] = row->entry.seq;
	seen->last = *row;
	seen->last_payload_missing = row->payload.at == NULL;
	(void)err;
	return seen->count == seen->stop_after ? STATUS_STALE : STATUS_OK;
}

static void
append(struct world *w, const struct log_row *rows, size_t count)
{
	assert_ok(store_log_append(w->writer, rows, count, &w->err));
	assert_ok(store_log_advance(w->writer, rows[count - 1].entry.seq,
				    rows[count - 1].entry.session, &w->err));
}

static struct seen
read_log(struct world *w, struct log_filter filter)
{
	struct seen seen = {0};

	assert_ok(store_log_read(w->writer, &filter, keep_row, &seen, &w->err));
	return seen;
}

/* Entries: 1 creates record 5.1, 2 a note, 3 creates 5.2, 4 edits 5.1 (by stream 6), 5 edits 5.1.
 */
static void
append_history(struct world *w)
{
	const struct log_row rows[] = {
		log_row_make(1, 5, 1, id_make(5, 1)), log_note_make(2, ENTRY_SCOPE),
		log_row_make(3, 5, 2, id_make(5, 2)), log_row_make(4, 6, 1, id_make(5, 1)),
		log_row_make(5, 5, 3, id_make(5, 1)),
	};

	append(w, rows, 5);
}

TEST(an_empty_log_has_head_0)
{
	struct world *w = *state;
	uint64_t head = 9;

	assert_ok(store_log_head(w->reader, &head, &w->err));
	assert_int_equal(head, 0);
	assert_int_equal(read_log(w, (struct log_filter){.limit = 10}).count, 0);
}

TEST(an_entry_is_read_as_it_was_written)
{
	struct world *w = *state;
	struct log_row row = log_row_make(1, 0x7fffffff, 0x7fffffff, id_make(5, 6));
	uint8_t written[HASH_SIZE];
	uint8_t read[HASH_SIZE];
	struct seen seen;

	row.entry.user = 12;
	row.entry.verdict = VERDICT_QUARANTINED;
	row.entry.reason = QUARANTINE_INVALID;
	row.entry.time = -5;
	append(w, &row, 1);
	seen = read_log(w, (struct log_filter){.limit = 1});
	entry_leaf(&row.entry, written);
	entry_leaf(&seen.last.entry, read);
	assert_memory_equal(read, written, HASH_SIZE);
	assert_memory_equal(seen.last.salt, row.salt, SALT_SIZE);
	assert_int_equal(seen.last.payload.length, strlen("payload"));
}

TEST(one_entry_is_read_by_its_place)
{
	struct world *w = *state;
	struct log_row rows[] = {log_row_make(1, 5, 1, id_make(5, 1)),
				 log_row_make(2, 5, 2, id_make(5, 2))};
	struct log_row row;
	struct arena arena;

	rows[1].payload = span_of(NULL, 0);
	append(w, rows, 2);
	arena_init(&arena, 1 << 16);
	assert_ok(store_log_entry(w->reader, 1, &arena, &row, &w->err));
	assert_int_equal(row.entry.n, 1);
	assert_true(span_equal(row.payload, span_of_text("payload")));
	assert_ok(store_log_entry(w->reader, 2, &arena, &row, &w->err));
	assert_null(row.payload.at);
	assert_int_equal(store_log_entry(w->reader, 3, &arena, &row, &w->err), STATUS_NOT_FOUND);
	arena_finish(&arena);
}

TEST(the_id_of_a_record_that_its_change_creates_is_read_back)
{
	struct world *w = *state;
	const struct log_row row = log_row_make(1, 5, 9, id_make(5, 9));

	append(w, &row, 1);
	assert_int_equal(read_log(w, (struct log_filter){.limit = 1}).last.entry.record,
			 id_make(5, 9));
}

TEST(a_missing_payload_is_told_from_an_empty_one)
{
	struct world *w = *state;
	struct log_row rows[] = {log_row_make(1, 5, 1, id_make(5, 1)),
				 log_row_make(2, 5, 2, id_make(5, 2))};

	rows[0].payload = span_of(NULL, 0);
	rows[1].payload = span_of("", 0);
	append(w, rows, 2);
	assert_true(read_log(w, (struct log_filter){.limit = 1}).last_payload_missing);
	assert_false(read_log(w, (struct log_filter){.since = 1, .limit = 1}).last_payload_missing);
}

TEST(rows_that_leave_a_gap_are_refused)
{
	struct world *w = *state;
	const struct log_row row = log_row_make(2, 5, 1, id_make(5, 1));

	assert_int_equal(store_log_append(w->writer, &row, 1, &w->err), STATUS_INTERNAL);
}

TEST(the_counter_follows_the_log_only)
{
	struct world *w = *state;
	const struct log_row row = log_row_make(1, 5, 1, id_make(5, 1));
	uint64_t head = 9;

	assert_ok(store_log_append(w->writer, &row, 1, &w->err));
	assert_int_equal(store_log_advance(w->writer, 2, 0, &w->err), STATUS_INTERNAL);
	assert_ok(store_log_head(w->writer, &head, &w->err));
	assert_int_equal(head, 0);
	assert_ok(store_log_advance(w->writer, 1, 0, &w->err));
	assert_ok(store_log_head(w->writer, &head, &w->err));
	assert_int_equal(head, 1);
}

TEST(reading_begins_after_since_and_ends_at_the_limit)
{
	struct world *w = *state;
	struct seen seen;

	append_history(w);
	seen = read_log(w, (struct log_filter){.since = 1, .limit = 2});
	assert_int_equal(seen.count, 2);
	assert_int_equal(seen.seqs[0], 2);
	assert_int_equal(seen.seqs[1], 3);
}

TEST(a_reading_ends_with_the_failure_of_its_caller)
{
	struct world *w = *state;
	const struct log_filter filter = {.limit = 10};
	struct seen seen = {.stop_after = 2};

	append_history(w);
	assert_int_equal(store_log_read(w->writer, &filter, keep_row, &seen, &w->err),
			 STATUS_STALE);
	assert_int_equal(seen.count, 2);
	assert_int_equal(read_log(w, filter).count, 5);
}

TEST(history_of_a_record_has_its_creation_and_every_later_entry)
{
	struct world *w = *state;
	struct seen seen;

	append_history(w);
	seen = read_log(w, (struct log_filter){.record = id_make(5, 1), .limit = 10});
	assert_int_equal(seen.count, 3);
	assert_int_equal(seen.seqs[0], 1);
	assert_int_equal(seen.seqs[1], 4);
	assert_int_equal(seen.seqs[2], 5);
	seen = read_log(w, (struct log_filter){.record = id_make(5, 1), .since = 4, .limit = 10});
	assert_int_equal(seen.count, 1);
}

TEST(an_edit_gives_no_history_to_the_record_it_would_have_made)
{
	struct world *w = *state;

	append_history(w);
	assert_int_equal(
		read_log(w, (struct log_filter){.record = id_make(6, 1), .limit = 10}).count, 0);
}

/* A user's stream, with a token for these villages. */
static void
user_add(struct world *w, uint32_t number, struct region scope)
{
	struct token token = {.hash = {(uint8_t)number}, .user = number, .scope = scope};

	assert_ok(store_token_add(w->writer, &token, &w->err));
}

TEST(a_scope_keeps_its_records_and_of_no_record_what_concerns_it)
{
	struct world *w = *state;
	const struct region a = {VILLAGE_A, VILLAGE_A};
	const struct region b = {VILLAGE_B, VILLAGE_B};
	struct log_row rows[] = {log_note_make(6, ENTRY_SCHEMA), log_note_make(7, ENTRY_ADMIN),
				 log_note_make(8, ENTRY_READ), log_note_make(9, ENTRY_READ)};
	struct seen seen;

	append_history(w);
	record_new(w, id_make(5, 1), FAMILY, VILLAGE_A, 5);
	record_new(w, id_make(5, 2), FAMILY, VILLAGE_B, 3);
	user_add(w, 20, a);
	user_add(w, 21, b);
	user_add(w, 22, (struct region){0, 0});
	rows[1].entry.user = 20;
	rows[2].entry.user = 21;
	rows[3].entry.user = 22;
	append(w, rows, 4);
	seen = read_log(w, (struct log_filter){.scope = &a, .limit = 20});
	assert_int_equal(seen.count, 5);
	assert_int_equal(seen.seqs[0], 1);
	assert_int_equal(seen.seqs[1], 4);
	assert_int_equal(seen.seqs[2], 5);
	assert_int_equal(seen.seqs[3], 6);
	assert_int_equal(seen.seqs[4], 7);
	seen = read_log(w, (struct log_filter){.scope = &a, .limit = 3});
	assert_int_equal(seen.count, 3);
	seen = read_log(w, (struct log_filter){.scope = &b, .limit = 20});
	assert_int_equal(seen.count, 3);
	assert_int_equal(seen.seqs[0], 3);
	assert_int_equal(seen.seqs[2], 8);
	assert_int_equal(read_log(w, (struct log_filter){.limit = 20}).count, 9);
}

/* ---- what a stream has logged ---- */

static size_t
logged(struct world *w, uint32_t first_n, size_t count, struct logged_change *out)
{
	size_t found = 999;

	assert_ok(store_logged_changes(w->writer, &(struct change_run){5, first_n, count}, out,
				       &found, &w->err));
	return found;
}

TEST(changes_of_a_stream_are_found_by_their_numbers)
{
	struct world *w = *state;
	struct logged_change changes[10];

	append_history(w);
	assert_int_equal(logged(w, 2, 10, changes), 2);
	assert_int_equal(changes[0].n, 2);
	assert_int_equal(changes[0].seq, 3);
	assert_int_equal(changes[1].n, 3);
	assert_int_equal(changes[1].seq, 5);
	assert_memory_equal(changes[1].commitment, log_row_make(5, 5, 3, 0).entry.commitment,
			    HASH_SIZE);
	assert_int_equal(logged(w, 1, 1, changes), 1);
	assert_int_equal(changes[0].seq, 1);
	assert_int_equal(logged(w, 4, 10, changes), 0);
	assert_int_equal(logged(w, 1, 0, changes), 0);
}

TEST(a_long_run_is_found_from_its_middle)
{
	struct world *w = *state;
	struct log_row rows[100];
	struct logged_change changes[10];

	for (uint32_t i = 0; i < 100; i++) {
		rows[i] = log_row_make(i + 1, 5, i + 11, id_make(5, i + 11));
	}
	append(w, rows, 60);
	append(w, rows + 60, 40);
	assert_int_equal(logged(w, 68, 5, changes), 5);
	assert_int_equal(changes[0].n, 68);
	assert_int_equal(changes[0].seq, 58);
	assert_int_equal(changes[4].n, 72);
	assert_int_equal(logged(w, 1, 10, changes), 0);
	assert_int_equal(logged(w, 5, 7, changes), 1);
	assert_int_equal(logged(w, 110, 10, changes), 1);
}

TEST(verdict_and_reason_of_a_logged_change_are_told)
{
	struct world *w = *state;
	struct log_row row = log_row_make(1, 5, 1, id_make(5, 1));
	struct logged_change change;

	row.entry.verdict = VERDICT_QUARANTINED;
	row.entry.reason = QUARANTINE_REVOKED;
	append(w, &row, 1);
	assert_int_equal(logged(w, 1, 1, &change), 1);
	assert_int_equal(change.verdict, VERDICT_QUARANTINED);
	assert_int_equal(change.reason, QUARANTINE_REVOKED);
}

TEST(a_change_is_logged_once)
{
	struct world *w = *state;
	const struct log_row again = log_row_make(6, 5, 2, id_make(5, 2));

	append_history(w);
	assert_int_equal(store_log_append(w->writer, &again, 1, &w->err), STATUS_EXISTS);
}

TEST(a_run_that_reaches_back_into_another_is_refused)
{
	struct world *w = *state;
	const struct log_row late = log_row_make(1, 5, 5, id_make(5, 5));
	struct log_row rows[3];

	append(w, &late, 1);
	for (uint32_t i = 0; i < 3; i++) {
		rows[i] = log_row_make(i + 2, 5, i + 3, id_make(5, i + 3));
	}
	assert_int_equal(store_log_append(w->writer, rows, 3, &w->err), STATUS_EXISTS);
}

TEST(releases_of_one_change_may_follow_it_in_the_log)
{
	struct world *w = *state;
	struct log_row release = log_row_make(6, 5, 1, id_make(5, 1));
	struct logged_change changes[5];

	append_history(w);
	release.entry.kind = ENTRY_RELEASE;
	append(w, &release, 1);
	assert_int_equal(logged(w, 1, 5, changes), 3);
	assert_int_equal(
		read_log(w, (struct log_filter){.record = id_make(5, 1), .limit = 9}).count, 4);
}

/* ---- subtrees, checkpoints, epochs ---- */

static enum status
add_root(void *context, uint64_t index, const uint8_t root[HASH_SIZE], struct error *err)
{
	uint64_t *sum = context;

	(void)err;
	*sum = *sum * 100 + index * 10 + root[0];
	return STATUS_OK;
}

TEST(subtree_roots_are_read_in_order_up_to_the_count)
{
	struct world *w = *state;
	const uint8_t roots[3][HASH_SIZE] = {{7}, {8}, {9}};
	uint64_t sum = 0;

	for (uint64_t i = 0; i < 3; i++) {
		assert_ok(store_tree_append(w->writer, i, roots[i], &w->err));
	}
	assert_ok(store_tree_read(w->reader, 2, add_root, &sum, &w->err));
	assert_int_equal(sum, 718);
	assert_int_equal(store_tree_append(w->writer, 1, roots[1], &w->err), STATUS_EXISTS);
}

TEST(a_missing_subtree_is_damage)
{
	struct world *w = *state;
	const uint8_t root[HASH_SIZE] = {7};
	uint64_t sum = 0;

	assert_ok(store_tree_append(w->writer, 1, root, &w->err));
	assert_int_equal(store_tree_read(w->reader, 2, add_root, &sum, &w->err), STATUS_STORAGE);
}

TEST(the_last_checkpoint_is_the_one_written_last)
{
	struct world *w = *state;
	struct checkpoint first = {.epoch = 9, .size = 100};
	struct checkpoint second = {.epoch = 4, .size = 50};
	struct checkpoint last;
	bool found = true;

	assert_ok(store_checkpoint_last(w->writer, &last, &found, &w->err));
	assert_false(found);
	memset(second.signature, 3, sizeof second.signature);
	memset(second.root, 4, sizeof second.root);
	memset(second.origin, 5, sizeof second.origin);
	assert_ok(store_checkpoint_append(w->writer, &first, &w->err));
	assert_ok(store_checkpoint_append(w->writer, &second, &w->err));
	assert_ok(store_checkpoint_last(w->writer, &last, &found, &w->err));
	assert_true(found);
	assert_memory_equal(&last, &second, sizeof last);
}

TEST(epochs_come_in_the_order_in_which_they_began)
{
	struct world *w = *state;
	const struct epoch first = {0xfffffff0, 0, 0};
	const struct epoch second = {3, 0xfffffff0, 12};
	struct epoch *epochs;
	size_t count = 9;

	assert_ok(store_epochs(w->writer, &w->arena, &epochs, &count, &w->err));
	assert_int_equal(count, 0);
	assert_ok(store_epoch_append(w->writer, &first, &w->err));
	assert_ok(store_epoch_append(w->writer, &second, &w->err));
	assert_ok(store_epochs(w->writer, &w->arena, &epochs, &count, &w->err));
	assert_int_equal(count, 2);
	assert_memory_equal(&epochs[0], &first, sizeof first);
	assert_memory_equal(&epochs[1], &second, sizeof second);
}

TEST(a_root_is_found_by_its_epoch_and_size)
{
	struct world *w = *state;
	struct checkpoint one = {.epoch = 9, .size = 100};
	uint8_t root[HASH_SIZE] = {0};
	bool found = false;

	memset(one.root, 4, sizeof one.root);
	assert_ok(store_checkpoint_append(w->writer, &one, &w->err));
	assert_ok(store_checkpoint_root(w->reader, 9, 100, root, &found, &w->err));
	assert_true(found);
	assert_memory_equal(root, one.root, sizeof root);
	assert_ok(store_checkpoint_root(w->reader, 9, 99, root, &found, &w->err));
	assert_false(found);
	assert_ok(store_checkpoint_root(w->reader, 8, 100, root, &found, &w->err));
	assert_false(found);
}

struct counts {
	uint64_t of[2]; /* devices 5 and 6 */
	size_t calls;
};

static enum status
keep_count(void *context, uint32_t device, uint64_t count, struct error *err)
{
	struct counts *counts = context;

	(void)err;
	assert_in_range(device, 5, 6);
	counts->of[device - 5] = count;
	counts->calls++;
	return STATUS_OK;
}

TEST(changes_that_came_back_are_counted_per_device)
{
	struct world *w = *state;
	struct log_row late = log_row_make(6, 6, 2, id_make(6, 2));
	struct returned asked = {.after = 1, .until = 6, .latest = 1700000000};
	struct counts counts = {.calls = 0};

	for (uint32_t number = 5; number <= 6; number++) {
		struct device device = {.stream = {.number = number,
						   .kind = STREAM_DEVICE,
						   .name = span_of_text("Ani")},
					.state = DEVICE_ACTIVE};

		assert_ok(store_stream_add(w->writer, &device.stream, &w->err));
		assert_ok(store_device_put(w->writer, &device, &w->err));
	}
	append_history(w);
	late.entry.time++;
	append(w, &late, 1);
	assert_ok(store_returned_read(w->reader, &asked, keep_count, &counts, &w->err));
	assert_int_equal(counts.calls, 2);
	assert_int_equal(counts.of[0], 2);
	assert_int_equal(counts.of[1], 1);
}

#define WITH(sentence) CASE_WITH(sentence, world_open, world_close)

RUN_TESTS(WITH(an_empty_log_has_head_0), WITH(an_entry_is_read_as_it_was_written),
	  WITH(one_entry_is_read_by_its_place),
	  WITH(the_id_of_a_record_that_its_change_creates_is_read_back),
	  WITH(a_missing_payload_is_told_from_an_empty_one),
	  WITH(rows_that_leave_a_gap_are_refused), WITH(the_counter_follows_the_log_only),
	  WITH(reading_begins_after_since_and_ends_at_the_limit),
	  WITH(a_reading_ends_with_the_failure_of_its_caller),
	  WITH(history_of_a_record_has_its_creation_and_every_later_entry),
	  WITH(an_edit_gives_no_history_to_the_record_it_would_have_made),
	  WITH(a_scope_keeps_its_records_and_of_no_record_what_concerns_it),
	  WITH(changes_of_a_stream_are_found_by_their_numbers),
	  WITH(a_long_run_is_found_from_its_middle),
	  WITH(verdict_and_reason_of_a_logged_change_are_told), WITH(a_change_is_logged_once),
	  WITH(a_run_that_reaches_back_into_another_is_refused),
	  WITH(releases_of_one_change_may_follow_it_in_the_log),
	  WITH(subtree_roots_are_read_in_order_up_to_the_count), WITH(a_missing_subtree_is_damage),
	  WITH(the_last_checkpoint_is_the_one_written_last),
	  WITH(epochs_come_in_the_order_in_which_they_began),
	  WITH(a_root_is_found_by_its_epoch_and_size),
	  WITH(changes_that_came_back_are_counted_per_device))

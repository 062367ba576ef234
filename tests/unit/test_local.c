/* SPDX-License-Identifier: Apache-2.0 */
#include "client/local_parts.h"
#include "local_sample.h"

#include <sys/stat.h>

static struct local *
local_of(void **state)
{
	return ((struct world *)*state)->device->local;
}

TEST(a_new_device_reads_as_zeros)
{
	struct world *w = *state;
	struct local_state zeros = {0};
	struct local_state found = world_state(w);

	assert_memory_equal(&found, &zeros, sizeof zeros);
}

TEST(the_state_comes_back_as_it_was_saved)
{
	struct world *w = *state;
	struct local_state before = world_state(w);
	struct local_state after;

	before.r = 12;
	before.cursor = (struct cursor){100, 90, 80};
	before.last_n = 99; /* the changes know better */
	before.acked_n = 4;
	before.raised_n = 3;
	memset(before.chain, 0xab, sizeof before.chain);
	before.scope[1] = (struct region){6303080001, 6303089999};
	before.scope_count = 2;
	before.witness.size = 99;
	before.witness.root[3] = 4;
	before.server_time_ms = 5;
	before.server_uptime_ms = 6;
	before.server_boot[15] = 7;
	before.last_sync_ms = 8;
	add_change(w->device->local, 5, R(10), 5);
	assert_ok(local_state_save(w->device->local, &before, &error));
	world_reopen(w);
	after = world_state(w);
	assert_int_equal(after.device, WORLD_DEVICE);
	assert_string_equal(after.cadre, "Siti");
	assert_string_equal(after.url, "http://server.example/");
	assert_memory_equal(&after.cursor, &before.cursor, sizeof after.cursor);
	assert_memory_equal(after.chain, before.chain, sizeof after.chain);
	assert_memory_equal(after.scope, before.scope, 2 * sizeof after.scope[0]);
	assert_memory_equal(&after.witness, &before.witness, sizeof after.witness);
	assert_memory_equal(after.server_boot, before.server_boot, sizeof after.server_boot);
	assert_int_equal(after.r, 12);
	assert_int_equal(after.last_n, 5);
	assert_int_equal(after.acked_n, 4);
	assert_int_equal(after.raised_n, 3);
	assert_int_equal(after.scope_count, 2);
	assert_int_equal(after.server_time_ms, 5);
	assert_int_equal(after.server_uptime_ms, 6);
	assert_int_equal(after.last_sync_ms, 8);
}

TEST(a_queue_that_ends_before_what_was_acknowledged_is_an_error_of_the_storage)
{
	struct world *w = *state;
	struct local_state damaged = world_state(w);

	add_change(w->device->local, 3, R(10), 5);
	damaged.acked_n = 4;
	assert_ok(local_state_save(w->device->local, &damaged, &error));
	assert_int_equal(local_state_load(w->device->local, &damaged, &error), STATUS_STORAGE);
	assert_contains(error.detail, "n 4");
}

TEST(saving_the_state_keeps_the_certificate)
{
	struct world *w = *state;
	static const char text[] = "SELECT length(certificate) FROM device";
	struct local_state device = world_state(w);
	struct statement *s;
	bool row;

	assert_ok(local_state_save(w->device->local, &device, &error));
	s = sql_prepare(w->device->local->sql, text, &error);
	assert_ok(sql_row(s, &row, &error));
	assert_true(row && sql_int(s, 0) > 100);
	sql_reset(s);
}

static bool
only_moments(struct local *local, const struct local_state *state)
{
	bool only = false;

	assert_ok(local_only_moments(local, state, &only, &error));
	return only;
}

TEST(moments_are_told_from_all_else_that_a_state_says)
{
	struct world *w = *state;
	struct local *local = w->device->local;
	const struct local_state saved = world_state(w);
	struct local_state other[] = {saved, saved, saved, saved, saved, saved, saved,
				      saved, saved, saved, saved, saved, saved, saved};
	struct local_state moments = saved;

	moments.r++;
	moments.server_time_ms++;
	moments.server_uptime_ms++;
	moments.server_boot[0]++;
	moments.last_sync_ms++;
	other[0].epoch++;
	other[1].cursor.complete++;
	other[2].cursor.key++;
	other[3].cursor.id ^= 1;
	other[4].acked_n++;
	other[5].raised_n++;
	other[6].chain[31]++;
	other[7].scope_version++;
	other[8].scope_count++;
	other[9].witness.size++;
	other[10].schema_version++;
	other[11].schema_hash[0]++;
	other[12].epoch_count++;
	other[13].server_key_id++;
	assert_ok(local_begin(local, &error));
	assert_true(only_moments(local, &moments));
	for (size_t i = 0; i < sizeof other / sizeof other[0]; i++) {
		assert_false(only_moments(local, &other[i]));
	}
	add_change(local, 1, R(10), 5);
	assert_false(only_moments(local, &moments));
	assert_ok(local_commit(local, &error));
	assert_ok(local_begin(local, &error));
	assert_true(only_moments(local, &moments));
	local_rollback(local);
}

TEST(moments_are_saved_unless_another_process_has_gone_on)
{
	struct world *w = *state;
	struct local *local = w->device->local;
	struct local_state moments = world_state(w);
	struct local_state after;

	moments.r = 9;
	moments.server_time_ms = 5;
	moments.server_uptime_ms = 6;
	moments.server_boot[15] = 7;
	moments.last_sync_ms = 8;
	moments.acked_n = 99; /* is none */
	assert_ok(local_moments_save(local, &moments, &error));
	after = world_state(w);
	assert_int_equal(after.r, 9);
	assert_int_equal(after.server_time_ms, 5);
	assert_int_equal(after.server_uptime_ms, 6);
	assert_int_equal(after.server_boot[15], 7);
	assert_int_equal(after.last_sync_ms, 8);
	assert_int_equal(after.acked_n, 0);
	moments.r = 8;
	moments.last_sync_ms = 10;
	assert_ok(local_moments_save(local, &moments, &error));
	assert_int_equal(world_state(w).r, 9);
	assert_int_equal(world_state(w).last_sync_ms, 8);
	moments.r = 20;
	moments.device++;
	assert_ok(local_moments_save(local, &moments, &error));
	assert_int_equal(world_state(w).r, 9);
}

TEST(what_was_not_committed_is_gone)
{
	struct world *w = *state;
	struct local_changes changes;

	assert_ok(local_begin(w->device->local, &error));
	add_change(w->device->local, 1, R(10), 5);
	local_rollback(w->device->local);
	assert_ok(local_begin(w->device->local, &error));
	add_change(w->device->local, 2, R(10), 5);
	world_reopen(w);
	assert_ok(local_changes(w->device->local, (struct local_range){1, 10, 1000}, &w->arena,
				&changes, &error));
	assert_int_equal(changes.count, 0);
}

TEST(the_database_is_its_owners_alone)
{
	struct world *w = *state;
	char path[2 * WORLD_PATH_SIZE];
	struct stat file;

	(void)snprintf(path, sizeof path, "%s/device.db", w->folder);
	assert_int_equal(stat(path, &file), 0);
	assert_int_equal(file.st_mode & 0777, 0600);
	(void)snprintf(path, sizeof path, "%s/device.key", w->folder);
	assert_int_equal(stat(path, &file), 0);
	assert_int_equal(file.st_mode & 0777, 0600);
}

TEST(a_database_of_a_newer_program_is_left_alone)
{
	struct world *w = *state;
	struct local *other;

	assert_ok(sql_exec(w->device->local->sql, "PRAGMA user_version = 2", &error));
	assert_int_equal(local_open(w->folder, &other, &error), STATUS_UNSUPPORTED);
	assert_contains(error.detail, "device.db v2");
}

TEST(a_folder_that_cannot_be_written_is_named)
{
	struct local *local;

	assert_int_equal(local_open("no-such-folder", &local, &error), STATUS_STORAGE);
	assert_contains(error.detail, "no-such-folder/device.db");
}

TEST(changes_come_in_order_and_no_more_than_asked_for)
{
	struct world *w = *state;
	struct local *local = local_of(state);
	struct local_changes changes;

	add_change(local, 2, R(20), 100);
	add_change(local, 1, R(10), 900);
	add_change(local, 3, R(10), 100);
	assert_ok(local_changes(local, (struct local_range){1, 2, 100000}, &w->arena, &changes,
				&error));
	assert_int_equal(changes.count, 2);
	assert_int_equal(changes.at[0].n, 1);
	assert_int_equal(changes.at[0].bytes.length, 900);
	assert_int_equal(changes.at[1].n, 2);
	assert_int_equal(changes.at[1].record, R(20));
	/* The first whatever its size. */
	assert_ok(
		local_changes(local, (struct local_range){1, 9, 500}, &w->arena, &changes, &error));
	assert_int_equal(changes.count, 1);
	assert_ok(
		local_changes(local, (struct local_range){2, 9, 500}, &w->arena, &changes, &error));
	assert_int_equal(changes.count, 2);
	assert_int_equal(changes.at[1].n, 3);
}

static enum status
count_pending(void *context, const struct local_change *change, struct error *err)
{
	uint32_t *sum = context;

	(void)err;
	*sum = *sum * 10 + change->n;
	return STATUS_OK;
}

TEST(a_records_pending_changes_are_those_without_seq)
{
	struct local *local = local_of(state);
	uint32_t seen = 0;

	add_change(local, 1, R(10), 5);
	add_change(local, 2, R(20), 5);
	add_change(local, 3, R(10), 5);
	add_change(local, 4, R(10), 5);
	assert_ok(local_change_acked(local, 3, 33, &error));
	assert_ok(local_changes_pending(local, R(10), count_pending, &seen, &error));
	assert_int_equal(seen, 14);
}

TEST(an_open_batch_takes_all_changes_until_it_is_closed)
{
	struct world *w = *state;
	struct local *local = local_of(state);
	const uint8_t first[SEED_SIZE] = {1};
	const uint8_t second[SEED_SIZE] = {2};
	struct local_batches batches;

	for (uint32_t n = 1; n <= 3; n++) {
		add_change(local, n, R(10), 5);
		assert_ok(local_batch_open(local, n, n == 1 ? first : second, &error));
	}
	assert_ok(local_batches_close(local, &error));
	add_change(local, 4, R(10), 5);
	assert_ok(local_batch_open(local, 4, second, &error));
	add_change(local, 5, R(10), 5);
	assert_ok(local_batches(local, 2, 5, &w->arena, &batches, &error));
	assert_int_equal(batches.count, 2);
	assert_int_equal(batches.at[0].last_n, 3);
	assert_memory_equal(batches.at[0].seed, first, SEED_SIZE);
	assert_int_equal(batches.at[1].last_n, 5);
	assert_memory_equal(batches.at[1].seed, second, SEED_SIZE);
	/* A part of one. */
	assert_ok(local_batches(local, 1, 2, &w->arena, &batches, &error));
	assert_int_equal(batches.count, 1);
	assert_int_equal(batches.at[0].last_n, 2);
	assert_ok(local_batches(local, 4, 4, &w->arena, &batches, &error));
	assert_int_equal(batches.count, 1);
	assert_int_equal(batches.at[0].last_n, 4);
}

static void
raised(struct local *local, uint32_t n)
{
	struct local_state now;

	assert_ok(local_state_load(local, &now, &error));
	now.raised_n = n;
	assert_ok(local_state_save(local, &now, &error));
}

/* Changes 1 to 5, the server has had 1 to 4 since times 100 to 400, and the records know it. */
static void
linked_changes(struct local *local)
{
	for (uint32_t n = 1; n <= 5; n++) {
		uint8_t chain[HASH_SIZE] = {(uint8_t)n};
		const uint8_t seed[SEED_SIZE] = {(uint8_t)n};

		add_change(local, n, R(10), 5);
		assert_ok(local_batch_open(local, n, seed, &error));
		assert_ok(local_batches_close(local, &error));
		if (n < 5) {
			assert_ok(local_change_acked(local, n, 10 + n, &error));
			assert_ok(local_change_link(local, n, chain, 100 * n, &error));
		}
	}
	raised(local, 4);
}

TEST(a_change_that_still_raises_its_record_is_not_forgotten)
{
	struct world *w = *state;
	struct local *local = local_of(state);
	struct local_changes changes;

	linked_changes(local);
	raised(local, 1);
	assert_ok(local_changes_forget(local, 1000000, 0, &error));
	assert_ok(local_changes(local, (struct local_range){1, 9, 1000}, &w->arena, &changes,
				&error));
	assert_int_equal(changes.count, 4);
	assert_int_equal(changes.at[0].n, 2);
}

TEST(old_changes_are_forgotten_with_their_seeds)
{
	struct world *w = *state;
	struct local *local = local_of(state);
	struct local_changes changes;
	struct local_batches batches;

	linked_changes(local);
	assert_ok(local_changes_forget(local, 300, 0, &error));
	assert_ok(local_changes(local, (struct local_range){1, 9, 1000}, &w->arena, &changes,
				&error));
	assert_int_equal(changes.count, 3);
	assert_int_equal(changes.at[0].n, 3);
	assert_ok(local_batches(local, 1, 5, &w->arena, &batches, &error));
	assert_int_equal(batches.count, 3);
	/* What the server lacks stays for ever. */
	assert_ok(local_changes_forget(local, 1000000, 0, &error));
	assert_ok(local_changes(local, (struct local_range){1, 9, 1000}, &w->arena, &changes,
				&error));
	assert_int_equal(changes.count, 1);
	assert_int_equal(changes.at[0].n, 5);
}

/* Of one batch the first change was acknowledged long before the others, which a restored server
 * may ask for. */
TEST(the_seed_of_a_batch_stays_as_long_as_one_of_its_changes)
{
	struct world *w = *state;
	struct local *local = local_of(state);
	const uint8_t seed[SEED_SIZE] = {7};
	const uint8_t chain[HASH_SIZE] = {7};
	struct local_change forgotten;
	struct local_batches batches;

	for (uint32_t n = 1; n <= 3; n++) {
		add_change(local, n, R(10), 5);
		assert_ok(local_batch_open(local, n, seed, &error));
	}
	assert_ok(local_batches_close(local, &error));
	for (uint32_t n = 1; n <= 2; n++) {
		assert_ok(local_change_acked(local, n, 10 + n, &error));
		assert_ok(local_change_link(local, n, chain, 100 * n, &error));
	}
	raised(local, 2);
	assert_ok(local_changes_forget(local, 150, 0, &error));
	assert_int_equal(local_change(local, 1, &w->arena, &forgotten, &error), STATUS_NOT_FOUND);
	assert_ok(local_batches(local, 2, 3, &w->arena, &batches, &error));
	assert_int_equal(batches.count, 1);
	assert_int_equal(batches.at[0].last_n, 3);
	assert_memory_equal(batches.at[0].seed, seed, SEED_SIZE);
}

TEST(the_newest_change_is_kept_however_old_it_is)
{
	struct world *w = *state;
	struct local *local = local_of(state);
	const uint8_t chain[HASH_SIZE] = {5};

	linked_changes(local);
	assert_ok(local_change_acked(local, 5, 15, &error));
	assert_ok(local_change_link(local, 5, chain, 500, &error));
	assert_ok(local_changes_forget(local, 1000000, 0, &error));
	assert_int_equal(world_state(w).last_n, 5);
}

/* Whatever a clock said when the others were acknowledged. */
TEST(of_the_newest_changes_none_is_forgotten)
{
	struct world *w = *state;
	struct local *local = local_of(state);
	const uint8_t chain[HASH_SIZE] = {5};
	struct local_change change;

	linked_changes(local);
	assert_ok(local_change_acked(local, 5, 15, &error));
	assert_ok(local_change_link(local, 5, chain, 500, &error));
	raised(local, 5);
	assert_ok(local_changes_forget(local, 1000000, 5, &error));
	assert_ok(local_change(local, 1, &w->arena, &change, &error));
	assert_ok(local_changes_forget(local, 1000000, 3, &error));
	assert_int_equal(local_change(local, 2, &w->arena, &change, &error), STATUS_NOT_FOUND);
	assert_ok(local_change(local, 3, &w->arena, &change, &error));
}

TEST(a_quarantined_change_is_not_forgotten)
{
	struct world *w = *state;
	struct local *local = local_of(state);
	const struct exception set_aside = {.n = 1, .kind = EXCEPTION_QUARANTINED, .reason = 7};
	const struct exception conflict = {.n = 2, .kind = EXCEPTION_CONFLICT, .tag = 1};
	struct local_change change;
	uint32_t count;

	linked_changes(local);
	assert_ok(local_change_exception(local, &set_aside, &(bool){false}, &error));
	assert_ok(local_change_exception(local, &conflict, &(bool){false}, &error));
	assert_ok(local_changes_forget(local, 1000, 0, &error));
	assert_ok(local_quarantined_count(local, &count, &error));
	assert_int_equal(count, 1);
	assert_ok(local_change(local, 1, &w->arena, &change, &error));
	assert_int_equal(change.exception, EXCEPTION_QUARANTINED);
	assert_int_equal(local_change(local, 2, &w->arena, &change, &error), STATUS_NOT_FOUND);
}

static uint32_t
quarantined_in(struct local *local)
{
	uint32_t count = 99;

	assert_ok(local_quarantined_count(local, &count, &error));
	return count;
}

TEST(a_late_word_of_quarantine_does_not_undo_a_release_but_a_new_epoch_doubts_it)
{
	struct local *local = local_of(state);
	struct exception told = {.n = 1, .kind = EXCEPTION_QUARANTINED, .reason = 7};
	bool news = false;

	linked_changes(local);
	assert_ok(local_change_exception(local, &told, &news, &error));
	assert_true(news);
	told.kind = EXCEPTION_RELEASED;
	assert_ok(local_change_exception(local, &told, &news, &error));
	assert_true(news);
	assert_int_equal(quarantined_in(local), 0);
	assert_ok(local_change_exception(local, &told, &news, &error));
	assert_false(news);
	told.kind = EXCEPTION_QUARANTINED;
	assert_ok(local_change_exception(local, &told, &news, &error));
	assert_false(news);
	assert_int_equal(quarantined_in(local), 0);
	assert_ok(local_exceptions_doubt(local, &error));
	assert_int_equal(quarantined_in(local), 1);
}

TEST(changes_that_the_server_lost_count_as_never_sent)
{
	struct world *w = *state;
	struct local *local = local_of(state);
	uint8_t chain[HASH_SIZE];
	struct local_changes changes;

	linked_changes(local);
	assert_ok(local_changes_reopen(local, 3, chain, &error));
	assert_int_equal(chain[0], 2);
	assert_ok(local_changes(local, (struct local_range){1, 9, 1000}, &w->arena, &changes,
				&error));
	assert_int_equal(changes.at[1].seq, 12);
	assert_int_equal(changes.at[2].seq, 0);
	assert_int_equal(changes.at[3].seq, 0);
	assert_ok(local_changes_reopen(local, 1, chain, &error));
}

TEST(changes_that_are_gone_cannot_be_sent_again)
{
	struct local *local = local_of(state);
	uint8_t chain[HASH_SIZE];

	linked_changes(local);
	assert_ok(local_changes_forget(local, 300, 0, &error));
	assert_int_equal(local_changes_reopen(local, 1, chain, &error), STATUS_NOT_FOUND);
	/* The chain before change 3 is gone with change 2. */
	assert_int_equal(local_changes_reopen(local, 3, chain, &error), STATUS_NOT_FOUND);
	assert_ok(local_changes_reopen(local, 4, chain, &error));
}

TEST(a_stream_has_its_latest_name)
{
	struct world *w = *state;
	struct stream_name stream = {.number = 9, .kind = STREAM_USER, .name = TEXT("Ibu Rini")};
	struct stream_name found;

	assert_int_equal(local_stream(w->device->local, 9, &w->arena, &found, &error),
			 STATUS_NOT_FOUND);
	assert_ok(local_stream_save(w->device->local, &stream, &error));
	stream.name = TEXT("Bu Rini");
	assert_ok(local_stream_save(w->device->local, &stream, &error));
	assert_ok(local_stream(w->device->local, 9, &w->arena, &found, &error));
	assert_int_equal(found.kind, STREAM_USER);
	assert_true(span_equal(found.name, TEXT("Bu Rini")));
}

static size_t
take_chunk(struct world *w, uint8_t hash, uint32_t size, uint32_t offset, const char *bytes)
{
	struct schema_chunk chunk = {.version = 4,
				     .hash = {hash},
				     .size = size,
				     .offset = offset,
				     .bytes = span_of_text(bytes)};
	struct local_schema_part part;

	assert_ok(local_schema_chunk(w->device->local, &chunk, &error));
	assert_ok(local_schema_part(w->device->local, &w->arena, &part, &error));
	return part.version == 0 ? 0 : part.bytes.length;
}

TEST(a_schema_is_put_together_from_its_chunks)
{
	struct world *w = *state;

	assert_int_equal(take_chunk(w, 1, 8, 0, "abc"), 3);
	assert_int_equal(take_chunk(w, 1, 8, 3, "def"), 6);
	/* Again, and beyond a gap. */
	assert_int_equal(take_chunk(w, 1, 8, 3, "xyz"), 6);
	assert_int_equal(take_chunk(w, 1, 8, 7, "h"), 6);
	assert_int_equal(take_chunk(w, 1, 8, 6, "gh"), 8);
	/* Another one begins anew; its middle makes it be asked for from the start. */
	assert_int_equal(take_chunk(w, 2, 5, 0, "ab"), 2);
	assert_int_equal(take_chunk(w, 3, 5, 2, "cd"), 0);
}

TEST(a_chunk_beyond_the_size_of_its_schema_is_refused)
{
	struct world *w = *state;
	struct schema_chunk chunk = {.version = 4, .size = 2, .bytes = TEXT("abc")};

	assert_int_equal(local_schema_chunk(w->device->local, &chunk, &error), STATUS_LIMIT);
	chunk.size = SCHEMA_BYTES_MAX + 1;
	assert_int_equal(local_schema_chunk(w->device->local, &chunk, &error), STATUS_LIMIT);
}

RUN_TESTS(CASE_WITH(a_new_device_reads_as_zeros, world_open_new, world_close),
	  CASE_WITH(the_state_comes_back_as_it_was_saved, world_open, world_close),
	  CASE_WITH(a_queue_that_ends_before_what_was_acknowledged_is_an_error_of_the_storage,
		    world_open, world_close),
	  CASE_WITH(saving_the_state_keeps_the_certificate, world_open, world_close),
	  CASE_WITH(moments_are_told_from_all_else_that_a_state_says, world_open, world_close),
	  CASE_WITH(moments_are_saved_unless_another_process_has_gone_on, world_open, world_close),
	  CASE_WITH(what_was_not_committed_is_gone, world_open, world_close),
	  CASE_WITH(the_database_is_its_owners_alone, world_open, world_close),
	  CASE_WITH(a_database_of_a_newer_program_is_left_alone, world_open, world_close),
	  CASE_WITH(a_folder_that_cannot_be_written_is_named, world_open, world_close),
	  CASE_WITH(changes_come_in_order_and_no_more_than_asked_for, world_open, world_close),
	  CASE_WITH(a_records_pending_changes_are_those_without_seq, world_open, world_close),
	  CASE_WITH(an_open_batch_takes_all_changes_until_it_is_closed, world_open, world_close),
	  CASE_WITH(a_change_that_still_raises_its_record_is_not_forgotten, world_open,
		    world_close),
	  CASE_WITH(old_changes_are_forgotten_with_their_seeds, world_open, world_close),
	  CASE_WITH(the_seed_of_a_batch_stays_as_long_as_one_of_its_changes, world_open,
		    world_close),
	  CASE_WITH(the_newest_change_is_kept_however_old_it_is, world_open, world_close),
	  CASE_WITH(of_the_newest_changes_none_is_forgotten, world_open, world_close),
	  CASE_WITH(a_quarantined_change_is_not_forgotten, world_open, world_close),
	  CASE_WITH(a_late_word_of_quarantine_does_not_undo_a_release_but_a_new_epoch_doubts_it,
		    world_open, world_close),
	  CASE_WITH(changes_that_the_server_lost_count_as_never_sent, world_open, world_close),
	  CASE_WITH(changes_that_are_gone_cannot_be_sent_again, world_open, world_close),
	  CASE_WITH(a_stream_has_its_latest_name, world_open, world_close),
	  CASE_WITH(a_schema_is_put_together_from_its_chunks, world_open, world_close),
	  CASE_WITH(a_chunk_beyond_the_size_of_its_schema_is_refused, world_open, world_close))

/* SPDX-License-Identifier: Apache-2.0 */
#include "store_world.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

/* ---- files ---- */

TEST(a_new_database_is_readable_by_its_owner_only)
{
	struct world *w = *state;
	struct stat about;

	assert_int_equal(stat(w->path, &about), 0);
	assert_int_equal(about.st_mode & 0777, 0600);
}

TEST(an_existing_file_is_not_overwritten)
{
	struct world *w = *state;

	assert_int_equal(store_create(w->path, &w->err), STATUS_EXISTS);
	assert_ok(store_setting_put(w->writer, "name", span_of_text("Banjar"), &w->err));
}

TEST(a_folder_that_is_not_there_is_told_by_its_path)
{
	struct world *w = *state;

	assert_int_equal(store_create("nowhere/db", &w->err), STATUS_STORAGE);
	assert_contains(w->err.detail, "nowhere/db");
}

TEST(a_missing_database_is_not_made_by_opening)
{
	struct world *w = *state;
	struct store *store;

	assert_int_equal(store_open(w->path, STORE_WRITER, &store, &w->err), STATUS_STORAGE);
	assert_int_not_equal(access(w->path, F_OK), 0);
}

TEST(a_file_that_is_no_database_is_refused)
{
	struct world *w = *state;
	struct store *store;
	FILE *file = fopen(w->path, "w");

	assert_non_null(file);
	for (int i = 0; i < 1000; i++) {
		(void)fputs("no database ", file);
	}
	(void)fclose(file);
	assert_int_equal(store_open(w->path, STORE_WRITER, &store, &w->err), STATUS_STORAGE);
}

TEST(closing_nothing_is_allowed)
{
	store_close(NULL);
}

TEST(a_backup_opens_and_holds_what_was_committed)
{
	struct world *w = *state;
	struct store *copy;
	struct span value;

	assert_ok(store_setting_put(w->writer, "name", span_of_text("Banjar"), &w->err));
	assert_ok(store_backup(w->reader, w->copy, &w->err));
	assert_ok(store_open(w->copy, STORE_WRITER, &copy, &w->err));
	assert_ok(store_setting(copy, "name", &w->arena, &value, &w->err));
	assert_true(span_equal(value, span_of_text("Banjar")));
	store_close(copy);
	assert_int_equal(store_backup(w->reader, w->copy, &w->err), STATUS_EXISTS);
}

/* ---- transactions ---- */

TEST(a_rolled_back_transaction_leaves_nothing)
{
	struct world *w = *state;
	struct span value;

	assert_ok(store_begin(w->writer, &w->err));
	assert_ok(store_setting_put(w->writer, "name", span_of_text("Banjar"), &w->err));
	store_rollback(w->writer);
	assert_int_equal(store_setting(w->writer, "name", &w->arena, &value, &w->err),
			 STATUS_NOT_FOUND);
}

TEST(a_rollback_without_a_transaction_is_harmless)
{
	struct world *w = *state;

	store_rollback(w->writer);
	assert_ok(store_begin(w->writer, &w->err));
	assert_ok(store_commit(w->writer, &w->err));
}

TEST(a_snapshot_does_not_see_a_later_commit)
{
	struct world *w = *state;
	struct span value;

	assert_ok(store_snapshot(w->reader, &w->err));
	assert_ok(store_begin(w->writer, &w->err));
	assert_ok(store_setting_put(w->writer, "name", span_of_text("Banjar"), &w->err));
	assert_ok(store_commit(w->writer, &w->err));
	assert_int_equal(store_setting(w->reader, "name", &w->arena, &value, &w->err),
			 STATUS_NOT_FOUND);
	store_snapshot_end(w->reader);
	assert_ok(store_setting(w->reader, "name", &w->arena, &value, &w->err));
}

TEST(a_reader_cannot_write)
{
	struct world *w = *state;

	assert_int_equal(store_setting_put(w->reader, "a", span_of_text("b"), &w->err),
			 STATUS_STORAGE);
}

TEST(a_checkpoint_succeeds_while_a_reader_keeps_an_old_state)
{
	struct world *w = *state;

	assert_ok(store_snapshot(w->reader, &w->err));
	assert_ok(store_setting_put(w->writer, "name", span_of_text("Banjar"), &w->err));
	assert_ok(store_checkpoint(w->writer, false, &w->err));
	assert_ok(store_checkpoint(w->writer, true, &w->err));
	store_snapshot_end(w->reader);
	assert_ok(store_checkpoint(w->writer, false, &w->err));
}

TEST(the_log_begins_anew_after_a_restart_though_a_newer_snapshot_is_held)
{
	struct world *w = *state;
	uint64_t before;

	assert_ok(store_setting_put(w->writer, "name", span_of_text("Banjar"), &w->err));
	assert_ok(store_setting_put(w->writer, "name", span_of_text("Banjarbaru"), &w->err));
	assert_ok(store_checkpoint(w->writer, true, &w->err));
	assert_ok(store_snapshot(w->reader, &w->err));
	before = store_wal_bytes(w->writer);
	assert_ok(store_setting_put(w->writer, "name", span_of_text("Martapura"), &w->err));
	assert_int_equal(store_wal_bytes(w->writer), before);
	store_snapshot_end(w->reader);
}

/* Limits the size of files to `bytes`; returns the limits before. */
static struct rlimit
limit_files(rlim_t bytes)
{
	struct rlimit before;
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	limit = before;
	limit.rlim_cur = bytes;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	return before;
}

TEST(a_full_disk_is_told_and_the_store_works_again_afterwards)
{
	enum { BIG = 1024 * 1024 };
	struct world *w = *state;
	uint8_t *big = calloc(BIG, 1);
	struct span value;
	struct sigaction ignore = {.sa_handler = SIG_IGN};
	struct rlimit before;
	enum status status;

	assert_non_null(big);
	assert_ok(store_setting_put(w->writer, "name", span_of_text("Banjar"), &w->err));
	assert_int_equal(sigaction(SIGXFSZ, &ignore, NULL), 0);
	before = limit_files(BIG / 2);
	assert_ok(store_begin(w->writer, &w->err));
	status = store_setting_put(w->writer, "big", span_of(big, BIG), &w->err);
	if (status == STATUS_OK) {
		status = store_commit(w->writer, &w->err);
	}
	store_rollback(w->writer);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(status, STATUS_FULL);

	assert_ok(store_begin(w->writer, &w->err));
	assert_ok(store_setting_put(w->writer, "big", span_of(big, BIG), &w->err));
	assert_ok(store_commit(w->writer, &w->err));
	assert_ok(store_setting(w->reader, "name", &w->arena, &value, &w->err));
	free(big);
}

/* ---- settings, schemas, imports ---- */

TEST(a_setting_written_again_has_the_new_value)
{
	struct world *w = *state;
	struct span value;

	assert_ok(store_setting_put(w->writer, "origin", span_of_text("one"), &w->err));
	assert_ok(store_setting_put(w->writer, "origin", span_of_text("two"), &w->err));
	assert_ok(store_setting(w->writer, "origin", &w->arena, &value, &w->err));
	assert_true(span_equal(value, span_of_text("two")));
}

TEST(what_does_not_fit_the_arena_is_told)
{
	struct world *w = *state;
	struct arena tiny;
	struct span value;

	arena_init(&tiny, 1);
	assert_ok(store_setting_put(w->writer, "name", span_of_text("Banjar"), &w->err));
	assert_int_equal(store_setting(w->writer, "name", &tiny, &value, &w->err), STATUS_MEMORY);
	arena_finish(&tiny);
}

TEST(version_0_asks_for_the_newest_schema)
{
	struct world *w = *state;
	struct span cbor;
	struct span json;
	uint32_t newest = 9;

	assert_ok(store_schema_newest(w->writer, &newest, &w->err));
	assert_int_equal(newest, 0);
	assert_int_equal(store_schema(w->writer, 0, &w->arena, &cbor, NULL, &w->err),
			 STATUS_NOT_FOUND);
	assert_ok(store_schema_add(w->writer, 1, span_of_text("c1"), span_of_text("j1"), &w->err));
	assert_ok(store_schema_add(w->writer, 2, span_of_text("c2"), span_of_text("j2"), &w->err));
	assert_ok(store_schema(w->writer, 0, &w->arena, &cbor, &json, &w->err));
	assert_true(span_equal(cbor, span_of_text("c2")) && span_equal(json, span_of_text("j2")));
	assert_ok(store_schema(w->writer, 1, &w->arena, &cbor, NULL, &w->err));
	assert_true(span_equal(cbor, span_of_text("c1")));
	assert_int_equal(store_schema(w->writer, 3, &w->arena, &cbor, NULL, &w->err),
			 STATUS_NOT_FOUND);
	assert_ok(store_schema_newest(w->writer, &newest, &w->err));
	assert_int_equal(newest, 2);
}

TEST(a_schema_version_is_stored_once)
{
	struct world *w = *state;

	assert_ok(store_schema_add(w->writer, 1, span_of_text("c"), span_of_text("j"), &w->err));
	assert_int_equal(
		store_schema_add(w->writer, 1, span_of_text("c"), span_of_text("j"), &w->err),
		STATUS_EXISTS);
}

TEST(an_import_row_is_found_by_type_and_key)
{
	struct world *w = *state;
	struct import_row row = {.type = FAMILY,
				 .key = span_of_text("6303-17"),
				 .record = id_make(7, 1),
				 .version = 10,
				 .cells = span_of_text("cells")};
	struct import_row found;

	assert_ok(store_import_row_put(w->writer, &row, &w->err));
	row.version = 11;
	assert_ok(store_import_row_put(w->writer, &row, &w->err));
	assert_ok(store_import_row(w->writer, FAMILY, row.key, &w->arena, &found, &w->err));
	assert_int_equal(found.record, id_make(7, 1));
	assert_int_equal(found.version, 11);
	assert_true(span_equal(found.cells, row.cells) && span_equal(found.key, row.key));
	assert_int_equal(store_import_row(w->writer, VISIT, row.key, &w->arena, &found, &w->err),
			 STATUS_NOT_FOUND);
}

#define WITH(sentence) CASE_WITH(sentence, world_open, world_close)
#define WITH_FOLDER(sentence) CASE_WITH(sentence, world_folder, world_close)

RUN_TESTS(WITH(a_new_database_is_readable_by_its_owner_only),
	  WITH(an_existing_file_is_not_overwritten),
	  WITH_FOLDER(a_folder_that_is_not_there_is_told_by_its_path),
	  WITH_FOLDER(a_missing_database_is_not_made_by_opening),
	  WITH_FOLDER(a_file_that_is_no_database_is_refused), CASE(closing_nothing_is_allowed),
	  WITH(a_backup_opens_and_holds_what_was_committed),
	  WITH(a_rolled_back_transaction_leaves_nothing),
	  WITH(a_rollback_without_a_transaction_is_harmless),
	  WITH(a_snapshot_does_not_see_a_later_commit), WITH(a_reader_cannot_write),
	  WITH(a_checkpoint_succeeds_while_a_reader_keeps_an_old_state),
	  WITH(the_log_begins_anew_after_a_restart_though_a_newer_snapshot_is_held),
	  WITH(a_full_disk_is_told_and_the_store_works_again_afterwards),
	  WITH(a_setting_written_again_has_the_new_value),
	  WITH(what_does_not_fit_the_arena_is_told), WITH(version_0_asks_for_the_newest_schema),
	  WITH(a_schema_version_is_stored_once), WITH(an_import_row_is_found_by_type_and_key))

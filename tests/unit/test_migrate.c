/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/store/migrate.h"
#include "store_world.h"

static const struct migration steps[] = {
	{"0001_one", "CREATE TABLE one (a); INSERT INTO one VALUES (1)"},
	{"0002_two", "CREATE TABLE two (a); INSERT INTO two SELECT a + 1 FROM one"},
	{"0003_bad", "CREATE TABLE three (a); INSERT INTO nowhere VALUES (1)"},
};

static struct sql *
open_sql(struct world *w, enum sql_access access)
{
	const struct sql_options options = {.access = access};
	struct sql *sql;

	assert_ok(sql_open(w->path, &options, &sql, &w->err));
	return sql;
}

static struct sql *
database_of(struct world *w, size_t count)
{
	struct sql *sql = open_sql(w, SQL_CREATE);

	assert_ok(migrate_new(sql, steps, count, &w->err));
	return sql;
}

TEST(numbers_of_the_embedded_files_have_no_gap)
{
	assert_true(migration_count > 0);
	for (size_t i = 0; i < migration_count; i++) {
		assert_int_equal(strtoul(migrations[i].name, NULL, 10), i + 1);
		assert_int_equal(migrations[i].name[4], '_');
	}
}

TEST(an_older_database_gets_what_it_lacks)
{
	struct world *w = *state;
	struct sql *sql = database_of(w, 1);

	assert_ok(migrate(sql, steps, 2, &w->err));
	assert_ok(sql_exec(sql, "UPDATE two SET a = 2 WHERE a = 2", &w->err));
	assert_int_equal(sql_changes(sql), 1);
	assert_ok(migrate(sql, steps, 2, &w->err));
	assert_ok(migrate_check(sql, 2, &w->err));
	sql_close(sql);
}

TEST(a_failing_migration_leaves_the_database_as_it_was)
{
	struct world *w = *state;
	struct sql *sql = database_of(w, 1);

	assert_int_equal(migrate(sql, steps, 3, &w->err), STATUS_STORAGE);
	assert_contains(w->err.detail, "0003_bad");
	assert_false(sql_in_transaction(sql));
	assert_ok(migrate_check(sql, 1, &w->err));
	assert_int_equal(sql_exec(sql, "SELECT * FROM two", &w->err), STATUS_STORAGE);
	sql_close(sql);
}

TEST(a_newer_database_is_refused_naming_both_numbers)
{
	struct world *w = *state;
	struct sql *sql = database_of(w, 2);

	assert_int_equal(migrate(sql, steps, 1, &w->err), STATUS_UNSUPPORTED);
	assert_contains(w->err.detail, "version 2");
	assert_contains(w->err.detail, "up to 1");
	assert_int_equal(migrate_check(sql, 1, &w->err), STATUS_UNSUPPORTED);
	sql_close(sql);
}

TEST(a_reader_does_not_read_an_older_database)
{
	struct world *w = *state;
	struct sql *sql = database_of(w, 1);

	assert_int_equal(migrate_check(sql, 2, &w->err), STATUS_STORAGE);
	sql_close(sql);
}

TEST(the_database_of_another_program_is_left_alone)
{
	struct world *w = *state;
	struct sql *sql = open_sql(w, SQL_CREATE);

	assert_ok(sql_exec(sql, "CREATE TABLE theirs (a)", &w->err));
	assert_int_equal(migrate(sql, steps, 1, &w->err), STATUS_INVALID);
	assert_int_equal(sql_exec(sql, "SELECT * FROM one", &w->err), STATUS_STORAGE);
	sql_close(sql);
}

TEST(a_store_from_a_newer_program_does_not_open)
{
	struct world *w = *state;
	struct store *store;
	struct sql *sql;

	assert_ok(store_create(w->path, &w->err));
	sql = open_sql(w, SQL_WRITE);
	assert_ok(sql_exec(sql, "PRAGMA user_version=9999", &w->err));
	sql_close(sql);
	assert_int_equal(store_open(w->path, STORE_WRITER, &store, &w->err), STATUS_UNSUPPORTED);
	assert_int_equal(store_open(w->path, STORE_READER, &store, &w->err), STATUS_UNSUPPORTED);
}

#define WITH(sentence) CASE_WITH(sentence, world_folder, world_close)

RUN_TESTS(CASE(numbers_of_the_embedded_files_have_no_gap),
	  WITH(an_older_database_gets_what_it_lacks),
	  WITH(a_failing_migration_leaves_the_database_as_it_was),
	  WITH(a_newer_database_is_refused_naming_both_numbers),
	  WITH(a_reader_does_not_read_an_older_database),
	  WITH(the_database_of_another_program_is_left_alone),
	  WITH(a_store_from_a_newer_program_does_not_open))

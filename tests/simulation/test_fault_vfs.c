/* SPDX-License-Identifier: Apache-2.0 */
/* The disk that fails, by itself and below SQLite. */
#include "protocol/sql/sql.h"
#include "tests/scratch.h"
#include "tests/simulation/fault_disk.h"
#include "tests/simulation/fault_vfs.h"
#include "tests/testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SECTOR = 512, ROWS = 6 };

static const char folder[] = "/nowhere";
static const char path[] = "/nowhere/file";

static void
write_at(struct fault_file *file, char letter, size_t length, size_t offset)
{
	char bytes[8 * SECTOR];

	memset(bytes, letter, sizeof bytes);
	assert_int_equal(fault_file_write(file, bytes, length, offset), FILE_OK);
}

static struct fault_file *
open_file(void)
{
	struct fault_file *file = fault_file_open(path, true);

	assert_non_null(file);
	return file;
}

static char
letter_at(struct fault_file *file, size_t offset)
{
	char letter = '-';

	(void)fault_file_read(file, &letter, 1, offset);
	return letter;
}

TEST(what_was_synced_survives_and_the_rest_does_not)
{
	struct fault_file *file = open_file();

	write_at(file, 'a', SECTOR, 0);
	assert_int_equal(fault_file_sync(file), FILE_OK);
	write_at(file, 'b', SECTOR, 0);
	write_at(file, 'c', SECTOR, SECTOR);
	assert_int_equal(letter_at(file, 0), 'b');
	fault_file_close(file);
	fault_disk_crash(folder, LOSS_ALL, 1);
	file = open_file();
	assert_int_equal(letter_at(file, 0), 'a');
	assert_int_equal(fault_file_size(file), SECTOR);
	fault_file_close(file);
	fault_disk_forget();
}

TEST(a_killed_process_loses_nothing_that_it_wrote)
{
	struct fault_file *file = open_file();

	write_at(file, 'a', SECTOR, 0);
	fault_disk_kill(folder);
	fault_file_close(file);
	fault_disk_crash(folder, LOSS_NONE, 1);
	file = open_file();
	assert_int_equal(letter_at(file, 0), 'a');
	fault_file_close(file);
	fault_disk_forget();
}

/* How many of eight sectors of one write arrived. */
static size_t
sectors_kept(uint64_t seed)
{
	struct fault_file *file = open_file();
	size_t kept = 0;

	write_at(file, 'a', (size_t)8 * SECTOR, 0);
	assert_int_equal(fault_file_sync(file), FILE_OK);
	write_at(file, 'b', (size_t)8 * SECTOR, 0);
	fault_file_close(file);
	fault_disk_crash(folder, LOSS_TORN, seed);
	file = open_file();
	for (size_t i = 0; i < 8; i++) {
		kept += letter_at(file, SECTOR * i + SECTOR - 1) == 'b';
	}
	fault_file_close(file);
	fault_disk_forget();
	return kept;
}

TEST(a_torn_write_keeps_some_sectors_and_the_same_ones_for_the_same_seed)
{
	size_t torn = 0;

	for (uint64_t seed = 0; seed < 40; seed++) {
		size_t kept = sectors_kept(seed);

		torn += kept > 0 && kept < 8;
		assert_int_equal(sectors_kept(seed), kept);
	}
	assert_true(torn > 20);
}

TEST(a_name_that_was_not_synced_is_gone_and_a_deletion_undone)
{
	struct fault_file *file = open_file();

	write_at(file, 'a', SECTOR, 0);
	assert_int_equal(fault_file_sync(file), FILE_OK);
	fault_file_close(file);
	assert_int_equal(fault_file_delete(path, false), FILE_OK);
	assert_false(fault_file_exists(path));
	fault_file_close(fault_file_open("/nowhere/other", true));
	fault_disk_crash(folder, LOSS_ALL, 1);
	assert_false(fault_file_exists("/nowhere/other"));
	file = fault_file_open(path, false);
	assert_non_null(file);
	assert_int_equal(letter_at(file, 0), 'a');
	fault_file_close(file);
	assert_int_equal(fault_file_delete(path, true), FILE_OK);
	fault_disk_crash(folder, LOSS_ALL, 1);
	assert_false(fault_file_exists(path));
	fault_disk_forget();
}

TEST(a_synced_deletion_of_what_is_gone_already_makes_the_former_durable)
{
	struct fault_file *file = open_file();

	write_at(file, 'a', SECTOR, 0);
	assert_int_equal(fault_file_sync(file), FILE_OK);
	fault_file_close(file);
	assert_int_equal(fault_file_delete(path, false), FILE_OK);
	assert_int_equal(fault_file_delete(path, true), FILE_OK);
	fault_disk_crash(folder, LOSS_ALL, 1);
	assert_false(fault_file_exists(path));
	fault_disk_forget();
}

TEST(a_plan_fails_at_its_operation_and_no_longer_than_it_says)
{
	struct fault_plan plan = {.kind = FAULT_ERROR, .after = 1, .lasts = 2};
	struct fault_file *file = open_file();

	fault_disk_arm(folder, &plan);
	assert_int_equal(fault_file_write(file, "a", 1, 0), FILE_OK);
	assert_false(fault_disk_failed(folder));
	assert_int_equal(fault_file_write(file, "b", 1, 0), FILE_ERROR);
	assert_int_equal(fault_file_sync(file), FILE_ERROR);
	assert_int_equal(fault_file_write(file, "c", 1, 0), FILE_OK);
	assert_true(fault_disk_failed(folder));
	assert_int_equal(letter_at(file, 0), 'c');
	fault_file_close(file);
	fault_disk_forget();
}

TEST(a_dead_disk_does_nothing_until_it_comes_back)
{
	struct fault_plan plan = {.kind = FAULT_CRASH};
	struct fault_file *file = open_file();

	fault_disk_arm(folder, &plan);
	assert_int_equal(fault_file_write(file, "a", 1, 0), FILE_ERROR);
	assert_int_equal(fault_file_sync(file), FILE_ERROR);
	assert_null(fault_file_open(path, true));
	fault_file_close(file);
	fault_disk_crash(folder, LOSS_ALL, 1);
	assert_false(fault_disk_dead(folder));
	assert_null(fault_file_open(path, false));
	fault_disk_forget();
}

/* ---- below SQLite ---- */

struct database {
	char folder[SCRATCH_SIZE];
	char path[SCRATCH_SIZE + 8];
	struct sql *sql;
};

static struct error error;

static void
database_make(struct database *database)
{
	fault_vfs_install(1);
	assert_true(scratch_folder(database->folder, sizeof database->folder, "disk"));
	(void)snprintf(database->path, sizeof database->path, "%s/db", database->folder);
}

static enum status
database_open(struct database *database, enum sql_access access, bool durable)
{
	struct sql_options options = {
		.access = access, .cache_kib = 256, .wal_pages = 8, .durable = durable};

	return sql_open(database->path, &options, &database->sql, &error);
}

static void
database_end(struct database *database)
{
	sql_close(database->sql);
	(void)unlink(database->path);
	(void)rmdir(database->folder);
	fault_disk_forget();
}

static int64_t
number(struct sql *sql, const char *text)
{
	struct statement *statement = sql_prepare_own(sql, text, &error);
	bool row = false;
	int64_t result = -1;

	if (sql_row(statement, &row, &error) == STATUS_OK && row) {
		result = sql_int(statement, 0);
	}
	sql_statement_free(statement);
	return result;
}

/* Fills a table, one row a transaction, until the disk fails; how many were committed. */
static int64_t
fill(struct sql *sql)
{
	int64_t rows = 0;

	if (sql_exec(sql, "CREATE TABLE IF NOT EXISTS t (n INTEGER PRIMARY KEY, b BLOB)", &error) !=
	    STATUS_OK) {
		return -1;
	}
	while (rows < ROWS &&
	       sql_exec(sql, "INSERT INTO t (b) VALUES (randomblob(9000))", &error) == STATUS_OK) {
		rows++;
	}
	return rows;
}

/* A new database on a disk that dies at operation `at`. False: the disk outlived it. */
static bool
survives_crash(uint64_t at)
{
	struct fault_plan plan = {.kind = FAULT_CRASH, .after = at};
	struct database database = {.sql = NULL};
	int64_t committed = -1;
	int64_t found;
	bool died;

	database_make(&database);
	fault_disk_arm(database.folder, &plan);
	if (database_open(&database, SQL_CREATE, true) == STATUS_OK) {
		committed = fill(database.sql);
		sql_close(database.sql);
	}
	died = fault_disk_dead(database.folder);
	fault_disk_crash(database.folder, LOSS_TORN, at);
	assert_int_equal(database_open(&database, SQL_WRITE, true), STATUS_OK);
	assert_int_equal(number(database.sql, "SELECT integrity_check = 'ok'"
					      " FROM pragma_integrity_check"),
			 1);
	found = number(database.sql, "SELECT count(*) FROM t");
	/* The one that failed may be there: nobody was told that it is not. */
	assert_true(found >= committed && found <= committed + 1);
	database_end(&database);
	return died;
}

TEST(what_sqlite_committed_survives_a_crash_at_every_operation)
{
	uint64_t at = 0;

	while (survives_crash(at)) {
		at++;
	}
	assert_true(at > 30);
}

/* The proof that a test which passes says something: SQLite told not to sync loses rows here. */
TEST(what_sqlite_did_not_sync_is_lost)
{
	struct database database = {.sql = NULL};

	database_make(&database);
	assert_int_equal(database_open(&database, SQL_CREATE, true), STATUS_OK);
	assert_int_equal(
		sql_exec(database.sql, "CREATE TABLE t (n INTEGER PRIMARY KEY, b BLOB)", &error),
		STATUS_OK);
	sql_close(database.sql);
	assert_int_equal(database_open(&database, SQL_WRITE, false), STATUS_OK);
	assert_int_equal(sql_exec(database.sql, "INSERT INTO t (b) VALUES (1)", &error), STATUS_OK);
	fault_disk_kill(database.folder);
	sql_close(database.sql);
	fault_disk_crash(database.folder, LOSS_ALL, 1);
	assert_int_equal(database_open(&database, SQL_WRITE, true), STATUS_OK);
	assert_int_equal(number(database.sql, "SELECT count(*) FROM t"), 0);
	database_end(&database);
}

/* Killed between write and sync of a commit; the next process sees it, and then the power goes. */
TEST(what_was_seen_after_a_kill_survives_a_power_cut)
{
	struct fault_plan plan = {.kind = FAULT_CRASH};
	struct database database = {.sql = NULL};
	int64_t seen = 0;

	database_make(&database);
	assert_int_equal(database_open(&database, SQL_CREATE, true), STATUS_OK);
	assert_int_equal(fill(database.sql), ROWS);
	for (plan.after = 0; seen <= ROWS; plan.after++) {
		fault_disk_arm(database.folder, &plan);
		(void)sql_exec(database.sql, "INSERT INTO t (b) VALUES (1)", &error);
		fault_disk_kill(database.folder);
		sql_close(database.sql);
		fault_disk_crash(database.folder, LOSS_NONE, 1);
		assert_int_equal(database_open(&database, SQL_WRITE, true), STATUS_OK);
		seen = number(database.sql, "SELECT count(*) FROM t");
		fault_disk_kill(database.folder);
		sql_close(database.sql);
		fault_disk_crash(database.folder, LOSS_ALL, 1);
		assert_int_equal(database_open(&database, SQL_WRITE, true), STATUS_OK);
		assert_int_equal(number(database.sql, "SELECT count(*) FROM t"), seen);
	}
	database_end(&database);
}

TEST(a_full_disk_is_told_and_what_was_there_stays)
{
	struct fault_plan plan = {.kind = FAULT_FULL, .after = 1, .lasts = 1};
	struct database database = {.sql = NULL};

	database_make(&database);
	assert_int_equal(database_open(&database, SQL_CREATE, true), STATUS_OK);
	assert_int_equal(fill(database.sql), ROWS);
	fault_disk_arm(database.folder, &plan);
	assert_int_equal(
		sql_exec(database.sql, "INSERT INTO t (b) VALUES (randomblob(9000))", &error),
		STATUS_FULL);
	assert_int_equal(number(database.sql, "SELECT count(*) FROM t"), ROWS);
	assert_int_equal(fill(database.sql), ROWS);
	database_end(&database);
}

RUN_TESTS(CASE(what_was_synced_survives_and_the_rest_does_not),
	  CASE(a_killed_process_loses_nothing_that_it_wrote),
	  CASE(a_torn_write_keeps_some_sectors_and_the_same_ones_for_the_same_seed),
	  CASE(a_name_that_was_not_synced_is_gone_and_a_deletion_undone),
	  CASE(a_synced_deletion_of_what_is_gone_already_makes_the_former_durable),
	  CASE(a_plan_fails_at_its_operation_and_no_longer_than_it_says),
	  CASE(a_dead_disk_does_nothing_until_it_comes_back),
	  CASE(what_sqlite_committed_survives_a_crash_at_every_operation),
	  CASE(what_sqlite_did_not_sync_is_lost),
	  CASE(what_was_seen_after_a_kill_survives_a_power_cut),
	  CASE(a_full_disk_is_told_and_what_was_there_stays))

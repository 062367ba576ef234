/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whatever somebody alters in a database is found: more than a thousand alterations of one that
 * real phones have filled, each column of evidence in turn, and rows that were deleted.
 */
#include "tests/testing.h"
#include "tests/twin/alter.h"
#include "tests/twin/altered.h"

enum { EACH = 16, EACH_OF_FEW = 2, EACH_TYPED = 1, ALTERATIONS_LEAST = 1000 };

TEST(a_database_that_nobody_altered_is_what_its_log_says)
{
	struct altered *altered = *state;
	struct heard heard;

	altered_anew(altered);
	heard = altered_look(altered);
	if (heard.findings > 0) {
		print_error("%s %s %s: %s\n", heard.first.table, heard.first.row,
			    heard.first.column, heard.first.what);
	}
	assert_int_equal(heard.findings, 0);
	/* What the test is worth: all of it is there to be altered. */
	assert_true(alter_number(altered->path, "SELECT count(*) FROM tree") >= 1);
	assert_true(alter_number(altered->path, "SELECT count(*) FROM epoch") == 2);
	assert_true(alter_number(altered->path, "SELECT count(*) FROM schema") == 2);
	assert_true(alter_number(altered->path, "SELECT count(*) FROM move") >= 4);
	assert_true(alter_number(altered->path, "SELECT count(*) FROM token") == 3);
	assert_true(alter_number(altered->path, "SELECT count(*) FROM token WHERE revoked > 0") ==
		    1);
	assert_true(alter_number(altered->path, "SELECT count(*) FROM user") == 3);
	assert_true(alter_number(altered->path, "SELECT count(*) FROM user WHERE disabled > 0") ==
		    1);
	assert_true(alter_number(altered->path, "SELECT count(*) FROM device_region") >= 2);
	assert_true(alter_number(altered->path, "SELECT count(*) FROM quarantine") >= 4);
	assert_true(alter_number(altered->path,
				 "SELECT count(*) FROM quarantine WHERE settled = 0") >= 1);
	assert_true(alter_number(altered->path,
				 "SELECT count(*) FROM record WHERE conflicts > 0") >= 1);
	assert_true(
		alter_number(altered->path, "SELECT count(*) FROM record WHERE state IS NULL") >=
		ALTERED_VISITS);
	assert_true(alter_number(altered->path, "SELECT count(*) FROM device") == 3);
	assert_true(alter_number(altered->path, "SELECT count(*) FROM t_visit") >= ALTERED_VISITS);
	assert_true(alter_number(
		altered->path, "SELECT (SELECT seq FROM typed_head) = (SELECT seq FROM log_head)"));
}

/* Of the record types, whose tables have many columns alike. */
static bool
is_typed(const struct altered_column *column)
{
	return strncmp(column->table, "t_", 2) == 0;
}

/* Of erasures nothing is there (test_verify_erased), nor of most record types, and of that column
 * the database keeps the only value by itself. */
static bool
is_never_altered(const struct altered_column *column)
{
	return (is_typed(column) && strcmp(column->table, "t_family") != 0 &&
		strcmp(column->table, "t_visit") != 0) ||
	       strcmp(column->table, "erased") == 0 || strcmp(column->table, "erasure") == 0 ||
	       strcmp(column->table, "erasure_device") == 0 ||
	       (strcmp(column->table, "log_head") == 0 && strcmp(column->column, "only") == 0);
}

TEST(every_alteration_of_a_column_of_evidence_is_found)
{
	const size_t each = testing_count(EACH, EACH_OF_FEW);
	struct altered *altered = *state;
	struct altered_column *columns;
	size_t count = 0;
	unsigned tried = 0;
	unsigned caught = 0;
	unsigned missing = 0;

	altered_anew(altered);
	columns = alter_columns(altered->path, &count);
	for (size_t i = 0; i < count; i++) {
		const size_t times = is_typed(&columns[i]) ? EACH_TYPED : each;

		for (size_t k = 0; k < times || (columns[i].tried == 0 && k < each); k++) {
			altered_alter(altered, &columns[i]);
		}
		if (each == EACH && columns[i].tried == 0 && !is_never_altered(&columns[i])) {
			print_error("never altered: %s.%s\n", columns[i].table, columns[i].column);
			missing++;
		}
		print_message("%s.%s: %u altered, %u found (%u refused by the database)\n",
			      columns[i].table, columns[i].column, columns[i].tried,
			      columns[i].caught, columns[i].refused);
		tried += columns[i].tried;
		caught += columns[i].caught;
	}
	print_message("%u alterations of %zu columns, %u found\n", tried, count, caught);
	free(columns);
	assert_int_equal(caught, tried);
	assert_int_equal(missing, 0);
	assert_true(each < EACH || tried >= ALTERATIONS_LEAST);
}

TEST(every_row_that_is_deleted_is_missed)
{
	static const char *const tables[] = {
		"log",
		"log_run",
		"tree",
		"checkpoint",
		"epoch",
		"record",
		"place",
		"move",
		"stream",
		"device",
		"device_scope",
		"token",
		"schema",
		"quarantine",
		"progress",
		"user",
		"device_region",
		"quarantine_cause",
		"device_destroyed",
		"t_family",
		"t_visit",
		"typed_column",
	};
	struct altered *altered = *state;

	for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
		unsigned deleted = 0;

		for (int k = 0; k < 4; k++) {
			char told[400];

			altered_anew(altered);
			if (!alter_delete(altered->path, tables[i], &altered->random, told,
					  sizeof told)) {
				continue;
			}
			deleted++;
			if (altered_look(altered).findings == 0) {
				print_error("missed: %s\n", told);
				_fail(__FILE__, __LINE__);
			}
		}
		if (deleted == 0) {
			print_error("no row to delete: %s\n", tables[i]);
			_fail(__FILE__, __LINE__);
		}
	}
}

static void
count_finding(void *context, const struct finding *finding)
{
	(void)finding;
	(*(unsigned *)context)++;
}

TEST(every_table_and_column_stands_in_the_list_of_what_is_evidence)
{
	struct altered *altered = *state;
	unsigned findings = 0;
	const struct finder finder = {count_finding, &findings};
	struct store *store;
	struct error err;

	altered_anew(altered);
	alter_run(altered->path, "CREATE TABLE secret (name TEXT, place INTEGER)");
	assert_ok(store_open(altered->path, STORE_READER, &store, &err));
	assert_ok(store_tables_check(store, &finder, &err));
	store_close(store);
	assert_int_equal(findings, 2);
}

RUN_TESTS(CASE_WITH(a_database_that_nobody_altered_is_what_its_log_says, altered_open,
		    altered_close),
	  CASE_WITH(every_alteration_of_a_column_of_evidence_is_found, altered_open, altered_close),
	  CASE_WITH(every_row_that_is_deleted_is_missed, altered_open, altered_close),
	  CASE_WITH(every_table_and_column_stands_in_the_list_of_what_is_evidence, altered_open,
		    altered_close))

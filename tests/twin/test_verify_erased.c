/* SPDX-License-Identifier: Apache-2.0 */
/* What was erased by law is missing with good reason: nothing else is, and all the rest is
 * verified. */
#include "protocol/id.h"
#include "tests/testing.h"
#include "tests/twin/alter.h"
#include "tests/twin/altered.h"

#include <unistd.h>

enum { SQL_SIZE = 400, EACH = 8 };

#define FIELDS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void
erase(struct world *world, uint64_t record)
{
	const struct erase_order order = {.record = record, .reason = span_of_text("request")};
	struct erase_count count;
	struct error err;

	assert_ok(ingest_begin(world->ingest, &err));
	assert_ok(ingest_erase(world->ingest, &order, &count, &err));
	assert_ok(ingest_commit(world->ingest, &err));
}

static enum status
destroy_payload(void *context, const struct log_row *row, struct error *err)
{
	const struct altered *altered = context;
	char commitment[2 * HASH_SIZE + 1];
	char sql[SQL_SIZE];

	(void)err;
	if (row->entry.kind != ENTRY_ERASURE) {
		hex_encode(span_of(row->entry.commitment, HASH_SIZE), commitment);
		(void)snprintf(sql, sizeof sql,
			       "UPDATE log SET salt = NULL, payload = NULL, commitment = x'%s'"
			       " WHERE seq = %llu",
			       commitment, (unsigned long long)row->entry.seq);
		alter_run(altered->path, sql);
	}
	return STATUS_OK;
}

/* Somebody takes it out of the copy by hand. */
static void
destroy(struct altered *altered, uint64_t record)
{
	const struct log_filter history = {.record = record, .limit = SIZE_MAX};
	struct error err;
	char sql[SQL_SIZE];

	assert_ok(store_log_read(altered->all.world->reader, &history, destroy_payload, altered,
				 &err));
	(void)snprintf(sql, sizeof sql,
		       "UPDATE place SET records = records - 1 WHERE (village, type) ="
		       " (SELECT village, type FROM record WHERE id = %llu);"
		       "DELETE FROM record WHERE id = %llu",
		       (unsigned long long)record, (unsigned long long)record);
	alter_run(altered->path, sql);
}

static void
copy_now(struct altered *altered)
{
	struct error err;

	(void)unlink(altered->path);
	assert_ok(store_backup(altered->all.world->store, altered->path, &err));
}

static uint64_t
number(const char *id)
{
	uint64_t out;

	assert_ok(id_parse(id, &out, NULL));
	return out;
}

static void
assert_findings(const struct altered *altered, bool some)
{
	struct heard heard = altered_look(altered);

	if (!some && heard.findings > 0) {
		print_error("%s %s %s: %s\n", heard.first.table, heard.first.row,
			    heard.first.column, heard.first.what);
	}
	assert_int_equal(heard.findings > 0, some);
}

TEST(a_database_without_what_was_erased_is_what_its_log_says)
{
	struct altered *altered = *state;
	struct two_cadres *all = &altered->all;
	char visit[16];

	altered_create(all, all->ani, "visit", FIELDS("person", all->person, "weight", "9.1"),
		       visit);
	world_sync(all->world, all->ani);
	erase(all->world, number(visit));
	copy_now(altered);
	assert_findings(altered, false);
}

TEST(a_whole_family_with_changes_that_came_too_late_is_gone_and_the_rest_is_verified)
{
	struct altered *altered = *state;
	struct two_cadres *all = &altered->all;

	edit(all, all->ani, "rt", "003");
	erase(all->world, number(all->family));
	world_sync(all->world, all->ani);
	copy_now(altered);
	assert_findings(altered, false);
	/* The late change stands in quarantine, settled. */
	assert_true(alter_number(altered->path, "SELECT count(*) FROM quarantine WHERE record IN"
						" (SELECT record FROM erased)") > 0);
	alter_run(altered->path,
		  "UPDATE quarantine SET settled = 0 WHERE record IN (SELECT record FROM erased)");
	assert_findings(altered, true);
}

TEST(a_run_of_changes_of_which_some_were_erased_keeps_the_village_of_the_others)
{
	struct altered *altered = *state;
	struct two_cadres *all = &altered->all;
	char family[16];
	char visit[16];

	altered_create(all, all->ani, "family",
		       FIELDS("head", "Lupa", "village", TWO_CADRES_VILLAGE), family);
	altered_create(all, all->ani, "visit", FIELDS("person", all->person, "weight", "9.1"),
		       visit);
	world_sync(all->world, all->ani);
	erase(all->world, number(family));
	copy_now(altered);
	assert_findings(altered, false);
	alter_run(altered->path, "UPDATE log_run SET village = village + 1"
				 " WHERE seq = (SELECT max(seq) FROM log_run)");
	assert_findings(altered, true);
}

/* All that an erasure leaves, but when it was finished. */
TEST(every_alteration_of_what_tells_of_an_erasure_is_found)
{
	struct altered *altered = *state;
	struct two_cadres *all = &altered->all;
	struct altered_column *columns;
	char family[16];
	char person[16];
	size_t count = 0;

	altered_create(all, all->ani, "family",
		       FIELDS("head", "Lupa", "village", TWO_CADRES_VILLAGE), family);
	altered_create(all, all->ani, "person", FIELDS("family", family, "name", "Anak"), person);
	world_sync(all->world, all->ani);
	erase(all->world, number(family));
	altered_keep(altered);
	altered_anew(altered);
	columns = alter_columns(altered->path, &count);
	for (size_t i = 0; i < count; i++) {
		struct altered_column *column = &columns[i];

		if (strncmp(column->table, "eras", 4) != 0) {
			continue;
		}
		for (int k = 0; k < EACH; k++) {
			altered_alter(altered, column);
		}
		print_message("%s.%s: %u altered, %u found\n", column->table, column->column,
			      column->tried, column->caught);
		assert_int_not_equal(column->tried, 0);
		assert_int_equal(column->caught, column->tried);
	}
	free(columns);
}

TEST(an_erasure_that_is_forgotten_or_made_up_is_found)
{
	struct altered *altered = *state;
	struct two_cadres *all = &altered->all;
	char visit[16];

	altered_create(all, all->ani, "visit", FIELDS("person", all->person, "weight", "9.1"),
		       visit);
	world_sync(all->world, all->ani);
	erase(all->world, number(visit));
	copy_now(altered);
	alter_run(altered->path,
		  "INSERT INTO erased (record, seq) SELECT id, 3 FROM record LIMIT 1");
	assert_findings(altered, true);
	copy_now(altered);
	alter_run(altered->path, "DELETE FROM erased");
	assert_findings(altered, true);
	copy_now(altered);
	alter_run(altered->path, "DELETE FROM erasure");
	assert_findings(altered, true);
	copy_now(altered);
	alter_run(altered->path, "DELETE FROM erasure_device");
	assert_findings(altered, true);
}

TEST(what_was_not_erased_may_not_be_missing)
{
	struct altered *altered = *state;
	struct two_cadres *all = &altered->all;
	char first[16];
	char second[16];

	altered_create(all, all->ani, "visit", FIELDS("person", all->person, "weight", "9.1"),
		       first);
	altered_create(all, all->ani, "visit", FIELDS("person", all->person, "weight", "9.2"),
		       second);
	world_sync(all->world, all->ani);
	erase(all->world, number(first));
	copy_now(altered);
	destroy(altered, number(second));
	assert_findings(altered, true);
}

/* She lived with a family that was erased later. Where she was until then nobody can say; all
 * others are verified. */
TEST(a_record_that_once_hung_below_an_erased_one_is_passed_over_and_no_other)
{
	struct altered *altered = *state;
	struct two_cadres *all = &altered->all;
	struct sambung_edit *form;
	struct sambung_error err;
	char family[16];
	char person[16];
	char sql[SQL_SIZE];

	altered_create(all, all->ani, "family",
		       FIELDS("head", "Lama", "village", TWO_CADRES_VILLAGE), family);
	altered_create(all, all->ani, "person", FIELDS("family", family, "name", "Pindah"), person);
	world_sync(all->world, all->ani);
	assert_ok(sambung_edit_begin(handle(all, all->ani), person, &form, &err));
	save(form, "family", all->family);
	world_sync(all->world, all->ani);
	erase(all->world, number(family));
	copy_now(altered);
	assert_findings(altered, false);
	(void)snprintf(sql, sizeof sql, "UPDATE record SET moved = moved + 1 WHERE id = %llu",
		       (unsigned long long)number(all->person));
	alter_run(altered->path, sql);
	assert_findings(altered, true);
}

RUN_TESTS(CASE_WITH(a_database_without_what_was_erased_is_what_its_log_says, altered_open,
		    altered_close),
	  CASE_WITH(what_was_not_erased_may_not_be_missing, altered_open, altered_close),
	  CASE_WITH(a_whole_family_with_changes_that_came_too_late_is_gone_and_the_rest_is_verified,
		    altered_open, altered_close),
	  CASE_WITH(a_run_of_changes_of_which_some_were_erased_keeps_the_village_of_the_others,
		    altered_open, altered_close),
	  CASE_WITH(every_alteration_of_what_tells_of_an_erasure_is_found, altered_open,
		    altered_close),
	  CASE_WITH(an_erasure_that_is_forgotten_or_made_up_is_found, altered_open, altered_close),
	  CASE_WITH(a_record_that_once_hung_below_an_erased_one_is_passed_over_and_no_other,
		    altered_open, altered_close))

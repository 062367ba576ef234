/* SPDX-License-Identifier: Apache-2.0 */
/* What was erased by law is missing with good reason: nothing else is, and all the rest is
 * verified. */
#include "daemon/ingest/workset.h"
#include "tests/testing.h"
#include "tests/twin/alter.h"
#include "tests/twin/altered.h"

#include <unistd.h>

enum { SQL_SIZE = 400 };

#define FIELDS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* An entry that erases a record, as docs/protocol.md has it. */
static void
log_erasure(struct world *world, uint64_t record)
{
	const struct entry about = {.kind = ENTRY_ERASURE, .record = record};
	struct buffer note;
	struct error err;

	buffer_init(&note, 1 << 10);
	cbor_put_map(&note, 2);
	cbor_put_uint(&note, 1);
	cbor_put_text(&note, span_of_text("erase"));
	cbor_put_uint(&note, 20);
	cbor_put_array(&note, 1);
	cbor_put_uint(&note, record);
	assert_ok(ingest_begin(world->ingest, &err));
	assert_ok(ingest_append_note(world->ingest, &about, buffer_span(&note), NULL, &err));
	assert_ok(ingest_commit(world->ingest, &err));
	buffer_finish(&note);
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

/* All that is kept of it in the copy. */
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
	log_erasure(all->world, number(visit));
	copy_now(altered);
	/* Named, and still there. */
	destroy(altered, number(visit));
	assert_findings(altered, false);
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
	log_erasure(all->world, number(first));
	copy_now(altered);
	destroy(altered, number(second));
	assert_findings(altered, true);
}

TEST(a_payload_that_was_taken_after_the_erasure_of_its_record_is_missed)
{
	struct altered *altered = *state;
	struct two_cadres *all = &altered->all;

	log_erasure(all->world, number(all->family));
	edit(all, all->ani, "rt", "003");
	world_sync(all->world, all->ani);
	copy_now(altered);
	destroy(altered, number(all->family));
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
	log_erasure(all->world, number(family));
	copy_now(altered);
	destroy(altered, number(family));
	assert_findings(altered, false);
	(void)snprintf(sql, sizeof sql, "UPDATE record SET moved = moved + 1 WHERE id = %llu",
		       (unsigned long long)number(all->person));
	alter_run(altered->path, sql);
	assert_findings(altered, true);
}

RUN_TESTS(CASE_WITH(a_database_without_what_was_erased_is_what_its_log_says, altered_open,
		    altered_close),
	  CASE_WITH(what_was_not_erased_may_not_be_missing, altered_open, altered_close),
	  CASE_WITH(a_payload_that_was_taken_after_the_erasure_of_its_record_is_missed,
		    altered_open, altered_close),
	  CASE_WITH(a_record_that_once_hung_below_an_erased_one_is_passed_over_and_no_other,
		    altered_open, altered_close))

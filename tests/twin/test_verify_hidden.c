/* SPDX-License-Identifier: Apache-2.0 */
/* What hides rows, or copies them away, and alters no value of any table of evidence. */
#include "protocol/id.h"
#include "tests/testing.h"
#include "tests/twin/alter.h"
#include "tests/twin/altered.h"

enum { SQL_SIZE = 1000 };

/* One thing that somebody does, and the finding that names it. */
struct hiding {
	const char *sql;
	const char *table;
	const char *row; /* NULL: any */
};

static int
hidden_open(void **state)
{
	const char *const fields[] = {"person", NULL, "weight", "9.1", NULL};
	struct erase_order order = {.reason = span_of_text("request")};
	struct erase_count count;
	struct altered *altered;
	const char *visit_fields[5];
	char visit[16];
	char before[ALTERED_PATH_SIZE];
	struct error err;

	assert_int_equal(altered_open(state), 0);
	altered = *state;
	memcpy(visit_fields, fields, sizeof fields);
	visit_fields[1] = altered->all.person;
	altered_create(&altered->all, altered->all.ani, "visit", visit_fields, visit);
	world_sync(altered->all.world, altered->all.ani);
	(void)snprintf(before, sizeof before, "%s/before.db", altered->all.world->folder);
	assert_ok(store_backup(altered->all.world->store, before, &err));
	assert_ok(id_parse(visit, &order.record, NULL));
	assert_ok(ingest_begin(altered->all.world->ingest, &err));
	assert_ok(ingest_erase(altered->all.world->ingest, &order, &count, &err));
	assert_ok(ingest_commit(altered->all.world->ingest, &err));
	altered_keep(altered);
	return 0;
}

static void
assert_told(struct altered *altered, const struct hiding *hidings, size_t count)
{
	unsigned missed = 0;
	struct heard heard;

	altered_anew(altered);
	heard = altered_look(altered);
	if (heard.findings > 0) {
		print_error("%s %s %s: %s\n", heard.first.table, heard.first.row,
			    heard.first.column, heard.first.what);
	}
	assert_int_equal(heard.findings, 0);
	for (size_t i = 0; i < count; i++) {
		altered_anew(altered);
		alter_run(altered->path, hidings[i].sql);
		if (!altered_tells(altered, hidings[i].table, hidings[i].row)) {
			print_error("missed: %s\n", hidings[i].sql);
			missed++;
		}
	}
	assert_int_equal(missed, 0);
}

#define ASSERT_TOLD(altered, hidings)                                                              \
	assert_told(altered, hidings, sizeof(hidings) / sizeof(hidings)[0])

/* The index leaves rows out, and its text says that it does not. */
#define HIDE(name, on, where)                                                                      \
	"CREATE TEMP TABLE kept AS SELECT sql FROM main.sqlite_schema WHERE name = '" name         \
	"'; DROP INDEX " name "; CREATE INDEX " name " ON " on " WHERE " where                     \
	"; PRAGMA writable_schema = ON; UPDATE main.sqlite_schema SET sql ="                       \
	" (SELECT sql FROM temp.kept) WHERE name = '" name "'; PRAGMA writable_schema = OFF"

TEST(an_index_that_hides_rows_or_is_not_the_programs_own_is_found_by_name)
{
	static const struct hiding hidings[] = {
		{HIDE("record_version", "record (village, type, version)",
		      "(state IS NOT NULL OR moved > 0) AND type <> 1"),
		 "sqlite_schema", "record_version"},
		{HIDE("log_reads", "log (kind)", "kind = 8 AND seq < 1"), "sqlite_schema",
		 "log_reads"},
		{"DROP INDEX log_reads", "sqlite_schema", "log_reads"},
		{"CREATE INDEX other ON record (version)", "sqlite_schema", "other"},
		{"DROP INDEX record_conflict;"
		 "CREATE INDEX record_conflict ON record (type) WHERE conflicts > 1",
		 "sqlite_schema", "record_conflict"},
		{"DROP INDEX user_name;"
		 "CREATE INDEX user_name ON user (name) WHERE disabled = 0",
		 "sqlite_schema", "user_name"},
	};

	ASSERT_TOLD(*state, hidings);
}

TEST(a_table_trigger_or_view_that_is_not_the_programs_own_is_found_by_name)
{
	static const struct hiding hidings[] = {
		{"CREATE TABLE t_spy (x)", "sqlite_schema", "t_spy"},
		{"CREATE TABLE t_spy (x); CREATE TRIGGER spying AFTER INSERT ON log"
		 " BEGIN INSERT INTO t_spy VALUES (new.payload); END",
		 "sqlite_schema", "spying"},
		{"CREATE VIEW t_look AS SELECT payload FROM log", "sqlite_schema", "t_look"},
		{"CREATE VIEW \"a\"\"\nb\" AS SELECT 1 AS id", "sqlite_schema", "a??b"},
		{"ALTER TABLE t_family ADD COLUMN spy TEXT", "sqlite_schema", "t_family"},
		{"DROP TABLE t_visit", "sqlite_schema", "t_visit"},
		{"ANALYZE", "sqlite_schema", "sqlite_stat1"},
		{"PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(sql,"
		 " 'settled INTEGER NOT NULL', 'settled INTEGER NOT NULL DEFAULT 1')"
		 " WHERE name = 'quarantine'; PRAGMA writable_schema = OFF",
		 "sqlite_schema", "quarantine"},
	};

	ASSERT_TOLD(*state, hidings);
}

TEST(rows_that_no_entry_leads_to_or_that_are_missing_beside_the_evidence_are_found)
{
	static const struct hiding hidings[] = {
		{"DELETE FROM quarantine_cause", "quarantine_cause", NULL},
		{"INSERT INTO quarantine_cause VALUES (1, 1, 0)", "quarantine_cause", "1"},
		{"INSERT INTO log SELECT 0, kind, received_ms, session, stream, n, time, user,"
		 " record, verdict, reason, schema_version, commitment, salt, payload FROM log"
		 " WHERE seq = 30",
		 "log", "0"},
		{"INSERT INTO log_run SELECT stream, 9999, 1, 0, 0 FROM log_run LIMIT 1", "log_run",
		 NULL},
		{"INSERT INTO quarantine SELECT seq, stream, n, (SELECT min(record) FROM erased),"
		 " 6303072001, 0, 0 FROM log WHERE seq = (SELECT max(seq) FROM log WHERE kind = 1"
		 " AND verdict = 0 AND stream IN (SELECT number FROM device));"
		 "INSERT INTO quarantine_cause SELECT seq, 9, 0 FROM quarantine WHERE record ="
		 " (SELECT min(record) FROM erased)",
		 "quarantine", NULL},
		{"DELETE FROM erased", "erased", NULL},
		{"UPDATE erased SET seq = seq - 1", "erased", NULL},
		{"DELETE FROM erasure", "erasure", NULL},
		{"UPDATE erasure SET asked_ms = asked_ms - 1", "erasure", NULL},
		{"UPDATE erasure SET record = record + 1", "erasure", NULL},
		{"INSERT INTO erasure VALUES (7, 0, 0, 0)", "erasure", "7"},
		{"DELETE FROM erasure_device", "erasure_device", NULL},
		{"INSERT INTO erasure_device SELECT device, 7, 0 FROM erasure_device LIMIT 1",
		 "erasure_device", "7"},
		{"UPDATE t_visit SET weight = CAST(weight AS BLOB) WHERE weight IS NOT NULL",
		 "typed", NULL},
		{"UPDATE t_visit SET note = 'x' WHERE id = (SELECT min(id) FROM t_visit)", "typed",
		 NULL},
		{"INSERT INTO t_visit (id, village, version, conflicts)"
		 " VALUES (5, 6303072001, 1, 0)",
		 "typed", "t_visit/5"},
		{"INSERT INTO erasure_device SELECT 999, seq, 0 FROM erasure_device LIMIT 1",
		 "erasure_device", "999"},
	};

	ASSERT_TOLD(*state, hidings);
}

TEST(what_was_erased_and_is_put_back_is_found)
{
	struct altered *altered = *state;
	char sql[SQL_SIZE];

	altered_anew(altered);
	(void)snprintf(sql, sizeof sql,
		       "ATTACH '%s/before.db' AS b; UPDATE log SET (commitment, salt, payload) ="
		       " (SELECT NULL, salt, payload FROM b.log AS l WHERE l.seq = log.seq)"
		       " WHERE payload IS NULL AND seq <= (SELECT max(seq) FROM b.log)",
		       altered->all.world->folder);
	alter_run(altered->path, sql);
	assert_true(
		alter_number(altered->path, "SELECT count(*) = 0 FROM log WHERE payload IS NULL"));
	assert_true(altered_tells(altered, "log", NULL));
}

TEST(an_index_of_somebodys_own_hides_no_trigger)
{
	struct altered *altered = *state;
	struct store *store = NULL;
	struct error err;

	altered_anew(altered);
	alter_run(altered->path,
		  "CREATE TABLE dummy (type, name, tbl_name, sql);"
		  "CREATE INDEX hid ON dummy (type, name, tbl_name, sql);"
		  "PRAGMA writable_schema = ON;"
		  "UPDATE sqlite_schema SET tbl_name = 'sqlite_master', sql = 'CREATE INDEX hid ON"
		  " sqlite_master(type,name,tbl_name) WHERE type IN (''trigger'',''view'')'"
		  " WHERE name = 'hid';"
		  "CREATE TRIGGER spy AFTER INSERT ON log BEGIN DELETE FROM session; END;"
		  "DELETE FROM sqlite_schema WHERE name = 'dummy'");
	assert_ok(store_open(altered->path, STORE_READER, &store, &err));
	assert_int_equal(store_triggers_refuse(store, &err), STATUS_STORAGE);
	assert_contains(err.detail, "spy");
	store_close(store);
}

TEST(a_checkpoint_that_is_taken_out_of_the_middle_is_found_though_the_rest_is_renumbered)
{
	struct altered *altered = *state;

	for (int place = 2; place < 8; place++) {
		char sql[SQL_SIZE];

		altered_anew(altered);
		(void)snprintf(sql, sizeof sql,
			       "DELETE FROM checkpoint WHERE place = %d;"
			       "UPDATE checkpoint SET place = -place WHERE place > %d;"
			       "UPDATE checkpoint SET place = -place - 1 WHERE place < 0",
			       place, place);
		alter_run(altered->path, sql);
		assert_true(altered_tells(altered, "checkpoint", NULL));
	}
}

static enum status
count_row(void *context, const struct quarantined *row, struct error *err)
{
	(void)err;
	assert_true(row->reason != QUARANTINE_NONE);
	(*(unsigned *)context)++;
	return STATUS_OK;
}

static unsigned
count_aside(const char *path)
{
	unsigned count = 0;
	struct store *store;
	struct error err;

	assert_ok(store_open(path, STORE_READER, &store, &err));
	assert_ok(store_quarantine_read(store, NULL, count_row, &count, &err));
	store_close(store);
	return count;
}

TEST(what_was_set_aside_stays_in_the_list_though_its_cause_is_deleted)
{
	struct altered *altered = *state;
	unsigned before;

	altered_anew(altered);
	before = count_aside(altered->path);
	assert_true(before > 0);
	alter_run(altered->path, "DELETE FROM quarantine_cause");
	assert_int_equal(count_aside(altered->path), before);
}

TEST(a_database_with_a_trigger_or_view_is_refused_before_anything_is_written)
{
	static const char *const additions[] = {
		"CREATE TRIGGER spying AFTER INSERT ON log BEGIN DELETE FROM record; END",
		"CREATE VIEW spying AS SELECT payload FROM log"};
	struct altered *altered = *state;
	struct store *store;
	struct error err;

	altered_anew(altered);
	assert_ok(store_open(altered->path, STORE_READER, &store, &err));
	assert_ok(store_triggers_refuse(store, &err));
	store_close(store);
	for (size_t i = 0; i < 2; i++) {
		altered_anew(altered);
		alter_run(altered->path, additions[i]);
		assert_ok(store_open(altered->path, STORE_READER, &store, &err));
		assert_int_equal(store_triggers_refuse(store, &err), STATUS_STORAGE);
		assert_non_null(strstr(err.detail, "spying"));
		assert_non_null(strstr(err.detail, "(docs/ledger.md)"));
		store_close(store);
	}
}

RUN_TESTS(
	CASE_WITH(what_was_erased_and_is_put_back_is_found, hidden_open, altered_close),
	CASE_WITH(an_index_of_somebodys_own_hides_no_trigger, hidden_open, altered_close),
	CASE_WITH(an_index_that_hides_rows_or_is_not_the_programs_own_is_found_by_name, hidden_open,
		  altered_close),
	CASE_WITH(a_table_trigger_or_view_that_is_not_the_programs_own_is_found_by_name,
		  hidden_open, altered_close),
	CASE_WITH(rows_that_no_entry_leads_to_or_that_are_missing_beside_the_evidence_are_found,
		  hidden_open, altered_close),
	CASE_WITH(
		a_checkpoint_that_is_taken_out_of_the_middle_is_found_though_the_rest_is_renumbered,
		hidden_open, altered_close),
	CASE_WITH(what_was_set_aside_stays_in_the_list_though_its_cause_is_deleted, hidden_open,
		  altered_close),
	CASE_WITH(a_database_with_a_trigger_or_view_is_refused_before_anything_is_written,
		  hidden_open, altered_close))

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What SQLite makes of the statements of a sync: none walks along a table that grows with what is
 * stored. SQLite itself lists the statements that a connection has prepared (sqlite_stmt).
 */
#include "daemon/store/store_sqlite.h"
#include "forged_device.h"

#include <stdlib.h>

enum { TEXTS_MAX = 128, TEXT_SIZE = 8192 };

/* A few rows, whatever is stored; of checkpoints the last one; of a family at most 64. */
static const char *const short_walks[] = {"SCAN log_head",   "SCAN epoch",	  "SCAN schema",
					  "SCAN checkpoint", "SCAN CONSTANT ROW", "SCAN above",
					  "SCAN family"};
/* Asked once, when the daemon starts. */
static const char *const at_start = "SELECT max(session, coalesce(";

struct texts {
	char at[TEXTS_MAX][TEXT_SIZE];
	size_t count;
};

static bool
begins_with(struct span text, const char *part)
{
	return text.length >= strlen(part) && memcmp(text.at, part, strlen(part)) == 0;
}

static bool
is_long_walk(struct span step)
{
	for (size_t i = 0; i < sizeof short_walks / sizeof short_walks[0]; i++) {
		if (begins_with(step, short_walks[i])) {
			return false;
		}
	}
	return begins_with(step, "SCAN ");
}

static void
read_texts(struct store *store, struct texts *out)
{
	struct error err;
	struct statement *s = sql_prepare_own(
		store->sql, "SELECT sql FROM sqlite_stmt WHERE sql NOT LIKE '%sqlite_stmt%'", &err);
	bool row = true;

	assert_non_null(s);
	out->count = 0;
	while (row) {
		assert_ok(sql_row(s, &row, &err));
		if (row && sql_text(s, 0).length < TEXT_SIZE) {
			struct span text = sql_text(s, 0);

			assert_true(out->count < TEXTS_MAX);
			(void)snprintf(out->at[out->count++], TEXT_SIZE, "%.*s", (int)text.length,
				       (const char *)text.at);
		}
	}
	sql_statement_free(s);
}

static void
assert_plan(struct store *store, const char *text)
{
	struct buffer question;
	struct statement *s;
	struct error err;
	bool row = true;

	buffer_init(&question, 2 * TEXT_SIZE);
	buffer_printf(&question, "EXPLAIN QUERY PLAN %s", text);
	buffer_append_byte(&question, '\0');
	s = sql_prepare_own(store->sql, (const char *)question.at, &err);
	assert_non_null(s);
	while (row) {
		struct span step;

		assert_ok(sql_row(s, &row, &err));
		step = row ? sql_text(s, 3) : span_of_text("");
		if (is_long_walk(step)) {
			print_error("%s\n%.*s\n", text, (int)step.length, (const char *)step.at);
		}
		assert_false(is_long_walk(step));
	}
	sql_statement_free(s);
	buffer_finish(&question);
}

static bool
has_text(const struct texts *texts, const char *part)
{
	for (size_t i = 0; i < texts->count; i++) {
		if (strstr(texts->at[i], part) != NULL) {
			return true;
		}
	}
	return false;
}

static void
assert_plans(struct store *store, const struct texts *texts)
{
	for (size_t i = 0; i < texts->count; i++) {
		struct span text = span_of_text(texts->at[i]);

		if ((begins_with(text, "SELECT") || begins_with(text, "UPDATE") ||
		     begins_with(text, "WITH")) &&
		    strstr(texts->at[i], at_start) == NULL) {
			assert_plan(store, texts->at[i]);
		}
	}
}

/* Two devices of one village record, edit and pull; one sends again, one works outside its scope.
 */
static void
sync_everything(struct forged *ani)
{
	struct forged *budi = forged_another(ani->world, 2);
	uint64_t family = forged_family(ani, VILLAGE_A_NUMBER);

	(void)forged_person(ani, family);
	assert_ok(forged_sync(ani));
	assert_ok(forged_send_again(ani));
	forged_code(budi, "Budi", VILLAGE_A);
	assert_ok(forged_enrol(budi));
	assert_ok(forged_sync(budi));
	forged_edit(budi, family, FAMILY, FAMILY_ADDRESS, value_text(span_of_text("Gang Uji")), 0,
		    0);
	(void)forged_family(budi, VILLAGE_B_NUMBER);
	assert_ok(forged_sync(budi));
	assert_ok(forged_sync(ani));
	forged_finish(budi);
}

TEST(no_statement_of_a_sync_walks_along_what_is_stored)
{
	struct forged *ani = *state;
	struct texts *texts = calloc(1, sizeof *texts);

	assert_non_null(texts);
	sync_everything(ani);
	read_texts(ani->world->store, texts);
	assert_true(has_text(texts, "FROM record WHERE id = ?"));
	assert_true(has_text(texts, "UPDATE record"));
	assert_true(has_text(texts, "FROM device_scope WHERE device = ?"));
	assert_true(has_text(texts, "FROM move WHERE record = ?"));
	assert_plans(ani->world->store, texts);
	read_texts(ani->world->reader, texts);
	assert_true(has_text(texts, "ORDER BY version, id"));
	assert_true(has_text(texts, "ORDER BY moved, id"));
	assert_true(has_text(texts, "ORDER BY seq, record"));
	assert_plans(ani->world->reader, texts);
	free(texts);
}

static void
asks_for_a_number(struct forged *forged, uint32_t n)
{
	forged_drop(forged);
	forged_head(forged);
	forged->head.continues = true;
	forged->head.continuing_n = n;
	memset(forged->head.continuing_key, 7 + (int)n, sizeof forged->head.continuing_key);
	assert_int_equal(forged_send(forged), STATUS_FORK);
}

static void
order_everything(struct forged *forged)
{
	struct ingest *ingest = forged->world->ingest;
	struct quarantine_order order = {.device = forged->device, .n = 1};
	uint64_t count;

	assert_ok(ingest_begin(ingest, &forged->err));
	assert_ok(ingest_release(ingest, &order, &count, &forged->err));
	order.n = 2;
	order.reason = span_of_text("keliru");
	assert_ok(ingest_quarantine_close(ingest, &order, &forged->err));
	assert_ok(ingest_device_allow(ingest, forged->device, 0, &forged->err));
	assert_ok(ingest_device_revoke(ingest, forged->device, 0, &forged->err));
	assert_ok(ingest_commit(ingest, &forged->err));
}

TEST(no_statement_of_a_fork_or_a_way_out_of_quarantine_walks_along_what_is_stored)
{
	struct forged *ani = *state;
	struct texts *texts = calloc(1, sizeof *texts);

	assert_non_null(texts);
	(void)forged_family(ani, VILLAGE_B_NUMBER);
	(void)forged_family(ani, VILLAGE_B_NUMBER);
	forged_edit(ani, id_make(ani->device, 9), FAMILY, FAMILY_ADDRESS, value_empty(), 1, 0);
	(void)forged_family(ani, VILLAGE_A_NUMBER);
	assert_ok(forged_sync(ani));
	asks_for_a_number(ani, 2);
	asks_for_a_number(ani, 2);
	asks_for_a_number(ani, 3);
	(void)forged_family(ani, VILLAGE_A_NUMBER);
	assert_int_equal(forged_sync(ani), STATUS_HELD);
	order_everything(ani);
	read_texts(ani->world->store, texts);
	assert_true(has_text(texts, "FROM quarantine_cause c JOIN"));
	assert_true(has_text(texts, "FROM stream WHERE key"));
	assert_true(has_text(texts, "WITH RECURSIVE above"));
	assert_plans(ani->world->store, texts);
	read_texts(ani->world->reader, texts);
	assert_plans(ani->world->reader, texts);
	free(texts);
}

/* How often SQLite has planned statements of the connection again. */
static uint64_t
planned_again(struct store *store)
{
	struct statement *s;
	struct error err;
	bool row;
	uint64_t sum;

	s = sql_prepare_own(store->sql, "SELECT sum(reprep) FROM sqlite_stmt", &err);
	assert_non_null(s);
	assert_ok(sql_row(s, &row, &err));
	assert_true(row);
	sum = sql_uint(s, 0);
	sql_statement_free(s);
	return sum;
}

/* It may do so for every new value of a parameter that a partial index could depend on. */
TEST(statement_of_a_sync_is_planned_once)
{
	struct forged *ani = *state;
	uint64_t before;

	sync_everything(ani);
	before = planned_again(ani->world->store) + planned_again(ani->world->reader);
	for (int i = 0; i < 3; i++) {
		(void)forged_family(ani, VILLAGE_A_NUMBER);
		assert_ok(forged_sync(ani));
	}
	assert_int_equal(planned_again(ani->world->store) + planned_again(ani->world->reader),
			 before);
}

RUN_TESTS(CASE_WITH(no_statement_of_a_fork_or_a_way_out_of_quarantine_walks_along_what_is_stored,
		    forged_open, forged_close),
	  CASE_WITH(statement_of_a_sync_is_planned_once, forged_open, forged_close),
	  CASE_WITH(no_statement_of_a_sync_walks_along_what_is_stored, forged_open, forged_close))

/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/store/store_sqlite.h"
#include "record_sample.h"
#include "store_world.h"

/* One value of the only row, read through a connection of its own; "null" for NULL. */
static void
assert_cell(struct world *w, const char *text, const char *expected)
{
	const struct sql_options options = {.access = SQL_READ};
	struct statement *s;
	struct span found;
	struct sql *sql;
	bool row = false;

	assert_ok(sql_open(w->path, &options, &sql, &w->err));
	s = sql_prepare_own(sql, text, &w->err);
	assert_non_null(s);
	assert_ok(sql_row(s, &row, &w->err));
	assert_true(row);
	found = sql_is_null(s, 0) ? span_of_text("null") : sql_text(s, 0);
	if (!span_equal(found, span_of_text(expected))) {
		print_error("%s: %.*s\n", text, (int)found.length, (const char *)found.at);
	}
	assert_true(span_equal(found, span_of_text(expected)));
	sql_statement_free(s);
	sql_close(sql);
}

/* An entry of the log that touches the record. */
static void
log_touch(struct world *w, uint64_t record)
{
	struct log_row row;
	uint64_t head = 0;

	assert_ok(store_log_head(w->writer, &head, &w->err));
	row = log_row_make(head + 1, 5, (uint32_t)head + 1, record);
	assert_ok(store_log_append(w->writer, &row, 1, &w->err));
	assert_ok(store_log_advance(w->writer, head + 1, 0, &w->err));
}

/* Follows the log to its end, a few entries at a time. */
static void
follow(struct world *w, struct record_sample *s)
{
	bool behind = true;

	while (behind) {
		assert_ok(store_typed_follow(w->writer, &s->schema.schema, 2, &behind, &w->err));
	}
}

static void
put_record(struct world *w, const struct record *record, uint64_t moved)
{
	struct buffer state;

	buffer_init(&state, 65536);
	record_encode(record, NULL, &state);
	record_put(w, (struct stored_record){
			      .id = record->id,
			      .type = record->type,
			      .village = record->village,
			      .version = record->version,
			      .moved = moved,
			      .conflicts = 2,
			      .state = buffer_span(&state),
		      });
	buffer_finish(&state);
}

static void
write_sample(struct world *w, struct record_sample *s)
{
	put_record(w, &s->record, 0);
	log_touch(w, s->record.id);
	follow(w, s);
}

static void
prepare(struct world *w, struct record_sample *s)
{
	assert_ok(store_typed_prepare(w->writer, &s->schema.schema, &w->err));
}

TEST(each_kind_of_field_has_its_column)
{
	struct world *w = *state;
	struct record_sample s;

	record_sample_fill(&s);
	(void)record_sample_add(&s, 1, value_integer((int64_t)id_make(5, 2)));
	(void)record_sample_add(&s, 2, value_integer(20600));
	(void)record_sample_add(&s, 3, value_integer(2));
	(void)record_sample_add(&s, 4, value_integer(105));
	(void)record_sample_add(&s, 5, value_integer(3));
	(void)record_sample_add(&s, 6, value_boolean(true));
	(void)record_sample_add(&s, 8, value_pair(-331940, 11459080));
	(void)record_sample_add(&s, 9, value_text(span_of_text("di rumah")));
	prepare(w, &s);
	write_sample(w, &s);
	assert_cell(w, "SELECT id = (5 << 32 | 7) FROM t_visit", "1");
	assert_cell(w, "SELECT village || ' ' || version || ' ' || conflicts FROM t_visit",
		    "6303072001 40 2");
	assert_cell(w, "SELECT person = (5 << 32 | 2) FROM t_visit", "1");
	assert_cell(w, "SELECT date || ' ' || \"group\" || ' ' || hb FROM t_visit", "20600 2 105");
	assert_cell(w, "SELECT topics || ' ' || done FROM t_visit", "3 1");
	assert_cell(w, "SELECT point_lat || ' ' || point_lon FROM t_visit", "-331940 11459080");
	assert_cell(w, "SELECT note FROM t_visit", "di rumah");
	assert_cell(w, "SELECT typeof(hb) FROM t_visit", "integer");
}

TEST(what_is_absent_or_empty_is_null)
{
	struct world *w = *state;
	struct record_sample s;

	record_sample_fill(&s);
	(void)record_sample_add(&s, 4, value_empty());
	prepare(w, &s);
	write_sample(w, &s);
	assert_cell(w, "SELECT coalesce(hb, date, point_lat, note, archived, same_as) FROM t_visit",
		    "null");
}

TEST(reason_of_an_archive_and_join_have_columns)
{
	struct world *w = *state;
	struct record_sample s;

	record_sample_fill(&s);
	(void)record_sample_add(&s, TAG_ARCHIVED, value_text(span_of_text("pindah")));
	(void)record_sample_add(&s, TAG_SAME_AS, value_integer(77));
	prepare(w, &s);
	write_sample(w, &s);
	assert_cell(w, "SELECT archived || ' ' || same_as FROM t_visit", "pindah 77");
}

TEST(a_set_shows_the_union_of_what_people_chose)
{
	struct world *w = *state;
	struct record_sample s;

	record_sample_fill(&s);
	(void)record_sample_add(&s, 5, value_integer(1));
	(void)record_sample_add_member(&s, 6, 1, value_integer(INT64_C(1) << 62));
	prepare(w, &s);
	write_sample(w, &s);
	assert_cell(w, "SELECT topics = 1 + (1 << 62) FROM t_visit", "1");
}

TEST(a_point_that_is_none_is_null)
{
	struct world *w = *state;
	struct record_sample s;

	record_sample_fill(&s);
	(void)record_sample_add(&s, 4, value_pair(1, 2));
	(void)record_sample_add(&s, 8, value_integer(4));
	prepare(w, &s);
	write_sample(w, &s);
	assert_cell(w, "SELECT coalesce(hb, point_lat, point_lon) FROM t_visit", "null");
}

TEST(a_record_written_again_replaces_its_row)
{
	struct world *w = *state;
	struct record_sample s;

	record_sample_fill(&s);
	(void)record_sample_add(&s, 4, value_integer(105));
	prepare(w, &s);
	write_sample(w, &s);
	s.members[0].value = value_integer(110);
	s.record.village = VILLAGE_B;
	write_sample(w, &s);
	assert_cell(w, "SELECT count(*) || ' ' || hb || ' ' || village FROM t_visit",
		    "1 110 6303072002");
}

TEST(a_type_that_the_schema_lacks_is_passed_over)
{
	struct world *w = *state;
	struct record_sample s;

	record_sample_fill(&s);
	prepare(w, &s);
	s.record.type = 9;
	write_sample(w, &s);
	assert_cell(w, "SELECT count(*) FROM t_visit", "0");
}

TEST(preparing_twice_changes_nothing)
{
	struct world *w = *state;
	struct record_sample s;

	record_sample_fill(&s);
	(void)record_sample_add(&s, 4, value_integer(105));
	prepare(w, &s);
	write_sample(w, &s);
	prepare(w, &s);
	assert_cell(w, "SELECT hb FROM t_visit", "105");
}

TEST(a_new_field_becomes_a_new_column)
{
	struct world *w = *state;
	struct record_sample s;

	record_sample_fill(&s);
	(void)record_sample_add(&s, 4, value_integer(105));
	prepare(w, &s);
	write_sample(w, &s);
	s.schema.types[TYPE_VISIT].field_count++;
	s.schema.visit[VISIT_FIELDS] = sample_field(10, TEXT("muac"), FIELD_INTEGER, POLICY_REVIEW);
	prepare(w, &s);
	assert_cell(w, "SELECT muac FROM t_visit", "null");
	(void)record_sample_add(&s, 10, value_integer(235));
	write_sample(w, &s);
	assert_cell(w, "SELECT hb || ' ' || muac FROM t_visit", "105 235");
}

/* A field that no schema knew was kept with its record all the same. */
TEST(a_new_column_shows_what_was_kept_before_there_was_one)
{
	struct world *w = *state;
	struct record_sample s;

	record_sample_fill(&s);
	(void)record_sample_add(&s, 10, value_integer(235));
	prepare(w, &s);
	write_sample(w, &s);
	s.schema.types[TYPE_VISIT].field_count++;
	s.schema.visit[VISIT_FIELDS] = sample_field(10, TEXT("muac"), FIELD_INTEGER, POLICY_REVIEW);
	prepare(w, &s);
	follow(w, &s);
	assert_cell(w, "SELECT muac FROM t_visit", "235");
}

TEST(a_new_name_keeps_the_values)
{
	struct world *w = *state;
	struct record_sample s;

	record_sample_fill(&s);
	(void)record_sample_add(&s, 4, value_integer(105));
	(void)record_sample_add(&s, 8, value_pair(1, 2));
	prepare(w, &s);
	write_sample(w, &s);
	s.schema.visit[VISIT_HB].name = TEXT("haemoglobin");
	s.schema.visit[VISIT_POINT].name = TEXT("place");
	prepare(w, &s);
	assert_cell(w, "SELECT haemoglobin || ' ' || place_lat || ' ' || place_lon FROM t_visit",
		    "105 1 2");
}

TEST(fields_may_exchange_their_names)
{
	struct world *w = *state;
	struct record_sample s;

	record_sample_fill(&s);
	(void)record_sample_add(&s, 2, value_integer(20600));
	(void)record_sample_add(&s, 4, value_integer(105));
	prepare(w, &s);
	write_sample(w, &s);
	s.schema.visit[VISIT_HB].name = TEXT("date");
	s.schema.visit[VISIT_DATE].name = TEXT("hb");
	prepare(w, &s);
	assert_cell(w, "SELECT date || ' ' || hb FROM t_visit", "105 20600");
	write_sample(w, &s);
	assert_cell(w, "SELECT date || ' ' || hb FROM t_visit", "105 20600");
}

TEST(a_field_called_like_a_part_of_a_point_is_refused)
{
	struct world *w = *state;
	struct record_sample s;

	record_sample_fill(&s);
	s.schema.visit[VISIT_HB].name = TEXT("point_lat");
	assert_int_equal(store_typed_prepare(w->writer, &s.schema.schema, &w->err), STATUS_INVALID);
	assert_contains(w->err.detail, "visit.point_lat");
}

TEST(rows_are_written_after_a_rollback_took_their_columns)
{
	struct world *w = *state;
	struct record_sample s;

	record_sample_fill(&s);
	(void)record_sample_add(&s, 4, value_integer(105));
	prepare(w, &s);
	assert_ok(store_begin(w->writer, &w->err));
	s.schema.types[TYPE_VISIT].field_count++;
	s.schema.visit[VISIT_FIELDS] = sample_field(10, TEXT("muac"), FIELD_INTEGER, POLICY_REVIEW);
	prepare(w, &s);
	write_sample(w, &s);
	store_rollback(w->writer);
	s.schema.types[TYPE_VISIT].field_count--;
	write_sample(w, &s);
	assert_cell(w, "SELECT hb FROM t_visit", "105");
}

TEST(what_a_move_took_along_follows)
{
	struct world *w = *state;
	struct record_sample s;
	struct record parent = {.id = id_make(5, 2), .type = FAMILY, .village = VILLAGE_B};
	uint64_t head = 0;

	record_sample_fill(&s);
	prepare(w, &s);
	s.record.version = 1;
	write_sample(w, &s);
	assert_ok(store_log_head(w->writer, &head, &w->err));
	s.record.village = VILLAGE_B;
	put_record(w, &s.record, head + 1);
	parent.version = head + 1;
	put_record(w, &parent, head + 1);
	log_touch(w, parent.id);
	assert_cell(w, "SELECT village FROM t_visit", "6303072001");
	follow(w, &s);
	assert_cell(w, "SELECT village FROM t_visit", "6303072002");
}

/* Visits that were made, and then came along with their family: each is written once. */
TEST(a_move_costs_one_row_for_each_record_that_came_along)
{
	enum { VISITS = 40 };
	struct world *w = *state;
	struct record_sample s;
	struct record parent = {.id = id_make(5, VISITS + 1), .type = FAMILY, .village = VILLAGE_B};
	bool behind = true;
	int64_t before;

	record_sample_fill(&s);
	prepare(w, &s);
	s.record.village = VILLAGE_B;
	for (uint32_t n = 1; n <= VISITS; n++) {
		s.record.id = id_make(5, n);
		s.record.version = n;
		put_record(w, &s.record, VISITS + 1);
		if (n <= VISITS / 2) {
			log_touch(w, s.record.id);
		}
	}
	for (uint32_t n = VISITS / 2; n < VISITS; n++) {
		log_touch(w, parent.id);
	}
	parent.version = VISITS + 1;
	put_record(w, &parent, VISITS + 1);
	log_touch(w, parent.id);
	before = sql_changes_all(w->writer->sql);
	assert_ok(store_typed_follow(w->writer, &s.schema.schema, 1000, &behind, &w->err));
	assert_false(behind);
	assert_cell(w, "SELECT count(*) FROM t_visit", "40");
	/* And how far they have followed. */
	assert_int_equal(sql_changes_all(w->writer->sql) - before, VISITS + 1 + 1);
}

TEST(tables_follow_the_log_piece_by_piece)
{
	struct world *w = *state;
	struct record_sample s;
	bool behind = false;

	record_sample_fill(&s);
	prepare(w, &s);
	for (uint32_t n = 1; n <= 5; n++) {
		s.record.id = id_make(5, n);
		put_record(w, &s.record, 0);
		log_touch(w, s.record.id);
	}
	assert_ok(store_typed_follow(w->writer, &s.schema.schema, 3, &behind, &w->err));
	assert_true(behind);
	assert_cell(w, "SELECT count(*) FROM t_visit", "3");
	assert_ok(store_typed_follow(w->writer, &s.schema.schema, 3, &behind, &w->err));
	assert_false(behind);
	assert_cell(w, "SELECT count(*) FROM t_visit", "5");
	assert_ok(store_typed_follow(w->writer, &s.schema.schema, 3, &behind, &w->err));
	assert_false(behind);
}

#define WITH(sentence) CASE_WITH(sentence, world_open, world_close)

RUN_TESTS(WITH(each_kind_of_field_has_its_column), WITH(what_is_absent_or_empty_is_null),
	  WITH(reason_of_an_archive_and_join_have_columns),
	  WITH(a_set_shows_the_union_of_what_people_chose), WITH(a_point_that_is_none_is_null),
	  WITH(a_record_written_again_replaces_its_row),
	  WITH(a_type_that_the_schema_lacks_is_passed_over), WITH(preparing_twice_changes_nothing),
	  WITH(a_new_field_becomes_a_new_column), WITH(a_new_name_keeps_the_values),
	  WITH(a_new_column_shows_what_was_kept_before_there_was_one),
	  WITH(fields_may_exchange_their_names),
	  WITH(a_move_costs_one_row_for_each_record_that_came_along),
	  WITH(a_field_called_like_a_part_of_a_point_is_refused),
	  WITH(rows_are_written_after_a_rollback_took_their_columns),
	  WITH(what_a_move_took_along_follows), WITH(tables_follow_the_log_piece_by_piece))

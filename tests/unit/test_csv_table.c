/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/http/csv_table.h"
#include "tests/testing.h"

#include <stdlib.h>

struct table_state {
	struct arena arena;
	struct csv_table table;
	struct error err;
};

static int
state_create(void **state)
{
	struct table_state *s = calloc(1, sizeof *s);

	assert_non_null(s);
	arena_init(&s->arena, 4 * 1024 * 1024);
	*state = s;
	return 0;
}

static int
state_free(void **state)
{
	struct table_state *s = *state;

	arena_finish(&s->arena);
	free(s);
	return 0;
}

static enum status
read_text(struct table_state *s, const char *text)
{
	return csv_table_read(span_of_text(text), &s->arena, &s->table, &s->err);
}

static void
assert_cell(const struct table_state *s, size_t row, size_t column, const char *text)
{
	assert_true(row < s->table.row_count);
	assert_null(s->table.rows[row].reason);
	assert_true(span_equal(s->table.rows[row].cells[column], span_of_text(text)));
}

TEST(the_first_line_names_the_columns)
{
	struct table_state *s = *state;

	assert_ok(read_text(s, "key,head\nF1,Budi\nF2,\n"));
	assert_int_equal(s->table.column_count, 2);
	assert_true(span_equal(s->table.names[1], span_of_text("head")));
	assert_int_equal(s->table.row_count, 2);
	assert_cell(s, 0, 1, "Budi");
	assert_cell(s, 1, 1, "");
}

TEST(quoted_cells_keep_commas_quotes_and_line_breaks)
{
	struct table_state *s = *state;

	assert_ok(read_text(s, "a,b\n\"x, \"\"y\"\"\",\"one\ntwo\"\nlast,row"));
	assert_cell(s, 0, 0, "x, \"y\"");
	assert_cell(s, 0, 1, "one\ntwo");
	assert_cell(s, 1, 1, "row");
}

TEST(lines_are_counted_as_an_editor_counts_them)
{
	struct table_state *s = *state;

	assert_ok(read_text(s, "a,b\r\n\r\n1,\"x\r\ny\"\r\n\r\n2,z\r\n"));
	assert_int_equal(s->table.row_count, 2);
	assert_int_equal(s->table.rows[0].line, 3);
	assert_int_equal(s->table.rows[1].line, 6);
}

TEST(semicolons_serve_where_the_first_line_has_no_comma)
{
	struct table_state *s = *state;

	assert_ok(read_text(s, "a;b\n1,5;x\n"));
	assert_cell(s, 0, 0, "1,5");
	assert_ok(read_text(s, "a,b;c\n1,2\n"));
	assert_int_equal(s->table.column_count, 2);
}

TEST(a_byte_order_mark_is_passed_over)
{
	struct table_state *s = *state;

	assert_ok(read_text(s, "\xef\xbb\xbfkey,a\n1,2\n"));
	assert_true(span_equal(s->table.names[0], span_of_text("key")));
}

TEST(a_row_with_another_number_of_cells_has_a_reason_and_the_others_stand)
{
	struct table_state *s = *state;

	assert_ok(read_text(s, "a,b\n1\n1,2,3\n1,2\n"));
	assert_int_equal(s->table.row_count, 3);
	assert_contains(s->table.rows[0].reason, "number of cells");
	assert_null(s->table.rows[0].cells);
	assert_non_null(s->table.rows[1].reason);
	assert_cell(s, 2, 1, "2");
}

TEST(bytes_that_are_no_text_are_a_reason)
{
	struct table_state *s = *state;

	assert_ok(read_text(s, "a,b\n\xff,2\n1,2\n"));
	assert_contains(s->table.rows[0].reason, "UTF-8");
	assert_cell(s, 1, 0, "1");
}

TEST(a_cell_that_is_too_long_is_a_reason)
{
	struct table_state *s = *state;
	struct buffer text;

	buffer_init(&text, 64 * 1024);
	buffer_printf(&text, "a,b\n1,");
	for (size_t i = 0; i <= CSV_CELL_MAX; i++) {
		buffer_append_byte(&text, 'x');
	}
	buffer_printf(&text, "\n1,2\n");
	assert_ok(csv_table_read(buffer_span(&text), &s->arena, &s->table, &s->err));
	assert_non_null(s->table.rows[0].reason);
	assert_cell(s, 1, 1, "2");
	buffer_finish(&text);
}

TEST(a_broken_quotation_is_malformed)
{
	struct table_state *s = *state;

	assert_int_equal(read_text(s, "a,b\n1,2\n1,\"2\n"), STATUS_MALFORMED);
	assert_int_equal(read_text(s, "a,b\n1,x\"y\n"), STATUS_MALFORMED);
	assert_contains(s->err.detail, "line 2");
}

TEST(an_empty_table_is_malformed)
{
	struct table_state *s = *state;

	assert_int_equal(read_text(s, ""), STATUS_MALFORMED);
	assert_int_equal(read_text(s, "\xef\xbb\xbf"), STATUS_MALFORMED);
	assert_int_equal(read_text(s, "\n\r\n\n"), STATUS_MALFORMED);
}

TEST(names_that_are_no_text_are_malformed)
{
	struct table_state *s = *state;

	assert_int_equal(read_text(s, "a,\xff\n1,2\n"), STATUS_MALFORMED);
}

static void
put_columns(struct buffer *text, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		buffer_printf(text, "%sc%zu", i == 0 ? "" : ",", i);
	}
	buffer_printf(text, "\n");
}

TEST(there_are_at_most_as_many_columns_as_a_change_has_fields)
{
	struct table_state *s = *state;
	struct buffer text;

	buffer_init(&text, 64 * 1024);
	put_columns(&text, CSV_COLUMNS_MAX);
	assert_ok(csv_table_read(buffer_span(&text), &s->arena, &s->table, &s->err));
	assert_int_equal(s->table.column_count, CSV_COLUMNS_MAX);
	buffer_clear(&text);
	put_columns(&text, CSV_COLUMNS_MAX + 1);
	assert_int_equal(csv_table_read(buffer_span(&text), &s->arena, &s->table, &s->err),
			 STATUS_LIMIT);
	buffer_finish(&text);
}

TEST(a_table_takes_no_more_memory_than_its_arena_has)
{
	struct table_state *s = *state;
	struct arena small;

	arena_init(&small, 1024);
	assert_int_equal(
		csv_table_read(span_of_text("a,b\n1,2\n3,4\n5,6\n"), &small, &s->table, &s->err),
		STATUS_LIMIT);
	arena_finish(&small);
}

TEST(many_rows_keep_their_order)
{
	struct table_state *s = *state;
	struct buffer text;
	char wanted[16];

	buffer_init(&text, 64 * 1024);
	buffer_printf(&text, "a\n");
	for (int i = 0; i < 1000; i++) {
		buffer_printf(&text, "%d\n", i);
	}
	assert_ok(csv_table_read(buffer_span(&text), &s->arena, &s->table, &s->err));
	assert_int_equal(s->table.row_count, 1000);
	for (size_t i = 0; i < 1000; i++) {
		(void)snprintf(wanted, sizeof wanted, "%zu", i);
		assert_cell(s, i, 0, wanted);
	}
	buffer_finish(&text);
}

#define TABLE_CASE(sentence) CASE_WITH(sentence, state_create, state_free)

RUN_TESTS(TABLE_CASE(the_first_line_names_the_columns),
	  TABLE_CASE(quoted_cells_keep_commas_quotes_and_line_breaks),
	  TABLE_CASE(lines_are_counted_as_an_editor_counts_them),
	  TABLE_CASE(semicolons_serve_where_the_first_line_has_no_comma),
	  TABLE_CASE(a_byte_order_mark_is_passed_over),
	  TABLE_CASE(a_row_with_another_number_of_cells_has_a_reason_and_the_others_stand),
	  TABLE_CASE(bytes_that_are_no_text_are_a_reason),
	  TABLE_CASE(a_cell_that_is_too_long_is_a_reason),
	  TABLE_CASE(a_broken_quotation_is_malformed), TABLE_CASE(an_empty_table_is_malformed),
	  TABLE_CASE(names_that_are_no_text_are_malformed),
	  TABLE_CASE(there_are_at_most_as_many_columns_as_a_change_has_fields),
	  TABLE_CASE(a_table_takes_no_more_memory_than_its_arena_has),
	  TABLE_CASE(many_rows_keep_their_order))

/* SPDX-License-Identifier: Apache-2.0 */
#include "csv_table.h"

#include <csv.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* The state between the library's callbacks. */
struct csv_reading {
	struct arena *arena;
	struct csv_table *table;
	struct span cells[CSV_COLUMNS_MAX];
	size_t cell_count; /* of the row under way; may pass CSV_COLUMNS_MAX */
	const char *reason;
	size_t line;	 /* being read */
	size_t row_line; /* where the row under way began */
	size_t row_capacity;
	enum status status; /* first failure */
};

static void
take_cell(struct csv_reading *reading, struct span cell)
{
	const void *copy;

	if (reading->cell_count >= CSV_COLUMNS_MAX) {
		return;
	}
	if (cell.length > CSV_CELL_MAX) {
		reading->reason = "a cell has more than 16384 bytes";
		return;
	}
	if (!utf8_valid(cell)) {
		reading->reason = "the text is not UTF-8";
		return;
	}
	copy = arena_copy(reading->arena, cell.at, cell.length);
	if (copy == NULL) {
		reading->status = STATUS_LIMIT;
		return;
	}
	reading->cells[reading->cell_count] = span_of(copy, cell.length);
}

static void
on_cell(void *bytes, size_t length, void *context)
{
	struct csv_reading *reading = context;
	struct span cell = span_of(bytes, length);

	if (reading->status != STATUS_OK) {
		return;
	}
	if (reading->cell_count == 0) {
		reading->row_line = reading->line;
	}
	if (reading->reason == NULL) {
		take_cell(reading, cell);
	}
	reading->cell_count++;
	for (size_t i = 0; i < length; i++) {
		reading->line += cell.at[i] == '\n';
	}
}

static const struct span *
keep_cells(struct csv_reading *reading)
{
	struct span *cells = ARENA_ARRAY(reading->arena, struct span, reading->cell_count);

	if (cells == NULL) {
		reading->status = STATUS_LIMIT;
		return NULL;
	}
	memcpy(cells, reading->cells, reading->cell_count * sizeof cells[0]);
	return cells;
}

static void
keep_names(struct csv_reading *reading)
{
	struct csv_table *table = reading->table;

	if (reading->reason != NULL) {
		reading->status = STATUS_MALFORMED;
	} else if (reading->cell_count > CSV_COLUMNS_MAX) {
		reading->status = STATUS_LIMIT;
	} else {
		table->names = keep_cells(reading);
		table->column_count = reading->cell_count;
	}
}

/* Doubles the room; the old one stays in the arena, less than was asked for since. */
static bool
grow_rows(struct csv_reading *reading)
{
	struct csv_table *table = reading->table;
	size_t capacity = reading->row_capacity == 0 ? 64 : 2 * reading->row_capacity;
	struct csv_row *rows = ARENA_ARRAY(reading->arena, struct csv_row, capacity);

	if (rows == NULL) {
		reading->status = STATUS_LIMIT;
		return false;
	}
	if (table->row_count > 0) {
		memcpy(rows, table->rows, table->row_count * sizeof rows[0]);
	}
	table->rows = rows;
	reading->row_capacity = capacity;
	return true;
}

static void
keep_row(struct csv_reading *reading)
{
	struct csv_table *table = reading->table;
	struct csv_row row = {.line = reading->row_line, .reason = reading->reason};

	if (row.reason == NULL && reading->cell_count != table->column_count) {
		row.reason = "the row has another number of cells than the first line";
	}
	if (row.reason == NULL) {
		row.cells = keep_cells(reading);
	}
	if (reading->status == STATUS_OK &&
	    (table->row_count < reading->row_capacity || grow_rows(reading))) {
		table->rows[table->row_count++] = row;
	}
}

/* `end`: the character that ended the row, -1 at the end of the text. Blank lines have no cells. */
static void
on_row(int end, void *context)
{
	struct csv_reading *reading = context;

	if (reading->status == STATUS_OK && reading->cell_count > 0) {
		if (reading->table->names == NULL) {
			keep_names(reading);
		} else {
			keep_row(reading);
		}
	}
	reading->cell_count = 0;
	reading->reason = NULL;
	reading->line += end == '\n';
}

static unsigned char
find_delimiter(struct span text)
{
	size_t length = 0;

	while (length < text.length && text.at[length] != '\n') {
		length++;
	}
	return memchr(text.at, ',', length) == NULL && memchr(text.at, ';', length) != NULL ? ';'
											    : ',';
}

static struct span
without_mark(struct span text)
{
	static const uint8_t mark[] = {0xef, 0xbb, 0xbf};

	if (text.length >= sizeof mark && memcmp(text.at, mark, sizeof mark) == 0) {
		text.at += sizeof mark;
		text.length -= sizeof mark;
	}
	return text;
}

static enum status
read_rows(struct csv_reading *reading, struct span text, struct error *err)
{
	struct csv_parser parser;
	size_t parsed;
	int finished = -1;

	if (csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI | CSV_REPALL_NL) != 0) {
		return fail(err, STATUS_MEMORY, "a table");
	}
	csv_set_delim(&parser, find_delimiter(text));
	parsed = csv_parse(&parser, text.at, text.length, on_cell, on_row, reading);
	if (parsed == text.length) {
		finished = csv_fini(&parser, on_cell, on_row, reading);
	}
	csv_free(&parser);
	if (reading->status == STATUS_LIMIT) {
		return fail(err, STATUS_LIMIT, "line %zu: at most %d columns, and not that much",
			    reading->line, CSV_COLUMNS_MAX);
	}
	if (reading->status != STATUS_OK) {
		return fail(err, reading->status, "line 1: the names of the columns");
	}
	if (finished != 0) {
		return fail(err, STATUS_MALFORMED, "line %zu: a quotation mark is out of place",
			    reading->line);
	}
	return STATUS_OK;
}

enum status
csv_table_read(struct span text, struct arena *arena, struct csv_table *out, struct error *err)
{
	struct csv_table table = {.column_count = 0};
	struct csv_reading *reading = calloc(1, sizeof *reading);
	enum status status;

	if (reading == NULL) {
		return fail(err, STATUS_MEMORY, "a table");
	}
	reading->arena = arena;
	reading->table = &table;
	reading->line = 1;
	text = without_mark(text);
	status = text.length == 0 ? fail(err, STATUS_MALFORMED, "the table is empty")
				  : read_rows(reading, text, err);
	free(reading);
	if (status == STATUS_OK && table.names == NULL) {
		status = fail(err, STATUS_MALFORMED, "the table is empty");
	}
	if (status == STATUS_OK) {
		*out = table;
	}
	return status;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* A table, as a supervisor imports it. */
#include "daemon/http/csv_table.h"
#include "fuzz.h"

enum { MEMORY = 4 * 1024 * 1024 };

static void
check_row(const struct csv_table *table, const struct csv_row *row)
{
	PROPERTY((row->cells == NULL) == (row->reason != NULL));
	for (size_t i = 0; row->cells != NULL && i < table->column_count; i++) {
		PROPERTY(row->cells[i].length <= CSV_CELL_MAX);
		PROPERTY(utf8_valid(row->cells[i]));
	}
}

static void
check_table(const struct csv_table *table, size_t lines)
{
	PROPERTY(table->column_count >= 1 && table->column_count <= CSV_COLUMNS_MAX);
	PROPERTY(table->names != NULL);
	for (size_t i = 0; i < table->row_count; i++) {
		const struct csv_row *row = &table->rows[i];

		PROPERTY(row->line >= 1 && row->line <= lines);
		PROPERTY(i == 0 || table->rows[i - 1].line <= row->line);
		check_row(table, row);
	}
}

FUZZ(data, size)
{
	struct csv_table table = {.column_count = 0};
	struct error err = {0};
	struct arena arena;
	size_t lines = 1;

	for (size_t i = 0; i < size; i++) {
		lines += data[i] == '\n';
	}
	arena_init(&arena, MEMORY);
	if (csv_table_read(span_of(data, size), &arena, &table, &err) == STATUS_OK) {
		check_table(&table, lines);
	} else {
		PROPERTY(err.status == STATUS_MALFORMED || err.status == STATUS_LIMIT);
		PROPERTY(err.detail[0] != '\0' && table.names == NULL);
	}
	arena_finish(&arena);
	return 0;
}

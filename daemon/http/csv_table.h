/* SPDX-License-Identifier: Apache-2.0 */
/* csv_table: a whole CSV text (RFC 4180) taken apart. The only file that knows the CSV library. */
#ifndef SAMBUNG_DAEMON_HTTP_CSV_TABLE_H
#define SAMBUNG_DAEMON_HTTP_CSV_TABLE_H

#include "protocol/arena.h"
#include "protocol/bytes.h"

enum { CSV_COLUMNS_MAX = 256, CSV_CELL_MAX = 16 * 1024 };

struct csv_row {
	size_t line;		  /* of the text, from 1 */
	const struct span *cells; /* as many as the table has columns */
	const char *reason;	  /* the row cannot be used, because; NULL: it can */
};

struct csv_table {
	const struct span *names; /* of the first row */
	size_t column_count;
	struct csv_row *rows; /* without the first and blank ones */
	size_t row_count;
};

/*
 * Commas or, if the first line has none of them, semicolons between cells; a byte order mark is
 * passed over. Everything is copied into the arena. MALFORMED names the line of a broken quotation;
 * LIMIT: columns or memory. A row with another number of cells, bytes that are no UTF-8 or a cell
 * that is too long gets a reason and no cells.
 */
enum status csv_table_read(struct span text, struct arena *arena, struct csv_table *out,
			   struct error *err);

#endif

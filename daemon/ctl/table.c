/* SPDX-License-Identifier: Apache-2.0 */
/* JSON lines as a table for people. */
#include "ctl.h"
#include "json_print.h"

#include <stdlib.h>

/* Characters, not bytes; control characters of the sender do nothing to the terminal. */
static int
print_cell(const char *text, size_t length)
{
	int width = 0;

	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)text[i];

		(void)putchar(c < 0x20 || c == 0x7f ? ' ' : c);
		width += (c & 0xc0) != 0x80;
	}
	return width;
}

static void
print_value(const struct column *column, json_t *value, bool last)
{
	char *text = NULL;
	size_t length = 0;
	FILE *memory = open_memstream(&text, &length);
	int width = 0;

	if (memory != NULL) {
		json_print(memory, value);
		if (fclose(memory) == 0) {
			width = print_cell(text, length);
		}
		free(text);
	}
	if (!last) {
		(void)printf("%*s  ", width < column->width ? column->width - width : 0, "");
	}
}

static void
print_titles(const struct table *table)
{
	for (size_t i = 0; i < table->column_count; i++) {
		const struct column *column = &table->columns[i];
		const char *title = ctl_text(table->ctl, column->english, column->indonesian);

		if (i + 1 == table->column_count) {
			(void)puts(title);
		} else {
			(void)printf("%-*s  ", column->width, title);
		}
	}
}

enum status
plain_line(void *ctl, struct span line, struct error *err)
{
	(void)ctl;
	if (fwrite(line.at, 1, line.length, stdout) != line.length || putchar('\n') == EOF) {
		return fail(err, STATUS_FULL, "standard output");
	}
	return STATUS_OK;
}

enum status
table_line(void *context, struct span line, struct error *err)
{
	struct table *table = context;
	json_t *object;
	enum status status;

	if (table->ctl->json) {
		return plain_line(NULL, line, err);
	}
	status = json_line(line, &object, err);
	if (status != STATUS_OK) {
		return status;
	}
	if (table->rows++ == 0) {
		print_titles(table);
	}
	for (size_t i = 0; i < table->column_count; i++) {
		print_value(&table->columns[i], json_object_get(object, table->columns[i].key),
			    i + 1 == table->column_count);
	}
	(void)putchar('\n');
	json_decref(object);
	return STATUS_OK;
}

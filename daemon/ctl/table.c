/* SPDX-License-Identifier: Apache-2.0 */
/* JSON lines as a table for people. */
#include "ctl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

enum { DEPTH_MAX = 3 };

static void write_plain(FILE *out, const json_t *value, int depth);

static void
write_list(FILE *out, const json_t *list, int depth)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		if (i > 0) {
			(void)fputs(",", out);
		}
		write_plain(out, json_array_get(list, i), depth + 1);
	}
}

static void
write_pairs(FILE *out, json_t *object, int depth)
{
	const char *key;
	json_t *value;
	bool first = true;

	json_object_foreach (object, key, value) {
		(void)fprintf(out, "%s%s=", first ? "" : "  ", key);
		write_plain(out, value, depth + 1);
		first = false;
	}
}

/* Without quotation marks; null is "-". Bounded, because it comes over the network. */
static void
write_plain(FILE *out, const json_t *value, int depth)
{
	json_t *object = NULL;

	if (depth > DEPTH_MAX) {
		(void)fputs("…", out);
		return;
	}
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		object = json_copy((json_t *)(uintptr_t)value);
		write_pairs(out, object, depth);
		json_decref(object);
		break;
	case JSON_ARRAY:
		write_list(out, value, depth);
		break;
	case JSON_STRING:
		(void)fputs(json_string_value(value), out);
		break;
	case JSON_INTEGER:
		(void)fprintf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
		break;
	case JSON_REAL:
		(void)fprintf(out, "%.10g", json_real_value(value));
		break;
	case JSON_TRUE:
		(void)fputs("true", out);
		break;
	case JSON_FALSE:
		(void)fputs("false", out);
		break;
	case JSON_NULL:
		(void)fputs("-", out);
		break;
	}
}

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
print_value(const struct column *column, const json_t *value, bool last)
{
	char *text = NULL;
	size_t length = 0;
	FILE *memory = open_memstream(&text, &length);
	int width = 0;

	if (memory != NULL) {
		if (value == NULL) {
			(void)fputs("-", memory);
		} else {
			write_plain(memory, value, 0);
		}
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

	if (table->ctl->json) {
		return plain_line(NULL, line, err);
	}
	object = json_loadb((const char *)line.at, line.length, 0, NULL);
	if (!json_is_object(object)) {
		json_decref(object);
		return fail(err, STATUS_MALFORMED, "a line of the answer is no JSON object");
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

/* SPDX-License-Identifier: Apache-2.0 */
/* print: aligned tables, lines of JSON, and the few sentences that several commands share. */
#ifndef SAMBUNG_TOOL_PRINT_H
#define SAMBUNG_TOOL_PRINT_H

#include "task.h"

#include <jansson.h>

/*
 * Texts in rows, each column as wide as its widest cell. Start with {.columns = …}.
 *  1. cells holds count texts of its own; a row is complete when count is a multiple of columns.
 */
struct table {
	size_t columns;
	size_t indent; /* spaces in front of each row */
	char **cells;
	size_t count;
};

/* Adds a cell: copies, or takes, the text. */
void table_add(struct table *table, const char *text);
void table_take(struct table *table, char *text);
void table_print(const struct table *table, FILE *out);
void table_finish(struct table *table);

/* Prints one line of JSON on standard output; takes `line`, which json_pack may have refused
 * to make (NULL) of a text that is not UTF-8. */
void print_json(json_t *line);
/* A sambung_line_fn that prints each line as it is. */
int print_line(void *context, const char *line, size_t length);
/* Prints {"id","n"} or its sentence. */
void print_saved(const struct task *task, const char *id, uint32_t n);
/* What became of a sync: as JSON (a new object), and as sentences, with `rest` if it was not all.
 */
json_t *sync_json(const struct sambung_result *result);
/* Did it end with a status after which the rest does not go out with the next one? */
bool sync_shut_out(int failed);
void print_result(const struct task *task, const struct sambung_result *result, enum message rest);
/* A number with its noun ("1 change", "5 changes"); a new text (free). */
char *print_count(const struct task *task, uint64_t count, enum message one, enum message many);
/* Local date and minute; a new text (free). */
char *print_time(int64_t milliseconds);
/* "45 s", "12 min", "23 h"; a new text (free). */
char *print_duration(const struct task *task, int64_t milliseconds);
/* RFC 3339 in UTC with milliseconds and Z; null for 0. */
json_t *instant_json(int64_t milliseconds);
/* What instant_json made (or the like) back in milliseconds; false: it is none. */
bool instant_read(const char *text, int64_t *milliseconds_out);

/* EXIT_FAILED, told on standard error, if something of the output was lost. */
enum exit_status print_finish(const struct task *task);

#endif

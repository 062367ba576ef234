/* SPDX-License-Identifier: Apache-2.0 */
#include "print.h"

#include "text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { COLUMN_GAP = 2, MILLISECONDS = 1000, DAY_SECONDS = 86400 };

void
table_take(struct table *table, char *text)
{
	table->cells = memory_resize(table->cells, (table->count + 1) * sizeof table->cells[0]);
	table->cells[table->count++] = text;
}

void
table_add(struct table *table, const char *text)
{
	table_take(table, text_copy(text));
}

static size_t
column_width(const struct table *table, size_t column)
{
	size_t widest = 0;

	for (size_t i = column; i < table->count; i += table->columns) {
		size_t width = text_width(table->cells[i]);

		widest = width > widest ? width : widest;
	}
	return widest;
}

void
table_print(const struct table *table, FILE *out)
{
	size_t *widths = memory_new(table->columns * sizeof widths[0]);
	size_t gap = table->indent;
	size_t column;

	for (column = 0; column < table->columns; column++) {
		widths[column] = column_width(table, column);
	}
	column = 0;
	/* Blanks are printed in front of the next cell, so that no line ends in them. */
	for (size_t i = 0; i < table->count; i++) {
		if (table->cells[i][0] != '\0') {
			(void)fprintf(out, "%*s", (int)gap, "");
			text_print(out, table->cells[i]);
			gap = 0;
		}
		gap += widths[column] + COLUMN_GAP - text_width(table->cells[i]);
		if (++column == table->columns) {
			column = 0;
			(void)fputs("\n", out);
			gap = table->indent;
		}
	}
	free(widths);
}

void
table_finish(struct table *table)
{
	for (size_t i = 0; i < table->count; i++) {
		free(table->cells[i]);
	}
	free(table->cells);
	*table = (struct table){.columns = table->columns};
}

void
print_json(json_t *line)
{
	if (line == NULL) {
		end_with(MESSAGE_LINE_BROKEN, "0");
	}
	(void)json_dumpf(line, stdout, JSON_COMPACT);
	(void)fputs("\n", stdout);
	json_decref(line);
}

int
print_line(void *context, const char *line, size_t length)
{
	(void)context;
	(void)fwrite(line, 1, length, stdout);
	(void)fputs("\n", stdout);
	/* Nobody reads on: stop here, print_finish tells. */
	return ferror(stdout);
}

void
print_saved(const struct task *task, const char *id, uint32_t n)
{
	char *number;

	if (task->json) {
		print_json(json_pack("{s:s, s:I}", "id", id, "n", (json_int_t)n));
		return;
	}
	number = text_format("%" PRIu32, n);
	message_print(stdout, task->language, MESSAGE_SAVED, id, number);
	(void)fputs("\n", stdout);
	free(number);
}

char *
print_count(const struct task *task, uint64_t count, enum message one, enum message many)
{
	char *number = text_format("%" PRIu64, count);
	char *text = message_format(task->language, count == 1 ? one : many, number, NULL);

	free(number);
	return text;
}

char *
print_time(int64_t milliseconds)
{
	time_t seconds = (time_t)(milliseconds / MILLISECONDS);
	struct tm local;
	char text[64];

	if (localtime_r(&seconds, &local) == NULL ||
	    strftime(text, sizeof text, "%Y-%m-%d %H:%M", &local) == 0) {
		return text_copy("?");
	}
	return text_copy(text);
}

char *
print_duration(const struct task *task, int64_t milliseconds)
{
	static const struct {
		int64_t seconds;
		enum message message;
	} units[] = {{1, MESSAGE_SECONDS}, {60, MESSAGE_MINUTES}, {3600, MESSAGE_HOURS}};
	int64_t seconds = milliseconds / MILLISECONDS;
	size_t unit = seconds < 120 ? 0 : seconds < 7200 ? 1 : 2;
	char *number = text_format("%" PRId64, seconds / units[unit].seconds);
	char *text = message_format(task->language, units[unit].message, number, NULL);

	free(number);
	return text;
}

json_t *
sync_json(const struct sambung_result *result)
{
	json_t *line =
		json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:b}", "requests",
			  (json_int_t)result->requests, "bytes_up", (json_int_t)result->bytes_up,
			  "bytes_down", (json_int_t)result->bytes_down, "sent",
			  (json_int_t)result->sent, "acked", (json_int_t)result->acked, "received",
			  (json_int_t)result->received, "conflicts", (json_int_t)result->conflicts,
			  "quarantined", (json_int_t)result->quarantined, "synced", result->synced);

	if (line != NULL && result->erased != 0) {
		(void)json_object_set_new(line, "erased", json_integer((json_int_t)result->erased));
	}
	if (line != NULL && result->continues_as != 0) {
		(void)json_object_set_new(line, "continues_as",
					  json_integer((json_int_t)result->continues_as));
	}
	return line;
}

json_t *
instant_json(int64_t milliseconds)
{
	time_t seconds = (time_t)(milliseconds / MILLISECONDS);
	struct tm utc;
	char minute[64];
	char *text;
	json_t *instant;

	if (milliseconds <= 0 || gmtime_r(&seconds, &utc) == NULL ||
	    strftime(minute, sizeof minute, "%Y-%m-%dT%H:%M:%S", &utc) == 0) {
		return json_null();
	}
	text = text_format("%s.%03dZ", minute, (int)(milliseconds % MILLISECONDS));
	instant = json_string(text);
	free(text);
	return instant;
}

/* Days from 1970-01-01 in the Gregorian calendar; years start in March so that the leap day comes
 * last. */
static int64_t
days_from_date(int64_t year, int64_t month, int64_t day)
{
	int64_t years = month > 2 ? year : year - 1;
	int64_t months = month > 2 ? month - 3 : month + 9;

	return years * 365 + years / 4 - years / 100 + years / 400 + (153 * months + 2) / 5 + day -
	       719469;
}

/* The digits at text[at], `length` of them; -1: not digits. */
static int64_t
digits_read(const char *text, size_t at, size_t length)
{
	int64_t number = 0;

	for (size_t i = at; i < at + length; i++) {
		if (text[i] < '0' || text[i] > '9') {
			return -1;
		}
		number = number * 10 + (text[i] - '0');
	}
	return number;
}

bool
instant_read(const char *text, int64_t *milliseconds_out)
{
	static const char shape[] = "0000-00-00T00:00:00";
	int64_t seconds;

	if (strlen(text) < sizeof shape - 1) {
		return false;
	}
	for (size_t i = 0; i < sizeof shape - 1; i++) {
		if (shape[i] == '0' ? digits_read(text, i, 1) < 0 : text[i] != shape[i]) {
			return false;
		}
	}
	seconds = days_from_date(digits_read(text, 0, 4), digits_read(text, 5, 2),
				 digits_read(text, 8, 2)) *
			  DAY_SECONDS +
		  digits_read(text, 11, 2) * 3600 + digits_read(text, 14, 2) * 60 +
		  digits_read(text, 17, 2);
	*milliseconds_out = seconds * MILLISECONDS;
	return true;
}

enum exit_status
print_finish(const struct task *task)
{
	if (fflush(stdout) != 0 || ferror(stdout) != 0) {
		return task_failed(task, MESSAGE_OUTPUT_FAILED, strerror(errno), NULL);
	}
	return EXIT_DONE;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* list and records: many records. */
#include "commands.h"
#include "describe.h"
#include "input.h"
#include "print.h"
#include "text.h"

#include <stdlib.h>

enum { CELL_MAX = 32 };

static void
add_record(struct table *table, struct describer *describer, const json_t *record,
	   const json_t *columns)
{
	const json_t *form = describe_form(describer, member_text(record, "type"));
	const json_t *fields = json_object_get(record, "fields");
	size_t i;
	json_t *column;

	table_add(table, member_text(record, "id"));
	json_array_foreach(columns, i, column)
	{
		const char *name = json_string_value(column);
		const json_t *value = json_object_get(fields, name);

		if (value == NULL) {
			table_add(table, "");
		} else {
			table_take(table, text_cut(describe_value(describer, form_field(form, name),
								  value),
						   CELL_MAX));
		}
	}
	table_take(table, describe_marks(describer, record));
}

static void
print_records(struct task *task, const json_t *records)
{
	enum sambung_language language = task->language;
	struct describer describer;
	struct table table = {0};
	json_t *form;
	json_t *columns;
	size_t i;
	json_t *item;
	char *count;

	if (json_array_size(records) == 0) {
		(void)fprintf(stdout, "%s\n", message_text(MESSAGE_NO_RECORDS, language));
		return;
	}
	describer_start(&describer, task);
	form = describe_form(&describer, task->arguments[0]);
	columns = form_columns(form);
	table.columns = json_array_size(columns) + 2;
	table_add(&table, message_text(MESSAGE_COLUMN_ID, language));
	json_array_foreach(columns, i, item)
	{
		table_add(&table, describe_label(&describer, form, json_string_value(item)));
	}
	table_add(&table, message_text(MESSAGE_COLUMN_MARKS, language));
	json_array_foreach(records, i, item)
	{
		add_record(&table, &describer, item, columns);
	}
	table_print(&table, stdout);
	count = print_count(task, json_array_size(records), MESSAGE_RECORDS_ONE,
			    MESSAGE_RECORDS_MANY);
	(void)fprintf(stdout, "\n%s\n", count);
	free(count);
	table_finish(&table);
	json_decref(columns);
	describer_finish(&describer);
}

enum exit_status
cmd_list(struct task *task)
{
	struct sambung_query query = {.type = task->arguments[0]};
	struct sambung_error err = {0};
	char *match = NULL;
	json_t *records = json_array();
	enum exit_status status = input_option(task, OPTION_MATCH, "match", &match);

	if (status == EXIT_DONE) {
		status = task_open(task);
	}
	if (status == EXIT_DONE) {
		query.match = match;
		query.due = task->given[OPTION_DUE] != NULL;
		if (sambung_records(task->device, &query, task->json ? print_line : collect_line,
				    records, &err) != 0) {
			status = task_error(task, &err);
		} else if (!task->json) {
			print_records(task, records);
		}
	}
	json_decref(records);
	free(match);
	return status;
}

enum exit_status
cmd_records(struct task *task)
{
	struct sambung_query query = {.type = task->arguments[0]};
	struct sambung_error err = {0};
	enum exit_status status = task_open(task);

	if (status != EXIT_DONE) {
		return status;
	}
	if (sambung_records(task->device, &query, print_line, NULL, &err) != 0) {
		return task_error(task, &err);
	}
	return EXIT_DONE;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"
#include "describe.h"
#include "print.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>

/* "number (kg)" */
static char *
kind_text(const struct task *task, const json_t *field)
{
	static const struct {
		const char *type;
		enum message kind;
	} kinds[] = {
		{"integer", MESSAGE_KIND_INTEGER}, {"boolean", MESSAGE_KIND_BOOLEAN},
		{"choice", MESSAGE_KIND_CHOICE},   {"set", MESSAGE_KIND_SET},
		{"date", MESSAGE_KIND_DATE},	   {"text", MESSAGE_KIND_TEXT},
		{"point", MESSAGE_KIND_POINT},	   {"reference", MESSAGE_KIND_REFERENCE},
	};
	const char *kind = member_text(field, "type");
	const char *unit = member_text(field, "unit");

	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		if (strcmp(kinds[i].type, kind) == 0) {
			kind = message_text(kinds[i].kind, task->language);
			break;
		}
	}
	return unit[0] == '\0' ? text_copy(kind) : text_format("%s (%s)", kind, unit);
}

/* "0.200–400.000", or the names of the choices. */
static char *
values_text(const json_t *field)
{
	const json_t *range = json_object_get(field, "refuse");
	char *text = text_copy("");
	size_t i;
	json_t *item;

	json_array_foreach(range, i, item)
	{
		char *end = describe_number(field, item);

		text_join(&text, "–", end);
		free(end);
	}
	json_array_foreach(json_object_get(field, "choices"), i, item)
	{
		text_join(&text, ", ", member_text(item, "name"));
	}
	return text;
}

static void
print_form(const struct task *task, const json_t *form)
{
	static const enum message heads[] = {MESSAGE_FORM_FIELD, MESSAGE_FORM_LABEL,
					     MESSAGE_FORM_TYPE, MESSAGE_NONE, MESSAGE_FORM_VALUES};
	struct table table = {.columns = sizeof heads / sizeof heads[0]};
	size_t i;
	json_t *field;

	for (i = 0; i < table.columns; i++) {
		table_add(&table, message_text(heads[i], task->language));
	}
	json_array_foreach(json_object_get(form, "fields"), i, field)
	{
		bool required = json_is_true(json_object_get(field, "required"));

		table_add(&table, member_text(field, "name"));
		table_add(&table, member_text(field, "label"));
		table_take(&table, kind_text(task, field));
		table_add(&table,
			  required ? message_text(MESSAGE_FORM_REQUIRED, task->language) : "");
		table_take(&table, values_text(field));
	}
	text_print(stdout, member_text(form, "label"));
	(void)fputs("\n\n", stdout);
	table_print(&table, stdout);
	table_finish(&table);
}

enum exit_status
cmd_form(struct task *task)
{
	struct sambung_error err = {0};
	enum exit_status status = task_open(task);
	json_t *lines;

	if (status != EXIT_DONE) {
		return status;
	}
	lines = json_array();
	if (sambung_form(task->device, task->arguments[0], task->language,
			 task->json ? print_line : collect_line, lines, &err) != 0) {
		status = task_error(task, &err);
	} else if (!task->json) {
		print_form(task, json_array_get(lines, 0));
	}
	json_decref(lines);
	return status;
}

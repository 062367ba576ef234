/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"
#include "describe.h"
#include "print.h"
#include "text.h"

#include <stdlib.h>

/* "Ibu Ani, device 5" or the user's name. */
static char *
member_who(const struct task *task, const json_t *member)
{
	const json_t *device = json_object_get(member, "device");
	char *number;
	char *who;

	if (!json_is_integer(device)) {
		return text_copy(member_text(member, "user"));
	}
	number = text_format("%" JSON_INTEGER_FORMAT, json_integer_value(device));
	who = message_format(task->language, MESSAGE_BY_DEVICE, member_text(member, "cadre"),
			     number);
	free(number);
	return who;
}

static char *
member_when(const struct task *task, const json_t *member)
{
	const char *text = member_text(member, "time");
	int64_t milliseconds;
	char *when = instant_read(text, &milliseconds) ? print_time(milliseconds) : text_copy(text);

	if (json_is_null(json_object_get(member, "seq"))) {
		text_join(&when, ", ", message_text(MESSAGE_NOT_SENT, task->language));
	}
	return when;
}

static void
print_conflicts(struct describer *describer, const json_t *record, const json_t *form)
{
	struct task *task = describer->task;
	json_t *conflicts = json_object_get(record, "conflicts");
	const char *name;
	json_t *members;

	if (json_object_size(conflicts) == 0) {
		return;
	}
	(void)fprintf(stdout, "\n%s\n", message_text(MESSAGE_SHOW_CONFLICTS, task->language));
	json_object_foreach(conflicts, name, members)
	{
		struct table table = {.columns = 3, .indent = 4};
		size_t i;
		json_t *member;

		json_array_foreach(members, i, member)
		{
			table_take(&table, describe_value(describer, form_field(form, name),
							  json_object_get(member, "value")));
			table_take(&table, member_who(task, member));
			table_take(&table, member_when(task, member));
		}
		(void)fputs("  ", stdout);
		text_print(stdout, describe_label(describer, form, name));
		(void)fputs("\n", stdout);
		table_print(&table, stdout);
		table_finish(&table);
	}
	message_print(stdout, task->language, MESSAGE_SHOW_SETTLE, member_text(record, "id"), NULL);
	(void)fputs("\n", stdout);
}

static void
print_fields(struct describer *describer, const json_t *record, const json_t *form)
{
	enum sambung_language language = describer->task->language;
	struct table table = {.columns = 2, .indent = 2};
	const char *archived = json_string_value(json_object_get(record, "archived"));
	const char *name;
	json_t *value;
	char *marks = describe_marks(describer, record);

	table_add(&table, message_text(MESSAGE_FIELD_VILLAGE, language));
	table_add(&table, member_text(record, "village"));
	json_object_foreach(json_object_get(record, "fields"), name, value)
	{
		table_add(&table, describe_label(describer, form, name));
		table_take(&table, describe_value(describer, form_field(form, name), value));
	}
	table_add(&table, message_text(MESSAGE_FIELD_VERSION, language));
	table_take(&table, describe_number(NULL, json_object_get(record, "version")));
	if (archived != NULL) {
		table_add(&table, message_text(MESSAGE_FIELD_ARCHIVED, language));
		table_add(&table, archived);
	}
	if (marks[0] != '\0') {
		table_add(&table, message_text(MESSAGE_COLUMN_MARKS, language));
		table_add(&table, marks);
	}
	table_print(&table, stdout);
	table_finish(&table);
	free(marks);
}

static void
print_record(struct task *task, const json_t *record)
{
	const char *type = member_text(record, "type");
	struct describer describer;
	const json_t *form;
	const char *label;

	describer_start(&describer, task);
	form = describe_form(&describer, type);
	label = member_text(form, "label");
	text_print(stdout, label[0] == '\0' ? type : label);
	(void)fprintf(stdout, " %s\n", member_text(record, "id"));
	print_fields(&describer, record, form);
	print_conflicts(&describer, record, form);
	describer_finish(&describer);
}

enum exit_status
cmd_show(struct task *task)
{
	struct sambung_error err = {0};
	enum exit_status status = task_open(task);
	json_t *lines;

	if (status != EXIT_DONE) {
		return status;
	}
	lines = json_array();
	if (sambung_record(task->device, task->arguments[0], task->json ? print_line : collect_line,
			   lines, &err) != 0) {
		status = task_error(task, &err);
	} else if (!task->json) {
		print_record(task, json_array_get(lines, 0));
	}
	json_decref(lines);
	return status;
}

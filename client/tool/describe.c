/* SPDX-License-Identifier: Apache-2.0 */
#include "describe.h"

#include "print.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>

void
describer_start(struct describer *describer, struct task *task)
{
	*describer = (struct describer){task, json_object(), json_object()};
}

void
describer_finish(struct describer *describer)
{
	json_decref(describer->forms);
	json_decref(describer->titles);
}

int
collect_line(void *context, const char *line, size_t length)
{
	json_error_t error;
	json_t *read = json_loadb(line, length, 0, &error);
	char *where;

	if (read == NULL) {
		where = text_format("%d", error.position);
		end_with(MESSAGE_LINE_BROKEN, where);
	}
	return json_array_append_new(context, read);
}

const char *
member_text(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text == NULL ? "" : text;
}

json_t *
describe_form(struct describer *describer, const char *type)
{
	struct task *task = describer->task;
	struct sambung_error err = {0};
	json_t *form = json_object_get(describer->forms, type);
	json_t *lines;

	if (form != NULL) {
		return form;
	}
	lines = json_array();
	if (sambung_form(task->device, type, task->language, collect_line, lines, &err) != 0 ||
	    json_array_size(lines) == 0) {
		(void)json_array_append_new(lines, json_object());
	}
	(void)json_object_set(describer->forms, type, json_array_get(lines, 0));
	json_decref(lines);
	return json_object_get(describer->forms, type);
}

/* The member of a list of objects whose "name" is this one; NULL: none. */
static json_t *
named_item(const json_t *list, const char *name)
{
	size_t i;
	json_t *item;

	json_array_foreach(list, i, item)
	{
		if (strcmp(member_text(item, "name"), name) == 0) {
			return item;
		}
	}
	return NULL;
}

/* The label of the item of that name, or the name. */
static const char *
named_label(const json_t *list, const char *name)
{
	const char *label = json_string_value(json_object_get(named_item(list, name), "label"));

	return label == NULL ? name : label;
}

const json_t *
form_field(const json_t *form, const char *name)
{
	return named_item(json_object_get(form, "fields"), name);
}

json_t *
form_columns(const json_t *form)
{
	json_t *title = json_object_get(form, "title");
	json_t *columns = json_array();
	size_t i;
	json_t *field;

	if (json_array_size(title) > 0) {
		(void)json_array_extend(columns, title);
		return columns;
	}
	json_array_foreach(json_object_get(form, "fields"), i, field)
	{
		if (json_is_true(json_object_get(field, "required"))) {
			(void)json_array_append(columns, json_object_get(field, "name"));
		}
	}
	return columns;
}

const char *
describe_label(const struct describer *describer, const json_t *form, const char *name)
{
	static const struct {
		const char *name;
		enum message label;
	} built_in[] = {
		{"village", MESSAGE_FIELD_VILLAGE},
		{"archived", MESSAGE_FIELD_ARCHIVED},
		{"same_as", MESSAGE_FIELD_SAME_AS},
	};

	for (size_t i = 0; i < sizeof built_in / sizeof built_in[0]; i++) {
		if (strcmp(built_in[i].name, name) == 0) {
			return message_text(built_in[i].label, describer->task->language);
		}
	}
	return named_label(json_object_get(form, "fields"), name);
}

const char *
describe_flag(const json_t *form, const char *name)
{
	return named_label(json_object_get(form, "rules"), name);
}

/* What stands for a record where another refers to it: the first text of its columns. */
static json_t *
record_title(struct describer *describer, const json_t *record)
{
	json_t *form = describe_form(describer, member_text(record, "type"));
	json_t *columns = form_columns(form);
	json_t *title = NULL;
	size_t i;
	json_t *column;

	json_array_foreach(columns, i, column)
	{
		const char *name = json_string_value(column);

		if (title == NULL &&
		    strcmp(member_text(form_field(form, name), "type"), "text") == 0) {
			title = json_object_get(json_object_get(record, "fields"), name);
		}
	}
	title = json_is_string(title) ? json_incref(title) : json_string("");
	json_decref(columns);
	return title;
}

/* "Siti (r1g4000015)", or the id where the record is not here or has no title. */
static char *
describe_reference(struct describer *describer, const char *id)
{
	const char *title = json_string_value(json_object_get(describer->titles, id));
	struct sambung_error err = {0};
	json_t *lines;

	if (title == NULL) {
		lines = json_array();
		(void)sambung_record(describer->task->device, id, collect_line, lines, &err);
		(void)json_object_set_new(describer->titles, id,
					  record_title(describer, json_array_get(lines, 0)));
		json_decref(lines);
		title = member_text(describer->titles, id);
	}
	return title[0] == '\0' ? text_copy(id) : text_format("%s (%s)", title, id);
}

char *
describe_number(const json_t *field, const json_t *value)
{
	int scale = (int)json_integer_value(json_object_get(field, "scale"));

	if (scale > 0) {
		return text_format("%.*f", scale, json_number_value(value));
	}
	if (json_is_real(value)) {
		return text_format("%.15g", json_real_value(value));
	}
	return text_format("%" JSON_INTEGER_FORMAT, json_integer_value(value));
}

/* Choices by label, joined; the two numbers of a point likewise. */
static char *
describe_list(const json_t *field, const json_t *value)
{
	char *text = text_copy("");
	size_t i;
	json_t *item;

	json_array_foreach(value, i, item)
	{
		if (json_is_string(item)) {
			text_join(&text, ", ",
				  named_label(json_object_get(field, "choices"),
					      json_string_value(item)));
		} else {
			char *number = describe_number(field, item);

			text_join(&text, ", ", number);
			free(number);
		}
	}
	return text;
}

static char *
describe_text(struct describer *describer, const json_t *field, const char *value)
{
	const char *type = member_text(field, "type");

	if (strcmp(type, "reference") == 0) {
		return describe_reference(describer, value);
	}
	if (strcmp(type, "choice") == 0) {
		return text_copy(named_label(json_object_get(field, "choices"), value));
	}
	return text_copy(value);
}

char *
describe_value(struct describer *describer, const json_t *field, const json_t *value)
{
	enum sambung_language language = describer->task->language;
	const char *unit = member_text(field, "unit");
	char *text;

	if (value == NULL || json_is_null(value)) {
		return text_copy(message_text(MESSAGE_EMPTY, language));
	}
	if (json_is_boolean(value)) {
		return text_copy(
			message_text(json_is_true(value) ? MESSAGE_YES : MESSAGE_NO, language));
	}
	if (json_is_array(value)) {
		return describe_list(field, value);
	}
	if (json_is_string(value)) {
		return describe_text(describer, field, json_string_value(value));
	}
	text = describe_number(field, value);
	if (unit[0] != '\0') {
		text_join(&text, " ", unit);
	}
	return text;
}

char *
describe_marks(struct describer *describer, const json_t *record)
{
	enum sambung_language language = describer->task->language;
	const json_t *form = describe_form(describer, member_text(record, "type"));
	char *marks = text_copy("");
	size_t i;
	json_t *flag;

	if (json_object_size(json_object_get(record, "conflicts")) > 0) {
		text_join(&marks, ", ", message_text(MESSAGE_MARK_CONFLICT, language));
	}
	if (json_is_string(json_object_get(record, "archived"))) {
		text_join(&marks, ", ", message_text(MESSAGE_MARK_ARCHIVED, language));
	}
	json_array_foreach(json_object_get(record, "flags"), i, flag)
	{
		const char *name = json_string_value(flag);

		text_join(&marks, ", ", describe_flag(form, name == NULL ? "" : name));
	}
	return marks;
}

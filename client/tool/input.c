/* SPDX-License-Identifier: Apache-2.0 */
#include "input.h"

#include "text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

/* More than any one record takes. */
enum { INPUT_MAX = 1024 * 1024, INPUT_PIECE = 16 * 1024 };

static const char white_space[] = " \t\r\n";

void
input_finish(struct input *input)
{
	for (size_t i = 0; i < input->count; i++) {
		free(input->items[i].name);
		free(input->items[i].value);
	}
	free(input->items);
	*input = (struct input){0};
}

/* Takes the value. False: the name is there already. */
static bool
input_add(struct input *input, const char *name, size_t length, char *value)
{
	for (size_t i = 0; i < input->count; i++) {
		if (strncmp(input->items[i].name, name, length) == 0 &&
		    input->items[i].name[length] == '\0') {
			free(value);
			return false;
		}
	}
	input->items = memory_resize(input->items, (input->count + 1) * sizeof input->items[0]);
	input->items[input->count++] = (struct assignment){
		.name = text_format("%.*s", (int)length, name),
		.value = value,
	};
	return true;
}

enum exit_status
input_text(const struct task *task, char **out)
{
	char *text = NULL;
	size_t length = 0;
	size_t got;
	size_t blank;

	do {
		text = memory_resize(text, length + INPUT_PIECE + 1);
		got = fread(text + length, 1, INPUT_PIECE, stdin);
		length += got;
	} while (got > 0 && length <= INPUT_MAX);
	text[length] = '\0';
	if (ferror(stdin) != 0) {
		free(text);
		return task_failed(task, MESSAGE_INPUT_UNREADABLE, strerror(errno), NULL);
	}
	if (length > INPUT_MAX) {
		free(text);
		return task_failed(task, MESSAGE_INPUT_LARGE, "1048576", NULL);
	}
	if (strlen(text) != length) {
		free(text);
		return task_failed(task, MESSAGE_INPUT_ZERO, NULL, NULL);
	}
	while (length > 0 && strchr(white_space, text[length - 1]) != NULL) {
		text[--length] = '\0';
	}
	blank = strspn(text, white_space);
	memmove(text, text + blank, length + 1 - blank);
	if (text[0] == '\0') {
		free(text);
		return task_failed(task, MESSAGE_INPUT_EMPTY, NULL, NULL);
	}
	*out = text;
	return EXIT_DONE;
}

/* Cuts the text into lines; the last piece of white space was taken off before. */
static enum exit_status
lines_read(const struct task *task, char *text, struct input *out)
{
	unsigned number = 1;

	for (char *line = text; line != NULL; number++) {
		char *end = strchr(line, '\n');
		char *next = end == NULL ? NULL : end + 1;
		char *equals;

		if (end != NULL) {
			*end = '\0';
			if (end > line && end[-1] == '\r') {
				end[-1] = '\0';
			}
		}
		equals = strchr(line, '=');
		if (equals == line || (equals == NULL && line[0] != '\0')) {
			char *which = text_format("%u", number);

			(void)task_failed(task, MESSAGE_INPUT_LINE, which, NULL);
			free(which);
			return EXIT_FAILED;
		}
		if (equals != NULL &&
		    !input_add(out, line, (size_t)(equals - line), text_copy(equals + 1))) {
			*equals = '\0';
			return task_failed(task, MESSAGE_INPUT_TWICE, line, NULL);
		}
		line = next;
	}
	return EXIT_DONE;
}

/* Fifteen digits hold what a person wrote; only what had more needs all seventeen. */
static char *
real_text(double number)
{
	char *text = text_format("%.15g", number);

	if (strtod(text, NULL) < number || strtod(text, NULL) > number) {
		free(text);
		text = text_format("%.17g", number);
	}
	return text;
}

/* A new text; NULL: it is an object or a list. */
static char *
scalar_text(const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_STRING:
		return text_copy(json_string_value(value));
	case JSON_INTEGER:
		return text_format("%" JSON_INTEGER_FORMAT, json_integer_value(value));
	case JSON_REAL:
		return real_text(json_real_value(value));
	case JSON_TRUE:
		return text_copy("true");
	case JSON_FALSE:
		return text_copy("false");
	case JSON_NULL:
		return text_copy("");
	case JSON_OBJECT:
	case JSON_ARRAY:
		break;
	}
	return NULL;
}

static char *
value_text(const json_t *value)
{
	char *text;
	size_t i;
	json_t *item;

	if (!json_is_array(value)) {
		return scalar_text(value);
	}
	text = text_copy("");
	json_array_foreach(value, i, item)
	{
		char *piece = scalar_text(item);

		if (piece == NULL) {
			free(text);
			return NULL;
		}
		text_join(&text, ",", piece);
		free(piece);
	}
	return text;
}

static enum exit_status
object_read(const struct task *task, json_t *object, struct input *out)
{
	const char *name;
	json_t *value;

	json_object_foreach(object, name, value)
	{
		char *text = value_text(value);

		if (text == NULL) {
			return task_failed(task, MESSAGE_INPUT_NESTED, name, NULL);
		}
		if (!input_add(out, name, strlen(name), text)) {
			return task_failed(task, MESSAGE_INPUT_TWICE, name, NULL);
		}
	}
	return EXIT_DONE;
}

static enum exit_status
json_read(const struct task *task, const char *text, struct input *out)
{
	json_error_t error;
	json_t *object = json_loads(text, JSON_REJECT_DUPLICATES, &error);
	enum exit_status status;

	if (object == NULL) {
		char *line = text_format("%d", error.line);
		/* What jansson says after "near" quotes the input. */
		char *near = strstr(error.text, " near ");

		if (near != NULL) {
			*near = '\0';
		}
		status = task_failed(task, MESSAGE_INPUT_JSON, line, error.text);
		free(line);
		return status;
	}
	status = object_read(task, object, out);
	json_decref(object);
	return status;
}

static enum exit_status
input_read(const struct task *task, struct input *out)
{
	char *text = NULL;
	enum exit_status status = input_text(task, &text);

	if (text == NULL) {
		return status;
	}
	status = text[0] == '{' ? json_read(task, text, out) : lines_read(task, text, out);
	free(text);
	return status;
}

enum exit_status
input_fields(const struct task *task, size_t first, struct input *out)
{
	for (size_t i = first; i < task->count; i++) {
		const char *argument = task->arguments[i];
		const char *equals = strchr(argument, '=');

		if (equals == NULL || equals == argument) {
			char *number = text_format("%zu", i + 1);

			(void)task_usage(task, MESSAGE_ASSIGNMENT_WRONG, number);
			free(number);
			return EXIT_USAGE;
		}
		if (!input_add(out, argument, (size_t)(equals - argument), text_copy(equals + 1))) {
			char *name = text_format("%.*s", (int)(equals - argument), argument);

			(void)task_usage(task, MESSAGE_FIELD_TWICE, name);
			free(name);
			return EXIT_USAGE;
		}
	}
	return task->reads_input ? input_read(task, out) : EXIT_DONE;
}

enum exit_status
input_option(const struct task *task, enum option option, const char *name, char **out)
{
	struct input input = {0};
	enum exit_status status = EXIT_DONE;

	if (!task->reads_input) {
		*out = task->given[option] == NULL ? NULL : text_copy(task->given[option]);
		return EXIT_DONE;
	}
	if (task->given[option] != NULL) {
		return task_usage(task, MESSAGE_OPTION_TWICE, name);
	}
	status = input_read(task, &input);
	for (size_t i = 0; i < input.count && status == EXIT_DONE; i++) {
		if (strcmp(input.items[i].name, name) != 0) {
			status =
				task_failed(task, MESSAGE_INPUT_UNKNOWN, input.items[i].name, name);
		}
	}
	if (status == EXIT_DONE) {
		*out = input.count == 0 ? NULL : text_copy(input.items[0].value);
	}
	input_finish(&input);
	return status;
}

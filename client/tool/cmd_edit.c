/* SPDX-License-Identifier: Apache-2.0 */
/* record, edit, archive: each is one form, filled in and committed. */
#include "commands.h"
#include "describe.h"
#include "input.h"
#include "options.h"
#include "print.h"

#include <stdlib.h>

/* What --base and --own say; what is not given is what the device holds. */
struct seen {
	bool given;
	uint64_t base;
	uint64_t own;
};

/* Sets the fields and commits; takes the edit. */
static enum exit_status
edit_save(const struct task *task, struct sambung_edit *edit, const struct input *input)
{
	struct sambung_error err = {0};
	char id[16];
	uint32_t n;

	for (size_t i = 0; i < input->count; i++) {
		if (sambung_edit_set(edit, input->items[i].name, input->items[i].value, &err) !=
		    0) {
			goto failed;
		}
	}
	if (sambung_edit_commit(edit, id, &n, &err) != 0) {
		goto failed;
	}
	print_saved(task, id, n);
	return EXIT_DONE;
failed:
	sambung_edit_cancel(edit);
	return task_error(task, &err);
}

enum exit_status
cmd_record(struct task *task)
{
	struct sambung_error err = {0};
	struct sambung_edit *edit;
	struct input input = {0};
	enum exit_status status = input_fields(task, 1, &input);

	if (status == EXIT_DONE) {
		status = task_open(task);
	}
	if (status == EXIT_DONE) {
		if (sambung_edit_create(task->device, task->arguments[0], &edit, &err) != 0) {
			status = task_error(task, &err);
		} else {
			status = edit_save(task, edit, &input);
		}
	}
	input_finish(&input);
	return status;
}

static enum exit_status
seen_read(const struct task *task, struct seen *seen)
{
	enum exit_status status = EXIT_DONE;

	seen->given = task->given[OPTION_BASE] != NULL || task->given[OPTION_OWN] != NULL;
	if (task->given[OPTION_BASE] != NULL) {
		status = option_number(task, OPTION_BASE, INT64_MAX, &seen->base);
	}
	if (task->given[OPTION_OWN] != NULL && status == EXIT_DONE) {
		status = option_number(task, OPTION_OWN, UINT32_MAX, &seen->own);
	}
	return status;
}

/* Fills in the one of the two that was not given. */
static int
seen_complete(const struct task *task, const char *id, struct seen *seen, struct sambung_error *err)
{
	struct sambung_state state;
	int status = 0;

	if (task->given[OPTION_BASE] == NULL) {
		json_t *lines = json_array();

		status = sambung_record(task->device, id, collect_line, lines, err);
		seen->base = (uint64_t)json_integer_value(
			json_object_get(json_array_get(lines, 0), "version"));
		json_decref(lines);
	} else if (task->given[OPTION_OWN] == NULL) {
		status = sambung_state(task->device, &state, err);
		seen->own = status == 0 ? state.last_n : 0;
	}
	return status;
}

/* A form on the record that argument 0 names, with these fields. */
static enum exit_status
edit_record(struct task *task, const struct input *input, struct seen *seen)
{
	const char *id = task->arguments[0];
	struct sambung_error err = {0};
	struct sambung_edit *edit;
	enum exit_status status = task_open(task);

	if (status != EXIT_DONE) {
		return status;
	}
	if (sambung_edit_begin(task->device, id, &edit, &err) != 0) {
		return task_error(task, &err);
	}
	if (seen->given && (seen_complete(task, id, seen, &err) != 0 ||
			    sambung_edit_seen(edit, seen->base, (uint32_t)seen->own, &err) != 0)) {
		sambung_edit_cancel(edit);
		return task_error(task, &err);
	}
	return edit_save(task, edit, input);
}

enum exit_status
cmd_edit(struct task *task)
{
	struct seen seen = {0};
	struct input input = {0};
	enum exit_status status = seen_read(task, &seen);

	if (status == EXIT_DONE) {
		status = input_fields(task, 1, &input);
	}
	if (status == EXIT_DONE) {
		status = edit_record(task, &input, &seen);
	}
	input_finish(&input);
	return status;
}

enum exit_status
cmd_archive(struct task *task)
{
	char name[] = "archived";
	struct assignment reason = {name, NULL};
	struct seen seen = {0};
	enum exit_status status = input_option(task, OPTION_REASON, "reason", &reason.value);

	if (status != EXIT_DONE) {
		return status;
	}
	/* An empty reason would bring the record back. */
	if (reason.value == NULL || reason.value[0] == '\0') {
		status = task_usage(task, MESSAGE_REASON_MISSING, NULL);
	} else {
		status = edit_record(task, &(struct input){&reason, 1}, &seen);
	}
	free(reason.value);
	return status;
}

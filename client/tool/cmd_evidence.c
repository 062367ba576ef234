/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"
#include "file.h"
#include "print.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>

static enum exit_status
evidence_write(const struct task *task)
{
	const char *path = task->given[OPTION_OUT];
	struct file file = {NULL, 0};
	struct sambung_error err = {0};
	enum exit_status status;

	if (file_is_there(path)) {
		return task_failed(task, MESSAGE_FILE_THERE, path, NULL);
	}
	if (sambung_evidence(task->device, file_keep, &file, &err) != 0) {
		if (strcmp(sambung_status_name(err.status), "not_found") == 0) {
			return task_failed(task, MESSAGE_EVIDENCE_NONE, NULL, NULL);
		}
		return task_error(task, &err);
	}
	status = file_write(task, path, &file);
	free(file.at);
	if (status == EXIT_DONE && task->json) {
		print_json(json_pack("{s:s}", "written", path));
	} else if (status == EXIT_DONE) {
		message_print(stdout, task->language, MESSAGE_EVIDENCE_WRITTEN, path, NULL);
		(void)fputs("\n", stdout);
	}
	return status;
}

enum exit_status
cmd_evidence(struct task *task)
{
	struct sambung_error err = {0};
	enum exit_status status;

	if ((task->given[OPTION_OUT] == NULL) == (task->given[OPTION_FORGET] == NULL)) {
		return task_usage(task, MESSAGE_EVIDENCE_UNCLEAR, NULL);
	}
	task->keyless = true; /* nothing of it is locked */
	status = task_open(task);
	if (status != EXIT_DONE) {
		return status;
	}
	if (task->given[OPTION_OUT] != NULL) {
		return evidence_write(task);
	}
	if (sambung_evidence_forget(task->device, &err) != 0) {
		return task_error(task, &err);
	}
	if (task->json) {
		print_json(json_pack("{s:b}", "forgotten", 1));
	} else {
		(void)fprintf(stdout, "%s\n",
			      message_text(MESSAGE_EVIDENCE_FORGOTTEN, task->language));
	}
	return EXIT_DONE;
}

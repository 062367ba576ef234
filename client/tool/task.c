/* SPDX-License-Identifier: Apache-2.0 */
#include "task.h"

#include "commands.h"
#include "pin.h"
#include "text.h"

struct sambung_options
task_options(struct task *task)
{
	return (struct sambung_options){.directory = task->directory,
					.key = task->keyless ? NULL : pin_key,
					.key_context = task};
}

enum exit_status
task_open(struct task *task)
{
	const struct sambung_options options = task_options(task);
	struct sambung_error err = {0};

	if (sambung_open(&options, &task->device, &err) != 0) {
		return task_error(task, &err);
	}
	return EXIT_DONE;
}

/* On every screen: whoever looks at records should know that they may have been altered. */
static void
warn_contradiction(const struct task *task)
{
	struct sambung_state state;

	if (sambung_state(task->device, &state, NULL) == 0 && state.contradiction_ms != 0) {
		(void)task_failed(task, MESSAGE_CONTRADICTION, NULL, NULL);
	}
}

void
task_close(struct task *task)
{
	if (task->device != NULL) {
		warn_contradiction(task);
		sambung_close(task->device);
	}
	task->device = NULL;
}

enum exit_status
task_error(const struct task *task, const struct sambung_error *err)
{
	char sentence[1024];

	(void)fputs("sambung: ", stderr);
	text_print(stderr, sambung_error_sentence(err, task->language, sentence, sizeof sentence));
	(void)fputs("\n", stderr);
	return EXIT_FAILED;
}

enum exit_status
task_failed(const struct task *task, enum message message, const char *first, const char *second)
{
	(void)fputs("sambung: ", stderr);
	message_print(stderr, task->language, message, first, second);
	(void)fputs("\n", stderr);
	return EXIT_FAILED;
}

enum exit_status
task_usage(const struct task *task, enum message message, const char *first)
{
	(void)task_failed(task, message, first, NULL);
	command_usage(stderr, task->command, task->language);
	return EXIT_USAGE;
}

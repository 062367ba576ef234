/* SPDX-License-Identifier: Apache-2.0 */
/* sambung: the command for a cadre's device, and the first user of libsambung. */
#include "commands.h"
#include "options.h"
#include "pin.h"
#include "print.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <jansson.h>

/* By the first of these that is set, as locales do it; everything but English is Indonesian. */
static enum sambung_language
language_from_environment(void)
{
	static const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		const char *value = getenv(names[i]);

		if (value != NULL && value[0] != '\0') {
			return strncmp(value, "en", 2) == 0 ? SAMBUNG_EN : SAMBUNG_ID;
		}
	}
	return SAMBUNG_ID;
}

static enum exit_status
task_run(struct task *task)
{
	enum exit_status status = EXIT_DONE;

	if (task->given[OPTION_HELP] != NULL) {
		command_help(stdout, task->command, task->language);
	} else if (task->given[OPTION_VERSION] != NULL) {
		(void)fprintf(stdout, "sambung %s\n", SAMBUNG_VERSION);
	} else {
		status = pin_begin(task);
		if (status == EXIT_DONE) {
			status = task->command->run(task);
		}
		task_close(task);
		pin_finish(task);
	}
	return status;
}

int
main(int argc, char **argv)
{
	const struct rlimit no_core = {.rlim_cur = 0, .rlim_max = 0};
	struct task task = {.language = language_from_environment()};
	enum exit_status status;

	/* A core file would have the key and people in it. */
	(void)setrlimit(RLIMIT_CORE, &no_core);
	json_set_alloc_funcs(memory_new, free);
	status = options_parse(argc, argv, &task);
	if (status != EXIT_DONE) {
		return (int)status;
	}
	status = task_run(&task);
	if (print_finish(&task) != EXIT_DONE && status == EXIT_DONE) {
		status = EXIT_FAILED;
	}
	return (int)status;
}

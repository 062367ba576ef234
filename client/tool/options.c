/* SPDX-License-Identifier: Apache-2.0 */
#include "options.h"

#include "commands.h"
#include "print.h"
#include "text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct option_row {
	const char *name;
	enum message value; /* MESSAGE_NONE: it takes none */
	enum message help;
};

static const struct option_row option_rows[OPTION_COUNT] = {
	[OPTION_DIR] = {"--dir", MESSAGE_FOLDER, MESSAGE_OPTION_DIR},
	[OPTION_JSON] = {"--json", MESSAGE_NONE, MESSAGE_OPTION_JSON},
	[OPTION_LANG] = {"--lang", MESSAGE_LANGUAGE_VALUE, MESSAGE_OPTION_LANG},
	[OPTION_PIN] = {"--pin", MESSAGE_PIN_VALUE, MESSAGE_OPTION_PIN},
	[OPTION_HELP] = {"--help", MESSAGE_NONE, MESSAGE_OPTION_HELP},
	[OPTION_VERSION] = {"--version", MESSAGE_NONE, MESSAGE_OPTION_VERSION},
	[OPTION_BASE] = {"--base", MESSAGE_VERSION_VALUE, MESSAGE_OPTION_BASE},
	[OPTION_OWN] = {"--own", MESSAGE_NUMBER_VALUE, MESSAGE_OPTION_OWN},
	[OPTION_REASON] = {"--reason", MESSAGE_TEXT_VALUE, MESSAGE_OPTION_REASON},
	[OPTION_MATCH] = {"--match", MESSAGE_TEXT_VALUE, MESSAGE_OPTION_MATCH},
	[OPTION_DUE] = {"--due", MESSAGE_NONE, MESSAGE_OPTION_DUE},
	[OPTION_TO] = {"--to", MESSAGE_URL_VALUE, MESSAGE_OPTION_TO},
	[OPTION_OUT] = {"--out", MESSAGE_FILE_VALUE, MESSAGE_OPTION_OUT},
	[OPTION_FORGET] = {"--forget", MESSAGE_NONE, MESSAGE_OPTION_FORGET},
};

/* The first thing that was not understood. */
struct problem {
	enum message message; /* MESSAGE_NONE: all is well */
	const char *which;
};

static void
problem_note(struct problem *problem, enum message message, const char *which)
{
	if (problem->message == MESSAGE_NONE) {
		*problem = (struct problem){message, which};
	}
}

/* --name or --name=value. OPTION_COUNT: there is none. */
static enum option
option_find(const char *argument, const char **value_out)
{
	size_t length = strcspn(argument, "=");

	*value_out = argument[length] == '=' ? argument + length + 1 : NULL;
	for (unsigned i = 0; i < OPTION_COUNT; i++) {
		if (strncmp(option_rows[i].name, argument, length) == 0 &&
		    option_rows[i].name[length] == '\0') {
			return (enum option)i;
		}
	}
	return OPTION_COUNT;
}

/* Takes the option at argv[0], perhaps with its value at argv[1]; returns how many it took. */
static int
option_take(char **argv, struct task *task, struct problem *problem)
{
	const char *value;
	enum option option = option_find(argv[0], &value);
	int taken = 1;

	if (option == OPTION_COUNT) {
		problem_note(problem, MESSAGE_OPTION_UNKNOWN, argv[0]);
		return taken;
	}
	if (option_rows[option].value == MESSAGE_NONE) {
		if (value != NULL) {
			problem_note(problem, MESSAGE_OPTION_VALUELESS, option_rows[option].name);
		}
		value = "";
	} else if (value == NULL && argv[1] != NULL) {
		value = argv[1];
		taken++;
	}
	if (value == NULL) {
		problem_note(problem, MESSAGE_OPTION_EMPTY, argv[0]);
		return taken;
	}
	if (task->given[option] != NULL && option_rows[option].value != MESSAGE_NONE) {
		problem_note(problem, MESSAGE_OPTION_TWICE, option_rows[option].name);
	}
	task->given[option] = value;
	return taken;
}

/* Moves what is not an option to the front of argv. */
static void
options_take(int argc, char **argv, struct task *task, struct problem *problem)
{
	bool ended = false;

	task->arguments = argv;
	for (int i = 1; i < argc;) {
		if (ended || strncmp(argv[i], "--", 2) != 0) {
			argv[task->count++] = argv[i++];
		} else if (strcmp(argv[i], "--") == 0) {
			ended = true;
			i++;
		} else {
			i += option_take(argv + i, task, problem);
		}
	}
}

static void
language_take(struct task *task, struct problem *problem)
{
	const char *name = task->given[OPTION_LANG];

	if (name == NULL) {
		return;
	}
	if (strcmp(name, "en") == 0) {
		task->language = SAMBUNG_EN;
	} else if (strcmp(name, "id") == 0) {
		task->language = SAMBUNG_ID;
	} else {
		problem_note(problem, MESSAGE_LANGUAGE_UNKNOWN, name);
	}
}

static void
directory_take(struct task *task, struct problem *problem)
{
	const char *directory = task->given[OPTION_DIR];

	if (directory == NULL) {
		directory = getenv("SAMBUNG_DIR");
	}
	if (directory == NULL || directory[0] == '\0') {
		problem_note(problem, MESSAGE_DIRECTORY_MISSING, NULL);
		return;
	}
	task->directory = directory;
}

static void
command_take(struct task *task, struct problem *problem)
{
	size_t words;

	if (task->count == 0) {
		if (task->given[OPTION_HELP] == NULL && task->given[OPTION_VERSION] == NULL) {
			problem_note(problem, MESSAGE_COMMAND_MISSING, NULL);
		}
		return;
	}
	task->command = command_find(task->arguments, task->count, &words);
	if (task->command == NULL) {
		problem_note(problem, MESSAGE_COMMAND_UNKNOWN, task->arguments[0]);
		return;
	}
	task->arguments += words;
	task->count -= words;
	for (unsigned i = OPTION_GLOBAL_COUNT; i < OPTION_COUNT; i++) {
		if (task->given[i] != NULL && (task->command->options & 1u << i) == 0) {
			problem_note(problem, MESSAGE_OPTION_UNKNOWN, option_rows[i].name);
		}
	}
}

static void
arguments_check(struct task *task, struct problem *problem)
{
	const struct argument_range *range;

	if (task->count > 0 && strcmp(task->arguments[task->count - 1], "-") == 0) {
		task->reads_input = true;
		task->count--;
	}
	range = task->reads_input ? &task->command->with_input : &task->command->alone;
	if (task->count < range->least || task->count > range->most) {
		problem_note(problem, MESSAGE_ARGUMENTS_WRONG, task->command->name);
	}
}

enum exit_status
options_parse(int argc, char **argv, struct task *task)
{
	struct problem problem = {MESSAGE_NONE, NULL};

	options_take(argc, argv, task, &problem);
	language_take(task, &problem);
	command_take(task, &problem);
	if (task->command != NULL && task->given[OPTION_HELP] == NULL &&
	    task->given[OPTION_VERSION] == NULL) {
		arguments_check(task, &problem);
		if (task->command->run != cmd_carry_deliver) {
			directory_take(task, &problem);
		}
	}
	task->json = task->given[OPTION_JSON] != NULL;
	if (problem.message != MESSAGE_NONE) {
		return task_usage(task, problem.message, problem.which);
	}
	return EXIT_DONE;
}

enum exit_status
option_number(const struct task *task, enum option option, uint64_t most, uint64_t *out)
{
	const char *text = task->given[option];
	char *end;
	unsigned long long number;

	errno = 0;
	number = strtoull(text, &end, 10);
	/* strtoull takes signs and white space too. */
	if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || number > most) {
		return task_usage(task, MESSAGE_OPTION_NUMBER, option_rows[option].name);
	}
	*out = number;
	return EXIT_DONE;
}

void
options_print(FILE *out, unsigned bits, enum sambung_language language)
{
	struct table table = {.columns = 2, .indent = 2};
	unsigned shown = bits | ((1u << OPTION_GLOBAL_COUNT) - 1);

	for (unsigned i = 0; i < OPTION_COUNT; i++) {
		const struct option_row *row = &option_rows[i];
		const char *value = message_text(row->value, language);

		if ((shown & 1u << i) != 0) {
			table_take(&table, text_format("%s%s%s", row->name,
						       value[0] == '\0' ? "" : " ", value));
			table_add(&table, message_text(row->help, language));
		}
	}
	(void)fprintf(out, "\n%s:\n", message_text(MESSAGE_OPTIONS, language));
	table_print(&table, out);
	table_finish(&table);
}

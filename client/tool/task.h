/* SPDX-License-Identifier: Apache-2.0 */
/*
 * task: one run of the command: what was asked for, and how its end is told.
 *
 * A command's function checks its arguments, opens the device with task_open, does its work and
 * returns an exit status; whatever is not EXIT_DONE was said on standard error before.
 */
#ifndef SAMBUNG_TOOL_TASK_H
#define SAMBUNG_TOOL_TASK_H

#include "client/include/sambung.h"
#include "messages.h"

#include <stdbool.h>

enum exit_status { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

enum option {
	OPTION_DIR,
	OPTION_JSON,
	OPTION_LANG,
	OPTION_PIN,
	OPTION_HELP,
	OPTION_VERSION,
	OPTION_GLOBAL_COUNT, /* those above stand with every command */
	OPTION_BASE = OPTION_GLOBAL_COUNT,
	OPTION_OWN,
	OPTION_REASON,
	OPTION_MATCH,
	OPTION_DUE,
	OPTION_TO,
	OPTION_OUT,
	OPTION_FORGET,
	OPTION_COUNT
};

struct command;

enum { PIN_SIZE = 128 };

/* The key of a lock that was asked for. */
struct task_key {
	bool known;
	struct sambung_lock lock;
	uint8_t bytes[32];
};

struct task {
	const struct command *command; /* NULL: none was named */
	enum sambung_language language;
	bool json;
	const char *given[OPTION_COUNT]; /* its value, "" if it takes none; NULL: not given */
	const char *directory;		 /* NULL for help and version, and if none is needed */
	char **arguments;		 /* after the command's name, without the last `-` */
	size_t count;
	bool reads_input; /* the last argument was `-` */
	struct sambung *device;
	bool keyless;		  /* a lock stays shut */
	bool asked;		  /* there was a lock, and it did not */
	FILE *pin_file;		  /* that --pin names, once it is open */
	bool pin_closed;	  /* nobody reads it any more */
	char pin_ahead[PIN_SIZE]; /* its first line, taken by pin_begin; "": none */
	struct task_key key;
};

/* What opens the installation in task->directory; the key of its lock comes from pin.h. */
struct sambung_options task_options(struct task *task);
/* Opens it. */
enum exit_status task_open(struct task *task);
/* Ends what task_open began, and says on standard error if the server has contradicted itself. */
void task_close(struct task *task);

/* Each prints one line on standard error and returns the exit status of its name. */
enum exit_status task_error(const struct task *task, const struct sambung_error *err);
enum exit_status task_failed(const struct task *task, enum message message, const char *first,
			     const char *second);
/* And a second one with the usage of the command, or of the program. */
enum exit_status task_usage(const struct task *task, enum message message, const char *first);

#endif

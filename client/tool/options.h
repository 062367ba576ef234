/* SPDX-License-Identifier: Apache-2.0 */
/* options: what begins with -- on the command line; and the language and command beside it. */
#ifndef SAMBUNG_TOOL_OPTIONS_H
#define SAMBUNG_TOOL_OPTIONS_H

#include "task.h"

/* Fills the task from the command line, whose pointers it borrows and puts in another order. What
 * is wrong is told in the language that was asked for, wherever --lang stands. Without a command
 * only --help and --version pass. */
enum exit_status options_parse(int argc, char **argv, struct task *task);

/* A whole number up to `most` given with an option; EXIT_USAGE when it is none. */
enum exit_status option_number(const struct task *task, enum option option, uint64_t most,
			       uint64_t *out);

/* Lists the options with these bits and the global ones. */
void options_print(FILE *out, unsigned bits, enum sambung_language language);

#endif

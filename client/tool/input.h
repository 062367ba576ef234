/* SPDX-License-Identifier: Apache-2.0 */
/*
 * input: fields and codes from arguments and from standard input (the last argument `-`).
 *
 * Standard input is either name=value lines (empty lines are passed over, a carriage return at the
 * end is not part of the value) or one JSON object: texts, numbers, true, false, null (clears), and
 * lists of texts or numbers (["a","b"] is a,b).
 */
#ifndef SAMBUNG_TOOL_INPUT_H
#define SAMBUNG_TOOL_INPUT_H

#include "task.h"

struct assignment {
	char *name;
	char *value;
};

/* Start with {0}. No name stands twice. */
struct input {
	struct assignment *items;
	size_t count;
};

void input_finish(struct input *input);

/* The arguments from `first` on as FIELD=VALUE, then standard input if the task reads it. What is
 * wrong with an argument is EXIT_USAGE, with standard input EXIT_FAILED. */
enum exit_status input_fields(const struct task *task, size_t first, struct input *out);

/* The text of one option, or of the same name on standard input, a new text (free). NULL: neither
 * is given. */
enum exit_status input_option(const struct task *task, enum option option, const char *name,
			      char **out);

/* All of standard input, without white space at its ends, a new text (free). */
enum exit_status input_text(const struct task *task, char **out);

#endif

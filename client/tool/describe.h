/* SPDX-License-Identifier: Apache-2.0 */
/*
 * describe: records for a person: labels, units and names of the schema instead of codes and ids.
 *
 * Works on the JSON that libsambung prints. What a form does not tell is shown as it stands.
 */
#ifndef SAMBUNG_TOOL_DESCRIBE_H
#define SAMBUNG_TOOL_DESCRIBE_H

#include "task.h"

#include <jansson.h>

/* Remembers the forms and titles that it asked the library for. */
struct describer {
	struct task *task;
	json_t *forms;	/* type -> form */
	json_t *titles; /* id -> title */
};

void describer_start(struct describer *describer, struct task *task);
void describer_finish(struct describer *describer);

/* A sambung_line_fn that appends the line to the JSON array `context`. */
int collect_line(void *context, const char *line, size_t length);

/* The form of a type; an empty object where there is none. Borrows from the describer. */
json_t *describe_form(struct describer *describer, const char *type);
/* The field of that name in a form, NULL: none. Borrows. */
const json_t *form_field(const json_t *form, const char *name);
/* The names of the fields that a list shows: the title, else what every record of the type has. A
 * new JSON array (json_decref). */
json_t *form_columns(const json_t *form);

/* The texts are borrowed from the form or the table of messages. */
const char *describe_label(const struct describer *describer, const json_t *form, const char *name);
const char *describe_flag(const json_t *form, const char *name);
/* Each returns a new text (free). `field` may be NULL, `value` too (empty). */
char *describe_value(struct describer *describer, const json_t *field, const json_t *value);
char *describe_number(const json_t *field, const json_t *value);
/* Marks in one line: rival values, archived, risk flags. */
char *describe_marks(struct describer *describer, const json_t *record);

/* A member of an object as text; "" where it is none. Borrows. */
const char *member_text(const json_t *object, const char *name);

#endif

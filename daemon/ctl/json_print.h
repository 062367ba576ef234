/* SPDX-License-Identifier: Apache-2.0 */
/* json_print: parts of the daemon's answers for people. */
#ifndef SAMBUNG_DAEMON_CTL_JSON_PRINT_H
#define SAMBUNG_DAEMON_CTL_JSON_PRINT_H

#include "protocol/bytes.h"

#include <stdio.h>

#include <jansson.h>

/* Returns a new object of one line of an answer; MALFORMED. */
enum status json_line(struct span line, json_t **out, struct error *err);
/* With --json the line as it is, else what `print` makes of it. */
struct ctl;
typedef void (*print_fn)(const struct ctl *ctl, const json_t *object);
enum status object_line(const struct ctl *ctl, struct span line, print_fn print, struct error *err);
/* A line on standard output, and the reference is given back. MEMORY: it is NULL. */
enum status json_print_line(json_t *object, struct error *err);
/* Without quotation marks; NULL and null are "-"; lists with commas, objects as "key=value". */
void json_print(FILE *out, json_t *value);
/* "      value  — who, when" and a line end. */
void json_print_member(json_t *member);
/* The number under the key; 0 if it is none. */
long long json_number(const json_t *object, const char *key);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * text: memory and texts of the sambung command.
 *
 * Nothing here returns NULL: a command that runs out of memory says so and ends. What it recorded
 * before is durable.
 */
#ifndef SAMBUNG_TOOL_TEXT_H
#define SAMBUNG_TOOL_TEXT_H

#include "messages.h"

#include <stddef.h>
#include <stdio.h>

#if defined(__GNUC__)
#define TEXT_PRINTF(text, first) __attribute__((format(printf, text, first)))
#else
#define TEXT_PRINTF(text, first)
#endif

/* Says it on standard error, in both languages, and ends the program with EXIT_FAILED. */
_Noreturn void end_with(enum message message, const char *which);
void *memory_new(size_t size);
void *memory_resize(void *memory, size_t size);
/* Each returns a new text (free). */
char *text_copy(const char *text);
char *text_format(const char *format, ...) TEXT_PRINTF(1, 2);
/* Appends `separator` (unless *text is empty) and `more` to the heap text. */
void text_join(char **text, const char *separator, const char *more);

/* Characters, which is columns for the scripts in use here. */
size_t text_width(const char *text);
/* Takes the text; returns it with at most `width` characters, the last a … if any went. */
char *text_cut(char *text, size_t width);
/* Prints it with control characters as spaces, so that nobody's data can steer a terminal. */
void text_print(FILE *out, const char *text);

#endif

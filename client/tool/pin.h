/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pin: where a PIN comes from, which is never an argument: the file that --pin or SAMBUNG_PIN_FILE
 * names (a line of it; `-` or /dev/fd/3 as well), or else the terminal, without echo.
 */
#ifndef SAMBUNG_TOOL_PIN_H
#define SAMBUNG_TOOL_PIN_H

#include "task.h"

enum { PIN_LEAST = 6 /* characters */ };

/* Before a command: opens the file that --pin names, for `pin change` takes two lines of it. Of a
 * command that reads standard input itself a PIN in its first line is taken now. */
enum exit_status pin_begin(struct task *task);
/* The next line of the file, or what the person types behind the question. False: there is neither,
 * or it is empty or too long. The caller wipes it. */
bool pin_read(struct task *task, enum message question, char out[PIN_SIZE]);

/* For sambung_options: asks once and keeps the key, in memory that is not swapped out as far as the
 * system allows, until the lock changes or the task ends. */
int pin_key(void *context, const struct sambung_lock *lock, uint8_t key_out[32]);
/* Closes the file for good: from then on there is no PIN but the key that pin_key keeps. */
void pin_close(struct task *task);
void pin_finish(struct task *task);

/* Not left out by a compiler that sees nobody read it again. */
void pin_wipe(void *secret, size_t size);

#endif

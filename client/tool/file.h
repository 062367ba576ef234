/* SPDX-License-Identifier: Apache-2.0 */
/* file: whole files in and out, for the commands that carry. What goes wrong is told on standard
 * error. */
#ifndef SAMBUNG_TOOL_FILE_H
#define SAMBUNG_TOOL_FILE_H

#include "task.h"

/* A file's bytes (free `at`). */
struct file {
	uint8_t *at;
	size_t length;
};

/* A sambung_file_fn that keeps a copy in a struct file, with a NUL behind it. */
int file_keep(void *context, struct sambung_bytes bytes);

bool file_is_there(const char *path);
/* At most `limit` bytes, into new memory. */
enum exit_status file_read(const struct task *task, const char *path, size_t limit,
			   struct file *out);
/* Replaces the file as a whole; on the disk when it returns. */
enum exit_status file_write(const struct task *task, const char *path, const struct file *file);

#endif

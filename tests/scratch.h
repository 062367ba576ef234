/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scratch: a new empty folder for a test: below TMPDIR if that is set, else in memory where there
 * is some (the tests commit hundreds of thousands of times), else in /tmp.
 */
#ifndef SAMBUNG_TESTS_SCRATCH_H
#define SAMBUNG_TESTS_SCRATCH_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { SCRATCH_SIZE = 128 };

/* `out` has SCRATCH_SIZE bytes or more. The `name` shows whose it was if it is ever left behind. */
static inline bool
scratch_folder(char *out, size_t size, const char *name)
{
	const char *base = getenv("TMPDIR");
	int length;

	if (base == NULL) {
		base = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
	}
	length = snprintf(out, size, "%s/sambung-%s-XXXXXX", base, name);
	return length > 0 && (size_t)length < size && mkdtemp(out) != NULL;
}

#endif

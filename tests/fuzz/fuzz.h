/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz: what every fuzz target needs.
 *
 * A target checks properties of what it decodes, most of all that it encodes to the same bytes
 * again, so that there is one encoding of everything that is signed, hashed or compared. The
 * fuzzer gives each input in memory of exactly its size.
 */
#ifndef SAMBUNG_TESTS_FUZZ_H
#define SAMBUNG_TESTS_FUZZ_H

#include "protocol/bytes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static inline void
property_broken(const char *file, int line, const char *condition)
{
	(void)fprintf(stderr, "%s:%d: not so: %s\n", file, line, condition);
	abort();
}

/* Ends the run, with the input kept, when a property does not hold. */
#define PROPERTY(condition)                                                                        \
	((condition) ? (void)0 : property_broken(__FILE__, __LINE__, #condition))

/* Begins the function that the fuzzer calls. */
#define FUZZ(data, size)                                                                           \
	int LLVMFuzzerTestOneInput(const uint8_t *(data), size_t(size));                           \
	int LLVMFuzzerTestOneInput(const uint8_t *(data), size_t(size))

enum { FUZZ_BUFFER_MAX = 8 * 1024 * 1024 };

/* The bytes as a string of its own, up to the first NUL if there is one. Free with free(). */
static inline char *
fuzz_text(struct span bytes)
{
	char *text = calloc(1, bytes.length + 1);

	PROPERTY(text != NULL);
	if (bytes.length > 0) {
		memcpy(text, bytes.at, bytes.length);
	}
	return text;
}

enum { FUZZ_PATH_SIZE = 256 };

/* A pattern for mkstemp and mkdtemp in TMPDIR, or where the target runs. */
static inline void
fuzz_scratch(char out[FUZZ_PATH_SIZE])
{
	const char *folder = getenv("TMPDIR");
	int length = snprintf(out, FUZZ_PATH_SIZE, "%s/sambung-fuzz-XXXXXX",
			      folder == NULL ? "." : folder);

	PROPERTY(length > 0 && length < FUZZ_PATH_SIZE);
}

#endif

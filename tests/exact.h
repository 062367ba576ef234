/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exact: a copy on the heap with not one byte more, so that reading past the end of a truncated
 * input is seen by AddressSanitizer and valgrind. Free with free().
 */
#ifndef SAMBUNG_TESTS_EXACT_H
#define SAMBUNG_TESTS_EXACT_H

#include "protocol/bytes.h"
#include "tests/testing.h"

#include <stdlib.h>

static inline uint8_t *
exact_copy(struct span bytes)
{
	uint8_t *copy = malloc(bytes.length == 0 ? 1 : bytes.length);

	assert_non_null(copy);
	if (bytes.length > 0) {
		memcpy(copy, bytes.at, bytes.length);
	}
	return copy;
}

#endif

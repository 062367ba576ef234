/* SPDX-License-Identifier: Apache-2.0 */
/* columns_parts: what the writer and the reader of columns share. Inside the protocol library. */
#ifndef SAMBUNG_PROTOCOL_COLUMNS_PARTS_H
#define SAMBUNG_PROTOCOL_COLUMNS_PARTS_H

#include "cbor.h"

/* The bit of a kind in a node's first byte is 1 << (enum cbor_kind). */
enum {
	COLUMNS_KINDS = CBOR_NULL + 1,
	COLUMNS_DIGITS = 1 << COLUMNS_KINDS, /* beside the kinds: texts are decimal digits */
	COLUMNS_DIGITS_MAX = 18,
};

/*
 * Columns that say the same of every row cost next to no bytes, so the work they make is bounded by
 * itself, and the writer keeps to it: each column counts as many steps as it has values, and
 * besides a column of kinds as many again, an array kind the longest length times its arrays, a map
 * kind its keys times its maps, each group twice the rows.
 */
enum { COLUMNS_WORK_MAX = 32 * 1024 * 1024 };

static inline bool
columns_work(size_t *work, size_t steps)
{
	if (steps > COLUMNS_WORK_MAX - *work) {
		return false;
	}
	*work += steps;
	return true;
}

/* Order of map keys: 0, 1, 2, … then -1, -2, … */
static inline bool
columns_key_before(int64_t a, int64_t b)
{
	if ((a < 0) != (b < 0)) {
		return a >= 0;
	}
	return a < 0 ? a > b : a < b;
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * columns: rows of CBOR, turned so that what means the same stands together.
 *
 * The changes of a day, or the records of a reply, have the same shape again and again. Row by row
 * each repeats it, and ids and times repeat most of their bytes. Here the shape is told once, and
 * of each place in it there is one column of what the rows have there (column.h). Any row of
 * deterministic CBOR comes back byte for byte: nothing here knows what a change or a record is.
 *
 * Heads:
 *   varint: the number of groups; if it is above 1, a column: the group of each row
 *   of each group a node
 *
 * A node describes the items that stand at one place, one after the other:
 *   a byte: the kinds of item that occur, the sum of 1 integer, 2 bytes, 4 text, 8 array, 16 map,
 *     32 boolean, 64 null, and 128 if all its texts are of decimal digits
 *   if it has several kinds, a column: the place of each item's kind among them, in this order
 *   and then, in this order, for each of its kinds:
 *   integer   a column
 *   bytes     a column of lengths, the bytes
 *   text      a column of lengths, the texts; or, of digits, a constant column: their length, 1 to
 *             18, and a column of the numbers
 *   array     a column of lengths; of each element up to the longest a node of the arrays that have
 *             it
 *   map       varint: the number of different keys; of each key, in the order of CBOR: the key in
 *             CBOR (an integer), a column (1: the map has it), a node of the maps that have it
 *   boolean   a column of 0 and 1
 */
#ifndef SAMBUNG_PROTOCOL_COLUMNS_H
#define SAMBUNG_PROTOCOL_COLUMNS_H

#include "arena.h"
#include "cbor.h"

enum {
	COLUMNS_ROWS_MAX = 8192,
	COLUMNS_NODES_MAX = 4096,
	COLUMNS_KEYS_MAX = 1100, /* of a map: the fields of a record, or the keys of a change */
	COLUMNS_DEPTH_MAX = 16,
	COLUMNS_GROUPS_MAX = 256,
};

/* What rows became: `heads` compress well, `bits` do not. */
struct columns {
	struct span heads;
	struct span bits;
	size_t count; /* of rows */
};

/*
 * Appends the heads and the bits of `count` >= 1 rows. Rows with the same group (any numbers, at
 * most COLUMNS_GROUPS_MAX different ones) share columns. UNSUPPORTED if rows have integers beyond
 * 64 signed bits, keys that are no integers, or more than the limits above: they travel as rows
 * then. MEMORY, LIMIT.
 */
enum status columns_put(const struct span *rows, const uint32_t *groups, size_t count,
			struct buffer *heads_out, struct buffer *bits_out, struct error *err);

/*
 * Appends the rows, 1 at least, each at most `row_limit` bytes; lengths_out has an element for
 * each. MALFORMED, LIMIT, MEMORY. The rows are well-formed CBOR.
 */
enum status columns_get(struct columns columns, size_t row_limit, struct arena *arena,
			struct buffer *rows_out, size_t *lengths_out, struct error *err);

/* The rows that columns_get wrote one after the other. False unless each is an item of that kind.
 */
bool columns_cut(struct span rows, const size_t *lengths, size_t count, enum cbor_kind kind,
		 struct span *out);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * column: integers that mean the same, one of each row, coded together.
 *
 * A column has a head, in bytes, and bits. The bits of all columns follow one another in one run of
 * bits, the lowest bit of each byte and of each number first.
 *
 *   head byte 0x00 to 0x7f   every value is unzigzag(head byte); no bits
 *   0x80                     every value is the signed varint that follows; no bits
 *   0x81 | flags             plain: values
 *   0x82 | flags             delta: signed varint the first value, then the steps from each value
 *                            to the next
 *   0x83                     ids: values >= 2^32. varint: how many stream numbers come new into the
 *                            list that all columns share, each a varint; a column of the indexes of
 *                            the values' high 32 bits in that list; a column of their low 32 bits
 *
 * After 0x81 and 0x82: signed varint `base`; with flag 0x04 varint `unit` >= 2 (else 1); a byte
 * `width`, 0 to 64; with flag 0x08 a byte `narrow` < width. A value (or step) is base + unit * k
 * modulo 2^64, with k in `width` bits. With `narrow`, one bit stands before each k: 0: it has
 * `narrow` bits, 1: `width`. Numbers are two's complement in 64 bits; varints are LEB128, signed
 * ones zigzag.
 */
#ifndef SAMBUNG_PROTOCOL_COLUMN_H
#define SAMBUNG_PROTOCOL_COLUMN_H

#include "arena.h"
#include "bytes.h"

enum { COLUMN_STREAMS_MAX = 256 };

/* The list of stream numbers that the columns of one message share. */
struct column_streams {
	uint32_t numbers[COLUMN_STREAMS_MAX];
	size_t count;
};

/* ---- writing ---- */

struct column_writer {
	struct buffer *heads; /* borrowed */
	struct buffer *bits;  /* borrowed */
	unsigned used;	      /* bits of the last byte of `bits`; 0: it is full */
	struct column_streams streams;
};

void varint_put(struct buffer *out, uint64_t value);
/* A column of count >= 1 values. */
void column_put(struct column_writer *writer, const int64_t *values, size_t count);
/* Likewise, in a form that column_get_counts reads. */
void column_put_counts(struct column_writer *writer, const int64_t *values, size_t count);

/* ---- reading ---- */

struct column_reader {
	struct reader heads;
	struct span bits;
	size_t at; /* the first bit that no column has yet */
	struct arena *arena;
	bool exhausted; /* the arena had no room: that is no fault of the columns */
	struct column_streams streams;
};

/* A column that is being read, value after value. A copy reads the same values again, unless the
 * column is one of ids. */
struct column {
	struct span bits;
	size_t at;
	uint64_t value; /* a constant, or the value before the next step */
	uint64_t base;
	uint64_t unit;
	uint8_t width;
	uint8_t narrow;
	bool packed; /* false: a constant */
	bool has_narrow;
	bool delta;
	bool started; /* a delta column has given its first value */
	const struct column_streams *streams;
	struct column *parts; /* of ids: indexes and low halves; NULL else */
};

bool varint_get(struct reader *in, uint64_t *out);
/* Takes the head and the bits of a column of count >= 1 values. False on anything malformed, or
 * when the arena is exhausted. */
bool column_get(struct column_reader *reader, size_t count, struct column *out);
/* Likewise of a column that is no ids, and whose values are all 0 to `limit`. */
bool column_get_counts(struct column_reader *reader, size_t count, uint64_t limit,
		       struct column *out);
int64_t column_next(struct column *column);
/* All heads and all bits were taken; the last byte of bits may have some left over. */
bool column_reader_ended(const struct column_reader *reader);

#endif

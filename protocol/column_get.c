/* SPDX-License-Identifier: Apache-2.0 */
#include "column.h"
#include "column_parts.h"

static uint64_t
unzigzag(uint64_t value)
{
	return (value & 1) != 0 ? ~(value >> 1) : value >> 1;
}

bool
varint_get(struct reader *in, uint64_t *out)
{
	struct reader at = *in;
	uint64_t value = 0;
	unsigned shift = 0;
	uint8_t byte;

	do {
		if (shift >= WIDTH_MAX || !reader_byte(&at, &byte)) {
			return false;
		}
		if (shift == 63 && byte > 1) {
			return false;
		}
		value |= (uint64_t)(byte & (VARINT_MORE - 1)) << shift;
		shift += VARINT_BITS;
	} while ((byte & VARINT_MORE) != 0);
	*in = at;
	*out = value;
	return true;
}

/* The bits are there: column_get has counted them. */
static uint64_t
bits_get(struct span bits, size_t *at, unsigned width)
{
	uint64_t value = 0;
	unsigned got = 0;

	while (got < width) {
		unsigned from = (unsigned)(*at % BYTE_BITS);
		unsigned taken = BYTE_BITS - from;
		uint64_t byte = bits.at[*at / BYTE_BITS];

		taken = taken < width - got ? taken : width - got;
		value |= (byte >> from & ((1U << taken) - 1)) << got;
		got += taken;
		*at += taken;
	}
	return value;
}

/* Takes the bits of `count` numbers. */
static bool
bits_take(struct column_reader *reader, size_t count, const struct column *column)
{
	size_t limit = reader->bits.length * BYTE_BITS;

	if (!column->has_narrow) {
		if (count > (limit - reader->at) / column->width) {
			return false;
		}
		reader->at += count * column->width;
		return true;
	}
	for (size_t i = 0; i < count; i++) {
		unsigned width;

		if (reader->at >= limit) {
			return false;
		}
		width = bits_get(reader->bits, &reader->at, 1) != 0 ? column->width
								    : column->narrow;
		if (width > limit - reader->at) {
			return false;
		}
		reader->at += width;
	}
	return true;
}

static bool
signed_get(struct reader *in, uint64_t *out)
{
	uint64_t value;

	if (!varint_get(in, &value)) {
		return false;
	}
	*out = unzigzag(value);
	return true;
}

static bool
widths_get(struct column_reader *reader, unsigned flags, struct column *column)
{
	column->unit = 1;
	if ((flags & FLAG_UNIT) != 0 &&
	    (!varint_get(&reader->heads, &column->unit) || column->unit < 2)) {
		return false;
	}
	if (!reader_byte(&reader->heads, &column->width) || column->width > WIDTH_MAX) {
		return false;
	}
	column->has_narrow = (flags & FLAG_NARROW) != 0;
	return !column->has_narrow ||
	       (reader_byte(&reader->heads, &column->narrow) && column->narrow < column->width);
}

static bool
packed_get(struct column_reader *reader, unsigned head, size_t count, struct column *column)
{
	unsigned flags = head & (FLAG_UNIT | FLAG_NARROW);

	column->delta = (head & ~flags) == HEAD_DELTA;
	if (!column->delta && (head & ~flags) != HEAD_PLAIN) {
		return false;
	}
	column->packed = true;
	if (column->delta && !signed_get(&reader->heads, &column->value)) {
		return false;
	}
	if (!signed_get(&reader->heads, &column->base) || !widths_get(reader, flags, column)) {
		return false;
	}
	column->bits = reader->bits;
	column->at = reader->at;
	return column->width == 0 || bits_take(reader, column->delta ? count - 1 : count, column);
}

static bool
plain_get(struct column_reader *reader, uint8_t head, size_t count, struct column *column)
{
	if (head < HEAD_SMALL_END) {
		column->value = unzigzag(head);
		return true;
	}
	if (head == HEAD_CONSTANT) {
		return signed_get(&reader->heads, &column->value);
	}
	return packed_get(reader, head, count, column);
}

bool
column_get_counts(struct column_reader *reader, size_t count, uint64_t limit, struct column *out)
{
	struct column column = {0};
	struct column scan;
	uint8_t head;

	if (!reader_byte(&reader->heads, &head) || !plain_get(reader, head, count, &column)) {
		return false;
	}
	scan = column;
	for (size_t i = 0; i < (column.packed ? count : 1); i++) {
		if ((uint64_t)column_next(&scan) > limit) {
			return false;
		}
	}
	*out = column;
	return true;
}

static bool
streams_get(struct column_reader *reader)
{
	struct column_streams *streams = &reader->streams;
	uint64_t count;

	if (!varint_get(&reader->heads, &count) || count > COLUMN_STREAMS_MAX - streams->count) {
		return false;
	}
	for (; count > 0; count--) {
		uint64_t number;

		if (!varint_get(&reader->heads, &number) || number == 0 || number > INT32_MAX) {
			return false;
		}
		streams->numbers[streams->count++] = (uint32_t)number;
	}
	return streams->count > 0;
}

static bool
ids_get(struct column_reader *reader, size_t count, struct column *column)
{
	column->parts = ARENA_ARRAY(reader->arena, struct column, 2);
	column->streams = &reader->streams;
	if (column->parts == NULL) {
		reader->exhausted = true;
		return false;
	}
	return streams_get(reader) &&
	       column_get_counts(reader, count, reader->streams.count - 1, &column->parts[0]) &&
	       column_get_counts(reader, count, UINT32_MAX, &column->parts[1]);
}

bool
column_get(struct column_reader *reader, size_t count, struct column *out)
{
	struct column column = {0};
	uint8_t head;

	if (!reader_byte(&reader->heads, &head) ||
	    !(head == HEAD_IDS ? ids_get(reader, count, &column)
			       : plain_get(reader, head, count, &column))) {
		return false;
	}
	*out = column;
	return true;
}

static uint64_t
packed_next(struct column *column)
{
	unsigned width = column->width;

	if (column->has_narrow && bits_get(column->bits, &column->at, 1) == 0) {
		width = column->narrow;
	}
	return column->base + column->unit * bits_get(column->bits, &column->at, width);
}

int64_t
column_next(struct column *column)
{
	if (column->parts != NULL) {
		uint64_t index = (uint64_t)column_next(&column->parts[0]);
		uint64_t low = (uint64_t)column_next(&column->parts[1]);

		return (int64_t)((uint64_t)column->streams->numbers[index] << STREAM_BITS | low);
	}
	if (!column->packed) {
		return (int64_t)column->value;
	}
	if (!column->delta) {
		return (int64_t)packed_next(column);
	}
	if (column->started) {
		column->value += packed_next(column);
	}
	column->started = true;
	return (int64_t)column->value;
}

bool
column_reader_ended(const struct column_reader *reader)
{
	return reader->heads.left == 0 && reader->bits.length == (reader->at + 7) / BYTE_BITS;
}

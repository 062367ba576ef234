/* SPDX-License-Identifier: Apache-2.0 */
#include "column.h"
#include "column_parts.h"

static uint64_t
zigzag(int64_t value)
{
	return value < 0 ? ~((uint64_t)value << 1) : (uint64_t)value << 1;
}

void
varint_put(struct buffer *out, uint64_t value)
{
	while (value >= VARINT_MORE) {
		buffer_append_byte(out, (uint8_t)(value | VARINT_MORE));
		value >>= VARINT_BITS;
	}
	buffer_append_byte(out, (uint8_t)value);
}

static size_t
varint_length(uint64_t value)
{
	size_t length = 1;

	while (value >= VARINT_MORE) {
		value >>= VARINT_BITS;
		length++;
	}
	return length;
}

static void
bits_put(struct column_writer *writer, uint64_t value, unsigned width)
{
	while (width > 0) {
		unsigned room = BYTE_BITS - writer->used;
		unsigned taken = width < room ? width : room;
		uint8_t low = (uint8_t)(value & ((1U << taken) - 1));

		if (writer->used == 0) {
			buffer_append_byte(writer->bits, low);
		} else if (writer->bits->status == STATUS_OK) {
			writer->bits->at[writer->bits->length - 1] |=
				(uint8_t)(low << writer->used);
		}
		writer->used = (writer->used + taken) % BYTE_BITS;
		value >>= taken;
		width -= taken;
	}
}

/* How a column would be coded, and what that costs. */
struct plan {
	const int64_t *values;
	size_t count;
	bool constant; /* all are equal to base */
	bool delta;
	int64_t first; /* of a delta column; steps follow */
	int64_t base;
	uint64_t unit;
	unsigned width; /* 0: all steps are equal to base */
	unsigned narrow;
	bool has_narrow;
	uint64_t cost; /* bits */
};

static unsigned
width_of(uint64_t value)
{
	unsigned width = 0;

	while (value != 0) {
		value >>= 1;
		width++;
	}
	return width;
}

static uint64_t
common_divisor(uint64_t a, uint64_t b)
{
	while (b != 0) {
		uint64_t rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

/* What is packed: the values, or the steps between them. */
static size_t
plan_count(const struct plan *plan)
{
	return plan->delta ? plan->count - 1 : plan->count;
}

static int64_t
plan_number(const struct plan *plan, size_t i)
{
	if (!plan->delta) {
		return plan->values[i];
	}
	return (int64_t)((uint64_t)plan->values[i + 1] - (uint64_t)plan->values[i]);
}

static uint64_t
plan_packed(const struct plan *plan, size_t i)
{
	return ((uint64_t)plan_number(plan, i) - (uint64_t)plan->base) / plan->unit;
}

static void
plan_range(struct plan *plan)
{
	plan->base = plan_number(plan, 0);
	for (size_t i = 1; i < plan_count(plan); i++) {
		int64_t number = plan_number(plan, i);

		plan->base = number < plan->base ? number : plan->base;
	}
	plan->unit = 0;
	for (size_t i = 0; i < plan_count(plan); i++) {
		plan->unit = common_divisor((uint64_t)plan_number(plan, i) - (uint64_t)plan->base,
					    plan->unit);
	}
	plan->unit = plan->unit == 0 ? 1 : plan->unit;
}

/* Chooses between one width for all and a narrow one for most. */
static void
plan_widths(struct plan *plan)
{
	size_t of_width[WIDTH_MAX + 1] = {0};
	size_t count = plan_count(plan);
	size_t fit = 0;

	for (size_t i = 0; i < count; i++) {
		unsigned width = width_of(plan_packed(plan, i));

		of_width[width]++;
		plan->width = width > plan->width ? width : plan->width;
	}
	plan->cost = (uint64_t)count * plan->width;
	for (unsigned narrow = 0; narrow < plan->width; narrow++) {
		uint64_t cost;

		fit += of_width[narrow];
		cost = BYTE_BITS + (uint64_t)fit * (1 + narrow) +
		       (uint64_t)(count - fit) * (1 + plan->width);
		if (cost < plan->cost) {
			plan->cost = cost;
			plan->narrow = narrow;
			plan->has_narrow = true;
		}
	}
}

static struct plan
plan_make(const int64_t *values, size_t count, bool delta)
{
	struct plan plan = {.values = values, .count = count, .delta = delta};
	size_t head = 2;

	plan_range(&plan);
	plan_widths(&plan);
	head += varint_length(zigzag(plan.base));
	head += plan.unit > 1 ? varint_length(plan.unit) : 0;
	if (delta) {
		plan.first = values[0];
		head += varint_length(zigzag(plan.first));
	}
	plan.cost += BYTE_BITS * head;
	return plan;
}

static bool
all_equal(const int64_t *values, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		if (values[i] != values[0]) {
			return false;
		}
	}
	return true;
}

/* The cheapest without ids. */
static struct plan
plan_best(const int64_t *values, size_t count)
{
	struct plan plain;
	struct plan delta;

	if (all_equal(values, count)) {
		return (struct plan){.constant = true,
				     .base = values[0],
				     .cost = BYTE_BITS * (1 + varint_length(zigzag(values[0])))};
	}
	plain = plan_make(values, count, false);
	delta = plan_make(values, count, true);
	return delta.cost < plain.cost ? delta : plain;
}

static void
constant_put(struct column_writer *writer, int64_t value)
{
	if (zigzag(value) < HEAD_SMALL_END) {
		buffer_append_byte(writer->heads, (uint8_t)zigzag(value));
	} else {
		buffer_append_byte(writer->heads, HEAD_CONSTANT);
		varint_put(writer->heads, zigzag(value));
	}
}

static void
plan_put(struct column_writer *writer, const struct plan *plan)
{
	unsigned head = plan->delta ? HEAD_DELTA : HEAD_PLAIN;

	if (plan->constant) {
		constant_put(writer, plan->base);
		return;
	}
	head |= plan->unit > 1 ? FLAG_UNIT : 0;
	head |= plan->has_narrow ? FLAG_NARROW : 0;
	buffer_append_byte(writer->heads, (uint8_t)head);
	if (plan->delta) {
		varint_put(writer->heads, zigzag(plan->first));
	}
	varint_put(writer->heads, zigzag(plan->base));
	if (plan->unit > 1) {
		varint_put(writer->heads, plan->unit);
	}
	buffer_append_byte(writer->heads, (uint8_t)plan->width);
	if (plan->has_narrow) {
		buffer_append_byte(writer->heads, (uint8_t)plan->narrow);
	}
	for (size_t i = 0; i < plan_count(plan); i++) {
		uint64_t packed = plan_packed(plan, i);
		unsigned width = plan->width;

		if (plan->has_narrow) {
			bool wide = width_of(packed) > plan->narrow;

			bits_put(writer, wide, 1);
			width = wide ? width : plan->narrow;
		}
		bits_put(writer, packed, width);
	}
}

void
column_put_counts(struct column_writer *writer, const int64_t *values, size_t count)
{
	struct plan plan = plan_best(values, count);

	plan_put(writer, &plan);
}

static bool
stream_index(const struct column_streams *streams, uint32_t number, size_t *out)
{
	for (size_t i = 0; i < streams->count; i++) {
		if (streams->numbers[i] == number) {
			*out = i;
			return true;
		}
	}
	return false;
}

/* Splits ids into indexes of their streams and low halves; new streams come into the list. False
 * if they are no ids, or of too many streams. */
static bool
ids_split(struct column_streams *streams, const int64_t *values, size_t count, int64_t *index_out,
	  int64_t *low_out)
{
	for (size_t i = 0; i < count; i++) {
		uint64_t value = (uint64_t)values[i];
		size_t index = 0;

		if (values[i] >> STREAM_BITS <= 0) {
			return false;
		}
		if (!stream_index(streams, (uint32_t)(value >> STREAM_BITS), &index)) {
			if (streams->count == COLUMN_STREAMS_MAX) {
				return false;
			}
			index = streams->count++;
			streams->numbers[index] = (uint32_t)(value >> STREAM_BITS);
		}
		index_out[i] = (int64_t)index;
		low_out[i] = (int64_t)(value & UINT32_MAX);
	}
	return true;
}

/* True if the column was written as ids: that is, if they cost less than `limit` so. */
static bool
ids_put(struct column_writer *writer, const int64_t *values, size_t count, uint64_t limit)
{
	struct column_streams streams = writer->streams;
	size_t known = streams.count;
	uint64_t cost = 2 * BYTE_BITS;
	struct plan indexes;
	struct plan lows;
	struct buffer parts;
	int64_t *index;
	bool better = false;

	buffer_init(&parts, SIZE_MAX);
	index = (int64_t *)(void *)buffer_extend(&parts, 2 * count * sizeof *index);
	if (index != NULL && ids_split(&streams, values, count, index, &index[count])) {
		indexes = plan_best(index, count);
		lows = plan_best(&index[count], count);
		for (size_t i = known; i < streams.count; i++) {
			cost += BYTE_BITS * varint_length(streams.numbers[i]);
		}
		better = cost + indexes.cost + lows.cost < limit;
	}
	if (better) {
		buffer_append_byte(writer->heads, HEAD_IDS);
		varint_put(writer->heads, streams.count - known);
		for (size_t i = known; i < streams.count; i++) {
			varint_put(writer->heads, streams.numbers[i]);
		}
		writer->streams = streams;
		plan_put(writer, &indexes);
		plan_put(writer, &lows);
	}
	buffer_finish(&parts);
	return better;
}

void
column_put(struct column_writer *writer, const int64_t *values, size_t count)
{
	struct plan plan = plan_best(values, count);

	if (values[0] >> STREAM_BITS <= 0 || !ids_put(writer, values, count, plan.cost)) {
		plan_put(writer, &plan);
	}
}

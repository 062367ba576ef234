/* SPDX-License-Identifier: Apache-2.0 */
#include "cbor.h"
#include "column.h"
#include "columns.h"
#include "columns_parts.h"

struct node;

struct key {
	int64_t number;
	struct column present;
	bool here; /* in the map that is being written */
	struct node *node;
};

/* The items of one kind at one place. */
struct part {
	enum cbor_kind kind;
	struct column column;  /* integers, lengths, digits or booleans */
	struct reader strings; /* what is left of the bytes or texts */
	uint64_t digits;       /* of each text; 0: texts as they are */
	struct node *elements;
	size_t element_count;
	struct key *keys;
	size_t key_count;
};

struct node {
	struct column which; /* of several parts */
	struct part *parts;
	size_t part_count;
};

struct turning {
	struct column_reader in;
	size_t nodes;
	size_t work;
	struct buffer *out;
	size_t row_limit;
};

static bool
works(struct turning *turning, size_t steps)
{
	return columns_work(&turning->work, steps);
}

/* NULL once the arena is exhausted, which the reader remembers. */
static void *
room(struct turning *turning, size_t count, size_t size)
{
	void *taken = arena_take(turning->in.arena, count, size);

	turning->in.exhausted = turning->in.exhausted || taken == NULL;
	return taken;
}

/* ---- from columns to nodes ---- */

static bool node_get(struct turning *turning, size_t count, unsigned depth, struct node *node);

static bool
counts_get(struct turning *turning, size_t count, uint64_t limit, struct column *out)
{
	return works(turning, count) && column_get_counts(&turning->in, count, limit, out);
}

/* How many of the next `count` values are above `floor`. */
static size_t
count_above(struct column column, size_t count, int64_t floor)
{
	size_t above = 0;

	for (size_t i = 0; i < count; i++) {
		above += column_next(&column) > floor ? 1 : 0;
	}
	return above;
}

static bool
strings_get(struct turning *turning, size_t count, struct part *part)
{
	struct span all;
	struct column lengths;
	size_t total = 0;

	if (!counts_get(turning, count, turning->in.heads.left, &part->column)) {
		return false;
	}
	lengths = part->column;
	for (size_t i = 0; i < count; i++) {
		total += (size_t)column_next(&lengths);
		if (total > turning->in.heads.left) {
			return false;
		}
	}
	if (!reader_take(&turning->in.heads, total, &all)) {
		return false;
	}
	part->strings = reader_of(all);
	return true;
}

static bool
digits_get(struct turning *turning, size_t count, struct part *part)
{
	struct column length;
	uint64_t limit = 1;

	if (!column_get_counts(&turning->in, 1, COLUMNS_DIGITS_MAX, &length)) {
		return false;
	}
	part->digits = (uint64_t)column_next(&length);
	for (uint64_t i = 0; i < part->digits; i++) {
		limit *= 10;
	}
	return part->digits > 0 && counts_get(turning, count, limit - 1, &part->column);
}

static bool
arrays_get(struct turning *turning, size_t count, unsigned depth, struct part *part)
{
	struct column lengths;

	if (!counts_get(turning, count, COLUMNS_NODES_MAX, &part->column)) {
		return false;
	}
	lengths = part->column;
	for (size_t i = 0; i < count; i++) {
		size_t length = (size_t)column_next(&lengths);

		part->element_count = length > part->element_count ? length : part->element_count;
	}
	part->elements = room(turning, part->element_count, sizeof *part->elements);
	if (part->elements == NULL) {
		return false;
	}
	for (size_t i = 0; i < part->element_count; i++) {
		if (!works(turning, count) ||
		    !node_get(turning, count_above(part->column, count, (int64_t)i), depth + 1,
			      &part->elements[i])) {
			return false;
		}
	}
	return true;
}

static bool
maps_get(struct turning *turning, size_t count, unsigned depth, struct part *part)
{
	uint64_t key_count;

	if (!varint_get(&turning->in.heads, &key_count) || key_count > COLUMNS_KEYS_MAX) {
		return false;
	}
	part->key_count = (size_t)key_count;
	part->keys = room(turning, part->key_count, sizeof *part->keys);
	if (part->keys == NULL) {
		return false;
	}
	for (size_t i = 0; i < part->key_count; i++) {
		struct key *key = &part->keys[i];
		size_t present;

		key->node = room(turning, 1, sizeof *key->node);
		if (key->node == NULL || !cbor_get_int(&turning->in.heads, &key->number) ||
		    (i > 0 && !columns_key_before((key - 1)->number, key->number)) ||
		    !counts_get(turning, count, 1, &key->present)) {
			return false;
		}
		present = count_above(key->present, count, 0);
		if (present == 0 || !node_get(turning, present, depth + 1, key->node)) {
			return false;
		}
	}
	return true;
}

static bool
part_get(struct turning *turning, size_t count, bool digits, unsigned depth, struct part *part)
{
	switch (part->kind) {
	case CBOR_INTEGER:
		return works(turning, count) && column_get(&turning->in, count, &part->column);
	case CBOR_BYTES:
		return strings_get(turning, count, part);
	case CBOR_TEXT:
		return digits ? digits_get(turning, count, part)
			      : strings_get(turning, count, part);
	case CBOR_ARRAY:
		return arrays_get(turning, count, depth, part);
	case CBOR_MAP:
		return maps_get(turning, count, depth, part);
	case CBOR_BOOLEAN:
		return counts_get(turning, count, 1, &part->column);
	case CBOR_NULL:
		return true;
	}
	return false;
}

/* How many items each part has. */
static bool
parts_count(struct turning *turning, const struct node *node, size_t count,
	    size_t counts_out[COLUMNS_KINDS])
{
	struct column which = node->which;

	if (node->part_count == 1) {
		counts_out[0] = count;
		return true;
	}
	if (!works(turning, count)) {
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		counts_out[column_next(&which)]++;
	}
	for (size_t i = 0; i < node->part_count; i++) {
		if (counts_out[i] == 0) {
			return false;
		}
	}
	return true;
}

static bool
node_get(struct turning *turning, size_t count, unsigned depth, struct node *node)
{
	size_t counts[COLUMNS_KINDS] = {0};
	enum cbor_kind kinds[COLUMNS_KINDS];
	bool digits;
	uint8_t first;

	if (depth > COLUMNS_DEPTH_MAX || ++turning->nodes > COLUMNS_NODES_MAX ||
	    !reader_byte(&turning->in.heads, &first)) {
		return false;
	}
	for (unsigned kind = 0; kind < COLUMNS_KINDS; kind++) {
		if ((first >> kind & 1) != 0) {
			kinds[node->part_count++] = (enum cbor_kind)kind;
		}
	}
	digits = (first & COLUMNS_DIGITS) != 0;
	node->parts = room(turning, node->part_count, sizeof *node->parts);
	if (node->parts == NULL || node->part_count == 0 ||
	    (digits && (first & 1 << CBOR_TEXT) == 0)) {
		return false;
	}
	if ((node->part_count > 1 &&
	     !counts_get(turning, count, node->part_count - 1, &node->which)) ||
	    !parts_count(turning, node, count, counts)) {
		return false;
	}
	for (size_t i = 0; i < node->part_count; i++) {
		node->parts[i].kind = kinds[i];
		if (!part_get(turning, counts[i], digits, depth, &node->parts[i])) {
			return false;
		}
	}
	return true;
}

/* ---- from nodes to rows ---- */

static bool node_put(struct turning *turning, struct node *node);

static bool
text_put(struct turning *turning, struct part *part)
{
	struct span text;

	if (!reader_take(&part->strings, (size_t)column_next(&part->column), &text) ||
	    !utf8_valid(text)) {
		return false;
	}
	cbor_put_text(turning->out, text);
	return true;
}

static void
digits_put(struct turning *turning, struct part *part)
{
	uint8_t text[COLUMNS_DIGITS_MAX];
	uint64_t number = (uint64_t)column_next(&part->column);

	for (uint64_t i = part->digits; i > 0; i--) {
		text[i - 1] = (uint8_t)('0' + number % 10);
		number /= 10;
	}
	cbor_put_text(turning->out, span_of(text, (size_t)part->digits));
}

static bool
array_put(struct turning *turning, struct part *part)
{
	size_t length = (size_t)column_next(&part->column);

	cbor_put_array(turning->out, length);
	for (size_t i = 0; i < length; i++) {
		if (!node_put(turning, &part->elements[i])) {
			return false;
		}
	}
	return true;
}

static bool
map_put(struct turning *turning, struct part *part)
{
	size_t pairs = 0;

	if (!works(turning, part->key_count)) {
		return false;
	}
	for (size_t i = 0; i < part->key_count; i++) {
		part->keys[i].here = column_next(&part->keys[i].present) != 0;
		pairs += part->keys[i].here ? 1 : 0;
	}
	cbor_put_map(turning->out, pairs);
	for (size_t i = 0; i < part->key_count; i++) {
		if (!part->keys[i].here) {
			continue;
		}
		cbor_put_int(turning->out, part->keys[i].number);
		if (!node_put(turning, part->keys[i].node)) {
			return false;
		}
	}
	return true;
}

static bool
part_put(struct turning *turning, struct part *part)
{
	struct span bytes;

	switch (part->kind) {
	case CBOR_INTEGER:
		cbor_put_int(turning->out, column_next(&part->column));
		return true;
	case CBOR_BYTES:
		if (!reader_take(&part->strings, (size_t)column_next(&part->column), &bytes)) {
			return false;
		}
		cbor_put_bytes(turning->out, bytes);
		return true;
	case CBOR_TEXT:
		if (part->digits == 0) {
			return text_put(turning, part);
		}
		digits_put(turning, part);
		return true;
	case CBOR_ARRAY:
		return array_put(turning, part);
	case CBOR_MAP:
		return map_put(turning, part);
	case CBOR_BOOLEAN:
		cbor_put_bool(turning->out, column_next(&part->column) != 0);
		return true;
	case CBOR_NULL:
		cbor_put_null(turning->out);
		return true;
	}
	return false;
}

static bool
node_put(struct turning *turning, struct node *node)
{
	size_t which = node->part_count > 1 ? (size_t)column_next(&node->which) : 0;

	return turning->out->status == STATUS_OK && part_put(turning, &node->parts[which]);
}

/* ---- rows ---- */

struct groups {
	struct column which; /* of several groups */
	struct node *nodes;
	size_t count;
};

static bool
groups_get(struct turning *turning, size_t rows, struct groups *groups)
{
	uint64_t count;

	if (!varint_get(&turning->in.heads, &count) || count == 0 || count > COLUMNS_GROUPS_MAX) {
		return false;
	}
	groups->count = (size_t)count;
	groups->nodes = room(turning, groups->count, sizeof *groups->nodes);
	if (groups->nodes == NULL ||
	    (count > 1 && !counts_get(turning, rows, count - 1, &groups->which))) {
		return false;
	}
	for (size_t i = 0; i < groups->count; i++) {
		size_t above = count_above(groups->which, rows, (int64_t)i - 1);
		size_t of_group = above - count_above(groups->which, rows, (int64_t)i);

		if (!works(turning, 2 * rows) || of_group == 0 ||
		    !node_get(turning, of_group, 1, &groups->nodes[i])) {
			return false;
		}
	}
	return column_reader_ended(&turning->in);
}

static bool
rows_put(struct turning *turning, struct groups *groups, size_t count, size_t *lengths_out)
{
	for (size_t i = 0; i < count; i++) {
		size_t which = groups->count > 1 ? (size_t)column_next(&groups->which) : 0;
		size_t before = turning->out->length;

		if (!node_put(turning, &groups->nodes[which])) {
			return false;
		}
		lengths_out[i] = turning->out->length - before;
		if (lengths_out[i] > turning->row_limit) {
			return false;
		}
	}
	return true;
}

/* Why the rows did not come out. */
static enum status
turning_fail(const struct turning *turning, struct error *err)
{
	if (turning->out->status != STATUS_OK) {
		return buffer_status(turning->out, "rows", err);
	}
	return fail(err, turning->in.exhausted ? STATUS_LIMIT : STATUS_MALFORMED, "columns");
}

enum status
columns_get(struct columns columns, size_t row_limit, struct arena *arena, struct buffer *rows_out,
	    size_t *lengths_out, struct error *err)
{
	struct turning turning = {
		.in = {.heads = reader_of(columns.heads), .bits = columns.bits, .arena = arena},
		.out = rows_out,
		.row_limit = row_limit,
	};
	struct groups groups = {0};

	if (columns.count == 0 || columns.count > COLUMNS_ROWS_MAX ||
	    !groups_get(&turning, columns.count, &groups) ||
	    !rows_put(&turning, &groups, columns.count, lengths_out)) {
		return turning_fail(&turning, err);
	}
	return STATUS_OK;
}

bool
columns_cut(struct span rows, const size_t *lengths, size_t count, enum cbor_kind kind,
	    struct span *out)
{
	struct reader at = reader_of(rows);

	for (size_t i = 0; i < count; i++) {
		enum cbor_kind found;

		if (!cbor_peek(&at, &found) || found != kind ||
		    !reader_take(&at, lengths[i], &out[i])) {
			return false;
		}
	}
	return true;
}

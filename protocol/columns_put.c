/* SPDX-License-Identifier: Apache-2.0 */
#include "cbor.h"
#include "column.h"
#include "columns.h"
#include "columns_parts.h"

#include <string.h>

enum { FIRST_CAPACITY = 8, ARENA_LIMIT = 64 * 1024 * 1024 };

/* Numbers that grow in an arena. */
struct numbers {
	int64_t *at;
	size_t count;
	size_t capacity;
};

struct strings {
	struct span *at;
	size_t count;
	size_t capacity;
};

struct node;

struct key {
	int64_t number;
	struct numbers present; /* of each map so far; shorter: 0 from there on */
	struct node *node;
};

struct node {
	struct numbers kinds; /* of each item */
	struct numbers integers;
	struct strings bytes;
	struct strings texts;
	struct numbers lengths; /* of the arrays */
	struct node **elements;
	size_t element_count;
	struct key *keys; /* ascending in the order of CBOR */
	size_t key_count;
	size_t map_count;
	struct numbers booleans;
};

struct turning {
	struct arena arena;
	size_t nodes;
	size_t work;
	struct column_writer out;
	enum status status; /* first failure */
};

static bool
give_up(struct turning *turning, enum status status)
{
	if (turning->status == STATUS_OK) {
		turning->status = status;
	}
	return false;
}

/* An array of twice the room with the same content. */
static void *
grow(struct turning *turning, const void *old, size_t count, size_t *capacity, size_t size)
{
	size_t more = *capacity == 0 ? FIRST_CAPACITY : 2 * *capacity;
	void *grown = arena_take(&turning->arena, more, size);

	if (grown == NULL) {
		(void)give_up(turning, STATUS_MEMORY);
		return NULL;
	}
	if (count > 0) {
		memcpy(grown, old, count * size);
	}
	*capacity = more;
	return grown;
}

static bool
numbers_add(struct turning *turning, struct numbers *numbers, int64_t value)
{
	if (numbers->count == numbers->capacity) {
		int64_t *grown = grow(turning, numbers->at, numbers->count, &numbers->capacity,
				      sizeof *grown);

		if (grown == NULL) {
			return false;
		}
		numbers->at = grown;
	}
	numbers->at[numbers->count++] = value;
	return true;
}

static bool
strings_add(struct turning *turning, struct strings *strings, struct span value)
{
	if (strings->count == strings->capacity) {
		struct span *grown = grow(turning, strings->at, strings->count, &strings->capacity,
					  sizeof *grown);

		if (grown == NULL) {
			return false;
		}
		strings->at = grown;
	}
	strings->at[strings->count++] = value;
	return true;
}

static struct node *
node_new(struct turning *turning)
{
	struct node *node = NULL;

	if (++turning->nodes > COLUMNS_NODES_MAX) {
		(void)give_up(turning, STATUS_UNSUPPORTED);
	} else {
		node = ARENA_NEW(&turning->arena, struct node);
		if (node == NULL) {
			(void)give_up(turning, STATUS_MEMORY);
		}
	}
	return node;
}

/* ---- from rows to nodes ---- */

static bool node_take(struct turning *turning, struct node *node, struct reader *in,
		      unsigned depth);

/* The node of the i-th element; arrays come in any order of lengths. */
static struct node *
element_of(struct turning *turning, struct node *node, size_t i, size_t *capacity)
{
	if (i < node->element_count) {
		return node->elements[i];
	}
	if (node->element_count == *capacity) {
		struct node **grown =
			grow(turning, node->elements, node->element_count, capacity, sizeof *grown);

		if (grown == NULL) {
			return NULL;
		}
		node->elements = grown;
	}
	node->elements[i] = node_new(turning);
	node->element_count += node->elements[i] != NULL ? 1 : 0;
	return node->elements[i];
}

static bool
array_take(struct turning *turning, struct node *node, struct reader *in, unsigned depth)
{
	/* Filled to a known size when the first came; a longer one moves them. */
	size_t capacity = node->element_count;
	size_t length;

	if (!cbor_get_array(in, COLUMNS_NODES_MAX, &length)) {
		return give_up(turning, STATUS_UNSUPPORTED);
	}
	for (size_t i = 0; i < length; i++) {
		struct node *element = element_of(turning, node, i, &capacity);

		if (element == NULL || !node_take(turning, element, in, depth + 1)) {
			return false;
		}
	}
	return numbers_add(turning, &node->lengths, (int64_t)length);
}

/* The place of a key, or where it belongs. */
static size_t
key_place(const struct node *node, size_t from, int64_t number)
{
	size_t i = from;

	while (i < node->key_count && columns_key_before(node->keys[i].number, number)) {
		i++;
	}
	return i;
}

static bool
key_insert(struct turning *turning, struct node *node, size_t at, int64_t number)
{
	struct key *keys;

	if (node->key_count == COLUMNS_KEYS_MAX) {
		return give_up(turning, STATUS_UNSUPPORTED);
	}
	keys = ARENA_ARRAY(&turning->arena, struct key, node->key_count + 1);
	if (keys == NULL) {
		return give_up(turning, STATUS_MEMORY);
	}
	if (node->key_count > 0) {
		memcpy(keys, node->keys, at * sizeof *keys);
		memcpy(keys + at + 1, node->keys + at, (node->key_count - at) * sizeof *keys);
	}
	keys[at].number = number;
	keys[at].node = node_new(turning);
	node->keys = keys;
	node->key_count++;
	return keys[at].node != NULL;
}

static bool
key_mark(struct turning *turning, struct key *key, size_t map)
{
	while (key->present.count < map) {
		if (!numbers_add(turning, &key->present, 0)) {
			return false;
		}
	}
	return numbers_add(turning, &key->present, 1);
}

static bool
map_take(struct turning *turning, struct node *node, struct reader *in, unsigned depth)
{
	size_t place = 0;
	size_t pairs;

	if (!cbor_get_map(in, COLUMNS_KEYS_MAX, &pairs)) {
		return give_up(turning, STATUS_UNSUPPORTED);
	}
	for (; pairs > 0; pairs--) {
		int64_t number;

		if (!cbor_get_int(in, &number)) {
			return give_up(turning, STATUS_UNSUPPORTED);
		}
		place = key_place(node, place, number);
		if ((place == node->key_count || node->keys[place].number != number) &&
		    !key_insert(turning, node, place, number)) {
			return false;
		}
		if (!key_mark(turning, &node->keys[place], node->map_count) ||
		    !node_take(turning, node->keys[place].node, in, depth + 1)) {
			return false;
		}
		place++;
	}
	node->map_count++;
	return true;
}

static bool
scalar_take(struct turning *turning, struct node *node, struct reader *in, enum cbor_kind kind)
{
	struct span string;
	int64_t integer;
	bool boolean;

	if (kind == CBOR_INTEGER && cbor_get_int(in, &integer)) {
		return numbers_add(turning, &node->integers, integer);
	}
	if (kind == CBOR_BYTES && cbor_get_bytes(in, &string)) {
		return strings_add(turning, &node->bytes, string);
	}
	if (kind == CBOR_TEXT && cbor_get_text(in, &string)) {
		return strings_add(turning, &node->texts, string);
	}
	if (kind == CBOR_BOOLEAN && cbor_get_bool(in, &boolean)) {
		return numbers_add(turning, &node->booleans, boolean);
	}
	if (kind == CBOR_NULL && cbor_get_null(in)) {
		return true;
	}
	return give_up(turning, STATUS_UNSUPPORTED);
}

static bool
node_take(struct turning *turning, struct node *node, struct reader *in, unsigned depth)
{
	enum cbor_kind kind;

	if (depth > COLUMNS_DEPTH_MAX || !cbor_peek(in, &kind)) {
		return give_up(turning, STATUS_UNSUPPORTED);
	}
	if (!numbers_add(turning, &node->kinds, (int64_t)kind)) {
		return false;
	}
	if (kind == CBOR_ARRAY) {
		return array_take(turning, node, in, depth);
	}
	if (kind == CBOR_MAP) {
		return map_take(turning, node, in, depth);
	}
	return scalar_take(turning, node, in, kind);
}

/* ---- from nodes to columns ---- */

static bool node_put(struct turning *turning, struct node *node);

/* A reader does no more work than this. */
static bool
works(struct turning *turning, size_t steps)
{
	return columns_work(&turning->work, steps) || give_up(turning, STATUS_UNSUPPORTED);
}

static bool
counts_put(struct turning *turning, const struct numbers *numbers)
{
	column_put_counts(&turning->out, numbers->at, numbers->count);
	return works(turning, numbers->count);
}

/* All of the same length, short enough for a number, and of nothing but digits. */
static bool
texts_are_digits(const struct strings *texts)
{
	for (size_t i = 0; i < texts->count; i++) {
		struct span text = texts->at[i];

		if (text.length != texts->at[0].length || text.length == 0 ||
		    text.length > COLUMNS_DIGITS_MAX) {
			return false;
		}
		for (size_t k = 0; k < text.length; k++) {
			if (text.at[k] < '0' || text.at[k] > '9') {
				return false;
			}
		}
	}
	return texts->count > 0;
}

static bool
digits_put(struct turning *turning, const struct strings *texts)
{
	struct numbers numbers = {0};
	int64_t length = (int64_t)texts->at[0].length;

	for (size_t i = 0; i < texts->count; i++) {
		int64_t number = 0;

		for (size_t k = 0; k < texts->at[i].length; k++) {
			number = number * 10 + (texts->at[i].at[k] - '0');
		}
		if (!numbers_add(turning, &numbers, number)) {
			return false;
		}
	}
	column_put_counts(&turning->out, &length, 1);
	return counts_put(turning, &numbers);
}

static bool
strings_put(struct turning *turning, const struct strings *strings)
{
	struct numbers lengths = {0};

	for (size_t i = 0; i < strings->count; i++) {
		if (!numbers_add(turning, &lengths, (int64_t)strings->at[i].length)) {
			return false;
		}
	}
	if (!counts_put(turning, &lengths)) {
		return false;
	}
	for (size_t i = 0; i < strings->count; i++) {
		buffer_append_span(turning->out.heads, strings->at[i]);
	}
	return true;
}

static bool
arrays_put(struct turning *turning, const struct node *node)
{
	if (!counts_put(turning, &node->lengths) ||
	    !works(turning, node->element_count * node->lengths.count)) {
		return false;
	}
	for (size_t i = 0; i < node->element_count; i++) {
		if (!node_put(turning, node->elements[i])) {
			return false;
		}
	}
	return true;
}

static bool
maps_put(struct turning *turning, const struct node *node)
{
	varint_put(turning->out.heads, node->key_count);
	if (!works(turning, node->key_count * node->map_count)) {
		return false;
	}
	for (size_t i = 0; i < node->key_count; i++) {
		struct key *key = &node->keys[i];

		while (key->present.count < node->map_count) {
			if (!numbers_add(turning, &key->present, 0)) {
				return false;
			}
		}
		cbor_put_int(turning->out.heads, key->number);
		if (!counts_put(turning, &key->present) || !node_put(turning, key->node)) {
			return false;
		}
	}
	return true;
}

static bool
kind_put(struct turning *turning, const struct node *node, enum cbor_kind kind, bool digits)
{
	switch (kind) {
	case CBOR_INTEGER:
		column_put(&turning->out, node->integers.at, node->integers.count);
		return works(turning, node->integers.count);
	case CBOR_BYTES:
		return strings_put(turning, &node->bytes);
	case CBOR_TEXT:
		return digits ? digits_put(turning, &node->texts)
			      : strings_put(turning, &node->texts);
	case CBOR_ARRAY:
		return arrays_put(turning, node);
	case CBOR_MAP:
		return maps_put(turning, node);
	case CBOR_BOOLEAN:
		return counts_put(turning, &node->booleans);
	case CBOR_NULL:
		return true;
	}
	return true;
}

/* Each kind that occurs gets the next number. */
static unsigned
kinds_number(struct numbers *kinds, unsigned occurring)
{
	int64_t number_of[COLUMNS_KINDS] = {0};
	unsigned count = 0;

	for (unsigned place = 0; place < COLUMNS_KINDS; place++) {
		if ((occurring >> place & 1) != 0) {
			number_of[place] = count++;
		}
	}
	for (size_t i = 0; i < kinds->count; i++) {
		kinds->at[i] = number_of[kinds->at[i]];
	}
	return count;
}

static bool
node_put(struct turning *turning, struct node *node)
{
	bool digits = texts_are_digits(&node->texts);
	unsigned occurring = 0;

	for (size_t i = 0; i < node->kinds.count; i++) {
		occurring |= 1U << node->kinds.at[i];
	}
	buffer_append_byte(turning->out.heads,
			   (uint8_t)(occurring | (digits ? COLUMNS_DIGITS : 0U)));
	if (kinds_number(&node->kinds, occurring) > 1 &&
	    (!counts_put(turning, &node->kinds) || !works(turning, node->kinds.count))) {
		return false;
	}
	for (unsigned place = 0; place < COLUMNS_KINDS; place++) {
		if ((occurring >> place & 1) != 0 &&
		    !kind_put(turning, node, (enum cbor_kind)place, digits)) {
			return false;
		}
	}
	return true;
}

/* ---- rows ---- */

/* Groups are numbered as they come; the number of a row's group, or -1 if there are too many. */
static int64_t
group_number(uint32_t groups[COLUMNS_GROUPS_MAX], size_t *count, uint32_t group)
{
	for (size_t i = 0; i < *count; i++) {
		if (groups[i] == group) {
			return (int64_t)i;
		}
	}
	if (*count == COLUMNS_GROUPS_MAX) {
		return -1;
	}
	groups[*count] = group;
	return (int64_t)(*count)++;
}

static bool
rows_turn(struct turning *turning, const struct span *rows, const uint32_t *groups, size_t count)
{
	uint32_t seen[COLUMNS_GROUPS_MAX];
	struct node *nodes[COLUMNS_GROUPS_MAX];
	struct numbers numbers = {0};
	size_t group_count = 0;

	for (size_t i = 0; i < count; i++) {
		struct reader in = reader_of(rows[i]);
		size_t before = group_count;
		int64_t number = group_number(seen, &group_count, groups[i]);

		if (number < 0) {
			return give_up(turning, STATUS_UNSUPPORTED);
		}
		if (group_count > before) {
			nodes[number] = node_new(turning);
		}
		if (nodes[number] == NULL || !numbers_add(turning, &numbers, number) ||
		    !node_take(turning, nodes[number], &in, 1)) {
			return false;
		}
		if (in.left != 0) {
			return give_up(turning, STATUS_UNSUPPORTED);
		}
	}
	varint_put(turning->out.heads, group_count);
	if ((group_count > 1 && !counts_put(turning, &numbers)) ||
	    !works(turning, 2 * group_count * count)) {
		return false;
	}
	for (size_t i = 0; i < group_count; i++) {
		if (!node_put(turning, nodes[i])) {
			return false;
		}
	}
	return true;
}

enum status
columns_put(const struct span *rows, const uint32_t *groups, size_t count, struct buffer *heads_out,
	    struct buffer *bits_out, struct error *err)
{
	struct turning turning = {.out = {.heads = heads_out, .bits = bits_out}};
	enum status status = STATUS_OK;

	if (count == 0 || count > COLUMNS_ROWS_MAX) {
		return fail(err, STATUS_UNSUPPORTED, "%zu rows in columns", count);
	}
	arena_init(&turning.arena, ARENA_LIMIT);
	if (!rows_turn(&turning, rows, groups, count)) {
		status = fail(err, turning.status, "rows in columns");
	}
	arena_finish(&turning.arena);
	if (status == STATUS_OK) {
		status = buffer_status(heads_out, "columns", err);
	}
	return status == STATUS_OK ? buffer_status(bits_out, "columns", err) : status;
}

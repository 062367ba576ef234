/* SPDX-License-Identifier: Apache-2.0 */
#include "cbor.h"

enum {
	MAJOR_UINT,
	MAJOR_NEGATIVE,
	MAJOR_BYTES,
	MAJOR_TEXT,
	MAJOR_ARRAY,
	MAJOR_MAP,
	MAJOR_TAG,
	MAJOR_SIMPLE
};
enum { SIMPLE_FALSE = 20, SIMPLE_TRUE = 21, SIMPLE_NULL = 22 };
enum { DEPTH_MAX = 16 };

static void
put_head(struct buffer *out, unsigned major, uint64_t argument)
{
	uint8_t head[9];
	unsigned following = 0;
	unsigned info = (unsigned)argument;

	if (argument > UINT32_MAX) {
		following = 8;
		info = 27;
	} else if (argument > UINT16_MAX) {
		following = 4;
		info = 26;
	} else if (argument > UINT8_MAX) {
		following = 2;
		info = 25;
	} else if (argument >= 24) {
		following = 1;
		info = 24;
	}
	head[0] = (uint8_t)(major << 5 | info);
	for (unsigned i = 0; i < following; i++) {
		head[1 + i] = (uint8_t)(argument >> (8 * (following - 1 - i)));
	}
	buffer_append(out, head, 1 + following);
}

void
cbor_put_uint(struct buffer *out, uint64_t value)
{
	put_head(out, MAJOR_UINT, value);
}

void
cbor_put_int(struct buffer *out, int64_t value)
{
	if (value >= 0) {
		put_head(out, MAJOR_UINT, (uint64_t)value);
	} else {
		put_head(out, MAJOR_NEGATIVE, (uint64_t)(-(value + 1)));
	}
}

void
cbor_put_bytes(struct buffer *out, struct span bytes)
{
	put_head(out, MAJOR_BYTES, bytes.length);
	buffer_append_span(out, bytes);
}

void
cbor_put_text(struct buffer *out, struct span text)
{
	put_head(out, MAJOR_TEXT, text.length);
	buffer_append_span(out, text);
}

void
cbor_put_array(struct buffer *out, size_t count)
{
	put_head(out, MAJOR_ARRAY, count);
}

void
cbor_put_map(struct buffer *out, size_t pairs)
{
	put_head(out, MAJOR_MAP, pairs);
}

void
cbor_put_bool(struct buffer *out, bool value)
{
	put_head(out, MAJOR_SIMPLE, value ? SIMPLE_TRUE : SIMPLE_FALSE);
}

void
cbor_put_null(struct buffer *out)
{
	put_head(out, MAJOR_SIMPLE, SIMPLE_NULL);
}

/* The head of one item in shortest form. */
static bool
get_head(struct reader *in, unsigned *major_out, uint64_t *argument_out)
{
	struct reader at = *in;
	struct span bytes;
	uint64_t argument = 0;
	uint8_t first;
	unsigned info;

	if (!reader_byte(&at, &first)) {
		return false;
	}
	info = first & 31;
	if (info < 24) {
		argument = info;
	} else if (info > 27) {
		return false;
	} else {
		if (!reader_take(&at, (size_t)1 << (info - 24), &bytes)) {
			return false;
		}
		for (size_t i = 0; i < bytes.length; i++) {
			argument = argument << 8 | bytes.at[i];
		}
		/* Shortest form: the value must not have fitted the next smaller head. */
		if (info == 24 ? argument < 24 : argument >> (4u << (info - 24)) == 0) {
			return false;
		}
	}
	*in = at;
	*major_out = first >> 5;
	*argument_out = argument;
	return true;
}

static bool
get_head_of(struct reader *in, unsigned wanted, uint64_t *argument_out)
{
	struct reader at = *in;
	unsigned major;
	uint64_t argument;

	if (!get_head(&at, &major, &argument) || major != wanted) {
		return false;
	}
	*in = at;
	*argument_out = argument;
	return true;
}

bool
cbor_peek(const struct reader *in, enum cbor_kind *out)
{
	static const enum cbor_kind kinds[] = {CBOR_INTEGER, CBOR_INTEGER, CBOR_BYTES,
					       CBOR_TEXT,    CBOR_ARRAY,   CBOR_MAP};
	struct reader at = *in;
	unsigned major;
	uint64_t argument;

	if (!get_head(&at, &major, &argument)) {
		return false;
	}
	if (major <= MAJOR_MAP) {
		*out = kinds[major];
		return true;
	}
	if (major != MAJOR_SIMPLE || argument < SIMPLE_FALSE || argument > SIMPLE_NULL) {
		return false;
	}
	*out = argument == SIMPLE_NULL ? CBOR_NULL : CBOR_BOOLEAN;
	return true;
}

bool
cbor_get_uint(struct reader *in, uint64_t *out)
{
	return get_head_of(in, MAJOR_UINT, out);
}

bool
cbor_get_uint_max(struct reader *in, uint64_t limit, uint64_t *out)
{
	struct reader at = *in;
	uint64_t value;

	if (!cbor_get_uint(&at, &value) || value > limit) {
		return false;
	}
	*in = at;
	*out = value;
	return true;
}

bool
cbor_get_u32(struct reader *in, uint32_t *out)
{
	uint64_t value;

	if (!cbor_get_uint_max(in, UINT32_MAX, &value)) {
		return false;
	}
	*out = (uint32_t)value;
	return true;
}

bool
cbor_get_int(struct reader *in, int64_t *out)
{
	struct reader at = *in;
	unsigned major;
	uint64_t argument;

	if (!get_head(&at, &major, &argument) || major > MAJOR_NEGATIVE || argument > INT64_MAX) {
		return false;
	}
	*in = at;
	*out = major == MAJOR_UINT ? (int64_t)argument : -(int64_t)argument - 1;
	return true;
}

static bool
get_string(struct reader *in, unsigned major, struct span *out)
{
	struct reader at = *in;
	uint64_t length;

	if (!get_head_of(&at, major, &length) || length > at.left ||
	    !reader_take(&at, (size_t)length, out)) {
		return false;
	}
	*in = at;
	return true;
}

bool
cbor_get_bytes(struct reader *in, struct span *out)
{
	return get_string(in, MAJOR_BYTES, out);
}

bool
cbor_get_bytes_exact(struct reader *in, void *out, size_t length)
{
	struct reader at = *in;
	struct span bytes;

	if (!cbor_get_bytes(&at, &bytes) || bytes.length != length) {
		return false;
	}
	for (size_t i = 0; i < length; i++) {
		((uint8_t *)out)[i] = bytes.at[i];
	}
	*in = at;
	return true;
}

bool
cbor_get_text(struct reader *in, struct span *out)
{
	struct reader at = *in;
	struct span text;

	if (!get_string(&at, MAJOR_TEXT, &text) || !utf8_valid(text)) {
		return false;
	}
	*in = at;
	*out = text;
	return true;
}

/* Every item takes a byte at least, so a count beyond the bytes left is a lie. */
static bool
get_count(struct reader *in, unsigned major, size_t items_each, size_t limit, size_t *count_out)
{
	struct reader at = *in;
	uint64_t count;

	if (!get_head_of(&at, major, &count) || count > limit || count > at.left / items_each) {
		return false;
	}
	*in = at;
	*count_out = (size_t)count;
	return true;
}

bool
cbor_get_array(struct reader *in, size_t limit, size_t *count_out)
{
	return get_count(in, MAJOR_ARRAY, 1, limit, count_out);
}

bool
cbor_get_map(struct reader *in, size_t limit, size_t *pairs_out)
{
	return get_count(in, MAJOR_MAP, 2, limit, pairs_out);
}

static bool
get_simple(struct reader *in, uint64_t low, uint64_t high, uint64_t *out)
{
	struct reader at = *in;
	uint64_t argument;

	if (!get_head_of(&at, MAJOR_SIMPLE, &argument) || argument < low || argument > high) {
		return false;
	}
	*in = at;
	*out = argument;
	return true;
}

bool
cbor_get_bool(struct reader *in, bool *out)
{
	uint64_t simple;

	if (!get_simple(in, SIMPLE_FALSE, SIMPLE_TRUE, &simple)) {
		return false;
	}
	*out = simple == SIMPLE_TRUE;
	return true;
}

bool
cbor_get_null(struct reader *in)
{
	uint64_t simple;

	return get_simple(in, SIMPLE_NULL, SIMPLE_NULL, &simple);
}

static bool skip_item(struct reader *in, unsigned depth);

static bool
skip_map(struct reader *in, unsigned depth)
{
	struct span previous = {NULL, 0};
	size_t pairs;

	if (!cbor_get_map(in, SIZE_MAX, &pairs)) {
		return false;
	}
	for (size_t i = 0; i < pairs; i++) {
		const uint8_t *start = in->at;
		struct span key;

		if (!skip_item(in, depth + 1)) {
			return false;
		}
		key = span_of(start, (size_t)(in->at - start));
		if ((i > 0 && span_compare(previous, key) >= 0) || !skip_item(in, depth + 1)) {
			return false;
		}
		previous = key;
	}
	return true;
}

static bool
skip_array(struct reader *in, unsigned depth)
{
	size_t count;

	if (!cbor_get_array(in, SIZE_MAX, &count)) {
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		if (!skip_item(in, depth + 1)) {
			return false;
		}
	}
	return true;
}

static bool
skip_item(struct reader *in, unsigned depth)
{
	enum cbor_kind kind;
	struct span bytes;
	unsigned major;
	uint64_t argument;

	if (depth > DEPTH_MAX || !cbor_peek(in, &kind)) {
		return false;
	}
	switch (kind) {
	case CBOR_BYTES:
		return cbor_get_bytes(in, &bytes);
	case CBOR_TEXT:
		return cbor_get_text(in, &bytes);
	case CBOR_ARRAY:
		return skip_array(in, depth);
	case CBOR_MAP:
		return skip_map(in, depth);
	case CBOR_INTEGER:
	case CBOR_BOOLEAN:
	case CBOR_NULL:
		return get_head(in, &major, &argument);
	}
	return false;
}

bool
cbor_get_any(struct reader *in, struct span *out)
{
	struct reader at = *in;

	if (!skip_item(&at, 1)) {
		return false;
	}
	*out = span_of(in->at, in->left - at.left);
	*in = at;
	return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "cbor_oracle.h"

#include <cbor.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct text {
	char *at;
	size_t left;
	bool failed;
};

static void text_add(struct text *text, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void
text_add(struct text *text, const char *format, ...)
{
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(text->at, text->left, format, arguments);
	va_end(arguments);
	if (length < 0 || (size_t)length >= text->left) {
		text->failed = true;
		return;
	}
	text->at += length;
	text->left -= (size_t)length;
}

static uint64_t
integer_of(const cbor_item_t *item)
{
	switch (cbor_int_get_width(item)) {
	case CBOR_INT_8:
		return cbor_get_uint8(item);
	case CBOR_INT_16:
		return cbor_get_uint16(item);
	case CBOR_INT_32:
		return cbor_get_uint32(item);
	case CBOR_INT_64:
		return cbor_get_uint64(item);
	}
	return 0;
}

static void
describe_negative(const cbor_item_t *item, struct text *text)
{
	uint64_t argument = integer_of(item);

	/* -1 - argument, of which the lowest does not fit 64 bits. */
	if (argument == UINT64_MAX) {
		text_add(text, "-18446744073709551616");
	} else {
		text_add(text, "-%" PRIu64, argument + 1);
	}
}

static void
describe_string(char kind, const unsigned char *bytes, size_t length, struct text *text)
{
	static const char digits[] = "0123456789abcdef";

	text_add(text, "%c'", kind);
	if (text->failed || text->left <= 2 * length) {
		text->failed = true;
		return;
	}
	for (size_t i = 0; i < length; i++) {
		*text->at++ = digits[bytes[i] >> 4];
		*text->at++ = digits[bytes[i] & 15];
	}
	text->left -= 2 * length;
	text_add(text, "'");
}

static void describe(cbor_item_t *item, struct text *text);

static void
describe_array(cbor_item_t *item, struct text *text)
{
	cbor_item_t **items = cbor_array_handle(item);

	text_add(text, "[");
	for (size_t i = 0; i < cbor_array_size(item); i++) {
		text_add(text, "%s", i == 0 ? "" : ", ");
		describe(items[i], text);
	}
	text_add(text, "]");
	text->failed = text->failed || !cbor_array_is_definite(item);
}

static void
describe_map(cbor_item_t *item, struct text *text)
{
	struct cbor_pair *pairs = cbor_map_handle(item);

	text_add(text, "{");
	for (size_t i = 0; i < cbor_map_size(item); i++) {
		text_add(text, "%s", i == 0 ? "" : ", ");
		describe(pairs[i].key, text);
		text_add(text, ": ");
		describe(pairs[i].value, text);
	}
	text_add(text, "}");
	text->failed = text->failed || !cbor_map_is_definite(item);
}

static void
describe_simple(cbor_item_t *item, struct text *text)
{
	if (!cbor_float_ctrl_is_ctrl(item)) {
		text->failed = true;
		return;
	}
	switch (cbor_ctrl_value(item)) {
	case CBOR_CTRL_FALSE:
		text_add(text, "false");
		break;
	case CBOR_CTRL_TRUE:
		text_add(text, "true");
		break;
	case CBOR_CTRL_NULL:
		text_add(text, "null");
		break;
	default:
		text->failed = true;
	}
}

static void
describe(cbor_item_t *item, struct text *text)
{
	switch (cbor_typeof(item)) {
	case CBOR_TYPE_UINT:
		text_add(text, "%" PRIu64, integer_of(item));
		break;
	case CBOR_TYPE_NEGINT:
		describe_negative(item, text);
		break;
	case CBOR_TYPE_BYTESTRING:
		describe_string('h', cbor_bytestring_handle(item), cbor_bytestring_length(item),
				text);
		text->failed = text->failed || !cbor_bytestring_is_definite(item);
		break;
	case CBOR_TYPE_STRING:
		describe_string('t', cbor_string_handle(item), cbor_string_length(item), text);
		text->failed = text->failed || !cbor_string_is_definite(item);
		break;
	case CBOR_TYPE_ARRAY:
		describe_array(item, text);
		break;
	case CBOR_TYPE_MAP:
		describe_map(item, text);
		break;
	case CBOR_TYPE_FLOAT_CTRL:
		describe_simple(item, text);
		break;
	case CBOR_TYPE_TAG:
		text->failed = true;
		break;
	}
}

size_t
cbor_oracle_describe(const uint8_t *bytes, size_t length, char *out, size_t size)
{
	struct text text = {.at = out, .left = size};
	size_t count = 0;

	while (length > 0 && !text.failed) {
		struct cbor_load_result result;
		cbor_item_t *item = cbor_load(bytes, length, &result);

		if (item == NULL) {
			return 0;
		}
		text_add(&text, "%s", count == 0 ? "" : ", ");
		describe(item, &text);
		cbor_decref(&item);
		bytes += result.read;
		length -= result.read;
		count++;
	}
	return text.failed ? 0 : count;
}

static bool
item_rewrites_same(const cbor_item_t *item, const uint8_t *bytes, size_t length)
{
	/* One byte more, so that a longer encoding is seen. */
	unsigned char *again = malloc(length + 1);
	size_t written;
	bool same;

	if (again == NULL) {
		return false;
	}
	written = cbor_serialize(item, again, length + 1);
	same = written == length && memcmp(again, bytes, length) == 0;
	free(again);
	return same;
}

bool
cbor_oracle_rewrites_same(const uint8_t *bytes, size_t length)
{
	bool same = true;

	while (length > 0 && same) {
		struct cbor_load_result result;
		cbor_item_t *item = cbor_load(bytes, length, &result);

		if (item == NULL) {
			return false;
		}
		same = item_rewrites_same(item, bytes, result.read);
		cbor_decref(&item);
		bytes += result.read;
		length -= result.read;
	}
	return same;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "bytes.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct span
span_of(const void *bytes, size_t length)
{
	struct span span = {bytes, length};

	return span;
}

struct span
span_of_text(const char *text)
{
	return span_of(text, strlen(text));
}

bool
span_equal(struct span a, struct span b)
{
	return a.length == b.length && (a.length == 0 || memcmp(a.at, b.at, a.length) == 0);
}

int
span_compare(struct span a, struct span b)
{
	size_t common = a.length < b.length ? a.length : b.length;
	int order = common == 0 ? 0 : memcmp(a.at, b.at, common);

	if (order != 0) {
		return order < 0 ? -1 : 1;
	}
	return (a.length > b.length) - (a.length < b.length);
}

void
buffer_init(struct buffer *buffer, size_t limit)
{
	memset(buffer, 0, sizeof *buffer);
	buffer->limit = limit;
}

void
buffer_finish(struct buffer *buffer)
{
	free(buffer->at);
	buffer_init(buffer, buffer->limit);
}

void
buffer_clear(struct buffer *buffer)
{
	buffer->length = 0;
	buffer->status = STATUS_OK;
}

/* Makes room for `length` bytes within the limit and `spare` beyond it. */
static bool
buffer_reserve(struct buffer *buffer, size_t length, size_t spare)
{
	size_t capacity = buffer->capacity < 128 ? 256 : buffer->capacity * 2;
	uint8_t *grown;

	if (buffer->status != STATUS_OK) {
		return false;
	}
	if (length > buffer->limit - buffer->length || length > SIZE_MAX - spare - buffer->length) {
		buffer->status = STATUS_LIMIT;
		return false;
	}
	if (buffer->at != NULL && length + spare <= buffer->capacity - buffer->length) {
		return true;
	}
	if (capacity < buffer->length + length + spare) {
		capacity = buffer->length + length + spare;
	}
	grown = realloc(buffer->at, capacity);
	if (grown == NULL) {
		buffer->status = STATUS_MEMORY;
		return false;
	}
	buffer->at = grown;
	buffer->capacity = capacity;
	return true;
}

uint8_t *
buffer_extend(struct buffer *buffer, size_t length)
{
	uint8_t *room;

	if (!buffer_reserve(buffer, length, 0)) {
		return NULL;
	}
	room = buffer->at + buffer->length;
	buffer->length += length;
	return room;
}

void
buffer_append(struct buffer *buffer, const void *bytes, size_t length)
{
	uint8_t *room = buffer_extend(buffer, length);

	if (room != NULL && length > 0) {
		memcpy(room, bytes, length);
	}
}

void
buffer_append_span(struct buffer *buffer, struct span span)
{
	buffer_append(buffer, span.at, span.length);
}

void
buffer_append_byte(struct buffer *buffer, uint8_t byte)
{
	buffer_append(buffer, &byte, 1);
}

void
buffer_printf(struct buffer *buffer, const char *format, ...)
{
	size_t before = buffer->length;
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(NULL, 0, format, arguments);
	va_end(arguments);
	if (length < 0) {
		buffer->status = buffer->status == STATUS_OK ? STATUS_INTERNAL : buffer->status;
		return;
	}
	/* The NUL that vsnprintf writes needs room beyond the text, but does not count. */
	if (buffer_reserve(buffer, (size_t)length, 1)) {
		va_start(arguments, format);
		(void)vsnprintf((char *)buffer->at + before, (size_t)length + 1, format, arguments);
		va_end(arguments);
		buffer->length += (size_t)length;
	}
}

struct span
buffer_span(const struct buffer *buffer)
{
	return span_of(buffer->at, buffer->length);
}

enum status
buffer_status(const struct buffer *buffer, const char *what, struct error *err)
{
	if (buffer->status == STATUS_OK) {
		return STATUS_OK;
	}
	return fail(err, buffer->status, "%s", what);
}

struct reader
reader_of(struct span span)
{
	struct reader reader = {span.at, span.length};

	return reader;
}

bool
reader_take(struct reader *reader, size_t length, struct span *out)
{
	if (length > reader->left) {
		return false;
	}
	*out = span_of(reader->at, length);
	if (length > 0) {
		reader->at += length;
		reader->left -= length;
	}
	return true;
}

bool
reader_byte(struct reader *reader, uint8_t *out)
{
	struct span byte;

	if (!reader_take(reader, 1, &byte)) {
		return false;
	}
	*out = byte.at[0];
	return true;
}

void
put_le32(uint8_t out[4], uint32_t value)
{
	for (unsigned i = 0; i < 4; i++) {
		out[i] = (uint8_t)(value >> (8 * i));
	}
}

void
put_le64(uint8_t out[8], uint64_t value)
{
	for (unsigned i = 0; i < 8; i++) {
		out[i] = (uint8_t)(value >> (8 * i));
	}
}

uint32_t
get_le32(const uint8_t in[4])
{
	uint32_t value = 0;

	for (unsigned i = 0; i < 4; i++) {
		value |= (uint32_t)in[i] << (8 * i);
	}
	return value;
}

uint64_t
get_le64(const uint8_t in[8])
{
	return get_le32(in) | (uint64_t)get_le32(in + 4) << 32;
}

/* Length of the well-formed character at the start of `text`, 0 if there is none (Unicode 15,
 * table 3-7). */
static size_t
utf8_character(struct span text)
{
	uint8_t first = text.at[0];
	uint8_t low = 0x80;
	uint8_t high = 0xbf;
	size_t length;

	if (first < 0x80) {
		return first == 0 ? 0 : 1;
	}
	if (first >= 0xc2 && first <= 0xdf) {
		length = 2;
	} else if (first >= 0xe0 && first <= 0xef) {
		length = 3;
		low = first == 0xe0 ? 0xa0 : 0x80;
		high = first == 0xed ? 0x9f : 0xbf;
	} else if (first >= 0xf0 && first <= 0xf4) {
		length = 4;
		low = first == 0xf0 ? 0x90 : 0x80;
		high = first == 0xf4 ? 0x8f : 0xbf;
	} else {
		return 0;
	}
	if (length > text.length || text.at[1] < low || text.at[1] > high) {
		return 0;
	}
	for (size_t i = 2; i < length; i++) {
		if ((text.at[i] & 0xc0) != 0x80) {
			return 0;
		}
	}
	return length;
}

/* Eight characters of ASCII, none of them NUL: nearly all text is that. */
static bool
ascii_eight(const uint8_t *at)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	const uint64_t highs = UINT64_C(0x8080808080808080);
	uint64_t eight = get_le64(at);

	/* Without high bits, taking one from each byte borrows only from a NUL. */
	return ((eight | (eight - ones)) & highs) == 0;
}

bool
utf8_valid(struct span text)
{
	while (text.length >= 8 && ascii_eight(text.at)) {
		text = span_of(text.at + 8, text.length - 8);
	}
	while (text.length > 0) {
		size_t length = utf8_character(text);

		if (length == 0) {
			return false;
		}
		text = span_of(text.at + length, text.length - length);
	}
	return true;
}

size_t
utf8_cut(struct span text, size_t limit)
{
	if (text.length <= limit) {
		return text.length;
	}
	while (limit > 0 && (text.at[limit] & 0xc0) == 0x80) {
		limit--;
	}
	return limit;
}

void
hex_encode(struct span bytes, char *out)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < bytes.length; i++) {
		out[2 * i] = digits[bytes.at[i] >> 4];
		out[2 * i + 1] = digits[bytes.at[i] & 15];
	}
	out[2 * bytes.length] = '\0';
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9') {
		return c - '0';
	}
	if (c >= 'a' && c <= 'f') {
		return c - 'a' + 10;
	}
	if (c >= 'A' && c <= 'F') {
		return c - 'A' + 10;
	}
	return -1;
}

bool
hex_decode(const char *text, uint8_t *out, size_t length)
{
	size_t digits = 0;

	while (digits < 2 * length && hex_digit(text[digits]) >= 0) {
		digits++;
	}
	if (digits != 2 * length || text[digits] != '\0') {
		return false;
	}
	for (size_t i = 0; i < length; i++) {
		unsigned high = (unsigned)hex_digit(text[2 * i]);
		unsigned low = (unsigned)hex_digit(text[2 * i + 1]);

		out[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

static const char base64url_digits[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void
base64_encode(struct span bytes, char *out)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < bytes.length; i += 3) {
		size_t left = bytes.length - i;
		uint32_t bits = (uint32_t)bytes.at[i] << 16;

		bits |= left > 1 ? (uint32_t)bytes.at[i + 1] << 8 : 0;
		bits |= left > 2 ? bytes.at[i + 2] : 0;
		for (unsigned k = 0; k < 4; k++) {
			*out++ = k <= left ? digits[bits >> (18 - 6 * k) & 63] : '=';
		}
	}
	*out = '\0';
}

void
base64url_encode(struct span bytes, struct buffer *out)
{
	uint32_t bits = 0;
	unsigned count = 0;

	for (size_t i = 0; i < bytes.length; i++) {
		bits = bits << 8 | bytes.at[i];
		for (count += 8; count >= 6; count -= 6) {
			buffer_append_byte(out,
					   (uint8_t)base64url_digits[bits >> (count - 6) & 63]);
		}
	}
	if (count > 0) {
		buffer_append_byte(out, (uint8_t)base64url_digits[bits << (6 - count) & 63]);
	}
}

static bool
base64url_append(struct span text, struct buffer *out)
{
	uint32_t bits = 0;
	unsigned count = 0;

	for (size_t i = 0; i < text.length; i++) {
		const char *digit = text.at[i] == 0 ? NULL : strchr(base64url_digits, text.at[i]);

		if (digit == NULL) {
			return false;
		}
		bits = bits << 6 | (uint32_t)(digit - base64url_digits);
		count += 6;
		if (count >= 8) {
			count -= 8;
			buffer_append_byte(out, (uint8_t)(bits >> count));
		}
	}
	return count < 6 && (bits & ((1u << count) - 1)) == 0 && out->status == STATUS_OK;
}

bool
base64url_decode(struct span text, struct buffer *out)
{
	size_t before = out->length;

	if (!base64url_append(text, out)) {
		out->length = before;
		return false;
	}
	return true;
}

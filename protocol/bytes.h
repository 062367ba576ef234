/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bytes: the only place that touches raw bytes; every read is checked.
 *
 * `struct span` borrows bytes. `struct buffer` owns bytes and grows up to a limit; a failed append
 * is remembered, so a writer may append many times and ask once at the end (buffer_status).
 */
#ifndef SAMBUNG_PROTOCOL_BYTES_H
#define SAMBUNG_PROTOCOL_BYTES_H

#include "status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct span {
	const uint8_t *at; /* borrowed; may be NULL when length is 0 */
	size_t length;
};

struct span span_of(const void *bytes, size_t length);
struct span span_of_text(const char *text);
bool span_equal(struct span a, struct span b);
/* memcmp order, a shorter prefix first: <0, 0, >0. */
int span_compare(struct span a, struct span b);

struct buffer {
	uint8_t *at; /* owned */
	size_t length;
	size_t capacity;
	size_t limit;	    /* bytes; appends beyond it fail with STATUS_LIMIT */
	enum status status; /* first failure, STATUS_OK else; after a failure appends do nothing */
};

void buffer_init(struct buffer *buffer, size_t limit);
void buffer_finish(struct buffer *buffer);
/* Length to 0, failure forgotten, memory kept. */
void buffer_clear(struct buffer *buffer);
void buffer_append(struct buffer *buffer, const void *bytes, size_t length);
void buffer_append_span(struct buffer *buffer, struct span span);
void buffer_append_byte(struct buffer *buffer, uint8_t byte);
/* Room for `length` more bytes that the caller fills; NULL on failure. The bytes count as appended.
 */
uint8_t *buffer_extend(struct buffer *buffer, size_t length);
/* Text of any length, without its NUL. */
void buffer_printf(struct buffer *buffer, const char *format, ...) PRINTF_LIKE(2, 3);
struct span buffer_span(const struct buffer *buffer);
/* STATUS_OK, or fails with `what` as detail. */
enum status buffer_status(const struct buffer *buffer, const char *what, struct error *err);

/* A reader walks over borrowed bytes; nothing moves when a read fails. */
struct reader {
	const uint8_t *at;
	size_t left;
};

struct reader reader_of(struct span span);
bool reader_take(struct reader *reader, size_t length, struct span *out);
bool reader_byte(struct reader *reader, uint8_t *out);

void put_le32(uint8_t out[4], uint32_t value);
void put_le64(uint8_t out[8], uint64_t value);
uint32_t get_le32(const uint8_t in[4]);
uint64_t get_le64(const uint8_t in[8]);

/* Valid UTF-8 (no surrogates, no overlong forms, at most U+10FFFF) without NUL. */
bool utf8_valid(struct span text);
/* The longest prefix of at most `limit` bytes that ends between characters. */
size_t utf8_cut(struct span text, size_t limit);

/* Lower-case hexadecimal; `out` has 2 * length + 1 bytes. */
void hex_encode(struct span bytes, char *out);
/* False unless exactly 2 * length hexadecimal digits of either case. */
bool hex_decode(const char *text, uint8_t *out, size_t length);

/* Base64 with padding (RFC 4648 section 4), NUL-terminated: BASE64_SIZE(length) characters. */
#define BASE64_SIZE(length) (4 * (((size_t)(length) + 2) / 3) + 1)
void base64_encode(struct span bytes, char *out);
/* base64url without padding (RFC 4648 section 5), appended to `out`. */
void base64url_encode(struct span bytes, struct buffer *out);
/* False, with `out` as long as before, on any other character, bits left over that are not zero, or
 * a buffer that has failed. */
bool base64url_decode(struct span text, struct buffer *out);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cbor: deterministic CBOR (RFC 8949 section 4.2.1), the part of it that Sambung uses.
 *
 * Written: unsigned and negative integers, byte and text strings, arrays, maps, false, true, null.
 * Read: exactly that, in shortest form, definite lengths; floats, tags, other simple values and
 * indefinite lengths are refused. No memory is taken from a declared size: a declared count is
 * checked against the bytes that are left (an item takes at least one) and against the caller's
 * bound before it is believed. Map keys are read in strictly ascending canonical order.
 */
#ifndef SAMBUNG_PROTOCOL_CBOR_H
#define SAMBUNG_PROTOCOL_CBOR_H

#include "bytes.h"

#include <stdbool.h>
#include <stdint.h>

enum cbor_kind {
	CBOR_INTEGER,
	CBOR_BYTES,
	CBOR_TEXT,
	CBOR_ARRAY,
	CBOR_MAP,
	CBOR_BOOLEAN,
	CBOR_NULL
};

/* Writers: failures are remembered by the buffer. */
void cbor_put_uint(struct buffer *out, uint64_t value);
void cbor_put_int(struct buffer *out, int64_t value);
void cbor_put_bytes(struct buffer *out, struct span bytes);
void cbor_put_text(struct buffer *out, struct span text);
void cbor_put_array(struct buffer *out, size_t count);
void cbor_put_map(struct buffer *out, size_t pairs);
void cbor_put_bool(struct buffer *out, bool value);
void cbor_put_null(struct buffer *out);

/*
 * Readers move past one item (array and map: past its head) and return false, moving nothing, when
 * the next item is not of that kind, not in shortest form, out of range, or cut off.
 */
bool cbor_peek(const struct reader *in, enum cbor_kind *out);
bool cbor_get_uint(struct reader *in, uint64_t *out);
/* Also false when the value is above `limit`. */
bool cbor_get_uint_max(struct reader *in, uint64_t limit, uint64_t *out);
bool cbor_get_u32(struct reader *in, uint32_t *out);
bool cbor_get_int(struct reader *in, int64_t *out);
bool cbor_get_bytes(struct reader *in, struct span *out);
/* Exactly `length` bytes, copied. */
bool cbor_get_bytes_exact(struct reader *in, void *out, size_t length);
/* Valid UTF-8 without NUL. */
bool cbor_get_text(struct reader *in, struct span *out);
bool cbor_get_array(struct reader *in, size_t limit, size_t *count_out);
bool cbor_get_map(struct reader *in, size_t limit, size_t *pairs_out);
bool cbor_get_bool(struct reader *in, bool *out);
bool cbor_get_null(struct reader *in);
/* Moves past one whole item, nested at most 16 deep, checking its form; its bytes in *out. */
bool cbor_get_any(struct reader *in, struct span *out);

#endif

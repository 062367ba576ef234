/* SPDX-License-Identifier: Apache-2.0 */
/* column_parts: what the writer and the reader of columns share. Inside the protocol library. */
#ifndef SAMBUNG_PROTOCOL_COLUMN_PARTS_H
#define SAMBUNG_PROTOCOL_COLUMN_PARTS_H

enum {
	HEAD_SMALL_END = 0x80, /* below: a constant */
	HEAD_CONSTANT = 0x80,
	HEAD_PLAIN = 0x81,
	HEAD_DELTA = 0x82,
	HEAD_IDS = 0x83,
	FLAG_UNIT = 0x04,
	FLAG_NARROW = 0x08,
	VARINT_BITS = 7,
	VARINT_MORE = 0x80,
	WIDTH_MAX = 64,
	BYTE_BITS = 8,
	STREAM_BITS = 32,
};

#endif

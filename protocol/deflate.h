/* SPDX-License-Identifier: Apache-2.0 */
/* deflate: raw deflate with a preset dictionary; the only user of zlib here. */
#ifndef SAMBUNG_PROTOCOL_DEFLATE_H
#define SAMBUNG_PROTOCOL_DEFLATE_H

#include "bytes.h"

enum pack_method { PACK_STORED = 0, PACK_DEFLATE = 1 };

/* What messages are packed with. */
enum { DICTIONARY_NEWEST = 1 };

/* The dictionary of that number: 0 is the empty one, 1 is made by dictionary/train.py; false if it
 * is not known. */
bool dictionary_find(uint32_t number, struct span *out);

/* Appends raw deflate of `plain`, of which the last `noise` bytes are stored as they are; MEMORY or
 * the buffer's limit on failure. */
enum status deflate_pack(struct span plain, size_t noise, struct span dictionary,
			 struct buffer *out, struct error *err);
/* Appends at most `limit` bytes; LIMIT if there would be more (a zip bomb), MALFORMED if the
 * stream is damaged, cut off, or followed by a tail. */
enum status deflate_unpack(struct span packed, struct span dictionary, size_t limit,
			   struct buffer *out, struct error *err);

/* Appends `plain` in the way that makes it smallest, deflated or as it is; *method_out tells which.
 * Its last `noise` bytes are known not to compress. */
enum status pack_smaller(struct span plain, size_t noise, struct span dictionary,
			 struct buffer *out, enum pack_method *method_out, struct error *err);
/* Appends what was packed, at most `limit` bytes; UNSUPPORTED: unknown method or dictionary. */
enum status pack_open(uint8_t method, uint8_t dictionary, struct span packed, size_t limit,
		      struct buffer *out, struct error *err);

#endif

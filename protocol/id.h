/* SPDX-License-Identifier: Apache-2.0 */
/*
 * id: record ids and their text.
 *
 * A record id is 64 bits: the number of the stream (device, console user or import) that created it
 * in the high 32, the n of the creating change in the low 32. Stream numbers have 31 bits, so an id
 * is also a positive int64_t. 0 is no id.
 *
 * Text: `r`, Crockford base32 of the number in shortest form, one check symbol of the same
 * alphabet. Written in lower case; read in any case with o for 0 and i, l for 1.
 *
 * Check symbol: c = 0, then c = 2(c + d) in GF(32) with x^5 + x^2 + 1 for each digit d from the
 * left (Damm's scheme). It shows every single wrong symbol and every two that changed places.
 * (The number mod 31 would not: 32 mod 31 is 1, so it is a mere sum of digits, and z is 0.)
 */
#ifndef SAMBUNG_PROTOCOL_ID_H
#define SAMBUNG_PROTOCOL_ID_H

#include "bytes.h"

#include <stdbool.h>
#include <stdint.h>

enum { ID_TEXT_SIZE = 16 }; /* r + 13 + check + NUL */

uint64_t id_make(uint32_t stream, uint32_t n);
uint32_t id_stream(uint64_t id);
uint32_t id_n(uint64_t id);
bool id_valid(uint64_t id);
/* For qsort and bsearch of ids (uint64_t), ascending. */
int id_compare(const void *one, const void *other);
/* Sorts them, and leaves each once; how many these are. */
size_t id_unique(uint64_t *ids, size_t count);
/* Is it among `count` ids in ascending order? */
bool id_among(uint64_t id, const uint64_t *ids, size_t count);
/* `out` has ID_TEXT_SIZE bytes; returns out. */
char *id_format(uint64_t id, char *out);
/* Fails with NOT_ID (its form: first letter, length, leading zero) or MISTYPED_ID (a symbol that is
 * none, named by its place, or a check symbol that does not fit). */
enum status id_parse(const char *text, uint64_t *id_out, struct error *err);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cbor_oracle: another CBOR implementation (libcbor), to hold ours against.
 *
 * It lives behind a header of its own because libcbor has functions of the same names as ours.
 */
#ifndef SAMBUNG_TESTS_CBOR_ORACLE_H
#define SAMBUNG_TESTS_CBOR_ORACLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Reads the bytes as items that follow each other and writes them in diagnostic notation (RFC 8949
 * section 8) with ", " between them, byte and text strings both in hex:
 *     {1: [-2, h'00ff', t'6162', true, null]}
 * Returns how many items there are; 0 unless all bytes belong to items of the kinds that Sambung
 * uses and the text fits `size` bytes.
 */
size_t cbor_oracle_describe(const uint8_t *bytes, size_t length, char *out, size_t size);

/* True if the items, written again by libcbor, give the same bytes. */
bool cbor_oracle_rewrites_same(const uint8_t *bytes, size_t length);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* cbor_item: an item of hex digits in memory of exactly its size, for the tests of cbor. */
#ifndef SAMBUNG_TESTS_UNIT_CBOR_ITEM_H
#define SAMBUNG_TESTS_UNIT_CBOR_ITEM_H

#include "protocol/cbor.h"
#include "tests/exact.h"

#define COUNT(list) (sizeof(list) / sizeof(list)[0])

enum { ITEM_MAX = 128 };

struct item {
	uint8_t *bytes;
	struct reader reader;
};

static inline struct item
item_of(const char *hex)
{
	uint8_t bytes[ITEM_MAX] = {0};
	struct span span = span_of(bytes, strlen(hex) / 2);
	struct item item;

	assert_in_range(span.length, 0, sizeof bytes);
	assert_true(hex_decode(hex, bytes, span.length));
	item.bytes = exact_copy(span);
	item.reader = reader_of(span_of(item.bytes, span.length));
	return item;
}

static inline void
item_free(struct item *item)
{
	free(item->bytes);
}

#endif

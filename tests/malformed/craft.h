/* SPDX-License-Identifier: Apache-2.0 */
/* craft: CBOR taken apart into its items and put together otherwise, bytes that spoil it, and bytes
 * that were altered at random. */
#ifndef SAMBUNG_TESTS_MALFORMED_CRAFT_H
#define SAMBUNG_TESTS_MALFORMED_CRAFT_H

#include "dice.h"
#include "protocol/bytes.h"

enum { CRAFT_ITEMS_MAX = 64 };

/* The items of an array; of a map keys and values in turn. They borrow. */
struct craft {
	bool map;
	size_t count;
	struct span items[CRAFT_ITEMS_MAX];
};

/* Ends the program if it is neither. */
void craft_take(struct span bytes, struct craft *out);
/* The place of the value with this key; ends the program if there is none. */
size_t craft_value(const struct craft *map, uint64_t key);
void craft_remove(struct craft *craft, size_t place, size_t count);
void craft_insert(struct craft *craft, size_t place, struct span item);
/* Counts what it has, or claims another number. */
void craft_put(const struct craft *craft, struct buffer *out);
void craft_put_claiming(const struct craft *craft, uint64_t count, struct buffer *out);

/* Where an integer, a time, a hash or the fields of a change belong, none of these may stand. */
struct hostile {
	const char *bytes;
	size_t length;
	bool item; /* it is one of CBOR as Sambung uses it, only out of place */
};
const struct hostile *craft_hostile(struct dice *dice);
/* The same for the value of a field, which may be much. */
const struct hostile *craft_hostile_value(struct dice *dice);
struct span craft_span(const struct hostile *hostile);

/* A few bits flipped, bytes overwritten, put in, taken out or doubled; never the same again. */
void craft_alter(struct dice *dice, struct span bytes, struct buffer *out);

#endif

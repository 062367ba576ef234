/* SPDX-License-Identifier: Apache-2.0 */
#include "craft.h"

#include "protocol/cbor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BYTES(text) (text), sizeof(text) - 1

static const struct hostile hostiles[] = {
	{BYTES("\x61x"), true},
	{BYTES("\x43\x01\x02\x03"), true},
	{BYTES("\xf6"), true},
	{BYTES("\xf5"), true},
	{BYTES("\xa0"), true},
	{BYTES("\x81\x01"), true},
	{BYTES("\x1b\xff\xff\xff\xff\xff\xff\xff\xff"), true},
	{BYTES("\x3b\x7f\xff\xff\xff\xff\xff\xff\xff"), true},
	{BYTES("\xf9\x3c\x00"), false}, /* a float */
	{BYTES("\xfb\x40\x09\x21\xfb\x54\x44\x2d\x18"), false},
	{BYTES("\xc1\x01"), false},	/* a tag */
	{BYTES("\xf7"), false},		/* undefined */
	{BYTES("\xf8\xff"), false},	/* another simple value */
	{BYTES("\x9f\x01\xff"), false}, /* no end in sight */
	{BYTES("\x5f\x41\x01\xff"), false},
	{BYTES("\x7f\xff"), false},
	{BYTES("\x18\x01"), false}, /* longer than it need be */
	{BYTES("\x19\x00\x20"), false},
	{BYTES("\x1b\x00\x00\x00\x00\x00\x01\x00\x00"), false},
	{BYTES("\x58\x01\x00"), false},
	{BYTES("\x61\xff"), false}, /* not UTF-8 */
	{BYTES("\x62\xc0\x80"), false},
	{BYTES("\x63\xed\xa0\x80"), false},
	{BYTES("\x61\x00"), false},		/* U+0000 */
	{BYTES("\xa2\x01\x01\x01\x01"), false}, /* a key twice */
	{BYTES("\xa2\x02\x01\x01\x01"), false}, /* in another order */
	{BYTES("\x1c"), false},			/* reserved */
	{BYTES("\x9b\xff\xff\xff\xff\xff\xff\xff\xff"), false},
	{BYTES("\x5b\x7f\xff\xff\xff\xff\xff\xff\xff"), false},
	{BYTES("\xbb\x00\x00\x00\x01\x00\x00\x00\x00"), false},
	{BYTES("\x81\x81\x81\x81\x81\x81\x81\x81\x81\x81\x81\x81\x81\x81\x81\x81\x81\x01"), false},
};

static const struct hostile hostile_values[] = {
	{BYTES("\x43\x01\x02\x03"), true},
	{BYTES("\xa0"), true},
	{BYTES("\xa1\x01\x01"), true},
	{BYTES("\x80"), true},
	{BYTES("\x81\x01"), true},
	{BYTES("\x83\x01\x02\x03"), true},
	{BYTES("\x82\x61x\x61y"), true},
	{BYTES("\x82\x01\xf6"), true},
	{BYTES("\x82\x81\x01\x81\x01"), true},
	{BYTES("\x1b\xff\xff\xff\xff\xff\xff\xff\xff"), true},
	{BYTES("\x1b\x80\x00\x00\x00\x00\x00\x00\x00"), true},
	{BYTES("\x3b\x7f\xff\xff\xff\xff\xff\xff\xff"), true},
	{BYTES("\x3b\x40\x00\x00\x00\x00\x00\x00\x00"), true},
};

struct span
craft_span(const struct hostile *hostile)
{
	return span_of(hostile->bytes, hostile->length);
}

const struct hostile *
craft_hostile(struct dice *dice)
{
	return &DICE_PICK(dice, hostiles);
}

const struct hostile *
craft_hostile_value(struct dice *dice)
{
	return &DICE_PICK(dice, hostile_values);
}

/* ---- items ---- */

static void
demand(bool holds, const char *what)
{
	if (!holds) {
		(void)fprintf(stderr, "craft: %s\n", what);
		exit(2);
	}
}

void
craft_take(struct span bytes, struct craft *out)
{
	struct reader in = reader_of(bytes);
	size_t count = 0;

	out->map = cbor_get_map(&in, CRAFT_ITEMS_MAX / 2, &count);
	demand(out->map || cbor_get_array(&in, CRAFT_ITEMS_MAX, &count), "neither array nor map");
	out->count = out->map ? 2 * count : count;
	for (size_t i = 0; i < out->count; i++) {
		demand(cbor_get_any(&in, &out->items[i]), "an item");
	}
}

size_t
craft_value(const struct craft *map, uint64_t key)
{
	size_t place = 0;

	for (; place < map->count; place += 2) {
		struct reader in = reader_of(map->items[place]);
		uint64_t found;

		if (cbor_get_uint(&in, &found) && found == key) {
			break;
		}
	}
	demand(place < map->count, "no such key");
	return place + 1;
}

void
craft_remove(struct craft *craft, size_t place, size_t count)
{
	craft->count -= count;
	memmove(&craft->items[place], &craft->items[place + count],
		(craft->count - place) * sizeof craft->items[0]);
}

void
craft_insert(struct craft *craft, size_t place, struct span item)
{
	demand(craft->count < CRAFT_ITEMS_MAX, "room");
	memmove(&craft->items[place + 1], &craft->items[place],
		(craft->count - place) * sizeof craft->items[0]);
	craft->items[place] = item;
	craft->count++;
}

void
craft_put_claiming(const struct craft *craft, uint64_t count, struct buffer *out)
{
	if (craft->map) {
		cbor_put_map(out, (size_t)count);
	} else {
		cbor_put_array(out, (size_t)count);
	}
	for (size_t i = 0; i < craft->count; i++) {
		buffer_append_span(out, craft->items[i]);
	}
}

void
craft_put(const struct craft *craft, struct buffer *out)
{
	craft_put_claiming(craft, craft->map ? craft->count / 2 : craft->count, out);
}

/* ---- at random ---- */

static void
alter_once(struct dice *dice, struct buffer *bytes)
{
	size_t at = dice_below(dice, bytes->length);
	size_t left = bytes->length - at;
	size_t some = 1 + dice_below(dice, left < 8 ? left : 8);

	switch (dice_below(dice, 8)) {
	case 0: /* taken out */
		memmove(bytes->at + at, bytes->at + at + some, left - some);
		bytes->length -= some;
		break;
	case 1: /* doubled */
		if (buffer_extend(bytes, some) != NULL) {
			memmove(bytes->at + at + some, bytes->at + at, left);
		}
		break;
	case 2: /* put in */
		if (buffer_extend(bytes, 1) != NULL) {
			memmove(bytes->at + at + 1, bytes->at + at, left);
			bytes->at[at] = (uint8_t)dice_roll(dice);
		}
		break;
	case 3:
		bytes->at[at] = (uint8_t)dice_roll(dice);
		break;
	default:
		bytes->at[at] ^= (uint8_t)(1U << dice_below(dice, 8));
		break;
	}
}

void
craft_alter(struct dice *dice, struct span bytes, struct buffer *out)
{
	do {
		buffer_clear(out);
		buffer_append_span(out, bytes);
		for (size_t left = 1 + dice_below(dice, 3); left > 0 && out->length > 0; left--) {
			alter_once(dice, out);
		}
	} while (span_equal(buffer_span(out), bytes));
}

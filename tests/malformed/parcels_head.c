/* SPDX-License-Identifier: Apache-2.0 */
/* Heads that are wrong, signed, around a body that is not; and heads that lie. */
#include "parcels.h"
#include "protocol/cbor.h"

#include <string.h>

enum {
	ITEM_DEVICE = 0,
	ITEM_CURSOR = 3,
	ITEM_FIRST_N = 4,
	ITEM_COUNT = 5,
	ITEM_MORE_N = 6,
	ITEM_WITNESS_SIZE = 8,
	ITEM_WITNESS_ROOT = 9,
	ITEM_WALL = 10,
	ITEM_SHIFT = 11,
	ITEM_SCHEMA_HASH = 15,
	ITEMS = 19,
	HEAD_MAX = 8192,
};

static const uint64_t malformed = REFUSAL(MALFORMED);

/* The head of what is in the request, taken apart; its bytes are in `bytes`. */
static void
take_head(const struct sender *sender, struct buffer *bytes, struct craft *out)
{
	buffer_init(bytes, HEAD_MAX);
	request_head_encode(&sender->forge->head, bytes);
	craft_take(buffer_span(bytes), out);
}

static void
put_head(struct sender *sender, const struct craft *items, const struct wanted *wanted)
{
	struct buffer bytes;
	struct span head;

	buffer_init(&bytes, HEAD_MAX);
	craft_put(items, &bytes);
	head = buffer_span(&bytes);
	sender_seal(sender, &head, NULL, wanted);
	buffer_finish(&bytes);
}

static void
hostile_item(struct sender *sender)
{
	const struct hostile *hostile = craft_hostile(&sender->dice);
	const struct wanted wanted = {.what = "an item of the head that is another",
				      .fate = hostile->item ? FATE_REFUSED : FATE_PLAIN,
				      .refusals = malformed};
	struct buffer bytes;
	struct craft items;

	sender_honest(sender);
	take_head(sender, &bytes, &items);
	items.items[dice_below(&sender->dice, items.count)] = craft_span(hostile);
	put_head(sender, &items, &wanted);
	buffer_finish(&bytes);
}

/* Numbers and cursors that are CBOR but cannot be. */
static void
impossible_item(struct sender *sender)
{
	static const struct {
		size_t item;
		const char *bytes;
		size_t length;
	} cases[] = {
		{ITEM_DEVICE, "\x00", 1},
		{ITEM_DEVICE, "\x1a\x80\x00\x00\x00", 5},
		{1, "\x1b\x00\x00\x00\x01\x00\x00\x00\x00", 9},
		{2, "\x1b\x80\x00\x00\x00\x00\x00\x00\x00", 9},
		{ITEM_CURSOR, "\x1b\x80\x00\x00\x00\x00\x00\x00\x00", 9},
		{ITEM_CURSOR, "\x80", 1},
		{ITEM_CURSOR, "\x82\x00\x00", 3},
		{ITEM_CURSOR, "\x84\x00\x00\x00\x00", 5},
		{ITEM_CURSOR, "\x83\x00\x00\x20", 4},
		{ITEM_CURSOR, "\x83\x00\x1b\x80\x00\x00\x00\x00\x00\x00\x00\x00", 12},
		{ITEM_CURSOR, "\x83\x05\x05\x1b\x7f\xff\xff\xff\xff\xff\xff\xff",
		 12}, /* finished */
		{ITEM_CURSOR, "\x83\x00\x00\x1b\x7f\xff\xff\xff\xff\xff\xff\xff", 12},
		{ITEM_FIRST_N, "\x00", 1},
		{ITEM_FIRST_N, "\x1a\x80\x00\x00\x00", 5},
		{ITEM_COUNT, "\x19\x10\x01", 3},
		{ITEM_COUNT, "\x1a\xff\xff\xff\xff", 5},
		{ITEM_MORE_N, "\x1a\x7f\xff\xff\xff", 5},
		{ITEM_MORE_N, "\x20", 1},
		{ITEM_WITNESS_SIZE, "\x05", 1}, /* and no root */
		{ITEM_WITNESS_ROOT, "\x48\x01\x02\x03\x04\x05\x06\x07\x08", 9},
		{ITEM_WALL, "\x1b\x00\x00\x00\x3a\xff\xf4\x41\x80", 9},
		{ITEM_SHIFT, "\x3b\x00\x00\x00\x3a\xff\xf4\x41\x7f", 9},
		{ITEM_SCHEMA_HASH, "\x48\x01\x02\x03\x04\x05\x06\x07\x08", 9},
		{17, "\x1b\x00\x00\x00\x01\x00\x00\x00\x00", 9},
		{18, "\x20", 1},
	};
	static const struct wanted wanted = {.what = "a number of the head that cannot be",
					     .fate = FATE_REFUSED,
					     .refusals = malformed};
	size_t which = dice_below(&sender->dice, sizeof cases / sizeof cases[0]);
	struct buffer bytes;
	struct craft items;

	sender_honest(sender);
	take_head(sender, &bytes, &items);
	items.items[cases[which].item] = span_of(cases[which].bytes, cases[which].length);
	put_head(sender, &items, &wanted);
	buffer_finish(&bytes);
}

/* More items, fewer, none, a count that lies, or a map. */
static void
other_shape(struct sender *sender)
{
	static const struct wanted refused = {
		.what = "a head with other items", .fate = FATE_REFUSED, .refusals = malformed};
	static const struct wanted plain = {.what = "a head whose count lies", .fate = FATE_PLAIN};
	static const uint8_t key[33] = {0x58, 31};
	struct buffer bytes;
	struct buffer lying;
	struct craft items;
	struct span head;

	sender_honest(sender);
	take_head(sender, &bytes, &items);
	switch (dice_below(&sender->dice, 7)) {
	case 0:
		craft_remove(&items, dice_below(&sender->dice, ITEMS), 1);
		put_head(sender, &items, &refused);
		break;
	case 1:
		items.count = dice_below(&sender->dice, ITEMS);
		put_head(sender, &items, &refused);
		break;
	case 2: /* an empty certificate */
		craft_insert(&items, ITEMS, span_of("\x40", 1));
		put_head(sender, &items, &refused);
		break;
	case 3: /* a continuing key with changes, too short, or without what follows it */
		craft_insert(&items, ITEMS, span_of("\x40", 1));
		craft_insert(&items, ITEMS + 1, span_of(key, sizeof key));
		if (dice_below(&sender->dice, 2) == 0) {
			craft_insert(&items, ITEMS + 2, span_of("\x00", 1));
		}
		put_head(sender, &items, &refused);
		break;
	case 4:
		craft_insert(&items, dice_below(&sender->dice, ITEMS + 1), span_of("\x01", 1));
		put_head(sender, &items, &refused);
		break;
	case 5:
		items.map = true;
		items.count = 0;
		put_head(sender, &items, &refused);
		break;
	default:
		/* The body is taken for items, and is none: it begins with its method. */
		buffer_init(&lying, HEAD_MAX);
		craft_put_claiming(&items, UINT64_MAX, &lying);
		head = buffer_span(&lying);
		sender_seal(sender, &head, NULL, &plain);
		buffer_finish(&lying);
		break;
	}
	buffer_finish(&bytes);
}

/* Honest in form. What it says of its changes does not fit what is there, or the log. */
static void
lie_of_changes(struct sender *sender)
{
	static const struct wanted counts = {.what = "a head that counts other changes",
					     .fate = FATE_REFUSED,
					     .refusals = malformed};
	static const struct wanted gap = {.what = "a head that leaves changes out",
					  .fate = FATE_REFUSED,
					  .refusals = REFUSAL(GAP)};
	static const struct wanted chain = {.what = "a chain that leads elsewhere",
					    .fate = FATE_REFUSED,
					    .refusals = REFUSAL(FORK)};
	static const struct wanted stranger = {.what = "another device's number",
					       .fate = FATE_REFUSED,
					       .refusals = REFUSAL(FOREIGN) | REFUSAL(SIGNATURE)};
	struct request_head *head = &sender->forge->head;
	struct dice *dice = &sender->dice;

	sender_honest(sender);
	switch (dice_below(dice, 6)) {
	case 0:
		head->count = 2 + (uint32_t)dice_below(dice, 4000);
		head->known_n = head->first_n + head->count;
		sender_seal(sender, NULL, NULL, &counts);
		break;
	case 1:
		head->count = 0;
		sender_seal(sender, NULL, NULL, &counts);
		break;
	case 2:
		head->first_n += 1 + (uint32_t)dice_below(dice, 1000000);
		head->known_n = head->first_n;
		sender_seal(sender, NULL, NULL, &gap);
		break;
	case 3:
		head->h_last[dice_below(dice, HASH_SIZE)] ^= (uint8_t)(1 + dice_below(dice, 255));
		sender_seal(sender, NULL, NULL, &chain);
		break;
	case 4:
		head->device = sender->other->device;
		sender_seal(sender, NULL, NULL, &stranger);
		break;
	default:
		head->device ^= 1 + (uint32_t)dice_below(dice, 0xffff);
		sender_seal(sender, NULL, NULL, &stranger);
		break;
	}
}

/* Whatever a head says of the rest, a request without changes brings nothing. */
static void
lie_of_the_rest(struct sender *sender)
{
	static const struct wanted nothing = {.what = "a head that lies", .fate = FATE_NOTHING};
	struct request_head *head = &sender->forge->head;
	struct dice *dice = &sender->dice;

	forge_drop(sender->forge);
	forge_head(sender->forge);
	head->room = (uint32_t)DICE_PICK(dice, ((const uint32_t[]){0, 1, 2048, UINT32_MAX}));
	head->cursor = (struct cursor){dice_roll(dice) >> (1 + dice_below(dice, 63)),
				       dice_roll(dice) >> (1 + dice_below(dice, 63)),
				       dice_roll(dice) >> (1 + dice_below(dice, 63))};
	head->witness_size = dice_roll(dice) >> (1 + dice_below(dice, 63));
	memset(head->witness_root, (int)dice_below(dice, 256), sizeof head->witness_root);
	if (head->witness_size == 0) {
		memset(head->witness_root, 0, sizeof head->witness_root);
	}
	head->scope_version = dice_roll(dice) >> (1 + dice_below(dice, 63));
	head->schema_held = (uint32_t)dice_roll(dice);
	head->clock_shift = -CHANGE_TIME_MAX;
	head->clock_quality = (uint32_t)dice_roll(dice);
	/* All but the one by which a phone takes its leave for ever. */
	head->programme = (uint32_t)dice_roll(dice) & ~(uint32_t)PROGRAMME_DESTROYED;
	if (dice_below(dice, 4) == 0) {
		/* Another epoch's: it is told the present one. */
		head->epoch ^= 1 + (uint32_t)dice_below(dice, 0xffff);
	}
	sender_seal(sender, NULL, NULL, &nothing);
}

/* It asks to go on under another number, and may not: as another device, or with a change that the
 * log does not have. */
static void
wrong_continuation(struct sender *sender)
{
	static const struct wanted taken = {.what = "going on with another device's key",
					    .fate = FATE_REFUSED,
					    .refusals = REFUSAL(FORK)};
	static const struct wanted beyond = {.what = "going on after the end of the log",
					     .fate = FATE_REFUSED,
					     .refusals = REFUSAL(GAP)};
	struct forge *forge = sender->forge;
	struct request_head *head = &forge->head;

	forge_drop(forge);
	forge_head(forge);
	head->continues = true;
	memcpy(head->continuing_key, sender->other->public_key, sizeof head->continuing_key);
	if (dice_below(&sender->dice, 2) == 0) {
		sender_seal(sender, NULL, NULL, &taken);
	} else {
		head->continuing_n = forge->acked_n + 1 + (uint32_t)dice_below(&sender->dice, 999);
		sender_seal(sender, NULL, NULL, &beyond);
	}
}

/* A certificate of another device, of nobody, or altered, under its own number or an unknown one.
 */
static void
wrong_certificate(struct sender *sender)
{
	static const struct wanted stranger = {.what = "a certificate that is not its own",
					       .fate = FATE_REFUSED,
					       .refusals = REFUSAL(FOREIGN)};
	/* A device that is known by its number needs none. */
	static const struct wanted known = {.what = "a certificate that nobody asked for",
					    .fate = FATE_NOTHING};
	struct forge *forge = sender->forge;
	const struct forge *whose = dice_below(&sender->dice, 2) == 0 ? forge : sender->other;
	struct buffer card;
	bool own_number = dice_below(&sender->dice, 3) == 0;

	buffer_init(&card, HEAD_MAX);
	buffer_append(&card, whose->card, whose->card_length);
	if (dice_below(&sender->dice, 2) == 0) {
		craft_alter(&sender->dice, span_of(whose->card, whose->card_length), &card);
	}
	forge_drop(forge);
	forge_head(forge);
	forge->head.room = 2048;
	forge->head.scope_version = 0;
	forge->head.certificate = buffer_span(&card);
	if (!own_number) {
		forge->head.device ^= 1 + (uint32_t)dice_below(&sender->dice, 0xffff);
	}
	sender_seal(sender, NULL, NULL, own_number ? &known : &stranger);
	forge->head.certificate = span_of(NULL, 0);
	buffer_finish(&card);
}

/* Would it be taken for a head that says good-bye, or asks for another number? What follows its
 * item belongs to the body. */
static bool
is_grave(struct span bytes)
{
	struct reader in = reader_of(bytes);
	struct request_head read;
	struct span item;

	return cbor_get_any(&in, &item) && request_head_decode(item, &read) &&
	       (read.continues || (read.programme & PROGRAMME_DESTROYED) != 0);
}

static void
altered_head(struct sender *sender)
{
	static const struct wanted any = {.what = "a head altered at random", .fate = FATE_ANY};
	static const struct span no_body = {NULL, 0};
	struct buffer bytes;
	struct buffer altered;
	struct span head;

	forge_drop(sender->forge);
	forge_head(sender->forge);
	sender->forge->head.room = 2048;
	buffer_init(&bytes, HEAD_MAX);
	buffer_init(&altered, HEAD_MAX);
	request_head_encode(&sender->forge->head, &bytes);
	do {
		craft_alter(&sender->dice, buffer_span(&bytes), &altered);
		head = buffer_span(&altered);
	} while (is_grave(head));
	sender_seal(sender, &head, &no_body, &any);
	buffer_finish(&altered);
	buffer_finish(&bytes);
}

void
wrong_head(struct sender *sender)
{
	static void (*const makers[])(struct sender *) = {
		hostile_item,	    hostile_item,      impossible_item,
		other_shape,	    lie_of_changes,    lie_of_the_rest,
		wrong_continuation, wrong_certificate, altered_head,
	};

	DICE_PICK(&sender->dice, makers)(sender);
}

void
farewell(struct sender *sender)
{
	static const struct wanted wanted = {.what = "a device that takes its leave",
					     .fate = FATE_REFUSED,
					     .refusals = REFUSAL(REVOKED)};

	for (unsigned again = 0; again < 3; again++) {
		forge_drop(sender->forge);
		forge_head(sender->forge);
		sender->forge->head.programme = UINT32_MAX;
		sender_seal(sender, NULL, NULL, &wanted);
	}
}

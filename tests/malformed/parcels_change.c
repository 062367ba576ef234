/* SPDX-License-Identifier: Apache-2.0 */
/* Changes that are wrong, signed, chained and cut as they should be: what is a map goes to
 * quarantine with its reason, what is none makes the body malformed. */
#include "parcels.h"
#include "protocol/cbor.h"

#include <string.h>

enum {
	KEY_N = 1,
	KEY_RECORD = 3,
	KEY_TYPE = 4,
	KEY_SCOPE = 6,
	KEY_OWN = 8,
	KEY_TIME = 9,
	KEY_FIELDS = 11,
	FAMILY_HEAD = 2,
	BODY_MAX = 2 * CHANGE_BYTES_MAX,
	LONG_TEXT = 16385,
	SMALL = 16,
};

static const struct wanted undecodable = {
	.what = "a map that is no change", .fate = FATE_ASIDE, .reason = QUARANTINE_MALFORMED};
static const struct wanted uncuttable = {.what = "a change that is not one item",
					 .fate = FATE_REFUSED,
					 .refusals = REFUSAL(MALFORMED)};

/* The change as the request's only one, whether it can be cut or not. */
static void
post_change(struct sender *sender, struct span change, const struct wanted *wanted)
{
	struct forge *forge = sender->forge;
	struct buffer body;
	struct span bytes;

	forge_drop(forge);
	forge_add_bytes(forge, change.at, change.length);
	forge_head(forge);
	forge->head.room = 4096;
	buffer_init(&body, BODY_MAX);
	buffer_append(&body, "\x00\x00\x00", 3);
	cbor_put_array(&body, 1);
	cbor_put_array(&body, 2);
	cbor_put_uint(&body, forge->acked_n + 1);
	cbor_put_bytes(&body, span_of(forge->batch.seed, SEED_SIZE));
	cbor_put_uint(&body, 1);
	buffer_append_span(&body, forge->changes[0]);
	bytes = buffer_span(&body);
	/* Packed by the forge where it can be, so that columns are tried as well. */
	sender_seal(sender, NULL,
		    wanted->fate == FATE_ASIDE && dice_below(&sender->dice, 2) == 0 ? NULL : &bytes,
		    wanted);
	buffer_finish(&body);
}

static void
post_items(struct sender *sender, const struct craft *items, const struct wanted *wanted)
{
	struct buffer change;

	buffer_init(&change, BODY_MAX);
	craft_put(items, &change);
	post_change(sender, buffer_span(&change), wanted);
	buffer_finish(&change);
}

/* A change that would be merged, with all keys that it may have, taken apart. */
static void
take_change(struct sender *sender, struct craft *out)
{
	sender_honest(sender);
	craft_take(sender->forge->changes[0], out);
}

static const struct wanted *
judged(const struct hostile *hostile)
{
	return hostile->item ? &undecodable : &uncuttable;
}

static void
hostile_part(struct sender *sender)
{
	const struct hostile *hostile = craft_hostile(&sender->dice);
	struct craft items;

	take_change(sender, &items);
	items.items[1 + 2 * dice_below(&sender->dice, items.count / 2)] = craft_span(hostile);
	post_items(sender, &items, judged(hostile));
}

/* Among the keys that may be left out, in their place. */
static void
hostile_option(struct sender *sender)
{
	static const char *const keys[] = {"\x02", "\x07", "\x08", "\x0a", "\x0c", "\x0d"};
	static const uint8_t places[] = {1, 5, 5, 6, 7, 7};
	const struct hostile *hostile = craft_hostile(&sender->dice);
	size_t which = dice_below(&sender->dice, sizeof places);
	struct craft items;

	take_change(sender, &items);
	craft_insert(&items, 2U * places[which], span_of(keys[which], 1));
	craft_insert(&items, 2U * places[which] + 1, craft_span(hostile));
	post_items(sender, &items, judged(hostile));
}

/* A key that may be left out with a value that it cannot have, or must be left out for. */
static void
impossible_option(struct sender *sender)
{
	static const struct {
		uint8_t key;
		uint8_t place;
		const char *bytes;
		size_t length;
	} cases[] = {
		{2, 1, "\x00", 1},
		{2, 1, "\x1b\x00\x00\x00\x01\x00\x00\x00\x00", 9},
		{7, 5, "\x82\x00\x05", 3},
		{7, 5, "\x82\x01\x1b\x80\x00\x00\x00\x00\x00\x00\x00", 11},
		{7, 5, "\x83\x01\x01\x01", 4},
		{8, 5, "\x1a\x7f\xff\xff\xff", 5}, /* own above n */
		{8, 5, "\x82\x00\x05", 3},
		{8, 5, "\x82\x1a\x80\x00\x00\x00\x05", 7},
		{8, 5, "\x82\x05\x1a\x80\x00\x00\x00", 7},
		{8, 5, NULL, 0}, /* n - 1, which is said by leaving it out */
		{10, 6, "\x00", 1},
		{12, 7, "\x82\x05\x05", 3}, /* and no first hash */
		{12, 7, "\x82\x05\x00", 3},
		{13, 7, "\x58\x20xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", 34}, /* and no was */
	};
	size_t which = dice_below(&sender->dice, sizeof cases / sizeof cases[0]);
	struct buffer own;
	struct craft items;

	take_change(sender, &items);
	buffer_init(&own, SMALL);
	cbor_put_uint(&own, sender->forge->acked_n);
	craft_insert(&items, 2U * cases[which].place, span_of(&cases[which].key, 1));
	craft_insert(&items, 2U * cases[which].place + 1,
		     cases[which].bytes == NULL ? buffer_span(&own)
						: span_of(cases[which].bytes, cases[which].length));
	post_items(sender, &items, &undecodable);
	buffer_finish(&own);
}

/* A number beyond its bounds, or what says a default. */
static void
impossible_number(struct sender *sender)
{
	static const struct {
		uint64_t key;
		const char *bytes;
		size_t length;
	} cases[] = {
		{KEY_N, "\x00", 1},
		{KEY_N, "\x1a\x80\x00\x00\x00", 5},
		{KEY_N, "\x1a\x7f\xff\xff\xff", 5}, /* another n */
		{KEY_RECORD, "\x00", 1},
		{KEY_RECORD, "\x01", 1},				 /* of stream 0 */
		{KEY_RECORD, "\x1b\x00\x00\x00\x01\x00\x00\x00\x00", 9}, /* n 0 */
		{KEY_RECORD, "\x1b\x80\x00\x00\x00\x00\x00\x00\x01", 9},
		{KEY_TYPE, "\x00", 1},
		{KEY_TYPE, "\x1a\x00\x01\x00\x00", 5},
		{5, "\x1b\x00\x00\x00\x01\x00\x00\x00\x00", 9},
		{KEY_SCOPE, "\x1b\x80\x00\x00\x00\x00\x00\x00\x00", 9},
		{KEY_TIME, "\x1b\x00\x00\x00\x3a\xff\xf4\x41\x80", 9},
		{KEY_TIME, "\x3b\x00\x00\x00\x3a\xff\xf4\x41\x7f", 9},
		{KEY_FIELDS, "\xa1\x00\x01", 3},
		{KEY_FIELDS, "\xa1\x1a\x00\x01\x00\x00\x01", 7},
		{KEY_FIELDS, "\xa1\x3a\x00\x01\x00\x00\x01", 7},
		{KEY_FIELDS, "\xa1\x61x\x01", 4},
		{KEY_FIELDS, "\xa1\xf6\x01", 3},
	};
	size_t which = dice_below(&sender->dice, sizeof cases / sizeof cases[0]);
	struct craft items;

	take_change(sender, &items);
	items.items[craft_value(&items, cases[which].key)] =
		span_of(cases[which].bytes, cases[which].length);
	post_items(sender, &items, &undecodable);
}

/* Keys that are missing, unknown, twice or in another order. */
static void
other_keys(struct sender *sender)
{
	static const char *const strangers[] = {"\x0e", "\x18\x63", "\x20", "\x61x", "\x17"};
	struct craft items;
	size_t at;

	take_change(sender, &items);
	at = 2 * dice_below(&sender->dice, items.count / 2);
	switch (dice_below(&sender->dice, 4)) {
	case 0:
		craft_remove(&items, at, 2);
		post_items(sender, &items, &undecodable);
		break;
	case 1: {
		const char *key = DICE_PICK(&sender->dice, strangers);

		craft_insert(&items, items.count, span_of_text(key));
		craft_insert(&items, items.count, span_of("\x01", 1));
		post_items(sender, &items, &undecodable);
		break;
	}
	case 2:
		craft_insert(&items, at, items.items[at + 1]);
		craft_insert(&items, at, items.items[at + 1]);
		post_items(sender, &items, &uncuttable);
		break;
	default: {
		struct span key = items.items[0];

		items.items[0] = items.items[2];
		items.items[2] = key;
		post_items(sender, &items, &uncuttable);
		break;
	}
	}
}

/* A count of pairs that lies: what follows the change belongs to it, or the other way round. */
static void
lying_count(struct sender *sender)
{
	static const uint64_t counts[] = {0, 1, 6, 8, 13, 14, 255, 65536, UINT32_MAX, UINT64_MAX};
	struct craft items;
	struct buffer change;

	take_change(sender, &items);
	buffer_init(&change, BODY_MAX);
	craft_put_claiming(&items, DICE_PICK(&sender->dice, counts), &change);
	post_change(sender, buffer_span(&change), &uncuttable);
	buffer_finish(&change);
}

/* ---- fields ---- */

static void
hostile_field(struct sender *sender)
{
	const struct hostile *hostile = craft_hostile_value(&sender->dice);
	struct craft items;
	struct craft fields;
	struct buffer map;

	take_change(sender, &items);
	craft_take(items.items[craft_value(&items, KEY_FIELDS)], &fields);
	fields.items[1 + 2 * dice_below(&sender->dice, fields.count / 2)] = craft_span(hostile);
	buffer_init(&map, BODY_MAX);
	craft_put(&fields, &map);
	items.items[craft_value(&items, KEY_FIELDS)] = buffer_span(&map);
	post_items(sender, &items, &undecodable);
	buffer_finish(&map);
}

/* Too long a text, too many fields, or too large a change. */
static void
too_much(struct sender *sender)
{
	static char text[LONG_TEXT];
	size_t kind = dice_below(&sender->dice, 3);
	struct craft items;
	struct buffer map;

	memset(text, 'x', sizeof text);
	take_change(sender, &items);
	buffer_init(&map, BODY_MAX);
	if (kind == 0) {
		cbor_put_map(&map, 1);
		cbor_put_uint(&map, FAMILY_HEAD);
		cbor_put_text(&map, span_of(text, sizeof text));
	} else {
		size_t count =
			kind == 1 ? CHANGE_FIELDS_MAX + 1 + dice_below(&sender->dice, 999) : 5;

		cbor_put_map(&map, count);
		for (size_t tag = 1; tag <= count; tag++) {
			cbor_put_uint(&map, tag);
			cbor_put_text(&map, span_of(text, kind == 1 ? 0 : sizeof text - 1));
		}
	}
	items.items[craft_value(&items, KEY_FIELDS)] = buffer_span(&map);
	post_items(sender, &items, kind == 2 ? &uncuttable : &undecodable);
	buffer_finish(&map);
}

/* ---- changes in every form, which cannot be merged ---- */

enum twist {
	TWIST_N,
	TWIST_OWN_STREAM,
	TWIST_KIND,
	TWIST_TYPE,
	TWIST_SCHEMA,
	TWIST_VALUE,
	TWIST_DATE,
	TWIST_INCOMPLETE,
	TWIST_VILLAGE,
	TWIST_NO_VILLAGE,
	TWIST_RECORD,
	TWIST_OTHERS_RECORD,
	TWIST_OTHERS_STREAM,
	TWIST_COUNT
};

static const struct {
	uint32_t reason;
	const char *what;
} twists[TWIST_COUNT] = {
	[TWIST_N] = {QUARANTINE_MALFORMED, "another n"},
	[TWIST_OWN_STREAM] = {QUARANTINE_MALFORMED, "its own number in own"},
	[TWIST_KIND] = {QUARANTINE_UNKNOWN_KIND, "an unknown kind"},
	[TWIST_TYPE] = {QUARANTINE_UNKNOWN_TYPE, "an unknown type"},
	[TWIST_SCHEMA] = {QUARANTINE_UNKNOWN_SCHEMA, "an unknown schema version"},
	[TWIST_VALUE] = {QUARANTINE_INVALID, "a number for a name"},
	[TWIST_DATE] = {QUARANTINE_INVALID, "a day after the year 9999"},
	[TWIST_INCOMPLETE] = {QUARANTINE_INCOMPLETE, "no name"},
	[TWIST_VILLAGE] = {QUARANTINE_OUT_OF_SCOPE, "another village"},
	[TWIST_NO_VILLAGE] = {QUARANTINE_INVALID, "a village that is none"},
	[TWIST_RECORD] = {QUARANTINE_UNKNOWN_RECORD, "a record nobody knows"},
	[TWIST_OTHERS_RECORD] = {QUARANTINE_UNKNOWN_RECORD, "a record that another is to make"},
	[TWIST_OTHERS_STREAM] = {QUARANTINE_INVALID, "what another stream had seen"},
};

enum { FAMILY_DATE = 20 };

static void
twist_change(struct sender *sender, enum twist twist, struct change *change)
{
	struct dice *dice = &sender->dice;

	change->n = twist == TWIST_N ? change->n + 1 + (uint32_t)dice_below(dice, 99) : change->n;
	change->kind = twist == TWIST_KIND ? 1 + 2 * (uint32_t)dice_below(dice, 1000) : 0;
	change->type =
		twist == TWIST_TYPE ? 1000 + (uint32_t)dice_below(dice, 60000) : change->type;
	if (twist == TWIST_SCHEMA) {
		change->schema_version = 100 + (uint32_t)dice_below(dice, 1000000);
	} else if (twist == TWIST_OWN_STREAM || twist == TWIST_OTHERS_STREAM) {
		change->own_stream =
			twist == TWIST_OWN_STREAM ? sender->forge->device : sender->other->device;
		change->own_n = (uint32_t)dice_below(dice, 1000);
	} else if (twist == TWIST_VALUE) {
		change->fields[0].value = value_integer((int64_t)dice_below(dice, 1000));
	} else if (twist == TWIST_INCOMPLETE) {
		change->fields++;
		change->field_count = 1;
	} else if (twist == TWIST_VILLAGE) {
		change->fields[1].value =
			value_integer(sender->village + 1 + (int64_t)dice_below(dice, 20));
	} else if (twist == TWIST_NO_VILLAGE) {
		change->fields[1].value = value_integer(-1 - (int64_t)dice_below(dice, 1000));
	} else if (twist == TWIST_RECORD) {
		change->record = id_make(77, 77);
		change->base = (struct base){sender->forge->epoch, INT64_MAX};
	} else if (twist == TWIST_OTHERS_RECORD) {
		/* Far from what it will make: else it would be merged when that arrives. */
		change->record = id_make(sender->other->device,
					 1000000000 + (uint32_t)dice_below(dice, 1000));
	}
}

static void
twisted(struct sender *sender)
{
	size_t which = dice_below(&sender->dice, TWIST_COUNT);
	enum twist twist = (enum twist)which;
	const struct wanted wanted = {
		.what = twists[twist].what, .fate = FATE_ASIDE, .reason = twists[twist].reason};
	struct change_field fields[3];
	struct change change;
	struct buffer bytes;

	forge_drop(sender->forge);
	change = forge_family(sender->forge, sender->village, fields);
	if (twist == TWIST_DATE) {
		/* The second of three: tags ascend, and the village's is below 0. */
		fields[2] = fields[1];
		fields[1] = (struct change_field){FAMILY_DATE, value_integer(INT64_C(1) << 40)};
		change.field_count = 3;
	}
	twist_change(sender, twist, &change);
	buffer_init(&bytes, CHANGE_BYTES_MAX);
	change_encode(&change, &bytes);
	post_change(sender, buffer_span(&bytes), &wanted);
	buffer_finish(&bytes);
}

void
wrong_change(struct sender *sender)
{
	static void (*const makers[])(struct sender *) = {
		hostile_part, hostile_part,	 hostile_option, impossible_number,
		other_keys,   impossible_option, lying_count,	 hostile_field,
		too_much,     twisted,		 twisted,
	};

	DICE_PICK(&sender->dice, makers)(sender);
}

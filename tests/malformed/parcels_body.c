/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies that are wrong, signed: packing, batches, counts, columns; and bodies altered at random.
 */
#include "parcels.h"
#include "protocol/cbor.h"
#include "protocol/columns.h"
#include "protocol/deflate.h"

#include <stdlib.h>
#include <string.h>

enum { BODY_MAX = 2 * PARCEL_REQUEST_MAX, BOMB = 3 * MESSAGE_BODY_MAX };

static const uint64_t malformed = REFUSAL(MALFORMED);

static void
post_body(struct sender *sender, const struct buffer *bytes, const struct wanted *wanted)
{
	struct span body = buffer_span(bytes);

	sender_seal(sender, NULL, &body, wanted);
}

static enum pack_method
some_method(struct sender *sender)
{
	return dice_below(&sender->dice, 2) == 0 ? PACK_STORED : PACK_DEFLATE;
}

/* An honest body of what is in the request, packed with this method and rows. */
static void
pack_rows(struct sender *sender, enum pack_method method, struct buffer *out)
{
	struct forge *forge = sender->forge;
	struct span dictionary = {NULL, 0};
	struct buffer plain;

	buffer_init(&plain, BODY_MAX);
	cbor_put_array(&plain, 1);
	cbor_put_array(&plain, 2);
	cbor_put_uint(&plain, forge->acked_n + forge->change_count);
	cbor_put_bytes(&plain, span_of(forge->batch.seed, SEED_SIZE));
	cbor_put_uint(&plain, forge->change_count);
	for (size_t i = 0; i < forge->change_count; i++) {
		buffer_append_span(&plain, forge->changes[i]);
	}
	buffer_append_byte(out, (uint8_t)method);
	buffer_append_byte(out, CODING_PLAIN);
	buffer_append_byte(out, method == PACK_DEFLATE ? DICTIONARY_NEWEST : 0);
	if (method == PACK_DEFLATE && dictionary_find(DICTIONARY_NEWEST, &dictionary)) {
		(void)deflate_pack(buffer_span(&plain), 0, dictionary, out, NULL);
	} else {
		buffer_append_span(out, buffer_span(&plain));
	}
	buffer_finish(&plain);
}

/* The same as columns, unless they cannot say it. */
static void
pack_columns(struct sender *sender, struct buffer *out)
{
	static const uint32_t groups[FORGE_CHANGES_MAX];
	struct forge *forge = sender->forge;
	struct buffer heads;
	struct buffer bits;

	buffer_init(&heads, BODY_MAX);
	buffer_init(&bits, BODY_MAX);
	if (columns_put(forge->changes, groups, forge->change_count, &heads, &bits, NULL) ==
	    STATUS_OK) {
		buffer_append(out, "\x00\x01\x00", 3);
		cbor_put_array(out, 1);
		cbor_put_array(out, 2);
		cbor_put_uint(out, forge->acked_n + forge->change_count);
		cbor_put_bytes(out, span_of(forge->batch.seed, SEED_SIZE));
		cbor_put_uint(out, forge->change_count);
		cbor_put_uint(out, bits.length);
		buffer_append_span(out, buffer_span(&heads));
		buffer_append_span(out, buffer_span(&bits));
	} else {
		pack_rows(sender, PACK_STORED, out);
	}
	buffer_finish(&bits);
	buffer_finish(&heads);
}

/* ---- packing ---- */

static void
wrong_numbers(struct sender *sender, struct buffer *body)
{
	static const struct wanted unsupported = {
		.what = "a method, coding or dictionary that nobody "
			"knows",
		.fate = FATE_REFUSED,
		.refusals = REFUSAL(UNSUPPORTED)};

	pack_rows(sender, some_method(sender), body);
	body->at[dice_below(&sender->dice, 3)] = (uint8_t)(2 + dice_below(&sender->dice, 254));
	post_body(sender, body, &unsupported);
}

static void
cut_off(struct sender *sender, struct buffer *body)
{
	static const struct wanted wanted = {.what = "a body that was cut off, or goes on",
					     .fate = FATE_REFUSED,
					     .refusals = malformed};
	bool longer = dice_below(&sender->dice, 3) == 0;

	pack_rows(sender, some_method(sender), body);
	if (longer) {
		buffer_append_byte(body, (uint8_t)dice_roll(&sender->dice));
	} else {
		body->length = dice_below(&sender->dice, body->length);
	}
	post_body(sender, body, &wanted);
}

static void
bomb(struct sender *sender, struct buffer *body)
{
	static const struct wanted wanted = {
		.what = "a bomb", .fate = FATE_REFUSED, .refusals = REFUSAL(LIMIT) | malformed};
	size_t length = MESSAGE_BODY_MAX + 1 + dice_below(&sender->dice, BOMB);
	uint8_t *zeros = calloc(1, length);
	struct span none = {NULL, 0};
	uint8_t coding = (uint8_t)dice_below(&sender->dice, 2);

	if (zeros == NULL) {
		exit(2);
	}
	buffer_append_byte(body, PACK_DEFLATE);
	buffer_append_byte(body, coding);
	buffer_append_byte(body, 0);
	(void)deflate_pack(span_of(zeros, length), 0, none, body, NULL);
	free(zeros);
	post_body(sender, body, &wanted);
}

/* ---- batches and counts ---- */

/* One batch and one change, each with a number that the caller chooses. */
struct frame {
	uint64_t batches; /* that it claims */
	uint64_t last_n;
	size_t seed_length;
	uint64_t changes; /* that it claims */
	size_t doubled;	  /* 1: a second batch of the same last n */
};

static void
put_frame(struct sender *sender, const struct frame *frame, struct buffer *out)
{
	static const uint8_t seed[2 * SEED_SIZE];

	buffer_append(out, "\x00\x00\x00", 3);
	cbor_put_array(out, (size_t)frame->batches);
	for (size_t i = 0; i <= frame->doubled; i++) {
		cbor_put_array(out, 2);
		cbor_put_uint(out, frame->last_n);
		cbor_put_bytes(out, span_of(seed, frame->seed_length));
	}
	cbor_put_uint(out, frame->changes);
	buffer_append_span(out, sender->forge->changes[0]);
}

static void
wrong_frame(struct sender *sender, struct buffer *body)
{
	static const struct wanted wanted = {.what = "batches or counts that do not fit",
					     .fate = FATE_REFUSED,
					     .refusals = malformed};
	static const uint64_t counts[] = {2, 3, 4096, 4097, UINT32_MAX, UINT64_MAX, 1 << 20};
	static const size_t seeds[] = {0, 1, 15, 17, 32};
	struct frame frame = {.batches = 1,
			      .last_n = sender->forge->acked_n + 1,
			      .seed_length = SEED_SIZE,
			      .changes = 1};

	switch (dice_below(&sender->dice, 6)) {
	case 0:
		frame.batches = DICE_PICK(&sender->dice, counts);
		break;
	case 1:
		frame.changes = DICE_PICK(&sender->dice, counts);
		break;
	case 2:
		frame.seed_length = DICE_PICK(&sender->dice, seeds);
		break;
	case 3:
		frame.last_n = dice_below(&sender->dice, 2) == 0 ? 0 : (uint64_t)CHANGE_N_MAX + 1;
		break;
	case 4:
		frame.batches = 2;
		frame.doubled = 1;
		break;
	default:
		/* The seed covers none of the changes. */
		frame.last_n = sender->forge->acked_n;
		break;
	}
	put_frame(sender, &frame, body);
	post_body(sender, body, &wanted);
}

/* What stands where the batches, the number or the changes belong. */
static void
wrong_parts(struct sender *sender, struct buffer *body)
{
	static const struct wanted wanted = {.what = "something else where a part belongs",
					     .fate = FATE_REFUSED,
					     .refusals = malformed};
	static const struct frame frame = {.batches = 1, .seed_length = SEED_SIZE, .changes = 1};
	struct frame honest = frame;
	const struct hostile *hostile = craft_hostile(&sender->dice);

	honest.last_n = sender->forge->acked_n + 1;
	switch (dice_below(&sender->dice, 3)) {
	case 0: /* no batches */
		buffer_append(body, "\x00\x00\x00", 3);
		buffer_append_span(body, craft_span(hostile));
		buffer_append_byte(body, 1);
		buffer_append_span(body, sender->forge->changes[0]);
		break;
	case 1: /* no number */
		put_frame(sender, &honest, body);
		body->length -= sender->forge->changes[0].length + 1;
		buffer_append_span(body, craft_span(hostile));
		buffer_append_span(body, sender->forge->changes[0]);
		break;
	default: /* a second item behind the change */
		put_frame(sender, &honest, body);
		buffer_append_span(body, craft_span(hostile));
		break;
	}
	post_body(sender, body, &wanted);
}

/* ---- columns ---- */

/* Heads and bits by hand: each says something that cannot be. */
static void
wrong_columns(struct sender *sender, struct buffer *body)
{
	static const struct {
		const char *heads;
		size_t length;
		uint8_t bits; /* that it claims; what is missing is not there */
	} cases[] = {
		{"", 0, 0},					     /* nothing */
		{"\x00", 1, 0},					     /* no group */
		{"\x80\x04\x10\x00", 4, 0},			     /* 512 groups */
		{"\x02\x00\x10\x00", 4, 0},			     /* a group without a row */
		{"\x01\x00", 2, 0},				     /* no kind */
		{"\x01\x01\x01", 3, 0},				     /* an integer, no map */
		{"\x01\x40", 2, 0},				     /* null, no map */
		{"\x01\x10", 2, 0},				     /* a map, cut off */
		{"\x01\x10\xcd\x08", 4, 0},			     /* 1101 keys */
		{"\x01\x10\x01\x61x\x02\x40", 7, 0},		     /* a text for a key */
		{"\x01\x10\x02\x02\x02\x40\x01\x02\x40", 9, 0},	     /* keys that descend */
		{"\x01\x10\x01\x01\x04\x40", 6, 0},		     /* has the key twice */
		{"\x01\x10\x01\x01\x00\x40", 6, 0},		     /* a key that nobody has */
		{"\x01\x10\x01\x01\x02\x01\x81\x00\x41", 9, 0},	     /* 65 bits wide */
		{"\x01\x10\x01\x01\x02\x01\x89\x00\x08\x08", 10, 0}, /* as narrow as wide */
		{"\x01\x10\x01\x01\x02\x01\x85\x00\x01\x08", 10, 0}, /* a unit of 1 */
		{"\x01\x10\x01\x01\x02\x01\x81\x00\x10", 9, 0},	     /* bits that are not there */
		{"\x01\x10\x01\x01\x02\x01\x84", 7, 0},		     /* no form of column */
		{"\x01\x10\x01\x01\x02\x01\xff", 7, 0},
		{"\x01\x10\x01\x01\x02\x01\x83\x00\x00\x00", 10, 0}, /* an id of an empty list */
		{"\x01\x10\x01\x01\x02\x01\x83\x01\x00\x00\x00", 11, 0},     /* a stream 0 */
		{"\x01\x10\x01\x01\x02\x02\x80\x80\x80\x80\x80\x01", 12, 0}, /* 2^33 bytes */
		{"\x01\x10\x01\x01\x02\x02\x01", 7, 0},			     /* a length below 0 */
		{"\x01\x10\x01\x01\x02\x84\x26\x00", 8, 0},		     /* 19 digits */
		{"\x01\x10\x01\x01\x02\x84\x00\x00", 8, 0},		     /* no digit */
		{"\x01\x10\x01\x01\x02\x80\x00", 7, 0},			 /* digits, and no text */
		{"\x01\x10\x01\x01\x02\x08\x80\xff\xff\xff\x7f", 11, 0}, /* many elements */
		{"\x01\x10\x01\x01\x02\x20\x04", 7, 0}, /* neither true nor false */
		{"\x01\x10\x01\x01\x02\x40\x00", 7, 0}, /* goes on behind the end */
		{"\x01\x10\x01\x01\x02\x40", 6, 9},	/* bits that nobody reads */
		{"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11, 0}, /* more than 64 bits */
		/* deeper than 16 */
		{"\x01\x10\x01\x01\x02\x08\x02\x08\x02\x08\x02\x08\x02\x08\x02\x08\x02\x08\x02\x08"
		 "\x02\x08\x02\x08\x02\x08\x02\x08\x02\x08\x02\x08\x02\x08\x02\x08\x02\x40",
		 38, 0},
	};
	static const struct wanted wanted = {.what = "columns that contradict themselves",
					     .fate = FATE_REFUSED,
					     .refusals = REFUSAL(LIMIT) | malformed};
	size_t which = dice_below(&sender->dice, sizeof cases / sizeof cases[0]);

	pack_columns(sender, body);
	/* Up to the seed and the count; then its own. */
	body->length = 3;
	cbor_put_array(body, 1);
	cbor_put_array(body, 2);
	cbor_put_uint(body, sender->forge->acked_n + 1);
	cbor_put_bytes(body, span_of(sender->forge->batch.seed, SEED_SIZE));
	cbor_put_uint(body, 1);
	cbor_put_uint(body, cases[which].bits);
	buffer_append(body, cases[which].heads, cases[which].length);
	post_body(sender, body, &wanted);
}

void
wrong_body(struct sender *sender)
{
	static void (*const makers[])(struct sender *, struct buffer *) = {
		wrong_numbers, cut_off,	    cut_off,	   wrong_frame,
		wrong_frame,   wrong_parts, wrong_columns, wrong_columns,
	};
	struct buffer body;

	buffer_init(&body, BODY_MAX);
	sender_honest(sender);
	if (dice_below(&sender->dice, 100) == 0) {
		bomb(sender, &body);
	} else {
		DICE_PICK(&sender->dice, makers)(sender, &body);
	}
	buffer_finish(&body);
}

/* ---- at random ---- */

void
altered_body(struct sender *sender)
{
	static const struct wanted any = {.what = "a body altered at random", .fate = FATE_ANY};
	struct buffer body;
	struct buffer altered;
	struct span bytes;

	buffer_init(&body, BODY_MAX);
	buffer_init(&altered, BODY_MAX);
	sender_hopeless(sender);
	switch (dice_below(&sender->dice, 4)) {
	case 0:
		pack_rows(sender, PACK_DEFLATE, &body);
		break;
	case 1:
		pack_columns(sender, &body);
		break;
	default:
		pack_rows(sender, PACK_STORED, &body);
		break;
	}
	craft_alter(&sender->dice, buffer_span(&body), &altered);
	bytes = buffer_span(&altered);
	/* Mostly by one who signs what it altered, so that it is looked at change by change. */
	if (dice_below(&sender->dice, 8) != 0) {
		(void)sender_follow(sender, bytes);
	}
	sender_seal(sender, NULL, &bytes, &any);
	buffer_finish(&altered);
	buffer_finish(&body);
}

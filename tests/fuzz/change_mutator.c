/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the fuzzer alters changes: half of the time what a change says, so that the result is a
 * change again, and half of the time its bytes.
 *
 * Bytes alone hardly ever make a second valid change out of one, because there is one encoding
 * only; what stands behind the first check would then never be reached.
 */
#include "fuzz.h"
#include "protocol/change.h"
#include "protocol/id.h"

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed);

enum { TEXT_MAX = 40, ALTERATIONS_MAX = 4 };

struct dice {
	uint64_t state;
};

static uint64_t
roll(struct dice *dice)
{
	/* splitmix64 */
	uint64_t z = dice->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static uint64_t
roll_below(struct dice *dice, uint64_t count)
{
	return roll(dice) % count;
}

/* From low to high: mostly the ends, what is near `now`, and where an encoding grows. */
static uint64_t
roll_near(struct dice *dice, uint64_t now, uint64_t low, uint64_t high)
{
	static const uint64_t steps[] = {23, 24, 255, 256, 65535, 65536, UINT32_MAX};
	uint64_t value;

	switch (roll_below(dice, 5)) {
	case 0:
		value = low + roll_below(dice, 3);
		break;
	case 1:
		value = high - roll_below(dice, 3);
		break;
	case 2:
		value = now + 1 - roll_below(dice, 3);
		break;
	case 3:
		value = steps[roll_below(dice, sizeof steps / sizeof steps[0])];
		break;
	default:
		value = roll(dice) >> roll_below(dice, 64);
		break;
	}
	return value < low ? low : value > high ? high : value;
}

static int64_t
roll_signed(struct dice *dice, uint64_t limit)
{
	uint64_t size = roll_near(dice, 0, 0, limit);

	return roll_below(dice, 2) == 0 ? (int64_t)size : -(int64_t)size;
}

/* The texts stay as long as the program. */
static struct span
roll_text(struct dice *dice)
{
	static const char *const texts[] = {
		"",
		"Budi",
		"Jl. Melur 4",
		"\xc3\xa9\xe2\x82\xac\xf0\x9f\x91\xb6",
		"catatan yang agak panjang, dengan koma",
	};

	return span_of_text(texts[roll_below(dice, sizeof texts / sizeof texts[0])]);
}

static struct value
roll_value(struct dice *dice)
{
	const uint64_t limit = UINT64_C(1) << 62;

	switch (roll_below(dice, 5)) {
	case 0:
		return value_empty();
	case 1:
		return value_integer(roll_signed(dice, limit));
	case 2:
		return value_boolean(roll_below(dice, 2) == 0);
	case 3:
		return value_text(roll_text(dice));
	default:
		return value_pair(roll_signed(dice, limit), roll_signed(dice, limit));
	}
}

/* ---- what a change says ---- */

static void
alter_seen(struct dice *dice, struct change *change)
{
	if (roll_below(dice, 2) == 0) {
		change->base.epoch = (uint32_t)roll_near(dice, change->base.epoch, 0, UINT32_MAX);
		change->base.version =
			change->base.epoch == 0
				? 0
				: roll_near(dice, change->base.version, 0, INT64_MAX);
	} else if (change->has_own) {
		change->own_stream = roll_below(dice, 2) == 0
					     ? 0
					     : (uint32_t)roll_near(dice, change->own_stream, 1,
								   CHANGE_STREAM_MAX);
		change->own_n =
			(uint32_t)roll_near(dice, change->own_n, 0,
					    change->own_stream == 0 ? change->n - 1 : CHANGE_N_MAX);
	}
}

static void
alter_was(struct dice *dice, struct change *change)
{
	if (roll_below(dice, 3) == 0) {
		change->was_stream = 0;
		change->was_n = 0;
		memset(change->first_hash, 0, sizeof change->first_hash);
		return;
	}
	change->was_stream = (uint32_t)roll_near(dice, change->was_stream, 1, CHANGE_STREAM_MAX);
	change->was_n = (uint32_t)roll_near(dice, change->was_n, 1, CHANGE_N_MAX);
	change->first_hash[roll_below(dice, sizeof change->first_hash)] = (uint8_t)roll(dice);
}

static void
alter_identity(struct dice *dice, struct change *change)
{
	switch (roll_below(dice, 7)) {
	case 0:
		change->n = (uint32_t)roll_near(dice, change->n, 1, CHANGE_N_MAX);
		break;
	case 1:
		change->kind = (uint32_t)roll_near(dice, change->kind, 0, UINT32_MAX);
		break;
	case 2:
		change->record = id_make(
			(uint32_t)roll_near(dice, id_stream(change->record), 1, CHANGE_STREAM_MAX),
			(uint32_t)roll_near(dice, id_n(change->record), 1, CHANGE_N_MAX));
		break;
	case 3:
		change->type = (uint32_t)roll_near(dice, change->type, 1, CHANGE_TAG_MAX);
		break;
	case 4:
		change->schema_version =
			(uint32_t)roll_near(dice, change->schema_version, 0, UINT32_MAX);
		break;
	case 5:
		change->time = roll_signed(dice, (uint64_t)CHANGE_TIME_MAX);
		change->quality = (uint32_t)roll_near(dice, change->quality, 0, UINT32_MAX);
		break;
	default:
		change->scope_version = roll_near(dice, change->scope_version, 0, INT64_MAX);
		break;
	}
}

/* The fields have room for one more. */
static void
add_field(struct dice *dice, struct change *change)
{
	int32_t tag = (int32_t)roll_near(dice, 1, 1, CHANGE_TAG_MAX);
	size_t at = 0;

	tag = roll_below(dice, 4) == 0 ? -tag : tag;
	while (at < change->field_count && tag_compare(change->fields[at].tag, tag) < 0) {
		at++;
	}
	if (at == change->field_count || change->fields[at].tag != tag) {
		memmove(&change->fields[at + 1], &change->fields[at],
			(change->field_count - at) * sizeof change->fields[0]);
		change->field_count++;
	}
	change->fields[at] = (struct change_field){.tag = tag, .value = roll_value(dice)};
}

static void
alter_fields(struct dice *dice, struct change *change)
{
	size_t at = roll_below(dice, change->field_count);

	switch (roll_below(dice, 3)) {
	case 0:
		change->fields[at].value = roll_value(dice);
		break;
	case 1:
		if (change->field_count < CHANGE_FIELDS_MAX) {
			add_field(dice, change);
		}
		break;
	default:
		if (change->field_count > 1) {
			change->field_count--;
			memmove(&change->fields[at], &change->fields[at + 1],
				(change->field_count - at) * sizeof change->fields[0]);
		}
		break;
	}
}

static void
alter(struct dice *dice, struct change *change)
{
	for (uint64_t left = 1 + roll_below(dice, ALTERATIONS_MAX); left > 0; left--) {
		switch (roll_below(dice, 6)) {
		case 0:
			alter_seen(dice, change);
			break;
		case 1:
			alter_was(dice, change);
			break;
		case 2:
		case 3:
			alter_identity(dice, change);
			break;
		default:
			alter_fields(dice, change);
			break;
		}
	}
	/* Nobody has seen the change itself. */
	if (change->has_own && change->own_stream == 0 && change->own_n >= change->n) {
		change->own_n = change->n - 1;
	}
}

/* ---- the two ways ---- */

/* A change to begin with if the input is none. */
static void
plain_change(struct dice *dice, struct change_field *fields, bool server_stream, struct change *out)
{
	fields[0] = (struct change_field){.tag = 1, .value = roll_value(dice)};
	*out = (struct change){.n = 2,
			       .record = id_make(9, 7),
			       .type = 3,
			       .schema_version = 1,
			       .own_n = server_stream ? 0 : 1,
			       .has_own = !server_stream,
			       .time = 1763694732,
			       .fields = fields,
			       .field_count = 1};
}

/* 0 if the result has no room. */
static size_t
mutate_meaning(struct dice *dice, uint8_t *data, size_t size, size_t max_size)
{
	static struct change_field fields[CHANGE_FIELDS_MAX];
	bool server_stream = roll_below(dice, 4) == 0;
	struct change change;
	struct change again;
	struct arena arena;
	struct buffer out;
	size_t length = 0;

	arena_init(&arena, 2 * CHANGE_FIELDS_MAX * sizeof fields[0]);
	buffer_init(&out, CHANGE_BYTES_MAX);
	if (change_decode(span_of(data, size), server_stream, &arena, &change, NULL) == STATUS_OK) {
		memcpy(fields, change.fields, change.field_count * sizeof fields[0]);
		change.fields = fields;
	} else {
		plain_change(dice, fields, server_stream, &change);
	}
	alter(dice, &change);
	change_encode(&change, &out);
	if (out.status == STATUS_OK && out.length <= max_size) {
		/* This half of what the fuzzer tries are changes. */
		PROPERTY(change_decode(buffer_span(&out), server_stream, &arena, &again, NULL) ==
			 STATUS_OK);
		length = out.length;
		memcpy(data, out.at, length);
	}
	buffer_finish(&out);
	arena_finish(&arena);
	return length;
}

size_t
LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
	struct dice dice = {.state = seed};
	size_t length = 0;

	if (roll_below(&dice, 2) == 0) {
		length = mutate_meaning(&dice, data, size, max_size);
	}
	return length > 0 ? length : LLVMFuzzerMutate(data, size, max_size);
}

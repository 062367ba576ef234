/* SPDX-License-Identifier: Apache-2.0 */
#include "sample_record.h"

#include "protocol/rule.h"

#include <stdlib.h>
#include <string.h>

enum {
	FIELDS_MAX = SCHEMA_FIELDS_MAX,
	REFERENCES = 400,
	DIGITS_MAX = 16,
	YEAR = 365,
	NUMBER_WIDEST = 2000, /* where the schema gives no range */
};

uint64_t
maker_number(struct maker *maker, uint64_t limit)
{
	maker->seed = maker->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (maker->seed >> 33) % limit;
}

bool
maker_chance(struct maker *maker, unsigned percent)
{
	return maker_number(maker, 100) < percent;
}

/* What people read off a scale or a tape ends in few decimals. */
static int64_t
plausible_integer(struct maker *maker, const struct field *field)
{
	const struct range *range = field->warn.set ? &field->warn : &field->refuse;
	int64_t low = range->set ? range->low : 0;
	int64_t width = range->set ? range->high - range->low : NUMBER_WIDEST;
	int64_t value = low + (int64_t)maker_number(maker, (uint64_t)width + 1);

	for (unsigned decimals = field->scale; decimals > 1; decimals--) {
		value -= value % 10;
	}
	return value < low ? low : value;
}

static struct value
digits_value(struct maker *maker, size_t length)
{
	uint8_t *text = arena_take(&maker->arena, DIGITS_MAX, 1);

	if (text == NULL) {
		abort();
	}
	for (size_t i = 0; i < length; i++) {
		text[i] = (uint8_t)('0' + maker_number(maker, 10));
	}
	return value_text(span_of(text, length));
}

static bool
named(const struct field *field, const char *name)
{
	return span_equal(field->name, span_of_text(name));
}

static struct value
plausible_text(struct maker *maker, const struct field *field)
{
	const struct lines *lines = &maker->corpus[CORPUS_NOTES];

	if (named(field, "no_kk") || named(field, "nik")) {
		return digits_value(maker, DIGITS_MAX);
	}
	if (named(field, "rt") || named(field, "rw")) {
		struct value value = digits_value(maker, 3);

		memcpy((uint8_t *)(uintptr_t)value.text.at, "00", 2);
		return value;
	}
	if (named(field, "phone")) {
		return digits_value(maker, 12);
	}
	if (named(field, "address") || named(field, "dusun")) {
		lines = &maker->corpus[CORPUS_ADDRESSES];
	} else if (named(field, "name") || named(field, "head")) {
		lines = &maker->corpus[CORPUS_NAMES];
	} else if (named(field, "referral_reason") || named(field, "reason")) {
		lines = &maker->corpus[CORPUS_REASONS];
	}
	return value_text(lines->at[maker_number(maker, lines->count)]);
}

static struct value
plausible_set(struct maker *maker, const struct field *field)
{
	int64_t mask = 0;

	for (size_t i = 0; i < field->choices->count; i++) {
		if (maker_chance(maker, 30)) {
			mask |= INT64_C(1) << field->choices->choices[i].code;
		}
	}
	return value_pair(mask, 0);
}

static struct value
plausible_value(struct maker *maker, const struct field *field, uint32_t stream)
{
	const struct choice_list *list = field->choices;

	switch (field->type) {
	case FIELD_INTEGER:
		return value_integer(plausible_integer(maker, field));
	case FIELD_BOOLEAN:
		return value_boolean(maker_chance(maker, 50));
	case FIELD_CHOICE:
		return value_integer(list->choices[maker_number(maker, list->count)].code);
	case FIELD_SET:
		return plausible_set(maker, field);
	case FIELD_DATE:
		return value_integer(named(field, "date") || named(field, "registered_date")
					     ? maker->day
					     : maker->day - (int64_t)maker_number(maker, YEAR));
	case FIELD_TEXT:
		return plausible_text(maker, field);
	case FIELD_REFERENCE:
		return value_integer(
			(int64_t)((uint64_t)stream << 32 | (1 + maker_number(maker, REFERENCES))));
	case FIELD_POINT:
		return value_pair(-700000 - (int64_t)maker_number(maker, 1500),
				  11000000 + (int64_t)maker_number(maker, 1500));
	}
	return value_empty();
}

/* The record as far as it is filled in, for the conditions of the fields behind. */
static bool
shown(const struct maker *maker, const struct record_type *type, const struct field *field,
      const struct change *change)
{
	static struct record_field fields[FIELDS_MAX];
	static struct member members[FIELDS_MAX];
	struct dot dot = {.seq = 1, .stream = 1, .n = 1};
	struct record record = {.type = type->tag, .dots = &dot, .dot_count = 1, .fields = fields};

	if (field->condition == NULL) {
		return true;
	}
	for (size_t i = 0; i < change->field_count; i++) {
		members[i] =
			(struct member){.top = true, .rank = 1, .value = change->fields[i].value};
		fields[i] = (struct record_field){.tag = change->fields[i].tag,
						  .version = 1,
						  .members = &members[i],
						  .member_count = 1};
	}
	record.field_count = change->field_count;
	return condition_holds(field->condition, type, &record, maker->day);
}

/* Fields in the order of the form, so that what a condition looks at is there. */
static const struct field *
field_at_place(const struct record_type *type, size_t place)
{
	for (size_t i = 0; i < type->field_count; i++) {
		if (type->fields[i].place == place) {
			return &type->fields[i];
		}
	}
	return NULL;
}

static void
field_insert(struct change *change, int32_t tag, struct value value)
{
	size_t at = change->field_count++;

	while (at > 0 && tag_compare(change->fields[at - 1].tag, tag) > 0) {
		change->fields[at] = change->fields[at - 1];
		at--;
	}
	change->fields[at] = (struct change_field){.tag = tag, .value = value};
}

void
sample_fields(struct maker *maker, const struct record_type *type, uint32_t stream,
	      unsigned percent, struct change *change)
{
	change->type = type->tag;
	change->field_count = 0;
	change->fields = ARENA_ARRAY(&maker->arena, struct change_field, FIELDS_MAX);
	if (change->fields == NULL) {
		abort();
	}
	for (size_t place = 0; place <= type->field_count; place++) {
		const struct field *field = field_at_place(type, place);

		if (field == NULL || field->retired != 0 || !shown(maker, type, field, change) ||
		    (!field->required && !named(field, "group") && !maker_chance(maker, percent))) {
			continue;
		}
		field_insert(change, field->tag, plausible_value(maker, field, stream));
	}
}

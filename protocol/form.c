/* SPDX-License-Identifier: Apache-2.0 */
#include "form.h"

#include "form_parts.h"
#include "id.h"
#include "region.h"

#include <string.h>

/* Longer than any id or village code, so that what is cut to it is still too long. */
enum { CODE_TEXT_SIZE = 32 };

/* The text with a NUL at its end; empty, which is no code, if there is one inside. */
static const char *
code_text(struct span text, char out[CODE_TEXT_SIZE])
{
	size_t length = text.length < CODE_TEXT_SIZE ? text.length : CODE_TEXT_SIZE - 1;

	if (memchr(text.at, '\0', length) != NULL) {
		length = 0;
	}
	memcpy(out, text.at, length);
	out[length] = '\0';
	return out;
}

static enum status
read_decimal(const struct field *field, struct span text, int64_t *out, struct error *err)
{
	const unsigned generous = 9;
	int64_t finer;

	if (decimal_parse(text, field->scale, out)) {
		return STATUS_OK;
	}
	if (decimal_parse(text, generous, &finer)) {
		return fail(err, STATUS_DECIMALS, "%u", field->scale);
	}
	return fail(err, STATUS_NOT_NUMBER, "%s", "");
}

static enum status
read_choice(const struct field *field, struct span text, struct value *out, struct error *err)
{
	const struct choice *choice = list_choice_named(field->choices, text);

	if (choice == NULL) {
		return form_unknown_choice(field->choices, err);
	}
	*out = value_integer(choice->code);
	return STATUS_OK;
}

static enum status
read_boolean(struct span text, struct value *out, struct error *err)
{
	bool yes = span_equal(text, span_of_text("true"));

	if (!yes && !span_equal(text, span_of_text("false"))) {
		return fail(err, STATUS_NOT_BOOLEAN, "%s", "");
	}
	*out = value_boolean(yes);
	return STATUS_OK;
}

static enum status
read_point(const struct field *field, struct span text, struct value *out, struct error *err)
{
	const uint8_t *comma = text.length > 0 ? memchr(text.at, ',', text.length) : NULL;
	size_t first = comma == NULL ? 0 : (size_t)(comma - text.at);
	int64_t latitude;
	int64_t longitude;
	enum status status;

	if (comma == NULL) {
		return fail(err, STATUS_NOT_POINT, "%s", "");
	}
	status = read_decimal(field, span_of(text.at, first), &latitude, err);
	if (status == STATUS_OK) {
		status = read_decimal(field, span_of(comma + 1, text.length - first - 1),
				      &longitude, err);
	}
	if (status == STATUS_NOT_NUMBER) {
		return fail(err, STATUS_NOT_POINT, "%s", "");
	}
	if (status == STATUS_OK) {
		*out = value_pair(latitude, longitude);
	}
	return status;
}

/* The masks of a text "+a,-b", or of "a,b" as `plain`. */
struct set_text {
	uint64_t added;
	uint64_t removed;
	uint64_t plain;
	bool has_signs;
	bool has_plain;
};

static enum status
read_set_item(const struct choice_list *list, struct span item, struct set_text *out,
	      struct error *err)
{
	uint8_t sign = item.length > 0 ? item.at[0] : 0;
	bool is_signed = sign == '+' || sign == '-';
	const struct choice *choice;

	if (is_signed) {
		item = span_of(item.at + 1, item.length - 1);
	}
	choice = list_choice_named(list, item);
	if (choice == NULL) {
		return form_unknown_choice(list, err);
	}
	if (!is_signed) {
		out->has_plain = true;
		out->plain |= form_choice_bit(choice);
		return STATUS_OK;
	}
	out->has_signs = true;
	if (sign == '+') {
		out->added |= form_choice_bit(choice);
	} else {
		out->removed |= form_choice_bit(choice);
	}
	return STATUS_OK;
}

static enum status
read_set_text(const struct choice_list *list, struct span text, struct set_text *out,
	      struct error *err)
{
	size_t start = 0;

	for (size_t i = 0; i <= text.length; i++) {
		enum status status;

		if (i < text.length && text.at[i] != ',') {
			continue;
		}
		status = read_set_item(list, span_of(text.at + start, i - start), out, err);
		if (status != STATUS_OK) {
			return status;
		}
		start = i + 1;
	}
	if ((out->has_plain && out->has_signs) || (out->added & out->removed) != 0) {
		return fail(err, STATUS_SET_UNCLEAR, "%s", "");
	}
	return STATUS_OK;
}

/* Choices that this schema does not know stay as they are. */
static enum status
read_set(const struct field *field, struct span text, int64_t shown, struct value *out,
	 struct error *err)
{
	uint64_t held = shown < 0 ? 0 : (uint64_t)shown;
	struct set_text set = {.has_signs = false};
	enum status status = STATUS_OK;

	if (text.length > 0) {
		status = read_set_text(field->choices, text, &set, err);
	}
	if (status != STATUS_OK) {
		return status;
	}
	if (!set.has_signs) {
		set.added = set.plain;
		set.removed = form_known_mask(field->choices) & ~set.plain;
	}
	*out = value_pair((int64_t)(set.added & ~held), (int64_t)(set.removed & held));
	return STATUS_OK;
}

static enum status
read_reference(struct span text, struct value *out, struct error *err)
{
	char code[CODE_TEXT_SIZE];
	uint64_t id;
	enum status status = id_parse(code_text(text, code), &id, err);

	if (status == STATUS_OK) {
		*out = value_integer((int64_t)id);
	}
	return status;
}

static enum status
read_village(struct span text, struct value *out, struct error *err)
{
	char code[CODE_TEXT_SIZE];
	uint64_t village;
	enum status status = village_parse(code_text(text, code), &village, err);

	if (status == STATUS_OK) {
		*out = value_integer((int64_t)village);
	}
	return status;
}

static enum status
read_date(struct span text, struct value *out, struct error *err)
{
	int64_t day;

	if (!day_parse(text, &day)) {
		return fail(err, STATUS_NOT_DATE, "%s", "");
	}
	*out = value_integer(day);
	return STATUS_OK;
}

static enum status
read_integer(const struct field *field, struct span text, struct value *out, struct error *err)
{
	int64_t integer;
	enum status status = read_decimal(field, text, &integer, err);

	if (status == STATUS_OK) {
		*out = value_integer(integer);
	}
	return status;
}

static enum status
read_value(const struct field *field, struct span text, struct value *out, struct error *err)
{
	switch (field->type) {
	case FIELD_INTEGER:
		return read_integer(field, text, out, err);
	case FIELD_BOOLEAN:
		return read_boolean(text, out, err);
	case FIELD_CHOICE:
		return read_choice(field, text, out, err);
	case FIELD_DATE:
		return read_date(text, out, err);
	case FIELD_TEXT:
		*out = value_text(text);
		return STATUS_OK;
	case FIELD_REFERENCE:
		return read_reference(text, out, err);
	case FIELD_POINT:
		return read_point(field, text, out, err);
	case FIELD_SET:
		break;
	}
	return fail(err, STATUS_INTERNAL, "%d", (int)field->type);
}

static enum status
read_built_in(int32_t tag, struct span text, struct value *out, struct error *err)
{
	if (tag == TAG_VILLAGE) {
		return read_village(text, out, err);
	}
	if (tag == TAG_SAME_AS) {
		return read_reference(text, out, err);
	}
	*out = value_text(text);
	return STATUS_OK;
}

enum status
value_from_text(const struct record_type *type, int32_t tag, struct span text, int64_t shown,
		struct value *out, struct error *err)
{
	const struct field *field = type_field(type, tag);
	struct value value = value_empty();
	enum status status = STATUS_OK;

	if (field == NULL && !form_is_built_in(tag)) {
		return fail(err, STATUS_UNKNOWN_FIELD, "field_%ld", (long)tag);
	}
	if (field != NULL && field->type == FIELD_SET) {
		status = read_set(field, text, shown, &value, err);
	} else if (text.length > 0) {
		status = field == NULL ? read_built_in(tag, text, &value, err)
				       : read_value(field, text, &value, err);
	}
	status = form_in_field(type, tag, status, err);
	if (status == STATUS_OK) {
		status = value_check(type, tag, value, err);
	}
	if (status == STATUS_OK) {
		*out = value;
	}
	return status;
}

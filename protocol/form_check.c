/* SPDX-License-Identifier: Apache-2.0 */
#include "form.h"
#include "form_parts.h"
#include "id.h"
#include "region.h"

#include <string.h>

enum {
	REASON_MAX = 500, /* bytes: why a record was archived */
	LIMIT_TEXT_SIZE = DECIMAL_TEXT_SIZE,
};

enum status
form_unknown_choice(const struct choice_list *list, struct error *err)
{
	char names[ERROR_DETAIL_MAX];
	size_t used = 0;

	for (size_t i = 0; i < list->count; i++) {
		struct span name = list->choices[i].name;

		if (list->choices[i].retired != 0 || name.length + 3 > sizeof names - used) {
			continue;
		}
		if (used > 0) {
			memcpy(names + used, ", ", 2);
			used += 2;
		}
		memcpy(names + used, name.at, name.length);
		used += name.length;
	}
	names[used] = '\0';
	return fail(err, STATUS_NOT_CHOICE, "%s", names);
}

uint64_t
form_choice_bit(const struct choice *choice)
{
	return choice->code <= SCHEMA_SET_CODE_MAX ? UINT64_C(1) << choice->code : 0;
}

uint64_t
form_known_mask(const struct choice_list *list)
{
	uint64_t mask = 0;

	for (size_t i = 0; i < list->count; i++) {
		mask |= form_choice_bit(&list->choices[i]);
	}
	return mask;
}

bool
form_is_built_in(int32_t tag)
{
	return tag == TAG_VILLAGE || tag == TAG_ARCHIVED || tag == TAG_SAME_AS;
}

enum status
form_in_field(const struct record_type *type, int32_t tag, enum status status, struct error *err)
{
	char scratch[FIELD_NAME_SIZE];

	if (status != STATUS_OK) {
		struct span name = type_field_name(type, tag, scratch);

		(void)fail_context(err, "%.*s", NAME_ARGS(name));
	}
	return status;
}

static char *
limit_format(const struct field *field, int64_t limit, char out[LIMIT_TEXT_SIZE])
{
	return field->type == FIELD_DATE ? day_format(limit, out)
					 : decimal_format(limit, field->scale, out);
}

static enum status
check_range(const struct field *field, int64_t integer, struct error *err)
{
	struct range range = field->refuse;
	char low[LIMIT_TEXT_SIZE];
	char high[LIMIT_TEXT_SIZE];
	const char *dash;

	if (!range.set && field->type == FIELD_DATE) {
		range.low = day_from_civil(1, 1, 1);
		range.high = day_from_civil(9999, 12, 31);
	} else if (!range.set) {
		range.low = -SCHEMA_INTEGER_MAX;
		range.high = SCHEMA_INTEGER_MAX;
	}
	if (integer >= range.low && integer <= range.high) {
		return STATUS_OK;
	}
	/* "1970-01-01–1970-01-02" and "-5–-1" would be hard to read. */
	dash = field->type == FIELD_DATE || range.low < 0 ? " – " : "–";
	return fail(err, STATUS_RANGE, "%s%s%s%s%.*s", limit_format(field, range.low, low), dash,
		    limit_format(field, range.high, high), field->unit.length > 0 ? " " : "",
		    NAME_ARGS(field->unit));
}

static enum status
check_text(struct span text, uint32_t most, struct error *err)
{
	if (!utf8_valid(text)) {
		return fail(err, STATUS_NOT_TEXT, "%s", "");
	}
	/* Empty has a value of its own: two ways to say it would be a conflict of nothing. */
	if (text.length == 0) {
		return fail(err, STATUS_INVALID, "\"\"");
	}
	if (text.length > most) {
		return fail(err, STATUS_TOO_LONG, "%u", (unsigned)most);
	}
	return STATUS_OK;
}

static enum status
check_set(const struct field *field, struct value value, struct error *err)
{
	uint64_t added = (uint64_t)value.pair.first;
	uint64_t removed = (uint64_t)value.pair.second;

	if (((added | removed) & ~form_known_mask(field->choices)) != 0) {
		return form_unknown_choice(field->choices, err);
	}
	if ((added & removed) != 0) {
		return fail(err, STATUS_SET_UNCLEAR, "%s", "");
	}
	return STATUS_OK;
}

static enum status
check_point(const struct field *field, struct value value, struct error *err)
{
	int64_t unit = 1;

	for (unsigned i = 0; i < field->scale; i++) {
		unit *= 10;
	}
	if (value.pair.first < -90 * unit || value.pair.first > 90 * unit ||
	    value.pair.second < -180 * unit || value.pair.second > 180 * unit) {
		return fail(err, STATUS_RANGE, "-90 – 90, -180 – 180");
	}
	return STATUS_OK;
}

static enum status
check_choice(const struct field *field, int64_t code, struct error *err)
{
	if (code < 0 || code > SCHEMA_TAG_MAX ||
	    list_choice(field->choices, (uint32_t)code) == NULL) {
		return form_unknown_choice(field->choices, err);
	}
	return STATUS_OK;
}

static enum status
check_reference(int64_t id, struct error *err)
{
	return id > 0 && id_valid((uint64_t)id) ? STATUS_OK : fail(err, STATUS_NOT_ID, "%s", "");
}

static enum value_form
form_of(enum field_type type)
{
	switch (type) {
	case FIELD_BOOLEAN:
		return VALUE_BOOLEAN;
	case FIELD_TEXT:
		return VALUE_TEXT;
	case FIELD_SET:
	case FIELD_POINT:
		return VALUE_PAIR;
	case FIELD_INTEGER:
	case FIELD_CHOICE:
	case FIELD_DATE:
	case FIELD_REFERENCE:
		break;
	}
	return VALUE_INTEGER;
}

static enum status
check_field_value(const struct field *field, struct value value, struct error *err)
{
	if (value.form != form_of(field->type)) {
		return fail(err, STATUS_INVALID, "%s", field_type_name(field->type));
	}
	switch (field->type) {
	case FIELD_INTEGER:
	case FIELD_DATE:
		return check_range(field, value.integer, err);
	case FIELD_BOOLEAN:
		return STATUS_OK;
	case FIELD_CHOICE:
		return check_choice(field, value.integer, err);
	case FIELD_SET:
		return check_set(field, value, err);
	case FIELD_TEXT:
		return check_text(value.text, field->text_max, err);
	case FIELD_REFERENCE:
		return check_reference(value.integer, err);
	case FIELD_POINT:
		return check_point(field, value, err);
	}
	return fail(err, STATUS_INTERNAL, "%d", (int)field->type);
}

static enum status
check_built_in(int32_t tag, struct value value, struct error *err)
{
	struct region village;

	if (value.form != (tag == TAG_ARCHIVED ? VALUE_TEXT : VALUE_INTEGER)) {
		return fail(err, STATUS_INVALID, "%s", "");
	}
	if (tag == TAG_ARCHIVED) {
		return check_text(value.text, REASON_MAX, err);
	}
	if (tag == TAG_SAME_AS) {
		return check_reference(value.integer, err);
	}
	village.low = village.high = value.integer < 0 ? 0 : (uint64_t)value.integer;
	return region_valid(village) ? STATUS_OK : fail(err, STATUS_NOT_VILLAGE, "%s", "");
}

enum status
value_check(const struct record_type *type, int32_t tag, struct value value, struct error *err)
{
	const struct field *field = type_field(type, tag);

	if (value.form == VALUE_EMPTY || (field == NULL && !form_is_built_in(tag))) {
		return STATUS_OK;
	}
	return form_in_field(type, tag,
			     field == NULL ? check_built_in(tag, value, err)
					   : check_field_value(field, value, err),
			     err);
}

static bool
is_filled(const struct change *change, int32_t tag)
{
	const struct change_field *field = change_field(change, tag);

	return field != NULL && field->value.form != VALUE_EMPTY;
}

/* A record must hang somewhere: in a village of its own, or on the record that leads to one. */
static enum status
check_creation(const struct record_type *type, const struct change *change, struct error *err)
{
	for (size_t i = 0; i < type->field_count; i++) {
		const struct field *field = &type->fields[i];

		if (field->required && field->retired == 0 && !is_filled(change, field->tag)) {
			return fail(err, STATUS_MISSING, "%.*s", NAME_ARGS(field->name));
		}
	}
	if (!is_filled(change, TAG_VILLAGE) &&
	    (type->root == 0 || !is_filled(change, type->root))) {
		return fail(err, STATUS_MISSING, "village");
	}
	return STATUS_OK;
}

/* What tells where a record belongs can be changed, not emptied: nobody would see it again. */
static enum status
check_place_stays(const struct record_type *type, const struct change_field *field,
		  struct error *err)
{
	const struct field *root = type->root == 0 ? NULL : type_field(type, type->root);

	if (field->value.form != VALUE_EMPTY) {
		return STATUS_OK;
	}
	if (field->tag == TAG_VILLAGE && root == NULL) {
		return fail(err, STATUS_MISSING, "village");
	}
	if (root != NULL && field->tag == root->tag && root->required) {
		return fail(err, STATUS_MISSING, "%.*s", NAME_ARGS(root->name));
	}
	return STATUS_OK;
}

enum status
change_check(const struct record_type *type, const struct change *change, struct error *err)
{
	for (size_t i = 0; i < change->field_count; i++) {
		const struct change_field *field = &change->fields[i];
		enum status status = value_check(type, field->tag, field->value, err);

		if (status == STATUS_OK) {
			status = check_place_stays(type, field, err);
		}
		if (status != STATUS_OK) {
			return status;
		}
	}
	return change->base.epoch == 0 ? check_creation(type, change, err) : STATUS_OK;
}

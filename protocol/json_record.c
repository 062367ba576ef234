/* SPDX-License-Identifier: Apache-2.0 */
#include "id.h"
#include "json.h"
#include "region.h"
#include "rule.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	SET_ITEM_SIZE = 40, /* a sign and a name, or a code that has none yet */
	SET_BITS = SCHEMA_SET_CODE_MAX + 1,
	TYPE_NAME_SIZE = 24,
};

struct set_items {
	char text[2 * SET_BITS][SET_ITEM_SIZE]; /* added and removed */
	size_t count;
};

/* "bumil", or "code 9 (new)" until the schema that has it arrives. */
static void
choice_format(const struct field *field, int64_t code, const char *sign, char out[SET_ITEM_SIZE])
{
	const struct choice *choice = NULL;

	if (code >= 0 && code <= SCHEMA_TAG_MAX) {
		choice = list_choice(field->choices, (uint32_t)code);
	}
	if (choice != NULL) {
		(void)snprintf(out, SET_ITEM_SIZE, "%s%.*s", sign, NAME_ARGS(choice->name));
	} else {
		(void)snprintf(out, SET_ITEM_SIZE, "%scode %" PRId64 " (new)", sign, code);
	}
}

static void
add_choices(const struct field *field, int64_t mask, const char *sign, struct set_items *items)
{
	for (int64_t code = 0; code <= SCHEMA_SET_CODE_MAX; code++) {
		if (((uint64_t)mask >> code & 1) != 0) {
			choice_format(field, code, sign, items->text[items->count++]);
		}
	}
}

static int
compare_items(const void *a, const void *b)
{
	const char *first = a;
	const char *second = b;

	return strcmp(first, second);
}

static void
write_set(struct json *json, const struct field *field, struct value value)
{
	struct set_items items = {.count = 0};

	if (value.form == VALUE_PAIR) {
		add_choices(field, value.pair.first, "+", &items);
		add_choices(field, value.pair.second, "-", &items);
	} else {
		add_choices(field, value.integer, "", &items);
	}
	qsort(items.text, items.count, sizeof items.text[0], compare_items);
	json_put_array(json);
	for (size_t i = 0; i < items.count; i++) {
		json_put_string(json, items.text[i]);
	}
	json_put_array_end(json);
}

static void
write_choice(struct json *json, const struct field *field, int64_t code)
{
	char text[SET_ITEM_SIZE];

	choice_format(field, code, "", text);
	json_put_string(json, text);
}

static void
write_date(struct json *json, int64_t day)
{
	char text[DAY_TEXT_SIZE];

	if (day < day_from_civil(1, 1, 1) || day > day_from_civil(9999, 12, 31)) {
		json_put_int(json, day);
	} else {
		json_put_string(json, day_format(day, text));
	}
}

static void
write_village(struct json *json, int64_t village)
{
	char text[REGION_TEXT_SIZE];

	if (village == 0) {
		json_put_null(json);
	} else {
		json_put_string(json, village_format((uint64_t)village, text));
	}
}

/* By the form alone, for what no schema explains. */
static void
write_plain(struct json *json, struct value value, unsigned scale)
{
	switch (value.form) {
	case VALUE_EMPTY:
		json_put_null(json);
		break;
	case VALUE_INTEGER:
		json_put_decimal(json, value.integer, scale);
		break;
	case VALUE_BOOLEAN:
		json_put_bool(json, value.boolean);
		break;
	case VALUE_TEXT:
		json_put_text(json, value.text);
		break;
	case VALUE_PAIR:
		json_put_array(json);
		json_put_decimal(json, value.pair.first, scale);
		json_put_decimal(json, value.pair.second, scale);
		json_put_array_end(json);
		break;
	}
}

static void
write_built_in(struct json *json, int32_t tag, struct value value)
{
	bool is_number = value.form == VALUE_INTEGER && value.integer >= 0;

	if (tag == TAG_VILLAGE && is_number) {
		write_village(json, value.integer);
	} else if (tag == TAG_SAME_AS && is_number) {
		json_put_id(json, (uint64_t)value.integer);
	} else {
		write_plain(json, value, 0);
	}
}

void
json_value(struct json *json, const struct field *field, int32_t tag, struct value value)
{
	bool is_integer = value.form == VALUE_INTEGER;

	if (field == NULL) {
		write_built_in(json, tag, value);
	} else if (field->type == FIELD_SET && (is_integer || value.form == VALUE_PAIR)) {
		write_set(json, field, value);
	} else if (field->type == FIELD_CHOICE && is_integer) {
		write_choice(json, field, value.integer);
	} else if (field->type == FIELD_DATE && is_integer) {
		write_date(json, value.integer);
	} else if (field->type == FIELD_REFERENCE && is_integer && value.integer > 0) {
		json_put_id(json, (uint64_t)value.integer);
	} else {
		write_plain(json, value, field->scale);
	}
}

static void
write_author(struct json *json, uint32_t stream, const struct stream_names *names)
{
	struct stream_name name = {.kind = STREAM_DEVICE};
	bool known = names->find != NULL && names->find(names->context, stream, &name);

	if (known && name.kind != STREAM_DEVICE) {
		json_put_key(json, "user");
		json_put_text(json, name.name);
		return;
	}
	json_put_key(json, "device");
	json_put_uint(json, stream);
	json_put_key(json, "cadre");
	if (known) {
		json_put_text(json, name.name);
	} else {
		json_put_null(json);
	}
}

/* Who, when and where in the log; closes the object that json_value began. */
static void
write_origin(struct json *json, const struct dot *dot, const struct stream_names *names)
{
	write_author(json, dot->stream, names);
	json_put_key(json, "time");
	if (dot->time < -CHANGE_TIME_MAX || dot->time > CHANGE_TIME_MAX) {
		json_put_null(json);
	} else {
		json_put_instant(json, dot->time * 1000);
	}
	json_put_key(json, "seq");
	if (dot->seq == 0) {
		json_put_null(json);
	} else {
		json_put_uint(json, dot->seq);
	}
	json_put_object_end(json);
}

static void
write_members(struct json *json, const struct record_type *type, const struct record *record,
	      const struct record_field *field, const struct stream_names *names)
{
	for (size_t i = 0; i < field->member_count; i++) {
		const struct member *member = &field->members[i];

		json_put_object(json);
		json_put_key(json, "value");
		json_value(json, type_field(type, field->tag), field->tag, member->value);
		write_origin(json, &record->dots[member->dot], names);
	}
}

void
json_members(struct json *json, const struct record_type *type, const struct record *record,
	     const struct record_field *field, const struct stream_names *names)
{
	json_put_array(json);
	write_members(json, type, record, field, names);
	json_put_array_end(json);
}

static bool
is_rival(const struct record *record, const struct merge_context *context,
	 const struct record_field *archived, const struct member *other)
{
	for (size_t i = 0; i < archived->member_count; i++) {
		if (archive_rivals(record, context, &archived->members[i], other)) {
			return true;
		}
	}
	return false;
}

/* True if that change is a rival of an archive, in whatever field. */
static bool
dot_is_rival(const struct record *record, const struct merge_context *context,
	     const struct record_field *archived, uint32_t dot)
{
	for (size_t i = 0; i < record->field_count; i++) {
		const struct record_field *field = &record->fields[i];

		for (size_t k = 0; k < field->member_count && field != archived; k++) {
			const struct member *member = &field->members[k];

			if (member->dot == dot && is_rival(record, context, archived, member)) {
				return true;
			}
		}
	}
	return false;
}

/* The archives, then one line without a value for each edit that had not seen them. */
static void
write_archive_conflict(struct json *json, const struct record *record,
		       const struct merge_context *context, const struct record_field *archived,
		       const struct stream_names *names)
{
	json_put_array(json);
	write_members(json, NULL, record, archived, names);
	for (uint32_t dot = 0; dot < record->dot_count; dot++) {
		if (dot_is_rival(record, context, archived, dot)) {
			json_put_object(json);
			json_put_key(json, "value");
			json_put_null(json);
			write_origin(json, &record->dots[dot], names);
		}
	}
	json_put_array_end(json);
}

static void
write_conflict(struct json *json, const struct record_type *type, const struct record *record,
	       const struct record_field *field, const struct merge_context *context,
	       const struct stream_names *names)
{
	if (field->tag == TAG_ARCHIVED) {
		write_archive_conflict(json, record, context, field, names);
	} else {
		json_members(json, type, record, field, names);
	}
}

void
json_conflict(struct json *json, const struct record *record, const struct record_field *field,
	      const struct merge_context *context, const struct stream_names *names)
{
	write_conflict(json, context->type, record, field, context, names);
}

static void
write_conflicts(struct json *json, const struct record_type *type, const struct record *record,
		const struct merge_context *context, const struct stream_names *names)
{
	bool archive = archive_in_conflict(record, context);

	json_put_object(json);
	for (size_t i = 0; i < record->field_count; i++) {
		const struct record_field *field = &record->fields[i];
		bool differs = field_in_conflict(field, type_policy(type, field->tag));
		char scratch[FIELD_NAME_SIZE];

		if (!differs && !(archive && field->tag == TAG_ARCHIVED)) {
			continue;
		}
		json_put_key_span(json, type_field_name(type, field->tag, scratch));
		write_conflict(json, type, record, field, context, names);
	}
	json_put_object_end(json);
}

static void
write_fields(struct json *json, const struct record_type *type, const struct record *record)
{
	json_put_object(json);
	for (size_t i = 0; i < record->field_count; i++) {
		int32_t tag = record->fields[i].tag;
		enum policy policy = type_policy(type, tag);
		struct value value = field_shown(record, &record->fields[i], policy);
		char scratch[FIELD_NAME_SIZE];

		if (tag == TAG_VILLAGE || tag == TAG_ARCHIVED || value.form == VALUE_EMPTY ||
		    (policy == POLICY_SET && value.integer == 0)) {
			continue;
		}
		json_put_key_span(json, type_field_name(type, tag, scratch));
		json_value(json, type_field(type, tag), tag, value);
	}
	json_put_object_end(json);
}

static void
write_flags(struct json *json, const struct record_type *type, const struct record *record,
	    int64_t today)
{
	json_put_array(json);
	for (size_t i = 0; type != NULL && i < type->rule_count; i++) {
		if (condition_holds(type->rules[i].when, type, record, today)) {
			json_put_text(json, type->rules[i].name);
		}
	}
	json_put_array_end(json);
}

static void
write_type(struct json *json, const struct record_type *type, uint32_t tag)
{
	char text[TYPE_NAME_SIZE];

	if (type != NULL) {
		json_put_text(json, type->name);
		return;
	}
	(void)snprintf(text, sizeof text, "type_%" PRIu32, tag);
	json_put_string(json, text);
}

void
json_record(struct json *json, const struct schema *schema, const struct record *record,
	    const struct merge_context *context, const struct stream_names *names, int64_t today)
{
	const struct record_type *type = schema_type(schema, record->type);

	json_put_object(json);
	json_put_key(json, "id");
	json_put_id(json, record->id);
	json_put_key(json, "type");
	write_type(json, type, record->type);
	json_put_key(json, "version");
	json_put_uint(json, record->version);
	json_put_key(json, "village");
	write_village(json, (int64_t)record->village);
	json_put_key(json, "fields");
	write_fields(json, type, record);
	json_put_key(json, "conflicts");
	write_conflicts(json, type, record, context, names);
	json_put_key(json, "archived");
	json_value(json, NULL, TAG_ARCHIVED, record_shown(record, type, TAG_ARCHIVED));
	json_put_key(json, "flags");
	write_flags(json, type, record, today);
	json_put_object_end(json);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "client/device.h"
#include "protocol/json.h"

enum { FORM_BYTES_MAX = 4 * 1024 * 1024 };

/* What a form is written with. */
struct form_writer {
	struct json json;
	const struct record_type *type;
	enum language language;
};

static void
put_label(struct form_writer *form, const struct label *label)
{
	json_put_key(&form->json, "label");
	json_put_text(&form->json, label_in(label, form->language));
}

static void
put_choices(struct form_writer *form, const struct choice_list *list)
{
	json_put_key(&form->json, "choices");
	json_put_array(&form->json);
	for (size_t i = 0; i < list->count; i++) {
		if (list->choices[i].retired == 0) {
			json_put_object(&form->json);
			json_put_key(&form->json, "name");
			json_put_text(&form->json, list->choices[i].name);
			put_label(form, &list->choices[i].label);
			json_put_object_end(&form->json);
		}
	}
	json_put_array_end(&form->json);
}

/* In the unit that people enter. */
static void
put_range(struct form_writer *form, const char *key, const struct field *field,
	  const struct range *range)
{
	if (!range->set) {
		return;
	}
	json_put_key(&form->json, key);
	json_put_array(&form->json);
	json_value(&form->json, field, field->tag, value_integer(range->low));
	json_value(&form->json, field, field->tag, value_integer(range->high));
	json_put_array_end(&form->json);
}

static void
put_field_name(struct form_writer *form, int32_t tag)
{
	char scratch[FIELD_NAME_SIZE];

	json_put_text(&form->json, type_field_name(form->type, tag, scratch));
}

/* A comparison's left side, and its values as the field shows them. */
static void
put_comparison(struct form_writer *form, const struct condition *condition)
{
	const struct field *field =
		condition->days_since ? NULL : type_field(form->type, condition->tag);

	if (condition->days_since) {
		json_put_array(&form->json);
		json_put_string(&form->json, "days_since");
		put_field_name(form, condition->tag);
		json_put_array_end(&form->json);
	} else {
		put_field_name(form, condition->tag);
	}
	if (condition->op == RULE_IN) {
		json_put_array(&form->json);
	}
	for (size_t i = 0; i < condition->count && condition->values != NULL; i++) {
		json_value(&form->json, field, condition->tag, condition->values[i]);
	}
	if (condition->op == RULE_IN) {
		json_put_array_end(&form->json);
	}
}

/* As the schema file writes it, but for numbers, which are in the unit that people enter. */
static void
put_condition(struct form_writer *form, const struct condition *condition, unsigned depth)
{
	enum rule_operator op = condition->op;

	json_put_array(&form->json);
	json_put_string(&form->json, rule_operator_name(op));
	if (op == RULE_ALL || op == RULE_ANY || op == RULE_NOT) {
		size_t count = op == RULE_NOT ? 1 : condition->count;

		for (size_t i = 0; i < count && depth < RULE_DEPTH_MAX; i++) {
			put_condition(form, &condition->parts[i], depth + 1);
		}
	} else {
		put_comparison(form, condition);
	}
	json_put_array_end(&form->json);
}

static void
put_field(struct form_writer *form, const struct field *field)
{
	struct json *json = &form->json;

	json_put_object(json);
	json_put_key(json, "name");
	json_put_text(json, field->name);
	put_label(form, &field->label);
	json_put_key(json, "type");
	json_put_string(json, field_type_name(field->type));
	json_put_key(json, "required");
	json_put_bool(json, field->required);
	if (field->choices != NULL) {
		put_choices(form, field->choices);
	}
	put_range(form, "refuse", field, &field->refuse);
	put_range(form, "warn", field, &field->warn);
	if (field->unit.length > 0) {
		json_put_key(json, "unit");
		json_put_text(json, field->unit);
	}
	json_put_key(json, "scale");
	json_put_uint(json, field->scale);
	if (field->condition != NULL) {
		json_put_key(json, "if");
		put_condition(form, field->condition, 0);
	}
	json_put_object_end(json);
}

/* What tells records of the type apart in a list. */
static void
put_title(struct form_writer *form)
{
	json_put_key(&form->json, "title");
	json_put_array(&form->json);
	for (size_t i = 0; i < form->type->title_count; i++) {
		put_field_name(form, form->type->title[i]);
	}
	json_put_array_end(&form->json);
}

static void
put_rules(struct form_writer *form)
{
	json_put_key(&form->json, "rules");
	json_put_array(&form->json);
	for (size_t i = 0; i < form->type->rule_count; i++) {
		json_put_object(&form->json);
		json_put_key(&form->json, "name");
		json_put_text(&form->json, form->type->rules[i].name);
		put_label(form, &form->type->rules[i].label);
		json_put_object_end(&form->json);
	}
	json_put_array_end(&form->json);
}

static bool
stands_before(const struct field *a, const struct field *b)
{
	return a->place != b->place ? a->place < b->place : a->tag < b->tag;
}

/* The field that stands next in the form after `last` (NULL: the first); NULL at the end. Fields
 * are few. */
static const struct field *
next_field(const struct record_type *type, const struct field *last)
{
	const struct field *next = NULL;

	for (size_t i = 0; i < type->field_count; i++) {
		const struct field *field = &type->fields[i];

		if ((last == NULL || stands_before(last, field)) &&
		    (next == NULL || stands_before(field, next))) {
			next = field;
		}
	}
	return next;
}

static void
put_fields(struct form_writer *form)
{
	json_put_key(&form->json, "fields");
	json_put_array(&form->json);
	for (const struct field *field = next_field(form->type, NULL); field != NULL;
	     field = next_field(form->type, field)) {
		if (field->retired == 0) {
			put_field(form, field);
		}
	}
	json_put_array_end(&form->json);
}

static void
put_form(struct form_writer *form)
{
	struct json *json = &form->json;

	json_put_object(json);
	json_put_key(json, "type");
	json_put_text(json, form->type->name);
	put_label(form, &form->type->label);
	put_title(form);
	put_fields(form);
	put_rules(form);
	json_put_object_end(json);
}

int
sambung_form(struct sambung *device, const char *type, enum sambung_language language,
	     sambung_line_fn line, void *context, struct sambung_error *err)
{
	struct span name = span_of_text(type);
	struct form_writer form = {.language = language == SAMBUNG_ID ? LANGUAGE_ID : LANGUAGE_EN};
	struct error inner = {0};
	struct local_state state;
	struct buffer text;
	enum status status = device_enrolled(device, &state, &inner);

	buffer_init(&text, FORM_BYTES_MAX);
	if (status == STATUS_OK && device->schema == NULL) {
		status = fail(&inner, STATUS_NO_FORMS, "%s", "");
	}
	if (status == STATUS_OK) {
		form.type = schema_type_named(device->schema, name);
	}
	if (status == STATUS_OK && form.type == NULL) {
		status = fail(&inner, STATUS_UNKNOWN_TYPE, "%.*s", NAME_ARGS(name));
	}
	if (status == STATUS_OK) {
		form.json = json_start(&text);
		put_form(&form);
		status = buffer_status(&text, "JSON", &inner);
	}
	if (status == STATUS_OK) {
		(void)line(context, (const char *)text.at, text.length);
	}
	buffer_finish(&text);
	return status == STATUS_OK ? 0 : device_fail(err, &inner);
}

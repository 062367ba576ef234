/* SPDX-License-Identifier: Apache-2.0 */
#include "load_parts.h"

static bool read_condition(struct loader *loader, const struct record_type *type, json_t *json,
			   unsigned depth, struct condition *out);

static struct span
string_span(json_t *json)
{
	return span_of(json_string_value(json), json_string_length(json));
}

static bool
read_choice(struct loader *loader, const struct field *field, struct span name, struct value *out)
{
	const struct choice *choice =
		field->choices == NULL ? NULL : list_choice_named(field->choices, name);

	if (choice == NULL) {
		return load_refuse(loader, "%.*s has no choice \"%.*s\"", NAME_ARGS(field->name),
				   NAME_ARGS(name));
	}
	*out = value_integer(choice->code);
	return true;
}

bool
load_constant(struct loader *loader, const struct field *field, bool days_since, json_t *json,
	      struct value *out)
{
	int64_t day;

	if (json_is_integer(json)) {
		*out = value_integer(json_integer_value(json));
		return true;
	}
	if (json_is_boolean(json)) {
		*out = value_boolean(json_is_true(json));
		return true;
	}
	if (json_is_string(json) && field->choices != NULL) {
		return read_choice(loader, field, string_span(json), out);
	}
	if (json_is_string(json) && field->type == FIELD_DATE && !days_since &&
	    day_parse(string_span(json), &day)) {
		*out = value_integer(day);
		return true;
	}
	return load_refuse(loader, "a value does not fit %.*s (%s)", NAME_ARGS(field->name),
			   field_type_name(field->type));
}

/* "hb" or ["days_since", "date"]. */
static bool
read_operand(struct loader *loader, const struct record_type *type, json_t *json,
	     struct condition *out, const struct field **field_out)
{
	json_t *name = json;

	if (json_is_array(json)) {
		struct span function = string_span(json_array_get(json, 0));

		if (json_array_size(json) != 2 ||
		    !span_equal(function, span_of_text("days_since"))) {
			return load_refuse(loader, "not a field nor [\"days_since\", field]");
		}
		out->days_since = true;
		name = json_array_get(json, 1);
	}
	if (!json_is_string(name)) {
		return load_refuse(loader, "not the name of a field");
	}
	*field_out = type_field_named(type, string_span(name));
	if (*field_out == NULL) {
		return load_refuse(loader, "there is no field \"%.*s\"",
				   NAME_ARGS(string_span(name)));
	}
	out->tag = (*field_out)->tag;
	return true;
}

/* One value, or the array that `in` has. */
static bool
read_values(struct loader *loader, const struct field *field, json_t *json, struct condition *out)
{
	bool many = out->op == RULE_IN;

	out->count = many ? json_array_size(json) : 1;
	if (many && (!json_is_array(json) || out->count > RULE_VALUES_MAX)) {
		return load_refuse(loader, "in: not an array of at most %d values",
				   RULE_VALUES_MAX);
	}
	out->values = load_take(loader, out->count, sizeof *out->values);
	if (out->values == NULL) {
		return false;
	}
	for (size_t i = 0; i < out->count; i++) {
		if (!load_constant(loader, field, out->days_since,
				   many ? json_array_get(json, i) : json, &out->values[i])) {
			return false;
		}
	}
	return true;
}

static bool
read_comparison(struct loader *loader, const struct record_type *type, json_t *json,
		struct condition *out)
{
	bool alone = out->op == RULE_EMPTY;
	const struct field *field;

	if (json_array_size(json) != (alone ? 2 : 3)) {
		return load_refuse(loader, "%s takes %s", rule_operator_name(out->op),
				   alone ? "a field" : "a field and what it is compared with");
	}
	if (!read_operand(loader, type, json_array_get(json, 1), out, &field)) {
		return false;
	}
	return alone || read_values(loader, field, json_array_get(json, 2), out);
}

static bool
read_parts(struct loader *loader, const struct record_type *type, json_t *json, unsigned depth,
	   struct condition *out)
{
	if (depth >= RULE_DEPTH_MAX) {
		return load_refuse(loader, "more than %d deep", RULE_DEPTH_MAX);
	}
	out->count = json_array_size(json) - 1;
	out->parts = load_take(loader, out->count, sizeof *out->parts);
	for (size_t i = 0; out->parts != NULL && i < out->count; i++) {
		if (!read_condition(loader, type, json_array_get(json, i + 1), depth + 1,
				    &out->parts[i])) {
			return false;
		}
	}
	return out->parts != NULL;
}

static bool
read_condition(struct loader *loader, const struct record_type *type, json_t *json, unsigned depth,
	       struct condition *out)
{
	json_t *word = json_array_get(json, 0);

	out->op = rule_operator_named(string_span(word));
	switch (out->op) {
	case RULE_ALL:
	case RULE_ANY:
	case RULE_NOT:
		return read_parts(loader, type, json, depth, out);
	case RULE_EQUAL:
	case RULE_NOT_EQUAL:
	case RULE_LESS:
	case RULE_LESS_EQUAL:
	case RULE_MORE:
	case RULE_MORE_EQUAL:
	case RULE_IN:
	case RULE_EMPTY:
		return read_comparison(loader, type, json, out);
	}
	return load_refuse(loader, "not an array that begins with an operator");
}

bool
load_condition(struct loader *loader, const struct record_type *type, json_t *json,
	       struct condition **out)
{
	*out = load_take(loader, 1, sizeof **out);
	return *out != NULL && read_condition(loader, type, json, 1, *out);
}

static bool
read_rule(struct loader *loader, const struct record_type *type, json_t *json, struct rule *out)
{
	static const char *const keys[] = {"name", "level", "when", "label", "source", NULL};
	json_t *when = json_object_get(json, "when");

	if (!load_keys(loader, json, keys) || !load_text(loader, json, "name", true, &out->name) ||
	    !load_text(loader, json, "level", true, &out->level) ||
	    !load_text(loader, json, "source", false, &out->source) ||
	    !load_label(loader, json, &out->label)) {
		return false;
	}
	if (when == NULL) {
		return load_refuse(loader, "when is missing");
	}
	if (!load_condition(loader, type, when, &out->when)) {
		(void)fail_context(&loader->error, "when");
		return false;
	}
	return true;
}

bool
load_rules(struct loader *loader, json_t *object, struct record_type *type)
{
	json_t *json;

	if (!load_array(loader, object, "rules", SCHEMA_RULES_MAX, &json)) {
		(void)fail_context(&loader->error, "%.*s", NAME_ARGS(type->name));
		return false;
	}
	type->rule_count = json_array_size(json);
	type->rules = load_take(loader, type->rule_count, sizeof *type->rules);
	for (size_t i = 0; type->rules != NULL && i < type->rule_count; i++) {
		struct rule *rule = &type->rules[i];

		if (!read_rule(loader, type, json_array_get(json, i), rule)) {
			if (rule->name.length > 0) {
				(void)fail_context(&loader->error, "%.*s.rules.%.*s",
						   NAME_ARGS(type->name), NAME_ARGS(rule->name));
			} else {
				(void)fail_context(&loader->error, "%.*s.rules[%zu]",
						   NAME_ARGS(type->name), i);
			}
			return false;
		}
	}
	return type->rules != NULL;
}

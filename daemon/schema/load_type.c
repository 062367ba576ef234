/* SPDX-License-Identifier: Apache-2.0 */
#include "load_parts.h"

static bool
refuse_word(struct loader *loader, const char *key, struct span word)
{
	return load_refuse(loader, "%s: unknown word \"%.*s\"", key, NAME_ARGS(word));
}

/* The words that stand for enums. */
static bool
read_field_words(struct loader *loader, json_t *json, struct field *out)
{
	struct span type;
	struct span policy;
	struct span personal = {.length = 0};
	struct span required = {.length = 0};

	if (!load_text(loader, json, "type", true, &type) ||
	    !load_text(loader, json, "policy", true, &policy) ||
	    !load_text(loader, json, "personal", false, &personal) ||
	    !load_text(loader, json, "required", false, &required)) {
		return false;
	}
	out->type = field_type_named(type);
	out->policy = policy_named(policy);
	out->personal = personal_named(personal);
	out->required = required.length > 0;
	if (field_type_name(out->type)[0] == '\0') {
		return refuse_word(loader, "type", type);
	}
	if (policy_name(out->policy)[0] == '\0') {
		return refuse_word(loader, "policy", policy);
	}
	if (personal.length > 0 && out->personal == PERSONAL_NO) {
		return refuse_word(loader, "personal", personal);
	}
	if (out->required && !span_equal(required, span_of_text("create"))) {
		return refuse_word(loader, "required", required);
	}
	return true;
}

static bool
read_range(struct loader *loader, json_t *object, const char *key, const struct field *field,
	   struct range *out)
{
	json_t *json;
	struct value low;
	struct value high;

	if (!load_array(loader, object, key, 2, &json)) {
		return false;
	}
	if (json == NULL) {
		return true;
	}
	if (json_array_size(json) != 2 ||
	    !load_constant(loader, field, false, json_array_get(json, 0), &low) ||
	    !load_constant(loader, field, false, json_array_get(json, 1), &high) ||
	    low.form != VALUE_INTEGER || high.form != VALUE_INTEGER) {
		return load_refuse(loader, "%s: not [low, high] in stored units", key);
	}
	out->set = true;
	out->low = low.integer;
	out->high = high.integer;
	return true;
}

static bool
read_choices(struct loader *loader, json_t *object, struct field *out)
{
	const struct schema *schema = loader->schema;
	struct span name = {.length = 0};

	if (!load_text(loader, object, "choices", false, &name)) {
		return false;
	}
	for (size_t i = 0; i < schema->list_count; i++) {
		if (span_equal(schema->lists[i].name, name)) {
			out->choices = &schema->lists[i];
		}
	}
	if (name.length > 0 && out->choices == NULL) {
		return load_refuse(loader, "there are no choices \"%.*s\"", NAME_ARGS(name));
	}
	return true;
}

static bool
read_formerly(struct loader *loader, json_t *object, struct field *out)
{
	json_t *json;

	if (!load_array(loader, object, "formerly", SCHEMA_FORMERLY_MAX, &json)) {
		return false;
	}
	out->formerly_count = json_array_size(json);
	out->formerly = load_take(loader, out->formerly_count, sizeof *out->formerly);
	for (size_t i = 0; out->formerly != NULL && i < out->formerly_count; i++) {
		if (!load_string(loader, json_array_get(json, i), "formerly", &out->formerly[i])) {
			return false;
		}
	}
	return out->formerly != NULL;
}

/* What a field says of itself; names of types and fields are looked up when all are there. */
static bool
read_field(struct loader *loader, json_t *json, struct field *out)
{
	static const char *const keys[] = {"tag",      "name",	   "label",    "type",	   "policy",
					   "personal", "scale",	   "unit",     "refuse",   "warn",
					   "max",      "choices",  "to",       "required", "if",
					   "retired",  "replaces", "formerly", NULL};
	uint32_t tag;
	uint32_t scale = 0;

	if (!load_keys(loader, json, keys) || !load_text(loader, json, "name", true, &out->name) ||
	    !load_number(loader, json, "tag", true, SCHEMA_TAG_MAX, &tag) ||
	    !load_label(loader, json, &out->label) || !read_field_words(loader, json, out) ||
	    !load_number(loader, json, "scale", false, SCHEMA_SCALE_MAX, &scale) ||
	    !load_text(loader, json, "unit", false, &out->unit) ||
	    !load_number(loader, json, "max", false, SCHEMA_TEXT_MAX, &out->text_max) ||
	    !load_number(loader, json, "retired", false, UINT32_MAX, &out->retired) ||
	    !read_choices(loader, json, out) || !read_formerly(loader, json, out)) {
		return false;
	}
	out->tag = (int32_t)tag;
	out->scale = scale;
	return read_range(loader, json, "refuse", out, &out->refuse) &&
	       read_range(loader, json, "warn", out, &out->warn);
}

static bool
field_tag(struct loader *loader, const struct record_type *type, struct span name, const char *key,
	  int32_t *out)
{
	const struct field *field = type_field_named(type, name);

	if (field == NULL) {
		return load_refuse(loader, "%s: there is no field \"%.*s\"", key, NAME_ARGS(name));
	}
	*out = field->tag;
	return true;
}

static bool
read_target(struct loader *loader, json_t *json, struct field *out)
{
	const struct record_type *target;
	struct span to = {.length = 0};

	if (!load_text(loader, json, "to", false, &to)) {
		return false;
	}
	if (to.length == 0) {
		return true;
	}
	target = schema_type_named(loader->schema, to);
	if (target == NULL) {
		return load_refuse(loader, "to: there is no type \"%.*s\"", NAME_ARGS(to));
	}
	out->target = target->tag;
	return true;
}

static bool
read_field_links(struct loader *loader, json_t *json, const struct record_type *type,
		 struct field *out)
{
	json_t *condition = json_object_get(json, "if");
	struct span replaces = {.length = 0};

	if (!read_target(loader, json, out) ||
	    !load_text(loader, json, "replaces", false, &replaces)) {
		return false;
	}
	if (replaces.length > 0 && !field_tag(loader, type, replaces, "replaces", &out->replaces)) {
		return false;
	}
	if (condition != NULL && !load_condition(loader, type, condition, &out->condition)) {
		(void)fail_context(&loader->error, "if");
		return false;
	}
	return true;
}

/* Puts "visit.hb" in front of the error, or "visit.fields[3]" while there is no name. */
static bool
fail_in_field(struct loader *loader, const struct record_type *type, size_t index)
{
	const struct field *field = &type->fields[index];

	if (field->name.length > 0) {
		(void)fail_context(&loader->error, "%.*s.%.*s", NAME_ARGS(type->name),
				   NAME_ARGS(field->name));
	} else {
		(void)fail_context(&loader->error, "%.*s.fields[%zu]", NAME_ARGS(type->name),
				   index);
	}
	return false;
}

static bool
read_fields(struct loader *loader, json_t *object, struct record_type *out)
{
	json_t *json;

	if (!load_array(loader, object, "fields", SCHEMA_FIELDS_MAX, &json)) {
		(void)fail_context(&loader->error, "%.*s", NAME_ARGS(out->name));
		return false;
	}
	out->fields = load_take(loader, json_array_size(json), sizeof *out->fields);
	if (out->fields == NULL) {
		return false;
	}
	out->field_count = json_array_size(json);
	for (size_t i = 0; i < out->field_count; i++) {
		if (!read_field(loader, json_array_get(json, i), &out->fields[i])) {
			return fail_in_field(loader, out, i);
		}
		out->fields[i].place = (uint32_t)i;
	}
	return true;
}

static bool
read_type(struct loader *loader, json_t *json, size_t index, struct record_type *out)
{
	static const char *const keys[] = {"tag",    "name",  "label",	 "root", "title",
					   "fields", "rules", "retired", NULL};

	if (!load_keys(loader, json, keys) || !load_text(loader, json, "name", true, &out->name)) {
		(void)fail_context(&loader->error, "types[%zu]", index);
		return false;
	}
	if (!load_number(loader, json, "tag", true, SCHEMA_TAG_MAX, &out->tag) ||
	    !load_label(loader, json, &out->label) ||
	    !load_number(loader, json, "retired", false, UINT32_MAX, &out->retired)) {
		(void)fail_context(&loader->error, "%.*s", NAME_ARGS(out->name));
		return false;
	}
	return read_fields(loader, json, out);
}

static bool
read_root_and_title(struct loader *loader, json_t *object, struct record_type *type)
{
	struct span root = {.length = 0};
	json_t *json;

	if (!load_text(loader, object, "root", false, &root) ||
	    !load_array(loader, object, "title", SCHEMA_TITLE_MAX, &json)) {
		return false;
	}
	if (root.length > 0 && !field_tag(loader, type, root, "root", &type->root)) {
		return false;
	}
	for (size_t i = 0; i < json_array_size(json); i++) {
		struct span name;

		if (!load_string(loader, json_array_get(json, i), "title", &name) ||
		    !field_tag(loader, type, name, "title", &type->title[i])) {
			return false;
		}
		type->title_count++;
	}
	return true;
}

static bool
read_type_links(struct loader *loader, json_t *json, struct record_type *type)
{
	json_t *fields = json_object_get(json, "fields");

	if (!read_root_and_title(loader, json, type)) {
		(void)fail_context(&loader->error, "%.*s", NAME_ARGS(type->name));
		return false;
	}
	for (size_t i = 0; i < type->field_count; i++) {
		if (!read_field_links(loader, json_array_get(fields, i), type, &type->fields[i])) {
			return fail_in_field(loader, type, i);
		}
	}
	return load_rules(loader, json, type);
}

bool
load_types(struct loader *loader, json_t *types)
{
	struct schema *schema = loader->schema;
	size_t count = json_array_size(types);

	schema->types = load_take(loader, count, sizeof *schema->types);
	if (schema->types == NULL) {
		return false;
	}
	schema->type_count = count;
	for (size_t i = 0; i < count; i++) {
		if (!read_type(loader, json_array_get(types, i), i, &schema->types[i])) {
			return false;
		}
	}
	for (size_t i = 0; i < count; i++) {
		if (!read_type_links(loader, json_array_get(types, i), &schema->types[i])) {
			return false;
		}
	}
	return true;
}

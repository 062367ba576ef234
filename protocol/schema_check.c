/* SPDX-License-Identifier: Apache-2.0 */
#include "schema_parts.h"

/* [a-z][a-z0-9_]{0,30}; the programme's own name may have hyphens as well. */
static bool
name_valid(struct span name, bool hyphens)
{
	if (name.length < 1 || name.length > SCHEMA_NAME_MAX) {
		return false;
	}
	for (size_t i = 0; i < name.length; i++) {
		uint8_t c = name.at[i];
		bool inner = (c >= '0' && c <= '9') || c == '_' || (hyphens && c == '-');

		if (!(c >= 'a' && c <= 'z') && !(i > 0 && inner)) {
			return false;
		}
	}
	return true;
}

static enum status
check_name(struct span name, struct error *err)
{
	return name_valid(name, false)
		       ? STATUS_OK
		       : fail(err, STATUS_INVALID, "the name is not [a-z][a-z0-9_]{0,30}");
}

/* Keys of records in JSON and columns of typed tables. */
enum status
schema_name_check(struct span name, struct error *err)
{
	static const char *const reserved[] = {"id",	   "type",    "version", "village",
					       "archived", "same_as", "seq",	 "conflicts"};

	for (size_t i = 0; i < sizeof reserved / sizeof reserved[0]; i++) {
		if (span_equal(name, span_of_text(reserved[i]))) {
			return fail(err, STATUS_INVALID, "the name is reserved");
		}
	}
	return check_name(name, err);
}

enum status
schema_label_check(const struct label *label, struct error *err)
{
	if (label->id.length == 0) {
		return fail(err, STATUS_INVALID, "the label in id (Indonesian) is missing");
	}
	if (label->en.length == 0) {
		return fail(err, STATUS_INVALID, "the label in en (English) is missing");
	}
	return STATUS_OK;
}

enum status
schema_retired_check(const struct schema *schema, uint32_t retired, struct error *err)
{
	if (retired > schema->version) {
		return fail(err, STATUS_INVALID, "retired in a later version than this one");
	}
	return STATUS_OK;
}

enum status
schema_count_check(const char *what, size_t count, size_t most, struct error *err)
{
	return count <= most ? STATUS_OK
			     : fail(err, STATUS_INVALID, "%s: more than %zu", what, most);
}

static enum status
check_choice(const struct schema *schema, const struct choice_list *list, size_t index,
	     struct error *err)
{
	const struct choice *choice = &list->choices[index];
	enum status status = check_name(choice->name, err);

	if (status == STATUS_OK) {
		status = schema_label_check(&choice->label, err);
	}
	if (status == STATUS_OK) {
		status = schema_retired_check(schema, choice->retired, err);
	}
	if (status != STATUS_OK) {
		return status;
	}
	if (choice->code > SCHEMA_TAG_MAX) {
		return fail(err, STATUS_INVALID, "code above %d", SCHEMA_TAG_MAX);
	}
	if (index > 0 && choice->code <= choice[-1].code) {
		return fail(err, STATUS_INVALID, "code %u stands twice or out of order",
			    (unsigned)choice->code);
	}
	if (list_choice_named(list, choice->name) != choice) {
		return fail(err, STATUS_INVALID, "the name stands twice");
	}
	return STATUS_OK;
}

static enum status
check_list(const struct schema *schema, size_t index, struct error *err)
{
	const struct choice_list *list = &schema->lists[index];
	enum status status = check_name(list->name, err);

	if (status == STATUS_OK && index > 0 && span_compare(list[-1].name, list->name) >= 0) {
		status = fail(err, STATUS_INVALID, "the name stands twice or out of order");
	}
	if (status != STATUS_OK) {
		(void)fail_context(err, "choices.%.*s", NAME_ARGS(list->name));
		return status;
	}
	for (size_t i = 0; i < list->count; i++) {
		status = check_choice(schema, list, i, err);
		if (status != STATUS_OK) {
			(void)fail_context(err, "choices.%.*s.%.*s", NAME_ARGS(list->name),
					   NAME_ARGS(list->choices[i].name));
			return status;
		}
	}
	return STATUS_OK;
}

static enum status
check_lists(const struct schema *schema, struct error *err)
{
	enum status status =
		schema_count_check("choices", schema->list_count, SCHEMA_LISTS_MAX, err);
	size_t choices = 0;

	for (size_t i = 0; status == STATUS_OK && i < schema->list_count; i++) {
		choices += schema->lists[i].count;
		status = schema_count_check("choices", choices, SCHEMA_CHOICES_MAX, err);
		if (status == STATUS_OK) {
			status = check_list(schema, i, err);
		}
	}
	return status;
}

static enum status
check_fields(const struct schema *schema, const struct record_type *type, struct error *err)
{
	enum status status = STATUS_OK;
	size_t i;

	for (i = 0; i < type->field_count; i++) {
		status = field_check(schema, type, &type->fields[i], err);
		if (status != STATUS_OK) {
			goto out;
		}
	}
	for (i = 0; i < type->field_count; i++) {
		status = field_links_check(type, &type->fields[i], err);
		if (status != STATUS_OK) {
			goto out;
		}
	}
out:
	if (status != STATUS_OK) {
		(void)fail_context(err, "%.*s.%.*s", NAME_ARGS(type->name),
				   NAME_ARGS(type->fields[i].name));
	}
	return status;
}

static enum status
check_rule(const struct record_type *type, const struct rule *rule, struct error *err)
{
	static const char *const levels[] = {"info", "warn", "risk"};
	enum status status = check_name(rule->name, err);
	bool known = false;

	if (status == STATUS_OK) {
		status = schema_label_check(&rule->label, err);
	}
	if (status != STATUS_OK) {
		return status;
	}
	for (const struct rule *other = type->rules; other != rule; other++) {
		if (span_equal(other->name, rule->name)) {
			return fail(err, STATUS_INVALID, "the name stands twice");
		}
	}
	for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++) {
		known = known || span_equal(rule->level, span_of_text(levels[i]));
	}
	if (!known) {
		return fail(err, STATUS_INVALID, "level is info, warn or risk");
	}
	if (rule->when == NULL) {
		return fail(err, STATUS_INVALID, "when is missing");
	}
	status = condition_check(type, rule->when, err);
	if (status != STATUS_OK) {
		(void)fail_context(err, "when");
	}
	return status;
}

static enum status
check_rules(const struct record_type *type, struct error *err)
{
	for (size_t i = 0; i < type->rule_count; i++) {
		enum status status = check_rule(type, &type->rules[i], err);

		if (status != STATUS_OK) {
			(void)fail_context(err, "%.*s.rules.%.*s", NAME_ARGS(type->name),
					   NAME_ARGS(type->rules[i].name));
			return status;
		}
	}
	return STATUS_OK;
}

static enum status
check_type_identity(const struct schema *schema, const struct record_type *type, struct error *err)
{
	enum status status = schema_name_check(type->name, err);

	if (status == STATUS_OK) {
		status = schema_label_check(&type->label, err);
	}
	if (status == STATUS_OK) {
		status = schema_retired_check(schema, type->retired, err);
	}
	if (status == STATUS_OK) {
		status = schema_count_check("fields", type->field_count, SCHEMA_FIELDS_MAX, err);
	}
	if (status == STATUS_OK) {
		status = schema_count_check("rules", type->rule_count, SCHEMA_RULES_MAX, err);
	}
	if (status != STATUS_OK) {
		return status;
	}
	if (type->tag < 1 || type->tag > SCHEMA_TAG_MAX) {
		return fail(err, STATUS_INVALID, "the tag is not 1 to %d", SCHEMA_TAG_MAX);
	}
	if (type != schema->types && type->tag <= type[-1].tag) {
		return fail(err, STATUS_INVALID, "tag %u stands twice or out of order",
			    (unsigned)type->tag);
	}
	if (schema_type_named(schema, type->name) != type) {
		return fail(err, STATUS_INVALID, "the name stands twice");
	}
	return STATUS_OK;
}

static enum status
check_root(const struct schema *schema, const struct record_type *type, struct error *err)
{
	const struct record_type *at = type;

	for (size_t steps = 0; at != NULL && at->root != 0; steps++) {
		const struct field *field = type_field(at, at->root);

		if (steps == schema->type_count) {
			return fail(err, STATUS_INVALID, "the roots go in a circle");
		}
		if (field == NULL || field->type != FIELD_REFERENCE) {
			return at == type ? fail(err, STATUS_INVALID, "root names no reference")
					  : STATUS_OK; /* told at that type */
		}
		at = schema_type(schema, field->target);
	}
	return STATUS_OK;
}

static enum status
check_title(const struct record_type *type, struct error *err)
{
	enum status status = schema_count_check("title", type->title_count, SCHEMA_TITLE_MAX, err);

	for (size_t i = 0; status == STATUS_OK && i < type->title_count; i++) {
		if (type_field(type, type->title[i]) == NULL) {
			status = fail(err, STATUS_INVALID, "title names no field");
		}
	}
	return status;
}

static enum status
check_types(const struct schema *schema, struct error *err)
{
	enum status status = schema_count_check("types", schema->type_count, SCHEMA_TYPES_MAX, err);

	/* All tags first: what follows searches for them. */
	for (size_t i = 0; status == STATUS_OK && i < schema->type_count; i++) {
		status = check_type_identity(schema, &schema->types[i], err);
		if (status != STATUS_OK) {
			(void)fail_context(err, "%.*s", NAME_ARGS(schema->types[i].name));
		}
	}
	for (size_t i = 0; status == STATUS_OK && i < schema->type_count; i++) {
		status = check_fields(schema, &schema->types[i], err);
		if (status == STATUS_OK) {
			status = check_rules(&schema->types[i], err);
		}
	}
	for (size_t i = 0; status == STATUS_OK && i < schema->type_count; i++) {
		status = check_root(schema, &schema->types[i], err);
		if (status == STATUS_OK) {
			status = check_title(&schema->types[i], err);
		}
		if (status != STATUS_OK) {
			(void)fail_context(err, "%.*s", NAME_ARGS(schema->types[i].name));
		}
	}
	return status;
}

enum status
schema_check(const struct schema *schema, struct error *err)
{
	enum status status;

	if (!name_valid(schema->name, true)) {
		return fail(err, STATUS_INVALID, "schema: the name is not [a-z][a-z0-9_-]{0,30}");
	}
	if (schema->version < 1) {
		return fail(err, STATUS_INVALID, "version: the first is 1");
	}
	if (schema->type_count == 0) {
		return fail(err, STATUS_INVALID, "types: there are none");
	}
	status = check_lists(schema, err);
	if (status == STATUS_OK) {
		status = check_types(schema, err);
	}
	return status;
}

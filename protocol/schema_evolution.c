/* SPDX-License-Identifier: Apache-2.0 */
#include "schema_parts.h"

/* Nothing that was stored ever leaves the schema, so the version before stands for all of them. */

static enum status
check_list(const struct schema *schema, const struct choice_list *old, struct error *err)
{
	const struct choice_list *list = NULL;

	for (size_t i = 0; i < schema->list_count; i++) {
		if (span_equal(schema->lists[i].name, old->name)) {
			list = &schema->lists[i];
		}
	}
	if (list == NULL) {
		return fail(err, STATUS_INVALID, "choices.%.*s: was removed", NAME_ARGS(old->name));
	}
	for (size_t i = 0; i < old->count; i++) {
		const struct choice *choice = &old->choices[i];
		const struct choice *same_name = list_choice_named(list, choice->name);

		if (list_choice(list, choice->code) == NULL) {
			return fail(err, STATUS_INVALID,
				    "choices.%.*s.%.*s: code %u was removed; retire it instead",
				    NAME_ARGS(old->name), NAME_ARGS(choice->name),
				    (unsigned)choice->code);
		}
		if (same_name != NULL && same_name->code != choice->code) {
			return fail(err, STATUS_INVALID, "choices.%.*s.%.*s: had the code %u",
				    NAME_ARGS(old->name), NAME_ARGS(choice->name),
				    (unsigned)choice->code);
		}
	}
	return STATUS_OK;
}

static bool
was_named(const struct field *field, struct span name)
{
	bool found = span_equal(field->name, name);

	for (size_t i = 0; !found && i < field->formerly_count; i++) {
		found = span_equal(field->formerly[i], name);
	}
	return found;
}

static enum status
check_field(const struct field *field, const struct field *old, struct error *err)
{
	if (field == NULL) {
		return fail(err, STATUS_INVALID, "tag %ld was removed; retire it instead",
			    (long)old->tag);
	}
	if (!was_named(field, old->name)) {
		return fail(err, STATUS_INVALID, "tag %ld is %.*s now, without formerly",
			    (long)old->tag, NAME_ARGS(field->name));
	}
	if (field->type != old->type) {
		return fail(err, STATUS_INVALID, "the type was %s", field_type_name(old->type));
	}
	if (field->scale != old->scale) {
		return fail(err, STATUS_INVALID, "the scale was %u", old->scale);
	}
	if (field->policy != old->policy) {
		return fail(err, STATUS_INVALID, "the policy was %s", policy_name(old->policy));
	}
	if (old->choices != NULL && !span_equal(field->choices->name, old->choices->name)) {
		return fail(err, STATUS_INVALID, "the choices were %.*s",
			    NAME_ARGS(old->choices->name));
	}
	if (field->target != old->target) {
		return fail(err, STATUS_INVALID, "the reference led to another type");
	}
	if (!span_equal(field->unit, old->unit)) {
		return fail(err, STATUS_INVALID, "the unit was '%.*s'", NAME_ARGS(old->unit));
	}
	return STATUS_OK;
}

static enum status
check_type(const struct record_type *type, const struct record_type *old, struct error *err)
{
	if (type == NULL) {
		return fail(err, STATUS_INVALID, "%.*s: tag %u was removed; retire it instead",
			    NAME_ARGS(old->name), (unsigned)old->tag);
	}
	if (!span_equal(type->name, old->name)) {
		return fail(err, STATUS_INVALID, "%.*s: tag %u was the type %.*s",
			    NAME_ARGS(type->name), (unsigned)old->tag, NAME_ARGS(old->name));
	}
	if (type->root != old->root) {
		return fail(err, STATUS_INVALID, "%.*s: the root was another one",
			    NAME_ARGS(type->name));
	}
	for (size_t i = 0; i < old->field_count; i++) {
		const struct field *field = type_field(type, old->fields[i].tag);
		enum status status = check_field(field, &old->fields[i], err);

		if (status != STATUS_OK) {
			(void)fail_context(err, "%.*s.%.*s", NAME_ARGS(type->name),
					   NAME_ARGS(old->fields[i].name));
			return status;
		}
	}
	return STATUS_OK;
}

/* Both passed schema_check. */
static enum status
check_evolution(const struct schema *schema, const struct schema *previous, struct error *err)
{
	enum status status = STATUS_OK;

	if (!span_equal(schema->name, previous->name)) {
		return fail(err, STATUS_INVALID, "schema: it was %.*s before",
			    NAME_ARGS(previous->name));
	}
	if (schema->version != previous->version + 1) {
		return fail(err, STATUS_INVALID, "version: %u follows %u", previous->version + 1,
			    previous->version);
	}
	for (size_t i = 0; status == STATUS_OK && i < previous->list_count; i++) {
		status = check_list(schema, &previous->lists[i], err);
	}
	for (size_t i = 0; status == STATUS_OK && i < previous->type_count; i++) {
		const struct record_type *old = &previous->types[i];

		status = check_type(schema_type(schema, old->tag), old, err);
	}
	return status;
}

enum status
schema_check_after(const struct schema *schema, const struct schema *previous, struct error *err)
{
	enum status status = schema_check(schema, err);

	return status == STATUS_OK && previous != NULL ? check_evolution(schema, previous, err)
						       : status;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "schema_parts.h"

static enum status
check_range_limits(const struct field *field, const struct range *range, const char *what,
		   struct error *err)
{
	enum status status;

	if (!range->set) {
		return STATUS_OK;
	}
	if (field->type != FIELD_INTEGER && field->type != FIELD_DATE) {
		return fail(err, STATUS_INVALID, "%s fits only integer and date", what);
	}
	if (range->low > range->high) {
		return fail(err, STATUS_INVALID, "%s: low above high", what);
	}
	status = constant_check(field, value_integer(range->low), err);
	if (status == STATUS_OK) {
		status = constant_check(field, value_integer(range->high), err);
	}
	if (status != STATUS_OK) {
		(void)fail_context(err, "%s", what);
	}
	return status;
}

static enum status
check_ranges(const struct field *field, struct error *err)
{
	enum status status = check_range_limits(field, &field->refuse, "refuse", err);

	if (status == STATUS_OK) {
		status = check_range_limits(field, &field->warn, "warn", err);
	}
	if (status == STATUS_OK && field->refuse.set && field->warn.set &&
	    (field->warn.low < field->refuse.low || field->warn.high > field->refuse.high)) {
		status = fail(err, STATUS_INVALID, "warn outside refuse");
	}
	return status;
}

static bool
policy_fits(enum policy policy, enum field_type type)
{
	switch (policy) {
	case POLICY_SET:
		return type == FIELD_SET;
	case POLICY_REVIEW:
	case POLICY_LATEST:
		return type != FIELD_SET;
	case POLICY_MAX:
	case POLICY_MIN:
		return type == FIELD_INTEGER || type == FIELD_DATE;
	case POLICY_ONCE:
		return type != FIELD_SET && type != FIELD_POINT;
	}
	return false;
}

static enum status
check_choices_used(const struct field *field, struct error *err)
{
	const struct choice_list *list = field->choices;
	bool wanted = field->type == FIELD_CHOICE || field->type == FIELD_SET;

	if (wanted != (list != NULL)) {
		return fail(err, STATUS_INVALID,
			    wanted ? "choices are missing" : "choices fit only choice and set");
	}
	if (field->type == FIELD_SET && list->count > 0 &&
	    list->choices[list->count - 1].code > SCHEMA_SET_CODE_MAX) {
		return fail(err, STATUS_INVALID, "%.*s has a code above %d, unfit for a set",
			    NAME_ARGS(list->name), SCHEMA_SET_CODE_MAX);
	}
	return STATUS_OK;
}

/* What belongs to some types of fields and not to others. */
static enum status
check_field_type(const struct schema *schema, const struct field *field, struct error *err)
{
	bool scalable = field->type == FIELD_INTEGER || field->type == FIELD_POINT;

	if (field_type_name(field->type)[0] == '\0') {
		return fail(err, STATUS_INVALID, "unknown type of field");
	}
	if (policy_name(field->policy)[0] == '\0') {
		return fail(err, STATUS_INVALID, "unknown policy");
	}
	if (!policy_fits(field->policy, field->type)) {
		return fail(err, STATUS_INVALID, "policy %s does not fit type %s",
			    policy_name(field->policy), field_type_name(field->type));
	}
	if ((unsigned)field->personal > PERSONAL_LOCATION) {
		return fail(err, STATUS_INVALID, "unknown kind of personal data");
	}
	if (field->scale > SCHEMA_SCALE_MAX || (field->scale > 0 && !scalable)) {
		return fail(err, STATUS_INVALID, "scale is 0 to %d, for integer and point",
			    SCHEMA_SCALE_MAX);
	}
	if (field->type == FIELD_TEXT ? field->text_max < 1 || field->text_max > SCHEMA_TEXT_MAX
				      : field->text_max != 0) {
		return fail(err, STATUS_INVALID, "max is 1 to %d, for text and only there",
			    SCHEMA_TEXT_MAX);
	}
	if (field->type == FIELD_REFERENCE ? schema_type(schema, field->target) == NULL
					   : field->target != 0) {
		return fail(err, STATUS_INVALID, "to names a type, for reference and only there");
	}
	return check_choices_used(field, err);
}

static enum status
check_formerly(const struct field *field, struct error *err)
{
	enum status status =
		schema_count_check("formerly", field->formerly_count, SCHEMA_FORMERLY_MAX, err);

	for (size_t i = 0; status == STATUS_OK && i < field->formerly_count; i++) {
		status = schema_name_check(field->formerly[i], err);
		if (status != STATUS_OK) {
			(void)fail_context(err, "formerly");
		} else if (span_equal(field->formerly[i], field->name)) {
			status = fail(err, STATUS_INVALID, "formerly has the present name");
		}
	}
	return status;
}

static enum status
check_field_identity(const struct record_type *type, const struct field *field, struct error *err)
{
	enum status status = schema_name_check(field->name, err);

	if (status != STATUS_OK) {
		return status;
	}
	if (field->tag < 1 || field->tag > SCHEMA_TAG_MAX) {
		return fail(err, STATUS_INVALID, "the tag is not 1 to %d", SCHEMA_TAG_MAX);
	}
	if (field != type->fields && field->tag <= field[-1].tag) {
		return fail(err, STATUS_INVALID, "tag %ld stands twice or out of order",
			    (long)field->tag);
	}
	if (type_field_named(type, field->name) != field) {
		return fail(err, STATUS_INVALID, "the name stands twice");
	}
	return schema_label_check(&field->label, err);
}

enum status
field_check(const struct schema *schema, const struct record_type *type, const struct field *field,
	    struct error *err)
{
	enum status status = check_field_identity(type, field, err);

	if (status == STATUS_OK) {
		status = check_field_type(schema, field, err);
	}
	if (status == STATUS_OK) {
		status = check_ranges(field, err);
	}
	if (status == STATUS_OK) {
		status = schema_retired_check(schema, field->retired, err);
	}
	if (status == STATUS_OK) {
		status = check_formerly(field, err);
	}
	return status;
}

/* What looks at other fields of the type; these have been checked. */
enum status
field_links_check(const struct record_type *type, const struct field *field, struct error *err)
{
	enum status status;

	if (field->replaces != 0 &&
	    (field->replaces == field->tag || type_field(type, field->replaces) == NULL)) {
		return fail(err, STATUS_INVALID, "replaces names no other field of the type");
	}
	if (field->condition == NULL) {
		return STATUS_OK;
	}
	status = condition_check(type, field->condition, err);
	if (status != STATUS_OK) {
		(void)fail_context(err, "if");
	}
	return status;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "schema_parts.h"

struct walk {
	const struct record_type *type;
	unsigned nodes;
	unsigned depth;
};

static enum status walk_condition(struct walk *walk, const struct condition *condition,
				  struct error *err);

static enum status
integer_check(int64_t integer, struct error *err)
{
	if (integer < -SCHEMA_INTEGER_MAX || integer > SCHEMA_INTEGER_MAX) {
		return fail(err, STATUS_INVALID, "a number has more than 53 bits");
	}
	return STATUS_OK;
}

static enum status
choice_check(const struct field *field, int64_t code, struct error *err)
{
	if (field->choices == NULL || code < 0 || code > SCHEMA_TAG_MAX ||
	    list_choice(field->choices, (uint32_t)code) == NULL) {
		return fail(err, STATUS_INVALID, "%.*s has no such choice", NAME_ARGS(field->name));
	}
	return STATUS_OK;
}

static enum status
day_check(int64_t day, struct error *err)
{
	if (day < day_from_civil(1, 1, 1) || day > day_from_civil(9999, 12, 31)) {
		return fail(err, STATUS_INVALID, "a date is outside the years 1 to 9999");
	}
	return STATUS_OK;
}

enum status
constant_check(const struct field *field, struct value value, struct error *err)
{
	enum value_form wanted = field->type == FIELD_BOOLEAN ? VALUE_BOOLEAN : VALUE_INTEGER;

	if (value.form != wanted) {
		return fail(err, STATUS_INVALID, "a value is not of the type of %.*s (%s)",
			    NAME_ARGS(field->name), field_type_name(field->type));
	}
	switch (field->type) {
	case FIELD_INTEGER:
		return integer_check(value.integer, err);
	case FIELD_BOOLEAN:
		return STATUS_OK;
	case FIELD_CHOICE:
	case FIELD_SET:
		return choice_check(field, value.integer, err);
	case FIELD_DATE:
		return day_check(value.integer, err);
	case FIELD_TEXT:
	case FIELD_REFERENCE:
	case FIELD_POINT:
		break;
	}
	return fail(err, STATUS_INVALID, "%.*s (%s) has no values to compare with",
		    NAME_ARGS(field->name), field_type_name(field->type));
}

static bool
operator_fits(enum rule_operator op, enum field_type type)
{
	switch (op) {
	case RULE_EMPTY:
		return true;
	case RULE_EQUAL:
	case RULE_NOT_EQUAL:
		return type != FIELD_TEXT && type != FIELD_REFERENCE && type != FIELD_POINT;
	case RULE_IN:
		return type == FIELD_INTEGER || type == FIELD_CHOICE || type == FIELD_SET ||
		       type == FIELD_DATE;
	case RULE_LESS:
	case RULE_LESS_EQUAL:
	case RULE_MORE:
	case RULE_MORE_EQUAL:
		return type == FIELD_INTEGER || type == FIELD_DATE;
	case RULE_ALL:
	case RULE_ANY:
	case RULE_NOT:
		break;
	}
	return false;
}

/* The field that a node looks at; NULL (and *err) if it must not. */
static const struct field *
operand(const struct walk *walk, const struct condition *condition, struct error *err)
{
	const char *op = rule_operator_name(condition->op);
	const struct field *field = type_field(walk->type, condition->tag);

	if (field == NULL) {
		(void)fail(err, STATUS_INVALID, "%s looks at a field that does not exist", op);
		return NULL;
	}
	if (condition->days_since && field->type != FIELD_DATE) {
		(void)fail(err, STATUS_INVALID, "days_since needs a date, %.*s is %s",
			   NAME_ARGS(field->name), field_type_name(field->type));
		return NULL;
	}
	if (!operator_fits(condition->op, field->type) ||
	    (condition->days_since && condition->op == RULE_EMPTY)) {
		(void)fail(err, STATUS_INVALID, "%s does not fit %.*s (%s)", op,
			   NAME_ARGS(field->name), field_type_name(field->type));
		return NULL;
	}
	return field;
}

static enum status
check_comparison(const struct walk *walk, const struct condition *condition, struct error *err)
{
	static const struct field days = {.type = FIELD_INTEGER,
					  .name = {(const uint8_t *)"days", 4}};
	const char *op = rule_operator_name(condition->op);
	const struct field *field = operand(walk, condition, err);
	size_t most = condition->op == RULE_IN ? RULE_VALUES_MAX : 1;

	if (field == NULL) {
		return STATUS_INVALID;
	}
	if (condition->op == RULE_EMPTY) {
		return STATUS_OK;
	}
	if (condition->count < 1 || condition->count > most) {
		return fail(err, STATUS_INVALID, "%s takes 1 to %zu values", op, most);
	}
	for (size_t i = 0; i < condition->count; i++) {
		enum status status = constant_check(condition->days_since ? &days : field,
						    condition->values[i], err);

		if (status != STATUS_OK) {
			return status;
		}
	}
	return STATUS_OK;
}

static enum status
check_parts(struct walk *walk, const struct condition *condition, struct error *err)
{
	if (condition->count < 1 || (condition->op == RULE_NOT && condition->count != 1)) {
		return fail(err, STATUS_INVALID, "%s has the wrong number of parts",
			    rule_operator_name(condition->op));
	}
	for (size_t i = 0; i < condition->count; i++) {
		enum status status = walk_condition(walk, &condition->parts[i], err);

		if (status != STATUS_OK) {
			return status;
		}
	}
	return STATUS_OK;
}

static enum status
check_node(struct walk *walk, const struct condition *condition, struct error *err)
{
	switch (condition->op) {
	case RULE_ALL:
	case RULE_ANY:
	case RULE_NOT:
		return check_parts(walk, condition, err);
	case RULE_EQUAL:
	case RULE_NOT_EQUAL:
	case RULE_LESS:
	case RULE_LESS_EQUAL:
	case RULE_MORE:
	case RULE_MORE_EQUAL:
	case RULE_IN:
	case RULE_EMPTY:
		return check_comparison(walk, condition, err);
	}
	return fail(err, STATUS_INVALID, "unknown operator");
}

static enum status
walk_condition(struct walk *walk, const struct condition *condition, struct error *err)
{
	enum status status;

	if (++walk->nodes > RULE_NODES_MAX) {
		return fail(err, STATUS_INVALID, "more than %d nodes", RULE_NODES_MAX);
	}
	if (++walk->depth > RULE_DEPTH_MAX) {
		return fail(err, STATUS_INVALID, "more than %d deep", RULE_DEPTH_MAX);
	}
	status = check_node(walk, condition, err);
	walk->depth--;
	return status;
}

enum status
condition_check(const struct record_type *type, const struct condition *condition,
		struct error *err)
{
	struct walk walk = {.type = type};

	return walk_condition(&walk, condition, err);
}

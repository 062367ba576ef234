/* SPDX-License-Identifier: Apache-2.0 */
#include "rule.h"

struct evaluation {
	const struct record_type *type;
	const struct record *record;
	int64_t today;
};

/* What a node looks at: a set as its mask, empty for what cannot be compared. */
static struct value
left_side(const struct evaluation *evaluation, const struct condition *condition, bool is_set)
{
	struct value value = record_shown(evaluation->record, evaluation->type, condition->tag);

	if (is_set && value.form == VALUE_INTEGER && value.integer == 0) {
		return value_empty();
	}
	if (!condition->days_since || value.form == VALUE_EMPTY) {
		return value;
	}
	/* Values that passed no check may hold any number. */
	if (value.form != VALUE_INTEGER || value.integer < -SCHEMA_INTEGER_MAX ||
	    value.integer > SCHEMA_INTEGER_MAX) {
		return value_empty();
	}
	return value_integer(evaluation->today - value.integer);
}

/* The mask with only that choice; 0 for what is no choice of a set. */
static int64_t
choice_mask(struct value value)
{
	if (value.form != VALUE_INTEGER || value.integer < 0 ||
	    value.integer > SCHEMA_SET_CODE_MAX) {
		return 0;
	}
	return (int64_t)(UINT64_C(1) << value.integer);
}

static bool
is_among(const struct condition *condition, struct value left, bool is_set)
{
	for (size_t i = 0; i < condition->count; i++) {
		if (is_set ? (left.integer & choice_mask(condition->values[i])) != 0
			   : value_equal(left, condition->values[i])) {
			return true;
		}
	}
	return false;
}

static bool
is_equal(struct value left, struct value right, bool is_set)
{
	return is_set ? left.integer == choice_mask(right) : value_equal(left, right);
}

static bool
comparison_holds(const struct evaluation *evaluation, const struct condition *condition)
{
	const struct field *field = type_field(evaluation->type, condition->tag);
	bool is_set = field != NULL && field->type == FIELD_SET;
	struct value left = left_side(evaluation, condition, is_set);
	int order;

	if (condition->op == RULE_EMPTY) {
		return left.form == VALUE_EMPTY;
	}
	if (left.form == VALUE_EMPTY || (is_set && left.form != VALUE_INTEGER)) {
		return false;
	}
	if (condition->op == RULE_IN) {
		return is_among(condition, left, is_set);
	}
	if (condition->op == RULE_EQUAL || condition->op == RULE_NOT_EQUAL) {
		return is_equal(left, condition->values[0], is_set) ==
		       (condition->op == RULE_EQUAL);
	}
	if (left.form != condition->values[0].form) {
		return false;
	}
	order = value_compare(left, condition->values[0]);
	return condition->op == RULE_LESS	  ? order < 0
	       : condition->op == RULE_LESS_EQUAL ? order <= 0
	       : condition->op == RULE_MORE	  ? order > 0
						  : order >= 0;
}

static bool
node_holds(const struct evaluation *evaluation, const struct condition *condition)
{
	bool any = condition->op == RULE_ANY;

	if (condition->op == RULE_NOT) {
		return !node_holds(evaluation, &condition->parts[0]);
	}
	if (condition->op != RULE_ALL && !any) {
		return comparison_holds(evaluation, condition);
	}
	for (size_t i = 0; i < condition->count; i++) {
		if (node_holds(evaluation, &condition->parts[i]) == any) {
			return any;
		}
	}
	return !any;
}

bool
condition_holds(const struct condition *condition, const struct record_type *type,
		const struct record *record, int64_t today)
{
	const struct evaluation evaluation = {.type = type, .record = record, .today = today};

	return node_holds(&evaluation, condition);
}

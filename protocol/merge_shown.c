/* SPDX-License-Identifier: Apache-2.0 */
#include "merge.h"

/* Order of (time, stream, n): the same on every device, whatever arrived first. */
static bool
dot_is_later(const struct dot *a, const struct dot *b)
{
	return a->time != b->time ? a->time > b->time : dot_compare(a, b) > 0;
}

/* Order of the log; what is not in it yet (0) comes last. <0, 0, >0. */
static int
place_compare(uint64_t a, uint64_t b)
{
	if (a == b) {
		return 0;
	}
	return b == 0 || (a != 0 && a < b) ? -1 : 1;
}

static bool
member_is_earlier(const struct record *record, const struct member *a, const struct member *b)
{
	const struct dot *dot_a = &record->dots[a->dot];
	const struct dot *dot_b = &record->dots[b->dot];
	int order = place_compare(a->rank, b->rank);

	if (order == 0) {
		order = place_compare(dot_a->seq, dot_b->seq);
	}
	return order != 0 ? order < 0 : dot_is_later(dot_b, dot_a);
}

/* True if a's value is shown rather than b's: by the greater value (or smaller, sign -1), any value
 * before none, and the later dot between equals. */
static bool
member_is_extreme(const struct record *record, const struct member *a, const struct member *b,
		  int sign)
{
	bool empty_a = a->value.form == VALUE_EMPTY;
	bool empty_b = b->value.form == VALUE_EMPTY;
	int order;

	if (empty_a != empty_b) {
		return empty_b;
	}
	order = value_compare(a->value, b->value);
	return order != 0 ? order * sign > 0
			  : dot_is_later(&record->dots[a->dot], &record->dots[b->dot]);
}

static bool
member_goes_before(const struct record *record, const struct member *a, const struct member *b,
		   enum policy policy)
{
	switch (policy) {
	case POLICY_MAX:
		return member_is_extreme(record, a, b, 1);
	case POLICY_MIN:
		return member_is_extreme(record, a, b, -1);
	case POLICY_ONCE:
		return member_is_earlier(record, a, b);
	case POLICY_REVIEW:
	case POLICY_LATEST:
	case POLICY_SET:
		break;
	}
	return dot_is_later(&record->dots[a->dot], &record->dots[b->dot]);
}

const struct member *
field_shown_member(const struct record *record, const struct record_field *field,
		   enum policy policy)
{
	const struct member *shown = field->member_count == 0 ? NULL : &field->members[0];

	for (size_t i = 1; i < field->member_count; i++) {
		if (member_goes_before(record, &field->members[i], shown, policy)) {
			shown = &field->members[i];
		}
	}
	return shown;
}

struct value
field_shown(const struct record *record, const struct record_field *field, enum policy policy)
{
	const struct member *shown = field_shown_member(record, field, policy);
	int64_t mask = 0;

	if (policy != POLICY_SET) {
		return shown == NULL ? value_empty() : shown->value;
	}
	for (size_t i = 0; i < field->member_count; i++) {
		mask |= set_mask(field->members[i].value);
	}
	return value_integer(mask);
}

struct value
record_shown(const struct record *record, const struct record_type *type, int32_t tag)
{
	const struct record_field *field = record_field(record, tag);

	return field == NULL ? value_empty() : field_shown(record, field, type_policy(type, tag));
}

bool
field_in_conflict(const struct record_field *field, enum policy policy)
{
	if (policy == POLICY_SET) {
		return false;
	}
	for (size_t i = 1; i < field->member_count; i++) {
		if (!value_equal(field->members[0].value, field->members[i].value)) {
			return true;
		}
	}
	return false;
}

bool
archive_rivals(const struct record *record, const struct merge_context *context,
	       const struct member *archive, const struct member *other)
{
	const struct dot *dot = &record->dots[archive->dot];
	const struct dot *rival = &record->dots[other->dot];

	return archive->dot != other->dot && archive->top && other->top &&
	       archive->value.form != VALUE_EMPTY && !dot_saw(context, dot, rival) &&
	       !dot_saw(context, rival, dot);
}

static bool
archive_has_rival(const struct record *record, const struct merge_context *context,
		  const struct member *archive)
{
	for (size_t i = 0; i < record->field_count; i++) {
		const struct record_field *field = &record->fields[i];

		for (size_t k = 0; k < field->member_count && field->tag != TAG_ARCHIVED; k++) {
			if (archive_rivals(record, context, archive, &field->members[k])) {
				return true;
			}
		}
	}
	return false;
}

bool
archive_in_conflict(const struct record *record, const struct merge_context *context)
{
	const struct record_field *archived = record_field(record, TAG_ARCHIVED);

	for (size_t i = 0; archived != NULL && i < archived->member_count; i++) {
		if (archive_has_rival(record, context, &archived->members[i])) {
			return true;
		}
	}
	return false;
}

unsigned
record_conflicts(const struct record *record, const struct merge_context *context)
{
	bool archive = archive_in_conflict(record, context);
	unsigned count = 0;

	for (size_t i = 0; i < record->field_count; i++) {
		const struct record_field *field = &record->fields[i];
		enum policy policy = type_policy(context->type, field->tag);
		bool listed = policy == POLICY_REVIEW || policy == POLICY_ONCE;

		if (field->tag == TAG_ARCHIVED) {
			count += field_in_conflict(field, policy) || archive;
		} else {
			count += listed && field_in_conflict(field, policy);
		}
	}
	return count;
}

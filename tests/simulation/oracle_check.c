/* SPDX-License-Identifier: Apache-2.0 */
/* The server's records against what they must be. */
#include "tests/simulation/oracle_rules.h"

#include <stdlib.h>

/* ---- members ---- */

static enum status
differs(const struct trial *trial, int32_t tag, const char *what, struct error *err)
{
	return fail(err, STATUS_MALFORMED, "record %llx, field %d: %s",
		    (unsigned long long)trial->known->id, (int)tag, what);
}

static const struct expected *
expected_of(const struct trial *trial, const struct expected_field *field, const struct dot *dot)
{
	for (size_t i = 0; i < field->count; i++) {
		const struct known_change *change = trial_change(trial, field->members[i].write);

		if (change->stream == dot->stream && change->n == dot->n) {
			return &field->members[i];
		}
	}
	return NULL;
}

/* A set may have kept choices that somebody who perhaps saw them has touched. */
static bool
value_within(struct value value, const struct expected *low, const struct expected *high,
	     enum policy policy)
{
	int64_t least = low == NULL || policy != POLICY_SET ? 0 : low->value.integer;

	if (policy != POLICY_SET) {
		return value_equal(value, high->value);
	}
	return value.form == VALUE_INTEGER && (least & ~value.integer) == 0 &&
	       (value.integer & ~high->value.integer) == 0;
}

static enum status
check_members(const struct trial *trial, const struct expected_field *expected,
	      const struct record *record, const struct record_field *field, struct error *err)
{
	for (size_t i = 0; i < field->member_count; i++) {
		const struct member *member = &field->members[i];
		const struct expected *must =
			expected_of(trial, expected, &record->dots[member->dot]);

		if (must == NULL) {
			return differs(trial, field->tag,
				       "a member that somebody who saw it has replaced", err);
		}
		if (!value_equal(must->value, member->value) || must->top != member->top) {
			return differs(trial, field->tag, "a member of another value", err);
		}
	}
	return expected->count == field->member_count
		       ? STATUS_OK
		       : differs(trial, field->tag,
				 "a member is gone that nobody had seen who wrote", err);
}

/* The field as the server has it: members that it may have, among them those that it must. */
static enum status
check_range(const struct trial *trial, const struct expectation *must, const struct record *record,
	    const struct record_field *field, struct expected_field *actual, struct error *err)
{
	size_t least = 0;

	expected_copy(actual, &must->most);
	actual->count = 0;
	for (size_t i = 0; i < field->member_count; i++) {
		const struct member *member = &field->members[i];
		const struct dot *dot = &record->dots[member->dot];
		const struct expected *may = expected_of(trial, &must->most, dot);
		const struct expected *low = expected_of(trial, &must->least, dot);

		if (may == NULL) {
			return differs(trial, field->tag,
				       "a member that somebody who saw it has replaced", err);
		}
		if (!value_within(member->value, low, may, must->most.policy) ||
		    (low != NULL && low->top && !member->top) || (member->top && !may->top)) {
			return differs(trial, field->tag, "a member of another value", err);
		}
		least += low != NULL;
		actual->members[actual->count] = *may;
		actual->members[actual->count].value = member->value;
		actual->members[actual->count++].top = member->top;
	}
	return least == must->least.count
		       ? STATUS_OK
		       : differs(trial, field->tag,
				 "a member is gone that nobody had seen who wrote", err);
}

/* *actual: its members, with which it is judged. */
static enum status
check_field(const struct trial *trial, const struct expectation *must, bool settled,
	    const struct record *record, struct expected_field *actual, struct error *err)
{
	int32_t tag = must->least.tag;
	enum policy policy = must->least.policy;
	const struct record_field *field = record_field(record, tag);
	enum status status;

	if (field == NULL) {
		return differs(trial, tag, "it is missing", err);
	}
	if (must->least.erased) {
		return differs(trial, tag, "an import took away what a person wrote", err);
	}
	expected_copy(actual, &must->least);
	status = settled ? check_members(trial, actual, record, field, err)
			 : check_range(trial, must, record, field, actual, err);
	if (status != STATUS_OK) {
		return status;
	}
	if (field_in_conflict(field, policy) != expected_conflict(actual)) {
		return differs(trial, tag,
			       expected_conflict(actual) ? "a conflict is not flagged"
							 : "a conflict is flagged that is none",
			       err);
	}
	/* Whose place a value has taken depends on who had seen it. */
	return (!settled && policy == POLICY_ONCE) ||
			       value_equal(field_shown(record, field, policy),
					   expected_shown(trial, actual))
		       ? STATUS_OK
		       : differs(trial, tag, "another value is shown", err);
}

static bool
tag_is_new(const struct trial *trial, size_t until)
{
	int32_t tag = trial->known->writes[trial->order[until]].tag;

	for (size_t i = 0; i < until; i++) {
		if (trial->known->writes[trial->order[i]].tag == tag) {
			return false;
		}
	}
	return true;
}

/* What of it somebody must be told of. */
static bool
is_told(const struct expected_field *field)
{
	return (field->policy == POLICY_REVIEW || field->policy == POLICY_ONCE) &&
	       expected_conflict(field);
}

struct verdicts {
	size_t fields;
	unsigned told;
	bool archive_must; /* it stands against an edit */
	bool archive_may;
	bool archive_told;
};

/* Room for the fields of one record. */
struct expectations {
	struct expectation archived;
	struct expectation field;
	struct expected_field actual;
};

static void
check_archive(struct trial *trial, const struct expectations *all, struct verdicts *out)
{
	trial->loose = false;
	out->archive_must |=
		expected_archive_rivals(trial, &all->archived.least, &all->field.least);
	trial->loose = true;
	out->archive_may |= expected_archive_rivals(trial, &all->archived.most, &all->field.most);
}

static enum status
check_fields(struct trial *trial, const struct record *record, const struct record_type *type,
	     struct verdicts *out, struct error *err)
{
	struct expectations *all = malloc(sizeof *all);
	enum status status = all == NULL ? STATUS_MEMORY : STATUS_OK;

	if (status == STATUS_OK) {
		(void)trial_expect(trial, TAG_ARCHIVED, type, &all->archived);
	}
	for (size_t i = 0; i < trial->order_count && status == STATUS_OK; i++) {
		int32_t tag = trial->known->writes[trial->order[i]].tag;
		bool settled;

		if (!tag_is_new(trial, i)) {
			continue;
		}
		settled = trial_expect(trial, tag, type, &all->field);
		status = check_field(trial, &all->field, settled, record, &all->actual, err);
		if (status != STATUS_OK) {
			break;
		}
		out->fields++;
		out->told += is_told(&all->actual);
		if (tag == TAG_ARCHIVED) {
			out->archive_told = is_told(&all->actual);
		} else {
			check_archive(trial, all, out);
		}
	}
	free(all);
	return status;
}

/* Does the record say of its archive what it must? */
static bool
archive_is_right(const struct verdicts *verdicts, bool flagged)
{
	return flagged ? verdicts->archive_may : !verdicts->archive_must;
}

enum status
oracle_check_record(struct oracle *oracle, const struct record *record,
		    const struct record_type *type, unsigned conflicts,
		    const struct merge_context *context, struct error *err)
{
	struct trial trial;
	struct verdicts verdicts = {0};
	bool flagged = archive_in_conflict(record, context);
	enum status status;

	trial_begin(&trial, oracle, oracle_record(oracle, record->id));
	status = check_fields(&trial, record, type, &verdicts, err);
	trial_finish(&trial);
	if (status != STATUS_OK) {
		return status;
	}
	verdicts.told += flagged && !verdicts.archive_told;
	oracle->conflicts += verdicts.told;
	if (verdicts.fields != record->field_count) {
		return differs(&trial, 0, "the record has a field that nobody wrote", err);
	}
	if (!archive_is_right(&verdicts, flagged)) {
		return differs(&trial, TAG_ARCHIVED,
			       flagged ? "an archive is flagged that stands against nothing"
				       : "an archive stands against an edit and is not flagged",
			       err);
	}
	return conflicts == verdicts.told
		       ? STATUS_OK
		       : differs(&trial, 0, "another number of conflicts is listed", err);
}

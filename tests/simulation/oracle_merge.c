/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of docs/merging.md once more, over sets of what was seen. */
#include "tests/simulation/oracle_parts.h"

#include <stdlib.h>
#include <string.h>

enum { EXPECTED_MAX = 512 };

/* A member as it must be. */
struct expected {
	size_t write;
	struct value value; /* of a set: its mask */
	uint64_t rank;
	bool top;
};

struct expected_field {
	int32_t tag;
	enum policy policy;
	struct expected members[EXPECTED_MAX];
	size_t count;
	const struct known_write *imported; /* what an import wrote last */
	bool erased;			    /* by an import: another value of somebody */
};

/* One record on trial. */
struct trial {
	const struct oracle *oracle;
	const struct known_record *known;
	size_t *order; /* its merged writes as the log has them */
	size_t order_count;
};

static const struct known_change *
change_of(const struct trial *trial, size_t write)
{
	return &trial->oracle->changes[trial->known->writes[write].change];
}

static bool
saw(const struct trial *trial, size_t viewer, size_t write)
{
	return seen_has(&change_of(trial, viewer)->seen, write);
}

/* ---- one write after the other ---- */

static void
set_parts(struct value value, int64_t *added_out, int64_t *removed_out)
{
	if (value.form == VALUE_PAIR) {
		*added_out = value.pair.first;
		*removed_out = value.pair.second;
	} else {
		*added_out = value.form == VALUE_INTEGER ? value.integer : 0;
		*removed_out = INT64_MAX & ~*added_out;
	}
}

/* What is left of a member that was seen; false: nothing. */
static bool
leave_rest(struct expected *member, enum policy policy, struct value by)
{
	int64_t added;
	int64_t removed;

	if (policy != POLICY_SET) {
		return false;
	}
	set_parts(by, &added, &removed);
	member->value = value_integer(member->value.integer & ~(added | removed));
	member->top = false;
	return member->value.integer != 0;
}

/* An import knows only what imports wrote: another value of somebody it may not take away. */
static bool
import_erases(const struct trial *trial, size_t write, const struct expected_field *field,
	      const struct expected *member)
{
	return field->policy != POLICY_SET && change_of(trial, write)->kind == CHANGE_IMPORT &&
	       change_of(trial, member->write)->kind != CHANGE_IMPORT &&
	       (field->imported == NULL || !value_equal(field->imported->value, member->value));
}

static void
expect_write(const struct trial *trial, size_t write, struct expected_field *field)
{
	const struct known_write *own = &trial->known->writes[write];
	struct expected made = {.write = write,
				.value = own->value,
				.rank = change_of(trial, write)->seq,
				.top = true};
	size_t kept = 0;
	int64_t removed;

	for (size_t i = 0; i < field->count; i++) {
		struct expected member = field->members[i];
		bool stays = true;

		if (saw(trial, write, member.write)) {
			field->erased |= import_erases(trial, write, field, &member);
			made.rank = member.rank < made.rank ? member.rank : made.rank;
			stays = leave_rest(&member, field->policy, own->value);
		}
		if (stays) {
			field->members[kept++] = member;
		}
	}
	if (field->policy == POLICY_SET) {
		int64_t added;

		set_parts(own->value, &added, &removed);
		made.value = value_integer(added);
	}
	if (change_of(trial, write)->kind == CHANGE_IMPORT) {
		field->imported = own;
	}
	field->members[kept++] = made;
	field->count = kept;
}

static void
expect_field(const struct trial *trial, int32_t tag, const struct record_type *type,
	     struct expected_field *field)
{
	field->tag = tag;
	field->policy = type_policy(type, tag);
	field->count = 0;
	field->imported = NULL;
	field->erased = false;
	for (size_t i = 0; i < trial->order_count; i++) {
		if (trial->known->writes[trial->order[i]].tag == tag &&
		    field->count < EXPECTED_MAX) {
			expect_write(trial, trial->order[i], field);
		}
	}
}

/* ---- conflicts and what is shown ---- */

static bool
expect_conflict(const struct expected_field *field)
{
	for (size_t i = 1; i < field->count && field->policy != POLICY_SET; i++) {
		if (!value_equal(field->members[0].value, field->members[i].value)) {
			return true;
		}
	}
	return false;
}

static bool
is_later(const struct trial *trial, const struct expected *a, const struct expected *b)
{
	const struct known_change *x = change_of(trial, a->write);
	const struct known_change *y = change_of(trial, b->write);

	if (x->time != y->time) {
		return x->time > y->time;
	}
	return x->stream != y->stream ? x->stream > y->stream : x->n > y->n;
}

static bool
goes_before(const struct trial *trial, enum policy policy, const struct expected *a,
	    const struct expected *b)
{
	bool a_empty = a->value.form == VALUE_EMPTY;
	bool b_empty = b->value.form == VALUE_EMPTY;

	if (policy == POLICY_ONCE) {
		return a->rank != b->rank
			       ? a->rank < b->rank
			       : change_of(trial, a->write)->seq < change_of(trial, b->write)->seq;
	}
	if (policy == POLICY_MAX || policy == POLICY_MIN) {
		int order = value_compare(a->value, b->value);

		if (a_empty != b_empty) {
			return b_empty;
		}
		if (order != 0) {
			return policy == POLICY_MAX ? order > 0 : order < 0;
		}
	}
	return is_later(trial, a, b);
}

static struct value
expect_shown(const struct trial *trial, const struct expected_field *field)
{
	const struct expected *shown = &field->members[0];
	int64_t all = 0;

	for (size_t i = 0; i < field->count; i++) {
		if (field->policy == POLICY_SET) {
			all |= field->members[i].value.integer;
		} else if (goes_before(trial, field->policy, &field->members[i], shown)) {
			shown = &field->members[i];
		}
	}
	return field->policy == POLICY_SET ? value_integer(all) : shown->value;
}

/* An archive that is not empty, and a value of another field, that had not seen each other. */
static bool
archive_against(const struct trial *trial, const struct expected_field *archived,
		const struct expected_field *other)
{
	for (size_t i = 0; i < archived->count; i++) {
		for (size_t k = 0; k < other->count; k++) {
			size_t archive = archived->members[i].write;
			size_t edit = other->members[k].write;

			if (archived->members[i].value.form != VALUE_EMPTY &&
			    other->members[k].top &&
			    change_of(trial, archive) != change_of(trial, edit) &&
			    !saw(trial, archive, edit) && !saw(trial, edit, archive)) {
				return true;
			}
		}
	}
	return false;
}

/* ---- against the server ---- */

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
		const struct known_change *change = change_of(trial, field->members[i].write);

		if (change->stream == dot->stream && change->n == dot->n) {
			return &field->members[i];
		}
	}
	return NULL;
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

static enum status
check_field(const struct trial *trial, const struct expected_field *expected,
	    const struct record *record, struct error *err)
{
	const struct record_field *field = record_field(record, expected->tag);
	enum status status;

	if (field == NULL) {
		return differs(trial, expected->tag, "it is missing", err);
	}
	if (expected->erased) {
		return differs(trial, expected->tag, "an import took away what a person wrote",
			       err);
	}
	status = check_members(trial, expected, record, field, err);
	if (status != STATUS_OK) {
		return status;
	}
	if (field_in_conflict(field, expected->policy) != expect_conflict(expected)) {
		return differs(trial, expected->tag,
			       expect_conflict(expected) ? "a conflict is not flagged"
							 : "a conflict is flagged that is none",
			       err);
	}
	return value_equal(field_shown(record, field, expected->policy),
			   expect_shown(trial, expected))
		       ? STATUS_OK
		       : differs(trial, expected->tag, "another value is shown", err);
}

static int
by_seq(const void *a, const void *b)
{
	const uint64_t *x = a;
	const uint64_t *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* Merged writes in the order of the log: seq in the high bits, the place in the low ones. */
static void
order_writes(struct trial *trial)
{
	uint64_t *keys = calloc(trial->known->write_count + 1, sizeof *keys);

	if (keys == NULL) {
		abort();
	}
	for (size_t i = 0; i < trial->known->write_count; i++) {
		const struct known_change *change = change_of(trial, i);

		if (change->merged) {
			keys[trial->order_count++] = change->seq << 24 | i;
		}
	}
	qsort(keys, trial->order_count, sizeof *keys, by_seq);
	trial->order = calloc(trial->order_count + 1, sizeof *trial->order);
	if (trial->order == NULL) {
		abort();
	}
	for (size_t i = 0; i < trial->order_count; i++) {
		trial->order[i] = (size_t)(keys[i] & 0xffffff);
	}
	free(keys);
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
	       expect_conflict(field);
}

struct verdicts {
	size_t fields;
	unsigned told;
	bool archive_rivals;
	bool archive_told;
};

static enum status
check_fields(const struct trial *trial, const struct record *record, const struct record_type *type,
	     struct verdicts *out, struct error *err)
{
	struct expected_field *fields = calloc(2, sizeof *fields);
	enum status status = fields == NULL ? STATUS_MEMORY : STATUS_OK;

	if (status == STATUS_OK) {
		expect_field(trial, TAG_ARCHIVED, type, &fields[0]);
		out->archive_told = is_told(&fields[0]);
	}
	for (size_t i = 0; i < trial->order_count && status == STATUS_OK; i++) {
		int32_t tag = trial->known->writes[trial->order[i]].tag;

		if (!tag_is_new(trial, i)) {
			continue;
		}
		expect_field(trial, tag, type, &fields[1]);
		out->fields++;
		out->told += is_told(&fields[1]);
		out->archive_rivals |=
			tag != TAG_ARCHIVED && archive_against(trial, &fields[0], &fields[1]);
		status = check_field(trial, &fields[1], record, err);
	}
	free(fields);
	return status;
}

enum status
oracle_check_record(struct oracle *oracle, const struct record *record,
		    const struct record_type *type, unsigned conflicts,
		    const struct merge_context *context, struct error *err)
{
	struct trial trial = {.oracle = oracle, .known = oracle_record(oracle, record->id)};
	struct verdicts verdicts = {0};
	enum status status;

	order_writes(&trial);
	status = check_fields(&trial, record, type, &verdicts, err);
	free(trial.order);
	if (status != STATUS_OK) {
		return status;
	}
	verdicts.told += verdicts.archive_rivals && !verdicts.archive_told;
	oracle->conflicts += verdicts.told;
	if (verdicts.fields != record->field_count) {
		return differs(&trial, 0, "the record has a field that nobody wrote", err);
	}
	if (archive_in_conflict(record, context) != verdicts.archive_rivals) {
		return differs(&trial, TAG_ARCHIVED,
			       verdicts.archive_rivals
				       ? "an archive stands against an edit and is not flagged"
				       : "an archive is flagged that stands against nothing",
			       err);
	}
	return conflicts == verdicts.told
		       ? STATUS_OK
		       : differs(&trial, 0, "another number of conflicts is listed", err);
}

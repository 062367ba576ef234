/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of docs/merging.md once more, over sets of what was seen. */
#include "tests/simulation/oracle_rules.h"

#include <stdlib.h>
#include <string.h>

const struct known_change *
trial_change(const struct trial *trial, size_t write)
{
	return &trial->oracle->changes[trial->known->writes[write].change];
}

uint64_t
oracle_epoch_floor(const struct oracle *oracle, size_t epoch)
{
	uint64_t floor = UINT64_MAX;
	size_t at = oracle->present;

	while (at > epoch) {
		floor = oracle->epochs[at].cut < floor ? oracle->epochs[at].cut : floor;
		at = oracle->epochs[at].parent;
	}
	/* A history that was given up altogether has no number in common. */
	return at == epoch ? floor : 0;
}

uint64_t
oracle_floor(const struct oracle *oracle, struct view view)
{
	uint64_t floor = UINT64_MAX;

	for (size_t epoch = view.first; epoch <= view.last; epoch++) {
		uint64_t one = oracle_epoch_floor(oracle, epoch);

		floor = one < floor ? one : floor;
	}
	return floor;
}

static bool
saw(const struct trial *trial, size_t viewer, size_t write)
{
	const struct known_change *by = trial_change(trial, viewer);
	const struct known_change *seen = trial_change(trial, write);

	if (!seen_has(&by->seen, write) || (trial->loose && by->seen.views[write].unclaimed)) {
		return false;
	}
	return !trial->loose || oracle_same_author(trial->oracle, by, seen) ||
	       seen->merge_seq <= oracle_floor(trial->oracle, by->seen.views[write]);
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
	return field->policy != POLICY_SET && trial_change(trial, write)->kind == CHANGE_IMPORT &&
	       trial_change(trial, member->write)->kind != CHANGE_IMPORT &&
	       (field->imported == NULL || !value_equal(field->imported->value, member->value));
}

static void
expect_write(const struct trial *trial, size_t write, struct expected_field *field)
{
	const struct known_write *own = &trial->known->writes[write];
	struct expected made = {.write = write,
				.value = own->value,
				.rank = trial_change(trial, write)->merge_seq,
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
	if (trial_change(trial, write)->kind == CHANGE_IMPORT) {
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

void
expected_copy(struct expected_field *to, const struct expected_field *from)
{
	to->tag = from->tag;
	to->policy = from->policy;
	to->count = from->count;
	to->imported = from->imported;
	to->erased = from->erased;
	memcpy(to->members, from->members, from->count * sizeof to->members[0]);
}

static bool
same_expected(const struct expected_field *a, const struct expected_field *b)
{
	for (size_t i = 0; i < a->count && i < b->count; i++) {
		const struct expected *x = &a->members[i];
		const struct expected *y = &b->members[i];

		if (x->write != y->write || x->rank != y->rank || x->top != y->top ||
		    !value_equal(x->value, y->value)) {
			return false;
		}
	}
	return a->count == b->count;
}

bool
trial_expect(struct trial *trial, int32_t tag, const struct record_type *type,
	     struct expectation *out)
{
	bool unsure = trial->oracle->epoch_count > 1 || trial->oracle->unclaimed;

	trial->loose = false;
	expect_field(trial, tag, type, &out->least);
	trial->loose = unsure;
	if (unsure) {
		expect_field(trial, tag, type, &out->most);
	} else {
		expected_copy(&out->most, &out->least);
	}
	return !unsure || same_expected(&out->least, &out->most);
}

/* ---- conflicts and what is shown ---- */

bool
expected_conflict(const struct expected_field *field)
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
	const struct known_change *x = trial_change(trial, a->write);
	const struct known_change *y = trial_change(trial, b->write);

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
		return a->rank != b->rank ? a->rank < b->rank
					  : trial_change(trial, a->write)->merge_seq <
						    trial_change(trial, b->write)->merge_seq;
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

struct value
expected_shown(const struct trial *trial, const struct expected_field *field)
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

bool
expected_archive_rivals(const struct trial *trial, const struct expected_field *archived,
			const struct expected_field *other)
{
	for (size_t i = 0; i < archived->count; i++) {
		for (size_t k = 0; k < other->count; k++) {
			size_t archive = archived->members[i].write;
			size_t edit = other->members[k].write;

			if (archived->members[i].value.form != VALUE_EMPTY &&
			    other->members[k].top &&
			    trial_change(trial, archive) != trial_change(trial, edit) &&
			    !saw(trial, archive, edit) && !saw(trial, edit, archive)) {
				return true;
			}
		}
	}
	return false;
}

/* ---- one record ---- */

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
		const struct known_change *change = trial_change(trial, i);

		if (change->merged) {
			keys[trial->order_count++] = change->merge_seq << 24 | i;
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

void
trial_begin(struct trial *trial, const struct oracle *oracle, const struct known_record *record)
{
	*trial = (struct trial){.oracle = oracle, .known = record};
	order_writes(trial);
}

void
trial_finish(struct trial *trial)
{
	free(trial->order);
}

struct value
oracle_shown(const struct oracle *oracle, const struct known_record *record,
	     const struct record_type *type, int32_t tag, bool *unsure_out)
{
	struct trial trial;
	struct expectation *field = malloc(sizeof *field);
	struct value shown = {.form = VALUE_EMPTY};

	if (field == NULL) {
		abort();
	}
	trial_begin(&trial, oracle, record);
	*unsure_out = !trial_expect(&trial, tag, type, field);
	if (field->least.count > 0) {
		shown = expected_shown(&trial, &field->least);
	}
	trial_finish(&trial);
	free(field);
	return shown;
}

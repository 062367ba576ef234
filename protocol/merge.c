/* SPDX-License-Identifier: Apache-2.0 */
#include "merge.h"

#include <string.h>

static const struct epoch *
epoch_find(const struct merge_context *context, uint32_t number)
{
	for (size_t i = 0; i < context->epoch_count; i++) {
		if (context->epochs[i].epoch == number) {
			return &context->epochs[i];
		}
	}
	return NULL;
}

uint64_t
base_cap(const struct merge_context *context, struct base base)
{
	const struct epoch *epoch = &context->epochs[context->epoch_count - 1];
	uint64_t cap = base.version;

	/* A table that leads in a circle ends the walk, too. */
	for (size_t steps = 0; steps < context->epoch_count; steps++) {
		if (epoch->epoch == base.epoch) {
			return cap;
		}
		cap = cap < epoch->cut ? cap : epoch->cut;
		epoch = epoch_find(context, epoch->parent);
		if (epoch == NULL) {
			return 0;
		}
	}
	return 0;
}

size_t
lineage_place(const struct lineage *lineages, size_t count, uint32_t stream)
{
	size_t low = 0;
	size_t high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (lineages[middle].stream < stream) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low;
}

void
lineage_add(struct lineage *lineages, size_t *count, struct lineage lineage)
{
	size_t at = lineage_place(lineages, *count, lineage.stream);

	if (at < *count && lineages[at].stream == lineage.stream) {
		return;
	}
	memmove(&lineages[at + 1], &lineages[at], (*count - at) * sizeof lineages[0]);
	lineages[at] = lineage;
	*count += 1;
}

bool
lineage_covers(const struct merge_context *context, uint32_t stream, uint32_t n,
	       uint32_t other_stream, uint32_t other_n)
{
	/* A table that leads in a circle ends the walk, too. */
	for (size_t steps = 0; steps <= context->lineage_count; steps++) {
		size_t at;

		if (other_stream == stream && other_n <= n) {
			return true;
		}
		at = lineage_place(context->lineages, context->lineage_count, stream);
		if (at == context->lineage_count || context->lineages[at].stream != stream) {
			return false;
		}
		stream = context->lineages[at].parent;
		n = context->lineages[at].n;
	}
	return false;
}

static bool
own_covers(const struct merge_context *context, const struct dot *viewer, const struct dot *other)
{
	uint32_t stream = viewer->own_stream != 0 ? viewer->own_stream : viewer->stream;

	return lineage_covers(context, stream, viewer->own_n, other->stream, other->n);
}

bool
dot_saw(const struct merge_context *context, const struct dot *viewer, const struct dot *other)
{
	if (other->seq != 0 && other->seq <= base_cap(context, viewer->base)) {
		return true;
	}
	return own_covers(context, viewer, other);
}

int64_t
set_mask(struct value value)
{
	if (value.form == VALUE_INTEGER) {
		return value.integer & INT64_MAX;
	}
	return value.form == VALUE_PAIR ? value.pair.first & INT64_MAX : 0;
}

/* The choices that a change of a set says something about. A value that is no pair is not "added
 * and removed" but the whole set: empty takes every choice away. */
static int64_t
set_touched(struct value value)
{
	return value.form == VALUE_PAIR ? (value.pair.first | value.pair.second) & INT64_MAX
					: INT64_MAX;
}

/* One change on its way into a record. The new state is built beside the old one. */
struct merging {
	const struct record *record;
	const struct merge_context *context;
	const struct change *change;
	uint64_t seq;
	struct arena *arena;
	uint32_t at; /* index of the change's dot among the new dots */
	bool again;  /* the record has a dot of this change already */
	bool *seen;  /* per old dot: the change replaces what it left */
	struct record next;
};

/* What a change says that it had seen is believed up to the change itself: a base beyond its own
 * seq would hide later rivals, and an own beyond its n cannot be. */
static struct dot
dot_of(const struct merge_context *context, const struct change *change, uint32_t stream,
       uint64_t seq)
{
	struct dot dot = {
		.seq = seq,
		.stream = stream,
		.n = change->n,
		.time = change->time,
		.base = change->base,
	};

	if (seq != 0 && dot.base.epoch == context->epochs[context->epoch_count - 1].epoch &&
	    dot.base.version >= seq) {
		dot.base.version = seq - 1;
	}
	if (change->has_own) {
		dot.own_stream = change->own_stream == stream ? 0 : change->own_stream;
		dot.own_n = change->own_n;
	}
	if (dot.own_stream == 0 && dot.own_n >= dot.n) {
		dot.own_n = dot.n - 1;
	}
	return dot;
}

/* The old dots and the change's own, in order; and which of the old ones it saw. */
static bool
merge_dots(struct merging *merging, struct dot dot)
{
	const struct record *old = merging->record;
	struct record *next = &merging->next;
	size_t at = 0;

	while (at < old->dot_count && dot_compare(&old->dots[at], &dot) < 0) {
		at++;
	}
	merging->at = (uint32_t)at;
	merging->again = at < old->dot_count && dot_compare(&old->dots[at], &dot) == 0;
	next->dot_count = old->dot_count + !merging->again;
	next->dots = ARENA_ARRAY(merging->arena, struct dot, next->dot_count);
	merging->seen = ARENA_ARRAY(merging->arena, bool, old->dot_count);
	if (next->dots == NULL || merging->seen == NULL) {
		return false;
	}
	for (size_t i = 0; i < old->dot_count; i++) {
		next->dots[i + (i >= at && !merging->again)] = old->dots[i];
		merging->seen[i] = dot_saw(merging->context, &dot, &old->dots[i]);
	}
	if (merging->again) {
		merging->seen[at] = true;
		dot.seq = dot.seq != 0 ? dot.seq : old->dots[at].seq;
	}
	next->dots[at] = dot;
	return true;
}

/* Takes what the change saw out of an old member; false if nothing of it is left. */
static bool
member_survives(const struct merging *merging, enum policy policy, const struct change_field *field,
		struct member *member)
{
	bool own = merging->again && member->dot == merging->at;

	if (!merging->seen[member->dot]) {
		return true;
	}
	if (policy != POLICY_SET || own) {
		return false;
	}
	member->value = value_integer(set_mask(member->value) & ~set_touched(field->value));
	member->top = false;
	return member->value.integer != 0;
}

static struct member
member_of(const struct merging *merging, enum policy policy, const struct change_field *field)
{
	struct member member = {
		.dot = merging->at,
		.top = true,
		.rank = merging->seq,
		.value = field->value,
	};

	if (policy == POLICY_SET) {
		member.value = value_integer(set_mask(field->value));
	}
	return member;
}

static uint64_t
rank_first(uint64_t a, uint64_t b)
{
	/* 0 is not in the log yet, so behind everything that is. */
	return a == 0 || (b != 0 && b < a) ? b : a;
}

/* `old` may be NULL. */
static bool
merge_field(struct merging *merging, const struct record_field *old,
	    const struct change_field *field)
{
	enum policy policy = type_policy(merging->context->type, field->tag);
	struct record_field *next = &merging->next.fields[merging->next.field_count++];
	struct member own = member_of(merging, policy, field);
	size_t old_count = old == NULL ? 0 : old->member_count;
	size_t at = 0;

	next->tag = field->tag;
	next->version = merging->seq != 0 || old == NULL ? merging->seq : old->version;
	next->members = ARENA_ARRAY(merging->arena, struct member, old_count + 1);
	if (next->members == NULL) {
		return false;
	}
	for (size_t i = 0; i < old_count; i++) {
		struct member member = old->members[i];

		if (policy == POLICY_ONCE && merging->seen[member.dot]) {
			own.rank = rank_first(own.rank, member.rank);
		}
		if (!member_survives(merging, policy, field, &member)) {
			continue;
		}
		member.dot += member.dot >= merging->at && !merging->again;
		next->members[next->member_count++] = member;
		at += member.dot < merging->at;
	}
	memmove(&next->members[at + 1], &next->members[at],
		(next->member_count - at) * sizeof next->members[0]);
	next->members[at] = own;
	next->member_count++;
	return next->member_count <= RECORD_MEMBERS_MAX;
}

/* A field that the change does not touch: the same members, whose dots may have moved up. */
static bool
keep_field(struct merging *merging, const struct record_field *old)
{
	struct record_field *next = &merging->next.fields[merging->next.field_count++];

	*next = *old;
	next->members = arena_copy(merging->arena, old->members,
				   old->member_count * sizeof old->members[0]);
	if (next->members == NULL) {
		return false;
	}
	for (size_t i = 0; i < next->member_count; i++) {
		next->members[i].dot += next->members[i].dot >= merging->at && !merging->again;
	}
	return true;
}

static bool
merge_fields(struct merging *merging)
{
	const struct record *old = merging->record;
	const struct change *change = merging->change;
	struct record *next = &merging->next;
	size_t i = 0;
	size_t k = 0;

	next->field_count = 0;
	next->fields = ARENA_ARRAY(merging->arena, struct record_field,
				   old->field_count + change->field_count);
	if (next->fields == NULL) {
		return false;
	}
	while (i < old->field_count || k < change->field_count) {
		const struct record_field *kept = i < old->field_count ? &old->fields[i] : NULL;
		bool ok;

		if (k == change->field_count ||
		    (kept != NULL && tag_compare(kept->tag, change->fields[k].tag) < 0)) {
			ok = keep_field(merging, kept);
			i++;
		} else {
			if (kept != NULL && kept->tag != change->fields[k].tag) {
				kept = NULL;
			}
			ok = merge_field(merging, kept, &change->fields[k]);
			i += kept != NULL;
			k++;
		}
		if (!ok) {
			return false;
		}
	}
	return true;
}

/* The record, one change with its place, and what it is merged with: nothing to be bundled. */
enum status
/* NOLINTNEXTLINE(readability-function-size) */
merge_change(struct record *record, uint32_t stream, const struct change *change, uint64_t seq,
	     const struct merge_context *context, struct arena *arena, struct error *err)
{
	struct merging merging = {
		.record = record,
		.context = context,
		.change = change,
		.seq = seq,
		.arena = arena,
		.next = *record,
	};
	struct record *next = &merging.next;

	if (!merge_dots(&merging, dot_of(context, change, stream, seq)) ||
	    !merge_fields(&merging)) {
		return fail(err, STATUS_LIMIT, "rival values of one field, or memory, in a record");
	}
	record_prune(next);
	if (next->dot_count > RECORD_DOTS_MAX || next->field_count > RECORD_FIELDS_MAX) {
		return fail(err, STATUS_LIMIT, "changes or fields of one record");
	}
	if (!record_fits(next)) {
		return fail(err, STATUS_LIMIT, "%d bytes of one record", RECORD_BYTES_MAX);
	}
	if (next->id == 0) {
		next->id = change->record;
		next->type = change->type;
	}
	if (next->version < seq) {
		next->version = seq;
	}
	*record = *next;
	return STATUS_OK;
}

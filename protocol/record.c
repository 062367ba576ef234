/* SPDX-License-Identifier: Apache-2.0 */
#include "record.h"

#include <assert.h>
#include <string.h>

const struct record_field *
record_field(const struct record *record, int32_t tag)
{
	for (size_t i = 0; i < record->field_count; i++) {
		if (record->fields[i].tag == tag) {
			return &record->fields[i];
		}
	}
	return NULL;
}

int
dot_compare(const struct dot *a, const struct dot *b)
{
	if (a->stream != b->stream) {
		return a->stream < b->stream ? -1 : 1;
	}
	return (a->n > b->n) - (a->n < b->n);
}

bool
record_filter_passes(const struct record_filter *filter, const struct record *record,
		     const struct record_field *field)
{
	const struct dot *dot;

	if (filter == NULL) {
		return true;
	}
	if (field->version <= filter->newer_than) {
		return false;
	}
	if (field->member_count != 1) {
		return true;
	}
	dot = &record->dots[field->members[0].dot];
	return dot->stream != filter->withhold_stream || dot->n > filter->withhold_n ||
	       dot->seq != field->version;
}

size_t
record_filter_count(const struct record *record, const struct record_filter *filter)
{
	size_t count = 0;

	for (size_t i = 0; i < record->field_count; i++) {
		count += record_filter_passes(filter, record, &record->fields[i]);
	}
	return count;
}

/* Members' dots through a table of new indexes. */
static void
members_renumber(const struct record_field *field, const uint16_t *index)
{
	for (size_t i = 0; i < field->member_count; i++) {
		field->members[i].dot = index[field->members[i].dot];
	}
}

void
record_prune(struct record *record)
{
	uint16_t index[2 * RECORD_DOTS_MAX];
	uint16_t kept = 0;

	assert(record->dot_count <= 2 * RECORD_DOTS_MAX);
	/* Most records have one dot: only as much as is used is cleared. */
	memset(index, 0, record->dot_count * sizeof index[0]);
	for (size_t i = 0; i < record->field_count; i++) {
		for (size_t k = 0; k < record->fields[i].member_count; k++) {
			index[record->fields[i].members[k].dot] = 1;
		}
	}
	for (size_t i = 0; i < record->dot_count; i++) {
		if (index[i] != 0) {
			record->dots[kept] = record->dots[i];
			index[i] = kept++;
		}
	}
	record->dot_count = kept;
	for (size_t i = 0; i < record->field_count; i++) {
		members_renumber(&record->fields[i], index);
	}
}

/* A record that is being laid together from two. */
struct overlay {
	const struct record *record;
	const struct record *update;
	bool whole;
	bool passed_over; /* a field of the update was older than the record's own */
	struct arena *arena;
	uint16_t *record_index; /* old dot -> new dot */
	uint16_t *update_index;
	struct record next;
};

/* Whose dot comes next in the order of both: <0 the record's, >0 the update's, 0 it is in both. */
static int
dots_next(const struct record *record, size_t i, const struct record *update, size_t k)
{
	if (i == record->dot_count || k == update->dot_count) {
		return i == record->dot_count ? 1 : -1;
	}
	return dot_compare(&record->dots[i], &update->dots[k]);
}

static bool
overlay_dots(struct overlay *overlay)
{
	const struct record *record = overlay->record;
	const struct record *update = overlay->update;
	struct record *next = &overlay->next;
	size_t i = 0;
	size_t k = 0;

	overlay->record_index = ARENA_ARRAY(overlay->arena, uint16_t, record->dot_count);
	overlay->update_index = ARENA_ARRAY(overlay->arena, uint16_t, update->dot_count);
	next->dots = ARENA_ARRAY(overlay->arena, struct dot, record->dot_count + update->dot_count);
	if (overlay->record_index == NULL || overlay->update_index == NULL || next->dots == NULL) {
		return false;
	}
	next->dot_count = 0;
	while (i < record->dot_count || k < update->dot_count) {
		size_t at = next->dot_count++;
		int order = dots_next(record, i, update, k);

		if (order <= 0) {
			next->dots[at] = record->dots[i];
			overlay->record_index[i++] = (uint16_t)at;
		}
		if (order >= 0) {
			uint64_t seq = order == 0 ? next->dots[at].seq : 0;

			next->dots[at] = update->dots[k];
			next->dots[at].seq = seq > update->dots[k].seq ? seq : update->dots[k].seq;
			overlay->update_index[k++] = (uint16_t)at;
		}
	}
	return true;
}

static bool
field_is_pending(const struct record *record, const struct record_field *field)
{
	for (size_t i = 0; i < field->member_count; i++) {
		if (record->dots[field->members[i].dot].seq != 0) {
			return false;
		}
	}
	return true;
}

static bool
overlay_take(struct overlay *overlay, const struct record_field *field, const uint16_t *index)
{
	struct record_field *taken = &overlay->next.fields[overlay->next.field_count];

	*taken = *field;
	taken->members = arena_copy(overlay->arena, field->members,
				    field->member_count * sizeof field->members[0]);
	if (taken->members == NULL) {
		return false;
	}
	members_renumber(taken, index);
	overlay->next.field_count++;
	return true;
}

/* A field that the update does not carry. */
static bool
overlay_absent(struct overlay *overlay, const struct record_field *own)
{
	if (overlay->whole && own->version <= overlay->update->version &&
	    !field_is_pending(overlay->record, own)) {
		return true;
	}
	return overlay_take(overlay, own, overlay->record_index);
}

/* A field that both have. */
static bool
overlay_both(struct overlay *overlay, const struct record_field *own,
	     const struct record_field *update)
{
	if (update->version >= own->version) {
		return overlay_take(overlay, update, overlay->update_index);
	}
	overlay->passed_over = true;
	return overlay_take(overlay, own, overlay->record_index);
}

static int
fields_next(const struct record *record, size_t i, const struct record *update, size_t k)
{
	if (i == record->field_count || k == update->field_count) {
		return i == record->field_count ? 1 : -1;
	}
	return tag_compare(record->fields[i].tag, update->fields[k].tag);
}

static bool
overlay_fields(struct overlay *overlay)
{
	const struct record *record = overlay->record;
	const struct record *update = overlay->update;
	size_t i = 0;
	size_t k = 0;

	overlay->next.field_count = 0;
	overlay->next.fields = ARENA_ARRAY(overlay->arena, struct record_field,
					   record->field_count + update->field_count);
	if (overlay->next.fields == NULL) {
		return false;
	}
	while (i < record->field_count || k < update->field_count) {
		int order = fields_next(record, i, update, k);
		bool taken;

		if (order < 0) {
			taken = overlay_absent(overlay, &record->fields[i]);
		} else if (order > 0) {
			taken = overlay_take(overlay, &update->fields[k], overlay->update_index);
		} else {
			taken = overlay_both(overlay, &record->fields[i], &update->fields[k]);
		}
		if (!taken) {
			return false;
		}
		i += order <= 0;
		k += order >= 0;
	}
	return true;
}

/* What the update shows to be logged is acknowledged, also in fields that it does not carry. */
static void
overlay_acknowledge(struct overlay *overlay)
{
	for (size_t i = 0; i < overlay->record->dot_count; i++) {
		const struct dot *dot = &overlay->record->dots[i];
		const struct dot *now = &overlay->next.dots[overlay->record_index[i]];

		if (dot->seq == 0 && now->seq != 0) {
			record_acknowledge(&overlay->next, dot->stream, dot->n, now->seq);
		}
	}
}

bool
record_overlay(struct record *record, const struct record *update, bool whole, struct arena *arena)
{
	struct overlay overlay = {.record = record,
				  .update = update,
				  .whole = whole,
				  .arena = arena,
				  .next = *record};
	struct record *next = &overlay.next;

	if (record->dot_count > RECORD_DOTS_MAX || update->dot_count > RECORD_DOTS_MAX ||
	    !overlay_dots(&overlay) || !overlay_fields(&overlay)) {
		return false;
	}
	overlay_acknowledge(&overlay);
	record_prune(next);
	if (next->dot_count > RECORD_DOTS_MAX || next->field_count > RECORD_FIELDS_MAX) {
		return false;
	}
	next->id = update->id;
	next->type = update->type;
	if (update->version >= record->version) {
		next->village = update->village;
		next->version = overlay.passed_over ? record->version : update->version;
	}
	*record = *next;
	return true;
}

static void
field_acknowledge(struct record_field *field, size_t dot, uint64_t seq)
{
	for (size_t i = 0; i < field->member_count; i++) {
		struct member *member = &field->members[i];

		if (member->dot == dot) {
			member->rank = member->rank == 0 ? seq : member->rank;
			field->version = field->version < seq ? seq : field->version;
		}
	}
}

void
record_acknowledge(struct record *record, uint32_t stream, uint32_t n, uint64_t seq)
{
	const struct dot wanted = {.stream = stream, .n = n};

	for (size_t i = 0; i < record->dot_count; i++) {
		if (dot_compare(&record->dots[i], &wanted) != 0) {
			continue;
		}
		record->dots[i].seq = seq;
		for (size_t k = 0; k < record->field_count; k++) {
			field_acknowledge(&record->fields[k], i, seq);
		}
	}
}

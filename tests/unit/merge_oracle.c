/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/history.h"
#include "tests/unit/merge_world.h"

/* The changes of one field as they stand in the log. */
struct writes {
	const struct world *world;
	int32_t tag;
	size_t at[MADE_MAX]; /* indexes of world.made */
	size_t count;
	bool live[MADE_MAX]; /* nobody who wrote the field had seen it */
};

static const struct made *
write_made(const struct writes *writes, size_t i)
{
	return &writes->world->made[writes->at[i]];
}

static struct value
write_value(const struct writes *writes, size_t i)
{
	return change_field(&write_made(writes, i)->change, writes->tag)->value;
}

static bool
write_saw(const struct writes *writes, size_t viewer, size_t other)
{
	return seen_has(&write_made(writes, viewer)->seen, writes->at[other]);
}

static struct writes
writes_of(const struct world *world, int32_t tag)
{
	struct writes writes = {.world = world, .tag = tag};

	for (size_t i = 0; i < world->log_count; i++) {
		if (change_field(&world->made[world->log[i]].change, tag) != NULL) {
			writes.at[writes.count++] = world->log[i];
		}
	}
	for (size_t i = 0; i < writes.count; i++) {
		writes.live[i] = true;
		for (size_t k = 0; k < writes.count; k++) {
			writes.live[i] = writes.live[i] && !write_saw(&writes, k, i);
		}
	}
	return writes;
}

static bool
record_has_top(const struct record *record, const struct record_field *field,
	       const struct made *made)
{
	for (size_t i = 0; i < field->member_count; i++) {
		const struct dot *dot = &record->dots[field->members[i].dot];

		if (field->members[i].top && dot->stream == made->stream &&
		    dot->n == made->change.n) {
			return dot->seq == made->seq;
		}
	}
	return false;
}

static void
check_members(struct world *world, const struct writes *writes, const struct record_field *field)
{
	size_t tops = 0;
	size_t live = 0;

	for (size_t i = 0; i < field->member_count; i++) {
		tops += field->members[i].top;
	}
	for (size_t i = 0; i < writes->count; i++) {
		const struct made *made = write_made(writes, i);

		live += writes->live[i];
		if (writes->live[i] && !record_has_top(&world->record, field, made)) {
			world_fail(world, "field %d: %u/%u is missing", writes->tag, made->stream,
				   made->change.n);
		}
	}
	if (tops != live || (writes->tag != SET && field->member_count != live)) {
		world_fail(world, "field %d has %zu members, the oracle %zu", writes->tag,
			   field->member_count, live);
	}
}

/* True if write a is shown before write b, by the clock. */
static bool
write_is_later(const struct writes *writes, size_t a, size_t b)
{
	const struct made *one = write_made(writes, a);
	const struct made *other = write_made(writes, b);

	if (one->change.time != other->change.time) {
		return one->change.time > other->change.time;
	}
	return one->stream != other->stream ? one->stream > other->stream
					    : one->change.n > other->change.n;
}

static bool
write_wins(const struct writes *writes, size_t a, size_t b)
{
	struct value one = write_value(writes, a);
	struct value other = write_value(writes, b);

	if ((writes->tag == MAX || writes->tag == MIN) && !value_equal(one, other)) {
		if (one.form == VALUE_EMPTY || other.form == VALUE_EMPTY) {
			return other.form == VALUE_EMPTY;
		}
		return (one.integer > other.integer) == (writes->tag == MAX);
	}
	return write_is_later(writes, a, b);
}

/* Places in the log, where a correction takes the first place among those that it replaced. */
static size_t
once_winner(const struct writes *writes)
{
	size_t place[MADE_MAX];
	size_t winner = MADE_MAX;

	for (size_t i = 0; i < writes->count; i++) {
		place[i] = i;
		for (size_t k = 0; k < i; k++) {
			bool live = write_saw(writes, i, k);

			for (size_t j = 0; j < i; j++) {
				live = live && !write_saw(writes, j, k);
			}
			place[i] = live && place[k] < place[i] ? place[k] : place[i];
		}
		if (writes->live[i] && (winner == MADE_MAX || place[i] < place[winner])) {
			winner = i;
		}
	}
	return winner;
}

static struct value
oracle_shown(const struct writes *writes)
{
	size_t winner = MADE_MAX;

	if (writes->tag == ONCE) {
		return write_value(writes, once_winner(writes));
	}
	for (size_t i = 0; i < writes->count; i++) {
		if (writes->live[i] && (winner == MADE_MAX || write_wins(writes, i, winner))) {
			winner = i;
		}
	}
	return write_value(writes, winner);
}

/* Each choice by itself: it is there if any of the last who said something about it added it. */
static int64_t
oracle_mask(const struct writes *writes)
{
	int64_t mask = 0;

	for (unsigned bit = 0; bit < 63; bit++) {
		const int64_t choice = (int64_t)1 << bit;
		int64_t added[MADE_MAX];
		int64_t touched[MADE_MAX];

		for (size_t i = 0; i < writes->count; i++) {
			struct value value = write_value(writes, i);
			bool pair = value.form == VALUE_PAIR;

			added[i] = pair ? value.pair.first & choice : 0;
			touched[i] =
				pair ? (value.pair.first | value.pair.second) & choice : choice;
		}
		for (size_t i = 0; i < writes->count; i++) {
			bool last = added[i] != 0;

			for (size_t k = 0; k < writes->count; k++) {
				last = last && !(touched[k] != 0 && write_saw(writes, k, i));
			}
			mask |= last ? choice : 0;
		}
	}
	return mask;
}

static bool
oracle_conflict(const struct writes *writes)
{
	const struct value *first = NULL;
	struct value values[MADE_MAX];

	for (size_t i = 0; i < writes->count && writes->tag != SET; i++) {
		values[i] = write_value(writes, i);
		if (!writes->live[i]) {
			continue;
		}
		if (first != NULL && !value_equal(*first, values[i])) {
			return true;
		}
		first = &values[i];
	}
	return false;
}

static void
check_field(struct world *world, const struct writes *writes)
{
	const struct record_field *field = record_field(&world->record, writes->tag);
	enum policy policy = type_policy(&history_type, writes->tag);
	struct value shown;
	struct value wanted;

	if ((field == NULL) != (writes->count == 0)) {
		world_fail(world, "field %d is there or not", writes->tag);
	}
	if (field == NULL || world->error[0] != '\0') {
		return;
	}
	check_members(world, writes, field);
	shown = field_shown(&world->record, field, policy);
	wanted = writes->tag == SET ? value_integer(oracle_mask(writes)) : oracle_shown(writes);
	if (!value_equal(shown, wanted)) {
		world_fail(world, "field %d shows %lld (form %d), the oracle %lld (form %d)",
			   writes->tag, (long long)shown.integer, (int)shown.form,
			   (long long)wanted.integer, (int)wanted.form);
	}
	if (field_in_conflict(field, policy) != oracle_conflict(writes)) {
		world_fail(world, "field %d: in conflict or not", writes->tag);
	}
	if (field->version != write_made(writes, writes->count - 1)->seq) {
		world_fail(world, "field %d has version %llu", writes->tag,
			   (unsigned long long)field->version);
	}
}

static bool
oracle_archive_conflict(const struct writes *archives, const struct writes *edits)
{
	for (size_t i = 0; i < archives->count; i++) {
		const struct made *archive = write_made(archives, i);

		if (!archives->live[i] || write_value(archives, i).form == VALUE_EMPTY) {
			continue;
		}
		for (size_t k = 0; k < edits->count; k++) {
			const struct made *edit = write_made(edits, k);

			if (edits->live[k] && edit != archive &&
			    !seen_has(&archive->seen, edits->at[k]) &&
			    !seen_has(&edit->seen, archives->at[i])) {
				return true;
			}
		}
	}
	return false;
}

void
oracle_check(struct world *world)
{
	struct writes archives = writes_of(world, TAG_ARCHIVED);
	bool archive = false;
	unsigned conflicts = 0;

	for (size_t i = 0; i < world_tag_count; i++) {
		struct writes writes = writes_of(world, world_tags[i]);

		check_field(world, &writes);
		if (writes.tag == TAG_ARCHIVED) {
			conflicts += oracle_conflict(&writes) || archive;
			continue;
		}
		archive = archive || oracle_archive_conflict(&archives, &writes);
		conflicts +=
			(writes.tag == REVIEW || writes.tag == ONCE) && oracle_conflict(&writes);
	}
	if (archive_in_conflict(&world->record, &world->context) != archive) {
		world_fail(world, "archive in conflict: the oracle says %d", archive);
	}
	if (record_conflicts(&world->record, &world->context) != conflicts) {
		world_fail(world, "conflicts: %u, the oracle %u",
			   record_conflicts(&world->record, &world->context), conflicts);
	}
	if (world->record.version != world->log_count) {
		world_fail(world, "the record's version is not the last in the log");
	}
}

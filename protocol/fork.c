/* SPDX-License-Identifier: Apache-2.0 */
#include "fork.h"

#include "id.h"

#include <string.h>

enum { LABEL_SIZE = 16, NUMBER_SIZE = 4 };

static const char key_label[LABEL_SIZE + 1] = "sambung/fork/1\0";
static const char batch_label[LABEL_SIZE + 1] = "sambung/again/1";

static void
number_write(uint32_t number, uint8_t out[NUMBER_SIZE])
{
	for (size_t i = 0; i < NUMBER_SIZE; i++) {
		out[i] = (uint8_t)(number >> 8 * i);
	}
}

void
fork_key(const uint8_t seed[SEED32_SIZE], uint32_t stream, uint32_t n,
	 uint8_t seed_out[SEED32_SIZE])
{
	uint8_t numbers[2 * NUMBER_SIZE];
	struct span parts[] = {
		span_of(key_label, LABEL_SIZE),
		span_of(seed, SEED32_SIZE),
		span_of(numbers, sizeof numbers),
	};

	number_write(stream, numbers);
	number_write(n, numbers + NUMBER_SIZE);
	sha256(parts, 3, seed_out);
}

void
fork_batch_seed(const uint8_t seed[SEED_SIZE], uint32_t heir, uint8_t seed_out[SEED_SIZE])
{
	uint8_t number[NUMBER_SIZE];
	uint8_t hash[HASH_SIZE];
	struct span parts[] = {
		span_of(batch_label, LABEL_SIZE),
		span_of(seed, SEED_SIZE),
		span_of(number, sizeof number),
	};

	number_write(heir, number);
	sha256(parts, 3, hash);
	memcpy(seed_out, hash, SEED_SIZE);
	crypto_wipe(hash, sizeof hash);
}

struct fork
fork_of(const struct lineage *lineage)
{
	return (struct fork){.stream = lineage->parent, .n = lineage->n, .heir = lineage->stream};
}

uint64_t
fork_id(const struct fork *fork, uint64_t id)
{
	return id_stream(id) == fork->stream && id_n(id) > fork->n
		       ? id_make(fork->heir, id_n(id) - fork->n)
		       : id;
}

void
fork_own(const struct fork *fork, uint32_t *own_stream, uint32_t *own_n)
{
	if (*own_stream != 0) {
		return;
	}
	if (*own_n >= fork->n) {
		*own_n -= fork->n;
	} else {
		*own_stream = fork->stream;
	}
}

static void
renumber_reference(const struct fork *fork, struct value *value)
{
	if (value->form == VALUE_INTEGER && value->integer > 0) {
		value->integer = (int64_t)fork_id(fork, (uint64_t)value->integer);
	}
}

void
fork_fields(const struct fork *fork, const struct record_type *type, struct change_field *fields,
	    size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (type_is_reference(type, fields[i].tag)) {
			renumber_reference(fork, &fields[i].value);
		}
	}
}

static void
remember_first(const struct fork *fork, struct span bytes, struct change *change)
{
	if (change->was_stream != 0) {
		return; /* made again before */
	}
	change->was_stream = fork->stream;
	change->was_n = change->n;
	sha256(&bytes, 1, change->first_hash);
}

enum status
fork_change(const struct fork *fork, const struct record_type *type, struct span bytes,
	    struct arena *arena, struct buffer *out, struct error *err)
{
	const size_t before = out->length;
	struct change change;
	enum status status = change_decode(bytes, false, arena, &change, err);

	if (status != STATUS_OK) {
		return status;
	}
	if (change.n <= fork->n) {
		return fail(err, STATUS_INVALID, "n %u", change.n);
	}
	remember_first(fork, bytes, &change);
	fork_own(fork, &change.own_stream, &change.own_n);
	change.n -= fork->n;
	change.record = fork_id(fork, change.record);
	fork_fields(fork, type, change.fields, change.field_count);
	change_encode(&change, out);
	if (out->status == STATUS_OK && out->length - before > CHANGE_BYTES_MAX) {
		return fail(err, STATUS_LIMIT, "n %u", change.was_n);
	}
	return buffer_status(out, "change", err);
}

/* ---- what a device shows ---- */

static bool
is_after(const struct fork *fork, const struct dot *dot)
{
	return dot->stream == fork->stream && dot->n > fork->n;
}

static struct dot
dot_again(const struct fork *fork, const struct dot *dot)
{
	struct dot again = *dot;

	if (is_after(fork, dot)) {
		fork_own(fork, &again.own_stream, &again.own_n);
		again.stream = fork->heir;
		again.n -= fork->n;
		again.seq = 0;
	}
	return again;
}

/* The place of a dot among all, once they are renamed. */
static uint32_t
dot_place(const struct fork *fork, const struct record *record, const struct dot *dot)
{
	const struct dot own = dot_again(fork, dot);
	uint32_t place = 0;

	for (size_t i = 0; i < record->dot_count; i++) {
		const struct dot other = dot_again(fork, &record->dots[i]);

		place += dot_compare(&other, &own) < 0;
	}
	return place;
}

/* Members ascend by dot. */
static void
members_sort(struct record_field *field)
{
	for (size_t i = 1; i < field->member_count; i++) {
		struct member member = field->members[i];
		size_t k = i;

		while (k > 0 && field->members[k - 1].dot > member.dot) {
			field->members[k] = field->members[k - 1];
			k--;
		}
		field->members[k] = member;
	}
}

static void
field_again(const struct fork *fork, const struct record_type *type, const struct record *record,
	    const uint32_t *places, struct record_field *field)
{
	for (size_t i = 0; i < field->member_count; i++) {
		struct member *member = &field->members[i];

		if (type_is_reference(type, field->tag) &&
		    is_after(fork, &record->dots[member->dot])) {
			renumber_reference(fork, &member->value);
		}
		member->dot = places[member->dot];
	}
	members_sort(field);
}

enum status
fork_record(const struct fork *fork, const struct record_type *type, struct record *record,
	    struct arena *arena, bool *touched_out, struct error *err)
{
	bool touched = fork_id(fork, record->id) != record->id;
	uint32_t *places = ARENA_ARRAY(arena, uint32_t, record->dot_count);
	struct dot *dots = ARENA_ARRAY(arena, struct dot, record->dot_count);

	if (places == NULL || dots == NULL) {
		return fail(err, STATUS_MEMORY, "%zu", record->dot_count);
	}
	for (size_t i = 0; i < record->dot_count; i++) {
		touched = touched || is_after(fork, &record->dots[i]);
		places[i] = dot_place(fork, record, &record->dots[i]);
		dots[places[i]] = dot_again(fork, &record->dots[i]);
	}
	for (size_t i = 0; i < record->field_count && touched; i++) {
		field_again(fork, type, record, places, &record->fields[i]);
	}
	if (touched) {
		record->id = fork_id(fork, record->id);
		record->dots = dots;
	}
	*touched_out = touched;
	return STATUS_OK;
}

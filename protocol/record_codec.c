/* SPDX-License-Identifier: Apache-2.0 */
#include "id.h"
#include "record.h"

#include <assert.h>
#include <string.h>

/*
 * Record, a CBOR array of 6:
 *
 *   [id, type, village, version, [dot, …], {tag: entry, …}]
 *
 * back(x) is version - x (an integer, below 0 if x is newer), and null when x is 0.
 *
 * dot, in ascending (stream, n); the first form that can say it is the only one allowed:
 *   [back(seq), time]                                      made the record; no base, own = n - 1
 *   [back(seq), time, n]                                   … of the stream that made the record
 *   [back(seq), time, n, stream]
 *   [back(seq), time, n, stream, epoch, back(base)]        epoch 0: no base
 *   [back(seq), time, n, stream, epoch, back(base), own]
 *   [back(seq), time, n, stream, epoch, back(base), own, own stream]
 *
 * entry, in ascending order of tags (1, 2, … then -1, -2, -3):
 *   value                                                  one plain member
 *   [back(field version), member, member, …]               3 elements or more, else
 * where each member stands as two elements or three,
 *   code, value                                            rank = the dot's seq
 *   code, value, back(rank)
 * and code = 4 * index of the dot + 2 if a rank follows + 1 if the member is not top. The one
 * member of a field is plain if it is top, on the main dot, and this dot's seq is both the member's
 * rank and the field's version. The main dot is the one that made the record, or the first if that
 * is gone. An array of two integers is a value, so the two kinds of entry cannot be confused.
 *
 * A record that one change made, with k fields, costs about 30 bytes and 1 + value per field.
 */
enum { RECORD_PARTS = 6, ENTRY_PARTS_MIN = 3, CODE_LOW = 1, CODE_RANK = 2, CODE_DOT = 4 };
enum {
	DOT_MAKER = 2,
	DOT_SAME_STREAM = 3,
	DOT_STREAM = 4,
	DOT_BASE = 6,
	DOT_OWN = 7,
	DOT_OWN_STREAM = 8,
};
#define VILLAGE_MAX UINT64_C(9999999999)

static size_t
dot_form(const struct dot *dot, uint64_t id)
{
	if (dot->own_stream != 0) {
		return DOT_OWN_STREAM;
	}
	if (dot->own_n != dot->n - 1) {
		return DOT_OWN;
	}
	if (dot->base.epoch != 0) {
		return DOT_BASE;
	}
	if (dot->stream != id_stream(id)) {
		return DOT_STREAM;
	}
	return dot->n != id_n(id) ? DOT_SAME_STREAM : DOT_MAKER;
}

static bool
dot_is_maker(const struct dot *dot, uint64_t id)
{
	return dot->stream == id_stream(id) && dot->n == id_n(id);
}

static bool
member_is_plain(const struct member *member, const struct dot *dot, uint64_t field_version)
{
	return member->top && member->rank == dot->seq && field_version == dot->seq;
}

struct writing {
	const struct record *record;
	const struct record_filter *filter;
	struct buffer *out;
	bool used[RECORD_DOTS_MAX];	 /* dots of the fields that travel */
	uint16_t index[RECORD_DOTS_MAX]; /* their indexes in the encoding */
	size_t used_count;
	size_t main; /* index in the record */
};

static void
choose_dots(struct writing *writing)
{
	const struct record *record = writing->record;

	memset(writing->used, 0, record->dot_count * sizeof writing->used[0]);
	writing->used_count = 0;
	writing->main = 0;
	for (size_t i = 0; i < record->field_count; i++) {
		const struct record_field *field = &record->fields[i];

		if (!record_filter_passes(writing->filter, record, field)) {
			continue;
		}
		for (size_t k = 0; k < field->member_count; k++) {
			writing->used[field->members[k].dot] = true;
		}
	}
	for (size_t i = 0; i < record->dot_count; i++) {
		if (!writing->used[i]) {
			continue;
		}
		if (writing->used_count == 0 || dot_is_maker(&record->dots[i], record->id)) {
			writing->main = i;
		}
		writing->index[i] = (uint16_t)writing->used_count++;
	}
}

static void
put_back(const struct writing *writing, uint64_t seq)
{
	if (seq == 0) {
		cbor_put_null(writing->out);
	} else {
		cbor_put_int(writing->out, (int64_t)writing->record->version - (int64_t)seq);
	}
}

static void
put_dot(const struct writing *writing, const struct dot *dot)
{
	size_t form = dot_form(dot, writing->record->id);

	cbor_put_array(writing->out, form);
	put_back(writing, dot->seq);
	cbor_put_int(writing->out, dot->time);
	if (form >= DOT_SAME_STREAM) {
		cbor_put_uint(writing->out, dot->n);
	}
	if (form >= DOT_STREAM) {
		cbor_put_uint(writing->out, dot->stream);
	}
	if (form >= DOT_BASE) {
		cbor_put_uint(writing->out, dot->base.epoch);
		put_back(writing, dot->base.version);
	}
	if (form >= DOT_OWN) {
		cbor_put_uint(writing->out, dot->own_n);
	}
	if (form >= DOT_OWN_STREAM) {
		cbor_put_uint(writing->out, dot->own_stream);
	}
}

static bool
rank_written(const struct writing *writing, const struct member *member)
{
	return member->rank != writing->record->dots[member->dot].seq;
}

static void
put_member(const struct writing *writing, const struct member *member)
{
	bool ranked = rank_written(writing, member);
	uint32_t code = (uint32_t)CODE_DOT * writing->index[member->dot];

	code += ranked ? CODE_RANK : 0;
	code += member->top ? 0 : CODE_LOW;
	cbor_put_uint(writing->out, code);
	value_put(member->value, writing->out);
	if (ranked) {
		put_back(writing, member->rank);
	}
}

static void
put_entry(const struct writing *writing, const struct record_field *field)
{
	const struct member *members = field->members;
	size_t parts = 1;

	cbor_put_int(writing->out, field->tag);
	if (field->member_count == 1 && members[0].dot == writing->main &&
	    member_is_plain(&members[0], &writing->record->dots[writing->main], field->version)) {
		value_put(members[0].value, writing->out);
		return;
	}
	for (size_t i = 0; i < field->member_count; i++) {
		parts += rank_written(writing, &members[i]) ? 3 : 2;
	}
	cbor_put_array(writing->out, parts);
	put_back(writing, field->version);
	for (size_t i = 0; i < field->member_count; i++) {
		put_member(writing, &members[i]);
	}
}

void
record_encode(const struct record *record, const struct record_filter *filter, struct buffer *out)
{
	struct writing writing;

	assert(record->dot_count <= RECORD_DOTS_MAX);
	writing.record = record;
	writing.filter = filter;
	writing.out = out;
	choose_dots(&writing);
	cbor_put_array(out, RECORD_PARTS);
	cbor_put_uint(out, record->id);
	cbor_put_uint(out, record->type);
	cbor_put_uint(out, record->village);
	cbor_put_uint(out, record->version);
	cbor_put_array(out, writing.used_count);
	for (size_t i = 0; i < record->dot_count; i++) {
		if (writing.used[i]) {
			put_dot(&writing, &record->dots[i]);
		}
	}
	cbor_put_map(out, record_filter_count(record, filter));
	for (size_t i = 0; i < record->field_count; i++) {
		if (record_filter_passes(filter, record, &record->fields[i])) {
			put_entry(&writing, &record->fields[i]);
		}
	}
}

/* No encoding is longer, as no integer takes more than 9 bytes. */
static size_t
encoding_bound(const struct record *record)
{
	enum { HEAD = 64, DOT = 64, FIELD = 32, MEMBER = 64 };
	size_t bound = HEAD + record->dot_count * DOT + record->field_count * FIELD;

	for (size_t f = 0; f < record->field_count; f++) {
		const struct record_field *field = &record->fields[f];

		for (size_t i = 0; i < field->member_count; i++) {
			const struct value *value = &field->members[i].value;

			bound += MEMBER + (value->form == VALUE_TEXT ? value->text.length : 0);
		}
	}
	return bound;
}

bool
record_fits(const struct record *record)
{
	struct buffer bytes;
	bool fits;

	if (encoding_bound(record) <= RECORD_BYTES_MERGED_MAX) {
		return true;
	}
	buffer_init(&bytes, RECORD_BYTES_MERGED_MAX);
	record_encode(record, NULL, &bytes);
	fits = bytes.status == STATUS_OK;
	buffer_finish(&bytes);
	return fits;
}

struct reading {
	struct reader in;
	struct arena *arena;
	struct record record;
	bool *used; /* per dot */
	size_t main;
};

static bool
get_back(struct reading *reading, uint64_t *out)
{
	uint64_t version = reading->record.version;
	int64_t back;

	if (cbor_get_null(&reading->in)) {
		*out = 0;
		return true;
	}
	if (!cbor_get_int(&reading->in, &back)) {
		return false;
	}
	if (back >= 0 ? (uint64_t)back >= version : back < (int64_t)version - INT64_MAX) {
		return false;
	}
	*out = version - (uint64_t)back;
	return true;
}

static bool
get_u32_between(struct reader *in, uint32_t low, uint32_t high, uint32_t *out)
{
	uint64_t value;

	if (!cbor_get_uint_max(in, high, &value) || value < low) {
		return false;
	}
	*out = (uint32_t)value;
	return true;
}

static bool
get_dot_author(struct reading *reading, size_t form, struct dot *dot)
{
	struct reader *in = &reading->in;

	dot->stream = id_stream(reading->record.id);
	dot->n = id_n(reading->record.id);
	if (form >= DOT_SAME_STREAM && !get_u32_between(in, 1, CHANGE_N_MAX, &dot->n)) {
		return false;
	}
	return form < DOT_STREAM || get_u32_between(in, 1, CHANGE_STREAM_MAX, &dot->stream);
}

static bool
get_dot_seen(struct reading *reading, size_t form, struct dot *dot)
{
	struct reader *in = &reading->in;
	/* Nobody has seen the own change itself; an older stream may have gone further. */
	uint32_t own_max = form >= DOT_OWN_STREAM ? CHANGE_N_MAX : dot->n - 1;

	dot->own_n = dot->n - 1;
	if (form >= DOT_BASE &&
	    (!cbor_get_u32(in, &dot->base.epoch) || !get_back(reading, &dot->base.version) ||
	     (dot->base.epoch == 0 && dot->base.version != 0))) {
		return false;
	}
	if (form >= DOT_OWN && !get_u32_between(in, 0, own_max, &dot->own_n)) {
		return false;
	}
	return form < DOT_OWN_STREAM ||
	       (get_u32_between(in, 1, CHANGE_STREAM_MAX, &dot->own_stream) &&
		dot->own_stream != dot->stream);
}

static bool
get_dot(struct reading *reading, struct dot *dot)
{
	size_t form;

	return cbor_get_array(&reading->in, DOT_OWN_STREAM, &form) && form >= DOT_MAKER &&
	       get_back(reading, &dot->seq) && cbor_get_int(&reading->in, &dot->time) &&
	       dot->time <= CHANGE_TIME_MAX && dot->time >= -CHANGE_TIME_MAX &&
	       get_dot_author(reading, form, dot) && get_dot_seen(reading, form, dot) &&
	       dot_form(dot, reading->record.id) == form;
}

static bool
get_dots(struct reading *reading)
{
	struct record *record = &reading->record;

	if (!cbor_get_array(&reading->in, RECORD_DOTS_MAX, &record->dot_count)) {
		return false;
	}
	record->dots = ARENA_ARRAY(reading->arena, struct dot, record->dot_count);
	reading->used = ARENA_ARRAY(reading->arena, bool, record->dot_count);
	if (record->dots == NULL || reading->used == NULL) {
		return false;
	}
	for (size_t i = 0; i < record->dot_count; i++) {
		struct dot *dot = &record->dots[i];

		if (!get_dot(reading, dot) || (i > 0 && dot_compare(dot - 1, dot) >= 0)) {
			return false;
		}
		if (dot_is_maker(dot, record->id)) {
			reading->main = i;
		}
	}
	return true;
}

static bool
get_plain_entry(struct reading *reading, struct record_field *field)
{
	struct member *member = ARENA_NEW(reading->arena, struct member);

	if (member == NULL || reading->record.dot_count == 0 ||
	    !value_get(&reading->in, &member->value)) {
		return false;
	}
	member->dot = (uint32_t)reading->main;
	member->top = true;
	member->rank = reading->record.dots[reading->main].seq;
	field->version = member->rank;
	field->members = member;
	field->member_count = 1;
	reading->used[reading->main] = true;
	return true;
}

/* `left` counts the elements of the entry that are still to come. */
static bool
get_member(struct reading *reading, size_t *left, struct member *member)
{
	const struct record *record = &reading->record;
	uint64_t code;

	if (*left < 2 || !cbor_get_uint(&reading->in, &code) ||
	    code / CODE_DOT >= record->dot_count || !value_get(&reading->in, &member->value)) {
		return false;
	}
	*left -= 2;
	member->dot = (uint32_t)(code / CODE_DOT);
	member->top = (code & CODE_LOW) == 0;
	member->rank = record->dots[member->dot].seq;
	reading->used[member->dot] = true;
	if ((code & CODE_RANK) == 0) {
		return true;
	}
	if (*left < 1 || !get_back(reading, &member->rank)) {
		return false;
	}
	*left -= 1;
	return member->rank != record->dots[member->dot].seq;
}

static bool
get_full_entry(struct reading *reading, struct record_field *field)
{
	const struct member *only;
	size_t left;

	if (!cbor_get_array(&reading->in, 1 + 3 * (size_t)RECORD_MEMBERS_MAX, &left) ||
	    !get_back(reading, &field->version)) {
		return false;
	}
	left--;
	field->members = ARENA_ARRAY(reading->arena, struct member, left / 2);
	if (field->members == NULL) {
		return false;
	}
	while (left > 0) {
		struct member *member = &field->members[field->member_count];

		if (field->member_count == RECORD_MEMBERS_MAX ||
		    !get_member(reading, &left, member) ||
		    (field->member_count > 0 && member->dot <= (member - 1)->dot)) {
			return false;
		}
		field->member_count++;
	}
	only = &field->members[0];
	return field->member_count > 1 || only->dot != reading->main ||
	       !member_is_plain(only, &reading->record.dots[only->dot], field->version);
}

static bool
get_entry(struct reading *reading, struct record_field *field)
{
	struct reader ahead;
	size_t parts;
	int64_t tag;

	if (!cbor_get_int(&reading->in, &tag) || tag == 0 || tag > CHANGE_TAG_MAX ||
	    tag < -CHANGE_TAG_MAX) {
		return false;
	}
	field->tag = (int32_t)tag;
	ahead = reading->in;
	if (cbor_get_array(&ahead, SIZE_MAX, &parts) && parts >= ENTRY_PARTS_MIN) {
		return get_full_entry(reading, field);
	}
	return get_plain_entry(reading, field);
}

static bool
get_entries(struct reading *reading)
{
	struct record *record = &reading->record;

	if (!cbor_get_map(&reading->in, RECORD_FIELDS_MAX, &record->field_count)) {
		return false;
	}
	record->fields = ARENA_ARRAY(reading->arena, struct record_field, record->field_count);
	if (record->fields == NULL) {
		return false;
	}
	for (size_t i = 0; i < record->field_count; i++) {
		struct record_field *field = &record->fields[i];

		if (!get_entry(reading, field) ||
		    (i > 0 && tag_compare((field - 1)->tag, field->tag) >= 0)) {
			return false;
		}
	}
	return true;
}

static bool
get_head(struct reading *reading)
{
	struct record *record = &reading->record;
	size_t parts;

	return cbor_get_array(&reading->in, RECORD_PARTS, &parts) && parts == RECORD_PARTS &&
	       cbor_get_uint(&reading->in, &record->id) && id_valid(record->id) &&
	       get_u32_between(&reading->in, 1, CHANGE_TAG_MAX, &record->type) &&
	       cbor_get_uint_max(&reading->in, VILLAGE_MAX, &record->village) &&
	       cbor_get_uint_max(&reading->in, INT64_MAX, &record->version);
}

bool
record_decode(struct reader *in, struct arena *arena, struct record *out)
{
	struct reading reading = {.in = *in, .arena = arena};

	if (!get_head(&reading) || !get_dots(&reading) || !get_entries(&reading)) {
		return false;
	}
	for (size_t i = 0; i < reading.record.dot_count; i++) {
		if (!reading.used[i]) {
			return false;
		}
	}
	*in = reading.in;
	*out = reading.record;
	return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* record_sample: a visit of schema_sample.h with one dot and one member a field, put together by
 * hand; fields are to be added in the order of their tags. */
#ifndef SAMBUNG_TESTS_UNIT_RECORD_SAMPLE_H
#define SAMBUNG_TESTS_UNIT_RECORD_SAMPLE_H

#include "protocol/id.h"
#include "protocol/merge.h"
#include "schema_sample.h"

enum { SAMPLE_PARTS = 12, SAMPLE_DEVICE = 5, SAMPLE_EPOCH = 9 };

struct record_sample {
	struct sample schema;
	struct dot dots[SAMPLE_PARTS];
	struct member members[SAMPLE_PARTS];
	struct record_field fields[SAMPLE_PARTS];
	struct epoch epoch;
	struct merge_context context;
	struct record record;
	size_t member_count;
};

static inline void
record_sample_fill(struct record_sample *s)
{
	memset(s, 0, sizeof *s);
	sample_fill(&s->schema);
	s->epoch.epoch = SAMPLE_EPOCH;
	s->context = (struct merge_context){
		.type = &s->schema.types[TYPE_VISIT], .epochs = &s->epoch, .epoch_count = 1};
	s->record = (struct record){.id = id_make(SAMPLE_DEVICE, 7),
				    .type = 3,
				    .village = 6303072001,
				    .version = 40,
				    .dots = s->dots,
				    .fields = s->fields};
}

/* One more member in the newest field, of a change that had seen nothing; returns its dot. */
static inline struct dot *
record_sample_add_member(struct record_sample *s, uint32_t stream, uint32_t n, struct value value)
{
	struct record_field *field = &s->fields[s->record.field_count - 1];
	struct dot *dot = &s->dots[s->record.dot_count];

	*dot = (struct dot){.seq = 40, .stream = stream, .n = n, .time = 1000 + n};
	s->members[s->member_count++] = (struct member){
		.dot = (uint32_t)s->record.dot_count++, .top = true, .rank = 40, .value = value};
	field->member_count++;
	return dot;
}

/* One more field with one member of a change of its own; returns its dot. */
static inline struct dot *
record_sample_add(struct record_sample *s, int32_t tag, struct value value)
{
	struct record_field *field = &s->fields[s->record.field_count++];

	*field = (struct record_field){
		.tag = tag, .version = 40, .members = &s->members[s->member_count]};
	return record_sample_add_member(s, SAMPLE_DEVICE, (uint32_t)s->record.dot_count + 1, value);
}

#endif

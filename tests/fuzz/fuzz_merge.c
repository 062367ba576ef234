/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"
#include "protocol/id.h"
#include "protocol/merge.h"

enum { ARENA_LIMIT = 16 * 1024 * 1024, EPOCH = 100, STEPS_MAX = 64 };
/* The byte in front of each change. */
enum { STEP_STREAM = 7, STEP_SERVER = 64, STEP_PENDING = 128 };

static struct field fields[] = {
	{.tag = 1, .type = FIELD_INTEGER, .policy = POLICY_REVIEW},
	{.tag = 2, .type = FIELD_INTEGER, .policy = POLICY_LATEST},
	{.tag = 3, .type = FIELD_INTEGER, .policy = POLICY_MAX},
	{.tag = 4, .type = FIELD_INTEGER, .policy = POLICY_MIN},
	{.tag = 5, .type = FIELD_INTEGER, .policy = POLICY_ONCE},
	{.tag = 6, .type = FIELD_SET, .policy = POLICY_SET},
};
static const struct record_type type = {
	.tag = 3, .fields = fields, .field_count = sizeof fields / sizeof fields[0]};
static const struct epoch epochs[] = {{.epoch = 99, .cut = 0}, {EPOCH, 99, 20}};
static const struct lineage lineages[] = {{.stream = 2, .parent = 1, .n = 5}};
static const struct merge_context context = {
	.type = &type,
	.epochs = epochs,
	.epoch_count = 2,
	.lineages = lineages,
	.lineage_count = 1,
};

static void
encode(const struct record *record, struct buffer *out)
{
	buffer_clear(out);
	record_encode(record, NULL, out);
	PROPERTY(out->status == STATUS_OK);
}

/* The record keeps its invariants: decoding checks them. */
static void
check_record(const struct record *record, struct span encoded)
{
	struct reader in = reader_of(encoded);
	struct record again;
	struct buffer out;
	struct arena arena;

	arena_init(&arena, ARENA_LIMIT);
	buffer_init(&out, FUZZ_BUFFER_MAX);
	PROPERTY(record_decode(&in, &arena, &again) && in.left == 0);
	encode(&again, &out);
	PROPERTY(span_equal(buffer_span(&out), encoded));
	for (size_t i = 0; i < record->field_count; i++) {
		const struct record_field *field = &record->fields[i];
		enum policy policy = type_policy(&type, field->tag);

		PROPERTY(field_shown_member(record, field, policy) != NULL);
		PROPERTY(field->member_count > 1 || !field_in_conflict(field, policy));
		PROPERTY(value_equal(record_shown(record, &type, field->tag),
				     field_shown(record, field, policy)));
	}
	PROPERTY(record_conflicts(record, &context) == record_conflicts(&again, &context));
	buffer_finish(&out);
	arena_finish(&arena);
}

struct run {
	struct arena arena;
	struct record record;
	struct buffer before;
	struct buffer after;
	uint64_t seq;
};

static bool
run_step(struct run *run, struct reader *in)
{
	struct change change;
	struct span bytes;
	uint32_t stream;
	uint64_t seq;
	uint8_t step;

	if (!reader_byte(in, &step) || !cbor_get_any(in, &bytes) ||
	    change_decode(bytes, (step & STEP_SERVER) != 0, &run->arena, &change, NULL) !=
		    STATUS_OK) {
		return false;
	}
	stream = 1 + (step & STEP_STREAM);
	seq = (step & STEP_PENDING) != 0 ? 0 : run->seq + 1;
	if (run->record.id != 0) {
		change.record = run->record.id;
		encode(&run->record, &run->before);
	}
	if (merge_change(&run->record, stream, &change, seq, &context, &run->arena, NULL) !=
	    STATUS_OK) {
		if (run->record.id != 0) {
			encode(&run->record, &run->after);
			PROPERTY(span_equal(buffer_span(&run->before), buffer_span(&run->after)));
		}
		return false;
	}
	run->seq = seq == 0 ? run->seq : seq;
	PROPERTY(run->record.id == change.record);
	encode(&run->record, &run->after);
	check_record(&run->record, buffer_span(&run->after));
	return true;
}

FUZZ(data, size)
{
	struct reader in = reader_of(span_of(data, size));
	struct run run = {0};
	int steps = 0;

	arena_init(&run.arena, ARENA_LIMIT);
	buffer_init(&run.before, FUZZ_BUFFER_MAX);
	buffer_init(&run.after, FUZZ_BUFFER_MAX);
	while (steps < STEPS_MAX && run_step(&run, &in)) {
		steps++;
	}
	buffer_finish(&run.after);
	buffer_finish(&run.before);
	arena_finish(&run.arena);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * history: one record and the changes that come to it, for tests of merging.
 *
 * One field of each policy; a step is one change of one or two of them, told in numbers.
 */
#ifndef SAMBUNG_TESTS_HISTORY_H
#define SAMBUNG_TESTS_HISTORY_H

#include "protocol/id.h"
#include "protocol/merge.h"
#include "tests/testing.h"

enum {
	REVIEW = 1,
	LATEST,
	MAX,
	MIN,
	ONCE,
	SET,
	UNKNOWN = 40,
};

enum { EPOCH = 100, OTHER_EPOCH = 99, RECORD_TYPE = 3 };

static struct field history_fields[] = {
	{.tag = REVIEW, .type = FIELD_INTEGER, .policy = POLICY_REVIEW},
	{.tag = LATEST, .type = FIELD_INTEGER, .policy = POLICY_LATEST},
	{.tag = MAX, .type = FIELD_INTEGER, .policy = POLICY_MAX},
	{.tag = MIN, .type = FIELD_INTEGER, .policy = POLICY_MIN},
	{.tag = ONCE, .type = FIELD_INTEGER, .policy = POLICY_ONCE},
	{.tag = SET, .type = FIELD_SET, .policy = POLICY_SET},
};
static const struct record_type history_type = {
	.tag = RECORD_TYPE,
	.fields = history_fields,
	.field_count = sizeof history_fields / sizeof history_fields[0],
};
static const struct epoch history_epochs[] = {{.epoch = EPOCH}};

/* Shorter than value_integer in the many steps of a test. */
static inline struct value
number(int64_t integer)
{
	return value_integer(integer);
}

struct history {
	struct arena arena;
	struct record record;
	struct merge_context context;
	uint64_t seq;
};

struct step {
	uint32_t stream;
	uint32_t n;
	uint64_t base; /* version in EPOCH; 0: none */
	uint32_t own;
	uint32_t own_stream;
	bool server;  /* a stream without own */
	bool pending; /* takes no seq */
	int64_t time;
	int32_t tag;
	struct value value;
	int32_t tag_2; /* greater than tag in the order of tags; 0: only one field */
	struct value value_2;
	uint32_t epoch; /* of the base; 0: EPOCH */
};

static inline void
history_init(struct history *history)
{
	memset(history, 0, sizeof *history);
	arena_init(&history->arena, (size_t)1 << 24);
	history->context = (struct merge_context){
		.type = &history_type,
		.epochs = history_epochs,
		.epoch_count = 1,
	};
}

/* Borrows `fields`, room for two. */
static inline struct change
step_change(const struct step *step, struct change_field *fields)
{
	struct change change = {
		.n = step->n,
		.record = id_make(7, 1),
		.type = RECORD_TYPE,
		.schema_version = 1,
		.own_stream = step->own_stream,
		.own_n = step->own,
		.has_own = !step->server,
		.time = step->time,
		.fields = fields,
		.field_count = step->tag_2 == 0 ? 1 : 2,
	};

	if (step->base != 0) {
		change.base.epoch = step->epoch != 0 ? step->epoch : EPOCH;
		change.base.version = step->base;
	}
	fields[0] = (struct change_field){.tag = step->tag, .value = step->value};
	fields[1] = (struct change_field){.tag = step->tag_2, .value = step->value_2};
	return change;
}

static inline enum status
history_try(struct history *history, struct step step)
{
	struct change_field fields[2];
	struct change change = step_change(&step, fields);
	uint64_t seq = step.pending ? 0 : history->seq + 1;
	enum status status = merge_change(&history->record, step.stream, &change, seq,
					  &history->context, &history->arena, NULL);

	if (status == STATUS_OK && seq != 0) {
		history->seq = seq;
	}
	return status;
}

static inline void
history_merge(struct history *history, struct step step)
{
	assert_ok(history_try(history, step));
}

/* A record with something of everything, about 100 bytes. */
static inline void
history_of_everything(struct history *history)
{
	history_merge(history, (struct step){.stream = 7,
					     .n = 1,
					     .tag = REVIEW,
					     .value = number(1),
					     .tag_2 = SET,
					     .value_2 = value_pair(3, 0),
					     .time = 100});
	history_merge(history, (struct step){.stream = 9,
					     .n = 1,
					     .tag = REVIEW,
					     .value = value_text(span_of_text("Siti")),
					     .tag_2 = ONCE,
					     .value_2 = value_boolean(true)});
	history_merge(history, (struct step){.stream = 5,
					     .n = 2,
					     .server = true,
					     .base = 2,
					     .tag = ONCE,
					     .value = value_empty(),
					     .tag_2 = SET,
					     .value_2 = value_pair(4, 1)});
	history_merge(history, (struct step){.stream = 9,
					     .n = 2,
					     .own_stream = 8,
					     .own = 3,
					     .base = 1,
					     .pending = true,
					     .tag = LATEST,
					     .value = number(-70000),
					     .tag_2 = TAG_VILLAGE,
					     .value_2 = number(6303072001)});
}

/* The members of a field as "7/1 9/2-": stream/n, a minus behind those that are not top. */
static inline void
assert_members(const struct record *record, int32_t tag, const char *wanted)
{
	const struct record_field *field = record_field(record, tag);
	char got[1000] = "";
	size_t length = 0;

	for (size_t i = 0; field != NULL && i < field->member_count; i++) {
		const struct member *member = &field->members[i];
		const struct dot *dot = &record->dots[member->dot];

		length += (size_t)snprintf(got + length, sizeof got - length, "%s%u/%u%s",
					   i > 0 ? " " : "", dot->stream, dot->n,
					   member->top ? "" : "-");
		assert_true(length < sizeof got);
	}
	assert_string_equal(got, wanted);
}

static inline void
assert_shows(const struct record *record, int32_t tag, int64_t wanted)
{
	struct value value = record_shown(record, &history_type, tag);

	assert_int_equal(value.form, VALUE_INTEGER);
	assert_int_equal(value.integer, wanted);
}

static inline bool
in_conflict(const struct record *record, int32_t tag)
{
	const struct record_field *field = record_field(record, tag);

	return field != NULL && field_in_conflict(field, type_policy(&history_type, tag));
}

/* Fixture: *state is a fresh history. */
static inline int
history_setup(void **state)
{
	static struct history history;

	history_init(&history);
	*state = &history;
	return 0;
}

static inline int
history_teardown(void **state)
{
	struct history *history = *state;

	arena_finish(&history->arena);
	return 0;
}

#define HISTORY_CASE(sentence) CASE_WITH(sentence, history_setup, history_teardown)

#endif

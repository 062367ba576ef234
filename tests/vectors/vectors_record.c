/* SPDX-License-Identifier: Apache-2.0 */
/* CBOR items, record ids, changes, and records that changes were merged into. */
#include "protocol/id.h"
#include "protocol/merge.h"
#include "tests/vectors/vectors_example.h"

#include <stdio.h>

enum { OTHER_DEVICE = 0x00c0ffee, NEW_DEVICE = 0x2468ace0, USER = 5, RECORD_TYPE = 3 };
enum { WEIGHT = 1, SIGNS = 2, BIRTH = 3, FIELDS_MAX = 3, ARENA_BYTES = 64 * 1024 };

void
vector_cbor_items(struct vector *vector)
{
	static const int64_t integers[] = {0,
					   23,
					   24,
					   255,
					   256,
					   65535,
					   65536,
					   INT64_MAX,
					   -1,
					   -24,
					   -25,
					   -256,
					   INT64_C(-4294967297)};
	struct buffer *out = &vector->bytes;

	vector->comment = "an array of these integers, then an empty byte string, a text, the map "
			  "{1: 2, -1: null} and false, true";
	vector_text(vector, "integers",
		    "0 23 24 255 256 65535 65536 9223372036854775807 -1 -24 -25 -256 -4294967297");
	vector_text(vector, "text", "Siti Aminah");
	cbor_put_array(out, sizeof integers / sizeof integers[0] + 5);
	for (size_t i = 0; i < sizeof integers / sizeof integers[0]; i++) {
		cbor_put_int(out, integers[i]);
	}
	cbor_put_bytes(out, span_of(NULL, 0));
	cbor_put_text(out, span_of_text("Siti Aminah"));
	cbor_put_map(out, 2);
	cbor_put_int(out, 1);
	cbor_put_int(out, 2);
	cbor_put_int(out, -1);
	cbor_put_null(out);
	cbor_put_bool(out, false);
	cbor_put_bool(out, true);
}

void
vector_record_id(struct vector *vector)
{
	char text[ID_TEXT_SIZE];

	vector->comment = "text of a record id; the bytes are its letters";
	vector_number(vector, "stream", EXAMPLE_DEVICE);
	vector_number(vector, "n", EXAMPLE_N);
	vector_number(vector, "id", (int64_t)id_make(EXAMPLE_DEVICE, EXAMPLE_N));
	buffer_append_span(&vector->bytes,
			   span_of_text(id_format(id_make(EXAMPLE_DEVICE, EXAMPLE_N), text)));
}

/* A change and room for its fields. */
struct draft {
	struct change change;
	struct change_field fields[FIELDS_MAX];
};

static void
draft_init(struct draft *draft, uint32_t n)
{
	*draft = (struct draft){
		.change = {.n = n,
			   .record = id_make(EXAMPLE_DEVICE, EXAMPLE_N),
			   .type = RECORD_TYPE,
			   .schema_version = 2,
			   .scope_version = EXAMPLE_SCOPE_VERSION,
			   .own_n = n - 1,
			   .has_own = true,
			   .time = EXAMPLE_TIME},
	};
}

static void
draft_add(struct draft *draft, int32_t tag, struct value value)
{
	draft->fields[draft->change.field_count++] =
		(struct change_field){.tag = tag, .value = value};
	draft->change.fields = draft->fields;
}

static void
draft_base(struct draft *draft, uint64_t version)
{
	draft->change.base = (struct base){.epoch = EXAMPLE_EPOCH, .version = version};
}

static void
put_field(struct vector *vector, const struct change_field *field)
{
	vector_number(vector, "tag", field->tag);
	switch (field->value.form) {
	case VALUE_EMPTY:
		vector_text(vector, "value", "empty");
		break;
	case VALUE_INTEGER:
		vector_number(vector, "value", field->value.integer);
		break;
	case VALUE_PAIR:
		vector_number(vector, "first", field->value.pair.first);
		vector_number(vector, "second", field->value.pair.second);
		break;
	case VALUE_BOOLEAN:
	case VALUE_TEXT:
		vector_require(vector, false, "no vector has such a value");
		break;
	}
}

/* Writes the inputs and the bytes of a change of one field, and reads them back. */
static void
finish_change(struct vector *vector, const struct draft *draft)
{
	const struct change *change = &draft->change;
	struct change read;
	struct arena arena;

	vector_number(vector, "n", change->n);
	vector_number(vector, "kind", change->kind);
	vector_number(vector, "record", (int64_t)change->record);
	vector_number(vector, "type", change->type);
	vector_number(vector, "schema_version", change->schema_version);
	vector_number(vector, "scope_version", (int64_t)change->scope_version);
	vector_number(vector, "base_epoch", change->base.epoch);
	vector_number(vector, "base_version", (int64_t)change->base.version);
	if (change->has_own) {
		vector_number(vector, "own_stream", change->own_stream);
		vector_number(vector, "own_n", change->own_n);
	}
	vector_number(vector, "time", change->time);
	vector_number(vector, "quality", change->quality);
	put_field(vector, &change->fields[0]);
	change_encode(change, &vector->bytes);
	arena_init(&arena, ARENA_BYTES);
	vector_require(vector, change->field_count == 1, "a change of more than one field");
	vector_require(vector,
		       change_decode(buffer_span(&vector->bytes), !change->has_own, &arena, &read,
				     NULL) == STATUS_OK,
		       "the change is not read");
	arena_finish(&arena);
}

void
vector_change_creation(struct vector *vector)
{
	struct draft draft;

	vector->comment = "change that makes a record: no base, own is n - 1";
	draft_init(&draft, EXAMPLE_N);
	draft_add(&draft, WEIGHT, value_integer(8450));
	finish_change(vector, &draft);
}

void
vector_change_edit(struct vector *vector)
{
	struct draft draft;

	vector->comment = "change of a form that was opened before the own change 6 was made, with "
			  "a wall clock";
	draft_init(&draft, 7);
	draft_base(&draft, 41);
	draft.change.own_n = 5;
	draft.change.quality = CLOCK_WALL;
	draft_add(&draft, WEIGHT, value_empty());
	finish_change(vector, &draft);
}

void
vector_change_set(struct vector *vector)
{
	struct draft draft;

	vector->comment = "change of a set: the mask of added choices, then of removed ones";
	draft_init(&draft, 7);
	draft_base(&draft, 41);
	draft_add(&draft, SIGNS, value_pair(INT64_C(1) << 62 | 1, 6));
	finish_change(vector, &draft);
}

void
vector_change_village(struct vector *vector)
{
	struct draft draft;

	vector->comment = "change that moves a family to another village, made in the console: no "
			  "own, and a settlement";
	draft_init(&draft, 3);
	draft_base(&draft, 41);
	draft.change.kind = CHANGE_SETTLEMENT;
	draft.change.has_own = false;
	draft.change.own_n = 0;
	draft_add(&draft, TAG_VILLAGE, value_integer((int64_t)EXAMPLE_VILLAGE));
	finish_change(vector, &draft);
}

void
vector_change_after_fork(struct vector *vector)
{
	struct draft draft;

	vector->comment = "change made again under a new number; own names the old stream";
	draft_init(&draft, 1);
	draft_base(&draft, 41);
	draft.change.own_stream = EXAMPLE_DEVICE;
	draft.change.own_n = 6;
	draft.change.was_stream = EXAMPLE_DEVICE;
	draft.change.was_n = 7;
	example_count_up(0x40, draft.change.first_hash, sizeof draft.change.first_hash);
	draft_add(&draft, WEIGHT, value_integer(8600));
	vector_number(vector, "was_stream", draft.change.was_stream);
	vector_number(vector, "was_n", draft.change.was_n);
	vector_bytes(vector, "first_hash",
		     span_of(draft.change.first_hash, sizeof draft.change.first_hash));
	finish_change(vector, &draft);
}

/* A record that grows by changes, whose seqs are 1, 2, …; each is an input, so that a merge can be
 * compared, too. */
struct story {
	struct vector *vector;
	struct arena arena;
	struct record record;
	uint64_t seq;
};

static void
story_begin(struct story *story, struct vector *vector)
{
	*story = (struct story){.vector = vector};
	arena_init(&story->arena, (size_t)4 * ARENA_BYTES);
	vector_number(vector, "epoch", EXAMPLE_EPOCH);
	vector_number(vector, "review", WEIGHT);
	vector_number(vector, "set", SIGNS);
	vector_number(vector, "once", BIRTH);
	vector_number(vector, "village", (int64_t)EXAMPLE_VILLAGE);
}

static void
story_merge(struct story *story, uint32_t stream, const struct draft *draft)
{
	static struct field fields[] = {
		{.tag = WEIGHT, .type = FIELD_INTEGER, .policy = POLICY_REVIEW},
		{.tag = SIGNS, .type = FIELD_SET, .policy = POLICY_SET},
		{.tag = BIRTH, .type = FIELD_DATE, .policy = POLICY_ONCE},
	};
	static const struct record_type type = {
		.tag = RECORD_TYPE, .fields = fields, .field_count = FIELDS_MAX};
	static const struct epoch epoch = {.epoch = EXAMPLE_EPOCH};
	const struct merge_context context = {.type = &type, .epochs = &epoch, .epoch_count = 1};
	struct buffer bytes;
	char name[32];

	buffer_init(&bytes, CHANGE_BYTES_MAX);
	change_encode(&draft->change, &bytes);
	story->seq++;
	(void)snprintf(name, sizeof name, "stream_%u", (unsigned)story->seq);
	vector_number(story->vector, name, stream);
	(void)snprintf(name, sizeof name, "change_%u", (unsigned)story->seq);
	vector_bytes(story->vector, name, buffer_span(&bytes));
	buffer_finish(&bytes);
	vector_require(story->vector,
		       merge_change(&story->record, stream, &draft->change, story->seq, &context,
				    &story->arena, NULL) == STATUS_OK,
		       "a change is not merged");
}

static void
story_end(struct story *story)
{
	struct buffer *bytes = &story->vector->bytes;
	struct record read;
	struct reader in;

	story->record.village = EXAMPLE_VILLAGE;
	record_encode(&story->record, NULL, bytes);
	in = reader_of(buffer_span(bytes));
	vector_require(story->vector, record_decode(&in, &story->arena, &read) && in.left == 0,
		       "the record is not read");
	arena_finish(&story->arena);
}

static void
story_create(struct story *story)
{
	struct draft draft;

	draft_init(&draft, EXAMPLE_N);
	draft_add(&draft, WEIGHT, value_integer(8450));
	draft_add(&draft, SIGNS, value_pair(3, 0));
	draft_add(&draft, BIRTH, value_integer(20000));
	story_merge(story, EXAMPLE_DEVICE, &draft);
}

/* One field by an author who saw the record at `base` (0: never) and all own changes. */
static void
story_edit(struct story *story, uint32_t stream, uint32_t n, uint64_t base,
	   struct change_field field)
{
	struct draft draft;

	draft_init(&draft, n);
	if (base != 0) {
		draft_base(&draft, base);
	}
	draft.change.has_own = stream != USER;
	draft.change.own_n = stream != USER ? n - 1 : 0;
	draft.change.time += n;
	draft_add(&draft, field.tag, field.value);
	story_merge(story, stream, &draft);
}

void
vector_record_plain(struct vector *vector)
{
	struct story story;

	vector->comment = "record as one change made it";
	story_begin(&story, vector);
	story_create(&story);
	story_end(&story);
}

void
vector_record_conflict(struct vector *vector)
{
	struct story story;

	vector->comment =
		"record with a field in conflict: two who saw the creation, not each other";
	story_begin(&story, vector);
	story_create(&story);
	story_edit(&story, OTHER_DEVICE, 4, 1, (struct change_field){WEIGHT, value_integer(8500)});
	story_edit(&story, USER, 9, 1, (struct change_field){WEIGHT, value_integer(8600)});
	story_end(&story);
}

void
vector_record_set(struct vector *vector)
{
	struct story story;

	vector->comment = "record with a set: a rest of the creation, a removal, an addition";
	story_begin(&story, vector);
	story_create(&story);
	story_edit(&story, OTHER_DEVICE, 4, 1, (struct change_field){SIGNS, value_pair(0, 1)});
	story_edit(&story, NEW_DEVICE, 2, 1, (struct change_field){SIGNS, value_pair(4, 0)});
	story_end(&story);
}

void
vector_record_once(struct vector *vector)
{
	struct story story;

	vector->comment = "record with a field of policy once: a rival, and a correction that "
			  "inherits the place of what it replaced";
	story_begin(&story, vector);
	story_create(&story);
	story_edit(&story, OTHER_DEVICE, 4, 0, (struct change_field){BIRTH, value_integer(20001)});
	story_edit(&story, EXAMPLE_DEVICE, 2, 1,
		   (struct change_field){BIRTH, value_integer(20002)});
	story_end(&story);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"
#include "protocol/record.h"

enum { ARENA_LIMIT = 64 * 1024 * 1024 };

/* What is encoded is decoded, whole, and encoded to the same bytes. */
static void
check_encoding(const struct record *record, const struct record_filter *filter)
{
	struct record again;
	struct buffer first;
	struct buffer second;
	struct arena arena;
	struct reader in;

	arena_init(&arena, ARENA_LIMIT);
	buffer_init(&first, FUZZ_BUFFER_MAX);
	buffer_init(&second, FUZZ_BUFFER_MAX);
	record_encode(record, filter, &first);
	in = reader_of(buffer_span(&first));
	PROPERTY(first.status == STATUS_OK);
	PROPERTY(record_decode(&in, &arena, &again) && in.left == 0);
	PROPERTY(again.field_count == record_filter_count(record, filter));
	record_encode(&again, NULL, &second);
	PROPERTY(span_equal(buffer_span(&first), buffer_span(&second)));
	buffer_finish(&first);
	buffer_finish(&second);
	arena_finish(&arena);
}

static void
check_filters(const struct record *record)
{
	for (size_t i = 0; i < record->field_count && i < 8; i++) {
		const struct record_field *field = &record->fields[i];
		const struct dot *dot = &record->dots[field->members[0].dot];
		struct record_filter filter = {.newer_than = field->version};

		PROPERTY(record_field(record, field->tag) == field);
		PROPERTY(!record_filter_passes(&filter, record, field));
		check_encoding(record, &filter);
		filter = (struct record_filter){.withhold_stream = dot->stream,
						.withhold_n = dot->n};
		check_encoding(record, &filter);
	}
	PROPERTY(record_filter_count(record, NULL) == record->field_count);
	PROPERTY(record_field(record, 0) == NULL);
}

static void
check_acknowledgements(struct record *record)
{
	uint64_t seq = record->version < INT64_MAX ? record->version + 1 : record->version;

	for (size_t i = 0; i < record->dot_count; i++) {
		const struct dot *dot = &record->dots[i];

		if (dot->seq == 0) {
			record_acknowledge(record, dot->stream, dot->n, seq);
			PROPERTY(record->dots[i].seq == seq);
		}
	}
	check_encoding(record, NULL);
}

/* The input is a record and, if there is more, an update that is laid over it. */
static void
check_records(struct reader *in, struct arena *arena)
{
	struct reader before = *in;
	struct record record = {0};
	struct record update = {0};
	struct buffer out;

	if (!record_decode(in, arena, &record)) {
		PROPERTY(in->at == before.at && in->left == before.left && record.id == 0);
		return;
	}
	buffer_init(&out, FUZZ_BUFFER_MAX);
	record_encode(&record, NULL, &out);
	PROPERTY(span_equal(buffer_span(&out), span_of(before.at, before.left - in->left)));
	buffer_finish(&out);
	check_filters(&record);
	if (record_decode(in, arena, &update) && update.id == record.id &&
	    update.type == record.type) {
		for (int whole = 0; whole <= 1; whole++) {
			struct record next = record;

			if (record_overlay(&next, &update, whole == 1, arena)) {
				check_encoding(&next, NULL);
			}
			check_encoding(&record, NULL);
		}
	}
	check_acknowledgements(&record);
}

FUZZ(data, size)
{
	struct reader in = reader_of(span_of(data, size));
	struct arena arena;

	arena_init(&arena, ARENA_LIMIT);
	check_records(&in, &arena);
	arena_finish(&arena);
	return 0;
}

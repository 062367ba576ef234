/* SPDX-License-Identifier: Apache-2.0 */
/*
 * make_samples SCHEMA CORPUS SAMPLES: writes what requests and replies of made-up days look like
 * before they are packed, without their bits, as files of the folder SAMPLES (which is there).
 *
 * The fields are the schema's, the texts the corpus's, all else follows from a fixed seed.
 */
#include "daemon/schema/load.h"
#include "protocol/columns.h"
#include "protocol/id.h"
#include "sample_record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	REQUESTS = 48,
	REPLIES = 24,
	ROWS_MAX = 400,
	DAY_FIRST = 20500,
	DAY_SECONDS = 86400,
	FILE_MAX = 1024 * 1024,
	ARENA_LIMIT = 64 * 1024 * 1024,
	PATH_SIZE = 400,
};

static const char *const corpus_files[CORPUS_KINDS] = {"notes.txt", "addresses.txt", "names.txt",
						       "reasons.txt"};

static struct span
file_read(const char *path)
{
	static uint8_t bytes[FILE_MAX];
	FILE *file = fopen(path, "rb");
	size_t length;
	uint8_t *copy;

	if (file == NULL) {
		(void)fprintf(stderr, "make_samples: %s cannot be read\n", path);
		exit(EXIT_FAILURE);
	}
	length = fread(bytes, 1, sizeof bytes, file);
	(void)fclose(file);
	copy = malloc(length + 1);
	if (copy == NULL || length == sizeof bytes) {
		(void)fprintf(stderr, "make_samples: %s is too long\n", path);
		exit(EXIT_FAILURE);
	}
	memcpy(copy, bytes, length);
	return span_of(copy, length);
}

static void
lines_read(const char *folder, const char *name, struct lines *lines)
{
	char path[PATH_SIZE];
	struct span text;
	size_t start = 0;

	(void)snprintf(path, sizeof path, "%s/%s", folder, name);
	text = file_read(path);
	lines->at = calloc(text.length + 1, sizeof lines->at[0]);
	for (size_t i = 0; lines->at != NULL && i < text.length; i++) {
		if (text.at[i] == '\n') {
			lines->at[lines->count++] = span_of(text.at + start, i - start);
			start = i + 1;
		}
	}
	if (lines->count == 0) {
		(void)fprintf(stderr, "make_samples: %s has no lines\n", path);
		exit(EXIT_FAILURE);
	}
}

/* Rows while they are made. */
struct rows {
	struct buffer bytes;
	size_t ends[ROWS_MAX];
	uint32_t types[ROWS_MAX];
	size_t count;
};

static void
row_end(struct rows *rows, uint32_t type)
{
	rows->types[rows->count] = type;
	rows->ends[rows->count++] = rows->bytes.length;
}

/* The heads of the columns; bits are noise. */
static void
heads_write(const struct rows *rows, const char *folder, const char *kind, unsigned number)
{
	struct span spans[ROWS_MAX];
	struct buffer heads;
	struct buffer bits;
	char path[PATH_SIZE];
	FILE *file;
	size_t start = 0;
	bool written;

	for (size_t i = 0; i < rows->count; i++) {
		spans[i] = span_of(rows->bytes.at + start, rows->ends[i] - start);
		start = rows->ends[i];
	}
	buffer_init(&heads, FILE_MAX);
	buffer_init(&bits, FILE_MAX);
	(void)snprintf(path, sizeof path, "%s/%s_%02u.bin", folder, kind, number);
	file = fopen(path, "wb");
	written = file != NULL &&
		  columns_put(spans, rows->types, rows->count, &heads, &bits, NULL) == STATUS_OK &&
		  fwrite(heads.at, 1, heads.length, file) == heads.length;
	if (file == NULL || fclose(file) != 0 || !written) {
		(void)fprintf(stderr, "make_samples: %s cannot be written\n", path);
		exit(EXIT_FAILURE);
	}
	buffer_finish(&bits);
	buffer_finish(&heads);
}

static const struct record_type *
type_of(const struct maker *maker, const char *name)
{
	const struct record_type *type = schema_type_named(maker->schema, span_of_text(name));

	if (type == NULL) {
		(void)fprintf(stderr, "make_samples: the schema has no %s\n", name);
		exit(EXIT_FAILURE);
	}
	return type;
}

static uint32_t
stream_number(struct maker *maker)
{
	return 1 + (uint32_t)maker_number(maker, CHANGE_STREAM_MAX);
}

/* What a cadre does on a day: nearly always visits. */
static const char *
task_name(struct maker *maker, unsigned number)
{
	static const char *const others[] = {"person", "family", "follow_up", "contraception"};

	if (number % 8 < 6) {
		return "visit";
	}
	return others[maker_number(maker, sizeof others / sizeof others[0])];
}

/* A day's changes of a device. Some fill in every field, some only the short form. */
static void
request_make(struct maker *maker, struct rows *rows, unsigned number)
{
	uint32_t device = stream_number(maker);
	uint32_t import = stream_number(maker);
	uint32_t n = 1 + (uint32_t)maker_number(maker, 3000);
	uint64_t scope_version = 1 + maker_number(maker, 900000);
	size_t count = 4 + maker_number(maker, 20);
	unsigned percent = number % 3 == 0 ? 85 : 25;
	const struct record_type *type = type_of(maker, task_name(maker, number));
	int64_t time = maker->day * DAY_SECONDS;

	for (size_t i = 0; i < count; i++, n++) {
		struct change change = {.n = n,
					.record = (uint64_t)device << 32 | n,
					.schema_version = 1,
					.scope_version = scope_version,
					.has_own = true,
					.own_n = n - 1};

		time += 300 + (int64_t)maker_number(maker, 1500);
		change.time = time;
		sample_fields(maker, type, import, percent, &change);
		if (type->root == 0) {
			change.fields[change.field_count].tag = TAG_VILLAGE;
			change.fields[change.field_count++].value = value_integer(3201010000);
		}
		change_encode(&change, &rows->bytes);
		row_end(rows, change.type);
	}
}

/* A record as one change left it, in the villages of one device. */
static void
record_make(struct maker *maker, struct rows *rows, const struct record_type *type,
	    struct record *record, unsigned percent)
{
	struct change change = {.n = 1};
	struct member *members;

	sample_fields(maker, type, id_stream(record->id), percent, &change);
	members = ARENA_ARRAY(&maker->arena, struct member, change.field_count);
	record->type = type->tag;
	record->fields = ARENA_ARRAY(&maker->arena, struct record_field, change.field_count);
	record->field_count = change.field_count;
	if (members == NULL || record->fields == NULL) {
		abort();
	}
	for (size_t i = 0; i < change.field_count; i++) {
		struct value value = change.fields[i].value;
		const struct field *field = type_field(type, change.fields[i].tag);

		members[i].top = true;
		members[i].rank = record->version;
		members[i].value =
			field->type == FIELD_SET ? value_integer(value.pair.first) : value;
		record->fields[i] = (struct record_field){.tag = change.fields[i].tag,
							  .version = record->version,
							  .members = &members[i],
							  .member_count = 1};
	}
	record_encode(record, NULL, &rows->bytes);
	row_end(rows, type->tag);
}

/* First syncs, and a few records that others changed. */
static void
reply_make(struct maker *maker, struct rows *rows, unsigned number)
{
	static const char *const names[] = {"family", "person", "visit"};
	uint32_t stream = stream_number(maker);
	uint64_t seq = 1 + maker_number(maker, 900000);
	uint64_t village = UINT64_C(3201010000) + maker_number(maker, 9999);
	bool edits = number % 2 == 0;
	size_t count = edits ? 3 + maker_number(maker, 5) : 60;
	int64_t time = maker->day * DAY_SECONDS;

	for (size_t i = 0; i < count; i++) {
		struct dot dot = {.stream = stream};
		struct record record = {.village = village, .dots = &dot, .dot_count = 1};

		seq += 1 + (edits ? maker_number(maker, 500) : 0);
		time += (int64_t)maker_number(maker, 1500);
		record.id = (uint64_t)stream << 32 | (i + 1);
		record.version = seq;
		dot.seq = seq;
		dot.time = time;
		dot.n = edits ? 1000 + (uint32_t)i : (uint32_t)i + 1;
		dot.own_n = dot.n - 1;
		record_make(maker, rows, type_of(maker, names[edits ? 0 : i * 3 / count]), &record,
			    edits ? 4 : 30);
	}
}

static void
samples_write(struct maker *maker, const char *folder)
{
	static struct rows rows;

	buffer_init(&rows.bytes, FILE_MAX);
	for (unsigned i = 0; i < REQUESTS + REPLIES; i++) {
		bool request = i < REQUESTS;

		arena_reset(&maker->arena);
		buffer_clear(&rows.bytes);
		rows.count = 0;
		maker->day = DAY_FIRST + (int64_t)maker_number(maker, 1000);
		(request ? request_make : reply_make)(maker, &rows, request ? i : i - REQUESTS);
		heads_write(&rows, folder, request ? "request" : "reply",
			    request ? i : i - REQUESTS);
	}
	buffer_finish(&rows.bytes);
}

int
main(int argc, char **argv)
{
	struct maker maker = {.seed = 1};
	struct schema *schema;
	struct error err;

	if (argc != 4) {
		(void)fprintf(stderr, "usage: make_samples SCHEMA CORPUS SAMPLES\n");
		return 2;
	}
	if (schema_load_json(file_read(argv[1]), &schema, &err) != STATUS_OK) {
		(void)fprintf(stderr, "make_samples: %s: %s\n", argv[1], err.detail);
		return EXIT_FAILURE;
	}
	maker.schema = schema;
	for (size_t i = 0; i < CORPUS_KINDS; i++) {
		lines_read(argv[2], corpus_files[i], &maker.corpus[i]);
	}
	arena_init(&maker.arena, ARENA_LIMIT);
	samples_write(&maker, argv[3]);
	arena_finish(&maker.arena);
	schema_free(schema);
	return EXIT_SUCCESS;
}

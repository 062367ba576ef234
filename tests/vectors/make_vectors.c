/* SPDX-License-Identifier: Apache-2.0 */
/*
 * make_vectors --check DIR   compares each vector with DIR/<name>.json; exit 1 if one differs
 * make_vectors --write DIR   writes them
 */
#include "protocol/crypto.h"
#include "tests/vectors/vectors.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VECTOR_BYTES_MAX = 64 * 1024, FILE_BYTES_MAX = 512 * 1024, PATH_SIZE = 1024 };

/* Integers up to here are the same in every JSON reader. */
static const int64_t exact_max = INT64_C(1) << 53;

static const struct {
	const char *name;
	void (*make)(struct vector *vector);
} vectors[] = {
#define VECTOR_ROW(file, function) {#file, function},
	VECTOR_TABLE(VECTOR_ROW)
#undef VECTOR_ROW
};
enum { VECTORS = sizeof vectors / sizeof vectors[0] };

static void
append_text(struct buffer *out, const char *text)
{
	buffer_append_span(out, span_of_text(text));
}

static void
append_hex(struct buffer *out, struct span bytes)
{
	for (size_t i = 0; i < bytes.length; i++) {
		buffer_printf(out, "%02x", bytes.at[i]);
	}
}

static void
begin_input(struct vector *vector, const char *name)
{
	append_text(&vector->inputs, vector->inputs.length == 0 ? "\n\t\t\"" : ",\n\t\t\"");
	append_text(&vector->inputs, name);
	append_text(&vector->inputs, "\": ");
}

void
vector_bytes(struct vector *vector, const char *name, struct span bytes)
{
	begin_input(vector, name);
	append_text(&vector->inputs, "\"");
	append_hex(&vector->inputs, bytes);
	append_text(&vector->inputs, "\"");
}

void
vector_number(struct vector *vector, const char *name, int64_t number)
{
	bool exact = number <= exact_max && number >= -exact_max;

	begin_input(vector, name);
	buffer_printf(&vector->inputs, exact ? "%" PRId64 : "\"number:%" PRId64 "\"", number);
}

void
vector_text(struct vector *vector, const char *name, const char *text)
{
	begin_input(vector, name);
	append_text(&vector->inputs, "\"text:");
	append_text(&vector->inputs, text);
	append_text(&vector->inputs, "\"");
}

void
vector_require(struct vector *vector, bool holds, const char *what)
{
	if (!holds && vector->fault == NULL) {
		vector->fault = what;
	}
}

static void
write_json(const char *name, const struct vector *vector, struct buffer *out)
{
	append_text(out, "{\n\t\"name\": \"");
	append_text(out, name);
	append_text(out, "\",\n\t\"comment\": \"");
	append_text(out, vector->comment);
	append_text(out, "\",\n\t\"inputs\": {");
	buffer_append_span(out, buffer_span(&vector->inputs));
	append_text(out, "\n\t},\n\t\"bytes\": \"");
	append_hex(out, buffer_span(&vector->bytes));
	append_text(out, "\"\n}\n");
}

static bool
make_json(size_t index, struct buffer *json_out)
{
	struct vector vector = {.comment = ""};
	bool made;

	buffer_init(&vector.inputs, VECTOR_BYTES_MAX);
	buffer_init(&vector.bytes, VECTOR_BYTES_MAX);
	vectors[index].make(&vector);
	write_json(vectors[index].name, &vector, json_out);
	vector_require(&vector, vector.inputs.status == STATUS_OK, "inputs are too long");
	vector_require(&vector, vector.bytes.status == STATUS_OK, "bytes are too long");
	vector_require(&vector, json_out->status == STATUS_OK, "file is too long");
	made = vector.fault == NULL;
	if (!made) {
		(void)fprintf(stderr, "%s: %s\n", vectors[index].name, vector.fault);
	}
	buffer_finish(&vector.bytes);
	buffer_finish(&vector.inputs);
	return made;
}

static bool
file_write(const char *path, struct span content)
{
	FILE *file = fopen(path, "wb");
	bool written;

	if (file == NULL) {
		perror(path);
		return false;
	}
	written = fwrite(content.at, 1, content.length, file) == content.length;
	if (fclose(file) != 0 || !written) {
		perror(path);
		return false;
	}
	return true;
}

static bool
file_check(const char *path, struct span content)
{
	FILE *file = fopen(path, "rb");
	char *found;
	size_t length;

	if (file == NULL) {
		perror(path);
		return false;
	}
	found = malloc(FILE_BYTES_MAX);
	length = found == NULL ? 0 : fread(found, 1, FILE_BYTES_MAX, file);
	(void)fclose(file);
	if (!span_equal(span_of(found, length), content)) {
		(void)fprintf(stderr, "%s is not what the program makes now:\n%.*s", path,
			      (int)content.length, (const char *)content.at);
		free(found);
		return false;
	}
	free(found);
	return true;
}

static bool
visit(size_t index, const char *folder, bool writing)
{
	char path[PATH_SIZE];
	struct buffer json;
	bool good;

	if (snprintf(path, sizeof path, "%s/%s.json", folder, vectors[index].name) >= PATH_SIZE) {
		(void)fprintf(stderr, "%s: path is too long\n", folder);
		return false;
	}
	buffer_init(&json, FILE_BYTES_MAX);
	good = make_json(index, &json);
	if (good) {
		good = writing ? file_write(path, buffer_span(&json))
			       : file_check(path, buffer_span(&json));
	}
	buffer_finish(&json);
	return good;
}

int
main(int argc, char **argv)
{
	bool writing;
	bool good = true;

	if (argc != 3 || (strcmp(argv[1], "--check") != 0 && strcmp(argv[1], "--write") != 0)) {
		(void)fprintf(stderr, "usage: make_vectors --check|--write DIR\n");
		return 2;
	}
	if (crypto_init(NULL) != STATUS_OK) {
		(void)fprintf(stderr, "libsodium does not start\n");
		return 1;
	}
	writing = strcmp(argv[1], "--write") == 0;
	for (size_t i = 0; i < VECTORS; i++) {
		good = visit(i, argv[2], writing) && good;
	}
	return good ? 0 : 1;
}

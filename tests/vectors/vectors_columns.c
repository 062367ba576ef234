/* SPDX-License-Identifier: Apache-2.0 */
/* Rows in columns: the heads, then the bits. */
#include "protocol/columns.h"
#include "protocol/id.h"
#include "tests/vectors/vectors_example.h"

#include <stdio.h>

enum { ROWS_MAX = 16, ROWS_BYTES_MAX = 4096, ARENA_BYTES = 256 * 1024 };

struct rows {
	struct buffer bytes; /* one after the other */
	size_t ends[ROWS_MAX];
	uint32_t groups[ROWS_MAX];
	size_t count;
};

static void
row_end(struct rows *rows, uint32_t group)
{
	rows->groups[rows->count] = group;
	rows->ends[rows->count++] = rows->bytes.length;
}

static void
spans_of(const struct rows *rows, struct span *spans_out)
{
	size_t start = 0;

	for (size_t i = 0; i < rows->count; i++) {
		spans_out[i] = span_of(rows->bytes.at + start, rows->ends[i] - start);
		start = rows->ends[i];
	}
}

static void
require_read(struct vector *vector, const struct rows *rows, struct columns columns)
{
	size_t lengths[ROWS_MAX];
	struct buffer read;
	struct arena arena;

	buffer_init(&read, ROWS_BYTES_MAX);
	arena_init(&arena, ARENA_BYTES);
	vector_require(vector,
		       columns_get(columns, ROWS_BYTES_MAX, &arena, &read, lengths, NULL) ==
				       STATUS_OK &&
			       span_equal(buffer_span(&read), buffer_span(&rows->bytes)),
		       "the rows do not come back");
	arena_finish(&arena);
	buffer_finish(&read);
}

static void
rows_finish(struct vector *vector, struct rows *rows)
{
	struct span spans[ROWS_MAX];
	struct buffer heads;
	struct buffer bits;
	char name[32];

	buffer_init(&heads, ROWS_BYTES_MAX);
	buffer_init(&bits, ROWS_BYTES_MAX);
	spans_of(rows, spans);
	vector_require(vector,
		       columns_put(spans, rows->groups, rows->count, &heads, &bits, NULL) ==
			       STATUS_OK,
		       "columns do not take the rows");
	require_read(vector, rows,
		     (struct columns){.heads = buffer_span(&heads),
				      .bits = buffer_span(&bits),
				      .count = rows->count});
	vector_number(vector, "rows", (int64_t)rows->count);
	vector_number(vector, "bits", (int64_t)bits.length);
	for (size_t i = 0; i < rows->count; i++) {
		(void)snprintf(name, sizeof name, "group_%zu", i);
		vector_number(vector, name, rows->groups[i]);
		(void)snprintf(name, sizeof name, "row_%zu", i);
		vector_bytes(vector, name, spans[i]);
	}
	buffer_append_span(&vector->bytes, buffer_span(&heads));
	buffer_append_span(&vector->bytes, buffer_span(&bits));
	buffer_finish(&bits);
	buffer_finish(&heads);
	buffer_finish(&rows->bytes);
}

/* {1: n, 3: id, 11: "ya" or null, -1: 4, only in the second} */
void
vector_columns_example(struct vector *vector)
{
	struct rows rows = {.count = 0};

	vector->comment = "three rows in columns, the example of docs/protocol.md";
	buffer_init(&rows.bytes, ROWS_BYTES_MAX);
	for (uint32_t i = 0; i < 3; i++) {
		cbor_put_map(&rows.bytes, i == 1 ? 4 : 3);
		cbor_put_uint(&rows.bytes, 1);
		cbor_put_uint(&rows.bytes, 7 + i);
		cbor_put_uint(&rows.bytes, 3);
		cbor_put_uint(&rows.bytes, id_make(EXAMPLE_DEVICE, 7 + i));
		cbor_put_uint(&rows.bytes, 11);
		if (i == 0) {
			cbor_put_null(&rows.bytes);
		} else {
			cbor_put_text(&rows.bytes, span_of_text("ya"));
		}
		if (i == 1) {
			cbor_put_int(&rows.bytes, -1);
			cbor_put_uint(&rows.bytes, 4);
		}
		row_end(&rows, 0);
	}
	rows_finish(vector, &rows);
}

/* Of one key the kinds differ from row to row. */
static void
put_mixed(struct buffer *out, uint32_t i)
{
	switch (i % 4) {
	case 0:
		cbor_put_text(out, span_of_text("Ibu"));
		break;
	case 1:
		cbor_put_int(out, -100 * (int64_t)i);
		break;
	case 2:
		cbor_put_bytes(out, span_of("\x00\xff", 2));
		break;
	default:
		cbor_put_array(out, i / 4);
		for (uint32_t k = 0; k < i / 4; k++) {
			cbor_put_bool(out, i % 8 == 3);
		}
		break;
	}
}

static void
put_visit(struct rows *rows, uint32_t i)
{
	/* Most steps between the times are short, one is long. */
	static const uint16_t times[] = {0, 61, 130, 185, 240, 7440, 7501, 7560};
	static const char *const phones[] = {"0811", "0812", "0899", "0007",
					     "0813", "9999", "0000", "0815"};
	struct buffer *out = &rows->bytes;

	cbor_put_map(out, 8);
	cbor_put_uint(out, 1);
	cbor_put_uint(out, 20 + 3 * i);
	cbor_put_uint(out, 2);
	cbor_put_uint(out, id_make(EXAMPLE_DEVICE, 20 + 3 * i));
	cbor_put_uint(out, 3);
	cbor_put_uint(out, id_make(EXAMPLE_DEVICE - i % 2, 4 + i / 2));
	cbor_put_uint(out, 4);
	cbor_put_int(out, EXAMPLE_TIME + times[i]);
	cbor_put_uint(out, 5);
	cbor_put_uint(out, 3000 + 50 * ((7 * i) % 8));
	cbor_put_uint(out, 6);
	cbor_put_text(out, span_of_text(phones[i]));
	cbor_put_uint(out, 7);
	put_mixed(out, i);
	cbor_put_int(out, -2);
	cbor_put_int(out, INT64_MIN + i);
	row_end(rows, 5);
}

void
vector_columns(struct vector *vector)
{
	struct rows rows = {.count = 0};

	vector->comment =
		"rows of two groups in columns: constants, steps, units, narrow and wide "
		"numbers, ids of two streams, digits, and a key with values of five kinds";
	buffer_init(&rows.bytes, ROWS_BYTES_MAX);
	for (uint32_t i = 0; i < 8; i++) {
		put_visit(&rows, i);
		if (i % 4 == 1) {
			cbor_put_array(&rows.bytes, 2);
			cbor_put_null(&rows.bytes);
			cbor_put_map(&rows.bytes, 0);
			row_end(&rows, 1);
		}
	}
	rows_finish(vector, &rows);
}

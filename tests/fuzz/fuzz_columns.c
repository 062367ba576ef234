/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"
#include "protocol/cbor.h"
#include "protocol/columns.h"

enum {
	ROWS_MAX = 512,
	ROW_LIMIT = 16 * 1024,
	ROWS_LIMIT = 64 * 1024,
	ARENA_LIMIT = 512 * 1024,
	ARENA_ENOUGH = 16 * 1024 * 1024,
};

struct rows {
	struct buffer bytes; /* one after the other */
	size_t lengths[ROWS_MAX];
	struct span spans[ROWS_MAX];
	size_t count;
};

/* Each row is one item of canonical CBOR. */
static void
check_rows(struct rows *rows)
{
	size_t start = 0;

	for (size_t i = 0; i < rows->count; i++) {
		struct reader in;
		struct span item;

		rows->spans[i] = span_of(rows->bytes.at + start, rows->lengths[i]);
		in = reader_of(rows->spans[i]);
		PROPERTY(rows->lengths[i] <= ROW_LIMIT);
		PROPERTY(cbor_get_any(&in, &item) && in.left == 0);
		start += rows->lengths[i];
	}
	PROPERTY(start == rows->bytes.length);
}

/* Rows that became columns are the same rows again. */
static void
check_round(const struct rows *rows, const uint32_t *groups)
{
	size_t lengths[ROWS_MAX];
	struct columns columns;
	struct buffer heads;
	struct buffer bits;
	struct buffer again;
	struct arena arena;
	enum status status;

	buffer_init(&heads, FUZZ_BUFFER_MAX);
	buffer_init(&bits, FUZZ_BUFFER_MAX);
	buffer_init(&again, FUZZ_BUFFER_MAX);
	arena_init(&arena, ARENA_ENOUGH);
	status = columns_put(rows->spans, groups, rows->count, &heads, &bits, NULL);
	PROPERTY(status == STATUS_OK || status == STATUS_UNSUPPORTED);
	if (status == STATUS_OK) {
		columns.heads = buffer_span(&heads);
		columns.bits = buffer_span(&bits);
		columns.count = rows->count;
		PROPERTY(columns_get(columns, ROW_LIMIT, &arena, &again, lengths, NULL) ==
			 STATUS_OK);
		PROPERTY(span_equal(buffer_span(&again), buffer_span(&rows->bytes)));
		PROPERTY(memcmp(lengths, rows->lengths, rows->count * sizeof lengths[0]) == 0);
	}
	arena_finish(&arena);
	buffer_finish(&again);
	buffer_finish(&bits);
	buffer_finish(&heads);
}

/* The number of rows and the length of the heads, two bytes each; then the heads and the bits. */
static bool
input_read(struct span bytes, struct columns *out)
{
	struct reader in = reader_of(bytes);
	struct span front;
	size_t length;

	if (!reader_take(&in, 4, &front)) {
		return false;
	}
	out->count = (size_t)(front.at[0] | front.at[1] << 8) % (ROWS_MAX + 1);
	length = (size_t)(front.at[2] | front.at[3] << 8);
	return reader_take(&in, length, &out->heads) && reader_take(&in, in.left, &out->bits);
}

FUZZ(data, size)
{
	static const uint32_t one_group[ROWS_MAX];
	uint32_t groups[ROWS_MAX];
	struct columns columns;
	struct rows rows;
	struct arena arena;

	if (!input_read(span_of(data, size), &columns)) {
		return 0;
	}
	rows.count = columns.count;
	buffer_init(&rows.bytes, ROWS_LIMIT);
	arena_init(&arena, ARENA_LIMIT);
	if (columns_get(columns, ROW_LIMIT, &arena, &rows.bytes, rows.lengths, NULL) == STATUS_OK) {
		check_rows(&rows);
		for (size_t i = 0; i < rows.count; i++) {
			groups[i] = rows.spans[i].at[0];
		}
		check_round(&rows, one_group);
		check_round(&rows, groups);
	}
	arena_finish(&arena);
	buffer_finish(&rows.bytes);
	return 0;
}

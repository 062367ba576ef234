/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"
#include "protocol/cbor.h"

/* Reads an item that was found well formed with the readers and writes it with the writers. */
static void copy_item(struct reader *in, struct buffer *out);

static void
copy_integer(struct reader *in, struct buffer *out)
{
	uint64_t number;
	int64_t integer;
	struct span rest;

	if (cbor_get_uint(in, &number)) {
		cbor_put_uint(out, number);
	} else if (cbor_get_int(in, &integer)) {
		cbor_put_int(out, integer);
	} else {
		/* Below -2^63, which only cbor_get_any reads. */
		PROPERTY(cbor_get_any(in, &rest));
		buffer_append_span(out, rest);
	}
}

static void
copy_container(struct reader *in, enum cbor_kind kind, struct buffer *out)
{
	size_t count;

	if (kind == CBOR_ARRAY) {
		PROPERTY(cbor_get_array(in, SIZE_MAX, &count));
		cbor_put_array(out, count);
	} else {
		PROPERTY(cbor_get_map(in, SIZE_MAX, &count));
		cbor_put_map(out, count);
		count *= 2;
	}
	for (size_t i = 0; i < count; i++) {
		copy_item(in, out);
	}
}

static void
copy_item(struct reader *in, struct buffer *out)
{
	enum cbor_kind kind;
	struct span string;
	bool boolean;

	PROPERTY(cbor_peek(in, &kind));
	switch (kind) {
	case CBOR_INTEGER:
		copy_integer(in, out);
		break;
	case CBOR_BYTES:
		PROPERTY(cbor_get_bytes(in, &string));
		cbor_put_bytes(out, string);
		break;
	case CBOR_TEXT:
		PROPERTY(cbor_get_text(in, &string));
		cbor_put_text(out, string);
		break;
	case CBOR_ARRAY:
	case CBOR_MAP:
		copy_container(in, kind, out);
		break;
	case CBOR_BOOLEAN:
		PROPERTY(cbor_get_bool(in, &boolean));
		cbor_put_bool(out, boolean);
		break;
	case CBOR_NULL:
		PROPERTY(cbor_get_null(in));
		cbor_put_null(out);
		break;
	}
}

static void
check_item(struct span bytes, struct span whole)
{
	struct reader in = reader_of(bytes);
	struct span again;
	struct buffer out;

	PROPERTY(whole.at == bytes.at && whole.length > 0 && whole.length <= bytes.length);
	buffer_init(&out, FUZZ_BUFFER_MAX);
	copy_item(&in, &out);
	PROPERTY(in.left == bytes.length - whole.length);
	PROPERTY(out.status == STATUS_OK);
	PROPERTY(span_equal(buffer_span(&out), whole));
	buffer_finish(&out);
	/* What is cut off is no item. */
	in = reader_of(span_of(whole.at, whole.length - 1));
	PROPERTY(!cbor_get_any(&in, &again));
	PROPERTY(in.at == whole.at && in.left == whole.length - 1);
}

/* At most one kind of reader reads an item, the one that peek names. */
static void
check_readers(struct span bytes)
{
	struct reader at[7];
	bool read[7];
	enum cbor_kind kind = CBOR_NULL;
	bool known;
	int64_t integer;
	struct span string;
	size_t count;
	bool boolean;

	for (size_t i = 0; i < 7; i++) {
		at[i] = reader_of(bytes);
	}
	known = cbor_peek(&at[0], &kind);
	read[CBOR_INTEGER] = cbor_get_int(&at[CBOR_INTEGER], &integer);
	read[CBOR_BYTES] = cbor_get_bytes(&at[CBOR_BYTES], &string);
	read[CBOR_TEXT] = cbor_get_text(&at[CBOR_TEXT], &string);
	read[CBOR_ARRAY] = cbor_get_array(&at[CBOR_ARRAY], 100, &count);
	read[CBOR_MAP] = cbor_get_map(&at[CBOR_MAP], 100, &count);
	read[CBOR_BOOLEAN] = cbor_get_bool(&at[CBOR_BOOLEAN], &boolean);
	read[CBOR_NULL] = cbor_get_null(&at[CBOR_NULL]);
	for (size_t i = 0; i < 7; i++) {
		PROPERTY(!read[i] || (known && i == (size_t)kind));
		PROPERTY(read[i] == (at[i].left < bytes.length));
	}
}

FUZZ(data, size)
{
	struct span bytes = span_of(data, size);
	struct reader in = reader_of(bytes);
	struct span whole;

	check_readers(bytes);
	if (cbor_get_any(&in, &whole)) {
		check_item(bytes, whole);
	} else {
		PROPERTY(in.at == data && in.left == size);
	}
	return 0;
}

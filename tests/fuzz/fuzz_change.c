/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"
#include "protocol/change.h"

/* What the header promises of a change that was decoded. */
static void
check_bounds(const struct change *change, bool server_stream)
{
	PROPERTY(change->n >= 1 && change->n <= CHANGE_N_MAX);
	PROPERTY(change->field_count >= 1 && change->field_count <= CHANGE_FIELDS_MAX);
	PROPERTY(change->has_own == !server_stream);
	PROPERTY(change->own_stream != 0 || change->own_n < change->n);
	PROPERTY(change->time <= CHANGE_TIME_MAX && change->time >= -CHANGE_TIME_MAX);
	PROPERTY((change->was_stream == 0) == (change->was_n == 0));
	for (size_t i = 0; i < change->field_count; i++) {
		const struct change_field *field = &change->fields[i];

		PROPERTY(field->tag != 0);
		PROPERTY(i == 0 || tag_compare((field - 1)->tag, field->tag) < 0);
		PROPERTY(change_field(change, field->tag) == field);
	}
}

static void
check_change(struct span bytes, bool server_stream)
{
	struct change change = {0};
	struct error err = {0};
	struct arena arena;
	struct buffer out;

	arena_init(&arena, CHANGE_FIELDS_MAX * sizeof(struct change_field));
	buffer_init(&out, CHANGE_BYTES_MAX);
	if (change_decode(bytes, server_stream, &arena, &change, &err) == STATUS_OK) {
		check_bounds(&change, server_stream);
		change_encode(&change, &out);
		PROPERTY(out.status == STATUS_OK);
		PROPERTY(span_equal(buffer_span(&out), bytes));
	} else {
		PROPERTY(err.status == STATUS_MALFORMED && err.detail[0] != '\0');
		PROPERTY(change.n == 0);
	}
	buffer_finish(&out);
	arena_finish(&arena);
}

static void
check_stub(struct span bytes)
{
	struct change_stub stub;
	struct buffer out;

	if (!change_stub_decode(bytes, &stub)) {
		return;
	}
	PROPERTY(stub.n >= 1 && stub.n <= CHANGE_N_MAX && stub.record != 0);
	buffer_init(&out, CHANGE_BYTES_MAX);
	change_stub_encode(&stub, &out);
	PROPERTY(span_equal(buffer_span(&out), bytes));
	buffer_finish(&out);
}

FUZZ(data, size)
{
	check_stub(span_of(data, size));
	check_change(span_of(data, size), false);
	check_change(span_of(data, size), true);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"
#include "protocol/form.h"
#include "tests/unit/schema_sample.h"

static void
check_written(struct value value)
{
	struct buffer out;
	struct reader in;
	struct value again;

	buffer_init(&out, FUZZ_BUFFER_MAX);
	value_put(value, &out);
	in = reader_of(buffer_span(&out));
	PROPERTY(value_get(&in, &again) && in.left == 0);
	PROPERTY(value_equal(again, value));
	buffer_finish(&out);
}

/* What a person's text becomes is a value that the schema takes; a refusal says why. */
static void
check_text(const struct record_type *type, int32_t tag, int64_t shown, struct span text)
{
	struct value value = value_integer(42);
	struct error err = {0};

	if (value_from_text(type, tag, text, shown, &value, &err) == STATUS_OK) {
		PROPERTY(value_check(type, tag, value, NULL) == STATUS_OK);
		check_written(value);
	} else {
		PROPERTY(status_is_invalid(err.status) && err.detail[0] != '\0');
		PROPERTY(utf8_valid(span_of_text(err.detail)));
		PROPERTY(value_equal(value, value_integer(42)));
	}
}

/* A value that arrives is judged without a fault, whatever it is. */
static void
check_value(const struct record_type *type, int32_t tag, struct span bytes)
{
	struct reader in = reader_of(bytes);
	struct error err = {0};
	struct value value;

	if (value_get(&in, &value) && value_check(type, tag, value, &err) != STATUS_OK) {
		PROPERTY(err.status != STATUS_OK && err.detail[0] != '\0');
	}
}

/* The first two bytes choose the field and, of a set, the choices that are shown. */
FUZZ(data, size)
{
	const struct record_type *type;
	struct sample sample;
	struct span text;
	int32_t tag;

	if (size < 2) {
		return 0;
	}
	sample_fill(&sample);
	type = &sample.types[TYPE_VISIT];
	tag = data[0] % (VISIT_FIELDS + 1 - TAG_SAME_AS) + TAG_SAME_AS;
	text = span_of(data + 2, size - 2);
	if (tag != 0) {
		check_text(type, tag, data[1], text);
		check_value(type, tag, text);
	}
	return 0;
}

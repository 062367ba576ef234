/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"
#include "protocol/value.h"

static bool
get_one(struct reader *in, struct value *out)
{
	struct reader before = *in;
	struct span read;
	struct buffer written;

	if (!value_get(in, out)) {
		PROPERTY(in->at == before.at && in->left == before.left);
		return false;
	}
	read = span_of(before.at, before.left - in->left);
	buffer_init(&written, FUZZ_BUFFER_MAX);
	value_put(*out, &written);
	PROPERTY(span_equal(buffer_span(&written), read));
	buffer_finish(&written);
	return true;
}

static int
sign(int number)
{
	return (number > 0) - (number < 0);
}

/* Up to three values, one after the other: the order is total, and equal means equal bytes. */
static void
check_values(struct span bytes)
{
	struct reader in = reader_of(bytes);
	struct value values[3];
	size_t count = 0;

	while (count < 3 && get_one(&in, &values[count])) {
		count++;
	}
	for (size_t a = 0; a < count; a++) {
		PROPERTY(value_equal(values[a], values[a]));
		for (size_t b = 0; b < count; b++) {
			int order = sign(value_compare(values[a], values[b]));

			PROPERTY(order == -sign(value_compare(values[b], values[a])));
			PROPERTY(value_equal(values[a], values[b]) == (order == 0));
		}
	}
	if (count == 3 && value_compare(values[0], values[1]) <= 0 &&
	    value_compare(values[1], values[2]) <= 0) {
		PROPERTY(value_compare(values[0], values[2]) <= 0);
	}
}

static void
check_day(struct span text)
{
	char written[DAY_TEXT_SIZE];
	char instant[INSTANT_TEXT_SIZE];
	int64_t again;
	int64_t day;

	if (day_parse(text, &day)) {
		PROPERTY(span_equal(span_of_text(day_format(day, written)), text));
	}
	if (text.length < 8) {
		return;
	}
	day = (int64_t)get_le64(text.at);
	PROPERTY(strlen(instant_format(day, instant)) == INSTANT_TEXT_SIZE - 1);
	PROPERTY(strlen(day_format(day, written)) == DAY_TEXT_SIZE - 1);
	if (day_parse(span_of_text(written), &again)) {
		PROPERTY(again == day);
	} else {
		PROPERTY(strcmp(written, "0000-00-00") == 0);
	}
}

static void
check_decimal(struct span text)
{
	char written[DECIMAL_TEXT_SIZE];
	int64_t again;
	int64_t value;

	for (unsigned scale = 0; scale <= 6; scale++) {
		if (!decimal_parse(text, scale, &value)) {
			continue;
		}
		PROPERTY(value >= -((int64_t)1 << 62) && value <= (int64_t)1 << 62);
		(void)decimal_format(value, scale, written);
		PROPERTY(decimal_parse(span_of_text(written), scale, &again) && again == value);
		PROPERTY(strlen(written) <= text.length);
	}
	if (text.length >= 8) {
		PROPERTY(strlen(decimal_format((int64_t)get_le64(text.at), text.at[0] % 19,
					       written)) < DECIMAL_TEXT_SIZE);
	}
}

FUZZ(data, size)
{
	struct span bytes = span_of(data, size);

	check_values(bytes);
	check_day(bytes);
	check_decimal(bytes);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "value.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define INTEGER_MAX ((int64_t)1 << 62)

struct value
value_empty(void)
{
	struct value value = {.form = VALUE_EMPTY};

	return value;
}

struct value
value_integer(int64_t integer)
{
	struct value value = {.form = VALUE_INTEGER, .integer = integer};

	return value;
}

struct value
value_boolean(bool boolean)
{
	struct value value = {.form = VALUE_BOOLEAN, .boolean = boolean};

	return value;
}

struct value
value_text(struct span text)
{
	struct value value = {.form = VALUE_TEXT, .text = text};

	return value;
}

struct value
value_pair(int64_t first, int64_t second)
{
	struct value value = {.form = VALUE_PAIR, .pair = {first, second}};

	return value;
}

static int
integer_compare(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

int
value_compare(struct value a, struct value b)
{
	int order;

	if (a.form != b.form) {
		return a.form < b.form ? -1 : 1;
	}
	switch (a.form) {
	case VALUE_EMPTY:
		return 0;
	case VALUE_INTEGER:
		return integer_compare(a.integer, b.integer);
	case VALUE_BOOLEAN:
		return integer_compare(a.boolean, b.boolean);
	case VALUE_TEXT:
		return span_compare(a.text, b.text);
	case VALUE_PAIR:
		order = integer_compare(a.pair.first, b.pair.first);
		return order != 0 ? order : integer_compare(a.pair.second, b.pair.second);
	}
	return 0;
}

bool
value_equal(struct value a, struct value b)
{
	return value_compare(a, b) == 0;
}

void
value_put(struct value value, struct buffer *out)
{
	switch (value.form) {
	case VALUE_EMPTY:
		cbor_put_null(out);
		break;
	case VALUE_INTEGER:
		cbor_put_int(out, value.integer);
		break;
	case VALUE_BOOLEAN:
		cbor_put_bool(out, value.boolean);
		break;
	case VALUE_TEXT:
		cbor_put_text(out, value.text);
		break;
	case VALUE_PAIR:
		cbor_put_array(out, 2);
		cbor_put_int(out, value.pair.first);
		cbor_put_int(out, value.pair.second);
		break;
	}
}

static bool
get_integer(struct reader *in, int64_t *out)
{
	/* A set's mask uses all 63 bits, so the bound is the type's own for the positive side. */
	return cbor_get_int(in, out) && *out >= -INTEGER_MAX;
}

static bool
get_pair(struct reader *in, struct value *out)
{
	size_t count;
	int64_t first;
	int64_t second;

	if (!cbor_get_array(in, 2, &count) || count != 2 || !get_integer(in, &first) ||
	    !get_integer(in, &second)) {
		return false;
	}
	*out = value_pair(first, second);
	return true;
}

static bool
get_scalar(struct reader *in, enum cbor_kind kind, struct value *out)
{
	int64_t integer;
	bool boolean;
	struct span text;

	if (kind == CBOR_INTEGER && get_integer(in, &integer)) {
		*out = value_integer(integer);
	} else if (kind == CBOR_BOOLEAN && cbor_get_bool(in, &boolean)) {
		*out = value_boolean(boolean);
	} else if (kind == CBOR_TEXT && cbor_get_text(in, &text) && text.length <= VALUE_TEXT_MAX) {
		*out = value_text(text);
	} else if (kind == CBOR_NULL && cbor_get_null(in)) {
		*out = value_empty();
	} else {
		return false;
	}
	return true;
}

bool
value_get(struct reader *in, struct value *out)
{
	struct reader at = *in;
	enum cbor_kind kind;

	if (!cbor_peek(&at, &kind)) {
		return false;
	}
	if (!(kind == CBOR_ARRAY ? get_pair(&at, out) : get_scalar(&at, kind, out))) {
		return false;
	}
	*in = at;
	return true;
}

/* Days before 1 March of year 0 up to 1970-01-01. Years run from March, so the leap day comes last.
 */
enum { DAYS_TO_EPOCH = 719468, DAYS_400_YEARS = 146097 };
enum { DAY_FIRST = -719162 /* 0001-01-01 */, DAY_LAST = 2932896 /* 9999-12-31 */ };

int64_t
day_from_civil(int year, int month, int day)
{
	int64_t shifted = month <= 2 ? year - 1 : year;
	int64_t era = shifted / 400;
	int64_t year_of_era = shifted - era * 400;
	int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
	int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

	return era * DAYS_400_YEARS + day_of_era - DAYS_TO_EPOCH;
}

void
day_to_civil(int64_t day, int *year_out, int *month_out, int *day_out)
{
	int64_t shifted = day + DAYS_TO_EPOCH;
	int64_t era = (shifted >= 0 ? shifted : shifted - DAYS_400_YEARS + 1) / DAYS_400_YEARS;
	int64_t day_of_era = shifted - era * DAYS_400_YEARS;
	int64_t year_of_era =
		(day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	int64_t day_of_year =
		day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int64_t month = (5 * day_of_year + 2) / 153;

	*day_out = (int)(day_of_year - (153 * month + 2) / 5 + 1);
	*month_out = (int)(month < 10 ? month + 3 : month - 9);
	*year_out = (int)(year_of_era + era * 400 + (*month_out <= 2));
}

static bool
digits_parse(const uint8_t *at, size_t count, int *out)
{
	int value = 0;

	for (size_t i = 0; i < count; i++) {
		if (at[i] < '0' || at[i] > '9') {
			return false;
		}
		value = value * 10 + (at[i] - '0');
	}
	*out = value;
	return true;
}

bool
day_parse(struct span text, int64_t *day_out)
{
	int year;
	int month;
	int day;
	int again[3];
	int64_t number;

	if (text.length != 10 || text.at[4] != '-' || text.at[7] != '-' ||
	    !digits_parse(text.at, 4, &year) || !digits_parse(text.at + 5, 2, &month) ||
	    !digits_parse(text.at + 8, 2, &day) || year < 1 || month < 1 || month > 12 || day < 1) {
		return false;
	}
	number = day_from_civil(year, month, day);
	day_to_civil(number, &again[0], &again[1], &again[2]);
	if (again[0] != year || again[1] != month || again[2] != day) {
		return false;
	}
	*day_out = number;
	return true;
}

char *
day_format(int64_t day, char *out)
{
	int year = 0;
	int month = 0;
	int date = 0;

	if (day >= DAY_FIRST && day <= DAY_LAST) {
		day_to_civil(day, &year, &month, &date);
	}
	(void)snprintf(out, DAY_TEXT_SIZE, "%04u-%02u-%02u", (unsigned)year % 10000u,
		       (unsigned)month % 100u, (unsigned)date % 100u);
	return out;
}

char *
instant_format(int64_t milliseconds, char *out)
{
	const int64_t day_ms = INT64_C(86400000);
	int64_t day = milliseconds / day_ms;
	int64_t rest = milliseconds % day_ms;
	char date[DAY_TEXT_SIZE];
	unsigned seconds;

	if (rest < 0) {
		rest += day_ms;
		day--;
	}
	seconds = (unsigned)(rest / 1000);
	(void)snprintf(out, INSTANT_TEXT_SIZE, "%sT%02u:%02u:%02u.%03uZ", day_format(day, date),
		       seconds / 3600 % 24, seconds / 60 % 60, seconds % 60,
		       (unsigned)(rest % 1000) % 1000u);
	return out;
}

bool
decimal_parse(struct span text, unsigned scale, int64_t *out)
{
	bool negative = text.length > 0 && text.at[0] == '-';
	int64_t value = 0;
	size_t digits = 0;
	unsigned decimals = 0;
	bool point = false;

	for (size_t i = negative ? 1 : 0; i < text.length; i++) {
		uint8_t c = text.at[i];

		if (c == '.' && !point && digits > 0 && i + 1 < text.length) {
			point = true;
			continue;
		}
		if (c < '0' || c > '9' || (point && decimals == scale && c != '0')) {
			return false;
		}
		digits++;
		if (point && decimals == scale) {
			continue;
		}
		decimals += point;
		if (value > (INTEGER_MAX - (c - '0')) / 10) {
			return false;
		}
		value = value * 10 + (c - '0');
	}
	for (; decimals < scale; decimals++) {
		if (value > INTEGER_MAX / 10) {
			return false;
		}
		value *= 10;
	}
	if (digits == 0) {
		return false;
	}
	*out = negative ? -value : value;
	return true;
}

char *
decimal_format(int64_t value, unsigned scale, char *out)
{
	uint64_t magnitude = value < 0 ? (uint64_t)(-(value + 1)) + 1 : (uint64_t)value;
	uint64_t unit = 1;

	while (scale > 0 && magnitude % 10 == 0) {
		magnitude /= 10;
		scale--;
	}
	for (unsigned i = 0; i < scale; i++) {
		unit *= 10;
	}
	if (scale == 0) {
		(void)snprintf(out, DECIMAL_TEXT_SIZE, "%s%" PRIu64, value < 0 ? "-" : "",
			       magnitude);
	} else {
		(void)snprintf(out, DECIMAL_TEXT_SIZE, "%s%" PRIu64 ".%0*" PRIu64,
			       value < 0 ? "-" : "", magnitude / unit, (int)scale,
			       magnitude % unit);
	}
	return out;
}

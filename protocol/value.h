/* SPDX-License-Identifier: Apache-2.0 */
/*
 * value: what a field holds, its bytes and its order.
 *
 * On the wire and in storage a value is one of five forms; the schema's field type says what a form
 * means (dates are days since 1970-01-01, choices their code, references a record id, decimals
 * integers with the field's scale). A pair is a point (latitude, longitude, scaled) or a change of
 * a set (mask of added, mask of removed choices; codes 0 to 62). Empty is a value.
 *
 * CBOR: null, integer, boolean, text, array of two integers.
 */
#ifndef SAMBUNG_PROTOCOL_VALUE_H
#define SAMBUNG_PROTOCOL_VALUE_H

#include "cbor.h"

enum value_form { VALUE_EMPTY, VALUE_INTEGER, VALUE_BOOLEAN, VALUE_TEXT, VALUE_PAIR };

enum { VALUE_TEXT_MAX = 16384 /* bytes of one text */ };

struct value {
	enum value_form form;
	union {
		int64_t integer; /* -2^62 to 2^63 - 1: a set's mask has 63 bits */
		bool boolean;
		struct span text; /* borrowed; valid UTF-8 without NUL */
		struct {
			int64_t first;
			int64_t second;
		} pair;
	};
};

struct value value_empty(void);
struct value value_integer(int64_t integer);
struct value value_boolean(bool boolean);
struct value value_text(struct span text); /* borrows */
struct value value_pair(int64_t first, int64_t second);

bool value_equal(struct value a, struct value b);
/* A total order: by form first (empty lowest), then by content (texts bytewise). <0, 0, >0. */
int value_compare(struct value a, struct value b);

void value_put(struct value value, struct buffer *out);
/* False on anything else than a value within its bounds; texts borrow from the input. */
bool value_get(struct reader *in, struct value *out);

/* Calendar days: proleptic Gregorian, years 1 to 9999; others are not to be asked for. */
int64_t day_from_civil(int year, int month, int day);
void day_to_civil(int64_t day, int *year_out, int *month_out, int *day_out);
/* "YYYY-MM-DD"; false if that is no day. */
bool day_parse(struct span text, int64_t *day_out);
enum { DAY_TEXT_SIZE = 11, INSTANT_TEXT_SIZE = 25 };
/* "0000-00-00" for a day of other years; `out` has DAY_TEXT_SIZE bytes; returns out. */
char *day_format(int64_t day, char *out);
/* RFC 3339 UTC with milliseconds: 2026-11-20T03:04:05.678Z; `out` has INSTANT_TEXT_SIZE bytes. */
char *instant_format(int64_t milliseconds, char *out);

/* A decimal in text ("-12.50") as an integer with `scale` decimals; false if it is no number, has
 * more decimals than `scale` (trailing zeros beyond it are no decimals), or passes +-2^62. */
bool decimal_parse(struct span text, unsigned scale, int64_t *out);
enum { DECIMAL_TEXT_SIZE = 32 };
/* Shortest form: 8450 with scale 3 is "8.45", 110 with scale 1 is "11". Scale: at most 18. */
char *decimal_format(int64_t value, unsigned scale, char *out);

#endif

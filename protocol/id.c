/* SPDX-License-Identifier: Apache-2.0 */
#include "id.h"

#include <ctype.h>
#include <string.h>

enum { DIGITS_MAX = 13, CHECK_MODULUS = 31 };

/* Crockford's alphabet: no i, l, o, u. */
static const char alphabet[] = "0123456789abcdefghjkmnpqrstvwxyz";

uint64_t
id_make(uint32_t stream, uint32_t n)
{
	return (uint64_t)stream << 32 | n;
}

uint32_t
id_stream(uint64_t id)
{
	return (uint32_t)(id >> 32);
}

uint32_t
id_n(uint64_t id)
{
	return (uint32_t)id;
}

bool
id_valid(uint64_t id)
{
	return id_stream(id) != 0 && id_stream(id) <= INT32_MAX && id_n(id) != 0;
}

char *
id_format(uint64_t id, char *out)
{
	char reversed[DIGITS_MAX];
	size_t digits = 0;
	uint64_t rest = id;
	char *at = out;

	do {
		reversed[digits++] = alphabet[rest & 31];
		rest >>= 5;
	} while (rest > 0);
	*at++ = 'r';
	while (digits > 0) {
		*at++ = reversed[--digits];
	}
	*at++ = alphabet[id % CHECK_MODULUS];
	*at = '\0';
	return out;
}

static int
symbol_value(char symbol)
{
	int lower = tolower((unsigned char)symbol);
	const char *found;

	if (lower == 'o') {
		lower = '0';
	} else if (lower == 'i' || lower == 'l') {
		lower = '1';
	}
	found = lower == '\0' ? NULL : strchr(alphabet, lower);
	return found == NULL ? -1 : (int)(found - alphabet);
}

enum status
id_parse(const char *text, uint64_t *id_out, struct error *err)
{
	size_t length = strlen(text);
	uint64_t id = 0;

	if (length < 3 || length > 2 + DIGITS_MAX || tolower((unsigned char)text[0]) != 'r') {
		return fail(err, STATUS_INVALID,
			    "a record id is r, up to 13 letters and digits, and a check symbol");
	}
	for (size_t i = 1; i + 1 < length; i++) {
		int value = symbol_value(text[i]);

		if (value < 0) {
			return fail(err, STATUS_INVALID,
				    "record id: symbol %zu is not of the alphabet", i + 1);
		}
		if (id > UINT64_MAX >> 5) {
			return fail(err, STATUS_INVALID, "record id: too large");
		}
		id = id << 5 | (uint64_t)value;
	}
	if (symbol_value(text[length - 1]) != (int)(id % CHECK_MODULUS)) {
		return fail(err, STATUS_INVALID,
			    "record id: the check symbol does not fit, so it is mistyped");
	}
	if (!id_valid(id)) {
		return fail(err, STATUS_INVALID, "record id: no such id can exist");
	}
	*id_out = id;
	return STATUS_OK;
}

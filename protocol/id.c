/* SPDX-License-Identifier: Apache-2.0 */
#include "id.h"

#include <stdlib.h>
#include <string.h>

enum { DIGITS_MAX = 13, CHECK_POLYNOMIAL = 0x25 };

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

int
id_compare(const void *one, const void *other)
{
	const uint64_t a = *(const uint64_t *)one;
	const uint64_t b = *(const uint64_t *)other;

	return (a > b) - (a < b);
}

size_t
id_unique(uint64_t *ids, size_t count)
{
	size_t kept = 0;

	if (count > 0) {
		qsort(ids, count, sizeof ids[0], id_compare);
	}
	for (size_t i = 0; i < count; i++) {
		if (kept == 0 || ids[i] != ids[kept - 1]) {
			ids[kept++] = ids[i];
		}
	}
	return kept;
}

bool
id_among(uint64_t id, const uint64_t *ids, size_t count)
{
	return count > 0 && bsearch(&id, ids, count, sizeof id, id_compare) != NULL;
}

static unsigned
check_step(unsigned check, unsigned digit)
{
	unsigned doubled = (check ^ digit) << 1;

	return doubled < 32 ? doubled : doubled ^ CHECK_POLYNOMIAL;
}

char *
id_format(uint64_t id, char *out)
{
	uint8_t reversed[DIGITS_MAX];
	size_t digits = 0;
	uint64_t rest = id;
	unsigned check = 0;
	char *at = out;

	do {
		reversed[digits++] = (uint8_t)(rest & 31);
		rest >>= 5;
	} while (rest > 0);
	*at++ = 'r';
	while (digits > 0) {
		unsigned digit = reversed[--digits];

		*at++ = alphabet[digit];
		check = check_step(check, digit);
	}
	*at++ = alphabet[check];
	*at = '\0';
	return out;
}

/* Not tolower: the host's locale must not change what an id is. */
static char
letter_lower(char letter)
{
	return letter >= 'A' && letter <= 'Z' ? (char)(letter - 'A' + 'a') : letter;
}

static int
symbol_value(char symbol)
{
	char lower = letter_lower(symbol);
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
	unsigned check = 0;
	uint64_t id = 0;

	if (length < 3 || length > 2 + DIGITS_MAX || letter_lower(text[0]) != 'r') {
		return fail(err, STATUS_NOT_ID, "%s", "");
	}
	for (size_t i = 1; i + 1 < length; i++) {
		int value = symbol_value(text[i]);

		if (value < 0) {
			return fail(err, STATUS_MISTYPED_ID, "#%zu", i + 1);
		}
		/* The shortest form begins with no zero; more than 64 bits are no id. */
		if ((id == 0 && value == 0) || id > UINT64_MAX >> 5) {
			return fail(err, STATUS_NOT_ID, "%s", "");
		}
		id = id << 5 | (uint64_t)value;
		check = check_step(check, (unsigned)value);
	}
	if (symbol_value(text[length - 1]) != (int)check) {
		return fail(err, STATUS_MISTYPED_ID, "%s", "");
	}
	if (!id_valid(id)) {
		return fail(err, STATUS_NOT_ID, "%s", "");
	}
	*id_out = id;
	return STATUS_OK;
}

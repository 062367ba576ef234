/* SPDX-License-Identifier: Apache-2.0 */
/*
 * testing: cmocka with what it needs in front of it, and a few assertions of our own.
 *
 * A test is a sentence of behaviour:
 *
 *	TEST(edit_of_archived_family_is_kept_and_flagged)
 *	{
 *		…
 *	}
 *
 *	RUN_TESTS(CASE(edit_of_archived_family_is_kept_and_flagged))
 */
#ifndef SAMBUNG_TESTS_TESTING_H
#define SAMBUNG_TESTS_TESTING_H

/* cmocka.h uses what the four before it define. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

/* cmocka's fail() says nothing; the product has a fail of its own (protocol/status.h). */
#undef fail

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Begins a test; its fixture, if there is one, is *state. */
#define TEST(sentence) static void sentence(__attribute__((unused)) void **state)

/* A row of RUN_TESTS: a test alone, or with its own set-up and tear-down (either may be NULL). */
#define CASE(sentence) cmocka_unit_test(sentence)
#define CASE_WITH(sentence, setup, teardown)                                                       \
	cmocka_unit_test_setup_teardown(sentence, setup, teardown)

/* The main of a test program. */
#define RUN_TESTS(...)                                                                             \
	int main(void)                                                                             \
	{                                                                                          \
		const struct CMUnitTest tests[] = {__VA_ARGS__};                                   \
		return cmocka_run_group_tests(tests, NULL, NULL);                                  \
	}

/* Exactly these bytes, written as hex digits; spaces in `hex` are passed over. At most 4 KiB. */
#define assert_hex(bytes, length, hex)                                                             \
	testing_assert_hex((bytes), (length), (hex), __FILE__, __LINE__)

/* STATUS_OK is 0 in every module, so this reads well for any of them; prints the status if not. */
#define assert_ok(status) assert_int_equal((status), 0)

/* `part` stands somewhere in `text`; prints both if not. */
#define assert_contains(text, part) testing_assert_contains((text), (part), __FILE__, __LINE__)

enum { TESTING_HEX_MAX = 4096 /* bytes */ };

/* How often a loop goes round that only tries more of the same: `many` times, or `few` where each
 * round is slow and another build goes round all of them (TESTS_FEW is set: .ci/run, for valgrind
 * and the sanitizers). */
static inline size_t
testing_count(size_t many, size_t few)
{
	return getenv("TESTS_FEW") == NULL ? many : few;
}

static inline void
testing_assert_hex(const void *bytes, size_t length, const char *hex, const char *file, int line)
{
	static const char digits[] = "0123456789abcdef";
	static char got[2 * TESTING_HEX_MAX + 1];
	static char wanted[2 * TESTING_HEX_MAX + 1];
	const unsigned char *at = bytes;
	size_t used = 0;

	if (length > TESTING_HEX_MAX) {
		print_error("assert_hex compares at most %d bytes\n", TESTING_HEX_MAX);
		_fail(file, line);
	}
	for (size_t i = 0; i < length; i++) {
		got[2 * i] = digits[at[i] >> 4];
		got[2 * i + 1] = digits[at[i] & 15];
	}
	got[2 * length] = '\0';
	for (; *hex != '\0' && used < sizeof(wanted) - 1; hex++) {
		if (*hex != ' ' && *hex != '\n') {
			wanted[used++] = *hex;
		}
	}
	wanted[used] = '\0';
	_assert_string_equal(got, wanted, file, line);
}

static inline void
testing_assert_contains(const char *text, const char *part, const char *file, int line)
{
	if (strstr(text, part) == NULL) {
		print_error("\"%s\" is not in \"%s\"\n", part, text);
		_fail(file, line);
	}
}

#endif

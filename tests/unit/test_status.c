/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/bytes.h"
#include "protocol/status.h"

/* Stands before cmocka, which has a macro of the same name. */
static enum status
fail_with(struct error *err, enum status status, const char *name, int number)
{
	return fail(err, status, "%s %d", name, number);
}

static void
detail_set(struct error *err, const char *detail)
{
	error_set(err, STATUS_INVALID, "%s", detail);
}

#include "tests/testing.h"

TEST(every_status_has_a_name_of_its_own_that_leads_back)
{
	for (enum status status = STATUS_OK; status < STATUS_COUNT; status++) {
		assert_int_not_equal(status_name(status)[0], '\0');
		assert_int_equal(status_named(status_name(status)), status);
	}
}

TEST(name_of_no_status_is_internal)
{
	assert_int_equal(status_named("no_such_status"), STATUS_INTERNAL);
	assert_int_equal(status_named(""), STATUS_INTERNAL);
	assert_int_equal(status_named("NOT_FOUND"), STATUS_INTERNAL);
}

TEST(number_of_no_status_is_internal)
{
	assert_string_equal(status_name((enum status)STATUS_COUNT), "internal");
	assert_string_equal(status_name((enum status) - 1), "internal");
	assert_int_equal(status_http((enum status)1000), 500);
}

TEST(every_failure_says_what_and_next_in_both_languages)
{
	for (enum status status = STATUS_OK; status < STATUS_COUNT; status++) {
		for (int language = LANGUAGE_EN; language <= LANGUAGE_ID; language++) {
			assert_int_not_equal(status_what(status, (enum language)language)[0], '\0');
			assert_true((status_next(status, (enum language)language)[0] == '\0') ==
				    (status == STATUS_OK));
		}
		/* No language is a copy of the other. */
		assert_string_not_equal(status_what(status, LANGUAGE_EN),
					status_what(status, LANGUAGE_ID));
	}
	assert_string_equal(status_what(STATUS_NOT_FOUND, LANGUAGE_EN), "not found");
	assert_string_equal(status_what(STATUS_NOT_FOUND, LANGUAGE_ID), "tidak ditemukan");
}

TEST(failures_have_http_codes_of_failures)
{
	assert_int_equal(status_http(STATUS_OK), 200);
	for (enum status status = STATUS_MALFORMED; status < STATUS_COUNT; status++) {
		assert_in_range(status_http(status), 400, 599);
	}
	assert_int_equal(status_http(STATUS_NOT_FOUND), 404);
	assert_int_equal(status_http(STATUS_LIMIT), 413);
}

TEST(values_that_cannot_be_kept_are_one_kind)
{
	for (enum status status = STATUS_OK; status < STATUS_COUNT; status++) {
		assert_true(status_is_invalid(status) == (status_http(status) == 422));
	}
	assert_true(status_is_invalid(STATUS_INVALID));
	assert_true(status_is_invalid(STATUS_DECIMALS));
	assert_false(status_is_invalid(STATUS_OK));
	assert_false(status_is_invalid(STATUS_NOT_FOUND));
}

TEST(only_passing_troubles_are_worth_trying_again)
{
	for (enum status status = STATUS_OK; status < STATUS_COUNT; status++) {
		bool passing = status == STATUS_GAP || status == STATUS_UNREACHABLE ||
			       status == STATUS_BUSY || status == STATUS_TIMEOUT ||
			       status == STATUS_FULL || status == STATUS_SERVER_FULL ||
			       status == STATUS_STORAGE || status == STATUS_MEMORY ||
			       status == STATUS_TOO_FAST ||
			       /* Somebody sets a clock, or renews it. */
			       status == STATUS_CERTIFICATE;

		assert_true((status_retry(status) != 0) == passing);
	}
}

TEST(fail_keeps_status_and_detail_and_returns_the_status)
{
	struct error err;

	assert_int_equal(fail_with(&err, STATUS_LIMIT, "page", 7), STATUS_LIMIT);
	assert_int_equal(err.status, STATUS_LIMIT);
	assert_string_equal(err.detail, "page 7");
}

TEST(fail_without_an_error_to_fill_returns_the_status)
{
	assert_int_equal(fail_with(NULL, STATUS_STALE, "page", 1), STATUS_STALE);
}

TEST(detail_that_fits_exactly_is_kept_whole)
{
	char text[ERROR_DETAIL_MAX];
	struct error err;

	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	detail_set(&err, text);
	assert_string_equal(err.detail, text);
}

TEST(overlong_detail_is_cut_between_characters)
{
	/* One, two, three and four bytes a character, at every offset to the place of the cut. */
	static const char *const characters[] = {"x", "é", "水", "𐅑"};

	for (size_t i = 0; i < 4 * 4; i++) {
		char text[2 * ERROR_DETAIL_MAX] = "";
		size_t length = i % 4;
		size_t step = strlen(characters[i / 4]);
		struct error err;

		memset(text, 'a', length);
		for (; length + step < sizeof text; length += step) {
			memcpy(text + length, characters[i / 4], step);
		}
		detail_set(&err, text);
		assert_in_range(strlen(err.detail), ERROR_DETAIL_MAX - 1 - 4, ERROR_DETAIL_MAX - 1);
		assert_true(utf8_valid(span_of_text(err.detail)));
		assert_memory_equal(err.detail, text, strlen(err.detail));
	}
}

TEST(context_stands_in_front_and_the_status_stays)
{
	struct error err;

	(void)fail_with(&err, STATUS_FULL, "writing page", 3);
	assert_int_equal(fail_context(&err, "saving %s", "visit"), STATUS_FULL);
	assert_int_equal(fail_context(&err, "sync"), STATUS_FULL);
	assert_string_equal(err.detail, "sync: saving visit: writing page 3");
}

TEST(context_of_an_empty_detail_stands_alone)
{
	struct error err = {.status = STATUS_BUSY};

	(void)fail_context(&err, "sync");
	assert_string_equal(err.detail, "sync");
}

TEST(context_may_quote_the_detail_it_is_put_before)
{
	struct error err;

	detail_set(&err, "inner");
	(void)fail_context(&err, "[%s]", err.detail);
	assert_string_equal(err.detail, "[inner]: inner");
}

TEST(overlong_context_is_cut_between_characters)
{
	struct error err;

	detail_set(&err, "x");
	for (int i = 0; i < ERROR_DETAIL_MAX; i++) {
		(void)fail_context(&err, "水");
	}
	assert_in_range(strlen(err.detail), ERROR_DETAIL_MAX - 1 - 4, ERROR_DETAIL_MAX - 1);
	assert_true(utf8_valid(span_of_text(err.detail)));
}

TEST(context_without_an_error_to_fill_is_internal)
{
	assert_int_equal(fail_context(NULL, "sync"), STATUS_INTERNAL);
}

TEST(sentence_is_what_detail_and_next_step)
{
	char out[400];
	struct error err;

	(void)fail_with(&err, STATUS_NOT_FOUND, "family", 12);
	assert_string_equal(error_sentence(&err, LANGUAGE_EN, out, sizeof out),
			    "not found: family 12. Check the id or name");
	assert_string_equal(error_sentence(&err, LANGUAGE_ID, out, sizeof out),
			    "tidak ditemukan: family 12. Periksa nomor atau nama");
}

TEST(sentence_leaves_out_what_is_empty)
{
	char out[400];
	struct error err = {.status = STATUS_NOT_FOUND};

	(void)error_sentence(&err, LANGUAGE_EN, out, sizeof out);
	assert_string_equal(out, "not found. Check the id or name");
	err.status = STATUS_OK;
	(void)error_sentence(&err, LANGUAGE_EN, out, sizeof out);
	assert_string_equal(out, "done.");
}

TEST(sentence_is_cut_to_the_room_it_has)
{
	char out[16];
	struct error err = {.status = STATUS_NOT_FOUND};

	memset(out, '#', sizeof out);
	(void)error_sentence(&err, LANGUAGE_EN, out, 10);
	assert_string_equal(out, "not found");
	assert_int_equal(out[10], '#');
	(void)error_sentence(&err, LANGUAGE_EN, out, 1);
	assert_string_equal(out, "");
	out[0] = '#';
	(void)error_sentence(&err, LANGUAGE_EN, out, 0);
	assert_int_equal(out[0], '#');
}

RUN_TESTS(CASE(every_status_has_a_name_of_its_own_that_leads_back),
	  CASE(name_of_no_status_is_internal), CASE(number_of_no_status_is_internal),
	  CASE(every_failure_says_what_and_next_in_both_languages),
	  CASE(failures_have_http_codes_of_failures), CASE(values_that_cannot_be_kept_are_one_kind),
	  CASE(only_passing_troubles_are_worth_trying_again),
	  CASE(fail_keeps_status_and_detail_and_returns_the_status),
	  CASE(fail_without_an_error_to_fill_returns_the_status),
	  CASE(detail_that_fits_exactly_is_kept_whole),
	  CASE(overlong_detail_is_cut_between_characters),
	  CASE(context_stands_in_front_and_the_status_stays),
	  CASE(context_of_an_empty_detail_stands_alone),
	  CASE(context_may_quote_the_detail_it_is_put_before),
	  CASE(overlong_context_is_cut_between_characters),
	  CASE(context_without_an_error_to_fill_is_internal),
	  CASE(sentence_is_what_detail_and_next_step), CASE(sentence_leaves_out_what_is_empty),
	  CASE(sentence_is_cut_to_the_room_it_has))

/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/http/routes.h"
#include "tests/testing.h"

static char argument[CALL_TEXT_SIZE];
static const char *allow;

static const struct route *
find(const char *method, const char *path)
{
	allow = NULL;
	return route_find(method, path, argument, &allow);
}

TEST(a_path_leads_to_its_row)
{
	const struct route *route = find("POST", "/v1/sync");

	assert_non_null(route);
	assert_string_equal(route->path, "/v1/sync");
	assert_int_equal(route->body, MEDIA_PARCEL);
}

TEST(what_stands_for_the_braces_is_the_argument)
{
	assert_non_null(find("GET", "/v1/records/family"));
	assert_string_equal(argument, "family");
	assert_non_null(find("GET", "/v1/export/family.csv"));
	assert_string_equal(argument, "family");
	assert_string_equal(find("GET", "/v1/record/r1/history")->path, "/v1/record/{id}/history");
	assert_string_equal(argument, "r1");
}

TEST(what_is_done_to_a_device_has_a_path_of_its_own)
{
	assert_string_equal(find("POST", "/v1/device/7/allow")->path, "/v1/device/{n}/allow");
	assert_string_equal(argument, "7");
	assert_string_equal(find("POST", "/v1/device/7/revoke")->path, "/v1/device/{n}/revoke");
	assert_int_equal(find("POST", "/v1/device/7/allow")->role, ROLE_ADMIN);
}

TEST(an_argument_is_one_segment_and_not_empty)
{
	assert_null(find("GET", "/v1/records/"));
	assert_null(find("GET", "/v1/records/a/b"));
	assert_null(find("GET", "/v1/export/.csv"));
	assert_null(find("GET", "/v1/record//history"));
	assert_null(allow);
}

TEST(an_argument_that_is_too_long_is_no_path)
{
	char path[32 + CALL_TEXT_SIZE] = "/v1/count/";
	size_t start = strlen(path);

	memset(path + start, 'x', CALL_TEXT_SIZE);
	path[start + CALL_TEXT_SIZE] = '\0';
	assert_null(find("GET", path));
	path[start + CALL_TEXT_SIZE - 1] = '\0';
	assert_non_null(find("GET", path));
	assert_int_equal(strlen(argument), CALL_TEXT_SIZE - 1);
}

TEST(a_wrong_method_is_told_the_right_ones)
{
	assert_null(find("PUT", "/v1/schema"));
	assert_string_equal(allow, "GET, POST");
	assert_null(find("GET", "/v1/sync"));
	assert_string_equal(allow, "POST");
	assert_null(find("get", "/v1/health"));
	assert_string_equal(allow, "GET");
	assert_null(find("PUT", "/v1/session"));
	assert_string_equal(allow, "GET, POST, DELETE");
}

TEST(routes_are_listed_to_the_last)
{
	size_t count = 0;

	while (route_at(count) != NULL) {
		assert_non_null(route_at(count)->method);
		count++;
	}
	assert_true(count > 30);
	assert_null(route_at(count + 1));
}

TEST(an_unknown_path_allows_nothing)
{
	assert_null(find("GET", "/v1/healthy"));
	assert_null(allow);
	assert_null(find("GET", ""));
	assert_null(allow);
}

TEST(parameters_have_their_places)
{
	const struct route *records = find("GET", "/v1/records/family");

	assert_int_equal(route_parameter(records, "village"), 0);
	assert_int_equal(route_parameter(records, "since"), 1);
	assert_int_equal(route_parameter(records, "order"), 2);
	assert_int_equal(route_parameter(records, "vill"), -1);
	assert_int_equal(route_parameter(records, ""), -1);
	assert_int_equal(route_parameter(find("GET", "/v1/health"), "village"), -1);
}

RUN_TESTS(CASE(a_path_leads_to_its_row), CASE(what_stands_for_the_braces_is_the_argument),
	  CASE(what_is_done_to_a_device_has_a_path_of_its_own),
	  CASE(an_argument_is_one_segment_and_not_empty),
	  CASE(an_argument_that_is_too_long_is_no_path),
	  CASE(a_wrong_method_is_told_the_right_ones), CASE(an_unknown_path_allows_nothing),
	  CASE(routes_are_listed_to_the_last), CASE(parameters_have_their_places))

/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/region.h"
#include "tests/testing.h"

static const struct region village = {6303072001, 6303072001};
static const struct region kecamatan = {6303070000, 6303079999};
static const struct region kabupaten = {6303000000, 6303999999};
static const struct region province = {6300000000, 6399999999};

static void
assert_parsed(const char *text, struct region wanted)
{
	struct region region;

	assert_ok(region_parse(text, &region, NULL));
	assert_int_equal(region.low, wanted.low);
	assert_int_equal(region.high, wanted.high);
}

static void
assert_refused(const char *text)
{
	struct region region = {1, 2};
	struct error err;
	uint64_t number = 42;

	assert_int_equal(region_parse(text, &region, &err), STATUS_NOT_REGION);
	assert_int_equal(region.low, 1);
	assert_int_equal(region.high, 2);
	assert_int_equal(village_parse(text, &number, &err), STATUS_NOT_VILLAGE);
	assert_int_equal(number, 42);
}

TEST(code_of_every_level_stands_for_its_villages)
{
	assert_parsed("6303072001", village);
	assert_parsed("630307", kecamatan);
	assert_parsed("6303", kabupaten);
	assert_parsed("63", province);
}

TEST(dots_between_the_parts_are_read)
{
	assert_parsed("63.03.07.2001", village);
	assert_parsed("63.03.07", kecamatan);
	assert_parsed("63.03", kabupaten);
}

TEST(lowest_and_highest_codes_are_read)
{
	assert_parsed("0000000001", (struct region){1, 1});
	assert_parsed("01", (struct region){100000000, 199999999});
	assert_parsed("99", (struct region){9900000000, 9999999999});
	assert_parsed("9999999999", (struct region){9999999999, 9999999999});
}

TEST(code_of_another_length_is_refused)
{
	static const char *const texts[] = {
		"",	    "6",	 "630",		"63030",	  "6303072",
		"63030720", "630307200", "63030720011", "63.03.07.20011", "63030720016303072001"};

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		assert_refused(texts[i]);
	}
}

TEST(dots_in_other_places_are_refused)
{
	static const char *const texts[] = {".",
					    "..",
					    ".63",
					    "63.",
					    "6.3",
					    "63..03",
					    "63.03.",
					    "630.3",
					    "63.0307",
					    "6303.07",
					    "63.03072001",
					    "63.03.072001",
					    "6303.07.2001",
					    "63.03.072.001",
					    "63.03.07.20.01",
					    "63.03.07.2001.",
					    "63.03..07.2001",
					    "6.30.30.72001"};

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		assert_refused(texts[i]);
	}
}

TEST(other_characters_are_refused)
{
	static const char *const texts[] = {" 63", "63 ", "6a",	   "-3", "+3",
					    "6/",  "6:",  "63,03", "0x", "\xd9\xa6\xd9\xa3"};

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		assert_refused(texts[i]);
	}
}

TEST(zero_is_no_region)
{
	assert_refused("00");
	assert_refused("0000");
	assert_refused("000000");
	assert_refused("0000000000");
}

TEST(village_is_a_code_of_ten_digits_only)
{
	uint64_t number = 42;
	struct error err;

	assert_ok(village_parse("6303072001", &number, &err));
	assert_int_equal(number, 6303072001);
	number = 42;
	assert_ok(village_parse("63.03.07.2001", &number, &err));
	assert_int_equal(number, 6303072001);
	assert_int_equal(village_parse("630307", &number, &err), STATUS_NOT_VILLAGE);
	assert_int_equal(number, 6303072001);
}

TEST(region_is_a_whole_one_of_the_four_levels)
{
	assert_true(region_valid(village));
	assert_true(region_valid(kecamatan));
	assert_true(region_valid(kabupaten));
	assert_true(region_valid(province));
	assert_true(region_valid((struct region){9900000000, 9999999999}));
}

TEST(other_ranges_are_no_regions)
{
	static const struct region ranges[] = {
		{0, 0},
		{0, 9999},
		{0, 99999999},
		{6303072001, 6303072000},
		{6303072001, 6303072002},
		{6303070001, 6303080000},
		{6303070000, 6303079998},
		{6303070000, 6303080000},
		{6303070000, 6303070999},
		{6300000000, 6499999999},
		{6303070000, 6303999999},
		{10000000000, 10000000000},
		{10000000000, 10099999999},
		{1, UINT64_MAX},
		{0, UINT64_MAX},
		{UINT64_MAX, UINT64_MAX},
	};

	for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
		assert_false(region_valid(ranges[i]));
	}
}

TEST(region_covers_its_ends_and_nothing_beyond)
{
	assert_true(region_covers(kecamatan, 6303070000));
	assert_true(region_covers(kecamatan, 6303072001));
	assert_true(region_covers(kecamatan, 6303079999));
	assert_false(region_covers(kecamatan, 6303069999));
	assert_false(region_covers(kecamatan, 6303080000));
	assert_false(region_covers(village, 6303072002));
	assert_false(region_covers(province, 0));
}

TEST(any_of_several_regions_may_cover_a_village)
{
	const struct region scope[] = {{6303070000, 6303079999}, {6303082005, 6303082005}};

	assert_true(regions_cover(scope, 2, 6303072001));
	assert_true(regions_cover(scope, 2, 6303082005));
	assert_false(regions_cover(scope, 2, 6303082006));
	assert_false(regions_cover(scope, 1, 6303082005));
	assert_false(regions_cover(NULL, 0, 6303072001));
}

TEST(regions_are_written_in_plain_digits)
{
	char text[REGION_TEXT_SIZE];

	assert_string_equal(region_format(village, text), "6303072001");
	assert_string_equal(region_format(kecamatan, text), "630307");
	assert_string_equal(region_format(kabupaten, text), "6303");
	assert_string_equal(region_format(province, text), "63");
	assert_string_equal(region_format((struct region){100000000, 199999999}, text), "01");
	assert_string_equal(village_format(6303072001, text), "6303072001");
	assert_string_equal(village_format(1, text), "0000000001");
	assert_string_equal(village_format(9999999999, text), "9999999999");
}

TEST(numbers_that_are_no_village_stay_within_their_room)
{
	char text[REGION_TEXT_SIZE];

	assert_int_equal(strlen(village_format(UINT64_MAX, text)), REGION_TEXT_SIZE - 1);
	assert_int_equal(strlen(region_format((struct region){5, 3}, text)), REGION_TEXT_SIZE - 1);
	assert_int_equal(strlen(region_format((struct region){0, UINT64_MAX}, text)),
			 REGION_TEXT_SIZE - 1);
}

TEST(region_is_covered_by_one_that_holds_all_of_it)
{
	const struct region scope[] = {kecamatan, {6303082005, 6303082005}};

	assert_true(regions_cover_region(scope, 2, village));
	assert_true(regions_cover_region(scope, 2, kecamatan));
	assert_true(regions_cover_region(scope, 2, scope[1]));
	assert_false(regions_cover_region(scope, 2, kabupaten));
	assert_false(regions_cover_region(scope, 2, (struct region){6303082006, 6303082006}));
	assert_false(regions_cover_region(scope, 0, village));
}

static void
assert_merged(struct region *given, size_t given_count, const struct region *wanted, size_t count)
{
	assert_int_equal(regions_merge(given, given_count), count);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(given[i].low, wanted[i].low);
		assert_int_equal(given[i].high, wanted[i].high);
	}
}

TEST(merged_regions_ascend_and_none_covers_another)
{
	struct region twice[] = {{6303082005, 6303082005}, village, {6303082005, 6303082005}};
	struct region nested[] = {village,   {6304010002, 6304010002}, kabupaten,
				  kecamatan, {6301010001, 6301010001}, kabupaten};

	assert_merged(twice, 3, (const struct region[]){village, {6303082005, 6303082005}}, 2);
	assert_merged(nested, 6,
		      (const struct region[]){
			      {6301010001, 6301010001}, kabupaten, {6304010002, 6304010002}},
		      3);
}

/* A kecamatan begins with its own number, and so may what it holds. */
TEST(larger_of_two_regions_that_begin_alike_is_kept)
{
	struct region regions[] = {{6303070000, 6303070000}, kecamatan};

	assert_merged(regions, 2, &kecamatan, 1);
}

TEST(merging_one_region_or_none_changes_nothing)
{
	struct region one[] = {village};

	assert_merged(one, 1, &village, 1);
	assert_int_equal(regions_merge(one, 0), 0);
	assert_int_equal(regions_merge(NULL, 0), 0);
}

RUN_TESTS(CASE(code_of_every_level_stands_for_its_villages), CASE(dots_between_the_parts_are_read),
	  CASE(lowest_and_highest_codes_are_read), CASE(code_of_another_length_is_refused),
	  CASE(dots_in_other_places_are_refused), CASE(other_characters_are_refused),
	  CASE(zero_is_no_region), CASE(village_is_a_code_of_ten_digits_only),
	  CASE(region_is_a_whole_one_of_the_four_levels), CASE(other_ranges_are_no_regions),
	  CASE(region_covers_its_ends_and_nothing_beyond),
	  CASE(any_of_several_regions_may_cover_a_village),
	  CASE(regions_are_written_in_plain_digits),
	  CASE(numbers_that_are_no_village_stay_within_their_room),
	  CASE(region_is_covered_by_one_that_holds_all_of_it),
	  CASE(merged_regions_ascend_and_none_covers_another),
	  CASE(larger_of_two_regions_that_begin_alike_is_kept),
	  CASE(merging_one_region_or_none_changes_nothing))

/* SPDX-License-Identifier: Apache-2.0 */
#include "rank.h"
#include "tests/testing.h"

#include <math.h>

static bool
near(double value, double wanted)
{
	return fabs(value - wanted) < 0.0005;
}

/* A small generator, so that the samples are the same everywhere. */
static double
next_value(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (double)(*state >> 33);
}

/* The ranks of the first sample are 9, 8, 5, 7 and 3. */
TEST(a_known_pair_of_samples_has_its_u_and_p)
{
	double a[] = {19, 22, 16, 29, 24};
	double b[] = {20, 11, 17, 12};
	struct rank rank;

	assert_true(rank_compare(a, 5, b, 4, &rank));
	assert_true(near(rank.u, 17));
	assert_true(near(rank.p, 0.0864));
	assert_true(near(rank.median_a, 22));
	assert_true(near(rank.median_b, 14.5));
}

TEST(ties_share_their_ranks)
{
	double a[] = {1, 1, 2, 3};
	double b[] = {1, 2, 2, 2};
	struct rank rank;

	assert_true(rank_compare(a, 4, b, 4, &rank));
	assert_true(near(rank.u, 7.5));
	assert_true(near(rank.z, -0.1581));
}

TEST(a_shift_of_a_thirtieth_shows_in_samples_that_else_are_one)
{
	static double a[10000];
	static double b[10000];
	uint64_t seed = 1;
	struct rank rank;

	for (size_t i = 0; i < 10000; i++) {
		a[i] = next_value(&seed);
		b[i] = next_value(&seed);
	}
	assert_true(rank_compare(a, 10000, b, 10000, &rank));
	assert_true(rank.p > 0.01);
	for (size_t i = 0; i < 10000; i++) {
		b[i] += 2147483648.0 / 30;
	}
	assert_true(rank_compare(a, 10000, b, 10000, &rank));
	assert_true(rank.p < 0.01 && rank.z < 0);
}

TEST(nothing_is_not_compared)
{
	double a[] = {1};
	struct rank rank;

	assert_false(rank_compare(a, 1, a, 0, &rank));
}

RUN_TESTS(CASE(a_known_pair_of_samples_has_its_u_and_p), CASE(ties_share_their_ranks),
	  CASE(a_shift_of_a_thirtieth_shows_in_samples_that_else_are_one),
	  CASE(nothing_is_not_compared))

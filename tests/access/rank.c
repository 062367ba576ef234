/* SPDX-License-Identifier: Apache-2.0 */
#include "rank.h"

#include <math.h>
#include <stdlib.h>

static int
compare_values(const void *one, const void *other)
{
	double a = *(const double *)one;
	double b = *(const double *)other;

	return (a > b) - (a < b);
}

static double
median(const double *sorted, size_t count)
{
	return count % 2 == 1 ? sorted[count / 2] : (sorted[count / 2 - 1] + sorted[count / 2]) / 2;
}

/* How many of the sorted values from `at` on are equal to `value`. */
static size_t
count_equal(const double *sorted, size_t count, size_t at, double value)
{
	size_t equal = 0;

	while (at + equal < count && sorted[at + equal] <= value) {
		equal++;
	}
	return equal;
}

int
rank_compare(double *a, size_t a_count, double *b, size_t b_count, struct rank *out)
{
	const double n = (double)a_count + (double)b_count;
	const double pairs = (double)a_count * (double)b_count;
	double rank_sum = 0;
	double ties = 0;
	size_t i = 0;
	size_t k = 0;

	if (a_count == 0 || b_count == 0) {
		return 0;
	}
	qsort(a, a_count, sizeof *a, compare_values);
	qsort(b, b_count, sizeof *b, compare_values);
	while (i < a_count || k < b_count) {
		double value = k == b_count || (i < a_count && a[i] <= b[k]) ? a[i] : b[k];
		size_t of_a = count_equal(a, a_count, i, value);
		size_t of_b = count_equal(b, b_count, k, value);
		double tied = (double)(of_a + of_b);

		rank_sum += (double)of_a * ((double)(i + k) + (tied + 1) / 2);
		ties += tied * tied * tied - tied;
		i += of_a;
		k += of_b;
	}
	out->u = rank_sum - (double)a_count * ((double)a_count + 1) / 2;
	out->z = (out->u - pairs / 2) / sqrt(pairs / 12 * (n + 1 - ties / (n * (n - 1))));
	out->p = erfc(fabs(out->z) / sqrt(2));
	out->median_a = median(a, a_count);
	out->median_b = median(b, b_count);
	return 1;
}

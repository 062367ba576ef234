/* SPDX-License-Identifier: Apache-2.0 */
/* rank: do two samples come from one distribution? The Mann-Whitney U test, two-sided, by its
 * normal approximation with the correction for ties; good from some twenty values each. */
#ifndef SAMBUNG_TESTS_ACCESS_RANK_H
#define SAMBUNG_TESTS_ACCESS_RANK_H

#include <stddef.h>

struct rank {
	double u; /* of the first sample */
	double z;
	double p;
	double median_a;
	double median_b;
};

/* Sorts both. False when out of memory. */
int rank_compare(double *a, size_t a_count, double *b, size_t b_count, struct rank *out);

#endif

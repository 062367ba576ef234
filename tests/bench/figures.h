/* SPDX-License-Identifier: Apache-2.0 */
/*
 * figures: what a benchmark measured in several runs, and how it is told: the median of each
 * figure with its least and greatest, the machine, the commit (SAMBUNG_COMMIT, which run.sh sets)
 * and the command.
 */
#ifndef SAMBUNG_TESTS_BENCH_FIGURES_H
#define SAMBUNG_TESTS_BENCH_FIGURES_H

#include <stdbool.h>
#include <stddef.h>

enum { FIGURES_NAMES_MAX = 48, FIGURES_RUNS_MAX = 64 };

/* Zeroed memory is an empty table. */
struct figures {
	struct {
		const char *name; /* borrowed */
		double runs[FIGURES_RUNS_MAX];
		size_t count;
	} rows[FIGURES_NAMES_MAX];
	size_t row_count;
};

/* The next run's value of that name; rows stand in the order in which names came first. */
void figures_add(struct figures *figures, const char *name, double value);
double figures_median(const struct figures *figures, const char *name);
/* To standard output, as a table or as one JSON object. `words`: the command line. */
void figures_print(const struct figures *figures, const char *benchmark, bool json,
		   char *const *words);

#endif

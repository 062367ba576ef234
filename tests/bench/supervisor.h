/* SPDX-License-Identifier: Apache-2.0 */
/*
 * supervisor: a program at the district's office that exports all visits again and again, as fast
 * as it can read, in a thread of its own beside a load.
 *
 * It looks at what it reads only to find where an export ends and to count its rows, so that the
 * daemon's work is seen and not its own. Where the daemon says that too much is being written, it
 * comes again. An export that is refused otherwise, breaks off or has too few rows ends the program
 * with a sentence.
 */
#ifndef SAMBUNG_TESTS_BENCH_SUPERVISOR_H
#define SAMBUNG_TESTS_BENCH_SUPERVISOR_H

#include <stdint.h>

struct supervisor;

struct supervisor_counts {
	uint64_t rows; /* the heads of tables counted as rows */
	uint64_t bytes;
	uint64_t exports; /* that are whole */
	uint64_t refused; /* answered with 503 */
	double cpu_s;	  /* of its thread */
};

/* Returns a new supervisor once the first rows are there. Each export has at least so many. */
struct supervisor *supervisor_start(uint16_t port, const char *token, uint64_t rows_least);
/* So far; any thread. */
void supervisor_count(const struct supervisor *supervisor, struct supervisor_counts *out);
/* In the middle of an export, which then does not count. Frees it. */
void supervisor_stop(struct supervisor *supervisor);

#endif

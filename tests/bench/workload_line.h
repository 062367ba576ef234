/* SPDX-License-Identifier: Apache-2.0 */
/* workload_line: one line of the generator, read into what workload.h shows. */
#ifndef SAMBUNG_TESTS_BENCH_WORKLOAD_LINE_H
#define SAMBUNG_TESTS_BENCH_WORKLOAD_LINE_H

#include "tests/bench/workload.h"

#include <jansson.h>

/* The UUIDs of a device that have been seen, and what they stand for. */
struct workload_people {
	struct span family_ids[WORKLOAD_FAMILIES];
	struct span member_ids[WORKLOAD_FAMILIES][WORKLOAD_MEMBERS]; /* empty: not seen */
	size_t families;
};

/* False: not a line that the mapping knows in every key, or the arena is exhausted. */
bool workload_read_family(const json_t *line, struct workload_people *people, struct arena *arena,
			  struct workload_device *device);
bool workload_read_visit(const json_t *line, struct workload_people *people, struct arena *arena,
			 struct workload_visit *out);

#endif

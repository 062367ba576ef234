/* SPDX-License-Identifier: Apache-2.0 */
/* options: the command line of the server's benchmarks; each uses what it names. */
#ifndef SAMBUNG_TESTS_BENCH_OPTIONS_H
#define SAMBUNG_TESTS_BENCH_OPTIONS_H

#include <stdbool.h>

struct bench_options {
	double seconds;	      /* --seconds: of each run, at least */
	unsigned connections; /* --connections */
	unsigned runs;	      /* --runs */
	unsigned devices;     /* --devices: in each run; 0: as many as the seconds take */
	unsigned held;	      /* --held: visits in the store before */
	bool json;	      /* --json */
};

/* What is not given stays. Ends the program on anything else. */
void options_read(int count, char **words, struct bench_options *options);

#endif

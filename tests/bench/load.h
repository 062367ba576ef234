/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load: sends prepared parcels to a daemon on loopback from one thread, and remembers what came
 * back.
 *
 * Two ways. *Closed*: so many connections; each sends its next parcel when it has its answer.
 * *Open* (per_second > 0): parcels become due at random moments at that rate, whatever the daemon
 * does. A moment between being due and being sent counts as waiting for the answer.
 *
 * Who is told to come again (503) comes when told; who loses an answer, or whose connection breaks,
 * sends the same bytes again after one to three seconds.
 */
#ifndef SAMBUNG_TESTS_BENCH_LOAD_H
#define SAMBUNG_TESTS_BENCH_LOAD_H

#include "tests/bench/load_request.h"

struct load_options {
	uint16_t port;
	unsigned connections; /* at once; what is due besides waits */
	double per_second;    /* 0: closed */
	double window_s;      /* answers within it are counted */
	bool fresh; /* a connection of its own for each parcel; else they are kept, and none may
		       break */
	unsigned lost_percent; /* of first answers */
};

struct load_result {
	uint64_t requests; /* sent, those sent again included */
	uint64_t refused;  /* 503 */
	uint64_t lost;
	uint64_t broken;   /* connections that ended without an answer */
	uint64_t bytes_up; /* HTTP with its headers */
	uint64_t bytes_down;
	double seconds;	 /* from the first to the last answer */
	double cpu_s;	 /* of this process */
	double stolen_s; /* host_stolen_s */
	double p50_ms;	 /* of answers that were kept */
	double p99_ms;
	double max_ms;
	uint64_t answered_in_window;
};

/* Sends all of them until each has an answer that is kept. */
void load_run(const struct load_options *options, struct load_request *requests, size_t count,
	      struct load_result *out);

#endif

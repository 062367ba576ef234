/* SPDX-License-Identifier: Apache-2.0 */
/*
 * round: a prepared server with devices that are about to sync, and one run of the real daemon on a
 * copy of it.
 *
 * What is slow to make (records, keys, parcels) is made once; every run gets devices that its
 * server has not heard of yet, as each works on its own copy of the prepared folder.
 */
#ifndef SAMBUNG_TESTS_BENCH_ROUND_H
#define SAMBUNG_TESTS_BENCH_ROUND_H

#include "tests/bench/district.h"
#include "tests/bench/figures.h"
#include "tests/bench/load.h"
#include "tests/bench/verdict.h"

enum {
	ROUND_VISITS = 20 /* of a device, on one day */,
	ROUND_AUTHORS_MAX = 2,
	ROUND_TURNS_MAX = 2
};

/* What an author sends in a turn, to be filled in. */
struct round_draft {
	const struct district *district;
	const struct district_village *village;
	const struct workload_device *from;
	const struct district_device *device;
	size_t place; /* of the village */
	unsigned author;
	unsigned turn;
	struct draft *draft;
};

/* Who writes what. Villages are those of the workload's devices. */
struct round_plan {
	unsigned villages;
	unsigned authors; /* devices in each */
	unsigned turns;	  /* parcels of each */
	enum district_extent extent;
	void *context;
	void (*draft)(void *context, const struct round_draft *to);
};

struct round {
	char folder[HOST_PATH_SIZE];
	struct load_request *requests; /* turn after turn; in a turn village after village */
	size_t count;		       /* in a turn */
	unsigned turns;
	uint64_t bytes; /* of the database */
};

/* Ends the program with WORKLOAD_SKIPPED if there is no workload. */
void round_make_plan(const struct round_plan *plan, struct round *out);
/* So many devices, each in a village of its own, each with one parcel of 20 visits. */
void round_make(unsigned devices, enum district_extent extent, struct round *out);
void round_free(struct round *round);

/* The daemon on a copy of the round's folder. */
struct run {
	char folder[HOST_PATH_SIZE];
	struct host_daemon daemon;
	struct host_usage usage;
};
void run_begin(const struct round *round, int core, struct run *out);
/* Ends the daemon; the folder stays for a look at it until run_end. */
void run_stop(struct run *run);
void run_end(struct run *run);

/* The usual figures of a load that wrote so many visits. */
void figures_add_load(struct figures *figures, const struct load_result *load,
		      const struct host_usage *usage, uint64_t visits);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * growth: a server whose villages have years of visits, and the parcels of one more day in them.
 *
 * All villages have the same 40 families and 120 persons, as what people are called is no matter
 * here, and a device that wrote their visits, at most 2,000 each, a parcel after the other through
 * all villages. They go through ingest in parcels, as if they had been sent.
 */
#ifndef SAMBUNG_TESTS_BENCH_GROWTH_H
#define SAMBUNG_TESTS_BENCH_GROWTH_H

#include "tests/bench/district.h"

enum { GROWTH_VISITS_OF_VILLAGE = 2000, GROWTH_VISITS_OF_DAY = 20, GROWTH_EDITED = 5 };

struct growth_village {
	struct district_village records;
	struct district_device author; /* of the visits that are held */
	struct district_device reader; /* pulls what the author changes */
};

struct growth {
	struct district district;
	struct store *reader;
	struct workload *workload;
	const struct workload_device *model; /* whose families and visits all have */
	struct growth_village *villages;
	size_t village_count;
	uint64_t held;	/* visits */
	size_t filled;	/* visits of each village */
	size_t measure; /* how many days were measured */
	size_t apart;	/* villages besides, of growth_first */
};

/* Founds the server in an empty folder and imports the villages, as many as take so many visits,
 * but at least one for each device that is to measure. Ends the program with WORKLOAD_SKIPPED if
 * there is no workload. */
void growth_found(struct growth *growth, const char *folder, uint64_t held, size_t devices);
/* Writes visits until at least so many are held. */
void growth_fill(struct growth *growth, uint64_t held);
/* Lets the daemon have the folder, and takes it back. */
void growth_leave(struct growth *growth);
void growth_return(struct growth *growth);
void growth_free(struct growth *growth);

/* A new device in each of so many villages, spread evenly, with a parcel of one day's visits. */
struct load_request *growth_day(struct growth *growth, size_t count);
/* In each of so many villages the reader has received everything; then GROWTH_EDITED families are
 * changed (or none). Its next request, which has no changes of its own. */
struct load_request *growth_pull(struct growth *growth, size_t count, bool changed);
/* A new village without visits, where each family was changed so many times, and so many new
 * devices in it: their first requests, which bring all families and persons. */
struct load_request *growth_first(struct growth *growth, size_t count, unsigned edits);

#endif

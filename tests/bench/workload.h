/* SPDX-License-Identifier: Apache-2.0 */
/*
 * workload: the data that the benchmarks share, and its one mapping to the shipped schema.
 *
 * A deterministic generator outside the tree (gen.mjs, run with node) writes JSON lines; its folder
 * is named by SAMBUNG_WORKLOAD, else it is ../shared/workload beside the sources. Each device has
 * 40 families, the visits of one day and visits of the months before.
 *
 * Mapping, with nothing left out, rounded or made more regular:
 *
 *   family  no_kk, head, address, rt, rw, decile as they are; village → the record's village;
 *           latrine, water → latrine_unsafe, water_unsafe (the opposite); t4_young, t4_old,
 *           t4_close, t4_many → too_young, too_old, too_close, too_many; id → the record id
 *   visit   id → the record id; family → the family of the person; member → person; date, kind →
 *           date, group; weight_kg, height_cm, muac_mm, hb_gdl, gest_wk → weight (g), height (mm),
 *           muac, hb (0.1 g/dL), gestation, not set where null; c_gizi, c_asi, c_kb, c_sanitasi →
 *           members of the set topics; ref_code → referral_reason, not set where null; lat, lon →
 *           point (1e-5 degrees); note → note, not set where empty
 *
 * Each family has three members; the lines name only those who are visited, so a member's UUID
 * chooses which of the three he is. Families and persons are records that exist before: one import
 * stream made them, device after device, all families of a device and then all its persons.
 */
#ifndef SAMBUNG_TESTS_BENCH_WORKLOAD_H
#define SAMBUNG_TESTS_BENCH_WORKLOAD_H

#include "protocol/arena.h"
#include "protocol/change.h"

enum {
	WORKLOAD_FAMILIES = 40,					       /* of a device */
	WORKLOAD_MEMBERS = 3,					       /* of a family */
	WORKLOAD_RECORDS = WORKLOAD_FAMILIES * (1 + WORKLOAD_MEMBERS), /* that a device knows */
	WORKLOAD_FIELDS_MAX = 13,				       /* of a change */
	WORKLOAD_SKIPPED = 77, /* exit status of a program that finds no generator */

	/* tags of the shipped schema */
	WORKLOAD_FAMILY = 1,
	WORKLOAD_PERSON = 2,
	WORKLOAD_VISIT = 3,
	WORKLOAD_FAMILY_ADDRESS = 3,
	WORKLOAD_FAMILY_DECILE = 9,
};

struct workload_family {
	struct span no_kk;
	struct span head;
	struct span address;
	struct span rt;
	struct span rw;
	int64_t decile;
	bool latrine;
	bool water;
	bool too_young;
	bool too_old;
	bool too_close;
	bool too_many;
};

struct workload_visit {
	size_t family; /* of the device */
	size_t member; /* of the family */
	int64_t day;
	int64_t group; /* code of the choice */
	int64_t weight;
	int64_t height;
	int64_t muac;
	int64_t hb;	   /* 0: not set */
	int64_t gestation; /* 0: not set */
	int64_t topics;	   /* mask; 0: none */
	int64_t latitude;
	int64_t longitude;
	struct span referral_reason; /* empty: not set */
	struct span note;	     /* empty: not set */
	/* When it was recorded. The lines do not say: a number from the visit's place, the same in
	 * each bench. Visits of a day are 6 to 25 minutes apart. */
	int64_t time;
};

struct workload_device {
	size_t index; /* 0, 1, 2, … */
	uint64_t village;
	struct workload_family families[WORKLOAD_FAMILIES];
	struct workload_visit *visits;
	size_t visit_count;
	struct workload_visit *history;
	size_t history_count;
};

struct workload_order {
	unsigned devices;
	unsigned visits;  /* of a device, on one day */
	unsigned history; /* of a device, before */
	const char *file; /* lines written before; NULL: the generator is run */
};

/* Returns a new reader of devices. NOT_FOUND: there is no generator here. */
struct workload;
enum status workload_open(const struct workload_order *order, struct workload **out,
			  struct error *err);
/* The next device, borrowed until the next call; *out NULL behind the last. MALFORMED: a line is
 * not what the mapping knows. */
enum status workload_next(struct workload *workload, const struct workload_device **out,
			  struct error *err);
void workload_close(struct workload *workload);

/* n and record ids in the import stream. */
uint32_t workload_family_n(size_t device, size_t family);
uint32_t workload_person_n(size_t device, size_t family, size_t member);

/*
 * A change that creates: the caller has set who makes it and when (n, record, versions, own, time);
 * these set type, base (none) and fields. `fields` has room for WORKLOAD_FIELDS_MAX; texts borrow
 * from the device.
 */
void workload_family_change(const struct workload_device *device, size_t family,
			    struct change_field *fields, struct change *change);
void workload_person_change(size_t member, uint64_t family_id, struct change_field *fields,
			    struct change *change);
void workload_visit_change(const struct workload_visit *visit, uint64_t person_id,
			   struct change_field *fields, struct change *change);

#endif

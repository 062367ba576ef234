/* SPDX-License-Identifier: Apache-2.0 */
/* oracle_parts: what the files oracle*.c share, and nobody else sees. */
#ifndef SAMBUNG_TESTS_SIMULATION_ORACLE_PARTS_H
#define SAMBUNG_TESTS_SIMULATION_ORACLE_PARTS_H

#include "tests/simulation/oracle.h"

enum { KNOWN_REGIONS_MAX = 8 };

struct known_change {
	uint32_t stream;
	uint32_t n;
	uint64_t record;
	uint32_t kind;
	int64_t time;
	uint64_t hash;
	uint64_t seq;	    /* 0: not in the log now */
	bool merged;	    /* in the log, and not set aside */
	bool of_device;	    /* else made at the server */
	bool lost;	    /* the server was restored to before it, and nobody else had it */
	bool was_set_aside; /* once, perhaps in a log that is no more */
	struct seen seen;
};

/* One field of one change. */
struct known_write {
	size_t change;
	int32_t tag;
	struct value value;
};

/* From this entry on the record hangs on another, or is in a village by itself. */
struct known_stay {
	uint64_t seq;
	uint64_t parent; /* 0: none */
	uint64_t village;
	bool unsure; /* a restored server may have put it elsewhere */
};

struct known_record {
	uint64_t id;
	struct known_write *writes; /* as they came to be known */
	size_t write_count;
	struct known_stay *stays;
	size_t stay_count;
};

/* What an admin gave a device, from this entry on. */
struct known_scope {
	uint32_t device;
	uint64_t seq;
	struct region regions[KNOWN_REGIONS_MAX];
	size_t region_count;
};

struct known_schema {
	uint32_t version;
	uint64_t seq;
};

/* One of the server's histories: the entries up to `cut` are those of its parent. */
struct known_epoch {
	uint32_t number;
	size_t parent; /* place of it in the list; of the first one its own */
	uint64_t cut;
};

struct oracle {
	struct known_change *changes;
	size_t change_count;
	struct known_record *records;
	size_t record_count;
	struct known_scope *scopes; /* as the log has them */
	size_t scope_count;
	struct known_schema *schemas;
	size_t schema_count;
	struct known_epoch *epochs; /* by age */
	size_t epoch_count;
	size_t present; /* place of the one whose log it reads */
	struct arena texts;
	uint64_t head; /* of the log, as observed */
	uint64_t quarantined;
	uint64_t conflicts;
};

/* An array with room for one more than `count`; it grows at every power of two. */
void *oracle_grown(void *array, size_t count, size_t size);

bool seen_has(const struct seen *seen, size_t write);
void seen_add(struct seen *seen, size_t write, struct view view);

/* ---- oracle.c ---- */

/* The record with that id, made if nobody wrote of it yet; valid until the next call. */
struct known_record *oracle_record(struct oracle *oracle, uint64_t id);
/* NULL: nobody wrote of it. */
const struct known_record *oracle_record_find(const struct oracle *oracle, uint64_t id);
/* A change of it is merged. */
bool oracle_record_exists(const struct oracle *oracle, uint64_t id);
/* The change with that number that is not lost; NULL: there is none. */
struct known_change *oracle_change_find(const struct oracle *oracle, uint32_t stream, uint32_t n);
/* Only to tell whether the log has the bytes that were recorded. */
uint64_t oracle_hash(struct span bytes);
/* Takes over `seen`; valid until the next call. */
struct known_change *oracle_change_add(struct oracle *oracle, uint32_t stream,
				       const struct change *change, struct span bytes,
				       struct seen seen);

/* ---- oracle_merge.c ---- */

/* Did both come from one person's installation? */
bool oracle_same_author(const struct oracle *oracle, uint32_t one, uint32_t other);
/* Up to which entry the present log is that of an epoch; 0: it does not come of it. */
uint64_t oracle_epoch_floor(const struct oracle *oracle, size_t epoch);
/* Up to which entry of the present log who saw something on such a screen must count as having
 * seen it. */
uint64_t oracle_floor(const struct oracle *oracle, struct view view);
/* What the record's field shows by the log so far; empty without a member. *unsure_out: a restored
 * server may show another of the members. */
struct value oracle_shown(const struct oracle *oracle, const struct known_record *record,
			  const struct record_type *type, int32_t tag, bool *unsure_out);

/* ---- oracle_place.c ---- */

/* A change of the record was merged as entry seq: where is it now? */
void oracle_place_learn(struct oracle *oracle, const struct change *change,
			const struct record_type *type, uint64_t seq);
/* An entry about a device's scope, from its note. False: it cannot be read. */
bool oracle_scope_learn(struct oracle *oracle, struct span note, uint64_t seq);
/* What must become of a device's change that is the next entry of the log. *unsure_out: it may be
 * out of scope, or not. */
enum quarantine_reason oracle_judge(const struct oracle *oracle, uint32_t device,
				    const struct change *change, const struct record_type *type,
				    bool *unsure_out);

#endif

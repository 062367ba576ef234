/* SPDX-License-Identifier: Apache-2.0 */
/* oracle_parts: what the files oracle*.c share, and nobody else sees. */
#ifndef SAMBUNG_TESTS_SIMULATION_ORACLE_PARTS_H
#define SAMBUNG_TESTS_SIMULATION_ORACLE_PARTS_H

#include "tests/simulation/oracle.h"

struct known_change {
	uint32_t stream;
	uint32_t n;
	uint64_t record;
	uint32_t kind;
	int64_t time;
	uint64_t hash;
	uint64_t seq; /* 0: not in the log yet */
	bool merged;  /* in the log, and not set aside */
	struct seen seen;
};

/* One field of one change. */
struct known_write {
	size_t change;
	int32_t tag;
	struct value value;
};

struct known_record {
	uint64_t id;
	struct known_write *writes; /* as they came to be known */
	size_t write_count;
};

struct oracle {
	struct known_change *changes;
	size_t change_count;
	struct known_record *records;
	size_t record_count;
	struct arena texts;
	uint64_t head; /* of the log, as observed */
	uint64_t quarantined;
	uint64_t conflicts;
};

bool seen_has(const struct seen *seen, size_t write);
/* The record with that id, made if nobody wrote of it yet; valid until the next call. */
struct known_record *oracle_record(struct oracle *oracle, uint64_t id);

#endif

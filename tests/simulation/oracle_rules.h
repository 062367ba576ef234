/* SPDX-License-Identifier: Apache-2.0 */
/* oracle_rules: the rules of docs/merging.md once more (oracle_merge.c), for oracle_check.c, which
 * holds the server to them. */
#ifndef SAMBUNG_TESTS_SIMULATION_ORACLE_RULES_H
#define SAMBUNG_TESTS_SIMULATION_ORACLE_RULES_H

#include "tests/simulation/oracle_parts.h"

enum { EXPECTED_MAX = 512 };

/* A member as it must be. */
struct expected {
	size_t write;
	struct value value; /* of a set: its mask */
	uint64_t rank;
	bool top;
};

struct expected_field {
	int32_t tag;
	enum policy policy;
	struct expected members[EXPECTED_MAX];
	size_t count;
	const struct known_write *imported; /* what an import wrote last */
	bool erased;			    /* by an import: another value of somebody */
};

/* One record on trial. */
struct trial {
	const struct oracle *oracle;
	const struct known_record *known;
	size_t *order; /* its merged writes as the log has them */
	size_t order_count;
	bool loose; /* what a restored server may not take for seen is not seen */
};

/* The members that a field must have, and those that it may have: the same, unless the server was
 * restored. */
struct expectation {
	struct expected_field least;
	struct expected_field most;
};

/* The record's merged writes, in order; freed with trial_finish. */
void trial_begin(struct trial *trial, const struct oracle *oracle,
		 const struct known_record *record);
void trial_finish(struct trial *trial);
const struct known_change *trial_change(const struct trial *trial, size_t write);

/* False: a restored server may have more of it than it must. */
bool trial_expect(struct trial *trial, int32_t tag, const struct record_type *type,
		  struct expectation *out);
void expected_copy(struct expected_field *to, const struct expected_field *from);
bool expected_conflict(const struct expected_field *field);
struct value expected_shown(const struct trial *trial, const struct expected_field *field);
/* An archive that is not empty, and a value of another field, that had not seen each other. */
bool expected_archive_rivals(const struct trial *trial, const struct expected_field *archived,
			     const struct expected_field *other);

#endif

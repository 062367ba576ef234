/* SPDX-License-Identifier: Apache-2.0 */
/* evidence: the rows of the one list of what the database holds (store_sqlite_evidence.c). */
#ifndef SAMBUNG_DAEMON_STORE_EVIDENCE_H
#define SAMBUNG_DAEMON_STORE_EVIDENCE_H

#include "compare.h"

/*
 * compared: the columns that replaying the log gives again, each as it was; the first `keys` of
 * them tell the rows apart, in that order. apart: what daemon/verify looks at in a way of its own.
 * operations: what does not follow from the log, and is no evidence; why, stands beside it.
 */
struct evidence {
	const char *table;
	const char *compared;
	unsigned keys;
	const char *where; /* of the rows that are compared */
	const char *apart;
	const char *operations;
	unsigned record; /* the column, from 1, that says of which record a row is; 0: of none */
	bool entry;	 /* the first column is the seq of an entry that may have been erased */
	bool counts;	 /* its rows are sums */
};

extern const struct evidence evidence[];
extern const size_t evidence_count;

/* Whoever altered a database chose the names in it, and findings go to a terminal and into JSON:
 * what is not plain there becomes a question mark. Cut to fit. */
void finding_plain(struct span text, char *out, size_t size);
/* Fills in `what` and tells. */
void finding_say(const struct finder *finder, struct finding *finding, const char *what);

#endif

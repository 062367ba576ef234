/* SPDX-License-Identifier: Apache-2.0 */
/* check_lineage: which streams go on after a fork, as the log tells it. */
#ifndef SAMBUNG_TESTS_CHECK_LINEAGE_H
#define SAMBUNG_TESTS_CHECK_LINEAGE_H

#include "protocol/merge.h"

/* Zeroed: none. */
struct check_lineages {
	struct lineage *at; /* in order */
	size_t count;
	size_t seen; /* of the table's rows */
};

void check_lineages_free(struct check_lineages *lineages);
/* A note of kind scope: takes its lineage if it names a parent. MALFORMED: it does not decode, or
 * tells of a stream twice. */
enum status check_lineage_note(struct check_lineages *lineages, struct span note,
			       struct error *err);
/* A stream of the table, with parent 0 if it continues none. MALFORMED: the log says otherwise. */
enum status check_lineage_row(struct check_lineages *lineages, struct lineage row,
			      struct error *err);

#endif

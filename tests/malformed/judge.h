/* SPDX-License-Identifier: Apache-2.0 */
/* judge: is this an answer that docs/http-api.md allows? */
#ifndef SAMBUNG_TESTS_MALFORMED_JUDGE_H
#define SAMBUNG_TESTS_MALFORMED_JUDGE_H

#include "protocol/status.h"
#include "wire.h"

/* What may have answered. */
enum answerer {
	ANSWERER_ROUTE,	  /* a route: errors are JSON */
	ANSWERER_PARCEL,  /* /v1/sync or /v1/enrol: errors are one plain line */
	ANSWERER_LIBRARY, /* perhaps the HTTP library, which the request did not get past */
};

/* NULL, or what is wrong with it. No answer at all is not judged here. */
const char *judge_answer(const struct heard *heard, enum answerer answerer);
/* The status that an error names; OK if it is none. */
enum status judge_status(const struct heard *heard);

/* ---- what went wrong, for all parts of the program ---- */

/* What was said last, of which a fault shows the beginning. */
void fault_said(struct span bytes);
/* Prints it, with the answer; after some of them the program ends. */
void fault(const struct heard *heard, const char *what, const char *where);
unsigned faults(void);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* What the cases of the program `parcels` share. */
#ifndef SAMBUNG_TESTS_FAULTS_PARCELS_H
#define SAMBUNG_TESTS_FAULTS_PARCELS_H

#include "forge.h"

extern struct forge *ani;  /* says what is wrong */
extern struct forge *budi; /* another device of the same village */
extern int64_t village;
extern int64_t other_village; /* which neither of them has */
extern unsigned quarantined;  /* changes of ani's so far */

/* Ends the program unless it holds; `where` tells the case. */
void check(bool holds, const char *sentence, const char *where);
void so(const char *sentence);
void add_family(struct forge *forge, int64_t where);
/* The device is none the worse: an honest change goes through. */
void goes_on(const char *where);
/* Posts ani's parcel, which must be answered under seal with this status. */
void sealed_answer(enum status status, const char *sentence, const char *where);

/* ---- changes.c: cases about what stands in a body ---- */

void twisted_changes(void);
void malformed_changes(void);
void change_that_is_not_canonical(void);
void extreme_changes(void);
void parcel_full_of_fields(void);
void rivals_that_fill_memory(void);
void record_that_outgrows_everything(void);
void pulls_all(struct forge *forge);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* altered: a database that real phones have filled, and a copy of it to be altered and verified. */
#ifndef SAMBUNG_TESTS_TWIN_ALTERED_H
#define SAMBUNG_TESTS_TWIN_ALTERED_H

#include "daemon/verify/verify.h"
#include "tests/twin/alter.h"
#include "tests/twin/two_cadres.h"

enum { ALTERED_PATH_SIZE = 256, ALTERED_VISITS = 150 /* twice */ };

/* The database as it came, and the one that is altered. */
struct altered {
	struct two_cadres all;
	char original[ALTERED_PATH_SIZE];
	char path[ALTERED_PATH_SIZE];
	struct checkpoint newest; /* of the original */
	uint64_t random;
};

/* For CASE_WITH; what happened in it is told at `live`. */
int altered_open(void **state);
int altered_close(void **state);
/* A new record of name, value, name, value, …, NULL. */
void altered_create(const struct two_cadres *all, size_t device, const char *type,
		    const char *const *fields, char id_out[16]);
/* What the phones have filled by now is the original from now on. */
void altered_keep(struct altered *altered);
/* The original again. */
void altered_anew(const struct altered *altered);

struct heard {
	uint64_t findings; /* a failure counts as one */
	struct finding first;
};
struct heard altered_look(const struct altered *altered);
/* Alters one value of that column in the original, and says whether it is found; counts in *column.
 * A miss is printed. */
void altered_alter(struct altered *altered, struct altered_column *column);
/* Is one of the findings of that table and row? NULL: of any. */
bool altered_tells(const struct altered *altered, const char *table, const char *row);
struct heard altered_look_with(const struct altered *altered, const struct witness *witnesses,
			       size_t count);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* check_people: users and tokens, as the log tells them and as the tables have them. */
#ifndef SAMBUNG_TESTS_CHECK_CHECK_PEOPLE_H
#define SAMBUNG_TESTS_CHECK_CHECK_PEOPLE_H

#include "protocol/bytes.h"
#include "protocol/commitment.h"

/* One user, or one token. */
struct check_person {
	uint32_t number; /* of the stream */
	bool is_token;
	struct span name;
	uint64_t role;
	uint64_t low; /* 0: everything */
	uint64_t high;
	uint8_t hash[HASH_SIZE]; /* of a token; else zeros */
	uint64_t expires_ms;
	uint64_t ended; /* entry that disabled or withdrew; 0: none */
};

/* Zeroed: nobody. The names in it are its own. */
struct check_people {
	struct check_person *at;
	size_t count;
	size_t seen; /* of the tables' rows */
};

void check_people_free(struct check_people *people);
/* A note of kind admin, of entry `seq`; others than those of users and tokens are passed over.
 * MALFORMED: it does not decode, makes somebody twice, or ends or changes who is not there. */
enum status check_people_note(struct check_people *people, uint64_t seq, struct span note,
			      struct error *err);
/* A row of the table of users or of tokens. MALFORMED: the log says otherwise. */
enum status check_people_row(struct check_people *people, const struct check_person *row,
			     struct error *err);

#endif

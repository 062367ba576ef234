/* SPDX-License-Identifier: Apache-2.0 */
/* sample_record: made-up records as a form would make them, for training the dictionary. */
#ifndef SAMBUNG_TESTS_DICTIONARY_SAMPLE_RECORD_H
#define SAMBUNG_TESTS_DICTIONARY_SAMPLE_RECORD_H

#include "protocol/change.h"
#include "protocol/record.h"

/* Lines of the corpus by what they are. */
enum corpus { CORPUS_NOTES, CORPUS_ADDRESSES, CORPUS_NAMES, CORPUS_REASONS, CORPUS_KINDS };

struct lines {
	struct span *at;
	size_t count;
};

struct maker {
	uint64_t seed;
	const struct schema *schema;
	struct lines corpus[CORPUS_KINDS];
	struct arena arena; /* of the sample that is being made */
	int64_t day;	    /* on which it is made */
};

/* 0 to limit - 1. */
uint64_t maker_number(struct maker *maker, uint64_t limit);
bool maker_chance(struct maker *maker, unsigned percent);

/*
 * The fields of a new record of that type: those that are required, and of the others as many as
 * `percent` says, if the schema shows them. References lead to n below 400 in `stream`. Fields come
 * from the arena.
 */
void sample_fields(struct maker *maker, const struct record_type *type, uint32_t stream,
		   unsigned percent, struct change *change);

#endif

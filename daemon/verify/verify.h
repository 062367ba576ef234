/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verify: did anybody alter the database?
 *
 * Reads a database, live or copied, and writes nothing to it. Every header of the log is made again
 * from its columns; commitments, chains, the tree and every signed checkpoint follow; the log is
 * merged again into a store beside it (ingest/replay) and every table of evidence compared, column
 * by column (store/compare). A tail that was cut off cannot be seen from inside, so the log is also
 * held against checkpoints that were kept elsewhere. docs/ledger.md says what each part shows.
 *
 * The copy is as large as the database; its files have no name while it is made, and end with the
 * program. Memory: 128 bytes a checkpoint, 16 an erased record or entry, and the records of one
 * commit.
 */
#ifndef SAMBUNG_DAEMON_VERIFY_VERIFY_H
#define SAMBUNG_DAEMON_VERIFY_VERIFY_H

#include "daemon/store/compare.h"

/* A checkpoint that was kept outside of the database. */
struct witness {
	const char *name;	      /* of the file, for people */
	struct checkpoint checkpoint; /* its signature has been checked */
};

struct verify_options {
	const char *database;
	const char *scratch;	/* a folder for the copy, with room for it */
	const uint8_t *log_key; /* SIGN_PUBLIC_SIZE bytes */
	const struct witness *witnesses;
	size_t witness_count;
	struct finder finder;
};

struct verified {
	uint64_t entries;
	uint64_t checkpoints;
	uint64_t findings; /* how often the finder was called */
	uint64_t lost;	   /* records that once hung below erased ones: they are not compared */
	uint8_t root[HASH_SIZE];
	struct checkpoint newest; /* of those in the database; size 0: there is none */
};

/* OK: it was looked at, and the findings are told. Another status: it could not be. */
enum status verify_database(const struct verify_options *options, struct verified *out,
			    struct error *err);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* erase: what the files erase*.c share: an erasure while it is gathered. */
#ifndef SAMBUNG_DAEMON_INGEST_ERASE_H
#define SAMBUNG_DAEMON_INGEST_ERASE_H

#include "daemon/ingest/workset.h"

struct erasing {
	struct ingest *ingest;
	const char *reason;
	uint64_t root; /* that was asked for; 0: no single one */
	uint32_t user;
	struct buffer ids;	/* uint64_t, each once; those below a record stand behind it */
	struct buffer sorted;	/* the same, ascending, as of the last erasing_sort */
	struct buffer entries;	/* uint64_t: seq of entries in quarantine, of records that stay */
	struct buffer villages; /* uint64_t: where these records were */
	struct buffer streams;	/* uint32_t: who wrote them */
	uint64_t last_seq;
	size_t devices;
};

size_t erasing_count(const struct erasing *erasing);
uint64_t erasing_id(const struct erasing *erasing, size_t index);
/* Sorts the ids and takes out those that stand twice. */
enum status erasing_sort(struct erasing *erasing, struct error *err);
/* Is it one of them? As of the last erasing_sort. */
bool erasing_has(const struct erasing *erasing, uint64_t id);

/* erase_quarantine.c: adds what waits in quarantine, or was closed there, and is about these
 * records: changes of them, what lacks them, and creations of what would be below them with what
 * hangs on those. Sorts. */
enum status erasing_add_quarantine(struct erasing *erasing, struct error *err);

#endif

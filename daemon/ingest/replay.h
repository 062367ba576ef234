/* SPDX-License-Identifier: Apache-2.0 */
/*
 * replay: a log merged again into a store of its own, by the same code that merged it first.
 *
 *     replay_open → replay_entry … → (replay_commit where the log's own commits ended) … →
 * replay_close
 *
 * Verdicts and what was released are taken from the log, which is signed; everything else follows:
 * records, places, moves, streams, devices, tokens, schemas, epochs, quarantine. Nothing here asks
 * the store that is verified but for schemas, which the log names by their hashes.
 *
 * Erased payloads are not there to be merged. Nor can a record be made again that ever hung below
 * one that was erased: it is *lost*, with what hangs below it, and left out of the comparison.
 */
#ifndef SAMBUNG_DAEMON_INGEST_REPLAY_H
#define SAMBUNG_DAEMON_INGEST_REPLAY_H

#include "daemon/ingest/ingest.h"
#include "daemon/store/compare.h"

struct replay;

struct replay_options {
	struct store *again;  /* empty, a writer (store_scratch); borrowed */
	struct store *source; /* where the schemas are; borrowed, inside a snapshot */
	struct finder finder; /* told where an entry and its payload contradict each other */
	/* Was this record erased at any time? */
	bool (*erased)(void *context, uint64_t record);
	void *context;
};
/* `first` is the log's first entry, which is not replayed yet: it founds the server. MALFORMED: it
 * does not. Returns a new replay. */
enum status replay_open(const struct replay_options *options, const struct log_row *first,
			struct replay **out, struct error *err);
void replay_close(struct replay *replay);

#define REPLAY_UNKNOWN UINT64_MAX
/* The next entry, in order. *village_out: in which its change made a record of one change; 0: it
 * did not (log_run.village); REPLAY_UNKNOWN: it was erased, or is lost. */
enum status replay_entry(struct replay *replay, const struct log_row *row, uint64_t *village_out,
			 struct error *err);
/* What came since the last commit is in the store, and counts for what comes. */
enum status replay_commit(struct replay *replay, struct error *err);
/* At the end of the log: as replay_commit, and the typed tables follow it. */
enum status replay_end(struct replay *replay, struct error *err);
bool replay_lost(const struct replay *replay, uint64_t record);
size_t replay_lost_count(const struct replay *replay);
/* The epoch that the next checkpoint is of. */
uint32_t replay_epoch(const struct replay *replay);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * eraser: a thread that brings erasures to their end.
 *
 * What was erased may still be found in free pages of the database and in its write-ahead log until
 * the whole database has been written anew. That stops all writing for as long as it takes (some
 * minutes for 10 GB), so it waits for an hour of the night or until somebody asks for it, and for
 * readers whose snapshots keep the log. After 48 of the 72 hours that the law gives it warns
 * (eraser_turn.h).
 */
#ifndef SAMBUNG_DAEMON_ERASER_H
#define SAMBUNG_DAEMON_ERASER_H

#include "daemon/eraser_turn.h"
#include "daemon/ingest/ingest.h"

struct eraser;

/* hour: of the local day, or ERASER_ONLY_ASKED. Has a connection of its own. */
enum status eraser_start(const char *database, unsigned hour, const struct platform *platform,
			 struct eraser **out, struct error *err);
/* Finish what is unfinished now, or as soon as readers allow it. Any thread. */
void eraser_wake(struct eraser *eraser);
/* Why the last try came to nothing; OK: it did not, or nobody has tried since eraser_wake. Any
 * thread. */
enum status eraser_failed(struct eraser *eraser);
/* What it is doing is done first. NULL: nothing. */
void eraser_stop(struct eraser *eraser);

#endif

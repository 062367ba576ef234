/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mover: the thread that copies the database's write-ahead log into the database file, so that the
 * writer does not stand still for it (a hundred milliseconds after a busy second).
 *
 * The log begins anew only when all of it has been copied, and the writer adds to it meanwhile. So
 * the mover copies the most, and then the writer the little that came since (store_checkpoint).
 */
#ifndef SAMBUNG_DAEMON_INGEST_MOVER_H
#define SAMBUNG_DAEMON_INGEST_MOVER_H

#include "protocol/status.h"

#include <stdbool.h>

struct mover;

/* Starts the thread with a connection of its own. */
enum status mover_start(const char *database, struct mover **out, struct error *err);
/* The log has grown: begins to copy, unless it is at it. */
void mover_wake(struct mover *mover);
/* True once after each copying: it is for the writer to copy the rest now. */
bool mover_has_copied(struct mover *mover);
void mover_stop(struct mover *mover);

#endif

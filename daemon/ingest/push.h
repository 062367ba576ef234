/* SPDX-License-Identifier: Apache-2.0 */
/* push: new changes of a device into the log, for those that a request brings (push.c) and those
 * that an admin adopts from a file (adopt.c). */
#ifndef SAMBUNG_DAEMON_INGEST_PUSH_H
#define SAMBUNG_DAEMON_INGEST_PUSH_H

#include "daemon/ingest/workset.h"

/* Logs the parcel's changes from `from` on as the next of its device's stream: each judged, then
 * merged or set aside. Its head says the first n, and the chain after the last change. The rest of
 * it is left, as the stream's acked_n tells, when the transaction becomes crowded, unless the
 * changes shall go in as a `whole`. */
enum status push_new(struct ingest *ingest, struct parcel *parcel, size_t from,
		     struct stream_slot *slot, bool whole, struct error *err);
/* The chain goes on over the parcel's changes from `from` up to `end`. */
void parcel_chain(const struct parcel *parcel, size_t from, size_t end, uint8_t chain[HASH_SIZE]);

#endif

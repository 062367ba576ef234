/* SPDX-License-Identifier: Apache-2.0 */
/*
 * family: the numbers that an installation and its copies went on under after forks, all that
 * descend from the same first one (docs/protocol.md, "Fork").
 *
 * All of it runs inside a transaction. A device that has never forked is a family of one; nobody
 * asks for its family while it syncs.
 */
#ifndef SAMBUNG_DAEMON_INGEST_FAMILY_H
#define SAMBUNG_DAEMON_INGEST_FAMILY_H

#include "daemon/ingest/workset.h"

struct family {
	struct device *devices; /* by number; in the working set */
	size_t count;
};
enum status family_load(struct ingest *ingest, uint32_t number, struct family *out,
			struct error *err);
/* NULL: that number is not of it. */
struct device *family_member(const struct family *family, uint32_t number);
/* The one that continues `parent` after its change n; NULL: none. */
struct device *family_heir(const struct family *family, uint32_t parent, uint32_t n);
/* Gives all of it this state that are not revoked, `spared` (0: nobody) apart. Numbers without a
 * key (adopt.c) stay former: no phone has them. */
enum status family_become(struct ingest *ingest, struct family *family, enum device_state state,
			  uint32_t spared, struct error *err);

/* A former number has spoken: two copies are in use. All of its family is held, and the parcel's
 * device with it. */
enum status family_hold(struct ingest *ingest, struct parcel *parcel, struct error *err);
/* The device says that what it held is destroyed, as one does that was told that it is revoked: it
 * goes into the log, once. A restored server, which may have forgotten that, revokes it again. */
enum status family_destroyed(struct ingest *ingest, struct parcel *parcel, struct error *err);
/* A device that a restored server took in again becomes what its family is: revoked, held, or
 * former if it was continued, and then those that it continues are, too. Else all others become
 * former, as when its number was given. */
enum status family_rejoin(struct ingest *ingest, const struct device *device, struct error *err);

/* The same without the entries of a revocation: *revoked_out tells that its family was revoked, and
 * then nothing is done. */
enum status family_take_in(struct ingest *ingest, const struct device *device, bool *revoked_out,
			   struct error *err);

/* A phone has come for a number that had no key: stream and chain are as if it had had this one
 * from the start. */
enum status family_claim(struct ingest *ingest, struct device *device, const uint8_t key[32],
			 struct error *err);
/* Exactly these changes, LOGGED_RUN at most, of a stream whose log has them and is flushed. */
enum { LOGGED_RUN = 1000 };
enum status family_logged(struct ingest *ingest, const struct change_run *run,
			  struct logged_change *out, struct error *err);
/* The chain of a stream with this key after its first n changes, of which the log has all. */
struct chain_place {
	uint32_t stream;
	uint32_t n;
	const uint8_t *key;
};
enum status family_chain(struct ingest *ingest, const struct chain_place *place,
			 uint8_t chain_out[HASH_SIZE], struct error *err);

/* From now on merges follow the stream to its parent, if it has one. */
enum status family_remember(struct ingest *ingest, const struct stream *stream, struct error *err);
/* What was remembered in this transaction goes again. */
void family_forget(struct ingest *ingest);

#endif

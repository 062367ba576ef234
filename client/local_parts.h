/* SPDX-License-Identifier: Apache-2.0 */
/* local_parts: what the files client/local*.c share, and nobody else sees. */
#ifndef SAMBUNG_CLIENT_LOCAL_PARTS_H
#define SAMBUNG_CLIENT_LOCAL_PARTS_H

#include "client/local.h"
#include "protocol/sql/sql.h"

struct local {
	struct sql *sql;
	struct buffer sealed; /* what a statement binds; valid until the next seal or unseal */
	struct seal_keys keys;
	struct seal_keys record_keys; /* of records and streams */
	bool keyed;		      /* by local_key_set, */
	bool record_keyed;	      /* by local_record_key_set */
	int64_t rows_begun;	      /* sql_changes_all when the transaction began */
	bool hasty;		      /* commits are not durable at once */
};

/*
 * Every body passes through these two. The first byte says how it is sealed: 1: as seal.h says; 2:
 * the same, with the record key, though it is no record (SEAL_KEPT, which the reader leaves away);
 * 0: not at all, which is what a database without a key writes (one before enrolment has no body,
 * one whose data was destroyed no person), and no database with one reads. The result borrows
 * local->sealed.
 */
enum status local_seal(struct local *local, struct seal_place place, struct span plain,
		       struct span *sealed_out, struct error *err);
/* Copies the plain bytes into the arena. PIN_NEEDED: they are sealed, and there is no key;
 * LEASE_OVER, for both: that of records is not there.
 * STORAGE if it is no body, not of this place or not of this key. */
enum status local_unseal(struct local *local, struct seal_place place, struct span sealed,
			 struct arena *arena, struct span *plain_out, struct error *err);
/* Plain bytes of exactly `length`, without an arena. */
enum status local_unseal_exact(struct local *local, struct seal_place place, struct span sealed,
			       void *out, size_t length, struct error *err);

#endif

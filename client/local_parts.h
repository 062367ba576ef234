/* SPDX-License-Identifier: Apache-2.0 */
/* local_parts: what the files client/local*.c share, and nobody else sees. */
#ifndef SAMBUNG_CLIENT_LOCAL_PARTS_H
#define SAMBUNG_CLIENT_LOCAL_PARTS_H

#include "client/local.h"
#include "protocol/sql/sql.h"

struct local {
	struct sql *sql;
	struct buffer sealed; /* what a statement binds; valid until the next local_seal */
	int64_t rows_begun;   /* sql_changes_all when the transaction began */
	bool hasty;	      /* commits are not durable at once */
};

/*
 * Every body passes through these two. The first byte says how it is sealed; 0: not at all, until
 * the device has a data key. The result borrows local->sealed.
 */
enum status local_seal(struct local *local, struct span plain, struct span *sealed_out,
		       struct error *err);
/* Copies the plain bytes into the arena. STORAGE if the body is not one. */
enum status local_unseal(struct span sealed, struct arena *arena, struct span *plain_out,
			 struct error *err);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ledger: the tree over the log, kept in memory as a frontier, and the signed checkpoints.
 *
 * Every 256 leaves the root of that complete subtree is stored, so a start reads one row per 256
 * entries and the headers of the last few; the root at any earlier size is as cheap.
 */
#ifndef SAMBUNG_DAEMON_LEDGER_LEDGER_H
#define SAMBUNG_DAEMON_LEDGER_LEDGER_H

#include "daemon/store/store.h"

struct ledger {
	struct frontier frontier; /* over all committed entries */
	uint8_t origin[ORIGIN_SIZE];
	uint32_t epoch;
	uint8_t log_secret[SIGN_SECRET_SIZE];
};

/* Rebuilds the frontier from the store; MALFORMED if the log and the stored subtree roots end
 * apart. STORAGE: the log is not that of its newest checkpoint. */
enum status ledger_load(struct ledger *ledger, struct store *store, struct error *err);
/* Appends the entries' leaves to `frontier` (a copy of the ledger's while a transaction is open)
 * and stores the subtree roots that they complete. */
enum status ledger_append(struct frontier *frontier, struct store *store,
			  const struct log_row *rows, size_t count, struct error *err);
/* A signed checkpoint of that frontier, stored. */
enum status ledger_checkpoint(const struct ledger *ledger, const struct frontier *frontier,
			      struct store *store, struct checkpoint *out, struct error *err);
/* The root when the log had `size` entries, from the store. */
enum status ledger_root_at(struct store *store, uint64_t size, uint8_t root_out[HASH_SIZE],
			   struct error *err);

#endif

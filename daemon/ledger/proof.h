/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ledger/proof: proofs out of the log, for whoever asks for them.
 *
 * A prover holds the roots of the complete subtrees of 256 leaves (64 bytes of memory for each) and
 * the leaves of the two such subtrees that were asked for last. So the first proof reads one row of
 * the tree per 256 entries and the headers of at most two subtrees, 512; the next one of an entry
 * nearby reads nothing. Inside a snapshot.
 */
#ifndef SAMBUNG_DAEMON_LEDGER_PROOF_H
#define SAMBUNG_DAEMON_LEDGER_PROOF_H

#include "daemon/store/store.h"
#include "protocol/proof.h"

struct prover;

/* For the log as it was with its first `size` entries, 0: as it is. Returns a new prover; borrows
 * the store. INVALID: the log is shorter. MALFORMED: the tree lacks a subtree. */
enum status prover_open(struct store *store, uint64_t size, struct prover **out, struct error *err);
void prover_close(struct prover *prover);
uint64_t prover_size(const struct prover *prover);

enum status prover_root(struct prover *prover, uint8_t root_out[HASH_SIZE], struct error *err);
/* INVALID: no such entry. */
enum status prover_inclusion(struct prover *prover, uint64_t seq, struct proof *out,
			     struct error *err);
/* From the log's first `from` entries to those of the prover. INVALID. */
enum status prover_consistency(struct prover *prover, uint64_t from, struct proof *out,
			       struct error *err);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* The log against what the server signed, in the database and elsewhere. */
#include "daemon/ledger/proof.h"
#include "daemon/verify/verify_parts.h"

#include <string.h>

static const struct kept_checkpoint *
checkpoint_next(const struct verifying *verifying)
{
	const struct kept_checkpoint *all = (const void *)verifying->checkpoints.at;

	return verifying->checkpoint_at < verifying->checkpoints.length / sizeof *all
		       ? &all[verifying->checkpoint_at]
		       : NULL;
}

bool
verify_is_boundary(const struct verifying *verifying)
{
	const struct kept_checkpoint *next = checkpoint_next(verifying);

	return next != NULL && next->checkpoint.size == verifying->frontier.size;
}

bool
verify_was_signed(const struct verifying *verifying)
{
	const struct kept_checkpoint *all = (const void *)verifying->checkpoints.at;

	return verifying->checkpoint_at > 0 &&
	       all[verifying->checkpoint_at - 1].checkpoint.size == verifying->frontier.size;
}

static void
check_root(struct verifying *verifying, const struct kept_checkpoint *kept)
{
	const struct checkpoint *checkpoint = &kept->checkpoint;
	const struct finder *finder = &verifying->finder;
	uint8_t root[HASH_SIZE];

	frontier_root(&verifying->frontier, root);
	if (kept->whole && memcmp(root, checkpoint->root, HASH_SIZE) != 0) {
		finding_tell(finder, "checkpoint", "root", kept->place,
			     "the log up to entry %llu is not what was signed",
			     (unsigned long long)checkpoint->size);
	}
	if (checkpoint->epoch != replay_epoch(verifying->replay)) {
		finding_tell(finder, "checkpoint", "epoch", kept->place,
			     "is not that of the log there");
	}
}

/* What a checkpoint shows by itself. */
static void
check_signature(struct verifying *verifying, const struct kept_checkpoint *kept)
{
	const struct finder *finder = &verifying->finder;

	if (kept->place != verifying->checkpoint_at + 1) {
		finding_tell(finder, "checkpoint", "place", kept->place,
			     "the one before it is missing");
	}
	if (!kept->whole) {
		finding_tell(finder, "checkpoint", "root", kept->place,
			     "root, origin or signature has another size");
	} else if (!checkpoint_verify(&kept->checkpoint, verifying->options->log_key)) {
		finding_tell(finder, "checkpoint", "signature", kept->place,
			     "this server's key did not sign it");
	}
}

void
verify_signed(struct verifying *verifying)
{
	const struct kept_checkpoint *kept = checkpoint_next(verifying);

	while (kept != NULL && kept->checkpoint.size <= verifying->frontier.size) {
		check_signature(verifying, kept);
		if (kept->checkpoint.size < verifying->frontier.size) {
			finding_tell(&verifying->finder, "checkpoint", "size", kept->place,
				     "it is not in order");
		} else {
			check_root(verifying, kept);
		}
		verifying->checkpoint_at++;
		kept = checkpoint_next(verifying);
	}
}

/* ---- the log's end ---- */

static void
check_end(struct verifying *verifying)
{
	const struct kept_checkpoint *all = (const void *)verifying->checkpoints.at;
	size_t count = verifying->checkpoints.length / sizeof *all;

	for (; verifying->checkpoint_at < count; verifying->checkpoint_at++) {
		const struct kept_checkpoint *kept = &all[verifying->checkpoint_at];

		check_signature(verifying, kept);
		finding_tell(&verifying->finder, "checkpoint", "size", kept->place,
			     "it is of %llu entries, but the log has %llu",
			     (unsigned long long)kept->checkpoint.size,
			     (unsigned long long)verifying->frontier.size);
	}
	if (count == 0 || all[count - 1].checkpoint.size < verifying->frontier.size) {
		finding_tell(&verifying->finder, "checkpoint", "size", verifying->frontier.size,
			     "the log's end is not signed");
	}
}

/* A checkpoint kept elsewhere says what the log must begin with. */
struct elsewhere {
	struct verifying *verifying;
	const struct witness *witness;
};

static void
tell_elsewhere(const struct elsewhere *elsewhere, const char *what, uint64_t number)
{
	struct finding finding = {.table = "log", .column = "seq"};

	(void)snprintf(finding.row, sizeof finding.row, "%llu",
		       (unsigned long long)elsewhere->witness->checkpoint.size);
	(void)snprintf(finding.what, sizeof finding.what, "%s: %s %llu", elsewhere->witness->name,
		       what, (unsigned long long)number);
	elsewhere->verifying->finder.found(elsewhere->verifying->finder.context, &finding);
}

/* How much of the log of that epoch is still in this one; UINT64_MAX: all of it. False: no such
 * epoch. */
static bool
epoch_reach(struct verifying *verifying, uint32_t wanted, uint64_t *out)
{
	struct arena arena;
	struct epoch *epochs = NULL;
	size_t count = 0;
	bool found = false;

	arena_init(&arena, SIZE_MAX);
	if (store_epochs(verifying->again, &arena, &epochs, &count, NULL) != STATUS_OK) {
		count = 0;
	}
	*out = UINT64_MAX;
	for (size_t i = 0; i < count; i++) {
		if (found && epochs[i].cut < *out) {
			*out = epochs[i].cut;
		}
		found = found || epochs[i].epoch == wanted;
	}
	arena_finish(&arena);
	return found;
}

/* The copy has the same headers, and a tree that was made anew. */
static bool
root_at(const struct verifying *verifying, uint64_t size, uint8_t root_out[HASH_SIZE])
{
	struct prover *prover = NULL;
	bool read = size > 0 && prover_open(verifying->again, size, &prover, NULL) == STATUS_OK &&
		    prover_root(prover, root_out, NULL) == STATUS_OK;

	prover_close(prover);
	return read;
}

static void
check_elsewhere(const struct elsewhere *elsewhere)
{
	struct verifying *verifying = elsewhere->verifying;
	const struct checkpoint *checkpoint = &elsewhere->witness->checkpoint;
	uint8_t root[HASH_SIZE];
	uint64_t reach = 0;

	if (!epoch_reach(verifying, checkpoint->epoch, &reach)) {
		tell_elsewhere(elsewhere, "the log knows no epoch", checkpoint->epoch);
	} else if (checkpoint->size > reach && checkpoint->size <= verifying->frontier.size &&
		   root_at(verifying, checkpoint->size, root) &&
		   memcmp(root, checkpoint->root, HASH_SIZE) == 0) {
		/* The cut is a bound: the log may have more in common with that epoch's. */
		return;
	} else if (checkpoint->size > reach) {
		tell_elsewhere(elsewhere, "a restore cut the log it is of at entry", reach);
	} else if (checkpoint->size > verifying->frontier.size) {
		tell_elsewhere(elsewhere, "what came after this is missing: entry",
			       verifying->frontier.size);
	} else if (!root_at(verifying, checkpoint->size, root)) {
		tell_elsewhere(elsewhere, "the log cannot be read up to entry", checkpoint->size);
	} else if (memcmp(root, checkpoint->root, HASH_SIZE) != 0) {
		tell_elsewhere(elsewhere, "the log is another one up to entry", checkpoint->size);
	}
}

/* The settings name the origin that every checkpoint has. */
static void
check_origin(struct verifying *verifying)
{
	const struct kept_checkpoint *all = (const void *)verifying->checkpoints.at;
	struct arena arena;
	struct span origin = {0};

	arena_init(&arena, SIZE_MAX);
	if (verifying->checkpoints.length > 0 &&
	    (store_setting(verifying->store, "origin", &arena, &origin, NULL) != STATUS_OK ||
	     !span_equal(origin, span_of(all[0].checkpoint.origin, ORIGIN_SIZE)))) {
		finding_tell(&verifying->finder, "setting", "value", 0,
			     "the server's origin is not that of its checkpoints");
	}
	for (size_t i = 1; i < verifying->checkpoints.length / sizeof *all; i++) {
		if (memcmp(all[i].checkpoint.origin, all[0].checkpoint.origin, ORIGIN_SIZE) != 0) {
			finding_tell(&verifying->finder, "checkpoint", "origin", all[i].place,
				     "is not that of the first");
		}
	}
	arena_finish(&arena);
}

void
verify_tail(struct verifying *verifying)
{
	check_origin(verifying);
	check_end(verifying);
	for (size_t i = 0; i < verifying->options->witness_count; i++) {
		const struct elsewhere elsewhere = {verifying, &verifying->options->witnesses[i]};

		check_elsewhere(&elsewhere);
	}
}

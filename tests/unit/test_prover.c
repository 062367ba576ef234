/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/ledger/ledger.h"
#include "daemon/ledger/proof.h"
#include "store_world.h"

enum { ENTRIES = 1300 };

/* A log of so many entries, its tree, and the root at every size. */
static uint8_t roots[ENTRIES + 1][HASH_SIZE];
static uint8_t leaves[ENTRIES][HASH_SIZE];

static int
open_log(void **state)
{
	struct world *w;
	struct frontier frontier;

	(void)world_open(state);
	w = *state;
	frontier_init(&frontier);
	assert_ok(store_begin(w->writer, &w->err));
	for (uint32_t i = 0; i < ENTRIES; i++) {
		const struct log_row row = log_row_make(i + 1, 5, i + 1, id_make(5, i + 1));

		assert_ok(store_log_append(w->writer, &row, 1, &w->err));
		assert_ok(ledger_append(&frontier, w->writer, &row, 1, &w->err));
		entry_leaf(&row.entry, leaves[i]);
		frontier_root(&frontier, roots[i + 1]);
	}
	assert_ok(store_log_advance(w->writer, ENTRIES, 3, &w->err));
	assert_ok(store_commit(w->writer, &w->err));
	return 0;
}

static struct prover *
prover_at(struct world *w, uint64_t size)
{
	struct prover *prover = NULL;

	assert_ok(prover_open(w->reader, size, &prover, &w->err));
	return prover;
}

TEST(the_root_at_any_size_is_that_of_the_log)
{
	struct world *w = *state;

	for (uint64_t size = 1; size <= ENTRIES; size += 17) {
		struct prover *prover = prover_at(w, size);
		uint8_t root[HASH_SIZE];

		assert_ok(prover_root(prover, root, &w->err));
		assert_memory_equal(root, roots[size], HASH_SIZE);
		prover_close(prover);
	}
}

TEST(every_entry_is_proved_to_be_in_the_log)
{
	struct world *w = *state;
	struct prover *prover = prover_at(w, 0);

	assert_int_equal(prover_size(prover), ENTRIES);
	for (uint64_t seq = 1; seq <= ENTRIES; seq++) {
		struct proof proof;

		assert_ok(prover_inclusion(prover, seq, &proof, &w->err));
		assert_true(proof_inclusion_holds(&proof, leaves[seq - 1], seq - 1, ENTRIES,
						  roots[ENTRIES]));
	}
	prover_close(prover);
}

TEST(an_entry_is_proved_to_be_in_the_log_as_it_was)
{
	struct world *w = *state;

	for (uint64_t size = 1; size <= ENTRIES; size += 83) {
		struct prover *prover = prover_at(w, size);
		struct proof proof;

		assert_ok(prover_inclusion(prover, size / 2 + 1, &proof, &w->err));
		assert_true(proof_inclusion_holds(&proof, leaves[size / 2], size / 2, size,
						  roots[size]));
		assert_int_equal(prover_inclusion(prover, size + 1, &proof, &w->err),
				 STATUS_INVALID);
		prover_close(prover);
	}
}

TEST(the_log_is_proved_to_go_on_from_any_size)
{
	struct world *w = *state;
	struct prover *prover = prover_at(w, 0);

	for (uint64_t from = 1; from <= ENTRIES; from += 3) {
		struct proof proof;

		assert_ok(prover_consistency(prover, from, &proof, &w->err));
		assert_true(proof_consistency_holds(&proof, (struct proof_tree){from, roots[from]},
						    (struct proof_tree){ENTRIES, roots[ENTRIES]}));
	}
	prover_close(prover);
}

TEST(what_the_log_does_not_have_is_not_proved)
{
	struct world *w = *state;
	struct prover *prover = NULL;
	struct proof proof;

	assert_int_equal(prover_open(w->reader, ENTRIES + 1, &prover, &w->err), STATUS_INVALID);
	prover = prover_at(w, 0);
	assert_int_equal(prover_inclusion(prover, 0, &proof, &w->err), STATUS_INVALID);
	assert_int_equal(prover_consistency(prover, 0, &proof, &w->err), STATUS_INVALID);
	assert_int_equal(prover_consistency(prover, ENTRIES + 1, &proof, &w->err), STATUS_INVALID);
	prover_close(prover);
}

#define WITH(test) CASE_WITH(test, open_log, world_close)

RUN_TESTS(WITH(the_root_at_any_size_is_that_of_the_log),
	  WITH(every_entry_is_proved_to_be_in_the_log),
	  WITH(an_entry_is_proved_to_be_in_the_log_as_it_was),
	  WITH(the_log_is_proved_to_go_on_from_any_size),
	  WITH(what_the_log_does_not_have_is_not_proved))

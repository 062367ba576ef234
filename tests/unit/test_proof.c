/* SPDX-License-Identifier: Apache-2.0 */
/* Against the recursive definitions of RFC 9162 section 2.1, written down once more. */
#include "protocol/proof.h"
#include "tests/testing.h"

enum { SIZE_MAX_TRIED = 70, SIZE_MAX_FEW = 22 };

static uint8_t leaves[SIZE_MAX_TRIED][HASH_SIZE];

static void
leaves_make(void)
{
	for (uint8_t i = 0; i < SIZE_MAX_TRIED; i++) {
		tree_leaf(span_of(&i, 1), leaves[i]);
	}
}

static size_t
split(size_t count)
{
	size_t left = 1;

	while (left * 2 < count) {
		left *= 2;
	}
	return left;
}

static void
naive_root(size_t begin, size_t count, uint8_t out[HASH_SIZE])
{
	uint8_t right[HASH_SIZE];
	size_t left = split(count);

	if (count == 1) {
		memcpy(out, leaves[begin], HASH_SIZE);
		return;
	}
	naive_root(begin + left, count - left, right);
	naive_root(begin, left, out);
	tree_node(out, right, out);
}

static void
naive_path(size_t leaf, size_t begin, size_t count, struct proof *proof)
{
	size_t left = split(count);

	if (count == 1) {
		return;
	}
	if (leaf < left) {
		naive_path(leaf, begin, left, proof);
		naive_root(begin + left, count - left, proof->hashes[proof->count++]);
	} else {
		naive_path(leaf - left, begin + left, count - left, proof);
		naive_root(begin, left, proof->hashes[proof->count++]);
	}
}

static void
naive_subproof(size_t from, size_t begin, size_t count, bool whole, struct proof *proof)
{
	size_t left = split(count);

	if (from == count) {
		if (!whole) {
			naive_root(begin, count, proof->hashes[proof->count++]);
		}
		return;
	}
	if (from <= left) {
		naive_subproof(from, begin, left, whole, proof);
		naive_root(begin + left, count - left, proof->hashes[proof->count++]);
	} else {
		naive_subproof(from - left, begin + left, count - left, false, proof);
		naive_root(begin, left, proof->hashes[proof->count++]);
	}
}

static enum status
subtree(void *context, unsigned level, uint64_t index, uint8_t root_out[HASH_SIZE],
	struct error *err)
{
	(void)context;
	(void)err;
	naive_root((size_t)index << level, (size_t)1 << level, root_out);
	return STATUS_OK;
}

static const struct proof_source source = {subtree, NULL};

static void
assert_same(const struct proof *proof, const struct proof *wanted)
{
	assert_int_equal(proof->count, wanted->count);
	assert_memory_equal(proof->hashes, wanted->hashes, wanted->count * HASH_SIZE);
}

TEST(a_proof_of_inclusion_is_the_path_of_rfc_9162_and_holds)
{
	const size_t most = testing_count(SIZE_MAX_TRIED, SIZE_MAX_FEW);

	leaves_make();
	for (size_t size = 1; size <= most; size++) {
		uint8_t root[HASH_SIZE];

		naive_root(0, size, root);
		for (size_t leaf = 0; leaf < size; leaf++) {
			struct proof wanted = {.count = 0};
			struct proof proof;

			naive_path(leaf, 0, size, &wanted);
			assert_ok(proof_inclusion(&source, leaf, size, &proof, NULL));
			assert_same(&proof, &wanted);
			assert_true(proof_inclusion_holds(&proof, leaves[leaf], leaf, size, root));
		}
	}
}

TEST(a_proof_of_consistency_is_that_of_rfc_9162_and_holds)
{
	const size_t most = testing_count(SIZE_MAX_TRIED, SIZE_MAX_FEW);

	leaves_make();
	for (size_t to = 1; to <= most; to++) {
		uint8_t newer[HASH_SIZE];

		naive_root(0, to, newer);
		for (size_t from = 1; from <= to; from++) {
			uint8_t older[HASH_SIZE];
			struct proof wanted = {.count = 0};
			struct proof proof;

			naive_root(0, from, older);
			naive_subproof(from, 0, to, true, &wanted);
			assert_ok(proof_consistency(&source, from, to, &proof, NULL));
			assert_same(&proof, &wanted);
			assert_true(proof_consistency_holds(&proof,
							    (struct proof_tree){from, older},
							    (struct proof_tree){to, newer}));
		}
	}
}

/* Flips each byte of `at` in turn; `holds` must be false each time. */
#define EVERY_BYTE_REFUSED(at, length, holds)                                                      \
	for (size_t byte_ = 0; byte_ < (length); byte_++) {                                        \
		((uint8_t *)(at))[byte_] ^= 0x10;                                                  \
		assert_false(holds);                                                               \
		((uint8_t *)(at))[byte_] ^= 0x10;                                                  \
	}

TEST(every_byte_of_a_proof_of_inclusion_counts)
{
	const size_t most = testing_count(SIZE_MAX_TRIED, SIZE_MAX_FEW);

	leaves_make();
	for (size_t size = 1; size <= most; size += 7) {
		uint8_t root[HASH_SIZE];

		naive_root(0, size, root);
		for (size_t leaf = 0; leaf < size; leaf++) {
			struct proof proof;

			assert_ok(proof_inclusion(&source, leaf, size, &proof, NULL));
			EVERY_BYTE_REFUSED(
				proof.hashes, proof.count * HASH_SIZE,
				proof_inclusion_holds(&proof, leaves[leaf], leaf, size, root));
			EVERY_BYTE_REFUSED(
				root, HASH_SIZE,
				proof_inclusion_holds(&proof, leaves[leaf], leaf, size, root));
			EVERY_BYTE_REFUSED(
				leaves[leaf], HASH_SIZE,
				proof_inclusion_holds(&proof, leaves[leaf], leaf, size, root));
		}
	}
}

TEST(a_proof_of_inclusion_is_of_one_leaf_of_one_size)
{
	struct proof proof;
	uint8_t root[HASH_SIZE];

	leaves_make();
	naive_root(0, 43, root);
	assert_ok(proof_inclusion(&source, 42, 43, &proof, NULL));
	for (uint64_t index = 0; index < 60; index++) {
		assert_int_equal(proof_inclusion_holds(&proof, leaves[42], index, 43, root),
				 index == 42);
	}
	proof.count--;
	assert_false(proof_inclusion_holds(&proof, leaves[42], 42, 43, root));
	proof.count += 2;
	memset(proof.hashes[proof.count - 1], 0, HASH_SIZE);
	assert_false(proof_inclusion_holds(&proof, leaves[42], 42, 43, root));
	proof.count = PROOF_HASHES_MAX + 1;
	assert_false(proof_inclusion_holds(&proof, leaves[42], 42, 43, root));
	assert_false(proof_inclusion_holds(&proof, leaves[42], 0, 0, root));
}

TEST(every_byte_of_a_proof_of_consistency_counts)
{
	const size_t most = testing_count(SIZE_MAX_TRIED, SIZE_MAX_FEW);

	leaves_make();
	for (size_t from = 1; from < most; from++) {
		uint8_t older[HASH_SIZE];
		uint8_t newer[HASH_SIZE];
		const struct proof_tree trees[] = {{from, older}, {most, newer}};
		struct proof proof;

		naive_root(0, from, older);
		naive_root(0, most, newer);
		assert_ok(proof_consistency(&source, from, most, &proof, NULL));
		EVERY_BYTE_REFUSED(proof.hashes, proof.count * HASH_SIZE,
				   proof_consistency_holds(&proof, trees[0], trees[1]));
		EVERY_BYTE_REFUSED(older, HASH_SIZE,
				   proof_consistency_holds(&proof, trees[0], trees[1]));
		EVERY_BYTE_REFUSED(newer, HASH_SIZE,
				   proof_consistency_holds(&proof, trees[0], trees[1]));
	}
}

TEST(a_proof_of_consistency_is_of_two_sizes)
{
	uint8_t older[HASH_SIZE];
	uint8_t newer[HASH_SIZE];
	struct proof proof;

	leaves_make();
	naive_root(0, 21, older);
	naive_root(0, 43, newer);
	assert_ok(proof_consistency(&source, 21, 43, &proof, NULL));
	for (uint64_t from = 0; from < 50; from++) {
		assert_int_equal(proof_consistency_holds(&proof, (struct proof_tree){from, older},
							 (struct proof_tree){43, newer}),
				 from == 21);
	}
	proof.count--;
	assert_false(proof_consistency_holds(&proof, (struct proof_tree){21, older},
					     (struct proof_tree){43, newer}));
	proof.count += 2;
	assert_false(proof_consistency_holds(&proof, (struct proof_tree){21, older},
					     (struct proof_tree){43, newer}));
	proof.count = 0;
	assert_false(proof_consistency_holds(&proof, (struct proof_tree){21, older},
					     (struct proof_tree){43, newer}));
	proof.count = PROOF_HASHES_MAX + 1;
	assert_false(proof_consistency_holds(&proof, (struct proof_tree){21, older},
					     (struct proof_tree){43, newer}));
}

TEST(hashes_are_read_one_after_the_other)
{
	uint8_t bytes[(PROOF_HASHES_MAX + 1) * HASH_SIZE] = {7, [HASH_SIZE] = 8};
	struct proof proof = {.count = 1};

	assert_true(proof_read(span_of(bytes, 2 * HASH_SIZE), &proof));
	assert_int_equal(proof.count, 2);
	assert_int_equal(proof.hashes[0][0], 7);
	assert_int_equal(proof.hashes[1][0], 8);
	assert_true(proof_read(span_of(NULL, 0), &proof));
	assert_int_equal(proof.count, 0);
	assert_true(proof_read(span_of(bytes, PROOF_HASHES_MAX * HASH_SIZE), &proof));
	assert_false(proof_read(span_of(bytes, sizeof bytes), &proof));
	assert_false(proof_read(span_of(bytes, HASH_SIZE + 1), &proof));
}

TEST(a_tree_is_consistent_with_itself_and_with_no_other_of_its_size)
{
	const struct proof none = {.count = 0};
	struct proof one = {.count = 1};
	uint8_t root[HASH_SIZE];
	uint8_t other[HASH_SIZE];

	leaves_make();
	naive_root(0, 43, root);
	naive_root(1, 44, other);
	assert_true(proof_consistency_holds(&none, (struct proof_tree){43, root},
					    (struct proof_tree){43, root}));
	assert_false(proof_consistency_holds(&none, (struct proof_tree){43, root},
					     (struct proof_tree){43, other}));
	memcpy(one.hashes[0], root, HASH_SIZE);
	assert_false(proof_consistency_holds(&one, (struct proof_tree){43, root},
					     (struct proof_tree){43, root}));
}

TEST(there_is_no_proof_of_what_is_not_in_the_tree)
{
	struct proof proof;

	assert_int_equal(proof_inclusion(&source, 7, 7, &proof, NULL), STATUS_INVALID);
	assert_int_equal(proof_inclusion(&source, 0, 0, &proof, NULL), STATUS_INVALID);
	assert_int_equal(proof_inclusion(&source, 0, UINT64_MAX, &proof, NULL), STATUS_INVALID);
	assert_int_equal(proof_consistency(&source, 0, 7, &proof, NULL), STATUS_INVALID);
	assert_int_equal(proof_consistency(&source, 8, 7, &proof, NULL), STATUS_INVALID);
	assert_int_equal(proof_consistency(&source, 1, UINT64_MAX, &proof, NULL), STATUS_INVALID);
}

/* What a log of 2^62 entries would ask for: the hashes do not matter. */
static enum status
far_subtree(void *context, unsigned level, uint64_t index, uint8_t root_out[HASH_SIZE],
	    struct error *err)
{
	(*(unsigned *)context)++;
	(void)err;
	memset(root_out, (int)(level ^ index), HASH_SIZE);
	return STATUS_OK;
}

TEST(a_proof_of_the_largest_log_fits_and_asks_for_little)
{
	unsigned asked = 0;
	const struct proof_source far = {far_subtree, &asked};
	struct proof proof;

	assert_ok(proof_inclusion(&far, 12345678901, INT64_MAX, &proof, NULL));
	assert_int_equal(proof.count, 63);
	assert_in_range(asked, 63, 2 * 63);
	asked = 0;
	assert_ok(proof_consistency(&far, ((uint64_t)1 << 62) + 1, INT64_MAX, &proof, NULL));
	assert_in_range(proof.count, 1, PROOF_HASHES_MAX);
	assert_in_range(asked, 1, 2 * 64);
}

RUN_TESTS(CASE(a_proof_of_inclusion_is_the_path_of_rfc_9162_and_holds),
	  CASE(a_proof_of_consistency_is_that_of_rfc_9162_and_holds),
	  CASE(every_byte_of_a_proof_of_inclusion_counts),
	  CASE(a_proof_of_inclusion_is_of_one_leaf_of_one_size),
	  CASE(every_byte_of_a_proof_of_consistency_counts),
	  CASE(a_proof_of_consistency_is_of_two_sizes), CASE(hashes_are_read_one_after_the_other),
	  CASE(a_tree_is_consistent_with_itself_and_with_no_other_of_its_size),
	  CASE(there_is_no_proof_of_what_is_not_in_the_tree),
	  CASE(a_proof_of_the_largest_log_fits_and_asks_for_little))

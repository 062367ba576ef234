/* SPDX-License-Identifier: Apache-2.0 */
#include "proof.h"

#include <string.h>

/* ---- making ---- */

/* The level of the largest complete subtree of at most `leaves` leaves (at least 1). */
static unsigned
level_within(uint64_t leaves)
{
	unsigned level = 0;

	while (level + 1 < TREE_LEVELS_MAX && leaves >> (level + 1) != 0) {
		level++;
	}
	return level;
}

/* The largest power of two below `leaves`, which is at least 2: so many go left. */
static uint64_t
left_of(uint64_t leaves)
{
	return (uint64_t)1 << level_within(leaves - 1);
}

/* The root of the leaves from `begin` up to before `end`. As RFC 9162 cuts trees, `begin` is a
 * multiple of every power of two up to their number. */
static enum status
range_root(const struct proof_source *source, uint64_t begin, uint64_t end, uint8_t out[HASH_SIZE],
	   struct error *err)
{
	struct frontier frontier;

	frontier_init(&frontier);
	while (begin < end) {
		unsigned level = level_within(end - begin);
		uint8_t root[HASH_SIZE];
		enum status status =
			source->subtree(source->context, level, begin >> level, root, err);

		if (status != STATUS_OK) {
			return status;
		}
		frontier_append_subtree(&frontier, level, root);
		begin += (uint64_t)1 << level;
	}
	frontier_root(&frontier, out);
	return STATUS_OK;
}

static enum status
add_range(const struct proof_source *source, uint64_t begin, uint64_t end, struct proof *proof,
	  struct error *err)
{
	if (proof->count == PROOF_HASHES_MAX) {
		return fail(err, STATUS_LIMIT, "a proof");
	}
	return range_root(source, begin, end, proof->hashes[proof->count++], err);
}

/* The walks go down from the root, a proof goes up. */
static void
turn_over(struct proof *proof)
{
	for (size_t i = 0; i < proof->count / 2; i++) {
		uint8_t *low = proof->hashes[i];
		uint8_t *high = proof->hashes[proof->count - 1 - i];
		uint8_t kept[HASH_SIZE];

		memcpy(kept, low, HASH_SIZE);
		memcpy(low, high, HASH_SIZE);
		memcpy(high, kept, HASH_SIZE);
	}
}

enum status
proof_inclusion(const struct proof_source *source, uint64_t index, uint64_t size, struct proof *out,
		struct error *err)
{
	uint64_t begin = 0;
	uint64_t end = size;
	struct proof proof = {.count = 0};
	enum status status = STATUS_OK;

	if (index >= size || size > INT64_MAX) {
		return fail(err, STATUS_INVALID, "a tree of %llu entries has no leaf %llu",
			    (unsigned long long)size, (unsigned long long)index);
	}
	while (end - begin > 1 && status == STATUS_OK) {
		uint64_t middle = begin + left_of(end - begin);

		if (index < middle) {
			status = add_range(source, middle, end, &proof, err);
			end = middle;
		} else {
			status = add_range(source, begin, middle, &proof, err);
			begin = middle;
		}
	}
	if (status == STATUS_OK) {
		turn_over(&proof);
		*out = proof;
	}
	return status;
}

enum status
proof_consistency(const struct proof_source *source, uint64_t from, uint64_t to, struct proof *out,
		  struct error *err)
{
	uint64_t begin = 0;
	uint64_t end = to;
	struct proof proof = {.count = 0};
	enum status status = STATUS_OK;

	if (from == 0 || from > to || to > INT64_MAX) {
		return fail(err, STATUS_INVALID,
			    "a tree of %llu entries does not begin with one of %llu",
			    (unsigned long long)to, (unsigned long long)from);
	}
	while (end != from && status == STATUS_OK) {
		uint64_t middle = begin + left_of(end - begin);

		if (from <= middle) {
			status = add_range(source, middle, end, &proof, err);
			end = middle;
		} else {
			status = add_range(source, begin, middle, &proof, err);
			begin = middle;
		}
	}
	/* The older root is known to whoever checks; a part of it is not. */
	if (status == STATUS_OK && begin != 0) {
		status = add_range(source, begin, end, &proof, err);
	}
	if (status == STATUS_OK) {
		turn_over(&proof);
		*out = proof;
	}
	return status;
}

bool
proof_read(struct span hashes, struct proof *out)
{
	if (hashes.length % HASH_SIZE != 0 || hashes.length > sizeof out->hashes) {
		return false;
	}
	out->count = hashes.length / HASH_SIZE;
	if (out->count > 0) {
		memcpy(out->hashes, hashes.at, hashes.length);
	}
	return true;
}

/* ---- checking: RFC 9162 sections 2.1.3.2 and 2.1.4.2, word for word ---- */

/* Where a walk upwards stands: the number of a node in its row, and that of the row's last one. */
struct climb {
	uint64_t node;
	uint64_t last;
};

static void
climb_one(struct climb *climb)
{
	climb->node >>= 1;
	climb->last >>= 1;
}

/* Does the next hash stand to the left? Then the walk goes up to where that is so. */
static bool
climb_from_right(struct climb *climb)
{
	if (climb->node % 2 == 0 && climb->node != climb->last) {
		return false;
	}
	while (climb->node % 2 == 0 && climb->node != 0) {
		climb_one(climb);
	}
	return true;
}

bool
proof_inclusion_holds(const struct proof *proof, const uint8_t leaf[HASH_SIZE], uint64_t index,
		      uint64_t size, const uint8_t root[HASH_SIZE])
{
	struct climb climb = {index, size - 1};
	uint8_t hash[HASH_SIZE];

	if (index >= size || proof->count > PROOF_HASHES_MAX) {
		return false;
	}
	memcpy(hash, leaf, HASH_SIZE);
	for (size_t i = 0; i < proof->count; i++) {
		if (climb.last == 0) {
			return false;
		}
		if (climb_from_right(&climb)) {
			tree_node(proof->hashes[i], hash, hash);
		} else {
			tree_node(hash, proof->hashes[i], hash);
		}
		climb_one(&climb);
	}
	return climb.last == 0 && memcmp(hash, root, HASH_SIZE) == 0;
}

bool
proof_consistency_holds(const struct proof *proof, struct proof_tree from, struct proof_tree to)
{
	struct climb climb = {from.size - 1, to.size - 1};
	uint8_t older[HASH_SIZE];
	uint8_t newer[HASH_SIZE];
	size_t at = 0;

	if (from.size == 0 || from.size > to.size || proof->count > PROOF_HASHES_MAX) {
		return false;
	}
	if (from.size == to.size) {
		return proof->count == 0 && memcmp(from.root, to.root, HASH_SIZE) == 0;
	}
	while (climb.node % 2 == 1) {
		climb_one(&climb);
	}
	/* The older tree is one complete subtree: its root begins the walk. */
	if (climb.node == 0) {
		memcpy(older, from.root, HASH_SIZE);
	} else if (proof->count > 0) {
		memcpy(older, proof->hashes[at++], HASH_SIZE);
	} else {
		return false;
	}
	memcpy(newer, older, HASH_SIZE);
	for (; at < proof->count; at++) {
		if (climb.last == 0) {
			return false;
		}
		if (climb_from_right(&climb)) {
			tree_node(proof->hashes[at], older, older);
			tree_node(proof->hashes[at], newer, newer);
		} else {
			tree_node(newer, proof->hashes[at], newer);
		}
		climb_one(&climb);
	}
	return climb.last == 0 && memcmp(older, from.root, HASH_SIZE) == 0 &&
	       memcmp(newer, to.root, HASH_SIZE) == 0;
}

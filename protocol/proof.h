/* SPDX-License-Identifier: Apache-2.0 */
/*
 * proof: inclusion and consistency proofs of the log's tree (RFC 9162 sections 2.1.3 and 2.1.4).
 *
 * An inclusion proof shows that a leaf is in the tree of a root; a consistency proof that the tree
 * of one root begins with all leaves of the tree of another. Either is at most PROOF_HASHES_MAX
 * hashes, lowest level first. Whoever makes one says how roots of complete subtrees are had;
 * whoever checks one needs only the numbers, the hashes and the roots, and may get them from
 * anybody.
 */
#ifndef SAMBUNG_PROTOCOL_PROOF_H
#define SAMBUNG_PROTOCOL_PROOF_H

#include "tree.h"

enum { PROOF_HASHES_MAX = TREE_LEVELS_MAX + 1 };

struct proof {
	size_t count;
	uint8_t hashes[PROOF_HASHES_MAX][HASH_SIZE];
};

/* From hashes one after the other; false: they are too many, or one is cut off. */
bool proof_read(struct span hashes, struct proof *out);

/* The root of the complete subtree of leaves index << level up to before (index + 1) << level. */
typedef enum status (*proof_subtree_fn)(void *context, unsigned level, uint64_t index,
					uint8_t root_out[HASH_SIZE], struct error *err);
struct proof_source {
	proof_subtree_fn subtree;
	void *context;
};

/* For the leaf of that index (seq - 1) in the tree of the first `size` leaves. INVALID: it has no
 * such leaf. Asks for at most 2 log2(size) subtrees. */
enum status proof_inclusion(const struct proof_source *source, uint64_t index, uint64_t size,
			    struct proof *out, struct error *err);
/* That the tree of the first `to` leaves begins with the first `from`. INVALID unless
 * 1 <= from <= to; empty if they are equal. */
enum status proof_consistency(const struct proof_source *source, uint64_t from, uint64_t to,
			      struct proof *out, struct error *err);

bool proof_inclusion_holds(const struct proof *proof, const uint8_t leaf[HASH_SIZE], uint64_t index,
			   uint64_t size, const uint8_t root[HASH_SIZE]);
/* A tree and its size. */
struct proof_tree {
	uint64_t size;
	const uint8_t *root; /* HASH_SIZE bytes */
};
bool proof_consistency_holds(const struct proof *proof, struct proof_tree from,
			     struct proof_tree to);

#endif

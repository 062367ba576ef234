/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tree: the Merkle tree of RFC 9162 section 2.1 over log entry headers.
 *
 * leaf = SHA-256(0x00 | header), node = SHA-256(0x01 | left | right); the leaf's index is seq - 1.
 * A frontier holds the roots of the complete subtrees that make up a tree of `size` leaves, largest
 * first; that is all one needs to append and to know the root.
 */
#ifndef SAMBUNG_PROTOCOL_TREE_H
#define SAMBUNG_PROTOCOL_TREE_H

#include "commitment.h"

enum { TREE_LEVELS_MAX = 64 };

struct frontier {
	uint64_t size;
	uint8_t roots[TREE_LEVELS_MAX]
		     [HASH_SIZE]; /* roots[level]: set where bit `level` of size is */
};

void tree_leaf(struct span header, uint8_t out[HASH_SIZE]);
void tree_node(const uint8_t left[HASH_SIZE], const uint8_t right[HASH_SIZE],
	       uint8_t out[HASH_SIZE]);
void frontier_init(struct frontier *frontier);
void frontier_append(struct frontier *frontier, const uint8_t leaf[HASH_SIZE]);
/* Appends a whole subtree of 2^level leaves; size must be a multiple of that. */
void frontier_append_subtree(struct frontier *frontier, unsigned level,
			     const uint8_t subtree[HASH_SIZE]);
/* True if `leaf`, appended next, completes a subtree of 2^level leaves: *root_out is its root. */
bool frontier_completes(const struct frontier *frontier, const uint8_t leaf[HASH_SIZE],
			unsigned level, uint8_t root_out[HASH_SIZE]);
/* The root; of an empty tree SHA-256 of nothing. */
void frontier_root(const struct frontier *frontier, uint8_t out[HASH_SIZE]);

#endif

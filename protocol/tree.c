/* SPDX-License-Identifier: Apache-2.0 */
#include "tree.h"

#include "crypto.h"

#include <string.h>

/* RFC 9162 section 2.1.1: the first byte keeps a leaf from ever being taken for a node. */
static const uint8_t leaf_prefix = 0x00;
static const uint8_t node_prefix = 0x01;

void
tree_leaf(struct span header, uint8_t out[HASH_SIZE])
{
	const struct span parts[] = {span_of(&leaf_prefix, 1), header};

	sha256(parts, 2, out);
}

void
tree_node(const uint8_t left[HASH_SIZE], const uint8_t right[HASH_SIZE], uint8_t out[HASH_SIZE])
{
	const struct span parts[] = {
		span_of(&node_prefix, 1),
		span_of(left, HASH_SIZE),
		span_of(right, HASH_SIZE),
	};

	sha256(parts, 3, out);
}

static bool
level_is_set(const struct frontier *frontier, unsigned level)
{
	return (frontier->size >> level & 1) != 0;
}

void
frontier_init(struct frontier *frontier)
{
	memset(frontier, 0, sizeof *frontier);
}

void
frontier_append_subtree(struct frontier *frontier, unsigned level, const uint8_t subtree[HASH_SIZE])
{
	uint8_t root[HASH_SIZE];
	unsigned at = level;

	/* Like adding one to a binary number: two subtrees of a size become one of the next. */
	memcpy(root, subtree, HASH_SIZE);
	while (level_is_set(frontier, at)) {
		tree_node(frontier->roots[at], root, root);
		at++;
	}
	memcpy(frontier->roots[at], root, HASH_SIZE);
	frontier->size += (uint64_t)1 << level;
}

void
frontier_append(struct frontier *frontier, const uint8_t leaf[HASH_SIZE])
{
	frontier_append_subtree(frontier, 0, leaf);
}

bool
frontier_completes(const struct frontier *frontier, const uint8_t leaf[HASH_SIZE], unsigned level,
		   uint8_t root_out[HASH_SIZE])
{
	uint64_t mask = ((uint64_t)1 << level) - 1;

	if ((frontier->size & mask) != mask) {
		return false;
	}
	memcpy(root_out, leaf, HASH_SIZE);
	for (unsigned below = 0; below < level; below++) {
		tree_node(frontier->roots[below], root_out, root_out);
	}
	return true;
}

void
frontier_root(const struct frontier *frontier, uint8_t out[HASH_SIZE])
{
	uint8_t root[HASH_SIZE];
	bool started = false;

	if (frontier->size == 0) {
		sha256(NULL, 0, out);
		return;
	}
	/* From the smallest subtree, which is rightmost, towards the largest. */
	for (unsigned level = 0; level < TREE_LEVELS_MAX; level++) {
		if (!level_is_set(frontier, level)) {
			continue;
		}
		if (started) {
			tree_node(frontier->roots[level], root, root);
		} else {
			memcpy(root, frontier->roots[level], HASH_SIZE);
			started = true;
		}
	}
	memcpy(out, root, HASH_SIZE);
}

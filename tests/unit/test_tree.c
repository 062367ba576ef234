/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/tree.h"
#include "tests/testing.h"

/* The leaves that implementations of Certificate Transparency test with; the roots were computed by
 * the recursive definition of RFC 9162 section 2.1.1 with Python's hashlib. */
static const char *const leaves[] = {
	"",
	"00",
	"10",
	"2021",
	"3031",
	"40414243",
	"5051525354555657",
	"606162636465666768696a6b6c6d6e6f",
};
enum { LEAVES = sizeof leaves / sizeof leaves[0] };

static const char *const roots[LEAVES + 1] = {
	"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
	"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
	"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
	"aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
	"d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
	"4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
	"76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
	"ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
	"5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
};

static void
leaf_make(size_t index, uint8_t out[HASH_SIZE])
{
	uint8_t header[16];
	size_t length = strlen(leaves[index]) / 2;

	assert_true(hex_decode(leaves[index], header, length));
	tree_leaf(span_of(header, length), out);
}

TEST(root_of_every_size_is_that_of_rfc_9162)
{
	struct frontier frontier;
	uint8_t root[HASH_SIZE];
	uint8_t leaf[HASH_SIZE];

	frontier_init(&frontier);
	for (size_t size = 0; size <= LEAVES; size++) {
		frontier_root(&frontier, root);
		assert_int_equal(frontier.size, size);
		assert_hex(root, HASH_SIZE, roots[size]);
		if (size < LEAVES) {
			leaf_make(size, leaf);
			frontier_append(&frontier, leaf);
		}
	}
}

TEST(leaf_and_node_are_told_apart)
{
	uint8_t left[HASH_SIZE] = {1};
	uint8_t right[HASH_SIZE] = {2};
	uint8_t both[2 * HASH_SIZE];
	uint8_t node[HASH_SIZE];
	uint8_t leaf[HASH_SIZE];

	memcpy(both, left, HASH_SIZE);
	memcpy(both + HASH_SIZE, right, HASH_SIZE);
	tree_node(left, right, node);
	tree_leaf(span_of(both, sizeof both), leaf);
	assert_memory_not_equal(node, leaf, HASH_SIZE);
}

TEST(frontier_keeps_the_roots_of_complete_subtrees)
{
	struct frontier frontier;
	uint8_t leaf[HASH_SIZE];

	frontier_init(&frontier);
	for (size_t i = 0; i < 6; i++) {
		leaf_make(i, leaf);
		frontier_append(&frontier, leaf);
	}
	assert_hex(frontier.roots[2], HASH_SIZE, roots[4]);
}

TEST(whole_subtrees_are_appended_like_their_leaves)
{
	struct frontier leaf_by_leaf;
	struct frontier frontier;
	uint8_t leaf[HASH_SIZE];
	uint8_t root[HASH_SIZE];

	frontier_init(&leaf_by_leaf);
	frontier_init(&frontier);
	for (size_t i = 0; i < 4; i++) {
		leaf_make(i, leaf);
		frontier_append(&leaf_by_leaf, leaf);
	}
	frontier_root(&leaf_by_leaf, root);
	frontier_append_subtree(&frontier, 2, root);
	leaf_make(4, leaf);
	frontier_append(&frontier, leaf);
	frontier_root(&frontier, root);
	assert_int_equal(frontier.size, 5);
	assert_hex(root, HASH_SIZE, roots[5]);
}

TEST(subtree_is_completed_by_its_last_leaf_only)
{
	struct frontier frontier;
	uint8_t leaf[HASH_SIZE];
	uint8_t root[HASH_SIZE];

	frontier_init(&frontier);
	for (size_t i = 0; i < LEAVES; i++) {
		leaf_make(i, leaf);
		assert_int_equal(frontier_completes(&frontier, leaf, 2, root), i % 4 == 3);
		if (i == 3) {
			assert_hex(root, HASH_SIZE, roots[4]);
		}
		assert_int_equal(frontier_completes(&frontier, leaf, 3, root), i == 7);
		frontier_append(&frontier, leaf);
	}
	assert_hex(root, HASH_SIZE, roots[8]);
}

RUN_TESTS(CASE(whole_subtrees_are_appended_like_their_leaves),
	  CASE(subtree_is_completed_by_its_last_leaf_only),
	  CASE(root_of_every_size_is_that_of_rfc_9162), CASE(leaf_and_node_are_told_apart),
	  CASE(frontier_keeps_the_roots_of_complete_subtrees))

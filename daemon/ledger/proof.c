/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/ledger/proof.h"

#include <stdlib.h>
#include <string.h>

/* The leaves of one subtree of 256, as many as the log has. */
struct leaf_page {
	bool used;
	uint64_t chunk;
	size_t count;
	uint8_t leaves[TREE_CHUNK_LEAVES][HASH_SIZE];
};

enum { PAGES = 2 /* that of the entry, and the last one, which is on the way of all proofs */ };

struct prover {
	struct store *store;
	uint64_t size;
	struct buffer chunks; /* roots of complete subtrees of 256 leaves */
	struct leaf_page pages[PAGES];
	unsigned oldest; /* page */
};

static enum status
keep_chunk(void *context, uint64_t index, const uint8_t root[HASH_SIZE], struct error *err)
{
	struct prover *prover = context;

	(void)index;
	buffer_append(&prover->chunks, root, HASH_SIZE);
	return buffer_status(&prover->chunks, "the tree", err);
}

static enum status
prover_load(struct prover *prover, uint64_t size, struct error *err)
{
	uint64_t head = 0;
	enum status status = store_log_head(prover->store, &head, err);

	if (status == STATUS_OK && size > head) {
		return fail(err, STATUS_INVALID, "the log has %llu entries, not %llu",
			    (unsigned long long)head, (unsigned long long)size);
	}
	prover->size = size == 0 ? head : size;
	if (status == STATUS_OK) {
		status = store_tree_read(prover->store, prover->size / TREE_CHUNK_LEAVES,
					 keep_chunk, prover, err);
	}
	if (status == STATUS_OK &&
	    prover->chunks.length / HASH_SIZE != prover->size / TREE_CHUNK_LEAVES) {
		status = fail(err, STATUS_MALFORMED, "the tree ends early");
	}
	return status;
}

enum status
prover_open(struct store *store, uint64_t size, struct prover **out, struct error *err)
{
	struct prover *prover = calloc(1, sizeof *prover);
	enum status status;

	if (prover == NULL) {
		return fail(err, STATUS_MEMORY, "a proof");
	}
	prover->store = store;
	buffer_init(&prover->chunks, SIZE_MAX);
	status = prover_load(prover, size, err);
	if (status != STATUS_OK) {
		prover_close(prover);
		return status;
	}
	*out = prover;
	return STATUS_OK;
}

void
prover_close(struct prover *prover)
{
	if (prover != NULL) {
		buffer_finish(&prover->chunks);
		free(prover);
	}
}

uint64_t
prover_size(const struct prover *prover)
{
	return prover->size;
}

/* ---- subtrees ---- */

static enum status
keep_leaf(void *context, const struct log_row *row, struct error *err)
{
	struct leaf_page *page = context;

	if (row->entry.seq != page->chunk * TREE_CHUNK_LEAVES + page->count + 1 ||
	    page->count == TREE_CHUNK_LEAVES) {
		return fail(err, STATUS_MALFORMED, "the log lacks an entry before %llu",
			    (unsigned long long)row->entry.seq);
	}
	entry_leaf(&row->entry, page->leaves[page->count++]);
	return STATUS_OK;
}

static enum status
find_page(struct prover *prover, uint64_t chunk, struct leaf_page **out, struct error *err)
{
	struct leaf_page *page;
	struct log_filter filter = {.since = chunk * TREE_CHUNK_LEAVES, .limit = TREE_CHUNK_LEAVES};
	enum status status;

	for (unsigned i = 0; i < PAGES; i++) {
		if (prover->pages[i].used && prover->pages[i].chunk == chunk) {
			*out = &prover->pages[i];
			return STATUS_OK;
		}
	}
	page = &prover->pages[prover->oldest];
	prover->oldest = (prover->oldest + 1) % PAGES;
	page->used = false;
	page->chunk = chunk;
	page->count = 0;
	status = store_log_read(prover->store, &filter, keep_leaf, page, err);
	page->used = status == STATUS_OK;
	*out = page;
	return status;
}

/* A subtree within one of 256 leaves. */
static enum status
low_subtree(struct prover *prover, unsigned level, uint64_t index, uint8_t root_out[HASH_SIZE],
	    struct error *err)
{
	const uint64_t first = index << level;
	const size_t at = (size_t)(first % TREE_CHUNK_LEAVES);
	const size_t count = (size_t)1 << level;
	struct frontier frontier;
	struct leaf_page *page;
	enum status status = find_page(prover, first / TREE_CHUNK_LEAVES, &page, err);

	if (status == STATUS_OK && at + count > page->count) {
		status = fail(err, STATUS_MALFORMED, "the log ends before entry %llu",
			      (unsigned long long)(first + count));
	}
	if (status != STATUS_OK) {
		return status;
	}
	frontier_init(&frontier);
	for (size_t i = 0; i < count; i++) {
		frontier_append(&frontier, page->leaves[at + i]);
	}
	frontier_root(&frontier, root_out);
	return STATUS_OK;
}

static enum status
subtree(void *context, unsigned level, uint64_t index, uint8_t root_out[HASH_SIZE],
	struct error *err)
{
	struct prover *prover = context;
	struct frontier frontier;
	const uint64_t chunks =
		level < TREE_CHUNK_LEVEL ? 0 : UINT64_C(1) << (level - TREE_CHUNK_LEVEL);
	const uint64_t first = index * chunks;

	if (level < TREE_CHUNK_LEVEL) {
		return low_subtree(prover, level, index, root_out, err);
	}
	if (first + chunks > prover->chunks.length / HASH_SIZE) {
		return fail(err, STATUS_INTERNAL, "a subtree beyond the log");
	}
	frontier_init(&frontier);
	for (uint64_t i = first; i < first + chunks; i++) {
		frontier_append(&frontier, prover->chunks.at + i * HASH_SIZE);
	}
	frontier_root(&frontier, root_out);
	return STATUS_OK;
}

/* ---- proofs ---- */

enum status
prover_root(struct prover *prover, uint8_t root_out[HASH_SIZE], struct error *err)
{
	struct frontier frontier;
	enum status status = STATUS_OK;

	frontier_init(&frontier);
	for (unsigned level = TREE_LEVELS_MAX; level-- > 0 && status == STATUS_OK;) {
		uint8_t root[HASH_SIZE];

		if ((prover->size >> level & 1) != 0) {
			status = subtree(prover, level, frontier.size >> level, root, err);
			if (status == STATUS_OK) {
				frontier_append_subtree(&frontier, level, root);
			}
		}
	}
	if (status == STATUS_OK) {
		frontier_root(&frontier, root_out);
	}
	return status;
}

enum status
prover_inclusion(struct prover *prover, uint64_t seq, struct proof *out, struct error *err)
{
	const struct proof_source source = {subtree, prover};

	if (seq == 0) {
		return fail(err, STATUS_INVALID, "entry 0");
	}
	return proof_inclusion(&source, seq - 1, prover->size, out, err);
}

enum status
prover_consistency(struct prover *prover, uint64_t from, struct proof *out, struct error *err)
{
	const struct proof_source source = {subtree, prover};

	return proof_consistency(&source, from, prover->size, out, err);
}

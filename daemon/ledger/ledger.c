/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/ledger/ledger.h"

#include <string.h>

struct frontier_walk {
	struct frontier *frontier;
	uint64_t until; /* leaves; rows beyond it are passed over */
};

static enum status
add_chunk(void *context, uint64_t index, const uint8_t root[HASH_SIZE], struct error *err)
{
	struct frontier_walk *walk = context;

	if (index * TREE_CHUNK_LEAVES != walk->frontier->size) {
		return fail(err, STATUS_MALFORMED, "the tree lacks the subtree before leaf %llu",
			    (unsigned long long)walk->frontier->size);
	}
	frontier_append_subtree(walk->frontier, TREE_CHUNK_LEVEL, root);
	return STATUS_OK;
}

static enum status
add_leaf(void *context, const struct log_row *row, struct error *err)
{
	struct frontier_walk *walk = context;
	uint8_t leaf[HASH_SIZE];

	if (row->entry.seq != walk->frontier->size + 1) {
		return fail(err, STATUS_MALFORMED, "the log lacks entry %llu",
			    (unsigned long long)walk->frontier->size + 1);
	}
	entry_leaf(&row->entry, leaf);
	frontier_append(walk->frontier, leaf);
	return STATUS_OK;
}

/* The frontier of the first `size` entries: whole chunks by their roots, the rest leaf by leaf. */
static enum status
frontier_read(struct store *store, uint64_t size, struct frontier *out, struct error *err)
{
	struct frontier_walk walk = {out, size};
	struct log_filter rest = {.since = size / TREE_CHUNK_LEAVES * TREE_CHUNK_LEAVES,
				  .limit = (size_t)(size % TREE_CHUNK_LEAVES)};
	enum status status;

	frontier_init(out);
	status = store_tree_read(store, size / TREE_CHUNK_LEAVES, add_chunk, &walk, err);
	if (status == STATUS_OK && rest.limit > 0) {
		status = store_log_read(store, &rest, add_leaf, &walk, err);
	}
	if (status == STATUS_OK && out->size != size) {
		status = fail(err, STATUS_MALFORMED,
			      "the log ends at entry %llu, its counter at %llu",
			      (unsigned long long)out->size, (unsigned long long)size);
	}
	return status;
}

/* A checkpoint is written with every commit: the newest one is of the whole log. So whoever alters
 * the database must have the server's key, or the daemon does not even start. */
static enum status
check_whole(const struct ledger *ledger, struct store *store, struct error *err)
{
	struct checkpoint newest = {.size = 0};
	uint8_t root[HASH_SIZE];
	bool found = false;
	enum status status = store_checkpoint_last(store, &newest, &found, err);

	if (status != STATUS_OK) {
		return status;
	}
	frontier_root(&ledger->frontier, root);
	if (!found || newest.size != ledger->frontier.size ||
	    memcmp(newest.root, root, HASH_SIZE) != 0 ||
	    memcmp(newest.origin, ledger->origin, ORIGIN_SIZE) != 0) {
		return fail(err, STATUS_STORAGE,
			    "the log is not that of its newest checkpoint; `sambungctl verify` "
			    "says where");
	}
	return STATUS_OK;
}

enum status
ledger_load(struct ledger *ledger, struct store *store, struct error *err)
{
	uint64_t head = 0;
	enum status status = store_log_head(store, &head, err);

	if (status == STATUS_OK) {
		status = frontier_read(store, head, &ledger->frontier, err);
	}
	return status == STATUS_OK && head > 0 ? check_whole(ledger, store, err) : status;
}

enum status
ledger_append(struct frontier *frontier, struct store *store, const struct log_row *rows,
	      size_t count, struct error *err)
{
	for (size_t i = 0; i < count; i++) {
		uint64_t chunk = frontier->size / TREE_CHUNK_LEAVES;
		uint8_t leaf[HASH_SIZE];
		uint8_t root[HASH_SIZE];
		enum status status = STATUS_OK;

		entry_leaf(&rows[i].entry, leaf);
		if (frontier_completes(frontier, leaf, TREE_CHUNK_LEVEL, root)) {
			status = store_tree_append(store, chunk, root, err);
		}
		if (status != STATUS_OK) {
			return status;
		}
		frontier_append(frontier, leaf);
	}
	return STATUS_OK;
}

enum status
ledger_checkpoint(const struct ledger *ledger, const struct frontier *frontier, struct store *store,
		  struct checkpoint *out, struct error *err)
{
	struct checkpoint checkpoint = {.epoch = ledger->epoch, .size = frontier->size};
	enum status status;

	memcpy(checkpoint.origin, ledger->origin, ORIGIN_SIZE);
	frontier_root(frontier, checkpoint.root);
	checkpoint_sign(&checkpoint, ledger->log_secret);
	status = store_checkpoint_append(store, &checkpoint, err);
	if (status == STATUS_OK) {
		*out = checkpoint;
	}
	return status;
}

enum status
ledger_root_at(struct store *store, uint64_t size, uint8_t root_out[HASH_SIZE], struct error *err)
{
	struct frontier frontier;
	enum status status = frontier_read(store, size, &frontier, err);

	if (status == STATUS_OK) {
		frontier_root(&frontier, root_out);
	}
	return status;
}

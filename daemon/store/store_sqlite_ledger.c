/* SPDX-License-Identifier: Apache-2.0 */
/* What the ledger keeps beside the log: subtree roots, checkpoints, epochs. */
#include "store_sqlite.h"

enum status
store_tree_append(struct store *store, uint64_t index, const uint8_t root[HASH_SIZE],
		  struct error *err)
{
	static const char text[] = "INSERT INTO tree (number, root) VALUES (?, ?)";
	struct statement *s = sql_prepare(store->sql, text, err);

	sql_bind_uint(s, 1, index);
	sql_bind_blob(s, 2, span_of(root, HASH_SIZE));
	return sql_run(s, err);
}

enum status
store_tree_read(struct store *store, uint64_t count, tree_root_fn each, void *context,
		struct error *err)
{
	static const char text[] = "SELECT number, root FROM tree WHERE number < ? ORDER BY number";
	struct statement *s = sql_prepare(store->sql, text, err);
	enum status status = STATUS_OK;

	sql_bind_uint(s, 1, count);
	for (uint64_t expected = 0; status == STATUS_OK; expected++) {
		uint8_t root[HASH_SIZE];
		bool row;

		status = sql_row(s, &row, err);
		if (status != STATUS_OK || !row) {
			return status;
		}
		if (sql_uint(s, 0) != expected || !sql_blob_exact(s, 1, root, HASH_SIZE)) {
			status = store_damaged("subtree", expected, err);
		} else {
			status = each(context, expected, root, err);
		}
	}
	sql_reset(s);
	return status;
}

enum status
store_checkpoint_append(struct store *store, const struct checkpoint *checkpoint, struct error *err)
{
	static const char text[] = "INSERT INTO checkpoint (epoch, size, root, origin, signature)"
				   " VALUES (?, ?, ?, ?, ?)";
	struct statement *s = sql_prepare(store->sql, text, err);

	sql_bind_uint(s, 1, checkpoint->epoch);
	sql_bind_uint(s, 2, checkpoint->size);
	sql_bind_blob(s, 3, span_of(checkpoint->root, HASH_SIZE));
	sql_bind_blob(s, 4, span_of(checkpoint->origin, ORIGIN_SIZE));
	sql_bind_blob(s, 5, span_of(checkpoint->signature, SIGNATURE_SIZE));
	return sql_run(s, err);
}

enum status
store_checkpoint_last(struct store *store, struct checkpoint *out, bool *found_out,
		      struct error *err)
{
	static const char text[] = "SELECT epoch, size, root, origin, signature FROM checkpoint"
				   " ORDER BY place DESC LIMIT 1";
	struct statement *s = sql_prepare(store->sql, text, err);
	struct checkpoint checkpoint = {0};
	bool row;
	enum status status = sql_row(s, &row, err);

	if (status != STATUS_OK) {
		return status;
	}
	if (!row) {
		*found_out = false;
		return STATUS_OK;
	}
	checkpoint.epoch = store_u32(s, 0);
	checkpoint.size = sql_uint(s, 1);
	if (!sql_blob_exact(s, 2, checkpoint.root, HASH_SIZE) ||
	    !sql_blob_exact(s, 3, checkpoint.origin, ORIGIN_SIZE) ||
	    !sql_blob_exact(s, 4, checkpoint.signature, SIGNATURE_SIZE)) {
		status = store_damaged("checkpoint", checkpoint.size, err);
	} else {
		*out = checkpoint;
		*found_out = true;
	}
	sql_reset(s);
	return status;
}

enum status
store_checkpoint_root(struct store *store, uint32_t epoch, uint64_t size,
		      uint8_t root_out[HASH_SIZE], bool *found_out, struct error *err)
{
	static const char text[] = "SELECT root FROM checkpoint WHERE epoch = ? AND size = ?";
	struct statement *s = sql_prepare(store->sql, text, err);
	bool row;
	enum status status;

	sql_bind_uint(s, 1, epoch);
	sql_bind_uint(s, 2, size);
	status = sql_row(s, &row, err);
	if (status == STATUS_OK && row && !sql_blob_exact(s, 0, root_out, HASH_SIZE)) {
		status = store_damaged("checkpoint", size, err);
	}
	sql_reset(s);
	if (status == STATUS_OK) {
		*found_out = row;
	}
	return status;
}

enum status
store_checkpoint_first(struct store *store, uint32_t epoch, uint64_t *size_out, struct error *err)
{
	static const char text[] =
		"SELECT size FROM checkpoint WHERE epoch = ? ORDER BY size LIMIT 1";
	struct statement *s = sql_prepare(store->sql, text, err);
	uint64_t size = 0;
	enum status status;

	sql_bind_uint(s, 1, epoch);
	status = store_number(s, &size, err);
	if (status != STATUS_OK) {
		return status;
	}
	if (size == 0) {
		return store_damaged("the first checkpoint of epoch", epoch, err);
	}
	*size_out = size;
	return STATUS_OK;
}

static enum status
count_epochs(struct store *store, uint64_t *count_out, struct error *err)
{
	static const char text[] = "SELECT count(*) FROM epoch";

	return store_number(sql_prepare(store->sql, text, err), count_out, err);
}

enum status
store_epochs(struct store *store, struct arena *arena, struct epoch **out, size_t *count_out,
	     struct error *err)
{
	static const char text[] = "SELECT epoch, parent, cut FROM epoch ORDER BY place LIMIT ?";
	uint64_t count = 0;
	size_t read = 0;
	struct statement *s;
	struct epoch *epochs;
	bool row = true;
	enum status status = count_epochs(store, &count, err);

	if (status != STATUS_OK) {
		return status;
	}
	epochs = ARENA_ARRAY(arena, struct epoch, count);
	if (epochs == NULL) {
		return store_exhausted("epochs", err);
	}
	s = sql_prepare(store->sql, text, err);
	sql_bind_uint(s, 1, count);
	while (row) {
		status = sql_row(s, &row, err);
		if (status != STATUS_OK) {
			return status;
		}
		if (row) {
			epochs[read++] =
				(struct epoch){store_u32(s, 0), store_u32(s, 1), sql_uint(s, 2)};
		}
	}
	*out = epochs;
	*count_out = read;
	return STATUS_OK;
}

enum status
store_epoch_append(struct store *store, const struct epoch *epoch, struct error *err)
{
	static const char text[] = "INSERT INTO epoch (epoch, parent, cut) VALUES (?, ?, ?)";
	struct statement *s = sql_prepare(store->sql, text, err);

	sql_bind_uint(s, 1, epoch->epoch);
	sql_bind_uint(s, 2, epoch->parent);
	sql_bind_uint(s, 3, epoch->cut);
	return sql_run(s, err);
}

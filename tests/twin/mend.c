/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/twin/mend.h"

#include "daemon/ledger/ledger.h"
#include "daemon/store/evidence.h"
#include "tests/testing.h"
#include "tests/twin/alter.h"

enum { SQL_SIZE = 500, CHUNK = 256 };

static struct store *
reader_of_path(const char *path)
{
	struct store *store = NULL;
	struct error err;

	assert_ok(store_open(path, STORE_READER, &store, &err));
	return store;
}

static void
chunk_root(const char *path, uint64_t chunk, uint8_t root_out[HASH_SIZE])
{
	struct store *store = reader_of_path(path);
	struct frontier frontier;
	struct error err;

	frontier_init(&frontier);
	for (uint64_t seq = CHUNK * chunk + 1; seq <= CHUNK * (chunk + 1); seq++) {
		uint8_t leaf[HASH_SIZE];
		struct arena arena;
		struct log_row row;

		arena_init(&arena, 1 << 20);
		assert_ok(store_log_entry(store, seq, &arena, &row, &err));
		entry_leaf(&row.entry, leaf);
		frontier_append(&frontier, leaf);
		arena_finish(&arena);
	}
	frontier_root(&frontier, root_out);
	store_close(store);
}

static void
tree_make(const char *path)
{
	const uint64_t chunks = (uint64_t)alter_number(path, "SELECT max(seq) / 256 FROM log");

	alter_run(path, "DELETE FROM tree");
	for (uint64_t i = 0; i < chunks; i++) {
		uint8_t root[HASH_SIZE];
		char digits[2 * HASH_SIZE + 1];
		char sql[SQL_SIZE];

		chunk_root(path, i, root);
		hex_encode(span_of(root, HASH_SIZE), digits);
		(void)snprintf(sql, sizeof sql,
			       "INSERT INTO tree (number, root) VALUES (%llu, x'%s')",
			       (unsigned long long)i, digits);
		alter_run(path, sql);
	}
}

static void
checkpoint_make(const char *path, const struct kept_checkpoint *kept, enum mending how,
		const struct server_keys *keys)
{
	struct checkpoint checkpoint = kept->checkpoint;
	struct store *store = reader_of_path(path);
	struct error err;
	char root[2 * HASH_SIZE + 1];
	char signature[2 * SIGNATURE_SIZE + 1];
	char sql[SQL_SIZE];

	assert_ok(ledger_root_at(store, checkpoint.size, checkpoint.root, &err));
	store_close(store);
	if (how != MEND_ROOTS) {
		checkpoint_sign(&checkpoint, keys->log_secret);
	}
	hex_encode(span_of(checkpoint.root, HASH_SIZE), root);
	hex_encode(span_of(checkpoint.signature, SIGNATURE_SIZE), signature);
	(void)snprintf(sql, sizeof sql,
		       "UPDATE checkpoint SET root = x'%s', signature = x'%s' WHERE place = %llu",
		       root, signature, (unsigned long long)kept->place);
	alter_run(path, sql);
}

void
mend(const char *path, enum mending how, const struct server_keys *keys)
{
	const struct kept_checkpoint *checkpoints;
	struct store *store;
	struct buffer kept;
	struct error err;
	size_t count;

	tree_make(path);
	store = reader_of_path(path);
	buffer_init(&kept, SIZE_MAX);
	assert_ok(store_checkpoints_read(store, &kept, &err));
	store_close(store);
	checkpoints = (const void *)kept.at;
	count = kept.length / sizeof checkpoints[0];
	for (size_t i = how == MEND_NEWEST ? count - 1 : 0; i < count; i++) {
		checkpoint_make(path, &checkpoints[i], how, keys);
	}
	buffer_finish(&kept);
}

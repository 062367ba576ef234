/* SPDX-License-Identifier: Apache-2.0 */
/* Commitment, chain, log entry, tree and checkpoint. */
#include "protocol/id.h"
#include "protocol/proof.h"
#include "tests/vectors/vectors_example.h"

enum { TREE_LEAVES = 7, PROVED_SEQ = 3 };

static void
put_change(struct vector *vector)
{
	struct buffer change;

	buffer_init(&change, CHANGE_BYTES_MAX);
	example_change(&change);
	vector_bytes(vector, "change", buffer_span(&change));
	buffer_finish(&change);
}

void
vector_salt(struct vector *vector)
{
	uint8_t seed[SEED_SIZE];
	uint8_t salt[SALT_SIZE];

	vector->comment = "salt_n, from the seed of the batch and n";
	example_seed(seed);
	commitment_salt(seed, EXAMPLE_N, salt);
	vector_bytes(vector, "seed", span_of(seed, sizeof seed));
	vector_number(vector, "n", EXAMPLE_N);
	buffer_append(&vector->bytes, salt, sizeof salt);
}

void
vector_commitment(struct vector *vector)
{
	uint8_t seed[SEED_SIZE];
	uint8_t salt[SALT_SIZE];
	uint8_t commitment[HASH_SIZE];

	vector->comment = "C_n, what stands in for a change in the chain and in the log";
	example_seed(seed);
	commitment_salt(seed, EXAMPLE_N, salt);
	example_commitment(commitment);
	vector_bytes(vector, "salt", span_of(salt, sizeof salt));
	vector_number(vector, "stream", EXAMPLE_DEVICE);
	vector_number(vector, "n", EXAMPLE_N);
	put_change(vector);
	buffer_append(&vector->bytes, commitment, sizeof commitment);
}

void
vector_chain(struct vector *vector)
{
	struct example_keys keys;
	uint8_t commitment[HASH_SIZE];
	uint8_t start[HASH_SIZE];
	uint8_t head[HASH_SIZE];

	vector->comment = "h_1, from h_0 (given too) and C_1";
	example_keys(&keys);
	example_commitment(commitment);
	chain_start(keys.device_public, EXAMPLE_DEVICE, start);
	example_chain(head);
	vector_bytes(vector, "key", span_of(keys.device_public, SIGN_PUBLIC_SIZE));
	vector_number(vector, "stream", EXAMPLE_DEVICE);
	vector_bytes(vector, "h_0", span_of(start, sizeof start));
	vector_number(vector, "n", EXAMPLE_N);
	vector_bytes(vector, "commitment", span_of(commitment, sizeof commitment));
	buffer_append(&vector->bytes, head, sizeof head);
}

static struct entry
entry_example(void)
{
	struct entry entry = {
		.kind = ENTRY_CHANGE,
		.seq = 13,
		.received_ms = (EXAMPLE_TIME + 61) * 1000 + 250,
		.session = 5,
		.stream = EXAMPLE_DEVICE,
		.n = EXAMPLE_N,
		.time = EXAMPLE_TIME,
		.record = id_make(EXAMPLE_DEVICE, EXAMPLE_N),
		.verdict = VERDICT_QUARANTINED,
		.reason = QUARANTINE_OUT_OF_SCOPE,
		.schema_version = 2,
	};

	example_commitment(entry.commitment);
	return entry;
}

static void
put_entry(struct vector *vector, const struct entry *entry)
{
	vector_number(vector, "kind", entry->kind);
	vector_number(vector, "seq", (int64_t)entry->seq);
	vector_number(vector, "received_ms", entry->received_ms);
	vector_number(vector, "session", (int64_t)entry->session);
	vector_number(vector, "stream", entry->stream);
	vector_number(vector, "n", entry->n);
	vector_number(vector, "time", entry->time);
	vector_number(vector, "user", entry->user);
	vector_number(vector, "record", (int64_t)entry->record);
	vector_number(vector, "verdict", entry->verdict);
	vector_number(vector, "reason", entry->reason);
	vector_number(vector, "schema_version", entry->schema_version);
	vector_bytes(vector, "commitment", span_of(entry->commitment, HASH_SIZE));
}

void
vector_entry_header(struct vector *vector)
{
	struct entry entry = entry_example();
	struct entry read;

	vector->comment = "header of a log entry: a change that was quarantined";
	put_entry(vector, &entry);
	entry_encode(&entry, &vector->bytes);
	vector_require(vector, entry_decode(buffer_span(&vector->bytes), &read),
		       "the header is not read");
}

void
vector_entry_leaf(struct vector *vector)
{
	struct entry entry = entry_example();
	struct buffer header;
	uint8_t leaf[HASH_SIZE] = {0};

	vector->comment = "leaf hash of a log entry";
	buffer_init(&header, ENTRY_HEADER_MAX);
	entry_encode(&entry, &header);
	vector_bytes(vector, "header", buffer_span(&header));
	entry_leaf(&entry, leaf);
	buffer_append(&vector->bytes, leaf, sizeof leaf);
	buffer_finish(&header);
}

struct example_tree {
	uint8_t leaves[TREE_LEAVES][HASH_SIZE];
};

static void
example_tree(struct vector *vector, struct example_tree *out)
{
	static const char *const names[TREE_LEAVES] = {
		"header_1", "header_2", "header_3", "header_4", "header_5", "header_6", "header_7"};

	for (size_t i = 0; i < TREE_LEAVES; i++) {
		uint8_t header[TREE_LEAVES];

		example_count_up((uint8_t)(0x10 * i), header, i);
		vector_bytes(vector, names[i], span_of(header, i));
		tree_leaf(span_of(header, i), out->leaves[i]);
	}
}

static void
example_tree_root(const struct example_tree *tree, size_t begin, size_t end,
		  uint8_t root_out[HASH_SIZE])
{
	struct frontier frontier;

	frontier_init(&frontier);
	for (size_t i = begin; i < end; i++) {
		frontier_append(&frontier, tree->leaves[i]);
	}
	frontier_root(&frontier, root_out);
}

static enum status
example_subtree(void *context, unsigned level, uint64_t index, uint8_t root_out[HASH_SIZE],
		struct error *err)
{
	(void)err;
	example_tree_root(context, (size_t)index << level, (size_t)(index + 1) << level, root_out);
	return STATUS_OK;
}

void
vector_tree_root(struct vector *vector)
{
	struct example_tree tree;
	uint8_t root[HASH_SIZE];

	vector->comment = "root of seven entries (RFC 9162; any bytes may serve as header)";
	example_tree(vector, &tree);
	example_tree_root(&tree, 0, TREE_LEAVES, root);
	buffer_append(&vector->bytes, root, sizeof root);
}

void
vector_inclusion_proof(struct vector *vector)
{
	struct example_tree tree;
	const struct proof_source source = {example_subtree, &tree};
	struct proof proof = {.count = 0};
	uint8_t root[HASH_SIZE];

	vector->comment = "that entry 3 is among seven: hashes, lowest level first";
	example_tree(vector, &tree);
	vector_number(vector, "seq", PROVED_SEQ);
	vector_require(vector,
		       proof_inclusion(&source, PROVED_SEQ - 1, TREE_LEAVES, &proof, NULL) ==
			       STATUS_OK,
		       "there is no proof");
	example_tree_root(&tree, 0, TREE_LEAVES, root);
	vector_require(vector,
		       proof_inclusion_holds(&proof, tree.leaves[PROVED_SEQ - 1], PROVED_SEQ - 1,
					     TREE_LEAVES, root),
		       "the proof does not hold");
	buffer_append(&vector->bytes, proof.hashes, proof.count * HASH_SIZE);
}

void
vector_consistency_proof(struct vector *vector)
{
	struct example_tree tree;
	const struct proof_source source = {example_subtree, &tree};
	struct proof proof = {.count = 0};
	uint8_t older[HASH_SIZE];
	uint8_t newer[HASH_SIZE];

	vector->comment = "that a log of seven entries begins with one of three";
	example_tree(vector, &tree);
	vector_number(vector, "from", PROVED_SEQ);
	vector_require(vector,
		       proof_consistency(&source, PROVED_SEQ, TREE_LEAVES, &proof, NULL) ==
			       STATUS_OK,
		       "there is no proof");
	example_tree_root(&tree, 0, PROVED_SEQ, older);
	example_tree_root(&tree, 0, TREE_LEAVES, newer);
	vector_require(vector,
		       proof_consistency_holds(&proof, (struct proof_tree){PROVED_SEQ, older},
					       (struct proof_tree){TREE_LEAVES, newer}),
		       "the proof does not hold");
	buffer_append(&vector->bytes, proof.hashes, proof.count * HASH_SIZE);
}

static struct checkpoint
checkpoint_example(struct vector *vector)
{
	struct checkpoint checkpoint = {.epoch = EXAMPLE_EPOCH, .size = 13};

	example_count_up(0x01, checkpoint.origin, ORIGIN_SIZE);
	example_count_up(0xe0, checkpoint.root, HASH_SIZE);
	vector_bytes(vector, "origin", span_of(checkpoint.origin, ORIGIN_SIZE));
	vector_number(vector, "epoch", checkpoint.epoch);
	vector_number(vector, "size", (int64_t)checkpoint.size);
	vector_bytes(vector, "root", span_of(checkpoint.root, HASH_SIZE));
	return checkpoint;
}

void
vector_checkpoint_note(struct vector *vector)
{
	struct checkpoint checkpoint;
	char note[CHECKPOINT_NOTE_MAX];

	vector->comment = "the text that a checkpoint's signature is over";
	checkpoint = checkpoint_example(vector);
	checkpoint_note(&checkpoint, note);
	buffer_append_span(&vector->bytes, span_of_text(note));
}

void
vector_checkpoint(struct vector *vector)
{
	struct checkpoint checkpoint;
	struct example_keys keys;
	uint8_t bytes[CHECKPOINT_SIZE];

	vector->comment = "signed checkpoint; the note stands in checkpoint_note.json";
	example_keys(&keys);
	checkpoint = checkpoint_example(vector);
	vector_bytes(vector, "log_seed", span_of(keys.log_secret, SEED32_SIZE));
	vector_bytes(vector, "log_key", span_of(keys.log_public, SIGN_PUBLIC_SIZE));
	checkpoint_sign(&checkpoint, keys.log_secret);
	checkpoint_encode(&checkpoint, bytes);
	buffer_append(&vector->bytes, bytes, sizeof bytes);
}

void
vector_checkpoint_text(struct vector *vector)
{
	struct checkpoint checkpoint;
	struct checkpoint read;
	struct example_keys keys;
	char text[CHECKPOINT_TEXT_MAX];

	vector->comment = "the same checkpoint as a signed note of C2SP";
	example_keys(&keys);
	checkpoint = checkpoint_example(vector);
	vector_bytes(vector, "log_seed", span_of(keys.log_secret, SEED32_SIZE));
	vector_bytes(vector, "log_key", span_of(keys.log_public, SIGN_PUBLIC_SIZE));
	checkpoint_sign(&checkpoint, keys.log_secret);
	checkpoint_text(&checkpoint, keys.log_public, text);
	vector_require(vector,
		       checkpoint_text_read(span_of_text(text), keys.log_public, &read, NULL) ==
			       STATUS_OK,
		       "the text is not read");
	buffer_append_span(&vector->bytes, span_of_text(text));
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/carry.h"
#include "protocol/id.h"
#include "protocol/message.h"
#include "protocol/proof.h"
#include "vectors_example.h"

#include <string.h>

enum { SEQ = 13, PATH = 2 * HASH_SIZE };

/* The newest of 13 entries: to its left hang a subtree of 4 and one of 8. */
struct receipt_example {
	struct buffer header;
	uint8_t path[PATH];
	uint8_t chain[HASH_SIZE];
	struct checkpoint checkpoint;
	struct receipt receipt;
	struct example_keys keys;
};

static void
entry_put(struct buffer *header)
{
	struct entry entry = {
		.kind = ENTRY_CHANGE,
		.seq = SEQ,
		.received_ms = (EXAMPLE_TIME + 61) * 1000 + 250,
		.session = 5,
		.stream = EXAMPLE_DEVICE,
		.n = EXAMPLE_N,
		.time = EXAMPLE_TIME,
		.record = id_make(EXAMPLE_DEVICE, EXAMPLE_N),
		.schema_version = 2,
	};

	example_commitment(entry.commitment);
	buffer_init(header, ENTRY_HEADER_MAX);
	entry_encode(&entry, header);
}

static void
checkpoint_make(struct receipt_example *out)
{
	struct checkpoint *checkpoint = &out->checkpoint;

	*checkpoint = (struct checkpoint){.epoch = EXAMPLE_EPOCH, .size = SEQ};
	example_count_up(0x01, checkpoint->origin, ORIGIN_SIZE);
	tree_leaf(buffer_span(&out->header), checkpoint->root);
	tree_node(out->path, checkpoint->root, checkpoint->root);
	tree_node(out->path + HASH_SIZE, checkpoint->root, checkpoint->root);
	checkpoint_sign(checkpoint, out->keys.log_secret);
}

static void
receipt_example(struct vector *vector, struct receipt_example *out)
{
	const struct receipt_claim claim = {&out->checkpoint, EXAMPLE_DEVICE, EXAMPLE_N,
					    out->chain};
	struct entry entry;

	example_keys(&out->keys);
	entry_put(&out->header);
	example_count_up(0x40, out->path, PATH);
	example_chain(out->chain);
	checkpoint_make(out);
	out->receipt.header = buffer_span(&out->header);
	out->receipt.path = span_of(out->path, PATH);
	receipt_sign(&claim, out->keys.log_secret, out->receipt.signature);
	vector_require(vector,
		       entry_decode(out->receipt.header, &entry) &&
			       receipt_holds(&out->receipt, &entry, &claim, out->keys.log_public),
		       "the receipt does not hold");
	vector_bytes(vector, "log_seed", span_of(out->keys.log_secret, SEED32_SIZE));
	vector_bytes(vector, "log_key", span_of(out->keys.log_public, SIGN_PUBLIC_SIZE));
	vector_bytes(vector, "origin", span_of(out->checkpoint.origin, ORIGIN_SIZE));
	vector_number(vector, "epoch", out->checkpoint.epoch);
	vector_number(vector, "size", (int64_t)out->checkpoint.size);
	vector_bytes(vector, "root", span_of(out->checkpoint.root, HASH_SIZE));
	vector_number(vector, "stream", EXAMPLE_DEVICE);
	vector_number(vector, "n", EXAMPLE_N);
	vector_bytes(vector, "chain", span_of(out->chain, HASH_SIZE));
	vector_bytes(vector, "header", out->receipt.header);
	vector_bytes(vector, "path", out->receipt.path);
}

void
vector_receipt_text(struct vector *vector)
{
	struct receipt_example example;
	struct receipt_claim claim;

	vector->comment = "the receipt of reply_receipt.json as text: a tlog-proof of C2SP";
	receipt_example(vector, &example);
	claim = (struct receipt_claim){&example.checkpoint, EXAMPLE_DEVICE, EXAMPLE_N,
				       example.chain};
	receipt_text(&example.receipt, &claim, SEQ, example.keys.log_public, &vector->bytes);
	buffer_finish(&example.header);
}

void
vector_reply_receipt(struct vector *vector)
{
	struct receipt_example example;
	struct reply reply = {
		.server_time_ms = (EXAMPLE_TIME + 61) * 1000 + 250,
		.epoch = EXAMPLE_EPOCH,
		.from = {0, 0, CURSOR_ID_END},
		.to = {SEQ, SEQ, CURSOR_ID_END},
		.acked_n = EXAMPLE_N,
		.has_checkpoint = true,
	};
	struct buffer packed;

	vector->comment = "reply to a device that asked for a receipt";
	receipt_example(vector, &example);
	reply.checkpoint = example.checkpoint;
	reply.receipt = example.receipt;
	vector_number(vector, "server_time_ms", reply.server_time_ms);
	vector_number(vector, "to", (int64_t)reply.to.complete);
	vector_number(vector, "acked_n", reply.acked_n);
	vector_bytes(vector, "signature", span_of(reply.receipt.signature, SIGNATURE_SIZE));
	buffer_init(&packed, MESSAGE_REPLY_MAX);
	vector_require(vector, reply_pack(&reply, &packed, NULL) == STATUS_OK, "packing a reply");
	example_reply_stored(vector, buffer_span(&packed), &vector->bytes);
	buffer_finish(&packed);
	buffer_finish(&example.header);
}

void
vector_carry_answers_seen(struct vector *vector)
{
	struct carry_replies replies = {.count = 1, .has_seen = true};
	struct receipt_example example;
	uint8_t reply[PARCEL_REPLY_OVERHEAD] = {1};
	uint8_t seen[CHECKPOINT_SIZE];
	struct vector aside = {.comment = NULL};

	vector->comment = "a file of answers with the checkpoint that the carrier was shown";
	buffer_init(&aside.inputs, SIZE_MAX);
	receipt_example(&aside, &example);
	buffer_finish(&aside.inputs);
	buffer_finish(&example.header);
	example_count_up(0x90, replies.at[0].tag, PARCEL_TAG_SIZE);
	replies.at[0].bytes = span_of(reply, sizeof reply);
	replies.seen = example.checkpoint;
	checkpoint_encode(&replies.seen, seen);
	vector_bytes(vector, "tag", span_of(replies.at[0].tag, PARCEL_TAG_SIZE));
	vector_bytes(vector, "reply", span_of(reply, sizeof reply));
	vector_bytes(vector, "seen", span_of(seen, sizeof seen));
	carry_replies_encode(&replies, &vector->bytes);
	vector_require(vector,
		       carry_replies_decode(buffer_span(&vector->bytes), &replies, NULL) ==
				       STATUS_OK &&
			       replies.has_seen,
		       "decoding answers");
}

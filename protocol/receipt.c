/* SPDX-License-Identifier: Apache-2.0 */
#include "receipt.h"

#include "proof.h"

#include <inttypes.h>
#include <string.h>

static const char label[] = "sambung/receipt/1"; /* with its NUL */

enum {
	SIGNED_PART = 48, /* of a checkpoint: all but its signature */
	CLAIM_DEVICE_AT = sizeof label + SIGNED_PART,
	CLAIM_CHAIN_AT = CLAIM_DEVICE_AT + 8,
	CLAIM_SIZE = CLAIM_CHAIN_AT + HASH_SIZE,
};

static void
claim_put(const struct receipt_claim *claim, uint8_t out[CLAIM_SIZE])
{
	uint8_t checkpoint[CHECKPOINT_SIZE];

	checkpoint_encode(claim->checkpoint, checkpoint);
	memcpy(out, label, sizeof label);
	memcpy(out + sizeof label, checkpoint, SIGNED_PART);
	put_le32(out + CLAIM_DEVICE_AT, claim->device);
	put_le32(out + CLAIM_DEVICE_AT + 4, claim->n);
	memcpy(out + CLAIM_CHAIN_AT, claim->chain, HASH_SIZE);
}

void
receipt_sign(const struct receipt_claim *claim, const uint8_t secret[SIGN_SECRET_SIZE],
	     uint8_t signature_out[SIGNATURE_SIZE])
{
	uint8_t bytes[CLAIM_SIZE];

	claim_put(claim, bytes);
	sign_make(secret, span_of(bytes, sizeof bytes), signature_out);
}

static bool
is_included(const struct receipt *receipt, const struct checkpoint *checkpoint, uint64_t seq)
{
	struct proof proof = {.count = receipt->path.length / HASH_SIZE};
	uint8_t leaf[HASH_SIZE];

	if (receipt->path.length > sizeof proof.hashes || receipt->path.length % HASH_SIZE != 0) {
		return false;
	}
	if (proof.count > 0) {
		memcpy(proof.hashes, receipt->path.at, receipt->path.length);
	}
	tree_leaf(receipt->header, leaf);
	return proof_inclusion_holds(&proof, leaf, seq - 1, checkpoint->size, checkpoint->root);
}

bool
receipt_holds(const struct receipt *receipt, const struct entry *entry,
	      const struct receipt_claim *claim, const uint8_t key[SIGN_PUBLIC_SIZE])
{
	uint8_t bytes[CLAIM_SIZE];

	claim_put(claim, bytes);
	return entry->kind == ENTRY_CHANGE && entry->stream == claim->device &&
	       entry->n == claim->n && checkpoint_verify(claim->checkpoint, key) &&
	       is_included(receipt, claim->checkpoint, entry->seq) &&
	       sign_check(key, span_of(bytes, sizeof bytes), receipt->signature);
}

/* ---- text ---- */

static void
base64_line(struct span bytes, struct buffer *out)
{
	uint8_t *at = buffer_extend(out, BASE64_SIZE(bytes.length));

	if (at != NULL) {
		base64_encode(bytes, (char *)at);
		out->at[out->length - 1] = '\n';
	}
}

void
receipt_text(const struct receipt *receipt, const struct receipt_claim *claim, uint64_t seq,
	     const uint8_t key[SIGN_PUBLIC_SIZE], struct buffer *out)
{
	uint8_t extra[ENTRY_HEADER_MAX + HASH_SIZE + SIGNATURE_SIZE];
	char text[CHECKPOINT_TEXT_MAX];
	const size_t length = receipt->header.length;

	if (length > ENTRY_HEADER_MAX) {
		out->status = STATUS_LIMIT;
		return;
	}
	memcpy(extra, receipt->header.at, length);
	memcpy(extra + length, claim->chain, HASH_SIZE);
	memcpy(extra + length + HASH_SIZE, receipt->signature, SIGNATURE_SIZE);
	buffer_printf(out, "c2sp.org/tlog-proof@v1\nextra ");
	base64_line(span_of(extra, length + HASH_SIZE + SIGNATURE_SIZE), out);
	buffer_printf(out, "index %" PRIu64 "\n", seq - 1);
	for (size_t i = 0; i < receipt->path.length; i += HASH_SIZE) {
		base64_line(span_of(receipt->path.at + i, HASH_SIZE), out);
	}
	checkpoint_text(claim->checkpoint, key, text);
	buffer_printf(out, "\n%s", text);
}

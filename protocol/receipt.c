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
receipt_holds(const struct receipt *receipt, const struct checkpoint *checkpoint,
	      const uint8_t chain[HASH_SIZE], const uint8_t key[SIGN_PUBLIC_SIZE],
	      struct entry *entry_out)
{
	struct entry entry;
	struct receipt_claim claim = {.checkpoint = checkpoint, .chain = chain};
	uint8_t bytes[CLAIM_SIZE];

	if (!entry_decode(receipt->header, &entry) || entry.kind != ENTRY_CHANGE ||
	    !checkpoint_verify(checkpoint, key) || !is_included(receipt, checkpoint, entry.seq)) {
		return false;
	}
	claim.device = entry.stream;
	claim.n = entry.n;
	claim_put(&claim, bytes);
	if (!sign_check(key, span_of(bytes, sizeof bytes), receipt->signature)) {
		return false;
	}
	*entry_out = entry;
	return true;
}

/* ---- text ---- */

/* RFC 4648 section 4, made of section 5. */
static void
base64_append(struct span bytes, struct buffer *out)
{
	const size_t begin = out->length;

	base64url_encode(bytes, out);
	for (size_t i = begin; i < out->length; i++) {
		if (out->at[i] == '-') {
			out->at[i] = '+';
		} else if (out->at[i] == '_') {
			out->at[i] = '/';
		}
	}
	for (size_t i = bytes.length; i % 3 != 0; i++) {
		buffer_append_byte(out, '=');
	}
	buffer_append_byte(out, '\n');
}

void
receipt_text(const struct receipt *receipt, const struct checkpoint *checkpoint,
	     const uint8_t chain[HASH_SIZE], const uint8_t key[SIGN_PUBLIC_SIZE],
	     struct buffer *out)
{
	uint8_t extra[ENTRY_HEADER_MAX + HASH_SIZE + SIGNATURE_SIZE];
	char text[CHECKPOINT_TEXT_MAX];
	size_t length = receipt->header.length;
	struct entry entry;

	if (length > ENTRY_HEADER_MAX || !entry_decode(receipt->header, &entry)) {
		out->status = STATUS_MALFORMED;
		return;
	}
	memcpy(extra, receipt->header.at, length);
	memcpy(extra + length, chain, HASH_SIZE);
	memcpy(extra + length + HASH_SIZE, receipt->signature, SIGNATURE_SIZE);
	buffer_printf(out, "c2sp.org/tlog-proof@v1\nextra ");
	base64_append(span_of(extra, length + HASH_SIZE + SIGNATURE_SIZE), out);
	buffer_printf(out, "index %" PRIu64 "\n", entry.seq - 1);
	for (size_t i = 0; i + HASH_SIZE <= receipt->path.length; i += HASH_SIZE) {
		base64_append(span_of(receipt->path.at + i, HASH_SIZE), out);
	}
	checkpoint_text(checkpoint, key, text);
	buffer_printf(out, "\n%s", text);
}

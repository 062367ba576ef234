/* SPDX-License-Identifier: Apache-2.0 */
/* A checkpoint's text, and a proof from anybody: first two sizes of 8 bytes, then hashes. And a
 * receipt: the length of its header in a byte, the header, its path. */
#include "fuzz.h"
#include "protocol/checkpoint.h"
#include "protocol/proof.h"
#include "protocol/receipt.h"

static void
check_text(struct span bytes)
{
	static const uint8_t seed[SEED32_SIZE];
	uint8_t key[SIGN_PUBLIC_SIZE];
	uint8_t secret[SIGN_SECRET_SIZE];
	struct checkpoint read;
	struct checkpoint again;
	char text[CHECKPOINT_TEXT_MAX];

	sign_keypair(seed, key, secret);
	if (checkpoint_text_read(bytes, key, &read, NULL) != STATUS_OK) {
		return;
	}
	PROPERTY(checkpoint_verify(&read, key));
	checkpoint_text(&read, key, text);
	PROPERTY(checkpoint_text_read(span_of_text(text), key, &again, NULL) == STATUS_OK);
	PROPERTY(again.size == read.size && memcmp(again.root, read.root, HASH_SIZE) == 0);
}

static void
check_proof(struct span bytes)
{
	static const uint8_t none[HASH_SIZE];
	struct reader in = reader_of(bytes);
	struct proof proof = {.count = 0};
	struct span sizes;
	struct span hash;

	if (!reader_take(&in, 16, &sizes)) {
		return;
	}
	while (proof.count < PROOF_HASHES_MAX && reader_take(&in, HASH_SIZE, &hash)) {
		memcpy(proof.hashes[proof.count++], hash.at, HASH_SIZE);
	}
	/* Nobody finds a proof that leads to a root of zeros. */
	PROPERTY(!proof_inclusion_holds(&proof, none, get_le64(sizes.at), get_le64(sizes.at + 8),
					none) ||
		 get_le64(sizes.at + 8) == 1);
	(void)proof_consistency_holds(&proof, (struct proof_tree){get_le64(sizes.at), none},
				      (struct proof_tree){get_le64(sizes.at + 8), none});
}

/* Nobody has signed it. */
static void
check_receipt(struct span bytes)
{
	static const uint8_t zeros[SIGN_SECRET_SIZE];
	const struct checkpoint checkpoint = {.size = 1};
	struct receipt receipt = {.path = {NULL, 0}};
	struct reader in = reader_of(bytes);
	struct entry entry;
	struct span length;

	if (!reader_take(&in, 1, &length) || !reader_take(&in, length.at[0], &receipt.header)) {
		return;
	}
	receipt.path = span_of(in.at, in.left);
	if (entry_decode(receipt.header, &entry)) {
		const struct receipt_claim claim = {&checkpoint, entry.stream, entry.n, zeros};

		PROPERTY(!receipt_holds(&receipt, &entry, &claim, zeros));
	}
}

FUZZ(data, size)
{
	PROPERTY(crypto_init(NULL) == STATUS_OK);
	check_text(span_of(data, size));
	check_proof(span_of(data, size));
	check_receipt(span_of(data, size));
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* A proof for a cadre: what holds, what does not, and its text. */
#include "protocol/proof.h"
#include "protocol/receipt.h"
#include "tests/testing.h"

#include <stdlib.h>

enum { LEAVES = 7, DEVICE = 77, N = 312, AT = 4 /* seq - 1 */ };

struct fixture {
	uint8_t leaves[LEAVES][HASH_SIZE];
	uint8_t log_public[SIGN_PUBLIC_SIZE];
	uint8_t log_secret[SIGN_SECRET_SIZE];
	struct entry entry;
	struct buffer header;
	struct proof proof;
	struct checkpoint checkpoint;
	uint8_t chain[HASH_SIZE];
	struct receipt receipt;
	struct buffer text;
};

static enum status
subtree(void *context, unsigned level, uint64_t index, uint8_t root_out[HASH_SIZE],
	struct error *err)
{
	const struct fixture *f = context;
	struct frontier frontier;

	(void)err;
	frontier_init(&frontier);
	for (size_t i = (size_t)index << level; i < (size_t)(index + 1) << level; i++) {
		frontier_append(&frontier, f->leaves[i]);
	}
	frontier_root(&frontier, root_out);
	return STATUS_OK;
}

/* The log, its checkpoint and the receipt as the entry is now. */
static void
make(struct fixture *f)
{
	const struct proof_source source = {subtree, f};
	const struct receipt_claim claim = {&f->checkpoint, f->entry.stream, f->entry.n, f->chain};
	struct frontier frontier;

	buffer_clear(&f->header);
	entry_encode(&f->entry, &f->header);
	frontier_init(&frontier);
	for (uint8_t i = 0; i < LEAVES; i++) {
		tree_leaf(i == AT ? buffer_span(&f->header) : span_of(&i, 1), f->leaves[i]);
		frontier_append(&frontier, f->leaves[i]);
	}
	frontier_root(&frontier, f->checkpoint.root);
	checkpoint_sign(&f->checkpoint, f->log_secret);
	assert_ok(proof_inclusion(&source, AT, LEAVES, &f->proof, NULL));
	f->receipt.header = buffer_span(&f->header);
	f->receipt.path = span_of(f->proof.hashes, f->proof.count * HASH_SIZE);
	receipt_sign(&claim, f->log_secret, f->receipt.signature);
}

static int
fixture_start(void **state)
{
	static const uint8_t seed[SEED32_SIZE] = {7};
	struct fixture *f = calloc(1, sizeof *f);

	if (f == NULL || crypto_init(NULL) != STATUS_OK) {
		free(f);
		return -1;
	}
	sign_keypair(seed, f->log_public, f->log_secret);
	buffer_init(&f->header, ENTRY_HEADER_MAX);
	buffer_init(&f->text, RECEIPT_TEXT_MAX);
	f->entry = (struct entry){.kind = ENTRY_CHANGE,
				  .seq = AT + 1,
				  .received_ms = INT64_C(1795000000250),
				  .session = 9,
				  .stream = DEVICE,
				  .n = N,
				  .time = INT64_C(1794990000),
				  .record = UINT64_C(0x4d00000138),
				  .schema_version = 1,
				  .commitment = {0xc0}};
	memcpy(f->checkpoint.origin, "SMBG", ORIGIN_SIZE);
	f->checkpoint.epoch = 7;
	f->checkpoint.size = LEAVES;
	memset(f->chain, 0x6c, sizeof f->chain);
	make(f);
	*state = f;
	return 0;
}

static int
fixture_end(void **state)
{
	struct fixture *f = *state;

	buffer_finish(&f->text);
	buffer_finish(&f->header);
	free(f);
	return 0;
}

static struct receipt_claim
claim_of(const struct fixture *f)
{
	return (struct receipt_claim){&f->checkpoint, DEVICE, N, f->chain};
}

/* As a device sees it. */
static bool
holds(const struct fixture *f)
{
	const struct receipt_claim claim = claim_of(f);
	struct entry entry;

	return entry_decode(f->receipt.header, &entry) &&
	       receipt_holds(&f->receipt, &entry, &claim, f->log_public);
}

TEST(what_is_in_the_log_is_proven)
{
	const struct fixture *f = *state;

	assert_true(holds(f));
}

TEST(another_phone_or_number_than_the_entrys_is_not_proven)
{
	struct fixture *f = *state;
	struct receipt_claim claim = claim_of(f);

	claim.n--;
	receipt_sign(&claim, f->log_secret, f->receipt.signature);
	assert_false(receipt_holds(&f->receipt, &f->entry, &claim, f->log_public));
	claim = claim_of(f);
	claim.device--;
	receipt_sign(&claim, f->log_secret, f->receipt.signature);
	assert_false(receipt_holds(&f->receipt, &f->entry, &claim, f->log_public));
}

TEST(another_byte_anywhere_and_nothing_is_proven)
{
	struct fixture *f = *state;
	uint8_t checkpoint[CHECKPOINT_SIZE];

	for (size_t i = 0; i < f->header.length; i++) {
		f->header.at[i] ^= 1;
		assert_false(holds(f));
		f->header.at[i] ^= 1;
	}
	for (size_t i = 0; i < f->receipt.path.length; i++) {
		((uint8_t *)f->proof.hashes)[i] ^= 1;
		assert_false(holds(f));
		((uint8_t *)f->proof.hashes)[i] ^= 1;
	}
	for (size_t i = 0; i < SIGNATURE_SIZE; i++) {
		f->receipt.signature[i] ^= 1;
		assert_false(holds(f));
		f->receipt.signature[i] ^= 1;
	}
	checkpoint_encode(&f->checkpoint, checkpoint);
	for (size_t i = 0; i < sizeof checkpoint; i++) {
		checkpoint[i] ^= 1;
		checkpoint_decode(checkpoint, &f->checkpoint);
		assert_false(holds(f));
		checkpoint[i] ^= 1;
	}
	checkpoint_decode(checkpoint, &f->checkpoint);
	assert_true(holds(f));
}

TEST(another_row_of_changes_before_it_is_not_proven)
{
	struct fixture *f = *state;

	f->chain[31] ^= 1;
	assert_false(holds(f));
}

TEST(a_path_that_is_cut_off_or_too_long_proves_nothing)
{
	struct fixture *f = *state;
	static uint8_t path[(PROOF_HASHES_MAX + 1) * HASH_SIZE];

	f->receipt.path.length -= HASH_SIZE;
	assert_false(holds(f));
	f->receipt.path.length -= 1;
	assert_false(holds(f));
	f->receipt.path = span_of(path, sizeof path);
	assert_false(holds(f));
	f->receipt.path = span_of(NULL, 0);
	assert_false(holds(f));
}

TEST(an_entry_that_is_no_change_is_no_receipt)
{
	struct fixture *f = *state;

	f->entry.kind = ENTRY_ADMIN;
	make(f);
	assert_false(holds(f));
	f->receipt.header = span_of(NULL, 0);
	assert_false(holds(f));
}

TEST(the_only_entry_of_a_log_needs_no_path)
{
	struct fixture *f = *state;
	const struct receipt_claim claim = {&f->checkpoint, DEVICE, N, f->chain};

	f->entry.seq = 1;
	buffer_clear(&f->header);
	entry_encode(&f->entry, &f->header);
	f->receipt.header = buffer_span(&f->header);
	f->receipt.path = span_of(NULL, 0);
	f->checkpoint.size = 1;
	tree_leaf(f->receipt.header, f->checkpoint.root);
	checkpoint_sign(&f->checkpoint, f->log_secret);
	receipt_sign(&claim, f->log_secret, f->receipt.signature);
	assert_true(holds(f));
}

TEST(its_text_is_a_tlog_proof)
{
	struct fixture *f = *state;
	const struct receipt_claim claim = claim_of(f);
	const char *end = "\nindex 4\n";
	char checkpoint[CHECKPOINT_TEXT_MAX];
	const char *text;

	receipt_text(&f->receipt, &claim, f->entry.seq, f->log_public, &f->text);
	buffer_append_byte(&f->text, '\0');
	assert_ok(f->text.status);
	text = (const char *)f->text.at;
	assert_memory_equal(text, "c2sp.org/tlog-proof@v1\nextra ", 29);
	assert_non_null(strstr(text, end));
	checkpoint_text(&f->checkpoint, f->log_public, checkpoint);
	assert_string_equal(text + f->text.length - 1 - strlen(checkpoint), checkpoint);
	/* Three lines of a hash, and an empty one. */
	assert_int_equal(strstr(text, "\n\n") - strstr(text, end), (long)strlen(end) - 1 + 3 * 45);
}

TEST(its_text_is_less_than_two_kibibytes_in_a_log_of_a_billion_entries)
{
	struct fixture *f = *state;
	const struct receipt_claim claim = claim_of(f);
	static uint8_t path[30 * HASH_SIZE];

	f->checkpoint.size = UINT64_C(1) << 30;
	f->entry.seq = f->checkpoint.size;
	f->entry.record = INT64_MAX;
	f->entry.session = UINT64_C(1) << 32;
	buffer_clear(&f->header);
	entry_encode(&f->entry, &f->header);
	f->receipt.header = buffer_span(&f->header);
	f->receipt.path = span_of(path, sizeof path);
	receipt_text(&f->receipt, &claim, f->entry.seq, f->log_public, &f->text);
	assert_ok(f->text.status);
	assert_in_range(f->text.length, 1500, 2047);
}

#define ROW(sentence) CASE_WITH(sentence, fixture_start, fixture_end)

RUN_TESTS(ROW(what_is_in_the_log_is_proven),
	  ROW(another_phone_or_number_than_the_entrys_is_not_proven),
	  ROW(another_byte_anywhere_and_nothing_is_proven),
	  ROW(another_row_of_changes_before_it_is_not_proven),
	  ROW(a_path_that_is_cut_off_or_too_long_proves_nothing),
	  ROW(an_entry_that_is_no_change_is_no_receipt), ROW(the_only_entry_of_a_log_needs_no_path),
	  ROW(its_text_is_a_tlog_proof),
	  ROW(its_text_is_less_than_two_kibibytes_in_a_log_of_a_billion_entries))

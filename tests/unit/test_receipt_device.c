/* SPDX-License-Identifier: Apache-2.0 */
/* A phone that is given a receipt believes its own bytes only. */
#include "client/exchange.h"
#include "device_world.h"
#include "protocol/proof.h"

/* A log of two entries: the change of the last request with that n, and another. */
struct log {
	struct entry entry;
	struct buffer header;
	uint8_t other[HASH_SIZE];
	uint8_t chain[HASH_SIZE];
	struct checkpoint checkpoint;
	struct receipt receipt;
};

static void
log_sign(struct world *w, struct log *log)
{
	const struct receipt_claim claim = {&log->checkpoint, log->entry.stream, log->entry.n,
					    log->chain};

	buffer_clear(&log->header);
	entry_encode(&log->entry, &log->header);
	log->receipt.header = buffer_span(&log->header);
	log->receipt.path = span_of(log->other, HASH_SIZE);
	log->checkpoint.epoch = WORLD_EPOCH;
	log->checkpoint.size = 2;
	memcpy(log->checkpoint.origin, "SMBG", ORIGIN_SIZE);
	tree_leaf(log->receipt.header, log->checkpoint.root);
	tree_node(log->other, log->checkpoint.root, log->checkpoint.root);
	checkpoint_sign(&log->checkpoint, w->log_secret);
	receipt_sign(&claim, w->log_secret, log->receipt.signature);
}

static void
log_of_request(struct world *w, struct log *out)
{
	uint8_t salt[SALT_SIZE];
	uint32_t n = w->head.first_n + w->head.count - 1;

	assert_int_equal(w->head.count, 1);
	*out = (struct log){.other = {5}};
	out->entry = (struct entry){.kind = ENTRY_CHANGE,
				    .seq = 2,
				    .received_ms = WORLD_TIME_MS,
				    .stream = WORLD_DEVICE,
				    .n = n,
				    .time = WORLD_TIME_MS / 1000};
	commitment_salt(w->body.batches[0].seed, n, salt);
	commitment_make(salt, WORLD_DEVICE, n, w->body.changes[0], out->entry.commitment);
	memcpy(out->chain, w->head.h_last, HASH_SIZE);
	buffer_init(&out->header, ENTRY_HEADER_MAX);
	log_sign(w, out);
}

/* The request's change is acknowledged, with what the log says of it. */
static void
answer(struct world *w, const struct log *log)
{
	struct ack_run run = {w->head.first_n, w->head.count, 2};
	struct reply reply = world_reply(w);

	reply.acks = &run;
	reply.ack_count = w->head.count > 0;
	reply.to = (struct cursor){2, 2, CURSOR_ID_END};
	reply.has_checkpoint = true;
	reply.checkpoint = log->checkpoint;
	reply.receipt = log->receipt;
	assert_ok(world_answer(w, &reply));
}

static void
record_and_ask(struct world *w)
{
	(void)world_record(w, "family", FIELDS("head", "Ani"));
	w->device->receipt = RECEIPT_WANTED;
	world_request(w);
}

static int
kept(struct world *w, struct sambung_receipt *out)
{
	return sambung_receipt(w->device, NULL, NULL, out, &w->err);
}

TEST(a_receipt_is_asked_for_when_it_is_wanted_and_nothing_waits_behind)
{
	struct world *w = *state;

	world_request(w);
	assert_int_equal(w->head.programme, PROGRAMME_BASE);
	record_and_ask(w);
	assert_int_equal(w->head.programme, PROGRAMME_BASE | PROGRAMME_RECEIPT);
}

TEST(one_that_fits_what_was_recorded_is_kept_and_shown_after_a_restart)
{
	struct world *w = *state;
	struct sambung_receipt receipt;
	struct log log;

	record_and_ask(w);
	log_of_request(w, &log);
	assert_int_equal(kept(w, &receipt), STATUS_NOT_FOUND);
	answer(w, &log);
	assert_int_equal(w->device->receipt, RECEIPT_TAKEN);
	world_reopen(w);
	assert_ok(kept(w, &receipt));
	assert_int_equal(receipt.device, WORLD_DEVICE);
	assert_int_equal(receipt.changes, 1);
	assert_int_equal(receipt.log_size, 2);
	assert_int_equal(receipt.set_aside, 0);
	assert_int_equal(receipt.newest_ms, WORLD_TIME_MS);
	assert_int_equal(strlen(receipt.root), 12);
	/* What it has is not asked for again. */
	world_request(w);
	assert_int_equal(w->head.programme, PROGRAMME_BASE);
	buffer_finish(&log.header);
}

/* Everything else of that answer counts. */
static void
assert_false_receipt(struct world *w, const struct log *log)
{
	struct sambung_receipt receipt;

	answer(w, log);
	assert_int_equal(w->device->receipt, RECEIPT_FALSE);
	assert_int_equal(exchange_receipt_check(w->device, NULL), STATUS_SIGNATURE);
	assert_int_equal(kept(w, &receipt), STATUS_NOT_FOUND);
	assert_int_equal(world_state(w).acked_n, w->head.first_n + w->head.count - 1);
}

TEST(a_log_that_has_other_bytes_than_were_recorded_is_found_out)
{
	struct world *w = *state;
	struct log log;

	record_and_ask(w);
	log_of_request(w, &log);
	log.entry.commitment[0] ^= 1;
	log_sign(w, &log);
	assert_false_receipt(w, &log);
	buffer_finish(&log.header);
}

TEST(the_entry_of_another_phone_is_no_receipt)
{
	struct world *w = *state;
	struct log log;

	record_and_ask(w);
	log_of_request(w, &log);
	log.entry.stream = WORLD_OTHER;
	log_sign(w, &log);
	assert_false_receipt(w, &log);
	buffer_finish(&log.header);
}

TEST(other_changes_before_it_are_found_out)
{
	struct world *w = *state;
	struct log log;

	record_and_ask(w);
	log_of_request(w, &log);
	log.chain[0] ^= 1;
	log_sign(w, &log);
	assert_false_receipt(w, &log);
	buffer_finish(&log.header);
}

TEST(an_entry_that_is_not_in_the_tree_is_found_out)
{
	struct world *w = *state;
	struct log log;

	record_and_ask(w);
	log_of_request(w, &log);
	log.other[0] ^= 1;
	assert_false_receipt(w, &log);
	buffer_finish(&log.header);
}

TEST(a_receipt_that_was_overtaken_is_passed_over)
{
	struct world *w = *state;
	struct sambung_receipt receipt;
	struct log log;

	record_and_ask(w);
	log_of_request(w, &log);
	log.entry.n = 2;
	log_sign(w, &log);
	answer(w, &log);
	assert_int_equal(w->device->receipt, RECEIPT_WANTED);
	assert_int_equal(kept(w, &receipt), STATUS_NOT_FOUND);
	buffer_finish(&log.header);
}

TEST(what_was_set_aside_is_in_the_log_and_says_so)
{
	struct world *w = *state;
	struct sambung_receipt receipt;
	struct log log;

	record_and_ask(w);
	log_of_request(w, &log);
	log.entry.verdict = VERDICT_QUARANTINED;
	log.entry.reason = QUARANTINE_OUT_OF_SCOPE;
	log_sign(w, &log);
	answer(w, &log);
	assert_ok(kept(w, &receipt));
	assert_int_equal(receipt.set_aside, 1);
	buffer_finish(&log.header);
}

TEST(of_an_erased_record_the_newest_waits_for_nobody_and_has_no_time)
{
	struct world *w = *state;
	struct sambung_receipt receipt;
	struct log log;

	record_and_ask(w);
	log_of_request(w, &log);
	log.entry.verdict = VERDICT_QUARANTINED;
	log.entry.reason = QUARANTINE_ERASED;
	log.entry.time = 0;
	log_sign(w, &log);
	answer(w, &log);
	assert_ok(kept(w, &receipt));
	assert_int_equal(receipt.set_aside, 0);
	assert_int_equal(receipt.newest_ms, 0);
	buffer_finish(&log.header);
}

/* ---- checkpoints that somebody else was shown ---- */

static struct checkpoint
shown(struct world *w, uint64_t size, uint8_t first)
{
	struct checkpoint checkpoint = {.epoch = WORLD_EPOCH, .size = size, .root = {first}};

	memcpy(checkpoint.origin, "SMBG", ORIGIN_SIZE);
	checkpoint_sign(&checkpoint, w->log_secret);
	return checkpoint;
}

static enum status
see(struct world *w, const struct checkpoint *checkpoint)
{
	struct error err;

	return exchange_take_seen(w->device, checkpoint, &err);
}

TEST(another_root_of_as_many_entries_contradicts)
{
	struct world *w = *state;
	struct checkpoint first = shown(w, 50, 1);
	struct checkpoint second = shown(w, 50, 2);
	struct local_witness kept;
	struct error err;

	assert_ok(see(w, &first));
	assert_ok(see(w, &first));
	assert_ok(local_witness(w->device->local, LOCAL_EVIDENCE_OLDER, &kept, &err));
	assert_false(kept.kept);
	assert_ok(see(w, &second));
	assert_ok(local_witness(w->device->local, LOCAL_EVIDENCE_OLDER, &kept, &err));
	assert_memory_equal(kept.checkpoint.root, first.root, HASH_SIZE);
	assert_ok(local_witness(w->device->local, LOCAL_EVIDENCE_NEWER, &kept, &err));
	assert_memory_equal(kept.checkpoint.root, second.root, HASH_SIZE);
}

TEST(a_longer_log_is_what_the_server_must_go_on_from_once_the_device_has_something)
{
	struct world *w = *state;
	struct checkpoint longer = shown(w, 60, 2);
	struct checkpoint shorter = shown(w, 40, 3);
	struct reply reply;

	assert_ok(see(w, &longer));
	assert_ok(see(w, &shorter));
	world_request(w);
	assert_int_equal(w->head.witness_size, 0);
	reply = world_reply(w);
	reply.has_checkpoint = true;
	reply.checkpoint = shown(w, 20, 1);
	assert_ok(world_answer(w, &reply));
	world_request(w);
	assert_int_equal(w->head.witness_size, 60);
	assert_memory_equal(w->head.witness_root, longer.root, 8);
}

TEST(a_checkpoint_that_the_server_did_not_sign_changes_nothing)
{
	struct world *w = *state;
	struct checkpoint forged = shown(w, 60, 2);

	forged.root[0] = 9;
	assert_int_equal(see(w, &forged), STATUS_SIGNATURE);
	assert_int_equal(world_state(w).witness.size, 0);
}

TEST(a_checkpoint_of_another_server_or_epoch_is_passed_over)
{
	struct world *w = *state;
	struct checkpoint other = shown(w, 60, 2);

	other.origin[0] = 'X';
	assert_ok(see(w, &other));
	other = shown(w, 60, 2);
	other.epoch++;
	checkpoint_sign(&other, w->log_secret);
	assert_ok(see(w, &other));
	assert_int_equal(world_state(w).witness.size, 0);
}

#define ROW(sentence) CASE_WITH(sentence, world_open, world_close)

RUN_TESTS(ROW(a_receipt_is_asked_for_when_it_is_wanted_and_nothing_waits_behind),
	  ROW(one_that_fits_what_was_recorded_is_kept_and_shown_after_a_restart),
	  ROW(a_log_that_has_other_bytes_than_were_recorded_is_found_out),
	  ROW(the_entry_of_another_phone_is_no_receipt), ROW(other_changes_before_it_are_found_out),
	  ROW(an_entry_that_is_not_in_the_tree_is_found_out),
	  ROW(a_receipt_that_was_overtaken_is_passed_over),
	  ROW(what_was_set_aside_is_in_the_log_and_says_so),
	  ROW(of_an_erased_record_the_newest_waits_for_nobody_and_has_no_time),
	  ROW(another_root_of_as_many_entries_contradicts),
	  ROW(a_longer_log_is_what_the_server_must_go_on_from_once_the_device_has_something),
	  ROW(a_checkpoint_that_the_server_did_not_sign_changes_nothing),
	  ROW(a_checkpoint_of_another_server_or_epoch_is_passed_over))

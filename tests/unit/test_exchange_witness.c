/* SPDX-License-Identifier: Apache-2.0 */
/* A server that proves its log, and servers that contradict what they signed. */
#include "device_world.h"

#include <stdlib.h>

#define DAY_MS (INT64_C(24) * 3600 * 1000)

enum { LEAVES = 40 };

/* A log of the server's, and another that parts from it at leaf 20. */
enum history { TRUE_HISTORY, OTHER_HISTORY };

static void
leaf_at(enum history history, uint64_t index, uint8_t out[HASH_SIZE])
{
	memset(out, (int)index + 1, HASH_SIZE);
	out[0] = history == OTHER_HISTORY && index >= 20;
}

static enum status
subtree(void *context, unsigned level, uint64_t index, uint8_t root_out[HASH_SIZE],
	struct error *err)
{
	const enum history *history = context;
	struct frontier frontier;
	uint8_t leaf[HASH_SIZE];

	(void)err;
	frontier_init(&frontier);
	for (uint64_t i = index << level; i < (index + 1) << level; i++) {
		leaf_at(*history, i, leaf);
		frontier_append(&frontier, leaf);
	}
	frontier_root(&frontier, root_out);
	return STATUS_OK;
}

static struct checkpoint
checkpoint_of(const struct world *w, enum history history, uint32_t epoch, uint64_t size)
{
	struct checkpoint checkpoint = {.epoch = epoch, .size = size};
	struct frontier frontier;
	uint8_t leaf[HASH_SIZE];

	assert_true(size <= LEAVES);
	frontier_init(&frontier);
	for (uint64_t i = 0; i < size; i++) {
		leaf_at(history, i, leaf);
		frontier_append(&frontier, leaf);
	}
	frontier_root(&frontier, checkpoint.root);
	memcpy(checkpoint.origin, "SMBG", ORIGIN_SIZE);
	checkpoint_sign(&checkpoint, w->log_secret);
	return checkpoint;
}

/* A log that the server tells of. */
struct told {
	enum history history;
	uint64_t size;
};

/* An answer with a checkpoint, as to a request that asks for nothing. */
static struct reply
reply_of(const struct world *w, struct told told)
{
	struct reply reply = world_reply(w);

	reply.epoch = w->head.epoch;
	reply.server_time_ms = w->wall_ms;
	reply.has_checkpoint = true;
	reply.checkpoint = checkpoint_of(w, told.history, w->head.epoch, told.size);
	return reply;
}

/* … and with the proof that this log has of its first entries. */
static int
answer_proof(struct world *w, struct told told)
{
	const struct proof_source source = {subtree, &told.history};
	struct reply reply = reply_of(w, told);
	struct proof proof;
	struct error err;

	assert_true((w->head.programme & PROGRAMME_PROVE) != 0);
	assert_ok(proof_consistency(&source, w->head.witness_size, told.size, &proof, &err));
	reply.has_proof = true;
	reply.proof = span_of(proof.hashes, proof.count * HASH_SIZE);
	return world_answer(w, &reply);
}

static int
answer(struct world *w, struct told told)
{
	struct reply reply = reply_of(w, told);

	return world_answer(w, &reply);
}

/* The device has taken the checkpoint of 25 entries, and a day has gone by. */
static void
day_later(struct world *w)
{
	world_request(w);
	assert_ok(answer(w, (struct told){TRUE_HISTORY, 25}));
	w->wall_ms += DAY_MS;
	w->uptime_ms += DAY_MS;
}

static bool
asks(const struct world *w)
{
	return (w->head.programme & PROGRAMME_PROVE) != 0;
}

static bool
is_contradicted(struct world *w)
{
	struct sambung_state state;

	assert_int_equal(sambung_state(w->device, &state, &w->err), 0);
	return state.contradiction_ms != 0;
}

/* Keeps what sambung_evidence hands out, with its NUL. */
static int
keep_text(void *context, struct sambung_bytes text)
{
	char **kept = context;

	*kept = strndup((const char *)text.at, text.length);
	return *kept == NULL;
}

static char *
evidence(struct world *w)
{
	char *text = NULL;

	assert_int_equal(sambung_evidence(w->device, keep_text, &text, &w->err), 0);
	return text;
}

/* The checkpoint behind that line, as anybody reads it. */
static struct checkpoint
told_in(const struct world *w, const char *text, const char *line)
{
	const char *begin = strstr(text, line);
	struct checkpoint checkpoint;
	struct error err;

	assert_non_null(begin);
	begin += strlen(line);
	assert_ok(checkpoint_text_read(span_of_text(begin), w->log_public, &checkpoint, &err));
	return checkpoint;
}

TEST(a_proof_is_asked_for_once_a_day_from_the_last_one_that_held)
{
	struct world *w = *state;

	world_request(w);
	assert_false(asks(w));
	assert_ok(answer(w, (struct told){TRUE_HISTORY, 5}));
	world_request(w);
	assert_false(asks(w));
	assert_ok(answer(w, (struct told){TRUE_HISTORY, 9}));
	assert_false(w->again);
	w->wall_ms += DAY_MS;
	w->uptime_ms += DAY_MS;
	world_request(w);
	assert_true(asks(w));
	assert_false(w->head.shows);
	assert_int_equal(w->head.witness_size, 5);
	assert_ok(answer_proof(w, (struct told){TRUE_HISTORY, 30}));
	assert_true(w->again); /* the witness does not reach that page */
	world_reopen(w);
	world_request(w);
	assert_false(asks(w));
	/* That goes on from what was proven, not from the witness: it is still to be compared. */
	assert_int_equal(w->head.witness_size, 9);
	assert_ok(answer(w, (struct told){TRUE_HISTORY, 31}));
	w->wall_ms += DAY_MS;
	w->uptime_ms += DAY_MS;
	world_request(w);
	assert_true(asks(w));
	assert_int_equal(w->head.witness_size, 30);
	/* Nothing new in the log: there is a proof all the same, an empty one. */
	assert_ok(answer_proof(w, (struct told){TRUE_HISTORY, 31}));
	assert_false(is_contradicted(w));
}

/* A visit goes and is acknowledged; nothing asks for a proof meanwhile. */
static void
visit_answered(struct world *w)
{
	struct ack_run run = {1, 1, 26};
	struct reply reply;

	(void)world_record(w, "family", FIELDS("head", "Ani"));
	world_request(w);
	assert_false(asks(w));
	reply = reply_of(w, (struct told){TRUE_HISTORY, 26});
	reply.acks = &run;
	reply.ack_count = 1;
	reply.to = (struct cursor){26, 26, CURSOR_ID_END};
	assert_ok(world_answer(w, &reply));
	assert_true(w->result.synced);
}

TEST(a_proof_waits_for_a_request_without_changes)
{
	struct world *w = *state;

	day_later(w);
	visit_answered(w);
	assert_false(w->again);
	world_request(w);
	assert_true(asks(w));
}

TEST(after_a_week_one_request_more_asks_when_the_visits_have_gone)
{
	struct world *w = *state;

	day_later(w);
	w->wall_ms += 6 * DAY_MS;
	w->uptime_ms += 6 * DAY_MS;
	visit_answered(w);
	assert_true(w->again);
	world_request(w);
	assert_true(asks(w));
	assert_ok(answer_proof(w, (struct told){TRUE_HISTORY, 26}));
	assert_true(w->result.synced);
	assert_false(w->again);
}

TEST(an_answer_that_is_lost_is_asked_for_again)
{
	struct world *w = *state;

	day_later(w);
	world_request(w);
	assert_true(asks(w));
	world_reopen(w);
	world_request(w);
	assert_true(asks(w));
	assert_ok(answer_proof(w, (struct told){TRUE_HISTORY, 25}));
	world_request(w);
	assert_false(asks(w));
}

TEST(a_server_whose_clock_stands_still_is_asked_by_the_wall_clock)
{
	struct world *w = *state;
	struct reply reply;

	world_request(w);
	assert_ok(answer(w, (struct told){TRUE_HISTORY, 25}));
	w->wall_ms += DAY_MS;
	world_request(w);
	reply = reply_of(w, (struct told){TRUE_HISTORY, 25});
	reply.server_time_ms -= DAY_MS;
	reply.has_proof = true;
	assert_ok(world_answer(w, &reply));
	world_request(w);
	assert_false(asks(w));
	w->wall_ms += DAY_MS;
	world_request(w);
	assert_true(asks(w));
}

TEST(a_log_that_went_back_is_noticed_and_everything_goes_on)
{
	struct world *w = *state;
	struct ack_run run = {1, 1, 26};
	struct record theirs = {0};
	uint64_t id = id_make(WORLD_OTHER, 9);
	bool whole = true;
	struct span bytes;
	struct reply reply;

	world_request(w);
	assert_ok(answer(w, (struct told){TRUE_HISTORY, 25}));
	(void)world_record(w, "family", FIELDS("head", "Ani"));
	world_other(w, &theirs, id, FAMILY, FAMILY_HEAD, value_text(TEXT("Umi")), 9, 0);
	bytes = world_encode(w, &theirs);
	world_request(w);
	reply = reply_of(w, (struct told){TRUE_HISTORY, 24});
	reply.acks = &run;
	reply.ack_count = 1;
	reply.to = (struct cursor){100, 100, CURSOR_ID_END};
	reply.records = &bytes;
	reply.whole = &whole;
	reply.record_count = 1;
	assert_ok(world_answer(w, &reply));
	assert_true(w->result.synced);
	assert_true(is_contradicted(w));
	assert_contains(world_show(w, id), "Umi");
	assert_int_equal(world_state(w).acked_n, 1);
	assert_int_equal(world_state(w).cursor.complete, 100);
	assert_int_equal(world_state(w).witness.size, 25);
}

TEST(another_root_of_the_same_size_is_noticed)
{
	struct world *w = *state;
	struct checkpoint older;
	char *text;

	world_request(w);
	assert_ok(answer(w, (struct told){TRUE_HISTORY, 25}));
	world_request(w);
	assert_ok(answer(w, (struct told){OTHER_HISTORY, 25}));
	assert_true(is_contradicted(w));
	text = evidence(w);
	older = told_in(w, text, "\nolder\n");
	assert_memory_equal(older.root, checkpoint_of(w, TRUE_HISTORY, WORLD_EPOCH, 25).root,
			    HASH_SIZE);
	assert_memory_equal(told_in(w, text, "\nnewer\n").root,
			    checkpoint_of(w, OTHER_HISTORY, WORLD_EPOCH, 25).root, HASH_SIZE);
	assert_contains(text, "\nno proof\n");
	free(text);
}

TEST(a_longer_log_that_does_not_go_on_is_noticed_by_its_proof)
{
	struct world *w = *state;
	char *text;

	day_later(w);
	world_request(w);
	assert_ok(answer_proof(w, (struct told){OTHER_HISTORY, 33}));
	assert_true(is_contradicted(w));
	assert_int_equal(world_state(w).witness.size, 25);
	text = evidence(w);
	assert_int_equal(told_in(w, text, "\nolder\n").size, 25);
	assert_int_equal(told_in(w, text, "\nnewer\n").size, 33);
	assert_contains(text, "\nproof\n");
	free(text);
}

TEST(one_wrong_bit_of_a_proof_is_noticed)
{
	enum history history = TRUE_HISTORY;
	const struct proof_source source = {subtree, &history};
	struct world *w = *state;
	struct proof proof;
	struct reply reply;
	struct error err;

	day_later(w);
	world_request(w);
	assert_ok(proof_consistency(&source, 25, 33, &proof, &err));
	proof.hashes[proof.count - 1][31] ^= 1;
	reply = reply_of(w, (struct told){TRUE_HISTORY, 33});
	reply.has_proof = true;
	reply.proof = span_of(proof.hashes, proof.count * HASH_SIZE);
	assert_ok(world_answer(w, &reply));
	assert_true(is_contradicted(w));
}

TEST(a_proof_that_was_asked_for_and_does_not_come_is_noticed)
{
	struct world *w = *state;
	struct reply reply;

	day_later(w);
	world_request(w);
	/* What was asked twice is answered once. */
	reply = world_reply(w);
	reply.r_seen = w->head.r;
	assert_ok(world_answer(w, &reply));
	assert_false(is_contradicted(w));
	world_request(w);
	assert_true(asks(w));
	assert_ok(answer(w, (struct told){OTHER_HISTORY, 33}));
	assert_true(is_contradicted(w));
}

TEST(a_server_that_does_not_know_the_witness_is_shown_it_before_it_is_believed)
{
	struct world *w = *state;
	struct reply reply;
	char *text;

	world_request(w);
	assert_ok(answer(w, (struct told){TRUE_HISTORY, 25}));
	(void)world_record(w, "family", FIELDS("head", "Ani"));
	world_request(w);
	reply = reply_of(w, (struct told){OTHER_HISTORY, 33});
	reply.show_witness = true;
	assert_ok(world_answer(w, &reply));
	assert_true(w->again);
	assert_false(is_contradicted(w));
	assert_int_equal(world_state(w).witness.size, 25);
	/* At once, whatever waits. */
	world_request(w);
	assert_int_equal(w->head.count, 1);
	assert_true(asks(w));
	assert_true(w->head.shows);
	assert_int_equal(w->head.witness_size, 25);
	assert_true(checkpoint_verify(&w->head.shown, w->log_public));
	reply = world_reply(w);
	reply.show_witness = true;
	assert_ok(world_answer(w, &reply));
	assert_true(is_contradicted(w));
	/* It told no checkpoint. */
	text = evidence(w);
	assert_int_equal(told_in(w, text, "\nolder\n").size, 25);
	assert_contains(text, "\nnewer\n\nno proof\n");
	free(text);
}

TEST(a_witness_that_is_known_after_all_is_no_contradiction)
{
	struct world *w = *state;
	struct reply reply;

	world_request(w);
	assert_ok(answer(w, (struct told){TRUE_HISTORY, 25}));
	world_request(w);
	reply = reply_of(w, (struct told){TRUE_HISTORY, 33});
	reply.show_witness = true;
	assert_ok(world_answer(w, &reply));
	world_request(w);
	assert_ok(answer_proof(w, (struct told){TRUE_HISTORY, 33}));
	assert_false(w->again);
	assert_false(is_contradicted(w));
	assert_int_equal(world_state(w).witness.size, 33);
}

TEST(the_first_contradiction_is_kept_until_it_is_forgotten)
{
	struct world *w = *state;
	struct sambung_state told;
	struct reply reply;
	char *first;
	char *later;

	day_later(w);
	world_request(w);
	assert_ok(answer_proof(w, (struct told){OTHER_HISTORY, 33}));
	first = evidence(w);
	world_reopen(w);
	world_request(w);
	assert_false(asks(w));
	assert_ok(answer(w, (struct told){TRUE_HISTORY, 20}));
	/* A new epoch, which lost what the witness was of. */
	world_request(w);
	reply = world_reply(w);
	reply.epoch = 8;
	reply.epochs = (struct epoch[]){{WORLD_EPOCH, 0, 0}, {8, WORLD_EPOCH, 3}};
	reply.epoch_count = 2;
	assert_ok(world_answer(w, &reply));
	world_reopen(w);
	assert_true(is_contradicted(w));
	later = evidence(w);
	assert_string_equal(first, later);
	free(later);
	free(first);
	assert_int_equal(sambung_evidence_forget(w->device, &w->err), 0);
	assert_false(is_contradicted(w));
	assert_int_equal(sambung_evidence(w->device, keep_text, &first, &w->err), STATUS_NOT_FOUND);
	/* What the server says now is where it begins. */
	world_request(w);
	assert_int_equal(w->head.witness_size, 0);
	assert_ok(answer(w, (struct told){OTHER_HISTORY, 33}));
	assert_false(is_contradicted(w));
	assert_int_equal(sambung_state(w->device, &told, &w->err), 0);
	assert_int_equal(told.log_size, 33);
	assert_int_equal(strlen(told.log_root), 12);
}

/* The server was restored, with so many entries. */
static void
tell_epoch(struct world *w, uint64_t cut)
{
	struct reply reply;

	world_request(w);
	reply = world_reply(w);
	reply.epoch = 8;
	reply.epochs = (struct epoch[]){{WORLD_EPOCH, 0, 0}, {8, WORLD_EPOCH, cut}};
	reply.epoch_count = 2;
	assert_ok(world_answer(w, &reply));
	assert_true(w->again);
	world_request(w);
}

TEST(an_epoch_that_lost_what_was_signed_has_said_so)
{
	struct world *w = *state;

	day_later(w);
	tell_epoch(w, 24);
	assert_false(asks(w));
	assert_int_equal(w->head.witness_size, 0);
	assert_ok(answer(w, (struct told){OTHER_HISTORY, 21}));
	assert_false(is_contradicted(w));
	assert_int_equal(world_state(w).witness.size, 21);
}

TEST(an_epoch_that_lost_nothing_proves_so_at_once)
{
	struct world *w = *state;

	world_request(w);
	assert_ok(answer(w, (struct told){TRUE_HISTORY, 25}));
	tell_epoch(w, 25);
	assert_true(asks(w));
	assert_int_equal(w->head.witness_size, 25);
	assert_ok(answer_proof(w, (struct told){TRUE_HISTORY, 26}));
	assert_false(is_contradicted(w));
	world_request(w);
	assert_false(asks(w));
	assert_int_equal(w->head.witness_size, 26);
}

TEST(an_epoch_that_was_begun_over_an_altered_log_is_noticed_at_once)
{
	struct world *w = *state;

	world_request(w);
	assert_ok(answer(w, (struct told){TRUE_HISTORY, 25}));
	tell_epoch(w, 25);
	assert_ok(answer_proof(w, (struct told){OTHER_HISTORY, 26}));
	assert_true(is_contradicted(w));
}

TEST(a_late_answer_is_held_against_what_was_known_when_it_was_asked_for)
{
	struct world *w = *state;
	struct parcel_session first;
	struct reply late;

	world_request(w);
	assert_ok(answer(w, (struct told){TRUE_HISTORY, 25}));
	world_request(w);
	first = w->opened.session;
	late = reply_of(w, (struct told){TRUE_HISTORY, 28});
	world_request(w);
	assert_ok(answer(w, (struct told){TRUE_HISTORY, 33}));
	assert_ok(world_answer_to(w, &first, &late));
	assert_false(is_contradicted(w));
	assert_int_equal(world_state(w).witness.size, 33);
}

TEST(what_is_not_signed_is_evidence_of_nothing)
{
	struct world *w = *state;
	struct reply reply;

	world_request(w);
	assert_ok(answer(w, (struct told){TRUE_HISTORY, 25}));
	world_request(w);
	reply = reply_of(w, (struct told){OTHER_HISTORY, 25});
	reply.checkpoint.signature[3] ^= 1;
	assert_int_equal(world_answer(w, &reply), STATUS_SIGNATURE);
	assert_false(is_contradicted(w));
}

#define ROW(sentence) CASE_WITH(sentence, world_open, world_close)

RUN_TESTS(ROW(a_proof_is_asked_for_once_a_day_from_the_last_one_that_held),
	  ROW(a_proof_waits_for_a_request_without_changes),
	  ROW(after_a_week_one_request_more_asks_when_the_visits_have_gone),
	  ROW(an_answer_that_is_lost_is_asked_for_again),
	  ROW(a_server_whose_clock_stands_still_is_asked_by_the_wall_clock),
	  ROW(a_log_that_went_back_is_noticed_and_everything_goes_on),
	  ROW(another_root_of_the_same_size_is_noticed),
	  ROW(a_longer_log_that_does_not_go_on_is_noticed_by_its_proof),
	  ROW(one_wrong_bit_of_a_proof_is_noticed),
	  ROW(a_proof_that_was_asked_for_and_does_not_come_is_noticed),
	  ROW(a_server_that_does_not_know_the_witness_is_shown_it_before_it_is_believed),
	  ROW(a_witness_that_is_known_after_all_is_no_contradiction),
	  ROW(the_first_contradiction_is_kept_until_it_is_forgotten),
	  ROW(an_epoch_that_lost_what_was_signed_has_said_so),
	  ROW(an_epoch_that_lost_nothing_proves_so_at_once),
	  ROW(an_epoch_that_was_begun_over_an_altered_log_is_noticed_at_once),
	  ROW(a_late_answer_is_held_against_what_was_known_when_it_was_asked_for),
	  ROW(what_is_not_signed_is_evidence_of_nothing))

/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/carry.h"
#include "tests/testing.h"

#include <stdlib.h>

enum { REQUEST_LEAST = PARCEL_REQUEST_OVERHEAD, REPLY_LEAST = PARCEL_REPLY_OVERHEAD };

struct fixture {
	uint8_t parcel[2][PARCEL_REPLY_MAX + 1];
	struct carry_file file;
	struct carry_replies replies;
	struct buffer bytes;
	struct carry_file file_out;
	struct carry_replies replies_out;
	struct error err;
};

static int
fixture_start(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);

	if (f == NULL || crypto_init(NULL) != STATUS_OK) {
		free(f);
		return -1;
	}
	*state = f;
	for (unsigned i = 0; i < 2; i++) {
		memset(f->parcel[i], 0xa0 + (int)i, sizeof f->parcel[i]);
		f->parcel[i][0] = 1;
		f->file.parcels[i] = span_of(f->parcel[i], REQUEST_LEAST + i);
		memset(f->replies.at[i].tag, 0xb0 + (int)i, PARCEL_TAG_SIZE);
		f->replies.at[i].bytes = span_of(f->parcel[i], REPLY_LEAST + i);
	}
	f->file.count = 2;
	f->replies.count = 2;
	buffer_init(&f->bytes, CARRY_REPLIES_MAX + 1);
	return 0;
}

static int
fixture_end(void **state)
{
	struct fixture *f = *state;

	buffer_finish(&f->bytes);
	free(f);
	return 0;
}

/* The file as it is now: does it decode? */
static enum status
file_again(struct fixture *f)
{
	buffer_clear(&f->bytes);
	carry_file_encode(&f->file, &f->bytes);
	assert_ok(f->bytes.status);
	return carry_file_decode(buffer_span(&f->bytes), &f->file_out, &f->err);
}

static enum status
replies_again(struct fixture *f)
{
	buffer_clear(&f->bytes);
	carry_replies_encode(&f->replies, &f->bytes);
	assert_ok(f->bytes.status);
	return carry_replies_decode(buffer_span(&f->bytes), &f->replies_out, &f->err);
}

/* Puts the check right. */
static void
check_again(struct fixture *f)
{
	struct span all = span_of(f->bytes.at, f->bytes.length - CARRY_CHECK_SIZE);
	uint8_t hash[32];

	sha256(&all, 1, hash);
	memcpy(f->bytes.at + all.length, hash, CARRY_CHECK_SIZE);
}

TEST(a_file_gives_back_its_parcels_in_their_order)
{
	struct fixture *f = *state;

	assert_ok(file_again(f));
	assert_int_equal(f->file_out.count, 2);
	assert_true(span_equal(f->file_out.parcels[0], f->file.parcels[0]));
	assert_true(span_equal(f->file_out.parcels[1], f->file.parcels[1]));
}

TEST(answers_come_back_with_their_tags)
{
	struct fixture *f = *state;
	const struct carry_reply *found;

	assert_ok(replies_again(f));
	assert_int_equal(f->replies_out.count, 2);
	found = carry_reply_find(&f->replies_out, f->replies.at[1].tag);
	assert_non_null(found);
	assert_true(span_equal(found->bytes, f->replies.at[1].bytes));
	memset(f->replies.at[1].tag, 0, PARCEL_TAG_SIZE);
	assert_null(carry_reply_find(&f->replies_out, f->replies.at[1].tag));
}

TEST(a_file_and_its_answers_are_known_by_how_they_begin_whatever_follows)
{
	(void)state;
	assert_true(carry_begins(span_of_text("sambung/carry/9 …"), CARRY_FILE_NAME));
	assert_false(carry_begins(span_of_text("sambung/carry/9 …"), CARRY_REPLIES_NAME));
	assert_true(carry_begins(span_of_text("sambung/reply/"), CARRY_REPLIES_NAME));
	assert_false(carry_begins(span_of_text("sambung/reply"), CARRY_REPLIES_NAME));
	assert_false(carry_begins(span_of(NULL, 0), CARRY_FILE_NAME));
}

TEST(a_file_is_mark_parcels_and_check)
{
	struct fixture *f = *state;
	uint8_t hash[32];
	struct span all;

	f->replies.count = 1;
	assert_ok(replies_again(f));
	assert_int_equal(f->bytes.length, 16 + 1 + 17 + 2 + REPLY_LEAST + 16);
	assert_memory_equal(f->bytes.at, "sambung/reply/1", 16);
	assert_hex(f->bytes.at + 16, 20, "82 50 b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0 58 1d");
	all = span_of(f->bytes.at, f->bytes.length - 16);
	sha256(&all, 1, hash);
	assert_memory_equal(f->bytes.at + all.length, hash, 16);
	assert_ok(file_again(f));
	assert_memory_equal(f->bytes.at, "sambung/carry/1", 16);
	assert_hex(f->bytes.at + 16, 4, "82 58 72 01");
}

TEST(any_byte_that_is_another_is_noticed)
{
	struct fixture *f = *state;

	assert_ok(file_again(f));
	for (size_t i = 0; i < f->bytes.length; i++) {
		f->bytes.at[i] ^= 0x40;
		assert_int_not_equal(
			carry_file_decode(buffer_span(&f->bytes), &f->file_out, &f->err),
			STATUS_OK);
		f->bytes.at[i] ^= 0x40;
	}
	assert_ok(carry_file_decode(buffer_span(&f->bytes), &f->file_out, &f->err));
}

TEST(a_file_that_is_cut_off_anywhere_is_noticed)
{
	struct fixture *f = *state;

	assert_ok(replies_again(f));
	for (size_t length = 0; length < f->bytes.length; length++) {
		assert_int_equal(carry_replies_decode(span_of(f->bytes.at, length), &f->replies_out,
						      &f->err),
				 STATUS_MALFORMED);
	}
}

TEST(a_file_and_its_answers_are_not_confused)
{
	struct fixture *f = *state;

	assert_ok(file_again(f));
	assert_int_equal(carry_replies_decode(buffer_span(&f->bytes), &f->replies_out, &f->err),
			 STATUS_MALFORMED);
	assert_ok(replies_again(f));
	assert_int_equal(carry_file_decode(buffer_span(&f->bytes), &f->file_out, &f->err),
			 STATUS_MALFORMED);
}

TEST(a_later_form_of_the_file_asks_for_a_newer_program)
{
	struct fixture *f = *state;

	assert_ok(file_again(f));
	f->bytes.at[14] = '2';
	assert_int_equal(carry_file_decode(buffer_span(&f->bytes), &f->file_out, &f->err),
			 STATUS_UNSUPPORTED);
}

TEST(nothing_but_parcels_is_in_a_file)
{
	struct fixture *f = *state;

	f->file.parcels[1].length = REQUEST_LEAST - 1;
	assert_int_equal(file_again(f), STATUS_MALFORMED);
	f->file.parcels[1].length = PARCEL_REQUEST_MAX + 1;
	assert_int_equal(file_again(f), STATUS_MALFORMED);
	f->file.parcels[1].length = PARCEL_REQUEST_MAX;
	assert_ok(file_again(f));
	f->parcel[1][0] = '<';
	assert_int_equal(file_again(f), STATUS_MALFORMED);
	assert_int_equal(replies_again(f), STATUS_MALFORMED);
	f->parcel[1][0] = 1;
	f->replies.at[1].bytes.length = REPLY_LEAST - 1;
	assert_int_equal(replies_again(f), STATUS_MALFORMED);
	assert_false(carry_reply_fits(f->replies.at[1].bytes));
	f->replies.at[1].bytes.length = PARCEL_REPLY_MAX + 1;
	assert_int_equal(replies_again(f), STATUS_MALFORMED);
	f->replies.at[1].bytes.length = PARCEL_REPLY_MAX;
	assert_true(carry_reply_fits(f->replies.at[1].bytes));
	assert_ok(replies_again(f));
}

TEST(a_count_that_is_not_that_of_the_parcels_is_refused)
{
	struct fixture *f = *state;

	assert_ok(file_again(f));
	f->bytes.at[CARRY_MARK_SIZE] = 0x81;
	check_again(f);
	assert_int_equal(carry_file_decode(buffer_span(&f->bytes), &f->file_out, &f->err),
			 STATUS_MALFORMED);
	f->bytes.at[CARRY_MARK_SIZE] = 0x83;
	check_again(f);
	assert_int_equal(carry_file_decode(buffer_span(&f->bytes), &f->file_out, &f->err),
			 STATUS_MALFORMED);
	assert_ok(replies_again(f));
	f->bytes.at[CARRY_MARK_SIZE] = 0x83;
	check_again(f);
	assert_int_equal(carry_replies_decode(buffer_span(&f->bytes), &f->replies_out, &f->err),
			 STATUS_MALFORMED);
}

TEST(an_empty_file_is_none)
{
	struct fixture *f = *state;

	f->file.count = 0;
	assert_int_equal(file_again(f), STATUS_MALFORMED);
	f->replies.count = 0;
	assert_int_equal(replies_again(f), STATUS_MALFORMED);
}

TEST(a_full_file_has_sixty_four_parcels)
{
	struct fixture *f = *state;

	for (f->file.count = 0; f->file.count < CARRY_PARCELS_MAX; f->file.count++) {
		f->file.parcels[f->file.count] = span_of(f->parcel[0], REQUEST_LEAST);
	}
	assert_ok(file_again(f));
	/* Its head says one more. */
	f->bytes.at[CARRY_MARK_SIZE + 1]++;
	check_again(f);
	assert_int_equal(carry_file_decode(buffer_span(&f->bytes), &f->file_out, &f->err),
			 STATUS_MALFORMED);
}

TEST(answers_may_end_with_a_checkpoint)
{
	struct fixture *f = *state;
	struct checkpoint *seen = &f->replies.seen;

	assert_ok(replies_again(f));
	assert_false(f->replies_out.has_seen);
	f->replies.has_seen = true;
	*seen = (struct checkpoint){.epoch = 7, .size = 300, .root = {1}, .signature = {2}};
	assert_ok(replies_again(f));
	assert_int_equal(f->replies_out.count, 2);
	assert_true(f->replies_out.has_seen);
	assert_int_equal(f->replies_out.seen.epoch, 7);
	assert_int_equal(f->replies_out.seen.size, 300);
	assert_memory_equal(f->replies_out.seen.root, seen->root, HASH_SIZE);
	assert_memory_equal(f->replies_out.seen.signature, seen->signature, SIGNATURE_SIZE);
	/* Not of another length. */
	f->bytes.at[f->bytes.length - CARRY_CHECK_SIZE - CHECKPOINT_SIZE - 1]--;
	check_again(f);
	assert_int_equal(carry_replies_decode(buffer_span(&f->bytes), &f->replies_out, &f->err),
			 STATUS_MALFORMED);
}

TEST(a_checkpoint_without_an_answer_is_no_file)
{
	struct fixture *f = *state;

	f->replies.has_seen = true;
	f->replies.count = 0;
	assert_int_equal(replies_again(f), STATUS_MALFORMED);
}

/* ---- delivering ---- */

struct server {
	unsigned posts;
	unsigned answers; /* that it gives before it falls silent */
	uint64_t seen;	  /* size of the checkpoint that it shows the carrier; 0: none */
	struct span said;
};

static enum status
server_post(void *context, struct span parcel, struct buffer *reply, struct error *err)
{
	struct server *server = context;

	(void)parcel;
	if (server->posts++ >= server->answers) {
		error_set(err, STATUS_UNREACHABLE, "test");
		return STATUS_UNREACHABLE;
	}
	buffer_append_span(reply, server->said);
	return STATUS_OK;
}

static bool
server_seen(void *context, struct checkpoint *out)
{
	const struct server *server = context;

	if (server->seen == 0) {
		return false;
	}
	*out = (struct checkpoint){.size = server->seen};
	return true;
}

static enum status
deliver(struct fixture *f, struct server *server, struct span before, struct buffer *answers,
	struct carry_count *count)
{
	struct carry_delivery delivery = {
		.before = before, .post = server_post, .seen = server_seen, .context = server};

	assert_ok(file_again(f));
	delivery.file = buffer_span(&f->bytes);
	return carry_deliver(&delivery, answers, count, &f->err);
}

TEST(each_parcel_is_answered_under_its_tag)
{
	struct fixture *f = *state;
	struct server server = {.answers = 2, .said = span_of(f->parcel[0], REPLY_LEAST + 7)};
	struct carry_count count;
	struct buffer answers;
	uint8_t tag[PARCEL_TAG_SIZE];

	buffer_init(&answers, CARRY_REPLIES_MAX);
	assert_ok(deliver(f, &server, span_of(NULL, 0), &answers, &count));
	assert_int_equal(count.parcels, 2);
	assert_int_equal(count.answered, 2);
	assert_ok(carry_replies_decode(buffer_span(&answers), &f->replies_out, &f->err));
	parcel_tag(f->file.parcels[1], tag);
	assert_memory_equal(f->replies_out.at[1].tag, tag, sizeof tag);
	assert_true(span_equal(f->replies_out.at[1].bytes, server.said));
	buffer_finish(&answers);
}

TEST(what_the_carrier_was_shown_goes_with_the_answers_and_stays_until_it_is_newer)
{
	struct fixture *f = *state;
	struct server server = {
		.answers = 2, .seen = 50, .said = span_of(f->parcel[0], REPLY_LEAST)};
	struct carry_count count;
	struct buffer before;
	struct buffer answers;

	buffer_init(&before, CARRY_REPLIES_MAX);
	buffer_init(&answers, CARRY_REPLIES_MAX);
	assert_ok(deliver(f, &server, span_of(NULL, 0), &before, &count));
	assert_ok(carry_replies_decode(buffer_span(&before), &f->replies_out, &f->err));
	assert_true(f->replies_out.has_seen);
	assert_int_equal(f->replies_out.seen.size, 50);
	server.seen = 0;
	assert_ok(deliver(f, &server, buffer_span(&before), &answers, &count));
	assert_ok(carry_replies_decode(buffer_span(&answers), &f->replies_out, &f->err));
	assert_int_equal(f->replies_out.seen.size, 50);
	server.seen = 60;
	buffer_clear(&answers);
	assert_ok(deliver(f, &server, buffer_span(&before), &answers, &count));
	assert_ok(carry_replies_decode(buffer_span(&answers), &f->replies_out, &f->err));
	assert_int_equal(f->replies_out.seen.size, 60);
	buffer_finish(&answers);
	buffer_finish(&before);
}

TEST(a_delivery_that_broke_off_goes_on_where_it_was)
{
	struct fixture *f = *state;
	struct server server = {.answers = 1, .said = span_of(f->parcel[0], REPLY_LEAST)};
	struct carry_count count;
	struct buffer first;
	struct buffer second;

	buffer_init(&first, CARRY_REPLIES_MAX);
	buffer_init(&second, CARRY_REPLIES_MAX);
	assert_int_equal(deliver(f, &server, span_of(NULL, 0), &first, &count), STATUS_UNREACHABLE);
	assert_int_equal(count.answered, 1);
	assert_int_equal(server.posts, 2);
	server = (struct server){.answers = 1, .said = server.said};
	assert_ok(deliver(f, &server, buffer_span(&first), &second, &count));
	assert_int_equal(server.posts, 1);
	assert_int_equal(count.answered, 2);
	assert_ok(carry_replies_decode(buffer_span(&second), &f->replies_out, &f->err));
	assert_int_equal(f->replies_out.count, 2);
	buffer_finish(&second);
	buffer_finish(&first);
}

TEST(nothing_is_posted_behind_a_parcel_without_an_answer)
{
	struct fixture *f = *state;
	struct server server = {.answers = 0};
	struct carry_count count;
	struct buffer answers;

	buffer_init(&answers, CARRY_REPLIES_MAX);
	assert_int_equal(deliver(f, &server, span_of(NULL, 0), &answers, &count),
			 STATUS_UNREACHABLE);
	assert_int_equal(server.posts, 1);
	assert_int_equal(count.parcels, 2);
	assert_int_equal(answers.length, 0);
	buffer_finish(&answers);
}

TEST(a_login_page_is_no_answer)
{
	struct fixture *f = *state;
	struct server server = {.answers = 2, .said = span_of_text("<html>")};
	struct carry_count count;
	struct buffer answers;

	buffer_init(&answers, CARRY_REPLIES_MAX);
	assert_int_equal(deliver(f, &server, span_of(NULL, 0), &answers, &count),
			 STATUS_UNREACHABLE);
	assert_int_equal(count.answered, 0);
	buffer_finish(&answers);
}

#define WITH_FIXTURE(sentence) CASE_WITH(sentence, fixture_start, fixture_end)
RUN_TESTS(
	WITH_FIXTURE(a_file_gives_back_its_parcels_in_their_order),
	WITH_FIXTURE(answers_come_back_with_their_tags),
	WITH_FIXTURE(a_file_and_its_answers_are_known_by_how_they_begin_whatever_follows),
	WITH_FIXTURE(a_file_is_mark_parcels_and_check),
	WITH_FIXTURE(any_byte_that_is_another_is_noticed),
	WITH_FIXTURE(a_file_that_is_cut_off_anywhere_is_noticed),
	WITH_FIXTURE(a_file_and_its_answers_are_not_confused),
	WITH_FIXTURE(a_later_form_of_the_file_asks_for_a_newer_program),
	WITH_FIXTURE(nothing_but_parcels_is_in_a_file),
	WITH_FIXTURE(a_count_that_is_not_that_of_the_parcels_is_refused),
	WITH_FIXTURE(an_empty_file_is_none), WITH_FIXTURE(a_full_file_has_sixty_four_parcels),
	WITH_FIXTURE(answers_may_end_with_a_checkpoint),
	WITH_FIXTURE(a_checkpoint_without_an_answer_is_no_file),
	WITH_FIXTURE(each_parcel_is_answered_under_its_tag),
	WITH_FIXTURE(what_the_carrier_was_shown_goes_with_the_answers_and_stays_until_it_is_newer),
	WITH_FIXTURE(a_delivery_that_broke_off_goes_on_where_it_was),
	WITH_FIXTURE(nothing_is_posted_behind_a_parcel_without_an_answer),
	WITH_FIXTURE(a_login_page_is_no_answer))

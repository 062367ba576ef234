/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/parcel.h"
#include "tests/exact.h"

/* One CBOR item, and a body of any bytes. */
static const uint8_t head_bytes[] = {0x83, 0x01, 0x02, 0x03};
static const char body_text[] = "body";

struct fixture {
	struct parcel_sender sender;
	uint8_t device_key[SIGN_PUBLIC_SIZE];
	struct server_key keys[2];
	uint8_t random[32];
	struct buffer request;
	struct buffer plain;
	struct parcel_session session;
};

static int
fixture_start(void **state)
{
	struct fixture *fixture = calloc(1, sizeof *fixture);
	uint8_t seed[32];

	if (fixture == NULL) {
		return -1;
	}
	*state = fixture;
	if (crypto_init(NULL) != STATUS_OK) {
		return -1;
	}
	memset(seed, 0x01, sizeof seed);
	sign_keypair(seed, fixture->device_key, fixture->sender.secret);
	for (uint8_t i = 0; i < 2; i++) {
		memset(seed, 0x10 + i, sizeof seed);
		fixture->keys[i].id = (uint8_t)(i + 5);
		box_keypair(seed, fixture->keys[i].public_key, fixture->keys[i].secret);
	}
	fixture->sender.server_key_id = 6;
	memcpy(fixture->sender.server_key, fixture->keys[1].public_key, 32);
	memset(fixture->random, 0x77, sizeof fixture->random);
	buffer_init(&fixture->request, PARCEL_REQUEST_MAX);
	buffer_init(&fixture->plain, PARCEL_REPLY_MAX);
	return 0;
}

static int
fixture_end(void **state)
{
	struct fixture *fixture = *state;

	buffer_finish(&fixture->request);
	buffer_finish(&fixture->plain);
	free(fixture);
	return 0;
}

static enum status
seal(struct fixture *fixture, enum parcel_kind kind, uint64_t r)
{
	return parcel_seal_request(kind, &fixture->sender, fixture->random, r,
				   span_of(head_bytes, sizeof head_bytes), span_of_text(body_text),
				   &fixture->request, &fixture->session, NULL);
}

static enum status
open_bytes(struct fixture *fixture, struct span request, struct opened_parcel *opened)
{
	return parcel_open_request(request, fixture->keys, 2, &fixture->plain, opened, NULL);
}

/* Neither opened nor believed. */
static bool
refused(struct fixture *fixture, struct span request)
{
	struct opened_parcel opened;

	return open_bytes(fixture, request, &opened) != STATUS_OK ||
	       !parcel_signed_by(PARCEL_SYNC, &opened, fixture->device_key);
}

TEST(request_is_opened_with_the_key_it_names)
{
	struct fixture *fixture = *state;
	struct opened_parcel opened;

	assert_ok(seal(fixture, PARCEL_SYNC, 1));
	assert_ok(open_bytes(fixture, buffer_span(&fixture->request), &opened));
	assert_true(span_equal(opened.head, span_of(head_bytes, sizeof head_bytes)));
	assert_true(span_equal(opened.body, span_of_text(body_text)));
	assert_memory_equal(opened.spk, fixture->keys[1].public_key, 32);
	assert_true(parcel_signed_by(PARCEL_SYNC, &opened, fixture->device_key));
	assert_memory_equal(&opened.session, &fixture->session, sizeof opened.session);
}

static bool
holds(struct span bytes, struct span word)
{
	for (size_t i = 0; i + word.length <= bytes.length; i++) {
		if (memcmp(bytes.at + i, word.at, word.length) == 0) {
			return true;
		}
	}
	return false;
}

/* Another key under the same number, and the device's own, which signs. */
TEST(nobody_but_the_key_that_it_was_sealed_to_opens_a_request)
{
	struct fixture *fixture = *state;
	const struct span body = span_of_text(body_text);
	struct opened_parcel opened;

	assert_ok(seal(fixture, PARCEL_SYNC, 1));
	assert_false(holds(buffer_span(&fixture->request), body));
	assert_ok(open_bytes(fixture, buffer_span(&fixture->request), &opened));
	assert_true(holds(opened.body, body));
	fixture->keys[0].id = 6;
	memcpy(fixture->keys[1].secret, fixture->keys[0].secret, sizeof fixture->keys[1].secret);
	memcpy(fixture->keys[1].public_key, fixture->keys[0].public_key, 32);
	buffer_clear(&fixture->plain);
	assert_int_equal(open_bytes(fixture, buffer_span(&fixture->request), &opened),
			 STATUS_SIGNATURE);
	assert_false(holds(buffer_span(&fixture->plain), body));
	for (size_t i = 0; i < 2; i++) {
		box_keypair(fixture->sender.secret, fixture->keys[i].public_key,
			    fixture->keys[i].secret);
	}
	assert_int_equal(open_bytes(fixture, buffer_span(&fixture->request), &opened),
			 STATUS_SIGNATURE);
}

TEST(overhead_of_a_request_is_114_bytes)
{
	struct fixture *fixture = *state;

	buffer_append_byte(&fixture->request, '>');
	assert_ok(seal(fixture, PARCEL_SYNC, 1));
	assert_int_equal(PARCEL_REQUEST_OVERHEAD, 114);
	assert_int_equal(fixture->request.length, 1 + 114 + sizeof head_bytes + strlen(body_text));
	assert_int_equal(fixture->request.at[1], 0x01);
	assert_int_equal(fixture->request.at[2], 6);
}

TEST(flipping_any_byte_of_a_request_is_noticed)
{
	struct fixture *fixture = *state;

	assert_ok(seal(fixture, PARCEL_SYNC, 1));
	for (size_t i = 0; i < fixture->request.length; i++) {
		fixture->request.at[i] ^= 1;
		assert_true(refused(fixture, buffer_span(&fixture->request)));
		fixture->request.at[i] ^= 1;
	}
	assert_false(refused(fixture, buffer_span(&fixture->request)));
}

TEST(request_cut_off_anywhere_is_refused)
{
	struct fixture *fixture = *state;

	assert_ok(seal(fixture, PARCEL_SYNC, 1));
	for (size_t length = 0; length < fixture->request.length; length++) {
		uint8_t *copy = exact_copy(span_of(fixture->request.at, length));

		assert_true(refused(fixture, span_of(copy, length)));
		free(copy);
	}
}

TEST(request_with_a_tail_is_refused)
{
	struct fixture *fixture = *state;

	assert_ok(seal(fixture, PARCEL_SYNC, 1));
	buffer_append_byte(&fixture->request, 0);
	assert_true(refused(fixture, buffer_span(&fixture->request)));
}

TEST(request_of_another_device_is_opened_but_not_believed)
{
	struct fixture *fixture = *state;
	struct opened_parcel opened;
	uint8_t other[32];

	assert_ok(seal(fixture, PARCEL_SYNC, 1));
	memcpy(other, fixture->device_key, sizeof other);
	other[3] ^= 1;
	assert_ok(open_bytes(fixture, buffer_span(&fixture->request), &opened));
	assert_false(parcel_signed_by(PARCEL_SYNC, &opened, other));
}

TEST(enrolment_is_never_taken_for_a_sync)
{
	struct fixture *fixture = *state;
	struct opened_parcel opened;

	assert_ok(seal(fixture, PARCEL_ENROL, 1));
	assert_ok(open_bytes(fixture, buffer_span(&fixture->request), &opened));
	assert_false(parcel_signed_by(PARCEL_SYNC, &opened, fixture->device_key));
	assert_true(parcel_signed_by(PARCEL_ENROL, &opened, fixture->device_key));
}

TEST(unknown_key_id_and_wrong_key_do_not_open)
{
	struct fixture *fixture = *state;
	struct opened_parcel opened;

	fixture->sender.server_key_id = 9;
	assert_ok(seal(fixture, PARCEL_SYNC, 1));
	assert_int_equal(open_bytes(fixture, buffer_span(&fixture->request), &opened),
			 STATUS_SIGNATURE);
	buffer_clear(&fixture->request);
	fixture->sender.server_key_id = 5;
	assert_ok(seal(fixture, PARCEL_SYNC, 1));
	assert_int_equal(open_bytes(fixture, buffer_span(&fixture->request), &opened),
			 STATUS_SIGNATURE);
}

TEST(unknown_version_and_too_short_a_request_are_malformed)
{
	struct fixture *fixture = *state;
	struct opened_parcel opened;

	assert_ok(seal(fixture, PARCEL_SYNC, 1));
	assert_int_equal(open_bytes(fixture, span_of(fixture->request.at, 114), &opened),
			 STATUS_MALFORMED);
	assert_int_equal(open_bytes(fixture, span_of(NULL, 0), &opened), STATUS_MALFORMED);
	fixture->request.at[0] = 2;
	assert_int_equal(open_bytes(fixture, buffer_span(&fixture->request), &opened),
			 STATUS_MALFORMED);
}

TEST(head_must_be_one_cbor_item)
{
	static const uint8_t cut_off[] = {0x83, 0x01, 0x02};
	struct fixture *fixture = *state;
	struct opened_parcel opened;

	assert_ok(parcel_seal_request(PARCEL_SYNC, &fixture->sender, fixture->random, 1,
				      span_of(cut_off, sizeof cut_off), span_of(NULL, 0),
				      &fixture->request, &fixture->session, NULL));
	assert_int_equal(open_bytes(fixture, buffer_span(&fixture->request), &opened),
			 STATUS_MALFORMED);
}

TEST(empty_body_is_a_body)
{
	struct fixture *fixture = *state;
	struct opened_parcel opened;

	assert_ok(parcel_seal_request(PARCEL_ENROL, &fixture->sender, fixture->random, 1,
				      span_of(head_bytes, sizeof head_bytes), span_of(NULL, 0),
				      &fixture->request, &fixture->session, NULL));
	assert_ok(open_bytes(fixture, buffer_span(&fixture->request), &opened));
	assert_int_equal(opened.body.length, 0);
	assert_true(parcel_signed_by(PARCEL_ENROL, &opened, fixture->device_key));
}

TEST(all_zero_keys_are_refused_on_both_sides)
{
	struct fixture *fixture = *state;
	struct opened_parcel opened;

	assert_ok(seal(fixture, PARCEL_SYNC, 1));
	memset(fixture->request.at + 2, 0, 32);
	assert_int_equal(open_bytes(fixture, buffer_span(&fixture->request), &opened),
			 STATUS_SIGNATURE);
	memset(fixture->sender.server_key, 0, 32);
	buffer_clear(&fixture->request);
	assert_int_equal(seal(fixture, PARCEL_SYNC, 1), STATUS_INVALID);
	assert_int_equal(fixture->request.length, 0);
}

TEST(bad_randomness_does_not_repeat_a_key)
{
	struct fixture *fixture = *state;
	uint8_t first[32];

	assert_ok(seal(fixture, PARCEL_SYNC, 1));
	memcpy(first, fixture->request.at + 2, sizeof first);
	buffer_clear(&fixture->request);
	assert_ok(seal(fixture, PARCEL_SYNC, 2));
	assert_memory_not_equal(fixture->request.at + 2, first, sizeof first);
	buffer_clear(&fixture->request);
	assert_ok(seal(fixture, PARCEL_SYNC, 1));
	assert_memory_equal(fixture->request.at + 2, first, sizeof first);
}

TEST(request_of_the_greatest_length_passes_and_one_byte_more_does_not)
{
	struct fixture *fixture = *state;
	struct opened_parcel opened;
	size_t room = PARCEL_REQUEST_MAX - PARCEL_REQUEST_OVERHEAD - sizeof head_bytes;
	struct span head = span_of(head_bytes, sizeof head_bytes);
	uint8_t *body = calloc(1, room + 1);

	assert_non_null(body);
	assert_int_equal(parcel_seal_request(PARCEL_SYNC, &fixture->sender, fixture->random, 1,
					     head, span_of(body, room + 1), &fixture->request,
					     &fixture->session, NULL),
			 STATUS_LIMIT);
	assert_ok(parcel_seal_request(PARCEL_SYNC, &fixture->sender, fixture->random, 1, head,
				      span_of(body, room), &fixture->request, &fixture->session,
				      NULL));
	assert_int_equal(fixture->request.length, PARCEL_REQUEST_MAX);
	assert_ok(open_bytes(fixture, buffer_span(&fixture->request), &opened));
	fixture->request.limit++;
	buffer_append_byte(&fixture->request, 0);
	assert_int_equal(open_bytes(fixture, buffer_span(&fixture->request), &opened),
			 STATUS_LIMIT);
	free(body);
}

TEST(full_buffers_leave_nothing_behind)
{
	struct fixture *fixture = *state;
	struct opened_parcel opened;

	assert_ok(seal(fixture, PARCEL_SYNC, 1));
	fixture->plain.limit = 10;
	assert_int_equal(open_bytes(fixture, buffer_span(&fixture->request), &opened),
			 STATUS_LIMIT);
	buffer_clear(&fixture->request);
	fixture->request.limit = 60;
	buffer_append_byte(&fixture->request, '>');
	assert_int_equal(seal(fixture, PARCEL_SYNC, 1), STATUS_LIMIT);
	assert_int_equal(fixture->request.length, 1);
}

static void
reply_make(struct fixture *fixture, struct buffer *reply)
{
	const uint8_t nonce[12] = {1, 2, 3};
	struct opened_parcel opened;

	assert_ok(seal(fixture, PARCEL_SYNC, 1));
	assert_ok(open_bytes(fixture, buffer_span(&fixture->request), &opened));
	buffer_init(reply, PARCEL_REPLY_MAX);
	assert_ok(parcel_seal_reply(&opened.session, nonce, span_of_text("acks"), reply, NULL));
	buffer_clear(&fixture->plain);
}

TEST(reply_is_opened_by_the_sender_of_the_request)
{
	struct fixture *fixture = *state;
	struct buffer reply;

	reply_make(fixture, &reply);
	assert_int_equal(reply.length, 29 + 4);
	assert_ok(parcel_open_reply(&fixture->session, buffer_span(&reply), &fixture->plain, NULL));
	assert_true(span_equal(buffer_span(&fixture->plain), span_of_text("acks")));
	buffer_finish(&reply);
}

TEST(flipping_or_cutting_off_any_byte_of_a_reply_is_noticed)
{
	struct fixture *fixture = *state;
	struct buffer reply;

	reply_make(fixture, &reply);
	for (size_t i = 0; i < reply.length; i++) {
		uint8_t *copy = exact_copy(span_of(reply.at, i));

		assert_int_not_equal(parcel_open_reply(&fixture->session, span_of(copy, i),
						       &fixture->plain, NULL),
				     STATUS_OK);
		free(copy);
		reply.at[i] ^= 1;
		assert_int_not_equal(parcel_open_reply(&fixture->session, buffer_span(&reply),
						       &fixture->plain, NULL),
				     STATUS_OK);
		reply.at[i] ^= 1;
	}
	assert_int_equal(fixture->plain.length, 0);
	buffer_finish(&reply);
}

TEST(reply_to_another_request_is_refused)
{
	struct fixture *fixture = *state;
	struct buffer reply;

	reply_make(fixture, &reply);
	fixture->session.tag[15] ^= 1;
	assert_int_equal(
		parcel_open_reply(&fixture->session, buffer_span(&reply), &fixture->plain, NULL),
		STATUS_SIGNATURE);
	buffer_finish(&reply);
}

TEST(reply_of_the_greatest_length_passes_and_one_byte_more_does_not)
{
	const struct parcel_session session = {{3}, {4}};
	const uint8_t nonce[12] = {0};
	size_t room = PARCEL_REPLY_MAX - PARCEL_REPLY_OVERHEAD;
	struct fixture *fixture = *state;
	uint8_t *plain = calloc(1, room + 1);
	struct buffer reply;

	assert_non_null(plain);
	buffer_init(&reply, PARCEL_REPLY_MAX + 1);
	assert_int_equal(parcel_seal_reply(&session, nonce, span_of(plain, room + 1), &reply, NULL),
			 STATUS_LIMIT);
	assert_ok(parcel_seal_reply(&session, nonce, span_of(plain, room), &reply, NULL));
	assert_ok(parcel_open_reply(&session, buffer_span(&reply), &fixture->plain, NULL));
	assert_int_equal(fixture->plain.length, room);
	buffer_append_byte(&reply, 0);
	assert_int_equal(parcel_open_reply(&session, buffer_span(&reply), &fixture->plain, NULL),
			 STATUS_LIMIT);
	buffer_finish(&reply);
	free(plain);
}

#define ROW(sentence) CASE_WITH(sentence, fixture_start, fixture_end)

RUN_TESTS(ROW(request_is_opened_with_the_key_it_names),
	  ROW(nobody_but_the_key_that_it_was_sealed_to_opens_a_request),
	  ROW(overhead_of_a_request_is_114_bytes), ROW(flipping_any_byte_of_a_request_is_noticed),
	  ROW(request_cut_off_anywhere_is_refused), ROW(request_with_a_tail_is_refused),
	  ROW(request_of_another_device_is_opened_but_not_believed),
	  ROW(enrolment_is_never_taken_for_a_sync), ROW(unknown_key_id_and_wrong_key_do_not_open),
	  ROW(unknown_version_and_too_short_a_request_are_malformed),
	  ROW(head_must_be_one_cbor_item), ROW(empty_body_is_a_body),
	  ROW(all_zero_keys_are_refused_on_both_sides), ROW(bad_randomness_does_not_repeat_a_key),
	  ROW(request_of_the_greatest_length_passes_and_one_byte_more_does_not),
	  ROW(full_buffers_leave_nothing_behind), ROW(reply_is_opened_by_the_sender_of_the_request),
	  ROW(flipping_or_cutting_off_any_byte_of_a_reply_is_noticed),
	  ROW(reply_to_another_request_is_refused),
	  ROW(reply_of_the_greatest_length_passes_and_one_byte_more_does_not))

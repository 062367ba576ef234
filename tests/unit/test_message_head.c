/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/message.h"
#include "tests/exact.h"

static struct request_head
head_example(void)
{
	struct request_head head = {
		.device = 0x12345678,
		.epoch = 0x9abcdef0,
		.r = 321,
		.cursor = {88000, 88000, CURSOR_ID_END},
		.first_n = 1201,
		.count = 5,
		.known_n = 1207,
		.witness_size = 88123,
		.witness_root = {1, 2, 3, 4, 5, 6, 7, 8},
		.clock_wall = 1763600000,
		.clock_shift = -3,
		.clock_quality = 1,
		.scope_version = 4711,
		.schema_version = 2,
		.schema_hash = {8, 7, 6, 5, 4, 3, 2, 1},
		.schema_held = 100,
		.room = 65536,
		.programme = 1,
	};

	memset(head.h_last, 0xaa, HASH_SIZE);
	return head;
}

static bool
survives(const struct request_head *head)
{
	struct request_head read;
	struct buffer bytes;
	bool same;

	memset(&read, 0, sizeof read);
	buffer_init(&bytes, 1024);
	request_head_encode(head, &bytes);
	same = request_head_decode(buffer_span(&bytes), &read) && read.device == head->device &&
	       read.epoch == head->epoch && read.r == head->r &&
	       read.cursor.complete == head->cursor.complete &&
	       read.cursor.key == head->cursor.key && read.cursor.id == head->cursor.id &&
	       read.first_n == head->first_n && read.count == head->count &&
	       read.known_n == head->known_n && memcmp(read.h_last, head->h_last, HASH_SIZE) == 0 &&
	       read.witness_size == head->witness_size &&
	       memcmp(read.witness_root, head->witness_root, 8) == 0 &&
	       read.clock_wall == head->clock_wall && read.clock_shift == head->clock_shift &&
	       read.clock_quality == head->clock_quality &&
	       read.scope_version == head->scope_version &&
	       read.schema_version == head->schema_version &&
	       memcmp(read.schema_hash, head->schema_hash, 8) == 0 &&
	       read.schema_held == head->schema_held && read.room == head->room &&
	       read.programme == head->programme;
	buffer_finish(&bytes);
	return same;
}

static bool
hex_is_read(const char *hex)
{
	struct request_head head;
	uint8_t bytes[256];
	size_t length = strlen(hex) / 2;

	assert_true(length <= sizeof bytes && hex_decode(hex, bytes, length));
	return request_head_decode(span_of(bytes, length), &head);
}

TEST(head_is_a_positional_array)
{
	struct request_head head = head_example();
	struct buffer bytes;

	buffer_init(&bytes, 1024);
	request_head_encode(&head, &bytes);
	assert_hex(bytes.at, bytes.length,
		   "93 1a12345678 1a9abcdef0 190141 1a000157c0 1904b1 05 02 5820"
		   "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		   "1a0001583b 48 0102030405060708 1a691e6680 22 01 191267 02"
		   "48 0807060504030201 1864 1a00010000 01");
	assert_true(bytes.length < 110);
	assert_true(survives(&head));
	buffer_finish(&bytes);
}

TEST(head_of_a_new_device_leaves_out_what_it_lacks)
{
	struct request_head head = {.device = 1,
				    .cursor = {0, 0, CURSOR_ID_END},
				    .first_n = 1,
				    .clock_wall = 1,
				    .room = 4096,
				    .programme = 1};
	struct buffer bytes;

	buffer_init(&bytes, 1024);
	request_head_encode(&head, &bytes);
	assert_hex(bytes.at, bytes.length,
		   "93 01 00 00 00 01 00 00 5820"
		   "0000000000000000000000000000000000000000000000000000000000000000"
		   "00 40 01 00 00 00 00 40 00 191000 01");
	assert_true(survives(&head));
	buffer_finish(&bytes);
}

TEST(cursor_within_a_loop_of_pages_is_an_array)
{
	struct request_head head = head_example();

	head.cursor.key = 88500;
	head.cursor.id = 0x1234567800000001;
	assert_true(survives(&head));
	head.cursor.key = head.cursor.complete;
	assert_true(survives(&head));
	head.cursor.key = 0;
	head.cursor.id = CURSOR_ID_END;
	assert_true(survives(&head));
}

TEST(extremes_are_kept)
{
	struct request_head head = head_example();

	head.device = CHANGE_STREAM_MAX;
	head.epoch = UINT32_MAX;
	head.r = INT64_MAX;
	head.cursor.complete = INT64_MAX;
	head.first_n = CHANGE_N_MAX;
	head.count = 1;
	head.known_n = CHANGE_N_MAX;
	head.witness_size = INT64_MAX;
	head.clock_wall = -CHANGE_TIME_MAX;
	head.clock_shift = CHANGE_TIME_MAX;
	head.scope_version = INT64_MAX;
	head.schema_version = UINT32_MAX;
	head.room = UINT32_MAX;
	assert_true(survives(&head));
	head = head_example();
	head.first_n = 1;
	head.count = MESSAGE_CHANGES_MAX;
	head.known_n = MESSAGE_CHANGES_MAX;
	assert_true(survives(&head));
}

TEST(numbers_out_of_bounds_are_refused)
{
	struct request_head head = head_example();

	head.device = 0;
	assert_false(survives(&head));
	head.device = (uint32_t)CHANGE_STREAM_MAX + 1;
	assert_false(survives(&head));
	head = head_example();
	head.r = (uint64_t)INT64_MAX + 1;
	assert_false(survives(&head));
	head = head_example();
	head.cursor.complete = (uint64_t)INT64_MAX + 1;
	assert_false(survives(&head));
	head = head_example();
	head.cursor.id = (uint64_t)INT64_MAX + 1;
	assert_false(survives(&head));
	head = head_example();
	head.witness_size = (uint64_t)INT64_MAX + 1;
	assert_false(survives(&head));
	head = head_example();
	head.scope_version = (uint64_t)INT64_MAX + 1;
	assert_false(survives(&head));
}

TEST(clocks_beyond_the_bounds_of_time_are_refused)
{
	struct request_head head = head_example();

	head.clock_wall = CHANGE_TIME_MAX + 1;
	assert_false(survives(&head));
	head.clock_wall = INT64_MIN;
	assert_false(survives(&head));
	head = head_example();
	head.clock_shift = -CHANGE_TIME_MAX - 1;
	assert_false(survives(&head));
}

TEST(counts_of_changes_out_of_bounds_are_refused)
{
	struct request_head head = head_example();

	head.first_n = 0;
	head.known_n = 4;
	assert_false(survives(&head));
	head = head_example();
	head.count = MESSAGE_CHANGES_MAX + 1;
	head.known_n = head.first_n + head.count - 1;
	assert_false(survives(&head));
	head = head_example();
	head.known_n = head.first_n + head.count - 2;
	assert_false(survives(&head));
	head = head_example();
	head.known_n = (uint32_t)CHANGE_N_MAX + 1;
	assert_false(survives(&head));
}

TEST(second_way_to_write_the_same_head_is_refused)
{
#define BEFORE_CURSOR "93010000"
#define CHANGES "010000"
#define H_LAST "58200000000000000000000000000000000000000000000000000000000000000000"
#define CLOCK "010000"
#define END "0019100001"
	assert_true(hex_is_read(BEFORE_CURSOR "00" CHANGES H_LAST "0040" CLOCK "000040" END));
	/* A finished loop as an array. */
	assert_false(hex_is_read(BEFORE_CURSOR "8300001b7fffffffffffffff" CHANGES H_LAST
					       "0040" CLOCK "000040" END));
	assert_true(hex_is_read(BEFORE_CURSOR "8300001b7ffffffffffffffe" CHANGES H_LAST "0040" CLOCK
					      "000040" END));
	/* A witness root without a size, a size without a root. */
	assert_false(hex_is_read(BEFORE_CURSOR "00" CHANGES H_LAST "00480000000000000000" CLOCK
					       "000040" END));
	assert_false(hex_is_read(BEFORE_CURSOR "00" CHANGES H_LAST "0140" CLOCK "000040" END));
	/* A schema hash without a version, a version without a hash. */
	assert_false(hex_is_read(BEFORE_CURSOR "00" CHANGES H_LAST "0040" CLOCK
					       "0000480000000000000000" END));
	assert_false(hex_is_read(BEFORE_CURSOR "00" CHANGES H_LAST "0040" CLOCK "000140" END));
	/* A number that is not in its shortest form. */
	assert_false(hex_is_read(BEFORE_CURSOR "1800" CHANGES H_LAST "0040" CLOCK "000040" END));
}

TEST(head_cut_off_anywhere_or_with_a_tail_is_refused)
{
	struct request_head head = head_example();
	struct request_head read = {.device = 42};
	struct buffer bytes;

	buffer_init(&bytes, 1024);
	request_head_encode(&head, &bytes);
	for (size_t length = 0; length < bytes.length; length++) {
		uint8_t *copy = exact_copy(span_of(bytes.at, length));

		assert_false(request_head_decode(span_of(copy, length), &read));
		free(copy);
	}
	buffer_append_byte(&bytes, 0);
	assert_false(request_head_decode(buffer_span(&bytes), &read));
	assert_int_equal(read.device, 42);
	buffer_finish(&bytes);
}

TEST(certificate_is_shown_behind_all_other_items)
{
	struct request_head head = head_example();
	struct request_head read;
	struct buffer plain;
	struct buffer shown;

	buffer_init(&plain, 1024);
	buffer_init(&shown, 1024);
	request_head_encode(&head, &plain);
	head.certificate = span_of_text("cert");
	request_head_encode(&head, &shown);
	assert_int_equal(shown.at[0], 0x94);
	assert_int_equal(shown.length, plain.length + 5);
	assert_memory_equal(shown.at + 1, plain.at + 1, plain.length - 1);
	assert_true(request_head_decode(buffer_span(&shown), &read));
	assert_true(span_equal(read.certificate, head.certificate));
	assert_true(request_head_decode(buffer_span(&plain), &read));
	assert_int_equal(read.certificate.length, 0);
	/* An empty one would be a second way to show none. */
	plain.at[0] = 0x94;
	buffer_append_byte(&plain, 0x40);
	assert_false(request_head_decode(buffer_span(&plain), &read));
	buffer_finish(&shown);
	buffer_finish(&plain);
}

TEST(asking_to_go_on_after_a_fork_comes_last_and_brings_no_changes)
{
	struct request_head head = head_example();
	struct request_head read;
	struct buffer plain;
	struct buffer asking;

	head.count = 0;
	buffer_init(&plain, 1024);
	buffer_init(&asking, 1024);
	request_head_encode(&head, &plain);
	head.continues = true;
	memset(head.continuing_key, 0x5a, sizeof head.continuing_key);
	head.continuing_n = 7;
	request_head_encode(&head, &asking);
	assert_int_equal(asking.at[0], 0x96);
	assert_int_equal(asking.length, plain.length + 1 + 34 + 1);
	assert_memory_equal(asking.at + 1, plain.at + 1, plain.length - 1);
	assert_true(request_head_decode(buffer_span(&asking), &read));
	assert_true(read.continues);
	assert_int_equal(read.certificate.length, 0);
	assert_memory_equal(read.continuing_key, head.continuing_key, sizeof read.continuing_key);
	assert_int_equal(read.continuing_n, 7);
	assert_true(request_head_decode(buffer_span(&plain), &read));
	assert_false(read.continues);
	/* With the certificate, for a server that was restored. */
	buffer_clear(&asking);
	head.certificate = span_of_text("cert");
	request_head_encode(&head, &asking);
	assert_true(request_head_decode(buffer_span(&asking), &read));
	assert_true(read.continues);
	assert_true(span_equal(read.certificate, head.certificate));
	/* Half of it, and changes besides. */
	asking.at[0] = 0x95;
	assert_false(request_head_decode(span_of(asking.at, asking.length - 1), &read));
	buffer_clear(&asking);
	head.count = 1;
	request_head_encode(&head, &asking);
	assert_false(request_head_decode(buffer_span(&asking), &read));
	buffer_finish(&asking);
	buffer_finish(&plain);
}

TEST(witness_that_a_server_asked_for_is_shown_whole_behind_all_else)
{
	struct request_head head = head_example();
	struct request_head read;
	struct buffer plain;
	struct buffer shown;

	head.count = 0;
	buffer_init(&plain, 1024);
	buffer_init(&shown, 1024);
	request_head_encode(&head, &plain);
	head.shows = true;
	head.shown = (struct checkpoint){.epoch = 7, .size = head.witness_size};
	memcpy(head.shown.root, head.witness_root, sizeof head.witness_root);
	memset(head.shown.signature, 0x77, SIGNATURE_SIZE);
	request_head_encode(&head, &shown);
	assert_int_equal(shown.at[0], 0x97);
	/* The certificate and what asks after a fork are empty, and 0. */
	assert_int_equal(shown.length, plain.length + 3 + 2 + CHECKPOINT_SIZE);
	assert_memory_equal(shown.at + 1, plain.at + 1, plain.length - 1);
	assert_true(request_head_decode(buffer_span(&shown), &read));
	assert_true(read.shows);
	assert_false(read.continues);
	assert_int_equal(read.certificate.length, 0);
	assert_memory_equal(&read.shown, &head.shown, sizeof read.shown);
	assert_true(request_head_decode(buffer_span(&plain), &read));
	assert_false(read.shows);
	/* With all that may be shown. */
	head.certificate = span_of_text("cert");
	head.continues = true;
	head.continuing_n = 7;
	buffer_clear(&shown);
	request_head_encode(&head, &shown);
	assert_true(request_head_decode(buffer_span(&shown), &read));
	assert_true(read.shows && read.continues);
	assert_int_equal(read.continuing_n, 7);
	assert_true(span_equal(read.certificate, head.certificate));
	buffer_finish(&shown);
	buffer_finish(&plain);
}

TEST(shown_checkpoint_is_that_of_the_witness)
{
	struct request_head head = head_example();
	struct request_head read;
	struct buffer bytes;

	buffer_init(&bytes, 1024);
	head.shows = true;
	head.shown = (struct checkpoint){.epoch = 7, .size = head.witness_size};
	memcpy(head.shown.root, head.witness_root, sizeof head.witness_root);
	request_head_encode(&head, &bytes);
	assert_true(request_head_decode(buffer_span(&bytes), &read));
	for (size_t length = 0; length < bytes.length; length++) {
		assert_false(request_head_decode(span_of(bytes.at, length), &read));
	}
	buffer_clear(&bytes);
	head.shown.size++;
	request_head_encode(&head, &bytes);
	assert_false(request_head_decode(buffer_span(&bytes), &read));
	buffer_clear(&bytes);
	head.shown.size--;
	head.shown.root[7] ^= 1;
	request_head_encode(&head, &bytes);
	assert_false(request_head_decode(buffer_span(&bytes), &read));
	/* Nothing can be shown of no witness. */
	buffer_clear(&bytes);
	head.witness_size = 0;
	memset(head.witness_root, 0, sizeof head.witness_root);
	head.shown = (struct checkpoint){.size = 0};
	request_head_encode(&head, &bytes);
	assert_false(request_head_decode(buffer_span(&bytes), &read));
	/* No key, but an n; then items up to the n and no checkpoint. */
	buffer_clear(&bytes);
	head = head_example();
	request_head_encode(&head, &bytes);
	bytes.at[0] = 0x97;
	buffer_append(&bytes, "\x40\x40\x01\x58\x70", 5);
	memset(buffer_extend(&bytes, CHECKPOINT_SIZE), 0, CHECKPOINT_SIZE);
	assert_false(request_head_decode(buffer_span(&bytes), &read));
	buffer_finish(&bytes);
}

RUN_TESTS(CASE(head_is_a_positional_array), CASE(head_of_a_new_device_leaves_out_what_it_lacks),
	  CASE(cursor_within_a_loop_of_pages_is_an_array), CASE(extremes_are_kept),
	  CASE(numbers_out_of_bounds_are_refused),
	  CASE(clocks_beyond_the_bounds_of_time_are_refused),
	  CASE(counts_of_changes_out_of_bounds_are_refused),
	  CASE(second_way_to_write_the_same_head_is_refused),
	  CASE(head_cut_off_anywhere_or_with_a_tail_is_refused),
	  CASE(certificate_is_shown_behind_all_other_items),
	  CASE(asking_to_go_on_after_a_fork_comes_last_and_brings_no_changes),
	  CASE(witness_that_a_server_asked_for_is_shown_whole_behind_all_else),
	  CASE(shown_checkpoint_is_that_of_the_witness))

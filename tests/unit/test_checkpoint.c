/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/checkpoint.h"
#include "tests/testing.h"

/* Note and signature were computed with Python's base64 and cryptography. */

static struct checkpoint
checkpoint_example(void)
{
	struct checkpoint checkpoint = {
		.origin = {0x01, 0xa2, 0xff, 0x03}, .epoch = 0xbeef, .size = 1234567890123};

	for (size_t i = 0; i < HASH_SIZE; i++) {
		checkpoint.root[i] = (uint8_t)(0xe0 + i);
	}
	return checkpoint;
}

static void
log_key(uint8_t public_out[32], uint8_t secret_out[64])
{
	uint8_t seed[32];

	memset(seed, 0x33, sizeof seed);
	sign_keypair(seed, public_out, secret_out);
}

TEST(note_names_origin_epoch_size_and_root)
{
	struct checkpoint checkpoint = checkpoint_example();
	char note[CHECKPOINT_NOTE_MAX];

	checkpoint_note(&checkpoint, note);
	assert_string_equal(note, "sambung/01a2ff03/0000beef\n1234567890123\n"
				  "4OHi4+Tl5ufo6err7O3u7/Dx8vP09fb3+Pn6+/z9/v8=\n");
}

TEST(longest_note_fits)
{
	struct checkpoint checkpoint = checkpoint_example();
	char note[CHECKPOINT_NOTE_MAX];

	checkpoint.epoch = UINT32_MAX;
	checkpoint.size = UINT64_MAX;
	checkpoint_note(&checkpoint, note);
	assert_contains(note, "/ffffffff\n18446744073709551615\n");
	assert_int_equal(note[strlen(note) - 1], '\n');
}

TEST(signature_is_over_the_note)
{
	struct checkpoint checkpoint = checkpoint_example();
	uint8_t key[32];
	uint8_t secret[64];

	log_key(key, secret);
	checkpoint_sign(&checkpoint, secret);
	assert_hex(checkpoint.signature, SIGNATURE_SIZE,
		   "98f42d52a9f7d1d946f9c56514b64ca10d2533fcc533903b1195ec2f9d233aa5"
		   "e9b0df1b95fff1d9c95007453f54d9b7b8bb501fe7c627295290986b8adb7102");
	assert_true(checkpoint_verify(&checkpoint, key));
}

TEST(every_byte_of_a_checkpoint_is_signed)
{
	struct checkpoint checkpoint = checkpoint_example();
	struct checkpoint read;
	uint8_t bytes[CHECKPOINT_SIZE];
	uint8_t key[32];
	uint8_t secret[64];

	log_key(key, secret);
	checkpoint_sign(&checkpoint, secret);
	checkpoint_encode(&checkpoint, bytes);
	for (size_t i = 0; i < CHECKPOINT_SIZE; i++) {
		bytes[i] ^= 1;
		checkpoint_decode(bytes, &read);
		assert_false(checkpoint_verify(&read, key));
		bytes[i] ^= 1;
	}
	checkpoint_decode(bytes, &read);
	assert_true(checkpoint_verify(&read, key));
}

TEST(bytes_are_origin_epoch_size_root_signature)
{
	struct checkpoint checkpoint = checkpoint_example();
	struct checkpoint read;
	uint8_t bytes[CHECKPOINT_SIZE];

	memset(checkpoint.signature, 0x5a, SIGNATURE_SIZE);
	checkpoint_encode(&checkpoint, bytes);
	assert_hex(bytes, 20, "01a2ff03 efbe0000 cb04fb711f010000 e0e1e2e3");
	checkpoint_decode(bytes, &read);
	assert_memory_equal(read.origin, checkpoint.origin, ORIGIN_SIZE);
	assert_int_equal(read.epoch, checkpoint.epoch);
	assert_int_equal(read.size, checkpoint.size);
	assert_memory_equal(read.root, checkpoint.root, HASH_SIZE);
	assert_memory_equal(read.signature, checkpoint.signature, SIGNATURE_SIZE);
}

TEST(text_is_a_signed_note_of_c2sp)
{
	struct checkpoint checkpoint = checkpoint_example();
	char text[CHECKPOINT_TEXT_MAX];
	char name[CHECKPOINT_KEY_TEXT_MAX];
	uint8_t key[32];
	uint8_t secret[64];

	log_key(key, secret);
	checkpoint_sign(&checkpoint, secret);
	checkpoint_text(&checkpoint, key, text);
	assert_string_equal(text, "sambung/01a2ff03/0000beef\n1234567890123\n"
				  "4OHi4+Tl5ufo6err7O3u7/Dx8vP09fb3+Pn6+/z9/v8=\n"
				  "\n"
				  "\xe2\x80\x94 sambung/01a2ff03/0000beef "
				  "N2Aw7Zj0LVKp99HZRvnFZRS2TKENJTP8xTOQOxGV7C+dIzql6bDfG5X/8dnJ"
				  "UAdFP1TZt7i7UB/nxicpUpCYa4rbcQI=\n");
	checkpoint_key_text(&checkpoint, key, name);
	assert_string_equal(name, "sambung/01a2ff03/0000beef+376030ed+ARfLefsrQSDysex"
				  "l5BmNbgiyjoE/6wHkpACDm4XhgIDO");
}

TEST(people_compare_the_first_twelve_characters_of_the_root)
{
	struct checkpoint checkpoint = checkpoint_example();
	char text[CHECKPOINT_SHORT_SIZE];

	checkpoint_short(&checkpoint, text);
	assert_string_equal(text, "4OHi4+Tl5ufo");
}

TEST(text_is_read_back_also_below_signatures_of_others)
{
	struct checkpoint checkpoint = checkpoint_example();
	struct checkpoint read;
	char text[2 * CHECKPOINT_TEXT_MAX];
	char other[CHECKPOINT_TEXT_MAX];
	uint8_t key[32];
	uint8_t secret[64];

	log_key(key, secret);
	checkpoint_sign(&checkpoint, secret);
	checkpoint_text(&checkpoint, key, other);
	assert_ok(checkpoint_text_read(span_of_text(other), key, &read, NULL));
	assert_int_equal(read.epoch, checkpoint.epoch);
	assert_int_equal(read.size, checkpoint.size);
	assert_memory_equal(read.root, checkpoint.root, HASH_SIZE);
	assert_memory_equal(read.signature, checkpoint.signature, SIGNATURE_SIZE);
	(void)snprintf(text, sizeof text, "%.*s\xe2\x80\x94 witness.example AAAAAAAA\n%s",
		       (int)(strstr(other, "\n\n") + 2 - other), other, strstr(other, "\n\n") + 2);
	assert_ok(checkpoint_text_read(span_of_text(text), key, &read, NULL));
}

TEST(every_character_of_the_text_is_signed)
{
	struct checkpoint checkpoint = checkpoint_example();
	struct checkpoint read;
	char text[CHECKPOINT_TEXT_MAX];
	uint8_t key[32];
	uint8_t secret[64];

	log_key(key, secret);
	checkpoint_sign(&checkpoint, secret);
	checkpoint_text(&checkpoint, key, text);
	for (size_t i = 0; text[i] != '\0'; i++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			text[i] = (char)(text[i] ^ 1 << bit);
			assert_int_not_equal(
				checkpoint_text_read(span_of(text, strlen(text)), key, &read, NULL),
				STATUS_OK);
			text[i] = (char)(text[i] ^ 1 << bit);
		}
		/* Nor does it end early. */
		assert_int_not_equal(checkpoint_text_read(span_of(text, i), key, &read, NULL),
				     STATUS_OK);
	}
	key[0] ^= 1;
	assert_int_equal(checkpoint_text_read(span_of_text(text), key, &read, NULL),
			 STATUS_SIGNATURE);
}

TEST(mark_for_people_is_the_beginning_of_the_root)
{
	struct checkpoint checkpoint = checkpoint_example();
	char note[CHECKPOINT_NOTE_MAX];
	char mark[CHECKPOINT_SHORT_SIZE];

	memset(checkpoint.root, 0xfb, 3); /* + and / are in it */
	checkpoint_note(&checkpoint, note);
	checkpoint_short(&checkpoint, mark);
	assert_int_equal(strlen(mark), 12);
	assert_non_null(strchr(mark, '+'));
	assert_memory_equal(strchr(strchr(note, '\n') + 1, '\n') + 1, mark, 12);
}

TEST(without_a_key_the_text_is_read_and_nothing_is_believed)
{
	struct checkpoint checkpoint = checkpoint_example();
	struct checkpoint read;
	char text[CHECKPOINT_TEXT_MAX];
	uint8_t key[32];
	uint8_t secret[64];

	log_key(key, secret);
	checkpoint_sign(&checkpoint, secret);
	checkpoint.signature[0] ^= 1;
	checkpoint_text(&checkpoint, key, text);
	assert_int_equal(checkpoint_text_read(span_of_text(text), key, &read, NULL),
			 STATUS_SIGNATURE);
	assert_ok(checkpoint_text_read(span_of_text(text), NULL, &read, NULL));
	assert_memory_equal(read.signature, checkpoint.signature, SIGNATURE_SIZE);
	assert_memory_equal(read.root, checkpoint.root, HASH_SIZE);
	text[0] = 'S';
	assert_int_equal(checkpoint_text_read(span_of_text(text), NULL, &read, NULL),
			 STATUS_MALFORMED);
}

RUN_TESTS(CASE(note_names_origin_epoch_size_and_root), CASE(longest_note_fits),
	  CASE(signature_is_over_the_note), CASE(every_byte_of_a_checkpoint_is_signed),
	  CASE(bytes_are_origin_epoch_size_root_signature), CASE(text_is_a_signed_note_of_c2sp),
	  CASE(people_compare_the_first_twelve_characters_of_the_root),
	  CASE(text_is_read_back_also_below_signatures_of_others),
	  CASE(every_character_of_the_text_is_signed),
	  CASE(mark_for_people_is_the_beginning_of_the_root),
	  CASE(without_a_key_the_text_is_read_and_nothing_is_believed))

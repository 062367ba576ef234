/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/vectors/vectors_example.h"

#include "protocol/deflate.h"
#include "protocol/id.h"

#include <string.h>

enum { REPLY_FRONT = 2 /* method, dictionary */ };

static void
keypair(uint8_t seed_byte, uint8_t public_out[32], uint8_t secret_out[64])
{
	uint8_t seed[32];

	memset(seed, seed_byte, sizeof seed);
	sign_keypair(seed, public_out, secret_out);
}

void
example_keys(struct example_keys *out)
{
	uint8_t seed[32];

	keypair(EXAMPLE_DEVICE_SEED, out->device_public, out->device_secret);
	keypair(EXAMPLE_LOG_SEED, out->log_public, out->log_secret);
	memset(seed, EXAMPLE_SERVER_SEED, sizeof seed);
	out->server.id = EXAMPLE_KEY_ID;
	box_keypair(seed, out->server.public_key, out->server.secret);
}

void
example_count_up(uint8_t first, uint8_t *out, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		out[i] = (uint8_t)(first + i);
	}
}

void
example_change(struct buffer *out)
{
	cbor_put_map(out, 7);
	cbor_put_uint(out, 1);
	cbor_put_uint(out, EXAMPLE_N);
	cbor_put_uint(out, 3);
	cbor_put_uint(out, id_make(EXAMPLE_DEVICE, EXAMPLE_N));
	cbor_put_uint(out, 4);
	cbor_put_uint(out, 1);
	cbor_put_uint(out, 5);
	cbor_put_uint(out, 2);
	cbor_put_uint(out, 6);
	cbor_put_uint(out, EXAMPLE_SCOPE_VERSION);
	cbor_put_uint(out, 9);
	cbor_put_int(out, EXAMPLE_TIME);
	cbor_put_uint(out, 11);
	cbor_put_map(out, 2);
	cbor_put_int(out, 1);
	cbor_put_text(out, span_of_text("Aminah"));
	cbor_put_int(out, TAG_VILLAGE);
	cbor_put_uint(out, EXAMPLE_VILLAGE);
}

void
example_seed(uint8_t seed_out[SEED_SIZE])
{
	example_count_up(0xa0, seed_out, SEED_SIZE);
}

void
example_commitment(uint8_t commitment_out[HASH_SIZE])
{
	uint8_t seed[SEED_SIZE];
	uint8_t salt[SALT_SIZE];
	struct buffer change;

	buffer_init(&change, CHANGE_BYTES_MAX);
	example_change(&change);
	example_seed(seed);
	commitment_salt(seed, EXAMPLE_N, salt);
	commitment_make(salt, EXAMPLE_DEVICE, EXAMPLE_N, buffer_span(&change), commitment_out);
	buffer_finish(&change);
}

void
example_chain(uint8_t head_out[HASH_SIZE])
{
	struct example_keys keys;
	uint8_t commitment[HASH_SIZE];

	example_keys(&keys);
	example_commitment(commitment);
	chain_start(keys.device_public, EXAMPLE_DEVICE, head_out);
	chain_advance(head_out, EXAMPLE_N, commitment);
}

struct request_head
example_head(void)
{
	struct request_head head = {
		.device = EXAMPLE_DEVICE,
		.epoch = EXAMPLE_EPOCH,
		.r = 1,
		.cursor = {12, 12, CURSOR_ID_END},
		.first_n = EXAMPLE_N,
		.count = 1,
		.known_n = EXAMPLE_N + 1,
		.witness_size = 12,
		.clock_wall = EXAMPLE_TIME + 60,
		.clock_shift = -2,
		.scope_version = EXAMPLE_SCOPE_VERSION,
		.schema_version = 2,
		.room = 65536,
		.programme = 1,
	};

	example_chain(head.h_last);
	example_count_up(0xb0, head.witness_root, sizeof head.witness_root);
	example_count_up(0xc0, head.schema_hash, sizeof head.schema_hash);
	return head;
}

void
example_body_front(enum change_coding coding, size_t count, struct buffer *out)
{
	uint8_t seed[SEED_SIZE];

	example_seed(seed);
	buffer_append_byte(out, PACK_STORED);
	buffer_append_byte(out, (uint8_t)coding);
	buffer_append_byte(out, 0);
	cbor_put_array(out, 1);
	cbor_put_array(out, 2);
	cbor_put_uint(out, EXAMPLE_N + count - 1);
	cbor_put_bytes(out, span_of(seed, sizeof seed));
	cbor_put_uint(out, count);
}

void
example_body(struct vector *vector, struct buffer *out)
{
	struct request_body body;
	struct buffer plain;
	struct arena arena;

	example_body_front(CODING_PLAIN, 1, out);
	example_change(out);
	buffer_init(&plain, MESSAGE_BODY_MAX);
	arena_init(&arena, MESSAGE_BODY_MAX);
	vector_require(vector,
		       request_body_unpack(buffer_span(out), &plain, &arena, &body, NULL) ==
			       STATUS_OK,
		       "the body is not read");
	arena_finish(&arena);
	buffer_finish(&plain);
}

void
example_reply_stored(struct vector *vector, struct span packed, struct buffer *out)
{
	if (packed.length < REPLY_FRONT) {
		vector_require(vector, false, "nothing is packed");
		return;
	}
	buffer_append_byte(out, PACK_STORED);
	buffer_append_byte(out, 0);
	vector_require(vector,
		       pack_open(packed.at[0], packed.at[1],
				 span_of(packed.at + REPLY_FRONT, packed.length - REPLY_FRONT),
				 MESSAGE_REPLY_MAX, out, NULL) == STATUS_OK,
		       "the reply does not open");
}

/* SPDX-License-Identifier: Apache-2.0 */
/* vectors_example: the device, the server and the change that the vectors tell of. */
#ifndef SAMBUNG_TESTS_VECTORS_EXAMPLE_H
#define SAMBUNG_TESTS_VECTORS_EXAMPLE_H

#include "protocol/message.h"
#include "protocol/parcel.h"
#include "tests/vectors/vectors.h"

enum { EXAMPLE_DEVICE = 0x12345678, EXAMPLE_N = 1, EXAMPLE_KEY_ID = 1 };
#define EXAMPLE_EPOCH UINT32_C(0x9abcdef0)
#define EXAMPLE_SCOPE_VERSION 12
#define EXAMPLE_TIME INT64_C(1763600000)
#define EXAMPLE_VILLAGE UINT64_C(6303072001)

/* Secrets come from seeds of 32 equal bytes. */
enum { EXAMPLE_DEVICE_SEED = 0x11, EXAMPLE_SERVER_SEED = 0x22, EXAMPLE_LOG_SEED = 0x33 };

struct example_keys {
	uint8_t device_public[SIGN_PUBLIC_SIZE];
	uint8_t device_secret[SIGN_SECRET_SIZE];
	uint8_t log_public[SIGN_PUBLIC_SIZE];
	uint8_t log_secret[SIGN_SECRET_SIZE];
	struct server_key server;
};

void example_keys(struct example_keys *out);
/* Bytes that count upwards from `first`. */
void example_count_up(uint8_t first, uint8_t *out, size_t length);
/* Canonical bytes of the device's first change: a family with a name and a village. */
void example_change(struct buffer *out);
/* Seed of the batch, and what follows from it. */
void example_seed(uint8_t seed_out[SEED_SIZE]);
void example_commitment(uint8_t commitment_out[HASH_SIZE]);
void example_chain(uint8_t head_out[HASH_SIZE]);
struct request_head example_head(void);
/* Appends the device's certificate (vectors_enrolment.c). */
void example_certificate(struct buffer *out);
/* Appends what stands before the changes of a stored body: one batch with `count` changes. */
void example_body_front(enum change_coding coding, size_t count, struct buffer *out);
/* The body with that one change, stored as it is. */
void example_body(struct vector *vector, struct buffer *out);
/* Appends a packed reply anew, stored and without a dictionary: deflated bytes depend on the
 * version of zlib. */
void example_reply_stored(struct vector *vector, struct span packed, struct buffer *out);

#endif

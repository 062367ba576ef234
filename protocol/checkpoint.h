/* SPDX-License-Identifier: Apache-2.0 */
/*
 * checkpoint: a signed statement "this log had `size` entries and this root".
 *
 * 112 bytes: origin 4 | epoch 4 | LE64 size | root 32 | Ed25519 64. The signature is over the note
 * body of C2SP tlog-checkpoint, which the bytes determine:
 *     sambung/<origin hex>/<epoch hex>\n<size>\n<base64 of root>\n
 */
#ifndef SAMBUNG_PROTOCOL_CHECKPOINT_H
#define SAMBUNG_PROTOCOL_CHECKPOINT_H

#include "crypto.h"
#include "tree.h"

enum { CHECKPOINT_SIZE = 112, ORIGIN_SIZE = 4, CHECKPOINT_NOTE_MAX = 160 };

struct checkpoint {
	uint8_t origin[ORIGIN_SIZE];
	uint32_t epoch;
	uint64_t size;
	uint8_t root[HASH_SIZE];
	uint8_t signature[SIGNATURE_SIZE];
};

/* The signed text, NUL-terminated. */
void checkpoint_note(const struct checkpoint *checkpoint, char out[CHECKPOINT_NOTE_MAX]);
void checkpoint_sign(struct checkpoint *checkpoint, const uint8_t secret[SIGN_SECRET_SIZE]);
bool checkpoint_verify(const struct checkpoint *checkpoint, const uint8_t key[SIGN_PUBLIC_SIZE]);
void checkpoint_encode(const struct checkpoint *checkpoint, uint8_t out[CHECKPOINT_SIZE]);
void checkpoint_decode(const uint8_t in[CHECKPOINT_SIZE], struct checkpoint *out);

#endif

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

enum {
	CHECKPOINT_SIZE = 112,
	ORIGIN_SIZE = 4,
	CHECKPOINT_NOTE_MAX = 160,
	CHECKPOINT_TEXT_MAX = 320,
	CHECKPOINT_KEY_TEXT_MAX = 160,
	CHECKPOINT_SHORT_SIZE = 13,
};

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

/*
 * checkpoint_text.c: the same as text, for people and other programs: the note with its signature
 * as C2SP signed-note has it, NUL-terminated. The key's name is the note's first line:
 *     <the three lines of the note>\n<an empty line>\n
 *     — <name> <base64 of key id 4 | Ed25519 64>\n
 *     key id = first 4 bytes of SHA-256(name | 0x0a | 0x01 | log key)
 */
void checkpoint_text(const struct checkpoint *checkpoint, const uint8_t key[SIGN_PUBLIC_SIZE],
		     char out[CHECKPOINT_TEXT_MAX]);
/* The first 12 characters of the root as the note has it, NUL-terminated: with the size, what
 * people compare. */
void checkpoint_short(const struct checkpoint *checkpoint, char out[CHECKPOINT_SHORT_SIZE]);
/* Signatures of others below the server's are passed over. MALFORMED; SIGNATURE: not by this key.
 * Without a key (NULL) nothing is verified, and the first signature taken. */
enum status checkpoint_text_read(struct span text, const uint8_t key[SIGN_PUBLIC_SIZE],
				 struct checkpoint *out, struct error *err);
/* The key as verifiers of signed notes take it: <name>+<key id, hex>+<base64 of 0x01 | log key> */
void checkpoint_key_text(const struct checkpoint *checkpoint, const uint8_t key[SIGN_PUBLIC_SIZE],
			 char out[CHECKPOINT_KEY_TEXT_MAX]);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "checkpoint.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { ROOT_TEXT_SIZE = 45 /* 44 characters of base64 and NUL */ };

/* RFC 4648 section 4, with its one character of padding: 32 bytes are ten groups and two bytes. */
static void
root_format(const uint8_t root[HASH_SIZE], char out[ROOT_TEXT_SIZE])
{
	static const char alphabet[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	uint8_t padded[HASH_SIZE + 1] = {0};

	memcpy(padded, root, HASH_SIZE);
	for (size_t group = 0; group < sizeof padded / 3; group++) {
		const uint8_t *in = padded + 3 * group;
		uint32_t bits = (uint32_t)in[0] << 16 | (uint32_t)in[1] << 8 | in[2];

		for (unsigned i = 0; i < 4; i++) {
			out[4 * group + i] = alphabet[bits >> (18 - 6 * i) & 63];
		}
	}
	out[ROOT_TEXT_SIZE - 2] = '=';
	out[ROOT_TEXT_SIZE - 1] = '\0';
}

void
checkpoint_note(const struct checkpoint *checkpoint, char out[CHECKPOINT_NOTE_MAX])
{
	char origin[2 * ORIGIN_SIZE + 1];
	char root[ROOT_TEXT_SIZE];

	hex_encode(span_of(checkpoint->origin, ORIGIN_SIZE), origin);
	root_format(checkpoint->root, root);
	(void)snprintf(out, CHECKPOINT_NOTE_MAX, "sambung/%s/%08" PRIx32 "\n%" PRIu64 "\n%s\n",
		       origin, checkpoint->epoch, checkpoint->size, root);
}

void
checkpoint_sign(struct checkpoint *checkpoint, const uint8_t secret[SIGN_SECRET_SIZE])
{
	char note[CHECKPOINT_NOTE_MAX];

	checkpoint_note(checkpoint, note);
	sign_make(secret, span_of_text(note), checkpoint->signature);
}

bool
checkpoint_verify(const struct checkpoint *checkpoint, const uint8_t key[SIGN_PUBLIC_SIZE])
{
	char note[CHECKPOINT_NOTE_MAX];

	checkpoint_note(checkpoint, note);
	return sign_check(key, span_of_text(note), checkpoint->signature);
}

void
checkpoint_encode(const struct checkpoint *checkpoint, uint8_t out[CHECKPOINT_SIZE])
{
	memcpy(out, checkpoint->origin, ORIGIN_SIZE);
	put_le32(out + 4, checkpoint->epoch);
	put_le64(out + 8, checkpoint->size);
	memcpy(out + 16, checkpoint->root, HASH_SIZE);
	memcpy(out + 48, checkpoint->signature, SIGNATURE_SIZE);
}

void
checkpoint_decode(const uint8_t in[CHECKPOINT_SIZE], struct checkpoint *out)
{
	memcpy(out->origin, in, ORIGIN_SIZE);
	out->epoch = get_le32(in + 4);
	out->size = get_le64(in + 8);
	memcpy(out->root, in + 16, HASH_SIZE);
	memcpy(out->signature, in + 48, SIGNATURE_SIZE);
}

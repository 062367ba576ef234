/* SPDX-License-Identifier: Apache-2.0 */
#include "checkpoint.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void
checkpoint_note(const struct checkpoint *checkpoint, char out[CHECKPOINT_NOTE_MAX])
{
	char origin[2 * ORIGIN_SIZE + 1];
	char root[BASE64_SIZE(HASH_SIZE)];

	hex_encode(span_of(checkpoint->origin, ORIGIN_SIZE), origin);
	base64_encode(span_of(checkpoint->root, HASH_SIZE), root);
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

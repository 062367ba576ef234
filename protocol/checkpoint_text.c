/* SPDX-License-Identifier: Apache-2.0 */
#include "checkpoint.h"

#include <stdio.h>
#include <string.h>

enum {
	KEY_ID_SIZE = 4,
	KEY_KIND_ED25519 = 0x01,
	NAME_MAX_SIZE = 32,
	STAMP_SIZE = KEY_ID_SIZE + SIGNATURE_SIZE,
	BASE64_MAX = BASE64_SIZE(STAMP_SIZE),
};

static const char dash[] = "\xe2\x80\x94 ";

/* ---- base64 of RFC 4648 section 4, by that of section 5 ---- */

/* False unless the text stands for exactly so many bytes. */
static bool
base64_decode(struct span text, uint8_t *out, size_t length)
{
	char plain[BASE64_MAX];
	size_t used = 0;
	struct buffer bytes;
	bool fits;

	if (text.length % 4 != 0 || text.length >= sizeof plain ||
	    text.length / 4 != (length + 2) / 3) {
		return false;
	}
	while (used < text.length && text.at[used] != '=') {
		char at = (char)text.at[used];

		if (at == '-' || at == '_') {
			return false;
		}
		plain[used++] = at == '+' ? '-' : at == '/' ? '_' : at;
	}
	for (size_t i = used; i < text.length; i++) {
		if (text.at[i] != '=') {
			return false;
		}
	}
	buffer_init(&bytes, BASE64_MAX);
	fits = base64url_decode(span_of(plain, used), &bytes) && bytes.length == length;
	if (fits) {
		memcpy(out, bytes.at, length);
	}
	buffer_finish(&bytes);
	return fits;
}

/* ---- names and keys ---- */

static void
name_of(const struct checkpoint *checkpoint, char out[NAME_MAX_SIZE])
{
	char note[CHECKPOINT_NOTE_MAX];

	checkpoint_note(checkpoint, note);
	(void)snprintf(out, NAME_MAX_SIZE, "%.*s", (int)strcspn(note, "\n"), note);
}

static void
key_id(const char *name, const uint8_t key[SIGN_PUBLIC_SIZE], uint8_t out[KEY_ID_SIZE])
{
	static const uint8_t kind[] = {'\n', KEY_KIND_ED25519};
	const struct span parts[] = {span_of_text(name), span_of(kind, sizeof kind),
				     span_of(key, SIGN_PUBLIC_SIZE)};
	uint8_t hash[HASH_SIZE];

	sha256(parts, sizeof parts / sizeof parts[0], hash);
	memcpy(out, hash, KEY_ID_SIZE);
}

void
checkpoint_key_text(const struct checkpoint *checkpoint, const uint8_t key[SIGN_PUBLIC_SIZE],
		    char out[CHECKPOINT_KEY_TEXT_MAX])
{
	uint8_t typed[1 + SIGN_PUBLIC_SIZE] = {KEY_KIND_ED25519};
	uint8_t id[KEY_ID_SIZE];
	char digits[2 * KEY_ID_SIZE + 1];
	char base64[BASE64_MAX];
	char name[NAME_MAX_SIZE];

	name_of(checkpoint, name);
	key_id(name, key, id);
	hex_encode(span_of(id, sizeof id), digits);
	memcpy(typed + 1, key, SIGN_PUBLIC_SIZE);
	base64_encode(span_of(typed, sizeof typed), base64);
	(void)snprintf(out, CHECKPOINT_KEY_TEXT_MAX, "%s+%s+%s", name, digits, base64);
}

void
checkpoint_text(const struct checkpoint *checkpoint, const uint8_t key[SIGN_PUBLIC_SIZE],
		char out[CHECKPOINT_TEXT_MAX])
{
	uint8_t stamp[STAMP_SIZE];
	char base64[BASE64_MAX];
	char name[NAME_MAX_SIZE];
	char note[CHECKPOINT_NOTE_MAX];

	name_of(checkpoint, name);
	checkpoint_note(checkpoint, note);
	key_id(name, key, stamp);
	memcpy(stamp + KEY_ID_SIZE, checkpoint->signature, SIGNATURE_SIZE);
	base64_encode(span_of(stamp, sizeof stamp), base64);
	(void)snprintf(out, CHECKPOINT_TEXT_MAX, "%s\n%s%s %s\n", note, dash, name, base64);
}

void
checkpoint_short(const struct checkpoint *checkpoint, char out[CHECKPOINT_SHORT_SIZE])
{
	char base64[BASE64_MAX];

	base64_encode(span_of(checkpoint->root, HASH_SIZE), base64);
	memcpy(out, base64, CHECKPOINT_SHORT_SIZE - 1);
	out[CHECKPOINT_SHORT_SIZE - 1] = '\0';
}

/* ---- reading ---- */

/* The text up to the next line's end; false if there is none. */
static bool
take_line(struct reader *in, struct span *out)
{
	const uint8_t *end = in->left == 0 ? NULL : memchr(in->at, '\n', in->left);

	if (end == NULL) {
		return false;
	}
	*out = span_of(in->at, (size_t)(end - in->at));
	in->left -= out->length + 1;
	in->at = end + 1;
	return true;
}

static bool
read_name(struct span line, struct checkpoint *out)
{
	static const char prefix[] = "sambung/";
	const size_t origin_at = sizeof prefix - 1;
	const size_t epoch_at = origin_at + 2 * ORIGIN_SIZE + 1;
	char text[NAME_MAX_SIZE];
	uint8_t epoch[4];

	if (line.length != epoch_at + 2 * sizeof epoch || memcmp(line.at, prefix, origin_at) != 0) {
		return false;
	}
	memcpy(text, line.at, line.length);
	text[line.length] = '\0';
	text[epoch_at - 1] = '\0';
	if (!hex_decode(text + origin_at, out->origin, ORIGIN_SIZE) ||
	    !hex_decode(text + epoch_at, epoch, sizeof epoch)) {
		return false;
	}
	out->epoch = (uint32_t)epoch[0] << 24 | (uint32_t)epoch[1] << 16 | (uint32_t)epoch[2] << 8 |
		     epoch[3];
	return true;
}

static bool
read_size(struct span line, uint64_t *out)
{
	uint64_t size = 0;

	for (size_t i = 0; i < line.length; i++) {
		if (line.at[i] < '0' || line.at[i] > '9' || size > (UINT64_MAX - 9) / 10) {
			return false;
		}
		size = size * 10 + (uint64_t)(line.at[i] - '0');
	}
	*out = size;
	return line.length > 0;
}

/* Only the one way in which checkpoint_note writes them. */
static bool
read_note(struct reader *in, struct checkpoint *out)
{
	const uint8_t *begin = in->at;
	char note[CHECKPOINT_NOTE_MAX];
	struct span name;
	struct span size;
	struct span root;
	struct span empty;

	if (!take_line(in, &name) || !take_line(in, &size) || !take_line(in, &root) ||
	    !read_name(name, out) || !read_size(size, &out->size) ||
	    !base64_decode(root, out->root, HASH_SIZE)) {
		return false;
	}
	checkpoint_note(out, note);
	return span_equal(span_of(begin, (size_t)(in->at - begin)), span_of_text(note)) &&
	       take_line(in, &empty) && empty.length == 0;
}

/* A line of the server's own; others have another name or key id. */
static bool
read_stamp(struct span line, const char *name, const uint8_t key[SIGN_PUBLIC_SIZE],
	   struct checkpoint *out)
{
	const size_t before = sizeof dash - 1 + strlen(name) + 1;
	uint8_t stamp[STAMP_SIZE];
	uint8_t id[KEY_ID_SIZE];

	if (line.length < before || memcmp(line.at, dash, sizeof dash - 1) != 0 ||
	    memcmp(line.at + sizeof dash - 1, name, strlen(name)) != 0 ||
	    line.at[before - 1] != ' ' ||
	    !base64_decode(span_of(line.at + before, line.length - before), stamp, sizeof stamp)) {
		return false;
	}
	if (key != NULL) {
		key_id(name, key, id);
	}
	if (key != NULL && memcmp(id, stamp, sizeof id) != 0) {
		return false;
	}
	memcpy(out->signature, stamp + KEY_ID_SIZE, SIGNATURE_SIZE);
	return true;
}

enum status
checkpoint_text_read(struct span text, const uint8_t key[SIGN_PUBLIC_SIZE], struct checkpoint *out,
		     struct error *err)
{
	struct reader in = reader_of(text);
	struct checkpoint checkpoint = {.size = 0};
	char name[NAME_MAX_SIZE];
	struct span line;

	if (!read_note(&in, &checkpoint)) {
		return fail(err, STATUS_MALFORMED, "it is no checkpoint");
	}
	name_of(&checkpoint, name);
	while (take_line(&in, &line)) {
		if (read_stamp(line, name, key, &checkpoint) &&
		    (key == NULL || checkpoint_verify(&checkpoint, key))) {
			*out = checkpoint;
			return STATUS_OK;
		}
	}
	return fail(err, STATUS_SIGNATURE, "the checkpoint is not signed by this server");
}

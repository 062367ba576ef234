/* SPDX-License-Identifier: Apache-2.0 */
/* What shows others that the server contradicted itself. */
#include "client/device.h"

#include <string.h>

enum { EVIDENCE_MAX = 16 * 1024 };

static void
checkpoint_put(const char *name, const struct checkpoint *checkpoint, const uint8_t *key,
	       struct buffer *out)
{
	char text[CHECKPOINT_TEXT_MAX] = "";

	if (checkpoint->size != 0) {
		checkpoint_text(checkpoint, key, text);
	}
	buffer_printf(out, "\n%s\n%s", name, text);
}

static void
proof_put(const struct local_witness *newer, struct buffer *out)
{
	char digits[2 * HASH_SIZE + 1];

	buffer_printf(out, "\n%s\n", newer->proved ? "proof" : "no proof");
	for (size_t i = 0; i < newer->proof.count; i++) {
		hex_encode(span_of(newer->proof.hashes[i], HASH_SIZE), digits);
		buffer_printf(out, "%s\n", digits);
	}
}

static enum status
evidence_write(struct sambung *device, struct buffer *out, struct error *err)
{
	struct local_state state;
	struct local_witness older = {.kept = false};
	struct local_witness newer;
	char key[CHECKPOINT_KEY_TEXT_MAX];
	enum status status = local_state_load(device->local, &state, err);

	if (status == STATUS_OK) {
		status = local_witness(device->local, LOCAL_EVIDENCE_OLDER, &older, err);
	}
	if (status == STATUS_OK) {
		status = local_witness(device->local, LOCAL_EVIDENCE_NEWER, &newer, err);
	}
	if (status == STATUS_OK && !older.kept) {
		return fail(err, STATUS_NOT_FOUND, "evidence");
	}
	if (status != STATUS_OK) {
		return status;
	}
	checkpoint_key_text(&older.checkpoint, state.log_key, key);
	buffer_printf(out, "sambung/evidence/1\nkey %s\ntime %lld\n", key,
		      (long long)(older.server_ms / 1000));
	checkpoint_put("older", &older.checkpoint, state.log_key, out);
	checkpoint_put("newer", &newer.checkpoint, state.log_key, out);
	proof_put(&newer, out);
	return buffer_status(out, "evidence", err);
}

int
sambung_evidence(struct sambung *device, sambung_file_fn file, void *context,
		 struct sambung_error *err)
{
	struct error inner = {0};
	struct buffer text;
	enum status status;

	buffer_init(&text, EVIDENCE_MAX);
	status = evidence_write(device, &text, &inner);
	if (status == STATUS_OK &&
	    file(context, (struct sambung_bytes){text.at, text.length}) != 0) {
		status = fail(&inner, STATUS_STORAGE, "evidence");
	}
	buffer_finish(&text);
	return status == STATUS_OK ? 0 : device_fail(err, &inner);
}

int
sambung_evidence_forget(struct sambung *device, struct sambung_error *err)
{
	struct error inner = {0};

	return local_witness_forget(device->local, &inner) == STATUS_OK ? 0
									: device_fail(err, &inner);
}

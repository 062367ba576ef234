/* SPDX-License-Identifier: Apache-2.0 */
/* A short proof that what this phone recorded is in the log (protocol/receipt.h). */
#include "client/exchange.h"

#include <string.h>

/* What the newest change that the server has is committed to, by the bytes that are here. */
static enum status
own_commitment(struct taking *taking, uint8_t commitment_out[HASH_SIZE], struct error *err)
{
	struct local *local = taking->device->local;
	const uint32_t n = taking->state.acked_n;
	struct local_batches batches = {NULL, 0};
	struct local_change change;
	enum status status;

	arena_reset(&taking->arena);
	status = local_change(local, n, &taking->arena, &change, err);
	if (status == STATUS_OK) {
		status = local_batches(local, n, n, &taking->arena, &batches, err);
	}
	return status == STATUS_OK
		       ? exchange_commitment(&taking->state, &batches, &change, commitment_out, err)
		       : status;
}

static enum status
receipt_save(struct taking *taking, struct error *err)
{
	const struct reply *reply = taking->reply;
	const struct local_state *state = &taking->state;
	struct local_receipt receipt = {.told_ms = reply->server_time_ms,
					.checkpoint = reply->checkpoint,
					.header = reply->receipt.header};
	struct buffer text;
	enum status status;

	buffer_init(&text, RECEIPT_TEXT_MAX);
	receipt_text(&reply->receipt, &reply->checkpoint, state->chain, state->log_key, &text);
	status = buffer_status(&text, "receipt", err);
	if (status == STATUS_OK) {
		receipt.text = buffer_span(&text);
		status = local_receipt_save(taking->device->local, &receipt, err);
	}
	buffer_finish(&text);
	return status;
}

enum status
exchange_take_receipt(struct taking *taking, struct error *err)
{
	const struct reply *reply = taking->reply;
	const struct local_state *state = &taking->state;
	uint8_t commitment[HASH_SIZE];
	struct entry entry;
	enum status status;

	if (reply->receipt.header.length == 0 || state->acked_n == 0) {
		return STATUS_OK;
	}
	/* An answer that was overtaken speaks of another moment than this one. */
	if (entry_decode(reply->receipt.header, &entry) && entry.stream == state->device &&
	    entry.n != state->acked_n) {
		return STATUS_OK;
	}
	status = own_commitment(taking, commitment, err);
	if (status != STATUS_OK) {
		return status;
	}
	taking->device->receipt =
		reply->has_checkpoint &&
				receipt_holds(&reply->receipt, &reply->checkpoint, state->chain,
					      state->log_key, &entry) &&
				entry.stream == state->device && entry.n == state->acked_n &&
				memcmp(entry.commitment, commitment, HASH_SIZE) == 0
			? RECEIPT_TAKEN
			: RECEIPT_FALSE;
	return taking->device->receipt == RECEIPT_TAKEN ? receipt_save(taking, err) : STATUS_OK;
}

/* Everything else of the answer was taken. */
enum status
exchange_receipt_check(const struct sambung *device, struct error *err)
{
	return device->receipt == RECEIPT_FALSE ? fail(err, STATUS_SIGNATURE, "receipt")
						: STATUS_OK;
}

int
sambung_receipt_sync(struct sambung *device, struct sambung_result *result,
		     struct sambung_error *err)
{
	struct error inner = {0};
	int failed;

	device->receipt = RECEIPT_WANTED;
	failed = sambung_sync(device, NULL, NULL, result, err);
	if (failed == 0 && exchange_receipt_check(device, &inner) != STATUS_OK) {
		failed = device_fail(err, &inner);
	}
	device->receipt = RECEIPT_NONE;
	return failed;
}

/* When the number was given; 0 if that is not to be seen. */
static int64_t
number_since(struct sambung *device, const struct local_state *state, struct arena *arena)
{
	struct certificate certificate;
	struct span bytes;

	if (local_certificate(device->local, arena, &bytes, NULL) != STATUS_OK ||
	    certificate_read(bytes, state->log_key, arena, &certificate, NULL) != STATUS_OK) {
		return 0;
	}
	return certificate.issued * 1000;
}

static enum status
receipt_show(struct sambung *device, struct arena *arena, struct sambung_receipt *out,
	     struct span *text_out, struct error *err)
{
	struct local_receipt receipt;
	struct local_state state;
	struct entry entry;
	enum status status = local_state_load(device->local, &state, err);

	if (status == STATUS_OK) {
		status = local_receipt(device->local, arena, &receipt, err);
	}
	if (status != STATUS_OK) {
		return status;
	}
	if (!entry_decode(receipt.header, &entry)) {
		return fail(err, STATUS_STORAGE, "device.db: receipt");
	}
	*out = (struct sambung_receipt){.device = entry.stream,
					.changes = entry.n,
					.newest_ms = entry.time * 1000,
					.set_aside = entry.verdict != VERDICT_MERGED,
					.log_size = receipt.checkpoint.size,
					.told_ms = receipt.told_ms};
	if (entry.stream == state.device) {
		out->since_ms = number_since(device, &state, arena);
	}
	checkpoint_short(&receipt.checkpoint, out->root);
	*text_out = receipt.text;
	return STATUS_OK;
}

int
sambung_receipt(struct sambung *device, sambung_file_fn text, void *context,
		struct sambung_receipt *out, struct sambung_error *err)
{
	enum { RECEIPT_ARENA_MAX = 64 * 1024 };
	struct error inner = {0};
	struct sambung_receipt receipt;
	struct span bytes;
	struct arena arena;
	enum status status;

	arena_init(&arena, RECEIPT_ARENA_MAX);
	status = receipt_show(device, &arena, &receipt, &bytes, &inner);
	if (status == STATUS_OK && text != NULL &&
	    text(context, (struct sambung_bytes){bytes.at, bytes.length}) != 0) {
		status = fail(&inner, STATUS_STORAGE, "receipt");
	}
	arena_finish(&arena);
	if (status != STATUS_OK) {
		return device_fail(err, &inner);
	}
	*out = receipt;
	return 0;
}

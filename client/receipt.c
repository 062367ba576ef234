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

/* As it is kept: numbers, the mark of the log, and the text. */
enum {
	KEPT_DEVICE,
	KEPT_CHANGES,
	KEPT_SINCE,
	KEPT_NEWEST,
	KEPT_SET_ASIDE,
	KEPT_SIZE,
	KEPT_TOLD,
	KEPT_NUMBERS,
	KEPT_ROOT_AT = 8 * KEPT_NUMBERS,
	KEPT_TEXT_AT = KEPT_ROOT_AT + CHECKPOINT_SHORT_SIZE
};

/* When the number was given, in seconds; 0 if that is not to be seen. */
static int64_t
number_since(struct taking *taking)
{
	struct certificate certificate;
	struct span bytes;

	if (local_certificate(taking->device->local, &taking->arena, &bytes, NULL) != STATUS_OK ||
	    certificate_read(bytes, taking->state.log_key, &taking->arena, &certificate, NULL) !=
		    STATUS_OK) {
		return 0;
	}
	return certificate.issued;
}

static enum status
receipt_save(struct taking *taking, const struct receipt_claim *claim, const struct entry *entry,
	     struct error *err)
{
	const int64_t numbers[KEPT_NUMBERS] = {
		[KEPT_DEVICE] = entry->stream,
		[KEPT_CHANGES] = entry->n,
		[KEPT_SINCE] = number_since(taking),
		[KEPT_NEWEST] = entry->time,
		/* Of an erased record nothing waits, though it was not merged. */
		[KEPT_SET_ASIDE] = entry->verdict && entry->reason != QUARANTINE_ERASED,
		[KEPT_SIZE] = (int64_t)claim->checkpoint->size,
		[KEPT_TOLD] = taking->reply->server_time_ms,
	};
	uint8_t front[KEPT_TEXT_AT];
	struct buffer kept;
	enum status status;

	for (size_t i = 0; i < KEPT_NUMBERS; i++) {
		put_le64(front + 8 * i, (uint64_t)numbers[i]);
	}
	checkpoint_short(claim->checkpoint, (char *)front + KEPT_ROOT_AT);
	buffer_init(&kept, KEPT_TEXT_AT + RECEIPT_TEXT_MAX);
	buffer_append(&kept, front, sizeof front);
	receipt_text(&taking->reply->receipt, claim, entry->seq, taking->state.log_key, &kept);
	status = buffer_status(&kept, "receipt", err);
	if (status == STATUS_OK) {
		status = local_receipt_save(taking->device->local, buffer_span(&kept), err);
	}
	buffer_finish(&kept);
	return status;
}

enum status
exchange_take_receipt(struct taking *taking, struct error *err)
{
	const struct reply *reply = taking->reply;
	const struct local_state *state = &taking->state;
	const struct receipt_claim claim = {&reply->checkpoint, state->device, state->acked_n,
					    state->chain};
	uint8_t commitment[HASH_SIZE];
	struct entry entry = {.seq = 0};
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
	if (status == STATUS_NOT_FOUND) {
		return STATUS_OK; /* a restored server has so little that it is forgotten here */
	}
	if (status != STATUS_OK) {
		return status;
	}
	taking->device->receipt = RECEIPT_FALSE;
	if (entry.seq == 0 || memcmp(entry.commitment, commitment, HASH_SIZE) != 0 ||
	    !receipt_holds(&reply->receipt, &entry, &claim, state->log_key)) {
		return STATUS_OK;
	}
	taking->device->receipt = RECEIPT_TAKEN;
	return receipt_save(taking, &claim, &entry, err);
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

int
sambung_receipt(struct sambung *device, sambung_file_fn text, void *context,
		struct sambung_receipt *out, struct sambung_error *err)
{
	struct error inner = {0};
	int64_t numbers[KEPT_NUMBERS];
	struct buffer kept;
	enum status status;

	buffer_init(&kept, KEPT_TEXT_AT + RECEIPT_TEXT_MAX);
	status = local_receipt(device->local, &kept, &inner);
	if (status == STATUS_OK && kept.length < KEPT_TEXT_AT) {
		status = fail(&inner, STATUS_STORAGE, "device.db: receipt");
	}
	if (status == STATUS_OK && text != NULL &&
	    text(context,
		 (struct sambung_bytes){kept.at + KEPT_TEXT_AT, kept.length - KEPT_TEXT_AT}) != 0) {
		status = fail(&inner, STATUS_STORAGE, "receipt");
	}
	if (status == STATUS_OK) {
		for (size_t i = 0; i < KEPT_NUMBERS; i++) {
			numbers[i] = (int64_t)get_le64(kept.at + 8 * i);
		}
		*out = (struct sambung_receipt){.device = (uint32_t)numbers[KEPT_DEVICE],
						.changes = (uint32_t)numbers[KEPT_CHANGES],
						.newest_ms = numbers[KEPT_NEWEST] * 1000,
						.set_aside = (int)numbers[KEPT_SET_ASIDE],
						.since_ms = numbers[KEPT_SINCE] * 1000,
						.log_size = (uint64_t)numbers[KEPT_SIZE],
						.told_ms = numbers[KEPT_TOLD]};
		memcpy(out->root, kept.at + KEPT_ROOT_AT, sizeof out->root);
	}
	buffer_finish(&kept);
	return status == STATUS_OK ? 0 : device_fail(err, &inner);
}

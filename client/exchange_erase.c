/* SPDX-License-Identifier: Apache-2.0 */
/* What the server has legally erased is destroyed here: the record, and what changes said of it. */
#include "client/exchange.h"
#include "protocol/id.h"

enum status
exchange_destroy_change(struct taking *taking, uint32_t n, struct error *err)
{
	struct local *local = taking->device->local;
	struct local_batches batches;
	struct local_change change;
	struct change_stub stub;
	struct buffer bytes;
	enum status status;

	arena_reset(&taking->arena);
	status = local_change(local, n, &taking->arena, &change, err);
	if (status == STATUS_NOT_FOUND ||
	    (status == STATUS_OK && change_stub_decode(change.bytes, &stub))) {
		return STATUS_OK;
	}
	if (status == STATUS_OK) {
		status = local_batches(local, n, n, &taking->arena, &batches, err);
	}
	if (status == STATUS_OK) {
		status = exchange_commitment(&taking->state, &batches, &change, stub.commitment,
					     err);
	}
	if (status != STATUS_OK) {
		return exchange_shut_for_good(taking, status) ? STATUS_OK : status;
	}
	stub.n = n;
	stub.record = change.record;
	buffer_init(&bytes, CHANGE_BYTES_MAX);
	change_stub_encode(&stub, &bytes);
	status = buffer_status(&bytes, "", err);
	if (status == STATUS_OK) {
		status = local_change_destroy(local, n, buffer_span(&bytes), err);
	}
	buffer_finish(&bytes);
	taking->erased = true;
	/* A new record below an erased one. */
	return status == STATUS_OK && change.record == id_make(taking->state.device, n)
		       ? local_record_erase(local, change.record, err)
		       : status;
}

/* What the server does not have yet must still reach it, as it was frozen, or the queue would end
 * there: it is destroyed when that is acknowledged, and shown no more until then. */
static enum status
record_destroy(struct taking *taking, uint64_t id, struct error *err)
{
	struct local *local = taking->device->local;
	uint32_t n = 0;
	enum status status = local_record_erase(local, id, err);

	taking->erased = true;
	if (status == STATUS_OK) {
		status = local_change_logged(local, id, &n, err);
	}
	while (status == STATUS_OK && n != 0) {
		status = exchange_destroy_change(taking, n, err);
		if (status == STATUS_OK) {
			status = local_change_logged(local, id, &n, err);
		}
	}
	return status;
}

enum status
exchange_take_erased(struct taking *taking, struct error *err)
{
	enum status status = STATUS_OK;

	/* The law counts hours: the server is told now, and not with the next sync. */
	taking->again |= taking->reply->erased_count > 0;
	for (size_t i = 0; i < taking->reply->erased_count && status == STATUS_OK; i++) {
		status = record_destroy(taking, taking->reply->erased[i], err);
	}
	return status;
}

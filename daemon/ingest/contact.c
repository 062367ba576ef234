/* SPDX-License-Identifier: Apache-2.0 */
/* contact: the request counter, and what else each request says of its device. */
#include "daemon/ingest/workset.h"

#include <stdlib.h>

enum { DEVICE_MEMORY = 64 * 1024 };

static struct contact *
waiting_contact(struct ingest *ingest, uint32_t device)
{
	for (size_t i = 0; i < ingest->contact_count; i++) {
		if (ingest->contacts[i].device == device) {
			return &ingest->contacts[i];
		}
	}
	return NULL;
}

static enum status
note_contact(struct ingest *ingest, const struct contact *news, struct error *err)
{
	struct contact *contact = waiting_contact(ingest, news->device);
	uint64_t witness = contact == NULL ? 0 : contact->witness;

	if (contact == NULL) {
		if (ingest->contacts == NULL) {
			ingest->contacts = calloc(INGEST_WAITING_MAX, sizeof ingest->contacts[0]);
		}
		if (ingest->contacts == NULL) {
			return fail(err, STATUS_MEMORY, "the list of contacts");
		}
		if (ingest->contact_count == INGEST_WAITING_MAX) {
			/* Too many to keep waiting: this transaction takes them along. */
			ingest->work.wrote = true;
			return store_device_contact(ingest->options.store, news, err);
		}
		contact = &ingest->contacts[ingest->contact_count++];
	}
	*contact = *news;
	contact->witness = witness > news->witness ? witness : news->witness;
	return STATUS_OK;
}

/* Was the device that shows its certificate enrolled since the present epoch began? Then the log
 * has lost a part that no restore tells of. */
static enum status
enrolled_since(struct ingest *ingest, const struct parcel *parcel, bool *out, struct error *err)
{
	struct store *store = ingest->options.store;
	struct arena arena;
	struct log_row row;
	uint64_t seq = 0;
	enum status status;

	*out = parcel->certificate.device != 0;
	if (!*out || ingest->epoch_count < 2) {
		return STATUS_OK;
	}
	arena_init(&arena, DEVICE_MEMORY);
	status = store_checkpoint_first(store, ingest->ledger.epoch, &seq, err);
	if (status == STATUS_OK) {
		status = store_log_entry(store, seq, &arena, &row, err);
	}
	if (status == STATUS_OK) {
		*out = parcel->certificate.issued > row.entry.received_ms / 1000;
	}
	arena_finish(&arena);
	return status;
}

enum status
contact_check(struct ingest *ingest, struct parcel *parcel, struct error *err)
{
	const struct request_head *head = &parcel->head;
	const struct contact *waiting = waiting_contact(ingest, head->device);
	bool present = head->epoch == ingest->ledger.epoch;
	bool since = false;
	uint64_t seen = parcel->device.r;
	enum status status = present ? enrolled_since(ingest, parcel, &since, err) : STATUS_OK;

	if (status != STATUS_OK) {
		return status;
	}

	if (waiting != NULL && waiting->r > seen) {
		seen = waiting->r;
	}
	parcel->fresh = head->r > seen;
	parcel->astray = parcel->fresh && present &&
			 (head->cursor.complete > ingest->head || !parcel->witness_fits || since);
	parcel->r_seen = seen;
	if (!parcel->fresh) {
		return STATUS_OK;
	}
	return note_contact(ingest,
			    &(struct contact){.device = head->device,
					      .r = head->r,
					      .ms = ingest_now_ms(ingest),
					      .witness = present && parcel->witness_fits
								 ? head->witness_size
								 : 0},
			    err);
}

enum status
contact_witness(struct ingest *ingest, uint32_t device, uint64_t *out, struct error *err)
{
	const struct contact *waiting = waiting_contact(ingest, device);
	struct device row = {.witness = 0};
	struct arena arena;
	enum status status;

	arena_init(&arena, DEVICE_MEMORY);
	status = store_device(ingest->options.store, device, &arena, &row, err);
	arena_finish(&arena);
	if (status != STATUS_OK && status != STATUS_NOT_FOUND) {
		return status;
	}
	*out = waiting != NULL && waiting->witness > row.witness ? waiting->witness : row.witness;
	return STATUS_OK;
}

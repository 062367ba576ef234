/* SPDX-License-Identifier: Apache-2.0 */
/* epoch: a server that was restored from an older copy begins a new history, and takes in again the
 * devices that the copy does not know. */
#include "daemon/ingest/family.h"
#include "daemon/ingest/note.h"

#include <string.h>

static uint32_t
draw_epoch(const struct ingest *ingest)
{
	const struct platform *platform = &ingest->options.platform;
	uint32_t number = 0;

	while (number == 0) {
		uint8_t bytes[4];

		platform->random(platform->context, bytes, sizeof bytes);
		number = get_le32(bytes);
		for (size_t i = 0; i < ingest->epoch_count; i++) {
			number = ingest->epochs[i].epoch == number ? 0 : number;
		}
	}
	return number;
}

static enum status
epoch_write(struct ingest *ingest, const struct epoch *epoch, struct error *err)
{
	struct note note = {.action = "restore",
			    .epoch = epoch->epoch,
			    .parent = epoch->parent,
			    .cut = epoch->cut};
	enum status status = ingest_begin(ingest, err);

	if (status != STATUS_OK) {
		return status;
	}
	/* The checkpoint of this commit is the first of the new epoch. */
	ingest->ledger.epoch = epoch->epoch;
	status = ingest_note(ingest, ENTRY_EPOCH, 0, &note, NULL, err);
	if (status == STATUS_OK) {
		status = store_epoch_append(ingest->options.store, epoch, err);
	}
	if (status != STATUS_OK) {
		ingest_rollback(ingest);
		return status;
	}
	return ingest_commit(ingest, err);
}

static enum status
epoch_begin(const struct ingest_options *options, struct epoch *out, struct error *err)
{
	struct ingest *ingest = NULL;
	struct epoch epoch;
	enum status status = ingest_create(options, &ingest, err);

	if (status != STATUS_OK) {
		return status;
	}
	epoch = (struct epoch){
		.epoch = draw_epoch(ingest), .parent = ingest->ledger.epoch, .cut = ingest->head};
	status = epoch_write(ingest, &epoch, err);
	ingest_free(ingest);
	if (status == STATUS_OK) {
		*out = epoch;
	}
	return status;
}

enum status
ingest_epoch_begin(struct store *store, const struct server_keys *keys,
		   const struct platform *platform, struct epoch *out, struct error *err)
{
	struct ingest_options options = {.store = store, .keys = keys, .platform = *platform};
	enum status status = catalogue_create(store, &options.catalogue, err);

	if (status == STATUS_OK) {
		status = epoch_begin(&options, out, err);
		catalogue_free(options.catalogue);
	}
	return status;
}

enum status
ingest_readmit(struct ingest *ingest, const struct certificate *certificate, struct error *err)
{
	struct store *store = ingest->options.store;
	struct device device = {
		.stream = {.number = certificate->device,
			   .kind = STREAM_DEVICE,
			   .name = certificate->cadre,
			   .parent = certificate->parent,
			   .parent_n = certificate->parent_n},
		.state = DEVICE_ACTIVE,
		.scope = certificate->scope,
		.scope_count = certificate->scope_count,
	};
	struct note note = {
		.action = "readmit",
		.stream = certificate->device,
		.key = span_of(certificate->device_key, SIGN_PUBLIC_SIZE),
		.name = certificate->cadre,
		.scope = certificate->scope,
		.scope_count = certificate->scope_count,
		.continued = certificate->parent,
		.common_n = certificate->parent_n,
	};
	struct stream taken;
	enum status status;

	if (certificate->device == 0) {
		return fail(err, STATUS_EXISTS, "no certificate");
	}
	status = store_stream(store, certificate->device, &ingest->work.arena, &taken, err);
	if (status != STATUS_NOT_FOUND) {
		return status == STATUS_OK ? fail(err, STATUS_EXISTS, "stream %u", taken.number)
					   : status;
	}
	memcpy(device.stream.key, certificate->device_key, sizeof device.stream.key);
	chain_start(device.stream.key, device.stream.number, device.stream.chain);
	status = store_stream_add(store, &device.stream, err);
	if (status == STATUS_OK) {
		status = ingest_note(ingest, ENTRY_SCOPE, 0, &note, &device.scope_version, err);
	}
	if (status == STATUS_OK) {
		status = store_device_put(store, &device, err);
	}
	if (status == STATUS_OK) {
		status = family_remember(ingest, &device.stream, err);
	}
	if (status == STATUS_OK && ingest->erases) {
		/* It may hold what was erased since the copy, or before. */
		status = store_erasure_device_all(store, certificate->device, err);
		ingest->erasure_waits = true;
	}
	return status == STATUS_OK ? family_rejoin(ingest, &device, err) : status;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* epoch: a server that was restored from an older copy begins a new history, and takes in again the
 * devices that the copy does not know. */
#include "daemon/ingest/family.h"
#include "daemon/ingest/note.h"

#include <string.h>

enum { RECORD_MEMORY = 8 * 1024 * 1024 };

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

/* ---- what a cut that lies in the past makes of records that are here ---- */

/* An archive stands against an edit if neither had seen the other, and since the cut some bases say
 * less than before: what is counted of the record may be less than what it shows. */
static enum status
recount_record(struct ingest *ingest, uint64_t id, struct arena *arena, struct error *err)
{
	struct merge_context context;
	struct stored_record row;
	struct record record;
	struct slot *slot;
	enum status status = store_records_load(ingest->options.store, &id, 1, arena, &row, err);

	if (status != STATUS_OK || row.id == 0 || row.one_change) {
		return status;
	}
	context = ingest_merge_context(ingest, row.type);
	status = stored_record_decode(&row, context.type, arena, &record, err);
	if (status != STATUS_OK || record_conflicts(&record, &context) == row.conflicts) {
		return status;
	}
	status = workset_record(ingest, id, &slot, err);
	if (status == STATUS_OK) {
		slot->dirty = true;
	}
	return status;
}

static enum status
recount(struct ingest *ingest, uint64_t cut, struct error *err)
{
	struct buffer ids;
	struct arena arena;
	enum status status;

	buffer_init(&ids, SIZE_MAX);
	arena_init(&arena, RECORD_MEMORY);
	status = store_records_merged(ingest->options.store, cut, &ids, err);
	for (size_t i = 0; i < ids.length / sizeof(uint64_t) && status == STATUS_OK; i++) {
		arena_reset(&arena);
		status = recount_record(ingest, ((const uint64_t *)(const void *)ids.at)[i], &arena,
					err);
	}
	arena_finish(&arena);
	buffer_finish(&ids);
	return status;
}

/* ---- an epoch begins ---- */

enum status
epoch_enter(struct ingest *ingest, const struct epoch *epoch, struct error *err)
{
	struct store *store = ingest->options.store;
	enum status status = store_epoch_append(store, epoch, err);

	if (status == STATUS_OK) {
		status = store_epochs(store, &ingest->lifetime, &ingest->epochs,
				      &ingest->epoch_count, err);
	}
	if (status != STATUS_OK) {
		return status;
	}
	ingest->ledger.epoch = epoch->epoch;
	return epoch->cut < ingest->head ? recount(ingest, epoch->cut, err) : STATUS_OK;
}

static enum status
log_epoch(struct ingest *ingest, const struct epoch *epoch, const struct lost_log *lost,
	  struct error *err)
{
	struct note note = {.action = "restore",
			    .stream = lost->device,
			    .epoch = epoch->epoch,
			    .parent = epoch->parent,
			    .cut = epoch->cut,
			    .entry = lost->size};
	enum status status = ingest_begin(ingest, err);

	if (status != STATUS_OK) {
		return status;
	}
	status = ingest_note(ingest, ENTRY_EPOCH, 0, &note, NULL, err);
	if (status == STATUS_OK) {
		status = epoch_enter(ingest, epoch, err);
	}
	if (status != STATUS_OK) {
		ingest_rollback(ingest);
		return status;
	}
	/* The checkpoint of this commit is the first of the new epoch. */
	return ingest_commit(ingest, err);
}

enum status
epoch_write(struct ingest *ingest, uint64_t cut, const struct lost_log *lost, struct epoch *out,
	    struct error *err)
{
	struct epoch *former = ingest->epochs;
	const size_t former_count = ingest->epoch_count;
	const struct epoch epoch = {
		.epoch = draw_epoch(ingest), .parent = ingest->ledger.epoch, .cut = cut};
	enum status status = log_epoch(ingest, &epoch, lost, err);

	if (status != STATUS_OK) {
		ingest->epochs = former;
		ingest->epoch_count = former_count;
		ingest->ledger.epoch = epoch.parent;
		return status;
	}
	*out = epoch;
	return STATUS_OK;
}

static enum status
epoch_begin(const struct ingest_options *options, struct epoch *out, struct error *err)
{
	struct ingest *ingest = NULL;
	enum status status = ingest_create(options, &ingest, err);

	if (status != STATUS_OK) {
		return status;
	}
	status = epoch_write(ingest, ingest->head, &(struct lost_log){0}, out, err);
	ingest_free(ingest);
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

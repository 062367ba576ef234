/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/ingest/family.h"
#include "daemon/ingest/workset.h"

#include <stdlib.h>
#include <string.h>

enum {
	LIFETIME_LIMIT = 1024 * 1024,
	REST_ENTRIES = 512 /* at a time: a sync that comes meanwhile waits some milliseconds */
};

/* A key of another server would sign what no device believes. */
static enum status
check_key(const struct ingest *ingest, struct error *err)
{
	struct checkpoint newest;
	bool found = false;
	enum status status = store_checkpoint_last(ingest->options.store, &newest, &found, err);

	if (status == STATUS_OK && found &&
	    !checkpoint_verify(&newest, ingest->options.keys->log_public)) {
		return fail(err, STATUS_STORAGE,
			    "server.key is not the one that this database was made with");
	}
	return status;
}

static enum status
load_erasures(struct ingest *ingest, struct error *err)
{
	uint64_t last = 0;
	enum status status = store_erasure_last(ingest->options.store, &last, err);

	ingest->erases = last != 0;
	return status == STATUS_OK
		       ? store_erasure_waits(ingest->options.store, &ingest->erasure_waits, err)
		       : status;
}

static enum status
ingest_load(struct ingest *ingest, struct error *err)
{
	struct store *store = ingest->options.store;
	struct span origin;
	enum status status =
		store_epochs(store, &ingest->lifetime, &ingest->epochs, &ingest->epoch_count, err);

	if (status == STATUS_OK && ingest->epoch_count == 0) {
		status = fail(err, STATUS_STORAGE, "the database has no epoch");
	}
	if (status == STATUS_OK) {
		status = store_setting(store, "origin", &ingest->lifetime, &origin, err);
	}
	if (status == STATUS_OK && origin.length != ORIGIN_SIZE) {
		status = fail(err, STATUS_STORAGE, "the database has no origin");
	}
	if (status == STATUS_OK) {
		status = store_log_head(store, &ingest->head, err);
	}
	if (status == STATUS_OK) {
		status = store_session_newest(store, &ingest->session, err);
	}
	if (status == STATUS_OK) {
		status = store_lineages(store, &ingest->lineages, err);
	}
	if (status == STATUS_OK) {
		status = load_erasures(ingest, err);
	}
	if (status != STATUS_OK) {
		return status;
	}
	memcpy(ingest->ledger.origin, origin.at, ORIGIN_SIZE);
	ingest->ledger.epoch = ingest->epochs[ingest->epoch_count - 1].epoch;
	memcpy(ingest->ledger.log_secret, ingest->options.keys->log_secret, SIGN_SECRET_SIZE);
	status = check_key(ingest, err);
	return status == STATUS_OK ? ledger_load(&ingest->ledger, store, err) : status;
}

static enum status
keep_received(void *context, const struct log_row *row, struct error *err)
{
	(void)err;
	*(int64_t *)context = row->entry.received_ms;
	return STATUS_OK;
}

/* `received` must not go back when the clock does, not even over a restart. */
static enum status
load_received(struct ingest *ingest, struct error *err)
{
	struct log_filter last = {.since = ingest->head - 1, .limit = 1};

	if (ingest->head == 0) {
		return STATUS_OK;
	}
	return store_log_read(ingest->options.store, &last, keep_received, &ingest->received_ms,
			      err);
}

enum status
ingest_create(const struct ingest_options *options, struct ingest **out, struct error *err)
{
	struct ingest *ingest = calloc(1, sizeof *ingest);
	enum status status;

	if (ingest == NULL) {
		return fail(err, STATUS_MEMORY, "starting the writer");
	}
	ingest->options = *options;
	arena_init(&ingest->lifetime, LIFETIME_LIMIT);
	buffer_init(&ingest->lineages, SIZE_MAX);
	workset_init(&ingest->work);
	status = ingest_load(ingest, err);
	if (status == STATUS_OK) {
		status = load_received(ingest, err);
	}
	if (status != STATUS_OK) {
		ingest_free(ingest);
		return status;
	}
	*out = ingest;
	return STATUS_OK;
}

void
ingest_free(struct ingest *ingest)
{
	if (ingest == NULL) {
		return;
	}
	workset_finish(&ingest->work);
	arena_finish(&ingest->lifetime);
	buffer_finish(&ingest->lineages);
	free(ingest->sessions);
	free(ingest->contacts);
	crypto_wipe(&ingest->ledger, sizeof ingest->ledger);
	free(ingest);
}

struct merge_context
ingest_merge_context(const struct ingest *ingest, uint32_t type)
{
	struct merge_context context = {
		.type = ingest->schema == NULL ? NULL : schema_type(ingest->schema, type),
		.epochs = ingest->epochs,
		.epoch_count = ingest->epoch_count,
		.lineages = (const void *)ingest->lineages.at,
		.lineage_count = ingest->lineages.length / sizeof(struct lineage),
	};

	return context;
}

int64_t
ingest_now_ms(const struct ingest *ingest)
{
	return ingest->received_ms;
}

int64_t
ingest_clock_ms(const struct ingest *ingest)
{
	return ingest->clock_ms;
}

enum status
ingest_begin(struct ingest *ingest, struct error *err)
{
	int64_t now = ingest->options.platform.now_ms(ingest->options.platform.context);

	ingest->clock_ms = now;
	if (now > ingest->received_ms) {
		ingest->received_ms = now;
	}
	workset_clear(&ingest->work);
	ingest->schema = catalogue_schema(ingest->options.catalogue, 0);
	return store_begin(ingest->options.store, err);
}

void
ingest_rollback(struct ingest *ingest)
{
	store_rollback(ingest->options.store);
	family_forget(ingest);
	workset_clear(&ingest->work);
}

/* Sessions and contacts that waited go with a transaction that writes anyway. */
static enum status
write_waiting(struct ingest *ingest, struct error *err)
{
	struct store *store = ingest->options.store;
	enum status status = STATUS_OK;

	if (ingest->session_count > 0) {
		status = store_sessions_write(store, ingest->sessions, ingest->session_count, err);
	}
	for (size_t i = 0; i < ingest->contact_count && status == STATUS_OK; i++) {
		const struct contact *contact = &ingest->contacts[i];

		status = store_device_contact(store, contact, err);
		if (status == STATUS_NOT_FOUND) {
			/* The transaction that took the device in again was rolled back. */
			status = STATUS_OK;
		}
	}
	return status;
}

/* The transaction is durable: what it made becomes the present. */
static enum status
become_present(struct ingest *ingest, const struct frontier *frontier, struct error *err)
{
	struct schema *schema = ingest->work.schema;

	ingest->head += ingest->work.row_count;
	ingest->ledger.frontier = *frontier;
	ingest->session_count = 0;
	ingest->contact_count = 0;
	ingest->work.schema = NULL;
	workset_clear(&ingest->work);
	return schema == NULL ? STATUS_OK : catalogue_add(ingest->options.catalogue, schema, err);
}

enum status
ingest_commit(struct ingest *ingest, struct error *err)
{
	struct frontier frontier;
	enum status status = workset_write(ingest, &frontier, err);

	if (status == STATUS_OK && ingest->work.row_count == 0 && !ingest->work.wrote) {
		ingest_rollback(ingest);
		return STATUS_OK;
	}
	if (status == STATUS_OK) {
		status = write_waiting(ingest, err);
	}
	if (status == STATUS_OK) {
		status = store_commit(ingest->options.store, err);
	}
	if (status != STATUS_OK) {
		ingest_rollback(ingest);
		return status;
	}
	return become_present(ingest, &frontier, err);
}

bool
ingest_crowded(const struct ingest *ingest)
{
	return workset_crowded(&ingest->work);
}

void
ingest_write_waiting(struct ingest *ingest)
{
	if (ingest->session_count > 0 || ingest->contact_count > 0) {
		ingest->work.wrote = true;
	}
}

enum status
ingest_flush(struct ingest *ingest, struct error *err)
{
	enum status status;

	if (ingest->session_count == 0 && ingest->contact_count == 0) {
		return STATUS_OK;
	}
	status = ingest_begin(ingest, err);
	if (status != STATUS_OK) {
		return status;
	}
	ingest_write_waiting(ingest);
	return ingest_commit(ingest, err);
}

enum status
ingest_rest(struct ingest *ingest, bool *behind_out, struct error *err)
{
	bool behind = false;
	enum status status = ingest_begin(ingest, err);

	if (status != STATUS_OK) {
		return status;
	}
	status = store_typed_follow(ingest->options.store, ingest->schema, REST_ENTRIES, &behind,
				    err);
	if (status != STATUS_OK) {
		ingest_rollback(ingest);
		return status;
	}
	ingest->work.wrote = true;
	status = ingest_commit(ingest, err);
	if (status == STATUS_OK) {
		*behind_out = behind;
	}
	return status;
}

enum status
ingest_append_note(struct ingest *ingest, const struct entry *about, struct span payload,
		   uint64_t *seq_out, struct error *err)
{
	struct entry entry = *about;
	uint8_t salt[SALT_SIZE];
	void *copy = arena_copy(&ingest->work.arena, payload.at, payload.length);
	enum status status;

	entry.time = ingest_now_ms(ingest) / 1000;
	if (copy == NULL) {
		return fail(err, STATUS_MEMORY, "the writer's batch");
	}
	ingest->options.platform.random(ingest->options.platform.context, salt, sizeof salt);
	commitment_make(salt, 0, 0, payload, entry.commitment);
	status = workset_append(ingest, &entry, salt, span_of(copy, payload.length), err);
	if (status == STATUS_OK && seq_out != NULL) {
		*seq_out = entry.seq;
	}
	return status;
}

enum status
ingest_stream_add(struct ingest *ingest, struct stream *stream, struct error *err)
{
	enum status status = STATUS_EXISTS;

	for (int attempt = 0; attempt < 16 && status == STATUS_EXISTS; attempt++) {
		uint8_t bytes[4];

		ingest->options.platform.random(ingest->options.platform.context, bytes,
						sizeof bytes);
		stream->number = get_le32(bytes) & INT32_MAX;
		if (stream->number == 0) {
			continue;
		}
		chain_start(stream->key, stream->number, stream->chain);
		status = store_stream_add(ingest->options.store, stream, err);
	}
	if (status == STATUS_OK) {
		ingest->work.wrote = true;
	}
	return status;
}

enum status
ingest_stream_create(struct ingest *ingest, enum stream_kind kind, struct span name,
		     const uint8_t key[32], uint32_t *number_out, struct error *err)
{
	struct stream stream = {.kind = kind, .name = name};
	enum status status;

	memcpy(stream.key, key, sizeof stream.key);
	status = ingest_stream_add(ingest, &stream, err);
	if (status == STATUS_OK) {
		*number_out = stream.number;
	}
	return status;
}

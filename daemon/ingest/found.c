/* SPDX-License-Identifier: Apache-2.0 */
/* found: the first entries of a new server's log. */
#include "daemon/ingest/note.h"
#include "daemon/ingest/workset.h"

/* The settings and the epoch, before there can be an ingest. */
static enum status
found_settings(struct store *store, const struct platform *platform,
	       const struct server_birth *birth, struct epoch *epoch_out, struct error *err)
{
	uint8_t origin[ORIGIN_SIZE];
	uint8_t number[4];
	struct epoch epoch = {.cut = 0};
	enum status status;

	platform->random(platform->context, origin, sizeof origin);
	platform->random(platform->context, number, sizeof number);
	epoch.epoch = get_le32(number) | 1; /* never 0, which means none */
	status = store_begin(store, err);
	if (status != STATUS_OK) {
		return status;
	}
	status = store_setting_put(store, "name", birth->name, err);
	if (status == STATUS_OK) {
		status = store_setting_put(store, "url", birth->url, err);
	}
	if (status == STATUS_OK) {
		status = store_setting_put(store, "origin", span_of(origin, sizeof origin), err);
	}
	if (status == STATUS_OK) {
		status = store_epoch_append(store, &epoch, err);
	}
	if (status == STATUS_OK) {
		status = store_commit(store, err);
	}
	if (status != STATUS_OK) {
		store_rollback(store);
		return status;
	}
	*epoch_out = epoch;
	return STATUS_OK;
}

static enum status
found_log(struct ingest *ingest, const struct server_birth *birth, const struct epoch *epoch,
	  struct span admin_token, struct error *err)
{
	struct note note = {.action = "found", .name = birth->name, .epoch = epoch->epoch};
	struct token_order admin = {.role = ROLE_ADMIN, .name = span_of_text("admin")};
	uint32_t version;
	enum status status = ingest_begin(ingest, err);

	if (status != STATUS_OK) {
		return status;
	}
	status = ingest_note(ingest, ENTRY_EPOCH, 0, &note, NULL, err);
	if (status == STATUS_OK) {
		status = ingest_token_put(ingest, &admin, admin_token, err);
	}
	if (status == STATUS_OK) {
		status = ingest_schema_load(ingest, birth->schema_json, 0, &version, err);
	}
	if (status != STATUS_OK) {
		ingest_rollback(ingest);
		return status;
	}
	return ingest_commit(ingest, err);
}

static enum status
found_store(struct store *store, const struct server_keys *keys, const struct platform *platform,
	    const struct server_birth *birth, struct span admin_token, struct error *err)
{
	struct ingest_options options = {.store = store, .keys = keys, .platform = *platform};
	struct ingest *ingest = NULL;
	struct epoch epoch;
	enum status status = found_settings(store, platform, birth, &epoch, err);

	if (status == STATUS_OK) {
		status = catalogue_create(store, &options.catalogue, err);
	}
	if (status != STATUS_OK) {
		return status;
	}
	status = ingest_create(&options, &ingest, err);
	if (status == STATUS_OK) {
		status = found_log(ingest, birth, &epoch, admin_token, err);
	}
	ingest_free(ingest);
	catalogue_free(options.catalogue);
	return status;
}

enum status
ingest_found_server(const char *database, const struct server_keys *keys,
		    const struct platform *platform, const struct server_birth *birth,
		    struct span admin_token, struct error *err)
{
	struct store *store;
	enum status status = store_create(database, err);

	if (status == STATUS_OK) {
		status = store_open(database, STORE_WRITER, &store, err);
	}
	if (status != STATUS_OK) {
		return status;
	}
	status = found_store(store, keys, platform, birth, admin_token, err);
	store_close(store);
	return status;
}

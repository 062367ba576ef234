/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/schema/catalogue.h"

#include <pthread.h>
#include <stdlib.h>

/* Invariant: schemas ascend by version and are only ever added, so a pointer once handed out stays.
 */
struct catalogue {
	pthread_mutex_t lock;
	struct schema **schemas;
	size_t count;
	size_t capacity;
};

static enum status
catalogue_load(struct catalogue *catalogue, struct store *store, uint32_t newest, struct error *err)
{
	for (uint32_t version = 1; version <= newest; version++) {
		struct arena arena;
		struct schema *schema = NULL;
		struct span cbor;
		enum status status;

		arena_init(&arena, SCHEMA_BYTES_MAX * 2);
		status = store_schema(store, version, &arena, &cbor, NULL, err);
		if (status == STATUS_OK) {
			status = schema_decode(cbor, &schema, err);
		}
		arena_finish(&arena);
		if (status == STATUS_OK) {
			status = catalogue_add(catalogue, schema, err);
		}
		if (status != STATUS_OK) {
			return fail_context(err, "schema version %u", version);
		}
	}
	return STATUS_OK;
}

enum status
catalogue_create(struct store *store, struct catalogue **out, struct error *err)
{
	struct catalogue *catalogue = calloc(1, sizeof *catalogue);
	uint32_t newest = 0;
	enum status status;

	if (catalogue == NULL) {
		return fail(err, STATUS_MEMORY, "the catalogue of schemas");
	}
	(void)pthread_mutex_init(&catalogue->lock, NULL);
	status = store_schema_newest(store, &newest, err);
	if (status == STATUS_OK) {
		status = catalogue_load(catalogue, store, newest, err);
	}
	if (status != STATUS_OK) {
		catalogue_free(catalogue);
		return status;
	}
	*out = catalogue;
	return STATUS_OK;
}

void
catalogue_free(struct catalogue *catalogue)
{
	if (catalogue == NULL) {
		return;
	}
	for (size_t i = 0; i < catalogue->count; i++) {
		schema_free(catalogue->schemas[i]);
	}
	(void)pthread_mutex_destroy(&catalogue->lock);
	free(catalogue->schemas);
	free(catalogue);
}

static enum status
catalogue_add_locked(struct catalogue *catalogue, struct schema *schema, struct error *err)
{
	if (catalogue->count == catalogue->capacity) {
		size_t capacity = catalogue->capacity == 0 ? 8 : catalogue->capacity * 2;
		struct schema **grown =
			realloc(catalogue->schemas, capacity * sizeof catalogue->schemas[0]);

		if (grown == NULL) {
			return fail(err, STATUS_MEMORY, "the catalogue of schemas");
		}
		catalogue->schemas = grown;
		catalogue->capacity = capacity;
	}
	catalogue->schemas[catalogue->count++] = schema;
	return STATUS_OK;
}

enum status
catalogue_add(struct catalogue *catalogue, struct schema *schema, struct error *err)
{
	enum status status;

	(void)pthread_mutex_lock(&catalogue->lock);
	status = catalogue_add_locked(catalogue, schema, err);
	(void)pthread_mutex_unlock(&catalogue->lock);
	if (status != STATUS_OK) {
		schema_free(schema);
	}
	return status;
}

const struct schema *
catalogue_schema(struct catalogue *catalogue, uint32_t version)
{
	const struct schema *found = NULL;

	(void)pthread_mutex_lock(&catalogue->lock);
	if (version == 0 && catalogue->count > 0) {
		found = catalogue->schemas[catalogue->count - 1];
	}
	for (size_t i = 0; i < catalogue->count && found == NULL; i++) {
		if (catalogue->schemas[i]->version == version) {
			found = catalogue->schemas[i];
		}
	}
	(void)pthread_mutex_unlock(&catalogue->lock);
	return found;
}

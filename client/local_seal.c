/* SPDX-License-Identifier: Apache-2.0 */
#include "client/local_parts.h"

#include <string.h>

enum { SEALED_NOT = 0, SEALED_KEY = 1, SEALED_KEPT = 2 };

void
local_key_set(struct local *local, const uint8_t *key)
{
	crypto_wipe(&local->keys, sizeof local->keys);
	local->keyed = key != NULL;
	if (local->keyed) {
		seal_keys_make(key, &local->keys);
	} else {
		local_record_key_set(local, NULL);
	}
}

void
local_record_key_set(struct local *local, const uint8_t *key)
{
	crypto_wipe(&local->record_keys, sizeof local->record_keys);
	local->record_keyed = key != NULL;
	if (local->record_keyed) {
		seal_keys_make(key, &local->record_keys);
	}
}

/* NULL: it is not there. */
static const struct seal_keys *
keys_for(const struct local *local, enum seal_kind kind)
{
	if (kind != SEAL_RECORD && kind != SEAL_STREAM && kind < SEAL_KEPT) {
		return &local->keys;
	}
	return local->record_keyed ? &local->record_keys : NULL;
}

bool
local_has_key(const struct local *local)
{
	return local->keyed;
}

enum status
local_seal(struct local *local, struct seal_place place, struct span plain, struct span *sealed_out,
	   struct error *err)
{
	const struct seal_keys *keys = keys_for(local, place.kind);
	enum status status;

	buffer_clear(&local->sealed);
	if (local->keyed && keys == NULL) {
		return fail(err, STATUS_LEASE_OVER, "%s", "");
	}
	if (local->keyed) {
		buffer_append_byte(&local->sealed,
				   place.kind < SEAL_KEPT ? SEALED_KEY : SEALED_KEPT);
		seal_put(keys, &place, plain, &local->sealed);
	} else {
		buffer_append_byte(&local->sealed, SEALED_NOT);
		buffer_append_span(&local->sealed, plain);
	}
	status = buffer_status(&local->sealed, "device.db", err);
	if (status == STATUS_OK) {
		*sealed_out = buffer_span(&local->sealed);
	}
	return status;
}

/* Into local->sealed. */
static enum status
body_open(struct local *local, struct seal_place place, struct span sealed, struct error *err)
{
	const struct seal_keys *keys;
	struct span rest;

	buffer_clear(&local->sealed);
	if (sealed.length == 0) {
		return fail(err, STATUS_STORAGE, "device.db: 0");
	}
	rest = span_of(sealed.at + 1, sealed.length - 1);
	if (sealed.at[0] > SEALED_KEPT) {
		return fail(err, STATUS_UNSUPPORTED, "device.db: %u", sealed.at[0]);
	}
	if (sealed.at[0] == SEALED_KEPT) {
		place.kind |= SEAL_KEPT;
	}
	keys = keys_for(local, place.kind);
	if (sealed.at[0] != SEALED_NOT && !local->keyed) {
		return fail(err, STATUS_PIN_NEEDED, "device.db");
	}
	if (local->keyed && keys == NULL) {
		return fail(err, STATUS_LEASE_OVER, "%s", "");
	}
	if (sealed.at[0] == SEALED_NOT && !local->keyed) {
		buffer_append_span(&local->sealed, rest);
	} else if (sealed.at[0] == SEALED_NOT || !seal_get(keys, &place, rest, &local->sealed)) {
		return fail(err, STATUS_STORAGE, "device.db: %d", (int)place.kind);
	}
	return buffer_status(&local->sealed, "device.db", err);
}

enum status
local_unseal(struct local *local, struct seal_place place, struct span sealed, struct arena *arena,
	     struct span *plain_out, struct error *err)
{
	const void *copy;
	enum status status = body_open(local, place, sealed, err);

	if (status != STATUS_OK) {
		return status;
	}
	copy = arena_copy(arena, local->sealed.at, local->sealed.length);
	if (copy == NULL) {
		return fail(err, STATUS_MEMORY, "%zu", local->sealed.length);
	}
	*plain_out = span_of(copy, local->sealed.length);
	return STATUS_OK;
}

enum status
local_unseal_exact(struct local *local, struct seal_place place, struct span sealed, void *out,
		   size_t length, struct error *err)
{
	enum status status = body_open(local, place, sealed, err);

	if (status == STATUS_OK && local->sealed.length != length) {
		status = fail(err, STATUS_STORAGE, "device.db: %d", (int)place.kind);
	}
	if (status == STATUS_OK) {
		memcpy(out, local->sealed.at, length);
	}
	return status;
}

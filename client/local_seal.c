/* SPDX-License-Identifier: Apache-2.0 */
#include "client/local_parts.h"

enum { SEAL_NONE = 0 };

enum status
local_seal(struct local *local, struct span plain, struct span *sealed_out, struct error *err)
{
	enum status status;

	buffer_clear(&local->sealed);
	buffer_append_byte(&local->sealed, SEAL_NONE);
	buffer_append_span(&local->sealed, plain);
	status = buffer_status(&local->sealed, "device.db", err);
	if (status == STATUS_OK) {
		*sealed_out = buffer_span(&local->sealed);
	}
	return status;
}

enum status
local_unseal(struct span sealed, struct arena *arena, struct span *plain_out, struct error *err)
{
	const void *copy;

	if (sealed.length == 0) {
		return fail(err, STATUS_STORAGE, "device.db: 0");
	}
	if (sealed.at[0] != SEAL_NONE) {
		return fail(err, STATUS_UNSUPPORTED, "device.db: %u", sealed.at[0]);
	}
	copy = arena_copy(arena, sealed.at + 1, sealed.length - 1);
	if (copy == NULL) {
		return fail(err, STATUS_MEMORY, "%zu", sealed.length);
	}
	*plain_out = span_of(copy, sealed.length - 1);
	return STATUS_OK;
}

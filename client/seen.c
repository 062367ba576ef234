/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A checkpoint that somebody else was shown, brought by who carried a file. Whoever shows two
 * people two logs is caught when they meet: of the same size, with another root, it contradicts at
 * once; of a larger one the server must prove at the next contact that its log goes on from there.
 * A smaller one says nothing here: the carrier's phone asks for a new one after it has delivered.
 * Costs 1 KB of code, nothing in RAM, a row on the disk, and 114 bytes of a file.
 */
#include "client/exchange.h"

#include <string.h>

static enum status
seen_compare(struct sambung *device, const struct checkpoint *seen, struct error *err)
{
	struct local_state state;
	enum status status = device_enrolled(device, &state, err);

	/* The carrier may be of another server, or know another history of this one. */
	if (status != STATUS_OK || memcmp(seen->origin, state.origin, ORIGIN_SIZE) != 0 ||
	    seen->epoch != state.epoch) {
		return status;
	}
	/* Anybody can write that, so it says nothing of the server. */
	if (!checkpoint_verify(seen, state.log_key)) {
		return fail(err, STATUS_SIGNATURE, "checkpoint");
	}
	return witness_take_seen(device, &state, seen, err);
}

enum status
exchange_take_seen(struct sambung *device, const struct checkpoint *seen, struct error *err)
{
	enum status status = local_begin(device->local, err);

	if (status != STATUS_OK) {
		return status;
	}
	status = seen_compare(device, seen, err);
	if (status == STATUS_OK) {
		return local_commit(device->local, err);
	}
	local_rollback(device->local);
	return status;
}

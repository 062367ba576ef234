/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A revoked device: its queue first, then its data, then word to the server, then its key.
 *
 *   state                         what comes next
 *   destroyed_ms 0                the queue goes out; with its last acknowledgement, one commit
 * sets destroyed_ms: there is no way back from there destroyed_ms, data_key        local_destroy
 *   destroyed_ms, device          a request says so (PROGRAMME_DESTROYED), and any answer ends it
 *   destroyed_ms, device, no key  it was answered: only the number is left to go
 *   destroyed_ms, device 0        nothing; it may enrol anew
 */
#include "client/exchange.h"

#include <string.h>

/* The state without its number, after device.key. */
static enum status
number_drop(struct sambung *device, struct local_state *state, struct error *err)
{
	enum status status = key_destroy(device->directory, err);

	if (status != STATUS_OK) {
		return status;
	}
	device->keyed = false;
	crypto_wipe(device->seed, sizeof device->seed);
	crypto_wipe(device->secret, sizeof device->secret);
	state->device = 0;
	memset(state->url, 0, sizeof state->url);
	status = local_begin(device->local, err);
	if (status == STATUS_OK) {
		status = local_state_save(device->local, state, err);
		if (status == STATUS_OK) {
			return local_commit(device->local, err);
		}
		local_rollback(device->local);
	}
	return status;
}

enum status
device_destroy(struct sambung *device, bool told, struct error *err)
{
	struct local_state state;
	enum status status = local_state_load(device->local, &state, err);

	if (status != STATUS_OK || state.destroyed_ms == 0) {
		return status;
	}
	schema_free(device->schema);
	device->schema = NULL;
	status = local_destroy(device->local, err);
	return status == STATUS_OK && told && state.device != 0 ? number_drop(device, &state, err)
								: status;
}

enum status
exchange_ask_destroyed(struct asking *asking, struct error *err)
{
	struct sambung *device = asking->device;
	enum status status = device_destroy(device, false, err);

	if (status == STATUS_OK) {
		status = local_state_load(device->local, &asking->state, err);
	}
	if (status == STATUS_OK && asking->state.device == 0) {
		return fail(err, STATUS_DESTROYED, "%s", "");
	}
	if (status == STATUS_OK) {
		status = device_unlock(device, err);
		device_key(device, &asking->state);
	}
	if (status == STATUS_NOT_FOUND) {
		/* The key went, and then the disk failed. */
		status = device_destroy(device, true, err);
		return status == STATUS_OK ? fail(err, STATUS_DESTROYED, "%s", "") : status;
	}
	return status;
}

enum status
exchange_take_destroyed(struct taking *taking, struct error *err)
{
	const struct asked *asked = taking->asked;
	enum status status = device_destroy(taking->device, asked->destroyed, err);

	taking->again = !asked->destroyed;
	return status == STATUS_OK && asked->destroyed
		       ? fail(err, STATUS_DESTROYED, "%u", asked->device)
		       : status;
}

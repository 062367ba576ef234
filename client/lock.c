/* SPDX-License-Identifier: Apache-2.0 */
/* A key of the app's, such as one made from a PIN, around device.key. */
#include "client/device.h"

#include <string.h>

/* What is stored with the lock may have been altered: no more work than a phone can do. */
enum { PASSES_MAX = 64, MEMORY_KIB_LEAST = 8, MEMORY_KIB_MOST = 256 * 1024 };

int
sambung_pin_key(const struct sambung_lock *lock, const char *pin, uint8_t key_out[32],
		struct sambung_error *err)
{
	const struct span text = span_of(pin, strlen(pin));
	struct error inner = {0};
	enum status status = crypto_init(&inner);

	if (status == STATUS_OK &&
	    (lock->passes == 0 || lock->passes > PASSES_MAX ||
	     lock->memory_kib < MEMORY_KIB_LEAST || lock->memory_kib > MEMORY_KIB_MOST)) {
		status = fail(&inner, STATUS_STORAGE, "device.key");
	}
	if (status == STATUS_OK &&
	    !pin_stretch(text, lock->salt, lock->passes, lock->memory_kib, key_out)) {
		status = fail(&inner, STATUS_MEMORY, "%u KiB", lock->memory_kib);
	}
	return status == STATUS_OK ? 0 : device_fail(err, &inner);
}

/* Under the write lock, with which key and database change together. */
static enum status
lock_set(struct sambung *device, const struct sambung_lock *lock, const uint8_t *key,
	 struct error *err)
{
	struct local_state state;
	enum status status = device_enrolled(device, &state, err);

	return status == STATUS_OK ? key_lock(device->directory, device->seed, lock, key, err)
				   : status;
}

int
sambung_lock_set(struct sambung *device, const struct sambung_lock *lock, const uint8_t *key,
		 struct sambung_error *err)
{
	struct error inner = {0};
	enum status status = local_begin(device->local, &inner);

	if (status == STATUS_OK) {
		status = lock_set(device, lock, key, &inner);
		local_rollback(device->local);
	}
	return status == STATUS_OK ? 0 : device_fail(err, &inner);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "call.h"

#include <string.h>

static enum status
too_fast(struct call *call, unsigned wait_s, const char *who, struct error *err)
{
	call->retry_after_s = wait_s;
	return fail(err, STATUS_TOO_FAST, "%s: %u s", who, wait_s);
}

enum status
call_attempt(struct call *call, struct error *err)
{
	unsigned wait_s = 0;

	if (!call->address.own) {
		wait_s = buckets_look(call->service->attempts, call->address.at, monotonic_ms());
	}
	return wait_s == 0 ? STATUS_OK : too_fast(call, wait_s, "this address", err);
}

enum status
call_attempt_failed(struct call *call, enum status status, struct error *err)
{
	unsigned wait_s = 0;

	if (!call->address.own) {
		wait_s = buckets_take(call->service->attempts, call->address.at, monotonic_ms());
	}
	return wait_s == 0 ? status : too_fast(call, wait_s, "this address", err);
}

enum status
call_device(struct call *call, uint32_t device, struct error *err)
{
	uint8_t key[BUCKET_KEY_SIZE] = {0};
	unsigned wait_s;

	put_le32(key, device);
	wait_s = buckets_take(call->service->devices, key, monotonic_ms());
	return wait_s == 0 ? STATUS_OK : too_fast(call, wait_s, "this device", err);
}

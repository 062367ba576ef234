/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lease: the record key is sealed with the seed and a share of the server's, which a phone keeps as
 * long as it is in contact. Docs: protocol.md 14.12, decision 14.
 */
#include "client/exchange.h"

#include <string.h>

#define HOUR_MS (INT64_C(3600) * 1000)
#define DAY_MS (24 * HOUR_MS)

/* What the record key is sealed with. */
static void
key_make(const struct sambung *device, const struct local_lease *lease, uint8_t out[SEAL_KEY_SIZE])
{
	const struct span parts[] = {span_of_text("sambung/record key/1"),
				     span_of(lease->share, sizeof lease->share)};

	blake2b(span_of(device->seed, sizeof device->seed), parts, 2, out);
}

static enum status
lease_save(struct sambung *device, const struct local_lease *lease, const uint8_t *record_key,
	   struct error *err)
{
	uint8_t with[SEAL_KEY_SIZE];
	struct buffer wrapped;
	enum status status = STATUS_OK;

	buffer_init(&wrapped, SEAL_KEY_SIZE + SEAL_OVERHEAD);
	if (record_key != NULL) {
		key_make(device, lease, with);
		seal_key_put(with, SEAL_RECORD_KEY, record_key, &wrapped);
		crypto_wipe(with, sizeof with);
		status = buffer_status(&wrapped, "device.db", err);
	}
	if (status == STATUS_OK) {
		status = local_lease_save(device->local, lease, buffer_span(&wrapped), err);
	}
	buffer_finish(&wrapped);
	if (status == STATUS_OK) {
		device->lease = *lease;
	}
	return status;
}

/* The record key, with the share that there is; SIGNATURE if it does not open. */
static enum status
record_key_get(struct sambung *device, const struct local_lease *lease,
	       uint8_t key_out[SEAL_KEY_SIZE], struct error *err)
{
	uint8_t with[SEAL_KEY_SIZE];
	struct span wrapped;
	struct arena arena;
	enum status status;

	arena_init(&arena, 1024);
	status = local_record_key(device->local, &arena, &wrapped, err);
	key_make(device, lease, with);
	if (status == STATUS_OK && !seal_key_get(with, SEAL_RECORD_KEY, wrapped, key_out)) {
		status = fail(err, STATUS_SIGNATURE, "lease");
	}
	crypto_wipe(with, sizeof with);
	arena_finish(&arena);
	return status;
}

enum status
lease_begin(struct sambung *device, const uint8_t random[32], struct error *err)
{
	const struct span label = span_of_text("sambung/new record key/1");
	const struct local_lease none = {.days = 0};
	uint8_t key[SEAL_KEY_SIZE];
	enum status status;

	blake2b(span_of(random, 32), &label, 1, key);
	local_record_key_set(device->local, key);
	status = lease_save(device, &none, key, err);
	crypto_wipe(key, sizeof key);
	return status;
}

enum status
lease_open(struct sambung *device, struct error *err)
{
	uint8_t key[SEAL_KEY_SIZE];
	enum status status = local_lease(device->local, &device->lease, err);

	if (status == STATUS_OK && !device->lease.lacking) {
		status = record_key_get(device, &device->lease, key, err);
		if (status == STATUS_OK) {
			local_record_key_set(device->local, key);
		}
		crypto_wipe(key, sizeof key);
	} else if (status == STATUS_OK) {
		local_record_key_set(device->local, NULL);
	}
	return status;
}

enum status
lease_part(struct sambung *device, struct error *err)
{
	const struct local_lease none = {.latest_ms = device->lease.latest_ms};
	uint8_t key[SEAL_KEY_SIZE];
	enum status status = STATUS_OK;

	if (device->lease.days != 0) {
		status = record_key_get(device, &device->lease, key, err);
		if (status == STATUS_OK) {
			status = lease_save(device, &none, key, err);
		}
		crypto_wipe(key, sizeof key);
	}
	return status;
}

/* The share goes, and with it what opens the records and what the server has of the changes. */
static enum status
lease_end(struct sambung *device, struct error *err)
{
	struct local_lease *lease = &device->lease;
	enum status status;

	memset(lease->share, 0, sizeof lease->share);
	lease->lacking = true;
	status = local_lease_end(device->local, lease, err);
	local_record_key_set(device->local, NULL);
	return status;
}

static enum status
check_at(struct sambung *device, int64_t now_ms, struct error *err)
{
	struct local_lease lease = device->lease;

	if (lease.days == 0 || lease.lacking) {
		return STATUS_OK;
	}
	/* A clock that is set back stands still here. */
	now_ms = now_ms > lease.latest_ms ? now_ms : lease.latest_ms;
	if (now_ms > lease.until_ms) {
		lease.latest_ms = now_ms;
		device->lease = lease;
		return lease_end(device, err);
	}
	if (now_ms >= lease.latest_ms + HOUR_MS) {
		lease.latest_ms = now_ms;
		/* If another process is writing, the next time does. */
		(void)lease_save(device, &lease, NULL, NULL);
	}
	return STATUS_OK;
}

enum status
lease_check(struct sambung *device, const struct local_state *state, struct error *err)
{
	enum clock_quality quality;

	return check_at(device, device_time(device, state, &quality) * 1000, err);
}

/* Days and share as the server says; the record key is sealed with them, or opens again. */
static enum status
share_take(struct sambung *device, struct local_lease *lease, const struct lease *told,
	   struct error *err)
{
	const bool same = !lease->lacking && lease->days == told->days;
	struct local_lease next = *lease;
	uint8_t key[SEAL_KEY_SIZE];
	enum status status = STATUS_OK;

	next.days = told->days;
	next.lacking = false;
	if (lease->lacking) {
		memcpy(lease->share, told->share, sizeof lease->share);
	}
	memset(next.share, 0, sizeof next.share);
	if (told->days != 0) {
		memcpy(next.share, told->share, sizeof next.share);
	}
	if (!same || !crypto_equal(next.share, lease->share, sizeof next.share)) {
		status = record_key_get(device, lease, key, err);
		if (status == STATUS_OK) {
			status = lease_save(device, &next, key, err);
		}
		if (status == STATUS_OK) {
			local_record_key_set(device->local, key);
		}
		crypto_wipe(key, sizeof key);
	}
	*lease = next;
	return status;
}

static enum status
lease_prolong(struct taking *taking, struct error *err)
{
	struct sambung *device = taking->device;
	const struct reply *reply = taking->reply;
	struct local_lease lease = device->lease;
	const uint32_t days = lease.days;
	const bool asked = lease.lacking && reply->has_lease;
	int64_t until_ms;
	bool later;
	enum status status = STATUS_OK;

	if (reply->has_lease) {
		status = share_take(device, &lease, &reply->lease, err);
	}
	until_ms = reply->server_time_ms + lease.days * DAY_MS;
	/* An answer in a file tells the present time only if it opens what was shut since, as no
	 * former answer could: else the same file would open it again and again. */
	later = taking->carried ? asked && until_ms > lease.until_ms : taking->newest;
	/* Not for an hour more, unless a clock that went ahead would shut it again: that an answer
	 * tells which is not late. */
	if (status != STATUS_OK || lease.days == 0 ||
	    (lease.days == days && until_ms < lease.until_ms + HOUR_MS &&
	     (lease.latest_ms <= until_ms || !later))) {
		return status;
	}
	lease.until_ms = until_ms;
	if (!taking->carried || later) {
		/* It may have gone ahead of the server's, wrongly. */
		lease.latest_ms = reply->server_time_ms;
	}
	return lease_save(device, &lease, NULL, err);
}

enum status
lease_take(struct taking *taking, struct error *err)
{
	struct sambung *device = taking->device;
	const struct reply *reply = taking->reply;
	enum status status = STATUS_OK;

	if (reply->status != STATUS_REVOKED && reply->status != STATUS_FOREIGN) {
		status = lease_prolong(taking, err);
	}
	if (status != STATUS_OK || taking->carried || !taking->newest) {
		/* It tells no time: whoever uses the device next finds out. */
		return status;
	}
	/* By the server's clock: the one of before may be what is wrong. */
	return check_at(
		device,
		reply->server_time_ms + exchange_uptime(device) - device->exchange->asked_ms, err);
}

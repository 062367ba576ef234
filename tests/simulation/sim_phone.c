/* SPDX-License-Identifier: Apache-2.0 */
/* What shuts a phone: the lease, when it was long without contact, and its cadre's PIN. */
#include "client/device.h"
#include "tests/simulation/sim.h"

#include <stdio.h>
#include <string.h>

enum { LEASE_DAYS = 30, SILENT_LEAST = 20, SILENT_MOST = 20, PINS = 1000 };

#define DAY_MS INT64_C(86400000)
#define HOUR_MS INT64_C(3600000)

/* ---- the lease ---- */

/* More than half of the seeds have a lease, few of them restores of the server: of those a lease
 * leaves not many (sim_restore.c). */
void
sim_lease_begin(struct sim *sim)
{
	sim->world->lease_days = sim_may(sim, SIM_LEASE) && (sim->options.seed % 4 >= 2 ||
							     sim->options.seed % 7 == 0)
					 ? LEASE_DAYS
					 : 0;
}

/* Nobody has signal, or looks, for weeks. */
bool
sim_event_silence(struct sim *sim, size_t device)
{
	int64_t days = SILENT_LEAST + (int64_t)sim_choose(sim, SILENT_MOST);

	(void)device;
	if (sim->world->lease_days != 0) {
		sim->world->now_ms += days * DAY_MS;
	}
	return true;
}

bool
sim_lease_over(struct sim *sim, size_t device)
{
	struct sambung_state state;
	struct sambung_error err;

	return sim->world->lease_days != 0 &&
	       sambung_state(sim_handle(sim, device), &state, &err) == 0 && state.lease_over != 0;
}

void
sim_contact_note(struct sim *sim, size_t device, bool whole)
{
	struct sim_device *own = &sim->devices[device];

	own->heard_ms = sim->world->now_ms;
	own->contact_ms = whole ? sim->world->now_ms : own->contact_ms;
}

static int
count_line(void *context, const char *line, size_t length)
{
	(void)line;
	(void)length;
	++*(size_t *)context;
	return 0;
}

/* Shut is shut: not a line is shown. */
static bool
look_at_shut(struct sim *sim, size_t device)
{
	const struct sambung_query all = {.type = NULL};
	struct sambung_error err = {0};
	size_t lines = 0;
	int status = sambung_records(sim_handle(sim, device), &all, count_line, &lines, &err);

	/* It may have had none. */
	return (lines == 0 && (status == STATUS_LEASE_OVER || status == 0)) ||
	       sim_fail(sim, "device %zu, whose lease is over, shows %zu records: %s", device,
			lines, sambung_status_name(status));
}

bool
sim_lease_look(struct sim *sim, size_t device)
{
	const struct sim_device *own = &sim->devices[device];
	int64_t silent_ms = sim->world->now_ms - own->contact_ms;
	int64_t unheard_ms = sim->world->now_ms - own->heard_ms;
	struct sambung_state state;
	struct sambung_error err = {0};

	if (sim->world->lease_days == 0 || !own->enrolled || own->contact_ms == 0) {
		return true;
	}
	if (sambung_state(sim_handle(sim, device), &state, &err) != 0) {
		return sim_fail(sim, "device %zu: its state: %s", device, err.detail);
	}
	if (state.destroyed_ms != 0) {
		return true;
	}
	if (state.queued != state.last_n - state.acked_n || state.last_n < sim_last_n(own) ||
	    state.locked != 0) {
		return sim_fail(sim, "device %zu: %u changes wait of %u", device, state.queued,
				sim_last_n(own));
	}
	if (state.lease_over != 0 && !sim->clock_jumped &&
	    silent_ms < LEASE_DAYS * DAY_MS - HOUR_MS) {
		return sim_fail(sim, "device %zu is shut after %lld hours without contact", device,
				(long long)(silent_ms / HOUR_MS));
	}
	if (state.lease_over == 0 && !sim->clock_jumped && state.lease_until_ms != 0 &&
	    unheard_ms > LEASE_DAYS * DAY_MS + HOUR_MS) {
		return sim_fail(sim, "device %zu is open after %lld hours without contact", device,
				(long long)(unheard_ms / HOUR_MS));
	}
	return state.lease_over == 0 || look_at_shut(sim, device);
}

/* What the server would tell the device, by protocol.md 14.12. */
static void
share_of(const struct sim *sim, uint32_t number, uint8_t share_out[LEASE_SHARE_SIZE])
{
	uint8_t bytes[4];
	uint8_t hash[32];
	const struct span parts[] = {span_of_text("sambung/lease/1"), span_of(bytes, sizeof bytes)};

	put_le32(bytes, number);
	blake2b(span_of(sim->world->keys.log_secret, 32), parts, 2, hash);
	memcpy(share_out, hash, LEASE_SHARE_SIZE);
}

void
sim_shut_open(struct sim *sim, size_t device)
{
	const struct sambung *phone = sim_handle(sim, device);
	uint8_t share[LEASE_SHARE_SIZE];
	const struct span parts[] = {span_of_text("sambung/record key/1"),
				     span_of(share, sizeof share)};
	uint8_t with[SEAL_KEY_SIZE];
	uint8_t key[SEAL_KEY_SIZE];
	struct span wrapped;
	struct arena arena;
	struct error err;

	if (!phone->lease.lacking) {
		return;
	}
	arena_init(&arena, 1024);
	share_of(sim, sim->devices[device].history.number, share);
	blake2b(span_of(phone->seed, sizeof phone->seed), parts, 2, with);
	if (local_record_key(phone->local, &arena, &wrapped, &err) == STATUS_OK &&
	    seal_key_get(with, SEAL_RECORD_KEY, wrapped, key)) {
		local_record_key_set(phone->local, key);
	}
	arena_finish(&arena);
}

void
sim_shut_close(struct sim *sim, size_t device)
{
	const struct sambung *phone = sim_handle(sim, device);

	if (phone->lease.lacking) {
		local_record_key_set(phone->local, NULL);
	}
}

/* ---- the PIN ---- */

/* Of two locks the one that device.key has; it may have none. */
static void
locks_settle(struct world_device *phone)
{
	struct world_lock found = {.pin = ""};
	char path[300];
	uint8_t bytes[1 + SAMBUNG_SALT_SIZE] = {0};
	FILE *file;

	(void)snprintf(path, sizeof path, "%s/device.key", phone->folder);
	file = fopen(path, "rb");
	if (file != NULL) {
		(void)fread(bytes, 1, sizeof bytes, file);
		(void)fclose(file);
	}
	for (size_t i = 0; i < WORLD_LOCKS; i++) {
		if (memcmp(phone->locks[i].lock.salt, bytes + 1, SAMBUNG_SALT_SIZE) == 0) {
			found = phone->locks[i];
		}
	}
	phone->locks[0] = found;
	phone->locks[1] = (struct world_lock){.pin = ""};
}

/* A new lock, or none; the former one is kept beside it, for it may be the one that is found. */
bool
sim_event_pin(struct sim *sim, size_t device)
{
	struct world_device *phone = &sim->world->devices[device];
	struct world_lock next = {.lock = {.passes = 1, .memory_kib = 8}};
	bool locks = sim_choose(sim, 3) != 0;
	uint8_t key[32] = {0};
	struct sambung_error err = {0};
	int status;

	for (size_t i = 0; i < sizeof next.lock.salt; i++) {
		next.lock.salt[i] = (uint8_t)sim_choose(sim, 256);
	}
	(void)snprintf(next.pin, sizeof next.pin, "%06d", (int)sim_choose(sim, PINS));
	if (!sim_may(sim, SIM_PIN)) {
		return true;
	}
	if (locks && sambung_pin_key(&next.lock, next.pin, key, &err) != 0) {
		return sim_fail(sim, "no key of a PIN: %s", err.detail);
	}
	locks_settle(phone);
	phone->locks[1] = phone->locks[0];
	phone->locks[0] = locks ? next : (struct world_lock){.pin = ""};
	status = sambung_lock_set(phone->sambung, locks ? &next.lock : NULL, key, &err);
	if (status == 0) {
		sim_note(sim, "device %zu %s", device, locks ? "has a PIN" : "has no PIN");
		phone->locks[1] = (struct world_lock){.pin = ""};
		return true;
	}
	return sim_device_excused(sim, device) || sim_phone_excuses(sim, device, status) ||
	       sim_fail(sim, "device %zu: no PIN: %s", device, err.detail);
}

/* ---- what may be answered ---- */

bool
sim_phone_excuses(struct sim *sim, size_t device, int status)
{
	if (status == STATUS_REVOKED || status == STATUS_DESTROYED) {
		return sim->devices[device].revoked;
	}
	return status == STATUS_LEASE_OVER && sim_lease_over(sim, device);
}

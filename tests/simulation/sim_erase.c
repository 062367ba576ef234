/* SPDX-License-Identifier: Apache-2.0 */
/* An admin erases a family, a person or a visit by law, and the server finishes it. */
#include "client/device.h"
#include "daemon/erased.h"
#include "protocol/id.h"
#include "tests/simulation/sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ERASURES_MAX = 4, RECORD_ARENA = 16 << 20 };

/* Two of three seeds have erasures. */
static bool
erasures_happen(const struct sim *sim)
{
	return sim_may(sim, SIM_ERASE) && sim->options.seed % 3 != 0;
}

/* What was mostly chosen is gone: another takes its turn, and it is chosen now and then. */
static void
places_turn(struct sim *sim, struct sim_places *places, const char *id)
{
	size_t kept = places->count < SIM_PLACES_MAX ? places->count : SIM_PLACES_MAX;
	size_t other = (size_t)sim_choose(sim, SIM_PLACES_MAX) % (kept == 0 ? 1 : kept);
	char erased[16];

	memcpy(erased, id, sizeof erased);
	for (size_t i = 0; i < kept; i++) {
		if (memcmp(places->ids[i], erased, sizeof erased) == 0) {
			memcpy(places->ids[i], places->ids[other], sizeof erased);
			memcpy(places->ids[other], erased, sizeof erased);
			return;
		}
	}
}

/* What an admin was told is done is in the log, and stays. */
static bool
told(struct sim *sim, uint64_t id)
{
	if (!sim_server_up(sim)) {
		return true;
	}
	sim->promised_head = world_head(sim->world);
	sim->erasures++;
	return sim_observe(sim) &&
	       (oracle_record_erased(sim->oracle, NULL, id) ||
		sim_fail(sim, "record %llx was erased and is not", (unsigned long long)id));
}

bool
sim_event_erase(struct sim *sim, size_t device)
{
	size_t village = (size_t)sim_choose(sim, SIM_VILLAGES);
	uint64_t kind = sim_choose(sim, 4);
	struct sim_places *places = kind == 0	? &sim->visits[village]
				    : kind == 1 ? &sim->persons[village]
						: &sim->families[village];
	const char *id = sim_places_choose(sim, places);
	uint64_t record = 0;
	struct error err;
	enum status status;

	(void)device;
	if (!erasures_happen(sim) || id == NULL || sim->erasures == ERASURES_MAX) {
		return true;
	}
	(void)id_parse(id, &record, &err);
	status = world_erase(sim->world, id);
	if (status == STATUS_OK) {
		sim_note(sim, "record %s is erased", id);
		return told(sim, record) && (places_turn(sim, places, id), true);
	}
	if (sim_server_excused(sim)) {
		oracle_erasure_failed(sim->oracle);
		return true;
	}
	/* A record that a device made may not have come to the server. */
	return (status == STATUS_NOT_FOUND && !oracle_record_exists(sim->oracle, record)) ||
	       (status == STATUS_EXISTS && oracle_record_erased(sim->oracle, NULL, record)) ||
	       sim_fail(sim, "record %s is not erased: %s", id, status_name(status));
}

/* As the daemon's thread does it: with a connection of its own, beside the writer. */
static enum status
finish(struct sim *sim, struct error *err)
{
	struct store *store;
	char path[300];
	enum status status;

	(void)snprintf(path, sizeof path, "%s/sambung.db", sim->world->folder);
	status = store_open(path, STORE_MOVER, &store, err);
	if (status == STATUS_OK) {
		status = erased_finish(store, &sim->world->platform, err);
		store_close(store);
	}
	return status;
}

bool
sim_event_erase_finish(struct sim *sim, size_t device)
{
	struct error err;

	(void)device;
	if (!oracle_erased_any(sim->oracle)) {
		return true;
	}
	return finish(sim, &err) == STATUS_OK || sim_server_excused(sim) ||
	       sim_fail(sim, "an erasure is not finished: %s", err.detail);
}

/* ---- at rest ---- */

/* Of what was erased the phone keeps where it stood, and of all else what it said. */
static bool
check_change(struct sim *sim, size_t device, uint32_t n)
{
	const struct history *history = &sim->devices[device].history;
	bool erased = oracle_change_erased(sim->oracle, history, history->offset + n);
	struct local_change change;
	struct change_stub stub;
	struct arena arena;
	struct error err;
	bool good = true;

	arena_init(&arena, RECORD_ARENA);
	if (local_change(sim_handle(sim, device)->local, n, &arena, &change, &err) == STATUS_OK) {
		good = change_stub_decode(change.bytes, &stub) == erased ||
		       sim_fail(sim, "device %zu: change %u %s", device, n,
				erased ? "was erased, and is kept" : "was not erased, and is gone");
	}
	arena_finish(&arena);
	return good;
}

bool
sim_erase_check_device(struct sim *sim, size_t device)
{
	bool good = true;

	for (uint32_t n = 1; n <= sim_last_n(&sim->devices[device]) && good; n++) {
		good = check_change(sim, device, n);
	}
	return good;
}

/* Who was told of an erasure, and has not said that it is gone. */
struct waiting {
	struct sim *sim;
	uint64_t seq;
};

static enum status
check_told(void *context, uint32_t device, int64_t acked_ms, struct error *err)
{
	struct waiting *waiting = context;
	struct sim *sim = waiting->sim;

	(void)err;
	for (size_t d = 0; d < sim->world->device_count; d++) {
		if (!sim->devices[d].stuck && sim->devices[d].history.number == device &&
		    acked_ms == 0) {
			(void)sim_fail(sim, "device %zu was told of erasure %llu and says nothing",
				       d, (unsigned long long)waiting->seq);
		}
	}
	return STATUS_OK;
}

static enum status
check_erasure(void *context, const struct erasure *erasure, struct error *err)
{
	struct waiting *waiting = context;

	waiting->seq = erasure->seq;
	if (erasure->finished_ms == 0) {
		(void)sim_fail(waiting->sim, "erasure %llu has no end",
			       (unsigned long long)erasure->seq);
	}
	return store_erasure_devices(waiting->sim->world->reader, erasure->seq, check_told, waiting,
				     err);
}

static bool
check_file(struct sim *sim, const char *name)
{
	struct fault_file *file;
	struct error err;
	char path[300];
	size_t length;
	uint8_t *bytes;
	bool good = true;

	(void)snprintf(path, sizeof path, "%s/%s", sim->world->folder, name);
	file = fault_file_open(path, false);
	if (file == NULL) {
		return true;
	}
	length = fault_file_size(file);
	bytes = malloc(length + 1);
	if (bytes == NULL) {
		abort();
	}
	length = fault_file_read(file, bytes, length, 0);
	if (oracle_check_bytes(sim->oracle, span_of(bytes, length), &err) != STATUS_OK) {
		good = sim_fail(sim, "%s: %s", name, err.detail);
	}
	free(bytes);
	fault_file_close(file);
	return good;
}

bool
sim_erase_rest(struct sim *sim)
{
	struct waiting waiting = {.sim = sim};
	struct error err;

	if (!oracle_erased_any(sim->oracle)) {
		return true;
	}
	if (!sim_event_erase_finish(sim, 0)) {
		return false;
	}
	if (store_erasures_read(sim->world->reader, check_erasure, &waiting, &err) != STATUS_OK) {
		return sim_fail(sim, "the erasures: %s", err.detail);
	}
	return !sim->failed && check_file(sim, "sambung.db") && check_file(sim, "sambung.db-wal");
}

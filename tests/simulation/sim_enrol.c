/* SPDX-License-Identifier: Apache-2.0 */
/* Cadres who get a phone in the middle of it all. A code is used until the device is enrolled or
 * the server will not have it any more; the phone's key stays the same. */
#include "tests/simulation/sim.h"

#include <stdio.h>
#include <string.h>

enum { MORE_DEVICES = 3 };

bool
sim_event_enrol(struct sim *sim, size_t device)
{
	(void)device;
	if (sim_may(sim, SIM_ENROL) &&
	    sim->world->device_count < sim->options.devices + MORE_DEVICES + sim->clones &&
	    sim->world->device_count < WORLD_DEVICES_MAX) {
		size_t added = world_add_device(sim->world);

		sim->devices[added].history = oracle_author(sim->oracle);
		sim->devices[added].village = added % SIM_VILLAGES;
	}
	return true;
}

/* A code, if it has none. */
static bool
code_ask(struct sim *sim, size_t device)
{
	struct sim_device *own = &sim->devices[device];
	char code[CODE_TEXT_MAX];
	char cadre[32];
	enum status status;

	if (own->code[0] != '\0') {
		return true;
	}
	(void)snprintf(cadre, sizeof cadre, "Kader %zu", device);
	status = world_code(sim->world, cadre, sim_villages[own->village], code);
	if (status == STATUS_OK) {
		memcpy(own->code, code, sizeof own->code);
	}
	return status == STATUS_OK || sim_server_excused(sim) ||
	       sim_fail(sim, "no code: %s", status_name(status));
}

/* After three days, or in a server that was restored, a code is worth nothing; no other device has
 * used it. */
static bool
code_is_over(const struct sim *sim, int status)
{
	return status == STATUS_CODE_EXPIRED ||
	       (status == STATUS_CODE_UNKNOWN && sim->restores > 0);
}

bool
sim_enrol_try(struct sim *sim, size_t device)
{
	struct sim_device *own = &sim->devices[device];
	struct sambung_error err = {0};
	int status;

	sim_note(sim, "device %zu: enrols", device);
	if (!code_ask(sim, device) || own->code[0] == '\0' || !sim_server_up(sim)) {
		return !sim->failed;
	}
	status = sambung_enrol(sim_handle(sim, device), own->code, &err);
	if (status == 0) {
		return sim_number_ask(sim, device) &&
		       (own->enrolled ||
			sim_fail(sim, "device %zu is enrolled and has no number", device));
	}
	if (code_is_over(sim, status)) {
		own->code[0] = '\0';
		return true;
	}
	return sim_device_excused(sim, device) ||
	       (status != STATUS_CODE_UNKNOWN && status != STATUS_CODE_USED &&
		status != STATUS_STORAGE && status != STATUS_FULL &&
		sim_sync_may_fail_with(sim, device, status)) ||
	       sim_fail(sim, "device %zu: enrolling ended with %s: %s", device,
			sambung_status_name(status), err.detail);
}

bool
sim_enrol_rest(struct sim *sim, size_t device)
{
	for (int i = 0; i < 2 && !sim->devices[device].enrolled; i++) {
		if (!sim_enrol_try(sim, device)) {
			return false;
		}
	}
	return sim->devices[device].enrolled ||
	       sim_fail(sim, "device %zu cannot be enrolled at rest", device);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What an admin decides: who of two copies goes on, and what becomes of what was set aside. */
#include "tests/simulation/sim.h"

enum { ARENA = 1 << 20 };

/* Is the device's family held, and does the server answer? */
static bool
is_held(struct sim *sim, size_t device)
{
	struct device row;
	struct arena arena;
	struct error err;
	bool held;

	arena_init(&arena, ARENA);
	held = store_device(sim->world->store, sim->devices[device].history.number, &arena, &row,
			    &err) == STATUS_OK &&
	       row.state == DEVICE_HELD;
	arena_finish(&arena);
	return held;
}

bool
sim_event_allow(struct sim *sim, size_t device)
{
	enum status status;

	if (!is_held(sim, device)) {
		return true;
	}
	status = world_allow(sim->world, device);
	return status == STATUS_OK || sim_server_excused(sim) ||
	       sim_fail(sim, "device %zu is held and not allowed: %s", device, status_name(status));
}

/* One of those that are set aside, whoever's; false: there is none. */
static bool
choose(struct sim *sim, uint32_t *stream_out, uint32_t *n_out)
{
	uint64_t which = sim_choose(sim, UINT64_C(1) << 32);
	size_t count = oracle_set_aside_count(sim->oracle);

	if (!sim_may(sim, SIM_RELEASE) || count == 0) {
		return false;
	}
	oracle_set_aside(sim->oracle, (size_t)(which % count), stream_out, n_out);
	return true;
}

/* What an admin was told is done is in the log. */
static bool
told(struct sim *sim)
{
	if (!sim_server_up(sim)) {
		return true;
	}
	sim->promised_head = world_head(sim->world);
	return sim_observe(sim);
}

bool
sim_event_release(struct sim *sim, size_t device)
{
	uint32_t stream;
	uint32_t n;
	uint64_t count = 0;
	enum status status;

	(void)device;
	if (!choose(sim, &stream, &n)) {
		return true;
	}
	status = world_release_of(sim->world, stream, n, &count);
	if (status == STATUS_OK) {
		sim_note(sim, "change %u of number %u is released, %u in all", n, stream,
			 (unsigned)count);
		sim->releases++;
		return told(sim);
	}
	/* It lacks what was not released, or does not fit any more. */
	return status == STATUS_SET_ASIDE || sim_server_excused(sim) ||
	       sim_fail(sim, "a release of change %u of number %u: %s", n, stream,
			status_name(status));
}

bool
sim_event_close(struct sim *sim, size_t device)
{
	uint32_t stream;
	uint32_t n;
	enum status status;

	(void)device;
	if (!choose(sim, &stream, &n)) {
		return true;
	}
	status = world_close_of(sim->world, stream, n);
	/* EXISTS: closed before. */
	return status == STATUS_OK || status == STATUS_EXISTS || sim_server_excused(sim) ||
	       sim_fail(sim, "change %u of number %u is not closed: %s", n, stream,
			status_name(status));
}

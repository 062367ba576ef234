/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/simulation/sim.h"

#include "client/device.h"
#include "tests/simulation/fault_vfs.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const sim_villages[SIM_VILLAGES] = {"6303072001", "6303072002"};
const char sim_district[] = "630307";
enum { DISTRICT_EVERY = 4, SMALL_ROOM = 2048 };

const char *const sim_fault_names[SIM_FAULTS] = {
	"lose",	 "cut",	    "delay", "crash",  "down",	"torn",	   "error", "full",
	"clock", "kill",    "small", "scope",  "file",	"restore", "enrol", "return",
	"clone", "release", "erase", "revoke", "lease", "pin",
};

/* ---- chance ---- */

/* splitmix64 (public domain, S. Vigna) */
static uint64_t
draw(uint64_t *state, uint64_t below)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return (z ^ (z >> 31)) % below;
}

uint64_t
sim_choose(struct sim *sim, uint64_t below)
{
	return draw(&sim->choice, below);
}

uint64_t
sim_luck(struct sim *sim, uint64_t below)
{
	return draw(&sim->luck, below);
}

bool
sim_may(const struct sim *sim, enum sim_fault fault)
{
	return (sim->options.faults & fault) != 0;
}

/* ---- telling ---- */

bool
sim_fail(struct sim *sim, const char *format, ...)
{
	va_list arguments;

	if (!sim->failed) {
		va_start(arguments, format);
		(void)vsnprintf(sim->why, sizeof sim->why, format, arguments);
		va_end(arguments);
	}
	sim->failed = true;
	return false;
}

void
sim_note(struct sim *sim, const char *format, ...)
{
	char *line = sim->trace[sim->traced++ % SIM_TRACE];
	int length = snprintf(line, SIM_LINE, "%4zu ", sim->step);
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(line + length, (size_t)(SIM_LINE - length), format, arguments);
	va_end(arguments);
}

/* ---- who is where ---- */

struct sambung *
sim_handle(struct sim *sim, size_t device)
{
	return sim->world->devices[device].sambung;
}

/* Every fourth has the district of both villages. */
static const char *
first_scope(size_t device)
{
	return device % DISTRICT_EVERY == DISTRICT_EVERY - 1 ? sim_district
							     : sim_villages[device % SIM_VILLAGES];
}

/* What it makes again under a new number. */
static bool
said_again(struct sim *sim, size_t device, uint32_t n)
{
	struct sim_device *own = &sim->devices[device];
	struct local_change kept;
	struct change_stub stub;
	struct frozen frozen;
	struct change change;
	struct arena arena;
	struct error err;
	enum status status;

	arena_init(&arena, 1 << 20);
	status = local_change(sim_handle(sim, device)->local, n, &arena, &kept, &err);
	if (status == STATUS_OK && change_stub_decode(kept.bytes, &stub)) {
		status = oracle_stub_again(sim->oracle, &own->history, &stub, &err);
		arena_finish(&arena);
		return status == STATUS_OK ||
		       sim_fail(sim, "device %zu, after a fork: %s", device, err.detail);
	}
	if (status == STATUS_OK) {
		status = sim_change_kept(sim, device, n, &arena, &frozen, &change, &err);
	}
	if (status == STATUS_OK) {
		status = oracle_change_again(sim->oracle, &own->history, &change, &frozen, &err);
	}
	arena_finish(&arena);
	return status == STATUS_OK ||
	       sim_fail(sim, "device %zu, after a fork: %s", device, err.detail);
}

/* It goes on under another number: what the former ones said is in the log, all else comes again.
 */
static bool
number_follow(struct sim *sim, size_t device, const struct sambung_state *state)
{
	struct sim_device *own = &sim->devices[device];
	bool good = true;

	if (!own->copied || state->device == 0 || state->last_n > own->history.count) {
		return sim_fail(sim, "device %zu was number %u and is %u", device,
				own->history.number, state->device);
	}
	sim_note(sim, "device %zu was %u and is %u, %u of %u again", device, own->history.number,
		 state->device, state->last_n, own->history.count);
	sim->forks++;
	own->history.number = state->device;
	own->history.offset = own->history.count - state->last_n;
	sim_shut_open(sim, device);
	for (uint32_t n = 1; n <= state->last_n && good; n++) {
		good = said_again(sim, device, n);
	}
	sim_shut_close(sim, device);
	return good;
}

bool
sim_number_ask(struct sim *sim, size_t device)
{
	struct sim_device *own = &sim->devices[device];
	struct sambung_state state;
	struct sambung_error err = {0};

	if (sambung_state(sim_handle(sim, device), &state, &err) != 0) {
		return sim_fail(sim, "device %zu: its state: %s", device, err.detail);
	}
	if (own->enrolled && state.destroyed_ms != 0) {
		return sim_device_ended(sim, device, &state);
	}
	if (own->enrolled && state.device != own->history.number) {
		return number_follow(sim, device, &state);
	}
	own->enrolled = state.device != 0;
	own->history.number = state.device;
	return true;
}

/* ---- the run ---- */

bool
sim_observe(struct sim *sim)
{
	const struct schema *schema = catalogue_schema(sim->world->catalogue, 0);
	struct error err;

	if (oracle_observe(sim->oracle, sim->world->store, schema, &err) != STATUS_OK ||
	    oracle_erasures_stand(sim->oracle, &err) != STATUS_OK) {
		return sim_fail(sim, "the log: %s", err.detail);
	}
	sim->schema_version = oracle_schema_version(sim->oracle);
	return true;
}

static bool
begin(struct sim *sim)
{
	struct world *world = sim->world;

	sim_lease_begin(sim);
	if (!sim_beginning(sim)) {
		return false;
	}
	for (size_t d = 0; d < sim->options.devices; d++) {
		char cadre[32];

		(void)snprintf(cadre, sizeof cadre, "Kader %zu", d);
		(void)world_enrol(world, cadre, first_scope(d));
		sim->devices[d].history = oracle_author(sim->oracle);
		world_sync(world, d);
		sim_contact_note(sim, d, true);
		sim->devices[d].village = d % SIM_VILLAGES;
		if (!sim_number_ask(sim, d)) {
			return false;
		}
	}
	if (sim_may(sim, SIM_LOSE)) {
		world->faults = (struct world_faults){
			.lose_request = 30, .lose_reply = 40, .twice = 40, .old_again = 30};
	}
	if (sim_may(sim, SIM_CUT)) {
		world->faults.cut_request = 12;
		world->faults.cut_reply = 12;
	}
	world->tolerant = true;
	world->dead = fault_disk_dead;
	/* Small replies on every second day. */
	world->room = sim_may(sim, SIM_SMALL) && sim->options.seed % 2 == 0 ? SMALL_ROOM : 0;
	return sim_observe(sim);
}

static bool
step(struct sim *sim)
{
	size_t device = (size_t)sim_choose(sim, sim->world->device_count);
	bool good;

	sim_disk_arm(sim, device);
	good = sim->devices[device].enrolled ? sim_event(sim, device) : sim_enrol_try(sim, device);
	return good && sim_disk_recover(sim, device) && sim_number_ask(sim, device) &&
	       sim_observe(sim) && sim_pending_shown(sim, device) && sim_lease_look(sim, device);
}

struct sim *
sim_run(const struct sim_options *options)
{
	struct sim *sim = calloc(1, sizeof *sim);
	bool good;

	if (sim == NULL) {
		abort();
	}
	fault_vfs_install(options->seed);
	sim->options = *options;
	sim->choice = options->seed * 2 + 1;
	sim->luck = ~options->seed;
	sim->oracle = oracle_create();
	sim->world = world_create(options->seed, options->schema);
	good = begin(sim);
	for (sim->step = 1; good && sim->step <= options->steps; sim->step++) {
		good = step(sim);
	}
	if (good) {
		(void)sim_rest(sim);
	}
	return sim;
}

void
sim_free(struct sim *sim)
{
	for (size_t d = 0; d < sim->world->device_count; d++) {
		sim_forms_drop(sim, d);
		sim_tries_forget(sim, d);
		for (size_t i = 0; i < SIM_LETTERS; i++) {
			buffer_finish(&sim->devices[d].out[i]);
			buffer_finish(&sim->devices[d].in[i]);
		}
		history_free(&sim->devices[d].history);
	}
	for (size_t i = 0; i < SIM_FILES; i++) {
		buffer_finish(&sim->files[i].bytes);
		buffer_finish(&sim->files[i].answers);
	}
	for (size_t i = 0; i < sim->ended_count; i++) {
		history_free(&sim->ended[i]);
	}
	sim_images_drop(sim);
	world_free(sim->world);
	oracle_free(sim->oracle);
	fault_disk_forget();
	free(sim);
}

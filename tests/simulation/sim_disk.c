/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/simulation/fault_key.h"
#include "tests/simulation/sim.h"

enum { KEY_OPERATIONS = 12 };
enum { FEW_BITS = 8, LASTS_MAX = 6, RECOVERY_OPERATIONS = 24 };

static const char *
folder_of(struct sim *sim, size_t device)
{
	return sim->world->devices[device].folder;
}

bool
sim_device_excused(struct sim *sim, size_t device)
{
	return fault_disk_failed(folder_of(sim, device)) || fault_disk_dead(folder_of(sim, device));
}

bool
sim_server_up(struct sim *sim)
{
	return !fault_disk_dead(sim->world->folder);
}

bool
sim_server_excused(struct sim *sim)
{
	return fault_disk_failed(sim->world->folder) || !sim_server_up(sim);
}

/* ---- before a step ---- */

static struct fault_plan
draw_plan(struct sim *sim, enum sim_fault crash, uint64_t crash_of_64)
{
	/* As often among the first few operations as among the first hundreds. */
	struct fault_plan plan = {.after = sim_luck(sim, UINT64_C(1) << sim_luck(sim, FEW_BITS)),
				  .lasts = 1 + sim_luck(sim, LASTS_MAX)};
	uint64_t luck = sim_luck(sim, 64);

	if (luck < crash_of_64) {
		plan.kind = sim_may(sim, crash) ? FAULT_CRASH : FAULT_NONE;
	} else if (luck < crash_of_64 + 3) {
		plan.kind = sim_may(sim, SIM_ERROR) ? FAULT_ERROR : FAULT_NONE;
	} else if (luck < crash_of_64 + 6) {
		plan.kind = sim_may(sim, SIM_FULL) ? FAULT_FULL : FAULT_NONE;
	}
	return plan;
}

void
sim_disk_arm(struct sim *sim, size_t device)
{
	struct fault_plan of_device = draw_plan(sim, SIM_CRASH, 7);
	struct fault_plan of_server = draw_plan(sim, SIM_DOWN, 4);

	fault_disk_arm(folder_of(sim, device), &of_device);
	fault_disk_arm(sim->world->folder, &of_server);
	if (sim_may(sim, SIM_CRASH) && sim_luck(sim, 4) == 0) {
		fault_key_arm(folder_of(sim, device), sim_luck(sim, KEY_OPERATIONS));
	}
}

/* ---- after it ---- */

static enum fault_loss
draw_loss(struct sim *sim)
{
	uint64_t luck = sim_luck(sim, 4);

	if (luck == 0) {
		return LOSS_NONE;
	}
	return luck == 1 || !sim_may(sim, SIM_TORN) ? LOSS_ALL : LOSS_TORN;
}

/* The machine comes up, and perhaps goes down again while what is on the disk is put in order. */
static bool
draw_second_crash(struct sim *sim, const char *folder)
{
	struct fault_plan plan = {.kind = FAULT_CRASH, .after = sim_luck(sim, RECOVERY_OPERATIONS)};

	if (sim_luck(sim, 4) != 0) {
		return false;
	}
	fault_disk_arm(folder, &plan);
	return true;
}

static bool
device_come_back(struct sim *sim, size_t device)
{
	struct world_device *own = &sim->world->devices[device];
	struct sambung_error err = {0};
	int status = -1;

	for (bool again = true; again;) {
		enum fault_loss loss = draw_loss(sim);

		fault_disk_crash(own->folder, loss, sim_luck(sim, UINT64_MAX));
		fault_key_crash(own->folder, loss, sim_luck(sim, UINT64_MAX));
		own->boots = (uint8_t)(own->boots + (loss != LOSS_NONE));
		sim_note(sim, "device %zu comes back, loss %d", device, (int)loss);
		(void)draw_second_crash(sim, own->folder);
		status = world_open_device(sim->world, device, &err);
		fault_disk_disarm(own->folder);
		again = fault_disk_dead(own->folder);
		if (again && status == 0) {
			world_close_device(sim->world, device);
		}
	}
	if (status != 0) {
		own->sambung = NULL;
		return sim_fail(sim, "device %zu does not open after a crash: %s", device,
				err.detail);
	}
	return sim_changes_learn(sim, device);
}

static bool
crash_device(struct sim *sim, size_t device)
{
	sim->crashes++;
	sim_forms_drop(sim, device);
	world_close_device(sim->world, device);
	return device_come_back(sim, device);
}

/* What a device was told is durable. */
static bool
server_kept(struct sim *sim)
{
	uint32_t epoch = oracle_epoch(sim->oracle);
	struct arena arena;
	struct stream stream;
	struct error err;
	bool good = true;

	if (world_head(sim->world) < sim->promised_head) {
		return sim_fail(sim, "the server had entry %llu and has %llu",
				(unsigned long long)sim->promised_head,
				(unsigned long long)world_head(sim->world));
	}
	arena_init(&arena, 1 << 20);
	for (size_t d = 0; d < sim->world->device_count && good; d++) {
		uint32_t logged;
		struct sambung_state state;
		struct sambung_error failure;

		if (sim_handle(sim, d) == NULL ||
		    sambung_state(sim_handle(sim, d), &state, &failure) != 0) {
			continue; /* its own disk died too, and its turn comes */
		}
		/* After a restore what it knows is of another log until it has its scope again. */
		if (state.device == 0 || state.epoch != epoch ||
		    (sim->restores > 0 && state.cursor == 0)) {
			continue;
		}
		/* Nor does a log know it that was set back to before it was enrolled, and whatever
		 * it has of the lost one, until it shows that. */
		if (sim->devices[d].forgotten &&
		    oracle_scope(sim->oracle, state.device, NULL, 0) == 0) {
			continue;
		}
		/* A file may tell of a restore and not yet from where to send again. */
		logged = sim->restores > 0 ? oracle_logged(sim->oracle, state.device)
					   : state.acked_n;
		if (store_stream(sim->world->store, state.device, &arena, &stream, &err) !=
			    STATUS_OK ||
		    (stream.acked_n < state.acked_n && stream.acked_n < logged)) {
			good = sim_fail(sim,
					"the server acknowledged change %u of device %zu and "
					"has lost it",
					state.acked_n, d);
		}
	}
	arena_finish(&arena);
	return good;
}

static bool
crash_server(struct sim *sim)
{
	struct world *world = sim->world;
	struct error err;
	enum status status = STATUS_OK;

	sim->crashes++;
	world_stop_server(world);
	for (bool again = true; again;) {
		enum fault_loss loss = draw_loss(sim);

		fault_disk_crash(world->folder, loss, sim_luck(sim, UINT64_MAX));
		sim_note(sim, "the server comes back, loss %d", (int)loss);
		(void)draw_second_crash(sim, world->folder);
		status = world_start_server(world, &err);
		fault_disk_disarm(world->folder);
		again = !sim_server_up(sim);
		if (again && status == STATUS_OK) {
			world_stop_server(world);
		}
	}
	if (status != STATUS_OK) {
		return sim_fail(sim, "the server does not start after a crash: %s", err.detail);
	}
	return server_kept(sim);
}

bool
sim_disk_recover(struct sim *sim, size_t device)
{
	sim->errors += fault_disk_failed(folder_of(sim, device));
	sim->errors += fault_disk_failed(sim->world->folder);
	fault_disk_disarm(folder_of(sim, device));
	fault_disk_disarm(sim->world->folder);
	if (fault_disk_dead(folder_of(sim, device)) && !crash_device(sim, device)) {
		return false;
	}
	fault_key_disarm();
	return sim_server_up(sim) || crash_server(sim);
}

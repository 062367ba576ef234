/* SPDX-License-Identifier: Apache-2.0 */
/* An admin revokes a device, or replaces it: what it has not sent yet comes, then it destroys what
 * it held and says so, and the phone may be enrolled for somebody. */
#include "tests/simulation/sim.h"

#include <string.h>

enum { REVOCATIONS_MAX = 2 };

/* Three of five seeds have revocations. */
static bool
revocations_happen(const struct sim *sim)
{
	return sim_may(sim, SIM_REVOKE) && sim->options.seed % 5 < 3;
}

/* Whoever has the device's past, or a part of it, may be told from now on. */
static void
family_revoked(struct sim *sim, size_t device)
{
	const struct history *history = &sim->devices[device].history;

	for (size_t d = 0; d < sim->world->device_count; d++) {
		struct sim_device *other = &sim->devices[d];

		other->revoked |= other->enrolled &&
				  oracle_same_family(sim->oracle, history, &other->history);
	}
	for (size_t i = 0; i < SIM_IMAGES; i++) {
		struct sim_image *image = &sim->images[i];

		image->own.revoked |= image->taken &&
				      oracle_same_family(sim->oracle, history, &image->own.history);
	}
}

/* The phone that takes its place has the code. */
static enum status
replace(struct sim *sim, size_t device)
{
	char code[CODE_TEXT_MAX];
	enum status status = world_replace(sim->world, device, code);
	size_t added;

	if (status != STATUS_OK) {
		return status;
	}
	added = world_add_device(sim->world);
	sim->devices[added].history = oracle_author(sim->oracle);
	sim->devices[added].village = sim->devices[device].village;
	memcpy(sim->devices[added].code, code, sizeof code);
	sim_note(sim, "device %zu takes the place of %zu", added, device);
	return STATUS_OK;
}

/* What an admin was told is done is in the log, for every number of the family that the server
 * knows. */
static bool
told(struct sim *sim, size_t device)
{
	const struct history *history = &sim->devices[device].history;

	sim->revocations++;
	if (!sim_server_up(sim)) {
		return true;
	}
	sim->promised_head = world_head(sim->world);
	if (!sim_observe(sim)) {
		return false;
	}
	for (size_t d = 0; d < sim->world->device_count; d++) {
		const struct sim_device *other = &sim->devices[d];

		if (other->enrolled && !other->forgotten &&
		    oracle_same_family(sim->oracle, history, &other->history) &&
		    !oracle_is_revoked(sim->oracle, other->history.number)) {
			return sim_fail(sim, "number %u was revoked, and its copy %u is not",
					history->number, other->history.number);
		}
	}
	return true;
}

bool
sim_event_revoke(struct sim *sim, size_t device)
{
	struct sim_device *own = &sim->devices[device];
	bool another =
		sim_choose(sim, 2) == 0 && sim->world->device_count < WORLD_DEVICES_MAX - SIM_SPARE;
	enum status status;

	if (!revocations_happen(sim) || own->revoked || sim->revocations == REVOCATIONS_MAX) {
		return true;
	}
	family_revoked(sim, device);
	status = another ? replace(sim, device) : world_revoke(sim->world, device);
	if (status == STATUS_OK) {
		sim_note(sim, "device %zu is revoked", device);
		return told(sim, device);
	}
	/* Who gave all villages away is not replaced. */
	return (status == STATUS_INVALID && another) ||
	       (status == STATUS_NOT_FOUND && own->forgotten) || sim_server_excused(sim) ||
	       sim_fail(sim, "device %zu is not revoked: %s", device, status_name(status));
}

/* ---- the end of an installation ---- */

static void
images_drop(struct sim *sim, size_t device)
{
	for (size_t i = 0; i < SIM_IMAGES; i++) {
		if (sim->images[i].taken && sim->images[i].device == device) {
			sim_image_drop(&sim->images[i]);
		}
	}
}

bool
sim_device_ended(struct sim *sim, size_t device, const struct sambung_state *state)
{
	struct sim_device *own = &sim->devices[device];

	if (!own->revoked) {
		return sim_fail(sim, "device %zu destroyed what it held, and nobody revoked it",
				device);
	}
	sim_forms_drop(sim, device);
	if (state->last_n < sim_last_n(own) || state->acked_n != state->last_n) {
		return sim_fail(sim,
				"device %zu destroyed change %u, of which %u were acknowledged",
				device, state->last_n, state->acked_n);
	}
	if (state->device != 0) {
		return true; /* the server has not heard of it yet */
	}
	if (sim->ended_count == SIM_ENDED) {
		return sim_fail(sim, "more than %d installations ended", (int)SIM_ENDED);
	}
	sim_note(sim, "device %zu, number %u, is no more", device, own->history.number);
	images_drop(sim, device);
	sim_tries_forget(sim, device);
	sim->ended[sim->ended_count++] = own->history;
	own->history = oracle_author(sim->oracle);
	memset(own->stood, 0, sizeof own->stood);
	own->enrolled = false;
	own->forgotten = false;
	own->copied = false;
	own->revoked = false;
	own->settled = 0;
	own->acked_high = 0;
	own->contact_ms = 0;
	own->code[0] = '\0';
	return true;
}

bool
sim_ended_check(struct sim *sim)
{
	struct error err;

	for (size_t i = 0; i < sim->ended_count; i++) {
		if (oracle_check_logged(sim->oracle, &sim->ended[i], &err) != STATUS_OK) {
			return sim_fail(sim, "what a revoked device had: %s", err.detail);
		}
	}
	return true;
}

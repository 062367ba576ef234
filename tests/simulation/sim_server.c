/* SPDX-License-Identifier: Apache-2.0 */
/* What happens at the server: imports, settlements, schemas, an admin's work, and its own. */
#include "tests/simulation/sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FAMILIES = 4, PERSONS_EACH = 2, BUSY = 2, SCOPES = 4, REGIONS_MAX = 8 };

/* ---- at the beginning, and imports ---- */

/* The f-th family that began in a village, as the table has it now: there, or moved to another. */
static enum status
import_family(struct sim *sim, size_t began, size_t f, size_t now, const char *address)
{
	char key[32];

	(void)snprintf(key, sizeof key, "F%zu-%zu", began, f);
	return world_import(sim->world, "family",
			    (const char *[]){"key", key, "village", sim_villages[now], "head",
					     "Uji Coba", "address", address, NULL});
}

bool
sim_beginning(struct sim *sim)
{
	for (size_t v = 0; v < SIM_VILLAGES; v++) {
		for (size_t f = 0; f < FAMILIES; f++) {
			char key[32];
			char person[64];
			char id[16];

			(void)import_family(sim, v, f, v, "Jl. Contoh 1");
			(void)snprintf(key, sizeof key, "F%zu-%zu", v, f);
			world_imported_id(sim->world, "family", key, id);
			sim_places_add(&sim->families[v], id);
			for (size_t p = 0; p < PERSONS_EACH; p++) {
				(void)snprintf(person, sizeof person, "%s-%zu", key, p);
				(void)world_import(sim->world, "person",
						   (const char *[]){"key", person, "family", key,
								    "name", "Anak Uji", NULL});
				world_imported_id(sim->world, "person", person, id);
				sim_places_add(&sim->persons[v], id);
			}
		}
	}
	return true;
}

bool
sim_event_import(struct sim *sim, size_t device)
{
	size_t began = (size_t)sim_choose(sim, SIM_VILLAGES);
	size_t family = (size_t)sim_choose(sim, sim_choose(sim, 4) == 0 ? FAMILIES : BUSY);
	size_t now = sim_choose(sim, 4) == 0 ? (size_t)sim_choose(sim, SIM_VILLAGES) : began;
	enum status status =
		import_family(sim, began, family, now, sim_addresses[sim_choose(sim, 3)]);

	(void)device;
	return status == STATUS_OK || sim_server_excused(sim) ||
	       sim_fail(sim, "an import failed: %s", status_name(status));
}

bool
sim_event_settle(struct sim *sim, size_t device)
{
	static const char *const fields[] = {"address", "registered_date", "archived", "village"};
	size_t village = (size_t)sim_choose(sim, SIM_VILLAGES);
	const char *id = sim_places_choose(sim, &sim->families[village]);
	uint64_t which = sim_choose(sim, 8);
	const char *field = fields[which < 4 ? 0 : which < 6 ? 1 : which - 4];
	const char *value = which < 4	? sim_addresses[sim_choose(sim, 3)]
			    : which < 6 ? sim_dates[sim_choose(sim, 3)]
			    : which < 7 ? ""
					: sim_villages[village];
	uint64_t head = world_head(sim->world);
	enum status status = world_settle(sim->world, id, field, value);

	(void)device;
	if (status == STATUS_OK) {
		sim->promised_head = head + 1;
	}
	/* A family that a device made may not have come to the server. */
	return status == STATUS_OK || status == STATUS_NOT_FOUND || status == STATUS_STALE ||
	       sim_server_excused(sim) ||
	       sim_fail(sim, "settling %s: %s", field, status_name(status));
}

bool
sim_event_restart(struct sim *sim, size_t device)
{
	struct error err;

	(void)device;
	if (!sim_may(sim, SIM_KILL)) {
		return true;
	}
	if (sim_choose(sim, 2) == 0) {
		fault_disk_kill(sim->world->folder);
		return true;
	}
	world_stop_server(sim->world);
	if (world_start_server(sim->world, &err) == STATUS_OK) {
		return true;
	}
	if (!sim_server_excused(sim)) {
		return sim_fail(sim, "the server does not start: %s", err.detail);
	}
	fault_disk_kill(sim->world->folder);
	return true;
}

/* The daemon when it has time: typed tables, what waits, and the write-ahead log. */
bool
sim_event_tidy(struct sim *sim, size_t device)
{
	struct world *world = sim->world;
	bool behind = false;
	struct error err;
	enum status status = ingest_rest(world->ingest, &behind, &err);

	(void)device;
	if (status == STATUS_OK) {
		status = ingest_flush(world->ingest, &err);
	}
	if (status == STATUS_OK) {
		status = store_checkpoint(world->store, sim_choose(sim, 2) == 0, &err);
	}
	return status == STATUS_OK || sim_server_excused(sim) ||
	       sim_fail(sim, "the server's own work: %s", err.detail);
}

bool
sim_event_schema(struct sim *sim, size_t device)
{
	char *json = sim_schema_make(sim->options.schema, sim->schema_version + 1);
	enum status status = world_load_schema(sim->world, json, strlen(json));

	(void)device;
	free(json);
	return status == STATUS_OK || sim_server_excused(sim) ||
	       sim_fail(sim, "a new schema was refused: %s", status_name(status));
}

/* ---- who has which villages ---- */

/* What an admin was told is done is in the log. */
static bool
scope_is(struct sim *sim, size_t device, const char *const *codes)
{
	struct region has[REGIONS_MAX];
	size_t count;

	if (!sim_server_up(sim)) {
		return true;
	}
	if (!sim_observe(sim)) {
		return false;
	}
	sim->promised_head = world_head(sim->world);
	count = oracle_scope(sim->oracle, sim->devices[device].history.number, has, REGIONS_MAX);
	for (size_t i = 0; codes[i] != NULL; i++) {
		struct region wanted;
		struct error err;

		if (region_parse(codes[i], &wanted, &err) != STATUS_OK ||
		    !regions_cover_region(has, count, wanted)) {
			return sim_fail(sim, "device %zu was given %s and has not got it", device,
					codes[i]);
		}
	}
	return codes[0] != NULL || count == 0 ||
	       sim_fail(sim, "device %zu gave its villages away and has got some", device);
}

/* One village, the other, both, or the district. */
bool
sim_event_scope(struct sim *sim, size_t device)
{
	const char *const scopes[SCOPES][SIM_VILLAGES + 1] = {{sim_villages[0]},
							      {sim_villages[1]},
							      {sim_villages[0], sim_villages[1]},
							      {sim_district}};
	size_t choice = (size_t)sim_choose(sim, SCOPES);
	enum status status;

	if (!sim_may(sim, SIM_SCOPE)) {
		return true;
	}
	status = world_scope(sim->world, device, scopes[choice]);
	if (status != STATUS_OK) {
		return (status == STATUS_NOT_FOUND && sim->devices[device].forgotten) ||
		       (status == STATUS_INVALID && sim->devices[device].revoked) ||
		       sim_server_excused(sim) ||
		       sim_fail(sim, "a scope was refused: %s", status_name(status));
	}
	sim_note(sim, "device %zu has scope %zu now", device, choice);
	if (choice < SIM_VILLAGES) {
		sim->devices[device].village = choice;
	}
	return scope_is(sim, device, scopes[choice]);
}

bool
sim_event_handover(struct sim *sim, size_t device)
{
	static const char *const nothing[] = {NULL};
	size_t to = (size_t)sim_choose(sim, sim->world->device_count);
	enum status status;

	if (!sim_may(sim, SIM_SCOPE) || !sim->devices[to].enrolled) {
		return true;
	}
	status = world_handover(sim->world, device, to);
	if (status != STATUS_OK) {
		/* To herself, or by one who has nothing. */
		return status == STATUS_INVALID || sim_server_excused(sim) ||
		       (status == STATUS_NOT_FOUND &&
			(sim->devices[device].forgotten || sim->devices[to].forgotten)) ||
		       sim_fail(sim, "a hand-over failed: %s", status_name(status));
	}
	sim_note(sim, "device %zu takes over from %zu", to, device);
	sim->devices[to].village = sim->devices[device].village;
	return scope_is(sim, device, nothing);
}

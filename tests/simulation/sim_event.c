/* SPDX-License-Identifier: Apache-2.0 */
/* What may happen, each with its weight, and what a cadre does. A new kind of event is a function
 * and a row of the table. */
#include "protocol/id.h"
#include "tests/simulation/sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHARACTERS = 16, BUSY = 2, FIELDS = 9 };

#define DAY_MS INT64_C(86400000)

/* ---- places ---- */

void
sim_places_add(struct sim_places *places, const char *id)
{
	if (id[0] != '\0') {
		memcpy(places->ids[places->count++ % SIM_PLACES_MAX], id, CHARACTERS);
	}
}

const char *
sim_places_choose(struct sim *sim, const struct sim_places *places)
{
	size_t kept = places->count < SIM_PLACES_MAX ? places->count : SIM_PLACES_MAX;
	bool busy = sim_choose(sim, 4) != 0;
	uint64_t chosen = sim_choose(sim, SIM_PLACES_MAX);

	chosen %= busy && kept > BUSY ? BUSY : SIM_PLACES_MAX;
	return kept == 0 ? NULL : places->ids[chosen % kept];
}

const char *const sim_addresses[3] = {"Jl. Satu", "Jl. Dua", "Jl. Tiga"};
const char *const sim_dates[3] = {"2026-01-05", "2026-02-06", "2026-03-07"};

/* ---- what a cadre does ---- */

/* Mostly where she works; sometimes where she did, or where she should not. */
static size_t
village_today(struct sim *sim, size_t device)
{
	size_t other = (size_t)sim_choose(sim, SIM_VILLAGES);

	return sim_choose(sim, 4) == 0 ? other : sim->devices[device].village;
}

static bool
event_visit(struct sim *sim, size_t device)
{
	size_t village = village_today(sim, device);
	const char *chosen = sim_places_choose(sim, &sim->persons[village]);
	struct sim_form form;
	char person[ID_TEXT_SIZE];
	char weight[16];
	char note[32];
	char id[16] = "";
	bool good;

	/* Only to see whether she is still here. */
	if (!sim_form_open(sim, device, chosen, &form) || form.edit == NULL) {
		return !sim->failed;
	}
	id_format(form.record, person);
	sim_form_drop(&form);
	(void)snprintf(weight, sizeof weight, "%d.%d", 5 + (int)sim_choose(sim, 60),
		       (int)sim_choose(sim, 10));
	(void)snprintf(note, sizeof note, "Anak sehat %06u", sim->texts++);
	good = sim_form_create(sim, device, "visit", &form) &&
	       sim_form_set(sim, &form, "person", person) &&
	       sim_form_set(sim, &form, "group", "baduta") &&
	       sim_form_set(sim, &form, "weight", weight) &&
	       sim_form_set(sim, &form, "topics", "gizi,asi") &&
	       sim_form_set(sim, &form, "note", note) && sim_form_save(sim, device, &form, id);
	if (good) {
		sim_places_add(&sim->visits[village], id);
	}
	sim_form_drop(&form);
	return good;
}

static bool
event_family(struct sim *sim, size_t device)
{
	size_t village = village_today(sim, device);
	struct sim_form form;
	char head[32];
	char id[16] = "";
	bool good;

	(void)snprintf(head, sizeof head, "Uji Baru %06u", sim->texts++);
	good = sim_form_create(sim, device, "family", &form) &&
	       sim_form_set(sim, &form, "village", sim_villages[village]) &&
	       sim_form_set(sim, &form, "head", head) &&
	       sim_form_set(sim, &form, "address", sim_addresses[sim_choose(sim, 3)]) &&
	       sim_form_save(sim, device, &form, id);
	if (good) {
		sim_places_add(&sim->families[village], id);
	}
	sim_form_drop(&form);
	return good;
}

/* Fields of every policy, and what to write there. */
static bool
fill_family(struct sim *sim, struct sim_form *form)
{
	static const char *const sets[] = {"+mbg", "-mbg", "+bansos", "mbg,bansos", ""};
	char extra[16];
	uint64_t field = sim_choose(sim, FIELDS);
	uint64_t theme = sim->options.seed % (2 * FIELDS);

	/* Every second run has a field that people keep coming back to. */
	switch (theme < FIELDS && sim_choose(sim, 2) == 0 ? theme : field) {
	case 0:
	case 1:
		return sim_form_set(sim, form, "address", sim_addresses[sim_choose(sim, 3)]);
	case 2:
		return sim_form_set(sim, form, "verified_date", sim_dates[sim_choose(sim, 3)]);
	case 3:
		return sim_form_set(sim, form, "aid", sets[sim_choose(sim, 5)]);
	case 4:
		return sim_form_set(sim, form, "registered_date", sim_dates[sim_choose(sim, 3)]);
	case 5:
		(void)snprintf(extra, sizeof extra, "extra%u", sim->schema_version);
		return sim_form_set(sim, form, extra, "Isian baru");
	case 6:
		return sim_form_set(
			sim, form, "same_as",
			sim_places_choose(sim, &sim->families[sim_choose(sim, SIM_VILLAGES)]));
	case 7:
		return sim_form_set(sim, form, "archived", sim_choose(sim, 2) == 0 ? "pindah" : "");
	default:
		return sim_form_set(sim, form, "point",
				    sim_choose(sim, 2) == 0 ? "-3.3,114.6" : "");
	}
}

static bool
fill_visit(struct sim *sim, struct sim_form *form)
{
	static const char *const weights[] = {"7.1", "7.25", ""};

	if (sim_choose(sim, 2) == 0) {
		return sim_form_set(sim, form, "next_date", sim_dates[sim_choose(sim, 3)]);
	}
	return sim_form_set(sim, form, "weight", weights[sim_choose(sim, 3)]);
}

/* A form is opened; the next time it is filled in and saved, whatever came in between. */
bool
sim_event_form(struct sim *sim, size_t device)
{
	size_t village = village_today(sim, device);
	size_t which = (size_t)sim_choose(sim, SIM_FORMS);
	struct sim_form *form = &sim->devices[device].forms[which];
	bool visit = sim_choose(sim, 3) == 0;
	const char *id =
		sim_places_choose(sim, visit ? &sim->visits[village] : &sim->families[village]);

	if (form->edit == NULL) {
		return id == NULL || sim_form_open(sim, device, id, form);
	}
	return (form->type == 1 ? fill_family(sim, form) : fill_visit(sim, form)) &&
	       sim_form_save(sim, device, form, NULL);
}

/* A family moves to a village, perhaps the one where it is, if the device holds it. */
static bool
event_move(struct sim *sim, size_t device)
{
	const char *id = sim_places_choose(sim, &sim->families[sim_choose(sim, SIM_VILLAGES)]);
	const char *village = sim_villages[sim_choose(sim, SIM_VILLAGES)];
	struct sim_form form;

	return sim_form_open(sim, device, id, &form) &&
	       sim_form_set(sim, &form, "village", village) &&
	       sim_form_save(sim, device, &form, NULL);
}

/* A person goes to another family, if the device holds both. */
static bool
event_person(struct sim *sim, size_t device)
{
	const char *id = sim_places_choose(sim, &sim->persons[sim_choose(sim, SIM_VILLAGES)]);
	const char *chosen = sim_places_choose(sim, &sim->families[sim_choose(sim, SIM_VILLAGES)]);
	struct sim_form form;
	char family[ID_TEXT_SIZE];

	if (!sim_form_open(sim, device, chosen, &form) || form.edit == NULL) {
		return !sim->failed;
	}
	id_format(form.record, family);
	sim_form_drop(&form);
	return sim_form_open(sim, device, id, &form) &&
	       sim_form_set(sim, &form, "family", family) &&
	       sim_form_save(sim, device, &form, NULL);
}

/* A child is born: somebody new below a family. */
static bool
event_person_new(struct sim *sim, size_t device)
{
	size_t village = village_today(sim, device);
	const char *chosen = sim_places_choose(sim, &sim->families[village]);
	struct sim_form form;
	char family[ID_TEXT_SIZE];
	char name[32];
	char id[16] = "";
	bool good;

	if (!sim_form_open(sim, device, chosen, &form) || form.edit == NULL) {
		return !sim->failed;
	}
	id_format(form.record, family);
	sim_form_drop(&form);
	(void)snprintf(name, sizeof name, "Anak Baru %06u", sim->texts++);
	good = sim_form_create(sim, device, "person", &form) &&
	       sim_form_set(sim, &form, "family", family) &&
	       sim_form_set(sim, &form, "name", name) && sim_form_save(sim, device, &form, id);
	if (good) {
		sim_places_add(&sim->persons[village], id);
	}
	sim_form_drop(&form);
	return good;
}

/* ---- programs that end, clocks, and what the server does by itself ---- */

static bool
event_reopen(struct sim *sim, size_t device)
{
	struct sambung_error err = {0};

	if (!sim_may(sim, SIM_KILL)) {
		return true;
	}
	sim_forms_drop(sim, device);
	world_close_device(sim->world, device);
	if (world_open_device(sim->world, device, &err) == 0) {
		/* What the disk was said not to have taken may be there after all. */
		return sim_changes_learn(sim, device);
	}
	if (!sim_device_excused(sim, device)) {
		return sim_fail(sim, "device %zu does not open: %s", device, err.detail);
	}
	/* As when the whole machine goes: it opens again in sim_disk_recover. */
	fault_disk_kill(sim->world->devices[device].folder);
	return true;
}

static bool
event_kill(struct sim *sim, size_t device)
{
	if (sim_may(sim, SIM_KILL)) {
		fault_disk_kill(sim->world->devices[device].folder);
	}
	return true;
}

static bool
event_clock(struct sim *sim, size_t device)
{
	/* Whole days, so that both sides mean the same day when they are right. */
	static const int64_t shifts[] = {0, 0, -730, 400, -3650, 3650, 7300, -1};
	int64_t shift = shifts[sim_choose(sim, 8)] * DAY_MS;

	if (!sim_may(sim, SIM_CLOCK)) {
		return true;
	}
	sim->clock_jumped = sim->clock_jumped || shift != 0;
	if (sim_choose(sim, 4) == 0) {
		sim->world->server_shift_ms = shift;
	} else {
		sim->world->devices[device].clock_shift_ms = shift;
	}
	return true;
}

static bool
event_days(struct sim *sim, size_t device)
{
	(void)device;
	sim->world->now_ms += (int64_t)(1 + sim_choose(sim, 20)) * DAY_MS;
	return true;
}

/* ---- the table ---- */

static const struct {
	const char *name;
	unsigned weight;
	bool (*happen)(struct sim *sim, size_t device);
} events[] = {
	{"visit", 30, event_visit},
	{"form", 130, sim_event_form},
	{"family", 6, event_family},
	{"move", 8, event_move},
	{"person", 8, event_person},
	{"sync", 60, sim_event_sync},
	{"request", 12, sim_event_request},
	{"carry", 14, sim_event_carry},
	{"answer", 16, sim_event_answer},
	{"meanwhile", 24, sim_event_meanwhile},
	{"file out", 8, sim_event_file_out},
	{"file carried", 12, sim_event_file_carry},
	{"file in", 10, sim_event_file_in},
	{"detour", 10, sim_event_detour},
	{"settle", 12, sim_event_settle},
	{"import", 8, sim_event_import},
	{"scope", 7, sim_event_scope},
	{"hand-over", 2, sim_event_handover},
	{"enrol", 2, sim_event_enrol},
	{"copy", 5, sim_event_copy},
	{"restore", 3, sim_event_restore},
	{"image", 6, sim_event_image},
	{"return", 5, sim_event_return},
	{"clone", 3, sim_event_clone},
	{"allow", 8, sim_event_allow},
	{"release", 4, sim_event_release},
	{"close", 2, sim_event_close},
	{"tidy", 8, sim_event_tidy},
	{"reopen", 6, event_reopen},
	{"kill", 6, event_kill},
	{"restart", 5, sim_event_restart},
	{"clock", 5, event_clock},
	{"days", 3, event_days},
	{"schema", 1, sim_event_schema},
	{"erase", 8, sim_event_erase},
	{"erased for good", 3, sim_event_erase_finish},
	{"revoke", 3, sim_event_revoke},
	{"silence", 2, sim_event_silence},
	{"pin", 5, sim_event_pin},
	{"person new", 5, event_person_new},
};
enum { EVENTS = sizeof events / sizeof events[0] };

bool
sim_event(struct sim *sim, size_t device)
{
	uint64_t sum = 0;
	uint64_t chosen;
	size_t i = 0;

	for (size_t e = 0; e < EVENTS; e++) {
		sum += events[e].weight;
	}
	chosen = sim_choose(sim, sum);
	while (chosen >= events[i].weight) {
		chosen -= events[i++].weight;
	}
	sim_note(sim, "device %zu: %s", device, events[i].name);
	return events[i].happen(sim, device);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What may happen, each with its weight. A new kind of event is a function and a row of the table.
 */
#include "tests/simulation/sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FAMILIES = 4, PERSONS_EACH = 2, CHARACTERS = 16, BUSY = 2, FIELDS = 9, MEANWHILE = 4 };

#define DAY_MS INT64_C(86400000)

/* ---- places ---- */

static void
places_add(struct sim_places *places, const char *id)
{
	if (id[0] != '\0') {
		memcpy(places->ids[places->count++ % SIM_PLACES_MAX], id, CHARACTERS);
	}
}

/* NULL: there is none yet. Mostly one of a few, where people get in each other's way. */
static const char *
places_choose(struct sim *sim, const struct sim_places *places)
{
	size_t kept = places->count < SIM_PLACES_MAX ? places->count : SIM_PLACES_MAX;
	bool busy = sim_choose(sim, 4) != 0;
	uint64_t chosen = sim_choose(sim, SIM_PLACES_MAX);

	chosen %= busy && kept > BUSY ? BUSY : SIM_PLACES_MAX;
	return kept == 0 ? NULL : places->ids[chosen % kept];
}

/* ---- at the beginning, and imports ---- */

static const char *const addresses[] = {"Jl. Satu", "Jl. Dua", "Jl. Tiga"};
static const char *const dates[] = {"2026-01-05", "2026-02-06", "2026-03-07"};

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
			places_add(&sim->families[v], id);
			for (size_t p = 0; p < PERSONS_EACH; p++) {
				(void)snprintf(person, sizeof person, "%s-%zu", key, p);
				(void)world_import(sim->world, "person",
						   (const char *[]){"key", person, "family", key,
								    "name", "Anak Uji", NULL});
				world_imported_id(sim->world, "person", person, id);
				places_add(&sim->persons[v], id);
			}
		}
	}
	return true;
}

static bool
event_import(struct sim *sim, size_t device)
{
	size_t began = (size_t)sim_choose(sim, SIM_VILLAGES);
	size_t family = (size_t)sim_choose(sim, sim_choose(sim, 4) == 0 ? FAMILIES : BUSY);
	size_t now = sim_choose(sim, 4) == 0 ? (size_t)sim_choose(sim, SIM_VILLAGES) : began;
	enum status status = import_family(sim, began, family, now, addresses[sim_choose(sim, 3)]);

	(void)device;
	sim->moves += now != began;
	return status == STATUS_OK || sim_server_excused(sim) ||
	       sim_fail(sim, "an import failed: %s", status_name(status));
}

static bool
event_settle(struct sim *sim, size_t device)
{
	static const char *const fields[] = {"address", "registered_date", "archived", "village"};
	size_t village = (size_t)sim_choose(sim, SIM_VILLAGES);
	const char *id = places_choose(sim, &sim->families[village]);
	uint64_t which = sim_choose(sim, 8);
	const char *field = fields[which < 4 ? 0 : which < 6 ? 1 : which - 4];
	const char *value = which < 4	? addresses[sim_choose(sim, 3)]
			    : which < 6 ? dates[sim_choose(sim, 3)]
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

/* ---- what a cadre does ---- */

static bool
event_visit(struct sim *sim, size_t device)
{
	size_t village = sim_village(device);
	const char *person = places_choose(sim, &sim->persons[village]);
	struct sim_form form;
	char weight[16];
	char id[16] = "";
	bool good;

	/* Only to see whether she is still here. */
	if (!sim_form_open(sim, device, person, &form) || form.edit == NULL) {
		return !sim->failed;
	}
	sim_form_drop(&form);
	(void)snprintf(weight, sizeof weight, "%d.%d", 5 + (int)sim_choose(sim, 60),
		       (int)sim_choose(sim, 10));
	good = sim_form_create(sim, device, "visit", &form) &&
	       sim_form_set(sim, &form, "person", person) &&
	       sim_form_set(sim, &form, "group", "baduta") &&
	       sim_form_set(sim, &form, "weight", weight) &&
	       sim_form_set(sim, &form, "topics", "gizi,asi") &&
	       sim_form_set(sim, &form, "note", "Anak sehat") &&
	       sim_form_save(sim, device, &form, id);
	if (good) {
		places_add(&sim->visits[village], id);
	}
	sim_form_drop(&form);
	return good;
}

static bool
event_family(struct sim *sim, size_t device)
{
	size_t village = sim_village(device);
	struct sim_form form;
	char id[16] = "";
	bool good = sim_form_create(sim, device, "family", &form) &&
		    sim_form_set(sim, &form, "village", sim_villages[village]) &&
		    sim_form_set(sim, &form, "head", "Uji Baru") &&
		    sim_form_set(sim, &form, "address", addresses[sim_choose(sim, 3)]) &&
		    sim_form_save(sim, device, &form, id);

	if (good) {
		places_add(&sim->families[village], id);
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
		return sim_form_set(sim, form, "address", addresses[sim_choose(sim, 3)]);
	case 2:
		return sim_form_set(sim, form, "verified_date", dates[sim_choose(sim, 3)]);
	case 3:
		return sim_form_set(sim, form, "aid", sets[sim_choose(sim, 5)]);
	case 4:
		return sim_form_set(sim, form, "registered_date", dates[sim_choose(sim, 3)]);
	case 5:
		(void)snprintf(extra, sizeof extra, "extra%u", sim->schema_version);
		return sim_form_set(sim, form, extra, "Isian baru");
	case 6:
		return sim_form_set(
			sim, form, "same_as",
			places_choose(sim, &sim->families[sim_choose(sim, SIM_VILLAGES)]));
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
		return sim_form_set(sim, form, "next_date", dates[sim_choose(sim, 3)]);
	}
	return sim_form_set(sim, form, "weight", weights[sim_choose(sim, 3)]);
}

/* A form is opened; the next time it is filled in and saved, whatever came in between. */
static bool
event_form(struct sim *sim, size_t device)
{
	size_t village = sim_village(device);
	size_t which = (size_t)sim_choose(sim, SIM_FORMS);
	struct sim_form *form = &sim->devices[device].forms[which];
	bool visit = sim_choose(sim, 3) == 0;
	const char *id =
		places_choose(sim, visit ? &sim->visits[village] : &sim->families[village]);

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
	const char *id = places_choose(sim, &sim->families[sim_choose(sim, SIM_VILLAGES)]);
	const char *village = sim_villages[sim_choose(sim, SIM_VILLAGES)];
	struct sim_form form;

	sim->moves++;
	return sim_form_open(sim, device, id, &form) &&
	       sim_form_set(sim, &form, "village", village) &&
	       sim_form_save(sim, device, &form, NULL);
}

/* A person goes to another family, if the device holds both. */
static bool
event_person(struct sim *sim, size_t device)
{
	const char *id = places_choose(sim, &sim->persons[sim_choose(sim, SIM_VILLAGES)]);
	const char *family = places_choose(sim, &sim->families[sim_choose(sim, SIM_VILLAGES)]);
	struct sim_form form;

	if (!sim_form_open(sim, device, family, &form) || form.edit == NULL) {
		return !sim->failed;
	}
	sim_form_drop(&form);
	sim->moves++;
	return sim_form_open(sim, device, id, &form) &&
	       sim_form_set(sim, &form, "family", family) &&
	       sim_form_save(sim, device, &form, NULL);
}

/* ---- exchanges ---- */

/* Whatever the network did, these say that the other side broke its word, or the program. */
static bool
sync_may_fail_with(int status)
{
	return status != STATUS_INTERNAL && status != STATUS_FORK && status != STATUS_REVOKED &&
	       status != STATUS_FOREIGN && status != STATUS_UNAUTHENTICATED &&
	       status != STATUS_NOT_ENROLLED;
}

static bool
event_sync(struct sim *sim, size_t device)
{
	struct sambung_result result;
	struct sambung_error err = {0};
	int status = sambung_sync(sim_handle(sim, device), NULL, NULL, &result, &err);

	if (status == 0 || sim_device_excused(sim, device)) {
		return true;
	}
	if (!sync_may_fail_with(status) || status == STATUS_STORAGE || status == STATUS_FULL) {
		return sim_fail(sim, "device %zu: a sync ended with %s: %s", device,
				sambung_status_name(status), err.detail);
	}
	return true;
}

static struct buffer *
letter_place(struct buffer *letters, size_t *count)
{
	struct buffer *place = &letters[(*count)++ % SIM_LETTERS];

	if (place->limit == 0) {
		buffer_init(place, PARCEL_REPLY_MAX > PARCEL_REQUEST_MAX ? PARCEL_REPLY_MAX
									 : PARCEL_REQUEST_MAX);
	}
	buffer_clear(place);
	return place;
}

static const struct buffer *
letter_choose(struct sim *sim, const struct buffer *letters)
{
	const struct buffer *letter = &letters[sim_choose(sim, SIM_LETTERS)];

	return letter->limit == 0 || letter->length == 0 ? NULL : letter;
}

static bool
event_request(struct sim *sim, size_t device)
{
	struct sim_device *own = &sim->devices[device];
	struct sambung_bytes request;
	struct sambung_error err = {0};

	if (!sim_may(sim, SIM_DELAY)) {
		return true;
	}
	if (sambung_exchange_request(sim_handle(sim, device), &request, &err) != 0) {
		return sim_device_excused(sim, device) ||
		       sim_fail(sim, "device %zu: no request: %s", device, err.detail);
	}
	buffer_append(letter_place(own->out, &own->out_count), request.at, request.length);
	return true;
}

static bool
event_carry(struct sim *sim, size_t device)
{
	struct sim_device *own = &sim->devices[device];
	const struct buffer *request = letter_choose(sim, own->out);
	struct buffer reply;

	if (request == NULL) {
		return true;
	}
	buffer_init(&reply, PARCEL_REPLY_MAX);
	if (world_deliver(sim->world, buffer_span(request), &reply)) {
		buffer_append_span(letter_place(own->in, &own->in_count), buffer_span(&reply));
	}
	buffer_finish(&reply);
	return true;
}

static bool
event_answer(struct sim *sim, size_t device)
{
	const struct buffer *reply = letter_choose(sim, sim->devices[device].in);
	struct sambung_error err = {0};
	int again;
	int status;

	if (reply == NULL) {
		return true;
	}
	status = sambung_exchange_reply(sim_handle(sim, device),
					(struct sambung_bytes){reply->at, reply->length}, &again,
					NULL, &err);
	/* Of an older request, or of one made before the app was closed, it cannot be opened. */
	return status == 0 || sim_device_excused(sim, device) || sync_may_fail_with(status) ||
	       sim_fail(sim, "device %zu: a reply: %s: %s", device, sambung_status_name(status),
			err.detail);
}

/* The app is used on while a sync is on its way. */
static bool
event_meanwhile(struct sim *sim, size_t device)
{
	struct sambung_bytes request;
	struct sambung_error err = {0};
	struct buffer reply;
	int again;
	int status = 0;
	bool good = true;

	if (!sim_may(sim, SIM_DELAY)) {
		return true;
	}
	if (sambung_exchange_request(sim_handle(sim, device), &request, &err) != 0) {
		return sim_device_excused(sim, device) ||
		       sim_fail(sim, "device %zu: no request: %s", device, err.detail);
	}
	buffer_init(&reply, PARCEL_REPLY_MAX);
	if (world_deliver(sim->world, span_of(request.at, request.length), &reply)) {
		for (int i = 0; i < MEANWHILE && good; i++) {
			good = event_form(sim, device);
		}
		status = sambung_exchange_reply(sim_handle(sim, device),
						(struct sambung_bytes){reply.at, reply.length},
						&again, NULL, &err);
	}
	buffer_finish(&reply);
	return good && (status == 0 || sim_device_excused(sim, device) ||
			sim_fail(sim, "device %zu: a reply: %s: %s", device,
				 sambung_status_name(status), err.detail));
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
		return true;
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
event_restart(struct sim *sim, size_t device)
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
static bool
event_tidy(struct sim *sim, size_t device)
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

static bool
event_clock(struct sim *sim, size_t device)
{
	/* Whole days, so that both sides mean the same day when they are right. */
	static const int64_t shifts[] = {0, 0, -730, 400, -3650, 3650, 7300, -1};
	int64_t shift = shifts[sim_choose(sim, 8)] * DAY_MS;

	if (!sim_may(sim, SIM_CLOCK)) {
		return true;
	}
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

static bool
event_schema(struct sim *sim, size_t device)
{
	char *json = sim_schema_make(sim->options.schema, sim->schema_version + 1);
	enum status status = world_load_schema(sim->world, json, strlen(json));

	(void)device;
	free(json);
	sim->schema_version += status == STATUS_OK;
	return status == STATUS_OK || sim_server_excused(sim) ||
	       sim_fail(sim, "a new schema was refused: %s", status_name(status));
}

/* ---- the table ---- */

/* Those to come (scope change, hand-over, fork, clone, restore, carriers) are rows here as well. */
static const struct {
	const char *name;
	unsigned weight;
	bool (*happen)(struct sim *sim, size_t device);
} events[] = {
	{"visit", 30, event_visit},	{"form", 130, event_form},
	{"family", 6, event_family},	{"move", 8, event_move},
	{"person", 8, event_person},	{"sync", 60, event_sync},
	{"request", 12, event_request}, {"carry", 14, event_carry},
	{"answer", 16, event_answer},	{"meanwhile", 24, event_meanwhile},
	{"settle", 12, event_settle},	{"import", 8, event_import},
	{"tidy", 8, event_tidy},	{"reopen", 6, event_reopen},
	{"kill", 6, event_kill},	{"restart", 5, event_restart},
	{"clock", 5, event_clock},	{"days", 3, event_days},
	{"schema", 1, event_schema},
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

/* SPDX-License-Identifier: Apache-2.0 */
#include "client/device.h"
#include "protocol/id.h"
#include "tests/simulation/sim.h"

#include <stdio.h>
#include <string.h>

enum { RECORD_ARENA = 16 << 20 };

void
sim_form_drop(struct sim_form *form)
{
	sambung_edit_cancel(form->edit);
	seen_free(&form->seen);
	*form = (struct sim_form){.edit = NULL};
}

void
sim_forms_drop(struct sim *sim, size_t device)
{
	for (size_t i = 0; i < SIM_FORMS; i++) {
		sim_form_drop(&sim->devices[device].forms[i]);
	}
}

static void
try_forget(struct sim_try *try)
{
	seen_free(&try->seen);
	*try = (struct sim_try){.record = 0};
}

void
sim_tries_forget(struct sim *sim, size_t device)
{
	for (size_t i = 0; i < SIM_TRIES; i++) {
		try_forget(&sim->devices[device].tries[i]);
	}
}

/* ---- opening ---- */

/* Which of the server's histories a screen of the device may be of: that of which it had its scope
 * last, up to the one that it knows. And how many changes the installation has made, under all its
 * numbers. */
static bool
view_of(struct sim *sim, size_t device, struct view *out, uint32_t *own_out)
{
	struct sim_device *own = &sim->devices[device];
	struct local_state state;
	struct error err;

	if (local_state_load(sim_handle(sim, device)->local, &state, &err) != STATUS_OK ||
	    !oracle_epoch_place(sim->oracle, state.epoch, &out->last)) {
		return sim_fail(sim, "device %zu: its epoch: %s", device, err.detail);
	}
	if (state.cursor.complete != 0 && out->last > own->settled) {
		own->settled = out->last;
	}
	out->first = own->settled;
	*own_out = own->history.offset + state.last_n;
	return true;
}

/* Is an own change merged beyond the version of the record? What others wrote before it may
 * be hidden by it, so the version stands still; other fields may show what is newer already, and
 * who saw that there cannot say so. It may be on the screen no more, below a change that waits. */
static bool
version_waits(struct local *local, const struct record *shown, uint32_t last_n)
{
	bool waits = false;
	struct arena arena;

	arena_init(&arena, RECORD_ARENA);
	for (uint32_t n = 1; n <= last_n && !waits; n++) {
		struct local_change change;
		struct error err;

		arena_reset(&arena);
		waits = local_change(local, n, &arena, &change, &err) == STATUS_OK &&
			change.exception < EXCEPTION_QUARANTINED && change.record == shown->id &&
			change.seq > shown->version;
	}
	arena_finish(&arena);
	return waits;
}

/* What the form shows is what the device keeps: the oracle looks at the members behind it. */
static bool
look(struct sim *sim, size_t device, struct sim_form *form)
{
	struct local *local = sim_handle(sim, device)->local;
	struct arena arena;
	struct record shown;
	struct view view;
	struct error err;
	uint32_t own;
	bool good = true;

	if (!view_of(sim, device, &view, &own)) {
		return false;
	}
	arena_init(&arena, RECORD_ARENA);
	if (local_record(local, form->record, &arena, &shown, NULL, &err) != STATUS_OK) {
		good = sim_fail(sim, "device %zu: a form is open on a record that is not there: %s",
				device, err.detail);
	} else {
		view.unclaimed =
			version_waits(local, &shown, own - sim->devices[device].history.offset);
		good = oracle_screen(sim->oracle, &sim->devices[device].history, &shown, view,
				     &form->seen, &err) ||
		       sim_fail(sim, "device %zu: %s", device, err.detail);
	}
	form->type = good ? shown.type : 0;
	form->version = good ? shown.version : 0;
	form->own = own;
	form->home = oracle_record_place(sim->oracle, &sim->devices[device].history, form->record);
	arena_finish(&arena);
	return good;
}

/* What an id of before a fork is now, if nothing is called so. */
static bool
id_follow(struct sim *sim, size_t device, uint64_t *id)
{
	struct local *local = sim_handle(sim, device)->local;
	struct local_state state;
	struct record held;
	struct arena arena;
	struct error err;
	enum status status;

	arena_init(&arena, RECORD_ARENA);
	status = local_record(local, *id, &arena, &held, NULL, &err);
	if (status == STATUS_NOT_FOUND && local_state_load(local, &state, &err) == STATUS_OK) {
		*id = device_id_now(&state, *id);
		status = STATUS_OK;
	}
	arena_finish(&arena);
	return status == STATUS_OK ||
	       sim_fail(sim, "device %zu: an open record: %s", device, err.detail);
}

bool
sim_form_open(struct sim *sim, size_t device, const char *id, struct sim_form *form)
{
	struct sambung_error err = {0};
	struct error why;

	*form = (struct sim_form){.edit = NULL};
	if (id[0] == '\0') {
		return true; /* what was to be made was not */
	}
	if (sambung_edit_begin(sim_handle(sim, device), id, &form->edit, &err) != 0) {
		form->edit = NULL;
		return err.status == STATUS_NOT_FOUND || sim_device_excused(sim, device) ||
		       sim_phone_excuses(sim, device, err.status) ||
		       sim_fail(sim, "device %zu: a form on %s: %s", device, id, err.detail);
	}
	(void)id_parse(id, &form->record, &why);
	if (!id_follow(sim, device, &form->record)) {
		return false;
	}
	return look(sim, device, form);
}

bool
sim_form_create(struct sim *sim, size_t device, const char *type, struct sim_form *form)
{
	struct sambung_error err = {0};

	*form = (struct sim_form){.edit = NULL};
	if (sambung_edit_create(sim_handle(sim, device), type, &form->edit, &err) != 0) {
		form->edit = NULL;
		return sim_device_excused(sim, device) ||
		       sim_phone_excuses(sim, device, err.status) ||
		       sim_fail(sim, "device %zu: a new %s: %s", device, type, err.detail);
	}
	return true;
}

bool
sim_form_set(struct sim *sim, struct sim_form *form, const char *field, const char *text)
{
	struct sambung_error err = {0};

	if (form->edit == NULL) {
		return true;
	}
	if (sambung_edit_set(form->edit, field, text, &err) != 0) {
		/* What one copy calls a family another may call a visit: nobody saves such a form.
		 */
		if (err.status == STATUS_OTHER_TYPE && sim->returns + sim->clones > 0) {
			sim_form_drop(form);
			return true;
		}
		return err.status == STATUS_UNKNOWN_FIELD ||
		       sim_fail(sim, "field %s: %s: %s", field, sambung_status_name(err.status),
				err.detail);
	}
	(void)snprintf(form->field, sizeof form->field, "%s", field);
	return true;
}

/* ---- saving ---- */

static void
try_remember(struct sim_device *device, struct sim_form *form)
{
	try_forget(&device->tries[SIM_TRIES - 1]);
	memmove(&device->tries[1], &device->tries[0],
		sizeof device->tries - sizeof device->tries[0]);
	device->tries[0] = (struct sim_try){.record = form->record,
					    .home = form->home,
					    .version = form->version,
					    .own = form->own,
					    .seen = form->seen};
	memcpy(device->tries[0].field, form->field, sizeof form->field);
	form->seen = (struct seen){.words = NULL};
}

/* The try of which this is the change that nobody said was saved, found when the disk was opened
 * again: the newest of that record, of several forms that were open on it the one that had seen
 * what the change says. Only here, where nothing else tells them apart, is it believed in that. */
static struct sim_try *
try_of(struct sim *sim, size_t device, const struct change *change)
{
	uint32_t number = id_stream(change->record);
	bool creates = change->base.epoch == 0 && change->record == id_make(number, change->n);
	const struct history *history = &sim->devices[device].history;
	size_t home = creates ? 0 : oracle_record_place(sim->oracle, history, change->record);
	struct sim_try *newest = NULL;

	for (size_t i = 0; i < SIM_TRIES; i++) {
		struct sim_try *try = &sim->devices[device].tries[i];

		if (try->field[0] == '\0' ||
		    !(creates ? try->record == 0 : try->record != 0 && try->home == home)) {
			continue;
		}
		if (creates || (try->version == change->base.version && change->own_stream == 0 &&
				try->own == history->offset + change->own_n)) {
			return try;
		}
		if (newest == NULL) {
			newest = try;
		}
	}
	return newest;
}

static bool
stood_get(const struct sim_device *own, uint32_t place)
{
	return place < SIM_STOOD_MAX && (own->stood[place / 64] >> place % 64 & 1) != 0;
}

static void
stood_set(struct sim_device *own, uint32_t place, bool stood)
{
	uint64_t bit = UINT64_C(1) << place % 64;

	if (place < SIM_STOOD_MAX) {
		own->stood[place / 64] =
			stood ? own->stood[place / 64] | bit : own->stood[place / 64] & ~bit;
	}
}

/* The record may have left the device while its form was open; else it stays from now on. */
static void
change_stands(struct sim *sim, size_t device, uint64_t record)
{
	uint32_t place = sim->devices[device].history.count;
	struct record held;
	struct arena arena;
	struct error err;

	arena_init(&arena, RECORD_ARENA);
	if (local_record(sim_handle(sim, device)->local, record, &arena, &held, NULL, &err) ==
	    STATUS_OK) {
		stood_set(&sim->devices[device], place, true);
	}
	arena_finish(&arena);
}

enum status
sim_change_kept(struct sim *sim, size_t device, uint32_t n, struct arena *arena,
		struct frozen *frozen_out, struct change *change_out, struct error *err)
{
	struct local *local = sim_handle(sim, device)->local;
	struct local_batches batches;
	struct local_change kept;
	enum status status = local_change(local, n, arena, &kept, err);

	if (status == STATUS_OK) {
		status = change_decode(kept.bytes, false, arena, change_out, err);
	}
	if (status == STATUS_OK) {
		status = local_batches(local, n, n, arena, &batches, err);
	}
	if (status != STATUS_OK || batches.count == 0) {
		return status == STATUS_OK ? fail(err, STATUS_STORAGE, "no seed of change %u", n)
					   : status;
	}
	frozen_out->bytes = kept.bytes;
	commitment_salt(batches.at[0].seed, n, frozen_out->salt);
	return STATUS_OK;
}

/* saved: this is what the newest try made. */
static bool
change_learn(struct sim *sim, size_t device, uint32_t n, bool saved)
{
	struct frozen frozen;
	struct change change;
	struct sim_try *try = NULL;
	struct arena arena;
	struct error err;
	enum status status;

	arena_init(&arena, RECORD_ARENA);
	status = sim_change_kept(sim, device, n, &arena, &frozen, &change, &err);
	if (status == STATUS_OK) {
		try = saved ? &sim->devices[device].tries[0] : try_of(sim, device, &change);
	}
	if (try != NULL) {
		oracle_change(sim->oracle, &sim->devices[device].history, &change, &frozen,
			      &try->seen);
		sim->changes++;
		change_stands(sim, device, change.record);
		try_forget(try); /* a form makes one change */
	}
	arena_finish(&arena);
	return try != NULL || sim_fail(sim, "device %zu: change %u was made by nobody: %s", device,
				       n, status == STATUS_OK ? "" : err.detail);
}

/* saved_n: the change that the newest try made, for its save said so; 0: none. */
static bool
changes_learn(struct sim *sim, size_t device, uint32_t saved_n)
{
	struct sim_device *own = &sim->devices[device];
	struct sambung_state state;
	struct sambung_error err;

	if (sambung_state(sim_handle(sim, device), &state, &err) != 0) {
		return sim_fail(sim, "device %zu: its state: %s", device, err.detail);
	}
	if (!sim_number_ask(sim, device)) {
		return false;
	}
	if (!own->enrolled) {
		return true;
	}
	if (state.last_n < sim_last_n(own) || state.acked_n > state.last_n) {
		return sim_fail(sim, "device %zu: change %u was durable, and %u is the last one",
				device, sim_last_n(own), state.last_n);
	}
	while (sim_last_n(own) < state.last_n) {
		uint32_t n = sim_last_n(own) + 1;

		if (!change_learn(sim, device, n, n == saved_n)) {
			return false;
		}
	}
	return true;
}

bool
sim_changes_learn(struct sim *sim, size_t device)
{
	return changes_learn(sim, device, 0);
}

static bool
pending_shown(struct sim *sim, size_t device, uint32_t n)
{
	struct local *local = sim_handle(sim, device)->local;
	struct sim_device *own = &sim->devices[device];
	uint32_t place = own->history.offset + n;
	struct local_change change;
	struct record shown;
	struct arena arena;
	struct error err;
	bool good = true;
	enum status status;

	arena_init(&arena, RECORD_ARENA);
	status = local_change(local, n, &arena, &change, &err);
	if (status == STATUS_OK && change.seq != 0) {
		/* The answer to a file tells of it, and of what comes before it an answer was lost.
		 */
		stood_set(own, place, false);
	}
	if (status == STATUS_OK) {
		status = local_record(local, change.record, &arena, &shown, NULL, &err);
		good = (status == STATUS_NOT_FOUND &&
			(!stood_get(own, place) || place <= own->acked_high ||
			 oracle_record_was_erased(sim->oracle, &own->history, change.record))) ||
		       (status == STATUS_LEASE_OVER && sim_lease_over(sim, device)) ||
		       (status == STATUS_OK &&
			oracle_shows(sim->oracle, &own->history, &shown, place, &err));
	} else {
		good = false;
	}
	arena_finish(&arena);
	return good || sim_fail(sim, "device %zu: %s", device, err.detail);
}

bool
sim_pending_shown(struct sim *sim, size_t device)
{
	struct sim_device *own = &sim->devices[device];
	struct sambung_state state;
	uint32_t acked;
	struct sambung_error err;

	if (sambung_state(sim_handle(sim, device), &state, &err) != 0) {
		return sim_fail(sim, "device %zu: its state: %s", device, err.detail);
	}
	if (!own->enrolled) {
		return true;
	}
	acked = own->history.offset + state.acked_n;
	own->acked_high = acked > own->acked_high ? acked : own->acked_high;
	for (uint32_t n = state.acked_n + 1; n <= state.last_n; n++) {
		uint32_t place = own->history.offset + n;

		/* What a restored server is sent again may be what was set aside once. */
		if (!(place <= own->acked_high &&
		      oracle_was_set_aside(sim->oracle, &own->history, place)) &&
		    !pending_shown(sim, device, n)) {
			return false;
		}
	}
	return true;
}

uint32_t
sim_last_n(const struct sim_device *device)
{
	return device->history.count - device->history.offset;
}

/* What a disk did not take can be saved once more, or given up. */
static bool
save_failed(struct sim *sim, size_t device, struct sim_form *form, const struct sambung_error *err)
{
	if (err->status == STATUS_NOTHING_CHANGED) {
		/* Ticking what is ticked is no change, and the form says so. */
		return true;
	}
	return sim_device_excused(sim, device) || sim_phone_excuses(sim, device, err->status) ||
	       sim_fail(sim, "device %zu: saving %s: %s", device, form->field, err->detail);
}

bool
sim_form_save(struct sim *sim, size_t device, struct sim_form *form, char *id_out)
{
	struct sambung_error err = {0};
	char id[16] = "";
	uint32_t n = 0;
	bool good;

	if (id_out != NULL) {
		id_out[0] = '\0';
	}
	if (form->edit == NULL || form->field[0] == '\0') {
		sim_form_drop(form);
		return true;
	}
	try_remember(&sim->devices[device], form);
	if (sambung_edit_commit(form->edit, id, &n, &err) != 0) {
		good = save_failed(sim, device, form, &err);
		if (sim_device_excused(sim, device) &&
		    !fault_disk_dead(sim->world->devices[device].folder) &&
		    sim_choose(sim, 2) == 0 && sambung_edit_commit(form->edit, id, &n, &err) == 0) {
			form->edit = NULL;
		}
	} else {
		form->edit = NULL;
		good = true;
	}
	if (n != 0 && id_out != NULL) {
		memcpy(id_out, id, sizeof id);
	}
	good = good && (n == 0 || changes_learn(sim, device, n));
	if (good && n != 0 && sim_last_n(&sim->devices[device]) != n) {
		good = sim_fail(sim, "device %zu: change %u was saved and %u is the last one",
				device, n, sim_last_n(&sim->devices[device]));
	}
	sim_form_drop(form);
	return good;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Phones without signal: their requests go in files, which somebody delivers some day, perhaps
 * twice, and the answers come back some day, or do not. */
#include "protocol/carry.h"
#include "protocol/id.h"
#include "tests/simulation/sim.h"

#include <stdio.h>
#include <stdlib.h>

enum { LOST_OF_8 = 2, DAMAGED_OF_8 = 1, COLLEAGUES = 3 };

static int
file_keep(void *context, struct sambung_bytes bytes)
{
	struct buffer *out = context;

	buffer_clear(out);
	buffer_append(out, bytes.at, bytes.length);
	return out->status != STATUS_OK;
}

bool
sim_event_file_out(struct sim *sim, size_t device)
{
	struct sim_file *file = &sim->files[sim->file_count % SIM_FILES];
	struct sambung_carried carried;
	struct sambung_error err = {0};

	if (!sim_may(sim, SIM_FILE)) {
		return true;
	}
	if (file->bytes.limit == 0) {
		buffer_init(&file->bytes, CARRY_FILE_MAX);
		buffer_init(&file->answers, CARRY_REPLIES_MAX);
	}
	buffer_clear(&file->bytes);
	buffer_clear(&file->answers);
	if (sambung_carry_out(sim_handle(sim, device), file_keep, &file->bytes, &carried, &err) !=
	    0) {
		buffer_clear(&file->bytes);
		return sim_device_excused(sim, device) ||
		       sim_phone_excuses(sim, device, err.status) ||
		       sim_fail(sim, "device %zu: no file: %s", device, err.detail);
	}
	file->device = device;
	sim->file_count++;
	return true;
}

/* ---- the courier ---- */

static enum status
file_post(void *context, struct span parcel, struct buffer *reply, struct error *err)
{
	return world_deliver(context, parcel, reply) ? STATUS_OK
						     : fail(err, STATUS_UNREACHABLE, "no answer");
}

/* New answers take the place of those that there were; without an answer these stay. */
static enum status
file_deliver(struct sim *sim, struct sim_file *file, bool goes_on, struct error *err)
{
	struct carry_delivery delivery = {
		.file = buffer_span(&file->bytes), .post = file_post, .context = sim->world};
	struct carry_count count;
	struct buffer answers;
	enum status status;

	if (goes_on) {
		delivery.before = buffer_span(&file->answers);
	}
	buffer_init(&answers, CARRY_REPLIES_MAX);
	status = carry_deliver(&delivery, &answers, &count, err);
	if (answers.length > 0) {
		buffer_clear(&file->answers);
		buffer_append_span(&file->answers, buffer_span(&answers));
	}
	buffer_finish(&answers);
	return status;
}

/* A file that was damaged on its way is refused as a whole. The bytes are changed back. */
static bool
damaged_is_refused(struct sim *sim, struct sim_file *file)
{
	size_t at = (size_t)sim_luck(sim, file->bytes.length);
	uint64_t requests = sim->world->old_count;
	struct error err;
	enum status status;

	file->bytes.at[at] ^= 0x40;
	status = file_deliver(sim, file, false, &err);
	file->bytes.at[at] ^= 0x40;
	return ((status == STATUS_MALFORMED || status == STATUS_UNSUPPORTED) &&
		sim->world->old_count == requests) ||
	       sim_fail(sim, "a damaged file was not refused: %s", status_name(status));
}

bool
sim_event_file_carry(struct sim *sim, size_t device)
{
	struct sim_file *file = &sim->files[sim_choose(sim, SIM_FILES)];
	bool goes_on = sim_choose(sim, 2) == 0;
	struct error err;
	enum status status;

	(void)device;
	if (file->bytes.length == 0) {
		return true;
	}
	if (sim_may(sim, SIM_CUT) && sim_luck(sim, 8) < DAMAGED_OF_8) {
		return damaged_is_refused(sim, file);
	}
	status = file_deliver(sim, file, goes_on, &err);
	if (sim_may(sim, SIM_LOSE) && sim_luck(sim, 8) < LOST_OF_8) {
		buffer_clear(&file->answers);
	}
	return status == STATUS_OK || status == STATUS_UNREACHABLE ||
	       sim_fail(sim, "a file is not delivered: %s: %s", status_name(status), err.detail);
}

/* ---- the answers ---- */

static bool
answers_take(struct sim *sim, size_t device, const struct sim_file *file)
{
	struct sambung_bytes answers = {file->answers.at, file->answers.length};
	struct sambung_result result;
	struct sambung_error err = {0};
	int status = sambung_carry_in(sim_handle(sim, device), answers, &result, &err);

	sim_contact_note(sim, device, false);
	return status == 0 || sim_device_excused(sim, device) ||
	       sim_server_may_answer(sim, device, status) ||
	       sim_phone_excuses(sim, device, status) ||
	       sim_fail(sim, "device %zu: answers in a file: %s: %s", device,
			sambung_status_name(status), err.detail);
}

/* One of the device's files; now and then another's, of which it understands nothing. */
bool
sim_event_file_in(struct sim *sim, size_t device)
{
	size_t chosen = (size_t)sim_choose(sim, SIM_FILES);
	bool any = sim_choose(sim, 8) == 0;

	for (size_t i = 0; i < SIM_FILES; i++) {
		const struct sim_file *file = &sim->files[(chosen + i) % SIM_FILES];

		if (file->answers.length > 0 && (any || file->device == device)) {
			return answers_take(sim, device, file);
		}
	}
	return true;
}

/* ---- a detour ---- */

static bool
alive(struct sim *sim, size_t device)
{
	return sim->devices[device].enrolled && sim_server_up(sim) &&
	       !fault_disk_dead(sim->world->devices[device].folder);
}

/* As after every step, for one of several devices that do something in it. Of one that died amid it
 * nobody knows yet what it said, and under which number: the log is read when it is back. */
static bool
sync_and_look(struct sim *sim, size_t device)
{
	if (!alive(sim, device)) {
		return true;
	}
	return sim_event_sync(sim, device) &&
	       (fault_disk_dead(sim->world->devices[device].folder) ||
		(sim_number_ask(sim, device) && sim_pending_shown(sim, device) &&
		 (!sim_server_up(sim) || sim_observe(sim))));
}

/* Mostly the one field that all of them come back to. */
static bool
fill_and_save(struct sim *sim, size_t device, struct sim_form *form)
{
	bool address = sim_choose(sim, 4) != 0;

	return sim_form_set(sim, form, address ? "address" : "verified_date",
			    address ? sim_addresses[sim_choose(sim, 3)]
				    : sim_dates[sim_choose(sim, 3)]) &&
	       sim_form_save(sim, device, form, NULL);
}

static bool
write_family(struct sim *sim, size_t device, const char *id)
{
	struct sim_form form;

	return !alive(sim, device) ||
	       (sim_number_ask(sim, device) && sim_form_open(sim, device, id, &form) &&
		fill_and_save(sim, device, &form));
}

/* Others who have it write it and sync. */
static bool
colleagues_write(struct sim *sim, size_t device, const char *id)
{
	bool good = true;

	for (int i = 0; i < COLLEAGUES && good; i++) {
		size_t other = (size_t)sim_choose(sim, sim->world->device_count);

		good = other == device ||
		       (write_family(sim, other, id) && sync_and_look(sim, other));
	}
	return good;
}

/* A family of a colleague's, or one that is new to the device as well: its id, "" for none. */
static bool
family_of_others(struct sim *sim, size_t device, char id_out[ID_TEXT_SIZE])
{
	size_t village = sim->devices[device].village;
	size_t other = (size_t)sim_choose(sim, sim->world->device_count);
	const char *known = sim_places_choose(sim, &sim->families[village]);
	struct sim_form form;

	(void)snprintf(id_out, ID_TEXT_SIZE, "%.*s", ID_TEXT_SIZE - 1, known == NULL ? "" : known);
	if (sim_choose(sim, 3) != 0 || other == device || !alive(sim, other)) {
		return true;
	}
	if (!sim_form_create(sim, other, "family", &form) ||
	    !sim_form_set(sim, &form, "village", sim_villages[village]) ||
	    !sim_form_set(sim, &form, "head", "Uji Baru") ||
	    !sim_form_save(sim, other, &form, id_out)) {
		return false;
	}
	sim_places_add(&sim->families[village], id_out);
	return sync_and_look(sim, other);
}

/*
 * What happens while the answer to a file is on its way. A form that was open all the time is saved
 * when the device has heard of what the others wrote.
 */
static bool
overtake(struct sim *sim, size_t device, const char *id)
{
	struct sim_form form = {.edit = NULL};
	bool good = sim_choose(sim, 2) != 0 || sim_form_open(sim, device, id, &form);

	good = good && colleagues_write(sim, device, id) && sync_and_look(sim, device);
	if (good && form.edit != NULL && alive(sim, device)) {
		good = fill_and_save(sim, device, &form);
	}
	sim_form_drop(&form);
	if (good && sim_choose(sim, 4) == 0) {
		good = write_family(sim, device, id) && sync_and_look(sim, device);
	}
	return good;
}

/* An answer is overtaken by syncs: what it says of a family that several people write is old by the
 * time that it comes, and so is the request if it is delivered once more. */
bool
sim_event_detour(struct sim *sim, size_t device)
{
	struct sim_file *file = &sim->files[sim->file_count % SIM_FILES];
	char id[ID_TEXT_SIZE];
	struct error err;

	if (!sim_may(sim, SIM_FILE) || !alive(sim, device)) {
		return true;
	}
	if (!family_of_others(sim, device, id) || !colleagues_write(sim, device, id) ||
	    !sim_event_file_out(sim, device)) {
		return false;
	}
	if (!alive(sim, device) || file->bytes.length == 0) {
		return true;
	}
	(void)file_deliver(sim, file, false, &err);
	if (!overtake(sim, device, id)) {
		return false;
	}
	if (sim_choose(sim, 4) == 0 && sim_server_up(sim)) {
		(void)file_deliver(sim, file, false, &err);
	}
	/* A delivery may have begun a history of the server's, which the answer tells. */
	return file->answers.length == 0 || !alive(sim, device) ||
	       (sim_observe(sim) && answers_take(sim, device, file) &&
		write_family(sim, device, id));
}

bool
sim_files_deliver(struct sim *sim)
{
	for (size_t i = 0; i < SIM_FILES; i++) {
		struct sim_file *file = &sim->files[i];
		struct error err;

		if (file->bytes.length == 0) {
			continue;
		}
		if (file_deliver(sim, file, false, &err) != STATUS_OK) {
			return sim_fail(sim, "a late file is not answered: %s", err.detail);
		}
		if (!answers_take(sim, file->device, file) || !sim_number_ask(sim, file->device)) {
			return false;
		}
	}
	return true;
}

bool
sim_files_late(struct sim *sim)
{
	uint64_t head = world_head(sim->world);

	if (!sim_files_deliver(sim)) {
		return false;
	}
	return world_head(sim->world) == head ||
	       sim_fail(sim, "a late file changed what everybody had");
}

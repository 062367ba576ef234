/* SPDX-License-Identifier: Apache-2.0 */
/* Syncs, and requests and replies that somebody carries by hand. */
#include "tests/simulation/sim.h"

enum { MEANWHILE = 4 };

bool
sim_server_may_answer(const struct sim *sim, size_t device, int status)
{
	return (status == STATUS_FOREIGN && sim->devices[device].forgotten) ||
	       (status == STATUS_HELD && sim->devices[device].copied) ||
	       ((status == STATUS_REVOKED || status == STATUS_DESTROYED) &&
		sim->devices[device].revoked);
}

/* Whatever the network did, these say that the other side broke its word, or the program. */
bool
sim_sync_may_fail_with(const struct sim *sim, size_t device, int status)
{
	if (status == STATUS_FOREIGN || status == STATUS_HELD || status == STATUS_REVOKED ||
	    status == STATUS_DESTROYED) {
		return sim_server_may_answer(sim, device, status);
	}
	return status != STATUS_INTERNAL && status != STATUS_FORK &&
	       status != STATUS_UNAUTHENTICATED && status != STATUS_NOT_ENROLLED;
}

bool
sim_event_sync(struct sim *sim, size_t device)
{
	struct sambung_result result;
	struct sambung_error err = {0};
	int status = sambung_sync(sim_handle(sim, device), NULL, NULL, &result, &err);

	sim_contact_note(sim, device, status == 0 && result.synced);
	if (status == 0 || sim_device_excused(sim, device)) {
		return true;
	}
	if (!sim_sync_may_fail_with(sim, device, status) || status == STATUS_STORAGE ||
	    status == STATUS_FULL) {
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

bool
sim_event_request(struct sim *sim, size_t device)
{
	struct sim_device *own = &sim->devices[device];
	struct sambung_bytes request;
	struct sambung_error err = {0};

	if (!sim_may(sim, SIM_DELAY)) {
		return true;
	}
	if (sambung_exchange_request(sim_handle(sim, device), &request, &err) != 0) {
		return sim_device_excused(sim, device) ||
		       sim_phone_excuses(sim, device, err.status) ||
		       sim_fail(sim, "device %zu: no request: %s", device, err.detail);
	}
	buffer_append(letter_place(own->out, &own->out_count), request.at, request.length);
	return true;
}

bool
sim_event_carry(struct sim *sim, size_t device)
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

bool
sim_event_answer(struct sim *sim, size_t device)
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
	sim_contact_note(sim, device, false);
	/* Of an older request, or of one made before the app was closed, it cannot be opened. */
	return status == 0 || sim_device_excused(sim, device) ||
	       sim_sync_may_fail_with(sim, device, status) ||
	       sim_fail(sim, "device %zu: a reply: %s: %s", device, sambung_status_name(status),
			err.detail);
}

/* The app is used on while a sync is on its way. */
bool
sim_event_meanwhile(struct sim *sim, size_t device)
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
		       sim_phone_excuses(sim, device, err.status) ||
		       sim_fail(sim, "device %zu: no request: %s", device, err.detail);
	}
	buffer_init(&reply, PARCEL_REPLY_MAX);
	if (world_deliver(sim->world, span_of(request.at, request.length), &reply)) {
		for (int i = 0; i < MEANWHILE && good; i++) {
			good = sim_event_form(sim, device);
		}
		status = sambung_exchange_reply(sim_handle(sim, device),
						(struct sambung_bytes){reply.at, reply.length},
						&again, NULL, &err);
		sim_contact_note(sim, device, false);
	}
	buffer_finish(&reply);
	return good && (status == 0 || sim_device_excused(sim, device) ||
			sim_server_may_answer(sim, device, status) ||
			sim_phone_excuses(sim, device, status) ||
			sim_fail(sim, "device %zu: a reply: %s: %s", device,
				 sambung_status_name(status), err.detail));
}

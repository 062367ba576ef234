/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/ingest/family.h"

#include "daemon/ingest/note.h"

#include <string.h>

enum status
family_load(struct ingest *ingest, uint32_t number, struct family *out, struct error *err)
{
	return store_family(ingest->options.store, number, &ingest->work.arena, &out->devices,
			    &out->count, err);
}

struct device *
family_member(const struct family *family, uint32_t number)
{
	for (size_t i = 0; i < family->count; i++) {
		if (family->devices[i].stream.number == number) {
			return &family->devices[i];
		}
	}
	return NULL;
}

struct device *
family_heir(const struct family *family, uint32_t parent, uint32_t n)
{
	for (size_t i = 0; i < family->count; i++) {
		const struct stream *stream = &family->devices[i].stream;

		if (stream->parent == parent && stream->parent_n == n) {
			return &family->devices[i];
		}
	}
	return NULL;
}

enum status
family_become(struct ingest *ingest, struct family *family, enum device_state state,
	      uint32_t spared, struct error *err)
{
	enum status status = STATUS_OK;

	for (size_t i = 0; i < family->count && status == STATUS_OK; i++) {
		struct device *device = &family->devices[i];

		if (device->state == DEVICE_REVOKED || device->state == state ||
		    device->stream.number == spared || key_is_none(device->stream.key)) {
			continue;
		}
		device->state = state;
		status = store_device_put(ingest->options.store, device, err);
	}
	return status;
}

enum status
family_hold(struct ingest *ingest, struct parcel *parcel, struct error *err)
{
	struct note note = {.action = "hold", .stream = parcel->head.device};
	struct family family;
	enum status status = family_load(ingest, parcel->head.device, &family, err);

	if (status == STATUS_OK) {
		status = family_become(ingest, &family, DEVICE_HELD, 0, err);
	}
	if (status == STATUS_OK) {
		status = ingest_note(ingest, ENTRY_ADMIN, 0, &note, NULL, err);
	}
	if (status == STATUS_OK) {
		parcel->device.state = DEVICE_HELD;
	}
	return status;
}

/* ---- by an admin's word ---- */

enum status
ingest_device_revoke(struct ingest *ingest, uint32_t number, uint32_t user, struct error *err)
{
	struct note note = {.action = "revoke"};
	struct device device;
	struct family family;
	enum status status =
		store_device(ingest->options.store, number, &ingest->work.arena, &device, err);

	if (status == STATUS_OK) {
		status = family_load(ingest, number, &family, err);
	}
	for (size_t i = 0; status == STATUS_OK && i < family.count; i++) {
		struct device *member = &family.devices[i];

		if (member->state == DEVICE_REVOKED) {
			continue;
		}
		member->state = DEVICE_REVOKED;
		note.stream = member->stream.number;
		status = store_device_put(ingest->options.store, member, err);
		if (status == STATUS_OK) {
			status = ingest_note(ingest, ENTRY_ADMIN, user, &note, NULL, err);
		}
	}
	return status;
}

enum status
ingest_device_allow(struct ingest *ingest, uint32_t number, uint32_t user, struct error *err)
{
	struct note note = {.action = "allow", .stream = number};
	struct device device;
	struct family family;
	bool waiting = false;
	enum status status =
		store_device(ingest->options.store, number, &ingest->work.arena, &device, err);

	if (status == STATUS_OK && device.state == DEVICE_REVOKED) {
		return fail(err, STATUS_INVALID, "device %u was revoked", number);
	}
	if (status == STATUS_OK) {
		status = family_load(ingest, number, &family, err);
	}
	for (size_t i = 0; status == STATUS_OK && i < family.count; i++) {
		enum device_state state = family.devices[i].state;

		if (key_is_none(family.devices[i].stream.key)) {
			continue;
		}
		waiting = waiting || state == DEVICE_HELD || state == DEVICE_FORMER;
		if (state != DEVICE_ACTIVE && ingest->erases) {
			/* While it was former nobody was thought to be there to be told. */
			status = store_erasure_device_all(ingest->options.store,
							  family.devices[i].stream.number, err);
			ingest->erasure_waits = true;
		}
	}
	if (status == STATUS_OK && !waiting) {
		return fail(err, STATUS_INVALID, "device %u is not held", number);
	}
	if (status == STATUS_OK) {
		status = family_become(ingest, &family, DEVICE_ACTIVE, 0, err);
	}
	return status == STATUS_OK ? ingest_note(ingest, ENTRY_ADMIN, user, &note, NULL, err)
				   : status;
}

enum status
ingest_device_replace(struct ingest *ingest, uint32_t number, uint32_t user, char *code_out,
		      int64_t *expires_ms_out, struct error *err)
{
	struct code_order order = {.user = user};
	struct device device;
	enum status status =
		store_device(ingest->options.store, number, &ingest->work.arena, &device, err);

	if (status == STATUS_OK) {
		status = ingest_device_revoke(ingest, number, user, err);
	}
	if (status != STATUS_OK) {
		return status;
	}
	order.cadre = device.stream.name;
	order.scope = device.scope;
	order.scope_count = device.scope_count;
	return ingest_code_make(ingest, &order, code_out, expires_ms_out, err);
}

/* ---- by its own ---- */

enum status
family_destroyed(struct ingest *ingest, struct parcel *parcel, struct error *err)
{
	const uint32_t number = parcel->device.stream.number;
	const struct note note = {.action = "destroyed", .stream = number};
	uint64_t seq;
	bool erased;
	enum status status = STATUS_OK;

	if (parcel->device.destroyed_ms != 0) {
		return STATUS_OK;
	}
	if (parcel->device.state != DEVICE_REVOKED) {
		status = ingest_device_revoke(ingest, number, 0, err);
		parcel->device.state = DEVICE_REVOKED;
	}
	if (status == STATUS_OK) {
		status = ingest_note(ingest, ENTRY_ADMIN, 0, &note, &seq, err);
	}
	if (status == STATUS_OK) {
		status = store_device_destroyed(ingest->options.store, number, seq, err);
	}
	/* Nor has it what was erased by law. */
	return status == STATUS_OK ? store_erasure_ack(ingest->options.store, number, INT64_MAX,
						       ingest_clock_ms(ingest), &erased, err)
				   : status;
}

/* ---- after a restore ---- */

/* Those that it continues, as far as they are known. */
static enum status
ancestors_become_former(struct ingest *ingest, const struct family *family,
			const struct device *device, struct error *err)
{
	struct device *at = family_member(family, device->stream.parent);
	enum status status = STATUS_OK;

	for (size_t i = 0; at != NULL && i < family->count && status == STATUS_OK; i++) {
		if (at->state == DEVICE_ACTIVE) {
			at->state = DEVICE_FORMER;
			status = store_device_put(ingest->options.store, at, err);
		}
		at = family_member(family, at->stream.parent);
	}
	return status;
}

/* What the rest of its family makes of a device. */
static enum device_state
family_state(const struct family *family, const struct device *device)
{
	enum device_state state = device->state;

	for (size_t i = 0; i < family->count; i++) {
		const struct device *member = &family->devices[i];

		if (member->state == DEVICE_REVOKED) {
			return DEVICE_REVOKED;
		}
		if (member->state == DEVICE_HELD) {
			state = DEVICE_HELD;
		} else if (member->stream.parent == device->stream.number && state != DEVICE_HELD) {
			state = DEVICE_FORMER;
		}
	}
	return state;
}

enum status
family_rejoin(struct ingest *ingest, const struct device *device, struct error *err)
{
	bool revoked = false;
	enum status status = family_take_in(ingest, device, &revoked, err);

	return status == STATUS_OK && revoked
		       ? ingest_device_revoke(ingest, device->stream.number, 0, err)
		       : status;
}

enum status
family_take_in(struct ingest *ingest, const struct device *device, bool *revoked_out,
	       struct error *err)
{
	const uint32_t number = device->stream.number;
	struct device joined = *device;
	struct family family;
	enum status status = family_load(ingest, number, &family, err);

	if (status != STATUS_OK) {
		return status;
	}
	joined.state = family_state(&family, device);
	*revoked_out = joined.state == DEVICE_REVOKED;
	if (*revoked_out) {
		return STATUS_OK;
	}
	if (joined.state == DEVICE_FORMER) {
		status = ancestors_become_former(ingest, &family, device, err);
	} else if (joined.state == DEVICE_ACTIVE) {
		/* As when the number was given. Should another of them live, it will speak. */
		status = family_become(ingest, &family, DEVICE_FORMER, number, err);
	}
	return status == STATUS_OK && joined.state != device->state
		       ? store_device_put(ingest->options.store, &joined, err)
		       : status;
}

/* ---- a number that a phone comes for late ---- */

enum status
family_logged(struct ingest *ingest, const struct change_run *run, struct logged_change *out,
	      struct error *err)
{
	size_t found = 0;
	enum status status = store_logged_changes(ingest->options.store, run, out, &found, err);

	return status == STATUS_OK && found != run->count
		       ? fail(err, STATUS_STORAGE, "the log lacks changes of device %u",
			      run->stream)
		       : status;
}

enum status
family_chain(struct ingest *ingest, const struct chain_place *place, uint8_t chain_out[HASH_SIZE],
	     struct error *err)
{
	struct logged_change *logged =
		ARENA_ARRAY(&ingest->work.arena, struct logged_change, LOGGED_RUN);
	uint8_t chain[HASH_SIZE];
	uint32_t n = 0;
	enum status status = logged == NULL ? fail(err, STATUS_MEMORY, "the writer's batch")
					    : workset_flush(ingest, err);

	chain_start(place->key, place->stream, chain);
	while (status == STATUS_OK && n < place->n) {
		const size_t left = place->n - n;
		const struct change_run run = {place->stream, n + 1,
					       left < LOGGED_RUN ? left : LOGGED_RUN};

		status = family_logged(ingest, &run, logged, err);
		for (size_t i = 0; i < run.count && status == STATUS_OK; i++) {
			chain_advance(chain, ++n, logged[i].commitment);
		}
	}
	if (status == STATUS_OK) {
		memcpy(chain_out, chain, HASH_SIZE);
	}
	return status;
}

enum status
family_claim(struct ingest *ingest, struct device *device, const uint8_t key[32], struct error *err)
{
	const uint32_t number = device->stream.number;
	struct stream_slot *slot;
	enum status status = workset_stream(ingest, number, &slot, err);

	if (status == STATUS_OK) {
		status = store_stream_key(ingest->options.store, number, key, err);
	}
	if (status == STATUS_OK) {
		ingest->work.wrote = true;
		memcpy(slot->stream.key, key, sizeof slot->stream.key);
		slot->dirty = true;
		status = family_chain(ingest,
				      &(struct chain_place){number, slot->stream.acked_n, key},
				      slot->stream.chain, err);
	}
	if (status == STATUS_OK) {
		device->stream = slot->stream;
	}
	return status;
}

/* ---- for the merge ---- */

enum status
family_remember(struct ingest *ingest, const struct stream *stream, struct error *err)
{
	const struct lineage lineage = {stream->number, stream->parent, stream->parent_n};
	struct buffer *lineages = &ingest->lineages;
	size_t count = lineages->length / sizeof lineage;

	if (stream->parent == 0) {
		return STATUS_OK;
	}
	buffer_append(&ingest->work.continued, &stream->number, sizeof stream->number);
	if (ingest->work.continued.status != STATUS_OK ||
	    buffer_extend(lineages, sizeof lineage) == NULL) {
		return fail(err, STATUS_MEMORY, "the lineages");
	}
	lineage_add((void *)lineages->at, &count, lineage);
	lineages->length = count * sizeof lineage;
	return STATUS_OK;
}

void
family_forget(struct ingest *ingest)
{
	const uint32_t *numbers = (const void *)ingest->work.continued.at;
	struct lineage *lineages = (void *)ingest->lineages.at;
	size_t count = ingest->lineages.length / sizeof lineages[0];

	for (size_t i = 0; i < ingest->work.continued.length / sizeof numbers[0]; i++) {
		size_t at = lineage_place(lineages, count, numbers[i]);

		if (at < count && lineages[at].stream == numbers[i]) {
			count--;
			memmove(&lineages[at], &lineages[at + 1],
				(count - at) * sizeof lineages[0]);
		}
	}
	ingest->lineages.length = count * sizeof lineages[0];
}

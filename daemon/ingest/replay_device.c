/* SPDX-License-Identifier: Apache-2.0 */
/* replay_device: what entries did to devices, as their notes say. */
#include "daemon/ingest/family.h"
#include "daemon/ingest/replay_parts.h"
#include "daemon/store/store_people.h"

#include <string.h>

enum status
replay_stream(const struct told *told, struct stream *stream, struct error *err)
{
	const struct note *note = told->note;
	enum status status;

	stream->number = note->stream;
	if (note->key.length == sizeof stream->key) {
		memcpy(stream->key, note->key.at, sizeof stream->key);
	}
	chain_start(stream->key, stream->number, stream->chain);
	status = store_stream_add(told->again, stream, err);
	told->ingest->work.wrote = true;
	return status;
}

/* A device comes into being, of the family of those that it continues. */
static enum status
add_device(const struct told *told, struct device *device, struct error *err)
{
	const struct note *note = told->note;
	enum status status;

	*device = (struct device){
		.stream = {.kind = STREAM_DEVICE,
			   .name = note->name,
			   .parent = note->continued,
			   .parent_n = note->common_n},
		.state = DEVICE_ACTIVE,
		.scope_version = told->seq,
		.scope_count = note->scope_count,
	};
	device->scope = arena_copy(&told->ingest->work.arena, note->scope,
				   note->scope_count * sizeof note->scope[0]);
	if (device->scope == NULL && note->scope_count > 0) {
		return fail(err, STATUS_MEMORY, "a replay");
	}
	status = replay_stream(told, &device->stream, err);
	if (status == STATUS_OK) {
		status = store_device_put(told->again, device, err);
	}
	return status == STATUS_OK ? family_remember(told->ingest, &device->stream, err) : status;
}

static enum status
code_told(const struct told *told, struct stored_code *out, struct error *err)
{
	const struct note *note = told->note;

	*out = (struct stored_code){.cadre = note->name, .scope_count = note->scope_count};
	out->scope = arena_copy(&told->ingest->work.arena, note->scope,
				note->scope_count * sizeof note->scope[0]);
	if (out->scope == NULL && note->scope_count > 0) {
		return fail(err, STATUS_MEMORY, "a replay");
	}
	return STATUS_OK;
}

/* Its secret is in no entry, but for whom and for which villages it was made. */
enum status
replay_code(const struct told *told, struct error *err)
{
	struct stored_code code;
	enum status status = code_told(told, &code, err);

	if (status == STATUS_OK) {
		put_le64(code.id, told->seq);
		status = store_code_put(told->again, &code, err);
	}
	told->ingest->work.wrote = true;
	return status;
}

/* Whoever comes has a code that was made for just this, and each serves once. */
enum status
replay_enrol(const struct told *told, struct error *err)
{
	struct device device;
	struct stored_code code;
	enum status status = code_told(told, &code, err);

	if (status == STATUS_OK) {
		status = store_code_spend(told->again, &code, err);
	}
	if (status == STATUS_NOT_FOUND) {
		replay_tell(told->replay, told->row, "payload",
			    "no code was made for such a device");
		status = STATUS_OK;
	}
	return status == STATUS_OK ? add_device(told, &device, err) : status;
}

enum status
replay_readmit(const struct told *told, struct error *err)
{
	struct device device;
	bool revoked;
	enum status status = add_device(told, &device, err);

	/* Of a family that was revoked the entries that say so of each follow. */
	return status == STATUS_OK ? family_take_in(told->ingest, &device, &revoked, err) : status;
}

/* A phone came for a number that had been adopted without a key. */
static enum status
claim_device(const struct told *told, struct device *device, struct error *err)
{
	const struct note *note = told->note;
	enum status status;

	if (!key_is_none(device->stream.key) || note->key.length != sizeof device->stream.key ||
	    device->stream.parent != note->continued || device->stream.parent_n != note->common_n) {
		return fail(err, STATUS_EXISTS, "the number is another's");
	}
	status = family_claim(told->ingest, device, note->key.at, err);
	device->state = DEVICE_ACTIVE;
	device->scope_version = told->seq;
	device->scope_count = note->scope_count;
	device->scope = arena_copy(&told->ingest->work.arena, note->scope,
				   note->scope_count * sizeof note->scope[0]);
	return status == STATUS_OK ? store_device_put(told->again, device, err) : status;
}

enum status
replay_continue(const struct told *told, struct error *err)
{
	const uint32_t number = told->note->stream;
	struct arena *arena = &told->ingest->work.arena;
	struct family family;
	struct device device;
	enum status status = family_load(told->ingest, told->note->continued, &family, err);

	if (status == STATUS_OK) {
		status = store_device(told->again, number, arena, &device, err);
	}
	if (status == STATUS_OK) {
		status = claim_device(told, &device, err);
	} else if (status == STATUS_NOT_FOUND) {
		status = add_device(told, &device, err);
	}
	return status == STATUS_OK ? family_become(told->ingest, &family, DEVICE_FORMER, 0, err)
				   : status;
}

/* A number without a key; the rest of its family stays what it is. */
enum status
replay_adopt(const struct told *told, struct error *err)
{
	struct device parent;
	struct device device;
	enum status status = store_device(told->again, told->note->continued,
					  &told->ingest->work.arena, &parent, err);

	if (status == STATUS_OK && told->note->key.length > 0) {
		return fail(err, STATUS_INVALID, "a number that is adopted has no key");
	}
	if (status == STATUS_OK) {
		status = add_device(told, &device, err);
	}
	device.state = parent.state == DEVICE_REVOKED ? DEVICE_REVOKED : DEVICE_FORMER;
	return status == STATUS_OK ? store_device_put(told->again, &device, err) : status;
}

/* More for a number that is there. */
enum status
replay_adopt_more(const struct told *told, struct error *err)
{
	struct device device;

	return store_device(told->again, told->note->stream, &told->ingest->work.arena, &device,
			    err);
}

enum status
replay_scope(const struct told *told, struct error *err)
{
	struct device device;
	enum status status = store_device(told->again, told->note->stream,
					  &told->ingest->work.arena, &device, err);

	if (status != STATUS_OK) {
		return status;
	}
	device.scope_version = told->seq;
	device.scope_count = told->note->scope_count;
	device.scope = arena_copy(&told->ingest->work.arena, told->note->scope,
				  device.scope_count * sizeof device.scope[0]);
	return store_device_put(told->again, &device, err);
}

enum status
replay_revoke(const struct told *told, struct error *err)
{
	struct device device;
	enum status status = store_device(told->again, told->note->stream,
					  &told->ingest->work.arena, &device, err);

	device.state = DEVICE_REVOKED;
	return status == STATUS_OK ? store_device_put(told->again, &device, err) : status;
}

static enum status
family_is(const struct told *told, enum device_state state, struct error *err)
{
	struct family family;
	enum status status = family_load(told->ingest, told->note->stream, &family, err);

	return status == STATUS_OK ? family_become(told->ingest, &family, state, 0, err) : status;
}

enum status
replay_hold(const struct told *told, struct error *err)
{
	return family_is(told, DEVICE_HELD, err);
}

enum status
replay_allow(const struct told *told, struct error *err)
{
	return family_is(told, DEVICE_ACTIVE, err);
}

enum status
replay_destroyed(const struct told *told, struct error *err)
{
	return store_device_destroyed(told->again, told->note->stream, told->seq, err);
}

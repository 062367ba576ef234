/* SPDX-License-Identifier: Apache-2.0 */
/* scope: a device's villages change, by an admin's word. */
#include "daemon/ingest/note.h"
#include "daemon/ingest/workset.h"

#include <string.h>

static enum status
find_device(struct ingest *ingest, uint32_t number, struct device *out, struct error *err)
{
	enum status status =
		store_device(ingest->options.store, number, &ingest->work.arena, out, err);

	return status == STATUS_NOT_FOUND ? fail(err, STATUS_NOT_FOUND, "device %u", number)
					  : status;
}

/* One that may be given villages. */
static enum status
find_active(struct ingest *ingest, uint32_t number, struct device *out, struct error *err)
{
	enum status status = find_device(ingest, number, out, err);

	if (status == STATUS_OK && out->state == DEVICE_REVOKED) {
		return fail(err, STATUS_INVALID, "device %u was revoked", number);
	}
	return status;
}

/* In the working set, and merged. */
static enum status
copy_scope(struct ingest *ingest, const struct region *regions, size_t *count, struct region **out,
	   struct error *err)
{
	struct region *copy = arena_copy(&ingest->work.arena, regions, *count * sizeof regions[0]);

	if (copy == NULL) {
		return fail(err, STATUS_MEMORY, "a scope");
	}
	*count = regions_merge(copy, *count);
	*out = copy;
	return STATUS_OK;
}

static bool
same_regions(const struct region *one, const struct region *other, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (one[i].low != other[i].low || one[i].high != other[i].high) {
			return false;
		}
	}
	return true;
}

/* Refuses, if at all, before anything is written. */
static enum status
set_scope(struct ingest *ingest, struct device *device, const struct region *regions,
	  size_t region_count, uint32_t user, struct error *err)
{
	struct note note = {
		.action = "scope", .stream = device->stream.number, .scope_count = region_count};
	size_t before_count = device->scope_count;
	struct region *before;
	struct region *after;
	enum status status = copy_scope(ingest, device->scope, &before_count, &before, err);

	if (status == STATUS_OK) {
		status = copy_scope(ingest, regions, &note.scope_count, &after, err);
	}
	if (status != STATUS_OK) {
		return status;
	}
	if (note.scope_count == before_count && same_regions(before, after, before_count)) {
		return STATUS_OK;
	}
	if (note.scope_count > MESSAGE_SCOPE_MAX) {
		return fail(err, STATUS_LIMIT, "device %u: at most %d regions",
			    device->stream.number, MESSAGE_SCOPE_MAX);
	}
	note.scope = after;
	device->scope = after;
	device->scope_count = note.scope_count;
	status = ingest_note(ingest, ENTRY_SCOPE, user, &note, &device->scope_version, err);
	return status == STATUS_OK ? store_device_put(ingest->options.store, device, err) : status;
}

enum status
ingest_device_scope(struct ingest *ingest, uint32_t number, const struct region *regions,
		    size_t count, uint32_t user, struct error *err)
{
	struct device device;
	enum status status = find_active(ingest, number, &device, err);

	if (status != STATUS_OK) {
		return status;
	}
	if (count == 0) {
		return fail(err, STATUS_INVALID, "village: 1 to %d regions", MESSAGE_SCOPE_MAX);
	}
	for (size_t i = 0; i < count; i++) {
		if (!region_valid(regions[i])) {
			return fail(err, STATUS_INVALID, "village: no region");
		}
	}
	return set_scope(ingest, &device, regions, count, user, err);
}

enum status
ingest_handover(struct ingest *ingest, uint32_t from, uint32_t to, uint32_t user, struct error *err)
{
	struct device giving;
	struct device taking;
	struct region *both;
	size_t count;
	enum status status = find_device(ingest, from, &giving, err);

	if (status == STATUS_OK) {
		status = find_active(ingest, to, &taking, err);
	}
	if (status != STATUS_OK) {
		return status;
	}
	if (from == to || giving.scope_count == 0) {
		return fail(err, STATUS_INVALID, "device %u has no village to give", from);
	}
	count = giving.scope_count + taking.scope_count;
	both = ARENA_ARRAY(&ingest->work.arena, struct region, count);
	if (both == NULL) {
		return fail(err, STATUS_MEMORY, "a scope");
	}
	memcpy(both, giving.scope, giving.scope_count * sizeof both[0]);
	if (taking.scope_count > 0) {
		memcpy(both + giving.scope_count, taking.scope,
		       taking.scope_count * sizeof both[0]);
	}
	status = set_scope(ingest, &taking, both, count, user, err);
	return status == STATUS_OK ? set_scope(ingest, &giving, giving.scope, 0, user, err)
				   : status;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "access.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

enum { DEVICE_MEMORY = 64 * 1024 };

/* ---- regions ---- */

enum status
access_region(const struct call *call, const char *text, struct region *out, struct error *err)
{
	struct region region;
	enum status status = region_parse(text, &region, err);

	if (status != STATUS_OK) {
		return status;
	}
	if (!caller_covers(&call->caller, region)) {
		return fail(err, STATUS_DENIED, "region %.20s is outside your own", text);
	}
	*out = region;
	return STATUS_OK;
}

enum status
access_villages(const struct call *call, const struct body *body, struct region **out,
		size_t *count_out, struct error *err)
{
	const char *text;
	struct region *regions;
	size_t count;
	enum status status = body_item(body, "villages", 0, &text, &count, err);

	if (status != STATUS_OK) {
		return status;
	}
	if (count > MESSAGE_SCOPE_MAX) {
		return fail(err, STATUS_LIMIT, "a device has at most %d regions",
			    MESSAGE_SCOPE_MAX);
	}
	regions = calloc(count, sizeof *regions);
	if (regions == NULL) {
		return fail(err, STATUS_MEMORY, "the villages");
	}
	for (size_t i = 0; i < count && status == STATUS_OK; i++) {
		status = body_item(body, "villages", i, &text, &count, err);
		if (status == STATUS_OK) {
			status = access_region(call, text, &regions[i], err);
		}
	}
	if (status != STATUS_OK) {
		free(regions);
		return status;
	}
	*out = regions;
	*count_out = count;
	return STATUS_OK;
}

/* ---- devices ---- */

/* Which villages of a list the caller reaches. */
struct reach {
	const struct caller *caller;
	size_t regions;
	bool any;
	bool all;
};

static enum status
reach_regions(void *context, const struct scope_period *period, struct error *err)
{
	struct reach *reach = context;

	(void)err;
	/* Of the past only as much as it takes to know whose device it is. */
	if (reach->regions > 0) {
		return STATUS_OK;
	}
	reach->regions = period->region_count;
	for (size_t i = 0; i < period->region_count; i++) {
		const struct region *region = &period->regions[i];
		bool apart = region->high < reach->caller->scope.low ||
			     region->low > reach->caller->scope.high;

		reach->any = reach->any || !apart;
		reach->all = reach->all && caller_covers(reach->caller, *region);
	}
	return STATUS_OK;
}

/* A device that was left without villages is still that of whoever had them under her. */
static struct reach
reach_of(const struct caller *caller, struct store *store, const struct device *device)
{
	struct reach reach = {.caller = caller, .all = true};
	struct scope_period now = {.regions = device->scope, .region_count = device->scope_count};

	if (caller_sees_all(caller)) {
		reach.any = true;
		return reach;
	}
	(void)reach_regions(&reach, &now, NULL);
	if (reach.regions == 0 && store_scopes_read(store, device->stream.number, 0, reach_regions,
						    &reach, NULL) != STATUS_OK) {
		reach.any = false;
	}
	return reach;
}

bool
access_sees_device(const struct caller *caller, struct store *store, const struct device *device)
{
	return reach_of(caller, store, device).any;
}

enum status
access_number(const struct call *call, uint32_t *out, struct error *err)
{
	char *end = NULL;
	unsigned long number;

	errno = 0;
	number = strtoul(call->argument, &end, 10);
	if (!isdigit((unsigned char)call->argument[0]) || *end != '\0' || errno != 0 ||
	    number == 0 || number > CHANGE_STREAM_MAX) {
		return fail(err, STATUS_NOT_FOUND, "no device has this number");
	}
	*out = (uint32_t)number;
	return STATUS_OK;
}

enum status
access_device(const struct call *call, struct store *store, uint32_t number, struct error *err)
{
	struct reach reach = {.any = false};
	struct device device;
	struct arena arena;
	enum status status;

	arena_init(&arena, DEVICE_MEMORY);
	status = store_device(store, number, &arena, &device, err);
	if (status == STATUS_OK) {
		reach = reach_of(&call->caller, store, &device);
	}
	arena_finish(&arena);
	if (status == STATUS_NOT_FOUND || (status == STATUS_OK && !reach.any)) {
		return fail(err, STATUS_NOT_FOUND, "no device has this number");
	}
	if (status == STATUS_OK && !reach.all) {
		return fail(err, STATUS_DENIED, "the device has villages beyond yours");
	}
	return status;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "access.h"

#include "people_view.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

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

/* ---- roles ---- */

enum status
access_role(const struct body *body, enum role *out, struct error *err)
{
	struct span name;
	enum status status = body_text(body, "role", &name, err);

	if (status != STATUS_OK) {
		return status;
	}
	if (role_named(name) == ROLE_NONE) {
		return fail(err, STATUS_INVALID, "role is cadre, supervisor or admin");
	}
	*out = role_named(name);
	return STATUS_OK;
}

enum status
access_scope(const struct call *call, const struct body *body, struct region *out,
	     struct error *err)
{
	struct span scope;
	enum status status = body_text(body, "scope", &scope, err);

	if (status != STATUS_OK) {
		return status;
	}
	if (!span_equal(scope, span_of_text("all"))) {
		return access_region(call, (const char *)scope.at, out, err);
	}
	if (!caller_sees_all(&call->caller)) {
		return fail(err, STATUS_DENIED, "scope all is more than your own");
	}
	memset(out, 0, sizeof *out);
	return STATUS_OK;
}

/* ---- devices ---- */

enum status
access_number(const struct call *call, uint32_t *out, struct error *err)
{
	char *end = NULL;
	unsigned long number;

	errno = 0;
	number = strtoul(call->argument, &end, 10);
	if (!isdigit((unsigned char)call->argument[0]) || *end != '\0' || errno != 0 ||
	    number == 0 || number > CHANGE_STREAM_MAX) {
		return fail(err, STATUS_NOT_FOUND, "nothing has this number");
	}
	*out = (uint32_t)number;
	return STATUS_OK;
}

enum status
access_device(const struct call *call, struct store *store, uint32_t number, struct error *err)
{
	struct device_reach reach = {.any = false};
	struct device device;
	struct arena arena;
	enum status status;

	if (!caller_sees_all(&call->caller)) {
		status = store_device_reach(store, number, &call->caller.scope, &reach, err);
	} else {
		arena_init(&arena, DEVICE_MEMORY);
		status = store_device(store, number, &arena, &device, err);
		arena_finish(&arena);
		reach = (struct device_reach){true, true};
	}
	if (status == STATUS_NOT_FOUND || (status == STATUS_OK && !reach.any)) {
		return fail(err, STATUS_NOT_FOUND, "no device has this number");
	}
	if (status == STATUS_OK && !reach.all) {
		return fail(err, STATUS_DENIED, "the device has villages beyond yours");
	}
	return status;
}

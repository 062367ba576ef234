/* SPDX-License-Identifier: Apache-2.0 */
#include "read_entry.h"

#include "daemon/http/access.h"
#include "protocol/region.h"
#include "routes.h"

#include <stdio.h>
#include <string.h>

static const char unreadable[] = "?";

/* The national number of a person has 16 digits, and no log so many entries. */
enum { NUMBER_DIGITS_MAX = 15 };

static bool
has_part(const struct call *call, const char *part)
{
	return strstr(call->route->path, part) != NULL;
}

/* What stood in the path. */
static const char *
argument_words(const struct call *call)
{
	const struct record_type *type;
	uint64_t id;
	uint32_t number;
	bool readable = call->argument[0] == '\0';

	if (has_part(call, "{id}")) {
		readable = call_record_id(call, &id, NULL) == STATUS_OK;
	} else if (has_part(call, "{type}")) {
		readable = call_type(call, &type, NULL) == STATUS_OK;
	} else if (has_part(call, "{n}")) {
		readable = access_number(call, &number, NULL) == STATUS_OK;
	}
	return readable ? call->argument : unreadable;
}

static const char *
parameter_words(const struct call *call, const char *name)
{
	const char *value = call_given(call, name);
	enum record_order order;
	struct region region;
	uint64_t number;
	bool readable;

	if (strcmp(name, "village") == 0) {
		readable = region_parse(value, &region, NULL) == STATUS_OK;
	} else if (strcmp(name, "order") == 0) {
		readable = call_order(call, &order, NULL) == STATUS_OK;
	} else {
		readable = call_number(call, name, &number, NULL) == STATUS_OK &&
			   strlen(value) <= NUMBER_DIGITS_MAX;
	}
	return readable ? value : unreadable;
}

static void
describe_filter(const struct call *call, struct buffer *out)
{
	const char *names = call->route->parameters;

	buffer_printf(out, "%s", argument_words(call));
	while (names != NULL && *names != '\0') {
		size_t length = strcspn(names, " ");
		char name[CALL_TEXT_SIZE];

		(void)snprintf(name, sizeof name, "%.*s", (int)length, names);
		if (*call_given(call, name) != '\0') {
			buffer_printf(out, "%s%s=%s", out->length > 0 ? " " : "", name,
				      parameter_words(call, name));
		}
		names += length;
		names += strspn(names, " ");
	}
	buffer_append_byte(out, '\0');
}

static enum status
write_unless_there(struct call *call, const char *filter, struct ingest *ingest, struct error *err)
{
	const struct caller *caller = &call->caller;

	if (caller->signed_in) {
		reads_key(caller->hash, call->route->path, filter, call->read_key);
		if (reads_has(call->service->reads, call->read_key,
			      service_now_ms(call->service))) {
			return STATUS_OK;
		}
		call->read_entry = true;
	}
	return ingest_read_entry(ingest, caller->user, call->route->path, filter, err);
}

enum status
read_entry_write(struct call *call, struct ingest *ingest, struct error *err)
{
	struct buffer filter;
	enum status status;

	buffer_init(&filter, (CALL_PARAMETERS_MAX + 1) * 2 * CALL_TEXT_SIZE);
	describe_filter(call, &filter);
	status = buffer_status(&filter, "the filter", err);
	if (status == STATUS_OK) {
		status = write_unless_there(call, (const char *)filter.at, ingest, err);
	}
	buffer_finish(&filter);
	return status;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What handlers ask of a call: its arguments, and what its caller may see. */
#include "protocol/id.h"
#include "protocol/region.h"
#include "routes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { STORED_MEMORY = 2 * RECORD_BYTES_MAX, MISSING_NS = 50 * 1000, SECOND_NS = 1000000000 };

/* No village has this number, so a query for it finds nothing. */
static const struct region nowhere = {1, 1};

const char *
call_given(const struct call *call, const char *name)
{
	int place = route_parameter(call->route, name);

	return place < 0 ? "" : call->parameters[place];
}

enum status
call_number(const struct call *call, const char *name, uint64_t *out, struct error *err)
{
	const char *text = call_given(call, name);
	char *end = NULL;
	unsigned long long number = 0;

	if (*text != '\0') {
		errno = 0;
		number = strtoull(text, &end, 10);
		if (*text < '0' || *text > '9' || *end != '\0' || errno != 0 ||
		    number > INT64_MAX) {
			return fail(err, STATUS_USAGE, "%s takes a whole number", name);
		}
	}
	*out = number;
	return STATUS_OK;
}

enum status
call_order(const struct call *call, enum record_order *out, struct error *err)
{
	const char *order = call_given(call, "order");

	if (*order != '\0' && strcmp(order, "version") != 0 && strcmp(order, "id") != 0) {
		return fail(err, STATUS_USAGE, "order is version or id");
	}
	*out = strcmp(order, "id") == 0 ? ORDER_ID : ORDER_VERSION;
	return STATUS_OK;
}

enum status
call_record_id(const struct call *call, uint64_t *out, struct error *err)
{
	return id_parse(call->argument, out, err);
}

enum status
call_type(const struct call *call, const struct record_type **out, struct error *err)
{
	const struct schema *schema = catalogue_schema(call->service->catalogue, 0);
	const struct record_type *type = NULL;

	if (schema != NULL) {
		type = schema_type_named(schema, span_of_text(call->argument));
	}
	if (type == NULL) {
		return fail(err, STATUS_NOT_FOUND, "the schema has no record type of that name");
	}
	*out = type;
	return STATUS_OK;
}

bool
caller_sees_all(const struct caller *caller)
{
	return caller->scope.low == 0;
}

const struct region *
caller_scope(const struct caller *caller)
{
	return caller_sees_all(caller) ? NULL : &caller->scope;
}

bool
caller_covers(const struct caller *caller, struct region region)
{
	return caller_sees_all(caller) ||
	       (region.low >= caller->scope.low && region.high <= caller->scope.high);
}

enum status
call_region(const struct call *call, struct region *out, size_t *count_out, struct error *err)
{
	const char *village = call_given(call, "village");
	struct region asked;
	enum status status;

	if (*village == '\0') {
		*out = call->caller.scope;
		*count_out = caller_sees_all(&call->caller) ? 0 : 1;
		return STATUS_OK;
	}
	status = region_parse(village, &asked, err);
	if (status != STATUS_OK) {
		return status;
	}
	/* Regions lie inside one another or apart. */
	if (caller_covers(&call->caller, asked)) {
		*out = asked;
	} else if (asked.low <= call->caller.scope.low && asked.high >= call->caller.scope.high) {
		*out = call->caller.scope;
	} else {
		*out = nowhere;
	}
	*count_out = 1;
	return STATUS_OK;
}

/* Until it is MISSING_NS since. */
static void
wait_since(struct timespec since)
{
	since.tv_nsec += MISSING_NS;
	if (since.tv_nsec >= SECOND_NS) {
		since.tv_nsec -= SECOND_NS;
		since.tv_sec++;
	}
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &since, NULL) == EINTR) {
	}
}

/* A search in a tree ends some nanoseconds sooner at a row than beside one, which 100,000 requests
 * tell: both kinds of what she cannot see are told at the same time after they were looked for. */
enum status
call_find_record(struct call *call, struct store *reader, struct arena *arena,
		 struct stored_record *out, struct error *err)
{
	struct timespec begun = {0, 0};
	uint64_t id;
	enum status status = call_record_id(call, &id, err);

	(void)clock_gettime(CLOCK_MONOTONIC, &begun);
	if (status == STATUS_OK) {
		status =
			store_record_find(reader, id, caller_scope(&call->caller), arena, out, err);
	}
	if (status != STATUS_NOT_FOUND) {
		return status;
	}
	wait_since(begun);
	return fail(err, STATUS_NOT_FOUND, "no record has this id");
}

enum status
call_find_record_id(struct call *call, struct store *reader, uint64_t *out, struct error *err)
{
	struct stored_record row;
	struct arena arena;
	enum status status;

	arena_init(&arena, STORED_MEMORY);
	status = call_find_record(call, reader, &arena, &row, err);
	if (status == STATUS_OK) {
		*out = row.id;
	}
	arena_finish(&arena);
	return status;
}

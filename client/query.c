/* SPDX-License-Identifier: Apache-2.0 */
#include "client/query.h"

#include "protocol/id.h"
#include "protocol/json.h"

enum { LINE_MAX_BYTES = 16 * 1024 * 1024, NAME_ARENA_MAX = 4096 };

struct query {
	struct sambung *device;
	struct local_state state;
	int64_t today;
	sambung_line_fn line;
	void *context;
	struct span match; /* length 0: all */
	bool due;
	bool stopped; /* by the caller */
	struct buffer text;
	struct arena names; /* the last name that was looked up */
};

static bool
name_find(void *context, uint32_t number, struct stream_name *out)
{
	struct query *query = context;

	if (number == query->state.device) {
		*out = (struct stream_name){.number = number,
					    .kind = STREAM_DEVICE,
					    .name = span_of_text(query->state.cadre)};
		return true;
	}
	arena_reset(&query->names);
	return local_stream(query->device->local, number, &query->names, out, NULL) == STATUS_OK;
}

static enum status
query_start(struct query *query, struct error *err)
{
	enum status status = device_enrolled(query->device, &query->state, err);

	buffer_init(&query->text, LINE_MAX_BYTES);
	arena_init(&query->names, NAME_ARENA_MAX);
	if (status == STATUS_OK && query->device->schema == NULL) {
		status = fail(err, STATUS_NO_FORMS, "%s", "");
	}
	if (status == STATUS_OK) {
		query->today = device_today(query->device, &query->state);
	}
	return status;
}

static void
query_finish(struct query *query)
{
	buffer_finish(&query->text);
	arena_finish(&query->names);
}

static enum status
record_line(struct query *query, const struct record *record, struct error *err)
{
	struct stream_names names = {.find = name_find, .context = query};
	struct epoch epoch;
	struct merge_context context =
		device_merge_context(query->device, &query->state, record->type, &epoch);
	struct json json;
	enum status status;

	buffer_clear(&query->text);
	json = json_start(&query->text);
	json_record(&json, query->device->schema, record, &context, &names, query->today);
	status = buffer_status(&query->text, "JSON", err);
	if (status == STATUS_OK &&
	    query->line(query->context, (const char *)query->text.at, query->text.length) != 0) {
		query->stopped = true;
	}
	return status;
}

int
sambung_record(struct sambung *device, const char *id, sambung_line_fn line, void *context,
	       struct sambung_error *err)
{
	struct query query = {.device = device, .line = line, .context = context};
	struct error inner = {0};
	struct record record;
	struct arena arena;
	uint64_t number;
	enum status status = query_start(&query, &inner);

	arena_init(&arena, DEVICE_ARENA_MAX);
	if (status == STATUS_OK) {
		status = id_parse(id, &number, &inner);
	}
	if (status == STATUS_OK) {
		status = local_record(device->local, number, &arena, &record, NULL, &inner);
		if (status == STATUS_NOT_FOUND) {
			number = device_id_now(&query.state, number);
			status = local_record(device->local, number, &arena, &record, NULL, &inner);
		}
		if (status == STATUS_NOT_FOUND) {
			(void)fail(&inner, status, "%.*s", ID_TEXT_SIZE, id);
		}
	}
	if (status == STATUS_OK) {
		status = record_line(&query, &record, &inner);
	}
	arena_finish(&arena);
	query_finish(&query);
	return status == STATUS_OK ? 0 : device_fail(err, &inner);
}

static enum status
query_record(void *context, const struct record *record, struct error *err)
{
	struct query *query = context;
	const struct record_type *type = schema_type(query->device->schema, record->type);
	bool wanted = query->match.length == 0 || query_matches(type, record, query->match);
	enum status status = STATUS_OK;

	if (wanted && query->due) {
		status = query_due(query->device, record, query->today, &wanted, err);
	}
	if (status == STATUS_OK && wanted) {
		status = record_line(query, record, err);
	}
	/* Any failure ends the iteration; query->stopped tells that it was none. */
	return status == STATUS_OK && query->stopped ? STATUS_STALE : status;
}

static enum status
query_run(struct query *query, const struct sambung_query *wanted, struct error *err)
{
	struct span name = wanted->type == NULL ? span_of(NULL, 0) : span_of_text(wanted->type);
	const struct record_type *type = NULL;
	enum status status = query_start(query, err);

	if (status == STATUS_OK && wanted->type != NULL) {
		type = schema_type_named(query->device->schema, name);
		if (type == NULL) {
			return fail(err, STATUS_UNKNOWN_TYPE, "%.*s", NAME_ARGS(name));
		}
	}
	if (status == STATUS_OK) {
		status = local_records(query->device->local, type == NULL ? 0 : type->tag,
				       query_record, query, err);
	}
	return query->stopped ? STATUS_OK : status;
}

int
sambung_records(struct sambung *device, const struct sambung_query *query, sambung_line_fn line,
		void *context, struct sambung_error *err)
{
	static const struct sambung_query all = {0};
	const struct sambung_query *wanted = query == NULL ? &all : query;
	struct query running = {.device = device,
				.line = line,
				.context = context,
				.match = span_of_text(wanted->match == NULL ? "" : wanted->match),
				.due = wanted->due != 0};
	struct error inner = {0};
	enum status status = query_run(&running, wanted, &inner);

	query_finish(&running);
	return status == STATUS_OK ? 0 : device_fail(err, &inner);
}

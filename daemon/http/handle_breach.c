/* SPDX-License-Identifier: Apache-2.0 */
/* A breach: which people were on a device, as of its last sync. */
#include "access.h"
#include "daemon/store/store_reports.h"
#include "handle.h"
#include "protocol/id.h"
#include "view.h"

#include <stdlib.h>

enum { DEVICE_MEMORY = 64 * 1024, RECORD_MEMORY = 4 * 1024 * 1024 };

struct breach {
	struct call *call;
	struct store *store;
	struct view view;
	struct arena lasting; /* of the device */
	struct arena arena;   /* of a record */
	struct device device;
	struct pulls pulls;	/* its syncs; count 0: none ended well */
	struct region *regions; /* the scope that it had then */
	size_t region_count;
	uint64_t scope_version;
	struct buffer ids; /* uint64_t: records that may have been there */
};

static enum status
take_pulls(void *context, const struct pulls *pulls, struct error *err)
{
	struct breach *breach = context;

	(void)err;
	if (pulls->device == breach->device.stream.number) {
		breach->pulls = *pulls;
	}
	return STATUS_OK;
}

/* The newest first: the one that the device had with its last sync. */
static enum status
take_scope(void *context, const struct scope_period *period, struct error *err)
{
	struct breach *breach = context;

	if (breach->scope_version != 0 || period->version > breach->pulls.pulled_to) {
		return STATUS_OK;
	}
	breach->scope_version = period->version;
	breach->region_count = period->region_count;
	breach->regions = arena_copy(&breach->lasting, period->regions,
				     period->region_count * sizeof *period->regions);
	return breach->regions == NULL ? fail(err, STATUS_MEMORY, "a scope") : STATUS_OK;
}

static enum status
find_device(struct breach *breach, struct error *err)
{
	uint32_t number = 0;
	enum status status = access_number(breach->call, &number, err);

	if (status == STATUS_OK) {
		status =
			store_device(breach->store, number, &breach->lasting, &breach->device, err);
	}
	if (status == STATUS_OK) {
		status = store_pulls_read(breach->store, 0, take_pulls, breach, err);
	}
	return status == STATUS_OK
		       ? store_scopes_read(breach->store, number, 0, take_scope, breach, err)
		       : status;
}

/* ---- the records ---- */

/* Those that are in its villages, left them since, or were made on it. */
static enum status
find_records(struct breach *breach, struct error *err)
{
	const struct record_query query = {.regions = breach->regions,
					   .region_count = breach->region_count,
					   .order = ORDER_ID};
	struct record_rows *rows = NULL;
	struct stored_record row;
	bool more = breach->region_count > 0;
	enum status status =
		store_made_by(breach->store, breach->device.stream.number, &breach->ids, err);

	for (size_t i = 0; i < breach->region_count && status == STATUS_OK; i++) {
		status = store_left_since(breach->store, breach->regions[i],
					  breach->pulls.pulled_to, &breach->ids, err);
	}
	if (status == STATUS_OK && more) {
		status = store_rows_open(breach->store, &query, &rows, err);
	}
	while (status == STATUS_OK && more) {
		status = store_rows_next(rows, &row, &more, err);
		if (status == STATUS_OK && more) {
			buffer_append(&breach->ids, &row.id, sizeof row.id);
			status = buffer_status(&breach->ids, "the records of a device", err);
		}
	}
	store_rows_close(rows);
	return status;
}

/* Does the type say who somebody is? */
static bool
is_of_people(const struct record_type *type)
{
	for (size_t i = 0; type != NULL && i < type->field_count; i++) {
		if (type->fields[i].personal == PERSONAL_IDENTITY) {
			return true;
		}
	}
	return false;
}

/* It was made on it; or it was there by then, and in the scope at that moment. */
static enum status
was_there(struct breach *breach, const struct stored_record *row, bool *out, struct error *err)
{
	const struct stay_query stay = {.record = row->id,
					.since = breach->pulls.pulled_to,
					.until = breach->pulls.pulled_to + 1,
					.village = row->village,
					.regions = breach->regions,
					.region_count = breach->region_count};
	uint64_t created = 0;
	uint64_t village = 0;
	enum status status;

	*out = id_stream(row->id) == breach->device.stream.number;
	if (*out || breach->region_count == 0) {
		return STATUS_OK;
	}
	status = store_created(breach->store, row->id, &created, err);
	if (status == STATUS_OK && created != 0 && created <= breach->pulls.pulled_to) {
		status = store_stay_find(breach->store, &stay, &village, err);
	}
	*out = village != 0;
	return status;
}

/* Opens {"record","type","village","fields":{ — village null if nobody knows it. */
static void
put_person(struct json *json, uint64_t id, const struct record_type *type, uint64_t village)
{
	char text[REGION_TEXT_SIZE];

	json_put_object(json);
	json_put_key(json, "record");
	json_put_id(json, id);
	json_put_key(json, "type");
	json_put_text(json, type->name);
	json_put_key(json, "village");
	if (village == 0) {
		json_put_null(json);
	} else {
		json_put_string(json, region_format((struct region){village, village}, text));
	}
	json_put_key(json, "fields");
	json_put_object(json);
}

/* {"record","type","village","fields"} */
static enum status
show_record(struct breach *breach, const struct stored_record *row, const struct record_type *type,
	    struct error *err)
{
	struct json json = json_start(&breach->call->out);
	struct record record;
	enum status status = view_record(&breach->view, row, &record, err);

	if (status != STATUS_OK) {
		return status;
	}
	put_person(&json, row->id, type, row->village);
	for (size_t i = 0; i < type->title_count; i++) {
		const struct field *field = type_field(type, type->title[i]);

		if (field != NULL) {
			json_put_key_span(&json, field->name);
			json_value(&json, field, field->tag,
				   record_shown(&record, type, field->tag));
		}
	}
	json_put_object_end(&json);
	json_put_object_end(&json);
	json_put_line_end(&json);
	return buffer_status(&breach->call->out, "the people on a device", err);
}

static enum status
show_one(struct breach *breach, uint64_t id, struct error *err)
{
	const struct record_type *type;
	struct stored_record row;
	bool there = false;
	enum status status;

	arena_reset(&breach->arena);
	/* It may have gone to villages that the caller does not see. */
	status = store_record_find(breach->store, id, caller_scope(&breach->call->caller),
				   &breach->arena, &row, err);
	if (status != STATUS_OK) {
		return status == STATUS_NOT_FOUND ? STATUS_OK : status;
	}
	type = schema_type(breach->view.schema, row.type);
	if (!is_of_people(type)) {
		return STATUS_OK;
	}
	status = was_there(breach, &row, &there, err);
	return status == STATUS_OK && there ? show_record(breach, &row, type, err) : status;
}

static enum status
show_records(struct breach *breach, struct error *err)
{
	uint64_t *ids = (void *)breach->ids.at;
	const size_t count = id_unique(ids, breach->ids.length / sizeof *ids);
	enum status status = STATUS_OK;

	for (size_t i = 0; i < count && status == STATUS_OK; i++) {
		status = show_one(breach, ids[i], err);
	}
	return status;
}

/* ---- what was set aside ---- */

/* {"record","type","village","fields","quarantined"} */
static enum status
show_change(struct breach *breach, const struct quarantined *row, const struct change *change,
	    const struct record_type *type, struct error *err)
{
	struct json json = json_start(&breach->call->out);

	put_person(&json, row->record, type, row->village);
	for (size_t i = 0; i < type->title_count; i++) {
		const struct field *field = type_field(type, type->title[i]);
		const struct change_field *given = change_field(change, type->title[i]);

		if (field != NULL && given != NULL) {
			json_put_key_span(&json, field->name);
			json_value(&json, field, field->tag, given->value);
		}
	}
	json_put_object_end(&json);
	json_put_key(&json, "quarantined");
	json_put_bool(&json, true);
	json_put_object_end(&json);
	json_put_line_end(&json);
	return buffer_status(&breach->call->out, "the people on a device", err);
}

/* Whom the phone made, and nobody released. */
static enum status
show_one_aside(struct breach *breach, const struct quarantined *row, struct error *err)
{
	const struct region *scope = caller_scope(&breach->call->caller);
	const struct record_type *type;
	struct stored_record made;
	struct log_row logged;
	struct change change;
	enum status status;

	if (row->stream != breach->device.stream.number ||
	    row->record != id_make(row->stream, row->n) ||
	    (scope != NULL && !region_covers(*scope, row->village))) {
		return STATUS_OK;
	}
	arena_reset(&breach->arena);
	status = store_record_find(breach->store, row->record, NULL, &breach->arena, &made, err);
	if (status != STATUS_NOT_FOUND) {
		return status;
	}
	status = store_log_entry(breach->store, row->seq, &breach->arena, &logged, err);
	if (status != STATUS_OK || logged.payload.at == NULL ||
	    change_decode(logged.payload, false, &breach->arena, &change, NULL) != STATUS_OK) {
		return status;
	}
	type = schema_type(breach->view.schema, change.type);
	return is_of_people(type) ? show_change(breach, row, &change, type, err) : STATUS_OK;
}

static enum status
show_aside(struct breach *breach, struct error *err)
{
	const struct quarantined *row;
	struct buffer rows;
	enum status status;

	buffer_init(&rows, SIZE_MAX);
	status = store_quarantine_kept(breach->store, &rows, err);
	row = (const void *)rows.at;
	for (size_t i = 0; i < rows.length / sizeof *row && status == STATUS_OK; i++) {
		status = show_one_aside(breach, &row[i], err);
	}
	buffer_finish(&rows);
	return status;
}

/* Nobody knows any more who that was; the phone may. Nor where, so it is in no scope but that of
 * everything. */
static enum status
show_erased(struct breach *breach, struct error *err)
{
	struct buffer ids;
	enum status status;

	buffer_init(&ids, SIZE_MAX);
	status = store_erased_outstanding(breach->store, breach->device.stream.number, &ids, err);
	for (size_t i = 0; i < ids.length / sizeof(uint64_t) && status == STATUS_OK; i++) {
		struct json json = json_start(&breach->call->out);

		json_put_object(&json);
		json_put_key(&json, "record");
		json_put_id(&json, ((const uint64_t *)(const void *)ids.at)[i]);
		json_put_key(&json, "erased");
		json_put_bool(&json, true);
		json_put_object_end(&json);
		json_put_line_end(&json);
		status = buffer_status(&breach->call->out, "the people on a device", err);
	}
	buffer_finish(&ids);
	return status;
}

/* ---- the first line ---- */

/* {"device","cadre","as_of","seq","villages"} */
static void
show_device(struct breach *breach)
{
	struct json json = json_start(&breach->call->out);
	char text[REGION_TEXT_SIZE];

	json_put_object(&json);
	json_put_key(&json, "device");
	json_put_uint(&json, breach->device.stream.number);
	json_put_key(&json, "cadre");
	json_put_text(&json, breach->device.stream.name);
	json_put_key(&json, "as_of");
	if (breach->pulls.count == 0) {
		json_put_null(&json);
	} else {
		json_put_instant(&json, breach->pulls.last_ms);
	}
	json_put_key(&json, "seq");
	json_put_uint(&json, breach->pulls.pulled_to);
	json_put_key(&json, "villages");
	json_put_array(&json);
	for (size_t i = 0; i < breach->region_count; i++) {
		json_put_string(&json, region_format(breach->regions[i], text));
	}
	json_put_array_end(&json);
	json_put_object_end(&json);
	json_put_line_end(&json);
}

enum status
breach_answer(struct call *call, struct store *reader, struct error *err)
{
	struct breach breach = {.call = call, .store = reader};
	enum status status = view_init(&breach.view, call, reader, err);

	if (status != STATUS_OK) {
		return status;
	}
	call->media = MEDIA_LINES;
	arena_init(&breach.lasting, DEVICE_MEMORY);
	arena_init(&breach.arena, RECORD_MEMORY);
	buffer_init(&breach.ids, SIZE_MAX);
	status = find_device(&breach, err);
	if (status == STATUS_OK) {
		show_device(&breach);
		status = find_records(&breach, err);
	}
	if (status == STATUS_OK) {
		status = show_records(&breach, err);
	}
	if (status == STATUS_OK) {
		status = show_aside(&breach, err);
	}
	if (status == STATUS_OK && caller_sees_all(&call->caller)) {
		status = show_erased(&breach, err);
	}
	buffer_finish(&breach.ids);
	arena_finish(&breach.arena);
	arena_finish(&breach.lasting);
	view_finish(&breach.view);
	return status;
}

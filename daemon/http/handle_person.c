/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Access: all that is held about a person or family, who holds it, and who read it.
 *
 * Lines of one member each, whose name says what it is: labels, record, change, quarantine, import,
 * device, read. All of it in memory, as it is one family's.
 */
#include "daemon/store/store_reports.h"
#include "entry_view.h"
#include "handle.h"
#include "held.h"
#include "protocol/id.h"
#include "protocol/region.h"
#include "read_cover.h"
#include "sentence.h"
#include "set_aside.h"
#include "view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RECORD_MEMORY = 16 * 1024 * 1024, LINE_MAX = 1024 * 1024, CHOICE_KEY_SIZE = 200 };

struct report {
	struct call *call;
	struct store *store;
	struct view view;
	struct arena arena;
	uint64_t subject;	/* the record that was asked for */
	struct buffer ids;	/* uint64_t, ascending: it and what is below it */
	uint64_t village;	/* where it is; 0: nobody knows */
	struct buffer villages; /* uint64_t: that, and where it was */
	uint64_t created;	/* entry of the first of them */
	struct set_aside aside;
	struct buffer devices; /* uint32_t: that held it */
	struct pulls others;   /* reads by those whom the caller does not see */
};

static size_t
id_count(const struct report *report)
{
	return report->ids.length / sizeof(uint64_t);
}

static uint64_t
id_at(const struct report *report, size_t index)
{
	return ((const uint64_t *)(const void *)report->ids.at)[index];
}

static bool
is_about(const struct report *report, uint64_t id)
{
	return id_among(id, (const void *)report->ids.at, id_count(report));
}

/* Opens {"name": — the caller appends a value, and part_end. */
static struct json
part(struct report *report, const char *name)
{
	struct json json = json_start(&report->call->out);

	json_put_object(&json);
	json_put_key(&json, name);
	return json;
}

static enum status
part_end(struct report *report, struct error *err)
{
	buffer_append(&report->call->out, "}\n", 2);
	return buffer_status(&report->call->out, "the report", err);
}

/* ---- what it is about ---- */

/* Each record that is found is looked at for what hangs on it: the rows are few, and sorted. */
static enum status
add_below(struct report *report, uint64_t village, struct error *err)
{
	struct buffer rows;
	const struct hanging *hanging;
	enum status status;

	buffer_init(&rows, SIZE_MAX);
	status = store_hanging(report->store, village, &rows, err);
	hanging = (const void *)rows.at;
	for (size_t at = 0; at < id_count(report) && status == STATUS_OK; at++) {
		for (size_t i = 0; i < rows.length / sizeof *hanging; i++) {
			if (hanging[i].parent == id_at(report, at)) {
				buffer_append(&report->ids, &hanging[i].id, sizeof hanging[i].id);
			}
		}
		status = buffer_status(&report->ids, "the report", err);
	}
	buffer_finish(&rows);
	return status;
}

/* NOT_FOUND: also nothing that was set aside is of it. */
static enum status
find_row(struct report *report, struct stored_record *out, struct error *err)
{
	struct stored_record row = {.id = 0};
	enum status status =
		call_find_record(report->call, report->store, &report->arena, &row, err);

	if (status == STATUS_NOT_FOUND && call_record_id(report->call, &row.id, err) == STATUS_OK) {
		status = set_aside_village(&report->aside, row.id, &row.village, err);
	}
	*out = row;
	return status;
}

static enum status
find_subject(struct report *report, struct error *err)
{
	struct stored_record row;
	enum status status = find_row(report, &row, err);

	if (status != STATUS_OK) {
		return status;
	}
	buffer_append(&report->ids, &row.id, sizeof row.id);
	report->subject = row.id;
	report->village = row.village;
	if (row.village != 0) {
		buffer_append(&report->villages, &row.village, sizeof row.village);
	}
	status = store_villages_left(report->store, row.id, &report->villages, err);
	if (status == STATUS_OK) {
		status = store_created(report->store, row.id, &report->created, err);
	}
	if (status == STATUS_OK) {
		status = add_below(report, row.village, err);
	}
	if (status == STATUS_OK) {
		qsort(report->ids.at, id_count(report), sizeof(uint64_t), id_compare);
	}
	return status;
}

/* ---- what is held ---- */

/* "sex=male" */
static void
show_choices(struct json *json, const struct field *field)
{
	const struct choice_list *list = field->choices;
	char key[CHOICE_KEY_SIZE];

	for (size_t i = 0; list != NULL && i < list->count; i++) {
		(void)snprintf(key, sizeof key, "%.*s=%.*s", NAME_ARGS(field->name),
			       NAME_ARGS(list->choices[i].name));
		json_put_key(json, key);
		json_put_text(json, list->choices[i].label.id);
	}
}

/* What the fields and their choices are called, for whoever hands it out. */
static enum status
show_labels(struct report *report, struct error *err)
{
	struct json json = part(report, "labels");

	json_put_object(&json);
	for (size_t t = 0; t < report->view.schema->type_count; t++) {
		const struct record_type *type = &report->view.schema->types[t];

		json_put_key_span(&json, type->name);
		json_put_object(&json);
		json_put_key(&json, "");
		json_put_text(&json, type->label.id);
		for (size_t f = 0; f < type->field_count; f++) {
			json_put_key_span(&json, type->fields[f].name);
			json_put_text(&json, type->fields[f].label.id);
			show_choices(&json, &type->fields[f]);
		}
		json_put_object_end(&json);
	}
	json_put_object_end(&json);
	return part_end(report, err);
}

static enum status
show_records(struct report *report, struct error *err)
{
	enum status status = STATUS_OK;

	for (size_t i = 0; i < id_count(report) && status == STATUS_OK; i++) {
		const uint64_t id = id_at(report, i);
		struct stored_record row;

		arena_reset(&report->arena);
		status = store_records_load(report->store, &id, 1, &report->arena, &row, err);
		if (status == STATUS_OK && row.id != 0) {
			(void)part(report, "record");
			status = view_show(&report->view, &row, &report->call->out, err);
		}
		if (status == STATUS_OK && row.id != 0) {
			status = part_end(report, err);
		}
	}
	return status;
}

static enum status
show_entry(struct report *report, const char *name, const struct log_row *row, struct error *err)
{
	struct buffer line;
	enum status status;

	buffer_init(&line, LINE_MAX);
	entry_show(&report->view, row, NULL, &line);
	status = buffer_status(&line, "an entry of the report", err);
	if (status == STATUS_OK) {
		(void)part(report, name);
		buffer_append(&report->call->out, line.at, line.length - 1);
		status = part_end(report, err);
	}
	buffer_finish(&line);
	return status;
}

static enum status
each_change(void *context, const struct log_row *row, struct error *err)
{
	return row->entry.verdict == VERDICT_MERGED ? show_entry(context, "change", row, err)
						    : STATUS_OK;
}

static enum status
show_changes(struct report *report, struct error *err)
{
	enum status status = STATUS_OK;

	for (size_t i = 0; i < id_count(report) && status == STATUS_OK; i++) {
		const struct log_filter filter = {.record = id_at(report, i), .limit = SIZE_MAX};

		status = store_log_read(report->store, &filter, each_change, report, err);
	}
	return status;
}

/* What waits, or was closed. */
static enum status
show_quarantine(struct report *report, struct error *err)
{
	const struct quarantined *row;
	size_t at = 0;
	enum status status = STATUS_OK;

	while (status == STATUS_OK && (row = set_aside_next(&report->aside, &at)) != NULL) {
		struct log_row logged;

		arena_reset(&report->arena);
		status = store_log_entry(report->store, row->seq, &report->arena, &logged, err);
		if (status == STATUS_OK) {
			status = show_entry(report, "quarantine", &logged, err);
		}
	}
	return status;
}

static enum status
each_import(void *context, uint32_t type, struct span key, uint64_t record, struct error *err)
{
	struct report *report = context;
	const struct record_type *found = schema_type(report->view.schema, type);
	struct json json;

	if (!is_about(report, record)) {
		return STATUS_OK;
	}
	json = part(report, "import");
	json_put_object(&json);
	json_put_key(&json, "type");
	json_put_text(&json, found == NULL ? span_of_text("") : found->name);
	json_put_key(&json, "key");
	json_put_text(&json, key);
	json_put_key(&json, "record");
	json_put_id(&json, record);
	json_put_object_end(&json);
	return part_end(report, err);
}

/* ---- who holds it ---- */

static void
put_times(struct json *json, const char *count_key, const struct pulls *times)
{
	json_put_key(json, count_key);
	json_put_uint(json, times->count);
	json_put_key(json, "first");
	json_put_instant(json, times->first_ms);
	json_put_key(json, "last");
	json_put_instant(json, times->last_ms);
}

/* The devices that the caller has in her list. */
static enum status
device_is_seen(const struct report *report, uint32_t number, bool *out, struct error *err)
{
	const struct region *scope = caller_scope(&report->call->caller);
	struct device_reach reach = {.any = true};
	enum status status =
		scope == NULL ? STATUS_OK
			      : store_device_reach(report->store, number, scope, &reach, err);

	if (status == STATUS_OK) {
		*out = reach.any;
	}
	return status;
}

static enum status
show_device(struct report *report, const struct pulls *pulls, const struct device *device,
	    bool holds, struct error *err)
{
	struct json json;
	bool seen = false;
	enum status status = device_is_seen(report, pulls->device, &seen, err);

	if (status != STATUS_OK) {
		return status;
	}
	json = part(report, "device");
	json_put_object(&json);
	json_put_key(&json, "device");
	if (seen) {
		json_put_uint(&json, pulls->device);
	} else {
		json_put_null(&json);
	}
	json_put_key(&json, "cadre");
	if (seen) {
		json_put_text(&json, device->stream.name);
	} else {
		json_put_null(&json);
	}
	json_put_key(&json, "holds");
	json_put_bool(&json, holds);
	put_times(&json, "syncs", pulls);
	json_put_object_end(&json);
	return part_end(report, err);
}

/* A device that held it at one of its syncs. */
static enum status
each_pulls(void *context, const struct pulls *pulls, struct error *err)
{
	struct report *report = context;
	const struct held_query query = {.record = report->subject,
					 .village = report->village,
					 .created = report->created,
					 .made = id_stream(report->subject) == pulls->device,
					 .aside = set_aside_wrote(&report->aside, pulls->device)};
	struct held held = {.ever = false};
	struct device device;
	enum status status;

	arena_reset(&report->arena);
	status = store_device(report->store, pulls->device, &report->arena, &device, err);
	if (status == STATUS_OK) {
		status = held_find(report->store, &query, pulls, &device, &held, err);
	}
	if (status != STATUS_OK || !held.ever) {
		return status == STATUS_NOT_FOUND ? STATUS_OK : status;
	}
	buffer_append(&report->devices, &pulls->device, sizeof pulls->device);
	return show_device(report, pulls, &device, held.now, err);
}

/* ---- who read it ---- */

/* Of a reader whose own scope is not in the caller's there is no name, as in the list of users. */
static enum status
each_read(void *context, const struct log_row *row, struct error *err)
{
	struct report *report = context;
	const struct read_cover cover = {
		.store = report->store,
		.schema = report->view.schema,
		.ids = (const void *)report->ids.at,
		.id_count = id_count(report),
		.villages = (const void *)report->villages.at,
		.village_count = report->villages.length / sizeof(uint64_t),
		.devices = (const void *)report->devices.at,
		.device_count = report->devices.length / sizeof(uint32_t),
	};
	struct region scope = {0, 0};
	bool covers = false;
	enum status status = read_covers(&cover, row, &covers, &scope, err);

	if (status != STATUS_OK || !covers) {
		return status;
	}
	if (caller_covers(&report->call->caller, scope)) {
		return show_entry(report, "read", row, err);
	}
	if (report->others.count++ == 0) {
		report->others.first_ms = row->entry.received_ms;
	}
	report->others.last_ms = row->entry.received_ms;
	return STATUS_OK;
}

static enum status
show_reads(struct report *report, struct error *err)
{
	struct json json;
	enum status status =
		store_reads_read(report->store, report->created, each_read, report, err);

	if (status != STATUS_OK || report->others.count == 0) {
		return status;
	}
	json = part(report, "read");
	json_put_object(&json);
	json_put_key(&json, "user");
	json_put_null(&json);
	put_times(&json, "reads", &report->others);
	json_put_object_end(&json);
	return part_end(report, err);
}

/* ---- all of it ---- */

static enum status
show_all(struct report *report, struct error *err)
{
	enum status status = set_aside_mark(&report->aside, report->view.schema, &report->ids,
					    &report->arena, err);

	if (status == STATUS_OK) {
		status = show_labels(report, err);
	}
	if (status == STATUS_OK) {
		status = show_records(report, err);
	}
	if (status == STATUS_OK) {
		status = show_changes(report, err);
	}
	if (status == STATUS_OK) {
		status = show_quarantine(report, err);
	}
	if (status == STATUS_OK) {
		status = store_import_keys(report->store, each_import, report, err);
	}
	if (status == STATUS_OK) {
		status = store_pulls_read(report->store, 0, each_pulls, report, err);
	}
	if (status == STATUS_OK) {
		status = buffer_status(&report->devices, "the report", err);
	}
	return status == STATUS_OK ? show_reads(report, err) : status;
}

enum status
person_answer(struct call *call, struct store *reader, struct error *err)
{
	struct report report = {.call = call, .store = reader};
	enum status status = view_init(&report.view, call, reader, err);

	if (status != STATUS_OK) {
		return status;
	}
	call->media = MEDIA_LINES;
	arena_init(&report.arena, RECORD_MEMORY);
	buffer_init(&report.ids, SIZE_MAX);
	buffer_init(&report.villages, SIZE_MAX);
	buffer_init(&report.devices, SIZE_MAX);
	status = set_aside_open(&report.aside, reader, caller_scope(&call->caller), err);
	if (status == STATUS_OK) {
		status = find_subject(&report, err);
	}
	if (status == STATUS_OK) {
		status = show_all(&report, err);
	}
	buffer_finish(&report.devices);
	set_aside_close(&report.aside);
	buffer_finish(&report.villages);
	buffer_finish(&report.ids);
	arena_finish(&report.arena);
	view_finish(&report.view);
	return status;
}

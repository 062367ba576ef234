/* SPDX-License-Identifier: Apache-2.0 */
/* A table becomes records, a few hundred rows in each of the writer's transactions, so that syncs
 * get their turn between them. */
#include "csv_table.h"
#include "handle.h"
#include "protocol/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS_A_JOB = 200, TABLE_MEMORY = 64 * 1024 * 1024, KEY_COLUMNS = 3 };

/* A row is known again by the first of these cells that is not empty. */
static const char *const key_columns[KEY_COLUMNS] = {"key", "no_kk", "nik"};

struct import {
	struct arena arena;
	struct csv_table table;
	const struct record_type *type;
	size_t keys[KEY_COLUMNS]; /* their columns; column_count: none */
	uint32_t stream;
	size_t next; /* row */
	unsigned long imported;
	unsigned long updated;
	unsigned long refused;
};

static void
import_free(void *own)
{
	struct import *import = own;

	arena_finish(&import->arena);
	free(import);
}

static size_t
column_named(const struct csv_table *table, struct span name)
{
	size_t i = 0;

	while (i < table->column_count && !span_equal(table->names[i], name)) {
		i++;
	}
	return i;
}

/* What no row could mend is refused as a whole, before anything is written. */
static enum status
check_columns(struct import *import, struct error *err)
{
	const struct csv_table *table = &import->table;

	for (size_t i = 0; i < table->column_count; i++) {
		struct span name = table->names[i];

		if (column_named(table, name) < i) {
			return fail(err, STATUS_INVALID, "column \"%.*s\" stands twice",
				    NAME_ARGS(name));
		}
		if (!span_equal(name, span_of_text(key_columns[0])) &&
		    type_tag_named(import->type, name) == 0) {
			return fail(err, STATUS_INVALID, "type %.*s has no field \"%.*s\"",
				    NAME_ARGS(import->type->name), NAME_ARGS(name));
		}
	}
	if (import->type->root == 0 &&
	    column_named(table, span_of_text("village")) == table->column_count) {
		return fail(err, STATUS_INVALID, "column \"village\" is missing");
	}
	return STATUS_OK;
}

static enum status
check_keys(struct import *import, struct error *err)
{
	bool any = false;

	for (size_t i = 0; i < KEY_COLUMNS; i++) {
		import->keys[i] = column_named(&import->table, span_of_text(key_columns[i]));
		any = any || import->keys[i] < import->table.column_count;
	}
	if (!any) {
		return fail(err, STATUS_INVALID,
			    "a column \"key\", \"no_kk\" or \"nik\" must tell the rows apart");
	}
	return STATUS_OK;
}

enum status
import_open(struct call *call, struct store *reader, struct error *err)
{
	struct import *import = calloc(1, sizeof *import);
	enum status status;

	(void)reader;
	if (import == NULL) {
		return fail(err, STATUS_MEMORY, "an import");
	}
	arena_init(&import->arena, TABLE_MEMORY);
	call->own = import;
	call->own_free = import_free;
	call->media = MEDIA_LINES;
	status = call_type(call, &import->type, err);
	if (status == STATUS_OK) {
		status = csv_table_read(buffer_span(&call->body), &import->arena, &import->table,
					err);
	}
	if (status == STATUS_OK) {
		status = check_columns(import, err);
	}
	return status == STATUS_OK ? check_keys(import, err) : status;
}

static struct span
row_key(const struct import *import, const struct csv_row *row)
{
	for (size_t i = 0; i < KEY_COLUMNS; i++) {
		if (import->keys[i] < import->table.column_count &&
		    row->cells[import->keys[i]].length > 0) {
			return row->cells[import->keys[i]];
		}
	}
	return span_of(NULL, 0);
}

static void
write_refusal(struct call *call, size_t line, struct span field, const char *reason)
{
	struct json json = json_start(&call->out);

	json_put_object(&json);
	json_put_key(&json, "line");
	json_put_uint(&json, line);
	json_put_key(&json, "field");
	if (field.length > 0) {
		json_put_text(&json, field);
	} else {
		json_put_null(&json);
	}
	json_put_key(&json, "reason");
	json_put_string(&json, reason);
	json_put_object_end(&json);
	json_put_line_end(&json);
}

/* The column that a detail such as "weight: 0.2–400 kg" or "weight" begins with; empty if none. */
static struct span
column_in(const struct import *import, const char *detail)
{
	const char *colon = strstr(detail, ": ");
	struct span name =
		span_of(detail, colon == NULL ? strlen(detail) : (size_t)(colon - detail));

	return column_named(&import->table, name) < import->table.column_count ? name
									       : span_of(NULL, 0);
}

/* The detail of INVALID is the reason; that of any other status only completes its words. */
static void
refuse_row(struct call *call, const struct csv_row *row, const struct error *why)
{
	struct import *import = call->own;
	struct span field = column_in(import, why->detail);
	const char *rest = why->detail + field.length;
	const char *what = status_what(why->status, LANGUAGE_EN);
	char reason[2 * ERROR_DETAIL_MAX];

	if (field.length > 0 && *rest != '\0') {
		rest += strlen(": ");
	}
	if (why->status == STATUS_INVALID && *rest != '\0') {
		what = "";
	}
	(void)snprintf(reason, sizeof reason, "%s%s%s", what,
		       *what != '\0' && *rest != '\0' ? ": " : "", rest);
	import->refused++;
	write_refusal(call, row->line, field, reason);
}

/* A fault of the server's, not of the row. */
static bool
is_fault(enum status status)
{
	return status == STATUS_STORAGE || status == STATUS_FULL || status == STATUS_BUSY ||
	       status == STATUS_MEMORY || status == STATUS_INTERNAL;
}

static enum status
import_one(struct call *call, struct ingest *ingest, const struct csv_row *row, struct error *err)
{
	struct import *import = call->own;
	struct import_row_in in = {.type = import->type,
				   .names = import->table.names,
				   .cells = row->cells,
				   .count = import->table.column_count};
	enum import_result result;
	struct error why = {0};
	enum status status;

	if (row->reason != NULL) {
		(void)fail(&why, STATUS_INVALID, "%s", row->reason);
		refuse_row(call, row, &why);
		return STATUS_OK;
	}
	in.key = row_key(import, row);
	status = ingest_import_row(ingest, import->stream, call->caller.user, &in, &result, &why);
	if (is_fault(status)) {
		*err = why;
		return fail_context(err, "line %zu", row->line);
	}
	if (status != STATUS_OK) {
		refuse_row(call, row, &why);
		return STATUS_OK;
	}
	import->imported += result == IMPORT_ADDED;
	import->updated += result == IMPORT_UPDATED;
	return STATUS_OK;
}

static void
write_sum(struct call *call)
{
	const struct import *import = call->own;
	struct json json = json_start(&call->out);

	json_put_object(&json);
	json_put_key(&json, "imported");
	json_put_uint(&json, import->imported);
	json_put_key(&json, "updated");
	json_put_uint(&json, import->updated);
	json_put_key(&json, "refused");
	json_put_uint(&json, import->refused);
	json_put_object_end(&json);
	json_put_line_end(&json);
}

enum status
import_write(struct call *call, struct ingest *ingest, struct error *err)
{
	struct import *import = call->own;
	size_t begun = import->next;
	size_t end = begun + ROWS_A_JOB;
	enum status status = STATUS_OK;

	if (import->stream == 0) {
		status = ingest_import_begin(ingest, call->caller.user, &import->stream, err);
	}
	if (end > import->table.row_count) {
		end = import->table.row_count;
	}
	while (status == STATUS_OK && import->next < end &&
	       (import->next == begun || !ingest_crowded(ingest))) {
		status = import_one(call, ingest, &import->table.rows[import->next], err);
		import->next++;
	}
	if (status != STATUS_OK) {
		return status;
	}
	call->again = import->next < import->table.row_count;
	if (!call->again) {
		write_sum(call);
	}
	return STATUS_OK;
}

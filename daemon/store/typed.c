/* SPDX-License-Identifier: Apache-2.0 */
#include "typed.h"

#include <stdio.h>
#include <stdlib.h>

enum { PART_WHOLE = 0, PART_LATITUDE = 1, PART_LONGITUDE = 2 };
enum { COLUMN_NAME_SIZE = SCHEMA_NAME_MAX + 8, STATEMENT_TEXT_MAX = 64 * 1024 };

/* A column that holds a field, or one part of it. */
struct column {
	int32_t tag;
	int part;
	char name[COLUMN_NAME_SIZE];
};

/* The statement that writes the rows of one type. */
struct typed {
	struct typed *next;
	uint32_t type;
	struct statement *statement;
	struct buffer columns; /* struct column, in the order of the statement */
};

static struct column
column_of(const struct field *field, int part)
{
	static const char *const endings[] = {"", "_lat", "_lon"};
	struct column column = {.tag = field->tag, .part = part};

	(void)snprintf(column.name, sizeof column.name, "%.*s%s", NAME_ARGS(field->name),
		       endings[part]);
	return column;
}

static int
first_part(const struct field *field)
{
	return field->type == FIELD_POINT ? PART_LATITUDE : PART_WHOLE;
}

static int
last_part(const struct field *field)
{
	return field->type == FIELD_POINT ? PART_LONGITUDE : PART_WHOLE;
}

/* ---- tables follow the schema ---- */

/* Runs what the buffer holds and finishes it. */
static enum status
run_text(struct store *store, struct buffer *text, struct error *err)
{
	enum status status;

	buffer_append_byte(text, '\0');
	status = buffer_status(text, "a typed table", err);
	if (status == STATUS_OK) {
		status = sql_exec(store->sql, (const char *)text->at, err);
	}
	buffer_finish(text);
	return status;
}

/* "home_lat" may be a part of a point and, by mischance, another field. */
static enum status
check_names(const struct record_type *type, const struct field *field, struct error *err)
{
	for (int part = PART_LATITUDE; part <= last_part(field); part++) {
		const struct column column = column_of(field, part);

		if (type_field_named(type, span_of_text(column.name)) != NULL) {
			return fail(err, STATUS_INVALID,
				    "%.*s.%s: the name is taken by a part of the point %.*s",
				    NAME_ARGS(type->name), column.name, NAME_ARGS(field->name));
		}
	}
	return STATUS_OK;
}

static enum status
check_all_names(const struct schema *schema, struct error *err)
{
	for (size_t i = 0; i < schema->type_count; i++) {
		const struct record_type *type = &schema->types[i];

		for (size_t k = 0; k < type->field_count; k++) {
			enum status status = check_names(type, &type->fields[k], err);

			if (status != STATUS_OK) {
				return status;
			}
		}
	}
	return STATUS_OK;
}

static const char *
column_type(const struct field *field)
{
	return field->type == FIELD_TEXT ? "TEXT" : "INTEGER";
}

static enum status
note_column(struct store *store, const struct record_type *type, const struct field *field,
	    int part, struct error *err)
{
	static const char text[] =
		"INSERT INTO typed_column (type, tag, part, name) VALUES (?, ?, ?, ?)";
	const struct column column = column_of(field, part);
	struct statement *s = sql_prepare(store->sql, text, err);

	sql_bind_uint(s, 1, type->tag);
	sql_bind_int(s, 2, column.tag);
	sql_bind_int(s, 3, column.part);
	sql_bind_text(s, 4, span_of_text(column.name));
	return sql_run(s, err);
}

/* With all columns at once: SQLite reads its whole schema again for each that is added. */
static enum status
create_table(struct store *store, const struct record_type *type, struct error *err)
{
	struct buffer text;

	/* verify compares the text: what is made otherwise here needs a migration of what was. */
	buffer_init(&text, STATEMENT_TEXT_MAX);
	buffer_printf(&text,
		      "CREATE TABLE IF NOT EXISTS \"t_%.*s\" (id INTEGER PRIMARY KEY,"
		      " village INTEGER NOT NULL, version INTEGER NOT NULL,"
		      " conflicts INTEGER NOT NULL, archived TEXT, same_as INTEGER",
		      NAME_ARGS(type->name));
	for (size_t i = 0; i < type->field_count; i++) {
		const struct field *field = &type->fields[i];

		for (int part = first_part(field); part <= last_part(field); part++) {
			buffer_printf(&text, ", \"%s\" %s", column_of(field, part).name,
				      column_type(field));
		}
	}
	buffer_printf(&text, ")");
	return run_text(store, &text, err);
}

/* The rows that are there have nothing in the new column, and a record may have kept something for
 * it: the tables follow the log anew. */
static enum status
add_column(struct store *store, const struct record_type *type, const struct field *field, int part,
	   struct error *err)
{
	static const char anew_text[] = "UPDATE typed_head SET seq = 0";
	struct buffer text;
	enum status status;

	buffer_init(&text, STATEMENT_TEXT_MAX);
	buffer_printf(&text, "ALTER TABLE \"t_%.*s\" ADD COLUMN \"%s\" %s", NAME_ARGS(type->name),
		      column_of(field, part).name, column_type(field));
	status = run_text(store, &text, err);
	if (status == STATUS_OK) {
		status = note_column(store, type, field, part, err);
	}
	return status == STATUS_OK ? sql_run(sql_prepare(store->sql, anew_text, err), err) : status;
}

static enum status
rename_column(struct store *store, const struct record_type *type, const struct column *column,
	      const char *name, struct error *err)
{
	static const char update_text[] =
		"UPDATE typed_column SET name = ? WHERE type = ? AND tag = ? AND part = ?";
	struct statement *s;
	struct buffer text;
	enum status status;

	buffer_init(&text, STATEMENT_TEXT_MAX);
	buffer_printf(&text, "ALTER TABLE \"t_%.*s\" RENAME COLUMN \"%s\" TO \"%s\"",
		      NAME_ARGS(type->name), column->name, name);
	status = run_text(store, &text, err);
	if (status != STATUS_OK) {
		return status;
	}
	s = sql_prepare(store->sql, update_text, err);
	sql_bind_text(s, 1, span_of_text(name));
	sql_bind_uint(s, 2, type->tag);
	sql_bind_int(s, 3, column->tag);
	sql_bind_int(s, 4, column->part);
	return sql_run(s, err);
}

/* Sets the name under which the column stands now; "" if there is none. */
static enum status
find_column(struct store *store, const struct record_type *type, struct column *column,
	    struct error *err)
{
	static const char text[] =
		"SELECT name FROM typed_column WHERE type = ? AND tag = ? AND part = ?";
	struct statement *s = sql_prepare(store->sql, text, err);
	enum status status;
	bool row;

	sql_bind_uint(s, 1, type->tag);
	sql_bind_int(s, 2, column->tag);
	sql_bind_int(s, 3, column->part);
	status = sql_row(s, &row, err);
	column->name[0] = '\0';
	if (status == STATUS_OK && row) {
		const struct span name = sql_text(s, 0);

		(void)snprintf(column->name, sizeof column->name, "%.*s", (int)name.length,
			       (const char *)name.at);
		sql_reset(s);
	}
	return status;
}

typedef enum status (*column_step)(struct store *store, const struct record_type *type,
				   const struct field *field, int part, struct error *err);

/* A name that another column wants must be free before that one takes it, also when two fields
 * change names: so whatever is called otherwise now first takes a name that no schema has. */
static enum status
step_aside(struct store *store, const struct record_type *type, const struct field *field, int part,
	   struct error *err)
{
	const struct column wanted = column_of(field, part);
	struct column present = wanted;
	char aside[COLUMN_NAME_SIZE];
	enum status status = find_column(store, type, &present, err);

	if (status != STATUS_OK || present.name[0] == '\0' ||
	    span_equal(span_of_text(present.name), span_of_text(wanted.name))) {
		return status;
	}
	(void)snprintf(aside, sizeof aside, "~%ld_%d", (long)field->tag, part);
	return rename_column(store, type, &present, aside, err);
}

static enum status
take_place(struct store *store, const struct record_type *type, const struct field *field, int part,
	   struct error *err)
{
	const struct column wanted = column_of(field, part);
	struct column present = wanted;
	enum status status = find_column(store, type, &present, err);

	if (status != STATUS_OK ||
	    span_equal(span_of_text(present.name), span_of_text(wanted.name))) {
		return status;
	}
	return present.name[0] == '\0' ? add_column(store, type, field, part, err)
				       : rename_column(store, type, &present, wanted.name, err);
}

static enum status
each_column(struct store *store, const struct record_type *type, column_step step,
	    struct error *err)
{
	for (size_t i = 0; i < type->field_count; i++) {
		const struct field *field = &type->fields[i];

		for (int part = first_part(field); part <= last_part(field); part++) {
			enum status status = step(store, type, field, part, err);

			if (status != STATUS_OK) {
				return status;
			}
		}
	}
	return STATUS_OK;
}

static enum status
has_table(struct store *store, const struct record_type *type, bool *out, struct error *err)
{
	static const char text[] = "SELECT 1 FROM typed_column WHERE type = ?";
	struct statement *s = sql_prepare(store->sql, text, err);
	enum status status;

	sql_bind_uint(s, 1, type->tag);
	status = sql_row(s, out, err);
	if (status == STATUS_OK && *out) {
		sql_reset(s);
	}
	return status;
}

static enum status
prepare_type(struct store *store, const struct record_type *type, struct error *err)
{
	bool there = false;
	enum status status = has_table(store, type, &there, err);

	if (status == STATUS_OK && !there) {
		status = create_table(store, type, err);
		return status == STATUS_OK ? each_column(store, type, note_column, err) : status;
	}
	if (status == STATUS_OK) {
		status = each_column(store, type, step_aside, err);
	}
	return status == STATUS_OK ? each_column(store, type, take_place, err) : status;
}

enum status
store_typed_prepare(struct store *store, const struct schema *schema, struct error *err)
{
	enum status status = check_all_names(schema, err);

	if (status != STATUS_OK) {
		return status;
	}
	typed_forget(store);
	for (size_t i = 0; i < schema->type_count && status == STATUS_OK; i++) {
		status = prepare_type(store, &schema->types[i], err);
	}
	return status;
}

/* ---- writing rows ---- */

static void
typed_free(struct typed *typed)
{
	sql_statement_free(typed->statement);
	buffer_finish(&typed->columns);
	free(typed);
}

void
typed_forget(struct store *store)
{
	while (store->typed != NULL) {
		struct typed *typed = store->typed;

		store->typed = typed->next;
		typed_free(typed);
	}
}

/* The columns of fields as they stand in the database, which may know more than the schema; in the
 * order of a record's fields. */
static enum status
read_columns(struct store *store, const struct record_type *type, struct buffer *out,
	     struct error *err)
{
	static const char text[] =
		"SELECT tag, part, name FROM typed_column WHERE type = ? ORDER BY tag, part";
	static const struct column built_in[] = {{TAG_ARCHIVED, PART_WHOLE, "archived"},
						 {TAG_SAME_AS, PART_WHOLE, "same_as"}};
	struct statement *s = sql_prepare(store->sql, text, err);
	bool row = true;

	sql_bind_uint(s, 1, type->tag);
	while (row) {
		enum status status = sql_row(s, &row, err);

		if (status != STATUS_OK) {
			return status;
		}
		if (row) {
			const struct span name = sql_text(s, 2);
			struct column column = {(int32_t)sql_int(s, 0), (int)sql_int(s, 1), ""};

			(void)snprintf(column.name, sizeof column.name, "%.*s", (int)name.length,
				       (const char *)name.at);
			buffer_append(out, &column, sizeof column);
		}
	}
	buffer_append(out, built_in, sizeof built_in);
	return buffer_status(out, "a typed table", err);
}

static const struct column *
typed_columns(const struct typed *typed, size_t *count_out)
{
	*count_out = typed->columns.length / sizeof(struct column);
	return (const struct column *)(const void *)typed->columns.at;
}

static enum status
prepare_statement(struct store *store, const struct record_type *type, struct typed *typed,
		  struct error *err)
{
	size_t count;
	const struct column *columns = typed_columns(typed, &count);
	struct buffer text;
	enum status status;

	buffer_init(&text, STATEMENT_TEXT_MAX);
	buffer_printf(&text, "INSERT OR REPLACE INTO \"t_%.*s\" (id, village, version, conflicts",
		      NAME_ARGS(type->name));
	for (size_t i = 0; i < count; i++) {
		buffer_printf(&text, ", \"%s\"", columns[i].name);
	}
	buffer_printf(&text, ") VALUES (?, ?, ?, ?");
	for (size_t i = 0; i < count; i++) {
		buffer_printf(&text, ", ?");
	}
	buffer_append(&text, ")", sizeof ")");
	status = buffer_status(&text, "a typed table", err);
	if (status == STATUS_OK) {
		typed->statement = sql_prepare_own(store->sql, (const char *)text.at, err);
		if (typed->statement == NULL) {
			status = err == NULL ? STATUS_STORAGE : err->status;
		}
	}
	buffer_finish(&text);
	return status;
}

static enum status
find_typed(struct store *store, const struct record_type *type, struct typed **out,
	   struct error *err)
{
	struct typed *typed = store->typed;
	enum status status;

	while (typed != NULL && typed->type != type->tag) {
		typed = typed->next;
	}
	if (typed != NULL) {
		*out = typed;
		return STATUS_OK;
	}
	typed = calloc(1, sizeof *typed);
	if (typed == NULL) {
		return store_exhausted("a typed table", err);
	}
	typed->type = type->tag;
	buffer_init(&typed->columns, SIZE_MAX);
	status = read_columns(store, type, &typed->columns, err);
	if (status == STATUS_OK) {
		status = prepare_statement(store, type, typed, err);
	}
	if (status != STATUS_OK) {
		typed_free(typed);
		return status;
	}
	typed->next = store->typed;
	store->typed = typed;
	*out = typed;
	return STATUS_OK;
}

/* What is left unbound is NULL. */
static void
bind_value(struct statement *s, int index, struct value value, int part)
{
	if (part != PART_WHOLE) {
		if (value.form == VALUE_PAIR) {
			sql_bind_int(s, index,
				     part == PART_LATITUDE ? value.pair.first : value.pair.second);
		}
		return;
	}
	switch (value.form) {
	case VALUE_INTEGER:
		sql_bind_int(s, index, value.integer);
		break;
	case VALUE_BOOLEAN:
		sql_bind_int(s, index, value.boolean ? 1 : 0);
		break;
	case VALUE_TEXT:
		sql_bind_text(s, index, value.text);
		break;
	case VALUE_PAIR:
	case VALUE_EMPTY:
		break;
	}
}

/* Both ascend by tag. */
static void
bind_fields(const struct typed *typed, const struct record_type *type, const struct record *record)
{
	enum { FIRST_FIELD = 5 };
	size_t count;
	const struct column *columns = typed_columns(typed, &count);
	size_t at = 0;

	for (size_t i = 0; i < record->field_count; i++) {
		const struct record_field *field = &record->fields[i];
		struct value value = field_shown(record, field, type_policy(type, field->tag));

		while (at < count && tag_compare(columns[at].tag, field->tag) < 0) {
			at++;
		}
		for (; at < count && columns[at].tag == field->tag; at++) {
			bind_value(typed->statement, (int)at + FIRST_FIELD, value,
				   columns[at].part);
		}
	}
}

enum status
typed_write(struct store *store, const struct schema *schema, const struct stored_record *row,
	    const struct record *record, struct error *err)
{
	const struct record_type *type = schema_type(schema, row->type);
	struct typed *typed = NULL;
	enum status status;

	if (type == NULL) {
		return STATUS_OK;
	}
	status = find_typed(store, type, &typed, err);
	if (status != STATUS_OK) {
		return status;
	}
	sql_bind_uint(typed->statement, 1, row->id);
	sql_bind_uint(typed->statement, 2, row->village);
	sql_bind_uint(typed->statement, 3, row->version);
	sql_bind_uint(typed->statement, 4, row->conflicts);
	bind_fields(typed, type, record);
	return sql_run(typed->statement, err);
}

enum status
typed_remove(struct store *store, const struct schema *schema, uint32_t type, uint64_t id,
	     struct error *err)
{
	const struct record_type *found = schema == NULL ? NULL : schema_type(schema, type);
	struct buffer text;

	if (found == NULL) {
		return STATUS_OK;
	}
	buffer_init(&text, STATEMENT_TEXT_MAX);
	buffer_printf(&text, "DELETE FROM \"t_%.*s\" WHERE id = %llu", NAME_ARGS(found->name),
		      (unsigned long long)id);
	return run_text(store, &text, err);
}

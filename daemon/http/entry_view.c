/* SPDX-License-Identifier: Apache-2.0 */
#include "entry_view.h"

#include "daemon/ingest/note.h"

#include <inttypes.h>
#include <stdio.h>

enum { CHANGE_MEMORY = 256 * 1024, NOTE_PAIRS_MAX = 23, TYPE_NAME_SIZE = 24 };

/* The keys of a note's payload that are shown (docs/protocol.md, "Notes"). */
static const char *const note_names[] = {
	[1] = "action",	   [2] = "stream",   [4] = "name",   [6] = "version", [8] = "route",
	[9] = "filter",	   [10] = "epoch",   [12] = "cut",   [13] = "role",   [15] = "parent",
	[16] = "parent_n", [17] = "n",	     [18] = "entry", [19] = "reason", [25] = "from",
	[26] = "to",	   [27] = "changes",
};
enum { NOTE_FROM = 25, NOTE_TO = 26 };

/* Of what a device sent, once it was released. */
static bool
released_change(const struct log_row *row, struct view *view, struct arena *arena,
		struct change *out, uint32_t *stream_out)
{
	struct note_released released;
	struct log_row logged;

	if (!note_released_decode(row->payload, &released) ||
	    store_log_entry(view->store, released.entry, arena, &logged, NULL) != STATUS_OK ||
	    change_decode(logged.payload, false, arena, out, NULL) != STATUS_OK) {
		return false;
	}
	change_bound_base(out, released.entry);
	*stream_out = released.stream;
	return true;
}

bool
entry_change(const struct log_row *row, struct view *view, struct arena *arena, struct change *out,
	     uint32_t *stream_out)
{
	const struct view_name *stream;
	bool server;

	if (row->entry.kind == ENTRY_RELEASE) {
		return released_change(row, view, arena, out, stream_out);
	}
	if (row->entry.kind != ENTRY_CHANGE) {
		return false;
	}
	server = view_stream(view, row->entry.stream, &stream) && stream->kind != STREAM_DEVICE;
	*stream_out = row->entry.stream;
	return change_decode(row->payload, server, arena, out, NULL) == STATUS_OK;
}

static void
key_number(struct json *json, const char *key, uint64_t number)
{
	json_put_key(json, key);
	if (number == 0) {
		json_put_null(json);
	} else {
		json_put_uint(json, number);
	}
}

static void
key_name(struct json *json, const char *key, const struct view_name *name)
{
	json_put_key(json, key);
	if (name == NULL) {
		json_put_null(json);
	} else {
		json_put_text(json, span_of(name->name, name->length));
	}
}

/* The device and its cadre, or the user at the server. */
static void
show_author(struct json *json, struct view *view, const struct entry *entry)
{
	const struct view_name *stream = NULL;
	const struct view_name *user = NULL;
	bool device = view_stream(view, entry->stream, &stream) && stream->kind == STREAM_DEVICE;

	key_number(json, "device", device ? entry->stream : 0);
	key_number(json, "n", entry->n);
	key_name(json, "cadre", device ? stream : NULL);
	/* After the names above are written: a look-up may take their place. */
	if (entry->user != 0 && view_stream(view, entry->user, &user)) {
		key_name(json, "user", user);
	} else {
		key_name(json, "user", NULL);
	}
}

static void
show_type(struct json *json, const struct record_type *type, const struct change *change)
{
	char text[TYPE_NAME_SIZE];

	json_put_key(json, "type");
	if (type != NULL) {
		json_put_text(json, type->name);
	} else if (change != NULL) {
		(void)snprintf(text, sizeof text, "type_%" PRIu32, change->type);
		json_put_string(json, text);
	} else {
		json_put_null(json);
	}
}

static void
show_fields(struct json *json, const struct record_type *type, const struct change *change)
{
	char scratch[FIELD_NAME_SIZE];

	json_put_key(json, "fields");
	if (change == NULL) {
		json_put_null(json);
		return;
	}
	json_put_object(json);
	for (size_t i = 0; i < change->field_count; i++) {
		int32_t tag = change->fields[i].tag;

		json_put_key_span(json, type_field_name(type, tag, scratch));
		json_value(json, type_field(type, tag), tag, change->fields[i].value);
	}
	json_put_object_end(json);
}

static void
show_was(struct json *json, const struct record_type *type, const struct change *change,
	 const struct record *before)
{
	char scratch[FIELD_NAME_SIZE];

	json_put_key(json, "was");
	json_put_object(json);
	for (size_t i = 0; change != NULL && i < change->field_count; i++) {
		int32_t tag = change->fields[i].tag;

		json_put_key_span(json, type_field_name(type, tag, scratch));
		json_value(json, type_field(type, tag), tag, record_shown(before, type, tag));
	}
	json_put_object_end(json);
}

/* Whose words an admin gave to this record. */
static void
show_given(struct json *json, struct view *view, const struct change *change)
{
	const struct view_name *stream = NULL;

	if (change == NULL || change->kind != CHANGE_GIVEN || change->was_stream == 0) {
		return;
	}
	json_put_key(json, "given");
	json_put_object(json);
	key_number(json, "device", change->was_stream);
	key_number(json, "n", change->was_n);
	key_name(json, "cadre", view_stream(view, change->was_stream, &stream) ? stream : NULL);
	json_put_object_end(json);
}

/* A number, a text or a record of a note; anything else is passed over. */
static bool
show_note_value(struct json *json, struct reader *in, uint32_t key, const char *name)
{
	struct span text;
	uint64_t number;

	if ((key == NOTE_FROM || key == NOTE_TO) && cbor_get_uint(in, &number)) {
		json_put_key(json, name);
		json_put_id(json, number);
		return true;
	}
	if (name != NULL && cbor_get_text(in, &text)) {
		json_put_key(json, name);
		json_put_text(json, text);
		return true;
	}
	if (name != NULL && cbor_get_uint(in, &number)) {
		json_put_key(json, name);
		json_put_uint(json, number);
		return true;
	}
	return cbor_get_any(in, &text);
}

static void
show_note(struct json *json, struct span payload)
{
	struct reader in = reader_of(payload);
	size_t pairs = 0;
	uint32_t key;

	json_put_key(json, "about");
	json_put_object(json);
	if (cbor_get_map(&in, NOTE_PAIRS_MAX, &pairs)) {
		for (size_t i = 0; i < pairs && cbor_get_u32(&in, &key); i++) {
			const char *name = key < sizeof note_names / sizeof note_names[0]
						   ? note_names[key]
						   : NULL;

			if (!show_note_value(json, &in, key, name)) {
				break;
			}
		}
	}
	json_put_object_end(json);
}

static void
show_times(struct json *json, const struct entry *entry)
{
	json_put_key(json, "time");
	if (entry->time < -CHANGE_TIME_MAX || entry->time > CHANGE_TIME_MAX) {
		json_put_null(json);
	} else {
		json_put_instant(json, entry->time * 1000);
	}
	json_put_key(json, "received");
	json_put_instant(json, entry->received_ms);
}

void
entry_show(struct view *view, const struct log_row *row, const struct record *before,
	   struct buffer *out)
{
	const struct entry *entry = &row->entry;
	struct json json = json_start(out);
	const struct schema *schema;
	const struct record_type *type = NULL;
	struct change decoded;
	struct change *change = NULL;
	uint32_t stream;
	struct arena arena;

	arena_init(&arena, CHANGE_MEMORY);
	if (entry_change(row, view, &arena, &decoded, &stream)) {
		change = &decoded;
		schema = catalogue_schema(view->catalogue, decoded.schema_version);
		type = schema_type(schema != NULL ? schema : view->schema, decoded.type);
	}
	json_put_object(&json);
	json_put_key(&json, "seq");
	json_put_uint(&json, entry->seq);
	json_put_key(&json, "kind");
	json_put_string(&json, entry_kind_name(entry->kind));
	show_author(&json, view, entry);
	json_put_key(&json, "record");
	json_put_id(&json, entry->record);
	show_type(&json, type, change);
	show_times(&json, entry);
	show_fields(&json, type, change);
	if (before != NULL) {
		show_was(&json, type, change, before);
	}
	show_given(&json, view, change);
	if (entry->verdict == VERDICT_QUARANTINED) {
		json_put_key(&json, "quarantined");
		json_put_string(&json, quarantine_why(entry->reason));
	}
	if (row->payload.at == NULL) {
		json_put_key(&json, "erased");
		json_put_bool(&json, true);
	}
	if (entry->kind != ENTRY_CHANGE && row->payload.length > 0) {
		show_note(&json, row->payload);
	}
	json_put_object_end(&json);
	json_put_line_end(&json);
	arena_finish(&arena);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json: writes JSON (RFC 8259), and records as the command contract prints them.
 *
 * Only a writer, small enough for the device; programs that read JSON use jansson. Both sides print
 * records with record_json, so a device's dump and the server's export are the same bytes.
 */
#ifndef SAMBUNG_PROTOCOL_JSON_H
#define SAMBUNG_PROTOCOL_JSON_H

#include "merge.h"
#include "message.h"

struct json {
	struct buffer *out; /* borrowed; failures are remembered there */
	bool comma;	    /* the next item needs a comma in front */
};

struct json json_start(struct buffer *out);
void json_put_object(struct json *json);     /* { */
void json_put_object_end(struct json *json); /* } */
void json_put_array(struct json *json);
void json_put_array_end(struct json *json);
void json_put_key(struct json *json, const char *key);
void json_put_key_span(struct json *json, struct span key);
void json_put_text(struct json *json, struct span text); /* escapes; text must be UTF-8 */
void json_put_string(struct json *json, const char *text);
void json_put_int(struct json *json, int64_t value);
void json_put_uint(struct json *json, uint64_t value);
void json_put_decimal(struct json *json, int64_t value, unsigned scale);
void json_put_bool(struct json *json, bool value);
void json_put_null(struct json *json);
void json_put_id(struct json *json, uint64_t id); /* record id text, null for 0 */
void json_put_instant(struct json *json, int64_t milliseconds);
/* Closes a JSON line. */
void json_put_line_end(struct json *json);

/* One value of a field as the contract shows it: choices by name ("code 9 (new)" when unknown),
 * sets as sorted arrays of names, a change of a set as ["+a", "-b"], dates YYYY-MM-DD, references
 * as ids, points as [lat, lon]; a field the schema does not know by the form of its value. `field`
 * may be NULL (built-in or unknown tag). */
void json_value(struct json *json, const struct field *field, int32_t tag, struct value value);

/* Who stands behind a stream number. */
struct stream_names {
	/* Fills *out (borrowed until the next call); false: not known. */
	bool (*find)(void *context, uint32_t number, struct stream_name *out);
	void *context;
};

/*
 * Appends {"id","type","version","village","fields","conflicts","archived","flags"} (no newline).
 * `today` in days, for the rules. Fields stand in tag order, absent when empty.
 */
void json_record(struct json *json, const struct schema *schema, const struct record *record,
		 const struct merge_context *context, const struct stream_names *names,
		 int64_t today);

/* [{"value","device","cadre","time","seq"}, …] of one field; server members have "user" instead. */
void json_members(struct json *json, const struct record_type *type, const struct record *record,
		  const struct record_field *field, const struct stream_names *names);

/* One field as a record's "conflicts" lists it: its members, and after the members of an archive
 * the edits that had not seen it, without a value. */
void json_conflict(struct json *json, const struct record *record, const struct record_field *field,
		   const struct merge_context *context, const struct stream_names *names);

#endif

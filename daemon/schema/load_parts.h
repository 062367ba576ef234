/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load_parts: what load.c is made of; nobody else includes this.
 *
 * These return false when the file is refused; the error is in the loader then, and whoever knows
 * the place puts it in front. Objects and arrays are borrowed from the parsed file.
 */
#ifndef SAMBUNG_DAEMON_SCHEMA_LOAD_PARTS_H
#define SAMBUNG_DAEMON_SCHEMA_LOAD_PARTS_H

#include "protocol/schema.h"

#include <jansson.h>

struct loader {
	struct schema *schema;
	struct error error;
};

/* Refuses with INVALID; always false. */
bool load_refuse(struct loader *loader, const char *format, ...) PRINTF_LIKE(2, 3);

/* An object with no other keys than these (NULL at the end). */
bool load_keys(struct loader *loader, json_t *json, const char *const *keys);
/* The readers of one key leave *out alone when the key is absent and not required. Texts are copied
 * and not empty. */
bool load_text(struct loader *loader, json_t *object, const char *key, bool required,
	       struct span *out);
bool load_number(struct loader *loader, json_t *object, const char *key, bool required,
		 uint32_t most, uint32_t *out);
bool load_label(struct loader *loader, json_t *object, struct label *out);
/* An array of at most `most` items; absent: *out is NULL, of which json_array_size is 0. */
bool load_array(struct loader *loader, json_t *object, const char *key, size_t most, json_t **out);
/* Copies the text of any JSON string; `what` for the error. */
bool load_string(struct loader *loader, json_t *json, const char *what, struct span *out);
/* Zeroed memory of the schema; NULL when there is none. */
void *load_take(struct loader *loader, size_t count, size_t size);

/* A value to compare with the field, or with the days since it: integers in stored units, true,
 * false, choices by name, dates. Whether it fits is for schema_check. */
bool load_constant(struct loader *loader, const struct field *field, bool days_since, json_t *json,
		   struct value *out);
/* A new condition in *out; names are looked up in the type. */
bool load_condition(struct loader *loader, const struct record_type *type, json_t *json,
		    struct condition **out);
bool load_rules(struct loader *loader, json_t *object, struct record_type *type);
/* Everything of the object "types". Lists are there already. */
bool load_types(struct loader *loader, json_t *types);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* schema_parts: what schema_check is made of; nobody else includes this. */
#ifndef SAMBUNG_PROTOCOL_SCHEMA_PARTS_H
#define SAMBUNG_PROTOCOL_SCHEMA_PARTS_H

#include "schema.h"

/* All of these fail with INVALID and leave it to the caller to put the place in front. */

/* A name of a type or field: its letters, and not a key of every record. */
enum status schema_name_check(struct span name, struct error *err);
/* A text in every language. */
enum status schema_label_check(const struct label *label, struct error *err);
enum status schema_retired_check(const struct schema *schema, uint32_t retired, struct error *err);
enum status schema_count_check(const char *what, size_t count, size_t most, struct error *err);

/* One field by itself; the types' tags and the lists have been checked. */
enum status field_check(const struct schema *schema, const struct record_type *type,
			const struct field *field, struct error *err);
/* What of it looks at other fields of its type, which have all passed field_check. */
enum status field_links_check(const struct record_type *type, const struct field *field,
			      struct error *err);

/* A condition against the fields of its type: operands, values, nodes, depth. */
enum status condition_check(const struct record_type *type, const struct condition *condition,
			    struct error *err);

/* A value against the type of its field: an integer within 53 bits, a choice of the list, a day.
 * For a set one choice. */
enum status constant_check(const struct field *field, struct value value, struct error *err);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* The schema file, as an admin uploads it. */
#include "daemon/schema/load.h"
#include "fuzz.h"

FUZZ(data, size)
{
	struct schema *schema = NULL;
	struct schema *again = NULL;
	struct error err = {0};
	struct buffer out;

	if (schema_load_json(span_of(data, size), &schema, &err) != STATUS_OK) {
		PROPERTY(schema == NULL && err.status != STATUS_OK && err.detail[0] != '\0');
		PROPERTY(utf8_valid(span_of_text(err.detail)));
		return 0;
	}
	PROPERTY(schema_check(schema, NULL) == STATUS_OK);
	buffer_init(&out, FUZZ_BUFFER_MAX);
	schema_encode(schema, &out);
	/* What the server takes every device can read. */
	PROPERTY(out.status == STATUS_OK && out.length <= SCHEMA_BYTES_MAX);
	PROPERTY(schema_decode(buffer_span(&out), &again, NULL) == STATUS_OK);
	PROPERTY(memcmp(schema->hash, again->hash, sizeof schema->hash) == 0);
	schema_free(again);
	schema_free(schema);
	buffer_finish(&out);
	return 0;
}

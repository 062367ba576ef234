/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/schema/load.h"
#include "handle.h"
#include "protocol/json.h"

enum { SCHEMA_MEMORY = 4 * SCHEMA_BYTES_MAX };

static void
write_version(struct buffer *out, uint32_t version)
{
	struct json json = json_start(out);

	json_put_object(&json);
	json_put_key(&json, "version");
	json_put_uint(&json, version);
	json_put_object_end(&json);
	json_put_line_end(&json);
}

enum status
schema_answer(struct call *call, struct store *reader, struct error *err)
{
	struct arena arena;
	struct span cbor;
	struct span text;
	enum status status;

	arena_init(&arena, SCHEMA_MEMORY);
	status = store_schema(reader, 0, &arena, &cbor, &text, err);
	if (status == STATUS_OK) {
		buffer_append_span(&call->out, text);
	}
	arena_finish(&arena);
	return status;
}

enum status
schema_write(struct call *call, struct ingest *ingest, struct error *err)
{
	uint32_t version;
	enum status status = ingest_schema_load(ingest, buffer_span(&call->body), call->caller.user,
						&version, err);

	if (status == STATUS_OK) {
		write_version(&call->out, version);
	}
	return status;
}

enum status
schema_check_answer(struct call *call, struct store *reader, struct error *err)
{
	struct schema *schema;
	enum status status = schema_load_json(buffer_span(&call->body), &schema, err);

	(void)reader;
	if (status != STATUS_OK) {
		return status;
	}
	status = schema_check_after(schema, catalogue_schema(call->service->catalogue, 0), err);
	if (status == STATUS_OK) {
		write_version(&call->out, schema->version);
	}
	schema_free(schema);
	return status;
}

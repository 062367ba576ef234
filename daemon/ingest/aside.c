/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/ingest/aside.h"

#include "protocol/cbor.h"
#include "protocol/id.h"

#include <string.h>

enum { ID_BYTES_MAX = 9 };

static bool
bytes_hold(struct span bytes, uint64_t id)
{
	uint8_t written[ID_BYTES_MAX];
	struct buffer out;
	bool held = false;
	size_t length;

	buffer_init(&out, sizeof written);
	cbor_put_uint(&out, id);
	length = out.status == STATUS_OK ? out.length : 0;
	if (length > 0) {
		memcpy(written, out.at, length);
	}
	buffer_finish(&out);
	for (size_t i = 0; length > 0 && i + length <= bytes.length && !held; i++) {
		held = memcmp(bytes.at + i, written, length) == 0;
	}
	return held;
}

static bool
change_hangs_on(const struct schema *schema, const struct change *change, const uint64_t *ids,
		size_t id_count)
{
	const struct record_type *type = schema == NULL ? NULL : schema_type(schema, change->type);
	const int32_t root = type == NULL ? 0 : type->root;

	for (size_t i = 0; i < change->field_count; i++) {
		const struct change_field *field = &change->fields[i];
		uint64_t id;

		if (field->value.form != VALUE_INTEGER || field->value.integer <= 0 ||
		    (type != NULL && (root == 0 || field->tag != root))) {
			continue;
		}
		id = (uint64_t)field->value.integer;
		if (id_among(id, ids, id_count)) {
			return true;
		}
	}
	return false;
}

bool
aside_hangs_on(const struct schema *schema, struct span payload, const uint64_t *ids,
	       size_t id_count, struct arena *arena)
{
	struct change change;

	if (payload.at == NULL || id_count == 0) {
		return false;
	}
	if (change_decode(payload, false, arena, &change, NULL) == STATUS_OK) {
		return change_hangs_on(schema, &change, ids, id_count);
	}
	for (size_t i = 0; i < id_count; i++) {
		if (bytes_hold(payload, ids[i])) {
			return true;
		}
	}
	return false;
}

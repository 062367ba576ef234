/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"
#include "protocol/schema.h"

static void
check_types(const struct schema *schema)
{
	for (size_t i = 0; i < schema->type_count; i++) {
		const struct record_type *type = &schema->types[i];

		PROPERTY(schema_type(schema, type->tag) == type);
		PROPERTY(schema_type_named(schema, type->name) == type);
		for (size_t k = 0; k < type->field_count; k++) {
			const struct field *field = &type->fields[k];
			char scratch[FIELD_NAME_SIZE];

			PROPERTY(type_field(type, field->tag) == field);
			PROPERTY(type_field_named(type, field->name) == field);
			PROPERTY(type_tag_named(type, field->name) == field->tag);
			PROPERTY(type_policy(type, field->tag) == field->policy);
			PROPERTY(span_equal(type_field_name(type, field->tag, scratch),
					    field->name));
		}
	}
}

static void
check_lists(const struct schema *schema)
{
	for (size_t i = 0; i < schema->list_count; i++) {
		const struct choice_list *list = &schema->lists[i];

		for (size_t k = 0; k < list->count; k++) {
			const struct choice *choice = &list->choices[k];

			PROPERTY(list_choice(list, choice->code) == choice);
			PROPERTY(list_choice_named(list, choice->name) == choice);
		}
	}
}

FUZZ(data, size)
{
	struct schema *schema = NULL;
	struct error err = {0};
	uint8_t hash[32];
	struct buffer out;

	if (schema_decode(span_of(data, size), &schema, &err) != STATUS_OK) {
		PROPERTY(schema == NULL && err.status != STATUS_OK && err.detail[0] != '\0');
		PROPERTY(utf8_valid(span_of_text(err.detail)));
		return 0;
	}
	buffer_init(&out, FUZZ_BUFFER_MAX);
	schema_encode(schema, &out);
	PROPERTY(span_equal(buffer_span(&out), span_of(data, size)));
	buffer_finish(&out);
	PROPERTY(schema_check(schema, NULL) == STATUS_OK);
	check_types(schema);
	check_lists(schema);
	memcpy(hash, schema->hash, sizeof hash);
	PROPERTY(schema_seal(schema, NULL) == STATUS_OK);
	PROPERTY(memcmp(hash, schema->hash, sizeof hash) == 0);
	schema_free(schema);
	return 0;
}

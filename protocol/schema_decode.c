/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto.h"
#include "schema.h"
#include "schema_keys.h"

/* Reading fills in what the keys say; that the bytes were canonical in every other respect shows at
 * the end, when the schema is encoded again (check_canonical). */
struct decoder {
	struct reader in;
	struct schema *schema;
	unsigned depth;	    /* of the condition being read */
	bool out_of_memory; /* else what failed is the bytes' fault */
};

/* Reads the value of one key into the thing; keys come once each, ascending. */
typedef bool key_function(struct decoder *decoder, uint64_t key, void *thing);

enum { KEYS_MAX = 32 };

static bool
get_map(struct decoder *decoder, key_function *get, void *thing)
{
	size_t pairs;
	uint64_t before = 0;

	if (!cbor_get_map(&decoder->in, KEYS_MAX, &pairs)) {
		return false;
	}
	for (; pairs > 0; pairs--) {
		uint64_t key;

		if (!cbor_get_uint(&decoder->in, &key) || key <= before ||
		    !get(decoder, key, thing)) {
			return false;
		}
		before = key;
	}
	return true;
}

static void *
take(struct decoder *decoder, size_t count, size_t size)
{
	void *taken = arena_take(&decoder->schema->arena, count, size);

	decoder->out_of_memory = taken == NULL;
	return taken;
}

/* An array of maps; NULL when that fails. */
static void *
get_maps(struct decoder *decoder, size_t limit, size_t size, key_function *get, size_t *count_out)
{
	size_t count;
	uint8_t *things;

	if (!cbor_get_array(&decoder->in, limit, &count)) {
		return NULL;
	}
	things = take(decoder, count, size);
	for (size_t i = 0; things != NULL && i < count; i++) {
		if (!get_map(decoder, get, things + i * size)) {
			return NULL;
		}
	}
	*count_out = count;
	return things;
}

static bool
get_tag(struct decoder *decoder, int32_t *out)
{
	uint64_t tag;

	if (!cbor_get_uint_max(&decoder->in, SCHEMA_TAG_MAX, &tag)) {
		return false;
	}
	*out = (int32_t)tag;
	return true;
}

/* A small number: an enum's, or one that is checked later. */
static bool
get_small(struct decoder *decoder, unsigned *out)
{
	uint64_t number;

	if (!cbor_get_uint_max(&decoder->in, UINT8_MAX, &number)) {
		return false;
	}
	*out = (unsigned)number;
	return true;
}

static bool
get_label(struct decoder *decoder, struct label *out)
{
	size_t count;

	return cbor_get_array(&decoder->in, 2, &count) && count == 2 &&
	       cbor_get_text(&decoder->in, &out->id) && cbor_get_text(&decoder->in, &out->en);
}

static bool
get_range(struct decoder *decoder, struct range *out)
{
	size_t count;

	out->set = true;
	return cbor_get_array(&decoder->in, 2, &count) && count == 2 &&
	       cbor_get_int(&decoder->in, &out->low) && cbor_get_int(&decoder->in, &out->high);
}

static bool
get_values(struct decoder *decoder, struct condition *condition)
{
	if (!cbor_get_array(&decoder->in, RULE_VALUES_MAX, &condition->count)) {
		return false;
	}
	condition->values = take(decoder, condition->count, sizeof *condition->values);
	for (size_t i = 0; condition->values != NULL && i < condition->count; i++) {
		if (!value_get(&decoder->in, &condition->values[i])) {
			return false;
		}
	}
	return condition->values != NULL;
}

static bool condition_key(struct decoder *decoder, uint64_t key, void *thing);

static bool
get_parts(struct decoder *decoder, struct condition *condition)
{
	if (++decoder->depth > RULE_DEPTH_MAX) {
		return false;
	}
	condition->parts = get_maps(decoder, RULE_NODES_MAX, sizeof *condition->parts,
				    condition_key, &condition->count);
	decoder->depth--;
	return condition->parts != NULL;
}

static bool
is_connective(const struct condition *condition)
{
	return condition->op == RULE_ALL || condition->op == RULE_ANY || condition->op == RULE_NOT;
}

static bool
condition_key(struct decoder *decoder, uint64_t key, void *thing)
{
	struct condition *condition = thing;
	unsigned number;

	switch (key) {
	case KEY_CONDITION_OPERATOR:
		if (!get_small(decoder, &number)) {
			return false;
		}
		condition->op = (enum rule_operator)number;
		return true;
	/* Parts and values share `count`, so each is taken only where it belongs. */
	case KEY_CONDITION_PARTS:
		return is_connective(condition) && get_parts(decoder, condition);
	case KEY_CONDITION_TAG:
		return get_tag(decoder, &condition->tag);
	case KEY_CONDITION_DAYS_SINCE:
		return cbor_get_bool(&decoder->in, &condition->days_since);
	case KEY_CONDITION_VALUES:
		return !is_connective(condition) && get_values(decoder, condition);
	default:
		return false;
	}
}

static bool
get_condition(struct decoder *decoder, struct condition **out)
{
	struct condition *condition = take(decoder, 1, sizeof *condition);

	decoder->depth = 0;
	if (condition == NULL || !get_map(decoder, condition_key, condition)) {
		return false;
	}
	*out = condition;
	return true;
}

static bool
choice_key(struct decoder *decoder, uint64_t key, void *thing)
{
	struct choice *choice = thing;

	switch (key) {
	case KEY_CHOICE_CODE:
		return cbor_get_u32(&decoder->in, &choice->code);
	case KEY_CHOICE_NAME:
		return cbor_get_text(&decoder->in, &choice->name);
	case KEY_CHOICE_LABEL:
		return get_label(decoder, &choice->label);
	case KEY_CHOICE_RETIRED:
		return cbor_get_u32(&decoder->in, &choice->retired);
	default:
		return false;
	}
}

static bool
list_key(struct decoder *decoder, uint64_t key, void *thing)
{
	struct choice_list *list = thing;

	switch (key) {
	case KEY_LIST_NAME:
		return cbor_get_text(&decoder->in, &list->name);
	case KEY_LIST_CHOICES:
		list->choices = get_maps(decoder, SCHEMA_CHOICES_MAX, sizeof *list->choices,
					 choice_key, &list->count);
		return list->choices != NULL;
	default:
		return false;
	}
}

static bool
get_choices(struct decoder *decoder, struct field *field)
{
	uint64_t number;

	if (!cbor_get_uint_max(&decoder->in, decoder->schema->list_count, &number) || number == 0) {
		return false;
	}
	field->choices = &decoder->schema->lists[number - 1];
	return true;
}

static bool
get_formerly(struct decoder *decoder, struct field *field)
{
	size_t count;

	if (!cbor_get_array(&decoder->in, SCHEMA_FORMERLY_MAX, &count)) {
		return false;
	}
	field->formerly = take(decoder, count, sizeof *field->formerly);
	for (size_t i = 0; field->formerly != NULL && i < count; i++) {
		if (!cbor_get_text(&decoder->in, &field->formerly[i])) {
			return false;
		}
	}
	field->formerly_count = count;
	return field->formerly != NULL;
}

static bool
field_enum_key(struct decoder *decoder, uint64_t key, struct field *field)
{
	unsigned number;

	if (!get_small(decoder, &number)) {
		return false;
	}
	if (key == KEY_FIELD_TYPE) {
		field->type = (enum field_type)number;
	} else if (key == KEY_FIELD_POLICY) {
		field->policy = (enum policy)number;
	} else {
		field->personal = (enum personal)number;
	}
	return true;
}

static bool
field_key(struct decoder *decoder, uint64_t key, void *thing)
{
	struct field *field = thing;

	switch (key) {
	case KEY_FIELD_TAG:
		return get_tag(decoder, &field->tag);
	case KEY_FIELD_NAME:
		return cbor_get_text(&decoder->in, &field->name);
	case KEY_FIELD_LABEL:
		return get_label(decoder, &field->label);
	case KEY_FIELD_TYPE:
	case KEY_FIELD_POLICY:
	case KEY_FIELD_PERSONAL:
		return field_enum_key(decoder, key, field);
	case KEY_FIELD_SCALE:
		return get_small(decoder, &field->scale);
	case KEY_FIELD_UNIT:
		return cbor_get_text(&decoder->in, &field->unit);
	case KEY_FIELD_REFUSE:
		return get_range(decoder, &field->refuse);
	case KEY_FIELD_WARN:
		return get_range(decoder, &field->warn);
	case KEY_FIELD_TEXT_MAX:
		return cbor_get_u32(&decoder->in, &field->text_max);
	case KEY_FIELD_CHOICES:
		return get_choices(decoder, field);
	case KEY_FIELD_TARGET:
		return cbor_get_u32(&decoder->in, &field->target);
	case KEY_FIELD_REQUIRED:
		return cbor_get_bool(&decoder->in, &field->required);
	case KEY_FIELD_CONDITION:
		return get_condition(decoder, &field->condition);
	case KEY_FIELD_RETIRED:
		return cbor_get_u32(&decoder->in, &field->retired);
	case KEY_FIELD_REPLACES:
		return get_tag(decoder, &field->replaces);
	case KEY_FIELD_FORMERLY:
		return get_formerly(decoder, field);
	case KEY_FIELD_PLACE:
		return cbor_get_u32(&decoder->in, &field->place);
	default:
		return false;
	}
}

static bool
rule_key(struct decoder *decoder, uint64_t key, void *thing)
{
	struct rule *rule = thing;

	switch (key) {
	case KEY_RULE_NAME:
		return cbor_get_text(&decoder->in, &rule->name);
	case KEY_RULE_LEVEL:
		return cbor_get_text(&decoder->in, &rule->level);
	case KEY_RULE_LABEL:
		return get_label(decoder, &rule->label);
	case KEY_RULE_SOURCE:
		return cbor_get_text(&decoder->in, &rule->source);
	case KEY_RULE_WHEN:
		return get_condition(decoder, &rule->when);
	default:
		return false;
	}
}

static bool
get_title(struct decoder *decoder, struct record_type *type)
{
	if (!cbor_get_array(&decoder->in, SCHEMA_TITLE_MAX, &type->title_count)) {
		return false;
	}
	for (size_t i = 0; i < type->title_count; i++) {
		if (!get_tag(decoder, &type->title[i])) {
			return false;
		}
	}
	return true;
}

static bool
type_key(struct decoder *decoder, uint64_t key, void *thing)
{
	struct record_type *type = thing;

	switch (key) {
	case KEY_TYPE_TAG:
		return cbor_get_u32(&decoder->in, &type->tag);
	case KEY_TYPE_NAME:
		return cbor_get_text(&decoder->in, &type->name);
	case KEY_TYPE_LABEL:
		return get_label(decoder, &type->label);
	case KEY_TYPE_ROOT:
		return get_tag(decoder, &type->root);
	case KEY_TYPE_TITLE:
		return get_title(decoder, type);
	case KEY_TYPE_FIELDS:
		type->fields = get_maps(decoder, SCHEMA_FIELDS_MAX, sizeof *type->fields, field_key,
					&type->field_count);
		return type->fields != NULL;
	case KEY_TYPE_RULES:
		type->rules = get_maps(decoder, SCHEMA_RULES_MAX, sizeof *type->rules, rule_key,
				       &type->rule_count);
		return type->rules != NULL;
	case KEY_TYPE_RETIRED:
		return cbor_get_u32(&decoder->in, &type->retired);
	default:
		return false;
	}
}

static bool
schema_key(struct decoder *decoder, uint64_t key, void *thing)
{
	struct schema *schema = thing;

	switch (key) {
	case KEY_SCHEMA_NAME:
		return cbor_get_text(&decoder->in, &schema->name);
	case KEY_SCHEMA_VERSION:
		return cbor_get_u32(&decoder->in, &schema->version);
	case KEY_SCHEMA_LISTS:
		schema->lists = get_maps(decoder, SCHEMA_LISTS_MAX, sizeof *schema->lists, list_key,
					 &schema->list_count);
		return schema->lists != NULL;
	case KEY_SCHEMA_TYPES:
		schema->types = get_maps(decoder, SCHEMA_TYPES_MAX, sizeof *schema->types, type_key,
					 &schema->type_count);
		return schema->types != NULL;
	default:
		return false;
	}
}

static enum status
read_schema(struct schema *schema, struct span cbor, struct error *err)
{
	struct decoder decoder = {.schema = schema};
	const uint8_t *copy = arena_copy(&schema->arena, cbor.at, cbor.length);

	if (copy == NULL) {
		return fail(err, STATUS_MEMORY, "schema");
	}
	decoder.in = reader_of(span_of(copy, cbor.length));
	if (!get_map(&decoder, schema_key, schema) || decoder.in.left > 0) {
		return decoder.out_of_memory
			       ? fail(err, STATUS_MEMORY, "schema")
			       : fail(err, STATUS_MALFORMED, "schema: byte %zu of %zu",
				      cbor.length - decoder.in.left, cbor.length);
	}
	return STATUS_OK;
}

static enum status
check_canonical(const struct schema *schema, struct span cbor, struct error *err)
{
	struct buffer again;
	enum status status;

	buffer_init(&again, SCHEMA_BYTES_MAX);
	schema_encode(schema, &again);
	status = buffer_status(&again, "schema", err);
	if (status == STATUS_OK && !span_equal(buffer_span(&again), cbor)) {
		status = fail(err, STATUS_MALFORMED, "schema: not in canonical form");
	}
	buffer_finish(&again);
	return status;
}

enum status
schema_decode(struct span cbor, struct schema **out, struct error *err)
{
	struct schema *schema;
	enum status status;

	if (cbor.length > SCHEMA_BYTES_MAX) {
		return fail(err, STATUS_LIMIT, "schema: more than %d bytes", SCHEMA_BYTES_MAX);
	}
	schema = schema_create();
	if (schema == NULL) {
		return fail(err, STATUS_MEMORY, "schema");
	}
	status = read_schema(schema, cbor, err);
	if (status == STATUS_OK) {
		status = schema_check(schema, err);
	}
	if (status == STATUS_OK) {
		status = check_canonical(schema, cbor, err);
	}
	if (status != STATUS_OK) {
		schema_free(schema);
		return status;
	}
	sha256(&cbor, 1, schema->hash);
	*out = schema;
	return STATUS_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto.h"
#include "schema.h"
#include "schema_keys.h"

/* Writes the pairs of one map; without `out` it only counts them. */
struct pairs {
	const struct schema *schema;
	struct buffer *out;
	size_t count;
};

/* True if the value of that key is to be written now. */
static bool
pair_begins(struct pairs *pairs, unsigned key, bool present)
{
	if (!present) {
		return false;
	}
	if (pairs->out == NULL) {
		pairs->count++;
		return false;
	}
	cbor_put_uint(pairs->out, key);
	return true;
}

static void
pair_uint(struct pairs *pairs, unsigned key, uint64_t value)
{
	if (pair_begins(pairs, key, value != 0)) {
		cbor_put_uint(pairs->out, value);
	}
}

/* Tags are positive; a wrong one must not become another number. */
static void
pair_tag(struct pairs *pairs, unsigned key, int32_t tag)
{
	if (pair_begins(pairs, key, tag != 0)) {
		cbor_put_int(pairs->out, tag);
	}
}

static void
pair_text(struct pairs *pairs, unsigned key, struct span text)
{
	if (pair_begins(pairs, key, text.length > 0)) {
		cbor_put_text(pairs->out, text);
	}
}

static void
pair_true(struct pairs *pairs, unsigned key, bool value)
{
	if (pair_begins(pairs, key, value)) {
		cbor_put_bool(pairs->out, true);
	}
}

static void
pair_label(struct pairs *pairs, unsigned key, const struct label *label)
{
	if (pair_begins(pairs, key, true)) {
		cbor_put_array(pairs->out, 2);
		cbor_put_text(pairs->out, label->id);
		cbor_put_text(pairs->out, label->en);
	}
}

static void
pair_range(struct pairs *pairs, unsigned key, const struct range *range)
{
	if (pair_begins(pairs, key, range->set)) {
		cbor_put_array(pairs->out, 2);
		cbor_put_int(pairs->out, range->low);
		cbor_put_int(pairs->out, range->high);
	}
}

typedef void pairs_function(struct pairs *pairs, const void *thing);

static void
put_map(const struct pairs *outer, pairs_function *put, const void *thing)
{
	struct pairs pairs = {.schema = outer->schema};

	put(&pairs, thing);
	cbor_put_map(outer->out, pairs.count);
	pairs.out = outer->out;
	put(&pairs, thing);
}

/* An array of maps. */
static void
pair_maps(struct pairs *pairs, unsigned key, const void *things, size_t count, size_t size,
	  pairs_function *put)
{
	if (!pair_begins(pairs, key, count > 0)) {
		return;
	}
	cbor_put_array(pairs->out, count);
	for (size_t i = 0; i < count; i++) {
		put_map(pairs, put, (const uint8_t *)things + i * size);
	}
}

static void
put_condition(struct pairs *pairs, const void *thing)
{
	const struct condition *condition = thing;
	bool inner =
		condition->op == RULE_ALL || condition->op == RULE_ANY || condition->op == RULE_NOT;

	pair_uint(pairs, KEY_CONDITION_OPERATOR, condition->op);
	if (inner) {
		pair_maps(pairs, KEY_CONDITION_PARTS, condition->parts, condition->count,
			  sizeof *condition->parts, put_condition);
		return;
	}
	pair_tag(pairs, KEY_CONDITION_TAG, condition->tag);
	pair_true(pairs, KEY_CONDITION_DAYS_SINCE, condition->days_since);
	if (pair_begins(pairs, KEY_CONDITION_VALUES, condition->count > 0)) {
		cbor_put_array(pairs->out, condition->count);
		for (size_t i = 0; i < condition->count; i++) {
			value_put(condition->values[i], pairs->out);
		}
	}
}

static void
pair_condition(struct pairs *pairs, unsigned key, const struct condition *condition)
{
	if (pair_begins(pairs, key, condition != NULL)) {
		put_map(pairs, put_condition, condition);
	}
}

static void
put_choice(struct pairs *pairs, const void *thing)
{
	const struct choice *choice = thing;

	pair_uint(pairs, KEY_CHOICE_CODE, choice->code);
	pair_text(pairs, KEY_CHOICE_NAME, choice->name);
	pair_label(pairs, KEY_CHOICE_LABEL, &choice->label);
	pair_uint(pairs, KEY_CHOICE_RETIRED, choice->retired);
}

static void
put_list(struct pairs *pairs, const void *thing)
{
	const struct choice_list *list = thing;

	pair_text(pairs, KEY_LIST_NAME, list->name);
	pair_maps(pairs, KEY_LIST_CHOICES, list->choices, list->count, sizeof *list->choices,
		  put_choice);
}

static size_t
list_number(const struct schema *schema, const struct choice_list *list)
{
	return list == NULL ? 0 : (size_t)(list - schema->lists) + 1;
}

static void
put_field(struct pairs *pairs, const void *thing)
{
	const struct field *field = thing;

	pair_tag(pairs, KEY_FIELD_TAG, field->tag);
	pair_text(pairs, KEY_FIELD_NAME, field->name);
	pair_label(pairs, KEY_FIELD_LABEL, &field->label);
	pair_uint(pairs, KEY_FIELD_TYPE, field->type);
	pair_uint(pairs, KEY_FIELD_POLICY, field->policy);
	pair_uint(pairs, KEY_FIELD_PERSONAL, field->personal);
	pair_uint(pairs, KEY_FIELD_SCALE, field->scale);
	pair_text(pairs, KEY_FIELD_UNIT, field->unit);
	pair_range(pairs, KEY_FIELD_REFUSE, &field->refuse);
	pair_range(pairs, KEY_FIELD_WARN, &field->warn);
	pair_uint(pairs, KEY_FIELD_TEXT_MAX, field->text_max);
	pair_uint(pairs, KEY_FIELD_CHOICES, list_number(pairs->schema, field->choices));
	pair_uint(pairs, KEY_FIELD_TARGET, field->target);
	pair_true(pairs, KEY_FIELD_REQUIRED, field->required);
	pair_condition(pairs, KEY_FIELD_CONDITION, field->condition);
	pair_uint(pairs, KEY_FIELD_RETIRED, field->retired);
	pair_tag(pairs, KEY_FIELD_REPLACES, field->replaces);
	if (pair_begins(pairs, KEY_FIELD_FORMERLY, field->formerly_count > 0)) {
		cbor_put_array(pairs->out, field->formerly_count);
		for (size_t i = 0; i < field->formerly_count; i++) {
			cbor_put_text(pairs->out, field->formerly[i]);
		}
	}
	pair_uint(pairs, KEY_FIELD_PLACE, field->place);
}

static void
put_rule(struct pairs *pairs, const void *thing)
{
	const struct rule *rule = thing;

	pair_text(pairs, KEY_RULE_NAME, rule->name);
	pair_text(pairs, KEY_RULE_LEVEL, rule->level);
	pair_label(pairs, KEY_RULE_LABEL, &rule->label);
	pair_text(pairs, KEY_RULE_SOURCE, rule->source);
	pair_condition(pairs, KEY_RULE_WHEN, rule->when);
}

static void
put_type(struct pairs *pairs, const void *thing)
{
	const struct record_type *type = thing;

	pair_uint(pairs, KEY_TYPE_TAG, type->tag);
	pair_text(pairs, KEY_TYPE_NAME, type->name);
	pair_label(pairs, KEY_TYPE_LABEL, &type->label);
	pair_tag(pairs, KEY_TYPE_ROOT, type->root);
	if (pair_begins(pairs, KEY_TYPE_TITLE, type->title_count > 0)) {
		cbor_put_array(pairs->out, type->title_count);
		for (size_t i = 0; i < type->title_count; i++) {
			cbor_put_int(pairs->out, type->title[i]);
		}
	}
	pair_maps(pairs, KEY_TYPE_FIELDS, type->fields, type->field_count, sizeof *type->fields,
		  put_field);
	pair_maps(pairs, KEY_TYPE_RULES, type->rules, type->rule_count, sizeof *type->rules,
		  put_rule);
	pair_uint(pairs, KEY_TYPE_RETIRED, type->retired);
}

static void
put_schema(struct pairs *pairs, const void *thing)
{
	const struct schema *schema = thing;

	pair_text(pairs, KEY_SCHEMA_NAME, schema->name);
	pair_uint(pairs, KEY_SCHEMA_VERSION, schema->version);
	pair_maps(pairs, KEY_SCHEMA_LISTS, schema->lists, schema->list_count, sizeof *schema->lists,
		  put_list);
	pair_maps(pairs, KEY_SCHEMA_TYPES, schema->types, schema->type_count, sizeof *schema->types,
		  put_type);
}

void
schema_encode(const struct schema *schema, struct buffer *out)
{
	const struct pairs outer = {.schema = schema, .out = out};

	put_map(&outer, put_schema, schema);
}

enum status
schema_seal(struct schema *schema, struct error *err)
{
	struct buffer bytes;
	enum status status;

	buffer_init(&bytes, SCHEMA_BYTES_MAX);
	schema_encode(schema, &bytes);
	status = buffer_status(&bytes, "schema", err);
	if (status == STATUS_OK) {
		struct span span = buffer_span(&bytes);

		sha256(&span, 1, schema->hash);
	}
	buffer_finish(&bytes);
	return status;
}

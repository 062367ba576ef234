/* SPDX-License-Identifier: Apache-2.0 */
#include "schema.h"

#include <stdio.h>
#include <stdlib.h>

/* Bounds what any bytes can make us hold; the shipped schema takes 1 per cent of it. */
enum { SCHEMA_MEMORY_MAX = 8 * 1024 * 1024 };

/* Longer than any of these names. */
enum { WORD_MAX = 16 };

static const char field_type_names[][WORD_MAX] = {
	[FIELD_INTEGER] = "integer",	 [FIELD_BOOLEAN] = "boolean",
	[FIELD_CHOICE] = "choice",	 [FIELD_SET] = "set",
	[FIELD_DATE] = "date",		 [FIELD_TEXT] = "text",
	[FIELD_REFERENCE] = "reference", [FIELD_POINT] = "point",
};
static const char policy_names[][WORD_MAX] = {
	[POLICY_REVIEW] = "review", [POLICY_LATEST] = "latest", [POLICY_MAX] = "max",
	[POLICY_MIN] = "min",	    [POLICY_ONCE] = "once",	[POLICY_SET] = "set",
};
static const char personal_names[][WORD_MAX] = {
	[PERSONAL_NO] = "",
	[PERSONAL_IDENTITY] = "identity",
	[PERSONAL_HEALTH] = "health",
	[PERSONAL_CONTACT] = "contact",
	[PERSONAL_LOCATION] = "location",
};
static const char operator_names[][WORD_MAX] = {
	[RULE_ALL] = "all",	  [RULE_ANY] = "any", [RULE_NOT] = "not",	[RULE_EQUAL] = "=",
	[RULE_NOT_EQUAL] = "!=",  [RULE_LESS] = "<",  [RULE_LESS_EQUAL] = "<=", [RULE_MORE] = ">",
	[RULE_MORE_EQUAL] = ">=", [RULE_IN] = "in",   [RULE_EMPTY] = "empty",
};

static const struct {
	int32_t tag;
	const char *name;
} built_ins[] = {{TAG_VILLAGE, "village"}, {TAG_ARCHIVED, "archived"}, {TAG_SAME_AS, "same_as"}};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct schema *
schema_create(void)
{
	struct schema *schema = calloc(1, sizeof *schema);

	if (schema != NULL) {
		arena_init(&schema->arena, SCHEMA_MEMORY_MAX);
	}
	return schema;
}

void
schema_free(struct schema *schema)
{
	if (schema != NULL) {
		arena_finish(&schema->arena);
		free(schema);
	}
}

static int
compare_numbers(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

static int
compare_choices(const void *a, const void *b)
{
	const struct choice *first = a;
	const struct choice *second = b;

	return compare_numbers(first->code, second->code);
}

static int
compare_fields(const void *a, const void *b)
{
	const struct field *first = a;
	const struct field *second = b;

	return compare_numbers(first->tag, second->tag);
}

static int
compare_types(const void *a, const void *b)
{
	const struct record_type *first = a;
	const struct record_type *second = b;

	return compare_numbers(first->tag, second->tag);
}

/* Fields point to their list, so they follow it when it moves. */
static void
swap_lists(struct schema *schema, struct choice_list *a, struct choice_list *b)
{
	struct choice_list kept = *a;

	*a = *b;
	*b = kept;
	for (size_t i = 0; i < schema->type_count; i++) {
		for (size_t j = 0; j < schema->types[i].field_count; j++) {
			struct field *field = &schema->types[i].fields[j];

			if (field->choices == a) {
				field->choices = b;
			} else if (field->choices == b) {
				field->choices = a;
			}
		}
	}
}

static void
sort_lists(struct schema *schema)
{
	for (size_t i = 0; i < schema->list_count; i++) {
		struct choice_list *least = &schema->lists[i];

		for (size_t j = i + 1; j < schema->list_count; j++) {
			if (span_compare(schema->lists[j].name, least->name) < 0) {
				least = &schema->lists[j];
			}
		}
		if (least != &schema->lists[i]) {
			swap_lists(schema, &schema->lists[i], least);
		}
	}
}

/* qsort and bsearch must not be given the NULL of an empty array. */
static void
sort_array(void *array, size_t count, size_t size, int (*compare)(const void *, const void *))
{
	if (count > 1) {
		qsort(array, count, size, compare);
	}
}

static const void *
find_in_array(const void *key, const void *array, size_t count, size_t size,
	      int (*compare)(const void *, const void *))
{
	return count == 0 ? NULL : bsearch(key, array, count, size, compare);
}

void
schema_sort(struct schema *schema)
{
	sort_lists(schema);
	for (size_t i = 0; i < schema->list_count; i++) {
		struct choice_list *list = &schema->lists[i];

		sort_array(list->choices, list->count, sizeof *list->choices, compare_choices);
	}
	sort_array(schema->types, schema->type_count, sizeof *schema->types, compare_types);
	for (size_t i = 0; i < schema->type_count; i++) {
		struct record_type *type = &schema->types[i];

		sort_array(type->fields, type->field_count, sizeof *type->fields, compare_fields);
	}
}

const struct record_type *
schema_type(const struct schema *schema, uint32_t tag)
{
	const struct record_type key = {.tag = tag};

	return find_in_array(&key, schema->types, schema->type_count, sizeof key, compare_types);
}

const struct record_type *
schema_type_named(const struct schema *schema, struct span name)
{
	for (size_t i = 0; i < schema->type_count; i++) {
		if (span_equal(schema->types[i].name, name)) {
			return &schema->types[i];
		}
	}
	return NULL;
}

const struct field *
type_field(const struct record_type *type, int32_t tag)
{
	const struct field key = {.tag = tag};

	if (type == NULL) {
		return NULL;
	}
	/* Tags mostly run from 1 without a gap. */
	if (tag >= 1 && (size_t)tag <= type->field_count && type->fields[tag - 1].tag == tag) {
		return &type->fields[tag - 1];
	}
	return find_in_array(&key, type->fields, type->field_count, sizeof key, compare_fields);
}

bool
type_is_reference(const struct record_type *type, int32_t tag)
{
	const struct field *field = type_field(type, tag);

	return tag == TAG_SAME_AS || (field != NULL && field->type == FIELD_REFERENCE);
}

const struct field *
type_field_named(const struct record_type *type, struct span name)
{
	for (size_t i = 0; i < type->field_count; i++) {
		if (span_equal(type->fields[i].name, name)) {
			return &type->fields[i];
		}
	}
	return NULL;
}

const struct choice *
list_choice(const struct choice_list *list, uint32_t code)
{
	const struct choice key = {.code = code};

	return find_in_array(&key, list->choices, list->count, sizeof key, compare_choices);
}

const struct choice *
list_choice_named(const struct choice_list *list, struct span name)
{
	for (size_t i = 0; i < list->count; i++) {
		if (span_equal(list->choices[i].name, name)) {
			return &list->choices[i];
		}
	}
	return NULL;
}

enum policy
type_policy(const struct record_type *type, int32_t tag)
{
	const struct field *field = type_field(type, tag);

	return field == NULL ? POLICY_REVIEW : field->policy;
}

struct span
type_field_name(const struct record_type *type, int32_t tag, char scratch[FIELD_NAME_SIZE])
{
	const struct field *field = type_field(type, tag);

	if (field != NULL) {
		return field->name;
	}
	for (size_t i = 0; i < COUNT(built_ins); i++) {
		if (built_ins[i].tag == tag) {
			return span_of_text(built_ins[i].name);
		}
	}
	(void)snprintf(scratch, FIELD_NAME_SIZE, "field_%ld", (long)tag);
	return span_of_text(scratch);
}

int32_t
type_tag_named(const struct record_type *type, struct span name)
{
	const struct field *field;

	for (size_t i = 0; i < COUNT(built_ins); i++) {
		if (span_equal(span_of_text(built_ins[i].name), name)) {
			return built_ins[i].tag;
		}
	}
	field = type_field_named(type, name);
	return field == NULL ? 0 : field->tag;
}

struct span
label_in(const struct label *label, enum language language)
{
	return language == LANGUAGE_ID ? label->id : label->en;
}

/* Place of the word in the table; 0 if it is not there. */
static unsigned
word_index(const char words[][WORD_MAX], size_t count, struct span word)
{
	for (unsigned i = 1; i < count; i++) {
		if (span_equal(span_of_text(words[i]), word)) {
			return i;
		}
	}
	return 0;
}

static const char *
word_at(const char words[][WORD_MAX], size_t count, unsigned index)
{
	return index < count ? words[index] : "";
}

const char *
field_type_name(enum field_type type)
{
	return word_at(field_type_names, COUNT(field_type_names), (unsigned)type);
}

const char *
policy_name(enum policy policy)
{
	return word_at(policy_names, COUNT(policy_names), (unsigned)policy);
}

const char *
personal_name(enum personal personal)
{
	return word_at(personal_names, COUNT(personal_names), (unsigned)personal);
}

const char *
rule_operator_name(enum rule_operator op)
{
	return word_at(operator_names, COUNT(operator_names), (unsigned)op);
}

enum field_type
field_type_named(struct span name)
{
	unsigned index = word_index(field_type_names, COUNT(field_type_names), name);

	return (enum field_type)index;
}

enum policy
policy_named(struct span name)
{
	unsigned index = word_index(policy_names, COUNT(policy_names), name);

	return (enum policy)index;
}

enum personal
personal_named(struct span name)
{
	unsigned index = word_index(personal_names, COUNT(personal_names), name);

	return (enum personal)index;
}

enum rule_operator
rule_operator_named(struct span name)
{
	unsigned index = word_index(operator_names, COUNT(operator_names), name);

	return (enum rule_operator)index;
}

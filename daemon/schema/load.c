/* SPDX-License-Identifier: Apache-2.0 */
#include "load.h"

#include "load_parts.h"

static bool
read_choice(struct loader *loader, json_t *json, struct choice *out)
{
	static const char *const keys[] = {"code", "name", "label", "retired", NULL};

	return load_keys(loader, json, keys) && load_text(loader, json, "name", true, &out->name) &&
	       load_number(loader, json, "code", true, SCHEMA_TAG_MAX, &out->code) &&
	       load_label(loader, json, &out->label) &&
	       load_number(loader, json, "retired", false, UINT32_MAX, &out->retired);
}

static bool
read_list(struct loader *loader, json_t *json, struct choice_list *out)
{
	out->count = json_array_size(json);
	if (!json_is_array(json) || out->count > SCHEMA_CHOICES_MAX) {
		return load_refuse(loader, "choices.%.*s: not an array of at most %d",
				   NAME_ARGS(out->name), SCHEMA_CHOICES_MAX);
	}
	out->choices = load_take(loader, out->count, sizeof *out->choices);
	if (out->choices == NULL) {
		return false;
	}
	for (size_t i = 0; i < out->count; i++) {
		if (!read_choice(loader, json_array_get(json, i), &out->choices[i])) {
			(void)fail_context(&loader->error, "choices.%.*s[%zu]",
					   NAME_ARGS(out->name), i);
			return false;
		}
	}
	return true;
}

static bool
load_lists(struct loader *loader, json_t *choices)
{
	struct schema *schema = loader->schema;
	size_t count = json_object_size(choices);

	if (choices != NULL && (!json_is_object(choices) || count > SCHEMA_LISTS_MAX)) {
		return load_refuse(loader, "choices: not an object of at most %d lists",
				   SCHEMA_LISTS_MAX);
	}
	schema->lists = load_take(loader, count, sizeof *schema->lists);
	if (schema->lists == NULL) {
		return false;
	}
	for (void *at = json_object_iter(choices); at != NULL;
	     at = json_object_iter_next(choices, at)) {
		struct choice_list *list = &schema->lists[schema->list_count++];
		struct span name = span_of_text(json_object_iter_key(at));

		list->name = span_of(arena_copy(&schema->arena, name.at, name.length), name.length);
		if (list->name.at == NULL) {
			(void)fail(&loader->error, STATUS_MEMORY, "schema");
			return false;
		}
		if (!read_list(loader, json_object_iter_value(at), list)) {
			return false;
		}
	}
	return true;
}

static bool
read_schema(struct loader *loader, json_t *json)
{
	static const char *const keys[] = {"schema", "version", "choices", "types", NULL};
	struct schema *schema = loader->schema;
	json_t *types;

	return load_keys(loader, json, keys) &&
	       load_text(loader, json, "schema", true, &schema->name) &&
	       load_number(loader, json, "version", true, UINT32_MAX, &schema->version) &&
	       load_array(loader, json, "types", SCHEMA_TYPES_MAX, &types) &&
	       load_lists(loader, json_object_get(json, "choices")) && load_types(loader, types);
}

static json_t *
parse(struct span text, struct error *err)
{
	json_error_t why;
	json_t *json = json_loadb((const char *)text.at, text.length, JSON_REJECT_DUPLICATES, &why);

	/* jansson quotes the file, which may not be UTF-8 there. */
	if (json == NULL) {
		(void)fail(err, STATUS_INVALID, "line %d, column %d: %s", why.line, why.column,
			   utf8_valid(span_of_text(why.text)) ? why.text : "not JSON in UTF-8");
	}
	return json;
}

static enum status
finish(struct schema *schema, struct error *err)
{
	enum status status;

	schema_sort(schema);
	status = schema_check(schema, err);
	return status == STATUS_OK ? schema_seal(schema, err) : status;
}

enum status
schema_load_json(struct span text, struct schema **out, struct error *err)
{
	struct loader loader = {.schema = NULL};
	json_t *json;

	if (text.length > SCHEMA_BYTES_MAX) {
		return fail(err, STATUS_LIMIT, "schema: more than %d bytes", SCHEMA_BYTES_MAX);
	}
	json = parse(text, &loader.error);
	if (json != NULL) {
		loader.schema = schema_create();
		if (loader.schema == NULL) {
			(void)fail(&loader.error, STATUS_MEMORY, "schema");
		} else if (read_schema(&loader, json)) {
			(void)finish(loader.schema, &loader.error);
		}
	}
	json_decref(json);
	if (loader.error.status != STATUS_OK) {
		schema_free(loader.schema);
		return fail(err, loader.error.status, "%s", loader.error.detail);
	}
	*out = loader.schema;
	return STATUS_OK;
}

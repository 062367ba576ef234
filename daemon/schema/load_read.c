/* SPDX-License-Identifier: Apache-2.0 */
#include "load_parts.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool
load_refuse(struct loader *loader, const char *format, ...)
{
	char text[ERROR_DETAIL_MAX];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	(void)fail(&loader->error, STATUS_INVALID, "%s", text);
	return false;
}

static bool
is_among(const char *word, const char *const *words)
{
	while (*words != NULL && strcmp(*words, word) != 0) {
		words++;
	}
	return *words != NULL;
}

bool
load_keys(struct loader *loader, json_t *json, const char *const *keys)
{
	if (!json_is_object(json)) {
		return load_refuse(loader, "not an object");
	}
	for (void *at = json_object_iter(json); at != NULL; at = json_object_iter_next(json, at)) {
		const char *key = json_object_iter_key(at);

		if (!is_among(key, keys)) {
			return load_refuse(loader, "unknown key \"%.*s\"",
					   NAME_ARGS(span_of_text(key)));
		}
	}
	return true;
}

void *
load_take(struct loader *loader, size_t count, size_t size)
{
	void *taken = arena_take(&loader->schema->arena, count, size);

	if (taken == NULL) {
		(void)fail(&loader->error, STATUS_MEMORY, "schema");
	}
	return taken;
}

bool
load_string(struct loader *loader, json_t *json, const char *what, struct span *out)
{
	size_t length = json_string_length(json);
	char *copy;

	if (!json_is_string(json) || length == 0) {
		return load_refuse(loader, "%s: not a text, or an empty one", what);
	}
	copy = load_take(loader, length, 1);
	if (copy == NULL) {
		return false;
	}
	memcpy(copy, json_string_value(json), length);
	*out = span_of(copy, length);
	return true;
}

bool
load_text(struct loader *loader, json_t *object, const char *key, bool required, struct span *out)
{
	json_t *json = json_object_get(object, key);

	if (json == NULL) {
		return required ? load_refuse(loader, "%s is missing", key) : true;
	}
	return load_string(loader, json, key, out);
}

bool
load_number(struct loader *loader, json_t *object, const char *key, bool required, uint32_t most,
	    uint32_t *out)
{
	json_t *json = json_object_get(object, key);
	json_int_t number = json_integer_value(json);

	if (json == NULL) {
		return required ? load_refuse(loader, "%s is missing", key) : true;
	}
	if (!json_is_integer(json) || number < 0 || number > most) {
		return load_refuse(loader, "%s: not a whole number from 0 to %lu", key,
				   (unsigned long)most);
	}
	*out = (uint32_t)number;
	return true;
}

bool
load_label(struct loader *loader, json_t *object, struct label *out)
{
	static const char *const keys[] = {"id", "en", NULL};
	json_t *json = json_object_get(object, "label");

	if (json == NULL) {
		return load_refuse(loader, "label is missing");
	}
	if (!load_keys(loader, json, keys) || !load_text(loader, json, "id", true, &out->id) ||
	    !load_text(loader, json, "en", true, &out->en)) {
		(void)fail_context(&loader->error, "label");
		return false;
	}
	return true;
}

bool
load_array(struct loader *loader, json_t *object, const char *key, size_t most, json_t **out)
{
	json_t *json = json_object_get(object, key);

	if (json != NULL && !json_is_array(json)) {
		return load_refuse(loader, "%s: not an array", key);
	}
	if (json_array_size(json) > most) {
		return load_refuse(loader, "%s: more than %zu", key, most);
	}
	*out = json;
	return true;
}

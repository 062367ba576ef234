/* SPDX-License-Identifier: Apache-2.0 */
#include "body.h"

#include <string.h>

static bool
is_word_of(const char *words, const char *word)
{
	size_t length = strlen(word);

	while (*words != '\0') {
		size_t next = strcspn(words, " ");

		if (next == length && strncmp(words, word, length) == 0) {
			return true;
		}
		words += next;
		words += strspn(words, " ");
	}
	return false;
}

enum status
body_object(const struct call *call, const char *keys, json_t **out, struct error *err)
{
	json_error_t reason;
	json_t *object = json_loadb((const char *)call->body.at, call->body.length,
				    JSON_REJECT_DUPLICATES, &reason);
	const char *key;
	json_t *value;

	if (!json_is_object(object)) {
		json_decref(object);
		return fail(err, STATUS_USAGE, "the body is no JSON object with the keys %s", keys);
	}
	json_object_foreach (object, key, value) {
		if (!is_word_of(keys, key)) {
			enum status status = fail(err, STATUS_USAGE,
						  "the keys are %s, but not \"%.40s\"", keys, key);

			json_decref(object);
			return status;
		}
	}
	*out = object;
	return STATUS_OK;
}

enum status
body_text(const json_t *object, const char *key, struct span *out, struct error *err)
{
	const json_t *value = json_object_get(object, key);

	if (!json_is_string(value)) {
		return fail(err, STATUS_USAGE, "\"%s\" must be a text", key);
	}
	*out = span_of(json_string_value(value), json_string_length(value));
	return STATUS_OK;
}

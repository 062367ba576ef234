/* SPDX-License-Identifier: Apache-2.0 */
#include "body.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

struct body {
	json_t *object;
};

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

static enum status
check_keys(json_t *object, const char *keys, struct error *err)
{
	const char *key;
	json_t *value;

	json_object_foreach(object, key, value)
	{
		if (!is_word_of(keys, key)) {
			return fail(err, STATUS_USAGE, "the keys are %s, but not \"%.40s\"", keys,
				    key);
		}
	}
	return STATUS_OK;
}

static void
body_free(void *own)
{
	struct body *body = own;

	json_decref(body->object);
	free(body);
}

enum status
body_read(struct call *call, const char *keys, const struct body **out, struct error *err)
{
	struct body *body = calloc(1, sizeof *body);
	enum status status;

	if (body == NULL) {
		return fail(err, STATUS_MEMORY, "the body");
	}
	call->own = body;
	call->own_free = body_free;
	body->object = json_loadb((const char *)call->body.at, call->body.length,
				  JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(body->object)) {
		return fail(err, STATUS_USAGE, "the body is no JSON object with the keys %s", keys);
	}
	status = check_keys(body->object, keys, err);
	if (status == STATUS_OK) {
		*out = body;
	}
	return status;
}

enum status
body_text(const struct body *body, const char *key, struct span *out, struct error *err)
{
	const json_t *value = json_object_get(body->object, key);

	if (!json_is_string(value)) {
		return fail(err, STATUS_USAGE, "\"%s\" must be a text", key);
	}
	*out = span_of(json_string_value(value), json_string_length(value));
	return STATUS_OK;
}

enum status
body_text_or_none(const struct body *body, const char *key, struct span *out, struct error *err)
{
	if (json_object_get(body->object, key) == NULL) {
		*out = span_of("", 0);
		return STATUS_OK;
	}
	return body_text(body, key, out, err);
}

enum status
body_secret(struct call *call, const char *key, char *out, size_t size, struct error *err)
{
	const struct body *body = call->own;
	struct span text;
	void *own;
	enum status status = body_text(body, key, &text, err);

	crypto_wipe(call->body.at, call->body.length);
	if (status != STATUS_OK) {
		return status;
	}
	if (text.length >= size) {
		status = fail(err, STATUS_INVALID, "\"%s\" may have %zu bytes", key, size - 1);
	} else {
		memcpy(out, text.at, text.length);
		out[text.length] = '\0';
	}
	/* The body's own, which nobody reads any more. */
	memcpy(&own, &text.at, sizeof own);
	crypto_wipe(own, text.length);
	return status;
}

enum status
body_number(const struct body *body, const char *key, uint64_t *out, struct error *err)
{
	const json_t *value = json_object_get(body->object, key);

	if (value == NULL) {
		*out = 0;
		return STATUS_OK;
	}
	if (!json_is_integer(value) || json_integer_value(value) < 1) {
		return fail(err, STATUS_USAGE, "\"%s\" must be a whole number, 1 or more", key);
	}
	*out = (uint64_t)json_integer_value(value);
	return STATUS_OK;
}

enum status
body_item(const struct body *body, const char *key, size_t index, const char **out,
	  size_t *count_out, struct error *err)
{
	const json_t *list = json_object_get(body->object, key);
	const json_t *item = json_array_get(list, index);

	if (!json_is_string(item)) {
		return fail(err, STATUS_USAGE, "\"%s\" must be a list of texts, one or more", key);
	}
	*out = json_string_value(item);
	*count_out = json_array_size(list);
	return STATUS_OK;
}

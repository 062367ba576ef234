/* SPDX-License-Identifier: Apache-2.0 */
#include "json_print.h"

#include "ctl.h"

enum { DEPTH_MAX = 3 };

enum status
json_line(struct span line, json_t **out, struct error *err)
{
	json_t *object = json_loadb((const char *)line.at, line.length, 0, NULL);

	if (!json_is_object(object)) {
		json_decref(object);
		return fail(err, STATUS_MALFORMED, "a line of the answer is no JSON object");
	}
	*out = object;
	return STATUS_OK;
}

enum status
json_print_line(json_t *object, struct error *err)
{
	if (object == NULL) {
		return fail(err, STATUS_MEMORY, "an answer");
	}
	(void)json_dumpf(object, stdout, JSON_COMPACT);
	(void)puts("");
	json_decref(object);
	return STATUS_OK;
}

enum status
object_line(const struct ctl *ctl, struct span line, print_fn print, struct error *err)
{
	json_t *object;
	enum status status;

	if (ctl->json) {
		return plain_line(NULL, line, err);
	}
	status = json_line(line, &object, err);
	if (status == STATUS_OK) {
		print(ctl, object);
		json_decref(object);
	}
	return status;
}

long long
json_number(const json_t *object, const char *key)
{
	return (long long)json_integer_value(json_object_get(object, key));
}

static void print_value(FILE *out, json_t *value, int depth);

static void
print_list(FILE *out, json_t *list, int depth)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		if (i > 0) {
			(void)fputs(",", out);
		}
		print_value(out, json_array_get(list, i), depth + 1);
	}
}

static void
print_pairs(FILE *out, json_t *object, int depth)
{
	const char *key;
	json_t *value;
	bool first = true;

	json_object_foreach(object, key, value)
	{
		(void)fprintf(out, "%s%s=", first ? "" : "  ", key);
		print_value(out, value, depth + 1);
		first = false;
	}
}

static void
print_value(FILE *out, json_t *value, int depth)
{
	/* Bounded, because it comes over the network. */
	if (depth > DEPTH_MAX) {
		(void)fputs("…", out);
		return;
	}
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		print_pairs(out, value, depth);
		break;
	case JSON_ARRAY:
		print_list(out, value, depth);
		break;
	case JSON_STRING:
		(void)fputs(json_string_value(value), out);
		break;
	case JSON_INTEGER:
		(void)fprintf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
		break;
	case JSON_REAL:
		(void)fprintf(out, "%.10g", json_real_value(value));
		break;
	case JSON_TRUE:
		(void)fputs("true", out);
		break;
	case JSON_FALSE:
		(void)fputs("false", out);
		break;
	case JSON_NULL:
		(void)fputs("-", out);
		break;
	}
}

void
json_print(FILE *out, json_t *value)
{
	if (value == NULL) {
		(void)fputs("-", out);
	} else {
		print_value(out, value, 0);
	}
}

void
json_print_member(json_t *member)
{
	json_t *who = json_object_get(member, "cadre");

	(void)fputs("      ", stdout);
	json_print(stdout, json_object_get(member, "value"));
	(void)fputs("  — ", stdout);
	json_print(stdout, who != NULL ? who : json_object_get(member, "user"));
	(void)fputs(", ", stdout);
	json_print(stdout, json_object_get(member, "time"));
	(void)putchar('\n');
}

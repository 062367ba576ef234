/* SPDX-License-Identifier: Apache-2.0 */
/* conflicts, settle */
#include "ctl.h"
#include "json_print.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_MAX_BYTES = 1024, VALUE_MAX_BYTES = 16 * 1024 };

static enum status
conflict_line(void *context, struct span line, struct error *err)
{
	const struct ctl *ctl = context;
	json_t *members;
	json_t *object;
	enum status status;

	if (ctl->json) {
		return plain_line(NULL, line, err);
	}
	status = json_line(line, &object, err);
	if (status != STATUS_OK) {
		return status;
	}
	json_print(stdout, json_object_get(object, "type"));
	(void)putchar(' ');
	json_print(stdout, json_object_get(object, "id"));
	(void)fputs("  ", stdout);
	json_print(stdout, json_object_get(object, "field"));
	(void)printf("  %s ", ctl_text(ctl, "shown:", "tampil:"));
	json_print(stdout, json_object_get(object, "shown"));
	(void)putchar('\n');
	members = json_object_get(object, "members");
	for (size_t i = 0; i < json_array_size(members); i++) {
		json_print_member(json_array_get(members, i));
	}
	json_decref(object);
	return STATUS_OK;
}

enum status
run_conflicts(struct ctl *ctl, struct error *err)
{
	struct buffer path;
	enum status status;

	buffer_init(&path, PATH_MAX_BYTES);
	buffer_printf(&path, "/v1/conflicts");
	ctl_path_option(ctl, &path, "village");
	buffer_append_byte(&path, '\0');
	status = buffer_status(&path, "the request", err);
	if (status == STATUS_OK) {
		status = ctl_get_lines(ctl, (const char *)path.at, conflict_line, ctl, err);
	}
	buffer_finish(&path);
	return status;
}

/* A new {"field","value","base"}. */
static enum status
settlement_make(const struct ctl *ctl, const char *value, json_t **out, struct error *err)
{
	const char *base = ctl_option(ctl, "base");
	json_t *object = json_pack("{s:s, s:s}", "field", ctl->words[1], "value", value);
	char *end = NULL;
	long long number = 0;

	if (object == NULL) {
		return fail(err, STATUS_INVALID, "the value is not UTF-8");
	}
	if (base != NULL) {
		errno = 0;
		number = strtoll(base, &end, 10);
		if (*base < '0' || *base > '9' || *end != '\0' || errno != 0) {
			json_decref(object);
			return fail(err, STATUS_USAGE, "--base takes a version");
		}
		(void)json_object_set_new(object, "base", json_integer(number));
	}
	*out = object;
	return STATUS_OK;
}

/* The value may come from standard input, so that it stands in no list of processes. */
static enum status
read_value(const struct ctl *ctl, struct buffer *out, struct error *err)
{
	enum status status = STATUS_OK;

	if (strcmp(ctl->words[2], "-") == 0) {
		status = ctl_read_file("-", out, err);
		while (out->length > 0 &&
		       (out->at[out->length - 1] == '\n' || out->at[out->length - 1] == '\r')) {
			out->length--;
		}
	} else {
		buffer_printf(out, "%s", ctl->words[2]);
	}
	buffer_append_byte(out, '\0');
	return status == STATUS_OK ? buffer_status(out, "the value", err) : status;
}

static void
print_settled(const struct ctl *ctl, const json_t *object)
{
	(void)printf("%s %lld\n", ctl_text(ctl, "settled, log entry", "diputuskan, isi log"),
		     json_number(object, "seq"));
}

static enum status
settled_line(void *context, struct span line, struct error *err)
{
	return object_line(context, line, print_settled, err);
}

enum status
run_settle(struct ctl *ctl, struct error *err)
{
	struct buffer path;
	struct buffer value;
	json_t *object = NULL;
	enum status status;

	buffer_init(&path, PATH_MAX_BYTES);
	buffer_init(&value, VALUE_MAX_BYTES);
	buffer_printf(&path, "/v1/record/");
	ctl_path_text(&path, ctl->words[0]);
	buffer_printf(&path, "/settle");
	buffer_append_byte(&path, '\0');
	status = buffer_status(&path, "the request", err);
	if (status == STATUS_OK) {
		status = read_value(ctl, &value, err);
	}
	if (status == STATUS_OK) {
		status = settlement_make(ctl, (const char *)value.at, &object, err);
	}
	if (status == STATUS_OK) {
		status =
			ctl_post_object(ctl, (const char *)path.at, object, settled_line, ctl, err);
	}
	json_decref(object);
	buffer_finish(&value);
	buffer_finish(&path);
	return status;
}

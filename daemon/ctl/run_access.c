/* SPDX-License-Identifier: Apache-2.0 */
/* enrol, device replace, token add */
#include "ctl.h"
#include "json_print.h"

#include <stdlib.h>
#include <string.h>

enum { PATH_MAX_BYTES = 1024 };

/* Prints one member of the answer alone, or with --json the whole line. */
struct member_printer {
	const struct ctl *ctl;
	const char *key;
};

static enum status
print_member(void *context, struct span line, struct error *err)
{
	const struct member_printer *printer = context;
	json_t *object;
	enum status status;

	if (printer->ctl->json) {
		return plain_line(NULL, line, err);
	}
	status = json_line(line, &object, err);
	if (status == STATUS_OK) {
		json_print(stdout, json_object_get(object, printer->key));
		(void)putchar('\n');
		json_decref(object);
	}
	return status;
}

static enum status
post_object(struct ctl *ctl, const char *path, const json_t *object, const char *key,
	    struct error *err)
{
	struct member_printer printer = {ctl, key};

	return ctl_post_object(ctl, path, object, print_member, &printer, err);
}

enum status
run_enrol(struct ctl *ctl, struct error *err)
{
	const char *cadre;
	json_t *object;
	json_t *villages;
	enum status status = ctl_options_from_input(ctl, err);

	if (status == STATUS_OK) {
		status = ctl_needed(ctl, "cadre", &cadre, err);
	}
	if (status == STATUS_OK) {
		status = ctl_villages(ctl, &villages, err);
	}
	if (status != STATUS_OK) {
		return status;
	}
	object = json_pack("{s:s}", "cadre", cadre);
	(void)json_object_set_new(object, "villages", villages);
	status = post_object(ctl, "/v1/codes", object, "code", err);
	json_decref(object);
	return status;
}

static enum status
add_expiry(const struct ctl *ctl, json_t *object, struct error *err)
{
	const char *text = ctl_option(ctl, "expires");
	char *end = NULL;
	unsigned long days;

	if (text == NULL) {
		return STATUS_OK;
	}
	days = strtoul(text, &end, 10);
	if (*text < '0' || *text > '9' || *end != '\0' || days > INT32_MAX) {
		return fail(err, STATUS_USAGE, "--expires takes a number of days");
	}
	(void)json_object_set_new(object, "expires_days", json_integer((json_int_t)days));
	return STATUS_OK;
}

enum status
run_device_replace(struct ctl *ctl, struct error *err)
{
	struct buffer path;
	enum status status;

	buffer_init(&path, PATH_MAX_BYTES);
	buffer_printf(&path, "/v1/device/");
	ctl_path_text(&path, ctl->words[0]);
	buffer_printf(&path, "/replace");
	buffer_append_byte(&path, '\0');
	status = buffer_status(&path, "the request", err);
	if (status == STATUS_OK) {
		status = post_object(ctl, (const char *)path.at, NULL, "code", err);
	}
	buffer_finish(&path);
	return status;
}

enum status
run_token_add(struct ctl *ctl, struct error *err)
{
	static const char *const names[] = {"role", "scope", "name"};
	json_t *object = NULL;
	enum status status = ctl_options_from_input(ctl, err);

	if (status == STATUS_OK) {
		object = json_pack("{}");
	}
	for (size_t i = 0; i < sizeof names / sizeof names[0] && status == STATUS_OK; i++) {
		const char *value;

		status = ctl_needed(ctl, names[i], &value, err);
		if (status == STATUS_OK) {
			(void)json_object_set_new(object, names[i], json_pack("s", value));
		}
	}
	if (status == STATUS_OK) {
		status = add_expiry(ctl, object, err);
	}
	if (status == STATUS_OK) {
		status = post_object(ctl, "/v1/tokens", object, "token", err);
	}
	json_decref(object);
	return status;
}

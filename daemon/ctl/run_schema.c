/* SPDX-License-Identifier: Apache-2.0 */
/* schema check, schema load, schema show */
#include "ctl.h"
#include "json_print.h"

#include <unistd.h>

static void
print_version(const struct ctl *ctl, const json_t *object)
{
	(void)printf("%s %lld\n", ctl_text(ctl, "version", "versi"),
		     json_number(object, "version"));
}

static enum status
version_line(void *context, struct span line, struct error *err)
{
	return object_line(context, line, print_version, err);
}

static enum status
post_schema(struct ctl *ctl, const char *path, struct error *err)
{
	struct buffer text;
	enum status status;

	buffer_init(&text, CTL_INPUT_MAX);
	status = ctl_read_file(ctl->words[0], &text, err);
	if (status == STATUS_OK) {
		struct ctl_body body = {.content_type = "application/json",
					.bytes = buffer_span(&text)};

		status = ctl_post(ctl, path, &body, version_line, ctl, err);
	}
	buffer_finish(&text);
	return status;
}

enum status
run_schema_check(struct ctl *ctl, struct error *err)
{
	return post_schema(ctl, "/v1/schema/check", err);
}

enum status
run_schema_load(struct ctl *ctl, struct error *err)
{
	return post_schema(ctl, "/v1/schema", err);
}

enum status
run_schema_show(struct ctl *ctl, struct error *err)
{
	return ctl_get_file(ctl, "/v1/schema", STDOUT_FILENO, err);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* checkpoint, prove, and the foot of what is printed */
#include "ctl.h"
#include "protocol/checkpoint.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

enum { ROUTE_MAX_BYTES = 512 };

enum status
run_checkpoint(struct ctl *ctl, struct error *err)
{
	const char *path = ctl_option(ctl, "out");

	return path == NULL ? ctl_get_file(ctl, "/v1/checkpoint", STDOUT_FILENO, err)
			    : ctl_download(ctl, "/v1/checkpoint", path, err);
}

enum status
run_prove(struct ctl *ctl, struct error *err)
{
	struct buffer path;
	enum status status;

	buffer_init(&path, ROUTE_MAX_BYTES);
	buffer_printf(&path, "/v1/proof/record/");
	ctl_path_text(&path, ctl->words[0]);
	buffer_append_byte(&path, '\0');
	status = buffer_status(&path, "the request", err);
	if (status == STATUS_OK) {
		status = ctl_get_lines(ctl, (const char *)path.at, plain_line, ctl, err);
	}
	buffer_finish(&path);
	return status;
}

/* Empty lines do not come through; the one that stands before the signatures comes back. */
static enum status
keep_line(void *context, struct span line, struct error *err)
{
	const uint8_t dash = 0xe2; /* the first byte of it */
	struct buffer *text = context;

	if (line.at[0] == dash) {
		buffer_append_byte(text, '\n');
	}
	buffer_append_span(text, line);
	buffer_append_byte(text, '\n');
	return buffer_status(text, "a checkpoint", err);
}

enum status
ctl_checkpoint(const struct ctl *ctl, struct checkpoint *out, struct error *err)
{
	struct buffer text;
	enum status status;

	buffer_init(&text, ROUTE_MAX_BYTES);
	status = ctl_get_lines(ctl, "/v1/checkpoint", keep_line, &text, err);
	if (status == STATUS_OK) {
		status = checkpoint_text_read(buffer_span(&text), NULL, out, err);
	}
	buffer_finish(&text);
	return status;
}

enum status
ctl_print_foot(const struct ctl *ctl, const char *title, struct error *err)
{
	struct checkpoint newest;
	char mark[CHECKPOINT_SHORT_SIZE];
	enum status status;

	if (ctl->json) {
		return STATUS_OK;
	}
	status = ctl_checkpoint(ctl, &newest, err);
	if (status == STATUS_OK) {
		checkpoint_short(&newest, mark);
		(void)printf("\n%s %" PRIu64 " · %s\n", title, newest.size, mark);
	}
	return status;
}

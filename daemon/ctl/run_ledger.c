/* SPDX-License-Identifier: Apache-2.0 */
/* checkpoint, prove, and the foot of what is printed */
#include "ctl.h"
#include "json_print.h"
#include "protocol/checkpoint.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

enum { ROUTE_MAX_BYTES = 512 };

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

static enum status
get_checkpoint(const struct ctl *ctl, struct buffer *text, struct checkpoint *out,
	       struct error *err)
{
	enum status status = ctl_get_lines(ctl, "/v1/checkpoint", keep_line, text, err);

	return status == STATUS_OK ? checkpoint_text_read(buffer_span(text), NULL, out, err)
				   : status;
}

enum status
ctl_checkpoint(const struct ctl *ctl, struct checkpoint *out, struct error *err)
{
	struct buffer text;
	enum status status;

	buffer_init(&text, ROUTE_MAX_BYTES);
	status = get_checkpoint(ctl, &text, out, err);
	buffer_finish(&text);
	return status;
}

/* {"epoch","size","root","checkpoint"}: the last as the file has it. */
static enum status
print_checkpoint(const struct ctl *ctl, struct error *err)
{
	struct checkpoint newest;
	char root[2 * HASH_SIZE + 1];
	struct buffer text;
	enum status status;

	buffer_init(&text, ROUTE_MAX_BYTES);
	status = get_checkpoint(ctl, &text, &newest, err);
	if (status == STATUS_OK) {
		hex_encode(span_of(newest.root, sizeof newest.root), root);
		status = json_print_line(
			json_pack("{s:I, s:I, s:s, s:s%}", "epoch", (json_int_t)newest.epoch,
				  "size", (json_int_t)newest.size, "root", root, "checkpoint",
				  (const char *)text.at, text.length),
			err);
	}
	buffer_finish(&text);
	return status;
}

enum status
run_checkpoint(struct ctl *ctl, struct error *err)
{
	const char *path = ctl_option(ctl, "out");

	if (path != NULL) {
		return ctl_download(ctl, "/v1/checkpoint", path, err);
	}
	return ctl->json ? print_checkpoint(ctl, err)
			 : ctl_get_file(ctl, "/v1/checkpoint", STDOUT_FILENO, err);
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

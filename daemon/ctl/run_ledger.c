/* SPDX-License-Identifier: Apache-2.0 */
/* checkpoint, prove */
#include "ctl.h"

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

/* SPDX-License-Identifier: Apache-2.0 */
/* What the commands read: their options, files, standard input. */
#include "ctl.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *
ctl_text(const struct ctl *ctl, const char *english, const char *indonesian)
{
	return ctl->language == LANGUAGE_ID ? indonesian : english;
}

const char *
ctl_option(const struct ctl *ctl, const char *name)
{
	for (size_t i = ctl->option_count; i > 0; i--) {
		if (strcmp(ctl->options[i - 1].name, name) == 0) {
			return ctl->options[i - 1].value;
		}
	}
	return NULL;
}

enum status
ctl_needed(const struct ctl *ctl, const char *name, const char **out, struct error *err)
{
	const char *value = ctl_option(ctl, name);

	if (value == NULL) {
		return fail(err, STATUS_USAGE, "--%s is missing", name);
	}
	*out = value;
	return STATUS_OK;
}

enum status
ctl_read_file(const char *path, struct buffer *out, struct error *err)
{
	bool standard = strcmp(path, "-") == 0;
	FILE *file = standard ? stdin : fopen(path, "rb");
	uint8_t piece[16 * 1024];
	size_t got;
	bool broken;

	if (file == NULL) {
		return fail(err, errno == ENOENT ? STATUS_NOT_FOUND : STATUS_STORAGE, "%s: %s",
			    path, strerror(errno));
	}
	while ((got = fread(piece, 1, sizeof piece, file)) > 0) {
		buffer_append(out, piece, got);
	}
	broken = ferror(file) != 0;
	if (!standard) {
		(void)fclose(file);
	}
	if (broken) {
		return fail(err, STATUS_STORAGE, "%s cannot be read", path);
	}
	return buffer_status(out, path, err);
}

/* Cuts off the first line and adds it to the options; *text moves on. */
static enum status
add_line(struct ctl *ctl, char **text, struct error *err)
{
	char *line = *text;
	char *end = line + strcspn(line, "\r\n");
	char *equals;

	*text = end + strspn(end, "\r\n");
	*end = '\0';
	equals = strchr(line, '=');
	if (*line == '\0') {
		return STATUS_OK;
	}
	if (equals == NULL || ctl->option_count == CTL_OPTIONS_MAX) {
		return fail(err, STATUS_USAGE, "standard input: expected name=value lines");
	}
	*equals = '\0';
	ctl->options[ctl->option_count].name = line;
	ctl->options[ctl->option_count].value = equals + 1;
	ctl->option_count++;
	return STATUS_OK;
}

enum status
ctl_options_from_input(struct ctl *ctl, struct error *err)
{
	struct buffer text;
	char *at;
	enum status status;

	if (ctl->word_count == 0) {
		return STATUS_OK;
	}
	if (strcmp(ctl->words[ctl->word_count - 1], "-") != 0) {
		return fail(err, STATUS_USAGE, "%s", ctl->words[ctl->word_count - 1]);
	}
	ctl->word_count--;
	buffer_init(&text, 64 * 1024);
	status = ctl_read_file("-", &text, err);
	buffer_append_byte(&text, '\0');
	if (status == STATUS_OK) {
		status = buffer_status(&text, "standard input", err);
	}
	if (status != STATUS_OK) {
		buffer_finish(&text);
		return status;
	}
	ctl->input = strdup((const char *)text.at);
	buffer_finish(&text);
	if (ctl->input == NULL) {
		return fail(err, STATUS_MEMORY, "standard input");
	}
	for (at = ctl->input; *at != '\0' && status == STATUS_OK;) {
		status = add_line(ctl, &at, err);
	}
	return status;
}

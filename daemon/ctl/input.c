/* SPDX-License-Identifier: Apache-2.0 */
/* What the commands read: their options, files, standard input. */
#include "ctl.h"
#include "json_print.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { INPUT_MAX = 64 * 1024 };

const char *
ctl_text(const struct ctl *ctl, const char *english, const char *indonesian)
{
	return ctl->language == LANGUAGE_ID ? indonesian : english;
}

void
ctl_stop_first(struct ctl *ctl, enum status status)
{
	if (status == STATUS_BUSY) {
		ctl->next = ctl_text(ctl, "Stop the daemon first, then do it again",
				     "Hentikan dulu sambungd, lalu ulangi");
	}
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
ctl_villages(const struct ctl *ctl, json_t **out, struct error *err)
{
	const char *first;
	json_t *villages;
	enum status status = ctl_needed(ctl, "village", &first, err);

	if (status != STATUS_OK) {
		return status;
	}
	villages = json_array();
	for (size_t i = 0; i < ctl->option_count; i++) {
		if (strcmp(ctl->options[i].name, "village") == 0) {
			(void)json_array_append_new(villages,
						    json_pack("s", ctl->options[i].value));
		}
	}
	*out = villages;
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

static enum status
add_option(struct ctl *ctl, const char *name, const char *value, struct error *err)
{
	if (ctl->option_count == CTL_OPTIONS_MAX) {
		return fail(err, STATUS_USAGE, "standard input: too many values");
	}
	ctl->options[ctl->option_count].name = name;
	ctl->options[ctl->option_count].value = value;
	ctl->option_count++;
	return STATUS_OK;
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
	if (equals == NULL) {
		return fail(err, STATUS_USAGE, "standard input: expected name=value lines or JSON");
	}
	*equals = '\0';
	return add_option(ctl, line, equals + 1, err);
}

/* A text, or a list of texts. */
static enum status
add_value(struct ctl *ctl, const char *name, const json_t *value, struct error *err)
{
	enum status status = STATUS_OK;

	if (json_is_string(value)) {
		return add_option(ctl, name, json_string_value(value), err);
	}
	if (!json_is_array(value)) {
		return fail(err, STATUS_USAGE, "standard input: %.40s is no text", name);
	}
	for (size_t i = 0; i < json_array_size(value) && status == STATUS_OK; i++) {
		const char *text = json_string_value(json_array_get(value, i));

		status = text == NULL
				 ? fail(err, STATUS_USAGE, "standard input: %.40s is no text", name)
				 : add_option(ctl, name, text, err);
	}
	return status;
}

/* The options borrow from the object, which the caller keeps. */
static enum status
add_object(struct ctl *ctl, json_t *object, struct error *err)
{
	const char *name;
	json_t *value;
	enum status status = STATUS_OK;

	if (!json_is_object(object)) {
		return fail(err, STATUS_USAGE, "standard input is no JSON object");
	}
	json_object_foreach(object, name, value)
	{
		status = add_value(ctl, name, value, err);
		if (status != STATUS_OK) {
			break;
		}
	}
	return status;
}

/* The whole of standard input as text that lasts as long as the ctl. */
static enum status
read_input(struct ctl *ctl, struct error *err)
{
	struct buffer text;
	enum status status;

	buffer_init(&text, INPUT_MAX);
	status = ctl_read_file("-", &text, err);
	buffer_append_byte(&text, '\0');
	if (status == STATUS_OK) {
		status = buffer_status(&text, "standard input", err);
	}
	if (status == STATUS_OK) {
		ctl->input = strdup((const char *)text.at);
		if (ctl->input == NULL) {
			status = fail(err, STATUS_MEMORY, "standard input");
		}
	}
	buffer_finish(&text);
	return status;
}

enum status
ctl_options_from_input(struct ctl *ctl, struct error *err)
{
	enum status status;

	if (ctl->word_count == 0) {
		return STATUS_OK;
	}
	if (strcmp(ctl->words[ctl->word_count - 1], "-") != 0) {
		return fail(err, STATUS_USAGE, "%s", ctl->words[ctl->word_count - 1]);
	}
	ctl->word_count--;
	status = read_input(ctl, err);
	if (status != STATUS_OK) {
		return status;
	}
	if (ctl->input[strspn(ctl->input, " \t\r\n")] == '{') {
		ctl->object = json_loads(ctl->input, JSON_REJECT_DUPLICATES, NULL);
		return add_object(ctl, ctl->object, err);
	}
	for (char *at = ctl->input; *at != '\0' && status == STATUS_OK;) {
		status = add_line(ctl, &at, err);
	}
	return status;
}

void
ctl_finish(struct ctl *ctl)
{
	free(ctl->input);
	json_decref(ctl->object);
}

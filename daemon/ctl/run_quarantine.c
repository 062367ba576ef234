/* SPDX-License-Identifier: Apache-2.0 */
/* quarantine, quarantine release, quarantine reassign, quarantine close */
#include "ctl.h"
#include "json_print.h"

#include <stdlib.h>

enum { PATH_MAX_BYTES = 1024 };

static const struct column quarantine_columns[] = {
	{"device", "DEVICE", "HP", 10},	   {"n", "N", "N", 5},
	{"cadre", "CADRE", "KADER", 20},   {"record", "RECORD", "CATATAN", 15},
	{"reason", "REASON", "SEBAB", 44}, {"next", "NEXT STEP", "LANGKAH BERIKUTNYA", 0},
};

enum status
run_quarantine(struct ctl *ctl, struct error *err)
{
	struct table table = {ctl, quarantine_columns, COUNT_OF(quarantine_columns), 0};

	return ctl_get_lines(ctl, "/v1/quarantine", table_line, &table, err);
}

/* Says so if that is what was done; of more than one how many. */
static bool
say_done(long long count, const char *one, const char *many)
{
	if (count > 1) {
		(void)printf("%s %lld\n", many, count);
	} else if (count == 1) {
		(void)puts(one);
	}
	return count > 0;
}

static enum status
done_line(void *context, struct span line, struct error *err)
{
	const struct ctl *ctl = context;
	long long released;
	long long reassigned;
	json_t *object;
	enum status status;

	if (ctl->json) {
		return plain_line(NULL, line, err);
	}
	status = json_line(line, &object, err);
	if (status != STATUS_OK) {
		return status;
	}
	released = json_number(object, "released");
	reassigned = json_number(object, "reassigned");
	json_decref(object);
	if (!say_done(released, ctl_text(ctl, "released", "dilepas"),
		      ctl_text(ctl, "released, with what followed from it:",
			       "dilepas, beserta ikutannya:")) &&
	    !say_done(reassigned, ctl_text(ctl, "given", "diberikan"),
		      ctl_text(ctl, "given, with what followed from it:",
			       "diberikan, beserta ikutannya:"))) {
		(void)puts(ctl_text(ctl, "closed", "ditutup"));
	}
	return STATUS_OK;
}

/* Asks for something to be done with change N (second word) of a device (first). */
static enum status
post_order(struct ctl *ctl, const char *deed, json_t *object, struct error *err)
{
	char *end = NULL;
	const unsigned long n = strtoul(ctl->words[1], &end, 10);
	struct buffer path;
	enum status status;

	if (*ctl->words[1] < '0' || *ctl->words[1] > '9' || *end != '\0' || n > INT32_MAX) {
		return fail(err, STATUS_USAGE, "%s", ctl->words[1]);
	}
	if (json_object_set_new(object, "n", json_integer((json_int_t)n)) != 0) {
		return fail(err, STATUS_MEMORY, "the request");
	}
	buffer_init(&path, PATH_MAX_BYTES);
	buffer_printf(&path, "/v1/quarantine/");
	ctl_path_text(&path, ctl->words[0]);
	buffer_printf(&path, "/%s", deed);
	buffer_append_byte(&path, '\0');
	status = buffer_status(&path, "the request", err);
	if (status == STATUS_OK) {
		status = ctl_post_object(ctl, (const char *)path.at, object, done_line, ctl, err);
	}
	buffer_finish(&path);
	return status;
}

enum status
run_quarantine_release(struct ctl *ctl, struct error *err)
{
	json_t *object = json_object();
	enum status status = object == NULL ? fail(err, STATUS_MEMORY, "the request")
					    : post_order(ctl, "release", object, err);

	json_decref(object);
	return status;
}

enum status
run_quarantine_close(struct ctl *ctl, struct error *err)
{
	const char *reason;
	json_t *object;
	enum status status = ctl->word_count > 2 ? ctl_options_from_input(ctl, err) : STATUS_OK;

	if (status == STATUS_OK) {
		status = ctl_needed(ctl, "reason", &reason, err);
	}
	if (status != STATUS_OK) {
		return status;
	}
	object = json_pack("{s:s}", "reason", reason);
	status = object == NULL ? fail(err, STATUS_INVALID, "the reason is not UTF-8")
				: post_order(ctl, "close", object, err);
	json_decref(object);
	return status;
}

enum status
run_quarantine_reassign(struct ctl *ctl, struct error *err)
{
	const char *to;
	const char *reason;
	json_t *object;
	enum status status = ctl->word_count > 2 ? ctl_options_from_input(ctl, err) : STATUS_OK;

	if (status == STATUS_OK) {
		status = ctl_needed(ctl, "to", &to, err);
	}
	if (status != STATUS_OK) {
		return status;
	}
	reason = ctl_option(ctl, "reason");
	object = json_pack("{s:s, s:s*}", "to", to, "reason", reason);
	status = object == NULL ? fail(err, STATUS_INVALID, "the reason is not UTF-8")
				: post_order(ctl, "reassign", object, err);
	json_decref(object);
	return status;
}

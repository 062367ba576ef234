/* SPDX-License-Identifier: Apache-2.0 */
/* access-report: a text for the one whom it is about, so it is in Indonesian; breach-report. */
#include "ctl.h"
#include "json_print.h"

#include <string.h>

enum { PATH_MAX_BYTES = 1024 };

/* ---- access-report ---- */

struct handout {
	const struct ctl *ctl;
	json_t *labels;	     /* of types, and in each of its fields */
	const char *section; /* printed last */
};

static const struct {
	const char *part;
	const char *title;
} sections[] = {
	{"record", "DATA YANG DISIMPAN"},
	{"change", "RIWAYAT PERUBAHAN"},
	{"quarantine", "PERUBAHAN YANG DISISIHKAN"},
	{"import", "KUNCI PADA TABEL YANG DIMUAT"},
	{"device", "HP YANG MEMEGANG ATAU PERNAH MEMEGANG DATA"},
	{"read", "SIAPA YANG MELIHAT DATA DI SERVER"},
};

static void
print_section(struct handout *handout, const char *part)
{
	for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++) {
		if (strcmp(sections[i].part, part) == 0 &&
		    (handout->section == NULL || strcmp(handout->section, part) != 0)) {
			(void)printf("\n%s\n", sections[i].title);
			handout->section = sections[i].part;
		}
	}
}

static const char *
text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text == NULL ? "" : text;
}

/* What the programme calls a type ("" as field) or a field. */
static const char *
label_of(const struct handout *handout, const char *type, const char *field)
{
	const char *label =
		json_string_value(json_object_get(json_object_get(handout->labels, type), field));

	return label != NULL ? label : *field == '\0' ? type : field;
}

static void
print_fields(const struct handout *handout, const char *type, json_t *fields)
{
	const char *name;
	json_t *value;

	json_object_foreach(fields, name, value)
	{
		(void)printf("    %s: ", label_of(handout, type, name));
		json_print(stdout, value);
		(void)puts("");
	}
}

static void
print_record(const struct handout *handout, json_t *record)
{
	const char *type = text_of(record, "type");
	const char *name;
	json_t *members;

	(void)printf("  %s %s, desa %s\n", label_of(handout, type, ""), text_of(record, "id"),
		     text_of(record, "village"));
	print_fields(handout, type, json_object_get(record, "fields"));
	json_object_foreach(json_object_get(record, "conflicts"), name, members)
	{
		json_t *member;
		size_t index;

		json_array_foreach(members, index, member)
		{
			(void)printf("    %s (belum diputuskan): ", label_of(handout, type, name));
			json_print_member(member);
		}
	}
}

static const char *
author_of(const json_t *entry)
{
	const char *cadre = text_of(entry, "cadre");

	return *cadre != '\0' ? cadre : text_of(entry, "user");
}

static void
print_change(const struct handout *handout, json_t *entry)
{
	const char *type = text_of(entry, "type");

	(void)printf("  %s, %s: %s %s\n", text_of(entry, "time"), author_of(entry),
		     label_of(handout, type, ""), text_of(entry, "record"));
	print_fields(handout, type, json_object_get(entry, "fields"));
}

static void
print_device(const json_t *device)
{
	(void)printf("  HP %lld, %s: %s, %lld sinkron, %s s.d. %s\n", json_number(device, "device"),
		     text_of(device, "cadre"),
		     json_is_true(json_object_get(device, "holds")) ? "memegang" : "pernah",
		     json_number(device, "syncs"), text_of(device, "first"),
		     text_of(device, "last"));
}

static void
print_read(const json_t *entry)
{
	const json_t *about = json_object_get(entry, "about");

	(void)printf("  %s, %s: %s %s\n", text_of(entry, "time"), text_of(entry, "user"),
		     text_of(about, "route"), text_of(about, "filter"));
}

static void
print_part(struct handout *handout, const char *part, json_t *value)
{
	print_section(handout, part);
	if (strcmp(part, "labels") == 0) {
		handout->labels = json_incref(value);
		(void)printf("LAPORAN DATA PRIBADI, nomor data %s\n", handout->ctl->words[0]);
	} else if (strcmp(part, "record") == 0) {
		print_record(handout, value);
	} else if (strcmp(part, "change") == 0 || strcmp(part, "quarantine") == 0) {
		print_change(handout, value);
	} else if (strcmp(part, "import") == 0) {
		(void)printf("  %s: %s\n", label_of(handout, text_of(value, "type"), ""),
			     text_of(value, "key"));
	} else if (strcmp(part, "device") == 0) {
		print_device(value);
	} else if (strcmp(part, "read") == 0) {
		print_read(value);
	}
}

static enum status
handout_line(void *context, struct span line, struct error *err)
{
	struct handout *handout = context;
	const char *part;
	json_t *object;
	json_t *value;
	enum status status;

	if (handout->ctl->json) {
		return plain_line(NULL, line, err);
	}
	status = json_line(line, &object, err);
	if (status != STATUS_OK) {
		return status;
	}
	json_object_foreach(object, part, value)
	{
		print_part(handout, part, value);
	}
	json_decref(object);
	return STATUS_OK;
}

/* GET <before><word><after> */
static enum status
get_report(const struct ctl *ctl, const char *before, const char *after, ctl_line_fn each,
	   void *context, struct error *err)
{
	struct buffer path;
	enum status status;

	buffer_init(&path, PATH_MAX_BYTES);
	buffer_printf(&path, "%s", before);
	ctl_path_text(&path, ctl->words[0]);
	buffer_printf(&path, "%s", after);
	buffer_append_byte(&path, '\0');
	status = buffer_status(&path, "the request", err);
	if (status == STATUS_OK) {
		status = ctl_get_lines(ctl, (const char *)path.at, each, context, err);
	}
	buffer_finish(&path);
	return status;
}

enum status
run_access_report(struct ctl *ctl, struct error *err)
{
	struct handout handout = {.ctl = ctl};
	enum status status = get_report(ctl, "/v1/record/", "/access", handout_line, &handout, err);

	json_decref(handout.labels);
	return status == STATUS_OK ? ctl_print_foot(ctl, "Catatan server", err) : status;
}

/* ---- breach-report ---- */

struct breach {
	const struct ctl *ctl;
	bool first;
	size_t people;
};

static enum status
breach_line(void *context, struct span line, struct error *err)
{
	struct breach *breach = context;
	const struct ctl *ctl = breach->ctl;
	json_t *object;
	enum status status;

	if (ctl->json) {
		return plain_line(NULL, line, err);
	}
	status = json_line(line, &object, err);
	if (status != STATUS_OK) {
		return status;
	}
	if (breach->first) {
		(void)printf("%s %lld (%s), %s ", ctl_text(ctl, "device", "HP"),
			     json_number(object, "device"), text_of(object, "cadre"),
			     ctl_text(ctl, "as of its last sync", "menurut sinkron terakhir"));
		json_print(stdout, json_object_get(object, "as_of"));
		(void)puts("");
	} else if (json_is_true(json_object_get(object, "erased"))) {
		(void)printf("%s  %s\n", text_of(object, "record"),
			     ctl_text(ctl, "erased since; the phone has not said so",
				      "sudah dihapus; HP belum melapor"));
	} else {
		(void)printf("%s  %s  %lld  ", text_of(object, "record"), text_of(object, "type"),
			     json_number(object, "village"));
		json_print(stdout, json_object_get(object, "fields"));
		(void)puts("");
		breach->people++;
	}
	breach->first = false;
	json_decref(object);
	return STATUS_OK;
}

enum status
run_breach_report(struct ctl *ctl, struct error *err)
{
	struct breach breach = {.ctl = ctl, .first = true};
	enum status status = get_report(ctl, "/v1/device/", "/breach", breach_line, &breach, err);

	if (status == STATUS_OK && !ctl->json) {
		(void)printf("%zu %s\n", breach.people,
			     ctl_text(ctl, "people and families", "orang dan keluarga"));
	}
	return status == STATUS_OK
		       ? ctl_print_foot(ctl, ctl_text(ctl, "log", "catatan server"), err)
		       : status;
}

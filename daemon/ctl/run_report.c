/* SPDX-License-Identifier: Apache-2.0 */
/* access-report: a text for the one whom it is about, so it is in Indonesian; breach-report. */
#include "ctl.h"
#include "json_print.h"

#include <string.h>

enum { PATH_MAX_BYTES = 1024, KEY_SIZE = 256 };

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

struct word {
	const char *name;
	const char *word;
};

/* Fields of every type, which no schema has. */
static const struct word built_ins[] = {
	{"village", "Desa/kelurahan"},
	{"archived", "Diarsipkan"},
	{"same_as", "Sama dengan data"},
};

/* What was asked for at the server. */
static const struct word routes[] = {
	{"/v1/records/{type}", "daftar"},
	{"/v1/record/{id}", "isi data"},
	{"/v1/record/{id}/history", "riwayat data"},
	{"/v1/export/{type}.csv", "tabel"},
	{"/v1/conflicts", "daftar isian yang berbeda"},
	{"/v1/record/{id}/access", "laporan data pribadi"},
	{"/v1/device/{n}/breach", "laporan isi HP"},
	{"/v1/proof/record/{id}", "bukti data"},
	{"/v1/log", "catatan semua perubahan"},
	{"/v1/backup", "salinan seluruh basis data"},
};

/* By what it was narrowed down. */
static const struct word filters[] = {
	{"village", "wilayah"},
	{"since", "sejak catatan ke"},
	{"order", "urut menurut"},
};

/* As it is if there is no word for it. */
static const char *
word_of(const struct word *words, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(words[i].name, name) == 0) {
			return words[i].word;
		}
	}
	return name;
}

/* NULL: the programme has none. */
static const char *
label_found(const struct handout *handout, const char *type, const char *field)
{
	return json_string_value(json_object_get(json_object_get(handout->labels, type), field));
}

/* What the programme calls a type ("" as field) or a field. */
static const char *
label_of(const struct handout *handout, const char *type, const char *field)
{
	const char *label = label_found(handout, type, field);

	if (label != NULL) {
		return label;
	}
	return *field == '\0' ? type : word_of(built_ins, COUNT_OF(built_ins), field);
}

/* A choice by its label, with the sign that it has where a set changed; anything else as it is. */
static void
print_value(const struct handout *handout, const char *type, const char *field, json_t *value)
{
	const char *text = json_string_value(value);
	const char *label = NULL;
	char key[KEY_SIZE];
	size_t sign = 0;

	if (json_is_boolean(value)) {
		(void)fputs(json_is_true(value) ? "ya" : "tidak", stdout);
		return;
	}
	if (text != NULL) {
		sign = *text == '+' || *text == '-';
		(void)snprintf(key, sizeof key, "%s=%s", field, text + sign);
		label = label_found(handout, type, key);
	}
	if (label != NULL) {
		(void)printf("%.*s%s", (int)sign, text, label);
	} else {
		json_print(stdout, value);
	}
}

static void
print_values(const struct handout *handout, const char *type, const char *field, json_t *value)
{
	json_t *item;
	size_t index;

	if (!json_is_array(value)) {
		print_value(handout, type, field, value);
		return;
	}
	json_array_foreach(value, index, item)
	{
		(void)fputs(index > 0 ? ", " : "", stdout);
		print_value(handout, type, field, item);
	}
}

static void
print_fields(const struct handout *handout, const char *type, json_t *fields)
{
	const char *name;
	json_t *value;

	json_object_foreach(fields, name, value)
	{
		(void)printf("    %s: ", label_of(handout, type, name));
		print_values(handout, type, name, value);
		(void)puts("");
	}
}

static const char *
author_of(const json_t *entry)
{
	const char *cadre = text_of(entry, "cadre");

	return *cadre != '\0' ? cadre : text_of(entry, "user");
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
			print_values(handout, type, name, json_object_get(member, "value"));
			(void)printf(" (%s, %s)\n", author_of(member), text_of(member, "time"));
		}
	}
}

static void
print_change(const struct handout *handout, json_t *entry)
{
	const char *type = text_of(entry, "type");

	(void)printf("  %s, %s: %s %s\n", text_of(entry, "time"), author_of(entry),
		     label_of(handout, type, ""), text_of(entry, "record"));
	print_fields(handout, type, json_object_get(entry, "fields"));
}

/* One that the admin does not see has no number. */
static void
print_device(const json_t *device)
{
	if (json_number(device, "device") == 0) {
		(void)fputs("  HP lain", stdout);
	} else {
		(void)printf("  HP %lld, %s", json_number(device, "device"),
			     text_of(device, "cadre"));
	}
	(void)printf(": %s, %lld sinkron, %s s.d. %s\n",
		     json_is_true(json_object_get(device, "holds")) ? "memegang" : "pernah",
		     json_number(device, "syncs"), text_of(device, "first"),
		     text_of(device, "last"));
}

/* "family village=63 since=12": the type by its label, then the rest in words; an id as it is. */
static void
print_filter(const struct handout *handout, const char *filter)
{
	char word[KEY_SIZE];

	while (*filter != '\0') {
		const size_t length = strcspn(filter, " ");
		char *value;

		(void)snprintf(word, sizeof word, "%.*s", (int)length, filter);
		value = strchr(word, '=');
		if (value != NULL) {
			*value++ = '\0';
			(void)printf(" %s %s", word_of(filters, COUNT_OF(filters), word), value);
		} else {
			(void)printf(" %s", label_of(handout, word, ""));
		}
		filter += length;
		filter += strspn(filter, " ");
	}
}

/* Those by people whom the admin does not see are only counted. */
static void
print_read(const struct handout *handout, const json_t *entry)
{
	const json_t *about = json_object_get(entry, "about");

	if (about == NULL) {
		(void)printf("  pengguna lain: %lld kali, %s s.d. %s\n",
			     json_number(entry, "reads"), text_of(entry, "first"),
			     text_of(entry, "last"));
		return;
	}
	(void)printf("  %s, %s: %s", text_of(entry, "time"), text_of(entry, "user"),
		     word_of(routes, COUNT_OF(routes), text_of(about, "route")));
	print_filter(handout, text_of(about, "filter"));
	(void)puts("");
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
		print_read(handout, value);
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
		const char *village = text_of(object, "village");

		(void)printf("%s  %s  %s  ", text_of(object, "record"), text_of(object, "type"),
			     *village == '\0' ? "-" : village);
		json_print(stdout, json_object_get(object, "fields"));
		(void)puts(json_is_true(json_object_get(object, "quarantined"))
				   ? ctl_text(ctl, "  set aside, not merged",
					      "  ditahan, belum digabung")
				   : "");
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

/* SPDX-License-Identifier: Apache-2.0 */
/* records, export, count, record, history, import */
#include "ctl.h"
#include "json_print.h"

#include <string.h>
#include <unistd.h>

enum { PATH_MAX_BYTES = 1024 };

static const struct column record_columns[] = {
	{"id", "ID", "ID", 14},
	{"version", "VERSION", "VERSI", 7},
	{"village", "VILLAGE", "DESA", 10},
	{"archived", "ARCHIVED", "ARSIP", 8},
	{"flags", "FLAGS", "TANDA", 12},
	{"fields", "FIELDS", "ISIAN", 0},
};

static const struct column history_columns[] = {
	{"seq", "SEQ", "SEQ", 6},
	{"time", "TIME", "WAKTU", 24},
	{"cadre", "CADRE", "KADER", 20},
	{"user", "USER", "PENGGUNA", 12},
	{"fields", "CHANGED TO", "MENJADI", 30},
	{"was", "WAS", "SEBELUMNYA", 0},
};

/* The path of a request, kept as a C string in the buffer. */
static enum status
path_done(struct buffer *path, struct error *err)
{
	buffer_append_byte(path, '\0');
	return buffer_status(path, "the request", err);
}

/* The cursor that ends the list is for programs. */
static enum status
record_line(void *context, struct span line, struct error *err)
{
	static const char cursor[] = "{\"cursor\"";
	const struct table *table = context;

	if (!table->ctl->json && line.length >= sizeof cursor - 1 &&
	    memcmp(line.at, cursor, sizeof cursor - 1) == 0) {
		return STATUS_OK;
	}
	return table_line(context, line, err);
}

enum status
run_records(struct ctl *ctl, struct error *err)
{
	struct table table = {ctl, record_columns, COUNT_OF(record_columns), 0};
	struct buffer path;
	enum status status;

	buffer_init(&path, PATH_MAX_BYTES);
	buffer_printf(&path, "/v1/records/");
	ctl_path_text(&path, ctl->words[0]);
	ctl_path_option(ctl, &path, "village");
	ctl_path_option(ctl, &path, "since");
	ctl_path_option(ctl, &path, "order");
	status = path_done(&path, err);
	if (status == STATUS_OK) {
		status = ctl_get_lines(ctl, (const char *)path.at, record_line, &table, err);
	}
	buffer_finish(&path);
	return status;
}

enum status
run_export(struct ctl *ctl, struct error *err)
{
	struct buffer path;
	enum status status;

	if (ctl_option(ctl, "csv") == NULL) {
		return fail(err, STATUS_USAGE, "--csv is missing");
	}
	buffer_init(&path, PATH_MAX_BYTES);
	buffer_printf(&path, "/v1/export/");
	ctl_path_text(&path, ctl->words[0]);
	buffer_printf(&path, ".csv");
	ctl_path_option(ctl, &path, "village");
	status = path_done(&path, err);
	if (status == STATUS_OK) {
		status = ctl_get_file(ctl, (const char *)path.at, STDOUT_FILENO, err);
	}
	buffer_finish(&path);
	return status;
}

static void
print_count(const struct ctl *ctl, const json_t *object)
{
	(void)ctl;
	(void)printf("%lld\n", json_number(object, "count"));
}

static enum status
count_line(void *context, struct span line, struct error *err)
{
	return object_line(context, line, print_count, err);
}

enum status
run_count(struct ctl *ctl, struct error *err)
{
	struct buffer path;
	enum status status;

	buffer_init(&path, PATH_MAX_BYTES);
	buffer_printf(&path, "/v1/count/");
	ctl_path_text(&path, ctl->words[0]);
	ctl_path_option(ctl, &path, "village");
	status = path_done(&path, err);
	if (status == STATUS_OK) {
		status = ctl_get_lines(ctl, (const char *)path.at, count_line, ctl, err);
	}
	buffer_finish(&path);
	return status;
}

/* ---- one record ---- */

static void
print_conflicts(const struct ctl *ctl, json_t *conflicts)
{
	const char *field;
	json_t *members;

	json_object_foreach(conflicts, field, members)
	{
		(void)printf("  %s: %s\n", ctl_text(ctl, "CONFLICT", "KONFLIK"), field);
		for (size_t i = 0; i < json_array_size(members); i++) {
			json_print_member(json_array_get(members, i));
		}
	}
}

static enum status
show_record(void *context, struct span line, struct error *err)
{
	static const char *const heads[] = {"id",      "type",	   "version",
					    "village", "archived", "flags"};
	const struct ctl *ctl = context;
	json_t *object;
	const char *name;
	json_t *value;
	enum status status;

	if (ctl->json) {
		return plain_line(NULL, line, err);
	}
	status = json_line(line, &object, err);
	if (status != STATUS_OK) {
		return status;
	}
	for (size_t i = 0; i < COUNT_OF(heads); i++) {
		(void)printf("%-16s ", heads[i]);
		value = json_object_get(object, heads[i]);
		json_print(stdout, value);
		(void)putchar('\n');
	}
	json_object_foreach(json_object_get(object, "fields"), name, value)
	{
		(void)printf("  %-16s ", name);
		json_print(stdout, value);
		(void)putchar('\n');
	}
	print_conflicts(ctl, json_object_get(object, "conflicts"));
	json_decref(object);
	return STATUS_OK;
}

static enum status
get_of_record(struct ctl *ctl, const char *suffix, ctl_line_fn each, void *context,
	      struct error *err)
{
	struct buffer path;
	enum status status;

	buffer_init(&path, PATH_MAX_BYTES);
	buffer_printf(&path, "/v1/record/");
	ctl_path_text(&path, ctl->words[0]);
	buffer_printf(&path, "%s", suffix);
	status = path_done(&path, err);
	if (status == STATUS_OK) {
		status = ctl_get_lines(ctl, (const char *)path.at, each, context, err);
	}
	buffer_finish(&path);
	return status;
}

enum status
run_record(struct ctl *ctl, struct error *err)
{
	return get_of_record(ctl, "", show_record, ctl, err);
}

enum status
run_history(struct ctl *ctl, struct error *err)
{
	struct table table = {ctl, history_columns, COUNT_OF(history_columns), 0};

	return get_of_record(ctl, "/history", table_line, &table, err);
}

/* ---- import ---- */

struct import_result {
	const struct ctl *ctl;
	bool summed; /* the last line came */
	long long refused;
};

static void
print_import(const struct ctl *ctl, json_t *object)
{
	if (json_object_get(object, "refused") != NULL) {
		(void)printf("%s: %s %lld, %s %lld, %s %lld\n", ctl->words[0],
			     ctl_text(ctl, "imported", "baru"), json_number(object, "imported"),
			     ctl_text(ctl, "updated", "diperbarui"), json_number(object, "updated"),
			     ctl_text(ctl, "refused", "ditolak"), json_number(object, "refused"));
		return;
	}
	(void)printf("%s %lld: ", ctl_text(ctl, "line", "baris"), json_number(object, "line"));
	json_print(stdout, json_object_get(object, "field"));
	(void)fputs(": ", stdout);
	json_print(stdout, json_object_get(object, "reason"));
	(void)putchar('\n');
}

static enum status
import_line(void *context, struct span line, struct error *err)
{
	struct import_result *result = context;
	json_t *object;
	enum status status = json_line(line, &object, err);

	if (status != STATUS_OK) {
		return status;
	}
	if (json_object_get(object, "refused") != NULL) {
		result->summed = true;
		result->refused = json_number(object, "refused");
	}
	if (result->ctl->json) {
		status = plain_line(NULL, line, err);
	} else {
		print_import(result->ctl, object);
	}
	json_decref(object);
	return status;
}

enum status
run_import(struct ctl *ctl, struct error *err)
{
	struct import_result result = {.ctl = ctl};
	struct buffer path;
	struct buffer table;
	enum status status;

	buffer_init(&path, PATH_MAX_BYTES);
	buffer_init(&table, CTL_INPUT_MAX);
	buffer_printf(&path, "/v1/import/");
	ctl_path_text(&path, ctl->words[0]);
	status = path_done(&path, err);
	if (status == STATUS_OK) {
		status = ctl_read_file(ctl->words[1], &table, err);
	}
	if (status == STATUS_OK) {
		struct ctl_body body = {.content_type = "text/csv", .bytes = buffer_span(&table)};

		status = ctl_post(ctl, (const char *)path.at, &body, import_line, &result, err);
	}
	buffer_finish(&path);
	buffer_finish(&table);
	if (status == STATUS_OK && (!result.summed || result.refused > 0)) {
		return fail(err, STATUS_INVALID, "%lld rows of %s were refused", result.refused,
			    ctl->words[1]);
	}
	return status;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "bench_client.h"

#include "daemon/http/csv_cell.h"
#include "daemon/schema/load.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { OUTPUT_MAX = 1024 * 1024, TABLE_MAX = 64 * 1024 * 1024, WORDS_MAX = 16, URL_SIZE = 64 };

double
bench_seconds(void)
{
	int64_t now = host_now_ns();

	return (double)now / 1e9;
}

/* ---- programs ---- */

static void
become_program(const char *path, const char *const arguments[], int out)
{
	char *words[WORDS_MAX] = {strdup(path)};

	for (size_t i = 1; arguments[i - 1] != NULL && i < WORDS_MAX - 1; i++) {
		words[i] = strdup(arguments[i - 1]);
	}
	if (dup2(out, STDOUT_FILENO) >= 0) {
		(void)close(out);
		(void)execvp(path, words);
	}
	_exit(127);
}

void
bench_program(const char *name, char out[HOST_PATH_SIZE])
{
	const char *build = getenv("BUILD");

	host_path(build != NULL ? build : BENCH_BUILD, name, out);
}

void
bench_run(const char *path, const char *const arguments[], struct buffer *out)
{
	char piece[4096];
	int ends[2];
	int ended = -1;
	ssize_t got;
	pid_t pid;

	if (pipe(ends) != 0) {
		host_die("a pipe: %s", strerror(errno));
	}
	pid = fork();
	if (pid == 0) {
		(void)close(ends[0]);
		become_program(path, arguments, ends[1]);
	}
	(void)close(ends[1]);
	while ((got = read(ends[0], piece, sizeof piece)) > 0) {
		if (out != NULL) {
			buffer_append(out, piece, (size_t)got);
		}
	}
	(void)close(ends[0]);
	if (pid < 0 || waitpid(pid, &ended, 0) != pid || !WIFEXITED(ended) ||
	    WEXITSTATUS(ended) != 0 || (out != NULL && out->status != STATUS_OK)) {
		host_die("%s %s did not end well", path, arguments[0]);
	}
}

static void
control(const struct bench_server *server, const char *const arguments[], struct buffer *out)
{
	char path[HOST_PATH_SIZE];
	char folder[HOST_PATH_SIZE];
	const char *words[WORDS_MAX] = {"--dir", folder, "--json"};

	host_path(server->folder, "server", folder);
	for (size_t i = 3; i < WORDS_MAX - 1 && *arguments != NULL; i++) {
		words[i] = *arguments++;
	}
	bench_program("daemon/sambungctl", path);
	bench_run(path, words, out);
}

/* ---- the server ---- */

/* The one to be stopped when the program ends. */
static struct bench_server *open_server;

static void
stop_at_exit(void)
{
	if (open_server != NULL && open_server->daemon.pid > 0) {
		(void)kill(open_server->daemon.pid, SIGKILL);
	}
}

static void
take_schema(struct bench_server *server)
{
	struct buffer text;
	struct error err;

	buffer_init(&text, SCHEMA_BYTES_MAX);
	control(server, (const char *const[]){"schema", "show", NULL}, &text);
	host_must(schema_load_json(buffer_span(&text), &server->schema, &err), "schema", &err);
	buffer_finish(&text);
}

void
bench_server_open(const struct link_watch *watch, struct bench_server *server)
{
	static bool registered;
	char folder[HOST_PATH_SIZE];
	char url[URL_SIZE];
	struct error err;

	memset(server, 0, sizeof *server);
	host_folder_make(server->folder);
	host_must(link_proxy_open(watch, &server->proxy, &err), "the link", &err);
	(void)snprintf(url, sizeof url, "http://127.0.0.1:%u", link_proxy_port(server->proxy));
	control(server, (const char *const[]){"init", "--name", "Uji", "--url", url, NULL}, NULL);
	host_path(server->folder, "server", folder);
	if (!registered) {
		(void)atexit(stop_at_exit);
		registered = true;
	}
	open_server = server;
	host_daemon_start(folder, HOST_CORE_ANY, &server->daemon);
	link_proxy_aim(server->proxy, server->daemon.port);
	take_schema(server);
}

void
bench_server_close(struct bench_server *server)
{
	struct host_usage usage;

	host_daemon_stop(&server->daemon, &usage);
	open_server = NULL;
	link_proxy_close(server->proxy);
	schema_free(server->schema);
	bench_run("rm", (const char *const[]){"-rf", server->folder, NULL}, NULL);
	memset(server, 0, sizeof *server);
}

/* ---- records that exist before ---- */

static void
table_import(const struct bench_server *server, const char *type, const struct buffer *table)
{
	char path[HOST_PATH_SIZE];

	if (table->status != STATUS_OK) {
		host_die("the table of %s is too long", type);
	}
	host_path(server->folder, type, path);
	host_file_write(server->folder, type, table->at, table->length);
	control(server, (const char *const[]){"import", type, path, NULL}, NULL);
}

static void
column_name(const struct record_type *type, int32_t tag, struct buffer *out)
{
	const struct field *field = type_field(type, tag);

	buffer_append_byte(out, ',');
	buffer_append_span(out, field != NULL ? field->name : span_of_text("village"));
}

static void
families_write(const struct bench_server *server, const struct workload_device *device,
	       size_t families, struct buffer *out)
{
	const struct record_type *type = schema_type(server->schema, WORKLOAD_FAMILY);
	struct change_field fields[WORKLOAD_FIELDS_MAX];
	struct change change;

	buffer_printf(out, "key");
	workload_family_change(device, 0, fields, &change);
	for (size_t i = 0; i < change.field_count; i++) {
		column_name(type, fields[i].tag, out);
	}
	for (size_t family = 0; family < families; family++) {
		buffer_printf(out, "\nF%" PRIu64 "-%zu", device->village, family);
		workload_family_change(device, family % WORKLOAD_FAMILIES, fields, &change);
		for (size_t i = 0; i < change.field_count; i++) {
			buffer_append_byte(out, ',');
			csv_value(out, type_field(type, fields[i].tag), fields[i].tag,
				  fields[i].value);
		}
	}
	buffer_append_byte(out, '\n');
}

static void
persons_write(const struct bench_server *server, const struct workload_device *device,
	      size_t families, struct buffer *out)
{
	const struct record_type *type = schema_type(server->schema, WORKLOAD_PERSON);
	struct change_field fields[WORKLOAD_FIELDS_MAX];
	struct change change;

	buffer_printf(out, "key,family,name\n");
	for (size_t i = 0; i < families * WORKLOAD_MEMBERS; i++) {
		size_t family = i / WORKLOAD_MEMBERS;

		workload_person_change(i % WORKLOAD_MEMBERS, 0, fields, &change);
		/* In a table the reference, its first field, is the family's key. */
		buffer_printf(out, "P%" PRIu64 "-%zu,F%" PRIu64 "-%zu,", device->village, i,
			      device->village, family);
		csv_value(out, type_field(type, fields[1].tag), fields[1].tag, fields[1].value);
		buffer_append_byte(out, '\n');
	}
}

void
bench_server_import(const struct bench_server *server, const struct workload_device *device,
		    size_t families)
{
	struct buffer table;

	buffer_init(&table, TABLE_MAX);
	families_write(server, device, families, &table);
	table_import(server, "family", &table);
	buffer_clear(&table);
	persons_write(server, device, families, &table);
	table_import(server, "person", &table);
	buffer_finish(&table);
}

void
bench_server_fill(const struct bench_server *server, unsigned families)
{
	struct buffer table;

	buffer_init(&table, TABLE_MAX);
	buffer_printf(&table, "key,village,head\n");
	for (unsigned i = 0; i < families; i++) {
		buffer_printf(&table, "X%u,6303072001,Keluarga %u\n", i, i);
	}
	table_import(server, "family", &table);
	buffer_finish(&table);
}

void
bench_server_code(const struct bench_server *server, const char *cadre, uint64_t village,
		  struct buffer *code)
{
	static const char mark[] = "\"code\":\"";
	char digits[24];
	struct buffer said;
	const char *begin;

	(void)snprintf(digits, sizeof digits, "%" PRIu64, village);
	buffer_init(&said, OUTPUT_MAX);
	control(server, (const char *const[]){"enrol", "--cadre", cadre, "--village", digits, NULL},
		&said);
	buffer_append_byte(&said, '\0');
	begin = strstr((const char *)said.at, mark);
	if (begin == NULL) {
		host_die("no enrolment code");
	}
	begin += sizeof mark - 1;
	buffer_clear(code);
	buffer_append(code, begin, strcspn(begin, "\""));
	buffer_append_byte(code, '\0');
	buffer_finish(&said);
}

/* ---- the workload ---- */

static _Noreturn void
skip(const char *why)
{
	(void)fprintf(stderr, "bench: skipped: %s\n", why);
	if (open_server != NULL) {
		bench_server_close(open_server);
	}
	exit(WORKLOAD_SKIPPED);
}

struct workload *
bench_workload_open(const struct workload_order *order)
{
	struct workload *workload = NULL;
	struct error err;
	enum status status = workload_open(order, &workload, &err);

	if (status == STATUS_NOT_FOUND) {
		skip(err.detail);
	}
	host_must(status, "the workload", &err);
	return workload;
}

const struct workload_device *
bench_workload_next(struct workload *workload)
{
	static bool any;
	const struct workload_device *device = NULL;
	struct error err;

	host_must(workload_next(workload, &device, &err), "the workload", &err);
	if (device == NULL && !any) {
		skip("the workload's generator does not run (is node installed?)");
	}
	any = true;
	return device;
}

/* ---- values ---- */

void
bench_value_text(const struct field *field, int32_t tag, struct value value, struct buffer *out)
{
	struct buffer cell;

	if (value.form == VALUE_TEXT) {
		buffer_append_span(out, value.text);
		return;
	}
	if (value.form == VALUE_PAIR && field != NULL && field->type == FIELD_SET) {
		value = value_integer(value.pair.first);
	}
	/* A cell is what a form takes, but for the quotes around a comma. */
	buffer_init(&cell, OUTPUT_MAX);
	csv_value(&cell, field, tag, value);
	for (size_t i = 0; i < cell.length; i++) {
		if (cell.at[i] != '"') {
			buffer_append_byte(out, cell.at[i]);
		}
	}
	buffer_finish(&cell);
}

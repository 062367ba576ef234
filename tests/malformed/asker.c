/* SPDX-License-Identifier: Apache-2.0 */
#include "requests.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_MAX = 16 * 1024 * 1024, SCHEMA_MAX = 512 * 1024, LINE_SIZE = 512 };

static const struct known knowns[] = {
	{"POST /v1/sync", .logged = false},
	{"POST /v1/enrol", .logged = false},
	{"GET /v1/health", .logged = false},
	{"GET /v1/records/{type}", .logged = true, .parameters = "village since order"},
	{"GET /v1/record/{id}", .logged = true},
	{"GET /v1/record/{id}/history", .logged = true},
	{"GET /v1/record/{id}/access", .logged = true},
	{"GET /v1/proof/record/{id}", .logged = true},
	{"GET /v1/proof/consistency", .parameters = "from to"},
	{"GET /v1/device/{n}/breach", .logged = false}, /* not of a device that is none */
	{"GET /v1/count/{type}", .parameters = "village"},
	{"GET /v1/export/{type}.csv", .logged = true, .parameters = "village"},
	{"POST /v1/import/{type}", .logged = false},
	{"GET /v1/conflicts", .logged = true, .parameters = "village"},
	{"GET /v1/log", .logged = true, .parameters = "since"},
	{"GET /v1/backup", .logged = true},
	{"POST /v1/record/{id}/settle",
	 .good = "{\"field\":\"address\",\"value\":\"Jl. Melur 4\",\"base\":99}",
	 .hopeless = "{\"field\":\"nosuchfield\",\"value\":\"x\",\"base\":1}"},
	{"POST /v1/record/{id}/erase", .good = "{\"reason\":\"request\"}",
	 .hopeless = "{\"reason\":\"nonesuch\"}"},
	{"POST /v1/quarantine/{device}/release", .good = "{\"n\":1}", .hopeless = "{\"n\":0}"},
	{"POST /v1/quarantine/{device}/close", .good = "{\"n\":1,\"reason\":\"dicatat ulang\"}",
	 .hopeless = "{\"n\":0,\"reason\":\"x\"}"},
	{"POST /v1/quarantine/{device}/reassign", .good = "{\"n\":1,\"to\":\"r1m00001x\"}",
	 .hopeless = "{\"n\":0,\"to\":\"x\"}"},
	{"POST /v1/carry/adopt", .logged = false},
	{"POST /v1/device/{n}/scope", .good = "{\"villages\":[\"6303072001\"]}",
	 .hopeless = "{\"villages\":[\"xxxxxxxx\"]}"},
	{"POST /v1/device/{n}/handover", .good = "{\"to\":1999999999}", .hopeless = "{\"to\":0}"},
	{"POST /v1/codes", .good = "{\"cadre\":\"Ani\",\"villages\":[\"6303072001\"]}",
	 .hopeless = "{\"cadre\":\"Ani\",\"villages\":[\"xxxxxxxx\"]}"},
	{"POST /v1/tokens",
	 .good = "{\"role\":\"cadre\",\"scope\":\"6303\",\"name\":\"Baru\",\"expires_days\":9}",
	 .hopeless = "{\"role\":\"nobody\",\"scope\":\"6303\",\"name\":\"Baru\"}"},
	{"POST /v1/users",
	 .good = "{\"name\":\"Baru\",\"role\":\"cadre\",\"scope\":\"6303\",\"password\":\"kuda besi "
		 "hijau\"}",
	 .hopeless = "{\"name\":\"Baru\",\"role\":\"nobody\",\"scope\":\"6303\",\"password\":7}"},
	{"POST /v1/user/{n}/password", .good = "{\"password\":\"kuda besi hijau\"}",
	 .hopeless = "{\"password\":7}"},
	{"POST /v1/session", .good = "{\"name\":\"Tak Ada\",\"password\":\"tak ada juga\"}",
	 .hopeless = "{\"name\":\"Tak Ada\"}"},
	{"POST /v1/session/password",
	 .good = "{\"name\":\"Tak Ada\",\"password\":\"tak ada juga\",\"new\":\"sapi besi hijau\"}",
	 .hopeless = "{\"name\":\"Tak Ada\"}"},
	{"POST /v1/schema", .logged = false},
	{"POST /v1/schema/check", .logged = false},
	{"GET /v1/syncs", .logged = false},
	{"GET /v1/quarantine", .logged = false},
	{"GET /v1/devices", .logged = false},
	{"GET /v1/checkpoint", .logged = false},
	{"GET /v1/tokens", .logged = false},
	{"GET /v1/users", .logged = false},
	{"GET /v1/session", .logged = false},
	{"DELETE /v1/session", .logged = false},
	{"GET /v1/schema", .logged = false},
	{"GET /v1/epochs", .logged = false},
	{"GET /v1/erasures", .logged = false},
	{"GET /v1/erasure/{id}", .logged = false},
	{"POST /v1/erasures/finish", .logged = false},
	{"POST /v1/device/{n}/allow", .logged = false},
	{"POST /v1/device/{n}/revoke", .logged = false},
	{"POST /v1/device/{n}/replace", .logged = false},
	{"POST /v1/token/{n}/revoke", .logged = false},
	{"POST /v1/user/{n}/disable", .logged = false},
};

/* ---- reading what is there ---- */

static FILE *
must_open(const char *path)
{
	FILE *stream = fopen(path, "rb");

	if (stream == NULL) {
		perror(path);
		exit(2);
	}
	return stream;
}

static void
read_fixtures(const char *path, struct fixtures *out)
{
	static const struct {
		const char *name;
		size_t offset;
	} names[] = {
		{"port", offsetof(struct fixtures, port)},
		{"token", offsetof(struct fixtures, token)},
		{"cadre", offsetof(struct fixtures, cadre)},
		{"cookie", offsetof(struct fixtures, cookie)},
		{"record", offsetof(struct fixtures, record)},
		{"device", offsetof(struct fixtures, device)},
		{"user", offsetof(struct fixtures, user)},
		{"number", offsetof(struct fixtures, number)},
		{"schema", offsetof(struct fixtures, schema)},
	};
	FILE *stream = must_open(path);
	char line[LINE_SIZE];
	size_t found = 0;

	memset(out, 0, sizeof *out);
	while (fgets(line, sizeof line, stream) != NULL) {
		char *value = strchr(line, ' ');

		line[strcspn(line, "\n")] = '\0';
		for (size_t i = 0; value != NULL && i < sizeof names / sizeof names[0]; i++) {
			if (strncmp(line, names[i].name, (size_t)(value - line)) == 0) {
				(void)snprintf((char *)out + names[i].offset, FIXTURE_SIZE, "%s",
					       value + 1);
				found += value[1] != '\0';
			}
		}
	}
	(void)fclose(stream);
	if (found != sizeof names / sizeof names[0]) {
		(void)fprintf(stderr, "%s: something is missing\n", path);
		exit(2);
	}
}

static const struct known *
known_of(const struct row *row)
{
	char route[PATH_TEXT_MAX + 16];

	(void)snprintf(route, sizeof route, "%s %s", row->method, row->path);
	for (size_t i = 0; i < sizeof knowns / sizeof knowns[0]; i++) {
		if (strcmp(knowns[i].route, route) == 0) {
			return &knowns[i];
		}
	}
	return NULL;
}

static void
read_routes(const char *path, struct asker *asker)
{
	FILE *stream = must_open(path);
	char line[LINE_SIZE];

	while (asker->row_count < ROUTES_MAX && fgets(line, sizeof line, stream) != NULL) {
		struct row *row = &asker->rows[asker->row_count];

		if (sscanf(line, "%7s %95s %15s", row->method, row->path, row->role) == 3) {
			row->known = known_of(row);
			if (row->known == NULL) {
				(void)fprintf(stderr, "%s %s has no row in %s\n", row->method,
					      row->path, __FILE__);
				exit(2);
			}
			asker->row_count++;
		}
	}
	(void)fclose(stream);
	if (asker->row_count == 0) {
		(void)fprintf(stderr, "%s: no routes\n", path);
		exit(2);
	}
}

static void
read_schema(const char *path, struct buffer *out)
{
	FILE *stream = must_open(path);
	char piece[4096];
	size_t got;

	buffer_init(out, SCHEMA_MAX);
	while ((got = fread(piece, 1, sizeof piece, stream)) > 0) {
		buffer_append(out, piece, got);
	}
	(void)fclose(stream);
}

void
asker_init(struct asker *asker, const char *fixtures_path, const char *routes_path, uint64_t seed)
{
	memset(asker, 0, sizeof *asker);
	read_fixtures(fixtures_path, &asker->fixtures);
	read_routes(routes_path, asker);
	read_schema(asker->fixtures.schema, &asker->schema);
	asker->dice.state = seed;
	wire_init(&asker->wire, (uint16_t)strtoul(asker->fixtures.port, NULL, 10));
}

void
asker_finish(struct asker *asker)
{
	wire_finish(&asker->wire);
	buffer_finish(&asker->schema);
}

/* ---- rows ---- */

const struct row *
some_row(struct asker *asker)
{
	return &asker->rows[dice_below(&asker->dice, asker->row_count)];
}

const struct row *
closed_row(struct asker *asker)
{
	const struct row *row;

	do {
		row = some_row(asker);
	} while (strcmp(row->role, "none") == 0);
	return row;
}

bool
row_has(const struct row *row, const char *text)
{
	return strstr(row->path, text) != NULL;
}

bool
row_takes_parcels(const struct row *row)
{
	return strcmp(row->path, "/v1/sync") == 0 || strcmp(row->path, "/v1/enrol") == 0;
}

/* ---- requests ---- */

void
request_init(struct asker *asker, const struct row *row, struct request *out)
{
	(void)asker;
	*out = (struct request){.row = row, .method = row->method};
	buffer_init(&out->path, TEXT_MAX);
	buffer_init(&out->headers, TEXT_MAX);
	buffer_init(&out->body, TEXT_MAX);
}

void
request_finish(struct request *request)
{
	buffer_finish(&request->body);
	buffer_finish(&request->headers);
	buffer_finish(&request->path);
}

static const char *
present(const struct asker *asker, const struct row *row)
{
	const struct fixtures *fixtures = &asker->fixtures;

	return row_has(row, "{type}")	 ? "family"
	       : row_has(row, "{id}")	 ? fixtures->record
	       : row_has(row, "/token/") ? fixtures->number
	       : row_has(row, "/user/")	 ? fixtures->user
					 : fixtures->device;
}

void
request_path(struct asker *asker, struct request *request, const char *argument)
{
	const char *path = request->row->path;
	const char *open = strchr(path, '{');
	const char *end = open == NULL ? NULL : strchr(open, '}');

	if (end == NULL) {
		buffer_append_span(&request->path, span_of_text(path));
		return;
	}
	buffer_append(&request->path, path, (size_t)(open - path));
	buffer_append_span(
		&request->path,
		span_of_text(argument == NULL ? present(asker, request->row) : argument));
	buffer_append_span(&request->path, span_of_text(end + 1));
}

void
request_text(const struct asker *asker, const struct request *request, struct buffer *out)
{
	buffer_printf(out, "%s ", request->method);
	buffer_append_span(out, buffer_span(&request->path));
	buffer_printf(out, " HTTP/1.1\r\nHost: x\r\n");
	if (!request->bare) {
		buffer_printf(out, "Authorization: Bearer %s\r\n", asker->fixtures.token);
	}
	if (request->content_type != NULL) {
		buffer_printf(out, "Content-Type: %s\r\nContent-Length: %zu\r\n",
			      request->content_type, request->body.length);
	}
	buffer_append_span(out, buffer_span(&request->headers));
	buffer_printf(out, "\r\n");
	buffer_append_span(out, buffer_span(&request->body));
}

static bool
is_hoped(const struct hoped *hoped, int http)
{
	for (size_t i = 0; i < sizeof hoped->statuses / sizeof hoped->statuses[0]; i++) {
		if (hoped->statuses[i] != 0 && hoped->statuses[i] == http) {
			return true;
		}
	}
	return http == 0 && hoped->silence;
}

void
request_judge(struct asker *asker, const struct heard *heard, const struct row *row,
	      const struct hoped *hoped)
{
	enum answerer answerer = hoped->answerer;
	char where[PATH_TEXT_MAX + 80];
	const char *wrong = NULL;

	asker->count++;
	(void)snprintf(where, sizeof where, "%s: %s %s", hoped->what, row->method, row->path);
	if (answerer == ANSWERER_ROUTE && row_takes_parcels(row) &&
	    strcmp(heard->media, "text/plain") == 0) {
		answerer = ANSWERER_PARCEL;
	}
	if (heard->http != 0) {
		wrong = judge_answer(heard, answerer);
	} else if (heard->why[0] != '\0') {
		wrong = heard->why;
	}
	if (wrong != NULL) {
		fault(heard, wrong, where);
	} else if (!is_hoped(hoped, heard->http)) {
		fault(heard, "another status", where);
	}
}

struct heard
request_send(struct asker *asker, const struct request *request, const struct hoped *hoped)
{
	struct buffer text;
	struct heard heard;

	buffer_init(&text, TEXT_MAX);
	request_text(asker, request, &text);
	fault_said(buffer_span(&text));
	wire_ask(&asker->wire, buffer_span(&text), strcmp(request->method, "HEAD") == 0, &heard);
	buffer_finish(&text);
	if (strcmp(request->method, "HEAD") == 0 && heard.http == 405) {
		asker->count++;
	} else {
		request_judge(asker, &heard, request->row, hoped);
	}
	asker->entries += hoped->entries;
	return heard;
}

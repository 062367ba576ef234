/* SPDX-License-Identifier: Apache-2.0 */
#include "bench_client_phone.h"

#include "protocol/id.h"

#include <stdio.h>
#include <string.h>

enum { TEXT_MAX = 4096, DAY_S = 86400 };

void
bench_phone_must(int status, const char *what, const struct sambung_error *err)
{
	char sentence[TEXT_MAX];

	if (status != 0) {
		host_die("%s: %s", what,
			 sambung_error_sentence(err, SAMBUNG_EN, sentence, sizeof sentence));
	}
}

/* ---- the machine ---- */

static int64_t
phone_wall_ms(void *context)
{
	return ((const struct bench_phone *)context)->wall_ms;
}

static int64_t
phone_uptime_ms(void *context)
{
	return ((const struct bench_phone *)context)->uptime_ms;
}

static void
phone_boot_id(void *context, uint8_t out[16])
{
	memset(out, ((const struct bench_phone *)context)->boot, 16);
}

void
bench_phone_clock(struct bench_phone *phone, enum bench_clock clock, int64_t time)
{
	int64_t first_day = phone->synced_ms / 1000 / DAY_S + 1;

	if (clock == BENCH_CLOCK_WALL) {
		phone->boot = 2;
		phone->wall_ms = time * 1000;
		return;
	}
	phone->wall_ms = (first_day * DAY_S + time % DAY_S) * 1000;
	/* It was 0 at every sync before. */
	phone->uptime_ms = phone->wall_ms - phone->synced_ms;
}

/* ---- its life ---- */

void
bench_phone_open(const struct bench_server *server, const char *name, const char *cadre,
		 uint64_t village, struct bench_phone *phone)
{
	struct sambung_platform platform = {.context = phone,
					    .wall_ms = phone_wall_ms,
					    .uptime_ms = phone_uptime_ms,
					    .boot_id = phone_boot_id};
	struct sambung_options options = {.directory = phone->place, .platform = &platform};
	struct sambung_error err;
	struct buffer code;

	memset(phone, 0, sizeof *phone);
	phone->boot = 1;
	phone->wall_ms = platform_builtin.wall_ms(NULL);
	host_path(server->folder, name, phone->place);
	bench_phone_must(sambung_open(&options, &phone->sambung, &err), "open", &err);
	buffer_init(&code, TEXT_MAX);
	bench_server_code(server, cadre, village, &code);
	bench_phone_must(sambung_enrol(phone->sambung, (const char *)code.at, &err), "enrol", &err);
	buffer_finish(&code);
}

void
bench_phone_close(struct bench_phone *phone)
{
	sambung_close(phone->sambung);
	phone->sambung = NULL;
}

struct sambung_result
bench_phone_sync(struct bench_phone *phone)
{
	struct sambung_result result;
	struct sambung_error err;

	bench_phone_must(sambung_sync(phone->sambung, NULL, NULL, &result, &err), "sync", &err);
	if (!result.synced || result.quarantined != 0) {
		host_die("not synced, or changes in quarantine");
	}
	phone->synced_ms = platform_builtin.wall_ms(NULL);
	return result;
}

/* ---- what it knows ---- */

struct known {
	uint64_t *ids;
	size_t count;
	size_t limit;
};

static int
known_add(void *context, const char *line, size_t length)
{
	struct known *known = context;
	struct error err;
	char id[ID_TEXT_SIZE];
	size_t end;

	/* Every record line begins {"id":"…" */
	if (length <= 22 || strncmp(line, "{\"id\":\"", 7) != 0 || known->count == known->limit) {
		host_die("a device has other records than were imported");
	}
	end = strcspn(line + 7, "\"");
	(void)snprintf(id, sizeof id, "%.*s", (int)end, line + 7);
	host_must(id_parse(id, &known->ids[known->count++], &err), "a record's id", &err);
	return 0;
}

static void
phone_ids(struct bench_phone *phone, const char *type, uint64_t *ids, size_t count)
{
	struct sambung_query query = {.type = type};
	struct known known = {.ids = ids, .limit = count};
	struct sambung_error err;

	bench_phone_must(sambung_records(phone->sambung, &query, known_add, &known, &err), type,
			 &err);
	if (known.count != count) {
		host_die("a device has %zu records of %s, not %zu", known.count, type, count);
	}
}

void
bench_phone_know(struct bench_phone *phone, size_t families)
{
	/* Ids ascend as the rows of the import did. */
	phone_ids(phone, "family", phone->families, families);
	phone_ids(phone, "person", phone->persons, families * WORKLOAD_MEMBERS);
}

/* ---- recording ---- */

static void
form_set(struct sambung_edit *edit, const struct field *field, const struct change_field *given)
{
	struct sambung_error err;
	struct buffer name;
	struct buffer text;

	buffer_init(&name, TEXT_MAX);
	buffer_init(&text, TEXT_MAX);
	buffer_append_span(&name, field != NULL ? field->name : span_of_text("village"));
	bench_value_text(field, given->tag, given->value, &text);
	buffer_append_byte(&name, '\0');
	buffer_append_byte(&text, '\0');
	bench_phone_must(sambung_edit_set(edit, (const char *)name.at, (const char *)text.at, &err),
			 (const char *)name.at, &err);
	buffer_finish(&name);
	buffer_finish(&text);
}

struct sambung_edit *
bench_phone_form(struct bench_phone *phone, uint64_t id, const struct change *change)
{
	static const char *const types[] = {
		[WORKLOAD_FAMILY] = "family",
		[WORKLOAD_PERSON] = "person",
		[WORKLOAD_VISIT] = "visit",
	};
	char text[ID_TEXT_SIZE];
	const struct record_type *type;
	struct sambung_edit *edit = NULL;
	struct sambung_error err;

	if (id == 0) {
		bench_phone_must(
			sambung_edit_create(phone->sambung, types[change->type], &edit, &err),
			"form", &err);
	} else {
		bench_phone_must(
			sambung_edit_begin(phone->sambung, id_format(id, text), &edit, &err),
			"form", &err);
	}
	type = schema_type(phone->sambung->schema, change->type);
	for (size_t i = 0; i < change->field_count; i++) {
		form_set(edit, type_field(type, change->fields[i].tag), &change->fields[i]);
	}
	return edit;
}

void
bench_phone_record(struct bench_phone *phone, uint64_t id, const struct change *change)
{
	struct sambung_edit *edit = bench_phone_form(phone, id, change);
	struct sambung_error err;

	bench_phone_must(sambung_edit_commit(edit, NULL, NULL, &err), "record", &err);
}

void
bench_phone_visit(struct bench_phone *phone, enum bench_clock clock,
		  const struct workload_visit *visit)
{
	struct change_field fields[WORKLOAD_FIELDS_MAX];
	struct change change;
	uint64_t person = phone->persons[visit->family * WORKLOAD_MEMBERS + visit->member];

	bench_phone_clock(phone, clock, visit->time);
	workload_visit_change(visit, person, fields, &change);
	bench_phone_record(phone, 0, &change);
}

/* ---- measuring ---- */

struct sambung_result
bench_phone_measure(const struct bench_server *server, struct bench_phone *phone, bool link,
		    const struct bench_names *names, struct figures *figures)
{
	const struct link_shape slow = {.rtt_ms = 600, .bits_per_s = 40000};
	struct sambung_result result;
	struct link_counts counts;
	double began;
	double seconds;

	if (link) {
		link_proxy_shape(server->proxy, slow);
	}
	link_proxy_reset(server->proxy);
	began = bench_seconds();
	result = bench_phone_sync(phone);
	seconds = bench_seconds() - began;
	counts = link_proxy_counts(server->proxy);
	link_proxy_shape(server->proxy, (struct link_shape){0});
	if (result.bytes_up != counts.bytes_up || result.bytes_down != counts.bytes_down ||
	    result.requests != counts.requests) {
		host_die("the device counts otherwise than the socket");
	}
	figures_add(figures, names->requests, counts.requests);
	figures_add(figures, names->connections, counts.connections);
	figures_add(figures, names->bytes_up, (double)counts.bytes_up);
	figures_add(figures, names->bytes_down, (double)counts.bytes_down);
	figures_add(figures, names->bytes_total, (double)(counts.bytes_up + counts.bytes_down));
	figures_add(figures, names->seconds, seconds);
	return result;
}

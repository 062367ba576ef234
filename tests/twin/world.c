/* SPDX-License-Identifier: Apache-2.0 */
/* nftw is XSI */
#define _XOPEN_SOURCE 700
#include "tests/twin/world.h"

#include "daemon/erased.h"
#include "protocol/id.h"
#include "protocol/json.h"
#include "tests/scratch.h"
#include "tests/twin/founded.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- dying, chance and time ---- */

static void
die(const char *what, const char *detail)
{
	(void)fprintf(stderr, "twin: %s: %s\n", what, detail);
	abort();
}

static void
must(enum status status, const char *what, const struct error *err)
{
	char sentence[400];

	if (status != STATUS_OK) {
		die(what, error_sentence(err, LANGUAGE_EN, sentence, sizeof sentence));
	}
}

static void
must_sambung(int status, const char *what, const struct sambung_error *err)
{
	if (status != 0) {
		die(what, err->detail);
	}
}

/* splitmix64 (public domain, S. Vigna): enough to choose faults and to stand in for randomness. */
static uint64_t
next_random(struct world *world)
{
	uint64_t z = world->random += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

uint64_t
world_random(struct world *world, uint64_t below)
{
	return next_random(world) % below;
}

static void
fill_random(struct world *world, void *out, size_t length)
{
	uint8_t *at = out;

	for (size_t i = 0; i < length; i++) {
		at[i] = (uint8_t)next_random(world);
	}
}

static bool
chance(struct world *world, unsigned of_256)
{
	return world_random(world, 256) < of_256;
}

/* ---- the server's side ---- */

static int64_t
server_now(void *context)
{
	struct world *world = context;

	return ++world->now_ms + world->server_shift_ms;
}

static void
server_random(void *context, void *out, size_t length)
{
	fill_random(context, out, length);
}

static void
read_file(const char *path, struct buffer *out)
{
	FILE *file = fopen(path, "rb");
	uint8_t piece[4096];
	size_t got;

	if (file == NULL) {
		die("cannot read", path);
	}
	while ((got = fread(piece, 1, sizeof piece, file)) > 0) {
		buffer_append(out, piece, got);
	}
	(void)fclose(file);
}

void
world_stop_server(struct world *world)
{
	ingest_free(world->ingest);
	catalogue_free(world->catalogue);
	store_close(world->reader);
	store_close(world->store);
	world->ingest = NULL;
	world->catalogue = NULL;
	world->reader = NULL;
	world->store = NULL;
}

/* As the daemon: what a copy brought back, or a crash left undone, is erased before anybody is
 * answered. */
enum status
world_start_server(struct world *world, struct error *err)
{
	char path[256];
	size_t erased = 0;
	enum status status;

	(void)snprintf(path, sizeof path, "%s/sambung.db", world->folder);
	status = store_open(path, STORE_WRITER, &world->store, err);
	if (status == STATUS_OK) {
		status = erased_apply(world->folder, world->store, &world->keys, &world->platform,
				      &erased, err);
	}
	if (status == STATUS_OK) {
		status = store_open(path, STORE_READER, &world->reader, err);
	}
	if (status == STATUS_OK) {
		status = catalogue_create(world->store, &world->catalogue, err);
	}
	if (status == STATUS_OK) {
		status = ingest_create(&(struct ingest_options){.store = world->store,
								.catalogue = world->catalogue,
								.keys = &world->keys,
								.platform = world->platform,
								.erased_keep = erased_append,
								.directory = world->folder},
				       &world->ingest, err);
	}
	if (status != STATUS_OK) {
		world_stop_server(world);
	}
	return status;
}

void
world_restart_server(struct world *world)
{
	struct error err;

	world_stop_server(world);
	must(world_start_server(world, &err), "starting the server", &err);
}

/* Like the daemon's writer: a failure of the store undoes all that is in the transaction. What was
 * only refused has not touched it. */
static enum status
server_end(struct world *world, enum status status, const char *what, struct error *err)
{
	bool refused = status != STATUS_OK && status_http(status) < 500;
	enum status committed = STATUS_OK;

	if (status == STATUS_OK || refused) {
		committed = ingest_commit(world->ingest, err);
	} else {
		ingest_rollback(world->ingest);
	}
	if (!world->tolerant) {
		must(refused ? committed : status, what, err);
		must(committed, what, err);
	}
	return committed == STATUS_OK ? status : committed;
}

static bool
is_dead(const struct world *world, const char *folder)
{
	return world->dead != NULL && world->dead(folder);
}

unsigned
world_backup(struct world *world)
{
	struct error err;
	char path[256];

	(void)snprintf(path, sizeof path, "%s/backup%u.db", world->folder, world->backups);
	must(store_backup(world->reader, path, &err), "backup", &err);
	return world->backups++;
}

static void
copy_backup(struct world *world, unsigned backup)
{
	struct buffer bytes;
	char path[256];
	FILE *file;

	buffer_init(&bytes, SIZE_MAX);
	(void)snprintf(path, sizeof path, "%s/backup%u.db", world->folder, backup);
	read_file(path, &bytes);
	(void)snprintf(path, sizeof path, "%s/sambung.db", world->folder);
	file = fopen(path, "wb");
	if (file == NULL || fwrite(bytes.at, 1, bytes.length, file) != bytes.length ||
	    fclose(file) != 0) {
		die("cannot restore", path);
	}
	buffer_finish(&bytes);
}

void
world_restore(struct world *world, unsigned backup)
{
	struct epoch epoch;
	struct store *store;
	struct error err;
	char path[256];

	world_stop_server(world);
	copy_backup(world, backup);
	(void)snprintf(path, sizeof path, "%s/sambung.db", world->folder);
	must(store_open(path, STORE_WRITER, &store, &err), "restoring", &err);
	must(ingest_epoch_begin(store, &world->keys, &world->platform, &epoch, &err), "an epoch",
	     &err);
	store_close(store);
	must(world_start_server(world, &err), "starting the server", &err);
}

void
world_set_back(struct world *world, unsigned backup)
{
	struct error err;

	world_stop_server(world);
	copy_backup(world, backup);
	must(world_start_server(world, &err), "starting the server", &err);
}

static void
server_found(struct world *world, const char *schema_path)
{
	struct error err;
	struct buffer schema;
	struct server_birth birth = {.name = span_of_text("Uji"),
				     .url = span_of_text("http://twin")};
	uint8_t secret[KEYS_SECRET_SIZE];
	char path[256];

	buffer_init(&schema, SCHEMA_BYTES_MAX);
	read_file(schema_path, &schema);
	birth.schema_json = buffer_span(&schema);
	(void)snprintf(path, sizeof path, "%s/server.key", world->folder);
	fill_random(world, secret, sizeof secret);
	must(keys_create(path, secret, &world->keys, &err), "keys", &err);
	(void)snprintf(path, sizeof path, "%s/sambung.db", world->folder);
	must(ingest_found_server(path, &world->keys, &world->platform, &birth,
				 span_of_text("sbt_test"), &err),
	     "founding the server", &err);
	buffer_finish(&schema);
}

/* What the server answers is written after the commit, from a snapshot of its own. */
static enum status
server_answer(struct world *world, struct parcel *parcel, struct buffer *reply, struct error *err)
{
	enum status status;

	if (world->room != 0 && parcel->head.room > world->room) {
		parcel->head.room = world->room;
	}
	status =
		ingest_reply(parcel, world->reader, world->catalogue, &world->platform, reply, err);
	return status == STATUS_OK ? ingest_session(world->ingest, &parcel->report, err) : status;
}

/* One request at the server, durable before it answers. False: an error of HTTP. */
static bool
server_sync(struct world *world, struct span request, struct buffer *reply)
{
	struct parcel *parcel = calloc(1, sizeof *parcel);
	struct error err;
	enum status status;
	bool sealed;

	parcel_init(parcel);
	parcel->lease_days = world->lease_days;
	ingest_open(parcel, world->reader, &world->keys, request);
	status = ingest_notice(world->ingest, parcel, &err);
	if (status == STATUS_OK) {
		status = ingest_begin(world->ingest, &err);
	}
	if (status == STATUS_OK) {
		status = ingest_parcel(world->ingest, parcel, &err);
		status = server_end(world, status, "a parcel", &err);
	}
	sealed = parcel->sealed_reply;
	if (status == STATUS_OK && sealed) {
		status = server_answer(world, parcel, reply, &err);
	}
	if (!world->tolerant) {
		must(status, "syncing at the server", &err);
	}
	world->server_failures += status != STATUS_OK;
	parcel_finish(parcel);
	free(parcel);
	return status == STATUS_OK && sealed;
}

static bool
server_enrol(struct world *world, struct span request, struct buffer *reply)
{
	struct error err;
	enum status status = ingest_begin(world->ingest, &err);

	if (status == STATUS_OK) {
		status = ingest_enrol(world->ingest, request, reply, &err);
		status = server_end(world, status, "enrolling", &err);
	}
	world->server_failures += status != STATUS_OK && status_http(status) >= 500;
	return status == STATUS_OK;
}

/* ---- the network between ---- */

static void
keep_old_request(struct world *world, struct span request)
{
	struct buffer *place = &world->old[world->old_count++ % WORLD_OLD_REQUESTS];

	if (place->limit == 0) {
		buffer_init(place, PARCEL_REQUEST_MAX);
	}
	buffer_clear(place);
	buffer_append_span(place, request);
}

static void
deliver_old_request(struct world *world)
{
	size_t kept = world->old_count < WORLD_OLD_REQUESTS ? world->old_count : WORLD_OLD_REQUESTS;
	struct buffer reply;

	buffer_init(&reply, PARCEL_REPLY_MAX);
	if (kept > 0) {
		const struct buffer *old = &world->old[world_random(world, kept)];

		world->replies_repeated++;
		(void)server_sync(world, buffer_span(old), &reply);
	}
	buffer_finish(&reply);
}

/* Zero chances take no luck, so that a fault more changes no run without it. */
static bool
cut(struct world *world, unsigned of_256, size_t *length)
{
	if (of_256 == 0 || *length == 0 || !chance(world, of_256)) {
		return false;
	}
	*length = (size_t)world_random(world, *length);
	world->cut++;
	return true;
}

bool
world_deliver(struct world *world, struct span request, struct buffer *reply)
{
	if (is_dead(world, world->folder)) {
		return false;
	}
	keep_old_request(world, request);
	(void)cut(world, world->faults.cut_request, &request.length);
	if (chance(world, world->faults.twice)) {
		struct buffer first;

		buffer_init(&first, PARCEL_REPLY_MAX);
		(void)server_sync(world, request, &first);
		buffer_finish(&first);
		world->replies_repeated++;
	}
	return server_sync(world, request, reply) && !is_dead(world, world->folder);
}

static bool
deliver_enrolment(struct world *world, struct span request, struct buffer *reply)
{
	(void)cut(world, world->faults.cut_request, &request.length);
	if (world->faults.twice != 0 && chance(world, world->faults.twice)) {
		struct buffer first;

		buffer_init(&first, PARCEL_REPLY_MAX);
		(void)server_enrol(world, request, &first);
		buffer_finish(&first);
		world->replies_repeated++;
	}
	return server_enrol(world, request, reply) && !is_dead(world, world->folder);
}

static bool
deliver(struct world *world, const char *url, struct span request, struct buffer *reply)
{
	return strstr(url, "/v1/enrol") != NULL ? deliver_enrolment(world, request, reply)
						: world_deliver(world, request, reply);
}

static int
lost(char *why, size_t why_size)
{
	(void)snprintf(why, why_size, "no signal");
	return 1;
}

/* How many of these bytes still come through in this window of signal; when not all do, the next
 * one begins. */
static size_t
window_pass(struct world *world, size_t length)
{
	size_t window = world->faults.window;
	size_t left = window > world->window_used ? window - world->window_used : 0;

	if (window == 0) {
		return length;
	}
	if (length <= left) {
		world->window_used += length;
		return length;
	}
	world->window_used = 0;
	world->cuts++;
	return left;
}

static int
world_post(void *context, const char *url, struct sambung_bytes body, size_t reply_limit,
	   int (*take)(void *sink, const void *bytes, size_t length), void *sink,
	   int *http_status_out, uint64_t *bytes_up_out, uint64_t *bytes_down_out, char *why,
	   size_t why_size)
{
	struct world_device *device = context;
	struct world *world = device->world;
	uint64_t failures = world->server_failures;
	struct buffer reply;
	int result = 0;

	(void)reply_limit;
	world->requests++;
	world->now_ms += 50 + (int64_t)world_random(world, 400);
	if (is_dead(world, device->folder) || is_dead(world, world->folder) ||
	    chance(world, world->faults.lose_request)) {
		world->requests_lost++;
		return lost(why, why_size);
	}
	*bytes_up_out = window_pass(world, body.length);
	if (*bytes_up_out < body.length) {
		return lost(why, why_size);
	}
	buffer_init(&reply, PARCEL_REPLY_MAX);
	*http_status_out = deliver(world, url, span_of(body.at, body.length), &reply) ? 200
			   : world->server_failures > failures			      ? 503
										      : 400;
	*bytes_down_out = window_pass(world, reply.length);
	if (chance(world, world->faults.old_again) && !is_dead(world, world->folder)) {
		deliver_old_request(world);
	}
	if (is_dead(world, world->folder) || chance(world, world->faults.lose_reply)) {
		world->replies_lost++;
		result = lost(why, why_size);
	} else if (cut(world, world->faults.cut_reply, &reply.length)) {
		(void)take(sink, reply.at, reply.length);
		/* Whoever ends a connection in order lets half a reply look like a whole one. */
		result = world_random(world, 2) == 0 ? 0 : lost(why, why_size);
	} else if ((reply.length > 0 && take(sink, reply.at, (size_t)*bytes_down_out) != 0) ||
		   *bytes_down_out < reply.length) {
		result = lost(why, why_size);
	}
	buffer_finish(&reply);
	return result;
}

/* ---- devices ---- */

static int64_t
device_wall(void *context)
{
	struct world_device *device = context;

	return ++device->world->now_ms + device->clock_shift_ms;
}

static int64_t
device_uptime(void *context)
{
	struct world_device *device = context;

	return device->world->now_ms - INT64_C(1000000);
}

static void
device_boot(void *context, uint8_t out[16])
{
	memset(out, 7 + ((struct world_device *)context)->boots, 16);
}

static int
device_random_bytes(void *context, void *out, size_t length)
{
	fill_random(((struct world_device *)context)->world, out, length);
	return 0;
}

static int
device_wait(void *context, uint32_t milliseconds)
{
	struct world *world = ((struct world_device *)context)->world;

	world->now_ms += milliseconds;
	return world->faults.window == 0;
}

struct sambung_platform
world_platform(struct world_device *device)
{
	return (struct sambung_platform){
		.context = device,
		.wall_ms = device_wall,
		.uptime_ms = device_uptime,
		.boot_id = device_boot,
		.random = device_random_bytes,
		.post = world_post,
		.wait = device_wait,
	};
}

/* What the cadre types: the PIN that she set last, or the one before, whichever the lock is of. */
static int
device_lock_key(void *context, const struct sambung_lock *lock, uint8_t key_out[32])
{
	const struct world_device *device = context;

	for (size_t i = 0; i < WORLD_LOCKS; i++) {
		const struct world_lock *known = &device->locks[i];

		if (known->pin[0] != '\0' &&
		    memcmp(known->lock.salt, lock->salt, sizeof lock->salt) == 0) {
			return sambung_pin_key(lock, known->pin, key_out, NULL);
		}
	}
	return 1;
}

static int
device_open(struct world_device *device, struct sambung_error *err)
{
	struct sambung_platform platform = world_platform(device);

	return sambung_open(&(struct sambung_options){.directory = device->folder,
						      .platform = &platform,
						      .key = device_lock_key,
						      .key_context = device},
			    &device->sambung, err);
}

enum status
world_code(struct world *world, const char *cadre, const char *village, char *code_out)
{
	struct region region;
	struct error err;
	int64_t expires;
	enum status status;

	must(region_parse(village, &region, &err), "village", &err);
	status = ingest_begin(world->ingest, &err);
	if (status == STATUS_OK) {
		status = ingest_code_make(world->ingest,
					  &(struct code_order){.cadre = span_of_text(cadre),
							       .scope = &region,
							       .scope_count = 1},
					  code_out, &expires, &err);
		status = server_end(world, status, "a code", &err);
	}
	return status;
}

size_t
world_add_device(struct world *world)
{
	struct world_device *device = &world->devices[world->device_count];
	struct sambung_error failure;

	if (world->device_count == WORLD_DEVICES_MAX) {
		die("enrolling", "too many devices");
	}
	device->world = world;
	device->number = (unsigned)world->device_count;
	(void)snprintf(device->folder, sizeof device->folder, "%s/device%u", world->folder,
		       device->number);
	must_sambung(device_open(device, &failure), "opening a device", &failure);
	return world->device_count++;
}

size_t
world_enrol(struct world *world, const char *cadre, const char *village)
{
	struct world_faults faults = world->faults;
	struct sambung_error failure;
	struct error none = {.status = STATUS_OK};
	char code[CODE_TEXT_MAX];
	size_t device;

	must(world_code(world, cadre, village, code), "code", &none);
	device = world_add_device(world);
	memset(&world->faults, 0, sizeof world->faults);
	must_sambung(sambung_enrol(world->devices[device].sambung, code, &failure), "enrolling",
		     &failure);
	world->faults = faults;
	return device;
}

void
world_close_device(struct world *world, size_t device)
{
	sambung_close(world->devices[device].sambung);
	world->devices[device].sambung = NULL;
}

int
world_open_device(struct world *world, size_t device, struct sambung_error *err)
{
	return device_open(&world->devices[device], err);
}

void
world_reopen(struct world *world, size_t device)
{
	struct sambung_error err;

	world_close_device(world, device);
	must_sambung(world_open_device(world, device, &err), "opening a device", &err);
}

bool
world_try_sync(struct world *world, size_t device)
{
	struct sambung_result result;
	struct sambung_error err;

	return sambung_sync(world->devices[device].sambung, NULL, NULL, &result, &err) == 0 &&
	       result.synced;
}

void
world_sync(struct world *world, size_t device)
{
	struct world_faults faults = world->faults;
	struct sambung_result result;
	struct sambung_error err = {0};
	int status;

	memset(&world->faults, 0, sizeof world->faults);
	status = sambung_sync(world->devices[device].sambung, NULL, NULL, &result, &err);
	world->faults = faults;
	must_sambung(status, "syncing", &err);
	if (!result.synced) {
		die("syncing", "it says that it is not synced");
	}
}

/* ---- what people do at the server ---- */

enum status
world_import(struct world *world, const char *type_name, const char *const *cells)
{
	struct span names[32];
	struct span values[32];
	struct import_row_in row = {.names = names, .cells = values};
	const struct schema *schema = catalogue_schema(world->catalogue, 0);
	enum import_result result;
	uint32_t stream;
	struct error err;
	enum status status;

	for (; cells[0] != NULL && row.count < 32; cells += 2) {
		names[row.count] = span_of_text(cells[0]);
		values[row.count++] = span_of_text(cells[1]);
	}
	row.key = values[0];
	row.type = schema_type_named(schema, span_of_text(type_name));
	status = ingest_begin(world->ingest, &err);
	if (status == STATUS_OK) {
		status = ingest_import_begin(world->ingest, 0, &stream, &err);
		if (status == STATUS_OK) {
			status = ingest_import_row(world->ingest, stream, 0, &row, &result, &err);
		}
		status = server_end(world, status, "importing a row", &err);
	}
	if (!world->tolerant) {
		must(status, "importing a row", &err);
	}
	return status;
}

void
world_imported_id(struct world *world, const char *type_name, const char *key, char id_out[16])
{
	const struct record_type *type =
		schema_type_named(catalogue_schema(world->catalogue, 0), span_of_text(type_name));
	struct import_row row;
	struct arena arena;
	struct error err;

	arena_init(&arena, 1 << 20);
	must(store_import_row(world->store, type->tag, span_of_text(key), &arena, &row, &err),
	     "key", &err);
	(void)id_format(row.record, id_out);
	arena_finish(&arena);
}

/* Of the admin whose token every world has. */
static uint32_t
admin_user(struct world *world)
{
	struct arena arena;
	struct token token;
	struct error err;

	arena_init(&arena, 1 << 16);
	must(token_find(world->store, "sbt_test", world->now_ms, &arena, &token, &err), "token",
	     &err);
	arena_finish(&arena);
	return token.user;
}

enum status
world_settle(struct world *world, const char *id, const char *field, const char *value)
{
	/* As in the daemon, what the person sent is gone before the commit. */
	char sent[64];
	struct settlement settlement = {.field = span_of_text(field),
					.value = span_of(sent, strlen(value))};
	struct error err;
	uint64_t seq;
	enum status status;

	settlement.user = admin_user(world);
	must(id_parse(id, &settlement.record, &err), "id", &err);
	status = ingest_begin(world->ingest, &err);
	if (status == STATUS_OK) {
		(void)snprintf(sent, sizeof sent, "%s", value);
		status = ingest_settle(world->ingest, &settlement, &seq, &err);
		memset(sent, 0xff, sizeof sent);
		status = server_end(world, status, "settling", &err);
	}
	return status;
}

enum status
world_load_schema(struct world *world, const char *json, size_t length)
{
	struct error err;
	uint32_t version;
	enum status status;

	must(ingest_begin(world->ingest, &err), "begin", &err);
	status = ingest_schema_load(world->ingest, span_of(json, length), 0, &version, &err);
	if (status != STATUS_OK) {
		(void)fprintf(stderr, "schema refused: %s\n", err.detail);
	}
	return server_end(world, status, "loading a schema", &err);
}

static uint32_t
device_number(struct world *world, size_t device)
{
	struct sambung_state state;
	struct sambung_error err;

	must_sambung(sambung_state(world->devices[device].sambung, &state, &err), "a number", &err);
	return state.device;
}

enum status
world_scope(struct world *world, size_t device, const char *const *villages)
{
	struct region regions[16];
	size_t count = 0;
	struct error err;
	enum status status;

	for (; villages[count] != NULL && count < 16; count++) {
		must(region_parse(villages[count], &regions[count], &err), "village", &err);
	}
	status = ingest_begin(world->ingest, &err);
	if (status == STATUS_OK) {
		status = ingest_device_scope(world->ingest, device_number(world, device), regions,
					     count, 0, &err);
		status = server_end(world, status, "a scope", &err);
	}
	if (!world->tolerant) {
		must(status, "a scope", &err);
	}
	return status;
}

enum status
world_handover(struct world *world, size_t from, size_t to)
{
	struct error err;
	enum status status = ingest_begin(world->ingest, &err);

	if (status == STATUS_OK) {
		status = ingest_handover(world->ingest, device_number(world, from),
					 device_number(world, to), 0, &err);
		status = server_end(world, status, "a hand-over", &err);
	}
	return status;
}

enum status
world_release_of(struct world *world, uint32_t number, uint32_t n, uint64_t *count_out)
{
	const struct quarantine_order order = {.device = number, .n = n};
	struct error err;
	enum status status = ingest_begin(world->ingest, &err);

	if (status == STATUS_OK) {
		status = ingest_release(world->ingest, &order, count_out, &err);
		status = server_end(world, status, "a release", &err);
	}
	return status;
}

enum status
world_release(struct world *world, size_t device, uint32_t n, uint64_t *count_out)
{
	return world_release_of(world, device_number(world, device), n, count_out);
}

enum status
world_reassign(struct world *world, size_t device, uint32_t n, const char *to, uint64_t *count_out)
{
	struct quarantine_order order = {.device = device_number(world, device),
					 .n = n,
					 .user = admin_user(world),
					 .reason = span_of_text("test")};
	struct error err;
	enum status status = id_parse(to, &order.to, &err);

	if (status == STATUS_OK) {
		status = ingest_begin(world->ingest, &err);
	}
	if (status == STATUS_OK) {
		status = ingest_reassign(world->ingest, &order, count_out, &err);
		status = server_end(world, status, "a reassignment", &err);
	}
	return status;
}

enum status
world_close_of(struct world *world, uint32_t number, uint32_t n)
{
	const struct quarantine_order order = {
		.device = number, .n = n, .reason = span_of_text("test")};
	struct error err;
	enum status status = ingest_begin(world->ingest, &err);

	if (status == STATUS_OK) {
		status = ingest_quarantine_close(world->ingest, &order, &err);
		status = server_end(world, status, "a closing", &err);
	}
	return status;
}

enum status
world_erase(struct world *world, const char *id)
{
	struct erase_order order = {.reason = span_of_text("request")};
	struct erase_count count;
	struct error err;
	enum status status = id_parse(id, &order.record, &err);

	if (status == STATUS_OK) {
		status = ingest_begin(world->ingest, &err);
	}
	if (status == STATUS_OK) {
		status = ingest_erase(world->ingest, &order, &count, &err);
		status = server_end(world, status, "an erasure", &err);
	}
	return status;
}

struct erasure_counts {
	size_t told;
	size_t waits;
};

static enum status
count_device(void *context, uint32_t device, int64_t acked_ms, struct error *err)
{
	struct erasure_counts *counts = context;

	(void)device;
	(void)err;
	counts->told++;
	counts->waits += acked_ms == 0;
	return STATUS_OK;
}

void
world_erasure(struct world *world, const char *id, size_t *told_out, size_t *waits_out)
{
	struct erasure_counts counts = {0};
	struct error err;
	uint64_t record = 0;
	uint64_t seq = 0;

	must(id_parse(id, &record, &err), "an id", &err);
	must(store_erased_by(world->reader, record, &seq, &err), "an erasure", &err);
	must(store_erasure_devices(world->reader, seq, count_device, &counts, &err), "an erasure",
	     &err);
	*told_out = counts.told;
	*waits_out = counts.waits;
}

enum status
world_close_change(struct world *world, size_t device, uint32_t n)
{
	return world_close_of(world, device_number(world, device), n);
}

enum status
world_allow(struct world *world, size_t device)
{
	struct error err;
	enum status status = ingest_begin(world->ingest, &err);

	if (status == STATUS_OK) {
		status = ingest_device_allow(world->ingest, device_number(world, device), 0, &err);
		status = server_end(world, status, "allowing", &err);
	}
	return status;
}

enum status
world_revoke(struct world *world, size_t device)
{
	struct error err;
	enum status status = ingest_begin(world->ingest, &err);

	if (status == STATUS_OK) {
		status = ingest_device_revoke(world->ingest, device_number(world, device), 0, &err);
		status = server_end(world, status, "revoking", &err);
	}
	return status;
}

enum status
world_replace(struct world *world, size_t device, char *code_out)
{
	struct error err;
	int64_t expires;
	enum status status = ingest_begin(world->ingest, &err);

	if (status == STATUS_OK) {
		status = ingest_device_replace(world->ingest, device_number(world, device), 0,
					       code_out, &expires, &err);
		status = server_end(world, status, "replacing", &err);
	}
	return status;
}

uint64_t
world_head(struct world *world)
{
	uint64_t head;
	struct error err;

	must(store_log_head(world->store, &head, &err), "head", &err);
	return head;
}

/* ---- dumps ---- */

static int
append_line(void *context, const char *line, size_t length)
{
	struct buffer *out = context;

	buffer_append(out, line, length);
	buffer_append_byte(out, '\n');
	return 0;
}

void
world_dump_device(struct world *world, size_t device, const char *type, struct buffer *out)
{
	struct sambung_error err;

	must_sambung(sambung_records(world->devices[device].sambung,
				     &(struct sambung_query){.type = type}, append_line, out, &err),
		     "dumping a device", &err);
}

struct name_finder {
	struct world *world;
	struct arena arena;
};

static bool
find_name(void *context, uint32_t number, struct stream_name *out)
{
	struct name_finder *finder = context;
	struct stream stream;

	if (store_stream(finder->world->reader, number, &finder->arena, &stream, NULL) !=
	    STATUS_OK) {
		return false;
	}
	out->number = number;
	out->kind = (uint32_t)stream.kind;
	out->name = stream.name;
	return true;
}

static void
dump_row(struct world *world, const struct stored_record *row, struct buffer *out)
{
	struct name_finder finder = {.world = world};
	struct stream_names names = {.find = find_name, .context = &finder};
	const struct schema *schema = catalogue_schema(world->catalogue, 0);
	struct json json = json_start(out);
	struct arena arena;
	struct record record;
	struct epoch *epochs;
	struct merge_context context = {.type = schema_type(schema, row->type)};
	struct buffer lineages;
	struct error err;

	buffer_init(&lineages, 1 << 20);
	arena_init(&arena, 1 << 24);
	arena_init(&finder.arena, 1 << 24);
	must(store_epochs(world->reader, &arena, &epochs, &context.epoch_count, &err), "epochs",
	     &err);
	context.epochs = epochs;
	must(store_lineages(world->reader, &lineages, &err), "lineages", &err);
	context.lineages = (const void *)lineages.at;
	context.lineage_count = lineages.length / sizeof context.lineages[0];
	must(stored_record_decode(row, context.type, &arena, &record, &err), "a state", &err);
	json_record(&json, schema, &record, &context, &names,
		    (world->now_ms + world->server_shift_ms) / 86400000);
	buffer_append_byte(out, '\n');
	arena_finish(&finder.arena);
	arena_finish(&arena);
	buffer_finish(&lineages);
}

static void
dump_regions(struct world *world, const char *type, const struct region *regions, size_t count,
	     struct buffer *out)
{
	const struct schema *schema = catalogue_schema(world->catalogue, 0);
	struct record_query query = {.type = schema_type_named(schema, span_of_text(type))->tag,
				     .regions = regions,
				     .region_count = count,
				     .order = ORDER_ID};
	struct record_rows *rows;
	struct stored_record row;
	bool more = true;
	struct error err;

	must(store_snapshot(world->reader, &err), "snapshot", &err);
	must(store_rows_open(world->reader, &query, &rows, &err), "rows", &err);
	while (more) {
		must(store_rows_next(rows, &row, &more, &err), "row", &err);
		if (more) {
			dump_row(world, &row, out);
		}
	}
	store_rows_close(rows);
	store_snapshot_end(world->reader);
}

void
world_dump_server(struct world *world, const char *type, const char *village, struct buffer *out)
{
	struct region region;
	struct error err;

	must(region_parse(village, &region, &err), "village", &err);
	dump_regions(world, type, &region, 1, out);
}

void
world_dump_scope(struct world *world, size_t device, const char *type, struct buffer *out)
{
	struct device row;
	struct arena arena;
	struct error err;

	arena_init(&arena, 1 << 20);
	must(store_device(world->reader, device_number(world, device), &arena, &row, &err),
	     "a device", &err);
	dump_regions(world, type, row.scope, row.scope_count, out);
	arena_finish(&arena);
}

/* ---- making and ending ---- */

struct world *
world_create(uint64_t seed, const char *schema_path)
{
	struct world *world = calloc(1, sizeof *world);
	uint64_t random;
	struct error err;

	if (world == NULL) {
		die("creating", "out of memory");
	}
	must(crypto_init(&err), "crypto", &err);
	world->random = seed * UINT64_C(0xd1342543de82ef95) + 1;
	world->now_ms = INT64_C(1795000000000);
	world->platform.context = world;
	world->platform.now_ms = server_now;
	world->platform.random = server_random;
	if (!scratch_folder(world->folder, sizeof world->folder, "twin")) {
		die("creating", "no folder can be made");
	}
	random = world->random;
	if (!founded_copy(world, schema_path)) {
		server_found(world, schema_path);
		founded_keep(world, schema_path, random);
	}
	must(world_start_server(world, &err), "starting the server", &err);
	return world;
}

static int
remove_one(const char *path, const struct stat *about, int kind, struct FTW *walk)
{
	(void)about;
	(void)kind;
	(void)walk;
	return remove(path);
}

void
world_free(struct world *world)
{
	for (size_t i = 0; i < world->device_count; i++) {
		sambung_close(world->devices[i].sambung);
	}
	for (size_t i = 0; i < WORLD_OLD_REQUESTS; i++) {
		if (world->old[i].limit > 0) {
			buffer_finish(&world->old[i]);
		}
	}
	world_stop_server(world);
	(void)nftw(world->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(world);
}

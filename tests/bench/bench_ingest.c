/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_ingest: what a visit costs the server's inside - opened, written, answered - without HTTP.
 *
 *     bench_ingest SCHEMA.json [devices [days [parcels in one transaction]]]
 *
 * A database in a folder of its own below $TMPDIR (or /tmp), as the daemon makes it: families and
 * persons are imported, devices enrolled, and each day every device sends 20 visits in one parcel.
 * The parcels are made before the clock runs. All of it runs in one thread, so what it prints is
 * what the parts cost, not how fast the daemon's threads are together.
 */
/* nftw is XSI */
#define _XOPEN_SOURCE 700
#include "daemon/ingest/note.h"
#include "daemon/ingest/workset.h"
#include "protocol/sql/sql.h"

#include <ftw.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	FAMILIES = 40,
	PERSONS_OF_FAMILY = 3,
	PERSONS = FAMILIES * PERSONS_OF_FAMILY,
	VISITS = 20,
	REPLY_ROOM = 64 * 1024,
	TABLES_MAX = 64,
	TABLE_NAME_SIZE = 40,
	PATH_SIZE = 256,
	/* of the shipped schema */
	TYPE_VISIT = 3,
	VISIT_FIELDS_MAX = 12,
};
#define FIRST_DAY INT64_C(20777) /* 2026-11-20 */
#define SECONDS_OF_DAY INT64_C(86400)

struct device_at_work {
	uint32_t number;
	uint8_t secret[SIGN_SECRET_SIZE];
	uint8_t chain[HASH_SIZE];
	uint64_t scope_version;
	uint64_t village;
	uint64_t persons[PERSONS];
	uint32_t n;
	struct buffer request;
	struct parcel parcel;
	struct buffer reply;
};

/* Seconds of the clock and of the processor. */
struct span_of_time {
	double wall;
	double cpu;
};

struct table {
	char name[TABLE_NAME_SIZE];
	int64_t bytes;
};

struct bench {
	uint64_t random;
	int64_t now_ms;
	char folder[PATH_SIZE];
	char database[PATH_SIZE + 16];
	struct server_keys keys;
	struct store *store;
	struct store *reader;
	struct catalogue *catalogue;
	struct ingest *ingest;
	struct device_at_work *devices;
	size_t device_count;
	size_t batch; /* parcels in one transaction */
	struct span_of_time opening;
	struct span_of_time writing;
	struct span_of_time replying;
	struct span_of_time moving; /* the WAL into the database */
	uint64_t bytes_up;
	uint64_t bytes_down;
};

static void
must(enum status status, const char *what, const struct error *err)
{
	if (status != STATUS_OK) {
		(void)fprintf(stderr, "bench_ingest: %s: %s: %s\n", what, status_name(status),
			      err == NULL ? "" : err->detail);
		exit(1);
	}
}

static void
must_have(const void *memory)
{
	must(memory == NULL ? STATUS_MEMORY : STATUS_OK, "memory", NULL);
}

/* splitmix64 (public domain, S. Vigna) */
static uint64_t
random_next(struct bench *bench)
{
	uint64_t z = bench->random += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static int64_t
random_between(struct bench *bench, int64_t low, int64_t high)
{
	return low + (int64_t)(random_next(bench) % (uint64_t)(high - low + 1));
}

static void
random_bytes(void *context, void *out, size_t length)
{
	uint8_t *at = out;

	for (size_t i = 0; i < length; i++) {
		at[i] = (uint8_t)random_next(context);
	}
}

static int64_t
bench_now(void *context)
{
	return ((struct bench *)context)->now_ms += 20;
}

static struct platform
bench_platform(struct bench *bench)
{
	return (struct platform){bench, bench_now, random_bytes};
}

static double
clock_seconds(clockid_t clock)
{
	struct timespec at = {0};

	(void)clock_gettime(clock, &at);
	return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

static struct span_of_time
time_now(void)
{
	return (struct span_of_time){clock_seconds(CLOCK_MONOTONIC),
				     clock_seconds(CLOCK_PROCESS_CPUTIME_ID)};
}

static void
time_add(struct span_of_time *sum, struct span_of_time start)
{
	struct span_of_time now = time_now();

	sum->wall += now.wall - start.wall;
	sum->cpu += now.cpu - start.cpu;
}

/* ---- the server ---- */

static void
read_schema(const char *path, struct buffer *out)
{
	FILE *file = fopen(path, "rb");
	uint8_t piece[4096];
	size_t got;

	must(file == NULL ? STATUS_NOT_FOUND : STATUS_OK, path, NULL);
	while ((got = fread(piece, 1, sizeof piece, file)) > 0) {
		buffer_append(out, piece, got);
	}
	(void)fclose(file);
}

static void
server_found(struct bench *bench, const char *schema_path)
{
	const char *base = getenv("TMPDIR");
	struct platform platform = bench_platform(bench);
	struct server_birth birth = {.name = span_of_text("Uji"),
				     .url = span_of_text("http://bench")};
	struct buffer schema;
	struct error err;
	char path[PATH_SIZE + 16];

	(void)snprintf(bench->folder, sizeof bench->folder, "%s/sambung-bench-XXXXXX",
		       base == NULL ? "/tmp" : base);
	must(mkdtemp(bench->folder) == NULL ? STATUS_STORAGE : STATUS_OK, bench->folder, NULL);
	(void)snprintf(bench->database, sizeof bench->database, "%s/sambung.db", bench->folder);
	(void)snprintf(path, sizeof path, "%s/server.key", bench->folder);
	buffer_init(&schema, SCHEMA_BYTES_MAX);
	read_schema(schema_path, &schema);
	birth.schema_json = buffer_span(&schema);
	must(keys_create(path, &bench->keys, &err), "keys", &err);
	must(ingest_found_server(bench->database, &bench->keys, &platform, &birth,
				 span_of_text("sbt_bench"), &err),
	     "founding", &err);
	buffer_finish(&schema);
}

static void
server_open(struct bench *bench)
{
	struct ingest_options options = {.keys = &bench->keys, .platform = bench_platform(bench)};
	struct error err;

	must(store_open(bench->database, STORE_WRITER, &bench->store, &err), "writer", &err);
	must(store_open(bench->database, STORE_READER, &bench->reader, &err), "reader", &err);
	must(catalogue_create(bench->store, &bench->catalogue, &err), "catalogue", &err);
	options.store = bench->store;
	options.catalogue = bench->catalogue;
	must(ingest_create(&options, &bench->ingest, &err), "ingest", &err);
}

static int
remove_one(const char *path, const struct stat *about, int kind, struct FTW *walk)
{
	(void)about;
	(void)kind;
	(void)walk;
	return remove(path);
}

static void
server_end(struct bench *bench)
{
	ingest_free(bench->ingest);
	catalogue_free(bench->catalogue);
	store_close(bench->reader);
	store_close(bench->store);
	(void)nftw(bench->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* ---- families, persons and devices ---- */

static uint64_t
import_row(struct bench *bench, uint32_t stream, const char *type, const char *const *cells)
{
	const struct schema *schema = catalogue_schema(bench->catalogue, 0);
	struct span names[16];
	struct span values[16];
	struct import_row_in row = {.names = names, .cells = values};
	struct import_row made;
	enum import_result result;
	struct error err;

	for (; cells[0] != NULL; cells += 2) {
		names[row.count] = span_of_text(cells[0]);
		values[row.count++] = span_of_text(cells[1]);
	}
	row.key = values[0];
	row.type = schema_type_named(schema, span_of_text(type));
	must(ingest_import_row(bench->ingest, stream, 0, &row, &result, &err), "import", &err);
	must(store_import_row(bench->store, row.type->tag, row.key, &bench->ingest->work.arena,
			      &made, &err),
	     "import", &err);
	return made.record;
}

static void
import_family(struct bench *bench, uint32_t stream, struct device_at_work *device, size_t family)
{
	char key[32];
	char no_kk[32];
	char village[16];
	char address[32];
	char decile[8];
	const char *const cells[] = {"key",	key,	 "no_kk",  no_kk,  "head",    "Uji Coba",
				     "village", village, "rt",	   "004",  "rw",      "002",
				     "address", address, "decile", decile, "latrine", "septic",
				     "water",	"piped", NULL};

	(void)snprintf(key, sizeof key, "f%" PRIu32 "-%zu", device->number, family);
	(void)snprintf(no_kk, sizeof no_kk, "%016" PRIu64,
		       random_next(bench) % UINT64_C(10000000000000000));
	(void)snprintf(village, sizeof village, "%" PRIu64, device->village);
	(void)snprintf(address, sizeof address, "Jalan Uji No. %" PRId64,
		       random_between(bench, 1, 120));
	(void)snprintf(decile, sizeof decile, "%" PRId64, random_between(bench, 1, 10));
	(void)import_row(bench, stream, "family", cells);
	for (size_t i = 0; i < PERSONS_OF_FAMILY; i++) {
		char person[48];
		const char *const own[] = {"key", person, "family", key, "name", "Anak Uji", NULL};

		(void)snprintf(person, sizeof person, "%s-%zu", key, i);
		device->persons[family * PERSONS_OF_FAMILY + i] =
			import_row(bench, stream, "person", own);
	}
}

static void
enrol(struct bench *bench, struct device_at_work *device)
{
	uint8_t seed[SEED32_SIZE];
	uint8_t key[SIGN_PUBLIC_SIZE];
	struct region scope;
	struct device row = {.state = DEVICE_ACTIVE, .scope = &scope, .scope_count = 1};
	struct note note = {.action = "enrol", .scope = &scope, .scope_count = 1};
	struct error err;

	device->village = UINT64_C(3200000000) + random_next(bench) % 100000000;
	scope = (struct region){device->village, device->village};
	random_bytes(bench, seed, sizeof seed);
	sign_keypair(seed, key, device->secret);
	must(ingest_stream_create(bench->ingest, STREAM_DEVICE, span_of_text("Uji"), key,
				  &device->number, &err),
	     "device", &err);
	row.stream.number = device->number;
	note.stream = device->number;
	must(ingest_note(bench->ingest, ENTRY_SCOPE, 0, &note, &row.scope_version, &err), "device",
	     &err);
	must(store_device_put(bench->store, &row, &err), "device", &err);
	device->scope_version = row.scope_version;
	chain_start(key, device->number, device->chain);
	buffer_init(&device->request, PARCEL_REQUEST_MAX);
	buffer_init(&device->reply, PARCEL_REPLY_MAX);
}

static void
people(struct bench *bench)
{
	struct error err;

	bench->devices = calloc(bench->device_count, sizeof bench->devices[0]);
	must_have(bench->devices);
	for (size_t i = 0; i < bench->device_count; i++) {
		uint32_t stream;

		must(ingest_begin(bench->ingest, &err), "begin", &err);
		must(ingest_import_begin(bench->ingest, 0, &stream, &err), "import", &err);
		enrol(bench, &bench->devices[i]);
		for (size_t family = 0; family < FAMILIES; family++) {
			import_family(bench, stream, &bench->devices[i], family);
		}
		must(ingest_commit(bench->ingest, &err), "commit", &err);
	}
	must(store_checkpoint(bench->store, &err), "checkpoint", &err);
}

/* ---- visits ---- */

static struct span
visit_note(struct bench *bench, char text[81])
{
	static const char words[] = "anak sehat berat naik edukasi gizi dan kunjungan ulang minggu "
				    "depan di posyandu desa";
	size_t length = (size_t)random_between(bench, 1, 80);

	memcpy(text, words, length);
	return span_of(text, length);
}

/* As the workload of docs/performance.md has them: what is empty there is left out. */
static size_t
visit_fields(struct bench *bench, const struct device_at_work *device, size_t index, int64_t day,
	     char note[81], struct change_field out[VISIT_FIELDS_MAX])
{
	enum { BUMIL = 2, BADUTA = 4 };
	int64_t person = random_between(bench, 0, PERSONS_OF_FAMILY - 1);
	size_t family = (index + (size_t)day * VISITS) % FAMILIES;
	int64_t group = random_between(bench, 1, 4);
	bool child = group == BADUTA;
	size_t count = 0;

	out[count++] = (struct change_field){
		1, value_integer(
			   (int64_t)device->persons[family * PERSONS_OF_FAMILY + (size_t)person])};
	out[count++] = (struct change_field){2, value_integer(FIRST_DAY + day)};
	out[count++] = (struct change_field){3, value_integer(group)};
	if (!child) {
		out[count++] =
			(struct change_field){4, value_integer(random_between(bench, 85, 140))};
	}
	out[count++] = (struct change_field){5, value_pair(random_between(bench, 0, 15), 0)};
	out[count++] = (struct change_field){
		6, value_integer(100 * (child ? random_between(bench, 50, 130)
					      : random_between(bench, 400, 750)))};
	out[count++] =
		(struct change_field){7, value_integer(child ? random_between(bench, 550, 900)
							     : random_between(bench, 1420, 1670))};
	out[count++] =
		(struct change_field){8, value_integer(child ? random_between(bench, 110, 165)
							     : random_between(bench, 210, 320))};
	if (group == BUMIL) {
		out[count++] =
			(struct change_field){9, value_integer(random_between(bench, 4, 40))};
	}
	if (random_between(bench, 0, 99) < 12) {
		out[count++] =
			(struct change_field){10, value_integer(random_between(bench, 10, 49))};
	}
	out[count++] =
		(struct change_field){11, value_pair(random_between(bench, -701000, -699000),
						     random_between(bench, 10699000, 10701000))};
	if (random_between(bench, 0, 99) < 30) {
		out[count++] = (struct change_field){12, value_text(visit_note(bench, note))};
	}
	return count;
}

static void
make_visit(struct bench *bench, const struct device_at_work *device, size_t index, int64_t day,
	   struct buffer *out)
{
	char note[81];
	struct change_field fields[VISIT_FIELDS_MAX];
	uint32_t n = device->n + (uint32_t)index + 1;
	struct change change = {
		.n = n,
		.record = id_make(device->number, n),
		.type = TYPE_VISIT,
		.schema_version = 1,
		.scope_version = device->scope_version,
		.has_own = true,
		.own_n = n - 1,
		.time = (FIRST_DAY + day) * SECONDS_OF_DAY + 7200 + 1200 * (int64_t)index +
			random_between(bench, 0, 599),
		.fields = fields,
	};

	change.field_count = visit_fields(bench, device, index, day, note, fields);
	change_encode(&change, out);
}

/* Head and body become the device's request. */
static void
seal(struct bench *bench, struct device_at_work *device, const struct request_head *head,
     const struct request_body *body)
{
	struct parcel_sender sender = {.server_key_id = bench->keys.box.id};
	struct parcel_session session;
	struct buffer packed_head;
	struct buffer packed;
	uint8_t random[32];
	struct error err;

	buffer_init(&packed_head, 1024);
	buffer_init(&packed, PARCEL_REQUEST_MAX);
	request_head_encode(head, &packed_head);
	must(request_body_pack(body, &packed, &err), "packing", &err);
	memcpy(sender.secret, device->secret, sizeof sender.secret);
	memcpy(sender.server_key, bench->keys.box.public_key, sizeof sender.server_key);
	random_bytes(bench, random, sizeof random);
	buffer_clear(&device->request);
	must(parcel_seal_request(PARCEL_SYNC, &sender, random, head->r, buffer_span(&packed_head),
				 buffer_span(&packed), &device->request, &session, &err),
	     "sealing", &err);
	buffer_finish(&packed);
	buffer_finish(&packed_head);
}

static void
make_request(struct bench *bench, struct device_at_work *device, int64_t day)
{
	struct span changes[VISITS];
	struct buffer bytes[VISITS];
	struct batch batch = {.last_n = device->n + VISITS};
	struct request_body body = {&batch, 1, changes, VISITS};
	struct request_head head = {
		.device = device->number,
		.epoch = bench->ingest->ledger.epoch,
		.r = (uint64_t)day + 1,
		.cursor = {bench->ingest->head, bench->ingest->head, CURSOR_ID_END},
		.first_n = device->n + 1,
		.count = VISITS,
		.known_n = device->n + VISITS,
		.scope_version = device->scope_version,
		.schema_version = 1,
		.room = REPLY_ROOM,
		.programme = 1,
	};

	memcpy(head.schema_hash, catalogue_schema(bench->catalogue, 1)->hash,
	       sizeof head.schema_hash);
	random_bytes(bench, batch.seed, sizeof batch.seed);
	for (size_t i = 0; i < VISITS; i++) {
		uint8_t salt[SALT_SIZE];
		uint8_t commitment[HASH_SIZE];
		uint32_t n = head.first_n + (uint32_t)i;

		buffer_init(&bytes[i], CHANGE_BYTES_MAX);
		make_visit(bench, device, i, day, &bytes[i]);
		changes[i] = buffer_span(&bytes[i]);
		commitment_salt(batch.seed, n, salt);
		commitment_make(salt, device->number, n, changes[i], commitment);
		chain_advance(device->chain, n, commitment);
	}
	memcpy(head.h_last, device->chain, HASH_SIZE);
	seal(bench, device, &head, &body);
	for (size_t i = 0; i < VISITS; i++) {
		buffer_finish(&bytes[i]);
	}
	device->n += VISITS;
	bench->bytes_up += device->request.length;
}

/* ---- the measured part ---- */

static void
open_batch(struct bench *bench, struct device_at_work *devices, size_t count)
{
	struct span_of_time start = time_now();

	for (size_t i = 0; i < count; i++) {
		parcel_init(&devices[i].parcel);
		ingest_open(&devices[i].parcel, bench->reader, &bench->keys,
			    buffer_span(&devices[i].request));
		must(devices[i].parcel.status, "opening", &devices[i].parcel.error);
	}
	time_add(&bench->opening, start);
}

static void
write_batch(struct bench *bench, struct device_at_work *devices, size_t count)
{
	struct span_of_time start = time_now();
	struct error err;

	must(ingest_begin(bench->ingest, &err), "begin", &err);
	for (size_t i = 0; i < count; i++) {
		must(ingest_parcel(bench->ingest, &devices[i].parcel, &err), "parcel", &err);
	}
	must(ingest_commit(bench->ingest, &err), "commit", &err);
	time_add(&bench->writing, start);
}

static void
reply_batch(struct bench *bench, struct device_at_work *devices, size_t count)
{
	struct span_of_time start = time_now();
	struct platform platform = bench_platform(bench);
	struct error err;

	for (size_t i = 0; i < count; i++) {
		struct parcel *parcel = &devices[i].parcel;

		buffer_clear(&devices[i].reply);
		must(ingest_reply(parcel, bench->reader, bench->catalogue, &platform,
				  &devices[i].reply, &err),
		     "reply", &err);
		must(ingest_session(bench->ingest, &parcel->report, &err), "session", &err);
		bench->bytes_down += devices[i].reply.length;
		parcel_finish(parcel);
	}
	time_add(&bench->replying, start);
}

static void
check_batch(const struct device_at_work *devices, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct parcel *parcel = &devices[i].parcel;

		must(parcel->status, "the sync", &parcel->error);
		must(parcel->report.acked == VISITS && parcel->exception_count == 0
			     ? STATUS_OK
			     : STATUS_INTERNAL,
		     "not all visits were merged", NULL);
	}
}

static void
run_day(struct bench *bench, int64_t day)
{
	enum { CHECKPOINT_EVERY = 64 };
	unsigned transactions = 0;
	struct error err;

	for (size_t i = 0; i < bench->device_count; i++) {
		make_request(bench, &bench->devices[i], day);
	}
	for (size_t i = 0; i < bench->device_count; i += bench->batch) {
		struct device_at_work *devices = &bench->devices[i];
		size_t left = bench->device_count - i;
		size_t count = left < bench->batch ? left : bench->batch;
		struct span_of_time start;

		open_batch(bench, devices, count);
		write_batch(bench, devices, count);
		check_batch(devices, count);
		reply_batch(bench, devices, count);
		if (++transactions % CHECKPOINT_EVERY == 0 || left <= bench->batch) {
			start = time_now();
			must(store_checkpoint(bench->store, &err), "checkpoint", &err);
			time_add(&bench->moving, start);
		}
	}
}

/* ---- the disk ---- */

static size_t
read_tables(const char *database, struct table out[TABLES_MAX])
{
	static const char text[] = "SELECT name, sum(pgsize) FROM dbstat GROUP BY name";
	const struct sql_options options = {.access = SQL_READ, .busy_ms = 1000, .cache_kib = 4096};
	struct sql *sql;
	struct statement *s;
	size_t count = 0;
	bool row = true;
	struct error err;

	must(sql_open(database, &options, &sql, &err), "dbstat", &err);
	s = sql_prepare(sql, text, &err);
	while (row) {
		must(sql_row(s, &row, &err), "dbstat", &err);
		if (row && count < TABLES_MAX) {
			struct span name = sql_text(s, 0);

			(void)snprintf(out[count].name, sizeof out[count].name, "%.*s",
				       (int)name.length, (const char *)name.at);
			out[count++].bytes = sql_int(s, 1);
		}
	}
	sql_close(sql);
	return count;
}

static void
print_tables(const struct table *before, size_t before_count, const struct table *after,
	     size_t after_count, double visits)
{
	int64_t sum = 0;

	for (size_t i = 0; i < after_count; i++) {
		int64_t grown = after[i].bytes;

		for (size_t k = 0; k < before_count; k++) {
			if (strcmp(before[k].name, after[i].name) == 0) {
				grown -= before[k].bytes;
			}
		}
		sum += grown;
		if ((double)grown / visits >= 0.1) {
			(void)printf("disk %-24s %7.1f B a visit\n", after[i].name,
				     (double)grown / visits);
		}
	}
	(void)printf("disk %-24s %7.1f B a visit\n", "all", (double)sum / visits);
}

/* ---- the program ---- */

static void
print_time(const char *what, struct span_of_time time, double visits)
{
	(void)printf("%-10s %7.2f us cpu, %7.2f us wall a visit\n", what, time.cpu / visits * 1e6,
		     time.wall / visits * 1e6);
}

static size_t
argument(char **arguments, int count, int index, size_t otherwise)
{
	return index < count ? (size_t)strtoul(arguments[index], NULL, 10) : otherwise;
}

int
main(int count, char **arguments)
{
	static struct bench bench = {.random = 20, .now_ms = INT64_C(1795143600000)};
	struct table before[TABLES_MAX];
	struct table after[TABLES_MAX];
	size_t before_count;
	size_t days = argument(arguments, count, 3, 2);
	double visits;
	double cpu;
	struct error err;

	if (count < 2) {
		(void)fprintf(stderr, "bench_ingest SCHEMA.json [devices [days [batch]]]\n");
		return 2;
	}
	bench.device_count = argument(arguments, count, 2, 512);
	bench.batch = argument(arguments, count, 4, 32);
	must(crypto_init(&err), "crypto", &err);
	store_process_start();
	server_found(&bench, arguments[1]);
	server_open(&bench);
	people(&bench);
	before_count = read_tables(bench.database, before);
	for (size_t day = 0; day < days; day++) {
		run_day(&bench, (int64_t)day);
	}
	visits = (double)(bench.device_count * days * VISITS);
	print_time("opening", bench.opening, visits);
	print_time("writing", bench.writing, visits);
	print_time("replying", bench.replying, visits);
	print_time("moving", bench.moving, visits);
	cpu = bench.opening.cpu + bench.writing.cpu + bench.replying.cpu + bench.moving.cpu;
	(void)printf("all        %7.2f us cpu a visit: %.0f visits/s on one core\n",
		     cpu / visits * 1e6, visits / cpu);
	(void)printf("request    %7.1f B, reply %.1f B a parcel\n",
		     (double)bench.bytes_up / visits * VISITS,
		     (double)bench.bytes_down / visits * VISITS);
	print_tables(before, before_count, after, read_tables(bench.database, after), visits);
	for (size_t i = 0; i < bench.device_count; i++) {
		buffer_finish(&bench.devices[i].request);
		buffer_finish(&bench.devices[i].reply);
	}
	free(bench.devices);
	server_end(&bench);
	return 0;
}

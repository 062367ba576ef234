/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_device: what the library costs a telephone.
 *
 *     bench_device [--runs N] [--part record|sync|memory|years] [--library FILE] [--json]
 *
 * record   record_us: a visit saved, durable (sambung_edit_commit); commit_us: beside it, turn by
 *          turn in the same folder, one SQLite transaction that inserts the same bytes with the
 *          same settings (WAL, synchronous=FULL); append_fsync_us: the same bytes appended to a
 *          file, and fsync. Medians of 200 each; record_ratio is that of the first two, the means
 * have SQLite's checkpoints in them. form_us: the form opened and filled in before it is saved.
 * sync     sync_cpu_ms: processor time of the thread that syncs 20 visits over loopback.
 * memory   The sambung command (bench_device_memory.c): peak_rss_mib as it runs; dirty_mib, heap
 * and dirty pages with a malloc that gives nothing back, and how much more that is than in a
 *          process that merely opened libcurl and SQLite.
 * years    After five years with 60 families (bench_device_years.c): opening and listing the
 *          families for the first time (which reads the schema), with the database put out of the
 *          system's cache before; and listing them again.
 *
 * Without --part all of them; five years are made once. --library adds the size of that file, for
 * libsambung as it is stripped for a telephone. The folder is made below TMPDIR: a disk, for the
 * figures of `record` to mean anything.
 */
#include "bench_device_parts.h"
#include "protocol/sql/sql.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
	RUNS = 5,
	VISITS = 20,
	RECORDS = 200,
	CHANGE_MEMORY = 256 * 1024,
	/* those of client/local.c */
	CACHE_KIB = 1024,
	WAL_PAGES = 256,
};

struct options {
	unsigned runs;
	const char *part; /* NULL: all */
	const char *library;
	bool json;
};

static int
compare(const void *a, const void *b)
{
	double first = *(const double *)a;
	double second = *(const double *)b;

	return (first > second) - (first < second);
}

double
bench_median(double *figures, size_t count)
{
	qsort(figures, count, sizeof *figures, compare);
	return (figures[(count - 1) / 2] + figures[count / 2]) / 2;
}

/* ---- record ---- */

/* What stands beside the device's database. */
struct beside {
	struct sql *sql;
	int file;
};

static void
beside_open(const struct bench_phone *phone, struct beside *out)
{
	const struct sql_options options = {.access = SQL_CREATE,
					    .cache_kib = CACHE_KIB,
					    .wal_pages = WAL_PAGES,
					    .durable = true};
	char path[HOST_PATH_SIZE];
	struct error err;

	host_path(phone->place, "beside.db", path);
	host_must(sql_open(path, &options, &out->sql, &err), "beside.db", &err);
	host_must(sql_exec(out->sql,
			   "CREATE TABLE change (n INTEGER PRIMARY KEY, body BLOB NOT NULL)", &err),
		  "beside.db", &err);
	host_path(phone->place, "beside", path);
	out->file = open(path, O_WRONLY | O_CREAT | O_APPEND, S_IRUSR | S_IWUSR);
	if (out->file < 0) {
		host_die("%s: %s", path, strerror(errno));
	}
}

static double
beside_commit_us(const struct beside *beside, uint32_t n, struct span bytes)
{
	static const char text[] = "INSERT INTO change (n, body) VALUES (?1, ?2)";
	struct statement *insert;
	struct error err;
	double began = bench_seconds();

	host_must(sql_exec(beside->sql, "BEGIN IMMEDIATE", &err), "beside.db", &err);
	insert = sql_prepare(beside->sql, text, &err);
	sql_bind_uint(insert, 1, n);
	sql_bind_blob(insert, 2, bytes);
	host_must(sql_run(insert, &err), "beside.db", &err);
	host_must(sql_exec(beside->sql, "COMMIT", &err), "beside.db", &err);
	return (bench_seconds() - began) * 1e6;
}

static double
beside_append_us(const struct beside *beside, struct span bytes)
{
	double began = bench_seconds();

	if (write(beside->file, bytes.at, bytes.length) != (ssize_t)bytes.length ||
	    fsync(beside->file) != 0) {
		host_die("appending: %s", strerror(errno));
	}
	return (bench_seconds() - began) * 1e6;
}

struct record_times {
	double form[RECORDS];
	double record[RECORDS];
	double commit[RECORDS];
	double append[RECORDS];
};

static void
record_time(struct bench_phone *phone, const struct beside *beside,
	    const struct workload_visit *visit, struct record_times *times, size_t place)
{
	struct change_field fields[WORKLOAD_FIELDS_MAX];
	struct sambung_edit *edit;
	struct local_change kept;
	struct sambung_error failed;
	struct change change;
	struct arena arena;
	struct error err;
	uint32_t n = 0;
	double began;
	double filled;

	bench_phone_clock(phone, BENCH_CLOCK_WALL, visit->time);
	workload_visit_change(visit, phone->persons[visit->family * WORKLOAD_MEMBERS], fields,
			      &change);
	began = bench_seconds();
	edit = bench_phone_form(phone, 0, &change);
	filled = bench_seconds();
	bench_phone_must(sambung_edit_commit(edit, NULL, &n, &failed), "record", &failed);
	times->record[place] = (bench_seconds() - filled) * 1e6;
	times->form[place] = (filled - began) * 1e6;
	arena_init(&arena, CHANGE_MEMORY);
	host_must(local_change(phone->sambung->local, n, &arena, &kept, &err), "a change", &err);
	times->commit[place] = beside_commit_us(beside, n, kept.bytes);
	times->append[place] = beside_append_us(beside, kept.bytes);
	arena_finish(&arena);
}

static double
mean(const double *figures, size_t count)
{
	double sum = 0;

	for (size_t i = 0; i < count; i++) {
		sum += figures[i];
	}
	return sum / (double)count;
}

static void
record_run(const struct bench_server *server, const struct workload_device *device,
	   struct figures *figures)
{
	static struct record_times times;
	struct bench_phone phone;
	struct beside beside;
	double record;
	double commit;
	char name[32];

	(void)snprintf(name, sizeof name, "record-%zu", device->index);
	bench_phone_open(server, name, "Siti Marlina", device->village, &phone);
	(void)bench_phone_sync(&phone);
	bench_phone_know(&phone, WORKLOAD_FAMILIES);
	beside_open(&phone, &beside);
	for (size_t i = 0; i < RECORDS; i++) {
		record_time(&phone, &beside, &device->history[i], &times, i);
	}
	(void)close(beside.file);
	sql_close(beside.sql);
	bench_phone_close(&phone);
	figures_add(figures, "record_mean_us", mean(times.record, RECORDS));
	figures_add(figures, "commit_mean_us", mean(times.commit, RECORDS));
	record = bench_median(times.record, RECORDS);
	commit = bench_median(times.commit, RECORDS);
	figures_add(figures, "record_us", record);
	figures_add(figures, "commit_us", commit);
	figures_add(figures, "record_ratio", record / commit);
	figures_add(figures, "append_fsync_us", bench_median(times.append, RECORDS));
	figures_add(figures, "form_us", bench_median(times.form, RECORDS));
}

/* ---- sync ---- */

/* A device with the day's visits recorded and not sent. */
static void
day_prepare(const struct bench_server *server, const struct workload_device *device,
	    const char *name, struct bench_phone *phone)
{
	bench_phone_open(server, name, "Siti Marlina", device->village, phone);
	(void)bench_phone_sync(phone);
	bench_phone_know(phone, WORKLOAD_FAMILIES);
	for (size_t i = 0; i < device->visit_count; i++) {
		bench_phone_visit(phone, BENCH_CLOCK_WALL, &device->visits[i]);
	}
}

/* Of this thread: the proxy's does not count. */
static double
thread_cpu_ms(void)
{
	struct timespec used = {0};

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
	return (double)used.tv_sec * 1e3 + (double)used.tv_nsec / 1e6;
}

static void
sync_run(const struct bench_server *server, const struct workload_device *device,
	 struct figures *figures)
{
	struct bench_phone phone;
	char name[32];
	double began;

	(void)snprintf(name, sizeof name, "sync-%zu", device->index);
	day_prepare(server, device, name, &phone);
	began = thread_cpu_ms();
	(void)bench_phone_sync(&phone);
	figures_add(figures, "sync_cpu_ms", thread_cpu_ms() - began);
	bench_phone_close(&phone);
}

static void
memory_run(const struct bench_server *server, const struct workload_device *device,
	   struct figures *figures)
{
	struct bench_phone phones[2];
	char name[32];

	for (unsigned i = 0; i < 2; i++) {
		(void)snprintf(name, sizeof name, "memory-%zu-%u", device->index, i);
		day_prepare(server, device, name, &phones[i]);
		bench_phone_close(&phones[i]);
	}
	bench_memory(phones, figures);
}

/* ---- all of it ---- */

static bool
wanted(const struct options *options, const char *part)
{
	return options->part == NULL || strcmp(options->part, part) == 0;
}

static void
runs_make(const struct bench_server *server, const struct options *options, struct figures *figures)
{
	const struct workload_order order = {
		.devices = options->runs, .visits = VISITS, .history = RECORDS};
	struct workload *workload = bench_workload_open(&order);
	const struct workload_device *device;

	while ((device = bench_workload_next(workload)) != NULL) {
		bench_server_import(server, device, WORKLOAD_FAMILIES);
		if (wanted(options, "record")) {
			record_run(server, device, figures);
		}
		if (wanted(options, "sync")) {
			sync_run(server, device, figures);
		}
		if (wanted(options, "memory")) {
			memory_run(server, device, figures);
		}
	}
	workload_close(workload);
}

static double
library_kib(const char *path)
{
	struct stat about;

	if (stat(path, &about) != 0) {
		host_die("%s: %s", path, strerror(errno));
	}
	return (double)about.st_size / 1024;
}

static bool
options_read(int argc, char **argv, struct options *out)
{
	*out = (struct options){.runs = RUNS};
	for (int i = 1; i < argc; i++) {
		bool more = i + 1 < argc;

		if (strcmp(argv[i], "--json") == 0) {
			out->json = true;
		} else if (strcmp(argv[i], "--runs") == 0 && more) {
			out->runs = (unsigned)strtoul(argv[++i], NULL, 10);
		} else if (strcmp(argv[i], "--part") == 0 && more) {
			out->part = argv[++i];
		} else if (strcmp(argv[i], "--library") == 0 && more) {
			out->library = argv[++i];
		} else {
			return false;
		}
	}
	return out->runs > 0 && out->runs <= FIGURES_RUNS_MAX;
}

int
main(int argc, char **argv)
{
	static struct figures figures;
	struct bench_server server;
	struct bench_phone years;
	struct options options;
	double library = 0;

	if (!options_read(argc, argv, &options)) {
		host_die("bench_device: its options stand at the head of its source");
	}
	if (options.library != NULL) {
		library = library_kib(options.library);
	}
	bench_server_open(NULL, &server);
	runs_make(&server, &options, &figures);
	if (wanted(&options, "years")) {
		bench_years_make(&server, &years);
		for (unsigned i = 0; i < options.runs; i++) {
			bench_years(&years, &figures);
		}
	}
	bench_server_close(&server);
	if (options.library != NULL) {
		figures_add(&figures, "library_kib", library);
	}
	figures_print(&figures, "device", options.json, argv);
	return 0;
}

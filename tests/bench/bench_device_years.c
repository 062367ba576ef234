/* SPDX-License-Identifier: Apache-2.0 */
/* Five years of data: 60 families, 180 persons, 20 visits a week, a follow-up plan for one in ten.
 */
#include "bench_device_parts.h"
#include "protocol/id.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
	WEEKS = 260,
	WEEK_VISITS = 20,
	DAY_VISITS = 4,
	FOLLOW_UP_EACH = 10,
	LAST_DAY = 20777, /* 2026-11-20 */
	DAY_S = 86400,
	OPENINGS = 15,
};
#define VILLAGE UINT64_C(6303072001)

static void
follow_up_record(struct bench_phone *phone, uint64_t family)
{
	struct sambung_edit *edit = NULL;
	struct sambung_error err;
	char id[ID_TEXT_SIZE];
	const char *const fields[][2] = {
		{"action", "Datangi lagi bersama bidan dan timbang anaknya"},
		{"level", "family"},
		{"family", id_format(family, id)},
		{"responsible", "Bu Lurah"},
		{"status", "open"},
	};

	bench_phone_must(sambung_edit_create(phone->sambung, "follow_up", &edit, &err), "form",
			 &err);
	for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
		bench_phone_must(sambung_edit_set(edit, fields[i][0], fields[i][1], &err),
				 fields[i][0], &err);
	}
	bench_phone_must(sambung_edit_commit(edit, NULL, NULL, &err), "record", &err);
}

static void
week_record(struct bench_phone *phone, const struct workload_visit *visits, size_t week)
{
	for (size_t i = 0; i < WEEK_VISITS; i++) {
		struct workload_visit visit = visits[i];
		size_t place = week * WEEK_VISITS + i;

		visit.day = LAST_DAY - (int64_t)(WEEKS - week) * 7 + (int64_t)(i / DAY_VISITS);
		visit.time = visit.day * DAY_S + visits[i].time % DAY_S;
		visit.family = place % BENCH_FAMILIES_MAX;
		bench_phone_visit(phone, BENCH_CLOCK_WALL, &visit);
		if (place % FOLLOW_UP_EACH == 0) {
			follow_up_record(phone, phone->families[visit.family]);
		}
	}
}

void
bench_years_make(const struct bench_server *server, struct bench_phone *phone)
{
	const struct workload_order order = {.devices = 1, .history = WEEKS * WEEK_VISITS};
	struct workload *workload = bench_workload_open(&order);
	const struct workload_device *device = bench_workload_next(workload);
	/* In a village of its own: the other parts' devices are in the workload's. */
	struct workload_device alone = *device;

	alone.village = VILLAGE;
	bench_server_import(server, &alone, BENCH_FAMILIES_MAX);
	bench_phone_open(server, "years", "Siti Marlina", alone.village, phone);
	(void)bench_phone_sync(phone);
	bench_phone_know(phone, BENCH_FAMILIES_MAX);
	for (size_t week = 0; week < WEEKS; week++) {
		week_record(phone, device->history + week * WEEK_VISITS, week);
		(void)bench_phone_sync(phone);
	}
	bench_phone_close(phone);
	workload_close(workload);
}

/* ---- reading ---- */

static int
line_count(void *context, const char *line, size_t length)
{
	size_t *count = context;

	(void)line;
	(void)length;
	(*count)++;
	return 0;
}

/* Milliseconds that listing a type takes; dies unless there are so many. */
static double
list_ms(struct sambung *device, const char *type, size_t wanted)
{
	struct sambung_query query = {.type = type};
	struct sambung_error err;
	double began = bench_seconds();
	size_t count = 0;

	bench_phone_must(sambung_records(device, &query, line_count, &count, &err), type, &err);
	if (count != wanted) {
		host_die("%zu records of %s", count, type);
	}
	return (bench_seconds() - began) * 1e3;
}

/* Out of the system's memory: what is read next comes from the disk. */
static void
cache_drop(const char *folder)
{
	char path[HOST_PATH_SIZE];
	int file;

	host_path(folder, "device.db", path);
	file = open(path, O_RDONLY);
	if (file < 0 || fsync(file) != 0 || posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED) != 0) {
		host_die("%s: %s", path, strerror(errno));
	}
	(void)close(file);
}

void
bench_years(const struct bench_phone *phone, struct figures *figures)
{
	struct sambung_options options = {.directory = phone->place};
	double opened[OPENINGS];
	double first[OPENINGS];
	double again[OPENINGS];
	double visits[OPENINGS];
	struct sambung_error err;
	uint64_t bytes = host_file_bytes(phone->place, "device.db");

	for (size_t i = 0; i < OPENINGS; i++) {
		struct sambung *device = NULL;
		double began;

		cache_drop(phone->place);
		began = bench_seconds();
		bench_phone_must(sambung_open(&options, &device, &err), "open", &err);
		opened[i] = (bench_seconds() - began) * 1e3;
		first[i] = list_ms(device, "family", BENCH_FAMILIES_MAX);
		again[i] = list_ms(device, "family", BENCH_FAMILIES_MAX);
		visits[i] = list_ms(device, "visit", WEEKS * (size_t)WEEK_VISITS);
		sambung_close(device);
	}
	figures_add(figures, "years_open_ms", bench_median(opened, OPENINGS));
	figures_add(figures, "years_list_families_first_ms", bench_median(first, OPENINGS));
	figures_add(figures, "years_list_families_ms", bench_median(again, OPENINGS));
	figures_add(figures, "years_list_visits_ms", bench_median(visits, OPENINGS));
	figures_add(figures, "years_database_mib", (double)bytes / (1024 * 1024));
}

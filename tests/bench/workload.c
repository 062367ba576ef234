/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/workload.h"

#include "tests/bench/workload_line.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 4096, DEVICE_MEMORY = 64 * 1024 * 1024, PATH_SIZE = 1024 };

struct workload {
	FILE *lines;
	struct arena arena;
	struct workload_device device;
	struct workload_people people;
	size_t visit_capacity;
	size_t history_capacity;
	json_t *ahead; /* first line of the next device */
	size_t index;
	int64_t clock; /* time of the visit before */
};

/* ---- where the lines come from ---- */

static enum status
generator_path(char out[PATH_SIZE], struct error *err)
{
	const char *folder = getenv("SAMBUNG_WORKLOAD");

	(void)snprintf(out, PATH_SIZE, "%s/gen.mjs", folder != NULL ? folder : WORKLOAD_FOLDER);
	if (access(out, R_OK) != 0) {
		return fail(err, STATUS_NOT_FOUND,
			    "the workload's generator (name its folder in SAMBUNG_WORKLOAD)");
	}
	return STATUS_OK;
}

static void
become_generator(const char *path, const struct workload_order *order, int out)
{
	char devices[16];
	char visits[16];
	char history[16];

	(void)snprintf(devices, sizeof devices, "%u", order->devices);
	(void)snprintf(visits, sizeof visits, "%u", order->visits);
	(void)snprintf(history, sizeof history, "%u", order->history);
	if (dup2(out, STDOUT_FILENO) >= 0) {
		(void)close(out);
		(void)execlp("node", "node", path, devices, visits, history, (char *)NULL);
	}
	_exit(127);
}

/* Into a file: to a pipe that is read slowly, node fails after some hundred megabytes. */
static enum status
run_generator(struct workload *workload, const struct workload_order *order, struct error *err)
{
	char path[PATH_SIZE];
	int result = 0;
	pid_t generator;
	enum status status = generator_path(path, err);

	if (status != STATUS_OK) {
		return status;
	}
	workload->lines = tmpfile();
	if (workload->lines == NULL) {
		return fail(err, STATUS_STORAGE, "a file for the workload");
	}
	generator = fork();
	if (generator == 0) {
		become_generator(path, order, fileno(workload->lines));
	}
	if (generator < 0 || waitpid(generator, &result, 0) != generator || result != 0) {
		return fail(err, STATUS_INTERNAL, "the workload's generator");
	}
	rewind(workload->lines);
	return STATUS_OK;
}

enum status
workload_open(const struct workload_order *order, struct workload **out, struct error *err)
{
	struct workload *workload = calloc(1, sizeof *workload);
	enum status status = STATUS_OK;

	if (workload == NULL) {
		return fail(err, STATUS_MEMORY, "the workload");
	}
	arena_init(&workload->arena, DEVICE_MEMORY);
	workload->visit_capacity = order->visits;
	workload->history_capacity = order->history;
	if (order->file == NULL) {
		status = run_generator(workload, order, err);
	} else {
		workload->lines = fopen(order->file, "r");
		if (workload->lines == NULL) {
			status = fail(err, STATUS_NOT_FOUND, "%s", order->file);
		}
	}
	if (status != STATUS_OK) {
		workload_close(workload);
		return status;
	}
	*out = workload;
	return STATUS_OK;
}

void
workload_close(struct workload *workload)
{
	if (workload == NULL) {
		return;
	}
	if (workload->lines != NULL) {
		(void)fclose(workload->lines);
	}
	json_decref(workload->ahead);
	arena_finish(&workload->arena);
	free(workload);
}

/* ---- one device ---- */

/* NULL at the end. */
static enum status
read_line(struct workload *workload, json_t **out, struct error *err)
{
	char text[LINE_MAX_BYTES];

	*out = NULL;
	if (fgets(text, sizeof text, workload->lines) == NULL) {
		return ferror(workload->lines) ? fail(err, STATUS_STORAGE, "reading the workload")
					       : STATUS_OK;
	}
	*out = json_loads(text, 0, NULL);
	return *out == NULL ? fail(err, STATUS_MALFORMED, "a line of the workload") : STATUS_OK;
}

static enum status
make_room(struct workload *workload, struct error *err)
{
	struct workload_device *device = &workload->device;

	memset(device, 0, sizeof *device);
	memset(&workload->people, 0, sizeof workload->people);
	workload->clock = 0;
	device->index = workload->index;
	device->visits =
		ARENA_ARRAY(&workload->arena, struct workload_visit, workload->visit_capacity);
	device->history =
		ARENA_ARRAY(&workload->arena, struct workload_visit, workload->history_capacity);
	return device->visits != NULL && device->history != NULL
		       ? STATUS_OK
		       : fail(err, STATUS_MEMORY, "a device of the workload");
}

/* splitmix64's last steps: a number from a place. */
static uint64_t
number_of_place(uint64_t place)
{
	uint64_t z = (place + 1) * UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static void
give_time(struct workload *workload, struct workload_visit *visit, uint64_t place)
{
	enum { DAY_S = 86400, MORNING_S = 1800, GAP_S = 360, GAP_WIDTH_S = 1141 };
	uint64_t number = number_of_place((uint64_t)workload->index << 20 | place);

	/* The first visit of a day at half past seven in Jakarta, or up to an hour later. */
	if (workload->clock / DAY_S != visit->day || workload->clock == 0) {
		workload->clock = visit->day * DAY_S + MORNING_S + (int64_t)(number % 3600);
	} else {
		workload->clock += GAP_S + (int64_t)(number % GAP_WIDTH_S);
	}
	visit->time = workload->clock;
}

static enum status
take_visit(struct workload *workload, const json_t *line, bool past, struct error *err)
{
	struct workload_device *device = &workload->device;
	size_t *count = past ? &device->history_count : &device->visit_count;
	size_t capacity = past ? workload->history_capacity : workload->visit_capacity;
	struct workload_visit *visit = (past ? device->history : device->visits) + *count;

	if (*count == capacity ||
	    !workload_read_visit(line, &workload->people, &workload->arena, visit)) {
		return fail(err, STATUS_MALFORMED, "a visit of the workload");
	}
	give_time(workload, visit, device->visit_count + device->history_count);
	(*count)++;
	return STATUS_OK;
}

static enum status
take_line(struct workload *workload, const json_t *line, struct error *err)
{
	const char *kind = json_string_value(json_object_get(line, "t"));

	if (kind != NULL && strcmp(kind, "family") == 0) {
		return workload_read_family(line, &workload->people, &workload->arena,
					    &workload->device)
			       ? STATUS_OK
			       : fail(err, STATUS_MALFORMED, "a family of the workload");
	}
	if (kind != NULL && (strcmp(kind, "visit") == 0 || strcmp(kind, "hist") == 0)) {
		return take_visit(workload, line, kind[0] == 'h', err);
	}
	return fail(err, STATUS_MALFORMED, "a line of the workload");
}

static bool
same_device(const json_t *a, const json_t *b)
{
	return json_equal(json_object_get(a, "dev"), json_object_get(b, "dev")) != 0;
}

enum status
workload_next(struct workload *workload, const struct workload_device **out, struct error *err)
{
	json_t *first = workload->ahead;
	json_t *line;
	enum status status = STATUS_OK;

	workload->ahead = NULL;
	if (first == NULL) {
		status = read_line(workload, &first, err);
	}
	if (status != STATUS_OK || first == NULL) {
		*out = NULL;
		return status;
	}
	arena_reset(&workload->arena);
	status = make_room(workload, err);
	line = json_incref(first);
	while (status == STATUS_OK && line != NULL && same_device(line, first)) {
		status = take_line(workload, line, err);
		json_decref(line);
		line = NULL;
		if (status == STATUS_OK) {
			status = read_line(workload, &line, err);
		}
	}
	json_decref(first);
	workload->ahead = line;
	if (status == STATUS_OK && workload->people.families != WORKLOAD_FAMILIES) {
		status = fail(err, STATUS_MALFORMED, "a device of the workload");
	}
	if (status == STATUS_OK) {
		workload->index++;
		*out = &workload->device;
	}
	return status;
}

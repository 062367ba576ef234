/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_w3: the first sync of a new device.
 *
 *     bench_w3 [--runs N] [--no-link] [--sorted] [--annotate] [--json]
 *
 * Each run: a village with 40 families, their 120 persons, and 400 visits of the past half year,
 * which an older device recorded and sent, 20 with each sync. They are recorded in the order in
 * which the workload has them, each at its own time; with --sorted in the order of those times, as
 * it would be in life. Then a new device is enrolled, which brings it the programme's schema
 * (enrol_…), and syncs for the first time: that sync is counted as in bench_w1, enrolment is not in
 * it. The persons, of whom the workload tells nothing but that they are, travel too.
 * --annotate prints the bytes of the first run before the figures.
 */
#include "bench_client_annotate.h"
#include "bench_client_phone.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RUNS = 5, HISTORY = 400, DAY_VISITS = 20 };

struct options {
	unsigned runs;
	bool link;
	bool sorted;
	bool annotate;
	bool json;
};

static const struct bench_names names = {"requests",   "connections", "bytes_up",
					 "bytes_down", "bytes_total", "seconds"};

static int
visit_compare(const void *a, const void *b)
{
	const struct workload_visit *first = a;
	const struct workload_visit *second = b;

	return (first->time > second->time) - (first->time < second->time);
}

static void
history_send(const struct bench_server *server, const struct workload_device *device,
	     const struct options *options)
{
	struct bench_phone phone;
	char name[32];

	if (options->sorted) {
		qsort(device->history, device->history_count, sizeof device->history[0],
		      visit_compare);
	}
	(void)snprintf(name, sizeof name, "older-%zu", device->index);
	bench_phone_open(server, name, "Yuli Rahmah", device->village, &phone);
	(void)bench_phone_sync(&phone);
	bench_phone_know(&phone, WORKLOAD_FAMILIES);
	for (size_t i = 0; i < device->history_count; i++) {
		bench_phone_visit(&phone, BENCH_CLOCK_WALL, &device->history[i]);
		if ((i + 1) % DAY_VISITS == 0 || i + 1 == device->history_count) {
			(void)bench_phone_sync(&phone);
		}
	}
	bench_phone_close(&phone);
}

static void
run_one(const struct bench_server *server, const struct workload_device *device,
	const struct options *options, struct figures *figures)
{
	struct sambung_result result;
	struct link_counts counts;
	struct bench_phone phone;
	char name[32];

	bench_server_import(server, device, WORKLOAD_FAMILIES);
	history_send(server, device, options);
	(void)snprintf(name, sizeof name, "device-%zu", device->index);
	link_proxy_reset(server->proxy);
	bench_phone_open(server, name, "Siti Marlina", device->village, &phone);
	counts = link_proxy_counts(server->proxy);
	result = bench_phone_measure(server, &phone, options->link, &names, figures);
	if (result.received != WORKLOAD_RECORDS + HISTORY) {
		host_die("%u records received", result.received);
	}
	figures_add(figures, "enrol_requests", counts.requests);
	figures_add(figures, "enrol_bytes_up", (double)counts.bytes_up);
	figures_add(figures, "enrol_bytes_down", (double)counts.bytes_down);
	bench_phone_close(&phone);
}

static void
runs_make(const struct options *options, struct figures *figures)
{
	const struct workload_order order = {.devices = options->runs, .history = HISTORY};
	struct workload *workload = bench_workload_open(&order);
	struct annotation *annotation = annotation_open();
	const struct workload_device *device;
	struct bench_server server;

	bench_server_open(annotation_watch(annotation), &server);
	while ((device = bench_workload_next(workload)) != NULL) {
		run_one(&server, device, options, figures);
		if (options->annotate && device->index == 0) {
			annotation_print(annotation, &server);
		}
	}
	bench_server_close(&server);
	annotation_close(annotation);
	workload_close(workload);
}

static bool
options_read(int argc, char **argv, struct options *out)
{
	*out = (struct options){.runs = RUNS, .link = true};
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--json") == 0) {
			out->json = true;
		} else if (strcmp(argv[i], "--no-link") == 0) {
			out->link = false;
		} else if (strcmp(argv[i], "--sorted") == 0) {
			out->sorted = true;
		} else if (strcmp(argv[i], "--annotate") == 0) {
			out->annotate = true;
		} else if (strcmp(argv[i], "--runs") == 0 && i + 1 < argc) {
			out->runs = (unsigned)strtoul(argv[++i], NULL, 10);
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
	struct options options;

	if (!options_read(argc, argv, &options)) {
		host_die("bench_w3: its options stand at the head of its source");
	}
	runs_make(&options, &figures);
	figures_print(&figures, "W3", options.json, argv);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_growth: whether the daemon is as fast in a full store as in a small one.
 *
 *     bench_growth [--held 20000000] [--devices 5000] [--connections 32] [--runs 5] [--json]
 *
 * The same villages, one for each device at least, hold a twentieth of the visits, then all of
 * them; both times so many new devices send a day's visits into them (W2), and others pull:
 * nothing, and five families that were changed. Figures end in _small and _large; time_ratio is the
 * time of a visit in the large store to that in the small one, and cpu_ratio the same of the
 * processor's time, which a busy machine disturbs less. Then first syncs of new devices, in a
 * village where each of the 40 families was changed once (_short), and in one where each was
 * changed 50 times (_long). At the end W2 once more over 1,000 connections, for the daemon's
 * memory.
 */
#include "daemon/folder.h"
#include "tests/bench/growth.h"
#include "tests/bench/options.h"
#include "tests/bench/round.h"

#include <stdlib.h>

enum {
	SMALLER = 20,
	PULLS = 500,
	PULL_CONNECTIONS = 1,
	FIRST_SYNCS = 100,
	EDITS_SHORT = 1,
	EDITS_LONG = 50,
	CONNECTIONS_MANY = 1000,
};

/* The names of a stage's figures. */
struct stage {
	const char *held;
	const char *visits_per_s;
	const char *cpu;
	const char *p99_ms;
	const char *peak_rss_mib;
	const char *pull_nothing_ms;
	const char *pull_changed_ms;
	const char *disk;
};
#define STAGE(name)                                                                                \
	{                                                                                          \
		"held_" name, "visits_per_s_" name, "server_cpu_s_per_1000_" name, "p99_ms_" name, \
			"peak_rss_mib_" name, "pull_nothing_ms_" name, "pull_changed_ms_" name,    \
			"disk_bytes_per_visit_" name                                               \
	}
static const struct stage stage_small = STAGE("small");
static const struct stage stage_large = STAGE("large");

/* Lends the folder to the daemon for one load. */
static void
run_load(struct growth *growth, struct load_request *requests, size_t count, unsigned connections,
	 struct load_result *out, struct host_usage *usage_out)
{
	struct load_options load = {.connections = connections};
	struct host_daemon daemon;

	growth_leave(growth);
	host_daemon_start(growth->district.folder, HOST_CORE_ANY, &daemon);
	load.port = daemon.port;
	load_run(&load, requests, count, out);
	host_daemon_stop(&daemon, usage_out);
	growth_return(growth);
}

static void
measure_day(struct growth *growth, const struct bench_options *options, const struct stage *stage,
	    struct figures *figures)
{
	struct load_request *requests = growth_day(growth, options->devices);
	uint64_t bytes = host_file_bytes(growth->district.folder, FOLDER_DATABASE);
	struct load_result result;
	struct host_usage usage;
	struct findings found;
	double visits;

	run_load(growth, requests, options->devices, options->connections, &result, &usage);
	verdict_replies(requests, options->devices, &found);
	verdict_log(growth->district.folder, requests, options->devices);
	visits = (double)found.changes;
	district_rest(&growth->district);
	bytes = host_file_bytes(growth->district.folder, FOLDER_DATABASE) - bytes;
	load_requests_free(requests, options->devices);
	figures_add(figures, stage->visits_per_s, visits / result.seconds);
	figures_add(figures, stage->cpu, usage.cpu_s * 1000 / visits);
	figures_add(figures, stage->p99_ms, result.p99_ms);
	figures_add(figures, stage->peak_rss_mib, usage.peak_rss_mib);
	figures_add(figures, stage->disk, (double)bytes / visits);
}

static void
measure_pull(struct growth *growth, bool changed, const char *name, struct figures *figures)
{
	size_t count = growth->village_count < PULLS ? growth->village_count : PULLS;
	struct load_request *requests = growth_pull(growth, count, changed);
	struct load_result result;
	struct host_usage usage;
	struct findings found;

	run_load(growth, requests, count, PULL_CONNECTIONS, &result, &usage);
	verdict_replies(requests, count, &found);
	if (found.records != (changed ? count * GROWTH_EDITED : 0)) {
		host_die("%zu pulls brought %llu records", count,
			 (unsigned long long)found.records);
	}
	load_requests_free(requests, count);
	figures_add(figures, name, result.p50_ms);
}

static void
measure_stage(struct growth *growth, const struct bench_options *options, const struct stage *stage,
	      struct figures *figures)
{
	figures_add(figures, stage->held, (double)growth->held);
	for (unsigned i = 0; i < options->runs; i++) {
		measure_day(growth, options, stage, figures);
		measure_pull(growth, false, stage->pull_nothing_ms, figures);
		measure_pull(growth, true, stage->pull_changed_ms, figures);
	}
}

static void
measure_first(struct growth *growth, unsigned edits, const char *bytes_name, const char *ms_name,
	      struct figures *figures)
{
	struct load_request *requests = growth_first(growth, FIRST_SYNCS, edits);
	struct load_result result;
	struct host_usage usage;
	struct findings found;

	run_load(growth, requests, FIRST_SYNCS, PULL_CONNECTIONS, &result, &usage);
	verdict_replies(requests, FIRST_SYNCS, &found);
	if (found.records != (uint64_t)FIRST_SYNCS * WORKLOAD_RECORDS) {
		host_die("%d first syncs brought %llu records", FIRST_SYNCS,
			 (unsigned long long)found.records);
	}
	load_requests_free(requests, FIRST_SYNCS);
	figures_add(figures, bytes_name, (double)result.bytes_down / FIRST_SYNCS);
	figures_add(figures, ms_name, result.p50_ms);
}

static void
measure_memory(struct growth *growth, const struct bench_options *options, struct figures *figures)
{
	struct load_request *requests = growth_day(growth, options->devices);
	struct load_result result;
	struct host_usage usage;

	run_load(growth, requests, options->devices, CONNECTIONS_MANY, &result, &usage);
	load_requests_free(requests, options->devices);
	figures_add(figures, "peak_rss_mib_1000_connections", usage.peak_rss_mib);
	figures_add(figures, "refused_1000_connections", (double)result.refused);
	figures_add(figures, "visits_per_s_1000_connections",
		    (double)options->devices * ROUND_VISITS / result.seconds);
}

int
main(int count, char **words)
{
	struct bench_options options = {
		.connections = 32, .runs = 5, .devices = 5000, .held = 20000000};
	struct figures figures = {.row_count = 0};
	struct growth *growth = host_take(1, sizeof *growth);
	char folder[HOST_PATH_SIZE];
	double small;

	options_read(count, words, &options);
	host_folder_make(folder);
	growth_found(growth, folder, options.held, options.devices);
	growth_fill(growth, options.held / SMALLER);
	measure_stage(growth, &options, &stage_small, &figures);
	growth_fill(growth, options.held);
	measure_stage(growth, &options, &stage_large, &figures);
	for (unsigned i = 0; i < options.runs; i++) {
		measure_first(growth, EDITS_SHORT, "first_sync_bytes_short", "first_sync_ms_short",
			      &figures);
		measure_first(growth, EDITS_LONG, "first_sync_bytes_long", "first_sync_ms_long",
			      &figures);
	}
	measure_memory(growth, &options, &figures);
	growth_leave(growth);
	growth_free(growth);
	free(growth);
	host_folder_remove(folder);
	small = figures_median(&figures, stage_small.visits_per_s);
	figures_add(&figures, "time_ratio",
		    small / figures_median(&figures, stage_large.visits_per_s));
	figures_add(&figures, "cpu_ratio",
		    figures_median(&figures, stage_large.cpu) /
			    figures_median(&figures, stage_small.cpu));
	figures_print(&figures, "growth", options.json, words);
	return 0;
}

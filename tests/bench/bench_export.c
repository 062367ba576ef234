/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_export: what somebody who reads everything costs those who write.
 *
 *     bench_export [--held 1000000] [--devices 20000] [--connections 32] [--runs 5] [--json]
 *
 * Into a store that holds so many visits, W2 alone and W2 beside a supervisor who exports all
 * visits over HTTP in a loop, in pairs, each on a fresh copy of the store. Figures end in _alone
 * and _beside. Two answers to what it costs the writer, in percent, the median of the pairs:
 * visits_cost_percent, by how much fewer visits a second were written, and writer_cpu_cost_percent,
 * by how much more of the processor's time the daemon's writing thread took for a visit. Where
 * cores are few the first has the cores in it that the export itself takes:
 * writer_wait_us_per_visit is how long the writing thread was ready but had no core.
 *
 * The writing thread is the one that does most when nobody exports. server_cpu_s_per_1000_beside is
 * all that the daemon used, exporting too; client_cores is what the supervisor's program itself
 * took of one core.
 */
#include "daemon/folder.h"
#include "tests/bench/growth.h"
#include "tests/bench/options.h"
#include "tests/bench/round.h"
#include "tests/bench/supervisor.h"

#include <stdio.h>
#include <stdlib.h>

#define MIB (1024.0 * 1024.0)

struct bench {
	struct bench_options options;
	struct round round;
	char token[TOKEN_TEXT_SIZE];
	struct figures figures;
};

/* The names of the figures of one half of a pair. */
struct half {
	const char *visits_per_s;
	const char *p99_ms;
	const char *cpu;
	const char *cores;
	const char *writer;
	const char *writer_wait;
	const char *generator;
};
#define HALF(name)                                                                                 \
	{                                                                                          \
		"visits_per_s_" name, "p99_ms_" name, "server_cpu_s_per_1000_" name,               \
			"server_cores_" name, "writer_cpu_us_per_visit_" name,                     \
			"writer_wait_us_per_visit_" name, "generator_cores_" name                  \
	}
static const struct half half_alone = HALF("alone");
static const struct half half_beside = HALF("beside");

/* What the daemon's threads did during a load. */
struct threads {
	struct host_thread times[HOST_THREADS_MAX];
	size_t count;
};

struct measured {
	struct load_result load;
	struct threads threads;
	struct supervisor_counts supervisor;
	double wal_mib;
	double visits;
};

/* ---- one run ---- */

static void
subtract_threads(struct threads *after, const struct threads *before)
{
	if (after->count != before->count) {
		host_die("the daemon's threads are not the same during a load");
	}
	for (size_t i = 0; i < after->count; i++) {
		after->times[i].cpu_s -= before->times[i].cpu_s;
		after->times[i].wait_s -= before->times[i].wait_s;
	}
}

static void
load_watched(struct bench *bench, const struct run *run, struct measured *out)
{
	struct load_options load = {.connections = bench->options.connections,
				    .port = run->daemon.port};
	struct threads before;

	before.count = host_daemon_threads(&run->daemon, before.times);
	load_run(&load, bench->round.requests, bench->round.count, &out->load);
	out->threads.count = host_daemon_threads(&run->daemon, out->threads.times);
	subtract_threads(&out->threads, &before);
}

static void
load_beside(struct bench *bench, const struct run *run, struct measured *out)
{
	struct supervisor *supervisor =
		supervisor_start(run->daemon.port, bench->token, bench->options.held);
	struct supervisor_counts before;

	supervisor_count(supervisor, &before);
	load_watched(bench, run, out);
	supervisor_count(supervisor, &out->supervisor);
	supervisor_stop(supervisor);
	out->supervisor.rows -= before.rows;
	out->supervisor.bytes -= before.bytes;
	out->supervisor.cpu_s -= before.cpu_s;
	out->load.cpu_s -= out->supervisor.cpu_s;
}

static void
run_half(struct bench *bench, bool beside, bool last, struct measured *out)
{
	struct findings found;
	struct run run;
	uint64_t wal;

	run_begin(&bench->round, HOST_CORE_ANY, &run);
	if (beside) {
		load_beside(bench, &run, out);
	} else {
		load_watched(bench, &run, out);
	}
	wal = host_file_bytes(run.folder, FOLDER_DATABASE "-wal");
	out->wal_mib = (double)wal / MIB;
	run_stop(&run);
	verdict_replies(bench->round.requests, bench->round.count, &found);
	verdict_log(run.folder, bench->round.requests, bench->round.count);
	out->visits = (double)found.changes;
	if (last) {
		verdict_store(run.folder);
	}
	run_end(&run);
}

/* ---- figures ---- */

static size_t
busiest_thread(const struct threads *threads)
{
	size_t busiest = 0;

	for (size_t i = 1; i < threads->count; i++) {
		if (threads->times[i].cpu_s > threads->times[busiest].cpu_s) {
			busiest = i;
		}
	}
	return busiest;
}

static void
add_half(struct figures *figures, const struct half *half, const struct measured *measured,
	 size_t writer)
{
	const struct host_thread *thread = &measured->threads.times[writer];
	double cpu_s = 0;

	for (size_t i = 0; i < measured->threads.count; i++) {
		cpu_s += measured->threads.times[i].cpu_s;
	}
	figures_add(figures, half->visits_per_s, measured->visits / measured->load.seconds);
	figures_add(figures, half->p99_ms, measured->load.p99_ms);
	figures_add(figures, half->cpu, cpu_s * 1000 / measured->visits);
	figures_add(figures, half->cores, cpu_s / measured->load.seconds);
	figures_add(figures, half->writer, thread->cpu_s * 1e6 / measured->visits);
	figures_add(figures, half->writer_wait, thread->wait_s * 1e6 / measured->visits);
	figures_add(figures, half->generator, measured->load.cpu_s / measured->load.seconds);
}

static void
measure_pair(struct bench *bench, bool last)
{
	struct figures *figures = &bench->figures;
	struct measured alone = {.visits = 0};
	struct measured beside = {.visits = 0};
	size_t writer;
	double seconds;

	run_half(bench, false, false, &alone);
	run_half(bench, true, last, &beside);
	writer = busiest_thread(&alone.threads);
	seconds = beside.load.seconds;
	add_half(figures, &half_alone, &alone, writer);
	add_half(figures, &half_beside, &beside, writer);
	figures_add(figures, "visits_cost_percent", 100 - 100 * alone.load.seconds / seconds);
	figures_add(figures, "writer_cpu_cost_percent",
		    100 * beside.threads.times[writer].cpu_s / alone.threads.times[writer].cpu_s -
			    100);
	figures_add(figures, "export_rows_per_s", (double)beside.supervisor.rows / seconds);
	figures_add(figures, "export_mib_per_s", (double)beside.supervisor.bytes / MIB / seconds);
	figures_add(figures, "exports_whole", (double)beside.supervisor.exports);
	figures_add(figures, "exports_refused", (double)beside.supervisor.refused);
	figures_add(figures, "client_cores", beside.supervisor.cpu_s / seconds);
	figures_add(figures, "wal_mib_alone", alone.wal_mib);
	figures_add(figures, "wal_mib_beside", beside.wal_mib);
}

/* ---- the store ---- */

static void
make_round(struct bench *bench)
{
	struct growth *growth = host_take(1, sizeof *growth);
	const struct bench_options *options = &bench->options;

	host_folder_make(bench->round.folder);
	growth_found(growth, bench->round.folder, options->held, options->devices);
	growth_fill(growth, options->held);
	district_begin(&growth->district);
	district_token(&growth->district, ROLE_SUPERVISOR, bench->token);
	district_commit(&growth->district);
	bench->round.requests = growth_day(growth, options->devices);
	bench->round.count = options->devices;
	bench->round.turns = 1;
	figures_add(&bench->figures, "held", (double)growth->held);
	figures_add(&bench->figures, "devices", options->devices);
	growth_leave(growth);
	growth_free(growth);
	free(growth);
}

int
main(int count, char **words)
{
	static struct bench bench = {
		.options = {.connections = 32, .runs = 5, .devices = 20000, .held = 1000000}};

	options_read(count, words, &bench.options);
	make_round(&bench);
	for (unsigned i = 0; i < bench.options.runs; i++) {
		measure_pair(&bench, i + 1 == bench.options.runs);
	}
	round_free(&bench.round);
	figures_print(&bench.figures, "export", bench.options.json, words);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_w2: the day's visits of very many devices to one daemon, as fast as they go.
 *
 *     bench_w2 [--seconds 10] [--connections 32] [--runs 5] [--devices N] [--json]
 *
 * Each device syncs once, with 20 visits. Without --devices a short run before the others finds out
 * how many fill the seconds. Durable, with the daemon's own settings. After each run every reply is
 * opened and the log is looked through; after the last one tests/check looks at all of it.
 */
#include "daemon/folder.h"
#include "tests/bench/options.h"
#include "tests/bench/round.h"

enum { PROBE_DEVICES = 600 };

static void
run_load(const struct bench_options *options, struct round *round, struct run *run,
	 struct load_result *out)
{
	struct load_options load = {.connections = options->connections};

	run_begin(round, HOST_CORE_ANY, run);
	load.port = run->daemon.port;
	load_run(&load, round->requests, round->count, out);
	run_stop(run);
}

/* How many devices fill the seconds. */
static unsigned
probe(const struct bench_options *options)
{
	struct round round;
	struct run run;
	struct load_result load;

	round_make(PROBE_DEVICES, DISTRICT_ALL, &round);
	run_load(options, &round, &run, &load);
	run_end(&run);
	round_free(&round);
	return PROBE_DEVICES + (unsigned)(PROBE_DEVICES / load.seconds * options->seconds * 1.1);
}

static void
measure(const struct bench_options *options, struct round *round, bool last,
	struct figures *figures)
{
	struct run run;
	struct load_result load;
	struct findings found;
	uint64_t bytes;
	struct district rested;

	run_load(options, round, &run, &load);
	verdict_replies(round->requests, round->count, &found);
	verdict_log(run.folder, round->requests, round->count);
	figures_add_load(figures, &load, &run.usage, found.changes);
	bytes = host_file_bytes(run.folder, FOLDER_DATABASE) - round->bytes;
	figures_add(figures, "disk_bytes_per_visit_before_rest",
		    (double)bytes / (double)found.changes);
	district_open(&rested, run.folder);
	district_rest(&rested);
	district_close(&rested);
	bytes = host_file_bytes(run.folder, FOLDER_DATABASE) - round->bytes;
	figures_add(figures, "disk_bytes_per_visit", (double)bytes / (double)found.changes);
	if (last) {
		verdict_store(run.folder);
	}
	run_end(&run);
}

int
main(int count, char **words)
{
	struct bench_options options = {.seconds = 10, .connections = 32, .runs = 5};
	struct figures figures = {.row_count = 0};
	struct round round;

	options_read(count, words, &options);
	if (options.devices == 0) {
		options.devices = probe(&options);
	}
	round_make(options.devices, DISTRICT_ALL, &round);
	for (unsigned i = 0; i < options.runs; i++) {
		measure(&options, &round, i + 1 == options.runs, &figures);
	}
	round_free(&round);
	figures_print(&figures, "W2", options.json, words);
	return 0;
}

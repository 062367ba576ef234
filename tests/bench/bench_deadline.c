/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_deadline: the hour in which everybody sends.
 *
 *     bench_deadline [--seconds 8] [--connections 2000] [--runs 5] [--json]
 *
 * Devices that each have one parcel of 20 visits come at random moments, each on a connection of
 * its own, at 0.5, 1, 2 and 4 times the rate that the daemon can do; 5 % of the first answers are
 * lost, and those devices send again. Who is refused comes again when told. The daemon has core 0,
 * the load core 1, also when the peak is measured: there so many connections ask as fast as they
 * are answered. After each rate all changes must be in the log exactly once.
 *
 * Devices per second are given; times are of one request, from the moment when it was due to its
 * answer. --connections is what the load opens at once; who comes besides waits for its turn, and
 * that is part of its time. Each run measures the peak anew, right before what is set against it.
 */
#include "tests/bench/options.h"
#include "tests/bench/round.h"

enum {
	PROBE_DEVICES = 800,
	LOST_PERCENT = 5,
	PEAK_CONNECTIONS = 64,
	CORE_DAEMON = 0,
	CORE_LOAD = 1,
};

/* What is offered, in shares of the peak, and the names of its figures. */
static const struct offer {
	double share;
	const char *offered;
	const char *good;
	const char *good_share;
	const char *p50_ms;
	const char *p99_ms;
	const char *refused;
	const char *again;
	const char *all_done_s;
	const char *stolen;
} offers[] = {
#define OFFER(share, name)                                                                         \
	{                                                                                          \
		share, "offered_per_s_" name, "goodput_per_s_" name, "goodput_share_" name,        \
			"p50_ms_" name, "p99_ms_" name, "refused_" name, "sent_again_" name,       \
			"all_done_s_" name, "stolen_cores_" name                                   \
	}
	OFFER(0.5, "0.5"),
	OFFER(1, "1"),
	OFFER(2, "2"),
	OFFER(4, "4"),
};
enum { OFFERS = sizeof offers / sizeof offers[0] };

/* A load on a fresh copy of the round, and whether it was done rightly. */
static void
run_load(struct round *round, struct load_options *load, size_t count, bool look_at_all,
	 struct load_result *out)
{
	struct findings found;
	struct run run;

	load->lost_percent = LOST_PERCENT;
	load->fresh = true;
	run_begin(round, CORE_DAEMON, &run);
	load->port = run.daemon.port;
	load_run(load, round->requests, count, out);
	run_stop(&run);
	verdict_replies(round->requests, count, &found);
	verdict_log(run.folder, round->requests, count);
	if (look_at_all) {
		verdict_store(run.folder);
	}
	run_end(&run);
}

static size_t
at_most(double wanted, size_t limit)
{
	return wanted < (double)limit ? (size_t)wanted : limit;
}

/* Answered devices in a second, as many as can be. */
static double
measure_peak(const struct bench_options *options, struct round *round, double expected)
{
	struct load_options load = {.connections = PEAK_CONNECTIONS, .window_s = options->seconds};
	struct load_result result;

	/* Some more than the window takes: the last ones wait for their lost answers. */
	run_load(round, &load, at_most(expected * options->seconds * 1.5, round->count), false,
		 &result);
	return (double)result.answered_in_window / options->seconds;
}

static void
measure(const struct bench_options *options, const struct offer *offer, struct round *round,
	double peak, struct figures *figures)
{
	struct load_options load = {.connections = options->connections,
				    .per_second = peak * offer->share,
				    .window_s = options->seconds};
	size_t count = at_most(load.per_second * options->seconds, round->count);
	struct load_result result;
	double good;

	run_load(round, &load, count, offer->share > 2, &result);
	good = (double)result.answered_in_window / options->seconds;
	figures_add(figures, offer->offered, (double)count / options->seconds);
	figures_add(figures, offer->good, good);
	figures_add(figures, offer->good_share, good / peak);
	figures_add(figures, offer->p50_ms, result.p50_ms);
	figures_add(figures, offer->p99_ms, result.p99_ms);
	figures_add(figures, offer->refused, (double)result.refused);
	figures_add(figures, offer->again, (double)(result.lost + result.broken));
	figures_add(figures, offer->all_done_s, result.seconds);
	figures_add(figures, offer->stolen, result.stolen_s / result.seconds);
}

/* A first idea of the peak, so that enough devices are made. */
static double
probe(void)
{
	struct load_options load = {.connections = PEAK_CONNECTIONS};
	struct load_result result;
	struct round round;
	struct run run;

	round_make(PROBE_DEVICES, DISTRICT_VISITED, &round);
	load.fresh = true;
	run_begin(&round, CORE_DAEMON, &run);
	load.port = run.daemon.port;
	load_run(&load, round.requests, round.count, &result);
	run_stop(&run);
	run_end(&run);
	round_free(&round);
	return PROBE_DEVICES / result.seconds;
}

int
main(int count, char **words)
{
	struct bench_options options = {.seconds = 8, .connections = 2000, .runs = 5};
	struct figures figures = {.row_count = 0};
	struct round round;
	double expected;
	double peak;

	options_read(count, words, &options);
	host_pin(CORE_LOAD, words);
	expected = probe();
	if (options.devices == 0) {
		options.devices =
			(unsigned)(expected * options.seconds * offers[OFFERS - 1].share * 1.2);
	}
	round_make(options.devices, DISTRICT_VISITED, &round);
	for (unsigned i = 0; i < options.runs; i++) {
		peak = measure_peak(&options, &round, expected);
		figures_add(&figures, "peak_per_s", peak);
		for (size_t j = 0; j < OFFERS; j++) {
			measure(&options, &offers[j], &round, peak, &figures);
		}
	}
	round_free(&round);
	figures_print(&figures, "deadline", options.json, words);
	return 0;
}

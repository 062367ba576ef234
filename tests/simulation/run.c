/* SPDX-License-Identifier: Apache-2.0 */
/*
 * run: the simulator (docs/simulation.md).
 *
 *     run [--seeds N] [--from S] [--steps K] [--devices D] [--faults NAME,NAME…] [--twice M]
 *         [--shrink R]
 *
 * Each seed runs in a process of its own. --twice M runs every M-th seed twice and compares the
 * logs' roots. Of a seed that fails a shorter run is looked for, with at most R more runs (60), and
 * printed with its last events.
 * The last line says how many seeds ran and how many failed; exit 1 if any.
 */
#include "tests/simulation/sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* What a run's process tells. */
struct report {
	bool done; /* it came to its end, good or bad */
	bool failed;
	size_t step; /* at which it failed; past the last one: at rest */
	uint64_t head;
	uint64_t changes;
	uint64_t crashes;
	uint64_t errors;
	uint64_t quarantined;
	uint64_t conflicts;
	uint64_t requests;
	uint64_t lost;
	unsigned copies; /* of phones, restored or used */
	unsigned forks;
	unsigned releases;
	unsigned erasures;
	uint64_t erased; /* changes */
	size_t ended;	 /* installations that were revoked */
	unsigned restores;
	unsigned set_backs;
	uint8_t root[32];
	char why[SIM_WHY];
	char trace[SIM_TRACE][SIM_LINE];
	size_t traced;
};

struct options {
	struct sim_options sim;
	uint64_t seeds;
	uint64_t from;
	uint64_t twice; /* 0: never */
	uint64_t shrink;
};

/* ---- one run, in a process of its own ---- */

static void
report_make(const struct sim *sim, struct report *out)
{
	struct oracle_counts counts = oracle_counts(sim->oracle);

	out->done = true;
	out->failed = sim->failed;
	out->step = sim->step;
	out->head = sim->head;
	out->changes = sim->changes;
	out->crashes = sim->crashes;
	out->errors = sim->errors;
	out->quarantined = counts.quarantined;
	out->conflicts = counts.conflicts;
	out->requests = sim->world->requests;
	out->lost = counts.lost;
	out->copies = sim->returns + sim->clones;
	out->forks = sim->forks;
	out->releases = sim->releases;
	out->erasures = sim->erasures;
	out->erased = counts.erased;
	out->ended = sim->ended_count;
	out->restores = sim->restores;
	out->set_backs = sim->set_backs;
	memcpy(out->root, sim->root, sizeof out->root);
	memcpy(out->why, sim->why, sizeof out->why);
	memcpy(out->trace, sim->trace, sizeof out->trace);
	out->traced = sim->traced;
}

static void
child(const struct sim_options *options, int pipe_end)
{
	static struct report report;
	const uint8_t *at = (const uint8_t *)&report;
	struct sim *sim = sim_run(options);
	size_t written = 0;
	ssize_t piece = 1;

	report_make(sim, &report);
	sim_free(sim);
	while (written < sizeof report && piece > 0) {
		piece = write(pipe_end, at + written, sizeof report - written);
		written += piece > 0 ? (size_t)piece : 0;
	}
	_exit(written == sizeof report ? 0 : 3);
}

static void
run_one(const struct sim_options *options, struct report *out)
{
	int ends[2];
	int status = 0;
	size_t got = 0;
	ssize_t piece = 1;
	pid_t process;

	memset(out, 0, sizeof *out);
	(void)fflush(NULL);
	process = pipe(ends) == 0 ? fork() : -1;
	if (process < 0) {
		perror("simulation");
		exit(2);
	}
	if (process == 0) {
		(void)close(ends[0]);
		child(options, ends[1]);
	}
	(void)close(ends[1]);
	while (got < sizeof *out && piece > 0) {
		piece = read(ends[0], (uint8_t *)out + got, sizeof *out - got);
		got += piece > 0 ? (size_t)piece : 0;
	}
	(void)close(ends[0]);
	(void)waitpid(process, &status, 0);
	if (got < sizeof *out || status != 0) {
		(void)snprintf(out->why, sizeof out->why, "the process ended with status %d",
			       status);
		out->failed = true;
		out->step = out->done ? out->step : options->steps;
	}
}

/* ---- shrinking ---- */

struct shrink {
	struct sim_options best;
	struct report *report; /* of the best */
	struct report *tried;
	uint64_t runs;
	uint64_t runs_max;
};

static bool
shrink_try(struct shrink *shrink, const struct sim_options *options)
{
	struct report *tried = shrink->tried;

	if (shrink->runs >= shrink->runs_max) {
		return false;
	}
	shrink->runs++;
	run_one(options, tried);
	if (!tried->failed) {
		return false;
	}
	shrink->best = *options;
	shrink->tried = shrink->report;
	shrink->report = tried;
	return true;
}

static void
shrink_steps(struct shrink *shrink)
{
	struct sim_options fewer = shrink->best;

	/* What comes after the step that failed is not needed at all. */
	if (shrink->report->step < fewer.steps) {
		fewer.steps = shrink->report->step;
		(void)shrink_try(shrink, &fewer);
	}
	for (size_t cut = shrink->best.steps / 2; cut > 0; cut /= 2) {
		while (shrink->best.steps > cut) {
			fewer = shrink->best;
			fewer.steps -= cut;
			if (!shrink_try(shrink, &fewer)) {
				break;
			}
		}
	}
}

static void
shrink_run(struct shrink *shrink)
{
	struct sim_options fewer;

	shrink_steps(shrink);
	for (unsigned fault = 0; fault < SIM_FAULTS; fault++) {
		fewer = shrink->best;
		fewer.faults &= ~(1U << fault);
		if (fewer.faults != shrink->best.faults) {
			(void)shrink_try(shrink, &fewer);
		}
	}
	for (size_t devices = 1; devices < shrink->best.devices; devices++) {
		fewer = shrink->best;
		fewer.devices = devices;
		if (shrink_try(shrink, &fewer)) {
			break;
		}
	}
	shrink_steps(shrink);
}

/* ---- telling ---- */

static void
print_faults(unsigned faults)
{
	const char *comma = "";

	for (unsigned i = 0; i < SIM_FAULTS; i++) {
		if ((faults >> i & 1) != 0) {
			(void)printf("%s%s", comma, sim_fault_names[i]);
			comma = ",";
		}
	}
	(void)printf("%s\n", comma[0] == '\0' ? "none" : "");
}

static void
print_failure(const struct shrink *shrink)
{
	const struct report *report = shrink->report;
	size_t lines = report->traced < SIM_TRACE ? report->traced : SIM_TRACE;

	(void)printf(
		"  shortest found (%llu runs): --seeds 1 --from %llu --steps %zu --devices %zu "
		"--faults ",
		(unsigned long long)shrink->runs, (unsigned long long)shrink->best.seed,
		shrink->best.steps, shrink->best.devices);
	print_faults(shrink->best.faults);
	for (size_t i = report->traced - lines; i < report->traced; i++) {
		(void)printf("  %s\n", report->trace[i % SIM_TRACE]);
	}
	(void)printf("  step %zu%s: %s\n", report->step,
		     report->step > shrink->best.steps ? " (at rest)" : "", report->why);
}

static void
print_seed(const struct sim_options *options, const struct report *report)
{
	(void)printf(
		"seed %llu: %s: %zu events, %llu changes, %llu requests, %llu crashes, "
		"%llu disk errors, %llu conflicts, %llu set aside, %u restores (%u unannounced), "
		"%llu lost, %u copies, %u forks, %u released, %u erasures, %llu changes erased, "
		"%zu ended, head %llu, root ",
		(unsigned long long)options->seed, report->failed ? "FAILED" : "good",
		report->step - 1, (unsigned long long)report->changes,
		(unsigned long long)report->requests, (unsigned long long)report->crashes,
		(unsigned long long)report->errors, (unsigned long long)report->conflicts,
		(unsigned long long)report->quarantined, report->restores, report->set_backs,
		(unsigned long long)report->lost, report->copies, report->forks, report->releases,
		report->erasures, (unsigned long long)report->erased, report->ended,
		(unsigned long long)report->head);
	for (size_t i = 0; i < 8; i++) {
		(void)printf("%02x", report->root[i]);
	}
	(void)printf("\n");
}

static bool
run_seed(const struct options *options, uint64_t seed)
{
	static struct report first;
	static struct report second;
	struct shrink shrink = {.best = options->sim,
				.report = &first,
				.tried = &second,
				.runs_max = options->shrink};

	shrink.best.seed = seed;
	run_one(&shrink.best, &first);
	if (!first.failed && options->twice != 0 && seed % options->twice == 0) {
		run_one(&shrink.best, &second);
		if (second.failed || memcmp(first.root, second.root, sizeof first.root) != 0) {
			(void)printf("seed %llu: FAILED: another root the second time\n",
				     (unsigned long long)seed);
			return false;
		}
	}
	print_seed(&shrink.best, &first);
	if (first.failed) {
		(void)printf("  %s\n", first.why);
		shrink_run(&shrink);
		print_failure(&shrink);
	}
	(void)fflush(stdout);
	return !shrink.report->failed;
}

/* ---- options ---- */

static bool
parse_faults(const char *text, unsigned *out)
{
	unsigned faults = 0;

	while (*text != '\0' && strcmp(text, "none") != 0) {
		size_t length = strcspn(text, ",");
		unsigned i = 0;

		while (i < SIM_FAULTS && (strlen(sim_fault_names[i]) != length ||
					  strncmp(sim_fault_names[i], text, length) != 0)) {
			i++;
		}
		if (i == SIM_FAULTS) {
			return false;
		}
		faults |= 1U << i;
		text += length + (text[length] == ',');
	}
	*out = faults;
	return true;
}

static bool
parse_options(int argc, char **argv, struct options *out)
{
	for (int i = 1; i + 1 < argc; i += 2) {
		uint64_t value = strtoull(argv[i + 1], NULL, 10);

		if (strcmp(argv[i], "--seeds") == 0) {
			out->seeds = value;
		} else if (strcmp(argv[i], "--from") == 0) {
			out->from = value;
		} else if (strcmp(argv[i], "--twice") == 0) {
			out->twice = value;
		} else if (strcmp(argv[i], "--shrink") == 0) {
			out->shrink = value;
		} else if (strcmp(argv[i], "--steps") == 0) {
			out->sim.steps = (size_t)value;
		} else if (strcmp(argv[i], "--devices") == 0 && value > 0 &&
			   value <= WORLD_DEVICES_MAX) {
			out->sim.devices = (size_t)value;
		} else if (strcmp(argv[i], "--faults") != 0 ||
			   !parse_faults(argv[i + 1], &out->sim.faults)) {
			return false;
		}
	}
	return argc % 2 == 1;
}

int
main(int argc, char **argv)
{
	struct options options = {.sim = {.steps = 300,
					  .devices = 6,
					  .faults = SIM_ALL,
					  .schema = getenv("SAMBUNG_SCHEMA")},
				  .seeds = 20,
				  .from = 1,
				  .shrink = 60};
	uint64_t failed = 0;

	if (!parse_options(argc, argv, &options) || options.sim.schema == NULL) {
		(void)fprintf(stderr, "usage: SAMBUNG_SCHEMA=file.json run [--seeds N] [--from S] "
				      "[--steps K] [--devices D] [--faults NAME,NAME] [--twice M] "
				      "[--shrink R]\n");
		return 2;
	}
	for (uint64_t seed = options.from; seed < options.from + options.seeds; seed++) {
		failed += !run_seed(&options, seed);
	}
	(void)printf("%llu seeds ran, %llu failed\n", (unsigned long long)options.seeds,
		     (unsigned long long)failed);
	return failed == 0 ? 0 : 1;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/round.h"

#include "daemon/folder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TOGETHER = 32 /* villages that are written in one transaction */ };

/* A device in the making, until the commit that tells its cursor. */
struct waiting_device {
	struct district_device device;
	struct draft drafts[ROUND_TURNS_MAX];
};

struct making {
	const struct round_plan *plan;
	struct workload *workload;
	struct district district;
	struct waiting_device *waiting; /* TOGETHER villages' */
	struct round *out;
	size_t villages; /* that are done */
};

static bool
next_device(struct workload *workload, const struct workload_device **out)
{
	struct error err = {0};

	host_must(workload_next(workload, out, &err), "the workload", &err);
	return *out != NULL;
}

static void
draft_village(struct making *making, const struct workload_device *from, size_t place,
	      struct waiting_device *waiting)
{
	const struct round_plan *plan = making->plan;
	struct district_village village;

	district_import(&making->district, from, plan->extent, &village);
	for (unsigned author = 0; author < plan->authors; author++) {
		struct waiting_device *made = &waiting[author];
		uint32_t n = 0;

		district_enrol(&making->district, from->village, &made->device);
		for (unsigned turn = 0; turn < plan->turns; turn++) {
			struct draft *draft = &made->drafts[turn];

			draft->n_before = n;
			plan->draft(plan->context,
				    &(struct round_draft){.district = &making->district,
							  .village = &village,
							  .from = from,
							  .device = &made->device,
							  .place = place,
							  .author = author,
							  .turn = turn,
							  .draft = draft});
			n += (uint32_t)draft->count;
		}
	}
}

static void
seal_device(struct making *making, struct waiting_device *waiting, size_t place)
{
	district_device_ready(&making->district, &waiting->device);
	for (unsigned turn = 0; turn < making->plan->turns; turn++) {
		draft_seal(&waiting->drafts[turn], &making->district, &waiting->device,
			   &making->out->requests[turn * making->out->count + place]);
	}
}

/* Up to TOGETHER villages with their records and parcels; false behind the last. */
static bool
make_villages(struct making *making)
{
	unsigned authors = making->plan->authors;
	const struct workload_device *from;
	size_t count = 0;

	district_begin(&making->district);
	while (count < TOGETHER && next_device(making->workload, &from)) {
		draft_village(making, from, making->villages + count,
			      &making->waiting[count * authors]);
		count++;
	}
	district_commit(&making->district);
	if (making->villages + count > making->plan->villages) {
		host_die("the workload has more devices than were asked for");
	}
	for (size_t i = 0; i < count * authors; i++) {
		seal_device(making, &making->waiting[i], making->villages * authors + i);
	}
	making->villages += count;
	return count == TOGETHER;
}

static void
make_all(struct making *making)
{
	size_t devices = (size_t)TOGETHER * making->plan->authors;

	making->waiting = host_take(devices, sizeof *making->waiting);
	for (size_t i = 0; i < devices; i++) {
		for (size_t turn = 0; turn < ROUND_TURNS_MAX; turn++) {
			draft_init(&making->waiting[i].drafts[turn]);
		}
	}
	district_found(&making->district, making->out->folder);
	while (make_villages(making)) {
	}
	district_rest(&making->district);
	district_close(&making->district);
	for (size_t i = 0; i < devices; i++) {
		for (size_t turn = 0; turn < ROUND_TURNS_MAX; turn++) {
			draft_finish(&making->waiting[i].drafts[turn]);
		}
	}
	free(making->waiting);
}

void
round_make_plan(const struct round_plan *plan, struct round *out)
{
	struct workload_order order = {.devices = plan->villages, .visits = ROUND_VISITS};
	struct making making = {.plan = plan, .out = out};
	struct error err = {0};
	enum status status = workload_open(&order, &making.workload, &err);

	if (status == STATUS_NOT_FOUND) {
		(void)fprintf(stderr, "skipped: %s\n", err.detail);
		exit(WORKLOAD_SKIPPED);
	}
	host_must(status, "the workload", &err);
	memset(out, 0, sizeof *out);
	host_folder_make(out->folder);
	out->count = (size_t)plan->villages * plan->authors;
	out->turns = plan->turns;
	out->requests = host_take(out->count * out->turns, sizeof *out->requests);
	make_all(&making);
	workload_close(making.workload);
	if (making.villages != plan->villages) {
		host_die("the workload has %zu devices, not %u", making.villages, plan->villages);
	}
	out->bytes = host_file_bytes(out->folder, FOLDER_DATABASE);
}

static void
draft_day(void *context, const struct round_draft *to)
{
	(void)context;
	draft_add_visits(to->draft, to->device, to->village, to->from->visits,
			 to->from->visit_count);
}

void
round_make(unsigned devices, enum district_extent extent, struct round *out)
{
	struct round_plan plan = {.villages = devices,
				  .authors = 1,
				  .turns = 1,
				  .extent = extent,
				  .draft = draft_day};

	round_make_plan(&plan, out);
}

void
round_free(struct round *round)
{
	load_requests_free(round->requests, round->count * round->turns);
	host_folder_remove(round->folder);
}

void
run_begin(const struct round *round, int core, struct run *out)
{
	int length = snprintf(out->folder, sizeof out->folder, "%s-run", round->folder);

	if (length < 0 || (size_t)length >= sizeof out->folder) {
		host_die("a path is too long");
	}
	host_folder_copy(round->folder, out->folder);
	host_daemon_start(out->folder, core, &out->daemon);
}

void
run_stop(struct run *run)
{
	host_daemon_stop(&run->daemon, &run->usage);
}

void
run_end(struct run *run)
{
	host_folder_remove(run->folder);
}

void
figures_add_load(struct figures *figures, const struct load_result *load,
		 const struct host_usage *usage, uint64_t visits)
{
	figures_add(figures, "visits_per_s", (double)visits / load->seconds);
	figures_add(figures, "server_cpu_s_per_1000", usage->cpu_s * 1000 / (double)visits);
	figures_add(figures, "generator_cpu_share", load->cpu_s / (load->cpu_s + usage->cpu_s));
	/* How many of the machine's processors other guests had meanwhile. */
	figures_add(figures, "stolen_cores", load->stolen_s / load->seconds);
	figures_add(figures, "seconds", load->seconds);
	figures_add(figures, "visits", (double)visits);
	figures_add(figures, "requests", (double)load->requests);
	figures_add(figures, "bytes_up", (double)load->bytes_up);
	figures_add(figures, "bytes_total", (double)(load->bytes_up + load->bytes_down));
	figures_add(figures, "p50_ms", load->p50_ms);
	figures_add(figures, "p99_ms", load->p99_ms);
	figures_add(figures, "max_ms", load->max_ms);
	figures_add(figures, "peak_rss_mib", usage->peak_rss_mib);
}

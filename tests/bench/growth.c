/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/growth.h"

#include "daemon/folder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	TOGETHER = 32,	   /* villages in one transaction */
	FILL_VISITS = 100, /* of a parcel of the fill, at most */
	NOTE_SIZE = 48,
};
#define FIRST_VILLAGE UINT64_C(3300000000)

/* ---- the villages ---- */

static void
read_model(struct growth *growth)
{
	struct workload_order order = {
		.devices = 1, .visits = GROWTH_VISITS_OF_DAY, .history = GROWTH_VISITS_OF_VILLAGE};
	struct error err = {0};
	enum status status = workload_open(&order, &growth->workload, &err);

	if (status == STATUS_NOT_FOUND) {
		(void)fprintf(stderr, "skipped: %s\n", err.detail);
		exit(WORKLOAD_SKIPPED);
	}
	host_must(status, "the workload", &err);
	host_must(workload_next(growth->workload, &growth->model, &err), "the workload", &err);
	if (growth->model == NULL || growth->model->history_count != GROWTH_VISITS_OF_VILLAGE) {
		host_die("the workload has no history");
	}
}

/* The villages are numbered in the order in which they are made. */
static void
make_village(struct growth *growth, size_t place, struct growth_village *village)
{
	struct workload_device *model = host_take(1, sizeof *model);

	*model = *growth->model;
	model->village = FIRST_VILLAGE + place;
	district_import(&growth->district, model, DISTRICT_ALL, &village->records);
	district_enrol(&growth->district, model->village, &village->author);
	district_enrol(&growth->district, model->village, &village->reader);
	free(model);
}

static void
open_reader(struct growth *growth)
{
	struct error err = {0};
	char path[HOST_PATH_SIZE];

	host_path(growth->district.folder, FOLDER_DATABASE, path);
	host_must(store_open(path, STORE_READER, &growth->reader, &err), "a reader", &err);
}

void
growth_found(struct growth *growth, const char *folder, uint64_t held, size_t devices)
{
	size_t villages = held / GROWTH_VISITS_OF_VILLAGE;

	villages = villages < devices ? devices : villages;
	if (villages == 0) {
		host_die("neither visits nor devices");
	}
	memset(growth, 0, sizeof *growth);
	read_model(growth);
	growth->villages = host_take(villages, sizeof *growth->villages);
	growth->village_count = villages;
	district_found(&growth->district, folder);
	for (size_t i = 0; i < villages; i += TOGETHER) {
		district_begin(&growth->district);
		for (size_t j = i; j < i + TOGETHER && j < villages; j++) {
			make_village(growth, j, &growth->villages[j]);
		}
		district_commit(&growth->district);
	}
	open_reader(growth);
}

void
growth_leave(struct growth *growth)
{
	store_close(growth->reader);
	district_rest(&growth->district);
	district_close(&growth->district);
}

void
growth_return(struct growth *growth)
{
	district_reopen(&growth->district);
	open_reader(growth);
}

void
growth_free(struct growth *growth)
{
	workload_close(growth->workload);
	free(growth->villages);
}

/* ---- parcels that are written here ---- */

/* Writes requests in one transaction, as the daemon would, without answering. */
static void
write_requests(struct growth *growth, const struct load_request *requests, size_t count)
{
	struct parcel *parcels = host_take(count, sizeof *parcels);
	struct error err = {0};

	district_begin(&growth->district);
	for (size_t i = 0; i < count; i++) {
		parcel_init(&parcels[i]);
		ingest_open(&parcels[i], growth->reader, &growth->district.keys,
			    requests[i].parcel);
		host_must(ingest_parcel(growth->district.ingest, &parcels[i], &err), "a parcel",
			  &err);
		if (parcels[i].acked_n != requests[i].last_n) {
			host_die("a parcel of the fill was refused: %s",
				 status_name(parcels[i].status));
		}
	}
	district_commit(&growth->district);
	for (size_t i = 0; i < count; i++) {
		parcel_finish(&parcels[i]);
	}
	free(parcels);
}

/* Each parcel of the fill goes on where the one before it in that village ended. */
static void
fill_villages(struct growth *growth, struct draft *draft, size_t from, size_t count, size_t visits)
{
	struct load_request *requests = host_take(count, sizeof *requests);
	size_t first = growth->filled % GROWTH_VISITS_OF_VILLAGE;

	for (size_t i = 0; i < count; i++) {
		struct growth_village *village = &growth->villages[from + i];

		draft->n_before = village->author.n;
		draft_add_visits(draft, &village->author, &village->records,
				 growth->model->history + first, visits);
		draft_seal(draft, &growth->district, &village->author, &requests[i]);
	}
	write_requests(growth, requests, count);
	load_requests_free(requests, count);
	growth->held += count * visits;
}

/* How many visits each village gets next: what is missing, shared out, as far as a parcel and the
 * model's history go. */
static size_t
fill_step(const struct growth *growth, uint64_t held)
{
	size_t villages = growth->village_count;
	size_t step = (size_t)(held - growth->held + villages - 1) / villages;
	size_t rest = GROWTH_VISITS_OF_VILLAGE - growth->filled % GROWTH_VISITS_OF_VILLAGE;

	step = step < FILL_VISITS ? step : FILL_VISITS;
	return step < rest ? step : rest;
}

void
growth_fill(struct growth *growth, uint64_t held)
{
	struct draft draft;

	draft_init(&draft);
	while (growth->held < held) {
		size_t step = fill_step(growth, held);

		for (size_t i = 0; i < growth->village_count; i += TOGETHER) {
			size_t left = growth->village_count - i;

			fill_villages(growth, &draft, i, left < TOGETHER ? left : TOGETHER, step);
		}
		growth->filled += step;
	}
	draft_finish(&draft);
}

/* ---- parcels for the daemon ---- */

/* The village of one of `count` places that are spread over all. */
static struct growth_village *
village_at(struct growth *growth, size_t place, size_t count)
{
	return &growth->villages[place * growth->village_count / count];
}

struct load_request *
growth_day(struct growth *growth, size_t count)
{
	struct load_request *requests = host_take(count, sizeof *requests);
	struct district_device *devices = host_take(count, sizeof *devices);
	struct draft draft;

	draft_init(&draft);
	district_begin(&growth->district);
	for (size_t i = 0; i < count; i++) {
		district_enrol(&growth->district, village_at(growth, i, count)->records.village,
			       &devices[i]);
	}
	district_commit(&growth->district);
	for (size_t i = 0; i < count; i++) {
		size_t day =
			(i + growth->measure) % (GROWTH_VISITS_OF_VILLAGE / GROWTH_VISITS_OF_DAY);

		district_device_ready(&growth->district, &devices[i]);
		draft.n_before = 0;
		draft_add_visits(&draft, &devices[i], &village_at(growth, i, count)->records,
				 growth->model->history + day * GROWTH_VISITS_OF_DAY,
				 GROWTH_VISITS_OF_DAY);
		draft_seal(&draft, &growth->district, &devices[i], &requests[i]);
	}
	draft_finish(&draft);
	free(devices);
	growth->measure++;
	return requests;
}

static void
edit_families(struct growth *growth, struct growth_village *village, size_t families,
	      struct draft *draft)
{
	draft->n_before = village->author.n;
	for (size_t i = 0; i < families; i++) {
		char text[NOTE_SIZE];
		struct change_field field = {.tag = WORKLOAD_FAMILY_ADDRESS};
		struct change change = {
			.record = village->records.families[i],
			.type = WORKLOAD_FAMILY,
			.base = {.epoch = growth->district.ingest->ledger.epoch,
				 .version = village->records.versions[i]},
			.time = growth->model->visits[0].time,
			.fields = &field,
			.field_count = 1,
		};

		(void)snprintf(text, sizeof text, "Jl. Baru No. %05u", village->author.n + 1);
		field.value = value_text(span_of_text(text));
		draft_add(draft, &village->author, &change);
	}
}

static void
edit_villages(struct growth *growth, size_t count)
{
	struct load_request *requests = host_take(count, sizeof *requests);
	struct draft draft;

	draft_init(&draft);
	for (size_t i = 0; i < count; i++) {
		struct growth_village *village = village_at(growth, i, count);

		edit_families(growth, village, GROWTH_EDITED, &draft);
		draft_seal(&draft, &growth->district, &village->author, &requests[i]);
	}
	for (size_t i = 0; i < count; i += TOGETHER) {
		write_requests(growth, requests + i, count - i < TOGETHER ? count - i : TOGETHER);
	}
	draft_finish(&draft);
	load_requests_free(requests, count);
}

struct load_request *
growth_pull(struct growth *growth, size_t count, bool changed)
{
	struct load_request *requests = host_take(count, sizeof *requests);
	struct draft draft;

	draft_init(&draft);
	for (size_t i = 0; i < count; i++) {
		district_device_ready(&growth->district, &village_at(growth, i, count)->reader);
	}
	if (changed) {
		edit_villages(growth, count);
	}
	for (size_t i = 0; i < count; i++) {
		draft_seal(&draft, &growth->district, &village_at(growth, i, count)->reader,
			   &requests[i]);
	}
	draft_finish(&draft);
	return requests;
}

/* ---- first syncs ---- */

static void
edit_often(struct growth *growth, struct growth_village *village, unsigned edits)
{
	struct draft draft;

	draft_init(&draft);
	for (unsigned i = 0; i < edits; i++) {
		struct load_request *request = host_take(1, sizeof *request);

		edit_families(growth, village, WORKLOAD_FAMILIES, &draft);
		draft_seal(&draft, &growth->district, &village->author, request);
		write_requests(growth, request, 1);
		load_requests_free(request, 1);
	}
	draft_finish(&draft);
}

struct load_request *
growth_first(struct growth *growth, size_t count, unsigned edits)
{
	struct load_request *requests = host_take(count, sizeof *requests);
	struct growth_village *village = host_take(1, sizeof *village);
	struct draft draft;

	district_begin(&growth->district);
	make_village(growth, growth->village_count + growth->apart++, village);
	district_commit(&growth->district);
	edit_often(growth, village, edits);
	draft_init(&draft);
	for (size_t i = 0; i < count; i++) {
		struct district_device device;

		district_begin(&growth->district);
		district_enrol(&growth->district, village->records.village, &device);
		district_commit(&growth->district);
		draft_seal(&draft, &growth->district, &device, &requests[i]);
	}
	draft_finish(&draft);
	free(village);
	return requests;
}

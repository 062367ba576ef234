/* SPDX-License-Identifier: Apache-2.0 */
/*
 * days: many devices of one process record and sync at a real daemon over real HTTP, on a bad
 * network.
 *
 *     days FOLDER SEED THREADS CHANGES < CODES
 *
 * CODES has one enrolment code a line; each becomes a device in FOLDER/0, FOLDER/1 … Every device
 * records CHANGES changes: visits, and edits of a few families that all of them edit. It syncs now
 * and then, while one request in eight is lost, one reply in six is lost after the server has
 * acted, and one in six is delivered twice. At the end all sync without faults. What the devices
 * then hold is for the caller to compare.
 */
#include "client/device.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEVICES_MAX = 256, ID_LIST_MAX = 512, PAUSE_CHANGES = 12 };

struct phone {
	unsigned number;
	uint64_t random;
	bool faults;
	struct sambung *sambung;
	char families[ID_LIST_MAX][16];
	size_t family_count;
	char persons[ID_LIST_MAX][16];
	size_t person_count;
	uint64_t requests;
	uint64_t requests_lost;
	uint64_t replies_lost;
	uint64_t repeated;
	bool failed;
};

struct plan {
	const char *folder;
	uint64_t seed;
	unsigned threads;
	unsigned changes;
	char codes[DEVICES_MAX][CODE_TEXT_MAX];
	struct phone phones[DEVICES_MAX];
	unsigned count;
};

struct share {
	struct plan *plan;
	unsigned first;
	pthread_t thread;
};

static uint64_t
next_random(struct phone *phone)
{
	uint64_t z = phone->random += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static bool
complain(struct phone *phone, const char *what, const struct sambung_error *err)
{
	(void)fprintf(stderr, "days: device %u: %s: %s %s\n", phone->number, what,
		      sambung_status_name(err->status), err->detail);
	phone->failed = true;
	return false;
}

/* ---- the bad network ---- */

static int
swallow(void *sink, const void *bytes, size_t length)
{
	(void)sink;
	(void)bytes;
	(void)length;
	return 0;
}

static int
no_signal(char *why, size_t why_size)
{
	(void)snprintf(why, why_size, "no signal");
	return 1;
}

static int
post(void *context, const char *url, struct sambung_bytes body, size_t reply_limit,
     int (*take)(void *sink, const void *bytes, size_t length), void *sink, int *http_status_out,
     uint64_t *bytes_up_out, uint64_t *bytes_down_out, char *why, size_t why_size)
{
	struct phone *phone = context;
	uint64_t luck = phone->faults ? next_random(phone) % 24 : 23;

	phone->requests++;
	if (luck < 3) {
		phone->requests_lost++;
		return no_signal(why, why_size);
	}
	if (luck < 7) {
		phone->replies_lost++;
		(void)transport_http_post(NULL, url, body, reply_limit, swallow, NULL,
					  http_status_out, bytes_up_out, bytes_down_out, why,
					  why_size);
		return no_signal(why, why_size);
	}
	if (luck < 11) {
		phone->repeated++;
		(void)transport_http_post(NULL, url, body, reply_limit, swallow, NULL,
					  http_status_out, bytes_up_out, bytes_down_out, why,
					  why_size);
	}
	return transport_http_post(NULL, url, body, reply_limit, take, sink, http_status_out,
				   bytes_up_out, bytes_down_out, why, why_size);
}

/* ---- a device's life ---- */

struct id_list {
	char (*ids)[16];
	size_t *count;
};

static int
note_id(void *context, const char *line, size_t length)
{
	struct id_list *list = context;

	/* Every record line begins {"id":"…" */
	if (*list->count < ID_LIST_MAX && length > 22 && strncmp(line, "{\"id\":\"", 7) == 0) {
		size_t end = strcspn(line + 7, "\"");

		memcpy(list->ids[*list->count], line + 7, end < 15 ? end : 15);
		(*list->count)++;
	}
	return 0;
}

static bool
sync_phone(struct phone *phone)
{
	struct sambung_result result;
	struct sambung_error err = {0};

	for (int attempt = 0; attempt < 50; attempt++) {
		int status = sambung_sync(phone->sambung, NULL, NULL, &result, &err);

		if ((status == 0 && result.synced) || (phone->faults && status != 0)) {
			return true;
		}
		if (status != 0 && strcmp(sambung_status_name(status), "busy") != 0) {
			break;
		}
	}
	return complain(phone, "sync", &err);
}

static bool
join(struct phone *phone, const char *folder, const char *code)
{
	struct sambung_platform platform = platform_builtin;
	struct sambung_options options = {.platform = &platform};
	struct sambung_error err;
	char path[512];

	platform.context = phone;
	platform.post = post;
	platform.wait = NULL;
	(void)snprintf(path, sizeof path, "%s/%u", folder, phone->number);
	options.directory = path;
	if (sambung_open(&options, &phone->sambung, &err) != 0) {
		return complain(phone, "open", &err);
	}
	if (sambung_enrol(phone->sambung, code, &err) != 0) {
		return complain(phone, "enrol", &err);
	}
	return sync_phone(phone) &&
	       (sambung_records(phone->sambung, &(struct sambung_query){.type = "family"}, note_id,
				&(struct id_list){phone->families, &phone->family_count},
				&err) == 0) &&
	       (sambung_records(phone->sambung, &(struct sambung_query){.type = "person"}, note_id,
				&(struct id_list){phone->persons, &phone->person_count},
				&err) == 0);
}

static bool
record_something(struct phone *phone)
{
	struct sambung_edit *edit = NULL;
	struct sambung_error err;
	char text[32];
	bool visit = next_random(phone) % 4 != 0;
	int status;

	if (visit) {
		status = sambung_edit_create(phone->sambung, "visit", &edit, &err);
	} else {
		status = sambung_edit_begin(phone->sambung, phone->families[next_random(phone) % 8],
					    &edit, &err);
	}
	(void)snprintf(text, sizeof text, visit ? "%u" : "Jl. Uji %u",
		       3 + (unsigned)(next_random(phone) % 40));
	if (status == 0 && visit) {
		status = sambung_edit_set(edit, "person",
					  phone->persons[next_random(phone) % phone->person_count],
					  &err);
	}
	if (status == 0) {
		status = sambung_edit_set(edit, visit ? "weight" : "address", text, &err);
	}
	if (status == 0) {
		status = sambung_edit_commit(edit, NULL, NULL, &err);
	}
	return status == 0 ? true : complain(phone, "record", &err);
}

static bool
live(struct phone *phone, const struct plan *plan)
{
	if (!join(phone, plan->folder, plan->codes[phone->number]) || phone->family_count < 8 ||
	    phone->person_count == 0) {
		return false;
	}
	phone->faults = true;
	for (unsigned i = 0; i < plan->changes; i++) {
		if (!record_something(phone) ||
		    (next_random(phone) % PAUSE_CHANGES == 0 && !sync_phone(phone))) {
			return false;
		}
	}
	return true;
}

static void *
live_share(void *context)
{
	struct share *share = context;
	struct plan *plan = share->plan;

	for (unsigned i = share->first; i < plan->count; i += plan->threads) {
		if (!live(&plan->phones[i], plan)) {
			plan->phones[i].failed = true;
		}
	}
	return NULL;
}

/* ---- all of them ---- */

static void
read_codes(struct plan *plan)
{
	while (plan->count < DEVICES_MAX &&
	       fgets(plan->codes[plan->count], CODE_TEXT_MAX, stdin) != NULL) {
		plan->codes[plan->count][strcspn(plan->codes[plan->count], "\n")] = '\0';
		plan->phones[plan->count].number = plan->count;
		plan->phones[plan->count].random = plan->seed * 1000 + plan->count;
		plan->count++;
	}
}

static void
run_all(struct plan *plan)
{
	struct share shares[64];

	for (unsigned i = 0; i < plan->threads; i++) {
		shares[i].plan = plan;
		shares[i].first = i;
		if (pthread_create(&shares[i].thread, NULL, live_share, &shares[i]) != 0) {
			abort();
		}
	}
	for (unsigned i = 0; i < plan->threads; i++) {
		(void)pthread_join(shares[i].thread, NULL);
	}
	for (unsigned round = 0; round < 2; round++) {
		for (unsigned i = 0; i < plan->count; i++) {
			plan->phones[i].faults = false;
			if (plan->phones[i].sambung != NULL && !plan->phones[i].failed) {
				(void)sync_phone(&plan->phones[i]);
			}
		}
	}
}

static int
report(struct plan *plan)
{
	struct phone sum = {.number = 0};
	unsigned failed = 0;

	for (unsigned i = 0; i < plan->count; i++) {
		const struct phone *phone = &plan->phones[i];

		sum.requests += phone->requests;
		sum.requests_lost += phone->requests_lost;
		sum.replies_lost += phone->replies_lost;
		sum.repeated += phone->repeated;
		failed += phone->failed;
		sambung_close(phone->sambung);
	}
	(void)printf(
		"days: seed %llu: %u devices, %u changes each, %llu requests, %llu lost, %llu replies lost, "
		"%llu repeated, %u devices failed\n",
		(unsigned long long)plan->seed, plan->count, plan->changes,
		(unsigned long long)sum.requests, (unsigned long long)sum.requests_lost,
		(unsigned long long)sum.replies_lost, (unsigned long long)sum.repeated, failed);
	return failed == 0 && plan->count > 0 ? 0 : 1;
}

int
main(int argc, char **argv)
{
	struct plan *plan = calloc(1, sizeof *plan);
	int status;

	if (argc != 5 || plan == NULL) {
		(void)fprintf(stderr, "usage: days FOLDER SEED THREADS CHANGES < CODES\n");
		return 2;
	}
	plan->folder = argv[1];
	plan->seed = strtoull(argv[2], NULL, 10);
	plan->threads = (unsigned)strtoul(argv[3], NULL, 10) % 64;
	plan->changes = (unsigned)strtoul(argv[4], NULL, 10);
	if (plan->threads == 0) {
		plan->threads = 1;
	}
	read_codes(plan);
	run_all(plan);
	status = report(plan);
	free(plan);
	return status;
}

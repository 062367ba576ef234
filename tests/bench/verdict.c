/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/verdict.h"

#include "daemon/folder.h"
#include "protocol/message.h"
#include "protocol/sql/sql.h"
#include "tests/bench/host.h"
#include "tests/check/check_store.h"

#include <stdlib.h>

enum { REPLY_MEMORY = 64 * 1024 * 1024, N_MAX = 64 };

/* ---- replies ---- */

static void
check_reply(const struct load_request *request, const struct reply *reply, struct findings *out)
{
	if (reply->status != STATUS_OK || reply->acked_n != request->last_n) {
		host_die("device %u: the reply says %s, %u of %u changes acknowledged",
			 request->device, status_name(reply->status), reply->acked_n,
			 request->last_n);
	}
	for (size_t i = 0; i < reply->exception_count; i++) {
		if (reply->exceptions[i].kind != EXCEPTION_CONFLICT) {
			host_die("device %u: change %u is in quarantine, reason %u",
				 request->device, reply->exceptions[i].n,
				 reply->exceptions[i].reason);
		}
		out->conflicts++;
	}
	out->changes += request->last_n - request->first_n + 1;
	out->records += reply->record_count;
}

void
verdict_replies(const struct load_request *requests, size_t count, struct findings *out)
{
	struct buffer opened;
	struct buffer plain;
	struct arena arena;
	struct reply reply;
	struct error err = {0};

	*out = (struct findings){0};
	buffer_init(&opened, PARCEL_REPLY_MAX);
	buffer_init(&plain, MESSAGE_REPLY_MAX);
	arena_init(&arena, REPLY_MEMORY);
	for (size_t i = 0; i < count; i++) {
		if (requests[i].http != 200) {
			host_die("device %u: HTTP status %u", requests[i].device, requests[i].http);
		}
		buffer_clear(&opened);
		arena_reset(&arena);
		host_must(parcel_open_reply(&requests[i].session, buffer_span(&requests[i].reply),
					    &opened, &err),
			  "opening a reply", &err);
		host_must(reply_unpack(buffer_span(&opened), &plain, &arena, &reply, &err),
			  "unpacking a reply", &err);
		check_reply(&requests[i], &reply, out);
	}
	arena_finish(&arena);
	buffer_finish(&plain);
	buffer_finish(&opened);
}

/* ---- the log ---- */

struct logged_device {
	uint32_t number;
	uint32_t last_n;
	uint64_t seen; /* bit n - 1 */
};

static int
compare_devices(const void *a, const void *b)
{
	uint32_t left = ((const struct logged_device *)a)->number;
	uint32_t right = ((const struct logged_device *)b)->number;

	return (left > right) - (left < right);
}

/* Ascending numbers, a device's requests joined. */
static size_t
collect_devices(const struct load_request *requests, size_t count, struct logged_device *out)
{
	size_t joined = 0;

	for (size_t i = 0; i < count; i++) {
		out[i] = (struct logged_device){.number = requests[i].device,
						.last_n = requests[i].last_n};
		if (requests[i].last_n > N_MAX) {
			host_die("more than %d changes of a device", N_MAX);
		}
	}
	qsort(out, count, sizeof *out, compare_devices);
	for (size_t i = 0; i < count; i++) {
		if (joined == 0 || out[joined - 1].number != out[i].number) {
			out[joined++] = out[i];
		} else if (out[joined - 1].last_n < out[i].last_n) {
			out[joined - 1].last_n = out[i].last_n;
		}
	}
	return joined;
}

static void
see_change(struct logged_device *devices, size_t count, uint32_t stream, uint64_t n)
{
	const struct logged_device wanted = {.number = stream};
	struct logged_device *device =
		bsearch(&wanted, devices, count, sizeof *devices, compare_devices);
	uint64_t bit;

	if (device == NULL) {
		return;
	}
	if (n == 0 || n > device->last_n) {
		host_die("device %u: change %llu was never sent", stream, (unsigned long long)n);
	}
	bit = UINT64_C(1) << (n - 1);
	if ((device->seen & bit) != 0) {
		host_die("device %u: change %llu is in the log twice", stream,
			 (unsigned long long)n);
	}
	device->seen |= bit;
}

static void
read_log(const char *folder, struct logged_device *devices, size_t count)
{
	const struct sql_options options = {
		.access = SQL_READ, .busy_ms = 10000, .cache_kib = 4096};
	struct statement *statement;
	struct error err = {0};
	struct sql *sql;
	char path[HOST_PATH_SIZE];
	bool row = true;

	host_path(folder, FOLDER_DATABASE, path);
	host_must(sql_open(path, &options, &sql, &err), "the database", &err);
	statement = sql_prepare(sql, "SELECT stream, n FROM log WHERE kind = 1", &err);
	if (statement == NULL) {
		host_must(err.status, "the log", &err);
	}
	while (row) {
		host_must(sql_row(statement, &row, &err), "the log", &err);
		if (row) {
			see_change(devices, count, (uint32_t)sql_uint(statement, 0),
				   sql_uint(statement, 1));
		}
	}
	sql_close(sql);
}

void
verdict_log(const char *folder, const struct load_request *requests, size_t count)
{
	struct logged_device *devices = host_take(count, sizeof *devices);
	size_t joined = collect_devices(requests, count, devices);

	read_log(folder, devices, joined);
	for (size_t i = 0; i < joined; i++) {
		if (devices[i].seen != UINT64_MAX >> (N_MAX - devices[i].last_n)) {
			host_die("device %u: an acknowledged change is not in the log",
				 devices[i].number);
		}
	}
	free(devices);
}

void
verdict_store(const char *folder)
{
	struct error err = {0};

	host_must(check_store_database(folder, &err), "the database is wrong", &err);
}

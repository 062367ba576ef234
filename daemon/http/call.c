/* SPDX-License-Identifier: Apache-2.0 */
#include "call.h"

#include "daemon/log.h"
#include "protocol/crypto.h"
#include "protocol/json.h"
#include "read_entry.h"
#include "routes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OUT_MAX = 32 * 1024 * 1024 };

static const char *const media_names[] = {
	[MEDIA_NONE] = "",
	[MEDIA_JSON] = "application/json",
	[MEDIA_LINES] = "application/x-ndjson",
	[MEDIA_CSV] = "text/csv",
	[MEDIA_PARCEL] = "application/vnd.sambung.parcel",
	[MEDIA_CARRY] = "application/vnd.sambung.carry",
	[MEDIA_TEXT] = "text/plain",
	[MEDIA_BYTES] = "application/octet-stream",
};

const char *
media_name(enum media media)
{
	return media_names[media];
}

struct call *
call_create(struct service *service, const struct call_head *head)
{
	struct call *call = calloc(1, sizeof *call);

	if (call == NULL) {
		return NULL;
	}
	call->service = service;
	call->address = head->address;
	service_enter(service);
	atomic_init(&call->references, 1);
	call->route = route_find(head->method, head->path, call->argument, &call->allow);
	buffer_init(&call->body, call->route == NULL ? 0 : call->route->body_limit);
	buffer_init(&call->out, OUT_MAX);
	buffer_init(&call->reason, QUARANTINE_REASON_MAX + 1);
	call->media = MEDIA_JSON;
	return call;
}

static void
give_reader_back(struct call *call)
{
	if (call->reader != NULL) {
		store_snapshot_end(call->reader);
		readers_give(call->service->readers, READER_LONG, call->reader);
		call->reader = NULL;
	}
}

static void
give_turn_back(struct call *call)
{
	if (call->turn) {
		service_give_turn(call->service);
		call->turn = false;
	}
}

/* ---- that a token or a login served ---- */

struct service_note {
	struct job job;
	struct service *service;
	bool signed_in;
	uint8_t hash[HASH_SIZE];
};

static enum status
note_run(struct job *job, struct ingest *ingest, struct error *err)
{
	const struct service_note *note = (struct service_note *)job;

	return note->signed_in ? ingest_login_used(ingest, note->hash, err)
			       : ingest_token_used(ingest, note->hash, err);
}

static void
note_done(struct job *job)
{
	struct service_note *note = (struct service_note *)job;

	service_end_note(note->service);
	free(note);
}

/* Operations: what is lost is noted with a later request. */
static void
note_caller(struct call *call)
{
	struct service_note *note;

	if (!call->caller.to_note || !service_begin_note(call->service)) {
		return;
	}
	note = calloc(1, sizeof *note);
	if (note == NULL) {
		service_end_note(call->service);
		return;
	}
	note->job.run = note_run;
	note->job.done = note_done;
	note->service = call->service;
	note->signed_in = call->caller.signed_in;
	memcpy(note->hash, call->caller.hash, sizeof note->hash);
	if (service_submit(call->service, &note->job, NULL) != STATUS_OK) {
		service_end_note(call->service);
		free(note);
	}
}

void
call_release(struct call *call)
{
	if (call == NULL || atomic_fetch_sub(&call->references, 1) != 1) {
		return;
	}
	note_caller(call);
	if (call->lines != NULL) {
		call->lines->close(call->lines);
	}
	give_reader_back(call);
	give_turn_back(call);
	if (call->own_free != NULL) {
		call->own_free(call->own);
	}
	/* Codes, tokens, passwords and cookies, and what is told of families. */
	crypto_wipe_buffer(&call->body);
	crypto_wipe_buffer(&call->out);
	buffer_finish(&call->reason);
	service_release(call->service, call->reserved);
	service_leave(call->service);
	crypto_wipe(call, sizeof *call);
	free(call);
}

/* What a stranger has only announced costs nothing: else a few who announce much and send little
 * would have all of the memory. */
static void
reserve_more(struct call *call, size_t length)
{
	size_t wanted = CALL_MEMORY_LEAST + CALL_MEMORY_FACTOR * (call->body.length + length);
	size_t missing = wanted > call->reserved ? wanted - call->reserved : 0;

	if (missing > 0 && missing < CALL_MEMORY_LEAST) {
		missing = CALL_MEMORY_LEAST;
	}
	if (missing > 0 && service_reserve(call->service, missing, &call->error) != STATUS_OK) {
		call->failed = true;
		buffer_finish(&call->body);
		return;
	}
	call->reserved += missing;
}

bool
call_take_body(struct call *call, const void *bytes, size_t length)
{
	if (monotonic_ms() > call->until_ms) {
		return false;
	}
	if (!call->failed) {
		reserve_more(call, length);
	}
	if (call->failed) {
		call->drained += length;
		return call->drained <= CALL_DRAIN_MAX;
	}
	buffer_append(&call->body, bytes, length);
	if (call->body.status != STATUS_OK) {
		call->failed = true;
		(void)buffer_status(&call->body, "the body", &call->error);
		buffer_finish(&call->body);
	}
	return true;
}

static bool
route_writes(const struct route *route)
{
	return route->logged || route->write != NULL;
}

static enum status
open_with_reader(struct call *call, struct error *err)
{
	struct store *reader;
	enum status status = readers_take(call->service->readers, READER_BRIEF, &reader, err);

	if (status == STATUS_OK) {
		status = call->route->open(call, reader, err);
		readers_give(call->service->readers, READER_BRIEF, reader);
	}
	return status;
}

void
call_open(struct call *call)
{
	enum status status = STATUS_OK;

	call->opened = true;
	if (call->failed) {
		return;
	}
	if (route_writes(call->route)) {
		status = service_take_turn(call->service, &call->error);
		call->turn = status == STATUS_OK;
	}
	if (status == STATUS_OK && call->route->open != NULL) {
		status = open_with_reader(call, &call->error);
	}
	call->failed = status != STATUS_OK;
	if (call->failed) {
		give_turn_back(call);
	}
}

bool
call_waits(const struct call *call)
{
	const struct route *route = call->route;

	return !call->started && !call->failed && (route_writes(route) || route->work != NULL);
}

static enum status
run_write(struct job *job, struct ingest *ingest, struct error *err)
{
	struct call *call = (struct call *)job;
	enum status status = STATUS_OK;

	if (call->route->logged) {
		status = read_entry_write(call, ingest, err);
	}
	if (status == STATUS_OK && call->route->write != NULL) {
		status = call->route->write(call, ingest, err);
	}
	return status;
}

static void
end_wait(struct call *call)
{
	give_turn_back(call);
	(void)waiting_end(call->service->waiting, &call->wait);
	call_release(call);
}

static void
run_work(struct errand *errand)
{
	struct call *call = (void *)((char *)errand - offsetof(struct call, errand));

	call->job.status = call->route->work(call, &call->job.error);
	end_wait(call);
}

static void
run_prove(struct errand *errand)
{
	struct call *call = (void *)((char *)errand - offsetof(struct call, errand));
	struct error err = {.status = STATUS_OK};
	enum status status = call->route->prove(call, &err);

	if (status == STATUS_OK) {
		status = service_submit(call->service, &call->job, &err);
	}
	/* Once it is handed over the call is the writer's. */
	if (status != STATUS_OK) {
		call->job.status = status;
		call->job.error = err;
		end_wait(call);
	}
}

static void
write_done(struct job *job)
{
	struct call *call = (struct call *)job;
	struct error err = {.status = STATUS_OK};
	bool again = call->again;
	enum status status;

	if (job->status == STATUS_OK && call->read_entry) {
		reads_keep(call->service->reads, call->read_key, service_now_ms(call->service));
	}
	if (job->status != STATUS_OK || (!again && call->route->work == NULL)) {
		end_wait(call);
		return;
	}
	call->again = false;
	if (again) {
		status = service_submit(call->service, job, &err);
	} else {
		status = errands_submit(call->service->errands, &call->errand, &err);
	}
	/* Once it is handed over the call is another thread's. */
	if (status != STATUS_OK) {
		job->status = status;
		job->error = err;
		end_wait(call);
	}
}

void
call_wake(struct wait *wait)
{
	struct call *call = (void *)((char *)wait - offsetof(struct call, wait));

	call->wake(call);
}

void
call_start(struct call *call)
{
	const struct route *route = call->route;
	struct error err = {0};
	enum status status;

	call->started = true;
	call->job.run = run_write;
	call->job.done = write_done;
	call->errand.run = route->prove != NULL ? run_prove : run_work;
	(void)atomic_fetch_add(&call->references, 1);
	waiting_begin(call->service->waiting, &call->wait, (int64_t)route->deadline_s * 1000,
		      call_wake);
	if (route->prove != NULL) {
		status = errands_submit(call->service->passwords, &call->errand, &err);
	} else if (route_writes(route)) {
		status = service_submit(call->service, &call->job, &err);
	} else {
		status = errands_submit(call->service->errands, &call->errand, &err);
	}
	if (status != STATUS_OK) {
		call->job.status = status;
		call->job.error = err;
		end_wait(call);
	}
}

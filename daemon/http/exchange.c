/* SPDX-License-Identifier: Apache-2.0 */
/* A device's sync: opened in the network thread, merged by the writer, answered from a snapshot
 * once that is durable. */
#include "daemon/log.h"
#include "handle.h"
#include "notice.h"

#include <inttypes.h>
#include <stdlib.h>

#define HOUR_MS (INT64_C(3600) * 1000)

struct exchange {
	struct call *call; /* that it belongs to */
	struct parcel parcel;
	bool reported;
};

/* The exchange's line in the list of syncs. */
static void
report(struct exchange *exchange, enum status result)
{
	if (!exchange->reported && exchange->parcel.report.id != 0) {
		exchange->parcel.report.result = result;
		service_report(exchange->call->service, &exchange->parcel.report);
	}
	exchange->reported = true;
}

static void
exchange_free(void *own)
{
	struct exchange *exchange = own;
	enum status status = exchange->call->job.status;

	if (status != STATUS_OK) {
		parcel_unwritten(&exchange->parcel);
	}
	/* The answer never left: the writer failed, or took too long. */
	report(exchange, status != STATUS_OK ? status : STATUS_TIMEOUT);
	parcel_finish(&exchange->parcel);
	free(exchange);
}

static enum status
check_rate(struct exchange *exchange, struct error *err)
{
	const struct parcel *parcel = &exchange->parcel;

	if (parcel->status == STATUS_SIGNATURE || parcel->status == STATUS_FOREIGN) {
		return call_attempt_failed(exchange->call, STATUS_OK, err);
	}
	return parcel->device.stream.number == 0
		       ? STATUS_OK
		       : call_device(exchange->call, parcel->device.stream.number, err);
}

/* Before the batch. */
static enum status
sync_notice(struct job *job, struct ingest *ingest, struct error *err)
{
	const struct call *call = (struct call *)job;

	return notice_parcel(&((struct exchange *)call->own)->parcel, ingest, err);
}

enum status
sync_open(struct call *call, struct store *reader, struct error *err)
{
	struct exchange *exchange = calloc(1, sizeof *exchange);
	enum status status;

	if (exchange == NULL) {
		return fail(err, STATUS_MEMORY, "a parcel");
	}
	exchange->call = call;
	parcel_init(&exchange->parcel);
	call->own = exchange;
	call->own_free = exchange_free;
	exchange->parcel.lease_days = call->service->lease_days;
	ingest_open(&exchange->parcel, reader, call->service->keys, buffer_span(&call->body));
	if (!exchange->parcel.sealed_reply) {
		*err = exchange->parcel.error;
		(void)fail_context(err, "the parcel");
		status = call_attempt_failed(call, exchange->parcel.status, err);
		/* Who sends more of them than may be fills no log. */
		if (status != STATUS_TOO_FAST) {
			log_event(LOG_WARNING, "a parcel was refused: %s", status_name(status));
		}
		return status;
	}
	call->job.before = exchange->parcel.shown ? sync_notice : NULL;
	status = check_rate(exchange, err);
	/* Nothing was done for it, so it is not in the list. */
	exchange->reported = status != STATUS_OK;
	return status;
}

/* A phone's word alone begins no epoch: one that lies would make a whole district send all again.
 * It is asked to show what this server signed (notice.h). In the writer's thread. */
static void
warn_astray(struct service *service, const struct parcel *parcel)
{
	int64_t now_ms = parcel->report.time_ms;

	if (service->astray_warned_ms != 0 && now_ms - service->astray_warned_ms < HOUR_MS) {
		return;
	}
	service->astray_warned_ms = now_ms;
	log_event(LOG_WARNING, "device %" PRIu32 " %s: see \"Set back unnoticed\" in operating.md",
		  parcel->head.device,
		  parcel->certificate.device != 0
			  ? "was enrolled in a part of the log that is lost, and is taken in again"
			  : "remembers another log than this, and is asked to prove it");
}

enum status
sync_write(struct call *call, struct ingest *ingest, struct error *err)
{
	struct exchange *exchange = call->own;
	enum status status = ingest_parcel(ingest, &exchange->parcel, err);

	if (status == STATUS_OK && exchange->parcel.astray) {
		warn_astray(call->service, &exchange->parcel);
	}
	return status;
}

enum status
sync_answer(struct call *call, struct store *reader, struct error *err)
{
	struct exchange *exchange = call->own;
	struct parcel *parcel = &exchange->parcel;
	enum status status = ingest_reply(parcel, reader, call->service->catalogue,
					  &call->service->platform, &call->out, err);

	report(exchange, status == STATUS_OK ? parcel->report.result : status);
	call->media = MEDIA_PARCEL;
	return status;
}

/* Codes are not to be guessed, and each guess is the writer's work. */
enum status
enrol_open(struct call *call, struct store *reader, struct error *err)
{
	(void)reader;
	return call_attempt_failed(call, STATUS_OK, err);
}

enum status
enrol_write(struct call *call, struct ingest *ingest, struct error *err)
{
	call->media = MEDIA_PARCEL;
	return ingest_enrol(ingest, buffer_span(&call->body), &call->out, err);
}

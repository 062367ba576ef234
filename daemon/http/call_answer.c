/* SPDX-License-Identifier: Apache-2.0 */
#include "call.h"
#include "daemon/log.h"
#include "protocol/json.h"
#include "routes.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
	SENTENCE_SIZE = 600,
	SPELL_US = 10000, /* that a list works before it looks who else is there */
};

/* For a call that belongs to another thread by now. */
static const char expired_text[] =
	"{\"error\":\"busy\",\"message\":\"The server is busy; what was asked may still be done. "
	"Try again in a moment\",\"detail\":\"\"}\n";
static const char expired_parcel[] = "busy: try again in a moment\n";

/* Where no sealed reply can be given, devices get one plain line. */
static bool
answers_in_plain_text(const struct call *call)
{
	return call->route != NULL && call->route->body == MEDIA_PARCEL;
}

static void
answer_expired(struct call *call, struct answer *out)
{
	bool plain = answers_in_plain_text(call);
	int length = snprintf(call->note, sizeof call->note, "%s",
			      plain ? expired_parcel : expired_text);

	out->http = status_http(STATUS_BUSY);
	out->media = plain ? MEDIA_TEXT : MEDIA_JSON;
	out->text = call->note;
	out->length = (size_t)length;
	out->retry_after = service_retry_after(call->service);
}

/* A detail may name what was asked, in bytes that are no text, or cut within a character; and a
 * plain answer has one line. */
static void
mend_detail(char *detail)
{
	bool is_text = utf8_valid(span_of_text(detail));

	for (char *at = detail; *at != '\0'; at++) {
		unsigned char byte = (unsigned char)*at;

		if (byte < ' ' || byte == 0x7f || (!is_text && byte > 0x7f)) {
			*at = '?';
		}
	}
}

static void
write_error(struct call *call)
{
	char sentence[SENTENCE_SIZE];
	struct json json;

	mend_detail(call->error.detail);
	(void)error_sentence(&call->error, LANGUAGE_EN, sentence, sizeof sentence);
	buffer_clear(&call->out);
	if (answers_in_plain_text(call)) {
		call->media = MEDIA_TEXT;
		buffer_printf(&call->out, "%s: %s\n", status_name(call->error.status), sentence);
		return;
	}
	call->media = MEDIA_JSON;
	json = json_start(&call->out);
	json_put_object(&json);
	json_put_key(&json, "error");
	json_put_string(&json, status_name(call->error.status));
	json_put_key(&json, "message");
	json_put_string(&json, sentence);
	json_put_key(&json, "detail");
	json_put_string(&json, call->error.detail);
	json_put_object_end(&json);
	json_put_line_end(&json);
}

static void
log_fault(const struct call *call, int http)
{
	if (http >= 500 && http != status_http(STATUS_BUSY)) {
		log_event(LOG_ERROR, "%s %s: %s: %s", call->route->method, call->route->path,
			  status_name(call->error.status), call->error.detail);
	}
}

static void
answer_failed(struct call *call, struct answer *out)
{
	int http = call->http != 0 ? call->http : status_http(call->error.status);

	if (call->route != NULL) {
		log_fault(call, http);
	}
	if (call->lines != NULL) {
		call->lines->close(call->lines);
		call->lines = NULL;
	}
	write_error(call);
	out->http = http;
	out->media = call->media;
	out->text = call->out.at;
	out->length = call->out.length;
	out->allow = call->allow;
	out->retry_after = http == status_http(STATUS_BUSY) ? service_retry_after(call->service)
							    : call->retry_after_s;
}

/* What a browser is told besides. */
static void
add_browser_parts(const struct call *call, struct answer *out)
{
	out->cookie = call->cookie[0] == '\0' ? NULL : call->cookie;
	out->keep_from_cache = call->caller.signed_in || out->cookie != NULL;
}

/* The route's last stage, on a reader's snapshot, which its lines keep. */
static enum status
answer_on(struct call *call, enum reader_use use, struct store *reader, struct error *err)
{
	/* A parcel's reply takes a snapshot of its own, perhaps more than once. */
	bool own_snapshot = call->route->body == MEDIA_PARCEL;
	enum status status = own_snapshot ? STATUS_OK : store_snapshot(reader, err);

	if (status == STATUS_OK) {
		status = call->route->answer(call, reader, err);
		if (status == STATUS_OK && call->lines != NULL && use == READER_LONG) {
			call->reader = reader;
			return STATUS_OK;
		}
		if (!own_snapshot) {
			store_snapshot_end(reader);
		}
	}
	readers_give(call->service->readers, use, reader);
	return status;
}

static enum status
run_answer(struct call *call, struct error *err)
{
	enum reader_use use = call->route->lists ? READER_LONG : READER_BRIEF;
	struct store *reader;
	enum status status = readers_take(call->service->readers, use, &reader, err);

	return status == STATUS_OK ? answer_on(call, use, reader, err) : status;
}

static void
answer_ready(struct call *call, struct answer *out)
{
	enum status status = STATUS_OK;

	if (call->started && waiting_expired(call->service->waiting, &call->wait)) {
		answer_expired(call, out);
		return;
	}
	if (call->failed) {
		answer_failed(call, out);
		return;
	}
	if (call->started && call->job.status != STATUS_OK) {
		call->error = call->job.error;
		status = call->job.status;
	}
	if (status == STATUS_OK && call->route->answer != NULL) {
		status = run_answer(call, &call->error);
	}
	if (status == STATUS_OK) {
		status = buffer_status(&call->out, "the answer", &call->error);
	}
	if (status != STATUS_OK) {
		call->error.status = status;
		answer_failed(call, out);
		return;
	}
	out->http = status_http(STATUS_OK);
	out->media = call->media;
	out->text = call->out.at;
	out->length = call->out.length;
	out->streamed = call->lines != NULL;
	call->until_ms = monotonic_ms() + (int64_t)call->route->deadline_s * 1000;
}

void
call_answer(struct call *call, struct answer *out)
{
	memset(out, 0, sizeof *out);
	answer_ready(call, out);
	/* An expired call belongs to another thread, which may write its cookie this moment. */
	if (out->text != call->note) {
		add_browser_parts(call, out);
	}
}

static int64_t
monotonic_us(void)
{
	struct timespec now = {0};

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* Refills `out`; false when the lines broke. */
static bool
read_lines(struct call *call)
{
	int64_t began_us = monotonic_us();
	bool more = true;
	struct error err = {0};

	buffer_clear(&call->out);
	call->sent = 0;
	while (more && call->out.length == 0) {
		enum status status = call->lines->next(call->lines, &call->out, &more, &err);

		if (status == STATUS_OK) {
			status = buffer_status(&call->out, "a line", &err);
		}
		if (status != STATUS_OK) {
			log_event(LOG_ERROR, "%s %s broke off: %s: %s", call->route->method,
				  call->route->path, status_name(status), err.detail);
			return false;
		}
	}
	call->worked_us += monotonic_us() - began_us;
	if (!more) {
		call->lines->close(call->lines);
		call->lines = NULL;
	}
	return true;
}

long
call_read(struct call *call, void *out, size_t size)
{
	size_t left = call->out.length - call->sent;

	if (monotonic_ms() > call->until_ms) {
		return -1;
	}
	if (left == 0 && call->lines != NULL) {
		if (!read_lines(call)) {
			return -1;
		}
		left = call->out.length;
	}
	if (left > size) {
		left = size;
	}
	if (left > 0) {
		memcpy(out, call->out.at + call->sent, left);
		call->sent += left;
	}
	return (long)left;
}

unsigned
call_pause_ms(struct call *call)
{
	unsigned pause_ms = 0;

	if (call->reader != NULL && call->lines != NULL && call->worked_us >= SPELL_US) {
		/* Its snapshot keeps the write-ahead log from beginning anew. */
		if (store_wal_bytes(call->reader) <= LISTS_WAL_LONG) {
			pause_ms = service_list_pause_ms(call->service, call->worked_us);
		}
		call->worked_us = 0;
	}
	return pause_ms;
}

void
call_pause(struct call *call, unsigned milliseconds)
{
	waiting_begin(call->service->waiting, &call->wait, milliseconds, call_wake);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "call.h"
#include "routes.h"
#include "session.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum {
	HTTP_METHOD = 405,
	HTTP_LENGTH = 411,
	HTTP_MEDIA = 415,
};

/* The first refusal stands. */
static void
refuse(struct call *call, enum status status)
{
	call->failed = true;
	call->error.status = status;
}

/* What is asked for stands in the log, as text and for ever. */
static bool
is_plain_text(const char *text)
{
	for (const char *at = text; *at != '\0'; at++) {
		if ((unsigned char)*at < ' ' || *at == 0x7f) {
			return false;
		}
	}
	return utf8_valid(span_of_text(text));
}

void
call_parameter(struct call *call, const char *name, const char *value)
{
	int place;

	if (call->route == NULL || call->failed) {
		return;
	}
	place = route_parameter(call->route, name);
	if (place < 0) {
		refuse(call, fail(&call->error, STATUS_USAGE, "%s has no parameter \"%.40s\"",
				  call->route->path, name));
		return;
	}
	if (strlen(value) >= CALL_TEXT_SIZE) {
		refuse(call, fail(&call->error, STATUS_USAGE, "%s is too long", name));
		return;
	}
	if (!is_plain_text(value)) {
		refuse(call, fail(&call->error, STATUS_USAGE, "%s is no text in UTF-8", name));
		return;
	}
	(void)snprintf(call->parameters[place], CALL_TEXT_SIZE, "%s", value);
}

/* ---- who asks ---- */

static enum status
check_role(const struct call *call, struct error *err)
{
	const struct route *route = call->route;

	if (call->caller.role < route->role) {
		return fail(err, STATUS_DENIED, "%s is not for this role", route->path);
	}
	if (route->everywhere && !caller_sees_all(&call->caller)) {
		return fail(err, STATUS_DENIED, "%s needs the right to all villages", route->path);
	}
	return STATUS_OK;
}

static enum status
check_access(struct call *call, const struct call_head *head, struct error *err)
{
	const struct route *route = call->route;
	struct store *reader;
	enum status status;

	session_tried_from(call->service, head, call->tried_from);
	if (route->role == ROLE_NONE) {
		return route->same_origin ? session_check_origin(head, err) : STATUS_OK;
	}
	status = readers_take(call->service->readers, READER_BRIEF, &reader, err);
	if (status != STATUS_OK) {
		return status;
	}
	status = session_caller(reader, call->service->keys, head, service_now_ms(call->service),
				&call->caller, err);
	readers_give(call->service->readers, READER_BRIEF, reader);
	/* Who shows nothing has not guessed. */
	if (status == STATUS_UNAUTHENTICATED &&
	    (head->authorization != NULL || head->session != NULL)) {
		status = call_attempt_failed(call, status, err);
	}
	return status == STATUS_OK ? check_role(call, err) : status;
}

/* ---- what comes ---- */

/* "Text/CSV; charset=utf-8" is text/csv. */
static bool
media_fits(const char *content_type, enum media media)
{
	const char *wanted = media_name(media);
	size_t length;

	if (content_type == NULL) {
		return false;
	}
	length = strcspn(content_type, "; \t");
	return length == strlen(wanted) && strncasecmp(content_type, wanted, length) == 0;
}

static enum status
check_body(struct call *call, const struct call_head *head, struct error *err)
{
	const struct route *route = call->route;

	/* Nothing can be answered in the middle of a body, so its length must be known before. */
	if (!head->has_length) {
		call->http = HTTP_LENGTH;
		return fail(err, STATUS_USAGE, "Content-Length is missing");
	}
	if (head->length > route->body_limit) {
		return fail(err, STATUS_LIMIT, "the body may have %zu bytes", route->body_limit);
	}
	if (route->body != MEDIA_NONE && !media_fits(head->content_type, route->body)) {
		call->http = HTTP_MEDIA;
		return fail(err, STATUS_USAGE, "Content-Type must be %s", media_name(route->body));
	}
	return STATUS_OK;
}

static enum status
reserve_memory(struct call *call, const struct call_head *head, struct error *err)
{
	/* A stranger's comes with its bytes (call_take_body). */
	size_t known = call->route->role == ROLE_NONE ? 0 : (size_t)head->length;
	size_t wanted = CALL_MEMORY_LEAST + CALL_MEMORY_FACTOR * known;
	enum status status = service_reserve(call->service, wanted, err);

	if (status == STATUS_OK) {
		call->reserved = wanted;
	}
	return status;
}

static enum status
check_route(struct call *call, const struct call_head *head, struct error *err)
{
	if (call->route != NULL) {
		return is_plain_text(call->argument)
			       ? STATUS_OK
			       : fail(err, STATUS_USAGE, "the path is no text in UTF-8");
	}
	if (call->allow != NULL) {
		call->http = HTTP_METHOD;
		return fail(err, STATUS_USAGE, "%.10s is not for this path", head->method);
	}
	return fail(err, STATUS_NOT_FOUND, "no such path");
}

static int
hex_digit(char digit)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	const char *at = digit == '\0' ? NULL : strchr(digits, digit);

	return at == NULL ? -1 : (int)(at - digits) % 16;
}

/* Headers are ASCII: what is none stands in them as in a path, %XX. */
static bool
unescape(const char *text, struct buffer *out)
{
	for (; *text != '\0'; text++) {
		const int high = *text == '%' ? hex_digit(text[1]) : 0;
		const int low = *text == '%' && high >= 0 ? hex_digit(text[2]) : 0;

		if (high < 0 || low < 0) {
			return false;
		}
		buffer_append_byte(out, *text == '%' ? (uint8_t)(high << 4 | low) : (uint8_t)*text);
		text += *text == '%' ? 2 : 0;
	}
	buffer_append_byte(out, '\0');
	return true;
}

static enum status
take_reason(struct call *call, const struct call_head *head, struct error *err)
{
	struct buffer *reason = &call->reason;

	if (!call->route->reasoned) {
		return STATUS_OK;
	}
	if (head->reason == NULL || *head->reason == '\0') {
		return fail(err, STATUS_USAGE, "X-Sambung-Reason is missing");
	}
	if (!unescape(head->reason, reason)) {
		return fail(err, STATUS_USAGE, "X-Sambung-Reason is not percent-encoded");
	}
	if (reason->status != STATUS_OK) {
		return fail(err, STATUS_INVALID, "a reason has 1 to %d bytes",
			    QUARANTINE_REASON_MAX);
	}
	if (memchr(reason->at, '\0', reason->length - 1) != NULL ||
	    !is_plain_text((const char *)reason->at)) {
		return fail(err, STATUS_USAGE, "X-Sambung-Reason is no text in UTF-8");
	}
	reason->length--; /* its NUL */
	return STATUS_OK;
}

void
call_admit(struct call *call, const struct call_head *head, unsigned receive_s)
{
	struct error *err = &call->error;
	enum status status = STATUS_OK;

	call->until_ms = monotonic_ms() + (int64_t)receive_s * 1000;
	if (call->failed) {
		return;
	}
	status = check_route(call, head, err);
	if (status == STATUS_OK) {
		status = check_access(call, head, err);
	}
	if (status == STATUS_OK) {
		status = check_body(call, head, err);
	}
	if (status == STATUS_OK) {
		status = take_reason(call, head, err);
	}
	if (status == STATUS_OK) {
		status = reserve_memory(call, head, err);
	}
	if (status != STATUS_OK) {
		refuse(call, status);
	}
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "judge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

enum { NAME_SIZE = 32, SHOWN_BYTES = 300, FAULTS_MAX = 20 };

static unsigned fault_count;
static char said[4 * SHOWN_BYTES + 1];

void
fault_said(struct span bytes)
{
	size_t length = 0;

	for (size_t i = 0; i < bytes.length && i < SHOWN_BYTES; i++) {
		uint8_t byte = bytes.at[i];
		bool plain = byte >= ' ' && byte < 127;

		length += (size_t)snprintf(said + length, sizeof said - length,
					   plain ? "%c" : "\\%02x", byte);
	}
	said[length] = '\0';
}

void
fault(const struct heard *heard, const char *what, const char *where)
{
	int shown = heard->body.length > SHOWN_BYTES ? SHOWN_BYTES : (int)heard->body.length;

	(void)printf("not so: %s (%s); the answer: HTTP %d %s %.*s\n", what, where, heard->http,
		     heard->media, shown,
		     heard->body.at == NULL ? "" : (const char *)heard->body.at);
	if (said[0] != '\0') {
		(void)printf("  to: %s\n", said);
	}
	if (++fault_count == FAULTS_MAX) {
		(void)printf("… and perhaps more\n");
		exit(1);
	}
}

unsigned
faults(void)
{
	return fault_count;
}

static bool
is_json(struct span text, size_t flags)
{
	json_t *read = json_loadb((const char *)text.at, text.length,
				  JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | flags, NULL);
	bool good = read != NULL;

	json_decref(read);
	return good;
}

static bool
each_line_is_json(struct span text)
{
	while (text.length > 0) {
		const uint8_t *end = memchr(text.at, '\n', text.length);
		size_t length = end == NULL ? 0 : (size_t)(end - text.at);

		if (end == NULL || !is_json(span_of(text.at, length), 0)) {
			return false;
		}
		text = span_of(end + 1, text.length - length - 1);
	}
	return true;
}

/* ---- errors ---- */

/* {"error","message","detail"}, all texts and no others. */
static bool
read_error(struct span body, char name_out[NAME_SIZE])
{
	json_t *object =
		json_loadb((const char *)body.at, body.length, JSON_REJECT_DUPLICATES, NULL);
	const char *name = json_string_value(json_object_get(object, "error"));
	const char *message = json_string_value(json_object_get(object, "message"));
	bool good = json_object_size(object) == 3 && name != NULL && strlen(name) < NAME_SIZE &&
		    message != NULL && *message != '\0' &&
		    json_is_string(json_object_get(object, "detail"));

	if (good) {
		(void)snprintf(name_out, NAME_SIZE, "%s", name);
	}
	json_decref(object);
	return good;
}

/* "name: sentence\n" */
static bool
read_plain(struct span body, char name_out[NAME_SIZE])
{
	const uint8_t *colon = body.length == 0 ? NULL : memchr(body.at, ':', body.length);
	size_t length = colon == NULL ? NAME_SIZE : (size_t)(colon - body.at);

	if (length >= NAME_SIZE || !utf8_valid(body) ||
	    memchr(body.at, '\n', body.length) != body.at + body.length - 1) {
		return false;
	}
	memcpy(name_out, body.at, length);
	name_out[length] = '\0';
	return true;
}

static bool
read_name(const struct heard *heard, char name_out[NAME_SIZE])
{
	return strcmp(heard->media, "application/json") == 0
		       ? read_error(heard->body, name_out)
		       : strcmp(heard->media, "text/plain") == 0 &&
				 read_plain(heard->body, name_out);
}

enum status
judge_status(const struct heard *heard)
{
	char name[NAME_SIZE];

	return heard->http == 200 || !read_name(heard, name) ? STATUS_OK : status_named(name);
}

/* The HTTP status that http-api.md gives for the name. */
static bool
status_fits(int http, enum status status)
{
	if (status == STATUS_USAGE && (http == 405 || http == 411 || http == 415)) {
		return true;
	}
	return status != STATUS_INTERNAL && http == status_http(status);
}

static const char *
judge_error(const struct heard *heard, enum answerer answerer)
{
	const char *media = answerer == ANSWERER_PARCEL ? "text/plain" : "application/json";
	char name[NAME_SIZE];

	if (answerer != ANSWERER_LIBRARY && strcmp(heard->media, media) != 0) {
		return "an error in another form";
	}
	if (!read_name(heard, name)) {
		return "an error that is not in its form";
	}
	if (!status_fits(heard->http, status_named(name))) {
		return "an error whose name and number differ";
	}
	if ((heard->http == 405 && !heard->allow) || (heard->http == 401 && !heard->bearer) ||
	    (heard->http == 429 && !heard->retry_after)) {
		return "an error without its header";
	}
	return NULL;
}

/* ---- the rest ---- */

static const char *
judge_good(const struct heard *heard)
{
	const char *media = heard->media;

	if (strcmp(media, "application/vnd.sambung.parcel") == 0) {
		return heard->body.length > 29 && heard->body.at[0] == 1 ? NULL : "no parcel";
	}
	if (strcmp(media, "application/json") == 0) {
		return is_json(heard->body, 0) ? NULL : "an answer that is no JSON";
	}
	if (strcmp(media, "application/x-ndjson") == 0) {
		return each_line_is_json(heard->body) ? NULL : "a list with a line that is no JSON";
	}
	if (strcmp(media, "text/csv") == 0 || strcmp(media, "text/plain") == 0) {
		return utf8_valid(heard->body) ? NULL : "an answer that is not UTF-8";
	}
	return "an answer of another type";
}

const char *
judge_answer(const struct heard *heard, enum answerer answerer)
{
	if (heard->why[0] != '\0') {
		return heard->why;
	}
	if (heard->http == 200) {
		return judge_good(heard);
	}
	if (heard->http < 400 || heard->http > 499) {
		return answerer == ANSWERER_LIBRARY && (heard->http == 501 || heard->http == 505)
			       ? NULL
			       : "a status that should not be";
	}
	/* Its pages have no type. */
	if (heard->media[0] == '\0' &&
	    (answerer == ANSWERER_LIBRARY || heard->http == 414 || heard->http == 431)) {
		return NULL;
	}
	return judge_error(heard, answerer);
}

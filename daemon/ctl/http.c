/* SPDX-License-Identifier: Apache-2.0 */
/* The daemon over HTTP; the only file of the server's side that knows libcurl. */
#include "ctl.h"
#include "daemon/folder.h"
#include "protocol/crypto.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <curl/curl.h>
#include <jansson.h>

enum {
	CONNECT_S = 10,
	EXCHANGE_S = 2 * 3600, /* the daemon itself ends a backup after half of that */
	LINE_MAX_BYTES = 8 * 1024 * 1024,
	ERROR_MAX_BYTES = 64 * 1024,
	SMALL_FILE_MAX = 4096,
	URL_MAX = 4096,
	HTTP_REFUSED = 400,
};

/* A request and where its answer goes. */
struct exchange {
	CURL *curl;
	struct curl_slist *headers;
	ctl_line_fn each;     /* or, if NULL, */
	struct buffer *bytes; /* or, if that is NULL too, */
	int fd;
	void *context;
	struct buffer line;    /* that has begun */
	struct buffer refusal; /* the body of an answer of 400 and more */
	struct error *err;
	enum status status; /* of each, bytes or fd */
	char reason[CURL_ERROR_SIZE];
};

/* ---- where the daemon is ---- */

/* The first line of a small file. */
static enum status
read_line(const char *path, struct buffer *out, struct error *err)
{
	enum status status = folder_read(path, SMALL_FILE_MAX, out, err);
	size_t length;

	if (status != STATUS_OK) {
		return status;
	}
	for (length = 0; length < out->length && !isspace(out->at[length]); length++) {
	}
	out->length = length;
	buffer_append_byte(out, '\0');
	return buffer_status(out, path, err);
}

static enum status
read_of_folder(const struct ctl *ctl, const char *name, struct buffer *out, struct error *err)
{
	char path[FOLDER_PATH_SIZE];
	enum status status;

	if (ctl->directory == NULL) {
		return fail(err, STATUS_USAGE, "--dir is missing");
	}
	status = folder_path(ctl->directory, name, path, err);
	return status == STATUS_OK ? read_line(path, out, err) : status;
}

static enum status
find_url(const struct ctl *ctl, struct buffer *out, struct error *err)
{
	const char *url = getenv("SAMBUNG_URL");
	enum status status;

	if (url != NULL && *url != '\0') {
		buffer_printf(out, "%s", url);
		while (out->length > 0 && out->at[out->length - 1] == '/') {
			out->length--;
		}
		return buffer_status(out, "SAMBUNG_URL", err);
	}
	status = read_of_folder(ctl, FOLDER_URL, out, err);
	if (status == STATUS_NOT_FOUND) {
		return fail(err, STATUS_UNREACHABLE, "no sambungd runs on %s", ctl->directory);
	}
	if (status == STATUS_OK && out->length > 0) {
		out->length--; /* its NUL */
	}
	return status;
}

static enum status
find_token(const struct ctl *ctl, struct buffer *out, struct error *err)
{
	const char *path = getenv("SAMBUNG_TOKEN_FILE");

	if (path != NULL && *path != '\0') {
		return read_line(path, out, err);
	}
	return read_of_folder(ctl, FOLDER_TOKEN, out, err);
}

/* ---- the answer ---- */

static bool
is_refused(struct exchange *exchange)
{
	long http = 0;

	(void)curl_easy_getinfo(exchange->curl, CURLINFO_RESPONSE_CODE, &http);
	return http >= HTTP_REFUSED;
}

static enum status
write_file(struct exchange *exchange, const char *bytes, size_t length)
{
	while (length > 0) {
		ssize_t written = write(exchange->fd, bytes, length);

		if (written < 0 && errno == EINTR) {
			continue;
		}
		if (written <= 0) {
			return fail(exchange->err, errno == ENOSPC ? STATUS_FULL : STATUS_STORAGE,
				    "writing: %s", strerror(errno));
		}
		bytes += written;
		length -= (size_t)written;
	}
	return STATUS_OK;
}

static enum status
end_line(struct exchange *exchange)
{
	enum status status = buffer_status(&exchange->line, "a line of the answer", exchange->err);

	if (status == STATUS_OK && exchange->line.length > 0) {
		status = exchange->each(exchange->context, buffer_span(&exchange->line),
					exchange->err);
	}
	buffer_clear(&exchange->line);
	return status;
}

static enum status
take_lines(struct exchange *exchange, const char *bytes, size_t length)
{
	enum status status = STATUS_OK;

	while (length > 0 && status == STATUS_OK) {
		const char *end = memchr(bytes, '\n', length);
		size_t piece = end == NULL ? length : (size_t)(end - bytes);

		buffer_append(&exchange->line, bytes, piece);
		if (end != NULL) {
			status = end_line(exchange);
			piece++;
		}
		bytes += piece;
		length -= piece;
	}
	return status;
}

static size_t
on_bytes(char *bytes, size_t size, size_t count, void *context)
{
	struct exchange *exchange = context;
	size_t length = size * count;

	if (is_refused(exchange)) {
		if (exchange->refusal.length + length <= ERROR_MAX_BYTES) {
			buffer_append(&exchange->refusal, bytes, length);
		}
		return length;
	}
	if (exchange->each != NULL) {
		exchange->status = take_lines(exchange, bytes, length);
	} else if (exchange->bytes != NULL) {
		buffer_append(exchange->bytes, bytes, length);
		exchange->status = buffer_status(exchange->bytes, "the answer", exchange->err);
	} else {
		exchange->status = write_file(exchange, bytes, length);
	}
	return exchange->status == STATUS_OK ? length : 0;
}

/* {"error","message","detail"} becomes the status and the detail of our own error. */
static enum status
read_refusal(const struct exchange *exchange)
{
	json_t *object =
		json_loadb((const char *)exchange->refusal.at, exchange->refusal.length, 0, NULL);
	const char *name = json_string_value(json_object_get(object, "error"));
	const char *detail = json_string_value(json_object_get(object, "detail"));
	enum status status;
	long http = 0;

	(void)curl_easy_getinfo(exchange->curl, CURLINFO_RESPONSE_CODE, &http);
	if (name == NULL && http == status_http(STATUS_FULL)) {
		status = fail(exchange->err, STATUS_FULL, "the server answered so");
	} else if (name == NULL) {
		status = fail(exchange->err, STATUS_UNREACHABLE, "it answered with HTTP %ld", http);
	} else {
		status =
			fail(exchange->err, status_named(name), "%s", detail == NULL ? "" : detail);
		/* Here it is not the command line that was wrong. */
		if (status == STATUS_USAGE) {
			status = fail(exchange->err, STATUS_INVALID, "%s",
				      detail == NULL ? "" : detail);
		}
	}
	json_decref(object);
	return status;
}

/* ---- the request ---- */

static void
exchange_finish(struct exchange *exchange)
{
	for (struct curl_slist *at = exchange->headers; at != NULL; at = at->next) {
		crypto_wipe(at->data, strlen(at->data));
	}
	curl_slist_free_all(exchange->headers);
	curl_easy_cleanup(exchange->curl);
	crypto_wipe_buffer(&exchange->line);
	buffer_finish(&exchange->refusal);
}

static bool
add_header(struct exchange *exchange, const char *name, const char *value)
{
	struct buffer header;
	struct curl_slist *longer = NULL;

	buffer_init(&header, SMALL_FILE_MAX + 64);
	buffer_printf(&header, "%s: %s", name, value);
	buffer_append_byte(&header, '\0');
	if (header.status == STATUS_OK) {
		longer = curl_slist_append(exchange->headers, (const char *)header.at);
	}
	crypto_wipe_buffer(&header);
	if (longer != NULL) {
		exchange->headers = longer;
	}
	return longer != NULL;
}

static enum status
add_token(const struct ctl *ctl, struct exchange *exchange, struct error *err)
{
	struct buffer token;
	struct buffer value;
	enum status status;
	bool added;

	buffer_init(&token, SMALL_FILE_MAX + 1);
	status = find_token(ctl, &token, err);
	if (status != STATUS_OK) {
		crypto_wipe_buffer(&token);
		return status;
	}
	buffer_init(&value, SMALL_FILE_MAX + 16);
	buffer_printf(&value, "Bearer %s", (const char *)token.at);
	buffer_append_byte(&value, '\0');
	added = value.status == STATUS_OK &&
		add_header(exchange, "Authorization", (const char *)value.at);
	crypto_wipe_buffer(&value);
	crypto_wipe_buffer(&token);
	return added ? STATUS_OK : fail(err, STATUS_MEMORY, "a request");
}

/* A daemon of this folder is known by its key; any other by SAMBUNG_CA or the system's authorities.
 */
static enum status
trust_configure(const struct ctl *ctl, CURL *curl, struct error *err)
{
	const char *authorities = getenv("SAMBUNG_CA");
	const char *url = getenv("SAMBUNG_URL");
	struct buffer pin;
	enum status status = STATUS_NOT_FOUND;

	(void)curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	(void)curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (authorities != NULL && *authorities != '\0') {
		(void)curl_easy_setopt(curl, CURLOPT_CAINFO, authorities);
		return STATUS_OK;
	}
	buffer_init(&pin, SMALL_FILE_MAX + 1);
	if (url == NULL || *url == '\0') {
		status = read_of_folder(ctl, FOLDER_PIN, &pin, err);
	}
	if (status == STATUS_OK &&
	    curl_easy_setopt(curl, CURLOPT_PINNEDPUBLICKEY, (const char *)pin.at) == CURLE_OK) {
		(void)curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L);
		(void)curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
	}
	buffer_finish(&pin);
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static enum status
exchange_begin(const struct ctl *ctl, const char *path, struct exchange *exchange,
	       struct error *err)
{
	struct buffer url;
	enum status status;

	buffer_init(&exchange->line, LINE_MAX_BYTES);
	buffer_init(&exchange->refusal, ERROR_MAX_BYTES);
	exchange->err = err;
	exchange->curl = curl_easy_init();
	if (exchange->curl == NULL) {
		return fail(err, STATUS_MEMORY, "a request");
	}
	buffer_init(&url, URL_MAX);
	status = find_url(ctl, &url, err);
	if (status == STATUS_OK) {
		buffer_printf(&url, "%s", path);
		buffer_append_byte(&url, '\0');
		status = buffer_status(&url, "the address", err);
	}
	if (status == STATUS_OK && !ctl->nobody) {
		status = add_token(ctl, exchange, err);
	}
	if (status == STATUS_OK) {
		(void)curl_easy_setopt(exchange->curl, CURLOPT_URL, (const char *)url.at);
		(void)curl_easy_setopt(exchange->curl, CURLOPT_WRITEFUNCTION, on_bytes);
		(void)curl_easy_setopt(exchange->curl, CURLOPT_WRITEDATA, exchange);
		(void)curl_easy_setopt(exchange->curl, CURLOPT_ERRORBUFFER, exchange->reason);
		(void)curl_easy_setopt(exchange->curl, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_S);
		(void)curl_easy_setopt(exchange->curl, CURLOPT_TIMEOUT, (long)EXCHANGE_S);
		/* An answer may begin late; whether the daemon is still there, TCP asks. */
		(void)curl_easy_setopt(exchange->curl, CURLOPT_TCP_KEEPALIVE, 1L);
		(void)curl_easy_setopt(exchange->curl, CURLOPT_NOSIGNAL, 1L);
		status = trust_configure(ctl, exchange->curl, err);
	}
	buffer_finish(&url);
	return status;
}

static enum status
exchange_run(struct exchange *exchange, struct error *err)
{
	CURLcode code;

	(void)curl_easy_setopt(exchange->curl, CURLOPT_HTTPHEADER, exchange->headers);
	code = curl_easy_perform(exchange->curl);
	if (exchange->status != STATUS_OK) {
		return exchange->status;
	}
	if (code != CURLE_OK) {
		/* The last: the machine knows no authorities. */
		bool refused = code == CURLE_PEER_FAILED_VERIFICATION ||
			       code == CURLE_SSL_PINNEDPUBKEYNOTMATCH ||
			       code == CURLE_SSL_CACERT_BADFILE;

		return fail(err, refused ? STATUS_CERTIFICATE : STATUS_UNREACHABLE, "%s",
			    exchange->reason[0] != '\0' ? exchange->reason
							: curl_easy_strerror(code));
	}
	if (is_refused(exchange)) {
		return read_refusal(exchange);
	}
	return exchange->each != NULL ? end_line(exchange) : STATUS_OK;
}

static enum status
get(const struct ctl *ctl, const char *path, struct exchange *exchange, struct error *err)
{
	enum status status = exchange_begin(ctl, path, exchange, err);

	if (status == STATUS_OK) {
		status = exchange_run(exchange, err);
	}
	exchange_finish(exchange);
	return status;
}

enum status
ctl_get_lines(const struct ctl *ctl, const char *path, ctl_line_fn each, void *context,
	      struct error *err)
{
	struct exchange exchange = {.each = each, .context = context};

	return get(ctl, path, &exchange, err);
}

enum status
ctl_get_file(const struct ctl *ctl, const char *path, int fd, struct error *err)
{
	struct exchange exchange = {.fd = fd};

	return get(ctl, path, &exchange, err);
}

/* As in a path, for headers are ASCII. */
static bool
add_reason(struct exchange *exchange, const char *reason)
{
	struct buffer value;
	bool added;

	buffer_init(&value, SMALL_FILE_MAX);
	ctl_path_text(&value, reason);
	buffer_append_byte(&value, '\0');
	added = value.status == STATUS_OK &&
		add_header(exchange, "X-Sambung-Reason", (const char *)value.at);
	buffer_finish(&value);
	return added;
}

static enum status
post(const struct ctl *ctl, const char *path, const struct ctl_body *body,
     struct exchange *exchange, struct error *err)
{
	enum status status = exchange_begin(ctl, path, exchange, err);

	if (status == STATUS_OK && body->content_type != NULL &&
	    !add_header(exchange, "Content-Type", body->content_type)) {
		status = fail(err, STATUS_MEMORY, "a request");
	}
	if (status == STATUS_OK && body->reason != NULL && !add_reason(exchange, body->reason)) {
		status = fail(err, STATUS_INVALID, "the reason is too long");
	}
	if (status == STATUS_OK) {
		(void)curl_easy_setopt(exchange->curl, CURLOPT_POST, 1L);
		(void)curl_easy_setopt(exchange->curl, CURLOPT_POSTFIELDSIZE_LARGE,
				       (curl_off_t)body->bytes.length);
		(void)curl_easy_setopt(exchange->curl, CURLOPT_POSTFIELDS,
				       body->bytes.length == 0 ? "" : (const char *)body->bytes.at);
		status = exchange_run(exchange, err);
	}
	exchange_finish(exchange);
	return status;
}

enum status
ctl_post(const struct ctl *ctl, const char *path, const struct ctl_body *body, ctl_line_fn each,
	 void *context, struct error *err)
{
	struct exchange exchange = {.each = each, .context = context};

	return post(ctl, path, body, &exchange, err);
}

enum status
ctl_post_object(const struct ctl *ctl, const char *path, const json_t *object, ctl_line_fn each,
		void *context, struct error *err)
{
	struct ctl_body body = {.content_type = NULL};
	char *text = object == NULL ? NULL : json_dumps(object, JSON_COMPACT);
	enum status status;

	if (object != NULL && text == NULL) {
		return fail(err, STATUS_INVALID, "the text is not UTF-8");
	}
	if (text != NULL) {
		body.content_type = "application/json";
		body.bytes = span_of_text(text);
	}
	status = ctl_post(ctl, path, &body, each, context, err);
	if (text != NULL) {
		crypto_wipe(text, strlen(text));
	}
	free(text);
	return status;
}

enum status
ctl_post_parcel(const struct ctl *ctl, struct span parcel, struct buffer *reply, struct error *err)
{
	const struct ctl_body body = {.content_type = "application/vnd.sambung.parcel",
				      .bytes = parcel};
	struct exchange exchange = {.bytes = reply};

	return post(ctl, "/v1/sync", &body, &exchange, err);
}

void
ctl_path_text(struct buffer *path, const char *text)
{
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		if (isalnum(c) || strchr("-._~", c) != NULL) {
			buffer_append_byte(path, c);
		} else {
			buffer_printf(path, "%%%02X", c);
		}
	}
}

void
ctl_path_option(const struct ctl *ctl, struct buffer *path, const char *name)
{
	const char *value = ctl_option(ctl, name);

	if (value != NULL) {
		bool first = memchr(path->at, '?', path->length) == NULL;

		buffer_printf(path, "%c%s=", first ? '?' : '&', name);
		ctl_path_text(path, value);
	}
}

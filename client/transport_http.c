/* SPDX-License-Identifier: Apache-2.0 */
#include "client/device.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

/* The last is for all of a request and its answer: the longest answer at 150 bytes a second. */
enum { CONNECT_SECONDS = 20, SILENCE_SECONDS = 60, POST_SECONDS = 3600 };

struct transport {
	CURL *handle; /* keeps its connection from one post to the next */
	struct curl_slist *headers;
	unsigned retry_after_s; /* that the last answer asked for */
};

/* One post while it runs. */
struct posting {
	int (*take)(void *sink, const void *bytes, size_t length);
	void *sink;
	size_t limit; /* bytes that the answer may have */
	size_t left;  /* … still */
	bool too_long;
	long http_status;
	uint64_t up;
	uint64_t down;
};

struct transport *
transport_http_open(void)
{
	struct transport *transport = calloc(1, sizeof *transport);
	static const char *const lines[] = {
		"Content-Type: application/vnd.sambung.parcel",
		/* Without these two curl would send more, and wait for leave to send the body. */
		"Accept:",
		"Expect:",
	};

	if (transport == NULL) {
		return NULL;
	}
	transport->handle = curl_easy_init();
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
		struct curl_slist *longer = curl_slist_append(transport->headers, lines[i]);

		if (transport->handle == NULL || longer == NULL) {
			transport_http_close(transport);
			return NULL;
		}
		transport->headers = longer;
	}
	return transport;
}

void
transport_http_close(struct transport *transport)
{
	if (transport != NULL) {
		curl_easy_cleanup(transport->handle);
		curl_slist_free_all(transport->headers);
		free(transport);
	}
}

static size_t
answer_write(char *bytes, size_t size, size_t count, void *context)
{
	struct posting *posting = context;
	size_t length = size * count;

	if (length > posting->left) {
		posting->too_long = true;
		return 0;
	}
	posting->left -= length;
	return posting->take(posting->sink, bytes, length) == 0 ? length : 0;
}

/* Sees what goes through the socket (under TLS: before it is enciphered), which curl's own counters
 * add up in different ways from version to version. */
static int
traffic_count(CURL *handle, curl_infotype type, char *bytes, size_t length, void *context)
{
	struct posting *posting = context;

	(void)handle;
	(void)bytes;
	if (type == CURLINFO_HEADER_OUT || type == CURLINFO_DATA_OUT) {
		posting->up += length;
	} else if (type == CURLINFO_HEADER_IN || type == CURLINFO_DATA_IN) {
		posting->down += length;
	}
	return 0;
}

/* curl takes a url's end for its own, and never sends it. */
static void
trust_configure(CURL *handle, const char *url)
{
	const char *pins = strchr(url, '#');
	const char *authorities = getenv("SAMBUNG_CA");

	curl_easy_setopt(handle, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (pins == NULL) {
		curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
		if (authorities != NULL) {
			curl_easy_setopt(handle, CURLOPT_CAINFO, authorities);
		}
		return;
	}
	curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "https");
	/* A curl that cannot compare keys looks at the certificate. */
	if (curl_easy_setopt(handle, CURLOPT_PINNEDPUBLICKEY, pins + 1) == CURLE_OK) {
		curl_easy_setopt(handle, CURLOPT_SSL_VERIFYPEER, 0L);
		curl_easy_setopt(handle, CURLOPT_SSL_VERIFYHOST, 0L);
	}
}

static void
handle_configure(struct transport *transport, const char *url, struct sambung_bytes body,
		 struct posting *posting)
{
	CURL *handle = transport->handle;

	curl_easy_reset(handle);
	curl_easy_setopt(handle, CURLOPT_URL, url);
	trust_configure(handle, url);
	curl_easy_setopt(handle, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(handle, CURLOPT_HTTPHEADER, transport->headers);
	curl_easy_setopt(handle, CURLOPT_POST, 1L);
	curl_easy_setopt(handle, CURLOPT_POSTFIELDS, (const char *)body.at);
	curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.length);
	curl_easy_setopt(handle, CURLOPT_TCP_NODELAY, 1L);
	curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_SECONDS);
	curl_easy_setopt(handle, CURLOPT_LOW_SPEED_LIMIT, 1L);
	curl_easy_setopt(handle, CURLOPT_LOW_SPEED_TIME, (long)SILENCE_SECONDS);
	curl_easy_setopt(handle, CURLOPT_TIMEOUT, (long)POST_SECONDS);
	curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, answer_write);
	curl_easy_setopt(handle, CURLOPT_WRITEDATA, posting);
	curl_easy_setopt(handle, CURLOPT_VERBOSE, 1L);
	curl_easy_setopt(handle, CURLOPT_DEBUGFUNCTION, traffic_count);
	curl_easy_setopt(handle, CURLOPT_DEBUGDATA, posting);
}

/* No more than a day: what it says comes from anywhere. */
static unsigned
retry_after_read(CURL *handle)
{
	const curl_off_t most = 24 * 3600;
	curl_off_t seconds = 0;

	if (curl_easy_getinfo(handle, CURLINFO_RETRY_AFTER, &seconds) != CURLE_OK || seconds < 0) {
		return 0;
	}
	return (unsigned)(seconds < most ? seconds : most);
}

unsigned
transport_http_retry_after_s(const struct transport *transport)
{
	return transport == NULL ? 0 : transport->retry_after_s;
}

static CURLcode
post_run(struct transport *transport, const char *url, struct sambung_bytes body,
	 struct posting *posting, char *why, size_t why_size)
{
	CURLcode code;
	long verified = 0;

	handle_configure(transport, url, body, posting);
	code = curl_easy_perform(transport->handle);
	if (code == CURLE_OK) {
		code = curl_easy_getinfo(transport->handle, CURLINFO_RESPONSE_CODE,
					 &posting->http_status);
	}
	transport->retry_after_s = code == CURLE_OK ? retry_after_read(transport->handle) : 0;
	if (posting->too_long) {
		(void)snprintf(why, why_size, "> %zu", posting->limit);
	} else if (code != CURLE_OK) {
		(void)snprintf(why, why_size, "curl %d", (int)code);
	}
	if (code == CURLE_PEER_FAILED_VERIFICATION) {
		/* Of X.509: 9 not yet valid, 10 expired, 18 and above an unknown authority. */
		(void)curl_easy_getinfo(transport->handle, CURLINFO_SSL_VERIFYRESULT, &verified);
		(void)snprintf(why, why_size, "curl %d, X.509 %ld", (int)code, verified);
	}
	/* What was posted ends here; the handle must not point to it. */
	curl_easy_reset(transport->handle);
	return code;
}

/* The parameters are those of sambung_platform.post. */
/* NOLINTBEGIN(readability-function-size) */
int
transport_http_post(void *context, const char *url, struct sambung_bytes body, size_t reply_limit,
		    int (*take)(void *sink, const void *bytes, size_t length), void *sink,
		    int *http_status_out, uint64_t *bytes_up_out, uint64_t *bytes_down_out,
		    char *why, size_t why_size)
{
	struct transport *transport = context != NULL ? context : transport_http_open();
	struct posting posting = {
		.take = take, .sink = sink, .limit = reply_limit, .left = reply_limit};
	CURLcode code;

	if (transport == NULL) {
		(void)snprintf(why, why_size, "curl %d", (int)CURLE_OUT_OF_MEMORY);
		return POST_FAILED;
	}
	code = post_run(transport, url, body, &posting, why, why_size);
	if (context == NULL) {
		transport_http_close(transport);
	}
	*bytes_up_out = posting.up;
	*bytes_down_out = posting.down;
	/* The last: the machine knows no authorities. */
	if (code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_PINNEDPUBKEYNOTMATCH ||
	    code == CURLE_SSL_CACERT_BADFILE) {
		return POST_CERTIFICATE;
	}
	if (code != CURLE_OK) {
		return POST_FAILED;
	}
	*http_status_out = (int)posting.http_status;
	return 0;
}
/* NOLINTEND(readability-function-size) */

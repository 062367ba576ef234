/* SPDX-License-Identifier: Apache-2.0 */
#include "wire.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	ANSWER_MAX = 64 * 1024 * 1024,
	PIECE = 64 * 1024,
	PATIENCE_MS = 120 * 1000,
	LINE_MAX = 1000
};

void
wire_init(struct wire *wire, uint16_t port)
{
	*wire = (struct wire){.port = port, .fd = -1};
	buffer_init(&wire->in, ANSWER_MAX);
}

void
wire_close(struct wire *wire)
{
	if (wire->fd >= 0) {
		(void)close(wire->fd);
	}
	wire->fd = -1;
	wire->used = false;
	wire->ended = false;
	wire->at = 0;
	buffer_clear(&wire->in);
}

void
wire_finish(struct wire *wire)
{
	wire_close(wire);
	buffer_finish(&wire->in);
}

static void
wire_open(struct wire *wire)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(wire->port)};
	int yes = 1;

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	wire->fd = socket(AF_INET, SOCK_STREAM, 0);
	if (wire->fd < 0 || connect(wire->fd, (struct sockaddr *)&address, sizeof address) != 0) {
		(void)fprintf(stderr, "wire: the daemon cannot be reached\n");
		exit(2);
	}
	(void)setsockopt(wire->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
}

/* Has the other side ended it? */
static bool
is_over(const struct wire *wire)
{
	struct pollfd ready = {.fd = wire->fd, .events = POLLIN};
	char byte;

	return poll(&ready, 1, 0) > 0 && recv(wire->fd, &byte, 1, MSG_PEEK) <= 0;
}

void
wire_say(struct wire *wire, struct span bytes)
{
	size_t sent = 0;

	if (wire->fd >= 0 && (wire->ended || (wire->at == wire->in.length && is_over(wire)))) {
		wire_close(wire);
	}
	if (wire->fd < 0) {
		wire_open(wire);
	}
	while (sent < bytes.length) {
		ssize_t some = send(wire->fd, bytes.at + sent, bytes.length - sent, MSG_NOSIGNAL);

		if (some <= 0) {
			return;
		}
		sent += (size_t)some;
	}
}

void
wire_said_all(struct wire *wire)
{
	(void)shutdown(wire->fd, SHUT_WR);
}

/* ---- hearing ---- */

/* False: nothing more comes, or not in time. */
static bool
fill(struct wire *wire, struct heard *out)
{
	static char piece[PIECE];
	struct pollfd ready = {.fd = wire->fd, .events = POLLIN};
	ssize_t got;

	if (poll(&ready, 1, PATIENCE_MS) <= 0) {
		(void)snprintf(out->why, sizeof out->why, "no answer within two minutes");
		return false;
	}
	got = recv(wire->fd, piece, sizeof piece, 0);
	if (got <= 0) {
		return false;
	}
	buffer_append(&wire->in, piece, (size_t)got);
	return wire->in.status == STATUS_OK;
}

/* The next line without its end; false if there is none. */
static bool
take_line(struct wire *wire, struct heard *out, char line[LINE_MAX])
{
	for (;;) {
		const uint8_t *begin = wire->in.at == NULL ? NULL : wire->in.at + wire->at;
		size_t left = wire->in.length - wire->at;
		const uint8_t *end = left == 0 ? NULL : memchr(begin, '\n', left);

		if (end != NULL) {
			size_t length = (size_t)(end - begin);

			wire->at += length + 1;
			if (length == 0 || begin[length - 1] != '\r' || length > LINE_MAX) {
				(void)snprintf(out->why, sizeof out->why, "a line that is none");
				return false;
			}
			memcpy(line, begin, length - 1);
			line[length - 1] = '\0';
			return true;
		}
		if (!fill(wire, out)) {
			return false;
		}
	}
}

struct framing {
	bool has_length;
	bool chunked;
	size_t length;
};

static void
note_header(const char *name, const char *value, struct framing *framing, struct heard *out)
{
	if (strcasecmp(name, "Content-Length") == 0) {
		framing->has_length = true;
		framing->length = strtoul(value, NULL, 10);
	} else if (strcasecmp(name, "Transfer-Encoding") == 0) {
		framing->chunked = strcasecmp(value, "chunked") == 0;
	} else if (strcasecmp(name, "Content-Type") == 0) {
		(void)snprintf(out->media, sizeof out->media, "%s", value);
	} else if (strcasecmp(name, "Connection") == 0) {
		out->closes = strcasecmp(value, "close") == 0;
	} else if (strcasecmp(name, "Allow") == 0) {
		out->allow = *value != '\0';
	} else if (strcasecmp(name, "Retry-After") == 0) {
		out->retry_after = *value >= '0' && *value <= '9';
	} else if (strcasecmp(name, "WWW-Authenticate") == 0) {
		out->bearer = strcmp(value, "Bearer") == 0;
	}
}

static bool
hear_headers(struct wire *wire, struct framing *framing, struct heard *out)
{
	char line[LINE_MAX];

	while (take_line(wire, out, line)) {
		char *colon = strchr(line, ':');

		if (*line == '\0') {
			return true;
		}
		if (colon == NULL) {
			(void)snprintf(out->why, sizeof out->why, "a header without a colon");
			return false;
		}
		*colon = '\0';
		note_header(line, colon + 1 + strspn(colon + 1, " "), framing, out);
	}
	return false;
}

static bool
need(struct wire *wire, size_t length, struct heard *out)
{
	while (wire->in.length - wire->at < length) {
		if (!fill(wire, out)) {
			(void)snprintf(out->why, sizeof out->why, "a body that broke off");
			return false;
		}
	}
	return true;
}

/* The pieces are moved together, to where the first stands. */
static bool
hear_chunks(struct wire *wire, struct heard *out)
{
	char line[LINE_MAX];
	size_t begin = wire->at;
	size_t length = 0;

	for (;;) {
		size_t piece;

		if (!take_line(wire, out, line)) {
			(void)snprintf(out->why, sizeof out->why, "chunks that broke off");
			return false;
		}
		piece = strtoul(line, NULL, 16);
		if (!need(wire, piece + 2, out)) {
			return false;
		}
		if (piece == 0) {
			wire->at += 2;
			out->body = span_of(wire->in.at + begin, length);
			return true;
		}
		memmove(wire->in.at + begin + length, wire->in.at + wire->at, piece);
		length += piece;
		wire->at += piece + 2;
	}
}

static void
hear_body(struct wire *wire, const struct framing *framing, struct heard *out)
{
	if (framing->chunked) {
		(void)hear_chunks(wire, out);
		return;
	}
	if (!framing->has_length) {
		(void)snprintf(out->why, sizeof out->why, "neither length nor chunks");
		return;
	}
	if (need(wire, framing->length, out)) {
		out->body = span_of(wire->in.at + wire->at, framing->length);
		wire->at += framing->length;
	}
}

void
wire_hear(struct wire *wire, bool head, struct heard *out)
{
	static const char version[] = "HTTP/1.";
	struct framing framing = {.length = 0};
	char line[LINE_MAX];

	*out = (struct heard){.http = 0};
	if (wire->at > 0 && wire->at == wire->in.length) {
		buffer_clear(&wire->in);
		wire->at = 0;
	}
	if (!take_line(wire, out, line)) {
		wire_close(wire);
		return;
	}
	wire->used = true;
	if (strncmp(line, version, sizeof version - 1) != 0 || strlen(line) < 12) {
		(void)snprintf(out->why, sizeof out->why, "a first line that is none");
		wire_close(wire);
		return;
	}
	out->http = (int)strtol(line + 9, NULL, 10);
	if (!hear_headers(wire, &framing, out)) {
		wire_close(wire);
		return;
	}
	if (out->http == 100) {
		wire_hear(wire, head, out);
		return;
	}
	if (!head) {
		hear_body(wire, &framing, out);
	}
	wire->ended = out->closes;
}

void
wire_ask(struct wire *wire, struct span bytes, bool head, struct heard *out)
{
	bool used = wire->used;

	wire_say(wire, bytes);
	wire_hear(wire, head, out);
	if (out->http == 0 && out->why[0] == '\0' && used) {
		wire_close(wire);
		wire_say(wire, bytes);
		wire_hear(wire, head, out);
	}
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/load_connection.h"

#include "tests/bench/host.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PIECE = 4096, MESSAGE_MAX = 1024 * 1024 };

void
connection_init(struct connection *connection)
{
	memset(connection, 0, sizeof *connection);
	connection->fd = -1;
	buffer_init(&connection->out, MESSAGE_MAX);
	buffer_init(&connection->in, MESSAGE_MAX);
}

void
connection_close(struct connection *connection)
{
	const struct linger none = {.l_onoff = 1, .l_linger = 0};

	if (connection->fd >= 0) {
		(void)setsockopt(connection->fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
		(void)close(connection->fd);
	}
	connection->fd = -1;
}

void
connection_finish(struct connection *connection)
{
	connection_close(connection);
	buffer_finish(&connection->out);
	buffer_finish(&connection->in);
}

static void
open_socket(struct connection *connection, uint16_t port)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
	int yes = 1;

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	connection->fd = socket(AF_INET, SOCK_STREAM, 0);
	if (connection->fd < 0 || fcntl(connection->fd, F_SETFL, O_NONBLOCK) != 0) {
		host_die("a socket: %s", strerror(errno));
	}
	(void)setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
	if (connect(connection->fd, (struct sockaddr *)&to, sizeof to) != 0 &&
	    errno != EINPROGRESS) {
		host_die("connecting: %s", strerror(errno));
	}
}

void
connection_post(struct connection *connection, uint16_t port, struct span body)
{
	if (connection->fd < 0) {
		open_socket(connection, port);
	}
	buffer_clear(&connection->out);
	buffer_clear(&connection->in);
	buffer_printf(&connection->out,
		      "POST /v1/sync HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n"
		      "Content-Type: application/vnd.sambung.parcel\r\nContent-Length: %zu\r\n\r\n",
		      port, body.length);
	buffer_append_span(&connection->out, body);
	connection->sent = 0;
	connection->head_length = 0;
	connection->state = CONNECTION_SENDING;
	connection_go_on(connection);
}

/* ---- the answer ---- */

/* The number behind a header's name, in any case; 0 if it is not there. */
static unsigned long
header_number(const char *head, size_t length, const char *name)
{
	size_t name_length = strlen(name);

	for (size_t i = 0; i + name_length < length; i++) {
		if (head[i] == '\n' && strncasecmp(head + i + 1, name, name_length) == 0) {
			return strtoul(head + i + 1 + name_length, NULL, 10);
		}
	}
	return 0;
}

static bool
header_there(const char *head, size_t length, const char *line)
{
	size_t line_length = strlen(line);

	for (size_t i = 0; i + line_length < length; i++) {
		if (head[i] == '\n' && strncasecmp(head + i + 1, line, line_length) == 0) {
			return true;
		}
	}
	return false;
}

static void
read_head(struct connection *connection)
{
	const char *text = (const char *)connection->in.at;
	size_t length = connection->in.length;
	size_t end = 0;

	for (size_t i = 3; i < length && end == 0; i++) {
		if (memcmp(text + i - 3, "\r\n\r\n", 4) == 0) {
			end = i + 1;
		}
	}
	if (end == 0) {
		return;
	}
	connection->head_length = end;
	connection->http = length > 12 ? (unsigned)strtoul(text + 9, NULL, 10) : 0;
	connection->body_length = header_number(text, end, "Content-Length:");
	connection->retry_after_s = (unsigned)header_number(text, end, "Retry-After:");
	connection->closes = header_there(text, end, "Connection: close");
}

static void
take_piece(struct connection *connection, const uint8_t *piece, size_t length)
{
	buffer_append(&connection->in, piece, length);
	if (connection->in.status != STATUS_OK) {
		host_die("an answer of the daemon is too long");
	}
	if (connection->head_length == 0) {
		read_head(connection);
	}
	if (connection->head_length > 0 &&
	    connection->in.length >= connection->head_length + connection->body_length) {
		connection->state = CONNECTION_DONE;
	}
}

static void
go_on_reading(struct connection *connection)
{
	while (connection->state == CONNECTION_READING) {
		uint8_t piece[PIECE];
		ssize_t got = recv(connection->fd, piece, sizeof piece, 0);

		if (got < 0 && (errno == EAGAIN)) {
			return;
		}
		if (got <= 0) {
			connection->state = CONNECTION_BROKEN;
			return;
		}
		take_piece(connection, piece, (size_t)got);
	}
}

void
connection_go_on(struct connection *connection)
{
	while (connection->state == CONNECTION_SENDING) {
		ssize_t sent = send(connection->fd, connection->out.at + connection->sent,
				    connection->out.length - connection->sent, MSG_NOSIGNAL);

		if (sent < 0 && (errno == EAGAIN || errno == ENOTCONN)) {
			return;
		}
		if (sent < 0) {
			connection->state = CONNECTION_BROKEN;
			return;
		}
		connection->sent += (size_t)sent;
		if (connection->sent == connection->out.length) {
			/* The answer cannot be there yet; poll tells. */
			connection->state = CONNECTION_READING;
			return;
		}
	}
	go_on_reading(connection);
}

struct span
connection_body(const struct connection *connection)
{
	return span_of(connection->in.at + connection->head_length, connection->body_length);
}

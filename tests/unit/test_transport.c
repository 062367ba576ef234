/* SPDX-License-Identifier: Apache-2.0 */
/* The transport against a server that is a few lines of this file, in a process of its own. */
#include "client/device.h"
#include "tests/testing.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { REQUEST_MAX = 4096, URL_SIZE = 64 };

struct server {
	int listening;
	pid_t process;
	int told; /* where the process writes what it received */
	char url[URL_SIZE];
};

/* Reads one request with a body of `length` bytes; what it had in all. */
static size_t
request_read(int connection, size_t length, char *request)
{
	size_t used = 0;
	size_t wanted = REQUEST_MAX;

	while (used < wanted) {
		ssize_t got = recv(connection, request + used, REQUEST_MAX - used, 0);
		const char *end;

		if (got <= 0) {
			break;
		}
		used += (size_t)got;
		request[used] = '\0';
		end = strstr(request, "\r\n\r\n");
		if (end != NULL) {
			wanted = (size_t)(end - request) + 4 + length;
		}
	}
	return used;
}

/* Answers requests of one connection, each with the same bytes, and tells what it received. */
static void
serve(const struct server *server, int tell, const char *answer)
{
	char request[REQUEST_MAX + 1];
	int connection = accept(server->listening, NULL, NULL);
	size_t used;

	do {
		used = request_read(connection, 5, request);
		if (used > 0 && (write(tell, request, used) < 0 ||
				 send(connection, answer, strlen(answer), 0) < 0)) {
			break;
		}
	} while (used > 0);
	(void)close(connection);
}

static struct server
server_start(const char *answer)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof address;
	struct server server = {.listening = socket(AF_INET, SOCK_STREAM, 0)};
	int ends[2];

	assert_true(server.listening >= 0);
	assert_int_equal(bind(server.listening, (struct sockaddr *)&address, size), 0);
	assert_int_equal(listen(server.listening, 1), 0);
	assert_int_equal(getsockname(server.listening, (struct sockaddr *)&address, &size), 0);
	(void)snprintf(server.url, sizeof server.url, "http://127.0.0.1:%u/v1/sync",
		       ntohs(address.sin_port));
	assert_int_equal(pipe(ends), 0);
	server.process = fork();
	assert_true(server.process >= 0);
	if (server.process == 0) {
		(void)close(ends[0]);
		serve(&server, ends[1], answer);
		_exit(0);
	}
	(void)close(ends[1]);
	(void)close(server.listening);
	server.told = ends[0];
	return server;
}

/* Waits for the server's end; what it received, as text. */
static void
server_end(struct server *server, char *text, size_t size)
{
	size_t used = 0;
	ssize_t got = 1;

	while (got > 0) {
		got = read(server->told, text + used, size - 1 - used);
		used += got > 0 ? (size_t)got : 0;
	}
	text[used] = '\0';
	(void)close(server->told);
	assert_int_equal(waitpid(server->process, NULL, 0), server->process);
}

struct posted {
	int failed;
	int http_status;
	uint64_t up;
	uint64_t down;
	char why[200];
	char answer[100];
	size_t answer_length;
};

static int
take(void *sink, const void *bytes, size_t length)
{
	struct posted *posted = sink;

	assert_true(posted->answer_length + length < sizeof posted->answer);
	memcpy(posted->answer + posted->answer_length, bytes, length);
	posted->answer_length += length;
	return 0;
}

static struct posted
post(struct transport *transport, const char *url, size_t reply_limit)
{
	struct posted posted = {.failed = 1};
	const struct sambung_bytes body = {(const uint8_t *)"hello", 5};

	posted.failed = transport_http_post(transport, url, body, reply_limit, take, &posted,
					    &posted.http_status, &posted.up, &posted.down,
					    posted.why, sizeof posted.why);
	return posted;
}

TEST(a_sync_posts_over_one_connection_and_counts_every_byte)
{
	static const char answer[] = "HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nlate";
	struct server server = server_start(answer);
	struct transport *transport = transport_http_open();
	struct posted first = post(transport, server.url, 100);
	struct posted second = post(transport, server.url, 100);
	char told[2 * REQUEST_MAX];

	transport_http_close(transport);
	server_end(&server, told, sizeof told);
	assert_int_equal(first.failed, 0);
	assert_int_equal(first.http_status, 503);
	assert_string_equal(first.answer, "late");
	assert_int_equal(first.down, sizeof answer - 1);
	assert_int_equal(second.http_status, 503);
	assert_int_equal(first.up + second.up, strlen(told));
	assert_contains(told, "POST /v1/sync HTTP/1.1\r\n");
	assert_contains(told, "Content-Type: application/vnd.sambung.parcel\r\n");
	assert_contains(told, "\r\n\r\nhello");
	assert_null(strstr(told, "Expect"));
	assert_null(strstr(told, "User-Agent"));
	assert_null(strstr(told, "Accept"));
}

TEST(what_a_full_server_asks_to_wait_is_known)
{
	struct server server = server_start(
		"HTTP/1.1 503 Busy\r\nRetry-After: 17\r\nContent-Length: 4\r\n\r\nlate");
	struct transport *transport = transport_http_open();
	struct posted posted = post(transport, server.url, 100);
	char told[REQUEST_MAX];

	assert_int_equal(posted.http_status, 503);
	assert_int_equal(transport_http_retry_after_s(transport), 17);
	assert_int_equal(transport_http_retry_after_s(NULL), 0);
	transport_http_close(transport);
	server_end(&server, told, sizeof told);
}

TEST(an_answer_that_is_too_long_is_cut_off)
{
	struct server server =
		server_start("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nlong long");
	struct posted posted = post(NULL, server.url, 8);
	char told[REQUEST_MAX];

	server_end(&server, told, sizeof told);
	assert_int_equal(posted.failed, 1);
	assert_string_equal(posted.why, "> 8");
}

TEST(a_server_that_is_not_there_is_told_with_the_reason)
{
	struct server server = server_start("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
	struct posted posted = post(NULL, server.url, 100);
	char told[REQUEST_MAX];

	/* It took one connection, and now nobody listens any more. */
	server_end(&server, told, sizeof told);
	assert_int_equal(posted.failed, 0);
	posted = post(NULL, server.url, 100);
	assert_int_equal(posted.failed, 1);
	assert_string_equal(posted.why, "curl 7");
	assert_int_equal(posted.up, 0);
}

TEST(only_http_and_https_are_spoken)
{
	struct posted posted = post(NULL, "file:///etc/passwd", 100);

	assert_int_equal(posted.failed, 1);
	assert_int_equal(posted.answer_length, 0);
}

TEST(a_redirect_is_an_answer_and_not_a_way)
{
	struct server server = server_start("HTTP/1.1 307 Elsewhere\r\nLocation: /elsewhere\r\n"
					    "Content-Length: 4\r\n\r\ngone");
	struct transport *transport = transport_http_open();
	struct posted posted = post(transport, server.url, 100);
	char told[2 * REQUEST_MAX];

	transport_http_close(transport);
	server_end(&server, told, sizeof told);
	assert_int_equal(posted.failed, 0);
	assert_int_equal(posted.http_status, 307);
	assert_string_equal(posted.answer, "gone");
	assert_null(strstr(told, "/elsewhere"));
}

/* Whoever was given a key to know the server by does not talk to one that shows none. */
TEST(an_address_with_a_pinned_key_is_not_spoken_to_without_tls)
{
	static const char pin[] = "#sha256//47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
	struct server server = server_start("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
	struct posted posted;
	char told[REQUEST_MAX];
	char url[URL_SIZE + sizeof pin];

	(void)snprintf(url, sizeof url, "%s%s", server.url, pin);
	posted = post(NULL, url, 100);
	assert_int_equal(posted.failed, 1);
	assert_int_equal(posted.up, 0);
	/* It waits for somebody who may. */
	posted = post(NULL, server.url, 100);
	assert_int_equal(posted.failed, 0);
	server_end(&server, told, sizeof told);
}

RUN_TESTS(CASE(a_sync_posts_over_one_connection_and_counts_every_byte),
	  CASE(what_a_full_server_asks_to_wait_is_known),
	  CASE(an_answer_that_is_too_long_is_cut_off),
	  CASE(a_server_that_is_not_there_is_told_with_the_reason),
	  CASE(only_http_and_https_are_spoken), CASE(a_redirect_is_an_answer_and_not_a_way),
	  CASE(an_address_with_a_pinned_key_is_not_spoken_to_without_tls))

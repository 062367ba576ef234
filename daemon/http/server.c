/* SPDX-License-Identifier: Apache-2.0 */
#include "server.h"

#include "call.h"
#include "connections.h"
#include "protocol/crypto.h"
#include "routes.h"
#include "session.h"
#include "tls.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <microhttpd.h>

enum {
	BACKLOG = 4096,
	/* Headers and what is on its way, each connection. Of more than 32 KiB the library gives
	 * the pages back at its end, with the tokens and cookies in them, and does not just free.
	 */
	CONNECTION_MEMORY = 36 * 1024,
	PIECE = 16 * 1024, /* of a streamed answer */
	RETRY_AFTER_SIZE = 16,
	/* A body has this time, and a second for so many bytes of it: 4 kbit/s. */
	BODY_LEAST_S = 30,
	BODY_BYTES_A_SECOND = 512,
};

struct server {
	int socket; /* -1 once the library has it */
	unsigned connections;
	unsigned idle_s;
	unsigned receive_s;
	unsigned threads;
	struct tls *tls; /* NULL: plain HTTP */
	struct connections_options allowed;
	struct connections *guests;
	struct service *service;
	struct MHD_Daemon *http;
};

/* ---- addresses ---- */

struct endpoint {
	char host[CONFIG_TEXT_SIZE];
	char port[CONFIG_TEXT_SIZE];
};

/* "127.0.0.1:8420" or "[::1]:8420". */
static bool
address_split(const char *text, struct endpoint *out)
{
	const char *colon = strrchr(text, ':');
	size_t host;

	if (colon == NULL || colon == text || colon[1] == '\0') {
		return false;
	}
	host = (size_t)(colon - text);
	if (text[0] == '[' && colon[-1] == ']' && host > 2) {
		text++;
		host -= 2;
	} else if (memchr(text, ':', host) != NULL) {
		return false;
	}
	(void)snprintf(out->host, sizeof out->host, "%.*s", (int)host, text);
	(void)snprintf(out->port, sizeof out->port, "%s", colon + 1);
	return true;
}

static enum status
bind_to(const struct addrinfo *info, const char *listen_text, int *socket_out, struct error *err)
{
	int yes = 1;
	int reason;
	int fd = socket(info->ai_family, info->ai_socktype, info->ai_protocol);

	if (fd < 0) {
		return fail(err, STATUS_STORAGE, "a socket: %s", strerror(errno));
	}
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
	if (bind(fd, info->ai_addr, info->ai_addrlen) != 0 || listen(fd, BACKLOG) != 0) {
		reason = errno;
		(void)close(fd);
		return fail(err, reason == EADDRINUSE ? STATUS_EXISTS : STATUS_USAGE,
			    "listening on %s: %s", listen_text, strerror(reason));
	}
	*socket_out = fd;
	return STATUS_OK;
}

static enum status
url_of(int fd, const char *scheme, char out[SERVER_URL_SIZE], struct error *err)
{
	struct sockaddr_storage bound;
	socklen_t size = sizeof bound;
	char host[64];
	char port[8];
	bool six;

	if (getsockname(fd, (struct sockaddr *)&bound, &size) != 0 ||
	    getnameinfo((struct sockaddr *)&bound, size, host, sizeof host, port, sizeof port,
			NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
		return fail(err, STATUS_INTERNAL, "the address of the socket");
	}
	six = bound.ss_family == AF_INET6;
	(void)snprintf(out, SERVER_URL_SIZE, "%s://%s%s%s:%s", scheme, six ? "[" : "", host,
		       six ? "]" : "", port);
	return STATUS_OK;
}

enum status
server_bind(const struct config *config, struct tls *tls, struct server **out,
	    char url_out[SERVER_URL_SIZE], struct error *err)
{
	struct addrinfo hints = {.ai_flags = AI_PASSIVE | AI_NUMERICHOST | AI_NUMERICSERV,
				 .ai_socktype = SOCK_STREAM};
	struct addrinfo *found = NULL;
	struct endpoint endpoint;
	struct server *server;
	enum status status;

	if (!address_split(config->listen, &endpoint) ||
	    getaddrinfo(endpoint.host, endpoint.port, &hints, &found) != 0) {
		return fail(err, STATUS_USAGE, "\"%s\" is no ADDRESS:PORT (numbers only)",
			    config->listen);
	}
	server = calloc(1, sizeof *server);
	if (server == NULL) {
		freeaddrinfo(found);
		return fail(err, STATUS_MEMORY, "the server");
	}
	server->connections = config->connections;
	server->idle_s = config->idle_s;
	server->receive_s = config->receive_s;
	server->threads = config->threads;
	server->tls = tls;
	server->allowed.most = config->connections;
	server->allowed.most_of_address = config->address_connections;
	server->allowed.head_s = config->head_s;
	server->allowed.idle_s = config->idle_s;
	server->allowed.owner = server;
	server->socket = -1;
	status = bind_to(found, config->listen, &server->socket, err);
	freeaddrinfo(found);
	if (status == STATUS_OK) {
		status = url_of(server->socket, tls == NULL ? "http" : "https", url_out, err);
	}
	if (status != STATUS_OK) {
		server_free(server);
		return status;
	}
	*out = server;
	return STATUS_OK;
}

/* ---- connections ---- */

static struct connection *
guest_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info == NULL ? NULL : info->socket_context;
}

struct tls *
server_tls(void *connection)
{
	struct connection *guest = guest_of(connection);
	struct server *server = guest == NULL ? NULL : connection_owner(guest);

	return server == NULL ? NULL : server->tls;
}

static void
on_connection(void *context, struct MHD_Connection *connection, void **guest,
	      enum MHD_ConnectionNotificationCode what)
{
	struct server *server = context;
	const union MHD_ConnectionInfo *info;

	if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
		connection_leave(*guest);
		*guest = NULL;
		return;
	}
	info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	if (info != NULL) {
		*guest = connection_enter(server->guests, info->connect_fd);
	}
}

/* ---- one request ---- */

/* The connection is suspended, so it is there. */
static void
wake(struct call *call)
{
	MHD_resume_connection(call->connection);
}

static enum MHD_Result
each_parameter(void *context, enum MHD_ValueKind kind, const char *name, const char *value)
{
	(void)kind;
	call_parameter(context, name, value == NULL ? "" : value);
	return MHD_YES;
}

static const char *
header_of(struct MHD_Connection *connection, const char *name)
{
	return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

static void
read_head(struct MHD_Connection *connection, const char *path, const char *method,
	  struct call_head *out)
{
	const char *length = header_of(connection, MHD_HTTP_HEADER_CONTENT_LENGTH);
	const char *coding = header_of(connection, MHD_HTTP_HEADER_TRANSFER_ENCODING);

	memset(out, 0, sizeof *out);
	out->address = connection_address(guest_of(connection));
	out->method = method;
	out->path = path;
	out->content_type = header_of(connection, MHD_HTTP_HEADER_CONTENT_TYPE);
	out->authorization = header_of(connection, MHD_HTTP_HEADER_AUTHORIZATION);
	out->session = MHD_lookup_connection_value(connection, MHD_COOKIE_KIND, SESSION_COOKIE);
	out->csrf = header_of(connection, SESSION_CSRF_HEADER);
	out->origin = header_of(connection, "Origin");
	out->fetch_site = header_of(connection, "Sec-Fetch-Site");
	out->host = header_of(connection, MHD_HTTP_HEADER_HOST);
	out->forwarded = header_of(connection, "X-Forwarded-For");
	out->reason = header_of(connection, "X-Sambung-Reason");
	/* Without either there is no body. The library has refused what is no number. */
	out->has_length = coding == NULL;
	if (out->has_length && length != NULL) {
		out->length = strtoull(length, NULL, 10);
	}
}

static ssize_t
read_answer(void *context, uint64_t position, char *out, size_t size)
{
	struct call *call = context;
	unsigned pause_ms = call_pause_ms(call);
	long got;

	(void)position;
	if (pause_ms > 0) {
		MHD_suspend_connection(call->connection);
		call_pause(call, pause_ms);
		return 0;
	}
	got = call_read(call, out, size);
	if (got < 0) {
		return MHD_CONTENT_READER_END_WITH_ERROR;
	}
	return got == 0 ? MHD_CONTENT_READER_END_OF_STREAM : (ssize_t)got;
}

/* The library keeps its own copy of a header until after this, and frees it as it is. */
static void
wipe_cookie(struct MHD_Response *response)
{
	const char *cookie = MHD_get_response_header(response, MHD_HTTP_HEADER_SET_COOKIE);
	char *copy = NULL;

	if (cookie != NULL) {
		/* It was allocated, whatever the type of what is returned says. */
		memcpy(&copy, &cookie, sizeof copy);
		crypto_wipe(copy, strlen(copy));
	}
}

static void
free_answer(void *context)
{
	struct call *call = context;

	wipe_cookie(call->response);
	call_release(call);
}

/* A response that keeps the call until the last byte has left. */
static struct MHD_Response *
make_response(struct call *call, const struct answer *answer)
{
	struct MHD_Response *response;

	(void)atomic_fetch_add(&call->references, 1);
	if (answer->streamed) {
		response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, PIECE, read_answer,
							     call, free_answer);
	} else {
		response = MHD_create_response_from_buffer_with_free_callback_cls(
			answer->length, answer->text, free_answer, call);
	}
	call->response = response;
	if (response == NULL) {
		call_release(call);
	}
	return response;
}

static void
add_headers(const struct server *server, struct MHD_Response *response, const struct answer *answer)
{
	char seconds[RETRY_AFTER_SIZE];

	(void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE,
				      media_name(answer->media));
	if (answer->retry_after > 0) {
		(void)snprintf(seconds, sizeof seconds, "%u", answer->retry_after);
		(void)MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, seconds);
	}
	if (answer->allow != NULL) {
		(void)MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, answer->allow);
	}
	if (answer->cookie != NULL) {
		(void)MHD_add_response_header(response, MHD_HTTP_HEADER_SET_COOKIE, answer->cookie);
	}
	if (answer->keep_from_cache) {
		(void)MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	}
	if (answer->http == MHD_HTTP_UNAUTHORIZED) {
		(void)MHD_add_response_header(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Bearer");
	}
	if (server->tls != NULL) {
		(void)MHD_add_response_header(response, MHD_HTTP_HEADER_STRICT_TRANSPORT_SECURITY,
					      "max-age=31536000");
	}
}

/* A list has its route's time, whatever is short the time that a request has. */
static unsigned
seconds_to_leave(const struct server *server, const struct call *call, const struct answer *answer)
{
	return answer->streamed ? call->route->deadline_s + 1 : server->receive_s;
}

static enum MHD_Result
send_answer(struct server *server, struct MHD_Connection *connection, struct call *call)
{
	struct answer answer;
	struct MHD_Response *response;
	enum MHD_Result queued;

	call_answer(call, &answer);
	response = make_response(call, &answer);
	if (response == NULL) {
		return MHD_NO;
	}
	add_headers(server, response, &answer);
	connection_allow(guest_of(connection), seconds_to_leave(server, call, &answer));
	queued = MHD_queue_response(connection, (unsigned)answer.http, response);
	MHD_destroy_response(response);
	return queued;
}

/* Who sends slower than any phone's link is not waited for. */
static unsigned
seconds_to_arrive(const struct server *server, const struct call_head *head)
{
	uint64_t wanted = BODY_LEAST_S + head->length / BODY_BYTES_A_SECOND;

	return wanted < server->receive_s ? (unsigned)wanted : server->receive_s;
}

/* A refusal is sent at once if the body is too long to be read for nothing; then the connection
 * cannot be used again. */
static enum MHD_Result
begin_call(struct server *server, struct MHD_Connection *connection, const struct call_head *head,
	   void **state)
{
	struct call *call = call_create(server->service, head);

	if (call == NULL) {
		return MHD_NO;
	}
	*state = call;
	call->wake = wake;
	call->connection = connection;
	(void)MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, each_parameter, call);
	call_admit(call, head, seconds_to_arrive(server, head));
	connection_allow(guest_of(connection), seconds_to_arrive(server, head));
	if (call->failed && (!head->has_length || head->length > CALL_DRAIN_MAX)) {
		return send_answer(server, connection, call);
	}
	return MHD_YES;
}

static enum MHD_Result
/* NOLINTNEXTLINE(readability-function-size): the library's signature */
on_request(void *context, struct MHD_Connection *connection, const char *path, const char *method,
	   const char *version, const char *bytes, size_t *length, void **state)
{
	struct call *call = *state;
	struct call_head head;

	(void)version;
	if (call == NULL) {
		read_head(connection, path, method, &head);
		return begin_call(context, connection, &head, state);
	}
	if (*length > 0) {
		bool taken = call_take_body(call, bytes, *length);

		*length = 0;
		return taken ? MHD_YES : MHD_NO;
	}
	if (!call->opened) {
		call_open(call);
	}
	if (call_waits(call)) {
		/* Before the work is handed over, which may be done before call_start returns. */
		MHD_suspend_connection(connection);
		connection_allow(guest_of(connection), 0);
		call_start(call);
		return MHD_YES;
	}
	return send_answer(context, connection, call);
}

static void
on_completed(void *context, struct MHD_Connection *connection, void **state,
	     enum MHD_RequestTerminationCode code)
{
	(void)context;
	(void)code;
	connection_rest(guest_of(connection));
	call_release(*state);
	*state = NULL;
}

/* Of what is written as %XX in a path or parameter: its length. A NUL would end the text for
 * whoever reads it, and what stands behind it pass unseen; so it becomes another byte that is no
 * text. */
static size_t
on_escape(void *context, struct MHD_Connection *connection, char *text)
{
	size_t length = MHD_http_unescape(text);

	(void)context;
	(void)connection;
	for (size_t i = 0; i < length; i++) {
		if (text[i] == '\0') {
			text[i] = '\x01';
		}
	}
	return length;
}

/* What the library has to say concerns broken clients. */
static void
on_message(void *context, const char *format, va_list arguments)
{
	(void)context;
	(void)format;
	(void)arguments;
}

/* ---- start and end ---- */

enum status
server_start(struct server *server, struct service *service, struct error *err)
{
	/* Not epoll: there the library misses the end of a connection that comes with its last
	 * bytes, and keeps the broken request until it has been idle too long. */
	const unsigned flags = MHD_USE_POLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME |
			       MHD_USE_SUPPRESS_DATE_NO_CLOCK | MHD_USE_ERROR_LOG |
			       (server->tls == NULL ? 0U : (unsigned)MHD_USE_TLS);
	enum status status = connections_start(&server->allowed, &server->guests, err);

	if (status != STATUS_OK) {
		return status;
	}
	server->service = service;
	/* What follows an END is not looked at. */
	server->http = MHD_start_daemon(
		flags, 0, NULL, NULL, on_request, server, MHD_OPTION_EXTERNAL_LOGGER, on_message,
		NULL, MHD_OPTION_LISTEN_SOCKET, server->socket, MHD_OPTION_THREAD_POOL_SIZE,
		server->threads, MHD_OPTION_CONNECTION_LIMIT, server->connections,
		MHD_OPTION_CONNECTION_TIMEOUT, server->idle_s, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
		(size_t)CONNECTION_MEMORY, MHD_OPTION_STRICT_FOR_CLIENT, 1,
		MHD_OPTION_NOTIFY_COMPLETED, on_completed, server, MHD_OPTION_NOTIFY_CONNECTION,
		on_connection, server, MHD_OPTION_UNESCAPE_CALLBACK, on_escape, server,
		server->tls == NULL ? MHD_OPTION_END : MHD_OPTION_HTTPS_PRIORITIES, tls_priorities,
		MHD_OPTION_HTTPS_CERT_CALLBACK2, tls_picker(), MHD_OPTION_END);
	if (server->http == NULL) {
		return fail(err, STATUS_MEMORY, "the network threads");
	}
	server->socket = -1;
	return STATUS_OK;
}

void
server_quiesce(struct server *server)
{
	if (server->http != NULL) {
		server->socket = MHD_quiesce_daemon(server->http);
	}
}

void
server_free(struct server *server)
{
	if (server == NULL) {
		return;
	}
	if (server->http != NULL) {
		MHD_stop_daemon(server->http);
	}
	if (server->socket >= 0) {
		(void)close(server->socket);
	}
	connections_stop(server->guests);
	free(server);
}

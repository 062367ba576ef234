/* SPDX-License-Identifier: Apache-2.0 */
/* server: HTTP/1.1 in front of the calls, under TLS or not; the only file that knows the HTTP
 * library. */
#ifndef SAMBUNG_DAEMON_HTTP_SERVER_H
#define SAMBUNG_DAEMON_HTTP_SERVER_H

#include "daemon/config.h"
#include "daemon/http/service.h"

struct server;
struct tls;

enum { SERVER_URL_SIZE = 96 };

/* Binds the address of the settings; url_out is "http://ADDR:PORT" as bound, or https. Returns a
 * new server that does not listen yet. Borrows tls until server_free; NULL: without TLS. USAGE: no
 * such address; EXISTS: in use. */
enum status server_bind(const struct config *config, struct tls *tls, struct server **out,
			char url_out[SERVER_URL_SIZE], struct error *err);
/* Starts to answer. Borrows the service until server_free. */
enum status server_start(struct server *server, struct service *service, struct error *err);
/* Takes no new connections; those that are open go on. */
void server_quiesce(struct server *server);
/* Nothing waits any more: closes all connections, ends the threads. Takes NULL. */
void server_free(struct server *server);

/* The pair of a connection of the HTTP library; NULL: none. */
struct tls *server_tls(void *connection);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* load_connection: one HTTP connection of the load, non-blocking, with as few bytes and copies as
 * it takes. */
#ifndef SAMBUNG_TESTS_BENCH_LOAD_CONNECTION_H
#define SAMBUNG_TESTS_BENCH_LOAD_CONNECTION_H

#include "protocol/bytes.h"

enum connection_state {
	CONNECTION_IDLE, /* open or not; nothing under way */
	CONNECTION_SENDING,
	CONNECTION_READING,
	CONNECTION_DONE,  /* the answer is there */
	CONNECTION_BROKEN /* it ended before the answer did */
};

struct connection {
	int fd; /* -1: not open */
	enum connection_state state;
	struct buffer out;
	size_t sent;
	struct buffer in;
	size_t head_length; /* of the answer; 0: not all there */
	size_t body_length;
	unsigned http;
	unsigned retry_after_s;
	bool closes; /* the server ends the connection after this answer */
};

void connection_init(struct connection *connection);
/* Without waiting for what the other side still may say: no port stays taken. */
void connection_close(struct connection *connection);
void connection_finish(struct connection *connection);

/* Opens it if need be and sends as much as goes. */
void connection_post(struct connection *connection, uint16_t port, struct span body);
/* Goes on as far as it goes without waiting. */
void connection_go_on(struct connection *connection);
/* Of CONNECTION_DONE. */
struct span connection_body(const struct connection *connection);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * connections: who is connected, and how long each may take for what it does. Any thread.
 *
 * The HTTP library ends a connection that is silent; one that says a byte now and then it would
 * keep for ever. So a connection *rests* while the head of its next request is awaited, whose end
 * must come in time, and else may be given a time for what it does. Whoever takes longer is shut
 * down by a thread that looks twice a second; the library sees that as an end by the other side.
 *
 * While most places are taken, who rests has CROWDED_S seconds only: so silent connections, however
 * many, cannot keep others out for long.
 */
#ifndef SAMBUNG_DAEMON_HTTP_CONNECTIONS_H
#define SAMBUNG_DAEMON_HTTP_CONNECTIONS_H

#include "protocol/bytes.h"

struct sockaddr;
struct connections;
struct connection;

enum { ADDRESS_SIZE = 16 };

/* Of whoever is at the other end: IPv4 as IPv6 writes it, of IPv6 the first 64 bits, because a
 * household or a phone has all that share them. */
struct address {
	uint8_t at[ADDRESS_SIZE];
	bool own; /* the same as at this end: a program, or a proxy, on this machine */
};

struct connections_options {
	unsigned most;
	unsigned most_of_address; /* of one that is not own */
	unsigned head_s;	  /* for the first head, … */
	unsigned idle_s;	  /* … and for those that follow */
	void *owner;		  /* for connection_owner */
};

enum status connections_start(const struct connections_options *options, struct connections **out,
			      struct error *err);
/* All have left. Takes NULL. */
void connections_stop(struct connections *connections);

/* A socket was accepted, and rests. One too many of its address is shut down at once. Returns a
 * new connection; NULL when out of memory. */
struct connection *connection_enter(struct connections *connections, int fd);
/* Before the socket is closed. Takes NULL. */
void connection_leave(struct connection *connection);
/* What it does now must end within so many seconds; 0: that is somebody else's care. */
void connection_allow(struct connection *connection, unsigned seconds);
/* Its request is done. */
void connection_rest(struct connection *connection);
/* What the options named. */
void *connection_owner(const struct connection *connection);
/* Of NULL: an own one. */
struct address connection_address(const struct connection *connection);

/* Of a peer that is connected to `own`; a family that is neither IPv4 nor IPv6 has all zeros. */
void address_of(const struct sockaddr *peer, const struct sockaddr *own, struct address *out);
/* Of one that a proxy names: false unless it is one of IPv4 or IPv6, with or without a port. Never
 * own. */
bool address_read(const char *text, struct address *out);

#endif

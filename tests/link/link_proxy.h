/* SPDX-License-Identifier: Apache-2.0 */
/*
 * link_proxy: a TCP proxy on loopback that counts what passes, and can be as slow as a telephone's
 * link and break off as often.
 *
 * Counted is what the two programs hand to their sockets and take from them: HTTP with its headers.
 * The headers of TCP and IP are not in it. `up` is from the client to the server.
 *
 * As a link it works so: the first byte of a connection leaves one round trip after the connection
 * was asked for (SYN, SYN-ACK); a byte goes on the air when the one before it has gone, at `rate`,
 * and arrives half a round trip after that. The rate holds for all connections of a direction
 * together, or, if they are `apart` like so many telephones, for each by itself. Looking up a name,
 * TLS, loss and TCP's slow start (10 packets may be under way from the beginning) are not in it.
 *
 * Cuts: what was under way before the byte where a connection is cut still arrives, nothing after
 * it does, and both ends find the connection closed. While the link is down every connection is cut
 * and a new one is closed as soon as it was asked for.
 *
 * It has a thread of its own; all functions may be called from any other.
 */
#ifndef SAMBUNG_TESTS_LINK_LINK_PROXY_H
#define SAMBUNG_TESTS_LINK_LINK_PROXY_H

#include "protocol/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LINK_CONNECTIONS_MAX = 64 /* at once; more wait */ };

/* Zeros: as fast as loopback, and whole. */
struct link_shape {
	unsigned rtt_ms;
	unsigned bits_per_s; /* each way */
	unsigned apart;	     /* 1: each connection is a link of its own */
	/* Of so many in 100 requests, the connection is cut at a random byte of the request or of
	 * its answer (if it is so long: half of the places are below 256 bytes, none above 32 KiB).
	 */
	unsigned cut_percent;
	uint64_t cut_after; /* a connection is cut after so many bytes, both ways; 0: it is not */
	uint64_t seed;	    /* of the random places */
	/* Up for `up_ms`, then down for `down_ms`, in turns from when the shape was given. */
	unsigned up_ms;
	unsigned down_ms; /* 0: always up */
};

struct link_counts {
	uint64_t bytes_up;
	uint64_t bytes_down;
	uint32_t requests; /* HTTP requests whose head has come */
	uint32_t connections;
	uint32_t cuts; /* connections that were cut */
};

/* Either may be NULL. Called by the proxy's thread; the functions below must not be called. */
struct link_watch {
	void *context;
	/* A piece that came out of a socket; connections are numbered 1, 2, … */
	void (*passed)(void *context, uint32_t connection, bool up, const void *bytes,
		       size_t length);
	void (*closed)(void *context, uint32_t connection, const struct link_counts *counts);
};

struct link_proxy;

/* Listens on a free port and passes on to no server yet. Returns a new proxy. */
enum status link_proxy_open(const struct link_watch *watch, struct link_proxy **out,
			    struct error *err);
void link_proxy_close(struct link_proxy *proxy);
unsigned link_proxy_port(const struct link_proxy *proxy);
/* For the connections that come from now on; up and down count for all at once. */
void link_proxy_aim(struct link_proxy *proxy, unsigned server_port);
void link_proxy_shape(struct link_proxy *proxy, struct link_shape shape);
/* Since it was opened or last reset, over all connections. */
struct link_counts link_proxy_counts(struct link_proxy *proxy);
void link_proxy_reset(struct link_proxy *proxy);

#endif

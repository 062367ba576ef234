/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wire: one connection to the daemon on loopback, on which any bytes can be said.
 *
 * It reads answers as strictly as they are specified: what comes back to the worst of requests must
 * be HTTP all the same.
 */
#ifndef SAMBUNG_TESTS_MALFORMED_WIRE_H
#define SAMBUNG_TESTS_MALFORMED_WIRE_H

#include "protocol/bytes.h"

enum { WIRE_MEDIA_SIZE = 64, WIRE_WHY_SIZE = 120 };

struct wire {
	uint16_t port;
	int fd;	    /* -1: not connected */
	bool used;  /* has had an answer */
	bool ended; /* the last answer said that it is the last */
	struct buffer in;
	size_t at; /* of `in`: where the next answer begins */
};

struct heard {
	int http; /* 0: the connection ended without an answer */
	char media[WIRE_MEDIA_SIZE];
	struct span body; /* borrowed until the next wire_hear */
	bool allow;	  /* has the header Allow */
	bool retry_after;
	bool bearer; /* has WWW-Authenticate: Bearer */
	bool closes;
	char why[WIRE_WHY_SIZE]; /* what is wrong with it as HTTP; "" nothing */
};

void wire_init(struct wire *wire, uint16_t port);
void wire_close(struct wire *wire);
void wire_finish(struct wire *wire);

/* Connects if need be. That the other side does not take all of it shows in what is heard. */
void wire_say(struct wire *wire, struct span bytes);
/* Nothing more will be said. */
void wire_said_all(struct wire *wire);
/* The next answer; `head`: one without a body, whatever its headers say. */
void wire_hear(struct wire *wire, bool head, struct heard *out);
/* Says a whole request on its own and hears the answer; once more on a new connection if the old
 * one was closed meanwhile. */
void wire_ask(struct wire *wire, struct span bytes, bool head, struct heard *out);

#endif

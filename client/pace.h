/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pace: how much an exchange asks of a link, and whether a broken one is tried again at once.
 *
 * Functions of what they are told: no clock, no network, no memory of their own. An exchange has at
 * most `size` bytes of changes and answer together, changes first. The size begins at PACE_START,
 * follows what the link carries in PACE_TARGET_MS (so that a window of 20 seconds always brings a
 * whole exchange through), and is halved when one does not come back. It lives as long as the
 * device's handle, and not on the disk: nothing is written for it.
 *
 * Costs 16 bytes of RAM, nothing on the wire, and 1.5 KB of code (aarch64; with the tries, waiting
 * and Retry-After in sync.c, platform.c and transport_http.c).
 */
#ifndef SAMBUNG_CLIENT_PACE_H
#define SAMBUNG_CLIENT_PACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	PACE_LEAST = 4 * 1024,
	PACE_START = 16 * 1024,
	PACE_MOST = 64 * 1024,
	PACE_TARGET_MS = 8000, /* that an exchange may take */
	PACE_TRIES = 3,	       /* of one exchange, within … */
	PACE_PATIENCE_MS = 30000,
};

/* How an exchange of the present size ended. */
struct pace_seen {
	bool arrived;	/* false: cut off, or not heard of again */
	uint64_t bytes; /* both ways */
	int64_t ms;	/* from having the request to having the answer */
};
/* The size of the next one. */
uint32_t pace_next(uint32_t size, const struct pace_seen *seen);

/* Bytes that the answer may have to a request with so many bytes of changes. */
uint32_t pace_room(uint32_t size, size_t sent, bool more_wait);

/* An exchange that failed. */
struct pace_failure {
	unsigned tries;		/* of it, this one included */
	bool cut;		/* it broke off after bytes had gone through */
	bool busy;		/* the server was full, */
	unsigned retry_after_s; /* … and said how long to wait; 0: it did not */
	int64_t elapsed_ms;	/* since the sync last got anywhere */
};
/* Is it worth trying again at once, and after how long? `random` spreads it. */
bool pace_retry(const struct pace_failure *failure, uint32_t random, uint32_t *wait_ms_out);

#endif

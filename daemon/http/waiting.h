/* SPDX-License-Identifier: Apache-2.0 */
/*
 * waiting: requests whose connection is suspended until something is done or their time is up.
 *
 * Whichever comes first ends the wait and wakes the connection, exactly once; the other one learns
 * that it came second. Any thread.
 */
#ifndef SAMBUNG_DAEMON_HTTP_WAITING_H
#define SAMBUNG_DAEMON_HTTP_WAITING_H

#include "protocol/status.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct waiting;

/* The monotonic clock, and a condition whose timed waits go by it. */
int64_t monotonic_ms(void);
bool monotonic_condition(pthread_cond_t *condition);

struct wait {
	void (*wake)(struct wait *wait); /* brief; called with the list locked */
	int64_t until_ms;		 /* by the monotonic clock */
	bool listed;
	bool expired;
	struct wait *next;
	struct wait *previous;
};

/* Starts the thread that watches the deadlines. Returns a new list. */
enum status waiting_start(struct waiting **out, struct error *err);
/* Nothing waits any more. Takes NULL. */
void waiting_stop(struct waiting *waiting);

void waiting_begin(struct waiting *waiting, struct wait *wait, int64_t milliseconds,
		   void (*wake)(struct wait *wait));
/* It is done: wakes, unless the time was up before (false). */
bool waiting_end(struct waiting *waiting, struct wait *wait);
bool waiting_expired(struct waiting *waiting, const struct wait *wait);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * errands: one thread for work that takes long and neither writes to the log nor may hold up a
 * network thread, such as copying the database or checking a password. One at a time, a few may
 * wait. Any thread.
 */
#ifndef SAMBUNG_DAEMON_HTTP_ERRANDS_H
#define SAMBUNG_DAEMON_HTTP_ERRANDS_H

#include "protocol/status.h"

struct errands;

struct errand {
	void (*run)(struct errand *errand); /* the errand belongs to its owner when it returns */
	struct errand *next;
};

/* Returns a new thread's handle; `limit` errands may wait. */
enum status errands_start(size_t limit, struct errands **out, struct error *err);
/* BUSY when too many wait or errands_stop was called; then `run` is not called. */
enum status errands_submit(struct errands *errands, struct errand *errand, struct error *err);
/* Finishes what waits and ends the thread; errands_submit may still be called, and refuses. Takes
 * NULL. */
void errands_stop(struct errands *errands);
void errands_free(struct errands *errands);

#endif

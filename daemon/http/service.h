/* SPDX-License-Identifier: Apache-2.0 */
/* service: what the handlers know of the daemon around them. Any thread. */
#ifndef SAMBUNG_DAEMON_HTTP_SERVICE_H
#define SAMBUNG_DAEMON_HTTP_SERVICE_H

#include "daemon/http/buckets.h"
#include "daemon/http/errands.h"
#include "daemon/http/readers.h"
#include "daemon/http/reads.h"
#include "daemon/http/waiting.h"
#include "daemon/ingest/writer.h"

#include <pthread.h>

struct eraser;

struct service {
	const char *directory; /* D */
	struct writer *writer;
	struct catalogue *catalogue;
	const struct server_keys *keys;
	struct platform platform;
	struct readers *readers;
	struct waiting *waiting;
	struct errands *errands;
	struct errands *passwords; /* one at a time, for each takes 64 MiB */
	struct reads *reads;	   /* the writer's own */
	struct buckets *attempts;  /* failed ones of each address */
	struct buckets *devices;   /* requests of each */
	bool secure; /* people come over https, by TLS here or by a proxy's: cookies say so */
	bool proxy;  /* a proxy stands in front, and says whom it asks for */
	struct eraser *eraser;
	uint16_t lease_days;
	int64_t astray_warned_ms; /* the writer's own: when it last said so; 0: never */
	/* inside, under the mutex */
	pthread_mutex_t mutex;
	bool closing;
	bool detached;	     /* the writer is gone */
	size_t memory_left;  /* bytes */
	size_t turns;	     /* requests that may be on their way to the writer at once */
	size_t turns_left;   /* of these */
	size_t calls;	     /* requests under way */
	bool noting;	     /* that a token or a login served is on its way to the writer */
	pthread_cond_t idle; /* no more calls */
};

/* The members above `mutex` are the caller's to fill in. */
enum status service_init(struct service *service, size_t memory, size_t turns, struct error *err);
void service_finish(struct service *service);

/* To the writer; BUSY when its queue is full or the daemon is ending. */
enum status service_submit(struct service *service, struct job *job, struct error *err);
/* A finished session's row for the writer, or lost when the daemon is ending. */
void service_report(struct service *service, const struct sync_session *session);
/* From now on every service_submit is refused. */
void service_close(struct service *service);
/* Nor is anything reported: the writer can be stopped. */
void service_detach(struct service *service);

/* A request begins, and ends. */
void service_enter(struct service *service);
void service_leave(struct service *service);
/* Waits until no request is under way, but not longer. */
void service_wait_idle(struct service *service, unsigned seconds);

/* Part of the memory that all requests share; BUSY when it is used up. */
enum status service_reserve(struct service *service, size_t bytes, struct error *err);
void service_release(struct service *service, size_t bytes);

/* One of the turns at the writer: BUSY when all are taken. Taken before a request costs any work,
 * so that the refused cost the served next to nothing. */
enum status service_take_turn(struct service *service, struct error *err);
void service_give_turn(struct service *service);
/*
 * How long one of the lists being read steps aside after it has worked for so many microseconds, in
 * milliseconds, half a second at most. While nothing is on its way to the writer lists go as fast
 * as they can, 0; else all of them together have a quarter of a core, so that whoever exports a
 * district does not hold up its syncs.
 */
unsigned service_list_pause_ms(struct service *service, int64_t worked_us);

/* Begins to note that a token or a login served; false: something else is being noted, or nothing
 * can be: the next request will do. It holds a turn. */
bool service_begin_note(struct service *service);
void service_end_note(struct service *service);

int64_t service_now_ms(const struct service *service);
/* Days since 1970-01-01, UTC. */
int64_t service_today(const struct service *service);
/* Seconds after which the next try may have better luck: 2 to 20, so that a district that was sent
 * away does not come back in one second. */
unsigned service_retry_after(const struct service *service);

#endif

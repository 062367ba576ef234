/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/eraser.h"

#include "daemon/http/waiting.h"
#include "daemon/log.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

enum { LOOK_EVERY_S = 60, AGAIN_AFTER_S = 5 };
#define HOUR_MS (INT64_C(3600) * 1000)

/* Invariant: `asked`, `failed` and `ending` alone are shared, under the lock. */
struct eraser {
	struct store *store;
	struct platform platform;
	struct eraser_turn turn;
	uint64_t vacuumed; /* head of the log when the database was last written anew, … */
	bool log_holds;	   /* … and what was before it is still in the write-ahead log */
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool asked;
	enum status failed; /* the last try; OK: it did not, or was BUSY */
	bool ending;
};

static int64_t
now(const struct eraser *eraser)
{
	return eraser->platform.now_ms(eraser->platform.context);
}

static unsigned
local_hour(int64_t now_ms)
{
	const time_t seconds = (time_t)(now_ms / 1000);
	struct tm parts;

	return localtime_r(&seconds, &parts) != NULL ? (unsigned)parts.tm_hour : ERASER_ONLY_ASKED;
}

/* Is the oldest unfinished one to be finished now? */
static bool
is_due(struct eraser *eraser, const struct erasure *oldest, bool asked)
{
	const struct eraser_look look = {.now_ms = now(eraser),
					 .hour = local_hour(now(eraser)),
					 .asked_ms = oldest->asked_ms,
					 .wanted = asked || eraser->log_holds};
	const enum eraser_step step = eraser_turn(&eraser->turn, &look);

	if (step == ERASER_WARN) {
		log_event(LOG_WARNING,
			  "an erasure waits for its end since %" PRId64
			  " hours, the law gives 72: sambungctl erase --finish",
			  (look.now_ms - look.asked_ms) / HOUR_MS);
	}
	return step == ERASER_FINISH;
}

static enum status
mark_finished(struct eraser *eraser, struct error *err)
{
	enum status status = store_begin(eraser->store, err);

	if (status != STATUS_OK) {
		return status;
	}
	status = store_erasures_finish(eraser->store, eraser->vacuumed, now(eraser), err);
	if (status == STATUS_OK) {
		status = store_commit(eraser->store, err);
	}
	if (status != STATUS_OK) {
		store_rollback(eraser->store);
	}
	return status;
}

/* BUSY: what is left is tried again in a moment, without writing all anew. */
static enum status
finish(struct eraser *eraser, struct error *err)
{
	enum status status = STATUS_OK;

	if (!eraser->log_holds) {
		status = store_log_head(eraser->store, &eraser->vacuumed, err);
		if (status == STATUS_OK) {
			status = store_vacuum(eraser->store, err);
		}
		if (status != STATUS_OK) {
			return status;
		}
		eraser->log_holds = true;
	}
	status = store_wal_empty(eraser->store, err);
	if (status == STATUS_OK) {
		status = mark_finished(eraser, err);
	}
	if (status == STATUS_OK) {
		eraser->log_holds = false;
	}
	return status;
}

static void
tell(struct eraser *eraser, enum status status)
{
	(void)pthread_mutex_lock(&eraser->lock);
	eraser->failed = status == STATUS_BUSY ? STATUS_OK : status;
	(void)pthread_mutex_unlock(&eraser->lock);
}

/* True: something is to be tried again soon. */
static bool
look(struct eraser *eraser, bool asked)
{
	struct erasure oldest = {.seq = 0};
	struct error err = {.status = STATUS_OK};
	enum status status = store_erasure_unfinished(eraser->store, &oldest, &err);

	if (status != STATUS_OK || oldest.seq == 0) {
		eraser->log_holds = false;
		return status != STATUS_OK && asked;
	}
	if (!is_due(eraser, &oldest, asked)) {
		return false;
	}
	status = finish(eraser, &err);
	tell(eraser, status);
	if (status == STATUS_OK) {
		log_event(LOG_INFO, "erased for good, up to entry %" PRIu64, eraser->vacuumed);
		/* One may have come meanwhile. */
		return asked &&
		       store_erasure_unfinished(eraser->store, &oldest, &err) == STATUS_OK &&
		       oldest.seq != 0;
	}
	if (status != STATUS_BUSY) {
		log_event(LOG_WARNING, "an erasure cannot be finished: %s: %s", status_name(status),
			  err.detail);
	}
	return status == STATUS_BUSY;
}

/* Waits for the next turn; false when it is time to end. *asked_out: somebody asked. */
static bool
wait_for_turn(struct eraser *eraser, bool soon, bool *asked_out)
{
	struct timespec until;
	int waited = 0;
	bool goes_on;

	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += soon ? AGAIN_AFTER_S : LOOK_EVERY_S;
	(void)pthread_mutex_lock(&eraser->lock);
	while (!eraser->ending && !eraser->asked && waited == 0) {
		waited = pthread_cond_timedwait(&eraser->changed, &eraser->lock, &until);
	}
	goes_on = !eraser->ending;
	*asked_out = eraser->asked;
	eraser->asked = false;
	(void)pthread_mutex_unlock(&eraser->lock);
	return goes_on;
}

static void *
eraser_main(void *context)
{
	struct eraser *eraser = context;
	bool asked = false;
	bool again = false;

	while (wait_for_turn(eraser, again, &asked)) {
		again = look(eraser, asked || again);
	}
	return NULL;
}

static void
eraser_free(struct eraser *eraser)
{
	store_close(eraser->store);
	(void)pthread_cond_destroy(&eraser->changed);
	(void)pthread_mutex_destroy(&eraser->lock);
	free(eraser);
}

enum status
eraser_start(const char *database, unsigned hour, const struct platform *platform,
	     struct eraser **out, struct error *err)
{
	struct eraser *eraser = calloc(1, sizeof *eraser);
	enum status status;

	if (eraser == NULL) {
		return fail(err, STATUS_MEMORY, "a thread for erasures");
	}
	eraser->platform = *platform;
	eraser->turn.hour = hour;
	if (!monotonic_condition(&eraser->changed)) {
		free(eraser);
		return fail(err, STATUS_MEMORY, "a thread for erasures");
	}
	(void)pthread_mutex_init(&eraser->lock, NULL);
	status = store_open(database, STORE_MOVER, &eraser->store, err);
	if (status == STATUS_OK &&
	    pthread_create(&eraser->thread, NULL, eraser_main, eraser) != 0) {
		status = fail(err, STATUS_MEMORY, "a thread for erasures");
	}
	if (status != STATUS_OK) {
		eraser_free(eraser);
		return status;
	}
	*out = eraser;
	return STATUS_OK;
}

void
eraser_wake(struct eraser *eraser)
{
	(void)pthread_mutex_lock(&eraser->lock);
	eraser->asked = true;
	eraser->failed = STATUS_OK;
	(void)pthread_cond_signal(&eraser->changed);
	(void)pthread_mutex_unlock(&eraser->lock);
}

enum status
eraser_failed(struct eraser *eraser)
{
	enum status failed;

	(void)pthread_mutex_lock(&eraser->lock);
	failed = eraser->failed;
	(void)pthread_mutex_unlock(&eraser->lock);
	return failed;
}

void
eraser_stop(struct eraser *eraser)
{
	if (eraser == NULL) {
		return;
	}
	(void)pthread_mutex_lock(&eraser->lock);
	eraser->ending = true;
	(void)pthread_cond_signal(&eraser->changed);
	(void)pthread_mutex_unlock(&eraser->lock);
	(void)pthread_join(eraser->thread, NULL);
	eraser_free(eraser);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "waiting.h"

#include <stdlib.h>
#include <time.h>

enum { LOOK_EVERY_MS = 500 };

struct waiting {
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	bool stopping;
	int64_t look_ms; /* when the thread looks again */
	struct wait *first;
};

int64_t
monotonic_ms(void)
{
	struct timespec now = {0};

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

bool
monotonic_condition(pthread_cond_t *condition)
{
	pthread_condattr_t attributes;
	bool made;

	if (pthread_condattr_init(&attributes) != 0) {
		return false;
	}
	made = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0 &&
	       pthread_cond_init(condition, &attributes) == 0;
	(void)pthread_condattr_destroy(&attributes);
	return made;
}

static void
unlist(struct waiting *waiting, struct wait *wait)
{
	if (wait->previous != NULL) {
		wait->previous->next = wait->next;
	} else {
		waiting->first = wait->next;
	}
	if (wait->next != NULL) {
		wait->next->previous = wait->previous;
	}
	wait->listed = false;
}

/* Sets when to look again: when the next one's time is up, but soon in any case. */
static void
expire_all(struct waiting *waiting)
{
	int64_t now_ms = monotonic_ms();
	struct wait *next;

	waiting->look_ms = now_ms + LOOK_EVERY_MS;
	for (struct wait *wait = waiting->first; wait != NULL; wait = next) {
		next = wait->next;
		if (wait->until_ms <= now_ms) {
			unlist(waiting, wait);
			wait->expired = true;
			wait->wake(wait);
		} else if (wait->until_ms < waiting->look_ms) {
			waiting->look_ms = wait->until_ms;
		}
	}
}

static void *
watch(void *context)
{
	struct waiting *waiting = context;
	struct timespec until;

	(void)pthread_mutex_lock(&waiting->mutex);
	while (!waiting->stopping) {
		expire_all(waiting);
		until.tv_sec = (time_t)(waiting->look_ms / 1000);
		until.tv_nsec = (long)(waiting->look_ms % 1000) * 1000000L;
		(void)pthread_cond_timedwait(&waiting->changed, &waiting->mutex, &until);
	}
	(void)pthread_mutex_unlock(&waiting->mutex);
	return NULL;
}

enum status
waiting_start(struct waiting **out, struct error *err)
{
	struct waiting *waiting = calloc(1, sizeof *waiting);

	if (waiting == NULL) {
		return fail(err, STATUS_MEMORY, "the list of waiting requests");
	}
	if (pthread_mutex_init(&waiting->mutex, NULL) != 0) {
		free(waiting);
		return fail(err, STATUS_MEMORY, "the list of waiting requests");
	}
	if (!monotonic_condition(&waiting->changed)) {
		(void)pthread_mutex_destroy(&waiting->mutex);
		free(waiting);
		return fail(err, STATUS_MEMORY, "the list of waiting requests");
	}
	if (pthread_create(&waiting->thread, NULL, watch, waiting) != 0) {
		(void)pthread_cond_destroy(&waiting->changed);
		(void)pthread_mutex_destroy(&waiting->mutex);
		free(waiting);
		return fail(err, STATUS_MEMORY, "a thread for the deadlines");
	}
	*out = waiting;
	return STATUS_OK;
}

void
waiting_stop(struct waiting *waiting)
{
	if (waiting == NULL) {
		return;
	}
	(void)pthread_mutex_lock(&waiting->mutex);
	waiting->stopping = true;
	(void)pthread_cond_signal(&waiting->changed);
	(void)pthread_mutex_unlock(&waiting->mutex);
	(void)pthread_join(waiting->thread, NULL);
	(void)pthread_cond_destroy(&waiting->changed);
	(void)pthread_mutex_destroy(&waiting->mutex);
	free(waiting);
}

void
waiting_begin(struct waiting *waiting, struct wait *wait, int64_t milliseconds,
	      void (*wake)(struct wait *wait))
{
	(void)pthread_mutex_lock(&waiting->mutex);
	wait->wake = wake;
	wait->until_ms = monotonic_ms() + milliseconds;
	wait->listed = true;
	wait->expired = false;
	wait->previous = NULL;
	wait->next = waiting->first;
	if (waiting->first != NULL) {
		waiting->first->previous = wait;
	}
	waiting->first = wait;
	if (wait->until_ms < waiting->look_ms) {
		waiting->look_ms = wait->until_ms;
		(void)pthread_cond_signal(&waiting->changed);
	}
	(void)pthread_mutex_unlock(&waiting->mutex);
}

bool
waiting_end(struct waiting *waiting, struct wait *wait)
{
	bool first = false;

	(void)pthread_mutex_lock(&waiting->mutex);
	if (wait->listed) {
		unlist(waiting, wait);
		wait->wake(wait);
		first = true;
	}
	(void)pthread_mutex_unlock(&waiting->mutex);
	return first;
}

bool
waiting_expired(struct waiting *waiting, const struct wait *wait)
{
	bool expired;

	(void)pthread_mutex_lock(&waiting->mutex);
	expired = wait->expired;
	(void)pthread_mutex_unlock(&waiting->mutex);
	return expired;
}

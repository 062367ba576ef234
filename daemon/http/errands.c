/* SPDX-License-Identifier: Apache-2.0 */
#include "errands.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

struct errands {
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	bool stopping;
	struct errand *first;
	size_t count;
	size_t limit;
};

/* The oldest one; NULL when it is time to end. */
static struct errand *
take_errand(struct errands *errands)
{
	struct errand *errand;

	(void)pthread_mutex_lock(&errands->mutex);
	while (errands->first == NULL && !errands->stopping) {
		(void)pthread_cond_wait(&errands->changed, &errands->mutex);
	}
	errand = errands->first;
	if (errand != NULL) {
		errands->first = errand->next;
		errands->count--;
	}
	(void)pthread_mutex_unlock(&errands->mutex);
	return errand;
}

static void *
work(void *context)
{
	struct errands *errands = context;
	struct errand *errand;

	while ((errand = take_errand(errands)) != NULL) {
		errand->run(errand);
	}
	return NULL;
}

enum status
errands_start(size_t limit, struct errands **out, struct error *err)
{
	struct errands *errands = calloc(1, sizeof *errands);

	if (errands == NULL) {
		return fail(err, STATUS_MEMORY, "a thread for errands");
	}
	errands->limit = limit;
	if (pthread_mutex_init(&errands->mutex, NULL) != 0) {
		free(errands);
		return fail(err, STATUS_MEMORY, "a thread for errands");
	}
	if (pthread_cond_init(&errands->changed, NULL) != 0) {
		(void)pthread_mutex_destroy(&errands->mutex);
		free(errands);
		return fail(err, STATUS_MEMORY, "a thread for errands");
	}
	if (pthread_create(&errands->thread, NULL, work, errands) != 0) {
		(void)pthread_cond_destroy(&errands->changed);
		(void)pthread_mutex_destroy(&errands->mutex);
		free(errands);
		return fail(err, STATUS_MEMORY, "a thread for errands");
	}
	*out = errands;
	return STATUS_OK;
}

enum status
errands_submit(struct errands *errands, struct errand *errand, struct error *err)
{
	bool accepted = false;

	(void)pthread_mutex_lock(&errands->mutex);
	if (!errands->stopping && errands->count < errands->limit) {
		struct errand **last = &errands->first;

		while (*last != NULL) {
			last = &(*last)->next;
		}
		errand->next = NULL;
		*last = errand;
		errands->count++;
		accepted = true;
		(void)pthread_cond_signal(&errands->changed);
	}
	(void)pthread_mutex_unlock(&errands->mutex);
	return accepted ? STATUS_OK : fail(err, STATUS_BUSY, "too much of that at once");
}

void
errands_stop(struct errands *errands)
{
	if (errands == NULL) {
		return;
	}
	(void)pthread_mutex_lock(&errands->mutex);
	errands->stopping = true;
	(void)pthread_cond_signal(&errands->changed);
	(void)pthread_mutex_unlock(&errands->mutex);
	(void)pthread_join(errands->thread, NULL);
}

void
errands_free(struct errands *errands)
{
	if (errands == NULL) {
		return;
	}
	(void)pthread_cond_destroy(&errands->changed);
	(void)pthread_mutex_destroy(&errands->mutex);
	free(errands);
}

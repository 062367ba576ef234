/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/ingest/mover.h"

#include "daemon/store/store.h"

#include <pthread.h>
#include <stdlib.h>

/* Invariant: `work` goes REST → WANTED (mover_wake) → COPIED (the thread) → REST
 * (mover_has_copied). */
enum work { WORK_REST, WORK_WANTED, WORK_COPIED };

struct mover {
	struct store *store;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	enum work work;
	bool stopping;
};

/* False: it is time to end. */
static bool
wait_for_work(struct mover *mover)
{
	bool wanted;

	(void)pthread_mutex_lock(&mover->lock);
	while (mover->work != WORK_WANTED && !mover->stopping) {
		(void)pthread_cond_wait(&mover->changed, &mover->lock);
	}
	wanted = !mover->stopping;
	(void)pthread_mutex_unlock(&mover->lock);
	return wanted;
}

static void *
mover_main(void *context)
{
	struct mover *mover = context;

	while (wait_for_work(mover)) {
		struct error err;

		/* What fails here is tried again with the next waking; the log just grows. */
		(void)store_checkpoint(mover->store, false, &err);
		(void)pthread_mutex_lock(&mover->lock);
		mover->work = WORK_COPIED;
		(void)pthread_mutex_unlock(&mover->lock);
	}
	return NULL;
}

static enum status
start_thread(struct mover *mover, struct error *err)
{
	(void)pthread_mutex_init(&mover->lock, NULL);
	(void)pthread_cond_init(&mover->changed, NULL);
	if (pthread_create(&mover->thread, NULL, mover_main, mover) == 0) {
		return STATUS_OK;
	}
	(void)pthread_cond_destroy(&mover->changed);
	(void)pthread_mutex_destroy(&mover->lock);
	return fail(err, STATUS_MEMORY, "a thread for the write-ahead log");
}

enum status
mover_start(const char *database, struct mover **out, struct error *err)
{
	struct mover *mover = calloc(1, sizeof *mover);
	enum status status;

	if (mover == NULL) {
		return fail(err, STATUS_MEMORY, "a thread for the write-ahead log");
	}
	status = store_open(database, STORE_MOVER, &mover->store, err);
	if (status == STATUS_OK) {
		status = start_thread(mover, err);
	}
	if (status != STATUS_OK) {
		store_close(mover->store);
		free(mover);
		return status;
	}
	*out = mover;
	return STATUS_OK;
}

void
mover_wake(struct mover *mover)
{
	(void)pthread_mutex_lock(&mover->lock);
	if (mover->work == WORK_REST) {
		mover->work = WORK_WANTED;
		(void)pthread_cond_signal(&mover->changed);
	}
	(void)pthread_mutex_unlock(&mover->lock);
}

bool
mover_has_copied(struct mover *mover)
{
	bool copied;

	(void)pthread_mutex_lock(&mover->lock);
	copied = mover->work == WORK_COPIED;
	if (copied) {
		mover->work = WORK_REST;
	}
	(void)pthread_mutex_unlock(&mover->lock);
	return copied;
}

void
mover_stop(struct mover *mover)
{
	if (mover == NULL) {
		return;
	}
	(void)pthread_mutex_lock(&mover->lock);
	mover->stopping = true;
	(void)pthread_cond_signal(&mover->changed);
	(void)pthread_mutex_unlock(&mover->lock);
	(void)pthread_join(mover->thread, NULL);
	(void)pthread_cond_destroy(&mover->changed);
	(void)pthread_mutex_destroy(&mover->lock);
	store_close(mover->store);
	free(mover);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/ingest/writer.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

enum {
	BATCH_JOBS_MAX = 256,  /* jobs in one transaction */
	CHECKPOINT_EVERY = 64, /* transactions between copies of the WAL into the database */
	WAL_LONG_BYTES = 128 * 1024 * 1024,
	SESSIONS_MAX = 4096, /* finished sessions that wait to be written */
	QUIET_S = 1,	     /* without a job, before what can wait is done */
};

/* Invariants: 1. `first` … `last` hold `waiting` jobs. 2. after `stopping` nothing is added. 3.
 * sessions are appended under the lock by any thread, taken by the writer alone. */
struct writer {
	struct ingest *ingest;
	struct store *store;
	struct mover *mover; /* NULL: none */
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct job *first;
	struct job *last;
	size_t waiting;
	size_t limit;
	bool stopping;
	bool behind;  /* the writer's own: there is something that can wait (ingest_rest) */
	bool resting; /* the writer's own: it was doing that last */
	struct sync_session *sessions;
	size_t session_count;
	struct sync_session *spare; /* the writer works on one array while the other fills */
};

/* What the writer takes off its queue at once. */
struct taken {
	struct job *jobs; /* at most BATCH_JOBS_MAX */
	struct sync_session *sessions;
	size_t session_count;
	bool over; /* nothing more will come */
	bool rest; /* nothing came */
};

static struct job *
take_jobs(struct writer *writer)
{
	struct job *first = writer->first;
	struct job *last = first;
	size_t count = 1;

	if (first == NULL) {
		return NULL;
	}
	while (last->next != NULL && count < BATCH_JOBS_MAX) {
		last = last->next;
		count++;
	}
	writer->first = last->next;
	writer->last = writer->first == NULL ? NULL : writer->last;
	writer->waiting -= count;
	last->next = NULL;
	return first;
}

static bool
has_work(const struct writer *writer)
{
	return writer->first != NULL || writer->stopping ||
	       writer->session_count >= SESSIONS_MAX / 2;
}

/* Waits for work; false: all is quiet, and there is something that can wait no more. */
static bool
wait_for_work(struct writer *writer)
{
	struct timespec until;
	int waited = 0;

	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += QUIET_S;
	while (!has_work(writer) && waited == 0 && !(writer->behind && writer->resting)) {
		waited = writer->behind
				 ? pthread_cond_timedwait(&writer->changed, &writer->lock, &until)
				 : pthread_cond_wait(&writer->changed, &writer->lock);
	}
	return has_work(writer);
}

/* Waits for jobs. Sessions alone wait until there are many: they go with what is written anyway. */
static struct taken
take(struct writer *writer)
{
	struct taken taken = {.jobs = NULL};

	(void)pthread_mutex_lock(&writer->lock);
	taken.rest = !wait_for_work(writer);
	taken.jobs = take_jobs(writer);
	taken.sessions = writer->sessions;
	taken.session_count = writer->session_count;
	writer->sessions = writer->spare;
	writer->session_count = 0;
	writer->spare = taken.sessions;
	taken.over = taken.jobs == NULL && writer->stopping;
	(void)pthread_mutex_unlock(&writer->lock);
	return taken;
}

static void
keep_sessions(struct writer *writer, const struct taken *taken)
{
	struct error err;

	for (size_t i = 0; i < taken->session_count; i++) {
		/* A session's row is for reading, not evidence: the log has everything. */
		(void)ingest_session(writer->ingest, &taken->sessions[i], &err);
	}
}

/* What a job refuses, it refuses before it touches anything. Everything else may have left half of
 * itself behind, so it ends the transaction for all. */
static bool
ends_batch(enum status status)
{
	return status_http(status) >= 500;
}

/* What a transaction of its own is for. */
static void
run_before(struct writer *writer, struct job *jobs)
{
	for (struct job *job = jobs; job != NULL; job = job->next) {
		job->error.detail[0] = '\0';
		job->status = job->before == NULL ? STATUS_OK
						  : job->before(job, writer->ingest, &job->error);
		job->error.status = job->status;
	}
}

static enum status
run_batch(struct writer *writer, struct job *jobs, struct error *err)
{
	enum status status;

	run_before(writer, jobs);
	status = ingest_begin(writer->ingest, err);
	if (status != STATUS_OK) {
		return status;
	}
	for (struct job *job = jobs; job != NULL; job = job->next) {
		if (job->status != STATUS_OK) {
			continue;
		}
		job->error.detail[0] = '\0';
		job->status = job->run(job, writer->ingest, &job->error);
		job->error.status = job->status;
		if (ends_batch(job->status)) {
			*err = job->error;
			ingest_rollback(writer->ingest);
			return job->status;
		}
	}
	return ingest_commit(writer->ingest, err);
}

static void
finish_jobs(struct job *jobs, enum status status, const struct error *err)
{
	while (jobs != NULL) {
		struct job *next = jobs->next;

		if (status != STATUS_OK) {
			jobs->status = status;
			jobs->error = *err;
		}
		jobs->next = NULL;
		jobs->done(jobs);
		jobs = next;
	}
}

/* Readers may hold a copying back; the next one gets further. Where a snapshot is always in its way
 * the log would grow for ever, so when it is long the writer waits a moment for the readers, now
 * and then. A long log is copied at once: lists wait for it to begin anew (http/readers.h). */
static void
tidy(struct writer *writer, unsigned transactions)
{
	bool due = transactions % CHECKPOINT_EVERY == 0;
	bool is_long = store_wal_bytes(writer->store) > WAL_LONG_BYTES;
	bool copied = writer->mover == NULL ? due || is_long : mover_has_copied(writer->mover);
	struct error err;

	if (writer->mover != NULL && (due || is_long)) {
		mover_wake(writer->mover);
	}
	if (copied || (due && is_long)) {
		(void)store_checkpoint(writer->store, due && is_long, &err);
	}
}

/* What fails here is tried again after the next job. */
static void
rest(struct writer *writer)
{
	struct error err;

	if (ingest_rest(writer->ingest, &writer->behind, &err) != STATUS_OK) {
		writer->behind = false;
	}
}

static void *
writer_main(void *context)
{
	struct writer *writer = context;
	struct error err = {.status = STATUS_OK};
	unsigned transactions = 0;
	struct taken taken = {.over = false};

	while (!taken.over) {
		taken = take(writer);
		keep_sessions(writer, &taken);
		writer->resting = taken.rest;
		if (taken.rest) {
			rest(writer);
		} else if (taken.jobs == NULL) {
			(void)ingest_flush(writer->ingest, &err);
			continue;
		} else {
			finish_jobs(taken.jobs, run_batch(writer, taken.jobs, &err), &err);
			writer->behind = true;
		}
		tidy(writer, ++transactions);
	}
	(void)store_checkpoint(writer->store, false, &err);
	return NULL;
}

static void
condition_init(pthread_cond_t *condition)
{
	pthread_condattr_t attributes;

	(void)pthread_condattr_init(&attributes);
	(void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	(void)pthread_cond_init(condition, &attributes);
	(void)pthread_condattr_destroy(&attributes);
}

enum status
writer_start(struct ingest *ingest, struct store *store, struct mover *mover, size_t queue_limit,
	     struct writer **out, struct error *err)
{
	struct writer *writer = calloc(1, sizeof *writer);

	if (writer == NULL) {
		return fail(err, STATUS_MEMORY, "starting the writer");
	}
	writer->sessions = calloc(SESSIONS_MAX, sizeof writer->sessions[0]);
	writer->spare = calloc(SESSIONS_MAX, sizeof writer->spare[0]);
	writer->ingest = ingest;
	writer->store = store;
	writer->mover = mover;
	writer->limit = queue_limit;
	(void)pthread_mutex_init(&writer->lock, NULL);
	writer->behind = true;
	condition_init(&writer->changed);
	if (writer->sessions == NULL || writer->spare == NULL ||
	    pthread_create(&writer->thread, NULL, writer_main, writer) != 0) {
		(void)pthread_cond_destroy(&writer->changed);
		(void)pthread_mutex_destroy(&writer->lock);
		free(writer->sessions);
		free(writer->spare);
		free(writer);
		return fail(err, STATUS_MEMORY, "starting the writer");
	}
	*out = writer;
	return STATUS_OK;
}

enum status
writer_submit(struct writer *writer, struct job *job, struct error *err)
{
	bool taken = false;

	job->next = NULL;
	(void)pthread_mutex_lock(&writer->lock);
	if (!writer->stopping && writer->waiting < writer->limit) {
		if (writer->last == NULL) {
			writer->first = job;
		} else {
			writer->last->next = job;
		}
		writer->last = job;
		writer->waiting++;
		taken = true;
		(void)pthread_cond_signal(&writer->changed);
	}
	(void)pthread_mutex_unlock(&writer->lock);
	return taken ? STATUS_OK : fail(err, STATUS_BUSY, "the queue is full");
}

void
writer_report(struct writer *writer, const struct sync_session *session)
{
	(void)pthread_mutex_lock(&writer->lock);
	if (writer->session_count < SESSIONS_MAX) {
		writer->sessions[writer->session_count++] = *session;
	}
	if (writer->session_count == SESSIONS_MAX / 2) {
		(void)pthread_cond_signal(&writer->changed);
	}
	(void)pthread_mutex_unlock(&writer->lock);
}

/* ---- a caller that waits ---- */

struct waiter {
	struct job job;
	struct job *inner;
	pthread_mutex_t lock;
	pthread_cond_t done;
	bool finished;
};

static enum status
waiter_before(struct job *job, struct ingest *ingest, struct error *err)
{
	struct waiter *waiter = (struct waiter *)job;

	return waiter->inner->before == NULL ? STATUS_OK
					     : waiter->inner->before(waiter->inner, ingest, err);
}

static enum status
waiter_run(struct job *job, struct ingest *ingest, struct error *err)
{
	struct waiter *waiter = (struct waiter *)job;

	return waiter->inner->run(waiter->inner, ingest, err);
}

static void
waiter_done(struct job *job)
{
	struct waiter *waiter = (struct waiter *)job;

	(void)pthread_mutex_lock(&waiter->lock);
	waiter->finished = true;
	(void)pthread_cond_signal(&waiter->done);
	(void)pthread_mutex_unlock(&waiter->lock);
}

enum status
writer_run(struct writer *writer, struct job *job, struct error *err)
{
	struct waiter waiter = {
		.job = {.before = waiter_before, .run = waiter_run, .done = waiter_done},
		.inner = job};
	enum status status;

	(void)pthread_mutex_init(&waiter.lock, NULL);
	(void)pthread_cond_init(&waiter.done, NULL);
	status = writer_submit(writer, &waiter.job, err);
	if (status == STATUS_OK) {
		(void)pthread_mutex_lock(&waiter.lock);
		while (!waiter.finished) {
			(void)pthread_cond_wait(&waiter.done, &waiter.lock);
		}
		(void)pthread_mutex_unlock(&waiter.lock);
		status = waiter.job.status;
		job->status = status;
		job->error = waiter.job.error;
		if (status != STATUS_OK && err != NULL) {
			*err = waiter.job.error;
		}
	}
	(void)pthread_cond_destroy(&waiter.done);
	(void)pthread_mutex_destroy(&waiter.lock);
	return status;
}

void
writer_stop(struct writer *writer)
{
	if (writer == NULL) {
		return;
	}
	(void)pthread_mutex_lock(&writer->lock);
	writer->stopping = true;
	(void)pthread_cond_signal(&writer->changed);
	(void)pthread_mutex_unlock(&writer->lock);
	(void)pthread_join(writer->thread, NULL);
	(void)pthread_cond_destroy(&writer->changed);
	(void)pthread_mutex_destroy(&writer->lock);
	free(writer->sessions);
	free(writer->spare);
	free(writer);
}

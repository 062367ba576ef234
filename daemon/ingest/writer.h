/* SPDX-License-Identifier: Apache-2.0 */
/*
 * writer: the one thread that writes, and its queue.
 *
 * Jobs wait in a bounded queue. The writer takes all that wait (at most a bound), runs them in one
 * transaction, commits once, and only then calls each job's `done`. A job that fails leaves nothing
 * behind and does not disturb the others. When the commit fails, all of the batch learn that
 * status.
 */
#ifndef SAMBUNG_DAEMON_INGEST_WRITER_H
#define SAMBUNG_DAEMON_INGEST_WRITER_H

#include "daemon/ingest/ingest.h"
#include "daemon/ingest/mover.h"

struct writer;

struct job {
	/* In the writer's thread, before the transaction: what needs one of its own. NULL: nothing.
	 * If it fails the job is not run, and the others are. */
	enum status (*before)(struct job *job, struct ingest *ingest, struct error *err);
	/* In the writer's thread, inside the transaction. */
	enum status (*run)(struct job *job, struct ingest *ingest, struct error *err);
	/* In the writer's thread, after the commit (or its failure); job->status and job->error are
	 * set. The job belongs to its owner again. */
	void (*done)(struct job *job);
	enum status status;
	struct error error;
	struct job *next; /* the writer's */
};

/* Starts the thread; borrows the ingest and its store, and the mover of that store (NULL: the
 * writer copies the write-ahead log itself) until writer_stop. `queue_limit` jobs may wait. */
enum status writer_start(struct ingest *ingest, struct store *store, struct mover *mover,
			 size_t queue_limit, struct writer **out, struct error *err);
/* Hands a job over. BUSY when the queue is full or the writer is stopping; then `done` is not
 * called. */
enum status writer_submit(struct writer *writer, struct job *job, struct error *err);
/* Submits and waits; for programs' own calls and tests, never from a network thread that others
 * need. */
enum status writer_run(struct writer *writer, struct job *job, struct error *err);
/* A finished session's row, from any thread; it is written with what the writer writes next. */
void writer_report(struct writer *writer, const struct sync_session *session);
/* Finishes what is queued, flushes, ends the thread. */
void writer_stop(struct writer *writer);

#endif

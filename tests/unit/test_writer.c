/* SPDX-License-Identifier: Apache-2.0 */
/* The one thread that writes, and its queue. */
#include "daemon/ingest/writer.h"
#include "forged_device.h"

#include <pthread.h>

/* A job that reads (an entry of the log), refuses, or lets the store fail; and waits for a gate. */
struct errand {
	struct job job;
	enum status outcome;
	struct gate *gate; /* NULL: does not wait */
	unsigned done;
	uint64_t head; /* when it was done */
	struct world *world;
};

struct gate {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool open;
	bool reached;
};

static void
gate_pass(struct gate *gate)
{
	(void)pthread_mutex_lock(&gate->lock);
	gate->reached = true;
	(void)pthread_cond_broadcast(&gate->changed);
	while (!gate->open) {
		(void)pthread_cond_wait(&gate->changed, &gate->lock);
	}
	(void)pthread_mutex_unlock(&gate->lock);
}

static void
gate_await(struct gate *gate)
{
	(void)pthread_mutex_lock(&gate->lock);
	while (!gate->reached) {
		(void)pthread_cond_wait(&gate->changed, &gate->lock);
	}
	(void)pthread_mutex_unlock(&gate->lock);
}

static void
gate_open(struct gate *gate)
{
	(void)pthread_mutex_lock(&gate->lock);
	gate->open = true;
	(void)pthread_cond_broadcast(&gate->changed);
	(void)pthread_mutex_unlock(&gate->lock);
}

static struct gate
gate_closed(void)
{
	struct gate gate = {.open = false};

	(void)pthread_mutex_init(&gate.lock, NULL);
	(void)pthread_cond_init(&gate.changed, NULL);
	return gate;
}

static enum status
errand_run(struct job *job, struct ingest *ingest, struct error *err)
{
	struct errand *errand = (struct errand *)job;

	if (errand->gate != NULL) {
		gate_pass(errand->gate);
	}
	if (errand->outcome != STATUS_OK) {
		error_set(err, errand->outcome, "the errand");
		return errand->outcome;
	}
	return ingest_read_entry(ingest, 0, "/v1/records", "", err);
}

static void
errand_done(struct job *job)
{
	struct errand *errand = (struct errand *)job;

	errand->done++;
	errand->head = world_head(errand->world);
}

static struct errand
errand_of(const struct forged *forged, enum status outcome)
{
	return (struct errand){.job = {.run = errand_run, .done = errand_done},
			       .outcome = outcome,
			       .world = forged->world};
}

static struct writer *
start(struct forged *forged, size_t limit)
{
	struct writer *writer;

	assert_ok(writer_start(forged->world->ingest, forged->world->store, NULL, limit, &writer,
			       &forged->err));
	return writer;
}

TEST(job_is_done_after_its_commit)
{
	struct forged *ani = *state;
	struct writer *writer = start(ani, 10);
	struct errand errand = errand_of(ani, STATUS_OK);
	uint64_t head = world_head(ani->world);

	assert_ok(writer_submit(writer, &errand.job, &ani->err));
	writer_stop(writer);
	assert_int_equal(errand.done, 1);
	assert_int_equal(errand.job.status, STATUS_OK);
	assert_int_equal(errand.head, head + 1);
}

/* A transaction of its own. */
static enum status
errand_before(struct job *job, struct ingest *ingest, struct error *err)
{
	enum status status = ingest_begin(ingest, err);

	(void)job;
	if (status == STATUS_OK) {
		status = ingest_read_entry(ingest, 0, "/v1/before", "", err);
	}
	return status == STATUS_OK ? ingest_commit(ingest, err) : status;
}

static enum status
errand_before_fails(struct job *job, struct ingest *ingest, struct error *err)
{
	(void)job;
	(void)ingest;
	error_set(err, STATUS_STORAGE, "before");
	return STATUS_STORAGE;
}

TEST(what_a_job_does_before_is_a_transaction_of_its_own)
{
	struct forged *ani = *state;
	struct writer *writer = start(ani, 10);
	struct errand errand = errand_of(ani, STATUS_OK);
	struct checkpoint checkpoint;
	uint8_t root[HASH_SIZE];
	uint64_t head = world_head(ani->world);
	bool found = false;

	errand.job.before = errand_before;
	assert_ok(writer_run(writer, &errand.job, &ani->err));
	writer_stop(writer);
	assert_int_equal(world_head(ani->world), head + 2);
	assert_ok(store_checkpoint_last(ani->world->reader, &checkpoint, &found, &ani->err));
	assert_ok(store_checkpoint_root(ani->world->reader, checkpoint.epoch, head + 1, root,
					&found, &ani->err));
	assert_true(found);
}

TEST(job_whose_before_fails_is_not_run)
{
	struct forged *ani = *state;
	struct writer *writer = start(ani, 10);
	struct errand errand = errand_of(ani, STATUS_OK);
	uint64_t head = world_head(ani->world);

	errand.job.before = errand_before_fails;
	assert_int_equal(writer_run(writer, &errand.job, &ani->err), STATUS_STORAGE);
	assert_string_equal(ani->err.detail, "before");
	errand.job.before = NULL;
	assert_ok(writer_run(writer, &errand.job, &ani->err));
	writer_stop(writer);
	assert_int_equal(world_head(ani->world), head + 1);
}

TEST(caller_that_waits_gets_the_jobs_status_and_error)
{
	struct forged *ani = *state;
	struct writer *writer = start(ani, 10);
	struct errand good = errand_of(ani, STATUS_OK);
	struct errand bad = errand_of(ani, STATUS_INVALID);

	assert_ok(writer_run(writer, &good.job, &ani->err));
	assert_int_equal(writer_run(writer, &bad.job, &ani->err), STATUS_INVALID);
	assert_string_equal(ani->err.detail, "the errand");
	assert_int_equal(bad.job.status, STATUS_INVALID);
	writer_stop(writer);
}

/* Three errands in one transaction: a gate holds the writer until all are queued. */
static void
run_three(struct forged *forged, enum status middle, struct errand errands[3])
{
	struct writer *writer = start(forged, 10);
	struct gate gate = gate_closed();
	struct errand first = errand_of(forged, STATUS_NOT_FOUND);

	first.gate = &gate;
	assert_ok(writer_submit(writer, &first.job, &forged->err));
	gate_await(&gate);
	for (int i = 0; i < 3; i++) {
		errands[i] = errand_of(forged, i == 1 ? middle : STATUS_OK);
		assert_ok(writer_submit(writer, &errands[i].job, &forged->err));
	}
	gate_open(&gate);
	writer_stop(writer);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(errands[i].done, 1);
	}
}

TEST(jobs_that_wait_share_one_commit)
{
	struct errand errands[3];
	uint64_t head = world_head(((struct forged *)*state)->world);

	run_three(*state, STATUS_OK, errands);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(errands[i].job.status, STATUS_OK);
		assert_int_equal(errands[i].head, head + 3);
	}
}

TEST(job_that_is_refused_does_not_disturb_the_others)
{
	struct errand errands[3];
	uint64_t head = world_head(((struct forged *)*state)->world);

	run_three(*state, STATUS_INVALID, errands);
	assert_int_equal(errands[0].job.status, STATUS_OK);
	assert_int_equal(errands[1].job.status, STATUS_INVALID);
	assert_int_equal(errands[2].job.status, STATUS_OK);
	assert_int_equal(errands[2].head, head + 2);
}

TEST(store_that_fails_fails_all_of_the_batch_and_leaves_nothing)
{
	struct errand errands[3];
	uint64_t head = world_head(((struct forged *)*state)->world);

	run_three(*state, STATUS_FULL, errands);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(errands[i].job.status, STATUS_FULL);
		assert_string_equal(errands[i].job.error.detail, "the errand");
		assert_int_equal(errands[i].head, head);
	}
}

TEST(full_queue_is_busy_and_the_job_is_not_done)
{
	struct forged *ani = *state;
	struct writer *writer = start(ani, 1);
	struct gate gate = gate_closed();
	struct errand running = errand_of(ani, STATUS_OK);
	struct errand waiting = errand_of(ani, STATUS_OK);
	struct errand refused = errand_of(ani, STATUS_OK);

	running.gate = &gate;
	assert_ok(writer_submit(writer, &running.job, &ani->err));
	gate_await(&gate);
	assert_ok(writer_submit(writer, &waiting.job, &ani->err));
	assert_int_equal(writer_submit(writer, &refused.job, &ani->err), STATUS_BUSY);
	assert_int_equal(writer_run(writer, &refused.job, &ani->err), STATUS_BUSY);
	gate_open(&gate);
	writer_stop(writer);
	assert_int_equal(waiting.done, 1);
	assert_int_equal(refused.done, 0);
}

TEST(more_jobs_than_one_transaction_takes_are_all_done)
{
	enum { JOBS = 600 };
	struct forged *ani = *state;
	struct writer *writer = start(ani, JOBS);
	static struct errand errands[JOBS];
	uint64_t head = world_head(ani->world);

	for (int i = 0; i < JOBS; i++) {
		errands[i] = errand_of(ani, STATUS_OK);
		assert_ok(writer_submit(writer, &errands[i].job, &ani->err));
	}
	writer_stop(writer);
	for (int i = 0; i < JOBS; i++) {
		assert_int_equal(errands[i].done, 1);
	}
	assert_int_equal(world_head(ani->world), head + JOBS);
}

static enum status
count_session(void *context, const struct sync_session *row, struct error *err)
{
	(void)row;
	(void)err;
	(*(size_t *)context)++;
	return STATUS_OK;
}

TEST(reported_sessions_are_written_when_the_writer_stops)
{
	struct forged *ani = *state;
	struct writer *writer = start(ani, 10);
	struct sync_session session = {.id = 1, .result = STATUS_OK};
	size_t count = 0;

	writer_report(writer, &session);
	session.id = 2;
	writer_report(writer, &session);
	writer_stop(writer);
	assert_ok(store_sessions_read(ani->world->store, &(struct session_query){.limit = 10},
				      count_session, &count, &ani->err));
	assert_int_equal(count, 2);
}

TEST(stopping_no_writer_is_fine)
{
	writer_stop(NULL);
}

#define FORGED(sentence) CASE_WITH(sentence, forged_open, forged_close)

RUN_TESTS(FORGED(job_is_done_after_its_commit),
	  FORGED(what_a_job_does_before_is_a_transaction_of_its_own),
	  FORGED(job_whose_before_fails_is_not_run),
	  FORGED(caller_that_waits_gets_the_jobs_status_and_error),
	  FORGED(jobs_that_wait_share_one_commit),
	  FORGED(job_that_is_refused_does_not_disturb_the_others),
	  FORGED(store_that_fails_fails_all_of_the_batch_and_leaves_nothing),
	  FORGED(full_queue_is_busy_and_the_job_is_not_done),
	  FORGED(more_jobs_than_one_transaction_takes_are_all_done),
	  FORGED(reported_sessions_are_written_when_the_writer_stops),
	  CASE(stopping_no_writer_is_fine))

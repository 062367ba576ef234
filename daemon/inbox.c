/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/inbox.h"

#include "daemon/folder.h"
#include "daemon/http/notice.h"
#include "daemon/log.h"
#include "protocol/carry.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
	LOOK_EVERY_S = 60,
	/* A file that is still being copied is none yet. */
	SETTLED_S = 30,
};

static const char file_ending[] = ".carry";

struct inbox {
	struct service *service;
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t changed; /* stopping, or a delivery's `finished` */
	bool stopping;
	bool forked; /* the log says otherwise than a parcel of the present file: nothing of that is
			in it */
};

/* ---- one parcel ---- */

struct delivery {
	struct job job; /* first */
	struct inbox *inbox;
	struct parcel parcel;
	bool finished;
};

static enum status
delivery_write(struct job *job, struct ingest *ingest, struct error *err)
{
	return ingest_parcel(ingest, &((struct delivery *)job)->parcel, err);
}

static enum status
delivery_notice(struct job *job, struct ingest *ingest, struct error *err)
{
	return notice_parcel(&((struct delivery *)job)->parcel, ingest, err);
}

static void
delivery_done(struct job *job)
{
	struct delivery *delivery = (struct delivery *)job;
	struct inbox *inbox = delivery->inbox;

	(void)pthread_mutex_lock(&inbox->mutex);
	delivery->finished = true;
	(void)pthread_cond_broadcast(&inbox->changed);
	(void)pthread_mutex_unlock(&inbox->mutex);
}

/* Hands it to the writer and waits until it is durable. */
static enum status
write_and_wait(struct delivery *delivery, struct error *err)
{
	struct inbox *inbox = delivery->inbox;
	enum status status = service_submit(inbox->service, &delivery->job, err);

	if (status != STATUS_OK) {
		return status;
	}
	(void)pthread_mutex_lock(&inbox->mutex);
	while (!delivery->finished) {
		(void)pthread_cond_wait(&inbox->changed, &inbox->mutex);
	}
	(void)pthread_mutex_unlock(&inbox->mutex);
	if (delivery->job.status != STATUS_OK) {
		parcel_unwritten(&delivery->parcel);
		*err = delivery->job.error;
	}
	return delivery->job.status;
}

static enum status
open_parcel(struct delivery *delivery, struct span request, struct error *err)
{
	struct service *service = delivery->inbox->service;
	struct store *reader;
	enum status status = readers_take(service->readers, READER_BRIEF, &reader, err);

	if (status != STATUS_OK) {
		return status;
	}
	delivery->parcel.lease_days = service->lease_days;
	ingest_open(&delivery->parcel, reader, service->keys, request);
	readers_give(service->readers, READER_BRIEF, reader);
	if (!delivery->parcel.sealed_reply) {
		*err = delivery->parcel.error;
		return delivery->parcel.status;
	}
	return STATUS_OK;
}

static enum status
answer_parcel(struct delivery *delivery, struct buffer *reply, struct error *err)
{
	struct service *service = delivery->inbox->service;
	struct store *reader;
	enum status status = readers_take(service->readers, READER_BRIEF, &reader, err);

	if (status != STATUS_OK) {
		return status;
	}
	status = ingest_reply(&delivery->parcel, reader, service->catalogue, &service->platform,
			      reply, err);
	readers_give(service->readers, READER_BRIEF, reader);
	return status;
}

static enum status
pass_parcel(struct delivery *delivery, struct span request, struct buffer *reply, struct error *err)
{
	enum status status = open_parcel(delivery, request, err);

	if (status == STATUS_OK) {
		status = write_and_wait(delivery, err);
	}
	if (status == STATUS_OK) {
		status = answer_parcel(delivery, reply, err);
	}
	delivery->inbox->forked |= delivery->parcel.status == STATUS_FORK;
	if (delivery->parcel.report.id != 0) {
		if (status != STATUS_OK) {
			delivery->parcel.report.result = status;
		}
		service_report(delivery->inbox->service, &delivery->parcel.report);
	}
	return status;
}

static bool
is_stopping(struct inbox *inbox)
{
	bool stopping;

	(void)pthread_mutex_lock(&inbox->mutex);
	stopping = inbox->stopping;
	(void)pthread_mutex_unlock(&inbox->mutex);
	return stopping;
}

/* The carry_post_fn of a file in the inbox. */
static enum status
post_parcel(void *context, struct span request, struct buffer *reply, struct error *err)
{
	struct inbox *inbox = context;
	struct delivery *delivery;
	enum status status;

	if (is_stopping(inbox)) {
		return fail(err, STATUS_BUSY, "the server is ending");
	}
	delivery = calloc(1, sizeof *delivery);
	if (delivery == NULL) {
		return fail(err, STATUS_MEMORY, "a parcel");
	}
	delivery->inbox = inbox;
	delivery->job.before = delivery_notice;
	delivery->job.run = delivery_write;
	delivery->job.done = delivery_done;
	parcel_init(&delivery->parcel);
	status = service_take_turn(inbox->service, err);
	if (status == STATUS_OK) {
		status = pass_parcel(delivery, request, reply, err);
		service_give_turn(inbox->service);
	}
	parcel_finish(&delivery->parcel);
	free(delivery);
	return status;
}

/* ---- one file ---- */

struct paths {
	char file[FOLDER_PATH_SIZE];
	char reply[FOLDER_PATH_SIZE];
	char bad[FOLDER_PATH_SIZE];
	char fork[FOLDER_PATH_SIZE];
};

static enum status
make_paths(const struct inbox *inbox, const char *name, struct paths *out, struct error *err)
{
	const char *directory = inbox->service->directory;
	const size_t size = FOLDER_PATH_SIZE;
	int longest = snprintf(out->reply, size, "%s/" FOLDER_OUTBOX "/%s.reply", directory, name);

	if (longest < 0 || (size_t)longest >= size) {
		return fail(err, STATUS_LIMIT, "the path of a file");
	}
	(void)snprintf(out->file, size, "%s/" FOLDER_INBOX "/%s", directory, name);
	(void)snprintf(out->bad, size, "%s/" FOLDER_INBOX "/%s.bad", directory, name);
	(void)snprintf(out->fork, size, "%s/" FOLDER_INBOX "/%s.fork", directory, name);
	return STATUS_OK;
}

static enum status
deliver_file(struct inbox *inbox, const struct paths *paths, struct error *err)
{
	struct carry_delivery delivery = {.post = post_parcel, .context = inbox};
	struct carry_count count;
	struct buffer answers;
	struct buffer file;
	enum status status;

	buffer_init(&file, CARRY_FILE_MAX);
	buffer_init(&answers, CARRY_REPLIES_MAX);
	status = folder_read(paths->file, CARRY_FILE_MAX, &file, err);
	if (status == STATUS_OK) {
		delivery.file = buffer_span(&file);
		status = carry_deliver(&delivery, &answers, &count, err);
	}
	if (status == STATUS_OK) {
		status = folder_write(paths->reply, S_IRUSR | S_IWUSR, buffer_span(&answers), err);
	}
	buffer_finish(&answers);
	buffer_finish(&file);
	if (status == STATUS_OK) {
		log_event(LOG_INFO, "inbox: a file of %zu parcels is answered in the outbox",
			  count.parcels);
	}
	return status;
}

/* Nothing that could get better by itself, with another try or with the rest of the file. */
static bool
is_hopeless(enum status status, const struct stat *about)
{
	if (status != STATUS_MALFORMED && status != STATUS_UNSUPPORTED &&
	    status != STATUS_SIGNATURE && status != STATUS_LIMIT) {
		return false;
	}
	return time(NULL) - about->st_mtime >= SETTLED_S;
}

/* The phone may have been set back since it wrote the file: then nobody else has what is in it. */
static void
put_away(const struct inbox *inbox, const struct paths *paths)
{
	const bool moved =
		inbox->forked ? rename(paths->file, paths->fork) == 0 : unlink(paths->file) == 0;

	if (!moved) {
		log_event(LOG_ERROR, "inbox: an answered file cannot be put away: %s",
			  strerror(errno));
	} else if (inbox->forked) {
		log_event(LOG_WARNING,
			  "inbox: a file of a copy of a phone is not in the log, and is now *.fork:"
			  " keep it, see \"A file that nobody can deliver\" in operating.md");
	}
}

/* Its name is not told: people write names into names. */
static void
take_file(struct inbox *inbox, const char *name)
{
	struct error err = {.status = STATUS_OK};
	struct paths paths;
	struct stat about;
	enum status status = make_paths(inbox, name, &paths, &err);

	if (status != STATUS_OK || lstat(paths.file, &about) != 0 || !S_ISREG(about.st_mode)) {
		return;
	}
	inbox->forked = false;
	status = deliver_file(inbox, &paths, &err);
	if (status == STATUS_OK) {
		put_away(inbox, &paths);
	} else if (is_hopeless(status, &about)) {
		log_event(LOG_WARNING, "inbox: a file was refused and is now *.bad: %s",
			  status_name(status));
		(void)rename(paths.file, paths.bad);
	} else {
		log_event(LOG_WARNING, "inbox: a file waits for the next look: %s",
			  status_name(status));
	}
}

static void
look(struct inbox *inbox)
{
	char folder[FOLDER_PATH_SIZE];
	struct dirent *entry;
	DIR *listing;

	if (folder_path(inbox->service->directory, FOLDER_INBOX, folder, NULL) != STATUS_OK) {
		return;
	}
	listing = opendir(folder);
	if (listing == NULL) {
		return;
	}
	while (!is_stopping(inbox) && (entry = readdir(listing)) != NULL) {
		size_t length = strlen(entry->d_name);
		size_t ending = sizeof file_ending - 1;

		if (length > ending && strcmp(entry->d_name + length - ending, file_ending) == 0) {
			take_file(inbox, entry->d_name);
		}
	}
	(void)closedir(listing);
}

/* ---- the thread ---- */

/* False: it is time to end. */
static bool
wait_for_next(struct inbox *inbox)
{
	struct timespec until;
	bool goes_on;
	int waited = 0;

	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += LOOK_EVERY_S;
	(void)pthread_mutex_lock(&inbox->mutex);
	while (!inbox->stopping && waited != ETIMEDOUT) {
		waited = pthread_cond_timedwait(&inbox->changed, &inbox->mutex, &until);
	}
	goes_on = !inbox->stopping;
	(void)pthread_mutex_unlock(&inbox->mutex);
	return goes_on;
}

static void *
inbox_main(void *context)
{
	struct inbox *inbox = context;

	do {
		look(inbox);
	} while (wait_for_next(inbox));
	return NULL;
}

static enum status
make_folder(const char *directory, const char *name, struct error *err)
{
	char path[FOLDER_PATH_SIZE];
	enum status status = folder_path(directory, name, path, err);

	if (status == STATUS_OK && mkdir(path, S_IRWXU) != 0 && errno != EEXIST) {
		return fail(err, STATUS_STORAGE, "%s: %s", path, strerror(errno));
	}
	return status;
}

static enum status
start_thread(struct inbox *inbox, struct error *err)
{
	if (pthread_mutex_init(&inbox->mutex, NULL) != 0) {
		return fail(err, STATUS_MEMORY, "the inbox");
	}
	if (!monotonic_condition(&inbox->changed)) {
		(void)pthread_mutex_destroy(&inbox->mutex);
		return fail(err, STATUS_MEMORY, "the inbox");
	}
	if (pthread_create(&inbox->thread, NULL, inbox_main, inbox) != 0) {
		(void)pthread_cond_destroy(&inbox->changed);
		(void)pthread_mutex_destroy(&inbox->mutex);
		return fail(err, STATUS_MEMORY, "the inbox");
	}
	return STATUS_OK;
}

enum status
inbox_start(struct service *service, struct inbox **out, struct error *err)
{
	struct inbox *inbox = calloc(1, sizeof *inbox);
	enum status status;

	if (inbox == NULL) {
		return fail(err, STATUS_MEMORY, "the inbox");
	}
	inbox->service = service;
	status = make_folder(service->directory, FOLDER_INBOX, err);
	if (status == STATUS_OK) {
		status = make_folder(service->directory, FOLDER_OUTBOX, err);
	}
	if (status == STATUS_OK) {
		status = start_thread(inbox, err);
	}
	if (status != STATUS_OK) {
		free(inbox);
		return status;
	}
	*out = inbox;
	return STATUS_OK;
}

void
inbox_stop(struct inbox *inbox)
{
	if (inbox == NULL) {
		return;
	}
	(void)pthread_mutex_lock(&inbox->mutex);
	inbox->stopping = true;
	(void)pthread_cond_broadcast(&inbox->changed);
	(void)pthread_mutex_unlock(&inbox->mutex);
	(void)pthread_join(inbox->thread, NULL);
	(void)pthread_cond_destroy(&inbox->changed);
	(void)pthread_mutex_destroy(&inbox->mutex);
	free(inbox);
}

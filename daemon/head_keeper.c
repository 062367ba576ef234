/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/folder.h"
#include "daemon/head.h"
#include "daemon/http/waiting.h"
#include "daemon/log.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { KEEP_EVERY_S = 10, SETTING_MEMORY = 4096 };

/* Invariant: `ending` alone is shared, under the lock. */
struct head_keeper {
	char directory[FOLDER_PATH_SIZE];
	struct store *reader;
	struct head head; /* as it stands in the file */
	bool failed;	  /* said so already */
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool ending;
};

/* A failure is not worth more than a line: an older head notices older copies only. */
static void
keep(struct head_keeper *keeper)
{
	struct head now = keeper->head;
	struct error err = {.status = STATUS_OK};
	bool found = false;
	enum status status = store_checkpoint_last(keeper->reader, &now.newest, &found, &err);

	if (status == STATUS_OK && found &&
	    memcmp(now.newest.signature, keeper->head.newest.signature, SIGNATURE_SIZE) != 0) {
		status = head_write(keeper->directory, &now, &err);
		if (status == STATUS_OK) {
			keeper->head = now;
		}
	}
	if (status != STATUS_OK && !keeper->failed) {
		log_event(LOG_WARNING, "%s is not kept: %s", FOLDER_HEAD, status_name(status));
	}
	keeper->failed = status != STATUS_OK;
}

/* True when it is time to end. */
static bool
wait_a_while(struct head_keeper *keeper)
{
	struct timespec until;
	int waited = 0;
	bool ending;

	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += KEEP_EVERY_S;
	(void)pthread_mutex_lock(&keeper->lock);
	while (!keeper->ending && waited == 0) {
		waited = pthread_cond_timedwait(&keeper->changed, &keeper->lock, &until);
	}
	ending = keeper->ending;
	(void)pthread_mutex_unlock(&keeper->lock);
	return ending;
}

static void *
keeper_main(void *context)
{
	struct head_keeper *keeper = context;

	while (!wait_a_while(keeper)) {
		keep(keeper);
	}
	keep(keeper);
	return NULL;
}

static void
keeper_free(struct head_keeper *keeper)
{
	store_close(keeper->reader);
	(void)pthread_cond_destroy(&keeper->changed);
	(void)pthread_mutex_destroy(&keeper->lock);
	free(keeper);
}

/* The number that head_notice gave the database. */
static enum status
keeper_open(struct head_keeper *keeper, const char *database, struct error *err)
{
	struct span number;
	struct arena arena;
	enum status status = store_open(database, STORE_READER, &keeper->reader, err);

	arena_init(&arena, SETTING_MEMORY);
	if (status == STATUS_OK) {
		status = store_setting(keeper->reader, "folder", &arena, &number, err);
	}
	if (status == STATUS_OK && number.length != FOLDER_NUMBER_SIZE) {
		status = fail(err, STATUS_STORAGE, "the setting folder");
	}
	if (status == STATUS_OK) {
		memcpy(keeper->head.folder, number.at, FOLDER_NUMBER_SIZE);
	}
	arena_finish(&arena);
	return status;
}

enum status
head_keeper_start(const char *database, const char *directory, struct head_keeper **out,
		  struct error *err)
{
	struct head_keeper *keeper = calloc(1, sizeof *keeper);
	enum status status;

	if (keeper == NULL) {
		return fail(err, STATUS_MEMORY, "starting the keeper of the head");
	}
	(void)snprintf(keeper->directory, sizeof keeper->directory, "%s", directory);
	if (!monotonic_condition(&keeper->changed)) {
		free(keeper);
		return fail(err, STATUS_MEMORY, "starting the keeper of the head");
	}
	(void)pthread_mutex_init(&keeper->lock, NULL);
	status = keeper_open(keeper, database, err);
	if (status == STATUS_OK &&
	    pthread_create(&keeper->thread, NULL, keeper_main, keeper) != 0) {
		status = fail(err, STATUS_MEMORY, "starting the keeper of the head");
	}
	if (status != STATUS_OK) {
		keeper_free(keeper);
		return status;
	}
	*out = keeper;
	return STATUS_OK;
}

void
head_keeper_stop(struct head_keeper *keeper)
{
	if (keeper == NULL) {
		return;
	}
	(void)pthread_mutex_lock(&keeper->lock);
	keeper->ending = true;
	(void)pthread_cond_signal(&keeper->changed);
	(void)pthread_mutex_unlock(&keeper->lock);
	(void)pthread_join(keeper->thread, NULL);
	keeper_free(keeper);
}

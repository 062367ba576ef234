/* SPDX-License-Identifier: Apache-2.0 */
#include "readers.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct readers {
	pthread_mutex_t mutex;
	char *database;
	size_t lent[2]; /* by enum reader_use */
	size_t most[2];
	struct store **idle; /* room for all that may be open */
	size_t idle_count;
};

enum status
readers_create(const char *database, size_t brief, size_t longs, struct readers **out,
	       struct error *err)
{
	struct readers *readers = calloc(1, sizeof *readers);

	if (readers == NULL) {
		return fail(err, STATUS_MEMORY, "the readers");
	}
	readers->most[READER_BRIEF] = brief;
	readers->most[READER_LONG] = longs;
	readers->database = strdup(database);
	readers->idle = calloc(brief + longs, sizeof(struct store *));
	if (readers->database == NULL || readers->idle == NULL ||
	    pthread_mutex_init(&readers->mutex, NULL) != 0) {
		free(readers->database);
		free(readers->idle);
		free(readers);
		return fail(err, STATUS_MEMORY, "the readers");
	}
	*out = readers;
	return STATUS_OK;
}

void
readers_free(struct readers *readers)
{
	if (readers == NULL) {
		return;
	}
	for (size_t i = 0; i < readers->idle_count; i++) {
		store_close(readers->idle[i]);
	}
	(void)pthread_mutex_destroy(&readers->mutex);
	free(readers->idle);
	free(readers->database);
	free(readers);
}

/* Counts a loan; *out is an idle reader or NULL if one is to be opened. */
static bool
count_loan(struct readers *readers, enum reader_use use, struct store **out)
{
	bool granted = false;

	(void)pthread_mutex_lock(&readers->mutex);
	if (readers->lent[use] < readers->most[use]) {
		readers->lent[use]++;
		*out = readers->idle_count > 0 ? readers->idle[--readers->idle_count] : NULL;
		granted = true;
	}
	(void)pthread_mutex_unlock(&readers->mutex);
	return granted;
}

void
readers_give(struct readers *readers, enum reader_use use, struct store *reader)
{
	(void)pthread_mutex_lock(&readers->mutex);
	readers->lent[use]--;
	if (reader != NULL) {
		readers->idle[readers->idle_count++] = reader;
	}
	(void)pthread_mutex_unlock(&readers->mutex);
}

size_t
readers_lists(struct readers *readers)
{
	size_t lists;

	(void)pthread_mutex_lock(&readers->mutex);
	lists = readers->lent[READER_LONG];
	(void)pthread_mutex_unlock(&readers->mutex);
	return lists;
}

enum status
readers_take(struct readers *readers, enum reader_use use, struct store **out, struct error *err)
{
	struct store *reader = NULL;
	enum status status = STATUS_OK;

	if (!count_loan(readers, use, &reader)) {
		return fail(err, STATUS_BUSY, "too many lists are being read");
	}
	if (reader == NULL) {
		status = store_open(readers->database, STORE_READER, &reader, err);
	}
	if (status != STATUS_OK) {
		readers_give(readers, use, NULL);
		return status;
	}
	if (use == READER_LONG && store_wal_bytes(reader) > LISTS_WAL_MAX) {
		readers_give(readers, use, reader);
		return fail(err, STATUS_BUSY, "too much is being written to begin a list");
	}
	*out = reader;
	return STATUS_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/restore.h"

#include "daemon/erased.h"
#include "daemon/head.h"
#include "daemon/machine.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { PIECE_SIZE = 32 * 1024, NAMES_MAX = 100 };

struct restoring {
	const char *directory;
	const char *file;
	struct server_keys keys;
	char database[FOLDER_PATH_SIZE];
	char fresh[FOLDER_PATH_SIZE]; /* the backup, until it is ready */
	struct head head;
	struct restored result;
};

static enum status
fail_at(struct error *err, const char *path)
{
	return fail(err,
		    errno == ENOENT   ? STATUS_NOT_FOUND
		    : errno == ENOSPC ? STATUS_FULL
				      : STATUS_STORAGE,
		    "%s: %s", path, strerror(errno));
}

/* ---- a copy ---- */

static bool
pour(int from, int to)
{
	uint8_t piece[PIECE_SIZE];
	ssize_t got;

	while ((got = read(from, piece, sizeof piece)) > 0) {
		for (ssize_t written = 0; written < got;) {
			ssize_t step = write(to, piece + written, (size_t)(got - written));

			if (step <= 0) {
				return false;
			}
			written += step;
		}
	}
	return got == 0 && fsync(to) == 0;
}

static enum status
copy_file(const char *from, const char *to, struct error *err)
{
	int in = open(from, O_RDONLY | O_CLOEXEC);
	int out;
	enum status status = STATUS_OK;

	if (in < 0) {
		return fail_at(err, from);
	}
	out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
	if (out < 0 || !pour(in, out)) {
		status = fail_at(err, to);
	}
	if (out >= 0) {
		(void)close(out);
	}
	(void)close(in);
	return status;
}

static enum status
path_with(const char *path, const char *ending, char out[FOLDER_PATH_SIZE], struct error *err)
{
	int wanted = snprintf(out, FOLDER_PATH_SIZE, "%s%s", path, ending);

	return wanted < 0 || wanted >= FOLDER_PATH_SIZE
		       ? fail(err, STATUS_LIMIT, "the path of a file")
		       : STATUS_OK;
}

static void
remove_with(const char *path, const char *ending)
{
	char name[FOLDER_PATH_SIZE];

	if (path_with(path, ending, name, NULL) == STATUS_OK) {
		(void)unlink(name);
	}
}

/* With the write-ahead log beside it, if there is one: what a daemon left that was killed. */
static enum status
copy_backup(struct restoring *restoring, struct error *err)
{
	char from[FOLDER_PATH_SIZE];
	char to[FOLDER_PATH_SIZE];
	struct stat about;
	enum status status;

	folder_remove_database(restoring->directory, FOLDER_RESTORING);
	status = copy_file(restoring->file, restoring->fresh, err);
	if (status == STATUS_OK) {
		status = path_with(restoring->file, "-wal", from, err);
	}
	if (status == STATUS_OK) {
		status = path_with(restoring->fresh, "-wal", to, err);
	}
	if (status == STATUS_OK && stat(from, &about) == 0) {
		status = copy_file(from, to, err);
	}
	return status;
}

/* ---- made ready ---- */

static enum status
begin_epoch(struct restoring *restoring, struct store *store, struct error *err)
{
	bool found = false;
	enum status status =
		head_read(restoring->directory, &restoring->keys, &restoring->head, &found, err);

	if (status == STATUS_OK && !found) {
		machine_platform.random(machine_platform.context, restoring->head.folder,
					FOLDER_NUMBER_SIZE);
	}
	if (status == STATUS_OK) {
		status = ingest_epoch_begin(store, &restoring->keys, &machine_platform,
					    &restoring->result.epoch, err);
	}
	/* What was erased since the backup must not come back. */
	if (status == STATUS_OK) {
		status = erased_apply(restoring->directory, store, &restoring->keys,
				      &machine_platform, &restoring->result.erased, err);
	}
	if (status == STATUS_OK) {
		status = head_take(store, &restoring->head, err);
	}
	/* All of it goes into the file itself: it is renamed without a log beside it. */
	return status == STATUS_OK ? store_checkpoint(store, true, err) : status;
}

static enum status
make_ready(struct restoring *restoring, struct error *err)
{
	struct store *store;
	char path[FOLDER_PATH_SIZE];
	struct stat about;
	enum status status = store_open(restoring->fresh, STORE_WRITER, &store, err);

	if (status == STATUS_OK) {
		status = begin_epoch(restoring, store, err);
		store_close(store);
	}
	if (status == STATUS_OK) {
		status = path_with(restoring->fresh, "-wal", path, err);
	}
	if (status == STATUS_OK && stat(path, &about) == 0 && about.st_size > 0) {
		status = fail(err, STATUS_STORAGE, "its write-ahead log stays");
	}
	return status == STATUS_OK ? STATUS_OK : fail_context(err, "%s", restoring->file);
}

/* ---- the former database ---- */

/* Brings its write-ahead log into it and counts its entries. It need not be readable. */
static void
read_former(struct restoring *restoring)
{
	struct restored *result = &restoring->result;
	struct erasure unfinished = {.seq = 0};
	struct store *store;
	struct error err;
	struct stat about;

	if (stat(restoring->database, &about) != 0 ||
	    store_open(restoring->database, STORE_WRITER, &store, &err) != STATUS_OK) {
		return;
	}
	result->former_known = store_log_head(store, &result->former_entries, &err) == STATUS_OK;
	/* It stays in the folder: nothing of what was erased may stay in it. */
	if (store_erasure_unfinished(store, &unfinished, &err) == STATUS_OK &&
	    unfinished.seq != 0) {
		(void)erased_finish(store, &machine_platform, &err);
	}
	(void)store_checkpoint(store, true, &err);
	store_close(store);
}

static void
name_kept(char *out, size_t size, unsigned attempt)
{
	time_t now = (time_t)(machine_platform.now_ms(machine_platform.context) / 1000);
	struct tm parts;
	char when[24] = "";
	char again[8] = "";

	if (gmtime_r(&now, &parts) != NULL) {
		(void)strftime(when, sizeof when, "%Y%m%dT%H%M%SZ", &parts);
	}
	if (attempt > 0) {
		(void)snprintf(again, sizeof again, "-%u", attempt);
	}
	(void)snprintf(out, size, FOLDER_DATABASE ".before-restore-%s%s", when, again);
}

/* A second name, so that at no moment there is no database. */
static enum status
keep_former(struct restoring *restoring, struct error *err)
{
	char *name = restoring->result.kept;
	char kept[FOLDER_PATH_SIZE];
	char wal[FOLDER_PATH_SIZE];
	char kept_wal[FOLDER_PATH_SIZE];
	enum status status = path_with(restoring->database, "-wal", wal, err);
	int linked = -1;

	for (unsigned attempt = 0; attempt < NAMES_MAX && linked != 0 && status == STATUS_OK;
	     attempt++) {
		name_kept(name, sizeof restoring->result.kept, attempt);
		status = folder_path(restoring->directory, name, kept, err);
		linked = status == STATUS_OK ? link(restoring->database, kept) : -1;
		if (linked != 0 && errno != EEXIST) {
			break;
		}
	}
	if (status != STATUS_OK) {
		return status;
	}
	if (linked != 0) {
		name[0] = '\0';
		return errno == ENOENT ? STATUS_OK : fail_at(err, restoring->database);
	}
	/* What could not be brought into it stays beside it. */
	status = path_with(kept, "-wal", kept_wal, err);
	if (status == STATUS_OK && rename(wal, kept_wal) != 0 && errno != ENOENT) {
		status = fail_at(err, wal);
	}
	remove_with(restoring->database, "-shm");
	return status;
}

static enum status
take_place(struct restoring *restoring, struct error *err)
{
	enum status status;

	read_former(restoring);
	status = keep_former(restoring, err);
	if (status == STATUS_OK && rename(restoring->fresh, restoring->database) != 0) {
		status = fail_at(err, restoring->database);
	}
	if (status == STATUS_OK) {
		status = folder_sync(restoring->database, err);
	}
	return status == STATUS_OK ? head_write(restoring->directory, &restoring->head, err)
				   : status;
}

/* ---- all of it ---- */

static enum status
check_file(const struct restoring *restoring, struct error *err)
{
	struct stat file;
	struct stat present;

	if (stat(restoring->file, &file) != 0) {
		return fail_at(err, restoring->file);
	}
	if (!S_ISREG(file.st_mode)) {
		return fail(err, STATUS_INVALID, "%s is no file", restoring->file);
	}
	if (stat(restoring->database, &present) == 0 && present.st_ino == file.st_ino &&
	    present.st_dev == file.st_dev) {
		return fail(err, STATUS_INVALID, "%s is the present database", restoring->file);
	}
	return STATUS_OK;
}

static enum status
restore(struct restoring *restoring, struct error *err)
{
	char keys[FOLDER_PATH_SIZE];
	enum status status =
		folder_path(restoring->directory, FOLDER_DATABASE, restoring->database, err);

	if (status == STATUS_OK) {
		status = folder_path(restoring->directory, FOLDER_RESTORING, restoring->fresh, err);
	}
	if (status == STATUS_OK) {
		status = folder_path(restoring->directory, FOLDER_KEYS, keys, err);
	}
	if (status == STATUS_OK) {
		status = keys_load(keys, &restoring->keys, err);
	}
	if (status == STATUS_OK) {
		status = check_file(restoring, err);
	}
	if (status != STATUS_OK) {
		return status;
	}
	status = copy_backup(restoring, err);
	if (status == STATUS_OK) {
		status = make_ready(restoring, err);
	}
	if (status == STATUS_OK) {
		status = take_place(restoring, err);
	}
	folder_remove_database(restoring->directory, FOLDER_RESTORING);
	return status;
}

enum status
server_restore(const char *directory, const char *file, struct restored *out, struct error *err)
{
	struct restoring restoring = {.directory = directory, .file = file};
	int lock = -1;
	enum status status = folder_lock(directory, &lock, err);

	if (status != STATUS_OK) {
		return status;
	}
	status = restore(&restoring, err);
	keys_wipe(&restoring.keys);
	(void)close(lock);
	if (status == STATUS_OK) {
		*out = restoring.result;
	}
	return status;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/folder.h"

#include "protocol/crypto.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum status
fail_file(struct error *err, int reason, const char *path)
{
	enum status status = STATUS_STORAGE;

	if (reason == ENOENT) {
		status = STATUS_NOT_FOUND;
	} else if (reason == ENOSPC || reason == EDQUOT) {
		status = STATUS_FULL;
	}
	return fail(err, status, "%s: %s", path, strerror(reason));
}

enum status
folder_path(const char *directory, const char *name, char out[FOLDER_PATH_SIZE], struct error *err)
{
	int wanted = snprintf(out, FOLDER_PATH_SIZE, "%s/%s", directory, name);

	if (wanted < 0 || wanted >= FOLDER_PATH_SIZE) {
		return fail(err, STATUS_LIMIT, "the path of %s", name);
	}
	return STATUS_OK;
}

void
folder_remove_database(const char *directory, const char *name)
{
	static const char *const endings[] = {"", "-wal", "-shm"};
	char base[FOLDER_PATH_SIZE];
	char path[FOLDER_PATH_SIZE];

	for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
		(void)snprintf(base, sizeof base, "%s%s", name, endings[i]);
		if (folder_path(directory, base, path, NULL) == STATUS_OK) {
			(void)unlink(path);
		}
	}
}

bool
folder_write_all(int fd, struct span bytes)
{
	while (bytes.length > 0) {
		ssize_t written = write(fd, bytes.at, bytes.length);

		if (written < 0 && errno == EINTR) {
			continue;
		}
		if (written <= 0) {
			return false;
		}
		bytes.at += written;
		bytes.length -= (size_t)written;
	}
	return fsync(fd) == 0;
}

/* A new name is durable only once its folder is. */
static bool
sync_folder_of(const char *path)
{
	char copy[FOLDER_PATH_SIZE];
	bool synced;
	int fd;

	(void)snprintf(copy, sizeof copy, "%s", path);
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		return false;
	}
	synced = fsync(fd) == 0;
	return close(fd) == 0 && synced;
}

enum status
folder_write(const char *path, mode_t mode, struct span text, struct error *err)
{
	char fresh[FOLDER_PATH_SIZE];
	int reason;
	int fd;

	if (snprintf(fresh, sizeof fresh, "%s.new", path) >= (int)sizeof fresh) {
		return fail(err, STATUS_LIMIT, "the path of a file");
	}
	/* What a crash left may be readable by more. */
	(void)unlink(fresh);
	fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	if (fd < 0) {
		return fail_file(err, errno, fresh);
	}
	if (!folder_write_all(fd, text)) {
		reason = errno;
		(void)close(fd);
		(void)unlink(fresh);
		return fail_file(err, reason, fresh);
	}
	if (close(fd) != 0 || rename(fresh, path) != 0 || !sync_folder_of(path)) {
		reason = errno;
		(void)unlink(fresh);
		return fail_file(err, reason, path);
	}
	return STATUS_OK;
}

enum status
folder_read(const char *path, size_t limit, struct buffer *out, struct error *err)
{
	uint8_t piece[4096];
	size_t total = 0;
	ssize_t got;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0) {
		return fail_file(err, errno, path);
	}
	while ((got = read(fd, piece, sizeof piece)) > 0 && total <= limit) {
		total += (size_t)got;
		buffer_append(out, piece, (size_t)got);
	}
	(void)close(fd);
	crypto_wipe(piece, sizeof piece);
	if (got < 0) {
		return fail_file(err, errno, path);
	}
	if (total > limit) {
		return fail(err, STATUS_LIMIT, "%s has more than %zu bytes", path, limit);
	}
	return buffer_status(out, path, err);
}

enum status
folder_sync(const char *path, struct error *err)
{
	return sync_folder_of(path) ? STATUS_OK : fail_file(err, errno, path);
}

enum status
folder_lock(const char *directory, int *fd_out, struct error *err)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	char path[FOLDER_PATH_SIZE];
	enum status status = folder_path(directory, FOLDER_LOCK, path, err);
	struct stat about;
	int fd;

	if (status != STATUS_OK) {
		return status;
	}
	if (stat(directory, &about) != 0) {
		return fail(err, STATUS_NOT_FOUND, "%s: %s; make it with sambungctl init",
			    directory, strerror(errno));
	}
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
	if (fd < 0) {
		return fail(err, STATUS_STORAGE, "%s: %s", path, strerror(errno));
	}
	if (fcntl(fd, F_SETLK, &lock) != 0) {
		(void)close(fd);
		return fail(err, STATUS_BUSY, "another sambungd runs on %s", directory);
	}
	*fd_out = fd;
	return STATUS_OK;
}

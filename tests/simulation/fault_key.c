/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/simulation/fault_key.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

enum { PATH_SIZE = 400, FOLDER_SIZE = 256 };

/* What a file of the armed folder is to the program that has it open. */
enum role { ROLE_NONE, ROLE_FOLDER, ROLE_PART, ROLE_KEY };

static struct {
	char folder[FOLDER_SIZE]; /* empty: none is armed */
	uint64_t left;
	bool dead;
	int fd;
	enum role role;	 /* of fd; the others have none */
	int former_fd;	 /* device.key, open while it is replaced or overwritten */
	bool name_waits; /* device.key was renamed or deleted, and the folder is not synced */
	bool deleted;	 /* … deleted */
	bool bytes_wait; /* of the new file */
} armed = {.fd = -1, .former_fd = -1};

int __real_open64(const char *path, int flags, ...);
ssize_t __real_write(int fd, const void *bytes, size_t length);
int __real_fsync(int fd);
int __real_rename(const char *from, const char *to);
int __real_unlink(const char *path);
int __real_close(int fd);
int __wrap_open64(const char *path, int flags, ...);
ssize_t __wrap_write(int fd, const void *bytes, size_t length);
int __wrap_fsync(int fd);
int __wrap_rename(const char *from, const char *to);
int __wrap_unlink(const char *path);
int __wrap_close(int fd);

static void
name_of(const char *folder, const char *name, char out[PATH_SIZE])
{
	(void)snprintf(out, PATH_SIZE, "%s/%s", folder, name);
}

static enum role
role_of(const char *path)
{
	char own[PATH_SIZE];

	if (armed.folder[0] == '\0') {
		return ROLE_NONE;
	}
	if (strcmp(path, armed.folder) == 0) {
		return ROLE_FOLDER;
	}
	name_of(armed.folder, "device.key", own);
	if (strcmp(path, own) == 0) {
		return ROLE_KEY;
	}
	name_of(armed.folder, "device.key.part", own);
	return strcmp(path, own) == 0 ? ROLE_PART : ROLE_NONE;
}

static enum role
role_of_fd(int fd)
{
	if (armed.folder[0] == '\0' || fd < 0) {
		return ROLE_NONE;
	}
	return fd == armed.former_fd ? ROLE_KEY : fd == armed.fd ? armed.role : ROLE_NONE;
}

/* False: from here on nothing happens any more. */
static bool
goes_on(void)
{
	if (!armed.dead && armed.left > 0) {
		armed.left--;
		return true;
	}
	if (!armed.dead) {
		armed.dead = true;
		fault_disk_kill(armed.folder);
	}
	errno = EIO;
	return false;
}

void
fault_key_arm(const char *folder, uint64_t after)
{
	fault_key_disarm();
	(void)snprintf(armed.folder, sizeof armed.folder, "%s", folder);
	armed.left = after;
}

void
fault_key_disarm(void)
{
	char before[PATH_SIZE];

	if (armed.folder[0] != '\0') {
		name_of(armed.folder, "device.key.before", before);
		(void)__real_unlink(before);
	}
	memset(&armed, 0, sizeof armed);
	armed.fd = -1;
	armed.former_fd = -1;
}

/* What device.key was stays under a name that the program does not know. */
static void
former_keep(const char *path)
{
	char before[PATH_SIZE];

	name_of(armed.folder, "device.key.before", before);
	(void)__real_unlink(before);
	if (access(path, F_OK) == 0 && link(path, before) != 0) {
		perror(before);
	}
}

static void
name_undo(const char *folder)
{
	char key[PATH_SIZE];
	char part[PATH_SIZE];
	char before[PATH_SIZE];

	name_of(folder, "device.key", key);
	name_of(folder, "device.key.part", part);
	name_of(folder, "device.key.before", before);
	if (!armed.deleted) {
		(void)__real_rename(key, part);
	}
	(void)__real_rename(before, key);
}

void
fault_key_crash(const char *folder, enum fault_loss loss, uint64_t luck)
{
	char path[PATH_SIZE];
	bool undone = (luck & 1) != 0;

	if (strcmp(folder, armed.folder) != 0) {
		return;
	}
	if (loss != LOSS_NONE && armed.bytes_wait) {
		bool renamed = armed.name_waits && !armed.deleted;

		name_of(folder, renamed ? "device.key" : "device.key.part", path);
		(void)truncate(path, (off_t)(luck >> 1) % 20);
	}
	if (loss != LOSS_NONE && armed.name_waits && undone) {
		name_undo(folder);
	}
	fault_key_disarm();
}

/* ---- between libsambung and the disk ---- */

int
__wrap_open64(const char *path, int flags, ...)
{
	enum role role = role_of(path);
	mode_t mode = 0;
	va_list more;
	int fd;

	if ((flags & O_CREAT) != 0) {
		va_start(more, flags);
		mode = va_arg(more, mode_t);
		va_end(more);
	}
	if (role == ROLE_PART && !goes_on()) {
		return -1;
	}
	fd = __real_open64(path, flags, mode);
	if (role == ROLE_KEY && (flags & O_ACCMODE) == O_WRONLY) {
		armed.former_fd = fd;
	} else if (role == ROLE_PART || role == ROLE_FOLDER) {
		armed.fd = fd;
		armed.role = role;
	}
	return fd;
}

int
__wrap_close(int fd)
{
	if (fd >= 0 && fd == armed.former_fd) {
		armed.former_fd = -1;
	} else if (fd >= 0 && fd == armed.fd) {
		armed.fd = -1;
		armed.role = ROLE_NONE;
	}
	return __real_close(fd);
}

ssize_t
__wrap_write(int fd, const void *bytes, size_t length)
{
	enum role role = role_of_fd(fd);

	if (role == ROLE_NONE) {
		return __real_write(fd, bytes, length);
	}
	if (armed.dead) {
		errno = EIO;
		return -1;
	}
	if (!goes_on()) {
		(void)__real_write(fd, bytes, length / 2);
		errno = EIO;
		return -1;
	}
	armed.bytes_wait = armed.bytes_wait || role == ROLE_PART;
	return __real_write(fd, bytes, length);
}

int
__wrap_fsync(int fd)
{
	enum role role = role_of_fd(fd);

	if (role == ROLE_NONE) {
		return __real_fsync(fd);
	}
	if (!goes_on()) {
		return -1;
	}
	armed.bytes_wait = armed.bytes_wait && role != ROLE_PART;
	armed.name_waits = armed.name_waits && role != ROLE_FOLDER;
	return 0;
}

int
__wrap_rename(const char *from, const char *to)
{
	if (role_of(to) != ROLE_KEY) {
		return __real_rename(from, to);
	}
	if (!goes_on()) {
		return -1;
	}
	former_keep(to);
	armed.name_waits = true;
	armed.deleted = false;
	return __real_rename(from, to);
}

int
__wrap_unlink(const char *path)
{
	if (role_of(path) != ROLE_KEY) {
		return __real_unlink(path);
	}
	if (!goes_on()) {
		return -1;
	}
	former_keep(path);
	armed.name_waits = true;
	armed.deleted = true;
	return __real_unlink(path);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "file.h"

#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_PIECE = 64 * 1024 };

bool
file_is_there(const char *path)
{
	struct stat about;

	return lstat(path, &about) == 0;
}

int
file_keep(void *context, struct sambung_bytes bytes)
{
	struct file *kept = context;

	kept->at = memory_resize(kept->at, bytes.length + 1);
	kept->length = bytes.length;
	memcpy(kept->at, bytes.at, bytes.length);
	kept->at[bytes.length] = '\0';
	return 0;
}

/* Up to one byte more than the limit. False: errno tells. */
static bool
stream_read(FILE *stream, size_t limit, struct file *out)
{
	size_t got;

	do {
		out->at = memory_resize(out->at, out->length + FILE_PIECE);
		got = fread(out->at + out->length, 1, FILE_PIECE, stream);
		out->length += got;
	} while (got > 0 && out->length <= limit);
	return ferror(stream) == 0;
}

enum exit_status
file_read(const struct task *task, const char *path, size_t limit, struct file *out)
{
	FILE *stream = fopen(path, "rb");
	struct file file = {NULL, 0};
	enum exit_status status = EXIT_DONE;

	if (stream == NULL) {
		return task_failed(task, MESSAGE_FILE_UNREADABLE, path, strerror(errno));
	}
	if (!stream_read(stream, limit, &file)) {
		status = task_failed(task, MESSAGE_FILE_UNREADABLE, path, strerror(errno));
	} else if (file.length > limit) {
		status = task_failed(task, MESSAGE_FILE_LARGE, path, NULL);
	}
	(void)fclose(stream);
	if (status != EXIT_DONE) {
		free(file.at);
		return status;
	}
	*out = file;
	return EXIT_DONE;
}

static bool
bytes_write(int fd, const struct file *file)
{
	size_t done = 0;

	while (done < file->length) {
		ssize_t written = write(fd, file->at + done, file->length - done);

		if (written < 0 && errno == EINTR) {
			continue;
		}
		if (written <= 0) {
			return false;
		}
		done += (size_t)written;
	}
	return fsync(fd) == 0;
}

/* A new name is on the disk only once its folder is; where that cannot be told, it will be. */
static void
folder_settle(const char *path)
{
	char *copy = text_copy(path);
	int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0) {
		(void)fsync(fd);
		(void)close(fd);
	}
	free(copy);
}

static bool
file_put(const char *fresh, const char *path, const struct file *file)
{
	int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, S_IRUSR | S_IWUSR);
	bool written;

	if (fd < 0) {
		return false;
	}
	written = bytes_write(fd, file);
	written = close(fd) == 0 && written;
	return written && rename(fresh, path) == 0;
}

enum exit_status
file_write(const struct task *task, const char *path, const struct file *file)
{
	char *fresh = text_format("%s.new", path);
	enum exit_status status = EXIT_DONE;

	if (file_put(fresh, path, file)) {
		folder_settle(path);
	} else {
		status = task_failed(task, MESSAGE_FILE_UNWRITTEN, path, strerror(errno));
		(void)unlink(fresh);
	}
	free(fresh);
	return status;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/folder.h"
#include "handle.h"
#include "protocol/json.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PIECE_SIZE = 32 * 1024 };

enum status
health_answer(struct call *call, struct store *reader, struct error *err)
{
	struct json json = json_start(&call->out);
	uint64_t head;
	enum status status = store_log_head(reader, &head, err);

	if (status == STATUS_OK) {
		json_put_object(&json);
		json_put_key(&json, "status");
		json_put_string(&json, "ok");
		json_put_object_end(&json);
		json_put_line_end(&json);
	}
	return status;
}

/* A finished copy that nobody can find by name any more; it goes with its descriptor. */
struct copy_lines {
	struct lines lines;
	int fd;
};

static void
copy_close(struct lines *lines)
{
	struct copy_lines *copy = (struct copy_lines *)lines;

	(void)close(copy->fd);
	free(copy);
}

static void
copy_free(void *own)
{
	copy_close(own);
}

static enum status
copy_next(struct lines *lines, struct buffer *out, bool *more_out, struct error *err)
{
	struct copy_lines *copy = (struct copy_lines *)lines;
	uint8_t piece[PIECE_SIZE];
	ssize_t got;

	do {
		got = read(copy->fd, piece, sizeof piece);
	} while (got < 0 && errno == EINTR);
	if (got < 0) {
		return fail(err, STATUS_STORAGE, "reading a backup: %s", strerror(errno));
	}
	buffer_append(out, piece, (size_t)got);
	*more_out = got > 0;
	return STATUS_OK;
}

/* D/backups/<random>.db, and its folder. */
static enum status
backup_path(struct call *call, char out[FOLDER_PATH_SIZE], struct error *err)
{
	const struct platform *platform = &call->service->platform;
	char folder[FOLDER_PATH_SIZE];
	char name[64];
	uint8_t random[8];
	char digits[2 * sizeof random + 1];
	enum status status = folder_path(call->service->directory, FOLDER_BACKUPS, folder, err);

	if (status != STATUS_OK) {
		return status;
	}
	if (mkdir(folder, S_IRWXU) != 0 && errno != EEXIST) {
		return fail(err, STATUS_STORAGE, "%s: %s", FOLDER_BACKUPS, strerror(errno));
	}
	platform->random(platform->context, random, sizeof random);
	hex_encode(span_of(random, sizeof random), digits);
	(void)snprintf(name, sizeof name, "%s/%s.db", FOLDER_BACKUPS, digits);
	return folder_path(call->service->directory, name, out, err);
}

static enum status
make_copy(struct store *reader, const char *path, int *fd_out, struct error *err)
{
	enum status status = store_backup(reader, path, err);
	int fd = -1;

	if (status == STATUS_OK) {
		fd = open(path, O_RDONLY | O_CLOEXEC);
	}
	(void)unlink(path);
	if (status == STATUS_OK && fd < 0) {
		status = fail(err, STATUS_STORAGE, "a backup cannot be read");
	}
	*fd_out = fd;
	return status;
}

enum status
backup_work(struct call *call, struct error *err)
{
	struct copy_lines *copy = calloc(1, sizeof *copy);
	char path[FOLDER_PATH_SIZE];
	struct store *reader;
	enum status status;

	if (copy == NULL) {
		return fail(err, STATUS_MEMORY, "a backup");
	}
	copy->lines.next = copy_next;
	copy->lines.close = copy_close;
	status = readers_take(call->service->readers, READER_LONG, &reader, err);
	if (status == STATUS_OK) {
		status = backup_path(call, path, err);
		if (status == STATUS_OK) {
			status = make_copy(reader, path, &copy->fd, err);
		}
		readers_give(call->service->readers, READER_LONG, reader);
	}
	if (status != STATUS_OK) {
		free(copy);
		return status;
	}
	call->own = copy;
	call->own_free = copy_free;
	return STATUS_OK;
}

enum status
backup_answer(struct call *call, struct store *reader, struct error *err)
{
	struct copy_lines *copy = call->own;

	(void)reader;
	(void)err;
	call->own = NULL;
	call->own_free = NULL;
	call->media = MEDIA_BYTES;
	call->lines = &copy->lines;
	return STATUS_OK;
}

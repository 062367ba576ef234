/* SPDX-License-Identifier: Apache-2.0 */
/* folder: what stands in the server's folder D, and small files written whole or not at all. */
#ifndef SAMBUNG_DAEMON_FOLDER_H
#define SAMBUNG_DAEMON_FOLDER_H

#include "protocol/bytes.h"

#include <sys/types.h>

#define FOLDER_DATABASE "sambung.db"
#define FOLDER_RESTORING FOLDER_DATABASE ".restoring" /* a backup on its way to its place */
#define FOLDER_KEYS "server.key"
#define FOLDER_CONFIG "sambungd.conf"
#define FOLDER_URL "daemon.url"	   /* while a daemon runs */
#define FOLDER_PIN "daemon.pin"	   /* … under TLS: of its key */
#define FOLDER_TOKEN "admin.token" /* 0600; the first admin's */
#define FOLDER_LOCK "sambungd.lock"
#define FOLDER_INBOX "inbox"	 /* files of phones without signal */
#define FOLDER_OUTBOX "outbox"	 /* the answers to them */
#define FOLDER_HEAD "head"	 /* by which an older copy of the database is noticed: head.h */
#define FOLDER_ERASED "erased"	 /* what no copy of the database may bring back: erased.h */
#define FOLDER_BACKUPS "backups" /* copies on their way to whoever asked */

enum { FOLDER_PATH_SIZE = 4096 };

/* "<directory>/<name>"; LIMIT if that is too long. */
enum status folder_path(const char *directory, const char *name, char out[FOLDER_PATH_SIZE],
			struct error *err);
/* Replaces the file: its readers see the old or the new text. On disk when it returns. */
enum status folder_write(const char *path, mode_t mode, struct span text, struct error *err);
/* Writes all of it to a file and waits for the disk; false: errno says why. */
bool folder_write_all(int fd, struct span bytes);
/* The text up to `limit` bytes (LIMIT) of a file; NOT_FOUND. Appends to out. */
enum status folder_read(const char *path, size_t limit, struct buffer *out, struct error *err);

/* A database in the folder, with what SQLite keeps beside it. */
void folder_remove_database(const char *directory, const char *name);
/* Only one at a time works on the folder; closing *fd_out lets go of it. NOT_FOUND; BUSY. */
enum status folder_lock(const char *directory, int *fd_out, struct error *err);
/* What was renamed or linked in the folder of `path` is on disk when it returns. */
enum status folder_sync(const char *path, struct error *err);

#endif

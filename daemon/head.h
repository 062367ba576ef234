/* SPDX-License-Identifier: Apache-2.0 */
/*
 * head: D/head, by which a server notices at its start that its database is an older copy.
 *
 * The file holds the folder's own number and the newest signed checkpoint of the log, as of some
 * seconds ago. The database holds the number of the folder where it was last used (setting
 * "folder"). It is a copy if
 *  - it was used in another folder, or in this one before D/head was lost; or
 *  - its log is shorter than D/head says, or had another root at that size.
 * So every database begins a new epoch as soon as it may have gone another way than the server's:
 * the last epoch of a database is always one that went on in one folder only, and everything in it
 * is sure up to its end. That is why a new epoch is cut at the database's head. A folder moved
 * whole, D/head and all, goes on.
 */
#ifndef SAMBUNG_DAEMON_HEAD_H
#define SAMBUNG_DAEMON_HEAD_H

#include "daemon/ingest/ingest.h"

enum { FOLDER_NUMBER_SIZE = 16 };

struct head {
	uint8_t folder[FOLDER_NUMBER_SIZE];
	struct checkpoint newest;
};

/* *found_out false: there is none, or it is not this server's. */
enum status head_read(const char *directory, const struct server_keys *keys, struct head *out,
		      bool *found_out, struct error *err);
/* Replaces D/head. On disk when it returns. */
enum status head_write(const char *directory, const struct head *head, struct error *err);
/* head->newest of the store, which belongs to that folder from now on (head->folder). */
enum status head_take(struct store *store, struct head *head, struct error *err);

/* At the start of a daemon, which has the store for itself: begins a new epoch if the database is a
 * copy, and writes D/head. *epoch_out: the new epoch; all zero: none began. */
enum status head_notice(const char *directory, struct store *store, const struct server_keys *keys,
			const struct platform *platform, struct epoch *epoch_out,
			struct error *err);

/* A thread that keeps D/head up to date, at most every 10 seconds, with a reader of its own: what
 * the file names is durable. */
struct head_keeper;
enum status head_keeper_start(const char *database, const char *directory, struct head_keeper **out,
			      struct error *err);
/* Writes it once more and ends. The store must have no transaction under way. NULL: nothing. */
void head_keeper_stop(struct head_keeper *keeper);

#endif

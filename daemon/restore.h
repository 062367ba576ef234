/* SPDX-License-Identifier: Apache-2.0 */
/* restore: an older copy of the database takes the place of the present one, in a new epoch. */
#ifndef SAMBUNG_DAEMON_RESTORE_H
#define SAMBUNG_DAEMON_RESTORE_H

#include "daemon/folder.h"
#include "protocol/merge.h"

struct restored {
	struct epoch epoch;	 /* the new one; its cut are the entries of the backup */
	size_t erased;		 /* records of the backup that were erased since, and are again */
	bool former_known;	 /* the former database could be read: */
	uint64_t former_entries; /* in its log */
	char kept[64];		 /* its name now, in the folder; empty: there was none */
};

/*
 * The present database stays beside, as sambung.db.before-restore-<time>; nothing is deleted. The
 * backup is made ready under another name and takes the place in one step, so after a failure or a
 * power cut the folder has the one or the other whole. The file itself stays as it is.
 *
 * BUSY: a daemon runs on the folder. NOT_FOUND, INVALID, UNSUPPORTED, STORAGE: the file is no
 * database of sambungd, no whole one, one of a newer version or of another server.
 */
enum status server_restore(const char *directory, const char *file, struct restored *out,
			   struct error *err);

#endif

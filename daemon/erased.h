/* SPDX-License-Identifier: Apache-2.0 */
/*
 * erased: D/erased, the ids of records that were legally erased.
 *
 * It stands beside the database because a backup of that has what was erased since. The file only
 * grows: 24 bytes for each record, LE64 id, LE64 when (ms since 1970, UTC) and the first 8 bytes of
 * SHA-256("sambung/erased/1" | these 16). An id goes into it before the transaction that erases the
 * record commits; should that fail, the next start erases it.
 */
#ifndef SAMBUNG_DAEMON_ERASED_H
#define SAMBUNG_DAEMON_ERASED_H

#include "daemon/ingest/ingest.h"

/* On disk when it returns. One thread at a time. */
enum status erased_append(const char *directory, const uint64_t *ids, size_t count, int64_t now_ms,
			  struct error *err);
/* Appends the ids (uint64_t); none if there is no file. What a crash left at its end is passed
 * over. STORAGE: it is damaged before that. */
enum status erased_read(const char *directory, struct buffer *ids, struct error *err);

/*
 * Before a store is served: what the file names and the database does not know to be erased is
 * erased there, with an entry of the log, and is gone from its file when this returns; what only
 * the database knows goes into D/erased. Nobody else may use the store. *count_out: records of the
 * first kind.
 */
enum status erased_apply(const char *directory, struct store *store, const struct server_keys *keys,
			 const struct platform *platform, size_t *count_out, struct error *err);

/* Does a copy of the database in the folder (sambung.db.…: `sambungctl restore` keeps the former
 * one) still have what entry `seq` of the store erased? One that cannot be read may have it. */
enum status erased_is_kept(const char *directory, struct store *store, uint64_t seq, bool *kept_out,
			   struct error *err);

/* What was erased up to now is gone from the file of the database, and the store says so. The store
 * has no transaction. BUSY: a snapshot is in the way. */
enum status erased_finish(struct store *store, const struct platform *platform, struct error *err);

#endif

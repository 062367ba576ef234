/* SPDX-License-Identifier: Apache-2.0 */
/*
 * typed: the tables t_<type> - one row per record, one column per field with the value shown.
 *
 * They are a projection for reports; the truth is `record` and the log, which they follow when
 * there is time (typed_follow.c), so that no sync waits for a report's tables. Columns: id,
 * village, version, conflicts, archived (the reason), same_as, then the fields by name: integers as
 * stored (scaled), booleans 0 and 1, choices their code, sets a mask, dates the day's number,
 * texts, references the record id, points the two columns <name>_lat and <name>_lon. Empty is NULL.
 * No index but the primary key.
 */
#ifndef SAMBUNG_DAEMON_STORE_TYPED_H
#define SAMBUNG_DAEMON_STORE_TYPED_H

#include "store_sqlite.h"

/* Writes one record's row; a type that the schema does not have is passed over. */
enum status typed_write(struct store *store, const struct schema *schema,
			const struct stored_record *row, const struct record *record,
			struct error *err);
/* Its row goes, if there is one. Inside a transaction. */
enum status typed_remove(struct store *store, const struct schema *schema, uint32_t type,
			 uint64_t id, struct error *err);
/* Forgets prepared statements, after a schema or a rollback. */
void typed_forget(struct store *store);

#endif

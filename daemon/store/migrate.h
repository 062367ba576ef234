/* SPDX-License-Identifier: Apache-2.0 */
/*
 * migrate: the numbered files sql/sqlite/NNNN_name.sql, embedded at build, and which of them a
 * database has had.
 *
 * The number stands in the database's header (PRAGMA user_version), beside a mark that says whose
 * database it is (application_id). A released file is never edited.
 */
#ifndef SAMBUNG_DAEMON_STORE_MIGRATE_H
#define SAMBUNG_DAEMON_STORE_MIGRATE_H

#include "protocol/sql/sql.h"

struct migration {
	const char *name; /* "0001_first" */
	const char *text;
};

/* Written by embed.sh; migrations[i] is number i + 1. */
extern const struct migration migrations[];
extern const size_t migration_count;

/* Runs what is missing of list[0 … count) in one transaction. INVALID: another program's database.
 * UNSUPPORTED: newer than the list. */
enum status migrate(struct sql *sql, const struct migration *list, size_t count, struct error *err);
/* Marks an empty database as ours and runs everything. */
enum status migrate_new(struct sql *sql, const struct migration *list, size_t count,
			struct error *err);
/* For readers, who may not migrate: STORAGE while the database is older, else like migrate. */
enum status migrate_check(struct sql *sql, size_t count, struct error *err);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "migrate.h"

#include <stdio.h>

enum { APPLICATION_ID = 0x53616d62 /* "Samb" */, PRAGMA_SIZE = 64 };

static enum status
read_pragma(struct sql *sql, const char *text, uint64_t *out, struct error *err)
{
	struct statement *statement = sql_prepare(sql, text, err);
	bool row;
	enum status status = sql_row(statement, &row, err);

	if (status == STATUS_OK && row) {
		*out = sql_uint(statement, 0);
		sql_reset(statement);
	}
	return status;
}

static enum status
write_pragma(struct sql *sql, const char *name, size_t value, struct error *err)
{
	char text[PRAGMA_SIZE];

	(void)snprintf(text, sizeof text, "PRAGMA %s=%zu", name, value);
	return sql_exec(sql, text, err);
}

/* The number of migrations that the database has had, at most `count`. */
static enum status
read_version(struct sql *sql, size_t count, size_t *version_out, struct error *err)
{
	static const char application_text[] = "PRAGMA application_id";
	static const char version_text[] = "PRAGMA user_version";
	uint64_t application = 0;
	uint64_t version = 0;
	enum status status = read_pragma(sql, application_text, &application, err);

	if (status == STATUS_OK) {
		status = read_pragma(sql, version_text, &version, err);
	}
	if (status != STATUS_OK) {
		return status;
	}
	if (application != APPLICATION_ID) {
		return fail(err, STATUS_INVALID, "this is no database of sambungd");
	}
	if (version > count) {
		return fail(err, STATUS_UNSUPPORTED,
			    "the database is of version %llu, this program knows up to %zu",
			    (unsigned long long)version, count);
	}
	*version_out = (size_t)version;
	return STATUS_OK;
}

static enum status
run_from(struct sql *sql, const struct migration *list, size_t first, size_t count,
	 struct error *err)
{
	enum status status = STATUS_OK;

	for (size_t i = first; i < count && status == STATUS_OK; i++) {
		status = sql_exec(sql, list[i].text, err);
		if (status != STATUS_OK) {
			return fail_context(err, "%s", list[i].name);
		}
	}
	return write_pragma(sql, "user_version", count, err);
}

static enum status
end(struct sql *sql, enum status status, struct error *err)
{
	if (status == STATUS_OK) {
		status = sql_exec(sql, "COMMIT", err);
	}
	if (status != STATUS_OK && sql_in_transaction(sql)) {
		(void)sql_exec(sql, "ROLLBACK", NULL);
	}
	return status;
}

enum status
migrate(struct sql *sql, const struct migration *list, size_t count, struct error *err)
{
	size_t version = 0;
	enum status status = read_version(sql, count, &version, err);

	if (status != STATUS_OK || version == count) {
		return status;
	}
	status = sql_exec(sql, "BEGIN IMMEDIATE", err);
	if (status != STATUS_OK) {
		return status;
	}
	/* Another process may have been faster. */
	status = read_version(sql, count, &version, err);
	if (status == STATUS_OK) {
		status = run_from(sql, list, version, count, err);
	}
	return end(sql, status, err);
}

enum status
migrate_new(struct sql *sql, const struct migration *list, size_t count, struct error *err)
{
	enum status status = sql_exec(sql, "BEGIN IMMEDIATE", err);

	if (status != STATUS_OK) {
		return status;
	}
	status = write_pragma(sql, "application_id", APPLICATION_ID, err);
	if (status == STATUS_OK) {
		status = run_from(sql, list, 0, count, err);
	}
	return end(sql, status, err);
}

enum status
migrate_check(struct sql *sql, size_t count, struct error *err)
{
	size_t version = 0;
	enum status status = read_version(sql, count, &version, err);

	if (status == STATUS_OK && version < count) {
		return fail(err, STATUS_STORAGE,
			    "the database is of version %zu; a writer must first bring it to %zu",
			    version, count);
	}
	return status;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/check/check_parts.h"

/* What the payload of a release, or of the closing of a change, is about; entry 0: nothing. */
struct settling {
	uint32_t stream;
	uint32_t n;
	uint64_t entry;
};

static struct settling
read_settling(struct span payload)
{
	struct reader in = reader_of(payload);
	struct settling settling = {.entry = 0};
	size_t pairs = 0;
	uint32_t key;

	(void)cbor_get_map(&in, 23, &pairs);
	for (size_t i = 0; i < pairs && cbor_get_u32(&in, &key); i++) {
		struct span skipped;

		if (key == 2) {
			(void)cbor_get_u32(&in, &settling.stream);
		} else if (key == 17) {
			(void)cbor_get_u32(&in, &settling.n);
		} else if (key == 18) {
			(void)cbor_get_uint(&in, &settling.entry);
		} else {
			(void)cbor_get_any(&in, &skipped);
		}
	}
	return settling;
}

/* The row that the table has for it: settled by this entry, or by a later one. */
static enum status
check_settling_row(struct check *check, const struct entry *entry, const struct settling *settling,
		   struct error *err)
{
	struct statement *row = check_query(
		check, "SELECT stream, n, record, settled, released FROM quarantine WHERE seq = ?",
		err);
	bool found = false;
	enum status status;

	sql_bind_uint(row, 1, settling->entry);
	status = sql_row(row, &found, err);
	if (status == STATUS_OK &&
	    (!found || sql_uint(row, 0) != settling->stream || sql_uint(row, 1) != settling->n ||
	     sql_uint(row, 2) != entry->record || sql_uint(row, 3) < entry->seq ||
	     (sql_uint(row, 3) == entry->seq &&
	      (sql_uint(row, 4) != 0) != (entry->kind == ENTRY_RELEASE)))) {
		status = check_wrong(err, entry->seq,
				     "the quarantine does not say that it settled that");
	}
	check->settled += status == STATUS_OK && sql_uint(row, 3) == entry->seq;
	sql_statement_free(row);
	return status;
}

/* Merges the change that was set aside, as of the entry that released it. */
static enum status
merge_released(struct check *check, const struct entry *entry, uint64_t logged, struct error *err)
{
	struct statement *row =
		check_query(check, "SELECT " CHECK_ENTRY_COLUMNS " FROM log WHERE seq = ?", err);
	struct entry change = {.kind = ENTRY_CHANGE};
	bool found = false;
	enum status status;

	sql_bind_uint(row, 1, logged);
	status = sql_row(row, &found, err);
	if (status == STATUS_OK && found) {
		check_entry_read(row, &change);
	}
	if (status == STATUS_OK && (!found || change.kind != ENTRY_CHANGE || logged >= entry->seq ||
				    change.verdict != VERDICT_QUARANTINED)) {
		status = check_wrong(err, entry->seq, "it releases what was not set aside");
	}
	if (status == STATUS_OK) {
		change.seq = entry->seq;
		status = check_merge(check, &change, sql_blob(row, 14), logged, err);
	}
	sql_statement_free(row);
	return status;
}

enum status
check_settling(struct check *check, const struct entry *entry, struct span payload,
	       struct error *err)
{
	const struct settling settling = read_settling(payload);
	enum status status;

	if (settling.entry == 0) {
		return entry->kind == ENTRY_RELEASE
			       ? check_wrong(err, entry->seq, "it releases nothing")
			       : STATUS_OK;
	}
	status = check_settling_row(check, entry, &settling, err);
	return status == STATUS_OK && entry->kind == ENTRY_RELEASE
		       ? merge_released(check, entry, settling.entry, err)
		       : status;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/id.h"
#include "tests/check/check_parts.h"

#include <string.h>

enum { RECORD_LIMIT = 16 * 1024 * 1024 };

enum status
check_subtree(struct check *check, struct statement *row, struct error *err)
{
	uint64_t number = sql_uint(row, 0);
	uint8_t stored[HASH_SIZE];

	if (number != check->chunk_seen++ || number >= check->chunk_count ||
	    !sql_blob_exact(row, 1, stored, HASH_SIZE) ||
	    memcmp(check->chunks[number], stored, HASH_SIZE) != 0) {
		return fail(err, STATUS_MALFORMED, "subtree %llu is not that of the log",
			    (unsigned long long)number);
	}
	return STATUS_OK;
}

enum status
check_checkpoint(struct check *check, struct statement *row, struct error *err)
{
	uint8_t root[HASH_SIZE];
	uint8_t stored[HASH_SIZE];

	frontier_root(&check->frontier, root);
	if (sql_uint(row, 0) != check->frontier.size ||
	    !sql_blob_exact(row, 1, stored, HASH_SIZE) || memcmp(root, stored, HASH_SIZE) != 0) {
		return fail(err, STATUS_MALFORMED, "the newest checkpoint is not that of the log");
	}
	return STATUS_OK;
}

enum status
check_head(struct check *check, struct statement *row, struct error *err)
{
	return sql_uint(row, 0) == check->seq
		       ? STATUS_OK
		       : fail(err, STATUS_MALFORMED, "the counter is not the log's end");
}

enum status
check_quarantine(struct check *check, struct statement *row, struct error *err)
{
	return sql_uint(row, 0) == check->quarantined && sql_uint(row, 1) == check->settled
		       ? STATUS_OK
		       : fail(err, STATUS_MALFORMED,
			      "the quarantine has %llu changes, %llu settled; the log %llu, %llu",
			      (unsigned long long)sql_uint(row, 0),
			      (unsigned long long)sql_uint(row, 1),
			      (unsigned long long)check->quarantined,
			      (unsigned long long)check->settled);
}

enum status
check_unsettled(struct check *check, struct statement *row, struct error *err)
{
	(void)check;
	return sql_uint(row, 0) == 0
		       ? STATUS_OK
		       : fail(err, STATUS_MALFORMED, "%llu changes wait that were erased",
			      (unsigned long long)sql_uint(row, 0));
}

enum status
check_erased_rows(struct check *check, struct statement *row, struct error *err)
{
	(void)check;
	return sql_uint(row, 0) == 0 ? STATUS_OK
				     : fail(err, STATUS_MALFORMED, "%llu erased records are there",
					    (unsigned long long)sql_uint(row, 0));
}

enum status
check_record(struct check *check, struct statement *row, struct error *err)
{
	uint64_t id = sql_uint(row, 0);
	struct check_record *record = check_record_find(check, id);
	struct buffer state;
	bool equal;
	char text[ID_TEXT_SIZE];

	if (record == NULL) {
		return fail(err, STATUS_MALFORMED, "record %s has no entry in the log",
			    id_format(id, text));
	}
	check->record_count--;
	if (sql_is_null(row, 3)) {
		/* The log has its state. */
		return record->changes == 1 && record->of_device &&
				       record->record.version == sql_uint(row, 2)
			       ? STATUS_OK
			       : fail(err, STATUS_MALFORMED, "record %s lacks its state",
				      id_format(id, text));
	}
	record->record.village = sql_uint(row, 1);
	buffer_init(&state, RECORD_LIMIT);
	record_encode(&record->record, NULL, &state);
	equal = state.status == STATUS_OK && span_equal(buffer_span(&state), sql_blob(row, 3)) &&
		record->record.version == sql_uint(row, 2);
	buffer_finish(&state);
	return equal ? STATUS_OK
		     : fail(err, STATUS_MALFORMED, "record %s is not what its log merges to",
			    id_format(id, text));
}

/* A move looks for what hangs below a record in the village that it leaves, and nowhere else. */
enum status
check_strays(struct check *check, struct statement *row, struct error *err)
{
	(void)check;
	return sql_uint(row, 0) == 0
		       ? STATUS_OK
		       : fail(err, STATUS_MALFORMED,
			      "%llu records are in another village than what they hang on",
			      (unsigned long long)sql_uint(row, 0));
}

/* What a device may see, and might see once, follows from the log's entries of that kind. */
enum status
check_scopes(struct check *check, struct statement *row, struct error *err)
{
	(void)check;
	return sql_uint(row, 0) == 0
		       ? STATUS_OK
		       : fail(err, STATUS_MALFORMED, "%llu scopes are not as the log has them",
			      (unsigned long long)sql_uint(row, 0));
}

enum status
check_parent(struct check *check, struct statement *row, struct error *err)
{
	struct lineage lineage = {(uint32_t)sql_uint(row, 0), (uint32_t)sql_uint(row, 1),
				  (uint32_t)sql_uint(row, 2)};

	return check_lineage_row(&check->lineages, lineage, err);
}

enum status
check_user(struct check *check, struct statement *row, struct error *err)
{
	const struct check_person person = {
		.number = (uint32_t)sql_uint(row, 0),
		.name = sql_text(row, 1),
		.role = sql_uint(row, 2),
		.low = sql_uint(row, 3),
		.high = sql_uint(row, 4),
		.ended = sql_uint(row, 5),
	};

	return check_people_row(&check->people, &person, err);
}

enum status
check_token(struct check *check, struct statement *row, struct error *err)
{
	struct check_person person = {
		.number = (uint32_t)sql_uint(row, 0),
		.is_token = true,
		.name = sql_text(row, 1),
		.role = sql_uint(row, 2),
		.low = sql_uint(row, 3),
		.high = sql_uint(row, 4),
		.ended = sql_uint(row, 5),
		.expires_ms = sql_uint(row, 6),
	};

	return sql_blob_exact(row, 7, person.hash, HASH_SIZE)
		       ? check_people_row(&check->people, &person, err)
		       : fail(err, STATUS_MALFORMED, "token %u: its hash", person.number);
}

enum status
check_run_records(struct check *check, struct statement *row, struct error *err)
{
	(void)err;
	check->run_records = sql_uint(row, 0);
	return STATUS_OK;
}

/* What no index leads to is in a run of its village, or nobody receives it. */
enum status
check_runs(struct check *check, struct statement *row, struct error *err)
{
	return sql_uint(row, 0) == check->run_records
		       ? STATUS_OK
		       : fail(err, STATUS_MALFORMED,
			      "runs lead to %llu records of one change, there are %llu",
			      (unsigned long long)sql_uint(row, 0),
			      (unsigned long long)check->run_records);
}

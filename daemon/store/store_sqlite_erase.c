/* SPDX-License-Identifier: Apache-2.0 */
/* What has to be destroyed by law: out of the rows at once, out of the file with store_vacuum. */
#include "store_sqlite.h"
#include "typed.h"

#include <string.h>

/* For the readers of the moment; who reads longer is waited for with the next try. */
enum { EMPTY_WAIT_MS = 5000 };

/* ---- out of the rows ---- */

/* An entry that loses its payload. */
struct bereft {
	uint64_t seq;
	uint8_t commitment[HASH_SIZE];
};

struct destroying {
	uint64_t before;
	struct buffer bereft;
	struct buffer *streams; /* NULL: nobody asks */
};

/* An erasure names records and nothing else. */
static enum status
note_bereft(void *context, const struct log_row *row, struct error *err)
{
	struct destroying *destroying = context;
	struct bereft bereft = {.seq = row->entry.seq};

	(void)err;
	if (row->payload.at == NULL || row->entry.kind == ENTRY_ERASURE ||
	    row->entry.seq >= destroying->before) {
		return STATUS_OK;
	}
	memcpy(bereft.commitment, row->entry.commitment, HASH_SIZE);
	buffer_append(&destroying->bereft, &bereft, sizeof bereft);
	if (destroying->streams != NULL && row->entry.stream != 0) {
		buffer_append(destroying->streams, &row->entry.stream, sizeof row->entry.stream);
	}
	return STATUS_OK;
}

static enum status
destroy_payloads(struct store *store, const struct destroying *destroying, struct error *err)
{
	static const char text[] =
		"UPDATE log SET commitment = ?2, salt = NULL, payload = NULL WHERE seq = ?1";
	const struct bereft *bereft = (const void *)destroying->bereft.at;
	enum status status = buffer_status(&destroying->bereft, "what is to be erased", err);

	for (size_t i = 0; i < destroying->bereft.length / sizeof *bereft && status == STATUS_OK;
	     i++) {
		struct statement *s = sql_prepare(store->sql, text, err);

		sql_bind_uint(s, 1, bereft[i].seq);
		sql_bind_blob(s, 2, span_of(bereft[i].commitment, HASH_SIZE));
		status = sql_run(s, err);
	}
	return status;
}

static enum status
destroy_history(struct store *store, uint64_t record, uint64_t before, struct buffer *streams,
		struct error *err)
{
	const struct log_filter filter = {.record = record, .limit = SIZE_MAX};
	struct destroying destroying = {.before = before, .streams = streams};
	enum status status;

	buffer_init(&destroying.bereft, SIZE_MAX);
	status = store_log_read(store, &filter, note_bereft, &destroying, err);
	if (status == STATUS_OK) {
		status = destroy_payloads(store, &destroying, err);
	}
	buffer_finish(&destroying.bereft);
	return status;
}

/* What was set aside and never released; a release has made it part of the record. */
#define SETTLE_TEXT(column)                                                                        \
	"UPDATE quarantine SET settled = ?2 WHERE " column " = ?1 AND released = 0"
#define CAUSE_TEXT(column)                                                                         \
	"UPDATE quarantine_cause SET reason = ?2, awaits = 0 WHERE seq IN"                         \
	" (SELECT seq FROM quarantine WHERE " column " = ?1 AND released = 0)"

static enum status
settle_quarantine(struct store *store, const char *settle_text, const char *cause_text,
		  uint64_t key, uint64_t seq, struct error *err)
{
	struct statement *s = sql_prepare(store->sql, settle_text, err);
	enum status status;

	sql_bind_uint(s, 1, key);
	sql_bind_uint(s, 2, seq);
	status = sql_run(s, err);
	if (status != STATUS_OK) {
		return status;
	}
	s = sql_prepare(store->sql, cause_text, err);
	sql_bind_uint(s, 1, key);
	sql_bind_uint(s, 2, QUARANTINE_ERASED);
	return sql_run(s, err);
}

enum status
store_entry_erase(struct store *store, uint64_t entry, uint64_t seq, struct error *err)
{
	static const char settle_text[] = SETTLE_TEXT("seq");
	static const char cause_text[] = CAUSE_TEXT("seq");
	const struct log_filter filter = {.since = entry - 1, .limit = 1};
	struct destroying destroying = {.before = seq};
	enum status status;

	buffer_init(&destroying.bereft, SIZE_MAX);
	status = store_log_read(store, &filter, note_bereft, &destroying, err);
	if (status == STATUS_OK) {
		status = destroy_payloads(store, &destroying, err);
	}
	buffer_finish(&destroying.bereft);
	return status == STATUS_OK
		       ? settle_quarantine(store, settle_text, cause_text, entry, seq, err)
		       : status;
}

static enum status
remember(struct store *store, uint64_t record, uint64_t seq, struct error *err)
{
	static const char text[] = "INSERT OR IGNORE INTO erased (record, seq) VALUES (?, ?)";
	struct statement *s = sql_prepare(store->sql, text, err);

	sql_bind_uint(s, 1, record);
	sql_bind_uint(s, 2, seq);
	return sql_run(s, err);
}

enum status
store_record_erase(struct store *store, const struct schema *schema, uint64_t record, uint64_t seq,
		   struct buffer *streams, struct error *err)
{
	static const char settle_text[] = SETTLE_TEXT("record");
	static const char cause_text[] = CAUSE_TEXT("record");
	struct stored_record row = {.id = 0};
	enum status status = store_records_place(store, &record, 1, &row, err);

	if (status == STATUS_OK && row.id != 0) {
		status = typed_remove(store, schema, row.type, record, err);
	}
	if (status == STATUS_OK) {
		status = store_record_remove(store, record, err);
	}
	if (status == STATUS_OK) {
		status = destroy_history(store, record, seq, streams, err);
	}
	if (status == STATUS_OK) {
		status = settle_quarantine(store, settle_text, cause_text, record, seq, err);
	}
	return status == STATUS_OK ? remember(store, record, seq, err) : status;
}

enum status
store_imports_erase(struct store *store, uint64_t seq, struct error *err)
{
	static const char text[] = "DELETE FROM import_row WHERE record IN"
				   " (SELECT record FROM erased WHERE seq >= ?)";
	struct statement *s = sql_prepare(store->sql, text, err);

	sql_bind_uint(s, 1, seq);
	return sql_run(s, err);
}

/* ---- what was erased ---- */

enum status
store_erased_by(struct store *store, uint64_t record, uint64_t *seq_out, struct error *err)
{
	static const char text[] = "SELECT seq FROM erased WHERE record = ?";
	struct statement *s = sql_prepare(store->sql, text, err);

	sql_bind_uint(s, 1, record);
	return store_number(s, seq_out, err);
}

enum status
store_erased_read(struct store *store, uint64_t since, uint64_t until, struct buffer *out,
		  struct error *err)
{
	static const char text[] =
		"SELECT record FROM erased WHERE seq > ? AND seq <= ? ORDER BY seq, record";
	struct statement *s = sql_prepare(store->sql, text, err);
	bool row = true;

	sql_bind_uint(s, 1, since);
	sql_bind_uint(s, 2, until == STORE_NOW ? INT64_MAX : until);
	while (row) {
		enum status status = sql_row(s, &row, err);

		if (status != STATUS_OK) {
			return status;
		}
		if (row) {
			const uint64_t record = sql_uint(s, 0);

			buffer_append(out, &record, sizeof record);
		}
	}
	return buffer_status(out, "what was erased", err);
}

#define ERASURE_SELECT "SELECT seq, record, asked_ms, finished_ms FROM erasure"

static struct erasure
erasure_of(struct statement *s)
{
	return (struct erasure){sql_uint(s, 0), sql_uint(s, 1), sql_int(s, 2), sql_int(s, 3)};
}

enum status
store_erasure_add(struct store *store, const struct erasure *erasure, struct error *err)
{
	static const char text[] =
		"INSERT INTO erasure (seq, record, asked_ms, finished_ms) VALUES (?, ?, ?, ?)";
	struct statement *s = sql_prepare(store->sql, text, err);

	sql_bind_uint(s, 1, erasure->seq);
	sql_bind_uint(s, 2, erasure->record);
	sql_bind_int(s, 3, erasure->asked_ms);
	sql_bind_int(s, 4, erasure->finished_ms);
	return sql_run(s, err);
}

enum status
store_erasure(struct store *store, uint64_t seq, struct erasure *out, struct error *err)
{
	static const char text[] = ERASURE_SELECT " WHERE seq = ?";
	struct statement *s = sql_prepare(store->sql, text, err);
	enum status status;

	sql_bind_uint(s, 1, seq);
	status = store_one(s, "an erasure", err);
	if (status == STATUS_OK) {
		*out = erasure_of(s);
		sql_reset(s);
	}
	return status;
}

enum status
store_erasure_last(struct store *store, uint64_t *seq_out, struct error *err)
{
	static const char text[] = "SELECT max(seq) FROM erasure";

	return store_number(sql_prepare(store->sql, text, err), seq_out, err);
}

enum status
store_erasure_unfinished(struct store *store, struct erasure *out, struct error *err)
{
	static const char text[] = ERASURE_SELECT " WHERE finished_ms = 0 ORDER BY seq LIMIT 1";
	struct statement *s = sql_prepare(store->sql, text, err);
	bool row;
	enum status status = sql_row(s, &row, err);

	if (status != STATUS_OK) {
		return status;
	}
	*out = (struct erasure){.seq = 0};
	if (row) {
		*out = erasure_of(s);
		sql_reset(s);
	}
	return STATUS_OK;
}

enum status
store_erasures_read(struct store *store, erasure_fn each, void *context, struct error *err)
{
	static const char text[] = ERASURE_SELECT " ORDER BY seq";
	struct statement *s = sql_prepare(store->sql, text, err);
	enum status status = STATUS_OK;

	while (status == STATUS_OK) {
		struct erasure erasure;
		bool row;

		status = sql_row(s, &row, err);
		if (status != STATUS_OK || !row) {
			return status;
		}
		erasure = erasure_of(s);
		status = each(context, &erasure, err);
	}
	sql_reset(s);
	return status;
}

enum status
store_erasures_finish(struct store *store, uint64_t seq, int64_t now_ms, struct error *err)
{
	static const char text[] =
		"UPDATE erasure SET finished_ms = ?2 WHERE finished_ms = 0 AND seq <= ?1";
	struct statement *s = sql_prepare(store->sql, text, err);

	sql_bind_uint(s, 1, seq);
	sql_bind_int(s, 2, now_ms);
	return sql_run(s, err);
}

/* ---- the devices ---- */

enum status
store_erasure_device_add(struct store *store, uint32_t device, uint64_t seq, struct error *err)
{
	static const char text[] =
		"INSERT OR IGNORE INTO erasure_device (device, seq, acked_ms) VALUES (?, ?, 0)";
	struct statement *s = sql_prepare(store->sql, text, err);

	sql_bind_uint(s, 1, device);
	sql_bind_uint(s, 2, seq);
	return sql_run(s, err);
}

enum status
store_erasure_device_all(struct store *store, uint32_t device, struct error *err)
{
	static const char text[] = "INSERT OR IGNORE INTO erasure_device (device, seq, acked_ms)"
				   " SELECT ?, seq, 0 FROM erasure";
	struct statement *s = sql_prepare(store->sql, text, err);

	sql_bind_uint(s, 1, device);
	return sql_run(s, err);
}

enum status
store_erasure_ack(struct store *store, uint32_t device, uint64_t seq, int64_t now_ms,
		  bool *news_out, struct error *err)
{
	static const char text[] = "UPDATE erasure_device SET acked_ms = ?3"
				   " WHERE device = ?1 AND seq <= ?2 AND acked_ms = 0";
	struct statement *s = sql_prepare(store->sql, text, err);
	enum status status;

	sql_bind_uint(s, 1, device);
	sql_bind_uint(s, 2, seq);
	sql_bind_int(s, 3, now_ms);
	status = sql_run(s, err);
	if (status == STATUS_OK) {
		*news_out = sql_changes(store->sql) > 0;
	}
	return status;
}

enum status
store_erasure_waits(struct store *store, bool *out, struct error *err)
{
	static const char text[] = "SELECT 1 FROM erasure_device WHERE acked_ms = 0 LIMIT 1";
	uint64_t found = 0;
	enum status status = store_number(sql_prepare(store->sql, text, err), &found, err);

	if (status == STATUS_OK) {
		*out = found != 0;
	}
	return status;
}

enum status
store_erasure_devices(struct store *store, uint64_t seq, erasure_device_fn each, void *context,
		      struct error *err)
{
	static const char text[] =
		"SELECT device, acked_ms FROM erasure_device WHERE seq = ? ORDER BY device";
	struct statement *s = sql_prepare(store->sql, text, err);
	enum status status = STATUS_OK;

	sql_bind_uint(s, 1, seq);
	while (status == STATUS_OK) {
		bool row;

		status = sql_row(s, &row, err);
		if (status != STATUS_OK || !row) {
			return status;
		}
		status = each(context, store_u32(s, 0), sql_int(s, 1), err);
	}
	sql_reset(s);
	return status;
}

/* ---- out of the file ---- */

enum status
store_vacuum(struct store *store, struct error *err)
{
	/* In memory the copy of a large database would have no room. */
	return sql_exec(store->sql,
			"PRAGMA temp_store=FILE; PRAGMA secure_delete=ON; VACUUM;"
			" PRAGMA secure_delete=FAST; PRAGMA temp_store=MEMORY",
			err);
}

enum status
store_wal_empty(struct store *store, struct error *err)
{
	return sql_wal_empty(store->sql, EMPTY_WAIT_MS, err);
}

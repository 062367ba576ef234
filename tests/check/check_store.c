/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/check/check_store.h"

#include "protocol/checkpoint.h"
#include "protocol/entry.h"
#include "protocol/id.h"
#include "protocol/merge.h"
#include "protocol/sql/sql.h"
#include "tests/check/check_lineage.h"
#include "tests/check/check_people.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BUCKETS = 1 << 20, RECORD_LIMIT = 16 * 1024 * 1024 };

struct check_stream {
	struct check_stream *next; /* in its bucket */
	uint32_t number;
	uint8_t kind;
	uint8_t key[32];
	uint32_t acked_n; /* as the table says */
	uint8_t chain[HASH_SIZE];
	uint32_t n; /* as the log goes */
	uint8_t now[HASH_SIZE];
};

struct check_record {
	struct check_record *next;
	struct record record;
	uint64_t changes; /* merged */
	bool of_device;	  /* the last of them */
};

struct check {
	struct sql *sql;
	struct schema *schema;
	struct arena arena;
	struct epoch epochs[64];
	size_t epoch_count;
	size_t epochs_begun; /* as the log tells */
	struct check_lineages lineages;
	struct check_people people;
	struct check_stream *streams[BUCKETS];
	struct check_record *records[BUCKETS];
	uint64_t record_count;
	struct frontier frontier;
	uint8_t (*chunks)[HASH_SIZE]; /* roots of complete subtrees of 256, as the log gives them */
	uint64_t chunk_count;
	uint64_t chunk_seen; /* rows of the table */
	uint64_t seq;
	int64_t received_ms;
	uint64_t quarantined;
	uint64_t settled;     /* of these, as the log's end leaves them */
	uint64_t run_records; /* found through the runs of their village */
	struct buffer erased; /* struct check_erased: what entries of kind erasure name, by id */
};

static struct statement *
query(struct check *check, const char *text, struct error *err)
{
	return sql_prepare_own(check->sql, text, err);
}

static enum status
wrong(struct error *err, uint64_t seq, const char *what)
{
	return fail(err, STATUS_MALFORMED, "entry %llu: %s", (unsigned long long)seq, what);
}

/* Calls `each` for every row of a query. */
static enum status
for_rows(struct check *check, const char *text,
	 enum status (*each)(struct check *check, struct statement *row, struct error *err),
	 struct error *err)
{
	struct statement *statement = query(check, text, err);
	bool row = true;
	enum status status = statement == NULL ? err->status : STATUS_OK;

	while (status == STATUS_OK && row) {
		status = sql_row(statement, &row, err);
		if (status == STATUS_OK && row) {
			status = each(check, statement, err);
		}
	}
	sql_statement_free(statement);
	return status;
}

/* ---- what the log is judged by ---- */

static enum status
read_schema(struct check *check, struct statement *row, struct error *err)
{
	schema_free(check->schema);
	check->schema = NULL;
	return schema_decode(sql_blob(row, 0), &check->schema, err);
}

static enum status
read_epoch(struct check *check, struct statement *row, struct error *err)
{
	struct epoch *epoch = &check->epochs[check->epoch_count++];

	if (check->epoch_count > 63) {
		return fail(err, STATUS_LIMIT, "epochs");
	}
	epoch->epoch = (uint32_t)sql_uint(row, 0);
	epoch->parent = (uint32_t)sql_uint(row, 1);
	epoch->cut = sql_uint(row, 2);
	return STATUS_OK;
}

static enum status
read_stream(struct check *check, struct statement *row, struct error *err)
{
	struct check_stream *stream = ARENA_NEW(&check->arena, struct check_stream);
	struct check_stream **bucket;

	if (stream == NULL) {
		return fail(err, STATUS_MEMORY, "streams");
	}
	stream->number = (uint32_t)sql_uint(row, 0);
	bucket = &check->streams[stream->number % BUCKETS];
	stream->next = *bucket;
	*bucket = stream;
	stream->kind = (uint8_t)sql_uint(row, 1);
	stream->acked_n = (uint32_t)sql_uint(row, 3);
	if (!sql_blob_exact(row, 2, stream->key, sizeof stream->key) ||
	    !sql_blob_exact(row, 4, stream->chain, sizeof stream->chain)) {
		return fail(err, STATUS_MALFORMED, "stream %u: key or chain", stream->number);
	}
	chain_start(stream->key, stream->number, stream->now);
	return STATUS_OK;
}

static struct check_stream *
find_stream(struct check *check, uint32_t number)
{
	struct check_stream *at = check->streams[number % BUCKETS];

	while (at != NULL && at->number != number) {
		at = at->next;
	}
	return at;
}

static struct check_record *
find_record(struct check *check, uint64_t id)
{
	struct check_record **bucket = &check->records[(id ^ id >> 32) % BUCKETS];

	for (struct check_record *at = *bucket; at != NULL; at = at->next) {
		if (at->record.id == id) {
			return at;
		}
	}
	return NULL;
}

static struct check_record *
make_record(struct check *check, uint64_t id)
{
	struct check_record **bucket = &check->records[(id ^ id >> 32) % BUCKETS];
	struct check_record *made = ARENA_NEW(&check->arena, struct check_record);

	if (made != NULL) {
		made->next = *bucket;
		*bucket = made;
		check->record_count++;
	}
	return made;
}

/* ---- what was erased ---- */

/* A record, or an entry, that a later entry of kind erasure names. */
struct check_erased {
	uint64_t id; /* of a record, or the top bit and a seq */
	uint64_t by;
};
#define ENTRY_BIT (UINT64_C(1) << 63)
enum { KEY_RECORDS = 20, KEY_ENTRIES = 21 };

static enum status
read_erased(struct check *check, uint64_t by, struct reader *in, uint64_t bit, struct error *err)
{
	struct check_erased erased = {.by = by};
	size_t count;

	if (!cbor_get_array(in, SIZE_MAX, &count)) {
		return wrong(err, by, "what it erases");
	}
	for (size_t i = 0; i < count; i++) {
		if (!cbor_get_uint(in, &erased.id)) {
			return wrong(err, by, "what it erases");
		}
		erased.id |= bit;
		buffer_append(&check->erased, &erased, sizeof erased);
	}
	return buffer_status(&check->erased, "what was erased", err);
}

static enum status
read_erasure(struct check *check, struct statement *row, struct error *err)
{
	const uint64_t seq = sql_uint(row, 0);
	struct reader in = reader_of(sql_blob(row, 1));
	size_t pairs = 0;
	uint32_t key;
	enum status status = STATUS_OK;

	(void)cbor_get_map(&in, 23, &pairs);
	for (size_t i = 0; i < pairs && status == STATUS_OK && cbor_get_u32(&in, &key); i++) {
		struct span skipped;

		if (key == KEY_RECORDS || key == KEY_ENTRIES) {
			status = read_erased(check, seq, &in, key == KEY_ENTRIES ? ENTRY_BIT : 0,
					     err);
		} else {
			(void)cbor_get_any(&in, &skipped);
		}
	}
	return status;
}

static int
compare_erased(const void *a, const void *b)
{
	const struct check_erased *one = a;
	const struct check_erased *other = b;

	return (one->id > other->id) - (one->id < other->id);
}

static enum status
read_erasures(struct check *check, struct error *err)
{
	enum status status =
		for_rows(check, "SELECT seq, payload FROM log WHERE kind = 7 ORDER BY seq",
			 read_erasure, err);

	if (status == STATUS_OK && check->erased.length > 0) {
		qsort(check->erased.at, check->erased.length / sizeof(struct check_erased),
		      sizeof(struct check_erased), compare_erased);
	}
	return status;
}

/* The entry that erased it; 0: none. */
static uint64_t
erased_by(const struct check *check, uint64_t id)
{
	const struct check_erased key = {.id = id};
	const struct check_erased *found =
		check->erased.length == 0
			? NULL
			: bsearch(&key, check->erased.at, check->erased.length / sizeof key,
				  sizeof key, compare_erased);

	return found == NULL ? 0 : found->by;
}

/* May, and must, the entry be without salt and payload? */
static bool
is_bereft(const struct check *check, const struct entry *entry)
{
	return entry->kind != ENTRY_ERASURE &&
	       ((entry->record != 0 && erased_by(check, entry->record) > entry->seq) ||
		erased_by(check, entry->seq | ENTRY_BIT) > entry->seq ||
		(entry->kind == ENTRY_CHANGE && entry->verdict == VERDICT_QUARANTINED &&
		 entry->reason == QUARANTINE_ERASED));
}

/* ---- one entry ---- */

/* `logged`: where the change stands in the log; after a release that is before the entry's seq. */
static enum status
merge_entry(struct check *check, const struct entry *entry, struct span payload, uint64_t logged,
	    struct error *err)
{
	const struct check_stream *stream = find_stream(check, entry->stream);
	const bool server_stream = stream == NULL || stream->kind != 1;
	struct check_record *record = find_record(check, entry->record);
	struct merge_context context = {.epochs = check->epochs, .epoch_count = check->epoch_count};
	struct change change;
	void *copy = arena_copy(&check->arena, payload.at, payload.length);
	enum status status;

	if (copy == NULL) {
		return fail(err, STATUS_MEMORY, "merging again");
	}
	status = change_decode(span_of(copy, payload.length), server_stream, &check->arena, &change,
			       err);
	if (status != STATUS_OK) {
		return wrong(err, entry->seq, "a merged change does not decode");
	}
	if (change.n != entry->n || change.record != entry->record || change.time != entry->time ||
	    change.schema_version != entry->schema_version) {
		return wrong(err, entry->seq, "header and payload differ");
	}
	if (record == NULL) {
		record = make_record(check, entry->record);
	}
	if (record == NULL) {
		return fail(err, STATUS_MEMORY, "merging again");
	}
	/* Nobody had seen what came after the change, however much later it was merged. */
	if (logged < entry->seq && change.base.epoch != 0 && change.base.version >= logged) {
		change.base.version = logged - 1;
	}
	context.type = schema_type(check->schema, change.type);
	context.lineages = check->lineages.at;
	context.lineage_count = check->lineages.count;
	/* As it was merged: an epoch counts from its cut on. */
	while (context.epoch_count > 1 &&
	       check->epochs[context.epoch_count - 1].cut >= entry->seq) {
		context.epoch_count--;
	}
	record->changes++;
	record->of_device = !server_stream && logged == entry->seq;
	return merge_change(&record->record, entry->stream, &change, entry->seq, &context,
			    &check->arena, err);
}

static enum status
check_change(struct check *check, const struct entry *entry, struct span payload, struct error *err)
{
	struct check_stream *stream = find_stream(check, entry->stream);

	if (stream == NULL) {
		return wrong(err, entry->seq, "its stream is not known");
	}
	if (entry->n != stream->n + 1) {
		return wrong(err, entry->seq, "its n is not the next of its stream");
	}
	stream->n = entry->n;
	chain_advance(stream->now, entry->n, entry->commitment);
	if (entry->verdict == VERDICT_QUARANTINED && entry->reason == QUARANTINE_ERASED) {
		return STATUS_OK;
	}
	if (entry->verdict == VERDICT_QUARANTINED) {
		check->quarantined++;
		return entry->reason == 0 ? wrong(err, entry->seq, "set aside without a reason")
					  : STATUS_OK;
	}
	/* What it made is gone with it. */
	return is_bereft(check, entry) ? STATUS_OK
				       : merge_entry(check, entry, payload, entry->seq, err);
}

static void
read_entry(struct statement *row, struct entry *out)
{
	int64_t kind = sql_int(row, 1);
	int64_t verdict = sql_int(row, 9);

	out->seq = sql_uint(row, 0);
	out->received_ms = sql_int(row, 2);
	out->session = sql_uint(row, 3);
	out->stream = (uint32_t)sql_uint(row, 4);
	out->n = (uint32_t)sql_uint(row, 5);
	out->time = sql_int(row, 6);
	out->user = (uint32_t)sql_uint(row, 7);
	/* The table leaves out the record of a change that creates it. */
	out->record = sql_is_null(row, 8) ? id_make(out->stream, out->n) : sql_uint(row, 8);
	out->kind = (enum entry_kind)kind;
	out->verdict = (enum verdict)verdict;
	out->reason = (uint32_t)sql_uint(row, 10);
	out->schema_version = (uint32_t)sql_uint(row, 11);
}

/* ---- what became of changes in quarantine ---- */

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
	struct statement *row = query(
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
		status = wrong(err, entry->seq, "the quarantine does not say that it settled that");
	}
	check->settled += status == STATUS_OK && sql_uint(row, 3) == entry->seq;
	sql_statement_free(row);
	return status;
}

/* Merges the change that was set aside, as of the entry that released it. */
static enum status
merge_released(struct check *check, const struct entry *entry, uint64_t logged, struct error *err)
{
	struct statement *row = query(
		check,
		"SELECT seq, kind, received_ms, session, stream, n, time, user, record, verdict, reason,"
		" schema_version, commitment, salt, payload FROM log WHERE seq = ?",
		err);
	struct entry change = {.kind = ENTRY_CHANGE};
	bool found = false;
	enum status status;

	sql_bind_uint(row, 1, logged);
	status = sql_row(row, &found, err);
	if (status == STATUS_OK && found) {
		read_entry(row, &change);
	}
	if (status == STATUS_OK && (!found || change.kind != ENTRY_CHANGE || logged >= entry->seq ||
				    change.verdict != VERDICT_QUARANTINED)) {
		status = wrong(err, entry->seq, "it releases what was not set aside");
	}
	if (status == STATUS_OK) {
		change.seq = entry->seq;
		status = merge_entry(check, &change, sql_blob(row, 14), logged, err);
	}
	sql_statement_free(row);
	return status;
}

static enum status
check_settling(struct check *check, const struct entry *entry, struct span payload,
	       struct error *err)
{
	const struct settling settling = read_settling(payload);
	enum status status;

	if (settling.entry == 0) {
		return entry->kind == ENTRY_RELEASE ? wrong(err, entry->seq, "it releases nothing")
						    : STATUS_OK;
	}
	status = check_settling_row(check, entry, &settling, err);
	return status == STATUS_OK && entry->kind == ENTRY_RELEASE
		       ? merge_released(check, entry, settling.entry, err)
		       : status;
}

/* ---- the log ---- */

static bool
note_chunk(struct check *check, const uint8_t leaf[HASH_SIZE])
{
	uint8_t root[HASH_SIZE];
	uint8_t(*grown)[HASH_SIZE];

	if (!frontier_completes(&check->frontier, leaf, 8, root)) {
		return true;
	}
	grown = realloc(check->chunks, (size_t)(check->chunk_count + 1) * HASH_SIZE);
	if (grown == NULL) {
		return false;
	}
	check->chunks = grown;
	memcpy(check->chunks[check->chunk_count++], root, HASH_SIZE);
	return true;
}

/* Each epoch begins where the one before was cut, with an entry of its own. */
static enum status
check_epoch(struct check *check, uint64_t seq, struct error *err)
{
	size_t begun = check->epochs_begun++;
	const struct epoch *epoch = &check->epochs[begun];

	if (begun >= check->epoch_count || epoch->cut != seq - 1 ||
	    epoch->parent != (begun == 0 ? 0 : check->epochs[begun - 1].epoch)) {
		return wrong(err, seq, "the table of epochs has no such beginning");
	}
	return STATUS_OK;
}

static enum status
check_entry(struct check *check, struct statement *row, struct error *err)
{
	struct entry entry = {.kind = ENTRY_CHANGE};
	uint8_t salt[SALT_SIZE];
	uint8_t leaf[HASH_SIZE];
	bool is_change;

	read_entry(row, &entry);
	is_change = entry.kind == ENTRY_CHANGE;
	if (entry.seq != ++check->seq) {
		return wrong(err, entry.seq, "seq has a gap");
	}
	if (entry.received_ms < check->received_ms) {
		return wrong(err, entry.seq, "received goes back");
	}
	check->received_ms = entry.received_ms;
	/* The commitment follows, or it was erased what it follows from: chains and tree show that
	 * it is the one that was signed. */
	if (is_bereft(check, &entry)) {
		if (!sql_is_null(row, 13) || !sql_is_null(row, 14) ||
		    !sql_blob_exact(row, 12, entry.commitment, HASH_SIZE)) {
			return wrong(err, entry.seq, "it was not erased");
		}
	} else if (!sql_is_null(row, 12) || !sql_blob_exact(row, 13, salt, SALT_SIZE)) {
		return wrong(err, entry.seq, "commitment or salt");
	} else {
		commitment_make(salt, is_change ? entry.stream : 0, is_change ? entry.n : 0,
				sql_blob(row, 14), entry.commitment);
	}
	entry_leaf(&entry, leaf);
	if (!note_chunk(check, leaf)) {
		return fail(err, STATUS_MEMORY, "the tree");
	}
	frontier_append(&check->frontier, leaf);
	if (entry.kind == ENTRY_EPOCH) {
		return check_epoch(check, entry.seq, err);
	}
	if (entry.kind == ENTRY_SCOPE &&
	    check_lineage_note(&check->lineages, sql_blob(row, 14), err) != STATUS_OK) {
		return wrong(err, entry.seq, "the stream that it continues");
	}
	if (!is_change && is_bereft(check, &entry)) {
		return STATUS_OK;
	}
	if (entry.kind == ENTRY_ADMIN &&
	    check_people_note(&check->people, entry.seq, sql_blob(row, 14), err) != STATUS_OK) {
		return fail_context(err, "entry %llu", (unsigned long long)entry.seq);
	}
	return is_change ? check_change(check, &entry, sql_blob(row, 14), err)
			 : check_settling(check, &entry, sql_blob(row, 14), err);
}

/* ---- what must agree with the log ---- */

static enum status
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

static enum status
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

static enum status
check_head(struct check *check, struct statement *row, struct error *err)
{
	return sql_uint(row, 0) == check->seq
		       ? STATUS_OK
		       : fail(err, STATUS_MALFORMED, "the counter is not the log's end");
}

static enum status
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

static enum status
check_unsettled(struct check *check, struct statement *row, struct error *err)
{
	(void)check;
	return sql_uint(row, 0) == 0
		       ? STATUS_OK
		       : fail(err, STATUS_MALFORMED, "%llu changes wait that were erased",
			      (unsigned long long)sql_uint(row, 0));
}

static enum status
check_erased_rows(struct check *check, struct statement *row, struct error *err)
{
	(void)check;
	return sql_uint(row, 0) == 0 ? STATUS_OK
				     : fail(err, STATUS_MALFORMED, "%llu erased records are there",
					    (unsigned long long)sql_uint(row, 0));
}

static enum status
check_record(struct check *check, struct statement *row, struct error *err)
{
	uint64_t id = sql_uint(row, 0);
	struct check_record *record = find_record(check, id);
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
static enum status
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
static enum status
check_scopes(struct check *check, struct statement *row, struct error *err)
{
	(void)check;
	return sql_uint(row, 0) == 0
		       ? STATUS_OK
		       : fail(err, STATUS_MALFORMED, "%llu scopes are not as the log has them",
			      (unsigned long long)sql_uint(row, 0));
}

static enum status
check_parent(struct check *check, struct statement *row, struct error *err)
{
	struct lineage lineage = {(uint32_t)sql_uint(row, 0), (uint32_t)sql_uint(row, 1),
				  (uint32_t)sql_uint(row, 2)};

	return check_lineage_row(&check->lineages, lineage, err);
}

static enum status
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

static enum status
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

static enum status
count_run_records(struct check *check, struct statement *row, struct error *err)
{
	(void)err;
	check->run_records = sql_uint(row, 0);
	return STATUS_OK;
}

/* What no index leads to is in a run of its village, or nobody receives it. */
static enum status
check_runs(struct check *check, struct statement *row, struct error *err)
{
	return sql_uint(row, 0) == check->run_records
		       ? STATUS_OK
		       : fail(err, STATUS_MALFORMED,
			      "runs lead to %llu records of one change, there are %llu",
			      (unsigned long long)sql_uint(row, 0),
			      (unsigned long long)check->run_records);
}

static enum status
check_streams(const struct check *check, struct error *err)
{
	for (size_t i = 0; i < BUCKETS; i++) {
		for (const struct check_stream *at = check->streams[i]; at != NULL; at = at->next) {
			if (at->n != at->acked_n || memcmp(at->now, at->chain, HASH_SIZE) != 0) {
				return fail(
					err, STATUS_MALFORMED,
					"stream %u: the log has %u changes, %u are acknowledged, or the chain differs",
					at->number, at->n, at->acked_n);
			}
		}
	}
	return STATUS_OK;
}

static enum status
check_all(struct check *check, struct error *err)
{
	static const struct {
		const char *text;
		enum status (*each)(struct check *check, struct statement *row, struct error *err);
	} steps[] = {
		{"SELECT cbor FROM schema ORDER BY version", read_schema},
		{"SELECT epoch, parent, cut FROM epoch ORDER BY place", read_epoch},
		{"SELECT s.number, kind, key, acked_n, chain FROM stream s"
		 " LEFT JOIN progress p ON p.number = s.number",
		 read_stream},
		{"SELECT seq, kind, received_ms, session, stream, n, time, user, record, verdict, reason,"
		 " schema_version, commitment, salt, payload FROM log ORDER BY seq",
		 check_entry},
		{"SELECT number, root FROM tree ORDER BY number", check_subtree},
		{"SELECT size, root FROM checkpoint ORDER BY place DESC LIMIT 1", check_checkpoint},
		{"SELECT seq FROM log_head", check_head},
		{"SELECT count(*), count(*) FILTER (WHERE settled > 0 AND settled NOT IN (SELECT seq"
		 " FROM log WHERE kind = 7 OR (kind IN (2, 5) AND payload IS NULL))) FROM quarantine",
		 check_quarantine},
		{"SELECT count(*) FROM quarantine q JOIN log l ON l.seq = q.seq"
		 " WHERE q.settled = 0 AND l.payload IS NULL",
		 check_unsettled},
		{"SELECT count(*) FROM erased e WHERE EXISTS (SELECT 1 FROM record r WHERE r.id = e.record)"
		 " OR EXISTS (SELECT 1 FROM import_row i WHERE i.record = e.record)"
		 " OR NOT EXISTS (SELECT 1 FROM log l WHERE l.seq = e.seq AND l.kind = 7)",
		 check_erased_rows},
		{"SELECT id, village, version, state FROM record ORDER BY id", check_record},
		{"SELECT count(*) FROM record r JOIN record p ON p.id = r.parent"
		 " WHERE r.village <> p.village",
		 check_strays},
		{"SELECT count(*) FROM device_scope WHERE version NOT IN"
		 " (SELECT seq FROM log WHERE kind = 4)",
		 check_scopes},
		{"SELECT count(*) FROM log WHERE kind = 4 AND seq NOT IN"
		 " (SELECT version FROM device_scope)",
		 check_scopes},
		{"SELECT count(*) FROM device d LEFT JOIN device_scope s ON s.device = d.number"
		 " AND s.version = (SELECT max(version) FROM device_scope WHERE device = d.number)"
		 " WHERE s.version IS NOT d.scope_version OR s.scope IS NOT d.scope",
		 check_scopes},
		{"SELECT number, parent, parent_n FROM stream", check_parent},
		{"SELECT number, name, role, scope_low, scope_high, disabled FROM user",
		 check_user},
		{"SELECT user, name, role, scope_low, scope_high, revoked, expires_ms, hash"
		 " FROM token",
		 check_token},
		{"SELECT count(*) FROM record WHERE state IS NULL AND moved = 0",
		 count_run_records},
		{"SELECT count(*) FROM log_run l JOIN record r ON r.id BETWEEN (l.stream << 32) + l.n"
		 " AND (l.stream << 32) + l.n + l.count - 1 WHERE l.village = r.village"
		 " AND r.state IS NULL AND r.moved = 0",
		 check_runs},
	};
	enum status status = STATUS_OK;

	status = read_erasures(check, err);
	for (size_t i = 0; i < sizeof steps / sizeof steps[0] && status == STATUS_OK; i++) {
		status = for_rows(check, steps[i].text, steps[i].each, err);
	}
	if (status == STATUS_OK && check->record_count != 0) {
		status = fail(err, STATUS_MALFORMED, "%llu records of the log are not in the table",
			      (unsigned long long)check->record_count);
	}
	if (status == STATUS_OK && check->chunk_seen != check->chunk_count) {
		status = fail(err, STATUS_MALFORMED, "the table of subtrees ends early");
	}
	if (status == STATUS_OK && check->epochs_begun != check->epoch_count) {
		status = fail(err, STATUS_MALFORMED, "the log has not all epochs of the table");
	}
	if (status == STATUS_OK && check->lineages.seen != check->lineages.count) {
		status = fail(err, STATUS_MALFORMED, "the table lacks a stream that goes on");
	}
	if (status == STATUS_OK && check->people.seen != check->people.count) {
		status = fail(err, STATUS_MALFORMED, "the tables lack a user or a token");
	}
	return status == STATUS_OK ? check_streams(check, err) : status;
}

enum status
check_store_database(const char *folder, struct error *err)
{
	const struct sql_options options = {
		.access = SQL_READ, .busy_ms = 10000, .cache_kib = 4096};
	struct check *check = calloc(1, sizeof *check);
	char path[512];
	enum status status;

	if (check == NULL) {
		return fail(err, STATUS_MEMORY, "the checker");
	}
	(void)snprintf(path, sizeof path, "%s/sambung.db", folder);
	/* All records are merged again in memory, of whatever a benchmark filled, too. */
	arena_init(&check->arena, SIZE_MAX);
	frontier_init(&check->frontier);
	buffer_init(&check->erased, SIZE_MAX);
	status = sql_open(path, &options, &check->sql, err);
	if (status == STATUS_OK) {
		status = check_all(check, err);
	}
	sql_close(check->sql);
	schema_free(check->schema);
	free(check->chunks);
	buffer_finish(&check->erased);
	check_lineages_free(&check->lineages);
	check_people_free(&check->people);
	arena_finish(&check->arena);
	free(check);
	return status;
}

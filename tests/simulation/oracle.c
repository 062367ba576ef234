/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/simulation/oracle_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *
grown(void *array, size_t count, size_t size)
{
	/* At every power of two. */
	if (count == 0 || (count & (count - 1)) == 0) {
		array = realloc(array, (count == 0 ? 1 : count * 2) * size);
	}
	if (array == NULL) {
		(void)fprintf(stderr, "simulation: out of memory\n");
		abort();
	}
	return array;
}

/* ---- sets ---- */

void
seen_free(struct seen *seen)
{
	free(seen->words);
	*seen = (struct seen){NULL, 0};
}

bool
seen_has(const struct seen *seen, size_t write)
{
	return write / 64 < seen->count && (seen->words[write / 64] >> write % 64 & 1) != 0;
}

static void
seen_add(struct seen *seen, size_t write)
{
	while (seen->count <= write / 64) {
		seen->words = grown(seen->words, seen->count, sizeof seen->words[0]);
		seen->words[seen->count++] = 0;
	}
	seen->words[write / 64] |= UINT64_C(1) << write % 64;
}

static struct seen
seen_copy(const struct seen *from)
{
	struct seen copy = {NULL, 0};

	for (size_t i = 0; from != NULL && i < from->count * 64; i++) {
		if (seen_has(from, i)) {
			seen_add(&copy, i);
		}
	}
	return copy;
}

/* ---- what is known ---- */

struct oracle *
oracle_create(void)
{
	struct oracle *oracle = calloc(1, sizeof *oracle);

	if (oracle == NULL) {
		abort();
	}
	arena_init(&oracle->texts, (size_t)256 << 20);
	return oracle;
}

void
oracle_free(struct oracle *oracle)
{
	for (size_t i = 0; i < oracle->change_count; i++) {
		seen_free(&oracle->changes[i].seen);
	}
	for (size_t i = 0; i < oracle->record_count; i++) {
		free(oracle->records[i].writes);
	}
	free(oracle->records);
	free(oracle->changes);
	arena_finish(&oracle->texts);
	free(oracle);
}

struct known_record *
oracle_record(struct oracle *oracle, uint64_t id)
{
	for (size_t i = 0; i < oracle->record_count; i++) {
		if (oracle->records[i].id == id) {
			return &oracle->records[i];
		}
	}
	oracle->records = grown(oracle->records, oracle->record_count, sizeof oracle->records[0]);
	oracle->records[oracle->record_count] = (struct known_record){.id = id};
	return &oracle->records[oracle->record_count++];
}

static struct known_change *
change_find(struct oracle *oracle, uint32_t stream, uint32_t n)
{
	for (size_t i = oracle->change_count; i > 0; i--) {
		if (oracle->changes[i - 1].stream == stream && oracle->changes[i - 1].n == n) {
			return &oracle->changes[i - 1];
		}
	}
	return NULL;
}

/* FNV-1a: only to tell whether the log has the bytes that were recorded. */
static uint64_t
hash_of(struct span bytes)
{
	uint64_t hash = UINT64_C(14695981039346656037);

	for (size_t i = 0; i < bytes.length; i++) {
		hash = (hash ^ bytes.at[i]) * UINT64_C(1099511628211);
	}
	return hash;
}

static struct value
kept_value(struct oracle *oracle, struct value value)
{
	if (value.form == VALUE_TEXT) {
		void *copy = arena_copy(&oracle->texts, value.text.at, value.text.length);

		if (copy == NULL) {
			abort();
		}
		return value_text(span_of(copy, value.text.length));
	}
	return value;
}

/* Takes over `seen`. */
static struct known_change *
change_add(struct oracle *oracle, uint32_t stream, const struct change *change, struct span bytes,
	   struct seen seen)
{
	struct known_record *record = oracle_record(oracle, change->record);
	struct known_change *known;

	oracle->changes = grown(oracle->changes, oracle->change_count, sizeof oracle->changes[0]);
	known = &oracle->changes[oracle->change_count];
	*known = (struct known_change){.stream = stream,
				       .n = change->n,
				       .record = change->record,
				       .kind = change->kind,
				       .time = change->time,
				       .hash = hash_of(bytes),
				       .seen = seen};
	for (size_t i = 0; i < change->field_count; i++) {
		record->writes =
			grown(record->writes, record->write_count, sizeof record->writes[0]);
		record->writes[record->write_count++] =
			(struct known_write){.change = oracle->change_count,
					     .tag = change->fields[i].tag,
					     .value = kept_value(oracle, change->fields[i].value)};
	}
	oracle->change_count++;
	return known;
}

void
oracle_change(struct oracle *oracle, uint32_t stream, const struct change *change,
	      struct span bytes, const struct seen *seen)
{
	(void)change_add(oracle, stream, change, bytes, seen_copy(seen));
}

/* The write of that field by that change; write_count: none. */
static size_t
write_find(const struct oracle *oracle, const struct known_record *record, int32_t tag,
	   const struct dot *dot)
{
	size_t i = 0;

	while (i < record->write_count) {
		const struct known_change *change = &oracle->changes[record->writes[i].change];

		if (record->writes[i].tag == tag && change->stream == dot->stream &&
		    change->n == dot->n) {
			break;
		}
		i++;
	}
	return i;
}

/* A member on the screen, and what its author had seen of that field. */
static void
screen_add(const struct oracle *oracle, const struct known_record *record, size_t write,
	   struct seen *seen)
{
	const struct seen *before = &oracle->changes[record->writes[write].change].seen;

	seen_add(seen, write);
	for (size_t i = 0; i < record->write_count; i++) {
		if (record->writes[i].tag == record->writes[write].tag && seen_has(before, i)) {
			seen_add(seen, i);
		}
	}
}

bool
oracle_screen(struct oracle *oracle, const struct record *shown, struct seen *out,
	      struct error *why)
{
	const struct known_record *record = oracle_record(oracle, shown->id);
	struct seen seen = {NULL, 0};

	for (size_t f = 0; f < shown->field_count; f++) {
		const struct record_field *field = &shown->fields[f];

		for (size_t m = 0; m < field->member_count; m++) {
			const struct dot *dot = &shown->dots[field->members[m].dot];
			size_t write = write_find(oracle, record, field->tag, dot);

			if (write == record->write_count) {
				(void)fail(
					why, STATUS_MALFORMED,
					"a screen shows change (%u, %u) of field %d, which nobody made",
					dot->stream, dot->n, (int)field->tag);
				seen_free(&seen);
				return false;
			}
			screen_add(oracle, record, write, &seen);
		}
	}
	*out = seen;
	return true;
}

bool
oracle_shows(struct oracle *oracle, const struct record *shown, uint32_t stream, uint32_t n,
	     struct error *why)
{
	const struct known_record *record = oracle_record(oracle, shown->id);
	struct seen seen;
	bool good = oracle_screen(oracle, shown, &seen, why);

	if (!good) {
		return false;
	}
	for (size_t i = 0; i < record->write_count && good; i++) {
		const struct known_change *change = &oracle->changes[record->writes[i].change];

		if (change->stream == stream && change->n == n && !seen_has(&seen, i)) {
			good = false;
			(void)fail(why, STATUS_MALFORMED,
				   "change %u of field %d, not acknowledged yet, is on no screen",
				   n, (int)record->writes[i].tag);
		}
	}
	seen_free(&seen);
	return good;
}

/* ---- the log ---- */

struct observing {
	struct oracle *oracle;
	struct store *store;
	struct arena arena;
};

/* A change made at the server has seen what was merged before it, as far as its base goes. */
static enum status
observe_server_change(struct observing *observing, const struct log_row *row, struct error *err)
{
	struct oracle *oracle = observing->oracle;
	struct known_record *record;
	struct change change;
	struct seen seen = {NULL, 0};
	enum status status = change_decode(row->payload, true, &observing->arena, &change, err);

	if (status != STATUS_OK) {
		return status;
	}
	record = oracle_record(oracle, change.record);
	for (size_t i = 0; i < record->write_count; i++) {
		const struct known_change *before = &oracle->changes[record->writes[i].change];
		bool all = change.kind == CHANGE_SETTLEMENT;

		if (before->merged && (all || before->seq <= change.base.version)) {
			seen_add(&seen, i);
		}
	}
	(void)change_add(oracle, row->entry.stream, &change, row->payload, seen);
	return STATUS_OK;
}

static enum status
observe_change(struct observing *observing, const struct log_row *row, struct error *err)
{
	struct oracle *oracle = observing->oracle;
	const struct entry *entry = &row->entry;
	struct known_change *known = change_find(oracle, entry->stream, entry->n);
	struct stream stream;
	enum status status =
		store_stream(observing->store, entry->stream, &observing->arena, &stream, err);

	if (status == STATUS_OK && known == NULL && stream.kind != STREAM_DEVICE) {
		status = observe_server_change(observing, row, err);
		known = change_find(oracle, entry->stream, entry->n);
	}
	if (status != STATUS_OK) {
		return status;
	}
	if (known == NULL || known->seq != 0 || known->hash != hash_of(row->payload)) {
		return fail(err, STATUS_MALFORMED, "entry %llu: change (%u, %u) %s",
			    (unsigned long long)entry->seq, entry->stream, entry->n,
			    known == NULL     ? "was made by nobody"
			    : known->seq != 0 ? "is in the log twice"
					      : "is not the one that was made");
	}
	known->seq = entry->seq;
	known->merged = entry->verdict == VERDICT_MERGED;
	oracle->quarantined += !known->merged;
	return STATUS_OK;
}

static enum status
observe_row(void *context, const struct log_row *row, struct error *err)
{
	struct observing *observing = context;
	enum status status = STATUS_OK;

	if (row->entry.seq != observing->oracle->head + 1) {
		return fail(err, STATUS_MALFORMED, "entry %llu follows %llu",
			    (unsigned long long)row->entry.seq,
			    (unsigned long long)observing->oracle->head);
	}
	if (row->entry.kind == ENTRY_CHANGE) {
		status = observe_change(observing, row, err);
	}
	if (status == STATUS_OK) {
		observing->oracle->head = row->entry.seq;
	}
	return status;
}

enum status
oracle_observe(struct oracle *oracle, struct store *store, struct error *err)
{
	struct observing observing = {.oracle = oracle, .store = store};
	struct log_filter filter = {.since = oracle->head, .limit = SIZE_MAX >> 1};
	uint64_t head;
	enum status status = store_log_head(store, &head, err);

	if (status == STATUS_OK && head < oracle->head) {
		return fail(err, STATUS_MALFORMED, "the log had %llu entries and has %llu",
			    (unsigned long long)oracle->head, (unsigned long long)head);
	}
	if (status != STATUS_OK || head == oracle->head) {
		return status;
	}
	arena_init(&observing.arena, (size_t)64 << 20);
	status = store_log_read(store, &filter, observe_row, &observing, err);
	arena_finish(&observing.arena);
	return status;
}

enum status
oracle_check_logged(const struct oracle *oracle, struct error *err)
{
	for (size_t i = 0; i < oracle->change_count; i++) {
		if (oracle->changes[i].seq == 0) {
			return fail(err, STATUS_MALFORMED, "change (%u, %u) is not in the log",
				    oracle->changes[i].stream, oracle->changes[i].n);
		}
	}
	return STATUS_OK;
}

static bool
record_is_merged(const struct oracle *oracle, const struct known_record *record)
{
	for (size_t i = 0; i < record->write_count; i++) {
		if (oracle->changes[record->writes[i].change].merged) {
			return true;
		}
	}
	return false;
}

struct oracle_counts
oracle_counts(const struct oracle *oracle)
{
	struct oracle_counts counts = {.changes = oracle->change_count,
				       .quarantined = oracle->quarantined,
				       .conflicts = oracle->conflicts};

	for (size_t i = 0; i < oracle->record_count; i++) {
		counts.records += record_is_merged(oracle, &oracle->records[i]);
	}
	return counts;
}

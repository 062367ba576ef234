/* SPDX-License-Identifier: Apache-2.0 */
/* Which entries may lack salt and payload: the one place that knows. */
#include "daemon/ingest/note.h"
#include "daemon/verify/verify_parts.h"

#include <stdlib.h>

enum { NOTE_MEMORY = 1024 * 1024 };

/* What entry `by` erased: all earlier entries of a record, or one entry that does not say that it
 * is of such a record. */
struct erased_mark {
	uint64_t id; /* of the record; of an entry its seq with the top bit */
	uint64_t by; /* the last that names it */
};
#define ENTRY_BIT (UINT64_C(1) << 63)

static void
keep_list(struct verifying *verifying, const uint64_t *ids, size_t count, uint64_t bit, uint64_t by)
{
	for (size_t i = 0; i < count; i++) {
		const struct erased_mark mark = {.id = ids[i] | bit, .by = by};

		buffer_append(&verifying->erased, &mark, sizeof mark);
	}
}

static enum status
keep_erasure(void *context, const struct log_row *row, struct error *err)
{
	struct verifying *verifying = context;
	const uint64_t by = row->entry.seq;
	struct arena arena;
	struct note note;

	if (row->entry.kind != ENTRY_ERASURE) {
		return STATUS_OK;
	}
	arena_init(&arena, NOTE_MEMORY);
	if (note_decode(row->payload, &arena, &note)) {
		keep_list(verifying, note.records, note.record_count, 0, by);
		keep_list(verifying, note.entries, note.entry_count, ENTRY_BIT, by);
	} else {
		finding_tell(&verifying->finder, "log", "payload", by,
			     "it does not tell what was erased");
	}
	arena_finish(&arena);
	return buffer_status(&verifying->erased, "the erasures", err);
}

static int
compare_marks(const void *one, const void *other)
{
	const struct erased_mark *a = one;
	const struct erased_mark *b = other;

	if (a->id != b->id) {
		return a->id < b->id ? -1 : 1;
	}
	return (a->by > b->by) - (a->by < b->by);
}

enum status
verify_erased_read(struct verifying *verifying, struct error *err)
{
	const struct log_filter all = {.limit = SIZE_MAX};
	enum status status = store_log_read(verifying->store, &all, keep_erasure, verifying, err);

	if (status == STATUS_OK && verifying->erased.length > 0) {
		qsort(verifying->erased.at, verifying->erased.length / sizeof(struct erased_mark),
		      sizeof(struct erased_mark), compare_marks);
	}
	return status;
}

/* The first entry after `seq` that names it; 0: none. */
static uint64_t
first_after(const struct verifying *verifying, uint64_t id, uint64_t seq)
{
	const struct erased_mark *marks = (const void *)verifying->erased.at;
	const size_t count = verifying->erased.length / sizeof *marks;
	const struct erased_mark least = {id, seq + 1};
	size_t low = 0;
	size_t high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare_marks(&marks[middle], &least) < 0) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low < count && marks[low].id == id ? marks[low].by : 0;
}

static bool
erased_after(const struct verifying *verifying, uint64_t id, uint64_t seq)
{
	return first_after(verifying, id, seq) != 0;
}

bool
verify_erased(void *context, uint64_t record)
{
	return record != 0 && erased_after(context, record, 0);
}

bool
verify_erased_entry(void *context, uint64_t seq)
{
	return erased_after(context, seq | ENTRY_BIT, seq);
}

bool
verify_may_lack(const struct verifying *verifying, const struct entry *entry)
{
	/* It came when its record was erased already: its header, which is signed, says so. */
	if (entry->kind == ENTRY_CHANGE && entry->verdict == VERDICT_QUARANTINED &&
	    entry->reason == QUARANTINE_ERASED) {
		return true;
	}
	return entry->kind != ENTRY_ERASURE &&
	       ((entry->record != 0 && erased_after(verifying, entry->record, entry->seq)) ||
		erased_after(verifying, entry->seq | ENTRY_BIT, entry->seq));
}

uint64_t
verify_erased_by(const struct verifying *verifying, const struct entry *entry)
{
	const uint64_t by = first_after(verifying, entry->record, entry->seq);
	const uint64_t alone = first_after(verifying, entry->seq | ENTRY_BIT, entry->seq);

	return alone != 0 && alone < by ? 0 : by;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/check/check_parts.h"

#include <stdlib.h>

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
		return check_wrong(err, by, "what it erases");
	}
	for (size_t i = 0; i < count; i++) {
		if (!cbor_get_uint(in, &erased.id)) {
			return check_wrong(err, by, "what it erases");
		}
		erased.id |= bit;
		buffer_append(&check->erased, &erased, sizeof erased);
	}
	return buffer_status(&check->erased, "what was erased", err);
}

enum status
check_erasure(struct check *check, struct statement *row, struct error *err)
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

void
check_erasures_end(struct check *check)
{
	if (check->erased.length > 0) {
		qsort(check->erased.at, check->erased.length / sizeof(struct check_erased),
		      sizeof(struct check_erased), compare_erased);
	}
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

bool
check_is_bereft(const struct check *check, const struct entry *entry)
{
	return entry->kind != ENTRY_ERASURE &&
	       ((entry->record != 0 && erased_by(check, entry->record) > entry->seq) ||
		erased_by(check, entry->seq | ENTRY_BIT) > entry->seq ||
		(entry->kind == ENTRY_CHANGE && entry->verdict == VERDICT_QUARANTINED &&
		 entry->reason == QUARANTINE_ERASED));
}

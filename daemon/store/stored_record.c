/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/id.h"
#include "store.h"

/* What a device's creation makes of nothing. */
static bool
decode_creation(const struct stored_record *row, const struct record_type *type,
		struct arena *arena, struct record *out)
{
	/* Epochs bound what a base claims, and a creation has none. */
	static const struct epoch epoch = {0};
	const struct merge_context context = {.type = type, .epochs = &epoch, .epoch_count = 1};
	struct record record = {0};
	struct change change;

	if (change_decode(row->state, false, arena, &change, NULL) != STATUS_OK ||
	    change.record != row->id ||
	    merge_change(&record, id_stream(row->id), &change, row->version, &context, arena,
			 NULL) != STATUS_OK) {
		return false;
	}
	record.village = row->village;
	*out = record;
	return true;
}

static bool
decode_state(const struct stored_record *row, struct arena *arena, struct record *out)
{
	struct reader in = reader_of(row->state);
	struct record record;

	if (!record_decode(&in, arena, &record) || in.left != 0) {
		return false;
	}
	*out = record;
	return true;
}

enum status
stored_record_decode(const struct stored_record *row, const struct record_type *type,
		     struct arena *arena, struct record *out, struct error *err)
{
	char id[ID_TEXT_SIZE];

	if (row->one_change ? !decode_creation(row, type, arena, out)
			    : !decode_state(row, arena, out)) {
		return fail(err, STATUS_STORAGE, "the state of record %s does not decode",
			    id_format(row->id, id));
	}
	return STATUS_OK;
}

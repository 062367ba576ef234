/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/ingest/adopt.h"

#include <string.h>

/* The batches stay apart as they were. */
static void
seeds_again(const struct said *said, size_t from, const struct fork *fork, struct said *out)
{
	for (size_t i = 0; i < out->count; i++) {
		const uint8_t *seed = said->seeds[from + i];

		if (i > 0 && memcmp(seed, said->seeds[from + i - 1], SEED_SIZE) == 0) {
			memcpy(out->seeds[i], out->seeds[i - 1], SEED_SIZE);
		} else {
			fork_batch_seed(seed, fork->heir, out->seeds[i]);
		}
	}
}

/* The bytes as the heir says them, in the working set. */
static enum status
bytes_again(struct ingest *ingest, const struct fork *fork, const struct parcel_change *said,
	    struct buffer *scratch, struct span *out, struct error *err)
{
	struct arena *arena = &ingest->work.arena;
	const struct record_type *type =
		ingest->schema == NULL ? NULL : schema_type(ingest->schema, said->change.type);
	enum status status;

	buffer_clear(scratch);
	status = fork_change(fork, type, said->bytes, arena, scratch, err);
	if (status == STATUS_MEMORY) {
		return status;
	}
	if (status == STATUS_OK) {
		*out = span_of(arena_copy(arena, scratch->at, scratch->length), scratch->length);
	}
	return out->at == NULL ? fail(err, STATUS_MEMORY, "the writer's batch") : STATUS_OK;
}

static enum status
change_again(struct ingest *ingest, const struct fork *fork, const struct parcel_change *said,
	     struct buffer *scratch, struct parcel_change *out, struct error *err)
{
	enum status status = STATUS_OK;

	*out = (struct parcel_change){.bytes = said->bytes};
	if (said->reason == QUARANTINE_ERASED) {
		/* Nobody has its bytes any more: their commitment stays. */
		*out = *said;
		out->change.record = fork_id(fork, said->change.record);
	} else if (said->reason == QUARANTINE_NONE) {
		status = bytes_again(ingest, fork, said, scratch, &out->bytes, err);
	}
	return status;
}

enum status
adopt_again(struct ingest *ingest, const struct said *said, const struct fork *fork,
	    struct said *out, struct error *err)
{
	struct arena *arena = &ingest->work.arena;
	const size_t from = fork->n < said->first_n ? 0 : fork->n + 1 - said->first_n;
	struct said again = {.stream = fork->heir,
			     .first_n = said->first_n + (uint32_t)from - fork->n,
			     .count = said->count - from};
	struct buffer scratch;
	enum status status = STATUS_OK;

	again.changes = ARENA_ARRAY(arena, struct parcel_change, again.count);
	again.seeds = arena_take(arena, again.count * sizeof again.seeds[0], 1);
	if (again.changes == NULL || again.seeds == NULL) {
		return fail(err, STATUS_MEMORY, "the writer's batch");
	}
	seeds_again(said, from, fork, &again);
	buffer_init(&scratch, CHANGE_BYTES_MAX);
	for (size_t i = 0; i < again.count && status == STATUS_OK; i++) {
		struct parcel_change *change = &again.changes[i];

		status =
			change_again(ingest, fork, &said->changes[from + i], &scratch, change, err);
		if (status == STATUS_OK && change->reason != QUARANTINE_ERASED) {
			change_read(change, again.stream, again.first_n + (uint32_t)i,
				    again.seeds[i], arena);
		}
	}
	buffer_finish(&scratch);
	if (status == STATUS_OK) {
		*out = again;
	}
	return status;
}

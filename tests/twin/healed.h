/* SPDX-License-Identifier: Apache-2.0 */
/* healed: after a server was set back everything that a phone had said is there again, once, and
 * all show the same. */
#ifndef SAMBUNG_TESTS_TWIN_HEALED_H
#define SAMBUNG_TESTS_TWIN_HEALED_H

#include "tests/check/check_store.h"
#include "tests/twin/two_cadres.h"
#include "tests/twin/verified.h"

#include <string.h>

static inline void
record_visits(const struct two_cadres *all, size_t device, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct sambung_edit *visit;
		struct sambung_error err;

		assert_int_equal(sambung_edit_create(handle(all, device), "visit", &visit, &err),
				 0);
		set(visit, "person", all->person);
		save(visit, "weight", i % 2 == 0 ? "8.4" : "8.6");
	}
}

static inline struct sambung_state
state_of(const struct two_cadres *all, size_t device)
{
	struct sambung_state state;
	struct sambung_error err;

	assert_int_equal(sambung_state(handle(all, device), &state, &err), 0);
	return state;
}

struct counting {
	uint32_t stream;
	uint32_t n; /* of the last change */
	uint32_t quarantined;
};

/* What Budi has of the family is an entry of the log's end … */
static inline void
budi_has_seen_the_end(const struct two_cadres *all)
{
	record_visits(all, all->ani, 6);
	edit(all, all->ani, "address", "Jl. Hilang");
	world_sync(all->world, all->ani);
	world_sync(all->world, all->budi);
}

/* … and when that is lost Citra, of the new log, writes a value whose entry has a lower number. */
static inline void
citra_writes(const struct two_cadres *all)
{
	const size_t citra = world_enrol(all->world, "Citra", TWO_CADRES_VILLAGE);

	world_sync(all->world, citra);
	edit(all, citra, "address", "Jl. Citra");
	world_sync(all->world, citra);
}

static inline enum status
count_change(void *context, const struct log_row *row, struct error *err)
{
	struct counting *counting = context;

	(void)err;
	if (row->entry.kind == ENTRY_CHANGE && row->entry.stream == counting->stream) {
		assert_int_equal(row->entry.n, counting->n + 1);
		counting->n = row->entry.n;
		counting->quarantined += row->entry.verdict == VERDICT_QUARANTINED;
	}
	return STATUS_OK;
}

/* All of the device's changes are in the log, each once, in their order, and merged. */
static inline void
assert_all_logged(const struct two_cadres *all, size_t device)
{
	struct sambung_state state = state_of(all, device);
	struct counting counting = {.stream = state.device};
	struct log_filter filter = {.limit = SIZE_MAX};
	struct error err;

	assert_ok(store_log_read(all->world->store, &filter, count_change, &counting, &err));
	assert_int_equal(counting.n, state.last_n);
	assert_int_equal(counting.quarantined, 0);
	assert_int_equal(state.queued, 0);
}

static inline void
assert_same_as_server(const struct two_cadres *all, size_t device, const char *type,
		      const char *region)
{
	struct buffer ours;
	struct buffer theirs;

	buffer_init(&ours, 1 << 26);
	buffer_init(&theirs, 1 << 26);
	world_dump_device(all->world, device, type, &ours);
	world_dump_server(all->world, type, region, &theirs);
	buffer_append_byte(&ours, '\0');
	buffer_append_byte(&theirs, '\0');
	assert_string_equal((const char *)ours.at, (const char *)theirs.at);
	buffer_finish(&ours);
	buffer_finish(&theirs);
}

/* Once all have synced: every change is there, both sides show the same, the database is whole. */
static inline void
assert_healed(const struct two_cadres *all)
{
	static const char *const types[] = {"family", "person", "visit"};
	struct world *world = all->world;
	struct error err = {.status = STATUS_OK};

	for (size_t round = 0; round < 2; round++) {
		for (size_t d = 0; d < world->device_count; d++) {
			world_sync(world, d);
		}
	}
	for (size_t d = 0; d < world->device_count; d++) {
		assert_all_logged(all, d);
		for (size_t t = 0; t < 3; t++) {
			assert_same_as_server(all, d, types[t], TWO_CADRES_VILLAGE);
		}
	}
	assert_ok(check_store_database(world->folder, &err));
	assert_true(world_verified(world));
}

static inline size_t
epochs_of(const struct two_cadres *all)
{
	struct epoch *epochs;
	struct arena arena;
	struct error err;
	size_t count = 0;

	arena_init(&arena, 1 << 16);
	assert_ok(store_epochs(all->world->reader, &arena, &epochs, &count, &err));
	arena_finish(&arena);
	return count;
}

/* Of the family's address on the server. */
static inline bool
shows_rivals(const struct two_cadres *all)
{
	struct buffer view;
	bool rivals;

	buffer_init(&view, 1 << 20);
	world_dump_server(all->world, "family", TWO_CADRES_VILLAGE, &view);
	buffer_append_byte(&view, '\0');
	rivals = strstr((const char *)view.at, "\"conflicts\":{}") == NULL;
	buffer_finish(&view);
	return rivals;
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "client/local_parts.h"
#include "local_sample.h"

/* A record of one field, with nothing that the server knows. */
static void
add_record(struct world *w, uint64_t id, uint64_t parent, uint64_t village, uint64_t version)
{
	struct record record = {0};
	struct local_place place = {.epoch = WORLD_EPOCH, .parent = parent};

	world_other(w, &record, id, FAMILY, FAMILY_HEAD, value_text(TEXT("Ani")), 1, 0);
	record.village = village;
	record.version = version;
	assert_ok(local_record_save(w->device->local, &record, &place, &error));
}

static bool
holds(struct world *w, uint64_t id)
{
	struct record record;
	enum status status = local_record(w->device->local, id, &w->arena, &record, NULL, &error);

	assert_true(status == STATUS_OK || status == STATUS_NOT_FOUND);
	return status == STATUS_OK;
}

TEST(a_damaged_record_is_an_error_of_the_storage)
{
	struct world *w = *state;
	struct record record;

	add_record(w, R(10), 0, VILLAGE_A, 1);
	assert_ok(sql_exec(w->device->local->sql, "UPDATE record SET body = x'00820102'", &error));
	assert_int_equal(local_record(w->device->local, R(10), &w->arena, &record, NULL, &error),
			 STATUS_STORAGE);
	assert_ok(sql_exec(w->device->local->sql, "UPDATE record SET body = x'0901'", &error));
	assert_int_equal(local_record(w->device->local, R(10), &w->arena, &record, NULL, &error),
			 STATUS_UNSUPPORTED);
	assert_ok(sql_exec(w->device->local->sql, "UPDATE record SET body = x''", &error));
	assert_int_equal(local_record(w->device->local, R(10), &w->arena, &record, NULL, &error),
			 STATUS_STORAGE);
}

TEST(eviction_takes_one_record_and_leaves_its_changes_and_what_is_below)
{
	struct world *w = *state;
	struct local_change change;

	add_record(w, R(10), 0, VILLAGE_A, 1);
	add_record(w, R(20), R(10), VILLAGE_A, 1);
	add_record(w, R(30), 0, VILLAGE_A, 1);
	add_change(w->device->local, 1, R(10), 5);
	assert_ok(local_change_acked(w->device->local, 1, 50, &error));
	assert_ok(local_record_evict(w->device->local, R(10), &error));
	assert_false(holds(w, R(10)));
	assert_true(holds(w, R(20)) && holds(w, R(30)));
	assert_ok(local_change(w->device->local, 1, &w->arena, &change, &error));
}

TEST(what_is_below_a_record_but_in_another_village_is_astray)
{
	struct world *w = *state;
	struct local *local = w->device->local;
	uint64_t id = 1;

	add_record(w, R(10), 0, VILLAGE_A, 1);
	add_record(w, R(20), R(10), VILLAGE_A, 1);
	add_record(w, R(40), 0, VILLAGE_B, 1);
	assert_ok(local_record_astray(local, R(10), VILLAGE_A, &id, &error));
	assert_int_equal(id, 0);
	add_record(w, R(30), R(20), VILLAGE_B, 1);
	assert_ok(local_record_astray(local, R(10), VILLAGE_A, &id, &error));
	assert_int_equal(id, R(30));
}

TEST(a_circle_of_parents_is_searched_once)
{
	struct world *w = *state;
	uint64_t id = 1;

	add_record(w, R(10), R(20), VILLAGE_A, 1);
	add_record(w, R(20), R(10), VILLAGE_A, 1);
	assert_ok(local_record_astray(w->device->local, R(20), VILLAGE_A, &id, &error));
	assert_int_equal(id, 0);
}

TEST(a_scope_keeps_its_villages_and_records_of_none)
{
	struct world *w = *state;
	const struct region scope[] = {{VILLAGE_B, VILLAGE_B}, {6304010001, 6304019999}};

	add_record(w, R(10), 0, VILLAGE_A, 1);
	add_record(w, R(20), 0, VILLAGE_B, 1);
	add_record(w, R(30), 0, 6304012345, 1);
	add_record(w, R(40), 0, 0, 1);
	assert_ok(local_scope_apply(w->device->local, scope, 2, &error));
	assert_false(holds(w, R(10)));
	assert_true(holds(w, R(20)) && holds(w, R(30)) && holds(w, R(40)));
	assert_ok(local_scope_apply(w->device->local, NULL, 0, &error));
	assert_false(holds(w, R(20)) || holds(w, R(30)));
}

struct visit {
	struct world *w;
	uint64_t ids[8];
	size_t count;
};

static enum status
visit_and_write(void *context, const struct record *record, struct error *err)
{
	struct visit *visit = context;
	struct local_place place = {.epoch = WORLD_EPOCH};

	visit->ids[visit->count++] = record->id;
	if (record->id == R(10)) {
		assert_ok(local_record_evict(visit->w->device->local, R(20), err));
	}
	return local_record_save(visit->w->device->local, record, &place, err);
}

TEST(records_come_in_order_while_they_are_being_written)
{
	struct world *w = *state;
	struct visit visit = {.w = w};

	add_record(w, R(30), 0, VILLAGE_A, 1);
	add_record(w, R(20), 0, VILLAGE_A, 1);
	add_record(w, R(10), 0, VILLAGE_A, 1);
	assert_ok(local_records(w->device->local, 0, visit_and_write, &visit, &error));
	assert_int_equal(visit.count, 2);
	assert_int_equal(visit.ids[0], R(10));
	assert_int_equal(visit.ids[1], R(30));
	visit.count = 0;
	assert_ok(local_records(w->device->local, VISIT, visit_and_write, &visit, &error));
	assert_int_equal(visit.count, 0);
}

static enum status
visit_two(void *context, const struct record *record, struct error *err)
{
	struct visit *visit = context;

	(void)err;
	visit->ids[visit->count++] = record->id;
	return visit->count == 2 ? STATUS_STALE : STATUS_OK;
}

TEST(what_is_below_a_record_comes_newest_first_until_the_caller_has_enough)
{
	struct world *w = *state;
	struct visit visit = {.w = w};

	add_record(w, R(10), 0, VILLAGE_A, 1);
	add_record(w, R(20), R(10), VILLAGE_A, 1);
	add_record(w, R(30), R(10), VILLAGE_A, 1);
	add_record(w, R(40), R(10), VILLAGE_A, 1);
	add_record(w, R(50), R(20), VILLAGE_A, 1);
	assert_int_equal(
		local_records_below(w->device->local, FAMILY, R(10), visit_two, &visit, &error),
		STATUS_STALE);
	assert_int_equal(visit.count, 2);
	assert_int_equal(visit.ids[0], R(40));
	assert_int_equal(visit.ids[1], R(30));
	visit.count = 0;
	assert_ok(local_records_below(w->device->local, VISIT, R(10), visit_two, &visit, &error));
	assert_int_equal(visit.count, 0);
	assert_ok(local_records_below(w->device->local, FAMILY, R(20), visit_two, &visit, &error));
	assert_int_equal(visit.count, 1);
	assert_int_equal(visit.ids[0], R(50));
}

/* What raises records when the device knows everything up to `complete`. */
static struct local_raises
raises_at(struct world *w, uint32_t epoch, uint32_t raised_n, uint64_t complete)
{
	const struct local_state now = {
		.epoch = epoch, .raised_n = raised_n, .cursor = {.complete = complete}};
	struct local_raises raises;

	assert_ok(local_raises(w->device->local, &now, &w->arena, &raises, &error));
	return raises;
}

/* Changes 1 to 3 of record 10, 4 of 20, 5 of 30, 6 of 40, at ten times their number. */
static void
raising_changes(struct local *local)
{
	for (uint32_t n = 1; n <= 6; n++) {
		add_change(local, n, R(n <= 3 ? 10 : n == 4 ? 20 : n == 5 ? 30 : 40), 5);
		assert_ok(local_change_acked(local, n, 10 * n, &error));
	}
}

TEST(a_version_rises_to_the_highest_own_seq_that_is_known_of)
{
	struct world *w = *state;
	const struct exception set_aside = {.n = 5, .kind = EXCEPTION_QUARANTINED};
	struct local_raises raises;

	add_record(w, R(10), 0, VILLAGE_A, 3);
	add_record(w, R(20), 0, VILLAGE_A, 50);
	add_record(w, R(30), 0, VILLAGE_A, 1);
	raising_changes(w->device->local);
	assert_ok(local_change_exception(w->device->local, &set_aside, &(bool){false}, &error));
	raises = raises_at(w, WORLD_EPOCH, 0, 30);
	assert_int_equal(raises.count, 1);
	assert_int_equal(raises.at[0].record, R(10));
	assert_int_equal(raises.at[0].seq, 30);
	raises = raises_at(w, WORLD_EPOCH, 0, 100);
	assert_int_equal(raises.count, 1);
	assert_int_equal(raises.at[0].seq, 30);
	assert_int_equal(raises_at(w, WORLD_EPOCH + 1, 0, 100).count, 0);
}

/* Change 3 may have hidden what others wrote before change 2. */
TEST(a_version_waits_for_an_own_change_that_is_acknowledged_beyond_what_is_known)
{
	struct world *w = *state;

	add_record(w, R(10), 0, VILLAGE_A, 3);
	raising_changes(w->device->local);
	assert_int_equal(raises_at(w, WORLD_EPOCH, 0, 25).count, 0);
	assert_int_equal(raises_at(w, WORLD_EPOCH, 0, 30).count, 1);
}

TEST(a_record_that_leaves_does_not_rise_before_it_stays_after_all)
{
	struct world *w = *state;
	struct local_state now = {.acked_n = 6, .cursor = {.complete = 100}};
	uint32_t raised_n;

	add_record(w, R(10), 0, VILLAGE_A, 3);
	add_record(w, R(20), 0, VILLAGE_A, 3);
	raising_changes(w->device->local);
	assert_ok(local_leaving_add(w->device->local, R(10), &error));
	assert_int_equal(raises_at(w, WORLD_EPOCH, 0, 100).count, 1);
	assert_int_equal(raises_at(w, WORLD_EPOCH, 0, 100).at[0].record, R(20));
	assert_ok(local_raised(w->device->local, &now, &raised_n, &error));
	assert_int_equal(raised_n, 0);
	assert_ok(local_leaving_drop(w->device->local, R(10), &error));
	assert_int_equal(raises_at(w, WORLD_EPOCH, 0, 100).count, 2);
	assert_ok(local_raised(w->device->local, &now, &raised_n, &error));
	assert_int_equal(raised_n, 6);
}

TEST(changes_that_have_raised_their_records_are_not_looked_at_again)
{
	struct world *w = *state;
	struct local_state now = {.acked_n = 5, .raised_n = 2, .cursor = {.complete = 100}};
	struct local_raises raises;
	uint32_t raised_n;

	add_record(w, R(10), 0, VILLAGE_A, 3);
	add_record(w, R(30), 0, VILLAGE_A, 1);
	raising_changes(w->device->local);
	raises = raises_at(w, WORLD_EPOCH, 3, 100);
	assert_int_equal(raises.count, 1);
	assert_int_equal(raises.at[0].record, R(30));
	assert_ok(local_raised(w->device->local, &now, &raised_n, &error));
	assert_int_equal(raised_n, 5);
	/* Of change 4 the device knows before its place in the log. */
	now.cursor.complete = 35;
	assert_ok(local_raised(w->device->local, &now, &raised_n, &error));
	assert_int_equal(raised_n, 3);
}

TEST(a_new_epoch_sweeps_out_what_it_did_not_bring)
{
	struct world *w = *state;

	add_record(w, R(10), 0, VILLAGE_A, 1);
	add_record(w, R(20), 0, VILLAGE_A, 1);
	add_record(w, R(30), 0, VILLAGE_A, 1);
	add_change(w->device->local, 1, R(20), 5);
	add_change(w->device->local, 2, R(30), 5);
	assert_ok(local_change_acked(w->device->local, 2, 7, &error));
	assert_ok(local_records_sweep(w->device->local, WORLD_EPOCH, &error));
	assert_true(holds(w, R(10)));
	assert_ok(local_records_sweep(w->device->local, WORLD_EPOCH + 1, &error));
	assert_false(holds(w, R(10)));
	assert_true(holds(w, R(20)));
	assert_false(holds(w, R(30)));
}

RUN_TESTS(CASE_WITH(a_damaged_record_is_an_error_of_the_storage, world_open, world_close),
	  CASE_WITH(eviction_takes_one_record_and_leaves_its_changes_and_what_is_below, world_open,
		    world_close),
	  CASE_WITH(what_is_below_a_record_but_in_another_village_is_astray, world_open,
		    world_close),
	  CASE_WITH(a_circle_of_parents_is_searched_once, world_open, world_close),
	  CASE_WITH(a_scope_keeps_its_villages_and_records_of_none, world_open, world_close),
	  CASE_WITH(records_come_in_order_while_they_are_being_written, world_open, world_close),
	  CASE_WITH(what_is_below_a_record_comes_newest_first_until_the_caller_has_enough,
		    world_open, world_close),
	  CASE_WITH(a_version_rises_to_the_highest_own_seq_that_is_known_of, world_open,
		    world_close),
	  CASE_WITH(a_version_waits_for_an_own_change_that_is_acknowledged_beyond_what_is_known,
		    world_open, world_close),
	  CASE_WITH(a_record_that_leaves_does_not_rise_before_it_stays_after_all, world_open,
		    world_close),
	  CASE_WITH(changes_that_have_raised_their_records_are_not_looked_at_again, world_open,
		    world_close),
	  CASE_WITH(a_new_epoch_sweeps_out_what_it_did_not_bring, world_open, world_close))

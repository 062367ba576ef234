/* SPDX-License-Identifier: Apache-2.0 */
/* Which scopes a device had, and where a record was. */
#include "store_world.h"

static const struct region in_a = {VILLAGE_A, VILLAGE_A};
static const struct region in_b = {VILLAGE_B, VILLAGE_B};

/* ---- scopes ---- */

static void
put_scope(struct world *w, uint64_t version, const struct region *regions, size_t count)
{
	struct region copy[4];
	struct device device = {.stream = {.number = 7, .kind = STREAM_DEVICE},
				.state = DEVICE_ACTIVE,
				.scope_version = version,
				.scope = copy,
				.scope_count = count};

	memcpy(copy, regions, count * sizeof copy[0]);
	assert_ok(store_device_put(w->writer, &device, &w->err));
}

static void
device_with_three_scopes(struct world *w)
{
	const struct stream stream = {
		.number = 7, .kind = STREAM_DEVICE, .name = span_of_text("Ibu Siti")};

	assert_ok(store_stream_add(w->writer, &stream, &w->err));
	put_scope(w, 10, &in_a, 1);
	put_scope(w, 20, (const struct region[]){in_a, in_b}, 2);
	put_scope(w, 30, &in_b, 0);
}

struct periods {
	struct scope_period at[4];
	struct region first[4]; /* its first region */
	size_t count;
};

static enum status
keep_period(void *context, const struct scope_period *period, struct error *err)
{
	struct periods *periods = context;

	(void)err;
	if (period->region_count > 0) {
		periods->first[periods->count] = period->regions[0];
	}
	periods->at[periods->count++] = *period;
	return STATUS_OK;
}

static struct periods
periods_since(struct world *w, uint64_t since)
{
	struct periods periods = {.count = 0};

	assert_ok(store_scopes_read(w->reader, 7, since, keep_period, &periods, &w->err));
	return periods;
}

static void
assert_period(const struct periods *periods, size_t at, uint64_t version, uint64_t until,
	      size_t regions)
{
	assert_true(at < periods->count);
	assert_int_equal(periods->at[at].version, version);
	assert_int_equal(periods->at[at].until, until);
	assert_int_equal(periods->at[at].region_count, regions);
}

TEST(every_scope_of_a_device_is_read_the_newest_first)
{
	struct world *w = *state;
	struct periods periods;

	device_with_three_scopes(w);
	periods = periods_since(w, 0);
	assert_int_equal(periods.count, 3);
	assert_period(&periods, 0, 30, STORE_NOW, 0);
	assert_period(&periods, 1, 20, 30, 2);
	assert_period(&periods, 2, 10, 20, 1);
	assert_int_equal(periods.first[2].low, VILLAGE_A);
}

TEST(scopes_are_read_back_to_the_one_that_held_then)
{
	struct world *w = *state;

	device_with_three_scopes(w);
	assert_int_equal(periods_since(w, 31).count, 1);
	assert_int_equal(periods_since(w, 30).count, 1);
	assert_int_equal(periods_since(w, 29).count, 2);
	assert_int_equal(periods_since(w, 20).count, 2);
	assert_int_equal(periods_since(w, 19).count, 3);
	assert_int_equal(periods_since(w, INT64_MAX).count, 1);
}

TEST(a_version_keeps_the_scope_that_it_had_first)
{
	struct world *w = *state;
	struct periods periods;

	device_with_three_scopes(w);
	put_scope(w, 30, &in_b, 1);
	periods = periods_since(w, 30);
	assert_period(&periods, 0, 30, STORE_NOW, 0);
}

TEST(a_device_that_is_not_there_had_no_scope)
{
	assert_int_equal(periods_since(*state, 0).count, 0);
}

static enum status
stop_reading(void *context, const struct scope_period *period, struct error *err)
{
	size_t *count = context;

	(void)period;
	++*count;
	(void)err;
	return STATUS_STALE;
}

TEST(whoever_reads_scopes_may_stop)
{
	struct world *w = *state;
	size_t count = 0;

	device_with_three_scopes(w);
	assert_int_equal(store_scopes_read(w->reader, 7, 0, stop_reading, &count, &w->err),
			 STATUS_STALE);
	assert_int_equal(count, 1);
	assert_int_equal(periods_since(w, 0).count, 3);
}

/* ---- stays ---- */

enum { RECORD = 42 };

/* In A until 10, in B until 20, in C until 30, in A since. */
static void
record_that_wandered(struct world *w)
{
	assert_ok(store_move_append(w->writer, 10, RECORD, VILLAGE_A, &w->err));
	assert_ok(store_move_append(w->writer, 20, RECORD, VILLAGE_B, &w->err));
	assert_ok(store_move_append(w->writer, 30, RECORD, VILLAGE_C, &w->err));
	assert_ok(store_move_append(w->writer, 15, RECORD + 1, VILLAGE_C, &w->err));
}

/* Was it in that village from `since` up to before `until`? */
static bool
stayed(struct world *w, uint64_t village, uint64_t since, uint64_t until)
{
	const struct region region = {village, village};
	const struct stay_query query = {.record = RECORD,
					 .since = since,
					 .until = until,
					 .village = VILLAGE_A,
					 .regions = &region,
					 .region_count = 1};
	uint64_t found = 1;

	assert_ok(store_stay_find(w->reader, &query, &found, &w->err));
	assert_true(found == 0 || found == village);
	return found != 0;
}

TEST(a_record_is_where_it_was_until_it_left)
{
	struct world *w = *state;

	record_that_wandered(w);
	assert_true(stayed(w, VILLAGE_B, 10, 11));
	assert_true(stayed(w, VILLAGE_B, 5, 11));
	assert_true(stayed(w, VILLAGE_B, 19, 25));
	assert_false(stayed(w, VILLAGE_B, 20, 25));
	assert_false(stayed(w, VILLAGE_B, 5, 10));
	assert_false(stayed(w, VILLAGE_C, 11, 20));
	assert_true(stayed(w, VILLAGE_C, 11, 21));
}

TEST(a_record_was_where_it_began_since_ever)
{
	struct world *w = *state;

	record_that_wandered(w);
	assert_true(stayed(w, VILLAGE_A, 0, 1));
	assert_true(stayed(w, VILLAGE_A, 9, 30));
	assert_false(stayed(w, VILLAGE_A, 10, 30));
}

TEST(a_record_is_where_it_is_to_the_present_and_beyond)
{
	struct world *w = *state;

	record_that_wandered(w);
	assert_true(stayed(w, VILLAGE_A, 10, 31));
	assert_true(stayed(w, VILLAGE_A, 30, STORE_NOW));
	assert_true(stayed(w, VILLAGE_A, 1000, STORE_NOW));
	assert_false(stayed(w, VILLAGE_C, 30, STORE_NOW));
}

TEST(the_first_village_of_several_that_it_was_in_is_told)
{
	struct world *w = *state;
	const struct region regions[] = {{VILLAGE_C, VILLAGE_C}, in_b};
	struct stay_query query = {.record = RECORD,
				   .since = 10,
				   .until = STORE_NOW,
				   .village = VILLAGE_C,
				   .regions = regions,
				   .region_count = 2};
	uint64_t found;

	record_that_wandered(w);
	assert_ok(store_stay_find(w->reader, &query, &found, &w->err));
	assert_int_equal(found, VILLAGE_B);
	query.region_count = 0;
	assert_ok(store_stay_find(w->reader, &query, &found, &w->err));
	assert_int_equal(found, 0);
}

#define WITH(sentence) CASE_WITH(sentence, world_open, world_close)

RUN_TESTS(WITH(every_scope_of_a_device_is_read_the_newest_first),
	  WITH(scopes_are_read_back_to_the_one_that_held_then),
	  WITH(a_version_keeps_the_scope_that_it_had_first),
	  WITH(a_device_that_is_not_there_had_no_scope), WITH(whoever_reads_scopes_may_stop),
	  WITH(a_record_is_where_it_was_until_it_left),
	  WITH(a_record_was_where_it_began_since_ever),
	  WITH(a_record_is_where_it_is_to_the_present_and_beyond),
	  WITH(the_first_village_of_several_that_it_was_in_is_told))

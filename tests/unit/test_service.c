/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/http/service.h"
#include "store_world.h"

enum { LISTS = 4, MEMORY = 1000, TURNS = 2, WORKED_US = 20000 };

struct lists {
	struct service service;
	struct store *lent[LISTS];
};

static void
lists_begin(struct lists *lists, struct world *w, size_t count)
{
	memset(lists, 0, sizeof *lists);
	assert_ok(service_init(&lists->service, MEMORY, TURNS, &w->err));
	assert_ok(readers_create(w->path, 1, LISTS, &lists->service.readers, &w->err));
	for (size_t i = 0; i < count; i++) {
		assert_ok(readers_take(lists->service.readers, READER_LONG, &lists->lent[i],
				       &w->err));
	}
}

static void
lists_end(struct lists *lists, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		readers_give(lists->service.readers, READER_LONG, lists->lent[i]);
	}
	readers_free(lists->service.readers);
	service_finish(&lists->service);
}

TEST(a_list_does_not_pause_while_nothing_goes_to_the_writer)
{
	struct lists lists;

	lists_begin(&lists, *state, 1);
	assert_int_equal(service_list_pause_ms(&lists.service, WORKED_US), 0);
	lists_end(&lists, 1);
}

TEST(beside_syncs_a_list_works_a_quarter_of_the_time)
{
	struct world *w = *state;
	struct lists lists;

	lists_begin(&lists, w, 1);
	assert_ok(service_take_turn(&lists.service, &w->err));
	assert_int_equal(service_list_pause_ms(&lists.service, WORKED_US), 60);
	service_give_turn(&lists.service);
	assert_int_equal(service_list_pause_ms(&lists.service, WORKED_US), 0);
	lists_end(&lists, 1);
}

TEST(several_lists_share_that_quarter)
{
	struct world *w = *state;
	struct lists lists;

	lists_begin(&lists, w, LISTS);
	assert_ok(service_take_turn(&lists.service, &w->err));
	assert_int_equal(service_list_pause_ms(&lists.service, WORKED_US), 300);
	lists_end(&lists, LISTS);
}

TEST(no_pause_is_longer_than_half_a_second)
{
	struct world *w = *state;
	struct lists lists;

	lists_begin(&lists, w, LISTS);
	assert_ok(service_take_turn(&lists.service, &w->err));
	assert_int_equal(service_list_pause_ms(&lists.service, 60000000), 500);
	lists_end(&lists, LISTS);
}

/* Whoever ends the HTTP library may not leave a connection suspended. */
TEST(a_server_that_is_ending_has_no_list_pause)
{
	struct world *w = *state;
	struct lists lists;

	lists_begin(&lists, w, 1);
	assert_ok(service_take_turn(&lists.service, &w->err));
	service_close(&lists.service);
	assert_int_equal(service_list_pause_ms(&lists.service, WORKED_US), 0);
	lists_end(&lists, 1);
}

#define LISTS_CASE(sentence) CASE_WITH(sentence, world_open, world_close)

RUN_TESTS(LISTS_CASE(a_list_does_not_pause_while_nothing_goes_to_the_writer),
	  LISTS_CASE(beside_syncs_a_list_works_a_quarter_of_the_time),
	  LISTS_CASE(several_lists_share_that_quarter),
	  LISTS_CASE(no_pause_is_longer_than_half_a_second),
	  LISTS_CASE(a_server_that_is_ending_has_no_list_pause))

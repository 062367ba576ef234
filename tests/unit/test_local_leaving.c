/* SPDX-License-Identifier: Apache-2.0 */
/* What leaves a device: at once, or when its last own change is acknowledged. */
#include "client/local_parts.h"
#include "local_sample.h"

static void
add_record(struct world *w, uint64_t id, uint64_t village)
{
	struct record record = {0};
	struct local_place place = {.epoch = WORLD_EPOCH};

	world_other(w, &record, id, FAMILY, FAMILY_HEAD, value_text(TEXT("Ani")), 1, 0);
	record.village = village;
	record.version = 1;
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

static bool
leaves(struct world *w, uint64_t id)
{
	bool leaving;

	assert_ok(local_leaving(w->device->local, id, &leaving, &error));
	return leaving;
}

TEST(evicted_record_with_a_change_that_waits_stays_until_that_is_acknowledged)
{
	struct world *w = *state;
	struct local *local = w->device->local;

	add_record(w, R(10), VILLAGE_A);
	add_change(local, 1, R(10), 5);
	add_change(local, 2, R(10), 5);
	assert_ok(local_change_acked(local, 1, 50, &error));
	assert_ok(local_record_evict(local, R(10), &error));
	assert_ok(local_leaving_sweep(local, &error));
	assert_true(holds(w, R(10)));
	assert_true(leaves(w, R(10)));
	assert_ok(local_change_acked(local, 2, 51, &error));
	assert_ok(local_leaving_sweep(local, &error));
	assert_false(holds(w, R(10)));
	assert_false(leaves(w, R(10)));
}

TEST(scope_takes_what_is_acknowledged_and_keeps_what_waits)
{
	struct world *w = *state;
	struct local *local = w->device->local;
	const struct region scope = {VILLAGE_B, VILLAGE_B};

	add_record(w, R(10), VILLAGE_A);
	add_record(w, R(20), VILLAGE_A);
	add_record(w, R(30), VILLAGE_B);
	add_change(local, 1, R(10), 5);
	add_change(local, 2, R(20), 5);
	add_change(local, 3, R(30), 5);
	assert_ok(local_change_acked(local, 1, 50, &error));
	assert_ok(local_scope_apply(local, &scope, 1, &error));
	assert_false(holds(w, R(10)));
	assert_true(holds(w, R(20)) && holds(w, R(30)));
	assert_true(leaves(w, R(20)));
	assert_false(leaves(w, R(30)));
}

TEST(empty_scope_keeps_only_what_waits)
{
	struct world *w = *state;
	struct local *local = w->device->local;

	add_record(w, R(10), VILLAGE_A);
	add_record(w, R(20), VILLAGE_B);
	add_change(local, 1, R(20), 5);
	assert_ok(local_scope_apply(local, NULL, 0, &error));
	assert_false(holds(w, R(10)));
	assert_true(holds(w, R(20)));
}

TEST(record_that_came_back_stays)
{
	struct world *w = *state;
	struct local *local = w->device->local;

	add_record(w, R(10), VILLAGE_A);
	add_change(local, 1, R(10), 5);
	assert_ok(local_record_evict(local, R(10), &error));
	assert_ok(local_leaving_drop(local, R(10), &error));
	assert_ok(local_change_acked(local, 1, 50, &error));
	assert_ok(local_leaving_sweep(local, &error));
	assert_true(holds(w, R(10)));
}

TEST(record_leaves_once_however_often_it_is_told)
{
	struct world *w = *state;
	struct local *local = w->device->local;

	add_record(w, R(10), VILLAGE_A);
	add_change(local, 1, R(10), 5);
	assert_ok(local_leaving_add(local, R(10), &error));
	assert_ok(local_leaving_add(local, R(10), &error));
	assert_ok(local_record_evict(local, R(10), &error));
	assert_true(holds(w, R(10)));
	assert_false(leaves(w, R(20)));
}

/* Change n of this device's makes its record. */
static void
add_own(struct world *w, uint32_t n, uint64_t village)
{
	add_record(w, id_make(WORLD_DEVICE, n), village);
	add_change(w->device->local, n, id_make(WORLD_DEVICE, n), 5);
}

TEST(new_record_elsewhere_waits_for_the_server_to_say_where_it_is)
{
	struct world *w = *state;
	struct local *local = w->device->local;
	const struct region scope = {VILLAGE_A, VILLAGE_A};

	for (uint32_t n = 1; n <= 3; n++) {
		add_own(w, n, VILLAGE_B);
		assert_ok(local_leaving_add(local, id_make(WORLD_DEVICE, n), &error));
		assert_ok(local_change_acked(local, n, 50 + n, &error));
	}
	assert_ok(local_leaving_sweep(local, &error));
	assert_true(holds(w, id_make(WORLD_DEVICE, 1)) && holds(w, id_make(WORLD_DEVICE, 2)));
	assert_ok(local_record_evict(local, id_make(WORLD_DEVICE, 3), &error));
	assert_false(holds(w, id_make(WORLD_DEVICE, 3)));
	add_record(w, id_make(WORLD_DEVICE, 2), VILLAGE_A);
	assert_ok(local_leaving_settle(local, &scope, 1, &error));
	assert_false(holds(w, id_make(WORLD_DEVICE, 1)));
	assert_true(holds(w, id_make(WORLD_DEVICE, 2)));
	assert_false(leaves(w, id_make(WORLD_DEVICE, 1)) || leaves(w, id_make(WORLD_DEVICE, 2)));
}

TEST(new_records_below_what_has_gone_go_to_the_last)
{
	struct world *w = *state;
	struct local *local = w->device->local;
	const struct region scope = {VILLAGE_A, VILLAGE_A};
	char text[ID_TEXT_SIZE];
	uint64_t family = world_record(w, "family", FIELDS("head", "Ani"));
	uint64_t person;
	uint64_t visit;

	assert_ok(local_leaving_add(local, family, &error));
	person = world_record(w, "person",
			      FIELDS("family", id_format(family, text), "name", "Anak"));
	visit = world_record(w, "visit", FIELDS("person", id_format(person, text)));
	for (uint32_t n = 1; n <= 3; n++) {
		assert_ok(local_change_acked(local, n, 50 + n, &error));
	}
	assert_ok(local_record_evict(local, family, &error));
	assert_true(leaves(w, visit) && holds(w, person));
	assert_ok(local_leaving_settle(local, &scope, 1, &error));
	assert_false(holds(w, person) || holds(w, visit));
}

TEST(what_no_page_of_a_new_scope_brought_goes_but_for_what_the_server_lacks)
{
	struct world *w = *state;
	struct local *local = w->device->local;
	const struct exception set_aside = {.n = 2, .kind = EXCEPTION_QUARANTINED};

	add_own(w, 1, VILLAGE_A);
	add_own(w, 2, VILLAGE_A);
	add_own(w, 3, VILLAGE_A);
	for (uint32_t n = 10; n <= 12; n++) {
		add_record(w, R(n), VILLAGE_A);
	}
	add_change(local, 4, R(11), 5);
	assert_ok(local_change_exception(local, &set_aside, &(bool){false}, &error));
	assert_ok(local_change_acked(local, 2, 50, &error));
	assert_ok(local_change_acked(local, 3, 51, &error));
	assert_ok(local_arrivals_begin(local, &error));
	assert_ok(local_arrivals_add(local, R(12), &error));
	assert_ok(local_arrivals_end(local, &error));
	assert_true(holds(w, id_make(WORLD_DEVICE, 1)));
	assert_true(holds(w, id_make(WORLD_DEVICE, 2)));
	assert_false(holds(w, id_make(WORLD_DEVICE, 3)));
	assert_false(holds(w, R(10)));
	assert_true(holds(w, R(11)) && leaves(w, R(11)));
	assert_true(holds(w, R(12)));
	assert_false(leaves(w, id_make(WORLD_DEVICE, 1)) || leaves(w, R(12)));
}

TEST(an_own_change_with_the_number_of_the_one_that_made_a_record_did_not_make_it)
{
	struct world *w = *state;
	struct local *local = w->device->local;

	add_record(w, R(4), VILLAGE_A);
	add_record(w, R(5), VILLAGE_A);
	add_change(local, 4, R(4), 5);
	add_change(local, 5, R(5), 5);
	assert_ok(local_change_exception(local,
					 &(struct exception){.n = 4, .kind = EXCEPTION_QUARANTINED},
					 &(bool){false}, &error));
	assert_ok(local_change_acked(local, 4, 50, &error));
	assert_ok(local_arrivals_begin(local, &error));
	assert_ok(local_arrivals_end(local, &error));
	assert_false(holds(w, R(4)));
	assert_true(leaves(w, R(5)));
}

TEST(a_scope_that_begins_anew_forgets_what_the_one_before_brought)
{
	struct world *w = *state;
	struct local *local = w->device->local;
	bool leaving;
	bool arriving;

	add_record(w, R(10), VILLAGE_A);
	assert_ok(local_arrivals_begin(local, &error));
	assert_ok(local_arrivals_add(local, R(10), &error));
	assert_ok(local_arrivals_begin(local, &error));
	assert_ok(local_passing(local, &leaving, &arriving, &error));
	assert_true(arriving && !leaving);
	assert_ok(local_arrivals_end(local, &error));
	assert_false(holds(w, R(10)));
	assert_ok(local_passing(local, &leaving, &arriving, &error));
	assert_false(arriving || leaving);
}

TEST(new_record_stays_if_what_it_hangs_on_comes_back)
{
	struct world *w = *state;
	struct local *local = w->device->local;
	char text[ID_TEXT_SIZE];
	uint64_t family = world_record(w, "family", FIELDS("head", "Ani"));
	uint64_t person;

	assert_ok(local_record_evict(local, family, &error));
	person = world_record(w, "person",
			      FIELDS("family", id_format(family, text), "name", "Anak"));
	assert_true(leaves(w, person));
	assert_ok(local_leaving_drop(local, family, &error));
	assert_false(leaves(w, person));
}

static const struct cursor at_100 = {100, 100, CURSOR_ID_END};

/* An answer that acknowledges all of the request and gives these villages. */
static struct reply
reply_of_scope(const struct world *w, struct region *scope, size_t count, struct ack_run *run)
{
	struct reply reply = world_reply(w);

	*run = (struct ack_run){w->head.first_n, w->head.count, 50};
	reply.acks = run;
	reply.ack_count = w->head.count > 0;
	reply.has_scope = true;
	reply.scope_version = 60;
	reply.scope = scope;
	reply.scope_count = count;
	reply.to = at_100;
	return reply;
}

TEST(change_made_while_pages_of_a_new_scope_run_names_what_came_before)
{
	struct world *w = *state;
	struct region both[] = {{VILLAGE_A, VILLAGE_A}, {VILLAGE_B, VILLAGE_B}};
	struct ack_run run;
	struct reply reply;

	world_request(w);
	reply = world_reply(w);
	reply.to = (struct cursor){40, 40, CURSOR_ID_END};
	assert_ok(world_answer(w, &reply));
	(void)world_record(w, "family", FIELDS("head", "Ani"));
	assert_int_equal(world_change(w, 1).scope_version, 1);
	world_request(w);
	reply = reply_of_scope(w, both, 2, &run);
	reply.to = (struct cursor){40, 50, 7};
	reply.more = true;
	assert_ok(world_answer(w, &reply));
	assert_int_equal(world_state(w).scope_version, 60);
	(void)world_record(w, "family", FIELDS("head", "Umi", "village", "6303072001"));
	assert_int_equal(world_change(w, 2).scope_version, 40);
	world_request(w);
	reply = world_reply(w);
	reply.to = at_100;
	assert_ok(world_answer(w, &reply));
	(void)world_record(w, "family", FIELDS("head", "Ina", "village", "6303072001"));
	assert_int_equal(world_change(w, 3).scope_version, 60);
}

/* Page two of the former scope, and page one of the next that came to the same place. */
TEST(page_of_a_former_scope_is_late_although_its_place_fits)
{
	struct world *w = *state;
	struct region other = {VILLAGE_B, VILLAGE_B};
	struct parcel_session former;
	struct record record = {0};
	struct span bytes;
	struct ack_run run;
	bool whole = true;
	struct reply late;
	struct reply reply;

	world_request(w);
	former = w->opened.session;
	late = world_reply(w);
	late.to = at_100;
	world_other(w, &record, id_make(WORLD_OTHER, 9), FAMILY, FAMILY_HEAD,
		    value_text(TEXT("Umi")), 9, 0);
	record.village = VILLAGE_A;
	bytes = world_encode(w, &record);
	late.records = &bytes;
	late.whole = &whole;
	late.record_count = 1;
	world_request(w);
	reply = reply_of_scope(w, &other, 1, &run);
	reply.to = reply.from;
	reply.more = true;
	assert_ok(world_answer(w, &reply));
	assert_ok(world_answer_to(w, &former, &late));
	assert_false(holds(w, record.id));
	assert_int_equal(world_state(w).cursor.complete, reply.from.complete);
}

TEST(new_record_outside_the_scope_goes_when_it_is_acknowledged)
{
	struct world *w = *state;
	struct region other = {VILLAGE_B, VILLAGE_B};
	struct ack_run run;
	struct reply reply;
	uint64_t id;

	world_request(w);
	reply = reply_of_scope(w, &other, 1, &run);
	assert_ok(world_answer(w, &reply));
	id = world_record(w, "family", FIELDS("head", "Ani", "village", "6303072001"));
	assert_true(holds(w, id));
	world_request(w);
	reply = world_reply(w);
	run = (struct ack_run){1, 1, 110};
	reply.acks = &run;
	reply.ack_count = 1;
	assert_ok(world_answer(w, &reply));
	assert_false(holds(w, id));
}

TEST(what_hangs_on_a_record_that_leaves_goes_with_it)
{
	struct world *w = *state;
	struct ack_run run;
	struct reply reply;
	char text[ID_TEXT_SIZE];
	uint64_t family = world_record(w, "family", FIELDS("head", "Ani"));
	uint64_t person;

	assert_ok(local_record_evict(w->device->local, family, &error));
	person = world_record(w, "person",
			      FIELDS("family", id_format(family, text), "name", "Anak"));
	assert_true(holds(w, family) && holds(w, person));
	world_request(w);
	reply = world_reply(w);
	run = (struct ack_run){1, 2, 110};
	reply.acks = &run;
	reply.ack_count = 1;
	reply.to = (struct cursor){111, 111, CURSOR_ID_END};
	assert_ok(world_answer(w, &reply));
	assert_false(holds(w, family) || holds(w, person));
}

#define WITH(sentence) CASE_WITH(sentence, world_open, world_close)

RUN_TESTS(WITH(evicted_record_with_a_change_that_waits_stays_until_that_is_acknowledged),
	  WITH(scope_takes_what_is_acknowledged_and_keeps_what_waits),
	  WITH(empty_scope_keeps_only_what_waits), WITH(record_that_came_back_stays),
	  WITH(record_leaves_once_however_often_it_is_told),
	  WITH(new_record_elsewhere_waits_for_the_server_to_say_where_it_is),
	  WITH(new_records_below_what_has_gone_go_to_the_last),
	  WITH(what_no_page_of_a_new_scope_brought_goes_but_for_what_the_server_lacks),
	  WITH(an_own_change_with_the_number_of_the_one_that_made_a_record_did_not_make_it),
	  WITH(a_scope_that_begins_anew_forgets_what_the_one_before_brought),
	  WITH(new_record_stays_if_what_it_hangs_on_comes_back),
	  WITH(change_made_while_pages_of_a_new_scope_run_names_what_came_before),
	  WITH(page_of_a_former_scope_is_late_although_its_place_fits),
	  WITH(new_record_outside_the_scope_goes_when_it_is_acknowledged),
	  WITH(what_hangs_on_a_record_that_leaves_goes_with_it))

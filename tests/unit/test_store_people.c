/* SPDX-License-Identifier: Apache-2.0 */
/* Streams, devices, codes, tokens, quarantine and sessions. */
#include "daemon/store/store_people.h"
#include "daemon/store/store_reports.h"
#include "store_world.h"

static struct stream
stream_make(uint32_t number)
{
	struct stream stream = {.number = number,
				.kind = STREAM_DEVICE,
				.name = span_of_text("Ibu Siti"),
				.parent = 3,
				.parent_n = 4,
				.acked_n = 5};

	memset(stream.key, 1, sizeof stream.key);
	memset(stream.chain, 2, sizeof stream.chain);
	return stream;
}

TEST(a_stream_is_read_as_it_was_added)
{
	struct world *w = *state;
	const struct stream stream = stream_make(0x7fffffff);
	struct stream found;

	assert_ok(store_stream_add(w->writer, &stream, &w->err));
	assert_ok(store_stream(w->reader, 0x7fffffff, &w->arena, &found, &w->err));
	assert_int_equal(found.number, stream.number);
	assert_int_equal(found.kind, stream.kind);
	assert_true(span_equal(found.name, stream.name));
	assert_memory_equal(found.key, stream.key, sizeof stream.key);
	assert_int_equal(found.parent, 3);
	assert_int_equal(found.parent_n, 4);
	assert_int_equal(found.acked_n, 5);
	assert_memory_equal(found.chain, stream.chain, sizeof stream.chain);
	assert_int_equal(store_stream(w->reader, 8, &w->arena, &found, &w->err), STATUS_NOT_FOUND);
}

TEST(a_stream_number_is_given_once)
{
	struct world *w = *state;
	const struct stream stream = stream_make(7);

	assert_ok(store_stream_add(w->writer, &stream, &w->err));
	assert_int_equal(store_stream_add(w->writer, &stream, &w->err), STATUS_EXISTS);
}

TEST(a_stream_advances_number_and_chain_together)
{
	struct world *w = *state;
	const struct stream stream = stream_make(7);
	const uint8_t chain[HASH_SIZE] = {9};
	struct stream found;

	assert_ok(store_stream_add(w->writer, &stream, &w->err));
	assert_ok(store_stream_advance(w->writer, 7, 25, chain, &w->err));
	assert_ok(store_stream(w->writer, 7, &w->arena, &found, &w->err));
	assert_int_equal(found.acked_n, 25);
	assert_memory_equal(found.chain, chain, HASH_SIZE);
	assert_int_equal(store_stream_advance(w->writer, 8, 1, chain, &w->err), STATUS_NOT_FOUND);
}

TEST(a_stream_without_a_key_gets_one_once_and_is_nobodys_until_then)
{
	static const uint8_t none[32];
	struct world *w = *state;
	struct stream stream = stream_make(7);
	struct stream found;
	uint32_t number = 1;

	stream.kind = STREAM_DEVICE;
	assert_false(key_is_none(stream.key));
	assert_true(key_is_none(none));
	memcpy(stream.key, none, sizeof none);
	assert_ok(store_stream_add(w->writer, &stream, &w->err));
	/* Who shows no key is not that one. */
	assert_ok(store_stream_keyed(w->writer, none, &number, &w->err));
	assert_int_equal(number, 0);
	memset(stream.key, 9, sizeof stream.key);
	assert_ok(store_stream_key(w->writer, 7, stream.key, &w->err));
	assert_ok(store_stream_keyed(w->writer, stream.key, &number, &w->err));
	assert_int_equal(number, 7);
	memset(stream.key, 8, sizeof stream.key);
	assert_int_equal(store_stream_key(w->writer, 7, stream.key, &w->err), STATUS_NOT_FOUND);
	assert_int_equal(store_stream_key(w->writer, 8, stream.key, &w->err), STATUS_NOT_FOUND);
	assert_ok(store_stream(w->writer, 7, &w->arena, &found, &w->err));
	assert_int_equal(found.key[0], 9);
}

/* ---- devices ---- */

static void
device_add(struct world *w, uint32_t number, struct region *scope, size_t count)
{
	const struct device device = {.stream = stream_make(number),
				      .state = DEVICE_ACTIVE,
				      .scope_version = 11,
				      .scope = scope,
				      .scope_count = count};

	assert_ok(store_stream_add(w->writer, &device.stream, &w->err));
	assert_ok(store_device_put(w->writer, &device, &w->err));
}

TEST(a_device_has_its_stream_and_scope)
{
	struct world *w = *state;
	struct region scope[] = {{VILLAGE_A, VILLAGE_A}, {6303080000, 6303089999}};
	struct device device;

	device_add(w, 7, scope, 2);
	assert_ok(store_device(w->reader, 7, &w->arena, &device, &w->err));
	assert_int_equal(device.stream.acked_n, 5);
	assert_int_equal(device.state, DEVICE_ACTIVE);
	assert_int_equal(device.scope_version, 11);
	assert_int_equal(device.scope_count, 2);
	assert_memory_equal(device.scope, scope, sizeof scope);
	assert_int_equal(device.r, 0);
	assert_int_equal(device.last_contact_ms, 0);
}

TEST(a_user_stream_is_no_device)
{
	struct world *w = *state;
	const struct stream stream = stream_make(7);
	struct device device;

	assert_ok(store_stream_add(w->writer, &stream, &w->err));
	assert_int_equal(store_device(w->writer, 7, &w->arena, &device, &w->err), STATUS_NOT_FOUND);
}

TEST(a_device_put_again_has_the_new_scope_and_keeps_its_contact)
{
	struct world *w = *state;
	struct region scope = {VILLAGE_A, VILLAGE_A};
	struct device device;

	device_add(w, 7, &scope, 1);
	assert_ok(store_device_contact(w->writer, &(struct contact){7, 3, 1000, 90}, &w->err));
	assert_ok(store_device_contact(w->writer, &(struct contact){7, 4, 2000, 80}, &w->err));
	assert_ok(store_device(w->writer, 7, &w->arena, &device, &w->err));
	device.state = DEVICE_REVOKED;
	device.scope_count = 0;
	assert_ok(store_device_put(w->writer, &device, &w->err));
	assert_ok(store_device(w->writer, 7, &w->arena, &device, &w->err));
	assert_int_equal(device.state, DEVICE_REVOKED);
	assert_int_equal(device.scope_count, 0);
	assert_int_equal(device.r, 4);
	assert_int_equal(device.last_contact_ms, 2000);
	assert_int_equal(device.witness, 90);
}

struct device_list {
	uint32_t numbers[8];
	size_t count;
	size_t stop_after;
};

static enum status
keep_device(void *context, const struct device *device, struct error *err)
{
	struct device_list *list = context;

	assert_true(span_equal(device->stream.name, span_of_text("Ibu Siti")));
	list->numbers[list->count++] = device->stream.number;
	(void)err;
	return list->count == list->stop_after ? STATUS_STALE : STATUS_OK;
}

TEST(devices_are_read_in_order_of_their_numbers)
{
	struct world *w = *state;
	struct device_list list = {.count = 0};
	struct device_list first = {.stop_after = 1};

	device_add(w, 9, NULL, 0);
	device_add(w, 7, NULL, 0);
	assert_ok(store_devices_read(w->reader, NULL, keep_device, &list, &w->err));
	assert_int_equal(list.count, 2);
	assert_int_equal(list.numbers[0], 7);
	assert_int_equal(list.numbers[1], 9);
	assert_int_equal(store_devices_read(w->reader, NULL, keep_device, &first, &w->err),
			 STATUS_STALE);
	assert_int_equal(first.count, 1);
}

static size_t
devices_in(struct world *w, struct region scope)
{
	struct device_list list = {.count = 0};

	assert_ok(store_devices_read(w->reader, &scope, keep_device, &list, &w->err));
	return list.count;
}

static struct device_reach
reach(struct world *w, uint32_t number, struct region scope)
{
	struct device_reach found = {true, true};

	assert_ok(store_device_reach(w->reader, number, &scope, &found, &w->err));
	return found;
}

TEST(a_device_shows_up_where_it_has_villages_or_had_them_last)
{
	struct world *w = *state;
	struct region scope[] = {{VILLAGE_A, VILLAGE_A}, {VILLAGE_C, VILLAGE_C}};
	const struct region a = scope[0];
	const struct region b = {VILLAGE_B, VILLAGE_B};
	const struct region both = {VILLAGE_A, VILLAGE_C};
	struct device device;

	device_add(w, 7, scope, 2);
	assert_int_equal(devices_in(w, a), 1);
	assert_int_equal(devices_in(w, b), 0);
	assert_int_equal(devices_in(w, both), 1);
	assert_true(reach(w, 7, a).any && !reach(w, 7, a).all);
	assert_true(reach(w, 7, both).any && reach(w, 7, both).all);
	assert_false(reach(w, 7, b).any || reach(w, 7, b).all);
	assert_false(reach(w, 8, both).any);
	assert_ok(store_device(w->writer, 7, &w->arena, &device, &w->err));
	device.scope_count = 0;
	device.scope_version++;
	assert_ok(store_device_put(w->writer, &device, &w->err));
	assert_int_equal(devices_in(w, a), 1);
	device.scope = &scope[0];
	device.scope[0] = b;
	device.scope_count = 1;
	device.scope_version++;
	assert_ok(store_device_put(w->writer, &device, &w->err));
	assert_int_equal(devices_in(w, a), 0);
	assert_true(reach(w, 7, b).all);
}

TEST(a_device_that_never_had_villages_shows_up_where_the_one_it_continues_did)
{
	struct world *w = *state;
	struct region scope = {VILLAGE_A, VILLAGE_A};

	device_add(w, 3, &scope, 1);
	device_add(w, 7, NULL, 0);
	assert_int_equal(devices_in(w, scope), 2);
}

/* ---- codes and tokens ---- */

TEST(a_code_is_read_as_it_was_put_last)
{
	struct world *w = *state;
	struct region scope = {VILLAGE_A, VILLAGE_A};
	struct stored_code code = {.id = {1, 2, 3},
				   .expires_ms = 500,
				   .cadre = span_of_text("Ibu Siti"),
				   .scope = &scope,
				   .scope_count = 1};
	struct stored_code found;

	memset(code.secret_hash, 4, sizeof code.secret_hash);
	assert_ok(store_code_put(w->writer, &code, &w->err));
	code.failures = 2;
	code.device = 77;
	memset(code.device_key, 5, sizeof code.device_key);
	assert_ok(store_code_put(w->writer, &code, &w->err));
	assert_ok(store_code(w->reader, code.id, &w->arena, &found, &w->err));
	assert_true(span_equal(found.cadre, code.cadre));
	assert_int_equal(found.scope_count, 1);
	assert_memory_equal(found.scope, &scope, sizeof scope);
	found.cadre = code.cadre;
	found.scope = code.scope;
	assert_memory_equal(&found, &code, sizeof code);
	code.id[0] = 9;
	assert_int_equal(store_code(w->reader, code.id, &w->arena, &found, &w->err),
			 STATUS_NOT_FOUND);
}

TEST(a_token_is_found_by_its_hash)
{
	struct world *w = *state;
	struct token token = {.hash = {7},
			      .user = 12,
			      .role = ROLE_SUPERVISOR,
			      .scope = {VILLAGE_A, VILLAGE_B},
			      .name = span_of_text("Pak Budi"),
			      .expires_ms = 9};
	struct token found;

	assert_ok(store_token_add(w->writer, &token, &w->err));
	assert_int_equal(store_token_add(w->writer, &token, &w->err), STATUS_EXISTS);
	assert_ok(store_token(w->reader, token.hash, &w->arena, &found, &w->err));
	assert_true(span_equal(found.name, token.name));
	found.name = token.name;
	assert_memory_equal(&found, &token, sizeof token);
	token.hash[0] = 8;
	assert_int_equal(store_token(w->reader, token.hash, &w->arena, &found, &w->err),
			 STATUS_NOT_FOUND);
}

/* ---- quarantine ---- */

static void
quarantine(struct world *w, uint64_t seq, uint32_t stream, uint32_t n, uint64_t record)
{
	const struct quarantined row = {.seq = seq,
					.stream = stream,
					.n = n,
					.record = record,
					.village = VILLAGE_A,
					.reason = QUARANTINE_INVALID};

	assert_ok(store_quarantine_add(w->writer, &row, &w->err));
}

static bool
held(struct world *w, uint64_t record)
{
	bool is_held = false;

	assert_ok(store_quarantine_holds(w->reader, record, &is_held, &w->err));
	return is_held;
}

TEST(only_a_quarantined_creation_holds_a_record)
{
	struct world *w = *state;

	quarantine(w, 1, 5, 1, id_make(5, 1));
	quarantine(w, 2, 5, 2, id_make(4, 1));
	assert_true(held(w, id_make(5, 1)));
	assert_false(held(w, id_make(4, 1)));
	assert_false(held(w, id_make(5, 2)));
}

static size_t
awaiting(struct world *w, uint64_t record, size_t limit)
{
	struct buffer rows;
	size_t count;

	buffer_init(&rows, SIZE_MAX);
	assert_ok(store_quarantine_awaiting(w->reader, record, limit, &rows, &w->err));
	count = rows.length / sizeof(struct quarantined);
	buffer_finish(&rows);
	return count;
}

static size_t
news(struct world *w, uint64_t since)
{
	struct buffer rows;
	size_t count;

	buffer_init(&rows, SIZE_MAX);
	assert_ok(store_quarantine_news(w->reader, 5, since, 10, &rows, &w->err));
	count = rows.length / sizeof(struct quarantined);
	buffer_finish(&rows);
	return count;
}

TEST(what_lacks_a_record_is_found_by_it_until_it_is_settled)
{
	struct world *w = *state;
	struct quarantined row = {.seq = 3, .stream = 5, .n = 1, .awaits = id_make(4, 1)};
	bool some = true;

	quarantine(w, 1, 6, 1, id_make(6, 1));
	assert_ok(store_quarantine_awaits(w->reader, &some, &w->err));
	assert_false(some);
	assert_ok(store_quarantine_add(w->writer, &row, &w->err));
	row.seq = 4;
	row.n = 2;
	assert_ok(store_quarantine_add(w->writer, &row, &w->err));
	assert_ok(store_quarantine_awaits(w->reader, &some, &w->err));
	assert_true(some);
	assert_int_equal(awaiting(w, id_make(4, 1), 10), 2);
	assert_int_equal(awaiting(w, id_make(4, 1), 1), 1);
	assert_int_equal(awaiting(w, id_make(4, 2), 10), 0);
	assert_int_equal(awaiting(w, 0, 10), 0);
	row.settled = 9;
	row.released = true;
	assert_ok(store_quarantine_put(w->writer, &row, &w->err));
	assert_int_equal(awaiting(w, id_make(4, 1), 10), 1);
}

TEST(what_was_settled_is_news_after_it_and_held_no_more_once_released)
{
	struct world *w = *state;
	struct quarantined row = {0};

	quarantine(w, 1, 5, 1, id_make(5, 1));
	quarantine(w, 2, 5, 2, id_make(4, 1));
	assert_int_equal(store_quarantine_find(w->reader, 5, 9, &row, &w->err), STATUS_NOT_FOUND);
	assert_ok(store_quarantine_find(w->reader, 5, 1, &row, &w->err));
	assert_int_equal(news(w, 0), 0);
	row.settled = 7;
	assert_ok(store_quarantine_put(w->writer, &row, &w->err));
	assert_true(held(w, id_make(5, 1)));
	row.released = true;
	assert_ok(store_quarantine_put(w->writer, &row, &w->err));
	assert_false(held(w, id_make(5, 1)));
	assert_int_equal(news(w, 6), 1);
	assert_int_equal(news(w, 7), 0);
	assert_ok(store_quarantine_find(w->reader, 5, 1, &row, &w->err));
	assert_int_equal(row.settled, 7);
	assert_true(row.released);
}

static enum status
keep_quarantined(void *context, const struct quarantined *row, struct error *err)
{
	struct quarantined *last = context;

	(void)err;
	assert_true(row->seq > last->seq);
	*last = *row;
	return STATUS_OK;
}

TEST(quarantine_is_read_in_order_and_counted_by_stream)
{
	struct world *w = *state;
	struct quarantined last = {0};
	uint64_t count = 9;

	quarantine(w, 8, 5, 2, id_make(4, 1));
	quarantine(w, 3, 5, 1, id_make(5, 1));
	assert_ok(store_quarantine_read(w->reader, NULL, keep_quarantined, &last, &w->err));
	assert_int_equal(last.seq, 8);
	assert_int_equal(last.stream, 5);
	assert_int_equal(last.n, 2);
	assert_int_equal(last.record, id_make(4, 1));
	assert_int_equal(last.village, VILLAGE_A);
	assert_int_equal(last.reason, QUARANTINE_INVALID);
	assert_ok(store_quarantine_count(w->reader, 5, &count, &w->err));
	assert_int_equal(count, 2);
	last.seq = 0;
	assert_ok(store_quarantine_read(w->reader, &(struct region){VILLAGE_B, VILLAGE_C},
					keep_quarantined, &last, &w->err));
	assert_int_equal(last.seq, 0);
	assert_ok(store_quarantine_read(w->reader, &(struct region){VILLAGE_A, VILLAGE_B},
					keep_quarantined, &last, &w->err));
	assert_int_equal(last.seq, 8);
	assert_ok(store_quarantine_count(w->reader, 6, &count, &w->err));
	assert_int_equal(count, 0);
}

/* A change that does not decode is of no village. */
TEST(quarantine_without_a_village_is_in_no_scope_but_that_of_everything)
{
	struct world *w = *state;
	const struct quarantined row = {
		.seq = 3, .stream = 5, .n = 1, .reason = QUARANTINE_MALFORMED};
	struct quarantined last = {0};

	assert_ok(store_quarantine_add(w->writer, &row, &w->err));
	assert_ok(store_quarantine_read(w->reader, &(struct region){VILLAGE_A, VILLAGE_C},
					keep_quarantined, &last, &w->err));
	assert_int_equal(last.seq, 0);
	assert_ok(store_quarantine_read(w->reader, NULL, keep_quarantined, &last, &w->err));
	assert_int_equal(last.seq, 3);
}

/* ---- sessions ---- */

struct session_list {
	struct sync_session rows[4];
	size_t count;
};

static enum status
keep_session(void *context, const struct sync_session *row, struct error *err)
{
	struct session_list *list = context;

	(void)err;
	list->rows[list->count++] = *row;
	return STATUS_OK;
}

TEST(the_newest_sessions_are_read_newest_last)
{
	struct world *w = *state;
	struct sync_session rows[3] = {
		{.id = 1, .result = STATUS_OK},
		{.id = 2, .result = STATUS_FORK},
		{3, 1700000000000, 7, 2, 3000, 4000, 20, 19, 18, 17, 16, 15, STATUS_REVOKED},
	};
	struct session_list list = {.count = 0};
	uint64_t newest = 9;

	assert_ok(store_session_newest(w->reader, &newest, &w->err));
	assert_int_equal(newest, 0);
	assert_ok(store_sessions_write(w->writer, rows, 3, &w->err));
	assert_ok(store_session_newest(w->reader, &newest, &w->err));
	assert_int_equal(newest, 3);
	assert_ok(store_sessions_read(w->reader, &(struct session_query){.limit = 2}, keep_session,
				      &list, &w->err));
	assert_int_equal(list.count, 2);
	assert_int_equal(list.rows[0].id, 2);
	assert_int_equal(list.rows[0].result, STATUS_FORK);
	assert_memory_equal(&list.rows[1], &rows[2], offsetof(struct sync_session, result));
	assert_int_equal(list.rows[1].result, STATUS_REVOKED);
}

TEST(sessions_of_a_scope_are_those_of_its_devices)
{
	struct world *w = *state;
	struct region scope = {VILLAGE_A, VILLAGE_A};
	const struct region other = {VILLAGE_B, VILLAGE_B};
	const struct sync_session rows[] = {{.id = 1, .stream = 7},
					    {.id = 2, .stream = 0},
					    {.id = 3, .stream = 8},
					    {.id = 4, .stream = 8}};
	struct session_list list = {.count = 0};

	device_add(w, 7, &scope, 1);
	assert_ok(store_sessions_write(w->writer, rows, 4, &w->err));
	assert_ok(store_sessions_read(w->reader, &(struct session_query){&scope, 2}, keep_session,
				      &list, &w->err));
	assert_int_equal(list.count, 1);
	assert_int_equal(list.rows[0].id, 1);
	assert_ok(store_sessions_read(w->reader, &(struct session_query){&other, 4}, keep_session,
				      &list, &w->err));
	assert_int_equal(list.count, 1);
}

static enum status
keep_pulls(void *context, const struct pulls *pulls, struct error *err)
{
	(void)err;
	*(struct pulls *)context = *pulls;
	return STATUS_OK;
}

TEST(a_sync_that_failed_is_not_the_last_with_which_a_device_received_anything)
{
	struct world *w = *state;
	const struct sync_session rows[] = {
		{.id = 1, .time_ms = 100, .stream = 7, .pulled_to = 10, .result = STATUS_OK},
		{.id = 2, .time_ms = 200, .stream = 7, .pulled_to = 12, .result = STATUS_OK},
		{.id = 3, .time_ms = 300, .stream = 7, .pulled_to = 12, .result = STATUS_REVOKED}};
	struct pulls pulls = {0};

	assert_ok(store_sessions_write(w->writer, rows, 3, &w->err));
	assert_ok(store_pulls_read(w->reader, 0, keep_pulls, &pulls, &w->err));
	assert_int_equal(pulls.device, 7);
	assert_int_equal(pulls.count, 2);
	assert_int_equal(pulls.last_ms, 200);
	assert_int_equal(pulls.pulled_to, 12);
}

#define WITH(sentence) CASE_WITH(sentence, world_open, world_close)

RUN_TESTS(WITH(a_stream_is_read_as_it_was_added), WITH(a_stream_number_is_given_once),
	  WITH(a_stream_advances_number_and_chain_together),
	  WITH(a_stream_without_a_key_gets_one_once_and_is_nobodys_until_then),
	  WITH(a_device_has_its_stream_and_scope), WITH(a_user_stream_is_no_device),
	  WITH(a_device_put_again_has_the_new_scope_and_keeps_its_contact),
	  WITH(devices_are_read_in_order_of_their_numbers),
	  WITH(a_device_shows_up_where_it_has_villages_or_had_them_last),
	  WITH(a_device_that_never_had_villages_shows_up_where_the_one_it_continues_did),
	  WITH(sessions_of_a_scope_are_those_of_its_devices),
	  WITH(a_code_is_read_as_it_was_put_last), WITH(a_token_is_found_by_its_hash),
	  WITH(only_a_quarantined_creation_holds_a_record),
	  WITH(quarantine_is_read_in_order_and_counted_by_stream),
	  WITH(quarantine_without_a_village_is_in_no_scope_but_that_of_everything),
	  WITH(what_lacks_a_record_is_found_by_it_until_it_is_settled),
	  WITH(what_was_settled_is_news_after_it_and_held_no_more_once_released),
	  WITH(the_newest_sessions_are_read_newest_last),
	  WITH(a_sync_that_failed_is_not_the_last_with_which_a_device_received_anything))

/* SPDX-License-Identifier: Apache-2.0 */
/* Erasure at the server: what goes, what is left, and what comes too late. */
#include "daemon/ingest/workset.h"
#include "forged_device.h"
#include "tests/check/check_store.h"

#include <stdlib.h>

#define DEVICE struct forged *ani = *state

enum { MANY = 1050, LITTLE_ROOM = 2048 };
enum { VISIT_PERSON = 1, VISIT_DATE = 2 };

static struct value
text(const char *from)
{
	return value_text(span_of_text(from));
}

static enum status
erase_as(struct forged *forged, uint64_t record, const char *reason, const struct region *scope)
{
	struct ingest *ingest = forged->world->ingest;
	const struct erase_order order = {.record = record,
					  .reason = span_of_text(reason),
					  .scope = scope,
					  .scope_count = scope == NULL ? 0 : 1};
	struct erase_count count;
	enum status status;

	assert_ok(ingest_begin(ingest, &forged->err));
	status = ingest_erase(ingest, &order, &count, &forged->err);
	assert_ok(ingest_commit(ingest, NULL));
	return status;
}

static void
erase(struct forged *forged, uint64_t record)
{
	assert_ok(erase_as(forged, record, "request", NULL));
}

static struct log_row
entry_at(struct forged *forged, uint64_t seq)
{
	struct log_row row;

	assert_ok(store_log_entry(forged->world->store, seq, &forged->arena, &row, &forged->err));
	return row;
}

static bool
is_there(struct forged *forged, uint64_t id)
{
	struct stored_record row;

	assert_ok(store_records_place(forged->world->store, &id, 1, &row, &forged->err));
	return row.id != 0;
}

static void
assert_log_is_right(struct forged *forged)
{
	struct error err = {.status = STATUS_OK};

	if (check_store_database(forged->world->folder, &err) != STATUS_OK) {
		(void)fprintf(stderr, "%s\n", err.detail);
	}
	assert_int_equal(err.status, STATUS_OK);
}

static size_t
erased_in_reply(const struct forged *forged, uint64_t id)
{
	size_t found = 0;

	for (size_t i = 0; i < forged->reply.erased_count; i++) {
		found += forged->reply.erased[i] == id;
	}
	return found;
}

static uint32_t
exception_of(const struct forged *forged, uint32_t n)
{
	for (size_t i = 0; i < forged->reply.exception_count; i++) {
		if (forged->reply.exceptions[i].n == n) {
			return forged->reply.exceptions[i].kind;
		}
	}
	return 0;
}

TEST(entries_keep_headers_and_commitments_and_lose_what_they_said)
{
	DEVICE;
	uint64_t family = forged_family(ani, VILLAGE_A_NUMBER);
	uint64_t person = forged_person(ani, family);
	struct log_row before;
	struct log_row after;
	uint64_t seq;

	assert_ok(forged_sync(ani));
	seq = world_head(ani->world);
	before = entry_at(ani, seq);
	assert_int_equal(before.entry.record, person);
	erase(ani, family);
	after = entry_at(ani, seq);
	assert_null(after.payload.at);
	assert_memory_equal(&after.entry, &before.entry, sizeof after.entry);
	assert_false(is_there(ani, family));
	assert_false(is_there(ani, person));
	assert_int_equal(entry_at(ani, world_head(ani->world)).entry.kind, ENTRY_ERASURE);
	assert_int_equal(entry_at(ani, world_head(ani->world)).entry.record, family);
	assert_log_is_right(ani);
}

TEST(the_device_is_told_until_its_cursor_is_past_it)
{
	DEVICE;
	uint64_t family = forged_family(ani, VILLAGE_A_NUMBER);

	assert_ok(forged_sync(ani));
	assert_ok(forged_sync(ani));
	erase(ani, family);
	assert_ok(forged_sync(ani));
	assert_int_equal(erased_in_reply(ani, family), 1);
	assert_true(ani->world->ingest->erasure_waits);
	assert_ok(forged_sync(ani));
	assert_int_equal(ani->reply.erased_count, 0);
	world_restart_server(ani->world);
	assert_false(ani->world->ingest->erasure_waits);
}

static void
count_outstanding(struct forged *forged, uint64_t record, struct erase_count *out)
{
	const struct erase_order order = {.record = record, .reason = span_of_text("request")};

	assert_ok(ingest_begin(forged->world->ingest, &forged->err));
	assert_ok(ingest_erase(forged->world->ingest, &order, out, &forged->err));
	assert_ok(ingest_commit(forged->world->ingest, &forged->err));
}

TEST(a_device_that_had_destroyed_everything_before_is_not_waited_for)
{
	DEVICE;
	struct forged *budi = forged_another(ani->world, 7);
	struct erase_count count;
	uint64_t first;
	uint64_t second;

	forged_code(budi, "Budi", VILLAGE_A);
	assert_ok(forged_enrol(budi));
	first = forged_family(ani, VILLAGE_A_NUMBER);
	second = forged_family(ani, VILLAGE_A_NUMBER);
	assert_ok(forged_sync(ani));
	assert_ok(forged_sync(budi));
	count_outstanding(ani, first, &count);
	assert_int_equal(count.devices, 2);
	forged_head(budi);
	budi->head.programme |= PROGRAMME_DESTROYED;
	(void)forged_send(budi);
	count_outstanding(ani, second, &count);
	assert_int_equal(count.devices, 1);
	forged_finish(budi);
}

static enum status
count_waiting(void *context, uint32_t device, int64_t acked_ms, struct error *err)
{
	(void)device;
	(void)err;
	*(size_t *)context += acked_ms == 0;
	return STATUS_OK;
}

/* Devices that have not said yet that they destroyed it. */
static size_t
waiting_for(const struct forged *forged, uint64_t record)
{
	struct store *store = forged->world->store;
	uint64_t seq = 0;
	size_t count = 0;
	struct error err;

	assert_ok(store_erased_by(store, record, &seq, &err));
	assert_ok(store_erasure_devices(store, seq, count_waiting, &count, &err));
	return count;
}

TEST(many_ids_come_page_by_page_and_none_twice)
{
	DEVICE;
	uint64_t family = forged_family(ani, VILLAGE_A_NUMBER);
	size_t told = 0;
	size_t pages = 0;

	for (int i = 0; i < MANY; i++) {
		(void)forged_person(ani, family);
	}
	assert_ok(forged_sync(ani));
	assert_ok(forged_sync(ani));
	erase(ani, family);
	ani->room = LITTLE_ROOM;
	do {
		assert_ok(forged_sync(ani));
		assert_int_equal(waiting_for(ani, family), 1);
		told += ani->reply.erased_count;
		pages++;
		assert_true(pages < MANY);
	} while (ani->reply.more);
	assert_ok(forged_sync(ani)); /* it has the last page */
	assert_int_equal(waiting_for(ani, family), 0);
	assert_int_equal(told, MANY + 1);
	assert_true(pages > 1);
	assert_log_is_right(ani);
}

TEST(a_late_change_is_acknowledged_and_logged_without_its_words)
{
	DEVICE;
	uint64_t family = forged_family(ani, VILLAGE_A_NUMBER);
	struct log_row row;

	assert_ok(forged_sync(ani));
	erase(ani, family);
	forged_edit(ani, family, FAMILY, FAMILY_ADDRESS, text("Jl. Lambat"), 0, 1);
	assert_ok(forged_sync(ani));
	assert_int_equal(ani->reply.acked_n, 2);
	assert_int_equal(exception_of(ani, 2), EXCEPTION_ERASED);
	row = entry_at(ani, world_head(ani->world));
	assert_null(row.payload.at);
	assert_int_equal(row.entry.reason, QUARANTINE_ERASED);
	assert_int_equal(row.entry.record, family);
	assert_log_is_right(ani);
}

TEST(a_late_change_that_comes_twice_is_told_twice_and_logged_once)
{
	DEVICE;
	uint64_t family = forged_family(ani, VILLAGE_A_NUMBER);
	uint64_t head;

	assert_ok(forged_sync(ani));
	erase(ani, family);
	forged_edit(ani, family, FAMILY, FAMILY_ADDRESS, text("Jl. Lambat"), 0, 1);
	assert_ok(forged_sync(ani));
	head = world_head(ani->world);
	(void)forged_send_again(ani);
	assert_int_equal(exception_of(ani, 2), EXCEPTION_ERASED);
	assert_int_equal(world_head(ani->world), head);
}

TEST(a_late_child_of_an_erased_family_is_erased_with_its_own)
{
	DEVICE;
	uint64_t family = forged_family(ani, VILLAGE_A_NUMBER);
	uint64_t person;

	assert_ok(forged_sync(ani));
	erase(ani, family);
	person = forged_person(ani, family);
	assert_ok(forged_sync(ani));
	assert_int_equal(exception_of(ani, 2), EXCEPTION_ERASED);
	assert_false(is_there(ani, person));
	assert_log_is_right(ani);
}

TEST(a_value_that_does_not_fit_hides_no_words_of_an_erased_record)
{
	DEVICE;
	uint64_t family = forged_family(ani, VILLAGE_A_NUMBER);

	assert_ok(forged_sync(ani));
	erase(ani, family);
	forged_edit(ani, family, FAMILY, 9999, text("Rahasia"), 0, 1);
	assert_ok(forged_sync(ani));
	assert_int_equal(exception_of(ani, 2), EXCEPTION_ERASED);
	assert_null(entry_at(ani, world_head(ani->world)).payload.at);
}

TEST(what_refers_to_it_from_elsewhere_keeps_an_id_and_stays)
{
	DEVICE;
	uint64_t family = forged_family(ani, VILLAGE_A_NUMBER);
	uint64_t other = forged_family(ani, VILLAGE_A_NUMBER);

	assert_ok(forged_sync(ani));
	forged_edit(ani, other, FAMILY, TAG_SAME_AS, value_integer((int64_t)family),
		    world_head(ani->world), 2);
	assert_ok(forged_sync(ani));
	erase(ani, family);
	assert_true(is_there(ani, other));
	assert_int_equal(forged_stored(ani, other).id, other);
	assert_log_is_right(ani);
}

TEST(a_reason_in_free_words_is_refused_before_anything_is_touched)
{
	DEVICE;
	uint64_t family = forged_family(ani, VILLAGE_A_NUMBER);
	uint64_t head;

	assert_ok(forged_sync(ani));
	head = world_head(ani->world);
	assert_int_equal(erase_as(ani, family, "asked by Siti", NULL), STATUS_INVALID);
	assert_int_equal(erase_as(ani, family, "", NULL), STATUS_INVALID);
	assert_int_equal(world_head(ani->world), head);
	assert_true(is_there(ani, family));
}

TEST(beyond_the_scope_it_is_not_there_erased_or_not)
{
	DEVICE;
	const struct region elsewhere = {VILLAGE_B_NUMBER, VILLAGE_B_NUMBER};
	const struct region here = {VILLAGE_A_NUMBER, VILLAGE_A_NUMBER};
	uint64_t family = forged_family(ani, VILLAGE_A_NUMBER);

	assert_ok(forged_sync(ani));
	assert_int_equal(erase_as(ani, family, "request", &elsewhere), STATUS_NOT_FOUND);
	assert_ok(erase_as(ani, family, "request", &here));
	assert_int_equal(erase_as(ani, family, "request", &here), STATUS_NOT_FOUND);
	assert_int_equal(erase_as(ani, family, "request", NULL), STATUS_EXISTS);
}

TEST(what_only_waits_in_quarantine_can_be_erased)
{
	DEVICE;
	uint64_t family = forged_family(ani, VILLAGE_B_NUMBER);
	uint64_t person = forged_person(ani, family);
	uint64_t count = 99;

	assert_ok(forged_sync(ani));
	assert_int_equal(exception_of(ani, 1), EXCEPTION_QUARANTINED);
	erase(ani, family);
	assert_ok(store_quarantine_count(ani->world->store, ani->device, &count, &ani->err));
	assert_int_equal(count, 0);
	assert_ok(forged_sync(ani));
	assert_int_equal(exception_of(ani, 1), EXCEPTION_ERASED);
	assert_int_equal(exception_of(ani, 2), EXCEPTION_ERASED);
	assert_int_equal(erased_in_reply(ani, person), 1);
	assert_log_is_right(ani);
}

/* Each lacks the next one, so they stand in quarantine the wrong way round. */
TEST(what_hangs_on_it_in_quarantine_is_found_in_whatever_order_it_came)
{
	DEVICE;
	const uint64_t person = id_make(ani->device, 2);
	const uint64_t family = id_make(ani->device, 3);
	struct change_field fields[] = {{VISIT_PERSON, value_integer((int64_t)person)},
					{VISIT_DATE, value_integer(20000)}};
	struct change visit = forged_change(ani, VISIT, 0, fields, 2);
	uint64_t count = 99;

	forged_add(ani, &visit);
	assert_int_equal(forged_person(ani, family), person);
	assert_int_equal(forged_family(ani, VILLAGE_B_NUMBER), family);
	assert_ok(forged_sync(ani));
	assert_ok(store_quarantine_count(ani->world->store, ani->device, &count, &ani->err));
	assert_int_equal(count, 3);
	erase(ani, family);
	assert_ok(store_quarantine_count(ani->world->store, ani->device, &count, &ani->err));
	assert_int_equal(count, 0);
	assert_log_is_right(ani);
}

TEST(an_erased_change_in_quarantine_is_not_released)
{
	DEVICE;
	const struct quarantine_order order = {.device = ani->device, .n = 1};
	uint64_t family = forged_family(ani, VILLAGE_B_NUMBER);
	uint64_t count = 0;

	assert_ok(forged_sync(ani));
	erase(ani, family);
	assert_ok(ingest_begin(ani->world->ingest, &ani->err));
	assert_int_equal(ingest_release(ani->world->ingest, &order, &count, &ani->err),
			 STATUS_SET_ASIDE);
	assert_ok(ingest_commit(ani->world->ingest, &ani->err));
	assert_false(is_there(ani, family));
}

TEST(what_was_set_aside_released_and_erased_still_accounts_for_itself)
{
	DEVICE;
	const struct quarantine_order order = {.device = ani->device, .n = 1};
	uint64_t family = forged_family(ani, VILLAGE_B_NUMBER);
	uint64_t count = 0;

	assert_ok(forged_sync(ani));
	assert_ok(ingest_begin(ani->world->ingest, &ani->err));
	assert_ok(ingest_release(ani->world->ingest, &order, &count, &ani->err));
	assert_ok(ingest_commit(ani->world->ingest, &ani->err));
	assert_true(is_there(ani, family));
	erase(ani, family);
	assert_false(is_there(ani, family));
	assert_log_is_right(ani);
}

TEST(a_change_of_a_record_that_stays_goes_from_quarantine_if_it_would_hang_it_there)
{
	DEVICE;
	const struct region elsewhere[] = {{VILLAGE_B_NUMBER, VILLAGE_B_NUMBER}};
	uint64_t family = forged_family(ani, VILLAGE_A_NUMBER);
	uint64_t other = forged_family(ani, VILLAGE_A_NUMBER);
	uint64_t person = forged_person(ani, other);
	uint64_t seen;

	assert_ok(forged_sync(ani));
	seen = world_head(ani->world);
	assert_ok(ingest_begin(ani->world->ingest, &ani->err));
	assert_ok(ingest_device_scope(ani->world->ingest, ani->device, elsewhere, 1, 0, &ani->err));
	assert_ok(ingest_commit(ani->world->ingest, &ani->err));
	ani->scope_version = world_head(ani->world);
	forged_edit(ani, person, PERSON, PERSON_FAMILY, value_integer((int64_t)family), seen, 3);
	assert_ok(forged_sync(ani));
	assert_int_equal(exception_of(ani, 4), EXCEPTION_QUARANTINED);
	erase(ani, family);
	assert_true(is_there(ani, person));
	assert_log_is_right(ani);
}

TEST(a_stub_stands_where_the_change_stood_and_says_nothing)
{
	DEVICE;
	const uint64_t record = id_make(ani->device, 1);
	struct change_stub stub = {.n = 1, .record = record};
	struct buffer bytes;
	struct log_row row;

	memset(stub.commitment, 0x5a, sizeof stub.commitment);
	buffer_init(&bytes, CHANGE_BYTES_MAX);
	change_stub_encode(&stub, &bytes);
	forged_add_bytes(ani, bytes.at, bytes.length);
	forged_head(ani);
	chain_start(ani->public_key, ani->device, ani->head.h_last);
	chain_advance(ani->head.h_last, 1, stub.commitment);
	assert_ok(forged_send(ani));
	assert_int_equal(exception_of(ani, 1), EXCEPTION_ERASED);
	row = entry_at(ani, world_head(ani->world));
	assert_null(row.payload.at);
	assert_memory_equal(row.entry.commitment, stub.commitment, HASH_SIZE);
	assert_int_equal(row.entry.record, record);
	assert_log_is_right(ani);
	buffer_finish(&bytes);
}

TEST(ids_from_beside_the_database_are_erased_whether_they_are_there_or_not)
{
	DEVICE;
	uint64_t family = forged_family(ani, VILLAGE_A_NUMBER);
	uint64_t person = forged_person(ani, family);
	const uint64_t ids[] = {family, id_make(ani->device, 3), family};
	size_t count = 0;

	assert_ok(forged_sync(ani));
	assert_ok(ingest_begin(ani->world->ingest, &ani->err));
	assert_ok(ingest_erase_again(ani->world->ingest, ids, 3, &count, &ani->err));
	assert_ok(ingest_commit(ani->world->ingest, &ani->err));
	assert_int_equal(count, 3);
	assert_false(is_there(ani, person));
	(void)forged_family(ani, VILLAGE_A_NUMBER);
	assert_ok(forged_sync(ani));
	assert_int_equal(exception_of(ani, 3), EXCEPTION_ERASED);
	assert_ok(ingest_begin(ani->world->ingest, &ani->err));
	assert_ok(ingest_erase_again(ani->world->ingest, ids, 3, &count, &ani->err));
	assert_ok(ingest_commit(ani->world->ingest, &ani->err));
	assert_int_equal(count, 0);
	assert_log_is_right(ani);
}

#define IN_WORLD(sentence) CASE_WITH(sentence, forged_open, forged_close)

RUN_TESTS(IN_WORLD(entries_keep_headers_and_commitments_and_lose_what_they_said),
	  IN_WORLD(the_device_is_told_until_its_cursor_is_past_it),
	  IN_WORLD(a_device_that_had_destroyed_everything_before_is_not_waited_for),
	  IN_WORLD(many_ids_come_page_by_page_and_none_twice),
	  IN_WORLD(a_late_change_is_acknowledged_and_logged_without_its_words),
	  IN_WORLD(a_late_change_that_comes_twice_is_told_twice_and_logged_once),
	  IN_WORLD(a_late_child_of_an_erased_family_is_erased_with_its_own),
	  IN_WORLD(a_value_that_does_not_fit_hides_no_words_of_an_erased_record),
	  IN_WORLD(what_refers_to_it_from_elsewhere_keeps_an_id_and_stays),
	  IN_WORLD(a_reason_in_free_words_is_refused_before_anything_is_touched),
	  IN_WORLD(beyond_the_scope_it_is_not_there_erased_or_not),
	  IN_WORLD(what_only_waits_in_quarantine_can_be_erased),
	  IN_WORLD(what_hangs_on_it_in_quarantine_is_found_in_whatever_order_it_came),
	  IN_WORLD(an_erased_change_in_quarantine_is_not_released),
	  IN_WORLD(what_was_set_aside_released_and_erased_still_accounts_for_itself),
	  IN_WORLD(a_change_of_a_record_that_stays_goes_from_quarantine_if_it_would_hang_it_there),
	  IN_WORLD(a_stub_stands_where_the_change_stood_and_says_nothing),
	  IN_WORLD(ids_from_beside_the_database_are_erased_whether_they_are_there_or_not))

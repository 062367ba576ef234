/* SPDX-License-Identifier: Apache-2.0 */
/* The ways out of quarantine: an admin releases or closes a change, or what it lacked comes. */
#include "daemon/ingest/note.h"
#include "daemon/ingest/workset.h"
#include "forged_device.h"

#include <stdlib.h>

#define DEVICE struct forged *ani = *state

enum { FAR_BASE = 1000000, AT_ONCE = 1000, MANY = 1050 };

static enum status
release(struct forged *forged, uint32_t n, uint64_t *count_out)
{
	struct ingest *ingest = forged->world->ingest;
	const struct quarantine_order order = {.device = forged->device, .n = n};
	enum status status;

	assert_ok(ingest_begin(ingest, &forged->err));
	status = ingest_release(ingest, &order, count_out, &forged->err);
	assert_ok(ingest_commit(ingest, NULL));
	return status;
}

static void
assert_released(struct forged *forged, uint32_t n, uint64_t expected)
{
	uint64_t count = 0;

	assert_ok(release(forged, n, &count));
	assert_int_equal(count, expected);
}

static enum status
close_change(struct forged *forged, uint32_t n, const char *reason)
{
	struct ingest *ingest = forged->world->ingest;
	const struct quarantine_order order = {
		.device = forged->device, .n = n, .reason = span_of_text(reason)};
	enum status status;

	assert_ok(ingest_begin(ingest, &forged->err));
	status = ingest_quarantine_close(ingest, &order, &forged->err);
	assert_ok(ingest_commit(ingest, NULL));
	return status;
}

static void
revoke(struct forged *forged)
{
	struct ingest *ingest = forged->world->ingest;

	assert_ok(ingest_begin(ingest, &forged->err));
	assert_ok(ingest_device_revoke(ingest, forged->device, 0, &forged->err));
	assert_ok(ingest_commit(ingest, &forged->err));
}

static struct forged *
budi_of(struct forged *ani)
{
	struct forged *budi = forged_another(ani->world, 2);

	forged_code(budi, "Budi", VILLAGE_A);
	assert_ok(forged_enrol(budi));
	return budi;
}

static uint64_t
open_count(struct forged *forged)
{
	uint64_t count = 99;

	assert_ok(
		store_quarantine_count(forged->world->store, forged->device, &count, &forged->err));
	return count;
}

static struct log_row
last_entry(struct forged *forged)
{
	struct log_row row;

	assert_ok(store_log_entry(forged->world->store, world_head(forged->world), &forged->arena,
				  &row, &forged->err));
	return row;
}

static struct value
text(const char *from)
{
	return value_text(span_of_text(from));
}

static size_t
rivals(struct forged *forged, uint64_t record, int32_t tag)
{
	const struct record stored = forged_stored(forged, record);
	const struct record_field *field = record_field(&stored, tag);

	assert_non_null(field);
	return field->member_count;
}

static bool
contains(struct span bytes, const char *part)
{
	const size_t length = strlen(part);

	for (size_t i = 0; i + length <= bytes.length; i++) {
		if (memcmp(bytes.at + i, part, length) == 0) {
			return true;
		}
	}
	return false;
}

TEST(a_released_change_is_merged_by_an_entry_that_names_it)
{
	DEVICE;
	uint64_t family = forged_family(ani, VILLAGE_B_NUMBER);
	struct note_released note;
	struct record record;
	struct log_row entry;

	assert_ok(forged_sync(ani));
	assert_int_equal(open_count(ani), 1);
	assert_released(ani, 1, 1);
	assert_int_equal(open_count(ani), 0);
	record = forged_stored(ani, family);
	assert_int_equal(record.village, VILLAGE_B_NUMBER);
	assert_int_equal(record.version, world_head(ani->world));
	assert_int_equal(record.dots[0].seq, world_head(ani->world));
	assert_int_equal(record.dots[0].stream, ani->device);
	entry = last_entry(ani);
	assert_int_equal(entry.entry.kind, ENTRY_RELEASE);
	assert_int_equal(entry.entry.record, family);
	assert_int_equal(entry.entry.n, 0);
	assert_true(note_released_decode(entry.payload, &note));
	assert_int_equal(note.stream, ani->device);
	assert_int_equal(note.n, 1);
	assert_true(note.entry < entry.entry.seq);
}

TEST(what_joined_a_creation_follows_it_in_the_order_of_the_log)
{
	DEVICE;
	uint64_t family = forged_family(ani, VILLAGE_B_NUMBER);
	uint64_t person = forged_person(ani, family);

	forged_edit(ani, person, PERSON, PERSON_NAME, text("Uji Dua"), 1, 2);
	assert_ok(forged_sync(ani));
	assert_int_equal(open_count(ani), 3);
	assert_released(ani, 1, 3);
	assert_int_equal(open_count(ani), 0);
	assert_true(
		span_equal(forged_stored_text(ani, person, PERSON_NAME), span_of_text("Uji Dua")));
	assert_int_equal(forged_stored(ani, person).village, VILLAGE_B_NUMBER);
}

TEST(of_very_many_followers_a_thousand_go_at_once_and_the_rest_with_one_of_them)
{
	DEVICE;
	uint64_t family = forged_family(ani, VILLAGE_B_NUMBER);

	for (int i = 0; i < MANY; i++) {
		(void)forged_person(ani, family);
	}
	assert_ok(forged_sync(ani));
	assert_int_equal(open_count(ani), 1 + MANY);
	assert_released(ani, 1, 1 + AT_ONCE);
	assert_int_equal(open_count(ani), MANY - AT_ONCE);
	assert_released(ani, 1 + MANY, MANY - AT_ONCE);
	assert_int_equal(open_count(ani), 0);
}

TEST(a_released_edit_stands_against_what_came_meanwhile)
{
	DEVICE;
	struct forged *budi = budi_of(ani);
	uint64_t family = forged_family(ani, VILLAGE_A_NUMBER);
	uint64_t seen;

	assert_ok(forged_sync(ani));
	seen = world_head(ani->world);
	revoke(ani);
	forged_edit(ani, family, FAMILY, FAMILY_ADDRESS, text("Jl. Ani"), seen, 1);
	assert_int_equal(forged_sync(ani), STATUS_REVOKED);
	forged_edit(budi, family, FAMILY, FAMILY_ADDRESS, text("Jl. Budi"), seen, 0);
	assert_ok(forged_sync(budi));
	assert_released(ani, 2, 1);
	assert_int_equal(rivals(ani, family, FAMILY_ADDRESS), 2);
	forged_finish(budi);
}

TEST(a_base_that_lies_hides_nothing_that_came_while_the_change_lay_aside)
{
	DEVICE;
	struct forged *budi = budi_of(ani);
	uint64_t family = forged_family(ani, VILLAGE_A_NUMBER);

	assert_ok(forged_sync(ani));
	revoke(ani);
	forged_edit(ani, family, FAMILY, FAMILY_ADDRESS, text("Jl. Ani"), FAR_BASE, 1);
	assert_int_equal(forged_sync(ani), STATUS_REVOKED);
	forged_edit(budi, family, FAMILY, FAMILY_ADDRESS, text("Jl. Budi"), 1, 0);
	assert_ok(forged_sync(budi));
	assert_released(ani, 2, 1);
	assert_int_equal(rivals(ani, family, FAMILY_ADDRESS), 2);
	forged_finish(budi);
}

TEST(an_edit_that_came_before_its_record_is_merged_when_the_record_comes)
{
	DEVICE;
	struct forged *budi = budi_of(ani);
	uint64_t family = id_make(budi->device, 1);
	struct log_row entry;

	forged_edit(ani, family, FAMILY, FAMILY_ADDRESS, text("Jl. Ani"), 1, 0);
	(void)forged_person(ani, family);
	assert_ok(forged_sync(ani));
	assert_int_equal(open_count(ani), 2);
	(void)forged_family(budi, VILLAGE_A_NUMBER);
	assert_ok(forged_sync(budi));
	assert_int_equal(open_count(ani), 0);
	entry = last_entry(ani);
	assert_int_equal(entry.entry.kind, ENTRY_RELEASE);
	assert_int_equal(entry.entry.user, 0);
	assert_true(span_equal(forged_stored_text(ani, family, FAMILY_ADDRESS),
			       span_of_text("Jl. Ani")));
	forged_finish(budi);
}

TEST(what_follows_by_itself_is_not_pardoned)
{
	DEVICE;
	struct forged *budi = budi_of(ani);
	uint64_t family = id_make(budi->device, 1);
	struct quarantined row;

	forged_edit(ani, family, FAMILY, FAMILY_ADDRESS, text("Jl. Ani"), 1, 0);
	assert_ok(forged_sync(ani));
	revoke(ani);
	(void)forged_family(budi, VILLAGE_A_NUMBER);
	assert_ok(forged_sync(budi));
	assert_int_equal(open_count(ani), 1);
	assert_ok(store_quarantine_find(ani->world->store, ani->device, 1, &row, &ani->err));
	assert_int_equal(row.reason, QUARANTINE_REVOKED);
	assert_int_equal(row.awaits, 0);
	assert_released(ani, 1, 1);
	forged_finish(budi);
}

TEST(the_author_is_told_and_gets_the_record_whole_once)
{
	DEVICE;
	struct forged *budi = budi_of(ani);
	uint64_t family = id_make(budi->device, 1);
	struct record record;

	forged_edit(ani, family, FAMILY, FAMILY_ADDRESS, text("Jl. Ani"), 1, 0);
	assert_ok(forged_sync(ani));
	(void)forged_family(budi, VILLAGE_A_NUMBER);
	assert_ok(forged_sync(budi));
	assert_int_equal(budi->reply.exception_count, 0);
	assert_ok(forged_sync(ani));
	assert_int_equal(ani->reply.exception_count, 1);
	assert_int_equal(ani->reply.exceptions[0].n, 1);
	assert_int_equal(ani->reply.exceptions[0].kind, EXCEPTION_RELEASED);
	assert_true(forged_record(ani, family, &record));
	assert_non_null(record_field(&record, FAMILY_ADDRESS));
	assert_ok(forged_sync(ani));
	assert_int_equal(ani->reply.exception_count, 0);
	assert_int_equal(ani->reply.record_count, 0);
	forged_finish(budi);
}

TEST(a_change_sent_again_after_its_release_is_told_so)
{
	DEVICE;

	(void)forged_family(ani, VILLAGE_B_NUMBER);
	assert_ok(forged_sync(ani));
	assert_released(ani, 1, 1);
	assert_ok(forged_send_again(ani));
	assert_int_equal(ani->reply.exception_count, 1);
	assert_int_equal(ani->reply.exceptions[0].kind, EXCEPTION_RELEASED);
}

TEST(what_cannot_be_merged_is_refused_with_the_reason_and_nothing_is_logged)
{
	DEVICE;
	uint64_t head;
	uint64_t count = 0;

	forged_add_bytes(ani, "\xa1\x01\x01", 3);
	forged_edit(ani, id_make(12345, 6), FAMILY, FAMILY_HEAD, text("A"), 1, 0);
	assert_ok(forged_sync(ani));
	head = world_head(ani->world);
	assert_int_equal(release(ani, 1, &count), STATUS_SET_ASIDE);
	assert_non_null(strstr(ani->err.detail, quarantine_why(QUARANTINE_MALFORMED)));
	assert_int_equal(release(ani, 2, &count), STATUS_SET_ASIDE);
	assert_non_null(strstr(ani->err.detail, quarantine_next(QUARANTINE_UNKNOWN_RECORD)));
	assert_int_equal(world_head(ani->world), head);
	assert_int_equal(open_count(ani), 2);
}

TEST(nothing_is_released_twice)
{
	DEVICE;
	uint64_t count = 0;

	(void)forged_family(ani, VILLAGE_B_NUMBER);
	assert_ok(forged_sync(ani));
	assert_int_equal(release(ani, 7, &count), STATUS_NOT_FOUND);
	assert_released(ani, 1, 1);
	assert_int_equal(release(ani, 1, &count), STATUS_EXISTS);
	assert_int_equal(close_change(ani, 1, "terlambat"), STATUS_EXISTS);
}

TEST(a_closed_change_leaves_the_list_stays_in_the_log_and_its_author_is_told)
{
	DEVICE;
	struct log_row entry;

	(void)forged_family(ani, VILLAGE_B_NUMBER);
	assert_ok(forged_sync(ani));
	assert_int_equal(close_change(ani, 1, ""), STATUS_INVALID);
	assert_ok(close_change(ani, 1, "dicatat ulang"));
	assert_int_equal(open_count(ani), 0);
	entry = last_entry(ani);
	assert_int_equal(entry.entry.kind, ENTRY_ADMIN);
	assert_int_equal(entry.entry.record, id_make(ani->device, 1));
	assert_true(contains(entry.payload, "dicatat ulang"));
	assert_int_equal(close_change(ani, 1, "dua kali"), STATUS_EXISTS);
	assert_ok(forged_sync(ani));
	assert_int_equal(ani->reply.exception_count, 1);
	assert_int_equal(ani->reply.exceptions[0].kind, EXCEPTION_CLOSED);
}

TEST(a_closed_change_may_be_released_later)
{
	DEVICE;
	uint64_t family = forged_family(ani, VILLAGE_B_NUMBER);

	assert_ok(forged_sync(ani));
	assert_ok(close_change(ani, 1, "keliru"));
	assert_released(ani, 1, 1);
	assert_int_equal(forged_stored(ani, family).dot_count, 1);
}

TEST(an_admin_of_other_villages_releases_nothing)
{
	DEVICE;
	static const struct region other = {6303082001, 6303082001};
	const struct quarantine_order order = {
		.device = ani->device, .n = 1, .scope = &other, .scope_count = 1};
	uint64_t count;

	(void)forged_family(ani, VILLAGE_B_NUMBER);
	assert_ok(forged_sync(ani));
	assert_ok(ingest_begin(ani->world->ingest, &ani->err));
	assert_int_equal(ingest_release(ani->world->ingest, &order, &count, &ani->err),
			 STATUS_NOT_FOUND);
	assert_ok(ingest_commit(ani->world->ingest, &ani->err));
	assert_int_equal(open_count(ani), 1);
}

/* ---- what waiting costs the others ---- */

/* Memory that the writer's batch takes for the next request. */
static size_t
batch_bytes(struct forged *forged)
{
	struct ingest *ingest = forged->world->ingest;
	struct parcel *parcel = calloc(1, sizeof *parcel);
	size_t bytes;

	assert_non_null(parcel);
	parcel_init(parcel);
	forged_head(forged);
	forged_seal(forged);
	ingest_open(parcel, forged->world->reader, &forged->world->keys,
		    buffer_span(&forged->parcel));
	assert_ok(ingest_begin(ingest, &forged->err));
	assert_ok(ingest_parcel(ingest, parcel, &forged->err));
	assert_int_equal(parcel->status, STATUS_OK);
	bytes = ingest->work.arena.total;
	assert_ok(ingest_commit(ingest, &forged->err));
	parcel_finish(parcel);
	free(parcel);
	return bytes;
}

TEST(a_change_that_waits_for_ever_makes_nobodys_batch_larger)
{
	DEVICE;
	struct forged *budi = budi_of(ani);
	size_t before;

	for (int i = 0; i < AT_ONCE; i++) {
		(void)forged_family(budi, VILLAGE_A_NUMBER);
	}
	before = batch_bytes(budi);
	forged_edit(ani, id_make(budi->device, 4711), FAMILY, FAMILY_ADDRESS, text("Jl. Ani"), 1,
		    0);
	assert_ok(forged_sync(ani));
	forged_drop(budi);
	budi->acked_n = AT_ONCE;
	memcpy(budi->chain, budi->head.h_last, HASH_SIZE);
	for (int i = 0; i < AT_ONCE; i++) {
		(void)forged_family(budi, VILLAGE_A_NUMBER);
	}
	assert_true(batch_bytes(budi) < 2 * before);
	forged_finish(budi);
}

TEST(edits_that_come_before_each_of_very_many_records_fit_into_one_batch)
{
	DEVICE;
	const uint32_t count = AT_ONCE / 2;

	for (uint32_t i = 1; i <= count; i++) {
		forged_edit(ani, id_make(ani->device, count + i), FAMILY, FAMILY_ADDRESS,
			    text("Jl. Ani"), 1, 0);
	}
	for (uint32_t i = 0; i < count; i++) {
		(void)forged_family(ani, VILLAGE_A_NUMBER);
	}
	assert_true(batch_bytes(ani) < (size_t)16 * 1024 * 1024);
	assert_int_equal(open_count(ani), 0);
}

#define FORGED(sentence) CASE_WITH(sentence, forged_open, forged_close)

RUN_TESTS(FORGED(a_released_change_is_merged_by_an_entry_that_names_it),
	  FORGED(what_joined_a_creation_follows_it_in_the_order_of_the_log),
	  FORGED(of_very_many_followers_a_thousand_go_at_once_and_the_rest_with_one_of_them),
	  FORGED(a_released_edit_stands_against_what_came_meanwhile),
	  FORGED(a_base_that_lies_hides_nothing_that_came_while_the_change_lay_aside),
	  FORGED(an_edit_that_came_before_its_record_is_merged_when_the_record_comes),
	  FORGED(what_follows_by_itself_is_not_pardoned),
	  FORGED(the_author_is_told_and_gets_the_record_whole_once),
	  FORGED(a_change_sent_again_after_its_release_is_told_so),
	  FORGED(what_cannot_be_merged_is_refused_with_the_reason_and_nothing_is_logged),
	  FORGED(nothing_is_released_twice),
	  FORGED(a_closed_change_leaves_the_list_stays_in_the_log_and_its_author_is_told),
	  FORGED(a_closed_change_may_be_released_later),
	  FORGED(an_admin_of_other_villages_releases_nothing),
	  FORGED(a_change_that_waits_for_ever_makes_nobodys_batch_larger),
	  FORGED(edits_that_come_before_each_of_very_many_records_fit_into_one_batch))

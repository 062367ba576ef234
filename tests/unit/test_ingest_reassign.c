/* SPDX-License-Identifier: Apache-2.0 */
/* What was set aside is given to the record that it belongs to. */
#include "daemon/ingest/note.h"
#include "daemon/ingest/workset.h"
#include "forged_device.h"

#define DEVICE struct forged *ani = *state

enum { NOWHERE_DEVICE = 12345, REASON_TOO_LONG = 501, PERSON_MOTHER = 8 };

static uint32_t
admin_of(struct forged *forged)
{
	struct token token;

	assert_ok(token_find(forged->world->store, "sbt_test", 0, &forged->arena, &token,
			     &forged->err));
	return token.user;
}

static enum status
reassign_as(struct forged *forged, struct quarantine_order order, uint64_t *count_out)
{
	struct ingest *ingest = forged->world->ingest;
	enum status status;

	order.device = forged->device;
	order.user = admin_of(forged);
	assert_ok(ingest_begin(ingest, &forged->err));
	status = ingest_reassign(ingest, &order, count_out, &forged->err);
	assert_ok(ingest_commit(ingest, NULL));
	return status;
}

static enum status
reassign(struct forged *forged, uint32_t n, uint64_t to)
{
	uint64_t count;

	return reassign_as(
		forged,
		(struct quarantine_order){.n = n, .to = to, .reason = span_of_text("keliru")},
		&count);
}

static void
assert_reassigned(struct forged *forged, uint32_t n, uint64_t to, uint64_t expected)
{
	uint64_t count = 0;

	assert_ok(reassign_as(forged, (struct quarantine_order){.n = n, .to = to}, &count));
	assert_int_equal(count, expected);
}

static enum status
release(struct forged *forged, uint32_t n)
{
	struct ingest *ingest = forged->world->ingest;
	const struct quarantine_order order = {.device = forged->device, .n = n};
	uint64_t count;
	enum status status;

	assert_ok(ingest_begin(ingest, &forged->err));
	status = ingest_release(ingest, &order, &count, &forged->err);
	assert_ok(ingest_commit(ingest, NULL));
	return status;
}

static enum status
close_as(struct forged *forged, uint32_t n, const struct region *scope)
{
	struct ingest *ingest = forged->world->ingest;
	const struct quarantine_order order = {.device = forged->device,
					       .n = n,
					       .reason = span_of_text("keliru"),
					       .scope = scope,
					       .scope_count = scope != NULL};
	enum status status;

	assert_ok(ingest_begin(ingest, &forged->err));
	status = ingest_quarantine_close(ingest, &order, &forged->err);
	assert_ok(ingest_commit(ingest, NULL));
	return status;
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
entry_at(struct forged *forged, uint64_t seq)
{
	struct log_row row;

	assert_ok(store_log_entry(forged->world->store, seq, &forged->arena, &row, &forged->err));
	return row;
}

static struct value
text(const char *from)
{
	return value_text(span_of_text(from));
}

/* As many as there are; 0: the record has no such field. */
static size_t
rivals(struct forged *forged, uint64_t record, int32_t tag)
{
	const struct record stored = forged_stored(forged, record);
	const struct record_field *field = record_field(&stored, tag);

	return field == NULL ? 0 : field->member_count;
}

static bool
exists(struct forged *forged, uint64_t id)
{
	struct ingest *ingest = forged->world->ingest;
	struct slot *slot;
	bool found;

	assert_ok(ingest_begin(ingest, &forged->err));
	assert_ok(workset_place(ingest, id, &slot, &forged->err));
	found = slot->exists;
	ingest_rollback(ingest);
	return found;
}

static uint64_t
parent_of(struct forged *forged, uint64_t id)
{
	struct ingest *ingest = forged->world->ingest;
	struct slot *slot;
	uint64_t parent;

	assert_ok(ingest_begin(ingest, &forged->err));
	assert_ok(workset_place(ingest, id, &slot, &forged->err));
	assert_true(slot->exists);
	parent = slot->row.parent;
	ingest_rollback(ingest);
	return parent;
}

/* A family of Ani's, and an edit of the address of one that nobody knows; both are sent. Change 2
 * is set aside. */
static uint64_t
family_and_stray_edit(struct forged *ani)
{
	uint64_t family = forged_family(ani, VILLAGE_A_NUMBER);

	forged_edit(ani, id_make(NOWHERE_DEVICE, 6), FAMILY, FAMILY_ADDRESS, text("Jl. Ani"), 1, 0);
	assert_ok(forged_sync(ani));
	assert_int_equal(open_count(ani), 1);
	return family;
}

TEST(an_edit_of_an_unknown_record_is_written_to_the_one_that_the_admin_names)
{
	DEVICE;
	uint64_t family = family_and_stray_edit(ani);

	assert_reassigned(ani, 2, family, 1);
	assert_int_equal(open_count(ani), 0);
	assert_true(span_equal(forged_stored_text(ani, family, FAMILY_ADDRESS),
			       span_of_text("Jl. Ani")));
}

TEST(the_log_says_who_gave_whose_words_from_where_to_where_and_why)
{
	DEVICE;
	uint64_t family = family_and_stray_edit(ani);
	uint64_t head = world_head(ani->world);
	struct log_row row;
	struct change change;
	struct note note;

	assert_ok(reassign(ani, 2, family));
	assert_int_equal(world_head(ani->world), head + 2);
	row = entry_at(ani, head + 1);
	assert_int_equal(row.entry.kind, ENTRY_CHANGE);
	assert_int_equal(row.entry.user, admin_of(ani));
	assert_int_equal(row.entry.stream, admin_of(ani));
	assert_int_equal(row.entry.record, family);
	assert_ok(change_decode(row.payload, true, &ani->arena, &change, &ani->err));
	assert_int_equal(change.kind, CHANGE_GIVEN);
	assert_int_equal(change.was_stream, ani->device);
	assert_int_equal(change.was_n, 2);
	assert_int_equal(change.time, FORGED_TIME);
	row = entry_at(ani, head + 2);
	assert_int_equal(row.entry.kind, ENTRY_ADMIN);
	assert_int_equal(row.entry.user, admin_of(ani));
	assert_true(note_decode(row.payload, &ani->arena, &note));
	assert_string_equal(note.action, "reassign");
	assert_int_equal(note.stream, ani->device);
	assert_int_equal(note.n, 2);
	assert_int_equal(note.from, id_make(NOWHERE_DEVICE, 6));
	assert_int_equal(note.to, family);
	assert_true(span_equal(note.reason, span_of_text("keliru")));
}

TEST(what_stands_in_the_record_is_never_replaced)
{
	DEVICE;
	uint64_t family = forged_family(ani, VILLAGE_A_NUMBER);

	forged_edit(ani, family, FAMILY, FAMILY_ADDRESS, text("Jl. Lama"), 1, 1);
	forged_edit(ani, id_make(NOWHERE_DEVICE, 6), FAMILY, FAMILY_ADDRESS, text("Jl. Ani"), 1000,
		    2);
	assert_ok(forged_sync(ani));
	assert_reassigned(ani, 3, family, 1);
	assert_int_equal(rivals(ani, family, FAMILY_ADDRESS), 2);
}

/* Her number 3 is beyond 2, but no form of hers had shown in this record what 2 said. */
TEST(a_later_change_of_the_author_hides_nothing_that_was_given)
{
	DEVICE;
	uint64_t family = family_and_stray_edit(ani);

	assert_reassigned(ani, 2, family, 1);
	forged_edit(ani, family, FAMILY, FAMILY_ADDRESS, text("Jl. Baru"), 1, 2);
	assert_ok(forged_sync(ani));
	assert_int_equal(rivals(ani, family, FAMILY_ADDRESS), 2);
}

TEST(who_saw_what_was_given_replaces_it)
{
	DEVICE;
	uint64_t family = family_and_stray_edit(ani);

	assert_reassigned(ani, 2, family, 1);
	forged_edit(ani, family, FAMILY, FAMILY_ADDRESS, text("Jl. Baru"), world_head(ani->world),
		    2);
	assert_ok(forged_sync(ani));
	assert_int_equal(rivals(ani, family, FAMILY_ADDRESS), 1);
}

TEST(a_person_of_an_unknown_family_is_made_below_the_one_that_the_admin_names)
{
	DEVICE;
	uint64_t family = forged_family(ani, VILLAGE_A_NUMBER);
	uint64_t person = forged_person(ani, id_make(NOWHERE_DEVICE, 6));

	assert_ok(forged_sync(ani));
	assert_int_equal(open_count(ani), 1);
	assert_reassigned(ani, 2, family, 1);
	assert_int_equal(open_count(ani), 0);
	assert_int_equal(parent_of(ani, person), family);
	assert_int_equal(forged_stored(ani, person).village, VILLAGE_A_NUMBER);
	assert_true(
		span_equal(forged_stored_text(ani, person, PERSON_NAME), span_of_text("Anak Uji")));
}

TEST(what_waits_for_a_creation_follows_it)
{
	DEVICE;
	uint64_t family = forged_family(ani, VILLAGE_A_NUMBER);
	uint64_t person = forged_person(ani, id_make(NOWHERE_DEVICE, 6));

	forged_edit(ani, person, PERSON, PERSON_NAME, text("Uji Dua"), 1, 2);
	assert_ok(forged_sync(ani));
	assert_int_equal(open_count(ani), 2);
	assert_reassigned(ani, 2, family, 2);
	assert_int_equal(open_count(ani), 0);
	assert_int_equal(rivals(ani, person, PERSON_NAME), 2);
}

TEST(a_family_recorded_twice_becomes_one_and_its_people_come_with_it)
{
	DEVICE;
	uint64_t family = forged_family(ani, VILLAGE_A_NUMBER);
	uint64_t twice = forged_family(ani, VILLAGE_B_NUMBER);
	uint64_t person = forged_person(ani, twice);

	assert_ok(forged_sync(ani));
	assert_int_equal(open_count(ani), 2);
	assert_reassigned(ani, 2, family, 2);
	assert_int_equal(open_count(ani), 0);
	assert_false(exists(ani, twice));
	assert_int_equal(parent_of(ani, person), family);
	/* The same head, said twice; and where it is, is not asked. */
	assert_int_equal(rivals(ani, family, FAMILY_HEAD), 2);
	assert_int_equal(rivals(ani, family, TAG_VILLAGE), 1);
	assert_int_equal(forged_stored(ani, family).village, VILLAGE_A_NUMBER);
}

TEST(nothing_is_given_twice_nor_released_or_closed_then)
{
	DEVICE;
	uint64_t family = family_and_stray_edit(ani);
	uint64_t head;

	assert_reassigned(ani, 2, family, 1);
	head = world_head(ani->world);
	assert_int_equal(reassign(ani, 2, family), STATUS_EXISTS);
	assert_int_equal(close_as(ani, 2, NULL), STATUS_EXISTS);
	assert_int_not_equal(release(ani, 2), STATUS_OK);
	assert_int_equal(world_head(ani->world), head);
}

TEST(what_was_released_is_not_given_and_what_was_closed_may_be)
{
	DEVICE;
	uint64_t family = forged_family(ani, VILLAGE_A_NUMBER);
	uint64_t other = forged_family(ani, VILLAGE_B_NUMBER);

	(void)forged_person(ani, id_make(NOWHERE_DEVICE, 6));
	assert_ok(forged_sync(ani));
	assert_ok(release(ani, 2));
	assert_int_equal(reassign(ani, 2, family), STATUS_EXISTS);
	assert_ok(close_as(ani, 3, NULL));
	assert_reassigned(ani, 3, other, 1);
}

TEST(the_wrong_kind_of_record_is_refused_and_nothing_is_logged)
{
	DEVICE;
	uint64_t family = forged_family(ani, VILLAGE_A_NUMBER);
	uint64_t person = forged_person(ani, family);
	uint64_t head;

	forged_edit(ani, id_make(NOWHERE_DEVICE, 6), FAMILY, FAMILY_ADDRESS, text("Jl. Ani"), 1, 0);
	forged_add_bytes(ani, "\xa1\x01\x01", 3);
	assert_ok(forged_sync(ani));
	head = world_head(ani->world);
	assert_int_equal(reassign(ani, 3, person), STATUS_INVALID);
	assert_int_equal(reassign(ani, 4, family), STATUS_SET_ASIDE);
	assert_non_null(strstr(ani->err.detail, quarantine_why(QUARANTINE_MALFORMED)));
	assert_int_equal(reassign(ani, 3, id_make(NOWHERE_DEVICE, 7)), STATUS_NOT_FOUND);
	assert_int_equal(reassign(ani, 9, family), STATUS_NOT_FOUND);
	assert_int_equal(world_head(ani->world), head);
	assert_int_equal(open_count(ani), 2);
}

TEST(a_reason_of_more_than_500_bytes_is_refused)
{
	DEVICE;
	static char reason[REASON_TOO_LONG];
	uint64_t family = family_and_stray_edit(ani);
	uint64_t count;

	memset(reason, 'x', sizeof reason);
	assert_int_equal(
		reassign_as(ani,
			    (struct quarantine_order){
				    .n = 2, .to = family, .reason = span_of(reason, sizeof reason)},
			    &count),
		STATUS_INVALID);
}

/* ---- an admin of some villages ---- */

static const struct region village_a = {6303072001, 6303072001};
static const struct region village_b = {6303072002, 6303072002};

/* Budi of village B, and an edit of Ani's, of a family of hers there: set aside as out of scope. */
static uint64_t
edit_beyond(struct forged *ani, uint64_t *beyond_out)
{
	struct forged *budi = forged_another(ani->world, 2);
	uint64_t family = forged_family(ani, VILLAGE_A_NUMBER);

	forged_code(budi, "Budi", VILLAGE_B);
	assert_ok(forged_enrol(budi));
	*beyond_out = forged_family(budi, VILLAGE_B_NUMBER);
	assert_ok(forged_sync(budi));
	forged_edit(ani, *beyond_out, FAMILY, FAMILY_ADDRESS, text("Jl. Ani"), 100, 0);
	assert_ok(forged_sync(ani));
	assert_int_equal(open_count(ani), 1);
	forged_finish(budi);
	return family;
}

TEST(an_admin_of_some_villages_gives_only_what_lies_in_hers_and_only_into_hers)
{
	DEVICE;
	uint64_t beyond;
	uint64_t family = edit_beyond(ani, &beyond);
	uint64_t head = world_head(ani->world);
	struct quarantine_order order = {.n = 2, .to = family, .scope_count = 1};
	uint64_t count = 0;

	order.scope = &village_a;
	assert_int_equal(reassign_as(ani, order, &count), STATUS_NOT_FOUND);
	order.scope = &village_b;
	assert_int_equal(reassign_as(ani, order, &count), STATUS_NOT_FOUND);
	assert_int_equal(world_head(ani->world), head);
	assert_int_equal(open_count(ani), 1);
	assert_reassigned(ani, 2, family, 1);
}

TEST(an_admin_of_some_villages_gives_nothing_that_names_a_record_elsewhere_or_none)
{
	DEVICE;
	struct forged *budi = forged_another(ani->world, 2);
	const uint64_t mother = forged_person(ani, forged_family(ani, VILLAGE_A_NUMBER));
	struct quarantine_order order = {.scope = &village_b, .scope_count = 1};
	uint64_t count = 0;
	uint64_t child;

	forged_code(budi, "Budi", VILLAGE_B);
	assert_ok(forged_enrol(budi));
	child = forged_person(budi, forged_family(budi, VILLAGE_B_NUMBER));
	order.to = forged_person(budi, id_make(budi->device, 1));
	assert_ok(forged_sync(budi));
	forged_edit(ani, child, PERSON, PERSON_MOTHER, value_integer((int64_t)mother), 100, 0);
	forged_edit(ani, child, PERSON, PERSON_MOTHER,
		    value_integer((int64_t)id_make(NOWHERE_DEVICE, 1)), 100, 0);
	assert_ok(forged_sync(ani));
	assert_int_equal(open_count(ani), 2);
	for (order.n = 3; order.n <= 4; order.n++) {
		assert_int_equal(reassign_as(ani, order, &count), STATUS_NOT_FOUND);
		assert_non_null(strstr(ani->err.detail, "record "));
	}
	assert_int_equal(open_count(ani), 2);
	assert_reassigned(ani, 3, order.to, 1);
	forged_finish(budi);
}

TEST(an_admin_of_other_villages_closes_nothing)
{
	DEVICE;
	uint64_t beyond;

	(void)edit_beyond(ani, &beyond);
	assert_int_equal(close_as(ani, 2, &village_a), STATUS_NOT_FOUND);
	assert_int_equal(open_count(ani), 1);
	assert_ok(close_as(ani, 2, &village_b));
	assert_int_equal(open_count(ani), 0);
}

/* ---- its author, and the law ---- */

TEST(the_author_hears_that_it_is_settled_and_receives_the_record)
{
	DEVICE;
	uint64_t family = family_and_stray_edit(ani);
	struct record record;

	assert_reassigned(ani, 2, family, 1);
	assert_ok(forged_sync(ani));
	assert_int_equal(ani->reply.exception_count, 1);
	assert_int_equal(ani->reply.exceptions[0].n, 2);
	assert_int_equal(ani->reply.exceptions[0].kind, EXCEPTION_CLOSED);
	assert_true(forged_record(ani, family, &record));
	assert_non_null(record_field(&record, FAMILY_ADDRESS));
}

TEST(erasing_the_record_destroys_the_change_that_was_given_and_why)
{
	DEVICE;
	uint64_t family = family_and_stray_edit(ani);
	struct ingest *ingest = ani->world->ingest;
	struct erase_order order = {.record = family, .reason = span_of_text("request")};
	struct erase_count count;
	uint64_t given;

	assert_ok(reassign(ani, 2, family));
	given = world_head(ani->world);
	assert_ok(ingest_begin(ingest, &ani->err));
	assert_ok(ingest_erase(ingest, &order, &count, &ani->err));
	assert_ok(ingest_commit(ingest, &ani->err));
	assert_null(entry_at(ani, given).payload.at);
	assert_null(entry_at(ani, given - 1).payload.at);
	assert_null(entry_at(ani, given - 2).payload.at);
	assert_ok(forged_sync(ani));
	assert_int_equal(ani->reply.exception_count, 1);
	assert_int_equal(ani->reply.exceptions[0].kind, EXCEPTION_ERASED);
}

#define FORGED(sentence) CASE_WITH(sentence, forged_open, forged_close)

RUN_TESTS(FORGED(an_edit_of_an_unknown_record_is_written_to_the_one_that_the_admin_names),
	  FORGED(the_log_says_who_gave_whose_words_from_where_to_where_and_why),
	  FORGED(what_stands_in_the_record_is_never_replaced),
	  FORGED(a_later_change_of_the_author_hides_nothing_that_was_given),
	  FORGED(who_saw_what_was_given_replaces_it),
	  FORGED(a_person_of_an_unknown_family_is_made_below_the_one_that_the_admin_names),
	  FORGED(what_waits_for_a_creation_follows_it),
	  FORGED(a_family_recorded_twice_becomes_one_and_its_people_come_with_it),
	  FORGED(nothing_is_given_twice_nor_released_or_closed_then),
	  FORGED(what_was_released_is_not_given_and_what_was_closed_may_be),
	  FORGED(the_wrong_kind_of_record_is_refused_and_nothing_is_logged),
	  FORGED(a_reason_of_more_than_500_bytes_is_refused),
	  FORGED(an_admin_of_some_villages_gives_only_what_lies_in_hers_and_only_into_hers),
	  FORGED(an_admin_of_some_villages_gives_nothing_that_names_a_record_elsewhere_or_none),
	  FORGED(an_admin_of_other_villages_closes_nothing),
	  FORGED(the_author_hears_that_it_is_settled_and_receives_the_record),
	  FORGED(erasing_the_record_destroys_the_change_that_was_given_and_why))

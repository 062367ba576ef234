/* SPDX-License-Identifier: Apache-2.0 */
/* What one enrolled device cannot do to others, and what is not held against an honest one. */
#include "forged_device.h"

#define DEVICE struct forged *ani = *state

static void
assert_last_set_aside(const struct forged *forged, enum quarantine_reason reason)
{
	assert_int_equal(forged->reply.status, STATUS_OK);
	assert_int_equal(forged->reply.exception_count, 1);
	assert_int_equal(forged->reply.exceptions[0].kind, EXCEPTION_QUARANTINED);
	assert_int_equal(forged->reply.exceptions[0].reason, reason);
}

/* Another cadre in village B. */
static struct forged *
budi_in_b(struct forged *ani)
{
	struct forged *budi = forged_another(ani->world, 2);

	forged_code(budi, "Budi", VILLAGE_B);
	assert_ok(forged_enrol(budi));
	return budi;
}

/* An edit of the head, with what it says of its form twisted. */
static struct change
head_edit(const struct forged *forged, uint64_t family, struct change_field *field,
	  const char *name)
{
	struct change change;

	field->tag = FAMILY_HEAD;
	field->value = value_text(span_of_text(name));
	change = forged_change(forged, FAMILY, family, field, 1);
	change.base.epoch = forged->epoch;
	change.base.version = 1;
	return change;
}

TEST(own_that_names_the_devices_own_number_is_malformed_and_the_record_stays_readable)
{
	DEVICE;
	uint64_t family = forged_family(ani, VILLAGE_A_NUMBER);
	struct change_field field;
	struct change change;

	assert_ok(forged_sync(ani));
	change = head_edit(ani, family, &field, "Lain");
	change.own_stream = ani->device;
	change.own_n = CHANGE_N_MAX;
	forged_add(ani, &change);
	assert_ok(forged_sync(ani));
	assert_last_set_aside(ani, QUARANTINE_MALFORMED);
	assert_true(
		span_equal(forged_stored_text(ani, family, FAMILY_HEAD), span_of_text("Uji Coba")));
}

TEST(nobody_has_seen_what_another_stream_did_by_saying_so)
{
	DEVICE;
	struct forged *budi = forged_another(ani->world, 2);
	uint64_t family = forged_family(ani, VILLAGE_A_NUMBER);
	struct change_field field;
	struct change change;

	forged_code(budi, "Budi", VILLAGE_A);
	assert_ok(forged_enrol(budi));
	assert_ok(forged_sync(ani));
	change = head_edit(budi, family, &field, "Lain");
	change.own_stream = ani->device;
	change.own_n = CHANGE_N_MAX;
	forged_add(budi, &change);
	assert_ok(forged_sync(budi));
	assert_last_set_aside(budi, QUARANTINE_INVALID);
	forged_finish(budi);
}

TEST(family_of_another_village_cannot_be_taken_home)
{
	DEVICE;
	struct forged *budi = budi_in_b(ani);
	uint64_t family = forged_family(budi, VILLAGE_B_NUMBER);

	assert_ok(forged_sync(budi));
	forged_edit(ani, family, FAMILY, TAG_VILLAGE, value_integer(VILLAGE_A_NUMBER), 1, 0);
	assert_ok(forged_sync(ani));
	assert_last_set_aside(ani, QUARANTINE_OUT_OF_SCOPE);
	assert_int_equal(forged_stored(ani, family).village, VILLAGE_B_NUMBER);
	forged_finish(budi);
}

TEST(work_on_a_family_that_moved_away_before_the_sync_counts)
{
	DEVICE;
	struct forged *budi = forged_another(ani->world, 2);
	uint64_t family = forged_family(ani, VILLAGE_A_NUMBER);
	uint64_t person;
	uint64_t version;

	assert_ok(forged_sync(ani));
	version = forged_stored(ani, family).version;
	forged_code(budi, "Budi", VILLAGE_A);
	assert_ok(forged_enrol(budi));
	forged_edit(budi, family, FAMILY, TAG_VILLAGE, value_integer(VILLAGE_B_NUMBER), version, 0);
	assert_ok(forged_sync(budi));
	forged_edit(ani, family, FAMILY, FAMILY_ADDRESS, value_text(span_of_text("Jl. Ani")),
		    version, 1);
	person = forged_person(ani, family);
	assert_ok(forged_sync(ani));
	assert_int_equal(ani->reply.exception_count, 0);
	assert_true(span_equal(forged_stored_text(ani, family, FAMILY_ADDRESS),
			       span_of_text("Jl. Ani")));
	/* The person she recorded there is with the family now, and her phone lets both go. */
	assert_int_equal(forged_stored(ani, person).village, VILLAGE_B_NUMBER);
	assert_true(forged_evicted(ani, family));
	assert_true(forged_evicted(ani, person));
	forged_finish(budi);
}

TEST(village_that_is_emptied_is_set_aside_as_nobody_would_see_the_family_again)
{
	DEVICE;
	uint64_t family = forged_family(ani, VILLAGE_A_NUMBER);

	assert_ok(forged_sync(ani));
	forged_edit(ani, family, FAMILY, TAG_VILLAGE, value_empty(), 100, 1);
	assert_ok(forged_sync(ani));
	assert_last_set_aside(ani, QUARANTINE_INCOMPLETE);
	assert_int_equal(forged_stored(ani, family).village, VILLAGE_A_NUMBER);
}

TEST(reference_to_a_record_of_another_type_is_invalid)
{
	DEVICE;
	uint64_t family = forged_family(ani, VILLAGE_A_NUMBER);
	uint64_t person = forged_person(ani, family);

	assert_ok(forged_sync(ani));
	forged_edit(ani, person, PERSON, PERSON_FAMILY, value_integer((int64_t)person), 100, 2);
	assert_ok(forged_sync(ani));
	assert_last_set_aside(ani, QUARANTINE_INVALID);
}

TEST(base_from_the_future_hides_no_later_rival)
{
	DEVICE;
	struct forged *budi = forged_another(ani->world, 2);
	uint64_t family = forged_family(ani, VILLAGE_A_NUMBER);
	struct record record;

	assert_ok(forged_sync(ani));
	forged_code(budi, "Budi", VILLAGE_A);
	assert_ok(forged_enrol(budi));
	forged_edit(ani, family, FAMILY, TAG_ARCHIVED, value_text(span_of_text("pindah")),
		    INT64_MAX, 1);
	assert_ok(forged_sync(ani));
	forged_edit(budi, family, FAMILY, FAMILY_ADDRESS, value_text(span_of_text("Jl. B")), 1, 0);
	assert_ok(forged_sync(budi));
	record = forged_stored(ani, family);
	for (size_t i = 0; i < record.dot_count; i++) {
		assert_true(record.dots[i].base.version < record.dots[i].seq);
	}
	assert_int_equal(budi->reply.exception_count, 1);
	assert_int_equal(budi->reply.exceptions[0].kind, EXCEPTION_CONFLICT);
	forged_finish(budi);
}

static enum status
keep_session(void *context, const struct log_row *row, struct error *err)
{
	(void)err;
	*(uint64_t *)context = row->entry.session;
	return STATUS_OK;
}

static uint64_t
last_session_of_the_log(struct forged *forged)
{
	struct log_filter filter = {.since = world_head(forged->world) - 1, .limit = 1};
	uint64_t session = 0;

	assert_ok(store_log_read(forged->world->store, &filter, keep_session, &session,
				 &forged->err));
	return session;
}

/* The share opens the records of others; it is asked for by showing the certificate. */
TEST(a_revoked_device_gets_no_share_of_the_lease)
{
	DEVICE;
	struct ingest *ingest = ani->world->ingest;
	const struct span certificate = {arena_copy(&ani->arena, ani->enrolled.certificate.at,
						    ani->enrolled.certificate.length),
					 ani->enrolled.certificate.length};

	assert_true(certificate.length > 0);
	forged_head(ani);
	ani->head.certificate = certificate;
	assert_ok(forged_send(ani));
	assert_true(ani->reply.has_lease);
	assert_ok(ingest_begin(ingest, &ani->err));
	assert_ok(ingest_device_revoke(ingest, ani->device, 0, &ani->err));
	assert_ok(ingest_commit(ingest, &ani->err));
	forged_head(ani);
	ani->head.certificate = certificate;
	assert_int_equal(forged_send(ani), STATUS_REVOKED);
	assert_false(ani->reply.has_lease);
}

TEST(session_numbers_in_the_log_are_not_used_again_after_a_crash)
{
	DEVICE;
	uint64_t before;
	struct error err;

	(void)forged_family(ani, VILLAGE_A_NUMBER);
	assert_ok(forged_sync(ani));
	before = last_session_of_the_log(ani);
	assert_true(before > 0);
	/* The daemon dies before it has written the row of the session, and starts again. */
	ingest_free(ani->world->ingest);
	assert_ok(ingest_create(&(struct ingest_options){.store = ani->world->store,
							 .catalogue = ani->world->catalogue,
							 .keys = &ani->world->keys,
							 .platform = ani->world->platform},
				&ani->world->ingest, &err));
	(void)forged_family(ani, VILLAGE_A_NUMBER);
	assert_ok(forged_sync(ani));
	assert_true(last_session_of_the_log(ani) > before);
}

#define WITH(sentence) CASE_WITH(sentence, forged_open, forged_close)
RUN_TESTS(WITH(own_that_names_the_devices_own_number_is_malformed_and_the_record_stays_readable),
	  WITH(nobody_has_seen_what_another_stream_did_by_saying_so),
	  WITH(family_of_another_village_cannot_be_taken_home),
	  WITH(work_on_a_family_that_moved_away_before_the_sync_counts),
	  WITH(village_that_is_emptied_is_set_aside_as_nobody_would_see_the_family_again),
	  WITH(reference_to_a_record_of_another_type_is_invalid),
	  WITH(base_from_the_future_hides_no_later_rival),
	  WITH(a_revoked_device_gets_no_share_of_the_lease),
	  WITH(session_numbers_in_the_log_are_not_used_again_after_a_crash))

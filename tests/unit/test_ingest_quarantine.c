/* SPDX-License-Identifier: Apache-2.0 */
/* Which changes are set aside, why, and that nothing of them is lost. */
#include "forged_device.h"

#define DEVICE struct forged *ani = *state

/* The last exchange acknowledged everything and set aside exactly change n, for this reason. */
static void
assert_set_aside(const struct forged *forged, uint32_t n, enum quarantine_reason reason)
{
	assert_int_equal(forged->reply.status, STATUS_OK);
	assert_int_equal(forged->reply.acked_n, forged->acked_n);
	assert_int_equal(forged->reply.exception_count, 1);
	assert_int_equal(forged->reply.exceptions[0].n, n);
	assert_int_equal(forged->reply.exceptions[0].kind, EXCEPTION_QUARANTINED);
	assert_int_equal(forged->reply.exceptions[0].reason, reason);
}

struct listed {
	struct quarantined rows[8];
	size_t count;
};

static enum status
list_row(void *context, const struct quarantined *row, struct error *err)
{
	struct listed *listed = context;

	(void)err;
	if (listed->count < 8) {
		listed->rows[listed->count] = *row;
	}
	listed->count++;
	return STATUS_OK;
}

static struct listed
quarantine_of(struct forged *forged)
{
	struct listed listed = {.count = 0};

	assert_ok(
		store_quarantine_read(forged->world->store, NULL, list_row, &listed, &forged->err));
	return listed;
}

TEST(bytes_that_do_not_decode_are_kept_and_the_queue_goes_on)
{
	DEVICE;
	uint64_t family;

	forged_add_bytes(ani, "\xa1\x01\x01", 3);
	family = forged_family(ani, VILLAGE_A_NUMBER);
	assert_ok(forged_sync(ani));
	assert_int_equal(ani->acked_n, 2);
	assert_set_aside(ani, 1, QUARANTINE_MALFORMED);
	assert_int_equal(forged_stored(ani, family).dot_count, 1);
	assert_int_equal(quarantine_of(ani).count, 1);
}

TEST(change_that_claims_another_n_is_malformed)
{
	DEVICE;
	struct change_field field = {FAMILY_HEAD, value_text(span_of_text("Uji"))};
	struct change change = forged_change(ani, FAMILY, 0, &field, 1);

	change.n = 7;
	forged_add(ani, &change);
	assert_ok(forged_sync(ani));
	assert_set_aside(ani, 1, QUARANTINE_MALFORMED);
}

/* Sends a creation of a family twisted by one member, and expects it set aside. */
static void
assert_twisted(struct forged *ani, void (*twist)(struct change *change),
	       enum quarantine_reason reason)
{
	struct change_field fields[] = {
		{FAMILY_HEAD, value_text(span_of_text("Uji Coba"))},
		{TAG_VILLAGE, value_integer(VILLAGE_A_NUMBER)},
	};
	struct change change = forged_change(ani, FAMILY, 0, fields, 2);

	twist(&change);
	forged_add(ani, &change);
	assert_ok(forged_sync(ani));
	assert_set_aside(ani, change.n, reason);
}

static void
twist_type(struct change *change)
{
	change->type = 999;
}

TEST(change_of_a_type_that_the_schema_has_not_is_set_aside)
{
	assert_twisted(*state, twist_type, QUARANTINE_UNKNOWN_TYPE);
}

static void
twist_kind(struct change *change)
{
	change->kind = 1;
}

TEST(odd_kind_that_the_server_does_not_know_is_set_aside)
{
	assert_twisted(*state, twist_kind, QUARANTINE_UNKNOWN_KIND);
}

static void
twist_kind_even(struct change *change)
{
	change->kind = 100;
}

TEST(unknown_even_kind_merges_like_an_edit)
{
	DEVICE;
	struct change_field fields[] = {
		{FAMILY_HEAD, value_text(span_of_text("Uji Coba"))},
		{TAG_VILLAGE, value_integer(VILLAGE_A_NUMBER)},
	};
	struct change change = forged_change(ani, FAMILY, 0, fields, 2);

	twist_kind_even(&change);
	forged_add(ani, &change);
	assert_ok(forged_sync(ani));
	assert_int_equal(ani->reply.exception_count, 0);
	assert_int_equal(forged_stored(ani, change.record).dot_count, 1);
}

static void
twist_schema(struct change *change)
{
	change->schema_version = 2;
}

TEST(schema_version_that_is_not_here_is_set_aside)
{
	assert_twisted(*state, twist_schema, QUARANTINE_UNKNOWN_SCHEMA);
}

static void
twist_value(struct change *change)
{
	change->fields[0].value = value_integer(4);
}

TEST(value_that_does_not_fit_its_field_is_set_aside)
{
	assert_twisted(*state, twist_value, QUARANTINE_INVALID);
}

static void
twist_required(struct change *change)
{
	change->fields[0].tag = FAMILY_ADDRESS;
}

TEST(creation_without_a_required_field_is_set_aside)
{
	assert_twisted(*state, twist_required, QUARANTINE_INCOMPLETE);
}

static void
twist_village(struct change *change)
{
	change->fields[1].value = value_integer(VILLAGE_B_NUMBER);
}

TEST(creation_in_a_village_that_is_not_the_devices_is_set_aside)
{
	assert_twisted(*state, twist_village, QUARANTINE_OUT_OF_SCOPE);
}

TEST(edit_of_a_record_of_another_village_is_set_aside_and_changes_nothing)
{
	DEVICE;
	struct forged *budi = forged_another(ani->world, 2);
	uint64_t family;

	forged_code(budi, "Budi", VILLAGE_B);
	assert_ok(forged_enrol(budi));
	family = forged_family(budi, VILLAGE_B_NUMBER);
	assert_ok(forged_sync(budi));
	forged_edit(ani, family, FAMILY, FAMILY_HEAD, value_text(span_of_text("Curi")), 100, 0);
	assert_ok(forged_sync(ani));
	assert_set_aside(ani, 1, QUARANTINE_OUT_OF_SCOPE);
	assert_true(
		span_equal(forged_stored_text(ani, family, FAMILY_HEAD), span_of_text("Uji Coba")));
	assert_false(forged_record(ani, family, &(struct record){0}));
	forged_finish(budi);
}

TEST(device_may_move_a_family_into_its_village_and_out_of_it)
{
	DEVICE;
	uint64_t family = forged_family(ani, VILLAGE_A_NUMBER);

	forged_edit(ani, family, FAMILY, TAG_VILLAGE, value_integer(VILLAGE_B_NUMBER), 1, 1);
	assert_ok(forged_sync(ani));
	assert_int_equal(ani->reply.exception_count, 0);
	assert_int_equal(forged_stored(ani, family).village, VILLAGE_B_NUMBER);
}

TEST(edit_of_a_record_that_nobody_knows_is_set_aside)
{
	DEVICE;

	forged_edit(ani, id_make(12345, 6), FAMILY, FAMILY_HEAD, value_text(span_of_text("A")), 1,
		    0);
	assert_ok(forged_sync(ani));
	assert_set_aside(ani, 1, QUARANTINE_UNKNOWN_RECORD);
}

TEST(person_of_a_family_that_nobody_knows_is_set_aside)
{
	DEVICE;

	(void)forged_person(ani, id_make(12345, 6));
	assert_ok(forged_sync(ani));
	assert_set_aside(ani, 1, QUARANTINE_UNKNOWN_RECORD);
}

TEST(what_belongs_to_a_record_in_quarantine_joins_it_there)
{
	DEVICE;
	uint64_t family = forged_family(ani, VILLAGE_B_NUMBER);
	struct listed listed;

	assert_ok(forged_sync(ani));
	assert_set_aside(ani, 1, QUARANTINE_OUT_OF_SCOPE);
	(void)forged_person(ani, family);
	forged_edit(ani, family, FAMILY, FAMILY_HEAD, value_text(span_of_text("A")), 1, 1);
	assert_ok(forged_sync(ani));
	assert_int_equal(ani->reply.exception_count, 2);
	assert_int_equal(ani->reply.exceptions[0].reason, QUARANTINE_JOINED);
	assert_int_equal(ani->reply.exceptions[1].reason, QUARANTINE_JOINED);
	listed = quarantine_of(ani);
	assert_int_equal(listed.count, 3);
	assert_int_equal(listed.rows[0].record, family);
	assert_int_equal(listed.rows[0].village, VILLAGE_B_NUMBER);
	assert_int_equal(listed.rows[2].n, 3);
}

TEST(person_joins_a_family_set_aside_in_the_same_request)
{
	DEVICE;
	uint64_t family = forged_family(ani, VILLAGE_B_NUMBER);

	(void)forged_person(ani, family);
	assert_ok(forged_sync(ani));
	assert_int_equal(ani->reply.exception_count, 2);
	assert_int_equal(ani->reply.exceptions[0].reason, QUARANTINE_OUT_OF_SCOPE);
	assert_int_equal(ani->reply.exceptions[1].reason, QUARANTINE_JOINED);
}

TEST(reference_that_is_no_root_may_lead_to_what_is_not_here_yet)
{
	DEVICE;
	uint64_t family = forged_family(ani, VILLAGE_A_NUMBER);
	uint64_t person = forged_person(ani, family);

	forged_edit(ani, person, PERSON, 8 /* mother */, value_integer((int64_t)id_make(12345, 6)),
		    1, 2);
	assert_ok(forged_sync(ani));
	assert_int_equal(ani->reply.exception_count, 0);
}

TEST(edit_that_tells_another_type_is_set_aside)
{
	DEVICE;
	uint64_t family = forged_family(ani, VILLAGE_A_NUMBER);

	forged_edit(ani, family, PERSON, PERSON_NAME, value_text(span_of_text("Uji")), 1, 1);
	assert_ok(forged_sync(ani));
	assert_set_aside(ani, 2, QUARANTINE_INVALID);
}

TEST(rival_values_beyond_the_limit_are_set_aside_and_the_record_stays)
{
	DEVICE;
	uint64_t family = forged_family(ani, VILLAGE_A_NUMBER);

	assert_ok(forged_sync(ani));
	for (int i = 0; i <= RECORD_MEMBERS_MAX; i++) {
		forged_edit(ani, family, FAMILY, FAMILY_ADDRESS, value_text(span_of_text("Jl.")), 0,
			    0);
	}
	assert_ok(forged_sync(ani));
	assert_set_aside(ani, RECORD_MEMBERS_MAX + 2, QUARANTINE_TOO_MANY);
	assert_int_equal(forged_stored(ani, family).dot_count, RECORD_MEMBERS_MAX + 1);
}

static void
revoke(struct forged *forged)
{
	struct ingest *ingest = forged->world->ingest;

	assert_ok(ingest_begin(ingest, &forged->err));
	assert_ok(ingest_device_revoke(ingest, forged->device, 0, &forged->err));
	assert_ok(ingest_commit(ingest, &forged->err));
}

/* A family of its village that it does not hold yet. */
static void
others_write(struct forged *forged)
{
	struct forged *budi = forged_another(forged->world, 9);

	forged_code(budi, "Budi", VILLAGE_A);
	assert_ok(forged_enrol(budi));
	(void)forged_family(budi, VILLAGE_A_NUMBER);
	assert_ok(forged_sync(budi));
	forged_finish(budi);
}

TEST(queue_of_a_revoked_device_is_kept_but_not_merged_and_it_learns_why)
{
	DEVICE;
	struct listed listed;

	/* What would be for it, if it were not revoked. */
	others_write(ani);
	revoke(ani);
	(void)forged_family(ani, VILLAGE_A_NUMBER);
	assert_int_equal(forged_sync(ani), STATUS_REVOKED);
	assert_int_equal(ani->reply.acked_n, 1);
	assert_int_equal(ani->reply.record_count, 0);
	listed = quarantine_of(ani);
	assert_int_equal(listed.count, 1);
	assert_int_equal(listed.rows[0].reason, QUARANTINE_REVOKED);
}

TEST(device_revoked_between_the_commit_and_the_reply_gets_no_more_records)
{
	DEVICE;
	static struct parcel parcel;
	struct buffer sealed;
	struct buffer packed;

	others_write(ani);
	(void)forged_family(ani, VILLAGE_A_NUMBER);
	assert_ok(forged_sync(ani));
	assert_true(ani->reply.record_count > 0);
	parcel_init(&parcel);
	buffer_init(&sealed, PARCEL_REPLY_MAX);
	buffer_init(&packed, PARCEL_REPLY_MAX);
	ingest_open(&parcel, ani->world->reader, &ani->world->keys, buffer_span(&ani->parcel));
	parcel.fresh = true;
	revoke(ani);
	assert_ok(ingest_reply(&parcel, ani->world->reader, ani->world->catalogue,
			       &ani->world->platform, &sealed, &ani->err));
	assert_ok(parcel_open_reply(&ani->session, buffer_span(&sealed), &packed, &ani->err));
	assert_ok(reply_unpack(buffer_span(&packed), &ani->plain, &ani->arena, &ani->reply,
			       &ani->err));
	assert_int_equal(ani->reply.status, STATUS_REVOKED);
	assert_int_equal(ani->reply.record_count, 0);
	buffer_finish(&packed);
	buffer_finish(&sealed);
	parcel_finish(&parcel);
}

TEST(revoking_twice_is_one_entry_in_the_log)
{
	DEVICE;
	uint64_t head;

	revoke(ani);
	head = world_head(ani->world);
	revoke(ani);
	assert_int_equal(world_head(ani->world), head);
}

TEST(revoking_a_device_that_is_not_there_is_not_found)
{
	DEVICE;

	assert_ok(ingest_begin(ani->world->ingest, &ani->err));
	assert_int_equal(ingest_device_revoke(ani->world->ingest, 4711, 0, &ani->err),
			 STATUS_NOT_FOUND);
	assert_ok(ingest_commit(ani->world->ingest, &ani->err));
}

TEST(repeated_change_is_told_again_that_it_is_in_quarantine)
{
	DEVICE;

	(void)forged_family(ani, VILLAGE_B_NUMBER);
	assert_ok(forged_sync(ani));
	assert_ok(forged_send_again(ani));
	assert_set_aside(ani, 1, QUARANTINE_OUT_OF_SCOPE);
	assert_int_equal(quarantine_of(ani).count, 1);
}

#define FORGED(sentence) CASE_WITH(sentence, forged_open, forged_close)

RUN_TESTS(FORGED(bytes_that_do_not_decode_are_kept_and_the_queue_goes_on),
	  FORGED(change_that_claims_another_n_is_malformed),
	  FORGED(change_of_a_type_that_the_schema_has_not_is_set_aside),
	  FORGED(odd_kind_that_the_server_does_not_know_is_set_aside),
	  FORGED(unknown_even_kind_merges_like_an_edit),
	  FORGED(schema_version_that_is_not_here_is_set_aside),
	  FORGED(value_that_does_not_fit_its_field_is_set_aside),
	  FORGED(creation_without_a_required_field_is_set_aside),
	  FORGED(creation_in_a_village_that_is_not_the_devices_is_set_aside),
	  FORGED(edit_of_a_record_of_another_village_is_set_aside_and_changes_nothing),
	  FORGED(device_may_move_a_family_into_its_village_and_out_of_it),
	  FORGED(edit_of_a_record_that_nobody_knows_is_set_aside),
	  FORGED(person_of_a_family_that_nobody_knows_is_set_aside),
	  FORGED(what_belongs_to_a_record_in_quarantine_joins_it_there),
	  FORGED(person_joins_a_family_set_aside_in_the_same_request),
	  FORGED(reference_that_is_no_root_may_lead_to_what_is_not_here_yet),
	  FORGED(edit_that_tells_another_type_is_set_aside),
	  FORGED(rival_values_beyond_the_limit_are_set_aside_and_the_record_stays),
	  FORGED(queue_of_a_revoked_device_is_kept_but_not_merged_and_it_learns_why),
	  FORGED(device_revoked_between_the_commit_and_the_reply_gets_no_more_records),
	  FORGED(revoking_twice_is_one_entry_in_the_log),
	  FORGED(revoking_a_device_that_is_not_there_is_not_found),
	  FORGED(repeated_change_is_told_again_that_it_is_in_quarantine))

/* SPDX-License-Identifier: Apache-2.0 */
/* What people do at the server: settle, load schemas, give out tokens, read. */
#include "forged_device.h"

#include <stdlib.h>

#include <jansson.h>

#define DEVICE struct forged *ani = *state

static struct value
text(const char *value)
{
	return value_text(span_of_text(value));
}

/* ---- settling ---- */

/* A family with rival addresses: "Jl. Ani" and "Jl. Dua". */
static uint64_t
family_in_conflict(struct forged *forged)
{
	uint64_t family = forged_family(forged, VILLAGE_A_NUMBER);

	forged_edit(forged, family, FAMILY, FAMILY_ADDRESS, text("Jl. Ani"), 0, 1);
	forged_edit(forged, family, FAMILY, FAMILY_ADDRESS, text("Jl. Dua"), 0, 1);
	assert_ok(forged_sync(forged));
	return family;
}

static uint32_t
admin_of(struct forged *forged)
{
	struct token token;

	assert_ok(token_find(forged->world->store, "sbt_test", 0, &forged->arena, &token,
			     &forged->err));
	return token.user;
}

static enum status
settle_as(struct forged *forged, struct settlement settlement)
{
	struct ingest *ingest = forged->world->ingest;
	uint64_t seq = 0;
	enum status status;

	settlement.user = admin_of(forged);
	assert_ok(ingest_begin(ingest, &forged->err));
	status = ingest_settle(ingest, &settlement, &seq, &forged->err);
	assert_ok(ingest_commit(ingest, NULL));
	assert_true(status != STATUS_OK || seq == world_head(forged->world));
	return status;
}

static enum status
settle(struct forged *forged, uint64_t record, const char *field, const char *value, uint64_t base)
{
	return settle_as(forged, (struct settlement){.record = record,
						     .field = span_of_text(field),
						     .value = span_of_text(value),
						     .base = base});
}

TEST(settled_value_stands_alone_and_reaches_the_device)
{
	DEVICE;
	uint64_t family = family_in_conflict(ani);
	struct record record;

	assert_ok(settle(ani, family, "address", "Jl. Benar", 0));
	record = forged_stored(ani, family);
	assert_int_equal(record_field(&record, FAMILY_ADDRESS)->member_count, 1);
	assert_true(span_equal(forged_stored_text(ani, family, FAMILY_ADDRESS),
			       span_of_text("Jl. Benar")));
	assert_ok(forged_sync(ani));
	assert_true(forged_record(ani, family, &record));
	assert_int_equal(record.field_count, 1);
	assert_int_equal(record.fields[0].tag, FAMILY_ADDRESS);
}

TEST(settlement_of_what_was_written_since_is_stale)
{
	DEVICE;
	uint64_t family = family_in_conflict(ani);
	uint64_t seen = forged_stored(ani, family).version;
	uint64_t head;

	forged_edit(ani, family, FAMILY, FAMILY_ADDRESS, text("Jl. Tiga"), seen, 3);
	assert_ok(forged_sync(ani));
	head = world_head(ani->world);
	assert_int_equal(settle(ani, family, "address", "Jl. Benar", seen), STATUS_STALE);
	assert_contains(ani->err.detail, "address");
	assert_int_equal(world_head(ani->world), head);
	/* Another field was not written since. */
	assert_ok(settle(ani, family, "head", "Uji", seen));
}

TEST(archiving_is_settled_against_the_whole_record)
{
	DEVICE;
	uint64_t family = family_in_conflict(ani);
	uint64_t seen = forged_stored(ani, family).version;

	assert_ok(settle(ani, family, "head", "Uji", seen));
	assert_int_equal(settle(ani, family, "archived", "pindah", seen), STATUS_STALE);
	assert_ok(settle(ani, family, "archived", "pindah", 0));
}

TEST(settlement_that_claims_to_have_seen_the_future_is_invalid)
{
	DEVICE;
	uint64_t family = family_in_conflict(ani);

	assert_int_equal(
		settle(ani, family, "address", "Jl.", forged_stored(ani, family).version + 1),
		STATUS_INVALID);
}

TEST(settlement_of_an_unknown_record_or_field_is_not_found)
{
	DEVICE;
	uint64_t family = family_in_conflict(ani);

	assert_int_equal(settle(ani, id_make(77, 1), "address", "Jl.", 0), STATUS_NOT_FOUND);
	assert_int_equal(settle(ani, family, "adres", "Jl.", 0), STATUS_NOT_FOUND);
	assert_contains(ani->err.detail, "adres");
}

TEST(settlement_outside_a_persons_scope_is_told_like_missing)
{
	DEVICE;
	struct region elsewhere = {VILLAGE_B_NUMBER, VILLAGE_B_NUMBER};
	struct settlement settlement = {.record = family_in_conflict(ani),
					.field = span_of_text("address"),
					.value = span_of_text("Jl."),
					.scope = &elsewhere,
					.scope_count = 1};

	assert_int_equal(settle_as(ani, settlement), STATUS_NOT_FOUND);
	elsewhere.low = VILLAGE_A_NUMBER;
	assert_ok(settle_as(ani, settlement));
}

/* Tells whoever sees only village A what settling a field to that record says. */
static enum status
settle_reference(struct forged *forged, uint64_t record, const char *field, uint64_t value)
{
	const struct region scope = {VILLAGE_A_NUMBER, VILLAGE_A_NUMBER};
	char text[ID_TEXT_SIZE];

	return settle_as(forged, (struct settlement){.record = record,
						     .field = span_of_text(field),
						     .value = span_of_text(id_format(value, text)),
						     .scope = &scope,
						     .scope_count = 1});
}

/* Of that record the answer says its id, and nothing else. */
static void
assert_not_there(struct forged *forged, uint64_t record, const char *field, uint64_t value)
{
	char text[ID_TEXT_SIZE];
	char expected[64];

	(void)snprintf(expected, sizeof expected, "record %s", id_format(value, text));
	assert_int_equal(settle_reference(forged, record, field, value), STATUS_NOT_FOUND);
	assert_string_equal(forged->err.detail, expected);
}

static void
erase(struct forged *forged, uint64_t record)
{
	const struct erase_order order = {.record = record, .reason = span_of_text("request")};
	struct erase_count count;

	assert_ok(ingest_begin(forged->world->ingest, &forged->err));
	assert_ok(ingest_erase(forged->world->ingest, &order, &count, &forged->err));
	assert_ok(ingest_commit(forged->world->ingest, &forged->err));
}

TEST(settled_reference_to_elsewhere_to_the_erased_and_to_nothing_is_told_alike)
{
	DEVICE;
	struct forged *budi = forged_another(ani->world, 9);
	const uint64_t family = forged_family(ani, VILLAGE_A_NUMBER);
	const uint64_t person = forged_person(ani, family);
	const uint64_t child = forged_person(ani, family);
	const uint64_t gone = forged_family(ani, VILLAGE_A_NUMBER);
	uint64_t far;
	uint64_t stranger;
	uint64_t head;

	forged_code(budi, "Budi", VILLAGE_B);
	assert_ok(forged_enrol(budi));
	far = forged_family(budi, VILLAGE_B_NUMBER);
	stranger = forged_person(budi, far);
	assert_ok(forged_sync(budi));
	assert_ok(forged_sync(ani));
	erase(ani, gone);
	head = world_head(ani->world);
	assert_not_there(ani, person, "family", far);
	assert_not_there(ani, person, "family", gone);
	assert_not_there(ani, person, "family", id_make(99, 1));
	assert_not_there(ani, person, "family", child);
	assert_not_there(ani, person, "mother", stranger);
	assert_not_there(ani, person, "mother", id_make(99, 1));
	assert_not_there(ani, person, "mother", family);
	assert_not_there(ani, person, "same_as", stranger);
	assert_not_there(ani, person, "same_as", id_make(99, 1));
	assert_int_equal(world_head(ani->world), head);
	assert_int_equal(forged_stored(ani, person).village, VILLAGE_A_NUMBER);
	assert_ok(settle_reference(ani, person, "mother", child));
	assert_ok(settle_reference(ani, person, "same_as", child));
	forged_finish(budi);
}

TEST(person_is_settled_into_another_family_within_the_scope)
{
	DEVICE;
	const uint64_t person = forged_person(ani, forged_family(ani, VILLAGE_A_NUMBER));
	const uint64_t family = forged_family(ani, VILLAGE_A_NUMBER);

	assert_ok(forged_sync(ani));
	assert_ok(settle_reference(ani, person, "family", family));
	assert_ok(settle(ani, person, "name", "Uji", 0));
}

TEST(settlement_moves_a_family_within_the_persons_regions_only)
{
	DEVICE;
	static const struct region own = {VILLAGE_A_NUMBER, VILLAGE_A_NUMBER};
	uint64_t family = forged_family(ani, VILLAGE_A_NUMBER);
	uint64_t person = forged_person(ani, family);
	struct settlement settlement = {.record = family,
					.field = span_of_text("village"),
					.value = span_of_text("6303072002"),
					.scope = &own,
					.scope_count = 1};

	assert_ok(forged_sync(ani));
	assert_int_equal(settle_as(ani, settlement), STATUS_DENIED);
	assert_contains(ani->err.detail, "6303072002");
	settlement.scope = NULL;
	assert_ok(settle_as(ani, settlement));
	assert_int_equal(forged_stored(ani, family).village, 6303072002);
	assert_int_equal(forged_stored(ani, person).village, 6303072002);
}

TEST(settlement_does_not_take_a_persons_village_from_her_family)
{
	DEVICE;
	uint64_t person = forged_person(ani, forged_family(ani, VILLAGE_A_NUMBER));

	assert_ok(forged_sync(ani));
	assert_int_equal(settle(ani, person, "village", "6303072002", 0), STATUS_INVALID);
	assert_contains(ani->err.detail, "family");
}

TEST(settlement_leaves_no_family_without_a_village)
{
	DEVICE;
	uint64_t family = forged_family(ani, VILLAGE_A_NUMBER);

	assert_ok(forged_sync(ani));
	assert_int_not_equal(settle(ani, family, "village", "", 0), STATUS_OK);
	assert_int_equal(forged_stored(ani, family).village, VILLAGE_A_NUMBER);
}

TEST(settlement_with_a_value_that_does_not_fit_is_invalid)
{
	DEVICE;
	uint64_t family = family_in_conflict(ani);

	assert_int_equal(settle(ani, family, "verified_date", "kemarin", 0), STATUS_NOT_DATE);
	assert_contains(ani->err.detail, "verified_date");
}

/* In a transaction that others' changes commit. */
TEST(settlement_that_is_refused_leaves_no_entry)
{
	DEVICE;
	struct ingest *ingest = ani->world->ingest;
	uint64_t person = forged_person(ani, forged_family(ani, VILLAGE_A_NUMBER));
	char nobody[ID_TEXT_SIZE];
	struct settlement settlement = {.record = person, .field = span_of_text("family")};
	uint64_t before;
	uint64_t seq;

	assert_ok(forged_sync(ani));
	settlement.value = span_of_text(id_format(id_make(99, 1), nobody));
	settlement.user = admin_of(ani);
	before = world_head(ani->world);
	assert_ok(ingest_begin(ingest, &ani->err));
	assert_int_not_equal(ingest_settle(ingest, &settlement, &seq, &ani->err), STATUS_OK);
	assert_ok(ingest_commit(ingest, &ani->err));
	assert_int_equal(world_head(ani->world), before);
}

/* As many fields as a record may have: one more is refused where it is merged. In a transaction
 * that others' changes commit. */
TEST(settlement_that_a_record_has_no_room_for_leaves_no_entry)
{
	enum { FIRST_TAG = 5000, EACH = 128 };
	DEVICE;
	struct ingest *ingest = ani->world->ingest;
	uint64_t family = forged_family(ani, VILLAGE_A_NUMBER);
	struct settlement settlement = {.record = family,
					.field = span_of_text("rt"),
					.value = span_of_text("007"),
					.user = admin_of(ani)};
	uint64_t before;
	uint64_t seq;

	for (int32_t tag = FIRST_TAG; tag < FIRST_TAG + RECORD_FIELDS_MAX - 2; tag += EACH) {
		struct change_field fields[EACH];
		struct change change;
		size_t count = 0;

		while (count < EACH && tag + (int32_t)count < FIRST_TAG + RECORD_FIELDS_MAX - 2) {
			fields[count] =
				(struct change_field){tag + (int32_t)count, value_integer(1)};
			count++;
		}
		change = forged_change(ani, FAMILY, family, fields, count);
		change.base.epoch = ani->epoch;
		forged_add(ani, &change);
		assert_ok(forged_sync(ani));
	}
	assert_int_equal(forged_stored(ani, family).field_count, RECORD_FIELDS_MAX);
	before = world_head(ani->world);
	assert_ok(ingest_begin(ingest, &ani->err));
	assert_int_equal(ingest_settle(ingest, &settlement, &seq, &ani->err), STATUS_LIMIT);
	assert_ok(ingest_commit(ingest, &ani->err));
	assert_int_equal(world_head(ani->world), before);
}

TEST(settled_set_takes_away_what_the_person_saw)
{
	DEVICE;
	uint64_t family = family_in_conflict(ani);
	struct record record;

	forged_edit(ani, family, FAMILY, FAMILY_AID, value_pair(6, 0), 0, 3);
	assert_ok(forged_sync(ani));
	assert_ok(settle(ani, family, "aid", "mbg", 0));
	record = forged_stored(ani, family);
	assert_int_equal(
		field_shown(&record, record_field(&record, FAMILY_AID), POLICY_SET).integer, 2);
}

/* ---- schemas ---- */

/* The shipped schema as another version, its family with one more text field of this name. */
static char *
schema_with(int version, const char *field, const char *type)
{
	json_t *schema = json_load_file(getenv("SAMBUNG_SCHEMA"), 0, NULL);
	json_t *fields =
		json_object_get(json_array_get(json_object_get(schema, "types"), 0), "fields");
	char *made;

	assert_non_null(schema);
	assert_int_equal(json_object_set_new(schema, "version", json_integer(version)), 0);
	assert_int_equal(json_array_append_new(fields, json_pack("{s:i,s:s,s:s,s:s,s:{s:s,s:s}}",
								 "tag", 900, "name", field, "type",
								 type, "policy", "review", "label",
								 "id", "Baru", "en", "New")),
			 0);
	made = json_dumps(schema, 0);
	json_decref(schema);
	return made;
}

static enum status
load(struct forged *forged, int version, const char *field, const char *type)
{
	char *schema = schema_with(version, field, type);
	enum status status = world_load_schema(forged->world, schema, strlen(schema));

	free(schema);
	return status;
}

static uint32_t
newest_schema(struct forged *forged)
{
	uint32_t version;

	assert_ok(store_schema_newest(forged->world->store, &version, &forged->err));
	return version;
}

TEST(next_version_of_the_schema_is_logged_and_stays_over_a_restart)
{
	DEVICE;
	uint64_t head = world_head(ani->world);

	assert_ok(load(ani, 2, "handwashing", "boolean"));
	assert_int_equal(world_head(ani->world), head + 1);
	assert_int_equal(catalogue_schema(ani->world->catalogue, 0)->version, 2);
	world_restart_server(ani->world);
	assert_int_equal(catalogue_schema(ani->world->catalogue, 0)->version, 2);
	assert_int_equal(catalogue_schema(ani->world->catalogue, 1)->version, 1);
}

TEST(schema_of_the_same_version_or_no_schema_at_all_is_refused)
{
	DEVICE;
	uint64_t head = world_head(ani->world);

	assert_int_equal(load(ani, 1, "handwashing", "boolean"), STATUS_INVALID);
	assert_int_equal(world_load_schema(ani->world, "{", 1), STATUS_INVALID);
	assert_int_equal(newest_schema(ani), 1);
	assert_int_equal(world_head(ani->world), head);
}

TEST(refused_schema_leaves_nothing_even_if_its_transaction_commits)
{
	DEVICE;
	struct ingest *ingest = ani->world->ingest;
	char *schema = schema_with(2, "point_lat", "integer");
	uint32_t version = 0;

	assert_ok(ingest_begin(ingest, &ani->err));
	assert_int_equal(ingest_schema_load(ingest, span_of_text(schema), 0, &version, &ani->err),
			 STATUS_INVALID);
	assert_ok(ingest_read_entry(ingest, 0, "/records", "", &ani->err));
	assert_ok(ingest_commit(ingest, &ani->err));
	free(schema);
	assert_int_equal(newest_schema(ani), 1);
	world_restart_server(ani->world);
	assert_ok(load(ani, 2, "handwashing", "boolean"));
}

TEST(two_schemas_do_not_load_in_one_transaction)
{
	DEVICE;
	struct ingest *ingest = ani->world->ingest;
	char *second = schema_with(2, "handwashing", "boolean");
	char *third = schema_with(3, "handwashing", "boolean");
	uint32_t version;

	assert_ok(ingest_begin(ingest, &ani->err));
	assert_ok(ingest_schema_load(ingest, span_of_text(second), 0, &version, &ani->err));
	assert_int_equal(ingest_schema_load(ingest, span_of_text(third), 0, &version, &ani->err),
			 STATUS_STALE);
	ingest_rollback(ingest);
	assert_int_equal(newest_schema(ani), 1);
	assert_int_equal(catalogue_schema(ani->world->catalogue, 0)->version, 1);
	free(second);
	free(third);
}

/* ---- tokens and reading ---- */

static enum status
add_token(struct forged *forged, const char *name, char token[TOKEN_TEXT_SIZE])
{
	struct token_order order = {.role = ROLE_SUPERVISOR,
				    .scope = {VILLAGE_A_NUMBER, VILLAGE_A_NUMBER},
				    .name = span_of_text(name)};
	enum status status;

	assert_ok(ingest_begin(forged->world->ingest, &forged->err));
	status = ingest_token_add(forged->world->ingest, &order, token, &forged->err);
	assert_ok(ingest_commit(forged->world->ingest, NULL));
	return status;
}

TEST(token_is_found_again_with_its_role_and_scope)
{
	DEVICE;
	char text_of_token[TOKEN_TEXT_SIZE];
	struct token token;

	assert_ok(add_token(ani, "Rina", text_of_token));
	assert_ok(token_find(ani->world->store, text_of_token, 0, &ani->arena, &token, &ani->err));
	assert_int_equal(token.role, ROLE_SUPERVISOR);
	assert_int_equal(token.scope.low, VILLAGE_A_NUMBER);
	assert_true(span_equal(token.name, span_of_text("Rina")));
	text_of_token[6] ^= 1;
	assert_int_equal(
		token_find(ani->world->store, text_of_token, 0, &ani->arena, &token, &ani->err),
		STATUS_UNAUTHENTICATED);
}

TEST(token_needs_a_name)
{
	DEVICE;
	char token[TOKEN_TEXT_SIZE];

	assert_int_equal(add_token(ani, "", token), STATUS_INVALID);
	assert_int_equal(add_token(ani, "\xff", token), STATUS_INVALID);
}

TEST(token_serves_until_it_expires)
{
	DEVICE;
	struct token token = {.role = ROLE_ADMIN, .name = span_of_text("x"), .expires_ms = 1000};
	struct span words = span_of_text("sbt_short");

	token.user = admin_of(ani);
	sha256(&words, 1, token.hash);
	assert_ok(store_begin(ani->world->store, &ani->err));
	assert_ok(store_token_add(ani->world->store, &token, &ani->err));
	assert_ok(store_commit(ani->world->store, &ani->err));
	assert_ok(token_find(ani->world->store, "sbt_short", 1000, &ani->arena, &token, &ani->err));
	assert_int_equal(
		token_find(ani->world->store, "sbt_short", 1001, &ani->arena, &token, &ani->err),
		STATUS_UNAUTHENTICATED);
}

static enum status
keep_entry(void *context, const struct log_row *row, struct error *err)
{
	(void)err;
	*(struct entry *)context = row->entry;
	return STATUS_OK;
}

TEST(reading_is_an_entry_of_the_log_with_the_user_who_read)
{
	DEVICE;
	struct ingest *ingest = ani->world->ingest;
	struct log_filter filter = {.since = world_head(ani->world), .limit = 10};
	struct entry entry = {.user = 0};

	assert_ok(ingest_begin(ingest, &ani->err));
	assert_ok(
		ingest_read_entry(ingest, admin_of(ani), "/v1/records", "type=family", &ani->err));
	assert_ok(ingest_commit(ingest, &ani->err));
	assert_ok(store_log_read(ani->world->store, &filter, keep_entry, &entry, &ani->err));
	assert_int_equal(entry.kind, ENTRY_READ);
	assert_int_equal(entry.user, admin_of(ani));
}

struct salts {
	uint8_t at[4][SALT_SIZE];
	size_t count;
};

static enum status
keep_salt(void *context, const struct log_row *row, struct error *err)
{
	struct salts *salts = context;

	(void)err;
	assert_true(salts->count < sizeof salts->at / sizeof salts->at[0]);
	memcpy(salts->at[salts->count++], row->salt, SALT_SIZE);
	return STATUS_OK;
}

/* Else whoever sees a header could try out what it may say. */
TEST(what_two_entries_say_alike_is_committed_to_with_different_salts)
{
	static const uint8_t none[SALT_SIZE];
	DEVICE;
	struct ingest *ingest = ani->world->ingest;
	struct log_filter filter = {.since = world_head(ani->world), .limit = 10};
	struct salts salts = {.count = 0};

	assert_ok(ingest_begin(ingest, &ani->err));
	for (int i = 0; i < 2; i++) {
		assert_ok(ingest_read_entry(ingest, admin_of(ani), "/v1/records", "type=family",
					    &ani->err));
	}
	assert_ok(ingest_commit(ingest, &ani->err));
	assert_ok(store_log_read(ani->world->store, &filter, keep_salt, &salts, &ani->err));
	assert_int_equal(salts.count, 2);
	assert_memory_not_equal(salts.at[0], none, SALT_SIZE);
	assert_memory_not_equal(salts.at[0], salts.at[1], SALT_SIZE);
}

TEST(time_of_receipt_does_not_go_back_with_the_clock_not_even_over_a_restart)
{
	DEVICE;
	struct log_filter filter = {.since = 0, .limit = 1000};
	struct entry before = {.user = 0};
	struct entry after = {.user = 0};

	assert_ok(store_log_read(ani->world->store, &filter, keep_entry, &before, &ani->err));
	ani->world->now_ms -= INT64_C(1000000000);
	world_restart_server(ani->world);
	(void)forged_family(ani, VILLAGE_A_NUMBER);
	assert_ok(forged_sync(ani));
	assert_ok(store_log_read(ani->world->store, &filter, keep_entry, &after, &ani->err));
	assert_int_equal(after.seq, before.seq + 1);
	assert_true(after.received_ms >= before.received_ms);
}

#define FORGED(sentence) CASE_WITH(sentence, forged_open, forged_close)

RUN_TESTS(FORGED(settled_value_stands_alone_and_reaches_the_device),
	  FORGED(settlement_of_what_was_written_since_is_stale),
	  FORGED(archiving_is_settled_against_the_whole_record),
	  FORGED(settlement_that_claims_to_have_seen_the_future_is_invalid),
	  FORGED(settlement_of_an_unknown_record_or_field_is_not_found),
	  FORGED(settlement_outside_a_persons_scope_is_told_like_missing),
	  FORGED(settled_reference_to_elsewhere_to_the_erased_and_to_nothing_is_told_alike),
	  FORGED(person_is_settled_into_another_family_within_the_scope),
	  FORGED(settlement_moves_a_family_within_the_persons_regions_only),
	  FORGED(settlement_does_not_take_a_persons_village_from_her_family),
	  FORGED(settlement_leaves_no_family_without_a_village),
	  FORGED(settlement_with_a_value_that_does_not_fit_is_invalid),
	  FORGED(settlement_that_is_refused_leaves_no_entry),
	  FORGED(settlement_that_a_record_has_no_room_for_leaves_no_entry),
	  FORGED(settled_set_takes_away_what_the_person_saw),
	  FORGED(next_version_of_the_schema_is_logged_and_stays_over_a_restart),
	  FORGED(schema_of_the_same_version_or_no_schema_at_all_is_refused),
	  FORGED(refused_schema_leaves_nothing_even_if_its_transaction_commits),
	  FORGED(two_schemas_do_not_load_in_one_transaction),
	  FORGED(token_is_found_again_with_its_role_and_scope), FORGED(token_needs_a_name),
	  FORGED(token_serves_until_it_expires),
	  FORGED(reading_is_an_entry_of_the_log_with_the_user_who_read),
	  FORGED(what_two_entries_say_alike_is_committed_to_with_different_salts),
	  FORGED(time_of_receipt_does_not_go_back_with_the_clock_not_even_over_a_restart))

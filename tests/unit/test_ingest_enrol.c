/* SPDX-License-Identifier: Apache-2.0 */
/* One-time codes, and the devices that come with them. */
#include "daemon/store/store_people.h"
#include "forged_device.h"

#define DEVICE struct forged *ani = *state

enum { HOUR_MS = 3600 * 1000 };

static enum status
order_code(struct forged *forged, const char *cadre, size_t scope_count)
{
	static const struct region region = {UINT64_C(6303072001), UINT64_C(6303072001)};
	struct region scope[MESSAGE_SCOPE_MAX + 1];
	struct code_order order = {
		.cadre = span_of_text(cadre), .scope = scope, .scope_count = scope_count};
	char text[CODE_TEXT_MAX];
	int64_t expires;
	enum status status;

	for (size_t i = 0; i <= MESSAGE_SCOPE_MAX; i++) {
		scope[i] = region;
	}
	assert_ok(ingest_begin(forged->world->ingest, &forged->err));
	status = ingest_code_make(forged->world->ingest, &order, text, &expires, &forged->err);
	assert_ok(ingest_commit(forged->world->ingest, NULL));
	return status;
}

TEST(code_needs_a_cadre_of_1_to_100_bytes_of_text)
{
	DEVICE;
	char longest[STREAM_NAME_MAX + 2];

	memset(longest, 'a', sizeof longest);
	longest[STREAM_NAME_MAX + 1] = '\0';
	assert_int_equal(order_code(ani, "", 1), STATUS_INVALID);
	assert_contains(ani->err.detail, "cadre");
	assert_int_equal(order_code(ani, longest, 1), STATUS_INVALID);
	assert_int_equal(order_code(ani, "\xff", 1), STATUS_INVALID);
	longest[STREAM_NAME_MAX] = '\0';
	assert_ok(order_code(ani, longest, 1));
}

TEST(code_needs_1_to_256_regions)
{
	DEVICE;

	assert_int_equal(order_code(ani, "Ani", 0), STATUS_INVALID);
	assert_contains(ani->err.detail, "village");
	assert_int_equal(order_code(ani, "Ani", MESSAGE_SCOPE_MAX + 1), STATUS_INVALID);
	assert_ok(order_code(ani, "Ani", MESSAGE_SCOPE_MAX));
}

TEST(code_makes_a_device_with_a_certificate_its_scope_and_the_schema)
{
	DEVICE;
	struct certificate card;
	uint64_t head;

	forged_code(ani, "Ani", VILLAGE_A);
	head = world_head(ani->world);
	assert_ok(forged_enrol(ani));
	assert_ok(certificate_read(ani->enrolled.certificate, ani->enrolled.log_key, &ani->arena,
				   &card, &ani->err));
	assert_int_equal(card.scope_count, 1);
	assert_int_equal(card.scope[0].low, VILLAGE_A_NUMBER);
	assert_true(span_equal(card.cadre, span_of_text("Ani")));
	assert_int_equal(ani->enrolled.scope_version, head + 1);
	assert_int_equal(world_head(ani->world), head + 1);
	assert_int_equal(ani->enrolled.schema.version, 1);
	assert_int_equal(ani->enrolled.schema.bytes.length, ani->enrolled.schema.size);
}

TEST(code_that_nobody_made_is_unknown)
{
	DEVICE;

	forged_code(ani, "Ani", VILLAGE_A);
	ani->code.code_id[0] ^= 1;
	assert_int_equal(forged_enrol(ani), STATUS_CODE_UNKNOWN);
}

TEST(code_is_for_one_key)
{
	DEVICE;
	struct forged *thief = forged_another(ani->world, 9);

	forged_code(ani, "Ani", VILLAGE_A);
	thief->code = ani->code;
	assert_ok(forged_enrol(ani));
	assert_int_equal(forged_enrol(thief), STATUS_CODE_USED);
	forged_finish(thief);
}

TEST(same_key_again_is_the_same_device_and_nothing_is_logged)
{
	DEVICE;
	uint32_t device;
	uint64_t scope_version;
	uint64_t head;

	forged_code(ani, "Ani", VILLAGE_A);
	assert_ok(forged_enrol(ani));
	device = ani->device;
	scope_version = ani->scope_version;
	head = world_head(ani->world);
	assert_ok(forged_enrol(ani));
	assert_int_equal(ani->device, device);
	assert_int_equal(ani->scope_version, scope_version);
	assert_int_equal(world_head(ani->world), head);
}

TEST(code_lives_for_72_hours)
{
	DEVICE;

	forged_code(ani, "Ani", VILLAGE_A);
	ani->world->now_ms += INT64_C(72) * HOUR_MS - 1000;
	assert_ok(forged_enrol(ani));
	ani->world->now_ms += 1000;
	assert_int_equal(forged_enrol(ani), STATUS_CODE_EXPIRED);
}

TEST(wrong_secret_is_told_like_an_unknown_code_and_the_right_one_still_serves)
{
	DEVICE;

	forged_code(ani, "Ani", VILLAGE_A);
	ani->code.secret[0] ^= 1;
	assert_int_equal(forged_enrol(ani), STATUS_CODE_UNKNOWN);
	ani->code.secret[0] ^= 1;
	assert_ok(forged_enrol(ani));
}

/* Restarted in between, so that the count is not only in memory. */
static void
guess(struct forged *forged, int times)
{
	forged->code.secret[0] ^= 1;
	for (int i = 0; i < times; i++) {
		assert_int_equal(forged_enrol(forged), STATUS_CODE_UNKNOWN);
	}
	forged->code.secret[0] ^= 1;
	world_restart_server(forged->world);
}

TEST(after_10_wrong_secrets_a_code_is_dead)
{
	DEVICE;

	forged_code(ani, "Ani", VILLAGE_A);
	guess(ani, 10);
	assert_int_equal(forged_enrol(ani), STATUS_CODE_UNKNOWN);
}

TEST(after_9_wrong_secrets_a_code_still_serves)
{
	DEVICE;

	forged_code(ani, "Ani", VILLAGE_A);
	guess(ani, 9);
	assert_ok(forged_enrol(ani));
}

/* By whoever may write the database and does not have server.key. */
static void
put_code(struct forged *forged, const struct stored_code *code)
{
	assert_ok(store_begin(forged->world->store, &forged->err));
	assert_ok(store_code_put(forged->world->store, code, &forged->err));
	assert_ok(store_commit(forged->world->store, &forged->err));
}

TEST(a_code_that_was_widened_lengthened_or_renamed_in_the_database_serves_nobody)
{
	DEVICE;
	struct stored_code code;
	struct stored_code other;
	struct region everything = {1, UINT64_MAX >> 1};
	uint64_t head;

	forged_code(ani, "Ani", VILLAGE_A);
	head = world_head(ani->world);
	assert_ok(store_code(ani->world->store, ani->code.code_id, &ani->arena, &code, &ani->err));
	for (int how = 0; how < 4; how++) {
		other = code;
		other.cadre = how == 0 ? span_of_text("Ana") : code.cadre;
		other.expires_ms += how == 1;
		other.scope = how == 2 ? &everything : code.scope;
		other.scope_count -= how == 3;
		put_code(ani, &other);
		assert_int_equal(forged_enrol(ani), STATUS_CODE_UNKNOWN);
	}
	assert_int_equal(world_head(ani->world), head);
	put_code(ani, &code);
	assert_ok(forged_enrol(ani));
}

TEST(a_code_that_was_put_into_the_database_serves_nobody)
{
	DEVICE;
	struct stored_code code;
	const struct span secret = span_of(ani->code.secret, CODE_SECRET_SIZE);

	forged_code(ani, "Ani", VILLAGE_A);
	assert_ok(store_code(ani->world->store, ani->code.code_id, &ani->arena, &code, &ani->err));
	ani->code.code_id[0] ^= 1;
	memcpy(code.id, ani->code.code_id, sizeof code.id);
	put_code(ani, &code);
	assert_int_equal(forged_enrol(ani), STATUS_CODE_UNKNOWN);
	sha256(&secret, 1, code.secret_hash);
	put_code(ani, &code);
	assert_int_equal(forged_enrol(ani), STATUS_CODE_UNKNOWN);
}

static enum status
enrol_bytes(struct forged *forged, const void *bytes, size_t length)
{
	struct buffer reply;
	enum status status;

	buffer_init(&reply, PARCEL_REPLY_MAX);
	assert_ok(ingest_begin(forged->world->ingest, &forged->err));
	status = ingest_enrol(forged->world->ingest, span_of(bytes, length), &reply, &forged->err);
	assert_ok(ingest_commit(forged->world->ingest, NULL));
	assert_int_equal(reply.length, 0);
	buffer_finish(&reply);
	return status;
}

TEST(enrolment_that_nobody_sealed_gets_no_reply)
{
	DEVICE;

	assert_int_equal(enrol_bytes(ani, "abc", 3), STATUS_MALFORMED);
}

TEST(enrolment_signed_with_another_key_than_it_names_is_refused)
{
	DEVICE;

	forged_code(ani, "Ani", VILLAGE_A);
	ani->public_key[0] ^= 1;
	assert_int_equal(forged_enrol(ani), STATUS_SIGNATURE);
}

TEST(sync_request_is_no_enrolment)
{
	DEVICE;

	forged_code(ani, "Ani", VILLAGE_A);
	assert_ok(forged_enrol(ani));
	assert_ok(forged_sync(ani));
	assert_int_equal(enrol_bytes(ani, ani->parcel.at, ani->parcel.length), STATUS_MALFORMED);
}

TEST(enrolment_with_little_room_brings_part_of_the_schema)
{
	DEVICE;

	forged_code(ani, "Ani", VILLAGE_A);
	ani->room = 4096;
	assert_ok(forged_enrol(ani));
	assert_true(ani->reply_bytes <= 4096);
	assert_true(ani->enrolled.schema.bytes.length > 0);
	assert_true(ani->enrolled.schema.bytes.length < ani->enrolled.schema.size);
}

#define FORGED(sentence) CASE_WITH(sentence, forged_open_new, forged_close)

RUN_TESTS(FORGED(code_needs_a_cadre_of_1_to_100_bytes_of_text), FORGED(code_needs_1_to_256_regions),
	  FORGED(code_makes_a_device_with_a_certificate_its_scope_and_the_schema),
	  FORGED(code_that_nobody_made_is_unknown), FORGED(code_is_for_one_key),
	  FORGED(same_key_again_is_the_same_device_and_nothing_is_logged),
	  FORGED(code_lives_for_72_hours),
	  FORGED(wrong_secret_is_told_like_an_unknown_code_and_the_right_one_still_serves),
	  FORGED(after_10_wrong_secrets_a_code_is_dead),
	  FORGED(after_9_wrong_secrets_a_code_still_serves),
	  FORGED(a_code_that_was_widened_lengthened_or_renamed_in_the_database_serves_nobody),
	  FORGED(a_code_that_was_put_into_the_database_serves_nobody),
	  FORGED(enrolment_that_nobody_sealed_gets_no_reply),
	  FORGED(enrolment_signed_with_another_key_than_it_names_is_refused),
	  FORGED(sync_request_is_no_enrolment),
	  FORGED(enrolment_with_little_room_brings_part_of_the_schema))

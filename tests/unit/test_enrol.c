/* SPDX-License-Identifier: Apache-2.0 */
/* Enrolment, as the device goes through it. */
#include "device_world.h"

static uint64_t
family(struct world *w)
{
	return world_record(w, "family", FIELDS("head", "Ani"));
}

TEST(enrolment_makes_a_device_with_forms_and_scope)
{
	struct world *w = *state;
	struct local_state found = world_state(w);

	assert_int_equal(found.device, WORLD_DEVICE);
	assert_string_equal(found.cadre, "Siti");
	assert_int_equal(found.epoch, WORLD_EPOCH);
	assert_int_equal(found.scope_count, 1);
	assert_int_equal(found.schema_version, 3);
	assert_non_null(w->device->schema);
	assert_int_equal(sambung_enrol(w->device, w->code_text, &w->err), STATUS_ALREADY_ENROLLED);
}

TEST(a_second_try_comes_from_the_same_device_key)
{
	struct world *w = *state;
	uint8_t key[SIGN_SECRET_SIZE];

	w->answers_lost = true;
	assert_int_equal(sambung_enrol(w->device, w->code_text, &w->err), STATUS_UNREACHABLE);
	memcpy(key, w->device->secret, sizeof key);
	w->answers_lost = false;
	world_reopen(w);
	assert_ok(sambung_enrol(w->device, w->code_text, &w->err));
	assert_memory_equal(w->device->secret, key, sizeof key);
	assert_int_equal(w->posts, 2);
}

TEST(a_refused_code_leaves_the_device_as_it_was)
{
	struct world *w = *state;

	w->enrol_status = STATUS_CODE_USED;
	assert_int_equal(sambung_enrol(w->device, w->code_text, &w->err), STATUS_CODE_USED);
	assert_int_equal(sambung_enrol(w->device, "sb1.x", &w->err), STATUS_CODE_MISTYPED);
	assert_int_equal(world_state(w).device, 0);
	w->enrol_status = STATUS_OK;
	assert_ok(sambung_enrol(w->device, w->code_text, &w->err));
}

TEST(a_certificate_of_another_key_is_refused)
{
	struct world *w = *state;

	w->log_public[0] ^= 1;
	assert_int_equal(sambung_enrol(w->device, w->code_text, &w->err), STATUS_SIGNATURE);
	assert_int_equal(world_state(w).device, 0);
}

TEST(forms_that_enrolment_did_not_finish_come_with_the_exchange)
{
	struct world *w = *state;
	uint32_t size = (uint32_t)w->schema.length;
	struct reply reply;
	struct sambung_edit *edit;

	w->schema_chunk = 100;
	assert_ok(sambung_enrol(w->device, w->code_text, &w->err));
	assert_int_equal(sambung_edit_create(w->device, "family", &edit, &w->err), STATUS_NO_FORMS);
	for (uint32_t held = 100; held < size; held += 300) {
		uint32_t length = size - held < 300 ? size - held : 300;

		world_request(w);
		assert_int_equal(w->head.schema_version, 0);
		assert_int_equal(w->head.schema_held, held);
		reply = world_reply(w);
		reply.schema = (struct schema_chunk){.version = 3,
						     .size = size,
						     .offset = held,
						     .bytes = span_of(w->schema.at + held, length)};
		memcpy(reply.schema.hash, w->schema_hash, HASH_SIZE);
		assert_ok(world_answer(w, &reply));
		assert_int_equal(w->again, held + length < size);
	}
	(void)family(w);
	world_request(w);
	assert_int_equal(w->head.schema_version, 3);
	assert_memory_equal(w->head.schema_hash, w->schema_hash, 8);
	assert_int_equal(w->head.schema_held, 0);
}

#define IN_WORLD(sentence) CASE_WITH(sentence, world_open, world_close)
#define IN_NEW_WORLD(sentence) CASE_WITH(sentence, world_open_new, world_close)

RUN_TESTS(IN_WORLD(enrolment_makes_a_device_with_forms_and_scope),
	  IN_NEW_WORLD(a_second_try_comes_from_the_same_device_key),
	  IN_NEW_WORLD(a_refused_code_leaves_the_device_as_it_was),
	  IN_NEW_WORLD(a_certificate_of_another_key_is_refused),
	  IN_NEW_WORLD(forms_that_enrolment_did_not_finish_come_with_the_exchange))

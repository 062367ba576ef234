/* SPDX-License-Identifier: Apache-2.0 */
/* Where a record's state is kept: in the log alone while one change of a device is all there is. */
#include "forged_device.h"

#define DEVICE struct forged *ani = *state

static struct stored_record
stored(struct forged *forged, uint64_t id)
{
	struct stored_record row;

	assert_ok(store_records_load(forged->world->reader, &id, 1, &forged->arena, &row,
				     &forged->err));
	assert_int_equal(row.id, id);
	return row;
}

static uint64_t
one_family(struct forged *forged)
{
	uint64_t id = forged_family(forged, VILLAGE_A_NUMBER);

	assert_ok(forged_sync(forged));
	return id;
}

TEST(record_of_one_change_is_kept_by_the_log)
{
	DEVICE;
	uint64_t id = one_family(ani);
	struct record record = forged_stored(ani, id);

	assert_true(stored(ani, id).one_change);
	assert_int_equal(record.id, id);
	assert_int_equal(record.type, FAMILY);
	assert_int_equal(record.village, VILLAGE_A_NUMBER);
	assert_int_equal(record.version, world_head(ani->world));
	assert_int_equal(record.dot_count, 1);
	assert_int_equal(record.dots[0].stream, ani->device);
	assert_int_equal(record.dots[0].seq, record.version);
	assert_int_equal(record.fields[0].version, record.version);
	assert_true(span_equal(forged_stored_text(ani, id, FAMILY_HEAD), span_of_text("Uji Coba")));
}

TEST(record_that_is_edited_has_a_state_of_its_own)
{
	DEVICE;
	uint64_t id = one_family(ani);

	forged_edit(ani, id, FAMILY, FAMILY_ADDRESS, value_text(span_of_text("Gang Uji")), 0, 1);
	assert_ok(forged_sync(ani));
	assert_false(stored(ani, id).one_change);
	assert_true(span_equal(forged_stored_text(ani, id, FAMILY_HEAD), span_of_text("Uji Coba")));
	assert_true(
		span_equal(forged_stored_text(ani, id, FAMILY_ADDRESS), span_of_text("Gang Uji")));
}

TEST(record_made_and_edited_in_one_request_has_a_state_of_its_own)
{
	DEVICE;
	uint64_t id = forged_family(ani, VILLAGE_A_NUMBER);

	forged_edit(ani, id, FAMILY, FAMILY_ADDRESS, value_text(span_of_text("Gang Uji")), 0, 1);
	assert_ok(forged_sync(ani));
	assert_false(stored(ani, id).one_change);
	assert_true(
		span_equal(forged_stored_text(ani, id, FAMILY_ADDRESS), span_of_text("Gang Uji")));
}

TEST(record_of_one_change_that_moves_is_still_kept_by_the_log)
{
	DEVICE;
	uint64_t family = forged_family(ani, VILLAGE_A_NUMBER);
	uint64_t person = forged_person(ani, family);

	forged_edit(ani, family, FAMILY, TAG_VILLAGE, value_integer(VILLAGE_B_NUMBER), 0, 2);
	assert_ok(forged_sync(ani));
	assert_true(stored(ani, person).one_change);
	assert_int_equal(forged_stored(ani, person).village, VILLAGE_B_NUMBER);
}

TEST(imported_record_has_a_state_of_its_own)
{
	DEVICE;
	static const char *const cells[] = {"key",  "1",	"village", VILLAGE_A,
					    "head", "Uji Coba", NULL};
	char text[ID_TEXT_SIZE];
	uint64_t id;

	world_import(ani->world, "family", cells);
	world_imported_id(ani->world, "family", "1", text);
	assert_ok(id_parse(text, &id, &ani->err));
	assert_false(stored(ani, id).one_change);
}

TEST(change_that_is_sent_again_finds_its_record)
{
	DEVICE;

	(void)forged_family(ani, VILLAGE_A_NUMBER);
	assert_ok(forged_sync(ani));
	assert_ok(forged_send_again(ani));
	assert_int_equal(ani->reply.exception_count, 0);
	assert_int_equal(ani->reply.acked_n, 1);
}

TEST(damaged_change_in_the_log_is_told_and_not_shown)
{
	DEVICE;
	uint64_t id = one_family(ani);
	struct stored_record row = stored(ani, id);
	struct record record;

	row.state.length--;
	assert_int_equal(stored_record_decode(&row, NULL, &ani->arena, &record, &ani->err),
			 STATUS_STORAGE);
	row = stored(ani, id);
	row.id++;
	assert_int_equal(stored_record_decode(&row, NULL, &ani->arena, &record, &ani->err),
			 STATUS_STORAGE);
}

#define FORGED(sentence) CASE_WITH(sentence, forged_open, forged_close)

RUN_TESTS(FORGED(record_of_one_change_is_kept_by_the_log),
	  FORGED(record_that_is_edited_has_a_state_of_its_own),
	  FORGED(record_made_and_edited_in_one_request_has_a_state_of_its_own),
	  FORGED(record_of_one_change_that_moves_is_still_kept_by_the_log),
	  FORGED(imported_record_has_a_state_of_its_own),
	  FORGED(change_that_is_sent_again_finds_its_record),
	  FORGED(damaged_change_in_the_log_is_told_and_not_shown))

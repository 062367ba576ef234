/* SPDX-License-Identifier: Apache-2.0 */
/* What a carrier can do to a file, and what keeps it safe. */
#include "tests/testing.h"
#include "tests/twin/carriage.h"

TEST(an_altered_or_truncated_file_is_refused_and_harms_nothing)
{
	struct carriage *all = carriage_make();
	uint64_t head = world_head(all->world);
	size_t length;

	carriage_visits(all, 5, 20);
	(void)carriage_out(all);
	length = all->file.length;
	for (size_t at = 0; at < length; at += 37) {
		all->file.at[at] ^= 1;
		assert_int_not_equal(carriage_deliver(all), 0);
		all->file.at[at] ^= 1;
		all->file.length = at;
		assert_int_equal(carriage_deliver(all), STATUS_MALFORMED);
		all->file.length = length;
	}
	assert_int_equal(all->answers.length, 0);
	assert_int_equal(world_head(all->world), head);
	assert_ok(carriage_deliver(all));
	assert_int_equal(carriage_in(all).acked, 7);
	carriage_free(all);
}

/* Changes a bit of the first parcel or answer, and puts the file's check right. */
static void
forge(struct buffer *file, size_t at)
{
	struct span covered = span_of(file->at, file->length - CARRY_CHECK_SIZE);
	uint8_t hash[32];

	file->at[at] ^= 1;
	sha256(&covered, 1, hash);
	memcpy(file->at + covered.length, hash, CARRY_CHECK_SIZE);
}

TEST(a_carrier_who_alters_a_parcel_or_an_answer_is_noticed)
{
	struct carriage *all = carriage_make();
	struct sambung_result result;
	uint64_t head = world_head(all->world);

	carriage_visits(all, 5, 20);
	(void)carriage_out(all);
	forge(&all->file, all->file.length - 40);
	assert_int_not_equal(carriage_deliver(all), 0);
	assert_int_equal(world_head(all->world), head);
	forge(&all->file, all->file.length - 40);
	assert_ok(carriage_deliver(all));
	forge(&all->answers, all->answers.length - 40);
	assert_int_equal(sambung_carry_in(carriage_phone(all, all->ani),
					  carriage_bytes(&all->answers), &result, &all->err),
			 STATUS_SIGNATURE);
	assert_int_equal(result.requests, 0);
	assert_int_equal(carriage_queued(all), 7);
	forge(&all->answers, all->answers.length - 40);
	assert_int_equal(carriage_in(all).acked, 7);
	carriage_free(all);
}

TEST(a_bad_answer_does_not_keep_the_others_out)
{
	const size_t in_the_first = CARRY_MARK_SIZE + 60;
	struct carriage *all = carriage_make();
	struct sambung_result result;
	uint32_t parcels;

	carriage_visits(all, 400, 400);
	parcels = carriage_out(all).parcels;
	assert_true(parcels >= 3);
	assert_ok(carriage_deliver(all));
	forge(&all->answers, in_the_first);
	assert_int_equal(sambung_carry_in(carriage_phone(all, all->ani),
					  carriage_bytes(&all->answers), &result, &all->err),
			 STATUS_SIGNATURE);
	assert_int_equal(result.requests, parcels - 1);
	assert_true(result.acked > 0);
	assert_int_equal(carriage_queued(all), 402); /* counted from the front */
	forge(&all->answers, in_the_first);
	(void)carriage_in(all);
	assert_int_equal(carriage_queued(all), 0);
	carriage_free(all);
}

static bool
holds(const struct buffer *bytes, const void *part, size_t length)
{
	for (size_t i = 0; i + length <= bytes->length; i++) {
		if (memcmp(bytes->at + i, part, length) == 0) {
			return true;
		}
	}
	return false;
}

TEST(a_carrier_can_read_nothing)
{
	struct carriage *all = carriage_make();
	struct buffer first;

	carriage_visits(all, 3, 20);
	(void)carriage_out(all);
	assert_ok(carriage_deliver(all));
	assert_false(holds(&all->file, carriage_head, 8));
	assert_false(holds(&all->file, carriage_child, 8));
	assert_false(holds(&all->file, "Ani", 3));
	assert_false(holds(&all->answers, carriage_head, 8));
	assert_false(holds(&all->answers, carriage_child, 8));
	/* Nor even that two files are of one queue: behind mark, length, version and key number
	 * they have no eight bytes in common. */
	buffer_init(&first, CARRY_FILE_MAX);
	buffer_append_span(&first, buffer_span(&all->file));
	(void)carriage_out(all);
	for (size_t i = CARRY_MARK_SIZE + 6; i + 8 <= first.length; i++) {
		assert_false(holds(&all->file, first.at + i, 8));
	}
	buffer_finish(&first);
	carriage_free(all);
}

TEST(answers_to_a_file_before_the_last_sixty_four_parcels_are_passed_over)
{
	struct carriage *all = carriage_make();
	struct sambung_result result;

	carriage_visits(all, 2, 20);
	(void)carriage_out(all);
	assert_ok(carriage_deliver(all));
	for (unsigned i = 0; i < 64; i++) {
		(void)carriage_out(all);
	}
	result = carriage_in(all);
	assert_int_equal(result.requests, 0);
	assert_int_equal(carriage_queued(all), 4);
	assert_ok(carriage_deliver(all));
	assert_int_equal(carriage_in(all).acked, 4);
	carriage_free(all);
}

TEST(answers_for_another_phone_are_passed_over)
{
	struct carriage *all = carriage_make();
	struct sambung_result result;

	(void)carriage_out(all);
	assert_ok(carriage_deliver(all));
	assert_ok(sambung_carry_in(carriage_phone(all, all->budi), carriage_bytes(&all->answers),
				   &result, &all->err));
	assert_int_equal(result.requests, 0);
	carriage_free(all);
}

TEST(each_parcel_has_a_counter_of_its_own_on_the_disk_before_it_leaves)
{
	struct carriage *all = carriage_make();
	uint64_t before = carriage_state(all).r;
	uint32_t parcels;

	carriage_visits(all, 400, 400);
	parcels = carriage_out(all).parcels;
	assert_true(parcels >= 3);
	world_reopen(all->world, all->ani);
	assert_int_equal(carriage_state(all).r, before + parcels);
	carriage_free(all);
}

TEST(what_is_recorded_after_a_file_left_shares_no_seed_with_it)
{
	struct carriage *all = carriage_make();
	struct local_batches batches;
	struct arena arena;

	carriage_visits(all, 2, 20);
	(void)carriage_out(all);
	carriage_visits(all, 2, 20);
	arena_init(&arena, 1 << 16);
	assert_ok(
		local_batches(carriage_phone(all, all->ani)->local, 1, 6, &arena, &batches, NULL));
	assert_int_equal(batches.count, 2);
	assert_int_equal(batches.at[0].last_n, 4);
	assert_memory_not_equal(batches.at[0].seed, batches.at[1].seed, SEED_SIZE);
	arena_finish(&arena);
	carriage_free(all);
}

TEST(a_phone_that_is_not_enrolled_has_nothing_to_carry)
{
	struct carriage *all = carriage_make();
	struct sambung_carried carried;
	struct sambung_result result;
	struct sambung *fresh;
	char folder[300];

	(void)carriage_out(all);
	assert_ok(carriage_deliver(all));
	(void)snprintf(folder, sizeof folder, "%s/fresh", all->world->folder);
	assert_ok(sambung_open(&(struct sambung_options){.directory = folder}, &fresh, &all->err));
	assert_int_equal(sambung_carry_out(fresh, carriage_keep, &all->file, &carried, &all->err),
			 STATUS_NOT_ENROLLED);
	assert_int_equal(sambung_carry_in(fresh, carriage_bytes(&all->answers), &result, &all->err),
			 STATUS_NOT_ENROLLED);
	sambung_close(fresh);
	carriage_free(all);
}

RUN_TESTS(CASE(an_altered_or_truncated_file_is_refused_and_harms_nothing),
	  CASE(a_carrier_who_alters_a_parcel_or_an_answer_is_noticed),
	  CASE(a_bad_answer_does_not_keep_the_others_out), CASE(a_carrier_can_read_nothing),
	  CASE(answers_to_a_file_before_the_last_sixty_four_parcels_are_passed_over),
	  CASE(answers_for_another_phone_are_passed_over),
	  CASE(each_parcel_has_a_counter_of_its_own_on_the_disk_before_it_leaves),
	  CASE(what_is_recorded_after_a_file_left_shares_no_seed_with_it),
	  CASE(a_phone_that_is_not_enrolled_has_nothing_to_carry))

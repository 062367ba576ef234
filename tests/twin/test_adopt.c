/* SPDX-License-Identifier: Apache-2.0 */
/* Files whose phone could not bring in what is in them: an admin adopts them. */
#include "daemon/folder.h"
#include "protocol/carry.h"
#include "tests/testing.h"
#include "tests/twin/adopted.h"
#include "tests/twin/alter.h"
#include "tests/twin/copies.h"

static const char village[] = TWO_CADRES_VILLAGE;
static const char elsewhere[] = "6303072002";

/* ---- a phone that was lost, or restored, after it wrote a file ---- */

struct loss {
	struct two_cadres all;
	size_t image; /* of her phone as it was before */
	struct buffer file;
	uint32_t former; /* her number */
};

/* A family that nobody else knows, with a child and a visit, and a visit to the child that all
 * know: four changes, of which three refer to each other. */
static void
work(const struct two_cadres *all, size_t device)
{
	char family[16];
	char person[16];
	char id[16];

	adopted_create(all, device, "family", NOTES("head", "Sumiati", "village", village), family);
	adopted_create(all, device, "person", NOTES("family", family, "name", "Bayu"), person);
	adopted_create(all, device, "visit", NOTES("person", person, "note", "anak"), id);
	visit(all, device, "satu");
}

static struct loss
loss_begin(uint64_t seed)
{
	struct loss loss = {.all = two_cadres_with_a_family(seed)};

	visit(&loss.all, loss.all.ani, "awal");
	world_sync(loss.all.world, loss.all.ani);
	loss.former = number_of(&loss.all, loss.all.ani);
	loss.image = clone(&loss.all, loss.all.ani);
	buffer_init(&loss.file, CARRY_FILE_MAX);
	return loss;
}

/* The phone is what it was before, records something else, and syncs first. */
static void
phone_restored(struct loss *loss)
{
	restore(&loss->all, loss->all.ani, loss->image);
	visit(&loss->all, loss->all.ani, "sesudah");
	world_sync(loss->all.world, loss->all.ani);
}

static struct loss
loss_of_work(uint64_t seed)
{
	struct loss loss = loss_begin(seed);

	work(&loss.all, loss.all.ani);
	adopted_file(&loss.all, loss.all.ani, &loss.file);
	phone_restored(&loss);
	return loss;
}

static void
loss_end(struct loss *loss)
{
	buffer_finish(&loss->file);
	world_free(loss->all.world);
}

static void
assert_everywhere(const struct loss *loss)
{
	for (size_t round = 0; round < 2; round++) {
		world_sync(loss->all.world, loss->all.ani);
		world_sync(loss->all.world, loss->all.budi);
	}
	assert_same(&loss->all, loss->all.ani);
	assert_same(&loss->all, loss->all.budi);
}

/* The family of the file, its child and the child's visit hang together. */
static void
assert_work_once(const struct loss *loss)
{
	char person[32];
	char line[80];
	struct buffer lines = shown(&loss->all, "person");
	const char *at = strstr((const char *)lines.at, "Bayu");

	assert_non_null(at);
	assert_null(strstr(at + 1, "Bayu"));
	while (at > (const char *)lines.at && at[-1] != '\n') {
		at--;
	}
	assert_int_equal(sscanf(at, "{\"id\":\"%15[0-9a-z]\"", person), 1);
	buffer_finish(&lines);
	(void)snprintf(line, sizeof line, "\"person\":\"%s\"", person);
	assert_int_equal(times(&loss->all, "visit", line), 1);
	assert_int_equal(times(&loss->all, "family", "Sumiati"), 1);
	assert_int_equal(times(&loss->all, "visit", "\"anak\""), 1);
}

TEST(work_that_only_a_file_has_is_adopted_and_reaches_everybody_once)
{
	struct loss loss = loss_of_work(1);
	struct adopt_count count = adopted(&loss.all, &loss.file);

	assert_int_equal(count.device, loss.former);
	assert_int_not_equal(count.number, loss.former);
	assert_int_equal(count.adopted, 4);
	assert_int_equal(count.quarantined, 0);
	assert_int_equal(count.before, 0);
	assert_visits_once(&loss.all, NOTES("awal", "sesudah", "anak", "satu"));
	assert_work_once(&loss);
	assert_everywhere(&loss);
	/* The restored phone is what it was. */
	assert_int_equal(number_of(&loss.all, loss.all.ani), loss.former);
	assert_int_equal(adopted_state(&loss.all, loss.former), DEVICE_ACTIVE);
	assert_int_equal(adopted_state(&loss.all, count.number), DEVICE_FORMER);
	loss_end(&loss);
}

TEST(a_file_adopted_twice_is_in_the_log_once)
{
	struct loss loss = loss_of_work(2);
	const uint32_t number = adopted(&loss.all, &loss.file).number;
	const uint64_t head = world_head(loss.all.world);
	struct adopt_count count = adopted(&loss.all, &loss.file);

	assert_int_equal(count.number, number);
	assert_int_equal(count.adopted, 0);
	assert_int_equal(count.before, 4);
	assert_int_equal(world_head(loss.all.world), head);
	assert_visits_once(&loss.all, NOTES("awal", "sesudah", "anak", "satu"));
	loss_end(&loss);
}

TEST(a_longer_file_of_the_same_queue_adds_what_it_has_more)
{
	struct loss loss = loss_begin(3);
	struct buffer longer;
	struct adopt_count first;
	struct adopt_count count;

	buffer_init(&longer, CARRY_FILE_MAX);
	work(&loss.all, loss.all.ani);
	adopted_file(&loss.all, loss.all.ani, &loss.file);
	visit(&loss.all, loss.all.ani, "dua");
	visit(&loss.all, loss.all.ani, "tiga");
	adopted_file(&loss.all, loss.all.ani, &longer);
	phone_restored(&loss);
	first = adopted(&loss.all, &loss.file);
	count = adopted(&loss.all, &longer);
	assert_int_equal(count.number, first.number);
	assert_int_equal(count.adopted, 2);
	assert_int_equal(count.before, 4);
	/* And the shorter one once more. */
	assert_int_equal(adopted(&loss.all, &loss.file).adopted, 0);
	assert_visits_once(&loss.all, NOTES("awal", "sesudah", "anak", "satu", "dua", "tiga"));
	assert_everywhere(&loss);
	buffer_finish(&longer);
	loss_end(&loss);
}

TEST(a_long_file_is_adopted_in_several_transactions)
{
	enum { MANY = 700 };
	struct loss loss = loss_begin(4);
	struct adopt_count count;

	for (unsigned i = 0; i < MANY; i++) {
		visit(&loss.all, loss.all.ani, "banyak");
	}
	adopted_file(&loss.all, loss.all.ani, &loss.file);
	phone_restored(&loss);
	count = adopted(&loss.all, &loss.file);
	assert_int_equal(count.adopted, MANY);
	assert_int_equal(times(&loss.all, "visit", "banyak"), MANY);
	assert_int_equal(adopted(&loss.all, &loss.file).adopted, 0);
	assert_everywhere(&loss);
	loss_end(&loss);
}

/* ---- who lives after all ---- */

TEST(the_phone_that_wrote_the_file_takes_over_its_number_and_says_nothing_twice)
{
	struct loss loss = loss_begin(5);
	struct sambung_result result;
	struct adopt_count count;
	uint64_t before;
	size_t lives;

	work(&loss.all, loss.all.ani);
	adopted_file(&loss.all, loss.all.ani, &loss.file);
	lives = clone(&loss.all, loss.all.ani);
	phone_restored(&loss);
	count = adopted(&loss.all, &loss.file);
	before = world_head(loss.all.world);
	assert_int_equal(sync_status(&loss.all, lives, &result), 0);
	assert_int_equal(result.continues_as, count.number);
	assert_int_equal(number_of(&loss.all, lives), count.number);
	/* The entry of its number, and nothing else. */
	assert_int_equal(world_head(loss.all.world), before + 1);
	assert_int_equal(adopted_state(&loss.all, count.number), DEVICE_ACTIVE);
	assert_int_equal(adopted_state(&loss.all, loss.former), DEVICE_FORMER);
	visit(&loss.all, lives, "lanjut");
	world_sync(loss.all.world, lives);
	assert_visits_once(&loss.all, NOTES("awal", "sesudah", "anak", "satu", "lanjut"));
	assert_work_once(&loss);
	assert_same(&loss.all, lives);
	/* Its file says nothing new, under whichever number. */
	assert_int_equal(adopted(&loss.all, &loss.file).adopted, 0);
	loss_end(&loss);
}

TEST(a_file_of_a_phone_that_has_gone_on_by_itself_adds_nothing)
{
	struct loss loss = loss_begin(6);
	size_t lives;

	work(&loss.all, loss.all.ani);
	adopted_file(&loss.all, loss.all.ani, &loss.file);
	lives = clone(&loss.all, loss.all.ani);
	phone_restored(&loss);
	world_sync(loss.all.world, lives);
	assert_int_equal(adopted(&loss.all, &loss.file).number, number_of(&loss.all, lives));
	assert_int_equal(adopted(&loss.all, &loss.file).before, 4);
	assert_visits_once(&loss.all, NOTES("awal", "sesudah", "anak", "satu"));
	loss_end(&loss);
}

TEST(another_copy_of_the_same_moment_gets_a_number_of_its_own)
{
	struct loss loss = loss_begin(7);
	const size_t other = clone(&loss.all, loss.image);
	struct sambung_result result;
	struct adopt_count count;

	work(&loss.all, loss.all.ani);
	adopted_file(&loss.all, loss.all.ani, &loss.file);
	phone_restored(&loss);
	count = adopted(&loss.all, &loss.file);
	visit(&loss.all, other, "lain");
	(void)sync_status(&loss.all, other, &result);
	world_sync(loss.all.world, other);
	assert_int_not_equal(number_of(&loss.all, other), count.number);
	assert_int_not_equal(number_of(&loss.all, other), loss.former);
	assert_visits_once(&loss.all, NOTES("awal", "sesudah", "anak", "satu", "lain"));
	assert_same(&loss.all, other);
	loss_end(&loss);
}

/* Of two copies with a part in common, each with a file: that part is adopted once, as if both had
 * gone on by themselves. */
TEST(what_two_files_have_in_common_is_adopted_once_and_both_phones_find_their_numbers)
{
	struct loss loss = loss_begin(8);
	struct buffer other_file;
	struct adopt_count first;
	struct adopt_count second;
	size_t lives;
	size_t other;

	buffer_init(&other_file, CARRY_FILE_MAX);
	work(&loss.all, loss.all.ani);
	other = clone(&loss.all, loss.all.ani);
	visit(&loss.all, loss.all.ani, "dua");
	visit(&loss.all, other, "tiga");
	adopted_file(&loss.all, loss.all.ani, &loss.file);
	adopted_file(&loss.all, other, &other_file);
	lives = clone(&loss.all, loss.all.ani);
	phone_restored(&loss);
	first = adopted(&loss.all, &loss.file);
	second = adopted(&loss.all, &other_file);
	assert_int_equal(first.adopted, 5);
	assert_int_not_equal(second.number, first.number);
	assert_int_equal(second.adopted, 1);
	assert_int_equal(second.before, 4);
	assert_visits_once(&loss.all, NOTES("awal", "sesudah", "anak", "satu", "dua", "tiga"));
	world_sync(loss.all.world, other);
	assert_int_equal(number_of(&loss.all, other), second.number);
	world_sync(loss.all.world, other);
	assert_visits_once(&loss.all, NOTES("awal", "sesudah", "anak", "satu", "dua", "tiga"));
	assert_same(&loss.all, other);
	assert_int_equal(adopted(&loss.all, &other_file).adopted, 0);
	/* The phone of the first file comes for the number that the other had passed through. Two
	 * that live are for a person to decide. */
	assert_held(&loss.all, lives);
	assert_int_equal(number_of(&loss.all, lives), first.number);
	assert_visits_once(&loss.all, NOTES("awal", "sesudah", "anak", "satu", "dua", "tiga"));
	assert_true(world_verified(loss.all.world));
	buffer_finish(&other_file);
	loss_end(&loss);
}

/* ---- what nobody can compare ---- */

/* The server has forgotten what the phone sent last. */
static struct loss
loss_after_a_restore(uint64_t seed, size_t *lives_out)
{
	struct loss loss = loss_begin(seed);
	struct world *world = loss.all.world;
	const unsigned backup = world_backup(world);

	visit(&loss.all, loss.all.ani, "hilang");
	world_sync(world, loss.all.ani);
	work(&loss.all, loss.all.ani);
	*lives_out = clone(&loss.all, loss.all.ani);
	adopted_file(&loss.all, *lives_out, &loss.file);
	world_restore(world, backup);
	return loss;
}

/* What its other copy says there is something else: the chain differs before the file begins. */
TEST(a_phone_that_is_not_told_where_it_differs_hands_its_queue_on_by_a_file)
{
	size_t lives;
	struct loss loss = loss_after_a_restore(9, &lives);
	struct sambung_result result;
	struct adopt_count count;

	phone_restored(&loss);
	assert_string_equal(sambung_status_name(sync_status(&loss.all, lives, &result)), "fork");
	assert_int_equal(result.continues_as, 0);
	count = adopted(&loss.all, &loss.file);
	assert_int_equal(count.adopted, 4);
	assert_int_equal(count.missing, 0);
	adopted_file(&loss.all, lives, &loss.file);
	count = adopted(&loss.all, &loss.file);
	assert_int_equal(count.adopted, 0);
	assert_int_equal(count.before, 4);
	assert_visits_once(&loss.all, NOTES("awal", "sesudah", "anak", "satu"));
	assert_work_once(&loss);
	assert_everywhere(&loss);
	loss_end(&loss);
}

/* As `carry deliver` and `sambung carry in` do. */
static void
deliver_and_answer(const struct loss *loss, size_t device)
{
	struct carry_file file;
	struct carry_replies replies = {.count = 0};
	struct buffer bytes[CARRY_PARCELS_MAX];
	struct buffer answers;
	struct sambung_result result;
	struct sambung_error err;

	assert_ok(carry_file_decode(buffer_span(&loss->file), &file, NULL));
	for (; replies.count < file.count; replies.count++) {
		struct carry_reply *reply = &replies.at[replies.count];

		buffer_init(&bytes[replies.count], PARCEL_REPLY_MAX);
		assert_true(world_deliver(loss->all.world, file.parcels[replies.count],
					  &bytes[replies.count]));
		parcel_tag(file.parcels[replies.count], reply->tag);
		reply->bytes = buffer_span(&bytes[replies.count]);
	}
	buffer_init(&answers, CARRY_REPLIES_MAX);
	carry_replies_encode(&replies, &answers);
	(void)sambung_carry_in(handle(&loss->all, device),
			       (struct sambung_bytes){answers.at, answers.length}, &result, &err);
	buffer_finish(&answers);
	for (size_t i = 0; i < replies.count; i++) {
		buffer_finish(&bytes[i]);
	}
}

/* It has heard from which change on the restored server needs it, and comes back after its other
 * copy. */
TEST(a_file_of_a_phone_that_went_on_from_an_earlier_place_adds_nothing)
{
	size_t lives;
	struct loss loss = loss_after_a_restore(22, &lives);
	struct adopt_count count;

	deliver_and_answer(&loss, lives);
	phone_restored(&loss);
	world_sync(loss.all.world, lives);
	assert_visits_once(&loss.all, NOTES("awal", "sesudah", "hilang", "anak", "satu"));
	count = adopted(&loss.all, &loss.file);
	assert_int_equal(count.number, number_of(&loss.all, lives));
	assert_int_equal(count.adopted, 0);
	assert_int_equal(count.before, 4);
	assert_visits_once(&loss.all, NOTES("awal", "sesudah", "hilang", "anak", "satu"));
	assert_work_once(&loss);
	loss_end(&loss);
}

TEST(what_a_lost_phone_said_behind_what_a_restored_server_lacks_is_adopted_and_the_lack_is_told)
{
	struct loss loss = loss_begin(23);
	struct world *world = loss.all.world;
	const unsigned backup = world_backup(world);
	struct adopt_count count;

	visit(&loss.all, loss.all.ani, "hilang");
	visit(&loss.all, loss.all.ani, "hilang juga");
	world_sync(world, loss.all.ani);
	work(&loss.all, loss.all.ani);
	adopted_file(&loss.all, loss.all.ani, &loss.file);
	world_restore(world, backup);
	count = adopted(&loss.all, &loss.file);
	assert_int_equal(count.adopted, 4);
	assert_int_equal(count.missing, 2);
	assert_visits_once(&loss.all, NOTES("awal", "anak", "satu"));
	assert_work_once(&loss);
	assert_int_equal(adopted(&loss.all, &loss.file).adopted, 0);
	world_sync(world, loss.all.budi);
	assert_same(&loss.all, loss.all.budi);
	loss_end(&loss);
}

/* It kept what the server had for a month, and the newest 512 of that. */
TEST(a_phone_that_keeps_less_than_a_restored_server_asks_for_hands_its_queue_on_by_a_file)
{
	enum { FORGOTTEN = 600 };
	const int64_t day_ms = INT64_C(24) * 3600 * 1000;
	struct loss loss = loss_begin(25);
	struct two_cadres *all = &loss.all;
	const unsigned backup = world_backup(all->world);
	struct sambung_result result;
	struct adopt_count count;

	for (unsigned i = 0; i < FORGOTTEN; i++) {
		visit(all, all->ani, "hilang");
	}
	world_sync(all->world, all->ani);
	for (unsigned i = 0; i < 3; i++) {
		all->world->now_ms += 40 * day_ms;
		world_sync(all->world, all->ani);
	}
	work(all, all->ani);
	world_restore(all->world, backup);
	assert_string_equal(sambung_status_name(sync_status(all, all->ani, &result)), "gap");
	adopted_file(all, all->ani, &loss.file);
	count = adopted(all, &loss.file);
	/* What was acknowledged is in no file. */
	assert_int_equal(count.missing, FORGOTTEN);
	assert_int_equal(count.adopted, 4);
	assert_work_once(&loss);
	assert_int_equal(adopted(all, &loss.file).adopted, 0);
	assert_true(world_verified(all->world));
	loss_end(&loss);
}

/* It asks eight times for a number, and then never again. */
TEST(a_phone_that_cannot_be_healed_any_more_hands_its_queue_on_by_a_file)
{
	struct loss loss = loss_begin(24);
	struct two_cadres *all = &loss.all;
	struct sambung_result result;
	char note[16];
	size_t image;

	for (unsigned i = 0; i < 8; i++) {
		image = clone(all, all->ani);
		(void)snprintf(note, sizeof note, "asli%u", i);
		visit(all, all->ani, note);
		world_sync(all->world, all->ani);
		restore(all, all->ani, image);
		(void)snprintf(note, sizeof note, "salin%u", i);
		visit(all, all->ani, note);
		world_sync(all->world, all->ani);
	}
	image = clone(all, all->ani);
	visit(all, all->ani, "terakhir");
	world_sync(all->world, all->ani);
	restore(all, all->ani, image);
	work(all, all->ani);
	assert_string_equal(sambung_status_name(sync_status(all, all->ani, &result)), "fork");
	assert_string_equal(sambung_status_name(sync_status(all, all->ani, &result)), "fork");
	adopted_file(all, all->ani, &loss.file);
	assert_int_equal(adopted(all, &loss.file).adopted, 4);
	assert_work_once(&loss);
	assert_int_equal(times(all, "visit", "\"satu\""), 1);
	assert_true(world_verified(all->world));
	loss_end(&loss);
}

TEST(after_a_restored_server_lost_an_adoption_the_file_is_adopted_again)
{
	struct loss loss = loss_of_work(10);
	const unsigned backup = world_backup(loss.all.world);
	uint32_t number = adopted(&loss.all, &loss.file).number;

	world_restore(loss.all.world, backup);
	assert_int_not_equal(adopted(&loss.all, &loss.file).number, number);
	assert_visits_once(&loss.all, NOTES("awal", "sesudah", "anak", "satu"));
	assert_everywhere(&loss);
	loss_end(&loss);
}

/* ---- as judged ---- */

TEST(what_an_adopted_file_says_of_other_villages_is_set_aside_and_can_be_released)
{
	struct loss loss = loss_begin(11);
	struct adopt_count count;
	uint64_t released = 0;
	char id[16];

	visit(&loss.all, loss.all.ani, "satu");
	adopted_create(&loss.all, loss.all.ani, "family",
		       NOTES("head", "Jauh", "village", elsewhere), id);
	adopted_file(&loss.all, loss.all.ani, &loss.file);
	phone_restored(&loss);
	count = adopted(&loss.all, &loss.file);
	assert_int_equal(count.adopted, 2);
	assert_int_equal(count.quarantined, 1);
	assert_visits_once(&loss.all, NOTES("awal", "sesudah", "satu"));
	assert_ok(world_release_of(loss.all.world, count.number, 2, &released));
	assert_int_equal(released, 1);
	assert_everywhere(&loss);
	loss_end(&loss);
}

TEST(of_a_revoked_installation_the_work_is_kept_for_an_admin_to_release)
{
	struct loss loss = loss_of_work(12);
	struct adopt_count count;
	uint64_t released = 0;
	size_t told = 0;
	size_t waits = 0;

	world_revoke(loss.all.world, loss.all.ani);
	count = adopted(&loss.all, &loss.file);
	assert_int_equal(count.adopted, 4);
	assert_int_equal(count.quarantined, 4);
	assert_int_equal(adopted_state(&loss.all, count.number), DEVICE_REVOKED);
	for (uint32_t n = 1; n <= 4; n++) {
		enum status status = world_release_of(loss.all.world, count.number, n, &released);

		/* What hangs on the first follows it. */
		assert_true(status == STATUS_OK || status == STATUS_EXISTS);
	}
	assert_visits_once(&loss.all, NOTES("awal", "sesudah", "anak", "satu"));
	assert_work_once(&loss);
	world_sync(loss.all.world, loss.all.budi);
	assert_same(&loss.all, loss.all.budi);
	/* Her phone is told, and Budi's, and nobody else. */
	assert_ok(world_erase(loss.all.world, loss.all.family));
	world_erasure(loss.all.world, loss.all.family, &told, &waits);
	assert_int_equal(told, 2);
	assert_true(world_verified(loss.all.world));
	loss_end(&loss);
}

TEST(what_was_erased_stays_erased_when_a_file_speaks_of_it)
{
	struct loss loss = loss_of_work(13);
	struct adopt_count count;

	assert_ok(world_erase(loss.all.world, loss.all.person));
	count = adopted(&loss.all, &loss.file);
	assert_int_equal(count.adopted, 4);
	assert_work_once(&loss);
	assert_int_equal(times(&loss.all, "visit", "\"satu\""), 0);
	world_restart_server(loss.all.world);
	assert_int_equal(adopted(&loss.all, &loss.file).adopted, 0);
	assert_everywhere(&loss);
	loss_end(&loss);
}

TEST(a_number_without_a_phone_is_told_of_no_erasure_and_is_neither_held_nor_allowed)
{
	struct loss loss = loss_begin(14);
	size_t told = 0;
	size_t waits = 0;
	size_t other;
	uint32_t number;

	work(&loss.all, loss.all.ani);
	adopted_file(&loss.all, loss.all.ani, &loss.file);
	other = clone(&loss.all, loss.image);
	phone_restored(&loss);
	visit(&loss.all, other, "lain");
	world_sync(loss.all.world, other);
	/* Whoever asked first has the number of that place: the file goes on from there. */
	number = adopted(&loss.all, &loss.file).number;
	assert_int_not_equal(number, number_of(&loss.all, other));
	visit(&loss.all, loss.all.ani, "masih");
	assert_held(&loss.all, loss.all.ani);
	assert_int_equal(adopted_state(&loss.all, number), DEVICE_FORMER);
	/* Whoever may go on is told of what was erased meanwhile. */
	assert_ok(world_erase(loss.all.world, loss.all.person));
	world_allow(loss.all.world, loss.all.ani);
	assert_int_equal(adopted_state(&loss.all, loss.former), DEVICE_ACTIVE);
	assert_int_equal(adopted_state(&loss.all, number), DEVICE_FORMER);
	for (size_t round = 0; round < 2; round++) {
		world_sync(loss.all.world, loss.all.ani);
		world_sync(loss.all.world, other);
		world_sync(loss.all.world, loss.all.budi);
	}
	world_erasure(loss.all.world, loss.all.person, &told, &waits);
	assert_int_equal(told, 3);
	assert_int_equal(waits, 0);
	assert_true(world_verified(loss.all.world));
	loss_end(&loss);
}

/* ---- refused ---- */

TEST(a_file_that_the_log_goes_on_with_or_has_is_left_to_its_delivery)
{
	struct loss loss = loss_begin(15);
	const uint64_t head = world_head(loss.all.world);

	adopted_file(&loss.all, loss.all.ani, &loss.file);
	adopted_refused(&loss.all, &loss.file, "no change");
	work(&loss.all, loss.all.ani);
	adopted_file(&loss.all, loss.all.ani, &loss.file);
	adopted_refused(&loss.all, &loss.file, "carry in");
	assert_int_equal(world_head(loss.all.world), head);
	world_sync(loss.all.world, loss.all.ani);
	adopted_refused(&loss.all, &loss.file, "is in the log");
	loss_end(&loss);
}

/* As `carry in` does; what is answered is of no use to anybody. */
static void
deliver(const struct loss *loss)
{
	struct carry_file file;
	struct buffer reply;

	assert_ok(carry_file_decode(buffer_span(&loss->file), &file, NULL));
	for (size_t i = 0; i < file.count; i++) {
		buffer_init(&reply, PARCEL_REPLY_MAX);
		assert_true(world_deliver(loss->all.world, file.parcels[i], &reply));
		buffer_finish(&reply);
	}
}

TEST(a_file_that_remembers_a_log_which_is_lost_has_to_prove_that_first)
{
	struct loss loss = loss_begin(20);
	struct world *world = loss.all.world;
	const unsigned backup = world_backup(world);

	visit(&loss.all, loss.all.budi, "hilang");
	world_sync(world, loss.all.budi);
	world_sync(world, loss.all.ani);
	work(&loss.all, loss.all.ani);
	adopted_file(&loss.all, loss.all.ani, &loss.file);
	world_set_back(world, backup);
	phone_restored(&loss);
	adopted_refused(&loss.all, &loss.file, "which proves it");
	deliver(&loss);
	assert_int_equal(adopted(&loss.all, &loss.file).adopted, 4);
	assert_work_once(&loss);
	loss_end(&loss);
}

/* The shipped schema as its second version. */
static void
load_second_schema(struct world *world)
{
	static const char first[] = "\"version\": 1";
	struct buffer json;
	struct error err;
	char *at;

	buffer_init(&json, 1 << 20);
	assert_ok(folder_read(getenv("SAMBUNG_SCHEMA"), 1 << 20, &json, &err));
	buffer_append_byte(&json, '\0');
	at = strstr((char *)json.at, first);
	assert_non_null(at);
	at[sizeof first - 2] = '2';
	assert_ok(world_load_schema(world, (const char *)json.at, json.length - 1));
	buffer_finish(&json);
}

TEST(a_file_made_with_a_schema_that_is_not_here_waits_for_it)
{
	struct loss loss = loss_begin(21);
	struct world *world = loss.all.world;
	const unsigned backup = world_backup(world);

	load_second_schema(world);
	world_sync(world, loss.all.ani);
	work(&loss.all, loss.all.ani);
	adopted_file(&loss.all, loss.all.ani, &loss.file);
	world_restore(world, backup);
	phone_restored(&loss);
	adopted_refused(&loss.all, &loss.file, "version 2 of the schema");
	load_second_schema(world);
	assert_int_equal(adopted(&loss.all, &loss.file).adopted, 4);
	assert_work_once(&loss);
	assert_everywhere(&loss);
	loss_end(&loss);
}

/* The parcels of a file, some of them twice or not at all. */
static void
put_parcels(struct buffer *file, const size_t *places, size_t count)
{
	struct carry_file parcels;
	struct carry_file other = {.count = count};
	struct buffer bytes;

	assert_ok(carry_file_decode(buffer_span(file), &parcels, NULL));
	for (size_t i = 0; i < count; i++) {
		assert_true(places[i] < parcels.count);
		other.parcels[i] = parcels.parcels[places[i]];
	}
	buffer_init(&bytes, CARRY_FILE_MAX);
	carry_file_encode(&other, &bytes);
	buffer_clear(file);
	buffer_append_span(file, buffer_span(&bytes));
	buffer_finish(&bytes);
}

/* The first parcel of one file, and the only one of another. */
static void
splice(const struct carry_file *first, const struct buffer *other, struct buffer *out)
{
	struct carry_file second;
	struct carry_file both = {.count = 2};

	assert_ok(carry_file_decode(buffer_span(other), &second, NULL));
	both.parcels[0] = first->parcels[0];
	both.parcels[1] = second.parcels[0];
	buffer_clear(out);
	carry_file_encode(&both, out);
}

/* More than one parcel holds: notes that do not compress. */
enum { LONG_NOTE = 450, LONG_VISITS = 1600 };

static void
long_work(const struct two_cadres *all, size_t one, size_t other)
{
	char note[LONG_NOTE + 1] = "";

	for (unsigned i = 0; i < LONG_VISITS; i++) {
		for (unsigned k = 0; k < LONG_NOTE; k++) {
			note[k] = (char)('a' + world_random(all->world, 26));
		}
		visit(all, one, note);
		note[0] = i == 0 ? 'A' : note[0];
		visit(all, other, note);
	}
}

TEST(parcels_that_do_not_follow_each_other_are_no_file_of_a_phone)
{
	struct loss loss = loss_begin(16);
	const size_t other = clone(&loss.all, loss.all.ani);
	struct buffer whole;
	struct buffer others;
	struct carry_file parcels;
	uint64_t head;

	long_work(&loss.all, loss.all.ani, other);
	buffer_init(&whole, CARRY_FILE_MAX);
	buffer_init(&others, CARRY_FILE_MAX);
	adopted_file(&loss.all, loss.all.ani, &whole);
	adopted_file(&loss.all, other, &others);
	phone_restored(&loss);
	head = world_head(loss.all.world);
	for (unsigned k = 0; k < 3; k++) {
		static const size_t places[3][2] = {{0, 2}, {1, 0}, {0, 0}};

		buffer_clear(&loss.file);
		buffer_append_span(&loss.file, buffer_span(&whole));
		put_parcels(&loss.file, places[k], 2);
		adopted_refused(&loss.all, &loss.file, "does not go on where");
	}
	/* The second one of a copy whose first change was another. */
	assert_ok(carry_file_decode(buffer_span(&whole), &parcels, NULL));
	put_parcels(&others, (const size_t[]){1}, 1);
	splice(&parcels, &others, &loss.file);
	adopted_refused(&loss.all, &loss.file, "does not go on where");
	assert_int_equal(world_head(loss.all.world), head);
	assert_int_equal(adopted(&loss.all, &whole).adopted, LONG_VISITS);
	buffer_finish(&others);
	buffer_finish(&whole);
	loss_end(&loss);
}

TEST(a_file_in_which_one_parcel_does_not_open_is_refused_whole)
{
	struct loss loss = loss_of_work(17);
	struct carry_file parcels;
	struct carry_file other = {.count = 2};
	struct buffer bytes;
	struct buffer broken;

	assert_ok(carry_file_decode(buffer_span(&loss.file), &parcels, NULL));
	buffer_init(&broken, CARRY_FILE_MAX);
	buffer_append_span(&broken, parcels.parcels[0]);
	broken.at[broken.length - 1] ^= 1;
	other.parcels[0] = parcels.parcels[0];
	other.parcels[1] = buffer_span(&broken);
	buffer_init(&bytes, CARRY_FILE_MAX);
	carry_file_encode(&other, &bytes);
	adopted_refused(&loss.all, &bytes, "parcel 2 of 2");
	/* Damaged on the way. */
	loss.file.at[loss.file.length / 2] ^= 1;
	adopted_refused(&loss.all, &loss.file, "");
	buffer_finish(&bytes);
	buffer_finish(&broken);
	loss_end(&loss);
}

TEST(an_adoption_says_why)
{
	struct loss loss = loss_of_work(18);
	const uint64_t head = world_head(loss.all.world);

	adopted_refused_for(&loss.all, &loss.file, span_of("", 0), "a reason has");
	assert_int_equal(world_head(loss.all.world), head);
	loss_end(&loss);
}

/* ---- evidence ---- */

/* How much `verify` finds in a copy of the database after these statements. */
static uint64_t
findings_after(const struct loss *loss, const char *sql)
{
	const struct world *world = loss->all.world;
	char path[256];
	struct verified verified = {.findings = 0};
	struct error err;
	const struct verify_options options = {
		.database = path,
		.scratch = world->folder,
		.log_key = world->keys.log_public,
		.finder = {adopted_count_finding, &verified.findings},
	};

	(void)snprintf(path, sizeof path, "%s/altered.db", world->folder);
	(void)remove(path);
	assert_ok(store_backup(world->store, path, &err));
	if (sql[0] != '\0') {
		alter_run(path, sql);
	}
	return verify_database(&options, &verified, &err) == STATUS_OK ? verified.findings : 1;
}

TEST(whatever_is_altered_of_an_adoption_is_found)
{
	static const char *const alterations[] = {
		"UPDATE stream SET key = (SELECT key FROM stream WHERE parent = 0 AND kind = 1 LIMIT 1)"
		" WHERE parent > 0",
		"UPDATE stream SET parent_n = parent_n + 1 WHERE parent > 0",
		"UPDATE device SET state = 1 WHERE number IN (SELECT number FROM stream WHERE parent > 0)",
		"UPDATE progress SET acked_n = acked_n + 1 WHERE number IN"
		" (SELECT number FROM stream WHERE parent > 0)",
		"DELETE FROM device WHERE number IN (SELECT number FROM stream WHERE parent > 0)",
		"UPDATE log SET payload = CAST(replace(CAST(payload AS TEXT), 'hilang', 'hikang') AS BLOB)"
		" WHERE kind = 4",
		"UPDATE log SET user = 7 WHERE seq = (SELECT max(seq) - 4 FROM log)",
	};
	struct loss loss = loss_of_work(19);

	(void)adopted(&loss.all, &loss.file);
	assert_int_equal(findings_after(&loss, ""), 0);
	for (size_t i = 0; i < sizeof alterations / sizeof alterations[0]; i++) {
		if (findings_after(&loss, alterations[i]) == 0) {
			print_error("missed: %s\n", alterations[i]);
			_fail(__FILE__, __LINE__);
		}
	}
	loss_end(&loss);
}

RUN_TESTS(
	CASE(work_that_only_a_file_has_is_adopted_and_reaches_everybody_once),
	CASE(a_file_adopted_twice_is_in_the_log_once),
	CASE(a_longer_file_of_the_same_queue_adds_what_it_has_more),
	CASE(a_long_file_is_adopted_in_several_transactions),
	CASE(the_phone_that_wrote_the_file_takes_over_its_number_and_says_nothing_twice),
	CASE(a_file_of_a_phone_that_has_gone_on_by_itself_adds_nothing),
	CASE(another_copy_of_the_same_moment_gets_a_number_of_its_own),
	CASE(what_two_files_have_in_common_is_adopted_once_and_both_phones_find_their_numbers),
	CASE(a_phone_that_is_not_told_where_it_differs_hands_its_queue_on_by_a_file),
	CASE(a_file_of_a_phone_that_went_on_from_an_earlier_place_adds_nothing),
	CASE(what_a_lost_phone_said_behind_what_a_restored_server_lacks_is_adopted_and_the_lack_is_told),
	CASE(a_phone_that_keeps_less_than_a_restored_server_asks_for_hands_its_queue_on_by_a_file),
	CASE(a_phone_that_cannot_be_healed_any_more_hands_its_queue_on_by_a_file),

	CASE(after_a_restored_server_lost_an_adoption_the_file_is_adopted_again),
	CASE(what_an_adopted_file_says_of_other_villages_is_set_aside_and_can_be_released),
	CASE(of_a_revoked_installation_the_work_is_kept_for_an_admin_to_release),
	CASE(what_was_erased_stays_erased_when_a_file_speaks_of_it),
	CASE(a_number_without_a_phone_is_told_of_no_erasure_and_is_neither_held_nor_allowed),
	CASE(a_file_that_the_log_goes_on_with_or_has_is_left_to_its_delivery),
	CASE(a_file_that_remembers_a_log_which_is_lost_has_to_prove_that_first),
	CASE(a_file_made_with_a_schema_that_is_not_here_waits_for_it),
	CASE(parcels_that_do_not_follow_each_other_are_no_file_of_a_phone),
	CASE(a_file_in_which_one_parcel_does_not_open_is_refused_whole), CASE(an_adoption_says_why),
	CASE(whatever_is_altered_of_an_adoption_is_found))

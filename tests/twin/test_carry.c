/* SPDX-License-Identifier: Apache-2.0 */
/* A phone without any signal, whose files somebody else delivers: the real device library and the
 * real ingest. */
#include "client/device.h"
#include "protocol/carry.h"
#include "tests/testing.h"
#include "tests/twin/world.h"

#include <stdlib.h>

static const char village[] = "6303072001";
static const char name_of_head[] = "Sumiati Rahayu Ningsih";
static const char name_of_child[] = "Wahyu Bagaskara Putra";

/* Ani has no signal at all; Budi does. */
struct carriage {
	struct world *world;
	size_t ani;
	size_t budi;
	char person[16];
	struct buffer file;
	struct buffer answers;
	struct sambung_error err;
};

static struct sambung *
handle(const struct carriage *all, size_t device)
{
	return all->world->devices[device].sambung;
}

/* Enrolled, and then never again in a network: she makes the family and the person herself. */
static struct carriage *
ani_without_signal(void)
{
	struct carriage *all = calloc(1, sizeof *all);
	struct sambung_edit *form;
	char family[16];

	assert_non_null(all);
	all->world = world_create(11, getenv("SAMBUNG_SCHEMA"));
	all->ani = world_enrol(all->world, "Ani", village);
	all->budi = world_enrol(all->world, "Budi", village);
	buffer_init(&all->file, CARRY_FILE_MAX);
	buffer_init(&all->answers, CARRY_REPLIES_MAX);
	assert_ok(sambung_edit_create(handle(all, all->ani), "family", &form, &all->err));
	assert_ok(sambung_edit_set(form, "head", name_of_head, &all->err));
	assert_ok(sambung_edit_set(form, "village", village, &all->err));
	assert_ok(sambung_edit_commit(form, family, NULL, &all->err));
	assert_ok(sambung_edit_create(handle(all, all->ani), "person", &form, &all->err));
	assert_ok(sambung_edit_set(form, "family", family, &all->err));
	assert_ok(sambung_edit_set(form, "name", name_of_child, &all->err));
	assert_ok(sambung_edit_commit(form, all->person, NULL, &all->err));
	return all;
}

static void
carriage_free(struct carriage *all)
{
	buffer_finish(&all->file);
	buffer_finish(&all->answers);
	world_free(all->world);
	free(all);
}

/* Visits with a note that does not compress, so that many of them need several parcels. */
static void
record_visits(struct carriage *all, unsigned count, unsigned note_length)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
	char note[500] = "";

	for (unsigned i = 0; i < count; i++) {
		struct sambung_edit *form;

		for (unsigned k = 0; k < note_length; k++) {
			note[k] = letters[world_random(all->world, sizeof letters - 1)];
		}
		assert_ok(sambung_edit_create(handle(all, all->ani), "visit", &form, &all->err));
		assert_ok(sambung_edit_set(form, "person", all->person, &all->err));
		assert_ok(sambung_edit_set(form, "weight", "8.4", &all->err));
		assert_ok(sambung_edit_set(form, "note", note, &all->err));
		assert_ok(sambung_edit_commit(form, NULL, NULL, &all->err));
	}
}

static int
keep(void *context, struct sambung_bytes bytes)
{
	struct buffer *out = context;

	buffer_clear(out);
	buffer_append(out, bytes.at, bytes.length);
	return out->status != STATUS_OK;
}

static struct sambung_carried
carry_out(struct carriage *all)
{
	struct sambung_carried carried;

	assert_ok(sambung_carry_out(handle(all, all->ani), keep, &all->file, &carried, &all->err));
	return carried;
}

static struct sambung_bytes
bytes_of(const struct buffer *buffer)
{
	return (struct sambung_bytes){buffer->at, buffer->length};
}

/* Over Budi's network, by a program that knows nobody. */
static int
deliver_with(struct carriage *all, const struct sambung_platform *platform,
	     struct sambung_bytes before, struct sambung_carried *out)
{
	struct buffer answers;
	struct sambung_delivery delivery = {.platform = platform,
					    .url = "http://twin",
					    .file = bytes_of(&all->file),
					    .answers = before,
					    .take = keep,
					    .context = &answers};
	int status;

	buffer_init(&answers, CARRY_REPLIES_MAX);
	status = sambung_carry_deliver(&delivery, out, &all->err);
	if (answers.length > 0) {
		buffer_clear(&all->answers);
		buffer_append_span(&all->answers, buffer_span(&answers));
	}
	buffer_finish(&answers);
	return status;
}

static int
try_delivery(struct carriage *all)
{
	struct sambung_platform platform = world_platform(&all->world->devices[all->budi]);
	struct sambung_carried carried;

	return deliver_with(all, &platform, (struct sambung_bytes){NULL, 0}, &carried);
}

static struct sambung_result
carry_in(struct carriage *all)
{
	struct sambung_result result;

	assert_ok(sambung_carry_in(handle(all, all->ani), bytes_of(&all->answers), &result,
				   &all->err));
	return result;
}

static uint32_t
queued(struct carriage *all)
{
	struct sambung_state state;

	assert_ok(sambung_state(handle(all, all->ani), &state, &all->err));
	return state.queued;
}

static void
dump_server(struct carriage *all, struct buffer *out)
{
	world_dump_server(all->world, "family", village, out);
	world_dump_server(all->world, "person", village, out);
	world_dump_server(all->world, "visit", village, out);
}

static size_t
lines_of(const struct buffer *lines)
{
	size_t count = 0;

	for (size_t i = 0; i < lines->length; i++) {
		count += lines->at[i] == '\n';
	}
	return count;
}

/* Ani's phone shows what the server has of her village: so many records. */
static void
assert_same_as_server(struct carriage *all, size_t count)
{
	struct buffer ours;
	struct buffer theirs;

	buffer_init(&ours, 1 << 24);
	buffer_init(&theirs, 1 << 24);
	world_dump_device(all->world, all->ani, "family", &ours);
	world_dump_device(all->world, all->ani, "person", &ours);
	world_dump_device(all->world, all->ani, "visit", &ours);
	dump_server(all, &theirs);
	assert_int_equal(lines_of(&theirs), count);
	assert_true(span_equal(buffer_span(&ours), buffer_span(&theirs)));
	buffer_finish(&theirs);
	buffer_finish(&ours);
}

/* All is acknowledged, but answers to several parcels do not make a loop of pages: one more file
 * does. */
static void
assert_next_file_ends_in_sync(struct carriage *all)
{
	assert_int_equal(queued(all), 0);
	assert_int_equal(carry_out(all).parcels, 1);
	assert_ok(try_delivery(all));
	assert_int_equal(carry_in(all).synced, 1);
}

/* The answers in the opposite order. */
static void
turn_answers(struct carriage *all)
{
	struct carry_replies replies;
	struct carry_replies turned;
	struct buffer bytes;

	assert_ok(carry_replies_decode(buffer_span(&all->answers), &replies, NULL));
	turned.count = replies.count;
	for (size_t i = 0; i < replies.count; i++) {
		turned.at[i] = replies.at[replies.count - 1 - i];
	}
	buffer_init(&bytes, CARRY_REPLIES_MAX);
	carry_replies_encode(&turned, &bytes);
	buffer_clear(&all->answers);
	buffer_append_span(&all->answers, buffer_span(&bytes));
	buffer_finish(&bytes);
}

TEST(a_phone_without_signal_since_its_enrolment_delivers_a_hundred_visits_through_anothers_file)
{
	struct carriage *all = ani_without_signal();
	struct sambung_carried carried;
	struct sambung_result result;

	record_visits(all, 100, 20);
	carried = carry_out(all);
	assert_int_equal(carried.changes, 102);
	assert_int_equal(carried.left, 0);
	assert_int_equal(queued(all), 102);
	assert_ok(try_delivery(all));
	/* What opens the answers is not only in memory. */
	world_reopen(all->world, all->ani);
	assert_int_equal(queued(all), 102);
	result = carry_in(all);
	assert_int_equal(result.acked, 102);
	assert_int_equal(result.synced, 1);
	assert_int_equal(queued(all), 0);
	assert_same_as_server(all, 102);
	carriage_free(all);
}

/* What the server has in the end, and how long its log is. */
static uint64_t
carried_and_synced(bool carried_first, struct buffer *state)
{
	struct carriage *all = ani_without_signal();
	uint64_t head;

	record_visits(all, 100, 20);
	(void)carry_out(all);
	record_visits(all, 10, 20);
	if (carried_first) {
		assert_ok(try_delivery(all));
		world_sync(all->world, all->ani);
	} else {
		world_sync(all->world, all->ani);
		assert_ok(try_delivery(all));
	}
	(void)carry_in(all);
	assert_int_equal(queued(all), 0);
	assert_same_as_server(all, 112);
	dump_server(all, state);
	head = world_head(all->world);
	carriage_free(all);
	return head;
}

TEST(a_file_before_or_after_the_phones_own_sync_gives_the_same_server_state)
{
	struct buffer before;
	struct buffer after;

	buffer_init(&before, 1 << 24);
	buffer_init(&after, 1 << 24);
	assert_int_equal(carried_and_synced(true, &before), carried_and_synced(false, &after));
	assert_true(span_equal(buffer_span(&before), buffer_span(&after)));
	buffer_finish(&after);
	buffer_finish(&before);
}

TEST(a_file_delivered_twice_is_in_the_log_once)
{
	struct carriage *all = ani_without_signal();
	struct sambung_result result;
	uint64_t head;

	record_visits(all, 5, 20);
	(void)carry_out(all);
	assert_ok(try_delivery(all));
	head = world_head(all->world);
	assert_ok(try_delivery(all));
	assert_int_equal(world_head(all->world), head);
	/* The answer to the second delivery alone will do. */
	result = carry_in(all);
	assert_int_equal(result.acked, 7);
	assert_int_equal(queued(all), 0);
	carriage_free(all);
}

TEST(two_files_of_the_same_queue_by_two_carriers_are_in_the_log_once)
{
	struct carriage *all = ani_without_signal();
	struct buffer first;
	uint64_t head;

	record_visits(all, 5, 20);
	(void)carry_out(all);
	buffer_init(&first, CARRY_FILE_MAX);
	buffer_append_span(&first, buffer_span(&all->file));
	record_visits(all, 5, 20);
	(void)carry_out(all);
	assert_ok(try_delivery(all));
	head = world_head(all->world);
	buffer_clear(&all->file);
	buffer_append_span(&all->file, buffer_span(&first));
	assert_ok(try_delivery(all));
	assert_int_equal(world_head(all->world), head);
	(void)carry_in(all);
	world_sync(all->world, all->ani);
	assert_same_as_server(all, 12);
	buffer_finish(&first);
	carriage_free(all);
}

TEST(answers_twice_out_of_order_and_after_the_phones_own_sync_harm_nothing)
{
	struct carriage *all = ani_without_signal();
	struct sambung_carried carried;

	record_visits(all, 400, 400);
	carried = carry_out(all);
	assert_true(carried.parcels >= 3);
	assert_int_equal(carried.changes, 402);
	assert_ok(try_delivery(all));
	turn_answers(all);
	assert_int_equal(carry_in(all).acked, 402);
	assert_int_equal(carry_in(all).acked, 0);
	assert_int_equal(queued(all), 0);
	record_visits(all, 3, 20);
	turn_answers(all);
	(void)carry_in(all);
	assert_int_equal(queued(all), 3);
	world_sync(all->world, all->ani);
	(void)carry_in(all);
	assert_int_equal(queued(all), 0);
	assert_same_as_server(all, 405);
	world_sync(all->world, all->ani);
	assert_same_as_server(all, 405);
	carriage_free(all);
}

TEST(late_answers_do_not_take_back_what_others_changed_since)
{
	struct carriage *all = ani_without_signal();
	struct sambung_edit *form;

	record_visits(all, 2, 20);
	(void)carry_out(all);
	assert_ok(try_delivery(all));
	world_sync(all->world, all->budi);
	assert_ok(sambung_edit_begin(handle(all, all->budi), all->person, &form, &all->err));
	assert_ok(sambung_edit_set(form, "name", "Wahyu yang Benar", &all->err));
	assert_ok(sambung_edit_commit(form, NULL, NULL, &all->err));
	world_sync(all->world, all->budi);
	world_sync(all->world, all->ani);
	assert_same_as_server(all, 4);
	(void)carry_in(all);
	assert_same_as_server(all, 4);
	carriage_free(all);
}

/* A parcel of the file by itself. */
static void
keep_only(struct carriage *all, size_t place)
{
	struct carry_file file;
	struct carry_file one = {.count = 1};
	struct buffer bytes;

	assert_ok(carry_file_decode(buffer_span(&all->file), &file, NULL));
	one.parcels[0] = file.parcels[place];
	buffer_init(&bytes, CARRY_FILE_MAX);
	carry_file_encode(&one, &bytes);
	buffer_clear(&all->file);
	buffer_append_span(&all->file, buffer_span(&bytes));
	buffer_finish(&bytes);
}

TEST(a_parcel_that_comes_before_the_one_in_front_of_it_changes_nothing)
{
	struct carriage *all = ani_without_signal();
	struct sambung_carried carried;
	struct buffer whole;
	uint64_t head = world_head(all->world);

	record_visits(all, 400, 400);
	carried = carry_out(all);
	buffer_init(&whole, CARRY_FILE_MAX);
	buffer_append_span(&whole, buffer_span(&all->file));
	keep_only(all, carried.parcels - 1);
	assert_ok(try_delivery(all));
	assert_int_equal(world_head(all->world), head);
	assert_int_equal(carry_in(all).acked, 0);
	assert_int_equal(queued(all), 402);
	buffer_clear(&all->file);
	buffer_append_span(&all->file, buffer_span(&whole));
	assert_ok(try_delivery(all));
	assert_int_equal(carry_in(all).acked, 402);
	assert_next_file_ends_in_sync(all);
	assert_same_as_server(all, 402);
	buffer_finish(&whole);
	carriage_free(all);
}

TEST(an_answer_that_misses_what_another_courier_brought_is_no_failure)
{
	struct carriage *all = ani_without_signal();
	struct sambung_carried carried;
	struct buffer whole;

	record_visits(all, 400, 400);
	carried = carry_out(all);
	assert_true(carried.parcels >= 3);
	buffer_init(&whole, CARRY_FILE_MAX);
	buffer_append_span(&whole, buffer_span(&all->file));
	keep_only(all, 0);
	assert_ok(try_delivery(all)); /* whose answer is lost */
	buffer_clear(&all->file);
	buffer_append_span(&all->file, buffer_span(&whole));
	keep_only(all, carried.parcels - 1);
	assert_ok(try_delivery(all));
	assert_int_equal(carry_in(all).acked, 0);
	assert_int_equal(queued(all), 402);
	(void)carry_out(all);
	assert_ok(try_delivery(all));
	assert_int_equal(carry_in(all).acked, 402);
	assert_next_file_ends_in_sync(all);
	assert_same_as_server(all, 402);
	buffer_finish(&whole);
	carriage_free(all);
}

TEST(an_altered_or_truncated_file_is_refused_and_harms_nothing)
{
	struct carriage *all = ani_without_signal();
	uint64_t head = world_head(all->world);
	size_t length;

	record_visits(all, 5, 20);
	(void)carry_out(all);
	length = all->file.length;
	for (size_t at = 0; at < length; at += 37) {
		all->file.at[at] ^= 1;
		assert_int_not_equal(try_delivery(all), 0);
		all->file.at[at] ^= 1;
		all->file.length = at;
		assert_int_equal(try_delivery(all), STATUS_MALFORMED);
		all->file.length = length;
	}
	assert_int_equal(all->answers.length, 0);
	assert_int_equal(world_head(all->world), head);
	assert_ok(try_delivery(all));
	assert_int_equal(carry_in(all).acked, 7);
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
	struct carriage *all = ani_without_signal();
	struct sambung_result result;
	uint64_t head = world_head(all->world);

	record_visits(all, 5, 20);
	(void)carry_out(all);
	forge(&all->file, all->file.length - 40);
	assert_int_not_equal(try_delivery(all), 0);
	assert_int_equal(world_head(all->world), head);
	forge(&all->file, all->file.length - 40);
	assert_ok(try_delivery(all));
	forge(&all->answers, all->answers.length - 40);
	assert_int_equal(sambung_carry_in(handle(all, all->ani), bytes_of(&all->answers), &result,
					  &all->err),
			 STATUS_SIGNATURE);
	assert_int_equal(result.requests, 0);
	assert_int_equal(queued(all), 7);
	forge(&all->answers, all->answers.length - 40);
	assert_int_equal(carry_in(all).acked, 7);
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
	struct carriage *all = ani_without_signal();
	struct buffer first;

	record_visits(all, 3, 20);
	(void)carry_out(all);
	assert_ok(try_delivery(all));
	assert_false(holds(&all->file, name_of_head, 8));
	assert_false(holds(&all->file, name_of_child, 8));
	assert_false(holds(&all->file, "Ani", 3));
	assert_false(holds(&all->answers, name_of_head, 8));
	assert_false(holds(&all->answers, name_of_child, 8));
	/* Nor even that two files are of one queue: behind mark, length, version and key number
	 * they have no eight bytes in common. */
	buffer_init(&first, CARRY_FILE_MAX);
	buffer_append_span(&first, buffer_span(&all->file));
	(void)carry_out(all);
	for (size_t i = CARRY_MARK_SIZE + 6; i + 8 <= first.length; i++) {
		assert_false(holds(&all->file, first.at + i, 8));
	}
	buffer_finish(&first);
	carriage_free(all);
}

/* A network that fails after so many parcels. */
struct weak_network {
	struct sambung_platform real;
	unsigned left;
	unsigned posts;
};

static int
weak_post(void *context, const char *url, struct sambung_bytes body, size_t reply_limit,
	  int (*take)(void *sink, const void *bytes, size_t length), void *sink,
	  int *http_status_out, uint64_t *bytes_up_out, uint64_t *bytes_down_out, char *why,
	  size_t why_size)
{
	struct weak_network *network = context;

	if (network->left == 0) {
		return 1;
	}
	network->left--;
	network->posts++;
	return network->real.post(network->real.context, url, body, reply_limit, take, sink,
				  http_status_out, bytes_up_out, bytes_down_out, why, why_size);
}

TEST(a_delivery_that_is_cut_off_goes_on_where_it_was)
{
	struct carriage *all = ani_without_signal();
	struct weak_network network = {.real = world_platform(&all->world->devices[all->budi]),
				       .left = 1};
	struct sambung_platform platform = {.context = &network, .post = weak_post};
	struct sambung_carried carried;
	uint32_t parcels;

	record_visits(all, 400, 400);
	parcels = carry_out(all).parcels;
	assert_int_equal(deliver_with(all, &platform, (struct sambung_bytes){NULL, 0}, &carried),
			 STATUS_UNREACHABLE);
	assert_int_equal(carried.parcels, parcels);
	assert_int_equal(carried.answered, 1);
	/* What came through already counts. */
	assert_true(carry_in(all).acked > 0);
	assert_true(queued(all) > 0);
	network.left = parcels;
	assert_ok(deliver_with(all, &platform, bytes_of(&all->answers), &carried));
	assert_int_equal(carried.answered, parcels);
	assert_int_equal(network.posts, parcels);
	(void)carry_in(all);
	assert_next_file_ends_in_sync(all);
	assert_same_as_server(all, 402);
	carriage_free(all);
}

TEST(answers_to_a_file_before_the_last_sixty_four_parcels_are_passed_over)
{
	struct carriage *all = ani_without_signal();
	struct sambung_result result;

	record_visits(all, 2, 20);
	(void)carry_out(all);
	assert_ok(try_delivery(all));
	for (unsigned i = 0; i < 64; i++) {
		(void)carry_out(all);
	}
	result = carry_in(all);
	assert_int_equal(result.requests, 0);
	assert_int_equal(queued(all), 4);
	assert_ok(try_delivery(all));
	assert_int_equal(carry_in(all).acked, 4);
	carriage_free(all);
}

TEST(answers_for_another_phone_are_passed_over)
{
	struct carriage *all = ani_without_signal();
	struct sambung_result result;

	(void)carry_out(all);
	assert_ok(try_delivery(all));
	assert_ok(sambung_carry_in(handle(all, all->budi), bytes_of(&all->answers), &result,
				   &all->err));
	assert_int_equal(result.requests, 0);
	carriage_free(all);
}

TEST(a_file_of_an_empty_queue_brings_back_what_others_did)
{
	struct carriage *all = ani_without_signal();
	struct sambung_edit *form;

	world_sync(all->world, all->ani);
	world_sync(all->world, all->budi);
	assert_ok(sambung_edit_begin(handle(all, all->budi), all->person, &form, &all->err));
	assert_ok(sambung_edit_set(form, "phone", "0812", &all->err));
	assert_ok(sambung_edit_commit(form, NULL, NULL, &all->err));
	world_sync(all->world, all->budi);
	assert_int_equal(carry_out(all).changes, 0);
	assert_ok(try_delivery(all));
	assert_int_equal(carry_in(all).received, 1);
	assert_same_as_server(all, 2);
	carriage_free(all);
}

TEST(a_whole_village_comes_through_files_page_by_page)
{
	struct carriage *all = ani_without_signal();
	struct sambung_result result = {0};
	char key[16];
	char note[401] = "";
	unsigned files = 0;

	for (unsigned i = 0; i < 1200; i++) {
		(void)snprintf(key, sizeof key, "K%u", i);
		for (unsigned k = 0; k < 400; k++) {
			note[k] = (char)('a' + world_random(all->world, 26));
		}
		world_import(all->world, "family",
			     (const char *[]){"key", key, "village", village, "head", "Uji", "note",
					      note, NULL});
	}
	while (!result.synced && files < 10) {
		(void)carry_out(all);
		assert_ok(try_delivery(all));
		result = carry_in(all);
		files++;
	}
	assert_int_equal(result.synced, 1);
	assert_true(files > 1);
	assert_same_as_server(all, 1202);
	carriage_free(all);
}

static struct local_state
kept_state(struct carriage *all)
{
	struct local_state state;

	assert_ok(local_state_load(handle(all, all->ani)->local, &state, NULL));
	return state;
}

TEST(each_parcel_has_a_counter_of_its_own_on_the_disk_before_it_leaves)
{
	struct carriage *all = ani_without_signal();
	uint64_t before = kept_state(all).r;
	uint32_t parcels;

	record_visits(all, 400, 400);
	parcels = carry_out(all).parcels;
	assert_true(parcels >= 3);
	world_reopen(all->world, all->ani);
	assert_int_equal(kept_state(all).r, before + parcels);
	carriage_free(all);
}

TEST(what_is_recorded_after_a_file_left_shares_no_seed_with_it)
{
	struct carriage *all = ani_without_signal();
	struct local_batches batches;
	struct arena arena;

	record_visits(all, 2, 20);
	(void)carry_out(all);
	record_visits(all, 2, 20);
	arena_init(&arena, 1 << 16);
	assert_ok(local_batches(handle(all, all->ani)->local, 1, 6, &arena, &batches, NULL));
	assert_int_equal(batches.count, 2);
	assert_int_equal(batches.at[0].last_n, 4);
	assert_memory_not_equal(batches.at[0].seed, batches.at[1].seed, SEED_SIZE);
	arena_finish(&arena);
	carriage_free(all);
}

TEST(an_answer_that_was_long_on_its_way_sets_no_clock)
{
	struct carriage *all = ani_without_signal();
	struct local_state before = kept_state(all);
	struct local_state after;

	(void)carry_out(all);
	assert_ok(try_delivery(all));
	all->world->now_ms += INT64_C(30) * 24 * 3600 * 1000;
	assert_int_equal(carry_in(all).requests, 1);
	after = kept_state(all);
	assert_int_equal(after.server_time_ms, before.server_time_ms);
	assert_int_equal(after.server_uptime_ms, before.server_uptime_ms);
	/* … but it tells when the phone and the server last were of one mind. */
	assert_true(after.last_sync_ms > 0);
	assert_true(after.last_sync_ms < all->world->now_ms - INT64_C(29) * 24 * 3600 * 1000);
	carriage_free(all);
}

TEST(a_phone_that_is_not_enrolled_has_nothing_to_carry)
{
	struct carriage *all = ani_without_signal();
	struct sambung_carried carried;
	struct sambung_result result;
	struct sambung *fresh;
	char folder[300];

	(void)carry_out(all);
	assert_ok(try_delivery(all));
	(void)snprintf(folder, sizeof folder, "%s/fresh", all->world->folder);
	assert_ok(sambung_open(&(struct sambung_options){.directory = folder}, &fresh, &all->err));
	assert_int_equal(sambung_carry_out(fresh, keep, &all->file, &carried, &all->err),
			 STATUS_NOT_ENROLLED);
	assert_int_equal(sambung_carry_in(fresh, bytes_of(&all->answers), &result, &all->err),
			 STATUS_NOT_ENROLLED);
	sambung_close(fresh);
	carriage_free(all);
}

RUN_TESTS(
	CASE(a_phone_without_signal_since_its_enrolment_delivers_a_hundred_visits_through_anothers_file),
	CASE(a_file_before_or_after_the_phones_own_sync_gives_the_same_server_state),
	CASE(a_file_delivered_twice_is_in_the_log_once),
	CASE(two_files_of_the_same_queue_by_two_carriers_are_in_the_log_once),
	CASE(answers_twice_out_of_order_and_after_the_phones_own_sync_harm_nothing),
	CASE(late_answers_do_not_take_back_what_others_changed_since),
	CASE(a_parcel_that_comes_before_the_one_in_front_of_it_changes_nothing),
	CASE(an_answer_that_misses_what_another_courier_brought_is_no_failure),
	CASE(an_altered_or_truncated_file_is_refused_and_harms_nothing),
	CASE(a_carrier_who_alters_a_parcel_or_an_answer_is_noticed),
	CASE(a_carrier_can_read_nothing), CASE(a_delivery_that_is_cut_off_goes_on_where_it_was),
	CASE(answers_to_a_file_before_the_last_sixty_four_parcels_are_passed_over),
	CASE(answers_for_another_phone_are_passed_over),
	CASE(a_file_of_an_empty_queue_brings_back_what_others_did),
	CASE(a_whole_village_comes_through_files_page_by_page),
	CASE(each_parcel_has_a_counter_of_its_own_on_the_disk_before_it_leaves),
	CASE(what_is_recorded_after_a_file_left_shares_no_seed_with_it),
	CASE(an_answer_that_was_long_on_its_way_sets_no_clock),
	CASE(a_phone_that_is_not_enrolled_has_nothing_to_carry))

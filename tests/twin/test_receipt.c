/* SPDX-License-Identifier: Apache-2.0 */
/* Receipts of the real server for real phones, and a server that shows two people two logs until
 * they meet. */
#include "tests/testing.h"
#include "tests/twin/carriage.h"

#include <stdio.h>

static int
ask(struct carriage *all, size_t device, struct sambung_result *result)
{
	return sambung_receipt_sync(all->world->devices[device].sambung, result, &all->err);
}

static struct sambung_receipt
receipt_of(struct carriage *all, size_t device, struct buffer *text)
{
	struct sambung_receipt receipt;

	assert_ok(sambung_receipt(all->world->devices[device].sambung,
				  text == NULL ? NULL : carriage_keep, text, &receipt, &all->err));
	return receipt;
}

static struct checkpoint
newest(struct carriage *all)
{
	struct checkpoint checkpoint;
	bool found = false;

	assert_ok(store_checkpoint_last(all->world->reader, &checkpoint, &found, NULL));
	assert_true(found);
	return checkpoint;
}

static void
family(struct carriage *all, size_t device)
{
	struct sambung *phone = all->world->devices[device].sambung;
	struct sambung_edit *form;

	assert_ok(sambung_edit_create(phone, "family", &form, &all->err));
	assert_ok(sambung_edit_set(form, "head", "Masrani", &all->err));
	assert_ok(sambung_edit_set(form, "village", carriage_village, &all->err));
	assert_ok(sambung_edit_commit(form, NULL, NULL, &all->err));
}

TEST(a_receipt_says_that_everything_recorded_here_is_in_the_log)
{
	struct carriage *all = carriage_make();
	struct sambung_receipt receipt;
	struct sambung_result result;
	struct checkpoint checkpoint;
	struct buffer text;
	char mark[CHECKPOINT_SHORT_SIZE];

	buffer_init(&text, RECEIPT_TEXT_MAX);
	carriage_visits(all, 20, 20);
	assert_ok(ask(all, all->ani, &result));
	assert_int_equal(result.synced, 1);
	world_reopen(all->world, all->ani);
	receipt = receipt_of(all, all->ani, &text);
	checkpoint = newest(all);
	checkpoint_short(&checkpoint, mark);
	assert_int_equal(receipt.device, carriage_state(all).device);
	assert_int_equal(receipt.changes, 22);
	assert_int_equal(receipt.log_size, world_head(all->world));
	assert_string_equal(receipt.root, mark);
	assert_true(receipt.since_ms > 0 && receipt.since_ms <= receipt.told_ms);
	assert_int_equal(receipt.set_aside, 0);
	assert_in_range(text.length, 400, 2047);
	buffer_finish(&text);
	carriage_free(all);
}

TEST(a_receipt_is_made_anew_when_the_log_has_grown)
{
	struct carriage *all = carriage_make();
	struct sambung_receipt receipt;
	struct sambung_result result;

	assert_ok(ask(all, all->ani, &result));
	for (unsigned i = 0; i < 300; i++) {
		carriage_visits(all, 1, 20);
	}
	assert_ok(ask(all, all->ani, &result));
	receipt = receipt_of(all, all->ani, NULL);
	assert_int_equal(receipt.changes, 302);
	assert_int_equal(receipt.log_size, world_head(all->world));
	/* Somebody else's entries, and nothing new of hers; and nothing new at all. */
	family(all, all->budi);
	world_sync(all->world, all->budi);
	for (unsigned i = 0; i < 2; i++) {
		assert_ok(ask(all, all->ani, &result));
		receipt = receipt_of(all, all->ani, NULL);
		assert_int_equal(receipt.changes, 302);
		assert_int_equal(receipt.log_size, world_head(all->world));
	}
	carriage_free(all);
}

TEST(who_has_recorded_nothing_gets_none)
{
	struct carriage *all = carriage_make();
	struct sambung_receipt receipt;
	struct sambung_result result;

	assert_ok(ask(all, all->budi, &result));
	assert_int_equal(sambung_receipt(all->world->devices[all->budi].sambung, NULL, NULL,
					 &receipt, &all->err),
			 STATUS_NOT_FOUND);
	carriage_free(all);
}

TEST(a_sync_that_asks_for_none_carries_none)
{
	struct carriage *all = carriage_make();
	struct sambung_receipt receipt;

	world_sync(all->world, all->ani);
	assert_int_equal(
		sambung_receipt(carriage_phone(all, all->ani), NULL, NULL, &receipt, &all->err),
		STATUS_NOT_FOUND);
	carriage_free(all);
}

TEST(the_answers_to_a_carried_file_bring_a_receipt)
{
	struct carriage *all = carriage_make();

	carriage_visits(all, 100, 20);
	(void)carriage_out(all);
	assert_ok(carriage_deliver(all));
	(void)carriage_in(all);
	assert_int_equal(receipt_of(all, all->ani, NULL).changes, 102);
	carriage_free(all);
}

/* ---- one server, two logs ---- */

static void
rename_database(struct carriage *all, const char *from, const char *to)
{
	char old_path[300];
	char new_path[300];

	(void)snprintf(old_path, sizeof old_path, "%s/%s", all->world->folder, from);
	(void)snprintf(new_path, sizeof new_path, "%s/%s", all->world->folder, to);
	assert_int_equal(rename(old_path, new_path), 0);
}

/* The server shows its other log from now on. */
static void
turn_to(struct carriage *all, const char *kept_as, const char *next)
{
	struct error err;

	world_stop_server(all->world);
	rename_database(all, "sambung.db", kept_as);
	rename_database(all, next, "sambung.db");
	assert_ok(world_start_server(all->world, &err));
}

/* Budi delivers Ani's file with his own phone at hand. */
static void
budi_delivers(struct carriage *all, const struct sambung_platform *platform)
{
	struct sambung_delivery delivery = {.platform = platform,
					    .url = "http://twin",
					    .file = carriage_bytes(&all->file),
					    .carrier = carriage_phone(all, all->budi),
					    .take = carriage_keep,
					    .context = &all->answers};
	struct sambung_carried carried;

	assert_ok(sambung_carry_deliver(&delivery, &carried, &all->err));
}

static void
budi_delivers_honestly(struct carriage *all)
{
	struct sambung_platform platform = world_platform(&all->world->devices[all->budi]);

	budi_delivers(all, &platform);
}

/* Ani's parcels are answered out of the first log, Budi's own out of the second. */
struct two_faced {
	struct carriage *all;
	struct sambung_platform honest;
};

static int
two_faced_post(void *context, const char *url, struct sambung_bytes body, size_t reply_limit,
	       int (*take)(void *sink, const void *bytes, size_t length), void *sink,
	       int *http_status_out, uint64_t *bytes_up_out, uint64_t *bytes_down_out, char *why,
	       size_t why_size)
{
	struct two_faced *server = context;
	int failed;

	turn_to(server->all, "second.db", "first.db");
	failed = server->honest.post(server->honest.context, url, body, reply_limit, take, sink,
				     http_status_out, bytes_up_out, bytes_down_out, why, why_size);
	turn_to(server->all, "first.db", "second.db");
	return failed;
}

static void
budi_delivers_to_the_first(struct carriage *all)
{
	struct two_faced server = {.all = all,
				   .honest = world_platform(&all->world->devices[all->budi])};
	struct sambung_platform platform = {.context = &server, .post = two_faced_post};

	budi_delivers(all, &platform);
}

/* Both logs begin alike. In the first Ani has two entries more, in the second, which is the
 * server's now, Budi has so many families. */
static void
split(struct carriage *all, unsigned families)
{
	(void)world_backup(all->world);
	world_sync(all->world, all->ani);
	(void)carriage_out(all);
	turn_to(all, "first.db", "backup0.db");
	for (unsigned i = 0; i < families; i++) {
		family(all, all->budi);
	}
	world_sync(all->world, all->budi);
}

static bool
contradicted(struct carriage *all, size_t device)
{
	struct sambung_state state;

	assert_ok(sambung_state(carriage_phone(all, device), &state, &all->err));
	return state.contradiction_ms != 0;
}

TEST(answers_tell_what_the_carrier_was_shown_after_the_delivery)
{
	struct carriage *all = carriage_make();
	struct carry_replies replies;

	carriage_visits(all, 3, 20);
	(void)carriage_out(all);
	budi_delivers_honestly(all);
	assert_ok(carry_replies_decode(buffer_span(&all->answers), &replies, NULL));
	assert_true(replies.has_seen);
	assert_int_equal(replies.seen.size, world_head(all->world));
	(void)carriage_in(all);
	assert_int_equal(carriage_queued(all), 0);
	carriage_free(all);
}

TEST(a_server_that_shows_the_carrier_another_log_is_caught_when_they_meet)
{
	struct carriage *all = carriage_make();
	struct sambung_result result;
	struct checkpoint shown;

	split(all, 2);
	shown = carriage_state(all).witness;
	assert_int_equal(world_head(all->world), shown.size);
	budi_delivers_to_the_first(all);
	assert_ok(sambung_carry_in(carriage_phone(all, all->ani), carriage_bytes(&all->answers),
				   &result, &all->err));
	assert_true(contradicted(all, all->ani));
	/* The answer was taken, and what she was shown first is what she remembers. */
	assert_int_equal(result.requests, 1);
	assert_memory_equal(carriage_state(all).witness.root, shown.root, HASH_SIZE);
	carriage_free(all);
}

/* The parcel that the phone sends next, as the server finds it. */
static bool
witness_fits(struct carriage *all, size_t device, uint64_t *size_out)
{
	struct sambung_bytes request;
	struct parcel parcel;
	bool fits;

	assert_ok(sambung_exchange_request(carriage_phone(all, device), &request, &all->err));
	parcel_init(&parcel);
	ingest_open(&parcel, all->world->reader, &all->world->keys,
		    span_of(request.at, request.length));
	fits = parcel.witness_fits;
	*size_out = parcel.head.witness_size;
	parcel_finish(&parcel);
	return fits;
}

TEST(a_longer_log_that_the_carrier_was_shown_must_go_on_at_the_next_contact)
{
	struct carriage *all = carriage_make();
	uint64_t size = 0;

	split(all, 5);
	budi_delivers_to_the_first(all);
	(void)carriage_in(all);
	turn_to(all, "second.db", "first.db");
	assert_false(witness_fits(all, all->ani, &size));
	assert_int_equal(size, world_head(all->world) + 3);
	world_sync(all->world, all->ani);
	assert_true(contradicted(all, all->ani));
	carriage_free(all);
}

TEST(a_longer_log_that_is_the_same_is_proven_once_at_the_next_contact)
{
	struct carriage *all = carriage_make();
	uint64_t size = 0;

	carriage_visits(all, 3, 20);
	(void)carriage_out(all);
	world_sync(all->world, all->budi);
	family(all, all->budi);
	budi_delivers_honestly(all);
	(void)carriage_in(all);
	assert_true(witness_fits(all, all->ani, &size));
	assert_int_equal(size, world_head(all->world));
	world_sync(all->world, all->ani);
	assert_false(contradicted(all, all->ani));
	family(all, all->budi);
	world_sync(all->world, all->budi);
	world_sync(all->world, all->ani);
	assert_false(contradicted(all, all->ani));
	carriage_free(all);
}

TEST(a_carrier_who_is_enrolled_elsewhere_or_not_at_all_delivers_as_well)
{
	struct carriage *all = carriage_make();
	struct carry_replies replies;
	size_t stranger = world_add_device(all->world);

	(void)carriage_out(all);
	all->budi = stranger;
	budi_delivers_honestly(all);
	assert_ok(carry_replies_decode(buffer_span(&all->answers), &replies, NULL));
	assert_false(replies.has_seen);
	assert_int_equal(carriage_in(all).acked, 2);
	carriage_free(all);
}

RUN_TESTS(CASE(a_receipt_says_that_everything_recorded_here_is_in_the_log),
	  CASE(a_receipt_is_made_anew_when_the_log_has_grown),
	  CASE(who_has_recorded_nothing_gets_none), CASE(a_sync_that_asks_for_none_carries_none),
	  CASE(the_answers_to_a_carried_file_bring_a_receipt),
	  CASE(answers_tell_what_the_carrier_was_shown_after_the_delivery),
	  CASE(a_server_that_shows_the_carrier_another_log_is_caught_when_they_meet),
	  CASE(a_longer_log_that_the_carrier_was_shown_must_go_on_at_the_next_contact),
	  CASE(a_longer_log_that_is_the_same_is_proven_once_at_the_next_contact),
	  CASE(a_carrier_who_is_enrolled_elsewhere_or_not_at_all_delivers_as_well))

/* SPDX-License-Identifier: Apache-2.0 */
/* What a restored server says to requests of a former epoch, and whom it takes in again. */
#include "daemon/ingest/workset.h"
#include "forged_device.h"

#include <stdlib.h>

#define DEVICE struct forged *ani = *state

static size_t
epoch_count(struct forged *forged)
{
	struct epoch *epochs;
	size_t count = 0;

	assert_ok(
		store_epochs(forged->world->reader, &forged->arena, &epochs, &count, &forged->err));
	return count;
}

/* A family more in the log than the backup has, and the backup in its place. */
static void
lose_a_family(struct forged *ani)
{
	unsigned backup;

	(void)forged_family(ani, VILLAGE_A_NUMBER);
	assert_ok(forged_sync(ani));
	backup = world_backup(ani->world);
	(void)forged_family(ani, VILLAGE_A_NUMBER);
	assert_ok(forged_sync(ani));
	world_restore(ani->world, backup);
}

TEST(request_of_a_former_epoch_learns_the_epoch_and_gets_no_record)
{
	DEVICE;
	unsigned backup;

	(void)forged_family(ani, VILLAGE_A_NUMBER);
	assert_ok(forged_sync(ani));
	backup = world_backup(ani->world);
	world_restore(ani->world, backup);
	ani->cursor = (struct cursor){0, 0, CURSOR_ID_END};
	assert_ok(forged_sync(ani));
	assert_int_not_equal(ani->reply.epoch, ani->epoch);
	assert_int_equal(ani->reply.record_count, 0);
	assert_true(ani->reply.more);
	assert_int_equal(ani->reply.epoch_count, 2);
	assert_int_equal(ani->reply.epochs[0].epoch, ani->epoch);
	assert_int_equal(ani->reply.epochs[1].epoch, ani->reply.epoch);
	assert_int_equal(ani->reply.epochs[1].parent, ani->epoch);
	assert_int_equal(ani->reply.epochs[1].cut, world_head(ani->world) - 1);
}

TEST(former_request_that_knows_of_more_is_asked_for_what_the_log_lacks)
{
	DEVICE;

	lose_a_family(ani);
	assert_int_equal(forged_sync(ani), STATUS_GAP);
	assert_int_equal(ani->reply.send_from, 2);
	assert_int_not_equal(ani->reply.epoch, ani->epoch);
	assert_int_equal(ani->reply.epoch_count, 2);
}

TEST(changes_in_a_former_request_are_merged_all_the_same)
{
	DEVICE;
	unsigned backup = world_backup(ani->world);
	uint64_t family;

	world_restore(ani->world, backup);
	family = forged_family(ani, VILLAGE_A_NUMBER);
	assert_ok(forged_sync(ani));
	assert_int_equal(ani->reply.ack_count, 1);
	(void)forged_stored(ani, family);
}

TEST(former_request_is_no_fork_but_the_next_one_may_be)
{
	DEVICE;
	unsigned backup;

	(void)forged_family(ani, VILLAGE_A_NUMBER);
	assert_ok(forged_sync(ani));
	backup = world_backup(ani->world);
	world_restore(ani->world, backup);
	forged_forget(ani); /* set back to before its first change … */
	assert_ok(forged_sync(ani));
	assert_int_equal(ani->reply.ack_count, 0);
	ani->batch.seed[0]++; /* … and another one at its place */
	forged_forget(ani);
	(void)forged_family(ani, VILLAGE_A_NUMBER);
	forged_head(ani);
	forged_seal(ani);
	assert_ok(forged_send_again(ani));
	assert_int_equal(ani->reply.ack_count, 0);
	ani->epoch = ani->reply.epoch;
	assert_int_equal(forged_sync(ani), STATUS_FORK);
}

TEST(old_request_that_comes_again_after_a_restore_starts_nothing)
{
	DEVICE;
	uint64_t head;

	lose_a_family(ani);
	head = world_head(ani->world);
	(void)forged_send_again(ani);
	(void)forged_send_again(ani);
	assert_int_equal(epoch_count(ani), 2);
	/* Its change is the device's own, and the log lacked it. */
	assert_int_equal(world_head(ani->world), head + 1);
}

TEST(another_restore_keeps_what_it_cut_before)
{
	DEVICE;
	unsigned backup = world_backup(ani->world);

	world_restore(ani->world, backup);
	backup = world_backup(ani->world);
	world_restore(ani->world, backup);
	assert_ok(forged_sync(ani));
	assert_int_equal(ani->reply.epoch_count, 3);
	assert_int_equal(ani->reply.epochs[2].parent, ani->reply.epochs[1].epoch);
	assert_int_equal(ani->reply.epochs[2].cut, ani->reply.epochs[1].cut + 1);
}

/* ---- certificates ---- */

struct shown {
	struct certificate card;
	struct region region;
	struct buffer bytes;
};

/* What Budi was given after the backup that is in place by now. */
static struct forged *
budi_whom_the_backup_does_not_know(struct forged *ani, struct shown *shown)
{
	struct forged *budi = forged_another(ani->world, 2);
	unsigned backup = world_backup(ani->world);

	forged_code(budi, "Budi", VILLAGE_B);
	assert_ok(forged_enrol(budi));
	world_restore(ani->world, backup);
	*shown = (struct shown){.card = {.device = budi->device,
					 .cadre = span_of_text("Budi"),
					 .scope = &shown->region,
					 .scope_count = 1,
					 .issued = 1795000000}};
	assert_ok(region_parse(VILLAGE_B, &shown->region, &ani->err));
	memcpy(shown->card.origin, ani->world->ingest->ledger.origin, ORIGIN_SIZE);
	memcpy(shown->card.device_key, budi->public_key, SIGN_PUBLIC_SIZE);
	buffer_init(&shown->bytes, 1 << 16);
	return budi;
}

/* The next request shows that certificate, signed by that key. */
static enum status
show(struct forged *forged, struct shown *shown, const uint8_t *secret)
{
	buffer_clear(&shown->bytes);
	certificate_issue(&shown->card, secret, &shown->bytes);
	forged_head(forged);
	forged->head.certificate = buffer_span(&shown->bytes);
	return forged_send(forged);
}

static void
end(struct forged *budi, struct shown *shown)
{
	buffer_finish(&shown->bytes);
	forged_finish(budi);
}

TEST(unknown_device_is_told_the_epoch_of_a_restored_server)
{
	DEVICE;
	struct shown shown;
	struct forged *budi = budi_whom_the_backup_does_not_know(ani, &shown);

	assert_int_equal(forged_sync(budi), STATUS_FOREIGN);
	assert_int_not_equal(budi->reply.epoch, budi->epoch);
	end(budi, &shown);
}

TEST(unknown_device_of_a_server_that_was_not_restored_is_told_no_epoch)
{
	DEVICE;

	ani->device ^= 1;
	ani->epoch ^= 1;
	assert_int_equal(forged_sync(ani), STATUS_FOREIGN);
	assert_int_equal(ani->reply.epoch, ani->epoch);
}

TEST(certificate_brings_a_device_back_with_its_number_and_scope)
{
	DEVICE;
	struct shown shown;
	struct forged *budi = budi_whom_the_backup_does_not_know(ani, &shown);
	struct device device;
	uint64_t head = world_head(ani->world);

	assert_ok(show(budi, &shown, ani->world->keys.log_secret));
	assert_int_equal(world_head(ani->world), head + 1);
	assert_ok(store_device(ani->world->reader, budi->device, &ani->arena, &device, &ani->err));
	assert_int_equal(device.state, DEVICE_ACTIVE);
	assert_int_equal(device.scope_version, head + 1);
	assert_int_equal(device.scope_count, 1);
	assert_memory_equal(&device.scope[0], &shown.region, sizeof shown.region);
	assert_memory_equal(device.stream.key, budi->public_key, SIGN_PUBLIC_SIZE);
	/* Once is enough. */
	assert_ok(show(budi, &shown, ani->world->keys.log_secret));
	assert_int_equal(world_head(ani->world), head + 1);
	budi->epoch = budi->reply.epoch;
	(void)forged_family(budi, VILLAGE_B_NUMBER);
	assert_ok(forged_sync(budi));
	assert_int_equal(budi->reply.exception_count, 0);
	end(budi, &shown);
}

TEST(certificate_that_this_server_did_not_sign_brings_nobody_back)
{
	DEVICE;
	struct shown shown;
	struct forged *budi = budi_whom_the_backup_does_not_know(ani, &shown);
	uint64_t head = world_head(ani->world);

	assert_int_equal(show(budi, &shown, budi->secret), STATUS_FOREIGN);
	shown.card.origin[0] ^= 1;
	assert_int_equal(show(budi, &shown, ani->world->keys.log_secret), STATUS_FOREIGN);
	shown.card.origin[0] ^= 1;
	shown.card.device ^= 1;
	assert_int_equal(show(budi, &shown, ani->world->keys.log_secret), STATUS_FOREIGN);
	assert_int_equal(world_head(ani->world), head);
	end(budi, &shown);
}

TEST(certificate_of_somebody_else_brings_nobody_back)
{
	DEVICE;
	struct shown shown;
	struct forged *budi = budi_whom_the_backup_does_not_know(ani, &shown);
	struct forged *thief = forged_another(ani->world, 3);

	thief->device = budi->device;
	assert_int_equal(show(thief, &shown, ani->world->keys.log_secret), STATUS_SIGNATURE);
	forged_finish(thief);
	end(budi, &shown);
}

TEST(number_that_another_key_has_is_not_given_twice)
{
	DEVICE;
	struct shown shown;
	struct forged *budi = budi_whom_the_backup_does_not_know(ani, &shown);
	struct forged *other = forged_another(ani->world, 3);
	struct shown forged_card = shown;

	buffer_init(&forged_card.bytes, 1 << 16);
	memcpy(forged_card.card.device_key, other->public_key, SIGN_PUBLIC_SIZE);
	other->device = budi->device;
	assert_ok(show(other, &forged_card, ani->world->keys.log_secret));
	assert_int_equal(show(budi, &shown, ani->world->keys.log_secret), STATUS_SIGNATURE);
	end(other, &forged_card);
	end(budi, &shown);
}

/* Her number and key are none that this server ever had. */
static struct forged *
budi_whom_nobody_knows(struct forged *ani, struct shown *shown)
{
	struct forged *budi = forged_another(ani->world, 2);

	budi->device = ani->device ^ 1;
	budi->epoch = ani->epoch;
	budi->cursor = (struct cursor){0, 0, CURSOR_ID_END};
	chain_start(budi->public_key, budi->device, budi->chain);
	*shown = (struct shown){.card = {.device = budi->device,
					 .cadre = span_of_text("Budi"),
					 .scope = &shown->region,
					 .scope_count = 1,
					 .issued = 1795000000}};
	assert_ok(region_parse(VILLAGE_B, &shown->region, &ani->err));
	memcpy(shown->card.origin, ani->world->ingest->ledger.origin, ORIGIN_SIZE);
	memcpy(shown->card.device_key, budi->public_key, SIGN_PUBLIC_SIZE);
	buffer_init(&shown->bytes, 1 << 16);
	return budi;
}

TEST(certificate_of_a_phone_with_records_means_nothing_without_a_restore)
{
	DEVICE;
	struct shown shown;
	struct forged *budi = budi_whom_nobody_knows(ani, &shown);

	budi->scope_version = 3;
	assert_int_equal(show(budi, &shown, ani->world->keys.log_secret), STATUS_FOREIGN);
	budi->scope_version = 0;
	budi->cursor.complete = 3;
	assert_int_equal(show(budi, &shown, ani->world->keys.log_secret), STATUS_FOREIGN);
	budi->cursor = (struct cursor){0, 7, 0};
	assert_int_equal(show(budi, &shown, ani->world->keys.log_secret), STATUS_FOREIGN);
	end(budi, &shown);
}

TEST(certificate_brings_back_a_phone_with_nothing_though_nobody_restored)
{
	DEVICE;
	struct shown shown;
	struct forged *budi = budi_whom_nobody_knows(ani, &shown);
	uint64_t head = world_head(ani->world);

	assert_int_equal(forged_sync(budi), STATUS_FOREIGN);
	assert_true(budi->reply.show_witness);
	assert_ok(show(budi, &shown, ani->world->keys.log_secret));
	assert_int_equal(world_head(ani->world), head + 1);
	assert_int_equal(budi->reply.epoch, ani->epoch);
	end(budi, &shown);
}

/* ---- what a phone says ---- */

/* Sends a request as forged_head filled it in; is the admin to be told? */
static bool
sends_astray(struct forged *forged)
{
	struct world *world = forged->world;
	struct parcel *parcel = calloc(1, sizeof *parcel);
	bool astray;

	assert_non_null(parcel);
	parcel_init(parcel);
	forged_seal(forged);
	ingest_open(parcel, world->reader, &world->keys, buffer_span(&forged->parcel));
	assert_ok(ingest_begin(world->ingest, &forged->err));
	assert_ok(ingest_parcel(world->ingest, parcel, &forged->err));
	assert_ok(ingest_commit(world->ingest, &forged->err));
	assert_int_equal(parcel->status, STATUS_OK);
	astray = parcel->astray;
	parcel_finish(parcel);
	free(parcel);
	return astray;
}

TEST(word_of_a_phone_about_another_log_is_told_to_the_admin_and_begins_nothing)
{
	DEVICE;
	struct checkpoint newest;
	bool found = false;

	assert_ok(forged_sync(ani));
	assert_ok(store_checkpoint_last(ani->world->reader, &newest, &found, &ani->err));
	forged_head(ani);
	ani->head.witness_size = newest.size;
	memcpy(ani->head.witness_root, newest.root, sizeof ani->head.witness_root);
	assert_false(sends_astray(ani));
	forged_head(ani);
	ani->head.witness_size = newest.size;
	assert_true(sends_astray(ani)); /* another root */
	forged_head(ani);
	ani->head.witness_size = newest.size + 1;
	memcpy(ani->head.witness_root, newest.root, sizeof ani->head.witness_root);
	assert_true(sends_astray(ani));
	forged_head(ani);
	ani->head.cursor = (struct cursor){newest.size + 1, newest.size + 1, CURSOR_ID_END};
	assert_true(sends_astray(ani));
	ani->epoch ^= 1; /* of another epoch it means nothing */
	forged_head(ani);
	ani->head.witness_size = newest.size + 1;
	assert_false(sends_astray(ani));
	assert_int_equal(epoch_count(ani), 1);
}

/* A phone with nothing shows when it was enrolled, counted from when the present epoch began. */
static bool
told_of_one_enrolled(struct forged *ani, int64_t later_s)
{
	struct shown shown;
	struct forged *budi = budi_whom_the_backup_does_not_know(ani, &shown);
	bool told;

	shown.card.issued = ani->world->now_ms / 1000 + later_s;
	certificate_issue(&shown.card, ani->world->keys.log_secret, &shown.bytes);
	budi->epoch = ani->world->ingest->ledger.epoch;
	budi->scope_version = 0;
	forged_head(budi);
	budi->head.certificate = buffer_span(&shown.bytes);
	told = sends_astray(budi);
	end(budi, &shown);
	return told;
}

TEST(phone_enrolled_in_what_a_known_restore_lost_is_taken_in_without_a_word)
{
	DEVICE;

	assert_false(told_of_one_enrolled(ani, -60));
}

TEST(phone_enrolled_since_a_restore_in_what_is_lost_is_told_to_the_admin)
{
	DEVICE;

	assert_true(told_of_one_enrolled(ani, 60));
}

/* ---- beginning ---- */

TEST(database_of_another_server_begins_no_epoch)
{
	DEVICE;
	struct server_keys others = ani->world->keys;
	struct epoch epoch;

	sign_keypair((const uint8_t[SEED32_SIZE]){9}, others.log_public, others.log_secret);
	assert_int_equal(ingest_epoch_begin(ani->world->store, &others, &ani->world->platform,
					    &epoch, &ani->err),
			 STATUS_STORAGE);
	assert_int_equal(epoch_count(ani), 1);
}

#define WITH(sentence) CASE_WITH(sentence, forged_open, forged_close)
RUN_TESTS(WITH(request_of_a_former_epoch_learns_the_epoch_and_gets_no_record),
	  WITH(former_request_that_knows_of_more_is_asked_for_what_the_log_lacks),
	  WITH(changes_in_a_former_request_are_merged_all_the_same),
	  WITH(former_request_is_no_fork_but_the_next_one_may_be),
	  WITH(old_request_that_comes_again_after_a_restore_starts_nothing),
	  WITH(another_restore_keeps_what_it_cut_before),
	  WITH(unknown_device_is_told_the_epoch_of_a_restored_server),
	  WITH(unknown_device_of_a_server_that_was_not_restored_is_told_no_epoch),
	  WITH(certificate_brings_a_device_back_with_its_number_and_scope),
	  WITH(certificate_that_this_server_did_not_sign_brings_nobody_back),
	  WITH(certificate_of_somebody_else_brings_nobody_back),
	  WITH(number_that_another_key_has_is_not_given_twice),
	  WITH(certificate_of_a_phone_with_records_means_nothing_without_a_restore),
	  WITH(certificate_brings_back_a_phone_with_nothing_though_nobody_restored),
	  WITH(phone_enrolled_in_what_a_known_restore_lost_is_taken_in_without_a_word),
	  WITH(phone_enrolled_since_a_restore_in_what_is_lost_is_told_to_the_admin),
	  WITH(word_of_a_phone_about_another_log_is_told_to_the_admin_and_begins_nothing),
	  WITH(database_of_another_server_begins_no_epoch))

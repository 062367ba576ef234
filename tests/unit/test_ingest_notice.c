/* SPDX-License-Identifier: Apache-2.0 */
/* A server that was set back with its whole folder, and what a phone shows it. */
#include "daemon/ingest/note.h"
#include "daemon/ingest/workset.h"
#include "forged_device.h"
#include "tests/twin/verified.h"

#include <stdio.h>
#include <string.h>

#include <sqlite3.h>

#define DEVICE struct forged *ani = *state

static struct checkpoint
newest(struct forged *forged)
{
	struct checkpoint checkpoint = {.size = 0};
	bool found = false;

	assert_ok(store_checkpoint_last(forged->world->reader, &checkpoint, &found, &forged->err));
	assert_true(found);
	return checkpoint;
}

static struct epoch
last_epoch(struct forged *forged, size_t *count_out)
{
	struct epoch *epochs;

	assert_ok(store_epochs(forged->world->reader, &forged->arena, &epochs, count_out,
			       &forged->err));
	return epochs[*count_out - 1];
}

static size_t
epoch_count(struct forged *forged)
{
	size_t count = 0;

	(void)last_epoch(forged, &count);
	return count;
}

static uint64_t
last_cut(struct forged *forged)
{
	size_t count = 0;

	return last_epoch(forged, &count).cut;
}

/* The next request says that this was the last checkpoint that the device saw. */
static void
name(struct forged *forged, const struct checkpoint *checkpoint)
{
	forged_head(forged);
	forged->head.witness_size = checkpoint->size;
	memcpy(forged->head.witness_root, checkpoint->root, sizeof forged->head.witness_root);
}

static enum status
send_naming(struct forged *forged, const struct checkpoint *checkpoint)
{
	name(forged, checkpoint);
	return forged_send(forged);
}

static enum status
send_showing(struct forged *forged, const struct checkpoint *checkpoint)
{
	name(forged, checkpoint);
	forged->head.shows = true;
	forged->head.shown = *checkpoint;
	return forged_send(forged);
}

/* A change that other devices would make: the log goes on without this one. */
static void
log_goes_on(struct forged *forged, int entries)
{
	for (int i = 0; i < entries; i++) {
		struct error err;

		assert_ok(ingest_begin(forged->world->ingest, &err));
		assert_ok(ingest_read_entry(forged->world->ingest, 0, "/v1/test", "", &err));
		assert_ok(ingest_commit(forged->world->ingest, &err));
	}
}

struct lost {
	struct checkpoint common; /* that Ani named last before the copy was made */
	uint64_t copied;	  /* entries that the copy has */
	struct checkpoint shown;  /* of the log that is lost */
};

/* Ani is in step with a log that goes on for some entries, and then is as before. */
static struct lost
lose(struct forged *ani)
{
	struct lost lost;
	unsigned backup;

	(void)forged_family(ani, VILLAGE_A_NUMBER);
	assert_ok(forged_sync(ani));
	lost.common = newest(ani);
	assert_ok(send_naming(ani, &lost.common));
	log_goes_on(ani, 2);
	lost.copied = world_head(ani->world);
	assert_ok(ingest_flush(ani->world->ingest, &ani->err));
	backup = world_backup(ani->world);
	(void)forged_family(ani, VILLAGE_A_NUMBER);
	assert_ok(send_naming(ani, &lost.common));
	lost.shown = newest(ani);
	world_set_back(ani->world, backup);
	assert_int_equal(world_head(ani->world), lost.copied);
	return lost;
}

TEST(device_that_names_another_log_is_asked_to_show_it_and_nothing_is_merged_before)
{
	DEVICE;
	const struct lost lost = lose(ani);

	(void)forged_family(ani, VILLAGE_A_NUMBER);
	assert_ok(send_naming(ani, &lost.shown));
	assert_true(ani->reply.show_witness);
	assert_true(ani->reply.more);
	assert_int_equal(ani->reply.epoch, ani->epoch);
	assert_int_equal(ani->reply.ack_count, 0);
	assert_int_equal(ani->reply.record_count, 0);
	assert_int_equal(ani->reply.send_from, 0);
	assert_int_equal(world_head(ani->world), lost.copied);
	assert_int_equal(epoch_count(ani), 1);
}

TEST(checkpoint_of_a_lost_log_begins_an_epoch_and_its_request_is_one_of_the_former)
{
	DEVICE;
	const struct lost lost = lose(ani);

	assert_int_equal(send_showing(ani, &lost.shown), STATUS_GAP);
	assert_int_equal(ani->reply.send_from, 2);
	assert_false(ani->reply.show_witness);
	assert_int_not_equal(ani->reply.epoch, ani->epoch);
	assert_int_equal(ani->reply.epoch_count, 2);
	assert_int_equal(ani->reply.epochs[1].parent, ani->epoch);
	assert_int_equal(world_head(ani->world), lost.copied + 1);
	assert_int_equal(newest(ani).epoch, ani->reply.epoch);
	assert_true(world_verified(ani->world));
}

TEST(cut_is_the_largest_checkpoint_that_fits_and_that_the_device_named)
{
	DEVICE;
	const struct lost lost = lose(ani);

	(void)send_showing(ani, &lost.shown);
	assert_int_equal(last_cut(ani), lost.common.size);
	assert_true(lost.common.size < lost.copied);
}

TEST(what_a_device_named_counts_though_it_still_waits_to_be_written)
{
	DEVICE;
	struct lost lost = lose(ani);

	lost.common = newest(ani);
	(void)send_naming(ani, &lost.common); /* as an old request that comes again */
	(void)send_showing(ani, &lost.shown);
	assert_int_equal(last_cut(ani), lost.common.size);
}

TEST(log_is_cut_at_the_epochs_beginning_for_a_device_that_named_nothing)
{
	DEVICE;
	const struct lost lost = lose(ani);
	struct forged *budi = forged_another(ani->world, 2);
	uint64_t first = 0;

	forged_code(budi, "Budi", VILLAGE_B);
	assert_ok(forged_enrol(budi));
	assert_ok(store_checkpoint_first(ani->world->reader, ani->epoch, &first, &ani->err));
	(void)send_showing(budi, &lost.shown);
	assert_int_equal(last_cut(ani), first);
	assert_true(first < lost.common.size);
	forged_finish(budi);
}

TEST(log_is_cut_at_the_epochs_beginning_if_the_device_named_more_than_it_lost)
{
	DEVICE;
	const struct lost lost = lose(ani);
	struct checkpoint present;
	uint64_t first = 0;

	log_goes_on(ani, 10);
	present = newest(ani);
	assert_true(present.size > lost.shown.size);
	(void)send_naming(ani, &present); /* another copy of it does */
	assert_ok(store_checkpoint_first(ani->world->reader, ani->epoch, &first, &ani->err));
	(void)send_showing(ani, &lost.shown);
	assert_int_equal(last_cut(ani), first);
}

TEST(log_is_cut_at_the_epochs_beginning_if_the_number_has_a_family)
{
	DEVICE;
	const struct lost lost = lose(ani);
	uint64_t first = 0;

	assert_ok(ingest_begin(ani->world->ingest, &ani->err));
	buffer_append(&ani->world->ingest->lineages, &(struct lineage){7, ani->device, 1},
		      sizeof(struct lineage));
	assert_ok(ingest_commit(ani->world->ingest, &ani->err));
	assert_ok(store_checkpoint_first(ani->world->reader, ani->epoch, &first, &ani->err));
	(void)send_showing(ani, &lost.shown);
	assert_int_equal(last_cut(ani), first);
}

TEST(log_that_has_long_passed_the_lost_one_is_noticed_by_its_root)
{
	DEVICE;
	const struct lost lost = lose(ani);

	log_goes_on(ani, 300); /* more than a subtree of the tree */
	assert_int_equal(send_showing(ani, &lost.shown), STATUS_GAP);
	assert_int_equal(epoch_count(ani), 2);
	assert_int_equal(last_cut(ani), lost.common.size);
	assert_true(world_verified(ani->world));
}

TEST(entry_of_the_epoch_says_by_whose_checkpoint_it_began)
{
	DEVICE;
	const struct lost lost = lose(ani);
	struct log_row row;
	struct note note;

	(void)send_showing(ani, &lost.shown);
	assert_ok(store_log_entry(ani->world->reader, world_head(ani->world), &ani->arena, &row,
				  &ani->err));
	assert_int_equal(row.entry.kind, ENTRY_EPOCH);
	assert_true(note_decode(row.payload, &ani->arena, &note));
	assert_string_equal(note.action, "restore");
	assert_int_equal(note.stream, ani->device);
	assert_int_equal(note.entry, lost.shown.size);
	assert_int_equal(note.cut, lost.common.size);
}

TEST(checkpoint_that_the_log_contains_begins_nothing_though_its_row_is_missing)
{
	DEVICE;
	struct checkpoint kept;
	char path[300];
	sqlite3 *db;

	(void)forged_family(ani, VILLAGE_A_NUMBER);
	assert_ok(forged_sync(ani));
	kept = newest(ani);
	log_goes_on(ani, 2);
	world_stop_server(ani->world);
	(void)snprintf(path, sizeof path, "%s/sambung.db", ani->world->folder);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	(void)snprintf(path, sizeof path, "DELETE FROM checkpoint WHERE size = %llu",
		       (unsigned long long)kept.size);
	assert_int_equal(sqlite3_exec(db, path, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	assert_ok(world_start_server(ani->world, &ani->err));
	(void)forged_family(ani, VILLAGE_A_NUMBER);
	assert_ok(send_showing(ani, &kept));
	assert_int_equal(ani->reply.ack_count, 1);
	assert_false(ani->reply.show_witness);
	assert_int_equal(epoch_count(ani), 1);
}

TEST(checkpoint_that_the_server_never_signed_begins_nothing_and_holds_nothing_back)
{
	DEVICE;
	struct checkpoint forged;
	uint64_t head;

	assert_ok(forged_sync(ani));
	forged = newest(ani);
	forged.size += 5;
	head = world_head(ani->world);
	(void)forged_family(ani, VILLAGE_A_NUMBER);
	assert_ok(send_showing(ani, &forged)); /* the signature is of another size */
	assert_int_equal(ani->reply.ack_count, 1);
	assert_int_equal(world_head(ani->world), head + 1);
	assert_int_equal(epoch_count(ani), 1);
}

TEST(checkpoint_that_was_kept_begins_nothing_when_it_is_shown)
{
	DEVICE;
	struct checkpoint kept;

	assert_ok(forged_sync(ani));
	kept = newest(ani);
	log_goes_on(ani, 1);
	assert_ok(send_showing(ani, &kept));
	assert_false(ani->reply.show_witness);
	assert_int_equal(epoch_count(ani), 1);
}

TEST(two_devices_that_show_what_is_lost_begin_one_epoch)
{
	DEVICE;
	const struct lost lost = lose(ani);
	struct forged *budi = forged_another(ani->world, 2);

	forged_code(budi, "Budi", VILLAGE_B);
	assert_ok(forged_enrol(budi));
	(void)send_showing(ani, &lost.shown);
	(void)send_showing(budi, &lost.shown);
	assert_int_equal(epoch_count(ani), 2);
	assert_int_equal(budi->reply.epoch, ani->reply.epoch);
	assert_int_equal(budi->reply.epoch_count, 2);
	forged_finish(budi);
}

TEST(request_that_showed_it_begins_nothing_when_it_comes_again)
{
	DEVICE;
	const struct lost lost = lose(ani);
	uint64_t head;

	(void)send_showing(ani, &lost.shown);
	head = world_head(ani->world);
	(void)forged_send_again(ani);
	world_restart_server(ani->world);
	(void)forged_send_again(ani);
	assert_int_equal(epoch_count(ani), 2);
	assert_int_equal(world_head(ani->world), head);
}

TEST(server_that_is_set_back_to_before_the_epoch_begins_another)
{
	DEVICE;
	const struct lost lost = lose(ani);
	unsigned backup = world_backup(ani->world);
	uint32_t epoch;

	(void)send_showing(ani, &lost.shown);
	epoch = ani->reply.epoch;
	world_set_back(ani->world, backup);
	(void)forged_send_again(ani);
	assert_int_equal(epoch_count(ani), 2);
	assert_int_not_equal(ani->reply.epoch, epoch);
}

/* ---- what the cut does to records that are here ---- */

TEST(archive_whose_base_lies_beyond_the_cut_is_listed_as_the_conflict_that_it_shows)
{
	DEVICE;
	const struct lost lost = lose(ani);
	const uint64_t family = id_make(ani->device, 1);
	struct stored_record row;
	struct forged *budi = forged_another(ani->world, 2);
	struct forged *citra = forged_another(ani->world, 3);

	/* In the log that goes on Budi edits a family, and Citra, who saw that, archives it. */
	forged_code(budi, "Budi", VILLAGE_A);
	assert_ok(forged_enrol(budi));
	forged_code(citra, "Citra", VILLAGE_A);
	assert_ok(forged_enrol(citra));
	forged_edit(budi, family, FAMILY, FAMILY_ADDRESS, value_text(span_of_text("Jl. Baru")),
		    lost.copied, 0);
	assert_ok(forged_sync(budi));
	forged_edit(citra, family, FAMILY, TAG_ARCHIVED, value_text(span_of_text("pindah")),
		    world_head(ani->world), 0);
	assert_ok(forged_sync(citra));
	assert_ok(
		store_record_find(ani->world->reader, family, NULL, &ani->arena, &row, &ani->err));
	assert_int_equal(row.conflicts, 0);
	(void)send_showing(ani, &lost.shown);
	assert_ok(
		store_record_find(ani->world->reader, family, NULL, &ani->arena, &row, &ani->err));
	assert_int_equal(row.conflicts, 1);
	assert_true(world_verified(ani->world));
	forged_finish(citra);
	forged_finish(budi);
}

TEST(checkpoint_kept_elsewhere_is_in_the_log_though_it_lies_beyond_the_cut)
{
	DEVICE;
	const struct lost lost = lose(ani);
	struct witness kept = {.name = "kept"};
	struct verified verified;
	char path[300];
	struct verify_options options = {
		.database = path,
		.scratch = ani->world->folder,
		.log_key = ani->world->keys.log_public,
		.witnesses = &kept,
		.witness_count = 1,
		.finder = {verified_print, NULL},
	};

	(void)snprintf(path, sizeof path, "%s/sambung.db", ani->world->folder);
	kept.checkpoint = newest(ani);
	(void)send_showing(ani, &lost.shown);
	assert_true(kept.checkpoint.size > last_cut(ani));
	assert_ok(verify_database(&options, &verified, &ani->err));
	assert_int_equal(verified.findings, 0);
	kept.checkpoint = lost.shown;
	assert_ok(verify_database(&options, &verified, &ani->err));
	assert_int_equal(verified.findings, 1);
}

TEST(request_of_the_present_log_is_of_a_former_epoch_after_it_and_nothing_is_lost)
{
	DEVICE;
	const struct lost lost = lose(ani);
	struct forged *budi = forged_another(ani->world, 2);
	uint64_t family;

	forged_code(budi, "Budi", VILLAGE_B);
	assert_ok(forged_enrol(budi));
	(void)send_showing(ani, &lost.shown);
	family = forged_family(budi, VILLAGE_B_NUMBER);
	assert_ok(forged_sync(budi));
	assert_int_equal(budi->reply.ack_count, 1);
	assert_int_equal(budi->reply.epoch, ani->reply.epoch);
	(void)forged_stored(budi, family);
	forged_finish(budi);
}

TEST(withheld_request_of_a_revoked_device_gets_no_lease)
{
	DEVICE;
	const struct lost lost = lose(ani);

	assert_ok(ingest_begin(ani->world->ingest, &ani->err));
	assert_ok(ingest_device_revoke(ani->world->ingest, ani->device, 1, &ani->err));
	assert_ok(ingest_commit(ani->world->ingest, &ani->err));
	name(ani, &lost.shown);
	ani->head.certificate = span_of_text("x");
	(void)forged_send(ani);
	assert_false(ani->reply.has_lease);
	assert_true(ani->reply.show_witness);
}

/* ---- whom the server does not know ---- */

/* Budi, who shows what he was given, and that checkpoint. */
static enum status
show_as_stranger(struct forged *budi, const struct checkpoint *checkpoint)
{
	struct region region;
	struct certificate card = {.device = budi->device,
				   .cadre = span_of_text("Budi"),
				   .scope = &region,
				   .scope_count = 1,
				   .issued = FORGED_TIME};
	struct buffer bytes;
	enum status status;

	buffer_init(&bytes, 1 << 16);
	assert_ok(region_parse(VILLAGE_B, &region, &budi->err));
	memcpy(card.origin, budi->world->ingest->ledger.origin, ORIGIN_SIZE);
	memcpy(card.device_key, budi->public_key, SIGN_PUBLIC_SIZE);
	certificate_issue(&card, budi->world->keys.log_secret, &bytes);
	name(budi, checkpoint);
	budi->head.certificate = buffer_span(&bytes);
	budi->head.shows = true;
	budi->head.shown = *checkpoint;
	status = forged_send(budi);
	buffer_finish(&bytes);
	return status;
}

/* Enrolled in a part of the log that is lost; *lost_out: of its end. */
static struct forged *
budi_of_the_lost_part(struct forged *ani, struct checkpoint *lost_out)
{
	struct forged *budi = forged_another(ani->world, 2);
	unsigned backup = world_backup(ani->world);

	forged_code(budi, "Budi", VILLAGE_B);
	assert_ok(forged_enrol(budi));
	*lost_out = newest(ani);
	world_set_back(ani->world, backup);
	return budi;
}

TEST(device_of_the_lost_part_is_asked_to_show_it_and_taken_in_again)
{
	DEVICE;
	struct checkpoint lost;
	struct forged *budi = budi_of_the_lost_part(ani, &lost);

	assert_int_equal(send_naming(budi, &lost), STATUS_FOREIGN);
	assert_true(budi->reply.show_witness);
	assert_int_equal(epoch_count(ani), 1);
	assert_ok(show_as_stranger(budi, &lost));
	assert_int_equal(epoch_count(ani), 2);
	budi->epoch = budi->reply.epoch;
	assert_ok(forged_sync(budi));
	forged_finish(budi);
}

TEST(device_that_the_server_never_had_shows_nothing_by_what_the_log_has)
{
	DEVICE;
	struct checkpoint lost;
	struct checkpoint kept;
	struct forged *budi = budi_of_the_lost_part(ani, &lost);

	kept = newest(ani);
	assert_int_equal(send_naming(budi, &kept), STATUS_FOREIGN);
	assert_false(budi->reply.show_witness);
	assert_int_equal(show_as_stranger(budi, &kept), STATUS_FOREIGN);
	lost.signature[0] ^= 1;
	assert_int_equal(show_as_stranger(budi, &lost), STATUS_FOREIGN);
	assert_int_equal(epoch_count(ani), 1);
	forged_finish(budi);
}

#define WITH(sentence) CASE_WITH(sentence, forged_open, forged_close)
RUN_TESTS(WITH(device_that_names_another_log_is_asked_to_show_it_and_nothing_is_merged_before),
	  WITH(checkpoint_of_a_lost_log_begins_an_epoch_and_its_request_is_one_of_the_former),
	  WITH(cut_is_the_largest_checkpoint_that_fits_and_that_the_device_named),
	  WITH(what_a_device_named_counts_though_it_still_waits_to_be_written),
	  WITH(log_is_cut_at_the_epochs_beginning_for_a_device_that_named_nothing),
	  WITH(log_is_cut_at_the_epochs_beginning_if_the_device_named_more_than_it_lost),
	  WITH(log_is_cut_at_the_epochs_beginning_if_the_number_has_a_family),
	  WITH(log_that_has_long_passed_the_lost_one_is_noticed_by_its_root),
	  WITH(entry_of_the_epoch_says_by_whose_checkpoint_it_began),
	  WITH(checkpoint_that_the_log_contains_begins_nothing_though_its_row_is_missing),
	  WITH(checkpoint_that_the_server_never_signed_begins_nothing_and_holds_nothing_back),
	  WITH(checkpoint_that_was_kept_begins_nothing_when_it_is_shown),
	  WITH(two_devices_that_show_what_is_lost_begin_one_epoch),
	  WITH(request_that_showed_it_begins_nothing_when_it_comes_again),
	  WITH(server_that_is_set_back_to_before_the_epoch_begins_another),
	  WITH(archive_whose_base_lies_beyond_the_cut_is_listed_as_the_conflict_that_it_shows),
	  WITH(checkpoint_kept_elsewhere_is_in_the_log_though_it_lies_beyond_the_cut),
	  WITH(request_of_the_present_log_is_of_a_former_epoch_after_it_and_nothing_is_lost),
	  WITH(withheld_request_of_a_revoked_device_gets_no_lease),
	  WITH(device_of_the_lost_part_is_asked_to_show_it_and_taken_in_again),
	  WITH(device_that_the_server_never_had_shows_nothing_by_what_the_log_has))

/* SPDX-License-Identifier: Apache-2.0 */
/* Phones that hold the server's log against what it signed: an honest one, and one whose database
 * was altered by somebody who has the server's key and makes tree and checkpoints anew. */
#include "daemon/ledger/ledger.h"
#include "tests/twin/alter.h"
#include "tests/twin/carriage.h"
#include "tests/twin/mend.h"
#include "tests/twin/two_cadres.h"

#define DAY_MS (INT64_C(24) * 3600 * 1000)

enum { PATH_SIZE = 256 };

/* An entry that all phones have heard of: somebody came a second later. */
static const char fraud[] = "UPDATE log SET received_ms = received_ms + 1000 WHERE seq = 4";

static void
database_of(const struct world *world, char out[PATH_SIZE])
{
	(void)snprintf(out, PATH_SIZE, "%s/sambung.db", world->folder);
}

/* Alters the database under a daemon that is not running, and starts it again. */
static void
alter_and_start(struct world *world, const char *sql, enum mending how)
{
	char path[PATH_SIZE];
	struct error err;

	database_of(world, path);
	world_stop_server(world);
	alter_run(path, sql);
	mend(path, how, &world->keys);
	assert_ok(world_start_server(world, &err));
}

/* The server is an older copy of itself, and does not know. */
static void
set_back(struct world *world, unsigned backup)
{
	char path[PATH_SIZE];
	char copy[PATH_SIZE];
	struct store *store;
	struct error err;

	database_of(world, path);
	(void)snprintf(copy, sizeof copy, "%s/backup%u.db", world->folder, backup);
	world_stop_server(world);
	assert_int_equal(remove(path), 0);
	assert_ok(store_open(copy, STORE_READER, &store, &err));
	assert_ok(store_backup(store, path, &err));
	store_close(store);
	assert_ok(world_start_server(world, &err));
}

static struct sambung_state
state_of(const struct world *world, size_t device)
{
	struct sambung_state state;
	struct sambung_error err;

	assert_int_equal(sambung_state(world->devices[device].sambung, &state, &err), 0);
	return state;
}

static bool
is_contradicted(const struct world *world, size_t device)
{
	return state_of(world, device).contradiction_ms != 0;
}

static struct sambung_result
sync_of(struct world *world, size_t device)
{
	struct sambung_result result;
	struct sambung_error err;

	assert_int_equal(sambung_sync(world->devices[device].sambung, NULL, NULL, &result, &err),
			 0);
	assert_true(result.synced);
	return result;
}

/* The whole text, with its NUL. */
static void
evidence_of(const struct world *world, size_t device, struct buffer *out)
{
	struct sambung_error err;

	assert_int_equal(sambung_evidence(world->devices[device].sambung, carriage_keep, out, &err),
			 0);
	buffer_append_byte(out, '\0');
}

/* What stands behind that line, signed by the server; false: nothing. */
static bool
told_in(const struct world *world, const struct buffer *text, const char *line,
	struct checkpoint *out)
{
	const char *begin = strstr((const char *)text->at, line);

	assert_non_null(begin);
	begin += strlen(line);
	return checkpoint_text_read(span_of_text(begin), world->keys.log_public, out, NULL) ==
	       STATUS_OK;
}

/* Two statements of the server, of which the true log bears out one at most. */
static void
assert_evidence(struct world *world, size_t device)
{
	struct checkpoint older;
	struct checkpoint newer;
	struct buffer text;
	uint8_t root[HASH_SIZE];
	uint64_t size = world_head(world);
	struct error err;

	buffer_init(&text, 1 << 16);
	evidence_of(world, device, &text);
	assert_true(told_in(world, &text, "\nolder\n", &older));
	if (older.size <= size) {
		assert_ok(ledger_root_at(world->reader, older.size, root, &err));
	}
	assert_true(older.size > size || memcmp(root, older.root, HASH_SIZE) != 0);
	assert_true(told_in(world, &text, "\nnewer\n", &newer));
	buffer_finish(&text);
}

TEST(an_honest_server_proves_its_log_once_a_week_after_visits_and_once_a_day_without)
{
	struct two_cadres all = two_cadres_with_a_family(1);
	struct sambung_result asking;
	struct sambung_result result;

	/* Nothing is due on the first day. */
	assert_int_equal(sync_of(all.world, all.ani).requests, 1);
	for (int day = 1; day <= 14; day++) {
		all.world->now_ms += DAY_MS;
		edit(&all, all.ani, "rt", day % 2 == 0 ? "001" : "002");
		result = sync_of(all.world, all.ani);
		assert_int_equal(result.requests, day % 7 == 0 ? 2 : 1);
		assert_int_equal(result.acked, 1);
	}
	/* With nothing to say it is the one request: what the proof alone costs. */
	all.world->now_ms += DAY_MS;
	asking = sync_of(all.world, all.ani);
	assert_int_equal(asking.requests, 1);
	result = sync_of(all.world, all.ani);
	assert_int_equal(asking.bytes_up, result.bytes_up);
	assert_in_range(asking.bytes_down - result.bytes_down, 112, 112 + 32 * 8 + 8);
	assert_false(is_contradicted(all.world, all.ani));
	world_free(all.world);
}

TEST(another_root_of_the_same_size_is_noticed_at_the_next_contact)
{
	struct two_cadres all = two_cadres_with_a_family(2);

	world_sync(all.world, all.ani);
	alter_and_start(all.world, fraud, MEND_SIGNED);
	edit(&all, all.ani, "rt", "001");
	assert_int_equal(sync_of(all.world, all.ani).acked, 1);
	assert_true(is_contradicted(all.world, all.ani));
	assert_evidence(all.world, all.ani);
	world_free(all.world);
}

TEST(a_longer_log_that_does_not_go_on_is_noticed_at_the_next_contact)
{
	struct two_cadres all = two_cadres_with_a_family(3);
	const uint32_t epoch = state_of(all.world, all.ani).epoch;

	world_sync(all.world, all.ani);
	alter_and_start(all.world, fraud, MEND_SIGNED);
	/* Budi was told of a shorter log. */
	edit(&all, all.budi, "rt", "001");
	world_sync(all.world, all.budi);
	world_sync(all.world, all.ani);
	assert_true(is_contradicted(all.world, all.budi));
	assert_evidence(all.world, all.budi);
	/* She hears what he made the server say: its log begins anew. */
	assert_false(is_contradicted(all.world, all.ani));
	assert_int_not_equal(state_of(all.world, all.ani).epoch, epoch);
	world_free(all.world);
}

TEST(a_log_that_was_cut_off_is_noticed_at_the_next_contact)
{
	struct two_cadres all = two_cadres_with_a_family(4);
	unsigned backup = world_backup(all.world);

	edit(&all, all.budi, "rt", "001");
	world_sync(all.world, all.budi);
	world_sync(all.world, all.ani);
	set_back(all.world, backup);
	world_sync(all.world, all.ani);
	assert_true(is_contradicted(all.world, all.ani));
	assert_evidence(all.world, all.ani);
	world_free(all.world);
}

/* So does an honest daemon that is started over a database that is not what D/head remembers. */
TEST(an_epoch_begun_over_an_altered_log_is_noticed_at_the_next_contact)
{
	struct two_cadres all = two_cadres_with_a_family(5);
	struct epoch epoch;
	struct store *store;
	char path[PATH_SIZE];
	struct error err;

	world_sync(all.world, all.ani);
	database_of(all.world, path);
	world_stop_server(all.world);
	alter_run(path, fraud);
	mend(path, MEND_SIGNED, &all.world->keys);
	assert_ok(store_open(path, STORE_WRITER, &store, &err));
	assert_ok(ingest_epoch_begin(store, &all.world->keys, &all.world->platform, &epoch, &err));
	store_close(store);
	assert_ok(world_start_server(all.world, &err));
	edit(&all, all.ani, "rt", "001");
	world_sync(all.world, all.ani);
	assert_int_equal(state_of(all.world, all.ani).epoch, epoch.epoch);
	assert_true(is_contradicted(all.world, all.ani));
	assert_evidence(all.world, all.ani);
	world_free(all.world);
}

TEST(a_log_that_is_not_that_of_its_newest_checkpoint_is_not_served)
{
	struct two_cadres all = two_cadres_with_a_family(9);
	char path[PATH_SIZE];
	struct error err;

	database_of(all.world, path);
	world_stop_server(all.world);
	alter_run(path, fraud);
	assert_int_equal(world_start_server(all.world, &err), STATUS_STORAGE);
	assert_contains(err.detail, "newest checkpoint");
	world_free(all.world);
}

TEST(who_leaves_the_checkpoints_of_that_time_as_they_were_is_found_within_a_day)
{
	struct two_cadres all = two_cadres_with_a_family(6);

	world_sync(all.world, all.ani);
	edit(&all, all.budi, "rt", "001");
	world_sync(all.world, all.budi);
	alter_and_start(all.world, fraud, MEND_NEWEST);
	world_sync(all.world, all.ani);
	assert_false(is_contradicted(all.world, all.ani));
	all.world->now_ms += DAY_MS;
	world_sync(all.world, all.ani);
	assert_true(is_contradicted(all.world, all.ani));
	assert_evidence(all.world, all.ani);
	world_free(all.world);
}

TEST(a_restored_server_has_said_what_it_lost)
{
	struct two_cadres all = two_cadres_with_a_family(7);
	unsigned backup = world_backup(all.world);

	edit(&all, all.budi, "rt", "001");
	world_sync(all.world, all.budi);
	world_sync(all.world, all.ani);
	world_restore(all.world, backup);
	world_sync(all.world, all.ani);
	world_sync(all.world, all.budi);
	/* A copy of everything loses nothing, and is held to it. */
	backup = world_backup(all.world);
	world_restore(all.world, backup);
	world_sync(all.world, all.ani);
	world_sync(all.world, all.budi);
	all.world->now_ms += DAY_MS;
	world_sync(all.world, all.ani);
	world_sync(all.world, all.budi);
	assert_false(is_contradicted(all.world, all.ani));
	assert_false(is_contradicted(all.world, all.budi));
	world_free(all.world);
}

TEST(evidence_outlives_restarts_epochs_and_further_contradictions)
{
	struct two_cadres all = two_cadres_with_a_family(8);
	struct sambung_error err;
	struct buffer first;
	struct buffer later;

	buffer_init(&first, 1 << 16);
	buffer_init(&later, 1 << 16);
	world_sync(all.world, all.ani);
	alter_and_start(all.world, fraud, MEND_SIGNED);
	world_sync(all.world, all.ani);
	evidence_of(all.world, all.ani, &first);
	world_reopen(all.world, all.ani);
	edit(&all, all.ani, "rt", "001");
	assert_int_equal(sync_of(all.world, all.ani).acked, 1);
	alter_and_start(all.world, fraud, MEND_SIGNED);
	world_sync(all.world, all.ani);
	world_restore(all.world, world_backup(all.world));
	world_sync(all.world, all.ani);
	assert_true(is_contradicted(all.world, all.ani));
	evidence_of(all.world, all.ani, &later);
	assert_true(span_equal(buffer_span(&first), buffer_span(&later)));
	/* It was given to the supervisor: from here on the log is what it is now. */
	assert_int_equal(sambung_evidence_forget(handle(&all, all.ani), &err), 0);
	for (int day = 0; day < 2; day++) {
		world_sync(all.world, all.ani);
		all.world->now_ms += DAY_MS;
	}
	assert_false(is_contradicted(all.world, all.ani));
	buffer_finish(&later);
	buffer_finish(&first);
	world_free(all.world);
}

/* A day's visits out in a file, and the answer back. */
static void
carry_day(struct carriage *all)
{
	all->world->now_ms += DAY_MS;
	carriage_visits(all, 3, 20);
	(void)carriage_out(all);
	buffer_clear(&all->answers);
	assert_ok(carriage_deliver(all));
	(void)carriage_in(all);
}

TEST(a_phone_without_signal_gets_its_proofs_in_files)
{
	struct carriage *all = carriage_make();
	uint64_t before;

	carry_day(all);
	carry_day(all);
	assert_int_equal(carriage_queued(all), 0);
	before = state_of(all->world, all->ani).log_size;
	carry_day(all);
	assert_true(state_of(all->world, all->ani).log_size > before);
	assert_false(is_contradicted(all->world, all->ani));
	alter_and_start(all->world, fraud, MEND_SIGNED);
	carry_day(all);
	assert_true(is_contradicted(all->world, all->ani));
	assert_evidence(all->world, all->ani);
	/* It goes on as ever, in a log that begins anew. */
	carry_day(all);
	carry_day(all);
	assert_int_equal(carriage_queued(all), 0);
	carriage_free(all);
}

RUN_TESTS(CASE(an_honest_server_proves_its_log_once_a_week_after_visits_and_once_a_day_without),
	  CASE(another_root_of_the_same_size_is_noticed_at_the_next_contact),
	  CASE(a_longer_log_that_does_not_go_on_is_noticed_at_the_next_contact),
	  CASE(a_log_that_was_cut_off_is_noticed_at_the_next_contact),
	  CASE(an_epoch_begun_over_an_altered_log_is_noticed_at_the_next_contact),
	  CASE(a_log_that_is_not_that_of_its_newest_checkpoint_is_not_served),
	  CASE(who_leaves_the_checkpoints_of_that_time_as_they_were_is_found_within_a_day),
	  CASE(a_restored_server_has_said_what_it_lost),
	  CASE(evidence_outlives_restarts_epochs_and_further_contradictions),
	  CASE(a_phone_without_signal_gets_its_proofs_in_files))

/* SPDX-License-Identifier: Apache-2.0 */
/* A revoked phone: queue, data, word to the server, key; and each moment between them. */
#include "client/local_parts.h"
#include "device_world.h"

#include <unistd.h>

static struct error error;

static const char secret_name[] = "Nurhalizah Qoriah";

static void
families(struct world *w, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		(void)world_record(w, "family", FIELDS("head", secret_name));
	}
}

/* The answer of a server that has revoked the phone and acknowledges up to n. */
static int
answer_revoked(struct world *w, uint32_t n)
{
	struct ack_run run = {1, n, 10};
	struct reply reply = world_reply(w);

	reply.status = STATUS_REVOKED;
	reply.acks = &run;
	reply.ack_count = n == 0 ? 0 : 1;
	return world_answer(w, &reply);
}

static int64_t
rows(struct world *w, const char *text)
{
	struct statement *s = sql_prepare_own(w->device->local->sql, text, &error);
	int64_t count;
	bool row;

	assert_ok(sql_row(s, &row, &error));
	assert_true(row);
	count = sql_int(s, 0);
	sql_statement_free(s);
	return count;
}

static void
assert_empty(struct world *w)
{
	static const char *const queries[] = {
		"SELECT count(*) FROM record",
		"SELECT count(*) FROM change",
		"SELECT count(*) FROM batch",
		"SELECT count(*) FROM stream",
		"SELECT count(*) FROM lineage",
		"SELECT count(*) FROM leaving",
		"SELECT count(*) FROM arrived",
		"SELECT count(*) FROM schema",
		"SELECT count(*) FROM device WHERE data_key IS NOT NULL",
		"SELECT count(*) FROM device WHERE certificate IS NOT NULL",
		"SELECT count(*) FROM device WHERE cadre <> x'00'",
		"SELECT count(*) FROM pragma_freelist_count WHERE freelist_count > 0",
	};

	for (size_t i = 0; i < sizeof queries / sizeof queries[0]; i++) {
		assert_int_equal(rows(w, queries[i]), 0);
	}
}

static bool
key_is_there(const struct world *w)
{
	char path[2 * WORLD_PATH_SIZE];

	(void)snprintf(path, sizeof path, "%s/device.key", w->folder);
	return access(path, F_OK) == 0;
}

/* The phone says that it holds nothing more, and the server answers. */
static void
tell(struct world *w)
{
	world_request(w);
	assert_int_equal(w->head.programme, PROGRAMME_BASE | PROGRAMME_DESTROYED);
	assert_int_equal(w->head.count, 0);
	assert_int_equal(w->head.known_n, w->head.first_n - 1);
	assert_int_equal(answer_revoked(w, 0), STATUS_DESTROYED);
}

static void
assert_ended(struct world *w)
{
	struct sambung_bytes request;
	struct sambung_state found;

	assert_empty(w);
	assert_false(key_is_there(w));
	assert_ok(sambung_state(w->device, &found, &w->err));
	assert_int_equal(found.device, 0);
	assert_int_equal(found.destroyed_ms, WORLD_TIME_MS);
	assert_int_equal(sambung_exchange_request(w->device, &request, &w->err), STATUS_DESTROYED);
}

TEST(data_goes_when_the_queue_has_arrived_and_the_key_when_that_was_told)
{
	struct world *w = *state;
	struct sambung_edit *edit;
	struct sambung_state found;

	families(w, 2);
	world_request(w);
	assert_int_equal(w->head.programme, PROGRAMME_BASE);
	assert_int_equal(answer_revoked(w, 2), 0);
	assert_true(w->again);
	assert_empty(w);
	assert_true(key_is_there(w));
	assert_int_equal(sambung_edit_create(w->device, "family", &edit, &w->err),
			 STATUS_DESTROYED);
	assert_ok(sambung_state(w->device, &found, &w->err));
	assert_int_equal(found.device, WORLD_DEVICE);
	assert_int_equal(found.acked_n, 2);
	assert_int_equal(found.queued, 0);
	tell(w);
	assert_ended(w);
}

TEST(nothing_is_left_of_those_whose_work_it_had_seen)
{
	struct world *w = *state;
	struct stream_name other = {
		.number = WORLD_OTHER, .kind = STREAM_DEVICE, .name = span_of_text(secret_name)};
	struct lineage lineage = {WORLD_OTHER, WORLD_OTHER - 1, 3};
	struct reply reply;

	world_request(w);
	reply = world_reply(w);
	reply.streams = &other;
	reply.stream_count = 1;
	reply.lineages = &lineage;
	reply.lineage_count = 1;
	assert_ok(world_answer(w, &reply));
	assert_int_equal(rows(w, "SELECT count(*) FROM stream"), 1);
	assert_int_equal(rows(w, "SELECT count(*) FROM lineage"), 1);
	world_request(w);
	assert_ok(answer_revoked(w, 0));
	tell(w);
	assert_ended(w);
}

TEST(of_what_the_server_signed_only_evidence_stays)
{
	static const enum local_witness_place places[] = {LOCAL_PROVEN, LOCAL_EVIDENCE_OLDER,
							  LOCAL_EVIDENCE_NEWER, LOCAL_SEEN};
	struct world *w = *state;
	struct local_witness kept = {.checkpoint = {.epoch = 1, .size = 5}};

	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
		assert_ok(local_witness_save(w->device->local, places[i], &kept, &error));
	}
	world_request(w);
	assert_ok(answer_revoked(w, 0));
	tell(w);
	assert_ended(w);
	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
		assert_ok(local_witness(w->device->local, places[i], &kept, &error));
		assert_int_equal(kept.kept, i == 1 || i == 2);
	}
}

TEST(nothing_goes_while_a_change_waits)
{
	struct world *w = *state;
	uint64_t id;

	families(w, 2);
	world_request(w);
	id = world_record(w, "family", FIELDS("head", secret_name));
	assert_int_equal(answer_revoked(w, 2), 0);
	assert_true(w->again);
	assert_contains(world_show(w, id), secret_name);
	assert_int_equal(world_state(w).destroyed_ms, 0);
	world_request(w);
	assert_int_equal(w->head.first_n, 3);
	assert_int_equal(answer_revoked(w, 0), STATUS_REVOKED);
	assert_contains(world_show(w, id), secret_name);
}

TEST(of_another_epoch_it_sends_its_queue_first)
{
	struct world *w = *state;
	struct reply reply;

	families(w, 1);
	world_request(w);
	reply = world_reply(w);
	reply.status = STATUS_REVOKED;
	reply.epoch = WORLD_EPOCH + 1;
	assert_ok(world_answer(w, &reply));
	assert_true(w->again);
	assert_int_equal(world_state(w).destroyed_ms, 0);
	world_request(w);
	assert_int_equal(w->head.epoch, WORLD_EPOCH + 1);
	assert_int_equal(w->head.count, 1);
}

TEST(it_is_told_once_more_if_the_answer_is_lost)
{
	struct world *w = *state;

	world_request(w);
	assert_ok(answer_revoked(w, 0));
	world_request(w);
	world_reopen(w);
	assert_true(key_is_there(w));
	tell(w);
	assert_ended(w);
}

TEST(an_answer_to_an_older_request_is_no_end)
{
	struct world *w = *state;
	struct parcel_session session;
	struct reply reply;

	world_request(w);
	session = w->opened.session;
	reply = world_reply(w);
	world_request(w);
	assert_ok(answer_revoked(w, 0));
	assert_ok(world_answer_to(w, &session, &reply));
	assert_true(w->again);
	assert_true(key_is_there(w));
	assert_empty(w);
}

/* ---- what a kill leaves ---- */

static void
mark(struct world *w)
{
	struct local_state now = world_state(w);

	families(w, 2);
	now.destroyed_ms = WORLD_TIME_MS;
	assert_ok(local_state_save(w->device->local, &now, &error));
}

TEST(killed_before_anything_was_destroyed_it_goes_on_at_the_next_start)
{
	struct world *w = *state;

	mark(w);
	world_reopen(w);
	assert_empty(w);
	tell(w);
	assert_ended(w);
}

TEST(killed_before_the_file_was_written_anew_it_goes_on_at_the_next_start)
{
	struct world *w = *state;

	mark(w);
	assert_ok(sql_exec(w->device->local->sql,
			   "UPDATE device SET data_key = zeroblob(60), cadre = x'00',"
			   " certificate = NULL; DELETE FROM record; DELETE FROM change;"
			   " DELETE FROM batch; DELETE FROM schema",
			   &error));
	world_reopen(w);
	assert_empty(w);
	tell(w);
	assert_ended(w);
}

TEST(killed_after_the_key_had_gone_only_the_number_goes)
{
	struct world *w = *state;
	char path[2 * WORLD_PATH_SIZE];

	mark(w);
	world_reopen(w);
	(void)snprintf(path, sizeof path, "%s/device.key", w->folder);
	assert_ok(unlink(path));
	world_reopen(w);
	assert_ended(w);
}

TEST(when_only_the_number_is_left_because_the_disk_failed_the_next_request_ends_it)
{
	struct world *w = *state;
	struct sambung_bytes request;
	char path[2 * WORLD_PATH_SIZE];

	mark(w);
	world_reopen(w);
	(void)snprintf(path, sizeof path, "%s/device.key", w->folder);
	assert_ok(unlink(path));
	w->device->keyed = false;
	assert_int_equal(sambung_exchange_request(w->device, &request, &w->err), STATUS_DESTROYED);
	assert_ended(w);
}

TEST(killed_when_the_key_was_overwritten_only_the_number_goes)
{
	static const uint8_t zeros[85];
	struct world *w = *state;
	char path[2 * WORLD_PATH_SIZE];
	FILE *file;

	mark(w);
	world_reopen(w);
	(void)snprintf(path, sizeof path, "%s/device.key", w->folder);
	file = fopen(path, "wb");
	assert_non_null(file);
	assert_int_equal(fwrite(zeros, 1, sizeof zeros, file), sizeof zeros);
	assert_int_equal(fclose(file), 0);
	world_reopen(w);
	assert_ended(w);
}

static int
give_key(void *context, const struct sambung_lock *lock, uint8_t key_out[32])
{
	(void)context;
	(void)lock;
	memset(key_out, 7, 32);
	return 0;
}

TEST(a_locked_phone_goes_on_without_its_key_and_tells_with_it)
{
	struct world *w = *state;
	const struct sambung_lock lock = {.passes = 1};
	const uint8_t key[32] = {7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
				 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7};
	struct sambung_bytes request;

	assert_ok(sambung_lock_set(w->device, &lock, key, &w->err));
	mark(w);
	world_reopen(w);
	assert_empty(w);
	assert_true(key_is_there(w));
	assert_int_equal(sambung_exchange_request(w->device, &request, &w->err), STATUS_PIN_NEEDED);
	w->unlock = give_key;
	world_reopen(w);
	tell(w);
	assert_ended(w);
}

TEST(while_another_process_reads_it_waits)
{
	struct world *w = *state;
	struct sambung_bytes request;
	struct sql *other;
	const struct sql_options options = {.access = SQL_READ};
	char path[2 * WORLD_PATH_SIZE];

	mark(w);
	(void)snprintf(path, sizeof path, "%s/device.db", w->folder);
	assert_ok(sql_open(path, &options, &other, &error));
	assert_ok(sql_exec(other, "BEGIN; SELECT count(*) FROM record", &error));
	assert_ok(sql_exec(w->device->local->sql, "PRAGMA busy_timeout = 1", &error));
	assert_int_equal(sambung_exchange_request(w->device, &request, &w->err), STATUS_BUSY);
	sql_close(other);
	tell(w);
	assert_ended(w);
}

TEST(it_enrols_anew_and_begins_from_nothing)
{
	struct world *w = *state;
	struct local_state now;

	families(w, 2);
	world_request(w);
	assert_ok(answer_revoked(w, 2));
	tell(w);
	assert_ok(sambung_enrol(w->device, w->code_text, &w->err));
	now = world_state(w);
	assert_int_equal(now.device, WORLD_DEVICE);
	assert_int_equal(now.destroyed_ms, 0);
	assert_int_equal(now.last_n, 0);
	assert_int_equal(now.acked_n, 0);
	assert_string_equal(now.cadre, "Siti");
	families(w, 1);
	world_request(w);
	assert_int_equal(w->head.programme, PROGRAMME_BASE);
	assert_int_equal(w->head.first_n, 1);
}

#define IN_WORLD(sentence) CASE_WITH(sentence, world_open, world_close)

RUN_TESTS(IN_WORLD(data_goes_when_the_queue_has_arrived_and_the_key_when_that_was_told),
	  IN_WORLD(nothing_is_left_of_those_whose_work_it_had_seen),
	  IN_WORLD(of_what_the_server_signed_only_evidence_stays),
	  IN_WORLD(nothing_goes_while_a_change_waits),
	  IN_WORLD(of_another_epoch_it_sends_its_queue_first),
	  IN_WORLD(it_is_told_once_more_if_the_answer_is_lost),
	  IN_WORLD(an_answer_to_an_older_request_is_no_end),
	  IN_WORLD(killed_before_anything_was_destroyed_it_goes_on_at_the_next_start),
	  IN_WORLD(killed_before_the_file_was_written_anew_it_goes_on_at_the_next_start),
	  IN_WORLD(killed_after_the_key_had_gone_only_the_number_goes),
	  IN_WORLD(when_only_the_number_is_left_because_the_disk_failed_the_next_request_ends_it),
	  IN_WORLD(killed_when_the_key_was_overwritten_only_the_number_goes),
	  IN_WORLD(a_locked_phone_goes_on_without_its_key_and_tells_with_it),
	  IN_WORLD(while_another_process_reads_it_waits),
	  IN_WORLD(it_enrols_anew_and_begins_from_nothing))

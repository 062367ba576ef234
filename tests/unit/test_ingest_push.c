/* SPDX-License-Identifier: Apache-2.0 */
/* Exactly once, in order, by an unbroken chain; and what an author is told. */
#include "forged_device.h"

#define DEVICE struct forged *ani = *state

static struct value
text(const char *value)
{
	return value_text(span_of_text(value));
}

static void
edit_address(struct forged *forged, uint64_t family, const char *value, uint64_t base, uint32_t own)
{
	forged_edit(forged, family, FAMILY, FAMILY_ADDRESS, text(value), base, own);
}

/* Another cadre in the same village. */
static struct forged *
neighbour(struct forged *forged)
{
	struct forged *budi = forged_another(forged->world, 2);

	forged_code(budi, "Budi", VILLAGE_A);
	assert_ok(forged_enrol(budi));
	return budi;
}

/* A family that Ani has recorded and synced; *version_out: what it has then. */
static uint64_t
known_family(struct forged *forged, uint64_t *version_out)
{
	uint64_t family = forged_family(forged, VILLAGE_A_NUMBER);

	assert_ok(forged_sync(forged));
	*version_out = forged_stored(forged, family).version;
	return family;
}

/* ---- acknowledgements ---- */

TEST(changes_are_acknowledged_in_one_run_with_their_places_in_the_log)
{
	DEVICE;
	uint64_t head = world_head(ani->world);

	for (int i = 0; i < 3; i++) {
		(void)forged_family(ani, VILLAGE_A_NUMBER);
	}
	assert_ok(forged_sync(ani));
	assert_int_equal(ani->reply.ack_count, 1);
	assert_int_equal(ani->reply.acks[0].first_n, 1);
	assert_int_equal(ani->reply.acks[0].count, 3);
	assert_int_equal(ani->reply.acks[0].seq, head + 1);
	assert_int_equal(world_head(ani->world), head + 3);
}

TEST(request_without_changes_adds_nothing_to_the_log)
{
	DEVICE;
	uint64_t head = world_head(ani->world);

	assert_ok(forged_sync(ani));
	assert_int_equal(ani->reply.ack_count, 0);
	assert_int_equal(world_head(ani->world), head);
}

TEST(what_was_logged_before_is_acknowledged_at_its_place_and_not_merged_again)
{
	DEVICE;
	uint64_t family = forged_family(ani, VILLAGE_A_NUMBER);
	uint64_t first_seq;
	uint64_t head;

	assert_ok(forged_sync(ani));
	first_seq = ani->reply.acks[0].seq;
	head = world_head(ani->world);
	forged_forget(ani);
	(void)forged_family(ani, VILLAGE_A_NUMBER);
	edit_address(ani, family, "Jl. Baru", 0, 1);
	assert_ok(forged_sync(ani));
	assert_int_equal(ani->acked_n, 2);
	assert_int_equal(ani->reply.acks[0].first_n, 1);
	assert_int_equal(ani->reply.acks[0].seq, first_seq);
	assert_int_equal(world_head(ani->world), head + 1);
	assert_int_equal(forged_stored(ani, family).dot_count, 2);
}

TEST(acknowledgements_of_changes_far_apart_in_the_log_are_runs_of_their_own)
{
	DEVICE;
	struct forged *budi = neighbour(ani);

	(void)forged_family(ani, VILLAGE_A_NUMBER);
	assert_ok(forged_sync(ani));
	(void)forged_family(budi, VILLAGE_A_NUMBER);
	assert_ok(forged_sync(budi));
	forged_forget(ani);
	(void)forged_family(ani, VILLAGE_A_NUMBER);
	(void)forged_family(ani, VILLAGE_A_NUMBER);
	assert_ok(forged_sync(ani));
	assert_int_equal(ani->reply.ack_count, 2);
	assert_int_equal(ani->reply.acks[1].first_n, 2);
	assert_int_equal(ani->reply.acks[1].seq, ani->reply.acks[0].seq + 2);
	forged_finish(budi);
}

TEST(parcel_that_stands_twice_in_one_transaction_is_merged_once)
{
	DEVICE;
	struct world *world = ani->world;
	static struct parcel parcels[2];
	uint64_t head = world_head(world);

	(void)forged_family(ani, VILLAGE_A_NUMBER);
	(void)forged_family(ani, VILLAGE_B_NUMBER);
	forged_head(ani);
	forged_seal(ani);
	assert_ok(ingest_begin(world->ingest, &ani->err));
	for (int i = 0; i < 2; i++) {
		parcel_init(&parcels[i]);
		ingest_open(&parcels[i], world->reader, &world->keys, buffer_span(&ani->parcel));
		assert_ok(ingest_parcel(world->ingest, &parcels[i], &ani->err));
	}
	assert_ok(ingest_commit(world->ingest, &ani->err));
	for (int i = 0; i < 2; i++) {
		assert_int_equal(parcels[i].status, STATUS_OK);
		assert_int_equal(parcels[i].fresh, i == 0);
		assert_int_equal(parcels[i].ack_count, 1);
		assert_int_equal(parcels[i].acks[0].count, 2);
		assert_int_equal(parcels[i].acks[0].seq, head + 1);
		assert_int_equal(parcels[i].exception_count, 1);
		assert_int_equal(parcels[i].exceptions[0].n, 2);
		parcel_finish(&parcels[i]);
	}
	assert_int_equal(world_head(world), head + 2);
}

/* ---- gaps, forks and replays ---- */

TEST(missing_change_is_a_gap_and_the_server_tells_where_to_begin)
{
	DEVICE;
	uint64_t head;

	(void)forged_family(ani, VILLAGE_A_NUMBER);
	assert_ok(forged_sync(ani));
	head = world_head(ani->world);
	ani->acked_n = 3;
	(void)forged_family(ani, VILLAGE_A_NUMBER);
	assert_int_equal(forged_sync(ani), STATUS_GAP);
	assert_int_equal(ani->reply.send_from, 2);
	assert_int_equal(ani->reply.acked_n, 1);
	assert_int_equal(ani->reply.ack_count, 0);
	assert_int_equal(world_head(ani->world), head);
}

/* Logs one family; then, forgetting that, sends another family as the same number. */
static enum status
send_another_first_change(struct forged *forged, size_t more)
{
	(void)forged_family(forged, VILLAGE_A_NUMBER);
	assert_ok(forged_sync(forged));
	forged_forget(forged);
	(void)forged_family(forged, VILLAGE_B_NUMBER);
	while (more-- > 0) {
		(void)forged_family(forged, VILLAGE_A_NUMBER);
	}
	return forged_sync(forged);
}

TEST(another_change_under_a_logged_number_is_a_fork)
{
	DEVICE;

	assert_int_equal(send_another_first_change(*state, 0), STATUS_FORK);
	assert_int_equal(ani->reply.ack_count, 0);
	assert_int_equal(ani->reply.record_count, 0);
}

TEST(of_a_forked_request_nothing_is_logged_not_even_what_is_new)
{
	DEVICE;
	uint64_t head;

	assert_int_equal(send_another_first_change(*state, 2), STATUS_FORK);
	head = world_head(ani->world);
	forged_drop(ani);
	forged_forget(ani);
	(void)forged_family(ani, VILLAGE_A_NUMBER);
	assert_ok(forged_sync(ani));
	assert_int_equal(ani->reply.acked_n, 1);
	assert_int_equal(world_head(ani->world), head);
}

TEST(changes_that_hide_behind_a_head_of_the_true_chain_are_compared_one_by_one)
{
	DEVICE;
	uint8_t true_chain[HASH_SIZE];

	(void)forged_family(ani, VILLAGE_A_NUMBER);
	(void)forged_family(ani, VILLAGE_A_NUMBER);
	assert_ok(forged_sync(ani));
	memcpy(true_chain, ani->chain, HASH_SIZE);
	forged_forget(ani);
	(void)forged_family(ani, VILLAGE_B_NUMBER);
	(void)forged_family(ani, VILLAGE_A_NUMBER);
	forged_head(ani);
	memcpy(ani->head.h_last, true_chain, HASH_SIZE);
	assert_int_equal(forged_send(ani), STATUS_FORK);
	assert_int_equal(ani->reply.ack_count, 0);
}

TEST(chain_that_does_not_lead_to_the_signed_head_is_a_fork)
{
	DEVICE;
	uint64_t head = world_head(ani->world);

	(void)forged_family(ani, VILLAGE_A_NUMBER);
	forged_head(ani);
	ani->head.h_last[0] ^= 1;
	assert_int_equal(forged_send(ani), STATUS_FORK);
	assert_int_equal(world_head(ani->world), head);
}

TEST(request_without_changes_shows_a_fork_by_its_chain)
{
	DEVICE;

	(void)forged_family(ani, VILLAGE_A_NUMBER);
	assert_ok(forged_sync(ani));
	forged_head(ani);
	ani->head.h_last[0] ^= 1;
	assert_int_equal(forged_send(ani), STATUS_FORK);
}

TEST(device_that_knows_of_fewer_changes_than_are_logged_is_a_fork)
{
	DEVICE;

	(void)forged_family(ani, VILLAGE_A_NUMBER);
	(void)forged_family(ani, VILLAGE_A_NUMBER);
	assert_ok(forged_sync(ani));
	forged_forget(ani);
	(void)forged_family(ani, VILLAGE_A_NUMBER);
	assert_int_equal(forged_sync(ani), STATUS_FORK);
}

TEST(late_copy_of_an_old_request_is_no_fork_and_moves_nothing)
{
	DEVICE;
	struct buffer old;
	struct parcel_session session;
	uint64_t head;

	(void)forged_family(ani, VILLAGE_A_NUMBER);
	assert_ok(forged_sync(ani));
	buffer_init(&old, PARCEL_REQUEST_MAX);
	buffer_append_span(&old, buffer_span(&ani->parcel));
	session = ani->session;
	(void)forged_family(ani, VILLAGE_A_NUMBER);
	assert_ok(forged_sync(ani));
	head = world_head(ani->world);
	buffer_clear(&ani->parcel);
	buffer_append_span(&ani->parcel, buffer_span(&old));
	ani->session = session;
	assert_ok(forged_send_again(ani));
	assert_int_equal(ani->reply.r_seen, 2);
	assert_int_equal(ani->reply.acked_n, 2);
	assert_int_equal(ani->reply.record_count, 0);
	assert_true(ani->reply.more);
	assert_int_equal(ani->reply.to.complete, ani->reply.from.complete);
	assert_int_equal(world_head(ani->world), head);
	buffer_finish(&old);
}

TEST(counter_of_requests_outlives_the_daemon)
{
	DEVICE;

	(void)forged_family(ani, VILLAGE_A_NUMBER);
	assert_ok(forged_sync(ani));
	assert_ok(ingest_flush(ani->world->ingest, &ani->err));
	world_restart_server(ani->world);
	assert_ok(forged_send_again(ani));
	assert_int_equal(ani->reply.r_seen, 1);
}

TEST(fresh_request_is_told_no_counter)
{
	DEVICE;

	assert_ok(forged_sync(ani));
	assert_int_equal(ani->reply.r_seen, 0);
}

/* ---- requests that are refused ---- */

TEST(request_signed_with_another_key_is_refused)
{
	DEVICE;
	uint64_t head = world_head(ani->world);
	struct forged *thief = forged_another(ani->world, 9);

	memcpy(ani->secret, thief->secret, sizeof ani->secret);
	(void)forged_family(ani, VILLAGE_A_NUMBER);
	assert_int_equal(forged_sync(ani), STATUS_SIGNATURE);
	assert_int_equal(world_head(ani->world), head);
	forged_finish(thief);
}

TEST(device_of_another_server_is_foreign)
{
	DEVICE;

	forged_head(ani);
	ani->head.device ^= 1;
	assert_int_equal(forged_send(ani), STATUS_FOREIGN);
}

TEST(head_that_counts_more_changes_than_the_body_has_is_malformed)
{
	DEVICE;
	uint64_t head = world_head(ani->world);

	(void)forged_family(ani, VILLAGE_A_NUMBER);
	forged_head(ani);
	ani->head.count = 2;
	ani->head.known_n = 2;
	assert_int_equal(forged_send(ani), STATUS_MALFORMED);
	assert_int_equal(world_head(ani->world), head);
}

TEST(head_without_changes_and_a_body_with_one_is_malformed)
{
	DEVICE;

	(void)forged_family(ani, VILLAGE_A_NUMBER);
	forged_head(ani);
	ani->head.count = 0;
	assert_int_equal(forged_send(ani), STATUS_MALFORMED);
}

TEST(bytes_that_nobody_sealed_get_no_sealed_reply)
{
	DEVICE;
	static struct parcel parcel;

	parcel_init(&parcel);
	ingest_open(&parcel, ani->world->reader, &ani->world->keys, span_of("abc", 3));
	assert_false(parcel.sealed_reply);
	assert_int_equal(parcel.status, STATUS_MALFORMED);
	parcel_finish(&parcel);
}

/* ---- what an author is told ---- */

static void
assert_told_conflict(const struct forged *forged, uint32_t n, int32_t tag)
{
	assert_int_equal(forged->reply.exception_count, 1);
	assert_int_equal(forged->reply.exceptions[0].kind, EXCEPTION_CONFLICT);
	assert_int_equal(forged->reply.exceptions[0].n, n);
	assert_int_equal(forged->reply.exceptions[0].tag, tag);
}

TEST(author_of_the_second_of_two_rival_values_is_told_and_told_again_when_it_repeats)
{
	DEVICE;
	struct forged *budi = neighbour(ani);
	uint64_t version;
	uint64_t family = known_family(ani, &version);

	edit_address(ani, family, "Jl. Ani", version, 1);
	assert_ok(forged_sync(ani));
	assert_int_equal(ani->reply.exception_count, 0);
	edit_address(budi, family, "Jl. Budi", version, 0);
	assert_ok(forged_sync(budi));
	assert_told_conflict(budi, 1, FAMILY_ADDRESS);
	assert_ok(forged_send_again(budi));
	assert_told_conflict(budi, 1, FAMILY_ADDRESS);
	forged_finish(budi);
}

TEST(rivals_of_a_latest_field_are_kept_but_nobody_is_told)
{
	DEVICE;
	struct forged *budi = neighbour(ani);
	uint64_t version;
	uint64_t family = known_family(ani, &version);
	struct value here = value_pair(-330000, 11460000);
	struct value there = value_pair(-330001, 11460001);
	struct record record;

	forged_edit(ani, family, FAMILY, 7 /* point */, here, version, 1);
	assert_ok(forged_sync(ani));
	forged_edit(budi, family, FAMILY, 7, there, version, 0);
	assert_ok(forged_sync(budi));
	assert_int_equal(budi->reply.exception_count, 0);
	record = forged_stored(ani, family);
	assert_int_equal(record_field(&record, 7)->member_count, 2);
	forged_finish(budi);
}

TEST(author_of_an_archive_is_told_of_the_edit_that_it_had_not_seen)
{
	DEVICE;
	struct forged *budi = neighbour(ani);
	uint64_t version;
	uint64_t family = known_family(ani, &version);

	edit_address(ani, family, "Jl. Ani", version, 1);
	assert_ok(forged_sync(ani));
	forged_edit(budi, family, FAMILY, TAG_ARCHIVED, text("pindah"), version, 0);
	assert_ok(forged_sync(budi));
	assert_told_conflict(budi, 1, TAG_ARCHIVED);
	forged_finish(budi);
}

TEST(author_of_an_edit_is_told_of_the_archive_that_it_had_not_seen)
{
	DEVICE;
	struct forged *budi = neighbour(ani);
	uint64_t version;
	uint64_t family = known_family(ani, &version);

	forged_edit(ani, family, FAMILY, TAG_ARCHIVED, text("pindah"), version, 1);
	assert_ok(forged_sync(ani));
	edit_address(budi, family, "Jl. Budi", version, 0);
	assert_ok(forged_sync(budi));
	assert_told_conflict(budi, 1, TAG_ARCHIVED);
	forged_finish(budi);
}

TEST(edit_that_saw_the_first_of_two_archives_is_told_of_the_second)
{
	DEVICE;
	struct forged *budi = neighbour(ani);
	uint64_t version;
	uint64_t seen;
	uint64_t family = known_family(ani, &version);
	struct forged *first = ani->device < budi->device ? ani : budi;
	struct forged *second = first == ani ? budi : ani;

	/* The first archive stands before the second among the members. */
	forged_edit(first, family, FAMILY, TAG_ARCHIVED, text("pindah"), version, first->acked_n);
	assert_ok(forged_sync(first));
	seen = forged_stored(ani, family).version;
	forged_edit(second, family, FAMILY, TAG_ARCHIVED, text("pindah"), version, second->acked_n);
	assert_ok(forged_sync(second));
	edit_address(first, family, "Jl. Baru", seen, first->acked_n);
	assert_ok(forged_sync(first));
	assert_told_conflict(first, first->acked_n, TAG_ARCHIVED);
	forged_finish(budi);
}

TEST(edit_that_saw_the_archive_is_no_conflict)
{
	DEVICE;
	struct forged *budi = neighbour(ani);
	uint64_t version;
	uint64_t family = known_family(ani, &version);

	forged_edit(ani, family, FAMILY, TAG_ARCHIVED, text("pindah"), version, 1);
	assert_ok(forged_sync(ani));
	edit_address(budi, family, "Jl. Budi", forged_stored(ani, family).version, 0);
	assert_ok(forged_sync(budi));
	assert_int_equal(budi->reply.exception_count, 0);
	forged_finish(budi);
}

/* ---- the sync log ---- */

struct sessions {
	struct sync_session last;
	size_t count;
};

static enum status
note_session(void *context, const struct sync_session *row, struct error *err)
{
	struct sessions *sessions = context;

	(void)err;
	sessions->last = *row;
	sessions->count++;
	return STATUS_OK;
}

static struct sessions
sessions_of(struct forged *forged)
{
	struct sessions sessions = {.count = 0};

	assert_ok(store_sessions_read(forged->world->store, &(struct session_query){.limit = 100},
				      note_session, &sessions, &forged->err));
	return sessions;
}

TEST(session_tells_who_and_how_much_once_something_is_written)
{
	DEVICE;
	struct sessions sessions;

	(void)forged_family(ani, VILLAGE_A_NUMBER);
	(void)forged_family(ani, VILLAGE_B_NUMBER);
	assert_ok(forged_sync(ani));
	assert_int_equal(sessions_of(ani).count, 0);
	assert_ok(ingest_flush(ani->world->ingest, &ani->err));
	sessions = sessions_of(ani);
	assert_int_equal(sessions.count, 1);
	assert_int_equal(sessions.last.stream, ani->device);
	assert_int_equal(sessions.last.sent, 2);
	assert_int_equal(sessions.last.acked, 2);
	assert_int_equal(sessions.last.quarantined, 1);
	assert_int_equal(sessions.last.bytes_up, ani->parcel.length);
	assert_int_equal(sessions.last.bytes_down, ani->reply_bytes);
	assert_int_equal(sessions.last.result, STATUS_OK);
}

TEST(flush_with_nothing_waiting_writes_nothing)
{
	DEVICE;

	assert_ok(ingest_flush(ani->world->ingest, &ani->err));
	assert_int_equal(sessions_of(ani).count, 0);
}

TEST(more_sessions_than_may_wait_are_written_by_themselves)
{
	DEVICE;
	struct sync_session session = {.result = STATUS_OK};

	for (uint64_t i = 1; i <= 1025; i++) {
		session.id = i;
		assert_ok(ingest_session(ani->world->ingest, &session, &ani->err));
	}
	assert_int_equal(sessions_of(ani).count, 100);
	assert_int_equal(sessions_of(ani).last.id, 1024);
}

/* Numbers 1 to count, all with the forged device's key. */
static void
add_devices(struct forged *forged, uint32_t count)
{
	struct store *store = forged->world->store;
	struct region scope = {VILLAGE_A_NUMBER, VILLAGE_A_NUMBER};

	assert_ok(store_begin(store, &forged->err));
	for (uint32_t i = 1; i <= count; i++) {
		struct device device = {
			.stream = {.number = i, .kind = STREAM_DEVICE, .name = span_of_text("Ani")},
			.state = DEVICE_ACTIVE,
			.scope_version = 1,
			.scope = &scope,
			.scope_count = 1};

		memcpy(device.stream.key, forged->public_key, sizeof device.stream.key);
		chain_start(device.stream.key, i, device.stream.chain);
		assert_ok(store_stream_add(store, &device.stream, &forged->err));
		assert_ok(store_device_put(store, &device, &forged->err));
	}
	assert_ok(store_commit(store, &forged->err));
}

TEST(more_devices_than_may_wait_are_noted_at_once)
{
	DEVICE;
	struct device device;

	add_devices(ani, 1025);
	for (uint32_t i = 1; i <= 1025; i++) {
		ani->device = i;
		ani->r = 0;
		ani->cursor = (struct cursor){0, 0, CURSOR_ID_END};
		chain_start(ani->public_key, i, ani->chain);
		assert_ok(forged_sync(ani));
	}
	/* All of them: the writing took along those that waited. */
	for (uint32_t i = 1; i <= 1025; i += 1024) {
		assert_ok(store_device(ani->world->reader, i, &ani->arena, &device, &ani->err));
		assert_int_equal(device.r, 1);
		assert_true(device.last_contact_ms > 0);
	}
}

TEST(rolled_back_transaction_leaves_nothing)
{
	DEVICE;
	struct world *world = ani->world;
	uint64_t head = world_head(world);

	assert_ok(ingest_begin(world->ingest, &ani->err));
	assert_ok(ingest_read_entry(world->ingest, 0, "/records", "", &ani->err));
	ingest_rollback(world->ingest);
	assert_int_equal(world_head(world), head);
	(void)forged_family(ani, VILLAGE_A_NUMBER);
	assert_ok(forged_sync(ani));
	assert_int_equal(ani->reply.acks[0].seq, head + 1);
}

#define FORGED(sentence) CASE_WITH(sentence, forged_open, forged_close)

RUN_TESTS(FORGED(changes_are_acknowledged_in_one_run_with_their_places_in_the_log),
	  FORGED(request_without_changes_adds_nothing_to_the_log),
	  FORGED(what_was_logged_before_is_acknowledged_at_its_place_and_not_merged_again),
	  FORGED(acknowledgements_of_changes_far_apart_in_the_log_are_runs_of_their_own),
	  FORGED(parcel_that_stands_twice_in_one_transaction_is_merged_once),
	  FORGED(missing_change_is_a_gap_and_the_server_tells_where_to_begin),
	  FORGED(another_change_under_a_logged_number_is_a_fork),
	  FORGED(of_a_forked_request_nothing_is_logged_not_even_what_is_new),
	  FORGED(changes_that_hide_behind_a_head_of_the_true_chain_are_compared_one_by_one),
	  FORGED(chain_that_does_not_lead_to_the_signed_head_is_a_fork),
	  FORGED(request_without_changes_shows_a_fork_by_its_chain),
	  FORGED(device_that_knows_of_fewer_changes_than_are_logged_is_a_fork),
	  FORGED(late_copy_of_an_old_request_is_no_fork_and_moves_nothing),
	  FORGED(counter_of_requests_outlives_the_daemon), FORGED(fresh_request_is_told_no_counter),
	  FORGED(request_signed_with_another_key_is_refused),
	  FORGED(device_of_another_server_is_foreign),
	  FORGED(head_that_counts_more_changes_than_the_body_has_is_malformed),
	  FORGED(head_without_changes_and_a_body_with_one_is_malformed),
	  FORGED(bytes_that_nobody_sealed_get_no_sealed_reply),
	  FORGED(author_of_the_second_of_two_rival_values_is_told_and_told_again_when_it_repeats),
	  FORGED(rivals_of_a_latest_field_are_kept_but_nobody_is_told),
	  FORGED(author_of_an_archive_is_told_of_the_edit_that_it_had_not_seen),
	  FORGED(author_of_an_edit_is_told_of_the_archive_that_it_had_not_seen),
	  FORGED(edit_that_saw_the_first_of_two_archives_is_told_of_the_second),
	  FORGED(edit_that_saw_the_archive_is_no_conflict),
	  FORGED(session_tells_who_and_how_much_once_something_is_written),
	  FORGED(flush_with_nothing_waiting_writes_nothing),
	  FORGED(more_sessions_than_may_wait_are_written_by_themselves),
	  FORGED(more_devices_than_may_wait_are_noted_at_once),
	  FORGED(rolled_back_transaction_leaves_nothing))

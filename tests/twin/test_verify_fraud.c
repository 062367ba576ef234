/* SPDX-License-Identifier: Apache-2.0 */
/* Frauds of those who know how the log is made. */
#include "daemon/ingest/note.h"
#include "daemon/ingest/workset.h"
#include "tests/testing.h"
#include "tests/twin/alter.h"
#include "tests/twin/altered.h"
#include "tests/twin/mend.h"

#include <unistd.h>

static void
assert_found(struct altered *altered, const char *sql)
{
	altered_anew(altered);
	alter_run(altered->path, sql);
	if (altered_look(altered).findings == 0) {
		print_error("missed: %s\n", sql);
		_fail(__FILE__, __LINE__);
	}
}

TEST(entries_that_change_places_or_payloads_are_found)
{
	struct altered *altered = *state;

	/* Two entries of one stream, and of two; salts go along or do not. */
	assert_found(altered, "UPDATE log SET seq = CASE seq WHEN 20 THEN -21 ELSE -20 END"
			      " WHERE seq IN (20, 21); UPDATE log SET seq = -seq WHERE seq < 0");
	assert_found(altered, "UPDATE log SET payload = (SELECT l.payload FROM log l WHERE l.seq ="
			      " CASE log.seq WHEN 20 THEN 22 ELSE 20 END) WHERE seq IN (20, 22)");
	assert_found(altered,
		     "UPDATE log SET (salt, payload) = (SELECT l.salt, l.payload FROM log l WHERE"
		     " l.seq = CASE log.seq WHEN 20 THEN 22 ELSE 20 END) WHERE seq IN (20, 22)");
}

TEST(a_tail_that_was_cut_off_without_care_is_found_from_inside)
{
	struct altered *altered = *state;

	assert_found(altered, "DELETE FROM log WHERE seq > (SELECT max(seq) - 5 FROM log)");
	assert_found(altered, "DELETE FROM log WHERE seq > (SELECT max(seq) - 5 FROM log);"
			      " UPDATE log_head SET seq = (SELECT max(seq) FROM log)");
	assert_found(altered, "DELETE FROM checkpoint WHERE place = (SELECT max(place)"
			      " FROM checkpoint)");
}

TEST(a_tail_that_was_cut_off_with_care_is_found_by_a_checkpoint_kept_elsewhere)
{
	struct altered *altered = *state;
	struct world *world = altered->all.world;
	struct witness witness = {.name = "kept"};
	bool found = false;
	struct error err;

	/* The original is an older state of the log, whole in itself. */
	edit(&altered->all, altered->all.ani, "rt", "007");
	world_sync(world, altered->all.ani);
	assert_ok(store_checkpoint_last(world->reader, &witness.checkpoint, &found, &err));
	altered_anew(altered);
	assert_int_equal(altered_look(altered).findings, 0);
	assert_int_equal(altered_look_with(altered, &witness, 1).findings, 1);
	/* As it was when the older one was kept, nothing is missing. */
	witness.checkpoint = altered->newest;
	assert_int_equal(altered_look_with(altered, &witness, 1).findings, 0);
	witness.checkpoint.root[3] ^= 1;
	assert_int_equal(altered_look_with(altered, &witness, 1).findings, 1);
	witness.checkpoint.epoch ^= 1;
	assert_int_equal(altered_look_with(altered, &witness, 1).findings, 1);
}

TEST(a_payload_is_missing_only_if_its_record_was_erased)
{
	struct altered *altered = *state;
	struct arena arena;
	struct log_row row;
	char hex[2 * HASH_SIZE + 1];
	char sql[400];
	struct error err;

	arena_init(&arena, 1 << 20);
	assert_ok(store_log_entry(altered->all.world->reader, 30, &arena, &row, &err));
	hex_encode(span_of(row.entry.commitment, HASH_SIZE), hex);
	(void)snprintf(sql, sizeof sql,
		       "UPDATE log SET salt = NULL, payload = NULL, commitment = x'%s'"
		       " WHERE seq = 30",
		       hex);
	assert_found(altered, sql);
	arena_finish(&arena);
}

/* ---- a fraud who knows how the tree is made ---- */

/* Who read what: it follows from nothing else, and nothing follows from it. */
static const char fraud[] = "UPDATE log SET payload = CAST(replace(CAST(payload AS TEXT), 'family',"
			    " 'person') AS BLOB) WHERE kind = 8";

TEST(an_empty_value_is_not_the_absence_of_one)
{
	struct altered *altered = *state;

	altered_anew(altered);
	assert_true(alter_number(altered->path, "SELECT count(*) FROM record WHERE state IS NULL") >
		    0);
	alter_run(altered->path, "UPDATE record SET state = x'' WHERE id ="
				 " (SELECT min(id) FROM record WHERE state IS NULL)");
	assert_int_equal(altered_look(altered).findings, 1);
}

TEST(an_entry_that_was_rewritten_with_its_tree_is_found_by_the_signature)
{
	struct altered *altered = *state;

	altered_anew(altered);
	alter_run(altered->path, fraud);
	mend(altered->path, MEND_ROOTS, NULL);
	assert_true(altered_look(altered).findings > 0);
}

/* The last but one of the original. */
static struct checkpoint
older_checkpoint(const struct altered *altered)
{
	const struct kept_checkpoint *checkpoints;
	struct checkpoint older;
	struct buffer kept;
	struct store *store;
	struct error err;

	buffer_init(&kept, SIZE_MAX);
	assert_ok(store_open(altered->original, STORE_READER, &store, &err));
	assert_ok(store_checkpoints_read(store, &kept, &err));
	store_close(store);
	checkpoints = (const void *)kept.at;
	older = checkpoints[kept.length / sizeof *checkpoints - 2].checkpoint;
	buffer_finish(&kept);
	return older;
}

TEST(who_has_the_servers_key_as_well_is_found_by_a_checkpoint_kept_elsewhere)
{
	struct altered *altered = *state;
	const struct witness witnesses[] = {{"kept", altered->newest},
					    {"older", older_checkpoint(altered)}};

	altered_anew(altered);
	assert_true(alter_number(altered->path, "SELECT min(seq) FROM log WHERE kind = 8") <=
		    (int64_t)witnesses[1].checkpoint.size);
	assert_int_equal(altered_look_with(altered, witnesses, 2).findings, 0);
	alter_run(altered->path, fraud);
	mend(altered->path, MEND_SIGNED, &altered->all.world->keys);
	/* From inside there is nothing to be seen: all of it was made anew. */
	assert_int_equal(altered_look(altered).findings, 0);
	assert_int_equal(altered_look_with(altered, witnesses, 1).findings, 1);
	assert_int_equal(altered_look_with(altered, witnesses, 2).findings, 2);
}

/* The entry that says what was given to another record, and its payload. */
static uint64_t
find_given(struct altered *altered, struct arena *arena, struct span *payload_out)
{
	struct store *reader = altered->all.world->reader;
	const uint64_t head = world_head(altered->all.world);
	struct error err;

	for (uint64_t seq = 1; seq <= head; seq++) {
		struct log_row row;
		struct note note;

		assert_ok(store_log_entry(reader, seq, arena, &row, &err));
		if (row.entry.kind == ENTRY_ADMIN && note_decode(row.payload, arena, &note) &&
		    strcmp(note.action, "reassign") == 0) {
			*payload_out = row.payload;
			return seq;
		}
	}
	_fail(__FILE__, __LINE__);
	return 0;
}

/* Behind it only key and value of where it was given. */
enum { FROM_LAST_BYTE = 12, NOTE_BYTES = 200 };

TEST(a_note_of_what_was_given_that_does_not_fit_the_change_before_it_is_found)
{
	struct altered *altered = *state;
	struct span payload = {NULL, 0};
	uint8_t other[NOTE_BYTES];
	char hex[2 * NOTE_BYTES + 1];
	char sql[2 * NOTE_BYTES + 100];
	struct arena arena;
	uint64_t seq;

	arena_init(&arena, 1 << 24);
	seq = find_given(altered, &arena, &payload);
	assert_true(payload.length <= sizeof other);
	memcpy(other, payload.at, payload.length);
	other[payload.length - FROM_LAST_BYTE] ^= 1;
	hex_encode(span_of(other, payload.length), hex);
	(void)snprintf(sql, sizeof sql, "UPDATE log SET payload = x'%s' WHERE seq = %llu", hex,
		       (unsigned long long)seq);
	altered_anew(altered);
	alter_run(altered->path, sql);
	mend(altered->path, MEND_SIGNED, &altered->all.world->keys);
	assert_int_equal(altered_look(altered).findings, 1);
	assert_string_equal(altered_look(altered).first.column, "payload");
	arena_finish(&arena);
}

static void
enrol_with(struct world *world, const char *code)
{
	struct world_device *device = &world->devices[world_add_device(world)];
	struct sambung_error failure;

	assert_int_equal(sambung_enrol(device->sambung, code, &failure), 0);
}

TEST(a_phone_that_came_by_a_code_that_had_served_already_is_found)
{
	struct altered *altered = *state;
	struct world *world = altered->all.world;
	char path[ALTERED_PATH_SIZE];
	char code[CODE_TEXT_MAX];
	struct heard heard;

	assert_ok(world_code(world, "Dewi", "6303072001", code));
	enrol_with(world, code);
	altered_keep(altered);
	altered_anew(altered);
	assert_int_equal(altered_look(altered).findings, 0);
	(void)snprintf(path, sizeof path, "%s/sambung.db", world->folder);
	alter_run(path, "UPDATE code SET device = 0");
	enrol_with(world, code);
	altered_keep(altered);
	altered_anew(altered);
	heard = altered_look(altered);
	assert_int_equal(heard.findings, 1);
	assert_string_equal(heard.first.table, "log");
	assert_contains(heard.first.what, "no code");
}

/* Does what a phone said that it remembers fit the log? */
static bool
fits_what_is_remembered(struct altered *altered, struct span request)
{
	const struct server_keys *keys = &altered->all.world->keys;
	struct parcel *parcel = calloc(1, sizeof *parcel);
	struct store *store;
	struct error err;
	bool fits;

	assert_non_null(parcel);
	assert_ok(store_open(altered->path, STORE_READER, &store, &err));
	parcel_init(parcel);
	ingest_open(parcel, store, keys, request);
	assert_ok(parcel->status);
	assert_true(parcel->head.witness_size > 0);
	fits = parcel->witness_fits;
	parcel_finish(parcel);
	free(parcel);
	store_close(store);
	return fits;
}

TEST(a_phones_next_contact_contradicts_a_log_that_was_made_anew)
{
	struct altered *altered = *state;
	struct world *world = altered->all.world;
	const struct buffer *last;

	world_sync(world, altered->all.budi);
	last = &world->old[(world->old_count - 1) % WORLD_OLD_REQUESTS];
	altered_anew(altered);
	assert_true(fits_what_is_remembered(altered, buffer_span(last)));
	alter_run(altered->path, fraud);
	mend(altered->path, MEND_SIGNED, &altered->all.world->keys);
	assert_false(fits_what_is_remembered(altered, buffer_span(last)));
}

RUN_TESTS(CASE_WITH(a_phone_that_came_by_a_code_that_had_served_already_is_found, altered_open,
		    altered_close),
	  CASE_WITH(entries_that_change_places_or_payloads_are_found, altered_open, altered_close),
	  CASE_WITH(a_tail_that_was_cut_off_without_care_is_found_from_inside, altered_open,
		    altered_close),
	  CASE_WITH(a_tail_that_was_cut_off_with_care_is_found_by_a_checkpoint_kept_elsewhere,
		    altered_open, altered_close),
	  CASE_WITH(a_payload_is_missing_only_if_its_record_was_erased, altered_open,
		    altered_close),
	  CASE_WITH(an_empty_value_is_not_the_absence_of_one, altered_open, altered_close),
	  CASE_WITH(an_entry_that_was_rewritten_with_its_tree_is_found_by_the_signature,
		    altered_open, altered_close),
	  CASE_WITH(who_has_the_servers_key_as_well_is_found_by_a_checkpoint_kept_elsewhere,
		    altered_open, altered_close),
	  CASE_WITH(a_note_of_what_was_given_that_does_not_fit_the_change_before_it_is_found,
		    altered_open, altered_close),
	  CASE_WITH(a_phones_next_contact_contradicts_a_log_that_was_made_anew, altered_open,
		    altered_close))

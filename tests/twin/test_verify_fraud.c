/* SPDX-License-Identifier: Apache-2.0 */
/* Frauds of those who know how the log is made. */
#include "daemon/ingest/workset.h"
#include "tests/testing.h"
#include "tests/twin/alter.h"
#include "tests/twin/altered.h"

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

/* The tree and the root of the newest checkpoints follow the log as it is now; `resign`: with the
 * server's key. */
static void
mend_tree(struct altered *altered, bool resign)
{
	struct store *store;
	struct buffer kept;
	const struct kept_checkpoint *checkpoints;
	struct error err;
	uint64_t chunks = (uint64_t)alter_number(altered->path, "SELECT max(seq) / 256 FROM log");
	char root[2 * HASH_SIZE + 1];
	char signature[2 * SIGNATURE_SIZE + 1];
	char sql[500];

	assert_ok(store_open(altered->path, STORE_READER, &store, &err));
	buffer_init(&kept, SIZE_MAX);
	assert_ok(store_checkpoints_read(store, &kept, &err));
	store_close(store);
	checkpoints = (const void *)kept.at;
	alter_run(altered->path, "DELETE FROM tree");
	for (uint64_t i = 0; i < chunks; i++) {
		struct frontier frontier;
		uint8_t hash[HASH_SIZE];

		assert_ok(store_open(altered->path, STORE_READER, &store, &err));
		frontier_init(&frontier);
		for (uint64_t seq = 256 * i + 1; seq <= 256 * (i + 1); seq++) {
			struct arena arena;
			struct log_row row;

			arena_init(&arena, 1 << 20);
			assert_ok(store_log_entry(store, seq, &arena, &row, &err));
			entry_leaf(&row.entry, hash);
			frontier_append(&frontier, hash);
			arena_finish(&arena);
		}
		frontier_root(&frontier, hash);
		store_close(store);
		hex_encode(span_of(hash, HASH_SIZE), root);
		(void)snprintf(sql, sizeof sql,
			       "INSERT INTO tree (number, root) VALUES (%llu, x'%s')",
			       (unsigned long long)i, root);
		alter_run(altered->path, sql);
	}
	for (size_t i = 0; i < kept.length / sizeof checkpoints[0]; i++) {
		struct checkpoint checkpoint = checkpoints[i].checkpoint;

		assert_ok(store_open(altered->path, STORE_READER, &store, &err));
		assert_ok(ledger_root_at(store, checkpoint.size, checkpoint.root, &err));
		store_close(store);
		if (resign) {
			checkpoint_sign(&checkpoint, altered->all.world->keys.log_secret);
		}
		hex_encode(span_of(checkpoint.root, HASH_SIZE), root);
		hex_encode(span_of(checkpoint.signature, SIGNATURE_SIZE), signature);
		(void)snprintf(sql, sizeof sql,
			       "UPDATE checkpoint SET root = x'%s', signature = x'%s'"
			       " WHERE place = %llu",
			       root, signature, (unsigned long long)checkpoints[i].place);
		alter_run(altered->path, sql);
	}
	buffer_finish(&kept);
}

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
	mend_tree(altered, false);
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
	mend_tree(altered, true);
	/* From inside there is nothing to be seen: all of it was made anew. */
	assert_int_equal(altered_look(altered).findings, 0);
	assert_int_equal(altered_look_with(altered, witnesses, 1).findings, 1);
	assert_int_equal(altered_look_with(altered, witnesses, 2).findings, 2);
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
	mend_tree(altered, true);
	assert_false(fits_what_is_remembered(altered, buffer_span(last)));
}

RUN_TESTS(CASE_WITH(entries_that_change_places_or_payloads_are_found, altered_open, altered_close),
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
	  CASE_WITH(a_phones_next_contact_contradicts_a_log_that_was_made_anew, altered_open,
		    altered_close))

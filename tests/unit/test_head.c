/* SPDX-License-Identifier: Apache-2.0 */
/* nftw is XSI */
#define _XOPEN_SOURCE 700
/* A daemon that starts on an older copy of its database notices. */
#include "daemon/head.h"
#include "daemon/machine.h"
#include "daemon/restore.h"
#include "tests/scratch.h"
#include "tests/testing.h"

#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const uint8_t ours[KEYS_SECRET_SIZE] = {1};
static const uint8_t theirs[KEYS_SECRET_SIZE] = {[KEYS_SECRET_SIZE - 1] = 2};

struct place {
	char root[SCRATCH_SIZE];
	char folder[SCRATCH_SIZE + 4];
	char other[SCRATCH_SIZE + 4];
	struct server_keys keys;
	struct error err;
};

static void
path_of(const char *folder, const char *name, char out[FOLDER_PATH_SIZE])
{
	assert_ok(folder_path(folder, name, out, NULL));
}

static void
copy(const char *from_folder, const char *from, const char *to_folder, const char *to)
{
	char path[FOLDER_PATH_SIZE];
	struct buffer bytes;
	struct error err;

	buffer_init(&bytes, SIZE_MAX);
	path_of(from_folder, from, path);
	assert_ok(folder_read(path, 1 << 26, &bytes, &err));
	path_of(to_folder, to, path);
	assert_ok(folder_write(path, S_IRUSR | S_IWUSR, buffer_span(&bytes), &err));
	buffer_finish(&bytes);
}

static void
schema_read(struct buffer *out)
{
	struct error err;

	buffer_init(out, SCHEMA_BYTES_MAX);
	assert_ok(folder_read(getenv("SAMBUNG_SCHEMA"), SCHEMA_BYTES_MAX, out, &err));
}

static int
place_make(void **state)
{
	struct place *place = calloc(1, sizeof *place);
	struct server_birth birth = {.name = span_of_text("Uji"),
				     .url = span_of_text("http://127.0.0.1")};
	struct buffer schema;
	char path[FOLDER_PATH_SIZE];

	assert_non_null(place);
	assert_ok(crypto_init(&place->err));
	assert_true(scratch_folder(place->root, sizeof place->root, "head"));
	(void)snprintf(place->folder, sizeof place->folder, "%s/d", place->root);
	(void)snprintf(place->other, sizeof place->other, "%s/e", place->root);
	assert_int_equal(mkdir(place->folder, S_IRWXU), 0);
	assert_int_equal(mkdir(place->other, S_IRWXU), 0);
	path_of(place->folder, FOLDER_KEYS, path);
	assert_ok(keys_create(path, ours, &place->keys, &place->err));
	copy(place->folder, FOLDER_KEYS, place->other, FOLDER_KEYS);
	schema_read(&schema);
	birth.schema_json = buffer_span(&schema);
	path_of(place->folder, FOLDER_DATABASE, path);
	assert_ok(ingest_found_server(path, &place->keys, &machine_platform, &birth,
				      span_of_text("sbt_test"), &place->err));
	buffer_finish(&schema);
	*state = place;
	return 0;
}

static int
remove_one(const char *path, const struct stat *about, int kind, struct FTW *walk)
{
	(void)about;
	(void)kind;
	(void)walk;
	return remove(path);
}

static int
place_end(void **state)
{
	struct place *place = *state;

	(void)nftw(place->root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(place);
	return 0;
}

/* A daemon starts on the folder and ends; did it begin an epoch? */
static bool
starts_an_epoch(struct place *place, const char *folder)
{
	char path[FOLDER_PATH_SIZE];
	struct store *store;
	struct epoch epoch;

	path_of(folder, FOLDER_DATABASE, path);
	assert_ok(store_open(path, STORE_WRITER, &store, &place->err));
	assert_ok(head_notice(folder, store, &place->keys, &machine_platform, &epoch, &place->err));
	if (epoch.epoch != 0) {
		assert_int_not_equal(epoch.parent, 0);
		assert_true(epoch.cut > 0);
	}
	store_close(store);
	return epoch.epoch != 0;
}

/* One entry more in the log; `kept`: and the keeper has seen it. */
static void
work(struct place *place, const char *folder, bool kept)
{
	struct ingest_options options = {.keys = &place->keys, .platform = machine_platform};
	char path[FOLDER_PATH_SIZE];
	struct head_keeper *keeper;
	struct ingest *ingest;

	path_of(folder, FOLDER_DATABASE, path);
	assert_ok(store_open(path, STORE_WRITER, &options.store, &place->err));
	assert_ok(catalogue_create(options.store, &options.catalogue, &place->err));
	assert_ok(ingest_create(&options, &ingest, &place->err));
	assert_ok(ingest_begin(ingest, &place->err));
	assert_ok(ingest_read_entry(ingest, 0, "/v1/test", "", &place->err));
	assert_ok(ingest_commit(ingest, &place->err));
	if (kept) {
		assert_ok(head_keeper_start(path, folder, &keeper, &place->err));
		head_keeper_stop(keeper);
	}
	ingest_free(ingest);
	catalogue_free(options.catalogue);
	store_close(options.store);
}

static void
back_up(struct place *place, const char *name)
{
	char path[FOLDER_PATH_SIZE];
	struct store *store;

	path_of(place->folder, FOLDER_DATABASE, path);
	assert_ok(store_open(path, STORE_READER, &store, &place->err));
	path_of(place->root, name, path);
	assert_ok(store_backup(store, path, &place->err));
	store_close(store);
}

static uint64_t
head_of(struct place *place)
{
	char path[FOLDER_PATH_SIZE];
	struct store *store;
	uint64_t head;

	path_of(place->folder, FOLDER_DATABASE, path);
	assert_ok(store_open(path, STORE_WRITER, &store, &place->err));
	assert_ok(store_log_head(store, &head, &place->err));
	store_close(store);
	return head;
}

TEST(a_server_that_goes_on_begins_no_epoch)
{
	struct place *place = *state;

	assert_false(starts_an_epoch(place, place->folder));
	work(place, place->folder, true);
	assert_false(starts_an_epoch(place, place->folder));
	work(place, place->folder, false); /* killed before the head was kept */
	assert_false(starts_an_epoch(place, place->folder));
	assert_false(starts_an_epoch(place, place->folder));
}

TEST(an_older_copy_begins_an_epoch_once)
{
	struct place *place = *state;

	assert_false(starts_an_epoch(place, place->folder));
	back_up(place, "old.db");
	work(place, place->folder, true);
	copy(place->root, "old.db", place->folder, FOLDER_DATABASE);
	assert_true(starts_an_epoch(place, place->folder));
	assert_false(starts_an_epoch(place, place->folder));
}

TEST(a_copy_that_went_another_way_begins_an_epoch_though_it_is_longer)
{
	struct place *place = *state;

	assert_false(starts_an_epoch(place, place->folder));
	back_up(place, "old.db");
	work(place, place->folder, true);
	copy(place->root, "old.db", place->folder, FOLDER_DATABASE);
	work(place, place->folder, false);
	work(place, place->folder, false);
	assert_true(starts_an_epoch(place, place->folder));
}

TEST(a_copy_that_is_tried_elsewhere_goes_its_own_way_from_the_start)
{
	struct place *place = *state;

	assert_false(starts_an_epoch(place, place->folder));
	back_up(place, "old.db");
	copy(place->root, "old.db", place->other, FOLDER_DATABASE);
	assert_true(starts_an_epoch(place, place->other));
	assert_false(starts_an_epoch(place, place->other));
	/* And so it does when it comes back. */
	copy(place->other, FOLDER_DATABASE, place->folder, FOLDER_DATABASE);
	assert_true(starts_an_epoch(place, place->folder));
}

TEST(a_folder_that_moves_whole_goes_on)
{
	struct place *place = *state;

	assert_false(starts_an_epoch(place, place->folder));
	work(place, place->folder, true);
	copy(place->folder, FOLDER_DATABASE, place->other, FOLDER_DATABASE);
	copy(place->folder, FOLDER_HEAD, place->other, FOLDER_HEAD);
	assert_false(starts_an_epoch(place, place->other));
}

TEST(a_damaged_head_is_none)
{
	struct place *place = *state;
	char path[FOLDER_PATH_SIZE];

	assert_false(starts_an_epoch(place, place->folder));
	path_of(place->folder, FOLDER_HEAD, path);
	assert_ok(folder_write(path, S_IRUSR | S_IWUSR, span_of_text("sambung head 1\n00\n"),
			       &place->err));
	assert_true(starts_an_epoch(place, place->folder));
}

TEST(restore_puts_the_backup_in_place_and_keeps_the_former_database)
{
	struct place *place = *state;
	char path[FOLDER_PATH_SIZE];
	struct restored restored;
	struct stat about;
	uint64_t head;

	assert_false(starts_an_epoch(place, place->folder));
	head = head_of(place);
	back_up(place, "old.db");
	work(place, place->folder, true);
	work(place, place->folder, true);
	path_of(place->root, "old.db", path);
	assert_ok(server_restore(place->folder, path, &restored, &place->err));
	assert_int_equal(restored.epoch.cut, head);
	assert_true(restored.former_known);
	assert_int_equal(restored.former_entries, head + 2);
	assert_int_equal(head_of(place), head + 1);
	path_of(place->folder, restored.kept, path);
	assert_int_equal(stat(path, &about), 0);
	assert_false(starts_an_epoch(place, place->folder));
	/* And back. */
	assert_ok(server_restore(place->folder, path, &restored, &place->err));
	assert_int_equal(restored.epoch.cut, head + 2);
	assert_false(starts_an_epoch(place, place->folder));
}

TEST(restore_refuses_what_is_no_database_of_this_server)
{
	struct place *place = *state;
	char path[FOLDER_PATH_SIZE];
	struct restored restored;
	uint64_t head = head_of(place);

	path_of(place->root, "text", path);
	assert_ok(folder_write(path, S_IRUSR | S_IWUSR, span_of_text("a line of text\n"),
			       &place->err));
	assert_int_not_equal(server_restore(place->folder, path, &restored, &place->err),
			     STATUS_OK);
	path_of(place->root, "nothing", path);
	assert_int_equal(server_restore(place->folder, path, &restored, &place->err),
			 STATUS_NOT_FOUND);
	path_of(place->folder, FOLDER_DATABASE, path);
	assert_int_equal(server_restore(place->folder, path, &restored, &place->err),
			 STATUS_INVALID);
	back_up(place, "ours.db");
	path_of(place->other, FOLDER_KEYS, path);
	assert_int_equal(unlink(path), 0);
	assert_ok(keys_create(path, theirs, &place->keys, &place->err));
	path_of(place->root, "ours.db", path);
	assert_int_equal(server_restore(place->other, path, &restored, &place->err),
			 STATUS_STORAGE);
	assert_int_equal(head_of(place), head);
}

TEST(restore_refuses_while_another_has_the_folder)
{
	struct place *place = *state;
	char path[FOLDER_PATH_SIZE];
	struct restored restored;
	pid_t child;
	int ready[2];
	char byte;

	back_up(place, "old.db");
	path_of(place->root, "old.db", path);
	assert_int_equal(pipe(ready), 0);
	child = fork();
	if (child == 0) {
		int lock;
		bool held = folder_lock(place->folder, &lock, NULL) == STATUS_OK;

		_exit(held && write(ready[1], "x", 1) == 1 && pause() ? 0 : 1);
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	assert_int_equal(server_restore(place->folder, path, &restored, &place->err), STATUS_BUSY);
	assert_int_equal(kill(child, SIGTERM), 0);
	assert_int_equal(waitpid(child, NULL, 0), child);
	(void)close(ready[0]);
	(void)close(ready[1]);
}

#define WITH(sentence) CASE_WITH(sentence, place_make, place_end)
RUN_TESTS(WITH(a_server_that_goes_on_begins_no_epoch), WITH(an_older_copy_begins_an_epoch_once),
	  WITH(a_copy_that_went_another_way_begins_an_epoch_though_it_is_longer),
	  WITH(a_copy_that_is_tried_elsewhere_goes_its_own_way_from_the_start),
	  WITH(a_folder_that_moves_whole_goes_on), WITH(a_damaged_head_is_none),
	  WITH(restore_puts_the_backup_in_place_and_keeps_the_former_database),
	  WITH(restore_refuses_what_is_no_database_of_this_server),
	  WITH(restore_refuses_while_another_has_the_folder))

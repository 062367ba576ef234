/* SPDX-License-Identifier: Apache-2.0 */
/* A fork and what comes late, twice, half, from a file, from another process or from an open form.
 */
#include "carry_sample.h"
#include "client/local_parts.h"
#include "fork_sample.h"

#include <stdio.h>

enum { IMAGE_MAX = 1024 * 1024 };

static const char *const image_names[] = {"device.db", "device.key"};
enum { IMAGE_FILES = sizeof image_names / sizeof image_names[0] };

/* The folder as a backup has it. */
struct image {
	struct buffer files[IMAGE_FILES];
};

static void
image_path(const struct world *w, size_t file, char path[2 * WORLD_PATH_SIZE])
{
	(void)snprintf(path, 2 * WORLD_PATH_SIZE, "%s/%s", w->folder, image_names[file]);
}

static void
image_take(struct world *w, struct image *image)
{
	sambung_close(w->device);
	w->device = NULL;
	for (size_t i = 0; i < IMAGE_FILES; i++) {
		char path[2 * WORLD_PATH_SIZE];
		uint8_t bytes[4096];
		size_t got;
		FILE *file;

		image_path(w, i, path);
		file = fopen(path, "rb");
		assert_non_null(file);
		buffer_init(&image->files[i], IMAGE_MAX);
		while ((got = fread(bytes, 1, sizeof bytes, file)) > 0) {
			buffer_append(&image->files[i], bytes, got);
		}
		assert_int_equal(fclose(file), 0);
	}
	world_reopen(w);
}

static void
image_put_back(struct world *w, const struct image *image)
{
	sambung_close(w->device);
	w->device = NULL;
	for (size_t i = 0; i < IMAGE_FILES; i++) {
		char path[2 * WORLD_PATH_SIZE];
		FILE *file;

		image_path(w, i, path);
		file = fopen(path, "wb");
		assert_non_null(file);
		assert_int_equal(fwrite(image->files[i].at, 1, image->files[i].length, file),
				 image->files[i].length);
		assert_int_equal(fclose(file), 0);
	}
	world_reopen(w);
}

static void
image_drop(struct image *image)
{
	for (size_t i = 0; i < IMAGE_FILES; i++) {
		buffer_finish(&image->files[i]);
	}
}

/* What the heir sends first: its changes, and the chain after them. */
static struct buffer
sayings(struct world *w)
{
	struct buffer said;

	world_request(w);
	buffer_init(&said, IMAGE_MAX);
	for (size_t i = 0; i < w->body.change_count; i++) {
		buffer_append_span(&said, w->body.changes[i]);
	}
	for (size_t i = 0; i < w->body.batch_count; i++) {
		buffer_append(&said, w->body.batches[i].seed, SEED_SIZE);
	}
	buffer_append(&said, w->head.h_last, HASH_SIZE);
	assert_int_equal(said.status, STATUS_OK);
	return said;
}

static uint64_t
person_of(struct world *w, uint64_t family_id)
{
	char text[ID_TEXT_SIZE];

	return world_record(w, "person",
			    FIELDS("family", id_format(family_id, text), "name", "Ela"));
}

TEST(the_same_image_restored_twice_says_the_same_under_the_same_number)
{
	struct world *w = *state;
	struct image image;
	struct buffer first;
	struct buffer second;
	uint64_t old = family_that_is_logged(w);
	uint8_t key[SIGN_PUBLIC_SIZE];

	(void)family(w, "Budi");
	world_request(w);
	(void)person_of(w, family(w, "Citra"));
	(void)world_edit(w, old, "head", "Ana");
	image_take(w, &image);
	fork_is_told(w, 2);
	number_is_given(w, HEIR);
	memcpy(key, w->head.continuing_key, sizeof key);
	first = sayings(w);
	assert_int_equal(w->head.count, 4);
	image_put_back(w, &image);
	w->wall_ms += 1000000;
	assert_int_equal(world_state(w).device, WORLD_DEVICE);
	fork_is_told(w, 2);
	number_is_given(w, HEIR);
	assert_memory_equal(w->head.continuing_key, key, sizeof key);
	second = sayings(w);
	assert_int_equal(first.length, second.length);
	assert_memory_equal(first.at, second.at, first.length);
	buffer_finish(&second);
	buffer_finish(&first);
	image_drop(&image);
}

TEST(a_switch_that_fails_leaves_everything_as_it_was)
{
	struct world *w = *state;
	struct certificate certificate;
	struct local_state before;
	struct local_state after;
	uint64_t id;
	struct error err;

	(void)family(w, "Ani");
	id = family(w, "Budi");
	(void)family(w, "Citra");
	fork_is_told(w, 1);
	/* The last change cannot be read. */
	assert_ok(sql_exec(w->device->local->sql, "UPDATE change SET body = x'00' WHERE n = 3",
			   &err));
	world_request(w);
	certificate = certificate_for(w, HEIR);
	before = world_state(w);
	assert_int_equal(certificate_is_given(w, &certificate), STATUS_STORAGE);
	after = world_state(w);
	assert_memory_equal(&after, &before, sizeof before);
	assert_contains(world_show(w, id), "\"head\":\"Budi\"");
	assert_int_equal(world_change(w, 2).record, id);
	assert_int_equal(world_change(w, 2).was_stream, 0);
	world_request(w);
	assert_int_equal(w->head.device, WORLD_DEVICE);
	assert_true(w->head.continues);
}

static void
certificate_is_refused(struct world *w, const struct certificate *certificate)
{
	assert_int_equal(certificate_is_given(w, certificate), STATUS_MALFORMED);
	assert_int_equal(world_state(w).device, WORLD_DEVICE);
	world_request(w);
}

TEST(a_certificate_of_something_else_is_refused)
{
	struct world *w = *state;
	struct certificate right;
	struct certificate wrong;

	(void)family(w, "Ani");
	fork_is_told(w, 1);
	world_request(w);
	right = certificate_for(w, HEIR);
	wrong = right;
	wrong.origin[0] ^= 1;
	certificate_is_refused(w, &wrong);
	wrong = right;
	wrong.device_key[0] ^= 1;
	certificate_is_refused(w, &wrong);
	wrong = right;
	wrong.parent++;
	certificate_is_refused(w, &wrong);
	wrong = right;
	wrong.parent_n++;
	certificate_is_refused(w, &wrong);
	wrong = right;
	wrong.device = WORLD_DEVICE;
	certificate_is_refused(w, &wrong);
	w->log_secret[0] ^= 1;
	assert_int_equal(certificate_is_given(w, &right), STATUS_SIGNATURE);
	w->log_secret[0] ^= 1;
	world_request(w);
	assert_ok(certificate_is_given(w, &right));
	assert_int_equal(world_state(w).device, HEIR);
}

TEST(a_number_that_the_installation_had_before_is_refused)
{
	struct world *w = *state;
	struct certificate certificate;

	(void)family(w, "Ani");
	forks(w, 1, HEIR);
	fork_is_told(w, 1);
	world_request(w);
	certificate = certificate_for(w, WORLD_DEVICE);
	assert_int_equal(certificate_is_given(w, &certificate), STATUS_MALFORMED);
	assert_int_equal(world_state(w).device, HEIR);
}

/* ---- open forms ---- */

static struct sambung_edit *
form_on(struct world *w, uint64_t id)
{
	struct sambung_edit *edit;
	char text[ID_TEXT_SIZE];

	assert_ok(sambung_edit_begin(w->device, id_format(id, text), &edit, &w->err));
	return edit;
}

TEST(a_form_that_was_open_over_the_fork_says_what_it_had_shown_under_both_numbers)
{
	struct world *w = *state;
	uint64_t logged = family_that_is_logged(w);
	struct sambung_edit *before;
	struct sambung_edit *after;
	struct change change;
	uint32_t n;

	before = form_on(w, logged);
	(void)family(w, "Budi");
	world_request(w);
	acknowledge(w, 11);
	(void)family(w, "Citra");
	after = form_on(w, logged);
	forks(w, 3, HEIR);
	assert_ok(sambung_edit_set(before, "head", "Ana", &w->err));
	assert_ok(sambung_edit_commit(before, NULL, &n, &w->err));
	change = world_change(w, n);
	assert_int_equal(change.n, 2);
	assert_int_equal(change.record, logged);
	assert_int_equal(change.own_stream, WORLD_DEVICE);
	assert_int_equal(change.own_n, 1);
	assert_int_equal(change.base.epoch, WORLD_EPOCH);
	assert_ok(sambung_edit_set(after, "head", "Ane", &w->err));
	assert_ok(sambung_edit_commit(after, NULL, &n, &w->err));
	change = world_change(w, n);
	assert_int_equal(change.own_stream, 0);
	assert_int_equal(change.own_n, 1);
	/* It had not shown the other. */
	assert_contains(world_show(w, logged), "\"conflicts\":{\"head\":[");
}

TEST(a_form_on_a_record_that_was_renamed_while_it_was_open_edits_that_record)
{
	struct world *w = *state;
	uint64_t born = family(w, "Ani");
	struct sambung_edit *edit = form_on(w, born);
	uint32_t n;

	assert_ok(sambung_edit_set(edit, "head", "Ana", &w->err));
	forks(w, 1, HEIR);
	assert_ok(sambung_edit_commit(edit, NULL, &n, &w->err));
	assert_int_equal(world_change(w, n).record, id_make(HEIR, 1));
	assert_int_equal(world_change(w, n).own_n, 1);
	assert_contains(world_show(w, id_make(HEIR, 1)), "\"head\":\"Ana\"");
	assert_contains(w->lines[0], "\"conflicts\":{}");
}

TEST(a_new_record_that_was_being_written_hangs_on_what_was_renamed)
{
	struct world *w = *state;
	uint64_t born = family(w, "Ani");
	struct sambung_edit *edit;
	char text[ID_TEXT_SIZE];
	struct change change;
	uint32_t n;

	assert_ok(sambung_edit_create(w->device, "person", &edit, &w->err));
	assert_ok(sambung_edit_set(edit, "family", id_format(born, text), &w->err));
	assert_ok(sambung_edit_set(edit, "name", "Ela", &w->err));
	forks(w, 1, HEIR);
	forks(w, 1, GRANDCHILD);
	assert_ok(sambung_edit_commit(edit, NULL, &n, &w->err));
	change = world_change(w, n);
	assert_int_equal(change.record, id_make(GRANDCHILD, 2));
	assert_int_equal(change_field(&change, PERSON_FAMILY)->value.integer,
			 (int64_t)id_make(GRANDCHILD, 1));
	assert_int_equal(change.own_stream, 0);
	assert_int_equal(change.own_n, 1);
}

TEST(a_form_takes_the_id_that_a_family_had_before_the_fork)
{
	struct world *w = *state;
	uint64_t born = family(w, "Ani");
	struct sambung_edit *edit;
	char text[ID_TEXT_SIZE];
	struct change change;
	uint32_t n;

	forks(w, 1, HEIR);
	assert_ok(sambung_edit_create(w->device, "person", &edit, &w->err));
	assert_ok(sambung_edit_set(edit, "family", id_format(born, text), &w->err));
	assert_ok(sambung_edit_set(edit, "name", "Ela", &w->err));
	assert_ok(sambung_edit_commit(edit, NULL, &n, &w->err));
	change = world_change(w, n);
	assert_int_equal(change_field(&change, PERSON_FAMILY)->value.integer,
			 (int64_t)id_make(HEIR, 1));
}

/* ---- what comes late ---- */

TEST(an_answer_to_the_former_number_acknowledges_nothing_of_the_heir)
{
	struct world *w = *state;
	struct parcel_session late;
	struct ack_run run = {1, 1, 10};
	struct reply reply;

	(void)family(w, "Ani");
	fork_is_told(w, 1);
	world_request(w);
	late = w->opened.session;
	reply = world_reply(w);
	reply.acks = &run;
	reply.ack_count = 1;
	reply.to = at_100;
	number_is_given(w, HEIR);
	assert_ok(world_answer_to(w, &late, &reply));
	assert_true(w->again);
	assert_int_equal(world_state(w).acked_n, 0);
	assert_int_equal(world_state(w).cursor.complete, 0);
}

TEST(a_number_that_is_given_twice_is_taken_once)
{
	struct world *w = *state;
	struct certificate certificate;
	struct local_state before;
	struct local_state after;

	(void)family(w, "Ani");
	(void)family(w, "Budi");
	fork_is_told(w, 2);
	world_request(w);
	certificate = certificate_for(w, HEIR);
	assert_ok(certificate_is_given(w, &certificate));
	before = world_state(w);
	assert_ok(certificate_is_given(w, &certificate));
	after = world_state(w);
	assert_memory_equal(&after, &before, sizeof before);
}

TEST(another_process_in_the_same_folder_goes_on_under_the_new_number_and_key)
{
	struct world *w = *state;
	struct sambung_platform platform = w->device->platform;
	struct sambung_options options = {.directory = w->folder, .platform = &platform};
	struct parcel_session late;
	struct sambung *first = w->device;
	struct sambung *second;
	struct reply reply;

	(void)family(w, "Ani");
	assert_ok(sambung_open(&options, &second, &w->err));
	w->device = second;
	world_request(w);
	late = w->opened.session;
	w->device = first;
	forks(w, 1, HEIR);
	/* Its answer to the former number is of no use, and its next request is the heir's. */
	w->device = second;
	reply = reply_with_status(w, STATUS_FORK);
	reply.send_from = 1;
	assert_ok(world_answer_to(w, &late, &reply));
	assert_int_equal(world_state(w).fork_n, 0);
	world_request(w);
	assert_int_equal(w->head.device, HEIR);
	assert_int_equal(w->head.count, 1);
	sambung_close(second);
	w->device = first;
}

/* ---- what leaves ---- */

static bool
leaves(struct world *w, uint64_t id)
{
	bool leaving;
	struct error err;

	assert_ok(local_leaving(w->device->local, id, &leaving, &err));
	return leaving;
}

/* The server takes it to be elsewhere. */
static void
evict(struct world *w, uint64_t id)
{
	struct reply reply;

	world_request(w);
	reply = world_reply(w);
	reply.evicted = &id;
	reply.evicted_count = 1;
	assert_ok(world_answer(w, &reply));
	assert_true(leaves(w, id));
}

TEST(a_record_that_leaves_when_it_is_acknowledged_still_does_under_its_new_id)
{
	struct world *w = *state;
	uint64_t above = family_that_is_logged(w);
	uint64_t id;

	(void)world_edit(w, above, "head", "Ana");
	evict(w, above);
	id = person_of(w, above);
	assert_true(leaves(w, id));
	forks(w, 2, HEIR);
	assert_true(leaves(w, above));
	assert_true(leaves(w, id_make(HEIR, 2)));
	assert_false(leaves(w, id));
}

TEST(a_record_that_left_but_for_a_change_which_the_log_has_is_gone)
{
	struct world *w = *state;
	uint64_t id = family_that_is_logged(w);
	struct local_place place;
	struct record record;
	struct error err;

	(void)world_edit(w, id, "head", "Ana");
	evict(w, id);
	forks(w, 3, HEIR);
	assert_int_equal(local_record(w->device->local, id, &w->arena, &record, &place, &err),
			 STATUS_NOT_FOUND);
	assert_false(leaves(w, id));
}

/* ---- files ---- */

/* Lets the device make a file of one parcel, and opens it. */
static struct parcel_session
carry_out(struct world *w, uint32_t changes)
{
	uint32_t carried;
	struct parcel_session session = carry_out_file(w, 1, &carried);

	assert_int_equal(carried, changes);
	return session;
}

TEST(a_phone_without_signal_goes_on_under_another_number_through_files)
{
	struct world *w = *state;
	struct certificate certificate;
	struct parcel_session session;
	struct buffer issued;
	struct reply reply;

	(void)family(w, "Ani");
	(void)family(w, "Budi");
	session = carry_out(w, 2);
	reply = reply_with_status(w, STATUS_FORK);
	reply.send_from = 2;
	assert_ok(carry_in(w, &session, &reply));
	session = carry_out(w, 0);
	certificate = certificate_for(w, HEIR);
	buffer_init(&issued, 4096);
	certificate_issue(&certificate, w->log_secret, &issued);
	reply = reply_with_status(w, STATUS_FORK);
	reply.certificate = buffer_span(&issued);
	reply.certified_scope_version = SCOPE_VERSION;
	assert_ok(carry_in(w, &session, &reply));
	assert_int_equal(w->result.continues_as, HEIR);
	(void)carry_out(w, 1);
	assert_int_equal(w->head.device, HEIR);
	/* The same answer again opens nothing any more. */
	assert_ok(carry_in(w, &session, &reply));
	assert_int_equal(world_state(w).device, HEIR);
	buffer_finish(&issued);
}

TEST(an_answer_to_a_file_of_the_former_number_is_passed_over)
{
	struct world *w = *state;
	struct ack_run run = {1, 1, 10};
	struct parcel_session session;
	struct reply reply;

	(void)family(w, "Ani");
	session = carry_out(w, 1);
	reply = world_reply(w);
	reply.acks = &run;
	reply.ack_count = 1;
	forks(w, 1, HEIR);
	assert_ok(carry_in(w, &session, &reply));
	assert_int_equal(w->result.requests, 0);
	assert_int_equal(world_state(w).acked_n, 0);
}

#define ROW(sentence) CASE_WITH(sentence, world_open, world_close)

RUN_TESTS(ROW(the_same_image_restored_twice_says_the_same_under_the_same_number),
	  ROW(a_form_takes_the_id_that_a_family_had_before_the_fork),
	  ROW(a_switch_that_fails_leaves_everything_as_it_was),
	  ROW(a_certificate_of_something_else_is_refused),
	  ROW(a_number_that_the_installation_had_before_is_refused),
	  ROW(a_form_that_was_open_over_the_fork_says_what_it_had_shown_under_both_numbers),
	  ROW(a_form_on_a_record_that_was_renamed_while_it_was_open_edits_that_record),
	  ROW(a_new_record_that_was_being_written_hangs_on_what_was_renamed),
	  ROW(an_answer_to_the_former_number_acknowledges_nothing_of_the_heir),
	  ROW(a_number_that_is_given_twice_is_taken_once),
	  ROW(another_process_in_the_same_folder_goes_on_under_the_new_number_and_key),
	  ROW(a_record_that_leaves_when_it_is_acknowledged_still_does_under_its_new_id),
	  ROW(a_record_that_left_but_for_a_change_which_the_log_has_is_gone),
	  ROW(a_phone_without_signal_goes_on_under_another_number_through_files),
	  ROW(an_answer_to_a_file_of_the_former_number_is_passed_over))

/* SPDX-License-Identifier: Apache-2.0 */
/* The independent look at users and tokens finds what the log does not say. */
#include "daemon/ingest/note.h"
#include "daemon/ingest/people.h"
#include "forged_device.h"
#include "tests/check/check_people.h"
#include "tests/check/check_store.h"

#define DEVICE struct forged *ani = *state

enum { USER = 4711, TOKEN = 815, SUPERVISOR = ROLE_SUPERVISOR };

static const struct region scope = {VILLAGE_A_NUMBER, VILLAGE_A_NUMBER};
static const uint8_t hash[HASH_SIZE] = {1, 2, 3};

static enum status
tell(struct check_people *people, uint64_t seq, const struct note *note)
{
	struct buffer bytes;
	struct error err;
	enum status status;

	buffer_init(&bytes, CHANGE_BYTES_MAX);
	note_encode(note, &bytes);
	status = check_people_note(people, seq, buffer_span(&bytes), &err);
	buffer_finish(&bytes);
	return status;
}

static struct note
user_note(void)
{
	return (struct note){.action = "user",
			     .stream = USER,
			     .name = span_of_text("Bu Ratna"),
			     .scope = &scope,
			     .scope_count = 1,
			     .role = SUPERVISOR};
}

/* As the log of `people_told` has her. */
static struct check_person
user_row(void)
{
	return (struct check_person){.number = USER,
				     .name = span_of_text("Bu Ratna"),
				     .role = SUPERVISOR,
				     .low = scope.low,
				     .high = scope.high};
}

static struct check_people
people_told(void)
{
	struct check_people people = {.count = 0};
	const struct note user = user_note();
	const struct note token = {.action = "token",
				   .stream = TOKEN,
				   .name = span_of_text("SIGA"),
				   .hash = span_of(hash, sizeof hash),
				   .role = SUPERVISOR,
				   .expires_ms = 1795000000000};

	assert_ok(tell(&people, 1, &user));
	assert_ok(tell(&people, 2, &token));
	return people;
}

static enum status
look(struct check_people *people, struct check_person row)
{
	struct error err;

	return check_people_row(people, &row, &err);
}

TEST(what_the_log_says_of_a_user_and_a_token_is_in_order)
{
	struct check_people people = people_told();
	struct check_person token = {.number = TOKEN,
				     .is_token = true,
				     .name = span_of_text("SIGA"),
				     .role = SUPERVISOR,
				     .expires_ms = 1795000000000};

	(void)state;
	memcpy(token.hash, hash, sizeof hash);
	assert_ok(look(&people, user_row()));
	assert_ok(look(&people, token));
	assert_int_equal(people.seen, people.count);
	check_people_free(&people);
}

TEST(a_user_with_more_than_the_log_says_is_found)
{
	struct check_people people = people_told();
	struct check_person role = user_row();
	struct check_person everywhere = user_row();
	struct check_person name = user_row();
	struct check_person nobody = user_row();

	(void)state;
	role.role = ROLE_ADMIN;
	everywhere.low = 0;
	name.name = span_of_text("Bu Ratih");
	nobody.number++;
	assert_int_equal(look(&people, role), STATUS_MALFORMED);
	assert_int_equal(look(&people, everywhere), STATUS_MALFORMED);
	assert_int_equal(look(&people, name), STATUS_MALFORMED);
	assert_int_equal(look(&people, nobody), STATUS_MALFORMED);
	assert_int_equal(people.seen, 0);
	check_people_free(&people);
}

TEST(a_token_with_another_text_or_no_end_is_found)
{
	struct check_people people = people_told();
	struct check_person token = {.number = TOKEN,
				     .is_token = true,
				     .name = span_of_text("SIGA"),
				     .role = SUPERVISOR,
				     .expires_ms = 1795000000000};

	(void)state;
	assert_int_equal(look(&people, token), STATUS_MALFORMED);
	memcpy(token.hash, hash, sizeof hash);
	token.expires_ms = 0;
	assert_int_equal(look(&people, token), STATUS_MALFORMED);
	check_people_free(&people);
}

TEST(who_was_disabled_must_be_so_since_that_entry)
{
	struct check_people people = people_told();
	const struct note disable = {.action = "disable", .stream = USER};
	struct check_person row = user_row();

	(void)state;
	assert_ok(tell(&people, 7, &disable));
	assert_int_equal(look(&people, row), STATUS_MALFORMED);
	row.ended = 6;
	assert_int_equal(look(&people, row), STATUS_MALFORMED);
	row.ended = 7;
	assert_ok(look(&people, row));
	check_people_free(&people);
}

TEST(a_log_that_changes_who_is_not_there_is_found)
{
	struct check_people people = people_told();
	const struct note user = user_note();
	const struct note stranger = {.action = "password", .stream = TOKEN};
	const struct note withdraw = {.action = "withdraw", .stream = USER};
	const struct note disable = {.action = "disable", .stream = USER};
	const struct note password = {.action = "password", .stream = USER};

	(void)state;
	assert_int_equal(tell(&people, 3, &user), STATUS_MALFORMED);
	assert_int_equal(tell(&people, 3, &stranger), STATUS_MALFORMED);
	assert_int_equal(tell(&people, 3, &withdraw), STATUS_MALFORMED);
	assert_ok(tell(&people, 3, &password));
	assert_ok(tell(&people, 4, &disable));
	assert_int_equal(tell(&people, 5, &disable), STATUS_MALFORMED);
	assert_int_equal(tell(&people, 5, &password), STATUS_MALFORMED);
	check_people_free(&people);
}

TEST(a_real_database_with_users_and_tokens_is_in_order_until_a_row_is_altered)
{
	DEVICE;
	struct ingest *ingest = ani->world->ingest;
	struct store *store = ani->world->store;
	const struct user_order order = {
		.name = span_of_text("Bu Ratna"), .role = ROLE_SUPERVISOR, .scope = scope};
	uint32_t number;

	assert_ok(ingest_begin(ingest, &ani->err));
	assert_ok(ingest_user_add(ingest, &order, &number, &ani->err));
	assert_ok(ingest_commit(ingest, &ani->err));
	assert_ok(check_store_database(ani->world->folder, &ani->err));
	assert_ok(ingest_begin(ingest, &ani->err));
	assert_ok(ingest_user_disable(ingest, number, 0, &ani->err));
	assert_ok(ingest_commit(ingest, &ani->err));
	assert_ok(check_store_database(ani->world->folder, &ani->err));
	/* Behind the log's back. */
	assert_ok(store_begin(store, &ani->err));
	assert_ok(store_user_disable(store, number, 1, &ani->err));
	assert_ok(store_commit(store, &ani->err));
	assert_int_equal(check_store_database(ani->world->folder, &ani->err), STATUS_MALFORMED);
}

RUN_TESTS(CASE(what_the_log_says_of_a_user_and_a_token_is_in_order),
	  CASE(a_user_with_more_than_the_log_says_is_found),
	  CASE(a_token_with_another_text_or_no_end_is_found),
	  CASE(who_was_disabled_must_be_so_since_that_entry),
	  CASE(a_log_that_changes_who_is_not_there_is_found),
	  CASE_WITH(a_real_database_with_users_and_tokens_is_in_order_until_a_row_is_altered,
		    forged_open, forged_close))

/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies sealed at rest, and the lock around the key. */
#include "client/local_parts.h"
#include "device_world.h"

#include <sys/stat.h>
#include <unistd.h>

static struct error error;

static const char secret_name[] = "Nurhalizah Qoriah";

/* ---- the seal ---- */

static struct seal_keys
keys_of(uint8_t byte)
{
	struct seal_keys keys;
	uint8_t key[SEAL_KEY_SIZE];

	memset(key, byte, sizeof key);
	seal_keys_make(key, &keys);
	return keys;
}

TEST(what_is_sealed_opens_in_its_place_and_with_its_key_only)
{
	const struct seal_keys keys = keys_of(1);
	const struct seal_keys others = keys_of(2);
	const struct seal_place place = {SEAL_RECORD, 7};
	const struct seal_place row = {SEAL_RECORD, 8};
	const struct seal_place kind = {SEAL_CHANGE, 7};
	const struct span plain = span_of_text(secret_name);
	struct buffer sealed;
	struct buffer opened;

	buffer_init(&sealed, 1000);
	buffer_init(&opened, 1000);
	seal_put(&keys, &place, plain, &sealed);
	assert_int_equal(sealed.length, plain.length + SEAL_OVERHEAD);
	assert_true(seal_get(&keys, &place, buffer_span(&sealed), &opened));
	assert_true(span_equal(buffer_span(&opened), plain));
	assert_false(seal_get(&keys, &row, buffer_span(&sealed), &opened));
	assert_false(seal_get(&keys, &kind, buffer_span(&sealed), &opened));
	assert_false(seal_get(&others, &place, buffer_span(&sealed), &opened));
	assert_int_equal(opened.length, plain.length);
	buffer_finish(&opened);
	buffer_finish(&sealed);
}

TEST(every_altered_byte_and_every_shorter_length_is_noticed)
{
	const struct seal_keys keys = keys_of(1);
	const struct seal_place place = {SEAL_RECORD, 7};
	struct buffer sealed;
	struct buffer opened;

	buffer_init(&sealed, 1000);
	buffer_init(&opened, 1000);
	seal_put(&keys, &place, span_of_text(secret_name), &sealed);
	for (size_t i = 0; i < sealed.length; i++) {
		sealed.at[i] ^= 0x40;
		assert_false(seal_get(&keys, &place, buffer_span(&sealed), &opened));
		sealed.at[i] ^= 0x40;
		assert_false(seal_get(&keys, &place, span_of(sealed.at, i), &opened));
	}
	assert_true(seal_get(&keys, &place, buffer_span(&sealed), &opened));
	buffer_finish(&opened);
	buffer_finish(&sealed);
}

TEST(another_body_gets_another_nonce_and_the_same_one_the_same_bytes)
{
	const struct seal_keys keys = keys_of(1);
	const struct seal_place place = {SEAL_RECORD, 7};
	struct buffer sealed;
	const uint8_t *second;

	buffer_init(&sealed, 1000);
	seal_put(&keys, &place, span_of_text("a"), &sealed);
	seal_put(&keys, &place, span_of_text("a"), &sealed);
	seal_put(&keys, &place, span_of_text("b"), &sealed);
	second = sealed.at + SEAL_OVERHEAD + 1;
	assert_memory_equal(sealed.at, second, SEAL_OVERHEAD + 1);
	assert_memory_not_equal(sealed.at, second + SEAL_OVERHEAD + 1, AEAD_NONCE_SIZE);
	buffer_finish(&sealed);
}

TEST(the_same_content_in_two_rows_has_nothing_in_common)
{
	const struct seal_keys keys = keys_of(1);
	const struct seal_place places[] = {{SEAL_RECORD, 7}, {SEAL_RECORD, 8}, {SEAL_CHANGE, 7}};
	const size_t size = strlen(secret_name) + SEAL_OVERHEAD;
	struct buffer sealed;

	buffer_init(&sealed, 1000);
	for (size_t i = 0; i < 3; i++) {
		seal_put(&keys, &places[i], span_of_text(secret_name), &sealed);
		for (size_t k = 0; k < i; k++) {
			assert_memory_not_equal(sealed.at + i * size, sealed.at + k * size,
						AEAD_NONCE_SIZE);
			assert_memory_not_equal(sealed.at + i * size + AEAD_NONCE_SIZE,
						sealed.at + k * size + AEAD_NONCE_SIZE,
						sizeof secret_name - 1);
		}
	}
	buffer_finish(&sealed);
}

/* ---- the database ---- */

/* How often a text stands in the files of a folder, whatever they are. */
static unsigned
found_in(const char *folder, const char *text)
{
	static const char *const names[] = {"device.db", "device.db-wal", "device.db-shm",
					    "device.key"};
	static char bytes[1024 * 1024];
	const size_t length = strlen(text);
	unsigned found = 0;

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		char path[2 * WORLD_PATH_SIZE];
		FILE *file;
		size_t size = 0;

		(void)snprintf(path, sizeof path, "%s/%s", folder, names[i]);
		file = fopen(path, "rb");
		if (file != NULL) {
			size = fread(bytes, 1, sizeof bytes, file);
			(void)fclose(file);
		}
		assert_true(size < sizeof bytes);
		for (size_t at = 0; at + length <= size; at++) {
			found += memcmp(bytes + at, text, length) == 0;
		}
	}
	return found;
}

TEST(a_recorded_name_stands_in_no_file_but_without_a_key_it_would)
{
	struct world *w = *state;

	(void)world_record(w, "family", FIELDS("head", secret_name));
	assert_int_equal(found_in(w->folder, secret_name), 0);
	assert_int_equal(found_in(w->folder, "Siti"), 0);
	/* The same search finds it where nothing is sealed. */
	local_key_set(w->device->local, NULL);
	assert_ok(local_change_add(w->device->local, 9, 9, span_of_text(secret_name), &error));
	assert_int_not_equal(found_in(w->folder, secret_name), 0);
}

TEST(a_body_put_into_another_row_is_an_error)
{
	struct world *w = *state;
	uint64_t first = world_record(w, "family", FIELDS("head", "Ani"));
	uint64_t second = world_record(w, "family", FIELDS("head", "Ina"));
	struct local_change change;
	struct record record;

	assert_ok(local_record(w->device->local, first, &w->arena, &record, NULL, &error));
	assert_ok(sql_exec(w->device->local->sql,
			   "UPDATE record SET body = (SELECT body FROM record ORDER BY id LIMIT 1);"
			   "UPDATE change SET body = (SELECT body FROM change WHERE n = 2)",
			   &error));
	assert_int_equal(local_record(w->device->local, second, &w->arena, &record, NULL, &error),
			 STATUS_STORAGE);
	assert_int_equal(local_change(w->device->local, 1, &w->arena, &change, &error),
			 STATUS_STORAGE);
}

TEST(a_body_that_is_not_sealed_is_no_body)
{
	struct world *w = *state;
	struct local_change change;

	(void)world_record(w, "family", FIELDS("head", "Ani"));
	assert_ok(sql_exec(w->device->local->sql, "UPDATE change SET body = x'00a0'", &error));
	assert_int_equal(local_change(w->device->local, 1, &w->arena, &change, &error),
			 STATUS_STORAGE);
}

TEST(a_body_cut_off_anywhere_is_an_error)
{
	struct world *w = *state;
	struct local_change change;
	char text[128];

	(void)world_record(w, "family", FIELDS("head", "Ani"));
	for (int length = 40; length >= 0; length--) {
		(void)snprintf(text, sizeof text, "UPDATE change SET body = substr(body, 1, %d)",
			       length);
		assert_ok(sql_exec(w->device->local->sql, text, &error));
		assert_int_equal(local_change(w->device->local, 1, &w->arena, &change, &error),
				 STATUS_STORAGE);
	}
}

/* ---- the lock ---- */

static uint8_t lock_byte;
static unsigned asked;

static int
give_key(void *context, const struct sambung_lock *lock, uint8_t key_out[32])
{
	(void)context;
	assert_int_equal(lock->passes, 5);
	assert_int_equal(lock->memory_kib, 600);
	assert_int_equal(lock->salt[15], 9);
	memset(key_out, lock_byte, 32);
	asked++;
	return 0;
}

static int
give_nothing(void *context, const struct sambung_lock *lock, uint8_t key_out[32])
{
	(void)context;
	(void)lock;
	(void)key_out;
	return 1;
}

static void
lock_with(struct world *w, uint8_t byte)
{
	struct sambung_lock lock = {.passes = 5, .memory_kib = 600, .salt = {[15] = 9}};
	uint8_t key[32];

	memset(key, byte, sizeof key);
	assert_ok(sambung_lock_set(w->device, &lock, key, &w->err));
}

static int
open_again(struct world *w)
{
	struct sambung_options options = {
		.directory = w->folder, .key = w->unlock, .key_context = w};
	struct sambung *other;
	int status = sambung_open(&options, &other, &w->err);

	if (status == 0) {
		sambung_close(other);
	}
	return status;
}

TEST(a_locked_phone_opens_with_its_key_only)
{
	struct world *w = *state;
	struct sambung_edit *edit;
	struct sambung_state found;
	struct sambung_bytes request;
	uint64_t id = world_record(w, "family", FIELDS("head", secret_name));

	lock_with(w, 1);
	w->unlock = give_key;
	lock_byte = 2;
	assert_int_equal(open_again(w), STATUS_PIN_WRONG);
	lock_byte = 1;
	world_reopen(w);
	assert_contains(world_show(w, id), secret_name);
	assert_ok(sambung_state(w->device, &found, &w->err));
	assert_string_equal(found.cadre, "Siti");
	assert_false(found.locked);
	w->unlock = NULL;
	world_reopen(w);
	assert_ok(sambung_state(w->device, &found, &w->err));
	assert_true(found.locked);
	assert_string_equal(found.cadre, "");
	assert_int_equal(found.queued, 1);
	assert_int_equal(found.device, WORLD_DEVICE);
	assert_int_equal(sambung_edit_create(w->device, "family", &edit, &w->err),
			 STATUS_PIN_NEEDED);
	assert_int_equal(sambung_exchange_request(w->device, &request, &w->err), STATUS_PIN_NEEDED);
	w->unlock = give_nothing;
	world_reopen(w);
	assert_int_equal(sambung_exchange_request(w->device, &request, &w->err), STATUS_PIN_NEEDED);
}

TEST(a_key_is_asked_for_once)
{
	struct world *w = *state;

	lock_with(w, 1);
	w->unlock = give_key;
	lock_byte = 1;
	asked = 0;
	world_reopen(w);
	(void)world_record(w, "family", FIELDS("head", "Ani"));
	world_request(w);
	assert_int_equal(asked, 1);
}

TEST(the_lock_can_be_changed_and_taken_away_and_nothing_else_is_written)
{
	struct world *w = *state;
	uint64_t id = world_record(w, "family", FIELDS("head", secret_name));
	int64_t before = sql_changes_all(w->device->local->sql);
	char path[2 * WORLD_PATH_SIZE];
	struct stat file;

	(void)snprintf(path, sizeof path, "%s/device.key", w->folder);
	lock_with(w, 1);
	assert_ok(stat(path, &file));
	assert_int_equal(file.st_size, 85);
	assert_int_equal(file.st_mode & 0777, 0600);
	lock_with(w, 2);
	w->unlock = give_key;
	lock_byte = 1;
	assert_int_equal(open_again(w), STATUS_PIN_WRONG);
	lock_byte = 2;
	assert_int_equal(open_again(w), 0);
	assert_ok(sambung_lock_set(w->device, NULL, NULL, &w->err));
	assert_int_equal(sql_changes_all(w->device->local->sql), before);
	w->unlock = NULL;
	world_reopen(w);
	assert_contains(world_show(w, id), secret_name);
}

TEST(the_bare_key_is_overwritten_when_a_locked_one_takes_its_place)
{
	struct world *w = *state;
	char path[2 * WORLD_PATH_SIZE];
	char former[2 * WORLD_PATH_SIZE];
	uint8_t bytes[100] = {1};
	size_t got;
	FILE *file;

	/* A second name, by which the file can be seen after its first one is another's. */
	(void)snprintf(path, sizeof path, "%s/device.key", w->folder);
	(void)snprintf(former, sizeof former, "%s/former", w->folder);
	assert_ok(link(path, former));
	lock_with(w, 1);
	file = fopen(former, "rb");
	assert_non_null(file);
	got = fread(bytes, 1, sizeof bytes, file);
	assert_ok(fclose(file));
	assert_ok(unlink(former));
	assert_true(got >= SEED32_SIZE);
	for (size_t i = 0; i < got; i++) {
		assert_int_equal(bytes[i], 0);
	}
}

TEST(a_locked_phone_without_its_key_cannot_be_locked_otherwise)
{
	struct world *w = *state;
	uint8_t key[32] = {0};
	struct sambung_lock lock = {.passes = 5};

	lock_with(w, 1);
	world_reopen(w);
	assert_int_equal(sambung_lock_set(w->device, &lock, key, &w->err), STATUS_PIN_NEEDED);
	assert_int_equal(sambung_lock_set(w->device, NULL, NULL, &w->err), STATUS_PIN_NEEDED);
}

TEST(a_lock_that_was_altered_opens_with_no_key)
{
	struct world *w = *state;
	char path[2 * WORLD_PATH_SIZE];
	uint8_t bytes[85];
	FILE *file;

	lock_with(w, 1);
	w->unlock = give_key;
	lock_byte = 1;
	(void)snprintf(path, sizeof path, "%s/device.key", w->folder);
	file = fopen(path, "r+b");
	assert_non_null(file);
	assert_int_equal(fread(bytes, 1, sizeof bytes, file), sizeof bytes);
	for (size_t i = 25; i < sizeof bytes; i += 6) {
		bytes[i] ^= 1;
		rewind(file);
		assert_int_equal(fwrite(bytes, 1, sizeof bytes, file), sizeof bytes);
		assert_ok(fflush(file));
		assert_int_equal(open_again(w), STATUS_PIN_WRONG);
		bytes[i] ^= 1;
	}
	bytes[0] = 2;
	rewind(file);
	assert_int_equal(fwrite(bytes, 1, sizeof bytes, file), sizeof bytes);
	assert_ok(fclose(file));
	assert_int_equal(open_again(w), STATUS_STORAGE);
}

TEST(the_key_of_another_phone_opens_nothing)
{
	struct world *w = *state;
	char path[2 * WORLD_PATH_SIZE];
	FILE *file;

	(void)snprintf(path, sizeof path, "%s/device.key", w->folder);
	file = fopen(path, "r+b");
	assert_non_null(file);
	assert_int_equal(fputc('x', file), 'x');
	assert_ok(fclose(file));
	assert_int_equal(open_again(w), STATUS_SIGNATURE);
	assert_string_equal(w->err.detail, "device.key");
}

TEST(a_pin_gives_the_same_key_with_the_same_lock_only)
{
	const struct sambung_lock lock = {.salt = {1}, .passes = 1, .memory_kib = 64};
	struct sambung_lock other = lock;
	uint8_t key[32];
	uint8_t again[32];
	struct sambung_error err;

	assert_ok(sambung_pin_key(&lock, "123456", key, &err));
	assert_ok(sambung_pin_key(&lock, "123456", again, &err));
	assert_memory_equal(key, again, sizeof key);
	assert_ok(sambung_pin_key(&lock, "123457", again, &err));
	assert_memory_not_equal(key, again, sizeof key);
	other.salt[3] = 1;
	assert_ok(sambung_pin_key(&other, "123456", again, &err));
	assert_memory_not_equal(key, again, sizeof key);
}

TEST(a_lock_that_asks_for_too_much_work_is_refused)
{
	const struct sambung_lock locks[] = {{.passes = 1, .memory_kib = 1024 * 1024},
					     {.passes = UINT32_MAX, .memory_kib = 64},
					     {.passes = 0, .memory_kib = 64},
					     {.passes = 1, .memory_kib = 0}};
	uint8_t key[32];
	struct sambung_error err;

	for (size_t i = 0; i < sizeof locks / sizeof locks[0]; i++) {
		assert_int_equal(sambung_pin_key(&locks[i], "123456", key, &err), STATUS_STORAGE);
	}
}

#define IN_WORLD(sentence) CASE_WITH(sentence, world_open, world_close)

RUN_TESTS(CASE(what_is_sealed_opens_in_its_place_and_with_its_key_only),
	  CASE(every_altered_byte_and_every_shorter_length_is_noticed),
	  CASE(another_body_gets_another_nonce_and_the_same_one_the_same_bytes),
	  CASE(the_same_content_in_two_rows_has_nothing_in_common),
	  IN_WORLD(a_recorded_name_stands_in_no_file_but_without_a_key_it_would),
	  IN_WORLD(a_body_put_into_another_row_is_an_error),
	  IN_WORLD(a_body_that_is_not_sealed_is_no_body),
	  IN_WORLD(a_body_cut_off_anywhere_is_an_error),
	  IN_WORLD(a_locked_phone_opens_with_its_key_only), IN_WORLD(a_key_is_asked_for_once),
	  IN_WORLD(the_lock_can_be_changed_and_taken_away_and_nothing_else_is_written),
	  IN_WORLD(the_bare_key_is_overwritten_when_a_locked_one_takes_its_place),
	  IN_WORLD(a_locked_phone_without_its_key_cannot_be_locked_otherwise),
	  IN_WORLD(a_lock_that_was_altered_opens_with_no_key),
	  IN_WORLD(the_key_of_another_phone_opens_nothing),
	  CASE(a_pin_gives_the_same_key_with_the_same_lock_only),
	  CASE(a_lock_that_asks_for_too_much_work_is_refused))

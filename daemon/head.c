/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/head.h"

#include "daemon/folder.h"
#include "daemon/ledger/ledger.h"

#include <string.h>
#include <sys/stat.h>

/* The file: this line, then folder number and checkpoint in hex, then a line's end. */
static const char magic[] = "sambung head 1\n";
enum {
	MAGIC_SIZE = sizeof magic - 1,
	CONTENT_SIZE = FOLDER_NUMBER_SIZE + CHECKPOINT_SIZE,
	FILE_SIZE = MAGIC_SIZE + 2 * CONTENT_SIZE + 1,
	SETTING_MEMORY = 4096,
};
static const char setting_name[] = "folder";

static bool
head_parse(struct span text, const struct server_keys *keys, struct head *out)
{
	char digits[2 * CONTENT_SIZE + 1];
	uint8_t content[CONTENT_SIZE];

	if (text.length != FILE_SIZE || memcmp(text.at, magic, MAGIC_SIZE) != 0) {
		return false;
	}
	memcpy(digits, text.at + MAGIC_SIZE, sizeof digits - 1);
	digits[sizeof digits - 1] = '\0';
	if (!hex_decode(digits, content, sizeof content)) {
		return false;
	}
	memcpy(out->folder, content, FOLDER_NUMBER_SIZE);
	checkpoint_decode(content + FOLDER_NUMBER_SIZE, &out->newest);
	return checkpoint_verify(&out->newest, keys->log_public);
}

enum status
head_read(const char *directory, const struct server_keys *keys, struct head *out, bool *found_out,
	  struct error *err)
{
	char path[FOLDER_PATH_SIZE];
	struct buffer text;
	enum status status = folder_path(directory, FOLDER_HEAD, path, err);

	if (status != STATUS_OK) {
		return status;
	}
	buffer_init(&text, FILE_SIZE);
	status = folder_read(path, FILE_SIZE, &text, err);
	if (status == STATUS_NOT_FOUND || status == STATUS_LIMIT) {
		status = STATUS_OK;
		buffer_clear(&text);
	}
	if (status == STATUS_OK) {
		*found_out = head_parse(buffer_span(&text), keys, out);
	}
	buffer_finish(&text);
	return status;
}

enum status
head_write(const char *directory, const struct head *head, struct error *err)
{
	uint8_t content[CONTENT_SIZE];
	char digits[2 * CONTENT_SIZE + 1];
	char path[FOLDER_PATH_SIZE];
	struct buffer text;
	enum status status = folder_path(directory, FOLDER_HEAD, path, err);

	if (status != STATUS_OK) {
		return status;
	}
	memcpy(content, head->folder, FOLDER_NUMBER_SIZE);
	checkpoint_encode(&head->newest, content + FOLDER_NUMBER_SIZE);
	hex_encode(span_of(content, sizeof content), digits);
	buffer_init(&text, FILE_SIZE);
	buffer_printf(&text, "%s%s\n", magic, digits);
	status = buffer_status(&text, "the head", err);
	if (status == STATUS_OK) {
		status = folder_write(path, S_IRUSR | S_IWUSR, buffer_span(&text), err);
	}
	buffer_finish(&text);
	return status;
}

/* ---- the database's side ---- */

static enum status
folder_of(struct store *store, uint8_t out[FOLDER_NUMBER_SIZE], bool *found_out, struct error *err)
{
	struct span number;
	struct arena arena;
	enum status status;

	arena_init(&arena, SETTING_MEMORY);
	status = store_setting(store, setting_name, &arena, &number, err);
	*found_out = status == STATUS_OK && number.length == FOLDER_NUMBER_SIZE;
	if (*found_out) {
		memcpy(out, number.at, FOLDER_NUMBER_SIZE);
	}
	arena_finish(&arena);
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static enum status
folder_put(struct store *store, const uint8_t number[FOLDER_NUMBER_SIZE], struct error *err)
{
	enum status status = store_begin(store, err);

	if (status != STATUS_OK) {
		return status;
	}
	status = store_setting_put(store, setting_name, span_of(number, FOLDER_NUMBER_SIZE), err);
	if (status == STATUS_OK) {
		status = store_commit(store, err);
	}
	if (status != STATUS_OK) {
		store_rollback(store);
	}
	return status;
}

enum status
head_take(struct store *store, struct head *head, struct error *err)
{
	uint8_t number[FOLDER_NUMBER_SIZE];
	bool marked = false;
	bool found = false;
	enum status status = folder_of(store, number, &marked, err);

	if (status == STATUS_OK && (!marked || memcmp(number, head->folder, sizeof number) != 0)) {
		status = folder_put(store, head->folder, err);
	}
	if (status == STATUS_OK) {
		status = store_checkpoint_last(store, &head->newest, &found, err);
	}
	return status == STATUS_OK && !found ? fail(err, STATUS_STORAGE, "there is no checkpoint")
					     : status;
}

/* Does the log go on from what D/head knows? */
static enum status
goes_on(struct store *store, const struct checkpoint *known, bool *out, struct error *err)
{
	uint8_t root[HASH_SIZE];
	uint64_t size = 0;
	enum status status = store_log_head(store, &size, err);

	if (status == STATUS_OK && size < known->size) {
		*out = false;
		return STATUS_OK;
	}
	if (status == STATUS_OK) {
		status = ledger_root_at(store, known->size, root, err);
	}
	if (status == STATUS_OK) {
		*out = memcmp(root, known->root, HASH_SIZE) == 0;
	}
	return status;
}

static enum status
is_copy(struct store *store, const struct head *head, bool found, bool *out, struct error *err)
{
	uint8_t folder[FOLDER_NUMBER_SIZE];
	bool marked = false;
	bool same = true;
	enum status status = folder_of(store, folder, &marked, err);

	/* A database without a number was never served: init has just made it. */
	*out = marked && (!found || memcmp(folder, head->folder, sizeof folder) != 0);
	if (status == STATUS_OK && found && !*out) {
		status = goes_on(store, &head->newest, &same, err);
		*out = !same;
	}
	return status;
}

/* The folder's number into the database, the newest checkpoint into the file. */
static enum status
head_renew(const char *directory, struct store *store, struct head *head, struct error *err)
{
	enum status status = head_take(store, head, err);

	return status == STATUS_OK ? head_write(directory, head, err) : status;
}

enum status
head_notice(const char *directory, struct store *store, const struct server_keys *keys,
	    const struct platform *platform, struct epoch *epoch_out, struct error *err)
{
	struct epoch epoch = {0};
	struct head head = {.newest = {.size = 0}};
	bool found = false;
	bool copied = false;
	enum status status = head_read(directory, keys, &head, &found, err);

	if (status == STATUS_OK) {
		status = is_copy(store, &head, found, &copied, err);
	}
	if (status == STATUS_OK && copied) {
		status = ingest_epoch_begin(store, keys, platform, &epoch, err);
	}
	if (status == STATUS_OK && !found) {
		platform->random(platform->context, head.folder, sizeof head.folder);
	}
	if (status == STATUS_OK) {
		status = head_renew(directory, store, &head, err);
	}
	if (status == STATUS_OK) {
		*epoch_out = epoch;
	}
	return status;
}

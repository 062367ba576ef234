/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/erased.h"

#include "daemon/folder.h"
#include "daemon/store/store_reports.h"
#include "protocol/crypto.h"
#include "protocol/id.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	ROW_SIZE = 24,
	ROW_CHECKED = 16,
	FILE_MAX = 256 * 1024 * 1024,
	LABEL_SIZE = 16,
};

static void
row_check(const uint8_t row[ROW_SIZE], uint8_t check_out[ROW_SIZE - ROW_CHECKED])
{
	static const char label[] = "sambung/erased/1";
	const struct span parts[] = {span_of(label, LABEL_SIZE), span_of(row, ROW_CHECKED)};
	uint8_t hash[HASH_SIZE];

	sha256(parts, 2, hash);
	memcpy(check_out, hash, ROW_SIZE - ROW_CHECKED);
}

static void
row_put(uint64_t id, int64_t now_ms, struct buffer *out)
{
	uint8_t row[ROW_SIZE];

	put_le64(row, id);
	put_le64(row + 8, (uint64_t)now_ms);
	row_check(row, row + ROW_CHECKED);
	buffer_append(out, row, sizeof row);
}

static bool
row_is_whole(const uint8_t row[ROW_SIZE])
{
	uint8_t check[ROW_SIZE - ROW_CHECKED];

	row_check(row, check);
	return memcmp(check, row + ROW_CHECKED, sizeof check) == 0;
}

/* ---- the file ---- */

static bool
write_at_end(int fd, struct span rows)
{
	off_t end = lseek(fd, 0, SEEK_END);

	/* Over what a crash left of a row. */
	if (end < 0 || lseek(fd, end - end % ROW_SIZE, SEEK_SET) < 0) {
		return false;
	}
	return folder_write_all(fd, rows);
}

static enum status
append_rows(const char *path, struct span rows, struct error *err)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
	bool written = fd >= 0 && write_at_end(fd, rows);
	const int reason = errno;

	if (fd >= 0) {
		(void)close(fd);
	}
	if (!written) {
		return fail(err, reason == ENOSPC ? STATUS_FULL : STATUS_STORAGE, "%s: %s",
			    FOLDER_ERASED, strerror(reason));
	}
	return folder_sync(path, err);
}

enum status
erased_append(const char *directory, const uint64_t *ids, size_t count, int64_t now_ms,
	      struct error *err)
{
	char path[FOLDER_PATH_SIZE];
	struct buffer rows;
	enum status status = folder_path(directory, FOLDER_ERASED, path, err);

	if (status != STATUS_OK || count == 0) {
		return status;
	}
	buffer_init(&rows, FILE_MAX);
	for (size_t i = 0; i < count; i++) {
		row_put(ids[i], now_ms, &rows);
	}
	status = buffer_status(&rows, FOLDER_ERASED, err);
	if (status == STATUS_OK) {
		status = append_rows(path, buffer_span(&rows), err);
	}
	buffer_finish(&rows);
	return status;
}

/* A crash may leave the end of the file without content; before a whole row nothing may be broken.
 */
static enum status
take_rows(struct span rows, struct buffer *ids, struct error *err)
{
	const size_t count = rows.length / ROW_SIZE;
	bool broken = false;

	for (size_t i = 0; i < count; i++) {
		const uint8_t *row = rows.at + i * ROW_SIZE;
		const uint64_t id = get_le64(row);

		if (!row_is_whole(row)) {
			broken = true;
			continue;
		}
		if (broken) {
			return fail(err, STATUS_STORAGE,
				    "%s is damaged: take it from a backup of the folder",
				    FOLDER_ERASED);
		}
		if (id != 0 && id <= INT64_MAX) {
			buffer_append(ids, &id, sizeof id);
		}
	}
	return buffer_status(ids, FOLDER_ERASED, err);
}

enum status
erased_read(const char *directory, struct buffer *ids, struct error *err)
{
	char path[FOLDER_PATH_SIZE];
	struct buffer rows;
	enum status status = folder_path(directory, FOLDER_ERASED, path, err);

	if (status != STATUS_OK) {
		return status;
	}
	buffer_init(&rows, FILE_MAX);
	status = folder_read(path, FILE_MAX, &rows, err);
	if (status == STATUS_OK) {
		status = take_rows(buffer_span(&rows), ids, err);
	} else if (status == STATUS_NOT_FOUND) {
		status = STATUS_OK;
	}
	buffer_finish(&rows);
	return status;
}

/* ---- and the database ---- */

static enum status
erase_again(struct ingest *ingest, const struct buffer *ids, size_t *count_out, struct error *err)
{
	enum status status = ingest_begin(ingest, err);

	if (status != STATUS_OK) {
		return status;
	}
	status = ingest_erase_again(ingest, (const void *)ids->at, ids->length / sizeof(uint64_t),
				    count_out, err);
	if (status != STATUS_OK) {
		ingest_rollback(ingest);
		return status;
	}
	return ingest_commit(ingest, err);
}

static enum status
apply_file(struct store *store, const struct server_keys *keys, const struct platform *platform,
	   const struct buffer *ids, size_t *count_out, struct error *err)
{
	struct ingest_options options = {.store = store, .keys = keys, .platform = *platform};
	struct ingest *ingest = NULL;
	enum status status = catalogue_create(store, &options.catalogue, err);

	if (status != STATUS_OK) {
		return status;
	}
	status = ingest_create(&options, &ingest, err);
	if (status == STATUS_OK) {
		status = erase_again(ingest, ids, count_out, err);
		ingest_free(ingest);
	}
	catalogue_free(options.catalogue);
	return status;
}

/* `ids` are those of the file; sorts them. */
static enum status
complete_file(const char *directory, struct store *store, struct buffer *ids, int64_t now_ms,
	      struct error *err)
{
	struct buffer known;
	struct buffer missing;
	enum status status;

	buffer_init(&known, SIZE_MAX);
	buffer_init(&missing, SIZE_MAX);
	if (ids->length > 0) {
		qsort(ids->at, ids->length / sizeof(uint64_t), sizeof(uint64_t), id_compare);
	}
	status = store_erased_read(store, 0, STORE_NOW, &known, err);
	for (size_t i = 0; i < known.length / sizeof(uint64_t) && status == STATUS_OK; i++) {
		const uint64_t id = ((const uint64_t *)(const void *)known.at)[i];

		if (!id_among(id, (const void *)ids->at, ids->length / sizeof id)) {
			buffer_append(&missing, &id, sizeof id);
		}
	}
	if (status == STATUS_OK) {
		status = buffer_status(&missing, FOLDER_ERASED, err);
	}
	if (status == STATUS_OK) {
		status = erased_append(directory, (const void *)missing.at,
				       missing.length / sizeof(uint64_t), now_ms, err);
	}
	buffer_finish(&known);
	buffer_finish(&missing);
	return status;
}

/* ---- copies of the database ---- */

static enum status
has_any(struct store *copy, const struct buffer *ids, bool *out, struct error *err)
{
	enum status status = STATUS_OK;

	for (size_t i = 0; i < ids->length / sizeof(uint64_t) && !*out && status == STATUS_OK;
	     i++) {
		const uint64_t id = ((const uint64_t *)(const void *)ids->at)[i];
		uint64_t by = 0;
		uint64_t created = 0;

		status = store_erased_by(copy, id, &by, err);
		if (status == STATUS_OK && by == 0) {
			status = store_created(copy, id, &created, err);
		}
		*out = created != 0;
	}
	return status;
}

static bool
copy_has_any(const char *path, const struct buffer *ids)
{
	struct store *copy = NULL;
	bool has = false;
	struct error err;
	enum status status = store_open(path, STORE_READER, &copy, &err);

	if (status == STATUS_OK) {
		status = has_any(copy, ids, &has, &err);
	}
	store_close(copy);
	return has || status != STATUS_OK;
}

/* Whatever stands beside the database under its name: what a restore kept, and what people copied.
 */
static bool
is_copy(const char *name)
{
	static const char beginning[] = FOLDER_DATABASE ".";
	const size_t length = strlen(name);

	/* Not the files that SQLite keeps beside it while it is read. */
	return strncmp(name, beginning, sizeof beginning - 1) == 0 &&
	       (length < 4 ||
		(strcmp(name + length - 4, "-wal") != 0 && strcmp(name + length - 4, "-shm") != 0));
}

static bool
any_copy_has(const char *directory, const struct buffer *ids)
{
	char path[FOLDER_PATH_SIZE];
	struct dirent *entry;
	bool has = false;
	DIR *listing = opendir(directory);

	while (listing != NULL && !has && (entry = readdir(listing)) != NULL) {
		has = is_copy(entry->d_name) &&
		      folder_path(directory, entry->d_name, path, NULL) == STATUS_OK &&
		      copy_has_any(path, ids);
	}
	if (listing != NULL) {
		(void)closedir(listing);
	}
	return has;
}

enum status
erased_is_kept(const char *directory, struct store *store, uint64_t seq, bool *kept_out,
	       struct error *err)
{
	struct buffer ids;
	enum status status;

	buffer_init(&ids, SIZE_MAX);
	status = store_erased_read(store, seq - 1, seq, &ids, err);
	if (status == STATUS_OK) {
		*kept_out = any_copy_has(directory, &ids);
	}
	buffer_finish(&ids);
	return status;
}

enum status
erased_finish(struct store *store, const struct platform *platform, struct error *err)
{
	uint64_t head = 0;
	enum status status = store_log_head(store, &head, err);

	if (status == STATUS_OK) {
		status = store_vacuum(store, err);
	}
	if (status == STATUS_OK) {
		status = store_wal_empty(store, err);
	}
	if (status == STATUS_OK) {
		status = store_begin(store, err);
	}
	if (status != STATUS_OK) {
		return status;
	}
	status = store_erasures_finish(store, head, platform->now_ms(platform->context), err);
	if (status == STATUS_OK) {
		status = store_commit(store, err);
	}
	if (status != STATUS_OK) {
		store_rollback(store);
	}
	return status;
}

enum status
erased_apply(const char *directory, struct store *store, const struct server_keys *keys,
	     const struct platform *platform, size_t *count_out, struct error *err)
{
	struct buffer ids;
	size_t count = 0;
	enum status status;

	buffer_init(&ids, SIZE_MAX);
	status = erased_read(directory, &ids, err);
	if (status == STATUS_OK && ids.length > 0) {
		status = apply_file(store, keys, platform, &ids, &count, err);
	}
	if (status == STATUS_OK && count > 0) {
		status = erased_finish(store, platform, err);
	}
	if (status == STATUS_OK) {
		status = complete_file(directory, store, &ids, platform->now_ms(platform->context),
				       err);
	}
	buffer_finish(&ids);
	if (status == STATUS_OK) {
		*count_out = count;
	}
	return status;
}

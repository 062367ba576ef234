/* SPDX-License-Identifier: Apache-2.0 */
#include "client/device.h"
#include "protocol/fork.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* device.key is the 32 bytes of the Ed25519 seed, nothing else; or, with a key of the app's,
 * 1 | salt | LE32 passes | LE32 KiB | the seed as seal.h seals it under that key. */
enum {
	KEY_PATH_MAX = 4096,
	KEY_SIZE = SEED32_SIZE,
	KEY_LOCKED = 1,
	KEY_SALT_AT = 1,
	KEY_PASSES_AT = KEY_SALT_AT + SAMBUNG_SALT_SIZE,
	KEY_MEMORY_AT = KEY_PASSES_AT + 4,
	KEY_SEALED_AT = KEY_MEMORY_AT + 4,
	KEY_FILE_MAX = KEY_SEALED_AT + SEAL_OVERHEAD + KEY_SIZE,
};

static enum status
key_path(const char *directory, const char *name, char out[KEY_PATH_MAX], struct error *err)
{
	int length = snprintf(out, KEY_PATH_MAX, "%s/%s", directory, name);

	return length > 0 && length < KEY_PATH_MAX ? STATUS_OK
						   : fail(err, STATUS_LIMIT, "%s", name);
}

static enum status
key_failed(enum status status, struct error *err)
{
	return fail(err, errno == ENOSPC ? STATUS_FULL : status, "device.key: errno %d", errno);
}

void
key_secret(const uint8_t seed[SEED32_SIZE], uint8_t secret_out[SIGN_SECRET_SIZE])
{
	uint8_t public_key[SIGN_PUBLIC_SIZE];

	sign_keypair(seed, public_key, secret_out);
}

static enum status
key_read(const char *directory, uint8_t out[KEY_FILE_MAX + 1], size_t *length_out,
	 struct error *err)
{
	char path[KEY_PATH_MAX];
	ssize_t got;
	int fd;
	enum status status = key_path(directory, "device.key", path, err);

	if (status != STATUS_OK) {
		return status;
	}
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		return key_failed(errno == ENOENT ? STATUS_NOT_FOUND : STATUS_STORAGE, err);
	}
	got = read(fd, out, KEY_FILE_MAX + 1);
	(void)close(fd);
	if (got < 0) {
		return fail(err, STATUS_STORAGE, "device.key");
	}
	*length_out = (size_t)got;
	return STATUS_OK;
}

/* Opens the seed in a file that is locked, by the app's key. */
static enum status
key_unlock(const struct sambung *device, const uint8_t file[KEY_FILE_MAX],
	   uint8_t seed_out[SEED32_SIZE], struct error *err)
{
	struct sambung_lock lock = {.passes = get_le32(file + KEY_PASSES_AT),
				    .memory_kib = get_le32(file + KEY_MEMORY_AT)};
	const struct span sealed = span_of(file + KEY_SEALED_AT, SEAL_OVERHEAD + KEY_SIZE);
	uint8_t key[SEAL_KEY_SIZE];
	bool opened;

	memcpy(lock.salt, file + KEY_SALT_AT, sizeof lock.salt);
	if (device->key == NULL || device->key(device->key_context, &lock, key) != 0) {
		return fail(err, STATUS_PIN_NEEDED, "device.key");
	}
	opened = seal_key_get(key, SEAL_SEED, sealed, seed_out);
	crypto_wipe(key, sizeof key);
	return opened ? STATUS_OK : fail(err, STATUS_PIN_WRONG, "%s", "");
}

enum status
key_load(const struct sambung *device, uint8_t seed_out[SEED32_SIZE], struct error *err)
{
	uint8_t file[KEY_FILE_MAX + 1];
	size_t length = 0;
	enum status status = key_read(device->directory, file, &length, err);

	if (status != STATUS_OK) {
		return status;
	}
	if (length == KEY_SIZE) {
		memcpy(seed_out, file, KEY_SIZE);
	} else if (length == KEY_FILE_MAX && file[0] == KEY_LOCKED) {
		status = key_unlock(device, file, seed_out, err);
	} else if (length > KEY_SIZE && file[0] == 0) {
		/* It was being destroyed (former_overwrite), and only its name is left. */
		status = fail(err, STATUS_NOT_FOUND, "device.key");
	} else {
		status = fail(err, STATUS_STORAGE, "device.key");
	}
	crypto_wipe(file, sizeof file);
	return status;
}

void
key_fork(uint8_t secret[SIGN_SECRET_SIZE], uint32_t stream, uint32_t n)
{
	uint8_t seed[KEY_SIZE];

	/* The secret begins with its seed. */
	fork_key(secret, stream, n, seed);
	key_secret(seed, secret);
	crypto_wipe(seed, sizeof seed);
}

static enum status
bytes_write(int fd, struct span bytes, struct error *err)
{
	errno = ENOSPC;
	return write(fd, bytes.at, bytes.length) == (ssize_t)bytes.length && fsync(fd) == 0
		       ? STATUS_OK
		       : key_failed(STATUS_STORAGE, err);
}

/* A file that is there must be whole and on the disk: it is renamed into place. */
static enum status
part_write(const char *path, struct span bytes, struct error *err)
{
	int fd;
	enum status status;

	(void)unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
	if (fd < 0) {
		return key_failed(STATUS_STORAGE, err);
	}
	status = bytes_write(fd, bytes, err);
	if (close(fd) != 0 && status == STATUS_OK) {
		status = key_failed(STATUS_STORAGE, err);
	}
	return status;
}

static enum status
directory_sync(const char *directory, struct error *err)
{
	int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int synced = fd < 0 ? -1 : fsync(fd);

	if (fd >= 0) {
		(void)close(fd);
	}
	return synced == 0 ? STATUS_OK
			   : fail(err, STATUS_STORAGE, "%s: errno %d", directory, errno);
}

/* What a former file held, behind its name or without one. */
static enum status
former_overwrite(int fd, struct error *err)
{
	static const uint8_t zeros[KEY_FILE_MAX];
	enum status status = bytes_write(fd, span_of(zeros, sizeof zeros), err);

	(void)close(fd);
	return status;
}

/* Puts a file in the place of device.key, and overwrites the one that it replaces. */
static enum status
key_replace(const char *directory, struct span bytes, struct error *err)
{
	char path[KEY_PATH_MAX];
	char part[KEY_PATH_MAX];
	int former;
	enum status status = key_path(directory, "device.key", path, err);

	if (status == STATUS_OK) {
		status = key_path(directory, "device.key.part", part, err);
	}
	if (status == STATUS_OK) {
		status = part_write(part, bytes, err);
	}
	if (status != STATUS_OK) {
		return status;
	}
	former = open(path, O_WRONLY | O_CLOEXEC);
	if (rename(part, path) != 0) {
		status = key_failed(STATUS_STORAGE, err);
		(void)unlink(part);
	} else {
		status = directory_sync(directory, err);
	}
	if (former >= 0 && status == STATUS_OK) {
		return former_overwrite(former, err);
	}
	if (former >= 0) {
		(void)close(former);
	}
	return status;
}

enum status
key_create(const char *directory, const uint8_t seed[SEED32_SIZE], struct error *err)
{
	char path[KEY_PATH_MAX];
	enum status status = key_path(directory, "device.key", path, err);

	if (status != STATUS_OK) {
		return status;
	}
	if (access(path, F_OK) == 0) {
		return fail(err, STATUS_EXISTS, "device.key");
	}
	return key_replace(directory, span_of(seed, KEY_SIZE), err);
}

enum status
key_lock(const char *directory, const uint8_t seed[SEED32_SIZE], const struct sambung_lock *lock,
	 const uint8_t *key, struct error *err)
{
	uint8_t front[KEY_SEALED_AT] = {KEY_LOCKED};
	struct buffer file;
	enum status status;

	if (lock == NULL) {
		return key_replace(directory, span_of(seed, KEY_SIZE), err);
	}
	memcpy(front + KEY_SALT_AT, lock->salt, sizeof lock->salt);
	put_le32(front + KEY_PASSES_AT, lock->passes);
	put_le32(front + KEY_MEMORY_AT, lock->memory_kib);
	buffer_init(&file, KEY_FILE_MAX);
	buffer_append(&file, front, sizeof front);
	seal_key_put(key, SEAL_SEED, seed, &file);
	status = buffer_status(&file, "device.key", err);
	if (status == STATUS_OK) {
		status = key_replace(directory, buffer_span(&file), err);
	}
	buffer_finish(&file);
	return status;
}

enum status
key_destroy(const char *directory, struct error *err)
{
	char path[KEY_PATH_MAX];
	int fd;
	enum status status = key_path(directory, "device.key", path, err);

	if (status != STATUS_OK) {
		return status;
	}
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0) {
		return errno == ENOENT ? STATUS_OK : key_failed(STATUS_STORAGE, err);
	}
	status = former_overwrite(fd, err);
	if (status == STATUS_OK && unlink(path) != 0) {
		status = key_failed(STATUS_STORAGE, err);
	}
	return status == STATUS_OK ? directory_sync(directory, err) : status;
}

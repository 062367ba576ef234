/* SPDX-License-Identifier: Apache-2.0 */
#include "client/device.h"
#include "protocol/fork.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* device.key is the 32 bytes of the Ed25519 seed, nothing else. */
enum { KEY_PATH_MAX = 4096, KEY_SIZE = SEED32_SIZE };

static enum status
key_path(const char *directory, const char *name, char out[KEY_PATH_MAX], struct error *err)
{
	int length = snprintf(out, KEY_PATH_MAX, "%s/%s", directory, name);

	return length > 0 && length < KEY_PATH_MAX ? STATUS_OK
						   : fail(err, STATUS_LIMIT, "%s", name);
}

static void
secret_of_seed(const uint8_t seed[KEY_SIZE], uint8_t secret_out[SIGN_SECRET_SIZE])
{
	uint8_t public_key[SIGN_PUBLIC_SIZE];

	sign_keypair(seed, public_key, secret_out);
}

enum status
key_load(const char *directory, uint8_t secret_out[SIGN_SECRET_SIZE], struct error *err)
{
	char path[KEY_PATH_MAX];
	uint8_t seed[KEY_SIZE + 1];
	ssize_t got;
	int fd;
	enum status status = key_path(directory, "device.key", path, err);

	if (status != STATUS_OK) {
		return status;
	}
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		return fail(err, errno == ENOENT ? STATUS_NOT_FOUND : STATUS_STORAGE,
			    "device.key: errno %d", errno);
	}
	got = read(fd, seed, sizeof seed);
	(void)close(fd);
	if (got == KEY_SIZE) {
		secret_of_seed(seed, secret_out);
	} else {
		status = fail(err, STATUS_STORAGE, "device.key");
	}
	crypto_wipe(seed, sizeof seed);
	return status;
}

void
key_fork(uint8_t secret[SIGN_SECRET_SIZE], uint32_t stream, uint32_t n)
{
	uint8_t seed[KEY_SIZE];

	/* The secret begins with its seed. */
	fork_key(secret, stream, n, seed);
	secret_of_seed(seed, secret);
	crypto_wipe(seed, sizeof seed);
}

/* A file that is there must be whole and on the disk: it is renamed into place. */
static enum status
seed_write(const char *path, const uint8_t seed[KEY_SIZE], struct error *err)
{
	int fd;
	bool written;

	(void)unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
	if (fd < 0) {
		return fail(err, errno == ENOSPC ? STATUS_FULL : STATUS_STORAGE,
			    "device.key: errno %d", errno);
	}
	errno = ENOSPC;
	written = write(fd, seed, KEY_SIZE) == KEY_SIZE && fsync(fd) == 0;
	if (!written) {
		(void)fail(err, errno == ENOSPC ? STATUS_FULL : STATUS_STORAGE,
			   "device.key: errno %d", errno);
	}
	if (close(fd) != 0 && written) {
		written = false;
		(void)fail(err, STATUS_STORAGE, "device.key: errno %d", errno);
	}
	return written ? STATUS_OK : err == NULL ? STATUS_STORAGE : err->status;
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

enum status
key_create(const char *directory, const uint8_t seed[32], uint8_t secret_out[SIGN_SECRET_SIZE],
	   struct error *err)
{
	char path[KEY_PATH_MAX];
	char part[KEY_PATH_MAX];
	enum status status = key_path(directory, "device.key", path, err);

	if (status == STATUS_OK) {
		status = key_path(directory, "device.key.part", part, err);
	}
	if (status != STATUS_OK) {
		return status;
	}
	if (access(path, F_OK) == 0) {
		return fail(err, STATUS_EXISTS, "device.key");
	}
	status = seed_write(part, seed, err);
	if (status == STATUS_OK && rename(part, path) != 0) {
		status = fail(err, STATUS_STORAGE, "device.key: errno %d", errno);
	}
	if (status == STATUS_OK) {
		status = directory_sync(directory, err);
	}
	if (status == STATUS_OK) {
		secret_of_seed(seed, secret_out);
	} else {
		(void)unlink(part);
	}
	return status;
}

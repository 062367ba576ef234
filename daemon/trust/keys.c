/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/trust/keys.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The file: "sambung server key 1\n", key id, X25519 seed, Ed25519 seed. */
static const char magic[] = "sambung server key 1\n";
enum { MAGIC_SIZE = sizeof magic - 1, FILE_SIZE = MAGIC_SIZE + 1 + 32 + 32 };

static void
keys_from_file(const uint8_t file[FILE_SIZE], struct server_keys *out)
{
	out->box.id = file[MAGIC_SIZE];
	box_keypair(file + MAGIC_SIZE + 1, out->box.public_key, out->box.secret);
	sign_keypair(file + MAGIC_SIZE + 1 + 32, out->log_public, out->log_secret);
}

static bool
write_all(int fd, const uint8_t *bytes, size_t length)
{
	while (length > 0) {
		ssize_t written = write(fd, bytes, length);

		if (written < 0 && errno == EINTR) {
			continue;
		}
		if (written <= 0) {
			return false;
		}
		bytes += written;
		length -= (size_t)written;
	}
	return fsync(fd) == 0;
}

enum status
keys_create(const char *path, const uint8_t secret[KEYS_SECRET_SIZE], struct server_keys *out,
	    struct error *err)
{
	uint8_t file[FILE_SIZE];
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	bool written;

	if (fd < 0) {
		return fail(err, errno == EEXIST ? STATUS_EXISTS : STATUS_STORAGE, "%s: %s", path,
			    strerror(errno));
	}
	memcpy(file, magic, MAGIC_SIZE);
	file[MAGIC_SIZE] = 1;
	memcpy(file + MAGIC_SIZE + 1, secret, KEYS_SECRET_SIZE);
	written = write_all(fd, file, sizeof file);
	if (close(fd) != 0 || !written) {
		(void)unlink(path);
		crypto_wipe(file, sizeof file);
		return fail(err, errno == ENOSPC ? STATUS_FULL : STATUS_STORAGE, "%s", path);
	}
	keys_from_file(file, out);
	crypto_wipe(file, sizeof file);
	return STATUS_OK;
}

enum status
keys_load(const char *path, struct server_keys *out, struct error *err)
{
	uint8_t file[FILE_SIZE + 1];
	struct stat about;
	ssize_t got = -1;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0) {
		return fail(err, errno == ENOENT ? STATUS_NOT_FOUND : STATUS_STORAGE, "%s: %s",
			    path, strerror(errno));
	}
	if (fstat(fd, &about) == 0 && (about.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
		(void)close(fd);
		return fail(err, STATUS_DENIED, "%s: other users may read it; run chmod 600", path);
	}
	got = read(fd, file, sizeof file);
	(void)close(fd);
	if (got != FILE_SIZE || memcmp(file, magic, MAGIC_SIZE) != 0) {
		crypto_wipe(file, sizeof file);
		return fail(err, STATUS_MALFORMED, "%s is not a server key", path);
	}
	keys_from_file(file, out);
	crypto_wipe(file, sizeof file);
	return STATUS_OK;
}

void
keys_wipe(struct server_keys *keys)
{
	crypto_wipe(keys, sizeof *keys);
}

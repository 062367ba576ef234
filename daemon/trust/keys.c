/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/trust/keys.h"

#include "daemon/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The file: "sambung server key 2\n", Ed25519 seed, how many X25519 keys; of each, the newest
 * first: id, seed, LE64 when it ends. */
static const char magic[] = "sambung server key 2\n";
enum {
	MAGIC_SIZE = sizeof magic - 1,
	HEAD_SIZE = MAGIC_SIZE + SEED32_SIZE + 1,
	KEY_SIZE = 1 + SEED32_SIZE + 8,
	FILE_MAX = HEAD_SIZE + KEYS_MAX * KEY_SIZE,
};

/* ---- the bytes ---- */

static void
key_make(struct server_key *key, uint8_t id, const uint8_t seed[SEED32_SIZE])
{
	key->id = id;
	box_keypair(seed, key->public_key, key->secret);
}

/* A parcel names its key by the id alone. */
static bool
ids_differ(const struct server_keys *keys)
{
	for (size_t i = 1; i < keys->alive_count; i++) {
		for (size_t j = 0; j < i; j++) {
			if (keys->alive[i].id == keys->alive[j].id) {
				return false;
			}
		}
	}
	return true;
}

static bool
keys_from_file(struct span file, struct server_keys *out)
{
	const uint8_t *at = file.at + HEAD_SIZE;

	if (file.length < HEAD_SIZE + KEY_SIZE || memcmp(file.at, magic, MAGIC_SIZE) != 0) {
		return false;
	}
	memset(out, 0, sizeof *out);
	out->alive_count = file.at[HEAD_SIZE - 1];
	if (out->alive_count > KEYS_MAX || file.length != HEAD_SIZE + out->alive_count * KEY_SIZE) {
		return false;
	}
	memcpy(out->log_seed, file.at + MAGIC_SIZE, SEED32_SIZE);
	sign_keypair(out->log_seed, out->log_public, out->log_secret);
	for (size_t i = 0; i < out->alive_count; i++, at += KEY_SIZE) {
		memcpy(out->seeds[i], at + 1, SEED32_SIZE);
		key_make(&out->alive[i], at[0], out->seeds[i]);
		out->ends_s[i] = (int64_t)get_le64(at + 1 + SEED32_SIZE);
	}
	out->box = out->alive[0];
	return ids_differ(out);
}

static size_t
keys_to_file(const struct server_keys *keys, uint8_t file[FILE_MAX])
{
	uint8_t *at = file + HEAD_SIZE;

	memcpy(file, magic, MAGIC_SIZE);
	memcpy(file + MAGIC_SIZE, keys->log_seed, SEED32_SIZE);
	file[HEAD_SIZE - 1] = (uint8_t)keys->alive_count;
	for (size_t i = 0; i < keys->alive_count; i++, at += KEY_SIZE) {
		at[0] = keys->alive[i].id;
		memcpy(at + 1, keys->seeds[i], SEED32_SIZE);
		put_le64(at + 1 + SEED32_SIZE, (uint64_t)keys->ends_s[i]);
	}
	return HEAD_SIZE + keys->alive_count * KEY_SIZE;
}

/* ---- the file ---- */

/* Makes the file, which must not be there. */
static enum status
keys_write(const char *path, const struct server_keys *keys, struct error *err)
{
	uint8_t file[FILE_MAX];
	size_t length;
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
	bool written;

	if (fd < 0) {
		return fail(err, errno == EEXIST ? STATUS_EXISTS : STATUS_STORAGE, "%s: %s", path,
			    strerror(errno));
	}
	length = keys_to_file(keys, file);
	written = folder_write_all(fd, span_of(file, length));
	crypto_wipe(file, sizeof file);
	if (close(fd) != 0 || !written) {
		(void)unlink(path);
		return fail(err, errno == ENOSPC ? STATUS_FULL : STATUS_STORAGE, "%s", path);
	}
	return STATUS_OK;
}

static enum status
keys_replace(const char *path, const struct server_keys *keys, struct error *err)
{
	uint8_t file[FILE_MAX];
	size_t length = keys_to_file(keys, file);
	enum status status = folder_write(path, S_IRUSR | S_IWUSR, span_of(file, length), err);

	crypto_wipe(file, sizeof file);
	return status;
}

enum status
keys_create(const char *path, const uint8_t secret[KEYS_SECRET_SIZE], struct server_keys *out,
	    struct error *err)
{
	struct server_keys keys = {.alive_count = 1};
	enum status status;

	memcpy(keys.seeds[0], secret, SEED32_SIZE);
	memcpy(keys.log_seed, secret + SEED32_SIZE, SEED32_SIZE);
	key_make(&keys.alive[0], 1, keys.seeds[0]);
	keys.box = keys.alive[0];
	sign_keypair(keys.log_seed, keys.log_public, keys.log_secret);
	status = keys_write(path, &keys, err);
	if (status == STATUS_OK) {
		*out = keys;
	}
	keys_wipe(&keys);
	return status;
}

enum status
keys_load(const char *path, struct server_keys *out, struct error *err)
{
	struct server_keys keys = {.alive_count = 0};
	uint8_t file[FILE_MAX + 1];
	struct stat about;
	ssize_t got = -1;
	bool formed;
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
	formed = got > 0 && keys_from_file(span_of(file, (size_t)got), &keys);
	crypto_wipe(file, sizeof file);
	if (formed) {
		*out = keys;
	}
	keys_wipe(&keys);
	return formed ? STATUS_OK : fail(err, STATUS_MALFORMED, "%s is not a server key", path);
}

/* ---- rotation ---- */

static bool
id_taken(const struct server_keys *keys, uint8_t id)
{
	for (size_t i = 0; i < keys->alive_count; i++) {
		if (keys->alive[i].id == id) {
			return true;
		}
	}
	return false;
}

enum status
keys_rotate(const char *path, const uint8_t seed[SEED32_SIZE], int64_t ends_s,
	    struct server_keys *keys, struct error *err)
{
	struct server_keys next = *keys;
	uint8_t id = (uint8_t)(keys->box.id + 1);
	enum status status;

	if (keys->alive_count == KEYS_MAX) {
		crypto_wipe(&next, sizeof next);
		return fail(err, STATUS_LIMIT, "%d keys; retire one first", KEYS_MAX);
	}
	while (id_taken(keys, id)) {
		id++;
	}
	for (size_t i = keys->alive_count; i > 0; i--) {
		next.alive[i] = keys->alive[i - 1];
		memcpy(next.seeds[i], keys->seeds[i - 1], SEED32_SIZE);
		next.ends_s[i] = keys->ends_s[i - 1];
	}
	next.ends_s[1] = ends_s;
	next.ends_s[0] = 0;
	memcpy(next.seeds[0], seed, SEED32_SIZE);
	key_make(&next.alive[0], id, seed);
	next.box = next.alive[0];
	next.alive_count++;
	status = keys_replace(path, &next, err);
	if (status == STATUS_OK) {
		*keys = next;
	}
	crypto_wipe(&next, sizeof next);
	return status;
}

static void
key_drop(struct server_keys *keys, size_t place)
{
	size_t behind = keys->alive_count - place - 1;

	memmove(&keys->alive[place], &keys->alive[place + 1], behind * sizeof keys->alive[0]);
	memmove(keys->seeds[place], keys->seeds[place + 1], behind * SEED32_SIZE);
	memmove(&keys->ends_s[place], &keys->ends_s[place + 1], behind * sizeof keys->ends_s[0]);
	keys->alive_count--;
	crypto_wipe(&keys->alive[keys->alive_count], sizeof keys->alive[0]);
	crypto_wipe(keys->seeds[keys->alive_count], SEED32_SIZE);
}

enum status
keys_retire(const char *path, uint8_t id, struct server_keys *keys, struct error *err)
{
	struct server_keys next = *keys;
	size_t place = 0;
	enum status status;

	while (place < keys->alive_count && keys->alive[place].id != id) {
		place++;
	}
	if (place == keys->alive_count) {
		status = fail(err, STATUS_NOT_FOUND, "key %u", id);
	} else if (place == 0) {
		status = fail(err, STATUS_INVALID, "key %u is the newest; rotate first", id);
	} else {
		key_drop(&next, place);
		status = keys_replace(path, &next, err);
	}
	if (status == STATUS_OK) {
		*keys = next;
	}
	crypto_wipe(&next, sizeof next);
	return status;
}

size_t
keys_end(struct server_keys *keys, int64_t now_s)
{
	size_t ended = 0;

	for (size_t i = keys->alive_count - 1; i > 0; i--) {
		if (keys->ends_s[i] != 0 && keys->ends_s[i] < now_s) {
			key_drop(keys, i);
			ended++;
		}
	}
	return ended;
}

void
keys_wipe(struct server_keys *keys)
{
	crypto_wipe(keys, sizeof *keys);
}

void
keys_mark(const struct server_keys *keys, const char *purpose, const struct span *parts,
	  size_t count, uint8_t out[HASH_SIZE])
{
	static const char context[] = "sambung/mark/1"; /* with its NUL */
	const struct span about[] = {span_of(context, sizeof context), span_of_text(purpose)};
	uint8_t key[HASH_SIZE];

	blake2b(span_of(keys->log_seed, sizeof keys->log_seed), about, 2, key);
	blake2b(span_of(key, sizeof key), parts, count, out);
	crypto_wipe(key, sizeof key);
}

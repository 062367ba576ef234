/* SPDX-License-Identifier: Apache-2.0 */
/* The small files of a server's folder: server.key, head, erased. The first byte says which. */
#include "daemon/erased.h"
#include "daemon/head.h"
#include "daemon/trust/keys.h"
#include "fuzz.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { IDS_MAX = 1024 * 1024 };

static char folder[FUZZ_PATH_SIZE];

static const char *
path_of(const char *name)
{
	static char path[FUZZ_PATH_SIZE + 16];

	(void)snprintf(path, sizeof path, "%s/%s", folder, name);
	return path;
}

static void
remove_folder(void)
{
	(void)unlink(path_of("server.key"));
	(void)unlink(path_of("head"));
	(void)unlink(path_of("erased"));
	(void)rmdir(folder);
}

static void
write_file(const char *name, struct span bytes)
{
	int fd = open(path_of(name), O_WRONLY | O_CREAT | O_TRUNC, S_IRUSR | S_IWUSR);

	PROPERTY(fd >= 0);
	PROPERTY(write(fd, bytes.at, bytes.length) == (ssize_t)bytes.length);
	PROPERTY(close(fd) == 0);
}

static void
check_keys(struct span bytes)
{
	struct server_keys keys;
	struct error err = {.status = STATUS_OK};

	write_file("server.key", bytes);
	if (keys_load(path_of("server.key"), &keys, &err) == STATUS_OK) {
		PROPERTY(keys.alive_count >= 1 && keys.alive_count <= KEYS_MAX);
		PROPERTY(keys.box.id == keys.alive[0].id);
		for (size_t i = 1; i < keys.alive_count; i++) {
			PROPERTY(keys.alive[i].id != keys.alive[i - 1].id);
		}
		keys_wipe(&keys);
	} else {
		PROPERTY(err.detail[0] != '\0');
	}
}

static void
check_head(struct span bytes)
{
	static const uint8_t seed[SEED32_SIZE] = {1};
	struct server_keys keys = {.alive_count = 0};
	struct head head;
	bool found = false;

	sign_keypair(seed, keys.log_public, keys.log_secret);
	write_file("head", bytes);
	if (head_read(folder, &keys, &head, &found, NULL) == STATUS_OK && found) {
		PROPERTY(checkpoint_verify(&head.newest, keys.log_public));
	}
}

/* The check is put right, or nothing would come past it. */
static void
put_checks(struct span bytes, struct buffer *out)
{
	static const struct span label = {(const uint8_t *)"sambung/erased/1", 16};

	for (size_t at = 0; at + 16 <= bytes.length; at += 16) {
		const struct span parts[] = {label, span_of(bytes.at + at, 16)};
		uint8_t hash[32];

		sha256(parts, 2, hash);
		buffer_append(out, bytes.at + at, 16);
		buffer_append(out, hash, 8);
	}
}

static void
check_erased(struct span bytes)
{
	struct buffer ids;
	struct error err = {.status = STATUS_OK};

	buffer_init(&ids, IDS_MAX);
	write_file("erased", bytes);
	if (erased_read(folder, &ids, &err) == STATUS_OK) {
		PROPERTY(ids.length % 8 == 0 && 3 * ids.length <= bytes.length);
	} else {
		PROPERTY(err.detail[0] != '\0');
	}
	buffer_finish(&ids);
}

static void
check_erased_rows(struct span bytes)
{
	struct buffer rows;

	buffer_init(&rows, IDS_MAX);
	put_checks(bytes, &rows);
	check_erased(buffer_span(&rows));
	buffer_finish(&rows);
}

FUZZ(data, size)
{
	struct reader in = reader_of(span_of(data, size));
	struct span bytes;
	uint8_t what;

	if (folder[0] == '\0') {
		PROPERTY(crypto_init(NULL) == STATUS_OK);
		fuzz_scratch(folder);
		PROPERTY(mkdtemp(folder) != NULL);
		(void)atexit(remove_folder);
	}
	if (!reader_byte(&in, &what) || !reader_take(&in, in.left, &bytes)) {
		return 0;
	}
	switch (what) {
	case 'k':
		check_keys(bytes);
		break;
	case 'h':
		check_head(bytes);
		break;
	case 'e':
		check_erased(bytes);
		break;
	case 'r':
		check_erased_rows(bytes);
		break;
	default:
		break;
	}
	return 0;
}
